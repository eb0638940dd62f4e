"""The pages of `--help`, and what is wrong with a command's words, in the language of whoever typed them."""

from __future__ import annotations

import io
import os
import re
import shutil
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from logwatch.cli.usage.language import page_language
from logwatch.complaints import complaint
from logwatch.languages import COMMON
from logwatch.languages.phrases import spoken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from typer.exceptions import TyperException

    from logwatch.languages import Lang

_Plain: Any = typer.Context.formatter_class
_MARKS = re.compile(r"(.*?)  \[([^\[\]]*)\]", re.DOTALL)
"""A help text, and behind two blanks what typer says of the option."""
NARROWEST = 40
"""Cells of the narrowest terminal: a phone's."""
_RAW = "\b"
"""Begins a paragraph that is laid out already."""


def said_usage(error: TyperException, lang: Lang) -> str:
    """Say what is wrong with the words of a command; empty where typer has shown a page of help instead."""
    if errors := getattr(error.__cause__, "errors", None):
        error.message = complaint(errors()[0])
    page = io.StringIO()
    error.show(page) if hasattr(error, "show") else page.write(error.format_message())
    return spoken(page.getvalue(), lang)


def folded(text: str, stream: TextIO) -> str:
    """Break lines between words where they go to a terminal; a pipe gets them whole."""
    if not stream.isatty():
        return text
    width = max(os.get_terminal_size(stream.fileno()).columns or 80, NARROWEST)  # one that tells no size is taken as rich does
    lines = []
    for line in text.split("\n"):
        indent = len(line) - len(line.lstrip())
        first, *rest = [*_wrapped(line, width - indent - 2)] or [""]
        lines += [f"{'':{indent}}{first}", *(f"{'':{indent + 2}}{each}" for each in rest)]
    return "\n".join(lines)


class _Formatter(_Plain):  # type: ignore[misc]
    """Lays a page out by cells, of which a Korean letter takes two, each text of it in one language."""

    def __init__(self, lang: Lang, **options: Any) -> None:  # noqa: ANN401 - typer's own
        width = max(min(shutil.get_terminal_size().columns, options.get("max_width") or 80), NARROWEST) - 2
        super().__init__(**options | {"width": options.get("width") or width})  # typer's own goes no lower than 50
        self.lang = lang

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        lines = _wrapped(f"{prefix or spoken('Usage:', self.lang)} {prog} {args}", self.width)
        self.write("\n    ".join(lines) + "\n")

    def write_heading(self, heading: str) -> None:
        super().write_heading(spoken(heading, self.lang))

    def write_text(self, text: str) -> None:
        for number, paragraph in enumerate(text.strip("\n").split("\n\n")):
            if number:
                self.write("\n")
            if paragraph.lstrip().startswith(_RAW):
                lines = [spoken(line, self.lang) for line in paragraph.lstrip().removeprefix(_RAW).strip("\n").split("\n")]
            else:
                lines = list(_wrapped(self._said(paragraph), self.width - self.current_indent))
            self.write("".join(f"{'':{self.current_indent}}{line}\n" for line in lines))

    def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        from rich.cells import cell_len

        widest = min(max((cell_len(name) for name, _ in rows), default=0), col_max, self.width * 2 // 5)
        indent, column = " " * self.current_indent, widest + col_spacing
        for name, text in rows:
            lines = list(_wrapped(self._said(text), self.width - self.current_indent - column))
            fits = cell_len(name) <= widest
            first, rest = (lines[:1], lines[1:]) if fits else ([], lines)
            self.write(f"{indent}{name}{' ' * (column - cell_len(name)) if fits else ''}{''.join(first)}".rstrip() + "\n")
            self.write("".join(f"{indent}{'':{column}}{line}\n" for line in rest))

    def _said(self, text: str) -> str:
        """Say a help text, and each thing that typer says of the option behind it."""
        found = _MARKS.fullmatch(text)
        told = spoken(" ".join((found[1] if found else text).split()), self.lang)
        marks = "; ".join(spoken(_range(mark), self.lang) for mark in found[2].split("; ")) if found else ""
        return f"{told} [{marks}]" if marks else told


def _range(text: str) -> str:
    """Write a range of numbers as people do."""
    return re.sub(r"(\d+)<=x<=(\d+)", r"\1–\2", text)


def _wrapped(text: str, width: int) -> Iterator[str]:
    """Break a text between words."""
    from rich.cells import cell_len

    line = ""
    for word in text.split():
        if line and cell_len(line) + 1 + cell_len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    if line:
        yield line


class _Context(typer.Context):
    """Knows in which language a page is."""

    def make_formatter(self) -> Any:  # noqa: ANN401 - typer does not show its click
        lang = page_language(self.find_root().obj or COMMON)
        return _Formatter(lang, width=self.terminal_width, max_width=self.max_content_width)


class _Own:
    """A command whose help is in the reader's language, ends with its examples, and is not cut where a group lists it."""

    help: str | None
    epilog: str | None

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - typer does not show its click
        """Write the lines to type as they are."""
        if self.epilog:
            with formatter.section("Examples"):
                formatter.write("".join(f"{'':{formatter.current_indent}}{line}\n" for line in self.epilog.split("\n")))

    def get_short_help_str(self, limit: int = 45) -> str:  # noqa: ARG002 - it is broken, and not cut
        """Give the first paragraph."""
        return " ".join((self.help or "").partition("\n\n")[0].split())


class OwnCommand(_Own, TyperCommand):
    """A command by itself."""

    context_class = _Context

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 - likewise
        """Give the parameters; of an argument, whose name says what it is, not also its type in Python."""
        found: list[Any] = super().get_params(ctx)
        for each in found:
            if each.param_type_name == "argument":
                each.display_type_rich = lambda **_: None
        return found

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401 - likewise
        """Give the words of the usage line, as every other program writes them."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]


class OwnGroup(_Own, TyperGroup):
    """A group of commands."""

    context_class = _Context
