"""How long a backtest of a month takes over bq://: `python -m benchmarks.bigquery_month`.

An engine that runs BigQuery's SQL answers for one day of ten instances (`make bigquery` sets it up). That answer, moved from
day to day, is what a local server of BigQuery's protocol gives for the month: what the real engine takes is not in it.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from logwatch.spans import EPOCH, Span
from tests.collect.bigquery.test_source import JUDGED, SIGNS, place
from tests.conftest import clean_environment
from tests.support.bq_emulator import client_of, emulator
from tests.support.local_bigquery import LocalBigQuery
from tests.support.log_analytics import load
from tests.support.made_traffic import START, Incident, Traffic
from tests.support.recorded_answers import VIEW, Case, source

DAY = timedelta(days=1)


def answer_of_a_day(instances: int) -> list[list[Any]]:
    """Give what the engine answers of a day in which payments fail for an hour."""
    made = Traffic(7, 1440, instances, (Incident(600, 660, failing={"kpa": 0.9}),))
    with tempfile.TemporaryDirectory() as folder, emulator(Path(folder) / "log") as endpoint:
        path = Path(folder) / "made.ndjson"
        path.write_text("".join(json.dumps(entry) + "\n" for entry in made.entries()), encoding="utf-8")
        case = Case("day", path, Span(START, START + DAY))
        table = "o4o-demo.logs.day"
        load(client_of(endpoint), table, case.entries())
        asked = source(endpoint, table)
        return [list(row) for row, _ in asked._rows(asked._start(asked.filter(case.span, None)))]  # noqa: SLF001 - to be kept


def moved(row: list[Any], days: int) -> list[Any]:
    """Give a row of some days later."""
    kind, log, revision, name, day, packed = row
    if kind != "entry":
        return [kind, log, revision, name, day + days, packed]
    later = {f"{START + timedelta(days=n):%Y-%m-%d}": f"{START + timedelta(days=n + days):%Y-%m-%d}" for n in (0, 1)}
    return [kind, log, revision, name, day, re.sub("|".join(later), lambda found: later[found[0]], packed)]


def main() -> None:
    """Print what the backtest takes."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--days", type=int, default=30)
    asked.add_argument("--instances", type=int, default=10)
    given = asked.parse_args()
    day = answer_of_a_day(given.instances)
    rows = [moved(row, number) for number in range(given.days) for row in day]
    size = sum(len(str(value)) for row in rows for value in row)
    end = START + given.days * DAY
    with LocalBigQuery() as server:
        server.answers[JUDGED] = rows
        first, last = ((moment - EPOCH) // timedelta(minutes=1) for moment in (START, end))
        server.answers[SIGNS] = [[minute] for minute in range(first, last)]
        own = clean_environment(LOGWATCH_BIGQUERY_ENDPOINT=place(server), LOGWATCH_NOW=f"{end + DAY:%Y-%m-%dT%H:%M:%SZ}")
        span = [f"--since={START:%Y-%m-%dT%H:%M:%SZ}", f"--until={end:%Y-%m-%dT%H:%M:%SZ}"]
        command = [sys.executable, "-m", "logwatch", "backtest", f"bq://{VIEW}", *span, "--format", "json"]
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        ran = subprocess.run(command, env=own | {"LOGWATCH_METRICS_PROJECT": "none"}, stdout=subprocess.PIPE, check=True)
        took, used = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    told = json.loads(ran.stdout)
    print(
        f"{given.days} days of {given.instances} instances: {len(rows):,} rows of {size / 1e6:.1f} MB,",
        f"{told['ticks']:,} minutes, {len(told['notifications'])} messages;",
        f"{took:.0f} s, {cpu:.0f} s of a processor, {used.ru_maxrss >> 10} MiB",
    )


if __name__ == "__main__":
    main()
