"""Messages that wait to be delivered, channel by channel, and the log of those that were."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import TYPE_CHECKING

from logwatch.notify.incidents import Notification, NotifyReason
from logwatch.notify.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from logwatch.errors import ChannelError
    from logwatch.notify.diagnosis.findings import Walked


KEPT_NOTES = 200
"""Messages that the notification log goes back."""


GIVE_UP_AFTER = timedelta(hours=24)
"""How long a message is tried on a channel."""


FALL_OVER_AFTER = timedelta(hours=1)
"""After how long a message goes out through the other channels."""


REFUSED_FOR = timedelta(hours=24)
"""How long a part that a channel refused is left out of its messages."""


PERMANENT_PAUSE = timedelta(minutes=30)
"""How long to wait where trying the same again cannot help, but somebody may mend the settings."""


@dataclass(frozen=True, slots=True)
class ChannelDelivery:
    """How one message fares on one channel."""

    attempts: int = 0
    """Number of attempts that failed. Starts at 0."""
    failing_since: datetime | None = None
    retry_at: datetime | None = None
    """No attempt before this; None for at once."""
    error: str = ""
    permanent: bool = False
    delivered_at: datetime | None = None
    given_up: bool = False
    """No try of a day brought it through."""
    overtaken: bool = False
    """A later message of its incident was taken, and said all that this one would have."""
    instead_of: str = ""
    """The channel that this one stands in for."""

    @property
    def over(self) -> bool:
        """Whether nothing more is to be done."""
        return self.given_up or self.overtaken or self.delivered_at is not None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that is to be delivered, and how far that is, channel by channel."""

    notification: Notification
    deliveries: dict[str, ChannelDelivery]
    """Empty while there is no channel at all."""

    @property
    def over(self) -> bool:
        """Whether nothing more is to be done on any channel."""
        return bool(self.deliveries) and all(delivery.over for delivery in self.deliveries.values())


@dataclass(frozen=True, slots=True)
class Note:
    """A message that was sent: one line of the notification log."""

    id: str
    reason: NotifyReason
    at: datetime
    procedure: str
    rules: list[str]
    labels: dict[str, str]
    delivered: dict[str, datetime | None]
    """Channel to when; None where it was given up."""
    shops: tuple[str, ...] = ()
    """As in the incident's scope, like the next."""
    partial: bool = False
    summed: tuple[str, ...] = ()
    """Incidents that it stood for, where it was about several."""
    marks: tuple[str, ...] = ()
    """Fingerprints of the alerts that it named; none where an older program wrote it."""
    late: bool = False
    """Whether it told what lines showed that came late."""

    @property
    def incidents(self) -> tuple[str, ...]:
        """The incidents that it was about."""
        return self.summed or (self.id.rpartition(".")[0],)

    @property
    def scope(self) -> Scope:
        """Where the incident was."""
        return Scope(self.labels, self.shops, self.partial)


class After(StrEnum):
    """What a channel has to do besides, once it has taken a message of an incident."""

    HEAD = "head"
    """Its first message there is brought up to date."""
    WALK = "walk"
    """The walked procedure is posted below that."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What is left to do at a channel for an incident, and how far that is."""

    incident: str
    channel: str
    what: After
    delivery: ChannelDelivery = field(default_factory=ChannelDelivery)


@dataclass(frozen=True, slots=True)
class Outbox:
    """What is to be told and what was: the part of the outbox that sending works on."""

    waiting: tuple[Outgoing, ...] = ()
    threads: dict[str, dict[str, str]] = field(default_factory=dict)
    """Incident to channel to what its later messages follow."""
    notes: tuple[Note, ...] = ()
    heads: dict[str, Notification] = field(default_factory=dict)
    """Incident to what its first message is to say by now, on channels that can change it."""
    follow_ups: tuple[FollowUp, ...] = ()
    refused: dict[str, dict[str, datetime]] = field(default_factory=dict)
    """Channel to the parts of a message that it does not take, each with when that was found."""

    def takes(self, channel: str, part: str, now: datetime) -> bool:
        """Tell whether a channel is to be given a part of a message; what it refused it is given again after a day."""
        at = self.refused.get(channel, {}).get(part)
        return at is None or now - at >= REFUSED_FOR


def enqueue(
    outbox: Outbox, notifications: tuple[Notification, ...], channels: tuple[str, ...], others: tuple[str, ...] = ()
) -> Outbox:
    """Put messages into the outbox, for these channels, and those of the others that a message is to go to besides.

    Without any channel they wait until there is one.
    """
    sent = {each.notification.id for each in outbox.waiting} | {note.id for note in outbox.notes}
    new = [
        Outgoing(each, dict.fromkeys((*channels, *(name for name in others if name in each.also)), ChannelDelivery()))
        for each in notifications
        if each.id not in sent
    ]
    return replace(outbox, waiting=(*outbox.waiting, *new))


def address(outbox: Outbox, channels: tuple[str, ...]) -> Outbox:
    """Give messages that wait for any channel to these: of each incident the last alone, which says how it stands now.

    Those before it are noted as told nowhere, whether there is a channel by now or not: they would say what is no more.
    """
    last = {each.notification.incident: each.notification.id for each in outbox.waiting}
    nowhere = {
        each.notification.id
        for each in outbox.waiting
        if not each.deliveries and last[each.notification.incident] != each.notification.id
    }
    outbox = _without(outbox, nowhere)
    waiting = tuple(
        each if each.deliveries else replace(each, deliveries=dict.fromkeys(channels, ChannelDelivery()))
        for each in outbox.waiting
    )
    return replace(outbox, waiting=waiting)


def tell_once(
    outbox: Outbox,
    told: tuple[Notification, ...],
    left: tuple[Notification, ...],
    channels: tuple[str, ...],
    others: tuple[str, ...] = (),
) -> Outbox:
    """Put what is `left` of the messages that a run has decided in place of all of them.

    What none of those stands for is told nowhere.
    """
    by_id = {each.id: each for each in left}
    within = {part.id for each in left for part in each.parts} - by_id.keys()
    outbox = _without(outbox, {each.id for each in told} - by_id.keys() - within)
    waiting = tuple(
        replace(each, notification=by_id.get(each.notification.id, each.notification))
        for each in outbox.waiting
        if each.notification.id not in within
    )
    return enqueue(replace(outbox, waiting=waiting), left, channels, others)


def _without(outbox: Outbox, nowhere: Collection[str]) -> Outbox:
    """Take messages out by their ids, and note them as told nowhere."""
    gone = [_note(each.notification, {}) for each in outbox.waiting if each.notification.id in nowhere]
    waiting = tuple(each for each in outbox.waiting if each.notification.id not in nowhere)
    return replace(outbox, waiting=waiting, notes=(*outbox.notes, *gone)[-KEPT_NOTES:])


def with_evidence(outbox: Outbox, walked: Mapping[str, Walked]) -> Outbox:
    """Add what was found to messages that wait, by their ids."""
    waiting = tuple(
        replace(each, notification=replace(each.notification, walked=walked.get(each.notification.id)))
        if each.notification.id in walked
        else each
        for each in outbox.waiting
    )
    return replace(outbox, waiting=waiting)


def next_due(outbox: Outbox, channel: str, now: datetime) -> Outgoing | None:
    """Give the oldest message that the channel may try now; a channel that was told to wait waits with all of them."""
    waiting = [each for each in outbox.waiting if channel in each.deliveries and not each.deliveries[channel].over]
    for each in waiting:
        delivery = each.deliveries[channel]
        if delivery.retry_at is None or delivery.retry_at <= now:
            return each
        if not delivery.permanent:
            return None
    return None


def record_delivery(outbox: Outbox, outgoing: Outgoing, channel: str, now: datetime, thread: str | None) -> Outbox:
    """Note that a message was delivered; one that is through everywhere moves into the log.

    Those before it of the same incident, which this channel refused, are not tried again: an end that is followed by its
    beginning would stand as one that goes on.
    """
    incident, said = outgoing.notification.incident, {part.incident for part in outgoing.notification.parts}
    delivery = replace(_delivery(outbox, outgoing, channel), delivered_at=now)
    outbox = _put(outbox, outgoing, channel, delivery)
    for each in takewhile(lambda each: each.notification.id != outgoing.notification.id, outbox.waiting):
        before = each.deliveries.get(channel)
        if said.issuperset(part.incident for part in each.notification.parts) and before and not before.over:
            outbox = _put(outbox, each, channel, replace(before, overtaken=True))
    if thread is not None:
        threads = {**outbox.threads, incident: {**outbox.threads.get(incident, {}), channel: thread}}
        outbox = replace(outbox, threads=threads)
    return _settle(outbox)


def record_refused_part(outbox: Outbox, channel: str, part: str, now: datetime) -> Outbox:
    """Note that a channel does not take a part of a message."""
    return replace(outbox, refused={**outbox.refused, channel: {**outbox.refused.get(channel, {}), part: now}})


def record_failure(outbox: Outbox, outgoing: Outgoing, channel: str, now: datetime, error: ChannelError) -> Outbox:
    """Note that a message was not delivered, and when to try again."""
    return _put(outbox, outgoing, channel, after_failure(_delivery(outbox, outgoing, channel), now, error))


def after_failure(before: ChannelDelivery, now: datetime, error: ChannelError) -> ChannelDelivery:
    """Give how something fares that a channel has just refused, and when to try it again."""
    pause = PERMANENT_PAUSE if error.permanent else timedelta()
    return replace(
        before,
        attempts=before.attempts + 1,
        failing_since=before.failing_since or now,
        retry_at=now + max(pause, error.retry_after or timedelta()),
        error=str(error),
        permanent=error.permanent,
    )


def fall_over(outbox: Outbox, channels: tuple[str, ...], now: datetime) -> tuple[Outbox, list[str]]:
    """Give messages that one channel has not taken for an hour, or never will, to the channels that do not have them.

    A channel that is set up no more counts as one that fails from now on. Gives also what is lost: messages that no try of
    a day brought through, there or on a channel that stood in.
    """
    waiting, lost = [], []
    for each in outbox.waiting:
        if not each.deliveries and now - each.notification.at >= GIVE_UP_AFTER:
            lost.append(f"{each.notification.id}, for want of a channel")
            outbox = replace(outbox, notes=(*outbox.notes, _note(each.notification, {}))[-KEPT_NOTES:])
            continue
        deliveries = {name: age(delivery, now, set_up=name in channels) for name, delivery in each.deliveries.items()}
        answered = each.notification.reason is NotifyReason.ANSWERED  # who was not told of it needs no answer to it
        stuck = [name for name, delivery in deliveries.items() if _is_stuck(delivery, now) and not answered]
        missing = [name for name in channels if name not in deliveries] if stuck else []
        ended = [name for name, delivery in deliveries.items() if delivery.given_up and not each.deliveries[name].given_up]
        elsewhere = {delivery.instead_of for delivery in deliveries.values() if delivery.delivered_at}
        lost += [f"{each.notification.id} on {name}" for name in ended if name not in elsewhere]
        waiting.append(
            replace(each, deliveries={**deliveries, **{name: ChannelDelivery(instead_of=stuck[0]) for name in missing}})
        )
    return _settle(replace(outbox, waiting=tuple(waiting))), lost


def age(delivery: ChannelDelivery, now: datetime, *, set_up: bool) -> ChannelDelivery:
    """Give it as given up where no try of a day brought it through."""
    if delivery.over:
        return delivery
    if not set_up:
        delivery = replace(delivery, failing_since=delivery.failing_since or now, error="this channel is set up no more")
    failing = delivery.failing_since
    return replace(delivery, given_up=failing is not None and now - failing >= GIVE_UP_AFTER)


def _is_stuck(delivery: ChannelDelivery, now: datetime) -> bool:
    failing = delivery.failing_since
    return failing is not None and not delivery.delivered_at and (delivery.permanent or now - failing >= FALL_OVER_AFTER)


def _delivery(outbox: Outbox, outgoing: Outgoing, channel: str) -> ChannelDelivery:
    return next(each for each in outbox.waiting if each.notification.id == outgoing.notification.id).deliveries[channel]


def _put(outbox: Outbox, outgoing: Outgoing, channel: str, delivery: ChannelDelivery) -> Outbox:
    waiting = tuple(
        replace(each, deliveries={**each.deliveries, channel: delivery})
        if each.notification.id == outgoing.notification.id
        else each
        for each in outbox.waiting
    )
    return replace(outbox, waiting=waiting)


def _settle(outbox: Outbox) -> Outbox:
    """Move what is over everywhere into the log."""
    done = [each for each in outbox.waiting if each.over]
    left = tuple(each for each in outbox.waiting if not each.over)
    return replace(outbox, waiting=left, notes=(*outbox.notes, *map(note_of, done))[-KEPT_NOTES:])


def _told(outgoing: Outgoing) -> dict[str, datetime | None]:
    """Give when each channel took a message, or that it never did; what another told in its place, or later, is none of its."""
    elsewhere = {delivery.instead_of for delivery in outgoing.deliveries.values() if delivery.delivered_at}
    return {
        name: delivery.delivered_at
        for name, delivery in outgoing.deliveries.items()
        if delivery.delivered_at or not (delivery.overtaken or name in elsewhere)
    }


def _note(notification: Notification, delivered: dict[str, datetime | None]) -> Note:
    return Note(
        id=notification.id,
        reason=notification.reason,
        at=notification.at,
        procedure=notification.procedure,
        rules=notification.rules,
        labels=notification.labels,
        delivered=delivered,
        shops=notification.shops,
        partial=notification.partial,
        summed=tuple(each.incident for each in notification.summed),
        marks=tuple(alert.fingerprint for alert in notification.alerts),
        late=notification.late is not None,
    )


def note_of(outgoing: Outgoing) -> Note:
    """Give the line of the log that a message is about to leave."""
    return _note(outgoing.notification, _told(outgoing))
