"""A tick against local servers, ten instances: from start to exit, beside the bare imports; and of a process that serves."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import astuple
from datetime import timedelta
from pathlib import Path
from statistics import median

from benchmarks.processes import MIB, Run
from logwatch.pipeline.run import run
from logwatch.server.app import TickService
from logwatch.wiring import build_lasting_parts
from tests.conftest import ROOT, clean_environment
from tests.support.local_google import make_entry
from tests.support.made_traffic import START, Traffic
from tests.support.world import World

CLIENTS = "import google.cloud.logging, google.cloud.monitoring_v3"
BARE = {"the Google clients": CLIENTS, "these and numpy": f"{CLIENTS}, numpy", "these and pandas": f"{CLIENTS}, pandas"}
BEGIN = """
import resource, subprocess, sys, time
begun = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
RUNS = 7


def measured(arguments: list[str], **environment: str) -> Run:
    """Run Python to the end, begun by a small process: the system counts to a child's largest memory what began it."""
    begun = subprocess.run(
        [sys.executable, "-c", BEGIN, sys.executable, *arguments],
        env=clean_environment(**environment), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    wall_s, cpu_s, largest_kib = map(float, begun.stdout.split())
    return Run(wall_s, cpu_s, int(largest_kib) * 1024)


def told(name: str, runs: list[Run]) -> Run:
    """Print and give the medians of all runs but the first."""
    middle = Run(*(median(values) for values in zip(*map(astuple, runs[1:]), strict=True)))
    print(f"{name:24}{middle.wall_s:6.2f} s{middle.cpu_s:6.2f} s of processors{middle.largest_bytes / MIB:6.0f} MiB")
    return middle


def serve(world: World) -> list[float]:
    """Tick as often in this process as `logwatch serve` does for each call; gives how long each took.

    The servers' own work is in it, since they share the process.
    """
    service = TickService(lambda _: [run(parts, lambda: world.now)], None, lambda _: None, "bench", time.monotonic, 55)
    begun = time.perf_counter()
    parts = build_lasting_parts(world.settings, "bench")
    print(f"made ready to serve in {time.perf_counter() - begun:.2f} s")
    took = []
    for _ in range(RUNS + 1):
        world.now += timedelta(minutes=1)
        begun = time.perf_counter()
        answer = service.answer("POST", "/tick", "")
        took.append(time.perf_counter() - begun)
        assert (answer.status, answer.body["windows"]) == (200, 1)
    return took


def main() -> None:
    """Print the medians and their ratios, and the size of the state."""
    entries = [make_entry(entry) for entry in Traffic(3, 90, instances=10).entries()]
    ticks: list[Run] = []
    bare: dict[str, list[Run]] = {name: [] for name in BARE}
    with tempfile.TemporaryDirectory() as folder, World(Path(folder), entries) as world:
        for number in range(RUNS + 1):
            world.now = START + timedelta(minutes=50 + number, seconds=90)
            ticks.append(measured(["-m", "logwatch", "run"], **world.environment))
            for name, imports in BARE.items():
                bare[name].append(measured(["-c", imports]))
        warm = serve(world)
        size = len((world.folder / "state.json").read_bytes())
    tick = told("a tick of ten instances", ticks)
    for name, runs in bare.items():
        least = told(f"import {name}", runs)
        ratios = f"{tick.wall_s / least.wall_s:.2f} times that, {tick.cpu_s / least.cpu_s:.2f} of processors"
        print(f"{'':24}the tick takes {ratios}")
    print(f"tick of a process that serves: {median(warm[1:]):.3f} s, the first {warm[0]:.2f} s")
    print(f"state {size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
