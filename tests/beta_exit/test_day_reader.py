"""The same silence from the state and from the files, whatever the rhythm of the runs."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from datetime import date, timedelta
from itertools import cycle
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from logwatch.beta_exit.day_reader import Week, WeekReader
from logwatch.collect.compact import as_array
from logwatch.collect.last_seen import SignsOfLife
from logwatch.collect.recent_entries import pick
from logwatch.judge.daily_totals import DayTotals
from logwatch.pipeline.tick import Policy, Ticker
from logwatch.spans import to_nanoseconds
from logwatch.state.document import State, dump_state, load_state
from tests.support.other_lines import API, at, entry
from tests.support.platform import SUMMARY
from tests.support.replays import RULES, read, record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logwatch.collect.files import FilesSource

SEOUL = ZoneInfo("Asia/Seoul")
DAY = 24 * 60
OPENS, CLOSES = -3 * 60, 6 * 60
"""From nine to eighteen in Seoul; minutes of `entry` count from noon there."""
DAYS = 8
WATCHED = replace(RULES, rules=(RULES.silence,) if RULES.silence else ())
BETA_OFF = range(2 * DAY + 60, 2 * DAY + 120)
"""Requests are answered for an hour of the third day, and no summary is written."""
DEPLOYED_AT_NIGHT = range(4 * DAY + OPENS - 40, 4 * DAY + OPENS + 30)


def week() -> Iterator[dict[str, Any]]:
    """Open from nine to eighteen, scaled to zero at night, with a visitor or two who wake it."""
    for day in range(DAYS):
        start = day * DAY
        yield line(start + OPENS - 0.2)
        for minute in range(start + OPENS, start + CLOSES):
            if minute in BETA_OFF or minute in DEPLOYED_AT_NIGHT:
                continue
            yield summary(minute + 0.7, f"open {day}")
        yield line(start + CLOSES + 4)  # the instance is kept for a while, and says so when it goes
        for visit in (start + CLOSES + 5 * 60, start + CLOSES + 5 * 60 + 25, start + CLOSES + 11 * 60):
            yield line(visit)
            yield summary(visit + 1.1, f"visit {visit}")
    for minute in (*BETA_OFF, *DEPLOYED_AT_NIGHT):
        yield line(minute + 0.3)


def summary(minute: float, instance: str) -> dict[str, Any]:
    return entry(minute, payload={"message": SUMMARY, "cache.hit": 3}) | {"labels": {"instanceId": instance}}


def line(minute: float) -> dict[str, Any]:
    return entry(minute, payload={"message": "GET /api"})


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> FilesSource:
    entries = sorted(week(), key=lambda each: str(each["timestamp"]))
    return record(tmp_path_factory.mktemp("week") / "week.ndjson", entries)


@pytest.fixture(scope="module")
def from_files(source: FilesSource) -> tuple[DayTotals, ...]:
    life = SignsOfLife(source, None)
    reader = WeekReader(source, WATCHED, SEOUL, None, life, timedelta(seconds=90), None, lambda _span: ())
    return reader.read(lambda _asked: DAYS, at(DAYS * DAY), at(DAYS * DAY), lambda *_: None).days


def test_the_hash_of_the_figures_does_not_depend_on_the_order_in_which_they_came() -> None:
    one, other = ({"cache.hit": 3.0, "cache.miss": 1.0}, {"cache.miss": 1.0, "cache.hit": 3.0})
    weeks = [Week((date(2026, 2, 24),), (DayTotals("2026-02-24", counters=each),), at(0), None) for each in (one, other)]
    assert weeks[0].digest == weeks[1].digest


@pytest.mark.long
def test_a_week_that_is_open_from_nine_to_eighteen_misses_only_the_hours_without_telemetry(
    from_files: tuple[DayTotals, ...],
) -> None:
    missing = [day.missing(SEOUL) for day in from_files[1:-1]]
    assert missing == [[], [13], [], [8, 9], [], [], []]


@pytest.mark.long
@pytest.mark.parametrize("rhythm", [(60,), (300, 1, 7)], ids=str)
def test_the_days_of_the_state_do_not_depend_on_when_its_runs_came(
    source: FilesSource, from_files: tuple[DayTotals, ...], rhythm: tuple[int, ...]
) -> None:
    kept = {day.date: day for day in run(source, 0, DAYS * DAY, rhythm).days}
    for day in from_files[1:-1]:
        assert (day.lost, day.judged, day.summaries) == (kept[day.date].lost, kept[day.date].judged, kept[day.date].summaries)


@pytest.mark.long
def test_nor_do_they_where_every_minute_has_its_run(source: FilesSource) -> None:
    first, end = BETA_OFF.start - 20, BETA_OFF.stop + 20
    by_minute, together = (run(source, first, end, rhythm).days for rhythm in ((1,), (len(BETA_OFF) + 39, 1)))
    assert [day.lost for day in by_minute] == [day.lost for day in together]
    assert sum(map(sum, (day.lost for day in by_minute))) == len(BETA_OFF)


def run(source: FilesSource, first: int, end: int, rhythm: tuple[int, ...]) -> State:
    """Take a part of the week with runs that come so many minutes after each other, by turns."""
    reading = read(source)
    ticker = Ticker(WATCHED, Policy(zone=SEOUL), SignsOfLife(source, API))
    state, minute, pauses = State(), first, cycle(rhythm)
    every = as_array(reading.rows.time).argsort(kind="stable")
    times = sorted(reading.rows.time)
    while minute < end:
        now = at(minute + 1.5)
        planned = ticker.plan(state, now)
        since, until = (bisect_left(times, to_nanoseconds(moment)) for moment in (planned.read.start, now))
        ticked = ticker.tick(state, pick(reading, every[since:until]), planned, now)
        state = load_state(dump_state(ticked.state))
        minute += next(pauses)
    return state
