"""What an exporter of metrics must do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logwatch.publish.points import Metric, Point


@dataclass(frozen=True, slots=True)
class Refused:
    """A point that was not taken, and why."""

    point: Point
    reason: str
    again: bool
    """Whether it may be taken later."""


class Exporter(Protocol):
    """Where metrics go."""

    metrics: Sequence[Metric]
    """Every metric that it is ever given points of."""

    def ending(self, left_s: float) -> Exporter:
        """Give the same exporter for so many seconds from now: after that it calls nobody."""
        ...

    def ensure_descriptors(self, tell: Callable[[str], None]) -> int | None:
        """Make the descriptors that are missing; gives how many, None where they must not be made.

        Raises ExportError where it is worth another try.
        """
        ...

    def publish(self, points: Sequence[Point]) -> list[Refused]:
        """Write points, in order of time; gives those that were refused and never raises for them.

        Points of one series must be at least 5 s apart. Raises ExportError where nothing can be written at all.
        """
        ...
