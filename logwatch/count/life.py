"""Whether a service that writes no summary is silent or idle, minute by minute: one definition, for every command.

Silent is who shows life in a stretch that began before a summary was due. A start-up line of seconds ago shows no such life:
what is idle at night, and wakes, has nothing to tell. Minutes are counted since 1970 in UTC. Nothing here imports numpy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from logwatch.collect.interface import Signs

JOINED = 5
"""Minutes: signs of life no further apart than this are one life."""
DUE = 2
"""Minutes that a life must last before a summary of it is missed: the interval, and as much again for a timer that is late."""


STEADY = 15
"""Windows with summaries one after the other whose events are remembered."""


class Stand(StrEnum):
    """How a minute stands to the summaries."""

    SUMMARISED = "summarised"
    SILENT = "silent"
    """The service lives, a summary was due, and none came."""
    WAITING = "waiting"
    """The service lives, and nothing is missed yet."""
    IDLE = "idle"
    """Nothing shows life."""


@dataclass(frozen=True, slots=True)
class Vigil:
    """What is known of a service up to a minute."""

    to: int | None = None
    """The first minute that is not looked at yet; None before the first."""
    summary: int | None = None
    """The last minute with a summary."""
    begun: int | None = None
    """The first minute without a summary of the life that was seen last."""
    seen: int | None = None
    """The last minute with a sign of life; a summary is one too."""
    paces: tuple[float, ...] = ()
    """Events in each of the last windows with summaries, as far as they came one after the other."""
    trusted: bool = False
    """Whether the platform's figures have ever shown this service at work: only then do they say that it is idle."""

    def summarised(self, minute: int, events: float = 0.0) -> Vigil:
        """Give it after a minute with a summary."""
        before = self.paces if self.summary is not None and minute - self.summary <= DUE else ()
        paces = (*before, events)[-STEADY:]
        return replace(self, to=minute + 1, summary=minute, begun=minute + 1, seen=minute, paces=paces)

    def quiet(self, minute: int, *, alive: bool) -> Vigil:
        """Give it after a minute without one."""
        if not alive:
            return replace(self, to=minute + 1)
        if self.seen is not None and minute - self.seen <= JOINED:
            return replace(self, to=minute + 1, seen=minute)
        return replace(self, to=minute + 1, begun=minute, seen=minute)

    @property
    def stand(self) -> Stand:
        """How the last minute stands that was looked at."""
        if self.to is None or self.seen is None or self.begun is None or self.to - 1 - self.seen > JOINED:
            return Stand.IDLE
        if self.summary == self.to - 1:
            return Stand.SUMMARISED
        return Stand.SILENT if self.seen - self.begun >= DUE else Stand.WAITING

    @property
    def silent_minutes(self) -> int | None:
        """Minutes of the life that goes on that were shown without a summary; None where nothing is to be missed."""
        if self.to is None or self.begun is None or self.seen is None:
            return None
        if self.stand is Stand.SILENT:
            return self.seen + 1 - self.begun
        # What has just written a summary lives, whether or not anything else shows it.
        quiet = self.to - self.begun
        return quiet if quiet <= DUE and self.summary == self.begun - 1 else None


class Watched(NamedTuple):
    """One minute looked at."""

    minute: int
    vigil: Vigil
    """As it stands after the minute."""
    idle: bool
    """Whether the platform's figures say that nothing runs."""

    @property
    def shown(self) -> bool:
        """Whether the minute itself shows life, and has no summary."""
        return self.vigil.seen == self.minute != self.vigil.summary


def watch(vigil: Vigil, end: int, summaries: Mapping[int, float], signs: Signs) -> Iterator[Watched]:
    """Look at each minute from where the vigil stands up to `end`.

    `summaries` gives the events of each minute that has some. The platform's own figures, where they are known, stand for
    the log's lines: who starts up writes lines before there is anything to summarise.
    """
    vigil = replace(vigil, trusted=vigil.trusted or bool(signs.running))
    for minute in range(vigil.to or 0, end):
        figured = vigil.trusted and minute in signs.figured
        if minute in summaries:
            vigil = vigil.summarised(minute, summaries[minute])
        else:
            vigil = vigil.quiet(minute, alive=minute in signs.running or (not figured and minute in signs.lines))
        yield Watched(minute, vigil, figured and minute not in signs.running)


def unexplained(vigil: Vigil, end: int, summaries: Iterable[int]) -> list[range]:
    """Give the stretches up to `end` for which signs of life are needed: the summary before one does not explain all of it."""
    first = vigil.to or 0
    before = vigil.summary if vigil.summary is not None else first - 1
    marks = [before, *sorted(each for each in summaries if first <= each < end), end]
    return [range(max(last + 1, first), after) for last, after in pairwise(marks) if after - last - 1 > DUE]
