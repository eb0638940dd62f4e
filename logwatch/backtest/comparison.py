"""Two rule sets over the same lines: which alerts fire in one and not in the other, or at another time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from logwatch.languages import Worded

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from logwatch.judge.alerts import Alert
    from logwatch.judge.rules.model import RuleSet
    from logwatch.notify.incidents import Notification
    from logwatch.pipeline.replay import Replayed


class Change(Worded, families=("change",)):
    """What becomes of a firing when the rules change."""

    GAINED = "gained"
    LOST = "lost"
    EARLIER = "earlier"
    LATER = "later"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two rule sets, and what it came to."""

    name: str
    rules: RuleSet
    replayed: Replayed

    def procedure(self, alert: Alert) -> str:
        """Give the procedure of an alert; empty where it has none."""
        return self.rules.by_id[alert.rule].procedure


@dataclass(frozen=True, slots=True)
class Firing:
    """One firing as both sides see it; at least one of them does."""

    before: Alert | None
    after: Alert | None
    procedure: str

    @property
    def alert(self) -> Alert:
        """The firing as the newer side sees it, if it does."""
        return self.after or self.before  # type: ignore[return-value]

    @property
    def moved(self) -> timedelta:
        """How much later it fires; zero where only one side knows it."""
        if self.before is None or self.after is None:
            return timedelta()
        return _fired(self.after) - _fired(self.before)

    @property
    def change(self) -> Change:
        """What becomes of it."""
        if self.before is None:
            return Change.GAINED
        if self.after is None:
            return Change.LOST
        if not self.moved:
            return Change.SAME
        return Change.LATER if self.moved > timedelta() else Change.EARLIER


@dataclass(frozen=True, slots=True)
class Load:
    """What one procedure costs and brings with each rule set."""

    procedure: str
    """Empty for what has none."""
    messages: tuple[int, int]
    """Before and after."""
    changes: dict[Change, int]

    def firings(self, *, after: bool) -> int:
        """Count the firings of one side."""
        missing = Change.LOST if after else Change.GAINED
        return sum(count for change, count in self.changes.items() if change is not missing)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changes between two rule sets, over one span."""

    before: Side
    after: Side
    firings: tuple[Firing, ...]
    """All of them, in order of time; those that stay the same too."""
    loads: tuple[Load, ...]
    """By procedure."""

    @property
    def days(self) -> float:
        """The length of the span in days."""
        return self.after.replayed.span.days

    @property
    def changed(self) -> list[Firing]:
        """The firings that do not stay the same."""
        return [firing for firing in self.firings if firing.change is not Change.SAME]

    @property
    def total(self) -> Load:
        """All procedures together."""
        messages = (len(self.before.replayed.notifications), len(self.after.replayed.notifications))
        return Load("", messages, _count(self.firings))


def compare(before: Side, after: Side) -> Comparison:
    """Match the firings of both sides: the same rule, labels and procedure, at overlapping times."""
    firings = _match(before, after)
    told = before.replayed.notifications, after.replayed.notifications
    procedures = {firing.procedure for firing in firings} | {each.procedure for side in told for each in side}
    loads = tuple(
        Load(
            procedure,
            (_told(told[0], procedure), _told(told[1], procedure)),
            _count(each for each in firings if each.procedure == procedure),
        )
        for procedure in sorted(procedures, key=lambda name: (not name, name))
    )
    return Comparison(before, after, tuple(firings), loads)


def _match(before: Side, after: Side) -> list[Firing]:
    """Pair each firing with the first of the other side that overlaps it and is not taken yet."""
    left = [alert for alert in before.replayed.alerts if alert.firing_at]
    firings = []
    for alert in after.replayed.alerts:
        if alert.firing_at:
            procedure = after.procedure(alert)
            twin = next((each for each in left if _overlap(each, alert) and before.procedure(each) == procedure), None)
            if twin:
                left.remove(twin)
            firings.append(Firing(twin, alert, procedure))
    firings += [Firing(alert, None, before.procedure(alert)) for alert in left]
    return sorted(firings, key=lambda each: (_fired(each.alert), each.alert.rule, sorted(each.alert.labels.items())))


def _overlap(one: Alert, other: Alert) -> bool:
    """Tell whether two alerts are of one rule and shop, and neither was over before the other began."""
    return one.fingerprint == other.fingerprint and not (_over(one, other) or _over(other, one))


def _over(one: Alert, other: Alert) -> bool:
    return one.resolved_at is not None and one.resolved_at < other.pending_at


def _fired(alert: Alert) -> datetime:
    return alert.firing_at or alert.pending_at


def _told(notifications: Iterable[Notification], procedure: str) -> int:
    return sum(each.procedure == procedure for each in notifications)


def _count(firings: Iterable[Firing]) -> dict[Change, int]:
    changes = [firing.change for firing in firings]
    return {change: changes.count(change) for change in Change}
