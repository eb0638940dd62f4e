"""What one run did: the line that it leaves in its own log."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from logwatch.languages import COMMON
from logwatch.ui.findings import finding_texts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from logwatch.collect.columns import Reading
    from logwatch.errors import LogwatchError
    from logwatch.pipeline.tick import Ticked


@dataclass(slots=True)
class RunSummary:
    """Counts and times of one run, filled as it goes."""

    begun: datetime
    owner: str
    target: str = ""
    """Which of several targets it was."""
    outcome: str = ""
    """Why there was nothing to do, or nothing could be done; empty where something was."""
    windows: int = 0
    """Closed windows that were judged."""
    entries: int = 0
    new_entries: int = 0
    """Summaries and slow requests that no earlier run had read."""
    late_entries: int = 0
    unparsed: dict[str, int] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    """What reading came upon, and what mends it."""
    levels: dict[str, int] = field(default_factory=dict)
    """Verdicts of the last window by level."""
    transitions: list[str] = field(default_factory=list)
    suppressed: int = 0
    notifications: int = 0
    """New messages put into the outbox."""
    lookups: int = 0
    """Reads and searches for evidence."""
    sent: int = 0
    retried: int = 0
    failed: list[str] = field(default_factory=list)
    waiting: int = 0
    """Messages that are not through on every channel."""
    points: int = 0
    refused: list[str] = field(default_factory=list)
    points_waiting: int = 0
    lag_s: float | None = None
    """From the end of the last judged window to this run."""
    took_s: float = 0.0
    """All of it: from the start of its process to its end, without the wait for the second at which runs look."""
    steps_ms: dict[str, int] = field(default_factory=dict)
    news: list[str] = field(default_factory=list)
    """What was out of the ordinary, and mended by itself."""
    errors: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    """Where an error of logwatch itself arose."""
    exit_code: int = 0

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add the time that a step takes."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.steps_ms[step] = self.steps_ms.get(step, 0) + round((time.perf_counter() - begun) * 1000)

    def take(self, ticked: Ticked, fresh: Reading, now: datetime) -> None:
        """Note what was read and judged."""
        state = ticked.state
        self.windows, self.new_entries, self.late_entries = ticked.windows, ticked.new_entries, ticked.late
        self.entries, self.unparsed = fresh.entries, dict(fresh.unparsed())
        self.findings = finding_texts({**fresh.found(), **ticked.findings}, fresh.flaws, COMMON)
        self.levels = dict(Counter(str(verdict.level) for verdict in state.verdicts))
        self.transitions = [
            f"{each.alert.rule}{each.alert.labels or ''}: {each.before or 'inactive'} → {each.after or 'inactive'}"
            for each in ticked.transitions
        ]
        self.suppressed, self.notifications = len(state.suppressed), len(ticked.notifications)
        self.lag_s = (now - state.cursor).total_seconds() if state.cursor else None
        if ticked.windows > 1:
            self.news.append(f"caught up {ticked.windows} windows after a pause")
        if ticked.dropped_points:
            why = "waited too long, for Cloud Monitoring or in the pause that was caught up, and were dropped"
            self.refused.append(f"{ticked.dropped_points} points: {why}")

    def fail(self, error: LogwatchError) -> None:
        """Note what could not be done, and exit with the error's code."""
        self.errors.append(str(error))
        self.exit_code = max(self.exit_code, error.exit_code)

    @property
    def severity(self) -> str:
        """Severity as Cloud Logging knows it."""
        if self.errors:
            return "ERROR"
        return "WARNING" if self.failed or self.refused or self.news or self.findings else "INFO"

    @property
    def message(self) -> str:
        """The run in one sentence."""
        if self.outcome:
            return f"run: {self.outcome}"
        parts = [f"{self.windows} windows judged", f"{self.sent} messages sent"]
        parts += [f"{len(self.failed)} failed"] if self.failed else []
        parts += [f"{self.waiting} waiting"] if self.waiting else []
        parts += [self.errors[0].splitlines()[0]] if self.errors else []
        return "run: " + ", ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Give the fields of the log line, without those that are empty."""
        names = [name for name in self.__slots__ if name not in {"begun", "exit_code"}]
        found = {name: getattr(self, name) for name in names}
        return {
            "severity": self.severity,
            "message": self.message,
            "run": {k: v for k, v in found.items() if v not in ("", [], {}, None)},
        }
