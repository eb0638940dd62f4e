"""Every channel that can be set up, in the order in which they are shown.

Another one is a folder beside these, with `__init__.py` (its settings), `sender.py` (its `Channel`) and `README.md` (its
page: every setting and secret), and its line here. Settings, wiring and `doctor` find it by that line, `deploy/setup.sh` by its
folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from logwatch.notify.channels.email import EmailSettings
from logwatch.notify.channels.google_chat import GoogleChatSettings
from logwatch.notify.channels.pagerduty import PagerDutySettings
from logwatch.notify.channels.slack import SlackSettings
from logwatch.notify.channels.webhook import WebhookSettings

if TYPE_CHECKING:
    from logwatch.notify.channels.interface import ChannelSettings

CHANNELS: tuple[type[ChannelSettings], ...] = (
    SlackSettings,
    EmailSettings,
    WebhookSettings,
    GoogleChatSettings,
    PagerDutySettings,
)
