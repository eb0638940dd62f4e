"""A log entry, in Cloud Logging's own field names, and the columns that entries are kept in.

A column stands here once: what it is read from, what its numbers stand for, and whether the state keeps it. Reading,
merging, picking, keeping and loading follow from that.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from logwatch.collect.compact import Numbers, Texts, as_array, take
from logwatch.collect.redaction import redact_key, redact_name, redact_revision

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy import ndarray


class ResourceLabels(msgspec.Struct, rename={"service": "service_name", "revision": "revision_name"}, gc=False):
    """Labels of an entry's resource, by the fields of `Entry` that they fill."""

    service: str = ""
    revision: str = ""


class EntryLabels(msgspec.Struct, rename={"instance": "instanceId"}, gc=False):
    """Labels of the entry itself, likewise."""

    instance: str = ""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One LogEntry as fetched; its identity is (`log_name`, `timestamp`, `insert_id`).

    A msgspec record instead of a dataclass: a file of a million lines makes a hundred thousand of these, and
    a frozen dataclass takes ten times as long to make.
    """

    log_name: str
    insert_id: str
    timestamp: int
    """Event time, nanoseconds since 1970 (UTC)."""
    receive_timestamp: int
    """Arrival at the logging service, nanoseconds since 1970; 0 where it is not known."""
    service: str
    """The Cloud Run service, not the shop; empty where it is not known."""
    instance: str
    """The container instance; empty where it is not known."""
    text: str | None
    """textPayload."""
    payload: dict[str, Any] | None
    """jsonPayload."""
    revision: str = ""
    """What of the service was deployed there; empty where it is not known."""


RESOURCE_LABELS: dict[str, str]
ENTRY_LABELS: dict[str, str]
RESOURCE_LABELS, ENTRY_LABELS = (
    dict(zip(labels.__struct_fields__, labels.__struct_encode_fields__, strict=True))
    for labels in (ResourceLabels, EntryLabels)
)
"""Fields of `Entry` and the labels that they are read from."""

Heads = Callable[[str], Sequence[Any]]
"""What entries have in common, whatever they say: gives a field of `Entry`, an item for each entry."""


class Column(NamedTuple):
    """How one column is kept."""

    name: str
    code: str
    """Of its array; empty for texts."""
    of: tuple[str, ...]
    """Fields of `Entry` that it is read from, the first of them that is not empty; none for what parsing finds."""
    names: str
    """Which names of `Columns` its numbers stand for; empty where they are the values themselves."""
    kept: bool
    """Whether the state keeps it."""

    @property
    def blank(self) -> Any:  # noqa: ANN401 - a text or a number
        """What stands in a row that is older than the column."""
        return "" if self.names or not self.code else 0

    def read(self, heads: Heads) -> Iterable[Any]:
        """Give the values of many entries."""
        first, *others = self.of
        values = heads(first)
        for other in others:
            if not all(values):
                values = [value or instead for value, instead in zip(values, heads(other), strict=True)]
        return values

    def reader(self) -> Callable[[Entry], Any]:
        """Give what takes the value of one entry."""
        first, *others = map(attrgetter, self.of)
        return (lambda entry: first(entry) or others[0](entry)) if others else first


def column(code: str, *of: str, names: str = "", kept: bool = False, narrow: bool = False) -> Any:  # noqa: ANN401 - what `field` gives
    """Declare a column; `Column` says what each argument means. One that is narrow takes no more room than it must."""
    empty = partial(Numbers if narrow else array, code) if code else Texts
    return field(default_factory=empty, metadata={"code": code, "of": of, "names": names, "kept": kept})


def storable(name: str) -> str:
    """Escape what is no character: half of a surrogate pair, which JSON can hold and UTF-8 cannot."""
    return name.encode("utf-8", "backslashreplace").decode()


class Names(dict[str, int]):
    """Numbers names in the order in which they first come."""

    clean: Callable[[str], str] = staticmethod(storable)
    """Gives a name as it is kept. What is foreign passes its gate here, once for each name, and reaches nothing before."""

    def __missing__(self, name: str) -> int:
        """Give a new name the next number; one that must not be kept as it is takes the number of its clean form."""
        clean = self.clean(name)
        if clean != name:
            return self[clean]
        number = self[name] = len(self)
        return number

    def renumber(self, other: Names, numbers: array[int] | Numbers) -> bytes:
        """Give numbers of these names as the numbers that the same names have in `other`."""
        import numpy as np

        there = np.fromiter((other[name] for name in self), dtype=np.int32, count=len(self))
        return there[as_array(numbers)].tobytes() if len(numbers) else b""

    def take(self, names: Sequence[str], numbers: ndarray[Any, Any]) -> ndarray[Any, Any]:
        """Give numbers of other names as the numbers that the same names have here, those that are new in their order."""
        import numpy as np

        first = np.full(len(names), len(numbers))
        first[numbers[::-1]] = np.arange(len(numbers))[::-1]  # of several, the last counts that is written
        there = np.zeros(len(names), "int32")
        for number in first.argsort(kind="stable")[: int((first < len(numbers)).sum())].tolist():
            there[number] = self[names[number]]
        return np.asarray(there[numbers])


class KeyNames(Names):
    """Keys of counters, whose labels may hold anything."""

    clean = staticmethod(lambda key: storable(redact_key(key)))


class LabelNames(Names):
    """Labels and routes of slow requests."""

    clean = staticmethod(lambda name: storable(redact_name(name)))


class RevisionNames(Names):
    """Names of revisions."""

    clean = staticmethod(lambda name: storable(redact_revision(name)))


@dataclass(slots=True)
class Rows:
    """One row for each entry that was decoded; equal identities are still repeated here."""

    time: array[int] = column("q", "timestamp", kept=True)
    received: array[int] = column("q", "receive_timestamp", kept=True)
    log: array[int] = column("i", "log_name", names="logs", kept=True)
    insert_id: Texts = column("", "insert_id", kept=True)
    instance: array[int] = column("i", "instance", names="instances", kept=True)
    revision: array[int] = column("i", "revision", names="revisions", kept=True)
    kind: array[int] = column("b")
    """What the entry ended as."""
    detail: array[int] = column("i", names="details")
    """Reason of an unparsed row."""
    width: array[int] = column("i")
    """Number of rows in `Counts` that belong to the row, in the same order."""
    decided: array[int] = column("q", kept=True)
    """Minute of the window that a run has put a summary into, for good; 0 where none has yet."""
    block_lines: dict[int, int] = field(default_factory=dict)
    """Number of entries that a row stands for, where that is not one: pretty-printed text."""


@dataclass(slots=True)
class Counts:
    """One row for each counter of a summary, in the order of `Rows`, which says how many belong to each."""

    series: Numbers = column("i", names="series", narrow=True)
    value: Numbers = column("d", narrow=True)


@dataclass(slots=True)
class SlowRows:
    """One row for each slow request; `row` points into `Rows`."""

    row: array[int] = column("i")
    label: array[int] = column("i", names="labels", kept=True)
    route: array[int] = column("i", names="routes", kept=True)
    duration_ms: array[float] = column("d", kept=True)


@dataclass(slots=True)
class Gauges:
    """One row for each measured value; time in nanoseconds since 1970."""

    time: array[int] = column("q")
    series: array[int] = column("i", names="series")
    value: array[float] = column("d")


@dataclass(slots=True)
class Written:
    """One row for each window and revision of whose summaries only sums are kept: how many there were."""

    minute: array[int] = column("q")
    revision: array[int] = column("i", names="revisions")
    lines: array[int] = column("i")


@dataclass(slots=True)
class Sums:
    """One row for each counter of a window and revision, of summaries that have no counters any more; NaN is unknown."""

    minute: array[int] = column("q")
    revision: array[int] = column("i", names="revisions")
    series: array[int] = column("i", names="series")
    value: array[float] = column("d")


def _columns(table: type) -> tuple[Column, ...]:
    return tuple(Column(each.name, **each.metadata) for each in fields(table) if each.metadata)


TABLES = {
    name: _columns(table)
    for name, table in zip(
        ("rows", "counts", "slow", "gauges", "written", "sums"), (Rows, Counts, SlowRows, Gauges, Written, Sums), strict=True
    )
}
HEADS = tuple((each, each.reader()) for each in TABLES["rows"] if each.of)
"""The columns that every entry fills, and what takes their values of one entry."""


@dataclass(slots=True)
class Columns:
    """Entries in columns, and the names that numbers in them stand for."""

    rows: Rows = field(default_factory=Rows)
    counts: Counts = field(default_factory=Counts)
    slow: SlowRows = field(default_factory=SlowRows)
    gauges: Gauges = field(default_factory=Gauges)
    written: Written = field(default_factory=Written)
    sums: Sums = field(default_factory=Sums)
    summed_to: int = 0
    """Before this time (ns) every summary is in the sums that had arrived by then: one that is read again is known."""
    logs: Names = field(default_factory=Names)
    instances: Names = field(default_factory=Names)
    revisions: Names = field(default_factory=RevisionNames)
    series: Names = field(default_factory=KeyNames)
    details: Names = field(default_factory=Names)
    labels: Names = field(default_factory=LabelNames)
    routes: Names = field(default_factory=LabelNames)

    def put(self, table: str, column: Column, values: Iterable[Any]) -> None:
        """Append values to a column; texts where it has names."""
        numbers = map(getattr(self, column.names).__getitem__, values) if column.names else values
        getattr(getattr(self, table), column.name).extend(numbers)

    def put_entry(self, entry: Entry) -> int:
        """Append what one entry has in common with all others; gives the number of its row, whose other columns are missing."""
        rows = self.rows
        number = len(rows.time)
        for column, read in HEADS:
            value = read(entry)
            getattr(rows, column.name).append(getattr(self, column.names)[value] if column.names else value)
        return number

    def rename(self, named: Callable[[str], str]) -> None:
        """Give the series that come another key, several of them the same where they are to count as one; forget the others."""
        keys, series = list(self.series), KeyNames()
        tables = (self.gauges, self.counts, self.sums)
        used = dict.fromkeys(chain.from_iterable(table.series for table in tables))
        codes = {code: series[named(keys[code])] for code in used}
        for table in tables:
            renamed = array("i", map(codes.__getitem__, table.series))
            del table.series[:]
            table.series.extend(renamed)
        self.series = series

    def put_places(self, table: str, other: Columns, places: ndarray[Any, Any]) -> None:
        """Append some rows of another's table, in their order."""
        source, mine = getattr(other, table), getattr(self, table)
        for column in TABLES[table]:
            values = getattr(source, column.name)
            if column.names:
                numbers: Names = getattr(self, column.names)
                taken = numbers.take(list(getattr(other, column.names)), as_array(values)[places])
                getattr(mine, column.name).frombytes(taken.tobytes())
            else:
                getattr(mine, column.name).extend(take(values, places))

    def put_all(self, other: Columns) -> None:
        """Append everything of another."""
        base = len(self.rows.time)
        self.rows.block_lines |= {row + base: lines for row, lines in other.rows.block_lines.items()}
        self.summed_to = max(self.summed_to, other.summed_to)
        for table, columns in TABLES.items():
            mine, theirs = getattr(self, table), getattr(other, table)
            if table in {"written", "sums"} and not theirs.minute:
                continue  # as of all that comes from a source
            for column in columns:
                values = getattr(theirs, column.name)
                if column.names:
                    numbers: Names = getattr(other, column.names)
                    getattr(mine, column.name).frombytes(numbers.renumber(getattr(self, column.names), values))
                elif (table, column.name) == ("slow", "row"):
                    mine.row.extend(row + base for row in values)
                else:
                    getattr(mine, column.name).extend(values)
