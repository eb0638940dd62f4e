"""Templates: one environment for all of them, and the escaping that their texts need."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from jinja2 import Environment


@cache
def environment(templates: Path, *, html: bool, finalize: Callable[[Any], Any] | None = None) -> Environment:
    """Give the environment of a folder of templates; `finalize` is applied to every value that they write."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        autoescape=html,  # noqa: S701 - Markdown is escaped cell by cell
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
    )
    made.filters.update(cell=escape_cell, clip=clip)
    return made


def render(templates: Path, name: str, **values: object) -> str:
    """Give what a template says of these values; one that is named `.html.j2` escapes them."""
    found = environment(templates, html=name.endswith(".html.j2")).get_template(name)
    return found.render(values).strip() + "\n"


@cache
def _markdown_specials() -> re.Pattern[str]:
    return re.compile(r"([\\`*_\[\]|<>~#])")


def escape_cell(hostile: str) -> str:
    r"""Escape a text for a Markdown table.

    >>> escape_cell("a|b")
    'a\\|b'
    """
    return _markdown_specials().sub(r"\\\1", hostile).replace("\n", " ")


def clip(text: str, length: int) -> str:
    """Cut a text that is too long, and show that it is cut.

    >>> clip("checkout", 6)
    'check…'
    """
    return text if len(text) <= length else f"{text[: length - 1]}…"


def fit(  # noqa: PLR0913 - one argument for each way to be too long
    pieces: Sequence[str],
    more: Callable[[int], str],
    *,
    limit: int,
    size: Callable[[str], int] = len,
    most: int | None = None,
    between: str = "\n",
) -> str:
    r"""Join whole pieces up to a size, and count those that are left out.

    >>> fit(["aaaa", "bbbb", "cc"], lambda count: f"+{count}", limit=10)
    'aaaa\n+2'
    """
    kept: list[str] = []
    room = limit - size(more(len(pieces))) - size(between)
    for piece in pieces[:most]:
        room -= size(piece.strip()) + size(between)
        if room < 0:
            break
        kept.append(piece.strip())
    left = len(pieces) - len(kept)
    return between.join([*kept, more(left)] if left else kept)
