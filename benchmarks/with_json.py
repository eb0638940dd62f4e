"""The comparison in plain Python: `python benchmarks/with_json.py FILE OUT.csv` also writes OUT.slow.csv.

Every line goes through `json.loads`; nothing is skipped by looking at the text first.
"""

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path


def main(source: str, out: str) -> None:
    """Read `source`, write the counters to `out` and the slow requests beside it."""
    seen: set[tuple[str, str, str]] = set()
    counters: dict[tuple[str, str], float] = defaultdict(int)
    durations: dict[tuple[str, str], list[float]] = defaultdict(list)
    with Path(source).open(encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            payload = entry.get("jsonPayload", {})
            message = payload.get("message")
            if message not in {"[OpsMetrics] 60s summary", "[SlowRequest]"}:
                continue
            identity = (entry["logName"], entry["timestamp"], entry["insertId"])
            if identity in seen:
                continue
            seen.add(identity)
            minute = entry["timestamp"][:16] + ":00Z"
            if message == "[SlowRequest]":
                durations[minute, payload["label"]].append(payload["durationMs"])
                continue
            for series, value in payload.items():
                if isinstance(value, (int, float)) and not isinstance(value, bool):
                    counters[minute, series] += value

    _write(Path(out), "minute,series,value", ((*key, value) for key, value in sorted(counters.items())))
    slow = (
        (*key, len(values), quantile(values, 0.5), quantile(values, 0.95), max(values))
        for key, values in sorted(durations.items())
    )
    _write(Path(out).with_suffix(".slow.csv"), "minute,label,count,p50_ms,p95_ms,max_ms", slow)


def quantile(values: Sequence[float], share: float) -> float:
    """Give the quantile of `values`, linear between the two nearest."""
    ordered = sorted(values)
    below, part = divmod((len(ordered) - 1) * share, 1)
    above = min(int(below) + 1, len(ordered) - 1)
    return ordered[int(below)] * (1 - part) + ordered[above] * part


def _write(path: Path, header: str, rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
