"""A part of `make fuzz`: mutated entries in eleven shapes, the good ones among them read exactly."""

import pytest

from benchmarks.fuzz import CLOUD, SHAPES, try_round

SEED = 13
ENTRIES, ROUNDS = 500, 3


@pytest.mark.long
@pytest.mark.parametrize("shape", [*SHAPES, CLOUD])
def test_bad_entries_cost_themselves_and_the_good_ones_come_out_exact(shape: str) -> None:
    assert [try_round(shape, SEED + number, ENTRIES) for number in range(ROUNDS)] == [[]] * ROUNDS
