"""`evaluate` and `report`: a span, judged."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logwatch.cli.context import (
    as_json,
    check_page_place,
    look_at,
    paper_of,
    settings_from,
    simulated_ticker,
    write,
)
from logwatch.cli.kept.state_file import past_of
from logwatch.cli.options import PageFormat, ReadFlags, RuleFlags, SpanFlags
from logwatch.cli.windows import tell_nothing
from logwatch.judge.verdicts import Level
from logwatch.languages import Lang, text
from logwatch.pipeline.judge_range import judge, judge_and_replay
from logwatch.report.render import render_markdown, render_page, render_table
from logwatch.settings import bundled
from logwatch.state.document import State
from logwatch.wiring import audience, message_builder

if TYPE_CHECKING:
    from logwatch.cli.context import SpanCommand
    from logwatch.judge.evaluate import Judged
    from logwatch.judge.rules.model import RuleSet
    from logwatch.pipeline.tick import Ticker


class Format(StrEnum):
    """How `evaluate` writes."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


class FailOn(StrEnum):
    """From which level on `evaluate` exits with 1."""

    ELEVATED = "elevated"
    WARNING = "warning"
    UNKNOWN = "unknown"


def evaluate(
    span: SpanFlags,
    *,
    format_: Annotated[Format, typer.Option("--format", "-f", help="How to write it.")] = Format.TABLE,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            help="Exit with 1 if any window of the span is at this level (elevated: or at warning).", show_default=False
        ),
    ] = None,
    asker: RuleFlags,
    reading: ReadFlags,
) -> None:
    """Judge a time range against section 3 of the runbook; changes nothing anywhere."""
    settings = settings_from(span, asker, reading)
    look = look_at(settings, span)
    ticker = simulated_ticker(look)
    if look.only_tells_filter(ticker.rules.reach):
        return
    if format_ is Format.HTML:
        judged = write_page(look, ticker, PageFormat.HTML, reading.output)
    else:
        judged = look.read(partial(judge, ticker=ticker))
        write(_render(judged, ticker.rules, look, format_, reading.output), reading.output)
    if fail_on:
        _fail_on(judged, fail_on, settings.lang)
    tell_nothing(judged.windows.quality, judged.span, look)


def report(
    span: SpanFlags,
    *,
    format_: Annotated[PageFormat, typer.Option("--format", "-f", help="How to write it.")] = PageFormat.HTML,
    asker: RuleFlags,
    reading: ReadFlags,
) -> None:
    """Write one page: verdicts, charts, incidents with their steps, slow requests, messages; changes nothing anywhere."""
    settings = settings_from(span, asker, reading)
    look = look_at(settings, span)
    ticker = simulated_ticker(look)
    if not look.only_tells_filter(ticker.reach):
        judged = write_page(look, ticker, format_, reading.output)
        tell_nothing(judged.windows.quality, judged.span, look)


def write_page(look: SpanCommand, ticker: Ticker, format_: PageFormat, output: Path | None) -> Judged:
    """Judge a span, play its minutes, and write the page about both."""
    if format_ is PageFormat.HTML:
        check_page_place(output)
    judged, replayed = look.read(partial(judge_and_replay, ticker=ticker))
    from logwatch.report.page_view import Narrator, build_page
    from logwatch.report.report import build_report

    readers = audience(look.shown)
    found = build_report(judged, ticker.rules, readers, source=look.name, old=look.is_old(judged))
    past = None if look.source.recorded else past_of(look.settings)
    narrator = Narrator(message_builder(look.shown, ticker.rules), ticker.rules, past or State())
    page = build_page(found, judged, replayed, narrator)
    suffix = "md" if format_ is PageFormat.MARKDOWN else "html"
    write(render_page(page, bundled("templates"), f"report.{suffix}.j2"), output)
    return judged


def _render(judged: Judged, rule_set: RuleSet, look: SpanCommand, format_: Format, output: Path | None) -> str:
    from logwatch.report.json_document import to_json
    from logwatch.report.report import build_report

    if format_ is Format.JSON:
        return as_json(to_json(judged))
    found = build_report(judged, rule_set, audience(look.shown), source=look.name, old=look.is_old(judged))
    if format_ is Format.TABLE:
        return render_table(found, paper_of(output))
    return render_markdown(found, bundled("templates"))


def _fail_on(judged: Judged, fail_on: FailOn, lang: Lang) -> None:
    reaching = {
        FailOn.ELEVATED: {Level.ELEVATED, Level.WARNING},
        FailOn.WARNING: {Level.WARNING},
        FailOn.UNKNOWN: {Level.UNKNOWN},
    }[fail_on]
    reached = [course for course in judged.courses if reaching & set(course.levels())]
    if reached:
        names = ", ".join(dict.fromkeys(course.rule.rule for course in reached))
        typer.echo(text("reached_level", lang, level=fail_on, names=names), err=True)
        raise typer.Exit(1)
