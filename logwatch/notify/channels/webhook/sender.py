"""A plain JSON webhook, for everything that is neither Slack nor email."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from logwatch.errors import ChannelError
from logwatch.notify.channels.http_client import Receiver, check_reachable
from logwatch.notify.channels.http_errors import refused
from logwatch.notify.digest import digest_json
from logwatch.notify.layout import plain_text
from logwatch.spans import rfc3339

if TYPE_CHECKING:
    from logwatch.checks import Checked
    from logwatch.judge.alerts import Alert
    from logwatch.notify.diagnosis.step_text import StepLine
    from logwatch.notify.digest import TargetWeek
    from logwatch.notify.messages import Message

SCHEMA = 1
"""Goes up when a field changes or goes; new fields may come without."""
HINTS = {
    **dict.fromkeys((301, 302, 303, 307, 308), "set the address that it redirects to"),
    **dict.fromkeys((401, 403), "set the bearer token that the receiver expects"),
    **dict.fromkeys((404, 410), "set the address where the receiver is"),
    **dict.fromkeys((400, 422), "the receiver must take the document of schema 1"),
    405: "the receiver must take POST",
    413: "let the receiver take bodies of 1 MiB",
}


@dataclass(slots=True)
class WebhookChannel:
    """POSTs each message as JSON; a receiver tells a repeated one by its Idempotency-Key."""

    url: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    timeout_s: float = 8
    name: str = "webhook"
    dialogue: ClassVar[None] = None

    def send(self, message: Message, thread: str | None) -> str | None:  # noqa: ARG002 - `incident` holds them together
        """Post the message; gives None. Raises ChannelError."""
        self._post(message, to_json(message))
        return None

    def send_plain(self, message: Message, thread: str | None) -> str | None:  # noqa: ARG002 - likewise
        """Post its text, and what tells the incident apart; gives None. Raises ChannelError."""
        self._post(message, _base(message) | {"text": plain_text(message)})
        return None

    def _post(self, message: Message, document: dict[str, Any]) -> None:
        headers = {"Idempotency-Key": quote(message.audience.apart(message.notification.id), safe="")}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        body = json.dumps(document).encode()
        hint = "set an address that begins with https://, and a token without line breaks"
        unusable = ChannelError("the address or the token cannot be used", permanent=True, where=self.name, hint=hint)
        answer = Receiver(self.url, headers, self.timeout_s, unusable).post(body)
        if not 200 <= answer.status < 300:
            raise refused(answer.status, answer.headers, where=self.name, hint=HINTS.get(answer.status))

    def check(self) -> list[Checked]:
        """Connect, and ask for nothing. Raises ChannelError."""
        return check_reachable(self.url, where=self.name)


def to_json(message: Message) -> dict[str, Any]:
    """Give the versioned document; logwatch/schemas/webhook.json describes it."""
    notification, silence = message.notification, message.notification.silence
    return _base(message) | {
        "step": next((step.number for step in message.steps if step.here and not step.procedure), None),
        "begin": next((_finding(step) | {"procedure": step.procedure} for step in message.steps if step.procedure), None),
        "findings": [_finding(step) for step in message.steps if not step.procedure],
        "besides": list(message.besides),
        "alerts": [_alert(alert) | {"new": alert.fingerprint in notification.new} for alert in notification.alerts],
        "inhibited": [_alert(alert) for alert in notification.inhibited],
        "unexpected_with": list(notification.unexpected_with),
        "summed": [each.id for each in notification.summed],
        "silence": {"id": silence.id, "until": rfc3339(silence.until), "by": silence.by, "reason": silence.reason}
        if silence
        else None,
        "digest": digest_json(notification.digest) if notification.digest else None,
        **({"weeks": [_week(each) for each in notification.weeks]} if notification.weeks else {}),
        "text": message.headline,
        "impact": message.impact,
        "proof": message.proof,
        "changed": message.changed,
        "commands": list(message.commands),
    }


def _week(week: TargetWeek) -> dict[str, Any]:
    digest = digest_json(week.digest) if week.digest else None
    return {"target": week.target, "digest": digest, "trouble": week.trouble or None}


def _finding(step: StepLine) -> dict[str, Any]:
    return {"step": step.number, "text": step.text, "state": step.state, "found": list(step.found)}


def _base(message: Message) -> dict[str, Any]:
    """Give what every document has, however little can be said."""
    notification = message.notification
    return {
        "schema": SCHEMA,
        "id": notification.id,
        "incident": notification.incident,
        **({"target": message.audience.target} if message.audience.target else {}),
        "reason": notification.reason,
        "at": rfc3339(notification.at),
        "since": rfc3339(notification.since),
        "resolved_at": rfc3339(notification.resolved_at),
        "severity": notification.severity,
        "procedure": notification.procedure,
        "labels": notification.labels,
        "shops": list(notification.shops),
        "partial": notification.partial,
    }


def _alert(alert: Alert) -> dict[str, Any]:
    latest = alert.latest
    return {
        "rule": alert.rule,
        "labels": alert.labels,
        "state": alert.state,
        "level": latest.level,
        "value": latest.value,
        "numerator": latest.numerator,
        "denominator": latest.denominator,
        "since": rfc3339(alert.since),
        "firing_at": rfc3339(alert.firing_at),
        "resolved_at": rfc3339(alert.resolved_at),
        "peak": {"value": alert.peak.value, "window_end": rfc3339(alert.peak.window_end)},
    }
