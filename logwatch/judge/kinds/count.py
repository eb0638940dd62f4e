"""`count`: counters added up per sixty-second window, all shops."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema

from logwatch.judge.kinds.interface import Curve, FigureForm, JudgedMetric, Knob, Played, Reads, Term, Together, Weighed, hold
from logwatch.judge.rules.drafts import Asked, Draft, listed, split_names, value_cases
from logwatch.judge.rules.yaml_types import Model, Selectors, read_as, selects
from logwatch.judge.verdicts import Why
from logwatch.languages.keys import Key
from logwatch.ranges import Bounds
from logwatch.spans import WINDOW

if TYPE_CHECKING:
    from logwatch.judge.grid import Columns, Grid


class CountCase(Model):
    """What a case gives."""

    values: str | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """Counters added up per 60 s window, all shops."""

    selectors: tuple[str, ...]

    name: ClassVar = "count"
    proves: ClassVar = False
    form: ClassVar = FigureForm.PLAIN
    drawn: ClassVar[Key | None] = None
    published: ClassVar[JudgedMetric | None] = None
    weeks: ClassVar[int | None] = None
    reach: ClassVar = WINDOW
    knobs: ClassVar[Mapping[str, Knob]] = {}

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: type[Self], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read and write it as the bare counters."""
        return read_as(Selectors, cls, "selectors", handler)

    @property
    def reads(self) -> Reads:
        """Its counters."""
        return Reads(counters=self.selectors)

    def judge(self, bounds: Bounds, grid: "Grid") -> "Iterator[tuple[dict[str, str], Columns]]":
        """Hold the sum of each window against the bounds; one that is above stays so, whatever lines come."""
        import numpy as np

        value = grid.total(self.selectors)
        why = {Why.NO_LINES: ~grid.known, Why.FLAWED: np.isnan(value)}
        yield {}, grid.columns(grid.levels(bounds, value), value, why, final=not bounds.warning.falls)

    def weigh(self, bounds: Bounds, grid: "Grid", labels: Mapping[str, str], judged: "Columns") -> Weighed:  # noqa: ARG002 - others need them
        """Hold the sum against what a warning needs."""
        return Weighed((hold(Term.VALUE, judged["value"][-1], bounds.warning),))

    def play(self, given: Mapping[str, Any], bounds: Bounds) -> Played:  # noqa: ARG002 - others need the bounds
        """Read `values`: the sum of each window."""
        return Played(counters={self.selectors[0]: CountCase.model_validate(given).values})

    def curves(self, rule: str, series: Sequence[str]) -> list[Curve]:  # noqa: ARG002 - others have a metric by rule
        """Stack what is added up: the shops of one counter, or several counters."""
        names = [name for name in series if selects(self.selectors, name)]
        return [Curve(name, stacked=True, together=Together.SUM, by_shop=len(names) == 1, legend=name) for name in names]

    @classmethod
    def draft(cls, asked: Asked) -> Draft:
        """Draft a rule with cases for each of its levels."""
        names = split_names(asked.measures or asked.stem)
        normal, warning = asked.bounds("<= 5", "> 20")
        return Draft(
            entry=(f"  count: {listed(names)}",),
            counters=names,
            normal=normal,
            warning=warning,
            cases=value_cases(normal, warning),
            look=f"counters: {listed(names)}, todo: grew",
            step={"ko": f"{', '.join(names)} 확인", "en": f"Check {', '.join(names)}"},
        )
