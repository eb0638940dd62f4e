"""Thirty days of a project, drawn from a seed: what was asked for each day, what was wrong, and that nothing else changed.

`make days SEED=7`, or `python -m tests.support.days --seed 7 --days 30`; `--table` plays the fixed calendar, `--record` writes down what gcloud did
in its first days, and `--versions` lets an installation go from version to version instead, and compares what it tells.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from tests.support.days.calendar import FIRST, FIXED, drawn
from tests.support.days.gcloud import Gcloud, Memory
from tests.support.days.play import RECORDED, play, remembered
from tests.support.versions import SCHEMA_2, drawn_month, live_through, unpack


def main() -> int:
    """Play what was asked for, and print the diary."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.days", description=__doc__)
    parser.add_argument("--seed", type=int, nargs="+", default=[1])
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--versions", action="store_true")
    asked = parser.parse_args()
    fixed = asked.table or asked.record
    if asked.versions:
        return sum(not same_told(seed, asked.days) for seed in asked.seed)
    wrong = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        Gcloud(Path(folder) / "gcloud", Memory() if asked.record else remembered()) as gcloud,
    ):
        for seed in [0] if fixed else asked.seed:
            steps = FIRST if asked.record else FIXED if asked.table else drawn(seed, asked.days)
            began, before = time.monotonic(), (gcloud.started, gcloud.answered)
            tell("The fixed calendar" if fixed else f"Seed {seed}: {len(steps)} steps in {asked.days} days")
            days, faults = play(gcloud, steps, Path(folder) / str(seed), tell=tell)
            wrong += len(faults)
            real, memory = gcloud.started - before[0], gcloud.answered - before[1]
            tell(
                f"{days.commands} runs of the scripts, {real + memory} commands of gcloud ({real} run, {memory} done again as they were run before), "
                f"{len(days.project.built)} builds: {len(faults)} wrong; {time.monotonic() - began:.0f} s"
            )
        if asked.record:
            RECORDED.parent.mkdir(exist_ok=True)
            RECORDED.write_text(gcloud.memory.dump(), encoding="utf-8")
    return int(wrong > 0)


def same_told(seed: int, days: int) -> bool:
    """Compare what an installation tells that is upgraded and rolled back with what one tells that runs this version all along."""
    month = drawn_month(seed, days, of_before=10)
    with tempfile.TemporaryDirectory() as folder:
        before = unpack(SCHEMA_2, Path(folder) / "before")
        found = live_through(month, month.versions, before, Path(folder) / "changed")
        usual = live_through(month, [True] * days, before, Path(folder) / "one")
    turns = sum(one != other for one, other in pairwise(month.versions))
    tell(
        f"Seed {seed}: {days} days, {turns} upgrades and roll backs, {month.versions.count(False)} days with the version before"
    )
    tell(f"  {found[1]} windows judged, {found[0].total()} told: {dict(found[0])}")
    tell("  as one version tells it" if found == usual else f"  WRONG: one version tells {dict(usual[0])} of {usual[1]}")
    return found == usual


def tell(text: str) -> None:
    """Print a line of the diary."""
    print(text, flush=True)  # noqa: T201 - the command's result


if __name__ == "__main__":
    sys.exit(main())
