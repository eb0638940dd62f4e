"""`gauge`: a measured value, the highest of each window; what is measured may also be down, and then there is none."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from logwatch.collect.parse import BLIND, LATE_MINUTES, OWN_GAUGES, REFUSED_MINUTES, UNHEARD_MINUTES
from logwatch.errors import ConfigError
from logwatch.judge.kinds.interface import Curve, FigureForm, JudgedMetric, Knob, Played, Reads, Term, Weighed, hold
from logwatch.judge.rules.drafts import Asked, Draft, value_cases
from logwatch.judge.rules.yaml_types import Model, read_as
from logwatch.judge.verdicts import Why
from logwatch.languages.keys import Key
from logwatch.ranges import Bounds
from logwatch.spans import WINDOW

if TYPE_CHECKING:
    from logwatch.judge.grid import Columns, Grid


UNMEASURED = {
    UNHEARD_MINUTES: Why.ONLY_IN_RUN, REFUSED_MINUTES: Why.ONLY_IN_RUN, LATE_MINUTES: Why.NO_ARRIVALS,
}  # fmt: skip
"""Why some gauges have no value, where it is neither missing summaries nor a missing endpoint."""


class GaugeCase(Model):
    """What a case gives."""

    values: str | None = None
    down: str | None = None


class HealthGauge(Model):
    """A measured value, and the gauge that says whether what is measured is down."""

    measured: str
    down: str = Field(description="A gauge that is 1 while it is down: a warning, whatever is measured.")


@dataclass(frozen=True, slots=True)
class Gauge:
    """A measured value."""

    series: str
    down: str | None = None
    """The gauge that is 1 while what is measured is down."""

    name: ClassVar = "gauge"
    proves: ClassVar = False
    form: ClassVar = FigureForm.PLAIN
    drawn: ClassVar[Key | None] = None
    published: ClassVar[JudgedMetric | None] = None
    weeks: ClassVar[int | None] = None
    reach: ClassVar = WINDOW
    knobs: ClassVar[Mapping[str, Knob]] = {}

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: type[Self], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read and write it as the bare name, or as that and the other."""
        return read_as(str | HealthGauge, cls._of, "written", handler)

    @classmethod
    def _of(cls, given: str | HealthGauge) -> Self:
        return cls(given) if isinstance(given, str) else cls(given.measured, given.down)

    @property
    def written(self) -> str | HealthGauge:
        """As a rule file has it."""
        return HealthGauge(measured=self.series, down=self.down) if self.down else self.series

    @property
    def reads(self) -> Reads:
        """What is measured."""
        return Reads(gauges=(self.series,), down=self.down)

    def judge(self, bounds: Bounds, grid: "Grid") -> "Iterator[tuple[dict[str, str], Columns]]":
        """Hold the highest measurement of each window against the bounds; one that is down is surely beyond them.

        No further measurement lowers the highest; what logwatch finds out by itself of the lines, others can still correct.
        """
        value, known = grid.highest(self.series)
        down = grid.highest(self.down)[0] > 0 if self.down else ~known & known
        there = Why.NO_LINES if known.any() or self.series in BLIND else Why.NO_ENDPOINT
        missing = UNMEASURED.get(self.series, there)
        yield (
            {},
            grid.columns(
                grid.levels(bounds, value, down),
                value,
                {Why.DOWN: down, missing: ~known},
                certain=down,
                final=(down | (not bounds.warning.falls)) & (self.series not in OWN_GAUGES),
            ),
        )

    def weigh(self, bounds: Bounds, grid: "Grid", labels: Mapping[str, str], judged: "Columns") -> Weighed:  # noqa: ARG002 - others need them
        """Hold the highest measurement against what a warning needs; what is down is one whatever that says."""
        return Weighed(() if judged["certain"][-1] else (hold(Term.VALUE, judged["value"][-1], bounds.warning),))

    def play(self, given: Mapping[str, Any], bounds: Bounds) -> Played:  # noqa: ARG002 - others need the bounds
        """Read `values`: one measurement a window; and `down`: 1 where it is."""
        case = GaugeCase.model_validate(given)
        if case.down and not self.down:
            raise ValueError("the rule names no gauge for 'down'")
        return Played(gauges={self.series: case.values, **({self.down: case.down} if self.down else {})})

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
