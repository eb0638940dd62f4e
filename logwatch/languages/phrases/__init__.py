"""What is written in English where it arises (errors and their hints above all), said in another language.

`ko.json` beside this maps English templates to Korean ones, under headings as the files of words have them. A text is known
by the template that it was made from, and what filled the template's places is looked up in its turn. Nothing is loaded before
such a text is shown.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

from logwatch.languages import COMMON, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zoneinfo import ZoneInfo

    from logwatch.languages import Lang

FOLDER = Path(__file__).parent
TIME = "%Y-%m-%dT%H:%MZ"
"""How a time stands in an error, which does not know who reads it."""
_TIME = re.compile(r"(?<![\w'])\d{4}-\d\d-\d\dT\d\d:\d\dZ(?![a-z0-9'])")
_HINT = re.compile(r"(\s*)hint: (.*)")
_CHOICES = re.compile(r"[\w.-]+(, [\w.-]+)* or [\w.-]+")
"""Names of which one is meant, `ko or en`: a list in any language."""


@dataclass(frozen=True, slots=True)
class Template:
    """An English text with places, and the same in another language."""

    english: str
    literals: tuple[str, ...]
    form: str
    """Its regular expression, compiled for a text that has all its words: few of hundreds are."""
    said: str

    @classmethod
    def read(cls, english: str, said: str) -> Template:
        """Read one entry of a file."""
        parts = [(literal, name) for literal, name, _, _ in Formatter().parse(english)]
        literals = tuple(literal for literal, _ in parts)
        form = "".join(re.escape(literal) + (f"(?P<{name}>.*?)" if name else "") for literal, name in parts)
        return cls(english, literals, form, said)

    @property
    def rank(self) -> tuple[bool, int]:
        """Tell which of two that match is meant: one that knows how the text begins, and then that of which more is its own."""
        return bool(self.literals[0]), sum(map(len, self.literals))

    def match(self, text: str) -> re.Match[str] | None:
        """Match a whole text."""
        if not text.startswith(self.literals[0]) or not all(literal in text for literal in self.literals):
            return None
        return re.fullmatch(self.form, text, re.DOTALL)


def phrases(lang: Lang) -> Mapping[str, str]:
    """Give the English templates with what they are in a language; nothing where the language has no such file."""
    path = FOLDER / f"{lang}.json"
    sections = json.loads(path.read_bytes()) if path.exists() else {}
    return {english: said for section in sections.values() for english, said in section.items()}


@cache
def templates(lang: Lang) -> tuple[Template, ...]:
    """Give a language's templates, in the order in which they are tried."""
    read = (Template.read(english, said) for english, said in phrases(lang).items())
    return tuple(sorted(read, key=lambda each: each.rank, reverse=True))


@cache
def _beginning(letter: str, lang: Lang) -> tuple[Template, ...]:
    """Give those that a text with this first letter may be made from: few of hundreds."""
    return tuple(each for each in templates(lang) if each.literals[0][:1] in {letter, ""})


def spoken(text: str, lang: Lang, zone: ZoneInfo | None = None) -> str:
    r"""Say a text that was written in English, line by line, with its times in `zone`; what is not known stays as it is.

    >>> print(spoken("--since: 'banana' is not a valid time\n  hint: logwatch silence list", "ko"))
    --since: 'banana': 올바른 시각이 아닙니다.
      힌트: logwatch silence list
    """
    if lang != COMMON:
        text = "\n".join(_line(line, lang) for line in text.split("\n"))
    return _TIME.sub(lambda found: _local(found[0], zone), text) if zone else text


def _line(line: str, lang: Lang) -> str:
    if hint := _HINT.fullmatch(line):
        return f"{hint[1]}{_whole('hint:', lang)} {_sentence(hint[2], lang)}"
    return _sentence(line, lang)


def _sentence(text: str, lang: Lang) -> str:
    """Say a text, or what of it stands behind the place that it is about: `rules/own.yaml:9: …`."""
    for start in _starts(text):
        said = _whole(text[start:], lang)
        if said is not None:
            return f"{text[:start]}{said}"
    return _each(text, lang)


def _starts(text: str) -> Iterator[int]:
    yield 0
    yield from (found.end() for found in re.finditer(": ", text))


@cache
def _reasons(lang: Lang) -> Mapping[str, str]:
    """Give what is said of entries that cannot be read, and what mends that: errors quote it."""
    theirs = words(lang)
    return {said: theirs[key] for key, said in words(COMMON).items() if key.startswith(("reason.", "mend."))}


def _whole(text: str, lang: Lang) -> str | None:
    """Say a text that one template made; None where none did."""
    bare = text.strip()
    if (said := _reasons(lang).get(bare)) is not None:
        return text.replace(bare, said, 1)
    for each in _beginning(bare[0], lang) if bare else ():
        if found := each.match(bare):
            values = {name: _value(value, lang) for name, value in found.groupdict().items()}
            return text.replace(bare, each.said.format(**values), 1)
    return None


def _value(text: str, lang: Lang) -> str:
    """Say what fills a place, where that is a text of ours in its turn, or several with commas."""
    if _CHOICES.fullmatch(text):
        return text.replace(" or ", ", ")
    parts = [_whole(part, lang) for part in text.split(", ")]
    whole = None if None not in parts else _whole(text, lang)
    return _each(text, lang) if whole is None else whole


def _each(text: str, lang: Lang) -> str:
    return ", ".join(part if (said := _whole(part, lang)) is None else said for part in text.split(", "))


def _local(found: str, zone: ZoneInfo) -> str:
    return f"{datetime.strptime(found, TIME).replace(tzinfo=UTC).astimezone(zone):%Y-%m-%d %H:%M %Z}"
