"""Whether bq:// says what a file says, on recordings that nobody tuned on: `python -m benchmarks.bigquery_salts SALT…`.

Each recording of the log simulator is loaded into an engine that runs BigQuery's SQL (`make bigquery` sets it up). Windows,
and every message of a backtest, are compared with those of the same entries in a file; bytes are what the answer takes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.hours import BEGIN
from benchmarks.scenarios import kinds, recorded
from logwatch.count.windows import aggregate
from logwatch.pipeline.replay import replay
from logwatch.spans import Span
from tests.support import replays
from tests.support.bq_emulator import client_of, emulator
from tests.support.log_analytics import load
from tests.support.recorded_answers import Case, read, source
from tests.support.same_windows import different


def main() -> int:
    """Print a line for each recording; gives 1 where any differs."""
    asked = argparse.ArgumentParser()
    asked.add_argument("salts", nargs="+")
    asked.add_argument("--kinds", nargs="*", default=kinds())
    given = asked.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, emulator(Path(folder) / "log") as endpoint:
        client = client_of(endpoint)
        for number, (salt, kind) in enumerate((salt, kind) for salt in given.salts for kind in given.kinds):
            path = recorded(kind, salt) / f"{kind}-{salt}.ndjson"
            case = Case(f"case{number}", path, Span(BEGIN, BEGIN))  # the span is the file's own
            table = f"o4o-demo.logs.{case.name}"
            entries = load(client, table, case.entries())
            bigquery, file = source(endpoint, table), case.recording(Path(folder))
            span = aggregate(read(file, None)).span
            begun = time.perf_counter()
            answered = read(bigquery, span)
            took = time.perf_counter() - begun
            rows = [row for row, _ in bigquery._rows(bigquery._start(bigquery.filter(span, None)))]  # noqa: SLF001 - to be weighed
            same = not different(aggregate(answered, span=span), aggregate(read(file, None), span=span))
            played = [replay(read(each, span), span, replays.ticker(each)) for each in (bigquery, file)]
            told = [(each.transitions, each.notifications, each.late, each.late_at, each.alerts) for each in played]
            well = same and told[0] == told[1]
            wrong += not well
            sent = sum(len(str(value)) for row in rows for value in row)
            print(
                f"{kind}-{salt}: {'the same' if well else 'DIFFERENT'}, {entries:,} entries of {path.stat().st_size:,} bytes,"
                f" {len(rows)} rows of {sent:,} bytes, {len(told[0][1])} messages, read in {took:.1f} s",
                flush=True,
            )
            client.delete_table(table)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
