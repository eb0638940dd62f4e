"""The command line: which commands there are, what ends a process, and what becomes of errors.

A command's module is imported when that command is asked for, so that `--help` and wrong words cost nothing, and every module
may import at its top what it needs.
"""

from __future__ import annotations

import gc
import os
import re
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from logwatch import __version__
from logwatch.cli.flags import flat
from logwatch.cli.usage import completion
from logwatch.cli.usage.completion import with_shell
from logwatch.cli.usage.examples import EXAMPLES
from logwatch.cli.usage.language import reader, said
from logwatch.cli.usage.pages import OwnCommand, OwnGroup, folded, said_usage
from logwatch.errors import LogwatchError
from logwatch.languages import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logwatch.languages import Lang

COMMANDS: dict[str, str] = {
    "evaluate": "evaluate:evaluate",
    "report": "evaluate:report",
    "windows": "windows:windows",
    "run": "run:run_tick",
    "serve": "serve:serve",
    "settings": "settings:settings_show",
    "doctor": "doctor:doctor",
    "backtest": "backtest:backtest",
    "tune": "backtest:tune_rule",
    "beta-exit": "beta_exit:beta_exit",
    "alerts": "kept/alerts:alerts",
    "explain": "kept/alerts:explain_rule",
    "digest": "kept/digest:digest",
    "schema": "usage/schemas:schema",
}
"""Command to the module beside or below this one and its function there, whose docstring is the help."""
GROUPS: dict[str, tuple[str, dict[str, str]]] = {
    "silence": (
        "Mute a rule, with an end and a reason.",
        {"add": "kept/silences:silence_add", "list": "kept/silences:silence_list", "expire": "kept/silences:silence_expire"},
    ),
    "state": (
        "See to what is remembered between runs.",
        {"show": "kept/state:state_show", "mend": "kept/state:state_mend", "roll-back": "kept/state:state_roll_back"},
    ),
    "rules": (
        "Add, validate, list and test the rules.",
        {
            "new": "rules:rules_new",
            "check": "rules:rules_check",
            "list": "rules:rules_list",
            "test": "rules:rules_test",
            "schema": "rules:rules_schema",
        },
    ),
    "cloud": (
        "Write what an installation in Google Cloud needs, and what watches it there.",
        {
            "policies": "cloud:cloud_policies",
            "dashboard": "cloud:cloud_dashboard",
            "rights": "cloud:cloud_rights",
            "ship": "cloud:cloud_ship",
        },
    ),
}


class _Commands(OwnGroup):
    """The commands by name: their help is read out of their modules' text, and only the one that runs is imported."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - typer's own options
        told = {name: _summary(place) for name, place in COMMANDS.items()} | {name: each[0] for name, each in GROUPS.items()}
        super().__init__(**{**options, "commands": {name: OwnCommand(name, help=text) for name, text in told.items()}})

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer does not show its click
        """Read the arguments; of completion the shell need not be named."""
        return super().parse_args(ctx, with_shell(args))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - typer does not show its click
        """Import a command, or a group of them."""
        if cmd_name in GROUPS:
            title, commands = GROUPS[cmd_name]
            return get_command(_typer(commands, cmd_name, help=title, no_args_is_help=True, epilog=_examples(cmd_name)))
        return get_command(_typer({cmd_name: COMMANDS[cmd_name]})) if cmd_name in COMMANDS else None

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:  # noqa: ANN401 - likewise
        """Offer them without importing them."""
        light = OwnGroup(commands=dict(self.commands), params=self.params)
        return light.shell_complete(typer.Context(light, parent=ctx), incomplete)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - likewise
        """List them without importing them."""
        OwnGroup(commands=dict(self.commands)).format_commands(ctx, formatter)


def _summary(place: str) -> str:
    """Give the first line of a function's docstring."""
    module, _, function = place.partition(":")
    text = (Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8")
    found = re.search(rf'^def {function}\(.*?"""(.*?)(?:"""|\n)', text, re.DOTALL | re.MULTILINE)
    return found[1] if found else ""


def _examples(*words: str) -> str:
    return "\n".join(EXAMPLES.get(" ".join(words).strip(), ()))


def _typer(commands: Mapping[str, str], group: str = "", **options: Any) -> typer.Typer:  # noqa: ANN401 - typer's own options
    made = typer.Typer(cls=OwnGroup, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, **options)
    for name, place in commands.items():
        module, _, function = place.partition(":")
        command = getattr(import_module(f"logwatch.cli.{module.replace('/', '.')}"), function)
        made.command(name, cls=OwnCommand, epilog=_examples(group, name))(flat(command))
    return made


app = typer.Typer(
    name="logwatch", help="The beta runbook, executed: judges the shop platform's own log lines.", no_args_is_help=True,
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, cls=_Commands, epilog=_examples(),
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
Shell = Literal["bash", "zsh", "fish"]


@app.callback(invoke_without_command=True)
def _main(
    version: Annotated[bool, typer.Option("--version", help="Print the version and its commit.")] = False,  # noqa: FBT002 - a flag
    install_completion: Annotated[
        Shell | None, typer.Option(help="Let Tab complete commands, options, rules and shops. [this shell]")
    ] = None,
    show_completion: Annotated[Shell | None, typer.Option(help="Print the script that does it. [of this shell]")] = None,
    lang: Annotated[
        str | None,
        typer.Option(metavar="LANG", help="Language of what people read, for every command.  [env var: LOGWATCH_LANG]"),
    ] = None,
) -> None:
    if lang:
        os.environ["LOGWATCH_LANG"] = lang  # noqa: TID251 - where it is read; a command's own --lang goes before
    if version:
        from logwatch.version import commit

        found = commit()
        typer.echo(f"logwatch {__version__}{f' ({found})' if found else ''}")
        raise typer.Exit
    if show_completion:
        completion.show(show_completion)
        raise typer.Exit
    if install_completion:
        typer.echo(completion.install(install_completion))
        raise typer.Exit


def run() -> NoReturn:
    """Run the command line as a process of its own, and end without taking its modules apart first: that takes 0.1 s."""
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


def main(otherwise: Lang = DEFAULT) -> None:
    """Run the command line; errors become a message and an exit code, never a traceback.

    `otherwise` is the language of errors where nobody says which.
    """
    for stream in ("stdout", "stderr"):
        if getattr(sys, stream) is None:  # closed by whoever started us
            setattr(sys, stream, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - it lives as long as we do
        getattr(sys, stream).reconfigure(errors="backslashreplace")
    gc.disable()  # a command reads, prints and ends: nothing lives long enough to be worth collecting
    try:
        code = app(prog_name="logwatch", standalone_mode=False, obj=otherwise)
    except LogwatchError as error:
        typer.echo(folded(f"logwatch: {said(error, otherwise)}", sys.stderr), err=True)
        sys.exit(error.exit_code)
    except TyperException as error:
        typer.echo(folded(said_usage(error, reader(otherwise)[0]), sys.stderr), err=True, nl=False)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)
