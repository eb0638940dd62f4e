"""Lists: for the terminal, or in Markdown to be pasted."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from logwatch.ui.templates import escape_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from rich.console import Console
    from rich.text import Text

GAP = 2
"""Cells between columns."""
READABLE = 18
"""Cells without which no column is broken into lines: nobody reads a reason of three letters a line."""
HEAD_SHARE = 0.4
"""How much of a row its first column may take: a longer name stands on a line of its own."""
INDENT = 2
"""Cells before what stands under a row, and before what goes on of a line that was broken."""
BETWEEN = 3
"""Cells between what stands under a row."""


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


def fold(text: str, paper: Paper, hang: int | None = None, end: str = "") -> str:
    """Break lines that are wider than a paper, and put `end` where one breaks.

    What goes on stands `hang` cells in, or two more than its line does. A word that is wider by itself stays whole: the
    terminal breaks it where it must, and it can still be copied.
    """
    from rich.text import Text

    lines = []
    for line in text.split("\n"):
        deep = len(line) - len(line.lstrip()) + INDENT if hang is None else hang
        *broken, last = (each.plain for each in break_line(Text(line), paper.width - len(end), deep, chop=False))
        lines += [*(each + end for each in broken), last]
    return "\n".join(lines)


def break_line(line: Text, width: int, hang: int = INDENT, *, chop: bool = True) -> list[Text]:
    """Break a line between its words; what goes on stands `hang` cells in. Only with `chop` is a word broken that is wider."""
    from rich.cells import cell_len, chop_cells
    from rich.text import Text

    if line.cell_len <= width:
        return [line]
    breaks, taken = [], 0
    for found in re.finditer(r"(\s*)(\S+)", line.plain):
        at = found.start(2)
        if taken and taken + cell_len(found[0]) > width:
            breaks.append(at)
            taken = hang
        else:
            taken += len(found[1])
        first, *others = chop_cells(found[2], width - max(hang, taken)) if chop else [found[2]]
        taken += cell_len(first)
        for part in others:
            at += len(first)
            breaks.append(at)
            first, taken = part, hang + cell_len(part)
    first_line, *rest = line.divide(breaks)
    lines = [first_line, *(Text.assemble(" " * hang, each) for each in rest)]
    for each in lines:
        each.rstrip()
    return lines


@dataclass(frozen=True, slots=True)
class TableLayout:
    """A table without lines: which columns stand beside each other, and which have no room there and stand under their row.

    The first column is what one types again, and stays whole, as every word does. The last that stands in a row breaks into
    lines where it has room to be read.
    """

    heads: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]
    width: int
    right: Collection[int]
    """Columns that end at their right."""
    gap: int
    widths: tuple[int, ...]
    beside: tuple[int, ...]
    """Columns that stand beside each other."""

    @property
    def spare(self) -> int:
        """Cells that a row leaves."""
        return self.width - sum(self.widths[each] for each in self.beside) - self.gap * (len(self.beside) - 1)

    def lines(self) -> Iterator[Text]:
        """Write it."""
        yield from self._row(self.heads)
        for row in self.rows:
            yield from self._row(row)
            yield from self._under(row)

    def _row(self, row: Sequence[Text]) -> Iterator[Text]:
        from rich.text import Text

        first, *others = (row[each] for each in self.beside)
        if first.cell_len > self.widths[0]:
            yield from break_line(first, self.width)
            if not any(others):
                return
            first = Text()
        *cells, last = (first, *others)
        line = Text()
        for place, cell in zip(self.beside, cells, strict=False):
            line = Text.assemble(line, self._pad(place, cell), " " * self.gap)
        here, *below = break_line(last, self.width - line.cell_len, 0)
        yield Text.assemble(line, self._pad(self.beside[-1], here))
        yield from (Text.assemble(" " * line.cell_len, each) for each in below)

    def _pad(self, place: int, cell: Text) -> Text:
        from rich.text import Text

        blanks = " " * (self.widths[place] - cell.cell_len)
        return Text.assemble(blanks, cell) if place in self.right else Text.assemble(cell, blanks)

    def _under(self, row: Sequence[Text]) -> Iterator[Text]:
        """Give what has no room in its row behind the heads of its columns, in as few lines as it fits into."""
        from rich.text import Text

        line = Text()
        for place, (head, cell) in enumerate(zip(self.heads, row, strict=True)):
            if place in self.beside or not cell:
                continue
            part = Text.assemble(head, ": " if head else "", cell)
            if line and line.cell_len + BETWEEN + part.cell_len > self.width:
                yield from break_line(line, self.width, 2 * INDENT)
                line = Text()
            line = Text.assemble(line or " " * INDENT, " " * BETWEEN if line else "", part)
        if line:
            yield from break_line(line, self.width, 2 * INDENT)


def lay_out(
    rows: Iterable[Sequence[str | Text]], columns: Sequence[str], width: int, right: Collection[int] = (), gap: int = GAP
) -> TableLayout:
    """Choose which columns of a table stand beside each other.

    Where not all do, as few as possible stand under their row: of those that make the room by themselves the last, else the
    widest.
    """
    from rich.cells import cell_len
    from rich.text import Text

    heads = tuple(Text(column, "dim") for column in columns)
    shown = tuple(tuple(cell if isinstance(cell, Text) else Text(cell) for cell in row) for row in rows)
    cells = list(zip(heads, *shown, strict=True))
    widths: list[int] = [max(cell.cell_len for cell in column) for column in cells]
    words: list[int] = [max(cell_len(word) for cell in column for word in (cell.plain.split() or [""])) for column in cells]

    def fits(beside: Sequence[int]) -> bool:
        *before, last = beside
        room: int = width - sum(widths[each] + gap for each in before)
        least: int = min(widths[last], max(words[last], READABLE))
        return least <= room

    beside = list(range(len(columns)))
    if not fits(beside):
        widths[0] = max(cell.cell_len for cell in cells[0] if cell is heads[0] or cell.cell_len <= width * HEAD_SHARE)
    while len(beside) > 1 and not fits(beside):
        enough = [each for each in beside[1:] if fits([other for other in beside if other != each])]
        beside.remove(enough[-1] if enough else max(beside[1:], key=lambda each: widths[each]))
    return TableLayout(heads, shown, width, right, gap, tuple(widths), tuple(beside))


def render_rows(
    rows: Iterable[Sequence[str | Text]], columns: Sequence[str], paper: Paper, right: Collection[int] = (), gap: int = GAP
) -> str:
    """Give a table without lines, of which nothing is lost on any paper: what has no room in a row stands under it."""
    lines = lay_out(rows, columns, paper.width, right, gap).lines()

    def show(console: Console) -> None:
        for line in lines:
            console.print(line, soft_wrap=True)

    return print_on(paper, show)


def to_text(sections: Iterable[Section], paper: Paper) -> str:
    """Write sections for a terminal."""
    parts = []
    for section in sections:
        parts += [f"{fold(line, paper)}\n" for line in (section.title, *section.notes) if line]
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
