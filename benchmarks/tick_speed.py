"""A tick against local servers, ten instances: from start to exit, beside the bare imports; and of a process that serves."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

from logwatch.pipeline.run import run
from logwatch.server.app import TickService
from logwatch.wiring import build_lasting_parts
from tests.support.local_google import make_entry
from tests.support.made_traffic import START, Traffic
from tests.support.world import World

IMPORTS = "import google.cloud.logging, google.cloud.monitoring_v3, pandas"
RUNS = 7


def seconds(process: subprocess.Popen[bytes], begun: float) -> float:
    """Wait for a process; gives how long it took."""
    process.communicate(timeout=60)
    return time.perf_counter() - begun


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
    """Print the medians and their ratio, and the largest memory of any of the processes."""
    entries = [make_entry(entry) for entry in Traffic(3, 90, instances=10).entries()]
    bare, ticks = [], []
    with tempfile.TemporaryDirectory() as folder, World(Path(folder), entries) as world:
        for number in range(RUNS + 1):
            world.now = START + timedelta(minutes=50 + number, seconds=90)
            begun = time.perf_counter()
            ticks.append(seconds(world.start(), begun))
            begun = time.perf_counter()
            bare.append(seconds(subprocess.Popen([sys.executable, "-c", IMPORTS], stdout=subprocess.PIPE), begun))
        warm = serve(world)
        size = len((world.folder / "state.json").read_bytes())
    tick, imports = median(ticks[1:]), median(bare[1:])
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"tick, ten instances: {tick:.2f} s, bare imports {imports:.2f} s: {tick / imports:.2f} times")
    print(f"tick of a process that serves: {median(warm[1:]):.3f} s, the first {warm[0]:.2f} s")
    print(f"largest process {peak:.0f} MiB, state {size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
