"""PagerDuty's Events API v2: an incident opens when it fires, may be acknowledged, and closes when it is over."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, assert_never
from urllib.parse import quote

from logwatch.errors import ChannelError
from logwatch.judge.rules.model import Severity
from logwatch.judge.verdicts import Level
from logwatch.notify.channels.http_client import Receiver, check_reachable
from logwatch.notify.channels.http_errors import refused
from logwatch.notify.incidents import NotifyReason
from logwatch.notify.layout import alert_text, plain_text, screen_text
from logwatch.ui.printable import printable
from logwatch.ui.templates import clip

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logwatch.checks import Checked
    from logwatch.notify.incidents import Notification
    from logwatch.notify.messages import Message

Event = dict[str, Any]

KEY, SUMMARY = 255, 1024
"""Characters of a dedup_key and of a summary."""
ANSWER = 4096
"""Bytes of an answer that are read."""
MOST, FOUND, LINE = 30, 6, 240
"""Alerts, steps, notes and links of an event, lines of what was found for a step, characters of one: the whole stays below the
512 KB that PagerDuty takes."""

SEVERITIES = {Severity.PAGE: "critical", Severity.WARN: "error", Severity.INFO: "info"}
_KEY = "set the integration key of an Events API v2 integration; an account in Europe has the address events.eu.pagerduty.com"
HINTS = dict.fromkeys((301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410), _KEY)


@dataclass(slots=True)
class PagerDutyChannel:
    """Sends events; what belongs to one incident of ours is one alert there, by its dedup_key."""

    routing_key: str = field(repr=False)
    url: str
    timeout_s: float = 8
    name: str = "pagerduty"
    dialogue: ClassVar[None] = None

    def send(self, message: Message, thread: str | None) -> str | None:  # noqa: ARG002 - the incident's id holds them together
        """Send the message's events, if it has any; gives None. Raises ChannelError."""
        for event in build_events(message):
            self._post(event)
        return None

    def send_plain(self, message: Message, thread: str | None) -> str | None:
        """Send the same event with nothing but a summary in it; gives None. Raises ChannelError."""
        short = replace(message, alerts=(), steps=(), besides=(), links=(), headline=plain_text(message))
        return self.send(short, thread)

    def check(self) -> list[Checked]:
        """Connect, and ask for nothing: every event is one. Raises ChannelError."""
        return check_reachable(self.url, where=self.name)

    def _post(self, event: Event) -> None:
        """Send one event; only 202 means that PagerDuty has it."""
        unusable = ChannelError("the address cannot be used", permanent=True, where=self.name, hint=_KEY)
        body = json.dumps({"routing_key": self.routing_key, **event}, ensure_ascii=False).encode(errors="replace")
        answer = Receiver(self.url, {}, self.timeout_s, unusable).post(body, most=ANSWER)
        if answer.status >= 300:
            raise refused(answer.status, answer.headers, where=self.name, hint=HINTS.get(answer.status))
        if answer.status != 202 or not _taken(answer.body):
            raise ChannelError("there is no PagerDuty at this address", permanent=True, where=self.name, hint=_KEY)


def _taken(body: bytes) -> bool:
    try:
        document = json.loads(body)
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("status") == "success"


# ---- the events


def build_events(message: Message) -> list[Event]:
    """Say a message in events: a test closes what it opened, and neither a silence nor a week wakes anybody.

    An acknowledgement that is taken back stays one there: no event takes it back.
    """
    key = {"dedup_key": dedup_key(message.audience.apart(message.notification.incident))}
    resolve = {"event_action": "resolve", **key}
    match message.notification.reason:
        case (
            NotifyReason.FIRING
            | NotifyReason.JOINED
            | NotifyReason.WIDER
            | NotifyReason.EASED
            | NotifyReason.RELAPSED
            | NotifyReason.REMINDER
            | NotifyReason.ESCALATED
        ):
            return [_trigger(message) | key]
        case NotifyReason.SUMMED:
            return [_of_part(message, *each) for each in zip(message.notification.summed, message.notes, strict=False)]
        case NotifyReason.RESOLVED:
            return [resolve]
        case NotifyReason.TEST:
            return [_trigger(message) | key, resolve]
        case NotifyReason.ANSWERED:
            return [{"event_action": "acknowledge", **key}] if message.notification.acknowledged_by else []
        case NotifyReason.SILENCE_ENDING | NotifyReason.DIGEST:
            return []
        case unknown:
            assert_never(unknown)


def _of_part(message: Message, part: Notification, head: str) -> Event:
    """Give the event of one of several incidents that are told in one message, so that each opens and closes by itself."""
    key = {"dedup_key": dedup_key(message.audience.apart(part.incident))}
    if part.reason is NotifyReason.RESOLVED:
        return {"event_action": "resolve", **key}
    return _trigger(replace(message, notification=part, headline=head)) | key


def dedup_key(incident: str) -> str:
    """Give the name of an incident as PagerDuty takes it: its id, or as much of it as fits and a digest of the whole."""
    digest = hashlib.sha256(incident.encode(errors="replace")).hexdigest()[:32]
    return incident if len(incident) <= KEY else f"{incident[: KEY - 33]}-{digest}"


def _trigger(message: Message) -> Event:
    notification = message.notification
    rules = ", ".join(dict.fromkeys(line.rule for line in message.alerts))
    payload = {
        "summary": clip(_one_line(" · ".join(screen_text(message).split("\n"))), SUMMARY),
        "source": message.audience.service,
        "severity": _severity(message),
        "timestamp": f"{notification.at:%Y-%m-%dT%H:%M:%SZ}",
        "component": clip(_one_line(notification.scope.name(message.audience)), 200),
        "group": clip(_one_line(message.procedure), 200),
        "class": clip(rules, 200),
        "custom_details": _details(message),
    }
    shown = (*message.links, *message.searches)
    links = [{"href": quote(link.url, safe=":/?#[]@!$&'()*+,;=%"), "text": clip(link.label, 100)} for link in shown]
    return {
        "event_action": "trigger",
        "client": "logwatch",
        "payload": {name: value for name, value in payload.items() if value},
        "links": [link for link in links if link["href"].startswith(("https://", "http://"))][:MOST],
    }


def _severity(message: Message) -> str:
    """Say how grave it is: as the rules say, less where nothing is at warning any more; a test is none of these."""
    severity = Severity.INFO if message.notification.reason is NotifyReason.TEST else message.notification.severity
    if severity is not Severity.INFO and message.alerts and all(line.level is not Level.WARNING for line in message.alerts):
        return "warning"
    return SEVERITIES[severity]


def _details(message: Message) -> dict[str, Any]:
    """Give what a person reads after the summary; the names stay the same in every language, for rules that read them."""
    here = next((step for step in message.steps if step.here), None)
    walked = [_lines([f"{step.head} {step.text}", *(f"› {line}" for line in step.found[:FOUND])]) for step in message.steps]
    details = {
        "impact": _one_line(message.impact)[:400],
        "proof": _one_line(message.proof)[:400],
        "changed": _one_line(message.changed)[:400],
        "step": _one_line(f"{here.head} {here.text}")[:400] if here else "",
        "found": _lines(here.found) if here else [],
        "alerts": _lines(alert_text(line, message).replace("\n", " · ") for line in message.alerts),
        "notes": _lines(message.notes),
        "procedure": _one_line(message.procedure)[:400],
        "steps": [line for lines in walked[:MOST] for line in lines],
        "besides": _lines(message.besides),
        "commands": list(message.commands),
        "incident": message.notification.incident[:400],
    }
    return {name: value for name, value in details.items() if value}


def _lines(texts: Iterable[str]) -> list[str]:
    return [clip(_one_line(text), LINE) for text in list(texts)[:MOST]]


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))
