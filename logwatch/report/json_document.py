"""What other programs may rely on: the versioned JSON of `evaluate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from logwatch.count.windows import sum_series
from logwatch.report.report import slowness
from logwatch.spans import rfc3339

if TYPE_CHECKING:
    from datetime import timedelta

    from logwatch.judge.evaluate import Course, Judged

SCHEMA = 1


def to_json(judged: Judged) -> dict[str, Any]:
    """Give the versioned document that other programs may rely on."""
    span, windows = judged.span, judged.windows
    quality, inside = windows.quality, windows.within(span)
    return {
        "schema": SCHEMA,
        "from": rfc3339(span.start),
        "to": rfc3339(span.end),
        "source": {
            "entries": quality.entries,
            "samples": quality.samples,
            "slow_requests": quality.slow_requests,
            "ignored": quality.ignored,
            "duplicates": quality.duplicates,
            "unparsed": quality.unparsed,
            "instances": quality.instances,
            "silent_windows": windows.silent(span),
            "late": quality.late,
            "off_rhythm": quality.off_rhythm,
            "flaws": quality.flaws,
            "findings": [
                {"finding": str(each.kind), "what": each.what, "count": count} for each, count in quality.findings.items()
            ],
        },
        "counters": {series: to_number(value) for series, value in sum_series(inside).items()},
        "verdicts": [_verdict_json(course) for course in judged.courses],
        "slow_requests": {
            slow.label: {"count": slow.count, "p50_ms": slow.p50_ms, "p95_ms": slow.p95_ms, "max_ms": slow.max_ms}
            for slow in slowness(judged)
        },
    }


def to_number(value: float | None) -> float | int | None:
    """Write a whole number without decimals."""
    return int(value) if value is not None and value == int(value) else value


def _verdict_json(course: Course) -> dict[str, Any]:
    latest, worst, rule = course.latest, course.worst, course.rule
    return {
        "rule": rule.rule,
        "labels": course.labels,
        "level": latest.level,
        "value": to_number(latest.value),
        "numerator": to_number(latest.numerator),
        "denominator": to_number(latest.denominator),
        "proven": latest.proven,
        "why": latest.why or None,
        "span_s": to_seconds(latest.span),
        "suspect": latest.suspect,
        "window_end": rfc3339(latest.window_end),
        "worst": {
            "value": to_number(worst.value),
            "window_end": rfc3339(worst.window_end),
            "level": worst.level,
            "numerator": to_number(worst.numerator),
            "denominator": to_number(worst.denominator),
        }
        if worst
        else None,
        "normal": str(rule.normal),
        "warning": str(rule.warning),
        "procedure": rule.procedure,
        "step": rule.step,
    }


def to_seconds(span: timedelta | None) -> int | None:
    """Write a length of time in whole seconds."""
    return None if span is None else int(span.total_seconds())
