"""The exit conditions as text: terminal, Markdown, HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logwatch.beta_exit.report_view import MARKS
from logwatch.ui.tables import Paper, fold, render_rows
from logwatch.ui.templates import render

if TYPE_CHECKING:
    from pathlib import Path

    from logwatch.beta_exit.report_view import ExitReport


def render_exit_page(report: ExitReport, templates: Path, name: str) -> str:
    """Give the exit conditions through one of the templates: beta_exit.md.j2 or beta_exit.html.j2."""
    return render(templates, name, report=report, say=report.say, marks=MARKS)


ROOMY = 14
"""Days whose marks stand apart: of more, the conditions beside them would have no room."""


def render_exit(report: ExitReport, paper: Paper) -> str:
    """Give the exit conditions: a row each with a mark for each day, then what each means and what it needs."""
    say = report.say
    between = " " if len(report.dates) <= ROOMY else ""
    rows = [
        (f"{row.mark} {row.state_text}", between.join(MARKS[cell.state] for cell in row.cells), row.title)
        for row in report.rows
    ]
    span = f"{report.dates[0]} – {report.dates[-1]}"
    parts = [f"{say('exit_title')}  {report.source}\n", f"{span}  {report.verdict}\n"]
    parts.append(render_rows(rows, ["", say("day"), say("condition")], paper))
    for row in report.rows:
        parts.append(f"\n{row.mark} {row.title}\n  {row.definition}\n")
        parts += [
            f"  {MARKS[cell.state]} {cell.date}  {' · '.join(filter(None, [cell.figure, cell.why]))}\n" for cell in row.cells
        ]
        parts += [f"  → {each}\n" for each in row.needed]
    return fold("".join(parts), paper)
