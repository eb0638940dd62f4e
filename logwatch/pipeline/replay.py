"""Recorded entries, minute by minute on a simulated clock: what would have been sent, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from logwatch.collect.compact import as_array
from logwatch.collect.parse import MOST_APART, OTHERS, parse_series
from logwatch.collect.recent_entries import pick, pick_gauges
from logwatch.judge.alerts import AlertState
from logwatch.judge.verdicts import Verdict
from logwatch.notify.diagnosis.findings import Walked
from logwatch.notify.incidents import Notification
from logwatch.spans import EPOCH, NS, WINDOW, Span, to_nanoseconds
from logwatch.state.document import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from logwatch.collect.columns import Reading
    from logwatch.judge.alerts import Alert, Transition
    from logwatch.pipeline.tick import Ticked, Ticker

MINUTE = 60 * NS
MOST_TOGETHER = 720
"""Ticks that are taken as one at the most: half a day, so that none of them is what the same hours of another day had."""
MOST_CROWDED = 180
"""The same where a label has more values than are told apart: which ones those are depends on how much one tick sees."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the ticks of a recording came to."""

    span: Span
    ticks: int
    transitions: tuple[Transition, ...]
    notifications: tuple[Notification, ...]
    late: int
    state: State
    late_at: tuple[datetime, ...] = ()
    """The ticks that had lines which came late."""

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

    Ticks come at the second of the minute at which runs look (`Policy.starts`). `tell` hears how far it is.
    """
    state, ticks, late = State(), 0, 0
    transitions: list[Transition] = []
    told: list[tuple[Notification, tuple[Verdict, ...]]] = []
    late_at: list[datetime] = []
    for ticked in tick_by_tick(reading, span, ticker):
        state, ticks, late = ticked.state, ticks + ticked.windows, late + ticked.late
        transitions += ticked.transitions
        told += zip(ticked.notifications, ticked.standing, strict=True)
        if ticked.late and state.cursor:
            late_at.append(state.cursor)
        tell(((state.cursor or span.start) - span.start) / (span.end - span.start))
    notifications = tuple(replace(each, walked=walk(each, verdicts)) for each, verdicts in told)
    return Replayed(span, ticks, tuple(transitions), notifications, late, state, tuple(late_at))


def tick_by_tick(reading: Reading, span: Span, ticker: Ticker, *, together: bool = True) -> Iterator[Ticked]:
    """Give each tick as it ends; with `together`, ticks between which nothing arrives late are taken as one.

    A tick over several windows takes them one after the other, as after a pause. What it cannot know is that an entry
    was not there yet when some of them would have looked at its window or placed it: there it takes fewer.
    """
    import numpy as np

    reading.settle()
    # A recording has no pause that would be given up.
    ticker = replace(ticker, policy=replace(ticker.policy, catch_up=max(ticker.policy.catch_up, MOST_TOGETHER * WINDOW)))
    values = {parse_series(key).labels.get(ticker.rules.service.shop_label, OTHERS) for key in reading.series}
    most = (MOST_TOGETHER if len(values) <= MOST_APART else MOST_CROWDED) if together else 1
    times, received = (as_array(column).copy() for column in (reading.rows.time, reading.rows.received))
    received = np.where(received, received, times)
    arrivals = received.argsort(kind="stable")
    breaks = {_first_to_see(received, span.start, ticker) for received in _unforeseen(reading, ticker)}
    state, at, before = State(), 0, 0
    waiting = arrivals[:0]
    first, windows = 0, (span.end - span.start) // WINDOW
    while first < windows:
        last = first
        # The very first tick of all judges a single window.
        while first and last + 1 < min(windows, first + most) and last + 1 not in breaks:
            last += 1
        now = _time_of(last, span.start, ticker)
        planned = ticker.plan(state, now)
        planned = replace(planned, early=Span(planned.judge.end, min(planned.early.end, max(span.end, planned.judge.end))))
        start, end = map(to_nanoseconds, ((planned.late or planned.read).start, planned.read.end))
        there = int(np.searchsorted(received, end, "right", sorter=arrivals))
        waiting, at = np.concatenate([waiting, arrivals[at:there]]), there
        fresh = pick(reading, waiting[(times[waiting] >= start) & (times[waiting] < end)])
        waiting = waiting[times[waiting] >= end]  # of the future, by its own clock
        pick_gauges(reading, fresh, before, end)
        ticked = ticker.tick(state, fresh, planned, now)
        # Nothing is sent and nothing published, so nothing waits for either.
        state, before, first = replace(ticked.state, points=(), outbox=()), end, last + 1
        yield ticked


def _time_of(tick: int, start: datetime, ticker: Ticker) -> datetime:
    return ticker.policy.closed_at(start + (tick + 1) * WINDOW)


def _first_to_see(received: int, start: datetime, ticker: Ticker) -> int:
    """Give the number of the first tick at or after an arrival."""
    return -((to_nanoseconds(_time_of(-1, start, ticker)) - received) // MINUTE) - 1


def _unforeseen(reading: Reading, ticker: Ticker) -> list[int]:
    """Give the arrivals of what a look at a window of its own did not know of."""
    from logwatch.count.windows import known_later

    policy = ticker.policy
    wait = to_nanoseconds(policy.looked_at(EPOCH + WINDOW))
    return list(known_later(reading, lambda minutes: minutes * MINUTE + wait, policy.grace).tolist())
