"""Why Cloud Monitoring did not take points, read out of what it answers.

A call that is refused in part says why in one text, and the points that it does not name were written. Which points are meant
stands in `timeSeries[0-31]`, if at all: the service has also been seen to give one reason for each refused point, and no place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HEAD = "One or more TimeSeries could not be written:"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a point was not taken, in plain words."""

    reason: str
    again: bool
    """Whether it may be taken later."""


THERE_ALREADY = Cause("a point of this time, or a later one, is there already", again=False)
TOO_OFTEN = Cause("less than 5 s after the series' last point", again=False)
TOO_OLD = Cause("more than 25 hours old, and Cloud Monitoring takes nothing older", again=False)
IN_THE_FUTURE = Cause("its time is more than 5 minutes in the future", again=False)
TWICE = Cause("another point of this series and time was given with it", again=False)
NOT_FINITE = Cause("its value is not a finite number", again=False)
NO_TEXT = Cause("a label's value is not valid text", again=False)

_KNOWN = (
    ("points must be written in order", THERE_ALREADY),
    ("more frequently than the maximum sampling period", TOO_OFTEN),
    ("in the past", TOO_OLD),
    ("in the future", IN_THE_FUTURE),
    ("duplicate timeseries", TWICE),
)
PASSING_CODES = frozenset({1, 2, 4, 8, 10, 13, 14})
"""google.rpc.Code: CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNAVAILABLE."""

_PLACES = re.compile(r"timeSeries\[([\d,\s-]+)\]")


def find_causes(
    message: str, *, total: int, failed: int | None, codes: Sequence[tuple[int, int]]
) -> Mapping[int, Cause] | None:
    """Give the refused points of a call by their place in it; None where the answer does not tell which they are.

    `failed` says how many of `total` were refused, if that is known; `codes` holds (google.rpc.Code, number of points).
    """
    placed: dict[int, Cause] = {}
    told = set()
    for part in message.removeprefix(HEAD).strip().split("; "):
        places = _places(part)
        cause = _cause(part, max(len(places), 1), codes)
        placed |= dict.fromkeys(places, cause)
        told.add(cause)
    if placed and set(placed) <= set(range(total)) and failed in {None, len(placed)}:
        return placed
    if failed == total and len(told) == 1:
        return dict.fromkeys(range(total), told.pop())
    return None


def _places(part: str) -> set[int]:
    """Read every `timeSeries[0,2-6]`.

    >>> sorted(_places("Points must be written in order.: timeSeries[0,2-4]"))
    [0, 2, 3, 4]
    """
    found: set[int] = set()
    for ranges in _PLACES.findall(part):
        for span in ranges.replace(" ", "").split(","):
            first, _, last = span.partition("-")
            found |= set(range(int(first), int(last or first) + 1))
    return found


def _cause(part: str, points: int, codes: Iterable[tuple[int, int]]) -> Cause:
    text = part.lower()
    for words, cause in _KNOWN:
        if words in text:
            return cause
    codes = list(codes)
    likely = {code for code, count in codes if count == points} or {code for code, _ in codes}
    again = "internal error" in text or (bool(likely) and likely <= PASSING_CODES)
    return Cause(re.sub(r":?\s*timeSeries\[[\d,\s-]+\]$", "", part).strip()[:200], again)
