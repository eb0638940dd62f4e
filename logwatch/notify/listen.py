"""Asking what people have put on the first messages of incidents: one request a message, within a run's limits."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from logwatch.errors import ChannelError
from logwatch.notify.answers import EMOJI, Heard
from logwatch.seams import Seam

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from logwatch.notify.channels.interface import Channel, Dialogue
    from logwatch.seams import Seams

MOST_ASKED = 10
"""Messages that a run asks about, and people whose names it asks for: Slack takes 50 and 100 a minute."""


def in_turn(open_: Sequence[str], over: Sequence[str], minute: int) -> list[str]:
    """Give the incidents to ask about in a minute: the open ones first, and of more than can be asked each in its turn."""
    asked = _turn(open_, MOST_ASKED, minute)
    return asked + _turn(over, MOST_ASKED - len(asked), minute)


def _turn(names: Sequence[str], room: int, minute: int) -> list[str]:
    first = minute * room % max(len(names), 1)
    return [*names[first:], *names[:first]][:room]


def listen(
    channels: Mapping[str, Channel],
    asked: Sequence[tuple[str, Mapping[str, str]]],
    people: Mapping[str, str],
    more_time: Callable[[], bool],
    seams: Seams,
) -> Heard:
    """Ask about incidents, each with its threads by channel, as long as there is time.

    A refusal that would meet the next question too ends it until the next run.
    """
    heard = Heard()
    for name, channel in channels.items():
        if channel.dialogue:
            messages = [(incident, threads[name]) for incident, threads in asked if name in threads]
            seams.guard(Seam.ANSWERS, partial(_ask, channel.dialogue, messages, heard, more_time), lambda _: None)
            seams.guard(Seam.ANSWERS, partial(_ask_names, channel.dialogue, people, heard, more_time), lambda _: None)
    return heard


def _ask(
    channel: Dialogue,
    messages: Sequence[tuple[str, str]],
    heard: Heard,
    more_time: Callable[[], bool],
) -> None:
    for incident, thread in messages:
        if not more_time():
            return
        try:
            put = channel.reactions(thread)
        except ChannelError as error:
            if not error.permanent or "missing_scope" in error.message:
                return
            continue
        if put is not None:
            heard.messages[incident] = thread
            heard.seen[incident] = tuple((EMOJI[emoji], user) for emoji, user in put if emoji in EMOJI)


def _ask_names(channel: Dialogue, people: Mapping[str, str], heard: Heard, more_time: Callable[[], bool]) -> None:
    users = dict.fromkeys(user for reactions in heard.seen.values() for _, user in reactions if user not in people)
    for user in list(users)[:MOST_ASKED]:
        if not more_time():
            return
        try:
            if name := channel.name_of(user):
                heard.people[user] = name
        except ChannelError as error:
            if not error.permanent or "missing_scope" in error.message:
                return
