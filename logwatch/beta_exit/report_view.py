"""The exit conditions in words: what a day shows, what each condition means, and what is still needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logwatch.beta_exit.conditions import Gap, Gate, GateState, Mark
from logwatch.ranges import Range
from logwatch.ui.format import format_range, format_value

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from logwatch.judge.rules.model import RuleSet
    from logwatch.judge.rules.yaml_types import Text
    from logwatch.languages.keys import Key
    from logwatch.ui.format import Audience

SCHEMA = 1
NOT_MET = "not_met"
NEEDED: dict[str, Key] = {
    NOT_MET: "needed_not_met",
    Gap.NO_DAY: "needed_day",
    Gap.MISSING_HOURS: "needed_hours",
    Gap.NOT_MEASURED: "needed_measures",
}
"""What would show a day that does not show its condition."""
MARKS = {GateState.MET: "✓", GateState.NOT_MET: "✗", GateState.NOT_SHOWN: "?"}


@dataclass(frozen=True, slots=True)
class DayCell:
    """What one day says."""

    date: str
    state: GateState
    value: str
    """A dash where there is none."""
    counted: str
    """Of how many; empty where that says nothing."""
    why: str
    """Empty where the value says it all."""

    @property
    def figure(self) -> str:
        """The value with what it is made of."""
        return f"{self.value} ({self.counted})" if self.counted else self.value


@dataclass(frozen=True, slots=True)
class GateRow:
    """One condition."""

    name: str
    title: str
    """As it stands in the runbook."""
    state: GateState
    state_text: str
    definition: str
    """What is judged, in one sentence."""
    cells: tuple[DayCell, ...]
    needed: tuple[str, ...]

    @property
    def mark(self) -> str:
        """One character for the state."""
        return MARKS[self.state]


@dataclass(frozen=True, slots=True)
class ExitReport:
    """All conditions."""

    audience: Audience
    source: str
    dates: tuple[str, ...]
    rows: tuple[GateRow, ...]
    verdict: str

    @property
    def state(self) -> GateState:
        """What all of them together say."""
        states = {row.state for row in self.rows}
        return next((each for each in (GateState.NOT_MET, GateState.NOT_SHOWN) if each in states), GateState.MET)

    def say(self, key: Key, **values: object) -> str:
        """Give a text in the reader's language."""
        return self.audience.say(key, **values)


def build_exit_report(
    gates: Sequence[Gate], wanted: Sequence[date], rules: RuleSet, audience: Audience, source: str
) -> ExitReport:
    """Say what the days say of each condition."""
    runbook = rules.runbook_in(audience.lang)
    rows = tuple(_row(gate, title, rules, audience) for gate, title in zip(gates, runbook.gates, strict=True))
    met = sum(row.state is GateState.MET for row in rows)
    key: Key = "may_end" if met == len(rows) else "may_not_end"
    return ExitReport(
        audience=audience,
        source=source,
        dates=tuple(day.isoformat() for day in wanted),
        rows=rows,
        verdict=audience.say(key, met=met, of=len(rows)),
    )


def _row(gate: Gate, title: str, rules: RuleSet, audience: Audience) -> GateRow:
    return GateRow(
        name=gate.name,
        title=title,
        state=gate.state,
        state_text=audience.say(gate.state.key),
        definition=_definition(gate)[audience.lang].format(**_places(gate, rules)),
        cells=tuple(_cell(mark, gate, audience) for mark in gate.marks),
        needed=tuple(_needed(gate, audience)),
    )


def _definition(gate: Gate) -> Text:
    slow = gate.condition.slow
    return slow.means_number if slow and gate.unit != "%" else gate.condition.means


def _places(gate: Gate, rules: RuleSet) -> dict[str, object]:
    """Give what fills the places of a definition."""
    steady = gate.condition.steady
    floor = {"least": steady.least, "floor": format_range(rules.by_id[steady.rule].warning)} if steady else {}
    return {"bound": _bound(gate), **floor}


def _bound(gate: Gate) -> str:
    return gate.bound if gate.bound == "0" else format_range(Range.parse(gate.bound))


def _cell(mark: Mark, gate: Gate, audience: Audience) -> DayCell:
    value = _value(mark.value, gate)
    counted = gate.condition.counted[audience.lang].format(of=f"{mark.of:,.0f}") if mark.of and mark.value is not None else ""
    nothing = gate.condition.nothing
    if nothing and mark.why == nothing.why:
        return DayCell(mark.date, mark.state, value, counted, nothing.says[audience.lang])
    why = audience.say(Gap(mark.why).key, hours=_hours(mark.hours)) if mark.why else ""
    return DayCell(mark.date, mark.state, value, counted, why)


def _value(value: float | None, gate: Gate) -> str:
    """Write a figure with as many digits as it takes to lie on its own side of the bound: 1.09 % is not within 1 %."""
    if value is None or gate.unit != "%":
        return format_value(value, gate.unit)
    bound = Range.parse(gate.bound)
    told = (format_value(value, gate.unit, digits=digits) for digits in range(1, 5))
    return next((each for each in told if bound.holds(float(each[:-1]) / 100) == bound.holds(value)), f"{value * 100}%")


def _hours(hours: Sequence[int]) -> str:
    """Write hours of the clock, neighbours as one.

    >>> _hours([0, 1, 2, 9])
    '00–02, 09'
    """
    runs: list[list[int]] = []
    for hour in hours:
        if runs and hour == runs[-1][-1] + 1:
            runs[-1].append(hour)
        else:
            runs.append([hour])
    return ", ".join(f"{run[0]:02}" if len(run) == 1 else f"{run[0]:02}–{run[-1]:02}" for run in runs)


def _needed(gate: Gate, audience: Audience) -> list[str]:
    """Say what it would take, once for each reason."""
    by_reason: dict[str, list[str]] = {}
    for mark in gate.counting:
        if mark.state is not GateState.MET:
            reason = NOT_MET if mark.state is GateState.NOT_MET else mark.why
            by_reason.setdefault(reason, []).append(mark.date[5:])
    nothing, share = gate.condition.nothing, gate.condition.share
    needed = [
        nothing.needs[audience.lang].format(dates=", ".join(dates))
        if nothing and reason == nothing.why
        else audience.say(NEEDED[reason], dates=", ".join(dates))
        for reason, dates in by_reason.items()
    ]
    return needed + ([audience.say("needed_more_days", count=share.days)] if share and gate.too_few_days else [])


def exit_json(report: ExitReport, gates: Sequence[Gate], zone: str) -> dict[str, Any]:
    """Give the versioned document of `beta-exit`."""
    return {
        "schema": SCHEMA,
        "from": report.dates[0],
        "to": report.dates[-1],
        "zone": zone,
        "source": report.source,
        "state": report.state,
        "gates": [
            {
                "name": gate.name,
                "title": row.title,
                "state": gate.state,
                "bound": gate.bound,
                "definition": row.definition,
                "days": [
                    {
                        "date": mark.date,
                        "state": mark.state,
                        "value": mark.value,
                        "of": mark.of,
                        "why": mark.why,
                        "hours": list(mark.hours),
                    }
                    for mark in gate.marks
                ],
                "needed": list(row.needed),
            }
            for gate, row in zip(gates, report.rows, strict=True)
        ],
    }
