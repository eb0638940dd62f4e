"""A server on loopback that takes events as PagerDuty's Events API v2 does, refuses what that refuses, and keeps the alerts.

with LocalPagerDuty() as pagerduty:
    PagerDutyChannel(KEY, pagerduty.enqueue_url).send(…)
    pagerduty.answer(503)                  # the next request only
    pagerduty.alerts["incident"].status
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.support.local_http import Answer, LocalService

KEY = "s3cret0123456789s3cret0123456789"
LIMIT = 512_000
"""Bytes of one event."""
ACTIONS, SEVERITIES = ("trigger", "acknowledge", "resolve"), ("critical", "error", "warning", "info")
EVENT = {"routing_key", "event_action", "dedup_key", "payload", "client", "client_url", "links", "images"}
PAYLOAD = {"summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"}


@dataclass(slots=True)
class LocalAlert:
    """One alert, as people see it now."""

    status: str
    """triggered, acknowledged or resolved."""
    opened: int = 1
    """How often it was opened; whoever is on call is woken each time."""
    events: list[dict[str, Any]] = field(default_factory=list)


def check(event: Any) -> list[str]:
    """Say what is wrong with an event."""
    if not isinstance(event, dict):
        return ["Event object format is unrecognized"]
    wrong = [f"unknown field '{name}'" for name in event.keys() - EVENT]
    if not isinstance(event.get("routing_key"), str) or len(event["routing_key"]) != 32:
        wrong.append("Length of 'routing_key' is incorrect (should be 32 characters)")
    if event.get("event_action") not in ACTIONS:
        wrong.append("'event_action' is invalid")
    if not isinstance(event.get("dedup_key", ""), str) or len(event.get("dedup_key", "")) > 255:
        wrong.append("Length of 'dedup_key' is incorrect (should be at most 255 characters)")
    if event.get("event_action") != "trigger":
        return wrong if event.get("dedup_key") else [*wrong, "'dedup_key' is missing or blank"]
    links = event.get("links", [])
    if not all(set(link) <= {"href", "text"} and re.fullmatch(r"https?://[!-~]+", link["href"]) for link in links):
        wrong.append("'links' is invalid")
    return wrong + _check_payload(event.get("payload"))


def _check_payload(payload: Any) -> list[str]:
    if not isinstance(payload, dict):
        return ["'payload' is missing or blank"]
    wrong = [f"unknown field 'payload.{name}'" for name in payload.keys() - PAYLOAD]
    wrong += [f"'payload.{name}' is missing or blank" for name in ("summary", "source", "severity") if not payload.get(name)]
    wrong += [
        f"'payload.{name}' is no text" for name in payload.keys() - {"custom_details"} if not isinstance(payload[name], str)
    ]
    wrong += ["'payload.summary' is too long"] if len(payload.get("summary", "")) > 1024 else []
    wrong += ["'payload.severity' is invalid"] if payload.get("severity") not in SEVERITIES else []
    wrong += ["'payload.custom_details' is no object"] if not isinstance(payload.get("custom_details", {}), dict) else []
    try:
        datetime.fromisoformat(payload.get("timestamp", "2026-02-24T06:00:00Z"))
    except ValueError:
        wrong.append("'payload.timestamp' is invalid")
    return wrong


class LocalPagerDuty(LocalService):
    """One service and its integration."""

    def __init__(self, *, room: int = 1000) -> None:
        super().__init__()
        self.alerts: dict[str, LocalAlert] = {}
        self.room = room
        """Events that the service takes before it says that there are too many."""
        self.enqueue_url = f"{self.url}/v2/enqueue"

    def take(self, path: str, headers: Mapping[str, str], raw: bytes) -> Answer:  # noqa: PLR0911 - one for each refusal
        """Answer one event as the real one does."""
        if path != "/v2/enqueue":
            return self._refuse(404, ["no such path"])
        if len(raw) > LIMIT:
            return self._refuse(413, [f"{len(raw)} bytes"])
        if headers.get("Content-Type", "").partition(";")[0] != "application/json":
            return self._refuse(400, ["no JSON"])
        event = json.loads(raw)
        if wrong := check(event):
            return self._refuse(400, wrong)
        if event["routing_key"] != KEY:
            return self._refuse(400, [f"Invalid routing key {event['routing_key']}"])
        if not self.room:
            return self._refuse(429, ["too many events"], {"Retry-After": "60"})
        self.room -= 1
        self._keep(event, event.get("dedup_key") or f"made-{self.requests}")
        done = {"status": "success", "message": "Event processed", "dedup_key": event.get("dedup_key")}
        return 202, {}, json.dumps(done).encode()

    def _keep(self, event: dict[str, Any], key: str) -> None:
        """Open, change or close an alert; what is about none that is open does nothing."""
        alert = self.alerts.get(key)
        if event["event_action"] == "trigger":
            alert = alert or LocalAlert("triggered", opened=0)
            alert.opened += alert.status == "resolved" or not alert.events
            alert.status = "triggered" if alert.status == "resolved" else alert.status
            self.alerts[key] = alert
        elif alert is None or alert.status == "resolved":
            return
        else:
            alert.status = {"acknowledge": "acknowledged", "resolve": "resolved"}[event["event_action"]]
        alert.events.append(event)

    def _refuse(self, status: int, why: list[str], headers: dict[str, str] | None = None) -> Answer:
        return self.refuse(
            status, why, {"status": "invalid event", "message": "Event object is invalid", "errors": why}, headers
        )
