"""The stored entries, and the sorted matches of each query."""

import re
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from logwatch.collect.timestamps import parse_timestamp
from tests.support.local_google.fields import nanoseconds
from tests.support.local_google.filters import compile_filter
from tests.support.local_google.messages import ListLogEntriesResponse

SortKey = tuple[int, str, str, int]
"""Timestamp in ns (negative when descending), insert_id, log_name, number of arrival. The first three are identity."""

_KEPT_QUERIES = 64


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry, with what queries ask for most."""

    message: Any
    """The raw LogEntry."""
    wire: bytes
    """A serialized response that holds just this entry: strung together, such responses are a page."""
    log_name: str
    insert_id: str
    timestamp: int
    """Nanoseconds since 1970."""
    visible_at: int
    """When queries begin to see the entry: its receive_timestamp, nanoseconds since 1970."""
    number: int
    """Counts arrivals from 0."""

    def sort_key(self, *, descending: bool) -> SortKey:
        """Give the place in a result; equal timestamps go by insert_id in either direction."""
        return (-self.timestamp if descending else self.timestamp, self.insert_id, self.log_name, self.number)


@dataclass(frozen=True, slots=True)
class Query:
    """What selects and sorts entries; the projects are the parents whose entries may be seen."""

    projects: tuple[str, ...]
    filter: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a result."""

    entries: list[StoredEntry]
    last: SortKey | None
    """Where the next piece goes on; None at the very beginning of a result."""
    more: bool


@dataclass(frozen=True, slots=True)
class Result:
    """All matches of a query in order, seen or not yet seen."""

    keys: list[SortKey]
    entries: list[StoredEntry]

    def piece(self, after: SortKey | None, size: int, *, now: int | None, duplicates: bool) -> Piece:
        """Give up to `size` entries behind `after` that are visible at `now`, nanoseconds; None sees all.

        An entry that becomes visible behind the cursor is missed, as a walk over the real service may miss it.
        """
        taken: list[StoredEntry] = []
        last = after
        start = 0 if after is None else bisect_right(self.keys, after)
        for at in range(start, len(self.keys)):
            key, entry = self.keys[at], self.entries[at]
            if now is not None and entry.visible_at > now:
                continue
            if not duplicates and last is not None and key[:3] == last[:3]:
                continue
            if len(taken) == size:
                return Piece(taken, last, more=True)
            taken.append(entry)
            last = key
        return Piece(taken, last, more=False)


class LogStore:
    """Entries that tests add at any time. The matches of a query are computed once, until entries are added."""

    def __init__(self) -> None:
        """Start without entries."""
        self._entries: list[StoredEntry] = []
        self._by_time: list[StoredEntry] = []
        self._times: list[int] = []
        """Of `_by_time`."""
        self._results: dict[Query, Result] = {}
        self._lock = threading.Lock()

    def add(self, messages: Iterable[Any]) -> None:
        """Store raw LogEntry messages; later changes to a message are not seen in answers."""
        with self._lock:
            for message in messages:
                self._entries.append(_store(message, len(self._entries)))
            self._results.clear()

    def find(self, query: Query) -> Result:
        """Give the matches of a query in order. Raises FilterError."""
        with self._lock:
            if query not in self._results:
                if len(self._results) >= _KEPT_QUERIES:
                    self._results.clear()
                self._results[query] = self._search(query)
            return self._results[query]

    def _search(self, query: Query) -> Result:
        matches = compile_filter(query.filter)
        parents = tuple(f"projects/{project}/" for project in query.projects)
        found = [
            entry
            for entry in self._between(*_bounds(query.filter))
            if entry.log_name.startswith(parents) and matches(entry.message)
        ]
        ordered = sorted((entry.sort_key(descending=query.descending), entry) for entry in found)
        return Result([key for key, _ in ordered], [entry for _, entry in ordered])

    def _between(self, first: int, last: int) -> list[StoredEntry]:
        """Give the entries of a stretch of time, as an index would; the filter itself is still asked about each."""
        if len(self._times) != len(self._entries):
            self._by_time = sorted(self._entries, key=lambda entry: (entry.timestamp, entry.number))
            self._times = [entry.timestamp for entry in self._by_time]
        return self._by_time[bisect_left(self._times, first) : bisect_right(self._times, last)]


_BOUND = re.compile(r'^timestamp(>=|<)"([^"]+)"$', re.MULTILINE)


def _bounds(text: str) -> tuple[int, int]:
    """Give the times, in ns and both included, outside of which no entry can match; as wide as can be where in doubt.

    A line by itself is a condition for all, unless a parenthesis or a word such as OR or NOT reaches over it.
    """
    lines = text.splitlines()
    whole = all(line.count("(") == line.count(")") for line in lines)
    alone = not any(re.match(r"(OR|AND|NOT)\b", line) or re.search(r"\b(OR|AND|NOT)$", line) for line in lines)
    first, last = -(1 << 63), 1 << 63
    for sign, time in _BOUND.findall(text) if whole and alone else ():
        try:
            bound = parse_timestamp(time)
        except ValueError:  # another form, which the filter itself understands
            continue
        first, last = (max(first, bound), last) if sign == ">=" else (first, min(last, bound))
    return first, last


def _store(message: Any, number: int) -> StoredEntry:
    return StoredEntry(
        message=message,
        wire=ListLogEntriesResponse(entries=[message]).SerializeToString(),
        log_name=message.log_name,
        insert_id=message.insert_id,
        timestamp=nanoseconds(message.timestamp),
        visible_at=nanoseconds(message.receive_timestamp),
        number=number,
    )
