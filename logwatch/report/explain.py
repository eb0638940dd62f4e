"""Why a rule is in its state, out of which figures, what is missing for another, and why something or nothing was sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from logwatch.collect.parse import OWN_GAUGES
from logwatch.judge.alerts import Alert, AlertState, fingerprint, needed_windows
from logwatch.judge.kinds.contrast import Contrast
from logwatch.judge.kinds.gauge import UNMEASURED
from logwatch.judge.kinds.interface import Term, Weighed, hold
from logwatch.judge.kinds.quiet import Quiet
from logwatch.judge.rules.model import Severity
from logwatch.judge.verdicts import Level, Verdict, Why
from logwatch.languages import Worded
from logwatch.notify.escalation import unanswered_since
from logwatch.notify.outbox import note_of
from logwatch.report.state_lists import incident_of, is_about, name, say_silent, say_through, silent_now
from logwatch.spans import WINDOW, Span, rfc3339
from logwatch.ui.format import format_figure, format_normal, format_range, format_span, format_value, format_warning, in_units
from logwatch.ui.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime, tzinfo

    from logwatch.count.windows import Windows
    from logwatch.judge.kinds.interface import Compared
    from logwatch.judge.rules.model import Rule, RuleSet
    from logwatch.languages.keys import Key
    from logwatch.notify.incidents import Incident, Suppression
    from logwatch.notify.outbox import Note, Outgoing
    from logwatch.state.document import State
    from logwatch.ui.format import Audience

SCHEMA = 1
SHOWN = 10
"""Windows that are shown, the last ones."""
POWERS = {Term.EVIDENCE, Term.CHANCE}
"""What is written as a power of ten."""


class Next(Worded, families=("next",)):
    """What is told next of an alert, or why nothing is."""

    NOTHING = "nothing"
    FIRING = "firing"
    """When it fires."""
    SILENT = "silent"
    """Nothing, as silences and causes stand."""
    RUN = "run"
    """The next run decides."""
    LATER = "later"
    """With the next message about more rules or shops."""
    REMINDER = "reminder"
    ESCALATED = "escalated"
    QUIET = "quiet"
    """Nothing before the end of the quiet hours."""
    EASED = "eased"
    ACKNOWLEDGED = "acknowledged"
    RECOVERING = "recovering"


@dataclass(frozen=True, slots=True)
class Question:
    """What an explanation is made of."""

    state: State
    rules: RuleSet
    now: datetime
    remind_every: timedelta
    windows: Windows | None
    """Up to the last that was judged, as far as their entries are known; None where nobody has them."""
    zone: tzinfo = UTC
    """Whose hours are those of oncall.yaml."""
    simulated: bool = False
    """Whether no run has left the state, but a simulated clock."""


@dataclass(frozen=True, slots=True)
class Explained:
    """How one rule and shop stand, and all that this comes from."""

    rule: Rule
    labels: dict[str, str]
    alert: Alert | None
    verdicts: tuple[Verdict, ...]
    """Those of the last windows, oldest first; none where an alert is left of a rule that was not judged there."""
    weighed: Weighed
    """What the last of them stands on."""
    silent: Suppression | None
    """Why it does not speak, or would not."""
    incident: Incident | None
    """The one that it belongs to, where that goes on."""
    told: tuple[Note, ...]
    """Messages that have named it since it fires."""
    waiting: tuple[Outgoing, ...]
    """Those that are on their way."""
    next: Next
    next_in: timedelta | None
    """How long it is to that, if all stays as it is; None where no time tells."""


def explain(rule: Rule, asked: Question) -> list[Explained]:
    """Say for every shop that a rule judges how it stands, why, and what was told or why nothing was."""
    state = asked.state
    alerts = {alert.fingerprint: alert for alert in state.alerts if alert.rule == rule.rule}
    judged = {fingerprint(each.rule, each.labels): each for each in state.verdicts if each.rule == rule.rule}
    courses = _courses(rule, asked)
    silent = silent_now(state, asked.rules, asked.now)
    found = []
    for mark in dict.fromkeys((*judged, *alerts)):
        alert, verdict = alerts.get(mark), judged.get(mark)
        before, weighed = courses.get(mark, ((), Weighed(())))
        if verdict and {*rule.kind.reads.gauges} & {*OWN_GAUGES}:  # measured by the run alone, and not kept
            before = ()
            in_run = any(UNMEASURED.get(each) is Why.ONLY_IN_RUN for each in rule.kind.reads.gauges)
            if asked.simulated and in_run:  # its zero was never measured
                verdict = replace(verdict, level=Level.UNKNOWN, value=None, why=Why.ONLY_IN_RUN)
            weighed = Weighed((hold(Term.VALUE, verdict.value, rule.warning),) if verdict.value is not None else ())
        verdicts = (*before[:-1], verdict) if verdict else ()
        incident = incident_of(state, alert) if alert else None
        told = tuple(each for each in state.notes if incident and alert and is_about(each, incident, alert))
        waiting = tuple(each for each in state.outbox if incident and alert and is_about(note_of(each), incident, alert))
        comes, next_in = _next(alert, incident, silent, asked)
        labels = alert.labels if alert else verdict.labels if verdict else {}
        muted = silent.get(mark)
        found.append(Explained(rule, labels, alert, verdicts, weighed, muted, incident, told, waiting, comes, next_in))
    return found


def _courses(rule: Rule, asked: Question) -> dict[str, tuple[tuple[Verdict, ...], Weighed]]:
    """Give the last windows' verdicts by fingerprint, and what the last one stands on."""
    if asked.windows is None or asked.state.cursor is None:
        return {}
    from logwatch.judge.evaluate import weigh

    span = Span(
        max(asked.state.cursor - SHOWN * WINDOW, asked.state.started_at or asked.windows.span.start), asked.state.cursor
    )
    found = weigh(rule, asked.windows, span) if span.start < span.end else []
    return {fingerprint(rule.rule, course.labels): (tuple(course.verdicts()), weighed) for course, weighed in found}


def _next(
    alert: Alert | None, incident: Incident | None, silent: Mapping[str, Suppression], asked: Question
) -> tuple[Next, timedelta | None]:
    """Say what is told next, if all stays as it is, and in how long."""
    if alert is None or alert.state is AlertState.RESOLVED:
        return Next.NOTHING, None
    if alert.fingerprint in silent:
        return Next.SILENT, None
    rule = asked.rules.by_id.get(alert.rule)
    severity = incident.severity if incident else rule.severity if rule else Severity.WARN
    if asked.rules.oncall.is_quiet(severity, asked.now.astimezone(asked.zone)):
        return Next.QUIET, None
    if alert.state is AlertState.PENDING:
        return Next.FIRING, None
    if incident is None or incident.told_at is None:
        return Next.RUN, None
    return _next_of_told(alert, incident, silent, asked)


def _next_of_told(
    alert: Alert, incident: Incident, silent: Mapping[str, Suppression], asked: Question
) -> tuple[Next, timedelta | None]:
    if alert.fingerprint not in incident.told:
        return Next.LATER, None
    if incident.acknowledged_at:
        return Next.ACKNOWLEDGED, None
    firing = [each for each in asked.state.alerts if each.state is AlertState.FIRING and each.fingerprint not in silent]
    if not any(each.fingerprint in incident.members and not each.eased_at and not each.normals for each in firing):
        return Next.EASED if alert.eased_at else Next.RECOVERING, None
    reminds_at = (incident.told_at or asked.now) + asked.remind_every
    route = asked.rules.oncall.route(incident.severity, incident.procedure, asked.now.astimezone(asked.zone))
    steps = route.escalate[incident.escalated :]
    escalates_at = unanswered_since(incident) + steps[0].after if steps else reminds_at
    comes = Next.ESCALATED if escalates_at < reminds_at else Next.REMINDER
    return comes, max(min(escalates_at, reminds_at) - asked.now, timedelta())


def explained_lines(
    found: Explained, asked: Question, audience: Audience, *, whole: bool = True, told: Key = "told"
) -> list[str]:
    """Say an explanation; with `whole`, the windows before the last one too. `told` says how a message went out."""
    now = asked.now
    alert = found.alert
    head = (
        audience.say(alert.state.key_in("alert_is"), at=audience.clock(alert.since, now))
        if alert
        else audience.say("is_inactive")
    )
    named = name(alert or found.verdicts[-1], audience)
    lines = [
        *_figures(found, audience, now, whole=whole),
        *_missing(found, audience, now),
        *_telling(found, asked, audience, told),
    ]
    return [f"{named}: {head}", *(f"  {line}" for line in lines)]


def _figures(found: Explained, audience: Audience, now: datetime, *, whole: bool) -> Iterator[str]:
    """Say the last windows, and what the last one is held against."""
    rule = found.rule
    if not found.verdicts:
        return
    *before, last = (_window(each, rule, now, audience) for each in found.verdicts)
    bounds = {"normal": format_normal(rule, audience), "warning": format_warning(rule, audience)}
    yield audience.say("last_window", window=last, **bounds)
    nothing = isinstance(rule.kind, Contrast) and not any(each.denominator or each.why for each in found.verdicts)
    if whole and before and not nothing:
        yield from (f"  {window}" for window in reversed(before))
    for each in found.weighed.tests:
        figures = {"term": audience.say(each.term.key), "value": _figure(each, audience), "needed": _needed(each, audience)}
        if each.term is Term.VALUE:
            figures |= {name: in_units(figures[name], rule, audience) for name in ("value", "needed")}
        yield audience.say("held_against", mark="✓" if each.holds else "✗", **figures)
    if nothing:
        yield audience.say("no_newest_revision")
    yield from _readings(found, audience)
    if rule.kind.weeks:
        middle = format_value(rule.bounds.middle, rule.normal.unit)
        yield audience.say("by_chance", weeks=rule.kind.weeks, middle=middle)


def _readings(found: Explained, audience: Audience) -> Iterator[str]:
    """Say how figures are to be read that seem to contradict each other."""
    needed = {each.term: each.needed for each in found.weighed.tests}
    if isinstance(found.rule.kind, Quiet) and needed:
        yield audience.say("expected_pair")
        if needed[Term.SHARE] != found.rule.warning:
            bounds = {"needed": format_range(needed[Term.SHARE]), "warning": format_range(found.rule.warning)}
            yield audience.say("sudden_bound", **bounds)
    if Term.NEWEST in needed:
        yield audience.say("evidence_stretch")


def _window(verdict: Verdict, rule: Rule, now: datetime, audience: Audience) -> str:
    """Write one window: `15:30–15:31 warning 31.8% (34/107, 5 min)`."""
    why = f", {audience.why(verdict)}" if verdict.why else ""
    level, value = audience.say(verdict.level.key), format_figure(verdict, rule, audience)
    end = verdict.window_end
    return f"{audience.clock(end - WINDOW, now)}–{audience.clock(end, end)} {level} {value}{why}"


def _figure(each: Compared, audience: Audience) -> str:
    if each.value is not None and each.term in POWERS:
        return _power(each.term, each.value, audience)
    return format_value(each.value, each.needed.unit)


def _power(term: Term, exponent: float, audience: Audience) -> str:
    """Write a power of ten: how many times likelier, or a probability."""
    if term is Term.CHANCE:
        return f"{float(f'{10**exponent * 100:.2g}'):g}%" if exponent > -6 else "<0.0001%"
    count = f"10^{exponent:.0f}" if exponent > 7 else f"{10**exponent:,.0f}" if exponent > 1 else f"{10**exponent:.1f}"
    count = "<0.1" if count == "0.0" else count
    return audience.say("times_likelier", count=count)


def _needed(each: Compared, audience: Audience) -> str:
    sign, bound = each.needed.direction.replace("<=", "≤").replace(">=", "≥"), each.needed.bound
    if each.term is Term.CHANCE:
        return f"{sign}{Decimal(f'{10**bound * 100:.2g}'):f}%"
    if each.term in POWERS:
        return f"{sign}{_power(each.term, bound, audience)}"
    return f"{sign}{bound * 100:g}%" if each.needed.unit == "%" else f"{sign}{bound:.4g}{each.needed.unit}"


def _missing(found: Explained, audience: Audience, now: datetime) -> Iterator[str]:
    """Say what is missing to fire, or to be over."""
    alert, rule = found.alert, found.rule
    last = found.verdicts[-1] if found.verdicts else None
    if found.weighed.to_prove and (last is None or last.level is not Level.WARNING):
        yield audience.say("to_prove", count=found.weighed.to_prove)
    if alert is None:
        return
    if alert.state is AlertState.PENDING:
        yield audience.say("pending_of", seen=alert.warnings, needed=needed_windows(rule))
    if alert.state is AlertState.FIRING and found.weighed.to_recover:
        yield audience.say("to_recover", count=found.weighed.to_recover)
    if alert.state is AlertState.FIRING and alert.normals:
        yield audience.say("normal_of", seen=alert.normals, needed=rule.keep_firing_for // WINDOW + 1)
    elif alert.eased_at:
        yield audience.say("eased_since", at=audience.clock(alert.eased_at, now))
    elif alert.state is AlertState.FIRING and last and last.level is Level.ELEVATED:
        yield audience.say("kept_elevated")
    if alert.unknown_since:
        yield audience.say("unknown_since", at=audience.clock(alert.unknown_since, now))


def _telling(found: Explained, asked: Question, audience: Audience, told: Key) -> Iterator[str]:
    """Say what was sent about an alert, who is on it, and what comes next or why nothing does."""
    now = asked.now
    for note in found.told:
        at, reason = audience.clock(note.at, now), audience.say(note.reason.key)
        key: Key = "told_nowhere" if told == "told" and not note.delivered else told
        yield audience.say(key, at=at, reason=reason, where=say_through(note, audience))
    for each in found.waiting:
        reason = audience.say(each.notification.reason.key)
        if not each.deliveries:
            yield audience.say("waits_unheard", reason=reason)
        for channel, delivery in each.deliveries.items():
            if not delivery.over:
                error = f": {printable(audience.spoken(delivery.error.splitlines()[0]))}" if delivery.error else ""
                yield audience.say("waits", reason=reason, channel=channel, attempts=delivery.attempts) + error
    if found.incident and found.incident.acknowledged_at:
        at, by = audience.clock(found.incident.acknowledged_at, now), printable(found.incident.acknowledged_by)
        yield audience.say("acknowledged", at=at, by=by)
    if found.silent:
        yield say_silent(asked.state, found.silent, audience)
    left = "" if found.next_in is None else format_span(found.next_in, audience)
    if found.next is not Next.SILENT or (found.alert and found.alert.state is AlertState.PENDING):
        yield audience.say(found.next.key, span=left)


def explained_json(found: Iterable[Explained], rule: Rule, now: datetime) -> dict[str, Any]:
    """Give explanations for other programs."""
    return {
        "schema": SCHEMA,
        "rule": rule.rule,
        "at": rfc3339(now),
        "normal": str(rule.normal),
        "warning": str(rule.warning),
        "windows_to_fire": needed_windows(rule),
        "windows_to_resolve": rule.keep_firing_for // WINDOW + 1,
        "explained": [_one_json(each) for each in found],
    }


def _one_json(found: Explained) -> dict[str, Any]:
    return {
        **standing_json(found),
        "windows": [_window_json(each) for each in found.verdicts],
        "tests": [
            {"test": str(each.term), "value": each.value, "needed": str(each.needed), "holds": each.holds}
            for each in found.weighed.tests
        ],
        "to_prove": found.weighed.to_prove,
        "to_recover": found.weighed.to_recover,
    }


def standing_json(found: Explained) -> dict[str, Any]:
    """Give how it stands with one rule and shop, who was told, and what comes next."""
    alert, incident, silent = found.alert, found.incident, found.silent
    return {
        "labels": found.labels,
        "state": str(alert.state) if alert else "inactive",
        "since": rfc3339(alert.since) if alert else None,
        "firing_at": rfc3339(alert.firing_at) if alert else None,
        "warnings": alert.warnings if alert else 0,
        "normals": alert.normals if alert else 0,
        "eased_at": rfc3339(alert.eased_at) if alert else None,
        "unknown_since": rfc3339(alert.unknown_since) if alert else None,
        "silent": {"why": str(silent.why), "by": silent.by, "until": rfc3339(silent.until)} if silent else None,
        "incident": incident.id if incident else None,
        "acknowledged_at": rfc3339(incident.acknowledged_at) if incident else None,
        "acknowledged_by": incident.acknowledged_by if incident else "",
        "messages": [
            {"id": note.id, "at": rfc3339(note.at), "reason": str(note.reason), "channels": _delivered(note)}
            for note in (*found.told, *map(note_of, found.waiting))
        ],
        "next": str(found.next),
        "next_in_s": None if found.next_in is None else round(found.next_in.total_seconds()),
    }


def _delivered(note: Note) -> dict[str, str | None]:
    return {channel: rfc3339(at) for channel, at in note.delivered.items()}


def _window_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "end": rfc3339(verdict.window_end),
        "level": str(verdict.level),
        "value": verdict.value,
        "numerator": verdict.numerator,
        "denominator": verdict.denominator,
        "span_s": round(verdict.span.total_seconds()),
        "proven": verdict.proven,
        "why": str(verdict.why),
    }
