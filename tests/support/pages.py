"""Made-up entries with hostile texts, and what a page must be."""

import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

GOLDEN = ROOT / "tests/fixtures/golden"


HOSTILE = {
    "an escape sequence": "\x1b[2J\x1b[31mred",
    "one of a single byte": "\x9b2Jx",
    "a title for the window": "\x1b]0;gone\x07x",
    "line breaks": "a\nb\r\nc\u2028d\u0085e",
    "tabs and bells": "a\tb\x07c\x08d\x00e",
    "text from right to left": "\u202egnp.exe\u2066x",
    "nothing to see": "\u200b\u200d\ufeff",
    "a script": "<script>alert(1)</script>",
    "an attribute's end": "\" onmouseover=\"alert(1)' x='",
    "an entity": "&lt;b&gt;&amp;",
    "a table's end": "a|b",
    "many of them": "|||\\|\\",
    "colours of rich": "[red]x[/red][/]",
    "a link": "[click](https://evil.example) ![x](https://evil.example/x.png) https://evil.example",
    "Markdown": "*a* _b_ `c` ~~d~~ # e",
    "a template": "{{ 7 * 7 }}{% raw %}",
    "a call for everybody": "<!channel>",
    "a very long name": "x" * 300,
    "a long name in Korean": "한글매장이름이아주길어서칸을넘칩니다" * 3,
    "half a character": "\ud800x",
    "nothing": "",
}


FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def entry(minute: int, number: int, payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "logName": "projects/o4o-demo/logs/run.googleapis.com%2Fstdout",
        "insertId": f"{minute}-{number}",
        "timestamp": f"2026-02-24T06:{minute:02}:10.{number:06}Z",
        "receiveTimestamp": f"2026-02-24T06:{minute:02}:11Z",
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": "o4o-core-api"}},
        "labels": {"instanceId": "00ff"},
        "jsonPayload": payload,
    }


def summary_entry(minute: int, counters: dict[str, float]) -> dict[str, Any]:
    return entry(minute, 0, {"message": "[OpsMetrics] 60s summary", **counters})


numbers = itertools.count(1)


def slow_entry(minute: int, label: str, duration_ms: float, url: str, method: str = "GET") -> dict[str, Any]:
    payload = {"message": "[SlowRequest]", "label": label, "durationMs": duration_ms, "method": method, "url": url}
    return entry(minute, next(numbers), payload)


def write(folder: Path, entries: list[dict[str, Any]]) -> Path:
    path = folder / "r.ndjson"
    path.write_text("".join(json.dumps(item) + "\n" for item in entries), encoding="utf-8")
    return path


VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """Tags, attributes and texts of a page; refuses one that is not balanced."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def check_page(text: str) -> Page:
    page = Page()
    page.feed(text)
    page.close()
    assert page.problems == []
    assert page.open == []
    assert text.lower().startswith("<!doctype html>")
    links = [
        found
        for found in page.attributes
        if found[1] in ("src", "href", "xlink:href", "action", "background", "style", "srcset")
    ]
    assert links == []
    assert [found for found in page.attributes if found[1].startswith("on")] == []
    assert [found for found in page.attributes if re.match(r"\s*(https?:)?//", found[2])] == []
    styles = "".join(re.findall(r"<style>(.*?)</style>", text, re.DOTALL))
    assert "url(" not in styles
    assert "@import" not in styles
    policy = [value for tag, name, value in page.attributes if tag == "meta" and name == "content" and "default-src" in value]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]
    return page
