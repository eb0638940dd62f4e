"""Lines decoded straight to columns come to what they come to one by one."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.collect.columns import Reading
from logwatch.collect.entries import Entry
from logwatch.collect.json_columns import BATCH, UsualLines
from logwatch.collect.json_lines import take
from logwatch.collect.timestamps import parse_timestamp, parse_timestamps
from logwatch.count.windows import Windows, aggregate
from tests.conftest import ROOT
from tests.support.platform import SHAPE, SLOW_REQUEST, SUMMARY

LINES = (ROOT / "tests/fixtures/logs/calm.ndjson").read_bytes().splitlines()
SUMMARIES = [line for line in LINES if SUMMARY.encode() in line]
SLOW_REQUESTS = [line for line in LINES if SLOW_REQUEST.encode() in line]

STAMP = "2026-02-24T06:00:30.000000001Z"
WHOLE: dict[str, Any] = {
    "logName": "projects/p/logs/run.googleapis.com%2Fstdout",
    "insertId": "odd",
    "timestamp": STAMP,
    "receiveTimestamp": STAMP,
    "labels": {"instanceId": "a"},
    "resource": {"labels": {"service_name": "o4o-core-api"}},
}


def summary(*without: str, payload: dict[str, Any] | None = None, **fields: Any) -> bytes:
    """Give the line of a summary, without some of its fields and with others."""
    entry = WHOLE | {"jsonPayload": {"message": SUMMARY, "cache.hit": 1, **(payload or {})}} | fields
    return json.dumps({key: value for key, value in entry.items() if key not in without}).encode()


def slow_request(**payload: Any) -> bytes:
    """Give the line of a slow request with these things in its payload."""
    whole = {
        "message": SLOW_REQUEST,
        "label": "api",
        "durationMs": 1200,
        "method": "GET",
        "url": "/a/12?b=c",
        "statusCode": 200,
    }
    return json.dumps(WHOLE | {"jsonPayload": whole | payload}).encode()


ODD: dict[str, bytes] = {
    "nothing odd": summary(),
    "a new counter": summary(payload={"new": 3}),
    "a new counter that is zero": summary(payload={"new": 0}),
    "a counter that no field can be named after": summary(payload={'a"b\\c\n': 3, "half \ud800": 2}),
    "a counter in Korean": summary(payload={"error.code{code=결제_실패}": 3}),
    "a counter whose labels do not close": summary(payload={"new{a=b": 3}),
    "a counter named as the logger names something": summary(payload={"time": 3}),
    "a negative counter": summary(payload={"cache.miss": -1}),
    "a counter that is a text": summary(payload={"cache.miss": "12"}),
    "a counter that is true": summary(payload={"cache.miss": True}),
    "a counter that is nothing": summary(payload={"cache.miss": None}),
    "a counter that is an object": summary(payload={"cache.miss": {"a": 1}}),
    "a fraction": summary(payload={"cache.miss": 0.25}),
    "a whole number of more than 64 bits": summary(payload={"cache.miss": 10**25 + 1}),
    "a whole number between floats": summary(payload={"cache.miss": 2**63 + 1025}),
    "a number larger than any float": summary().replace(b'"cache.hit": 1', b'"cache.hit": 1e999'),
    "NaN": summary().replace(b'"cache.hit": 1', b'"cache.hit": NaN'),
    "the same counter twice": summary().replace(b'"cache.hit": 1', b'"cache.hit": 1, "cache.hit": 2'),
    "no counter": summary().replace(b'"cache.hit": 1', b'"level": "info"'),
    "only counters that are none": summary().replace(b'"cache.hit": 1', b'"cache.hit": "x"'),
    "a level that is a number": summary(payload={"level": 3}),
    "a request beside the counters": summary(payload={"httpRequest": {"status": 200}}),
    "a text of the logger's that looks like members": summary(payload={"level": 'a","cache.hit":7,"b":"'}),
    "a text of the logger's that ends like a member": summary(payload={"level": "a, ", "revision": ',"', "service": '{"'}),
    "a text of the logger's with a line break": summary(payload={"level": "a\n"}),
    "a key that ends like a member": summary(payload={'new,"a': 3, "new,\\": 2, ", ": 4, '{"x': 5}),
    "a key that opens an object": summary(payload={"{": 3, "}": 2, "{}": 1}),
    "a key with foreign bytes": summary(payload={"new?": 3}).replace(b"new?", b"new\xff"),
    "a key that is kept in another form": summary(payload={"new{token=abcdef0123456789abcdef0123456789}": 3}),
    "two keys that are kept in one form": summary(
        payload={"new{q=a?token=secret1secret1}": 3, "new{q=a?token=secret2secret2}": 4}
    ),
    "blanks around a value": summary().replace(b'"cache.hit": 1', b'"cache.hit" : 1 '),
    "blanks within the braces": summary().replace(b'{"message"', b'{ "message"'),
    "a number with a plus": summary().replace(b'"cache.hit": 1', b'"cache.hit": +1'),
    "a number with a zero before it": summary().replace(b'"cache.hit": 1', b'"cache.hit": 01'),
    "a number with an exponent": summary().replace(b'"cache.hit": 1', b'"cache.hit": 1.5E2'),
    "less than nothing": summary(payload={"cache.miss": -0.0}),
    "the message twice": summary().replace(b'"cache.hit": 1', b'"cache.hit": 1, "message": "x"'),
    "the message in other letters": summary().replace(b"60s", b"60\\u0073"),
    "a payload that is a list": summary().replace(b'{"message"', b'[{"message"').replace(b"1}}", b"1}]}"),
    "an object in the payload that is like it": summary(payload={"metadata": {"message": SUMMARY, "cache.hit": 1}}),
    "no time": summary("timestamp"),
    "a time that is none": summary(timestamp="2026-02-30T06:00:30.000000001Z"),
    "a time out of range": summary(timestamp="1500-02-24T06:00:30.000000001Z"),
    "a time with three decimals": summary(timestamp="2026-02-24T06:00:30.001Z"),
    "a time of another zone": summary(timestamp="2026-02-24T15:00:30.000000001+09:00"),
    "no time of arrival": summary("receiveTimestamp"),
    "a time of arrival that is none": summary(receiveTimestamp="soon"),
    "no labels": summary("labels"),
    "labels that are nothing": summary(labels=None),
    "no resource": summary("resource"),
    "no labels and no resource": summary("labels", "resource"),
    "no name of a log": summary("logName"),
    "another service": summary(resource={"labels": {"service_name": "other"}}, payload={"unseen": 1}),
    "the marker in another message": summary(payload={"message": f"GET /?q={SUMMARY}"}),
    "the payload as text": summary("jsonPayload", textPayload=f'{SUMMARY} {{"cache.hit": 2}}'),
    "a text beside the payload": summary(textPayload="x"),
    "a text that is none beside the payload": summary(textPayload=3),
    "a line that is cut off": summary()[:-9],
    "a line with foreign bytes": summary(payload={"level": "?"}).replace(b'"?"', b'"\xff"'),
    "a repeated line": SUMMARIES[3],
    "a usual slow request": slow_request(),
    "a slow request of a fraction": slow_request(durationMs=1200.5),
    "a slow request without a label": slow_request(label=None),
    "a slow request of negative time": slow_request(durationMs=-1),
    "a slow request whose time is a text": slow_request(durationMs="1200"),
    "a slow request without a method": slow_request(method=None),
    "a slow request with an endless method": slow_request(method="G" * 50),
    "a slow request without a URL": slow_request(url=None),
    "a slow request with more in it": slow_request(more={"a": [1]}),
    "a slow request that is none": slow_request(message=f"{SLOW_REQUEST} elsewhere"),
}  # fmt: skip


def together(lines: list[bytes], service: str | None) -> Windows:
    """Read the lines as a file's are read."""
    reading = Reading(service=service, shape=SHAPE)
    usual = UsualLines(reading, take)
    for line in lines:
        slow = SLOW_REQUEST.encode() in line
        usual.add([] if slow else [line], [line] if slow else [])
    usual.flush()
    return aggregate(reading)


def one_by_one(lines: list[bytes], service: str | None) -> Windows:
    """Read the lines as an array's objects are read."""
    reading = Reading(service=service, shape=SHAPE)
    for line in lines:
        take(line, reading)
    return aggregate(reading)


def tables(windows: Windows) -> list[Any]:
    """Give all that was found as plain rows."""
    counters = windows.counters.frame().astype({"value": object})  # a flawed count equals no other, not even itself
    frames = (counters.where(counters.notna(), "flawed"), windows.slow.frame(), windows.summaries.frame())
    return [windows.span, windows.quality, *(frame.to_dict("records") for frame in frames)]


@pytest.mark.parametrize(
    ("odd", "service"), [(odd, (None, "o4o-core-api")[number % 2]) for number, odd in enumerate(ODD.values())], ids=ODD
)
def test_an_odd_line_among_usual_ones_costs_and_adds_no_more_than_alone(odd: bytes, service: str | None) -> None:
    lines = SUMMARIES + SLOW_REQUESTS
    mixed = [*lines[: len(lines) // 2], odd, *lines[len(lines) // 2 :], odd]
    assert tables(together(mixed, service)) == tables(one_by_one(mixed, service))


def test_all_odd_lines_together_are_what_they_are_one_by_one() -> None:
    lines = [*ODD.values(), *SUMMARIES, *SLOW_REQUESTS, *reversed(ODD.values())] * (BATCH // len(LINES) + 2)
    assert tables(together(lines, None)) == tables(one_by_one(lines, None))


def test_usual_lines_do_not_go_the_long_way() -> None:
    taken: list[bytes] = []

    def long_way(line: bytes, reading: Reading) -> Entry | None:
        taken.append(line)
        return take(line, reading)

    usual = UsualLines(Reading(shape=SHAPE), long_way)
    usual.add(SUMMARIES, SLOW_REQUESTS)
    usual.flush()
    assert len(usual.reading.rows.kind) == len(SUMMARIES + SLOW_REQUESTS)
    counters = {key for line in SUMMARIES for key in json.loads(line)["jsonPayload"]}
    assert len(taken) < len(counters)


def test_counters_that_come_once_are_counted_like_those_that_always_come() -> None:
    lines = [summary(insertId=f"i{number}", payload={f"c{number}": 1}) for number in range(300)]
    lines.append(summary(payload={f"d{number}": 1 for number in range(900)}))
    windows = together(lines, None)
    assert windows.counters["value"].sum() == 2 * 300 + 900 + 1
    assert tables(windows) == tables(one_by_one(lines, None))


@pytest.mark.parametrize("width", [1, 15, 16, 200])
def test_as_many_counters_as_there_are_reach_their_columns(width: int) -> None:
    payloads = [{f"c{number}": number * line + 0.5 for number in range(width) if line or number % 3} for line in range(20)]
    lines = [summary(insertId=f"i{number}", payload=payload) for number, payload in enumerate(payloads)]
    assert tables(together(lines, None)) == tables(one_by_one(lines, None))


NAMES = st.one_of(
    st.sampled_from(["cache.hit", "cache.miss", "level", "message", "timestamp", "new{a=b}", ",", '"', ', "', "{", "}", ":"]),
    st.text(st.sampled_from('ab,:"{}\\ \n결\ud800'), max_size=4),
)
VALUES = st.one_of(
    st.integers(0, 9),
    st.sampled_from([-1, 0.5, 10**25, 1e999, None, True, "x", ',"', '":1,"', '{"', "}", [1], {"a": 1}, SUMMARY]),
)
PAYLOADS = st.lists(
    st.tuples(st.dictionaries(NAMES, VALUES, max_size=5), st.sampled_from([(",", ":"), (", ", ": ")])), max_size=5
)


@pytest.mark.long
@given(PAYLOADS, st.integers(0, 2**20))
@settings(max_examples=200, deadline=None)
def test_whatever_a_payload_holds_it_comes_to_what_it_comes_to_alone(
    payloads: list[tuple[dict[str, Any], tuple[str, str]]], seed: int
) -> None:
    lines = SUMMARIES[:4]
    for number, (payload, separators) in enumerate(payloads):
        entry = WHOLE | {"insertId": f"i{number}", "jsonPayload": {"message": SUMMARY, "cache.hit": 1} | payload}
        text = json.dumps(entry, separators=separators, ensure_ascii=seed % 2 > 0)
        lines = [*lines[: seed % len(lines)], text.encode("utf-8", "surrogatepass"), *lines[seed % len(lines) :]]
    assert tables(together(lines, None)) == tables(one_by_one(lines, None))


@pytest.mark.parametrize(
    "text",
    [STAMP, "1678-01-01T00:00:00.000000000Z", "2261-12-31T23:59:59.999999999Z", "2024-02-29T23:59:59.123456789Z"],
)
@pytest.mark.parametrize("other", [STAMP, "2026-02-24T06:00:30.5Z", "2026-02-24 06:00:30.000000001Z"])
def test_times_read_together_are_what_they_are_one_by_one(text: str, other: str) -> None:
    expected = [parse_timestamp(text), parse_timestamp(other)]
    assert parse_timestamps([text, other]).tolist() == expected


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-02-29T00:00:00.000000000Z", "2026-01-01T24:00:00.000000000Z", "2026-01-01T00:00:60.000000000Z",
     "1677-12-31T00:00:00.000000000Z", "2262-01-01T00:00:00.000000000Z", "２026-01-01T00:00:00.000000000Z"],
)  # fmt: skip
def test_a_time_that_is_none_among_others_raises_or_is_replaced(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - some say it in words of their own
        parse_timestamps([STAMP, text])
    assert parse_timestamps([STAMP, text], otherwise=7).tolist() == [parse_timestamp(STAMP), 7]


def test_the_grace_for_late_entries_is_judged_the_same() -> None:
    late = summary(receiveTimestamp="2026-02-24T07:00:30.000000001Z")
    reading = Reading(shape=SHAPE)
    usual = UsualLines(reading, take)
    usual.add([*SUMMARIES, late], [])
    usual.flush()
    assert aggregate(reading, grace=timedelta(seconds=90)).quality.late == 1


def test_two_texts_that_only_together_have_the_form_of_two_times_are_none() -> None:
    assert parse_timestamps([STAMP + "2", STAMP[1:]], otherwise=7).tolist() == [7, 7]
