"""What people read about a judged span: plain values, in their language and time zone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from logwatch.collect.parse import Reason
from logwatch.count.slow_requests import slow_by
from logwatch.judge.verdicts import UNPROVEN, Level, Verdict, Why
from logwatch.spans import WINDOW
from logwatch.ui.findings import finding_texts, unread_texts
from logwatch.ui.format import (
    Audience,
    format_brief,
    format_count,
    format_normal,
    format_range,
    format_short,
    format_warning,
    shop_name,
)
from logwatch.ui.printable import printable

if TYPE_CHECKING:
    from datetime import datetime

    from logwatch.count.windows import Windows
    from logwatch.judge.evaluate import Course, Judged
    from logwatch.judge.rules.model import Rule, RuleSet
    from logwatch.judge.rules.service import Log
    from logwatch.languages import Lang
    from logwatch.languages.keys import Key
    from logwatch.spans import Span


@dataclass(frozen=True, slots=True)
class ReportCell:
    """A figure, its level, and when; empty texts where there is nothing to tell."""

    value: str
    """`31.8% (5분)`."""
    brief: str
    """`31.8%/5m`."""
    level: Level
    tone: str
    """Its level, or that it is elevated and not proven; says how it is coloured."""
    at: str
    why: str


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule and shop."""

    rule: str
    summary: str
    shop: str
    """Empty: all shops."""
    latest: ReportCell
    worst: ReportCell
    course: tuple[tuple[float | None, str], ...]
    """Value and tone of each window."""
    full: float
    """Value at which a drawing of the course is full: 1 for a share, else the warning bound or the highest value."""
    falls: bool
    """Whether a lower value is the worse."""
    normal: str
    warning: str
    brief_bounds: tuple[str, str]
    """What is normal and what is a warning where there is little room: `<5%`, of whatever is judged."""
    procedure: str


@dataclass(frozen=True, slots=True)
class Followed:
    """A procedure, and the rules that send there."""

    section: str
    title: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Slowness:
    """Slow requests of one label."""

    label: str
    count: int
    p50_ms: float
    p95_ms: float
    max_ms: float
    routes: tuple[tuple[str, int], ...]
    """The commonest routes with their counts."""


@dataclass(frozen=True, slots=True)
class Report:
    """A judged span as people read it."""

    audience: Audience
    source: str
    span: Span
    span_text: str
    levels: dict[Level, int]
    """How many rows stand at each level at the end of the span; elevated only those that are shown to be."""
    unproven: int
    """How many are elevated, and nothing shows it to be more than chance."""
    warned_now: tuple[str, ...]
    warned_before: tuple[str, ...]
    rows: tuple[RuleRow, ...]
    procedures: tuple[Followed, ...]
    slow_requests: tuple[Slowness, ...]
    counted: str
    findings: tuple[str, ...]
    is_blind: bool
    """Whether no row of the runbook's could be judged at any time: then nothing else of it matters."""

    @property
    def is_calm(self) -> bool:
        """Whether all that was judged is and was normal."""
        off = self.warned_now or self.warned_before or self.levels[Level.ELEVATED] or self.unproven
        return not self.is_blind and not off

    @property
    def unjudged(self) -> str:
        """How many rows nobody could judge, where that is not all of them; empty for none."""
        unknown = self.levels[Level.UNKNOWN]
        return self.say("some_unknown", count=unknown, of=len(self.rows)) if unknown and not self.is_blind else ""

    def say(self, key: Key, **values: object) -> str:
        """Give a text in the report's language."""
        return self.audience.say(key, **values)


def build_report(judged: Judged, rules: RuleSet, audience: Audience, *, source: str, old: bool = False) -> Report:
    """Say a judged span in words; `old` tells that it reaches beyond the usual retention of logs."""
    rows = tuple(_row(course, audience) for course in judged.courses)
    now = tuple(_name(row) for row in rows if row.latest.level is Level.WARNING)
    warned = [row for row in rows if row.worst.level is Level.WARNING]
    return Report(
        audience=audience,
        source=source,
        span=judged.span,
        span_text=audience.dates(judged.span),
        levels={level: sum(row.latest.tone == level for row in rows) for level in Level},
        unproven=sum(row.latest.tone == UNPROVEN for row in rows),
        warned_now=now,
        warned_before=tuple(_name(row) for row in warned if _name(row) not in now),
        rows=rows,
        procedures=_procedures(warned, rules, audience.lang),
        slow_requests=tuple(slowness(judged)),
        counted=_counted(judged.windows, audience),
        findings=tuple(find_leftovers(judged, rules, audience, old=old)),
        is_blind=all(row.worst.level is Level.UNKNOWN for row in rows if rules.by_id[row.rule].indicator),
    )


def _name(row: RuleRow) -> str:
    return f"{row.rule}({row.shop})" if row.shop else row.rule


def _row(course: Course, audience: Audience) -> RuleRow:
    rule, latest, worst, bound = course.rule, course.latest, course.worst, course.rule.drawn.warning
    shares, end = bound.unit == "%" and bound.falls, latest.window_end
    return RuleRow(
        rule=rule.rule,
        summary=rule.summary[audience.lang],
        shop=shop_name(course.labels),
        latest=_cell(latest, rule, end, audience),
        worst=_cell(worst, rule, end, audience) if worst else ReportCell("", "", Level.UNKNOWN, Level.UNKNOWN, "", ""),
        course=tuple(zip(course.values(), course.tones(), strict=True)),
        full=1.0 if shares else max([bound.bound, *(each for each in course.values() if each is not None)]) or 1.0,
        falls=bound.falls,
        normal=format_normal(rule, audience),
        warning=format_warning(rule, audience),
        brief_bounds=(format_range(rule.drawn.normal), format_range(rule.drawn.warning)),
        procedure=rule.procedure,
    )


def _cell(verdict: Verdict, rule: Rule, end: datetime, audience: Audience) -> ReportCell:
    value = format_short(verdict, rule, audience)
    at = "" if verdict.level is Level.NORMAL and not verdict.value else audience.clock(verdict.window_end, end)
    brief, why = format_brief(verdict, rule, audience), audience.why(verdict)
    if verdict.tone == UNPROVEN and not why:
        why = audience.why(replace(verdict, why=Why.NOT_PROVEN))
    return ReportCell(value, brief, verdict.level, verdict.tone, at, why)


def _procedures(warned: list[RuleRow], rules: RuleSet, lang: Lang) -> tuple[Followed, ...]:
    sections: dict[str, list[str]] = {}
    for row in (each for each in warned if each.procedure):
        names = sections.setdefault(row.procedure, [])
        if row.rule not in names:
            names.append(row.rule)
    return tuple(
        Followed(section, procedure.title if (procedure := rules.procedure(section, lang)) else "", tuple(names))
        for section, names in sorted(sections.items())
    )


def slowness(judged: Judged) -> list[Slowness]:
    """Give the slow requests of the span by label."""
    inside = judged.windows.within(judged.span)
    routes: dict[str, Counter[str]] = {}
    for label, route in inside.slow.rows("label", "route"):
        routes.setdefault(label, Counter())[printable(route)] += 1
    return [
        Slowness(printable(label), count, round(p50, 1), round(p95, 1), longest, tuple(routes[label].most_common(3)))
        for label, count, p50, p95, longest in slow_by(inside, "label").astype({"label": str}).itertuples(index=False)
    ]


def _counted(windows: Windows, audience: Audience) -> str:
    quality = windows.quality
    fields = ("entries", "samples", "slow_requests", "ignored", "duplicates")
    values: dict[str, object] = {name: f"{getattr(quality, name):,}" for name in fields}
    counted = audience.say("counted", **values, unparsed=f"{sum(quality.unparsed.values()):,}")
    return f"{counted} · {audience.say('instances', instances=quality.instances)}"


def find_leftovers(judged: Judged, rules: RuleSet, audience: Audience, *, old: bool) -> list[str]:
    """Say what was left over, each with its cure where there is one."""
    found = _silence(judged, rules.service.log, audience)
    quality = judged.windows.quality
    if quality.off_rhythm:
        count, instances = sum(quality.off_rhythm.values()), len(quality.off_rhythm)
        found.append(audience.say("off_rhythm", count=count, instances=instances, service=audience.service))
    for course in judged.courses:
        found += _suspect(course, audience)
    told_with_more = {Reason.COUNTERS_LOST, Reason.COUNTERS_UNKNOWN, Reason.UNREADABLE}
    unparsed = {reason: count for reason, count in quality.unparsed.items() if reason not in told_with_more}
    found += unread_texts(unparsed, audience.lang)
    found += finding_texts(quality.findings, quality.flaws, audience.lang)
    if quality.late:
        found.append(audience.say("late", count=quality.late))
    if old:
        found.append(audience.say("old"))
    return found


def _silence(judged: Judged, log: Log, audience: Audience) -> list[str]:
    """Tell counters lost by the application from a source that says nothing, and both from a quiet minute."""
    lost = judged.windows.quality.unparsed.get(Reason.COUNTERS_LOST, 0)
    if lost:
        if log.lost:
            return [log.lost[audience.lang].format(count=lost)]
        return unread_texts({Reason.COUNTERS_LOST: lost}, audience.lang)
    silent = judged.windows.silent(judged.span)
    unread = any(judged.windows.quality.unparsed.get(reason) for reason in (Reason.COUNTERS_UNKNOWN, Reason.UNKNOWN_SHAPE))
    if silent and not unread and silent * WINDOW >= judged.span.end - judged.span.start:
        return [audience.say("no_summaries")]
    return [audience.say("silent_windows", count=silent)] if silent else []


def _suspect(course: Course, audience: Audience) -> list[str]:
    minutes = course.minutes[course.columns["suspect"].astype(bool)]
    if not len(minutes):
        return []
    verdict = course.verdict(int(minutes[0]))
    return [
        audience.say(
            "suspect",
            rule=course.rule.rule,
            shop=shop_name(course.labels) or audience.say("all_shops"),
            numerator=format_count(verdict.numerator or 0),
            denominator=format_count(verdict.denominator or 0),
            at=audience.clock(verdict.window_end, course.latest.window_end),
        )
    ]
