"""Everything taken out of a set of entries, in columns: what fetching and parsing hand to aggregation.

Columns and not a record each, because a file of a million lines gives a million counters, and because half
of them come from a second process.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from logwatch.collect.parse import (
    NOTHING_COUNTS,
    BlockLine,
    Ignored,
    LogShape,
    Parsed,
    Reason,
    SlowRequest,
    Summary,
    Unparsed,
    assemble_blocks,
    parse_entry,
)
from logwatch.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from logwatch.collect.entries import Entry

SAMPLES, SLOW, IGNORED, UNPARSED = range(4)
"""What an entry can end as."""


def storable(name: str) -> str:
    """Escape what is no character: half of a surrogate pair, which JSON can hold and UTF-8 cannot."""
    return name.encode("utf-8", "backslashreplace").decode()


class Names(dict[str, int]):
    """Numbers names in the order in which they first come."""

    def __missing__(self, name: str) -> int:
        """Give a new name the next number; one that no file could hold takes the number of its escaped form."""
        clean = storable(name)
        if clean != name:
            return self[clean]
        number = self[name] = len(self)
        return number

    def renumber(self, other: Names, numbers: array[int]) -> bytes:
        """Give numbers of these names as the numbers that the same names have in `other`."""
        import numpy as np

        there = np.fromiter((other[name] for name in self), dtype=np.int32, count=len(self))
        return there[np.frombuffer(numbers, np.int32)].tobytes() if len(numbers) else b""


@dataclass(slots=True)
class Rows:
    """One row for each entry that was decoded; equal identities are still repeated here."""

    time: array[int] = field(default_factory=lambda: array("q"))
    received: array[int] = field(default_factory=lambda: array("q"))
    log: array[int] = field(default_factory=lambda: array("i"))
    insert_id: list[str] = field(default_factory=list)
    instance: array[int] = field(default_factory=lambda: array("i"))
    kind: array[int] = field(default_factory=lambda: array("b"))
    detail: array[int] = field(default_factory=lambda: array("i"))
    """Reason of an unparsed row, as a number of `Reading.details`."""
    width: array[int] = field(default_factory=lambda: array("i"))
    """Number of rows in `Counts` that belong to the row, in the same order."""
    block_lines: dict[int, int] = field(default_factory=dict)
    """Number of entries that a row stands for, where that is not one: pretty-printed text."""


@dataclass(slots=True)
class Counts:
    """One row for each counter of a summary, in the order of `Rows`, which says how many belong to each."""

    series: array[int] = field(default_factory=lambda: array("i"))
    value: array[float] = field(default_factory=lambda: array("d"))


@dataclass(slots=True)
class SlowRows:
    """One row for each slow request; `row` points into `Rows`, `label` and `route` into `Reading`'s names."""

    row: array[int] = field(default_factory=lambda: array("i"))
    label: array[int] = field(default_factory=lambda: array("i"))
    route: array[int] = field(default_factory=lambda: array("i"))
    duration_ms: array[float] = field(default_factory=lambda: array("d"))


@dataclass(slots=True)
class Gauges:
    """One row for each measured value: time in nanoseconds since 1970, a number of `Reading.series`, the value."""

    time: array[int] = field(default_factory=lambda: array("q"))
    series: array[int] = field(default_factory=lambda: array("i"))
    value: array[float] = field(default_factory=lambda: array("d"))


@dataclass(slots=True)
class Columns:
    """Entries of one kind on their way into `Rows`, as sources have them: an item of each for each entry."""

    time: array[int]
    received: array[int]
    log_name: Sequence[str]
    insert_id: Sequence[str]
    instance: Sequence[str]
    """The container instance, or the service where it is not known."""


@dataclass(slots=True)
class Reading:
    """What was taken out of a set of entries, and a count of every entry that went in."""

    entries: int = 0
    ignored: int = 0
    """Entries passed over without decoding them; decoded ones are rows."""
    refused: Counter[str] = field(default_factory=Counter)
    """Entries that could not even be decoded, by reason."""
    flaws: Counter[str] = field(default_factory=Counter)
    """Counters left out of an understood summary, as `flaw: key`."""
    _first: int | None = None
    _last: int | None = None
    rows: Rows = field(default_factory=Rows)
    counts: Counts = field(default_factory=Counts)
    slow: SlowRows = field(default_factory=SlowRows)
    gauges: Gauges = field(default_factory=Gauges)
    logs: Names = field(default_factory=Names)
    instances: Names = field(default_factory=Names)
    series: Names = field(default_factory=Names)
    details: Names = field(default_factory=Names)
    labels: Names = field(default_factory=Names)
    routes: Names = field(default_factory=Names)
    block_lines: list[tuple[Entry, str]] = field(default_factory=list)
    """Lines of pretty-printed text; `settle` turns them into rows when all are here."""
    service: str | None = None
    """Only entries of this Cloud Run service count; others are ignored."""
    shape: LogShape = NOTHING_COUNTS
    """What counts in an entry; where columns are only gathered, nothing need."""

    def add(self, entry: Entry) -> None:
        """Take one entry."""
        self.entries += 1
        if self.service and entry.service and entry.service != self.service:
            self._add_row(entry, IGNORED)
            return
        parsed = parse_entry(entry, self.shape)
        if isinstance(parsed, BlockLine):
            self.see(entry.timestamp)
            self.block_lines.append((entry, parsed.text))
        else:
            self._add_parsed(entry, parsed)

    def see(self, time: int) -> None:
        """Widen the stretch of time that entries without a row cover."""
        self._first = time if self._first is None else min(self._first, time)
        self._last = time if self._last is None else max(self._last, time)

    @property
    def first(self) -> int | None:
        """Earliest event time seen, nanoseconds since 1970."""
        return min((time for time in (self._first, min(self.rows.time, default=None)) if time is not None), default=None)

    @property
    def last(self) -> int | None:
        """Latest event time seen, nanoseconds since 1970."""
        return max((time for time in (self._last, max(self.rows.time, default=None)) if time is not None), default=None)

    def extent(self) -> tuple[int, int]:
        """Give the earliest and latest event time, nanoseconds since 1970; raises SourceError where no entry has one."""
        first, last = self.first, self.last
        if first is None or last is None:
            told = ", ".join(f"{count} {reason}" for reason, count in self.refused.items())
            hint = f"{self.entries} entries: {told}" if self.entries else "it is empty"
            if "not_an_entry" in self.refused:
                hint += "; wanted are log entries as 'gcloud logging read --format=json' prints them"
            raise SourceError("no log entry with a time in the source", hint=hint)
        return first, last

    def refuse(self, reason: Reason, entries: int = 1) -> None:
        """Count an entry that could not be decoded."""
        self.entries += entries
        self.refused[reason] += entries

    def unparsed(self) -> Counter[str]:
        """Count the entries that were not understood, by reason, repeated ones each time."""
        details = list(self.details)
        bad = Counter(self.refused)
        for kind, detail in zip(self.rows.kind, self.rows.detail, strict=True):
            if kind == UNPARSED:
                bad[details[detail]] += 1
        return bad

    def add_gauge(self, series: str, time: int, value: float) -> None:
        """Take one measured value, such as a probe's latency."""
        self.gauges.time.append(time)
        self.gauges.series.append(self.series[series])
        self.gauges.value.append(value)

    def add_summaries(self, rows: Columns, series: array[int], value: array[float], width: array[int]) -> None:
        """Take summaries that were understood: all their counters in one, and the number of counters of each."""
        self._add_rows(rows, SAMPLES, width)
        self.counts.series += series
        self.counts.value += value

    def add_slow_requests(
        self, rows: Columns, label: Iterable[str], route: Iterable[str], duration_ms: Iterable[float]
    ) -> None:
        """Take slow requests that were understood; a route is method and folded path."""
        first = len(self.rows.kind)
        self._add_rows(rows, SLOW, array("i", bytes(4 * len(rows.time))))
        self.slow.row.extend(range(first, len(self.rows.kind)))
        self.slow.label.extend(map(self.labels.__getitem__, label))
        self.slow.route.extend(map(self.routes.__getitem__, route))
        self.slow.duration_ms.extend(duration_ms)

    def _add_rows(self, columns: Columns, kind: int, width: array[int]) -> None:
        rows, size = self.rows, len(columns.time)
        rows.time += columns.time
        rows.received += columns.received
        rows.log.extend(map(self.logs.__getitem__, columns.log_name))
        rows.insert_id += columns.insert_id
        rows.instance.extend(map(self.instances.__getitem__, columns.instance))
        rows.kind.extend([kind] * size)
        rows.detail.extend([self.details[""]] * size)
        rows.width += width
        self.entries += size

    def _add_row(self, entry: Entry, kind: int, detail: str = "", width: int = 0) -> int:
        rows = self.rows
        number = len(rows.kind)
        rows.time.append(entry.timestamp)
        rows.received.append(entry.receive_timestamp)
        rows.log.append(self.logs[entry.log_name])
        rows.insert_id.append(entry.insert_id)
        rows.instance.append(self.instances[entry.instance or entry.service])
        rows.kind.append(kind)
        rows.detail.append(self.details[detail])
        rows.width.append(width)
        return number

    def _add_parsed(self, entry: Entry, parsed: Parsed) -> None:
        if isinstance(parsed, Summary):
            self._add_row(entry, SAMPLES, "", len(parsed.counters))
            self.counts.series.extend(map(self.series.__getitem__, parsed.counters))
            self.counts.value.extend(parsed.counters.values())
            for flaw, key in parsed.flaws:
                self.flaws[f"{flaw}: {storable(key[:80])}" if len(self.flaws) < 100 else flaw] += 1
        elif isinstance(parsed, SlowRequest):
            self.slow.row.append(self._add_row(entry, SLOW))
            self.slow.label.append(self.labels[parsed.label])
            self.slow.route.append(self.routes[f"{parsed.method} {parsed.route}"])
            self.slow.duration_ms.append(parsed.duration_ms)
        elif isinstance(parsed, Unparsed):
            self._add_row(entry, UNPARSED, parsed.reason)
        elif isinstance(parsed, Ignored):
            self._add_row(entry, IGNORED)
        else:  # a block line never reaches this place: `add` keeps it, `assemble_blocks` uses it up
            raise TypeError(parsed)

    def merge(self, other: Reading) -> None:
        """Take everything that another reading took; the order of merging changes no figure."""
        self.entries += other.entries
        self.ignored += other.ignored
        self.refused.update(other.refused)
        self.flaws.update(other.flaws)
        for time in (other._first, other._last):
            if time is not None:
                self.see(time)
        base = len(self.rows.kind)
        mine, theirs = self.rows, other.rows
        mine.time += theirs.time
        mine.received += theirs.received
        mine.log.frombytes(other.logs.renumber(self.logs, theirs.log))
        mine.insert_id += theirs.insert_id
        mine.instance.frombytes(other.instances.renumber(self.instances, theirs.instance))
        mine.kind += theirs.kind
        mine.detail.frombytes(other.details.renumber(self.details, theirs.detail))
        mine.block_lines |= {row + base: lines for row, lines in theirs.block_lines.items()}
        mine.width += theirs.width
        self.counts.series.frombytes(other.series.renumber(self.series, other.counts.series))
        self.counts.value += other.counts.value
        self.slow.row.frombytes(_shift(other.slow.row, base))
        self.slow.label.frombytes(other.labels.renumber(self.labels, other.slow.label))
        self.slow.route.frombytes(other.routes.renumber(self.routes, other.slow.route))
        self.slow.duration_ms += other.slow.duration_ms
        self.gauges.time += other.gauges.time
        self.gauges.series.frombytes(other.series.renumber(self.series, other.gauges.series))
        self.gauges.value += other.gauges.value
        self.block_lines += other.block_lines

    def settle(self) -> int:
        """Put pretty-printed text together again; gives the number of repeated lines left out.

        To be called once, when every entry is here: a block's lines may come out of order, twice, and
        through different files.
        """
        unique = {(e.log_name, e.timestamp, e.insert_id or i): (e, t) for i, (e, t) in enumerate(self.block_lines)}
        repeated = len(self.block_lines) - len(unique)
        streams: dict[tuple[str, str, str], list[tuple[Entry, str]]] = {}
        for entry, text in unique.values():
            streams.setdefault((entry.log_name, entry.service, entry.instance), []).append((entry, text))
        for lines in streams.values():
            lines.sort(key=lambda line: (line[0].timestamp, line[0].insert_id))
            for block in assemble_blocks((text for _, text in lines), self.shape):
                self.rows.block_lines[len(self.rows.kind)] = block.lines
                self._add_parsed(lines[block.first][0], block.parsed)
        self.block_lines = []
        return repeated


def _shift(rows: array[int], base: int) -> bytes:
    return array("i", (row + base for row in rows)).tobytes()
