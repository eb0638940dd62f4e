"""Which window a summary belongs to: the one in which it ends, or one beside it where its instance's rhythm says so.

That follows from what came before the summary, so that nothing later moves it; a run remembers it with the entry.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from logwatch.spans import LONGEST_GAP, NS, RHYTHM_TOLERANCE_S

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY = timedelta(minutes=LONGEST_GAP + 2)
"""How far back summaries must be known for one to be placed."""
MINUTE = 60 * NS
TOLERANCE = RHYTHM_TOLERANCE_S * NS

Array = np.ndarray[Any, Any]


def place(instance: Array, time: Array, decided: Array, *, grace: timedelta, judged_to: int = 0) -> Array:
    """Give the minute of each summary, for summaries sorted by instance and time; `decided` has those that stand, else 0.

    An instance whose phase lies at the minute's boundary ends now a little before it and now a little after. A summary
    that keeps the rhythm of whole minutes is therefore as many windows behind the one before it, if it lies in that window
    or within the tolerance of it. Else it belongs to the window in which it ends; where that has one of the instance
    already, to the one beside it. Of two in one window with no rhythm before them, the earlier belongs to the window before.

    None that ends after `judged_to` is put into a window before it, which is judged.
    """
    own = time // MINUTE
    placed = np.where(decided, decided, own)
    follows = np.append(instance[1:] == instance[:-1], False)[: len(time)]
    doubtful = np.flatnonzero(_doubtful(own, time % MINUTE, placed, follows) & ~_in_step(own, time, decided, follows))
    if not len(doubtful):
        return placed
    own, time, decided, follows = map(np.ascontiguousarray, (own, time, decided, follows))
    line = _Line(
        own=own.data, time=time.data, decided=decided.data, placed=placed.data, follows=follows.data,
        grace=grace // timedelta(microseconds=1) * 1000, judged_to=judged_to,
    )  # fmt: skip
    line.place(doubtful.tolist())
    return placed


def _doubtful(own: Array, phase: Array, placed: Array, follows: Array) -> Array:
    """Tell which summaries may belong elsewhere than where they end: near a boundary, two in one window, beside a moved one."""
    near = (phase < TOLERANCE) | (phase >= MINUTE - TOLERANCE)
    moved = placed != own
    found: Array = near | moved
    pairs = follows[:-1] & ((own[1:] == own[:-1]) | moved[1:])
    found[:-1] |= pairs
    found[1:] |= pairs
    return found


def _in_step(own: Array, time: Array, decided: Array, follows: Array) -> Array:
    """Tell which summaries stay where they end, unless the one before is moved: they keep its rhythm, and that leads there.

    Nearly all that lie near a boundary do, and need not be looked at one by one; after a moved one, they are.
    """
    found = np.zeros(len(own), bool)
    gap, apart = np.diff(time), np.diff(own)
    in_rhythm = (apart > 0) & (apart <= LONGEST_GAP) & (np.abs(gap - apart * MINUTE) <= TOLERANCE)
    found[1:] = follows[:-1] & in_rhythm & (decided[1:] == 0)
    found[:-1] &= ~follows[:-1] | (decided[1:] == 0) | (decided[1:] > own[:-1])
    return found


@dataclass(slots=True)
class _Line:
    """Summaries one after the other, in the arrays' own memory: as lists of numbers they would take five times as much."""

    own: memoryview
    """Minute in which each ends."""
    time: memoryview
    decided: memoryview
    placed: memoryview
    follows: memoryview
    """Whether the next is of the same instance."""
    grace: int
    judged_to: int

    def place(self, doubtful: list[int]) -> None:
        """Place these, and after one that was moved the next of its instance too."""
        at = -1
        for first in doubtful:
            open_: bool = first > at
            at = max(first, at)
            while open_:
                self.placed[at] = self.decided[at] or self._choose(at)
                open_ = self.placed[at] != self.own[at] and bool(self.follows[at])
                at += int(open_)

    def _choose(self, at: int) -> int:
        """Give the first window that fits between those of the instance's summaries before and after."""
        own = self.own[at]
        before = self.placed[at - 1] if at and self.follows[at - 1] else -1
        after = self.decided[at + 1] if self.follows[at] and self.decided[at + 1] else sys.maxsize
        least = min(self.judged_to, own)
        return next((each for each in self._options(at) if before < each < after and each >= least), own)

    def _options(self, at: int) -> Iterator[int]:
        own, time = self.own[at], self.time[at]
        if at and self.follows[at - 1]:
            gap = time - self.time[at - 1]
            apart = (gap + MINUTE // 2) // MINUTE
            due = self.placed[at - 1] + apart
            in_rhythm = 0 < apart <= LONGEST_GAP and abs(gap - apart * MINUTE) <= TOLERANCE
            if in_rhythm and -TOLERANCE <= time - due * MINUTE < MINUTE + TOLERANCE:
                yield due
        if self.follows[at] and self.own[at + 1] == own and self.time[at + 1] < own * MINUTE + self.grace:
            yield own - 1
        yield own
        yield own - 1 if time % MINUTE < MINUTE // 2 else own + 1
