"""A Slack message as a phone shows it: forty columns, in which a Hangul syllable takes two."""

import html
import re
import unicodedata
from typing import Any

WIDTH = 40
BARS = "▁▂▃▄▅▆▇█"


def screen(content: dict[str, Any]) -> list[str]:
    """Give its lines; a blank one stands where Slack leaves room between blocks."""
    lines: list[str] = []
    for block in content["blocks"]:
        lines += [*([""] if lines and block["type"] not in {"context", "divider"} else []), *_block(block)]
    return lines


def written(content: dict[str, Any]) -> list[str]:
    """Give those of its lines that have to be read: no blank ones, no chart, and nothing below a divider."""
    blocks = [block["type"] for block in content["blocks"]]
    end = blocks.index("divider") if "divider" in blocks else len(blocks)
    kept = [block for block in content["blocks"][:end] if block["type"] != "data_visualization"]
    return [line for line in screen({"blocks": kept}) if line]


def _block(block: dict[str, Any]) -> list[str]:
    match block["type"]:
        case "section":
            return _shown(block["text"]["text"])
        case "context":
            return [line for each in block["elements"] for line in _shown(each["text"])]
        case "divider":
            return ["─" * WIDTH]
        case "data_visualization":
            return _chart(block)
    raise AssertionError(block["type"])


def _shown(mrkdwn: str) -> list[str]:
    text = re.sub(r"<[^|>]*\|([^>]*)>", r"\1", mrkdwn).replace("*", "").replace("`", "")
    lines = []
    for line in text.split("\n"):
        quoted = line.startswith(">")
        lines += [f"{'│ ' if quoted else ''}{each}" for each in wrap(html.unescape(line.removeprefix(">")), WIDTH - 2 * quoted)]
    return lines


def _chart(block: dict[str, Any]) -> list[str]:
    course, *bounds = block["chart"]["series"]
    values = [each["value"] for each in course["data"]]
    top = max([*values, *(each["value"] for bound in bounds for each in bound["data"]), 1e-9])
    bars = "".join(BARS[min(int(value / top * len(BARS)), len(BARS) - 1)] for value in values)
    config = block["chart"]["axis_config"]
    places = config["categories"]
    names = ", ".join(each["name"] for each in block["chart"]["series"])
    below = " · ".join(filter(None, [config.get("y_label"), names, config.get("x_label")]))
    return [f"[{block['title']}]", f"{places[0]} {bars} {places[-1]}", *wrap(below, WIDTH)]


def columns(text: str) -> int:
    """Count the columns of a text."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def wrap(text: str, width: int) -> list[str]:
    """Break a text between words, as a phone does, and inside those that are longer than a line."""
    lines = [""]
    for word in re.findall(r"\S+\s*|\s+", text):
        if lines[-1] and columns(lines[-1] + word.rstrip()) > width:
            lines.append("")
        for char in word:
            if columns(lines[-1] + char) > width and not char.isspace():
                lines.append("")
            lines[-1] += char
    return [line.rstrip() for line in lines]
