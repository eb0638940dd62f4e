"""`ratio`: a share of events over a sliding span, a warning only on proof."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from math import isfinite, log, log10, nan
from typing import TYPE_CHECKING, Any, ClassVar, Literal

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
from logwatch.judge.rules.drafts import MANY, Asked, Draft, examples, listed, split_names
from logwatch.judge.rules.yaml_types import Duration, Model, Selectors, Stretch
from logwatch.judge.verdicts import Why
from logwatch.languages.keys import Key
from logwatch.ranges import Bounds, Range
from logwatch.spans import WINDOW

if TYPE_CHECKING:
    from logwatch.count.tables import Array
    from logwatch.judge.grid import Columns, Grid
    from logwatch.judge.sequential import Proven
    from logwatch.judge.significance import Counted


class Proof(Model):
    """What a ratio needs before it is called a warning."""

    weeks: int = Field(
        default=4,
        ge=1,
        description="At the middle between the bounds, chance makes one warning in so many weeks at the most.",
    )
    min_events: int = Field(default=5, ge=1, description="Events below which nothing is proven.")
    widen: Duration = Field(default=timedelta(hours=2), description="How far back evidence is sought.")


class RatioCase(Model):
    """What a case gives."""

    numerator: str | None = None
    denominator: str | None = None


PUBLISHED = JudgedMetric("ratio", "10^2.%", "The share that a rule judges, over its sliding span.")


class Ratio(Model):
    """A share of events over a sliding span."""

    numerator: Selectors
    denominator: Selectors
    by: str | None = Field(
        default=None, pattern=r"^\w+$", description="Label of the shops: judge for each of them too, not only for all together."
    )
    span: Stretch = Field(default=timedelta(minutes=5), description="The sliding span.")
    lag: Duration = Field(default=timedelta(0), description="How far numerators may trail their denominators.")
    settled: Selectors | None = Field(default=None, description="Counters whose events have certainly come to an end.")
    once: Selectors | None = Field(
        default=None, description="Counters of which one must have counted within reach: else this is not done here at all."
    )
    proof: Proof | Literal["none"] = Field(default_factory=Proof, description="'none' asks for min_events alone.")
    min_events: int = Field(default=1, ge=1, description="Where proof is none: events below which nothing is judged a warning.")

    name: ClassVar = "ratio"
    proves: ClassVar = True
    form: ClassVar = FigureForm.SHARE
    drawn: ClassVar[Key | None] = None
    published: ClassVar[JudgedMetric | None] = PUBLISHED

    @property
    def reads(self) -> Reads:
        """The counters of the share, those that say what has ended or is done at all, and the label of the shops."""
        by = (self.by,) if self.by else ()
        return Reads(counters=self.numerator + self.denominator + (self.settled or ()) + (self.once or ()), by=by)

    @property
    def weeks(self) -> int | None:
        """As its proof says."""
        return self.proof.weeks if isinstance(self.proof, Proof) else None

    @property
    def reach(self) -> timedelta:
        """How far proof may look back."""
        widest = self.proof.widen if isinstance(self.proof, Proof) else timedelta()
        return max(self.span, widest) + self.span + self.lag + WINDOW

    @property
    def knobs(self) -> Mapping[str, Knob]:
        """The span, and what proof asks for."""
        span = {"span": Knob(("span",), KnobScale.SPAN)}
        if self.proof == "none":
            return {**span, "min_events": Knob(("min_events",), KnobScale.COUNT)}
        return {
            **span,
            "min_events": Knob(("proof", "min_events"), KnobScale.COUNT),
            "weeks": Knob(("proof", "weeks"), KnobScale.COUNT),
        }

    def judge(self, bounds: Bounds, grid: "Grid") -> "Iterator[tuple[dict[str, str], Columns]]":
        """Judge all shops together, and where it is asked for, each."""
        yield {}, self._judge(bounds, grid, {})
        for value in grid.label_values(self.reads.counters, self.by) if self.by else ():
            labels = {str(self.by): value}
            yield labels, self._judge(bounds, grid, labels)

    def _judge(self, bounds: Bounds, grid: "Grid", labels: dict[str, str]) -> "Columns":
        """Judge a share over its sliding span, and call it a warning only on proof.

        A proven warning shows the stretch that shows most of it. Where the newest events are back to normal while the span
        still remembers others, these are shown.
        """
        import numpy as np

        from logwatch.judge.grid import ELEVATED, NORMAL, UNKNOWN, WARNING, to_minutes
        from logwatch.judge.sequential import Needs, prove
        from logwatch.judge.significance import share, sliding

        counted = self._counted(grid, labels)
        minutes = to_minutes(self.span)
        stretch = np.full(grid.size, minutes)
        numerator, denominator = counted.sums(minutes)
        proven, end = denominator >= self.min_events, {}
        if isinstance(self.proof, Proof):
            found = prove(counted, Needs(**dict(self.proof)), bounds, minutes, first=grid.asked)
            proven = found.stretch > 0
            stale = found.recovered & ~bounds.normal.holds(share(numerator, denominator))
            stretch = np.where(proven, found.stretch, np.where(stale, found.newest, minutes))
            numerator, denominator = (sliding(values, stretch) for values in (counted.numerator, counted.denominator))
            end = {
                "shown": np.select([found.recovered, found.abnormal | proven], [NORMAL, ELEVATED], UNKNOWN),
                "eased": found.eased,
            }
        value = share(numerator, denominator)
        level = grid.levels(bounds, value)
        warned = level == WARNING
        silent = sliding(grid.known, minutes) == 0
        settled = counted.settled(minutes)
        flawed = np.isnan(numerator + denominator) | (np.isnan(settled) & ~proven)
        empty = (denominator == 0) | (settled == 0)
        if self.once:
            empty |= sliding(grid.total(self.once, labels), to_minutes(self.reach)) == 0
        judged = ~(silent | flawed | empty)
        certain = judged & proven & warned & isinstance(self.proof, Proof)
        return grid.columns(
            level,
            value,
            {Why.NO_LINES: silent, Why.FLAWED: flawed, Why.NO_EVENTS: empty, Why.NOT_PROVEN: warned & ~proven},
            numerator=np.where(silent, np.nan, numerator),
            denominator=np.where(silent, np.nan, denominator),
            span=stretch,
            certain=certain,
            final=certain & (grid.complete | self._survives(counted, bounds, certain & ~grid.complete, grid.windows.open)),
            suspect=judged & (counted.sums(minutes)[0] > counted.most(minutes)),
            **end,
        )

    def _counted(self, grid: "Grid", labels: Mapping[str, str]) -> "Counted":
        from logwatch.judge.grid import to_minutes
        from logwatch.judge.significance import Counted

        ended = grid.total(self.settled, labels) if self.settled else None
        top, bottom = (grid.total(selectors, labels) for selectors in (self.numerator, self.denominator))
        return Counted(top, bottom, grid.known, ended=ended, lag=to_minutes(self.lag))

    def weigh(self, bounds: Bounds, grid: "Grid", labels: Mapping[str, str], judged: "Columns") -> Weighed:
        """Hold the share, its events and the evidence against what a warning needs, and the newest events against normal."""
        from logwatch.judge.grid import to_minutes
        from logwatch.judge.sequential import WEEK, Needs, evidence, fewest, prove

        counted, last = self._counted(grid, labels), grid.size - 1
        shown = hold(Term.SHARE, judged["value"][-1], bounds.warning)
        if not isinstance(self.proof, Proof):
            return Weighed((shown, hold(Term.EVENTS, judged["denominator"][-1], Range(">=", self.min_events))))
        needs, minutes = Needs(**dict(self.proof)), to_minutes(self.span)

        def found(more: "Counted") -> "Proven":
            return prove(more, needs, bounds, minutes, first=len(more.known) - 1)

        now, stretch = found(counted).now[-1], int(judged["span"][-1])
        weight = evidence(counted, needs, bounds, minutes, first=last)[-1] / log(10)
        tests = (
            shown,
            hold(Term.EVENTS, counted.settled(stretch)[-1], Range(">=", needs.min_events)),
            hold(Term.EVIDENCE, weight if isfinite(weight) else nan, Range(">=", log10(needs.weeks * WEEK))),
            hold(Term.NEWEST, now, bounds.normal.negated),
        )
        falls = bounds.warning.falls
        return Weighed(
            tests,
            None if judged["certain"][-1] else fewest(counted, lambda more: bool(found(more).stretch[-1]), numerator=not falls),
            None
            if bounds.normal.holds(now)
            else fewest(counted, lambda more: bool(found(more).recovered[-1]), numerator=falls),
        )

    def _survives(self, counted: "Counted", bounds: Bounds, asked: "Array", still_open: int) -> "Array":
        """Tell of the windows that are asked for whether their warning holds, whatever those may bring who are missing."""
        from logwatch.judge.grid import to_minutes
        from logwatch.judge.sequential import Needs, survives

        found = asked.copy()
        if isinstance(self.proof, Proof):
            needs, minutes = Needs(**dict(self.proof)), to_minutes(self.span)
            reach = needs.minutes + counted.lag + minutes  # no stretch of evidence begins earlier, and what clears it
            for place in asked.nonzero()[0]:
                found[place] = survives(counted.at_best(int(place), still_open, reach), needs, bounds, minutes)
        return found

    def play(self, given: Mapping[str, Any], bounds: Bounds) -> Played:  # noqa: ARG002 - others need the bounds
        """Read `numerator` and `denominator`, which stands for the events that the numerator leaves out."""
        case = RatioCase.model_validate(given)
        rest = [name for name in self.denominator if name not in self.numerator]
        if case.denominator is not None and not rest:
            raise ValueError("its denominator counts nothing that the numerator does not")
        return Played(counters={self.numerator[0]: case.numerator} | ({rest[0]: case.denominator} if rest else {}))

    def curves(self, rule: str, series: Sequence[str]) -> list[Curve]:  # noqa: ARG002 - others draw counters
        """Draw the share of each shop as it was judged."""
        return [Curve(PUBLISHED.name, {"rule": rule}, together=Together.WORST, by_shop=True)]

    @classmethod
    def draft(cls, asked: Asked) -> Draft:
        """Draft a rule with cases for each of its levels."""
        above, slash, below = (asked.measures or f"{asked.stem}.success / {asked.stem}.attempt").partition("/")
        numerator, denominator = split_names(above), split_names(below)
        if not slash or not numerator or not denominator:
            hint = "use e.g. 'coupon.success / coupon.attempt', 'page.found / page.found + page.lost'"
            raise ConfigError(f"'{asked.measures}' is not a valid share", where="--measures", hint=hint)
        normal, warning = asked.bounds("> 80 %", "< 60 %")
        within = bool({*numerator} & {*denominator})

        def case(name: str, value: float, rest: str, events: int = MANY, times: int = 4) -> str:
            part = round(events * value)
            whole = events - part if within else events
            return f'name: {name}, numerator: "{part}x{times}", denominator: "{whole}x{times}", {rest}'

        found = examples(normal, warning, most=1)
        share = f"{' + '.join(numerator)} / {' + '.join(denominator)}"
        names = {"n": "normal", "e": "between the bounds", "w": "beyond the bound"}
        return Draft(
            entry=("  ratio:", f"    numerator: {listed(numerator)}", f"    denominator: {listed(denominator)}"),
            counters=tuple(dict.fromkeys(numerator + denominator)),
            normal=normal,
            warning=warning,
            cases=(
                *(case(names[letter], found[letter], f'levels: "{letter}x4"') for letter in "new" if letter in found),
                case("a few events prove nothing", found["w"], 'levels: "ex3"', 1, 3),
                'name: silence is unknown, numerator: "_x2", denominator: "_x2", levels: "ux2"',
                case("what is normal does not fire", found["n"], 'states: ".x4"'),
                case("what is proven beyond doubt fires at once", found["w"], 'states: "Fx4"'),
            ),
            look=f"counters: {listed(dict.fromkeys(numerator + denominator))}",
            step={"ko": f"{share} 확인", "en": f"Check {share}"},
        )
