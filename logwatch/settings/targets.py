"""`[[targets]]`: the settings of each service that one file names."""

from __future__ import annotations

import os.path
import re
from typing import TYPE_CHECKING, Any

from logwatch.errors import ConfigError, nearest
from logwatch.settings.fields import PATHS, Settings
from logwatch.settings.file import TARGETS
from logwatch.settings.given import from_file
from logwatch.settings.surroundings import default_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logwatch.settings.file import FilePart, SettingsFile

NAME = "[a-z0-9][a-z0-9-]{0,39}"
OF_ONE = ("source", "service")
"""Flags that say of which service a command is."""


def read_targets(
    environment: Mapping[str, str],
    file: SettingsFile | None,
    **flags: Any,  # noqa: ANN401 - checked by Settings
) -> tuple[Settings, list[Settings], list[ConfigError]]:
    """Give what all targets share, the settings of each that is wanted, and what is wrong with any.

    What a target's table says comes before the environment, which speaks to all of them; flags come before both. Where the file
    has no targets, what they would share is the one.
    """
    shared, errors = Settings.load_leniently(environment, file, **flags)
    if file is None or not file.targets:
        if shared.target:
            hint = "each stands in logwatch.toml, under [[targets]] with its name"
            errors.append(ConfigError(f"there is no target '{shared.target}'", where=shared.where("target"), hint=hint))
        return shared, [shared], errors
    read = [_read_target(part, shared, file) for part in file.targets]
    told = {str(error) for error in errors}
    errors += [error for _, wrong in read for error in wrong if str(error) not in told]
    every = [settings for settings, _ in read]
    names = tuple(settings.target or "" for settings in every)
    every = [settings.model_copy(update={"targets": names}) for settings in every]
    errors += [*_check_names(every, file), *_check_states(every)]
    wanted = [each for each in every if shared.target in {None, each.target}]
    if not wanted:
        hint = f"{nearest(str(shared.target), list(names))}the targets are {', '.join(names)}"
        errors.append(ConfigError(f"there is no target '{shared.target}'", where=shared.where("target"), hint=hint))
        return shared, [shared], errors
    named = next((name for name in OF_ONE if flags.get(name)), None)
    if named and len(wanted) > 1:
        errors.append(which(wanted, f"--{named}"))
    return shared, wanted, errors


def which(targets: Sequence[Settings], where: str = "--target") -> ConfigError:
    """Give the error of a command about one service, where several are set and none is chosen."""
    names = ", ".join(str(each.target) for each in targets)
    hint = "add --target NAME, or set LOGWATCH_TARGET"
    return ConfigError(f"this is about one target, and there are {names}", where=where, hint=hint)


def beside(state: str, name: str) -> str:
    """Give where the state of a target is, if it does not say: in a folder of its name, below the one that all share.

    Every state has a folder of its own, as what is noted or set aside goes there too, and no two installations whose shared
    states differ can meet.

    >>> beside("gs://bucket/logwatch/state.json", "cart"), beside("state.json", "cart")
    ('gs://bucket/logwatch/targets/cart/state.json', 'targets/cart/state.json')
    """
    root, scheme, path = state.rpartition("://")
    bucket, slash, rest = path.partition("/") if scheme else ("", "", path)
    if scheme and not slash:
        return state  # no address at all, as whoever opens it says
    folder, inner, last = rest.rpartition("/")
    return f"{root}{scheme}{bucket}{slash}{folder}{inner}{TARGETS}/{name}/{last}"


def _read_target(part: FilePart, shared: Settings, file: SettingsFile) -> tuple[Settings, list[ConfigError]]:
    """Read one table; what it leaves out is said by what all share."""
    flags, *rest = shared.given
    own = from_file(file, part, PATHS)
    settings, errors = Settings.believing((flags, own, *rest), file)
    name = str(part.values.get("target") or "")
    update: dict[str, Any] = {"target": name}
    if not own.values.get("state"):
        update["state"] = beside(shared.state or str(default_state()), name)
    if not own.values.get("environment"):
        update["environment"] = f"{shared.environment}/{name}"
    return settings.model_copy(update=update), errors


def _check_names(targets: Sequence[Settings], file: SettingsFile) -> Iterator[ConfigError]:
    """Say which names are missing, taken, or none that a folder may have."""
    seen: dict[str, str] = {}
    for part, target in zip(file.targets, targets, strict=True):
        name = str(target.target)
        where = file.where(part.places.get("target", part.begins))
        hint = "use e.g. name = 'cart': small letters, digits and hyphens, 40 at most"
        if not name:
            yield ConfigError("a target without a name", where=where, hint=hint)
        elif not re.fullmatch(NAME, name):
            yield ConfigError(f"'{name[:60]}' is not the name of a target", where=where, hint=hint)
        elif name in seen:
            yield ConfigError(f"the target '{name}' stands twice", where=where, hint=f"the other one is {seen[name]}")
        seen.setdefault(name, where)


def _check_states(targets: Sequence[Settings]) -> Iterator[ConfigError]:
    """Say which targets would share a state: each would undo what the other remembers."""
    seen: dict[str, Settings] = {}
    for target in targets:
        place = str(target.state)
        place = place if "://" in place else os.path.realpath(place)
        other = seen.setdefault(place, target)
        if other is not target and other.target != target.target:
            message = f"'{other.target}' and '{target.target}' have the same state"
            hint = "a state is one target's own; without `state` in its table it lies in a folder of the target's name"
            yield ConfigError(message, where=target.where("state"), hint=hint)
