"""A lease and a cursor that a wrong clock left behind."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from logwatch.durations import LONGEST_LEASE
from logwatch.state.document import Lease, State, dump_state
from logwatch.state.lease import Held, take
from logwatch.state.local import LocalStore
from logwatch.state.mend import is_ahead, mend
from tests.support.made_traffic import START
from tests.support.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("ahead", "taken"), [(MINUTE, False), (LONGEST_LEASE, False), (LONGEST_LEASE + MINUTE, True), (timedelta(days=2000), True)]
)
def test_a_lease_further_ahead_than_any_can_be_is_taken_over_and_told_with_its_date(
    tmp_path: Path, ahead: timedelta, *, taken: bool
) -> None:
    store = LocalStore(tmp_path / "state.json")
    store.save(dump_state(State(lease=Lease("old", START + ahead))), 0)
    held = take(store, "new", MINUTE, lambda: START)
    assert isinstance(held, Held) is taken
    if isinstance(held, Held):
        (news,) = held.news
        assert f"old until {START + ahead:%Y-%m-%dT%H:%MZ}" in news
        assert held.state.lease == Lease("new", START + MINUTE)


def test_a_state_ahead_of_the_clock_is_told_with_its_date_and_mended_by_the_command_that_is_named(
    tmp_path: Path, run: Run
) -> None:
    with World(tmp_path, [], now=START + timedelta(days=400)) as world:
        assert world.tick().windows == 1
        world.now = START + timedelta(seconds=30)
        ahead = world.tick()
        assert (ahead.windows, ahead.exit_code) == (0, 3)
        assert "2027-03-30 23:58Z are judged already, and it is 2026-02-24 00:00Z" in ahead.errors[0]
        assert "logwatch state mend" in ahead.errors[0]
        told = run("state", "mend", "--lang", "en", **world.environment)
        assert (told.code, "2027-03-31 08:58 KST" in told.out, "2026-02-24 08:59 KST" in told.out) == (0, True, True)
        assert run("state", "mend", "--lang", "en", **world.environment).out.startswith("Nothing to fix")
        world.now += MINUTE
        assert (world.tick().windows, world.state().cursor) == (1, START)


def test_nothing_that_is_mended_lies_ahead_and_what_lay_behind_stays() -> None:
    state = State(started_at=START - MINUTE, cursor=START + timedelta(days=9), last_summary=START + timedelta(days=8))
    assert is_ahead(state, START)
    mended = mend(state, START, ZoneInfo("Asia/Seoul"))
    assert (mended.started_at, mended.cursor, mended.last_summary) == (START - MINUTE, START, START)
    assert not is_ahead(mended, START)
    assert mend(mended, START, ZoneInfo("Asia/Seoul")) is mended
