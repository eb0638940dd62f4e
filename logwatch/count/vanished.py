"""Windows in which the counters are unknown that may have been counted under another name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import nan
from typing import TYPE_CHECKING

from logwatch.collect.parse import VANISHED_COUNTERS
from logwatch.count.census import Census, Knows, count_window
from logwatch.count.windows import from_minute, to_minute, with_gauge
from logwatch.spans import Span

if TYPE_CHECKING:
    from logwatch.count.windows import Windows


@dataclass(frozen=True, slots=True)
class Censused:
    """Windows whose doubtful counters are unknown, and what a later look goes on from."""

    windows: Windows
    census: Census


def take_census(windows: Windows, span: Span, census: Census, knows: Knows) -> Censused:
    """Look at the windows of a span, going on from a census; those before it serve where there is none yet."""
    first = to_minute(windows.span.start) if census.to is None else census.to
    found = windows.within(Span(from_minute(first), span.end)) if from_minute(first) < span.end else windows
    values: dict[int, dict[str, float]] = {minute: {} for minute in found.summaries["minute"].tolist()}
    table = found.counters
    for minute, key, value in table.rows("minute", "series", "value"):
        values.setdefault(minute, {})[key] = value
    vanished: dict[int, float] = {}
    for minute in sorted({*values, *(each for each in windows.unread if first <= each < to_minute(span.end))}):
        if minute >= first:
            unread = minute in windows.unread
            census = count_window(census, minute, values.get(minute, {}), unread=unread, knows=knows)
            if census.carried:  # of one that has seen no counter, nobody can tell what is gone
                vanished[minute] = float(len(census.vanished))
    there = set(windows.counters.rows("minute", "series"))
    summarised = set(windows.summaries["minute"].tolist())
    doubts = {(at, key) for key, minutes in census.doubts.items() for at in minutes if at in summarised}
    counted = with_gauge(_unknown(windows, sorted(doubts - there)), VANISHED_COUNTERS, vanished)
    return Censused(counted, replace(census, to=to_minute(span.end)))


def _unknown(windows: Windows, doubted: list[tuple[int, str]]) -> Windows:
    """Make counters unknown in windows that do not have them."""
    if not doubted:
        return windows
    minutes, keys = zip(*doubted, strict=True)
    more = {"minute": minutes, "series": keys, "value": [nan] * len(doubted)}
    return replace(windows, counters=windows.counters.joined(more))
