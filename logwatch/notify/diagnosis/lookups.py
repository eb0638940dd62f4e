"""Where evidence is looked up: in Cloud Logging within a budget, or in a recording that is all there."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from logwatch.count.windows import aggregate
from logwatch.errors import SourceError
from logwatch.notify.diagnosis.findings import Missed
from logwatch.spans import WINDOW, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from logwatch.collect.columns import Reading
    from logwatch.collect.interface import Answer, SearchResult, Source
    from logwatch.collect.recent_entries import Recent
    from logwatch.count.windows import Windows

LOG = logging.getLogger("logwatch.evidence")
MOST_LINES = 1000
"""Log lines that a search brings: one page."""
LATEST = timedelta(hours=2)
"""What is read at once: an incident's first hour, the hour before it, and its chart."""


@dataclass(slots=True)
class RecordedArchive:
    """A reading that is all there, and the source that it came from."""

    reading: Reading
    source: Source
    service: str | None
    answers: Mapping[str, Answer] = field(default_factory=dict)
    _held: Windows | None = None

    def windows(self, span: Span) -> Windows:
        """Give the windows of the span, out of all, which are made when they are first asked for."""
        self._held = self._held or aggregate(self.reading)
        return self._held.within(span)

    def search(self, text: str, span: Span) -> SearchResult:
        """Give the log lines that hold a text."""
        return self.source.search(text, span, service=self.service, most=MOST_LINES)


@dataclass(slots=True)
class Budget:
    """So many look-ups, until a time."""

    lookups: int
    until: datetime
    clock: Callable[[], datetime]
    spent: int = 0

    def spend(self) -> None:
        """Take one look-up; raises SourceError where none is left."""
        if self.spent >= self.lookups or self.clock() >= self.until:
            raise SourceError(Missed.OUT_OF_BUDGET)
        self.spent += 1


@dataclass(slots=True)
class LiveArchive:
    """Cloud Logging, read anew and no more than once for each stretch; what was measured is in the state."""

    source: Source
    service: str | None
    until: datetime
    """End of the last window."""
    recent: Recent
    answers: Mapping[str, Answer]
    budget: Budget
    grace: timedelta
    _held: list[Windows] = field(default_factory=list)
    _failed: dict[Span, SourceError] = field(default_factory=dict)
    _found: dict[tuple[str, Span], SearchResult] = field(default_factory=dict)

    def windows(self, span: Span) -> Windows:
        """Give windows that reach over the span; raises SourceError, for the same span without asking again."""
        latest = Span(self.until - LATEST, self.until)
        wanted = latest if _covers(latest, span) else span
        held = next((windows for windows in self._held if _covers(windows.span, wanted)), None)
        if held is None:
            held = self._read(wanted)
            self._held.append(held)
        return held

    def _read(self, span: Span) -> Windows:
        if span in self._failed:
            raise self._failed[span]
        try:
            self.budget.spend()
            wide = span.widen(timedelta(), WINDOW)
            reading = self.source.read(wide, service=self.service, progress=lambda *_: None, meanwhile=lambda: None)
        except SourceError as error:
            self._failed[span] = error
            LOG.debug("looked up", extra={"details": {"span": span, "error": str(error)}})
            raise
        LOG.debug("looked up", extra={"details": {"span": span, "entries": reading.entries}})
        for time, series, value in self.recent.gauges:
            reading.add_gauge(self.recent.names[series], time, value)
        return aggregate(reading, span=span, grace=self.grace)

    def search(self, text: str, span: Span) -> SearchResult:
        """Give the log lines that hold a text; raises SourceError."""
        if (text, span) not in self._found:
            self.budget.spend()
            found = self.source.search(text, span, service=self.service, most=MOST_LINES)
            self._found[text, span] = found
            details = {"text": text, "span": span, "lines": len(found.lines), "complete": found.complete}
            LOG.debug("searched", extra={"details": details})
        return self._found[text, span]


def _covers(wide: Span, span: Span) -> bool:
    return wide.start <= span.start and span.end <= wide.end
