"""What one check of doctor says: an outcome, a phrase and its cure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logwatch.languages import Speaker


class CheckOutcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    NOTE = "note"
    """It works, and something about it is worth knowing."""
    WRONG = "wrong"
    SKIPPED = "skipped"
    """Not set up, or nothing that can be tried without an effect."""
    UNSURE = "unsure"
    """It could not be found out."""


MARKS = {
    CheckOutcome.OK: "✓",
    CheckOutcome.NOTE: "!",
    CheckOutcome.WRONG: "✗",
    CheckOutcome.SKIPPED: "–",
    CheckOutcome.UNSURE: "?",
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text of `languages.py` and what fills its places."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    def to(self, audience: Speaker) -> str:
        """Say it in somebody's language."""
        return audience.say(self.key, **self.values)


def say(key: str, **values: object) -> Phrase:
    """Give a text of the doctor's, with its values."""
    return Phrase(f"doctor.{key}", values)


@dataclass(frozen=True, slots=True)
class Checked:
    """One line: what was checked, how that ended, and what mends it."""

    check: str
    """What people call it: a text behind `check.`, and behind a blank what of it: `endpoint /status`."""
    outcome: CheckOutcome
    said: Phrase
    cures: tuple[Phrase, ...] = ()

    def name(self, audience: Speaker) -> str:
        """Give the name of the check for people."""
        kind, _, part = self.check.partition(" ")
        return f"{audience.say(f'check.{kind}')} {part}".strip()


def command(text: str) -> tuple[Phrase, ...]:
    """Give a cure that is a command or a setting, the same in every language."""
    return (Phrase("doctor.plain", {"text": text.removeprefix("run: ")}),)


def ok(check: str, said: Phrase) -> Checked:
    """Say that all is well."""
    return Checked(check, CheckOutcome.OK, said)
