"""The comparison in polars, which names its counters: `python benchmarks/with_polars.py FILE OUT.csv KEYS.json`."""

import json
import sys
from pathlib import Path

import polars as pl


def main(source: str, out: str, keys_path: str) -> None:
    """Read `source`, write the counters to `out`."""
    keys = json.loads(Path(keys_path).read_text(encoding="utf-8"))
    payload = pl.Struct({"message": pl.String, **dict.fromkeys(keys, pl.Float64)})
    entry = pl.Struct({"logName": pl.String, "timestamp": pl.String, "insertId": pl.String, "jsonPayload": payload})
    lines = pl.scan_csv(source, has_header=False, separator="\x01", quote_char=None, schema={"line": pl.String})
    (
        lines.filter(pl.col("line").str.contains('[OpsMetrics] 60s summary"', literal=True))
        .select(pl.col("line").str.json_decode(entry).alias("entry"))
        .unnest("entry")
        .filter(pl.col("jsonPayload").struct.field("message") == "[OpsMetrics] 60s summary")
        .unique(["logName", "timestamp", "insertId"])
        .with_columns((pl.col("timestamp").str.slice(0, 16) + ":00Z").alias("minute"))
        .group_by("minute")
        .agg(
            [
                pl.when(value.is_not_null().any()).then(value.sum()).alias(key)
                for key in keys
                for value in (pl.col("jsonPayload").struct.field(key),)
            ]
        )
        .unpivot(index="minute", variable_name="series")
        .drop_nulls("value")
        .sort("minute", "series")
        .collect(engine="streaming")
        .write_csv(out)
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
