"""How long a run says it took, and what it says waits: held against clocks that every slow server moves on."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from logwatch.pipeline.run import run
from logwatch.settings import process_age_s
from logwatch.state.lease import load
from logwatch.wiring import build_store
from tests.support import forked
from tests.support.checkout_errors import ENTRIES, FIRES
from tests.support.faults import MINUTE
from tests.support.local_google import make_entry
from tests.support.made_traffic import PROJECT, START, Incident, Traffic
from tests.support.patience import PATIENCE_S
from tests.support.world import World, patient_parts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EFFECT_S = 0.5
"""Simulated seconds that every request of a run takes, to whatever server."""
STARTED_S = 2.0


def figures(world: World, metric: str) -> list[float]:
    return [each.value for each in world.google.monitoring.written(PROJECT) if each.metric == f"o4o/logwatch/{metric}"]


@pytest.mark.long
@pytest.mark.parametrize("tells", [True, False])
def test_a_run_takes_from_its_processs_start_to_its_last_save(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, tells: bool
) -> None:
    """The wall is a clock that each request to each server moves on: reads, saves, messages, figures."""
    effects: list[str] = []

    @contextmanager
    def slowly(name: str) -> Iterator[None]:
        world.now += timedelta(seconds=EFFECT_S)
        effects.append(name)
        yield

    with World(tmp_path, ENTRIES, now=FIRES - (2 if tells else 6) * MINUTE, in_bucket=True) as world:
        assert world.gcs
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", world.gcs.url)
        world.tick()
        world.now += MINUTE
        for server in (world.google.logging.calls, world.google.monitoring.calls, world.slack, world.smtp, world.gcs):
            server.watch = slowly
        begun = world.now
        summary = run(patient_parts(world.settings, "test"), lambda: world.now, STARTED_S)
        wall_s = STARTED_S + (world.now - begun).total_seconds()
        told = load(build_store(world.settings)).runs.took_s
        kinds = {
            kind for kind in ("ListLogEntries", "CreateTimeSeries", "upload", "DATA") if any(kind in each for each in effects)
        }
        assert kinds == {"ListLogEntries", "CreateTimeSeries", "upload"} | ({"DATA"} if tells else set())
        for server in (world.google.logging.calls, world.google.monitoring.calls, world.slack, world.smtp, world.gcs):
            server.watch = world.watch
        world.now = begun + MINUTE
        world.tick()
        measured = figures(world, "run_time")
    assert summary.took_s == wall_s
    assert told is not None
    assert abs(told - wall_s) <= 2 * EFFECT_S, "its last save by the measure of its first"
    assert measured[-1] == told
    assert summary.to_json()["run"]["took_s"] == wall_s


def test_a_real_process_counts_its_own_start(tmp_path: Path) -> None:
    with World(tmp_path, ENTRIES, now=FIRES) as world:
        out = tmp_path / "out"
        forked.start(world.environment, out).join(PATIENCE_S)
    line = json.loads(out.read_text())
    assert 0 < line["run"]["took_s"] < process_age_s()


@pytest.mark.long
def test_what_is_being_sent_now_is_not_undelivered_and_what_waits_from_earlier_is(tmp_path: Path) -> None:
    entries = [make_entry(entry) for entry in Traffic(5, 60, incidents=(Incident(10, 60, errors=3),)).entries()]
    with World(tmp_path, entries, now=START + timedelta(minutes=9, seconds=30)) as world:
        world.slack.answer(503, times=3)
        for _ in range(8):
            world.tick()
            world.now += MINUTE
        assert len(world.slack.taken) == len(world.smtp.mails) == 1
        waiting = figures(world, "undelivered")
    made = waiting.index(1.0) - 1
    assert waiting == [0.0] * made + [0.0, 1.0, 1.0, 1.0] + [0.0] * (4 - made), "not where it is made, until it is through"
