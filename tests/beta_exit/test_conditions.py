"""The exit conditions: each met, not met and not shown; the same out of a state, a recording and Cloud Logging."""

from __future__ import annotations

import html
import json
import random
import re
import shlex
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.beta_exit.conditions import Expected, GateState, Terms, judge_gates
from logwatch.beta_exit.day_reader import DayCache, Week, WeekReader
from logwatch.beta_exit.judged_week import ExitProof, judge_week
from logwatch.beta_exit.report_view import build_exit_report
from logwatch.collect.compact import as_array
from logwatch.collect.files import FilesSource
from logwatch.collect.last_seen import SignsOfLife
from logwatch.collect.recent_entries import pick
from logwatch.count.windows import aggregate
from logwatch.judge.daily_totals import HOURS, KEPT_DAYS, DayTotals, Minute, Spread, add_minutes, day_span, whole_days
from logwatch.judge.rules.load import load_rules
from logwatch.pipeline.replay import replay, tick_by_tick
from logwatch.pipeline.tick import MOST_SLOW, Policy, Ticker
from logwatch.publish.history import MonitoringHistory
from logwatch.ranges import Range
from logwatch.settings import Settings
from logwatch.small_files import keep_sealed, read_sealed
from logwatch.spans import Span, rfc3339, to_nanoseconds
from logwatch.state.document import State, dump_state
from logwatch.ui.format import Audience
from logwatch.wiring import build_source, build_week, installation
from tests.conftest import LOGS, ROOT, Run
from tests.support.life import ALIVE
from tests.support.local_app import LocalApp
from tests.support.local_google import make_entry
from tests.support.made_messages import RULES
from tests.support.made_traffic import BAD_WEEK, SHOPS, START, Incident, Traffic
from tests.support.platform import DATABASE_PING, REDIS_PING, SERVICE, SHAPE, SLOW_REQUEST
from tests.support.schemas import check_parsed
from tests.support.world import PROJECT, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from logwatch.beta_exit.conditions import Gate
    from logwatch.beta_exit.report_view import ExitReport
    from logwatch.beta_exit.running_day import RunningDay
    from logwatch.collect.interface import ReadPlan
    from logwatch.judge.rules.model import RuleSet

SEOUL = ZoneInfo("Asia/Seoul")
SETTLED = timedelta(minutes=10)
"""How long after its end a window of a run is added to its day."""
EXPECTED = Expected(Range.parse("<= 5"), Range.parse("<= 1 %"))
DAYS = [date(2026, 2, 24) + timedelta(days=number) for number in range(7)]
GOOD = DayTotals(
    DAYS[0].isoformat(),
    judged=[60] * HOURS,
    hits=[900.0] * HOURS,
    misses=[100.0] * HOURS,
    counters={
        "payment.prepare": 100, "payment.confirm.success": 95, "checkout.attempt": 120, "request.total": 10_000,
        "checkout.blocked.distribution": 8,
    },
    most={"checkout.blocked.distribution": 5},
    slow={"api": 60, "checkout": 40},
    pings={DATABASE_PING: Spread(1440, 1400, 3, 250), REDIS_PING: Spread(1440, 1440, 0, 4)},
    summaries=1440,
)  # fmt: skip
EMPTY = {"counters": {}, "most": {}, "slow": {}, "hits": [0.0] * HOURS, "misses": [0.0] * HOURS, "summaries": 0}
HOUR_BLIND = [60] * 9 + [59] + [60] * 14
NAMES = ("payment", "cache", "distribution", "checkout", "slow", "latency")


def counters(**more: float) -> dict[str, float]:
    return GOOD.counters | {name.replace("_", "."): value for name, value in more.items()}


def gates(*days: DayTotals, expected: Expected = EXPECTED) -> dict[str, Gate]:
    return {gate.name: gate for gate in judge_gates(days, DAYS, RULES, expected, SEOUL)}


def report_of(days: tuple[DayTotals, ...], wanted: Sequence[date] = DAYS, running: RunningDay | None = None) -> ExitReport:
    asked = day_span(wanted[-1], SEOUL)[1]
    terms = Terms(RULES, EXPECTED, SEOUL)
    judged = judge_week(Week(tuple(wanted), days, asked, running), (), terms, ExitProof(asked, "rules", "", "", ""))
    return build_exit_report(judged, RULES, Audience("en", SEOUL, "o4o-core-api"), "days")


def week(**changed: Any) -> tuple[DayTotals, ...]:
    """Seven good days, the third of which is changed."""
    return tuple(replace(GOOD, date=day.isoformat(), **(changed if at == 2 else {})) for at, day in enumerate(DAYS))


def test_seven_good_days_meet_everything() -> None:
    assert {name: gate.state for name, gate in gates(*week()).items()} == dict.fromkeys(NAMES, GateState.MET)


@pytest.mark.parametrize(
    ("name", "changed", "state", "why"),
    [
        ("payment", {"counters": counters(payment_confirm_success=90)}, "not_met", ""),  # 90 % is not above 90 %
        ("payment", {"counters": counters(payment_confirm_success=90.1)}, "met", ""),
        ("payment", {"counters": counters(payment_confirm_success=105)}, "met", ""),
        ("payment", {"counters": counters(payment_prepare=0)}, "not_shown", "no_payments"),
        ("payment", {"judged": HOUR_BLIND}, "not_shown", "missing_hours"),
        ("payment", {"judged": HOUR_BLIND, "counters": counters(payment_confirm_success=1)}, "not_shown", "missing_hours"),
        ("payment", {"lost": [0] * 23 + [12]}, "not_shown", "missing_hours"),
        # More lines cannot undo an error or a block.
        ("checkout", {"judged": HOUR_BLIND, "counters": counters(checkout_error=1)}, "not_met", ""),
        ("checkout", {"judged": HOUR_BLIND}, "not_shown", "missing_hours"),
        ("distribution", {"judged": HOUR_BLIND, "most": {"checkout.blocked.distribution": 6}}, "not_met", ""),
        ("distribution", {"judged": HOUR_BLIND}, "not_shown", "missing_hours"),
        # A day without any line.
        ("distribution", EMPTY, "not_shown", "no_day"),
        ("payment", EMPTY, "not_shown", "no_day"),
        ("latency", EMPTY, "met", ""),
        ("cache", {"hits": [70.0] * HOURS, "misses": [30.0] * HOURS}, "not_met", ""),
        ("cache", {"hits": [71.0] * HOURS, "misses": [29.0] * HOURS}, "met", ""),
        ("cache", {"hits": [900.0] * 23 + [49.0], "misses": [100.0] * 23 + [51.0]}, "not_met", "unstable_hours"),
        ("cache", {"hits": [900.0] * 23 + [50.0], "misses": [100.0] * 23 + [50.0]}, "met", ""),
        ("cache", {"hits": [900.0] * 23 + [0.0], "misses": [100.0] * 23 + [99.0]}, "met", ""),  # a quiet hour says little
        ("cache", {"hits": [0.0] * HOURS, "misses": [0.0] * HOURS}, "not_shown", "no_reads"),
        ("distribution", {"most": {"checkout.blocked.distribution": 6}}, "not_met", ""),
        ("distribution", {"most": {"checkout.blocked.stock": 60}}, "met", ""),
        ("distribution", {"most": {}}, "met", ""),
        ("checkout", {"counters": counters(checkout_error=1)}, "not_met", ""),
        ("checkout", {"counters": counters(checkout_attempt=0)}, "not_shown", "no_checkouts"),
        ("slow", {"slow": {"api": 101}}, "not_met", ""),
        ("slow", {"slow": {}}, "met", ""),
        ("slow", {"counters": counters(request_total=0)}, "not_shown", "no_requests_counted"),
        ("latency", {"pings": {}}, "not_shown", "not_measured"),
        ("latency", {"pings": {DATABASE_PING: Spread(1440, 1440, 0, 9)}}, "met", ""),
        ("latency", {"pings": {REDIS_PING: Spread(1440, 1440, 0, 9)}}, "not_shown", "not_measured"),
        ("latency", {"pings": {DATABASE_PING: Spread(1295, 1295, 0, 9)}}, "not_shown", "not_measured"),
        ("latency", {"pings": {DATABASE_PING: Spread(1440, 1367, 0, 90)}}, "not_met", ""),
        ("latency", {"pings": {DATABASE_PING: Spread(1440, 1420, 15, 900)}}, "not_met", "late"),
        ("latency", {"pings": {DATABASE_PING: Spread(1440, 1440, 0, 9), REDIS_PING: Spread(1440, 1300, 0, 50)}}, "not_met", ""),
    ],
)  # fmt: skip
def test_one_day_decides(name: str, changed: dict[str, Any], state: str, why: str) -> None:
    gate = gates(*week(**changed))[name]
    assert (gate.state, gate.marks[2].state, gate.marks[2].why) == (state, state, why)
    assert [mark.state for at, mark in enumerate(gate.marks) if at != 2] == [GateState.MET] * 6


def test_a_day_that_nobody_has_is_not_shown_and_one_that_fails_outweighs_it() -> None:
    found = gates(*week()[1:])
    assert {gate.state for gate in found.values()} == {GateState.NOT_SHOWN}
    assert [gate.marks[0].why for gate in found.values()] == ["no_day"] * 6
    assert gates(*week(counters=counters(checkout_error=2))[1:])["checkout"].state is GateState.NOT_MET


def test_what_the_runbook_leaves_open_can_be_set() -> None:
    wide = Expected(Range.parse("<= 50"), Range.parse("<= 5 %"))
    found = gates(*week(most={"checkout.blocked.distribution": 40}, slow={"api": 450}), expected=wide)
    assert (found["distribution"].state, found["slow"].state) == (GateState.MET, GateState.MET)


def test_slow_requests_can_be_held_to_a_number_where_nobody_counts_all_requests() -> None:
    few = Expected(Range.parse("<= 5"), Range.parse("<= 100"))
    uncounted = {"payment.prepare": 100, "payment.confirm.success": 95, "checkout.attempt": 120}
    found = gates(*week(counters=uncounted, slow={"api": 60, "checkout": 40}), expected=few)["slow"]
    assert (found.marks[2].state, found.marks[2].value, found.unit) == (GateState.MET, 100, "")
    found = gates(*week(counters=uncounted, slow={"api": 60, "checkout": 41}), expected=few)["slow"]
    assert found.marks[2].state is GateState.NOT_MET
    found = gates(*week(judged=HOUR_BLIND, slow={"api": 101}), expected=few)["slow"]
    assert found.marks[2].state is GateState.NOT_MET
    assert gates(*week(**EMPTY), expected=few)["slow"].marks[2].why == "no_day"


@pytest.mark.parametrize(
    ("bad", "looked_at", "state"),
    [(None, 6, "not_shown"), (5, 6, "not_met"), (None, 7, "met"), (0, 8, "met"), (1, 8, "not_met"), (0, 7, "not_met")],
)
def test_payments_are_judged_over_the_last_seven_days(bad: int | None, looked_at: int, state: str) -> None:
    wanted = [date(2026, 2, 24) + timedelta(days=number) for number in range(looked_at)]
    days = [replace(GOOD, date=day.isoformat()) for day in wanted]
    if bad is not None:
        days[bad] = replace(days[bad], counters={**GOOD.counters, "payment.confirm.success": 80})
    payment, *others = judge_gates(days, wanted, RULES, EXPECTED, SEOUL)
    assert payment.state == state
    assert {each.state for each in others} == {GateState.MET}


def test_a_day_before_the_last_seven_asks_for_nothing_more_of_payments() -> None:
    wanted = [date(2026, 2, 24) + timedelta(days=number) for number in range(8)]
    days = [replace(GOOD, date=day.isoformat()) for day in wanted]
    days[0] = replace(days[0], counters=counters(payment_confirm_success=80))
    report = report_of(tuple(days), wanted)
    assert (report.state, report.rows[0].needed) == (GateState.MET, ())
    days[1] = replace(days[1], counters=counters(payment_confirm_success=80))
    report = report_of(tuple(days), wanted)
    assert report.rows[0].needed == ("Fix the cause, then meet it 7 days in a row again (failed: 02-25).",)


@pytest.mark.parametrize(
    ("row", "changed", "mark", "value"),
    [
        (4, {"slow": {"api": 109}}, "not_met", "1.09%"),
        (4, {"slow": {"api": 100}}, "met", "1%"),
        (4, {"slow": {"api": 118}}, "not_met", "1.1%"),
        (0, {"counters": counters(payment_prepare=100_000, payment_confirm_success=90_001)}, "met", "90.001%"),
        (0, {"counters": counters(payment_prepare=100_000, payment_confirm_success=90_000)}, "not_met", "90%"),
        (0, {"counters": counters(payment_prepare=100_000, payment_confirm_success=89_999)}, "not_met", "89.9%"),
    ],
)
def test_a_figure_shows_on_which_side_of_its_bound_it_lies(row: int, changed: dict[str, Any], mark: str, value: str) -> None:
    cell = report_of(week(**changed)).rows[row].cells[2]
    assert (cell.state, cell.value) == (mark, value)


# ---- days


def minute(at: datetime, **more: Any) -> Minute:
    counted = {"cache.hit": 3.0, "checkout.blocked.distribution{service=kpa}": 2.0}
    made = Minute(at, counted, {"api": 1}, {DATABASE_PING: 60.0}, summaries=True, lost=False)
    return replace(made, **more)


def test_a_day_is_that_of_the_readers_zone() -> None:
    at = datetime(2026, 2, 24, 14, 59, tzinfo=UTC)
    first, second = add_minutes((), [minute(at), minute(at + timedelta(minutes=1))], RULES, SEOUL)
    assert (first.date, second.date) == ("2026-02-24", "2026-02-25")
    assert (first.judged[23], second.judged[0], second.hits[0]) == (1, 1, 3)
    assert second.pings == {DATABASE_PING: Spread(1, 0, 0, 60.0)}
    assert day_span(date(2026, 2, 25), SEOUL) == (at + timedelta(minutes=1), at + timedelta(minutes=1441))
    assert whole_days(at, 2, SEOUL) == [date(2026, 2, 22), date(2026, 2, 23)]


@pytest.mark.parametrize(
    ("zone", "day", "hour", "lasts"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 2, 0),
        ("Europe/Berlin", date(2026, 10, 25), 2, 120),
        ("Australia/Lord_Howe", date(2026, 4, 5), 1, 90),
        ("Asia/Kolkata", date(2026, 3, 29), 2, 60),
    ],
)
def test_an_hour_is_whole_when_all_of_it_was_looked_at_also_where_the_clocks_change(
    zone: str, day: date, hour: int, lasts: int
) -> None:
    start, end = day_span(day, ZoneInfo(zone))
    minutes = [minute(start + timedelta(minutes=number)) for number in range((end - start) // timedelta(minutes=1))]
    (whole,) = add_minutes((), minutes, RULES, ZoneInfo(zone))
    assert (whole.judged[hour], whole.missing(ZoneInfo(zone))) == (lasts, [])
    cut = minutes[: hour * 60 + 60]  # the first hour of two, or all before a later one
    (part,) = add_minutes((), cut, RULES, ZoneInfo(zone))
    assert part.missing(ZoneInfo(zone))[0] == (hour if lasts > 60 else hour + 1 + (lasts == 0))


@pytest.mark.long
@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), cut=st.integers(0, 200))
def test_days_cut_in_two_or_shuffled_are_the_same_days(seed: int, cut: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - made-up numbers
    all_ = [
        minute(
            START + timedelta(minutes=17 * number),
            counters={"cache.hit": dice.randrange(9), "checkout.blocked.x": dice.randrange(9)},
        )
        for number in range(200)
    ]
    whole = add_minutes((), all_, RULES, SEOUL)
    assert add_minutes(add_minutes((), all_[:cut], RULES, SEOUL), all_[cut:], RULES, SEOUL) == whole
    assert add_minutes((), dice.sample(all_, len(all_)), RULES, SEOUL) == whole
    assert sum(sum(day.judged) for day in whole) == 200


def test_the_state_keeps_no_more_days_than_it_needs(tmp_path: Path) -> None:
    source = record(tmp_path / "hour.ndjson", Traffic(5, 40, instances=1).entries())
    reading = source.read(None, service=None, progress=lambda *_: None, meanwhile=lambda: None)
    ticker = Ticker(RULES, Policy(zone=SEOUL), ALIVE)
    old = add_minutes((), (minute(START - timedelta(days=number)) for number in range(1, 40)), RULES, SEOUL)
    state = State(days=old)
    for later in (5, 30):
        now = START + timedelta(minutes=later)
        state = ticker.tick(state, reading, ticker.plan(state, now), now).state
    assert len(old) > len(state.days) == KEPT_DAYS
    assert (state.days[0].date, state.days[-1].date) == ("2026-02-15", "2026-02-24")


# ---- where the days come from


def record(path: Path, entries: Iterable[dict[str, Any]]) -> FilesSource:
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return FilesSource([str(path)], SHAPE)


def recorded(source: FilesSource, zone: ZoneInfo = SEOUL) -> Week:
    reader = WeekReader(source, RULES, zone, None, SignsOfLife(source, None), timedelta(seconds=90), None, lambda _span: ())
    return reader.read(lambda _asked: 7, None, START, lambda *_: None)


@pytest.mark.long
def test_hours_without_any_line_have_nothing_to_count_and_hours_without_summaries_are_missing(tmp_path: Path) -> None:
    entries = Traffic(5, 39 * 60, instances=1, incidents=(Incident(11 * 60, 13 * 60, silent=True),)).entries()
    quiet = [entry for entry in entries if not "2026-02-24T19:00" <= entry["timestamp"] < "2026-02-24T22:00"]
    found = recorded(record(tmp_path / "day.ndjson", quiet))
    days = {day.date: day for day in found.days}
    # The recording begins at nine in Seoul; from eight in the evening requests went on without summaries.
    assert days["2026-02-24"].missing(SEOUL) == [*range(9), 20, 21]
    # From four to seven in the morning nothing was logged at all, which is told: a file may be missing.
    assert days["2026-02-25"].missing(SEOUL) == []
    (idle,) = found.quiet
    assert (f"{idle.start:%d %H}", idle.end - idle.start) == ("24 19", timedelta(hours=3))


@pytest.mark.long
@pytest.mark.parametrize(("count", "until"), [(13, None), (2, START + timedelta(days=3))])
def test_of_a_long_recording_all_days_that_are_asked_for_are_there(tmp_path: Path, count: int, until: datetime | None) -> None:
    entries = Traffic(5, 1, instances=1).entries()
    days = [
        json.loads(json.dumps(entries).replace("2026-02-24", f"{START + timedelta(days=each):%Y-%m-%d}")) for each in range(15)
    ]
    source = record(tmp_path / "days.ndjson", [entry for day in days for entry in day])
    reader = WeekReader(source, RULES, SEOUL, None, SignsOfLife(source, None), timedelta(seconds=90), None, lambda _span: ())
    found = reader.read(lambda _asked: count, until, START, lambda *_: None)
    assert len(found.wanted) == count
    assert {day.isoformat() for day in found.wanted} <= {day.date for day in found.days}


@pytest.mark.long
def test_the_state_of_runs_has_the_days_of_the_recording(tmp_path: Path) -> None:
    entries = Traffic(5, 45, incidents=(Incident(15, 30, failing={"kpa": 0.9}, redis_down=True),), repeated=0.01).entries()
    source = record(tmp_path / "hours.ndjson", entries)
    with World(tmp_path, [make_entry(entry) for entry in entries]) as world, LocalApp() as app:
        world.more["ENDPOINTS"] = app.url
        for number in range(55):  # a window is in its day ten minutes after its end
            world.now = START + timedelta(minutes=number + 1, seconds=90)
            world.tick()
        kept = world.state().days
        history = MonitoringHistory(PROJECT, installation(world.settings), SERVICE.exit_gauges, endpoint=world.google.address)
        measured = list(history.read(day_span_of(START, 45)))
    (day,) = kept
    (expected,) = recorded(source).days
    assert replace(day, pings={}) == expected
    assert day.pings[DATABASE_PING].normal == day.pings[DATABASE_PING].measured > 35
    assert {series for series, _, _ in measured} == {DATABASE_PING, REDIS_PING}
    assert sum(series == DATABASE_PING for series, _, _ in measured) == day.pings[DATABASE_PING].measured


@pytest.mark.long
def test_late_lines_are_in_the_days_of_runs_and_so_is_a_silence_from_its_beginning(tmp_path: Path) -> None:
    traffic = Traffic(3, 150, late=0.1, edgy=True, incidents=(Incident(50, 70, silent=True),))
    entries = [each for each in traffic.entries() if each["timestamp"] < "2026-02-24T02:30"]
    for each in entries:  # what is later than the overlap of two reads is never seen
        latest = datetime.fromisoformat(each["timestamp"]) + timedelta(minutes=5)
        each["receiveTimestamp"] = min(latest, datetime.fromisoformat(each["receiveTimestamp"])).isoformat()
    source = record(tmp_path / "hours.ndjson", entries)
    reading = source.read(None, service=None, progress=lambda *_: None, meanwhile=lambda: None)
    ticker = Ticker(RULES, Policy(zone=SEOUL), SignsOfLife(source, None))
    whole = aggregate(reading).span
    replayed = replay(reading, Span(whole.start, whole.end + SETTLED), ticker)
    assert replayed.late > 20
    expected = recorded(source).days
    assert sum(sum(day.lost) for day in expected) == 19, "the edgy one's last summary was a moment behind the silence's begin"
    assert replayed.state.days == expected


@pytest.mark.long
def test_more_slow_requests_than_the_state_keeps_are_counted_all_the_same(tmp_path: Path) -> None:
    class Storm(Traffic):
        def entries(self) -> list[dict[str, Any]]:
            return [each for entry in super().entries() for each in self._slow(entry)]

        def _slow(self, entry: dict[str, Any]) -> Iterable[dict[str, Any]]:
            yield entry
            if entry["jsonPayload"]["message"] == SLOW_REQUEST:
                yield from ({**entry, "insertId": f"{entry['insertId']}-{number}"} for number in range(12))

    source = record(tmp_path / "storm.ndjson", Storm(6, 28, incidents=(Incident(3, 26, redis_down=True),)).entries())
    reading = source.read(None, service=None, progress=lambda *_: None, meanwhile=lambda: None)
    whole = aggregate(reading).span
    ticker = Ticker(RULES, Policy(zone=SEOUL), ALIVE)
    *_, last = tick_by_tick(reading, Span(whole.start, whole.end + SETTLED), ticker, together=False)
    (day,) = last.state.days
    assert day.slow["checkout"] > 5 * MOST_SLOW
    assert (day,) == recorded(source).days


@pytest.mark.long
def test_a_pause_too_long_to_catch_up_with_costs_the_days_only_what_it_skips(tmp_path: Path) -> None:
    entries = Traffic(5, 8 * 60 + 30, instances=1).entries()
    source = record(tmp_path / "hours.ndjson", entries)
    ticker = Ticker(RULES, Policy(zone=UTC), ALIVE)
    reading = source.read(None, service=None, progress=lambda *_: None, meanwhile=lambda: None)
    state = State()
    for number in [*range(40, 60), *range(8 * 60, 8 * 60 + 30)]:
        now = START + timedelta(minutes=number + 1, seconds=90)
        planned = ticker.plan(state, now)
        start, end = map(to_nanoseconds, (planned.read.start, now))
        times = as_array(reading.rows.time)
        fresh = pick(reading, np.flatnonzero((times >= start) & (times < end)))
        state = ticker.tick(state, fresh, planned, now).state
    (day,) = state.days
    assert day.judged[:9] == [20, 0, 0, 0, 0, 0, 0, 0, 20]


@pytest.mark.long
@pytest.mark.parametrize(("before", "after"), [(30, 5), (5, 30), (30, 0)])
def test_another_overlap_from_one_run_to_the_next_costs_the_days_nothing(tmp_path: Path, before: int, after: int) -> None:
    entries = Traffic(5, 90, instances=1, incidents=(Incident(8, 28, silent=True),)).entries()
    source = record(tmp_path / "hours.ndjson", entries)
    reading = source.read(None, service=None, progress=lambda *_: None, meanwhile=lambda: None)
    whole = aggregate(reading).span
    state = State()
    for number in range(0, 130, 3):
        policy = Policy(zone=SEOUL, overlap=timedelta(minutes=before if number < 42 else after))
        ticker = Ticker(RULES, policy, SignsOfLife(source, None))
        now = whole.start + timedelta(minutes=number + 1, seconds=90)
        planned = ticker.plan(state, now)
        start, end = map(to_nanoseconds, (planned.read.start, now))
        times = as_array(reading.rows.time)
        fresh = pick(reading, np.flatnonzero((times >= start) & (times < end)))
        state = ticker.tick(state, fresh, planned, now).state
    (day,), (expected,) = state.days, recorded(source).days
    assert day.judged[9] == expected.judged[9] == 60
    assert (day.lost, day.counters, day.slow) == (expected.lost, expected.counters, expected.slow)


def day_span_of(start: datetime, minutes: int) -> Any:
    return Span(start, start + timedelta(minutes=minutes))


@pytest.mark.long
def test_days_of_cloud_logging_are_read_once_and_their_latencies_come_from_cloud_monitoring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    entries = Traffic(5, 40 * 60, instances=1).entries()
    with World(tmp_path, [make_entry(entry) for entry in entries]) as world:
        world.now = START + timedelta(hours=41)
        planned: list[tuple[ReadPlan, int]] = []

        def hear(plan: ReadPlan) -> None:
            planned.append((plan, len(world.google.logging.calls.requests)))

        reader = build_week(world.settings, build_source(world.settings)[0], RULES, hear)
        midnight = START + timedelta(hours=39)  # in Seoul: of a day that is not over, nothing is kept
        first = reader.read(lambda _asked: 2, midnight, world.now, lambda *_: None)
        asked = len(world.google.logging.calls.requests)
        again = reader.read(lambda _asked: 2, midnight, world.now, lambda *_: None)
    ((plan, sampled),) = planned  # of both days together, before either was read; nothing of what is kept
    assert sampled == 2
    assert abs(plan.calls - (asked - sampled)) <= 3
    assert first == again
    assert [day.date for day in first.days] == ["2026-02-24", "2026-02-25"]
    assert [sum(day.judged) for day in first.days] == [1440, 1440]
    assert first.days[1].counters["checkout.attempt"] > 0
    assert len(world.google.logging.calls.requests) == asked > 2


@pytest.mark.long
def test_a_silence_over_midnight_is_lost_on_both_days_wherever_they_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    midnight = 15 * 60
    entries = Traffic(5, 40 * 60, instances=1, incidents=(Incident(midnight - 7, midnight + 6, silent=True),)).entries()
    with World(tmp_path, [make_entry(entry) for entry in entries]) as world:
        world.now = START + timedelta(hours=41)
        read = build_week(world.settings, build_source(world.settings)[0], RULES).read(
            lambda _asked: 2, None, world.now, lambda *_: None
        )
    assert [sum(day.lost) for day in read.days] == [7, 6]
    of_recording = recorded(record(tmp_path / "hours.ndjson", entries)).days[:2]
    assert [(day.date, day.lost) for day in read.days] == [(day.date, day.lost) for day in of_recording]


@pytest.mark.parametrize(
    "text", ["", "{broken", "[]", '{"date": "2026-02-24"}', '{"date": "2026-02-24", "judged": [60]}', "another"]
)
def test_a_kept_day_that_is_not_whole_is_read_again(tmp_path: Path, text: str) -> None:
    kept = DayCache(tmp_path, "days")
    kept.save(DAYS[0], GOOD)
    assert kept.load(DAYS[0]) == GOOD
    (file,) = tmp_path.rglob("*.json")
    whole = read_sealed(file) or b""
    keep_sealed(file, text.encode().replace(b"another", whole.replace(b"2026-02-24", b"2026-02-25")))
    assert kept.load(DAYS[0]) is None
    keep_sealed(file, whole)
    assert kept.load(DAYS[0]) == GOOD
    file.write_bytes(file.read_bytes().replace(b"60", b"59"))
    assert kept.load(DAYS[0]) is None
    file.rename(tmp_path / "2026-02-25.json")
    assert read_sealed(tmp_path / "2026-02-25.json") is None


def harder(rules: RuleSet) -> RuleSet:
    """Give the rules with another normal range of the database's ping."""
    other = {"normal": Range.parse("< 10 ms")}
    return replace(
        rules,
        rules=tuple(rule.model_copy(update=other) if DATABASE_PING in rule.kind.reads.gauges else rule for rule in rules.rules),
    )


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({"SOURCE": "gcp://o4o-demo/another"}, RULES),
        ({"SERVICE": "another"}, RULES),
        ({"LOCATION": "us-central1"}, RULES),
        ({"TIMEZONE": "UTC"}, RULES),
        ({"ENVIRONMENT": "staging"}, RULES),
        ({"METRICS_PROJECT": "o4o-metrics"}, RULES),
        ({"GRACE": "80s"}, RULES),
        ({"LOGGING_ENDPOINT": "localhost:9090"}, RULES),
        ({}, harder(RULES)),
    ],
    ids=str,
)
def test_a_kept_day_is_not_served_to_who_asks_for_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], rules: RuleSet
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def cache(rules: RuleSet, **more: str) -> DayCache:
        told = {"SOURCE": f"gcp://{PROJECT}/o4o-core-api", **more}
        made = Settings.load({f"LOGWATCH_{name}": value for name, value in told.items()})
        found = build_week(made, build_source(made)[0], rules).cache
        assert found
        return found

    cache(RULES).save(DAYS[0], GOOD)
    assert cache(load_rules(ROOT / "rules")).load(DAYS[0]) == GOOD
    assert cache(rules, **changed).load(DAYS[0]) is None


# ---- the command


@pytest.fixture(scope="module")
def bad_week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A week of one instance with one bad day, and an hour without summaries."""
    path = tmp_path_factory.mktemp("week") / "week.ndjson"
    record(path, BAD_WEEK.entries())
    return path


@pytest.fixture
def one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the bad week once for all that is written of it."""
    read = WeekReader.read

    def read_once(reader: WeekReader, count: Callable[[datetime], int], until: datetime | None, *rest: Any) -> Week:
        asked = count(until or START + timedelta(minutes=BAD_WEEK.minutes)), until
        if asked not in LOOKED_AT:
            LOOKED_AT[asked] = read(reader, count, until, *rest)
        return LOOKED_AT[asked]

    monkeypatch.setattr(WeekReader, "read", read_once)


LOOKED_AT: dict[tuple[int, datetime | None], Week] = {}
"""How many days up to when to what was read of them."""


@pytest.mark.long
def test_the_json_says_it_all_and_the_same_every_time(run: Run, bad_week: Path) -> None:
    ran = run("beta-exit", "--source", bad_week, "--until", "2026-03-03T15:00:00Z", "--format", "json")
    document = json.loads(ran.out)
    check_parsed("beta-exit", document)
    assert (document["from"], document["to"], document["zone"], ran.code) == ("2026-02-25", "2026-03-03", "Asia/Seoul", 0)
    days = {gate["name"]: [day["state"] for day in gate["days"]] for gate in document["gates"]}
    assert days["payment"] == ["met", "met", "not_met", "met", "not_shown", "met", "met"]
    assert days["checkout"] == ["met", "met", "met", "met", "not_shown", "met", "met"]
    assert document["gates"][0]["days"][4]["hours"] == [9]
    assert run("beta-exit", "--source", bad_week, "--until", "2026-03-03T15:00:00Z", "--format", "json").out == ran.out


@pytest.mark.long
@pytest.mark.usefixtures("one_look")
@pytest.mark.parametrize(
    ("kind", "lang"),
    [
        (kind, lang)
        for kind in ("table", "details", "markdown", "html")
        for lang in ("ko", "en")
        if (kind, lang) != ("html", "en")
    ],
)
def test_what_it_writes_is_the_golden_one(run: Run, bad_week: Path, lang: str, kind: str, *, update_golden: bool) -> None:
    written = ["--details"] if kind == "details" else ["--format", kind]
    given = ["--until", "2026-03-04 00:00", "--lang", lang, *written]
    ran = run("beta-exit", "--source", bad_week, *given, COLUMNS="300")  # where lines break hangs on the folder's name
    shown = ran.out.replace(str(bad_week), "week.ndjson").replace(str(bad_week).replace("_", "\\_"), "week.ndjson")
    shown = re.sub(r"sha256 [0-9a-f]{16}", "sha256 0123456789abcdef", shown)  # of rules that change
    golden = (
        ROOT
        / f"tests/fixtures/golden/beta-exit.{lang}.{ {'table': 'txt', 'details': 'details.txt', 'markdown': 'md', 'html': 'html'}[kind] }"
    )
    if update_golden:
        golden.write_text(shown)
    assert shown == golden.read_text()


def test_the_document_shows_what_the_made_week_prints() -> None:
    golden = (ROOT / "tests/fixtures/golden/beta-exit.ko.txt").read_text()
    block = (ROOT / "docs/beta-exit.md").read_text().split("$ logwatch beta-exit --source week.ndjson")[1]
    _command, shown = block.split("```")[0].split("\n", 1)
    for part in shown.split("…\n"):
        assert part in golden


@pytest.mark.long
@pytest.mark.usefixtures("one_look")
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_table_markdown_page_and_document_say_the_same(run: Run, bad_week: Path, lang: str) -> None:
    def told(kind: str) -> str:
        given = ("--until", "2026-03-03T15:00:00Z", "--lang", lang, "--format", kind, "--details")
        ran = run("beta-exit", "--source", bad_week, *given)
        plain = re.sub("<[^>]+>", "", ran.out) if kind == "html" else ran.out
        return re.sub(r"\s+", " ", re.sub(r"\\(.)", r"\1", html.unescape(plain)))

    document = json.loads(run("beta-exit", bad_week, "--until", "2026-03-03T15:00:00Z", "--lang", lang, "--format", "json").out)
    facts = [
        document["earliest"],
        document["rules"]["sha256"][:16],
        document["figures"]["sha256"][:16],
        document["rules"]["version"],
    ]
    for gate in document["gates"]:
        facts += [gate["title"], gate["definition"], *gate["needed"], *filter(None, [gate["earliest"]])]
        facts += [f"{loss['lost']:,.0f}" for loss in gate["losses"]]
    facts += [each for gap in document["gaps"] for each in (gap["what"], gap["needed"], *gap["conditions"])]
    for kind in ("table", "markdown", "html"):
        shown = told(kind)
        assert [fact for fact in facts if fact.replace("\n", " ") not in shown] == [], kind
        for gap in document["gaps"]:
            assert shown.count(gap["needed"]) == 1, "each gap is told once"


@pytest.mark.long
@pytest.mark.usefixtures("one_look")
@pytest.mark.parametrize("kind", ["table", "markdown", "html", "json"])
def test_the_printed_command_gives_the_same_again(run: Run, bad_week: Path, kind: str) -> None:
    set_ = {"LOGWATCH_SLOW_BUDGET": "<= 2 %", "LOGWATCH_TIMEZONE": "Asia/Tokyo", "LOGWATCH_EXPECTED_DISTRIBUTION": "<= 9"}
    ran = run("beta-exit", bad_week, "--since", "3d", "--lang", "en", "--format", kind, "--details", **set_)
    shown = json.loads(ran.out)["command"] if kind == "json" else html.unescape(re.sub("</?pre>", "", ran.out))
    command = re.findall(r"LOGWATCH_TIMEZONE=.*", re.sub(r" \\\n +", " ", shown))[-1]
    words = shlex.split(command)
    at = words.index("logwatch")
    again = run(*words[at + 1 :], **dict(word.split("=", 1) for word in words[:at]))
    assert again.out == ran.out
    assert {word.split("=")[0] for word in words[:at]} == {*set_}


@pytest.mark.long
@pytest.mark.parametrize(
    ("since", "days"), [("7d", 7), ("26h", 1), ("2026-03-01", 3), ("2026-03-01T00:00:00+09:00", 3), ("2026-03-01 00:01", 2)]
)
@pytest.mark.usefixtures("one_look")
def test_since_says_how_many_days_too(run: Run, bad_week: Path, since: str, days: int) -> None:
    ran = run("beta-exit", bad_week, "--since", since, "--until", "2026-03-03T15:00:00Z", "--format", "json")
    assert len(json.loads(ran.out)["gates"][0]["days"]) == days


@pytest.mark.long
def test_out_of_a_state_it_names_the_incident_and_the_running_day(run: Run, tmp_path: Path) -> None:
    """A day's payments fail for five hours, people are told of it, and the next day runs."""
    source = record(tmp_path / "days.ndjson", Traffic(
        8, 15 * 60 + 1440 + 90, instances=1, incidents=(Incident(15 * 60 + 60, 15 * 60 + 360, failing=dict.fromkeys(SHOPS, 1.0)),)
    ).entries())  # fmt: skip
    reading = source.read(None, service=None, progress=lambda *_: None, meanwhile=lambda: None)
    whole = aggregate(reading).span
    state = replay(reading, Span(whole.start, whole.end), Ticker(RULES, Policy(zone=SEOUL), ALIVE)).state
    kept = tmp_path / "state.json"
    kept.write_bytes(dump_state(state))
    ask = {"LOGWATCH_STATE": str(kept), "LOGWATCH_NOW": (whole.end + timedelta(minutes=2)).isoformat()}
    ran = run("beta-exit", "--days", "1", "--lang", "en", "--format", "json", **ask)
    document = json.loads(ran.out)
    assert document["unread"] is None, "a state keeps no count of what could not be read"
    check_parsed("beta-exit", document)
    (loss,) = document["gates"][0]["losses"]
    (told,) = [each for each in state.history if each.procedure == "4.2"]
    assert (loss["incident"], loss["decides"]) == (told.id, True)
    assert loss["share"] > 0.8
    assert document["gates"][0]["today"]["outlook"] == "open"
    assert document["running_day"]["counted_to"] == rfc3339(state.counted_to)
    shown = run("beta-exit", "--days", "1", "--lang", "en", **ask).out
    assert f"incident {Audience('en', SEOUL, '').incident(told.id)}" in shown
    assert f"may still lose {document['gates'][0]['today']['left']:,} payments" in shown
    words = shlex.split(document["command"])
    at = words.index("logwatch")
    assert run(*words[at + 1 :], **dict(word.split("=", 1) for word in words[:at])).out == ran.out


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_three_hours_are_told_on_a_screen_and_the_rest_on_request(run: Run, lang: str) -> None:
    brief = run("beta-exit", f"{LOGS}/storm.ndjson", "--lang", lang).out
    assert len(brief.splitlines()) <= 48
    assert brief.splitlines()[-1].count("--details") == 1
    whole = run("beta-exit", f"{LOGS}/storm.ndjson", "--lang", lang, "--details").out
    assert {*brief.split()} - {*whole.split()} <= {*brief.splitlines()[-1].split()}, "the details say all of it"


@pytest.mark.parametrize(
    ("lang", "unknown", "failed"),
    [
        ("ko", "충족 여부를 확인할 수 없음 (00–14시 기록 없음)", "더 이상 충족할 수 없음"),
        ("en", "can no longer be shown (hours", "longer be met"),
    ],
)
def test_a_running_day_with_hours_missing_has_not_failed(run: Run, lang: str, unknown: str, failed: str) -> None:
    told = run("beta-exit", f"{LOGS}/payment.ndjson", "--lang", lang, COLUMNS="200").out
    assert unknown in told
    assert failed not in told


@pytest.mark.usefixtures("one_look")
def test_it_answers_in_the_zone_of_the_question_about_the_days_of_the_settings(run: Run, bad_week: Path) -> None:
    shown = run("beta-exit", bad_week, "--until", "2026-03-03 15:00 UTC", "--lang", "en", "--details", COLUMNS="300").out
    assert "2026-02-25 – 2026-03-03  as of 2026-03-03 15:00 UTC" in shown
    assert "Days and their hours are those of Asia/Seoul." in shown
    assert "02-27 00:00–05:00: 90% of that day's loss" in shown
    assert "--until 2026-03-03T15:00:00Z" in shown
    assert "those of" not in run("beta-exit", bad_week, "--until", "2026-03-04 00:00", "--lang", "en").out


@pytest.mark.long
def test_a_file_that_is_missing_between_two_is_told_in_every_format(run: Run, tmp_path: Path) -> None:
    lines = [*Traffic(3, 26 * 60, instances=1).entries()]
    with_hole = [each for each in lines if not "2026-02-24T19:20" <= each["timestamp"] < "2026-02-24T20:20"]
    record(tmp_path / "day.ndjson", with_hole)
    for kind in ("table", "markdown", "html"):
        shown = run("beta-exit", tmp_path / "day.ndjson", "--days", "1", "--lang", "en", "--format", kind, COLUMNS="300").out
        assert "counted as without traffic: 02-25 04:20–05:20." in html.unescape(shown).replace("\\", ""), kind
    document = json.loads(run("beta-exit", tmp_path / "day.ndjson", "--days", "1", "--format", "json").out)
    check_parsed("beta-exit", document)
    assert document["quiet"] == [{"from": "2026-02-24T19:20:00Z", "to": "2026-02-24T20:20:00Z"}]


@pytest.mark.long
@pytest.mark.usefixtures("one_look")
def test_the_exit_code_says_whether_all_is_met_where_that_is_asked_for(run: Run, bad_week: Path) -> None:
    ran = run("beta-exit", "--source", bad_week, "--fail-on", "not-met")
    assert (ran.code, "payment" in ran.err) == (1, True)
    assert run("beta-exit", "--source", bad_week, "--fail-on", "not-shown").code == 1


def test_without_a_state_nothing_is_shown(run: Run, tmp_path: Path) -> None:
    ran = run("beta-exit", "--format", "json", LOGWATCH_STATE=str(tmp_path / "none.json"))
    assert (ran.code, ran.out) == (3, "")
    assert "none.json: no state yet" in ran.err
    assert "hint: name logs as the source, or run 'logwatch run' first" in ran.err


def test_days_that_are_not_over_are_not_asked_for(run: Run, tmp_path: Path) -> None:
    state, now = tmp_path / "state.json", "2026-03-03T16:00:00Z"
    state.write_bytes(dump_state(State(cursor=START)))
    ran = run("beta-exit", "--until", "2026-03-09T00:00:00Z", "--format", "json", LOGWATCH_STATE=str(state), LOGWATCH_NOW=now)
    assert json.loads(ran.out)["state"] == "not_shown"
    assert [json.loads(ran.out)[end] for end in ("from", "to")] == ["2026-02-25", "2026-03-03"]


@pytest.mark.long
def test_hours_without_summaries_are_not_taken_for_quiet_ones_where_lines_are_read_only_once(run: Run, bad_week: Path) -> None:
    lines = bad_week.read_bytes()
    ran = run("beta-exit", "--source", "-", "--until", "2026-03-03T15:00:00Z", stdin=lines)
    assert (ran.code, ran.out) == (3, "")
    assert "from 2026-03-01 09:00 KST to 2026-03-01 10:00 KST" in ran.err
    assert "save the lines in a file" in ran.err
    before = ("--until", "2026-02-28T15:00:00Z", "--days", "3", "--format", "json")
    whole = b"".join(line for line in lines.splitlines(keepends=True) if json.loads(line)["timestamp"] < "2026-02-28T16")
    of_file = json.loads(run("beta-exit", "--source", bad_week, *before).out)
    of_pipe = json.loads(run("beta-exit", "--source", "-", *before, stdin=whole).out)
    assert of_pipe == {**of_file, "source": "-", "command": of_file["command"].replace(shlex.quote(str(bad_week)), "-")}


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--source", "/dev/null"], 3, "it is empty"),
        (["--source", "rubbish.json"], 3, "1 entries: not JSON\n  1 entries: cut off\n  See that the file"),
        (["--until", ""], 2, "'' is not a valid time"),
        (["--until", "someday"], 2, "'someday' is not a valid time"),
        (["--days", "0"], 2, "'0' is not at least 1"),
        (["--since", "1h"], 2, "'1h' leaves 0 whole days"),
        (["--since", "40d"], 2, "'40d' leaves 40 whole days"),
        (["--since", "someday"], 2, "'someday' is not a valid time"),
        (["--since", "7d", "--days", "7"], 2, "the days are given twice"),
    ],
)
def test_what_cannot_be_read_is_told_and_is_no_week(
    run: Run, tmp_path: Path, arguments: list[str], code: int, told: str
) -> None:
    (tmp_path / "rubbish.json").write_text("rubbish\n{\n")
    given = [str(tmp_path / each) if each.endswith(".json") else each for each in arguments]
    ran = run("beta-exit", *given)
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.err


@pytest.mark.long
@pytest.mark.usefixtures("one_look")
def test_a_month_leaves_room_for_the_conditions_on_a_terminal(run: Run, bad_week: Path) -> None:
    ran = run("beta-exit", "--source", bad_week, "--days", "31", "--lang", "en")
    table = ran.out.split("\n\n")[1].splitlines()
    assert max(map(len, table)) <= 80
    (line,) = [line for line in table if "Cache hit rate >" in line]
    assert line.startswith("? unknown  " + "?" * 24)


@pytest.mark.parametrize("setting", ["LOGWATCH_SLOW_BUDGET", "LOGWATCH_EXPECTED_DISTRIBUTION"])
@pytest.mark.parametrize("text", ["<= 5 ms", "> 5", "5", "<= -1"])
def test_a_wrong_budget_is_told_with_the_forms_that_are_right(run: Run, bad_week: Path, setting: str, text: str) -> None:
    ran = run("beta-exit", "--source", bad_week, **{setting: text})
    assert (ran.code, ran.out) == (2, "")
    assert f"{setting}: '{text}' is not a valid " in ran.err
    assert "'<= 5" in ran.err


def test_distribution_blocks_are_expected_as_a_number_and_not_as_a_share(run: Run, bad_week: Path) -> None:
    ran = run("beta-exit", "--source", bad_week, LOGWATCH_EXPECTED_DISTRIBUTION="<= 5 %")
    assert (ran.code, "'<= 5 %' is not a valid budget" in ran.err) == (2, True)
