import pytest

from logwatch.judge.verdicts import Level
from tests.support.made_windows import RULES, ask_everything, judge, varied, windows_of

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


@pytest.mark.parametrize(("rule", "key"), [(rule, key) for rule, key, *_ in COUNTS])
def test_a_count_answers_whatever_is_asked_of_a_kind(rule: str, key: str) -> None:
    ask_everything(RULES[rule], windows_of({key: 101}))


def test_a_count_above_its_bound_is_final_and_one_below_it_never() -> None:
    course = judge(RULES["checkout-traffic"], windows_of({"checkout.attempt": 101}, {"checkout.attempt": 100}, {}))
    assert [each.final for each in course.verdicts()] == [True, False, False]
    few = varied(RULES["checkout-traffic"], normal=">= 5", warning="< 1")
    assert [(each.level, each.final) for each in judge(few, windows_of({})).verdicts()] == [(Level.WARNING, False)]
