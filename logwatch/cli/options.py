"""What several commands are told with: their options, each said once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from logwatch.cli.usage.completion import complete_languages, complete_rules, complete_shops, complete_targets
from logwatch.collect.sources import FORMS
from logwatch.languages import DEFAULT, Lang, languages


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
