"""When a recurring silence holds: on whose clock, where that clock jumps, and what it takes to be one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.notify.silences import DAYS, Recurrence, RecurringSilence
from tests.support.examples import FEWER

HOUR = timedelta(hours=1)
FAR = datetime(2028, 1, 1, tzinfo=UTC)


def recurring(every: str, minutes: int = 60, zone: str = "Asia/Seoul", until: datetime = FAR) -> RecurringSilence:
    return RecurringSilence("r1", "*", {}, every, minutes, zone, until, "batch", "kim", datetime(2026, 1, 1, tzinfo=UTC))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "days", "written"),
    [
        ("sun 03:00", (6,), "sun 03:00"),
        ("Wed,MON 22:00", (0, 2), "mon,wed 22:00"),
        ("mon-fri 9:30", (0, 1, 2, 3, 4), "mon,tue,wed,thu,fri 09:30"),
        ("fri-mon 00:00", (0, 4, 5, 6), "mon,fri,sat,sun 00:00"),
        ("daily 23:59", tuple(range(7)), "daily 23:59"),
        (" sat,sat  1:05 ", (5,), "sat 01:05"),
        ("every Sunday 3am", (6,), "sun 03:00"),
        ("mon, wed noon", (0, 2), "mon,wed 12:00"),
        ("weekdays 9:30", (0, 1, 2, 3, 4), "mon,tue,wed,thu,fri 09:30"),
        ("월-금 오전 9시", (0, 1, 2, 3, 4), "mon,tue,wed,thu,fri 09:00"),
        ("월요일~수요일 9시", (0, 1, 2), "mon,tue,wed 09:00"),
        ("월수금 22:00", (0, 2, 4), "mon,wed,fri 22:00"),
        ("매주 일요일 오후 3시 반", (6,), "sun 15:30"),
        ("평일 정오", (0, 1, 2, 3, 4), "mon,tue,wed,thu,fri 12:00"),
        ("주말 새벽 3시", (5, 6), "sat,sun 03:00"),
        ("매일 자정", tuple(range(7)), "daily 00:00"),
    ],
)
def test_days_and_an_hour_are_read_and_written_back(text: str, days: tuple[int, ...], written: str) -> None:
    found = Recurrence.parse(text)
    assert (found.days, str(found)) == (days, written)
    assert Recurrence.parse(written) == found


@pytest.mark.parametrize(
    "text",
    ["", "03:00", "sun", "sun 3", "sun 24:00", "sun 03:60", "sun 03:0", "funday 03:00", "mon-funday 03:00", "sun 03:00 KST", "sun,funday 03:00", "sun, 03:00", "mon wed 03:00", "sun -1:00", "평일", "매주 3시", "일월화 3:00 UTC", "월-수-금 9시", "월 밤 12시", "every 03:00", "sunny 03:00"],
)  # fmt: skip
def test_what_is_no_day_and_hour_says_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match=r"use e\.g\. 'sun 03:00'"):
        Recurrence.parse(text)


@pytest.mark.parametrize(
    ("every", "zone", "start", "begins"),
    [
        ("sun 03:00", "Asia/Seoul", "2026-02-24T00:00", ["2026-02-28T18:00", "2026-03-07T18:00"]),
        ("mon,wed 22:00", "Asia/Seoul", "2026-02-24T00:00", ["2026-02-25T13:00", "2026-03-02T13:00", "2026-03-04T13:00"]),
        # The clocks go from 2 to 3 on March 8th and from 2 back to 1 on November 1st, 2026.
        ("sun 03:00", "America/New_York", "2026-02-28T12:00", ["2026-03-01T08:00", "2026-03-08T07:00", "2026-03-15T07:00"]),
        ("daily 02:30", "America/New_York", "2026-03-07T00:00", ["2026-03-07T07:30", "2026-03-08T07:30", "2026-03-09T06:30"]),
        ("daily 01:30", "America/New_York", "2026-10-31T00:00", ["2026-10-31T05:30", "2026-11-01T05:30", "2026-11-02T06:30"]),
    ],
)
def test_it_comes_by_the_clock_on_the_wall_wherever_that_jumps(every: str, zone: str, start: str, begins: list[str]) -> None:
    found = [span.start for span in islice(recurring(every, zone=zone).times(utc(start)), len(begins))]
    assert found == [utc(each) for each in begins]


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-02-28T17:59:59", None),
        ("2026-02-28T18:00:00", "2026-02-28T19:00:00"),
        ("2026-02-28T18:59:59", "2026-02-28T19:00:00"),
        ("2026-02-28T19:00:00", None),
        ("2026-03-07T18:30:00", "2026-03-07T18:45:00"),
        ("2026-03-14T18:30:00", None),
    ],
)
def test_it_holds_from_its_hour_on_for_its_length_and_no_longer_than_it_recurs(now: str, until: str | None) -> None:
    found = recurring("sun 03:00", until=utc("2026-03-07T18:45")).at(utc(now))
    assert (found.until if found else None) == (utc(until) if until else None)


@FEWER
@given(
    days=st.sets(st.integers(0, 6), min_size=1),
    hour=st.integers(0, 23),
    minutes=st.integers(1, 24 * 60 - 61),
    zone=st.sampled_from(["Asia/Seoul", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "UTC"]),
    minute=st.integers(0, 365 * 24 * 60),
)
def test_every_day_that_is_named_has_it_once_and_what_holds_is_what_is_listed(
    days: set[int], hour: int, minutes: int, zone: str, minute: int
) -> None:
    start = utc("2026-01-01T00:00") + minute * timedelta(minutes=1)
    silence = recurring(f"{','.join(DAYS[day] for day in days)} {hour:02}:00", minutes, zone)
    found = list(islice(silence.times(start), 20))
    local = [span.start.astimezone(ZoneInfo(zone)) for span in found]
    assert len({each.date() for each in local}) == len(found)
    assert {each.weekday() for each in local} == days
    assert all(span.end > start and span.end - span.start == silence.length for span in found)
    for span in found[:3]:
        held = silence.at(max(span.start, start))
        assert held
        assert held.until == span.end
        after = silence.at(span.end)
        assert after is None or after.until != span.end


@pytest.mark.parametrize(("every", "zone"), [("never 03:00", "UTC"), ("sun 03:00", "Mars/Olympus"), ("sun 03:00", "")])
def test_one_that_no_clock_knows_is_no_silence(every: str, zone: str) -> None:
    with pytest.raises(ValueError, match=r"03:00|not a valid time zone"):
        recurring(every, zone=zone).check()
