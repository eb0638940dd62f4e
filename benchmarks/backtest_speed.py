"""How long a week of three instances takes to backtest, start to exit: `python -m benchmarks.backtest_speed`.

Three weeks are made: one with a late line in a thousand, one with a late line in a hundred, and one of which an instance ends
its minutes right at their boundary. Each has a bad day's incidents twice, and every procedure is walked.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from tests.support.made_traffic import DAY, Traffic

DAYS, ROUNDS = 7, 3
INCIDENTS = tuple(replace(each, first=each.first + day, last=each.last + day) for day in (1440, 5760) for each in DAY)
WEEKS = {
    "0.1 % late": Traffic(77, 1440 * DAYS, incidents=INCIDENTS, late=0.001),
    "1 % late": Traffic(77, 1440 * DAYS, incidents=INCIDENTS, late=0.01),
    "at the minute's boundary": Traffic(77, 1440 * DAYS, incidents=INCIDENTS, late=0.001, edgy=True),
}


def main() -> None:
    """Make the recordings, play each a few times, and print the medians."""
    with tempfile.TemporaryDirectory() as folder:
        for name, week in WEEKS.items():
            path = Path(folder) / "week.ndjson"
            path.write_text("".join(json.dumps(entry) + "\n" for entry in week.entries()), encoding="utf-8")
            print(f"{name:26}", *play(path))


def play(path: Path) -> tuple[str, str]:
    """Give the median wall time, and of the processor's time."""
    walls, busy = [], []
    for _ in range(ROUNDS):
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [sys.executable, "-m", "logwatch", "backtest", str(path), "--output", os.devnull]
        subprocess.run(command, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        walls.append(time.perf_counter() - begun)
        busy.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return f"{statistics.median(walls):6.2f} s", f"(processor {statistics.median(busy):.2f} s)"


if __name__ == "__main__":
    main()
