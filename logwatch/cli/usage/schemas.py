"""`schema`: what the documents of `--format json` hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from logwatch.cli.context import write
from logwatch.cli.options import OutputOption
from logwatch.cli.usage.completion import complete_schemas
from logwatch.errors import ConfigError, nearest

FOLDER = Path(__file__).parents[2] / "schemas"


def schema_names() -> list[str]:
    """Give the documents that have a schema: most bear the name of the command that writes them."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def schema(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Which document. [lists them]", autocompletion=complete_schemas)
    ] = None,
    output: OutputOption = None,
) -> None:
    """Print the JSON Schema of a document that a command writes with --format json."""
    names = schema_names()
    if name is None:
        write("".join(f"{each}\n" for each in names), output)
    elif name in names:
        write((FOLDER / f"{name}.json").read_text(encoding="utf-8"), output)
    else:
        hint = f"{nearest(name, names)}known: {', '.join(names)}"
        raise ConfigError(f"there is no schema '{name}'", where="NAME", hint=hint)
