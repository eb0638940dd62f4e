"""What an installation is given of a settings file: the file as it is there, rules folders beside it, the rights it takes."""

from __future__ import annotations

import os.path
import re
import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from logwatch.collect.sources import is_watchable
from logwatch.errors import ConfigError
from logwatch.settings.file import TARGETS
from logwatch.wiring import addresses, build_rules, metrics_project

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from logwatch.settings import Settings, SettingsFile
    from logwatch.settings.file import FilePart

PLACE = "/opt/logwatch/rules"
"""Where the image has the rules of targets: each folder under its target's name."""
SHARED = "_shared"
"""The folder of what the upper part of the file names: no target has such a name."""
_ENTRY = re.compile(r"""^(\s*["']?rules["']?\s*=\s*)("[^"]*"|'[^']*')""")


def ship(file: SettingsFile, targets: Sequence[Settings], folder: Path) -> str:
    """Copy the rules that the file names into a folder, which is made anew; gives the file's text for an image that has them.

    Raises ConfigError where a state is not in a bucket, or the folder holds what is not its own; RuleProblemsError for rules
    that do not load: a run would fail.
    """
    for settings in targets:
        if settings.state and not settings.state.startswith("gs://"):
            hint = "leave it out, or use gs://BUCKET/NAME.json: what a container remembers on its disk is gone with it"
            raise ConfigError("the state is not in a bucket", where=settings.where("state"), hint=hint)
        build_rules(settings)
    parts = {SHARED: file.shared, **{str(each.values.get("target")): each for each in file.targets}}
    own = {name: part for name, part in parts.items() if part.values.get("rules")}
    sources = {
        name: file.path.parent / os.path.expanduser(str(part.values["rules"]))  # noqa: PTH111 - as it is read
        for name, part in own.items()
    }
    _clear(folder, sources.values())
    lines = file.content.split("\n")
    for name, part in own.items():
        _copy(sources[name], folder / name)
        at = int(file.where(part.places["rules"]).rpartition(":")[2]) - 1
        lines[at] = _ENTRY.sub(rf"\g<1>'{PLACE}/{name}'", lines[at])
    text = "\n".join(lines)
    _check(text, file, own)
    return text


def _clear(folder: Path, sources: Iterable[Path]) -> None:
    """Remove what an earlier call has left. Raises ConfigError, and removes nothing, where anything else stands there."""
    made = [*folder.iterdir()] if folder.is_dir() else []
    ours = all(each.is_dir() and all(file.suffix in {".yaml", ".md"} for file in each.iterdir()) for each in made)
    whole = folder.resolve()
    if not ours or folder.is_symlink() or any(whole == each or whole in each.parents for each in map(Path.resolve, sources)):
        hint = "name a folder that is empty, or that is made by this command"
        raise ConfigError("holds other files", where=str(folder), hint=hint)
    shutil.rmtree(folder, ignore_errors=True)


def _copy(rules: Path, to: Path) -> None:
    """Copy what a run reads of a folder."""
    to.mkdir(parents=True)
    for path in sorted([*rules.glob("*.yaml"), *rules.glob("*.md")]):
        if not path.name.endswith(".test.yaml"):
            shutil.copyfile(path, to / path.name)


def _check(text: str, file: SettingsFile, own: dict[str, FilePart]) -> None:
    """Raise ConfigError where the text says anything but what the file says, the places of rules aside."""
    meant = tomllib.loads(file.content)
    tables = {SHARED: meant, **{str(table.get("name")): table for table in meant.get(TARGETS, ())}}
    for name in own:
        tables[name]["rules"] = f"{PLACE}/{name}"
    try:
        same = tomllib.loads(text) == meant
    except ValueError:
        same = False
    if not same:
        where = next(iter(own.values())).places["rules"]
        raise ConfigError("cannot be written anew", where=file.where(where), hint="write it on one line: rules = 'folder'")


def rights(targets: Sequence[Settings]) -> list[tuple[str, str]]:
    """Give what the account of a run needs, each a role and what it is on. Raises ConfigError where one reads no live logs."""
    return sorted({right for settings in targets for right in _rights(settings)})


def _rights(settings: Settings) -> Iterator[tuple[str, str]]:
    if not is_watchable(settings.source):
        hint = "use source = 'gcp://PROJECT' and service = 'NAME'"
        raise ConfigError("a run reads Cloud Logging", where=settings.where("source"), hint=hint)
    for address in addresses(settings):
        view = "/views/" in address.resource
        yield ("roles/logging.viewAccessor" if view else "roles/logging.viewer"), address.resource
        yield "roles/monitoring.viewer", f"projects/{address.project}"  # whether the platform sees the service at work
    if project := metrics_project(settings):
        yield "roles/monitoring.metricWriter", f"projects/{project}"
        yield "roles/monitoring.viewer", f"projects/{project}"
    if settings.state and settings.state.startswith("gs://"):
        yield "roles/storage.objectUser", "/".join(settings.state.split("/", 3)[:3])
