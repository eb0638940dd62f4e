"""`windows`: the table behind the verdicts; and what is said where a span has none.

No more is imported here than reading and counting take: it is the command for large files.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logwatch.cli.context import look_at, settings_from, write
from logwatch.cli.options import ReadFlags, SpanFlags, TargetOption
from logwatch.collect.parse import Flaw, Reason
from logwatch.errors import ConfigError, SourceError
from logwatch.languages import Lang, text
from logwatch.pipeline.time_range import read_windows
from logwatch.report.absence import found_nothing, why_misread, why_nothing
from logwatch.ui.findings import finding_texts
from logwatch.ui.printable import printable
from logwatch.wiring import LOOKUP_S, audience, watched_service

if TYPE_CHECKING:
    from logwatch.cli.context import SpanCommand
    from logwatch.count.tables import ArrayTable
    from logwatch.count.windows import Quality
    from logwatch.spans import Span


class TableFormat(StrEnum):
    """How `windows` writes."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


class Table(StrEnum):
    """Which table `windows` writes."""

    COUNTERS = "counters"
    SLOW = "slow"


def windows(
    span: SpanFlags,
    *,
    format_: Annotated[TableFormat, typer.Option("--format", "-f", help="How to write it.")] = TableFormat.CSV,
    table: Annotated[Table, typer.Option(help="Counters per minute, or slow requests per minute.")] = Table.COUNTERS,
    target: TargetOption = None,
    reading: ReadFlags,
) -> None:
    """Write the table of 60 s windows behind the verdicts."""
    settings = settings_from(span, reading, target=target)
    look = look_at(settings, span)
    if look.only_tells_filter(timedelta()):
        return
    covered, read = look.read(partial(read_windows, reach=timedelta()))
    inside = read.within(covered)
    if table is Table.COUNTERS:
        from logwatch.count.windows import counters_csv as tabulate
    else:
        from logwatch.count.slow_requests import slow_csv as tabulate
    _write_table(tabulate(inside), format_, reading.output)
    _tell_leftovers(read.quality, settings.lang)
    tell_nothing(read.quality, covered, look)


def tell_nothing(quality: Quality, span: Span, look: SpanCommand) -> None:
    """Raise SourceError with doctor's diagnosis where a span has nothing to judge."""
    if found_nothing(quality):
        readers = audience(look.shown)
        place = watched_service(look.settings, readers)
        why = why_misread(quality, readers) or why_nothing(look.source.within(LOOKUP_S), place, span, look.now, readers)
        raise SourceError(
            readers.say("found_nothing", entries=quality.entries, span=readers.dates(span)), where=look.name, hint=why
        )


def _write_table(table: ArrayTable, format_: TableFormat, output: Path | None) -> None:
    plain = dict.fromkeys(table.names, str)
    if format_ is TableFormat.CSV:
        from logwatch.count.csv_text import csv_parts

        write(csv_parts(table), output)
    elif format_ is TableFormat.JSON:
        write(table.frame().astype(plain).to_json(orient="records", lines=True), output)
    elif output is None and sys.stdout.isatty():
        raise ConfigError("parquet is not text", where="--format", hint="give --output FILE, or send it into a file")
    else:
        try:
            data = table.frame().astype(plain).to_parquet(index=False)
        except ImportError:
            raise ConfigError("parquet needs pyarrow", where="--format", hint="pip install 'logwatch[parquet]'") from None
        write(data, output)


def _tell_leftovers(quality: Quality, lang: Lang) -> None:
    """Say on stderr what is not in the table and should not be missed."""
    told = [f"{text(Reason(each).key, lang)} ({count:,})" for each, count in quality.unparsed.items()]
    for flaw, count in quality.flaws.items():
        kind, colon, counter = flaw.partition(":")
        told.append(f"{text(Flaw(kind).key, lang)}{colon}{printable(counter)} ({count:,})")
    if told:
        what = ", ".join(told)
        typer.echo(text("left_out", lang, what=what), err=True)
    for found in finding_texts(quality.findings, {}, lang):
        typer.echo(found, err=True)
