"""Whether one of two groups fails more often than the other, by a test that may be looked at after every window.

What it guarantees: docs/decisions/0010.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from logwatch.judge.significance import Array

ALTERNATIVES = np.log([2.0, 4.0, 8.0, 16.0, 32.0])
"""Odds ratios that are each given the same weight: how much worse the one may be."""
MOST = 20_000
"""Events of a window beyond which its counts are scaled down, which takes evidence away and never adds any."""


def log_evidence(failed: Array, events: Array, other_failed: Array, other_events: Array) -> Array:
    """Give for each alternative a row: the logarithm of each window's likelihood ratio against "both fail alike".

    Both may fail as often as they like, and otherwise in every window: given how many failed in all, who they are is a draw
    without replacement. So the ratio's expectation is exactly 1 in each window while neither is worse than the other. A
    window in which nothing, or everything, failed says nothing; nor does one that is unknown.
    """
    found = np.zeros((len(ALTERNATIVES), len(failed)))
    known = np.isfinite(failed + events + other_failed + other_events)
    tells = known & (events > 0) & (other_events > 0) & (failed + other_failed > 0)
    for at in np.flatnonzero(tells):
        found[:, at] = _window(failed[at], events[at], other_failed[at], other_events[at])
    return found


def _window(failed: float, events: float, other_failed: float, other_events: float) -> Array:
    scale = max((events + other_events) / MOST, 1.0)
    one, other = int(events / scale), int(other_events / scale)
    hits = min(int(failed / scale), one)  # an event and its end may be counted in two windows
    misses = min(int(other_failed / scale), other)
    total = hits + misses
    possible = np.arange(max(total - other, 0), min(total, one) + 1)
    weight = _log_ways(one, possible) + _log_ways(other, total - possible)
    raised = weight + ALTERNATIVES[:, None] * possible
    return np.asarray(ALTERNATIVES * hits + np.logaddexp.reduce(weight) - np.logaddexp.reduce(raised, axis=1))


def _log_ways(size: int, chosen: Array) -> Array:
    table = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, size + 1)))])
    return np.asarray(table[size] - table[chosen] - table[size - chosen])


def gather(evidence: Array, together: Array, reach: int) -> tuple[Array, Array]:
    """Give at each window the sum of the evidence of all stretches that end there, and the stretch that has most of it.

    The Shiryaev-Roberts statistic, of stretches of `reach` windows at the most: minus the number of windows looked at it is
    a martingale while nobody is worse, so that it takes that many windows on average until it reaches a limit by chance.
    Only windows in which both are alive begin a stretch.
    """
    sums = np.concatenate([np.zeros((len(evidence), 1)), evidence.cumsum(axis=1)], axis=1)
    size = evidence.shape[1]
    total, best, stretch = np.zeros(size), np.zeros(size), np.ones(size, dtype="int64")
    for minutes in range(1, min(reach, size) + 1):
        found = np.zeros(size)
        found[minutes - 1 :] = np.exp(np.minimum(sums[:, minutes:] - sums[:, :-minutes], 700)).mean(axis=0)
        found[minutes - 1 :] *= together[: size - minutes + 1]
        total += found
        stretch = np.where(found > best, minutes, stretch)
        best = np.maximum(best, found)
    return total, stretch
