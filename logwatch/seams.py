"""Where parts that a run can do without are held apart from it: what breaks there is counted and told, and the run goes on.

A seam takes an adapter's error that nobody foresaw as well as a bug of ours. It takes none of the state's: what cannot be
saved must not be told either.
"""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from logwatch.errors import LogwatchError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

LOG = logging.getLogger("logwatch.seams")
T = TypeVar("T")
_OWN = Path(__file__).parent
_MOST = 200
"""Characters that are told of one error."""


class Seam(StrEnum):
    """A part that may break by itself."""

    LIFE = "sign of life"
    """Whether the service lives at all, where no summary came."""
    PROBE = "endpoints"
    """All of them together."""
    ENDPOINT = "endpoint"
    """One of them."""
    EVIDENCE = "evidence"
    """Opening what evidence is looked up in."""
    SCOPE = "scope"
    """What the windows say of the other shops, for an incident's scope."""
    WALK = "walk"
    """The procedure of one message."""
    LOOKUP = "look-up"
    """What one step asks for, or what is shown besides."""
    CHART = "chart"
    """Its course, or the picture of it."""
    CHANNEL = "channel"
    """Setting one up."""
    ANSWERS = "answers"
    """What people have put on messages."""
    WORDS = "words"
    """A message in words."""
    SEND = "layout"
    """A message laid out for a channel, and sent."""
    PUBLISH = "metrics"
    PING = "ping"
    DIGEST = "digest"
    """The week looked back on."""


@dataclass(slots=True)
class Seams:
    """What broke at the seams of one run."""

    broken: list[str] = field(default_factory=list)

    def guard(self, seam: Seam, part: Callable[[], T], otherwise: Callable[[str], T], *foreseen: type[LogwatchError]) -> T:
        """Do a part, or what stands in its place; that is given why, in a few words without anything secret.

        Raises `foreseen` errors, which whoever calls knows what to do about, and StoreError.
        """
        try:
            return part()
        except Exception as error:  # whatever it is, it must not keep an alert from being told
            if isinstance(error, (StoreError, *foreseen)):
                raise
            why = describe_error(error)
            self.broken.append(f"{seam}: {why}")
            LOG.debug("broken", extra={"details": {"seam": seam, "why": why}})
            return otherwise(why)

    def told(self) -> list[str]:
        """Give each thing that broke once, with how often it did."""
        return [f"{what} ({count} times)" if count > 1 else what for what, count in Counter(self.broken).items()]


def describe_error(error: BaseException) -> str:
    """Say what an error is and where in our code: of a foreign one no words, since they may hold what must not leave.

    >>> describe_error(ValueError("xoxb-1234"))
    'ValueError'
    """
    if isinstance(error, LogwatchError):
        return error.message[:_MOST]
    place = _place(error)
    return f"{type(error).__name__} at {place}" if place else type(error).__name__


def _place(error: BaseException) -> str:
    """Give the innermost line of ours, or of a template, that an error came through."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(_OWN) or path.suffix == ".j2":
            shown = path.relative_to(_OWN.parent) if path.is_relative_to(_OWN) else Path(*path.parts[-2:])
            return f"{shown.as_posix()}:{frame.lineno}"
    return ""
