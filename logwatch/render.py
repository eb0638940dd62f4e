"""A report as text: terminal table, Markdown, HTML; and a message in its layouts."""

from __future__ import annotations

import io
import logging
import re
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from logwatch.alerts import AlertState
from logwatch.levels import SEVERITY, Level
from logwatch.notifications import NotifyReason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from jinja2 import Environment
    from jinja2.environment import TemplateModule
    from markupsafe import Markup
    from rich.text import Text

    from logwatch.drawings import Drawing
    from logwatch.exit_report import ExitReport
    from logwatch.messages import AlertLine, Course, Message
    from logwatch.page import Page
    from logwatch.report import Cell, Report, Row

STYLES = {Level.NORMAL: "green", Level.ELEVATED: "yellow", Level.WARNING: "bold red", Level.UNKNOWN: "dim"}
BARS = "▁▂▃▄▅▆▇█"


def squeeze(course: tuple[tuple[float | None, Level], ...], cells: int) -> list[tuple[float | None, Level]]:
    """Fit a course into so many cells; each shows the worst window it stands for."""
    cells = max(min(cells, len(course)), 1)
    groups = [course[len(course) * i // cells : len(course) * (i + 1) // cells] for i in range(cells)]
    return [max(group, key=lambda window: SEVERITY[window[1]]) for group in groups if group]


def spark(row: Row, cells: int) -> list[tuple[str, Level]]:
    """Give a character and a level for each cell, the same height for the same value; a dot is unknown."""

    def bar(value: float | None) -> str:
        return "·" if value is None else BARS[min(int(value / row.full * 8), 7)]

    return [(bar(value), level) for value, level in squeeze(row.course, cells)]


def render_table(report: Report, *, width: int, colour: bool) -> str:
    """Give the table that a person reads in a terminal; complete in 80 columns and without colour."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(
        file=io.StringIO(), width=width, color_system="standard" if colour else None, force_terminal=colour, highlight=False
    )
    say = report.say
    console.print(Text.assemble((say("title"), "bold"), f"  {report.source}"), soft_wrap=True)
    console.print(_summary(report))
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", show_edge=False)
    table.add_column(say("rule"), no_wrap=True)
    table.add_column(say("now"), justify="right", no_wrap=True)
    table.add_column(say("level"), no_wrap=True)
    cells = max(min(width - 74, 60), 6)
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
            row.latest.value,
            _level(row.latest, report),
            Text.assemble(*((char, STYLES[level]) for char, level in spark(row, cells))),
            worst.value if worst else "",
            worst.at if worst else "",
            _level(worst, report) if worst else "",
            "" if row.shop else row.normal,
            "" if row.shop else row.warning,
        )
    console.print(table)
    _print_rest(console, report)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"  # type: ignore[attr-defined]


def _level(cell: Cell, report: Report) -> Text:
    from rich.text import Text

    return Text(report.say(cell.level), style=STYLES[cell.level])


def _summary(report: Report) -> Text:
    from rich.text import Text

    line = Text(f"{report.say('span')} {report.span_text}   ")
    for level in (Level.WARNING, Level.ELEVATED, Level.NORMAL, Level.UNKNOWN):
        line.append(f"{report.say(level)} {report.levels[level]}  ", style=STYLES[level] if report.levels[level] else "dim")
    for key, rules, style in (
        ("warned_now", report.warned_now, "bold red"),
        ("warned_before", report.warned_before, "red"),
    ):
        if rules:
            line.append("\n" + report.say(key, rules=", ".join(rules)), style=style)
    return line


def _print_rest(console: Any, report: Report) -> None:  # noqa: ANN401 - rich is imported where it is used
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

    >>> _shorten("POST /api/v1/glycopharm/payments/confirm", 24)
    'POST …/payments/confirm'
    """
    if len(route) <= room:
        return route
    method, _, path = route.partition(" ")
    kept = path[-max(room - len(method) - 2, 8) :]
    return f"{method} …{kept[kept.find('/') :] if '/' in kept else kept}"


@cache
def _environment(templates: Path, *, html: bool, finalize: Callable[[Any], Any] | None = None) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        autoescape=html,  # noqa: S701 - Markdown is escaped cell by cell
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
    )
    environment.globals.update(spark=spark, bars=bars, Level=Level)
    environment.globals.update(AlertState=AlertState, NotifyReason=NotifyReason, shop_of=shop_of, peak_of=peak_of)
    environment.filters.update(cell=escape_cell, clip=clip)
    return environment


@cache
def _markdown_specials() -> re.Pattern[str]:
    return re.compile(r"([\\`*_\[\]|<>~#])")


def escape_cell(hostile: str) -> str:
    r"""Escape a text for a Markdown table.

    >>> escape_cell("a|b")
    'a\\|b'
    """
    return _markdown_specials().sub(r"\\\1", hostile).replace("\n", " ")


def clip(text: str, length: int) -> str:
    """Cut a text that is too long, and show that it is cut.

    >>> clip("checkout", 6)
    'check…'
    """
    return text if len(text) <= length else f"{text[: length - 1]}…"


def bars(row: Row, cells: int) -> dict[Level, str]:
    """Give a row's course as a small drawing, one unit a cell and 26 high: a path for each level."""
    drawn: dict[Level, str] = {}
    for place, (value, level) in enumerate(squeeze(row.course, cells)):
        tall = 26 if value is None else min(max(value / row.full * 26, 1.0), 26)
        drawn[level] = f"{drawn.get(level, '')}M{place} 26v-{tall:.3g}h1V26z"
    return drawn


def render_markdown(report: Report, templates: Path) -> str:
    """Give the report as Markdown."""
    environment = _environment(templates, html=False)
    return environment.get_template("evaluate.md.j2").render(report=report, say=report.say).strip() + "\n"


def render_page(page: Page, templates: Path, name: str) -> str:
    """Give the page through one of the templates: report.html.j2 or report.md.j2."""
    environment = _environment(templates, html=name.endswith(".html.j2"))
    chart = partial(_chart, page)
    return environment.get_template(name).render(page=page, report=page.report, say=page.report.say, chart=chart).strip() + "\n"


def _chart(page: Page, drawing: Drawing) -> Markup:
    from markupsafe import Markup

    from logwatch.charts import svg

    return Markup(svg(drawing.plot, page.zone, name=drawing.name, title=drawing.title))  # noqa: S704 - it escapes its title


def shop_of(line: AlertLine, message: Message) -> str:
    """Name an alert's shop; that it is about all shops only where the same rule is told of a single one too."""
    split = any(other.rule == line.rule and other.shop for other in message.alerts)
    return line.shop or (message.say("all_shops") if split else "")


def peak_of(line: AlertLine, message: Message) -> str:
    """Say how bad it was, where that is not what it is now."""
    return message.say("peak", peak=line.peak) if line.peak.split(" ")[0] != line.value.split(" ")[0] else ""


def render_message(message: Message, templates: Path, name: str) -> str:
    """Give a message through one of the templates: message.txt.j2 or message.html.j2."""
    environment = _environment(templates, html=name.endswith(".html.j2"))
    return environment.get_template(name).render(message=message, say=message.say).strip() + "\n"


def render_policy(figures: Mapping[str, object], templates: Path, name: str) -> str:
    """Give what an alert policy says in Markdown, its title first."""
    return _environment(templates, html=False).get_template(name).render(figures).strip() + "\n"


def draw_course(course: Course, zone: ZoneInfo) -> bytes | None:
    """Draw a message's course as PNG; None where it cannot be drawn, since a message goes out without it too."""
    from logwatch.charts import Period, Plot, png

    chart = course.chart
    fires = course.fires_from and course.fires_from < course.fires_until
    periods = (Period(course.fires_from, course.fires_until, firing=True),) if course.fires_from and fires else ()
    try:
        return png(Plot(chart.start, chart.values, course.normal, course.warning, periods=periods), zone)
    except Exception:
        logging.getLogger("logwatch.charts").exception("the chart of %s could not be drawn", chart.rule)
        return None


def message_parts(message: Message, templates: Path, name: str, escape: Callable[[Any], Any]) -> TemplateModule:
    """Give a message's template as its macros; `escape` is applied to every value that they write."""
    environment = _environment(templates, html=False, finalize=escape)
    return environment.get_template(name).make_module({"message": message, "say": message.say})


def render_exit_page(report: ExitReport, templates: Path, name: str) -> str:
    """Give the exit conditions through one of the templates: beta_exit.md.j2 or beta_exit.html.j2."""
    from logwatch.exit_report import MARKS

    template = _environment(templates, html=name.endswith(".html.j2")).get_template(name)
    return template.render(report=report, say=report.say, marks=MARKS).strip() + "\n"
