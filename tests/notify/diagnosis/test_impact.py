"""What an incident comes to: from when it is counted, against what, and that its interval holds what is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from logwatch.collect.columns import Reading
from logwatch.collect.entries import Entry
from logwatch.collect.interface import SearchResult
from logwatch.count.windows import aggregate
from logwatch.errors import SourceError
from logwatch.notify.diagnosis.diagnose import walk
from logwatch.notify.diagnosis.impact import UsualRate, expect, weigh
from logwatch.notify.diagnosis.measure import Surroundings
from logwatch.notify.incidents import NotifyReason
from logwatch.spans import WINDOW, Span, to_nanoseconds
from tests.support.made_messages import RULES, START, alert, notification, resolved
from tests.support.platform import SHAPE, SUMMARY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logwatch.collect.interface import Answer
    from logwatch.count.windows import Windows
    from logwatch.notify.diagnosis.findings import Impact
    from logwatch.notify.incidents import Notification

DAY = timedelta(days=1)
ATTEMPT, SUCCESS, ERROR = "checkout.attempt{service=kpa}", "checkout.success{service=kpa}", "checkout.error{service=kpa}"
PREPARE, CONFIRM = "payment.prepare{service=kpa}", "payment.confirm.success{service=kpa}"


class Held:
    """An archive of one reading; it refuses what goes back further than it may."""

    answers: Mapping[str, Answer] = {}

    def __init__(self, reading: Reading, most: timedelta = 9 * DAY) -> None:
        self.made, self.most = aggregate(reading), most

    def windows(self, span: Span) -> Windows:
        if span.end - span.start > self.most:
            raise SourceError("too far")
        return self.made.within(span)

    def search(self, _text: str, _span: Span) -> SearchResult:
        return SearchResult((), complete=True)


def reading_of(minutes: range, counted: Callable[[int], Mapping[str, float]]) -> Reading:
    """A summary a minute; START is minute 0."""
    reading = Reading(shape=SHAPE)
    for minute in minutes:
        time = to_nanoseconds(START + minute * WINDOW + timedelta(seconds=30))
        payload = {"message": SUMMARY, "cache.hit": 9, **counted(minute)}
        reading.add(Entry("projects/p/logs/stdout", f"{minute}", time, time, "o4o-core-api", "1", None, payload))
    return reading


def told(rule: str, shop: str | None = "kpa", until: int = 6) -> Notification:
    one = alert(rule, shop)
    latest = replace(one.latest, window_end=START + until * WINDOW)
    return notification(NotifyReason.FIRING, [replace(one, latest=latest)])


def weighed(what: Notification, reading: Reading) -> Impact | None:
    return weigh(Surroundings(what, RULES, Held(reading), ()))


def failing(attempts: float, usual: float, worse: float, since: int = 0) -> Callable[[int], Mapping[str, float]]:
    return lambda minute: {ATTEMPT: attempts, SUCCESS: attempts - (usual if minute < since else worse)}


def test_failures_since_the_onset_are_held_against_the_share_of_the_hour_before() -> None:
    found = weighed(told("checkout-success"), reading_of(range(-70, 6), failing(10, 1, 8)))
    assert found
    assert found.rule == "checkout-success"
    assert found.since == START - 2 * WINDOW
    assert found.events == 6 * 8 + 2 * 1
    assert found.usual == pytest.approx(8)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 8 < found.high < found.events
    assert not found.cut


def test_the_hour_before_is_not_what_is_usual_where_the_incident_has_come_back() -> None:
    back = replace(told("checkout-success"), again=1)
    found = weighed(back, reading_of(range(-70, 6), failing(10, 1, 8)))
    assert found
    assert found.events
    assert (found.usual, found.low, found.high) == (None, None, None)


def test_what_began_before_it_showed_is_counted_from_where_it_began() -> None:
    found = weighed(told("checkout-success"), reading_of(range(-70, 6), failing(10, 1, 5, since=-4)))
    assert found
    assert found.since == START - 6 * WINDOW


def test_one_shop_s_incident_counts_what_is_the_shop_s_and_that_of_several_everything() -> None:
    other = {"checkout.attempt{service=main}": 10.0, "checkout.attempt{service=far}": 10.0}
    reading = reading_of(range(-70, 6), lambda minute: {**failing(10, 1, 8)(minute), **other})
    one, partly = weighed(told("checkout-success"), reading), told("checkout-success", None)
    both = weighed(replace(partly, labels={}, shops=("kpa", "main"), partial=True), reading)
    everywhere = weighed(replace(partly, labels={}), reading)
    assert one
    assert both
    assert everywhere
    assert [each.events for each in (one, both, everywhere)] == [50, 50 + 160, 50 + 160]


@pytest.mark.parametrize(
    ("day", "usual"), [(range(-1440 - 30, -1440 + 60), 4), (range(-1440 - 3, -1440 + 3), None), (range(0), None)]
)
def test_where_the_hour_before_is_not_known_the_day_before_tells_or_nothing_does(day: range, usual: float | None) -> None:
    reading = reading_of(range(-2, 6), failing(10, 1, 8))
    reading.merge(reading_of(day, failing(20, 1, 1)))
    found = weighed(told("checkout-success"), reading)
    assert found
    assert found.events == 50
    assert found.usual == usual


def test_a_share_among_others_and_a_number_are_counted_too() -> None:
    def counted(minute: int) -> Mapping[str, float]:
        worse = minute >= 0
        return {ATTEMPT: 90 if worse else 30, ERROR: 7 if worse else 0}

    reading = reading_of(range(-70, 6), counted)
    errors, traffic = (weighed(told(rule, None), reading) for rule in ("checkout-error", "checkout-traffic"))
    assert errors
    assert (errors.events, errors.usual, errors.low) == (42, 0, 0)
    assert traffic
    assert (traffic.events, traffic.usual) == (600, 240)


def test_payments_that_are_on_their_way_are_not_lost() -> None:
    rng = np.random.default_rng(3)
    prepared = rng.poisson(15, 100).tolist()

    def counted(minute: int) -> Mapping[str, float]:  # every confirm is counted in the window after its prepare's
        at = minute + 80
        return {PREPARE: prepared[at], CONFIRM: 0 if minute >= 1 else prepared[at - 1]}

    found = weighed(told("payment-confirm"), reading_of(range(-79, 6), counted))
    assert found
    assert found.events == sum(prepared[80:85])  # whose confirms were due in the five windows in which none came
    assert found.usual == 0


def test_what_is_measured_is_told_in_minutes() -> None:
    reading = reading_of(range(-70, 6), lambda _: {})
    for minute, value in enumerate([20, 300, 300, 20, 900, 20]):
        reading.add_gauge("database.ping_ms", to_nanoseconds(START + minute * WINDOW), value)
    reading.add_gauge("database.down", to_nanoseconds(START + 5 * WINDOW), 1)
    found = weighed(told("database-ping", None), reading)
    assert found
    assert (found.events, found.usual) == (4, None)


def test_a_revision_that_cannot_prepare_payments_is_told_by_those_and_not_by_confirms() -> None:
    failed = "payment.prepare.error{service=kpa}"
    reading = reading_of(range(-70, 6), lambda minute: {PREPARE: 8, CONFIRM: 8, failed: 6 if minute >= 0 else 0})
    found = weighed(told("revision-payment", None), reading)
    assert found
    assert (found.rule, found.events) == ("payment-prepare", 36)


def test_the_rule_that_counts_what_was_begun_speaks_for_the_others_of_its_incident() -> None:
    reading = reading_of(range(-70, 6), failing(10, 1, 8))
    several = notification(NotifyReason.FIRING, [alert("checkout-error"), alert("checkout-success", "kpa")])
    assert (found := weighed(several, reading))
    assert found.rule == "checkout-success"
    assert (found := weighed(told("revision-checkout", None), reading))
    assert found.rule == "checkout-success"
    assert weighed(told("telemetry-silent", None), reading) is None


def test_once_it_is_over_all_of_it_is_counted_and_what_is_too_long_ago_is_not() -> None:
    lasted = 700
    reading = reading_of(
        range(-70, lasted), lambda minute: failing(10, 1, 8)(minute) if minute < lasted - 6 else failing(10, 1, 1)(0)
    )
    one = alert("checkout-success", "kpa")
    over = resolved(replace(one, latest=replace(one.latest, window_end=START + lasted * WINDOW)), 0.9)
    found = weighed(notification(NotifyReason.RESOLVED, [over]), reading)
    assert found
    assert found.cut
    assert found.events == pytest.approx(8 * 360, rel=0.02)
    short = replace(over, latest=replace(over.latest, window_end=START + 20 * WINDOW))
    whole = weighed(notification(NotifyReason.RESOLVED, [short]), reading_of(range(-70, 20), failing(10, 1, 8)))
    assert whole
    assert not whole.cut


def test_a_rule_without_a_procedure_is_told_with_what_it_comes_to() -> None:
    reading = reading_of(range(-70, 6), lambda minute: {ATTEMPT: 0 if minute >= 0 else 12})
    found = walk(told("traffic-quiet", None), RULES, Held(reading), ())
    assert found
    assert found.impact
    assert (found.impact.events, found.impact.usual) == (24, 96)  # two windows before the onset, which is an estimate
    assert found.step is None
    assert walk(told("telemetry-silent", None), RULES, Held(reading), ()) is None


def test_what_cannot_be_looked_up_is_left_out() -> None:
    archive = Held(reading_of(range(-70, 6), failing(10, 1, 8)), most=timedelta(0))
    assert weigh(Surroundings(told("checkout-success"), RULES, archive, ())) is None


@pytest.mark.parametrize(
    ("past", "whole", "share"),
    [
        (UsualRate(0, 600, 1, 0, 0), 60, True),
        (UsualRate(30, 1000, 1, 0, 0), 100, True),
        (UsualRate(500, 900, 1, 0, 0), 300, True),
        (UsualRate(990, 1000, 1, 0, 0), 2000, True),
        (UsualRate(3, 60, 1, 0, 0), 10, False),
        (UsualRate(600, 60, 1, 0, 0), 10, False),
        (UsualRate(60_000, 60, 1, 0, 0), 10, False),
    ],
)
def test_the_interval_is_that_of_what_chance_lets_expect(past: UsualRate, whole: float, *, share: bool) -> None:
    rng = np.random.default_rng(7)
    chance = rng.beta(past.bad + 0.5, past.whole - past.bad + 0.5, 100_000) if share else None
    drawn = (
        rng.binomial(int(whole), chance)
        if chance is not None
        else rng.poisson(rng.gamma(past.bad + 0.5, 1 / past.whole, 100_000) * whole)
    )
    _, low, high = expect(past, whole, share=share)
    outside = (drawn < low).mean(), (drawn > high).mean()
    assert max(outside) <= 0.027
    assert np.mean((low < drawn) & (drawn < high)) < 0.96  # and it is no wider than need be


def test_what_scattered_more_in_the_past_is_expected_to_go_on_so() -> None:
    even = expect(UsualRate(30, 1000, 1, 0, 0), 100, share=True)
    uneven = expect(UsualRate(30, 1000, 4, 0, 0), 100, share=True)
    assert even[2] < uneven[2]
    assert even[0] == uneven[0]


def test_what_scatters_at_the_ends_of_a_stretch_widens_what_is_lost() -> None:
    rng = np.random.default_rng(5)
    prepared = rng.poisson(15, 100)
    due = rng.binomial(prepared[:-1], 0.5)  # half of the confirms come a window later
    confirmed = prepared[1:] - np.append(due[1:], 0) + due

    def counted(minute: int) -> Mapping[str, float]:
        at = minute + 80
        return {PREPARE: float(prepared[at]), CONFIRM: 0.0 if minute >= 1 else float(confirmed[at - 1])}

    found = weighed(told("payment-confirm"), reading_of(range(-79, 6), counted))
    assert found
    assert found.low is not None
    assert found.high is not None
    assert found.least_lost is not None
    assert found.most_lost is not None
    assert found.most_lost - found.least_lost > found.high - found.low
    assert found.most_lost > found.events


@pytest.mark.long
def test_the_interval_holds_what_is_lost_95_times_in_100() -> None:
    """A small version of `make impact`: losses drawn window by window, counted by the code that counts for messages."""
    rng, held, tries = np.random.default_rng(11), 0, 150
    for _ in range(tries):
        usual, worse, load, lasts = rng.uniform(0, 0.1), rng.uniform(0.4, 1), rng.choice([3, 10, 30]), int(rng.integers(3, 12))
        attempts = rng.poisson(load, 70 + lasts)
        anyway = rng.binomial(attempts, usual)
        lost = rng.binomial(attempts - anyway, (worse - usual) / (1 - usual)) * (np.arange(70 + lasts) >= 70)

        def counted(minute: int, attempts: np.ndarray = attempts, failed: np.ndarray = anyway + lost) -> Mapping[str, float]:
            return {ATTEMPT: float(attempts[minute + 70]), SUCCESS: float(attempts[minute + 70] - failed[minute + 70])}

        found = weighed(told("checkout-success", until=lasts), reading_of(range(-70, lasts), counted))
        assert found
        assert found.least_lost is not None
        assert found.most_lost is not None
        held += found.least_lost <= lost.sum() <= found.most_lost
    assert held >= 0.95 * tries
