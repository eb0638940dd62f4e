"""The comparison in SQL that names its counters: `python benchmarks/with_duckdb_known.py FILE OUT.csv KEYS.json`.

Each summary is decoded into a record of the counters, a column each; one that KEYS.json does not name is lost.
"""

import json
import sys
from pathlib import Path

import duckdb


def main(source: str, out: str, keys_path: str) -> None:
    """Read `source`, write the counters to `out`."""
    keys = json.loads(Path(keys_path).read_text(encoding="utf-8"))
    names = ['"' + key.replace('"', '""') + '"' for key in keys]
    payload = {"message": "VARCHAR", **dict.fromkeys(keys, "DOUBLE")}
    shape = {"logName": "VARCHAR", "timestamp": "VARCHAR", "insertId": "VARCHAR", "jsonPayload": payload}
    query = f"""
    COPY (
        SELECT minute, series, value FROM (
            SELECT left("timestamp", 16) || ':00Z' AS minute, {", ".join(f"sum(payload.{name}) AS {name}" for name in names)}
            FROM (
                SELECT logName, "timestamp", insertId, jsonPayload AS payload
                FROM (
                    SELECT unnest(from_json(line, $shape))
                    FROM read_csv(
                        $source, columns = {{'line': 'VARCHAR'}}, auto_detect = false, header = false,
                        delim = E'\\x01', quote = '', escape = ''
                    )
                    WHERE contains(line, '[OpsMetrics] 60s summary"')
                )
                WHERE jsonPayload.message = '[OpsMetrics] 60s summary'
                QUALIFY row_number() OVER (PARTITION BY logName, "timestamp", insertId) = 1
            )
            GROUP BY ALL
        )
        UNPIVOT (value FOR series IN ({", ".join(names)}))
        ORDER BY ALL
    ) TO $out (HEADER, DELIMITER ',')
    """
    connection = duckdb.connect()
    connection.execute("SET threads = 2; SET preserve_insertion_order = false; SET enable_progress_bar = false")
    query = query.replace("$shape", "'" + json.dumps(shape, ensure_ascii=False).replace("'", "''") + "'")
    connection.execute(query, {"source": source, "out": out})


if __name__ == "__main__":
    main(*sys.argv[1:])
