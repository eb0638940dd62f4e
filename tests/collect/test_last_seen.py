"""The last sign of life of a service, out of recordings and out of Cloud Logging."""

import gzip
import io
import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.collect.files import FilesSource
from logwatch.collect.last_seen import latest
from logwatch.collect.live.cloud_logging import LIFE_SAMPLES, MOST_EMPTY_PAGES, MOST_LIFE_PAGES, CloudLoggingSource
from logwatch.errors import SourceError
from logwatch.spans import EPOCH, WINDOW, Span, to_datetime, to_nanoseconds
from tests.support.local_google import Fault, LoggingServer, make_entry
from tests.support.other_lines import API, PROJECT, WORKER, at, connect, entry, lines
from tests.support.platform import SHAPE

Make = Callable[[list[dict[str, Any]], Path], FilesSource]


# One entry of each kind: a summary, a plain line of text, another object, and another service's in between and last.
ENTRIES = [
    entry(0, payload={"message": "[OpsMetrics] 60s summary", "cache.hit": 3}),
    entry(6, kind="textPayload", payload="GET /health/database 200"),
    entry(4),
    entry(8, service=WORKER),
    entry(9.5),
]


def to_file(name: str, content: bytes) -> Make:
    def make(entries: list[dict[str, Any]], folder: Path) -> FilesSource:
        del entries
        (folder / name).write_bytes(content)
        return FilesSource([str(folder / name)], SHAPE)

    return make


def in_two_files(entries: list[dict[str, Any]], folder: Path) -> FilesSource:
    (folder / "a.ndjson").write_bytes(lines(entries[3:]))
    (folder / "b.ndjson.gz").write_bytes(gzip.compress(lines(entries[:3])))
    return FilesSource([str(folder)], SHAPE)


FORMS: dict[str, Make] = {
    "ndjson": to_file("x.ndjson", lines(ENTRIES)),
    "array": to_file("x.json", json.dumps(ENTRIES, indent=2).encode()),
    "gz": to_file("x.ndjson.gz", gzip.compress(lines(ENTRIES))),
    "array gz": to_file("x.json.gz", gzip.compress(json.dumps(ENTRIES).encode())),
    "utf-16": to_file("x.json", lines(ENTRIES).decode().encode("utf-16")),
    "folder": in_two_files,
    "with rubbish": to_file(
        "x.ndjson", b'\xff?\n\n{"\n' + lines(ENTRIES) + b'not json\n{"timestamp":"2026-02-24T03:09:59Z"}\n{"cut'
    ),
}
CASES = [
    (0, 10, API, 9.5),
    (0, 9.5, API, 6),  # half-open: what lies on the end is outside
    (4, 6, API, 4),  # and what lies on the start inside; lines may be out of order
    (6.5, 9, API, None),
    (6.5, 9, None, 8),
    (7, 9, WORKER, 8),
    (10, 20, API, None),
    (-20, 0, API, None),
    (0, 10, "unknown", None),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("start", "end", "service", "expected"), CASES)
def test_a_recording_tells_the_latest_entry_of_any_kind(
    tmp_path: Path, form: str, start: float, end: float, service: str | None, expected: float | None
) -> None:
    source = FORMS[form](ENTRIES, tmp_path)
    seen = source.last_seen(Span(at(start), at(end)), service=service)
    assert seen == (None if expected is None else at(expected))


def test_an_entry_that_names_no_service_counts_for_any(tmp_path: Path) -> None:
    nameless = {name: value for name, value in entry(3).items() if name != "resource"}
    source = to_file("x.ndjson", lines([nameless]))([], tmp_path)
    assert source.last_seen(Span(at(0), at(5)), service=API) == at(3)


def test_a_recording_is_decoded_once(tmp_path: Path) -> None:
    source = FORMS["ndjson"](ENTRIES, tmp_path)
    source.last_seen(Span(at(0), at(1)), service=API)
    (tmp_path / "x.ndjson").unlink()
    assert source.last_seen(Span(at(0), at(10)), service=API) == at(9.5)


def test_standard_input_and_pipes_are_not_read_a_second_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines(ENTRIES))))
    assert FilesSource(["-", str(tmp_path / "pipe")], SHAPE).last_seen(Span(at(0), at(10)), service=API) is None
    assert sys.stdin.read()


def test_a_recording_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        FilesSource([str(tmp_path / "gone.ndjson")], SHAPE).last_seen(Span(at(0), at(1)), service=None)


@given(st.lists(st.integers(-50, 50)), st.integers(-60, 60), st.integers(0, 30))
def test_the_latest_is_the_greatest_within_the_span(minutes: list[int], start: int, length: int) -> None:
    from array import array

    times = array("q", sorted(to_nanoseconds(at(minute)) for minute in minutes))
    inside = [minute for minute in minutes if start <= minute < start + length]
    expected = at(max(inside)) if inside else None
    assert latest(times, Span(at(start), at(start + length))) == expected


@pytest.mark.parametrize(("start", "end", "service", "expected"), CASES)
def test_cloud_logging_tells_the_latest_entry_of_any_kind_in_one_call(
    start: float, end: float, service: str | None, expected: float | None
) -> None:
    with LoggingServer(make_entry(found) for found in ENTRIES) as server:
        source, _ = connect(server, location="asia-northeast3")
        seen = source.last_seen(Span(at(start), at(end)), service=service)
        assert seen == (None if expected is None else at(expected))
        [received] = server.requests
        assert (received.message.page_size, received.message.order_by) == (1, "timestamp desc")
        assert 'resource.labels.location="asia-northeast3"' in received.message.filter
        assert "OpsMetrics" not in received.message.filter


def test_the_service_of_the_address_counts_where_none_is_named() -> None:
    with LoggingServer(make_entry(found) for found in ENTRIES) as server:
        source, _ = connect(server, service=WORKER)
        assert source.last_seen(Span(at(0), at(10)), service=None) == at(8)


def test_nanoseconds_are_cut_as_everywhere_else() -> None:
    found = entry(3) | {"timestamp": "2026-02-24T03:03:00.123456789Z"}
    with LoggingServer([make_entry(found)]) as server:
        source, _ = connect(server)
        assert source.last_seen(Span(at(0), at(10)), service=API) == to_datetime(to_nanoseconds(at(3)) + 123456789)


class EmptyPages(CloudLoggingSource):
    """A source whose first pages come empty, as the service sends them when it has searched for long enough."""

    empty = 0
    asked = 0

    def _call(self, client: Any, request: Any, progress: Any) -> Any:
        from google.cloud.logging_v2.types import ListLogEntriesResponse

        self.asked += 1
        if self.asked <= self.empty:
            return ListLogEntriesResponse(next_page_token=f"token {self.asked}")
        assert request.page_token == (f"token {self.empty}" if self.empty else "")
        request.page_token = ""
        return super()._call(client, request, progress)


@pytest.mark.parametrize(("empty", "asked", "expected"), [(0, 1, at(9.5)), (2, 3, at(9.5)), (99, MOST_EMPTY_PAGES, None)])
def test_empty_pages_are_walked_through_but_not_for_ever(empty: int, asked: int, expected: datetime | None) -> None:
    with LoggingServer(make_entry(found) for found in ENTRIES) as server:
        source = EmptyPages(PROJECT, SHAPE, endpoint=server.address)
        source.empty = empty
        assert source.last_seen(Span(at(0), at(10)), service=API) == expected
        assert source.asked == asked


def test_it_takes_its_call_out_of_the_quota_and_tries_again_what_passes() -> None:
    with LoggingServer(make_entry(found) for found in ENTRIES) as server:
        source, clock = connect(server, quota=1)
        server.faults = [Fault(grpc.StatusCode.UNAVAILABLE)]
        assert source.last_seen(Span(at(0), at(10)), service=API) == at(9.5)
        assert clock.now >= 60


def test_a_refusal_is_told_with_its_mend() -> None:
    with LoggingServer() as server:
        source, _ = connect(server)
        server.faults = [Fault(grpc.StatusCode.PERMISSION_DENIED)]
        with pytest.raises(SourceError) as caught:
            source.last_seen(Span(at(0), at(10)), service=API)
        assert "roles/logging.viewer" in str(caught.value.hint)


@pytest.mark.long
@pytest.mark.parametrize("a_minute", [1, 30])
def test_the_minutes_of_five_silent_hours_take_a_few_reads(a_minute: int) -> None:
    logged = [*range(120), *range(150, 300)]
    entries = [make_entry(entry(minute + number / a_minute)) for minute in logged for number in range(a_minute)]
    with LoggingServer(entries) as server:
        source, clock = connect(server)
        seen = source.seen_minutes(Span(at(0), at(300)), service=API)
        assert len(server.requests) <= MOST_LIFE_PAGES + LIFE_SAMPLES + 1
        assert clock.now == 0, "the quota holds nobody up"
    found = {minute - (at(0) - EPOCH) // WINDOW for minute in seen}
    assert found <= set(range(300))
    assert {*range(40), *range(190, 300)} <= found
    assert not found & set(range(130, 145)), "a pause of half an hour is seen"
