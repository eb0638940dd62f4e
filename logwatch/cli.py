"""The commands: arguments, adapters by name, clock, output, exit codes.

Nothing heavier than typer is imported before a command is known.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from logwatch import __version__
from logwatch.assembly import build_rules, build_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pandas import DataFrame

    from logwatch.backtests import Backtested
    from logwatch.config import Settings
    from logwatch.exit_report import ExitReport
    from logwatch.gates import Gate
    from logwatch.known import Known
    from logwatch.listing import Paper
    from logwatch.notifications import Notification
    from logwatch.pipeline import Wanted
    from logwatch.ports import Progress, Source
    from logwatch.rules import Rule, RuleSet
    from logwatch.state import State
    from logwatch.tick import Ticker
    from logwatch.tuning import Tuning
    from logwatch.verdicts import Judged
    from logwatch.windows import Quality

app = typer.Typer(
    name="logwatch", help="The beta runbook, executed: judges the shop platform's own log lines.", no_args_is_help=True,
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
)  # fmt: skip
silence_app = typer.Typer(help="Mute a rule, with an end and a reason.", no_args_is_help=True)
app.add_typer(silence_app, name="silence")
rules_app = typer.Typer(help="Validate, list and test the rules.", no_args_is_help=True)
app.add_typer(rules_app, name="rules")

cloud_app = typer.Typer(help="Write the files that watch logwatch itself in Cloud Monitoring.", no_args_is_help=True)
app.add_typer(cloud_app, name="cloud")


class Format(StrEnum):
    """How `evaluate` writes."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


class DoctorFormat(StrEnum):
    """How `doctor` writes."""

    TABLE = "table"
    JSON = "json"


class PageFormat(StrEnum):
    """How `report` writes."""

    HTML = "html"
    MARKDOWN = "markdown"


class ReplayFormat(StrEnum):
    """How `backtest` writes."""

    TABLE = "table"
    JSON = "json"
    MESSAGES = "messages"
    """Every message in full, as a terminal shows it."""
    MARKDOWN = "markdown"
    """The same for a ticket; of a comparison or known incidents, the tables for a pull request."""
    HTML = "html"
    """The page that `report` writes."""


class TuningFormat(StrEnum):
    """How `tune` writes."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


class TableFormat(StrEnum):
    """How `windows` writes."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


class Table(StrEnum):
    """Which table `windows` writes."""

    COUNTERS = "counters"
    SLOW = "slow"


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


class FailOn(StrEnum):
    """From which level on `evaluate` exits with 1."""

    ELEVATED = "elevated"
    WARNING = "warning"
    UNKNOWN = "unknown"


class Lang(StrEnum):
    """Language of what people read."""

    KO = "ko"
    EN = "en"


SourceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--source", "-s", metavar="SOURCE",
        help="A file, folder, '-' (standard input) or gcp://PROJECT[/SERVICE]; several files: repeat it.",
    ),
]  # fmt: skip
SinceOption = Annotated[
    str | None,
    typer.Option(metavar="WHEN", help="Start: a duration (1h, 7d) before the end, or a time. [recording: all; else 1h]"),
]
UntilOption = Annotated[
    str | None, typer.Option(metavar="WHEN", help="End: a time, or a duration before now. [now, or the recording's end]")
]
ServiceOption = Annotated[str | None, typer.Option(metavar="NAME", help="Only entries of this Cloud Run service.")]
RulesOption = Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of rules. [the bundled ones]")]
LangOption = Annotated[Lang | None, typer.Option(help="Language of what people read. [ko]", show_default=False)]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")]
SendTestOption = Annotated[bool, typer.Option("--send-test", help="Send a test message, marked as one, through every channel.")]
IncidentsOption = Annotated[
    Path | None,
    typer.Option("--incidents", metavar="FILE", help="Known incidents (YAML), to judge what was found and what was missed."),
]
DumpOption = Annotated[bool, typer.Option("--dump-filter", help="Print the Cloud Logging filter and read nothing.")]


@app.callback(invoke_without_command=True)
def _main(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,  # noqa: FBT002 - a flag
) -> None:
    if version:
        typer.echo(f"logwatch {__version__}")
        raise typer.Exit


@app.command()
def evaluate(
    source: SourceOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    service: ServiceOption = None,
    format_: Annotated[Format, typer.Option("--format", "-f", help="How to write it.")] = Format.TABLE,
    lang: LangOption = None,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            help="Exit with 1 if any window of the span is at this level (elevated: or at warning).", show_default=False
        ),
    ] = None,
    rules: RulesOption = None,
    output: OutputOption = None,
    dump_filter: DumpOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Judge a span against section 3 of the runbook; changes nothing anywhere."""
    from logwatch.pipeline import judge

    settings = _settings(source=source, service=service, lang=lang, rules=rules)
    adapter, name = build_source(settings)
    now = _clock(settings)()
    wanted = _wanted(settings, since, until, now)
    rule_set = build_rules(settings)
    if dump_filter:
        _dump_filter(adapter, wanted, rule_set.reach, now)
        return
    if format_ is Format.HTML:
        judged = _write_page(settings, adapter, name, wanted, now, PageFormat.HTML, output)
    else:
        with _progress() as progress:
            judged = judge(adapter, rule_set, wanted, now=now, progress=progress)
        old = _is_old(adapter, judged, now)
        _write(_render(judged, rule_set, settings, format_, name=name, old=old, output=output), output)
    if fail_on:
        _fail_on(judged, fail_on)


@app.command()
def report(
    source: SourceOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    service: ServiceOption = None,
    format_: Annotated[PageFormat, typer.Option("--format", "-f", help="How to write it.")] = PageFormat.HTML,
    lang: LangOption = None,
    rules: RulesOption = None,
    output: OutputOption = None,
    dump_filter: DumpOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Write one page: verdicts, charts, incidents with their steps, slow requests, messages; changes nothing anywhere."""
    settings = _settings(source=source, service=service, lang=lang, rules=rules)
    adapter, name = build_source(settings)
    now = _clock(settings)()
    wanted = _wanted(settings, since, until, now)
    if dump_filter:
        _dump_filter(adapter, wanted, _simulated(settings, adapter).reach, now)
        return
    _write_page(settings, adapter, name, wanted, now, format_, output)


@app.command()
def windows(
    source: SourceOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    service: ServiceOption = None,
    format_: Annotated[TableFormat, typer.Option("--format", "-f", help="How to write it.")] = TableFormat.CSV,
    table: Annotated[Table, typer.Option(help="Counters per minute, or slow requests per minute.")] = Table.COUNTERS,
    output: OutputOption = None,
    dump_filter: DumpOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Write the table of 60 s windows behind the verdicts."""
    from logwatch.pipeline import read_windows

    settings = _settings(source=source, service=service)
    adapter, _ = build_source(settings)
    now = _clock(settings)()
    wanted = _wanted(settings, since, until, now)
    if dump_filter:
        _dump_filter(adapter, wanted, timedelta(), now)
        return
    with _progress() as progress:
        span, read = read_windows(adapter, wanted, reach=timedelta(), now=now, progress=progress)
    from logwatch.windows import counters_csv, slow_csv

    inside = read.within(span)
    _write_table(counters_csv(inside) if table is Table.COUNTERS else slow_csv(inside), format_, output)
    _tell_leftovers(read.quality)


@app.command("run")
def run_tick(source: SourceOption = None, service: ServiceOption = None, rules: RulesOption = None) -> None:
    """Do one scheduled tick: read, judge, publish, notify, remember; the Cloud Run Job's entry."""
    import json
    import logging

    from logwatch.assembly import build_parts
    from logwatch.config import execution
    from logwatch.logs import detailed
    from logwatch.pipeline import run as run_once

    logging.basicConfig(level=logging.ERROR)
    settings = _settings(source=source, service=service, rules=rules)
    clock = _clock(settings)
    with detailed(debug=settings.log == "debug"):
        summary = run_once(build_parts(settings, execution()), clock)
    typer.echo(json.dumps(summary.to_json(), ensure_ascii=False, default=str))
    if summary.exit_code:
        raise typer.Exit(summary.exit_code)


@app.command()
def serve(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen on. [$PORT, else 8080]", show_default=False)
    ] = None,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Let everybody in, and listen on 127.0.0.1 only.")] = False,  # noqa: FBT002 - a flag
    source: SourceOption = None,
    service: ServiceOption = None,
    rules: RulesOption = None,
) -> None:
    """Run a tick for each POST /tick that Cloud Scheduler sends; the entry of a Cloud Run service."""
    import gc
    import logging
    import time

    from logwatch.assembly import build_lasting_parts, build_verify
    from logwatch.config import default_port, instance
    from logwatch.custody import give_back
    from logwatch.errors import ConfigError, LogwatchError
    from logwatch.logs import detailed
    from logwatch.pipeline import run as run_once
    from logwatch.service import Service

    logging.basicConfig(level=logging.ERROR)
    settings = _settings(source=source, service=service, rules=rules)
    verify = None if no_auth else build_verify(settings)
    host, chosen = "127.0.0.1" if no_auth else "0.0.0.0", port or default_port()  # noqa: S104 - behind Cloud Run's own door
    parts = build_lasting_parts(settings, instance())
    from logwatch.serving import serve as listen

    gc.enable()  # this one lives long
    gc.collect()
    gc.freeze()
    application = Service(
        lambda: run_once(parts, _clock(settings)), verify, _tell_line, time.monotonic, settings.lease.total_seconds()
    )

    def give_up() -> None:
        _tell_line({"severity": "WARNING", "message": "serve: stopped during a tick; the next one goes on from what is saved"})
        with suppress(LogwatchError):  # the lease ends by itself
            give_back(parts.store, parts.owner)

    try:
        with detailed(debug=settings.log == "debug"):
            listen(application, host=host, port=chosen, listening=_tell_listening, give_up=give_up)
    except OSError as error:
        raise ConfigError(f"cannot listen on {host}:{chosen}: {error.strerror}", where="--port", hint="is it in use?") from None


def _tell_listening(address: str) -> None:
    _tell_line({"severity": "INFO", "message": f"serve: logwatch {__version__} listens on {address}"})


def _tell_line(line: dict[str, Any]) -> None:
    """Write one JSON line; the server's threads write whole lines."""
    import json

    sys.stdout.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


@app.command()
def doctor(
    source: SourceOption = None,
    service: ServiceOption = None,
    rules: RulesOption = None,
    format_: Annotated[DoctorFormat, typer.Option("--format", "-f", help="How to write it.")] = DoctorFormat.TABLE,
    lang: LangOption = None,
    send_test: SendTestOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Try everything that a run needs, and name what mends what is wrong; changes nothing that anybody would notice."""
    from logwatch.checkup import exit_code, to_json, to_text
    from logwatch.clinic import build_checks, build_tests, readers_of
    from logwatch.config import load_settings_leniently
    from logwatch.doctor import examine

    settings, wrong = load_settings_leniently(source=tuple(source or ()), service=service, rules=rules, lang=lang)
    clock = _clock(settings)
    checks = build_checks(settings, wrong, clock) + (build_tests(settings, clock()) if send_test else [])
    found, readers = examine(checks), readers_of(settings)
    if format_ is DoctorFormat.JSON:
        _write(_json(to_json(found, readers)), None)
    else:
        _write(to_text(found, readers), None)
    if code := exit_code(found):
        raise typer.Exit(code)


@app.command()
def backtest(
    source: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE...", help="Files, folders, '-', or gcp://PROJECT.")
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    service: ServiceOption = None,
    rules: RulesOption = None,
    format_: Annotated[ReplayFormat, typer.Option("--format", "-f", help="How to write it.")] = ReplayFormat.TABLE,
    against: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of rules to compare with: what changes from them to --rules.")
    ] = None,
    incidents: IncidentsOption = None,
    lang: LangOption = None,
    output: OutputOption = None,
    dump_filter: DumpOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Run every tick over recorded lines on a simulated clock: what would have been sent, and when; sends nothing."""
    from logwatch.pipeline import play, read_entries

    settings = _settings(source=source, service=service, lang=lang, rules=rules)
    adapter, name = build_source(settings)
    now = _clock(settings)()
    wanted = _wanted(settings, since, until, now)
    ticker = _simulated(settings, adapter)
    tickers = [ticker, *([_simulated(settings.model_copy(update={"rules": against}), adapter)] if against else [])]
    known = _known(incidents, settings, ticker.rules)
    reach = max(each.reach for each in tickers)
    if dump_filter:
        _dump_filter(adapter, wanted, reach, now)
        return
    if format_ is ReplayFormat.HTML:
        _check_page(against, incidents)
        _write_page(settings, adapter, name, wanted, now, PageFormat.HTML, output)
        return
    with _progress() as progress:
        span, reading = read_entries(adapter, wanted, reach=reach, now=now, progress=progress)
        from logwatch.archives import RecordedArchive

        archive = RecordedArchive(reading, adapter, settings.service)
        replays = [play(archive, span, each, progress) for each in tickers]
    from logwatch.backtests import judge_backtest
    from logwatch.comparison import Side

    names = [str(settings.rules or "bundled"), str(against)]
    sides = [Side(*each) for each in zip(names, (ticker.rules for ticker in tickers), replays, strict=False)]
    _write(_render_backtest(judge_backtest(sides, known), settings, format_, name, output), output)


@app.command("tune")
def tune_rule(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule's id, as 'rules list' prints it.")],
    source: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE...", help="Files, folders, '-', or gcp://PROJECT.")
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    service: ServiceOption = None,
    rules: RulesOption = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=V,V...", help="Values to try for a setting; of several, every combination. [each, near today's]"
        ),
    ] = None,
    incidents: IncidentsOption = None,
    format_: Annotated[TuningFormat, typer.Option("--format", "-f", help="How to write it.")] = TuningFormat.TABLE,
    lang: LangOption = None,
    output: OutputOption = None,
    dump_filter: DumpOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Try one rule at other settings over the same lines: alerts and messages a week, time to find; changes no file."""
    from logwatch.assembly import build_policy
    from logwatch.pipeline import read_windows

    settings = _settings(source=source, service=service, lang=lang, rules=rules)
    found = _rule(rule, settings)
    from logwatch.tuning import Bench, plan_trials, tune

    trials = plan_trials(found, _varied(vary or ()))
    rule_set = build_rules(settings)
    known = _known(incidents, settings, rule_set)
    adapter, name = build_source(settings)
    now = _clock(settings)()
    wanted = _wanted(settings, since, until, now)
    reach = max(trial.rule.reach for trial in trials)
    if dump_filter:
        _dump_filter(adapter, wanted, reach, now)
        return
    with _progress() as progress:
        span, windows = read_windows(adapter, wanted, reach=reach, now=now, progress=progress)
        tuned = tune(found, trials, Bench(rule_set, windows, span, build_policy(settings, publishes=False), known))
    _write(_render_tuning(tuned, settings, format_, name, output), output)


@app.command("beta-exit")
def beta_exit(
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
    from logwatch.assembly import audience, build_expected, build_week
    from logwatch.config import parse_moment
    from logwatch.daily import whole_days
    from logwatch.exit_report import build_exit_report
    from logwatch.gates import judge_gates
    from logwatch.week import Week

    settings = _settings(source=source, service=service, lang=lang, rules=rules)
    now = _clock(settings)()
    # Days that are not over yet cannot be judged.
    end = None if until is None else min(now, parse_moment(until, now, settings.timezone, where="--until"))
    rule_set = build_rules(settings)
    if source:
        adapter, name = build_source(settings)
        with _progress() as progress:
            week = build_week(settings, adapter, rule_set).read(days, end, now, progress)
    else:
        name = settings.state or "state"
        week = Week(tuple(whole_days(end or now, days, settings.timezone)), _state(settings).days)
    gates = judge_gates(week.days, week.wanted, rule_set, build_expected(settings, rule_set))
    report = build_exit_report(gates, week.wanted, rule_set, audience(settings), name)
    _write(_render_exit(report, gates, settings, format_, output), output)
    if fail_on:
        _fail_on_gate(report, fail_on)


@app.command("alerts")
def alerts(lang: LangOption = None, rules: RulesOption = None) -> None:
    """Show what fires, what is silent and why, and what was sent."""
    from logwatch.assembly import audience
    from logwatch.explain import firing_rows, past_rows
    from logwatch.listing import render_rows

    settings = _settings(lang=lang, rules=rules)
    state, readers = _state(settings), audience(settings)
    firing = firing_rows(state, build_rules(settings).by_id, readers)
    columns: tuple[str, ...] = ("alert", "state", "from_when", "value", "procedure", "silent_because")
    rows = render_rows(firing, [readers.say(column) for column in columns], _paper())
    shown = [rows if firing else readers.say("no_alerts") + "\n"]
    past = past_rows(state, readers)[:20]
    if past:
        columns = ("when", "reason", "rules", "shop", "channels")
        shown.append(f"\n{readers.say('told_before')}\n")
        shown.append(render_rows(past, [readers.say(column) for column in columns], _paper()))
    _write("".join(shown), None)


@app.command("explain")
def explain_rule(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule's id, as 'rules list' prints it.")],
    lang: LangOption = None,
    rules: RulesOption = None,
) -> None:
    """Say why a rule is in its state, and why something or nothing was sent."""
    from logwatch.assembly import audience
    from logwatch.explain import explain

    settings = _settings(lang=lang, rules=rules)
    found = _rule(rule, settings)
    now = _clock(settings)()
    lines = explain(_state(settings), found, audience(settings), lambda told: told + settings.remind_every - now)
    _write("\n".join(lines) + "\n", None)


@silence_app.command("add")
def silence_add(
    reason: Annotated[str, typer.Option(help="Why; people will read it.")],
    for_: Annotated[str, typer.Option("--for", metavar="DURATION", help="For how long: 30m, 2h, 1d.")],
    rule: Annotated[str, typer.Option(metavar="RULE", help="A rule's id, or '*' for all.")] = "*",
    shop: Annotated[str | None, typer.Option(help="Only this shop.")] = None,
    by: Annotated[str | None, typer.Option(help="Who mutes it. [the user]")] = None,
    rules: RulesOption = None,
) -> None:
    """Mute a rule, or one shop of it."""
    import getpass
    import secrets
    from dataclasses import replace

    from logwatch.config import parse_length
    from logwatch.notifications import Silence

    settings = _settings(rules=rules)
    if rule != "*":
        _rule(rule, settings)
    now = _clock(settings)()
    until = now + parse_length(for_, where="--for")
    labels = {"service": shop} if shop else {}
    silence = Silence(secrets.token_hex(3), rule, labels, until, reason.strip(), by or getpass.getuser(), now)
    _change(settings, lambda state: replace(state, memory=state.memory.with_silence(silence)))
    shown = f"{rule} ({shop})" if shop else rule
    typer.echo(f"{silence.id}: {shown} is silent until {until.astimezone(settings.timezone):%Y-%m-%d %H:%M %Z}")


@silence_app.command("list")
def silence_list(lang: LangOption = None) -> None:
    """Show the silences that hold."""
    from logwatch.assembly import audience
    from logwatch.explain import silence_rows
    from logwatch.listing import render_rows

    settings = _settings(lang=lang)
    readers = audience(settings)
    rows = silence_rows(_state(settings), _clock(settings)(), readers)
    columns = [readers.say(column) for column in ("id", "rule", "shop", "until", "reason", "by")]
    _write(render_rows(rows, columns, _paper()) if rows else readers.say("no_silences") + "\n", None)


@silence_app.command("expire")
def silence_expire(id_: Annotated[str, typer.Argument(metavar="ID", help="As 'silence list' prints it.")]) -> None:
    """End a silence now."""
    from dataclasses import replace

    from logwatch.errors import ConfigError

    settings = _settings()
    if id_ not in [silence.id for silence in _state(settings).memory.silences]:
        raise ConfigError(f"there is no silence '{id_}'", where="ID", hint="logwatch silence list")
    _change(settings, lambda state: replace(state, memory=state.memory.without_silence(id_)))
    typer.echo(f"{id_}: ended")


@rules_app.command("check")
def rules_check(rules: RulesOption = None, source: SourceOption = None) -> None:
    """Validate the rules and compare them with the runbook; with --source, warn of counters that nobody knows."""
    from logwatch.agreement import compare_with_runbook, uncovered_counters
    from logwatch.rule_files import RuleProblemsError

    settings = _settings(rules=rules, source=source)
    rule_set = build_rules(settings)
    problems = compare_with_runbook(rule_set)
    if problems:
        raise RuleProblemsError(problems)
    rows = len(rule_set.runbook.rows)
    typer.echo(f"{len(rule_set.section3)} rules agree with the {rows} rows of section 3 in {rule_set.runbook.path}")
    if settings.source:
        adapter, _ = build_source(settings)
        now = _clock(settings)()
        with _progress() as progress:
            from logwatch.pipeline import read_windows
            from logwatch.wording import printable

            _, read = read_windows(adapter, _wanted(settings, None, None, now), reach=timedelta(), now=now, progress=progress)
        for name in uncovered_counters(map(str, read.counters["series"].unique()), rule_set):
            typer.echo(f"warning: the logs carry '{printable(name)}', and no rule or procedure knows it", err=True)


@rules_app.command("list")
def rules_list(rules: RulesOption = None, lang: LangOption = None) -> None:
    """List the rules with their bounds and procedures."""
    from rich.console import Console
    from rich.table import Table as RichTable

    settings = _settings(rules=rules, lang=lang)
    table = RichTable(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("rule", "normal", "warning", "for", "procedure", "summary"):
        table.add_column(column, no_wrap=column != "summary")
    from logwatch.durations import format_duration

    for rule in build_rules(settings).rules:
        waits = format_duration(rule.for_)
        table.add_row(rule.rule, str(rule.normal), str(rule.warning), waits, rule.procedure, rule.summary[settings.lang])
    Console(highlight=False).print(table)


@rules_app.command("test")
def rules_test(rules: RulesOption = None) -> None:
    """Run the cases that stand beside the rules in *.test.yaml."""
    from logwatch.cases import run_cases
    from logwatch.rule_files import RuleProblemsError

    tested = run_cases(build_rules(_settings(rules=rules)))
    if tested.problems:
        raise RuleProblemsError(tested.problems)
    typer.echo(f"{tested.passed} cases passed")


@rules_app.command("schema")
def rules_schema(output: OutputOption = None) -> None:
    """Print the JSON Schema of a rule file, for editors."""
    from logwatch.rules import rules_schema as schema

    _write(_json(schema()), output)


@cloud_app.command("policies")
def cloud_policies(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to write them to, a file each.")],
    notification_channel: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="projects/P/notificationChannels/ID that each policy notifies; repeat it."),
    ] = None,
    lang: LangOption = None,
    rules: RulesOption = None,
) -> None:
    """Write the alert policies that watch logwatch itself, for 'gcloud alpha monitoring policies create'."""
    from logwatch.assembly import installation
    from logwatch.config import bundled, parse_channel
    from logwatch.errors import ConfigError
    from logwatch.policies import policies

    settings = _settings(lang=lang, rules=rules)
    channels = [parse_channel(each) for each in notification_channel or ()]
    made = policies(build_rules(settings), installation(settings), bundled("templates"), channels=channels)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot be made: {error.strerror}", where=str(output), hint="give another --output") from None
    for name, policy in made.items():
        _write(_json(policy), output / f"{name}.json")
        typer.echo(output / f"{name}.json")


@cloud_app.command("dashboard")
def cloud_dashboard(output: OutputOption = None, lang: LangOption = None, rules: RulesOption = None) -> None:
    """Write the dashboard of all rules and of logwatch itself, for 'gcloud monitoring dashboards create'."""
    from logwatch.assembly import installation
    from logwatch.dashboard import dashboard

    settings = _settings(lang=lang, rules=rules)
    _write(_json(dashboard(build_rules(settings), installation(settings))), output)


def _json(document: dict[str, Any]) -> str:
    import json

    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _settings(**flags: Any) -> Settings:  # noqa: ANN401 - checked by Settings
    from logwatch.config import load_settings

    flags["source"] = tuple(flags.get("source") or ())
    return load_settings(**flags)


def _clock(settings: Settings) -> Callable[[], datetime]:
    """Give the clock; in a drill it stands at LOGWATCH_NOW."""
    return (lambda: settings.now.astimezone(UTC)) if settings.now else (lambda: datetime.now(UTC))  # type: ignore[union-attr]


def _rule(name: str, settings: Settings) -> Rule:
    from logwatch.errors import ConfigError
    from logwatch.rule_files import nearest

    known = build_rules(settings).by_id
    if name not in known:
        raise ConfigError(
            f"there is no rule '{name}'", where="RULE", hint=f"{nearest(name, list(known))}known: {', '.join(known)}"
        )
    return known[name]


def _state(settings: Settings) -> State:
    """Load the state to look at it."""
    from logwatch.assembly import build_store
    from logwatch.state import State, load_state

    stored = build_store(settings).load()
    if stored is None:
        typer.echo("there is no state yet: 'logwatch run' makes it; LOGWATCH_STATE says where", err=True)
    return load_state(stored.text) if stored else State()


def _change(settings: Settings, edit: Callable[[State], State]) -> None:
    """Change the state, between runs."""
    import time

    from logwatch.assembly import build_store
    from logwatch.config import execution
    from logwatch.custody import change

    change(build_store(settings), execution(), edit, clock=_clock(settings), sleep=time.sleep)


def _wanted(settings: Settings, since: str | None, until: str | None, now: datetime) -> Wanted:
    from logwatch.config import parse_moment
    from logwatch.pipeline import Wanted

    def reader(text: str | None, where: str) -> Any:  # noqa: ANN401 - a function or None
        if text is None:
            return None
        parse_moment(text, now, settings.timezone, where=where)  # a wrong one is told before anything is read
        return lambda moment: parse_moment(text, moment, settings.timezone, where=where)

    return Wanted(reader(since, "--since"), reader(until, "--until"), settings.service, settings.grace)


def _dump_filter(adapter: Source, wanted: Wanted, reach: timedelta, now: datetime) -> None:
    from logwatch.errors import ConfigError
    from logwatch.pipeline import live_span

    dump = getattr(adapter, "filter", None)
    if dump is None:
        raise ConfigError("a recording is read without a filter", where="--dump-filter", hint="use it with gcp://PROJECT")
    typer.echo(dump(live_span(wanted, now).widen(reach, timedelta(minutes=1)), wanted.service))


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show a line of progress on a terminal once reading takes longer than a moment; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _text, _share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    begun = datetime.now(UTC)
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=False) as bar:
        task = bar.add_task("", total=None, visible=False)

        def show(text: str, share: float | None) -> None:
            visible = (datetime.now(UTC) - begun).total_seconds() > 0.5
            bar.update(task, description=text, completed=share or 0, total=None if share is None else 1, visible=visible)

        yield show


def _simulated(settings: Settings, adapter: Source) -> Ticker:
    """Give the ticker for a simulated clock, which publishes nothing."""
    from logwatch.assembly import build_ticker
    from logwatch.life import RememberedLife

    return build_ticker(settings, publishes=False)(RememberedLife(adapter, settings.service))


def _known(path: Path | None, settings: Settings, rule_set: RuleSet) -> tuple[Known, ...]:
    """Load the known incidents, if a file of them is named."""
    if path is None:
        return ()
    from logwatch.known import load_known

    return tuple(load_known(path, settings.timezone, rule_set.runbook))


def _varied(texts: Iterable[str]) -> dict[str, list[str]]:
    """Read NAME=V,V of each option."""
    from logwatch.errors import ConfigError

    wanted: dict[str, list[str]] = {}
    for text in texts:
        name, _, values = text.partition("=")
        wanted[name.strip()] = [value.strip() for value in values.split(",") if value.strip()]
        if not wanted[name.strip()]:
            raise ConfigError(f"'{text}' names no values", where="--vary", hint="right is e.g. --vary for=0,1m,3m")
    return wanted


def _check_page(*others: Path | None) -> None:
    from logwatch.errors import ConfigError

    if any(others):
        hint = "take --format markdown, table or json with --against and --incidents"
        raise ConfigError("the page shows one rule set by itself", where="--format html", hint=hint)


def _write_page(
    settings: Settings, adapter: Source, name: str, wanted: Wanted, now: datetime, format_: PageFormat, output: Path | None
) -> Judged:
    """Judge a span, play its minutes, and write the page about both."""
    from logwatch.assembly import audience, message_builder
    from logwatch.config import bundled
    from logwatch.pipeline import judge_and_replay

    ticker = _simulated(settings, adapter)
    with _progress() as progress:
        judged, replayed = judge_and_replay(adapter, ticker, wanted, now=now, progress=progress)
    from logwatch.page import build_page
    from logwatch.render import render_page
    from logwatch.report import build_report

    readers = audience(settings)
    found = build_report(judged, ticker.rules, readers, source=name, old=_is_old(adapter, judged, now))
    page = build_page(found, judged, replayed, readers, message_builder(settings, ticker.rules))
    suffix = "md" if format_ is PageFormat.MARKDOWN else "html"
    _write(render_page(page, bundled("templates"), f"report.{suffix}.j2"), output)
    return judged


def _is_old(adapter: Source, judged: Judged, now: datetime) -> bool:
    """Tell whether a span reaches beyond the usual retention of logs."""
    return not adapter.recorded and now - judged.span.start > timedelta(days=30)


def _render(
    judged: Judged, rule_set: RuleSet, settings: Settings, format_: Format, *, name: str, old: bool, output: Path | None
) -> str:

    from logwatch.assembly import audience
    from logwatch.document import to_json
    from logwatch.report import build_report

    if format_ is Format.JSON:
        return _json(to_json(judged))
    from logwatch.config import bundled
    from logwatch.render import render_markdown, render_table

    found = build_report(judged, rule_set, audience(settings), source=name, old=old)
    if format_ is Format.TABLE:
        width, colour = _terminal() if output is None else (100, False)
        return render_table(found, width=width, colour=colour)
    return render_markdown(found, bundled("templates"))


def _render_backtest(found: Backtested, settings: Settings, format_: ReplayFormat, name: str, output: Path | None) -> str:
    from logwatch.assembly import audience, chosen_channels
    from logwatch.backtest_document import comparison_json, replay_json, score_json
    from logwatch.backtests import backtest_sections
    from logwatch.listing import to_markdown, to_text

    replayed, rule_set = found.side.replayed, found.side.rules
    if format_ is ReplayFormat.JSON:
        document = replay_json(replayed, rule_set, chosen_channels(settings))
        if found.comparison:
            document["against"] = comparison_json(found.comparison)
            document["against"]["before"] |= {"incidents": score_json(found.scores[1])} if found.scores else {}
        document |= {"incidents": score_json(found.scores[0])} if found.scores else {}
        return _json(document)
    if format_ is ReplayFormat.MESSAGES or (format_ is ReplayFormat.MARKDOWN and not (found.comparison or found.scores)):
        return _messages(replayed.notifications, rule_set, settings, "txt" if format_ is ReplayFormat.MESSAGES else "md")
    sections = backtest_sections(found, audience(settings), name)
    return to_markdown(sections) if format_ is ReplayFormat.MARKDOWN else to_text(sections, _paper(output))


def _render_tuning(tuned: Tuning, settings: Settings, format_: TuningFormat, name: str, output: Path | None) -> str:
    from logwatch.assembly import audience
    from logwatch.backtest_document import tuning_json
    from logwatch.backtests import tuning_sections
    from logwatch.listing import to_markdown, to_text

    if format_ is TuningFormat.JSON:
        return _json(tuning_json(tuned))
    sections = tuning_sections(tuned, audience(settings), name)
    return to_markdown(sections) if format_ is TuningFormat.MARKDOWN else to_text(sections, _paper(output))


def _messages(notifications: Iterable[Notification], rule_set: RuleSet, settings: Settings, suffix: str) -> str:
    """Give every message in full."""
    from logwatch.assembly import message_builder
    from logwatch.config import bundled
    from logwatch.render import render_message

    build = message_builder(settings, rule_set)
    shown = (render_message(build(each), bundled("templates"), f"message.{suffix}.j2") for each in notifications)
    return "\n\n".join(shown)


def _render_exit(
    report: ExitReport, gates: Sequence[Gate], settings: Settings, format_: ExitFormat, output: Path | None
) -> str:

    if format_ is ExitFormat.JSON:
        from logwatch.exit_report import exit_json

        return _json(exit_json(report, gates, str(settings.timezone)))
    if format_ is ExitFormat.TABLE:
        from logwatch.listing import render_exit

        return render_exit(report, _paper(output))
    from logwatch.config import bundled
    from logwatch.render import render_exit_page

    suffix = "md" if format_ is ExitFormat.MARKDOWN else "html"
    return render_exit_page(report, bundled("templates"), f"beta_exit.{suffix}.j2")


def _fail_on_gate(report: ExitReport, fail_on: FailOnGate) -> None:
    from logwatch.gates import GateState

    failing = {GateState.NOT_MET} | ({GateState.NOT_SHOWN} if fail_on is FailOnGate.NOT_SHOWN else set())
    reached = [row.name for row in report.rows if row.state in failing]
    if reached:
        typer.echo(f"--fail-on {fail_on}: {', '.join(reached)}", err=True)
        raise typer.Exit(1)


def _terminal() -> tuple[int, bool]:
    """Give the width of the terminal, and whether it takes colour."""
    from rich.console import Console

    console = Console()
    return max(console.width, 80), console.color_system is not None


def _paper(output: Path | None = None) -> Paper:
    from logwatch.listing import Paper

    return Paper(*_terminal()) if output is None else Paper(100, colour=False)


def _write(text: str | bytes, output: Path | None) -> None:
    """Write to a file or to standard output; a reader that has gone away is no error."""
    from logwatch.errors import ConfigError

    data = text.encode("utf-8", "backslashreplace") if isinstance(text, str) else text
    try:
        if output is not None:
            output.write_bytes(data)
        elif isinstance(text, str):
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise typer.Exit(0) from None
    except OSError as error:
        where = str(output or "standard output")
        raise ConfigError(f"cannot be written: {error.strerror}", where=where, hint="give another --output") from None


def _write_table(table: DataFrame, format_: TableFormat, output: Path | None) -> None:
    from logwatch.errors import ConfigError

    plain = {name: str for name in ("series", "label") if name in table}
    if format_ is TableFormat.CSV:
        _write(table.to_csv(index=False, lineterminator="\n"), output)
    elif format_ is TableFormat.JSON:
        _write(table.astype(plain).to_json(orient="records", lines=True), output)
    elif output is None and sys.stdout.isatty():
        raise ConfigError("parquet is no text", where="--format", hint="give --output FILE, or send it into a file")
    else:
        try:
            data = table.astype(plain).to_parquet(index=False)
        except ImportError:
            raise ConfigError("parquet needs pyarrow", where="--format", hint="pip install 'logwatch[parquet]'") from None
        _write(data, output)


def _tell_leftovers(quality: Quality) -> None:
    """Say on stderr what is not in the table and should not be missed."""
    told = {**quality.unparsed, **quality.flaws}
    if told:
        from logwatch.wording import printable

        typer.echo("not in the table: " + ", ".join(f"{count} {printable(what)}" for what, count in told.items()), err=True)


def _fail_on(judged: Judged, fail_on: FailOn) -> None:
    from logwatch.levels import Level

    reaching = {
        FailOn.ELEVATED: {Level.ELEVATED, Level.WARNING},
        FailOn.WARNING: {Level.WARNING},
        FailOn.UNKNOWN: {Level.UNKNOWN},
    }[fail_on]
    reached = [course for course in judged.courses if reaching & set(course.levels())]
    if reached:
        names = ", ".join(dict.fromkeys(course.rule.rule for course in reached))
        typer.echo(f"--fail-on {fail_on}: reached by {names}", err=True)
        raise typer.Exit(1)


def run() -> NoReturn:
    """Run the command line as a process of its own, and end without taking pandas apart first: that takes 0.1 s."""
    os.putenv("OPENBLAS_NUM_THREADS", "1")  # nothing here multiplies matrices, and starting threads for it takes 0.05 s
    code: object = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def main() -> None:
    """Run the command line; errors become a message and an exit code, never a traceback."""
    import gc

    from logwatch.errors import LogwatchError

    for stream in ("stdout", "stderr"):
        if getattr(sys, stream) is None:  # closed by whoever started us
            setattr(sys, stream, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - it lives as long as we do
        getattr(sys, stream).reconfigure(errors="backslashreplace")
    gc.disable()  # a command reads, prints and ends: nothing lives long enough to be worth collecting
    try:
        app()
    except LogwatchError as error:
        typer.echo(f"logwatch: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
