"""Which single incident keeps a condition from being met: what was lost in it, and what the day would be without it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, assert_never

from logwatch.beta_exit.conditions import RARELY, USUALLY, Gap, GateState, Mark, plan_of
from logwatch.judge.daily_totals import QUARTERS, DayTotals, Quarters, day_span, quarter_of
from logwatch.judge.rules.service import DailyShare, ExpectedCount, NoErrors, SlowBudget, SteadyLatency, SteadyShare
from logwatch.judge.rules.yaml_types import selects
from logwatch.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import tzinfo

    from logwatch.beta_exit.conditions import Gate, Terms
    from logwatch.judge.rules.model import Rule, RuleSet
    from logwatch.judge.rules.service import ExitCondition

QUARTER = timedelta(minutes=15)
APART = 2
"""Quarters of an hour without much loss that part one stretch of it from the next."""


@dataclass(frozen=True, slots=True)
class PastIncident:
    """An incident that people were told of, as far as a loss is told by it."""

    id: str
    rules: tuple[str, ...]
    since: datetime
    over_at: datetime | None


@dataclass(frozen=True, slots=True)
class LargestLoss:
    """The one stretch that cost a day most."""

    date: str
    incident: str
    """Its id; empty where nobody was told of one, and the quarters of an hour with the largest loss are meant."""
    span: Span
    lost: float
    """Events that went wrong in the quarters of an hour that it touches."""
    of: float
    """All of the day's."""
    without: Mark
    """What the day would say without those."""

    @property
    def share(self) -> float:
        """Its share of the day's loss."""
        return self.lost / self.of

    @property
    def decides(self) -> bool:
        """Whether the day would be met without it."""
        return self.without.state is GateState.MET


def largest_losses(
    gate: Gate, days: Iterable[DayTotals], past: Iterable[PastIncident], terms: Terms
) -> tuple[LargestLoss, ...]:
    """Give for each failed day that counts what cost it most; nothing of a day of which nobody kept when things came."""
    failed = {mark.date: mark for mark in gate.counting if mark.state is GateState.NOT_MET}
    rules, zone = terms.rules, terms.zone
    readers = {rule.rule for rule in rules.rules if _reads(rule, gate.condition)}
    told = [each for each in past if readers.intersection(each.rules)]
    judge = plan_of(gate.condition, rules, terms.expected, zone).judge
    found = []
    for day in days:
        if day.date not in failed or day.quarters is None or not _is_whole(day, day.quarters, gate.condition):
            continue
        losses, allowed = _losses(gate.condition, failed[day.date], day.quarters, terms)
        worst = _worst(_told(day, told, zone), _untold(losses, allowed, day, zone), losses)
        if lost := worst.cost(losses):
            without = judge(_without(day, day.quarters, worst.quarters, rules))
            found.append(LargestLoss(day.date, worst.incident, worst.span, lost, sum(losses), without))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _LossStretch:
    """A stretch of a day, and the quarters of an hour that it touches."""

    incident: str
    span: Span
    quarters: range

    def cost(self, losses: Sequence[float]) -> float:
        return sum(losses[each] for each in self.quarters)


def _worst(told: Iterable[_LossStretch], untold: Iterable[_LossStretch], losses: Sequence[float]) -> _LossStretch:
    """Choose what cost most: an incident that people were told of, or a stretch that cost more than twice as much."""
    stretch = max(untold, key=lambda each: each.cost(losses))
    incident = max(told, key=lambda each: each.cost(losses), default=stretch)
    return incident if 2 * incident.cost(losses) >= stretch.cost(losses) else stretch


def _reads(rule: Rule, condition: ExitCondition) -> bool:
    """Tell whether a rule reads what a condition is judged by."""
    judged, reads = condition.judged, rule.kind.reads
    if isinstance(judged, SteadyLatency):
        return bool({judged.gauge, *judged.others}.intersection(reads.gauges))
    if isinstance(judged, SlowBudget):
        return bool(reads.labels)
    return any(selects(reads.counters, name) for name in condition.counters)


def _is_whole(day: DayTotals, quarters: Quarters, condition: ExitCondition) -> bool:
    """Tell whether the quarters of an hour have all of the day: an older program adds to the day alone."""
    summed = {name: sum(quarters.counters.get(name, ())) for name in condition.counters}
    known = {name: day.counters.get(name, 0.0) for name in condition.counters}
    if isinstance(condition.judged, SlowBudget):
        return sum(quarters.slow) == sum(day.slow.values())
    if isinstance(condition.judged, SteadyLatency):
        return all(sum(quarters.strayed.get(name, ())) == each.measured - each.normal for name, each in day.pings.items())
    return all(abs(summed[name] - known[name]) <= 1 for name in summed)


def _losses(condition: ExitCondition, mark: Mark, quarters: Quarters, terms: Terms) -> tuple[list[float], list[float]]:
    """Give what went wrong in each quarter of an hour, and how much of that keeps to the bound."""
    judged, expected = condition.judged, terms.expected
    lost: Sequence[float]
    among: Sequence[float]

    def had(lists: dict[str, list[int]], name: str) -> list[int]:
        return lists.get(name) or [0] * QUARTERS

    match judged:
        case DailyShare():
            among, share = had(quarters.counters, judged.denominator), 1 - terms.rules.by_id[judged.rule].normal.bound
            lost = [max(all_ - good, 0) for all_, good in zip(among, had(quarters.counters, judged.numerator), strict=True)]
        case SteadyShare():
            lost, share = had(quarters.counters, judged.others), 1 - terms.rules.by_id[judged.rule].normal.bound
            among = [sum(each) for each in zip(lost, had(quarters.counters, judged.numerator), strict=True)]
        case ExpectedCount():
            most = expected.most or terms.rules.by_id[judged.rule].normal
            lost, share = had(quarters.counters, judged.counter), 1.0
            among = [inf if most.holds(each) else 0.0 for each in had(quarters.most, judged.counter)]
        case NoErrors():
            lost, among, share = had(quarters.counters, judged.errors), [0.0] * QUARTERS, 1.0
        case SlowBudget():
            lost, share = quarters.slow or [0] * QUARTERS, expected.slow.bound
            among = had(quarters.counters, judged.requests) if expected.slow.unit == "%" else [1 / QUARTERS] * QUARTERS
        case SteadyLatency():
            late, names = mark.why == Gap.LATE, (judged.gauge, *judged.others)
            lists = [had(quarters.warned if late else quarters.strayed, name) for name in names]
            lost, share = [sum(each) for each in zip(*lists, strict=True)], RARELY if late else 1 - USUALLY
            among = [15.0 * len(names)] * QUARTERS
        case _:
            assert_never(judged)
    return list(map(float, lost)), [each * share for each in among]


def _told(day: DayTotals, told: Iterable[PastIncident], zone: tzinfo) -> list[_LossStretch]:
    """Give what a day had of the incidents that people were told of."""
    start, end = day_span(date.fromisoformat(day.date), zone)
    found = []
    for each in told:
        span = Span(max(each.since, start), min(each.over_at or end, end))
        if span.start < span.end:
            last = span.end - timedelta(microseconds=1)
            touched = range(quarter_of(span.start.astimezone(zone)), quarter_of(last.astimezone(zone)) + 1)
            found.append(_LossStretch(each.id, span, touched))
    return found


def _untold(losses: Sequence[float], allowed: Sequence[float], day: DayTotals, zone: tzinfo) -> list[_LossStretch]:
    """Give the stretches in which more was lost than keeps to the bound, as far as they lie apart; else all of the day."""
    bad = [each for each in range(QUARTERS) if losses[each] > allowed[each]] or [0, QUARTERS - 1]
    breaks = [place for place, (one, next_) in enumerate(pairwise(bad), 1) if next_ - one > APART + 1]
    runs = [bad[first:last] for first, last in pairwise([0, *breaks, len(bad)])]
    start, _ = day_span(date.fromisoformat(day.date), zone)
    midnight = start.astimezone(zone).replace(tzinfo=None)

    def moment(quarter: int) -> datetime:
        return (midnight + quarter * QUARTER).replace(tzinfo=zone).astimezone(UTC)

    return [_LossStretch("", Span(moment(run[0]), moment(run[-1] + 1)), range(run[0], run[-1] + 1)) for run in runs]


def _without(day: DayTotals, quarters: Quarters, gone: range, rules: RuleSet) -> DayTotals:
    """Give the day without some quarters of an hour; measured values count as normal there, so that they stay measured."""

    def taken(lists: dict[str, list[int]], name: str, within: range = gone) -> int:
        return sum(lists[name][each] for each in within) if name in lists else 0

    def hourly(values: Sequence[float], name: str) -> list[float]:
        return [
            value - taken(quarters.counters, name, range(max(gone.start, 4 * hour), min(gone.stop, 4 * hour + 4)))
            for hour, value in enumerate(values)
        ]

    steady = rules.service.steady
    left = [each for each in range(QUARTERS) if each not in gone]
    return replace(
        day,
        counters={name: value - taken(quarters.counters, name) for name, value in day.counters.items()},
        hits=hourly(day.hits, steady.numerator) if steady else day.hits,
        misses=hourly(day.misses, steady.others) if steady else day.misses,
        most=day.most | {name: float(max((each[at] for at in left), default=0)) for name, each in quarters.most.items()},
        slow={"": sum(quarters.slow[each] for each in left) if quarters.slow else 0},
        pings={
            name: replace(
                each,
                normal=each.normal + taken(quarters.strayed, name),
                warned=each.warned - taken(quarters.warned, name),
            )
            for name, each in day.pings.items()
        },
    )
