"""Whether a share lies beyond its warning bound, proven so that looking every minute cannot make chance a proof.

The test is a mixture of Shiryaev-Roberts detectors (Shiryaev 1963, Roberts 1966; for mixtures Pollak 1987). Each minute it
adds up, over every stretch that ends now, how much more probable the events of that stretch are under each of six shares
beyond the bound than under the middle between the two bounds. While the true share lies at the middle or on the normal side,
that sum grows by one on average with each minute that has a summary, whatever the traffic. So it reaches N weeks of minutes
in the mean not sooner than after N weeks, and in any one week with a chance of 1 in N at the most. What is asked for, and
why: docs/decisions/0001.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from logwatch.collect.parse import EXACT
from logwatch.judge.significance import Array, Counted, share, wilson_bound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
PART = 256
"""Windows that are looked at together."""
NEWEST = 20
"""Events that show where a share stands now."""
FEWEST = 5
"""The same, where the span has not as many."""
ONE_SIDED = 1.645
"""Standard deviations of 95 %."""
SURELY = 2.326
"""Standard deviations of 99 %."""
MOST = 2**12
"""Events of one window beyond which nobody asks how many more it would take."""


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


class Proven(NamedTuple):
    """What is proven at each window, and what its newest events show."""

    stretch: Array
    """Minutes of the stretch, ending with the window, that shows most for a warning; 0 where none is proven."""
    newest: Array
    """Minutes of the stretch that shows where the share stands now."""
    now: Array
    """The share of those events; NaN where there are none."""
    recovered: Array
    """Whether that is in the normal range."""
    abnormal: Array
    """Whether that is nearer to the warning than to the normal bound, or shown to be outside the normal range."""
    eased: Array
    """Whether it is outside of it, and shown to be beyond the warning bound no more."""


def prove(counted: Counted, needs: Needs, bounds: Bounds, span: int, *, first: int = 0) -> Proven:
    """Look for evidence that ends with each window from `first` on; of those before it nothing is said.

    A warning that the newest events contradict is proven no more.
    """
    near = _near(counted, span)
    enough, newest, _, now = near
    # Where the span shows that all is well, no longer stretch is asked.
    well = enough & bounds.normal.holds(now) & (span <= needs.minutes)
    places = np.flatnonzero(~well[first:]) + first
    before = np.arange(len(now)) < first
    nothing = np.zeros(len(now), dtype=bool)
    found = Proven(
        nothing.astype("int64"),
        np.where(before, 1, newest),
        np.where(before, np.nan, now),
        well & ~before,
        nothing,
        nothing.copy(),
    )
    for sums in _parts(counted, needs, near, bounds, places):
        for column, values in zip(found, _prove(sums, needs, bounds, span), strict=True):
            column[sums.ends - 1] = values
    return found


def survives(best: Counted, needs: Needs, bounds: Bounds, span: int) -> bool:
    """Tell whether the warning of the last window stays proven when all has come that may still (`Counted.at_best`)."""
    if not np.isfinite(best.denominator[-1]):
        return False
    sums = _Sums(best, needs.minutes, np.array([len(best.known)]), _cleared_before(_near(best, span), bounds))
    stretch = int(_prove(sums, needs, bounds, span).stretch[0])
    numerator, denominator = best.sums(stretch)
    return stretch > 0 and bool(bounds.warning.holds(numerator[-1] / denominator[-1]))


def evidence(counted: Counted, needs: Needs, bounds: Bounds, span: int, *, first: int = 0) -> Array:
    """Give for each window from `first` on the logarithm of the evidence that is held against the weeks in minutes."""
    parts = _parts(counted, needs, _near(counted, span), bounds, np.arange(first, len(counted.known)))
    return np.concatenate([_add_up(_weigh(each, bounds, np.arange(len(each.ends)))) for each in parts])


def fewest(counted: Counted, holds: Callable[[Counted], bool], *, numerator: bool) -> int | None:
    """Give how many events of one more window, all in the numerator or none, make something hold; None beyond `MOST`."""

    def tried(events: int) -> bool:
        top, bottom = np.append(counted.numerator, float(events * numerator)), np.append(counted.denominator, float(events))
        ended = None if counted.ended is None else np.append(counted.ended, float(events))
        known = np.append(counted.known, counted.known[-1:] | True)
        return holds(Counted(top, bottom, known, ended=ended, lag=counted.lag))

    most = next((2**power for power in range(MOST.bit_length()) if tried(2**power)), None)
    return most and most // 2 + 1 + bisect_left(range(most // 2 + 1, most), True, key=tried)


def _prove(sums: _Sums, needs: Needs, bounds: Bounds, span: int) -> Proven:
    newest, events, now = sums.newest(span)
    recovered = bounds.normal.holds(now)
    eased = np.zeros(len(newest), dtype=bool)
    settled = sums.over(newest, sums.settled)
    asked = np.flatnonzero(~recovered & (events > 0) & ~bounds.warning.holds(share(sums.over(newest, sums.numerator), settled)))
    eased[asked] = _eased(sums.numerator[:, asked], sums.settled[:, asked], bounds.warning)
    stretch = np.where(recovered | eased, 0, _strongest(sums, needs, bounds))
    return Proven(stretch, newest, now, recovered, ~recovered & _abnormal(now, events, bounds), eased)


def _abnormal(now: Array, events: Array, bounds: Bounds) -> Array:
    """Tell whether a share lies on the warning side of the middle, or is shown to lie outside the normal range."""
    normal, falls = bounds.normal.bound, bounds.warning.falls
    with np.errstate(invalid="ignore", divide="ignore"):
        bound = wilson_bound(now * events, events, ONE_SIDED if falls else -ONE_SIDED)
    nearer = now < bounds.middle if falls else now > bounds.middle
    outside: Array = nearer | (bound < normal if falls else bound > normal)
    return outside


def _eased(numerator: Array, events: Array, warning: Range) -> Array:
    """Tell whether some stretch shows the share to lie on the near side of the warning bound."""
    with np.errstate(invalid="ignore", divide="ignore"):
        bound = wilson_bound(np.minimum(numerator, events), events, -SURELY if warning.falls else SURELY)
    nearer = bound > warning.bound if warning.falls else bound < warning.bound
    found: Array = ((events >= NEWEST) & nearer).any(axis=0)
    return found


def _strongest(sums: _Sums, needs: Needs, bounds: Bounds) -> Array:
    """Give for each window the stretch with the most evidence; 0 where all of it does not reach the limit.

    Only windows are looked at in which some stretch has a share beyond the bound: healthy traffic has nearly none.
    """
    result = np.zeros(len(sums.ends), dtype="int64")
    beyond = [bounds.warning.holds(share(sums.numerator, way.events)) & (way.events >= needs.min_events) for way in sums.ways]
    places = np.flatnonzero(np.logical_or.reduce(beyond).any(axis=0))
    if len(places):
        found = _weigh(sums, bounds, places)
        way, best = np.unravel_index(found.reshape(-1, len(places)).argmax(axis=0), found.shape[:2])
        held = np.stack(beyond)[way, best, places]
        result[places] = np.where(held & (_add_up(found) >= np.log(needs.weeks * WEEK)), best + 1, 0)
    return result


def _weigh(sums: _Sums, bounds: Bounds, places: Array) -> Array:
    """Give the logarithm of the evidence of each way, stretch and place."""
    found = np.stack([np.log(way.weight) + _log_ratio(sums.numerator, way, bounds, places) for way in sums.ways])
    return np.where(sums.begins(places), found, -np.inf)


def _add_up(evidence: Array) -> Array:
    """Add up over ways and stretches."""
    total: Array = np.logaddexp.reduce(np.logaddexp.reduce(evidence, axis=0), axis=0)
    return total


def _log_ratio(numerator: Array, way: _Way, bounds: Bounds, places: Array) -> Array:
    """Give the logarithm of how much more probable the events of each stretch are beyond the bound than at the middle."""
    falls = bounds.warning.falls
    numerator, events, straying = (each[:, places] for each in (numerator, way.events, way.straying))
    unknown = np.isnan(numerator + events + straying)
    numerator, events, straying = (np.where(unknown, 0.0, each) for each in (numerator, events, straying))
    good = np.minimum(numerator, events)
    failed = np.maximum((events - good if falls else good) - _strayed(straying), 0.0)
    middle, bound = ((1 - each if falls else each) for each in (bounds.middle, bounds.warning.bound))
    middle = min(max(middle, 1e-9), 1 - 1e-9)
    result = np.full(failed.shape, -np.inf)
    for far, weight in zip(BEYOND, WEIGHTS, strict=True):
        failing = min(max(bound + (1 - bound) * far, middle), 1 - 1e-9)
        ratio = failed * np.log(failing / middle) + (events - failed) * np.log((1 - failing) / (1 - middle))
        result = np.logaddexp(result, ratio + np.log(weight))
    return np.where(unknown, -np.inf, result)


def _strayed(straying: Array) -> Array:
    """Give how many events are taken to have gone well elsewhere, of so many that may have ended outside their stretch."""
    return np.asarray(STRAY / 2 * np.sqrt(straying))


class _Way(NamedTuple):
    """One way to count the events of each stretch and window, and how much it counts."""

    events: Array
    straying: Array
    """Events that may have ended outside their stretch."""
    weight: float


class _Sums:
    """Sums over every stretch that ends with one of some windows: a row for each length from 1 on, a column for each window."""

    def __init__(self, counted: Counted, widest: int, ends: Array, cleared: Array | None = None) -> None:
        """Add up; `ends` are the places behind the windows, in their order.

        `cleared` is the last place before each of all windows that was cleared.
        """
        self.ends = ends
        self._widest, self._known, self._cleared = widest, counted.known, cleared
        at_starts, at_ends, lag = self._at_starts, self._at_ends, counted.lag
        self.numerator = _between(counted.numerator, at_starts, at_ends)
        events = counted.denominator
        due = _between(events, at_starts, at_ends)
        straying = np.zeros(due.shape)
        if lag:
            sooner, ended = partial(at_starts, back=lag), partial(at_ends, back=lag)
            due = np.minimum(due, _between(events, sooner, ended))
            straying = _between(events, ended, at_ends) + _between(events, sooner, at_starts)
        self.settled = due
        """Events that are due or known to have ended."""
        self.shown = due
        """Of these, those that have surely come to an end, so that the share among them is the one of now."""
        self.ways: tuple[_Way, ...] = (_Way(due, straying, 1.0),)
        if counted.ended is not None:
            # Known to have ended: these stand in one summary with the numerator, and none has strayed.
            over = _between(counted.ended, at_starts, at_ends)
            self.settled = np.maximum(due, over)
            self.shown = np.maximum(due - _strayed(straying), over)
            self.ways = (_Way(due, straying, 1 - ENDED), _Way(over, np.zeros(due.shape), ENDED))

    def _at_ends(self, sums: Array, back: int = 0) -> Array:
        """Give of sums up to each place those at the ends of the stretches, or so many places before them."""
        return np.asarray(sums[np.maximum(self.ends - back, 0)])

    def _at_starts(self, sums: Array, back: int = 0) -> Array:
        """Give of sums up to each place those at the starts of the stretches, or so many places before them, in no room."""
        first, size = (self.ends[0], self.ends[-1] - self.ends[0] + 1) if len(self.ends) else (1, 0)
        padded = np.concatenate([np.repeat(sums[:1], self._widest + back), sums])
        every = sliding_window_view(padded, size)[first : first + self._widest][::-1]
        return every if size == len(self.ends) else every[:, self.ends - first]

    def begins(self, places: Array) -> Array:
        """Tell of some of the windows whether each stretch begins in a minute with a summary, and after what was cleared.

        Another adds no evidence to the one that begins after it.
        """
        ends = self.ends[places]
        starts = ends - np.arange(1, self._widest + 1)[:, None]
        found: Array = (starts >= 0) & self._known[np.maximum(starts, 0)]
        return found if self._cleared is None else found & (starts > self._cleared[ends - 1])

    def newest(self, span: int) -> tuple[Array, Array, Array]:
        """Give for each window the shortest stretch that shows where the share stands now, its events, and the share.

        Within the span `NEWEST` of them, or as many as it has; where those are very few, some more from before it.
        """
        shown, span = self.shown, min(span, len(self.shown))
        many, some = shown[: span - 1] >= NEWEST, shown[span:] >= FEWEST
        inside = np.where(many.any(axis=0), many.argmax(axis=0) + 1, span) if len(many) else np.full(shown.shape[1], span)
        beyond = np.where(some.any(axis=0), some.argmax(axis=0) + span + 1, len(shown)) if len(some) else inside
        stretch = np.where(shown[span - 1] >= FEWEST, inside, beyond)
        events = self.over(stretch, shown)
        return stretch, events, share(self.over(stretch, self.numerator), events)

    @staticmethod
    def over(stretch: Array, sums: Array) -> Array:
        """Give the sums over a stretch of its own for each window."""
        return np.asarray(sums[stretch - 1, np.arange(len(stretch))])


def _between(values: Array, at_starts: Callable[[Array], Array], at_ends: Callable[[Array], Array]) -> Array:
    """Add up from place to place; a window that is unknown makes every sum unknown that it is part of."""
    lost = ~(values <= EXACT)
    sums = np.concatenate([[0.0], np.where(lost, 0.0, values).cumsum()])
    found = at_ends(sums) - at_starts(sums)
    if lost.any():
        counts = np.concatenate([[0], lost.cumsum()])
        found = np.where(at_ends(counts) > at_starts(counts), np.nan, found)
    return np.asarray(found)


class _Near(NamedTuple):
    """What the span alone shows of each window."""

    enough: Array
    """Whether it has as many events as are asked for."""
    stretch: Array
    """As `_Sums.newest` gives it, like the next two."""
    events: Array
    now: Array


def _near(counted: Counted, span: int) -> _Near:
    sums = _Sums(counted, span, np.arange(len(counted.numerator)) + 1)
    return _Near(sums.shown[-1] >= FEWEST, *sums.newest(span))


def _cleared_before(near: _Near, bounds: Bounds) -> Array:
    """Give for each window the place of the last one before it that was cleared; -1: none.

    Its newest events were in the normal range, and surely (Wilson, 99 %) on the near side of the warning bound: whatever was
    before is over, and no evidence of what comes after.
    """
    size, falls = len(near.now), bounds.warning.falls
    with np.errstate(invalid="ignore", divide="ignore"):
        bound = wilson_bound(near.now * near.events, near.events, -SURELY if falls else SURELY)
    cleared = bounds.normal.holds(near.now) & (bound > bounds.warning.bound if falls else bound < bounds.warning.bound)
    places = np.maximum.accumulate(np.where(cleared, np.arange(size), -1))
    return np.append(-1, places)[:size]


def _parts(counted: Counted, needs: Needs, near: _Near, bounds: Bounds, places: Array) -> Iterator[_Sums]:
    """Give the sums of some windows, part by part."""
    cleared = _cleared_before(near, bounds)
    for start in range(0, len(places), PART):
        yield _Sums(counted, needs.minutes, places[start : start + PART] + 1, cleared)
