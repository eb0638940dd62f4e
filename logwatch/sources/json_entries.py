"""From bytes to entries: LogEntry JSON as the exporters and `gcloud logging read --format=json` write it.

Only the lines that can matter are decoded. They are found by jumping from marker to marker on the bytes; the
others are counted, and looked at for no more than whether each opens with `{` and closes with `}`.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from stringzilla import count, find  # five times as fast as bytes' own

from logwatch.entries import Entry, parse_timestamp
from logwatch.reading import Reading
from logwatch.samples import SLOW_REQUEST, SUMMARY, Reason, load_object

MAX_ENTRY = 32 << 20
"""Bytes of one entry's JSON; Cloud Logging takes 256 KiB, so anything near this is no entry."""

MARKERS = (SUMMARY.encode(), SLOW_REQUEST.encode())
_TEXT = b'"textPayload"'
_BLOCK_STARTS = tuple(_TEXT + colon + b'"' + start for colon in (b":", b": ") for start in (b" ", b"{", b"}", b"\\t"))


class _ResourceLabels(msgspec.Struct, gc=False):
    service_name: str = ""


class _Resource(msgspec.Struct, gc=False):
    labels: _ResourceLabels | None = None


class _Labels(msgspec.Struct, rename={"instance_id": "instanceId"}, gc=False):
    instance_id: str = ""


class _LogEntry(msgspec.Struct, rename="camel", gc=False):
    log_name: str = ""
    insert_id: str = ""
    timestamp: str = ""
    receive_timestamp: str = ""
    labels: _Labels | None = None
    resource: _Resource | None = None
    text_payload: str | None = None
    json_payload: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_LogEntry).decode


def decode_entry(line: bytes) -> Entry | Reason:
    """Read one LogEntry, or say why it is none."""
    try:
        raw = _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        cleaned = line.strip(b"\0\xef\xbb\xbf \t\r\n")
        loose = load_object(cleaned)
        if loose is None:
            return Reason.CUT_OFF if cleaned.startswith(b"{") and not cleaned.endswith(b"}") else Reason.NOT_JSON
        try:
            raw = msgspec.convert(loose, _LogEntry)
        except msgspec.ValidationError:
            return Reason.NOT_AN_ENTRY
    if raw.text_payload is None and raw.json_payload is None and not raw.log_name:
        return Reason.NOT_AN_ENTRY
    try:
        timestamp = parse_timestamp(raw.timestamp)
    except (ValueError, IndexError):
        return Reason.NO_TIMESTAMP
    try:
        received = parse_timestamp(raw.receive_timestamp)
    except (ValueError, IndexError):
        received = 0
    return Entry(
        raw.log_name,
        raw.insert_id,
        timestamp,
        received,
        raw.resource.labels.service_name if raw.resource and raw.resource.labels else "",
        raw.labels.instance_id if raw.labels else "",
        raw.text_payload,
        raw.json_payload,
    )


def take(line: bytes, reading: Reading) -> None:
    """Decode one entry into the reading."""
    entry = decode_entry(line)
    if isinstance(entry, Entry):
        reading.add(entry)
    else:
        reading.refuse(entry)


def take_lines(block: bytes, reading: Reading) -> None:
    """Take a block of whole lines, one entry each; block lines without a marker are left for `take_block_lines`."""
    if not block:
        return
    matters = _lines_with(MARKERS, block)
    for start in sorted(matters):
        take(block[start : matters[start]], reading)
    lines = _count_object_lines(block)
    if lines is None:
        _take_odd_lines(block, matters, reading)
    else:
        _pass_over(lines - len(matters), reading)


def take_block_lines(block: bytes, reading: Reading) -> None:
    """Take, out of lines that were passed over before, those that belong to pretty-printed text.

    A second walk, for the few recordings that hold such text: every block worth having has a line with a marker,
    so `Reading.block_lines` tells whether it is needed.
    """
    marked = _lines_with(MARKERS, block)
    for start, end in _lines_with(_BLOCK_STARTS, block).items():
        if start not in marked:
            _pass_over(-1, reading)
            take(block[start:end], reading)


def _count_object_lines(block: bytes) -> int | None:
    """Count the lines, if every one of them opens with `{` and closes with `}`."""
    ends = count(block, "\n")
    joints = count(block, "}\n{")
    whole = block.startswith(b"{") and block.endswith((b"}", b"}\n")) and joints + block.endswith(b"\n") == ends
    return joints + 1 if whole else None


def _lines_with(markers: Iterable[bytes], block: bytes) -> dict[int, int]:
    """Give start and end of the lines that hold any of the markers."""
    found: dict[int, int] = {}
    for marker in markers:
        at = find(block, marker)
        while at >= 0:
            end = block.find(b"\n", at)
            end = len(block) if end < 0 else end
            found[block.rfind(b"\n", 0, at) + 1] = end
            at = find(block, marker, end)
    return found


def _pass_over(lines: int, reading: Reading) -> None:
    reading.entries += lines
    reading.ignored += lines


def _take_odd_lines(block: bytes, matters: dict[int, int], reading: Reading) -> None:
    """Look at each line without a marker: some of them are no JSON objects."""
    start = 0
    for line in block.splitlines(keepends=True):
        if start not in matters:
            text = line.strip(b"\0\xef\xbb\xbf \t\r\n")
            if text.startswith(b"{") and text.endswith(b"}"):
                _pass_over(1, reading)
            elif text or line.strip():
                reading.refuse(Reason.CUT_OFF if text.startswith(b"{") else Reason.NOT_JSON)
        start += len(line)


def see_edges(block: bytes, reading: Reading) -> None:
    """Note the times of the first and last line: what a recording covers does not end with its last summary."""
    text = block.strip()
    if text:
        for line in (text[: text.find(b"\n") if b"\n" in text else None], text[text.rfind(b"\n") + 1 :]):
            entry = decode_entry(line)
            if isinstance(entry, Entry):
                reading.see(entry.timestamp)


def split_lines(chunks: Iterable[bytes], reading: Reading) -> Iterator[bytes]:
    """Cut a stream into blocks of whole lines; a line of more than MAX_ENTRY is refused and passed over."""
    begun: list[bytes] = []
    size = 0
    for chunk in chunks:
        cut = chunk.rfind(b"\n") + 1
        if not cut:
            size += len(chunk)
            begun = [*begun, chunk] if size <= MAX_ENTRY else []
            continue
        if size > MAX_ENTRY:
            reading.refuse(Reason.TOO_LONG)
            yield chunk[chunk.find(b"\n") + 1 : cut]
        else:
            yield b"".join([*begun, chunk[:cut]]) if begun else chunk[:cut]
        begun = [chunk[cut:]] if cut < len(chunk) else []
        size = len(chunk) - cut
    if size > MAX_ENTRY:
        reading.refuse(Reason.TOO_LONG)
    elif begun:
        yield b"".join(begun)


_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}"]', re.DOTALL)
_BETWEEN = b"[], \t\r\n\0\xef\xbb\xbf"


def split_objects(chunks: Iterable[bytes], reading: Reading) -> Iterator[bytes]:
    """Cut a JSON array, or objects printed over several lines, into its objects; what else stands there is refused.

    Each object is read on its own afterwards: a broken one costs itself and not its neighbours.
    """
    rest = b""
    for chunk in chunks:
        rest += chunk
        done, depth, begin = 0, 0, 0
        for token in _TOKEN.finditer(rest):
            kind = token[0]
            if kind == b"{":
                if depth == 0:
                    begin = token.start()
                    _refuse_between(rest[done:begin], reading)
                depth += 1
            elif kind == b"}" and depth:
                depth -= 1
                if depth == 0:
                    done = token.end()
                    yield rest[begin:done]
            elif kind == b'"':
                break
        rest = rest[done:]
        if len(rest) > MAX_ENTRY:
            reading.refuse(Reason.TOO_LONG)
            rest = b""
    if rest.strip(_BETWEEN):
        reading.refuse(Reason.CUT_OFF)


def _refuse_between(between: bytes, reading: Reading) -> None:
    if between.strip(_BETWEEN):
        reading.refuse(Reason.NOT_JSON)
