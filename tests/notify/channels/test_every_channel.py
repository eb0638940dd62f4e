"""A run with every channel there is: each has the message, and the incident's end reaches each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.checkout_errors import ENTRIES, FIRES
from tests.support.local_google_chat import LocalGoogleChat
from tests.support.local_pagerduty import KEY, LocalPagerDuty
from tests.support.world import World

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.long
def test_each_channel_tells_the_beginning_and_the_end(tmp_path: Path) -> None:
    with LocalGoogleChat() as chat, LocalPagerDuty() as pager:
        more = {
            "GOOGLE_CHAT_URL": chat.webhook_url,
            "PAGERDUTY_ROUTING_KEY": KEY,
            "PAGERDUTY_URL": pager.enqueue_url,
        }
        with World(tmp_path, ENTRIES, now=FIRES, more=more) as world:
            first = world.tick()
            assert (first.sent, first.failed) == (4, [])
            world.now += timedelta(minutes=35)
            chat.last = float("-inf")  # the space's clock goes on with the world's: it takes one message a second
            last = world.tick()
            assert (last.failed, last.waiting) == ([], 0)
            notes = world.state().notes
        assert [note.reason for note in notes] == ["firing", "resolved"]
        assert all(set(note.delivered) == {"slack", "email", "google_chat", "pagerduty"} for note in notes)
        assert len({posted.thread for posted in chat.posted}) == 1
        assert [alert.status for alert in pager.alerts.values()] == ["resolved"]
