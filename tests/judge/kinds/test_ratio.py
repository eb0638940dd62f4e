from collections.abc import Mapping

import pytest

from logwatch.backtest.tuning import knobs_of
from logwatch.judge.verdicts import Level, Why
from tests.support.made_windows import RULES, ask_everything, judge, varied, windows_of

RATIOS = [
    ("checkout-success", "checkout.success{service=kpa}", "checkout.attempt{service=kpa}", 80, 60),
    ("payment-confirm", "payment.confirm.success{service=kpa}", "payment.prepare{service=kpa}", 90, 70),
]
MANY = 100_000_000
CHECKOUT = RULES["checkout-success"]


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


def test_too_few_events_are_told_with_their_number() -> None:
    latest = judge(CHECKOUT, windows_of(*[{"checkout.attempt{service=kpa}": 2}] * 2)).latest
    assert (latest.level, latest.why, latest.proven) == (Level.ELEVATED, Why.NOT_PROVEN, False)
    assert (latest.numerator, latest.denominator) == (0, 4)


def test_more_successes_than_attempts_are_suspect_and_never_over_one() -> None:
    minute = {"checkout.attempt{service=kpa}": 10, "checkout.success{service=kpa}": 30}
    latest = judge(CHECKOUT, windows_of(*[minute] * 6)).latest
    assert latest.suspect
    assert latest.value == 1


PLAIN = varied(CHECKOUT, ratio=CHECKOUT.model_dump()["ratio"] | {"proof": "none", "min_events": 3})


def test_proof_can_be_turned_off_for_a_plain_minimum() -> None:
    for attempts, level in ((3, Level.WARNING), (2, Level.ELEVATED)):
        blocked = {"checkout.attempt{service=kpa}": attempts, "checkout.blocked.stock{service=kpa}": attempts}
        assert judge(PLAIN, windows_of(blocked)).latest.level is level


def test_without_proof_the_plain_minimum_is_what_can_be_tuned() -> None:
    assert knobs_of(CHECKOUT) == {"warning": "< 60 %", "for": "1m", "span": "5m", "min_events": "5", "weeks": "4"}
    assert knobs_of(PLAIN) == {"warning": "< 60 %", "for": "1m", "span": "5m", "min_events": "3"}


@pytest.mark.parametrize(("rule", "bottom"), [*((rule, bottom) for rule, _, bottom, *_ in RATIOS), ("cache-hit", "cache.miss")])
def test_a_ratio_answers_whatever_is_asked_of_a_kind(rule: str, bottom: str) -> None:
    ask_everything(RULES[rule], windows_of(*[{bottom: 100}] * 3))


def test_a_case_whose_denominator_counts_nothing_of_its_own_is_refused() -> None:
    same = varied(CHECKOUT, ratio={"numerator": "checkout.success", "denominator": "checkout.success"})
    with pytest.raises(ValueError, match="counts nothing that the numerator does not"):
        same.kind.play({"numerator": "1", "denominator": "2"}, same.bounds)


KPA = "{service=kpa}"
FAILING = {f"checkout.attempt{KPA}": 50, f"checkout.blocked.stock{KPA}": 50}


def finals(*minutes: Mapping[str, float] | None) -> list[tuple[Level, bool]]:
    return [(each.level, each.final) for each in judge(CHECKOUT, windows_of(*minutes)).verdicts()]


def test_a_proven_ratio_is_final_where_every_instance_of_lately_is_heard() -> None:
    assert finals(*[FAILING] * 4) == [(Level.WARNING, False), *[(Level.WARNING, True)] * 3], (
        "before the first, nobody knows who is to come"
    )


def test_a_proven_ratio_is_final_where_what_is_missing_cannot_save_it() -> None:
    # After a minute in which nobody was heard somebody may be missing, who did as much as before, and all of it well.
    silence, after = finals(*[FAILING] * 6, None, FAILING)[6:]
    assert silence == (Level.WARNING, False), "it may be over by then"
    assert after == (Level.WARNING, True), "what was heard since says that it is not"
    fine = {f"checkout.attempt{KPA}": 20, f"checkout.success{KPA}": 20}
    few = {f"checkout.attempt{KPA}": 30, f"checkout.blocked.stock{KPA}": 30}
    assert finals(*[fine] * 6, None, few)[-1] == (Level.WARNING, False), "ten more and some are usual in two minutes"
    assert finals(*[fine] * 6, None, FAILING)[-1] == (Level.WARNING, True), "no more than some can be missing"
