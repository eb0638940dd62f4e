"""What `doctor` finds, and what it means: facts in, one line and its cure out."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size

from logwatch.checks import COMMAND, MARKS, Checked, CheckOutcome, command, ok, say
from logwatch.ui.printable import printable
from logwatch.ui.tables import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta

    from logwatch.collect.interface import Answer, EndpointShape
    from logwatch.languages.keys import DoctorKey
    from logwatch.report.absence import WatchedService
    from logwatch.ui.format import Audience
    from logwatch.ui.tables import Paper

CLOCK_OFF_S = 30
"""Seconds that a clock may be off before it is told: windows close after a grace of 90 s."""


SET_CLOCK = "sudo timedatectl set-ntp true"


# ---- the log


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
        return Checked("clock", CheckOutcome.UNSURE, say("clock.unknown"), (say("cure.clock"),))
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


def to_text(checks: Iterable[Checked], audience: Audience, paper: Paper) -> str:
    """Give a line for each check, and below it what mends it; a command that is broken can still be pasted."""
    found = list(checks)
    width = max((cell_len(each.name(audience)) for each in found), default=0)
    lines = []
    for each in found:
        name = set_cell_size(each.name(audience), width)
        said = printable(" ".join(each.said.to(audience).split()))
        lines.append(fold(f"{MARKS[each.outcome]} {name}  {said}".rstrip(), paper, width + 4))
        for cure in each.cures:
            end = " \\" if cure.key == COMMAND else ""
            lines.append(fold(f"{' ' * (width + 4)}→ {cure.to(audience)}", paper, width + 6, end))
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
