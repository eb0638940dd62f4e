"""Which ticks of a recording see its summaries in the same windows, and can therefore be taken as one.

A summary moves back a window where its instance's rhythm says so, and a tick knows only the rhythm up to its own time. Ticks
that place what they look at as the last of them does may be judged together: nothing that they see differs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from logwatch.collect.columns import SAMPLES
from logwatch.count.alignment import Array, shifts
from logwatch.spans import NS, WINDOW, to_nanoseconds

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from logwatch.collect.columns import Reading

MINUTE = 60 * NS


class Placed(NamedTuple):
    """Summaries of a view and the minutes that they belong to, in order of time."""

    rows: Array
    minutes: Array

    def between(self, first: int, last: int) -> Placed:
        """Give those of some minutes."""
        inside = (self.minutes >= first) & (self.minutes <= last)
        return Placed(self.rows[inside], self.minutes[inside])

    def same_as(self, other: Placed) -> bool:
        """Tell whether both place the same summaries in the same minutes."""
        return np.array_equal(self.rows, other.rows) and np.array_equal(self.minutes, other.minutes)


class Views:
    """What each tick sees of the summaries of a settled reading; tick 0 judges the window that begins at `start`."""

    def __init__(self, reading: Reading, start: datetime, reach: timedelta, overlap: timedelta, grace: timedelta) -> None:
        """Take each summary once, as it first arrived, but for those that come too late for any tick to read them."""
        self.start, self.reach = to_nanoseconds(start), reach // WINDOW
        self.overlap, self.grace = (to_nanoseconds(start + span) - self.start for span in (overlap, grace))
        self._own: dict[int, Placed] = {}
        arrived: dict[tuple[int, int, str | int], tuple[int, int]] = {}
        rows = reading.rows
        for number, kind in enumerate(rows.kind):
            if kind == SAMPLES:
                mark = (rows.time[number], rows.log[number], rows.insert_id[number] or number)
                came = rows.received[number] or rows.time[number]
                arrived[mark] = min((came, rows.instance[number]), arrived.get(mark, (came, rows.instance[number])))
        order = sorted(arrived, key=lambda mark: (mark[0], str(mark[2])))
        self._time = np.array([time for time, _, _ in order], dtype="int64")
        self._received = np.array([arrived[mark][0] for mark in order], dtype="int64")
        self._instance = np.array([arrived[mark][1] for mark in order], dtype="int64")
        self._unnamed = reading.unnamed
        self._seen = self._time >= self._read_from(-((self.start + self.grace - self._received) // MINUTE) - 1)

    def _read_from(self, tick: Array) -> Array:
        """Give how far back the tick reads that is the first after an arrival."""
        return np.where(tick > 0, self.start + tick * MINUTE - self.overlap, self.start - self.reach * MINUTE)

    @property
    def any_moves(self) -> bool:
        """Whether any summary moves back when all are known."""
        return bool(self._place(np.arange(len(self._time))).any())

    def agree(self, first: int, last: int) -> bool:
        """Tell whether each of these ticks places what it looks at as the last of them does."""
        whole = self._view(first, last)
        for tick in range(first, last):
            window = self.start // MINUTE + tick
            if not self._own_view(tick).same_as(whole.between(window - self.reach, window)):
                return False
        return True

    def _own_view(self, tick: int) -> Placed:
        """Give what a tick by itself looks at."""
        if tick not in self._own:
            window = self.start // MINUTE + tick
            self._own[tick] = self._view(tick, tick).between(window - self.reach, window)
        return self._own[tick]

    def _view(self, first: int, last: int) -> Placed:
        """Give all that the last of some ticks taken together knows; what it remembers was kept for the first of them."""
        now = self.start + (last + 1) * MINUTE + self.grace
        since = self.start + max(first * MINUTE - self.overlap, 0) - self.reach * MINUTE
        part = slice(*np.searchsorted(self._time, [since, now]))
        known = part.start + np.flatnonzero(self._seen[part] & (self._received[part] <= now))
        return Placed(known, self._time[known] // MINUTE - self._place(known))

    def _place(self, rows: Array) -> Array:
        order = np.argsort(self._instance[rows], kind="stable")  # by time they are in order already
        found = np.empty(len(rows), dtype="int64")
        found[order] = shifts(self._instance[rows][order], self._time[rows][order], self._unnamed)
        return found
