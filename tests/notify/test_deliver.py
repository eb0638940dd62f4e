"""What a run's sending leaves behind at a channel that takes some of it, and not the rest."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from logwatch.notify.channels.slack.blocks import build_content, build_walk
from logwatch.notify.channels.slack.sender import SlackBotChannel, SlackWebhookChannel
from logwatch.notify.deliver import Delivered, Sending
from logwatch.notify.follow_ups import give_up
from logwatch.notify.incidents import NotifyReason
from logwatch.notify.messages import build_plain_message
from logwatch.notify.outbox import GIVE_UP_AFTER, Outbox, Outgoing, enqueue
from logwatch.seams import Seams
from tests.support.local_slack import BOT_TOKEN, CHANNEL, Arrived, LocalSlack
from tests.support.made_messages import CASES, DUPLICATES, PAYMENT, RULES, START, message, notification, resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from logwatch.notify.channels.interface import Channel
    from logwatch.notify.messages import Message

MINUTE = timedelta(minutes=1)
UPDATE, POST = "/api/chat.update", "/api/chat.postMessage"
FIRING = notification(NotifyReason.FIRING, [PAYMENT])
JOINED = notification(NotifyReason.JOINED, [DUPLICATES, PAYMENT], 2, 10)
DRAWN = CASES["firing"]
OVER = notification(NotifyReason.RESOLVED, [resolved(PAYMENT, 0.98)], 3, 26)


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack() as server:
        yield server


def describe(outgoing: Outgoing, _channel: str, _now: datetime, why: str) -> Message:
    told = message(outgoing.notification)
    return build_plain_message(outgoing.notification, RULES, told.audience, why) if why else told


def bot(slack: LocalSlack) -> SlackBotChannel:
    return SlackBotChannel(BOT_TOKEN, CHANNEL, slack.api_url)


def webhook(slack: LocalSlack) -> SlackWebhookChannel:
    return SlackWebhookChannel(slack.webhook_url)


def deliver(slack: LocalSlack, outbox: Outbox, minute: int, channel: Channel | None = None) -> tuple[Outbox, Delivered]:
    """Send what is due; what is saved last is what the next run begins with."""
    kept = [outbox]
    now = START + minute * MINUTE
    channels = {"slack": channel or bot(slack)}
    delivered = Sending(outbox, kept.append, channels, describe, lambda: now, now + MINUTE, Seams()).run()
    return kept[-1], delivered


def head(slack: LocalSlack) -> str:
    return json.dumps(next(iter(slack.posts.values())), ensure_ascii=False)


def paths(slack: LocalSlack) -> list[str]:
    """Give what was called, but for walked procedures."""
    return [each.path for each in slack.taken if not is_walk(each)]


def is_walk(arrived: Arrived) -> bool:
    return str(arrived.body["text"]).startswith("📋")


def has_chart(arrived: Arrived) -> bool:
    return any(block["type"] == "data_visualization" for block in arrived.body["blocks"])


def test_the_walked_procedure_follows_in_the_thread_of_the_first_message_and_of_reminders(slack: LocalSlack) -> None:
    outbox, delivered = deliver(slack, enqueue(Outbox(), (FIRING,), ("slack",)), 7)
    first, walk = slack.taken
    assert delivered.sent == 1
    assert (is_walk(first), is_walk(walk)) == (False, True)
    assert (walk.body["thread_ts"], walk.body.get("reply_broadcast")) == ("1772000000.000100", None)
    assert walk.body["blocks"] == build_walk(message(FIRING))["blocks"]
    reminder = notification(NotifyReason.REMINDER, [PAYMENT], 4, 247)
    deliver(slack, enqueue(outbox, (JOINED, reminder, OVER), ("slack",)), 248)
    assert sum(map(is_walk, slack.taken)) == 1, "by the time that it is posted, all is over"


def test_a_refused_walk_is_posted_later_and_by_itself(slack: LocalSlack) -> None:
    slack.answer(200)
    slack.answer(503)
    outbox, delivered = deliver(slack, enqueue(Outbox(), (FIRING,), ("slack",)), 7)
    assert (delivered.sent, len(delivered.failed), len(outbox.follow_ups)) == (1, 1, 1)
    outbox, _ = deliver(slack, outbox, 8)
    assert [is_walk(each) for each in slack.taken] == [False, True]
    assert outbox.follow_ups == ()


@pytest.mark.parametrize("made", [bot, webhook])
def test_a_workspace_without_charts_gets_the_message_at_once_and_is_not_tried_again_for_a_day(
    slack: LocalSlack, made: Callable[[LocalSlack], Channel]
) -> None:
    channel = made(slack)
    slack.draws_charts = False
    outbox, delivered = deliver(slack, enqueue(Outbox(), (DRAWN,), ("slack",)), 7, channel)
    assert [has_chart(each) for each in slack.arrived if not is_walk(each)] == [True, False]
    assert (delivered.sent, delivered.failed, delivered.retried) == (1, [], 0)
    another = replace(DRAWN, id="b.1", incident="b")
    outbox, _ = deliver(slack, enqueue(outbox, (another,), ("slack",)), 23 * 60, channel)
    assert [has_chart(each) for each in slack.arrived if not is_walk(each)] == [True, False, False]
    slack.draws_charts = True
    deliver(slack, enqueue(outbox, (replace(DRAWN, id="c.1", incident="c"),), ("slack",)), 24 * 60 + 7, channel)
    assert [has_chart(each) for each in slack.taken if not is_walk(each)] == [False, False, True]


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
