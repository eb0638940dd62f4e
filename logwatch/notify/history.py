"""The incidents of the last weeks: when each began, was told, taken on and over, and what people found it to be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from logwatch.judge.rules.model import Severity
from logwatch.judge.verdicts import Verdict
from logwatch.notify.incidents import Label
from logwatch.notify.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logwatch.notify.incidents import Incident

KEPT_FOR = timedelta(days=35)
"""How far back incidents are remembered: a month to look back on, and a week more."""
MOST_RECORDS = 500
"""Incidents that are remembered at the most, the newest; a state stays small whatever happens."""


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    """One incident that was told, as it stands or ended; times are aware UTC."""

    id: str
    procedure: str
    severity: Severity
    rules: tuple[str, ...]
    """Each once, in order of joining."""
    labels: dict[str, str]
    """As in the incident's scope, like the next two."""
    shops: tuple[str, ...]
    partial: bool
    since: datetime
    """The onset: the earliest `since` of its alerts."""
    told_at: datetime
    """When its first message was decided."""
    peaks: dict[str, Verdict]
    """The worst of each rule."""
    messages: int = 1
    acknowledged_at: datetime | None = None
    """When somebody first took it on."""
    acknowledged_by: str = ""
    over_at: datetime | None = None
    """When nothing of it fired any more; None while something does."""
    reopened: int = 0
    label: Label | None = None
    labelled_at: datetime | None = None
    labelled_by: str = ""

    @property
    def scope(self) -> Scope:
        """Where it was."""
        return Scope(self.labels, self.shops, self.partial)


def remember(records: tuple[IncidentRecord, ...], incidents: Iterable[Incident], now: datetime) -> tuple[IncidentRecord, ...]:
    """Bring the records up to date with the incidents as they stand: those that were told, oldest first."""
    known = {record.id: record for record in records}
    told = {each.id: _record(each, known.get(each.id)) for each in incidents if each.first_told_at and each.alerts}
    kept = [each for each in (known | told).values() if now - (each.over_at or now) < KEPT_FOR]
    return tuple(sorted(kept, key=lambda each: each.told_at)[-MOST_RECORDS:])


def _record(incident: Incident, before: IncidentRecord | None) -> IncidentRecord:
    """Give what is to be remembered of an incident; who took it on first stays, also where it has come back since."""
    rules = tuple(dict.fromkeys(alert.rule for alert in incident.alerts))
    record = IncidentRecord(
        id=incident.id,
        procedure=incident.procedure,
        severity=incident.severity,
        rules=rules,
        labels=incident.labels,
        shops=incident.shops,
        partial=incident.partial,
        since=incident.since or incident.opened_at,
        told_at=incident.first_told_at or incident.opened_at,
        peaks={rule: next(alert.peak for alert in incident.alerts if alert.rule == rule) for rule in rules},
        messages=incident.messages,
        acknowledged_at=incident.acknowledged_at,
        acknowledged_by=incident.acknowledged_by,
        over_at=incident.quiet_at,
        reopened=incident.reopened,
        label=incident.label,
        labelled_at=incident.labelled_at,
        labelled_by=incident.labelled_by,
    )
    if before is None or not incident.reopened:
        return record
    return replace(
        record,
        since=min(before.since, record.since),
        rules=tuple(dict.fromkeys((*before.rules, *rules))),
        peaks={**before.peaks, **record.peaks},
        acknowledged_at=before.acknowledged_at or record.acknowledged_at,
        acknowledged_by=before.acknowledged_by or record.acknowledged_by,
    )
