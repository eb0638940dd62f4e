"""What other programs may rely on: the versioned JSON of `backtest` and of `tune`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from logwatch.backtest.comparison import Change
from logwatch.backtest.scores import IncidentOutcome
from logwatch.report.json_document import SCHEMA, to_number, to_seconds
from logwatch.spans import rfc3339

if TYPE_CHECKING:
    from logwatch.backtest.comparison import Comparison, Firing, Load, Side
    from logwatch.backtest.scores import Score, Scored
    from logwatch.backtest.tuning import Tuning, TuningResult
    from logwatch.judge.alerts import Alert
    from logwatch.judge.rules.model import Rule, RuleSet
    from logwatch.notify.incidents import Notification
    from logwatch.pipeline.replay import Replayed


def replay_json(replayed: Replayed, rules: RuleSet, channels: tuple[str, ...]) -> dict[str, Any]:
    """Give the versioned document of `backtest`; `--against` and `--incidents` add a key each."""
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
                "shops": list(each.shops),
                "partial": each.partial,
                "incident": each.incident,
                "summed": [part.incident for part in each.summed],
                "step": each.walked.step if each.walked else None,
                "begin": _begin(each, rules),
                "impact": _impact(each),
                "changed": _changed(each),
                "channels": list(channels),
                "inhibited": [alert.rule for alert in each.inhibited],
            }
            for each in replayed.notifications
        ],
    }


def _begin(told: Notification, rules: RuleSet) -> dict[str, Any] | None:
    """Give the step of another procedure that a message says to begin with."""
    plan = rules.walk(told.procedure)
    return plan.begin.model_dump() if plan and plan.begin and told.walked and told.walked.begin else None


def _impact(told: Notification) -> dict[str, Any] | None:
    """Give what a message says it came to, and what was usual instead."""
    found = told.walked.impact if told.walked else None
    if found is None:
        return None
    counts = {name: to_number(getattr(found, name)) for name in ("events", "usual", "low", "high", "least_lost", "most_lost")}
    return {"rule": found.rule, "since": rfc3339(found.since), **counts}


def _changed(told: Notification) -> dict[str, Any] | None:
    """Give the revision that a message names, and whether it is called the cause."""
    found = told.walked.changed if told.walked else None
    if found is None:
        return None
    return {"revision": found.revision, "since": rfc3339(found.since), "previous": found.previous, "cause": found.proven}


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
        "firing_at": rfc3339(alert.firing_at),
        "resolved_at": rfc3339(alert.resolved_at),
        "procedure": rule.procedure,
        "step": _step(alert, rule, replayed),
        "peak": {"value": to_number(alert.peak.value), "window_end": rfc3339(alert.peak.window_end)},
    }


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """Give what the key `against` holds: `--against` is before, `--rules` is after."""
    return {
        "before": _side_json(comparison.before, comparison.days),
        "after": _side_json(comparison.after, comparison.days),
        "changes": {change: comparison.total.changes[change] for change in Change},
        "procedures": [_load_json(load, comparison.days) for load in comparison.loads],
        "alerts": [_firing_json(firing) for firing in comparison.changed],
    }


def _side_json(side: Side, days: float) -> dict[str, Any]:
    told = len(side.replayed.notifications)
    fired = sum(alert.firing_at is not None for alert in side.replayed.alerts)
    return {"rules": side.name, "alerts": fired, "messages": told, "messages_per_day": round(told / days, 3)}


def _load_json(load: Load, days: float) -> dict[str, Any]:
    return {
        "procedure": load.procedure,
        "alerts_before": load.firings(after=False),
        "alerts_after": load.firings(after=True),
        **{change: load.changes[change] for change in Change},
        "messages_per_day_before": round(load.messages[0] / days, 3),
        "messages_per_day_after": round(load.messages[1] / days, 3),
    }


def _firing_json(firing: Firing) -> dict[str, Any]:
    fired = {name: alert.firing_at if alert else None for name, alert in (("before", firing.before), ("after", firing.after))}
    return {
        "change": firing.change,
        "rule": firing.alert.rule,
        "labels": firing.alert.labels,
        "procedure": firing.procedure,
        **{f"fired_{name}": rfc3339(moment) for name, moment in fired.items()},
        "moved_s": to_seconds(firing.moved),
    }


def score_json(score: Score) -> dict[str, Any]:
    """Give what the key `incidents` holds."""
    return {
        "found": score.count(IncidentOutcome.FOUND),
        "missed": score.count(IncidentOutcome.MISSED),
        "not_covered": score.count(IncidentOutcome.NOT_COVERED),
        "median_s_to_find": to_seconds(score.median_took),
        "false_alarms": len(score.false),
        "false_alarms_per_day": round(score.false_per_day, 3),
        "known": [_scored_json(each) for each in score.scored],
        "false": [_told_json(each) for each in score.false],
    }


def _scored_json(scored: Scored) -> dict[str, Any]:
    known = scored.known
    return {
        "from": rfc3339(known.from_),
        "to": rfc3339(known.to),
        "what": known.what,
        "procedure": known.procedure,
        "step": known.step,
        "shop": known.shop,
        "outcome": scored.outcome,
        "s_to_find": to_seconds(scored.took),
        "procedure_right": scored.procedure_right,
        "procedure_right_later": scored.procedure_later,
        "step_right": scored.step_right,
        "told": [_told_json(each) for each in scored.told],
    }


def _told_json(told: Notification) -> dict[str, Any]:
    return {
        "at": rfc3339(told.at),
        "reason": told.reason,
        "procedure": told.procedure,
        "step": told.walked.step if told.walked else None,
        "rules": told.rules,
        "labels": told.labels,
        "shops": list(told.shops),
        "partial": told.partial,
    }


def tuning_json(tuning: Tuning) -> dict[str, Any]:
    """Give the versioned document of `tune`."""
    return {
        "schema": SCHEMA,
        "rule": tuning.rule.rule,
        "from": rfc3339(tuning.span.start),
        "to": rfc3339(tuning.span.end),
        "cells": [_cell_json(cell, tuning) for cell in tuning.cells],
    }


def _cell_json(cell: TuningResult, tuning: Tuning) -> dict[str, Any]:
    scored = cell.score
    judged: dict[str, Any] = {}
    if scored:
        judged = {
            "found": scored.count(IncidentOutcome.FOUND),
            "missed": scored.count(IncidentOutcome.MISSED),
            "median_s_to_find": to_seconds(scored.median_took),
            "false_alarms": len(scored.false),
            "false_alarms_per_week": round(tuning.per_week(len(scored.false)), 3),
        }
    return {
        "settings": cell.settings,
        "today": cell.today,
        "alerts": cell.alerts,
        "alerts_per_week": round(tuning.per_week(cell.alerts), 3),
        "messages": cell.messages,
        "messages_per_week": round(tuning.per_week(cell.messages), 3),
        **judged,
    }
