"""What a shell offers after Tab: the script that asks for it, and the ids and shops that only logwatch knows."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import shellingham  # which typer brings
import typer
from typer.completion import completion_init, get_completion_script  # type: ignore[attr-defined]  # typer's own way in
from typer.completion import install as install_script  # type: ignore[attr-defined]  # likewise

from logwatch.errors import ConfigError, LogwatchError
from logwatch.languages import languages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logwatch.settings import Settings
    from logwatch.state.document import State

SHELLS = ("bash", "zsh", "fish")
OPTIONS = ("--install-completion", "--show-completion")
HARMLESS = re.compile(r"[\w.@-]+")
"""What a log line calls a shop goes onto the command line as it stands: nothing that a shell reads anything into."""

completion_init()  # typer knows the shells only where it adds the options by itself


def with_shell(arguments: list[str]) -> list[str]:
    """Give the arguments with the shell that is running, where they ask for completion and name none."""
    if not arguments or arguments[-1] not in OPTIONS:
        return arguments
    try:
        shell, _ = shellingham.detect_shell()
    except (shellingham.ShellDetectionFailure, OSError):
        shell = ""
    if shell not in SHELLS:
        hint = f"name it: {arguments[-1]} bash, zsh or fish"
        raise ConfigError("which shell is this?", where=arguments[-1], hint=hint)
    return [*arguments, shell]


def show(shell: str) -> None:
    """Print the script by which a shell asks for completions."""
    typer.echo(get_completion_script(prog_name="logwatch", complete_var="_LOGWATCH_COMPLETE", shell=shell))


def install(shell: str) -> str:
    """Put the script where the shell reads it when it starts; gives the file."""
    return str(install_script(shell=shell, prog_name="logwatch", complete_var="_LOGWATCH_COMPLETE")[1])


def complete_rules(ctx: typer.Context, incomplete: str) -> list[str]:
    """Give the ids of rules that begin so."""
    with suppress(LogwatchError):
        from logwatch.wiring import build_rules

        return _beginning(build_rules(_settings(ctx)).by_id, incomplete)
    return []


def complete_shops(ctx: typer.Context, incomplete: str) -> list[str]:
    """Give the shops that the state has seen and that begin so."""
    with suppress(LogwatchError):
        from logwatch.report.state_lists import known_shops
        from logwatch.wiring import build_service

        settings = _settings(ctx)
        return _beginning(known_shops(_local_state(settings), build_service(settings).shop_label), incomplete)
    return []


def complete_silences(ctx: typer.Context, incomplete: str) -> list[str]:
    """Give the ids of silences that begin so."""
    with suppress(LogwatchError):
        return _beginning((each.id for each in _local_state(_settings(ctx)).memory.muting), incomplete)
    return []


def complete_languages(incomplete: str) -> list[str]:
    """Give the languages that begin so."""
    return _beginning(languages(), incomplete)


def complete_targets(incomplete: str) -> list[str]:
    """Give the targets of the settings file that begin so."""
    with suppress(LogwatchError):
        from logwatch.settings import load_targets

        return _beginning((each.target for each in load_targets() if each.target), incomplete)
    return []


def complete_schemas(incomplete: str) -> list[str]:
    """Give the names of schemas that begin so."""
    from logwatch.cli.usage.schemas import schema_names

    return _beginning(schema_names(), incomplete)


def _settings(ctx: typer.Context) -> Settings:
    from logwatch.settings import load_shared

    flags: dict[str, Any] = {name: ctx.params.get(name) for name in ("rules", "target")}
    return load_shared(**flags)


def _local_state(settings: Settings) -> State:
    """Load the state where that is a file; one in a bucket offers nothing: nobody waits for the network at a Tab."""
    from logwatch.state.document import State
    from logwatch.state.lease import load
    from logwatch.wiring import build_store, state_place

    return State() if "://" in state_place(settings) else load(build_store(settings))


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete) and HARMLESS.fullmatch(name)]
