"""What the state tells of the runs themselves: when the last one was, what it did, and what keeps the next from its work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from logwatch.checks import Checked, CheckOutcome, command, ok, say
from logwatch.durations import LONGEST_LEASE, format_duration
from logwatch.judge.alerts import AlertState
from logwatch.report.state_lists import OLD, TOO_OLD
from logwatch.settings import deployed_timeout, variable
from logwatch.state.mend import is_ahead
from logwatch.ui.format import format_span
from logwatch.ui.printable import printable
from logwatch.watchdog.check_results import SET_CLOCK

if TYPE_CHECKING:
    from datetime import datetime

    from logwatch.checks import Phrase
    from logwatch.settings import Settings
    from logwatch.state.document import State
    from logwatch.ui.format import Audience

JOB_ENDS, REQUEST_ENDS = timedelta(seconds=75), timedelta(seconds=80)
"""After how long deploy/ has Cloud Run end a job's run, and a service's request, where nobody tells how long it is by now."""
NEARLY = 0.8
"""Share of its lease from which on a run takes long, as the policy `lag` has it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the runs are to be looked for."""

    region: str
    project: str
    deployed: bool
    """Whether the state is one that runs in the cloud share."""

    @property
    def runs(self) -> tuple[Phrase, ...]:
        """What lists them, or begins one."""
        where = f"--region={self.region} --project={self.project}"
        return command(f"gcloud run jobs executions list --job=logwatch {where} --limit=5" if self.deployed else "logwatch run")

    @property
    def schedule(self) -> tuple[Phrase, ...]:
        """What shows whether anybody calls them."""
        where = f"--location={self.region} --project={self.project}"
        return command(f"gcloud scheduler jobs describe logwatch {where}") if self.deployed else self.runs


def check_runs(state: State, now: datetime, lease: timedelta, audience: Audience, place: Place) -> list[Checked]:
    """Say when a run judged last and what became of it, and whose lease is left."""
    return [_judge_last(state, now, audience, place), *_judge_length(state, lease), *_judge_lease(state, now, audience, place)]


def _judge_last(state: State, now: datetime, audience: Audience, place: Place) -> Checked:
    last = state.runs.last
    if last is None or state.cursor is None:
        return Checked("runs", CheckOutcome.SKIPPED, say("runs.none"))
    judged = audience.date(state.cursor)
    if is_ahead(state, now):
        return Checked("runs", CheckOutcome.WRONG, say("runs.ahead", judged=judged), command("logwatch state mend"))
    age = now - last
    shown = {"at": audience.date(last), "age": format_span(age, audience), "judged": judged}
    if age > OLD:
        outcome = CheckOutcome.WRONG if age > TOO_OLD else CheckOutcome.NOTE
        return Checked("runs", outcome, say("runs.old", **shown), place.schedule)
    firing = sum(alert.state is AlertState.FIRING for alert in state.alerts)
    took = "–" if state.runs.took_s is None else f"{state.runs.took_s:.1f}"
    return ok("runs", say("runs.last", **shown, firing=firing, waiting=len(state.outbox), took=took))


def _judge_length(state: State, lease: timedelta) -> list[Checked]:
    took = state.runs.took_s
    if took is None or took <= NEARLY * lease.total_seconds():
        return []
    said = say("runs.long", took=f"{took:.0f}", lease=f"{lease.total_seconds():.0f}")
    return [Checked("runs length", CheckOutcome.NOTE, said, (say("cure.steps"),))]


def _judge_lease(state: State, now: datetime, audience: Audience, place: Place) -> list[Checked]:
    lease = state.lease
    if lease is None or now < lease.until <= now + LONGEST_LEASE:
        return []
    shown = {"owner": printable(lease.owner)[:80], "until": audience.date(lease.until)}
    if lease.until > now:
        return [Checked("runs lease", CheckOutcome.WRONG, say("runs.lease_ahead", **shown), command(SET_CLOCK))]
    return [Checked("runs lease", CheckOutcome.NOTE, say("runs.lease_left", **shown), place.runs)]


def check_served(settings: Settings) -> list[Checked]:
    """Say what of the settings for `serve` is there by halves."""
    wanted = ("serve_audience", "serve_caller")
    missing = [variable(name) for name in wanted if not getattr(settings, name)]
    given = [variable(name) for name in wanted if getattr(settings, name)]
    given += [variable("serve_signature")] if settings.serve_signature == "removed" else []
    if not (missing and given):
        return []
    said = say("settings.serve", given=", ".join(given), missing=", ".join(missing))
    return [Checked("settings", CheckOutcome.WRONG, said, command(" ".join(f"{name}=…" for name in missing)))]


def check_lease(settings: Settings, *, on_cloud_run: bool) -> list[Checked]:
    """Say whether the platform ends a run before its lease does: then that lease keeps later runs from their work."""
    ends = deployed_timeout() or (REQUEST_ENDS if settings.serve_audience else JOB_ENDS)
    if settings.starts + settings.lease <= ends:
        return []
    lengths = {"starts": settings.starts, "lease": settings.lease, "ends": ends}
    said = say("settings.lease", **{name: f"{length.total_seconds():.0f}" for name, length in lengths.items()})
    cure = command(f"{variable('lease')}={format_duration(ends - settings.starts)}")
    return [Checked("settings", CheckOutcome.WRONG if on_cloud_run else CheckOutcome.NOTE, said, cure)]
