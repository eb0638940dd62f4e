"""From bytes to entries: LogEntry JSON as the exporters and `gcloud logging read --format=json` write it.

Only the lines that can matter are decoded. They are found by jumping from marker to marker on the bytes; the
others are counted, and looked at for no more than whether each opens with `{` and closes with `}`.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec.structs import asdict
from stringzilla import count, find  # five times as fast as bytes' own

from logwatch.collect.columns import Reading
from logwatch.collect.entries import Entry, EntryLabels, ResourceLabels
from logwatch.collect.findings import FindingKind
from logwatch.collect.json_columns import JsonEntry, UsualLines
from logwatch.collect.parse import MOST_SHOWN, Reason, load_object
from logwatch.collect.redaction import redact
from logwatch.collect.shapes.envelopes import to_entry_fields
from logwatch.collect.timestamps import is_plausible, parse_timestamp

MAX_ENTRY = 32 << 20
"""Bytes of one entry's JSON; Cloud Logging takes 256 KiB, so anything near this is no entry."""

_PLAIN = re.compile(r"[ !#$%()*+,.0-9:;?@A-Z\[\]^_a-z{|}~-]+")
"""Characters that every writer of JSON writes in one way."""

_TEXT = b'"textPayload"'
_BLOCK_STARTS = tuple(_TEXT + colon + b'"' + start for colon in (b":", b": ") for start in (b" ", b"{", b"}", b"\\t"))


_AROUND = b"\0\xef\xbb\xbf \t\r\n"
"""What may stand around an entry without harm: blanks, a byte order mark, the NULs that a crash leaves."""

_decode = msgspec.json.Decoder(JsonEntry).decode


def decode_entry(line: bytes) -> Entry | Reason:
    """Read one LogEntry, or say why it is none."""
    try:
        raw = _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _decode_otherwise(line)
    if raw.text_payload is None and raw.json_payload is None and (not raw.log_name or not raw.timestamp):
        return _decode_otherwise(line)
    of_resource = raw.resource.labels if raw.resource else None
    return _to_entry(
        raw.timestamp,
        raw.receive_timestamp,
        log_name=raw.log_name,
        insert_id=raw.insert_id,
        text=raw.text_payload,
        payload=raw.json_payload,
        **asdict(of_resource or ResourceLabels()),
        **asdict(raw.labels or EntryLabels()),
    )


def _decode_otherwise(line: bytes) -> Entry | Reason:
    """Read what is no LogEntry as it stands."""
    cleaned = line.strip(_AROUND)
    loose = load_object(cleaned)
    if loose is None:
        return Reason.CUT_OFF if cleaned.startswith(b"{") and not cleaned.endswith(b"}") else Reason.NOT_JSON
    found = to_entry_fields(loose)
    if found is None or (found["text"] is None and found["payload"] is None and not found["logName"]):
        return Reason.NOT_AN_ENTRY
    times = found.pop("timestamp"), found.pop("receiveTimestamp")
    return _to_entry(*times, log_name=found.pop("logName"), insert_id=found.pop("insertId"), **found)


def _to_entry(timestamp: str, received: str, **fields: Any) -> Entry | Reason:  # noqa: ANN401 - the other fields of an entry
    try:
        at = parse_timestamp(timestamp)
    except (ValueError, IndexError):
        return Reason.NO_TIMESTAMP
    if not is_plausible(at):
        return Reason.TIMESTAMP_ABSURD
    try:
        arrived = parse_timestamp(received)
    except (ValueError, IndexError):
        arrived = 0
    return Entry(timestamp=at, receive_timestamp=arrived if is_plausible(arrived) else 0, **fields)


def plain_part(text: str) -> bytes:
    r"""Give the longest stretch of a text that stands in JSON as it is, whoever wrote it; it may be empty.

    >>> plain_part('[KPA Payment] "결제" </a>')
    b'[KPA Payment] '
    """
    return max(_PLAIN.findall(text), key=len, default="").encode()


def decode_all(lines: Iterable[bytes], service: str | None) -> Iterator[Entry]:
    """Give all entries of a service; what is no entry is passed over.

    An entry that names no service counts for any, as it does where entries are read.
    """
    for line in lines:
        entry = decode_entry(line) if line and not line.isspace() else None
        if isinstance(entry, Entry) and (not service or entry.service in {"", service}):
            yield entry


def take(line: bytes, reading: Reading) -> Entry | None:
    """Decode one entry into the reading, and give it; None where it is none."""
    try:
        entry = decode_entry(line)
        if isinstance(entry, Entry):
            reading.add(entry)
            return entry
    except Exception as error:  # noqa: BLE001 - one bad line costs one line
        reading.fail(error, line[:MOST_SHOWN].decode("utf-8", "replace"))
    else:
        reading.refuse(entry)
    return None


def take_lines(block: bytes, usual: UsualLines) -> None:
    """Take a block of whole lines, one entry each; block lines without a marker are left for `take_block_lines`."""
    if not block:
        return
    summaries, slow_requests = (_lines_with(markers, block) for markers in usual.markers)
    matters = summaries | slow_requests
    usual.add(
        [block[start:end] for start, end in summaries.items()],
        [block[start:end] for start, end in slow_requests.items() if start not in summaries],
    )
    lines = _count_object_lines(block)
    if lines is None:
        _take_odd_lines(block, matters, usual.reading)
    else:
        _pass_over(lines - len(matters), usual.reading)


def take_block_lines(block: bytes, reading: Reading) -> None:
    """Take, out of lines that were passed over before, those that belong to pretty-printed text.

    A second walk, for the few recordings that hold such text: every block worth having has a line with a marker,
    so `Reading.block_lines` tells whether it is needed.
    """
    marked = _lines_with([marker.encode() for marker in reading.shape.markers], block)
    for start, end in _lines_with(_BLOCK_STARTS, block).items():
        line = block[start:end].strip(_AROUND)
        if start not in marked and line.startswith(b"{") and line.endswith(b"}"):  # others were refused already
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
    for line in block.split(b"\n"):
        if start not in matters:
            text = line.strip(_AROUND)
            if text.startswith(b"{") and text.endswith(b"}"):
                _pass_over(1, reading)
            elif text or line.strip():
                reading.refuse(Reason.CUT_OFF if text.startswith(b"{") else Reason.NOT_JSON)
        start += len(line) + 1


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
            yield b"".join([*begun, memoryview(chunk)[:cut]]) if begun else chunk[:cut]
        begun = [chunk[cut:]] if cut < len(chunk) else []
        size = len(chunk) - cut
    if size > MAX_ENTRY:
        reading.refuse(Reason.TOO_LONG)
    elif begun:
        yield b"".join(begun)


_TOKEN = re.compile(rb'"(?:[^"\\\n]|\\[^\n])*"|[{}\[\]"]')
_BETWEEN = b"[]," + _AROUND
_PAGE = re.compile(rb'\{\s*"entries"\s*:\s*\[')
"""What the REST API's answer begins with: its entries stand one level deeper."""
_PAGE_END = re.compile(rb'"nextPageToken"\s*:\s*"[^"]*"|\}')
_ARRAY_LINE = re.compile(rb"^\s*\[\s*(?:\{|$)", re.MULTILINE)
_CLOSES = {ord("}"): ord("{"), ord("]"): ord("[")}


def split_objects(chunks: Iterable[bytes], reading: Reading) -> Iterator[bytes]:
    """Cut a JSON array, or objects printed over several lines, into its objects; what else stands there is refused or named.

    Each object is read on its own afterwards. One that never closes costs itself and not its neighbours: a brace where no
    value can stand opens the next one.
    """
    cutter = _Cutter(reading)
    for chunk in chunks:
        yield from cutter.cut(chunk)
    yield from cutter.cut(b"")
    cutter.end()


def is_array(head: bytes) -> bool:
    """Tell whether objects do not stand one on a line: an array, also behind a notice, a printed object, a page of the API."""
    head = head.lstrip(_AROUND)
    first = head.split(b"\n", 1)[0].strip()
    if head.startswith(b"[") or _PAGE.match(head) or (b"\n" in head and first == b"{"):
        return True
    if head.startswith(b"{"):
        return False
    array = _ARRAY_LINE.search(head)
    return array is not None and not re.search(rb"(?m)^\s*\{", head[: array.start()])


class _Cutter:
    """Where a stream of objects has been cut to."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.rest = bytearray()
        self.refused = False
        """Whether what is left belongs to an object that was refused as too long."""
        self._scanned = self._begin = self._done = 0
        self._open = bytearray()
        """The brackets that are open, from the object's own on; empty between objects."""
        self._begun = False
        """Whether any object, or the array around them, has been seen: what stands before it is a notice."""

    def cut(self, chunk: bytes) -> Iterator[bytes]:
        """Take a chunk, an empty one at the end, and give the objects that are whole now."""
        rest = self.rest
        rest += chunk
        if chunk and rest[self._scanned : self._scanned + 1] == b'"' and b'"' not in chunk:
            self._drop()  # still inside one long string
            return
        if not self._begun:
            self._done = self._scanned = self._skip_notice()
        for token in _TOKEN.finditer(rest, self._scanned):
            kind = token[0]
            if kind == b'"' and chunk and rest.find(b"\n", token.start()) < 0:
                self._scanned = token.start()
                break
            self._scanned = token.end()
            if kind == b"{":
                self._take_opening(token.start())
            elif self._open and kind == b"[":
                self._open += kind
            elif self._open and kind[0] in _CLOSES and self._close(kind[0]):
                self._done = token.end()
                if not self.refused:
                    yield bytes(rest[self._begin : self._done])
                self.refused = False
        else:
            self._scanned = len(rest)
        self._drop()

    def end(self) -> None:
        """Say what is left when there is no more."""
        if self._open and not self.refused:
            self.reading.refuse(Reason.CUT_OFF)
        elif not self._open:
            self._name_rest(bytes(self.rest), refused=False)

    def _skip_notice(self) -> int:
        """Name the lines before the array; gives where it begins."""
        head = bytes(self.rest)
        self._begun = bool(head.strip(_AROUND))
        array = None if head.lstrip(_AROUND).startswith((b"[", b"{")) else _ARRAY_LINE.search(head)
        if array is None:
            return 0
        self._name_rest(head[: array.start()], refused=False)
        return array.start()

    def _name_rest(self, text: bytes, *, refused: bool) -> None:
        """Count what stands between objects as refused, or as a notice where nothing says that it was an entry."""
        lines = [line for line in _PAGE_END.sub(b"", text).split(b"\n") if line.strip(_BETWEEN)]
        if lines and refused:
            self.reading.refuse(Reason.NOT_JSON)
        elif lines:
            shown = redact(lines[0].decode("utf-8", "replace"))
            self.reading.findings.note(FindingKind.NOTICE, shown, len(lines))

    def _close(self, bracket: int) -> bool:
        """Close the innermost bracket of the kind; gives whether the object is whole. One that fits none closes nothing."""
        opening = self._open.rfind(_CLOSES[bracket])
        if opening < 0:
            if bracket == ord("]"):  # the array's own end, inside an object that never closes
                self._break_off(self._scanned)
            return False
        del self._open[opening:]
        return not self._open

    def _break_off(self, at: int) -> None:
        """Give up an object that does not close where it should."""
        if not self.refused:
            self.reading.refuse(Reason.CUT_OFF)
        self._open.clear()
        self.refused = False
        self._done = at

    def _take_opening(self, at: int) -> None:
        """Note an opening brace."""
        if self._open[-1:] == b"{" and not self._follows_colon(at):
            self._break_off(at)
        if not self._open:
            page = _PAGE.match(self.rest, at)
            if page:
                self._done = page.end()
                return
            self._name_rest(bytes(self.rest[self._done : at]), refused=True)
            self._begin = at
        self._open += b"{"

    def _follows_colon(self, at: int) -> bool:
        """Tell whether a key stands before a place, so that a value may stand there."""
        while at > self._begin and self.rest[at - 1] in b" \t\r\n":
            at -= 1
        return self.rest[at - 1 : at] == b":"

    def _drop(self) -> None:
        """Forget what is done, and an object that has become too long but for its last piece."""
        if len(self.rest) - self._done > MAX_ENTRY and not self.refused:
            self.reading.refuse(Reason.TOO_LONG)
            self.refused = True
        done = self._done
        if self.refused:
            done = max(done, min(self._scanned, len(self.rest)))
            if self.rest[self._scanned : self._scanned + 1] == b'"':  # a string without end: keep no more than its quote
                del self.rest[self._scanned + 1 :]
        del self.rest[:done]
        self._scanned, self._begin, self._done = self._scanned - done, self._begin - done, 0
