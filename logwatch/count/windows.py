"""The table of 60 s windows that every verdict stands on.

Minutes are counted since 1970 in UTC inside the tables, and become times where people or files see them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import isnan
from typing import Any

import numpy as np

from logwatch.collect.columns import IGNORED, SAMPLES, SLOW, UNPARSED, Reading
from logwatch.collect.compact import Texts, as_array
from logwatch.collect.entries import Counts
from logwatch.collect.findings import LogFinding
from logwatch.collect.parse import EXACT, LATE_MINUTES, Flaw, Reason, is_malformed
from logwatch.count.alignment import MINUTE, place
from logwatch.count.lateness import minutes_late
from logwatch.count.revisions import Revisions, tell_revisions_apart
from logwatch.count.tables import Array, ArrayTable, sorted_names, sorted_table, sums_by
from logwatch.spans import EPOCH, NS, RHYTHM_TOLERANCE_S, WINDOW, Span, rfc3339

NONE = np.empty(0, "int64"), np.empty(0)
"""No number, and no count."""
CHUNK = 1 << 17
MICROSECOND = timedelta(microseconds=1)
QUARTER = 15
"""Minutes within which no hour of any time zone begins."""
MOST_CELLS = 1 << 23
"""Windows times series up to which there is a place for each of them while counters are added up."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What became of the entries; `entries` equals samples + slow_requests + ignored + duplicates + unparsed."""

    entries: int
    samples: int
    """Entries that were understood as summaries; pretty-printed ones count each of their lines."""
    slow_requests: int
    ignored: int
    duplicates: int
    unparsed: dict[str, int]
    """Entries not understood, by reason."""
    flaws: dict[str, int]
    """Single counters that are unknown or doubted in summaries that were understood, by what is wrong and which."""
    findings: dict[LogFinding, int]
    """What somebody should mend, and how often it was found."""
    instances: int
    """Instances that wrote at least one summary."""
    late: int
    """Entries that arrived after their window was closed."""
    off_rhythm: dict[str, int]
    """Instances whose summaries are not whole minutes apart, with the number of such gaps."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Counts, slow requests and measured values of a span, by minute."""

    span: Span
    counters: ArrayTable
    """Columns minute, series, value; a row for each key that a summary of the minute carried; sorted. NaN is unknown."""
    slow: ArrayTable
    """Columns minute, label, route, duration_ms; a row for each slow request; sorted by minute."""
    gauges: ArrayTable
    """Columns minute, series, value; a row for each measured value; sorted by minute."""
    summaries: ArrayTable
    """Columns minute, lines, complete, named; how many summaries each minute had, whether one of every instance that wrote
    one lately, and whether any says its revision; no row is silence, never zero."""
    quality: Quality = field(repr=False)
    unread: frozenset[int] = frozenset()
    """Minutes with a summary of which no counter is known, or could be read."""
    revisions: Revisions | None = field(default=None, repr=False)
    """What each revision counted; None where no two of them wrote summaries."""
    open: int = 2
    """How many windows may not be closed when one is first looked at, itself included."""
    usual: Mapping[int, tuple[Mapping[str, float], ...]] = field(default_factory=dict, repr=False)
    """By quarter of an hour, numbered since 1970: what each of some other days had of counters in a minute of it."""

    def silent(self, span: Span) -> int:
        """Count the windows of a span without a summary from anybody."""
        first, last = to_minute(span.start), to_minute(span.end - MICROSECOND)
        return last - first + 1 - len(self.summaries.between(first, last))

    def silences(self, span: Span) -> list[Span]:
        """Give the stretches of a span without a summary from anybody, one after the other."""
        first, last = to_minute(span.start), to_minute(span.end - MICROSECOND)
        missing = np.setdiff1d(np.arange(first, last + 1), self.summaries["minute"])
        runs = np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1)
        return [Span(from_minute(run[0]), from_minute(run[-1] + 1)) for run in runs if len(run)]

    def within(self, span: Span) -> "Windows":
        """Give the windows of a part of the span."""
        ends = to_minute(span.start), to_minute(span.end - MICROSECOND)
        counters, slow, gauges, summaries = (
            table.between(*ends) for table in (self.counters, self.slow, self.gauges, self.summaries)
        )
        return replace(self, span=span, counters=counters, slow=slow, gauges=gauges, summaries=summaries)


@dataclass(frozen=True, slots=True)
class Figures:
    """One window's plain values."""

    lines: int
    """Summaries; without one the counters are not zero but unknown."""
    counters: dict[str, float]
    """Series key to count, 0 for one that other windows of the span have; without those that are flawed."""
    flawed: frozenset[str]
    """Series whose count is unknown, since an instance's could not be read."""
    slow: dict[str, tuple[int, float, float, float]]
    """Label to count, p50, p95 and longest duration in ms."""
    gauges: dict[str, float]
    """Series to the window's last value."""


def figures(windows: Windows, minute: int) -> Figures:
    """Give the values of one window."""
    inside = [table.between(minute, minute) for table in (windows.summaries, windows.counters, windows.slow, windows.gauges)]
    lines = sum(inside[0]["lines"].tolist())
    counters = dict.fromkeys(windows.counters.names["series"], 0.0) if lines else {}
    counters.update(inside[1].rows("series", "value"))
    counters, flawed = _without_flawed(counters)
    durations: dict[str, list[float]] = {}
    for label, duration in inside[2].rows("label", "duration_ms"):
        durations.setdefault(label, []).append(duration)
    slow = {label: (len(each), quantile(each, 0.5), quantile(each, 0.95), max(each)) for label, each in durations.items()}
    return Figures(lines, counters, flawed, slow, dict(inside[3].rows("series", "value")))


def _without_flawed(counters: dict[str, float]) -> tuple[dict[str, float], frozenset[str]]:
    """Tell counts that are known from those that are not."""
    flawed = frozenset(key for key, value in counters.items() if isnan(value))
    return ({key: value for key, value in counters.items() if key not in flawed} if flawed else counters), flawed


def every_minute(windows: Windows, span: Span) -> Iterator[tuple[int, Figures]]:
    """Give the values of each window of a span, also of silent ones; p50, p95 and longest of slow requests are left 0.

    As `figures` for one after the other, but a table is gone through once and not for every minute.
    """
    first, last = to_minute(span.start), to_minute(span.end - MICROSECOND)
    lines = dict(windows.summaries.rows("minute", "lines"))
    counters, gauges = _by_minute(windows.counters), _by_minute(windows.gauges)
    labels: dict[int, dict[str, tuple[int, float, float, float]]] = {}
    for minute, label in windows.slow.rows("minute", "label"):
        found = labels.setdefault(minute, {})
        found[label] = (found.get(label, (0,))[0] + 1, 0.0, 0.0, 0.0)
    for minute in range(first, last + 1):
        counted = _without_flawed(counters.get(minute, {}))
        yield minute, Figures(lines.get(minute, 0), *counted, labels.get(minute, {}), gauges.get(minute, {}))


def _by_minute(table: ArrayTable) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for minute, series, value in table.rows("minute", "series", "value"):
        found.setdefault(minute, {})[series] = value
    return found


@dataclass(frozen=True, slots=True)
class Tally:
    """Plain sums over a stretch of time."""

    minutes: int
    """Windows with a summary; without any, nothing is known of the counters."""
    counters: dict[str, float]
    """Series key to count."""
    slow: tuple[tuple[str, str, float], ...]
    """Label, route and duration in ms of each slow request."""
    gauges: dict[str, tuple[float, ...]]
    """Series to its values, oldest first."""


def tally(windows: Windows, span: Span) -> Tally:
    """Add up a part of the span."""
    inside = windows.within(span)
    gauges: dict[str, tuple[float, ...]] = {}
    for series, value in inside.gauges.rows("series", "value"):
        gauges[series] = (*gauges.get(series, ()), value)
    return Tally(
        minutes=len(inside.summaries),
        counters=sum_series(inside),
        slow=tuple(inside.slow.rows("label", "route", "duration_ms")),
        gauges=gauges,
    )


def sum_series(windows: Windows) -> dict[str, float]:
    """Add up each counter over all windows in which it is known; one that is known in none, or is too large, is left out."""
    table = windows.counters.take(~np.isnan(windows.counters["value"]))
    codes, sums = sums_by(table["series"], table["value"])
    summed = zip(codes.tolist(), sums.tolist(), strict=True)
    return {table.names["series"][code]: value for code, value in summed if not isnan(value)}


def quantile(values: list[float], share: float) -> float:
    """Give an interpolated quantile."""
    return float(np.quantile(values, share))


def with_gauge(windows: Windows, series: str, values: dict[int, float]) -> Windows:
    """Give the windows with one more measured value, by minute."""
    if not values:
        return windows
    more: dict[str, list[Any]] = {"minute": list(values), "series": [series] * len(values), "value": list(values.values())}
    return replace(windows, gauges=windows.gauges.joined(more))


def to_minute(moment: datetime) -> int:
    """Give the number of the minute that a time lies in."""
    return (moment - EPOCH) // WINDOW


def from_minute(minute: int) -> datetime:
    """Give the start of a minute."""
    return EPOCH + int(minute) * WINDOW


def aggregate(
    reading: Reading,
    *,
    span: Span | None = None,
    grace: timedelta = timedelta(seconds=90),
    judged_to: datetime | None = None,
    spent: bool = False,
) -> Windows:
    """Count a settled reading into 60 s windows.

    A summary belongs to the window in which it ends, or to one beside it where its instance's rhythm says so (`place`).
    Repeated entries count once, instances add up, and neither the order of the entries nor how they were split between
    reads changes a figure. `span` limits the windows; without it they reach from the first entry seen to the last.

    A run says up to where windows have been judged: then the reading remembers which window each summary belongs to, as
    far as the windows of the span depend on it. Of a reading that is `spent`, nobody will ask for anything again: what takes
    most of its room may be lost on the way.
    """
    repeated_lines = reading.settle()
    rows, tie = _unique_rows(reading)
    if spent:
        reading.rows.insert_id = Texts()
    late = _late(reading, rows, grace)
    samples, instance = _by_instance(reading, rows, tie)
    del tie  # of large files, what is not needed any more makes room for what follows
    placed = _place(reading, samples, instance, grace, to_minute(judged_to) if judged_to else 0)
    span = span or _whole_span(reading, placed)
    first, last = to_minute(span.start), to_minute(span.end - MICROSECOND)
    if judged_to:
        due = placed <= last
        as_array(reading.rows.decided)[samples[due]] = placed[due]

    minute_of_row = np.full(len(reading.rows.kind), first - 1)
    minute_of_row[rows] = _of(reading, rows, "time") // MINUTE
    minute_of_row[samples] = placed
    inside = (placed >= first) & (placed <= last)
    minutes, lines = _count_lines(placed[inside], reading, first, last)
    revisions = tell_revisions_apart(reading, samples[inside], minute_of_row, first, last)
    counters = _sum_counters(reading, minute_of_row, first, last, spent=spent)
    reading.flaws.update(_overflown(reading, counters))
    windows = Windows(
        span=span,
        counters=counters,
        slow=_list_slow(reading, minute_of_row, first, last),
        gauges=_list_gauges(reading, first, last),
        summaries=ArrayTable(
            {
                "minute": minutes,
                "lines": lines,
                "complete": _complete(instance, placed, minutes, grace),
                "named": np.isin(minutes, _named_minutes(reading, samples, placed)),
            }
        ),
        quality=_assess(reading, rows, samples, repeated_lines, grace),
        unread=_unread(reading, rows),
        open=_open(grace),
        revisions=revisions,
    )
    return with_gauge(windows, LATE_MINUTES, {minute: each for minute, each in late.items() if first <= minute <= last})


def _late(reading: Reading, rows: Array, grace: timedelta) -> dict[int, float]:
    counted = rows[np.isin(_of(reading, rows, "kind"), [SAMPLES, SLOW])]
    return minutes_late(_of(reading, counted, "time"), _of(reading, counted, "received"), grace // MICROSECOND * 1000)


def _count_lines(written: Array, reading: Reading, first: int, last: int) -> tuple[Array, Array]:
    """Count the summaries of each minute that has some, with those of whom only sums are left."""
    minute = as_array(reading.written.minute)
    inside = (minute >= first) & (minute <= last)
    minutes, at = np.unique(np.concatenate([written, minute[inside]]), return_inverse=True)
    weights = np.concatenate([np.ones(len(written), "int64"), as_array(reading.written.lines)[inside]])
    return minutes, np.bincount(at, weights, minlength=len(minutes)).astype("int64")


def _of(reading: Reading, rows: Array, column: str) -> Array:
    """Give what some rows of a reading have in a column, when it is needed: all columns of all rows take much room."""
    return as_array(getattr(reading.rows, column))[rows]


def _named_minutes(reading: Reading, samples: Array, placed: Array) -> Array:
    unnamed = reading.revisions.get("", -1)
    written = as_array(reading.written.minute)[as_array(reading.written.revision) != unnamed]
    return np.concatenate([placed[_of(reading, samples, "revision") != unnamed], written])


def _by_instance(reading: Reading, rows: Array, tie: Array) -> tuple[Array, Array]:
    """Give the rows of summaries sorted by instance and time, and the instance of each.

    Without its name, nobody knows which instance's rhythm a summary keeps: each is taken for one of its own.
    """
    samples = rows[_of(reading, rows, "kind") == SAMPLES]
    samples = samples[np.lexsort([tie[samples], *(_of(reading, samples, name) for name in ("time", "instance"))])]
    instance = _of(reading, samples, "instance")
    return samples, np.where(instance == reading.unnamed, -1 - np.arange(len(samples)), instance)


def _place(reading: Reading, samples: Array, instance: Array, grace: timedelta, judged_to: int = 0) -> Array:
    time, decided = (_of(reading, samples, name) for name in ("time", "decided"))
    return place(instance, time, decided, grace=grace, judged_to=judged_to)


def known_later(reading: Reading, looks: Callable[[Array], Array], grace: timedelta) -> Array:
    """Give when that arrived of a settled reading which a look at its window did not know of, in nanoseconds since 1970.

    `looks` gives when windows are first looked at, by their minutes. Not known is an entry that arrives after that; and that
    a summary belongs to the window before the one in which it ends, where only the next of its instance tells.
    """
    rows, tie = _unique_rows(reading)
    samples, instance = _by_instance(reading, rows, tie)
    placed = _place(reading, samples, instance, grace)
    received, time = as_array(reading.rows.received), as_array(reading.rows.time)
    seen, minute = np.where(received > 0, received, time), time // MINUTE
    own = minute[samples]
    minute[samples] = placed
    late = seen[rows][seen[rows] > looks(minute[rows])]
    told_by_next = np.flatnonzero((placed != _place(reading, samples, instance, timedelta())) & (placed < own))
    following = samples[np.minimum(told_by_next + 1, max(len(samples) - 1, 0))]
    return np.concatenate([late, seen[following]])


def _complete(instance: Array, minute: Array, wanted: Array, grace: timedelta) -> Array:
    """Tell of which minutes nobody is missing: each instance is heard that was in the one before, and one goes on at least.

    The same holds for those before that may not be closed; how many these are follows from the grace. Who was not heard in a
    closed minute is waited for no more: so it was when that was closed. Who is to follow a summary without its instance's
    name, nobody knows: then no minute is complete. Sorted.
    """
    back = _open(grace)
    follows = instance[1:] == instance[:-1]
    gap = np.append(np.where(follows, np.diff(minute), back + 1), back + 1)[: len(minute)]
    since, until = (np.sort(each) for each in (minute + 1, minute + gap.clip(1, 2)))
    open_ = wanted - np.arange(back)[:, None]
    missing = np.searchsorted(since, open_, "right") - np.searchsorted(until, open_, "right")
    goes_on = minute[1:][(gap[:-1] > 0) & (gap[:-1] <= back)]
    found: Array = ~missing.any(axis=0) & np.isin(wanted, goes_on)
    return found


def _open(grace: timedelta) -> int:
    """Give how many windows may not be closed when one is first looked at."""
    return -(-grace // WINDOW)


def _unread(reading: Reading, rows: Array) -> frozenset[int]:
    codes = [reading.details[reason] for reason in (Reason.COUNTERS_UNKNOWN, Reason.COUNTERS_LOST) if reason in reading.details]
    unread = (_of(reading, rows, "kind") == UNPARSED) & np.isin(_of(reading, rows, "detail"), codes)
    return frozenset((_of(reading, rows[unread], "time") // MINUTE).tolist())


def _unique_rows(reading: Reading) -> tuple[Array, Array]:
    """Give the numbers of the rows without those that repeat an identity, and what sorts rows of one time, for every row."""
    time = as_array(reading.rows.time)
    tie = np.zeros(len(time), "int32")
    shared = _shared(time)  # only equal times can have equal identities
    texts = np.array([reading.rows.insert_id[row] for row in shared], dtype=object)
    ids, tie[shared] = np.unique(texts, return_inverse=True)
    identity = np.stack([time[shared], _of(reading, shared, "log"), tie[shared]])
    order = np.lexsort(identity)
    gone = shared[order[1:][(np.diff(identity[:, order]) == 0).all(axis=0)]]
    kept = np.ones(len(time), bool)
    kept[gone[ids[tie[gone]] != ""] if len(gone) else gone] = False
    if reading.summed_to:
        received, kind = as_array(reading.rows.received), as_array(reading.rows.kind)
        summed = (time < reading.summed_to) & (np.where(received > 0, received, time) < reading.summed_to)
        kept &= ~(summed & (kind == SAMPLES))
    return np.flatnonzero(kept), tie


def _shared(time: Array) -> Array:
    """Give the rows whose time another has, too, in their order."""
    order = np.argsort(time, kind="stable")
    in_order = time[order]
    equal = in_order[1:] == in_order[:-1]
    return np.sort(order[np.append(equal, False) | np.append(False, equal)]) if equal.any() else order[:0]


def _whole_span(reading: Reading, placed: Array) -> Span:
    first, last = (reading.first or 0) // MINUTE, (reading.last or 0) // MINUTE
    if len(placed):
        first, last = min(first, int(placed.min())), max(last, int(placed.max()))
    return Span(from_minute(first), from_minute(last + 1))


def _sum_counters(reading: Reading, minute_of_row: Array, first: int, last: int, *, spent: bool) -> ArrayTable:
    """Add up the counts of each minute and series; those of a spent reading are let go of before the table takes their room."""
    rank, names = sorted_names(reading.series)
    size = max(len(names), 1)
    cells = (last - first + 1) * size

    def to_cell(minute: Array) -> Array:
        """Give the number of a minute's first series; behind all that lie in the span for one that does not."""
        return np.where((minute >= first) & (minute <= last), minute - first, last - first + 1) * size

    def counted(rows: int) -> Iterator[tuple[Array, Array]]:
        """Give numbers and counts of so many rows at a time: adding up takes several times the room of what is added up."""
        series, value = as_array(reading.counts.series), as_array(reading.counts.value)
        width = as_array(reading.rows.width)
        ends = np.cumsum(width, dtype="int64")
        for start in range(0, len(width), rows):
            part = slice(ends[start] - width[start], ends[start : start + rows][-1])
            cell = np.repeat(to_cell(minute_of_row[start : start + rows]), width[start : start + rows])
            cell += rank[series[part]]
            yield cell, value[part]

    def summed(cell: Array, value: Array) -> tuple[Array, Array]:
        inside = cell < cells
        return sums_by(cell[inside], value[inside])

    narrow = as_array(reading.counts.value).dtype.kind == "u"
    if not narrow and not _whole(as_array(reading.counts.value)):  # then their order matters, and is made one of size
        sums = [summed(*each) for each in counted(max(len(reading.rows.width), 1))]
    elif cells > MOST_CELLS:
        sums = [summed(*each) for each in counted(CHUNK // 16)]
    else:
        sums = [_add_to_cells(counted(CHUNK // 16), cells, size)]
    if spent and narrow:  # of others, it is still to be found which are unknown
        reading.counts = Counts()
    if reading.sums.minute:
        kept = reading.sums
        sums.append(summed(to_cell(as_array(kept.minute)) + rank[as_array(kept.series)], as_array(kept.value)))
    key, total = sums[0] if len(sums) == 1 else sums_by(*map(np.concatenate, zip(NONE, *sums, strict=True)))
    columns = {"minute": key // size + first, "series": (key % size).astype("int32"), "value": total}
    return ArrayTable(columns, {"series": names})


def _add_to_cells(parts: Iterable[tuple[Array, Array]], cells: int, others: int) -> tuple[Array, Array]:
    """Add up counts by their numbers, with a cell for each that there may be, and `others` behind them for what is left out."""
    sums, heard = np.zeros(cells + others), np.zeros(cells + others, bool)
    for key, value in parts:
        np.add.at(sums, key, value.astype(float))  # of whole numbers it is ten times as slow
        heard[key] = True
    found = np.flatnonzero(heard[:cells])
    return found, sums[found]


def _whole(value: Array) -> bool:
    """Tell whether all counts that are known are whole, and exact even together: then their order is no matter."""
    parts = (value[at : at + CHUNK] for at in range(0, len(value), CHUNK))
    with np.errstate(over="ignore"):
        return all(((part % 1 == 0) | np.isnan(part)).all() for part in parts) and bool(np.nansum(value) <= EXACT)


def _overflown(reading: Reading, counters: ArrayTable) -> Counter[str]:
    """Count the windows in which counts that are all known add up to more than a float holds, by series."""
    unknown = set(counters.take(np.isnan(counters["value"])).texts("series").tolist())
    if not unknown:
        return Counter()
    names = list(reading.series)
    flawed = {names[series] for series, value in zip(reading.counts.series, reading.counts.value, strict=True) if isnan(value)}
    return Counter({f"{Flaw.NOT_FINITE}: {key[:80]}": 1 for key in sorted(unknown - flawed)})


def _list_slow(reading: Reading, minute_of_row: Array, first: int, last: int) -> ArrayTable:
    slow = reading.slow
    minute = minute_of_row[as_array(slow.row)]
    columns = {
        "minute": minute,
        "label": as_array(slow.label),
        "duration_ms": as_array(slow.duration_ms),
        "route": as_array(slow.route),
    }
    return sorted_table(columns, {"label": reading.labels, "route": reading.routes}, (minute >= first) & (minute <= last))


def _list_gauges(reading: Reading, first: int, last: int) -> ArrayTable:
    gauges = reading.gauges
    minute = as_array(gauges.time) // MINUTE
    columns = {"minute": minute, "series": as_array(gauges.series), "value": as_array(gauges.value)}
    return sorted_table(columns, {"series": reading.series}, (minute >= first) & (minute <= last))


def _assess(reading: Reading, rows: Array, samples: Array, repeated_lines: int, grace: timedelta) -> Quality:
    kind, counts = _of(reading, rows, "kind"), np.ones(len(reading.rows.kind), "int32")
    blocks = reading.rows.block_lines
    counts[list(blocks)] = list(blocks.values())
    counts = counts[rows]
    unparsed = {str(reason): count for reason, count in reading.refused.items()}
    details = list(reading.details)
    bad = kind == UNPARSED
    by_detail = np.bincount(_of(reading, rows[bad], "detail"), counts[bad])
    for detail in np.flatnonzero(by_detail).tolist():
        unparsed[details[detail]] = unparsed.get(details[detail], 0) + int(by_detail[detail])
    decoded = len(reading.rows.kind) + sum(lines - 1 for lines in blocks.values())
    counted = rows[(kind == SAMPLES) | (kind == SLOW)]
    closed = (_of(reading, counted, "time") // MINUTE + 1) * MINUTE + grace // MICROSECOND * 1000
    return Quality(
        entries=reading.entries,
        samples=int(counts[kind == SAMPLES].sum()),
        slow_requests=int(counts[kind == SLOW].sum()),
        ignored=int(counts[kind == IGNORED].sum()) + reading.ignored,
        duplicates=decoded - int(counts.sum()) + repeated_lines,
        unparsed=dict(sorted(unparsed.items())),
        flaws=dict(sorted((reading.flaws + Counter(_malformed(reading))).items())),
        findings=dict(sorted(reading.found().items())),
        instances=len(set(_of(reading, samples, "instance").tolist())),
        late=int((_of(reading, counted, "received") > closed).sum()),
        off_rhythm=_off_rhythm(_of(reading, samples, "instance"), _of(reading, samples, "time"), reading),
    )


def _malformed(reading: Reading) -> list[str]:
    return [f"{Flaw.MALFORMED_KEY}: {key[:80]}" for key in reading.series if is_malformed(key)][:100]


def _off_rhythm(instance: Array, time: Array, reading: Reading) -> dict[str, int]:
    named, instances = instance != reading.unnamed, list(reading.instances)
    instance, gap = instance[named], np.diff(time[named]) / NS
    off = (np.diff(instance) == 0) & (np.abs((gap + 30) % 60 - 30) > RHYTHM_TOLERANCE_S)
    codes, counts = np.unique(instance[1:][off], return_counts=True)
    return {instances[code]: count for code, count in zip(codes.tolist(), counts.tolist(), strict=True)}


def counters_csv(windows: Windows) -> ArrayTable:
    """Give the table that files hold: minute (RFC 3339), series, value (whole numbers without decimals)."""
    unknown = np.isnan(windows.counters["value"])
    table = windows.counters.take(~unknown) if unknown.any() else windows.counters
    value = table["value"]
    whole = bool((value % 1 == 0).all()) and bool((np.abs(value) < 2**63).all())
    minutes, texts = minute_texts(table["minute"])
    columns = {"minute": minutes, "series": table["series"], "value": value.astype("int64") if whole else value}
    return ArrayTable(columns, {"minute": texts, **table.names})


def minute_texts(minutes: Array) -> tuple[Array, list[str]]:
    """Write each different minute of a sorted column once: there are far fewer of them than rows; gives which one each is."""
    new = np.append(True, minutes[1:] != minutes[:-1])[: len(minutes)]
    return np.cumsum(new, dtype="int32") - 1, [rfc3339(from_minute(minute)) for minute in minutes[new].tolist()]
