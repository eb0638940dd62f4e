"""Whether incidents are led to the right procedure and step: `make steps`.

The recordings are made with the log simulator and kept. What the endpoints would have answered while the database is slow is
added, since a recording holds no probes. Of each kind it is told how often the first message names the procedure, and marks the
step, that the cause asks for; and how often the last one does before the end.
"""

from __future__ import annotations

import argparse
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from benchmarks.hours import API, BASE, BEGIN, CACHE, SEEDS, SHOPS, Hour, Rates, simulate, spec_of
from logwatch.collect.files import FilesSource
from logwatch.collect.last_seen import SignsOfLife
from logwatch.count.windows import aggregate
from logwatch.judge.rules.load import load_rules
from logwatch.notify.diagnosis.diagnose import walk
from logwatch.notify.diagnosis.lookups import RecordedArchive
from logwatch.notify.incidents import NotifyReason
from logwatch.pipeline.replay import replay
from logwatch.pipeline.tick import Policy, Ticker
from logwatch.settings import bundled
from logwatch.spans import WINDOW, to_nanoseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from logwatch.collect.columns import Reading
    from logwatch.notify.incidents import Notification

LASTS = 20
"""Minutes that an incident is recorded."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One way to fail, and where the runbook sends people for it."""

    name: str
    procedure: str
    step: int | None
    """None: the runbook has no step for it."""
    failing: Callable[[Random], Rates]
    one_shop: bool = False
    loads: tuple[float, float] = (2, 15)
    """Checkouts a minute, from and to."""
    database: tuple[str, ...] = ()
    """Which of the database's measured values rise."""
    unstepped: str = ""
    """The counter that has no step, and must be named."""


def _drawn(name: str, low: float, high: float) -> Callable[[Random], Rates]:
    return lambda random: {name: round(random.uniform(low, high), 2)}


def _blocked(reason: str) -> Callable[[Random], Rates]:
    return _drawn(f"blocked_{reason}", 0.5, 0.95)


def _slow(random: Random) -> Rates:
    return {name: round(random.uniform(0.2, 0.8), 2) for name in ("api_slow", "checkout_slow", "confirm_slow")}


CAUSES = (
    Cause("distribution, all shops", "4.1", 2, _blocked("distribution")),
    Cause("distribution, one shop", "4.1", 2, _blocked("distribution"), one_shop=True),
    Cause("stock, all shops", "4.1", 3, _blocked("stock")),
    Cause("stock, one shop", "4.1", 3, _blocked("stock"), one_shop=True),
    Cause("sales limit, all shops", "4.1", 4, _blocked("sales_limit")),
    Cause("sales limit, one shop", "4.1", 4, _blocked("sales_limit"), one_shop=True),
    Cause("product (no step)", "4.1", None, _blocked("product"), unstepped="checkout.blocked.product"),
    Cause("order errors", "4.1", 5, _drawn("checkout_error", 0.05, 1)),
    Cause("payments refused, all shops", "4.2", 3, _drawn("confirm_fail", 0.5, 1)),
    Cause("payments refused, one shop", "4.2", 3, _drawn("confirm_fail", 0.5, 1), one_shop=True),
    Cause("payments abandoned (no step)", "4.2", None, _drawn("abandon", 0.6, 1)),
    Cause("duplicates", "4.2", 4, _drawn("duplicate", 0.8, 1), loads=(16, 40)),
    Cause("hit ratio down", "4.3", 2, _drawn("cache_miss", 0.6, 1)),
    Cause("Redis down (no step)", "4.4", None, _drawn("cache_error", 0.1, 1)),
    Cause("slow database: ping alone", "4.5", 2, _slow, database=("ping",)),
    Cause("slow database: long queries", "4.5", 3, _slow, database=("ping", "queries")),
    Cause("slow database: connections", "4.5", 4, _slow, database=("ping", "connections")),
)


def recording(cause: Cause, number: int, seed: int) -> tuple[Hour, int]:
    """Describe an incident after most of an hour of health; gives also the seed of what the probes answer."""
    seed += 60_000 + 200 * CAUSES.index(cause) + number
    random = Random(seed)
    load, onset, shop = random.uniform(*cause.loads), random.randrange(20, 60), random.choice(list(SHOPS))
    failing = cause.failing(random)
    if cause.one_shop:
        failing = {
            name: {each: value if each == shop else BASE.get(name, 0) for each in SHOPS} for name, value in failing.items()
        }
    checkout = {each: weight / 15 * load for each, weight in SHOPS.items()}
    base = {**BASE, "checkout": checkout, "cache": CACHE * load / 15, "api": API * load / 15}
    events = [{"from": onset, "to": onset + LASTS, "set": failing}]
    name = f"cause-{CAUSES.index(cause):02}-{number:04}"
    return Hour(name, spec_of(seed, onset + LASTS, random.randint(1, 4), base, events), None, onset), seed


def add_probes(reading: Reading, hour: Hour, cause: Cause, seed: int) -> None:
    """Add what the database's endpoint would have answered, minute by minute."""
    random = Random(seed)
    connections = random.randrange(8, 25)
    for minute in range(hour.onset + LASTS + 1):
        ill = cause.database if minute >= hour.onset else ()
        at = to_nanoseconds(BEGIN + minute * WINDOW)
        reading.add_gauge("database.ping_ms", at, random.uniform(210, 900) if "ping" in ill else random.uniform(2, 30))
        reading.add_gauge(
            "database.long_running_queries", at, random.randint(6, 20) if "queries" in ill else random.randint(0, 3)
        )
        more = random.uniform(2.2, 6) if "connections" in ill else random.uniform(0.8, 1.2)
        reading.add_gauge("database.active_connections", at, round(connections * more))


def lead(path: Path, named: str, hour: Hour, seed: int) -> tuple[str, str]:
    """Say how the first and the last message of the incident lead: right, wrong step, wrong procedure, silent."""
    cause = next(each for each in CAUSES if each.name == named)
    rules = load_rules(bundled("rules"))
    source = FilesSource([str(path)], rules.service.log.shape)
    reading = source.read(None, service=None, progress=lambda *_: None, meanwhile=lambda: None)
    if cause.database:
        add_probes(reading, hour, cause, seed)
    ticker = Ticker(rules, Policy(channels=("all",)), SignsOfLife(source, None))
    archive = RecordedArchive(reading, source, None)
    span = aggregate(reading).span
    replayed = replay(reading, span, ticker, lambda told, verdicts: walk(told, rules, archive, verdicts))
    told = [each for each in replayed.notifications if each.reason in {NotifyReason.FIRING, NotifyReason.JOINED}]
    mine = [each for each in told if each.procedure == cause.procedure]
    if not told:
        return "silent", "silent"
    if not mine:
        return "wrong procedure", "wrong procedure"
    return _rate(mine[0], cause), _rate(mine[-1], cause)


def _rate(told: Notification, cause: Cause) -> str:
    walked = told.walked
    if walked is None or walked.step != cause.step:
        return "wrong step"
    named = [fact.name.partition(" ")[0] for fact in walked.unstepped]  # behind it stands of what it is a share
    return "right" if not cause.unstepped or cause.unstepped in named else "not named"


def main() -> None:
    """Make what is missing, measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=Path, default=Path("benchmarks/input/steps"))
    parser.add_argument("--incidents", type=int, default=50, help="of each kind")
    parser.add_argument("--set", choices=SEEDS, default="held-out")
    chosen = parser.parse_args()
    folder = chosen.recordings / chosen.set
    made = [(cause, *recording(cause, number, SEEDS[chosen.set])) for cause in CAUSES for number in range(chosen.incidents)]
    simulate(folder, [hour for _, hour, _ in made])
    with ProcessPoolExecutor(2) as pool:
        results = list(
            pool.map(
                lead,
                [folder / f"{hour.name}.ndjson" for _, hour, _ in made],
                [cause.name for cause, _, _ in made],
                [hour for _, hour, _ in made],
                [seed for _, _, seed in made],
                chunksize=8,
            )
        )
    print(f"{chosen.set}, {chosen.incidents} of each: first message right (last message right), what else")
    for cause in CAUSES:
        mine = [result for (each, _, _), result in zip(made, results, strict=True) if each is cause]
        first, last = (Counter(outcome[at] for outcome in mine) for at in (0, 1))
        rest = ", ".join(f"{count} {outcome}" for outcome, count in first.items() if outcome != "right")
        print(f"  {cause.name:32}{first['right']:4} ({last['right']})  {rest}")


if __name__ == "__main__":
    main()
