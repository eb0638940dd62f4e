"""`contrast`: the share of events that fail on the newest revision, a warning where it is proven worse than beside it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from math import log10, nan
from typing import TYPE_CHECKING, Any, ClassVar

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
from logwatch.judge.rules.drafts import Asked, Draft, examples, listed, split_names
from logwatch.judge.rules.yaml_types import Model, Selectors, Stretch
from logwatch.judge.verdicts import Beside, Why
from logwatch.languages.keys import Key
from logwatch.ranges import Bounds, Range
from logwatch.spans import WINDOW

if TYPE_CHECKING:
    from logwatch.count.tables import Array
    from logwatch.judge.grid import Columns, Grid

FRESH = 3
"""Windows within which a revision must have written a summary to count as alive."""
CASE = ("case-00001-old", "case-00002-new")
"""The revisions of a case."""


class ContrastCase(Model):
    """What a case gives, window by window: how many fail of how many, on the old revision and on the new one."""

    old: tuple[str, str] | None = None
    new: tuple[str, str] | None = None


class Contrast(Model):
    """The share of events that fail on the newest revision, held against that of the others that are alive beside it."""

    failed: Selectors
    among: Selectors = Field(description="Counters of all such events, those that fail too.")
    widen: Stretch = Field(default=timedelta(minutes=30), description="How far back two revisions are compared at the most.")
    span: Stretch = Field(default=timedelta(minutes=5), description="The shortest stretch that shows how it stands now.")
    min_events: int = Field(
        default=10,
        ge=1,
        description="Events of the newest revision that a stretch needs: fewer prove nothing, and end nothing.",
    )
    once_in: Stretch = Field(
        default=timedelta(weeks=52),
        description="Time of two equal revisions side by side in which chance alone makes one warning at the most, on average.",
    )

    name: ClassVar = "contrast"
    proves: ClassVar = True
    form: ClassVar = FigureForm.SHARE
    drawn: ClassVar[Key | None] = None
    published: ClassVar[JudgedMetric | None] = PUBLISHED
    weeks: ClassVar[int | None] = None

    @property
    def reads(self) -> Reads:
        """The counters of both."""
        return Reads(counters=(*self.failed, *self.among))

    @property
    def reach(self) -> timedelta:
        """How far back revisions are compared, and told old from new."""
        return self.widen + WINDOW

    @property
    def knobs(self) -> Mapping[str, Knob]:
        """How far it looks back, and how many events it asks for."""
        return {
            "widen": Knob(("widen",), KnobScale.SPAN),
            "min_events": Knob(("min_events",), KnobScale.COUNT),
        }

    def judge(self, bounds: Bounds, grid: "Grid") -> "Iterator[tuple[dict[str, str], Columns]]":
        """Judge the newest revision of each window, all shops together; where one is alone, nothing is the matter.

        Where no summary names its revision, nobody knows whether it is.
        """
        import numpy as np

        from logwatch.judge.grid import NORMAL, to_minutes
        from logwatch.judge.significance import sliding

        silent, unnamed = (sliding(each, to_minutes(self.span)) == 0 for each in (grid.known, grid.named))
        nothing = np.full(grid.size, np.nan)
        alone = grid.columns(np.full(grid.size, NORMAL), nothing, {Why.NO_LINES: silent, Why.NO_REVISION: unnamed})
        if grid.windows.revisions is None:
            yield {}, alone
            return
        found = {name: values.copy() for name, values in alone.items()}
        alive = grid.windows.revisions.alive(grid.first, grid.size)
        newest = _newest(alive, grid.windows.revisions.names, to_minutes(self.widen))
        for each in np.unique(newest[newest >= 0]).tolist():
            judged, at = self._judge(bounds, grid, alive, each), newest == each
            for name, values in judged.items():
                found[name][at] = values[at]
        yield {}, found

    def _judge(self, bounds: Bounds, grid: "Grid", alive: "Array", one: int) -> "Columns":
        """Hold one revision against all others, over the windows in which it wrote a summary and one of them did too."""
        import numpy as np

        from logwatch.judge.grid import ELEVATED, NORMAL, WARNING
        from logwatch.judge.significance import share, sliding

        counted, evidence, best = self._gather(grid, alive, one)
        failed, _, events, _ = counted
        proven = (evidence >= self.once_in // WINDOW) & (sliding(events, best) >= self.min_events)
        recent = self._recent(events)
        # A stretch remembers what is over: what is shown of the newest events says how it stands now.
        lasts = proven & bounds.warning.holds(share(sliding(failed, recent), sliding(events, recent)))
        stretch = np.where(lasts, best, recent)
        figures = [sliding(values, stretch) for values in counted]
        value = share(figures[0], figures[2])
        better = ~(value > share(figures[1], figures[3]))
        level = np.where(better, NORMAL, grid.levels(bounds, value))
        told = grid.columns(
            level,
            value,
            {
                Why.FLAWED: np.isnan(sum(figures)),
                Why.NO_EVENTS: (figures[2] == 0) | (figures[3] == 0),
                Why.NOT_PROVEN: (level == WARNING) & ~lasts,
            },
            numerator=figures[0],
            denominator=figures[2],
            span=stretch,
            certain=(level == WARNING) & lasts,
        )
        bad = np.flatnonzero((told["level"] == WARNING) | (told["level"] == ELEVATED))
        return told | {"beside": self._beside(grid, alive, one, figures, bad)}

    def _gather(self, grid: "Grid", alive: "Array", one: int) -> tuple[list["Array"], "Array", "Array"]:
        """Give who fails of how many, on one revision and on the others, how that is evidence, and over which stretch."""
        import numpy as np

        from logwatch.judge.grid import to_minutes
        from logwatch.judge.odds import gather, log_evidence

        others = np.arange(len(alive)) != one
        together = alive[one] & alive[others].any(axis=0)
        counted = []
        for selectors in (self.failed, self.among):
            totals = grid.by_revision(selectors)
            counted += [np.where(together, totals[one], 0.0), np.where(together, totals[others].sum(axis=0), 0.0)]
        failed, other_failed, events, other_events = counted
        return counted, *gather(log_evidence(failed, events, other_failed, other_events), together, to_minutes(self.widen))

    def weigh(self, bounds: Bounds, grid: "Grid", labels: Mapping[str, str], judged: "Columns") -> Weighed:  # noqa: ARG002 - others tell shops apart
        """Hold the share, its events and the evidence against what a warning needs; of a revision alone there is none."""
        from logwatch.judge.grid import to_minutes
        from logwatch.judge.significance import sliding

        if grid.windows.revisions is None:
            return Weighed(())
        alive = grid.windows.revisions.alive(grid.first, grid.size)
        newest = int(_newest(alive, grid.windows.revisions.names, to_minutes(self.widen))[-1])
        if newest < 0:
            return Weighed(())
        counted, evidence, best = self._gather(grid, alive, newest)
        return Weighed((
            hold(Term.SHARE, judged["value"][-1], bounds.warning),
            hold(Term.EVENTS, sliding(counted[2], best)[-1], Range(">=", self.min_events)),
            hold(Term.EVIDENCE, log10(evidence[-1]) if evidence[-1] else nan, Range(">=", log10(self.once_in // WINDOW))),
        ))  # fmt: skip

    def _recent(self, events: "Array") -> "Array":
        """Give for each window the shortest stretch, from the span on, that has enough events to show how it stands now."""
        import numpy as np

        from logwatch.judge.grid import to_minutes
        from logwatch.judge.significance import sliding

        shortest, widest = to_minutes(self.span), to_minutes(self.widen)
        stretch = np.full(len(events), widest)
        for minutes in range(widest, shortest - 1, -1):
            stretch[sliding(events, minutes) >= self.min_events] = minutes
        return stretch

    def _beside(self, grid: "Grid", alive: "Array", one: int, figures: list["Array"], places: "Array") -> "Array":
        """Name both sides of the windows at these places."""
        import numpy as np

        from logwatch.count.windows import from_minute
        from logwatch.judge.grid import to_minutes

        names, reach = grid.windows.revisions.names if grid.windows.revisions else (), to_minutes(self.widen)
        beside = np.full(grid.size, None, dtype=object)
        for at in places.tolist():
            begin = max(at - reach + 1, 0)
            seen = alive[:, begin : at + 1]
            since = begin + int(seen[one].argmax())
            others = tuple(name for row, name in enumerate(names) if row != one and seen[row].any())
            beside[at] = Beside(
                names[one],
                from_minute(grid.first + since) if since > begin else None,
                others,
                float(figures[1][at]),
                float(figures[3][at]),
            )
        return beside

    def play(self, given: Mapping[str, Any], bounds: Bounds) -> Played:  # noqa: ARG002 - others need the bounds
        """Read `old` and `new`: how many fail, and how many there are; or how many do not, where the rule adds up both."""
        case = ContrastCase.model_validate(given)
        rest = next((name for name in self.among if name not in self.failed), self.among[0])
        sides = {name: side for name, side in zip(CASE, (case.old, case.new), strict=True) if side}
        return Played(revisions={name: {self.failed[0]: side[0], rest: side[1]} for name, side in sides.items()})

    def curves(self, rule: str, series: Sequence[str]) -> list[Curve]:  # noqa: ARG002 - others draw counters
        """Draw the share as it was judged."""
        return [Curve(PUBLISHED.name, {"rule": rule}, together=Together.WORST, by_shop=True)]

    @classmethod
    def draft(cls, asked: Asked) -> Draft:
        """Draft a rule with cases for each of its levels."""
        above, slash, below = (asked.measures or f"{asked.stem}.failed / {asked.stem}.attempt").partition("/")
        failed, among = split_names(above), split_names(below)
        if not slash or not failed or not among or {*failed} & {*among}:
            raise ConfigError(
                f"'{asked.measures}' is not a valid share of failures",
                where="--measures",
                hint="use e.g. 'coupon.error / coupon.attempt'",
            )
        normal, warning = asked.bounds("<= 10 %", "> 20 %")
        found = examples(normal, warning, most=1)
        good, some = ['"0x4", "3000x4"', '"0 0", "30 30"'], '"1 1", "1 1"'
        names = {"n": "as good as the other", "e": "between the bounds", "w": "worse than the other"}

        def side(letter: str) -> str:
            return f'old: [{good[0]}], new: ["{round(1000 * found[letter])}x4", "1000x4"]'

        return Draft(
            entry=("  contrast:", f"    failed: {listed(failed)}", f"    among: {listed(among)}"),
            counters=(*failed, *among),
            normal=normal,
            warning=warning,
            cases=(
                *(f'name: {names[letter]}, {side(letter)}, levels: "{letter}x4"' for letter in "new" if letter in found),
                f'name: a few events prove nothing, old: [{good[1]}], new: [{some}], levels: "e e"',
                'name: silence is unknown, old: ["_x1", "_x1"], levels: "ux1"',
                f'name: what is as good as the other does not fire, {side("n")}, states: ".x4"',
                f'name: what is proven fires at once, {side("w")}, states: "Fx4"',
            ),
            look=f"counters: {listed(failed)}",
            step={"ko": f"새 리비전의 {', '.join(failed)} 확인", "en": f"Check {', '.join(failed)} on the new revision"},
        )


def _newest(alive: "Array", names: Sequence[str], reach: int) -> "Array":
    """Give for each window the revision that appeared last within `reach`, of those alive; -1 where no other is.

    Of several that were there before, it is the one whose name comes last: they are numbered.
    """
    import numpy as np

    from logwatch.judge.significance import sliding

    fresh = np.array([sliding(row, FRESH) > 0 for row in alive])
    minutes = np.arange(alive.shape[1])
    rank = np.argsort(np.argsort(names))
    since = np.array([_first_seen(row, reach) for row in alive])
    order = np.where(fresh, since * len(names) + rank[:, None], -1)
    return np.where(fresh.sum(axis=0) > 1, order.argmax(axis=0), -1)[minutes]


def _first_seen(row: "Array", reach: int) -> "Array":
    """Give for each window the first place within `reach` at which a revision wrote; its end where it did not."""
    import numpy as np

    places = np.append(np.flatnonzero(row), len(row))
    begin = np.maximum(np.arange(len(row)) - reach + 1, 0)
    return np.asarray(places[np.searchsorted(places, begin)])
