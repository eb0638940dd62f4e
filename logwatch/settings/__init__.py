"""Settings: flags first, then the environment, then `logwatch.toml`, then defaults; checked at once, never changed."""

import os
from pathlib import Path
from typing import Any

from logwatch.errors import ConfigError
from logwatch.settings.fields import (
    CERTS_URL,
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
    default_cache,
    default_port,
    default_state,
    deployed_timeout,
    execution,
    instance,
    is_on_cloud_run,
    process_age_s,
)

__all__ = [
    "CERTS_URL",
    "CONFIG",
    "NAME",
    "PREFIX",
    "SettingProblemsError",
    "Settings",
    "SettingsFile",
    "as_text",
    "bundled",
    "default_cache",
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
    "load_settings",
    "load_settings_leniently",
    "parse_channel",
    "process_age_s",
    "raise_all",
    "read_file",
    "tables",
    "variable",
]


def load_settings(**flags: Any) -> Settings:  # noqa: ANN401 - checked by Settings
    """Build the settings of this process; raises ConfigError."""
    return Settings.load(os.environ, _file(), **flags)


def load_settings_leniently(**flags: Any) -> tuple[Settings, list[ConfigError]]:  # noqa: ANN401 - checked by Settings
    """Build the settings of this process as far as they are right; gives what is wrong with the rest."""
    try:
        file, broken = _file(), []
    except ConfigError as error:
        file, broken = None, [error]
    settings, errors = Settings.load_leniently(os.environ, file, **flags)
    return settings, broken + errors


def file_place() -> Path | None:
    """Give the file that is or would be read, whatever is in it; None where there is none."""
    return find_file(os.environ)


def _file() -> SettingsFile | None:
    path = file_place()
    return read_file(path, field_names(), tables()) if path else None
