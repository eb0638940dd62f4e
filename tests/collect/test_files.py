"""Recorded entries in every container give the same figures, and damaged ones cost themselves only."""

import contextlib
import gzip
import itertools
import json
import multiprocessing
import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import zstandard

from logwatch.collect.columns import Reading
from logwatch.collect.files import PIECE, SECOND_PROCESS_FROM, FilesSource, OtherProcess, _cut, _read_pieces
from logwatch.collect.json_columns import UsualLines
from logwatch.collect.json_lines import MAX_ENTRY, take
from logwatch.count.slow_requests import slow_csv
from logwatch.count.windows import Quality, Windows, aggregate, counters_csv
from logwatch.errors import ConfigError, LogwatchError, SourceError
from logwatch.pipeline.time_range import Wanted, read_windows
from tests.conftest import ROOT, Run, run_process
from tests.support.patience import no_hang
from tests.support.platform import SHAPE, SLOW_REQUEST, SUMMARY

LOGS = ROOT / "tests/fixtures/logs"
NEVER = Wanted(None, None, None, timedelta(seconds=90))
STDOUT = "projects/o4o-demo/logs/run.googleapis.com%2Fstdout"
Shape = Callable[[list[bytes]], dict[str, bytes]]
"""Makes files, name to content, of lines without line breaks."""


def read(*paths: Path | str) -> Reading:
    """Read files the way the commands do."""
    return FilesSource([str(path) for path in paths], SHAPE).read(
        None, service=None, progress=lambda _text, _share: None, meanwhile=lambda: None
    )


def count(*paths: Path | str) -> Windows:
    """Read files into windows."""
    return aggregate(read(*paths))


def tables(windows: Windows) -> tuple[list[Any], list[Any], list[Any]]:
    """Give the counters, the slow requests and the number of summaries as plain rows."""
    counters, slow, summaries = (
        list(table.rows(*table.columns)) for table in (counters_csv(windows), windows.slow, windows.summaries)
    )
    return counters, slow, summaries


def assert_nothing_vanished(quality: Quality) -> None:
    """Check that each entry ended as exactly one thing."""
    parts = (quality.samples, quality.slow_requests, quality.ignored, quality.duplicates)
    assert min(parts) >= 0
    assert all(number > 0 for number in quality.unparsed.values())
    assert quality.entries == sum(parts) + sum(quality.unparsed.values())


def write(folder: Path, files: dict[str, bytes]) -> list[Path]:
    """Write files and give their paths."""
    paths = []
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        paths.append(path)
    return paths


def lines_of(name: str) -> list[bytes]:
    """Give a recording's lines."""
    return (LOGS / f"{name}.ndjson").read_bytes().splitlines()


def entry(number: int = 0, **fields: Any) -> bytes:
    """Give the line of a summary that counts 1; entries of different numbers are different entries."""
    payload = {"message": SUMMARY, "checkout.attempt{service=kpa}": 1}
    stamp = f"2026-08-20T{number // 60 % 24:02}:{number % 60:02}:13.000000001Z"
    whole = {
        "logName": STDOUT,
        "insertId": f"i{number}",
        "timestamp": stamp,
        "labels": {"instanceId": "a"},
        "jsonPayload": payload,
    }
    return json.dumps({key: value for key, value in (whole | fields).items() if value is not None}).encode()


def noise(number: int, size: int = 0) -> bytes:
    """Give the line of an entry of no concern, about `size` bytes long."""
    return entry(number, insertId=f"n{number}", jsonPayload={"message": "request", "padding": "x" * size})


def summary(number: int = 0, **payload: Any) -> bytes:
    """Give the line of a summary with these things in its payload, too."""
    return entry(number, jsonPayload={"message": SUMMARY, "checkout.attempt{service=kpa}": 1, **payload})


# ---- the same content in every container


def pretty(lines: list[bytes]) -> bytes:
    """Give an array as gcloud prints it."""
    return json.dumps([json.loads(line) for line in lines], indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def ndjson(lines: list[bytes]) -> bytes:
    """Give one entry a line."""
    return b"".join(line + b"\n" for line in lines)


def utf16(lines: list[bytes], encoding: str = "utf-16-le") -> bytes:
    """Give text as PowerShell writes it: a byte order mark and CRLF."""
    return ("\ufeff" + "\r\n".join(line.decode() for line in lines) + "\r\n").encode(encoding)


def shuffled(lines: list[bytes]) -> list[bytes]:
    """Give the lines in another order, the same every time."""
    mixed = lines[:]
    random.Random(7).shuffle(mixed)  # noqa: S311 - the same every time
    return mixed


def thirds(lines: list[bytes]) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Cut the lines into three parts."""
    third = len(lines) // 3
    return lines[:third], lines[third : 2 * third], lines[2 * third :]


def members(lines: list[bytes], pack: Callable[[bytes], bytes] = gzip.compress) -> bytes:
    """Give several streams of gzip or another packer, cut in the middle of lines."""
    content = ndjson(lines)
    cuts = [0, len(content) // 5, len(content) // 2 + 17, len(content) - 1, len(content)]
    return b"".join(pack(content[start:end]) for start, end in itertools.pairwise(cuts))


def headed(lines: list[bytes]) -> bytes:
    """Give gzip whose head holds all that one can (RFC 1952), more of it than is read at once."""
    packed = gzip.compress(ndjson(lines))
    return packed[:3] + b"\x1e" + packed[4:10] + b"\x03\0abc" + b"n" * 200_000 + b"\0a comment\0" + b"\1\2" + packed[10:]


SHAPES: dict[str, Shape] = {
    "CRLF": lambda lines: {"a.ndjson": b"\r\n".join(lines) + b"\r\n"},
    "no line break at the end": lambda lines: {"a.ndjson": b"\n".join(lines)},
    "blank lines between": lambda lines: {"a.ndjson": b"\n" + b"\n \n\n".join(lines) + b"\n\n"},
    "spaces around each line": lambda lines: {"a.ndjson": b"".join(b"  " + line + b" \t\n" for line in lines)},
    "spaces behind colons and commas": lambda lines: {
        "a.ndjson": ndjson([json.dumps(json.loads(line), ensure_ascii=False).encode() for line in lines])
    },
    "escaped instead of UTF-8": lambda lines: {"a.ndjson": ndjson([json.dumps(json.loads(line)).encode() for line in lines])},
    "newest first": lambda lines: {"a.ndjson": ndjson(lines[::-1])},
    "in any order": lambda lines: {"a.ndjson": ndjson(shuffled(lines))},
    "a name without a suffix": lambda lines: {"a": ndjson(lines)},
    "a UTF-8 byte order mark": lambda lines: {"a.ndjson": b"\xef\xbb\xbf" + ndjson(lines)},
    "UTF-16 of PowerShell": lambda lines: {"a.json": utf16(lines)},
    "UTF-16, big end first": lambda lines: {"a.json": utf16(lines, "utf-16-be")},
    "UTF-16 of a printed array": lambda lines: {"a.json": utf16(pretty(lines).splitlines())},
    "a compact array": lambda lines: {"a.json": b"[" + b",".join(lines) + b"]"},
    "an array with an entry a line": lambda lines: {"a.json": b"[\n" + b",\n".join(lines) + b"\n]\n"},
    "an array as gcloud prints it": lambda lines: {"a.json": pretty(lines)},
    "an array as gcloud prints it, CRLF": lambda lines: {"a.json": pretty(lines).replace(b"\n", b"\r\n")},
    "an array with a byte order mark": lambda lines: {"a.json": b"\xef\xbb\xbf" + pretty(lines)},
    "two arrays in one file": lambda lines: {"a.json": pretty(lines[:50]) + pretty(lines[50:])},
    "objects over several lines": lambda lines: {
        "a.json": b"".join(json.dumps(json.loads(line), indent=2).encode() + b"\n" for line in lines)
    },
    "gzip": lambda lines: {"a.ndjson.gz": gzip.compress(ndjson(lines))},
    "gzip without its suffix": lambda lines: {"a.ndjson": gzip.compress(ndjson(lines))},
    "gzip of CRLF": lambda lines: {"a.gz": gzip.compress(b"\r\n".join(lines))},
    "gzip of several members": lambda lines: {"a.gz": members(lines)},
    "gzip with zeros behind it": lambda lines: {"a.gz": gzip.compress(ndjson(lines)) + bytes(512)},
    "gzip of a printed array": lambda lines: {"a.json.gz": gzip.compress(pretty(lines))},
    "gzip of UTF-16": lambda lines: {"a.json.gz": gzip.compress(utf16(lines))},
    "gzip with a name, a comment and more in its head": lambda lines: {"a.gz": headed(lines)},
    "Zstandard": lambda lines: {"a.ndjson.zst": zstandard.compress(ndjson(lines))},
    "Zstandard of several frames": lambda lines: {"a": members(lines, zstandard.compress)},
    "three files": lambda lines: dict(zip(("a.ndjson", "b.ndjson", "c.ndjson"), map(ndjson, thirds(lines)), strict=True)),
    "three files of three kinds": lambda lines: dict(
        zip(
            ("a.json", "b.gz", "c.ndjson"),
            (f(part) for f, part in zip((pretty, members, ndjson), thirds(lines), strict=True)),
            strict=True,
        )
    ),
}


@cache
def plainly(recording: str) -> tuple[Windows, tuple[list[Any], ...]]:
    """Count a recording as it is, once for all that is held against it."""
    windows = count(LOGS / f"{recording}.ndjson")
    return windows, tables(windows)


@pytest.mark.parametrize("recording", ["calm", "text"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_container_changes_no_figure(shape: Shape, recording: str, tmp_path: Path) -> None:
    plain, expected_tables = plainly(recording)
    other = count(*write(tmp_path, shape(lines_of(recording))))
    assert tables(other) == expected_tables
    assert_nothing_vanished(other.quality)
    told, expected = other.quality, plain.quality
    assert (told.entries, told.samples, told.slow_requests, told.ignored, told.duplicates, told.unparsed, told.instances) == (
        expected.entries,
        expected.samples,
        expected.slow_requests,
        expected.ignored,
        expected.duplicates,
        expected.unparsed,
        expected.instances,
    )


@pytest.mark.parametrize("recording", ["calm", "storm", "payment"])
def test_each_counter_of_a_recording_is_in_the_table(recording: str) -> None:
    expected: dict[str, int] = {}
    for payload in (json.loads(line).get("jsonPayload", {}) for line in lines_of(recording)):
        if payload["message"] == SUMMARY:
            for key in payload.keys() - {"level", "message", "revision", "service", "timestamp"}:
                expected[key] = expected.get(key, 0) + payload[key]
    windows = count(LOGS / f"{recording}.ndjson")
    found = windows.counters.frame().groupby("series", observed=True)["value"].sum()
    assert {str(series): value for series, value in found.items()} == expected
    assert len(windows.slow) == sum(b'"[SlowRequest]"' in line for line in lines_of(recording))
    assert_nothing_vanished(windows.quality)
    assert not windows.quality.unparsed


def test_each_counter_of_pretty_printed_text_is_in_the_table() -> None:
    texts: dict[str, list[str]] = {}
    for line in map(json.loads, lines_of("text")):
        texts.setdefault(line["labels"]["instanceId"], []).append(line["textPayload"])
    expected: dict[str, int] = {}
    for block in "\n".join("\n".join(lines) for lines in texts.values()).split(f"{SUMMARY} ")[1:]:
        for key, value in json.JSONDecoder().raw_decode(block)[0].items():
            expected[key] = expected.get(key, 0) + value
    windows = count(LOGS / "text.ndjson")
    found = windows.counters.frame().groupby("series", observed=True)["value"].sum()
    assert {str(series): value for series, value in found.items()} == expected
    assert_nothing_vanished(windows.quality)


def test_a_development_build_is_told_and_counts_nothing() -> None:
    windows = count(LOGS / "development.ndjson")
    assert len(windows.counters) == len(windows.slow) == 0
    assert set(windows.quality.unparsed) == {"counters_lost"}
    assert_nothing_vanished(windows.quality)


def test_a_folder_stands_for_the_log_files_in_it(tmp_path: Path) -> None:
    parts = [ndjson(part) for part in thirds(lines_of("calm"))]
    names = ("one.ndjson", "deep/down/two.json", "deep/three.log.gz")
    write(tmp_path, dict(zip(names, [parts[0], parts[1], gzip.compress(parts[2])], strict=True)) | {"readme.txt": parts[0]})
    assert tables(count(tmp_path)) == tables(count(LOGS / "calm.ndjson"))


@pytest.mark.parametrize("recording", ["calm", "text"])
def test_the_same_file_twice_counts_once(recording: str, tmp_path: Path) -> None:
    path = LOGS / f"{recording}.ndjson"
    copies = write(tmp_path, {"b.json": pretty(shuffled(lines_of(recording))), "c.gz": gzip.compress(path.read_bytes())})
    windows = count(path, *copies, path)
    assert tables(windows) == tables(count(path))
    assert_nothing_vanished(windows.quality)
    assert windows.quality.entries in (
        3 * len(lines_of(recording)),
        4 * len(lines_of(recording)),
    )  # a path named twice may be read once


STREAMS: dict[str, Callable[[list[bytes]], bytes]] = {
    "NDJSON": ndjson,
    "an array as gcloud prints it": pretty,
    "several gzip members": members,
}


@pytest.mark.parametrize("content", STREAMS.values(), ids=STREAMS)
def test_standard_input_is_read_as_a_file_is(run: Run, content: Callable[[list[bytes]], bytes]) -> None:
    ran = run("windows", "--source", "-", stdin=content(lines_of("calm")))
    assert ran.err == ""
    assert ran.out == counters_csv(count(LOGS / "calm.ndjson")).frame().to_csv(index=False, lineterminator="\n")


@pytest.mark.long
def test_a_pipe_with_a_name_is_read_as_a_file_is() -> None:
    ran = run_process("windows", "--source", "/dev/stdin", input=ndjson(lines_of("calm")))  # as <(…) gives it
    assert ran.stderr.decode() == ""
    assert ran.stdout.decode() == counters_csv(count(LOGS / "calm.ndjson")).frame().to_csv(index=False, lineterminator="\n")


def test_standard_input_given_twice_is_refused(run: Run) -> None:
    assert run("windows", "--source", "-", "--source", "-", stdin=ndjson(lines_of("calm"))).code == 2


# ---- damage

GOOD = ndjson([entry(number) for number in range(900)])
MIXED = ndjson([entry(number, insertId=random.Random(number).randbytes(9).hex()) for number in range(900)])  # noqa: S311 - the same every time
"""About half incompressible, so that a cut in it is a cut between entries."""
ZIPPED, PACKED = gzip.compress(MIXED), zstandard.compress(MIXED)

BLOCK = [f"{SUMMARY} {{", '  "checkout.attempt{service=kpa}": 1,', '  "cache.hit": 3', "}"]
BLOCK_ENTRIES = [
    entry(0, insertId=f"b{number}", jsonPayload=None, textPayload=text, timestamp=f"2026-08-20T00:01:13.00000000{number}Z")
    for number, text in enumerate(BLOCK)
]

LARGE = 1 << 20
"""Bytes of damage that take their time."""

DAMAGED: dict[str, tuple[bytes, dict[str, Any]]] = {
    "nothing": (b"", {"entries": 0}),
    "one line break": (b"\n", {"entries": 0}),
    "only blank lines": (b"\n\n \r\n\t\n" * 50, {"entries": 0}),
    "only a byte order mark": (b"\xef\xbb\xbf", {"samples": 0}),
    "only a byte order mark of UTF-16": (b"\xff\xfe", {"entries": 0}),
    "prose": (b"hello\nworld\n", {"entries": 2, "unparsed": {"not_json": 2}}),
    "prose before, between and behind": (
        b"$ gcloud\n" + entry(1) + b"\nWARNING: x\n" + entry(2) + b"\nUpdates are available.\n",
        {"entries": 5, "samples": 2, "unparsed": {"not_json": 3}},
    ),
    "CSV": (b"timestamp,message\n2026-08-20T00:01:13Z,x\n", {"entries": 2, "unparsed": {"not_json": 2}}),
    "HTML": (b"<!DOCTYPE html>\n<html>\n</html>", {"entries": 3, "unparsed": {"not_json": 3}}),
    "a picture": (b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(5000), {"samples": 0}),  # noqa: S311 - the same every time
    "scalars": (b'1\nnull\n"x"\ntrue\n', {"entries": 4, "unparsed": {"not_json": 4}}),
    "a summary that was cut off": (
        entry(1) + b"\n" + entry(2)[:-30],
        {"entries": 2, "samples": 1, "unparsed": {"cut_off": 1}},
    ),
    "a line of no concern that was cut off": (
        entry(1) + b"\n" + noise(2)[:-5],
        {"entries": 2, "samples": 1, "unparsed": {"cut_off": 1}},
    ),
    "a cut-off line in the middle": (
        entry(1) + b"\n" + entry(2)[:-30] + b"\n" + entry(3),
        {"entries": 3, "samples": 2, "unparsed": {"cut_off": 1}},
    ),
    "a line of pretty-printed text that was cut off": (
        ndjson(BLOCK_ENTRIES) + BLOCK_ENTRIES[1][:-20],
        {"entries": 5, "samples": 4, "ignored": 0, "unparsed": {"cut_off": 1}},
    ),
    "pretty-printed text without its end": (
        ndjson(BLOCK_ENTRIES[:-1]),
        {"entries": 3, "samples": 0, "unparsed": {"incomplete_block": 3}},
    ),
    "a cut-off first line, as tail -c gives it": (
        entry(1)[40:] + b"\n" + entry(2),
        {"entries": 2, "samples": 1, "unparsed": {"not_json": 1}},
    ),
    "a line of NUL bytes": (
        bytes(1000) + b"\n" + entry(1) + b"\n",
        {"entries": 2, "samples": 1, "unparsed": {"not_json": 1}},
    ),
    "NUL bytes around a summary": (bytes(100) + entry(1) + bytes(100) + b"\n", {"entries": 1, "samples": 1}),
    "NUL bytes in a summary": (entry(1).replace(b"kpa", b"k\0a"), {"entries": 1, "samples": 1}),
    "only NUL bytes": (bytes(5000), {"entries": 1, "unparsed": {"not_json": 1}}),
    "Korean in cp949": (
        summary(1, reason="만료").decode().encode().replace(rb"\ub9cc\ub8cc", "만료".encode("cp949")),
        {"entries": 1, "samples": 1},
    ),
    "a whole file in cp949": (
        ("로그 파일\n" + entry(1).decode() + "\n끝\n").encode("cp949"),
        {"entries": 3, "samples": 1, "unparsed": {"not_json": 2}},
    ),
    "foreign bytes in a line of no concern": (
        noise(1).replace(b"request", b"\xff\xfe\x80") + b"\n" + entry(2),
        {"entries": 2, "samples": 1},
    ),
    "a lone carriage return in a summary": (
        entry(1).replace(b"kpa", b"k\ra") + b"\n\n" + entry(2) + b"\n",
        {"entries": 2, "samples": 2, "unparsed": {}},
    ),
    "a lone carriage return in a line of no concern": (
        noise(1).replace(b"request", b"re\rquest") + b"\n\n" + entry(2) + b"\n",
        {"entries": 2, "samples": 1},
    ),
    "UTF-16 without a byte order mark": (utf16([entry(1), entry(2)])[2:], {"samples": 0}),
    "UTF-16 with half a character at its end": (utf16([entry(1), entry(2)])[:-1], {"entries": 2, "samples": 2}),
    "gzip cut at nine tenths": (ZIPPED[: len(ZIPPED) * 9 // 10], {"some_samples": True, "damaged_gzip": 1}),
    "gzip cut before its checksum": (ZIPPED[:-8], {"samples": 900, "damaged_gzip": 1}),
    "gzip cut in its head": (ZIPPED[:5], {"entries": 1, "unparsed": {"damaged_gzip": 1}}),
    "gzip with a flipped byte at nine tenths": (
        ZIPPED[: len(ZIPPED) * 9 // 10] + bytes([ZIPPED[len(ZIPPED) * 9 // 10] ^ 0x55]) + ZIPPED[len(ZIPPED) * 9 // 10 + 1 :],
        {"some_samples": True, "damaged_gzip": 1},
    ),
    "gzip with a wrong checksum": (ZIPPED[:-8] + bytes(8), {"samples": 900, "damaged_gzip": 1}),
    "gzip with other bytes behind it": (ZIPPED + b"Connection closed", {"samples": 900, "damaged_gzip": 1}),
    "gzip with a second member that is cut": (gzip.compress(GOOD) + ZIPPED[:20], {"samples": 900, "damaged_gzip": 1}),
    "gzip cut in a name in its head": (ZIPPED[:3] + b"\x08" + ZIPPED[4:10] + b"name", {"unparsed": {"damaged_gzip": 1}}),
    "zstd cut at nine tenths": (PACKED[: len(PACKED) * 9 // 10], {"some_samples": True, "damaged_zstd": 1}),
    "zstd cut in its head": (PACKED[:5], {"entries": 1, "unparsed": {"damaged_zstd": 1}}),
    "zstd with a hole": (
        PACKED[: len(PACKED) * 9 // 10] + bytes(99) + PACKED[len(PACKED) * 9 // 10 + 99 :],
        {"some_samples": True, "damaged_zstd": 1},
    ),
    "zstd with other bytes behind it": (PACKED + b"Connection closed", {"samples": 900, "damaged_zstd": 1}),
    "zstd with a second frame that is cut": (zstandard.compress(GOOD) + PACKED[:20], {"samples": 900, "damaged_zstd": 1}),
    "gzip of nothing": (gzip.compress(b""), {"entries": 0}),
    "the application's own JSON": (
        ndjson([json.dumps({"level": "info", "message": SUMMARY, "cache.hit": 3}).encode()] * 3),
        {"entries": 3, "unparsed": {"not_an_entry": 3}},
    ),
    "the application's own text": (
        f'{SUMMARY} {{"cache.hit": 3}}\n{SLOW_REQUEST} {{"durationMs": 3}}\n'.encode(),
        {"samples": 0},
    ),
    "the application's own pretty-printed text": ("\n".join(BLOCK).encode(), {"samples": 0}),
    "the application's own development lines": (
        f"2026-08-20 00:00:48 info: {SUMMARY}\n".encode(),
        {"entries": 1, "unparsed": {"not_json": 1}},
    ),
    "100,000 keys in a line": (summary(1, **{f"new{{n={n}}}": n for n in range(100_000)}), {"entries": 1, "samples": 1}),
    "keys without an end": (
        summary(1, **{"auth.failure{reason=a": 2}),
        {"samples": 1, "flaws": {"malformed_key: auth.failure{reason=a": 1}},
    ),
    "10,000 brackets in a summary": (
        entry(1) + b"\n" + summary(2, x=0).replace(b'"x": 0', b'"x": ' + b"[" * 10_000 + b"]" * 10_000),
        {"entries": 2, "samples": 1, "unparsed": {"not_json": 1}},
    ),
    "10,000 objects in a summary": (
        entry(1) + b"\n" + summary(2, x=0).replace(b'"x": 0', b'"x": ' + b'{"x": ' * 10_000 + b"1" + b"}" * 10_000),
        {"entries": 2, "samples": 1, "unparsed": {"not_json": 1}},
    ),
    "10,000 brackets without an end": (
        entry(1) + b"\n" + b'{"message": "' + SUMMARY.encode() + b'", "x": ' + b"[" * 10_000,
        {"samples": 1, "unparsed": {"cut_off": 1}},
    ),
    "10,000 brackets in an array": (
        b"["
        + entry(1)
        + b","
        + summary(2, x=0).replace(b'"x": 0', b'"x": ' + b"[" * 10_000 + b"]" * 10_000)
        + b","
        + entry(3)
        + b"]",
        {"entries": 3, "samples": 2, "unparsed": {"not_json": 1}},
    ),
    "only opening brackets": (b"[" * 10_000, {"samples": 0}),
    "only opening braces": (b"{" * 10_000, {"samples": 0, "entries": 1, "unparsed": {"cut_off": 1}}),
    "no timestamp": (entry(1, timestamp=None), {"entries": 1, "unparsed": {"no_timestamp": 1}}),
    "an empty timestamp": (entry(1, timestamp=""), {"entries": 1, "unparsed": {"no_timestamp": 1}}),
    "a timestamp without a zone": (
        entry(61) + b"\n" + entry(61, timestamp="2026-08-20T01:01:13"),
        {"entries": 2, "samples": 1, "unparsed": {"no_timestamp": 1}},
    ),
    "a leap second": (entry(1, timestamp="2026-06-30T23:59:60Z"), {"entries": 1, "unparsed": {"no_timestamp": 1}}),
    "a timestamp that is a number": (entry(1, timestamp=1787184073), {"entries": 1, "unparsed": {"not_an_entry": 1}}),
    "the year 9999": (entry(1) + b"\n" + entry(2, timestamp="9999-12-31T23:59:59Z"), {"entries": 2}),
    "the year 1": (entry(1) + b"\n" + entry(2, timestamp="0001-01-01T00:00:00Z"), {"entries": 2}),
    "the year 9999 in a line of no concern": (
        entry(1) + b"\n" + noise(2).replace(b"2026-08-20", b"9999-12-31").replace(b"00:02", b"23:59"),
        {"entries": 2, "samples": 1},
    ),
    "arrival in the year 1": (entry(1, receiveTimestamp="0001-01-01T00:00:00Z"), {"entries": 1, "samples": 1}),
    "arrival in the year 9999": (entry(1, receiveTimestamp="9999-12-31T23:59:59.999999999Z"), {"entries": 1, "samples": 1}),
    "arrival at no time": (entry(1, receiveTimestamp="soon"), {"entries": 1, "samples": 1, "late": 0}),
    "no insertId": (entry(1, insertId=None) + b"\n" + entry(2, insertId=None), {"entries": 2, "samples": 2, "duplicates": 0}),
    "no logName": (entry(1, logName=None), {"entries": 1, "samples": 1}),
    "no labels": (entry(1, labels=None), {"entries": 1, "samples": 1, "instances": 1}),
    "labels that are null": (entry(1).replace(b'{"instanceId": "a"}', b"null"), {"entries": 1, "samples": 1}),
    "labels that are a string": (entry(1, labels="a"), {"entries": 1, "unparsed": {"not_an_entry": 1}}),
    "a payload that is a string": (entry(1, jsonPayload=SUMMARY), {"entries": 1, "unparsed": {"not_an_entry": 1}}),
    "an insertId that is a number": (entry(1, insertId=7), {"entries": 1, "unparsed": {"not_an_entry": 1}}),
    "both payloads": (entry(1, textPayload="x"), {"entries": 1, "samples": 1}),
    "neither payload": (entry(1, jsonPayload=None, x=SUMMARY), {"entries": 1, "ignored": 1}),
    "the marker in httpRequest": (
        entry(1, jsonPayload={"message": "request"}, httpRequest={"requestUrl": f"/?q={SUMMARY}", "userAgent": SLOW_REQUEST}),
        {"entries": 1, "samples": 0, "ignored": 1},
    ),
    "the marker in a message of no concern": (
        entry(1, jsonPayload={"message": f"user wrote {SUMMARY}", "checkout.attempt": 1000}),
        {"entries": 1, "ignored": 1},
    ),
    "the same key twice": (
        entry(1).replace(b'": 1}', b'": 1, "checkout.attempt{service=kpa}": 2}'),
        {"entries": 1, "samples": 1},
    ),
    "a whole number of 400 digits": (summary(1, big=10**400), {"entries": 1, "samples": 1, "flaws": {"not_finite: big": 1}}),
    "a whole number of 5,000 digits": (
        entry(1) + b"\n" + summary(2, x=0).replace(b'"x": 0', b'"x": ' + b"9" * 5000),
        {"entries": 2},
    ),
    "1e400": (summary(1, x=0).replace(b'"x": 0', b'"x": 1e400'), {"entries": 1, "samples": 1, "flaws": {"not_finite: x": 1}}),
    "NaN": (summary(1, x=float("nan")), {"entries": 1, "samples": 1, "flaws": {"not_finite: x": 1}}),
    "a duration of 400 digits": (
        entry(1, jsonPayload={"message": SLOW_REQUEST, "label": "api", "durationMs": 10**400}),
        {"entries": 1, "unparsed": {"bad_slow_request": 1}},
    ),
    "a lone surrogate in a key": (summary(1, **{"auth.failure{reason=\ud800}": 2}), {"entries": 1, "samples": 1}),
    "an array that was cut off": (
        b"[" + entry(1) + b"," + entry(2) + b"," + entry(3)[:-30],
        {"entries": 3, "samples": 2, "unparsed": {"cut_off": 1}},
    ),
    "an array that was cut off behind a comma": (b"[" + entry(1) + b"," + entry(2) + b",", {"entries": 2, "samples": 2}),
    "an array that was cut off in a string": (
        b"[" + entry(1) + b"," + entry(2)[:15],
        {"entries": 2, "samples": 1, "unparsed": {"cut_off": 1}},
    ),
    "an array of which an entry lacks a brace": (
        pretty([entry(1)])[:-2] + b",\n" + entry(2)[:-1] + b",\n" + pretty([entry(3), entry(4)])[1:],
        {"at_least": 3},
    ),
    "a printed array of which an entry ends in a string": (
        pretty([entry(1)])[:-3] + b",\n" + pretty([entry(2)])[1:60] + b"\n" + pretty([entry(3), entry(4)])[1:],
        {"at_least": 3},
    ),
    "an array with words between": (
        b"[" + entry(1) + b", oops " + entry(2) + b"]",
        {"entries": 3, "samples": 2, "unparsed": {"not_json": 1}},
    ),
    "an empty array": (b"[]", {"entries": 0}),
    "an empty object": (b"{}\n", {"entries": 1}),
}


@pytest.mark.parametrize(
    ("content", "expected"),
    [pytest.param(*each, id=name, marks=pytest.mark.long if len(each[0]) > LARGE else ()) for name, each in DAMAGED.items()],
)
def test_damage_costs_itself_only(content: bytes, expected: dict[str, Any], tmp_path: Path) -> None:
    path = write(tmp_path, {"a.ndjson": content})[0]
    windows = count(path)
    quality = windows.quality
    assert_nothing_vanished(quality)
    told = {
        "some_samples": quality.samples > 0,
        "damaged_gzip": quality.unparsed.get("damaged_gzip", 0),
        "damaged_zstd": quality.unparsed.get("damaged_zstd", 0),
        "at_least": min(quality.samples, expected.get("at_least", 0)),
    }
    for name, value in expected.items():
        assert told[name] if name in told else getattr(quality, name) == value, (name, quality)
        assert told.get(name, value) == value, (name, quality)
    with contextlib.suppress(LogwatchError):
        tables(
            read_windows(
                FilesSource([str(path)], SHAPE), NEVER, reach=timedelta(), now=windows.span.start, progress=lambda _t, _s: None
            )[1]
        )
    with_others = count(
        path, *write(tmp_path, {"b.ndjson": ndjson([entry(number, insertId=f"o{number}") for number in range(3)])})
    )
    assert with_others.quality.samples == quality.samples + 3
    assert_nothing_vanished(with_others.quality)


HOPELESS = (
    "nothing",
    "only blank lines",
    "prose",
    "a picture",
    "the application's own JSON",
    "gzip cut in its head",
    "no timestamp",
    "an empty array",
)


@pytest.mark.parametrize("name", HOPELESS)
def test_a_source_without_any_entry_is_an_error_and_not_silence(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, {"a.ndjson": DAMAGED[name][0]})[0]
    with pytest.raises(SourceError) as error:
        read_windows(
            FilesSource([str(path)], SHAPE),
            NEVER,
            reach=timedelta(),
            now=count(LOGS / "calm.ndjson").span.end,
            progress=lambda _t, _s: None,
        )
    assert error.value.exit_code == 3
    assert error.value.hint


@pytest.mark.parametrize("name", ["a lone surrogate in a key", "gzip cut at nine tenths", "the year 9999", "nothing"])
def test_the_command_ends_with_a_table_or_a_message(run: Run, name: str) -> None:
    ran = run("windows", "--source", "-", stdin=DAMAGED[name][0])
    assert "Traceback" not in ran.err
    assert ran.code in (0, 3)


def test_a_time_before_1970_moves_no_other_figure(tmp_path: Path) -> None:
    lines = [entry(1, timestamp="1969-12-31T23:59:30Z"), entry(2), entry(2), entry(2)]
    windows = count(*write(tmp_path, {"a.ndjson": ndjson(lines)}))
    assert windows.counters["value"].tolist() == [1.0]
    assert windows.quality.unparsed == {"timestamp_absurd": 1}
    assert windows.quality.duplicates == 2


@pytest.mark.parametrize(
    "when", ["1970-01-01T00:00:30Z", "2200-01-01T00:00:30Z", "2025-09-01T00:00:30Z", "2027-03-01T00:00:30Z"]
)
def test_a_stray_time_stretches_no_table_over_the_minutes_between(when: str, tmp_path: Path) -> None:
    lines = [entry(minute, timestamp=f"2026-08-20T00:{minute:02}:30Z") for minute in range(20)]
    calm, strayed = (
        count(*write(tmp_path, {"a.ndjson": ndjson([*lines, *more])})) for more in ([], [entry(99, timestamp=when)])
    )
    assert strayed.span == calm.span
    assert strayed.counters.frame().equals(calm.counters.frame())
    assert strayed.quality.unparsed == {"timestamp_absurd": 1}


# ---- what cannot be read at all


def test_a_missing_file_is_a_source_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        read(tmp_path / "missing.ndjson")


def test_a_missing_file_beside_a_good_one_is_a_source_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        read(LOGS / "calm.ndjson", tmp_path / "missing.ndjson")


def test_a_folder_without_log_files_is_a_source_error(tmp_path: Path) -> None:
    write(tmp_path, {"readme.txt": GOOD})
    with pytest.raises(SourceError, match="no log files"):
        read(tmp_path)


def test_a_path_through_a_file_is_a_source_error(tmp_path: Path) -> None:
    path = write(tmp_path, {"a.ndjson": GOOD})[0]
    with pytest.raises(SourceError):
        read(path / "b.ndjson")


def test_a_name_longer_than_any_file_systems_is_a_source_error() -> None:
    with pytest.raises((SourceError, ConfigError)):
        read("x" * 5000)


def test_a_link_to_nothing_is_a_source_error(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").symlink_to(tmp_path / "gone")
    with pytest.raises(SourceError):
        read(tmp_path / "a.ndjson")


def test_a_file_without_permission_is_a_source_error(tmp_path: Path) -> None:
    path = write(tmp_path, {"a.ndjson": GOOD})[0]
    path.chmod(0)
    with contextlib.suppress(PermissionError), path.open("rb"):
        pytest.skip("this user may read every file")
    with pytest.raises(SourceError, match="cannot be read"):
        read(path)


def test_the_null_device_is_an_empty_recording() -> None:
    assert read("/dev/null").entries == 0


# ---- pieces


def at_offset(offset: int) -> list[bytes]:
    """Give lines of which the second, a summary, starts at this offset."""
    padding = offset - len(noise(0)) - 1
    return [noise(0, padding), entry(1), noise(2), entry(3)]


AROUND = [-len(entry(1)) - 1, -len(entry(1)), -len(entry(1)) + 1, -100, -2, -1, 0, 1, 2]


@pytest.mark.parametrize("distance", AROUND)
def test_a_line_that_straddles_two_pieces_counts_once(distance: int, tmp_path: Path) -> None:
    lines = at_offset(PIECE + distance)
    assert len(lines[0]) + 1 == PIECE + distance
    path = write(tmp_path, {"a.ndjson": ndjson(lines)})[0]
    assert len(_cut(str(path))) == 2
    windows = count(path)
    assert (windows.quality.entries, windows.quality.samples, windows.quality.ignored) == (4, 2, 2)
    assert windows.counters["value"].sum() == 2


@pytest.mark.parametrize("end", [b"\n", b""], ids=["with a line break at the end", "without"])
def test_a_file_that_ends_with_a_piece_is_whole(end: bytes, tmp_path: Path) -> None:
    path = write(
        tmp_path, {"a.ndjson": ndjson([noise(0, PIECE - len(noise(0)) - len(entry(1)) - 1 - len(end))]) + entry(1) + end}
    )[0]
    assert path.stat().st_size == PIECE
    assert count(path).quality.samples == 1


LONG = {
    "a line of no concern over two pieces": (noise(2, PIECE + 5), 0),
    "a line of no concern over three pieces": (noise(2, 2 * PIECE + 5), 0),
    "a summary over two pieces": (summary(2, padding="x" * (PIECE + 5)), 1),
    "a summary of 10 MB": (summary(2, padding="x" * 10_000_000), 1),
}
PACKINGS: dict[str, Callable[[list[bytes]], bytes]] = {
    "plain": ndjson,
    "gzip": lambda lines: gzip.compress(ndjson(lines), 1),
    "an array": lambda lines: b"[" + b",\n".join(lines) + b"]",
}


@pytest.mark.parametrize("packing", [PACKINGS["plain"], PACKINGS["gzip"]], ids=["plain", "gzip"])
@pytest.mark.parametrize(("line", "samples"), LONG.values(), ids=LONG)
def test_a_line_longer_than_a_piece_is_an_entry_like_any_other(
    line: bytes, samples: int, packing: Callable[[list[bytes]], bytes], tmp_path: Path
) -> None:
    lines = [entry(0), noise(1), line, entry(3), noise(4), entry(5)]
    windows = count(*write(tmp_path, {"a.ndjson": packing(lines)}))
    assert (windows.quality.entries, windows.quality.samples) == (6, 3 + samples)
    assert_nothing_vanished(windows.quality)
    assert not windows.quality.unparsed


def test_the_marker_may_stand_at_the_end_of_a_long_line(tmp_path: Path) -> None:
    line = entry(2, jsonPayload={"padding": "x" * 2 * PIECE, "checkout.attempt{service=kpa}": 1, "message": SUMMARY})
    assert count(*write(tmp_path, {"a.ndjson": ndjson([entry(0), line, entry(3)])})).quality.samples == 3


def read_to_the_end(run: Run, path: Path) -> tuple[list[str], str]:
    """Run the command, which must not go on for ever; give the minutes of its table, and what it told."""
    with no_hang():
        ran = run("windows", "--source", path, LOGWATCH_LANG="en")
    return [row.split(",")[0][11:16] for row in ran.out.splitlines()[1:]], ran.err


@pytest.mark.long
def test_a_long_entry_of_an_array_is_read_to_the_end(run: Run, tmp_path: Path) -> None:
    lines = [entry(0), noise(1), entry(2) + b" " * 10_000_000, summary(3, padding="x" * 10_000_000), entry(4)]
    minutes, told = read_to_the_end(run, write(tmp_path, {"a.json": PACKINGS["an array"](lines)})[0])
    assert minutes == ["00:00", "00:02", "00:03", "00:04"]
    assert told == "not in the table: not a number: padding (1)\n"


@pytest.mark.long
@pytest.mark.parametrize("packing", PACKINGS.values(), ids=PACKINGS)
def test_an_entry_that_is_too_long_is_refused_and_costs_no_neighbour(
    run: Run, packing: Callable[[list[bytes]], bytes], tmp_path: Path
) -> None:
    lines = [entry(0), noise(1), summary(2, padding="x" * (MAX_ENTRY + 2 * PIECE)), entry(3), noise(4), entry(5)]
    minutes, told = read_to_the_end(run, write(tmp_path, {"a.ndjson": packing(lines)})[0])
    assert minutes == ["00:00", "00:03", "00:05"]
    assert told == "not in the table: an entry of over 32 MiB (1)\n"


def many(times: int) -> bytes:
    """Give the storm again and again, each on a day and with identities of its own."""
    storm = (LOGS / "storm.ndjson").read_bytes()
    days = (
        storm.replace(b'"2026-02-24T', b'"2026-03-%02dT' % (number + 1)).replace(b'"insertId":"', b'"insertId":"%02d' % number)
        for number in range(times)
    )
    return b"".join(days)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """Give a file that two processes read, and how many storms it holds."""
    times = SECOND_PROCESS_FROM // (LOGS / "storm.ndjson").stat().st_size + 1
    path = tmp_path_factory.mktemp("large") / "large.ndjson"
    path.write_bytes(many(times))
    assert path.stat().st_size >= SECOND_PROCESS_FROM
    return path, times


def in_order(numbers: Sequence[int], path: Path) -> Reading:
    """Read some pieces of a file in this process."""
    return _read_pieces(iter(numbers), _cut(str(path)), UsualLines(Reading(shape=SHAPE), take), lambda _text, _share: None)


@pytest.mark.parametrize("own", [0, 1, 5])
def test_a_process_that_has_said_all_and_is_gone_is_not_taken_for_one_that_broke_off(own: int) -> None:
    here, there = multiprocessing.Pipe(duplex=False)
    for _ in range(3):
        there.send(Reading(entries=7))
    there.send(None)
    there.close()
    other = OtherProcess(here, Reading(entries=1))
    assert list(other.between(iter(range(own)))) == list(range(own))
    other.take_rest()
    assert other.reading.entries == 22


def test_a_process_that_broke_off_is_told() -> None:
    here, there = multiprocessing.Pipe(duplex=False)
    there.send(Reading(entries=7))
    there.close()
    with pytest.raises(SourceError, match="ended early"):
        OtherProcess(here, Reading()).take_rest()


@pytest.mark.long
def test_two_processes_read_what_one_does(large: tuple[Path, int]) -> None:
    path, times = large
    two, one = count(path), aggregate(in_order(range(len(_cut(str(path)))), path))
    assert tables(two) == tables(one)
    assert two.quality == one.quality
    assert two.span == one.span
    assert_nothing_vanished(two.quality)
    storm = count(LOGS / "storm.ndjson")
    assert two.quality.entries == times * storm.quality.entries
    assert two.counters["value"].sum() == times * storm.counters["value"].sum()
    assert len(two.slow) == times * len(storm.slow)


@pytest.mark.long
def test_pieces_read_apart_and_merged_in_any_order_give_the_same(large: tuple[Path, int]) -> None:
    path, _ = large
    numbers = list(range(len(_cut(str(path)))))
    random.Random(3).shuffle(numbers)  # noqa: S311 - the same every time
    merged = in_order(numbers[:2], path)
    for start in range(2, len(numbers), 3):
        merged.merge(in_order(numbers[start : start + 3], path))
    whole = count(path)
    apart = aggregate(merged)
    assert tables(apart) == tables(whole)
    assert apart.quality == whole.quality


@pytest.mark.long
def test_a_large_recording_of_text_is_put_together_over_pieces_and_processes(tmp_path: Path) -> None:
    text = ndjson(lines_of("text"))
    padding = ndjson([noise(number, PIECE // 3) for number in range(1 + 3 * SECOND_PROCESS_FROM // PIECE)])
    cut = len(text) // 2
    cut = text.index(b"\n", cut) + 1
    path = write(tmp_path, {"a.ndjson": text[:cut] + padding + text[cut:]})[0]
    assert path.stat().st_size >= SECOND_PROCESS_FROM
    windows = count(path)
    assert tables(windows) == tables(count(LOGS / "text.ndjson"))
    assert_nothing_vanished(windows.quality)


@pytest.mark.parametrize("shape", [name for name in SHAPES if name.startswith(("gzip", "Zstandard"))])
def test_two_processes_read_of_a_packed_file_what_one_does(shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = write(tmp_path, SHAPES[shape]([*lines_of("payment"), *lines_of("text")]))
    one = count(*paths)
    monkeypatch.setattr("logwatch.collect.files.PACKED_FROM", 1)
    assert {piece.turn for path in paths for piece in _cut(str(path))} == {0, 1}
    two = count(*paths)
    assert tables(two) == tables(one)
    assert (two.quality, two.span) == (one.quality, one.span)
    assert_nothing_vanished(two.quality)


@pytest.mark.parametrize("name", [name for name in DAMAGED if name.startswith(("gzip", "zstd"))])
def test_two_processes_tell_once_where_a_packed_file_is_damaged(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write(tmp_path, {"a": DAMAGED[name][0]})
    one = count(*paths)
    monkeypatch.setattr("logwatch.collect.files.PACKED_FROM", 1)
    two = count(*paths)
    assert tables(two) == tables(one)
    assert two.quality == one.quality


# ---- one service of several


@pytest.mark.parametrize("shape", ["newest first", "an array as gcloud prints it", "gzip"])
def test_entries_of_other_services_are_ignored(shape: str, tmp_path: Path) -> None:
    lines = lines_of("calm")
    others = [line.replace(b'"service_name":"o4o-core-api"', b'"service_name":"other"') for line in lines]
    others = [line.replace(b'"insertId":"', b'"insertId":"o') for line in others]
    paths = write(tmp_path, SHAPES[shape](lines + others))
    source = FilesSource([str(path) for path in paths], SHAPE)
    windows = aggregate(source.read(None, service="o4o-core-api", progress=lambda _t, _s: None, meanwhile=lambda: None))
    assert tables(windows) == tables(count(LOGS / "calm.ndjson"))
    assert windows.quality.entries == 2 * len(lines)
    assert_nothing_vanished(windows.quality)


@pytest.mark.long
def test_slow_requests_are_the_same_from_every_container(tmp_path: Path) -> None:
    paths = write(tmp_path, {"a.json": pretty(lines_of("storm"))})
    assert slow_csv(count(*paths)).frame().equals(slow_csv(count(LOGS / "storm.ndjson")).frame())
