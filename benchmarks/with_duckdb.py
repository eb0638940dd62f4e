"""The comparison in SQL: `python benchmarks/with_duckdb.py FILE OUT.csv` also writes OUT.slow.csv.

This is the fastest of the formulations tried: whole lines through the CSV reader (JSON allows no control character, so
the delimiter never occurs), two text searches before any JSON is parsed, the keys and the values of a payload as two
lists unnested side by side. Casts to MAP, json_each and one json_extract per key take about twice as long.
"""

import sys
from pathlib import Path

import duckdb

ENTRIES = """
CREATE TEMP TABLE entry AS
SELECT left("timestamp", 16) || ':00Z' AS minute, jsonPayload AS payload, jsonPayload->>'$.message' AS message
FROM (
    SELECT unnest(from_json(
        line, '{"logName": "VARCHAR", "timestamp": "VARCHAR", "insertId": "VARCHAR", "jsonPayload": "JSON"}'
    ))
    FROM read_csv(
        $source, columns = {'line': 'VARCHAR'}, auto_detect = false, header = false,
        delim = E'\\x01', quote = '', escape = ''
    )
    WHERE contains(line, '[OpsMetrics] 60s summary"') OR contains(line, '[SlowRequest]"')
)
WHERE message IN ('[OpsMetrics] 60s summary', '[SlowRequest]')
QUALIFY row_number() OVER (PARTITION BY logName, "timestamp", insertId) = 1
"""

COUNTERS = """
SELECT minute, series, sum(TRY_CAST(text AS DOUBLE)) AS value
FROM (
    SELECT minute, unnest(json_keys(payload)) AS series, unnest(json_extract(payload, '$.*'))::VARCHAR AS text
    FROM entry
    WHERE message = '[OpsMetrics] 60s summary'
)
WHERE NOT starts_with(text, '"')  -- "12" in quotes is a text, not a number.
GROUP BY ALL
HAVING value IS NOT NULL
ORDER BY ALL
"""

SLOW_REQUESTS = """
SELECT minute, label, count(*) AS count, quantile_cont(duration_ms, 0.5) AS p50_ms,
       quantile_cont(duration_ms, 0.95) AS p95_ms, max(duration_ms) AS max_ms
FROM (
    SELECT minute, payload->>'$.label' AS label, (payload->>'$.durationMs')::DOUBLE AS duration_ms
    FROM entry
    WHERE message = '[SlowRequest]'
)
GROUP BY ALL
ORDER BY ALL
"""


def main(source: str, out: str) -> None:
    """Read `source`, write the counters to `out` and the slow requests beside it."""
    connection = duckdb.connect()
    connection.execute("SET threads = 2; SET preserve_insertion_order = false; SET enable_progress_bar = false")
    connection.execute(ENTRIES, {"source": source})
    for query, path in ((COUNTERS, Path(out)), (SLOW_REQUESTS, Path(out).with_suffix(".slow.csv"))):
        connection.execute(f"COPY ({query}) TO $path (HEADER, DELIMITER ',')", {"path": str(path)})


if __name__ == "__main__":
    main(*sys.argv[1:])
