"""Windows as arrays with a place for every minute: what rules are judged on, and what judging gives."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np

from logwatch.collect.parse import LARGEST, OTHERS, Series, parse_series
from logwatch.count.tables import Array, ArrayTable
from logwatch.count.windows import QUARTER, Windows, to_minute
from logwatch.judge.rules.yaml_types import selects
from logwatch.judge.verdicts import Level, Why
from logwatch.ranges import Bounds
from logwatch.spans import WINDOW

LEVELS = (Level.NORMAL, Level.ELEVATED, Level.WARNING, Level.UNKNOWN)
NORMAL, ELEVATED, WARNING, UNKNOWN = range(4)
WHYS = tuple(Why)
_NOTHING = {Why.NO_LINES, Why.NO_EVENTS, Why.NO_ENDPOINT, Why.ONLY_IN_RUN, Why.NO_REVISION, Why.NO_ARRIVALS, Why.FLAWED}
_UNKNOWN = np.array([why in _NOTHING for why in WHYS])
"""For which of the reasons nothing is known."""

Rows = tuple[Array, Array]
"""Places of some windows, and the value of each."""
Having = tuple[str, ...]
"""Values of some labels."""
Columns = dict[str, Array]
"""As in `Verdict`, level and why as places in LEVELS and WHYS, span in minutes; one value a window."""


class Grid:
    """Windows as arrays with a place for every minute."""

    def __init__(self, windows: Windows, asked: int = 0) -> None:
        """Lay out the windows; those from place `asked` on are to be judged, the others are their past."""
        self.windows = windows
        self.asked = asked
        self.first = to_minute(windows.span.start)
        self.size = max(-(-(windows.span.end - windows.span.start) // WINDOW), 0)
        self.minutes = np.arange(self.first, self.first + self.size)
        self.known = self._spread(windows.summaries["minute"], windows.summaries["lines"]) > 0
        """Whether anybody wrote a summary."""
        self.complete = self._spread(windows.summaries["minute"], windows.summaries["complete"]) > 0
        """Whether a window that is not closed may be judged as one: every instance that wrote a summary lately did so in it,
        and in those before it that may not be closed either.

        Else some are still on their way, and may be of a kind with what is missing, not with what is there. A closed window is
        judged as it is.
        """
        self.named = self._spread(windows.summaries["minute"], windows.summaries["named"]) > 0
        """Whether some summary says which revision wrote it."""
        self._series: list[Series] = [parse_series(key) for key in windows.counters.names["series"]]
        self._place = windows.counters["minute"] - self.first
        self._code = windows.counters["series"]
        self._value = windows.counters["value"]
        self._groups: dict[tuple[Having, Having], dict[Having, Rows]] = {}
        self._leasts: dict[tuple[Having, Having], dict[int, list[dict[Having, float]]]] = {}
        self._gauge, self._label = windows.gauges.texts("series"), windows.slow.texts("label")

    def _spread(self, minutes: Array, weights: Array) -> Array:
        return np.bincount(minutes - self.first, weights, minlength=self.size)

    def total(self, selectors: Iterable[str], labels: Mapping[str, str] | None = None) -> Array:
        """Add up counters per minute, those only that have the labels; NaN where one of them is unknown, or the sum is none."""
        labels = labels or {}
        asked = tuple(selectors), tuple(labels)
        if asked not in self._groups:
            self._groups[asked] = self._group(*asked)
        place, value = self._groups[asked].get(tuple(labels.values()), (self._place[:0], self._value[:0]))
        sums = np.bincount(place, value, minlength=self.size)
        return np.where(sums <= LARGEST, sums, np.nan)

    def _group(self, selectors: Having, names: Having) -> dict[Having, Rows]:
        """Give the rows of some counters by the values that these labels have in them.

        Gone through once for all of their values: for each by itself, judging every shop would take the square of their number.
        """
        having = partial(_having, selectors, names)
        codes: dict[Having, int] = {}
        of_series = [-1 if (found := having(each)) is None else codes.setdefault(found, len(codes)) for each in self._series]
        of_row = np.array(of_series, dtype="int64")[self._code] if of_series else np.zeros(0, dtype="int64")
        order = of_row.argsort(kind="stable")
        ends = np.searchsorted(of_row[order], np.arange(len(codes) + 1))
        return {
            found: (self._place[order[ends[code] : ends[code + 1]]], self._value[order[ends[code] : ends[code + 1]]])
            for found, code in codes.items()
        }

    def by_revision(self, selectors: Iterable[str]) -> Array:
        """Add up counters per minute for each revision, a row for each; none where no two wrote summaries."""
        revisions, chosen = self.windows.revisions, tuple(selectors)
        if revisions is None:
            return np.zeros((0, self.size))
        return revisions.totals(lambda series: selects(chosen, series.name), self.first, self.size)

    def highest(self, gauge: str) -> tuple[Array, Array]:
        """Give the highest measurement of each minute, NaN where there is none, and whether there is one."""
        place, found = self._chosen(self.windows.gauges, self._gauge == gauge, "value")
        value = np.full(self.size, np.nan)
        np.fmax.at(value, place, found)
        return value, ~np.isnan(value)

    def durations(self, label: str) -> tuple[Array, Array]:
        """Give the place and duration in ms of each slow request of a label."""
        return self._chosen(self.windows.slow, self._label == label, "duration_ms")

    def _chosen(self, table: ArrayTable, rows: Array, column: str) -> Rows:
        return table["minute"][rows] - self.first, table[column][rows]

    def usual(self, selectors: Iterable[str], labels: Mapping[str, str]) -> Array:
        """Give the least that other days had of counters in each minute, those only that have the labels; NaN if unknown."""
        asked, having = (tuple(selectors), tuple(labels)), tuple(labels.values())
        if asked not in self._leasts:
            self._leasts[asked] = {
                quarter: [_add_up(day, *asked) for day in days] for quarter, days in self.windows.usual.items() if days
            }
        least = {quarter: min(day.get(having, 0.0) for day in days) for quarter, days in self._leasts[asked].items()}
        return np.array([least.get(minute // QUARTER, np.nan) for minute in self.minutes.tolist()])

    def label_values(self, selectors: Iterable[str], label: str, *, usual: bool = False) -> list[str]:
        """Give the values that a label has in these counters and are told apart; with `usual` those too that other days had."""
        chosen = tuple(selectors)
        days = (day for each in self.windows.usual.values() for day in each) if usual else ()
        series = [*self._series, *map(parse_series, {key for day in days for key in day})]
        found = {each.labels[label] for each in series if label in each.labels and selects(chosen, each.name)}
        return sorted(found - {OTHERS})

    def levels(self, bounds: Bounds, value: Array, beyond: Array | None = None) -> Array:
        """Hold values against the two bounds; `beyond` says where it is a warning whatever the value."""
        warned = bounds.warning.holds(value) | (False if beyond is None else beyond)
        return np.where(warned, WARNING, np.where(bounds.normal.holds(value), NORMAL, ELEVATED))

    def columns(self, level: Array, value: Array, why: Mapping[Why, Array], **figures: Any) -> Columns:  # noqa: ANN401 - arrays or one value for all
        """Give a course's columns, with defaults for those left out.

        `why` says where each reason holds, the first of several. Where nothing is known the level is unknown and there is no
        value; a warning that is not proven is elevated, and nothing but a warning is final.
        """
        reason = np.select(list(why.values()), [WHYS.index(each) for each in why], default=0)
        unknown = _UNKNOWN[reason]
        unproven = reason == WHYS.index(Why.NOT_PROVEN)
        level = np.where(unknown, UNKNOWN, np.where(unproven, ELEVATED, level))
        told = {
            "level": level,
            "value": np.where(unknown, np.nan, value),
            "why": reason,
        }
        figures = {
            "numerator": np.nan, "denominator": np.nan, "span": 1, "certain": False, "final": False, "suspect": False,
            "shown": level, "eased": (level == ELEVATED) & ~unproven, "beside": None,
        } | figures  # fmt: skip
        figures["final"] = figures["final"] & (level == WARNING)
        columns = (told | figures).items()
        return {name: values if np.ndim(values) else np.broadcast_to(values, self.size) for name, values in columns}


def _having(selectors: Having, names: Having, series: Series) -> Having | None:
    """Give the values that these labels have in one of the counters; None where it is none of them, or has them not."""
    labels = series.labels
    if not selects(selectors, series.name) or not all(name in labels for name in names):
        return None
    return tuple(labels[name] for name in names)


def _add_up(day: Mapping[str, float], selectors: Having, names: Having) -> dict[Having, float]:
    """Add up a day's counters by the values that these labels have in them."""
    sums: dict[Having, float] = {}
    for key, value in day.items():
        found = _having(selectors, names, parse_series(key))
        if found is not None:
            sums[found] = sums.get(found, 0.0) + value
    return sums


def to_minutes(span: timedelta) -> int:
    """Give how many windows a length of time holds."""
    return span // WINDOW
