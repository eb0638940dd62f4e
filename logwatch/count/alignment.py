"""Which window a summary belongs to: the one in which it ends, or the one before, where the instance's rhythm says so."""

from typing import Any

import numpy as np

from logwatch.spans import NS

RHYTHM_TOLERANCE_S = 5
"""How far two summaries of an instance may be from a whole number of minutes apart before it is reported."""

Array = np.ndarray[Any, Any]


def shifts(instance: Array, time: Array, unnamed: int = -1) -> Array:
    """Give 1 for each summary that belongs to the window before the one it ends in, for summaries sorted by instance and time.

    An instance whose phase lies at the minute's boundary ends now a little before it and now a little after. Lines that
    keep its rhythm of whole minutes are then one window apart, whichever side they fell on: those after the boundary move
    back, so that two in one window, or a window passed over, become one in each. Off the rhythm, the earlier of two in one
    window moves back. Lines of `unnamed` come from nobody knows how many instances, and stay where they are.
    """
    if not len(time):
        return np.zeros(0, dtype="int64")
    minute = time // (60 * NS)
    joined = np.append(np.diff(instance) == 0, False) & (instance != unnamed)
    gap_s = np.append(np.diff(time), 0) / NS
    apart = np.rint(gap_s / 60).astype("int64")
    rhythmic = joined & (apart > 0) & (np.abs(gap_s - apart * 60) <= RHYTHM_TOLERANCE_S)
    off = np.where(rhythmic, np.append(np.diff(minute), 0) - apart, 0)
    crowded = joined & ~rhythmic & (np.append(np.diff(minute), 1) == 0)
    return np.asarray(_past_boundary(off, rhythmic) | crowded, dtype="int64")


def _past_boundary(off: Array, rhythmic: Array) -> Array:
    """Tell which lines lie after the boundary that their run crosses: before it crosses back, or after it has crossed."""
    crossings = np.flatnonzero(off)
    if not len(crossings):
        return np.zeros(len(off), dtype=bool)
    run = np.concatenate([[0], np.cumsum(~rhythmic)[:-1]])
    next_ = np.searchsorted(crossings, np.arange(len(off)))
    ahead, behind = crossings[np.minimum(next_, len(crossings) - 1)], crossings[np.maximum(next_ - 1, 0)]
    has_ahead = (next_ < len(crossings)) & (run[ahead] == run)
    has_behind = (next_ > 0) & (run[behind] == run)
    return np.asarray(np.where(has_ahead, off[ahead] == -1, has_behind & (off[behind] == 1)))
