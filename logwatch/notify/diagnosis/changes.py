"""What changed about when an incident began: a revision that appeared, and whether it is the cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import log
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logwatch.count.windows import to_minute
from logwatch.errors import SourceError
from logwatch.judge.rules.yaml_types import selects
from logwatch.notify.diagnosis.findings import RevisionChange
from logwatch.spans import WINDOW, Span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from logwatch.collect.parse import Series
    from logwatch.count.revisions import Revisions
    from logwatch.judge.rules.step_checks import RevisionLook
    from logwatch.notify.diagnosis.measure import Surroundings

Array = np.ndarray[Any, Any]

AROUND = timedelta(hours=1)
"""How long before an incident, or after its onset, a revision must have appeared to be named."""
BEFOREHAND = 3
"""Windows before either began that are not taken for what was usual: both are estimates."""
KNOWN = 20
"""Events that tell what was usual."""
ODDS = 25.0
"""How much likelier what was counted must be if the revision is the cause than if it began to fail at any other time."""
STEP = 0.25
"""Windows between the times at which it may have begun."""
WORSE = 20
"""Shares that may fail from then on."""
TOGETHER = 2
"""Windows in which two must have been alive to be held against each other."""


class ByRevision(NamedTuple):
    """What each revision did, a row for each, window by window."""

    start: datetime
    names: tuple[str, ...]
    alive: Array
    failed: Array
    events: Array


def find_change(scene: Surroundings, looks: Sequence[RevisionLook]) -> RevisionChange | None:
    """Find the revision that appeared within an hour of an incident, and say whether it is proven to be the cause.

    Of several it is the one for which most speaks, else the last before the onset. None where only one was there.
    """
    onset = scene.notification.since
    span = Span(onset - AROUND - BEFOREHAND * WINDOW, min(scene.so_far.end, onset + AROUND))
    try:
        revisions = scene.archive.windows(span).revisions
    except SourceError:
        return None
    if revisions is None or span.end <= span.start:
        return None
    begun = (onset - span.start) / WINDOW
    counted = [_count(scene, revisions, span, look) for look in looks or (None,)]
    found = [(_log_odds(counts, at, begun), counts, at) for counts in counted for at in _appeared(counts)]
    if not found:
        return None
    odds, counts, at = max(found, key=lambda each: _rank(each[0], each[2].first - begun))
    return replace(_told(scene, counts, at), proven=odds >= log(ODDS))


def _rank(odds: float, after: float) -> tuple[float, ...]:
    """Put what is proven first, then what appeared before the onset, and of that what is nearest."""
    return (max(odds, log(ODDS)), after <= 0, -abs(after))


def _count(scene: Surroundings, revisions: Revisions, span: Span, look: RevisionLook | None) -> ByRevision:
    """Count events by revision where the incident is; none where nothing is to be looked at."""
    first, size = to_minute(span.start), to_minute(span.end) - to_minute(span.start)
    alive = revisions.alive(first, size)
    nothing = np.zeros(alive.shape)
    if look is None:
        return ByRevision(span.start, revisions.names, alive, nothing, nothing)
    told, label = scene.notification, scene.rules.service.shop_label

    def totals(selectors: tuple[str, ...]) -> Array:
        def wanted(series: Series) -> bool:
            here = told.labels.items() <= series.labels.items() and (
                not told.partial or series.labels.get(label) in {None, *told.shops}
            )
            return here and selects(selectors, series.name)

        return np.nan_to_num(revisions.totals(wanted, first, size))

    events = totals(look.among)
    failed = totals(look.failed) if look.failed else events - totals(look.passed or ())
    return ByRevision(span.start, revisions.names, alive, np.clip(failed, 0, events), events)


class Appeared(NamedTuple):
    """A revision that was not there at first, while another was."""

    row: int
    first: int
    """Its first window."""


def _appeared(counts: ByRevision) -> list[Appeared]:
    seen = [(row, int(alive.argmax())) for row, alive in enumerate(counts.alive) if alive.any()]
    return [Appeared(row, first) for row, first in seen if first >= BEFOREHAND and any(other < first for _, other in seen)]


def _log_odds(counts: ByRevision, at: Appeared, begun: float) -> float:
    """Give the logarithm of how much likelier the counts are if the revision is the cause than if it only came along.

    It is the cause where it fails alike from its first event on, or from some time on, and the others never do. It only came
    along where all fail alike from some time on, whichever, or nobody does. Each time in the two hours around the onset is as
    likely as any other, so that where nothing was served by both meanwhile, the failure must begin with the revision
    to within less than a minute; and each share is as likely that may fail from then on.
    """
    row, first = at
    usual = slice(0, max(int(min(first, begun)) - BEFOREHAND, 0))
    failed, events = counts.failed[:, usual].sum(), counts.events[:, usual].sum()
    if events < KNOWN or not counts.events[row].sum():
        return -np.inf
    share = (failed + 0.5) / (events + 1)
    times = np.append(np.arange(0, counts.alive.shape[1], STEP), np.inf)
    size = counts.alive.shape[1]
    rest = np.delete(counts.failed, row, axis=0).sum(axis=0), np.delete(counts.events, row, axis=0).sum(axis=0)
    one = _log_likelihood(counts.failed[row], counts.events[row], share, _touched(size, times, first - 0.5))
    along = _log_likelihood(*rest, share, _touched(size, times, -np.inf))
    spared = along[-1:]
    weight = log(STEP * WINDOW / (2 * AROUND))
    cause = np.logaddexp(_sum(one[:1] + spared), _sum(one[:-1] + spared) + weight)
    return float(cause - np.logaddexp(_sum(one[-1:] + spared), _sum(one[:-1] + along[:-1]) + weight))


def _touched(size: int, times: Array, begin: float) -> Array:
    """Give for each time at which a failure begins, a row, which part of each window's events come after it.

    A summary covers the minute before it, and comes at any time of its window: so what a window counts happened within it or
    within the one before, most likely where they meet. Nothing of it happened before `begin`.
    """

    def after(times: Array) -> Array:
        apart = np.clip(times[:, None] - np.arange(size), -1, 1)
        return np.where(apart < 0, 1 - (1 + apart) ** 2 / 2, (1 - apart) ** 2 / 2)

    return after(np.maximum(times, begin)) / np.maximum(after(np.array([begin])), 1e-9)


def _log_likelihood(failed: Array, events: Array, usual: float, touched: Array) -> Array:
    """Give a row for each row of `touched`, a column for each share that may fail of what is touched."""
    worse = usual + (0.995 - usual) * np.arange(1, WORSE + 1) / WORSE
    parts, which = np.unique(touched, return_inverse=True)  # few: most windows are touched whole, or not at all
    cells = np.arange(len(touched))[:, None] * len(parts) + which.reshape(touched.shape)

    def by_part(counts: Array) -> Array:
        weights = np.broadcast_to(counts, touched.shape).ravel()
        return np.bincount(cells.ravel(), weights, len(touched) * len(parts)).reshape(len(touched), len(parts))

    chance = usual + np.outer(parts, worse - usual)
    found: Array = by_part(failed) @ np.log(chance) + by_part(events - failed) @ np.log1p(-chance)
    return found


def _sum(logarithms: Array) -> float:
    """Add up over all times, and take the mean over the shares."""
    return float(np.logaddexp.reduce(logarithms.ravel()) - log(WORSE))


def _told(scene: Surroundings, counts: ByRevision, at: Appeared) -> RevisionChange:
    """Give the figures of it and of the busiest before it: while both were alive, else before the one and after the other."""
    row, first = at.row, at.first
    before = slice(0, first)
    others = [each for each in range(len(counts.names)) if each != row]
    most = max(others, key=lambda each: (counts.events[each, before].sum(), counts.alive[each, before].sum()))
    both = counts.alive[row] & counts.alive[most]
    both[: first + 1] = False
    together = int(both.sum()) >= TOGETHER
    mine, theirs = (both, both) if together else (slice(first, None), before)
    return RevisionChange(
        revision=counts.names[row],
        since=counts.start + first * WINDOW,
        onset=scene.notification.since,
        previous=counts.names[most],
        failed=float(counts.failed[row, mine].sum()),
        events=float(counts.events[row, mine].sum()),
        other_failed=float(counts.failed[most, theirs].sum()),
        other_events=float(counts.events[most, theirs].sum()),
        together=together,
    )
