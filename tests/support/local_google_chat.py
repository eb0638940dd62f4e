"""A server on loopback that takes messages as a webhook of Google Chat does, refuses what that refuses, and keeps what arrives.

with LocalGoogleChat() as chat:
    GoogleChatChannel(chat.webhook_url).send(…)
    chat.answer(503)                       # the next request only
    chat.posted[0].thread
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.local_http import Answer, LocalService

SPACE, KEY, TOKEN = "AAAAplanted", "s3cret-key", "s3cret-token"
LIMIT = 32_000
"""Bytes of one message."""
WIDGETS = 100
"""Widgets of one card; those beyond are not shown, so that here they are refused."""
TAGS = {"b", "i", "u", "s", "br", "font"}
"""Tags that only shape a text; `a` is known too, and our messages have no use for it."""
MENTION = re.compile(r"<users/|<https?:|<a ")
TEXT = "text"
FIELDS: dict[str, dict[str, Any]] = {
    "Message": {"text": TEXT, "fallbackText": TEXT, "cardsV2": ["CardWithId"], "thread": "Thread"},
    "Thread": {"name": TEXT, "threadKey": TEXT},
    "CardWithId": {"cardId": TEXT, "card": "Card"},
    "Card": {"header": "CardHeader", "sections": ["Section"], "name": TEXT},
    "CardHeader": {"title": TEXT, "subtitle": TEXT, "imageUrl": TEXT, "imageType": {"SQUARE", "CIRCLE"}, "imageAltText": TEXT},
    "Section": {"header": TEXT, "widgets": ["Widget"], "collapsible": bool, "uncollapsibleWidgetsCount": int},
    "Widget": {"textParagraph": "TextParagraph", "decoratedText": "DecoratedText", "buttonList": "ButtonList", "divider": "Divider"},
    "TextParagraph": {"text": TEXT, "maxLines": int},
    "DecoratedText": {"topLabel": TEXT, "text": TEXT, "bottomLabel": TEXT, "wrapText": bool},
    "ButtonList": {"buttons": ["Button"]},
    "Button": {"text": TEXT, "altText": TEXT, "onClick": "OnClick", "disabled": bool},
    "OnClick": {"openLink": "OpenLink"},
    "OpenLink": {"url": TEXT, "openAs": {"FULL_SIZE", "OVERLAY"}},
    "Divider": {},
}  # fmt: skip
"""The fields of each object that a webhook may post; an unknown one is an error."""
NEEDED = {"Button": {"text", "onClick"}, "OpenLink": {"url"}, "TextParagraph": {"text"}, "OnClick": {"openLink"}}


@dataclass(frozen=True, slots=True)
class Posted:
    """One message that was taken."""

    thread: str
    """The thread that it stands in."""
    body: dict[str, Any]

    @property
    def texts(self) -> list[str]:
        """Every text that people see, however deep."""
        return [text for text in _texts({key: value for key, value in self.body.items() if key != "thread"}) if text]


def _texts(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [value for key, value in part.items() if isinstance(value, str) and key != "url"]
        return own + [found for value in part.values() if not isinstance(value, str) for found in _texts(value)]
    return [found for each in part for found in _texts(each)] if isinstance(part, list) else []


def check(body: Any, kind: Any = "Message", where: str = "message") -> str:  # noqa: PLR0911 - one for each refusal
    """Say what is wrong with an object; empty where nothing is."""
    if isinstance(kind, list):
        wrong = (
            [check(each, kind[0], f"{where}[{number}]") for number, each in enumerate(body)]
            if isinstance(body, list)
            else [where]
        )
        return next(filter(None, wrong), "")
    if kind == TEXT or kind in {bool, int}:
        return "" if isinstance(body, str if kind == TEXT else kind) else f"Invalid value at '{where}'"
    if isinstance(kind, set):
        return "" if body in kind else f"Invalid value at '{where}'"
    if not isinstance(body, dict):
        return f"Invalid value at '{where}'"
    unknown = [name for name in body if name not in FIELDS[kind]]
    if unknown:
        return f"Unknown name '{unknown[0]}' at '{where}'"
    if missing := NEEDED.get(kind, set()) - body.keys():
        return f"Missing {sorted(missing)} at '{where}'"
    inner = [check(value, FIELDS[kind][name], f"{where}.{name}") for name, value in body.items()]
    return next(filter(None, inner), "") or _whole(body, kind, where)


def _whole(body: dict[str, Any], kind: str, where: str) -> str:  # noqa: PLR0911 - likewise
    """Say what is wrong with an object as a whole."""
    if kind == "Message" and not (body.get("text") or body.get("cardsV2")):
        return "Message cannot be empty"
    if kind == "Card" and not 1 <= sum(len(section.get("widgets", [])) for section in body.get("sections", [])) <= WIDGETS:
        return f"widgets at '{where}'"
    if kind == "Section" and not body.get("widgets"):
        return f"no widgets at '{where}'"
    if kind == "Widget" and len(body) != 1:
        return f"one kind a widget at '{where}'"
    if kind == "OpenLink" and not re.fullmatch(r"https?://[!-~]+", body["url"]):
        return f"Invalid URL at '{where}'"
    if kind == "TextParagraph" and not set(re.findall(r"</?(\w+)[^>]*>", body["text"])) <= TAGS:
        return f"markup at '{where}'"
    return ""


class LocalGoogleChat(LocalService):
    """One space."""

    def __init__(self) -> None:
        super().__init__()
        self.posted: list[Posted] = []
        self.last = float("-inf")
        self.webhook_url = f"{self.url}/v1/spaces/{SPACE}/messages?key={KEY}&token={TOKEN}"

    @property
    def mentions(self) -> list[str]:
        """What would have called people or hidden a link."""
        return [found for each in self.posted for text in each.texts for found in MENTION.findall(text)]

    def take(self, path: str, headers: Mapping[str, str], raw: bytes) -> Answer:  # noqa: PLR0911 - likewise
        """Answer one message as the real one does."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        if urlsplit(path).path != f"/v1/spaces/{SPACE}/messages":
            return self._refuse(404, "NOT_FOUND", "no such space")
        if query.get("key") != KEY:
            return self._refuse(400, "INVALID_ARGUMENT", "API key not valid")
        if query.get("token") != TOKEN:
            return self._refuse(403, "PERMISSION_DENIED", f"token {query.get('token')} is not valid")
        now, before = time.monotonic(), self.last
        self.last = now
        if now - before < 1:
            return self._refuse(429, "RESOURCE_EXHAUSTED", "one message a second", {"Retry-After": "1"})
        if headers.get("Content-Type", "").partition(";")[0] != "application/json":
            return self._refuse(400, "INVALID_ARGUMENT", "no JSON")
        if len(raw) > LIMIT:
            return self._refuse(400, "INVALID_ARGUMENT", f"{len(raw)} bytes")
        body = json.loads(raw)
        if wrong := check(body):
            return self._refuse(400, "INVALID_ARGUMENT", wrong)
        option = query.get("messageReplyOption", "")
        if option not in {"", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD", "REPLY_MESSAGE_OR_FAIL"}:
            return self._refuse(400, "INVALID_ARGUMENT", "messageReplyOption")
        key = body.get("thread", {}).get("threadKey") if option else None
        self.posted.append(Posted(key or f"alone-{len(self.posted)}", body))
        return 200, {}, json.dumps({"name": f"spaces/{SPACE}/messages/{len(self.posted)}", **body}).encode()

    def _refuse(self, status: int, word: str, why: str, headers: dict[str, str] | None = None) -> Answer:
        return self.refuse(status, [why], {"error": {"code": status, "message": why, "status": word}}, headers)
