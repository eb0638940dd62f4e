"""In which language a command speaks of itself, and what it says of an error."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from logwatch.errors import LogwatchError
from logwatch.languages import COMMON, languages
from logwatch.languages.phrases import spoken
from logwatch.ui.printable import printable

if TYPE_CHECKING:
    from logwatch.languages import Lang


def said(error: LogwatchError, otherwise: Lang) -> str:
    """Say an error to whoever typed the command; on Cloud Run in English, as the log of `run` is."""
    lang, zone = reader(otherwise)
    return "\n".join(map(printable, spoken(str(error), lang, zone).split("\n")))


def reader(otherwise: Lang) -> tuple[Lang, ZoneInfo]:
    """Give the language and the time zone of whoever typed the command, however wrong the settings are.

    The language is that of --lang, LOGWATCH_LANG or the settings file, or `otherwise`.
    """
    from logwatch.settings import is_on_cloud_run, load_settings_leniently

    typed = _typed("--lang")
    lang, zone = typed if typed in languages() else otherwise, ZoneInfo("UTC")
    if is_on_cloud_run():
        return COMMON, zone
    with suppress(LogwatchError):  # as of a settings file that cannot be read
        settings, _ = load_settings_leniently()
        zone = settings.timezone
        if typed not in languages() and "lang" in settings.model_fields_set:
            lang = settings.lang
    return lang, zone


def page_language(otherwise: Lang) -> Lang:
    """Give the same language for a page of help; settings, which take long to import, are asked only where a file has them."""
    for named in (_typed("--lang"), os.getenv("LOGWATCH_LANG", "")):
        if named in languages():
            return named
    has_file = os.getenv("LOGWATCH_CONFIG") or Path("logwatch.toml").exists()
    return reader(otherwise)[0] if has_file else otherwise


def _typed(option: str) -> str:
    """Give what was typed behind an option; empty where it was not."""
    words = sys.argv[1:]
    behind = [after for word, after in pairwise(words) if word == option]
    joined = [word.partition("=")[2] for word in words if word.startswith(f"{option}=")]
    return [*behind, *joined, ""][0]
