"""Lines of the usual shape, from bytes straight to columns.

Hundreds of lines are decoded into records whose payload is a plain mapping of numbers and texts, and become columns at once:
half the work of looking at each by itself. Whatever is unusual in any way is left to those who know every shape: a value that
is no number, a counter that nobody knows, a time that is none.
"""

from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, compress
from operator import attrgetter
from typing import Annotated, Any

import msgspec

from logwatch.collect.columns import Reading
from logwatch.collect.entries import ENTRY_LABELS, RESOURCE_LABELS, Entry, EntryLabels, Heads, ResourceLabels
from logwatch.collect.parse import LARGEST, LogShape
from logwatch.collect.timestamps import believe, parse_timestamps

BATCH = 256
"""Lines that become columns at once."""

NO_COUNTER = -1
"""The number of keys that the logger puts beside the counters."""


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


class _Keys(dict[str, int]):
    """Numbers the counters of summaries, and tells what is none."""

    def __init__(self, shape: LogShape) -> None:
        """Begin without any counter."""
        super().__init__(dict.fromkeys(shape.logger_keys, NO_COUNTER))
        self._shape = shape
        self.names: list[str] = []
        self.known = array("b")
        """Whether the platform knows each of them."""

    def __missing__(self, key: str) -> int:
        """Give a new counter the next number."""
        number = self[key] = len(self.names)
        self.names.append(key)
        self.known.append(self._shape.knows(key))
        return number


class UsualLines:
    """Lines with a marker on their way into a reading; those that turn out to be unusual go through `take` instead."""

    def __init__(self, reading: Reading, take: Callable[[bytes, Reading], Entry | None]) -> None:
        """Begin without a line."""
        self.reading = reading
        shape = reading.shape
        self.markers = tuple([marker.encode()] if marker else [] for marker in (shape.summary, shape.slow_request))
        """What the lines of summaries hold, and those of slow requests: a marker stands in JSON as it is."""
        self._take = take
        self._summaries: list[bytes] = []
        self._slow_requests: list[bytes] = []
        self._keys = _Keys(shape)
        self._decode_summary = _decoder(dict[str, float | str])
        self._decode_slow_request = _decoder(_SlowRequest)

    def add(self, summaries: Iterable[bytes], slow_requests: Iterable[bytes]) -> None:
        """Note lines with the marker of a summary, and with that of a slow request."""
        self._summaries += summaries
        self._slow_requests += slow_requests
        if len(self._summaries) + len(self._slow_requests) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Take all lines that were noted."""
        self._take_lines(self._summaries, self._decode_summary, self._add_summaries)
        self._take_lines(self._slow_requests, self._decode_slow_request, self._add_slow_requests)
        self._summaries, self._slow_requests = [], []

    def _take_lines(
        self, lines: list[bytes], decode: Callable[[bytes], Any], add: Callable[[list[Any]], Sequence[int]]
    ) -> None:
        """Take lines together, as far as `decode` can read them and `add` finds them usual; the others one by one."""
        raws, decoded, unusual = [], [], []
        service = self.reading.service
        for line in lines:
            try:
                raw = decode(line)
                owner = raw.resource.labels.service
            except Exception:  # noqa: BLE001 - no resource to ask, or anything else that is unusual
                unusual.append(line)
                continue
            if not service or owner in {"", service}:
                raws.append(raw)
                decoded.append(line)
            else:
                unusual.append(line)
        if raws:
            try:
                unusual += map(decoded.__getitem__, add(raws))
            except Exception:  # noqa: BLE001 - one of them has no labels, a time that is none, or anything else
                unusual = lines
        for line in unusual:
            self._take(line, self.reading)

    def _add_summaries(self, raws: list[Any]) -> Sequence[int]:
        """Take summaries, all or none; gives the places of those that are unusual, and were left out."""
        import numpy as np

        payloads = [raw.json_payload for raw in raws]
        odd = np.array([payload.get("message") != self.reading.shape.summary for payload in payloads])
        key = np.fromiter(map(self._keys.__getitem__, chain.from_iterable(payloads)), np.int32)
        line = np.repeat(np.arange(len(raws)), list(map(len, payloads)))
        values = list(chain.from_iterable(map(dict.values, payloads)))
        counted = key != NO_COUNTER
        try:
            value = array("d", compress(values, counted.tolist()))
        except TypeError:  # beside the logger's own texts there are others
            odd[line[counted & [type(each) is str for each in values]]] = True
            counted &= ~odd[line]
            value = array("d", compress(values, counted.tolist()))
        key, line, value = key[counted], line[counted], np.frombuffer(value) if value else np.empty(0)
        odd[line[(value < 0) | (value > LARGEST)]] = True
        known = np.frombuffer(self._keys.known, bool) if self._keys.known else np.empty(0, bool)
        odd |= np.bincount(line[known[key]], minlength=len(raws)) == 0
        if odd.any():
            counted = ~odd[line]
            key, line, value = key[counted], line[counted], value[counted]
            raws = [raw for raw, left_out in zip(raws, odd.tolist(), strict=True) if not left_out]
        if raws:
            heads = _heads(raws)  # which may find a time that is none, before any counter has a number
            numbers = np.zeros(len(self._keys.names), np.int32)
            for each in np.flatnonzero(np.bincount(key)).tolist():
                numbers[each] = self.reading.series[self._keys.names[each]]
            width = np.bincount(line, minlength=len(odd))[~odd].astype(np.int32)
            columns = (array("i", numbers[key].tobytes()), array("d", value.tobytes()), array("i", width.tobytes()))
            self.reading.add_summaries(heads, *columns)
        return np.flatnonzero(odd).tolist()

    def _add_slow_requests(self, raws: list[Any]) -> Sequence[int]:
        """Take slow requests, likewise."""
        marker = self.reading.shape.slow_request
        odd = [number for number, raw in enumerate(raws) if raw.json_payload.message != marker]
        usual = [raw for raw in raws if raw.json_payload.message == marker] if odd else raws
        if usual:
            self.reading.add_slow_requests(_heads(usual), *zip(*map(_take_slow_request, usual), strict=True))
        return odd


def _heads(raws: list[Any]) -> Heads:
    """Give what all entries have; raises ValueError where one of them has no time, or no insertId."""
    heads: dict[str, Sequence[Any]] = {name: list(map(take, raws)) for name, take in _HEADS.items()}
    for name, otherwise in _TIMES.items():
        heads[name] = believe(parse_timestamps(heads[name], otherwise), arrival=name != "timestamp")
    if not all(heads["insert_id"]):
        raise ValueError("an entry without an insertId needs to be looked at whole")
    return heads.__getitem__
