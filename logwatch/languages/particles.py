"""Korean particles by how the word before them is read: `{rule:이}` in a text fills in the rule with 이 or 가 behind it."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from string import Formatter

PARTICLES = {"은": "는", "이": "가", "을": "를", "과": "와", "으로": "로"}
"""What follows a consonant, and what a vowel."""
_HANGUL, _ENDINGS, _RIEUL = ord("가"), 28, 8
_BEHIND = re.compile(r"(?<=.)\s*\([^()]*\)$|[^\w%]+$")
"""What is not read as the end of a word: brackets with what is in them, quotes, stops."""
_CLOSED = re.compile(r"(?:[mn]|ng|[mn]e|[aeiou](?:[bckpt]|ck))$", re.IGNORECASE)
"""Latin words that are read with a consonant at their end: alarm, ping, time, webhook, timeout."""
_SPELLED = re.compile(r"(?<![A-Za-z])[A-Z]{0,2}([A-Z])$")
"""Up to three capitals are spelled, letter for letter: URL is read with the ㄹ of its L; USER is a word."""


def with_particle(word: str, particle: str) -> str:
    """Give a word with the form of a particle that follows it.

    >>> [with_particle(word, "이") for word in ("규칙", "요약 로그", "LOGWATCH_GRACE", "webhook", "redis", "DB", "90%", "3")]
    ['규칙이', '요약 로그가', 'LOGWATCH_GRACE가', 'webhook이', 'redis가', 'DB가', '90%가', '3이']
    >>> [with_particle(word, "으로") for word in ("오탐", "실제 장애", "메일", "Google Chat(전송 실패)", "1", "email")]
    ['오탐으로', '실제 장애로', '메일로', 'Google Chat(전송 실패)으로', '1로', 'email로']
    """
    ending = _ending(word)
    plain = not ending or (ending == _RIEUL and particle == "으로")
    return word + (PARTICLES[particle] if plain else particle)


@lru_cache(1024)
def _ending(word: str) -> int:
    """Give the number of the consonant that a word ends in as it is read: 0 for a vowel, 8 for ㄹ, which 로 follows too."""
    read = word
    while (shorter := _BEHIND.sub("", read)) != read:
        read = shorter
    last = read[-1:]
    if "가" <= last <= "힣":
        return (ord(last) - _HANGUL) % _ENDINGS
    if last.isdigit():
        return {"1": _RIEUL, "7": _RIEUL, "8": _RIEUL}.get(last, int(last in "036"))
    if spelled := _SPELLED.search(read):
        return {"L": _RIEUL, "R": _RIEUL}.get(spelled[1], int(spelled[1] in "MN"))
    if re.search(r"le?$", read, re.IGNORECASE):
        return _RIEUL
    return int(bool(_CLOSED.search(read)))


def fill(text: str, /, **values: object) -> str:
    """Give a text with its places filled, like `str.format`; a place may name the particle that follows it.

    >>> fill("{rule:이} {share:.1f}%에서", rule="cache-hit", share=7.25)
    'cache-hit이 7.2%에서'
    """
    return "".join(
        literal if name is None else literal + _filled(values[name], spec or "") for literal, name, spec, _ in _parts(text)
    )


@cache
def _parts(text: str) -> tuple[tuple[str, str | None, str | None, str | None], ...]:
    """Take a text apart, once: the same few hundred are filled again and again."""
    return tuple(Formatter().parse(text))


def _filled(value: object, spec: str) -> str:
    """Write a value, or a value with its particle."""
    return with_particle(str(value), spec) if spec in PARTICLES else format(value, spec)
