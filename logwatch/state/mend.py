"""Times of the state that lie ahead of the clock, brought back to it: a wrong clock, or a drill's, has been at work."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from logwatch.notify.silences import RecurringSilence, Silence
from logwatch.spans import WINDOW

if TYPE_CHECKING:
    from datetime import tzinfo

    from logwatch.state.document import State


def is_ahead(state: State, now: datetime) -> bool:
    """Tell whether windows are judged that have not come yet: a run would judge nothing until they have."""
    return state.cursor is not None and state.cursor - now > WINDOW


def mend(state: State, closed: datetime, zone: tzinfo) -> State:
    """Give the state as if the windows from `closed` on, the end of the last that has closed, were not judged.

    What they brought to their days is not to be told apart, so that these days are counted from there on. Silences stay.
    """
    if state.cursor is None or state.cursor <= closed:
        return state
    counted_to = min(state.counted_to or closed, closed)
    earlier: State = _no_later(replace(state, points=(), verdicts=()), closed)
    return replace(
        earlier,
        points=tuple(point for point in state.points if point.at <= closed),
        verdicts=tuple(verdict for verdict in state.verdicts if verdict.window_end <= closed),
        days=tuple(day for day in state.days if day.date < f"{counted_to.astimezone(zone):%Y-%m-%d}"),
    )


def _no_later(part: Any, limit: datetime) -> Any:  # noqa: ANN401 - any part of a state, and likewise what is given
    """Give a record with no time in it that is later."""
    if isinstance(part, datetime):
        return min(part, limit)
    if isinstance(part, tuple | list):
        return type(part)(_no_later(each, limit) for each in part)
    if isinstance(part, dict):
        return {key: _no_later(each, limit) for key, each in part.items()}
    if is_dataclass(part) and not isinstance(part, Silence | RecurringSilence | type):
        return replace(part, **{each.name: _no_later(getattr(part, each.name), limit) for each in fields(part)})
    return part
