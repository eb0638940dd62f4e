"""The exit conditions in words: what a day shows, what each condition means, and what is still needed."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import TYPE_CHECKING

from logwatch.beta_exit.conditions import Gap, Gate, GateState, Mark
from logwatch.beta_exit.running_day import Outlook
from logwatch.ranges import Range
from logwatch.ui.findings import unread_texts
from logwatch.ui.format import NOTHING, format_range, format_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from logwatch.beta_exit.judged_week import ExitProof, JudgedGate, JudgedWeek
    from logwatch.beta_exit.largest_loss import LargestLoss
    from logwatch.beta_exit.running_day import DayBudget
    from logwatch.judge.rules.model import RuleSet
    from logwatch.judge.rules.yaml_types import Text
    from logwatch.languages.keys import Key
    from logwatch.ui.format import Audience

NEEDED: dict[str, Key] = {
    Gap.NO_DAY: "needed_day",
    Gap.MISSING_HOURS: "needed_hours",
    Gap.NOT_MEASURED: "needed_measures",
}
"""What would show a day that does not show its condition."""
FILLABLE = {Gap.NO_DAY, Gap.MISSING_HOURS}
"""Gaps that logs from elsewhere may fill: what was not measured is not known by anybody."""
SHORT = 16
"""Digits of a hash that people compare."""
MARKS = {GateState.MET: "✓", GateState.NOT_MET: "✗", GateState.NOT_SHOWN: "?"}
SURELY = 1.959964
"""Standard deviations of an interval that holds the true share 95 times in 100."""


@dataclass(frozen=True, slots=True)
class DayCell:
    """What one day says."""

    date: str
    state: GateState
    amount: float | None
    value: str
    """It in words, a dash where there is none."""
    counted: str
    """Of how many; empty where that says nothing."""
    interval: str
    """Where the true share lies, 95 times in 100; empty where it is no share."""
    why: str
    """Empty where the value says it all; the number of its gap where nothing is shown."""

    @property
    def figure(self) -> str:
        """The value with what it is made of."""
        beside = ", ".join(filter(None, [self.counted, self.interval]))
        return f"{self.value} ({beside})" if beside else self.value


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
    progress: str
    """How many of the days that it takes are met, and when all may be at the earliest."""
    days_met: str
    earliest: str
    """A dash where it is met, or nobody can tell."""
    cells: tuple[DayCell, ...]
    losses: tuple[str, ...]
    """What cost the failed days most."""
    today: str
    """What the running day may still lose; empty where nothing is known of it."""
    near: str
    """Which days chance alone could have put on the other side of the bound; empty where none."""
    needed: tuple[str, ...]

    @property
    def told(self) -> tuple[str, ...]:
        """What stands in its way, and what it would take."""
        return (*self.losses, *filter(None, [self.near]), *self.needed)

    @property
    def mark(self) -> str:
        """One character for the state."""
        return MARKS[self.state]


@dataclass(frozen=True, slots=True)
class GapRow:
    """A stretch of which nothing is known, for some conditions or all."""

    number: int
    what: str
    dates: str
    titles: tuple[str, ...]
    """The conditions that it leaves open."""
    needed: str

    @property
    def line(self) -> str:
        """All of it in one line."""
        return f"{self.dates} {self.what} · {', '.join(self.titles)}"


@dataclass(frozen=True, slots=True)
class ExitReport:
    """All conditions."""

    audience: Audience
    source: str
    dates: tuple[str, ...]
    as_of: str
    rows: tuple[GateRow, ...]
    gaps: tuple[GapRow, ...]
    quiet: tuple[str, ...]
    """Stretches without a line of any kind, which are counted as idle."""
    verdict: str
    notes: tuple[str, ...]
    """What could not be read, how many conditions failed and are not shown, and when the beta may end at the earliest."""
    today: str
    """Which day runs, and up to when it is counted; empty where nothing is known of it."""
    proof: tuple[tuple[str, str], ...]
    """What it takes to come to the same answer again: a name and what it is."""
    command: str

    @property
    def span(self) -> str:
        """The days, one of them where it is one."""
        return " – ".join(dict.fromkeys((self.dates[0], self.dates[-1])))

    @property
    def state(self) -> GateState:
        """What all of them together say."""
        states = {row.state for row in self.rows}
        return next((each for each in (GateState.NOT_MET, GateState.NOT_SHOWN) if each in states), GateState.MET)

    def without_lines(self, most: int | None = None) -> str:
        """Say which stretches are counted as idle, the first ones or all; empty where there is none."""
        if not self.quiet:
            return ""
        shown, more = self.quiet[:most], len(self.quiet[most:]) if most else 0
        return self.say("exit_quiet", spans=", ".join(shown) + (f" {self.say('exit_quiet_more', count=more)}" if more else ""))

    def say(self, key: Key, **values: object) -> str:
        """Give a text in the reader's language."""
        return self.audience.say(key, **values)


def build_exit_report(judged: JudgedWeek, rules: RuleSet, audience: Audience, source: str) -> ExitReport:
    """Say what the days say of each condition."""
    titles = rules.runbook_in(audience.lang).gates
    gaps, numbers = _gaps([each.gate for each in judged.gates], titles, audience)
    rows = tuple(_row(each, title, numbers, rules, audience) for each, title in zip(judged.gates, titles, strict=True))
    counts = {str(state): judged.count(state) for state in GateState}
    key: Key = "may_end" if counts["met"] == len(rows) else "may_not_end"
    notes = unread_texts(judged.unread or {}, audience.lang)
    notes += [audience.say("exit_apart", **counts)] if key == "may_not_end" else []
    fillable = any(mark.why in FILLABLE for each in judged.gates for mark in each.gate.counting)
    end: Key = "exit_earliest_gaps" if fillable else "exit_earliest"
    today = audience.say("exit_today", at=audience.date(judged.counted_to)) if judged.counted_to else ""
    answered, counted = (judged.proof.until.astimezone(zone).utcoffset() for zone in (audience.zone, judged.zone))
    notes += [audience.say("exit_zone", zone=judged.zone)] if answered != counted else []
    return ExitReport(
        audience=audience,
        source=source,
        dates=tuple(day.isoformat() for day in judged.wanted),
        as_of=audience.say("exit_as_of", at=audience.date(judged.proof.until)),
        rows=rows,
        gaps=gaps,
        quiet=tuple("–".join(audience.stretch(*each)) for each in judged.quiet),
        verdict=audience.say(key, met=counts["met"], of=len(rows)),
        notes=(*notes, *([audience.say(end, date=judged.earliest)] if judged.earliest else [])),
        today=today,
        proof=_proof(judged.proof, source, audience),
        command=judged.proof.command,
    )


def _proof(proof: ExitProof, source: str, audience: Audience) -> tuple[tuple[str, str], ...]:
    return (
        (audience.say("exit_proof_source"), source),
        (audience.say("exit_proof_until"), audience.date(proof.until)),
        (audience.say("exit_proof_rules"), f"{proof.rules} · sha256 {proof.rules_digest[:SHORT]}…"),
        (audience.say("exit_proof_figures"), f"sha256 {proof.figures_digest[:SHORT]}…"),
    )


Hole = tuple[str, str, tuple[int, ...]]
"""A day, and why and in which hours nothing is known of it."""


def _gaps(
    gates: Sequence[Gate], titles: Sequence[str], audience: Audience
) -> tuple[tuple[GapRow, ...], Mapping[tuple[str, Hole], int]]:
    """Number what is not known, each once whatever it leaves open; gives the number by condition and day too."""
    left_open: dict[Hole, list[int]] = defaultdict(list)
    for place, gate in enumerate(gates):
        for mark in gate.marks:
            if mark.state is GateState.NOT_SHOWN:
                left_open[mark.date, mark.why, mark.hours].append(place)
    alike: dict[tuple[str, tuple[int, ...], tuple[int, ...]], list[Hole]] = defaultdict(list)
    for hole in sorted(left_open):
        alike[hole[1], hole[2], tuple(left_open[hole])].append(hole)
    rows, number = [], count(1)
    numbers: dict[tuple[str, Hole], int] = {}
    for (why, hours, places), holes in alike.items():
        at, nothing, dates = next(number), gates[places[0]].condition.nothing, say_dates([day for day, _, _ in holes])
        own = nothing if nothing and why == nothing.why else None
        what = own.says[audience.lang] if own else audience.say(Gap(why).key, hours=say_hours(hours))
        needs = own.needs[audience.lang].format(dates=dates) if own else audience.say(NEEDED[why], dates=dates)
        open_ = (audience.say("exit_all"),) if len(places) == len(gates) > 1 else tuple(titles[place] for place in places)
        rows.append(GapRow(at, what, dates, open_, needs))
        numbers |= {(gates[place].name, hole): at for place in places for hole in holes}
    return tuple(rows), numbers


def say_dates(dates: Sequence[str]) -> str:
    """Write days, neighbours as one.

    >>> say_dates(["2026-02-25", "2026-02-26", "2026-02-28"])
    '02-25 – 02-26, 02-28'
    """
    days = [date.fromisoformat(each) for each in dates]
    return _runs([day.toordinal() for day in days], lambda day: f"{date.fromordinal(day):%m-%d}", " – ")


def _row(
    judged: JudgedGate, title: str, numbers: Mapping[tuple[str, Hole], int], rules: RuleSet, audience: Audience
) -> GateRow:
    gate, budget, earliest = judged.gate, judged.budget, judged.earliest
    return GateRow(
        name=gate.name,
        title=title,
        state=gate.state,
        state_text=audience.say(gate.state.key),
        definition=_definition(gate)[audience.lang].format(**_places(gate, rules)),
        progress=" · ".join(_progress(gate, earliest, audience)),
        days_met=f"{gate.count(GateState.MET)}/{gate.takes}",
        earliest=earliest.isoformat() if earliest else NOTHING,
        cells=tuple(_cell(mark, gate, numbers, audience) for mark in gate.marks),
        losses=tuple(_loss(each, gate, audience) for each in judged.losses),
        today=_today(budget, gate, audience) if budget else "",
        near=_near(gate, audience),
        needed=tuple(_needed(gate, audience)),
    )


def _progress(gate: Gate, earliest: date | None, audience: Audience) -> Iterable[str]:
    """Say how far it is: days met, failed and not shown, in a row, and the earliest day on which all are met."""
    yield audience.say("exit_days", met=gate.count(GateState.MET), of=gate.takes)
    for state in (GateState.NOT_MET, GateState.NOT_SHOWN):
        if days := gate.count(state):
            yield audience.say("exit_days_other", state=audience.say(state.key), count=days)
    if gate.state is not GateState.MET and gate.in_a_row:
        yield audience.say("exit_in_a_row", count=gate.in_a_row)
    if earliest:
        yield audience.say("exit_date", date=earliest)


def _loss(loss: LargestLoss, gate: Gate, audience: Audience) -> str:
    """Say what cost a failed day most, and what the day would be without it."""
    start, end = audience.stretch(*loss.span)
    midnight = "24:00" if end.endswith("00:00") else end  # the end of the day that is meant, and not the next one's start
    named = audience.say("exit_incident", id=audience.incident(loss.incident)) if loss.incident else ""
    key: Key = "exit_loss_decides" if loss.decides else "exit_loss"
    return audience.say(
        key,
        when=" ".join(filter(None, [f"{start}–{midnight}", named])),
        share=format_value(loss.share, "%"),
        lost=f"{loss.lost:,.0f}",
        of=f"{loss.of:,.0f}",
        without=_value(loss.without.value, gate),
    )


def _today(budget: DayBudget, gate: Gate, audience: Audience) -> str:
    """Say what the running day may still lose."""
    left, condition = budget.left or 0, gate.condition
    if budget.outlook is Outlook.OPEN and condition.may_lose:
        told = condition.may_lose[audience.lang].format(left=f"{left:,}")
    else:
        counted = condition.counted[audience.lang].format(of=f"{left:,}")
        mark = budget.mark
        if budget.outlook is Outlook.LOST and mark.why:  # what is not known has not failed
            told = f"{audience.say('exit_unprovable')} ({audience.say(Gap(mark.why).key, hours=say_hours(mark.hours))})"
        else:
            told = audience.say(budget.outlook.key, left=f"{left:,}", counted=counted)
    return f"{_value(budget.mark.value, gate)} · {told}" if budget.mark.value is not None else told


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


def _cell(mark: Mark, gate: Gate, numbers: Mapping[tuple[str, Hole], int], audience: Audience) -> DayCell:
    value = _value(mark.value, gate)
    counted = gate.condition.counted[audience.lang].format(of=f"{mark.of:,.0f}") if mark.of and mark.value is not None else ""
    if mark.state is GateState.NOT_SHOWN:
        why = audience.say("exit_gap", number=numbers[gate.name, (mark.date, mark.why, mark.hours)])
    else:
        why = audience.say(Gap(mark.why).key, hours=say_hours(mark.hours)) if mark.why else ""
    return DayCell(mark.date, mark.state, mark.value, value, counted, _interval(mark, gate), why)


def interval_of(mark: Mark, gate: Gate) -> tuple[float, float] | None:
    """Give where the true share lies, 95 times in 100, by Wilson's score; None where no share is judged."""
    if gate.unit != "%" or mark.value is None or not mark.of:
        return None
    from logwatch.judge.significance import wilson_bound

    low, high = (float(wilson_bound(mark.value * mark.of, mark.of, side)) for side in (-SURELY, SURELY))
    return max(low, 0.0), min(high, 1.0)


def _interval(mark: Mark, gate: Gate) -> str:
    """Write it rounded outwards."""
    found = interval_of(mark, gate)
    if found is None:
        return ""
    fine = 10**4 if found[1] - found[0] < 0.01 else 10**3
    low, high = math.floor(found[0] * fine), math.ceil(found[1] * fine)
    return f"95% {low * 100 / fine:g}–{high * 100 / fine:g}%"


def _value(value: float | None, gate: Gate) -> str:
    """Write a figure with as many digits as it takes to lie on its own side of the bound: 1.09 % is not within 1 %."""
    if value is None or gate.unit != "%":
        return format_value(value, gate.unit)
    bound = Range.parse(gate.bound)
    told = (format_value(value, gate.unit, digits=digits) for digits in range(2 if 0 < value < 0.01 else 1, 5))
    return next((each for each in told if bound.holds(float(each[:-1]) / 100) == bound.holds(value)), f"{value * 100}%")


def say_hours(hours: Sequence[int]) -> str:
    """Write hours of the clock, neighbours as one.

    >>> say_hours([0, 1, 2, 9])
    '00–02, 09'
    """
    return _runs(hours, lambda hour: f"{hour:02}", "–")


def _runs(numbers: Sequence[int], say: Callable[[int], str], to: str) -> str:
    """Write numbers, neighbours as one."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(say(run[0]) if len(run) == 1 else f"{say(run[0])}{to}{say(run[-1])}" for run in runs)


def _needed(gate: Gate, audience: Audience) -> Iterable[str]:
    """Say what it would take besides what the gaps ask for."""
    failed = [mark.date for mark in gate.counting if mark.state is GateState.NOT_MET]
    if failed:
        yield audience.say("needed_not_met", dates=say_dates(failed), count=gate.takes)
    if gate.condition.share and gate.too_few_days:
        yield audience.say("needed_more_days", count=gate.takes)


def near_days(gate: Gate) -> list[str]:
    """Give the days that chance alone could have put on the other side of the bound."""
    return [mark.date for mark in gate.counting if mark.state is not GateState.NOT_SHOWN and _is_near(mark, gate)]


def _near(gate: Gate, audience: Audience) -> str:
    near = near_days(gate)
    return audience.say("exit_near", dates=say_dates(near), bound=_bound(gate)) if near else ""


def _is_near(mark: Mark, gate: Gate) -> bool:
    """Tell whether the bound lies within the interval."""
    found = interval_of(mark, gate)
    return found is not None and len({bool(Range.parse(gate.bound).holds(each)) for each in found}) > 1
