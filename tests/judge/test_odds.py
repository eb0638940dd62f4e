import numpy as np
import pytest

from logwatch.judge.odds import ALTERNATIVES, gather, log_evidence

LIMIT = 200


def evidence_of(failed: int, events: int, other_failed: int, other_events: int) -> float:
    columns = (np.array([float(each)]) for each in (failed, events, other_failed, other_events))
    return float(np.exp(log_evidence(*columns)).mean())


@pytest.mark.parametrize(("one", "other", "failed"), [(1, 1, 1), (4, 11, 3), (11, 4, 7), (30, 90, 6), (2, 500, 40)])
def test_evidence_is_worth_1_on_average_while_both_fail_alike(one: int, other: int, failed: int) -> None:
    # Given how many failed in all, those of one group are a draw without replacement: every outcome with its probability.
    draws = np.random.default_rng(7).hypergeometric(failed, one + other - failed, one, 200_000)
    hits, times = np.unique(draws, return_counts=True)
    mean = sum(evidence_of(hit, one, failed - hit, other) * many for hit, many in zip(hits, times, strict=True)) / 200_000
    assert mean == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("counts", [(0, 4, 0, 9), (4, 4, 9, 9), (3, 4, 0, 0), (0, 0, 3, 4), (float("nan"), 4, 1, 9)])
def test_a_window_says_nothing_where_all_ended_alike_or_one_group_has_no_events(counts: tuple[int, int, int, int]) -> None:
    assert evidence_of(*counts) == pytest.approx(1)


def test_more_failures_in_the_one_group_speak_against_it_and_fewer_for_it() -> None:
    found = [evidence_of(hits, 10, 2, 30) for hits in (0, 2, 5, 8)]
    assert found == sorted(found)
    assert found[0] < 1 < found[2]


def test_an_event_whose_end_is_counted_a_window_later_fails_no_more_often_than_it_happened() -> None:
    assert evidence_of(6, 4, 1, 30) == pytest.approx(evidence_of(4, 4, 1, 30))


def test_counts_too_large_to_go_through_give_less_evidence_and_not_more() -> None:
    assert 1 < evidence_of(4_000, 100_000, 2_000, 100_000) <= evidence_of(400, 10_000, 200, 10_000) * 1.01


def test_the_stretch_with_most_evidence_is_the_one_that_is_bad() -> None:
    failed, events = np.array([1.0] * 10 + [9.0] * 5), np.full(15, 10.0)
    beside = np.full(15, 1.0), np.full(15, 20.0)
    together = np.full(15, fill_value=True)
    total, stretch = gather(log_evidence(failed, events, *beside), together, 12)
    assert stretch[-1] == 5
    assert total[-1] > 1e9
    assert gather(np.zeros((len(ALTERNATIVES), 15)), together, 12)[0].tolist() == [*range(1, 13), 12, 12, 12]


@pytest.mark.long
@pytest.mark.parametrize("share", [0.03, 0.4])
def test_equal_groups_reach_the_limit_no_sooner_than_it_promises(share: float) -> None:
    """Chance reaches a limit of so many windows once in as many or more: in 20 windows one time in ten at the most.

    A statistic that adds anything up twice, or a window that is worth more than 1 on average, fails here.
    """
    draws, windows, runs = np.random.default_rng(20), 20, 400
    crossed = 0
    for _ in range(runs):
        rates = np.clip(share * draws.uniform(0.5, 1.5, windows), 0, 1)  # what both have in common may change as it likes
        events, beside = draws.poisson(4, windows).astype(float), draws.poisson(11, windows).astype(float)
        failed = draws.binomial(events.astype(int), rates).astype(float)
        others = draws.binomial(beside.astype(int), rates).astype(float)
        total, _ = gather(log_evidence(failed, events, others, beside), np.full(windows, fill_value=True), windows)
        crossed += bool((total >= LIMIT).any())
    assert crossed / runs <= windows / LIMIT + 0.03
