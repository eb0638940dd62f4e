"""How long no summary has come, window by window, where the service shows life meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from logwatch.collect.parse import SILENT_MINUTES, UNANSWERED
from logwatch.count.windows import Windows, from_minute, to_minute
from logwatch.spans import WINDOW, Span

Array = np.ndarray[Any, Any]

Life = Callable[[Span], bool]
"""Tells whether anything of the service showed life in a span."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Who waits for summaries."""

    limit: timedelta
    """How long none comes before it is asked whether the service lives at all."""
    life: Life
    begun: datetime
    """Since when anybody has listened."""
    last: datetime | None = None
    """End of the last window that had a summary, as far as it is known."""


def silent_minutes(windows: Windows, span: Span, listener: Listener) -> tuple[dict[int, float], datetime | None]:
    """Give for each window of a span how many minutes no summary has come; without a sign of life it stays unknown.

    Gives also the end of the last window that had a summary.
    """
    seen = {int(minute) for minute in windows.summaries["minute"]}
    alive = _signs_of_life(windows)
    before = [from_minute(minute) + WINDOW for minute in seen if minute < to_minute(span.start)]
    last = max([*before, *filter(None, [listener.last])], default=None)
    silent: dict[int, float] = {}
    for minute in range(to_minute(span.start), to_minute(span.end)):
        end = from_minute(minute) + WINDOW
        last = end if minute in seen else last
        quiet = end - (last or listener.begun)
        look = Span(end - listener.limit, end)
        if quiet < listener.limit or _between(alive, look) or listener.life(look):
            silent[minute] = float(quiet // WINDOW)
    return silent, last


def _signs_of_life(windows: Windows) -> Array:
    """Give the minutes with a slow request or a measured value, in order: the service answers somebody."""
    answered = windows.gauges["minute"][~windows.gauges["series"].isin([UNANSWERED, SILENT_MINUTES])]
    return np.unique(np.concatenate([windows.slow["minute"].to_numpy(), answered.to_numpy()]).astype(np.int64))


def _between(minutes: Array, span: Span) -> bool:
    first, end = np.searchsorted(minutes, [to_minute(span.start), to_minute(span.end - timedelta(microseconds=1)) + 1])
    return bool(first < end)
