"""Incidents, and what is told of them: the records that deciding makes and remembers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from logwatch.judge.alerts import Alert
from logwatch.judge.rules.model import Severity
from logwatch.languages import Worded
from logwatch.notify.diagnosis.findings import Walked
from logwatch.notify.digest import Digest, TargetWeek
from logwatch.notify.scopes import Scope
from logwatch.notify.silences import RecurringSilence, Silence, holding


class NotifyReason(Worded, families=("notify",)):
    """Why a message is sent now."""

    FIRING = "firing"
    JOINED = "joined"
    """More rules fire in an incident that has spoken."""
    WIDER = "wider"
    """It is at more shops than the last message said."""
    EASED = "eased"
    """A warning no more, and not normal either."""
    RELAPSED = "relapsed"
    """A warning again, after that."""
    REMINDER = "reminder"
    RESOLVED = "resolved"
    ESCALATED = "escalated"
    """Nobody has taken it on in time: the next are asked."""
    ANSWERED = "answered"
    """Somebody is on it, or no longer, or has muted it."""
    SILENCE_ENDING = "silence_ending"
    SUMMED = "summed"
    """More incidents speak than people could read: one message about all the others."""
    DIGEST = "digest"
    """A week looked back on; there is no incident."""
    TEST = "test"
    """Somebody tries the channels; there is no incident."""


class Label(Worded, families=("label",)):
    """What people found an incident to be."""

    REAL = "real"
    FALSE = "false"


class AnswerKind(Worded, families=("answer", "answer_undone")):
    """What a person says of an incident."""

    ACKNOWLEDGED = "acknowledged"
    """They are on it."""
    SILENCED = "silenced"
    """They want to hear nothing of it for an hour."""
    REAL = "real"
    FALSE = "false"


@dataclass(frozen=True, slots=True)
class Said:
    """One person's answer, or that they have taken it back."""

    kind: AnswerKind
    who: str
    """A name, or `@` and an id where no name is known."""
    undone: bool = False
    until: datetime | None = None
    """How long it holds, where it ends by itself."""


class Muted(StrEnum):
    """Why a firing alert does not speak."""

    SILENCED = "silenced"
    INHIBITED = "inhibited"


@dataclass(frozen=True, slots=True)
class Suppression:
    """A firing alert that does not speak, and why."""

    fingerprint: str
    why: Muted
    by: str
    """The silence's id, or the rule that explains the alert."""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """One procedure and scope: the alerts that are told together."""

    id: str
    procedure: str
    labels: dict[str, str]
    """Of the one shop that it is about; empty: several, or all together."""
    opened_at: datetime
    members: tuple[str, ...] = ()
    """Fingerprints of the alerts that belong to it, in order of joining."""
    alerts: tuple[Alert, ...] = ()
    """The members as last seen."""
    told: tuple[str, ...] = ()
    """Fingerprints that a message has named."""
    told_at: datetime | None = None
    messages: int = 0
    """Number of messages so far. Starts at 0."""
    quiet_at: datetime | None = None
    """When the last member resolved; None while one fires."""
    closed_at: datetime | None = None
    reopened: int = 0
    """How often it came back within the hour."""
    since: datetime | None = None
    """The earliest `since` of its alerts since it opened, also of one that has come back meanwhile."""
    shops: tuple[str, ...] = ()
    """As in its scope, like the next."""
    partial: bool = False
    told_scope: Scope | None = None
    """What the last message said; None before the first."""
    first_scope: Scope | None = None
    """What the very first message said, whose subject all mails of the thread have."""
    widened_at: datetime | None = None
    """When more rules or shops were told the last time."""
    eased_at: datetime | None = None
    """When it was told to be a warning no more; None where it is one."""
    relapses: int = 0
    """How often it became a warning again after that."""
    severity: Severity = Severity.WARN
    """The gravest of its rules."""
    first_told_at: datetime | None = None
    """When the very first message about it was decided."""
    acknowledged_at: datetime | None = None
    """Since when somebody is on it; None while nobody is."""
    acknowledged_by: str = ""
    """Who is; a name, or an id where no name is known."""
    escalated: int = 0
    """How many steps of waking others were taken."""
    escalated_at: datetime | None = None
    called_at: datetime | None = None
    """When its first message left, or its first since it came back."""
    given_back_at: datetime | None = None
    """When the last who was on it no longer was."""
    muted_until: datetime | None = None
    """Until when somebody's answer mutes it."""
    also: tuple[str, ...] = ()
    """Channels that its messages go to besides the usual ones, since it was escalated."""
    told_severity: Severity | None = None
    """What the last message said; None before the first."""
    held_at: datetime | None = None
    """Since when it has waited for the end of the quiet hours; None where it never did."""
    label: Label | None = None
    labelled_at: datetime | None = None
    labelled_by: str = ""

    @property
    def scope(self) -> Scope:
        """Where it is."""
        return Scope(self.labels, self.shops, self.partial)

    def at(self, scope: Scope) -> Incident:
        """Give it at another scope."""
        return replace(self, labels=scope.labels, shops=scope.shops, partial=scope.partial)


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to be: what it says, as facts and without words."""

    id: str
    """The incident's id, a dot, the number of the message."""
    incident: str
    reason: NotifyReason
    at: datetime
    procedure: str
    labels: dict[str, str]
    since: datetime
    """Since when the incident has been so: the earliest `since` of its alerts."""
    alerts: tuple[Alert, ...]
    """The incident's alerts: those that made it speak first, those that are over last."""
    new: tuple[str, ...]
    """Fingerprints that no earlier message has named."""
    inhibited: tuple[Alert, ...] = ()
    """Alerts that this incident explains, and that are therefore silent."""
    unexpected_with: tuple[str, ...] = ()
    """Rules that fire and do not explain this incident, though one might think so."""
    again: int = 0
    """How often the incident came back within the hour."""
    silence: Silence | None = None
    """The silence that is about to end."""
    resolved_at: datetime | None = None
    vanished: dict[str, str] = field(default_factory=dict)
    """Counters that no longer come, where it is about them, with the new key that may stand for each."""
    walked: Walked | None = None
    """What its procedure's steps found; None where nobody looked."""
    shops: tuple[str, ...] = ()
    """As in the incident's scope, like the next."""
    partial: bool = False
    first_scope: Scope | None = None
    """What the incident's first message said; None where this is it."""
    summed: tuple[Notification, ...] = ()
    """The messages that this one stands for."""
    severity: Severity = Severity.WARN
    """The gravest of the incident's rules."""
    acknowledged_by: str = ""
    """Who is on it; empty: nobody has said so."""
    acknowledged_at: datetime | None = None
    label: Label | None = None
    """What people have found the incident to be."""
    labelled_by: str = ""
    said: tuple[Said, ...] = ()
    """The answers that it tells of."""
    mention: tuple[str, ...] = ()
    """Whom it calls in Slack, as rules/oncall.yaml names them."""
    also: tuple[str, ...] = ()
    """Channels that it goes to besides the usual ones."""
    unheard: bool = False
    """Whether no message came before it."""
    unanswered_since: datetime | None = None
    """Since when nobody has taken the incident on, where it is told for that."""
    digest: Digest | None = None
    weeks: tuple[TargetWeek, ...] = ()
    """Of each target, where the digest of several is one message."""
    """The week that it tells of, where there is no incident."""

    @property
    def scope(self) -> Scope:
        """Where the incident is."""
        return Scope(self.labels, self.shops, self.partial)

    @property
    def parts(self) -> tuple[Notification, ...]:
        """What it tells, an incident each."""
        return self.summed or (self,)

    @property
    def late(self) -> Alert | None:
        """The alert that is told late, because its lines came late; None where none is."""
        return next((alert for alert in self.alerts if alert.late and alert.fingerprint in self.new), None)

    @property
    def rules(self) -> list[str]:
        """The ids of the rules it is about, each once."""
        return list(dict.fromkeys(alert.rule for alert in self.alerts))


@dataclass(frozen=True, slots=True)
class Memory:
    """What deciding remembers from one time to the next."""

    incidents: tuple[Incident, ...] = ()
    silences: tuple[Silence, ...] = ()
    over: tuple[Alert, ...] = ()
    """Causes that have ended and still explain what they left behind, told or not."""
    recurring: tuple[RecurringSilence, ...] = ()

    def with_silence(self, silence: Silence | RecurringSilence) -> Memory:
        """Add a silence."""
        if isinstance(silence, RecurringSilence):
            return replace(self, recurring=(*self.recurring, silence))
        return replace(self, silences=(*self.silences, silence))

    def without_silence(self, ended: str) -> Memory:
        """Take a silence away, by its id."""
        return replace(
            self,
            silences=tuple(silence for silence in self.silences if silence.id != ended),
            recurring=tuple(silence for silence in self.recurring if silence.id != ended),
        )

    @property
    def muting(self) -> tuple[Silence | RecurringSilence, ...]:
        """All silences, also those that do not hold now."""
        return (*self.silences, *self.recurring)

    def held(self, now: datetime) -> tuple[Silence, ...]:
        """Give the silences that hold at a time."""
        return holding(self.silences, self.recurring, now)
