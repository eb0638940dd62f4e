"""A large fleet: what a run needs of memory, in a process that may have no more."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from logwatch.pipeline.tick import Policy, Ticker
from logwatch.spans import WINDOW
from logwatch.state.document import dump_state, load_state
from tests.conftest import ROOT, clean_environment
from tests.support.fleets import Fleet, aged, live
from tests.support.life import DEAD
from tests.support.made_traffic import START
from tests.support.world import World, bundled_rules

if TYPE_CHECKING:
    from pathlib import Path

ROOM = 512 << 20
"""Bytes of data: two hours of every summary of this fleet would not fit into it."""
LIVED = 4


@pytest.mark.long
def test_a_run_of_three_hundred_instances_fits_into_half_a_gigabyte(tmp_path: Path) -> None:
    fleet, ticker = Fleet(300, 30), Ticker(bundled_rules(), Policy(), DEAD)
    with World(tmp_path, [], more={"METRICS_PROJECT": "none", "LEASE": "10m"}) as world:
        path = tmp_path / "state.json"
        path.write_bytes(dump_state(aged(live(fleet, ticker, LIVED), 120)))
        for minute in range(LIVED - 2, LIVED + 2):
            world.google.logging.add(fleet.entries(minute))
        world.now = ticker.policy.closed_at(START + (LIVED + 1) * WINDOW)
        limit = f"import resource; resource.setrlimit(resource.RLIMIT_DATA, ({ROOM}, {ROOM}))"
        begin = "import runpy, sys; sys.argv = ['logwatch', 'run']; runpy.run_module('logwatch', run_name='__main__')"
        ran = subprocess.run(
            [sys.executable, "-c", f"{limit}\n{begin}"],
            env=clean_environment(**world.environment),
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
    assert ran.returncode == 0, ran.stderr.decode()[-2000:]
    assert json.loads(ran.stdout)["run"]["windows"] == 1
    state = load_state(path.read_bytes())
    assert {each.labels.get("service") for each in state.verdicts} == {None, *(f"shop-{shop:03}" for shop in range(30))}
    assert len(path.read_bytes()) < 2_000_000
