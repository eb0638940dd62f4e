"""False alarms, delays, ends and messages of each way to watch, over weeks at one success share and over falls of it."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.estimates import Delay
from benchmarks.scenarios import PROGRAM, digest, kept
from benchmarks.signal.detectors import MIDDLE, RULE, BurnRate, Cusum, Detector, Logwatch, Ratio5m, bundled_rules
from benchmarks.signal.traffic import FALLS, GOES_ON, HOUR, LOOKED, RATES, STEADY, WEEK, fall, steady
from logwatch.judge.kinds.ratio import Proof, Ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from logwatch.judge.rules.model import Rule

LOGWATCH, RATIO, BURN, CUSUM = WAYS = ("logwatch", "5-minute ratio, for: 2m", "burn rate, 1 h and 6 h", "CUSUM")
SETTINGS: dict[str, tuple[float, ...]] = {
    LOGWATCH: (0.01, 0.1, 1, 10, 100),
    RATIO: (0, 2, 5, 10, 20),
    BURN: (1 / 12, 1 / 6, 1 / 3, 1, 2),
    CUSUM: (0.01, 0.1, 1, 10, 100),
}
"""What an operating curve goes through: weeks without a false alarm, minutes of `for`, the scale of the windows, and weeks."""
MEASURING = ("benchmarks/signal/counts.py", "benchmarks/signal/detectors.py", "benchmarks/signal/traffic.py")
"""What decides, besides the program, what is found."""
DRAWN = (0.0, 0.30)
"""Falls that have a curve."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What is measured at once."""

    way: str
    setting: float | None
    """None: as it is in use."""
    rate: float
    share: float
    """Of success: through whole weeks, or after a healthy hour."""
    weeks: bool
    repeated: int
    seed: int

    @property
    def name(self) -> str:
        """Tell it apart from all others, also in the name of a file."""
        setting = "" if self.setting is None else f"-{self.setting:.3g}"
        what = "weeks" if self.weeks else "falls"
        way = self.way.partition(",")[0].replace(" ", "-")
        return f"{way}{setting}-{self.rate:g}-{what}-{self.share:g}-{self.repeated}-seed{self.seed}"


@dataclass(frozen=True, slots=True)
class Weeks:
    """What came of weeks at one success share."""

    firings: int
    at_rest: float
    """Weeks in which nothing fired: only from there can something begin."""
    messages: float
    """A week."""

    @property
    def a_week(self) -> float:
        """False alarms that begin from rest."""
        return self.firings / self.at_rest if self.at_rest else 0.0


@dataclass(frozen=True, slots=True)
class Falls:
    """What came of falls of the success share."""

    told: tuple[Delay, ...]
    over: tuple[Delay, ...]
    """From the recovery on, of those that were told; 0 where it had been called over before."""
    messages: float
    """For an incident that was told."""


def detector(way: str, setting: float | None) -> Detector:
    """Make a way to watch, as it is in use or with another setting."""
    rule = bundled_rules().by_id[RULE]
    match way:
        case "logwatch":
            return Logwatch(rule if setting is None else with_weeks(rule, setting))
        case "CUSUM":
            return Cusum(promised_weeks(rule) if setting is None else setting)
        case _ if way == RATIO:
            return Ratio5m() if setting is None else Ratio5m(round(setting))
        case _:
            return BurnRate() if setting is None else BurnRate(setting)


def promised_weeks(rule: Rule) -> float:
    """Give in how many weeks at the middle between the bounds the rule may be wrong once."""
    return float(_proof(rule)[1].weeks)


def with_weeks(rule: Rule, weeks: float) -> Rule:
    """Give the rule with another promise, also one that no rule file may give."""
    kind, proof = _proof(rule)
    return rule.model_copy(update={"ratio": kind.model_copy(update={"proof": proof.model_copy(update={"weeks": weeks})})})


def _proof(rule: Rule) -> tuple[Ratio, Proof]:
    kind = rule.kind
    assert isinstance(kind, Ratio)
    assert isinstance(kind.proof, Proof)
    return kind, kind.proof


def cells(seed: int, weeks: int, falls: int) -> list[Cell]:
    """List what the table needs, and what the curves need besides: a quarter as many of each."""
    found = []
    for rate in RATES:
        for way in WAYS:
            found += [Cell(way, None, rate, share, weeks=True, repeated=weeks, seed=seed) for share in STEADY]
            found += [Cell(way, None, rate, share, weeks=False, repeated=falls, seed=seed) for share in FALLS]
            for setting in SETTINGS[way]:
                found.append(Cell(way, setting, rate, MIDDLE, weeks=True, repeated=max(weeks // 4, 1), seed=seed))
                found += [
                    Cell(way, setting, rate, share, weeks=False, repeated=max(falls // 4, 1), seed=seed) for share in DRAWN
                ]
    return found


def measure(cell: Cell) -> dict[str, Any]:
    """Measure a cell, unless it has been measured by the same program."""
    found = kept("signal", digest(*PROGRAM, *MEASURING)) / f"{cell.name}.json"
    if not found.exists():
        beside = found.with_suffix(".new")
        beside.write_text(json.dumps(asdict(spend_weeks(cell) if cell.weeks else see_falls(cell))), encoding="utf-8")
        beside.rename(found)
    return dict(json.loads(found.read_text(encoding="utf-8")))


def measured(wanted: Iterable[Cell], progress: Callable[[int, int], None]) -> dict[Cell, Weeks | Falls]:
    """Measure all of them on every core, the slowest first."""
    order = sorted(wanted, key=lambda cell: (cell.way != LOGWATCH, not cell.weeks, cell.share, -cell.rate))
    found: dict[Cell, Weeks | Falls] = {}
    with ProcessPoolExecutor() as pool:
        for cell, result in zip(order, pool.map(measure, order), strict=True):
            found[cell] = Weeks(**result) if cell.weeks else _falls(result)
            progress(len(found), len(order))
    return found


def _falls(result: dict[str, Any]) -> Falls:
    told, over = (tuple(Delay(**each) for each in result[name]) for name in ("told", "over"))
    return Falls(told, over, result["messages"])


def spend_weeks(cell: Cell) -> Weeks:
    """Watch weeks at one success share, each after a healthy hour that is not counted."""
    way = detector(cell.way, cell.setting)
    firings = messages = resting = 0
    for number in range(cell.repeated):
        watched = way.watch(steady(_seed(cell, number), cell.rate, cell.share, WEEK))
        firings += sum(each.begin >= HOUR for each in watched.firings)
        messages += sum(minute >= HOUR for minute in watched.messages)
        end = HOUR + WEEK
        resting += WEEK - sum(max((each.end or end) - max(each.begin, HOUR), 0) for each in watched.firings)
    return Weeks(firings, resting / WEEK, messages / cell.repeated)


def see_falls(cell: Cell) -> Falls:
    """Watch falls until each is told, and then the same with the recovery a quarter of an hour later.

    What fires already as the share falls has not told of it, and is left out.
    """
    way, looked = detector(cell.way, cell.setting), LOOKED[cell.rate]
    told, over, messages = [], [], []
    for seed in (_seed(cell, number) for number in range(cell.repeated)):
        watched = way.watch(fall(seed, cell.rate, cell.share, 1, 0))
        if any(each.begin < HOUR and each.end is None for each in watched.firings):
            continue
        begun = _begun(way, seed, cell)
        told.append(Delay(looked, seen=False) if begun is None else Delay(begun))
        if begun is not None:
            ended, sent = _ended(way, seed, cell, begun + GOES_ON)
            over.append(Delay(looked, seen=False) if ended is None else Delay(ended))
            messages.append(sent)
    return Falls(tuple(told), tuple(over), sum(messages) / len(messages) if messages else 0.0)


def _begun(way: Detector, seed: tuple[int, ...], cell: Cell) -> int | None:
    """Give after how many minutes a fall is told; most are soon, and a longer course begins like a shorter one."""
    for lasts in (LOOKED[cell.rate] // 8, LOOKED[cell.rate]):
        firings = way.watch(fall(seed, cell.rate, cell.share, lasts, 0)).firings
        begun = [each.begin - HOUR + 1 for each in firings if each.begin >= HOUR]
        if begun:
            return begun[0]
    return None


def _ended(way: Detector, seed: tuple[int, ...], cell: Cell, lasts: int) -> tuple[int | None, int]:
    """Give after how many healthy minutes an alert is over, and how many messages were sent."""
    recovers, ended, messages = HOUR + lasts, None, 0
    for after in (LOOKED[cell.rate] // 2, LOOKED[cell.rate]):
        watched = way.watch(fall(seed, cell.rate, cell.share, lasts, after))
        messages = sum(minute >= HOUR for minute in watched.messages)
        ends = [each.end for each in watched.firings if each.begin < recovers and (each.end is None or each.end >= recovers)]
        if None not in ends:
            ended = max((end - recovers + 1 for end in ends if end is not None), default=0)
            break
    return ended, messages


def _seed(cell: Cell, number: int) -> tuple[int, ...]:
    """Give what a repetition is drawn from: the same for every way to watch."""
    return cell.seed, RATES.index(cell.rate), round(cell.share * 100), int(cell.weeks), number
