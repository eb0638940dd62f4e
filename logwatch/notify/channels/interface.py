"""What a channel must do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from logwatch.notify.messages import Message


class Channel(Protocol):
    """Where messages go."""

    name: str

    def send(self, message: Message, thread: str | None) -> str | None:
        """Deliver one message; `thread` is what the first message of its incident gave back, if it was delivered here.

        Gives what later messages of the incident need to follow it (a Slack timestamp, a Message-ID), or None.
        Raises ChannelError, permanent or not, which holds no secret.
        """
        ...
