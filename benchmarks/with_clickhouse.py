"""The comparison in SQL of ClickHouse local, for any counter: `python benchmarks/with_clickhouse.py FILE OUT.csv`."""

import sys

import chdb

QUERY = """
INSERT INTO FUNCTION file('{out}', 'CSVWithNames', 'minute String, series String, value Float64')
SELECT minute, counter.1 AS series, sum(counter.2) AS value
FROM (
    SELECT concat(substring(at, 1, 16), ':00Z') AS minute, arrayJoin(JSONExtractKeysAndValues(payload, 'Float64')) AS counter
    FROM (
        SELECT JSONExtractString(line, 'timestamp') AS at, JSONExtractRaw(line, 'jsonPayload') AS payload
        FROM file('{source}', 'LineAsString', 'line String')
        WHERE position(line, '[OpsMetrics] 60s summary"') > 0
          AND JSONExtractString(line, 'jsonPayload', 'message') = '[OpsMetrics] 60s summary'
        LIMIT 1 BY JSONExtractString(line, 'logName'), at, JSONExtractString(line, 'insertId')
    )
)
GROUP BY minute, series
ORDER BY minute, series
SETTINGS max_threads = 2, engine_file_truncate_on_insert = 1
"""


def main(source: str, out: str) -> None:
    """Read `source`, write the counters to `out`."""
    chdb.query(QUERY.format(source=source, out=out))


if __name__ == "__main__":
    main(*sys.argv[1:])
