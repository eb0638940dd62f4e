"""Mutated entries in eleven shapes, with good ones planted among them: nothing raises, and the good figures come out exact.

    python -m benchmarks.fuzz --entries 1000000 --seed 1

Each round makes one recording, reads it through the real source and judges it by the bundled rules. What went wrong is
printed with the round's seed, which makes the same recording again.
"""

import argparse
import base64
import gzip
import json
import random
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import cache
from math import isfinite, isnan
from typing import Any

from logwatch.collect.columns import Reading
from logwatch.collect.files import FilesSource
from logwatch.collect.live.cloud_logging import take_page
from logwatch.collect.recent_entries import Needed, dump, load, trim
from logwatch.count.windows import Windows, aggregate, counters_csv, sum_series, to_minute
from logwatch.errors import SourceError
from logwatch.judge.evaluate import Judged, evaluate
from logwatch.judge.rules.load import load_rules
from logwatch.judge.rules.model import RuleSet
from logwatch.judge.rules.service import load_log_shape
from logwatch.report.json_document import to_json
from logwatch.settings import bundled
from logwatch.spans import Span
from logwatch.state.document import State, dump_state, load_state

START = datetime(2026, 2, 24, 6, tzinfo=UTC)
MINUTES = 20
PLANTED = "checkout.attempt{service=planted}"
"""A counter that only good entries have."""
SUMMARY, SLOW = "[OpsMetrics] 60s summary", "[SlowRequest]"
MOST_MB = 700
"""What one process may ever take."""

Entry = dict[str, Any]
Write = Callable[[random.Random, list[Entry], set[int]], bytes]
"""Gives a recording's bytes of entries, those at the given places unharmed."""

HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 7, -0.0, 1.5, 1e308, 2**63, 10**400, float("nan"), float("inf"), "", " ", "7", "3.0", "-3", "1e5",
    "\ud800", "\udfff\ud800", "\0", "x" * 3000, "{", "}", "{}", "[]", [], [1], {}, {"a": 1}, {"fields": {}}, [[[[]]]],
    {"message": SUMMARY}, SUMMARY, f"{SUMMARY} {{", f'{SUMMARY} {{"cache.hit": 3}}', SLOW, {"numberValue": 3}, "null",
    "1970-01-01T00:00:00Z", "2200-01-01T00:00:00Z", "1677-09-21T00:12:43Z", "9999-12-31T23:59:59.999999999Z", "٣",
    "2031-05-05T05:05:05Z",
    "0001-01-01T00:00:00Z", "2026-02-24 06:03:09.371000 UTC", {"seconds": "1771912809", "nanos": 371000001},
    {"seconds": 10**30}, {"seconds": "x", "nanos": -1}, {"stringValue": "x"}, "kim@example.com password=hunter2",
)  # fmt: skip
NAMES: tuple[str, ...] = (
    "", "a", "message", "fields", "metadata", "timestamp", "insertId", "logName", "labels", "resource", "jsonPayload",
    "textPayload",
    "entries", "data", "\ud800", "cache.hit", "cache_hit", "checkout.error{service=kpa}",
    "checkout.error{service=kpa", "instanceId",
    "service_name", "json_payload", "text_payload", "log_name", "x" * 500, "{}", 'a"b\\',
)  # fmt: skip


# ---- entries


def stamp(moment: datetime, nanos: int = 0) -> str:
    """Write a time as Cloud Logging does."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanos:09d}Z"


def make_entry(rng: random.Random, number: int) -> Entry:
    """Make a usual entry: a summary, a slow request, another line, or text."""
    at = START + timedelta(seconds=rng.uniform(0, MINUTES * 60))
    entry: Entry = {
        "logName": "projects/p/logs/run.googleapis.com%2Fstdout", "insertId": f"m{number}",
        "timestamp": stamp(at, rng.randrange(10**9)),
        "receiveTimestamp": stamp(at), "labels": {"instanceId": f"i{rng.randrange(3)}"},
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": "o4o-core-api", "revision_name": "r1"}},
    }  # fmt: skip
    counters = {
        "cache.hit": rng.randrange(90),
        "checkout.attempt{service=kpa}": rng.randrange(1, 9),
        "checkout.error{service=kpa}": 1,
    }
    kind = rng.randrange(5)
    if kind < 2:
        entry["jsonPayload"] = {"message": SUMMARY, "level": "info", **counters}
    elif kind == 2:
        entry["jsonPayload"] = {
            "message": SLOW,
            "label": "api",
            "durationMs": rng.randrange(3000),
            "method": "GET",
            "url": "/a/1?b=c",
        }
    elif kind == 3:
        entry["textPayload"] = f"{SUMMARY} {json.dumps(counters)}"
    else:
        entry["textPayload"] = rng.choice(['  "cache.hit": 1,', "}", f"{SUMMARY} {{", "listening", "{"])
    return entry


def plant(number: int, count: int) -> Entry:
    """Make a good summary: one a minute, of an instance of its own, in the middle of the minute."""
    at = START + timedelta(minutes=number, seconds=30)
    return {
        "logName": "projects/p/logs/run.googleapis.com%2Fstdout", "insertId": f"good{number}", "timestamp": stamp(at),
        "receiveTimestamp": stamp(at), "labels": {"instanceId": "planted"},
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": "o4o-core-api"}},
        "jsonPayload": {"message": SUMMARY, "level": "info", PLANTED: count, "cache.error": 0},
    }  # fmt: skip


def mutate(rng: random.Random, entry: Entry) -> Entry:
    """Change an entry somewhere: another value, another name, something less, something more."""
    mutant: Entry = json.loads(json.dumps(entry))
    for _ in range(rng.choice((1, 1, 2, 4))):
        place = mutant
        while (inner := [value for value in place.values() if isinstance(value, dict) and value]) and rng.random() < 0.6:
            place = rng.choice(inner)
        keys = list(place)
        way = rng.randrange(4)
        if keys and way == 0:
            del place[rng.choice(keys)]
        elif keys and way == 1:
            place[rng.choice(NAMES)] = place.pop(rng.choice(keys))
        elif keys and way == 2:
            place[rng.choice(keys)] = deepcopy(rng.choice(HOSTILE))
        else:
            place[rng.choice(NAMES)] = deepcopy(rng.choice(HOSTILE))
    return mutant


def damage(rng: random.Random, line: bytes) -> bytes:
    """Change the bytes of a line, but not what ends it."""
    if rng.random() < 0.6 or not line:
        return line
    at, way = rng.randrange(len(line)), rng.randrange(5)
    if way == 0:
        line = line[:at]
    elif way == 1:
        line = line[at:]
    elif way == 2:
        line = line[:at] + bytes([rng.randrange(256)]) + line[at + 1 :]
    elif way == 3:
        line = (
            line[:at]
            + rng.choice((b"{", b"}", b'"', b"[", b"\\", b"\0", b"\xff", b"\\ud800", b"9" * 400, b"1e999"))
            + line[at:]
        )
    else:
        line = line[: at // 2] + line[at:]
    return line.replace(b"\n", b" ")


# ---- shapes


def lines_of(rng: random.Random, entries: list[Entry], good: set[int], *, harmed: bool = True) -> list[bytes]:
    """Write each entry on its line."""
    lines = [json.dumps(entry).encode() for entry in entries]
    return [line if at in good or not harmed else damage(rng, line) for at, line in enumerate(lines)]


def as_lines(rng: random.Random, entries: list[Entry], good: set[int]) -> bytes:
    """Write NDJSON."""
    return rng.choice((b"\n", b"\r\n")).join(lines_of(rng, entries, good)) + b"\n"


def as_gzip(rng: random.Random, entries: list[Entry], good: set[int]) -> bytes:
    """Write NDJSON and pack it, in one member or two."""
    lines = lines_of(rng, entries, good)
    cut = rng.randrange(len(lines))
    return gzip.compress(b"".join(line + b"\n" for line in lines[:cut]), 1) + gzip.compress(b"\n".join(lines[cut:]), 1)


def as_utf16(rng: random.Random, entries: list[Entry], good: set[int]) -> bytes:
    """Write NDJSON as PowerShell does."""
    return as_lines(rng, entries, good).decode("utf-8", "replace").encode("utf-16")


def as_array(rng: random.Random, entries: list[Entry], good: set[int]) -> bytes:
    """Write an array without line breaks."""
    return b"[" + b",".join(lines_of(rng, entries, good, harmed=False)) + b"]"


def as_printed(rng: random.Random, entries: list[Entry], good: set[int]) -> bytes:
    """Write an array as gcloud prints it, each object beginning with whatever key."""
    del good
    shuffled = [dict(rng.sample(list(entry.items()), len(entry))) for entry in entries]
    return json.dumps(shuffled, indent=rng.choice((1, 2, 4))).encode()


def as_noticed(rng: random.Random, entries: list[Entry], good: set[int]) -> bytes:
    """Write the same with what gcloud says of itself before and behind it."""
    notice = rng.choice((b"Your active configuration is: [default]\n", b"WARNING: a new version is there\n\n", b"\xef\xbb\xbf"))
    return notice + as_printed(rng, entries, good) + rng.choice((b"", b"\nTo update, run: gcloud components update\n"))


def as_page(rng: random.Random, entries: list[Entry], good: set[int]) -> bytes:
    """Write the REST API's answer."""
    del good
    return json.dumps({"entries": entries, "nextPageToken": "t"}, indent=rng.choice((None, 2))).encode()


def as_envelopes(rng: random.Random, entries: list[Entry], good: set[int]) -> bytes:
    """Write what Pub/Sub pushes."""
    first = json.dumps(plant(0, 0) | {"insertId": "head", "jsonPayload": {"message": "listening"}}).encode()
    inner = [first, *lines_of(rng, entries, good)]
    rows = ({"message": {"data": base64.b64encode(each).decode(), "messageId": "1"}, "subscription": "s"} for each in inner)
    return "\n".join(map(json.dumps, rows)).encode()


def as_rows(rng: random.Random, entries: list[Entry], good: set[int]) -> bytes:
    """Write rows of Log Analytics: other names, other times, null for what is absent."""
    names = {"logName": "log_name", "insertId": "insert_id", "receiveTimestamp": "receive_timestamp",
             "jsonPayload": "json_payload", "textPayload": "text_payload"}  # fmt: skip
    rows = []
    for at, entry in enumerate(entries):
        row = {"severity": None, "text_payload": None, **{names.get(key, key): value for key, value in entry.items()}}
        if isinstance(row.get("timestamp"), str):
            row["timestamp"] = row["timestamp"].replace("T", " ").replace("Z", " UTC")
        if at % 3 == 0 and isinstance(row.get("json_payload"), dict):
            row["json_payload"] = json.dumps(row["json_payload"])
        rows.append(row)
    return b"\n".join(lines_of(rng, rows, good))


def as_blocks(rng: random.Random, entries: list[Entry], good: set[int]) -> bytes:
    """Write NDJSON with summaries that Cloud Run split into a line each, the good ones too."""
    split: list[Entry] = []
    kept: set[int] = set()
    for at, entry in enumerate(entries):
        payload = entry.get("jsonPayload")
        if not isinstance(payload, dict) or payload.get("message") != SUMMARY or len(payload) < 2:
            split.append(entry)
            continue
        counters = {key: value for key, value in payload.items() if key not in {"message", "level"}}
        for number, text in enumerate(f"{SUMMARY} {json.dumps(counters, indent=2)}".split("\n")):
            part = {key: value for key, value in entry.items() if key != "jsonPayload"} | {"textPayload": text}
            if isinstance(part.get("insertId"), str):
                part["insertId"] = f"{part['insertId']}-{number:03d}" if rng.random() < 0.97 or at in good else "shared"
            if at in good:
                kept.add(len(split))
            split.append(part)
    return b"\n".join(lines_of(rng, split, kept))


SHAPES: dict[str, Write] = {
    "lines": as_lines, "gzip": as_gzip, "utf16": as_utf16, "array": as_array, "printed": as_printed, "noticed": as_noticed,
    "page": as_page, "envelopes": as_envelopes, "rows": as_rows, "blocks": as_blocks,
}  # fmt: skip
CLOUD = "cloud"
"""The eleventh: pages of Cloud Logging, which are no bytes of a file."""
SUFFIXES = {"gzip": ".gz"}


# ---- reading


@cache
def rules() -> RuleSet:
    """Give the bundled rules."""
    return load_rules(bundled("rules"))


def read_file(content: bytes, suffix: str) -> Reading:
    """Read a recording as the commands do."""
    with tempfile.NamedTemporaryFile(suffix=suffix or ".json") as file:
        file.write(content)
        file.flush()
        source = FilesSource([file.name], load_log_shape(bundled("rules")))
        return source.read(None, service=None, progress=lambda *_: None, meanwhile=lambda: None)


def read_pages(entries: list[Entry]) -> Reading:
    """Read entries as pages of Cloud Logging, those that its messages can hold."""
    from google.cloud.logging_v2.types import LogEntry
    from google.protobuf.json_format import ParseDict

    message = LogEntry.pb(LogEntry())
    reading, page = Reading(shape=load_log_shape(bundled("rules"))), []
    for entry in entries:
        try:
            page.append(ParseDict(entry, type(message)(), ignore_unknown_fields=True))
        except Exception:  # noqa: BLE001, S112 - what is no message of this kind never came over this way
            continue
    for start in range(0, len(page), 100):
        take_page(page[start : start + 100], reading)
    return reading


# ---- what must hold


def find_faults(reading: Reading, planted: dict[int, int], span: Span | None) -> Iterator[str]:
    """Say what is wrong with what was read."""
    windows = aggregate(reading, span=span)
    quality = windows.quality
    parts = quality.samples + quality.slow_requests + quality.ignored + quality.duplicates + sum(quality.unparsed.values())
    if quality.entries != parts or min(quality.ignored, quality.duplicates, *quality.unparsed.values(), 0) < 0:
        yield f"{quality.entries} entries, and {parts} became of them: {quality}"
    if not all(quality.unparsed):
        yield f"an empty reason: {quality.unparsed}"
    counted = windows.counters.rows("minute", "series", "value")
    found = {minute: value for minute, series, value in counted if series == PLANTED}
    if found != planted:
        yield f"planted {planted}, found {found}"
    yield from _judged_faults(windows)
    yield from _kept_faults(reading)


def _judged_faults(windows: Windows) -> Iterator[str]:
    """Judge, publish as tables and JSON: nothing that is no number may leave."""
    judged = Judged(windows.span, windows, tuple(evaluate(rules().rules, windows)))
    text = json.dumps(to_json(judged), allow_nan=False)
    if not all(map(isfinite, counters_csv(windows)["value"])):
        yield "a table with a value that is none"
    if "NaN" in text or any(map(isnan, sum_series(windows).values())):
        yield "a document with a value that is none"


def _kept_faults(reading: Reading) -> Iterator[str]:
    """Keep it in the state and take it out again."""
    since = int(START.timestamp()) * 10**9 - 10**18
    kept = trim(reading, Needed(since, since, since, 2000), str)
    state = load_state(dump_state(State(recent=dump(kept))))
    again = dump(load(state.recent))  # without the names that no entry has any more
    if dump(load(again)) != again or again.flawed.keys() != state.recent.flawed.keys():
        yield "what was kept is not what comes back"
    if [row[:2] for row in again.summaries] != [row[:2] for row in state.recent.summaries]:
        yield "summaries that were kept are not those that come back"


def try_round(shape: str, seed: int, entries: int) -> list[str]:
    """Make one recording, read it, and say what is wrong."""
    rng = random.Random(seed)
    harmed = [
        mutate(rng, make_entry(rng, number)) if rng.random() < 0.9 else make_entry(rng, number) for number in range(entries)
    ]
    counts = {number: rng.randrange(1, 50) for number in range(MINUTES)}
    places = sorted(rng.sample(range(entries + MINUTES), MINUTES))
    for number, place in enumerate(places):
        harmed.insert(place, plant(number, counts[number]))
    good = {at for at, entry in enumerate(harmed) if entry.get("labels", {}) == {"instanceId": "planted"}}
    planted = {to_minute(START) + number: count for number, count in counts.items()}
    try:
        in_pages = shape == CLOUD
        reading = read_pages(harmed) if in_pages else read_file(SHAPES[shape](rng, harmed, good), SUFFIXES.get(shape, ""))
        asked = Span(START - timedelta(hours=1), START + timedelta(hours=2))  # what is live is read by its time
        return list(find_faults(reading, planted, asked if in_pages else None))
    except SourceError as error:
        return [f"refused: {error}"]
    except Exception:  # noqa: BLE001 - that is what is looked for
        return [traceback.format_exc()]


def main() -> int:
    """Try so many entries in all shapes by turns, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--each", type=int, default=2000, help="entries of one recording")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--shape", choices=[*SHAPES, CLOUD], help="this one alone")
    given = parser.parse_args()
    shapes = [given.shape] if given.shape else [*SHAPES, CLOUD]
    begun, faults, done = time.monotonic(), Counter[str](), Counter[str]()
    print(f"seed {given.seed}: {given.entries:,} entries in {len(shapes)} shapes")
    for number in range(-(-given.entries // given.each)):
        shape, seed = shapes[number % len(shapes)], given.seed + number
        done[shape] += given.each
        for fault in try_round(shape, seed, given.each):
            faults[shape] += 1
            print(f"{shape}, --shape {shape} --each {given.each} --entries {given.each} --seed {seed}:\n  {fault[-1500:]}")
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    took = time.monotonic() - begun
    print(f"{done.total():,} entries, {sum(faults.values())} faults, {took:.0f} s, {used:.0f} MB at most")
    if used > MOST_MB:
        print(f"more than {MOST_MB} MB")
    return int(bool(faults) or used > MOST_MB)


if __name__ == "__main__":
    sys.exit(main())
