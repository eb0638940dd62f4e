"""`gauge`: a measured value, the highest of each window."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema

from logwatch.collect.parse import SILENT_MINUTES
from logwatch.errors import ConfigError
from logwatch.judge.kinds.interface import Curve, FigureForm, JudgedMetric, Knob, Played, Reads
from logwatch.judge.rules.drafts import Asked, Draft, value_cases
from logwatch.judge.rules.yaml_types import Model, read_as
from logwatch.judge.verdicts import Why
from logwatch.languages.keys import Key
from logwatch.ranges import Bounds
from logwatch.spans import WINDOW

if TYPE_CHECKING:
    from logwatch.judge.grid import Columns, Grid


class GaugeCase(Model):
    """What a case gives."""

    values: str | None = None


@dataclass(frozen=True, slots=True)
class Gauge:
    """A measured value."""

    series: str

    name: ClassVar = "gauge"
    proves: ClassVar = False
    form: ClassVar = FigureForm.PLAIN
    drawn: ClassVar[Key | None] = None
    published: ClassVar[JudgedMetric | None] = None
    reach: ClassVar = WINDOW
    knobs: ClassVar[Mapping[str, Knob]] = {}

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: type[Self], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read and write it as the bare name."""
        return read_as(str, cls, "series", handler)

    @property
    def reads(self) -> Reads:
        """What is measured."""
        return Reads(gauges=(self.series,))

    def judge(self, bounds: Bounds, grid: "Grid") -> "Iterator[tuple[dict[str, str], Columns]]":
        """Hold the highest measurement of each window against the bounds."""
        value, known = grid.highest(self.series)
        missing = Why.NO_LINES if known.any() or self.series == SILENT_MINUTES else Why.NO_ENDPOINT
        yield {}, grid.columns(grid.levels(bounds, value), value, {missing: ~known})

    def play(self, given: Mapping[str, Any], bounds: Bounds) -> Played:  # noqa: ARG002 - others need the bounds
        """Read `values`: one measurement a window."""
        return Played(gauges={self.series: GaugeCase.model_validate(given).values})

    def curves(self, rule: str, series: Sequence[str]) -> list[Curve]:  # noqa: ARG002 - others have a metric by rule
        """Draw what is measured."""
        return [Curve(self.series, legend=self.series)]

    @classmethod
    def draft(cls, asked: Asked) -> Draft:
        """Draft a rule with cases for each of its levels."""
        series = asked.measures
        if not series:
            raise ConfigError("which gauge?", where="--measures", hint=f"known: {', '.join(asked.gauges)}")
        in_ms = series.endswith("_ms")
        normal, warning = asked.bounds(*(("< 50 ms", "> 200 ms") if in_ms else ("<= 5", "> 20")))
        return Draft(
            entry=(f"  gauge: {series}",),
            counters=(),
            normal=normal,
            warning=warning,
            cases=value_cases(normal, warning),
            look=f"gauge: {series}, todo: grew",
            step={"ko": f"{series} 확인", "en": f"Check {series}"},
        )
