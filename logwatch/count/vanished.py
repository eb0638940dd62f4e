"""Windows in which the counters are unknown that may have been counted under another name."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from math import nan
from typing import TYPE_CHECKING

import numpy as np

from logwatch.collect.parse import VANISHED_COUNTERS, parse_series
from logwatch.count.census import Census, Knows, count_steady, count_window
from logwatch.count.windows import from_minute, to_minute, with_gauge
from logwatch.spans import Span

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from logwatch.count.tables import Array
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
    keys = _Keys(found, range(first, to_minute(span.end)), knows)
    vanished: dict[int, float] = {}
    at = 0
    while at < len(keys.minutes):
        minute, taken = keys.minutes[at], 0
        if census.is_steady(minute, knows) and (stretch := keys.until_odd(at, census.strangers)):
            came, heard = keys.came(stretch), bool(census.carried)
            census, taken = count_steady(census, stretch, came)
            begun = minute if heard else min((seen[0] for seen in came.values()), default=stretch[-1] + 1)
            vanished |= dict.fromkeys((each for each in stretch[:taken] if each >= begun), 0.0)
        if not taken:
            census, taken = keys.count(census, minute), 1
            if census.carried:  # of one that has seen no counter, nobody can tell what is gone
                vanished[minute] = float(len(census.vanished))
        at += taken
    doubts = {(minute, key) for key, minutes in census.doubts.items() for minute in minutes}
    if doubts:
        summarised = set(windows.summaries["minute"].tolist())
        doubts -= set(windows.counters.rows("minute", "series"))
        doubts = {(minute, key) for minute, key in doubts if minute in summarised}
    counted = with_gauge(_unknown(windows, sorted(doubts)), VANISHED_COUNTERS, vanished)
    return Censused(counted, replace(census, to=to_minute(span.end)))


class _Keys:
    """The keys of some windows, as the census asks for them."""

    def __init__(self, windows: Windows, inside: range, knows: Knows) -> None:
        """Sort them by what the rules know of them; only minutes from the first `inside` on are looked at."""
        self._table, self._unread, self._knows = windows.counters, windows.unread, knows
        self._minute, self._code = self._table["minute"], self._table["series"]
        minutes = {*windows.summaries["minute"].tolist(), *np.unique(self._minute).tolist()}
        self.minutes = sorted(each for each in minutes | windows.unread.intersection(inside) if each >= inside.start)
        names = [parse_series(key).name for key in self._table.names["series"]]
        self._read = np.array([knows.read(name) for name in names], bool)
        self._strange = {code: name for code, name in enumerate(names) if not knows.known(name)}
        self._odd: dict[frozenset[str], Array] = {}

    def until_odd(self, at: int, strangers: Collection[str]) -> list[int]:
        """Give the minutes from a place on before one with a key that is new, or something that cannot be read."""
        known = frozenset(strangers)
        if known not in self._odd:
            new = [code for code, name in self._strange.items() if name not in known]
            rows = np.isin(self._code, new) | (self._read[self._code] & np.isnan(self._table["value"]))
            self._odd = {known: np.unique([*self._minute[rows].tolist(), *self._unread, self.minutes[-1] + 1])}
        odd = self._odd[known]
        end = int(odd[np.searchsorted(odd, self.minutes[at])])
        return self.minutes[at : bisect_left(self.minutes, end)]

    def came(self, minutes: Sequence[int]) -> dict[str, list[int]]:
        """Give the minutes of a stretch in which each counter came that rules read."""
        rows = slice(*np.searchsorted(self._minute, [minutes[0], minutes[-1] + 1]))
        codes, minute = self._code[rows], self._minute[rows]
        order = codes.argsort(kind="stable")
        found, begin = np.unique(codes[order], return_index=True)
        parts = zip(found.tolist(), np.split(minute[order], begin[1:]), strict=True)
        names = self._table.names["series"]
        return {names[code]: part.tolist() for code, part in parts if self._read[code]}

    def count(self, census: Census, minute: int) -> Census:
        """Take a single window."""
        values = dict(self._table.between(minute, minute).rows("series", "value"))
        return count_window(census, minute, values, unread=minute in self._unread, knows=self._knows)


def _unknown(windows: Windows, doubted: list[tuple[int, str]]) -> Windows:
    """Make counters unknown in windows that do not have them."""
    if not doubted:
        return windows
    minutes, keys = zip(*doubted, strict=True)
    more = {"minute": minutes, "series": keys, "value": [nan] * len(doubted)}
    return replace(windows, counters=windows.counters.joined(more))
