"""Whether what a message says it came to holds, and whether the revision that it names is the cause: `make impact`.

Random incidents are made with the log simulator, several in a recording with an hour and more of health between them, and
told by whole backtests. The simulator writes down what each summary's events cost: the same draws would have gone well at
the usual rates. What an incident lost, up to the last window of a message, is that of all windows up to there since the
incident before; the share of messages whose interval holds it is told for each kind. Deploys are drawn besides: those that
are the cause, by hand-over, one instance after the other, or as a canary; those that are not, at any time from an hour before
the onset until ten minutes after it; or none. A revision is named wrongly where any message of an incident names one as the
cause that is not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks.hours import API, BASE, BEGIN, CACHE, SHOPS, Rates
from benchmarks.scenarios import ABSENT, digest
from logwatch.collect.files import FilesSource
from logwatch.collect.last_seen import SignsOfLife
from logwatch.count.windows import aggregate, to_minute
from logwatch.judge.rules.load import load_rules
from logwatch.notify.diagnosis.changes import find_change
from logwatch.notify.diagnosis.findings import Walked
from logwatch.notify.diagnosis.impact import weigh
from logwatch.notify.diagnosis.lookups import RecordedArchive
from logwatch.notify.diagnosis.measure import Surroundings
from logwatch.notify.incidents import NotifyReason
from logwatch.pipeline.replay import replay
from logwatch.pipeline.tick import Policy, Ticker
from logwatch.settings import bundled
from logwatch.spans import WINDOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from logwatch.judge.verdicts import Verdict
    from logwatch.notify.incidents import Notification

SIMULATOR = Path("tools/log-simulator")
CALM = 75
"""Minutes of health before an incident: the hour before it, and what the one before left behind."""
EACH = 5
"""Incidents of a recording."""
LATEST = 10
"""Minutes after an onset in which a deploy that came along may come."""
QUIETER = 0.08
"""Of the usual reads and other requests, so that recordings stay short."""

LOST = {
    "checkout-success": "checkout", "checkout-blocked": "blocked", "checkout-error": "error", "checkout-traffic": "traffic",
    "payment-confirm": "payment", "payment-prepare": "prepare", "payment-duplicate": "duplicate", "cache-hit": "cache.miss",
    "cache-error": "cache.error", "slow-checkout": "slow.checkout", "slow-payment": "slow.payment.confirm",
    "slow-api": "slow.api", "traffic-quiet": "quiet", "revision-checkout": "checkout", "revision-payment": "payment",
}  # fmt: skip
"""What the simulator calls the loss that a rule's words are about."""


def _drawn(name: str, low: float, high: float) -> Callable[[Random, Rates], Rates]:
    return lambda random, _: {name: round(random.uniform(low, high), 2)}


def _retried(random: Random, _: Rates) -> Rates:
    return {"confirm_fail": round(random.uniform(0.8, 1), 2), "confirm_retry": random.randint(1, 4)}


def _times(low: float, high: float) -> Callable[[Random, Rates], Rates]:
    def rates(random: Random, base: Rates) -> Rates:
        factor = random.uniform(low, high)
        return {"checkout": {shop: each * factor for shop, each in base["checkout"].items()}}

    return rates


@dataclass(frozen=True, slots=True)
class Failure:
    """One way to fail."""

    name: str
    failing: Callable[[Random, Rates], Rates]
    one_shop: float = 0
    """Chance that it is one shop's."""
    served: bool = True
    """Whether a revision may be its cause."""
    least: float = 0
    """Checkouts a minute that it needs."""


FAILURES = (
    Failure("payments refused", _drawn("confirm_fail", 0.4, 1), one_shop=0.4),
    Failure("payments refused and tried again", _retried),
    Failure("payments never confirmed", _drawn("abandon", 0.5, 1), one_shop=0.3, served=False),
    Failure("payments not prepared", _drawn("prepare_fail", 0.5, 1), one_shop=0.3),
    Failure("checkouts blocked", _drawn("blocked_stock", 0.5, 0.95), one_shop=0.4),
    Failure("checkouts with errors", _drawn("checkout_error", 0.1, 1), one_shop=0.3),
    Failure("checkouts without a result", _drawn("vanish", 0.5, 1), one_shop=0.3),
    Failure("cache misses", _drawn("cache_miss", 0.6, 1)),
    Failure("cache errors", _drawn("cache_error", 0.1, 1)),
    Failure("slow checkouts", _drawn("checkout_slow", 0.2, 0.9), served=False),
    Failure("slow requests", _drawn("api_slow", 0.1, 0.6), served=False),
    Failure("repeated payments", _drawn("duplicate", 0.8, 1), served=False, least=18),
    Failure("too many checkouts", _times(12, 25), served=False, least=10),
    Failure("no checkouts", _times(0, 0.01), served=False, least=6),
)
DEPLOYS = ("none", "none", "hand-over", "rolling", "canary", "cause: hand-over", "cause: rolling", "cause: canary")


@dataclass(frozen=True, slots=True)
class Drawn:
    """One incident of a recording; times are minutes of it."""

    failure: str
    deploy: str
    at: float
    lasts: float
    shop: str
    revision: str
    """The one that was deployed; empty where none was."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a message said of an incident, and what is true."""

    failure: str
    deploy: str
    rule: str
    first: bool
    over: bool
    held: bool | None
    """Whether the interval holds what was lost; None where it says nothing of it."""
    events: float
    usual: float
    least: float
    most: float
    lost: float
    named: str
    """The revision that is called the cause."""
    at: float
    revision: str


class Fleet:
    """The instances of a recording as they are deployed one after the other."""

    def __init__(self, random: Random, size: int) -> None:
        """Begin with so many of the first revision."""
        self.random, self.number = random, 412
        self.ended: list[dict[str, Any]] = []
        self.alive = [{"phase": random.random() * 60, "revision": self.name} for _ in range(size)]

    @property
    def name(self) -> str:
        """The newest revision."""
        return f"o4o-core-api-{self.number:05}-abc"

    def deploy(self, how: str, at: float, until: float, failing: list[dict[str, Any]]) -> None:
        """Bring a new revision at a time; `failing` is what only its instances do. It ends with its incident."""
        self.number += 1
        new = {"revision": self.name} | ({"events": failing} if failing else {})
        if how == "canary":
            self.ended.append({**new, "start": at, "stop": until + 5})
            return
        apart = self.random.uniform(1, 5) if how == "rolling" else 0.1
        begins = [at + number * apart + self.random.random() * 0.2 for number in range(len(self.alive))]
        self.ended += [
            {**old, "stop": begin + self.random.random() * 0.2} for old, begin in zip(self.alive, begins, strict=True)
        ]
        self.alive = [{**new, "start": begin} for begin in begins]


def recording(name: str) -> tuple[dict[str, Any], list[Drawn]]:
    """Draw a recording and its incidents."""
    random = Random(name)
    load = random.choice((5, 10, 15, 25))
    base = {**BASE, "checkout": {shop: weight / 15 * load for shop, weight in SHOPS.items()}}
    base |= {"cache": CACHE * load / 15 * QUIETER, "api": API * load / 15 * QUIETER}
    fleet, events, drawn = Fleet(random, random.randint(2, 4)), [], []
    at = CALM + random.random() * 5
    for _ in range(EACH):
        failure = random.choice([each for each in FAILURES if each.least <= load])
        deploy = random.choice([each for each in DEPLOYS if failure.served or not each.startswith("cause")])
        lasts, shop = random.choice((3, 6, 12, 25, 45)) * random.uniform(0.8, 1.2), ""
        rates = failure.failing(random, base)
        if random.random() < failure.one_shop:
            shop = random.choice(list(SHOPS))
            rates = {
                rate: {each: value if each == shop else base.get(rate, 0) for each in SHOPS} for rate, value in rates.items()
            }
        failing = [{"from": at, "to": at + lasts, "set": rates}]
        cause, how = deploy.startswith("cause"), deploy.removeprefix("cause: ")
        if cause:
            failing[0]["to"] = at + max(lasts, 15) + 15
            fleet.deploy(how, at, at + max(lasts, 15), failing)
        else:
            events += failing
            if how != "none":
                fleet.deploy(how, at + random.uniform(-60, LATEST), at + lasts, [])
        drawn.append(Drawn(failure.name, deploy, at, lasts, shop, fleet.name if how != "none" else ""))
        at += (max(lasts, 15) + 15 if cause else lasts) + CALM + random.random() * 5
    spec = {"seed": random.randrange(2**31), "start": f"{BEGIN:%Y-%m-%dT%H:%M:%SZ}", "minutes": at - 50, "lost": True}
    return {**spec, "instances": fleet.ended + fleet.alive, "base": base, "events": events}, drawn


def tell(folder: Path, name: str) -> list[Told]:
    """Make a recording, play it, and hold each message of its incidents against what is true; once."""
    kept = folder / f"{name}.told.json"
    if kept.exists():
        return [Told(**each) for each in json.loads(kept.read_text(encoding="utf-8"))]
    spec, drawn = recording(name)
    path = folder / f"{name}.ndjson"
    described = path.with_suffix(".json")
    described.write_text(json.dumps({**spec, "out": str(path)}), encoding="utf-8")
    subprocess.run(["node", SIMULATOR / "fleet.mjs", described], check=True)
    lost = json.loads(Path(f"{path}.lost.json").read_text(encoding="utf-8"))
    rules = load_rules(bundled("rules"))
    source = FilesSource([str(path)], rules.service.log.shape)
    reading = source.read(None, service=None, progress=lambda *_: None, meanwhile=lambda: None)
    archive = RecordedArchive(reading, source, None)
    ticker = Ticker(rules, Policy(channels=("all",)), SignsOfLife(source, None))

    def walked(told: Notification, verdicts: tuple[Verdict, ...]) -> Walked:
        """Walk no further than what is measured here."""
        scene, plan = Surroundings(told, rules, archive, verdicts), rules.walk(told.procedure)
        return Walked((), impact=weigh(scene), changed=find_change(scene, plan.revisions) if plan else None)

    replayed = replay(reading, aggregate(reading).span, ticker, walked)
    found = list(_held(replayed.notifications, drawn, lost))
    kept.write_text(json.dumps([asdict(each) for each in found]), encoding="utf-8")
    for each in (path, Path(f"{path}.lost.json"), Path(f"{path}.truth.json")):
        each.unlink()
    return found


def _held(told: Iterable[Notification], drawn: list[Drawn], lost: list[tuple[int, dict[str, int]]]) -> Iterator[Told]:
    """Hold messages against the incident that they belong to."""
    spoken = set()
    for each in told:
        minute = (each.since - BEGIN) / WINDOW
        mine = next((one for one in reversed(drawn) if one.at - CALM / 2 <= minute), None)
        if mine is None or each.walked is None or each.reason in {NotifyReason.SUMMED, NotifyReason.SILENCE_ENDING}:
            continue
        until = max(alert.latest.window_end for alert in each.alerts)
        impact, changed = each.walked.impact, each.walked.changed
        named = [changed.revision] if changed and changed.proven else []
        named += [
            alert.latest.beside.revision for alert in each.alerts if alert.rule.startswith("revision-") and alert.latest.beside
        ]
        kind = LOST.get(impact.rule, "") if impact else ""
        begin, end, shop = to_minute(each.since) - CALM / 2, to_minute(until), next(iter(each.labels.values()), "")
        true = sum(
            number
            for at, of in lost
            if begin <= at / 60_000 < end
            for what, number in of.items()
            if what.split(" ")[0] == kind and (not shop or what == f"{kind} {shop}")
        )
        counted = impact is not None and impact.least_lost is not None and bool(kind)
        least, most = (impact.least_lost or 0, impact.most_lost or 0) if impact else (0, 0)
        yield Told(
            mine.failure, mine.deploy, impact.rule if impact else "", each.incident not in spoken,
            each.reason is NotifyReason.RESOLVED, least <= max(true, 0) <= most if counted else None,
            impact.events if impact else 0, impact.usual or 0 if impact else 0, least, most, true, ",".join(named), mine.at,
            mine.revision,
        )  # fmt: skip
        spoken.add(each.incident)


def main() -> int:
    """Make and play what is missing, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=1000)
    parser.add_argument("--salt", default="one")
    parser.add_argument("--folder", type=Path, default=Path(".cache/impact"))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--list", action="store_true", help="also the messages that do not hold")
    chosen = parser.parse_args()
    if not (SIMULATOR / "node_modules").is_dir():
        raise SystemExit(ABSENT)
    folder = chosen.folder / digest("logwatch/**/*.py", "rules/*.yaml", f"{SIMULATOR}/*.mjs", "benchmarks/impact.py")
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{chosen.salt}-{number:04}" for number in range(-(-chosen.incidents // EACH))]
    os.nice(5)
    found: list[Told] = []
    with ProcessPoolExecutor(chosen.processes) as pool:
        for number, each in enumerate(pool.map(tell, [folder] * len(names), names), 1):
            found += each
            if number % 20 == 0:
                print(f"impact: {number} of {len(names)} recordings", file=sys.stderr)
    return report(found, len(names) * EACH, listed=chosen.list)


def report(found: list[Told], drawn: int, *, listed: bool) -> int:
    """Print both tables; gives 1 where either bound of what is promised is broken."""
    by_failure: dict[str, list[Told]] = defaultdict(list)
    for each in found:
        if each.held is not None:
            by_failure[each.failure].append(each)
    print(f"{drawn} incidents drawn; messages whose interval holds what was lost: of the first, of the end, of all")
    for failure, told in [*sorted(by_failure.items()), ("all", [each for each in found if each.held is not None])]:
        parts = ([each for each in told if each.first], [each for each in told if each.over], told)
        print(f"  {failure:34}" + "  ".join(_rate(sum(bool(each.held) for each in part), len(part)) for part in parts))
    if listed:
        for each in found:
            if each.held is False:
                print("   ", each)
    by_deploy: dict[str, dict[float, list[Told]]] = defaultdict(lambda: defaultdict(list))
    for each in found:
        by_deploy[each.deploy][each.at].append(each)
    print("incidents told, by deploy: named in the first message, in any")
    wrong = right = others = causes = 0
    for deploy, incidents in sorted(by_deploy.items()):
        cause = deploy.startswith("cause")
        first = sum(any(_names(each, cause) for each in told if each.first) for told in incidents.values())
        ever = sum(any(_names(each, cause) for each in told) for told in incidents.values())
        print(f"  {deploy:34}{_rate(first, len(incidents))}  {_rate(ever, len(incidents))}")
        causes, right = (causes + len(incidents), right + ever) if cause else (causes, right)
        others, wrong = (others, wrong) if cause else (others + len(incidents), wrong + ever)
    print(f"  named where it is the cause {_rate(right, causes)}, where it is not {_rate(wrong, others)}")
    held = [bool(each.held) for each in found if each.held is not None]
    return int(sum(held) < 0.95 * len(held) or right < 0.95 * causes or wrong > 0.01 * others)


def _names(told: Told, cause: bool) -> bool:  # noqa: FBT001 - what it is asked of
    """Tell whether a message names the revision that is the cause, or any where none is."""
    return told.revision in told.named.split(",") if cause else bool(told.named)


def _rate(part: int, whole: int) -> str:
    return f"{part:4} of {whole:4} ({part / whole:6.1%})" if whole else f"{'–':>21}"


if __name__ == "__main__":
    sys.exit(main())
