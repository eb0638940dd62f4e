"""Which incident keeps a condition from being met, and what the day would be without it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from logwatch.beta_exit.conditions import Expected, GateState, Terms, judge_gates
from logwatch.beta_exit.largest_loss import PastIncident, largest_losses
from logwatch.judge.daily_totals import Minute, add_minutes
from logwatch.ranges import Range
from logwatch.spans import Span
from tests.support.made_messages import RULES
from tests.support.platform import DATABASE_PING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logwatch.beta_exit.largest_loss import LargestLoss
    from logwatch.judge.daily_totals import DayTotals

SEOUL = ZoneInfo("Asia/Seoul")
TERMS = Terms(RULES, Expected(Range.parse("<= 5"), Range.parse("<= 1 %")), SEOUL)
MIDNIGHT = datetime(2026, 3, 3, 15, tzinfo=UTC)
GOOD = {
    "payment.prepare{service=kpa}": 10.0, "payment.confirm.success{service=kpa}": 10.0, "checkout.attempt{service=kpa}": 12.0,
    "cache.hit": 90.0, "cache.miss": 10.0, "request.total": 100.0,
}  # fmt: skip


def at(hour: int, minute: int = 0) -> datetime:
    return MIDNIGHT + timedelta(hours=hour, minutes=minute)


def day(bad: Span, changed: dict[str, float], *, slow: int = 0, ping: float = 5.0) -> DayTotals:
    """A good day, but for a stretch of it."""
    minutes = []
    for number in range(24 * 60):
        start, wrong = MIDNIGHT + timedelta(minutes=number), bad.start <= MIDNIGHT + timedelta(minutes=number) < bad.end
        counters = GOOD | changed if wrong else GOOD
        gauges = {DATABASE_PING: ping if wrong else 5.0}
        minutes.append(Minute(start, counters, {"api": slow} if wrong and slow else {}, gauges, summaries=True, lost=False))
    (found,) = add_minutes((), minutes, RULES, SEOUL)
    return found


def losses(name: str, found: DayTotals, past: Iterable[PastIncident] = ()) -> tuple[LargestLoss, ...]:
    wanted = [datetime.fromisoformat(found.date).date()]
    gates = {each.name: each for each in judge_gates([found], wanted, RULES, TERMS.expected, SEOUL)}
    return largest_losses(gates[name], [found], past, TERMS)


NO_SUCCESS = {"payment.confirm.success{service=kpa}": 0.0}


@pytest.mark.parametrize(
    ("name", "bad", "changed", "more", "lost", "without"),
    [
        ("payment", Span(at(9), at(14)), NO_SUCCESS, {}, 3000, 1.0),
        # Misses of the good quarters are the day's too, and not the stretch's.
        ("cache", Span(at(3), at(4)), {"cache.hit": 10.0, "cache.miss": 90.0}, {}, 5400, 0.9),
        ("distribution", Span(at(3), at(3, 15)), {"checkout.blocked.distribution{service=kpa}": 9.0}, {}, 135, 0.0),
        ("checkout", Span(at(3, 15), at(3, 30)), {"checkout.error{service=kpa}": 2.0}, {}, 30, 0.0),
        ("slow", Span(at(20), at(21)), {}, {"slow": 40}, 2400, 0.0),
        ("latency", Span(at(20), at(20, 30)), {}, {"ping": 900.0}, 30, 1.0),
        ("latency", Span(at(20), at(23)), {}, {"ping": 120.0}, 180, 1.0),
    ],
)  # fmt: skip
def test_the_worst_stretch_is_found_and_the_day_judged_without_it(
    name: str, bad: Span, changed: dict[str, float], more: dict[str, Any], lost: float, without: float
) -> None:
    (found,) = losses(name, day(bad, changed, **more))
    assert (found.incident, found.span, found.lost) == ("", bad, lost)
    assert found.without.value == pytest.approx(without)
    assert found.decides
    assert 0 < found.share <= 1


def test_a_good_day_and_one_that_is_not_shown_lost_nothing() -> None:
    assert losses("payment", day(Span(at(9), at(9)), {})) == ()
    blind = replace(day(Span(at(9), at(14)), NO_SUCCESS), judged=[60] * 23 + [59])
    assert losses("payment", blind) == ()


def test_it_is_the_incident_that_people_were_told_of_with_its_own_times() -> None:
    bad = day(Span(at(9), at(14)), NO_SUCCESS)
    told = PastIncident("202603040002-4.2-kpa", ("payment-confirm",), at(9, 2), at(14, 6))
    (found,) = losses("payment", bad, [told])
    assert (found.incident, found.span, found.lost) == (told.id, Span(at(9, 2), at(14, 6)), 3000)
    going_on = replace(told, since=MIDNIGHT - timedelta(hours=2), over_at=None)
    (found,) = losses("payment", bad, [going_on])
    assert found.span == Span(MIDNIGHT, MIDNIGHT + timedelta(days=1)), "as far as it lies on the day"


@pytest.mark.parametrize(
    "other",
    [
        PastIncident("cache", ("cache-hit",), at(8), at(16)),  # reads nothing of payments
        PastIncident("small", ("payment-confirm",), at(13), at(14)),  # a fifth of the loss
        PastIncident("before", ("payment-confirm",), at(-9), at(-4)),
    ],
)
def test_another_incident_is_not_blamed(other: PastIncident) -> None:
    (found,) = losses("payment", day(Span(at(9), at(14)), NO_SUCCESS), [other])
    assert (found.incident, found.span) == ("", Span(at(9), at(14)))


def test_where_one_stretch_does_not_decide_that_is_told() -> None:
    one = day(Span(at(3), at(8)), NO_SUCCESS)
    two = day(Span(at(14), at(18)), NO_SUCCESS)
    assert one.quarters
    assert two.quarters
    name = "payment.confirm.success"
    both = replace(
        one,
        counters=one.counters | {name: one.counters[name] - 2400},
        quarters=replace(
            one.quarters,
            counters=one.quarters.counters
            | {name: [min(pair) for pair in zip(one.quarters.counters[name], two.quarters.counters[name], strict=True)]},
        ),
    )
    (found,) = losses("payment", both)
    assert (found.span, found.lost, found.of, found.decides) == (Span(at(3), at(8)), 3000, 5400, False)
    assert found.without.state is GateState.NOT_MET
    assert found.without.value == pytest.approx(9000 / 11_400)


def test_nothing_is_told_of_a_day_whose_quarters_are_not_its_own() -> None:
    bad = day(Span(at(9), at(14)), NO_SUCCESS)
    assert losses("payment", replace(bad, quarters=None)) == ()
    grown = replace(bad, counters=bad.counters | {"payment.prepare": bad.counters["payment.prepare"] + 60})
    assert losses("payment", grown) == (), "an older program went on with the day"
