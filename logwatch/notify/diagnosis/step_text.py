"""What was found for each step, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from logwatch.collect.parse import (
    LATE_MINUTES,
    REFUSED_MINUTES,
    SILENT_MINUTES,
    STOPPED_MINUTES,
    UNANSWERED,
    UNHEARD_MINUTES,
    VANISHED_COUNTERS,
)  # fmt: skip
from logwatch.judge.verdicts import Level
from logwatch.notify.diagnosis.findings import Fact, FactKind, Missed, StepState
from logwatch.spans import WINDOW
from logwatch.ui.format import GAUGE_UNITS, format_count, format_span, format_value, shop_name
from logwatch.ui.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from logwatch.judge.rules.model import RuleSet
    from logwatch.judge.rules.runbook import Procedure, Step
    from logwatch.languages.keys import Key
    from logwatch.notify.diagnosis.findings import Finding, Walked
    from logwatch.ui.format import Audience

    Writer = Callable[[float], str]

MOST_COUNTERS = 6
"""Counters of a breakdown that are shown."""
MOST_WORDS = 6
"""Words and figures of an endpoint's answer that are shown."""
EXPECTED: dict[StepState, Key] = {
    StepState.DONE: "expected.seen",
    StepState.NOT_THE_CASE: "expected.not_seen",
    StepState.TODO: "expected.contrary",
}
"""What it is called where the step is a line of what is to be expected."""
OWN_NAMES: dict[str, Key] = {
    UNANSWERED: "gauge_unanswered", SILENT_MINUTES: "gauge_silent", VANISHED_COUNTERS: "gauge_vanished",
    STOPPED_MINUTES: "gauge_stopped", UNHEARD_MINUTES: "gauge_unheard", REFUSED_MINUTES: "gauge_refused",
    LATE_MINUTES: "gauge_late",
}  # fmt: skip
"""What people call the gauges that no service brings along."""
MARKS = {StepState.DONE: "✓", StepState.NOT_THE_CASE: "–", StepState.TODO: "▷", StepState.NOT_LOOKED: "?"}


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of the procedure, or one line of what it says is to be expected, and what was found for it."""

    number: int
    text: str
    here: bool
    """Whether to begin here."""
    procedure: str = ""
    """The procedure that it is a step of, where that is another than the message's."""
    state: StepState | None = None
    """None where nobody looked."""
    state_text: str = ""
    numbered: bool = True
    """Whether it is a step to take, and not a line of what is to be expected."""
    found: tuple[str, ...] = ()
    """Figures and texts, the most telling first; from logs, and not escaped."""

    @property
    def mark(self) -> str:
        """One character that says how far the step was walked; a blank where nobody looked."""
        return "▶" if self.here else MARKS[self.state] if self.state else ""

    @property
    def head(self) -> str:
        """What stands before its text: `▶ 3.`, `▶ 4.3-3.`, `✓ 1.`, `✓`, `2.`, `•`."""
        return " ".join(filter(None, [self.mark, self.place])) or "•"

    @property
    def place(self) -> str:
        """Its number, `3.`, with that of another procedure, `4.3-3.`; empty where it has none."""
        return "-".join(filter(None, [self.procedure, f"{self.number}."])) if self.numbered else ""


def step_lines(
    procedure: Procedure, walked: Walked | None, marked: int | None, rules: RuleSet, audience: Audience
) -> tuple[StepLine, ...]:
    """Give the steps with what was found; `marked` is where to begin if nobody looked."""
    findings = {finding.number: finding for finding in walked.findings} if walked else {}
    begin = _begin_line(procedure, walked, rules, audience)
    shown = {_what(fact) for fact in walked.begin.facts} if begin and walked and walked.begin else set()
    lines = [begin] if begin else []
    for step in procedure.steps:
        finding = findings.get(step.number)
        if finding:
            facts = tuple(fact for fact in finding.facts if _what(fact) is None or _what(fact) not in shown)
            shown |= set(map(_what, finding.facts))
            lines.append(_walked_line(step, replace(finding, facts=facts), rules, audience, numbered=procedure.numbered))
        else:
            here = walked is None and begin is None and step.number == marked
            lines.append(StepLine(step.number, step.text, here, numbered=procedure.numbered))
    return tuple(lines)


def _begin_line(procedure: Procedure, walked: Walked | None, rules: RuleSet, audience: Audience) -> StepLine | None:
    """Give the step of another procedure to begin with, where there is one; a message of an older program has none."""
    plan = rules.walk(procedure.section)
    there = rules.procedure(plan.begin.procedure, audience.lang) if plan and plan.begin else None
    if plan is None or plan.begin is None or there is None or (walked and not walked.begin):
        return None
    step = next(each for each in there.steps if each.number == plan.begin.step)
    if walked and walked.begin:
        line = _walked_line(step, walked.begin, rules, audience, numbered=True)
        return replace(line, procedure=there.section)
    return StepLine(step.number, step.text, here=True, procedure=there.section)


def _what(fact: Fact) -> object:
    """Give what tells a fact that one message need not say twice: lines by when and how many they are; None for others."""
    match fact.kind:
        case FactKind.LINES:
            return (fact.first, fact.last, fact.value) if fact.value else None
        case FactKind.TEXT | FactKind.COUNT:
            return (fact.kind, fact.name, fact.value, *fact.labels.values())
        case _:
            return None


def _walked_line(step: Step, finding: Finding, rules: RuleSet, audience: Audience, *, numbered: bool) -> StepLine:
    found = [fact_text(fact, rules, audience) for fact in finding.facts[:MOST_COUNTERS]]
    if finding.why:
        found.append(audience.say("missed", why=missed_text(finding.why, audience)))
    return StepLine(
        number=step.number,
        text=step.text,
        here=finding.here,
        state=finding.state,
        state_text=_state_text(finding.state, audience, numbered=numbered),
        numbered=numbered,
        found=tuple(found),
    )


def _state_text(state: StepState, audience: Audience, *, numbered: bool) -> str:
    return audience.say(state.key if numbered else EXPECTED.get(state, state.key))


def missed_text(why: str, audience: Audience) -> str:
    """Say why nobody could look; what is none of the known reasons is somebody's own words."""
    return audience.say(Missed(why).key) if why in set(Missed) else printable(audience.spoken(why))[:200]


def besides_lines(walked: Walked | None, rules: RuleSet, procedure: str, audience: Audience) -> tuple[str, ...]:
    """Say what bears on the procedure as a whole: unknown reasons, what to do where no step is the case, slow routes."""
    if walked is None:
        return ()
    plan = rules.walk(procedure)
    lines = [audience.say("unstepped", what=fact_text(fact, rules, audience)) for fact in walked.unstepped]
    if walked.requests:
        total, *shops = (fact_text(fact, rules, audience) for fact in walked.requests[:MOST_COUNTERS])
        lines += [audience.say("more_requests", what=total), *shops]
    elif walked.otherwise and not walked.unstepped and plan and plan.otherwise:
        lines.append(plan.otherwise[audience.lang])
    return (*lines, *(fact_text(fact, rules, audience) for fact in walked.besides))


def ended_lines(walked: Walked | None, rules: RuleSet, audience: Audience) -> tuple[str, ...]:
    """Say what had grown and is back, once it is over."""
    if walked is None or not walked.findings:
        return ()
    known = {FactKind.COUNT, FactKind.SHARE}
    todo = [fact for each in walked.findings if each.state is StepState.TODO for fact in each.facts]
    every = [fact for each in walked.findings for fact in each.facts]
    grew = [fact for fact in todo or walked.unstepped or walked.requests or every if fact.kind in known and _was_more(fact)]
    return tuple(fact_text(fact, rules, audience) for fact in grew[:3]) or (audience.say("ended_alone"),)


def _was_more(fact: Fact) -> bool:
    """Tell whether there was twice as much of something, or more, as there is now that it is over."""
    during = fact.value / fact.of if fact.value and fact.of else 0
    return fact.after is not None and during > 2 * fact.after


def fact_text(fact: Fact, rules: RuleSet, audience: Audience) -> str:  # noqa: C901, PLR0911 - a line for each kind
    """Say one fact on one line."""
    name = printable(fact.name)
    match fact.kind:
        case FactKind.COUNT:
            return _counted(_of_shop(name, rules.service.shop(fact.labels), audience), fact, audience)
        case FactKind.SHARE:
            return _shared(rules.share_name(fact.name, audience.lang), fact, audience)
        case FactKind.GAUGE:
            return _gauged(fact, rules, audience)
        case FactKind.SLOW:
            return _counted(audience.say("slow_fact", label=name), fact, audience)
        case FactKind.ROUTE:
            p95 = format_value(fact.value, "ms")
            return audience.say("route_fact", route=name, count=format_count(fact.of or 0), p95=p95)
        case FactKind.LINES:
            return _lines(fact, audience)
        case FactKind.TEXT:  # a log's own words have one language
            return f"{format_count(fact.value or 0)}× {name}"
        case FactKind.CODE:
            return audience.say("code_fact", code=name, count=format_count(fact.value or 0))
        case FactKind.ANSWER:  # an endpoint's own words have one language
            words = ", ".join(f"{printable(key)} {printable(value)}" for key, value in list(fact.labels.items())[:MOST_WORDS])
            return f"{name}: {words}"
        case FactKind.RULE:
            return _standing(fact, rules, audience)
    assert_never(fact.kind)


def _of_shop(name: str, shop: str | None, audience: Audience) -> str:
    return name if shop is None else audience.say("of_shop", name=name, shop=shop_name({"": shop}))


def _counted(name: str, fact: Fact, audience: Audience) -> str:
    """`orders.refused(main) 42건, 분당 6.0건 (직전 1시간 분당 0.3건, 어제 같은 시각 분당 0.2건)`."""
    rate = fact.value / fact.of if fact.value and fact.of else 0.0
    head = f"{name} {audience.say('events', count=format_count(fact.value or 0))}, {_rate(rate, audience)}"
    return head + _past(fact, audience, lambda before: _rate(before, audience))


def _rate(value: float, audience: Audience) -> str:
    """Write events a minute: one decimal, and never 0 for what is something."""
    rate = "0" if not value else f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 0.1 else "<0.1"
    return audience.say("per_minute", rate=rate)


def _shared(name: str, fact: Fact, audience: Audience) -> str:
    share = _percent(fact.value / fact.of) if fact.value is not None and fact.of else "–"
    shares = f"{format_count(fact.value or 0)}/{format_count(fact.of or 0)}"
    counts = f" ({', '.join([shares, *_stretch(fact, audience)])})" if fact.of else ""
    named = _of_shop(printable(name), shop_name(fact.labels) if fact.labels else None, audience)
    return f"{named} {share}{counts}" + _past(fact, audience, _percent)


def _stretch(fact: Fact, audience: Audience) -> list[str]:
    return [format_span(fact.minutes * WINDOW, audience)] if fact.minutes else []


def _percent(value: float) -> str:
    return format_value(value, "%")


def _past(fact: Fact, audience: Audience, write: Writer) -> str:
    """Say what it was before, and what it is now that it is over."""
    before: dict[Key, float | None] = {"hour_before": fact.before, "day_before": fact.day_before}
    told = [audience.say(key, value=write(value)) for key, value in before.items() if value is not None]
    if fact.after is not None:
        told = [*told[:1], audience.say("after", value=write(fact.after))]
    return f" ({', '.join(told) or audience.say('no_past')})"


def _gauged(fact: Fact, rules: RuleSet, audience: Audience) -> str:
    gauge = rules.service.gauge(fact.name)
    unit, name = (gauge.unit, gauge.name[audience.lang]) if gauge else ("", _own_gauge(fact.name, audience))
    counted = GAUGE_UNITS.get(fact.name)

    def write(value: float | None) -> str:
        figure = format_value(value, unit)
        return audience.say(counted, n=figure) if counted and value is not None else figure

    usual = f" ({audience.say('usual', value=write(fact.before))})" if fact.before is not None else ""
    value = audience.say("down") if fact.level else write(fact.value)
    return f"{name} {value}{usual}"


def _own_gauge(name: str, audience: Audience) -> str:
    """Name a gauge of logwatch's own; one that only an older message knows goes by its id."""
    return audience.say(OWN_NAMES[name]) if name in OWN_NAMES else printable(name)


def _lines(fact: Fact, audience: Audience) -> str:
    text = printable(fact.name)
    if not fact.value or fact.first is None or fact.last is None:
        return audience.say("lines_none", text=text)
    count = format_count(fact.value)
    if not fact.more and audience.clock(fact.first) == audience.clock(fact.last):
        return audience.say("lines_found_at", text=text, count=count, at=audience.clock(fact.last))
    if fact.more:
        return audience.say("lines_found_more", text=text, count=count, last=audience.clock(fact.last))
    return audience.say("lines_found", text=text, count=count, first=audience.clock(fact.first), last=audience.clock(fact.last))


def _standing(fact: Fact, rules: RuleSet, audience: Audience) -> str:
    rule = rules.by_id.get(fact.name)
    name = rule.indicator if rule and rule.indicator else printable(fact.name)
    value = " ".join(
        [format_value(fact.value, rule.normal.unit if rule else ""), *(f"({each})" for each in _stretch(fact, audience))]
    )
    return " ".join(filter(None, [name, shop_name(fact.labels), value, audience.say(Level(fact.level).key)]))
