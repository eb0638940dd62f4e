"""The day that is not over: what it may still lose, and when a condition may be met at the earliest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, assert_never

from logwatch.beta_exit.conditions import RARELY, USUALLY, Gap, GateState, Mark, plan_of
from logwatch.judge.daily_totals import HOURS, DayTotals, Spread, day_span
from logwatch.judge.rules.service import DailyShare, ExpectedCount, NoErrors, SlowBudget, SteadyLatency, SteadyShare
from logwatch.languages import Worded
from logwatch.spans import WINDOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import tzinfo

    from logwatch.beta_exit.conditions import Gate, Terms
    from logwatch.judge.rules.service import ExitCondition
    from logwatch.ranges import Range

MOST = 10**9
"""Events beyond which nobody asks how many more it would take."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RunningDay:
    """A day as far as it is counted."""

    totals: DayTotals
    at: datetime
    """End of the last window that is in it."""


def running_day(days: Iterable[DayTotals], counted_to: datetime | None, asked: datetime, zone: tzinfo) -> RunningDay | None:
    """Give the day in which a question is asked; None where it has only begun, or more or less of it is counted than that."""
    today = asked.astimezone(zone).date()
    if counted_to is None or not day_span(today, zone)[0] < counted_to <= asked:
        return None
    found = {day.date: day for day in days}
    return RunningDay(found.get(today.isoformat(), DayTotals(today.isoformat())), counted_to)


class Outlook(Worded, families=("outlook",)):
    """What the running day can still come to."""

    OPEN = "open"
    """It keeps to the bound, and may lose some more."""
    BEHIND = "behind"
    """It does not, and may yet make up for that."""
    LOST = "lost"
    """Whatever comes, it will not be met, or not be shown."""
    NOTHING = "nothing"
    """Nothing has happened on it."""


@dataclass(frozen=True, slots=True)
class DayBudget:
    """What the running day may still lose of one condition."""

    outlook: Outlook
    mark: Mark
    """What it says so far, taken as if nothing more came."""
    left: int | None = None
    """Events, or minutes of a latency, that may still go wrong; where it is behind, those that all have to go well."""


def budget_of(condition: ExitCondition, today: RunningDay, terms: Terms) -> DayBudget:
    """Say what a condition's running day may still lose before it is one that does not meet it."""
    ahead = _ahead(today, terms.zone)
    best = _at_its_best(today.totals, ahead)
    mark = plan_of(condition, terms.rules, terms.expected, terms.zone).judge(best)
    if mark.state is GateState.NOT_SHOWN:
        lost = mark.why in {Gap.MISSING_HOURS, Gap.NOT_MEASURED}
        return DayBudget(Outlook.LOST if lost else Outlook.NOTHING, mark)
    keeps, more_helps = _bounds(condition, best, terms)
    if mark.state is GateState.MET:
        return DayBudget(Outlook.OPEN, mark, _most(lambda more: keeps(more, 0)))
    over = mark.why == Gap.UNSTABLE_HOURS and any(not ahead[hour] for hour in mark.hours)
    needed = None if over or not more_helps else _least(lambda more: keeps(0, more))
    return DayBudget(Outlook.LOST if needed is None else Outlook.BEHIND, mark, needed)


def earliest_of(gate: Gate, budget: DayBudget | None) -> date | None:
    """Give the first day on which the condition may be shown if every day until then is met.

    None where it is met, and where too few days were looked at to tell.
    """
    if gate.state is GateState.MET or gate.too_few_days:
        return None
    last = date.fromisoformat(gate.marks[-1].date)
    if budget and budget.outlook is Outlook.LOST:
        return last + (gate.takes + 2) * DAY
    return last + (gate.takes - gate.in_a_row + 1) * DAY


def _ahead(today: RunningDay, zone: tzinfo) -> Counter[int]:
    """Count the minutes of each hour of the clock that are still to come."""
    _, end = day_span(date.fromisoformat(today.totals.date), zone)
    return Counter((today.at + number * WINDOW).astimezone(zone).hour for number in range((end - today.at) // WINDOW))


def _at_its_best(day: DayTotals, ahead: Counter[int]) -> DayTotals:
    """Give the day as it would be if the rest of it were looked at, and nothing happened but good measurements."""
    left = ahead.total()
    pings = {name: replace(each, measured=each.measured + left, normal=each.normal + left) for name, each in day.pings.items()}
    return replace(day, judged=[day.judged[hour] + ahead[hour] for hour in range(HOURS)], pings=pings)


Keeps = tuple["Callable[[int, int], bool]", bool]
"""Whether the day keeps to its bound with so many more that go wrong and so many that go well; and whether the latter help."""


def _bounds(condition: ExitCondition, day: DayTotals, terms: Terms) -> Keeps:
    judged, rules, expected = condition.judged, terms.rules, terms.expected
    match judged:
        case DailyShare():
            among = day.counters.get(judged.denominator, 0.0)
            good = min(day.counters.get(judged.numerator, 0.0), among)
            return _share_keeps(rules.by_id[judged.rule].normal, good, among), True
        case SteadyShare():
            good = sum(day.hits)
            return _share_keeps(rules.by_id[judged.rule].normal, good, good + sum(day.misses)), True
        case ExpectedCount():
            most = expected.most or rules.by_id[judged.rule].normal
            return (lambda bad, _good: bool(most.holds(bad))), False
        case NoErrors():
            return (lambda bad, _good: bad == 0), False
        case SlowBudget():
            slow, requests, budget = sum(day.slow.values()), day.counters.get(judged.requests, 0.0), expected.slow
            among = budget.unit == "%"
            return (lambda bad, good: bool(budget.holds((slow + bad) / (requests + bad + good if among else 1)))), among
        case SteadyLatency():
            spreads = [day.pings.get(name, Spread()) for name in (judged.gauge, *judged.others)]
            measured = [each for each in spreads if each.measured]
            return (lambda bad, _good: all(_is_steady(each, bad) for each in measured)), False
        case _:
            assert_never(judged)


def _is_steady(spread: Spread, bad: int) -> bool:
    """Tell whether a day is stable if so many of its good minutes are slow, beyond the normal range but not the warning one."""
    return spread.normal - bad >= USUALLY * spread.measured and spread.warned <= RARELY * spread.measured


def _share_keeps(normal: Range, good: float, among: float) -> Callable[[int, int], bool]:
    return lambda bad, more: bool(normal.holds((good + more) / (among + bad + more)))


def _most(keeps: Callable[[int], bool]) -> int:
    """Give the largest number that keeps, of a test that fails from some number on."""
    return (_least(lambda more: not keeps(more)) or MOST) - 1


def _least(reaches: Callable[[int], bool]) -> int | None:
    """Give the smallest number that reaches, of a test that holds from some number on; None where none does."""
    high = 1
    while not reaches(high):
        high *= 2
        if high > MOST:
            return None
    low = high // 2
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high
