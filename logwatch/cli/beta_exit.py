"""`beta-exit`: section 7."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logwatch.beta_exit.conditions import GateState, judge_gates
from logwatch.beta_exit.day_reader import Week
from logwatch.beta_exit.render import render_exit, render_exit_page
from logwatch.beta_exit.report_view import build_exit_report, exit_json
from logwatch.cli.context import as_json, clock_of, one_source, paper_of, progress_line, settings_from, state_of, write
from logwatch.cli.options import LangOption, OutputOption, RulesOption, ServiceOption, SourceArgument, SourceOption, UntilOption
from logwatch.errors import ConfigError
from logwatch.judge.daily_totals import whole_days
from logwatch.languages import Lang, text
from logwatch.moments import parse_moment
from logwatch.settings import bundled
from logwatch.wiring import audience, build_expected, build_rules, build_source, build_week

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logwatch.beta_exit.conditions import Gate
    from logwatch.beta_exit.report_view import ExitReport
    from logwatch.settings import Settings


class ExitFormat(StrEnum):
    """How `beta-exit` writes."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


class FailOnGate(StrEnum):
    """Which state of a condition makes `beta-exit` exit with 1."""

    NOT_MET = "not-met"
    NOT_SHOWN = "not-shown"


def beta_exit(
    paths: SourceArgument = None,
    source: SourceOption = None,
    days: Annotated[int, typer.Option(min=1, max=31, help="How many whole days, back from --until.")] = 7,
    until: UntilOption = None,
    service: ServiceOption = None,
    format_: Annotated[ExitFormat, typer.Option("--format", "-f", help="How to write it.")] = ExitFormat.TABLE,
    lang: LangOption = None,
    fail_on: Annotated[
        FailOnGate | None,
        typer.Option(help="Exit with 1 if a condition is not met (not-shown: or not shown).", show_default=False),
    ] = None,
    rules: RulesOption = None,
    output: OutputOption = None,
) -> None:
    """Judge the exit conditions of section 7, day by day, out of the state's own totals, or of logs with --source."""
    given = one_source(paths, source)
    settings = settings_from(source=given, service=service, lang=lang, rules=rules)
    now = clock_of(settings)()
    # Days that are not over yet cannot be judged.
    end = None if until is None else min(now, parse_moment(until, now, settings.timezone, where="--until"))
    rule_set = build_rules(settings)
    if not rule_set.service.exit_conditions:
        where = str(rule_set.folder / "service.yaml")
        raise ConfigError("no exit conditions", where=where, hint="'exit_conditions', one for each line of section 7")
    if given:
        adapter, name = build_source(settings)
        with progress_line(settings) as progress:
            week = build_week(settings, adapter, rule_set).read(days, end, now, progress)
    else:
        name = settings.state or "state"
        week = Week(tuple(whole_days(end or now, days, settings.timezone)), state_of(settings).days)
    gates = judge_gates(week.days, week.wanted, rule_set, build_expected(settings), settings.timezone)
    report = build_exit_report(gates, week.wanted, rule_set, audience(settings), name)
    write(_render_exit(report, gates, settings, format_, output), output)
    if fail_on:
        _fail_on_gate(report, fail_on, settings.lang)


def _render_exit(
    report: ExitReport, gates: Sequence[Gate], settings: Settings, format_: ExitFormat, output: Path | None
) -> str:

    if format_ is ExitFormat.JSON:
        return as_json(exit_json(report, gates, str(settings.timezone)))
    if format_ is ExitFormat.TABLE:
        return render_exit(report, paper_of(output))
    suffix = "md" if format_ is ExitFormat.MARKDOWN else "html"
    return render_exit_page(report, bundled("templates"), f"beta_exit.{suffix}.j2")


def _fail_on_gate(report: ExitReport, fail_on: FailOnGate, lang: Lang) -> None:
    failing = {GateState.NOT_MET} | ({GateState.NOT_SHOWN} if fail_on is FailOnGate.NOT_SHOWN else set())
    reached = [row.name for row in report.rows if row.state in failing]
    if reached:
        typer.echo(text("reached_gate", lang, level=fail_on, names=", ".join(reached)), err=True)
        raise typer.Exit(1)
