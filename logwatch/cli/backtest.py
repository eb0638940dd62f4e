"""`backtest` and `tune`: what rules would have told."""

from __future__ import annotations

import shlex
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logwatch.backtest.check_sent import sent_json
from logwatch.backtest.comparison import Side
from logwatch.backtest.known_incidents import load_known
from logwatch.backtest.result_tables import backtest_sections, judge_backtest, tuning_sections
from logwatch.cli.context import as_json, find_rule, look_at, paper_of, settings_from, simulated_ticker, write
from logwatch.cli.evaluate import write_page
from logwatch.cli.kept.state_file import state_of
from logwatch.cli.options import IncidentsOption, PageFormat, ReadFlags, RuleArgument, RuleFlags, SpanFlags
from logwatch.errors import ConfigError
from logwatch.languages import text
from logwatch.notify.layout import render_message
from logwatch.pipeline.judge_range import read_and_play, state_left
from logwatch.pipeline.time_range import read_windows
from logwatch.settings import bundled
from logwatch.spans import rfc3339
from logwatch.state.document import dump_state
from logwatch.ui.tables import fold, to_markdown, to_text
from logwatch.wiring import audience, build_policy, build_rules, build_store, chosen_channels, message_builder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logwatch.backtest.known_incidents import Known
    from logwatch.backtest.result_tables import Backtested
    from logwatch.backtest.tuning import Tuning
    from logwatch.judge.rules.model import RuleSet
    from logwatch.notify.incidents import Notification
    from logwatch.settings import Settings
    from logwatch.state.interface import Store


CHECK_SENT = "Hold it against what the state says was really sent, and name why they differ."


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


def backtest(
    span: SpanFlags,
    *,
    format_: Annotated[ReplayFormat, typer.Option("--format", "-f", help="How to write it.")] = ReplayFormat.TABLE,
    against: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of rules to compare with: what changes from them to --rules.")
    ] = None,
    incidents: IncidentsOption = None,
    check_sent: Annotated[bool, typer.Option("--check-sent", help=CHECK_SENT)] = False,
    keep: Annotated[
        Path | None,
        typer.Option(
            "--state", metavar="FILE", help="Keep the state that it ends with in a new file, for 'alerts' and 'silence'."
        ),
    ] = None,
    asker: RuleFlags,
    reading: ReadFlags,
) -> None:
    """Run every tick over recorded lines on a simulated clock: what would have been sent, and when; sends nothing."""
    settings = settings_from(span, asker, reading)
    look = look_at(settings, span, tells_unread=True)
    ticker = simulated_ticker(look)
    tickers = [ticker, *([simulated_ticker(look, against)] if against else [])]
    known = _known(incidents, settings, ticker.rules)
    reach = max(each.reach for each in tickers)
    if look.only_tells_filter(reach):
        return
    if format_ in {ReplayFormat.HTML, ReplayFormat.MESSAGES}:
        _check_alone(format_, against, incidents, check_sent)
    store = _new_state(keep, format_, settings) if keep else None
    if format_ is ReplayFormat.HTML:
        write_page(look, ticker, PageFormat.HTML, reading.output)
        return
    replays = look.read(partial(read_and_play, tickers=tickers))
    own = "bundled" if format_ is ReplayFormat.JSON else audience(settings).say("bundled_rules")
    names = [str(settings.rules or own), str(against)]
    sides = [Side(*each) for each in zip(names, (ticker.rules for ticker in tickers), replays, strict=False)]
    found = judge_backtest(sides, known, state_of(settings) if check_sent else None)
    write(_render_backtest(found, look.shown, format_, look.name, reading.output), reading.output)
    if store:
        state = state_left(replays[0])
        store.save(dump_state(state), 0)
        typer.echo(fold(text("state_kept", settings.lang, path=str(keep)), paper_of()), err=True)
        look_at_it = f"LOGWATCH_STATE={shlex.quote(str(keep))} LOGWATCH_NOW={rfc3339(state.cursor)} logwatch alerts"
        typer.echo(f"  {look_at_it}", err=True)  # whole, to be copied


def _new_state(place: Path, format_: ReplayFormat, settings: Settings) -> Store:
    """Give the store of a state that is not there yet; raises ConfigError where one is."""
    if format_ is ReplayFormat.HTML:
        raise ConfigError("the page leaves no state", where="--state", hint="take another --format")
    store = build_store(settings.model_copy(update={"state": str(place)}))
    if store.load() is not None:
        hint = "remove it, or name another file: silences may stand in it"
        raise ConfigError(f"'{place}' stands there already", where="--state", hint=hint)
    return store


def tune_rule(
    rule: RuleArgument,
    span: SpanFlags,
    *,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=V,V...", help="Values to try for a setting; of several, every combination. [each, near today's]"
        ),
    ] = None,
    incidents: IncidentsOption = None,
    format_: Annotated[TuningFormat, typer.Option("--format", "-f", help="How to write it.")] = TuningFormat.TABLE,
    asker: RuleFlags,
    reading: ReadFlags,
) -> None:
    """Try one rule at other settings over the same lines: alerts and messages a week, time to find; changes no file."""
    settings = settings_from(span, asker, reading)
    found = find_rule(rule, settings)
    from logwatch.backtest.tuning import Bench, plan_trials, tune

    trials = plan_trials(found, _varied(vary or ()))
    rule_set = build_rules(settings)
    known = _known(incidents, settings, rule_set)
    look = look_at(settings, span, tells_unread=True)
    reach = max(trial.rule.kind.reach for trial in trials)
    if look.only_tells_filter(reach):
        return
    covered, windows = look.read(partial(read_windows, reach=reach))
    tuned = tune(found, trials, Bench(rule_set, windows, covered, build_policy(settings, publishes=False), known))
    write(_render_tuning(tuned, look.shown, format_, look.name, reading.output), reading.output)


def _known(path: Path | None, settings: Settings, rule_set: RuleSet) -> tuple[Known, ...]:
    """Load the known incidents, if a file of them is named."""
    if path is None:
        return ()
    return tuple(load_known(path, settings.timezone, rule_set.runbook))


def _varied(texts: Iterable[str]) -> dict[str, list[str]]:
    """Read NAME=V,V of each option."""
    wanted: dict[str, list[str]] = {}
    for typed in texts:
        name, _, values = typed.partition("=")
        found = [value.strip() for value in values.split(",") if value.strip()]
        wanted.setdefault(name.strip(), []).extend(found)
        if not found:
            raise ConfigError(f"'{typed}' names no values", where="--vary", hint="use e.g. --vary for=0,1m,3m")
    return wanted


def _check_alone(format_: ReplayFormat, *others: Path | bool | None) -> None:
    if any(others):
        hint = "take --format markdown, table or json with --against, --incidents and --check-sent"
        shown = "page shows" if format_ is ReplayFormat.HTML else "messages show"
        raise ConfigError(f"the {shown} one rule set by itself", where=f"--format {format_}", hint=hint)


def _render_backtest(found: Backtested, settings: Settings, format_: ReplayFormat, name: str, output: Path | None) -> str:
    from logwatch.backtest.json_document import comparison_json, replay_json, score_json

    replayed, rule_set = found.side.replayed, found.side.rules
    if format_ is ReplayFormat.JSON:
        document = replay_json(replayed, rule_set, chosen_channels(settings))
        if found.comparison:
            document["against"] = comparison_json(found.comparison)
            document["against"]["before"] |= {"incidents": score_json(found.scores[1])} if found.scores else {}
        document |= {"incidents": score_json(found.scores[0])} if found.scores else {}
        document |= {"sent": sent_json(found.checked)} if found.checked else {}
        return as_json(document)
    if format_ is ReplayFormat.MESSAGES or (format_ is ReplayFormat.MARKDOWN and not found.is_compared):
        return _messages(replayed.notifications, rule_set, settings, "txt" if format_ is ReplayFormat.MESSAGES else "md")
    sections = backtest_sections(found, audience(settings), name)
    return to_markdown(sections) if format_ is ReplayFormat.MARKDOWN else to_text(sections, paper_of(output))


def _render_tuning(tuned: Tuning, settings: Settings, format_: TuningFormat, name: str, output: Path | None) -> str:
    from logwatch.backtest.json_document import tuning_json

    if format_ is TuningFormat.JSON:
        return as_json(tuning_json(tuned))
    sections = tuning_sections(tuned, audience(settings), name)
    return to_markdown(sections) if format_ is TuningFormat.MARKDOWN else to_text(sections, paper_of(output))


def _messages(notifications: Iterable[Notification], rule_set: RuleSet, settings: Settings, suffix: str) -> str:
    """Give every message in full."""
    build = message_builder(settings, rule_set)
    shown = (render_message(build(each), bundled("templates"), f"message.{suffix}.j2") for each in notifications)
    return "\n\n".join(shown)
