"""The files that reading is measured on: what each summary holds, no program may read in two ways."""

import pytest

from benchmarks.make_input import COUNTER_SETS


@pytest.mark.parametrize("name", COUNTER_SETS)
def test_no_counter_comes_twice_in_a_summary(name: str) -> None:
    keys = [key for key, _, _ in COUNTER_SETS[name]]
    assert len(set(keys)) == len(keys)
