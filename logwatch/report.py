"""What people read about a judged span: plain values, in their language and time zone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logwatch.entries import Span
from logwatch.texts import Lang, text
from logwatch.verdicts import Course, Level, Verdict, Why

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    from logwatch.rules import Range, Rule, RuleSet
    from logwatch.windows import Windows

SCHEMA = 1
DEFAULT_SERVICE = "o4o-core-api"


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure, its level, and when; empty texts where there is nothing to tell."""

    value: str
    level: Level
    at: str
    why: str


@dataclass(frozen=True, slots=True)
class Row:
    """One rule and shop."""

    rule: str
    summary: str
    shop: str
    """Empty: all shops."""
    latest: Cell
    worst: Cell
    course: tuple[tuple[float | None, Level], ...]
    """Value and level of each window."""
    normal: str
    warning: str
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

    lang: Lang
    source: str
    span: Span
    span_text: str
    levels: dict[Level, int]
    """How many rows stand at each level at the end of the span."""
    warned_now: tuple[str, ...]
    warned_before: tuple[str, ...]
    rows: tuple[Row, ...]
    procedures: tuple[Followed, ...]
    slow_requests: tuple[Slowness, ...]
    counted: str
    findings: tuple[str, ...]

    def say(self, key: str, **values: object) -> str:
        """Give a text in the report's language."""
        return text(key, self.lang, **values)


def build_report(
    span: Span, windows: Windows, courses: tuple[Course, ...], rules: RuleSet, *, source: str, lang: Lang, zone: ZoneInfo,
    old: bool = False,
) -> Report:  # fmt: skip
    """Say a judged span in words; `old` tells that it reaches beyond the usual retention of logs."""
    rows = tuple(_row(course, lang, zone) for course in courses)
    now = tuple(_name(row) for row in rows if row.latest.level is Level.WARNING)
    warned = [row for row in rows if row.worst.level is Level.WARNING]
    start, end = (moment.astimezone(zone) for moment in span)
    same_day = start.date() == end.date()
    return Report(
        lang=lang,
        source=source,
        span=span,
        span_text=f"{start:%Y-%m-%d %H:%M} – {end:%H:%M}" + ("" if same_day else f" ({end:%m-%d})") + f" {end:%Z}",
        levels={level: sum(row.latest.level is level for row in rows) for level in Level},
        warned_now=now,
        warned_before=tuple(_name(row) for row in warned if _name(row) not in now),
        rows=rows,
        procedures=_procedures(warned, rules),
        slow_requests=tuple(_slowness(windows, span)),
        counted=_counted(windows, lang),
        findings=tuple(_findings(span, windows, courses, lang, zone, old=old)),
    )


def printable(hostile: str) -> str:
    """Give a text out of a log without anything that moves a cursor, hides or turns text around.

    >>> printable("kpa\x1b[2J")
    'kpa\\x1b[2J'
    """
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in hostile)


def _name(row: Row) -> str:
    return f"{row.rule}({row.shop})" if row.shop else row.rule


def _row(course: Course, lang: Lang, zone: ZoneInfo) -> Row:
    rule, latest, worst = course.rule, course.latest, course.worst
    unit = rule.normal.unit
    return Row(
        rule=rule.rule,
        summary=rule.summary[lang],
        shop=printable(course.labels.get("service", "")),
        latest=_cell(latest, unit, lang, zone),
        worst=_cell(worst, unit, lang, zone) if worst else Cell("", Level.UNKNOWN, "", ""),
        course=tuple(zip((None if v != v else v for v in course.table["value"]), course.levels(), strict=True)),  # noqa: PLR0124
        normal=format_range(rule.normal),
        warning=format_range(rule.warning),
        procedure=rule.procedure,
    )


def _cell(verdict: Verdict, unit: str, lang: Lang, zone: ZoneInfo) -> Cell:
    why = ""
    if verdict.why is not Why.NONE:
        n, k = verdict.denominator, verdict.numerator
        why = text(verdict.why, lang, n=f"{n:g}" if n is not None else "?", k=f"{k:g}" if k is not None else "?")
    return Cell(format_value(verdict.value, unit), verdict.level, f"{verdict.window_end.astimezone(zone):%H:%M}", why)


def format_range(bounds: Range) -> str:
    """Write a bound as narrow as can be.

    >>> from logwatch.rules import Range
    >>> format_range(Range.parse("> 80 %"))
    '>80%'
    """
    return str(bounds).replace(" ", "").replace("<=", "≤").replace(">=", "≥")


def format_value(value: float | None, unit: str) -> str:
    """Write a value for people; 59.99 % must not look like 60 %.

    >>> format_value(0.5999, "%"), format_value(101.0, ""), format_value(None, "ms")
    ('59.9%', '101', '–')
    """
    if value is None:
        return "–"
    if unit == "%":
        return f"{int(value * 1000 + 1e-9) / 10:g}%"
    return f"{value:.0f}{unit}" if value >= 1 or value == 0 else f"{value:.2g}{unit}"


def _procedures(warned: list[Row], rules: RuleSet) -> tuple[Followed, ...]:
    sections: dict[str, list[str]] = {}
    for row in warned:
        names = sections.setdefault(row.procedure, [])
        if row.rule not in names:
            names.append(row.rule)
    return tuple(
        Followed(section, procedure.title if (procedure := rules.runbook.procedure(section)) else "", tuple(names))
        for section, names in sorted(sections.items())
    )


def _slowness(windows: Windows, span: Span) -> list[Slowness]:
    found = []
    for label, group in windows.within(span).slow.groupby("label", observed=True):
        duration = group["duration_ms"]
        routes = Counter(map(printable, group["route"].astype(str))).most_common(3)
        p50, p95 = (round(float(duration.quantile(share)), 1) for share in (0.5, 0.95))
        found.append(Slowness(printable(str(label)), len(group), p50, p95, float(duration.max()), tuple(routes)))
    return found


def _counted(windows: Windows, lang: Lang) -> str:
    quality = windows.quality
    fields = ("entries", "samples", "slow_requests", "evidence", "ignored", "duplicates")
    values: dict[str, object] = {name: f"{getattr(quality, name):,}" for name in fields}
    counted = text("counted", lang, **values, unparsed=f"{sum(quality.unparsed.values()):,}")
    return f"{counted} · {text('instances', lang, instances=quality.instances)}"


def _findings(
    span: Span, windows: Windows, courses: tuple[Course, ...], lang: Lang, zone: ZoneInfo, *, old: bool
) -> list[str]:
    """Say what was left over, each with its cure where there is one."""
    quality, found = windows.quality, []
    silent = windows.silent(span)
    whole = (span.end - span.start).total_seconds() // 60
    service = DEFAULT_SERVICE
    lost = quality.unparsed.get("counters_lost", 0)
    if lost:
        found.append(text("counters_lost", lang, count=lost))
    if silent and silent >= whole and not lost:
        found.append(text("silent_source", lang, service=service))
    elif silent:
        found.append(text("silent_windows", lang, count=silent))
    if quality.off_rhythm:
        count, instances = sum(quality.off_rhythm.values()), len(quality.off_rhythm)
        found.append(text("off_rhythm", lang, count=count, instances=instances, service=service))
    for course in courses:
        found += _suspect(course, lang, zone)
    for reason, count in quality.unparsed.items():
        if reason != "counters_lost":
            found.append(text("unparsed", lang, count=count, reason=text(f"reason.{reason}", lang)))
    flaws = Counter[str]()
    for what, count in quality.flaws.items():
        flaws[what.split(":")[0]] += count
    for flaw, count in flaws.items():
        keys = [printable(what.split(": ", 1)[1]) for what in quality.flaws if what.startswith(f"{flaw}: ")]
        what = f"{text(f'flaw.{flaw}', lang)}: {', '.join(keys[:3])}{' …' if len(keys) > 3 else ''}"
        found.append(text("flaw", lang, count=count, what=what))
    if quality.late:
        found.append(text("late", lang, count=quality.late))
    if old:
        found.append(text("old", lang))
    return found


def _suspect(course: Course, lang: Lang, zone: ZoneInfo) -> list[str]:
    minutes = course.table.index[course.table["suspect"]]
    if not len(minutes):
        return []
    verdict = course.verdict(int(minutes[0]))
    return [
        text(
            "suspect",
            lang,
            rule=course.rule.rule,
            shop=printable(course.labels.get("service", "")) or text("all_shops", lang),
            numerator=f"{verdict.numerator:g}",
            denominator=f"{verdict.denominator:g}",
            at=f"{verdict.window_end.astimezone(zone):%H:%M}",
        )
    ]


def to_json(span: Span, windows: Windows, courses: tuple[Course, ...]) -> dict[str, Any]:
    """Give the versioned document that other programs may rely on."""
    quality, inside = windows.quality, windows.within(span)
    counters = inside.counters.groupby("series", observed=True)["value"].sum()
    return {
        "schema": SCHEMA,
        "from": rfc3339(span.start),
        "to": rfc3339(span.end),
        "source": {
            "entries": quality.entries,
            "samples": quality.samples,
            "slow_requests": quality.slow_requests,
            "evidence": quality.evidence,
            "ignored": quality.ignored,
            "duplicates": quality.duplicates,
            "unparsed": quality.unparsed,
            "instances": quality.instances,
            "silent_windows": windows.silent(span),
            "late": quality.late,
            "off_rhythm": quality.off_rhythm,
            "flaws": quality.flaws,
        },
        "counters": {str(series): _number(value) for series, value in counters.items()},
        "verdicts": [_verdict_json(course) for course in courses],
        "slow_requests": {
            slow.label: {"count": slow.count, "p50_ms": slow.p50_ms, "p95_ms": slow.p95_ms, "max_ms": slow.max_ms}
            for slow in _slowness(windows, span)
        },
    }


def rfc3339(moment: datetime) -> str:
    """Write a UTC time."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _number(value: float | None) -> float | int | None:
    return int(value) if value is not None and value == int(value) else value


def _verdict_json(course: Course) -> dict[str, Any]:
    latest, worst, rule = course.latest, course.worst, course.rule
    return {
        "rule": rule.rule,
        "labels": course.labels,
        "level": latest.level,
        "value": _number(latest.value),
        "numerator": _number(latest.numerator),
        "denominator": _number(latest.denominator),
        "proven": latest.proven,
        "why": latest.why or None,
        "span_s": _seconds(latest.span),
        "suspect": latest.suspect,
        "window_end": rfc3339(latest.window_end),
        "worst": {
            "value": _number(worst.value),
            "window_end": rfc3339(worst.window_end),
            "level": worst.level,
            "numerator": _number(worst.numerator),
            "denominator": _number(worst.denominator),
        }
        if worst
        else None,
        "normal": str(rule.normal),
        "warning": str(rule.warning),
        "procedure": rule.procedure,
        "step": rule.step,
    }


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())

