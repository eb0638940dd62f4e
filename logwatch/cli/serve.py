"""`serve`: a tick for each call of Cloud Scheduler."""

from __future__ import annotations

import gc
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from logwatch import __version__
from logwatch.cli.context import clock_of, targets_from
from logwatch.cli.options import RunFlags
from logwatch.cli.run import wait_its_turn
from logwatch.errors import ConfigError, LogwatchError
from logwatch.logs import failures_told, tell_line
from logwatch.server.app import TickService
from logwatch.settings import default_port, instance, load_all_targets
from logwatch.state.lease import give_back
from logwatch.targets.prepare import prepare
from logwatch.wiring import build_store, build_verify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logwatch.pipeline.run_summary import RunSummary
    from logwatch.server.app import Verify
    from logwatch.settings import Settings


def serve(
    port: Annotated[
        int | None, typer.Option(metavar="PORT", min=1, max=65535, help="Port to listen on. [$PORT, else 8080]")
    ] = None,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Let everybody in, and listen on 127.0.0.1 only.")] = False,  # noqa: FBT002 - a flag
    *,
    flags: RunFlags,
) -> None:
    """Run a tick for each POST /tick that Cloud Scheduler sends; the entry of a Cloud Run service."""
    owner = instance()
    with failures_told("serve", owner):
        targets = targets_from(flags)
        _serve(targets, owner, None if no_auth else build_verify(targets[0]), port or default_port())


def _serve(targets: Sequence[Settings], owner: str, verify: Verify | None, chosen: int) -> None:
    host = "0.0.0.0" if verify else "127.0.0.1"  # noqa: S104 - behind Cloud Run's own door
    fleet, settings = prepare(targets, owner, load_all_targets(targets), lasting=True), targets[0]
    from logwatch.server.http import serve as listen

    gc.enable()  # this one lives long
    gc.collect()
    gc.freeze()

    def tick(tell: Callable[[RunSummary], None]) -> Sequence[RunSummary]:
        wait_its_turn(targets)
        return fleet.run(clock_of(settings), tell)

    application = TickService(tick, verify, tell_line, owner, time.monotonic, settings.lease.total_seconds())

    def give_up() -> None:
        tell_line({"severity": "WARNING", "message": "serve: stopped during a tick; the next one goes on from what is saved"})
        for each in targets:
            with suppress(LogwatchError):  # the lease ends by itself
                give_back(build_store(each), owner)

    try:
        listen(application, host=host, port=chosen, listening=_tell_listening, give_up=give_up)
    except OSError as error:
        raise ConfigError(f"cannot listen on {host}:{chosen}: {error.strerror}", where="--port", hint="is it in use?") from None


def _tell_listening(address: str) -> None:
    tell_line({"severity": "INFO", "message": f"serve: logwatch {__version__} listens on {address}"})
