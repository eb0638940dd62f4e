"""The recent past, kept from run to run: the sums of its windows, and of the newest entries who they are.

So what comes late or twice changes nothing twice, and what is kept grows with the counters and not with the instances that
count them. Windows are made anew from this by every run (docs/decisions/0003).
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from itertools import chain
from math import isnan, nan
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from logwatch.collect.columns import SAMPLES, SLOW, Reading
from logwatch.collect.compact import as_array
from logwatch.collect.entries import TABLES, Column
from logwatch.collect.parse import LARGEST
from logwatch.spans import NS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy import ndarray

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
    windows: list[tuple[int, int, int, list[float]]] = []
    """Minute, revision, number of summaries whose lists are not kept, then series and sum by turns; -1 is an unknown sum.

    A summary that has been put into its window is summed up there, and its own list has no counters any more.
    """
    summed_to: int = 0
    """As in `Columns`."""
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
        windows = (place for row in self.windows for place in (row[1], *row[3][::2]))
        later = (place for table, each in _LATER for place in self.column(table, each) or () if each.names)
        places = {*summaries, *slow, *windows, *later, *(gauge[1] for gauge in self.gauges)}
        places |= {place for flawed in self.flawed.values() for place in flawed}
        if not all(0 <= row[0] * 60 * NS < LATEST for row in self.windows):
            raise ValueError("recent windows have times that cannot be")
        lists = chain((row[5] for row in self.summaries), (row[3] for row in self.windows))
        if any(place not in range(len(self.names)) for place in places) or any(len(each) % 2 for each in lists):
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


def pick(
    reading: Reading,
    chosen: ndarray[Any, Any],
    keeps: Callable[[str], bool] | None = None,
    bare: ndarray[Any, Any] | None = None,
) -> Reading:
    """Give a reading of only some rows, by their numbers and in their order; of counters the series that `keeps` names.

    `bare` says of every row of the reading whether none of its counters is kept.
    """
    import numpy as np

    picked = Reading(entries=len(chosen))
    kept = [keeps is None or keeps(key) for key in reading.series]
    for key, keep in zip(reading.series, kept, strict=True):
        if keep:
            picked.series[key]  # a series that none of these rows has keeps its number
    width = as_array(reading.rows.width).astype("int64")
    begin, wide = (width.cumsum() - width)[chosen], width[chosen]
    if bare is not None:
        wide[bare[chosen]] = 0
    owner = np.repeat(np.arange(len(chosen)), wide)
    places = np.arange(len(owner)) + np.repeat(begin - wide.cumsum() + wide, wide)
    if not all(kept):
        inside = np.array(kept)[as_array(reading.counts.series)[places]]
        places, wide = places[inside], np.bincount(owner[inside], minlength=len(chosen))
    picked.put_places("rows", reading, chosen)
    picked.rows.width = array("i", wide.astype("int32").tobytes())
    picked.put_places("counts", reading, places)
    slow_at = np.full(len(width), -1)
    slow_at[as_array(reading.slow.row)] = np.arange(len(reading.slow.row))
    slow = slow_at[chosen]
    picked.put_places("slow", reading, slow[slow >= 0])
    picked.slow.row = array("i", np.flatnonzero(slow >= 0).astype("int32").tobytes())
    if lines := reading.rows.block_lines:
        picked.rows.block_lines = {new: lines[number] for new, number in enumerate(chosen.tolist()) if number in lines}
    return picked


def pick_gauges(reading: Reading, picked: Reading, start: int, end: int) -> None:
    """Add the gauges measured from `start` to before `end` (ns) to what was picked."""
    time = as_array(reading.gauges.time)
    picked.put_places("gauges", reading, ((time >= start) & (time < end)).nonzero()[0])


class Needed(NamedTuple):
    """How far back later runs need what; times in nanoseconds since 1970."""

    since: int
    summed_to: int
    """Before this, of summaries that had arrived by then, only the sums of their windows."""
    slow_since: int
    most_slow: int
    """Of slow requests the newest so many: more say nothing new."""


def trim(reading: Reading, needed: Needed, named: Callable[[str], str]) -> Reading:
    """Give what later runs need: sums of windows, the newest summaries and each slow request once, and gauges.

    `named` gives the key under which a counter is kept; an empty one where it is not. A summary that has been put into its
    window counts there, for good, and is kept by itself so that it does so once, and to place its instance's others.
    """
    import numpy as np

    rows = reading.rows
    kind, time, received, decided = map(as_array, (rows.kind, rows.time, rows.received, rows.decided))
    wanted = np.where(kind == SAMPLES, time >= needed.since, (kind == SLOW) & (time >= needed.slow_since))
    numbers = _first_of_each(reading, np.flatnonzero(wanted))
    summed, before = (is_summed(time, received, each)[numbers] for each in (needed.summed_to, reading.summed_to))
    is_summary, known = kind[numbers] == SAMPLES, summed & (decided[numbers] != 0)
    over, chosen, slow = (numbers[each] for each in (is_summary & ~before & known, is_summary & ~before & ~known, ~is_summary))
    slow = slow[time[slow].argsort(kind="stable")][-needed.most_slow :]
    trimmed = pick(reading, np.concatenate([chosen, slow]), lambda key: bool(named(key)), decided != 0)
    pick_gauges(reading, trimmed, needed.since, sys.maxsize)
    first = needed.since // (60 * NS)
    placed = np.concatenate([chosen, over])
    _sum_up(reading, trimmed, placed[decided[placed] != 0], named, first)
    _count_over(reading, trimmed, over, first)
    trimmed.rename(lambda key: named(key) or key)
    trimmed.summed_to = max(needed.summed_to, reading.summed_to)
    return trimmed


def _first_of_each(reading: Reading, numbers: ndarray[Any, Any]) -> ndarray[Any, Any]:
    """Give these rows without those that repeat an identity; only rows of one time can."""
    import numpy as np

    _, group, size = np.unique(as_array(reading.rows.time)[numbers], return_inverse=True, return_counts=True)
    logs, seen, gone = list(reading.logs), set(), []
    for number in numbers[size[group] > 1].tolist():
        mark = identity(reading, number, logs)
        if mark in seen and mark[2]:
            gone.append(number)
        seen.add(mark)
    return numbers[~np.isin(numbers, gone)]


def is_summed(time: ndarray[Any, Any], received: ndarray[Any, Any], summed_to: int) -> ndarray[Any, Any]:
    """Tell which summaries can only be ones that the sums have: an earlier run has read all that there was of their time."""
    import numpy as np

    return np.asarray((time < summed_to) & (np.where(received, received, time) < summed_to))


def _sum_up(reading: Reading, trimmed: Reading, placed: ndarray[Any, Any], named: Callable[[str], str], first: int) -> None:
    """Add the counters of summaries that have been placed to the sums of their windows, from the minute `first` on."""
    import numpy as np

    source, counts, sums = reading.rows, reading.counts, reading.sums
    width, decided, revision = map(as_array, (source.width, source.decided, source.revision))
    taken = np.zeros(len(width), dtype=bool)
    taken[placed] = True
    of_count = np.repeat(taken, width)
    names, revisions = list(reading.series), [trimmed.revisions[name] for name in reading.revisions]
    minute = np.concatenate([as_array(sums.minute), np.repeat(decided, width)[of_count]])
    owner = np.concatenate([as_array(sums.revision), np.repeat(revision, width)[of_count]])
    series = np.concatenate([as_array(sums.series), as_array(counts.series)[of_count]])
    value = np.concatenate([as_array(sums.value), as_array(counts.value)[of_count]])
    codes = np.full(len(names), -1)
    for code in np.unique(series).tolist():
        codes[code] = trimmed.series[key] if (key := named(names[code])) else -1
    series, inside = codes[series], (minute >= first)
    inside &= series >= 0
    size = max(len(trimmed.series), 1)
    places = ((minute - first) * max(len(revisions), 1) + owner) * size + series
    found, at = np.unique(places[inside], return_inverse=True)
    total = np.bincount(at, value[inside], minlength=len(found))
    rest, each = divmod(found, size)
    start, who = divmod(rest, max(len(revisions), 1))
    trimmed.sums.minute.frombytes((start + first).astype("int64").tobytes())
    trimmed.sums.revision.extend(revisions[code] for code in who.tolist())
    trimmed.sums.series.frombytes(each.astype("int32").tobytes())
    trimmed.sums.value.frombytes(np.where(total <= LARGEST, total, np.nan).tobytes())


def _count_over(reading: Reading, trimmed: Reading, over: ndarray[Any, Any], first: int) -> None:
    """Add summaries that are kept by themselves no more to the number of their windows' summaries."""
    written, decided, revision = reading.written, reading.rows.decided, reading.rows.revision
    lines = Counter(dict(zip(zip(written.minute, written.revision, strict=True), written.lines, strict=True)))
    lines.update((decided[number], revision[number]) for number in over.tolist())
    names = list(reading.revisions)
    for (minute, code), many in sorted(lines.items()):
        if minute >= first:
            trimmed.written.minute.append(minute)
            trimmed.written.revision.append(trimmed.revisions[names[code]])
            trimmed.written.lines.append(many)


def new_and_late(recent: Reading, fresh: Reading, before: int) -> tuple[int, int]:
    """Count the fresh summaries and slow requests that were not there yet, and those of them older than `before` (ns)."""
    import numpy as np

    kind, time, received = map(as_array, (fresh.rows.kind, fresh.rows.time, fresh.rows.received))
    new = (kind == SLOW) | ((kind == SAMPLES) & ~is_summed(time, received, recent.summed_to))
    times, logs = as_array(recent.rows.time), list(recent.logs)  # what is known has a time that is known
    known = {identity(recent, number, logs) for number in np.flatnonzero(np.isin(times, time)).tolist()}
    logs = list(fresh.logs)
    for number in np.flatnonzero(new & np.isin(time, times)).tolist():
        new[number] = identity(fresh, number, logs) not in known
    return int(new.sum()), int((time[new] < before).sum())


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
    recent = Recent([], [], [], [], _windows(reading, code, name), reading.summed_to)
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


def _windows(reading: Reading, code: list[int], name: Callable[[str], int]) -> list[tuple[int, int, int, list[float]]]:
    revisions = [name(each) for each in reading.revisions]
    written, sums = reading.written, reading.sums
    lines = {(at, who): many for at, who, many in zip(written.minute, written.revision, written.lines, strict=True)}
    lists: dict[tuple[int, int], list[float]] = {place: [] for place in lines}
    for at, who, series, value in zip(sums.minute, sums.revision, sums.series, sums.value, strict=True):
        if (found := lists.get((at, who))) is None:
            found = lists[at, who] = []
        found += (code[series], -1 if isnan(value) else int(value) if value.is_integer() else value)
    return [(at, revisions[who], lines.get((at, who), 0), flat) for (at, who), flat in sorted(lists.items())]


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
    reading.summed_to = recent.summed_to
    for minute, revision, lines, flat in recent.windows:
        who, size = reading.revisions[names[revision]], len(flat) // 2
        if lines:
            reading.written.minute.append(minute)
            reading.written.revision.append(who)
            reading.written.lines.append(lines)
        reading.sums.minute.extend([minute] * size)
        reading.sums.revision.extend([who] * size)
        reading.sums.series.extend(reading.series[names[int(code)]] for code in flat[::2])
        reading.sums.value.extend(nan if value < 0 else value for value in flat[1::2])
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
