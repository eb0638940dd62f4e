"""Google Chat by incoming webhook: a card a message, and all messages of an incident in one thread."""

from __future__ import annotations

import html
import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from logwatch.errors import ChannelError
from logwatch.notify.channels.http_client import Receiver, check_reachable
from logwatch.notify.channels.http_errors import refused
from logwatch.notify.layout import (
    COLOURS,
    FIRST_FOUND,
    alert_text,
    also_lines,
    besides,
    foot,
    has_more,
    lead_lines,
    plain_text,
    screen_text,
    step_to_take,
)
from logwatch.ui.templates import clip, fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from logwatch.checks import Checked
    from logwatch.notify.diagnosis.step_text import StepLine
    from logwatch.notify.messages import Link, Message

PAUSE_S = 1.0
"""Google Chat takes one message a second and space."""
ANSWER = 65_536
"""Bytes of an answer that are read: the message as it was posted, or an error's document."""
ALERTS, NOTES, HERE, WALK, BESIDES, LINKS = 3000, 3000, 1500, 7000, 1500, 3500
"""Bytes of each part, so that the whole stays below the 32,000 that Google Chat takes."""
MOST_ALERTS = 10
FOUND = 3
"""Lines of what was found that a step shows which is not the one to take."""

_ADDRESS = "set the whole address of a webhook: the space's name, Apps & integrations, Webhooks; it ends with key=… and token=…"
HINTS = {
    **dict.fromkeys((301, 302, 303, 307, 308, 401, 403, 404, 410), _ADDRESS),
    400: f"{_ADDRESS}; if it is whole, Google Chat refuses the layout: please report it with the incident's id",
    413: "Google Chat refuses the message's length: please report it with the incident's id",
}


@dataclass(slots=True)
class GoogleChatChannel:
    """Posts to one space; the thread is named after the incident, so that nothing has to be remembered for it."""

    url: str = field(repr=False)
    timeout_s: float = 8
    name: str = "google_chat"
    dialogue: ClassVar[None] = None
    _free_at: float = field(default=0.0, init=False, repr=False)
    """When the space takes the next message, on the clock that never jumps."""

    def send(self, message: Message, thread: str | None) -> str | None:  # noqa: ARG002 - the incident names the thread
        """Post the message, no sooner than the space takes it; gives None. Raises ChannelError."""
        self._post(build_content(message))
        return None

    def send_plain(self, message: Message, thread: str | None) -> str | None:  # noqa: ARG002 - likewise
        """Post its text; gives None. Raises ChannelError."""
        self._post({"text": _plain(clip(plain_text(message), 3500)), "thread": _thread(message)})
        return None

    def _post(self, content: dict[str, Any]) -> None:
        unusable = ChannelError("the address cannot be used", permanent=True, where=self.name, hint=_ADDRESS)
        try:
            address = _threaded(self.url)
        except ValueError:
            raise unusable from None
        body = json.dumps(content, ensure_ascii=False).encode(errors="replace")
        time.sleep(max(self._free_at - time.monotonic(), 0.0))
        try:
            answer = Receiver(address, {}, self.timeout_s, unusable).post(body, most=ANSWER)
        finally:
            self._free_at = time.monotonic() + PAUSE_S
        document = _document(answer.body)
        if answer.status != 200:
            code = _code(document)
            raise refused(answer.status, answer.headers, where=self.name, code=code, hint=HINTS.get(answer.status))
        if not str(document.get("name", "")).startswith("spaces/"):
            raise ChannelError("there is no Google Chat at this address", permanent=True, where=self.name, hint=_ADDRESS)

    def check(self) -> list[Checked]:
        """Connect, and ask for nothing: only a message can show whether the space takes one. Raises ChannelError."""
        return check_reachable(self.url, where=self.name)


def _threaded(url: str) -> str:
    """Give the address with the wish for a thread; a space without threads takes the message all the same."""
    parts = urlsplit(url)
    query = [pair for pair in parse_qsl(parts.query) if pair[0] != "messageReplyOption"]
    return parts._replace(query=urlencode([*query, ("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD")])).geturl()


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _code(document: dict[str, Any]) -> str:
    """Give Google's word for what is wrong; the text beside it may hold what was sent."""
    error = document.get("error")
    word = error.get("status") if isinstance(error, dict) else ""
    return word if isinstance(word, str) and re.fullmatch(r"[A-Z_]{2,40}", word) else ""


# ---- the layout


def build_content(message: Message) -> dict[str, Any]:
    """Lay a message out: what a lock screen shows, and a card with the step to take before all others."""
    sections = [
        {"widgets": _paragraphs(_head(message))},
        *_walk(message),
        {"widgets": [*_buttons(message.links), *_paragraphs([f"<i>{_escape(clip(foot(message), 200))}</i>"])]},
    ]
    return {
        "fallbackText": _plain(clip(screen_text(message), 400)),
        "cardsV2": [{"cardId": "message", "card": {"sections": sections}}],
        "thread": _thread(message),
    }


def _thread(message: Message) -> dict[str, str]:
    return {"threadKey": clip(message.notification.incident, 200)}


def _head(message: Message) -> list[str]:
    """Give what is read first, and what it looks like; the rest unfolds below it."""
    ink, _, _ = COLOURS[message.tone]
    title = _escape(clip(f"{message.icon} {message.headline}", 300))
    lead = [f"<b>{_escape(line)}</b>" if line == message.impact else _escape(clip(line, 400)) for line in lead_lines(message)]
    step, found = step_to_take(message)
    first = [f"<b>{_escape(clip(step, 300))}</b>", *_found(found)] if step else []
    below = [_escape(clip(line, 400)) for line in filter(None, [message.changed, *also_lines(message)])]
    notes = [f"• {_escape(clip(note, 500))}" for note in message.notes]
    return [
        f'<b><font color="{ink}">{title}</font></b>',
        _fit(message, lead, ALERTS, most=MOST_ALERTS),
        _fit(message, first, HERE),
        _fit(message, [*below, *notes], NOTES),
    ]


def _walk(message: Message) -> list[dict[str, Any]]:
    """Give the rest, folded: every alert, the procedure as it was walked, lines to look at and to type."""
    if not has_more(message):
        return []
    several = message.alerts if len(message.alerts) > 1 else ()
    alerts = [_escape(clip(alert_text(line, message), 400)) for line in several]
    steps = [
        "<br>".join([_step(step, message), *_found(step.found[FIRST_FOUND:] if step.here else step.found[:FOUND])])
        for step in message.steps
    ]
    widgets = [
        *_paragraphs(
            [
                _fit(message, alerts, ALERTS, most=MOST_ALERTS),
                _fit(message, steps, WALK, between="<br><br>"),
                _fit(message, [f"• {_escape(clip(line, 300))}" for line in besides(message)], BESIDES),
            ]
        ),
        *_buttons(message.searches),
        *_paragraphs([_escape("\n".join(message.commands))]),
    ]
    title = f"📋 {_escape(clip(message.procedure, 200))}" if message.procedure else ""
    return [{**({"header": title} if title else {}), "collapsible": True, "widgets": widgets}] if widgets else []


def _step(step: StepLine, message: Message) -> str:
    text = _escape(f"{step.head} {clip(step.text, 300)}")
    if step.here:
        return f"<b>{text}</b> ← {_escape(message.say('begin_here') if step.numbered else step.state_text)}"
    return f"{text} · {_escape(step.state_text)}" if step.state and step.state != "done" else text


def _found(lines: Iterable[str]) -> list[str]:
    return [f"› {_escape(clip(line, 240))}" for line in lines]


def _paragraphs(texts: Iterable[str]) -> list[dict[str, Any]]:
    return [{"textParagraph": {"text": text}} for text in texts if text]


def _buttons(links: Sequence[Link]) -> list[dict[str, Any]]:
    """Give the links, as many as there is room for; what is no web address would have the whole message refused."""
    buttons: list[dict[str, Any]] = []
    room = LINKS
    for link in links:
        address = quote(link.url, safe=":/?#[]@!$&'()*+,;=%")
        room -= len(address) + len(link.label.encode(errors="replace"))
        if address.startswith(("https://", "http://")) and room >= 0:
            buttons.append({"text": clip(link.label, 60), "onClick": {"openLink": {"url": address}}})
    return [{"buttonList": {"buttons": buttons}}] if buttons else []


def _fit(message: Message, pieces: list[str], limit: int, *, most: int | None = None, between: str = "<br>") -> str:
    return fit(
        pieces, lambda count: f"…{message.say('and_more', count=count)}", limit=limit, size=_size, most=most, between=between
    )


def _size(text: str) -> int:
    """Count bytes as they are sent."""
    return len(json.dumps(text, ensure_ascii=False).encode(errors="replace")) - 2


def _escape(text: str) -> str:
    """Escape a text for a card, which takes a few tags of HTML.

    >>> _escape("<users/all> a & b")
    '&lt;users/all&gt; a &amp; b'
    """
    return html.escape(text, quote=False).replace("\n", "<br>")


def _plain(text: str) -> str:
    """Write a text so that it mentions nobody, links nowhere and is not bold: plain text knows no escape.

    >>> _plain("<users/all> *a* `b`")
    "‹users/all› ∗a∗ 'b'"
    """
    return text.translate(_SAFE)


_SAFE = str.maketrans({"<": "‹", ">": "›", "*": "∗", "`": "'"})
