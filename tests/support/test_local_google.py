"""The stand-in for Cloud Logging keeps the rules of the service, as its real clients see them."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.api_core import exceptions
from google.cloud.logging_v2 import logger as handwritten_logger
from google.cloud.logging_v2 import types
from google.cloud.logging_v2.resource import Resource
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client

from tests.support.local_google import Fault, LoggingServer, load_entries, make_entry, repeat
from tests.support.local_google.clients import generated_client, handwritten_client
from tests.support.local_google.filters import FilterError, compile_filter, matches
from tests.support.local_google.logging_service import MAX_FILTER_CHARS
from tests.support.patience import PATIENCE_S, no_hang

START = datetime(2026, 2, 24, tzinfo=UTC)
STDOUT = "projects/shop/logs/run.googleapis.com%2Fstdout"


def entry_at(second: float, insert_id: str = "i", **fields: Any) -> Any:
    """Give a raw LogEntry `second` seconds after START, received a second later."""
    stamp = START + timedelta(seconds=second)
    defaults = {
        "logName": STDOUT,
        "insertId": insert_id,
        "timestamp": stamp.isoformat().replace("+00:00", "Z"),
        "receiveTimestamp": (stamp + timedelta(seconds=1)).isoformat().replace("+00:00", "Z"),
        "textPayload": f"line {insert_id}",
    }
    return make_entry(defaults | fields)


def minutes(count: int) -> list[Any]:
    """Give entries i000, i001, ... one a minute."""
    return [entry_at(60 * number, f"i{number:03}") for number in range(count)]


# ---- the filter language

SUMMARY = make_entry(
    {
        "logName": STDOUT,
        "insertId": "ABC-1",
        "resource": {
            "type": "cloud_run_revision",
            "labels": {"service_name": "o4o-core-api", "location": "asia-northeast3"},
        },
        "labels": {"instanceId": "00ff", "run.googleapis.com/execution_name": "job-x7"},
        "timestamp": "2026-02-24T00:00:10.031000243Z",
        "receiveTimestamp": "2026-02-24T00:00:10.947Z",
        "severity": "WARNING",
        "httpRequest": {"status": 503, "requestMethod": "POST"},
        "jsonPayload": {
            "message": "[OpsMetrics] 60s summary",
            "checkout.attempt{service=kpa}": 12,
            "nested": {"say": 'he said "no"', "path": "C:\\logs", "deep": {"ok": True}},
            "tags": ["red", "green"],
            "empty": "",
            "nothing": None,
        },
    }
)

HOLDS = [
    ("an empty filter matches", ""),
    ("blanks and comments match", "  \n -- severity=ERROR\n"),
    ("text is equal", 'resource.type="cloud_run_revision"'),
    ("text is equal whatever its case", 'resource.labels.service_name="O4O-Core-API"'),
    ("unquoted text will do", "resource.labels.location=asia-northeast3"),
    ("an unquoted log name will do", f"logName={STDOUT}"),
    ("names may be written with underscores", f'log_name="{STDOUT}"'),
    ("blanks around the operator do not matter", 'insertId  =\n "ABC-1"'),
    ("a new line is AND", 'insertId="ABC-1"\nseverity=WARNING'),
    ("a blank is AND", 'insertId="ABC-1" severity=WARNING'),
    ("AND may be written", 'insertId="ABC-1" AND severity=WARNING'),
    ("one side of OR is enough", "severity=ERROR OR severity=WARNING"),
    ("NOT binds tighter than OR", "NOT severity=ERROR OR severity=WARNING"),
    ("a minus is NOT", "-severity=ERROR"),
    ("two NOTs cancel", "NOT NOT severity=WARNING"),
    ("parentheses group", "(severity=ERROR AND insertId=b) OR severity=WARNING"),
    ("NOT takes a group", "NOT (severity=ERROR OR insertId=b)"),
    ("a colon finds part of a text", "jsonPayload.message:opsmetrics"),
    ("a colon finds brackets that are quoted", 'jsonPayload.message:"[OpsMetrics]"'),
    ("a colon searches a whole struct", 'jsonPayload.nested:"said"'),
    ("a colon searches a list", "jsonPayload.tags:gree"),
    ("an item of a list is equal", "jsonPayload.tags=red"),
    ("a colon on a number is equality", 'jsonPayload."checkout.attempt{service=kpa}":12'),
    ("a quoted segment holds dots and braces", 'jsonPayload."checkout.attempt{service=kpa}">11.5'),
    ("a quoted segment of a label", 'labels."run.googleapis.com/execution_name"="job-x7"'),
    ("a label", 'labels.instanceId="00FF"'),
    ("a boolean", "jsonPayload.nested.deep.ok=true"),
    ("an escaped quotation mark", r'jsonPayload.nested.say="he said \"no\""'),
    ("an escaped backslash", r'jsonPayload.nested.path="C:\\logs"'),
    ("a list of values is any of them", 'insertId=("x" OR "ABC-1")'),
    ("a list of values may be all of them", 'jsonPayload.message:("60s" AND "summary")'),
    ("a list of values may leave one out", 'jsonPayload.message:("60s" AND NOT "hourly")'),
    ("!= is true of another value", "insertId!=b"),
    ("a regular expression is not anchored", 'jsonPayload.message=~"6.s"'),
    ("a regular expression keeps its backslashes", r'jsonPayload.message=~"^\[OpsMetrics\] \d+s"'),
    ("!~ is true where nothing is found", 'jsonPayload.message!~"opsmetrics"'),
    ("severity goes by rank", "severity>=NOTICE AND severity<ERROR"),
    ("severity takes a number", "severity=400"),
    ("severity takes any case", "severity=warning"),
    ("times are exact to the nanosecond", 'timestamp="2026-02-24T00:00:10.031000243Z"'),
    ("times compare across offsets", 'timestamp>="2026-02-24T09:00:10.031000243+09:00"'),
    ("an offset may go without its colon", 'timestamp>="2026-02-24T09:00:10.031000243+0900"'),
    ("a nanosecond earlier is earlier", 'timestamp>"2026-02-24T00:00:10.031000242Z"'),
    ("arrival is a time", 'receiveTimestamp<"2026-02-24T00:00:10.948Z"'),
    ("a status is a number", "httpRequest.status>=500 httpRequest.status<600"),
    ("a request method", "httpRequest.requestMethod=POST"),
    ("a star asks for presence", "jsonPayload.message:*"),
    ("an empty text is present", "jsonPayload.empty:*"),
    ("NOT of a missing field is true", 'NOT jsonPayload.absent="x"'),
    ("NOT of != of a missing field is true", 'NOT jsonPayload.absent!="x"'),
    ("quoted text alone is sought everywhere", '"60S SUMMARY"'),
    ("quoted text alone is sought in labels", '"job-x7"'),
    ("unquoted text alone is sought everywhere", "summary"),
    ("a quoted operator is a text", 'NOT "AND"'),
]

FAILS = [
    ("another text", 'insertId="ABC"'),
    ("AND needs both sides", "severity=WARNING AND insertId=b"),
    ("OR binds tighter than AND, so the last term decides", "severity=WARNING OR severity=ERROR AND insertId=b"),
    ("and in lower case is a text", 'severity=WARNING and insertId="ABC-1"'),
    ("or in lower case is a text", "severity=ERROR or severity=WARNING"),
    ("not in lower case is a text", "not severity=ERROR"),
    ("a missing field is not equal", 'jsonPayload.absent="x"'),
    ("a missing field is not unequal", 'jsonPayload.absent!="x"'),
    ("a missing field is not below", "jsonPayload.absent<5"),
    ("a missing field does not lack a pattern", 'jsonPayload.absent!~"x"'),
    ("a missing field is not present", "jsonPayload.absent:*"),
    ("a null is missing", "jsonPayload.nothing:*"),
    ("a text has no inner fields", "jsonPayload.message.inner:*"),
    ("the other payload is missing", 'textPayload:"summary"'),
    ("dots divide unless quoted", "jsonPayload.checkout.attempt:*"),
    ("a regular expression minds case", 'jsonPayload.message=~"opsmetrics"'),
    ("a number is not equal to a text", 'jsonPayload."checkout.attempt{service=kpa}"=many'),
    ("quoted text alone is not found in numbers", '"503"'),
    ("a nanosecond later is later", 'timestamp>="2026-02-24T00:00:10.031000244Z"'),
    ("severity below", "severity>WARNING"),
]

REFUSED = [
    ("unquoted brackets", "textPayload:[OpsMetrics]", 12),
    ("unquoted brackets alone", "[OpsMetrics]", 0),
    ("unquoted text with a colon", "insertId = abc:def", 14),
    ("an unquoted time", "timestamp>=2026-02-24T00:00:00Z", 11),
    ("unquoted braces in a path", "jsonPayload.checkout{service=kpa}>0", 20),
    ("single quotation marks", "insertId='x'", 9),
    ("a quotation mark without its pair", 'insertId="x', 9),
    ("a parenthesis without its pair", "(insertId=x", 0),
    ("a closing parenthesis too many", "insertId=x)", 10),
    ("empty parentheses", "()", 1),
    ("a missing value", "insertId=", 9),
    ("a missing side of AND", "insertId=x AND", 14),
    ("OR at the start", "OR insertId=x", 0),
    ("two ORs", "insertId=x OR OR insertId=y", 14),
    ("a dot at the end", "jsonPayload.=x", 11),
    ("an unknown field", "thud=x", 0),
    ("an unknown field on the second line", "insertId=x\n  thud=x", 13),
    ("a field within a text", "textPayload.thud=x", 0),
    ("a time that is none", 'timestamp>="yesterday"', 11),
    ("a time sought as text", 'timestamp:"2026"', 10),
    ("an unknown severity", "severity>=LOUD", 10),
    ("a status that is no number", "httpRequest.status=ok", 19),
    ("a broken regular expression", 'textPayload=~"("', 13),
    ("a regular expression that looks ahead", 'textPayload=~"a(?!b)"', 13),
    ("a regular expression on a time", 'timestamp=~"2026"', 11),
    ("a star where presence is not asked", "insertId=*", 9),
    ("a function", 'SEARCH("x")', 0),
    ("a path alone", 'labels."a.b"', 12),
    ("parentheses without end", "(" * 200, 100),
]


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HOLDS])
def test_the_filter_matches(text: str) -> None:
    assert matches(text, SUMMARY)


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in FAILS])
def test_the_filter_does_not_match(text: str) -> None:
    assert not matches(text, SUMMARY)


@pytest.mark.parametrize(("text", "position"), [pytest.param(text, at, id=name) for name, text, at in REFUSED])
def test_the_filter_is_refused_with_its_place(text: str, position: int) -> None:
    with pytest.raises(FilterError) as caught:
        compile_filter(text)
    assert caught.value.position == position
    assert f"(position {position})" in str(caught.value)


def test_the_place_is_told_in_lines_and_columns() -> None:
    with pytest.raises(FilterError, match="unknown field 'thud' at line 2, column 3 "):
        compile_filter("insertId=x\n  thud=x")


# ---- over the wire, with the generated client


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def request_for(**fields: Any) -> types.ListLogEntriesRequest:
    return types.ListLogEntriesRequest({"resource_names": ["projects/shop"]} | fields)


def page(client: LoggingServiceV2Client, **fields: Any) -> Any:
    """Give one raw page, without any retry."""
    pager = client.list_log_entries(request_for(**fields), retry=None)
    return types.ListLogEntriesResponse.pb(next(iter(pager.pages)))


def walk(client: LoggingServiceV2Client, **fields: Any) -> list[list[str]]:
    """Give the insert ids of every page."""
    pages = client.list_log_entries(request_for(**fields)).pages
    return [[entry.insert_id for entry in types.ListLogEntriesResponse.pb(each).entries] for each in pages]


def ids(client: LoggingServiceV2Client, **fields: Any) -> list[str]:
    """Give the insert ids of the first page."""
    return [entry.insert_id for entry in page(client, **fields).entries]


def test_pages_hold_what_was_asked_and_the_last_has_no_token() -> None:
    with LoggingServer(minutes(7)) as server:
        found = walk(generated_client(server.address), page_size=3)
        assert found == [["i000", "i001", "i002"], ["i003", "i004", "i005"], ["i006"]]
        assert [call.message.page_size for call in server.requests] == [3, 3, 3]
        assert [bool(call.message.page_token) for call in server.requests] == [False, True, True]


def test_a_page_that_takes_the_last_entry_has_no_token() -> None:
    with LoggingServer(minutes(6)) as server:
        assert [len(each) for each in walk(generated_client(server.address), page_size=3)] == [3, 3]


def test_a_page_has_50_entries_unless_asked() -> None:
    with LoggingServer(minutes(120)) as server:
        assert [len(each) for each in walk(generated_client(server.address))] == [50, 50, 20]


def test_entries_arrive_whole() -> None:
    with LoggingServer([SUMMARY]) as server:
        (found,) = page(generated_client(server.address)).entries
    assert found == SUMMARY


def test_every_other_page_may_be_empty_and_still_have_a_token() -> None:
    with LoggingServer(minutes(5), empty_pages=2) as server:
        found = walk(generated_client(server.address), page_size=2)
    assert found == [["i000", "i001"], [], ["i002", "i003"], [], ["i004"]]


def test_only_empty_pages_would_never_end() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        LoggingServer(empty_pages=1)


def test_equal_timestamps_go_by_insert_id_in_both_directions() -> None:
    stored = [entry_at(60, "c"), entry_at(0, "z"), entry_at(60, "a"), entry_at(60, "b")]
    with LoggingServer(stored) as server:
        client = generated_client(server.address)
        assert ids(client, order_by="timestamp asc") == ["z", "a", "b", "c"]
        assert ids(client, order_by="timestamp desc") == ["a", "b", "c", "z"]
        assert walk(client, order_by="timestamp desc", page_size=2) == [["a", "b"], ["c", "z"]]


def test_entries_of_one_identity_are_given_once() -> None:
    stored = [entry_at(0, "a"), entry_at(0, "b"), entry_at(0, "a"), entry_at(0, "a", logName="projects/shop/logs/x")]
    with LoggingServer(stored) as server:
        assert walk(generated_client(server.address), page_size=2) == [["a", "a"], ["b"]]


def test_duplicates_may_repeat_across_pages() -> None:
    with LoggingServer(2 * minutes(2), duplicates=True) as server:
        assert walk(generated_client(server.address), page_size=1) == [["i000"], ["i000"], ["i001"], ["i001"]]


def test_the_filter_selects() -> None:
    with LoggingServer(minutes(5)) as server:
        client = generated_client(server.address)
        assert ids(client, filter='timestamp>="2026-02-24T00:03:00Z"') == ["i003", "i004"]
        assert ids(client, filter='textPayload=("line i001" OR "line i002")') == ["i001", "i002"]


def test_a_project_sees_its_own_entries() -> None:
    stored = [entry_at(0, "mine"), entry_at(1, "theirs", logName="projects/shop-two/logs/x")]
    view = "projects/shop-two/locations/global/buckets/_Default/views/_AllLogs"
    with LoggingServer(stored) as server:
        client = generated_client(server.address)
        assert ids(client) == ["mine"]
        assert ids(client, resource_names=[view]) == ["theirs"]
        assert ids(client, resource_names=[view, "projects/shop"]) == ["mine", "theirs"]


BAD_REQUESTS = [
    ("a page of more than 1000", {"page_size": 1001}, "page_size 1001"),
    ("a page of fewer than none", {"page_size": -1}, "page_size -1"),
    ("another order", {"order_by": "timestamp"}, "order_by 'timestamp'"),
    ("no resource name", {"resource_names": []}, "0 resource_names"),
    ("too many resource names", {"resource_names": ["projects/shop"] * 101}, "101 resource_names"),
    ("a resource name of another form", {"resource_names": ["shop"]}, "resource name 'shop'"),
    ("a filter too long", {"filter": "x" * (MAX_FILTER_CHARS + 1)}, "20001 characters"),
    ("a filter that is wrong", {"filter": "textPayload:[x]"}, r"'\[' at line 1, column 13 \(position 12\)"),
    ("a token that never was one", {"page_token": "guess"}, "page_token"),
]


@pytest.fixture(scope="module")
def seven() -> Iterator[LoggingServer]:
    """Serve seven entries to tests that only look."""
    with LoggingServer(minutes(7), quota=None) as server:
        yield server


@pytest.mark.parametrize(("fields", "reason"), [pytest.param(bad, why, id=name) for name, bad, why in BAD_REQUESTS])
def test_a_request_against_the_rules_is_refused(seven: LoggingServer, fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(exceptions.InvalidArgument, match=reason):
        page(generated_client(seven.address), **fields)


def test_the_longest_filter_and_the_largest_page_are_taken(seven: LoggingServer) -> None:
    longest = 'insertId="i001"'.ljust(MAX_FILTER_CHARS)
    assert ids(generated_client(seven.address), filter=longest, page_size=1000) == ["i001"]


OTHER_PARAMETERS = [
    ("filter", {"filter": "insertId:i"}),
    ("order", {"order_by": "timestamp desc"}),
    ("resource names", {"resource_names": ["projects/other"]}),
    ("page size", {"page_size": 3}),
]


@pytest.mark.parametrize("changed", [pytest.param(changed, id=name) for name, changed in OTHER_PARAMETERS])
def test_a_page_token_is_refused_with_another(seven: LoggingServer, changed: dict[str, Any]) -> None:
    client = generated_client(seven.address)
    token = page(client, page_size=2).next_page_token
    assert ids(client, page_size=2, page_token=token) == ["i002", "i003"]
    with pytest.raises(exceptions.InvalidArgument, match="other parameters"):
        page(client, **({"page_size": 2, "page_token": token} | changed))


def test_the_quota_refuses_the_61st_call_until_the_first_is_a_minute_old() -> None:
    clock = Clock()
    with LoggingServer(minutes(1), clock=clock) as server:
        client = generated_client(server.address)
        for _ in range(60):
            page(client)
            clock.seconds += 0.5
        for _ in range(3):
            with pytest.raises(exceptions.ResourceExhausted, match="60 read requests per minute"):
                page(client)
        clock.seconds = 1060.0
        page(client)
        with pytest.raises(exceptions.ResourceExhausted):
            page(client)
        page(client, resource_names=["projects/other"])
        assert len(server.requests) == 66


def test_a_refused_request_does_not_spend_quota() -> None:
    with LoggingServer(minutes(1), quota=1, clock=Clock()) as server:
        client = generated_client(server.address)
        server.faults = [Fault(grpc.StatusCode.INTERNAL)]
        with pytest.raises(exceptions.InternalServerError):
            page(client)
        with pytest.raises(exceptions.InvalidArgument):
            page(client, page_size=-1)
        assert ids(client) == ["i000"]


def test_faults_come_one_a_call() -> None:
    with LoggingServer(minutes(1)) as server:
        client = generated_client(server.address)
        server.faults = [None, Fault(grpc.StatusCode.RESOURCE_EXHAUSTED), Fault(grpc.StatusCode.PERMISSION_DENIED)]
        assert ids(client) == ["i000"]
        with pytest.raises(exceptions.ResourceExhausted):
            page(client)
        with pytest.raises(exceptions.PermissionDenied):
            page(client)
        assert ids(client) == ["i000"]
        assert server.faults == []
        assert len(server.requests) == 4


def test_the_client_itself_tries_again_when_the_service_is_unavailable() -> None:
    with LoggingServer(minutes(1)) as server:
        server.faults = [Fault(grpc.StatusCode.UNAVAILABLE)]
        assert walk(generated_client(server.address)) == [["i000"]]
        assert len(server.requests) == 2


def test_a_slow_answer_meets_the_deadline() -> None:
    with LoggingServer(minutes(1)) as server:
        server.faults = [Fault(delay_s=2.0 * PATIENCE_S)]
        client = generated_client(server.address)
        with no_hang(), pytest.raises(exceptions.DeadlineExceeded):
            client.list_log_entries(request_for(), retry=None, timeout=0.05)
        with no_hang():  # leaving the server waits for nobody: the slow answer ended with its caller
            server.stop()


def test_a_slow_answer_comes_in_the_end() -> None:
    with LoggingServer(minutes(1)) as server:
        server.faults = [Fault(delay_s=0.02)]
        assert ids(generated_client(server.address)) == ["i000"]


def test_entries_are_seen_when_they_have_arrived() -> None:
    now = START
    late = entry_at(5, "late", receiveTimestamp="2026-02-24T00:01:30Z")
    with LoggingServer([entry_at(0, "a"), late, entry_at(10, "b")], now=lambda: now) as server:
        client = generated_client(server.address)
        seen = []
        for second in (0, 1, 11, 89, 90):
            now = START + timedelta(seconds=second)
            seen.append(ids(client))
    assert seen == [[], ["a"], ["a", "b"], ["a", "b"], ["a", "late", "b"]]


def test_a_walk_misses_what_arrives_behind_it() -> None:
    now = START + timedelta(seconds=60)
    behind = entry_at(1, "behind", receiveTimestamp="2026-02-24T00:01:30Z")
    ahead = entry_at(25, "ahead", receiveTimestamp="2026-02-24T00:01:30Z")
    stored = [entry_at(0, "a"), behind, entry_at(10, "b"), entry_at(20, "c"), ahead]
    with LoggingServer(stored, now=lambda: now) as server:
        client = generated_client(server.address)
        token = page(client, page_size=2).next_page_token
        now = START + timedelta(seconds=90)
        assert ids(client, page_size=2, page_token=token) == ["c", "ahead"]


def test_entries_may_be_added_during_a_walk() -> None:
    with LoggingServer(minutes(3)) as server:
        client = generated_client(server.address)
        token = page(client, page_size=2).next_page_token
        server.add([entry_at(30, "behind"), entry_at(900, "ahead")])
        assert ids(client, page_size=2, page_token=token) == ["i002", "ahead"]


def test_calls_may_come_all_at_once() -> None:
    with LoggingServer(minutes(20), quota=None) as server, ThreadPoolExecutor(8) as pool:
        client = generated_client(server.address)
        found = list(pool.map(lambda _: list(chain(*walk(client, page_size=3))), range(16)))
    assert found == [[f"i{number:03}" for number in range(20)]] * 16


def test_a_request_is_kept_with_its_metadata() -> None:
    with LoggingServer(clock=Clock()) as server:
        page(generated_client(server.address), filter="insertId=x")
        (call,) = server.requests
    assert (call.method, call.message.filter, call.at) == ("ListLogEntries", "insertId=x", 1000.0)
    assert "user-agent" in call.metadata


def test_leaving_the_server_ends_the_calls_under_way() -> None:
    received = threading.Event()
    with LoggingServer(clock=lambda: received.set() or 0.0) as server:  # type: ignore[func-returns-value]
        server.faults = [Fault(delay_s=30.0)]
        with ThreadPoolExecutor(1) as pool:
            call = pool.submit(page, generated_client(server.address))
            assert received.wait(PATIENCE_S)
            server.stop()
            with pytest.raises(exceptions.GoogleAPICallError):
                call.result(5.0)


# ---- over the wire, with the hand-written client


@pytest.fixture
def no_metadata_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the hand-written client its question to the metadata server, once for every log name."""
    monkeypatch.setattr(handwritten_logger, "detect_resource", lambda *_: Resource(type="global", labels={}))


@pytest.mark.usefixtures("no_metadata_server")
def test_the_handwritten_client_walks_all_pages() -> None:
    with LoggingServer(minutes(7), empty_pages=2) as server:
        client = handwritten_client(server.address, "shop")
        found = client.list_entries(filter_='timestamp>="2026-02-24T00:01:00Z"', page_size=2)
        assert [entry.insert_id for entry in found] == ["i001", "i002", "i003", "i004", "i005", "i006"]
        assert len(server.requests) == 5


@pytest.mark.usefixtures("no_metadata_server")
def test_the_handwritten_client_reads_newest_first() -> None:
    with LoggingServer([*minutes(2), SUMMARY]) as server:
        client = handwritten_client(server.address, "shop")
        found = list(client.list_entries(filter_='timestamp>="2026-02-24T00:00:00Z"', order_by="timestamp desc"))
    assert [entry.insert_id for entry in found] == ["i001", "ABC-1", "i000"]
    assert found[1].payload["message"] == "[OpsMetrics] 60s summary"
    assert found[1].severity == "WARNING"


@pytest.mark.usefixtures("no_metadata_server")
def test_the_handwritten_client_sees_no_more_than_a_day_unless_told() -> None:
    with LoggingServer(minutes(2)) as server:
        assert list(handwritten_client(server.address, "shop").list_entries()) == []
        assert server.requests[0].message.filter.startswith("timestamp>=")


@pytest.mark.usefixtures("no_metadata_server")
def test_the_handwritten_client_hears_of_a_used_up_quota() -> None:
    clock = Clock()
    with LoggingServer(minutes(3), quota=2, clock=clock) as server:
        client = handwritten_client(server.address, "shop")
        filter_ = 'timestamp>="2026-02-24T00:00:00Z"'
        with pytest.raises(exceptions.ResourceExhausted):
            list(client.list_entries(filter_=filter_, page_size=1))
        clock.seconds += 60.0
        assert len(list(client.list_entries(filter_=filter_))) == 3


# ---- files and the command

LINE = (
    '{"logName":"projects/shop/logs/x","insertId":"%s","timestamp":"2026-02-24T00:00:%sZ",'
    '"receiveTimestamp":"2026-02-24T00:00:%sZ","textPayload":"hello"}\n'
)


@pytest.fixture
def two_lines(tmp_path: Path) -> Path:
    """Give a file with two entries, 40 s apart."""
    path = tmp_path / "two.ndjson"
    path.write_text(LINE % ("a", "10.000000001", "11") + "\n" + LINE % ("b", "50.5", "51"), encoding="utf-8")
    return path


def test_a_file_keeps_its_nanoseconds(two_lines: Path) -> None:
    first, second = load_entries(two_lines)
    assert (first.insert_id, first.timestamp.nanos, second.insert_id) == ("a", 1, "b")


def test_repeated_entries_are_minutes_later_and_have_their_own_ids(two_lines: Path) -> None:
    found = [(entry.insert_id, entry.timestamp.ToJsonString()) for entry in repeat(load_entries(two_lines), 2)]
    assert found == [
        ("a", "2026-02-24T00:00:10.000000001Z"),
        ("b", "2026-02-24T00:00:50.500Z"),
        ("ar1", "2026-02-24T00:01:10.000000001Z"),
        ("br1", "2026-02-24T00:01:50.500Z"),
    ]


@pytest.mark.long
def test_the_command_says_where_it_listens_and_ends_when_told(two_lines: Path) -> None:
    command = [sys.executable, "-m", "tests.support.local_google", str(two_lines), "--repeat", "3", "--quota", "1"]
    root = Path(__file__).parent.parent.parent
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        client = generated_client(said.removeprefix("listening on ").strip())
        assert len(ids(client)) == 6
        with pytest.raises(exceptions.ResourceExhausted):
            page(client)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
