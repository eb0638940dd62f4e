"""What is left to do at a channel that has taken a message: the incident's head there is kept right, refused or not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from logwatch.notify.outbox import After, ChannelDelivery, FollowUp, Outbox, after_failure, age

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from logwatch.errors import ChannelError
    from logwatch.notify.incidents import Notification


def ask_for(outbox: Outbox, incident: str, channel: str, what: After) -> Outbox:
    """Put down that something is to be done; what is asked for anew counts as never refused, and waits as it was told to."""
    before = next((each for each in outbox.follow_ups if _key(each) == (incident, channel, what)), None)
    waits = before.delivery.retry_at if before and not before.delivery.permanent else None
    asked = FollowUp(incident, channel, what, ChannelDelivery(retry_at=waits))
    return replace(outbox, follow_ups=(*_others(outbox, asked), asked))


def set_head(outbox: Outbox, notification: Notification) -> Outbox:
    """Say what the head of an incident is to say from now on."""
    return replace(outbox, heads={**outbox.heads, notification.incident: notification})


def next_follow_up(outbox: Outbox, channel: str, now: datetime) -> FollowUp | None:
    """Give what the channel may try now; one that was told to wait waits with all of it."""
    for each in outbox.follow_ups:
        if each.channel == channel:
            if each.delivery.retry_at is None or each.delivery.retry_at <= now:
                return each
            if not each.delivery.permanent:
                return None
    return None


def record_done(outbox: Outbox, done: FollowUp) -> Outbox:
    """Note that it was done."""
    return replace(outbox, follow_ups=_others(outbox, done))


def record_refusal(outbox: Outbox, tried: FollowUp, now: datetime, error: ChannelError) -> Outbox:
    """Note that it was refused, and when to try again."""
    refused = replace(tried, delivery=after_failure(tried.delivery, now, error))
    return replace(outbox, follow_ups=tuple(refused if _key(each) == _key(tried) else each for each in outbox.follow_ups))


def give_up(outbox: Outbox, channels: Collection[str], now: datetime) -> tuple[Outbox, list[str]]:
    """Let go of what no try of a day brought through, or what nothing can be done about any more; gives the former."""
    aged = [
        replace(each, delivery=age(each.delivery, now, set_up=each.channel in channels))
        for each in outbox.follow_ups
        if each.incident in outbox.heads and each.channel in outbox.threads.get(each.incident, {})
    ]
    lost = [f"the {each.what} of {each.incident} on {each.channel}" for each in aged if each.delivery.given_up]
    return replace(outbox, follow_ups=tuple(each for each in aged if not each.delivery.given_up)), lost


def _key(each: FollowUp) -> tuple[str, str, After]:
    return each.incident, each.channel, each.what


def _others(outbox: Outbox, one: FollowUp) -> tuple[FollowUp, ...]:
    return tuple(each for each in outbox.follow_ups if _key(each) != _key(one))
