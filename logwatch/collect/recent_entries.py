"""The recent past, kept from run to run: entries and not windows, so that what comes late or twice changes nothing twice.

Windows are made anew from these entries by every run (docs/decisions/0003).
"""

from __future__ import annotations

import sys
from array import array
from itertools import chain
from math import isnan, nan
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from logwatch.collect.columns import SAMPLES, SLOW, Reading
from logwatch.collect.entries import TABLES, Column
from logwatch.spans import NS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

LATEST = 4_102_444_800 * NS
"""The year 2100."""
Identity = tuple[str, int, str]
"""Log name, time in nanoseconds, insert id."""

_FIRST = {"rows": ("time", "received", "log", "insert_id", "instance"), "slow": ("label", "route", "duration_ms")}
"""The columns that an entry's list in the document holds, in its order; the document's form, whatever else is kept."""
_LISTED = {
    table: tuple(each for name in names for each in TABLES[table] if each.name == name) for table, names in _FIRST.items()
}
_LATER = [(table, each) for table, names in _FIRST.items() for each in TABLES[table] if each.kept and each.name not in names]


FLAWED = "counts.flawed"
"""Where younger columns have the counters that could not be read."""


class Recent(msgspec.Struct, frozen=True):
    """Entries as the state's document holds them; names stand once, and rows point at them by position."""

    names: list[str] = []
    summaries: list[tuple[int, int, int, str, int, list[float]]] = []
    """Time and arrival (nanoseconds), log, insert id, instance, then series and value by turns."""
    slow: list[tuple[int, int, int, str, int, int, int, float]] = []
    """Time and arrival (nanoseconds), log, insert id, instance, label, route, duration in ms."""
    gauges: list[tuple[int, int, float]] = []
    """Time (nanoseconds), series, value."""
    later: dict[str, list[Any]] | msgspec.UnsetType = msgspec.UNSET
    """Columns that are younger than the lists above, by table and name: an item for each summary, then for each slow request.

    An older program passes over what it does not know, and what an older document does not have is blank.
    """

    def column(self, table: str, column: Column) -> list[Any] | None:
        """Give a younger column; None where the document is older. Raises ValueError where it does not fit the lists."""
        found = (self.later or {}).get(f"{table}.{column.name}")
        size = len(self.slow) + (len(self.summaries) if table == "rows" else 0)
        wanted = (int,) if column.names else (int, float) if column.code else (str,)
        fits = found is None or (len(found) == size and all(type(each) in wanted for each in found))
        if not fits or (column.code and not all(0 <= each < LATEST for each in found or ())):
            raise ValueError(f"the recent entries' {column.name} are not theirs")
        return found

    @property
    def flawed(self) -> dict[int, list[int]]:
        """Counters of summaries whose count is unknown, by the summary's place: JSON has no number for that.

        Raises ValueError where they do not fit the lists.
        """
        found = (self.later or {}).get(FLAWED, [])
        if not all(isinstance(row, list) and row and all(type(each) is int for each in row) for row in found):
            raise ValueError("the recent entries' flawed counters are not theirs")
        if any(row[0] not in range(len(self.summaries)) for row in found):
            raise ValueError("flawed counters of a summary that is not there")
        return {row[0]: row[1:] for row in found}

    def check(self) -> None:
        """Raise ValueError where a position points at no name, or a time out of this century."""
        times = [*((row[0], row[1]) for row in self.summaries), *((row[0], row[1]) for row in self.slow)]
        if not all(0 <= time < LATEST for time in (*chain.from_iterable(times), *(gauge[0] for gauge in self.gauges))):
            raise ValueError("recent entries have times that cannot be")
        summaries = (place for row in self.summaries for place in (row[2], row[4], *row[5][::2]))
        slow = (place for row in self.slow for place in (row[2], *row[4:7]))
        later = (place for table, each in _LATER for place in self.column(table, each) or () if each.names)
        places = {*summaries, *slow, *later, *(gauge[1] for gauge in self.gauges)}
        places |= {place for flawed in self.flawed.values() for place in flawed}
        if any(place not in range(len(self.names)) for place in places) or any(len(row[5]) % 2 for row in self.summaries):
            raise ValueError("recent entries point at names that are not there")


class EntryRow(NamedTuple):
    """Where one decoded entry stands in a reading's columns."""

    number: int
    first_count: int
    """Of its counters, in `Reading.counts`."""
    slow: int
    """In `Reading.slow`; -1 for another kind."""


def rows(reading: Reading) -> Iterator[EntryRow]:
    """Give every row with its places in the other columns."""
    slow_at = {row: place for place, row in enumerate(reading.slow.row)}
    first = 0
    for number, width in enumerate(reading.rows.width):
        yield EntryRow(number, first, slow_at.get(number, -1))
        first += width


def identity(reading: Reading, number: int, logs: list[str]) -> Identity:
    """Give the identity of a row; `logs` are the reading's names in order."""
    columns = reading.rows
    return logs[columns.log[number]], columns.time[number], columns.insert_id[number]


def pick(reading: Reading, chosen: Sequence[EntryRow], keeps: Callable[[str], bool] | None = None) -> Reading:
    """Give a reading of only these rows, in their order; of counters only the series that `keeps` names."""
    picked = Reading(entries=len(chosen))
    kept = [keeps is None or keeps(key) for key in reading.series]
    for key, keep in zip(reading.series, kept, strict=True):
        if keep:
            picked.series[key]  # a series that none of these rows has keeps its number
    rows, series = reading.rows, reading.counts.series
    counts = [
        [place for place in range(row.first_count, row.first_count + rows.width[row.number]) if kept[series[place]]]
        for row in chosen
    ]
    picked.put_places("rows", reading, [row.number for row in chosen])
    picked.rows.width = array("i", map(len, counts))
    picked.put_places("counts", reading, list(chain.from_iterable(counts)))
    picked.put_places("slow", reading, [row.slow for row in chosen if row.slow >= 0])
    picked.slow.row = array("i", [new for new, row in enumerate(chosen) if row.slow >= 0])
    if rows.block_lines:
        lines = ((new, rows.block_lines.get(row.number)) for new, row in enumerate(chosen))
        picked.rows.block_lines = {new: many for new, many in lines if many is not None}
    return picked


def pick_gauges(reading: Reading, picked: Reading, start: int, end: int) -> None:
    """Add the gauges measured from `start` to before `end` (ns) to what was picked."""
    picked.put_places("gauges", reading, [place for place, time in enumerate(reading.gauges.time) if start <= time < end])


def trim(reading: Reading, *, since: int, slow_since: int, most_slow: int, named: Callable[[str], str]) -> Reading:
    """Give what later runs need: each summary and slow request once, and the gauges, from these times (ns) on.

    Of slow requests the newest `most_slow` are kept: more of them say nothing new. `named` gives the key under which a
    counter is kept; an empty one where it is not.
    """
    logs = list(reading.logs)
    seen: set[Identity] = set()
    chosen: list[EntryRow] = []
    slow: list[EntryRow] = []
    for row in rows(reading):
        kind, time = reading.rows.kind[row.number], reading.rows.time[row.number]
        if kind not in {SAMPLES, SLOW} or time < (since if kind == SAMPLES else slow_since):
            continue
        mark = identity(reading, row.number, logs)
        if mark[2]:
            if mark in seen:
                continue
            seen.add(mark)
        (chosen if kind == SAMPLES else slow).append(row)
    slow.sort(key=lambda row: reading.rows.time[row.number])
    trimmed = pick(reading, [*chosen, *slow[-most_slow:]], lambda key: bool(named(key)))
    pick_gauges(reading, trimmed, since, sys.maxsize)
    trimmed.rename(lambda key: named(key) or key)
    return trimmed


def new_and_late(recent: Reading, fresh: Reading, before: int) -> tuple[int, int]:
    """Count the fresh summaries and slow requests that were not there yet, and those of them older than `before` (ns)."""
    logs = list(recent.logs)
    known = {identity(recent, number, logs) for number in range(len(recent.rows.kind))}
    logs = list(fresh.logs)
    new = [
        number
        for number, kind in enumerate(fresh.rows.kind)
        if kind in {SAMPLES, SLOW} and identity(fresh, number, logs) not in known
    ]
    return len(new), sum(fresh.rows.time[number] < before for number in new)


def dump(reading: Reading) -> Recent:
    """Give a trimmed reading as the document holds it."""
    names: dict[str, int] = {}

    def name(text: str) -> int:
        return names.setdefault(text, len(names))

    def cells(table: str, column: Column) -> Callable[[int], Any]:
        """Give what reads a column's cell, as a position where it has names."""
        values = getattr(getattr(reading, table), column.name)
        if not column.names:
            return lambda at: values[at]
        texts = list(getattr(reading, column.names))
        return lambda at: name(texts[values[at]])

    def listed(table: str, at: int) -> list[Any]:
        return [read(at) for read in reads[table]]

    code = [name(key) for key in reading.series]
    reads = {table: [cells(table, each) for each in columns] for table, columns in _LISTED.items()}
    counts, gauges, width = reading.counts, reading.gauges, reading.rows.width
    summaries = [row for row in rows(reading) if row.slow < 0]
    slow = [row for row in rows(reading) if row.slow >= 0]
    recent = Recent([], [], [], [])
    flawed: list[list[int]] = []
    for number, row in enumerate(summaries):
        flat: list[float] = []
        unknown: list[int] = []
        for place in range(row.first_count, row.first_count + width[row.number]):
            if isnan(counts.value[place]):
                unknown.append(code[counts.series[place]])
            else:
                flat += (code[counts.series[place]], counts.value[place])
        if unknown:
            flawed.append([number, *unknown])
        recent.summaries.append((*listed("rows", row.number), flat))
    recent.slow.extend((*listed("rows", row.number), *listed("slow", row.slow)) for row in slow)
    recent.gauges.extend(
        (time, code[at], value) for time, at, value in zip(gauges.time, gauges.series, gauges.value, strict=True)
    )
    places = {"rows": [row.number for row in (*summaries, *slow)], "slow": [row.slow for row in slow]}
    later: dict[str, list[Any]] = {
        f"{table}.{each.name}": list(map(cells(table, each), places[table])) for table, each in _LATER
    }
    later |= {FLAWED: flawed} if flawed else {}
    recent.names.extend(names)
    return msgspec.structs.replace(recent, later=later) if later else recent


def load(recent: Recent) -> Reading:
    """Give the entries of a checked document back as a reading."""
    reading, names = Reading(), recent.names
    size = len(_LISTED["rows"])
    lists: dict[str, list[tuple[Any, ...]]] = {
        "rows": [row[:size] for row in (*recent.summaries, *recent.slow)],
        "slow": [row[size:] for row in recent.slow],
    }
    for table, listed in lists.items():
        younger = [each for where, each in _LATER if where == table]
        columns = {each: [row[place] for row in listed] for place, each in enumerate(_LISTED[table])}
        columns |= {each: found for each in younger if (found := recent.column(table, each)) is not None}
        for column, cells in columns.items():
            reading.put(table, column, map(names.__getitem__, cells) if column.names else cells)
        for column in set(younger) - set(columns):
            reading.put(table, column, [column.blank] * len(listed))
    flawed, width = recent.flawed, array("i")
    for number, flat in enumerate(row[-1] for row in recent.summaries):
        unknown = flawed.get(number, [])
        reading.counts.series.extend(reading.series[names[int(code)]] for code in (*flat[::2], *unknown))
        reading.counts.value.extend([*flat[1::2], *(nan for _ in unknown)])
        width.append(len(flat) // 2 + len(unknown))
    reading.add_kinds(SAMPLES, width)
    reading.slow.row.extend(range(len(recent.summaries), len(recent.summaries) + len(recent.slow)))
    reading.add_kinds(SLOW, array("i", [0] * len(recent.slow)))
    for time, series, value in recent.gauges:
        reading.add_gauge(names[series], time, value)
    return reading
