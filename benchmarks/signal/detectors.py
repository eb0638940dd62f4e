"""Ways to watch a success ratio minute by minute: logwatch's own code, and three that are in use elsewhere.

All of them warn below 60 % and see the same counts, each minute's when it is over. The three send a message when they fire,
every four hours while they do, and when it is over; logwatch sends what its incidents say.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import log
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from benchmarks.signal.traffic import HOUR, WEEK, Array, Counts
from logwatch.count.tables import ArrayTable
from logwatch.count.windows import Quality, Windows, from_minute
from logwatch.judge.alerts import Alert, AlertState, advance
from logwatch.judge.evaluate import evaluate
from logwatch.judge.rules.load import load_rules
from logwatch.judge.verdicts import Level
from logwatch.notify.decide import REMIND_EVERY, decide
from logwatch.notify.incidents import Memory
from logwatch.settings import bundled
from logwatch.spans import WINDOW, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logwatch.judge.rules.model import Rule, RuleSet

RULE = "checkout-success"
FIRST = 29_533_680
"""The minute that courses begin with, since 1970."""
BOUND = 0.60
"""Of a warning."""
MIDDLE = 0.70
"""Between the bounds."""
WORSE = 0.45
"""The success share that the CUSUM looks out for."""


class Firing(NamedTuple):
    """A stretch in which a detector fires, in minutes of the course."""

    begin: int
    """The minute after which it fires."""
    end: int | None
    """The minute after which it does no more; None where it goes on to the end of the course."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What a detector made of a course."""

    firings: tuple[Firing, ...]
    messages: tuple[int, ...]
    """The minutes after which one is sent."""


class Detector(Protocol):
    """A way to watch."""

    def watch(self, counts: Counts) -> Watched:
        """Go through a course minute by minute."""
        ...


@cache
def bundled_rules() -> RuleSet:
    """Load the rules that come with the program."""
    return load_rules(bundled("rules"))


def windows_of(counts: Counts) -> Windows:
    """Give the windows of one shop whose instances wrote a summary every minute; what does not succeed is blocked."""
    minutes = np.arange(FIRST, FIRST + len(counts.attempts))
    columns = {
        "checkout.attempt": counts.attempts,
        "checkout.blocked.stock": counts.attempts - counts.successes,
        "checkout.success": counts.successes,
    }
    series = np.tile(np.arange(len(columns)), len(minutes))
    values = np.stack([*columns.values()], axis=1).ravel().astype("float64")
    counters = {"minute": np.repeat(minutes, len(columns)), "series": series, "value": values}
    nowhere, nothing = np.zeros(0, "int64"), np.zeros(0)
    every = np.ones(len(minutes), bool)
    return Windows(
        span=Span(from_minute(FIRST), from_minute(FIRST + len(minutes))),
        counters=ArrayTable(counters, {"series": [*columns]}),
        slow=ArrayTable({"minute": nowhere, "label": nowhere, "duration_ms": nothing}, {"label": []}),
        gauges=ArrayTable({"minute": nowhere, "series": nowhere, "value": nothing}, {"series": []}),
        summaries=ArrayTable({"minute": minutes, "lines": every * 1, "complete": every, "named": ~every}),
        quality=Quality(len(minutes), len(minutes), 0, 0, 0, {}, {}, {}, 1, 0, {}),
    )


@dataclass(frozen=True, slots=True)
class Logwatch:
    """The product's own judging, alerts and incidents, by a rule on checkout.success / checkout.attempt."""

    rule: Rule

    def watch(self, counts: Counts) -> Watched:
        """Judge all windows, and take their verdicts one by one; those that change nothing are passed over."""
        rules = bundled_rules()
        by_id = {**rules.by_id, self.rule.rule: self.rule}
        (course,) = evaluate([self.rule], windows_of(counts))
        alerts: list[Alert] = []
        memory, begun, firings, messages = Memory(), 0, [], []
        for minute, verdict in enumerate(course.verdicts()):
            if not alerts and verdict.level is not Level.WARNING and all(each.closed_at for each in memory.incidents):
                continue
            alerts, transitions = advance(alerts, [verdict], by_id, verdict.window_end)
            for each in transitions:
                if each.after is AlertState.FIRING:
                    begun = minute
                elif each.after is AlertState.RESOLVED:
                    firings.append(Firing(begun, minute))
            decision = decide(alerts, memory, rules, verdict.window_end)
            memory = decision.memory
            messages += [minute] * len(decision.notifications)
        going_on = [Firing(begun, None) for alert in alerts if alert.state is AlertState.FIRING]
        return Watched((*firings, *going_on), tuple(messages))


@dataclass(frozen=True, slots=True)
class Ratio5m:
    """The share of five minutes, below the bound for so long; over as soon as it is not."""

    for_minutes: int = 2

    def watch(self, counts: Counts) -> Watched:
        """Fire in the last of `for_minutes` + 1 windows in a row."""
        with np.errstate(invalid="ignore"):
            below = _sums(counts.successes, 5) / _sums(counts.attempts, 5) < BOUND
        return sent(_sums(below, self.for_minutes + 1) == self.for_minutes + 1)


@dataclass(frozen=True, slots=True)
class BurnRate:
    """Several windows and burn rates, after Google's SRE workbook: a long window, and a twelfth of it that ends the alert.

    The objective is the runbook's normal bound, 80 %; burning its budget twice as fast is the warning bound. The windows are
    the workbook's, 1 h with 5 min and 6 h with 30 min, times `scale`.
    """

    scale: float = 1.0

    def watch(self, counts: Counts) -> Watched:
        """Fire while both windows of a pair burn too fast."""
        failures = counts.attempts - counts.successes
        burns = np.zeros(len(failures), dtype=bool)
        for long in (1 * HOUR, 6 * HOUR):
            pair = np.ones(len(failures), dtype=bool)
            for minutes in (long * self.scale, long * self.scale / 12):
                events = _sums(counts.attempts, max(round(minutes), 1))
                pair &= _sums(failures, max(round(minutes), 1)) > (1 - BOUND) * events
            burns |= pair
        return sent(burns)


@dataclass(frozen=True, slots=True)
class Cusum:
    """A CUSUM (Page 1954) of the evidence for 45 % success against the middle between the bounds, 70 %.

    Its limit is the one that by its theory makes at most one false alarm in `weeks` at the middle: the logarithm of their
    minutes. An alert is over when the sum, held at the limit, is back at 0.
    """

    weeks: float

    def watch(self, counts: Counts) -> Watched:
        """Add up the evidence of each minute, never below 0."""
        success, failure = log(WORSE / MIDDLE), log((1 - WORSE) / (1 - MIDDLE))
        evidence = success * counts.successes + failure * (counts.attempts - counts.successes)
        limit = log(WEEK * self.weeks)
        total, firing, fires = 0.0, False, np.zeros(len(evidence), dtype=bool)
        for minute, each in enumerate(evidence.tolist()):
            total = min(max(total + each, 0.0), limit)
            firing = total >= limit or (firing and total > 0)
            fires[minute] = firing
        return sent(fires)


def sent(fires: Array) -> Watched:
    """Give the firings, and the messages that an ordinary notifier sends of them."""
    steps = np.diff(np.concatenate([[0], fires.astype("int8"), [0]]))
    begins, ends = (np.flatnonzero(steps == step).tolist() for step in (1, -1))
    firings = tuple(Firing(begin, end if end < len(fires) else None) for begin, end in zip(begins, ends, strict=True))
    return Watched(firings, tuple(minute for firing in firings for minute in _told(firing, len(fires))))


def _told(firing: Firing, minutes: int) -> Iterable[int]:
    yield from range(firing.begin, firing.end or minutes, REMIND_EVERY // WINDOW)
    if firing.end is not None:
        yield firing.end


def _sums(values: Array, minutes: int) -> Array:
    """Add up each minute and those before it, `minutes` in all."""
    sums = np.concatenate([np.zeros(minutes), np.cumsum(values, dtype="float64")])
    return np.asarray(sums[minutes:] - sums[:-minutes])
