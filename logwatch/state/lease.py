"""The state in its store, held by one run at a time under a lease that ends by itself."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zlib import crc32

from logwatch.durations import LONGEST_LEASE
from logwatch.errors import BrokenStateError, ConflictError, StoreError
from logwatch.state.document import Lease, State, dump_state, load_state

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from logwatch.state.interface import Store

NO_STATE = (
    "run 'logwatch run' first, or set LOGWATCH_STATE; 'logwatch backtest RECORDING --state FILE' makes one of a recording, "
    "'silence add --new-state' an empty one"
)
NOTES = "told-"
"""What the names of notes begin with."""
ATTEMPTS = 5
"""Tries to save where others save too; each begins by loading again."""


@dataclass(slots=True)
class Held:
    """The state while this run holds its lease."""

    store: Store
    owner: str
    state: State
    generation: int
    news: list[str]
    """What was odd about the document: nothing, that it is new, or that it was broken."""
    noted: int = 0
    """Notes that this run has made."""

    def save(self, state: State) -> None:
        """Save the state; raises ConflictError where the lease was lost to another run."""
        state = replace(state, run=self.owner)
        self.generation = self.store.save(dump_state(state), self.generation)
        self.state = state

    def note(self, state: State) -> None:
        """Keep the state so that whoever takes the lease after this run finds it; the document itself stays as it is."""
        state = replace(state, run=self.owner)
        self.noted += 1
        self.store.note(dump_state(state), f"{_notes_of(state.lease)}{self.noted:04}")
        self.state = state

    def release(self, state: State) -> None:
        """Save the state and give the lease back; what was noted under it stands in the document from here on."""
        self.save(replace(state, lease=None))
        if self.noted:
            with suppress(StoreError):  # nobody asks for them any more
                self.store.forget_notes(_notes_of(state.lease))


def take(store: Store, owner: str, lease: timedelta, clock: Callable[[], datetime]) -> Held | Lease:
    """Load the state and take its lease, or give the lease that somebody else holds.

    A document that cannot be understood is kept aside, and a new one begun. Raises StoreError.
    """
    for _ in range(ATTEMPTS):
        now = clock()
        held = _load(store, owner, now)
        other = held.state.lease
        if other and other.until > now and other.owner != owner:
            if other.until <= now + LONGEST_LEASE:
                return other
            until = f"{other.until:%Y-%m-%dT%H:%MZ}"
            held.news.append(
                f"the lease of {other.owner} until {until} is longer than any can be, and taken over: see to its clock"
            )
        try:
            held.state = _as_noted(store, held.state)
        except StoreError as error:  # a message that comes twice is better than none
            held.news.append(f"what was told last cannot be read, so that some of it may be told again: {error}")
        try:
            held.save(replace(held.state, lease=Lease(owner, now + lease)))
        except ConflictError:
            continue
        if other:
            with suppress(StoreError):  # the next that finds a lease tries again
                store.forget_notes(NOTES)
        return held
    raise ConflictError("others keep saving the state", hint="is the same state used by another installation?")


def change(
    store: Store, owner: str, edit: Callable[[State], State], *, clock: Callable[[], datetime], sleep: Callable[[float], None]
) -> Held:
    """Change the state between two runs, waiting for one that is under way; gives it with what was odd about it.

    Raises StoreError, ConflictError after a minute.
    """
    for _ in range(60):
        held = take(store, owner, timedelta(seconds=10), clock)
        if isinstance(held, Held):
            held.release(edit(held.state))
            return held
        sleep(1)
    raise ConflictError(f"a run ({held.owner}) holds the state", hint="try again in a minute")


def give_back(store: Store, owner: str) -> bool:
    """End the lease of a run that is given up, so that the next need not wait for its end; gives whether there was one.

    The run's own next save is then refused, as after any lease that was lost. Raises StoreError.
    """
    stored = store.load()
    state = load_state(stored.text) if stored else State()
    if stored is None or state.lease is None or state.lease.owner != owner:
        return False
    store.save(dump_state(replace(_as_noted(store, state), lease=None)), stored.generation)
    with suppress(StoreError):  # likewise
        store.forget_notes(_notes_of(state.lease))
    return True


def load(store: Store) -> State:
    """Give the state to look at it. Raises StoreError where there is none, or none that can be understood."""
    stored = store.load()
    if stored is None:
        raise StoreError("no state yet", hint=NO_STATE)
    return _as_noted(store, load_state(stored.text))


def _notes_of(lease: Lease | None) -> str:
    """Give what the names of a run's notes begin with: no two runs have a lease to the same microsecond under one name."""
    return f"{NOTES}{crc32(lease.owner.encode()):08x}-{lease.until:%Y%m%dT%H%M%S%f}-" if lease else NOTES


def _as_noted(store: Store, state: State) -> State:
    """Give the state as the run under its lease has noted it last, as far as that can be understood."""
    noted = store.last_note(_notes_of(state.lease)) if state.lease else None
    try:
        return load_state(noted) if noted else state
    except BrokenStateError:
        return state


def _load(store: Store, owner: str, now: datetime) -> Held:
    stored = store.load()
    if stored is None:
        return Held(store, owner, State(), 0, ["no state yet: starting with an empty one"])
    try:
        return Held(store, owner, load_state(stored.text), stored.generation, [])
    except BrokenStateError as error:
        where = store.set_aside(stored.text, f"broken-{now:%Y%m%dT%H%M%SZ}")
        news = f"{error}; it is kept in {where}, and a new state begun: silences, and which alerts were told, are lost"
        return Held(store, owner, State(), stored.generation, [news])
