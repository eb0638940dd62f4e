"""A large fleet: what a run needs of memory, in a process that may have no more."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

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


def within(room: int, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a process that may have so many bytes of data."""
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_DATA, ({room}, {room}))"
    begin = f"import runpy, sys; sys.argv = {['logwatch', *arguments]}; runpy.run_module('logwatch', run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", f"{limit}\n{begin}"],
        env=clean_environment(**environment),
        cwd=ROOT,
        capture_output=True,
        check=False,
    )


@pytest.mark.long
@pytest.mark.parametrize("command", ["windows", "evaluate", "backtest"])
def test_a_stray_time_costs_no_memory(command: str, tmp_path: Path) -> None:
    """Decades of minutes would take gigabytes, and the lines of an hour say what they say without it."""
    lines = (ROOT / "tests/fixtures/logs/payment.ndjson").read_text().splitlines()
    summary = json.loads(next(line for line in lines if "[OpsMetrics]" in line))
    strays = [
        {
            **summary,
            "insertId": f"stray{year}",
            "timestamp": f"{year}-01-01T00:00:30Z",
            "receiveTimestamp": f"{year}-01-01T00:00:31Z",
        }
        for year in (1970, 2011, 2027, 2098, 2200)
    ]
    said = []
    for name, more in (("calm", []), ("strayed", [json.dumps(each) for each in strays])):
        path = tmp_path / f"{name}.ndjson"
        path.write_text("\n".join([*lines, *more]) + "\n")
        ran = within(ROOM // 2, command, str(path), *(["--format", "json"] if command != "windows" else []))
        assert ran.returncode == 0, ran.stderr.decode()[-2000:]
        said.append(ran.stdout if command == "windows" else figures(json.loads(ran.stdout)))
    assert said[0] == said[1]


def figures(document: dict[str, Any]) -> dict[str, Any]:
    """Give what is said, but for where it is from and how many lines were read."""
    return {key: value for key, value in document.items() if key not in {"source", "command", "unread"}}


@pytest.mark.long
def test_a_run_of_three_hundred_instances_fits_into_half_a_gigabyte(tmp_path: Path) -> None:
    fleet, ticker = Fleet(300, 30), Ticker(bundled_rules(), Policy(), DEAD)
    with World(tmp_path, [], more={"METRICS_PROJECT": "none", "LEASE": "10m"}) as world:
        path = tmp_path / "state.json"
        path.write_bytes(dump_state(aged(live(fleet, ticker, LIVED), 120)))
        for minute in range(LIVED - 2, LIVED + 2):
            world.google.logging.add(fleet.entries(minute))
        world.now = ticker.policy.closed_at(START + (LIVED + 1) * WINDOW)
        ran = within(ROOM, "run", **world.environment)
    assert ran.returncode == 0, ran.stderr.decode()[-2000:]
    assert json.loads(ran.stdout)["run"]["windows"] == 1
    state = load_state(path.read_bytes())
    assert {each.labels.get("service") for each in state.verdicts} == {None, *(f"shop-{shop:03}" for shop in range(30))}
    assert len(path.read_bytes()) < 2_000_000
