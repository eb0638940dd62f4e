"""Lists for the terminal."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Paper:
    """What a list is written on."""

    width: int
    colour: bool


def render_rows(rows: Iterable[Sequence[str]], columns: Sequence[str], paper: Paper) -> str:
    """Give a table without lines; the last column breaks, the others stay whole."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    written = io.StringIO()
    console = Console(
        file=written, width=paper.width, color_system="standard" if paper.colour else None, force_terminal=paper.colour,
        highlight=False,
    )  # fmt: skip
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=column != columns[-1], overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
    return "".join(line.rstrip() + "\n" for line in written.getvalue().splitlines())
