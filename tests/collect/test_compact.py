"""Columns in little room hold what lists hold."""

import pickle
from array import array
from math import inf, nan

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logwatch.collect.compact import Numbers, Texts, as_array, take

QUICK = settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
COUNTS = st.one_of(st.integers(0, 300).map(float), st.integers(0, 70_000).map(float), st.floats(allow_nan=False))


@QUICK
@given(st.lists(st.lists(COUNTS, max_size=5), max_size=5))
def test_numbers_are_those_that_were_given(parts: list[list[float]]) -> None:
    one, other = Numbers("d"), Numbers("d")
    for part in parts:
        one.extend(part)
        other.frombytes(array("d", part).tobytes())
    expected = [value for part in parts for value in part]
    assert list(one) == list(other) == [one[at] for at in range(len(one))] == as_array(one).tolist() == expected
    one += other
    del one[len(expected) + 1 :]
    assert list(pickle.loads(pickle.dumps(one))) == expected + expected[:1]  # noqa: S301 - our own


@pytest.mark.parametrize("wide", [0.5, -1.0, 65_536.0, 1e300, inf, nan])
def test_numbers_are_narrow_until_one_is_not(wide: float) -> None:
    numbers = Numbers("d", [0.0])
    assert numbers.held.itemsize == 1
    numbers.append(65_535.0)
    assert numbers.held.itemsize == 2
    assert [type(value) for value in (numbers[1], *numbers)] == [float] * 3
    numbers.append(wide)
    np.testing.assert_array_equal(as_array(numbers), [0.0, 65_535.0, wide])
    numbers.extend(Numbers("d", [7.0]))
    assert numbers[3] == 7.0


def test_what_is_no_number_is_refused_whole() -> None:
    numbers = Numbers("d", [1.0])
    with pytest.raises(TypeError):
        numbers.extend([2.0, "three"])  # type: ignore[list-item]
    assert list(numbers) == [1.0]


def test_whole_numbers_stay_whole() -> None:
    numbers = Numbers("i", [1, 2])
    numbers.extend(array("i", [70_000]))
    assert numbers.tobytes() == array("i", [1, 2, 70_000]).tobytes()
    assert [(value, type(value)) for value in numbers] == [(1, int), (2, int), (70_000, int)]


@QUICK
@given(st.lists(st.lists(st.text(st.characters(), max_size=5), max_size=4), max_size=4), st.integers(0, 9))
def test_texts_are_those_that_were_given(parts: list[list[str]], kept: int) -> None:
    texts = Texts()
    for part in parts:
        texts.extend(part)
        texts.append("결제\ud800")
    expected = [text for part in parts for text in (*part, "결제\ud800")]
    assert list(texts) == [texts[at] for at in range(len(texts))] == expected
    del texts[kept:]
    texts.extend(Texts(["more"]))
    assert list(pickle.loads(pickle.dumps(texts))) == [*expected[:kept], "more"]  # noqa: S301 - our own
    with pytest.raises(IndexError):
        texts[len(texts)]


@QUICK
@given(st.data(), st.lists(COUNTS, min_size=1), st.lists(st.text(st.characters(), max_size=5), min_size=1))
def test_some_of_a_column_are_those_at_their_places(data: st.DataObject, numbers: list[float], texts: list[str]) -> None:
    for values, column in ((numbers, Numbers("d", numbers)), (texts, Texts(texts))):
        places = data.draw(st.lists(st.integers(0, len(values) - 1)))
        assert list(take(column, np.array(places, "int64"))) == [values[place] for place in places]
