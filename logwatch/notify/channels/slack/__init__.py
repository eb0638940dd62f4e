"""Slack, by incoming webhook or by bot token."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, SecretStr

from logwatch.checks import Phrase, Texts
from logwatch.errors import ConfigError
from logwatch.notify.channels.interface import Channel, ChannelSettings, reveal

if TYPE_CHECKING:
    from pathlib import Path


class SlackSettings(ChannelSettings):
    """A bot is taken where both are set."""

    name: ClassVar[str] = "slack"
    title: ClassVar[Texts] = {"ko": "Slack", "en": "Slack"}
    cure: ClassVar[Phrase] = Phrase(
        "doctor.cure.slack",
        texts={
            "ko": "LOGWATCH_SLACK_BOT_TOKEN(또는 LOGWATCH_SLACK_WEBHOOK_URL)과 LOGWATCH_SLACK_CHANNEL을 확인하세요.",
            "en": "Check LOGWATCH_SLACK_BOT_TOKEN (or LOGWATCH_SLACK_WEBHOOK_URL) and LOGWATCH_SLACK_CHANNEL.",
        },
    )
    first: ClassVar[str] = "slack_webhook_url"
    slow: ClassVar[tuple[str, ...]] = ("logwatch.notify.channels.slack.sender", "slack_sdk.webhook", "jinja2")

    slack_webhook_url: SecretStr | None = Field(None, description="Slack incoming webhook.")
    slack_bot_token: SecretStr | None = Field(None, description="Slack bot token, with slack_channel.")
    slack_channel: str | None = Field(None, description="Slack channel that the bot writes to: an id, or #name.")
    slack_api_url: str | None = Field(None, description="Base URL of a local Slack server.")

    def is_set_up(self) -> bool:
        """Tell whether there is a webhook or a bot; raises ConfigError for a bot without a channel."""
        if self.slack_bot_token and not self.slack_channel:
            hint = "an id such as C0123456789, or #name"
            raise ConfigError("a bot needs a channel", where="LOGWATCH_SLACK_CHANNEL", hint=hint)
        return bool(self.slack_bot_token or self.slack_webhook_url)

    def build(self, templates: Path) -> Channel:  # noqa: ARG002 - its layout lies here
        """Give the bot, or the webhook."""
        from logwatch.notify.channels.slack.sender import SlackBotChannel, SlackWebhookChannel

        token = reveal(self.slack_bot_token)
        if token and self.slack_channel:
            return SlackBotChannel(token, self.slack_channel, self.slack_api_url)
        return SlackWebhookChannel(str(reveal(self.slack_webhook_url)))
