"""What persists from window to window: an alert is pending, then firing, then resolved."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from logwatch.judge.kinds.interface import FigureForm
from logwatch.judge.verdicts import Level, Verdict, Why
from logwatch.languages import Worded
from logwatch.spans import WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from logwatch.judge.rules.model import Rule


class AlertState(Worded, families=("alert", "alert_is")):
    """Where an alert stands; one that is inactive does not exist."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule and set of labels in trouble; all times are ends of windows."""

    rule: str
    labels: dict[str, str]
    state: AlertState
    pending_at: datetime
    """End of the first window at warning."""
    latest: Verdict
    """The last verdict that was not unknown; where a warning was foreseen, of a window that may not be closed."""
    peak: Verdict
    """The worst verdict at warning so far."""
    warnings: int = 1
    """Windows at warning since it is pending. Starts at 1."""
    normals: int = 0
    """Windows since it is back to normal, without one that shows it is not. Starts at 0."""
    began_at: datetime | None = None
    """Start of the stretch that the first warning was judged over; None where an older program wrote it."""
    firing_at: datetime | None = None
    resolved_at: datetime | None = None
    eased: int = 0
    """Windows in a row that are shown to lie between the two bounds."""
    eased_at: datetime | None = None
    """End of the window that made it a warning no more; None where it is one."""
    unknown_since: datetime | None = None
    """End of the first window of those, up to now, in which nothing is known; None where something is."""
    late: bool = False
    """Whether it fired only when lines came that were missing as its window was judged."""

    @property
    def fingerprint(self) -> str:
        """The alert's identity: a stable hash of rule id and labels."""
        return fingerprint(self.rule, self.labels)

    @property
    def since(self) -> datetime:
        """Since when it has been so, wherever that is told: the start of the stretch that showed it first."""
        return self.began_at or self.pending_at


@dataclass(frozen=True, slots=True)
class Transition:
    """An alert's step from one state to the next; None is inactive."""

    alert: Alert
    before: AlertState | None
    after: AlertState | None
    at: datetime


def fingerprint(rule: str, labels: Mapping[str, str]) -> str:
    """Give a stable hash of a rule's id and labels, 12 hexadecimal digits."""
    return _hash(rule, tuple(sorted(labels.items())))


@lru_cache(maxsize=1 << 14)
def _hash(rule: str, labels: tuple[tuple[str, str], ...]) -> str:
    """Hash each once: a week of windows asks half a million times for a few dozen."""
    named = "\0".join([rule, *(f"{label}={value}" for label, value in labels)])
    return hashlib.sha256(named.encode("utf-8", "backslashreplace")).hexdigest()[:12]


def needed_windows(rule: Rule) -> int:
    """Give how many windows at warning make an alert of the rule fire: one more than fit into its `for`."""
    return rule.for_ // WINDOW + 1


def advance(
    alerts: Iterable[Alert],
    verdicts: Sequence[Verdict],
    rules: Mapping[str, Rule],
    at: datetime,
    ahead: Iterable[Sequence[Verdict]] = (),
) -> tuple[list[Alert], list[Transition]]:
    """Take the verdicts of the window that ends at `at` and is closed, then of those behind it, `ahead`, what is final.

    A warning makes an alert pending, and firing once it has lasted for the rule's `for`, or at once where the verdict is
    certain. Only normal windows end it: a pending one at once, a firing one when they have lasted for `keep_firing_for`.
    What counts is which level the newest events show; a window in which they show none counts on from a normal one.
    Elevated and unknown windows keep an alert as it is, and what nobody judged is unknown. Resolved alerts are given back
    once; those of rules that are no more are dropped.
    """
    kept = {alert.fingerprint: alert for alert in alerts if alert.state is not AlertState.RESOLVED and alert.rule in rules}
    judged = {fingerprint(verdict.rule, verdict.labels) for verdict in verdicts}
    kept |= {
        mark: replace(alert, unknown_since=alert.unknown_since or at)
        for mark, alert in kept.items()
        if mark not in judged and alert.pending_at <= at
    }
    transitions = []
    for verdict in verdicts:
        mark = fingerprint(verdict.rule, verdict.labels)
        before = kept.pop(mark, None)
        after = _step(before, verdict, rules[verdict.rule])
        if after is not None:
            kept[mark] = after
        transitions += _moved(before, after, verdict)
    found, foreseen = foresee(kept.values(), ahead, rules)
    return found, transitions + foreseen


def foresee(
    alerts: Iterable[Alert], ahead: Iterable[Sequence[Verdict]], rules: Mapping[str, Rule]
) -> tuple[list[Alert], list[Transition]]:
    """Take what is final of windows that are not closed, one after the other: it counts as it will when they are.

    Nothing but a warning is final, and only warnings are counted: all else about an alert waits for the closed window. So
    does what an earlier look has counted, and what is pending behind an alert whose end is yet to be told.
    """
    marked = {alert.fingerprint: alert for alert in alerts}
    over = {mark: alert for mark, alert in marked.items() if alert.state is AlertState.RESOLVED}
    kept = {mark: alert for mark, alert in marked.items() if mark not in over}
    moved = []
    for verdict in (each for verdicts in ahead for each in verdicts if each.final):
        mark = fingerprint(verdict.rule, verdict.labels)
        before = kept.get(mark)
        after = _foreseen(before, verdict, rules[verdict.rule])
        if after is not None:
            kept[mark] = after
            moved += [(mark, each) for each in _moved(before, after, verdict)]
    waits = {mark for mark in over if mark not in kept or kept[mark].state is AlertState.PENDING}
    kept |= {mark: over[mark] for mark in waits}
    return _in_order(kept.values()), [each for mark, each in moved if mark not in waits]


def _foreseen(alert: Alert | None, verdict: Verdict, rule: Rule) -> Alert | None:
    """Give the alert with a final verdict counted; None where that has been done, or must wait for the closed window."""
    if alert is None:
        return _warn(_begin(verdict), verdict, rule)
    if alert.latest.window_end >= verdict.window_end:
        return None
    if alert.state is AlertState.PENDING and verdict.window_end - alert.latest.window_end > WINDOW:
        return None  # the window between may yet end what is pending
    return _warn(replace(alert, latest=verdict), verdict, rule)


def _in_order(alerts: Iterable[Alert]) -> list[Alert]:
    return sorted(alerts, key=lambda alert: (alert.pending_at, alert.rule, sorted(alert.labels.items())))


def _moved(before: Alert | None, after: Alert | None, verdict: Verdict) -> list[Transition]:
    old, new = (alert.state if alert else None for alert in (before, after))
    shown = after or before
    return [Transition(shown, old, new, verdict.window_end)] if shown and old is not new else []


def _begin(verdict: Verdict) -> Alert:
    at = verdict.window_end
    begun = at - verdict.span
    return Alert(verdict.rule, verdict.labels, AlertState.PENDING, at, verdict, verdict, warnings=0, began_at=begun)


def _step(alert: Alert | None, verdict: Verdict, rule: Rule) -> Alert | None:
    """Give the alert after one more window; None is inactive."""
    at = verdict.window_end
    if alert is None:
        if verdict.level is not Level.WARNING:
            return None
        alert = _begin(verdict)
    elif at < alert.pending_at and verdict.level is not Level.WARNING:
        return alert  # it began with what was foreseen of a later window
    if verdict.level is Level.UNKNOWN:
        return replace(alert, unknown_since=alert.unknown_since or at)
    foreseen = bool(alert.warnings) and alert.pending_at <= at <= alert.latest.window_end
    alert = replace(alert, latest=verdict if at >= alert.latest.window_end else alert.latest, unknown_since=None)
    if verdict.level is Level.WARNING:
        alert = _warn(alert, verdict, rule, counts=not foreseen)
    if verdict.heading is Level.NORMAL or (verdict.heading is Level.UNKNOWN and alert.normals):
        return _calm(replace(alert, normals=alert.normals + 1), rule, at)
    return _ease(replace(alert, normals=0), verdict, rule)


def _calm(alert: Alert, rule: Rule, at: datetime) -> Alert | None:
    if alert.state is AlertState.PENDING:
        return None
    if alert.normals > rule.keep_firing_for // WINDOW:
        return replace(alert, state=AlertState.RESOLVED, resolved_at=at)
    return alert


def _ease(alert: Alert, verdict: Verdict, rule: Rule) -> Alert:
    """Count the windows that lie between the bounds: as many as end an alert make it a warning no more."""
    if verdict.level is Level.WARNING:
        return replace(alert, eased=0, eased_at=None)
    alert = replace(alert, eased=alert.eased + 1 if verdict.eased else 0)
    if alert.eased_at is None and alert.state is AlertState.FIRING and alert.eased > rule.keep_firing_for // WINDOW:
        return replace(alert, eased_at=verdict.window_end)
    return alert


def _warn(alert: Alert, verdict: Verdict, rule: Rule, *, counts: bool = True) -> Alert:
    peak = verdict if is_worse(verdict, alert.peak, rule) else alert.peak
    alert = replace(alert, warnings=alert.warnings + counts, peak=peak)
    if alert.state is AlertState.PENDING and (verdict.certain or alert.warnings >= needed_windows(rule)):
        return replace(alert, state=AlertState.FIRING, firing_at=verdict.window_end)
    return alert


def is_worse(verdict: Verdict, peak: Verdict, rule: Rule) -> bool:
    """Tell whether a verdict is worse than another; of slow requests in what is judged, their share and number."""
    if Why.DOWN in {verdict.why, peak.why}:  # nothing is worse
        return peak.why is not Why.DOWN
    if rule.kind.form is FigureForm.EVENTS:
        return verdict.events > peak.events
    if verdict.value is None or peak.value is None:
        return peak.value is None
    return verdict.value < peak.value if rule.warning.falls else verdict.value > peak.value
