"""`digest`: the last week looked back on."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from logwatch.cli.context import answering, as_json, clock_of, for_each, only_one, paper_of, targets_from, write
from logwatch.cli.kept.state_file import age_line, state_of
from logwatch.cli.options import RuleFlags
from logwatch.moments import parse_moment
from logwatch.notify.digest import digest_json
from logwatch.notify.digest_text import digest_headline, digest_lines
from logwatch.notify.incidents import NotifyReason
from logwatch.report.week import look_back
from logwatch.spans import Span
from logwatch.ui.tables import fold
from logwatch.ui.templates import escape_cell
from logwatch.wiring import audience, build_expected, build_rules

if TYPE_CHECKING:
    from logwatch.settings import Settings


class DigestFormat(StrEnum):
    """How `digest` writes."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def digest(
    since: Annotated[str, typer.Option(metavar="WHEN", help="From when on: 7d (before now), '02-24 09:00'.")] = "7d",
    format_: Annotated[DigestFormat, typer.Option("--format", "-f", help="How to write it.")] = DigestFormat.TEXT,
    *,
    asker: RuleFlags,
) -> None:
    """Look back on the last week: incidents, how soon told and taken on, what was false, exit conditions."""
    targets = targets_from(asker)
    if format_ is DigestFormat.JSON:
        only_one(targets)
    for_each(targets, lambda settings: _write_digest(settings, since, format_))


def _write_digest(settings: Settings, since: str, format_: DigestFormat) -> None:
    now, rule_set = clock_of(settings)(), build_rules(settings)
    readers = audience(answering(settings, now, since))
    span = Span(parse_moment(since, now, settings.timezone, where="--since"), now)
    state = state_of(settings)
    found = look_back(state, rule_set, span, build_expected(settings), settings.timezone)
    if format_ is DigestFormat.JSON:
        write(as_json(digest_json(found)), None)
        return
    head = f"[{readers.say(NotifyReason.DIGEST.key)}] {digest_headline(found, readers)}"
    lines = digest_lines(found, rule_set, readers)
    if format_ is DigestFormat.MARKDOWN:
        write("\n".join([f"## {escape_cell(head)}", "", *(f"- {escape_cell(line)}" for line in lines)]) + "\n", None)
        return
    write(
        age_line(settings, state, readers) + fold("\n".join([head, *(f"• {line}" for line in lines)]), paper_of()) + "\n", None
    )
