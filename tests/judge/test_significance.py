from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.judge.significance import binomial_tail, wilson_bound


@given(st.integers(0, 40), st.integers(1, 40), st.floats(0.01, 0.5))
def test_the_binomial_tail_is_the_sum_of_its_terms(least: int, tries: int, chance: float) -> None:
    exact = sum(comb(tries, hits) * chance**hits * (1 - chance) ** (tries - hits) for hits in range(least, tries + 1))
    assert binomial_tail(min(least, tries + 1), tries, chance) == pytest.approx(exact, abs=1e-9)


def test_the_wilson_bound_is_the_textbooks() -> None:
    assert wilson_bound(1, 10, 1.959964) == pytest.approx(0.4042, abs=1e-4)
    assert wilson_bound(1, 10, -1.959964) == pytest.approx(0.0179, abs=1e-4)
