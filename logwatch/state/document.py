"""What is remembered between runs: one small versioned JSON document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from logwatch.collect.recent_entries import Recent
from logwatch.count.life import Vigil
from logwatch.errors import BrokenStateError, StoreError
from logwatch.judge.alerts import Alert
from logwatch.judge.daily_totals import DayTotals
from logwatch.judge.verdicts import Verdict
from logwatch.notify.incidents import Memory, Suppression
from logwatch.notify.outbox import Note, Outbox, Outgoing
from logwatch.publish.points import Point

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may work with the document, and until when; it ends by itself."""

    owner: str
    until: datetime


@dataclass(frozen=True, slots=True)
class State:
    """The whole document; times are aware UTC."""

    schema: int = SCHEMA
    run: str = ""
    """Who saved it last: an execution's name."""
    started_at: datetime | None = None
    """When this document began."""
    lease: Lease | None = None
    cursor: datetime | None = None
    """End of the last window that was judged."""
    last_summary: datetime | None = None
    """End of the last window that had a summary."""
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
    points: tuple[Point, ...] = ()
    """Figures that are not published yet."""
    days: tuple[DayTotals, ...] = ()
    """The last days' totals."""
    counted_to: datetime | None = None
    """End of the last window that is in its day."""
    descriptors: str = ""
    """Which version of the metrics' descriptors was made."""

    @property
    def to_tell(self) -> Outbox:
        """What waits to be told and what was: all that sending needs to know."""
        return Outbox(self.outbox, self.threads, self.notes)

    def after_telling(self, outbox: Outbox) -> State:
        """Give the state with what became of its messages; the threads of incidents that are over are forgotten."""
        open_ = {incident.id for incident in self.memory.incidents} | {each.notification.incident for each in outbox.waiting}
        threads = {incident: each for incident, each in outbox.threads.items() if incident in open_}
        return replace(self, outbox=outbox.waiting, threads=threads, notes=outbox.notes)


def dump_state(state: State) -> bytes:
    """Write the document."""
    return msgspec.json.encode(state)


Migration = Callable[[dict[str, Any]], dict[str, Any]]

MIGRATIONS: dict[int, Migration] = {}
"""From each older schema to the next. There has been none before 1."""


def load_state(text: bytes, migrations: Mapping[int, Migration] = MIGRATIONS) -> State:
    """Read a document, and bring an older one up to date.

    Raises BrokenStateError where it cannot be understood, StoreError where it is newer than this program.
    """
    try:
        document = msgspec.json.decode(text)
        schema = document["schema"]
        while isinstance(schema, int) and schema in migrations:
            document = migrations[schema](document)
            schema += 1
        if schema == SCHEMA:
            state = msgspec.convert({**document, "schema": SCHEMA}, State)
            state.recent.check()
            return state
    except (msgspec.MsgspecError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BrokenStateError(f"the state is broken: {error}") from None
    if not isinstance(schema, int) or schema < SCHEMA:
        raise BrokenStateError(f"the state is broken: schema {schema!r} is unknown")
    hint = "install the logwatch that wrote it, or begin afresh with another LOGWATCH_STATE"
    raise StoreError(f"the state has schema {schema}, this program knows {SCHEMA}", hint=hint)
