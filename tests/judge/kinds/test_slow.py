from fractions import Fraction
from math import comb

import pytest

from logwatch.collect.columns import Reading
from logwatch.judge.verdicts import Level
from tests.support.made_windows import RULES, ask_everything, judge, varied, windows_of, with_slow
from tests.support.platform import SHAPE

SLOW = [("slow-checkout", "checkout", 700), ("slow-payment", "payment.confirm", 1500), ("slow-api", "api", 1000)]


@pytest.mark.parametrize(("rule", "label", "bound"), SLOW)
def test_slow_requests_beyond_the_bound_warn_from_three_on(rule: str, label: str, bound: int) -> None:
    def level(durations: list[float]) -> Level:
        return judge(RULES[rule], with_slow(Reading(shape=SHAPE), label, durations)).latest.level

    assert level([bound + 0.1] * 3) is Level.WARNING
    assert level([float(bound)] * 3) is Level.ELEVATED
    assert level([499.9] * 3) is Level.NORMAL
    assert level([9000] * 2) is Level.NORMAL


@pytest.mark.parametrize(("rule", "label", "bound"), SLOW)
def test_slow_requests_answer_whatever_is_asked_of_a_kind(rule: str, label: str, bound: int) -> None:
    ask_everything(RULES[rule], with_slow(Reading(shape=SHAPE), label, [bound + 1.0] * 3))


def test_a_case_gives_no_requests_where_the_rule_counts_none() -> None:
    alone = varied(RULES["slow-api"], slow={"label": "api"})
    assert dict(alone.kind.play({"values": "1"}, alone.bounds).slow) == {"api": ("1", 1001.0)}
    with pytest.raises(ValueError, match="names no counters of its requests"):
        alone.kind.play({"values": "1", "requests": "20"}, alone.bounds)


def test_slow_requests_beyond_chance_are_final_where_all_requests_are_counted() -> None:
    minutes = [{"checkout.attempt{service=kpa}": 20.0}] * 2
    for later, final in (({"checkout.attempt{service=kpa}": 20.0}, True), (None, False)):
        course = judge(RULES["slow-checkout"], with_slow(windows_of(*minutes, later), "checkout", [2000.0] * 12))
        assert [(each.level, each.final) for each in course.verdicts()][1:] == [(Level.WARNING, True), (Level.WARNING, final)]


@pytest.mark.parametrize("slow", [2, 3, 4, 5, 9, 30])
@pytest.mark.parametrize("requests", [0, 1, 2, 3, 4, 8, 20, 40, 100, 400])
def test_more_slow_requests_than_requests_are_a_matter_of_their_number_and_else_of_exact_chance(
    slow: int, requests: int
) -> None:
    minutes = [{"checkout.attempt{service=kpa}": float(each)} for each in (requests, 0, 0, 0, 0)]
    latest = judge(RULES["slow-checkout"], with_slow(windows_of(*minutes), "checkout", [2000.0] * slow)).latest
    share = Fraction(1, 20)
    tail = sum(comb(requests, n) * share**n * (1 - share) ** (requests - n) for n in range(slow, requests + 1))
    proven = slow >= 3 and (slow > requests or tail < Fraction(1, 10_000))
    assert (latest.level is Level.WARNING) is proven
    many = slow >= 3 and slow >= share * requests
    assert latest.level is (Level.WARNING if proven else Level.ELEVATED if many else Level.NORMAL)
