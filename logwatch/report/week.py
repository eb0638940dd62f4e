"""The week of a state looked back on, and told once at its set hour."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from logwatch.beta_exit.conditions import GateState, judge_gates
from logwatch.judge.daily_totals import whole_days
from logwatch.notify.digest import ExitStanding, Remembered, TargetWeek, build_digest
from logwatch.notify.digest_text import digest_notification
from logwatch.notify.history import KEPT_FOR
from logwatch.notify.outbox import enqueue
from logwatch.spans import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from logwatch.beta_exit.conditions import Expected
    from logwatch.judge.rules.model import RuleSet
    from logwatch.notify.digest import Digest
    from logwatch.notify.silences import Recurrence
    from logwatch.state.document import State

WEEK = timedelta(days=7)
STAND_IN = timedelta(minutes=10)
"""How long a target waits for each one before it to tell of the week of all."""
FRESH = timedelta(hours=1)
"""How long after its hour the very first digest is still told: one that is set up later begins with the next."""


@dataclass(frozen=True, slots=True)
class WeeklyDigest:
    """When a week is told, to whom, and what the runbook leaves open of its exit conditions."""

    every: Recurrence
    zone: ZoneInfo
    channels: tuple[str, ...]
    expected: Expected
    target: str = ""
    others: Callable[[Span], Sequence[TargetWeek]] = lambda _span: ()
    """Looks back on the other targets that are told of in the same message."""
    turn: int = 0
    """How many of them come before this one."""

    def tell(self, state: State, rules: RuleSet, now: datetime) -> State:
        """Put the digest of the week into the outbox once its hour has come; what was remembered there is not told again.

        Of several targets each stands in for those before it, where none of them has told within some minutes.
        """
        due = [*takewhile(lambda at: at <= now, self.every.times(now - 8 * timedelta(days=1), self.zone))][-1]
        if state.digested_at and state.digested_at >= due:
            return state
        told = replace(state, digested_at=due)
        if state.digested_at is None and now - due > FRESH:
            return told
        if now - due < self.turn * STAND_IN:
            return state
        week = Span(due - WEEK, due)
        others = self.others(week)
        if any(each.told for each in others):
            return told
        unread = any(each.digest is None for each in others)
        if self.turn and unread and now - due < (self.turn + 1) * STAND_IN:
            return state  # whoever cannot be read may have told
        digest = look_back(told, rules, week, self.expected, self.zone)
        weeks = (TargetWeek(self.target, digest), *others) if others else ()
        return told.after_telling(enqueue(told.to_tell, (digest_notification(digest, now, weeks),), self.channels))


def look_back(state: State, rules: RuleSet, span: Span, expected: Expected, zone: ZoneInfo) -> Digest:
    """Look back on a span out of what a state remembers."""
    wanted = whole_days(span.end, 7, zone)
    gates = judge_gates(state.days, wanted, rules, expected, zone)
    exits = tuple(
        ExitStanding(each.name, str(each.state), sum(mark.state is GateState.MET for mark in each.marks), len(each.marks))
        for each in gates
    )
    known = max(state.history_from or span.end, span.end - KEPT_FOR)
    judging = tuple(rule.rule for rule in (*rules.section3, *rules.own))
    found = Remembered(state.history, known, state.memory.muting, judging, exits)
    return build_digest(found, span, zone)
