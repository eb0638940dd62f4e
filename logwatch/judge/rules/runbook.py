"""The runbook itself: the table of section 3, the procedures of section 4, read out of rules/runbook.md."""

import re
from dataclasses import dataclass
from pathlib import Path

from logwatch.errors import RuleError
from logwatch.small_files import read_text


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of section 3's table, its cells as they stand."""

    indicator: str
    normal: str
    warning: str
    line: int


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered line of a procedure."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Procedure:
    """One subsection of section 4."""

    section: str
    title: str
    steps: tuple[Step, ...]
    """The steps to take; of a list of what to expect, its lines, numbered from 1."""
    numbered: bool
    """Whether these are steps to take."""
    line: int

    @property
    def name(self) -> str:
        """Number and title."""
        return f"{self.section} {self.title}"


@dataclass(frozen=True, slots=True)
class Threshold:
    """One line of section 5: which requests, and from how many ms they are logged as slow."""

    name: str
    bound: str
    line: int


@dataclass(frozen=True, slots=True)
class Runbook:
    """What the runbook says, with the lines where it says it."""

    path: Path
    rows: tuple[TableRow, ...]
    procedures: tuple[Procedure, ...]
    thresholds: tuple[Threshold, ...]
    gates: tuple[str, ...]
    """The exit conditions of section 7, in order."""
    sections: tuple[tuple[str, int, str], ...]
    """Number, line and text of each section and subsection."""
    counters: tuple[tuple[str, int], ...]
    """Counter keys of section 6's example, with their lines."""

    def procedure(self, section: str) -> Procedure | None:
        """Give a procedure by its number, such as 4.1."""
        return next((procedure for procedure in self.procedures if procedure.section == section), None)

    def where(self, line: int) -> str:
        """Give `file:line`."""
        return f"{self.path}:{line}"


def load_runbook(path: Path) -> Runbook:
    """Read the runbook; raises RuleError where it cannot be read or has no table."""
    text = read_text(path, RuleError, hint="the rules are compared with the runbook that stands beside them")
    sections = _sections(text)
    rows = tuple(_rows(sections.get("3", [])))
    if not rows:
        raise RuleError("no table in section 3", where=str(path), hint="section 3 is headed '## 3. …'")
    return Runbook(
        path=path,
        rows=rows,
        procedures=tuple(_procedure(section, lines) for section, lines in sections.items() if section.startswith("4.")),
        thresholds=tuple(_thresholds(sections.get("5", []))),
        gates=tuple(match[1] for _, text in sections.get("7", []) if (match := re.match(r"- \[.\] (.+)", text))),
        sections=tuple(
            (number, lines[0][0], "\n".join(text for _, text in lines)) for number, lines in sections.items() if number
        ),
        counters=tuple(_counters(sections.get("6", []))),
    )


Lines = list[tuple[int, str]]


def _sections(text: str) -> dict[str, Lines]:
    """Give the numbered lines of each section and subsection, its heading first."""
    sections: dict[str, Lines] = {}
    number = ""
    for line, content in enumerate(text.splitlines(), start=1):
        heading = re.match(r"#{2,3} (\d+(?:\.\d+)?)\.? ", content)
        number = heading[1] if heading else number
        sections.setdefault(number, []).append((line, content))
    return sections


def _rows(lines: Lines) -> list[TableRow]:
    rows = []
    for line, content in lines:
        if content.startswith("|"):
            cells = [cell.strip() for cell in content.strip().strip("|").split("|")]
            if len(cells) == 3 and not set(cells[0]) <= set("-: "):
                rows.append(TableRow(cells[0], cells[1], cells[2], line))
    return rows[1:]


def _procedure(section: str, lines: Lines) -> Procedure:
    line, heading = lines[0]
    title = heading.split(section, 1)[1].strip()
    steps = [Step(int(match[1]), match[2].strip()) for _, text in lines if (match := re.match(r"(\d+)\. (.*)", text))]
    expected = [text[2:].strip() for _, text in lines if text.startswith("- ")]
    listed = steps or [Step(number, text) for number, text in enumerate(expected, start=1)]
    return Procedure(section, title, tuple(listed), bool(steps), line)


def _thresholds(lines: Lines) -> list[Threshold]:
    found = [(line, re.match(r"- (.+?): *(\d+ms)", text)) for line, text in lines]
    return [Threshold(match[1], match[2], line) for line, match in found if match]


def _counters(lines: Lines) -> list[tuple[str, int]]:
    return [(match[1], line) for line, text in lines if (match := re.match(r'\s+"([^"]+)": \d', text))]
