"""The log lines that hold a searched text: what each says, in order of time, each once."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from logwatch.collect.interface import Line, SearchResult
from logwatch.collect.parse import load_object, strip_console
from logwatch.collect.redaction import redact
from logwatch.spans import Span, to_datetime, to_nanoseconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logwatch.collect.entries import Entry

CODES = ("statusCode", "status", "code")
"""Where a payload, or what answered it, names its response code."""
ANSWERS = ("response", "error")
"""Objects in a payload that may name it too."""
KEYS = ("message", *ANSWERS, *CODES)
"""Everything in a payload that is looked at."""


class MatchedText(NamedTuple):
    """What an entry that holds the text says, not redacted yet."""

    text: str
    code: str


def read_said(entry: Entry, text: str) -> MatchedText | None:
    """Give what an entry says, or None where its message does not hold the text, letter by letter."""
    payload = entry.payload
    if payload is None and entry.text is not None and text in entry.text:
        plain = strip_console(entry.text)
        payload = (load_object(plain) if plain.startswith("{") else None) or {"message": plain}
    message = payload.get("message") if payload else None
    if not payload or not isinstance(message, str) or text not in message:
        return None
    said = _with_error(_without_stack(message), payload.get("error"))
    return MatchedText(said, _find_code(said, payload))


_STACK = re.compile(r"\s*\n\s+at .*", re.DOTALL)


def _without_stack(text: str) -> str:
    return _STACK.sub("", text, count=1)


def _with_error(message: str, error: object) -> str:
    """Say the reason behind the message, where it stands beside it and not in it."""
    reason = error.get("message") if isinstance(error, dict) else error
    if not isinstance(reason, str) or not reason.strip() or reason in message:
        return message
    return f"{message}: {_without_stack(reason)}"


_STATUS = re.compile(r"(?i)\b(?:status(?:[ _]?code)?[\"']?\s*[:=]?\s*|HTTP(?:/[\d.]+)?\s+)([1-5]\d\d)\b")
_CODE = re.compile(r"[A-Z0-9_]{2,40}")


def _find_code(said: str, payload: dict[str, Any]) -> str:
    """Give the response code that the words name, else the first that stands beside them or in what answered."""
    named = _STATUS.search(said)
    if named:
        return named[1]
    places = [payload, *(place for key in ANSWERS if isinstance(place := payload.get(key), dict))]
    return next((code for place in places for key in CODES if (code := _to_code(place.get(key)))), "")


def _to_code(value: object) -> str:
    """Write a number or a short word in capitals, unless it could be something that must not leave."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    code = str(value) if isinstance(value, str) or abs(value) < 1_000_000 else ""
    return code if _CODE.fullmatch(code) and _redact(code) == code else ""


class _Hit(NamedTuple):
    # Backwards, these are sorted as Cloud Logging gives them newest first: entries of one instant by their insertId.
    newness: int
    insert_id: str
    log_name: str
    said: MatchedText


class Hits:
    """What the entries that hold one text say."""

    def __init__(self, text: str) -> None:
        """Start without any."""
        self._text = text
        self._hits: list[_Hit] = []
        self._settled = True
        self._known: dict[Any, Any] = {}
        """Texts and names that repeat, kept once."""

    def take(self, entries: Iterable[Entry]) -> None:
        """Take those of the entries that hold the text, in any order and as often as they come."""
        for entry in entries:
            said = read_said(entry, self._text)
            if said:
                name, said = self._once(entry.log_name), self._once(said)
                self._hits.append(_Hit(-entry.timestamp, entry.insert_id, name, said))
                self._settled = False

    def _once(self, value: Any) -> Any:  # noqa: ANN401 - gives what it takes
        return self._known.setdefault(value, value)

    def __len__(self) -> int:
        """Count them, each once."""
        self._settle()
        return len(self._hits)

    def newest(self, span: Span, most: int, *, whole: bool = True) -> SearchResult:
        """Give the newest of a span; `whole` says whether all there are were taken."""
        self._settle()
        # A span holds its start and not its end; turned around, it begins behind its end.
        first, last = (bisect_left(self._hits, 1 - to_nanoseconds(edge), key=_newness) for edge in (span.end, span.start))
        chosen = self._hits[first : min(last, first + most)]
        return SearchResult(tuple(map(_to_line, reversed(chosen))), complete=whole and last - first <= most)

    def _settle(self) -> None:
        """Sort what came since the last time, and leave each entry in once; one without an insertId is always its own."""
        if not self._settled:
            self._hits.sort()
            identities = [hit[:3] for hit in self._hits]
            self._hits = [
                hit
                for hit, identity, before in zip(self._hits, identities, [None, *identities], strict=False)
                if identity != before or not hit.insert_id
            ]
            self._settled = True


def _newness(hit: _Hit) -> int:
    return hit.newness


def _to_line(hit: _Hit) -> Line:
    return Line(to_datetime(-hit.newness), _redact(hit.said.text), hit.said.code)


@lru_cache(1024)  # the lines of an outage say the same a thousand times
def _redact(text: str) -> str:
    return redact(text)
