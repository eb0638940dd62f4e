"""PagerDuty, by the Events API v2: who is on call is woken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, SecretStr

from logwatch.checks import Phrase, Texts
from logwatch.errors import ConfigError
from logwatch.notify.channels.interface import Channel, ChannelSettings, reveal

if TYPE_CHECKING:
    from pathlib import Path


class PagerDutySettings(ChannelSettings):
    """One integration of one service there."""

    name: ClassVar[str] = "pagerduty"
    title: ClassVar[Texts] = {"ko": "PagerDuty", "en": "PagerDuty"}
    cure: ClassVar[Phrase] = Phrase(
        "doctor.cure.pagerduty",
        texts={
            "ko": "LOGWATCH_PAGERDUTY_ROUTING_KEY와 LOGWATCH_PAGERDUTY_URL, 방화벽을 확인하세요.",
            "en": "Check LOGWATCH_PAGERDUTY_ROUTING_KEY, LOGWATCH_PAGERDUTY_URL and the firewall.",
        },
    )
    first: ClassVar[str] = "pagerduty_routing_key"
    slow: ClassVar[tuple[str, ...]] = ("logwatch.notify.channels.pagerduty.sender", "urllib3")

    pagerduty_routing_key: SecretStr | None = Field(None, description="Integration key of PagerDuty's Events API v2.")
    pagerduty_url: str = Field("https://events.pagerduty.com/v2/enqueue", description="Where PagerDuty takes events.")

    def is_set_up(self) -> bool:
        """Tell whether there is a key; raises ConfigError for one of another kind, which PagerDuty would refuse."""
        key = reveal(self.pagerduty_routing_key)
        if key and not re.fullmatch(r"[A-Za-z0-9]{32}", key):
            hint = "take the integration key of an Events API v2 integration: 32 letters and digits"
            raise ConfigError("this is not an integration key", where="LOGWATCH_PAGERDUTY_ROUTING_KEY", hint=hint)
        return bool(key)

    def build(self, templates: Path) -> Channel:  # noqa: ARG002 - an event needs no layout
        """Give the service there."""
        from logwatch.notify.channels.pagerduty.sender import PagerDutyChannel

        return PagerDutyChannel(str(reveal(self.pagerduty_routing_key)), self.pagerduty_url)
