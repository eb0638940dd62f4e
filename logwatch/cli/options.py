"""What several commands are told with: their options, each said once, and the groups in which commands take them.

A flag for all commands of a group is one line in it: help, completion and, under a setting's name, that setting follow.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from logwatch.cli.usage.completion import complete_languages, complete_rules, complete_shops, complete_targets
from logwatch.collect.sources import FORMS
from logwatch.errors import ConfigError
from logwatch.languages import DEFAULT, Lang, languages
from logwatch.settings import NO_CACHE, field_names


class ListFormat(StrEnum):
    """How lists are written."""

    TABLE = "table"
    JSON = "json"


class PageFormat(StrEnum):
    """How `report` writes."""

    HTML = "html"
    MARKDOWN = "markdown"


SourceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--source", "-s", metavar="SOURCE",
        help=f"{FORMS[0].upper()}{FORMS[1:]}; several files: repeat it.  [env var: LOGWATCH_SOURCE]",
    ),
]  # fmt: skip


LiveSourceOption = Annotated[
    list[str] | None,
    typer.Option("--source", "-s", metavar="SOURCE", help="gcp://PROJECT[/SERVICE].  [env var: LOGWATCH_SOURCE]"),
]
"""Of a command that reads no files."""


TargetOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Only this one of [[targets]] in logwatch.toml.  [env var: LOGWATCH_TARGET]",
        autocompletion=complete_targets,
    ),
]


SourceArgument = Annotated[list[str] | None, typer.Argument(metavar="SOURCE", help="The same as --source.", show_default=False)]


SinceOption = Annotated[
    str | None,
    typer.Option(metavar="WHEN", help="Start: 1h (before the end), 09:30, yesterday, '02-24 15:00'. [recording: all; else 1h]"),
]


UntilOption = Annotated[
    str | None,
    typer.Option(metavar="WHEN", help="End: 10m (before now), 15:30, today, '02-24 15:00'. [now, or the recording's end]"),
]


ServiceOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only entries of this Cloud Run service.  [env var: LOGWATCH_SERVICE]")
]


RulesOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder of rules, the bundled ones without it.  [env var: LOGWATCH_RULES]")
]


LangOption = Annotated[
    Lang | None,
    typer.Option(
        metavar=f"<{'|'.join(languages())}>",
        help=f"Output language.  [env var: LOGWATCH_LANG; default: {DEFAULT}]",
        show_default=False,
        autocompletion=complete_languages,
    ),
]


ListFormatOption = Annotated[ListFormat, typer.Option("--format", "-f", help="How to write it.")]


RULE_HELP = "A rule's id, as 'rules list' prints it."
RuleArgument = Annotated[str, typer.Argument(metavar="RULE", help=RULE_HELP, autocompletion=complete_rules)]


ShopOption = Annotated[str | None, typer.Option(metavar="SHOP", help="Only this shop.", autocompletion=complete_shops)]


OutputOption = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")]


IncidentsOption = Annotated[
    Path | None,
    typer.Option("--incidents", metavar="FILE", help="Known incidents (YAML), to judge what was found and what was missed."),
]


NoCacheOption = Annotated[
    bool, typer.Option("--no-cache", help="Read all of it anew, and keep nothing of it.  [env var: LOGWATCH_CACHE=none]")
]
"""Of a command that may read hours of Cloud Logging that are over from the disk."""


DumpOption = Annotated[bool, typer.Option("--dump-filter", help="Print the filter, or the query, and read nothing.")]


MaxBytesOption = Annotated[
    str | None,
    typer.Option("--max-bytes", metavar="SIZE", help="The most that a query of bq:// may read.  [env var: LOGWATCH_MAX_BYTES]"),
]


@dataclass(frozen=True)
class Flags:
    """A group of flags; a command that takes it as an argument has each of them (`cli/flags.py:flat`)."""

    def settings(self) -> dict[str, Any]:
        """Give those that are settings, by name; what is not said is None. Raises ConfigError where two contradict."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name in field_names()}


@dataclass(frozen=True)
class SourceFlags(Flags):
    """Where lines are read from."""

    paths: SourceArgument = None
    source: SourceOption = None

    @property
    def named(self) -> list[str]:
        """The source, which may be given as argument or as --source; raises ConfigError where it is given as both."""
        if self.paths and self.source:
            hint = "give it as argument or as --source, not as both; of several files, all of them one way"
            raise ConfigError("the source is given twice", where="SOURCE, --source", hint=hint)
        return self.paths or self.source or []

    def settings(self) -> dict[str, Any]:
        """Give the source as one setting."""
        return super().settings() | {"source": tuple(self.named)}


@dataclass(frozen=True)
class SpanFlags(SourceFlags):
    """Which lines are read."""

    since: SinceOption = None
    until: UntilOption = None
    service: ServiceOption = None
    dump_filter: DumpOption = False


@dataclass(frozen=True)
class RunFlags(SourceFlags):
    """What a run is told."""

    source: LiveSourceOption = None
    service: ServiceOption = None
    rules: RulesOption = None
    target: TargetOption = None


@dataclass(frozen=True)
class ReaderFlags(Flags):
    """Of which target, and for whom it is written."""

    lang: LangOption = None
    target: TargetOption = None


@dataclass(frozen=True)
class RuleFlags(ReaderFlags):
    """The same, and by which rules."""

    rules: RulesOption = None


@dataclass(frozen=True)
class ReadFlags(Flags):
    """How a span is read, and where the answer goes."""

    output: OutputOption = None
    no_cache: NoCacheOption = False
    max_bytes: MaxBytesOption = None

    def settings(self) -> dict[str, Any]:
        """Give --no-cache as the setting that it is."""
        return super().settings() | ({"cache": NO_CACHE} if self.no_cache else {})
