"""`alerts` and `explain`: what the state holds."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from logwatch.cli.context import (
    as_json,
    clock_of,
    find_rule,
    for_each,
    look_at,
    only_one,
    paper_of,
    settings_from,
    simulated_ticker,
    targets_from,
    write,
)
from logwatch.cli.kept.state_file import age_line, state_of
from logwatch.cli.options import RuleArgument, RuleFlags, ServiceOption, ShopOption, SourceFlags, SpanFlags
from logwatch.collect.sources import is_live
from logwatch.errors import ConfigError, nearest
from logwatch.pipeline.judge_range import stand_at_end
from logwatch.pipeline.tick import remembered
from logwatch.report.explain import Question, explain, explained_json, explained_lines
from logwatch.report.labels import labels_csv, labels_json
from logwatch.report.state_json import alerts_json
from logwatch.report.state_lists import state_sections
from logwatch.ui.printable import printable
from logwatch.ui.tables import fold, to_text
from logwatch.wiring import audience, build_policy, build_rules, build_service, state_place

if TYPE_CHECKING:
    from logwatch.judge.rules.model import RuleSet
    from logwatch.languages.keys import Key
    from logwatch.report.explain import Explained
    from logwatch.settings import Settings

LabelsOption = Annotated[
    bool, typer.Option("--labels", help="Write every incident with what people found it to be, for 'backtest --incidents'.")
]
LIVE_SPAN = "6h"
"""How much of what goes on is read to explain it: what began earlier looks as if it began here."""


class ExplainFormat(StrEnum):
    """How `explain` writes."""

    TEXT = "text"
    JSON = "json"


class AlertsFormat(StrEnum):
    """How `alerts` writes."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def alerts(
    labels: LabelsOption = False,  # noqa: FBT002 - a flag
    format_: Annotated[
        AlertsFormat | None, typer.Option("--format", "-f", help="How to write it. [table; --labels: json, csv]")
    ] = None,
    *,
    asker: RuleFlags,
) -> None:
    """Show alerts that fire, why some are muted, and sent messages."""
    targets = targets_from(asker)
    if labels:
        _write_labels(only_one(targets), format_ or AlertsFormat.JSON)
        return
    if format_ is AlertsFormat.CSV:
        raise ConfigError("the lists are not written as CSV", where="--format", hint="use json, or add --labels")
    if format_ is AlertsFormat.JSON:
        settings = only_one(targets)
        state, rule_set, now = state_of(settings), build_rules(settings), clock_of(settings)()
        asked = Question(state, rule_set, now, settings.remind_every, None, settings.timezone)
        write(as_json(alerts_json(asked, state_place(settings))), None)
        return
    for_each(targets, _write_lists)


def _write_lists(settings: Settings) -> None:
    """Write what fires, what is muted, and what was sent."""
    state, readers, now = state_of(settings), audience(settings), clock_of(settings)()
    sections = state_sections(state, build_rules(settings), now, readers)
    write(age_line(settings, state, readers) + to_text(sections, paper_of()), None)


def _write_labels(settings: Settings, format_: AlertsFormat) -> None:
    """Write the incidents that the state remembers, and nothing else."""
    if format_ is AlertsFormat.TABLE:
        raise ConfigError("--labels writes no table", where="--format", hint="use json or csv")
    history, service = state_of(settings).history, build_service(settings)
    found = as_json(labels_json(history, service)) if format_ is AlertsFormat.JSON else labels_csv(history, service)
    write(found, None)


def explain_rule(
    rule: RuleArgument,
    source: SourceFlags,
    at: Annotated[
        str | None, typer.Option(metavar="WHEN", help="With a source: 15:30, '02-24 15:00', 10m (before the end). [the end]")
    ] = None,
    shop: ShopOption = None,
    service: ServiceOption = None,
    format_: Annotated[ExplainFormat, typer.Option("--format", "-f", help="How to write it.")] = ExplainFormat.TEXT,
    *,
    asker: RuleFlags,
) -> None:
    """Say why a rule is in its state: the last windows, each test against its limit, what is missing, and what was sent."""
    settings = settings_from(source, asker, service=service)
    found, readers = find_rule(rule, settings), audience(settings)
    rule_set, policy = build_rules(settings), build_policy(settings, publishes=False)
    told: Key = "would_tell" if source.named else "told"
    if source.named:
        span = SpanFlags(since=LIVE_SPAN if is_live(settings.source) else None, until=at)
        look = look_at(settings, span, until_option="--at", tells_unread=True)
        state = look.read(partial(stand_at_end, ticker=simulated_ticker(look)))
        judged_to = state.cursor or look.now
        now = policy.closed_at(judged_to)
        readers = audience(look.shown)
        head = fold(readers.say("source_at", place=printable(look.name), at=readers.date(judged_to)) + "\n", paper_of())
    elif at is not None:
        raise ConfigError("a state knows only how it stands now", where="--at", hint="give --source, the lines of that time")
    else:
        state, now = state_of(settings), clock_of(settings)()
        head = age_line(settings, state, readers)
    windows = remembered(state, rule_set, policy)
    asked = Question(state, rule_set, now, settings.remind_every, windows, settings.timezone, simulated=bool(source.named))
    shown = _of_shop(explain(found, asked), shop, rule_set)
    if format_ is ExplainFormat.JSON:
        write(as_json(explained_json(shown, found, now)), None)
        return
    lines = [
        line
        for each in shown
        for line in explained_lines(each, asked, readers, whole=each.alert is not None or len(shown) == 1, told=told)
    ]
    said = "\n".join(lines or [readers.say("never_judged", rule=found.rule)]) + "\n"
    write(head + fold(said, paper_of()), None)


def _of_shop(found: list[Explained], shop: str | None, rules: RuleSet) -> list[Explained]:
    """Give what is about one shop; raises ConfigError where nothing is."""
    if shop is None:
        return found
    chosen = [each for each in found if rules.service.shop(each.labels) == shop]
    if not chosen:
        known = [name for each in found if (name := rules.service.shop(each.labels)) is not None]
        hint = f"{nearest(shop, known)}judged: {', '.join(map(printable, known)) or 'all shops together only'}"
        raise ConfigError(f"the rule judges no shop '{printable(shop)}'", where="--shop", hint=hint)
    return chosen
