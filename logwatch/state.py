"""What is remembered between runs: one small versioned JSON document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from logwatch.alerts import Alert
from logwatch.daily import Day
from logwatch.errors import BrokenStateError, ChannelError, StoreError
from logwatch.evidence import Walked
from logwatch.levels import Verdict
from logwatch.notifications import Memory, Notification, NotifyReason, Suppression
from logwatch.points import Point
from logwatch.recent import Recent

SCHEMA = 1
KEPT_NOTES = 200
"""Messages that the notification log goes back."""
GIVE_UP_AFTER = timedelta(hours=24)
"""How long a message is tried on a channel."""
FALL_OVER_AFTER = timedelta(hours=1)
"""After how long a message goes out through the other channels."""
PERMANENT_PAUSE = timedelta(minutes=30)
"""How long to wait where trying the same again cannot help, but somebody may mend the settings."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may work with the document, and until when; it ends by itself."""

    owner: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
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
    instead_of: str = ""
    """The channel that this one stands in for."""

    @property
    def over(self) -> bool:
        """Whether nothing more is to be done."""
        return self.given_up or self.delivered_at is not None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that is to be delivered, and how far that is, channel by channel."""

    notification: Notification
    deliveries: dict[str, Delivery]


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


@dataclass(frozen=True, slots=True)
class State:
    """The whole document; times are aware UTC."""

    schema: int = SCHEMA
    run: str = ""
    """Who saved it last: an execution's name."""
    started_at: datetime | None = None
    """When this document began."""
    lease: Lease | None = None
    cursor: datetime | None = None
    """End of the last window that was judged."""
    last_summary: datetime | None = None
    """End of the last window that had a summary."""
    recent: Recent = field(default_factory=Recent)
    verdicts: tuple[Verdict, ...] = ()
    """Those of the last window."""
    alerts: tuple[Alert, ...] = ()
    suppressed: tuple[Suppression, ...] = ()
    memory: Memory = field(default_factory=Memory)
    outbox: tuple[Outgoing, ...] = ()
    threads: dict[str, dict[str, str]] = field(default_factory=dict)
    """Incident to channel to what its later messages follow."""
    notes: tuple[Note, ...] = ()
    points: tuple[Point, ...] = ()
    """Figures that are not published yet."""
    days: tuple[Day, ...] = ()
    """The last days' totals."""
    counted_to: datetime | None = None
    """End of the last window that is in its day."""
    descriptors: str = ""
    """Which version of the metrics' descriptors was made."""


def dump_state(state: State) -> bytes:
    """Write the document."""
    return msgspec.json.encode(state)


Migration = Callable[[dict[str, Any]], dict[str, Any]]

MIGRATIONS: dict[int, Migration] = {}
"""From each older schema to the next. There has been none before 1."""


def load_state(text: bytes, migrations: Mapping[int, Migration] = MIGRATIONS) -> State:
    """Read a document, and bring an older one up to date.

    Raises BrokenStateError where it cannot be understood, StoreError where it is newer than this program.
    """
    try:
        document = msgspec.json.decode(text)
        schema = document["schema"]
        while isinstance(schema, int) and schema in migrations:
            document = migrations[schema](document)
            schema += 1
        if schema == SCHEMA:
            state = msgspec.convert({**document, "schema": SCHEMA}, State)
            state.recent.check()
            return state
    except (msgspec.MsgspecError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BrokenStateError(f"the state is broken: {error}") from None
    if not isinstance(schema, int) or schema < SCHEMA:
        raise BrokenStateError(f"the state is broken: schema {schema!r} is unknown")
    hint = "install the logwatch that wrote it, or begin afresh with another LOGWATCH_STATE"
    raise StoreError(f"the state has schema {schema}, this program knows {SCHEMA}", hint=hint)


def enqueue(state: State, notifications: tuple[Notification, ...], channels: tuple[str, ...]) -> State:
    """Put messages into the outbox, for these channels; without any channel they are only noted."""
    if not channels:
        return replace(state, notes=(*state.notes, *(_note(each, {}) for each in notifications))[-KEPT_NOTES:])
    sent = {each.notification.id for each in state.outbox} | {note.id for note in state.notes}
    new = [Outgoing(each, dict.fromkeys(channels, Delivery())) for each in notifications if each.id not in sent]
    return replace(state, outbox=(*state.outbox, *new))


def with_evidence(state: State, walked: Mapping[str, Walked]) -> State:
    """Add what was found to messages that wait, by their ids."""
    outbox = tuple(
        replace(each, notification=replace(each.notification, walked=walked.get(each.notification.id)))
        if each.notification.id in walked
        else each
        for each in state.outbox
    )
    return replace(state, outbox=outbox)


def next_due(state: State, channel: str, now: datetime) -> Outgoing | None:
    """Give the oldest message that the channel may try now; a channel that was told to wait waits with all of them."""
    waiting = [each for each in state.outbox if channel in each.deliveries and not each.deliveries[channel].over]
    for each in waiting:
        delivery = each.deliveries[channel]
        if delivery.retry_at is None or delivery.retry_at <= now:
            return each
        if not delivery.permanent:
            return None
    return None


def record_delivery(state: State, outgoing: Outgoing, channel: str, now: datetime, thread: str | None) -> State:
    """Note that a message was delivered; one that is through everywhere moves into the log."""
    delivery = replace(_delivery(state, outgoing, channel), delivered_at=now)
    state = _put(state, outgoing, channel, delivery)
    if thread is not None:
        incident = outgoing.notification.incident
        threads = {**state.threads, incident: {**state.threads.get(incident, {}), channel: thread}}
        state = replace(state, threads=threads)
    return _settle(state)


def record_failure(state: State, outgoing: Outgoing, channel: str, now: datetime, error: ChannelError) -> State:
    """Note that a message was not delivered, and when to try again."""
    before = _delivery(state, outgoing, channel)
    pause = PERMANENT_PAUSE if error.permanent else timedelta()
    delivery = replace(
        before,
        attempts=before.attempts + 1,
        failing_since=before.failing_since or now,
        retry_at=now + max(pause, error.retry_after or timedelta()),
        error=str(error),
        permanent=error.permanent,
    )
    return _put(state, outgoing, channel, delivery)


def fall_over(state: State, channels: tuple[str, ...], now: datetime) -> tuple[State, list[str]]:
    """Give messages that one channel has not taken for an hour, or never will, to the channels that do not have them.

    A channel that is set up no more counts as one that fails from now on. Gives also what is lost: messages that no try of
    a day brought through.
    """
    outbox, lost = [], []
    for each in state.outbox:
        deliveries = {name: _age(delivery, now, set_up=name in channels) for name, delivery in each.deliveries.items()}
        stuck = [name for name, delivery in deliveries.items() if _is_stuck(delivery, now)]
        missing = [name for name in channels if name not in deliveries] if stuck else []
        ended = [name for name, delivery in deliveries.items() if delivery.given_up and not each.deliveries[name].given_up]
        lost += [f"{each.notification.id} on {name}" for name in ended]
        outbox.append(replace(each, deliveries={**deliveries, **{name: Delivery(instead_of=stuck[0]) for name in missing}}))
    return _settle(replace(state, outbox=tuple(outbox))), lost


def _age(delivery: Delivery, now: datetime, *, set_up: bool) -> Delivery:
    if delivery.over:
        return delivery
    if not set_up:
        delivery = replace(delivery, failing_since=delivery.failing_since or now, error="this channel is set up no more")
    failing = delivery.failing_since
    return replace(delivery, given_up=failing is not None and now - failing >= GIVE_UP_AFTER)


def _is_stuck(delivery: Delivery, now: datetime) -> bool:
    failing = delivery.failing_since
    return failing is not None and not delivery.delivered_at and (delivery.permanent or now - failing >= FALL_OVER_AFTER)


def _delivery(state: State, outgoing: Outgoing, channel: str) -> Delivery:
    return next(each for each in state.outbox if each.notification.id == outgoing.notification.id).deliveries[channel]


def _put(state: State, outgoing: Outgoing, channel: str, delivery: Delivery) -> State:
    outbox = tuple(
        replace(each, deliveries={**each.deliveries, channel: delivery})
        if each.notification.id == outgoing.notification.id
        else each
        for each in state.outbox
    )
    return replace(state, outbox=outbox)


def _settle(state: State) -> State:
    """Move what is over everywhere into the log, and forget the threads of incidents that are over."""
    done = [each for each in state.outbox if all(delivery.over for delivery in each.deliveries.values())]
    left = tuple(each for each in state.outbox if not all(delivery.over for delivery in each.deliveries.values()))
    notes = [
        _note(each.notification, {name: delivery.delivered_at for name, delivery in each.deliveries.items()}) for each in done
    ]
    open_ = {incident.id for incident in state.memory.incidents} | {each.notification.incident for each in left}
    threads = {incident: each for incident, each in state.threads.items() if incident in open_}
    return replace(state, outbox=left, notes=(*state.notes, *notes)[-KEPT_NOTES:], threads=threads)


def _note(notification: Notification, delivered: dict[str, datetime | None]) -> Note:
    return Note(
        id=notification.id,
        reason=notification.reason,
        at=notification.at,
        procedure=notification.procedure,
        rules=notification.rules,
        labels=notification.labels,
        delivered=delivered,
    )
