"""What each deployed revision counted, minute by minute, where several of them write side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from logwatch.collect.compact import as_array
from logwatch.collect.parse import parse_series

if TYPE_CHECKING:
    from collections.abc import Callable

    from logwatch.collect.columns import Reading
    from logwatch.collect.parse import Series

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Revisions:
    """Summaries and their counters by revision; columns of equal length, a minute being the number of one since 1970."""

    names: tuple[str, ...]
    keys: tuple[str, ...]
    """Of the counters."""
    wrote_minute: Array
    wrote_revision: Array
    """A row for each summary."""
    minute: Array
    revision: Array
    series: Array
    value: Array
    """A row for each counter of a summary; NaN is unknown."""

    def alive(self, first: int, size: int) -> Array:
        """Tell in which minutes each revision wrote a summary: a row for each of `names`."""
        return self._sum(self.wrote_minute - first, self.wrote_revision, np.ones(len(self.wrote_minute)), size) > 0

    def totals(self, wanted: Callable[[Series], bool], first: int, size: int) -> Array:
        """Add up the counters that are wanted, minute by minute: a row for each of `names`."""
        kept = np.array([wanted(parse_series(key)) for key in self.keys], dtype=bool)[self.series]
        return self._sum(self.minute[kept] - first, self.revision[kept], self.value[kept], size)

    def _sum(self, place: Array, revision: Array, value: Array, size: int) -> Array:
        inside = (place >= 0) & (place < size)
        at = revision[inside].astype("int64") * size + place[inside]
        return np.bincount(at, value[inside], minlength=len(self.names) * size).reshape(len(self.names), size)


def tell_revisions_apart(reading: Reading, rows: Array, minute_of_row: Array, first: int, last: int) -> Revisions | None:
    """Give what each revision counted in some minutes, with these rows of summaries; None where all are one's, or nobody's."""
    unnamed = reading.revisions.get("", -1)
    of_row = as_array(reading.rows.revision)
    rows = rows[of_row[rows] != unnamed]
    written, sums = reading.written, reading.sums
    at, of_written = as_array(written.minute), as_array(written.revision)
    inside = (of_written != unnamed) & (at >= first) & (at <= last)
    codes, revision = np.unique(np.concatenate([of_row[rows], of_written[inside]]), return_inverse=True)
    if len(codes) < 2:
        return None
    place = np.full(max(len(reading.revisions), 1), -1)
    place[codes] = np.arange(len(codes))
    owner_of_row = np.full(len(of_row), -1)
    owner_of_row[rows] = revision[: len(rows)]
    width = as_array(reading.rows.width)
    minute = np.concatenate([np.repeat(minute_of_row, width), as_array(sums.minute)])
    owner = np.concatenate([np.repeat(owner_of_row, width), place[as_array(sums.revision)]])
    kept = (owner >= 0) & (minute >= first) & (minute <= last)
    names = list(reading.revisions)
    return Revisions(
        names=tuple(names[code] for code in codes.tolist()),
        keys=tuple(reading.series),
        wrote_minute=np.concatenate([minute_of_row[rows], at[inside]]),
        wrote_revision=revision,
        minute=minute[kept],
        revision=owner[kept],
        series=np.concatenate([as_array(each.series) for each in (reading.counts, sums)])[kept],
        value=np.concatenate([as_array(each.value) for each in (reading.counts, sums)])[kept],
    )
