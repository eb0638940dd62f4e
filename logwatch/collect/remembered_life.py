"""Signs of life in the past, each asked for once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from logwatch.collect.interface import Source
    from logwatch.spans import Span

AHEAD = timedelta(hours=1)
"""How far beyond a dead stretch to look at once: a service that is gone seldom comes back within minutes."""


@dataclass(slots=True)
class RememberedLife:
    """Asks a source when it was last heard of, and not again for what an answer has told already.

    A look back at a silent hour asks for every one of its minutes, and each question costs a read of the quota.
    """

    source: Source
    service: str | None
    _seen: datetime | None = None
    _dead: Span | None = None
    """A stretch without any line."""

    def __call__(self, span: Span) -> bool:
        """Tell whether anything was logged in the span."""
        if self._seen and span.start <= self._seen < span.end:
            return True
        if self._dead and self._dead.start <= span.start and span.end <= self._dead.end:
            return False
        seen = self.source.last_seen(span, service=self.service)
        if seen is None:
            ahead = span.widen(timedelta(), AHEAD)
            self._dead = span if self.source.last_seen(ahead, service=self.service) else ahead
        self._seen = seen or self._seen
        return seen is not None
