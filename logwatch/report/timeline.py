"""What happened in an incident, moment by moment: onset, revisions, messages, who took it on, how bad it got, and its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from logwatch.notify.incidents import NotifyReason
from logwatch.notify.messages import worst_key
from logwatch.spans import EPOCH, WINDOW
from logwatch.ui.format import format_short, format_span
from logwatch.ui.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from logwatch.count.revisions import Revisions
    from logwatch.judge.rules.model import RuleSet
    from logwatch.notify.history import IncidentRecord
    from logwatch.notify.incidents import Notification
    from logwatch.notify.messages import Message
    from logwatch.notify.outbox import Note
    from logwatch.state.document import State

BEFORE = timedelta(minutes=30)
"""How long before an onset a new revision is worth a line: what was deployed then may be the cause."""
APART = timedelta(minutes=15)
"""How far the onset that a run saw may lie from the one that a look back sees."""
GONE = timedelta(minutes=5)
"""A revision that has written nothing for so long has ended."""
MOST_REVISIONS = 6


@dataclass(frozen=True, slots=True)
class Milestone:
    """One line of an incident's timeline; its text is not escaped."""

    at: datetime
    when: str
    """Time of day, with the day where it is another than that of the line before; the incident's head has the first."""
    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a state remembers of an incident: that is what was really told."""

    record: IncidentRecord
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Telling:
    """One incident of a span: its messages, how it is told, and when it was over."""

    told: Sequence[Notification]
    message: Message
    ended: datetime | None
    until: datetime
    """When it was over, or the span is."""


def find_past(state: State, told: Sequence[Notification], until: datetime) -> Recalled | None:
    """Give what a state remembers of an incident that a look back finds: of the same procedure, shops and time."""
    last = told[-1]
    fits = [
        record
        for record in state.history
        if record.procedure == last.procedure
        and (record.procedure or {*record.rules} & {*last.rules})
        and (record.labels == last.labels or {*record.shops, *record.labels.values()} & {*last.shops, *last.labels.values()})
        and record.since - APART <= until
        and (record.over_at is None or record.over_at + APART >= told[0].since)
    ]
    if not fits:
        return None
    record = min(fits, key=lambda each: abs(each.since - told[0].since))
    return Recalled(record, tuple(note for note in state.notes if record.id in note.incidents))


def tell_milestones(
    telling: Telling, revisions: Revisions | None, rules: RuleSet, past: Recalled | None
) -> tuple[Milestone, ...]:
    """Give the timeline; what was told and who took it on is left to the state where there is one."""
    audience, begun = telling.message.audience, telling.told[0].since
    found = [*_course(telling, rules), *_deployed(revisions, begun, telling), *_answers(past, telling)]
    found += _sent(past, telling) if past and past.notes else _due(telling, rules)
    milestones: list[Milestone] = []
    day = audience.moment(begun)[:5]
    for at, mark, text in sorted(found, key=lambda each: each[0]):
        moment = audience.moment(at)
        when = moment if moment[:5] != day else moment[6:]
        milestones.append(Milestone(at, when, mark, text))
        day = moment[:5]
    return tuple(milestones)


Line = tuple["datetime", str, str]


def _course(telling: Telling, rules: RuleSet) -> Iterator[Line]:
    """Say when it began, was at its worst, and was over."""
    message, first = telling.message, telling.message.notification.alerts[0]
    audience, rule = message.audience, rules.by_id.get(first.rule)
    since = telling.told[0].since
    begun = [
        line.summary for line, alert in zip(message.alerts, message.notification.alerts, strict=True) if alert.since <= since
    ]
    names = dict.fromkeys(begun or [message.alerts[0].summary])
    yield since, "•", audience.say("milestone_onset", what=", ".join(names))
    if first.peak.value is not None:
        value = format_short(first.peak, rule, audience)
        yield first.peak.window_end, "▼", f"{message.alerts[0].summary} {audience.say(worst_key(rule), value=value)}"
    if telling.ended:
        lasted = format_span(telling.ended - since, audience)
        yield telling.ended, "✓", audience.say("milestone_over", span=lasted)


def _due(telling: Telling, rules: RuleSet) -> Iterator[Line]:
    """Give the messages that a run would have sent."""
    audience = telling.message.audience
    for each in telling.told:
        news = [alert.rule for alert in each.alerts if alert.fingerprint in each.new]
        named = dict.fromkeys(rules.by_id[rule].summary[audience.lang] for rule in news if rule in rules.by_id)
        more = [each.scope.name(audience)] if each.reason is NotifyReason.WIDER else [*named][:3]
        yield each.at, "→", audience.say("milestone_due", what=" · ".join([audience.say(each.reason.key), *more]))


def _sent(past: Recalled, telling: Telling) -> Iterator[Line]:
    """Give the messages that were sent, and where they arrived."""
    audience = telling.message.audience
    for note in past.notes:
        arrived = [
            f"{name} {audience.clock(at)}" if at else audience.say("given_up", channel=name)
            for name, at in note.delivered.items()
        ]
        reason = audience.say(note.reason.key)
        yield (
            note.at,
            "→",
            audience.say("milestone_sent", what=f"{reason} ({', '.join(arrived)})")
            if arrived
            else audience.say("milestone_unsent", what=reason),
        )


def _answers(past: Recalled | None, telling: Telling) -> Iterator[Line]:
    """Say who took it on, and what people found it to be."""
    if past is None:
        return
    audience, record = telling.message.audience, past.record
    if record.acknowledged_at:
        yield record.acknowledged_at, "👀", audience.say("milestone_taken", who=printable(record.acknowledged_by))
    if record.label and record.labelled_at:
        said = audience.say(record.label.key)
        yield record.labelled_at, "✎", audience.say("milestone_label", who=printable(record.labelled_by), label=said)


def _deployed(revisions: Revisions | None, begun: datetime, telling: Telling) -> Iterator[Line]:
    """Say which revisions began to write and ended from shortly before the onset on."""
    if revisions is None:
        return
    audience, start = telling.message.audience, begun - BEFORE
    first, size = (start - EPOCH) // WINDOW, (telling.until - start) // WINDOW
    lines = []
    for name, alive in zip(revisions.names, revisions.alive(first, size), strict=True):
        minutes = alive.nonzero()[0]
        shown = printable(name.removeprefix(f"{audience.service}-"))[:60]
        if len(minutes) and minutes[0] > 0:
            lines.append((start + int(minutes[0]) * WINDOW, "⇧", audience.say("milestone_revision", revision=shown)))
        if len(minutes) and start + int(minutes[-1]) * WINDOW < telling.until - GONE:
            lines.append((start + (int(minutes[-1]) + 1) * WINDOW, "⇩", audience.say("milestone_revision_end", revision=shown)))
    yield from sorted(lines)[:MOST_REVISIONS]
