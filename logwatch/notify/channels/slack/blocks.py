"""A message laid out for Slack: the blocks of its first screen, and those of the walk that follows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from logwatch.notify.channels.slack.chart import chart_block
from logwatch.notify.layout import (
    FIRST_FOUND,
    alert_text,
    also_lines,
    besides,
    has_more,
    lead_lines,
    message_parts,
    plain_text,
    screen_text,
    step_to_take,
)
from logwatch.seams import Seam
from logwatch.ui.templates import clip, fit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logwatch.notify.diagnosis.step_text import StepLine
    from logwatch.notify.messages import Link, Message

SECTION = 2900
"""Characters of one section's text; Slack takes 3000."""
LINKS = 2600
"""Characters of links, so that all blocks together stay below the 13,200 that Slack takes without saying so."""
NOTES = 1200
STEP = 750
"""Characters of one step with what was found for it; the runbook's longest procedure has five."""
FOUND = 3
"""Lines of what was found that a step shows which is not the one to take."""
ALERTS = 10
"""Alerts that a message shows; nobody scrolls through more on a phone."""


def build_content(message: Message, *, alone: bool = False, chart: bool = True) -> dict[str, Any]:
    """Lay out what fits on a phone's screen; one that stands alone has the rest below a line.

    `text` is what a lock screen shows. No text can be longer than Slack takes, and what is left out is counted.
    """
    parts = _parts(message)
    lead = [parts.bold(line) if line == message.impact else parts.line(line) for line in lead_lines(message)]
    step, found = step_to_take(message)
    below = [*map(parts.line, also_lines(message)), *map(parts.point, message.notes)]
    blocks = _sections(
        [
            fit_section([parts.headline(), *lead], parts.more, most=ALERTS),
            fit_section([parts.bold(step), *map(parts.found, found)], parts.more, limit=STEP) if step else "",
            parts.line(message.changed),
            fit_section(below, parts.more, limit=NOTES),
        ]
    )
    drawn = message.seams.guard(Seam.CHART, lambda: chart_block(message), lambda _: None) if chart else None
    blocks += [drawn] if drawn else []
    blocks += _sections([_links(message.links, parts)])
    blocks += [{"type": "divider"}, *_walk(message, parts)] if alone and has_more(message) else []
    return {
        "text": mrkdwn(clip(screen_text(message), 700)),
        "blocks": [*blocks, {"type": "context", "elements": [_text(parts.foot_line())]}],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def build_walk(message: Message) -> dict[str, Any]:
    """Lay out what comes after the first screen: every alert, the procedure as it was walked, lines to look at and to type."""
    title = f"📋 {message.procedure}" if message.procedure else message.headline
    blocks = _walk(message, _parts(message))
    return {"text": mrkdwn(clip(title, 200)), "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def _parts(message: Message) -> Any:  # noqa: ANN401 - a template's macros
    return message_parts(message, Path(__file__).parent, "message.j2", mrkdwn)


def _walk(message: Message, parts: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - likewise
    several = message.alerts if len(message.alerts) > 1 else ()
    return _sections(
        [
            fit_section([parts.line(alert_text(line, message)) for line in several], parts.more, limit=STEP, most=ALERTS),
            parts.procedure() if message.procedure else "",
            *(_step(line, parts) for line in message.steps),
            fit_section([*map(parts.point, besides(message))], parts.more, limit=STEP),
            _links(message.searches, parts),
            fit_section([*map(parts.code, message.commands)], parts.more, limit=STEP),
        ]
    )


def _sections(texts: Sequence[str]) -> list[dict[str, Any]]:
    return [{"type": "section", "text": _text(text)} for text in texts if text]


def _links(links: Sequence[Link], parts: Any) -> str:  # noqa: ANN401 - a template's macros
    return fit_section([_link(link) for link in links], parts.more, limit=LINKS, between=" · ")


def plain_content(message: Message) -> dict[str, Any]:
    """Give a message's headline and notes as text alone."""
    return {"text": mrkdwn(clip(plain_text(message), SECTION)), "unfurl_links": False, "unfurl_media": False}


def _step(line: StepLine, parts: Any) -> str:  # noqa: ANN401 - a template's macros
    """Give a step with the most telling of what was found; of the one to take, what the first screen does not say."""
    found = line.found[FIRST_FOUND:] if line.here else line.found[:FOUND]
    return fit_section([parts.step(line), *map(parts.found, found)], parts.more, limit=STEP)


def _text(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text.strip(), "verbatim": True}


def mrkdwn(value: object) -> str:
    """Escape a value for Slack: it pings nobody, links nowhere, and is neither bold, italic, struck nor code.

    >>> mrkdwn("<!channel> *a* & `b`, _c_ ~d~ e_f")
    "&lt;!channel&gt; ∗a∗ &amp; 'b', ＿c＿ ∼d∼ e_f"
    """
    return _EDGE.sub(lambda mark: "＿" if mark[0] == "_" else "∼", str(value)).translate(_ESCAPES)


_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "*": "∗", "`": "'"})
_EDGE = re.compile(r"(?<![^\W_])[_~]|[_~](?![^\W_])")
"""What makes words italic or strikes them, at their edge; inside a name or a span of time it does neither."""


def _link(link: Link) -> str:
    address = quote(link.url, safe=":/?#[]@!$&'()*+,;=%").replace("&", "&amp;")
    return f"<{address}|{mrkdwn(clip(link.label, 60))}>"


def fit_section(
    pieces: Sequence[str], more: Callable[[int], str], *, limit: int = SECTION, most: int | None = None, between: str = "\n"
) -> str:
    """Join whole pieces up to what Slack takes of a section, and count those that are left out."""
    return fit(pieces, more, limit=limit, size=length, most=most, between=between)


def length(text: str) -> int:
    """Count as JavaScript does, where an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
