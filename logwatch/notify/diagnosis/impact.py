"""What an incident has come to since its onset, in people's terms: events that failed, against what there would have been."""

from __future__ import annotations

from datetime import timedelta
from math import ceil, exp, floor, log, log1p, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logwatch.errors import SourceError
from logwatch.judge.grid import Grid
from logwatch.judge.kinds.contrast import Contrast
from logwatch.judge.kinds.count import Count
from logwatch.judge.kinds.gauge import Gauge
from logwatch.judge.kinds.quiet import Quiet
from logwatch.judge.kinds.ratio import Ratio
from logwatch.judge.kinds.slow import Slow
from logwatch.notify.diagnosis.findings import Impact
from logwatch.spans import WINDOW, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logwatch.judge.rules.model import Rule
    from logwatch.notify.diagnosis.measure import Surroundings

Array = np.ndarray[Any, Any]

MARGIN = 2 * WINDOW
"""How much earlier than its onset, which is an estimate, one begins to count: usual events do not change what is lost."""
EARLIER = 30 * WINDOW
"""How much earlier it may have begun than was shown."""
NEARER = 0.25
"""How far from the usual towards what was counted since a window must be to be taken for a part of it."""
MOST = timedelta(hours=6)
"""How far back one counts."""
KNOWN = 10
"""Windows with summaries that let expect anything."""
TELLING = 30
"""Events from which on the past tells how far numerators trail."""
SHARE = 0.95
Z = 1.96
"""How many standard deviations hold so much."""
EXACT = 500.0
"""Events up to which quantiles are added up one by one; beyond, the normal distribution does as well."""


class Losses(NamedTuple):
    """Window by window: what went wrong, and of how much; NaN where it is not known."""

    bad: Array
    whole: Array
    """Events, or 1 for each window where it is a rate."""
    share: bool


class UsualRate(NamedTuple):
    """What is usual, with how far it scatters."""

    bad: float
    whole: float
    dispersion: float
    """How many times as much as chance alone lets it scatter; 1 or more."""
    edge: float
    """Variance that either end of a stretch adds, where events and their ends fall into different windows."""
    lag: float
    """Windows by which ends trail."""


def weigh(scene: Surroundings) -> Impact | None:
    """Count what an incident has come to, up to the message or its end; None where no rule of it says what people lose.

    Of several rules it is the first that shows a loss: those that count what was begun, then those that count some among
    others, then numbers.
    """
    told = scene.rules.losing({alert.rule for alert in scene.notification.alerts})
    found = [each for rule in sorted(told, key=_rank) if (each := _weigh(scene, rule))]
    return next(filter(_tells, found), next(iter(found), None))


def _tells(found: Impact) -> bool:
    return found.low is None or found.high is None or not found.low <= found.events <= found.high


def _weigh(scene: Surroundings, rule: Rule) -> Impact | None:
    """Count what a rule is about.

    `low` to `high` is a 95 % prediction interval of what would have been usual over the same events or minutes (of a share
    the beta-binomial, of a rate the negative binomial distribution, each after Jeffreys' prior), so that `events` minus it
    holds what is lost to the cause. It is widened by as much as the past scattered more than these let it, and never
    narrowed: an hour that happened to be even promises nothing. Where ends trail, what was begun is moved by as much as
    explains the past best; the scatter that is left at either end of a stretch widens what is lost.
    """
    end = min(scene.so_far.end + MARGIN, scene.until)
    span = Span(max(scene.notification.since - EARLIER, end - MOST), end)
    cut = span.start > scene.notification.since
    if isinstance(rule.kind, Gauge):
        beyond = _beyond(rule, rule.kind, scene, span)
        return Impact(rule.rule, span.start, beyond, cut=cut) if beyond else None
    past = _past(scene, rule)
    now = _losses(scene, rule, span, past.lag if past else 0)
    if now is None or not np.isfinite(now.whole).any():
        return None
    onset = max((scene.notification.since - span.start) // WINDOW, 0)
    begun = 0 if cut else _begun(now, past, onset)
    now, span = Losses(now.bad[begun:], now.whole[begun:], now.share), Span(span.start + begun * WINDOW, end)
    events = max(round(float(np.nansum(now.bad))), 0)
    if past is None:
        return Impact(rule.rule, span.start, events, cut=cut)
    usual, low, high = expect(past, float(np.nansum(now.whole)), share=now.share)
    edge = ceil(Z * sqrt(past.edge))
    lost = (low - events - edge, high - events + edge) if events < low else (events - high - edge, events - low + edge)
    return Impact(rule.rule, span.start, events, usual, low, high, max(lost[0], 0), lost[1], cut)


def _begun(now: Losses, past: UsualRate | None, onset: int) -> int:
    """Give the first window to count: some before the onset, or before what comes closer to it than to what is usual.

    That is where the sum of what is beyond a quarter of the way is largest: a failure that comes with one instance after the
    other is an onset only when it shows.
    """
    bad, whole = np.nan_to_num(now.bad), np.nan_to_num(now.whole)
    since, events = float(whole[onset:].sum()), float(bad[onset:].sum())
    late = max(onset - MARGIN // WINDOW, 0)
    if past is None or not since:
        return late
    expected, low, high = expect(past, since, share=now.share)
    if low <= events <= high:
        return late
    usual = expected / since
    beyond = bad - (usual + NEARER * (events / since - usual)) * whole
    sums = np.append(np.cumsum((beyond * np.sign(events - expected))[:onset][::-1])[::-1], 0.0)
    return max(int(sums.argmax()) - MARGIN // WINDOW, 0)


def _rank(rule: Rule) -> int:
    return 0 if isinstance(rule.kind, Ratio) else 1 if rule.impact and rule.impact.among else 2


def _grid(scene: Surroundings, span: Span) -> Grid | None:
    """Lay out a stretch; None where it cannot be looked up."""
    try:
        return Grid(scene.archive.windows(span).within(span))
    except SourceError:
        return None


def _losses(scene: Surroundings, rule: Rule, span: Span, lag: float) -> Losses | None:
    """Count what went wrong in each window of a span, by what the rule's kind calls wrong."""
    back = ceil(lag)
    grid = _grid(scene, span.widen(back * WINDOW, timedelta()))
    if grid is None:
        return None
    found = _count(scene, rule, grid, lag)
    bad, whole = (np.where(grid.known, each, np.nan)[back:] for each in (found.bad, found.whole))
    return Losses(bad, whole, found.share)


def _count(scene: Surroundings, rule: Rule, grid: Grid, lag: float) -> Losses:
    kind, among = rule.kind, rule.impact.among if rule.impact else None
    each = np.ones(grid.size)
    match kind:
        case Ratio():
            whole = _moved(_total(scene, grid, kind.denominator), lag)
            return Losses(whole - _total(scene, grid, kind.numerator), whole, share=True)
        case Contrast():
            return Losses(_total(scene, grid, kind.failed), _total(scene, grid, kind.among), share=True)
        case Count():
            whole = _total(scene, grid, among) if among else each
            return Losses(_total(scene, grid, kind.selectors), whole, share=bool(among))
        case Quiet():
            return Losses(_total(scene, grid, kind.counters), each, share=False)
        case Slow():
            place, _ = grid.durations(kind.label)
            slow, asked = np.bincount(place, minlength=grid.size).astype(float), _total(scene, grid, kind.requests or ())
            counted = np.nansum(asked) >= slow.sum() > 0
            return Losses(slow, asked if counted else each, share=bool(counted))
        case _:  # a gauge counts nothing
            return Losses(0 * each, each, share=False)


def _total(scene: Surroundings, grid: Grid, selectors: Iterable[str]) -> Array:
    """Add up counters of the one shop that the incident is about, else of all: which of several fail is an estimate too."""
    return grid.total(tuple(selectors), scene.notification.labels)


def _beyond(rule: Rule, kind: Gauge, scene: Surroundings, span: Span) -> int:
    """Count the minutes in which a measured value is beyond its bound, or what is measured is down."""
    grid = _grid(scene, span)
    if grid is None:
        return 0
    value, _ = grid.highest(kind.series)
    down = grid.highest(kind.down)[0] > 0 if kind.down else np.zeros(grid.size, dtype=bool)
    return int((rule.warning.holds(value) | down).sum())


def _past(scene: Surroundings, rule: Rule) -> UsualRate | None:
    """Say what was usual in the hour before; where that is not known, at the same hour a day before.

    Of an incident that has come back the hour before holds the incident itself.
    """
    spans = (scene.day_before,) if scene.notification.again else (scene.before, scene.day_before)
    return next((found for span in spans if (found := _usual(scene, rule, span))), None)


def _usual(scene: Surroundings, rule: Rule, span: Span) -> UsualRate | None:
    lag = 0.0
    if isinstance(rule.kind, Ratio) and rule.kind.lag:
        lag = _trailing(scene, rule.kind, span)
    found = _losses(scene, rule, span, lag)
    if found is None:
        return None
    known = np.isfinite(found.bad) & np.isfinite(found.whole)
    bad, whole = found.bad[known], found.whole[known]
    if len(bad) < KNOWN or not whole.sum():
        return None
    total = max(float(bad.sum()), 0.0)
    share = total / whole.sum()
    chance = float(whole.mean()) * share * (1 - min(share, 1) if found.share else 1)
    scatter = float(np.mean((bad - share * whole) ** 2))
    trails = isinstance(rule.kind, Ratio) and bool(rule.kind.lag)
    dispersion = 1.0 if trails or not chance else max(scatter / chance, 1.0)
    return UsualRate(total, float(whole.sum()), dispersion, max(scatter - chance, 0.0) if trails else 0.0, lag)


def _trailing(scene: Surroundings, kind: Ratio, span: Span) -> float:
    """Give by how many windows ends trail their beginnings: what explains the ends of the past best.

    Looked for in tenths of a window, up to twice the rule's own lag.
    """
    most = 2 * (kind.lag // WINDOW)
    grid = _grid(scene, span.widen(most * WINDOW, timedelta()))
    if grid is None:
        return 0.0
    ended, begun = (_total(scene, grid, each) for each in (kind.numerator, kind.denominator))
    if not np.nansum(ended) >= TELLING:
        return 0.0

    def unexplained(lag: float) -> float:
        moved = _moved(begun, lag)[most:]
        known = grid.known[most:] & np.isfinite(moved + ended[most:])
        share = ended[most:][known].sum() / max(moved[known].sum(), 1)
        return float(((ended[most:][known] - share * moved[known]) ** 2).sum())

    return min((tenth / 10 for tenth in range(10 * most + 1)), key=unexplained)


def _moved(values: Array, lag: float) -> Array:
    """Move counts to later windows, each split between two of them; what would come from before the first is its own.

    >>> _moved(np.array([4.0, 8.0, 0.0]), 0.5).tolist()
    [4.0, 6.0, 4.0]
    """
    whole, part = int(lag), lag - int(lag)
    padded = np.concatenate([np.full(whole + 1, values[:1].sum()), values])
    return np.asarray((1 - part) * padded[1 : len(values) + 1] + part * padded[: len(values)])


def expect(past: UsualRate, whole: float, *, share: bool) -> tuple[float, int, int]:
    """Give how many events are usual among so many, or in so many windows, and the 95 % prediction interval.

    >>> expect(UsualRate(bad=30, whole=1000, dispersion=1, edge=0, lag=0), 100, share=True)
    (3.0, 0, 7)
    """
    usual = whole * past.bad / past.whole
    mean, low, high = _quantiles(past, whole, share=share)
    down, up = (sqrt(past.dispersion) * width for width in (mean - low, high - mean))
    most = whole if share else float("inf")
    return usual, floor(max(mean - down, 0)), ceil(min(mean + up, most))


def _quantiles(past: UsualRate, whole: float, *, share: bool) -> tuple[float, float, float]:
    """Give mean and outer quantiles of the predictive distribution after Jeffreys' prior."""
    tries, hits = round(whole), past.bad + 0.5
    misses = max(past.whole - past.bad, 0.0) + 0.5
    if share and hits > misses:  # the rarer of the two is added up
        mean, low, high = _quantiles(past._replace(bad=max(past.whole - past.bad, 0.0)), whole, share=True)
        return tries - mean, tries - high, tries - low
    if share:
        rate = hits / (hits + misses)
        mean = tries * rate
        variance = mean * (1 - rate) * (hits + misses + tries) / (hits + misses + 1)
    else:
        rate = whole / past.whole
        mean = hits * rate
        variance = mean * (1 + rate)
    if mean > EXACT:
        return mean, mean - Z * sqrt(variance), mean + Z * sqrt(variance)
    first = sum(log((misses + each) / (hits + misses + each)) for each in range(tries)) if share else -hits * log1p(rate)
    part, below, at, bounds = exp(first), exp(first), 0, []
    for limit in ((1 - SHARE) / 2, (1 + SHARE) / 2):
        while below < limit and at < (tries if share else float("inf")):
            grows = (tries - at) / (misses + tries - at - 1) if share else rate / (1 + rate)
            part *= (hits + at) / (at + 1) * grows
            below, at = below + part, at + 1
        bounds.append(float(at))
    return mean, bounds[0], bounds[1]
