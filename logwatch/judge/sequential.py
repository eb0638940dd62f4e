"""Whether a share lies beyond its warning bound, proven so that looking every minute cannot make chance a proof.

The test is a mixture of Shiryaev-Roberts detectors (Shiryaev 1963, Roberts 1966; for mixtures Pollak 1987). Each minute it
adds up, over every stretch that ends now, how much more probable the events of that stretch are under each of six shares
beyond the bound than under the middle between the two bounds. While the true share lies at the middle or on the normal side,
that sum grows by one on average with each minute that has a summary, whatever the traffic. So it reaches N weeks of minutes
in the mean not sooner than after N weeks, and in any one week with a chance of 1 in N at the most. What is asked for, and
why: docs/decisions/0001.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from logwatch.judge.significance import Array, Counted, over, share, sliding, wilson_bound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logwatch.ranges import Bounds, Range

WEEK = 7 * 24 * 60
"""Minutes."""
BEYOND = (0.05, 0.2, 0.38, 0.58, 0.8, 0.995)
"""The shares that evidence is sought for: how far from the warning bound towards a total failure."""
WEIGHTS = (0.11, 0.11, 0.11, 0.12, 0.15, 0.4)
"""How much each counts: the total failure most, since it should be told soonest and is hardest to mistake."""
ENDED = 0.9
"""How much events count that are known to have ended, where others are only due."""
STRAY = 3.0
"""Standard deviations by which events that may have ended outside their stretch are taken to have gone well."""
PART = 4096
"""Windows that are looked at together."""
NEWEST = 20
"""Events that show where a share stands now."""
FEWEST = 5
"""The same, where the span has not as many."""
ONE_SIDED = 1.645
"""Standard deviations of 95 %."""
SURELY = 2.326
"""Standard deviations of 99 %."""


class Needs(NamedTuple):
    """What a share needs before it is called a warning."""

    weeks: int
    """At the middle between the bounds, chance makes one warning in so many weeks at the most."""
    min_events: int
    widen: timedelta
    """How far back evidence is sought."""

    @property
    def minutes(self) -> int:
        """How far back, in windows."""
        return max(self.widen // timedelta(minutes=1), 1)


@dataclass(frozen=True, slots=True)
class Proven:
    """What is proven at each window, and what its newest events show."""

    stretch: Array
    """Minutes of the stretch, ending with the window, that shows most for a warning; 0 where none is proven."""
    newest: Array
    """Minutes of the stretch that shows where the share stands now."""
    recovered: Array
    """Whether that is in the normal range."""
    abnormal: Array
    """Whether that is nearer to the warning than to the normal bound, or shown to be outside the normal range."""
    eased: Array
    """Whether it is outside of it, and shown to be beyond the warning bound no more."""


def prove(counted: Counted, needs: Needs, bounds: Bounds, span: int) -> Proven:
    """Look for evidence that ends with each window; a warning that the newest events contradict is proven no more."""
    newest = _newest(counted, span, needs.minutes)
    events = _settled_over(counted, newest)
    now = share(over(newest, counted.numerator), events)
    recovered = bounds.normal.holds(now)
    stretch = np.zeros(len(newest), dtype="int64")
    eased = np.zeros(len(newest), dtype=bool)
    for at, part in _parts(counted, needs.minutes + counted.lag):
        found = _strongest(part, needs, bounds, at.stop - at.start)
        stretch[at] = found
    asked = np.flatnonzero(~recovered & (events > 0) & ~bounds.warning.holds(now))
    if len(asked):
        eased[asked] = _eased(counted, needs.minutes, bounds.warning, asked)
    stretch[recovered | eased] = 0
    return Proven(stretch, newest, recovered, ~recovered & _abnormal(now, events, bounds), eased)


def _parts(counted: Counted, back: int) -> Iterator[tuple[slice, Counted]]:
    """Give the windows part by part, each with those before it that its stretches need."""
    size = len(counted.numerator)
    for start in range(0, size, PART):
        at = slice(start, min(start + PART, size))
        yield at, counted.part(slice(max(start - back, 0), at.stop))


def _newest(counted: Counted, span: int, widest: int) -> Array:
    """Give for each window the shortest stretch with enough events to show where the share stands now.

    Within the span `NEWEST` of them, or as many as it has; where those are very few, some more from before it.
    """
    result = np.full(len(counted.numerator), span)
    for minutes in range(span - 1, 0, -1):
        result[counted.settled(minutes) >= NEWEST] = minutes
    searching = ~(counted.settled(span) >= FEWEST)
    for minutes in range(span + 1, widest + 1):
        if not searching.any():
            break
        result[searching] = minutes
        searching &= ~(counted.settled(minutes) >= FEWEST)
    return result


def _settled_over(counted: Counted, stretch: Array) -> Array:
    result = np.zeros(len(stretch))
    for minutes in np.unique(stretch):
        at = stretch == minutes
        result[at] = counted.settled(int(minutes))[at]
    return result


def _abnormal(now: Array, events: Array, bounds: Bounds) -> Array:
    """Tell whether a share lies on the warning side of the middle, or is shown to lie outside the normal range."""
    normal, falls = bounds.normal.bound, bounds.warning.falls
    with np.errstate(invalid="ignore", divide="ignore"):
        bound = wilson_bound(now * events, events, ONE_SIDED if falls else -ONE_SIDED)
    nearer = now < bounds.middle if falls else now > bounds.middle
    outside: Array = nearer | (bound < normal if falls else bound > normal)
    return outside


def _eased(counted: Counted, widest: int, warning: Range, at: Array) -> Array:
    """Tell for some windows whether a stretch shows the share to lie on the near side of the warning bound."""
    first = max(int(at[0]) - widest - counted.lag, 0)
    part = counted.part(slice(first, int(at[-1]) + 1))
    reach = -SURELY if warning.falls else SURELY
    found = np.zeros(len(part.numerator), dtype=bool)
    for minutes in range(1, widest + 1):
        events = part.settled(minutes)
        with np.errstate(invalid="ignore", divide="ignore"):
            bound = wilson_bound(np.minimum(sliding(part.numerator, minutes), events), events, reach)
        found |= (events >= NEWEST) & ((bound > warning.bound) if warning.falls else (bound < warning.bound))
    eased: Array = found[at - first]
    return eased


def evidence(counted: Counted, needs: Needs, bounds: Bounds) -> Array:
    """Give for each window the logarithm of the evidence that is held against the limit, the weeks in minutes."""
    found = [
        _Sought.of(part, needs, bounds).evidence(np.arange(at.start - at.stop, 0) + len(part.numerator), bounds)
        for at, part in _parts(counted, needs.minutes + counted.lag)
    ]
    return np.concatenate([_add_up(each) for each in found])


def _add_up(evidence: Array) -> Array:
    """Add up over ways and stretches."""
    total: Array = np.logaddexp.reduce(np.logaddexp.reduce(evidence, axis=0), axis=0)
    return total


def _strongest(counted: Counted, needs: Needs, bounds: Bounds, size: int) -> Array:
    """Give for each of the last `size` windows the stretch with the most evidence; 0 where all of it does not reach the limit.

    Only windows are looked at in which some stretch has a share beyond the bound: healthy traffic has nearly none.
    """
    result = np.zeros(len(counted.numerator), dtype="int64")
    sought = _Sought.of(counted, needs, bounds)
    places = np.flatnonzero(np.logical_or.reduce(sought.beyond).any(axis=0))
    places = places[places >= len(result) - size]
    if len(places):
        found = sought.evidence(places, bounds)
        way, best = np.unravel_index(found.reshape(-1, len(places)).argmax(axis=0), found.shape[:2])
        beyond = np.stack([each[:, places] for each in sought.beyond])[way, best, np.arange(len(places))]
        result[places] = np.where(beyond & (_add_up(found) >= np.log(needs.weeks * WEEK)), best + 1, 0)
    return result[-size:]


@dataclass(frozen=True, slots=True)
class _Sought:
    """The ways in which events are counted: as due, and where it is known as ended."""

    ways: tuple[_Way, ...]
    weights: tuple[float, ...]
    beyond: tuple[Array, ...]
    """For each way, where there are enough events with a share beyond the warning bound."""
    begins: Array
    """Where a stretch begins in a minute with a summary: another adds no evidence to the stretch that begins after it."""

    @classmethod
    def of(cls, counted: Counted, needs: Needs, bounds: Bounds) -> _Sought:
        """Count the events of every stretch."""
        stretches = np.arange(1, needs.minutes + 1)[:, None]
        kinds = (False,) if counted.ended is None else (False, True)
        ways = tuple(_Way.of(counted, stretches, ended=ended) for ended in kinds)
        beyond = (bounds.warning.holds(share(way.numerator, way.events)) & (way.events >= needs.min_events) for way in ways)
        return cls(ways, (1.0,) if len(ways) == 1 else (1 - ENDED, ENDED), tuple(beyond), counted.begins(stretches))

    def evidence(self, places: Array, bounds: Bounds) -> Array:
        """Give the logarithm of the evidence of each way, stretch and place."""
        pairs = zip(self.ways, self.weights, strict=True)
        found = np.stack([np.log(weight) + way.at(places).evidence(bounds) for way, weight in pairs])
        return np.where(self.begins[:, places], found, -np.inf)


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to count events: a row for each stretch, a column for each window."""

    numerator: Array
    events: Array
    straying: Array | None
    """Events that may have ended outside their stretch."""

    @classmethod
    def of(cls, counted: Counted, stretches: Array, *, ended: bool) -> _Way:
        """Count events that are due, or those that are known to have ended: these stand in one summary with the numerator."""
        numerator = sliding(counted.numerator, stretches)
        if ended and counted.ended is not None:
            events, straying = sliding(counted.ended, stretches), None
        else:
            events, straying = counted.due(stretches), counted.straying(stretches) if counted.lag else None
        return cls(numerator, events, straying)

    def at(self, places: Array) -> _Way:
        """Give some of the windows."""
        straying = None if self.straying is None else self.straying[:, places]
        return _Way(self.numerator[:, places], self.events[:, places], straying)

    def evidence(self, bounds: Bounds) -> Array:
        """Give the logarithm of how much more probable the events of each stretch are beyond the bound than at the middle."""
        falls = bounds.warning.falls
        straying = np.zeros(self.events.shape) if self.straying is None else self.straying
        unknown = np.isnan(self.numerator + self.events + straying)
        events = np.where(unknown, 0.0, self.events)
        good = np.minimum(np.where(unknown, 0.0, self.numerator), events)
        failed = events - good if falls else good
        failed = np.maximum(failed - STRAY / 2 * np.sqrt(np.where(unknown, 0.0, straying)), 0.0)
        middle, bound = ((1 - each if falls else each) for each in (bounds.middle, bounds.warning.bound))
        middle = min(max(middle, 1e-9), 1 - 1e-9)
        result = np.full(failed.shape, -np.inf)
        for far, weight in zip(BEYOND, WEIGHTS, strict=True):
            failing = min(max(bound + (1 - bound) * far, middle), 1 - 1e-9)
            ratio = failed * np.log(failing / middle) + (events - failed) * np.log((1 - failing) / (1 - middle))
            result = np.logaddexp(result, ratio + np.log(weight))
        return np.where(unknown, -np.inf, result)
