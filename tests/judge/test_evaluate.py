"""Which windows are judged, for whom, and which of them is the worst; levels stand in kinds/, whole series in rules/*.test.yaml."""

from datetime import timedelta
from typing import Any

import pytest

from logwatch.collect.entries import Entry
from logwatch.count.windows import aggregate, sum_series
from logwatch.judge.evaluate import evaluate
from logwatch.judge.verdicts import Level, Why
from logwatch.spans import WINDOW, Span, to_nanoseconds
from tests.support.made_windows import RULE_SET, RULES, START, judge, windows_of
from tests.support.platform import SUMMARY


def test_all_shops_together_come_first_then_each_that_was_seen() -> None:
    minute = {f"checkout.attempt{{service={shop}}}": 1.0 for shop in ("kpa", "glycopharm")}
    courses = evaluate([RULES["checkout-success"], RULES["checkout-traffic"]], aggregate(windows_of(minute)))
    assert [(course.rule.rule, course.labels) for course in courses] == [
        ("checkout-success", {}),
        ("checkout-success", {"service": "glycopharm"}),
        ("checkout-success", {"service": "kpa"}),
        ("checkout-traffic", {}),
    ]


def test_windows_before_the_span_serve_as_the_past_and_are_not_judged() -> None:
    windows = aggregate(windows_of(*[{"cache.hit": 0.0, "cache.miss": 9.0}] * 4))
    span = Span(START + 2 * WINDOW, START + 4 * WINDOW)
    (course,) = evaluate([RULES["cache-hit"]], windows, span)
    assert [(verdict.window_end, verdict.denominator) for verdict in course.verdicts()] == [
        (span.start + WINDOW, 27),
        (span.end, 36),
    ]


def test_the_worst_window_has_the_worst_value_at_the_highest_level_and_is_known() -> None:
    course = judge(RULES["checkout-traffic"], windows_of({"checkout.attempt": 101}, None, {"checkout.attempt": 200}, {}))
    assert course.worst is not None
    assert (course.worst.level, course.worst.value) == (Level.WARNING, 200)
    assert course.worst.window_end == START + timedelta(minutes=3)
    assert judge(RULES["checkout-traffic"], windows_of(None, None)).worst is None


# ---- counters that could not be read

FLAWED: list[Any] = ["7", -1.0, None, 10**400, float("nan"), True, {"n": 7}]


@pytest.mark.parametrize("value", FLAWED, ids=repr)
def test_a_flawed_counter_is_unknown_to_the_rules_that_read_it_and_to_no_other(value: Any) -> None:
    good = {"cache.hit": 90.0, "cache.miss": 10.0, "checkout.attempt{service=kpa}": 20.0}
    reading = windows_of(good, {**good, "checkout.error{service=kpa}": value}, good)
    courses = {course.rule.rule: course for course in evaluate(RULE_SET.rules, aggregate(reading)) if not course.labels}
    assert courses["checkout-error"].levels() == [Level.NORMAL, Level.UNKNOWN, Level.NORMAL]
    assert courses["checkout-error"].verdicts()[1].why is Why.FLAWED
    assert courses["checkout-error"].values() == [0.0, None, 0.0]
    for rule in ("checkout-traffic", "cache-hit", "cache-error"):
        assert Level.UNKNOWN not in courses[rule].levels()


def test_a_flaw_blinds_a_ratio_for_as_long_as_it_lies_in_its_span_and_in_its_shop_alone() -> None:
    good = {f"checkout.{name}{{service={shop}}}": 20.0 for name in ("attempt", "success") for shop in ("kpa", "cosmetics")}
    flawed: dict[str, Any] = {**good, "checkout.success{service=kpa}": "20"}
    reading = windows_of(good, good, flawed, *[good] * 6)
    windows = aggregate(reading)
    for labels, blind in (({}, 5), ({"service": "kpa"}, 5), ({"service": "cosmetics"}, 0)):
        course = next(each for each in evaluate([RULES["checkout-success"]], windows) if each.labels == labels)
        assert course.levels() == [Level.NORMAL] * 2 + [Level.UNKNOWN] * blind + [Level.NORMAL] * (7 - blind)


def test_a_flaw_does_not_hide_a_failure_that_the_minutes_after_it_prove() -> None:
    attempt, success = "checkout.attempt{service=kpa}", "checkout.success{service=kpa}"
    flawed: dict[str, Any] = {attempt: "x", success: 50.0}
    reading = windows_of({attempt: 50.0, success: 50.0}, flawed, *[{attempt: 60.0, success: 0.0}] * 3)
    course = judge(RULES["checkout-success"], reading)
    assert course.levels()[1] is Level.UNKNOWN
    assert course.levels()[-1] is Level.WARNING


def test_counts_that_add_up_to_more_than_a_float_holds_are_a_flaw_of_that_minute_alone() -> None:
    reading = windows_of({"cache.hit": 90.0, "cache.miss": 10.0}, {"cache.hit": 1.7e308}, *[{"cache.hit": 9.0}] * 6)
    time = to_nanoseconds(START + timedelta(seconds=95))
    reading.add(Entry("log", "x", time, time, "s", "other", None, {"message": SUMMARY, "cache.hit": 1.7e308}))
    windows = aggregate(reading)
    assert "not_finite: cache.hit" in windows.quality.flaws
    assert sum_series(windows)["cache.hit"] == 90 + 6 * 9
    course = next(iter(evaluate([RULES["cache-hit"]], windows)))
    assert course.levels() == [Level.NORMAL] + [Level.UNKNOWN] * 5 + [Level.NORMAL] * 2
