"""The words that people read: each language is one file beside this one, and whichever file is here can be asked for."""

from __future__ import annotations

import json
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from logwatch.languages.particles import fill

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logwatch.languages.keys import Family, Key

Lang = str
"""The name of a file of words, without its `.json`."""
DEFAULT: Lang = "ko"
"""Of those who read the runbook as it was written."""
COMMON: Lang = "en"
"""Of those who read neither: what a language has no words for is said in it, and so is what has one language for all."""
FOLDER = Path(__file__).parent


class Speaker(Protocol):
    """Whoever says a text in one language."""

    @property
    def lang(self) -> Lang:
        """Tell in which."""
        ...

    def say(self, key: Key, **values: object) -> str:
        """Give a text, its places filled."""
        ...


class Worded(StrEnum):
    """A closed set whose members can be said: the text of each stands under a family's name and its own."""

    families: ClassVar[tuple[Family, ...]]
    """What a member is called, and, where there are further ones, what else is said of it."""

    def __init_subclass__(cls, families: tuple[Family, ...]) -> None:
        """Take the names of the families."""
        cls.families = families

    @property
    def key(self) -> Key:
        """The text that names the member."""
        return self.key_in(self.families[0])

    def key_in(self, family: Family) -> Key:
        """Give the text of the member in one of its families."""
        return cast("Key", f"{family}.{self}")


def languages() -> tuple[Lang, ...]:
    """Give every language that there are words for, the default first."""
    return tuple(sorted((path.stem for path in FOLDER.glob("*.json")), key=lambda lang: (lang != DEFAULT, lang)))


@cache
def words(lang: Lang) -> Mapping[str, str]:
    """Give the texts of a language by their keys; the file has them under the headings of where they are read."""
    sections = json.loads((FOLDER / f"{lang}.json").read_bytes())
    return {key: text for section in sections.values() for key, text in section.items()}


def text(key: Key, lang: Lang, **values: object) -> str:
    """Give a text in a language, its places filled."""
    own = words(lang)
    return fill(own[key] if key in own else words(COMMON)[key], **values)


def in_every_language(key: Key) -> tuple[str, ...]:
    """Give what a text is in each language, to recognise it where it may be written in any."""
    return tuple(words(lang)[key] for lang in languages() if key in words(lang))


def choose(texts: Mapping[Lang, str], lang: Lang) -> str:
    """Give a text that brings its own languages along: in the one that is asked for, or the common one, or the first."""
    return texts.get(lang) or texts.get(COMMON) or next(iter(texts.values()))
