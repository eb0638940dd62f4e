"""Searching log lines: recordings and Cloud Logging give the same lines, whole, once each and without secrets."""

import gzip
import io
import json
import os
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.collect.entries import Entry
from logwatch.collect.files import FilesSource
from logwatch.collect.interface import Line, SearchResult
from logwatch.collect.json_lines import plain_part
from logwatch.collect.live.cloud_logging import MOST_EMPTY_PAGES, CloudLoggingSource, build_filter, holding
from logwatch.collect.text_search import MatchedText, read_said
from logwatch.errors import SourceError
from logwatch.spans import Span
from tests.conftest import ROOT
from tests.support.local_google import Fault, LoggingServer, load_entries, make_entry
from tests.support.local_google.filters import compile_filter
from tests.support.other_lines import API, PROJECT, WORKER, at, connect, entry, lines
from tests.support.platform import SHAPE

STORM = ROOT / "tests/fixtures/logs/storm.ndjson"
TEXTS = ["Create order error", "Payment] Confirm error", "[ReadCache]", "[Payment] Confirm error", "nothing like it"]
ORDER, CONFIRM, CACHE = TEXTS[:3]
DAY = Span(at(-24 * 60), at(24 * 60))
Status = grpc.StatusCode


def said(minutes: float, message: Any = f"[KPA Checkout] {ORDER}: timeout", **beside: Any) -> dict[str, Any]:
    """Give an entry whose payload has a message and other keys."""
    return entry(minutes, payload={"level": "error", "message": message, "service": API, **beside})


def text(minutes: float, words: str) -> dict[str, Any]:
    return entry(minutes, kind="textPayload", payload=words)


def numbered(count: int) -> list[dict[str, Any]]:
    return [said(number, f"[KPA Checkout] {ORDER}: number {number}") for number in range(count)]


def from_file(entries: list[dict[str, Any]], folder: Path) -> FilesSource:
    (folder / "x.ndjson").write_bytes(lines(entries))
    return FilesSource([str(folder / "x.ndjson")], SHAPE)


def words(found: SearchResult) -> list[str]:
    return [line.text for line in found.lines]


# ---- what one line says

# ANSI colours and the time of the development console, a stack behind the message, errors and codes beside it.
SHAPES: list[tuple[dict[str, Any], str, str, str]] = [
    (
        said(1, f"[GlycoPharm Payment] {CONFIRM[9:]}: Request failed with status code 400", stack="Error: …\n    at x.js:1:2"),
        "Confirm error", "[GlycoPharm Payment] Confirm error: Request failed with status code 400", "400",
    ),
    (
        said(1, "[ReadCache] GET error, falling back to DB", key="storefront:20b9cbec2e1f", error="connect ETIMEDOUT 10.41.0.3:6379"),
        CACHE, "[ReadCache] GET error, falling back to DB: connect ETIMEDOUT 10.41.0.3:6379", "",
    ),
    (said(1, statusCode=409, status="failed"), ORDER, f"[KPA Checkout] {ORDER}: timeout", "409"),
    (said(1, status=503), ORDER, f"[KPA Checkout] {ORDER}: timeout", "503"),
    (said(1, code="REJECT_CARD_COMPANY"), ORDER, f"[KPA Checkout] {ORDER}: timeout", "REJECT_CARD_COMPANY"),
    (said(1, code="23505"), ORDER, f"[KPA Checkout] {ORDER}: timeout", "23505"),
    (said(1, code="not a code"), ORDER, f"[KPA Checkout] {ORDER}: timeout", ""),
    (said(1, code="4111111111111111"), ORDER, f"[KPA Checkout] {ORDER}: timeout", ""),
    (said(1, code=True, status=None), ORDER, f"[KPA Checkout] {ORDER}: timeout", ""),
    (said(1, code=1.5), ORDER, f"[KPA Checkout] {ORDER}: timeout", ""),
    (said(1, response={"status": 402}), ORDER, f"[KPA Checkout] {ORDER}: timeout", "402"),
    (said(1, error={"message": "no stock", "code": "OUT_OF_STOCK"}), ORDER, f"[KPA Checkout] {ORDER}: timeout: no stock", "OUT_OF_STOCK"),
    (said(1, error=["a", "list"]), ORDER, f"[KPA Checkout] {ORDER}: timeout", ""),
    (said(1, error="timeout"), ORDER, f"[KPA Checkout] {ORDER}: timeout", ""),
    (said(1, error="refused\n    at a.js:1:2\n    at b.js:1:2"), ORDER, f"[KPA Checkout] {ORDER}: timeout: refused", ""),
    (said(1, f"{ORDER}: a\nDETAIL: b\n    at c.js:1"), ORDER, f"{ORDER}: a DETAIL: b", ""),
    (said(1, f"{ORDER}: status code 400", statusCode=500), ORDER, f"{ORDER}: status code 400", "400"),
    (said(1, f"{ORDER}: GET /a/b?token=x for kim@example.com"), ORDER, f"{ORDER}: GET /a/b for ***@example.com", ""),
    (said(1, f"{ORDER}: 결제 거절", error="한도 초과"), ORDER, f"{ORDER}: 결제 거절: 한도 초과", ""),
    (text(1, f"[Cosmetics Order] {ORDER}: HTTP 502"), ORDER, f"[Cosmetics Order] {ORDER}: HTTP 502", "502"),
    (
        text(1, f"2026-02-24 03:01:00 \x1b[31merror\x1b[39m: \x1b[31m[KPA Checkout] {ORDER}: timeout\x1b[39m"),
        ORDER, f"[KPA Checkout] {ORDER}: timeout", "",
    ),
    (
        text(1, json.dumps({"level": "error", "message": f"{ORDER}: x", "statusCode": 400, "password": "p"})),
        ORDER, f"{ORDER}: x", "400",
    ),
    (said(1, 'say "no" to C:\\temp a/b', error="x"), 'say "no" to C:\\temp a/b', 'say "no" to C:\\temp a/b: x', ""),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "wanted", "expected", "code"), SHAPES)
def test_a_line_says_the_same_from_a_file_and_over_the_wire(
    tmp_path: Path, fields: dict[str, Any], wanted: str, expected: str, code: str
) -> None:
    found = from_file([fields], tmp_path).search(wanted, DAY, service=API, most=5)
    assert found == SearchResult((Line(at(1), expected, code),), complete=True)
    with LoggingServer([make_entry(fields)]) as server:
        assert connect(server)[0].search(wanted, DAY, service=API, most=5) == found


@pytest.mark.parametrize(
    "fields",
    [
        said(1, ORDER.lower()),  # the service takes any case for the same
        said(1, "another", error=f"{ORDER}: beside the message only"),
        said(1, {"nested": ORDER}),
        said(1, None, stack=ORDER),
        text(1, json.dumps({"message": "another", "error": ORDER})),
        said(1) | {"timestamp": "2026-02-25T03:00:00Z"},
    ],
)
def test_a_line_of_another_kind_is_not_found(tmp_path: Path, fields: dict[str, Any]) -> None:
    nothing = SearchResult((), complete=True)
    assert from_file([fields], tmp_path).search(ORDER, DAY, service=API, most=5) == nothing
    with LoggingServer([make_entry(fields)]) as server:
        assert connect(server)[0].search(ORDER, DAY, service=API, most=5) == nothing


# ---- the same entries give the same lines, from wherever they come

MADE = [
    *(fields | {"insertId": f"s{number}"} for number, (fields, *_) in enumerate(SHAPES)),  # all of one instant
    *numbered(30),
    *numbered(3),  # repeated
    said(4, f"{CACHE} GET error", error="x") | {"resource": entry(0, service=WORKER)["resource"]},
    said(5) | {"logName": f"projects/{PROJECT}/logs/run.googleapis.com%2Fstderr"},
]


@pytest.fixture(scope="module")
def storm() -> Any:
    with LoggingServer(load_entries(STORM), quota=None) as server:
        yield FilesSource([str(STORM)], SHAPE), connect(server)[0]  # on a clock of its own: nobody waits for the quota


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("made")
    with LoggingServer(map(make_entry, MADE), duplicates=True, quota=None) as server:
        yield from_file(MADE, folder), connect(server)[0]


SPANS = [Span(at(60), at(120)), Span(at(80), at(81)), Span(at(-600), at(600)), Span(at(3), at(9)), Span(at(600), at(700))]


@pytest.mark.parametrize("source", ["storm", "made"])
@pytest.mark.parametrize("wanted", TEXTS)
@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("most", [1, 7, 5000])
def test_a_file_and_the_wire_find_the_same(
    request: pytest.FixtureRequest, source: str, wanted: str, span: Span, most: int
) -> None:
    recorded, live = request.getfixturevalue(source)
    found = recorded.search(wanted, span, service=API, most=most)
    assert found == live.search(wanted, span, service=API, most=most)
    assert len(found.lines) <= most
    assert [line.at for line in found.lines] == sorted(line.at for line in found.lines)
    assert all(span.start <= line.at < span.end and wanted in line.text for line in found.lines)


def test_the_storm_holds_what_the_runbook_sends_people_to(storm: Any) -> None:
    recorded, _ = storm
    whole = Span(at(-600), at(600))
    raw = STORM.read_text()
    for wanted in (CONFIRM, CACHE):
        found = recorded.search(wanted, whole, service=API, most=10_000)
        assert len(found.lines) == sum(wanted in line for line in raw.splitlines()) > 10
        assert found.complete
    assert {line.code for line in recorded.search(CONFIRM, whole, service=API, most=100).lines} == {"400"}
    assert words(recorded.search(CACHE, whole, service=API, most=1)) == [
        "[ReadCache] GET error, falling back to DB: connect ETIMEDOUT 10.41.0.3:6379"
    ]


@pytest.mark.parametrize(("count", "complete"), [(0, True), (4, True), (5, True), (6, False), (40, False)])
def test_the_newest_are_kept_and_whether_there_are_more_is_told(tmp_path: Path, count: int, *, complete: bool) -> None:
    entries = numbered(count)
    expected = [f"[KPA Checkout] {ORDER}: number {number}" for number in range(max(count - 5, 0), count)]
    with LoggingServer(map(make_entry, entries)) as server:
        sources = from_file(entries, tmp_path), connect(server)[0]
        for found in (source.search(ORDER, DAY, service=API, most=5) for source in sources):
            assert words(found) == expected
            assert found.complete is complete
        assert len(server.requests) == 1


def test_a_repeated_entry_is_one_line_and_one_of_another_log_is_another(tmp_path: Path) -> None:
    other = said(1) | {"logName": f"projects/{PROJECT}/logs/run.googleapis.com%2Fstderr"}
    entries = [said(1), said(1), other, said(1), said(2)]
    with LoggingServer(map(make_entry, entries), duplicates=True) as server:
        for source in (from_file(entries, tmp_path), connect(server)[0]):
            found = source.search(ORDER, DAY, service=API, most=3)
            assert [line.at for line in found.lines] == [at(1), at(1), at(2)]
            assert found.complete


def test_entries_without_an_insert_id_all_count(tmp_path: Path) -> None:
    nameless = {name: value for name, value in said(1).items() if name != "insertId"}
    assert len(from_file([nameless, nameless], tmp_path).search(ORDER, DAY, service=API, most=9).lines) == 2


def test_the_lines_of_another_service_stay_out(tmp_path: Path) -> None:
    entries = [said(1), said(2) | {"resource": entry(0, service=WORKER)["resource"]}]
    with LoggingServer(map(make_entry, entries)) as server:
        for source in (from_file(entries, tmp_path), connect(server)[0]):
            found = [
                [line.at for line in source.search(ORDER, DAY, service=service, most=9).lines]
                for service in (API, WORKER, None)
            ]
            assert found == [[at(1)], [at(2)], [at(1), at(2)]]


# ---- recordings


def in_two_files(folder: Path) -> None:
    (folder / "a.ndjson").write_bytes(lines(MADE[10:]))
    (folder / "b.ndjson.gz").write_bytes(gzip.compress(lines(MADE[:20])))


FORMS: dict[str, Callable[[Path], object]] = {
    "array": lambda folder: (folder / "x.json").write_text(json.dumps(MADE, indent=2)),
    "newest first": lambda folder: (folder / "x.json").write_text(json.dumps(MADE[::-1], ensure_ascii=False)),
    "gz": lambda folder: (folder / "x.ndjson.gz").write_bytes(gzip.compress(lines(MADE))),
    "array gz": lambda folder: (folder / "x.json.gz").write_bytes(gzip.compress(json.dumps(MADE).encode())),
    "utf-16": lambda folder: (folder / "x.json").write_bytes(lines(MADE).decode().encode("utf-16")),
    "CRLF": lambda folder: (folder / "x.ndjson").write_bytes(lines(MADE).replace(b"\n", b"\r\n")),
    "slashes escaped": lambda folder: (folder / "x.ndjson").write_bytes(lines(MADE).replace(b"/", b"\\/")),
    "two files": in_two_files,
    "with rubbish": lambda folder: (folder / "x.ndjson").write_bytes(
        b'\xff?\n\n{"\n' + lines(MADE) + f'{ORDER}\n{{"message":"{ORDER}"}}\n{{"cut {ORDER}'.encode()
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("wanted", [*TEXTS, 'say "no" to C:\\temp a/b', "결제", "\\temp a/"])
def test_a_recording_of_any_form_gives_the_same(tmp_path: Path, made: Any, form: str, wanted: str) -> None:
    FORMS[form](tmp_path)
    recorded, _ = made
    for span in SPANS:
        expected = recorded.search(wanted, span, service=API, most=8)
        assert FilesSource([str(tmp_path)], SHAPE).search(wanted, span, service=API, most=8) == expected


def test_a_recording_is_searched_once_for_each_text_and_service(tmp_path: Path) -> None:
    source = from_file(numbered(9), tmp_path)
    source.search(ORDER, Span(at(0), at(1)), service=API, most=1)
    (tmp_path / "x.ndjson").unlink()
    assert len(source.search(ORDER, Span(at(2), at(9)), service=API, most=9).lines) == 7
    with pytest.raises(SourceError, match="no such file"):
        source.search(CACHE, DAY, service=API, most=1)


@pytest.mark.parametrize("path", ["-", "pipe"])
def test_what_can_be_read_only_once_cannot_be_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines([said(1)]))))
    source = FilesSource([str(STORM), path if path == "-" else str(tmp_path / path)], SHAPE)
    with pytest.raises(SourceError, match="can be read only once") as caught:
        source.search(ORDER, DAY, service=API, most=1)
    assert caught.value.hint
    assert sys.stdin.read()


@pytest.mark.long
@given(words=st.text(max_size=20), ascii_only=st.booleans())
def test_what_is_looked_for_in_the_bytes_stands_in_the_json_of_every_writer(words: str, *, ascii_only: bool) -> None:
    written = json.dumps(f"a{words}b", ensure_ascii=ascii_only)
    for each in (
        written,
        written.replace("/", "\\/"),
        written.replace("<", "\\u003c").replace("&", "\\u0026").replace("'", "\\u0027"),
    ):
        assert plain_part(words) in each.encode("utf-8", "surrogatepass")


# ---- Cloud Logging


def test_a_search_asks_for_the_newest_with_indexed_fields_first() -> None:
    with LoggingServer() as server:
        source, _ = connect(server, location="asia-northeast3")
        assert source.search(CONFIRM, DAY, service=API, most=20) == SearchResult((), complete=True)
        [received] = server.requests
    assert (received.message.page_size, received.message.order_by) == (21, "timestamp desc")
    assert received.message.filter.splitlines() == [
        'resource.type="cloud_run_revision"',
        f'resource.labels.service_name="{API}"',
        'resource.labels.location="asia-northeast3"',
        'timestamp>="2026-02-23T03:00:00.000000Z"',
        'timestamp<"2026-02-25T03:00:00.000000Z"',
        f'(jsonPayload.message:"{CONFIRM}" OR textPayload:"{CONFIRM}")',
    ]


@pytest.mark.long
def test_a_search_for_many_walks_from_page_to_page_and_no_further() -> None:
    entries = [said(number / 100) for number in range(2500)]
    with LoggingServer(map(make_entry, entries)) as server:
        found = connect(server)[0].search(ORDER, DAY, service=API, most=1500)
        assert len(server.requests) == 2
        assert len(found.lines) == 1500
        assert (found.complete, found.lines[-1].at) == (False, at(24.99))
        assert {received.message.page_size for received in server.requests} == {1000}


@pytest.mark.long
def test_empty_pages_with_a_token_do_not_end_a_search() -> None:
    entries = [said(number / 100) for number in range(2500)]
    with LoggingServer(map(make_entry, entries), empty_pages=2) as server:
        found = connect(server)[0].search(ORDER, DAY, service=API, most=3000)
    assert (len(found.lines), found.complete) == (2500, True)


class EmptyPages(CloudLoggingSource):
    """A source whose pages all come empty, each with a token."""

    asked = 0

    def _call(self, *_: Any) -> Any:
        from google.cloud.logging_v2.types import ListLogEntriesResponse

        self.asked += 1
        return ListLogEntriesResponse(next_page_token=f"token {self.asked}")


def test_empty_pages_end_a_search_in_time_and_nobody_knows_whether_it_is_complete() -> None:
    source = EmptyPages(PROJECT, SHAPE, endpoint="localhost:1")
    assert source.search(ORDER, DAY, service=API, most=5) == SearchResult((), complete=False)
    assert source.asked == MOST_EMPTY_PAGES


def test_lines_in_another_case_do_not_keep_a_search_going_for_ever() -> None:
    entries = [said(number / 100, ORDER.upper()) for number in range(200)]
    with LoggingServer(map(make_entry, entries)) as server:
        assert connect(server)[0].search(ORDER, DAY, service=API, most=1) == SearchResult((), complete=False)
        assert len(server.requests) == MOST_EMPTY_PAGES


def test_a_search_comes_back_after_the_quota_was_exceeded() -> None:
    with LoggingServer(map(make_entry, numbered(3))) as server:
        source, clock = connect(server)
        server.faults = [Fault(Status.RESOURCE_EXHAUSTED)]
        assert len(source.search(ORDER, DAY, service=API, most=5).lines) == 3
        assert clock.now >= 5


def test_a_refused_search_is_told_with_its_mend() -> None:
    with LoggingServer() as server:
        server.faults = [Fault(Status.PERMISSION_DENIED)]
        with pytest.raises(SourceError) as caught:
            connect(server)[0].search(ORDER, DAY, service=API, most=5)
    assert "roles/logging.viewer" in str(caught.value.hint)


def test_a_source_within_a_budget_gives_up_sooner_and_shares_the_quota() -> None:
    with LoggingServer(map(make_entry, numbered(3))) as server:
        source, clock = connect(server, service=API, location="asia-northeast3")
        hasty = source.within(3)
        server.faults = [Fault(Status.UNAVAILABLE)] * 99
        with pytest.raises(SourceError, match="ServiceUnavailable"):
            hasty.search(ORDER, DAY, service=None, most=5)
        assert clock.now <= 3
        assert hasty.quota is source.quota
        server.faults = []
        assert hasty.search(ORDER, DAY, service=None, most=5) == source.search(ORDER, DAY, service=API, most=5)
        assert source.budget_s == 120


def test_a_source_within_a_budget_does_not_wait_for_the_quota_beyond_it() -> None:
    with LoggingServer(map(make_entry, numbered(3))) as server:
        source, clock = connect(server, quota=1)
        source.search(ORDER, DAY, service=API, most=5)
        with pytest.raises(SourceError, match="quota"):
            source.within(10).search(ORDER, DAY, service=API, most=5)
        assert clock.now == 0
        source.search(ORDER, DAY, service=API, most=5)
        assert clock.now == 60


HOSTILE = st.text(min_size=1, max_size=60) | st.text('\\"\n\r\t ()=:~*-', min_size=1, max_size=20) | st.sampled_from(
    ['") OR (severity>=DEFAULT', '\\") OR resource.type=("gae_app', "a\\", "\\\\", 'x")\nOR (timestamp>"1970-01-01T00:00:00Z"', "AND", "--x", '"']
)  # fmt: skip


@pytest.mark.long
@given(HOSTILE)
def test_no_text_breaks_out_of_the_filter(wanted: str) -> None:
    span = Span(at(0), at(10))
    holds = compile_filter(build_filter(span, service=API, location=None, condition=holding(wanted)))
    assert holds(make_entry(said(1, f"a{wanted}b")))
    assert holds(make_entry(text(1, f"a{wanted}b")))
    assert not holds(make_entry(said(1, "")))
    assert not holds(make_entry(said(10, wanted)))
    assert not holds(make_entry(said(-1, wanted)))
    assert not holds(make_entry(said(1, wanted) | {"resource": entry(0, service=WORKER)["resource"]}))


# ---- whatever lines hold

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | st.just(ORDER),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["message", "status", "code", "x"]), inner),
    max_leaves=6,
)
PAYLOADS = st.dictionaries(st.sampled_from(["message", "error", "response", "statusCode", "status", "code", "level"]), VALUES)


@given(PAYLOADS | st.none(), st.text() | st.just(f"{{{ORDER}") | st.none())
def test_no_entry_breaks_a_search(payload: dict[str, Any] | None, words: str | None) -> None:
    found = read_said(Entry("log", "id", 0, 0, "", "", words, payload), ORDER)
    holds = ORDER in str(payload["message"]) if payload and isinstance(payload.get("message"), str) else ORDER in (words or "")
    assert isinstance(found, MatchedText) or not holds or payload is not None or (words or "").startswith("{")


@given(st.lists(st.integers(-50, 50)), st.integers(-60, 60), st.integers(0, 40), st.integers(1, 10))
def test_the_newest_of_the_span_are_given(minutes: list[int], start: int, length: int, most: int) -> None:
    from logwatch.collect.text_search import Hits
    from logwatch.spans import to_nanoseconds

    hits = Hits(ORDER)
    hits.take(Entry("log", str(at_), to_nanoseconds(at(at_)), 0, "", "", ORDER, None) for at_ in minutes)
    inside = sorted({minute for minute in minutes if start <= minute < start + length})
    found = hits.newest(Span(at(start), at(start + length)), most)
    assert [line.at for line in found.lines] == [at(minute) for minute in inside[-most:]]
    assert found.complete is (len(inside) <= most)
    assert len(hits) == len(set(minutes))


def test_times_are_cut_as_everywhere_else(tmp_path: Path) -> None:
    fine = said(1) | {"timestamp": "2026-02-24T03:01:00.123456789Z"}
    found = from_file([fine], tmp_path).search(ORDER, DAY, service=API, most=1)
    assert [line.at for line in found.lines] == [at(1) + timedelta(microseconds=123456)]
    assert isinstance(found.lines[0].at, datetime)
