"""Levels at the very bounds, proof, and the figures that a verdict shows; whole series stand in rules/*.test.yaml."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.collect.columns import Reading
from logwatch.collect.entries import Entry
from logwatch.count.windows import aggregate
from logwatch.judge.evaluate import Course, evaluate
from logwatch.judge.rules.load import load_rules
from logwatch.judge.rules.model import Rule
from logwatch.judge.significance import binomial_tail, wilson_bound
from logwatch.judge.verdicts import Level, Why
from logwatch.settings import bundled
from logwatch.spans import NS, to_nanoseconds
from tests.support.platform import SHAPE, SLOW_REQUEST, SUMMARY

RULES = {rule.rule: rule for rule in load_rules(bundled("rules")).rules}
START = datetime(2026, 2, 24, tzinfo=UTC)


def windows_of(*minutes: Mapping[str, float] | None, gauges: dict[str, float] | None = None) -> Reading:
    """One summary a minute, or none."""
    reading = Reading(shape=SHAPE)
    for number, counters in enumerate(minutes):
        time = to_nanoseconds(START + timedelta(minutes=number, seconds=30))
        reading.see(time)
        if counters is not None:
            payload = {"message": SUMMARY, "request.total": 1.0, **counters}
            reading.add(Entry("log", f"{number}", time, time, "s", "i", None, payload))
        for name, value in (gauges or {}).items():
            reading.add_gauge(name, time, value)
    return reading


def judge(rule: Rule, reading: Reading, labels: dict[str, str] | None = None) -> Course:
    return next(course for course in evaluate([rule], aggregate(reading)) if course.labels == (labels or {}))


COUNTS = [
    ("checkout-traffic", "checkout.attempt{service=kpa}", 50, 100),
    ("checkout-blocked", "checkout.blocked.stock{service=kpa}", 5, 20),
    ("checkout-error", "checkout.error{service=kpa}", 0, 0),
    ("payment-duplicate", "payment.duplicate.blocked{service=kpa}", 2, 10),
    ("cache-error", "cache.error", 0, 0),
]


@pytest.mark.parametrize(("rule", "key", "normal", "warning"), COUNTS)
def test_a_count_at_its_bound_is_still_inside_and_one_more_is_not(rule: str, key: str, normal: int, warning: int) -> None:
    course = judge(RULES[rule], windows_of({key: normal}, {key: normal + 1}, {key: warning}, {key: warning + 1}, None))
    middle = Level.ELEVATED if normal != warning else Level.WARNING
    at_warning = Level.ELEVATED if normal != warning else Level.NORMAL
    assert course.levels() == [Level.NORMAL, middle, at_warning, Level.WARNING, Level.UNKNOWN]


RATIOS = [
    ("checkout-success", "checkout.success{service=kpa}", "checkout.attempt{service=kpa}", 80, 60),
    ("payment-confirm", "payment.confirm.success{service=kpa}", "payment.prepare{service=kpa}", 90, 70),
]
MANY = 100_000_000


@pytest.mark.parametrize(("rule", "top", "bottom", "normal", "warning"), RATIOS)
@pytest.mark.parametrize("labels", [{}, {"service": "kpa"}])
def test_a_ratio_at_its_bound_is_elevated(
    rule: str, top: str, bottom: str, normal: int, warning: int, labels: dict[str, str]
) -> None:
    def level(hundredths_of_percent: int) -> Level:
        minute = {top: hundredths_of_percent * MANY / 10_000, bottom: MANY}
        return judge(RULES[rule], windows_of(*[minute] * 8), labels).latest.level

    assert level(normal * 100 + 1) is Level.NORMAL
    assert level(normal * 100) is Level.ELEVATED
    assert level(warning * 100) is Level.ELEVATED
    assert level(warning * 100 - 1) is Level.WARNING


def test_the_hit_ratio_at_its_bounds() -> None:
    def level(hits: float) -> Level:
        return judge(
            RULES["cache-hit"], windows_of(*[{"cache.hit": hits * MANY, "cache.miss": (1 - hits) * MANY}] * 6)
        ).latest.level

    assert [level(hits) for hits in (0.7001, 0.7, 0.5, 0.4999)] == [Level.NORMAL, Level.ELEVATED, Level.ELEVATED, Level.WARNING]


@pytest.mark.parametrize(
    ("rule", "gauge", "levels"),
    [
        ("database-ping", "database.ping_ms", [(49.9, "normal"), (50, "elevated"), (200, "elevated"), (200.1, "warning")]),
        ("redis-ping", "redis.ping_ms", [(9.9, "normal"), (10, "elevated"), (100, "elevated"), (100.1, "warning")]),
    ],
)
def test_a_ping_at_its_bounds(rule: str, gauge: str, levels: list[tuple[float, str]]) -> None:
    for value, level in levels:
        assert judge(RULES[rule], windows_of({}, gauges={gauge: value})).latest.level == level


def test_without_an_endpoint_a_ping_is_unknown_and_says_so() -> None:
    latest = judge(RULES["database-ping"], windows_of({})).latest
    assert (latest.level, latest.why, latest.value) == (Level.UNKNOWN, Why.NO_ENDPOINT, None)


def slow(reading: Reading, label: str, durations: list[float]) -> Reading:
    for number, duration in enumerate(durations):
        payload = {"message": SLOW_REQUEST, "label": label, "durationMs": duration}
        time = to_nanoseconds(START) + 40 * NS + number
        reading.add(Entry("log", f"s{number}", time, time, "s", "i", None, payload))
    return reading


SLOW = [("slow-checkout", "checkout", 700), ("slow-payment", "payment.confirm", 1500), ("slow-api", "api", 1000)]


@pytest.mark.parametrize(("rule", "label", "bound"), SLOW)
def test_slow_requests_beyond_the_bound_warn_from_three_on(rule: str, label: str, bound: int) -> None:
    def level(durations: list[float]) -> Level:
        return judge(RULES[rule], slow(Reading(shape=SHAPE), label, durations)).latest.level

    assert level([bound + 0.1] * 3) is Level.WARNING
    assert level([float(bound)] * 3) is Level.ELEVATED
    assert level([499.9] * 3) is Level.NORMAL
    assert level([9000] * 2) is Level.NORMAL


def test_too_few_events_are_told_with_their_number() -> None:
    latest = judge(RULES["checkout-success"], windows_of({"checkout.attempt{service=kpa}": 4})).latest
    assert (latest.level, latest.why, latest.proven) == (Level.ELEVATED, Why.NOT_PROVEN, False)
    assert (latest.numerator, latest.denominator) == (0, 4)


def test_more_successes_than_attempts_are_suspect_and_never_over_one() -> None:
    minute = {"checkout.attempt{service=kpa}": 10, "checkout.success{service=kpa}": 30}
    latest = judge(RULES["checkout-success"], windows_of(*[minute] * 6)).latest
    assert latest.suspect
    assert latest.value == 1


def test_proof_can_be_turned_off_for_a_plain_minimum() -> None:
    source = RULES["checkout-success"].model_dump(by_alias=True)
    source["ratio"] |= {"proof": "none", "min_events": 3}
    plain = Rule.model_validate(source)
    assert judge(plain, windows_of({"checkout.attempt{service=kpa}": 3})).latest.level is Level.WARNING
    assert judge(plain, windows_of({"checkout.attempt{service=kpa}": 2})).latest.level is Level.ELEVATED


@settings(max_examples=50)
@given(st.integers(1, 400), st.data())
def test_a_proven_warning_keeps_its_wilson_bound_beyond_the_bound(attempts: int, data: st.DataObject) -> None:
    minutes = data.draw(st.lists(st.integers(0, attempts), min_size=1, max_size=8))
    reading = windows_of(
        *[{"checkout.attempt{service=kpa}": attempts, "checkout.success{service=kpa}": hits} for hits in minutes]
    )
    course = judge(RULES["checkout-success"], reading)
    for minute in course.table.index:
        verdict = course.verdict(int(minute))
        if verdict.level is Level.WARNING:
            assert verdict.numerator is not None
            assert verdict.denominator is not None
            assert wilson_bound(verdict.numerator, verdict.denominator, 1.6448) < 0.6


@given(st.integers(0, 40), st.integers(1, 40), st.floats(0.01, 0.5))
def test_the_binomial_tail_is_the_sum_of_its_terms(least: int, tries: int, chance: float) -> None:
    exact = sum(comb(tries, hits) * chance**hits * (1 - chance) ** (tries - hits) for hits in range(least, tries + 1))
    assert binomial_tail(min(least, tries + 1), tries, chance) == pytest.approx(exact, abs=1e-9)


def test_the_wilson_bound_is_the_textbooks() -> None:
    assert wilson_bound(1, 10, 1.959964) == pytest.approx(0.4042, abs=1e-4)
    assert wilson_bound(1, 10, -1.959964) == pytest.approx(0.0179, abs=1e-4)
