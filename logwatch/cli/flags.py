"""Groups of flags: a command takes one as a single argument, and the command line shows each flag of it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Any, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def flat(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command as typer reads it: in place of an argument that is a group (a dataclass), its flags."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, type[Any]] = {name: hint for name, hint in hints.items() if is_dataclass(hint) and isinstance(hint, type)}

    @wraps(command)
    def called(**flags: Any) -> None:  # noqa: ANN401 - typer has checked them
        made = {name: group(**{each.name: flags.pop(each.name) for each in fields(group)}) for name, group in groups.items()}
        command(**made, **flags)

    def parameters() -> Iterator[Parameter]:
        for name, parameter in signature(command).parameters.items():
            if name not in groups:
                yield parameter.replace(kind=Parameter.KEYWORD_ONLY, annotation=hints[name])
                continue
            inner = get_type_hints(groups[name], include_extras=True)
            for each in fields(groups[name]):
                yield Parameter(each.name, Parameter.KEYWORD_ONLY, default=each.default, annotation=inner[each.name])

    shown = Signature([*parameters()])
    called.__signature__ = shown  # type: ignore[attr-defined]  # what `inspect.signature` gives then
    called.__annotations__ = {name: each.annotation for name, each in shown.parameters.items()}
    return called
