"""Whether figures prove a warning, or chance and delay may have made them.

What is asked for, and why: docs/decisions/0001-what-counts-as-proof.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from math import exp, lgamma, log, log1p
from statistics import NormalDist
from typing import Any

import numpy as np

from logwatch.ranges import Range
from logwatch.rules import Proof, Slow

Array = np.ndarray[Any, Any]


Minutes = int | Array
"""One length of time, or a column of many: what is asked of a column is told in a row for each."""


def sliding(values: Array, minutes: Minutes) -> Array:
    """Add up each window and those before it, `minutes` in all."""
    sums = values.cumsum(dtype="float64")
    return sums - _later(sums, minutes)


def _later(values: Array, minutes: Minutes) -> Array:
    """Give each window the value of the one so many minutes before it, 0 where there is none."""
    count = values.shape[-1]
    most = int(np.max(minutes))
    padded = np.concatenate([np.zeros((*values.shape[:-1], most)), values], axis=-1)
    return padded[..., :count] if isinstance(minutes, int) else padded[most - minutes + np.arange(count)]


class Counted:
    """A ratio's counters per minute, and their sums over stretches of any length."""

    def __init__(self, numerator: Array, denominator: Array, *, ended: Array | None = None, lag: int = 0) -> None:
        """Take events per minute; `ended` counts those known to have come to an end, `lag` is in minutes."""
        self.numerator = numerator
        self.denominator = denominator
        self.ended = ended
        self.lag = lag

    def sums(self, minutes: Minutes) -> tuple[Array, Array]:
        """Numerator and denominator of each window and those before it."""
        return sliding(self.numerator, minutes), sliding(self.denominator, minutes)

    def due(self, minutes: Minutes) -> Array:
        """Events of the denominator that should show in the numerator: those of this stretch, or of the one `lag` earlier.

        The smaller of both: on a rising edge the newest have not ended yet, on a falling edge the numerator still has
        guests from before.
        """
        events = sliding(self.denominator, minutes)
        return np.minimum(events, _later(events, self.lag)) if self.lag else events

    def straying(self, minutes: Minutes) -> Array:
        """Events so near to either end of the stretch that they may have ended on its other side."""
        if not self.lag:
            return np.zeros(len(self.denominator))
        near = sliding(self.denominator, self.lag)
        return near + _later(near, minutes)

    def settled(self, minutes: Minutes) -> Array:
        """Events that are due, or are known to have come to an end."""
        due = self.due(minutes)
        return due if self.ended is None else np.maximum(due, sliding(self.ended, minutes))

    def most(self, minutes: Minutes) -> Array:
        """More events than the numerator can honestly have come from: one window and the lag further back."""
        return sliding(self.denominator, minutes + self.lag + 1)


Excludes = Callable[[Minutes], Array]


def _excludes(counted: Counted, warning: Range, proof: Proof, confidence: float) -> Excludes:
    """Give the test whether a stretch shows the true share to lie beyond the warning bound; two ways lead there.

    Of events known to have ended, those in the numerator stand in the same summary. Of events that are due, those near
    the ends of the stretch may have ended outside it, each as if a coin were tossed: that widens the bound's reach by the
    variance of so many coins, a quarter each.
    """
    z = NormalDist().inv_cdf(confidence) * (1 if warning.direction[0] == "<" else -1)
    variance = max(warning.bound * (1 - warning.bound), 1e-9)

    def shows(minutes: Minutes, events: Array, straying: Array | float) -> Array:
        some = np.maximum(events, 1)
        bound = wilson_bound(sliding(counted.numerator, minutes), some, z * np.sqrt(1 + straying / 4 / (variance * some)))
        return np.asarray((events >= proof.min_events) & warning.holds(bound))

    def test(minutes: Minutes) -> Array:
        found = shows(minutes, counted.due(minutes), counted.straying(minutes))
        return found if counted.ended is None else found | shows(minutes, sliding(counted.ended, minutes), 0)

    return test


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


def prove(counted: Counted, proof: Proof, warning: Range, minutes: int, beyond: Array) -> Proven:
    """Look for a stretch that proves the warning.

    The rule's own span if it can; else the longest shorter stretch, since a sudden failure is diluted by the good
    minutes before it; else, where the span has too few events to prove anything, the shortest longer one that has enough.
    """
    usual = _stretch(counted, proof, minutes, _excludes(counted, warning, proof, proof.confidence))
    if not usual.any():  # what is not shown at the least confidence is not at a higher one
        return Proven(usual, usual > 0)
    sudden, certain = (
        _stretch(counted, proof, minutes, _excludes(counted, warning, proof, confidence))
        for confidence in (proof.sudden, proof.certain)
    )
    return Proven(np.where(beyond, usual, sudden), certain > 0)


def _stretch(counted: Counted, proof: Proof, minutes: int, excludes: Excludes) -> Array:
    short = np.arange(1, minutes + 1)[:, np.newaxis]
    proving = np.asarray(np.max(short * excludes(short), axis=0))
    searching = (proving == 0) & (counted.settled(minutes) < proof.min_events)
    wide = np.arange(minutes + 1, proof.widen // timedelta(minutes=1) + 1)[:, np.newaxis]
    if searching.any() and len(wide):
        enough = counted.settled(wide) >= proof.min_events
        first = enough.argmax(axis=0)  # 0 also where none has enough, and then it excludes nothing
        shown = np.take_along_axis(excludes(wide), first[np.newaxis], axis=0)[0]
        proving = np.where(searching & shown, wide[first, 0], proving)
    return proving


def prove_slow(slow: Array, requests: Array, proof: Slow, minutes: int) -> Proven:
    """Look for a stretch with more slow requests among all than chance explains: the whole span, else the longest shorter one.

    A slow request is logged at once and counted up to a minute later. So those of the newest window wait, and the rest
    are held against the requests of their own windows, or of those one later, whichever are more.
    """
    proving = np.zeros(len(slow), dtype="int64")
    certain = np.zeros(len(slow), dtype=bool)
    for stretch in range(2, max(minutes, 2) + 1):
        counted = sliding(slow, stretch) - slow
        among = np.maximum(sliding(requests, stretch) - requests, sliding(requests, stretch - 1))
        chance = _tails(counted, among, proof.min_share.bound)
        enough = counted >= proof.min_count
        proving[enough & (chance < proof.chance)] = stretch
        certain |= enough & (chance < proof.certain)
    return Proven(proving, certain)


def _tails(least: Array, tries: Array, chance: float) -> Array:
    """Give `binomial_tail` for each window; 1 where there are no more hits than such a chance lets expect, or than tries."""
    found = np.ones(len(least))
    for at in np.flatnonzero((least > tries * chance) & (least <= tries)):
        found[at] = binomial_tail(int(least[at]), int(tries[at]), chance)
    return found


def binomial_tail(least: int, tries: int, chance: float) -> float:
    """Give how probable `least` or more hits are in so many tries with that chance each.

    >>> round(binomial_tail(1, 2, 0.5), 2)
    0.75
    """
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
