"""What to tell, and why now: alerts become incidents, incidents speak, and what keeps silent says why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from logwatch.judge.alerts import Alert, AlertState
from logwatch.languages import Worded
from logwatch.notify.diagnosis.findings import Walked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logwatch.judge.rules.model import RuleSet

REMIND_EVERY = timedelta(hours=4)
REOPEN_WITHIN = timedelta(hours=1)
"""An incident that comes back so soon is the same one."""
SETTLE = timedelta(minutes=30)
"""How long an incident that came back must stay quiet before it is told to be over: flapping does not spam."""
AFTERMATH = timedelta(minutes=10)
"""How long after its end a cause still explains what it had brought about: sliding spans remember it for a while."""
SILENCE_NOTICE = timedelta(minutes=10)
"""How long before its end a silence that still mutes something is told."""


class NotifyReason(Worded, families=("notify",)):
    """Why a message is sent now."""

    FIRING = "firing"
    JOINED = "joined"
    """More rules fire in an incident that has spoken."""
    REMINDER = "reminder"
    RESOLVED = "resolved"
    SILENCE_ENDING = "silence_ending"
    TEST = "test"
    """Somebody tries the channels; there is no incident."""


class Muted(StrEnum):
    """Why a firing alert does not speak."""

    SILENCED = "silenced"
    INHIBITED = "inhibited"


@dataclass(frozen=True, slots=True)
class Silence:
    """A rule, or one shop of it, muted by a person until a time, for a reason."""

    id: str
    rule: str
    """A rule's id, or `*` for all."""
    labels: dict[str, str]
    """Labels that an alert must have; empty mutes every shop."""
    until: datetime
    reason: str
    by: str
    created_at: datetime
    told: bool = False
    """Whether its coming end has been told."""

    def mutes(self, alert: Alert, now: datetime) -> bool:
        """Tell whether the silence holds now and covers the alert."""
        return self.until > now and self.rule in {"*", alert.rule} and self.labels.items() <= alert.labels.items()


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
    """One procedure and shop: the alerts that are told together."""

    id: str
    procedure: str
    labels: dict[str, str]
    """Empty: all shops together."""
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

    def with_silence(self, silence: Silence) -> Memory:
        """Add a silence."""
        return replace(self, silences=(*self.silences, silence))

    def without_silence(self, ended: str) -> Memory:
        """Take a silence away, by its id."""
        return replace(self, silences=tuple(silence for silence in self.silences if silence.id != ended))


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be told, what keeps silent and why, and what to remember."""

    notifications: tuple[Notification, ...]
    suppressed: tuple[Suppression, ...]
    memory: Memory


def decide(
    alerts: Iterable[Alert], memory: Memory, rules: RuleSet, now: datetime, *, remind_every: timedelta = REMIND_EVERY
) -> Decision:
    """Decide what to tell of the alerts as they stand.

    An incident speaks when an alert fires, when more join it, when it has been silent for `remind_every`, and when all
    of it is resolved; never twice the same. Silences and inhibitions mute alerts, not the end of what has been told.
    """
    scene = _look(alerts, memory, rules, now)
    notifications, incidents = [], []
    for incident in _assign(scene, memory.incidents, rules):
        notification, after = _speak(_refresh(incident, scene), scene, remind_every)
        incidents.append(after)
        if notification:
            notifications.append(_with_context(notification, scene, rules))
    ending, silences = _ending(scene, rules)
    return Decision((*notifications, *ending), tuple(scene.suppressed.values()), Memory(tuple(incidents), silences, scene.over))


@dataclass(frozen=True, slots=True)
class _Situation:
    """The alerts of one moment, by fingerprint."""

    now: datetime
    alerts: dict[str, Alert]
    firing: dict[str, Alert]
    suppressed: dict[str, Suppression]
    speaking: dict[str, Alert]
    """Firing and not suppressed."""
    silences: tuple[Silence, ...]
    """Those that hold."""
    over: tuple[Alert, ...]
    """Causes that have just ended."""


def _look(alerts: Iterable[Alert], memory: Memory, rules: RuleSet, now: datetime) -> _Situation:
    found = {alert.fingerprint: alert for alert in alerts}
    firing = {mark: alert for mark, alert in found.items() if alert.state is AlertState.FIRING}
    silences = tuple(silence for silence in memory.silences if silence.until > now)
    explaining = {rule for each in rules.inhibitions for rule in each.when}
    ended = {
        each.fingerprint: each for each in (*memory.over, *found.values()) if each.rule in explaining and _just_over(each, now)
    }
    causes = [*firing.values(), *ended.values()]
    suppressed = {}
    for mark, alert in firing.items():
        silence = max((each for each in silences if each.mutes(alert, now)), key=lambda each: each.until, default=None)
        if silence:
            suppressed[mark] = Suppression(mark, Muted.SILENCED, silence.id, silence.until)
        elif sources := _sources(alert, causes, rules):
            suppressed[mark] = Suppression(mark, Muted.INHIBITED, sources[0])
    speaking = {mark: alert for mark, alert in firing.items() if mark not in suppressed}
    return _Situation(now, found, firing, suppressed, speaking, silences, tuple(ended.values()))


def _just_over(alert: Alert, now: datetime) -> bool:
    return alert.resolved_at is not None and now - alert.resolved_at < AFTERMATH


def _sources(alert: Alert, causes: Iterable[Alert], rules: RuleSet) -> list[str]:
    """Give the rules among these alerts that explain an alert; what began after a cause was over is not its doing."""
    return [
        one.rule
        for one in causes
        if any(each.explains(one.rule, alert.rule) for each in rules.inhibitions)
        and (one.resolved_at is None or alert.pending_at <= one.resolved_at)
    ]


def _assign(scene: _Situation, incidents: Iterable[Incident], rules: RuleSet) -> list[Incident]:
    """Give every alert that speaks an incident; single shops come before all shops together."""
    kept = [one for one in incidents if one.closed_at is None or scene.now - one.closed_at < REOPEN_WITHIN]
    for alert in sorted(scene.speaking.values(), key=lambda alert: not alert.labels):
        if any(alert.fingerprint in one.members for one in kept if one.closed_at is None):
            continue
        procedure = rules.by_id[alert.rule].procedure
        found = _find(kept, procedure, alert.labels)
        if found is None:
            name = _incident_id(procedure, alert, scene.now)
            kept.append(Incident(name, procedure, alert.labels, scene.now, (alert.fingerprint,)))
        else:
            kept[kept.index(found)] = _join(found, alert, scene.now)
    return kept


def _find(incidents: Iterable[Incident], procedure: str, labels: dict[str, str]) -> Incident | None:
    """Give the incident that an alert belongs to: an open one first, where all shops together count as any shop."""
    same = [one for one in incidents if one.procedure == procedure]
    own = [one for one in same if one.labels == labels]
    near = [one for one in same if one.closed_at is None and not (one.labels and labels)]
    return next(iter(sorted([*own, *near], key=lambda one: (one.closed_at is not None, one.labels != labels))), None)


def _join(incident: Incident, alert: Alert, now: datetime) -> Incident:
    if incident.closed_at is None:
        return replace(incident, members=(*incident.members, alert.fingerprint))
    return replace(
        incident, members=(alert.fingerprint,), alerts=(), told=(), told_at=None, opened_at=now, closed_at=None,
        reopened=incident.reopened + 1, since=None,
    )  # fmt: skip


def _incident_id(procedure: str, alert: Alert, now: datetime) -> str:
    """Name an incident by when it fired; what was mute for long may have fired together with one that is forgotten."""
    fired = max(alert.firing_at or now, now - REOPEN_WITHIN)
    shop = "-".join(alert.labels.values()) or "all"
    clean = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in shop)[:40]
    mark = "" if clean == shop else f"-{alert.fingerprint[:6]}"  # names that look the same without their letters must not be
    return f"{fired:%Y%m%d%H%M}-{procedure or alert.rule}-{clean}{mark}"


def _refresh(incident: Incident, scene: _Situation) -> Incident:
    """Bring the members up to date; one that is no more, or only pending again, is kept as it was last seen."""
    if incident.closed_at is not None:
        return incident
    last = {alert.fingerprint: alert for alert in incident.alerts}
    found = {mark: alert for mark, alert in scene.alerts.items() if alert.state is not AlertState.PENDING}
    alerts = tuple(found.get(mark) or replace(last[mark], state=AlertState.RESOLVED) for mark in incident.members)
    since = min(filter(None, (incident.since, *(alert.since for alert in alerts))))
    going_on = any(mark in scene.firing for mark in incident.members)
    return replace(incident, alerts=alerts, since=since, quiet_at=None if going_on else incident.quiet_at or scene.now)


def _speak(incident: Incident, scene: _Situation, remind_every: timedelta) -> tuple[Notification | None, Incident]:
    """Give what the incident has to say now, if anything, and the incident afterwards."""
    if incident.closed_at is not None:
        return None, incident
    now, speaking = scene.now, scene.speaking
    new = tuple(mark for mark in incident.members if mark in speaking and mark not in incident.told)
    if new and incident.told and all(_is_total(speaking[mark], incident) for mark in new):
        incident, new = replace(incident, told=(*incident.told, *new)), ()
    if new:
        return _tell(incident, NotifyReason.JOINED if incident.told_at else NotifyReason.FIRING, new, now)
    if incident.quiet_at is not None:
        over = now - incident.quiet_at >= (SETTLE if incident.reopened else timedelta())
        if incident.told_at is None or not over:
            return None, replace(incident, closed_at=None if incident.told_at else now)
        notification, incident = _tell(incident, NotifyReason.RESOLVED, (), now)
        return replace(notification, resolved_at=incident.quiet_at), replace(incident, closed_at=now)
    due = incident.told_at is not None and now - incident.told_at >= remind_every
    if due and any(mark in speaking for mark in incident.members):
        return _tell(incident, NotifyReason.REMINDER, (), now)
    return None, incident


def _is_total(alert: Alert, incident: Incident) -> bool:
    """Tell whether an alert is all shops together of a rule that has been told for one of them: nothing new to anybody."""
    return not alert.labels and any(
        member.rule == alert.rule and member.labels and member.fingerprint in incident.told for member in incident.alerts
    )


def _tell(incident: Incident, reason: NotifyReason, new: tuple[str, ...], now: datetime) -> tuple[Notification, Incident]:
    number = incident.messages + 1
    notification = Notification(
        id=f"{incident.id}.{number}",
        incident=incident.id,
        reason=reason,
        at=now,
        procedure=incident.procedure,
        labels=incident.labels,
        since=incident.since or incident.opened_at,
        alerts=tuple(
            sorted(incident.alerts, key=lambda alert: (alert.fingerprint not in new, alert.state is AlertState.RESOLVED))
        ),
        new=new,
        again=incident.reopened,
    )
    return notification, replace(incident, told=(*incident.told, *new), told_at=now, messages=number)


def _with_context(notification: Notification, scene: _Situation, rules: RuleSet) -> Notification:
    """Name what the incident explains, and what does not explain it."""
    own = {alert.rule for alert in notification.alerts}
    explained = [
        scene.firing[each.fingerprint]
        for each in scene.suppressed.values()
        if each.why is Muted.INHIBITED and own & set(_sources(scene.firing[each.fingerprint], notification.alerts, rules))
    ]
    others = {alert.rule for alert in scene.firing.values()} - own
    unexpected = [rule for each in rules.inhibitions if own & set(each.not_expected) for rule in each.when if rule in others]
    return replace(notification, inhibited=tuple(explained), unexpected_with=tuple(dict.fromkeys(unexpected)))


def _ending(scene: _Situation, rules: RuleSet) -> tuple[list[Notification], tuple[Silence, ...]]:
    """Tell of silences that end soon while what they mute still fires."""
    told, after = [], []
    for silence in scene.silences:
        muted = tuple(alert for alert in scene.firing.values() if silence.mutes(alert, scene.now))
        due = bool(muted) and not silence.told and silence.until - scene.now <= SILENCE_NOTICE
        after.append(replace(silence, told=silence.told or due))
        if due:
            told.append(
                Notification(
                    id=f"silence-{silence.id}.1",
                    incident=f"silence-{silence.id}",
                    reason=NotifyReason.SILENCE_ENDING,
                    at=scene.now,
                    procedure=rules.by_id[muted[0].rule].procedure,
                    labels=muted[0].labels,
                    since=min(alert.since for alert in muted),
                    alerts=muted,
                    new=(),
                    silence=silence,
                )
            )
    return told, tuple(after)
