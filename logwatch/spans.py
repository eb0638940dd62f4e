"""Moments, spans and the sixty-second window, in UTC."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple, overload

NS = 1_000_000_000
"""Nanoseconds in a second: entries carry nanoseconds, and their order within a millisecond matters."""


WINDOW = timedelta(seconds=60)
"""The length of a window."""
RHYTHM_TOLERANCE_S = 5
"""How far two summaries of an instance may be from a whole number of minutes apart before it is reported."""
LONGEST_GAP = 10
"""Minutes without a summary after which an instance's rhythm is forgotten."""


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Span(NamedTuple):
    """A half-open stretch of time `[start, end)` in aware UTC."""

    start: datetime
    end: datetime

    @property
    def days(self) -> float:
        """The length in days."""
        return (self.end - self.start) / timedelta(days=1)

    def widen(self, before: timedelta, after: timedelta) -> "Span":
        """Give the span with `before` more at its start and `after` more at its end."""
        return Span(self.start - before, self.end + after)


def floor_minute(moment: datetime) -> datetime:
    """Give the start of the minute that a time lies in."""
    return moment.replace(second=0, microsecond=0)


@overload
def rfc3339(moment: datetime) -> str: ...
@overload
def rfc3339(moment: None) -> None: ...
def rfc3339(moment: datetime | None) -> str | None:
    """Write a UTC time for other programs."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None


def to_nanoseconds(moment: datetime) -> int:
    """Give the nanoseconds since 1970 of an aware time."""
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


def to_datetime(nanoseconds: int) -> datetime:
    """Give the aware UTC time, cut to microseconds."""
    return EPOCH + timedelta(microseconds=nanoseconds // 1000)
