"""`settings`: everything that can be set, what it is set to, and by whom."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logwatch.cli.context import as_json, paper_of, said_by, write
from logwatch.cli.options import ListFormat, ListFormatOption, OutputOption, RuleFlags, ServiceOption, SourceFlags
from logwatch.collect.sources import check_addresses
from logwatch.errors import ConfigError, UnknownSettingError
from logwatch.judge.rules.yaml_lines import RuleProblemsError
from logwatch.languages import text
from logwatch.settings import (
    Settings,
    as_text,
    bundled,
    default_state,
    fields,
    file_place,
    is_secret,
    load_targets_leniently,
    raise_all,
    variable,
)
from logwatch.settings.schema import settings_schema
from logwatch.ui.printable import printable
from logwatch.ui.tables import Section, to_text
from logwatch.wiring import build_endpoints, build_store, configured_channels, usable_channels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from logwatch.languages import Lang

SCHEMA = 1
DEFAULTS: dict[str, Callable[[], Path]] = {"state": default_state, "rules": lambda: bundled("rules")}
"""What is taken where these are not set."""


def settings_show(
    source: SourceFlags,
    service: ServiceOption = None,
    format_: ListFormatOption = ListFormat.TABLE,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of logwatch.toml, for editors.")] = False,  # noqa: FBT002 - a flag
    output: OutputOption = None,
    *,
    asker: RuleFlags,
) -> None:
    """Show every setting, its value and where it comes from, and all that is wrong with them; hides secrets."""
    if schema:
        write(as_json(settings_schema()), output)
        return
    shared, targets, wrong = load_targets_leniently(**said_by(source, asker, service=service))
    settings = targets[0] if len(targets) == 1 else shared
    for each in targets:
        wrong += [error for error in _half_set_up(each) + _no_addresses(each) if str(error) not in map(str, wrong)]
    if format_ is ListFormat.JSON:
        write(as_json(_document(settings, wrong)), output)
    else:
        several = targets if len(targets) > 1 else []
        sections = _sections(settings, wrong) + [_own_section(each, wrong) for each in several]
        write(to_text(sections, paper_of(output)), output)
    raise_all(wrong)


def _half_set_up(settings: Settings) -> list[ConfigError]:
    """Say which channels lack a setting, or are wanted and have none."""
    if wrong := usable_channels(settings)[1]:
        return wrong
    try:
        configured_channels(settings)
    except ConfigError as error:
        return [error]
    return []


def _no_addresses(settings: Settings) -> list[ConfigError]:
    """Say which addresses could not be used, in the place where each is set."""
    wrong = []
    for name, look in (("source", _check_source), ("state", build_store), ("endpoints", build_endpoints)):
        try:
            look(settings)
        except RuleProblemsError:  # 'rules check' tells
            continue
        except ConfigError as error:
            place = settings.where(name)
            message = error.message if error.where == place else f"{error.where}: {error.message}"
            wrong.append(ConfigError(message, where=place, hint=error.hint))
    return wrong


def _check_source(settings: Settings) -> None:
    if settings.source:
        check_addresses(settings.source)


def _value(settings: Settings, name: str) -> str:
    """Write a value for people to see, or what stands for it where nothing is set; an address says nothing of its user."""
    value = settings.value(name)
    with suppress(ConfigError):  # where there is none: what is wrong is told beside the values
        value = str(DEFAULTS[name]()) if value is None and name in DEFAULTS else value
    found = as_text(value)
    return re.sub(r"(?<=://)[^/@\s]+@", "***@", found)


def _own_section(settings: Settings, wrong: Sequence[ConfigError]) -> Section:
    """List what a target says itself, and what is made of its name."""
    lang, own = settings.lang, settings.given[1]
    made = {name: text("setting_made", lang) for name in ("environment", "state") if not own.values.get(name)}
    rows = [
        (name, made.get(name) or _short(own.where(name)), _shown(settings, name, wrong))
        for name in fields()
        if name in made or own.values.get(name)
    ]
    columns = text("setting_name", lang), text("setting_origin", lang), text("setting_value", lang)
    return Section(f"[[targets]] {printable(str(settings.target))}", columns, tuple(rows))


def _shown(settings: Settings, name: str, wrong: Sequence[ConfigError]) -> str:
    """Write a value that is set for people to see, unless it is wrong or a secret."""
    if settings.where(name) in {error.where for error in wrong}:
        return text("setting_wrong", settings.lang)
    return printable(text("setting_secret", settings.lang) if is_secret(fields()[name]) else _value(settings, name))


def _sections(settings: Settings, wrong: Sequence[ConfigError]) -> list[Section]:
    """List what is set, and by whom, before what has its default."""
    lang = settings.lang
    given, defaults = [], []
    for name in fields():
        origin = settings.origin(name)
        if origin is None:
            defaults.append((name, printable(_value(settings, name)) or "–"))
            continue
        place = text("setting_environment", lang) if origin.origin == "environment" else _short(origin.where(name))
        given.append((name, place, _shown(settings, name, wrong)))
    title = text("settings_given", lang, count=len(given))
    given += [_stranger(error, lang) for error in wrong if isinstance(error, UnknownSettingError)]
    file = file_place()
    head = text("settings_file" if settings.file else "settings_bad_file", lang, path=printable(str(file))) if file else ""
    head = head or text("settings_no_file", lang)
    columns = text("setting_name", lang), text("setting_origin", lang), text("setting_value", lang)
    sections = [
        Section(title, columns, tuple(given)),
        Section(text("settings_default", lang, count=len(defaults)), (columns[0], columns[2]), tuple(defaults)),
    ]
    return [Section("", notes=(head,)), *(each for each in sections if each.rows)]


def _stranger(error: UnknownSettingError, lang: Lang) -> tuple[str, str, str]:
    """Give the row of what sets nothing, with the name that was meant."""
    place = text("setting_environment", lang) if error.where == error.typed else _short(error.where or "")
    return printable(error.typed), place, text("setting_unknown", lang) + (f" → {error.near}" if error.near else "")


def _short(place: str) -> str:
    """Give a line of a file without its folder, which the head names."""
    return printable(place.rpartition("/")[2])


def _document(settings: Settings, wrong: Sequence[ConfigError]) -> dict[str, Any]:
    """Give the versioned document; logwatch/schemas/settings.json describes it."""
    places = {error.where for error in wrong}
    return {
        "schema": SCHEMA,
        "file": str(settings.file.path) if settings.file else None,
        **(
            {"targets": [part.values.get("target") for part in settings.file.targets]}
            if settings.file and settings.file.targets
            else {}
        ),
        "settings": [
            {
                "name": name,
                "variable": variable(name),
                "value": None if is_secret(field) else _value(settings, name) or None,
                "secret": is_secret(field),
                "origin": origin.origin if (origin := settings.origin(name)) else "default",
                "where": origin.where(name) if origin else None,
                "wrong": origin is not None and settings.where(name) in places,
            }
            for name, field in fields().items()
        ],
        "wrong": [{"where": each.where, "message": each.message, "hint": each.hint} for each in wrong],
    }
