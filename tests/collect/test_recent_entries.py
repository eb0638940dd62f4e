"""What a run keeps of its entries, and finds again."""

from __future__ import annotations

from datetime import timedelta

from logwatch.collect.recent_entries import dump, load
from logwatch.count.windows import aggregate, from_minute
from logwatch.spans import NS, Span
from tests.support.made_windows import START, windows_of


def test_the_window_of_a_summary_is_kept_as_far_as_it_is_decided() -> None:
    reading = windows_of({}, {}, {}, {})
    span = Span(START, START + timedelta(minutes=2))
    aggregate(reading, span=span, judged_to=START)
    kept = load(dump(reading))
    assert [from_minute(minute) - START for minute in kept.rows.decided[:3]] == [timedelta(minutes=each) for each in range(3)]
    assert kept.rows.decided[3] == 0, "its window depends on what is not here yet"


def test_a_decided_window_stands_whatever_else_is_seen() -> None:
    reading = windows_of({"cache.hit": 1}, {"cache.hit": 2})
    reading.rows.decided[0] = reading.rows.time[0] // (60 * NS) - 1
    counters = aggregate(load(dump(reading))).counters
    assert [from_minute(minute) - START for minute in counters["minute"].unique()] == [
        timedelta(minutes=each) for each in (-1, 1)
    ]
