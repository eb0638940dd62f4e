"""How long lines take to arrive: what tells summaries that are late from summaries that are not written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logwatch.count.alignment import MINUTE

if TYPE_CHECKING:
    from logwatch.count.alignment import Array


def minutes_late(time: Array, received: Array, grace: int) -> dict[int, float]:
    """Give for each window how many minutes the lines took that arrived between the close of the one before and its own.

    The middle of them counts, so that one straggler among many is none. A window in which nothing arrived has no value.
    """
    known = received > 0
    window, delay = -((grace - received[known]) // MINUTE) - 1, received[known] - time[known]
    order = np.lexsort((delay, window))
    windows, first, count = np.unique(window[order], return_index=True, return_counts=True)
    middle = np.maximum(delay[order][first + (count - 1) // 2], 0) / MINUTE
    return dict(zip(windows.tolist(), np.round(middle, 1).tolist(), strict=True))
