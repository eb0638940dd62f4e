"""What people say of incidents by their reactions: it counts as long as it stands, and is told once.

Slack is only read, and the state decides: what each run finds is held against what the runs before it have found.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from logwatch.notify.decide import next_notification
from logwatch.notify.follow_ups import ask_for, set_head
from logwatch.notify.incidents import AnswerKind, Label, Notification, NotifyReason, Said
from logwatch.notify.outbox import After
from logwatch.notify.silences import Silence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from logwatch.notify.history import IncidentRecord
    from logwatch.notify.incidents import Incident, Memory
    from logwatch.notify.outbox import Outbox

EMOJI = {
    "eyes": AnswerKind.ACKNOWLEDGED,
    "no_bell": AnswerKind.SILENCED,
    "white_check_mark": AnswerKind.REAL,
    "x": AnswerKind.FALSE,
}
QUIET_FOR = timedelta(hours=1)
"""How long 🔕 mutes."""
HEARD_AFTER = timedelta(days=1)
"""How long after an incident's end it may be labelled."""
LABELS = {AnswerKind.REAL: Label.REAL, AnswerKind.FALSE: Label.FALSE}
BY_REACTION = "🔕 (Slack)"
"""The reason of a silence that a reaction made."""

MOST_PEOPLE = 200
T = TypeVar("T", "Incident", "IncidentRecord")

Reactions = tuple[tuple[AnswerKind, str], ...]
"""What stands on one message: what it means and the user who put it there."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """What one person says of an incident by a reaction."""

    kind: AnswerKind
    user: str
    """Slack's id."""
    at: datetime
    """When a run first found it."""
    silences: tuple[str, ...] = ()
    """Those that it made."""
    message: str = ""
    """Where it stood last, as in `Heard.messages`; empty where nobody wrote that down."""

    @property
    def key(self) -> tuple[AnswerKind, str]:
        """What tells it from others."""
        return self.kind, self.user


@dataclass(frozen=True, slots=True)
class Answers:
    """All that people say of incidents, and what they are called."""

    given: dict[str, tuple[Reaction, ...]] = field(default_factory=dict)
    """Incident to what is said of it, in the order in which it was found."""
    people: dict[str, str] = field(default_factory=dict)
    """Names by id."""

    def of(self, incidents: Collection[str]) -> Answers:
        """Give the same without what was said of other incidents, and without names that were learned long ago."""
        given = {name: said for name, said in self.given.items() if name in incidents}
        return Answers(given, dict(list(self.people.items())[-MOST_PEOPLE:]))


@dataclass(frozen=True, slots=True)
class Heard:
    """What stands on the messages that were asked about, and names that are new."""

    seen: dict[str, Reactions] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    """Incident to the message that was asked about: another one than before, where its channel has changed since."""

    def merge(self, name: str, before: tuple[Reaction, ...], now: datetime) -> tuple[Reaction, ...]:
        """Give the answers to an incident that stand: those that did before, then those that are new.

        What stood on another message was not taken back: nobody has looked there.
        """
        reactions, message = self.seen[name], self.messages.get(name, "")
        kept = []
        for each in before:
            if each.key in reactions:
                kept.append(replace(each, message=message))
            elif each.message and each.message != message:
                kept.append(each)
        known = {each.key for each in kept}
        new = (Reaction(*key, now, message=message) for key in dict.fromkeys(reactions) if key not in known)
        return (*kept, *new)


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of the answers as they stand."""

    memory: Memory
    history: tuple[IncidentRecord, ...]
    answers: Answers
    notifications: tuple[Notification, ...]
    """What is new and others should hear: who is on it, or no longer, and who has muted it."""


def take_answers(
    memory: Memory, history: tuple[IncidentRecord, ...], answers: Answers, heard: Heard, now: datetime
) -> Answered:
    """Hold the reactions that were `seen` against the answers so far; an incident that was not looked at keeps its own.

    What is the same changes nothing, and what was taken back is undone: an acknowledgement, a label, a silence that it made.
    """
    people, after, told, incidents = {**answers.people, **heard.people}, dict(answers.given), [], []
    for incident in memory.incidents:
        change = _hear(incident, after.get(incident.id, ()), heard, people, now)
        held = {each.id for each in memory.silences if each.until > now}
        said = tuple(
            each for each in change.said if each.kind is AnswerKind.ACKNOWLEDGED or not each.undone or change.lifted & held
        )
        silences = (*(each for each in memory.silences if each.id not in change.lifted), *change.silences)
        memory = replace(memory, silences=silences)
        answered = _answered(incident, change, memory, people, now)
        if said and incident.told_at:
            answered, notification = _tell(answered, said, now)
            told.append(notification)
        incidents.append(answered)
        after[incident.id] = change.answers
    for name in heard.seen.keys() - {incident.id for incident in incidents}:  # over for long: a record is all there is
        after[name] = heard.merge(name, after.get(name, ()), now)
    records = tuple(_labelled(each, after[each.id], people) if each.id in after else each for each in history)
    given = {name: each for name, each in after.items() if each}
    return Answered(replace(memory, incidents=tuple(incidents)), records, Answers(given, people), tuple(told))


@dataclass(frozen=True, slots=True)
class _Change:
    """How the answers to one incident have changed."""

    answers: tuple[Reaction, ...]
    said: tuple[Said, ...]
    silences: tuple[Silence, ...]
    """Those that new answers make."""
    lifted: set[str]
    """Those that were made by answers which are taken back."""


def _hear(incident: Incident, before: tuple[Reaction, ...], heard: Heard, people: Mapping[str, str], now: datetime) -> _Change:
    if incident.id not in heard.seen:
        return _Change(before, (), (), set())
    merged, made, said = [], list[Silence](), list[Said]()
    known = {each.key for each in before}
    for each in heard.merge(incident.id, before, now):
        answer, name, until = each, name_of(each.user, people), None
        if each.key not in known and incident.closed_at is None:
            if each.kind is AnswerKind.SILENCED:
                silences = _silences(incident, name, each)
                made += silences
                answer, until = replace(each, silences=tuple(silence.id for silence in silences)), now + QUIET_FOR
            said += [Said(each.kind, name, until=until)] if each.kind not in LABELS else []
        merged.append(answer)
    standing = {each.key for each in merged}
    gone = [each for each in before if each.key not in standing]
    if incident.closed_at is None:
        said += [Said(each.kind, name_of(each.user, people), undone=True) for each in gone if each.kind not in LABELS]
    return _Change(tuple(merged), tuple(said), tuple(made), {name for each in gone for name in each.silences})


def name_of(user: str, people: Mapping[str, str]) -> str:
    """Give a person's name; where none is known, `@` and the id, which Slack shows as the name."""
    return people.get(user) or f"@{user}"


def _silences(incident: Incident, who: str, answer: Reaction) -> list[Silence]:
    """Give what mutes the rules of an incident where it is; the coming end of the first is told for all."""
    rules = tuple(dict.fromkeys(alert.rule for alert in incident.alerts))
    shops = [alert.labels for alert in incident.alerts if alert.labels]
    places = [incident.labels] if incident.labels else shops if incident.partial else [{}]
    found: list[Silence] = []
    for rule in rules:
        for labels in (dict(each) for each in dict.fromkeys(tuple(place.items()) for place in places)):
            key = f"{incident.id} {answer.user} {answer.at.isoformat()} {rule} {sorted(labels.items())}"
            name = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:8]
            found.append(Silence(name, rule, labels, answer.at + QUIET_FOR, BY_REACTION, who, answer.at, told=bool(found)))
    return found


def _answered(incident: Incident, change: _Change, memory: Memory, people: Mapping[str, str], now: datetime) -> Incident:
    """Give an incident as its answers say; who was on one that is over stays."""
    labelled = _labelled(incident, change.answers, people)
    if incident.closed_at is not None:
        return labelled
    taken = [each for each in change.answers if each.kind is AnswerKind.ACKNOWLEDGED]
    by = ", ".join(name_of(each.user, people) for each in taken)
    since = min((each.at for each in taken), default=None)
    if incident.acknowledged_at and not taken:
        labelled = replace(labelled, given_back_at=now, escalated=0)
    made = {name for each in change.answers for name in each.silences}
    muted = max((each.until for each in memory.silences if each.id in made), default=None)
    if muted is None and incident.muted_until:
        muted = min(incident.muted_until, now)
    return replace(labelled, acknowledged_at=since, acknowledged_by=by, muted_until=muted)


def _labelled(what: T, answers: Iterable[Reaction], people: Mapping[str, str]) -> T:
    """Give it with the label that was put last of those that stand."""
    labels = [each for each in answers if each.kind in LABELS]  # in the order in which they were found, and Slack gave them
    last = max(reversed(labels), key=lambda each: each.at, default=None)
    if last is None:
        return replace(what, label=None, labelled_at=None, labelled_by="")
    return replace(what, label=LABELS[last.kind], labelled_at=last.at, labelled_by=name_of(last.user, people))


def _tell(incident: Incident, said: tuple[Said, ...], now: datetime) -> tuple[Incident, Notification]:
    notification = replace(next_notification(incident, NotifyReason.ANSWERED, (), now), said=said)
    return replace(incident, messages=incident.messages + 1), notification


def _with_facts(notification: Notification, incident: Incident) -> Notification:
    return replace(
        notification,
        acknowledged_at=incident.acknowledged_at,
        acknowledged_by=incident.acknowledged_by,
        label=incident.label,
        labelled_by=incident.labelled_by,
    )


def _taken_on(head: Notification) -> Notification:
    """Let a head that called the next say so no longer once somebody is on it."""
    if head.reason is not NotifyReason.ESCALATED or not head.acknowledged_at:
        return head
    return replace(head, reason=NotifyReason.REMINDER, unanswered_since=None, mention=())


def renew_heads(outbox: Outbox, incidents: Iterable[Incident], channels: Collection[str]) -> Outbox:
    """Let heads, and messages that wait, say what has been answered by now; these channels keep heads."""
    by_id = {incident.id: incident for incident in incidents}
    for name, head in outbox.heads.items():
        renewed = _taken_on(_with_facts(head, by_id[name])) if name in by_id else head
        if renewed != head:
            outbox = set_head(outbox, renewed)
            for channel in outbox.threads.get(name, {}).keys() & {*channels}:
                outbox = ask_for(outbox, name, channel, After.HEAD)
    waiting = tuple(
        replace(each, notification=_with_facts(each.notification, by_id[each.notification.incident]))
        if each.notification.incident in by_id
        else each
        for each in outbox.waiting
    )
    return replace(outbox, waiting=waiting)
