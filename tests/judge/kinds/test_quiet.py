from collections.abc import Sequence
from dataclasses import replace
from math import exp, factorial

import numpy as np
import pytest

from logwatch.count.windows import QUARTER, aggregate, to_minute
from logwatch.judge.evaluate import Course, evaluate
from logwatch.judge.kinds.quiet import _log_chance
from logwatch.judge.verdicts import Level, Why
from tests.support.made_windows import RULES, ask_everything, windows_of

RULE = RULES["traffic-quiet"]
KPA, GLYCOPHARM = "checkout.attempt{service=kpa}", "checkout.attempt{service=glycopharm}"
Minute = dict[str, float] | None


def judged(minutes: Sequence[Minute], shop: str = "", days: Sequence[dict[str, float]] = ()) -> Course:
    """A course of the rule; `days` say what other days had in each minute."""
    windows = aggregate(windows_of(*minutes))
    quarters = range(to_minute(windows.span.start) // QUARTER, to_minute(windows.span.end) // QUARTER + 1)
    windows = replace(windows, usual=dict.fromkeys(quarters, tuple(days)))
    labels = {"service": shop} if shop else {}
    return next(course for course in evaluate([RULE], windows) if course.labels == labels)


def of(*counts: int, key: str = KPA) -> list[Minute]:
    """Windows with so many checkouts each, beside reads of the cache."""
    return [{key: count, "cache.hit": 100} if count else {"cache.hit": 100} for count in counts]


BUSY = [15] * 40


def test_a_shop_that_breaks_off_is_a_warning_with_what_was_to_be_expected() -> None:
    course = judged(of(*BUSY, *[0] * 5), "kpa")
    assert course.levels() == [*[Level.NORMAL] * 42, *[Level.WARNING] * 3]
    latest = course.latest
    assert (latest.value, latest.numerator, latest.denominator) == (0, 0, 75)
    assert latest.certain
    assert judged(of(*BUSY, *[0] * 5)).latest.level is Level.WARNING, "and so are all shops together"


def test_one_shop_of_two_says_nothing_of_all_together() -> None:
    minutes = [{KPA: kpa, GLYCOPHARM: 20.0} for kpa in (*BUSY, 0, 0, 0, 0)]
    assert judged(minutes, "kpa").latest.level is Level.WARNING
    assert judged(minutes, "glycopharm").latest.level is Level.NORMAL
    assert judged(minutes).latest.level is Level.NORMAL


@pytest.mark.parametrize(
    "counts",
    {
        "it goes on": BUSY,
        "a sale that ends": [15] * 20 + [300] * 40 + [15] * 20,
        "a night that fades": [20] * 40 + [20 - each // 2 for each in range(40)] + [0] * 30,
        "a shop with a few now and then": [0, 1] * 30 + [0] * 30,
        "one that has none": [0] * 60,
    }.values(),
)
def test_what_goes_on_fades_or_was_never_much_is_no_warning(counts: list[int]) -> None:
    assert Level.WARNING not in judged(of(*counts)).levels()


def test_what_ebbs_with_everything_else_is_no_warning() -> None:
    minutes = [*of(*BUSY), *[{"cache.hit": 5.0}] * 4]
    assert Level.WARNING not in judged(minutes).levels()


def test_windows_without_a_summary_expect_nothing() -> None:
    assert judged([*of(*BUSY), *[None] * 12]).latest.why is Why.NO_LINES
    assert Level.WARNING not in judged([*of(*BUSY), *[None] * 12, *of(0)]).levels()


def test_it_stays_as_it_is_while_nothing_says_what_to_expect_any_more() -> None:
    levels = judged(of(*BUSY, *[0] * 60)).levels()
    assert set(levels[42:]) == {Level.WARNING, Level.UNKNOWN}
    assert levels[-1] is Level.UNKNOWN
    assert judged(of(*BUSY, *[0] * 60, 4)).latest.level is Level.NORMAL


def test_other_days_count_before_the_last_half_hour_and_their_poorest_hour_at_that() -> None:
    quiet = of(*BUSY, *[0] * 5)
    assert judged(quiet, days=[{KPA: 0.2}]).latest.level is Level.UNKNOWN, "they have as few at this time"
    assert judged(quiet, days=[{KPA: 20}, {KPA: 0.2}]).latest.level is Level.UNKNOWN
    missed = judged([{"cache.hit": 100}] * 9, days=[{KPA: 12, GLYCOPHARM: 5}, {KPA: 9, GLYCOPHARM: 9}])
    assert (missed.latest.level, missed.latest.denominator) == (Level.WARNING, 153)
    assert judged([{"cache.hit": 100}] * 9, "glycopharm", days=[{KPA: 12, GLYCOPHARM: 5}]).latest.level is Level.WARNING


def test_a_few_of_what_other_days_had_is_between_the_bounds() -> None:
    assert judged(of(*[2] * 9), days=[{KPA: 10}]).latest.level is Level.ELEVATED
    assert judged(of(*[4] * 9), days=[{KPA: 10}]).latest.level is Level.NORMAL


@pytest.mark.parametrize(("seen", "expected"), [(0, 20.0), (1, 30.0), (3, 40.0), (9, 100.0)])
def test_the_chance_is_no_smaller_than_it_is(seen: int, expected: float) -> None:
    exact = sum(exp(-expected) * expected**each / factorial(each) for each in range(seen + 1))
    bound = exp(float(_log_chance(np.array(float(seen)), np.array(expected))))
    assert exact <= bound * (1 + 1e-9) < exact * 10


def test_steady_traffic_is_quiet_less_often_than_the_chance_that_is_set() -> None:
    """A day of a shop at 8 a minute, 28 stretches in each window: with a chance of 1e-9 each, one day in 25 000."""
    draws = np.random.default_rng(3).poisson(8, 1440)
    assert Level.WARNING not in judged(of(*draws.tolist())).levels()


def test_a_quiet_rule_answers_whatever_is_asked_of_a_kind() -> None:
    ask_everything(RULE, windows_of(*of(*BUSY, *[0] * 5)))
