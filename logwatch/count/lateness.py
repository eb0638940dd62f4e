"""How long lines take to arrive: what tells summaries that are late from summaries that are not written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logwatch.count.alignment import MINUTE

if TYPE_CHECKING:
    from logwatch.count.alignment import Array


ROUNDED_AWAY = MINUTE // 20
"""Nanoseconds up to which what a line took is written as no minute."""


def minutes_late(time: Array, received: Array, grace: int) -> dict[int, float]:
    """Give for each window how many minutes the lines took that arrived between the close of the one before and its own.

    The middle of them counts, so that one straggler among many is none. A window in which nothing arrived has no value.
    """
    known = received > 0
    if not known.all():
        time, received = time[known], received[known]
    delay = received - time
    windows, place = np.unique((-((grace - received) // MINUTE) - 1).astype("int32"), return_inverse=True)
    count, slow = (np.bincount(place[part], minlength=len(windows)) for part in (slice(None), delay > ROUNDED_AWAY))
    late = np.zeros(len(windows))
    doubtful = count - slow <= (count - 1) // 2  # elsewhere the middle one is no minute at all
    if doubtful.any():
        delay, place = (each[doubtful[place]] for each in (delay, place))
        order = np.lexsort((delay, place))
        first = np.cumsum(count[doubtful]) - count[doubtful]
        late[doubtful] = np.round(np.maximum(delay[order][first + (count[doubtful] - 1) // 2], 0) / MINUTE, 1)
    return dict(zip(windows.tolist(), late.tolist(), strict=True))
