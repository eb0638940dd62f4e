"""Whether figures prove a warning, or chance and delay may have made them.

What is asked for, and why: docs/decisions/0001-what-counts-as-needs.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import exp, lgamma, log, log1p
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logwatch.ranges import Range

Array = np.ndarray[Any, Any]


EXACT = 2.0**53
"""The largest count beside which another of 1 is not lost."""


def sliding(values: Array, minutes: int | Array) -> Array:
    """Add up each window and those before it, `minutes` in all; for a column of several, a row of sums for each.

    A window that is unknown, or so large that a sum would forget all others, makes every sum unknown that it is part of.
    """
    lost = ~(values <= EXACT)
    if lost.any():
        return np.where(sliding(lost, minutes) > 0, np.nan, sliding(np.where(lost, 0.0, values), minutes))
    sums = values.cumsum(dtype="float64")
    if not isinstance(minutes, int):
        return np.asarray(sums - _later(sums, minutes))
    if 0 < minutes < len(sums):
        sums[minutes:] -= sums[:-minutes].copy()
    return sums if minutes else np.zeros(len(sums))


def over(stretch: Array, values: Array) -> Array:
    """Add up each window and those before it, over a stretch of its own for each."""
    result = np.zeros(len(values))
    for minutes in np.unique(stretch):
        at = stretch == minutes
        result[at] = sliding(values, int(minutes))[at]
    return result


def share(numerator: Array, denominator: Array) -> Array:
    """Divide, 1 at the most, NaN where there is nothing to divide by."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(denominator > 0, np.minimum(numerator / denominator, 1.0), np.nan)


def sliding_quantile(place: Array, values: Array, count: Array, share: float) -> Array:
    """Give the interpolated quantile of the last `count` values up to each window; NaN where there are none."""
    result = np.full(len(count), np.nan)
    ends = np.searchsorted(place, np.arange(len(count)), side="right")
    for at in np.flatnonzero(count):
        end = int(ends[at])
        result[at] = np.quantile(values[end - int(count[at]) : end], share)
    return result


class Counted:
    """A ratio's counters per minute, and their sums over stretches of any length."""

    def __init__(self, numerator: Array, denominator: Array, *, ended: Array | None = None, lag: int = 0) -> None:
        """Take events per minute; `ended` counts those known to have come to an end, `lag` is in minutes."""
        self.numerator = numerator
        self.denominator = denominator
        self.ended = ended
        self.lag = lag

    def sums(self, minutes: int) -> tuple[Array, Array]:
        """Numerator and denominator of each window and those before it."""
        return sliding(self.numerator, minutes), sliding(self.denominator, minutes)

    def due(self, minutes: int | Array) -> Array:
        """Events of the denominator that should show in the numerator: those of this stretch, or of the one `lag` earlier.

        The smaller of both: on a rising edge the newest have not ended yet, on a falling edge the numerator still has
        guests from before.
        """
        events = sliding(self.denominator, minutes)
        return np.minimum(events, _later(events, self.lag)) if self.lag else events

    def straying(self, minutes: int | Array) -> Array:
        """Events so near to either end of the stretch that they may have ended on its other side; there is a lag."""
        near = sliding(self.denominator, self.lag)
        return near + _later(near, minutes)

    def settled(self, minutes: int) -> Array:
        """Events that are due, or are known to have come to an end."""
        due = self.due(minutes)
        return due if self.ended is None else np.maximum(due, sliding(self.ended, minutes))

    def most(self, minutes: int) -> Array:
        """More events than the numerator can honestly have come from: one window and the lag further back."""
        return sliding(self.denominator, minutes + self.lag + 1)


def _later(values: Array, minutes: int | Array) -> Array:
    """Give each window the value of the one so many minutes before it; for a column of several, a row for each."""
    if isinstance(minutes, int):
        return np.concatenate([np.zeros((*values.shape[:-1], minutes)), values], axis=-1)[..., : values.shape[-1]]
    there = np.arange(len(values)) - minutes
    return np.where(there >= 0, values[np.maximum(there, 0)], 0.0)


class Needs(NamedTuple):
    """What a share needs before it is called a warning."""

    confidence: float
    """One-sided, of the Wilson bound; over the whole span."""
    sudden: float
    """The same, for a shorter stretch while the whole span still looks better."""
    certain: float
    """The same, over any stretch, from which a warning need not last."""
    min_events: int
    widen: timedelta
    """How far back to look for enough events."""


class Rarity(NamedTuple):
    """How many slow requests are more than chance explains."""

    min_count: int
    share: float
    """Of slow ones among all, that chance is held against; 0 to 1."""
    chance: float
    certain: float
    """The chance below which a warning need not last."""


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to show that the true share lies beyond the warning bound.

    A row stands for a stretch, a column for a window. Only those places are kept at which there are enough events and the
    share itself lies beyond the bound: its Wilson bound cannot lie further out, and healthy traffic has no such place.
    """

    places: tuple[Array, ...]
    """Rows and columns."""
    numerator: Array
    events: Array
    straying: Array | float
    """Events that may have ended outside their stretch, each as if a coin were tossed."""


def _ways(counted: Counted, needs: Needs, warning: Range, stretches: Array) -> list[_Way]:
    """Give the ways that lead there, over all stretches at once.

    Of events known to have ended, those in the numerator stand in the same summary. Of events that are due, those near
    the ends of the stretch may have ended outside it.
    """
    numerator = sliding(counted.numerator, stretches)
    falling = warning.falls

    def way(events: Array, straying: Array | None) -> _Way:
        limit = warning.bound * events * (1 + 1e-9 if falling else 1 - 1e-9)
        places = np.nonzero((events >= needs.min_events) & (numerator <= limit if falling else numerator >= limit))
        return _Way(places, numerator[places], events[places], 0.0 if straying is None else straying[places])

    due = way(counted.due(stretches), counted.straying(stretches) if counted.lag else None)
    return [due] if counted.ended is None else [due, way(sliding(counted.ended, stretches), None)]


def _shown(ways: Iterable[_Way], warning: Range, confidence: float, shape: tuple[int, int]) -> Array:
    """Tell for each stretch and window whether it shows the true share to lie beyond the warning bound.

    What may have strayed widens the bound's reach by the variance of so many coins, a quarter each.
    """
    z = NormalDist().inv_cdf(confidence) * (1 if warning.falls else -1)
    variance = max(warning.bound * (1 - warning.bound), 1e-9)
    shown = np.zeros(shape, dtype=bool)
    for way in ways:
        reach = z * np.sqrt(1 + way.straying / 4 / (variance * way.events))
        shown[way.places] |= warning.holds(wilson_bound(way.numerator, way.events, reach))
    return shown


def wilson_bound(numerator: Any, events: Any, z: Any) -> Any:  # noqa: ANN401 - numbers or arrays of them
    """Give the Wilson score bound of a share: the upper one for a positive z, the lower one for a negative z."""
    share = np.minimum(np.asarray(numerator) / np.asarray(events), 1.0)
    centre = share + z * z / (2 * events)
    reach = z * np.sqrt(share * (1 - share) / events + z * z / (4 * events * events))
    return (centre + reach) / (1 + z * z / events)


@dataclass(frozen=True, slots=True)
class Proven:
    """What is proven at each window."""

    stretch: Array
    """Minutes of the stretch, ending with the window, that proves the warning; 0 where none does."""
    certain: Array
    """Whether some stretch proves it so surely that waiting for more would tell nothing new."""


def prove(counted: Counted, needs: Needs, warning: Range, minutes: int, beyond: Array) -> Proven:
    """Look for a stretch that proves the warning.

    The rule's own span if it can; else the longest shorter stretch, since a sudden failure is diluted by the good
    minutes before it; else, where the span has too few events to prove anything, the shortest longer one that has enough.
    """
    widest = max(minutes, needs.widen // timedelta(minutes=1))
    ways = _ways(counted, needs, warning, np.arange(1, widest + 1)[:, None])
    if not any(way.events.size for way in ways):
        nowhere = np.zeros(len(counted.numerator), dtype="int64")
        return Proven(nowhere, nowhere > 0)
    usual, sudden, certain = (
        _stretch(counted, needs, minutes, _shown(ways, warning, confidence, (widest, len(counted.numerator))))
        for confidence in (needs.confidence, needs.sudden, needs.certain)
    )
    return Proven(np.where(beyond, usual, sudden), certain > 0)


def _stretch(counted: Counted, needs: Needs, minutes: int, shown: Array) -> Array:
    """Give for each window the stretch to go by; `shown` has a row for each of 1, 2, 3 … minutes."""
    inside = shown[:minutes]
    proving = np.where(inside.any(axis=0), minutes - inside[::-1].argmax(axis=0), 0)
    searching = (proving == 0) & (counted.settled(minutes) < needs.min_events)
    for stretch in range(minutes + 1, len(shown) + 1):
        if not searching.any():
            break
        proving[searching & shown[stretch - 1]] = stretch
        searching &= counted.settled(stretch) < needs.min_events
    return proving


def prove_slow(slow: Array, requests: Array, rarity: Rarity, minutes: int) -> Proven:
    """Look for a stretch with more slow requests among all than chance explains: the whole span, else the longest shorter one.

    A slow request is logged at once and counted up to a minute later. So those of the newest window wait, and the rest
    are held against the requests of their own windows, or of those one later, whichever are more.
    """
    proving = np.zeros(len(slow), dtype="int64")
    certain = np.zeros(len(slow), dtype=bool)
    for stretch in range(2, max(minutes, 2) + 1):
        counted = sliding(slow, stretch) - slow
        among = np.maximum(sliding(requests, stretch) - requests, sliding(requests, stretch - 1))
        chance = _tails(counted, among, rarity.share)
        enough = counted >= rarity.min_count
        proving[enough & (chance < rarity.chance)] = stretch
        certain |= enough & (chance < rarity.certain)
    return Proven(proving, certain)


def _tails(least: Array, tries: Array, chance: float) -> Array:
    """Give `binomial_tail` for each window; 1 where there are no more hits than such a chance lets expect, or than tries."""
    found = np.ones(len(least))
    for at in np.flatnonzero((least > tries * chance) & (least <= tries)):
        found[at] = binomial_tail(int(least[at]), int(tries[at]), chance)
    return found


def binomial_tail(least: int, tries: int, chance: float) -> float:
    """Give how probable `least` or more hits are in so many tries with that chance each.

    >>> round(binomial_tail(1, 2, 0.5), 2), binomial_tail(1, 2, 0.0), binomial_tail(2, 2, 1.0)
    (0.75, 0.0, 1.0)
    """
    if not 0 < chance < 1:
        return float(least <= (tries if chance >= 1 else 0))
    if least > tries * chance:
        return _terms(range(least, tries + 1), tries, chance)
    return 1 - _terms(range(least - 1, -1, -1), tries, chance)


def _terms(hits: range, tries: int, chance: float) -> float:
    """Add up the terms of the binomial distribution, going away from its middle until they tell no more."""
    total = 0.0
    for each in hits:
        ways = lgamma(tries + 1) - lgamma(each + 1) - lgamma(tries - each + 1)
        term = exp(ways + each * log(chance) + (tries - each) * log1p(-chance))
        total += term
        if term < total * 1e-12:
            break
    return total
