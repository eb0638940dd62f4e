"""The exit conditions as text: terminal, Markdown, HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logwatch.beta_exit.report_view import MARKS
from logwatch.ui.tables import Paper, fold, render_rows
from logwatch.ui.templates import render

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from logwatch.beta_exit.report_view import ExitReport
    from logwatch.languages.keys import Key


COLUMNS: tuple[Key, ...] = ("state", "day", "exit_days_col", "exit_date_col", "condition")


def render_exit_page(report: ExitReport, templates: Path, name: str) -> str:
    """Give the exit conditions through one of the templates: beta_exit.md.j2 or beta_exit.html.j2."""
    columns = report.audience.columns(COLUMNS[-1], *COLUMNS[:-1])
    return render(templates, name, report=report, say=report.say, marks=MARKS, columns=columns)


ROOMY = 14
"""Days whose marks stand apart: of more, the conditions beside them would have no room."""


def render_exit(report: ExitReport, paper: Paper) -> str:
    """Give the exit conditions: a row each with a mark for each day, then what each means and what it needs."""
    say = report.say
    parts = [f"{say('exit_title')}  {report.source}\n", f"{report.span}  {report.as_of}\n"]
    parts += [f"{line}\n" for line in (report.verdict, *report.notes)]
    parts.append("\n" + render_rows(_overview(report), report.audience.columns(*COLUMNS), paper))
    for row in report.rows:
        parts.append(f"\n{row.mark} {row.title}\n")
        parts += [f"  {line}\n" for line in (row.definition, row.progress)]
        parts += [
            f"  {MARKS[cell.state]} {cell.date}  {' · '.join(filter(None, [cell.figure, cell.why]))}\n" for cell in row.cells
        ]
        parts += [f"  {say('exit_today_short')}  {row.today}\n"] if row.today else []
        parts += [f"  → {each}\n" for each in row.told]
    if report.gaps:
        parts.append(f"\n{say('exit_gaps')}\n")
    for gap in report.gaps:
        parts.append(f"  {gap.number}  {gap.line}\n     → {gap.needed}\n")
    parts.append("\n" + "".join(f"{line}\n" for line in filter(None, [report.today, say("exit_interval")])))
    parts.append("\n" + render_rows(report.proof, (say("exit_proof"), ""), paper))
    return fold("".join(parts), paper) + fold(f"  {report.command}", paper, end=" \\") + "\n"


def _overview(report: ExitReport) -> Iterator[tuple[str, ...]]:
    between = " " if len(report.dates) <= ROOMY else ""
    for row in report.rows:
        marks = between.join(MARKS[cell.state] for cell in row.cells)
        yield f"{row.mark} {row.state_text}", marks, row.days_met, row.earliest, row.title
