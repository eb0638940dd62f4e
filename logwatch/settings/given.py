"""Who says what a setting is: a flag, the environment, a file."""

from __future__ import annotations

import os.path
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from logwatch.errors import UnknownSettingError
from logwatch.settings.file import CONFIG, FilePart, SettingsFile, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

PREFIX = "LOGWATCH_"
OTHERS = "LOGWATCH_DEPLOY_"
"""What the scripts in deploy/ are told begins with this, and is no setting of the program."""

Origin = Literal["flag", "environment", "file"]


@dataclass(frozen=True, slots=True)
class Given:
    """What one of them says, by the names of the fields; what is empty is not said."""

    origin: Origin
    values: Mapping[str, Any]
    where: Callable[[str], str]
    """Where a field is set: a flag, a variable, a line."""

    def names(self, name: str) -> str:
        """Give where a field is to be mended; a line alone does not name it."""
        return f"{self.where(name)}: {name}" if self.origin == "file" else self.where(name)


def variable(name: str) -> str:
    """Give a field's twin in the environment."""
    return PREFIX + name.upper()


def from_flags(flags: Mapping[str, Any]) -> Given:
    """Take what stands behind a command."""
    return Given("flag", flags, lambda name: f"--{name.replace('_', '-')}")


def from_environment(environment: Mapping[str, str], names: Sequence[str]) -> Given:
    """Take the variables of a process."""
    return Given("environment", {name: environment.get(variable(name), "") for name in names}, variable)


def from_file(file: SettingsFile, part: FilePart, paths: Collection[str]) -> Given:
    """Take the entries of a part of a file; those of `paths` are looked for beside it."""
    folder = file.path.parent
    values = {name: _beside(folder, value) if name in paths else value for name, value in part.values.items()}
    return Given("file", values, lambda name: file.where(part.places[name]))


def strangers(environment: Mapping[str, str], names: Sequence[str]) -> list[UnknownSettingError]:
    """Give an error for each variable that looks like a setting and is none: a slip of the pen sets nothing."""
    known = [*map(variable, names), CONFIG]
    return [
        UnknownSettingError("there is no such setting", typed=name, meant=name, known=known, where=name)
        for name in sorted(environment.keys() - set(known))
        if name.startswith(PREFIX) and not name.startswith(OTHERS)
    ]


def _beside(folder: Path, value: Text) -> Text:
    """Lead from a file's folder to the paths that it names, one or several with commas; addresses stay."""
    if isinstance(value, tuple):
        return tuple(str(_beside(folder, each)) for each in value)
    return ",".join(_place(folder, each.strip()) for each in value.split(","))


def _place(folder: Path, text: str) -> str:
    if not text or text == "-" or "://" in text:
        return text
    return str(folder / os.path.expanduser(text))  # noqa: PTH111 - Path's own raises where there is no such home
