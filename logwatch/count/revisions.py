"""What each deployed revision counted, minute by minute, where several of them write side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

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


def tell_revisions_apart(reading: Reading, rows: Array, minute_of_row: Array) -> Revisions | None:
    """Give what each revision counted in some rows of summaries; None where all are one's, or do not say whose they are."""
    of_row = _column(reading.rows.revision, "int32")
    rows = rows[of_row[rows] != reading.revisions.get("", -1)]
    if not len(rows) or (of_row[rows] == of_row[rows[0]]).all():
        return None
    codes, revision = np.unique(of_row[rows], return_inverse=True)
    owner_of_row = np.full(len(of_row), -1)
    owner_of_row[rows] = revision
    width = _column(reading.rows.width, "int32")
    owner = np.repeat(owner_of_row, width)
    kept = owner >= 0
    names = list(reading.revisions)
    return Revisions(
        names=tuple(names[code] for code in codes.tolist()),
        keys=tuple(reading.series),
        wrote_minute=minute_of_row[rows],
        wrote_revision=revision,
        minute=np.repeat(minute_of_row, width)[kept],
        revision=owner[kept],
        series=_column(reading.counts.series, "int32")[kept],
        value=_column(reading.counts.value, "float64")[kept],
    )


def _column(values: Any, dtype: str) -> Array:  # noqa: ANN401 - array.array has no usable type of its own
    return np.frombuffer(values, dtype=dtype) if len(values) else np.empty(0, dtype)
