"""How often healthy hours speak, and how soon incidents do: `make hours`.

The recordings are made with the log simulator (the application's own logger over simulated time) and kept. Healthy hours are
judged and replayed minute by minute; of each kind of incident it is told after how many closed windows, counted from the
minute in which it begins, its first message would have been sent, the grace aside.
"""

from __future__ import annotations

import argparse
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.hours import BEGIN, KINDS, OWN, SEEDS, Hour, healthy, incident, own, simulate
from logwatch.collect.files import FilesSource
from logwatch.collect.last_seen import SignsOfLife
from logwatch.count.windows import aggregate
from logwatch.judge.evaluate import evaluate
from logwatch.judge.rules.load import load_rules
from logwatch.judge.verdicts import Level
from logwatch.notify.incidents import NotifyReason
from logwatch.pipeline.replay import replay
from logwatch.pipeline.tick import Policy, Ticker
from logwatch.settings import bundled
from logwatch.spans import WINDOW

LATE = 4
"""So many windows, or more, stand together in the table."""
PLENTY = 10
"""Events a minute, of what the rule counts, from which two windows ought to be enough."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one recording."""

    warnings: int
    """Windows of any rule and shop that were called a warning."""
    messages: int
    spoke_after: int | None
    """Closed windows from the onset to the first message of a rule that should say it; None for never."""


def judge(path: Path, expected: tuple[str, ...], onset_minute: int) -> Told:
    """Judge a recording, and replay it; `expected` are the rules that should say it."""
    rules = load_rules(bundled("rules"))
    source = FilesSource([str(path)], rules.service.log.shape)
    ticker = Ticker(rules, Policy(channels=("all",)), SignsOfLife(source, None))

    reading = source.read(None, service=None, progress=lambda *_: None, meanwhile=lambda: None)
    windows = aggregate(reading)
    replayed = replay(reading, windows.span, ticker)
    courses = evaluate(rules.section3, windows)
    spoken = [
        each.at - Policy().grace
        for each in replayed.notifications
        if each.reason in {NotifyReason.FIRING, NotifyReason.JOINED} and set(expected) & set(each.rules)
    ]
    onset = BEGIN + onset_minute * WINDOW
    return Told(
        warnings=sum(course.levels().count(Level.WARNING) for course in courses),
        messages=len(replayed.notifications),
        spoke_after=min(((at - onset) // WINDOW for at in spoken if at > onset), default=None),
    )


def measure(folder: Path, hours: list[Hour]) -> list[Told]:
    """Judge all of them, on both cores."""
    with ProcessPoolExecutor(2) as pool:
        paths = [folder / f"{hour.name}.ndjson" for hour in hours]
        expected = [hour.kind.rules if hour.kind else () for hour in hours]
        return list(pool.map(judge, paths, expected, [hour.onset for hour in hours], chunksize=8))


def print_row(name: str, spoke_after: list[int | None]) -> None:
    """Print after how many closed windows the incidents of a kind were told."""
    after = Counter(LATE if each is not None and each > LATE else each for each in spoke_after)
    print(f"  {name:53}{after[1]:4}{after[2]:4}{after[3]:4}{after[LATE]:4}{after[None]:7}")


def print_own(folder: Path, seeds: range) -> None:
    """Print the same for the simulator's own incidents, each drawn from these seeds."""
    simulate(folder, [own(name, seed) for name in {name for name, *_ in OWN} for seed in seeds])
    with ProcessPoolExecutor(2) as pool:
        for name, onset, rules in OWN:
            paths = [folder / f"own-{name}-{seed}.ndjson" for seed in seeds]
            told = pool.map(judge, paths, [rules] * len(paths), [onset] * len(paths))
            print_row(f"the simulator's own {name}, minute {onset}", [each.spoke_after for each in told])


def main() -> None:
    """Make what is missing, measure, and print one table for each set of seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=Path, default=Path("benchmarks/input/hours"))
    parser.add_argument("--hours", type=int, default=208)
    parser.add_argument("--incidents", type=int, default=25, help="of each kind")
    parser.add_argument("--set", choices=SEEDS, action="append", help="[both]")
    chosen = parser.parse_args()
    for name in chosen.set or SEEDS:
        folder = chosen.recordings / name
        calm = [healthy(number, SEEDS[name]) for number in range(chosen.hours)]
        failing = [incident(kind, number, SEEDS[name]) for kind in KINDS for number in range(chosen.incidents)]
        simulate(folder, [*calm, *failing])
        told = measure(folder, calm)
        warned, sent = (sum(each) for each in zip(*((one.warnings, one.messages) for one in told), strict=True))
        print(f"{name}: {len(calm)} healthy hours: {warned} windows called a warning, {sent} messages")
        for hour, one in zip(calm, told, strict=True):
            if one.warnings:
                print(f"  {hour.name}: {one.warnings} windows, {one.messages} messages")
        print(f"{'incidents, by closed windows to the message':55}{'1':>4}{'2':>4}{'3':>4}{'4+':>4}{'never':>7}")
        found = measure(folder, failing)
        for kind in KINDS:
            for few in (False, True):
                mine = [
                    one.spoke_after
                    for hour, one in zip(failing, found, strict=True)
                    if hour.kind == kind and (hour.events_per_minute < PLENTY) == few
                ]
                print_row(f"{kind.name}, {'under' if few else 'from'} {PLENTY} events a minute", mine)
        print_own(folder, range(SEEDS[name], SEEDS[name] + chosen.incidents))


if __name__ == "__main__":
    main()
