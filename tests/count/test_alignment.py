"""A summary's window: found from what came before it, decided once, the same however time is cut into runs."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.count import alignment
from logwatch.count.alignment import MEMORY, MINUTE, place
from logwatch.spans import NS
from tests.support.examples import FEWER

BASE = 30_000_000 * MINUTE
"""Some midnight."""
GRACE = timedelta(seconds=90)
INSTANT = 1 * NS


def steady(phase: float, minutes: int, drift: float = 0.0, jitter: tuple[float, ...] = (0.0,)) -> list[int]:
    """The times of an instance's summaries, `drift` seconds a minute later or earlier."""
    return [
        BASE + round((60 * number + phase + drift * number + jitter[number % len(jitter)]) * NS) for number in range(minutes)
    ]


def whole(times: list[int], judged_to: int = 0) -> list[int]:
    sorted_ = np.array(sorted(times))
    found = place(np.zeros(len(times), "int32"), sorted_, np.zeros(len(times), "int64"), grace=GRACE, judged_to=judged_to)
    return [minute - BASE // MINUTE for minute in found.tolist()]


def by_runs(arrivals: dict[int, int], ends: list[int]) -> dict[int, list[int]]:
    """What runs decide of each summary, given when it arrives: a run judges up to one of the minutes `ends`."""
    memory: dict[int, int] = {}
    decisions: dict[int, list[int]] = {time: [] for time in arrivals}
    cursor = ends[0] - 1
    for end in ends:
        now = end * MINUTE + GRACE // timedelta(seconds=1) * NS
        times = sorted(
            time
            for time, came in arrivals.items()
            if came <= now and time >= cursor * MINUTE - MEMORY // timedelta(minutes=1) * MINUTE
        )
        decided = np.array([memory.get(time, 0) for time in times], "int64")
        found = place(np.zeros(len(times), "int32"), np.array(times, "int64"), decided, grace=GRACE, judged_to=cursor)
        for time, minute in zip(times, found.tolist(), strict=True):
            if time < (end + 1) * MINUTE:
                decisions[time].append(minute)
                memory[time] = minute
        cursor = end
    return decisions


EDGES = st.builds(
    steady,
    phase=st.floats(50, 70),
    minutes=st.integers(2, 90),
    drift=st.sampled_from([0.0, 0.001, 0.1, 0.4, 3.0, -0.05]),
    jitter=st.lists(st.floats(-2, 2), min_size=1, max_size=7).map(tuple),
)
STEPS = st.sampled_from([60, 60, 60, 60, 57, 62, 65, 66, 120, 30, 0, 660])
"""Seconds from one summary to the next."""
IDLE = st.sets(st.integers(0, 89))


@FEWER
@given(times=EDGES, idle=IDLE, skipped=st.sets(st.integers(1, 90)))
def test_any_way_of_cutting_time_into_runs_decides_each_summary_once_and_alike(
    times: list[int], idle: set[int], skipped: set[int]
) -> None:
    times = sorted(time for number, time in enumerate(times) if number not in idle) or times
    first, last = times[0] // MINUTE, times[-1] // MINUTE
    ends = [minute for minute in range(first, last + 2) if minute == last + 1 or minute - first not in skipped]
    found = by_runs({time: time + INSTANT for time in times}, ends)
    assert all(len(set(minutes)) == 1 for minutes in found.values())
    if ends[0] == first:  # a run that begins later has judged what came before as it found it
        assert [found[time][0] - BASE // MINUTE for time in times] == whole(times)


@given(phase=st.floats(0, 59.999), jitter=st.lists(st.floats(-2, 2), min_size=1, max_size=7).map(tuple))
def test_a_steady_instance_has_one_summary_in_every_window_whatever_its_phase(phase: float, jitter: tuple[float, ...]) -> None:
    found = whole(steady(phase, 40, jitter=jitter))
    assert found == list(range(found[0], found[0] + 40))


@given(times=EDGES)
def test_a_summary_is_in_the_window_in_which_it_ends_or_in_one_beside_it_and_no_two_share_one(times: list[int]) -> None:
    found = whole(times)
    ends = [(time - BASE) // MINUTE for time in sorted(times)]
    assert all(abs(minute - end) <= 1 for minute, end in zip(found, ends, strict=True))
    assert all(one < other for one, other in pairwise(found))


@pytest.mark.parametrize("drift", [0.05, 0.4, 1.0])
def test_a_timer_that_loses_a_minute_leaves_one_window_out_and_no_more(drift: float) -> None:
    found = whole(steady(55, round(60 / drift), drift))
    assert sum(other - one - 1 for one, other in pairwise(found)) == 1


ARRIVALS = st.lists(st.sampled_from([1, 1, 1, 40, 95, 200]), min_size=1, max_size=11)


@FEWER
@given(times=EDGES, delays=ARRIVALS)
def test_what_comes_late_is_placed_once_and_moves_nothing(times: list[int], delays: list[int]) -> None:
    arrivals = {time: time + delays[number % len(delays)] * NS for number, time in enumerate(times)}
    found = by_runs(arrivals, list(range(times[0] // MINUTE, times[-1] // MINUTE + 5)))
    assert all(len(set(minutes)) == 1 for minutes in found.values()), "decided once, all of them"
    assert all(abs(minutes[0] - time // MINUTE) <= 1 for time, minutes in found.items())


def test_a_summary_that_comes_late_fills_the_window_between_its_neighbours() -> None:
    first, late, last = steady(60.1, 3, jitter=(0.0, -0.2, 0.0))
    now = first // MINUTE
    found = by_runs({first: first + INSTANT, late: late + 150 * NS, last: last + INSTANT}, [now, now + 1, now + 2, now + 3])
    assert [found[time][0] - now for time in (first, late, last)] == [0, 1, 2]


def test_what_ends_after_the_judged_windows_is_put_into_none_of_them() -> None:
    early, on_time = BASE + 59 * NS, BASE + 121 * NS
    assert whole([early, on_time]) == [0, 1], "it keeps the rhythm"
    assert whole([early, on_time], judged_to=BASE // MINUTE + 2) == [0, 2], "but its window was judged without it"


def test_of_many_instances_each_keeps_its_own_rhythm() -> None:
    one, other = steady(59.9, 5, jitter=(0.0, 0.2)), steady(30, 5)
    found = place(np.repeat([3, 7], 5), np.array(one + other), np.zeros(10, "int64"), grace=GRACE) - BASE // MINUTE
    assert found.tolist() == [*range(5), *range(5)]


@FEWER
@given(
    fleet=st.lists(st.lists(st.tuples(STEPS, st.booleans(), st.integers(-1, 1)), max_size=20), max_size=3),
    phase=st.sampled_from([0, 1, 5, 30, 56, 59]),
    judged_to=st.sampled_from([0, 4, 9]),
)
def test_those_that_keep_step_are_where_looking_at_each_puts_them(
    fleet: list[list[tuple[int, bool, int]]], phase: int, judged_to: int
) -> None:
    instance = np.repeat(np.arange(len(fleet)), [len(each) for each in fleet])
    time = np.concatenate([[], *(BASE + (phase + np.cumsum([step for step, *_ in each])) * NS for each in fleet)]).astype(
        "int64"
    )
    stand = np.array([stands for each in fleet for _, stands, _ in each], bool)
    moved = np.array([by for each in fleet for *_, by in each], "int64")
    decided = np.where(stand, time // MINUTE + moved, 0)

    def placed() -> list[int]:
        found: list[int] = place(instance, time, decided, grace=GRACE, judged_to=BASE // MINUTE + judged_to).tolist()
        return found

    quickly = placed()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment, "_in_step", lambda own, *_: np.zeros(len(own), bool))
        assert quickly == placed()
