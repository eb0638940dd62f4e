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
RESERVED = "targets"
"""A key that a later version may read, and that nobody can have meant for anything else."""

Text = str | tuple[str, ...]
"""A value as the environment would give it, or several in a list."""
Place = tuple[str, ...]
"""A key, or a table's name and a key in it."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What a file says of the settings, as far as it can be understood, and what is wrong with the rest."""

    path: Path
    content: str
    values: Mapping[str, Text]
    places: Mapping[str, Place]
    errors: tuple[ConfigError, ...]

    def is_open(self) -> bool:
        """Tell whether others than its owner may read it."""
        return bool(self.path.stat().st_mode & 0o044)

    def where(self, name: str) -> str:
        """Give `file:line` of a setting."""
        return _where(self.path, self.content, self.places[name])


def find_file(environment: Mapping[str, str]) -> Path | None:
    """Give the file that LOGWATCH_CONFIG names, or the one in the current folder; None where there is neither."""
    if named := environment.get(CONFIG):
        return Path(os.path.expanduser(named))  # noqa: PTH111 - Path's own raises where there is no such home
    beside = Path(NAME)
    return beside if os.path.lexists(beside) else None


def read_file(path: Path, names: Collection[str], tables: Mapping[str, Mapping[str, str]]) -> SettingsFile:
    """Read a file; `names` are the settings; `tables` leads from the name of each table and a key in it to one.

    Raises ConfigError where it cannot be read, or is no TOML.
    """
    content = _read_text(path)
    values: dict[str, Text] = {}
    places: dict[str, Place] = {}
    errors: list[ConfigError] = []
    for place, name, value in _entries(_parse(content, path), names, tables):
        told = _refusal(place, name, value, names, tables)
        if told is None and name in values:
            told = ConfigError(f"'{name}' stands twice", hint=f"the other one is {_where(path, content, places[name])}")
        if told is not None:
            told.where = _where(path, content, place)
            errors.append(told)
        else:
            values[name], places[name] = _text(value), place
    return SettingsFile(path, content, values, places, tuple(errors))


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
    document: Mapping[str, Any], names: Collection[str], tables: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[Place, str, Any]]:
    """Give every key with the setting that it means, which is empty where it means none."""
    for key, value in document.items():
        if key in tables and isinstance(value, dict):
            yield from (((key, inner), tables[key].get(inner, ""), given) for inner, given in value.items())
        else:
            yield (key,), key if key in names else "", value


def _refusal(
    place: Place, name: str, value: object, names: Collection[str], tables: Mapping[str, Mapping[str, str]]
) -> ConfigError | None:
    """Say why an entry cannot be taken."""
    *table, key = place
    shown = f"[{table[0]}] {key}" if table else key
    if place == (RESERVED,):
        hint = f"write one file for each target, and name it with {CONFIG}"
        return ConfigError("several targets in one file are not understood yet", hint=hint)
    if not name and place[0] in tables and not table:
        return ConfigError(f"'{key}' is a table", hint=f"write [{key}] on a line of its own, and its settings below")
    if not name:
        known = [*tables[table[0]]] if table else [*names, *tables]
        meant = key.lower().replace("-", "_").removeprefix("logwatch_")
        return UnknownSettingError(f"there is no setting '{shown}'", typed=shown, meant=meant, known=known)
    if not _is_plain(value) and not (isinstance(value, list) and all(map(_is_plain, value))):
        return ConfigError(f"'{shown}' takes a single value or a list of them", hint=f"use e.g. {key} = '…'")
    return None


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
    begins, tries, table = 1, 0, ""
    for count in range(1, len(lines) + 1):
        part = "\n".join(lines[begins - 1 : count])
        try:
            document = tomllib.loads(f"{table}\n{part}")
        except ValueError:
            tries += 1
            if tries == MOST_TRIES:
                break
            continue
        for place in _places(document):
            found.setdefault(place, begins)
        table = part if part.lstrip().startswith("[") else table
        begins, tries = count + 1, 0
    return found


def _places(document: Mapping[str, Any]) -> Iterator[Place]:
    for key, value in document.items():
        yield (key,)
        yield from ((key, inner) for inner in value) if isinstance(value, dict) else ()
