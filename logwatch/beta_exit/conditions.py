"""The exit conditions of section 7, each met, not met, or not shown, day by day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from itertools import takewhile
from typing import TYPE_CHECKING, assert_never

from logwatch.judge.daily_totals import HOURS, DayTotals, Spread, minutes_by_hour
from logwatch.judge.rules.service import (
    DailyShare,
    ExpectedCount,
    NoErrors,
    SlowBudget,
    SteadyLatency,
    SteadyShare,
)
from logwatch.languages import Worded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import tzinfo

    from logwatch.judge.rules.model import Rule, RuleSet
    from logwatch.judge.rules.service import ExitCondition
    from logwatch.ranges import Range

MEASURED = 0.9
"""Share of a day's minutes in which an endpoint must have been measured."""
USUALLY, RARELY = 0.95, 0.01
"""A latency is stable where at least so much of a day is normal, and no more than so much beyond the warning bound."""


class Gap(Worded, families=("gap",)):
    """Why a day does not show a condition, or what broke it, where that is not the condition's own reason."""

    NO_DAY = "no_day"
    MISSING_HOURS = "missing_hours"
    NOT_MEASURED = "not_measured"
    UNSTABLE_HOURS = "unstable_hours"
    LATE = "late"


class GateState(Worded, families=("gate",)):
    """What the days say of a condition."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_SHOWN = "not_shown"


@dataclass(frozen=True, slots=True)
class Mark:
    """What one day says of a condition."""

    date: str
    state: GateState
    value: float | None
    """The figure that is judged, in the gate's unit."""
    of: float | None = None
    """Events that a share is made of, or windows that were measured."""
    why: str = ""
    """Why it is not shown, or what broke it: one of `Gap`, or what the condition itself calls it."""
    hours: tuple[int, ...] = ()
    """Hours that are missing, or that broke it."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One exit condition."""

    condition: ExitCondition
    state: GateState
    unit: str
    bound: str
    """What each day's value must keep to."""
    marks: tuple[Mark, ...]
    too_few_days: bool = False
    """Whether fewer days were looked at than it takes."""

    @property
    def name(self) -> str:
        """The condition's id."""
        return self.condition.condition

    @property
    def takes(self) -> int:
        """How many days in a row it takes: as many as the condition says, or all that are looked at."""
        return self.condition.share.days if self.condition.share else len(self.marks)

    @property
    def counting(self) -> tuple[Mark, ...]:
        """The days that count: the last ones, where it takes so many in a row."""
        return self.marks[-self.takes :]

    @property
    def in_a_row(self) -> int:
        """How many of the last days are met without one between that is not."""
        return sum(1 for _ in takewhile(lambda mark: mark.state is GateState.MET, reversed(self.counting)))

    def count(self, state: GateState) -> int:
        """Give how many of the days that count are in a state."""
        return sum(mark.state is state for mark in self.counting)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the runbook leaves open."""

    most: Range | None
    """Events of a counter in any one window; None for the normal range of the condition's rule."""
    slow: Range
    """Share of slow requests among all of a day, or how many of them."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the conditions are judged by, and whose days those are."""

    rules: RuleSet
    expected: Expected
    zone: tzinfo


def judge_gates(
    days: Sequence[DayTotals], wanted: Sequence[date], rules: RuleSet, expected: Expected, zone: tzinfo
) -> tuple[Gate, ...]:
    """Judge the exit conditions over these days of a time zone; a day that nobody has is not shown."""
    found = {day.date: day for day in days}
    gates = []
    for condition in rules.service.exit_conditions:
        plan = plan_of(condition, rules, expected, zone)
        marks = tuple(
            plan.judge(found[each.isoformat()])
            if each.isoformat() in found
            else Mark(each.isoformat(), GateState.NOT_SHOWN, None, why=Gap.NO_DAY)
            for each in wanted
        )
        gate = Gate(condition, _worst(mark.state for mark in marks), plan.unit, str(plan.bound), marks)
        gates.append(_in_a_row(gate, condition.share.days) if condition.share else gate)
    return tuple(gates)


@dataclass(frozen=True, slots=True)
class GatePlan:
    """How a condition is judged: day by day, against its bound."""

    unit: str
    bound: Range | str
    judge: Callable[[DayTotals], Mark]


def plan_of(condition: ExitCondition, rules: RuleSet, expected: Expected, zone: tzinfo) -> GatePlan:
    """Say how to judge a condition: what more lines can only make worse is final, whatever hours are missing."""
    judged, empty = condition.judged, condition.nothing.why if condition.nothing else ""

    def whole(judge: Callable[[DayTotals], Mark], *, final: bool = False) -> Callable[[DayTotals], Mark]:
        return lambda day: _whole(judge(day), day, zone, final=final)

    match judged:
        case DailyShare():
            normal = rules.by_id[judged.rule].normal
            return GatePlan("%", normal, whole(lambda day: _daily_share(day, judged, normal, empty)))
        case SteadyShare():
            rule = rules.by_id[judged.rule]
            return GatePlan("%", rule.normal, whole(lambda day: _steady_share(day, judged, rule, empty)))
        case ExpectedCount():
            most = expected.most or rules.by_id[judged.rule].normal
            return GatePlan("", most, whole(lambda day: _expected(day, judged, most), final=True))
        case NoErrors():
            return GatePlan("", "0", whole(lambda day: _no_errors(day, judged, empty), final=True))
        case SlowBudget():
            budget = expected.slow
            judge = whole(lambda day: _slow(day, judged, budget, empty), final=budget.unit != "%")
            return GatePlan(budget.unit, budget, judge)
        case SteadyLatency():
            return GatePlan("%", f">= {USUALLY * 100:g} %", lambda day: _latency(day, judged, zone))
        case _:
            assert_never(judged)


def _in_a_row(gate: Gate, days: int) -> Gate:
    """Judge the last days together; fewer show nothing, unless one of them failed."""
    last = gate.counting
    state, short = _worst(mark.state for mark in last), len(last) < days
    return replace(gate, state=GateState.NOT_SHOWN if short and state is GateState.MET else state, too_few_days=short)


def _worst(states: Iterable[GateState]) -> GateState:
    found = set(states)
    return next((each for each in (GateState.NOT_MET, GateState.NOT_SHOWN) if each in found), GateState.MET)


def _mark(day: DayTotals, value: float | None, of: float | None, *, holds: bool, empty: str) -> Mark:
    """Judge a day; one on which nothing happened shows nothing."""
    if value is None:
        return Mark(day.date, GateState.NOT_SHOWN, None, of, empty)
    return Mark(day.date, GateState.MET if holds else GateState.NOT_MET, value, of)


def _whole(mark: Mark, day: DayTotals, zone: tzinfo, *, final: bool) -> Mark:
    """Hold a day's mark against its hours: one with missing hours shows nothing, and neither does one without any line.

    What fails by a number that more lines can only raise is `final`: it fails whatever the missing hours held.
    """
    missing = tuple(day.missing(zone))
    if missing and not (final and mark.state is GateState.NOT_MET):
        return replace(mark, state=GateState.NOT_SHOWN, why=Gap.MISSING_HOURS, hours=missing)
    if not missing and not day.summaries:
        return Mark(day.date, GateState.NOT_SHOWN, None, why=Gap.NO_DAY)
    return mark


def _share(part: float, whole: float) -> float | None:
    return min(part / whole, 1.0) if whole else None


def _daily_share(day: DayTotals, judged: DailyShare, normal: Range, empty: str) -> Mark:
    among = day.counters.get(judged.denominator, 0.0)
    value = _share(day.counters.get(judged.numerator, 0.0), among)
    return _mark(day, value, among, holds=value is not None and bool(normal.holds(value)), empty=empty)


def _steady_share(day: DayTotals, judged: SteadyShare, rule: Rule, empty: str) -> Mark:
    """Normal on the day, and no hour with enough events at the warning bound."""
    hits, among = sum(day.hits), sum(day.hits) + sum(day.misses)
    value = _share(hits, among)
    mark = _mark(day, value, among, holds=value is not None and bool(rule.normal.holds(value)), empty=empty)
    low = tuple(
        hour
        for hour in range(HOURS)
        if (events := day.hits[hour] + day.misses[hour]) >= judged.least and rule.warning.holds(day.hits[hour] / events)
    )
    return (
        Mark(day.date, GateState.NOT_MET, value, among, Gap.UNSTABLE_HOURS, low)
        if low and mark.state is GateState.MET
        else mark
    )


def _expected(day: DayTotals, judged: ExpectedCount, expected: Range) -> Mark:
    most = day.most.get(judged.counter, 0.0)
    return _mark(day, most, day.counters.get(judged.counter, 0.0), holds=bool(expected.holds(most)), empty="")


def _no_errors(day: DayTotals, judged: NoErrors, empty: str) -> Mark:
    errors = day.counters.get(judged.errors, 0.0)
    tried = day.counters.get(judged.tries, 0.0)
    value = errors if tried or errors else None
    return _mark(day, value, tried, holds=not errors, empty=empty)


def _slow(day: DayTotals, judged: SlowBudget, budget: Range, empty: str) -> Mark:
    requests, slow = day.counters.get(judged.requests, 0.0), float(sum(day.slow.values()))
    value = _share(slow, requests) if budget.unit == "%" else slow
    return _mark(day, value, requests, holds=value is not None and bool(budget.holds(value)), empty=empty)


def _latency(day: DayTotals, judged: SteadyLatency, zone: tzinfo) -> Mark:
    """Stable: 95 % of the day in the normal range, no more than 1 % beyond the warning bound, of each that is measured.

    The first must be measured; a service may be without the others.
    """
    names = (judged.gauge, *judged.others)
    spreads = {name: spread for name in names if (spread := day.pings.get(name)) and spread.measured}
    first = spreads.get(judged.gauge, Spread())
    worst = min(spreads.values(), key=lambda each: each.normal / each.measured, default=first)
    value, of = (worst.normal / worst.measured, float(worst.measured)) if first.measured else (None, 0.0)
    windows = sum(minutes_by_hour(date.fromisoformat(day.date), zone)) * MEASURED
    if value is None or min(each.measured for each in spreads.values()) < windows:
        return Mark(day.date, GateState.NOT_SHOWN, value, of, Gap.NOT_MEASURED)
    late = any(each.warned / each.measured > RARELY for each in spreads.values())
    state = GateState.NOT_MET if late or value < USUALLY else GateState.MET
    return Mark(day.date, state, value, of, Gap.LATE if late else "")
