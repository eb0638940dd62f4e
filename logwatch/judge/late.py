"""What lines that came after their window was closed make of it: alerts that would have fired, had they been there in time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from logwatch.judge.alerts import Alert, AlertState, advance, needed_windows
from logwatch.judge.evaluate import evaluate
from logwatch.spans import WINDOW, Span

if TYPE_CHECKING:
    from datetime import datetime

    from logwatch.count.windows import Windows
    from logwatch.judge.rules.model import RuleSet


def fired_late(rules: RuleSet, before: Windows, after: Windows, changed: datetime, judged_to: datetime) -> list[Alert]:
    """Give the alerts that fire in judged windows with the late lines and not without them, marked late.

    `before` and `after` are the windows without and with them; `changed` is the first window that they are in.
    """
    lead = max((needed_windows(rule) for rule in rules.rules), default=0) * WINDOW
    span = Span(max(changed - lead, after.span.start), judged_to)
    known = _fired(rules, before, span)
    return [replace(each, late=True) for mark, each in _fired(rules, after, span).items() if mark not in known]


def _fired(rules: RuleSet, windows: Windows, span: Span) -> dict[str, Alert]:
    alerts: list[Alert] = []
    found: dict[str, Alert] = {}
    courses = evaluate(rules.rules, windows, span)
    for number, verdicts in enumerate(zip(*(course.verdicts() for course in courses), strict=True), start=1):
        alerts, transitions = advance(alerts, verdicts, rules.by_id, span.start + number * WINDOW)
        fired = (each.alert for each in transitions if each.after is AlertState.FIRING)
        found |= {alert.fingerprint: alert for alert in fired if alert.fingerprint not in found}
    return found
