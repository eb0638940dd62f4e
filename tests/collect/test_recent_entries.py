"""What is kept from run to run comes back as it was, through JSON and past an older program."""

from datetime import timedelta
from math import isnan

import msgspec
import pytest

from logwatch.collect.recent_entries import FLAWED, Recent, dump, load, trim
from logwatch.count.windows import aggregate, from_minute
from logwatch.spans import NS, Span, to_nanoseconds
from tests.support.made_windows import START, windows_of

ERRORS = "checkout.error{service=kpa}"


def kept(*minutes: dict[str, float] | None) -> Recent:
    reading = windows_of(*minutes)
    since = to_nanoseconds(START)
    return dump(trim(reading, since=since, slow_since=since, most_slow=10, named=str))


def test_a_flawed_counter_is_still_flawed_after_it_was_kept() -> None:
    text = msgspec.json.encode(kept({ERRORS: -1.0, "cache.hit": 3.0}, {ERRORS: 2.0}))
    assert b"NaN" not in text
    recent = msgspec.json.decode(text, type=Recent)
    recent.check()
    reading = load(recent)
    found = list(zip((list(reading.series)[at] for at in reading.counts.series), reading.counts.value, strict=True))
    assert ("cache.hit", 3.0) in found
    assert (ERRORS, 2.0) in found
    assert [key for key, value in found if isnan(value)] == [ERRORS]
    assert reading.rows.width.tolist() == [3, 2]
    assert msgspec.json.encode(dump(reading)) == text


def test_a_document_without_flaws_says_nothing_of_them() -> None:
    assert FLAWED not in (kept({ERRORS: 2.0}).later or {})


@pytest.mark.parametrize("flawed", [[[9, 0]], [[0, 99]], [["0"]], [[]], [0]])
def test_flawed_counters_of_nobody_are_refused(flawed: list[object]) -> None:
    broken = msgspec.structs.replace(kept({ERRORS: 2.0}), later={FLAWED: flawed})
    with pytest.raises(ValueError, match=r"flawed|point at names"):
        broken.check()


def test_the_window_of_a_summary_is_kept_as_far_as_it_is_decided() -> None:
    reading = windows_of({}, {}, {}, {})
    span = Span(START, START + timedelta(minutes=2))
    aggregate(reading, span=span, judged_to=START)
    kept = load(dump(reading))
    assert [from_minute(minute) - START for minute in kept.rows.decided[:2]] == [timedelta(minutes=each) for each in range(2)]
    assert kept.rows.decided[2:].tolist() == [0, 0], "their window depends on what is not here yet"


def test_a_decided_window_stands_whatever_else_is_seen() -> None:
    reading = windows_of({"cache.hit": 1}, {"cache.hit": 2})
    reading.rows.decided[0] = reading.rows.time[0] // (60 * NS) - 1
    counters = aggregate(load(dump(reading))).counters
    assert [from_minute(minute) - START for minute in counters["minute"].unique()] == [
        timedelta(minutes=each) for each in (-1, 1)
    ]
