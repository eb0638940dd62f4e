"""`logwatch.toml`: which settings stand in it, and on which line."""

from __future__ import annotations

import os.path
import re
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logwatch.errors import ConfigError, UnknownSettingError
from logwatch.small_files import read_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

NAME = "logwatch.toml"
CONFIG = "LOGWATCH_CONFIG"
LARGEST_KIB, LONGEST_LINE = 64, 4000
"""A key of ten thousand parts keeps the standard library's reader busy for minutes."""
MOST_TRIES = 200
"""Lines on which an entry may end, before it is given up to find where those behind it begin."""
TARGETS = "targets"
"""The tables of the single targets: `[[targets]]`."""
NAMED = "name"
"""The key in such a table that says which it is."""

Text = str | tuple[str, ...]
"""A value as the environment would give it, or several in a list."""
Place = tuple[str, ...]
"""A key, or a table's name and a key in it."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """What a file says to all targets, or one of its tables to one of them."""

    values: Mapping[str, Text]
    places: Mapping[str, Place]
    begins: Place = ()
    """Where the table begins."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What a file says of the settings, as far as it can be understood, and what is wrong with the rest."""

    path: Path
    content: str
    shared: FilePart
    targets: tuple[FilePart, ...]
    errors: tuple[ConfigError, ...]

    def names(self) -> set[str]:
        """Give the settings that it says anything of, to whichever targets."""
        return {name for part in (self.shared, *self.targets) for name in part.values}

    def is_open(self) -> bool:
        """Tell whether others than its owner may read it."""
        return bool(self.path.stat().st_mode & 0o044)

    def where(self, place: Place) -> str:
        """Give `file:line` of an entry."""
        return _where(self.path, self.content, place)


def find_file(environment: Mapping[str, str]) -> Path | None:
    """Give the file that LOGWATCH_CONFIG names, or the one in the current folder; None where there is neither."""
    if named := environment.get(CONFIG):
        return Path(os.path.expanduser(named))  # noqa: PTH111 - Path's own raises where there is no such home
    beside = Path(NAME)
    return beside if os.path.lexists(beside) else None


def read_file(
    path: Path, names: Collection[str], tables: Mapping[str, Mapping[str, str]], of_process: Collection[str] = ()
) -> SettingsFile:
    """Read a file; `names` are the settings; `tables` leads from the name of each table and a key in it to one.

    What is `of_process` is said to all targets. Raises ConfigError where the file cannot be read, or is no TOML.
    """
    content = _read_text(path)
    document = _parse(content, path)
    reader = _EntryReader(path, content, tables, of_process, [])
    found = document.pop(TARGETS, [])
    shared = reader.take(document, {name: name for name in names})
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        hint = "write [[targets]] on a line of its own for each target, and its settings below"
        reader.refuse(ConfigError("'targets' are tables", hint=hint), (TARGETS,))
        found = []
    own = {NAMED: "target"} | {name: name for name in names if name not in of_process}
    targets = tuple(reader.take(each, own, (TARGETS, str(number))) for number, each in enumerate(found))
    return SettingsFile(path, content, shared, targets, tuple(reader.errors))


@dataclass(frozen=True, slots=True)
class _EntryReader:
    """Takes the entries of a file, part by part, and notes what is wrong with them."""

    path: Path
    content: str
    tables: Mapping[str, Mapping[str, str]]
    of_process: Collection[str]
    errors: list[ConfigError]

    def take(self, document: Mapping[str, Any], names: Mapping[str, str], begins: Place = ()) -> FilePart:
        """Take one part; `names` leads from a key in it to the setting."""
        values: dict[str, Text] = {}
        places: dict[str, Place] = {}
        for place, name, value in _entries(document, names, self.tables):
            told = self._refusal(place, name, value, names, of_target=bool(begins))
            if told is None and name in values:
                first = _where(self.path, self.content, places[name])
                told = ConfigError(f"'{name}' stands twice", hint=f"the other one is {first}")
            if told is not None:
                self.refuse(told, (*begins, *place))
            else:
                values[name], places[name] = _text(value), (*begins, *place)
        return FilePart(values, places, begins)

    def refuse(self, error: ConfigError, place: Place) -> None:
        """Note what is wrong, with its line."""
        error.where = _where(self.path, self.content, place)
        self.errors.append(error)

    def _refusal(
        self, place: Place, name: str, value: object, names: Mapping[str, str], *, of_target: bool
    ) -> ConfigError | None:
        """Say why an entry cannot be taken."""
        *table, key = place
        shown = f"[{table[0]}] {key}" if table else key
        if of_target and not table and key in self.of_process:
            hint = "write it above the first [[targets]]: it is said once, to all of them"
            return ConfigError(f"'{key}' is of the whole run and not of one target", hint=hint)
        if not name and place[0] in self.tables and not table:
            return ConfigError(f"'{key}' is a table", hint=f"write [{key}] on a line of its own, and its settings below")
        if not name:
            known = [*self.tables[table[0]]] if table else [*names, *self.tables]
            meant = key.lower().replace("-", "_").removeprefix("logwatch_")
            return UnknownSettingError(f"there is no setting '{shown}'", typed=shown, meant=meant, known=known)
        if not _is_plain(value) and not (isinstance(value, list) and all(map(_is_plain, value))):
            return ConfigError(f"'{shown}' takes a single value or a list of them", hint=f"use e.g. {key} = '…'")
        return None


def _read_text(path: Path) -> str:
    hint = f"{CONFIG} names the file; without it, {NAME} in the current folder is read if it is there"
    content = read_text(path, ConfigError, hint=hint, most_kib=LARGEST_KIB)
    for number, line in enumerate(content.split("\n"), start=1):
        if len(line) > LONGEST_LINE:
            raise ConfigError(f"a line of more than {LONGEST_LINE} characters", where=f"{path}:{number}")
    return content


def _parse(content: str, path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(content)
    except ValueError as error:  # TOMLDecodeError, and what int() says of a number without end
        found = re.search(r"(.*?) \(at (?:line (\d+), column \d+|end of document)\)", str(error))
        what, line = (found[1], found[2] or content.count("\n") + 1) if found else (str(error), 1)
        raise ConfigError(f"not TOML: {what}", where=f"{path}:{line}", hint="use e.g. lang = 'en'") from None
    except RecursionError:
        raise ConfigError("not TOML: too many brackets in each other", where=str(path)) from None


def _entries(
    document: Mapping[str, Any], names: Mapping[str, str], tables: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[Place, str, Any]]:
    """Give every key with the setting that it means, which is empty where it means none."""
    for key, value in document.items():
        if key in tables and isinstance(value, dict):
            yield from (((key, inner), tables[key].get(inner, ""), given) for inner, given in value.items())
        else:
            yield (key,), names.get(key, ""), value


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | date | time)


def _text(value: Any) -> Text:  # noqa: ANN401 - whatever TOML holds
    """Write a value as one would in the environment: what is right there is right here."""
    if isinstance(value, list):
        return tuple(str(_text(each)) for each in value)
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, datetime | date | time) else str(value)


def _where(path: Path, content: str, place: Place) -> str:
    return f"{path}:{_lines(content).get(place, 1)}"


@cache
def _lines(content: str) -> Mapping[Place, int]:
    """Find the line on which each entry begins: the first after those that are whole without it.

    Each is read with the heading of its table alone, as reading all before it again would take minutes for long files.
    """
    import tomllib

    found: dict[Place, int] = {}
    lines = content.split("\n")
    begins, tries, table, targets = 1, 0, "", 0
    for count in range(1, len(lines) + 1):
        part = "\n".join(lines[begins - 1 : count])
        heads = part.lstrip().startswith("[")
        try:
            document = tomllib.loads(part if heads else f"{table}\n{part}")
        except ValueError:
            tries += 1
            if tries == MOST_TRIES:
                break
            continue
        targets += heads and isinstance(document.get(TARGETS), list)
        for place in _places(document, targets):
            found.setdefault(place, begins)
        table = part if heads else table
        begins, tries = count + 1, 0
    return found


def _places(document: Mapping[str, Any], targets: int = 0) -> Iterator[Place]:
    """Give the places of all entries; `targets` counts the tables of targets that have begun."""
    for key, value in document.items():
        yield (key,)
        if key == TARGETS:
            tables = value if isinstance(value, list) else [value]
            for number, table in enumerate(tables, start=max(targets - len(tables), 0)):
                yield (TARGETS, str(number))
                yield from ((TARGETS, str(number), *place) for place in _places(table)) if isinstance(table, dict) else ()
        else:
            yield from ((key, inner) for inner in value) if isinstance(value, dict) else ()
