"""From settings to parts: which adapter stands behind each name.

Each adapter is imported when it is asked for; what a command does not need costs it nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from logwatch.collect.interface import SharedSource
from logwatch.collect.sources import find_kind, is_live, is_watchable
from logwatch.errors import ConfigError, LogwatchError
from logwatch.notify.channels.interface import reveal
from logwatch.seams import Seam
from logwatch.settings import PREFIX
from logwatch.spans import WINDOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from logwatch.beta_exit.conditions import Expected
    from logwatch.beta_exit.day_reader import WeekReader
    from logwatch.collect.interface import Address, Endpoints, Life, PlatformFigures, ReadPlan, Source
    from logwatch.collect.parse import LogShape
    from logwatch.judge.rules.model import RuleSet
    from logwatch.judge.rules.service import Service
    from logwatch.notify.channels.interface import Channel, ChannelSettings
    from logwatch.notify.deliver import Describe
    from logwatch.notify.digest import TargetWeek
    from logwatch.notify.incidents import Notification
    from logwatch.notify.messages import Message
    from logwatch.notify.outbox import Outgoing
    from logwatch.pipeline.run import Parts
    from logwatch.pipeline.tick import Policy, Ticker
    from logwatch.publish.interface import Exporter
    from logwatch.publish.metric_filter import Installation
    from logwatch.report.absence import WatchedService
    from logwatch.seams import Seams
    from logwatch.server.app import Verify
    from logwatch.settings import Settings
    from logwatch.spans import Span
    from logwatch.state.document import State
    from logwatch.state.interface import Store
    from logwatch.ui.format import Audience


LOOKUP_S = 4
"""Seconds that one look-up may go on failing."""
WEEKS_S, LOOK_S = 8, 4
"""Seconds that reading the states of other targets may take: once a week, and before a sign of life."""


@dataclass(slots=True)
class Shared:
    """What the targets of one process have in common, each of it made once."""

    targets: tuple[Settings, ...]
    _rules: dict[Path | None, RuleSet] = field(default_factory=dict)
    _sources: dict[tuple[str, str | None], Source] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def rules(self, settings: Settings) -> RuleSet:
        """Give the rules of a folder, which is read once; raises RuleProblemsError."""
        with self._lock:
            if settings.rules not in self._rules:
                self._rules[settings.rules] = build_rules(settings)
            return self._rules[settings.rules]

    def source(self, settings: Settings) -> Source:
        """Give a target's source; those of one project read over one connection, out of the project's one quota."""
        made = build_source(settings)[0]
        if not isinstance(made, SharedSource):
            return made
        place = source_project(settings), settings.logging_endpoint
        with self._lock:
            return made.joining(self._sources.setdefault(place, made))


def build_rules(settings: Settings) -> RuleSet:
    """Load the rules, the bundled ones if no others are named; raises RuleProblemsError."""
    from logwatch.judge.rules.load import load_rules
    from logwatch.settings import bundled

    return load_rules(settings.rules or bundled("rules"))


def build_service(settings: Settings) -> Service:
    """Load what the rules say of the platform, and nothing else of them; raises RuleProblemsError."""
    from logwatch.judge.rules.service import load_service
    from logwatch.settings import bundled

    return load_service(settings.rules or bundled("rules"))


def log_shape(settings: Settings) -> LogShape:
    """Load how the platform logs, and nothing else of it; raises RuleProblemsError."""
    from logwatch.judge.rules.service import load_log_shape
    from logwatch.settings import bundled

    return load_log_shape(settings.rules or bundled("rules"))


def build_source(settings: Settings) -> tuple[Source, str]:
    """Give the adapter for the source, and what to call it."""
    from logwatch.collect import sources

    return sources.build_source(settings.source, settings, lambda: log_shape(settings)), ", ".join(settings.source)


def state_place(settings: Settings) -> str:
    """Say where the state lives."""
    from logwatch.settings import default_state

    return settings.state or str(default_state())


def build_store(settings: Settings) -> Store:
    """Give the state's store."""
    from logwatch.state.address import parse_state_address

    return parse_state_address(state_place(settings))


def build_policy(settings: Settings, *, publishes: bool) -> Policy:
    """Say how the minutes are taken."""
    from logwatch.pipeline.tick import Policy

    chosen = chosen_channels(settings)
    return Policy(
        grace=settings.grace,
        early=settings.early,
        starts=settings.starts,
        overlap=settings.overlap,
        catch_up=settings.catch_up,
        late_limit=settings.late_limit,
        remind_every=settings.remind_every,
        channels=chosen,
        others=tuple(name for name in configured_channels(settings) if name not in chosen),
        publishes=publishes,
        zone=settings.timezone,
    )


def build_ticker(
    settings: Settings, *, publishes: bool, load: Callable[[Settings], RuleSet] = build_rules
) -> Callable[[Life], Ticker]:
    """Give what makes the ticker, once it is known how to look for signs of life."""

    def build(life: Life) -> Ticker:
        from logwatch.pipeline.tick import Ticker

        return Ticker(load(settings), build_policy(settings, publishes=publishes), life)

    return build


def build_simulated_ticker(settings: Settings, source: Source) -> Ticker:
    """Give the ticker for a simulated clock over a source's entries, which publishes nothing and calls nobody's stand-in."""
    from dataclasses import replace

    from logwatch.collect.last_seen import SignsOfLife

    platform = None if source.recorded else build_platform(settings)
    ticker = build_ticker(settings, publishes=False)(SignsOfLife(source, settings.service, platform))
    return replace(ticker, rules=replace(ticker.rules, oncall=ticker.rules.oncall.unescalated))


def build_parts(settings: Settings, owner: str, shared: Shared | None = None) -> Parts:
    """Give everything that a run is made of; raises ConfigError before anything is touched."""
    from logwatch.pipeline.run import Parts

    shared = shared or Shared((settings,))
    if not is_watchable(settings.source):
        hint = "set LOGWATCH_SOURCE=gcp://PROJECT/SERVICE; recordings are for 'logwatch backtest'"
        if is_live(settings.source):
            hint = "set LOGWATCH_SOURCE=gcp://PROJECT/SERVICE; bq:// is for looking back: evaluate, backtest, report"
        raise ConfigError("a run reads Cloud Logging", where="--source", hint=hint)
    project = metrics_project(settings)
    set_up = configured_channels(settings)
    return Parts(
        owner=owner,
        lease=settings.lease,
        store=build_store(settings),
        source=lambda: shared.source(settings),
        lookups=lambda source: source.within(LOOKUP_S),
        evidence_budget=settings.evidence_budget,
        ticker=build_ticker(settings, publishes=project is not None, load=shared.rules),
        endpoints=lambda: build_endpoints(settings),
        exporter=lambda rules: build_exporter(settings, project, rules) if project else None,
        channels=lambda seams: build_channels(set_up, seams),
        describe=lambda rules: build_describe(settings, rules),
        service=settings.service,
        platform=lambda: build_platform(settings),
        ping=build_ping(settings),
        digest=build_weekly(settings, shared),
        target=settings.target or "",
    )


def build_lasting_parts(settings: Settings, owner: str, shared: Shared | None = None) -> Parts:
    """Give the parts of a process that runs many times: rules, clients and their connections are made once.

    Imports what is slow at once, so that the first run need not.
    """
    from dataclasses import replace

    from logwatch.pipeline.tick import Ticker

    shared = shared or Shared((settings,))
    parts, project = build_parts(settings, owner, shared), metrics_project(settings)
    rules, policy = shared.rules(settings), build_policy(settings, publishes=project is not None)
    source = shared.source(settings)
    exporter = build_exporter(settings, project, rules) if project else None
    channels = build_channels(configured_channels(settings))
    endpoints, describe = build_endpoints(settings), build_describe(settings, rules)
    import_slow(settings)
    return replace(
        parts,
        source=lambda: source,
        ticker=lambda life: Ticker(rules, policy, life),
        endpoints=lambda: endpoints,
        exporter=lambda _: exporter,
        channels=lambda _: channels,
        describe=lambda _: describe,
    )


def import_slow(settings: Settings) -> None:
    """Import what the first run would import."""
    from importlib import import_module

    names = [
        "logwatch.judge.evaluate",
        "logwatch.notify.diagnosis.diagnose",
        "google.cloud.logging_v2.services.logging_service_v2",
    ]
    names += ["google.cloud.monitoring_v3"] if metrics_project(settings) else []
    names += ["google.cloud.storage"] if (settings.state or "").startswith("gs://") else []
    names += [name for channel in configured_channels(settings).values() for name in channel.slow]
    for name in names:
        import_module(name)


def build_verify(settings: Settings) -> Verify:
    """Give what lets callers in; raises ConfigError where it is not said who may call."""
    for name, example, flag in (
        ("serve_audience", "https://logwatch-….run.app", "--oidc-token-audience"),
        ("serve_caller", "logwatch-caller@PROJECT.iam.gserviceaccount.com", "--oidc-service-account-email"),
    ):
        if not getattr(settings, name):
            hint = f"use Cloud Scheduler's {flag}, e.g. {example}; at a desk, --no-auth serves on 127.0.0.1 only"
            raise ConfigError("it is not said who may call", where=f"LOGWATCH_{name.upper()}", hint=hint)
    from logwatch.server.auth import GoogleIdentity

    return GoogleIdentity(
        audience=str(settings.serve_audience),
        caller=str(settings.serve_caller),
        certs_url=settings.serve_certs_url,
        signature_removed=settings.serve_signature == "removed",
    )


def build_platform(settings: Settings) -> PlatformFigures | None:
    """Give what reads the platform's own figures of the service; None where a recording is read, or no service is named."""
    found = addressed(settings)
    service = settings.service or (found and found.service)
    if not found or not found.project or not service:
        return None
    from logwatch.collect.platform.cloud_run import CloudRunActivity

    first, *others = dict.fromkeys(each.project for each in addresses(settings))
    return CloudRunActivity(first, service, others=others, location=settings.location, endpoint=settings.monitoring_endpoint)


def build_weekly(settings: Settings, shared: Shared) -> Callable[[State, RuleSet, datetime], State] | None:
    """Give what tells of the week at its hour; None where none is set.

    Of targets that tell the same people in the same language at the same hour, the first tells of all, and each stands in for
    those before it.
    """
    every = settings.digest
    if every is None:
        return None
    together = [each for each in shared.targets if _told_together(each) == _told_together(settings)]
    others = [each for each in together if each.target != settings.target]

    def tell(state: State, rules: RuleSet, now: datetime) -> State:
        from logwatch.report.week import WeeklyDigest

        weekly = WeeklyDigest(
            every,
            settings.timezone,
            chosen_channels(settings),
            build_expected(settings),
            settings.target or "",
            partial(_weeks_of, others, shared),
            [each.target for each in together].index(settings.target),
        )
        return weekly.tell(state, rules, now)

    return tell


def _told_together(settings: Settings) -> object:
    """Give what is the same of targets whose digests are one message."""
    try:
        channels = [settings.channels[place] for place in _places(settings)]
    except ConfigError:  # its own run tells
        return settings.target
    return settings.digest, settings.timezone, settings.lang, channels


def _places(settings: Settings) -> list[int]:
    chosen = chosen_channels(settings)
    return [place for place, channel in enumerate(settings.channels) if channel.name in chosen]


def _weeks_of(targets: Sequence[Settings], shared: Shared, week: Span) -> list[TargetWeek]:
    """Look back on some targets out of their states, all at once; what cannot be read is said."""
    from logwatch.deadlines import call_all
    from logwatch.notify.digest import TargetWeek
    from logwatch.report.week import look_back
    from logwatch.seams import describe_error
    from logwatch.state.lease import load

    def read(settings: Settings) -> TargetWeek:
        name = str(settings.target)
        try:
            state, rules = load(build_store(settings)), shared.rules(settings)
            found = look_back(state, rules, week, build_expected(settings), settings.timezone)
            return TargetWeek(name, found, told=state.digested_at is not None and state.digested_at >= week.end)
        except LogwatchError as error:
            return TargetWeek(name, None, error.message)
        except Exception as error:  # noqa: BLE001 - the others' weeks are told all the same
            return TargetWeek(name, None, describe_error(error))

    found = call_all({str(each.target): partial(read, each) for each in targets}, WEEKS_S)
    names = (str(each.target) for each in targets)
    return [found.get(name) or TargetWeek(name, None, "no answer in time") for name in names]


def build_ping(settings: Settings, elsewhere: Sequence[Settings] = ()) -> Callable[[], str] | None:
    """Give what tells of a good run, once other tasks have judged those `elsewhere` too; None where nobody waits for it."""
    url = reveal(settings.ping_url)
    if not url:
        return None
    from logwatch.publish.heartbeat import ping

    return lambda: _not_judged(settings, elsewhere) or ping(url)


def _not_judged(settings: Settings, elsewhere: Sequence[Settings]) -> str:
    """Say which target no other task has judged since this one's run before the last; nothing where each is judged."""
    from logwatch.deadlines import call_all
    from logwatch.state.lease import load

    def read(each: Settings) -> State | None:
        try:
            return load(build_store(each))
        except Exception:  # noqa: BLE001 - what cannot be read was not seen to be judged
            return None

    found = call_all({each.target: partial(read, each) for each in (settings, *elsewhere)}, LOOK_S) if elsewhere else {}
    own = found.get(settings.target)
    since = own.runs.before if own else None
    for each in elsewhere:
        state = found.get(each.target)
        if state is None or since is None:
            return f"held back, as the state of '{each.target if since else settings.target}' could not be read"
        if state.runs.last is None or state.runs.last < since - WINDOW or state.refused_since:
            last = f"{state.cursor:%Y-%m-%d %H:%MZ}" if state.cursor else "nowhere"
            return f"held back, as '{each.target}' is judged to {last}"
    return ""


def check_metrics(targets: Sequence[Settings]) -> None:
    """Raise ConfigError where two targets would write the same metrics: Cloud Monitoring takes each point once."""
    seen: dict[tuple[str, str | None, str], Settings] = {}
    for each in targets:
        if project := metrics_project(each):
            other = seen.setdefault((project, each.location, each.environment), each)
            if other is not each:
                hint = "each has its own; without `environment` in a target's table it is made of the target's name"
                message = f"'{other.target}' and '{each.target}' have the same environment, and their metrics one place"
                raise ConfigError(message, where=each.where("environment"), hint=hint)


def addressed(settings: Settings) -> Address | None:
    """Say what the source's address names, or the first of several; None where there is none. Raises ConfigError."""
    return next(addresses(settings), None)


def addresses(settings: Settings) -> Iterator[Address]:
    """Give what the source's addresses name; none where there is none. Raises ConfigError."""
    kind = find_kind(settings.source)
    return map(kind.adapter.parse_address, settings.source) if kind else iter(())


def source_project(settings: Settings) -> str:
    """Give the project that is read; nothing where a recording is."""
    try:
        found = addressed(settings)
    except ConfigError:  # is told by whoever reads
        return ""
    return found.project if found else ""


def metrics_project(settings: Settings) -> str | None:
    """Give the project that metrics are written to; None where they are not wanted."""
    wanted = settings.metrics_project or source_project(settings)
    return None if wanted in {"", "none"} else wanted


def build_exporter(settings: Settings, project: str, rules: RuleSet) -> Exporter:
    """Give the exporter of metrics."""
    from logwatch.publish.cloud_monitoring import CloudMonitoringExporter
    from logwatch.publish.points import metrics

    return CloudMonitoringExporter(
        project,
        location=settings.location or "global",
        namespace=settings.environment,
        prefix=rules.service.metric_prefix,
        metrics=metrics(rules),
        endpoint=settings.monitoring_endpoint,
    )


def build_endpoints(settings: Settings) -> Endpoints | None:
    """Give the service's endpoints; None where no base URL is set."""
    if not settings.endpoints:
        return None
    from logwatch.collect.health_probes import HttpEndpoints

    return HttpEndpoints(settings.endpoints, build_service(settings).endpoints, token=reveal(settings.ops_token))


def usable_channels(settings: Settings) -> tuple[dict[str, ChannelSettings], list[ConfigError]]:
    """Give the channels that are set up, by name, and what is wrong with those that are set up by halves."""
    usable: dict[str, ChannelSettings] = {}
    wrong: list[ConfigError] = []
    for channel in settings.channels:
        try:
            usable |= {channel.name: channel} if channel.is_set_up() else {}
        except ConfigError as error:
            error.where = settings.where(str(error.where).removeprefix(PREFIX).lower())
            wrong.append(error)
    return usable, wrong


def configured_channels(settings: Settings) -> dict[str, ChannelSettings]:
    """Give the channels that are set up; raises ConfigError where one is by halves, or one that is wanted is not."""
    usable, wrong = usable_channels(settings)
    if wrong:
        raise wrong[0]
    unknown = [name for name in settings.notify if name not in usable]
    if unknown:
        *others, last = (channel.name for channel in settings.channels)
        hint = f"set up: {', '.join(usable) or 'none'}; {', '.join(others)} and {last} each need their own settings"
        raise ConfigError(f"channel '{unknown[0]}' is not set up", where=settings.where("notify"), hint=hint)
    return usable


def build_channels(channels: Mapping[str, ChannelSettings], seams: Seams | None = None) -> dict[str, Channel]:
    """Give the channels behind their settings; where `seams` hears of it, without those that cannot be made."""
    from logwatch.settings import bundled

    templates = bundled("templates")
    if seams is None:
        return {name: channel.build(templates) for name, channel in channels.items()}
    made: dict[str, Channel | None] = {
        name: seams.guard(Seam.CHANNEL, partial(channel.build, templates), lambda _: None) for name, channel in channels.items()
    }
    return {name: channel for name, channel in made.items() if channel}


def chosen_channels(settings: Settings) -> tuple[str, ...]:
    """Give the channels that every message goes to."""
    return settings.notify or tuple(configured_channels(settings))


def audience(settings: Settings) -> Audience:
    """Say for whom to write."""
    from logwatch.ui.format import Audience

    found = addressed(settings)
    service = settings.service or (found and found.service) or build_service(settings).service
    target = settings.target if len(settings.targets) > 1 else None
    return Audience(settings.lang, settings.timezone, service, target or "")


def installation(settings: Settings) -> Installation:
    """Say which installation is to be watched."""
    from logwatch.publish.metric_filter import Installation

    service = build_service(settings)
    return Installation(
        environment=settings.environment,
        region=settings.location or service.region,
        prefix=service.metric_prefix,
        grace=settings.grace,
        lease=settings.lease,
        readers=audience(settings),
        runbook_url=settings.runbook_url,
    )


def watched_service(settings: Settings, readers: Audience) -> WatchedService:
    """Say where the application runs."""
    from logwatch.report.absence import WatchedService

    return WatchedService(source_project(settings) or "PROJECT", readers.service, settings.location, build_service(settings))


def message_builder(settings: Settings, rules: RuleSet) -> Callable[[Notification], Message]:
    """Give what says a notification in words."""
    from logwatch.notify.messages import LinkTargets, build_message
    from logwatch.publish.metrics_explorer import metrics_url

    project, installed = metrics_project(settings), installation(settings)
    metrics = partial(metrics_url, project=project, rules=rules, installation=installed) if project else None
    place = LinkTargets(source_project(settings), settings.runbook_url, settings.location or "", metrics)
    return lambda notification: build_message(notification, rules, installed.readers, place)


def build_describe(settings: Settings, rules: RuleSet) -> Describe:
    """Give what says a message in words, for a channel and a moment."""
    from logwatch.notify.messages import add_delivery_notes, build_plain_message

    build, readers = message_builder(settings, rules), audience(settings)

    def describe(outgoing: Outgoing, channel: str, now: datetime, why: str) -> Message:
        told = outgoing.notification
        message = build_plain_message(told, rules, readers, why) if why else build(told)
        return add_delivery_notes(message, instead_of=outgoing.deliveries[channel].instead_of, now=now)

    return describe


def build_expected(settings: Settings) -> Expected:
    """Say what the runbook leaves open of its exit conditions."""
    from logwatch.beta_exit.conditions import Expected

    return Expected(settings.expected_distribution, settings.slow_budget)


def build_week(
    settings: Settings, source: Source, rules: RuleSet, planned: Callable[[ReadPlan], None] = lambda _plan: None
) -> WeekReader:
    """Give what reads days out of a source; those of Cloud Logging are kept on disk once they are over."""
    from logwatch.beta_exit.day_reader import DayCache, WeekReader
    from logwatch.collect.last_seen import SignsOfLife
    from logwatch.publish.history import MonitoringHistory

    project = None if source.recorded else metrics_project(settings)
    history = (
        MonitoringHistory(project, installation(settings), rules.exit_gauges, endpoint=settings.monitoring_endpoint)
        if project
        else None
    )
    read = (
        *settings.source, settings.service, settings.location, settings.timezone, settings.grace, project, settings.environment,
        settings.logging_endpoint, settings.bigquery_endpoint, settings.monitoring_endpoint,
    )  # fmt: skip
    judged, folder = (rules.service, *(rule for rule in rules.rules if rule.kind.reads.gauges)), settings.cache_folder
    return WeekReader(
        source=source,
        rules=rules,
        zone=settings.timezone,
        service=settings.service,
        life=SignsOfLife(source, settings.service, None if source.recorded else build_platform(settings)),
        grace=settings.grace,
        cache=DayCache(folder / "days", repr((read, judged))) if folder and not source.recorded else None,
        measured=history.read if history else lambda _span: (),
        planned=planned,
    )
