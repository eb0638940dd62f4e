"""Counts a minute that come one by one, with a success share that holds or falls; each told by its seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

RATES = (0.2, 1.0, 4.0, 15.0)
"""Events a minute."""
HEALTHY = 0.95
"""Success share of a healthy shop."""
STEADY = (HEALTHY, 0.80, 0.75, 0.70, 0.60)
"""Success shares that a week is spent at: normal, and from the one bound to the other."""
FALLS = (0.0, 0.30, 0.45)
"""What the success share falls to."""
HOUR = 60
WEEK = 7 * 24 * HOUR
LOOKED = {0.2: 8 * HOUR, 1.0: 4 * HOUR, 4.0: 2 * HOUR, 15.0: 2 * HOUR}
"""For how long it is watched whether a fall is told, and for how long whether its end is, by events a minute."""
GOES_ON = 15
"""Minutes for which an incident goes on after it was told."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Events and successes of each minute."""

    attempts: Array
    successes: Array


def draw(seed: tuple[int, ...], rate: float, shares: Array) -> Counts:
    """Draw a number of events for each minute, and how many of them succeed; a longer course begins like a shorter one."""
    events, luck = (np.random.default_rng([*seed, stream]) for stream in range(2))
    attempts = events.poisson(rate, len(shares))
    # each event's own number decides, so that what came before a change is the same whatever it changes to
    ends = attempts.cumsum()
    succeeded = luck.random(int(ends[-1])) < np.repeat(shares, attempts)
    before = np.concatenate([[0], succeeded.cumsum()])
    return Counts(attempts, before[ends] - before[ends - attempts])


def steady(seed: tuple[int, ...], rate: float, share: float, minutes: int) -> Counts:
    """Draw a healthy hour, and then so many minutes at one success share."""
    return draw(seed, rate, np.repeat([HEALTHY, share], [HOUR, minutes]))


def fall(seed: tuple[int, ...], rate: float, share: float, lasts: int, after: int) -> Counts:
    """Draw a healthy hour, minutes at another success share, and minutes after them that are healthy again."""
    return draw(seed, rate, np.repeat([HEALTHY, share, HEALTHY], [HOUR, lasts, after]))


def percent(share: float) -> str:
    """Write a share."""
    return f"{share * 100:.0f} %"
