"""Whether anything grows in thirty days: `python -m benchmarks.month`.

A fleet that lives (other instances each day, a revision each week, a shop more each day, payments that fail for an hour every
third day) is ticked through a month in this process; each day the state is weighed, and a tick of one minute is timed.
"""

from __future__ import annotations

import argparse
import gzip
import resource
import time
from pathlib import Path

from benchmarks.growth_chart import Panel, draw
from logwatch.pipeline.tick import Policy, Ticker
from logwatch.state.document import State, dump_state
from tests.support.fleets import LivingFleet, live
from tests.support.life import DEAD
from tests.support.world import bundled_rules

DAY = 1440


def main() -> None:
    """Print a line for each day that is looked at."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--instances", type=int, default=3)
    asked.add_argument("--shops", type=int, default=3)
    asked.add_argument("--days", type=int, default=30)
    asked.add_argument("--chart", type=Path, help="write a chart there")
    given = asked.parse_args()
    weighed: list[tuple[float, float]] = []
    fleet, ticker, state = LivingFleet(given.instances, given.shops), Ticker(bundled_rules(), Policy(), DEAD), State()
    print("day  shops  state kB  packed  incidents  a minute's tick, processor ms  memory MiB")
    for day in range(given.days):
        state = live(fleet, ticker, DAY - 1, state, day * DAY)
        begun = time.process_time()
        state = live(fleet, ticker, 1, state, (day + 1) * DAY - 1)
        took = (time.process_time() - begun) * 1000
        document = dump_state(state)
        weighed.append((len(document) / 1000, took))
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{day + 1:3}{given.shops + day:7}{len(document) / 1000:10.1f}{len(gzip.compress(document)) / 1000:8.1f}"
            f"{len(state.history):11}{took:31.0f}{used:12.0f}",
            flush=True,
        )
    if given.chart:
        sizes, ticks = zip(*weighed, strict=True)
        days = [f"day {day + 1}" for day in range(given.days)]
        given.chart.write_text(draw(days, (Panel("state, kB", sizes), Panel("a minute's tick, ms", ticks))), encoding="utf-8")


if __name__ == "__main__":
    main()
