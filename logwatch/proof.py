"""Whether figures prove a warning, or chance and delay may have made them.

What is asked for, and why: docs/decisions/0001-what-counts-as-proof.md.
"""

from collections.abc import Callable
from datetime import timedelta
from statistics import NormalDist
from typing import Any

import numpy as np

from logwatch.ranges import Range
from logwatch.rules import Proof

Array = np.ndarray[Any, Any]


def sliding(values: Array, minutes: int) -> Array:
    """Add up each window and those before it, `minutes` in all."""
    sums = np.concatenate([np.zeros(1), np.cumsum(values, dtype="float64")])
    start = np.maximum(np.arange(1, len(values) + 1) - minutes, 0)
    return np.asarray(sums[1:] - sums[start])


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

    def settled(self, minutes: int) -> Array:
        """Events of the denominator that have had the time, or are known, to come to an end.

        The smaller of this stretch's and of the same stretch `lag` earlier: on a rising edge the newest have not
        ended yet, on a falling edge the numerator still has guests from before. Those known to have ended count anyway.
        """
        events = sliding(self.denominator, minutes)
        if self.lag:
            earlier = np.concatenate([np.zeros(self.lag), events])[: len(events)]
            events = np.minimum(events, earlier)
        if self.ended is not None:
            events = np.maximum(events, sliding(self.ended, minutes))
        return events

    def most(self, minutes: int) -> Array:
        """More events than the numerator can honestly have come from: one window and the lag further back."""
        return sliding(self.denominator, minutes + self.lag + 1)


Excludes = Callable[[Array, Array], Array]


def _excludes(warning: Range, proof: Proof, confidence: float) -> Excludes:
    """Give the test whether so many of so many show the true share to lie beyond the warning bound."""
    z = NormalDist().inv_cdf(confidence)
    side = 1 if warning.direction[0] == "<" else -1

    def test(numerator: Array, events: Array) -> Array:
        enough = events >= proof.min_events
        bound = wilson_bound(numerator, np.maximum(events, 1), z * side)
        return np.asarray(enough & warning.holds(bound))

    return test


def wilson_bound(numerator: Any, events: Any, z: float) -> Any:  # noqa: ANN401 - numbers or arrays of them
    """Give the Wilson score bound of a share: the upper one for a positive z, the lower one for a negative z."""
    share = np.minimum(np.asarray(numerator) / np.asarray(events), 1.0)
    centre = share + z * z / (2 * events)
    reach = z * np.sqrt(share * (1 - share) / events + z * z / (4 * events * events))
    return (centre + reach) / (1 + z * z / events)


def proving_stretch(counted: Counted, proof: Proof, warning: Range, minutes: int, beyond: Array) -> Array:
    """Give the minutes of the stretch, ending with each window, that proves the warning; 0 where none does.

    The rule's own span if it can; else the longest shorter stretch, since a sudden failure is diluted by the good
    minutes before it; else, where the span has too few events to prove anything, the shortest longer one that has enough.
    """
    usual = _stretch(counted, proof, minutes, _excludes(warning, proof, proof.confidence))
    sudden = _stretch(counted, proof, minutes, _excludes(warning, proof, proof.sudden))
    return np.where(beyond, usual, sudden)


def _stretch(counted: Counted, proof: Proof, minutes: int, excludes: Excludes) -> Array:
    proving = np.zeros(len(counted.numerator), dtype="int64")
    for stretch in range(1, minutes + 1):
        settled = counted.settled(stretch)
        proving[excludes(counted.sums(stretch)[0], settled)] = stretch
    searching = (proving == 0) & (counted.settled(minutes) < proof.min_events)
    for stretch in range(minutes + 1, proof.widen // timedelta(minutes=1) + 1):
        if not searching.any():
            break
        settled = counted.settled(stretch)
        proving[searching & excludes(counted.sums(stretch)[0], settled)] = stretch
        searching &= settled < proof.min_events
    return proving


def binomial_tail(least: int, tries: int, chance: float) -> float:
    """Give how probable `least` or more hits are in so many tries with that chance each.

    >>> round(binomial_tail(1, 2, 0.5), 2)
    0.75
    """
    exactly = (1 - chance) ** tries
    below = 0.0
    for hits in range(least):
        below += exactly
        exactly *= (tries - hits) / (hits + 1) * chance / (1 - chance)
    return max(1 - below, 0.0)
