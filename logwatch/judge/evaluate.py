"""Rules held against windows: a level for each rule, shop and window, and the figures it stands on."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from math import isnan

import numpy as np

from logwatch.count.tables import Array
from logwatch.count.windows import Windows, from_minute, to_minute
from logwatch.judge.grid import ELEVATED, LEVELS, UNKNOWN, WARNING, WHYS, Columns, Grid
from logwatch.judge.kinds.interface import Weighed
from logwatch.judge.kinds.slow import Slow
from logwatch.judge.rules.model import Rule
from logwatch.judge.verdicts import UNPROVEN, Level, Verdict, Why
from logwatch.spans import WINDOW, Span

CHUNK = 32
"""Windows whose verdicts are made together."""


@dataclass(frozen=True)
class Course:
    """The verdicts of one rule and set of labels, window by window."""

    rule: Rule
    labels: dict[str, str]
    minutes: Array
    """Of the windows' starts, one after the other."""
    columns: Columns

    def verdicts(self) -> list[Verdict]:
        """Give the verdict of each window."""
        names = (
            "level",
            "why",
            "value",
            "numerator",
            "denominator",
            "span",
            "suspect",
            "certain",
            "final",
            "shown",
            "eased",
            "beside",
        )
        rows = zip(self.minutes.tolist(), *(self.columns[name].tolist() for name in names), strict=True)
        return [
            Verdict(
                rule=self.rule.rule,
                labels=self.labels,
                window_end=from_minute(minute) + WINDOW,
                level=LEVELS[int(level)],
                value=_or_none(value),
                numerator=_or_none(numerator),
                denominator=_or_none(denominator),
                proven=None if level == UNKNOWN else WHYS[int(why)] is not Why.NOT_PROVEN,
                why=WHYS[int(why)],
                span=int(span) * WINDOW,
                suspect=bool(suspect),
                certain=bool(certain),
                final=bool(final),
                shown=None if shown == level else LEVELS[int(shown)],
                eased=bool(eased),
                beside=beside,
            )
            for minute, level, why, value, numerator, denominator, span, suspect, certain, final, shown, eased, beside in rows
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
        """The first of the worst windows, one that proves something if there is one; None where every window is unknown.

        One without a value is the worst warning (what is down cannot be measured), and the mildest of all else.
        """
        level, value = self.columns["level"], self.drawn
        known = level != UNKNOWN
        if not known.any():
            return None
        worst = known & (level == level[known].max())
        proven = worst & (self.columns["why"] != WHYS.index(Why.NOT_PROVEN))
        places = np.flatnonzero(proven if proven.any() else worst)
        badness = np.where(self.rule.warning.falls, -value, value)[places]
        unmeasured = np.inf if level[places[0]] == WARNING else -np.inf
        return self.verdict(int(self.minutes[places[np.where(np.isnan(badness), unmeasured, badness).argmax()]]))

    @property
    def drawn(self) -> Array:
        """What is judged in each window: the value; of slow requests their share, or their number where none are counted."""
        if not isinstance(self.rule.kind, Slow):
            return self.columns["value"]
        number, requests = self.columns["numerator"], self.columns["denominator"]
        if not self.rule.kind.requests:
            return number
        shares = np.where(number > 0, np.where(self.columns["level"] == WARNING, 1.0, np.nan), number)
        return np.where(requests > 0, np.minimum(number / np.where(requests > 0, requests, 1), 1.0), shares)

    def values(self) -> list[float | None]:
        """What is judged in each window, as it is drawn; None where nothing is known."""
        return [_or_none(value) for value in self.drawn.tolist()]

    def tones(self) -> list[str]:
        """How each window is shown."""
        quiet = (self.columns["level"] == ELEVATED) & ~self.columns["eased"].astype(bool)
        return [
            UNPROVEN if hushed else LEVELS[code] for code, hushed in zip(self.columns["level"].tolist(), quiet, strict=True)
        ]

    def levels(self) -> list[Level]:
        """The level of each window."""
        return [LEVELS[code] for code in self.columns["level"].tolist()]


@dataclass(frozen=True, slots=True)
class Judged:
    """A span, its windows (with those before it that sliding spans need), and a course for each rule and shop."""

    span: Span
    windows: Windows
    courses: tuple[Course, ...]


class VerdictTable:
    """The verdicts of some courses by the place of their window; made only where somebody looks."""

    def __init__(self, courses: Sequence[Course]) -> None:
        """Take courses over the same windows."""
        self._courses = courses
        self._made: dict[int, list[tuple[Verdict, ...]]] = {}
        self._size = len(courses[0].minutes) if courses else 0
        warned = np.zeros(self._size, bool)
        for course in courses:
            warned |= course.columns["level"] == WARNING
        self._warned: list[int] = np.flatnonzero(warned).tolist()

    def __len__(self) -> int:
        """Count the windows."""
        return self._size

    def __getitem__(self, place: int) -> tuple[Verdict, ...]:
        """Give the verdicts of one window, a verdict for each course."""
        number, rest = divmod(range(self._size)[place], CHUNK)
        if number not in self._made:
            part = slice(number * CHUNK, (number + 1) * CHUNK)
            parts = (replace(each, minutes=each.minutes[part], columns=_cut(each.columns, part)) for each in self._courses)
            self._made[number] = list(zip(*(each.verdicts() for each in parts), strict=True))
        return self._made[number][rest]

    def between(self, first: int, end: int) -> list[tuple[Verdict, ...]]:
        """Give the verdicts of the windows from `first` to before `end`, as far as there are any."""
        return [self[place] for place in range(first, min(end, self._size))]

    def next_eventful(self, place: int, end: int, ahead: int) -> int:
        """Give the first place from `place` on where there is a warning, or one among as many as `ahead` behind it.

        The last one before `end` where there is none before that. While nothing goes on (`State.is_calm`), those that are
        passed over change nothing.
        """
        found = bisect_left(self._warned, place)
        until = self._warned[found] - ahead if found < len(self._warned) else end
        return max(place, min(until, end - 1))


def _cut(columns: Columns, at: slice) -> Columns:
    return {name: values[at] for name, values in columns.items()}


def _or_none(value: float) -> float | None:
    return None if isnan(value) else float(value)


def weigh(rule: Rule, windows: Windows, span: Span) -> list[tuple[Course, Weighed]]:
    """Judge a rule over a span that ends with the windows, and give what its last verdict stands on for each set of labels."""
    at = slice(max(to_minute(span.start) - to_minute(windows.span.start), 0), None)
    grid = Grid(windows, at.start)
    found = [(labels, columns) for labels, columns in rule.kind.judge(rule.bounds, grid)]
    return [
        (Course(rule, labels, grid.minutes[at], _cut(columns, at)), rule.kind.weigh(rule.bounds, grid, labels, columns))
        for labels, columns in found
    ]


def evaluate(rules: Iterable[Rule], windows: Windows, span: Span | None = None) -> list[Course]:
    """Judge every window of `span`; the windows before it serve as the past that sliding spans need.

    A rule that is judged for each shop gives a course for all together first, then one for each shop seen.
    """
    span = span or windows.span
    first, last = (
        to_minute(each) - to_minute(windows.span.start) for each in (span.start, span.end - timedelta(microseconds=1))
    )
    at = slice(max(first, 0), max(last + 1, 0))
    grid = Grid(windows, at.start)
    minutes = grid.minutes[at]
    judged = ((rule, labels, columns) for rule in rules for labels, columns in rule.kind.judge(rule.bounds, grid))
    return [Course(rule, labels, minutes, _cut(columns, at)) for rule, labels, columns in judged if len(minutes)]
