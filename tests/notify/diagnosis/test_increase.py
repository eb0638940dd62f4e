"""Whether something grew, row by row: each bound of the decision from both sides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.notify.diagnosis.increase import Among, compare

RATE, SHARE = False, True


@pytest.mark.parametrize(
    ("now", "past", "share", "grew"),
    [
        ((8, 10), (2, 25), SHARE, True),  # a small shop that is blocked eight times in ten
        ((8, 10), (2, 5), SHARE, True),  # five events before are nothing to compare with
        ((2, 10), (0, 100), SHARE, False),  # two may be chance
        ((5, 100), (4, 100), SHARE, False),
        ((70, 100), (40, 100), SHARE, True),  # it cannot double, and rose by 30 points
        ((50, 100), (40, 100), SHARE, False),
        ((40, 4), (3, 60), RATE, True),
        ((40, 4), (600, 60), RATE, False),  # ten a minute, as before
        ((3, 4), None, RATE, True),
        ((2, 4), None, RATE, False),
        ((0, 4), (0, 60), RATE, False),
        ((0, 0), (0, 0), SHARE, False),
    ],
)
def test_growth(now: tuple[float, float], past: tuple[float, float] | None, *, share: bool, grew: bool) -> None:
    found = compare(Among(*now, share), Among(*past, share) if past else None)
    assert found.grew is grew


@pytest.mark.parametrize(("whole", "grew"), [(15, True), (19, True), (20, False), (21, False)])
def test_a_share_of_twenty_events_or_more_is_something_to_compare_with(whole: int, *, grew: bool) -> None:
    before = Among(0.3 * whole, whole, share=True)
    assert compare(Among(3, 10, share=True), before).grew is grew  # as before; of fewer it is not known, and three are many


@pytest.mark.parametrize(("minutes", "grew"), [(0, True), (0.5, True), (1, False), (10, False)])
def test_a_rate_over_a_minute_or_more_is_something_to_compare_with(minutes: float, *, grew: bool) -> None:
    assert compare(Among(20, 4), Among(5 * minutes, minutes)).grew is grew


@pytest.mark.parametrize(("events", "grew"), [(2, False), (3, True), (4, True)])
def test_three_events_more_are_needed_though_two_would_be_no_chance(events: int, *, grew: bool) -> None:
    assert compare(Among(events, 1), Among(0, 60)).grew is grew


@pytest.mark.parametrize(
    ("events", "grew"), [(100, False), (120, False), (150, False), (180, False), (199, False), (200, True), (250, True)]
)
def test_growth_is_twice_as_much_though_less_would_be_no_chance(events: int, *, grew: bool) -> None:
    assert compare(Among(events, 10), Among(600, 60)).grew is grew


@pytest.mark.parametrize(
    ("now", "past", "share", "grew"),
    [
        ((11, 10), (25, 60), RATE, True),  # chance shows as much 96 times in ten thousand
        ((9, 10), (18, 60), RATE, False),  # 101 times
        ((5, 10), (6, 60), RATE, False),  # 130 times, though it is five times as much
        ((12, 30), (9, 60), SHARE, True),  # 97 times
        ((9, 30), (5, 60), SHARE, False),  # 105 times
        ((8, 30), (4, 60), SHARE, False),  # 124 times
    ],
)
def test_growth_is_what_chance_shows_less_than_once_in_a_hundred_times(
    now: tuple[float, float], past: tuple[float, float], *, share: bool, grew: bool
) -> None:
    assert compare(Among(*now, share), Among(*past, share)).grew is grew


@pytest.mark.parametrize(
    ("events", "share", "grew"), [(55, SHARE, False), (59, SHARE, False), (60, SHARE, True), (60, RATE, False)]
)
def test_a_share_that_cannot_double_grew_by_twenty_points(events: int, *, share: bool, grew: bool) -> None:
    assert compare(Among(events, 100, share), Among(400, 1000, share)).grew is grew


@given(events=st.integers(0, 400), whole=st.integers(0, 400), earlier=st.integers(0, 400), length=st.integers(0, 400))
def test_what_is_as_it_was_never_grew(events: int, whole: int, earlier: int, length: int) -> None:
    same = Among(min(events, whole), whole, share=True)
    if same.known:
        assert not compare(same, same).grew
    assert compare(same, Among(min(earlier, length), length, share=True)).excess <= same.events


@pytest.mark.parametrize("share", [False, True])
def test_events_without_any_whole_grew_where_there_was_one(share: bool) -> None:  # noqa: FBT001 - a table's column
    """Repeats of a payment while no payment ends any more, blocked checkouts without an attempt."""
    assert compare(Among(3, 0, share=share), Among(2, 20, share=share)).grew
    assert compare(Among(3, 1, share=share), Among(0, 1e9, share=share)).grew
