"""The proof itself: what it promises at the middle between the bounds, exactly and in simulated weeks, and how soon it comes."""

from itertools import product
from math import comb, exp, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.judge.sequential import BEYOND, ENDED, WEIGHTS, Needs, Proven, evidence, prove, survives
from logwatch.judge.significance import Array, Counted
from logwatch.ranges import Bounds, Range
from tests.support.made_windows import RULES

FALLS = Bounds(Range.parse("> 80 %"), Range.parse("< 60 %"))
RISES = Bounds(Range.parse("< 5 %"), Range.parse("> 15 %"))
RATIOS = [RULES[name].bounds for name in ("checkout-success", "payment-confirm", "cache-hit")]
NEEDS = Needs(**dict(RULES["checkout-success"].ratio.proof))  # type: ignore[union-attr, arg-type]


def counted(successes: Array, attempts: Array) -> Counted:
    return Counted(np.asarray(successes, float), np.asarray(attempts, float), np.ones(len(attempts), dtype=bool))


def look(successes: Array, attempts: Array, bounds: Bounds = FALLS) -> Proven:
    return prove(counted(successes, attempts), NEEDS, bounds, 5)


@pytest.mark.parametrize("bounds", [*RATIOS, RISES])
@pytest.mark.parametrize("events", [(0, 2, 1), (3, 0, 2), (1, 1, 1)])
def test_at_the_middle_the_evidence_is_worth_one_a_minute_whatever_the_traffic(bounds: Bounds, events: tuple[int, ...]) -> None:
    # The mean over all outcomes, each as probable as it is at the middle: that is the whole of the guarantee.
    middle = (bounds.normal.bound + bounds.warning.bound) / 2
    mean = 0.0
    for hits in product(*(range(each + 1) for each in events)):
        chance = prod(comb(n, k) * middle**k * (1 - middle) ** (n - k) for k, n in zip(hits, events, strict=True))
        mean += chance * exp(evidence(counted(np.array(hits), np.array(events)), NEEDS, bounds, 5)[-1])
    assert mean == pytest.approx(len(events))


def test_the_weights_of_what_is_sought_are_shares_of_one() -> None:
    assert sum(WEIGHTS) == pytest.approx(1)
    assert len(WEIGHTS) == len(BEYOND)
    assert 0 < ENDED < 1


def test_minutes_without_a_summary_add_no_evidence() -> None:
    attempts, successes = np.array([0, 0, 0, 4, 5]), np.array([0, 0, 0, 1, 1])
    short = evidence(counted(successes[3:], attempts[3:]), NEEDS, FALLS, 5)
    silent = Counted(successes * 1.0, attempts * 1.0, np.array([False] * 3 + [True] * 2))
    assert evidence(silent, NEEDS, FALLS, 5)[3:].tolist() == short.tolist()


@pytest.mark.parametrize(
    ("shares", "windows"),
    [
        ((1.0, 0.0), (1, 1)),  # a busy shop that fails altogether
        ((1.0, 0.3), (2, 4)),
        ((1.0, 0.45), (4, 12)),
        ((1.0, 0.65), None),  # worse than the middle, and no warning by the runbook
        ((1.0, 0.8), None),
    ],
)
def test_a_share_that_falls_is_proven_in_time_or_never(shares: tuple[float, float], windows: tuple[int, int] | None) -> None:
    attempts = np.full(120, 20)
    before, after = shares
    successes = np.where(np.arange(120) < 60, 20 * before, 20 * after)
    stretch = look(successes, attempts).stretch
    found = np.flatnonzero(stretch)
    if windows is None:
        assert not len(found)
    else:
        first, last = windows
        assert first <= found[0] - 59 <= last
        assert stretch[found[0]] == found[0] - 59, "it shows the stretch since the fall"


def test_a_rising_share_is_proven_likewise() -> None:
    failed = np.where(np.arange(40) < 30, 0, 12)
    assert np.flatnonzero(look(failed, np.full(40, 20), RISES).stretch)[0] in {30, 31}
    assert not look(np.full(40, 1), np.full(40, 20), RISES).stretch.any()


def test_eight_failures_of_a_shop_that_has_one_event_in_five_minutes_are_proof() -> None:
    attempts = np.where(np.arange(100) % 5 == 0, 1, 0)
    successes = np.where(np.arange(100) < 50, attempts, 0)
    assert 50 + 6 * 5 <= np.flatnonzero(look(successes, attempts).stretch)[0] <= 50 + 9 * 5


def test_what_the_newest_events_show_ends_a_proof_that_old_ones_would_keep_for_hours() -> None:
    successes = np.concatenate([np.full(30, 20), np.zeros(60), np.full(30, 20)])
    found = look(successes, np.full(120, 20))
    assert found.stretch[89]
    assert found.recovered[90]
    assert not found.stretch[90:].any()


def test_what_is_over_is_no_evidence_of_what_comes_after() -> None:
    """Two failures among ten are ordinary, whatever the hour before was like."""
    successes = np.concatenate([np.full(30, 2), np.zeros(30), np.full(6, 2), [0], np.full(3, 2)])
    found = look(successes, np.full(70, 2))
    assert found.stretch[59]
    assert found.recovered[65]
    assert not found.recovered[66]
    assert not found.eased[66]
    assert not found.stretch[65:].any()


def test_events_that_have_not_ended_yet_are_no_failures_where_those_that_have_are_known() -> None:
    successes, attempts = (np.array(each, float) for each in ([1, 0, 1, 1, 0, 2, 1, 1], [1, 1, 1, 1, 1, 1, 2, 1]))
    known = np.ones(8, dtype=bool)
    ended = prove(Counted(successes, attempts, known, ended=successes, lag=1), NEEDS, FALLS, 5)
    assert (ended.now[-1], bool(ended.recovered[-1])) == (1.0, True)
    vanished = Counted(successes * 5, attempts * 25, known, ended=successes * 5, lag=1)
    assert prove(vanished, NEEDS, FALLS, 5).now[-1] < 0.3, "what never ends is a failure all the same"


def test_a_share_that_comes_to_lie_between_the_bounds_is_a_warning_no_more() -> None:
    successes = np.concatenate([np.full(30, 20), np.zeros(30), np.full(60, 14)])
    found = look(successes, np.full(120, 20))
    assert found.eased[70:].all()
    assert not found.stretch[70:].any()
    assert not found.recovered[60:].any()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=60), st.integers(0, 2))
def test_no_window_is_proven_and_recovered_and_no_look_changes_with_what_comes_after(
    minutes: list[tuple[int, int]], lag: int
) -> None:
    attempts = np.array([max(pair) for pair in minutes], dtype=float)
    successes = np.array([min(pair) for pair in minutes], dtype=float)
    known = attempts > 0
    whole = prove(Counted(successes, attempts, known, ended=attempts, lag=lag), NEEDS, FALLS, 5)
    assert not ((whole.stretch > 0) & (whole.recovered | whole.eased)).any()
    assert not (whole.recovered & whole.abnormal).any()
    cut = len(attempts) // 2 + 1
    part = prove(Counted(successes[:cut], attempts[:cut], known[:cut], ended=attempts[:cut], lag=lag), NEEDS, FALLS, 5)
    assert part.stretch.tolist() == whole.stretch[:cut].tolist()
    assert part.recovered.tolist() == whole.recovered[:cut].tolist()


@pytest.mark.parametrize("lag", [0, 2])
def test_what_may_still_come_is_held_against_no_more_windows_than_evidence_reaches_back(lag: int) -> None:
    """Whatever stood before them: a month is judged in time linear in its windows."""
    chance, reach = np.random.default_rng(5), NEEDS.minutes + lag + 5
    found = []
    for failing in range(1, 60):
        attempts = chance.poisson(4, 400).astype(float)
        successes = chance.binomial(attempts.astype(int), np.where(np.arange(400) < 400 - failing, 0.95, 0.4)).astype(float)
        whole = Counted(successes, attempts, np.ones(400, dtype=bool), lag=lag)
        found.append([survives(whole.at_best(399, 2, each), NEEDS, FALLS, 5) for each in (reach, 400)])
    assert all(cut == uncut for cut, uncut in found)
    assert {cut for cut, _ in found} == {True, False}
