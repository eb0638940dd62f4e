"""Lines that stop though nothing says that the service is idle. Nothing here imports numpy."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from logwatch.count.life import STEADY, Stand

if TYPE_CHECKING:
    from collections.abc import Callable

    from logwatch.count.life import Watched

BUSY = 10
"""Events that each of the last windows must have had: traffic like that does not end within a minute, it ebbs."""
MISSED = 30
"""Minutes without a line after which an hour that is busy on every other day is missed, however few its events are."""
UNHEARD = timedelta(minutes=30)
"""How long a first line is waited for before it is looked up whether the service has ever logged."""
LOOK_BACK = timedelta(days=7)


class Usual(NamedTuple):
    """What the same hours of other days had."""

    contradicts: bool
    """Whether summaries paused there on half of the days or more: a pause is nothing odd."""
    expects: bool
    """Whether at least three days, or the same day a week ago, had summaries there."""


NOTHING_USUAL = Usual(contradicts=False, expects=False)


def stopped_minutes(watched: Watched, usual: Callable[[int], Usual]) -> int:
    """Give for how many minutes nothing has been heard without an explanation; 0 where there is one.

    A silence is an explanation: it is told by itself. So is it where the platform's own figures show nothing at work.
    """
    vigil = watched.vigil
    if vigil.summary is None or watched.idle or vigil.stand in {Stand.SUMMARISED, Stand.SILENT}:
        return 0
    quiet = watched.minute - vigil.summary
    sudden = len(vigil.paces) >= STEADY and min(vigil.paces) >= BUSY and not usual(vigil.summary).contradicts
    missed = quiet >= MISSED and usual(watched.minute).expects and usual(watched.minute - MISSED).expects
    return quiet if sudden or missed else 0
