"""`cloud`: what an installation needs of Google Cloud, and what watches it there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logwatch.cli.context import as_json, shared_from, targets_from, write
from logwatch.cli.options import OutputOption, RuleFlags, RulesOption, TargetOption
from logwatch.errors import ConfigError
from logwatch.publish.points import metrics
from logwatch.settings import CONFIG, NAME, bundled, parse_channel, settings_file
from logwatch.targets.shipped import rights, ship
from logwatch.watchdog.alert_policies import policies, policies_of_targets
from logwatch.watchdog.dashboard import dashboard, overview
from logwatch.wiring import build_rules, installation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logwatch.publish.metric_filter import Installation
    from logwatch.settings import Settings

SHIPPED = Path("rules/targets")
"""Where the image takes the rules of targets from."""


def cloud_policies(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to write them to, a file each.")],
    notification_channel: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="projects/P/notificationChannels/ID that each policy notifies; repeat it."),
    ] = None,
    *,
    asker: RuleFlags,
) -> None:
    """Write the alert policies that watch logwatch itself, for 'gcloud alpha monitoring policies create'."""
    targets = targets_from(asker)
    channels = [parse_channel(each) for each in notification_channel or ()]
    if len(targets) == 1:
        made = policies(build_rules(targets[0]), installation(targets[0]), bundled("templates"), channels=channels)
    else:
        each = {str(one.target): (build_rules(one), installation(one)) for one in targets}
        together = _together(targets, shared_from(replace(asker, target=None)))
        made = policies_of_targets(each, together, bundled("templates"), channels=channels)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot be made: {error.strerror}", where=str(output), hint="choose another --output") from None
    for name, policy in made.items():
        write(as_json(policy), output / f"{name}.json")
        typer.echo(output / f"{name}.json")


def cloud_dashboard(output: OutputOption = None, *, asker: RuleFlags) -> None:
    """Write the dashboard of all rules and of logwatch itself, for 'gcloud monitoring dashboards create'."""
    targets = targets_from(asker)
    rule_set = build_rules(targets[0])
    if len(targets) == 1:
        made = dashboard(rule_set, installation(targets[0]))
    else:
        if len({installation(target).prefix for target in targets}) > 1:
            hint = "add --target NAME, and write them for each"
            raise ConfigError("the targets' metrics have different prefixes", where="metric_prefix", hint=hint)
        known = {metric.name: metric for metric in metrics(rule_set)}
        together = _together(targets, shared_from(replace(asker, target=None)))
        made = overview(together, {str(each.target): installation(each) for each in targets}, known)
    write(as_json(made), output)


def cloud_rights(rules: RulesOption = None, target: TargetOption = None) -> None:
    """Print what the account of a run needs, a role and what it is on in each line."""
    for role, place in rights(targets_from(rules=rules, target=target)):
        typer.echo(f"{role} {place}")


def cloud_ship(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the rules of targets; it is made anew.")
    ] = SHIPPED,
) -> None:
    """Put the rules that the settings file names where the image is built from, and print the file as the image needs it."""
    file = settings_file()
    if file is None:
        raise ConfigError("there is no settings file", where=CONFIG, hint=f"name one, or write {NAME}")
    write(ship(file, targets_from(), output), None)


def _together(targets: Sequence[Settings], shared: Settings) -> Installation:
    """Say what is watched where one set of files watches several targets."""
    each = [installation(target) for target in targets]
    return replace(
        each[0],
        environment=shared.environment,
        several=tuple(one.environment for one in each),
        readers=replace(each[0].readers, lang=shared.lang, zone=shared.timezone, service="SERVICE", target=""),
        runbook_url=shared.runbook_url,
    )
