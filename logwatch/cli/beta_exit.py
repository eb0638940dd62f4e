"""`beta-exit`: section 7."""

from __future__ import annotations

import shlex
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logwatch import __version__
from logwatch.beta_exit.conditions import GateState, Terms
from logwatch.beta_exit.day_reader import Week
from logwatch.beta_exit.json_document import exit_json
from logwatch.beta_exit.judged_week import ExitProof, judge_week
from logwatch.beta_exit.largest_loss import PastIncident
from logwatch.beta_exit.render import render_exit, render_exit_page
from logwatch.beta_exit.report_view import build_exit_report
from logwatch.beta_exit.running_day import DAY, running_day
from logwatch.cli.context import (
    answering,
    as_json,
    bill_told,
    check_page_place,
    clock_of,
    paper_of,
    plan_teller,
    progress_line,
    settings_from,
    write,
)
from logwatch.cli.kept.state_file import past_of, state_of
from logwatch.cli.options import ReadFlags, RuleFlags, ServiceOption, SourceFlags, UntilOption
from logwatch.durations import parse_duration
from logwatch.errors import ConfigError, StoreError
from logwatch.judge.daily_totals import day_span, whole_days
from logwatch.judge.rules.load import rules_digest
from logwatch.languages import Lang, text
from logwatch.moments import parse_moment
from logwatch.settings import Settings, as_text, bundled, variable
from logwatch.wiring import audience, build_expected, build_rules, build_source, build_week, state_place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

    from logwatch.beta_exit.judged_week import JudgedWeek
    from logwatch.beta_exit.report_view import ExitReport
    from logwatch.state.document import State

WEEK, MOST_DAYS = 7, 31


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
    source: SourceFlags,
    *,
    days: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=MOST_DAYS, help="How many whole days, back from --until. [7]", show_default=False),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="The same as a length (7d), or the time that the first whole day follows."),
    ] = None,
    until: UntilOption = None,
    service: ServiceOption = None,
    format_: Annotated[ExitFormat, typer.Option("--format", "-f", help="How to write it.")] = ExitFormat.TABLE,
    details: Annotated[
        bool, typer.Option("--details", help="In the table, every day's figures, what is judged, and how to reproduce it.")
    ] = False,
    fail_on: Annotated[
        FailOnGate | None,
        typer.Option(help="Exit with 1 if a condition is not met (not-shown: or not shown).", show_default=False),
    ] = None,
    asker: RuleFlags,
    reading: ReadFlags,
) -> None:
    """Judge the exit conditions of section 7, day by day, out of the state's own totals, or of logs with --source."""
    if format_ is ExitFormat.HTML:
        check_page_place(reading.output)
    settings = settings_from(source, asker, reading, service=service)
    now = clock_of(settings)().replace(microsecond=0)
    # Days that are not over yet cannot be judged.
    end = None if until is None else min(now, parse_moment(until, now, settings.timezone, where="--until"))
    count = _count(days, since, now, settings.timezone)
    rule_set = build_rules(settings)
    if not rule_set.service.exit_conditions:
        where = str(rule_set.folder / "service.yaml")
        raise ConfigError("no exit conditions", where=where, hint="'exit_conditions', one for each line of section 7")
    if source.named:
        adapter, name = build_source(settings)
        with bill_told(adapter, settings), progress_line(settings) as progress:
            week = build_week(settings, adapter, rule_set, plan_teller(settings)).read(count, end, now, progress)
        past = None if adapter.recorded else past_of(settings)
    else:
        name, past, asked = state_place(settings), _state(settings), end or now
        running = running_day(past.days, past.counted_to, asked, settings.timezone)
        week = Week(tuple(whole_days(asked, count(asked), settings.timezone)), past.days, asked, running)
    terms = Terms(rule_set, build_expected(settings), settings.timezone)
    shown = answering(settings, now, since, until)
    repeated = {"--format": format_} | ({"--details": None} if details else {})
    proof = _proof(week, terms, _command(week, settings, shown.timezone, source.named, repeated))
    judged = judge_week(
        week,
        [PastIncident(each.id, each.rules, each.since, each.over_at) for each in past.history] if past else [],
        terms,
        proof,
    )
    report = build_exit_report(judged, rule_set, audience(shown), name)
    write(_render_exit(report, judged, settings, format_, reading.output, details=details), reading.output)
    if fail_on:
        _fail_on_gate(report, fail_on, settings.lang)


def _state(settings: Settings) -> State:
    """Load the state; where there is none, logs can be named instead."""
    try:
        return state_of(settings)
    except StoreError as error:
        error.hint = f"name logs as the source, or {error.hint}" if error.hint else "name logs as the source"
        raise


def _count(days: int | None, since: str | None, now: datetime, zone: ZoneInfo) -> Callable[[datetime], int]:
    """Say how many whole days are asked for, once it is known back from when; raises ConfigError."""
    if since is None:
        return lambda _asked: days or WEEK
    if days is not None:
        raise ConfigError(
            "the days are given twice", where="--days, --since", hint="--days and --since say the same: leave one out"
        )
    try:
        length = _checked(parse_duration(since) // DAY, since)
    except ValueError:
        parse_moment(since, now, zone, where="--since")  # one that is none is told before anything is read

        def count(asked: datetime) -> int:
            first = _day_after(parse_moment(since, asked, zone, where="--since"), zone)
            return _checked((asked.astimezone(zone).date() - first).days, since)

        return count
    return lambda _asked: length


def _checked(days: int, since: str) -> int:
    if not 1 <= days <= MOST_DAYS:
        hint = f"use 1 to {MOST_DAYS} whole days, e.g. 7d"
        raise ConfigError(f"'{since}' leaves {max(days, 0)} whole days", where="--since", hint=hint)
    return days


def _day_after(moment: datetime, zone: ZoneInfo) -> date:
    """Give the first day that begins at a time or after it."""
    local = moment.astimezone(zone)
    begins = day_span(local.date(), zone)[0] == moment
    return local.date() if begins else local.date() + DAY


def _proof(week: Week, terms: Terms, command: str) -> ExitProof:
    """Say what it takes to come to the same answer again: whose rules, which figures, and the command."""
    folder = terms.rules.folder
    return ExitProof(
        until=week.until,
        rules=f"logwatch {__version__}" if folder == bundled("rules") else str(folder),
        rules_digest=rules_digest(folder),
        figures_digest=week.digest,
        command=command,
    )


REPEATED = (
    "timezone",
    "expected_distribution",
    "slow_budget",
    "grace",
    "location",
    "environment",
    "metrics_project",
    "state",
    "now",
)
"""Settings without a flag that the answer depends on."""


def _command(week: Week, settings: Settings, zone: ZoneInfo, given: Sequence[str], more: Mapping[str, str | None]) -> str:
    """Give the command that asks the same again in the answer's zone: what is not said is as it is without any setting."""
    plain = Settings.load({})
    until = week.until.astimezone(zone).isoformat().replace("+00:00", "Z")
    changed = {name: getattr(settings, name) for name in REPEATED if getattr(settings, name) != getattr(plain, name)}
    set_ = [f"{variable(name)}={shlex.quote(as_text(value))}" for name, value in changed.items()]
    flags = {
        "--service": settings.service,
        "--rules": settings.rules,
        "--days": len(week.wanted),
        "--until": until,
        "--lang": settings.lang,
    }
    named = [part for name, value in flags.items() if value is not None for part in (name, str(value))]
    named += [part for name, value in more.items() for part in (name, value) if part is not None]
    sources = [part for each in given for part in ("--source", each)]
    return " ".join([*set_, shlex.join(["logwatch", "beta-exit", *sources, *named])])


def _render_exit(
    report: ExitReport, judged: JudgedWeek, settings: Settings, format_: ExitFormat, output: Path | None, *, details: bool
) -> str:
    if format_ is ExitFormat.JSON:
        return as_json(exit_json(report, judged, str(settings.timezone)))
    if format_ is ExitFormat.TABLE:
        return render_exit(report, paper_of(output), details=details)
    suffix = "md" if format_ is ExitFormat.MARKDOWN else "html"
    return render_exit_page(report, bundled("templates"), f"beta_exit.{suffix}.j2")


def _fail_on_gate(report: ExitReport, fail_on: FailOnGate, lang: Lang) -> None:
    failing = {GateState.NOT_MET} | ({GateState.NOT_SHOWN} if fail_on is FailOnGate.NOT_SHOWN else set())
    reached = [row.name for row in report.rows if row.state in failing]
    if reached:
        typer.echo(text("reached_gate", lang, level=fail_on, names=", ".join(reached)), err=True)
        raise typer.Exit(1)
