"""When no run judged anything, and which rules were judged by: what tells a replay from what was really sent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from logwatch.spans import WINDOW

if TYPE_CHECKING:
    from logwatch.judge.rules.model import RuleSet

KEPT_PAUSES, KEPT_CHANGES = 200, 20
"""As many as are remembered, the newest."""
MISSED = timedelta(seconds=90)
"""Of runs every minute, so far apart one has failed to come; closer they are only as punctual as a container starts."""


@dataclass(frozen=True, slots=True)
class Pause:
    """From when a run was due to when one came."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class RulesUsed:
    """The rules of the runs from a time on."""

    since: datetime
    marks: dict[str, str]
    """A rule's id to what tells it from an older one."""


@dataclass(frozen=True, slots=True)
class RunLog:
    """What is remembered of the runs themselves."""

    pauses: tuple[Pause, ...] = ()
    rules: tuple[RulesUsed, ...] = ()
    """Each time that they changed, oldest first."""
    last: datetime | None = None
    """When a run judged last."""
    took_s: float | None = None
    """How long the last run took, from the start of its process to the end of its last save; without what it waited for."""

    def after(self, rules: RuleSet, now: datetime) -> RunLog:
        """Give it after a run that judged."""
        pauses = self.pauses
        if self.last and now - self.last >= MISSED:
            pauses = (*pauses, Pause(self.last + WINDOW, now))[-KEPT_PAUSES:]
        marks = rule_marks(rules)
        known = bool(self.rules) and self.rules[-1].marks == marks
        used = self.rules if known else (*self.rules, RulesUsed(now, marks))[-KEPT_CHANGES:]
        return replace(self, pauses=pauses, rules=used, last=now)

    @property
    def before(self) -> datetime | None:
        """When the run before the last judged, or could have; None where no run has judged."""
        if self.last is None:
            return None
        paused = bool(self.pauses) and self.pauses[-1].end == self.last
        return self.pauses[-1].start - WINDOW if paused else self.last - MISSED

    def marks_at(self, moment: datetime) -> dict[str, str]:
        """Give the rules that runs judged by at a time; none where that is not known."""
        return next((each.marks for each in reversed(self.rules) if each.since <= moment), {})


def rule_marks(rules: RuleSet) -> dict[str, str]:
    """Give what tells each rule from an older one of the same id."""
    return {rule.rule: hashlib.sha256(repr(rule).encode("utf-8", "backslashreplace")).hexdigest()[:8] for rule in rules.rules}
