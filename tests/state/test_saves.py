"""How often a run saves: a bucket takes one change of an object a second, and what was told must not be told again."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING
from zlib import crc32

import pytest

from logwatch.errors import StoreError
from logwatch.pipeline.tick import Policy
from logwatch.state import gcs
from logwatch.state.document import Lease, dump_state
from logwatch.state.lease import NOTES, Held, give_back, load, take
from logwatch.state.local import LocalStore
from logwatch.wiring import build_store
from tests.support.checkout_errors import ENTRIES, FIRES
from tests.support.faults import BEGIN, CHANNELS, MINUTE, Before, Killer, incident, kill, list_points, texts
from tests.support.made_traffic import START
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from logwatch.state.interface import Store

MESSAGES = 6
STATE = "state.json"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world whose bucket refuses what the real one refuses, and a run that knows it."""
    monkeypatch.setattr(gcs, "APART_S", 1.0)
    with World(tmp_path, ENTRIES, now=FIRES, in_bucket=True) as made:
        assert made.gcs
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", made.gcs.url)
        made.gcs.apart_s = 1.0
        yield made


def put_more_into_the_outbox(world: World) -> None:
    """Let six messages wait for each channel, as after an outage of both."""
    store = build_store(world.settings)
    stored, state = store.load(), load(store)
    assert stored
    (waiting,) = state.outbox
    others = [replace(waiting.notification, id=f"{waiting.notification.id}-{each}") for each in range(1, MESSAGES)]
    outbox = (waiting, *(replace(waiting, notification=each) for each in others))
    store.save(dump_state(replace(state, outbox=outbox)), stored.generation)


def next_minute(world: World) -> None:
    """Let the minute pass: the bucket's clock is the real one."""
    assert world.gcs
    time.sleep(world.gcs.apart_s)
    world.gcs.reset()
    world.now += MINUTE


@pytest.mark.long
def test_a_run_with_many_messages_saves_three_times_and_is_refused_nothing(world: World) -> None:
    assert world.gcs
    world.slack.answer(503)
    world.smtp.replies.append("451 4.3.0 later")
    world.tick()
    put_more_into_the_outbox(world)
    next_minute(world)
    summary = world.tick()
    assert (summary.sent, summary.errors, len(texts(world)), len(world.smtp.mails)) == (2 * MESSAGES, [], MESSAGES, MESSAGES)
    assert world.gcs.writes[STATE] == 3
    assert world.gcs.refusals.total() == 0
    notes = {name for name in world.gcs.writes if name.startswith(f"{STATE}.{NOTES}")}
    assert MESSAGES <= len(notes) <= 2 * MESSAGES, "at most one for each message, and what ends together stands in one"
    assert set(world.gcs.writes) == {STATE, *notes}
    assert build_store(world.settings).last_note(NOTES) is None, "they go with the lease"


def test_a_run_with_nothing_to_tell_saves_twice(world: World) -> None:
    assert world.gcs
    world.now = FIRES - 6 * MINUTE
    for _ in range(2):
        next_minute(world)
        summary = world.tick()
        assert (summary.windows, summary.notifications, summary.points > 0) == (1, 0, True)
        assert (dict(world.gcs.writes), world.gcs.refusals.total()) == ({STATE: 2}, 0)


@pytest.mark.long
def test_a_run_that_is_killed_with_nothing_to_tell_loses_no_window() -> None:
    killer = Killer()
    with incident(killer, bot=False) as world:
        world.now = Policy().closed_at(START + BEGIN * MINUTE)
        world.tick()
        stored = build_store(world.settings).load()
        assert stored
        quiet = Before(world.now + MINUTE, stored.text, {name: set() for name in CHANNELS})
        outcomes = [kill(world, killer, quiet, point) for point in list_points(world, killer, quiet)]
    assert len(outcomes) >= 10
    assert {
        outcome.point for outcome in outcomes if outcome.lost or outcome.windows_lost or max(outcome.repeated.values())
    } == set()


# ---- what a run noted before it was killed


@pytest.fixture(params=["local", "gcs"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with World(tmp_path, [], now=FIRES, in_bucket=request.param == "gcs") as made:
        if made.gcs:
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", made.gcs.url)
        yield build_store(made.settings)


def begun(store: Store, owner: str, minute: int = 0) -> Held:
    held = take(store, owner, MINUTE, lambda: FIRES + minute * MINUTE)
    assert isinstance(held, Held)
    return held


def test_whoever_comes_after_a_killed_run_goes_on_from_its_last_note(store: Store) -> None:
    held = begun(store, "killed")
    for number in range(12):
        held.note(replace(held.state, descriptors=f"note {number}"))
    assert load(store).descriptors == "note 11"
    assert isinstance(take(store, "next", MINUTE, lambda: FIRES), Lease)
    after = begun(store, "next", 1)
    assert (after.state.descriptors, after.state.lease) == ("note 11", Lease("next", FIRES + 2 * MINUTE))
    assert store.last_note(NOTES) is None
    after.release(after.state)
    assert load(store).descriptors == "note 11"


class _Deaf(LocalStore):
    """A store that may be read and saved, and not listed."""

    def last_note(self, prefix: str) -> bytes | None:
        raise StoreError(f"the state cannot be read: {prefix}* may not be listed")


def test_notes_that_cannot_be_read_keep_nobody_from_being_told(tmp_path: Path) -> None:
    store = _Deaf(tmp_path / "state.json")
    begun(store, "killed")
    after = begun(store, "next", 1)
    assert after.state.lease == Lease("next", FIRES + 2 * MINUTE)
    (news,) = [each for each in after.news if "told again" in each]
    assert "may not be listed" in news


def test_a_note_of_a_run_that_ended_or_woke_too_late_is_nobodys(store: Store) -> None:
    sleeper = begun(store, "sleeper")
    held = begun(store, "next", 2)
    sleeper.note(replace(sleeper.state, descriptors="too late"))
    assert load(store).descriptors == ""
    held.note(replace(held.state, descriptors="noted"))
    held.release(replace(held.state, descriptors="released"))
    assert load(store).descriptors == "released"
    assert begun(store, "third", 3).state.descriptors == "released"
    assert begun(store, "fourth", 5).state.descriptors == "released"
    assert store.last_note(NOTES) is None, "where a lease is found, nothing of earlier ones stays"


def test_a_run_that_is_given_up_gives_back_what_it_has_noted(store: Store) -> None:
    held = begun(store, "stopped")
    held.note(replace(held.state, descriptors="told"))
    assert give_back(store, "stopped")
    state = load(store)
    assert (state.descriptors, state.lease, store.last_note(NOTES)) == ("told", None, None)


def test_a_document_that_is_saved_again_as_it_is_keeps_its_notes(store: Store) -> None:
    """`doctor` does, once the lease is over."""
    held = begun(store, "killed")
    held.note(replace(held.state, descriptors="told"))
    stored = store.load()
    assert stored
    store.save(stored.text, stored.generation)
    assert begun(store, "next", 2).state.descriptors == "told"


def test_a_note_that_cannot_be_read_costs_itself_alone(store: Store) -> None:
    held = begun(store, "killed")
    held.note(replace(held.state, descriptors="told"))
    lease = held.state.lease
    assert lease
    store.note(b"{broken", f"{NOTES}{crc32(b'killed'):08x}-{lease.until:%Y%m%dT%H%M%S%f}-9999")
    assert begun(store, "next", 2).state.descriptors == ""
