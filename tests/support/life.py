"""Services that always live, or never."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from logwatch.collect.interface import Signs
from logwatch.spans import EPOCH, WINDOW

if TYPE_CHECKING:
    from logwatch.spans import Span


@dataclass(frozen=True)
class SteadyLife:
    """A line in every minute, or none ever."""

    alive: bool

    def signs(self, span: Span) -> Signs:
        first, end = ((moment - EPOCH) // WINDOW for moment in span)
        return Signs(frozenset(range(first, end) if self.alive else ()))

    def ever(self, span: Span) -> bool:
        del span
        return self.alive


ALIVE, DEAD = SteadyLife(alive=True), SteadyLife(alive=False)
