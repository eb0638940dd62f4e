"""What few observations show: delays of which some were not seen to end, and counts of rare events."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, lgamma, log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True, slots=True)
class Delay:
    """How long something took; one that was not seen to end took longer than was looked."""

    minutes: float
    seen: bool = True


def quantile(delays: Iterable[Delay], share: float) -> float:
    """Give the Kaplan-Meier quantile: those not seen to end count for as long as they were looked at. Not reached: inf."""
    ordered = sorted(delays, key=lambda delay: (delay.minutes, not delay.seen))
    waiting, left = 1.0, len(ordered)
    for delay in ordered:
        if delay.seen:
            waiting *= 1 - 1 / left
            if waiting <= 1 - share + 1e-9:
                return delay.minutes
        left -= 1
    return inf


def interval(count: int, exposure: float) -> tuple[float, float]:
    """Give the exact 95 % interval of a rate at which `count` independent events came in so much exposure."""
    if not exposure:
        return 0.0, inf
    low = _solve(lambda mean: poisson_tail(count, mean) < 0.025, count) if count else 0.0
    high = _solve(lambda mean: 1 - poisson_tail(count + 1, mean) > 0.025, count + 10)
    return low / exposure, high / exposure


def poisson_tail(least: int, mean: float) -> float:
    """Give the chance of at least so many events where `mean` are expected."""
    if mean <= 0:
        return 0.0 if least else 1.0
    return max(1 - sum(exp(count * log(mean) - mean - lgamma(count + 1)) for count in range(least)), 0.0)


def _solve(below: Callable[[float], bool], guess: float) -> float:
    """Give the mean at which `below` ceases to hold."""
    low, high = 0.0, max(2.0 * guess, 1.0)
    while below(high):
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return high
