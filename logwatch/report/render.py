"""A report as text: terminal table, Markdown, HTML."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from logwatch.judge.alerts import AlertState
from logwatch.judge.verdicts import TONES, UNPROVEN, Level
from logwatch.notify import layout
from logwatch.ui.charts import svg
from logwatch.ui.tables import print_on
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
    from logwatch.ui.tables import Paper


STYLES: dict[str, str] = {
    Level.NORMAL: "green", UNPROVEN: "", Level.ELEVATED: "yellow", Level.WARNING: "bold red", Level.UNKNOWN: "dim",
}  # fmt: skip


BARS = "▁▂▃▄▅▆▇█"


def squeeze(course: tuple[tuple[float | None, str], ...], cells: int) -> list[tuple[float | None, str]]:
    """Fit a course into so many cells; each shows the worst window it stands for."""
    cells = max(min(cells, len(course)), 1)
    groups = [course[len(course) * i // cells : len(course) * (i + 1) // cells] for i in range(cells)]
    return [max(group, key=lambda window: TONES[window[1]]) for group in groups if group]


def spark(row: RuleRow, cells: int) -> list[tuple[str, str]]:
    """Give a character and a tone for each cell, the same height for the same value; a dot is unknown."""

    def bar(value: float | None) -> str:
        return "·" if value is None else BARS[min(int(value / row.full * 8), 7)]

    return [(bar(value), tone) for value, tone in squeeze(row.course, cells)]


def render_table(report: Report, paper: Paper) -> str:
    """Give the table that a person reads in a terminal; complete in 80 columns and without colour."""
    return print_on(paper, lambda console: _print_report(console, report))


def _print_report(console: Console, report: Report) -> None:
    from rich.table import Table
    from rich.text import Text

    say = report.say
    console.print(Text.assemble((say("title"), "bold"), f"  {report.source}"), soft_wrap=True)
    console.print(_summary(report))
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", show_edge=False)
    table.add_column(say("rule"), no_wrap=True)
    table.add_column(say("now"), justify="right", no_wrap=True)
    table.add_column(say("level"), no_wrap=True)
    cells = max(min(console.width - 77, 60), 3)
    table.add_column(say("course"), no_wrap=True, max_width=cells)
    table.add_column(say("worst"), justify="right", no_wrap=True)
    table.add_column(say("at"), no_wrap=True)
    table.add_column(say("level"), no_wrap=True)
    table.add_column(say("normal_range"), no_wrap=True)
    table.add_column(say("warning_range"), no_wrap=True)
    for row in report.rows:
        name = Text(f"  {row.shop}" if row.shop else row.rule, style="" if row.shop else "bold")
        name.truncate(17, overflow="ellipsis")
        worst = row.worst if row.worst.level is not Level.UNKNOWN else None
        table.add_row(
            name,
            row.latest.brief,
            _level(row.latest, report),
            Text.assemble(*((char, STYLES[level]) for char, level in spark(row, cells))),
            worst.brief if worst else "",
            worst.at if worst else "",
            _level(worst, report) if worst else "",
            *(("", "") if row.shop else row.brief_bounds),
        )
    console.print(table)
    console.print(Text(say("stretch_note"), style="dim"))
    _print_rest(console, report)


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
    from rich.table import Table
    from rich.text import Text

    def item(mark: str, text: str, style: str = "", *, cut: bool = False) -> None:
        hanging = Text(text, style=style, no_wrap=cut, overflow="ellipsis" if cut else "fold")
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_row(Text(f" {mark}", style=style), hanging)
        console.print(grid)

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
            figures = f"{slow.label} {slow.count}: p50 {slow.p50_ms:.0f} p95 {slow.p95_ms:.0f} max {slow.max_ms:.0f} ms"
            item("·", f"{figures}  {_shorten(slow.routes[0][0], console.width - len(figures) - 5)}", cut=True)
    console.print(Text(report.say("data"), style="bold"))
    item("·", report.counted, "dim")
    for finding in report.findings:
        item("!", finding, "yellow")


def _shorten(route: str, room: int) -> str:
    """Cut a route at its head: its end tells what it is.

    >>> _shorten("POST /api/v1/main/payments/confirm", 24)
    'POST …/payments/confirm'
    """
    if len(route) <= room:
        return route
    method, _, path = route.partition(" ")
    kept = path[-max(room - len(method) - 2, 8) :]
    return f"{method} …{kept[kept.find('/') :] if '/' in kept else kept}"


def bars(row: RuleRow, cells: int) -> dict[str, str]:
    """Give a row's course as a small drawing, one unit a cell and 26 high: a path for each tone."""
    drawn: dict[str, str] = {}
    for place, (value, tone) in enumerate(squeeze(row.course, cells)):
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
