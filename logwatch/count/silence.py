"""How long no summary has come, window by window, where the service shows life meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from logwatch.collect.interface import Signs
from logwatch.collect.parse import OWN_GAUGES
from logwatch.count.life import Vigil, Watched, unexplained, watch
from logwatch.count.stopped import stopped_minutes
from logwatch.count.tables import sums_by
from logwatch.count.windows import from_minute, to_minute
from logwatch.spans import WINDOW, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import timedelta

    from logwatch.count.stopped import Usual
    from logwatch.count.windows import Windows


@dataclass(frozen=True, slots=True)
class Kept:
    """How the minutes of a span stand, and what a later look goes on from."""

    minutes: tuple[Watched, ...]
    vigil: Vigil
    """As far as signs of life have been asked for."""

    @property
    def silent(self) -> dict[int, float]:
        """Minutes without a summary by minute, where the service lives; one that is idle is not in it."""
        found = ((each.minute, each.vigil.silent_minutes) for each in self.minutes)
        return {minute: float(quiet) for minute, quiet in found if quiet is not None}

    @property
    def silences(self) -> dict[int, float]:
        """Likewise, where the minute itself shows the life: the silence covers as many minutes up to it."""
        shown = {each.minute for each in self.minutes if each.shown}
        return {minute: quiet for minute, quiet in self.silent.items() if quiet and minute in shown}

    def stopped(self, usual: Callable[[int], Usual]) -> dict[int, float]:
        """Minutes by minute for which nothing has been heard, and nothing explains it; none where nothing ever was."""
        heard = (each for each in self.minutes if each.idle or each.vigil.seen is not None)
        return {each.minute: float(stopped_minutes(each, usual)) for each in heard}

    def lost(self, limit: timedelta) -> set[int]:
        """Give the minutes of every silence that has lasted for so long, from its beginning on."""
        return lost_minutes(self.silences, limit)


def lost_minutes(silences: Mapping[int, float], limit: timedelta) -> set[int]:
    """Give the minutes of every silence that has lasted for so long, by how many minutes each covers up to its own."""
    lost: set[int] = set()
    for minute, quiet in silences.items():
        if quiet * WINDOW >= limit:
            lost.update([minute] if minute - 1 in lost else range(minute + 1 - int(quiet), minute + 1))
    return lost


def keep_vigil(windows: Windows, span: Span, vigil: Vigil, ask: Callable[[Span], Signs]) -> Kept:
    """Look at the windows of a span, going on from a vigil; asks for signs of life only where summaries explain nothing.

    Raises SourceError where they cannot be asked for.
    """
    first, end = to_minute(span.start), to_minute(span.end)
    summaries = _events(windows)
    vigil = _begin(vigil, first, summaries)
    signs = Signs(lines=_answered(windows))
    stretches = unexplained(vigil, end, summaries)
    for stretch in stretches:
        signs = signs.with_(ask(Span(from_minute(stretch.start), from_minute(stretch.stop))))
    watched = tuple(watch(vigil, end, summaries, signs))
    asked_to = _asked_to(vigil, end, summaries, stretches, signs)
    before = (each.vigil for each in watched if each.minute + 1 == asked_to)
    return Kept(tuple(each for each in watched if each.minute >= first), next(before, vigil))


def _begin(vigil: Vigil, first: int, summaries: Iterable[int]) -> Vigil:
    """Give the vigil that a look at `first` goes on from: a summary that came late is as good as one in time."""
    to = first if vigil.to is None else min(vigil.to, first)
    newest = max((each for each in summaries if each < to), default=None)
    if newest is not None and (vigil.summary is None or newest > vigil.summary):
        return vigil.summarised(newest)
    return replace(vigil, to=to)


def _asked_to(vigil: Vigil, end: int, summaries: Iterable[int], stretches: list[range], signs: Signs) -> int:
    """Give up to where everything is known: behind the last summary where nothing was asked since, and else the end.

    Figures of the platform come minutes late; where they are read at all, the lines of those minutes are asked for again.
    """
    if stretches and stretches[-1].stop == end:
        figured = [minute for minute in stretches[-1] if minute in signs.figured]
        return figured[-1] + 1 if figured else end
    return max((each + 1 for each in summaries if (vigil.to or 0) <= each < end), default=vigil.to or 0)


def _events(windows: Windows) -> dict[int, float]:
    """Give each minute with a summary, and the sum of all that its counters count."""
    found = dict.fromkeys(windows.summaries["minute"].tolist(), 0.0)
    minutes, sums = sums_by(windows.counters["minute"], np.nan_to_num(windows.counters["value"]))
    return found | dict(zip(minutes.tolist(), sums.tolist(), strict=True))


def _answered(windows: Windows) -> frozenset[int]:
    """Give the minutes with a slow request, a summary that nobody can read, or a measured value: the service lives."""
    answered = (minute for minute, series in windows.gauges.rows("minute", "series") if series not in OWN_GAUGES)
    return windows.unread | frozenset(windows.slow["minute"].tolist()) | frozenset(answered)
