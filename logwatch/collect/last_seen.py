"""When a service was last heard of, by any line: what tells a silent summary from a silent service."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING

from logwatch.collect.json_lines import decode_all
from logwatch.spans import Span, to_datetime, to_nanoseconds

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


def gather_times(lines: Iterable[bytes], service: str | None) -> array[int]:
    """Give the times of all entries of a service, in order, nanoseconds since 1970."""
    return array("q", sorted(entry.timestamp for entry in decode_all(lines, service)))


def latest(times: array[int], span: Span) -> datetime | None:
    """Give the last of the times that lies in the span."""
    at = bisect_left(times, to_nanoseconds(span.end))
    return to_datetime(times[at - 1]) if at and times[at - 1] >= to_nanoseconds(span.start) else None
