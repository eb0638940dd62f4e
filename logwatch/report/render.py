"""A report as text: terminal table, Markdown, HTML."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from logwatch.judge.alerts import AlertState
from logwatch.judge.verdicts import UNPROVEN, Level, badness
from logwatch.notify import layout
from logwatch.ui.charts import svg
from logwatch.ui.tables import break_line, lay_out, print_on
from logwatch.ui.templates import render

if TYPE_CHECKING:
    from pathlib import Path

    from markupsafe import Markup
    from rich.console import Console
    from rich.text import Text

    from logwatch.languages.keys import Key
    from logwatch.report.chart_view import Drawing
    from logwatch.report.page_view import Page
    from logwatch.report.report import Report, ReportCell, RuleRow
    from logwatch.ui.tables import Paper, TableLayout


STYLES: dict[str, str] = {
    Level.NORMAL: "green", UNPROVEN: "", Level.ELEVATED: "yellow", Level.WARNING: "bold red", Level.UNKNOWN: "dim",
}  # fmt: skip


BARS = "▁▂▃▄▅▆▇█"
SHORTEST, LONGEST = 3, 60
"""Cells of a course in a table."""


def squeeze(row: RuleRow, cells: int) -> list[tuple[float | None, str]]:
    """Fit a row's course into so many cells; each shows the worst window it stands for."""
    course, worse = row.course, partial(badness, falls=row.falls)
    cells = max(min(cells, len(course)), 1)
    groups = (course[len(course) * at // cells : len(course) * (at + 1) // cells] for at in range(cells))
    return [max(group, key=lambda window: worse(*window)) for group in groups if group]


def spark(row: RuleRow, cells: int) -> list[tuple[str, str]]:
    """Give a character and a tone for each cell, the same height for the same value; a dot is unknown."""

    def bar(value: float | None) -> str:
        return "·" if value is None else BARS[min(int(value / row.full * 8), 7)]

    return [(bar(value), tone) for value, tone in squeeze(row, cells)]


def render_table(report: Report, paper: Paper) -> str:
    """Give the table that a person reads in a terminal, without colour too."""
    return print_on(paper, lambda console: _print_report(console, report, paper))


def _print_report(console: Console, report: Report, paper: Paper) -> None:
    from rich.text import Text

    say = report.say
    console.print(Text.assemble((say("title"), "bold"), f"  {report.source}"), soft_wrap=True)
    console.print(_summary(report))
    spare = _rule_rows(report, paper, SHORTEST).spare
    for line in _rule_rows(report, paper, min(SHORTEST + spare, LONGEST)).lines():
        console.print(line, soft_wrap=True)
    console.print(Text(say("stretch_note"), style="dim"))
    _print_rest(console, report)


def _rule_rows(report: Report, paper: Paper, cells: int) -> TableLayout:
    """Lay the rules out, with so many cells for a course."""
    from rich.cells import cell_len
    from rich.text import Text

    say, rows = report.say, []
    for row in report.rows:
        worst = row.worst if row.worst.level is not Level.UNKNOWN else None
        rows.append(
            (
                Text(f"  {row.shop}" if row.shop else row.rule, style="" if row.shop else "bold"),
                row.latest.brief,
                _level(row.latest, report),
                Text.assemble(*((char, STYLES[level]) for char, level in spark(row, cells))),
                worst.brief if worst else "",
                worst.at if worst else "",
                _level(worst, report) if worst else "",
                "" if row.shop else "/".join(row.brief_bounds),
            )
        )
    course = say("course")
    columns = (say("rule"), say("now"), say("level"), course if cell_len(course) <= cells else "", say("worst"), say("at"))
    return lay_out(rows, (*columns, say("level"), say("bounds")), paper.width, right={1, 4}, gap=1)


def _level(cell: ReportCell, report: Report) -> Text:
    from rich.text import Text

    return Text(report.say("level_unproven" if cell.tone == UNPROVEN else cell.level.key), style=STYLES[cell.tone])


def _summary(report: Report) -> Text:
    from rich.text import Text

    line = Text(f"{report.say('span')} {report.span_text}   ")
    for level in (Level.WARNING, Level.ELEVATED, Level.NORMAL, Level.UNKNOWN):
        line.append(f"{report.say(level.key)} {report.levels[level]}  ", style=STYLES[level] if report.levels[level] else "dim")
        if level is Level.ELEVATED and report.unproven:
            line.append(f"{report.say('unproven')} {report.unproven}  ", style="dim")
    warned: dict[Key, tuple[tuple[str, ...], str]] = {
        "warned_now": (report.warned_now, "bold red"),
        "warned_before": (report.warned_before, "red"),
    }
    for key, (rules, style) in warned.items():
        if rules:
            line.append("\n" + report.say(key, rules=", ".join(rules)), style=style)
    return line


def _print_rest(console: Console, report: Report) -> None:
    from rich.text import Text

    def item(mark: str, text: str, style: str = "") -> None:
        for line in break_line(Text(f" {mark} {text}", style=style), console.width, 3):
            console.print(line, soft_wrap=True)

    reasons = [row for row in report.rows if row.latest.why and row.latest.level in (Level.ELEVATED, Level.UNKNOWN)]
    by_reason: dict[str, list[str]] = {}
    for row in reasons:
        by_reason.setdefault(row.latest.why, []).append(f"{row.rule}({row.shop})" if row.shop else row.rule)
    for why, names in by_reason.items():
        item("·", f"{', '.join(names)}: {why}", "dim")
    if report.procedures:
        console.print(Text(report.say("follow"), style="bold"))
        for procedure in report.procedures:
            item("▶", f"{procedure.section} {procedure.title} ← {', '.join(procedure.rules)}")
    if report.slow_requests:
        console.print(Text(report.say("slow_requests"), style="bold"))
        for slow in report.slow_requests:
            figures = f"p50 {slow.p50_ms:.0f} p95 {slow.p95_ms:.0f} max {slow.max_ms:.0f} ms"
            item("·", f"{slow.label} {slow.count}: {figures}  {slow.routes[0][0]}")
    console.print(Text(report.say("data"), style="bold"))
    item("·", report.counted, "dim")
    for finding in report.findings:
        item("!", finding, "yellow")


def bars(row: RuleRow, cells: int) -> dict[str, str]:
    """Give a row's course as a small drawing, one unit a cell and 26 high: a path for each tone."""
    drawn: dict[str, str] = {}
    for place, (value, tone) in enumerate(squeeze(row, cells)):
        tall = 26 if value is None else min(max(value / row.full * 26, 1.0), 26)
        drawn[tone] = f"{drawn.get(tone, '')}M{place} 26v-{tall:.3g}h1V26z"
    return drawn


TERMS: dict[str, Any] = {
    **layout.TERMS,
    "Level": Level,
    "AlertState": AlertState,
    "shop_of": layout.shop_of,
    "spark": spark,
    "bars": bars,
}
"""What the templates of a report may name beside it."""


def render_markdown(report: Report, templates: Path) -> str:
    """Give the report as Markdown."""
    return render(templates, "evaluate.md.j2", report=report, say=report.say, **TERMS)


def render_page(page: Page, templates: Path, name: str) -> str:
    """Give the page through one of the templates: report.html.j2 or report.md.j2."""
    chart = partial(_chart, page)
    return render(templates, name, page=page, report=page.report, say=page.report.say, chart=chart, **TERMS)


def _chart(page: Page, drawing: Drawing) -> Markup:
    from markupsafe import Markup

    return Markup(svg(drawing.plot, page.zone, name=drawing.name, title=drawing.title))  # noqa: S704 - it escapes its title
