"""Which windows are judged, for whom, and which of them is the worst; levels stand in kinds/, whole series in rules/*.test.yaml."""

from datetime import timedelta

from logwatch.count.windows import aggregate
from logwatch.judge.evaluate import evaluate
from logwatch.judge.verdicts import Level
from logwatch.spans import WINDOW, Span
from tests.support.made_windows import RULES, START, judge, windows_of


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
