"""Lists: for the terminal, or in Markdown to be pasted."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from logwatch.ui.templates import escape_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import Console

GAP = 2
"""Cells between columns."""
NARROWEST = 10
"""Cells that the last column of a list needs to be read."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What a list is written on."""

    width: int
    colour: bool


@dataclass(frozen=True, slots=True)
class Section:
    """A table with a title, or only its notes where there is nothing to list."""

    title: str
    """Empty where the notes go on with what stands before."""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()


def print_on(paper: Paper, show: Callable[[Console], None]) -> str:
    """Give what is shown on a paper, without blanks at the ends of its lines."""
    from rich.console import Console

    written = io.StringIO()
    colours: Literal["standard"] | None = "standard" if paper.colour else None
    show(Console(file=written, width=paper.width, color_system=colours, force_terminal=paper.colour, highlight=False))
    return "".join(line.rstrip() + "\n" for line in written.getvalue().splitlines())


def render_rows(rows: Iterable[Sequence[str]], columns: Sequence[str], paper: Paper) -> str:
    """Give a table without lines; the last column breaks, the others stay whole.

    Where they leave it too little, all break but the first, which is what one types again: nothing is ever cut off.
    """
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    rows = list(rows)
    *others, last = (max(map(cell_len, cells)) for cells in zip(columns, *rows, strict=True))
    crowded = sum(others) + GAP * len(others) + min(last, NARROWEST) > paper.width
    table = Table(box=None, padding=(0, GAP, 0, 0), header_style="dim", show_edge=False, pad_edge=False)
    for place, column in enumerate(columns):
        breaks = place > 0 if crowded else place == len(columns) - 1
        table.add_column(column, no_wrap=not breaks, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return print_on(paper, lambda console: console.print(table))


def to_text(sections: Iterable[Section], paper: Paper) -> str:
    """Write sections for a terminal."""
    parts = []
    for section in sections:
        parts += [f"{line}\n" for line in (section.title, *section.notes) if line]
        if section.rows:
            parts.append(render_rows(section.rows, section.columns, paper))
    return "".join(parts)


def to_markdown(sections: Sequence[Section]) -> str:
    """Write sections to be pasted into a pull request; the first gives the heading."""
    return "\n".join(line for number, section in enumerate(sections) for line in _markdown(section, "###" if number else "##"))


def _markdown(section: Section, heading: str) -> Iterator[str]:
    if section.title:
        yield f"{heading} {escape_cell(section.title)}\n"
    yield from (f"{escape_cell(note)}\n" for note in section.notes)
    if section.rows:
        yield f"| {' | '.join(map(escape_cell, section.columns))} |"
        yield f"|{' --- |' * len(section.columns)}"
        yield from (f"| {' | '.join(map(escape_cell, row))} |" for row in section.rows)
        yield ""
