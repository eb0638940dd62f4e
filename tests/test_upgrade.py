"""An installation over versions: the one before runs, is replaced, comes back and goes again; nobody is told less, or twice."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.support.local_google import make_entry
from tests.support.made_traffic import START, Incident, Traffic
from tests.support.versions import SCHEMA_1, SCHEMA_2, call, drawn_month, live_through, unpack
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MINUTE = timedelta(minutes=1)
TRAFFIC = Traffic(
    11,
    34,
    incidents=(Incident(4, 12, failing=dict.fromkeys(("glycopharm", "kpa", "cosmetics"), 0.95)), Incident(22, 26, errors=2.0)),
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, [make_entry(each) for each in TRAFFIC.entries()], bot=True, more={"LANG": "en"}) as opened:
        yield opened


def ran(world: World, program: Path, minute: int) -> int:
    """Run a version once, so many minutes after the beginning; gives how many windows it judged."""
    world.now = START + minute * MINUTE + timedelta(seconds=20)
    done = call(world, program, "run")
    assert done.returncode == 0, done.stderr
    windows: int = json.loads(done.stdout.splitlines()[-1])["run"]["windows"]
    return windows


def subjects(world: World) -> list[str]:
    return [str(mail["subject"]) for mail in world.smtp.mails]


@pytest.mark.long
def test_a_version_that_comes_back_and_goes_again_loses_nothing_and_repeats_nothing(world: World, tmp_path: Path) -> None:
    before = unpack(SCHEMA_2, tmp_path / "before")
    judged = [ran(world, before, 6), ran(world, before, 9), ran(world, ROOT, 12)]
    assert len(subjects(world)) == 1, "what the version before told is not told again"

    muted = call(
        world, ROOT, "silence", "add", "--rule", "cache-hit", "--every", "sun 03:00", "--for", "1h", "--reason", "backup"
    )
    assert muted.returncode == 0, muted.stderr
    world.now = START + 15 * MINUTE
    assert call(world, before, "run").returncode == 3, "it would take this state for one without summaries"
    rolled = call(world, ROOT, "state", "roll-back")
    assert rolled.returncode == 0, rolled.stderr
    judged += [ran(world, before, 16), ran(world, before, 20)]

    judged += [ran(world, ROOT, 24), ran(world, ROOT, 34)]
    assert sum(judged) == 34 - 6 + 1, "each window is judged once, whoever judges it"
    assert subjects(world) == [
        "[PAGE] 4.2 More payments fail · all shops (cosmetics, glycopharm, kpa)",
        "Re: [RESOLVED] runbook 4.2 More payments fail · all shops (cosmetics, glycopharm, kpa)",
        "[PAGE] runbook 4.1 More checkouts fail · all shops",
        "Re: [RESOLVED] runbook 4.1 More checkouts fail · all shops",
    ]
    heads = [post["text"] for post in world.slack.posts.values() if not post.get("thread_ts")]
    assert [head.partition("]")[0] for head in heads] == ["✅ [RESOLVED"] * 2, (
        "a message for each incident, kept up to date by all"
    )
    (kept,) = world.state().memory.recurring
    assert (kept.reason, kept.rule) == ("backup", "cache-hit")


@pytest.mark.long
def test_a_version_that_cannot_read_the_state_leaves_it_alone_and_the_next_catches_up(world: World, tmp_path: Path) -> None:
    before = unpack(SCHEMA_1, tmp_path / "before")
    judged = [ran(world, before, 6), ran(world, before, 9)]
    told = subjects(world)
    assert told
    judged.append(ran(world, ROOT, 12))

    state = (tmp_path / "state.json").read_bytes()
    world.now = START + 16 * MINUTE
    refused = call(world, before, "run")
    assert (refused.returncode, "the state has schema 3, this program knows 1" in refused.stderr) == (3, True)
    assert (tmp_path / "state.json").read_bytes() == state

    judged += [ran(world, ROOT, 24), ran(world, ROOT, 34)]
    assert sum(judged) == 34 - 6 + 1
    ends = Counter(each.removeprefix("Re: [RESOLVED] runbook ") for each in subjects(world) if each.startswith("Re: "))
    fires = Counter(each.partition("] ")[2].removeprefix("runbook ") for each in subjects(world) if not each.startswith("Re: "))
    assert ends == fires
    assert set(fires.values()) == {1}
    assert [each for each in fires if "4.1" in each] == ["4.1 More checkouts fail · all shops"]


@pytest.mark.long
def test_days_of_upgrades_and_roll_backs_tell_what_one_version_tells(tmp_path: Path) -> None:
    before = unpack(SCHEMA_2, tmp_path / "before")
    month = drawn_month(1, 9, of_before=3)
    assert set(month.versions) == {True, False}
    told, judged = live_through(month, month.versions, before, tmp_path / "changed")
    usual, judged_too = live_through(month, [True] * len(month.versions), before, tmp_path / "one")
    assert (told, judged) == (usual, judged_too)
    assert told.total() > 2
