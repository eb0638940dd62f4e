"""Why a span has no summaries, as far as the source can tell: other services, other times, another project."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from logwatch.checks import Checked, CheckOutcome, Phrase, command, ok, say
from logwatch.collect.parse import Reason
from logwatch.spans import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logwatch.collect.interface import LogProject, Source
    from logwatch.count.windows import Quality
    from logwatch.judge.rules.service import Service
    from logwatch.languages.keys import DoctorKey
    from logwatch.ui.format import Audience

RETENTION = timedelta(days=30)
"""As long as a log bucket keeps lines by default."""
MISREAD = (Reason.COUNTERS_UNKNOWN, Reason.UNKNOWN_SHAPE, Reason.BAD_SLOW_REQUEST, Reason.INCOMPLETE_BLOCK)
"""Why lines were not understood that are, by what marks them, summaries or slow requests."""


@dataclass(frozen=True, slots=True)
class WatchedService:
    """Where the application runs, for the commands that mend it."""

    project: str
    service: str
    location: str | None
    """None where it was not said; the command then asks for it."""
    platform: Service
    """What is known of the application."""

    def update(self, flags: str) -> str:
        """Give the command that changes the application's service."""
        region = f" --region={self.location}" if self.location else ""
        return f"gcloud run services update {self.service} --project={self.project}{region} {flags}"

    def look(self) -> tuple[Phrase, ...]:
        """Give the command that shows how the application's service is set up, and changes nothing."""
        region = f" --region={self.location}" if self.location else ""
        return command(f"gcloud run services describe {self.service} --project={self.project}{region}")

    @property
    def switch(self) -> str:
        """Name of the variable without which the application writes no summaries; empty where there is none."""
        return (self.platform.log.switch or "").partition("=")[0]

    def set_variable(self, variable: str | None) -> tuple[Phrase, ...]:
        """Give the command that sets a variable of the application; none where it knows none."""
        return command(self.update(f"--update-env-vars={variable}")) if variable else ()


@dataclass(frozen=True, slots=True)
class Lines:
    """What was read of the last hour."""

    summaries: int
    slow_requests: int
    instances: int
    newest_s: float | None
    """Seconds from the newest summary's time to now."""
    lost: int
    """Summaries in the development format, whose counters the application lost."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is there besides, where no summary is: read only then."""

    of_service: bool
    """Whether the service logged anything in the hour."""
    services: Mapping[tuple[str, str], int]
    """Cloud Run services and their locations that logged in the hour, and how many of their lines were seen; where none of them
    did, those of the last 30 days, unless the service is one."""
    service_before: datetime | None
    """The service's newest line of the last 30 days, wherever it ran."""
    project_before: datetime | None
    """The project's newest line of any kind in the last 30 days; None where a service is named above."""


def judge_lines(lines: Lines, around: Around | None, place: WatchedService, audience: Audience) -> Checked:
    """Say whether there are summaries, and why there are none; `around` may be None where there are some."""
    cure = place.set_variable(place.platform.log.keeps_counters)
    if lines.summaries:
        values = {"summaries": lines.summaries, "slow": lines.slow_requests, "instances": lines.instances}
        said = say("lines.found", **values, newest=f"{lines.newest_s or 0:.0f}")
        if not lines.lost:
            return ok("lines", said)
        return Checked("lines", CheckOutcome.NOTE, say("lines.some_lost", count=lines.lost), cure)
    if lines.lost:
        return Checked("lines", CheckOutcome.WRONG, say("lines.development", count=lines.lost), cure)
    return _why_none(around, place, audience) if around else Checked("lines", CheckOutcome.UNSURE, say("lines.none"))


def _why_none(around: Around, place: WatchedService, audience: Audience) -> Checked:
    service = place.service
    if around.of_service:
        said = (
            say("lines.beta_off", service=service, switch=place.switch)
            if place.switch
            else say("lines.silent", service=service)
        )
        return Checked("lines", CheckOutcome.WRONG, said, place.set_variable(place.platform.log.switch))
    elsewhere = sorted(location for name, location in around.services if name == service)
    if elsewhere:
        said = say("lines.location", service=service, location=place.location or "–", others=", ".join(elsewhere))
        return Checked("lines", CheckOutcome.WRONG, said, command(f"LOGWATCH_LOCATION={elsewhere[0]}"))
    if around.services:
        names = [f"{name} ({location})" for name, location in sorted(around.services, key=lambda each: -around.services[each])]
        said = say("lines.service", service=service, others=", ".join(names[:8]))
        likely = max(around.services, key=lambda each: around.services[each])
        return Checked("lines", CheckOutcome.WRONG, said, (say("cure.service", project=place.project, service=likely[0]),))
    if around.service_before:
        said = say("lines.older", service=service, when=audience.moment(around.service_before))
        return Checked("lines", CheckOutcome.WRONG, said, place.look())
    if around.project_before:
        said = say("lines.no_service", project=place.project, when=audience.moment(around.project_before))
        return Checked("lines", CheckOutcome.WRONG, said, command(f"gcloud run services list --project={place.project}"))
    said = say("lines.nothing", project=place.project)
    commands = ("gcloud projects list", f"gcloud logging sinks describe _Default --project={place.project}")
    return Checked("lines", CheckOutcome.WRONG, said, tuple(each for text in commands for each in command(text)))


def look_around(source: LogProject, place: WatchedService, span: Span, now: datetime) -> Around:
    """Ask a project that has no summary in a span what else there is. Raises SourceError."""
    before = Span(now - RETENTION, now)
    of_service = source.last_seen(span, service=place.service) is not None
    services = {} if of_service else source.services(span)
    service_before = project_before = None
    if not of_service and not services:
        service_before = source.anywhere().last_seen(before, service=place.service)
        services = source.services(before) if service_before is None else {}
        project_before = source.last_of_all(before) if not services else None
    return Around(of_service, services, service_before, project_before)


def found_nothing(quality: Quality) -> bool:
    """Tell whether there was nothing to judge; lines of the development format are something, and told as what they are."""
    return not (quality.samples or quality.slow_requests or quality.unparsed.get(Reason.COUNTERS_LOST))


def why_misread(quality: Quality, audience: Audience) -> str:
    """Say that what was looked for was written, and could not be read; empty where nothing of the kind was seen."""
    misread = {reason: quality.unparsed[reason] for reason in MISREAD if reason in quality.unparsed}
    what = "; ".join(audience.say(reason.key) for reason in misread)
    return say("lines.misread", count=sum(misread.values()), what=what).to(audience) if misread else ""


def why_nothing(source: Source, place: WatchedService, span: Span, now: datetime, audience: Audience) -> str:
    """Say why nothing was found, and what to look at; no command of it changes the application. Raises SourceError."""
    project = source.project_logs()
    if project is None:
        return say("lines.recording").to(audience)
    around = look_around(project, place, span, now)
    if around.of_service:
        key: DoctorKey = "lines.guesses" if place.switch else "lines.silent"
        why = Checked("lines", CheckOutcome.WRONG, say(key, service=place.service, switch=place.switch), place.look())
    else:
        why = _why_none(around, place, audience)
    return "\n  → ".join((why.said.to(audience), *(cure.to(audience) for cure in why.cures)))
