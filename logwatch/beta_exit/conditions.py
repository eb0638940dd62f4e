"""The exit conditions of section 7, each met, not met, or not shown, day by day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from logwatch.collect.parse import DATABASE_PING
from logwatch.judge.daily_totals import (
    ATTEMPT,
    CONFIRMED,
    ERROR,
    HOURS,
    PINGS,
    PREPARED,
    REQUESTS,
    DayTotals,
    Spread,
    minutes_by_hour,
)
from logwatch.languages import Worded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import tzinfo

    from logwatch.judge.rules.model import RuleSet
    from logwatch.ranges import Range

IN_A_ROW = 7
"""Days in a row on which payments must succeed; of more, the last ones count."""
READS_IN_AN_HOUR = 100
"""Reads of the cache from which an hour says something about its stability."""
MEASURED = 0.9
"""Share of a day's minutes in which an endpoint must have been measured."""
USUALLY, RARELY = 0.95, 0.01
"""A latency is stable where at least so much of a day is normal, and no more than so much beyond the warning bound."""
DISTRIBUTION = "checkout.blocked.distribution"


class GateName(Worded, families=("define", "of")):
    """The six conditions; what each asks for, and what its figure is made of."""

    PAYMENT = "payment"
    CACHE = "cache"
    DISTRIBUTION = "distribution"
    CHECKOUT = "checkout"
    SLOW = "slow"
    LATENCY = "latency"


class Gap(Worded, families=("gap",)):
    """Why a day does not show a condition, or what broke it."""

    NO_DAY = "no_day"
    MISSING_HOURS = "missing_hours"
    NO_PAYMENTS = "no_payments"
    NO_READS = "no_reads"
    NO_CHECKOUTS = "no_checkouts"
    NO_REQUESTS_COUNTED = "no_requests_counted"
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
    why: Gap | None = None
    """Why it is not shown, or what broke it."""
    hours: tuple[int, ...] = ()
    """Hours that are missing, or that broke it."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One exit condition."""

    name: GateName
    state: GateState
    unit: str
    bound: str
    """What each day's value must keep to."""
    marks: tuple[Mark, ...]
    too_few_days: bool = False
    """Whether fewer days were looked at than it takes."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the runbook leaves open."""

    distribution: Range
    """Distribution blocks in any one window."""
    slow: Range
    """Share of slow requests among all of a day, or how many of them."""


def judge_gates(
    days: Sequence[DayTotals], wanted: Sequence[date], rules: RuleSet, expected: Expected, zone: tzinfo
) -> tuple[Gate, ...]:
    """Judge the six conditions over these days of a time zone; a day that nobody has is not shown."""
    found = {day.date: day for day in days}
    payment, cache = (rules.by_id[name].normal for name in ("payment-confirm", "cache-hit"))
    floor = rules.by_id["cache-hit"].warning

    def whole(day: DayTotals, mark: Mark, *, final: bool = False) -> Mark:
        return _whole(mark, day, zone, final=final)

    counted = expected.slow.unit != "%"
    plans: tuple[tuple[GateName, str, Range | str, Callable[[DayTotals], Mark]], ...] = (
        (GateName.PAYMENT, "%", payment, lambda day: whole(day, _payment(day, payment))),
        (GateName.CACHE, "%", cache, lambda day: whole(day, _cache(day, cache, floor))),
        (
            GateName.DISTRIBUTION, "", expected.distribution,
            lambda day: whole(day, _distribution(day, expected.distribution), final=True),
        ),
        (GateName.CHECKOUT, "", "0", lambda day: whole(day, _checkout(day), final=True)),
        (GateName.SLOW, expected.slow.unit, expected.slow, lambda day: whole(day, _slow(day, expected.slow), final=counted)),
        (GateName.LATENCY, "%", f">= {USUALLY * 100:g} %", lambda day: _latency(day, zone)),
    )  # fmt: skip
    gates = []
    for name, unit, bound, judge in plans:
        marks = tuple(
            judge(found[each.isoformat()])
            if each.isoformat() in found
            else Mark(each.isoformat(), GateState.NOT_SHOWN, None, why=Gap.NO_DAY)
            for each in wanted
        )
        gates.append(Gate(name, _worst(mark.state for mark in marks), unit, str(bound), marks))
    return (_in_a_row(gates[0]), *gates[1:])


def _in_a_row(gate: Gate) -> Gate:
    """Judge the last seven days together; fewer show nothing, unless one of them failed."""
    last = gate.marks[-IN_A_ROW:]
    state, short = _worst(mark.state for mark in last), len(last) < IN_A_ROW
    return replace(gate, state=GateState.NOT_SHOWN if short and state is GateState.MET else state, too_few_days=short)


def _worst(states: Iterable[GateState]) -> GateState:
    found = set(states)
    return next((each for each in (GateState.NOT_MET, GateState.NOT_SHOWN) if each in found), GateState.MET)


def _mark(day: DayTotals, value: float | None, of: float | None, *, holds: bool, empty: Gap | None) -> Mark:
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


def _payment(day: DayTotals, normal: Range) -> Mark:
    prepared = day.counters.get(PREPARED, 0.0)
    value = _share(day.counters.get(CONFIRMED, 0.0), prepared)
    return _mark(day, value, prepared, holds=value is not None and bool(normal.holds(value)), empty=Gap.NO_PAYMENTS)


def _cache(day: DayTotals, normal: Range, floor: Range) -> Mark:
    """More than 70 % on the day, and no hour with 100 reads or more at the warning bound."""
    hits, reads = sum(day.hits), sum(day.hits) + sum(day.misses)
    value = _share(hits, reads)
    mark = _mark(day, value, reads, holds=value is not None and bool(normal.holds(value)), empty=Gap.NO_READS)
    low = tuple(
        hour
        for hour in range(HOURS)
        if (read := day.hits[hour] + day.misses[hour]) >= READS_IN_AN_HOUR and floor.holds(day.hits[hour] / read)
    )
    return (
        Mark(day.date, GateState.NOT_MET, value, reads, Gap.UNSTABLE_HOURS, low)
        if low and mark.state is GateState.MET
        else mark
    )


def _distribution(day: DayTotals, expected: Range) -> Mark:
    most = day.most.get(DISTRIBUTION, 0.0)
    return _mark(day, most, day.counters.get(DISTRIBUTION, 0.0), holds=bool(expected.holds(most)), empty=None)


def _checkout(day: DayTotals) -> Mark:
    errors = day.counters.get(ERROR, 0.0)
    tried = day.counters.get(ATTEMPT, 0.0)
    value = errors if tried or errors else None
    return _mark(day, value, tried, holds=not errors, empty=Gap.NO_CHECKOUTS)


def _slow(day: DayTotals, expected: Range) -> Mark:
    requests, slow = day.counters.get(REQUESTS, 0.0), float(sum(day.slow.values()))
    value = _share(slow, requests) if expected.unit == "%" else slow
    return _mark(day, value, requests, holds=value is not None and bool(expected.holds(value)), empty=Gap.NO_REQUESTS_COUNTED)


def _latency(day: DayTotals, zone: tzinfo) -> Mark:
    """Stable: 95 % of the day in the normal range, no more than 1 % beyond the warning bound, of each of the two.

    A service without Redis measures the database alone.
    """
    spreads = {name: spread for name in PINGS if (spread := day.pings.get(name)) and spread.measured}
    database = spreads.get(DATABASE_PING, Spread())
    value = min((each.normal / each.measured for each in spreads.values()), default=None) if database.measured else None
    windows = sum(minutes_by_hour(date.fromisoformat(day.date), zone)) * MEASURED
    if value is None or min(each.measured for each in spreads.values()) < windows:
        return Mark(day.date, GateState.NOT_SHOWN, value, float(database.measured), Gap.NOT_MEASURED)
    late = any(each.warned / each.measured > RARELY for each in spreads.values())
    state = GateState.NOT_MET if late or value < USUALLY else GateState.MET
    return Mark(day.date, state, value, float(database.measured), Gap.LATE if late else None)
