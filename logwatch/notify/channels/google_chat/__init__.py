"""A space of Google Chat, by incoming webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qs

from pydantic import Field, SecretStr

from logwatch.checks import Phrase, Texts
from logwatch.errors import ConfigError
from logwatch.notify.channels.interface import Channel, ChannelSettings, reveal

if TYPE_CHECKING:
    from pathlib import Path


class GoogleChatSettings(ChannelSettings):
    """The address is all there is to it, and whoever has it may post."""

    name: ClassVar[str] = "google_chat"
    title: ClassVar[Texts] = {"ko": "Google Chat", "en": "Google Chat"}
    cure: ClassVar[Phrase] = Phrase(
        "doctor.cure.google_chat",
        texts={
            "ko": "LOGWATCH_GOOGLE_CHAT_URL과 방화벽(chat.googleapis.com)을 확인하세요.",
            "en": "Check LOGWATCH_GOOGLE_CHAT_URL and the firewall (chat.googleapis.com).",
        },
    )
    first: ClassVar[str] = "google_chat_url"
    slow: ClassVar[tuple[str, ...]] = ("logwatch.notify.channels.google_chat.sender", "urllib3")

    google_chat_url: SecretStr | None = Field(None, description="Incoming webhook of a Google Chat space.")

    def is_set_up(self) -> bool:
        """Tell whether there is an address; raises ConfigError where a shell has cut it off at its `&`."""
        address = reveal(self.google_chat_url)
        if address and not {"key", "token"} <= parse_qs(address.partition("?")[2]).keys():
            hint = "copy it whole and put it between quotes: it ends with key=… and token=…"
            raise ConfigError("the address of a space is cut off", where="LOGWATCH_GOOGLE_CHAT_URL", hint=hint)
        return bool(address)

    def build(self, templates: Path) -> Channel:  # noqa: ARG002 - its cards are built in Python
        """Give the space."""
        from logwatch.notify.channels.google_chat.sender import GoogleChatChannel

        return GoogleChatChannel(str(reveal(self.google_chat_url)))
