"""The exit conditions for other programs: schemas/beta-exit.schema.json describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from logwatch.beta_exit.conditions import GateState
from logwatch.beta_exit.report_view import interval_of, near_days
from logwatch.spans import rfc3339

if TYPE_CHECKING:
    from datetime import date

    from logwatch.beta_exit.conditions import Gate, Mark
    from logwatch.beta_exit.judged_week import JudgedGate, JudgedWeek
    from logwatch.beta_exit.report_view import ExitReport, GateRow

SCHEMA = 2


def exit_json(report: ExitReport, judged: JudgedWeek, zone: str) -> dict[str, Any]:
    """Give the versioned document of `beta-exit`."""
    proof = judged.proof
    return {
        "schema": SCHEMA,
        "from": report.dates[0],
        "to": report.dates[-1],
        "zone": zone,
        "until": rfc3339(proof.until),
        "source": report.source,
        "state": report.state,
        "met": judged.count(GateState.MET),
        "not_met": judged.count(GateState.NOT_MET),
        "not_shown": judged.count(GateState.NOT_SHOWN),
        "earliest": _day(judged.earliest),
        "running_day": {"counted_to": rfc3339(judged.counted_to)} if judged.counted_to else None,
        "gates": [_gate(each, row) for each, row in zip(judged.gates, report.rows, strict=True)],
        "gaps": [
            {"number": gap.number, "what": gap.what, "dates": gap.dates, "conditions": list(gap.titles), "needed": gap.needed}
            for gap in report.gaps
        ],
        "quiet": [{"from": rfc3339(each.start), "to": rfc3339(each.end)} for each in judged.quiet],
        "unread": None
        if judged.unread is None
        else [{"reason": reason, "count": count} for reason, count in judged.unread.items()],
        "interval": {"method": "wilson", "confidence": 0.95},
        "rules": {"version": proof.rules, "sha256": proof.rules_digest},
        "figures": {"sha256": proof.figures_digest},
        "command": proof.command,
    }


def _gate(judged: JudgedGate, row: GateRow) -> dict[str, Any]:
    gate, budget = judged.gate, judged.budget
    return {
        "name": gate.name,
        "title": row.title,
        "state": gate.state,
        "bound": gate.bound,
        "definition": row.definition,
        "takes": gate.takes,
        "met": gate.count(GateState.MET),
        "not_met": gate.count(GateState.NOT_MET),
        "not_shown": gate.count(GateState.NOT_SHOWN),
        "in_a_row": gate.in_a_row,
        "earliest": _day(judged.earliest),
        "days": [_mark(mark, gate) for mark in gate.marks],
        "losses": [
            {
                "date": each.date,
                "incident": each.incident or None,
                "from": rfc3339(each.span.start),
                "to": rfc3339(each.span.end),
                "lost": each.lost,
                "of": each.of,
                "share": each.share,
                "without": each.without.value,
                "decides": each.decides,
            }
            for each in judged.losses
        ],
        "today": {"outlook": budget.outlook, "value": budget.mark.value, "left": budget.left} if budget else None,
        "near": near_days(gate),
        "needed": list(row.needed),
    }


def _mark(mark: Mark, gate: Gate) -> dict[str, Any]:
    return {
        "date": mark.date,
        "state": mark.state,
        "value": mark.value,
        "of": mark.of,
        "interval": interval_of(mark, gate),
        "why": mark.why,
        "hours": list(mark.hours),
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
