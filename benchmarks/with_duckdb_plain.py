"""The comparison in SQL as one writes it first: DuckDB's own reader of NDJSON, and json_each for any counter key."""

import sys

import duckdb

QUERY = """
COPY (
    WITH entry AS (
        SELECT DISTINCT ON (logName, "timestamp", insertId) "timestamp", jsonPayload
        FROM read_ndjson($source, columns = {
            'logName': 'VARCHAR', 'timestamp': 'VARCHAR', 'insertId': 'VARCHAR', 'jsonPayload': 'JSON'
        })
        WHERE jsonPayload->>'message' = '[OpsMetrics] 60s summary'
    )
    SELECT left("timestamp", 16) || ':00Z' AS minute, counter.key AS series, sum(counter.value::DOUBLE) AS value
    FROM entry, json_each(jsonPayload) AS counter
    WHERE counter.type IN ('UBIGINT', 'BIGINT', 'DOUBLE')
    GROUP BY ALL
    ORDER BY ALL
) TO $out (HEADER, DELIMITER ',')
"""


def main(source: str, out: str) -> None:
    """Read `source`, write the counters to `out`."""
    connection = duckdb.connect()
    connection.execute("SET threads = 2; SET preserve_insertion_order = false; SET enable_progress_bar = false")
    connection.execute(QUERY, {"source": source, "out": out})


if __name__ == "__main__":
    main(*sys.argv[1:])
