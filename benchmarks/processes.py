"""Run a command as a whole process and say how long it took and how much memory it held."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Command:
    """What to start, and where its standard output goes; None throws it away."""

    arguments: Sequence[str]
    stdout: Path | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One process from start to exit."""

    wall_s: float
    cpu_s: float  # Of all its processes together.
    largest_bytes: int  # Peak resident memory of the largest single process of the tree.


class CommandFailedError(Exception):
    """The command ended with another exit code than 0; the text is the last line of its standard error."""


def logwatch_command() -> str:
    """Give the `logwatch` that belongs to the interpreter running the benchmark."""
    return str(Path(sys.executable).with_name("logwatch"))


def timed_run(command: Command) -> Run:
    """Run to the end. The kernel's own count of memory costs no time, but sees only one process at a time."""
    with _output(command) as out, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = _start(command, out, errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        _check(process.returncode, errors)
    return Run(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def interleaved(commands: Mapping[str, Command], rounds: int) -> dict[str, list[Run]]:
    """Run all commands once per round, so that a slow spell of the machine meets each of them.

    A command that fails is told and left out from then on.
    """
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name in list(runs):
            try:
                runs[name].append(timed_run(commands[name]))
            except (CommandFailedError, OSError) as error:
                print(f"{name}: failed: {error}")
                del runs[name]
    return runs


def _output(command: Command) -> BinaryIO:
    return (command.stdout or Path(os.devnull)).open("wb")


def _start(command: Command, out: IO[bytes], errors: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command.arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)


def _check(exit_code: int, errors: IO[bytes]) -> None:
    if exit_code:
        errors.seek(0)
        lines = errors.read().decode(errors="replace").strip().splitlines()
        raise CommandFailedError(lines[-1] if lines else f"exit code {exit_code}")
