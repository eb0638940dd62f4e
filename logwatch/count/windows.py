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
import pandas as pd

from logwatch.collect.columns import IGNORED, SAMPLES, SLOW, UNPARSED, Reading
from logwatch.collect.entries import TABLES
from logwatch.collect.findings import LogFinding
from logwatch.collect.parse import EXACT, LARGEST, LATE_MINUTES, Flaw, Reason, is_malformed
from logwatch.count.alignment import place
from logwatch.count.lateness import minutes_late
from logwatch.count.revisions import Revisions, tell_revisions_apart
from logwatch.spans import EPOCH, NS, RHYTHM_TOLERANCE_S, WINDOW, Span, rfc3339

CHUNK = 1 << 17
QUARTER = 15
"""Minutes within which no hour of any time zone begins."""
OF_SAMPLES = ["time", "received", "tie", "instance", "revision", "decided", "minute"]
"""What of a row is asked of summaries."""
MOST_CELLS = 1 << 23
"""Windows times series up to which there is a place for each of them while counters are added up."""
DTYPES = {"q": "int64", "i": "int32", "b": "int8", "d": "float64"}

Array = np.ndarray[Any, Any]


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
    counters: pd.DataFrame
    """Columns minute, series, value; a row for each key that a summary of the minute carried; sorted. NaN is unknown."""
    slow: pd.DataFrame
    """Columns minute, label, route, duration_ms; a row for each slow request; sorted by minute."""
    gauges: pd.DataFrame
    """Columns minute, series, value; a row for each measured value; sorted by minute."""
    summaries: pd.DataFrame
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
        first, last = to_minute(span.start), to_minute(span.end - timedelta(microseconds=1))
        return last - first + 1 - int(self.summaries["minute"].between(first, last).sum())

    def silences(self, span: Span) -> list[Span]:
        """Give the stretches of a span without a summary from anybody, one after the other."""
        first, last = to_minute(span.start), to_minute(span.end - timedelta(microseconds=1))
        missing = np.setdiff1d(np.arange(first, last + 1), self.summaries["minute"].to_numpy())
        runs = np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1)
        return [Span(from_minute(run[0]), from_minute(run[-1] + 1)) for run in runs if len(run)]

    def within(self, span: Span) -> "Windows":
        """Give the windows of a part of the span."""
        ends = [to_minute(span.start), to_minute(span.end - timedelta(microseconds=1)) + 1]
        counters, slow, gauges, summaries = (
            table.iloc[slice(*np.searchsorted(table["minute"].to_numpy(), ends))].reset_index(drop=True)
            for table in (self.counters, self.slow, self.gauges, self.summaries)
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
    lines = sum(_of_minute(windows.summaries, minute, "lines"))
    counters = dict.fromkeys(map(str, windows.counters["series"].cat.categories), 0.0) if lines else {}
    counters.update(zip(*(_of_minute(windows.counters, minute, name) for name in ("series", "value")), strict=True))
    counters, flawed = _without_flawed(counters)
    durations: dict[str, list[float]] = {}
    for label, duration in zip(*(_of_minute(windows.slow, minute, name) for name in ("label", "duration_ms")), strict=True):
        durations.setdefault(label, []).append(duration)
    slow = {label: (len(each), quantile(each, 0.5), quantile(each, 0.95), max(each)) for label, each in durations.items()}
    gauges = zip(*(_of_minute(windows.gauges, minute, name) for name in ("series", "value")), strict=True)
    return Figures(int(lines), counters, flawed, slow, dict(gauges))


def _without_flawed(counters: dict[str, float]) -> tuple[dict[str, float], frozenset[str]]:
    """Tell counts that are known from those that are not."""
    flawed = frozenset(key for key, value in counters.items() if isnan(value))
    return ({key: value for key, value in counters.items() if key not in flawed} if flawed else counters), flawed


def _of_minute(table: pd.DataFrame, minute: int, column: str) -> list[Any]:
    """Give a column's values in one minute, out of a table that is sorted by minute."""
    first, last = np.searchsorted(table["minute"].to_numpy(), [minute, minute + 1])
    return table[column].iloc[first:last].tolist()


def every_minute(windows: Windows, span: Span) -> Iterator[tuple[int, Figures]]:
    """Give the values of each window of a span, also of silent ones; p50, p95 and longest of slow requests are left 0.

    As `figures` for one after the other, but a table is gone through once and not for every minute.
    """
    first, last = to_minute(span.start), to_minute(span.end - timedelta(microseconds=1))
    lines = dict(zip(windows.summaries["minute"], windows.summaries["lines"], strict=True))
    counters, gauges = _by_minute(windows.counters), _by_minute(windows.gauges)
    labels: dict[int, dict[str, tuple[int, float, float, float]]] = {}
    for minute, label in zip(windows.slow["minute"].tolist(), windows.slow["label"].tolist(), strict=True):
        found = labels.setdefault(minute, {})
        found[label] = (found.get(label, (0,))[0] + 1, 0.0, 0.0, 0.0)
    for minute in range(first, last + 1):
        counted = _without_flawed(counters.get(minute, {}))
        yield minute, Figures(int(lines.get(minute, 0)), *counted, labels.get(minute, {}), gauges.get(minute, {}))


def _by_minute(table: pd.DataFrame) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for minute, series, value in zip(table["minute"].tolist(), table["series"].tolist(), table["value"].tolist(), strict=True):
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
    slow = inside.slow.astype({"label": str, "route": str})
    gauges = {str(series): tuple(values) for series, values in inside.gauges.groupby("series", observed=True)["value"]}
    return Tally(
        minutes=len(inside.summaries),
        counters=sum_series(inside),
        slow=tuple(zip(slow["label"], slow["route"], slow["duration_ms"], strict=True)),
        gauges=gauges,
    )


def sum_series(windows: Windows) -> dict[str, float]:
    """Add up each counter over all windows in which it is known; one that is known in none, or is too large, is left out."""
    sums = windows.counters.groupby("series", observed=True)["value"].sum(min_count=1)
    return {str(series): float(value) for series, value in sums.items() if value <= LARGEST}


def quantile(values: list[float], share: float) -> float:
    """Give an interpolated quantile."""
    return float(np.quantile(values, share))


def with_gauge(windows: Windows, series: str, values: dict[int, float]) -> Windows:
    """Give the windows with one more measured value, by minute."""
    if not values:
        return windows
    more = {"minute": list(values), "series": np.array([series] * len(values), dtype=object), "value": list(values.values())}
    joined = {name: np.concatenate([np.asarray(windows.gauges[name]), column]) for name, column in more.items()}
    order = joined["minute"].argsort(kind="stable")
    return replace(windows, gauges=pd.DataFrame({name: column[order] for name, column in joined.items()}))


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
) -> Windows:
    """Count a settled reading into 60 s windows.

    A summary belongs to the window in which it ends, or to one beside it where its instance's rhythm says so (`place`).
    Repeated entries count once, instances add up, and neither the order of the entries nor how they were split between
    reads changes a figure. `span` limits the windows; without it they reach from the first entry seen to the last.

    A run says up to where windows have been judged: then the reading remembers which window each summary belongs to, as
    far as the windows of the span depend on it.
    """
    repeated_lines = reading.settle()
    rows = _unique_rows(reading)
    samples, instance = _by_instance(reading, rows)
    samples["minute"] = _place(samples, instance, grace, to_minute(judged_to) if judged_to else 0)
    rows.loc[samples.index, "minute"] = samples["minute"]
    span = span or _whole_span(reading, samples["minute"])
    first, last = to_minute(span.start), to_minute(span.end - timedelta(microseconds=1))
    if judged_to:
        due = samples[samples["minute"] <= last]
        np.frombuffer(reading.rows.decided, dtype="int64")[due.index.to_numpy()] = due["minute"].to_numpy()

    minute_of_row = np.full(len(reading.rows.kind), first - 1)
    minute_of_row[rows.index.to_numpy()] = rows["minute"].to_numpy()
    inside = samples["minute"].between(first, last).to_numpy()
    minutes, lines = _count_lines(samples["minute"].to_numpy()[inside], reading, first, last)
    counted = rows[rows["kind"].isin([SAMPLES, SLOW])]
    late = minutes_late(counted["time"].to_numpy(), counted["received"].to_numpy(), grace // timedelta(microseconds=1) * 1000)
    counters = _sum_counters(reading, minute_of_row, first, last)
    reading.flaws.update(_overflown(reading, counters))
    windows = Windows(
        span=span,
        counters=counters,
        slow=_list_slow(reading, minute_of_row, first, last),
        gauges=_list_gauges(reading, first, last),
        summaries=pd.DataFrame(
            {
                "minute": minutes,
                "lines": lines,
                "complete": _complete(instance, samples["minute"].to_numpy(), minutes, grace),
                "named": np.isin(minutes, _named_minutes(samples, reading)),
            }
        ),
        quality=_assess(reading, rows, samples, repeated_lines, grace),
        unread=_unread(reading, rows),
        open=_open(grace),
        revisions=tell_revisions_apart(reading, samples.index.to_numpy()[inside], minute_of_row, first, last),
    )
    return with_gauge(windows, LATE_MINUTES, {minute: each for minute, each in late.items() if first <= minute <= last})


def _count_lines(written: Array, reading: Reading, first: int, last: int) -> tuple[Array, Array]:
    """Count the summaries of each minute that has some, with those of whom only sums are left."""
    minute = _column(reading.written.minute, "int64")
    inside = (minute >= first) & (minute <= last)
    minutes, at = np.unique(np.concatenate([written, minute[inside]]), return_inverse=True)
    weights = np.concatenate([np.ones(len(written), "int64"), _column(reading.written.lines, "int32")[inside]])
    return minutes, np.bincount(at, weights, minlength=len(minutes)).astype("int64")


def _named_minutes(samples: pd.DataFrame, reading: Reading) -> Array:
    unnamed = reading.revisions.get("", -1)
    written = _column(reading.written.minute, "int64")[_column(reading.written.revision, "int32") != unnamed]
    return np.concatenate([samples["minute"][samples["revision"] != unnamed].to_numpy(), written])


def _by_instance(reading: Reading, rows: pd.DataFrame) -> tuple[pd.DataFrame, Array]:
    """Give the summaries sorted by instance and time, and the instance of each.

    Without its name, nobody knows which instance's rhythm a summary keeps: each is taken for one of its own.
    """
    samples = rows.loc[rows["kind"] == SAMPLES, OF_SAMPLES].sort_values(["instance", "time", "tie"])
    return samples, np.where(samples["instance"] == reading.unnamed, -1 - np.arange(len(samples)), samples["instance"])


def _place(samples: pd.DataFrame, instance: Array, grace: timedelta, judged_to: int = 0) -> Array:
    time, decided = (samples[name].to_numpy() for name in ("time", "decided"))
    return place(instance, time, decided, grace=grace, judged_to=judged_to)


def known_later(reading: Reading, looks: Callable[[Array], Array], grace: timedelta) -> Array:
    """Give when that arrived of a settled reading which a look at its window did not know of, in nanoseconds since 1970.

    `looks` gives when windows are first looked at, by their minutes. Not known is an entry that arrives after that; and that
    a summary belongs to the window before the one in which it ends, where only the next of its instance tells.
    """
    rows = _unique_rows(reading)
    samples, instance = _by_instance(reading, rows)
    minute, own = _place(samples, instance, grace), samples["minute"].to_numpy()
    rows.loc[samples.index, "minute"] = minute
    seen = np.where(rows["received"] > 0, rows["received"], rows["time"])
    late = seen[seen > looks(rows["minute"].to_numpy())]
    told_by_next = np.flatnonzero((minute != _place(samples, instance, timedelta())) & (minute < own))
    following = samples.iloc[np.minimum(told_by_next + 1, max(len(samples) - 1, 0))]
    return np.concatenate([late, np.where(following["received"] > 0, following["received"], following["time"])])


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


def _unread(reading: Reading, rows: pd.DataFrame) -> frozenset[int]:
    codes = [reading.details.get(reason, -1) for reason in (Reason.COUNTERS_UNKNOWN, Reason.COUNTERS_LOST)]
    unread = (rows["kind"] == UNPARSED) & (rows["detail"] >= 0) & rows["detail"].isin(codes)
    return frozenset(rows["minute"][unread].tolist())


def _column(values: Any, dtype: str) -> Array:  # noqa: ANN401 - array.array has no usable type of its own
    return np.frombuffer(values, dtype=dtype) if len(values) else np.empty(0, dtype)


def _unique_rows(reading: Reading) -> pd.DataFrame:
    """Give the rows without repeated identities; the index is the row's number in the reading."""
    source = reading.rows
    time = _column(source.time, "int64")
    lines, tie = np.ones(len(time), "int64"), np.zeros(len(time), "int64")
    lines[list(source.block_lines)] = list(source.block_lines.values())
    shared = np.flatnonzero(pd.Series(time).duplicated(keep=False))  # only equal times can have equal identities
    ids = np.array([source.insert_id[row] for row in shared], dtype=object)
    tie[shared] = np.argsort(np.argsort(ids, kind="stable"), kind="stable")
    identity = pd.DataFrame({"time": time[shared], "log": _column(source.log, "int32")[shared], "id": ids})
    repeated = identity.duplicated().to_numpy() & (ids != "")
    gone = shared[repeated]
    if reading.summed_to:
        received = _column(source.received, "int64")
        summed = (time < reading.summed_to) & (np.where(received > 0, received, time) < reading.summed_to)
        gone = np.union1d(gone, np.flatnonzero(summed & (_column(source.kind, "int8") == SAMPLES)))
    kept = np.ones(len(time), bool)
    kept[gone] = False
    columns = {each.name: _column(getattr(source, each.name), DTYPES[each.code]) for each in TABLES["rows"] if each.code}
    columns |= {"lines": lines, "tie": tie, "minute": time // (60 * NS)}
    return pd.DataFrame({name: values[kept] for name, values in columns.items()}, index=np.flatnonzero(kept))


def _whole_span(reading: Reading, placed: "pd.Series[int]") -> Span:
    first, last = (reading.first or 0) // (60 * NS), (reading.last or 0) // (60 * NS)
    if len(placed):
        first, last = min(first, int(placed.min())), max(last, int(placed.max()))
    return Span(from_minute(first), from_minute(last + 1))


def _sum_counters(reading: Reading, minute_of_row: Array, first: int, last: int) -> pd.DataFrame:
    rank, names = _sorted_names(reading.series)
    size = max(len(names), 1)
    width = _column(reading.rows.width, "int32")
    ends = np.cumsum(width, dtype="int64")
    series, value = _column(reading.counts.series, "int32"), _column(reading.counts.value, "float64")
    parts = []
    cells = np.zeros((last - first + 1) * size) if (last - first + 1) * size <= MOST_CELLS and _whole(value) else None
    heard = np.zeros(0 if cells is None else len(cells), bool)
    for start in range(0, len(width), CHUNK // 16):  # a part at a time: grouping takes several times the room of what it groups
        rows = slice(start, start + CHUNK // 16)
        part = slice(ends[start] - width[start], ends[rows][-1])
        minute = np.repeat(minute_of_row[rows] - first, width[rows])
        if cells is None:
            parts.append(_sums_of(minute, rank[series[part]], value[part], last - first, size))
        else:
            inside = (minute >= 0) & (minute <= last - first)
            key = minute[inside] * size + rank[series[part][inside]]
            np.add.at(cells, key, value[part][inside])
            heard[key] = True
    if cells is not None:
        found = np.flatnonzero(heard)
        parts.append(pd.Series(cells[found], index=found))
    if reading.sums.minute:
        kept = reading.sums
        series, value = _column(kept.series, "int32"), _column(kept.value, "float64")
        parts.append(_sums_of(_column(kept.minute, "int64") - first, rank[series], value, last - first, size))
    sums = pd.concat(parts) if parts else pd.Series(dtype="float64", index=pd.Index([], dtype="int64"))
    sums = sums.groupby(level=0).sum(skipna=False) if len(parts) > 1 else sums
    sums = sums.where(sums <= LARGEST)  # one flawed count makes the sum unknown, and so does a sum that no float holds
    found = sums.index.to_numpy(dtype="int64")
    codes = pd.Categorical.from_codes((found % size).astype("int32"), names)
    return pd.DataFrame({"minute": found // size + first, "series": codes, "value": sums.to_numpy()})


def _sorted_names(texts: Iterable[str]) -> tuple[Array, "pd.Index[str]"]:
    """Give the place of each name when they are sorted, and the names in that order."""
    names = list(texts)
    order = sorted(range(len(names)), key=names.__getitem__)
    rank = np.empty(len(names), dtype="int32")
    rank[order] = np.arange(len(names), dtype="int32")
    return rank, pd.Index([names[at] for at in order], dtype=object)


def _whole(value: Array) -> bool:
    """Tell whether all counts are known and whole, and exact even together: then their order is no matter."""
    if not all(bool((part % 1 == 0).all()) for part in (value[at : at + CHUNK] for at in range(0, len(value), CHUNK))):
        return False
    with np.errstate(over="ignore"):
        return bool(value.sum() <= EXACT)


def _sums_of(minute: Array, series: Array, value: Array, last: int, size: int) -> "pd.Series[float]":
    inside = (minute >= 0) & (minute <= last)
    key = minute[inside].astype("int64") * size + series[inside]
    return pd.Series(value[inside]).groupby(key).sum(skipna=False)


def _overflown(reading: Reading, counters: pd.DataFrame) -> Counter[str]:
    """Count the windows in which counts that are all known add up to more than a float holds, by series."""
    unknown = set(counters["series"][counters["value"].isna()].astype(str))
    if not unknown:
        return Counter()
    names = list(reading.series)
    flawed = {names[series] for series, value in zip(reading.counts.series, reading.counts.value, strict=True) if isnan(value)}
    return Counter({f"{Flaw.NOT_FINITE}: {key[:80]}": 1 for key in sorted(unknown - flawed)})


def _table(columns: dict[str, Array], named: dict[str, Iterable[str]], inside: Array) -> pd.DataFrame:
    """Give the rows that lie inside, sorted by all columns; `named` gives the names that a column's codes stand for.

    Names are categories in their order, so that sorting by them sorts by name.
    """
    columns, categories = dict(columns), {}
    for column, texts in named.items():
        rank, categories[column] = _sorted_names(texts)
        columns[column] = rank[columns[column]]
    columns = {name: values[inside] for name, values in columns.items()}
    order_of_rows = np.lexsort(list(reversed(columns.values())))
    return pd.DataFrame(
        {
            name: pd.Categorical.from_codes(values[order_of_rows], categories[name])
            if name in categories
            else values[order_of_rows]
            for name, values in columns.items()
        }
    )


def _list_slow(reading: Reading, minute_of_row: Array, first: int, last: int) -> pd.DataFrame:
    slow = reading.slow
    minute = minute_of_row[_column(slow.row, "int32")]
    columns = {
        "minute": minute,
        "label": _column(slow.label, "int32"),
        "duration_ms": _column(slow.duration_ms, "float64"),
        "route": _column(slow.route, "int32"),
    }
    table = _table(columns, {"label": reading.labels, "route": reading.routes}, (minute >= first) & (minute <= last))
    return table[["minute", "label", "route", "duration_ms"]]


def _list_gauges(reading: Reading, first: int, last: int) -> pd.DataFrame:
    gauges = reading.gauges
    minute = _column(gauges.time, "int64") // (60 * NS)
    columns = {"minute": minute, "series": _column(gauges.series, "int32"), "value": _column(gauges.value, "float64")}
    return _table(columns, {"series": reading.series}, (minute >= first) & (minute <= last))


def _assess(reading: Reading, rows: pd.DataFrame, samples: pd.DataFrame, repeated_lines: int, grace: timedelta) -> Quality:
    kind, counts = rows["kind"].to_numpy(), rows["lines"].to_numpy()
    unparsed = {str(reason): count for reason, count in reading.refused.items()}
    details = list(reading.details)
    bad = kind == UNPARSED
    by_detail = np.bincount(rows["detail"].to_numpy()[bad], counts[bad])
    for detail in np.flatnonzero(by_detail).tolist():
        unparsed[details[detail]] = unparsed.get(details[detail], 0) + int(by_detail[detail])
    decoded = len(reading.rows.kind) + sum(lines - 1 for lines in reading.rows.block_lines.values())
    closed = (rows["time"].to_numpy() // (60 * NS) + 1) * (60 * NS) + grace // timedelta(microseconds=1) * 1000
    counted = (kind == SAMPLES) | (kind == SLOW)
    return Quality(
        entries=reading.entries,
        samples=int(counts[kind == SAMPLES].sum()),
        slow_requests=int(counts[kind == SLOW].sum()),
        ignored=int(counts[kind == IGNORED].sum()) + reading.ignored,
        duplicates=decoded - int(counts.sum()) + repeated_lines,
        unparsed=dict(sorted(unparsed.items())),
        flaws=dict(sorted((reading.flaws + Counter(_malformed(reading))).items())),
        findings=dict(sorted(reading.found().items())),
        instances=samples["instance"].nunique(),
        late=int((counted & (rows["received"].to_numpy() > closed)).sum()),
        off_rhythm=_off_rhythm(samples[samples["instance"] != reading.unnamed], list(reading.instances)),
    )


def _malformed(reading: Reading) -> list[str]:
    return [f"{Flaw.MALFORMED_KEY}: {key[:80]}" for key in reading.series if is_malformed(key)][:100]


def _off_rhythm(samples: pd.DataFrame, instances: list[str]) -> dict[str, int]:
    gap = np.diff(samples["time"].to_numpy()) / NS
    instance = samples["instance"].to_numpy()
    off = (np.diff(instance) == 0) & (np.abs((gap + 30) % 60 - 30) > RHYTHM_TOLERANCE_S)
    codes, counts = np.unique(instance[1:][off], return_counts=True)
    return {instances[code]: count for code, count in zip(codes.tolist(), counts.tolist(), strict=True)}


def counters_csv(windows: Windows) -> pd.DataFrame:
    """Give the table that files hold: minute (RFC 3339), series, value (whole numbers without decimals)."""
    table = windows.counters.dropna()
    value = table["value"]
    whole = bool((value % 1 == 0).all()) and bool((value.abs() < 2**63).all())
    return pd.DataFrame(
        {"minute": _rfc3339(table["minute"]), "series": table["series"], "value": value.astype("int64") if whole else value}
    )


def slow_by(windows: Windows, *columns: str) -> pd.DataFrame:
    """Give slow requests by these columns: how many, and p50, p95 (interpolated) and the longest in ms."""
    grouped = windows.slow.groupby(list(columns), observed=True)["duration_ms"]
    return pd.DataFrame(
        {"count": grouped.size(), "p50_ms": grouped.quantile(0.5), "p95_ms": grouped.quantile(0.95), "max_ms": grouped.max()}
    ).reset_index()


def slow_csv(windows: Windows) -> pd.DataFrame:
    """Give slow requests by minute and label: how many, and p50, p95 (interpolated) and the longest in ms."""
    table = slow_by(windows, "minute", "label")
    table.insert(1, "slow_request", [f"slow_request{{label={label}}}" for label in table["label"]])
    table["minute"] = _rfc3339(table["minute"])
    return table.round(3)


def _rfc3339(minutes: "pd.Series[int]") -> pd.Categorical:
    """Write each different minute once: there are far fewer of them than rows."""
    codes, unique = pd.factorize(minutes)
    return pd.Categorical.from_codes(codes, pd.Index([rfc3339(from_minute(minute)) for minute in unique], dtype=object))
