"""What a minute costs with 1 to 1,000 instances and 3 to 300 shops: `python -m benchmarks.scale`.

The state of two hours is made in this process by the ticks themselves. Then `logwatch run` takes some minutes more, each in a
process of its own that may have 512 MiB, as Cloud Run's may: in a memory cgroup where one can be made. It reads local servers
of the real protocols. Lines are of the real format: what an instance counted of the shops it served, thirty at the most.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.growth_chart import Panel, draw
from logwatch.pipeline.tick import Ticker
from logwatch.spans import WINDOW
from logwatch.state.document import dump_state
from logwatch.wiring import build_policy
from tests.conftest import ROOT, clean_environment
from tests.support.fleets import Fleet, aged, live
from tests.support.life import DEAD
from tests.support.made_traffic import START
from tests.support.world import World, bundled_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = ((1, 3), (10, 3), (10, 30), (100, 30), (100, 300), (1000, 30), (1000, 300))
PAST, LIVED, TICKS = 120, 10, 3
"""Minutes of windows in the state, how many of them are lived through, and ticks that are measured."""
RUN = """
import os, resource, subprocess, sys
if sys.argv[1]:
    open(sys.argv[1], "w").write(str(os.getpid()))
print(subprocess.run([sys.executable, "-m", "logwatch", "run"], stdout=subprocess.PIPE, text=True).stdout.strip())
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
"""A run and what it used, begun by a small process: the system counts to a child's largest memory what began it."""
ROOM_MIB, LONGEST_S = 512, 20
"""What a run may have, and how many seconds of a processor it should take at the most."""
GROUPS = ((Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"), (Path("/sys/fs/cgroup"), "memory.max"))
"""Where memory cgroups are, of either version, and the file of their limit."""
READ = 7
"""Minutes of lines that a run may read."""


class Measured(NamedTuple):
    """What a fleet's minute costs."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    state: bytes
    series: int
    steps_ms: dict[str, int]
    told: list[str]
    """What the last run found wrong."""


@contextmanager
def room(mib: int) -> Iterator[str]:
    """Make a memory cgroup of so many MiB; gives the file that a process writes its number into, empty where none can be made.

    A limit of data (`ulimit -d`) is no stand-in: it counts the stacks of threads that nobody has touched.
    """
    for root, limit in GROUPS:
        group = root / f"logwatch-scale-{os.getpid()}"
        if not (root / "cgroup.procs").exists():
            continue
        try:
            group.mkdir()
            (group / limit).write_text(str(mib << 20))
        except OSError:
            continue
        yield str(group / "cgroup.procs")
        group.rmdir()
        return
    print("no memory cgroup can be made here: nothing holds a run to its room", file=sys.stderr)
    yield ""


def measure(fleet: Fleet, ticks: int, group: str) -> Measured:
    """Run some minutes behind the past of a fleet."""
    with tempfile.TemporaryDirectory() as folder, World(Path(folder), [], more={"LEASE": "10m"}) as world:
        ticker = Ticker(bundled_rules(), build_policy(world.settings, publishes=True), DEAD)
        state = world.folder / "state.json"
        state.write_bytes(dump_state(aged(live(fleet, ticker, LIVED), PAST)))
        for minute in range(LIVED - READ, LIVED + 1):
            world.google.logging.add(fleet.entries(minute))
        wall, cpu, peak, ran = [], [], [], {}
        for number in range(ticks):
            world.google.logging.add(fleet.entries(LIVED + number + 1))
            world.now = ticker.policy.closed_at(START + (LIVED + number + 1) * WINDOW)
            begun = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, "-c", RUN, group],
                env=clean_environment(**world.environment),
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            line, used = process.communicate()[0].decode().strip().rsplit("\n", 1)
            wall.append(time.perf_counter() - begun)
            ran = json.loads(line)["run"]
            cpu.append(float(used.split()[0]))
            peak.append(int(used.split()[1]) / 1024)
        told = [*ran.get("errors", []), *ran.get("refused", [])]
        series = sum(ran.get("levels", {}).values())
        return Measured(median(wall), median(cpu), max(peak), state.read_bytes(), series, ran["steps_ms"], told)


def main() -> None:
    """Print a line for each size."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--sizes", nargs="*", default=[f"{many}x{shops}" for many, shops in SIZES])
    asked.add_argument("--ticks", type=int, default=TICKS)
    asked.add_argument("--chart", type=Path, help="write a chart there")
    given = asked.parse_args()
    measured = []
    print("instances x shops   wall s    cpu s  peak MiB  state MB   packed  verdicts  steps in ms")
    for size in given.sizes:
        instances, shops = map(int, size.split("x"))
        with room(ROOM_MIB) as group:
            found = measure(Fleet(instances, shops), given.ticks, group)
        measured.append(found)
        plain, packed = len(found.state) / 1e6, len(gzip.compress(found.state, 6)) / 1e6
        print(
            f"{size:17}{found.wall_s:9.1f}{found.cpu_s:9.1f}{found.peak_mib:10.0f}{plain:10.2f}{packed:9.2f}{found.series:10}",
            end="  ",
        )
        print(*(f"{step} {ms}" for step, ms in found.steps_ms.items()), *found.told, flush=True)
    if given.chart:
        panels = (
            Panel("processor seconds a minute's run", [each.cpu_s for each in measured], LONGEST_S),
            Panel("memory, MiB", [each.peak_mib for each in measured], ROOM_MIB),
            Panel("state, MB", [len(each.state) / 1e6 for each in measured]),
        )
        given.chart.write_text(draw(given.sizes, panels), encoding="utf-8")


if __name__ == "__main__":
    main()
