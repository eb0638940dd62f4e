"""Recorded entries, minute by minute on a simulated clock: what would have been sent, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from logwatch.collect.recent_entries import pick, pick_gauges, rows
from logwatch.judge.alerts import AlertState
from logwatch.judge.verdicts import Verdict
from logwatch.notify.diagnosis.findings import Walked
from logwatch.notify.incidents import Notification
from logwatch.spans import NS, WINDOW, to_nanoseconds
from logwatch.state.document import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from logwatch.collect.columns import Reading
    from logwatch.collect.recent_entries import EntryRow
    from logwatch.judge.alerts import Alert, Transition
    from logwatch.spans import Span
    from logwatch.tick import Ticked, Ticker

MOST_TOGETHER = 180
"""Ticks that are taken as one at the most, and no more than a pause that does not start over."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the ticks of a recording came to."""

    span: Span
    ticks: int
    transitions: tuple[Transition, ...]
    notifications: tuple[Notification, ...]
    late: int
    state: State

    @property
    def alerts(self) -> list[Alert]:
        """Every alert that was ever pending, as last seen, in order of beginning."""
        found: dict[tuple[str, datetime], Alert] = {}
        for transition in self.transitions:
            found[transition.alert.fingerprint, transition.alert.pending_at] = transition.alert
        for alert in self.state.alerts:
            if alert.state is not AlertState.RESOLVED:
                found[alert.fingerprint, alert.pending_at] = alert
        return sorted(found.values(), key=lambda alert: (alert.pending_at, alert.rule, sorted(alert.labels.items())))


Walker = Callable[[Notification, tuple[Verdict, ...]], Walked | None]
"""Walks the procedure of a message, given the verdicts of its window."""


def replay(
    reading: Reading, span: Span, ticker: Ticker, walk: Walker = lambda *_: None, tell: Callable[[float], None] = lambda _: None
) -> Replayed:
    """Run every tick of a span over recorded entries, each seeing only what had arrived by then.

    A tick comes `grace` after the end of its window, the soonest that a scheduled one could. `tell` hears how far it is.
    """
    ticks = []
    for ticked in tick_by_tick(reading, span, ticker):
        ticks.append(ticked)
        tell(((ticked.state.cursor or span.start) - span.start) / (span.end - span.start))
    return Replayed(
        span=span,
        ticks=sum(ticked.windows for ticked in ticks),
        transitions=tuple(each for ticked in ticks for each in ticked.transitions),
        notifications=tuple(
            replace(each, walked=walk(each, verdicts))
            for ticked in ticks
            for each, verdicts in zip(ticked.notifications, ticked.standing, strict=True)
        ),
        late=sum(ticked.late for ticked in ticks),
        state=ticks[-1].state if ticks else State(),
    )


def tick_by_tick(reading: Reading, span: Span, ticker: Ticker, *, together: bool = True) -> Iterator[Ticked]:
    """Give each tick as it ends; with `together`, ticks between which nothing arrives late are taken as one.

    A tick over several windows judges them one after the other, as after a pause. What it cannot know is that an entry
    was not there yet when some of them would have judged its window or placed it: there it takes fewer.
    """
    reading.settle()
    times = reading.rows.time
    arrivals = sorted((reading.rows.received[row.number] or times[row.number], row) for row in rows(reading))
    missed = [received for received, row in arrivals if _misses_its_tick(received, times[row.number], ticker)]
    breaks = {_first_to_see(received, span.start, ticker) for received in missed}
    state, at, before = State(), 0, 0
    waiting: list[EntryRow] = []
    first, windows = 0, (span.end - span.start) // WINDOW
    most = min(MOST_TOGETHER, ticker.policy.catch_up // WINDOW)
    while first < windows:
        last = first
        # The very first tick of all judges a single window.
        while first and together and last + 1 < min(windows, first + most) and last + 1 not in breaks:
            last += 1
        now = _time_of(last, span.start, ticker)
        planned = ticker.plan(state, now)
        start, end = map(to_nanoseconds, ((planned.late or planned.read).start, planned.read.end))
        while at < len(arrivals) and arrivals[at][0] <= end:
            waiting.append(arrivals[at][1])
            at += 1
        fresh = pick(reading, [row for row in waiting if start <= times[row.number] < end])
        waiting = [row for row in waiting if times[row.number] >= end]  # of the future, by its own clock
        pick_gauges(reading, fresh, before, end)
        ticked = ticker.tick(state, fresh, planned, now)
        # Nothing is sent and nothing published, so nothing waits for either.
        state, before, first = replace(ticked.state, points=(), outbox=()), end, last + 1
        yield ticked


def _time_of(tick: int, start: datetime, ticker: Ticker) -> datetime:
    return start + (tick + 1) * WINDOW + ticker.policy.grace


def _first_to_see(received: int, start: datetime, ticker: Ticker) -> int:
    """Give the number of the first tick at or after an arrival."""
    return -((to_nanoseconds(_time_of(-1, start, ticker)) - received) // (60 * NS)) - 1


def _misses_its_tick(received: int, time: int, ticker: Ticker) -> bool:
    """Tell whether an entry comes after the tick that judges the window before its own, and places what ends so soon after."""
    return received > time // (60 * NS) * 60 * NS + ticker.policy.grace // timedelta(microseconds=1) * 1000
