"""When a service was last heard of, by any line: what tells a silent summary from a silent service."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from logwatch.collect.json_lines import decode_all
from logwatch.spans import Span, to_datetime, to_nanoseconds

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from logwatch.collect.interface import Source

AHEAD = timedelta(hours=1)
"""How far beyond a dead stretch to look at once: a service that is gone seldom comes back within minutes."""


def gather_times(lines: Iterable[bytes], service: str | None) -> array[int]:
    """Give the times of all entries of a service, in order, nanoseconds since 1970."""
    return array("q", sorted(entry.timestamp for entry in decode_all(lines, service)))


def latest(times: array[int], span: Span) -> datetime | None:
    """Give the last of the times that lies in the span."""
    at = bisect_left(times, to_nanoseconds(span.end))
    return to_datetime(times[at - 1]) if at and times[at - 1] >= to_nanoseconds(span.start) else None


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
