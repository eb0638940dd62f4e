"""Whom an incident calls at a moment, what waits for the morning, and who is next where nobody answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from logwatch.judge.rules.model import gravest

if TYPE_CHECKING:
    from datetime import datetime

    from logwatch.judge.rules.oncall import Escalation, OnCall
    from logwatch.notify.incidents import Incident


@dataclass(frozen=True, slots=True)
class Calling:
    """What oncall.yaml says of one moment."""

    oncall: OnCall
    local: datetime
    """The moment, on the clock that the hours are those of."""
    real: datetime
    """When messages leave: later than the moment where a run takes a pause minute by minute, and nobody could have answered."""

    def holds(self, incident: Incident) -> bool:
        """Tell whether an incident says nothing now, since it can wait for the morning."""
        return self.oncall.is_quiet(incident.severity, self.local)

    def mention(self, incident: Incident) -> tuple[str, ...]:
        """Give whom its waking messages call."""
        return self.oncall.route(incident.severity, incident.procedure, self.local).mention

    def due(self, incident: Incident) -> tuple[Escalation, ...]:
        """Give the steps that are to be taken now and were not yet, since nobody has answered in time."""
        steps = self.oncall.route(incident.severity, incident.procedure, self.local).escalate
        if not steps or incident.acknowledged_at or (incident.muted_until and incident.muted_until > self.real):
            return ()
        waited = self.real - unanswered_since(incident)
        return tuple(step for step in steps[incident.escalated :] if step.after <= waited)


def unanswered_since(incident: Incident) -> datetime:
    """Give since when an incident waits for somebody: told, also that it came back, given back, or muted until then."""
    return max(filter(None, (incident.called_at or incident.opened_at, incident.given_back_at, incident.muted_until)))


def is_graver(incident: Incident) -> bool:
    """Tell whether an incident is graver by now than its last message said."""
    told = incident.told_severity
    return told is not None and incident.severity is not told and gravest((told, incident.severity)) is incident.severity
