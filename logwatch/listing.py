"""Lists for the terminal: alerts, silences, what a backtest found."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logwatch.alerts import AlertState
from logwatch.exit_report import MARKS
from logwatch.explain import name
from logwatch.wording import format_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from logwatch.exit_report import ExitReport
    from logwatch.replay import Replayed
    from logwatch.rules import RuleSet
    from logwatch.wording import Audience


@dataclass(frozen=True, slots=True)
class Paper:
    """What a list is written on."""

    width: int
    colour: bool


def render_rows(rows: Iterable[Sequence[str]], columns: Sequence[str], paper: Paper) -> str:
    """Give a table without lines; the last column breaks, the others stay whole."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    written = io.StringIO()
    console = Console(
        file=written, width=paper.width, color_system="standard" if paper.colour else None, force_terminal=paper.colour,
        highlight=False,
    )  # fmt: skip
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=column != columns[-1], overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
    return "".join(line.rstrip() + "\n" for line in written.getvalue().splitlines())


def render_replay(replayed: Replayed, rules: RuleSet, audience: Audience, source: str, paper: Paper) -> str:
    """Give what a backtest found: its alerts, and the messages that would have been sent."""
    say = audience.say
    fired = [alert for alert in replayed.alerts if alert.firing_at]
    told = replayed.notifications
    counts = say("backtest_counts", ticks=replayed.ticks, alerts=len(fired), notifications=len(told), late=replayed.late)
    parts = [f"{say('backtest_title')}  {source}\n", f"{_span(replayed, audience)}  {counts}\n"]
    if not fired:
        return "".join([*parts, say("nothing_sent") + "\n"])
    alerts = [
        (
            name(alert, audience),
            audience.moment(alert.pending_at),
            _clock(alert.firing_at, audience),
            _clock(alert.resolved_at if alert.state is AlertState.RESOLVED else None, audience),
            format_value(alert.peak.value, rules.by_id[alert.rule].normal.unit),
            rules.by_id[alert.rule].procedure,
        )
        for alert in fired
    ]
    messages = [
        (
            audience.moment(each.at),
            say(f"reason_{each.reason}"),
            each.procedure,
            audience.shop(each.labels),
            ", ".join(each.rules),
        )
        for each in told
    ]
    columns: tuple[str, ...] = ("alert", "pending_at", "firing_at", "resolved_col", "peak_col", "procedure")
    parts += [f"{say('backtest_alerts')}\n", render_rows(alerts, [say(column) for column in columns], paper)]
    columns = ("when", "reason", "procedure", "shop", "rules")
    parts += [f"{say('backtest_messages')}\n", render_rows(messages, [say(column) for column in columns], paper)]
    return "".join(parts)


def _clock(moment: datetime | None, audience: Audience) -> str:
    return audience.clock(moment) if moment else "–"


def _span(replayed: Replayed, audience: Audience) -> str:
    return f"{audience.moment(replayed.span.start)} – {audience.moment(replayed.span.end)}"


def render_exit(report: ExitReport, paper: Paper) -> str:
    """Give the exit conditions: a row each with a mark for each day, then what each means and what it needs."""
    say = report.say
    rows = [
        (f"{row.mark} {row.state_text}", " ".join(MARKS[cell.state] for cell in row.cells), row.title) for row in report.rows
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
    return "".join(parts)
