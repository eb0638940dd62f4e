"""`slow`: slow requests of one label over a sliding span, a warning where there are more than chance explains."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from math import isnan, log10
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from logwatch.judge.kinds.interface import (
    Curve,
    FigureForm,
    JudgedMetric,
    Knob,
    KnobScale,
    Played,
    PlayedSlow,
    Reads,
    Term,
    Weighed,
    hold,
)
from logwatch.judge.rules.drafts import Asked, Draft, write_number
from logwatch.judge.rules.yaml_types import Model, Selectors, Stretch
from logwatch.judge.verdicts import Why
from logwatch.languages.keys import Key
from logwatch.ranges import Bounds, Range

if TYPE_CHECKING:
    from logwatch.judge.grid import Columns, Grid


def _share(least: Range) -> Range:
    if least.falls or least.unit != "%" or not 0 < least.bound < 1:
        raise ValueError(f"'{least}' is not a valid share of requests; use e.g. '>= 5 %'")
    return least


class SlowCase(Model):
    """What a case gives."""

    values: str | None = None
    requests: str | None = None
    ms: float | None = None


class Slow(Model):
    """Slow requests of one label over a sliding span."""

    label: str
    requests: Selectors | None = Field(default=None, description="Counters that add up to all requests of the label.")
    span: Stretch = timedelta(minutes=5)
    min_count: int = Field(default=3, ge=1, description="Slow requests below which nothing is judged a warning.")
    min_share: Annotated[Range, AfterValidator(_share)] = Field(
        default=Range(">=", 0.05, "%"), description="Share of the label's requests, where it is known."
    )
    chance: float = Field(default=1e-4, gt=0, le=1, description="How rarely a label at min_share may show as many by chance.")
    certain: float = Field(default=1e-5, gt=0, le=1, description="The same, below which a warning need not last.")

    name: ClassVar = "slow"
    proves: ClassVar = True
    form: ClassVar = FigureForm.EVENTS
    drawn: ClassVar[Key | None] = "chart_slow"
    published: ClassVar[JudgedMetric | None] = None
    weeks: ClassVar[int | None] = None
    knobs: ClassVar[Mapping[str, Knob]] = {
        "span": Knob(("span",), KnobScale.SPAN),
        "min_count": Knob(("min_count",), KnobScale.COUNT),
        "min_share": Knob(("min_share",), KnobScale.BOUND),
        "chance": Knob(("chance",), KnobScale.CHANCE),
    }

    @property
    def reads(self) -> Reads:
        """The label, and the counters of its requests."""
        return Reads(counters=self.requests or (), labels=(self.label,))

    @property
    def held(self) -> Bounds:
        """What is held against the bounds is no duration but how many are slow: a share where requests are counted."""
        least = self.min_share if self.requests else Range(">=", float(self.min_count), "")
        return Bounds(normal=least.negated, warning=least)

    @property
    def reach(self) -> timedelta:
        """How far its span goes back."""
        return self.span

    def judge(self, bounds: Bounds, grid: "Grid") -> "Iterator[tuple[dict[str, str], Columns]]":
        """Judge whether there are enough of them, and a share of all that chance does not explain."""
        import numpy as np

        from logwatch.judge.grid import NORMAL, WARNING, to_minutes
        from logwatch.judge.significance import Rarity, prove_slow, share, sliding, sliding_quantile

        place, duration = grid.durations(self.label)
        minutes = to_minutes(self.span)
        each, outside, beyond = (
            np.bincount(place, chosen, minlength=grid.size)
            for chosen in (np.ones(len(place)), ~bounds.normal.holds(duration), bounds.warning.holds(duration))
        )
        asked = grid.total(self.requests or ())
        rarity = Rarity(self.min_count, self.min_share.bound, self.chance, self.certain)
        shown = prove_slow(beyond, asked, rarity, minutes)
        silent = sliding(grid.known, minutes) == 0
        uncounted = self._uncounted(silent, grid)
        number = np.where(uncounted, sliding(beyond, minutes), self._uncountable(beyond, asked, minutes))
        alone = np.where(number >= self.min_count, minutes, 0)
        stretch = np.where(uncounted | (shown.stretch == 0), alone, shown.stretch)
        proven = stretch > 0
        stretch = np.where(proven, stretch, minutes)
        count, outside, requests = (sliding(values, stretch) for values in (each, outside, asked))
        flawed = np.isnan(requests) & (outside >= self.min_count) & ~proven
        requests = np.where(requests >= count, requests, 0)
        many = (outside >= self.min_count) & ((requests == 0) | self.min_share.holds(share(outside, requests)))
        unknown = silent & (count == 0)
        yield (
            {},
            grid.columns(
                np.where(proven | many, WARNING, NORMAL),
                sliding_quantile(place, duration, count, 0.95),
                {
                    Why.NO_LINES: unknown,
                    Why.FLAWED: flawed,
                    Why.NOT_PROVEN: many & ~proven,
                    Why.TOO_FEW: (count > 0) & ~many & ~proven,
                },
                numerator=np.where(unknown, np.nan, count),
                denominator=np.where(requests > 0, requests, np.nan),
                span=stretch,
                certain=shown.certain & ~uncounted,
                # More slow requests prove no less; more requests might, of windows that are not closed.
                final=proven & (grid.complete & ~uncounted if self.requests else True),
            ),
        )

    def weigh(self, bounds: Bounds, grid: "Grid", labels: Mapping[str, str], judged: "Columns") -> Weighed:  # noqa: ARG002 - others tell shops apart
        """Hold the number of slow requests, their share and its chance against what a warning needs."""
        import numpy as np

        from logwatch.judge.grid import to_minutes
        from logwatch.judge.significance import slow_chance

        number, requests = judged["numerator"][-1], judged["denominator"][-1]
        counts = hold(Term.SLOW, number, Range(">=", self.min_count))
        if not self.requests or isnan(requests):
            return Weighed((counts,))
        place, duration = grid.durations(self.label)
        beyond, asked = np.bincount(place, bounds.warning.holds(duration), minlength=grid.size), grid.total(self.requests)
        found = (slow_chance(beyond, asked, self.min_share.bound, each) for each in range(2, max(to_minutes(self.span), 2) + 1))
        rarest = min((chance[-1] for count, chance in found if count[-1] >= self.min_count), default=1.0)
        return Weighed((
            counts,
            hold(Term.SHARE, min(number / requests, 1.0), self.min_share),
            hold(Term.CHANCE, log10(max(rarest, 1e-300)), Range("<", log10(self.chance))),
        ))  # fmt: skip

    def _uncountable(self, beyond: Any, asked: Any, minutes: int) -> Any:  # noqa: ANN401 - columns
        """Give how many slow requests there are where they are more than the whole span's requests, else none.

        Then the requests are not what the slow ones are among: they come to no end that is counted. Those of the newest
        window may still be counted in the next.
        """
        from logwatch.judge.significance import sliding

        number = sliding(beyond, minutes) - beyond
        return number * (number > sliding(asked, minutes))

    def _uncounted(self, silent: Any, grid: "Grid") -> Any:  # noqa: ANN401 - columns
        """Tell for each window whether its span is without the counters that the label's requests are held against.

        Only the span counts, so that a run, whose view is short, says the same as a look at a whole day. In the very first
        window of a view the first summary may still be on its way.
        """
        uncounted = silent.copy() if self.requests else silent | True
        uncounted[:1] &= not (self.requests and grid.known.any())
        return uncounted

    def play(self, given: Mapping[str, Any], bounds: Bounds) -> Played:
        """Read `values`, how many are slow; `requests`, how many there are; `ms`, how slow, else beyond the warning bound."""
        case = SlowCase.model_validate(given)
        if case.requests is not None and not self.requests:
            raise ValueError("the rule names no counters of its requests")
        slow = PlayedSlow(case.values, case.ms or bounds.warning.bound + 1) if case.values is not None else None
        return Played(
            counters={self.requests[0]: case.requests} if self.requests else {}, slow={self.label: slow} if slow else {}
        )

    def curves(self, rule: str, series: Sequence[str]) -> list[Curve]:  # noqa: ARG002 - others draw counters, or by rule
        """Draw how slow they are, and how many."""
        label = {"label": self.label}
        durations = [Curve(f"slow_request.{name}", label, legend=name) for name in ("p50", "p95", "max")]
        return [*durations, Curve("slow_request.count", label, stacked=True, legend="count", own_scale=True)]

    @classmethod
    def draft(cls, asked: Asked) -> Draft:
        """Draft a rule with cases for each of its levels."""
        label = asked.measures or asked.stem.removeprefix("slow.")
        normal, warning = asked.bounds("< 500 ms", "> 1000 ms")
        between = write_number((normal.bound + warning.bound) / 2)
        lines = next(iter(asked.known), "case.lines")

        def series(times: int) -> str:
            return f'series: {{{lines}: "1x{times}"}}'

        return Draft(
            entry=(
                "  # requests: counters that add up to all requests of the label, to ask for a share of them",
                f"  slow: {{label: {label}}}",
            ),
            counters=(),
            normal=normal,
            warning=warning,
            cases=(
                f'name: a single one wakes nobody, values: "0 1 0x2", {series(4)}, levels: "nx4"',
                f'name: between the bounds, values: "4x2", ms: {between}, {series(2)}, levels: "ex2"',
                f'name: beyond the bound, values: "0 4x3", {series(4)}, levels: "n wx3"',
                'name: silence is unknown, values: "_x2", levels: "ux2"',
                f'name: two windows in a row fire, values: "0 4x3", {series(4)}, states: ". p Fx2"',
            ),
            look="slow: true, todo: grew",
            step={"ko": f"느린 {label} 요청의 경로 확인", "en": f"Check the routes of slow {label} requests"},
        )
