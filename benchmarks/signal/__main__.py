"""`make signal`: how often logwatch is wrong and how soon it is right; prints docs/signal.md and writes it with its charts.

What was measured is kept in .cache by the text of the program: an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import sys
from itertools import count
from pathlib import Path

from benchmarks.scenarios import judged, kinds
from benchmarks.scorer import Scored
from benchmarks.signal.charts import operating_curves
from benchmarks.signal.counts import DRAWN, cells, measured
from benchmarks.signal.page import Findings, write_page

SEED, WEEKS, FALLS, RECORDINGS = 14, 24, 150, 5


def main() -> None:
    """Measure what is asked for, print it and write it down."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.signal", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED, help="of all draws [%(default)s]")
    parser.add_argument("--weeks", type=int, default=WEEKS, help="at each success share [%(default)s]")
    parser.add_argument("--falls", type=int, default=FALLS, help="to each success share [%(default)s]")
    parser.add_argument("--recordings", type=int, default=RECORDINGS, help="of each kind of scenario [%(default)s]")
    parser.add_argument("--hours", type=float, default=0, help="simulated healthy hours besides [%(default)s]")
    parser.add_argument("--output", type=Path, default=Path("docs"), help="where the page goes [%(default)s]")
    chosen = parser.parse_args()
    found = Findings(
        command=_command(chosen),
        seed=chosen.seed,
        weeks=chosen.weeks,
        falls=chosen.falls,
        counts=measured(cells(chosen.seed, chosen.weeks, chosen.falls), _progress),
        recordings=chosen.recordings,
        scored=_scored(kinds(), chosen.seed, chosen.recordings) if chosen.recordings else (),
        healthy=_healthy(chosen.seed, chosen.hours) if chosen.hours else (),
    )
    page = write_page(found)
    print(page)
    chosen.output.mkdir(parents=True, exist_ok=True)
    (chosen.output / "signal.md").write_text(page, encoding="utf-8")
    for share in DRAWN:
        drawn = operating_curves(found.counts, share)
        (chosen.output / f"signal-fall-to-{share * 100:.0f}.svg").write_text(drawn, encoding="utf-8")
    print(f"written: {chosen.output}/signal.md", file=sys.stderr)


def _command(chosen: argparse.Namespace) -> str:
    """Give the make command that measures the same."""
    usual = {"seed": SEED, "weeks": WEEKS, "falls": FALLS, "recordings": RECORDINGS, "hours": 0}
    given = [f"{name.upper()}={getattr(chosen, name):g}" for name, value in usual.items() if getattr(chosen, name) != value]
    return " ".join(["make signal", *given])


def _progress(done: int, of: int) -> None:
    if done % 20 == 0 or done == of:
        print(f"counts: {done} of {of}", file=sys.stderr)


def _scored(wanted: list[str], seed: int, recordings: int) -> list[Scored]:
    return judged([(kind, f"{seed}-{number}") for kind in wanted for number in range(recordings)])


def _healthy(seed: int, hours: float) -> list[Scored]:
    """Judge all kinds without an incident on one salt after the other until there are so many hours."""
    wanted, found = [kind for kind in kinds() if kind.startswith("healthy-")], list[Scored]()
    salts = (f"{seed}-{number}" for number in count())
    while sum(each.minutes for each in found) / 60 < hours:
        salt = next(salts)
        found += judged([(kind, salt) for kind in wanted])
    return sorted(found, key=lambda each: wanted.index(each.kind))


if __name__ == "__main__":
    main()
