"""The command line: which commands there are, what ends a process, and what becomes of errors.

Nothing heavier than typer is imported before a command is known.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from logwatch import __version__
from logwatch.cli import alerts, backtest, beta_exit, cloud, evaluate, rules
from logwatch.cli import run as ticks

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(
    name="logwatch", help="The beta runbook, executed: judges the shop platform's own log lines.", no_args_is_help=True,
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
)  # fmt: skip
COMMANDS: dict[str, Callable[..., None]] = {
    "evaluate": evaluate.evaluate,
    "report": evaluate.report,
    "windows": evaluate.windows,
    "run": ticks.run_tick,
    "serve": ticks.serve,
    "doctor": ticks.doctor,
    "backtest": backtest.backtest,
    "tune": backtest.tune_rule,
    "beta-exit": beta_exit.beta_exit,
    "alerts": alerts.alerts,
    "explain": alerts.explain_rule,
}
GROUPS: dict[str, tuple[str, dict[str, Callable[..., None]]]] = {
    "silence": (
        "Mute a rule, with an end and a reason.",
        {"add": alerts.silence_add, "list": alerts.silence_list, "expire": alerts.silence_expire},
    ),
    "rules": (
        "Validate, list and test the rules.",
        {"check": rules.rules_check, "list": rules.rules_list, "test": rules.rules_test, "schema": rules.rules_schema},
    ),
    "cloud": (
        "Write the files that watch logwatch itself in Cloud Monitoring.",
        {"policies": cloud.cloud_policies, "dashboard": cloud.cloud_dashboard},
    ),
}
for name, command in COMMANDS.items():
    app.command(name)(command)
for group, (title, commands) in GROUPS.items():
    inner = typer.Typer(help=title, no_args_is_help=True)
    for name, command in commands.items():
        inner.command(name)(command)
    app.add_typer(inner, name=group)


@app.callback(invoke_without_command=True)
def _main(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,  # noqa: FBT002 - a flag
) -> None:
    if version:
        typer.echo(f"logwatch {__version__}")
        raise typer.Exit


def run() -> NoReturn:
    """Run the command line as a process of its own, and end without taking pandas apart first: that takes 0.1 s."""
    os.putenv("OPENBLAS_NUM_THREADS", "1")  # nothing here multiplies matrices, and starting threads for it takes 0.05 s
    code: object = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def main() -> None:
    """Run the command line; errors become a message and an exit code, never a traceback."""
    import gc

    from logwatch.errors import LogwatchError

    for stream in ("stdout", "stderr"):
        if getattr(sys, stream) is None:  # closed by whoever started us
            setattr(sys, stream, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - it lives as long as we do
        getattr(sys, stream).reconfigure(errors="backslashreplace")
    gc.disable()  # a command reads, prints and ends: nothing lives long enough to be worth collecting
    try:
        app()
    except LogwatchError as error:
        typer.echo(f"logwatch: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
