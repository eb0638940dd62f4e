"""What one check of doctor says: an outcome, a phrase and its cure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, cast

from logwatch.languages import Lang, Worded, choose
from logwatch.languages.phrases import spoken

if TYPE_CHECKING:
    from logwatch.languages import Speaker
    from logwatch.languages.keys import DoctorKey, Key


class CheckName(Worded, families=("check",)):
    """What is checked, as far as it has a name of its own in each language."""

    SETTINGS = "settings"
    ONCALL = "oncall"
    CLOCK = "clock"
    LOGS = "logs"
    QUOTA = "quota"
    LINES = "lines"
    FINDING = "finding"
    LAG = "lag"
    RHYTHM = "rhythm"
    METRICS = "metrics"
    PLATFORM = "platform"
    PING = "ping"
    ENDPOINT = "endpoint"
    STATE = "state"
    RUNS = "runs"
    TEST = "test"


Texts = Mapping[Lang, str]
"""A text in every language."""


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
    """A text of the files of words, or one that an adapter brings along, and what fills its places."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)
    texts: Texts | None = None
    """What it says in each language; None looks the key up."""

    def to(self, audience: Speaker) -> str:
        """Say it in somebody's language."""
        values = {name: spoken(each, audience.lang) if isinstance(each, str) else each for name, each in self.values.items()}
        if self.texts is None:
            return audience.say(cast("Key", self.key), **values)
        return choose(self.texts, audience.lang).format(**values)

    def fill(self, **values: object) -> Phrase:
        """Give it with what fills its places."""
        return replace(self, values=values)


def say(key: DoctorKey, **values: object) -> Phrase:
    """Give a text of the doctor's, with its values."""
    return Phrase(f"doctor.{key}", values)


@dataclass(frozen=True, slots=True)
class Checked:
    """One line: what was checked, how that ended, and what mends it."""

    check: str
    """One of `CheckName` or a channel, and behind a blank what of it: `endpoint /status`."""
    outcome: CheckOutcome
    said: Phrase
    cures: tuple[Phrase, ...] = ()
    title: Texts | None = None
    """What people call what is checked; None stands for the text of its `CheckName`."""

    def name(self, audience: Speaker) -> str:
        """Give the name of the check for people."""
        kind, _, part = self.check.partition(" ")
        name = choose(self.title, audience.lang) if self.title else audience.say(CheckName(kind).key)
        return f"{name} {part}".strip()


_TYPED = re.compile(r"(gcloud|logwatch|chmod|sudo) |[A-Z_]+=")
COMMAND = "doctor.plain"
"""The key of a cure that is typed as it stands."""


def command(text: str) -> tuple[Phrase, ...]:
    """Give a cure that is a command or a setting, the same in every language."""
    return (Phrase(COMMAND, {"text": text.removeprefix("run: ")}),)


def advice(hint: str) -> tuple[Phrase, ...]:
    """Give an error's hint as a cure: what can be typed as it stands as a command, anything else as a sentence."""
    hint = hint[max(hint.find("gcloud "), 0) :].removeprefix("run: ")
    return command(hint) if _TYPED.match(hint) else (say("cure.said", text=hint),)


def ok(check: str, said: Phrase) -> Checked:
    """Say that all is well."""
    return Checked(check, CheckOutcome.OK, said)
