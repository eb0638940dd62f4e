"""What is remembered between runs: one small versioned JSON document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from functools import cache
from threading import Lock
from typing import Any

import msgspec

from logwatch.collect.recent_entries import Recent
from logwatch.count.census import Census
from logwatch.count.life import Vigil
from logwatch.errors import BrokenStateError, StoreError
from logwatch.judge.alerts import Alert
from logwatch.judge.daily_totals import DayTotals
from logwatch.judge.verdicts import Verdict
from logwatch.notify.answers import HEARD_AFTER, Answers
from logwatch.notify.history import IncidentRecord
from logwatch.notify.incidents import Memory, Notification, Suppression
from logwatch.notify.outbox import FollowUp, Note, Outbox, Outgoing
from logwatch.publish.points import Point
from logwatch.state.run_log import RunLog
from logwatch.state.unknown import Unknown, unknown_in

SCHEMA = 3
"""Moves where an older program would take the document for broken, or misread it: it refuses one of a higher schema."""
FORM = 6
"""Moves with everything that the document may newly hold. An older program of the same schema keeps the keys that it does
not know, and leaves alone what it cannot read of a higher form."""
YEARS = range(2000, 2100)
"""Times of other years are slips, and lead out of the calendar."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may work with the document, and until when; it ends by itself."""

    owner: str
    until: datetime


@dataclass(frozen=True, slots=True)
class State:
    """The whole document; times are aware UTC."""

    schema: int = SCHEMA
    form: int = FORM
    run: str = ""
    """Who saved it last: an execution's name."""
    started_at: datetime | None = None
    """When this document began."""
    lease: Lease | None = None
    cursor: datetime | None = None
    """End of the last window that was judged."""
    looked_to: datetime | None = None
    """End of the last window that was looked at, closed or not."""
    last_summary: datetime | None = None
    """End of the last window that had a summary."""
    refused_since: datetime | None = None
    """Since when the source has given no lines; None where it did last."""
    census: Census = field(default_factory=Census)
    """Which counters and other keys the summaries carried lately."""
    vigil: Vigil = field(default_factory=Vigil)
    """How far it is known whether the service lives, and since when it has without a summary."""
    recent: Recent = field(default_factory=Recent)
    verdicts: tuple[Verdict, ...] = ()
    """Those of the last window."""
    alerts: tuple[Alert, ...] = ()
    suppressed: tuple[Suppression, ...] = ()
    memory: Memory = field(default_factory=Memory)
    outbox: tuple[Outgoing, ...] = ()
    threads: dict[str, dict[str, str]] = field(default_factory=dict)
    """Incident to channel to what its later messages follow."""
    notes: tuple[Note, ...] = ()
    heads: dict[str, Notification] = field(default_factory=dict)
    """Incident to what its first message is to say, where that can be changed."""
    follow_ups: tuple[FollowUp, ...] = ()
    refused: dict[str, dict[str, datetime]] = field(default_factory=dict)
    """Channel to the parts of a message that it does not take, each with when that was found."""
    history: tuple[IncidentRecord, ...] = ()
    """The incidents of the last weeks, oldest first."""
    answers: Answers = field(default_factory=Answers)
    """What people say of incidents by their reactions."""
    history_from: datetime | None = None
    """Since when incidents are remembered."""
    digested_at: datetime | None = None
    """The set hour for which the week has been looked back on last; None before the first."""
    points: tuple[Point, ...] = ()
    """Figures that are not published yet."""
    days: tuple[DayTotals, ...] = ()
    """The last days' totals."""
    counted_to: datetime | None = None
    """End of the last window that is in its day."""
    descriptors: str = ""
    """Which version of the metrics' descriptors was made."""
    runs: RunLog = field(default_factory=RunLog)
    """When no run came, and which rules were judged by."""
    unknown: Unknown | msgspec.UnsetType = msgspec.UNSET
    """What a newer program wrote; never a key of its own."""

    @property
    def to_tell(self) -> Outbox:
        """What waits to be told and what was: all that sending needs to know."""
        return Outbox(self.outbox, self.threads, self.notes, self.heads, self.follow_ups, self.refused)

    @property
    def is_calm(self) -> bool:
        """Whether a window without a warning leaves it as it is: nothing fires, is mute or is to be told.

        What is over is forgotten after a while: the next window that is taken sees to that.
        """
        open_ = any(one.closed_at is None for one in self.memory.incidents)
        return not (self.alerts or self.memory.muting or open_) and self.history_from is not None

    @property
    def lately_over(self) -> list[str]:
        """Give the incidents that have been over for less than a day, the latest first: people still say what they were."""
        now = self.looked_to or self.cursor
        over = [(each.over_at, each.id) for each in self.history if each.over_at and now and now - each.over_at < HEARD_AFTER]
        return [name for _, name in sorted(over, reverse=True)]

    def after_telling(self, outbox: Outbox) -> State:
        """Give the state with what became of its messages; threads, heads and answers that nobody asks for are forgotten."""
        open_ = {incident.id for incident in self.memory.incidents}
        open_ |= {each.notification.incident for each in outbox.waiting} | {each.incident for each in outbox.follow_ups}
        heard = open_ | set(self.lately_over)
        return replace(
            self,
            outbox=outbox.waiting,
            threads={incident: each for incident, each in outbox.threads.items() if incident in heard},
            answers=self.answers.of(heard),
            notes=outbox.notes,
            heads={incident: each for incident, each in outbox.heads.items() if incident in open_},
            follow_ups=outbox.follow_ups,
            refused=outbox.refused,
        )


def dump_state(state: State) -> bytes:
    """Write the document, with what a newer program had written into it."""
    text = msgspec.json.encode(replace(state, unknown=msgspec.UNSET))
    if not state.unknown:
        return text
    document = msgspec.json.decode(text)
    state.unknown.put_back(document)
    return msgspec.json.encode(document)


_TIMELESS = {str, int, float, bool, type(None)}
Migration = Callable[[dict[str, Any]], dict[str, Any]]

MIGRATIONS: dict[int, Migration] = {1: lambda document: document, 2: lambda document: document}
"""From each older schema to the next. In 2, verdicts have reasons that 1 does not know: flawed, down, vanished. In 3, summaries
are counted in their windows' sums, which 2 would take for none at all."""


def load_state(text: bytes, migrations: Mapping[int, Migration] = MIGRATIONS) -> State:
    """Read a document, and bring an older one up to date.

    Raises BrokenStateError where it cannot be understood, StoreError where it is newer than this program.
    """
    schema = form = None
    try:
        document = msgspec.json.decode(text)
        schema, form = document["schema"], document.get("form", 1)
        while isinstance(schema, int) and schema in migrations:
            document = migrations[schema](document)
            schema += 1
        if schema == SCHEMA:
            return _understood({**document, "schema": SCHEMA, "form": max(form, FORM)})
    except (msgspec.MsgspecError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        if schema != SCHEMA or not isinstance(form, int) or form <= FORM:
            raise BrokenStateError(f"the state is broken: {error}") from None
        newer = f"form {form}, this program knows {FORM}"
    else:
        if not isinstance(schema, int) or schema < SCHEMA:
            raise BrokenStateError(f"the state is broken: schema {schema!r} is unknown")
        newer = f"schema {schema}, this program knows {SCHEMA}"
    hint = "install the logwatch that wrote it, or start with an empty state: set another LOGWATCH_STATE"
    raise StoreError(f"the state has {newer}", hint=hint)


_ONE_AT_A_TIME = Lock()
"""msgspec learns what a state is made of from the first that it reads, and two that learn it at once end the process."""


def _understood(document: dict[str, Any]) -> State:
    """Give a document as a state; raises one of several errors where something in it cannot be."""
    document.pop("unknown", None)
    with _ONE_AT_A_TIME:
        state = msgspec.convert(document, State)
    state.recent.check()
    for day in state.days:
        day.check()
    for silence in state.memory.recurring:
        silence.check()
    _check_times(state)
    entries = document.get("recent", {})
    plain = msgspec.to_builtins(replace(state, recent=Recent(later={})))
    unknown = unknown_in({**document, "recent": entries | {"later": {}}}, plain)
    state = replace(state, unknown=unknown or msgspec.UNSET)
    dump_state(state)  # what cannot be written again must not be worked with
    return state


def _check_times(part: object) -> None:
    """Raise ValueError where a time is of no zone, or of a year that nobody means."""
    if type(part) in _TIMELESS:
        return
    if isinstance(part, datetime):
        if part.tzinfo is None or part.year not in YEARS:
            raise ValueError(f"{part.isoformat()} is not a time of this century with a zone")
        return
    for each in _inside(part):
        if not isinstance(each, str | int | float | None):
            _check_times(each)


def _inside(part: Any) -> Iterable[object]:  # noqa: ANN401 - any part of a state
    if isinstance(part, dict):
        return part.values()
    return part if isinstance(part, tuple | list) else [getattr(part, name) for name in _fields(type(part))]  # type: ignore[arg-type] # a type is hashable


@cache
def _fields(kind: type) -> tuple[str, ...]:
    """Name what a record holds that may hold times."""
    return tuple(each.name for each in fields(kind)) if is_dataclass(kind) and kind not in (Unknown, DayTotals) else ()
