"""What a run's sending leaves behind at a channel that takes some of it, and not the rest."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from logwatch.notify.channels.slack.sender import SlackBotChannel, build_content
from logwatch.notify.deliver import Delivered, Sending
from logwatch.notify.follow_ups import give_up
from logwatch.notify.incidents import NotifyReason
from logwatch.notify.messages import build_plain_message
from logwatch.notify.outbox import GIVE_UP_AFTER, Outbox, Outgoing, enqueue
from logwatch.seams import Seams
from tests.support.local_slack import BOT_TOKEN, CHANNEL, LocalSlack
from tests.support.made_messages import DUPLICATES, PAYMENT, RULES, START, message, notification, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from logwatch.notify.messages import Message

MINUTE = timedelta(minutes=1)
UPDATE, POST = "/api/chat.update", "/api/chat.postMessage"
FIRING = notification(NotifyReason.FIRING, [PAYMENT])
JOINED = notification(NotifyReason.JOINED, [DUPLICATES, PAYMENT], 2, 10)
OVER = notification(NotifyReason.RESOLVED, [resolved(PAYMENT, 0.98)], 3, 26)


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack() as server:
        yield server


def describe(outgoing: Outgoing, _channel: str, _now: datetime, why: str) -> Message:
    told = message(outgoing.notification)
    return build_plain_message(outgoing.notification, RULES, told.audience, why) if why else told


def deliver(slack: LocalSlack, outbox: Outbox, minute: int) -> tuple[Outbox, Delivered]:
    """Send what is due; what is saved last is what the next run begins with."""
    kept = [outbox]
    now = START + minute * MINUTE
    channels = {"slack": SlackBotChannel(BOT_TOKEN, CHANNEL, slack.api_url)}
    delivered = Sending(outbox, kept.append, channels, describe, lambda: now, now + MINUTE, Seams()).run()
    return kept[-1], delivered


def head(slack: LocalSlack) -> str:
    return json.dumps(next(iter(slack.posts.values())), ensure_ascii=False)


def paths(slack: LocalSlack) -> list[str]:
    return [each.path for each in slack.taken]


def test_each_later_message_brings_the_head_up_to_date_by_an_effect_of_its_own(slack: LocalSlack) -> None:
    outbox, _ = deliver(slack, enqueue(Outbox(), (FIRING,), ("slack",)), 7)
    assert outbox.follow_ups == ()
    outbox, delivered = deliver(slack, enqueue(outbox, (JOINED, OVER), ("slack",)), 26)
    assert paths(slack) == [POST, POST, POST, UPDATE]
    assert (delivered.sent, delivered.failed, outbox.follow_ups) == (2, [], ())
    assert next(iter(slack.posts.values()))["blocks"] == build_content(message(OVER))["blocks"]


@pytest.mark.parametrize("word", ["edit_window_closed", "cant_update_message", "ratelimited", "fatal_error"])
def test_a_head_whose_last_update_is_refused_is_brought_up_to_date_later(slack: LocalSlack, word: str) -> None:
    outbox, _ = deliver(slack, enqueue(Outbox(), (FIRING,), ("slack",)), 7)
    slack.words["chat.update"] = word
    outbox, delivered = deliver(slack, enqueue(outbox, (OVER,), ("slack",)), 26)
    assert (delivered.sent, len(delivered.failed)) == (1, 1)
    assert "🔴" in head(slack)
    slack.words.clear()
    outbox, _ = deliver(slack, outbox, 57)
    assert "✅" in head(slack)
    assert paths(slack) == [POST, POST, UPDATE]
    assert (outbox.follow_ups, outbox.waiting) == ((), ())


def test_a_head_that_may_never_be_changed_is_given_up_after_a_day_and_told(slack: LocalSlack) -> None:
    outbox, _ = deliver(slack, enqueue(Outbox(), (FIRING,), ("slack",)), 7)
    slack.words["chat.update"] = "edit_window_closed"
    outbox, _ = deliver(slack, enqueue(outbox, (OVER,), ("slack",)), 26)
    outbox, told = give_up(outbox, ("slack",), START + 26 * MINUTE + GIVE_UP_AFTER)
    assert told == [f"the head of {OVER.incident} on slack"]
    assert outbox.follow_ups == ()


def test_a_refused_head_holds_up_no_message(slack: LocalSlack) -> None:
    outbox, _ = deliver(slack, enqueue(Outbox(), (FIRING,), ("slack",)), 7)
    slack.broken.add(UPDATE)
    outbox, _ = deliver(slack, enqueue(outbox, (JOINED,), ("slack",)), 10)
    outbox, delivered = deliver(slack, enqueue(outbox, (OVER,), ("slack",)), 26)
    assert delivered.sent == 1
    assert paths(slack) == [POST, POST, POST]
    assert len(outbox.follow_ups) == 1
