"""Reading Cloud Logging with the real generated client, over the wire, from a local server that keeps its rules."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from itertools import repeat as repeat_text
from math import isnan
from threading import Event
from typing import Any

import grpc
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.collect.columns import Reading
from logwatch.collect.files import FilesSource
from logwatch.collect.interface import CutShortError
from logwatch.collect.live.cloud_logging import (
    MOST_IDLE_PAGES,
    CloudLoggingSource,
    build_filter,
    build_source,
    judged,
    parse_address,
    take_page,
    to_entry,
)
from logwatch.collect.live.read_quota import ReadQuota
from logwatch.count.tables import ArrayTable
from logwatch.count.windows import Windows, aggregate
from logwatch.errors import ConfigError, SourceError
from logwatch.judge.evaluate import Course, evaluate
from logwatch.judge.rules.load import load_rules
from logwatch.notify.incidents import NotifyReason
from logwatch.pipeline.judge_range import judge, judge_and_replay
from logwatch.pipeline.tick import Policy, Ticker
from logwatch.pipeline.time_range import Wanted
from logwatch.settings import Settings, bundled
from logwatch.spans import NS, Span, to_datetime
from tests.conftest import ROOT
from tests.support.fake_clock import FakeClock
from tests.support.life import ALIVE
from tests.support.local_google import Fault, LoggingServer, load_entries, make_entry, repeat
from tests.support.local_google.filters import compile_filter, matches
from tests.support.local_google.logging_service import MAX_FILTER_CHARS, MAX_PAGE_SIZE
from tests.support.patience import PATIENCE_S
from tests.support.platform import SHAPE

LOGS = ROOT / "tests/fixtures/logs"
PROJECT = "o4o-demo"
RECORDED = ("calm", "storm", "payment", "text")
Status = grpc.StatusCode


def time_of(entry: Any) -> int:
    """Give the event time of a raw LogEntry in nanoseconds."""
    return int(entry.timestamp.seconds) * NS + int(entry.timestamp.nanos)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


HOUR = Span(utc("2026-02-24T00:00"), utc("2026-02-24T01:00"))


def whole(windows: Windows) -> Span:
    """Give a span that also takes in a summary that moved to the minute before the first."""
    return windows.span.widen(timedelta(minutes=1), timedelta(minutes=1))


def connect(server: LoggingServer, clock: FakeClock | None = None, **options: Any) -> CloudLoggingSource:
    clock = clock or FakeClock()
    options.setdefault("quota", ReadQuota(55, clock=clock, sleep=clock.sleep))
    return CloudLoggingSource(PROJECT, SHAPE, endpoint=server.address, **options)


def read(
    source: CloudLoggingSource | FilesSource, span: Span | None, told: list[tuple[str, float | None]] | None = None
) -> Reading:
    def progress(text: str, share: float | None) -> None:
        if told is not None:
            told.append((text, share))

    return source.read(span, service=None, progress=progress, meanwhile=lambda: None)


@cache
def entries_of(name: str) -> tuple[Any, ...]:
    """Give the raw entries of a fixture; who changes one copies it first."""
    return tuple(load_entries(LOGS / f"{name}.ndjson"))


@cache
def calm_twelve_times() -> tuple[Any, ...]:
    """Give over 2,000 entries that the filter wants, over twelve hours."""
    return tuple(repeat(entries_of("calm"), 12))


@contextmanager
def serving(*names: str, **options: Any) -> Iterator[LoggingServer]:
    entries = [entry for name in names for entry in entries_of(name)]
    with LoggingServer(entries, **options) as server:
        yield server


@cache
def recorded(name: str) -> Windows:
    """Give the windows of a fixture as files give them."""
    return aggregate(read(FilesSource([str(LOGS / f"{name}.ndjson")], SHAPE), None))


def frame_of(table: ArrayTable) -> pd.DataFrame:
    """Give a table with texts for categories, whose numbering may differ."""
    return table.frame().astype(dict.fromkeys(table.names, str))


def assert_same_windows(found: Windows, expected: Windows) -> None:
    for name in ("counters", "slow", "summaries"):
        pd.testing.assert_frame_equal(frame_of(getattr(found, name)), frame_of(getattr(expected, name)))


def assert_same_courses(found: tuple[Course, ...] | list[Course], expected: tuple[Course, ...] | list[Course]) -> None:
    assert [(course.rule.rule, course.labels) for course in found] == [(course.rule.rule, course.labels) for course in expected]
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine.minutes, theirs.minutes)
        one, other = (pd.DataFrame(each.columns) for each in (mine, theirs))
        pd.testing.assert_frame_equal(one, other, obj=f"{mine.rule.rule} {mine.labels}")


# ---- the same figures as from a file


@pytest.mark.long
@pytest.mark.parametrize("name", RECORDED)
def test_the_wire_gives_the_windows_and_verdicts_that_a_file_gives(name: str) -> None:
    from_file = recorded(name)
    span = whole(from_file)
    with serving(name) as server:
        over_wire = aggregate(read(connect(server), span), span=from_file.span)
    assert_same_windows(over_wire, from_file)
    assert over_wire.quality.unparsed == from_file.quality.unparsed
    assert over_wire.quality.instances == from_file.quality.instances
    assert over_wire.quality.off_rhythm == from_file.quality.off_rhythm
    rules = load_rules(bundled("rules")).rules
    assert_same_courses(evaluate(rules, over_wire), evaluate(rules, from_file))


def test_counters_that_the_development_format_lost_are_told_over_the_wire_too() -> None:
    from_file = recorded("development")
    with serving("development") as server:
        over_wire = aggregate(read(connect(server), whole(from_file)), span=from_file.span)
    assert over_wire.quality.unparsed == from_file.quality.unparsed
    assert over_wire.quality.unparsed["counters_lost"] > 0
    assert len(over_wire.counters) == 0


def test_pretty_printed_text_is_put_together_over_the_wire() -> None:
    from_file = recorded("text")
    with serving("text") as server:
        reading = read(connect(server), whole(from_file))
    windows = aggregate(reading, span=from_file.span)
    assert not windows.quality.unparsed
    assert windows.quality.samples == from_file.quality.samples
    assert windows.counters["value"].sum() == from_file.counters["value"].sum() > 0


@pytest.mark.long
@pytest.mark.parametrize("name", ["storm", "payment", "text"])
def test_a_part_of_a_span_is_judged_as_a_recording_is(name: str) -> None:
    rules = load_rules(bundled("rules"))
    ticker = Ticker(rules, Policy(), ALIVE)
    first = recorded(name).span.start
    end = recorded(name).span.end
    start = first + (end - first) // 2
    start = start.replace(second=0, microsecond=0)
    wanted = Wanted(lambda _: start, lambda _: end - timedelta(minutes=3), None, timedelta(seconds=90))
    now = end + timedelta(days=1)

    def silent(_text: str, _share: float | None) -> None:
        pass

    with serving(name) as server:
        over_wire = judge(connect(server), ticker, wanted, now=now, progress=silent)
        asked = server.requests[0].message.filter
    from_file = judge(FilesSource([str(LOGS / f"{name}.ndjson")], SHAPE), ticker, wanted, now=now, progress=silent)
    assert over_wire.span == from_file.span
    assert_same_windows(over_wire.windows.within(over_wire.span), from_file.windows.within(from_file.span))
    assert_same_courses(over_wire.courses, from_file.courses)
    reach = (start - rules.reach).strftime("%Y-%m-%dT%H:%M:%S")
    assert f'timestamp>="{reach}' in asked


@pytest.mark.long
def test_a_page_over_the_wire_is_that_of_the_recording() -> None:
    end = recorded("payment").span.end
    wanted = Wanted(lambda _: end - timedelta(minutes=50), lambda _: end - timedelta(minutes=10), None, timedelta(seconds=90))
    ticker = Ticker(load_rules(bundled("rules")), Policy(), ALIVE)
    now = end + timedelta(days=1)
    with serving("payment") as server:
        over_wire = judge_and_replay(connect(server), ticker, wanted, now=now, progress=lambda *_: None)
        orders = [request.message.order_by for request in server.requests]
    from_file = judge_and_replay(
        FilesSource([str(LOGS / "payment.ndjson")], SHAPE), ticker, wanted, now=now, progress=lambda *_: None
    )
    assert_same_courses(over_wire[0].courses, from_file[0].courses)
    assert over_wire[1].notifications == from_file[1].notifications
    assert [each.reason for each in over_wire[1].notifications] == [NotifyReason.FIRING, NotifyReason.RESOLVED]
    # Judged and replayed from one reading; for each message the lines that a step names are searched for, newest first.
    assert orders == ["timestamp asc", *["timestamp desc"] * 2]


def test_nothing_but_the_entries_of_the_wanted_span_is_counted() -> None:
    span = Span(utc("2026-02-24T03:30"), utc("2026-02-24T03:40"))
    with serving("storm") as server:
        reading = read(connect(server), span)
    start, end = (int(moment.timestamp()) * NS for moment in span)
    inside = [entry for entry in entries_of("storm") if start <= time_of(entry) < end]
    wanted = [entry for entry in inside if entry.json_payload["message"] in ("[OpsMetrics] 60s summary", "[SlowRequest]")]
    assert reading.entries == len(wanted) > 0
    assert all(start <= time < end for time in reading.rows.time)


def test_the_start_of_a_span_is_in_it_and_its_end_is_not() -> None:
    span = Span(utc("2026-02-24T00:00"), utc("2026-02-24T00:01"))
    at = [
        "2026-02-23T23:59:59.999999999Z",
        "2026-02-24T00:00:00Z",
        "2026-02-24T00:00:59.999999999Z",
        "2026-02-24T00:01:00Z",
    ]
    with LoggingServer([summary(time, {"cache.hit": 1}) for time in at]) as server:
        reading = read(connect(server), span)
    assert [time % (60 * NS) for time in reading.rows.time] == [0, 60 * NS - 1]


def summary(timestamp: str, counters: dict[str, Any], insert_id: str = "i", **fields: Any) -> Any:
    """Give a raw summary entry."""
    return make_entry(
        {
            "logName": f"projects/{PROJECT}/logs/run.googleapis.com%2Fstdout",
            "insertId": insert_id,
            "timestamp": timestamp,
            "receiveTimestamp": timestamp,
            "resource": {
                "type": "cloud_run_revision",
                "labels": {"service_name": "o4o-core-api", "location": "asia-northeast3"},
            },
            "labels": {"instanceId": "00ff"},
            "jsonPayload": {"message": "[OpsMetrics] 60s summary", **counters},
        }
        | fields
    )


def test_other_projects_services_and_regions_stay_out() -> None:
    other_region = {
        "type": "cloud_run_revision",
        "labels": {"service_name": "o4o-core-api", "location": "europe-west1"},
    }
    other_service = {"type": "cloud_run_revision", "labels": {"service_name": "o4o-web", "location": "asia-northeast3"}}
    job = {"type": "cloud_run_job", "labels": {"service_name": "o4o-core-api", "location": "asia-northeast3"}}
    at = "2026-02-24T00:00:10Z"
    entries = [
        summary(at, {"cache.hit": 1}, "mine"),
        summary(at, {"cache.hit": 10}, "region", resource=other_region),
        summary(at, {"cache.hit": 100}, "service", resource=other_service),
        summary(at, {"cache.hit": 1000}, "job", resource=job),
        summary(at, {"cache.hit": 10000}, "project", logName="projects/elsewhere/logs/run.googleapis.com%2Fstdout"),
    ]
    span = Span(utc("2026-02-24T00:00"), utc("2026-02-24T00:01"))
    with LoggingServer(entries) as server:
        reading = read(connect(server, service="o4o-core-api", location="asia-northeast3"), span)
    assert list(reading.counts.value) == [1.0]


VIEW = "projects/o4o-demo/locations/global/buckets/_Default/views/shop"
AT = "2026-02-24T00:00:10Z"
MINUTE = Span(utc("2026-02-24T00:00"), utc("2026-02-24T00:01"))


def two_projects() -> list[Any]:
    log = "projects/{}/logs/run.googleapis.com%2Fstdout"
    names = ("o4o-demo", "o4o-other")
    return [summary(AT, {"cache.hit": 10.0**number}, name, logName=log.format(name)) for number, name in enumerate(names)]


def built(server: LoggingServer, *addresses: str) -> CloudLoggingSource:
    settings = Settings.load({"LOGWATCH_LOGGING_ENDPOINT": server.address, "LOGWATCH_CACHE": "none"})
    return build_source(addresses, settings, SHAPE)


def values(source: CloudLoggingSource) -> list[float]:
    return sorted(read(source, MINUTE).counts.value)


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("gcp://o4o-demo", ("o4o-demo", None, "projects/o4o-demo")),
        ("gcp://o4o-demo/api", ("o4o-demo", "api", "projects/o4o-demo")),
        (f"gcp://{VIEW[9:]}", ("o4o-demo", None, VIEW)),
        (f"gcp://{VIEW[9:]}/", ("o4o-demo", None, VIEW)),
        (f"gcp://{VIEW[9:]}/api", ("o4o-demo", "api", VIEW)),
    ],
)
def test_an_address_names_a_project_or_a_view(address: str, named: tuple[str, str | None, str]) -> None:
    assert tuple(parse_address(address)) == named


@pytest.mark.parametrize(
    "address",
    ["gcp://o4o-demo/locations/global", "gcp://o4o-demo/locations/global/buckets/b", f"gcp://{VIEW[9:]}/a/b", f"gcp://{VIEW}"],
)
def test_half_a_view_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match=r"name of a service|not a project ID") as caught:
        parse_address(address)
    assert "views/VIEW" in str(caught.value.hint)


def test_a_view_is_read_with_the_right_to_it_alone() -> None:
    with LoggingServer(two_projects()) as server:
        server.service.readable = {VIEW}
        assert values(built(server, f"gcp://{VIEW[9:]}")) == [1]
        with pytest.raises(SourceError, match="PermissionDenied") as caught:
            values(built(server, "gcp://o4o-demo"))
        assert "--role=roles/logging.viewer" in str(caught.value.hint)
        server.service.readable = {"projects/elsewhere"}
        with pytest.raises(SourceError) as caught:
            values(built(server, f"gcp://{VIEW[9:]}"))
        assert "gcloud logging views add-iam-policy-binding shop --bucket=_Default --location=global" in str(caught.value.hint)
        assert str(caught.value.hint).endswith("--role=roles/logging.viewAccessor")


def test_a_view_shows_what_it_holds() -> None:
    with LoggingServer(two_projects()) as server:
        server.service.views[VIEW] = 'jsonPayload."cache.hit">5'
        assert values(built(server, f"gcp://{VIEW[9:]}")) == []


def test_several_projects_are_read_at_once() -> None:
    with LoggingServer(two_projects()) as server:
        source = built(server, "gcp://o4o-demo", "gcp://o4o-other", "gcp://o4o-demo")
        assert values(source) == [1, 10]
        assert [[*each.message.resource_names] for each in server.requests] == [["projects/o4o-demo", "projects/o4o-other"]]


def test_of_several_projects_the_one_that_may_not_be_read_is_told_and_nothing_else_counts() -> None:
    with LoggingServer(two_projects()) as server:
        server.service.readable = {"projects/o4o-demo"}
        with pytest.raises(SourceError, match="PermissionDenied") as caught:
            values(built(server, "gcp://o4o-demo", "gcp://o4o-other"))
    assert not isinstance(caught.value, CutShortError)
    assert caught.value.where == "gcp://o4o-other"
    assert "projects add-iam-policy-binding o4o-other" in str(caught.value.hint)


def test_projects_with_services_of_their_own_are_not_watched_together() -> None:
    with LoggingServer() as server, pytest.raises(ConfigError, match="have one service") as caught:
        built(server, "gcp://o4o-demo/api", "gcp://o4o-other/web")
    assert caught.value.where == "gcp://o4o-other/web"


def test_numbers_of_every_size_arrive_as_they_were_sent() -> None:
    counters = {
        "zero": 0,
        "one": 1,
        "large": 2**53,
        "part": 0.25,
        "negative": -1,
        "text": "7",
        "nothing": None,
        "yes": True,
    }
    span = Span(utc("2026-02-24T00:00"), utc("2026-02-24T00:01"))
    with LoggingServer([summary("2026-02-24T00:00:10Z", counters)]) as server:
        reading = read(connect(server), span)
    found = dict(zip(reading.series, reading.counts.value, strict=True))
    assert {key: value for key, value in found.items() if not isnan(value)} == {
        "zero": 0.0, "one": 1.0, "large": 2.0**53, "part": 0.25,
    }  # fmt: skip
    assert {key for key, value in found.items() if isnan(value)} == {"negative", "text", "nothing", "yes"}
    assert dict(reading.flaws) == {
        "negative: negative": 1,
        **{f"not_a_number: {key}": 1 for key in ("text", "nothing", "yes")},
    }


def slow_request(**payload: Any) -> Any:
    """Give a raw slow request with other things in its payload; None leaves one out."""
    usual = {
        "message": "[SlowRequest]",
        "label": "api",
        "durationMs": 1200,
        "method": "GET",
        "url": "/a/12?b",
        "statusCode": 200,
    }
    wanted = {key: value for key, value in (usual | payload).items() if value is not None}
    return summary("2026-02-24T00:00:20Z", {}, "slow", jsonPayload=wanted)


ODD: dict[str, Any] = {
    "nothing odd": summary("2026-02-24T00:00:10Z", {"cache.hit": 1}),
    "a counter of zero": summary("2026-02-24T00:00:10Z", {"cache.hit": 1, "new": 0}),
    "a negative counter": summary("2026-02-24T00:00:10Z", {"cache.hit": 1, "cache.miss": -1}),
    "a counter that is a text": summary("2026-02-24T00:00:10Z", {"cache.hit": 1, "cache.miss": "12"}),
    "a counter that is an object": summary("2026-02-24T00:00:10Z", {"cache.hit": 1, "cache.miss": {"a": 1}}),
    "no counter": summary("2026-02-24T00:00:10Z", {"level": "info"}),
    "a counter in Korean whose labels do not close": summary("2026-02-24T00:00:10Z", {"error.code{code=결제_실패": 1}),
    "no instance": summary("2026-02-24T00:00:10Z", {"cache.hit": 1}, labels={}),
    "no instance and no resource": summary("2026-02-24T00:00:10Z", {"cache.hit": 1}, labels={}, resource={}),
    "another message": summary("2026-02-24T00:00:10Z", {"message": "GET /", "cache.hit": 1}),
    "a usual slow request": slow_request(),
    "a slow request without a label": slow_request(label=None),
    "a slow request whose time is a text": slow_request(durationMs="1200"),
    "a slow request of no time": slow_request(durationMs=0),
    "a slow request of negative time": slow_request(durationMs=-1),
    "a slow request without a method": slow_request(method=None),
    "a slow request with an endless method": slow_request(method="G" * 50),
    "a slow request whose URL is a number": slow_request(url=3),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_entry_of_a_page_is_what_it_is_alone(odd: Any) -> None:
    page = [*entries_of("calm"), *entries_of("text")[:50]]
    page.insert(len(page) // 2, odd)
    together, apart = Reading(shape=SHAPE), Reading(shape=SHAPE)
    take_page(page, together)
    for raw in page:
        apart.add(to_entry(raw, SHAPE))
    found, expected = aggregate(together), aggregate(apart)
    assert_same_windows(found, expected)
    assert found.quality == expected.quality
    assert found.span == expected.span


# ---- pages


def test_an_interrupt_does_not_wait_for_the_page_on_its_way() -> None:
    released, waited = Event(), Event()

    def sleep(_seconds: float) -> None:
        if not released.wait(PATIENCE_S):
            waited.set()
        raise SourceError("waited for long enough")

    def interrupt() -> None:
        raise KeyboardInterrupt

    waiting = ReadQuota(1, clock=lambda: 0.0, sleep=sleep)
    waiting.wait(lambda _seconds: None)  # the next call has to wait for a minute
    source = CloudLoggingSource(PROJECT, SHAPE, endpoint="localhost:1", quota=waiting)
    with pytest.raises(KeyboardInterrupt):
        source.read(HOUR, service=None, progress=lambda *_: None, meanwhile=interrupt)
    assert not waited.is_set()
    released.set()


def test_a_walk_over_many_pages_misses_nothing() -> None:
    once = recorded("calm")
    entries = calm_twelve_times()
    span = Span(once.span.start - timedelta(minutes=1), once.span.end + timedelta(days=1))
    with LoggingServer(entries) as server:
        reading = read(connect(server), span)
        pages = len(server.requests)
    windows = aggregate(reading, span=span)
    assert reading.entries > 2 * MAX_PAGE_SIZE
    assert pages == -(-reading.entries // MAX_PAGE_SIZE)
    assert windows.counters["value"].sum() == 12 * once.counters["value"].sum()
    assert len(windows.slow) == 12 * len(once.slow)


def test_empty_pages_with_a_token_do_not_end_the_walk() -> None:
    entries = calm_twelve_times()
    span = Span(utc("2026-02-23T00:00"), utc("2026-02-26T00:00"))
    with LoggingServer(entries, empty_pages=2) as server:
        reading = read(connect(server), span)
        pages = len(server.requests)
    with LoggingServer(entries) as server:
        assert reading.entries == read(connect(server), span).entries
        assert pages > len(server.requests)


@contextmanager
def endless(*names: str, again: bool) -> Iterator[CloudLoggingSource]:
    """Give a source whose server always has another page, the first one again, by the same token or by ever new ones."""
    with serving(*names, quota=None) as server:
        server.calls.endless = repeat_text("next") if again else map(str, count())
        yield connect(server)


@pytest.mark.long
@pytest.mark.parametrize("names", [("calm",), ()])
@pytest.mark.parametrize(
    ("again", "said"), [(True, "the same page token came twice"), (False, "pages in a row brought nothing newer")]
)
def test_pages_without_end_come_to_one(names: tuple[str, ...], again: bool, said: str) -> None:  # noqa: FBT001
    span = whole(recorded("calm"))
    last = max(map(time_of, entries_of("calm")))
    with endless(*names, again=again) as source:
        with pytest.raises(SourceError, match=said) as caught:
            read(source, span)
        assert source.calls <= MOST_IDLE_PAGES + 3
    assert isinstance(caught.value, CutShortError) == bool(names)
    if isinstance(caught.value, CutShortError):
        assert (caught.value.before, caught.value.over) == (to_datetime(last // NS * NS), False)


@pytest.mark.parametrize("again", [True, False])
def test_pages_without_end_take_no_more_than_a_runs_time_and_quota(again: bool) -> None:  # noqa: FBT001
    with endless("calm", again=again) as source:
        ending = source.ending(40)
        with pytest.raises(CutShortError) as caught:
            read(ending, whole(recorded("calm")))
        assert ending.calls <= 55
        assert ending.quota.clock() <= FakeClock().now + 40
    assert caught.value.over is not again


@pytest.mark.parametrize("again", [True, False])
def test_looks_at_pages_without_end_are_few(again: bool) -> None:  # noqa: FBT001
    with endless(again=again) as source:
        looks: list[Callable[[], object]] = [
            lambda: source.last_seen(HOUR, service=None),
            lambda: source.seen_minutes(HOUR, service=None),
            lambda: source.services(HOUR),
            lambda: source.last_of_all(HOUR),
            lambda: source.search("x", HOUR, service=None, most=5),
        ]
        for look in looks:
            before = source.calls
            with suppress(SourceError):
                look()
            assert source.calls - before <= 60


def test_every_request_of_a_walk_is_the_same_but_for_its_token() -> None:
    entries = calm_twelve_times()
    with LoggingServer(entries) as server:
        read(connect(server), Span(utc("2026-02-23T00:00"), utc("2026-02-26T00:00")))
        messages = [request.message for request in server.requests]
    assert len(messages) > 2
    assert {message.page_size for message in messages} == {MAX_PAGE_SIZE}
    assert {message.order_by for message in messages} == {"timestamp asc"}
    assert {tuple(message.resource_names) for message in messages} == {(f"projects/{PROJECT}",)}
    assert len({message.filter for message in messages}) == 1
    assert len({message.page_token for message in messages}) == len(messages)


def test_a_project_without_entries_gives_an_empty_reading() -> None:
    with LoggingServer() as server:
        reading = read(connect(server), HOUR)
    assert (reading.entries, reading.first, reading.last) == (0, None, None)


def test_progress_tells_how_far_the_walk_has_come() -> None:
    told: list[tuple[str, float | None]] = []
    entries = calm_twelve_times()
    with LoggingServer(entries) as server:
        read(connect(server), Span(utc("2026-02-24T00:00"), utc("2026-02-24T12:00")), told)
    shares = [share for _, share in told if share is not None]
    assert len(shares) >= 3
    assert shares == sorted(shares)
    assert 0 < shares[0] < 1
    assert 0.9 < shares[-1] <= 1
    assert "entries, up to 2026-02-24T" in told[-1][0]


# ---- entries that repeat, arrive late and out of order


def test_entries_that_the_service_repeats_count_once() -> None:
    from_file = recorded("payment")
    with serving("payment", "payment", duplicates=True) as server:
        windows = aggregate(read(connect(server), whole(from_file)), span=from_file.span)
    assert_same_windows(windows, from_file)
    assert windows.quality.duplicates == windows.quality.samples + windows.quality.slow_requests


def test_lines_of_pretty_printed_text_that_repeat_count_once() -> None:
    from_file = recorded("text")
    with serving("text", "text", duplicates=True) as server:
        windows = aggregate(read(connect(server), whole(from_file)), span=from_file.span)
    assert_same_windows(windows, from_file)


def test_entries_of_one_instant_are_told_apart_by_insert_id_and_log() -> None:
    at = "2026-02-24T00:00:10Z"
    stderr = f"projects/{PROJECT}/logs/run.googleapis.com%2Fstderr"
    entries = [
        summary(at, {"cache.hit": 1}, "a"),
        summary(at, {"cache.hit": 1}, "a"),
        summary(at, {"cache.hit": 10}, "b"),
        summary(at, {"cache.hit": 100}, "a", logName=stderr),
    ]
    span = Span(utc("2026-02-23T23:55"), utc("2026-02-24T00:01"))
    with LoggingServer(entries, duplicates=True) as server:
        windows = aggregate(read(connect(server), span), span=span)
    assert windows.counters["value"].sum() == 111
    assert windows.quality.duplicates == 1


def test_late_entries_are_seen_by_the_next_read_and_counted_as_late() -> None:
    from_file = recorded("calm")
    entries = load_entries(LOGS / "calm.ndjson")
    late = [entry for entry in entries if entry.json_payload["message"] == "[OpsMetrics] 60s summary"][10:15]
    for entry in late:
        entry.receive_timestamp.seconds = entry.timestamp.seconds + 600
    moment = utc("2026-02-24T00:12")
    with LoggingServer(entries, now=lambda: moment) as server:
        source = connect(server)
        before = read(source, whole(from_file))
        moment = utc("2026-02-24T02:00")
        after = read(source, whole(from_file))
    assert before.entries < after.entries
    windows = aggregate(after, span=from_file.span)
    assert_same_windows(windows, from_file)
    assert windows.quality.late == len(late)


def test_the_order_in_which_entries_arrived_changes_no_figure() -> None:
    from_file = recorded("text")
    entries = list(entries_of("text"))
    random.Random(7).shuffle(entries)  # noqa: S311 - an order, no secret
    half = len(entries) // 2
    with LoggingServer(entries[:half]) as server:
        server.add(entries[half:])
        windows = aggregate(read(connect(server), whole(from_file)), span=from_file.span)
    assert_same_windows(windows, from_file)


# ---- what may pass is tried again, within the budget


@pytest.mark.parametrize("code", [Status.RESOURCE_EXHAUSTED, Status.UNAVAILABLE, Status.INTERNAL, Status.DEADLINE_EXCEEDED])
@pytest.mark.parametrize("times", [1, 3])
def test_a_failure_that_may_pass_is_tried_again(code: grpc.StatusCode, times: int) -> None:
    clock = FakeClock()
    told: list[tuple[str, float | None]] = []
    from_file = recorded("calm")
    with serving("calm") as server:
        server.faults = [Fault(code)] * times
        reading = read(connect(server, clock), whole(from_file), told)
        assert len(server.requests) == times + 1
    assert_same_windows(aggregate(reading, span=from_file.span), from_file)
    assert len(clock.waits) == times
    assert clock.waits == sorted(clock.waits)
    assert min(clock.waits) >= (5 if code is Status.RESOURCE_EXHAUSTED else 0.1)
    assert sum("again in" in text for text, _ in told) == times


def test_a_failure_in_the_middle_of_a_walk_costs_and_repeats_nothing() -> None:
    entries = calm_twelve_times()
    span = Span(utc("2026-02-23T00:00"), utc("2026-02-26T00:00"))
    with LoggingServer(entries) as server:
        expected = read(connect(server), span).entries
        server.faults = [None, Fault(Status.UNAVAILABLE), None, Fault(Status.RESOURCE_EXHAUSTED)]
        reading = read(connect(server), span)
    assert reading.entries == expected
    assert aggregate(reading, span=span).quality.duplicates == 0


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (Status.RESOURCE_EXHAUSTED, "60 reads a minute"),
        (Status.UNAVAILABLE, "LOGWATCH_READ_BUDGET"),
        (Status.INTERNAL, "LOGWATCH_READ_BUDGET"),
        (Status.DEADLINE_EXCEEDED, "LOGWATCH_READ_BUDGET"),
    ],
)
def test_a_failure_that_stays_ends_within_the_budget(code: grpc.StatusCode, hint: str) -> None:
    clock = FakeClock()
    with serving("calm") as server:
        server.faults = [Fault(code)] * 500
        with pytest.raises(SourceError) as raised:
            read(connect(server, clock, budget_s=100), HOUR)
    assert 60 < sum(clock.waits) <= 100
    assert raised.value.exit_code == 3
    assert raised.value.where == f"gcp://{PROJECT}"
    assert hint in str(raised.value)


def test_a_walk_that_fails_now_and_then_has_the_whole_budget_for_each_page() -> None:
    clock = FakeClock()
    entries = calm_twelve_times()
    with LoggingServer(entries) as server:
        server.faults = [Fault(Status.RESOURCE_EXHAUSTED), Fault(Status.RESOURCE_EXHAUSTED), None] * 3
        reading = read(connect(server, clock, budget_s=20), Span(utc("2026-02-23T00:00"), utc("2026-02-26T00:00")))
    assert reading.entries > 2 * MAX_PAGE_SIZE
    assert sum(clock.waits) > 20


def test_a_server_that_never_answers_costs_no_more_than_the_budget() -> None:
    with serving("calm") as server:
        server.faults = [Fault(delay_s=30)] * 10
        source = CloudLoggingSource(PROJECT, SHAPE, endpoint=server.address, budget_s=0.5)  # the real clock
        with pytest.raises(SourceError, match="DeadlineExceeded"):
            read(source, HOUR)


def test_a_port_where_nobody_listens_is_a_source_error() -> None:
    with LoggingServer() as server:
        address = server.address
    clock = FakeClock()
    source = CloudLoggingSource(
        PROJECT, SHAPE, endpoint=address, budget_s=1, quota=ReadQuota(55, clock=clock, sleep=clock.sleep)
    )
    with pytest.raises(SourceError, match="ServiceUnavailable"):
        read(source, HOUR)


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (Status.PERMISSION_DENIED, "--role=roles/logging.viewer"),
        (Status.UNAUTHENTICATED, "gcloud auth application-default login"),
        (Status.NOT_FOUND, "gcloud projects list"),
        (Status.INVALID_ARGUMENT, "--dump-filter"),
    ],
)
def test_a_failure_that_cannot_pass_is_told_at_once_with_its_mend(code: grpc.StatusCode, hint: str) -> None:
    clock = FakeClock()
    with serving("calm") as server:
        server.faults = [Fault(code, message="because\nof something")] * 5
        with pytest.raises(SourceError) as raised:
            read(connect(server, clock), HOUR)
    assert len(server.requests) == 1
    assert clock.waits == []
    assert raised.value.exit_code == 3
    assert "because" in raised.value.message
    assert "\n" not in raised.value.message
    assert raised.value.where == f"gcp://{PROJECT}"
    assert hint in (raised.value.hint or "")


# ---- the quota


@pytest.mark.parametrize("per_minute", [60, 55])
def test_a_long_walk_never_trips_the_quota_of_the_project(per_minute: int) -> None:
    clock = FakeClock()
    told: list[tuple[str, float | None]] = []
    span = Span(utc("2026-02-24T00:00"), utc("2026-02-24T00:01"))
    pages = 130
    with LoggingServer([summary("2026-02-24T00:00:10Z", {"cache.hit": 1})], quota=60, clock=clock) as server:
        source = connect(server, clock, quota=ReadQuota(per_minute, clock=clock, sleep=clock.sleep))
        for _ in range(pages):
            read(source, span, told)
            clock.now += 0.125  # no rounding: server and source add and subtract alike
        assert len(server.requests) == pages  # one that was refused would have come again
    assert 1 <= len(clock.waits) <= pages // per_minute
    assert max(clock.waits) <= 60
    assert any("for the read quota" in text for text, _ in told)


def test_what_is_tried_again_counts_against_the_quota_too() -> None:
    clock = FakeClock()
    quota = ReadQuota(3, clock=clock, sleep=clock.sleep)
    with serving("calm", clock=clock) as server:
        server.faults = [Fault(Status.UNAVAILABLE)] * 4
        read(connect(server, clock, quota=quota), HOUR)
        times = [request.at for request in server.requests]
    assert len(times) == 5
    assert all(later - earlier >= 60 for earlier, later in zip(times, times[3:], strict=False))


# ---- the filter

HOSTILE = st.text(max_size=60) | st.text('\\"\n\r\t ()=:~*-', max_size=20) | st.sampled_from(
    [
        '" OR resource.type="gae_app', '\\" OR severity>=DEFAULT', "a\\", "\\\\", 'x")\nOR (timestamp>"1970-01-01T00:00:00Z"',
        "a AND b", "NOT", "-", "--x", '"', '""', "\x00", "\u2028", "o4o-core-api\nOR severity>=DEFAULT",
    ]
)  # fmt: skip
MINUTE = Span(utc("2026-02-24T00:00"), utc("2026-02-24T00:01"))


def entry_of(service: str, location: str, at: str = "2026-02-24T00:00:10Z", kind: str = "cloud_run_revision") -> Any:
    return summary(at, {"cache.hit": 1}, resource={"type": kind, "labels": {"service_name": service, "location": location}})


@given(service=HOSTILE, location=HOSTILE)
def test_no_name_breaks_out_of_the_filter(service: str, location: str) -> None:
    wanted = compile_filter(build_filter(MINUTE, service=service, location=location, condition=judged(SHAPE)))
    if service and location:
        assert wanted(entry_of(service, location))
        assert not wanted(entry_of(f"{service}x", location))
        assert not wanted(entry_of(service, f"{location}x"))
    assert not wanted(entry_of(service, location, at="2026-02-24T00:01:00Z"))
    assert not wanted(entry_of(service, location, at="2026-02-23T23:59:59Z"))
    assert not wanted(entry_of(service, location, kind="gae_app"))


SPANS = st.timedeltas(timedelta(), timedelta(days=36_500)).map(lambda since: utc("2000-01-01") + since)


@given(start=SPANS, length=st.timedeltas(timedelta(microseconds=1), timedelta(days=90)))
def test_the_filter_always_has_both_bounds_and_they_are_exact(start: datetime, length: timedelta) -> None:
    text = build_filter(Span(start, start + length), service="o4o-core-api", location=None, condition=judged(SHAPE))

    def holds(moment: datetime) -> bool:
        return matches(text, entry_of("o4o-core-api", "x", at=moment.isoformat().replace("+00:00", "Z")))

    assert text.count("timestamp>=") == text.count("timestamp<") - text.count("timestamp<=") == 1
    assert holds(start)
    assert holds(start + length - timedelta(microseconds=1))
    assert not holds(start + length)
    assert not holds(start - timedelta(microseconds=1))


def test_the_filter_is_short_and_names_no_severity() -> None:
    text = build_filter(MINUTE, service="s" * 63, location="asia-northeast3", condition=judged(SHAPE))
    assert len(text) < MAX_FILTER_CHARS
    assert "severity" not in text.lower()
    assert text.startswith('resource.type="cloud_run_revision"\n')


WANTED = [
    ("a summary", {"jsonPayload": {"message": "[OpsMetrics] 60s summary", "cache.hit": 1}}),
    ("a summary of severity WARNING", {"jsonPayload": {"message": "[OpsMetrics] 60s summary"}, "severity": "WARNING"}),
    ("a slow request", {"jsonPayload": {"message": "[SlowRequest]", "durationMs": 820, "label": "checkout"}}),
    ("a summary in one text", {"textPayload": '[OpsMetrics] 60s summary {"cache.hit": 1}'}),
    ("a development summary", {"textPayload": "2026-02-24 00:00:10 info: \x1b[32m[OpsMetrics] 60s summary\x1b[39m"}),
    ("the head of a pretty-printed summary", {"textPayload": "[OpsMetrics] 60s summary {"}),
    ("a line of a pretty-printed summary", {"textPayload": '  "cache.hit": 340,'}),
    ("the end of a pretty-printed summary", {"textPayload": "}"}),
]  # fmt: skip
UNWANTED = [
    ("an error line", {"jsonPayload": {"message": "[KPA Payment] Confirm error: 400"}}),
    ("a line of access", {"textPayload": "GET /api/v1/store/products 200"}),
    ("another number of seconds", {"jsonPayload": {"message": "[OpsMetrics] 30s summary"}}),
    ("a stack", {"textPayload": "    at Controller.run (/app/dist/main.js:48211:15)"}),
]


@pytest.mark.parametrize(("what", "fields"), WANTED, ids=[what for what, _ in WANTED])
def test_the_filter_finds(what: str, fields: dict[str, Any]) -> None:
    assert matches(
        build_filter(MINUTE, service="o4o-core-api", location="asia-northeast3", condition=judged(SHAPE)), line(fields)
    ), what


@pytest.mark.parametrize(("what", "fields"), UNWANTED, ids=[what for what, _ in UNWANTED])
def test_the_filter_leaves_out(what: str, fields: dict[str, Any]) -> None:
    assert not matches(
        build_filter(MINUTE, service="o4o-core-api", location="asia-northeast3", condition=judged(SHAPE)), line(fields)
    ), what


def line(fields: dict[str, Any]) -> Any:
    entry = summary("2026-02-24T00:00:10Z", {})
    entry.ClearField("json_payload")
    entry.MergeFrom(make_entry(fields))
    return entry


@pytest.mark.parametrize("name", RECORDED)
def test_the_filter_misses_no_line_that_a_file_would_count(name: str) -> None:
    from_file = recorded(name)
    wanted = compile_filter(
        build_filter(whole(from_file), service="o4o-core-api", location="asia-northeast3", condition=judged(SHAPE))
    )
    found = sum(map(wanted, entries_of(name)))
    quality = from_file.quality
    assert found >= quality.samples + quality.slow_requests + sum(quality.unparsed.values())
