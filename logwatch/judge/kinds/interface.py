"""What a kind of rule answers for: how it is read, judged, tested, tuned, published, drawn and written.

What only a kind knows stands in its own file: as code where it judges, as plain records where others publish, draw, tune or
write. Whoever renders such a record matches it exhaustively. Reading rules must not load numpy, so a kind imports it where it
judges.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum, auto
from math import isnan
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from logwatch.languages import Worded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import timedelta

    from logwatch.judge.grid import Columns, Grid
    from logwatch.judge.rules.drafts import Asked, Draft
    from logwatch.languages.keys import Key
    from logwatch.ranges import Bounds, Range


@dataclass(frozen=True, slots=True)
class Reads:
    """What a rule reads of the windows, by name."""

    counters: tuple[str, ...] = ()
    """Selectors: names, `*` standing for the rest of one."""
    gauges: tuple[str, ...] = ()
    down: str | None = None
    """The gauge that is 1 while what is measured is down."""
    labels: tuple[str, ...] = ()
    """Of slow requests."""
    by: tuple[str, ...] = ()
    """Labels of counters that it tells shops apart by."""
    hourly: tuple[str, ...] = ()
    """Counters of which it asks what other days had at the same time."""


class FigureForm(StrEnum):
    """What a verdict's numerator and denominator say to people beside its value."""

    PLAIN = auto()
    """Nothing: `12`."""
    SHARE = auto()
    """What the value is a share of, over which stretch: `31.8% (34/107, 5 min)`."""
    EVENTS = auto()
    """What is judged, and the value beside it: `20% (8/40, 5 min, p95 812ms)`, `3× (5 min, p95 812ms)`."""


class KnobScale(StrEnum):
    """What a setting is, and so which values lie near it."""

    BOUND = auto()
    """A range, such as `> 5 %`."""
    WAIT = auto()
    """Minutes, or none."""
    SPAN = auto()
    """Minutes, one or more."""
    COUNT = auto()
    """Events, one or more."""
    CONFIDENCE = auto()
    """A probability near 1."""
    CHANCE = auto()
    """A probability near 0."""


@dataclass(frozen=True, slots=True)
class Knob:
    """One setting of a rule that can be tuned."""

    path: tuple[str, ...]
    """Keys that lead to it; those of a kind begin at the kind's own."""
    scale: KnobScale
    at_least: tuple[str, ...] = ()
    """Settings beside it that are never less."""


@dataclass(frozen=True, slots=True)
class JudgedMetric:
    """The metric under which the judged value itself is published, by rule and shop."""

    name: str
    unit: str
    """In UCUM, as Cloud Monitoring wants it."""
    help: str


class Together(StrEnum):
    """What becomes of several series at one place of a curve."""

    APART = auto()
    """There is but one."""
    SUM = auto()
    WORST = auto()
    """On whichever side of the bounds that lies."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One published series on the dashboard, or a shop each of it."""

    series: str
    """By the name that its windows have: `orders.tried`, `slow_request.p95`."""
    labels: Mapping[str, str] = field(default_factory=dict)
    together: Together = Together.APART
    by_shop: bool = False
    legend: str = ""
    """What it is called; a curve by shop is called like its shop."""
    stacked: bool = False
    """Bars, whose height together is what counts, and no line."""
    own_scale: bool = False
    """Whether it is held against no bound, and has a scale of its own."""


class PlayedSlow(NamedTuple):
    """Slow requests of a case."""

    events: str
    """How many, window by window."""
    duration_ms: float


@dataclass(frozen=True, slots=True)
class Played:
    """What a case of a `.test.yaml` lets happen window by window, in the notation of cases; None where it says nothing."""

    counters: Mapping[str, str | None] = field(default_factory=dict)
    gauges: Mapping[str, str | None] = field(default_factory=dict)
    slow: Mapping[str, PlayedSlow] = field(default_factory=dict)
    """By label."""
    revisions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Counters of a revision each."""
    usual: Mapping[str, float] = field(default_factory=dict)
    """Events a minute of a counter that other days had."""


class Term(Worded, families=("term",)):
    """What of a verdict is held against a limit."""

    VALUE = "value"
    SHARE = "share"
    NEWEST = "newest"
    """The share of the newest events alone: where that is normal again, nothing is proven any more."""
    EVENTS = "events"
    """How many events a stretch has."""
    SLOW = "slow"
    """How many slow requests."""
    EXPECTED = "expected"
    """How many were to be expected."""
    EVIDENCE = "evidence"
    """How much more probable the events are if it is a warning, added up over all stretches: its power of ten."""
    CHANCE = "chance"
    """How probable they are if it is none: its power of ten."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison that a warning stands on."""

    term: Term
    value: float | None
    """None where nothing is known."""
    needed: Range
    """What the value must be for a warning."""

    @property
    def holds(self) -> bool:
        """Whether it speaks for a warning."""
        return self.value is not None and bool(self.needed.holds(self.value))


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a verdict stands on: a warning is what passes every test, where nothing newer contradicts it."""

    tests: tuple[Compared, ...]
    to_prove: int | None = None
    """Events that go wrong in the window to come, with none that goes well, that would make it a warning; None: no number."""
    to_recover: int | None = None
    """Events that go well in the window to come, with none that goes wrong, that would show it to be normal; likewise."""


def hold(term: Term, value: float, needed: Range) -> Compared:
    """Hold a figure against what a warning needs; NaN is no figure."""
    return Compared(term, None if isnan(value) else float(value), needed)


class Kind(Protocol):
    """What a rule measures. A kind that leaves one of these questions open is refused by the type checker."""

    name: ClassVar[str]
    """Its key in a rule file."""
    proves: ClassVar[bool]
    """Whether a warning needs proof: without it the level is elevated."""
    form: ClassVar[FigureForm]
    drawn: ClassVar[Key | None]
    """Key of the text that says what its course shows; empty where it is what the rule's summary says."""
    published: ClassVar[JudgedMetric | None]
    """None where what it judges is published anyway."""

    @property
    def weeks(self) -> int | None:
        """Weeks at the middle between the bounds in which chance makes one warning at most; None where none are promised."""
        ...

    @property
    def reads(self) -> Reads:
        """What it reads of the windows."""
        ...

    @property
    def reach(self) -> timedelta:
        """How far before a window its verdict looks."""
        ...

    @property
    def knobs(self) -> Mapping[str, Knob]:
        """What can be tuned besides the bounds and `for`, by name, in the order to show it."""
        ...

    def judge(self, bounds: Bounds, grid: Grid) -> Iterator[tuple[dict[str, str], Columns]]:
        """Judge every window, for all shops together first, then for each where shops are told apart."""
        ...

    def weigh(self, bounds: Bounds, grid: Grid, labels: Mapping[str, str], judged: Columns) -> Weighed:
        """Give what the verdict of the grid's last window stands on, out of the columns of these labels."""
        ...

    def play(self, given: Mapping[str, Any], bounds: Bounds) -> Played:
        """Read the keys that a case gives; raises ValueError for those that mean nothing here."""
        ...

    def curves(self, rule: str, series: Sequence[str]) -> list[Curve]:
        """Give what the dashboard draws of a rule, out of all counters and gauges that are published."""
        ...

    @classmethod
    def draft(cls, asked: Asked) -> Draft:
        """Draft a new rule; raises ConfigError for what cannot be one."""
        ...
