"""From settings to checks: what `doctor` tries, with the adapters that a run would have."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from logwatch.checks import Checked, CheckOutcome, command, ok, say
from logwatch.collect.sources import is_watchable
from logwatch.errors import ConfigError, LogwatchError
from logwatch.judge.rules.oncall import ONCALL
from logwatch.judge.rules.yaml_lines import RuleProblemsError
from logwatch.notify.channels.http_client import check_reachable
from logwatch.notify.channels.interface import reveal
from logwatch.notify.messages import build_test_message
from logwatch.publish.cloud_monitoring import CloudMonitoringExporter
from logwatch.settings import bundled, fields, is_on_cloud_run, is_secret, variable
from logwatch.ui.format import Audience
from logwatch.watchdog.doctor import (
    METRIC,
    LogChecks,
    Timed,
    check_clock,
    check_endpoints,
    check_metrics,
    check_platform,
    check_state,
    failed,
    send_test,
)
from logwatch.watchdog.reachability import fetch_date
from logwatch.watchdog.run_checks import Place, check_lease, check_runs, check_served
from logwatch.wiring import (
    LOOKUP_S,
    audience,
    build_channels,
    build_endpoints,
    build_platform,
    build_rules,
    build_service,
    build_source,
    build_store,
    configured_channels,
    metrics_project,
    source_project,
    usable_channels,
    watched_service,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from logwatch.publish.interface import Exporter
    from logwatch.settings import Settings, SettingsFile
    from logwatch.state.document import State


def build_checks(
    settings: Settings, wrong: Sequence[ConfigError], clock: Callable[[], datetime], state: State | None
) -> list[Timed]:
    """Give every check that `doctor` makes.

    `wrong` is what was wrong with settings that are left out, `state` is as it was found; None where it cannot be read.
    """
    own, settings = settings, _with_readable_service(settings)
    now, readers = clock(), readers_of(settings)
    return [
        Timed("settings", lambda: _check_settings(own, wrong)),
        Timed("clock", lambda: [_clock_is_set()] if settings.now else check_clock(_clocks(settings), clock)),
        Timed("logs", lambda: _check_log(settings, readers, now)),
        Timed(
            "metrics",
            lambda: check_metrics(_doctor_exporter(settings), now) if metrics_project(settings) else [_skipped("metrics")],
        ),
        Timed(
            "platform",
            lambda: check_platform(found, now) if (found := build_platform(settings)) else [_skipped("platform")],
        ),
        *(Timed(each.name, partial(_check_channel, each.name, settings), each.title, each.cure) for each in settings.channels),
        *([Timed("oncall", lambda: _check_oncall(settings))] if (_rules_folder(settings) / ONCALL).exists() else []),
        Timed("ping", lambda: _check_ping(settings), cure=say("cure.ping")),
        Timed(
            "endpoint",
            lambda: (
                check_endpoints(found, now, watched_service(settings, readers))
                if (found := build_endpoints(settings))
                else [_skipped("endpoint")]
            ),
        ),
        Timed("state", lambda: check_state(build_store(settings), clock, readers, lasting=_state_lasts(settings))),
        *([Timed("runs", lambda: check_runs(state, now, settings.lease, readers, _place(settings)))] if state else []),
    ]


def _with_readable_service(settings: Settings) -> Settings:
    """Take the bundled rules where the chosen ones name no service that can be read, so that all else is tried."""
    try:
        build_service(settings)
    except RuleProblemsError:
        return settings.model_copy(update={"rules": None})
    return settings


def build_tests(settings: Settings, now: datetime) -> list[Timed]:
    """Give what sends the test message through every channel that is set up."""
    message = build_test_message(readers_of(settings), now)
    usable, _ = usable_channels(settings)
    return [
        Timed(f"test {name}", partial(send_test, name, channel, message), cure=usable[name].cure)
        for name, channel in build_channels(usable).items()
    ]


def readers_of(settings: Settings) -> Audience:
    """Say for whom to write, also where the source is no address."""
    try:
        return audience(settings)
    except (ConfigError, RuleProblemsError):
        return Audience(settings.lang, settings.timezone, settings.service or "SERVICE")


def _skipped(check: str) -> Checked:
    return Checked(check, CheckOutcome.SKIPPED, say("not_set_up"))


def _clock_is_set() -> Checked:
    return Checked("clock", CheckOutcome.SKIPPED, say("clock.set"))


def _check_settings(settings: Settings, wrong: Sequence[ConfigError]) -> list[Checked]:
    """Give a line for each setting that is wrong, and one for those that are right."""
    found = [failed("settings", error) for error in wrong]
    source = ", ".join(settings.source)
    if not is_watchable(settings.source):
        said = say("source.not_live" if settings.source else "source.none")
        found.append(Checked("settings", CheckOutcome.WRONG, said, (say("cure.source"),)))
    try:
        build_rules(settings)
    except RuleProblemsError as error:
        found += [failed("settings", each) for each in error.problems]
    for look in (build_source, build_store, build_endpoints, configured_channels):
        try:
            look(settings)
        except RuleProblemsError:  # told already
            continue
        except LogwatchError as error:
            found += [failed("settings", error)] if settings.source or error.where != "--source" else []
    found += _check_secrecy(settings.file) if settings.file else []
    found += check_served(settings) + check_lease(settings, on_cloud_run=is_on_cloud_run())
    channels, _ = usable_channels(settings)
    if not channels:
        names = ", ".join(variable(channel.first) for channel in settings.channels)
        found.append(Checked("settings", CheckOutcome.WRONG, say("settings.no_channel"), (say("cure.channel", names=names),)))
    return found or [ok("settings", say("settings.fine", source=source, channels=", ".join(channels)))]


def _check_secrecy(file: SettingsFile) -> list[Checked]:
    """Warn of secrets in a file that others may read."""
    if not (file.is_open() and any(is_secret(fields()[name]) for name in file.names())):
        return []
    return [Checked("settings", CheckOutcome.NOTE, say("settings.open", path=file.path), command(f"chmod 600 {file.path}"))]


def _clocks(settings: Settings) -> dict[str, Callable[[], datetime | None]]:
    """Name who tells the time: Google, and the service's own endpoints where Google cannot be reached."""
    urls = {"Google": settings.serve_certs_url}
    endpoints = build_service(settings).endpoints
    if settings.endpoints and endpoints and re.match("https?://", settings.endpoints):
        urls["LOGWATCH_ENDPOINTS"] = f"{settings.endpoints.rstrip('/')}{endpoints[0].path}"
    return {name: partial(fetch_date, url) for name, url in urls.items()}


def _check_log(settings: Settings, readers: Audience, now: datetime) -> list[Checked]:
    source = build_source(settings)[0].within(LOOKUP_S) if settings.source else None
    logs = source.project_logs() if source else None
    if logs is None:
        return [_skipped("logs")]
    wanted = settings.service or logs.service
    shop = build_service(settings).shop_label
    return LogChecks(logs, watched_service(settings, readers), wanted, settings.grace, readers, shop).check(now)


def _doctor_exporter(settings: Settings) -> Exporter:
    return CloudMonitoringExporter(
        str(metrics_project(settings)),
        location=settings.location or "global",
        namespace=settings.environment,
        prefix=build_service(settings).metric_prefix,
        metrics=[METRIC],
        endpoint=settings.monitoring_endpoint,
        timeout_s=5,
        budget_s=8,
    )


def _check_channel(name: str, settings: Settings) -> list[Checked]:
    """Try a channel as far as that goes without a message, whatever is wrong with the others."""
    channel = usable_channels(settings)[0].get(name)
    return channel.build(bundled("templates")).check() if channel else [_skipped(name)]


def _rules_folder(settings: Settings) -> Path:
    return settings.rules or bundled("rules")


def _check_oncall(settings: Settings) -> list[Checked]:
    """Say what oncall.yaml asks for and this installation cannot do."""
    try:
        oncall = build_rules(settings).oncall
    except RuleProblemsError:  # told with the settings
        return [_skipped("oncall")]
    usable, _ = usable_channels(settings)
    strangers = [name for name in oncall.channels if name not in usable]
    hint = (say("cure.oncall", names=", ".join(usable)),)
    found = [Checked(f"oncall {name[:40]}", CheckOutcome.WRONG, say("oncall.stranger"), hint) for name in strangers]
    if oncall.mentions and "slack" not in usable:
        found.append(Checked("oncall mention", CheckOutcome.NOTE, say("oncall.no_slack")))
    answered = any(channel.dialogue for channel in build_channels(usable).values())
    if not answered and any(route.escalate for route in oncall.routes):
        found.append(Checked("oncall escalate", CheckOutcome.NOTE, say("oncall.no_answer")))
    return found or [ok("oncall", say("oncall.fine", count=len(oncall.routes)))]


def _check_ping(settings: Settings) -> list[Checked]:
    url = reveal(settings.ping_url)
    return check_reachable(url, where="ping") if url else [_skipped("ping")]


def _state_lasts(settings: Settings) -> bool:
    return _is_shared(settings) or not is_on_cloud_run()


def _is_shared(settings: Settings) -> bool:
    return (settings.state or "").startswith("gs://")


def _place(settings: Settings) -> Place:
    region, project = settings.location or build_service(settings).region, source_project(settings) or "PROJECT"
    return Place(region, project, deployed=_is_shared(settings))
