"""Thirty days of a project, drawn from a seed: what was asked for each day, what was wrong, and that nothing else changed.

`make days SEED=7`, or `python -m tests.support.days --seed 7 --days 30`; `--table` plays the fixed calendar, `--record` writes down what gcloud did for it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.support.days.calendar import FIXED, drawn
from tests.support.days.gcloud import Gcloud, Memory
from tests.support.days.play import RECORDED, play, remembered


def main() -> int:
    """Play what was asked for, and print the diary."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.days", description=__doc__)
    parser.add_argument("--seed", type=int, nargs="+", default=[1])
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--record", action="store_true")
    asked = parser.parse_args()
    fixed = asked.table or asked.record
    wrong = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        Gcloud(Path(folder) / "gcloud", Memory() if asked.record else remembered()) as gcloud,
    ):
        for seed in [0] if fixed else asked.seed:
            steps = FIXED if fixed else drawn(seed, asked.days)
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


def tell(text: str) -> None:
    """Print a line of the diary."""
    print(text, flush=True)  # noqa: T201 - the command's result


if __name__ == "__main__":
    sys.exit(main())
