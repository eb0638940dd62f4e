"""The state made fit for work again: one that lies ahead of the clock, and one that an older version is to read."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from logwatch.collect.recent_entries import Recent
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


OLDER_SCHEMA, OLDER_FORM = 2, 5
"""What versions before 0.2.0 read."""


def for_older_versions(state: State) -> State:
    """Give the state as versions before 0.2.0 read it.

    They keep summaries where this one keeps sums: they begin with none, so that their first windows look back on nothing.
    """
    return replace(state, schema=OLDER_SCHEMA, form=OLDER_FORM, recent=Recent())


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
