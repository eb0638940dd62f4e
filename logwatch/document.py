"""What other programs may rely on: the versioned JSON of `evaluate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from logwatch.report import slowness

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from logwatch.alerts import Alert
    from logwatch.replay import Replayed
    from logwatch.rules import Rule, RuleSet
    from logwatch.verdicts import Course, Judged

SCHEMA = 1


def to_json(judged: Judged) -> dict[str, Any]:
    """Give the versioned document that other programs may rely on."""
    span, windows = judged.span, judged.windows
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
        "verdicts": [_verdict_json(course) for course in judged.courses],
        "slow_requests": {
            slow.label: {"count": slow.count, "p50_ms": slow.p50_ms, "p95_ms": slow.p95_ms, "max_ms": slow.max_ms}
            for slow in slowness(judged)
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


def replay_json(replayed: Replayed, rules: RuleSet, channels: tuple[str, ...]) -> dict[str, Any]:
    """Give the versioned document of `backtest`."""
    return {
        "schema": SCHEMA,
        "from": rfc3339(replayed.span.start),
        "to": rfc3339(replayed.span.end),
        "ticks": replayed.ticks,
        "late": replayed.late,
        "alerts": [_alert_json(alert, rules.by_id[alert.rule], replayed) for alert in replayed.alerts],
        "notifications": [
            {
                "at": rfc3339(each.at),
                "reason": each.reason,
                "procedure": each.procedure,
                "rules": each.rules,
                "labels": each.labels,
                "step": each.walked.step if each.walked else None,
                "channels": list(channels),
                "inhibited": [alert.rule for alert in each.inhibited],
            }
            for each in replayed.notifications
        ],
    }


def _step(alert: Alert, rule: Rule, replayed: Replayed) -> int | None:
    """Give the step that the alert's first message marks, else the one that its rule names."""
    told = (
        each.walked.step
        for each in replayed.notifications
        if each.walked and alert.fingerprint in each.new and alert.firing_at and each.at >= alert.firing_at
    )
    return next(told, rule.step)


def _alert_json(alert: Alert, rule: Rule, replayed: Replayed) -> dict[str, Any]:
    return {
        "rule": alert.rule,
        "labels": alert.labels,
        "pending_at": rfc3339(alert.pending_at),
        "firing_at": rfc3339(alert.firing_at) if alert.firing_at else None,
        "resolved_at": rfc3339(alert.resolved_at) if alert.resolved_at else None,
        "procedure": rule.procedure,
        "step": _step(alert, rule, replayed),
        "peak": {"value": _number(alert.peak.value), "window_end": rfc3339(alert.peak.window_end)},
    }
