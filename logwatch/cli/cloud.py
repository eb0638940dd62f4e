"""`cloud`: the files that watch logwatch itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from logwatch.cli.context import as_json, settings_from, write
from logwatch.cli.options import LangOption, OutputOption, RulesOption
from logwatch.errors import ConfigError
from logwatch.settings import bundled, parse_channel
from logwatch.watchdog.alert_policies import policies
from logwatch.watchdog.dashboard import dashboard
from logwatch.wiring import build_rules, installation


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
    settings = settings_from(lang=lang, rules=rules)
    channels = [parse_channel(each) for each in notification_channel or ()]
    made = policies(build_rules(settings), installation(settings), bundled("templates"), channels=channels)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot be made: {error.strerror}", where=str(output), hint="choose another --output") from None
    for name, policy in made.items():
        write(as_json(policy), output / f"{name}.json")
        typer.echo(output / f"{name}.json")


def cloud_dashboard(output: OutputOption = None, lang: LangOption = None, rules: RulesOption = None) -> None:
    """Write the dashboard of all rules and of logwatch itself, for 'gcloud monitoring dashboards create'."""
    settings = settings_from(lang=lang, rules=rules)
    write(as_json(dashboard(build_rules(settings), installation(settings))), output)
