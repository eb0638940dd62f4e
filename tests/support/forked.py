"""Runs in processes that have everything imported: forked off a server of such, a start costs a tenth of a fresh one's."""

from __future__ import annotations

import multiprocessing
import os
import sys
from typing import TYPE_CHECKING

from logwatch.notify.channels.registry import CHANNELS
from tests.conftest import ROOT, clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.context import ForkServerContext
    from multiprocessing.process import BaseProcess
    from pathlib import Path

IMPORTED = [
    "logwatch.cli.main", "logwatch.wiring", "logwatch.pipeline.run", "logwatch.judge.evaluate", "logwatch.notify.diagnosis.diagnose", "logwatch.state.gcs", "logwatch.publish.cloud_monitoring",
    "google.cloud.logging_v2.services.logging_service_v2", "google.cloud.monitoring_v3", "google.cloud.storage",
    "logwatch.cli.serve", "logwatch.server.app", "logwatch.server.http", "waitress.server", "tests.support.writers", "matplotlib.backends.backend_agg", "matplotlib.figure", "PIL.Image",
    *(name for channel in CHANNELS for name in channel.slow),
]  # fmt: skip
"""What a run imports on its way; what is missing here is imported by each run itself."""


def context() -> ForkServerContext:
    """Give what starts processes off the server."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload([*IMPORTED, __name__])
    return made


def start(environment: Mapping[str, str], out: str | Path = os.devnull, command: Sequence[str] = ("run",)) -> BaseProcess:
    """Start `logwatch run`, or another command, with these settings; what it writes goes into a file."""
    process = context().Process(target=_run, args=(clean_environment(**environment), str(out), command), daemon=True)
    process.start()
    return process


def _run(environment: Mapping[str, str], out: str, command: Sequence[str]) -> None:
    from logwatch.cli.main import run
    from logwatch.state import gcs

    gcs.APART_S = 0.0  # a bucket of this machine has no such limit
    os.environ.clear()  # noqa: TID251 - this process is the command now
    os.environ.update(environment)  # noqa: TID251 - likewise
    os.chdir(ROOT)
    streams = [os.open(os.devnull, os.O_RDONLY), os.open(out, os.O_WRONLY | os.O_CREAT)]
    for stream, opened in enumerate([*streams, streams[1]]):
        os.dup2(opened, stream)
    sys.argv = ["logwatch", *command]
    # Line by line, as in an image, where Python is told to hold nothing back; the server's own do not know what is there now.
    sys.stdout, sys.stderr = (open(stream, "w", buffering=1, closefd=False, encoding="utf-8") for stream in (1, 2))  # noqa: SIM115
    run()
