"""`quiet`: events held against how many were to be expected, a warning where next to none come and chance is no reason."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from math import log, log10
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from pydantic import Field

from logwatch.errors import ConfigError
from logwatch.judge.kinds.interface import (
    Curve,
    FigureForm,
    JudgedMetric,
    Knob,
    KnobScale,
    Played,
    Reads,
    Term,
    Together,
    Weighed,
    hold,
)
from logwatch.judge.kinds.ratio import PUBLISHED
from logwatch.judge.rules.drafts import Asked, Draft, examples, listed, split_names, write_number
from logwatch.judge.rules.yaml_types import Model, Selectors, Stretch
from logwatch.judge.verdicts import Why
from logwatch.languages.keys import Key
from logwatch.ranges import Bounds, Range
from logwatch.spans import WINDOW

if TYPE_CHECKING:
    from logwatch.count.tables import Array
    from logwatch.judge.grid import Columns, Grid

THIRDS = 3
"""Parts of the past, of which the poorest says what was to be expected: what fades or flares up expects little."""
HEARD = 0.8
"""Share of a part's windows that must have had a summary before it says anything."""


class QuietCase(Model):
    """What a case gives."""

    values: str | None = None
    beside: str | None = None
    usual: float | None = None


class Expectation(NamedTuple):
    """What was seen and expected in each window and those before it; a row for each length of the stretch, shortest first."""

    seen: "Array"
    expected: "Array"
    """NaN where nothing tells."""
    known: "Array"
    """Whether it is other days that tell, and not what was before."""


class _Around(NamedTuple):
    """What is the same for every shop; a row for each length of the stretch."""

    stretches: "Array"
    heard: "Array"
    """Windows of each with a summary."""
    ebb: "Array"
    """How much of what goes on beside is left in each."""


class _Stretch(NamedTuple):
    """The stretch of each window that is judged: the longest that shows something, or the shortest that could."""

    seen: "Array"
    expected: "Array"
    limit: "Array"
    """The share below which it is a warning."""
    known: "Array"
    minutes: "Array"
    proven: "Array"
    judged: "Array"
    """Whether enough were to be expected to say anything."""


class Quiet(Model):
    """Events, held against the same hours of the days before; where these are not known, against the last half hour."""

    counters: Selectors
    by: str | None = Field(default=None, pattern=r"^\w+$", description="Label of the shops: judge each of them too.")
    beside: Selectors | None = Field(
        default=None, description="Counters of what goes on meanwhile: where that ebbs too, less was to be expected."
    )
    span: Stretch = Field(default=timedelta(minutes=3), description="The shortest stretch that is looked at.")
    widen: Stretch = Field(default=timedelta(minutes=30), description="The longest one, and how long the past before it is.")
    busy: int = Field(default=25, ge=1, description="Events that each third of the past must have had to let expect anything.")
    sudden: Range = Field(
        default=Range("<", 0.02, "%"),
        description="What counts in place of the warning bound where only the past tells: the end of a sale is none.",
    )
    chance: float = Field(
        default=1e-9, gt=0, lt=0.01, description="How probable so few events may be, in one stretch, and still be a warning."
    )

    name: ClassVar = "quiet"
    proves: ClassVar = True
    form: ClassVar = FigureForm.SHARE
    drawn: ClassVar[Key | None] = "chart_quiet"
    published: ClassVar[JudgedMetric | None] = PUBLISHED
    weeks: ClassVar[int | None] = None

    @property
    def reads(self) -> Reads:
        """The counters, what goes on beside them, and the label of the shops."""
        by = (self.by,) if self.by else ()
        return Reads(counters=(*self.counters, *(self.beside or ())), by=by, hourly=self.counters)

    @property
    def reach(self) -> timedelta:
        """The longest stretch, and the past before it."""
        return 2 * self.widen + WINDOW

    @property
    def knobs(self) -> Mapping[str, Knob]:
        """How soon it may speak, how far it looks back, and what it takes for chance."""
        return {
            "span": Knob(("span",), KnobScale.SPAN),
            "widen": Knob(("widen",), KnobScale.SPAN),
            "busy": Knob(("busy",), KnobScale.COUNT),
            "sudden": Knob(("sudden",), KnobScale.BOUND),
            "chance": Knob(("chance",), KnobScale.CHANCE),
        }

    def judge(self, bounds: Bounds, grid: "Grid") -> "Iterator[tuple[dict[str, str], Columns]]":
        """Judge all shops together, and where it is asked for, each that ever had any."""
        around = self._around(grid)
        yield {}, self._judge(bounds, grid, {}, around)
        for value in grid.label_values(self.counters, self.by, usual=True) if self.by else ():
            labels = {str(self.by): value}
            yield labels, self._judge(bounds, grid, labels, around)

    def _judge(self, bounds: Bounds, grid: "Grid", labels: dict[str, str], around: _Around) -> "Columns":
        """Look for the longest stretch with fewer events than chance explains.

        Of a stretch that expects too few events to show anything, only whether there are any at all is known. Windows
        without a summary neither expect anything nor have any.
        """
        import numpy as np

        from logwatch.judge.grid import NORMAL, WARNING, to_minutes
        from logwatch.judge.significance import share, sliding

        events = grid.total(self.counters, labels)
        seen, expected, limit, known, minutes, proven, judged = self._look(bounds, grid, events, labels, around)
        value = np.where(judged, share(seen, np.round(expected)), np.nan)
        goes_on = ~judged | (~known & (value >= limit))
        level = np.where(proven, WARNING, np.where(goes_on, NORMAL, grid.levels(bounds, value)))
        span = to_minutes(self.span)
        return grid.columns(
            level,
            value,
            {
                Why.NO_LINES: sliding(grid.known, span) == 0,
                Why.FLAWED: np.isnan(sliding(events, span)),
                Why.NO_EVENTS: ~judged & (seen == 0),
                Why.NOT_PROVEN: (level == WARNING) & ~proven,
            },
            numerator=seen,
            denominator=np.where(judged, np.round(expected), np.nan),
            span=minutes,
            certain=proven,
        )

    def _look(self, bounds: Bounds, grid: "Grid", events: "Array", labels: Mapping[str, str], around: _Around) -> _Stretch:
        """Find for each window the stretch that is judged."""
        import numpy as np

        from logwatch.judge.grid import to_minutes

        found = self._expectation(grid, events, labels, around)
        enough = found.expected >= -log(self.chance)
        limit = np.where(found.known, bounds.warning.bound, self.sudden.bound)
        rare = _log_chance(found.seen, found.expected) <= log(self.chance)
        few = enough & rare & (found.seen < limit * found.expected)
        proven, judged = np.asarray(few.any(axis=0)), np.asarray(enough.any(axis=0))
        row = np.where(proven, len(few) - 1 - few[::-1].argmax(axis=0), enough.argmax(axis=0))
        seen, expected, limit, known = (
            np.take_along_axis(each, row[None], axis=0)[0] for each in (found.seen, found.expected, limit, found.known)
        )
        return _Stretch(seen, expected, limit, known, row + to_minutes(self.span), proven, judged)

    def weigh(self, bounds: Bounds, grid: "Grid", labels: Mapping[str, str], judged: "Columns") -> Weighed:
        """Hold the share, what was expected and the chance of so few against what a warning needs."""
        found = self._look(bounds, grid, grid.total(self.counters, labels), labels, self._around(grid))
        chance = _log_chance(found.seen[-1:], found.expected[-1:])[0]
        return Weighed((
            hold(Term.SHARE, judged["value"][-1], Range("<", float(found.limit[-1]), "%")),
            hold(Term.EXPECTED, found.expected[-1], Range(">=", -log(self.chance))),
            hold(Term.CHANCE, chance / log(10), Range("<=", log10(self.chance))),
        ))  # fmt: skip

    def _around(self, grid: "Grid") -> _Around:
        import numpy as np

        from logwatch.judge.grid import to_minutes
        from logwatch.judge.significance import sliding

        stretches = np.arange(to_minutes(self.span), to_minutes(self.widen) + 1)[:, None]
        heard = sliding(grid.known, stretches)
        return _Around(stretches, heard, self._ebb(grid, stretches, heard))

    def _expectation(self, grid: "Grid", events: "Array", labels: Mapping[str, str], around: _Around) -> Expectation:
        """Give what was seen and expected, over each stretch."""
        import numpy as np

        from logwatch.judge.significance import sliding

        stretches, heard, ebb = around
        usual = sliding(grid.usual(self.counters, labels) * grid.known, stretches)
        known = ~np.isnan(usual)
        before = self._expected(grid, events, stretches) * heard / stretches * ebb
        expected = np.where(known, usual, before)
        return Expectation(sliding(events, stretches), expected, known)

    def _expected(self, grid: "Grid", events: "Array", stretches: "Array") -> "Array":
        """Give how many events the past lets expect in each stretch; NaN where one of its parts is not known, or not busy.

        That is no more than its poorest part had. Where the last part had fewer than those before it, they are expected to go
        on like that, minute by minute, until there are none.
        """
        import numpy as np

        from logwatch.judge.grid import to_minutes
        from logwatch.judge.significance import sliding

        part = max(to_minutes(self.widen) // THIRDS, 1)
        heard = sliding(grid.known, part)
        rate = np.where(heard >= HEARD * part, sliding(events, part) / np.maximum(heard, 1), np.nan)
        rate = np.where(rate * part >= self.busy, rate, np.nan)
        parts = [_earlier(rate, each * part) for each in range(THIRDS)]
        fall = np.max([(each - parts[0]) / (part * back) for back, each in enumerate(parts) if back] + [0 * rate], axis=0)
        begin = np.maximum(parts[0] - fall * part / 2, 0)  # the rate of a part is that of its middle
        poorest, fall, begin = (_each_earlier(each, stretches) for each in (np.min(parts, axis=0), fall, begin))
        lasts = np.where(fall > 0, np.minimum(stretches, begin / np.where(fall > 0, fall, 1)), stretches)
        return np.asarray(np.minimum(poorest * stretches, begin * lasts - fall * lasts**2 / 2))

    def _ebb(self, grid: "Grid", stretches: "Array", heard: "Array") -> "Array":
        """Give how much of what goes on beside it is left in each stretch, of what there was before; 1 where nothing tells."""
        import numpy as np

        from logwatch.judge.grid import to_minutes
        from logwatch.judge.significance import sliding

        others, past = grid.total(self.beside or ()), to_minutes(self.widen)
        usual = sliding(others, past) / np.maximum(sliding(grid.known, past), 1)
        before = _each_earlier(usual, stretches)
        now = sliding(others, stretches) / np.maximum(heard, 1)
        return np.where(before > 0, np.minimum(now / np.where(before > 0, before, 1.0), 1.0), 1.0)

    def play(self, given: Mapping[str, Any], bounds: Bounds) -> Played:  # noqa: ARG002 - others need the bounds
        """Read `values`: the events of each window; `beside`: what goes on meanwhile; `usual`: what other days had a minute."""
        case = QuietCase.model_validate(given)
        if case.beside and not self.beside:
            raise ValueError("the rule names no counters for 'beside'")
        return Played(
            counters={self.counters[0]: case.values} | ({self.beside[0]: case.beside} if self.beside else {}),
            usual={self.counters[0]: case.usual} if case.usual is not None else {},
        )

    def curves(self, rule: str, series: Sequence[str]) -> list[Curve]:  # noqa: ARG002 - others draw counters
        """Draw the share of each shop as it was judged."""
        return [Curve(PUBLISHED.name, {"rule": rule}, together=Together.WORST, by_shop=True)]

    @classmethod
    def draft(cls, asked: Asked) -> Draft:
        """Draft a rule with cases for each of its levels."""
        names = split_names(asked.measures or asked.stem)
        normal, warning = asked.bounds("> 30 %", "< 10 %")
        if not warning.falls:
            raise ConfigError(f"'{warning}' is not a share below a bound", where="--warning", hint="use e.g. '< 10 %'")
        found = {letter: write_number(100 * value) for letter, value in examples(normal, warning, most=1).items()}
        levels = {"n": "normal", "e": "between the bounds", "w": "beyond the bound"}
        return Draft(
            entry=("  quiet:", f"    counters: {listed(names)}"),
            counters=names,
            normal=normal,
            warning=warning,
            cases=(
                *(
                    f'name: {levels[letter]}, values: "{found[letter]}x4", usual: 100, levels: "{letter}x4"'
                    for letter in "new"
                    if letter in found
                ),
                'name: silence is unknown, values: "_x2", levels: "ux2"',
                'name: it goes on, values: "20x40", states: ".x40"',
                'name: a busy half hour that breaks off, values: "20x35 0x4", states: ".x37 Fx2"',
            ),
            look=f"counters: {listed(names)}",
            step={"ko": f"{', '.join(names)} 확인", "en": f"Check {', '.join(names)}"},
        )


def _earlier(values: "Array", minutes: int) -> "Array":
    """Give each window the value of the one so many minutes before it; NaN where there is none."""
    import numpy as np

    return np.concatenate([np.full(minutes, np.nan), values])[: len(values)]


def _each_earlier(values: "Array", stretches: "Array") -> "Array":
    """Give each window the value of the one before its stretch, a row for each stretch."""
    import numpy as np

    return np.array([_earlier(values, minutes) for minutes in stretches[:, 0].tolist()])


def _log_chance(seen: "Array", expected: "Array") -> "Array":
    """Give the logarithm of how probable so few events are at the most, where so many are expected (Chernoff's bound)."""
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(seen > 0, seen * np.log(seen / expected), 0.0)
        return np.asarray(np.where(seen < expected, seen - expected - part, np.where(np.isnan(expected), np.nan, 0.0)))
