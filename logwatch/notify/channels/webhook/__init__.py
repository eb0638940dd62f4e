"""A JSON webhook for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, SecretStr

from logwatch.checks import Phrase, Texts
from logwatch.notify.channels.interface import Channel, ChannelSettings, reveal

if TYPE_CHECKING:
    from pathlib import Path


class WebhookSettings(ChannelSettings):
    """An address of one's own, and what lets logwatch in there."""

    name: ClassVar[str] = "webhook"
    title: ClassVar[Texts] = {"ko": "웹훅", "en": "webhook"}
    cure: ClassVar[Phrase] = Phrase(
        "doctor.cure.webhook",
        texts={
            "ko": "LOGWATCH_WEBHOOK_URL의 호스트와 인증서, 방화벽, LOGWATCH_WEBHOOK_TOKEN을 확인하세요.",
            "en": "Check the host, certificate and firewall of LOGWATCH_WEBHOOK_URL, and LOGWATCH_WEBHOOK_TOKEN.",
        },
    )
    first: ClassVar[str] = "webhook_url"
    slow: ClassVar[tuple[str, ...]] = ("logwatch.notify.channels.webhook.sender", "urllib3")

    webhook_url: SecretStr | None = Field(None, description="Address that gets each message as JSON.")
    webhook_token: SecretStr | None = Field(None, description="Bearer token for it.")

    def is_set_up(self) -> bool:
        """Tell whether there is an address."""
        return bool(self.webhook_url)

    def build(self, templates: Path) -> Channel:  # noqa: ARG002 - a document needs no layout
        """Give the receiver."""
        from logwatch.notify.channels.webhook.sender import WebhookChannel

        return WebhookChannel(str(reveal(self.webhook_url)), reveal(self.webhook_token))
