"""What `doctor` finds, and what it means: facts in, one line and its cure out."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size

from logwatch.checks import MARKS, Checked, CheckOutcome, Phrase, command, ok, say
from logwatch.ui.format import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from logwatch.collect.interface import Answer, EndpointShape
    from logwatch.judge.rules.service import Service
    from logwatch.languages.keys import DoctorKey
    from logwatch.ui.format import Audience

CLOCK_OFF_S = 30
"""Seconds that a clock may be off before it is told: windows close after a grace of 90 s."""


SET_CLOCK = "sudo timedatectl set-ntp true"


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

    @property
    def switch(self) -> str:
        """Name of the variable without which the application writes no summaries; empty where there is none."""
        return (self.platform.log.switch or "").partition("=")[0]

    def set_variable(self, variable: str | None) -> tuple[Phrase, ...]:
        """Give the command that sets a variable of the application; none where it knows none."""
        return command(self.update(f"--update-env-vars={variable}")) if variable else ()


# ---- the log


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
    """Cloud Run services and their locations that logged in the hour, and how many of their lines were seen."""
    service_before: datetime | None
    """The service's newest line of the last 30 days, wherever it ran."""
    project_before: datetime | None
    """The project's newest line of any kind in the last 30 days."""


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
        region = f" --region={place.location}" if place.location else ""
        look = command(f"gcloud run services describe {service} --project={place.project}{region}")
        return Checked("lines", CheckOutcome.WRONG, said, look)
    if around.project_before:
        said = say("lines.no_service", project=place.project, when=audience.moment(around.project_before))
        return Checked("lines", CheckOutcome.WRONG, said, command(f"gcloud run services list --project={place.project}"))
    said = say("lines.nothing", project=place.project)
    commands = ("gcloud projects list", f"gcloud logging sinks describe _Default --project={place.project}")
    return Checked("lines", CheckOutcome.WRONG, said, tuple(each for text in commands for each in command(text)))


def judge_lag(delays_s: Sequence[float], late: int, grace: timedelta) -> Checked:
    """Say how long lines take to arrive, and whether the grace waits for them.

    `late` counts the lines that came when their window was closed: those of its first seconds have longer.
    """
    if not delays_s:
        return Checked("lag", CheckOutcome.SKIPPED, say("lag.none"))
    ordered = sorted(delays_s)
    shown = {name: f"{_rank(ordered, share):.1f}" for name, share in (("p50", 0.5), ("p95", 0.95), ("max", 1.0))}
    values = {**shown, "count": len(ordered), "grace": f"{grace.total_seconds():.0f}"}
    if not late:
        return ok("lag", say("lag.fine", **values))
    enough = min(ceil(ordered[-1] / 10) * 10, 600)
    cure = command(f"LOGWATCH_GRACE={enough}s")
    return Checked("lag", CheckOutcome.NOTE, say("lag.late", **values, late=late), cure)


def _rank(ordered: Sequence[float], share: float) -> float:
    return ordered[max(ceil(len(ordered) * share) - 1, 0)]


def judge_rhythm(off: Mapping[str, int], summaries: int, place: WatchedService) -> Checked:
    """Say whether summaries keep their 60 s; a timer that is late is a processor that sleeps."""
    if summaries < 2:
        return Checked("rhythm", CheckOutcome.SKIPPED, say("rhythm.none"))
    if not off:
        return ok("rhythm", say("rhythm.fine"))
    said = say("rhythm.off", count=sum(off.values()), instances=len(off))
    return Checked("rhythm", CheckOutcome.NOTE, said, command(place.update("--no-cpu-throttling")))


# ---- the rest


def judge_clock(off_s: float | None, against: str) -> Checked:
    """Say how far this machine's clock is off; positive is ahead."""
    if off_s is None:
        return Checked("clock", CheckOutcome.UNSURE, say("clock.unknown"))
    if abs(off_s) <= CLOCK_OFF_S:
        return ok("clock", say("clock.fine", off=f"{abs(off_s):.0f}", against=against))
    said = say("clock.ahead" if off_s > 0 else "clock.behind", off=f"{abs(off_s):.0f}", against=against)
    return Checked("clock", CheckOutcome.WRONG, said, command(SET_CLOCK))


def judge_answers(answers: Iterable[Answer], place: WatchedService) -> list[Checked]:
    """Say what each endpoint answered."""
    shapes = {shape.path: shape for shape in place.platform.endpoints}
    return [_judge_answer(answer, shapes[answer.path], place) for answer in answers]


def _judge_answer(answer: Answer, shape: EndpointShape, place: WatchedService) -> Checked:
    check, details = f"endpoint {answer.path}", answer.details or {}
    state = str(details.get("status") or "")
    ping = details.get(shape.needs) if shape.needs else None
    shown = f"{ping:.0f} ms" if isinstance(ping, float) else f"HTTP {answer.status}"
    if state == "not_configured":
        return Checked(check, CheckOutcome.SKIPPED, say("endpoint.absent"))
    if shape.switched_off and details.get(shape.switched_off.flag) == "false":
        said = say("endpoint.beta_off", switch=place.switch) if place.switch else say("error", error=answer.error)
        return Checked(check, CheckOutcome.WRONG, said, place.set_variable(place.platform.log.switch))
    if answer.error and (not details or answer.status is None):
        key: DoctorKey = "cure.token" if answer.status in {401, 403} else "cure.endpoint"
        return Checked(check, CheckOutcome.WRONG, say("error", error=answer.error), (say(key),))
    if answer.error or state not in {"", *shape.good}:
        return Checked(check, CheckOutcome.NOTE, say("endpoint.state", state=state or "–", shown=shown, error=answer.error))
    return ok(check, say("endpoint.fine", state=state or "ok", shown=shown))


# ---- all together


def exit_code(checks: Iterable[Checked]) -> int:
    """Give 2 where settings are wrong, 1 where anything else is, 3 where something could not be found out, else 0."""
    found = list(checks)
    wrong = [each for each in found if each.outcome is CheckOutcome.WRONG]
    if any(each.check.partition(" ")[0] == "settings" for each in wrong):
        return 2
    if wrong:
        return 1
    return 3 if any(each.outcome is CheckOutcome.UNSURE for each in found) else 0


def to_text(checks: Iterable[Checked], audience: Audience) -> str:
    """Give a line for each check, and below it what mends it."""
    found = list(checks)
    width = max((cell_len(each.name(audience)) for each in found), default=0)
    lines = []
    for each in found:
        name = set_cell_size(each.name(audience), width)
        said = printable(" ".join(each.said.to(audience).split()))
        lines.append(f"{MARKS[each.outcome]} {name}  {said}".rstrip())
        lines += [f"{' ' * (width + 4)}→ {cure.to(audience)}" for cure in each.cures]
    return "".join(f"{line}\n" for line in lines)


def to_json(checks: Iterable[Checked], audience: Audience) -> dict[str, Any]:
    """Give the versioned document."""
    found = list(checks)
    rows = [
        {
            "check": each.check,
            "outcome": str(each.outcome),
            "text": each.said.to(audience),
            "reason": each.said.key.removeprefix("doctor."),
            "cures": [cure.to(audience) for cure in each.cures],
        }
        for each in found
    ]
    return {"schema": 1, "exit_code": exit_code(found), "checks": rows}
