"""What the running day may still lose, and when a condition may be met at the earliest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from logwatch.beta_exit.conditions import Expected, Gate, GateState, Mark, Terms
from logwatch.beta_exit.running_day import DayBudget, Outlook, RunningDay, budget_of, earliest_of, running_day
from logwatch.judge.daily_totals import HOURS, DayTotals, Spread
from logwatch.ranges import Range
from tests.support.made_messages import RULES
from tests.support.platform import DATABASE_PING, REDIS_PING

SEOUL = ZoneInfo("Asia/Seoul")
TERMS = Terms(RULES, Expected(Range.parse("<= 5"), Range.parse("<= 1 %")), SEOUL)
NOON = datetime(2026, 3, 4, 3, tzinfo=UTC)
MORNING = DayTotals(
    "2026-03-04",
    judged=[60] * 12 + [0] * 12,
    hits=[900.0] * 12 + [0.0] * 12,
    misses=[100.0] * 12 + [0.0] * 12,
    counters={"payment.prepare": 2000, "payment.confirm.success": 1900, "checkout.attempt": 2400, "request.total": 20_000},
    most={"checkout.blocked.distribution": 2},
    slow={"api": 90},
    pings={DATABASE_PING: Spread(720, 710, 2, 250), REDIS_PING: Spread(720, 720, 0, 4)},
    summaries=720,
)
CONDITIONS = {each.condition: each for each in RULES.service.exit_conditions}


def budget(name: str, *, at: datetime = NOON, terms: Terms = TERMS, **changed: Any) -> DayBudget:
    return budget_of(CONDITIONS[name], RunningDay(replace(MORNING, **changed), at), terms)


def sums(**more: float) -> dict[str, float]:
    return MORNING.counters | {name.replace("_", "."): value for name, value in more.items()}


@pytest.mark.parametrize(
    ("name", "changed", "outlook", "left"),
    [
        # 1900 / 2111 is above 90 %, 1900 / 2112 is not: 111 more may fail.
        ("payment", {}, "open", 111),
        # (1700 + 999) / 2999 is not above 90 %, one more is 2701 / 3001.
        ("payment", {"counters": sums(payment_confirm_success=1700)}, "behind", 1001),
        ("payment", {"counters": sums(payment_prepare=0, payment_confirm_success=0)}, "nothing", None),
        ("payment", {"judged": [60] * 9 + [59] + [60] * 2 + [0] * 12}, "lost", None),
        ("payment", {"lost": [0] * 11 + [3] + [0] * 12}, "lost", None),
        ("cache", {}, "open", 3428),  # 10800 / 15428 is above 70 %, 10800 / 15429 is below
        ("cache", {"hits": [900.0] * 3 + [300.0] + [900.0] * 8 + [0.0] * 12, "misses": [100.0] * 3 + [700.0] + [100.0] * 8 + [0.0] * 12}, "lost", None),
        ("distribution", {}, "open", 5),
        ("distribution", {"most": {"checkout.blocked.distribution": 6}}, "lost", None),
        ("checkout", {}, "open", 0),
        ("checkout", {"counters": sums(checkout_error=1)}, "lost", None),
        ("slow", {}, "open", 111),  # 201 of 20,111 is within 1 %, 202 of 20,112 is not
        ("slow", {"slow": {"api": 300}}, "behind", 10_000),
        # 72 of 1440 minutes may leave the normal range, and 10 have.
        ("latency", {}, "open", 62),
        ("latency", {"pings": {DATABASE_PING: Spread(720, 700, 15, 900)}}, "lost", None),
        ("latency", {"pings": {}}, "lost", None),
    ],
)  # fmt: skip
def test_what_the_day_may_still_lose(name: str, changed: dict[str, Any], outlook: str, left: int | None) -> None:
    found = budget(name, **changed)
    assert (found.outlook, found.left) == (outlook, left)


def test_a_budget_of_so_many_slow_requests_is_what_is_left_of_it() -> None:
    few = replace(TERMS, expected=Expected(None, Range.parse("<= 100")))
    assert (budget("slow", terms=few).outlook, budget("slow", terms=few).left) == (Outlook.OPEN, 10)
    assert budget("slow", terms=few, slow={"api": 101}).outlook is Outlook.LOST


def test_a_poor_hour_that_is_not_over_may_still_end_well() -> None:
    poor: dict[str, Any] = {"hits": [900.0] * 11 + [300.0] + [0.0] * 12, "misses": [100.0] * 11 + [700.0] + [0.0] * 12}
    inside = NOON - timedelta(minutes=30)
    judged = [60] * 11 + [30] + [0] * 12
    assert budget("cache", at=inside, judged=judged, **poor).outlook is not Outlook.LOST
    assert budget("cache", **poor).outlook is Outlook.LOST


def test_a_day_is_the_running_one_as_long_as_it_is_counted_up_to_the_question_and_no_further() -> None:
    assert running_day((MORNING,), NOON, NOON, SEOUL) == RunningDay(MORNING, NOON)
    assert running_day((), NOON, NOON, SEOUL) == RunningDay(DayTotals("2026-03-04"), NOON)
    assert running_day((MORNING,), NOON, NOON - timedelta(hours=1), SEOUL) is None, "it is counted further"
    assert running_day((MORNING,), NOON, NOON + timedelta(days=1), SEOUL) is None, "another day runs"
    assert running_day((MORNING,), None, NOON, SEOUL) is None


def gate(name: str, states: str) -> Gate:
    first = date(2026, 3, 4) - timedelta(days=len(states))
    kinds = {"m": GateState.MET, "x": GateState.NOT_MET, "?": GateState.NOT_SHOWN}
    marks = tuple(Mark(f"{first + timedelta(days=at)}", kinds[each], 1.0) for at, each in enumerate(states))
    worst = next((kinds[each] for each in "x?" if each in states), GateState.MET)
    return Gate(CONDITIONS[name], worst, "%", "> 90 %", marks)


@pytest.mark.parametrize(
    ("states", "today", "day"),
    [
        ("mmmmmmm", None, None),
        ("mmmmmmx", None, "2026-03-11"),  # seven days from the fourth to the tenth, told on the eleventh
        ("xmmmmmm", None, "2026-03-05"),
        ("mm?mmmm", None, "2026-03-07"),
        ("xmmmmmm", Outlook.OPEN, "2026-03-05"),
        ("xmmmmmm", Outlook.BEHIND, "2026-03-05"),
        ("xmmmmmm", Outlook.LOST, "2026-03-12"),  # the fourth is lost too
    ],
)
def test_the_earliest_day_on_which_all_may_be_met(states: str, today: Outlook | None, day: str | None) -> None:
    running = DayBudget(today, Mark("2026-03-04", GateState.MET, 1.0)) if today else None
    for name in ("payment", "cache"):
        found = earliest_of(gate(name, states), running)
        assert (found and found.isoformat()) == day


def test_in_a_week_where_every_day_is_met_the_earliest_day_shows_the_condition() -> None:
    """Walk on day by day: on the day named all are met, and on none before."""
    states = "mmxm?mm"
    named = earliest_of(gate("cache", states), None)
    days = 0
    while set(states[-7:]) != {"m"}:
        states, days = states + "m", days + 1
    assert named == date(2026, 3, 4) + timedelta(days=days)


def test_hours_that_are_to_come_are_not_missing_whatever_the_clocks_do() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    day = DayTotals(
        "2026-03-29", judged=[60] * 2 + [0] * 22, counters={"payment.prepare": 10, "payment.confirm.success": 10}, summaries=120
    )
    found = budget_of(CONDITIONS["payment"], RunningDay(day, datetime(2026, 3, 29, 1, tzinfo=UTC)), replace(TERMS, zone=berlin))
    assert (found.outlook, found.left) == (Outlook.OPEN, 1)
    assert len(day.judged) == HOURS
