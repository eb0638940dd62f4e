"""What lines that came after their window was closed make of it: alerts that would have fired, had they been there in time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from logwatch.judge.alerts import Alert, AlertState, advance, needed_windows
from logwatch.judge.evaluate import VerdictTable, evaluate
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
    counting = tuple(rule for rule in rules.rules if not rule.kind.reads.gauges)  # what is measured is never late
    rules = replace(rules, rules=counting)
    found = _fired(rules, after, span)
    known = _fired(rules, before, span) if found else {}
    return [replace(each, late=True) for mark, each in found.items() if mark not in known]


def _fired(rules: RuleSet, windows: Windows, span: Span) -> dict[str, Alert]:
    alerts: list[Alert] = []
    found: dict[str, Alert] = {}
    table, place = VerdictTable(evaluate(rules.rules, windows, span)), 0
    while place < len(table):
        if not alerts:
            place = table.next_eventful(place, len(table), 0)
        alerts, transitions = advance(alerts, table[place], rules.by_id, span.start + (place + 1) * WINDOW)
        fired = (each.alert for each in transitions if each.after is AlertState.FIRING)
        found |= {alert.fingerprint: alert for alert in fired if alert.fingerprint not in found}
        place += 1
    return found
