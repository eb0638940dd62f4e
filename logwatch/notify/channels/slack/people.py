"""People in Slack's own spelling: those that a message calls, and those whose names nobody but Slack knows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from logwatch.notify.incidents import Notification

_UNNAMED = re.compile(r"@[UW][A-Z0-9]{2,20}")


def with_people(content: dict[str, Any], notification: Notification) -> dict[str, Any]:
    """Add whom the message calls to its first line, and let Slack show who answered where only an id is known.

    Nothing of it comes from a log line: who is called stands in oncall.yaml, who answered in Slack's own answer.
    """
    called = " ".join(map(_called, notification.mention))
    unnamed = {f"@{each[1:]}": f"<{each}>" for each in _answering(notification) if _UNNAMED.fullmatch(each)}

    def spelled(text: str) -> str:
        for name, mention in unnamed.items():
            text = re.sub(rf"(?<![\w<]){re.escape(name)}\b", mention, text)
        return text

    def within(block: dict[str, Any]) -> dict[str, Any]:
        return {**block, "text": {**block["text"], "text": spelled(block["text"]["text"])}} if "text" in block else block

    blocks = [within(block) for block in content.get("blocks", ())]
    if called and blocks and "text" in blocks[0]:
        first = blocks[0]["text"]
        blocks[0] = {**blocks[0], "text": {**first, "text": f"{called} {first['text']}"}}
    text = spelled(content["text"])
    shown = {**content, "text": f"{called} {text}" if called else text}
    return shown | {"blocks": blocks} if "blocks" in content else shown


def _called(name: str) -> str:
    return "<!here>" if name == "here" else f"<!subteam^{name}>" if name.startswith("S") else f"<@{name}>"


def _answering(notification: Notification) -> list[str]:
    names = [notification.acknowledged_by, notification.labelled_by, *(each.who for each in notification.said)]
    return list(dict.fromkeys(name for listed in names for name in listed.split(", ")))
