"""The runs of several targets: several at once, none of them in another's way, each with its own line."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import TYPE_CHECKING, TypeVar

from logwatch.errors import SourceError
from logwatch.logs import explain_failure
from logwatch.pipeline.run_summary import RunSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Item = TypeVar("Item")
WIDTH = 4
"""Runs at once: each waits for Google and for channels most of its time, and one that hangs keeps one of these places."""
LEAST_S = 5.0
"""Seconds within which a run can do anything at all."""


@dataclass(frozen=True, slots=True)
class TargetRun:
    """The run of one target, before it begins."""

    target: str
    run: Callable[[float, float], RunSummary]
    """Does it: within so many seconds, so many after the first run began."""


def share_of(items: Sequence[Item], index: int, count: int) -> list[Item]:
    """Give those that fall to one of several tasks.

    >>> [share_of("abcde", index, 2) for index in range(2)]
    [['a', 'c', 'e'], ['b', 'd']]
    """
    return list(items[index::count])


def in_turn(items: Sequence[Item], minute: int) -> list[Item]:
    """Give them in the order of a minute: each is the first in its turn, so that a slow one keeps no other waiting for ever.

    >>> in_turn("abc", 4)
    ['b', 'c', 'a']
    """
    first = minute % len(items) if items else 0
    return [*items[first:], *items[:first]]


@dataclass(slots=True)
class AllWell:
    """Tells whoever waits for signs of life once every run was well: each well run calls it, and the last one is heard."""

    ping: Callable[[], str]
    waiting: int
    _lock: Lock = field(default_factory=Lock)

    def __call__(self) -> str:
        """Note that a run went well; gives why telling it failed, empty where it did not or others are waited for."""
        with self._lock:
            self.waiting -= 1
            last = self.waiting == 0
        return self.ping() if last else ""


def run_all(
    runs: Sequence[TargetRun],
    limit_s: float,
    tell: Callable[[RunSummary], None],
    blank: RunSummary,
    width: int = WIDTH,
) -> list[RunSummary]:
    """Do all runs within a time, and tell of each as it ends; gives what became of them, as `blank` where that is nothing.

    Whatever ends one, the others go on. One that does not end in time is given up: its thread ends with the process, its lease
    by itself. A single one is simply done, and raises what it raises.
    """
    if len(runs) == 1:
        summary = runs[0].run(limit_s, 0.0)
        tell(summary)
        return [summary]
    crew = _Crew(runs, limit_s, tell, blank)
    threads = [Thread(target=crew.work, name=f"targets-{number}", daemon=True) for number in range(min(width, len(runs)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(crew.left_s(), 0.0))
    crew.give_up()
    return crew.summaries


def _failed(blank: RunSummary, target: str, error: Exception) -> RunSummary:
    """Give the summary of a run that came to nothing."""
    known, trace = explain_failure(error)
    failed = RunSummary(blank.begun, blank.owner, target, outcome=str(known).splitlines()[0], trace=trace)
    failed.fail(known)
    return failed


@dataclass(slots=True)
class _Crew:
    """Takes one run after the other, several at once."""

    runs: Sequence[TargetRun]
    limit_s: float
    tell: Callable[[RunSummary], None]
    blank: RunSummary
    summaries: list[RunSummary] = field(default_factory=list)
    _next: int = 0
    _since: float = field(default_factory=time.monotonic)
    _over: bool = False
    _lock: Lock = field(default_factory=Lock)

    def left_s(self) -> float:
        """Give the seconds that are left to all."""
        return self._since + self.limit_s - time.monotonic()

    def work(self) -> None:
        """Take runs until there is none, or no time for one."""
        while (each := self._take()) is not None:
            left = self.left_s()
            try:
                self._note(each.run(left, self.limit_s - left))
            except Exception as error:  # noqa: BLE001 - the others are none of its business
                self._note(_failed(self.blank, each.target, error))

    def _take(self) -> TargetRun | None:
        with self._lock:
            if self._over or self._next == len(self.runs) or self.left_s() < LEAST_S:
                return None
            self._next += 1
            return self.runs[self._next - 1]

    def _note(self, summary: RunSummary) -> None:
        with self._lock:
            if self._over:
                return  # it was told already that it was given up
            self.summaries.append(summary)
        self.tell(summary)

    def give_up(self) -> None:
        """Tell of those that have not ended, and of those that have not begun."""
        with self._lock:
            self._over = True
            ended = {each.target for each in self.summaries}
            hanging = [each.target for each in self.runs[: self._next] if each.target not in ended]
            unreached = [each.target for each in self.runs[self._next :]]
        hint = "the longest of steps_ms in its other lines says what it waits for"
        late = {
            name: SourceError(f"not done within the run's {self.limit_s:.0f} s, and given up", hint=hint) for name in hanging
        }
        hint = "the next run begins with another; more tasks, or a longer LOGWATCH_LEASE, give each more time"
        late |= {name: SourceError("not begun: the other targets took the run's time", hint=hint) for name in unreached}
        for name, error in late.items():
            summary = _failed(self.blank, name, error)
            self.summaries.append(summary)
            self.tell(summary)
