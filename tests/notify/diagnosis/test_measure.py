"""The stretches around a message, each bound from both sides, and when a measured value grew."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from logwatch.collect.columns import Reading
from logwatch.collect.entries import Entry
from logwatch.collect.interface import SearchResult
from logwatch.count.windows import aggregate
from logwatch.notify.diagnosis.findings import Walked
from logwatch.notify.diagnosis.measure import Surroundings
from logwatch.notify.incidents import Notification, NotifyReason
from logwatch.spans import WINDOW, Span, to_nanoseconds
from tests.support.made_messages import PAYMENT, RULES, START, alert, message, notification, resolved
from tests.support.platform import SHAPE, SUMMARY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logwatch.collect.interface import Answer
    from logwatch.count.windows import Windows

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
UNTIL = START + 6 * WINDOW
"""End of the last window of PAYMENT."""
CONNECTIONS = "database.active_connections"


class Past:
    """An archive of one reading."""

    answers: Mapping[str, Answer] = {}

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def windows(self, span: Span) -> Windows:
        return aggregate(self.reading, span=span)

    def search(self, _text: str, _span: Span) -> SearchResult:
        return SearchResult((), complete=True)


def at_minute(number: int) -> datetime:
    return START + number * WINDOW


def surroundings(told: Notification, reading: Reading | None = None) -> Surroundings:
    return Surroundings(told, RULES, Past(reading or Reading(shape=SHAPE)), ())


def judged_over(span: int) -> Notification:
    """Give a message about an alert that began at START, and whose last window looked so many minutes back."""
    return notification(NotifyReason.FIRING, [replace(PAYMENT, latest=replace(PAYMENT.latest, span=span * WINDOW))])


@pytest.mark.parametrize(("span", "begun", "before_ends"), [(2, 4, -5), (5, 1, -5), (6, 0, -5), (7, -1, -6), (30, -24, -29)])
def test_now_is_the_stretch_of_the_headline_and_the_hour_before_ends_five_minutes_earlier(
    span: int, begun: int, before_ends: int
) -> None:
    found = surroundings(judged_over(span))
    assert found.now == Span(at_minute(begun), UNTIL)
    assert found.before == Span(at_minute(before_ends) - HOUR, at_minute(before_ends))
    assert found.day_before == Span(UNTIL - DAY - HOUR / 2, UNTIL - DAY + HOUR / 2)


@pytest.mark.parametrize(("lasted", "begun"), [(58, 0), (60, 0), (61, 1), (240, 180)])
def test_where_no_share_heads_the_message_now_is_all_of_it_an_hour_at_most(lasted: int, begun: int) -> None:
    one = alert("payment-duplicate", value=14)
    latest = replace(one.latest, window_end=at_minute(lasted))
    found = surroundings(notification(NotifyReason.REMINDER, [replace(one, latest=latest)]))
    assert found.now == Span(at_minute(begun), at_minute(lasted))


def test_all_shares_of_a_message_are_counted_over_one_stretch() -> None:
    shops = [alert("payment-confirm", shop) for shop in (None, "kpa", "main")]
    total = replace(shops[0], latest=replace(shops[0].latest, span=3 * WINDOW))
    told = notification(NotifyReason.FIRING, [total, *shops[1:], alert("payment-duplicate", value=14)], labels={})
    good = {f"payment.{what}{{service={shop}}}": 9.0 for shop in ("kpa", "main") for what in ("prepare", "confirm.success")}
    reading = summaries(range(-60, 3), good)
    reading.merge(summaries(range(3, 6), good | {"payment.confirm.success{service=kpa}": 3}))
    found = surroundings(told, reading).figures()
    assert [(each.name, each.labels["service"], each.value, each.of, each.minutes) for each in found] == [
        ("payment-confirm", "kpa", 9, 27, 3),
        ("payment-confirm", "main", 27, 27, 3),
    ]
    lines = message(replace(told, walked=Walked((), figures=tuple(found)))).alerts
    assert [line.value for line in lines] == ["31.8% (34/107, 3분)", "33.3% (9/27, 3분)", "100% (27/27, 3분)", "1분에 14건"]


def test_once_it_is_over_normal_has_lasted_for_a_while_and_the_last_five_minutes_are_after() -> None:
    latest = replace(PAYMENT.latest, window_end=at_minute(25))
    over = notification(NotifyReason.RESOLVED, [resolved(replace(PAYMENT, latest=latest), 0.98)])
    reading = summaries(range(-70, 25), {"payment.prepare{service=kpa}": 10})
    found = surroundings(over, reading)
    keep = RULES.by_id[PAYMENT.rule].keep_firing_for
    assert found.now == Span(START, at_minute(25) - keep)
    fact = found.counters(["payment.prepare"]).facts[0]
    assert (fact.value, fact.of, fact.after) == (200, 20, 10)
    assert not isinstance(found.stretches, str)
    assert found.stretches.after
    assert found.stretches.after.minutes == 5


def summaries(minutes: range, counters: dict[str, float]) -> Reading:
    reading = Reading(shape=SHAPE)
    for number, minute in enumerate(minutes):
        time = to_nanoseconds(at_minute(minute) + timedelta(seconds=30))
        payload = {"message": SUMMARY, **counters}
        reading.add(Entry("projects/p/logs/stdout", f"{number}", time, time, "o4o-core-api", "1", None, payload))
    return reading


@pytest.mark.parametrize(("known", "before"), [(9, None), (10, 2.0), (11, 2.0)])
def test_ten_minutes_with_summaries_are_worth_comparing_with(known: int, before: float | None) -> None:
    reading = summaries(range(-5 - known, -5), {"payment.prepare": 2})
    reading.merge(summaries(range(-1, 6), {"payment.prepare": 3}))
    told = notification(NotifyReason.FIRING, [alert("payment-duplicate", value=14)])
    (fact,) = surroundings(told, reading).counters(["payment.prepare"]).facts
    assert (fact.value, fact.of, fact.before) == (18, 6, before)


@pytest.mark.parametrize(
    ("refused", "requests", "by_the_clock", "as_a_share"),
    [
        (1, 10, False, False),
        (20, 200, True, False),  # twenty times the requests are twenty times the reasons
        (20, 10, True, True),
    ],
)
def test_what_grew_without_a_step_is_a_share_of_the_requests(
    refused: float, requests: float, *, by_the_clock: bool, as_a_share: bool
) -> None:
    reason, tried = "checkout.blocked.product{service=kpa}", "checkout.attempt{service=kpa}"
    reading = summaries(range(-60, -5), {reason: 1, tried: 10})
    reading.merge(summaries(range(-1, 6), {reason: refused, tried: requests}))
    found = surroundings(notification(NotifyReason.FIRING, [alert("checkout-traffic", value=200)]), reading)
    assert bool(found.grown(["checkout.blocked.*"], None)) is by_the_clock
    assert bool(found.grown(["checkout.blocked.*"], ["checkout.attempt"])) is as_a_share


def test_more_requests_are_told_with_the_shops_that_they_come_from() -> None:
    usual = {"checkout.attempt{service=kpa}": 4.0, "checkout.attempt{service=main}": 2.0}
    reading = summaries(range(-60, -5), usual)
    told = notification(NotifyReason.FIRING, [alert("checkout-traffic", value=200)])
    assert surroundings(told, reading).more(["checkout.attempt"]) == []
    reading.merge(summaries(range(-1, 6), usual | {"checkout.attempt{service=kpa}": 90}))
    found = surroundings(told, reading).more(["checkout.attempt"])
    assert [(fact.labels, fact.value, fact.before) for fact in found] == [
        ({}, 552, 6),
        ({"service": "kpa"}, 540, 4),
        ({"service": "main"}, 12, 2),
    ]
    alone = surroundings(told, summaries(range(-1, 6), usual))
    assert alone.more(["checkout.attempt"]) == []  # nobody knows what is usual


@pytest.mark.parametrize(
    ("usual", "now", "grew"),
    [
        (10, 19, False),
        (10, 20, True),  # twice as high
        (10, 15, False),
        (4, 8, False),  # as well, but by four
        (5, 10, True),
        (4, 9, True),
        (0, 4, False),
        (0, 5, True),
        (None, 400, False),  # nobody knows what is usual
    ],
)
def test_a_measured_value_grew_that_is_twice_as_high_and_by_five(usual: float | None, now: float, *, grew: bool) -> None:
    reading = Reading(shape=SHAPE)
    for minute in range(-60, -5):
        if usual is not None:
            reading.add_gauge(CONNECTIONS, to_nanoseconds(at_minute(minute)), usual)
    reading.add_gauge(CONNECTIONS, to_nanoseconds(at_minute(5)), now)
    told = notification(NotifyReason.FIRING, [alert("database-ping", value=340)])
    measured = surroundings(told, reading).gauge(CONNECTIONS)
    assert (measured.grew, measured.facts[0].value, measured.facts[0].before) == (grew, now, usual)
