"""Counts over stretches of time, and how probable they are by chance; the proof of a ratio stands in `sequential`."""

from __future__ import annotations

from math import exp, lgamma, log, log1p
from typing import Any, NamedTuple

import numpy as np

from logwatch.collect.parse import EXACT

Array = np.ndarray[Any, Any]


JUST_BEFORE = 10
"""Windows that show how much traffic there is."""
FEW = 3.0
"""Standard deviations that traffic is taken to stay within."""


def sliding(values: Array, minutes: int | Array) -> Array:
    """Add up each window and those before it, `minutes` in all, or for each its own; for a column of several, a row for each.

    A window that is unknown, or so large that a sum would forget all others, makes every sum unknown that it is part of.
    """
    lost = ~(values <= EXACT)
    if lost.any():
        return np.where(sliding(lost, minutes) > 0, np.nan, sliding(np.where(lost, 0.0, values), minutes))
    sums = values.cumsum(dtype="float64")
    if not isinstance(minutes, int):
        before = np.arange(len(sums)) - minutes
        return np.asarray(sums - np.where(before >= 0, sums[np.maximum(before, 0)], 0.0))
    if 0 < minutes < len(sums):
        sums[minutes:] -= sums[:-minutes].copy()
    return sums if minutes else np.zeros(len(sums))


def share(numerator: Array, denominator: Array) -> Array:
    """Divide, 1 at the most, NaN where there is nothing to divide by."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(denominator > 0, np.minimum(numerator / denominator, 1.0), np.nan)


def sliding_quantile(place: Array, values: Array, count: Array, share: float) -> Array:
    """Give the interpolated quantile of the last `count` values up to each window; NaN where there are none."""
    result = np.full(len(count), np.nan)
    ends = np.searchsorted(place, np.arange(len(count)), side="right")
    for each in np.unique(count[count > 0]).astype(int).tolist():
        at = np.flatnonzero(count == each)
        result[at] = np.quantile(values[ends[at, None] - np.arange(each, 0, -1)], share, axis=1)
    return result


class Counted:
    """A ratio's counters per minute, and their sums over stretches of any length."""

    def __init__(self, numerator: Array, denominator: Array, known: Array, *, ended: Array | None = None, lag: int = 0) -> None:
        """Take events per minute, and which minutes had a summary; `ended` counts events that have come to an end."""
        self.numerator = numerator
        self.denominator = denominator
        self.known = known
        self.ended = ended
        self.lag = lag

    def sums(self, minutes: int) -> tuple[Array, Array]:
        """Numerator and denominator of each window and those before it."""
        return sliding(self.numerator, minutes), sliding(self.denominator, minutes)

    def due(self, minutes: int) -> Array:
        """Events of the denominator that should show in the numerator: those of this stretch, or of the one `lag` earlier.

        The smaller of both: on a rising edge the newest have not ended yet, on a falling edge the numerator still has
        guests from before.
        """
        events = sliding(self.denominator, minutes)
        return np.minimum(events, np.append(np.zeros(self.lag), events)[: len(events)]) if self.lag else events

    def settled(self, minutes: int) -> Array:
        """Events that are due, or are known to have come to an end."""
        due = self.due(minutes)
        return due if self.ended is None else np.maximum(due, sliding(self.ended, minutes))

    def at_best(self, place: int, still_open: int, reach: int) -> Counted:
        """Give `reach` windows up to one, as if all that may still come in the windows that are not closed had gone well.

        Traffic moves from one instance to another, and all of it stays about the same: what these may still bring is what they
        have less than the windows just before, and a few standard deviations. Without any of those it may be anything.
        """
        end = place + 1
        kept = slice(max(end - max(reach, still_open + JUST_BEFORE), 0), end)
        numerator, denominator, known = (each[kept] for each in (self.numerator, self.denominator, self.known))
        size = len(numerator)
        first = max(size - still_open, 0)
        before = denominator[max(first - JUST_BEFORE, 0) : first][known[max(first - JUST_BEFORE, 0) : first]]
        usual = float(before.mean()) * (size - first) if len(before) else np.inf
        more = np.zeros(size)
        more[-1] = max(usual + FEW * np.sqrt(usual) - denominator[first:].sum(), 0.0) if np.isfinite(usual) else np.inf
        ended = None if self.ended is None else self.ended[kept] + more
        return Counted(numerator + more, denominator + more, known, ended=ended, lag=self.lag)

    def most(self, minutes: int) -> Array:
        """More events than the numerator can honestly have come from: one window and the lag further back."""
        return sliding(self.denominator, minutes + self.lag + 1)


class Rarity(NamedTuple):
    """How many slow requests are more than chance explains."""

    min_count: int
    share: float
    """Of slow ones among all, that chance is held against; 0 to 1."""
    chance: float
    certain: float
    """The chance below which a warning need not last."""


def wilson_bound(numerator: Any, events: Any, z: Any) -> Any:  # noqa: ANN401 - numbers or arrays of them
    """Give the Wilson score bound of a share: the upper one for a positive z, the lower one for a negative z."""
    share = np.minimum(np.asarray(numerator) / np.asarray(events), 1.0)
    centre = share + z * z / (2 * events)
    reach = z * np.sqrt(share * (1 - share) / events + z * z / (4 * events * events))
    return (centre + reach) / (1 + z * z / events)


class SlowProven(NamedTuple):
    """What is proven of slow requests at each window."""

    stretch: Array
    """Minutes of the stretch, ending with the window, that proves the warning; 0 where none does."""
    certain: Array
    """Whether some stretch proves it so surely that waiting for more would tell nothing new."""


def prove_slow(slow: Array, requests: Array, rarity: Rarity, minutes: int) -> SlowProven:
    """Look for the stretch that shows most surely that more requests are slow than chance explains.

    A slow request is logged at once and counted up to a minute later. So those of the newest window wait, and the rest
    are held against the requests of their own windows, or of those one later, whichever are more.
    """
    proving = np.zeros(len(slow), dtype="int64")
    certain = np.zeros(len(slow), dtype=bool)
    least = np.full(len(slow), rarity.chance)
    for stretch in range(2, max(minutes, 2) + 1):
        counted, chance = slow_chance(slow, requests, rarity.share, stretch)
        enough = counted >= rarity.min_count
        surer = enough & (chance < least)
        proving[surer], least[surer] = stretch, chance[surer]
        certain |= enough & (chance < rarity.certain)
    return SlowProven(proving, certain)


def slow_chance(slow: Array, requests: Array, share: float, stretch: int) -> tuple[Array, Array]:
    """Give how many of the slow requests of a stretch count, and how probable so many of its requests are by chance."""
    counted = sliding(slow, stretch) - slow
    among = np.maximum(sliding(requests, stretch) - requests, sliding(requests, stretch - 1))
    return counted, _tails(counted, among, share)


def _tails(least: Array, tries: Array, chance: float) -> Array:
    """Give `binomial_tail` for each window, of all tries where there are more hits; 1 where no more are hits than to expect."""
    found, least = np.ones(len(least)), np.minimum(least, tries)
    for at in np.flatnonzero(least > tries * chance):
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
