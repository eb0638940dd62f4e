"""What a channel must do, and what its settings must say."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from logwatch.checks import Phrase, Texts

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import SecretStr

    from logwatch.checks import Checked
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

    def send_plain(self, message: Message, thread: str | None) -> str | None:
        """Deliver its headline and notes as they stand, without any layout: what goes out where `send` is broken.

        Otherwise the same.
        """
        ...

    @property
    def dialogue(self) -> Dialogue | None:
        """What it can besides; None where messages only go out."""
        ...

    def check(self) -> list[Checked]:
        """Try the channel as far as that goes without a message. Raises ChannelError."""
        ...


class Dialogue(Protocol):
    """What a channel can besides, where the first message of an incident can be changed later, and people can answer it."""

    def update(self, message: Message, thread: str) -> None:
        """Let the incident's first message say this; raises ChannelError."""
        ...

    def walk(self, message: Message, thread: str) -> None:
        """Post the walked procedure into the incident's thread, where there is one to post; raises ChannelError."""
        ...

    def update_plain(self, message: Message, thread: str) -> None:
        """Let it say the headline and notes alone, where `update` is broken. Raises ChannelError."""
        ...

    def reactions(self, thread: str) -> list[tuple[str, str]] | None:
        """Give the names of the reactions on it, each with a user's id; None where it is gone. Raises ChannelError."""
        ...

    def name_of(self, user: str) -> str:
        """Give what a user is called, without anything secret; raises ChannelError."""
        ...


class ChannelSettings(BaseModel, ABC):
    """What can be set of one channel; each field's environment twin is LOGWATCH_ and its name in capitals.

    It is read before anything is sent, by every command: what takes long to import is imported by `build`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    """Its name in LOGWATCH_NOTIFY, in the state and in JSON."""
    title: ClassVar[Texts]
    """What people call it."""
    cure: ClassVar[Phrase]
    """Which settings to look at when it fails."""
    first: ClassVar[str]
    """The field to set in order to have this channel."""
    slow: ClassVar[tuple[str, ...]] = ()
    """Modules that sending imports; a process that runs many times imports them at its start."""

    @abstractmethod
    def is_set_up(self) -> bool:
        """Tell whether messages can go there; raises ConfigError where it is set up by halves."""

    @abstractmethod
    def build(self, templates: Path) -> Channel:
        """Give the channel, once it is set up; `templates` has the layouts that several parts share."""


def reveal(secret: SecretStr | None) -> str | None:
    """Give a secret's text; None where it is not set."""
    return secret.get_secret_value() if secret else None
