"""The exit conditions as text: terminal, Markdown, HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logwatch.beta_exit.conditions import GateState
from logwatch.beta_exit.report_view import MARKS, say_dates
from logwatch.ui.tables import Paper, fold, render_rows
from logwatch.ui.templates import render

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from logwatch.beta_exit.report_view import DayCell, ExitReport, GateRow
    from logwatch.languages.keys import Key


COLUMNS: tuple[Key, ...] = ("state", "exit_marks_col", "exit_days_col", "exit_date_col", "condition")


def render_exit_page(report: ExitReport, templates: Path, name: str) -> str:
    """Give the exit conditions through one of the templates: beta_exit.md.j2 or beta_exit.html.j2."""
    columns = report.audience.columns(COLUMNS[-1], *COLUMNS[:-1])
    return render(templates, name, report=report, say=report.say, marks=MARKS, columns=columns)


ROOMY = 14
"""Days whose marks stand apart: of more, the conditions beside them would have no room."""


MOST_QUIET = 3
"""Stretches without a line that are named where only the main things are told."""


def render_exit(report: ExitReport, paper: Paper, *, details: bool) -> str:
    """Give the exit conditions: a row each with a mark for each day, what the days came to, and what is needed.

    With `details` also every day's figure, what each condition means, and what it takes to come to the same again.
    """
    say = report.say
    parts = [f"{say('exit_title')}  {report.source}\n", f"{report.span}  {report.as_of}\n"]
    parts += [f"{line}\n" for line in (report.verdict, *report.notes)]
    parts.append("\n" + render_rows(_overview(report), report.audience.columns(*COLUMNS), paper))
    parts += [] if details else ["\n"]
    for row in report.rows:
        told = [*_told(row, report, details=details)]
        parts += ["\n"] if details else []
        parts += [f"{row.mark} {row.title}\n", *told] if told else []
    if report.gaps:
        parts.append(f"\n{say('exit_gaps')}\n")
    for gap in report.gaps:
        parts.append(f"  {gap.number}  {gap.line}\n     → {gap.needed}\n")
    shares = any(cell.interval for row in report.rows for cell in row.cells)
    notes = [report.without_lines(None if details else MOST_QUIET), report.today, say("exit_interval") if shares else ""]
    parts.append("\n" + "".join(f"{line}\n" for line in (*notes, "" if details else say("exit_more")) if line))
    if not details:
        return fold("".join(parts), paper)
    parts.append("\n" + render_rows(report.proof, (say("exit_proof"), ""), paper))
    return fold("".join(parts), paper) + fold(f"  {report.command}", paper, end=" \\") + "\n"


def _told(row: GateRow, report: ExitReport, *, details: bool) -> Iterator[str]:
    """Say what there is to say of a condition below its title."""
    if details:
        yield from (f"  {line}\n" for line in (row.definition, row.progress))
        for cell in row.cells:
            yield f"  {MARKS[cell.state]} {cell.date}  {' · '.join(filter(None, [cell.figure, cell.why]))}\n"
    else:
        yield from (f"  {line}\n" for line in _days(row))
    if row.today:
        yield f"  {report.say('exit_today_short')}  {row.today}\n"
    yield from (f"  → {each}\n" for each in row.told)


def _days(row: GateRow) -> Iterator[str]:
    """Give the days with a figure, those that fare alike in one line; a failed one stands by itself, with all of its own."""
    alike: dict[tuple[GateState, str], list[DayCell]] = {}
    for cell in row.cells:
        if cell.amount is not None:
            alike.setdefault((cell.state, cell.date if cell.state is GateState.NOT_MET else cell.why), []).append(cell)
    for cells in alike.values():
        first, low, high = cells[0], *(pick(cells, key=lambda cell: cell.amount or 0.0) for pick in (min, max))
        figure = first.figure if len(cells) == 1 else " – ".join(dict.fromkeys([low.value, high.value]))
        why = f" · {first.why}" if first.why else ""
        yield f"{MARKS[first.state]} {say_dates([cell.date for cell in cells])}  {figure}{why}"


def _overview(report: ExitReport) -> Iterator[tuple[str, ...]]:
    between = " " if len(report.dates) <= ROOMY else ""
    for row in report.rows:
        marks = between.join(MARKS[cell.state] for cell in row.cells)
        yield f"{row.mark} {row.state_text}", marks, row.days_met, row.earliest, row.title
