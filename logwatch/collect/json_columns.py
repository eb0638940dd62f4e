"""Lines of the usual shape, from bytes straight to columns.

A summary's payload is cut into its members as they stand in JSON, `cache.hit":148`. The same ones come again and again, so
each is read once and is a number from then on; thousands of numbers become columns at once. Whatever is unusual in any way is
left to those who know every shape: a member of another form, a value that is no number, a time that is none.
"""

import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from logwatch.collect.columns import Reading
from logwatch.collect.entries import ENTRY_LABELS, RESOURCE_LABELS, Entry, EntryLabels, Heads, ResourceLabels
from logwatch.collect.parse import LARGEST, LogShape
from logwatch.collect.timestamps import believe, parse_timestamps

if TYPE_CHECKING:
    import numpy as np

    IntArray = np.ndarray[Any, Any]

BATCH = 512
"""Lines that become columns at once."""

MOST_MEMBERS = 1 << 14
"""Members that are remembered before all are forgotten."""
MOST_PASSED = 1 << 10
"""Members of no concern that are remembered: among them is a time, which is another in each line."""

_TEXT = rb'[^"\\\x00-\x1f]'
_MEMBER = re.compile(
    rb'(\{")?(%s+)": ?(?:((?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|("%s*")|true|false|null)(\})?' % (_TEXT, _TEXT)
)
"""A member as it stands between one `,"` and the next, the first of a payload with `{"` and the last with `}`.

A text that comes apart into these is JSON and says what each of them says: none holds a quote that is not its own.
"""
_JOINT, _END = b',"', b"\n"
"""What stands between members; and what is put between lines that are cut at once, since no line holds it."""
_FIRST, _LAST = 1, 2
_ODD, _PASSED, _MESSAGE, _LINE_END = -4, -3, -2, -1
"""What a member is that is no counter: not understood, of no concern, the message that is looked for, the end of a line."""


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


class _Members(dict[bytes, int]):
    """Numbers members of summaries' payloads; `key`, `place` and `value` say of each number what the member says."""

    def __init__(self, shape: LogShape) -> None:
        """Begin without knowing any counter."""
        self.key, self.place, self.value = array("i"), array("b"), array("d")
        self.names: dict[str, int] = {}
        """The counters, and what they are called in `key`."""
        self._known = array("b")
        """Whether the platform knows each of them."""
        self._shape = shape
        self._message = f'"{shape.summary}"'.encode()
        self._passed = [self._add(_PASSED, place) for place in range(4)]
        self._passed_over = 0
        self._odd = self._add(_ODD)
        self[_END] = self._add(_LINE_END)

    def __missing__(self, member: bytes) -> int:
        """Read a member that has no number yet."""
        found = _MEMBER.fullmatch(member)
        if found is None:
            return self._odd
        first, name, number, text, last = found.groups()
        place = (_FIRST if first else 0) | (_LAST if last else 0)
        try:
            key = name.decode()
        except UnicodeDecodeError:
            return self._odd
        code, value = _ODD, float(number) if number else -1.0
        if key == "message":
            code = _MESSAGE if text == self._message else _ODD
        elif key in self._shape.logger_keys:
            self._passed_over += 1
            return self.setdefault(member, self._passed[place]) if self._passed_over < MOST_PASSED else self._passed[place]
        elif 0 <= value <= LARGEST:
            code = self._name(key)
        self[member] = self._add(code, place, value)
        return self[member]

    def odd(self, found: "IntArray", key: "IntArray", line: "IntArray") -> "IntArray":
        """Tell of members, what they are and in which lines they stand, which lines are not all that summaries are."""
        import numpy as np

        ends = np.flatnonzero(key == _LINE_END)
        starts = np.append(0, ends[:-1] + 1)
        place = np.frombuffer(self.place, np.int8)[found]
        odd: IntArray = (place[starts] & _FIRST == 0) | (place[ends - 1] & _LAST == 0)
        place[starts] &= ~_FIRST
        place[ends - 1] &= ~_LAST
        odd[line[(place != 0) | (key == _ODD)]] = True
        odd |= np.bincount(line[key == _MESSAGE], minlength=len(ends)) != 1
        counter = key >= 0
        key, line = key[counter], line[counter]
        odd |= np.bincount(line[np.frombuffer(self._known, bool)[key]], minlength=len(ends)) == 0
        cell = np.sort(line * len(self.names) + key)
        twice = cell[1:][cell[1:] == cell[:-1]]
        if len(twice):
            odd[twice // len(self.names)] = True
        return odd

    def _name(self, key: str) -> int:
        if key not in self.names:
            self.names[key] = len(self.names)
            self._known.append(self._shape.knows(key))
        return self.names[key]

    def _add(self, key: int, place: int = 0, value: float = 0.0) -> int:
        self.key.append(key)
        self.place.append(place)
        self.value.append(value)
        return len(self.key) - 1


class UsualLines:
    """Lines with a marker on their way into a reading; those that turn out to be unusual go through `take` instead."""

    def __init__(self, reading: Reading, take: Callable[[bytes, Reading], Entry | None]) -> None:
        """Begin without knowing any counter."""
        self.reading = reading
        shape = reading.shape
        self.markers = tuple([marker.encode()] if marker else [] for marker in (shape.summary, shape.slow_request))
        """What the lines of summaries hold, and those of slow requests: a marker stands in JSON as it is."""
        self._take = take
        self._summaries: list[bytes] = []
        self._slow_requests: list[bytes] = []
        self._members = _Members(shape)
        self._decode_summary = _decoder(msgspec.Raw)
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

        members = self._members
        if len(members) > MOST_MEMBERS:
            members = self._members = _Members(self.reading.shape)
        payloads = (_JOINT + _END + _JOINT).join([bytes(raw.json_payload) for raw in raws])
        if b', "' in payloads:  # as others write JSON
            payloads = payloads.replace(b', "', _JOINT)
        texts = payloads.split(_JOINT)
        texts.append(_END)
        found = np.fromiter(map(members.__getitem__, texts), np.intp, len(texts))
        key, value = (np.frombuffer(column, column.typecode)[found] for column in (members.key, members.value))
        line = np.cumsum(key == _LINE_END)
        odd = members.odd(found, key, line)
        usual = [raw for raw, without in zip(raws, odd.tolist(), strict=True) if not without]
        if usual:
            heads = _heads(usual)
            counted = (key >= 0) & ~np.append(odd, True)[line]
            width = np.bincount(line[counted], minlength=len(raws))[~odd].astype(np.int32)
            key = key[counted]
            numbers = np.zeros(len(members.names), np.int32)
            names = list(members.names)
            for each in np.flatnonzero(np.bincount(key)).tolist():
                numbers[each] = self.reading.series[names[each]]
            columns = (array("i", numbers[key].tobytes()), array("d", value[counted].tobytes()), array("i", width.tobytes()))
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
