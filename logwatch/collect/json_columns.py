"""Lines of the usual shape, from bytes straight to columns.

A summary is decoded into a record whose fields are the counters seen so far, and hundreds of records become columns at
once: half the work of a dict and an entry for each. Whatever is unusual in any way is left to those who know every
shape: a new counter, a value that is no number, a time that is none.
"""

import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from math import nan
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec.structs import astuple

from logwatch.collect.columns import Reading
from logwatch.collect.entries import ENTRY_LABELS, RESOURCE_LABELS, Entry, EntryLabels, Heads, ResourceLabels
from logwatch.collect.timestamps import believe, parse_timestamps

if TYPE_CHECKING:
    from numpy import ndarray

BATCH = 512
"""Lines that become columns at once."""

LESSON = 8
"""Lines that are looked at whole before others are tried with the counters that were new in these."""

MOST_KEYS = 200
"""Counters that are looked for in each summary; lines with others take the long way."""

_NAMES_A_FIELD = re.compile(r'[^"\\\x00-\x1f\ud800-\udfff]+')
"""Keys that a record's field can be named after."""

_pack = msgspec.msgpack.Encoder().encode


class JsonResource(msgspec.Struct, gc=False):
    """A LogEntry's resource; a label is blank where it is absent, and None stands for what is null."""

    labels: ResourceLabels | None = msgspec.field(default_factory=ResourceLabels)


class JsonEntry(msgspec.Struct, rename="camel", gc=False):
    """A LogEntry as JSON has it."""

    log_name: str = ""
    insert_id: str = ""
    timestamp: str = ""
    receive_timestamp: str = ""
    labels: EntryLabels | None = msgspec.field(default_factory=EntryLabels)
    resource: JsonResource | None = msgspec.field(default_factory=JsonResource)
    text_payload: str | None = None
    json_payload: dict[str, Any] | None = None


class _SlowRequest(msgspec.Struct, rename={"duration_ms": "durationMs"}, gc=False):
    message: str
    label: str
    duration_ms: Annotated[float, msgspec.Meta(ge=0)]
    method: str = ""
    url: str = ""


_TIMES = {"timestamp": None, "receive_timestamp": 0}
"""Heads that are times, and what stands for one that is none."""
_HEADS = {
    **{name: attrgetter(name) for name in (*_TIMES, "log_name", "insert_id")},
    **{name: attrgetter(f"resource.labels.{name}") for name in RESOURCE_LABELS},
    **{name: attrgetter(f"labels.{name}") for name in ENTRY_LABELS},
}
_take_slow_request = attrgetter("json_payload.label", "json_payload.duration_ms", "json_payload.method", "json_payload.url")


def _decoder(payload: type) -> Callable[[bytes], Any]:
    fields = [("json_payload", payload)]
    line = msgspec.defstruct("Line", fields, bases=(JsonEntry,), rename="camel", gc=False, kw_only=True)
    return msgspec.json.Decoder(line).decode


def _summary_decoder(keys: Sequence[str], logger_keys: frozenset[str]) -> Callable[[bytes], Any]:
    """Decode summaries with these counters and no others; absent ones become NaN, which JSON cannot hold."""
    others = sorted(logger_keys - {"message"})
    counters = [(f"c{number}", float, nan) for number in range(len(keys))]
    texts = [("message", str, ""), *((f"o{number}", str, "") for number in range(len(others)))]
    names = dict(zip([name for name, _, _ in (*counters, *texts)], [*keys, "message", *others], strict=True))
    return _decoder(msgspec.defstruct("Summary", [*counters, *texts], rename=names, forbid_unknown_fields=True, gc=False))


class UsualLines:
    """Lines with a marker on their way into a reading; those that turn out to be unusual go through `take` instead."""

    def __init__(self, reading: Reading, take: Callable[[bytes, Reading], Entry | None]) -> None:
        """Begin without knowing any counter; another reading may be put into the place of this one once all is flushed."""
        self.reading = reading
        shape = reading.shape
        self.markers = tuple([marker.encode()] if marker else [] for marker in (shape.summary, shape.slow_request))
        """What the lines of summaries hold, and those of slow requests: a marker stands in JSON as it is."""
        self._take = take
        self._summaries: list[bytes] = []
        self._slow_requests: list[bytes] = []
        self._keys: list[str] = []
        self._decode_summary = _summary_decoder([], shape.logger_keys)
        self._decode_slow_request = _decoder(_SlowRequest)

    def add(self, summaries: Iterable[bytes], slow_requests: Iterable[bytes]) -> None:
        """Note lines with the marker of a summary, and with that of a slow request."""
        self._summaries += summaries
        self._slow_requests += slow_requests
        if len(self._summaries) + len(self._slow_requests) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Take all lines that were noted."""
        lines, self._summaries = self._summaries, []
        while lines:
            lines = self._take_usual(lines, self._decode_summary, self.reading.shape.summary, self._add_summaries)
            learned = False
            while lines and not learned:
                lesson, lines = lines[:LESSON], lines[LESSON:]
                learned = self._learn([self._take(line, self.reading) for line in lesson])
        lines, self._slow_requests = self._slow_requests, []
        marker = self.reading.shape.slow_request
        for line in self._take_usual(lines, self._decode_slow_request, marker, self._add_slow_requests):
            self._take(line, self.reading)

    def _take_usual(
        self, lines: list[bytes], decode: Callable[[bytes], Any], message: str | None, add: Callable[[list[Any]], None]
    ) -> list[bytes]:
        """Take the lines that `decode` can read; gives the others."""
        raws, unusual = [], []
        service = self.reading.service
        for line in lines:
            try:
                raw = decode(line)
                owner = raw.resource.labels.service
            except Exception:  # noqa: BLE001 - no resource to ask, or anything else that is unusual
                unusual.append(line)
                continue
            if raw.json_payload.message == message and (not service or owner in {"", service}):
                raws.append(raw)
            else:
                unusual.append(line)
        if raws:
            try:
                add(raws)
            except Exception:  # noqa: BLE001 - one of them has no labels, a time that is none, or anything else
                return lines
        return unusual

    def _learn(self, entries: Iterable[Entry | None]) -> bool:
        """From now on decode the counters of summaries that went the long way; gives whether any is new."""
        payloads, logger_keys = (entry.payload or () for entry in entries if entry), self.reading.shape.logger_keys
        # What the reading has no number for is no counter.
        found = (key for payload in payloads for key in payload if key in self.reading.series and key not in logger_keys)
        new = [key for key in dict.fromkeys(found) if key not in self._keys and _NAMES_A_FIELD.fullmatch(key)]
        new = new[: MOST_KEYS - len(self._keys)]
        if new:
            self._keys = sorted([*self._keys, *new])  # as many writers have them: decoding looks for the next one first
            self._decode_summary = _summary_decoder(self._keys, self.reading.shape.logger_keys)
        return bool(new)

    def _add_summaries(self, raws: list[Any]) -> None:
        import numpy as np

        values = _table([astuple(raw.json_payload)[: len(self._keys)] for raw in raws])
        present = ~np.isnan(values)
        width = np.count_nonzero(present, axis=1).astype(np.int32)
        witness = np.array([self.reading.shape.knows(key) for key in self._keys], bool)
        if not present[:, witness].any(axis=1).all() or (values < 0).any():
            raise ValueError
        numbers = np.array([self.reading.series[key] for key in self._keys], np.int32)
        series = np.broadcast_to(numbers, values.shape)[present]
        self.reading.add_summaries(
            _heads(raws), array("i", series.tobytes()), array("d", values[present].tobytes()), array("i", width.tobytes())
        )

    def _add_slow_requests(self, raws: list[Any]) -> None:
        self.reading.add_slow_requests(_heads(raws), *zip(*map(_take_slow_request, raws), strict=True))


def _table(rows: list[tuple[float, ...]]) -> "ndarray[Any, Any]":
    """Give rows of floats as one array: MessagePack writes each behind a byte, in less time than `struct` takes."""
    import numpy as np

    packed, width = _pack(rows), len(rows[0])
    of_row = (1 if width < 16 else 3) + 9 * width
    begin = len(packed) - 9 * width - (len(rows) - 1) * of_row + 1
    return np.ndarray((len(rows), width), ">f8", packed, min(begin, len(packed)), (of_row, 9)).astype(float)


def _heads(raws: list[Any]) -> Heads:
    """Give what all entries have; the times raise ValueError where one of them has none."""

    def read(name: str) -> Sequence[Any]:
        values = list(map(_HEADS[name], raws))
        if name not in _TIMES:
            return values
        return believe(parse_timestamps(values, _TIMES[name]), arrival=name != "timestamp")

    return read
