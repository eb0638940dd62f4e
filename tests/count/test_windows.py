"""Sixty-second windows: what counts where, once, whatever the order."""

import json
import random
import statistics
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logwatch.collect.columns import Reading
from logwatch.collect.entries import Entry
from logwatch.collect.parse import Reason
from logwatch.count.csv_text import csv_parts
from logwatch.count.slow_requests import slow_csv
from logwatch.count.windows import Quality, Windows, aggregate, counters_csv, from_minute, to_minute
from logwatch.spans import NS, Span, to_nanoseconds
from tests.support.platform import SHAPE, SLOW_REQUEST, SUMMARY

START = datetime(2026, 8, 20, 3, tzinfo=UTC)
START_NS = to_nanoseconds(START)
LOG = "projects/shop/logs/run.googleapis.com%2Fstdout"
ATTEMPT = "checkout.attempt{service=kpa}"
QUICK = settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])


def at(second: float) -> int:
    """Give the nanoseconds of a time so many seconds after START."""
    return START_NS + round(second * NS)


def entry(second: float, instance: str = "a", *, insert_id: str | None = None, received: float = 1, **fields: Any) -> Entry:
    """Give an entry with a text or a payload, received `received` seconds later."""
    time = at(second)
    identity = f"{instance}-{second}" if insert_id is None else insert_id
    text, payload = fields.get("text"), fields.get("payload")
    return Entry(LOG, identity, time, time + round(received * NS), "o4o-core-api", instance, text, payload)


def summary(second: float, instance: str = "a", value: float = 1, **fields: Any) -> Entry:
    """Give a summary that counts `value` attempts."""
    return entry(second, instance, payload={"message": SUMMARY, ATTEMPT: value}, **fields)


def slow(
    second: float, duration: float, label: str = "api", instance: str = "a", url: str = "/api/v1/x", **fields: Any
) -> Entry:
    """Give a slow request."""
    payload = {"message": SLOW_REQUEST, "durationMs": duration, "label": label, "method": "GET", "url": url, "statusCode": 200}
    return entry(second, instance, payload=payload, **fields)


def block(second: float, instance: str, counters: dict[str, int]) -> list[Entry]:
    """Give a pretty-printed summary: an entry a line, a nanosecond apart."""
    lines = [f"{SUMMARY} {{", *json.dumps(counters, indent=2).splitlines()[1:]]
    return [
        Entry(
            LOG, f"{instance}-{second}-{number:03}", at(second) + number, at(second + 1), "o4o-core-api", instance, line, None
        )
        for number, line in enumerate(lines)
    ]


def read(entries: Sequence[Entry]) -> Reading:
    """Take entries into one reading."""
    reading = Reading(shape=SHAPE)
    for item in entries:
        reading.add(item)
    return reading


def count(*entries: Entry, **options: Any) -> Windows:
    """Count entries into windows."""
    return aggregate(read(entries), **options)


def by_minute(windows: Windows, series: str = ATTEMPT) -> dict[int, float]:
    """Give a counter by minute after START."""
    rows = windows.counters.rows("minute", "series", "value")
    return {minute - to_minute(START): value for minute, name, value in rows if name == series}


def figures(windows: Windows) -> tuple[list[Any], list[Any], list[Any]]:
    """Give every table as plain rows."""
    counters, slow_rows, summaries = (
        list(table.rows(*table.columns)) for table in (windows.counters, windows.slow, windows.summaries)
    )
    return counters, slow_rows, summaries


def assert_nothing_vanished(quality: Quality) -> None:
    """Check that each entry ended as exactly one thing."""
    parts = (quality.samples, quality.slow_requests, quality.ignored, quality.duplicates)
    assert min(parts) >= 0
    assert quality.entries == sum(parts) + sum(quality.unparsed.values())


# ---- placement

PLACED: dict[str, tuple[list[float], dict[int, float]]] = {
    "at the first nanosecond of a minute": ([120.0], {2: 1}),
    "in the middle of a minute": ([150.0], {2: 1}),
    "at the last nanosecond of a minute": ([180 - 1e-9], {2: 1}),
    "one a minute": ([130.0, 190.0, 250.0], {2: 1, 3: 2, 4: 4}),
    "a minute without": ([130.0, 250.0], {2: 1, 4: 2}),
    "two in one window: the earlier belongs to the one before": ([121.0, 179.0], {1: 1, 2: 2}),
    "late and early around a boundary": ([60.5, 120.5, 179.5, 240.5], {1: 1, 2: 2, 3: 4, 4: 8}),
    "what came before decides, not what comes": ([1.0, 61.0, 121.0, 179.0], {0: 1, 1: 2, 2: 4, 3: 8}),
    "a rhythm goes on across an idle minute": ([1.0, 121.0, 179.0], {0: 1, 2: 2, 3: 4}),
    "a rhythm ends where a line is off it": ([1.0, 141.0, 179.0], {0: 1, 1: 2, 2: 4}),
    "a rhythm is forgotten after ten minutes": ([0.5, 659.9, 1319.5, 1379.5], {0: 1, 10: 2, 21: 4, 22: 8}),
    "three in one window: one in each": ([121.0, 150.0, 179.0], {1: 1, 2: 2, 3: 4}),
    "three in half a window: none is lost": ([121.0, 125.0, 130.0], {1: 1, 2: 6}),
    "two that come before the grace is over": ([121.0, 151.0], {1: 1, 2: 2}),
    "late behind early leaves no hole": ([59.9, 120.1, 180.1, 239.9, 300.1, 359.9], {0: 1, 1: 2, 2: 4, 3: 8, 4: 16, 5: 32}),
}


@pytest.mark.parametrize(("seconds", "expected"), PLACED.values(), ids=PLACED)
def test_a_summary_belongs_to_the_window_in_which_it_ends(seconds: list[float], expected: dict[int, float]) -> None:
    entries = [summary(second, value=2**number, insert_id=str(number)) for number, second in enumerate(seconds)]
    windows = count(*entries)
    assert by_minute(windows) == expected
    assert windows.summaries["lines"].sum() == len(seconds)
    assert by_minute(count(*reversed(entries))) == expected


def ticks(phase: float, jitter: Sequence[float]) -> list[Entry]:
    """Give the summaries of one steady instance: every 60 s, each off by its jitter."""
    return [summary(60 * number + phase + late, value=7, insert_id=str(number)) for number, late in enumerate(jitter, 1)]


@pytest.mark.parametrize("phase", range(2, 59, 4))
def test_a_steady_instance_shows_the_same_figure_in_every_window(phase: int) -> None:
    chance = random.Random(phase)  # noqa: S311 - the same every time
    jitter = [chance.uniform(-2, 1) for _ in range(60)]
    assert by_minute(count(*ticks(phase, jitter))) == dict.fromkeys(range(1, 61), 7.0)


@pytest.mark.parametrize("spread", [0.05, 0.5, 2.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_steady_instance_shows_the_same_figure_around_the_minutes_boundary(seed: int, spread: float) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same every time
    jitter = [chance.uniform(-spread, spread) for _ in range(60)]
    jitter[0], jitter[-1] = -spread, -spread  # early at both ends: the recording itself cuts no minute in two
    found = by_minute(count(*ticks(0, jitter)))
    assert found == dict.fromkeys(range(60), 7.0)


@QUICK
@given(st.lists(st.floats(-2, 2), min_size=3, max_size=40))
def test_no_jitter_around_the_boundary_makes_a_hole_or_a_heap(jitter: list[float]) -> None:
    found = by_minute(count(*ticks(0, jitter)))
    assert found == dict.fromkeys(range(min(found), max(found) + 1), 7.0)


def test_a_timer_that_drifts_over_the_boundary_leaves_no_hole() -> None:
    drift = [0.01 * number - 0.305 for number in range(60)]  # each tick a little later, as setInterval does
    found = by_minute(count(*ticks(0, drift)))
    assert found == dict.fromkeys(range(min(found), max(found) + 1), 7.0)


def test_an_early_tick_moves_no_window_of_an_hour_ago() -> None:
    jitter = [0.1] * 60 + [-0.1] + [0.1] * 5
    found = by_minute(count(*ticks(0, jitter)))
    assert found == dict.fromkeys(range(min(found), max(found) + 1), 7.0)


def test_instances_are_placed_each_for_itself() -> None:
    windows = count(summary(125, "a", 1), summary(130, "b", 2), summary(135, "c", 4), summary(185, "a", 8))
    assert by_minute(windows) == {2: 7, 3: 8}
    assert windows.quality.instances == 3


def test_instances_add_up_with_and_without_a_key() -> None:
    payloads = [{"cache.hit": 3, ATTEMPT: 1}, {"cache.hit": 4}, {"cache.miss": 2}]
    entries = [entry(100, str(number), payload={"message": SUMMARY, **payload}) for number, payload in enumerate(payloads)]
    windows = count(*entries)
    assert by_minute(windows, "cache.hit") == {1: 7}
    assert by_minute(windows, "cache.miss") == {1: 2}
    assert by_minute(windows) == {1: 1}
    assert by_minute(windows, "cache.error") == {}


def test_two_summaries_of_one_moment_are_placed_by_their_identity() -> None:
    first, second = summary(130, value=1, insert_id="x"), summary(130, value=2, insert_id="y")
    assert by_minute(count(first, second)) == by_minute(count(second, first))


def test_entries_without_an_instance_belong_to_their_service() -> None:
    windows = count(summary(100, "", 1), summary(160, "", 2))
    assert windows.quality.instances == 1
    assert by_minute(windows) == {1: 1, 2: 2}


# ---- duplicates, late entries, rhythm, silence


def test_an_equal_identity_counts_once() -> None:
    one = summary(100, value=5)
    windows = count(one, one, summary(160, value=6), one)
    assert by_minute(windows) == {1: 5, 2: 6}
    assert windows.quality.duplicates == 2
    assert_nothing_vanished(windows.quality)


IDENTITIES = {
    "another insertId": (Entry(LOG, "j", at(100), 0, "", "a", None, {"message": SUMMARY, ATTEMPT: 1}), 2),
    "another time": (Entry(LOG, "i", at(100) + 1, 0, "", "a", None, {"message": SUMMARY, ATTEMPT: 1}), 2),
    "another log": (Entry("other", "i", at(100), 0, "", "a", None, {"message": SUMMARY, ATTEMPT: 1}), 2),
    "only another arrival": (Entry(LOG, "i", at(100), 99, "", "a", None, {"message": SUMMARY, ATTEMPT: 1}), 1),
    "the same": (Entry(LOG, "i", at(100), 0, "", "a", None, {"message": SUMMARY, ATTEMPT: 1}), 1),
}


@pytest.mark.parametrize(("other", "samples"), IDENTITIES.values(), ids=IDENTITIES)
def test_identity_is_log_time_and_insert_id(other: Entry, samples: int) -> None:
    one = Entry(LOG, "i", at(100), 0, "", "a", None, {"message": SUMMARY, ATTEMPT: 1})
    windows = count(one, other)
    assert windows.quality.samples == samples
    assert windows.counters["value"].sum() == samples


def test_entries_without_an_identity_all_count() -> None:
    windows = count(summary(100, "a", 1, insert_id=""), summary(100, "b", 2, insert_id=""))
    assert by_minute(windows) == {1: 3}
    assert windows.quality.duplicates == 0


def test_slow_requests_and_pretty_printed_text_count_once_too() -> None:
    lines = block(100, "a", {ATTEMPT: 4, "cache.hit": 2})
    one = slow(110, 1200)
    windows = count(*lines, one, *lines[::-1], one)
    assert by_minute(windows) == {1: 4}
    assert windows.slow["duration_ms"].tolist() == [1200.0]
    assert (windows.quality.samples, windows.quality.slow_requests, windows.quality.duplicates) == (4, 1, 5)
    assert_nothing_vanished(windows.quality)


ARRIVALS = {
    "at once": (130, 1, 0),
    "as the grace ends": (130, 140, 0),
    "a moment after the grace": (130, 140.001, 1),
    "an hour later": (130, 3600, 1),
}


@pytest.mark.parametrize(("second", "delay", "late"), ARRIVALS.values(), ids=ARRIVALS)
def test_an_entry_is_late_when_its_window_was_closed(second: float, delay: float, late: int) -> None:
    windows = count(summary(second, value=3, received=delay), grace=timedelta(seconds=90))
    assert windows.quality.late == late
    assert by_minute(windows) == {2: 3}


def test_an_entry_without_an_arrival_is_not_late() -> None:
    assert count(Entry(LOG, "i", at(0), 0, "", "a", None, {"message": SUMMARY, ATTEMPT: 1})).quality.late == 0


def test_lines_of_no_concern_are_never_late() -> None:
    assert count(entry(0, payload={"message": "x"}, received=9999)).quality.late == 0


RHYTHMS: dict[str, tuple[list[float], dict[str, int]]] = {
    "every 60 s": ([10, 70, 130], {}),
    "five seconds off": ([10, 75, 130], {}),
    "more than five seconds late": ([10, 75.5, 135.5], {"a": 1}),
    "more than five seconds early": ([10, 64.5, 124.5], {"a": 1}),
    "idle minutes between": ([10, 190, 430], {}),
    "half a minute off": ([10, 100, 190], {"a": 2}),
    "one line alone": ([10], {}),
}


@pytest.mark.parametrize(("seconds", "found"), RHYTHMS.values(), ids=RHYTHMS)
def test_lines_off_their_instances_rhythm_are_told(seconds: list[float], found: dict[str, int]) -> None:
    others = [summary(second + 23, "b") for second in (0, 60, 120)]
    windows = count(*others, *(summary(second) for second in seconds))
    assert windows.quality.off_rhythm == found
    assert windows.counters["value"].sum() == len(seconds) + 3


def test_a_window_without_a_line_is_silent_and_not_zero() -> None:
    windows = count(summary(30), slow(150, 900), summary(270))
    assert windows.silent(windows.span) == 3
    assert by_minute(windows) == {0: 1, 4: 1}
    assert windows.summaries["minute"].tolist() == [to_minute(START), to_minute(START) + 4]
    assert windows.silent(Span(START, START + timedelta(minutes=1))) == 0
    assert windows.silent(Span(START + timedelta(minutes=1), START + timedelta(minutes=4))) == 3


HEARD = {
    "nobody was there before": ({0: "ab"}, {0}),
    "all go on": ({0: "ab", 1: "ab", 2: "ab"}, {0}),
    "one more begins": ({0: "a", 1: "ab"}, {0}),
    "one is missing, and no longer looked for": ({0: "ab", 1: "a", 2: "a", 3: "a", 4: "a"}, {0, 1, 2}),
    "another came in its place": ({0: "ab", 1: "ac", 2: "ac", 3: "ac", 4: "ac"}, {0, 1, 2}),
    "it comes again": ({0: "ab", 1: "a", 2: "ab", 3: "ab"}, {0, 1, 2}),
    "all were silent for a minute": ({0: "a", 2: "a", 3: "a"}, {0, 2}),
    "all were silent for long": ({0: "a", 4: "a", 5: "a"}, {0, 4}),
}


@pytest.mark.parametrize(("heard", "waited_for"), HEARD.values(), ids=HEARD)
def test_a_window_is_complete_when_everybody_is_heard_who_was_lately(heard: dict[int, str], waited_for: set[int]) -> None:
    seconds = [(minute * 60 + 20 + 7 * n, each) for minute, them in heard.items() for n, each in enumerate(them)]
    summaries = count(*(summary(*each) for each in seconds), span=Span(START, START + timedelta(minutes=6))).summaries
    complete = dict(zip(summaries["minute"] - to_minute(START), summaries["complete"], strict=True))
    assert {minute for minute in heard if not complete[minute]} == waited_for


def test_a_window_whose_lines_were_not_understood_is_silent() -> None:
    windows = count(summary(30), entry(90, text=SUMMARY))
    assert windows.silent(windows.span) == 1
    assert windows.quality.unparsed == {"counters_lost": 1}


def test_nothing_gives_empty_tables() -> None:
    windows = count()
    assert figures(windows) == ([], [], [])
    assert "".join(csv_parts(counters_csv(windows))) == "minute,series,value\n"
    assert len(slow_csv(windows)) == 0
    assert list(slow_csv(windows).columns) == ["minute", "slow_request", "label", "count", "p50_ms", "p95_ms", "max_ms"]
    assert windows.quality.entries == 0


# ---- spans


def test_a_span_limits_every_table_and_no_count_of_entries() -> None:
    entries = [summary(60 * number + 30, value=2**number) for number in range(5)]
    entries += [slow(60 * number + 40, 1000 + number) for number in range(5)]
    span = Span(START + timedelta(minutes=1), START + timedelta(minutes=3))
    windows = count(*entries, span=span)
    assert windows.span == span
    assert by_minute(windows) == {1: 2, 2: 4}
    assert windows.slow["duration_ms"].tolist() == [1001.0, 1002.0]
    assert windows.summaries["lines"].tolist() == [1, 1]
    assert (windows.quality.entries, windows.quality.samples, windows.quality.slow_requests) == (10, 5, 5)


def test_a_summary_behind_the_span_can_push_one_into_it() -> None:
    entries = [summary(121, value=1), summary(179, value=2)]
    assert by_minute(count(*entries, span=Span(START, START + timedelta(minutes=2)))) == {1: 1}


def test_a_part_of_a_span_is_the_span_counted_alone() -> None:
    entries = [summary(60 * number + 30, value=2**number) for number in range(9)] + [
        slow(60 * number + 5, number) for number in range(9)
    ]
    part = Span(START + timedelta(minutes=2), START + timedelta(minutes=6))
    assert figures(count(*entries).within(part)) == figures(count(*entries, span=part))
    assert count(*entries).within(part).span == part


def test_without_a_span_the_windows_reach_from_first_to_last_entry() -> None:
    windows = count(entry(30, payload={"message": "x"}), summary(150), entry(290, payload={"message": "y"}))
    assert windows.span == (START, START + timedelta(minutes=5))


def test_a_summary_that_is_moved_before_the_first_entry_is_in_the_span() -> None:
    assert count(summary(121), summary(179)).span == (START + timedelta(minutes=1), START + timedelta(minutes=3))


@given(st.integers(-10_000_000, 100_000_000))
def test_a_minute_survives_the_way_to_a_time_and_back(minute: int) -> None:
    assert to_minute(from_minute(minute)) == minute
    assert to_minute(from_minute(minute) + timedelta(seconds=59, microseconds=999_999)) == minute


# ---- what files get


def test_whole_counts_are_written_without_decimals() -> None:
    table = counters_csv(count(summary(30, value=3.0), summary(90, value=10**18)))
    assert "".join(csv_parts(table)).splitlines() == [
        "minute,series,value",
        f"2026-08-20T03:00:00Z,{ATTEMPT},3",
        f"2026-08-20T03:01:00Z,{ATTEMPT},{10**18}",
    ]


def test_fractions_and_giants_are_written_as_they_are() -> None:
    assert counters_csv(count(summary(30, value=0.5), summary(90, value=2)))["value"].tolist() == [0.5, 2.0]
    assert counters_csv(count(summary(30, value=2.0**63), summary(90, value=1)))["value"].tolist() == [2.0**63, 1.0]


def test_a_counter_of_zero_is_a_row() -> None:
    assert by_minute(count(summary(30, value=0))) == {0: 0}


def percentile(values: list[float], share: float) -> float:
    """Give a percentile, interpolated between neighbours."""
    ordered = sorted(values)
    position = (len(ordered) - 1) * share
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


@pytest.mark.long
@QUICK
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["api", "checkout", "payment.confirm"]), st.integers(1, 40_000_000)),
        max_size=40,
    )
)
def test_percentiles_are_those_of_a_plain_computation(requests: list[tuple[int, str, int]]) -> None:
    entries = [
        slow(60 * minute + 1 + number / 100, thousandths / 1000, label, insert_id=str(number))
        for number, (minute, label, thousandths) in enumerate(requests)
    ]
    groups: dict[tuple[str, str], list[float]] = {}
    for minute, label, thousandths in requests:
        groups.setdefault((f"2026-08-20T03:0{minute}:00Z", label), []).append(thousandths / 1000)
    table = slow_csv(count(*entries)).frame()
    assert [(row.minute, row.label, row.count_) for row in table.rename(columns={"count": "count_"}).itertuples()] == [
        (minute, label, len(values)) for (minute, label), values in sorted(groups.items())
    ]
    for row, (_, values) in zip(table.itertuples(), sorted(groups.items()), strict=True):
        assert row.p50_ms == pytest.approx(statistics.median(values), abs=0.0006)
        assert row.p95_ms == pytest.approx(percentile(values, 0.95), abs=0.0006)
        assert row.max_ms == pytest.approx(max(values), abs=0.0006)
        assert row.slow_request == f"slow_request{{label={row.label}}}"


# ---- properties

SERIES = ("cache.hit", "cache.miss", ATTEMPT, "checkout.attempt{service=glycopharm}", "new{path=/a,b}")
SECONDS = st.integers(0, 300_000).map(lambda milliseconds: milliseconds / 1000)
INSTANCES = st.sampled_from(["a", "b", "c"])
COUNTS = st.dictionaries(st.sampled_from(SERIES), st.integers(0, 1000), max_size=4)


@st.composite
def logs(draw: st.DrawFn) -> list[list[Entry]]:
    """Give what some instances logged; entries that belong together stand together."""
    groups: list[list[Entry]] = []
    moments = draw(st.lists(SECONDS, unique=True, max_size=15))
    for number, second in enumerate(moments):
        instance = draw(INSTANCES)
        kind = draw(st.sampled_from(["summary", "summary", "summary", "slow", "block", "noise", "lost", "bad", "same moment"]))
        name = f"{number:02}"
        if kind == "summary":
            groups.append([entry(second, instance, insert_id=name, payload={"message": SUMMARY, **draw(COUNTS)})])
        elif kind == "slow":
            url = draw(st.sampled_from(["/api/v1/orders/1", "/api/v1/orders/2?t=1", "/x"]))
            label = draw(st.sampled_from(["api", "checkout"]))
            groups.append([slow(second, draw(st.integers(1, 9)), label, instance, url, insert_id=name)])
        elif kind == "block":
            groups.append(block(second, f"text-{name}", draw(COUNTS) | {"cache.hit": 1}))
        elif kind == "noise":
            groups.append([entry(second, instance, insert_id=name, payload={"message": "request", "cache.hit": 99})])
        elif kind == "lost":
            groups.append([entry(second, instance, insert_id=name, text=SUMMARY)])
        elif kind == "bad":
            groups.append([entry(second, instance, insert_id=name, payload={"message": SLOW_REQUEST})])
        else:
            pair = [{"message": SUMMARY, **draw(COUNTS)} for _ in range(2)]
            groups.append([entry(second, instance, insert_id=f"{name}{n}", payload=payload) for n, payload in enumerate(pair)])
    return groups


def flat(groups: list[list[Entry]]) -> list[Entry]:
    """Give the entries in order."""
    return [item for group in groups for item in group]


@pytest.mark.long
@QUICK
@given(logs(), st.randoms(use_true_random=False))
def test_order_changes_no_figure(groups: list[list[Entry]], chance: random.Random) -> None:
    entries = flat(groups)
    mixed = entries[:]
    chance.shuffle(mixed)
    first, second = count(*entries), count(*mixed)
    assert figures(second) == figures(first)
    assert second.quality == first.quality
    assert second.span == first.span


@pytest.mark.long
@QUICK
@given(logs(), st.data())
def test_overlapping_reads_and_repeats_change_no_figure(groups: list[list[Entry]], data: st.DataObject) -> None:
    entries = flat(groups)
    whole = count(*entries)
    size = data.draw(st.integers(1, 4))
    chosen = data.draw(st.lists(st.sets(st.integers(0, size - 1), min_size=1), min_size=len(entries), max_size=len(entries)))
    parts: list[list[Entry]] = [[] for _ in range(size)]
    for item, reads in zip(entries, chosen, strict=True):
        for part in reads:
            parts[part] += [item] * data.draw(st.integers(1, 2))
    merged = Reading(shape=SHAPE)
    for entries_read in data.draw(st.permutations(parts)):
        merged.merge(read(entries_read))
    repeated = aggregate(merged)
    assert figures(repeated) == figures(whole)
    assert repeated.span == whole.span
    assert_nothing_vanished(repeated.quality)
    told, expected = repeated.quality, whole.quality
    assert (told.samples, told.slow_requests, told.ignored, told.unparsed, told.instances, told.off_rhythm, told.late) == (
        expected.samples,
        expected.slow_requests,
        expected.ignored,
        expected.unparsed,
        expected.instances,
        expected.off_rhythm,
        expected.late,
    )
    assert told.duplicates == sum(map(len, parts)) - len(entries)


@pytest.mark.long
@QUICK
@given(logs())
def test_what_goes_in_comes_out(groups: list[list[Entry]]) -> None:
    expected: Counter[str] = Counter()
    for group in groups:
        text = "\n".join(item.text or "" for item in group).removeprefix(f"{SUMMARY} ")
        payloads = [json.loads(text)] if text.startswith("{") else [item.payload or {} for item in group]
        for payload in payloads:
            if payload.get("message", SUMMARY) == SUMMARY:
                expected.update({key: value for key, value in payload.items() if key != "message"})
    windows = count(*flat(groups))
    found = windows.counters.frame().groupby("series", observed=True)["value"].sum()
    assert {str(series): value for series, value in found.items()} == dict(expected)
    requests = [item for item in flat(groups) if item.payload and "durationMs" in item.payload]
    assert sorted(windows.slow["duration_ms"]) == sorted(item.payload["durationMs"] for item in requests if item.payload)
    assert len(windows.slow) == windows.quality.slow_requests
    assert_nothing_vanished(windows.quality)
    assert windows.quality.entries == len(flat(groups))
    assert windows.quality.duplicates == 0


@pytest.mark.long
@QUICK
@given(logs(), st.integers(0, 5), st.integers(1, 5))
def test_a_span_cuts_the_table_and_changes_no_row_of_it(groups: list[list[Entry]], start: int, minutes: int) -> None:
    span = Span(START + timedelta(minutes=start), START + timedelta(minutes=start + minutes))
    entries = flat(groups)
    assert figures(count(*entries, span=span)) == figures(count(*entries).within(span))


@pytest.mark.long
@QUICK
@given(logs())
def test_the_tables_are_sorted_and_hold_each_series_once_a_minute(groups: list[list[Entry]]) -> None:
    windows = count(*flat(groups))
    keys = list(windows.counters.rows("minute", "series"))
    assert keys == sorted(set(keys))
    slow, summaries = windows.slow.frame(), windows.summaries.frame()
    assert slow["minute"].is_monotonic_increasing
    assert summaries["minute"].is_monotonic_increasing
    assert summaries["minute"].is_unique


# ---- readings


def test_entries_that_could_not_be_decoded_are_counted_by_reason() -> None:
    first, second = read([summary(30)]), Reading(shape=SHAPE)
    first.refuse(Reason.NOT_JSON)
    second.refuse(Reason.NOT_JSON, 2)
    second.refuse(Reason.CUT_OFF)
    first.merge(second)
    quality = aggregate(first).quality
    assert quality.unparsed == {"cut_off": 1, "not_json": 3}
    assert_nothing_vanished(quality)


def test_refused_and_undecoded_entries_of_one_reason_add_up() -> None:
    reading = read([entry(30, text=f'{SUMMARY} {{"a": 1')])
    reading.refuse(Reason.CUT_OFF)
    assert aggregate(reading).quality.unparsed == {"cut_off": 2}


def test_merging_nothing_changes_nothing() -> None:
    entries = [summary(30), slow(40, 900), *block(90, "b", {ATTEMPT: 3})]
    merged = Reading(shape=SHAPE)
    for part in (Reading(shape=SHAPE), read(entries), Reading(shape=SHAPE)):
        merged.merge(part)
    assert figures(aggregate(merged)) == figures(count(*entries))


def test_flaws_are_told_by_counter() -> None:
    bad = entry(30, payload={"message": SUMMARY, ATTEMPT: 1, "x": -1, "y": "2", "z{a=b": 3})
    windows = count(bad, summary(90))
    assert windows.quality.flaws == {"negative: x": 1, "not_a_number: y": 1, "malformed_key: z{a=b": 1}
    assert windows.quality.samples == 2
    assert by_minute(windows, "z{a=b") == {0: 3}


def test_measured_values_stand_beside_the_counters() -> None:
    reading, other = read([summary(30)]), Reading(shape=SHAPE)
    reading.add_gauge("database.ping_ms", at(35), 12.5)
    other.add_gauge("redis.ping_ms", at(95), 3.0)
    other.add_gauge("database.ping_ms", at(95), 4.0)
    reading.merge(other)
    windows = aggregate(reading, span=Span(START, START + timedelta(minutes=2)))
    rows = list(windows.gauges.rows("minute", "series", "value"))
    first = to_minute(START)
    assert rows == [(first, "database.ping_ms", 12.5), (first + 1, "database.ping_ms", 4.0), (first + 1, "redis.ping_ms", 3.0)]
    assert not {"database.ping_ms", "redis.ping_ms"} & {*windows.counters.texts("series")}


def test_a_million_summaries_worth_of_counters_are_summed_in_parts() -> None:
    width = 700
    payload: dict[str, Any] = {"message": SUMMARY} | {f"new{{n={number}}}": 1 for number in range(width)}
    entries = [
        entry(60 * (number // 10) + 30, f"i{number % 10}", payload=payload, insert_id=str(number)) for number in range(400)
    ]
    table = count(*entries).counters
    assert len(table) == width * 40
    assert np.array_equal(np.unique(table["value"]), [10.0])


def test_a_spent_reading_gives_what_another_gives_and_loses_its_counters() -> None:
    entries = [summary(60 * number, "ab"[number % 2], number, insert_id="same") for number in range(20)] + [summary(0)] * 2
    spent = read(entries)
    windows = aggregate(spent, spent=True)
    assert figures(windows) == figures(count(*entries))
    assert windows.quality == count(*entries).quality
    assert (len(spent.counts.value), len(spent.rows.insert_id)) == (0, 0)


def test_of_a_spent_reading_too_it_is_known_which_counts_are_unknown() -> None:
    entries = [summary(0, value=1e308), summary(1, "b", 1e308), summary(60, value=-1)]
    assert aggregate(read(entries), spent=True).quality.flaws == count(*entries).quality.flaws != {}
