"""What the query adds up without knowing the window rule, against the rule itself."""

from __future__ import annotations

from datetime import timedelta
from itertools import accumulate

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.count.alignment import MINUTE, place
from tests.support.settled import Written, settled

GRACE = timedelta(seconds=90)
START = 29_000_000 * 60_000_000
GAPS = st.one_of(
    st.integers(-40, 40).map(lambda off: 60_000 + off),
    st.sampled_from(
        [60_000, 60_000, 60_000, 120_000, 54_900, 55_000, 65_000, 65_100, 66_500, 30_000, 90_000, 629_999, 630_000]
    ),
    st.integers(1, 700_000),
)
"""Milliseconds between two summaries: in rhythm, at the edges of what counts as one, and anything."""
PHASES = st.one_of(
    st.sampled_from([0, 1, 4_999, 5_000, 29_999, 30_000, 54_999, 55_000, 59_990, 59_999]), st.integers(0, 59_999)
)
DELAYS = st.one_of(st.just(0), st.just(0), st.integers(0, 12))
"""Minutes after which the first run sees it."""


@st.composite
def lines(draw: st.DrawFn) -> list[Written]:
    gaps = draw(st.lists(GAPS, min_size=1, max_size=14))
    times = accumulate(gaps, initial=draw(PHASES))
    return [Written(START + time * 1000, (START + time * 1000) // 60_000_000 + 1 + draw(DELAYS)) for time in times]


@settings(max_examples=150, deadline=None)
@given(lines())
def test_what_is_added_up_stands_in_its_own_minute_for_whoever_knows_all_of_it(line: list[Written]) -> None:
    time = np.array([each.at * 1000 for each in line])
    placed = place(np.zeros(len(line), int), time, np.zeros(len(line), int), grace=GRACE)
    sure = np.array(settled(line))
    assert (placed[sure] == time[sure] // MINUTE).all()


@settings(max_examples=150, deadline=None)
@given(lines())
def test_and_for_each_run_that_knows_what_has_come_by_then(line: list[Written]) -> None:
    time, seen = np.array([each.at * 1000 for each in line]), np.array([each.seen for each in line])
    sure, decided = np.array(settled(line)), np.zeros(len(line), int)
    for run in sorted({*seen.tolist(), *(seen + 1).tolist(), *(seen + 2).tolist()}):
        known = np.flatnonzero(seen <= run)
        placed = place(np.zeros(len(known), int), time[known], decided[known], grace=GRACE, judged_to=run - 2)
        due = placed < run
        decided[known[due]] = placed[due]
        told = known[due & sure[known]]
        assert (decided[told] == time[told] // MINUTE).all()


def test_an_instance_in_steady_rhythm_is_added_up_whatever_its_phase() -> None:
    for phase in (0, 2_000, 29_000, 31_000, 57_000):
        times = [START + (phase + number * 60_000) * 1000 for number in range(30)]
        assert all(settled([Written(at, at // 60_000_000 + 1) for at in times]))
