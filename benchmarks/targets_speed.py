"""Ten targets in one run, beside ten runs of one each: local servers, whole processes, in turn.

With `--latency`, every call of a server takes so long, as Google's do: then a run mostly waits.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.conftest import ROOT, clean_environment
from tests.support.made_traffic import START
from tests.support.three_targets import environment_of, settings_file, table_of, traffic_of
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Cost:
    """What some processes took, one after the other."""

    wall_s: float
    cpu_s: float
    largest_mib: float

    def __str__(self) -> str:
        """Give the figures."""
        return f"{self.wall_s:.2f} s, {self.cpu_s:.2f} s of CPU, {self.largest_mib:.0f} MiB"


def spent(commands: Sequence[Sequence[str]], environment: dict[str, str]) -> Cost:
    """Run some commands to their ends, each of which must do its minute."""
    begun, cpu_s, largest = time.perf_counter(), 0.0, 0
    for command in commands:
        process = subprocess.Popen(
            [sys.executable, "-m", "logwatch", *command], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, command
        cpu_s, largest = cpu_s + usage.ru_utime + usage.ru_stime, max(largest, usage.ru_maxrss)
    return Cost(time.perf_counter() - begun, cpu_s, largest / 1024)


def compare(targets: int, instances: int, rounds: int, latency_s: float) -> None:
    """Print what a minute of all targets takes, in one run and in a run each."""
    names = [f"service-{number}" for number in range(targets)]
    entries = [entry for seed, name in enumerate(names) for entry in traffic_of(name, seed, 70, instances=instances)]

    @contextmanager
    def slowly(_what: str) -> Iterator[None]:
        time.sleep(latency_s)
        yield

    found: dict[str, list[Cost]] = {"one": [], "each": []}
    with tempfile.TemporaryDirectory() as folder, World(Path(folder), entries, watch=slowly) as world:
        paths = {way: settings_file(Path(folder) / way, *map(table_of, names)) for way in found}
        for number in range(rounds + 1):
            world.now = START + timedelta(minutes=50 + number, seconds=90)
            for way, path in paths.items():
                own = {"STATE": str(Path(folder) / way / "state.json"), "ENVIRONMENT": way}
                environment = clean_environment(**environment_of(world, path, **own))
                commands = [["run"]] if way == "one" else [["run", "--target", name] for name in names]
                found[way].append(spent(commands, environment))
    one, each = (
        Cost(*(median(getattr(cost, name) for cost in costs[1:]) for name in Cost.__slots__)) for costs in found.values()
    )
    print(f"{targets} targets of {instances} instances, {latency_s * 1000:.0f} ms a call")
    print(f"  one run:  {one}")
    print(f"  {targets} runs: {each}")
    print(f"  share:    {one.wall_s / each.wall_s:.2f} of the time, {one.cpu_s / each.cpu_s:.2f} of the CPU", flush=True)


def main() -> None:
    """Compare without any latency, and with some."""
    options = argparse.ArgumentParser(description="several targets in one run, beside a run each")
    options.add_argument("--targets", type=int, default=10)
    options.add_argument("--instances", type=int, default=10)
    options.add_argument("--rounds", type=int, default=3, help="of which the medians are given, after one that is not")
    options.add_argument("--latency", type=float, default=0.15, help="seconds of each call, in the second comparison")
    chosen = options.parse_args()
    for latency_s in (0.0, chosen.latency):
        compare(chosen.targets, chosen.instances, chosen.rounds, latency_s)


if __name__ == "__main__":
    main()
