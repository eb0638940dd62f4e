"""When a service was last heard of, by any line: what tells a silent summary from a silent service."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logwatch.collect.interface import Signs
from logwatch.collect.json_lines import decode_all
from logwatch.spans import NS, Span, to_datetime, to_nanoseconds

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from logwatch.collect.interface import PlatformFigures, Source


def gather_times(lines: Iterable[bytes], service: str | None) -> array[int]:
    """Give the times of all entries of a service, in order, nanoseconds since 1970."""
    return array("q", sorted(entry.timestamp for entry in decode_all(lines, service)))


def latest(times: array[int], span: Span) -> datetime | None:
    """Give the last of the times that lies in the span."""
    at = bisect_left(times, to_nanoseconds(span.end))
    return to_datetime(times[at - 1]) if at and times[at - 1] >= to_nanoseconds(span.start) else None


def minutes_of(times: array[int], span: Span) -> frozenset[int]:
    """Give the minutes since 1970 of those times that lie in the span."""
    first, end = (bisect_left(times, to_nanoseconds(moment)) for moment in span)
    return frozenset(time // (60 * NS) for time in times[first:end])


@dataclass(slots=True)
class SignsOfLife:
    """Asks the platform's own figures whether a service lives, and its lines where those say nothing."""

    source: Source
    service: str | None
    platform: PlatformFigures | None = None

    def signs(self, span: Span) -> Signs:
        """Give what shows life in a span. Raises SourceError."""
        figures = self.platform.read(span) if self.platform else Signs()
        return figures._replace(lines=self.source.seen_minutes(span, service=self.service))

    def ever(self, span: Span) -> bool:
        """Tell whether anything was logged in a span. Raises SourceError."""
        return self.source.last_seen(span, service=self.service) is not None
