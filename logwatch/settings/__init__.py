"""Settings: flags first, then the environment, then `logwatch.toml`, then defaults; checked at once, never changed."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from logwatch.errors import ConfigError
from logwatch.settings.fields import (
    CERTS_URL,
    NO_CACHE,
    OF_PROCESS,
    SettingProblemsError,
    Settings,
    as_text,
    field_names,
    fields,
    is_secret,
    parse_channel,
    raise_all,
    tables,
)
from logwatch.settings.file import CONFIG, NAME, SettingsFile, find_file, read_file
from logwatch.settings.given import PREFIX, variable
from logwatch.settings.surroundings import (
    bundled,
    default_port,
    default_state,
    deployed_timeout,
    execution,
    instance,
    is_on_cloud_run,
    process_age_s,
    task,
)
from logwatch.settings.targets import read_targets, which

__all__ = [
    "CERTS_URL",
    "CONFIG",
    "NAME",
    "NO_CACHE",
    "OF_PROCESS",
    "PREFIX",
    "SettingProblemsError",
    "Settings",
    "SettingsFile",
    "as_text",
    "bundled",
    "default_port",
    "default_state",
    "deployed_timeout",
    "execution",
    "field_names",
    "fields",
    "file_place",
    "find_file",
    "instance",
    "is_on_cloud_run",
    "is_secret",
    "load_all_targets",
    "load_settings",
    "load_settings_leniently",
    "load_shared",
    "load_targets",
    "load_targets_leniently",
    "parse_channel",
    "process_age_s",
    "raise_all",
    "read_file",
    "settings_file",
    "tables",
    "task",
    "variable",
    "which",
]


def load_settings(**flags: Any) -> Settings:  # noqa: ANN401 - checked by Settings
    """Build the settings of a command about one service; raises ConfigError, also where several are set and none is chosen."""
    targets = load_targets(**flags)
    if len(targets) > 1:
        raise which(targets)
    return targets[0]


def load_targets(**flags: Any) -> list[Settings]:  # noqa: ANN401 - checked by Settings
    """Build the settings of each target that is wanted, one of them where the file names none; raises ConfigError."""
    _, targets, errors = read_targets(os.environ, settings_file(), **flags)
    raise_all(errors)
    return targets


def load_all_targets(targets: Sequence[Settings]) -> Sequence[Settings]:
    """Build the settings of all targets of the file, in its order, where some are wanted; these are as they are given."""
    given = {each.target: each for each in targets}
    if len(given) >= len(targets[0].targets):
        return targets
    environment = {name: value for name, value in os.environ.items() if name != variable("target")}
    _, every, _ = read_targets(environment, settings_file())
    return [given.get(each.target, each) for each in every]


def load_shared(**flags: Any) -> Settings:  # noqa: ANN401 - checked by Settings
    """Build the settings of the one target that is chosen, or what all of them share; raises ConfigError."""
    shared, targets, errors = read_targets(os.environ, settings_file(), **flags)
    raise_all(errors)
    return targets[0] if shared.target else shared


def load_settings_leniently(**flags: Any) -> tuple[Settings, list[ConfigError]]:  # noqa: ANN401 - checked by Settings
    """Build what all targets share as far as it is right; gives what is wrong with the rest."""
    shared, _, errors = load_targets_leniently(**flags)
    return shared, errors


def load_targets_leniently(**flags: Any) -> tuple[Settings, list[Settings], list[ConfigError]]:  # noqa: ANN401 - likewise
    """Build what all targets share and the settings of each, as far as they are right; gives what is wrong with the rest."""
    try:
        file, broken = settings_file(), []
    except ConfigError as error:
        file, broken = None, [error]
    shared, targets, errors = read_targets(os.environ, file, **flags)
    return shared, targets, broken + errors


def file_place() -> Path | None:
    """Give the file that is or would be read, whatever is in it; None where there is none."""
    return find_file(os.environ)


def settings_file() -> SettingsFile | None:
    """Read the file that counts; None where there is none. Raises ConfigError."""
    path = file_place()
    return read_file(path, field_names(), tables(), OF_PROCESS) if path else None
