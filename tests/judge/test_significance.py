import sys
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.judge.significance import binomial_tail, wilson_bound


@given(st.integers(0, 400), st.integers(1, 400), st.sampled_from([0.001, 0.05, 0.2, 0.5, 0.97]))
def test_the_binomial_tail_is_exact_however_far_out(least: int, tries: int, chance: float) -> None:
    least, p = min(least, tries), Fraction(chance)
    exact = sum(comb(tries, hits) * p**hits * (1 - p) ** (tries - hits) for hits in range(least, tries + 1))
    if exact > sys.float_info.min:
        assert binomial_tail(least, tries, chance) == pytest.approx(float(exact), rel=1e-10)


def test_no_more_hits_than_tries_are_possible() -> None:
    assert binomial_tail(41, 40, 0.5) == 0


def test_the_wilson_bound_is_the_textbooks() -> None:
    assert wilson_bound(1, 10, 1.959964) == pytest.approx(0.4042, abs=1e-4)
    assert wilson_bound(1, 10, -1.959964) == pytest.approx(0.0179, abs=1e-4)
