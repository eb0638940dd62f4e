"""Rules held against windows: a level for each rule, shop and window, and the figures it stands on."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import NormalDist
from typing import Any, assert_never

import numpy as np
import pandas as pd

from logwatch.entries import Span
from logwatch.rules import Proof, Ratio, Rule, Slow, selects
from logwatch.samples import Series, parse_series
from logwatch.windows import WINDOW, Windows, from_minute, to_minute

Array = np.ndarray[Any, Any]


class Level(StrEnum):
    """How a figure stands to its two bounds."""

    NORMAL = "normal"
    ELEVATED = "elevated"
    WARNING = "warning"
    UNKNOWN = "unknown"


_LEVELS = (Level.NORMAL, Level.ELEVATED, Level.WARNING, Level.UNKNOWN)
NORMAL, ELEVATED, WARNING, UNKNOWN = range(4)


class Why(StrEnum):
    """Why a verdict is not simply what its value says."""

    NONE = ""
    NO_LINES = "no_lines"
    """Nobody wrote a summary: silence, never zero."""
    NO_EVENTS = "no_events"
    """Summaries came, but nothing happened that a ratio could be made of."""
    NO_ENDPOINT = "no_endpoint"
    """Nothing measures this here."""
    NOT_PROVEN = "not_proven"
    """Beyond the warning bound, but so few events, or so fresh, that chance or delay may have done it."""
    TOO_FEW = "too_few"
    """Slow requests, but fewer, or a smaller share of all, than the rule asks for."""


_WHYS = tuple(Why)
_WHY = {why: code for code, why in enumerate(_WHYS)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule, one set of labels, one window."""

    rule: str
    labels: dict[str, str]
    """Empty: all shops together."""
    window_end: datetime
    level: Level
    value: float | None
    """Events per window, a share of 1, or ms; None where there is nothing to tell."""
    numerator: float | None
    denominator: float | None
    proven: bool | None
    why: Why
    span: timedelta
    """The stretch of time that value, numerator and denominator were counted over."""
    suspect: bool
    """More successes than attempts: something is counted wrong."""


@dataclass(frozen=True, slots=True)
class Course:
    """The verdicts of one rule and set of labels, window by window."""

    rule: Rule
    labels: dict[str, str]
    table: pd.DataFrame
    """Index minute (of the window's start); columns as in `Verdict`, level and why as numbers, span in minutes."""

    def verdict(self, minute: int) -> Verdict:
        """Give the verdict of one window."""
        row: Any = self.table.loc[minute]
        level = _LEVELS[int(row["level"])]
        why = _WHYS[int(row["why"])]
        return Verdict(
            rule=self.rule.rule,
            labels=self.labels,
            window_end=from_minute(minute) + WINDOW,
            level=level,
            value=_or_none(row["value"]),
            numerator=_or_none(row["numerator"]),
            denominator=_or_none(row["denominator"]),
            proven=None if level is Level.UNKNOWN else why is not Why.NOT_PROVEN,
            why=why,
            span=int(row["span"]) * WINDOW,
            suspect=bool(row["suspect"]),
        )

    @property
    def latest(self) -> Verdict:
        """The verdict of the last window."""
        return self.verdict(int(self.table.index[-1]))

    @property
    def worst(self) -> Verdict | None:
        """The first of the worst windows, one that proves something if there is one; None where every window is unknown."""
        known = self.table[self.table["level"] != UNKNOWN]
        if known.empty:
            return None
        worst = known[known["level"] == known["level"].max()]
        proven = worst[worst["why"] != _WHY[Why.NOT_PROVEN]]
        worst = worst if proven.empty else proven
        value = worst["value"].fillna(0)
        falling = self.rule.warning.direction[0] == "<"
        return self.verdict(int(str(value.idxmin() if falling else value.idxmax())))

    def levels(self) -> list[Level]:
        """The level of each window."""
        return [_LEVELS[code] for code in self.table["level"]]


@dataclass(frozen=True, slots=True)
class Judged:
    """A span, its windows (with those before it that sliding spans need), and a course for each rule and shop."""

    span: Span
    windows: Windows
    courses: tuple[Course, ...]


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def evaluate(rules: Iterable[Rule], windows: Windows, span: Span | None = None) -> list[Course]:
    """Judge every window of `span`; the windows before it serve as the past that sliding spans need.

    A rule that is judged for each shop gives a course for all together first, then one for each shop seen.
    """
    span = span or windows.span
    grid = _Grid(windows)
    first, last = to_minute(span.start), to_minute(span.end - timedelta(microseconds=1))
    return [Course(rule, labels, table.loc[first:last]) for rule in rules for labels, table in _judge(rule, grid) if len(table)]


def _judge(rule: Rule, grid: "_Grid") -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
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

    def label_values(self, selectors: Iterable[str], label: str) -> list[str]:
        """Give the values that a label has in these counters."""
        return sorted(
            {
                series.labels[label]
                for series in self._series
                if label in series.labels and any(selects(selector, series.name) for selector in selectors)
            }
        )

    def table(self, level: Array, **columns: Any) -> pd.DataFrame:  # noqa: ANN401 - arrays or one value for all
        """Give a course's table, with defaults for the columns left out."""
        columns = {"numerator": np.nan, "denominator": np.nan, "why": 0, "span": 1, "suspect": False, **columns}
        return pd.DataFrame({"level": level, **columns}, index=pd.Index(self.minutes, name="minute"))


def _sliding(values: Array, minutes: int) -> Array:
    """Add up each window and those before it, `minutes` in all."""
    sums = np.concatenate([np.zeros(1), np.cumsum(values, dtype="float64")])
    start = np.maximum(np.arange(1, len(values) + 1) - minutes, 0)
    return np.asarray(sums[1:] - sums[start])


def _minutes(span: timedelta) -> int:
    return span // WINDOW


def _level(rule: Rule, value: Array) -> Array:
    return np.where(rule.warning.holds(value), WARNING, np.where(rule.normal.holds(value), NORMAL, ELEVATED))


def _judge_count(rule: Rule, selectors: tuple[str, ...], grid: _Grid) -> pd.DataFrame:
    value = grid.total(selectors, {})
    level = np.where(grid.known, _level(rule, value), UNKNOWN)
    why = np.where(grid.known, 0, _WHY[Why.NO_LINES])
    return grid.table(level, value=np.where(grid.known, value, np.nan), why=why)


def _judge_gauge(rule: Rule, name: str, grid: _Grid) -> pd.DataFrame:
    gauges = grid.windows.gauges
    found = gauges[gauges["series"] == name].groupby("minute")["value"].max()
    value = found.reindex(grid.minutes).to_numpy(dtype="float64")
    known = ~np.isnan(value)
    level = np.where(known, _level(rule, value), UNKNOWN)
    missing = Why.NO_LINES if len(found) else Why.NO_ENDPOINT
    return grid.table(level, value=value, why=np.where(known, 0, _WHY[missing]))


def _judge_ratio(rule: Rule, ratio: Ratio, grid: _Grid, labels: dict[str, str]) -> pd.DataFrame:
    """Judge a share over its sliding span, and call it a warning only on proof."""
    counted = _Counted(ratio, grid, labels)
    minutes = _minutes(ratio.span)
    stretch = np.full(grid.size, minutes)
    numerator, denominator = counted.sums(minutes)
    proven = denominator >= ratio.min_events
    if isinstance(ratio.proof, Proof):
        beyond = rule.warning.holds(_share(numerator, denominator)) & (denominator > 0)
        stretch = np.where(
            beyond,
            _proving_stretch(counted, ratio.proof, minutes, _excludes(rule, ratio.proof, ratio.proof.confidence)),
            _proving_stretch(counted, ratio.proof, minutes, _excludes(rule, ratio.proof, ratio.proof.sudden)),
        )
        proven = stretch > 0
        stretch = np.where(proven, stretch, minutes)
        for other in np.unique(stretch[stretch != minutes]):
            at = stretch == other
            numerator[at], denominator[at] = (sums[at] for sums in counted.sums(int(other)))
    value = _share(numerator, denominator)
    level = _level(rule, value)
    not_proven = (level == WARNING) & ~proven
    silent = _sliding(grid.known, minutes) == 0
    empty = ~silent & ((denominator == 0) | (counted.settled(minutes) == 0))
    unknown = silent | empty
    why = np.select([silent, empty, not_proven], [_WHY[Why.NO_LINES], _WHY[Why.NO_EVENTS], _WHY[Why.NOT_PROVEN]], default=0)
    return grid.table(
        np.where(unknown, UNKNOWN, np.where(not_proven, ELEVATED, level)),
        value=np.where(unknown, np.nan, value),
        numerator=np.where(silent, np.nan, numerator),
        denominator=np.where(silent, np.nan, denominator),
        why=why,
        span=stretch,
        suspect=~unknown & (counted.sums(minutes)[0] > counted.most(minutes)),
    )


def _share(numerator: Array, denominator: Array) -> Array:
    """Divide, 1 at the most, NaN where there is nothing to divide by."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(denominator > 0, np.minimum(numerator / denominator, 1.0), np.nan)


class _Counted:
    """A ratio's counters per minute, and their sums over stretches of any length."""

    def __init__(self, ratio: Ratio, grid: _Grid, labels: dict[str, str]) -> None:
        self.lag = _minutes(ratio.lag)
        self.numerator = grid.total(ratio.numerator, labels)
        self.denominator = grid.total(ratio.denominator, labels)
        self.ended = grid.total(ratio.settled, labels) if ratio.settled else None

    def sums(self, minutes: int) -> tuple[Array, Array]:
        """Numerator and denominator of each window and those before it."""
        return _sliding(self.numerator, minutes), _sliding(self.denominator, minutes)

    def settled(self, minutes: int) -> Array:
        """Events of the denominator that have had the time, or are known, to come to an end.

        The smaller of this stretch's and of the same stretch `lag` earlier: on a rising edge the newest have not
        ended yet, on a falling edge the numerator still has guests from before. Those known to have ended count anyway.
        """
        events = _sliding(self.denominator, minutes)
        if self.lag:
            earlier = np.concatenate([np.zeros(self.lag), events])[: len(events)]
            events = np.minimum(events, earlier)
        if self.ended is not None:
            events = np.maximum(events, _sliding(self.ended, minutes))
        return events

    def most(self, minutes: int) -> Array:
        """More events than the numerator can honestly have come from: one window and the lag further back."""
        return _sliding(self.denominator, minutes + self.lag + 1)


Excludes = Callable[[Array, Array], Array]


def _excludes(rule: Rule, proof: Proof, confidence: float) -> Excludes:
    """Give the test whether so many of so many show the true share to lie beyond the warning bound."""
    z = NormalDist().inv_cdf(confidence)
    side = 1 if rule.warning.direction[0] == "<" else -1

    def test(numerator: Array, events: Array) -> Array:
        enough = events >= proof.min_events
        bound = wilson_bound(numerator, np.maximum(events, 1), z * side)
        return np.asarray(enough & rule.warning.holds(bound))

    return test


def wilson_bound(numerator: Any, events: Any, z: float) -> Any:  # noqa: ANN401 - numbers or arrays of them
    """Give the Wilson score bound of a share: the upper one for a positive z, the lower one for a negative z."""
    share = np.minimum(np.asarray(numerator) / np.asarray(events), 1.0)
    centre = share + z * z / (2 * events)
    reach = z * np.sqrt(share * (1 - share) / events + z * z / (4 * events * events))
    return (centre + reach) / (1 + z * z / events)


def _proving_stretch(counted: _Counted, proof: Proof, minutes: int, excludes: Excludes) -> Array:
    """Give the minutes of the stretch, ending with each window, that proves the warning; 0 where none does.

    The rule's own span if it can; else the longest shorter stretch, since a sudden failure is diluted by the good
    minutes before it; else, where the span has too few events to prove anything, the shortest longer one that has enough.
    """
    proving = np.zeros(len(counted.numerator), dtype="int64")
    for stretch in range(1, minutes + 1):
        settled = counted.settled(stretch)
        proving[excludes(counted.sums(stretch)[0], settled)] = stretch
    searching = (proving == 0) & (counted.settled(minutes) < proof.min_events)
    for stretch in range(minutes + 1, _minutes(proof.widen) + 1):
        if not searching.any():
            break
        settled = counted.settled(stretch)
        proving[searching & excludes(counted.sums(stretch)[0], settled)] = stretch
        searching &= settled < proof.min_events
    return proving


def _judge_slow(rule: Rule, slow: Slow, grid: _Grid) -> pd.DataFrame:
    """Judge the slow requests of one label: enough of them, and a share of all that chance does not explain."""
    found = grid.windows.slow
    found = found[found["label"] == slow.label]
    minutes = _minutes(slow.span)
    duration = found["duration_ms"].to_numpy()
    place = (found["minute"] - grid.first).to_numpy()
    count = _sliding(np.bincount(place, minlength=grid.size), minutes)
    outside = _sliding(np.bincount(place, ~rule.normal.holds(duration), minlength=grid.size), minutes)
    beyond = _sliding(np.bincount(place, rule.warning.holds(duration), minlength=grid.size), minutes)
    requests = _sliding(grid.total(slow.requests, {}), minutes) if slow.requests else np.zeros(grid.size)
    requests = np.where(requests >= count, requests, 0)
    many = (outside >= slow.min_count) & ((requests == 0) | slow.min_share.holds(_share(outside, requests)))
    # Where summaries come at all, a span without one only begins or ends between two: its requests are still to be counted.
    uncounted = (requests == 0) & grid.known.any() & bool(slow.requests)
    proven = many & (beyond >= slow.min_count) & ~uncounted
    for at in np.flatnonzero(proven & (requests > 0)):
        proven[at] = binomial_tail(int(beyond[at]), int(requests[at]), slow.min_share.bound) < slow.chance
    unknown = (_sliding(grid.known, minutes) == 0) & (count == 0)
    why = [(unknown, Why.NO_LINES), (many & ~proven, Why.NOT_PROVEN), ((count > 0) & ~many, Why.TOO_FEW)]
    return grid.table(
        np.select([unknown, proven, many], [UNKNOWN, WARNING, ELEVATED], default=NORMAL),
        value=_sliding_quantile(place, duration, count),
        numerator=np.where(unknown, np.nan, count),
        denominator=np.where(requests > 0, requests, np.nan),
        why=np.select([mask for mask, _ in why], [_WHY[reason] for _, reason in why], default=0),
        span=minutes,
    )


def _sliding_quantile(place: Array, duration: Array, count: Array) -> Array:
    """Give the interpolated p95 of the last `count` durations up to each window; NaN where there are none."""
    result = np.full(len(count), np.nan)
    ends = np.searchsorted(place, np.arange(len(count)), side="right")
    for at in np.flatnonzero(count):
        end = int(ends[at])
        result[at] = np.quantile(duration[end - int(count[at]) : end], 0.95)
    return result


def binomial_tail(least: int, tries: int, chance: float) -> float:
    """Give how probable `least` or more hits are in so many tries with that chance each.

    >>> round(binomial_tail(1, 2, 0.5), 2)
    0.75
    """
    exactly = (1 - chance) ** tries
    below = 0.0
    for hits in range(least):
        below += exactly
        exactly *= (tries - hits) / (hits + 1) * chance / (1 - chance)
    return max(1 - below, 0.0)
