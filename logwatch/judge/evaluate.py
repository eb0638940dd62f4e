"""Rules held against windows: a level for each rule, shop and window, and the figures it stands on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any, assert_never

import numpy as np
import pandas as pd

from logwatch.collect.parse import SILENT_MINUTES, Series, parse_series
from logwatch.count.windows import Windows, from_minute, to_minute
from logwatch.judge.rules.model import Proof, Ratio, Rule, Slow
from logwatch.judge.rules.yaml_types import selects
from logwatch.judge.significance import Counted, prove, prove_slow, sliding
from logwatch.judge.verdicts import Level, Verdict, Why
from logwatch.spans import WINDOW, Span

Array = np.ndarray[Any, Any]


_LEVELS = (Level.NORMAL, Level.ELEVATED, Level.WARNING, Level.UNKNOWN)
NORMAL, ELEVATED, WARNING, UNKNOWN = range(4)


_WHYS = tuple(Why)
_WHY = {why: code for code, why in enumerate(_WHYS)}


Columns = dict[str, Array]
"""As in `Verdict`, level and why as numbers, span in minutes; one value a window."""


@dataclass(frozen=True)
class Course:
    """The verdicts of one rule and set of labels, window by window."""

    rule: Rule
    labels: dict[str, str]
    minutes: Array
    """Of the windows' starts, one after the other."""
    columns: Columns

    @cached_property
    def table(self) -> pd.DataFrame:
        """The columns with the minutes as their index; made when it is first looked at, since a tick never does."""
        return pd.DataFrame(self.columns, index=pd.Index(self.minutes, name="minute"))

    def verdicts(self) -> list[Verdict]:
        """Give the verdict of each window."""
        names = ("level", "why", "value", "numerator", "denominator", "span", "certain", "suspect")
        rows = zip(self.minutes.tolist(), *(self.columns[name].tolist() for name in names), strict=True)
        return [
            Verdict(
                rule=self.rule.rule,
                labels=self.labels,
                window_end=from_minute(minute) + WINDOW,
                level=_LEVELS[int(level)],
                value=_or_none(value),
                numerator=_or_none(numerator),
                denominator=_or_none(denominator),
                proven=None if level == UNKNOWN else _WHYS[int(why)] is not Why.NOT_PROVEN,
                why=_WHYS[int(why)],
                span=int(span) * WINDOW,
                certain=bool(certain),
                suspect=bool(suspect),
            )
            for minute, level, why, value, numerator, denominator, span, certain, suspect in rows
        ]

    def verdict(self, minute: int) -> Verdict:
        """Give the verdict of one window."""
        at = slice(minute - int(self.minutes[0]), minute - int(self.minutes[0]) + 1)
        return replace(self, minutes=self.minutes[at], columns=_cut(self.columns, at)).verdicts()[0]

    @property
    def latest(self) -> Verdict:
        """The verdict of the last window."""
        return self.verdict(int(self.minutes[-1]))

    @property
    def worst(self) -> Verdict | None:
        """The first of the worst windows, one that proves something if there is one; None where every window is unknown."""
        level, value = self.columns["level"], self.columns["value"]
        known = level != UNKNOWN
        if not known.any():
            return None
        worst = known & (level == level[known].max())
        proven = worst & (self.columns["why"] != _WHY[Why.NOT_PROVEN])
        places = np.flatnonzero(proven if proven.any() else worst)
        values = np.where(np.isnan(value), 0, value)[places]
        falling = self.rule.warning.direction[0] == "<"
        return self.verdict(int(self.minutes[places[values.argmin() if falling else values.argmax()]]))

    def levels(self) -> list[Level]:
        """The level of each window."""
        return [_LEVELS[code] for code in self.columns["level"].tolist()]


@dataclass(frozen=True, slots=True)
class Judged:
    """A span, its windows (with those before it that sliding spans need), and a course for each rule and shop."""

    span: Span
    windows: Windows
    courses: tuple[Course, ...]


def _cut(columns: Columns, at: slice) -> Columns:
    return {name: values[at] for name, values in columns.items()}


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def evaluate(rules: Iterable[Rule], windows: Windows, span: Span | None = None) -> list[Course]:
    """Judge every window of `span`; the windows before it serve as the past that sliding spans need.

    A rule that is judged for each shop gives a course for all together first, then one for each shop seen.
    """
    span = span or windows.span
    grid = _Grid(windows)
    first, last = to_minute(span.start), to_minute(span.end - timedelta(microseconds=1))
    at = slice(max(first - grid.first, 0), max(last + 1 - grid.first, 0))
    minutes = grid.minutes[at]
    judged = ((rule, labels, columns) for rule in rules for labels, columns in _judge(rule, grid))
    return [Course(rule, labels, minutes, _cut(columns, at)) for rule, labels, columns in judged if len(minutes)]


def _judge(rule: Rule, grid: "_Grid") -> Iterator[tuple[dict[str, str], Columns]]:
    if rule.count:
        yield {}, _judge_count(rule, rule.count, grid)
    elif rule.ratio:
        yield {}, _judge_ratio(rule, rule.ratio, grid, {})
        for value in grid.label_values(rule.selectors, rule.ratio.by) if rule.ratio.by else ():
            labels = {str(rule.ratio.by): value}
            yield labels, _judge_ratio(rule, rule.ratio, grid, labels)
    elif rule.slow:
        yield {}, _judge_slow(rule, rule.slow, grid)
    elif rule.gauge:
        yield {}, _judge_gauge(rule, rule.gauge, grid)
    else:
        assert_never(rule)  # type: ignore[arg-type]


class _Grid:
    """Windows as arrays with a place for every minute."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self.first = to_minute(windows.span.start)
        self.size = max(-(-(windows.span.end - windows.span.start) // WINDOW), 0)
        self.minutes = np.arange(self.first, self.first + self.size)
        self.known = self._spread(windows.summaries["minute"], windows.summaries["lines"]) > 0
        self._series: list[Series] = [parse_series(key) for key in windows.counters["series"].cat.categories]
        self._place = (windows.counters["minute"] - self.first).to_numpy()
        self._code = windows.counters["series"].cat.codes.to_numpy()
        self._value = windows.counters["value"].to_numpy()
        self._gauge, self._label = (
            np.asarray(column.astype(object)) for column in (windows.gauges["series"], windows.slow["label"])
        )

    def _spread(self, minutes: Any, weights: Any) -> Array:  # noqa: ANN401 - columns of one length
        return np.bincount(np.asarray(minutes - self.first, dtype="int64"), np.asarray(weights), minlength=self.size)

    def total(self, selectors: Iterable[str], labels: dict[str, str]) -> Array:
        """Add up counters per minute."""
        wanted = [
            any(selects(selector, series.name) for selector in selectors) and labels.items() <= series.labels.items()
            for series in self._series
        ]
        rows = np.array(wanted, dtype=bool)[self._code] if wanted else np.zeros(0, dtype=bool)
        return np.bincount(self._place[rows], self._value[rows], minlength=self.size)

    def gauge(self, name: str) -> tuple[Array, Array]:
        """Give the place and value of each measurement."""
        return self._chosen(self.windows.gauges, self._gauge == name, "value")

    def durations(self, label: str) -> tuple[Array, Array]:
        """Give the place and duration in ms of each slow request of a label."""
        return self._chosen(self.windows.slow, self._label == label, "duration_ms")

    def _chosen(self, table: pd.DataFrame, rows: Array, column: str) -> tuple[Array, Array]:
        return table["minute"].to_numpy()[rows] - self.first, table[column].to_numpy()[rows]

    def label_values(self, selectors: Iterable[str], label: str) -> list[str]:
        """Give the values that a label has in these counters."""
        return sorted(
            {
                series.labels[label]
                for series in self._series
                if label in series.labels and any(selects(selector, series.name) for selector in selectors)
            }
        )

    def columns(self, level: Array, **columns: Any) -> Columns:  # noqa: ANN401 - arrays or one value for all
        """Give a course's columns, with defaults for those left out."""
        figures = {"numerator": np.nan, "denominator": np.nan, "why": 0, "span": 1}
        told = {"level": level, **figures, "certain": False, "suspect": False, **columns}
        return {name: np.broadcast_to(values, self.size) for name, values in told.items()}


def _minutes(span: timedelta) -> int:
    return span // WINDOW


def _level(rule: Rule, value: Array) -> Array:
    return np.where(rule.warning.holds(value), WARNING, np.where(rule.normal.holds(value), NORMAL, ELEVATED))


def _judge_count(rule: Rule, selectors: tuple[str, ...], grid: _Grid) -> Columns:
    value = grid.total(selectors, {})
    level = np.where(grid.known, _level(rule, value), UNKNOWN)
    why = np.where(grid.known, 0, _WHY[Why.NO_LINES])
    return grid.columns(level, value=np.where(grid.known, value, np.nan), why=why)


def _judge_gauge(rule: Rule, name: str, grid: _Grid) -> Columns:
    place, found = grid.gauge(name)
    value = np.full(grid.size, np.nan)
    np.fmax.at(value, place, found)
    known = ~np.isnan(value)
    level = np.where(known, _level(rule, value), UNKNOWN)
    missing = Why.NO_LINES if len(found) or name == SILENT_MINUTES else Why.NO_ENDPOINT
    return grid.columns(level, value=value, why=np.where(known, 0, _WHY[missing]))


def _judge_ratio(rule: Rule, ratio: Ratio, grid: _Grid, labels: dict[str, str]) -> Columns:
    """Judge a share over its sliding span, and call it a warning only on proof."""
    ended = grid.total(ratio.settled, labels) if ratio.settled else None
    totals = (grid.total(selectors, labels) for selectors in (ratio.numerator, ratio.denominator))
    counted = Counted(*totals, ended=ended, lag=_minutes(ratio.lag))
    minutes = _minutes(ratio.span)
    stretch = np.full(grid.size, minutes)
    numerator, denominator = counted.sums(minutes)
    proven, certain = denominator >= ratio.min_events, np.zeros(grid.size, dtype=bool)
    if isinstance(ratio.proof, Proof):
        beyond = rule.warning.holds(_share(numerator, denominator)) & (denominator > 0)
        shown = prove(counted, ratio.proof, rule.warning, minutes, beyond)
        proven, certain = shown.stretch > 0, shown.certain
        stretch = np.where(proven, shown.stretch, minutes)
        numerator, denominator = (_over(stretch, values) for values in (counted.numerator, counted.denominator))
    value = _share(numerator, denominator)
    level = _level(rule, value)
    not_proven = (level == WARNING) & ~proven
    silent = sliding(grid.known, minutes) == 0
    empty = ~silent & ((denominator == 0) | (counted.settled(minutes) == 0))
    unknown = silent | empty
    why = np.select([silent, empty, not_proven], [_WHY[Why.NO_LINES], _WHY[Why.NO_EVENTS], _WHY[Why.NOT_PROVEN]], default=0)
    return grid.columns(
        np.where(unknown, UNKNOWN, np.where(not_proven, ELEVATED, level)),
        value=np.where(unknown, np.nan, value),
        numerator=np.where(silent, np.nan, numerator),
        denominator=np.where(silent, np.nan, denominator),
        why=why,
        span=stretch,
        certain=~unknown & proven & (level == WARNING) & certain,
        suspect=~unknown & (counted.sums(minutes)[0] > counted.most(minutes)),
    )


def _share(numerator: Array, denominator: Array) -> Array:
    """Divide, 1 at the most, NaN where there is nothing to divide by."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(denominator > 0, np.minimum(numerator / denominator, 1.0), np.nan)


def _judge_slow(rule: Rule, slow: Slow, grid: _Grid) -> Columns:
    """Judge the slow requests of one label: enough of them, and a share of all that chance does not explain."""
    place, duration = grid.durations(slow.label)
    minutes = _minutes(slow.span)
    each, outside, beyond = (
        np.bincount(place, chosen, minlength=grid.size)
        for chosen in (np.ones(len(place)), ~rule.normal.holds(duration), rule.warning.holds(duration))
    )
    asked = grid.total(slow.requests, {}) if slow.requests else np.zeros(grid.size)
    shown = prove_slow(beyond, asked, slow, minutes)
    uncounted = _nobody_counts(slow, grid)
    stretch = np.where(uncounted, np.where(sliding(beyond, minutes) >= slow.min_count, minutes, 0), shown.stretch)
    certain = shown.certain & ~uncounted
    proven = stretch > 0
    stretch = np.where(proven, stretch, minutes)
    count, outside, requests = (_over(stretch, values) for values in (each, outside, asked))
    requests = np.where(requests >= count, requests, 0)
    many = (outside >= slow.min_count) & ((requests == 0) | slow.min_share.holds(_share(outside, requests)))
    unknown = (sliding(grid.known, minutes) == 0) & (count == 0)
    why = [(unknown, Why.NO_LINES), (many & ~proven, Why.NOT_PROVEN), ((count > 0) & ~many & ~proven, Why.TOO_FEW)]
    return grid.columns(
        np.select([unknown, proven, many], [UNKNOWN, WARNING, ELEVATED], default=NORMAL),
        value=_sliding_quantile(place, duration, count),
        numerator=np.where(unknown, np.nan, count),
        denominator=np.where(requests > 0, requests, np.nan),
        why=np.select([mask for mask, _ in why], [_WHY[reason] for _, reason in why], default=0),
        span=stretch,
        certain=certain,
    )


def _nobody_counts(slow: Slow, grid: _Grid) -> Array:
    """Tell for each window whether its span is without the counters that the label's requests are held against.

    Only the span counts, so that a run, whose view is short, says the same as a look at a whole day. In the very first window
    of a view the first summary may still be on its way.
    """
    silent = sliding(grid.known, _minutes(slow.span)) == 0 if slow.requests else np.ones(grid.size, dtype=bool)
    silent[:1] &= not (slow.requests and grid.known.any())
    return silent


def _over(stretch: Array, values: Array) -> Array:
    """Add up each window and those before it, over a stretch of its own for each."""
    result = np.zeros(len(values))
    for minutes in np.unique(stretch):
        at = stretch == minutes
        result[at] = sliding(values, int(minutes))[at]
    return result


def _sliding_quantile(place: Array, duration: Array, count: Array) -> Array:
    """Give the interpolated p95 of the last `count` durations up to each window; NaN where there are none."""
    result = np.full(len(count), np.nan)
    ends = np.searchsorted(place, np.arange(len(count)), side="right")
    for at in np.flatnonzero(count):
        end = int(ends[at])
        result[at] = np.quantile(duration[end - int(count[at]) : end], 0.95)
    return result
