"""Why a rule is in its state, and why something or nothing was sent; what fires and what was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from logwatch.judge.alerts import Alert, AlertState, fingerprint, needed_windows
from logwatch.judge.verdicts import Level, Verdict
from logwatch.notify.incidents import Muted, Suppression
from logwatch.spans import rfc3339
from logwatch.ui.format import format_figure, format_normal, format_short, format_span, format_value, format_warning, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from logwatch.judge.rules.model import Rule
    from logwatch.languages.keys import Key
    from logwatch.notify.outbox import ChannelDelivery, Note
    from logwatch.state.document import State
    from logwatch.ui.format import Audience


OLD, TOO_OLD = timedelta(minutes=5), timedelta(minutes=15)
"""From which age on a state is said to be old: a run a minute leaves it two minutes behind."""


@dataclass(frozen=True, slots=True)
class Age:
    """How old the answers of a state are."""

    judged_to: datetime | None
    """End of the last window that was judged."""
    age: timedelta
    """Below 0 where that lies ahead."""

    @property
    def colour(self) -> str | None:
        """What a terminal shows it in; None for nothing special."""
        if self.judged_to is None or self.age > TOO_OLD or self.age < timedelta():
            return "red"
        return "yellow" if self.age > OLD else None


def age_of(state: State, now: datetime) -> Age:
    """Say how old the answers of a state are."""
    return Age(state.cursor, now - (state.cursor or now))


def age_json(age: Age, place: str) -> dict[str, Any]:
    """Give the same for other programs."""
    return {
        "place": place,
        "judged_to": rfc3339(age.judged_to),
        "age_s": round(age.age.total_seconds()) if age.judged_to else None,
    }


def say_age(age: Age, place: str, audience: Audience) -> str:
    """Say where a state is, and how old."""
    if age.judged_to is None:
        return audience.say("state_unjudged", place=printable(place))
    key: Key = "state_age" if age.age >= timedelta() else "state_ahead"
    return audience.say(key, place=printable(place), at=audience.date(age.judged_to), age=format_span(abs(age.age), audience))


def explain(state: State, rule: Rule, audience: Audience, next_reminder: Callable[[datetime], timedelta]) -> list[str]:
    """Say for every shop that the rule judges how it stands, why, and what was told or why nothing was.

    `next_reminder` gives how long it is still to the reminder of what was told at a time.
    """
    verdicts = {fingerprint(each.rule, each.labels): each for each in state.verdicts if each.rule == rule.rule}
    alerts = {alert.fingerprint: alert for alert in state.alerts if alert.rule == rule.rule}
    lines, now = [], state.cursor
    for mark in [*verdicts, *(mark for mark in alerts if mark not in verdicts)]:
        alert, verdict = alerts.get(mark), verdicts.get(mark)
        found = alert or verdict
        if found:
            head = (
                audience.say(alert.state.key_in("alert_is"), at=audience.clock(alert.since, now))
                if alert
                else audience.say("is_inactive")
            )
            lines.append(f"{name(found, audience)}: {head}")
            lines += [f"  {line}" for line in _reasons(alert, verdict, rule, audience, now)]
            lines += [f"  {line}" for line in _telling(state, mark, alert, audience, next_reminder)]
    if not lines:
        lines.append(audience.say("never_judged", rule=rule.rule))
    return lines


def name(found: Alert | Verdict, audience: Audience) -> str:
    """Name a rule and shop."""
    return f"{found.rule} ({audience.shop(found.labels)})"


def _reasons(alert: Alert | None, verdict: Verdict | None, rule: Rule, audience: Audience, now: datetime | None) -> list[str]:
    lines = []
    if verdict:
        value = format_figure(verdict, rule, audience)
        why = f", {audience.why(verdict)}" if verdict.why else ""
        bounds = {"normal": format_normal(rule, audience), "warning": format_warning(rule, audience)}
        figures = {"level": audience.say(verdict.level.key), "value": value, **bounds}
        lines.append(audience.say("last_window", at=audience.clock(verdict.window_end), **figures) + why)
    if rule.kind.weeks:
        middle = format_value(rule.bounds.middle, rule.normal.unit)
        lines.append(audience.say("by_chance", weeks=rule.kind.weeks, middle=middle))
    if alert and alert.state is AlertState.PENDING:
        lines.append(audience.say("pending_of", seen=alert.warnings, needed=needed_windows(rule)))
    if alert and alert.state is AlertState.FIRING and alert.normals:
        minutes = int(rule.keep_firing_for.total_seconds()) // 60 + 1
        lines.append(audience.say("normal_of", seen=alert.normals, needed=minutes))
    elif alert and alert.eased_at:
        lines.append(audience.say("eased_since", at=audience.clock(alert.eased_at, now)))
    elif alert and alert.state is AlertState.FIRING and verdict and verdict.level is Level.ELEVATED:
        lines.append(audience.say("kept_elevated"))
    if alert and alert.unknown_since:
        lines.append(audience.say("unknown_since", at=audience.clock(alert.unknown_since, now)))
    return lines


def _telling(
    state: State, mark: str, alert: Alert | None, audience: Audience, next_reminder: Callable[[datetime], timedelta]
) -> list[str]:
    """Say what was sent about an alert, and what comes next or why nothing does."""
    if alert is None or alert.state is not AlertState.FIRING:
        return [audience.say("nothing_to_tell")]
    muted = next((each for each in state.suppressed if each.fingerprint == mark), None)
    lines = [_muted(state, muted, audience)] if muted else []
    incident = next((each for each in state.memory.incidents if mark in each.members and each.closed_at is None), None)
    if incident is None or incident.told_at is None:
        return lines
    lines += _told_and_waiting(state, incident.id, audience)
    if alert.eased_at:
        lines.append(audience.say("eased_no_reminder"))
    elif not muted:
        lines.append(audience.say("next_reminder", span=format_span(next_reminder(incident.told_at), audience)))
    return lines


def _told_and_waiting(state: State, incident: str, audience: Audience) -> list[str]:
    """Say what was sent about an incident, and what is on its way."""
    lines, now = [], state.cursor
    for note in state.notes:
        if incident in note.incidents:
            where = _through(note, audience)
            reason = audience.say(note.reason.key)
            lines.append(audience.say("told", at=audience.clock(note.at, now), reason=reason, where=where))
    for each in state.outbox:
        about = incident in {part.incident for part in each.notification.parts}
        if about and not each.deliveries:
            lines.append(audience.say("waits_unheard", reason=audience.say(each.notification.reason.key)))
        for channel, delivery in each.deliveries.items():
            if about and not delivery.over:
                reason = audience.say(each.notification.reason.key)
                error = f": {printable(delivery.error.splitlines()[0])}" if delivery.error else ""
                lines.append(audience.say("waits", reason=reason, channel=channel, attempts=delivery.attempts) + error)
    return lines


def _muted(state: State, muted: Suppression, audience: Audience) -> str:
    if muted.why is Muted.INHIBITED:
        return audience.say("inhibited_by", rule=muted.by)
    silence = next((each for each in state.memory.silences if each.id == muted.by), None)
    reason = printable(silence.reason) if silence else ""
    until = audience.moment(muted.until) if muted.until else ""
    return audience.say("silenced_until", at=until, reason=reason, id=muted.by)


def firing_rows(state: State, rules: dict[str, Rule], audience: Audience) -> list[tuple[str, ...]]:
    """Give the alerts that are there: name, state, since, value, procedure, why it is silent."""
    suppressed = {each.fingerprint: each for each in state.suppressed}
    rows: list[tuple[str, ...]] = []
    for alert in state.alerts:
        rule = rules.get(alert.rule)
        if rule and alert.state is not AlertState.RESOLVED:
            muted = suppressed.get(alert.fingerprint)
            rows.append(
                (
                    name(alert, audience),
                    audience.say(alert.state.key),
                    audience.moment(alert.since),
                    f"{format_short(alert.latest, rule, audience)} · {format_warning(rule, audience)}",
                    rule.procedure,
                    _muted(state, muted, audience) if muted else "",
                )
            )
    return rows


def _progress(deliveries: dict[str, ChannelDelivery], audience: Audience) -> str:
    """Say on which channels a message is through, and on which it waits after how many failures."""
    return ", ".join(
        channel if each.delivered_at else audience.say("on_its_way", channel=channel, attempts=each.attempts)
        for channel, each in deliveries.items()
    )


def _through(note: Note, audience: Audience) -> str:
    """Say through which channels a message went, and which never took it."""
    shown = [name if at else audience.say("given_up", channel=name) for name, at in note.delivered.items()]
    return ", ".join(shown) or audience.say("nowhere")


def past_rows(state: State, audience: Audience) -> list[tuple[str, ...]]:
    """Give what was told, newest first: when, why, about which rules and shop, through which channels."""
    waiting = [
        (one.at, one.reason, one.rules, one.scope, _progress(each.deliveries, audience))
        for each in state.outbox
        for one in [each.notification]
    ]
    done = [(note.at, note.reason, note.rules, note.scope, _through(note, audience)) for note in state.notes]
    return [
        (
            audience.moment(at),
            audience.say(reason.key),
            ", ".join(rules),
            scope.name(audience),
            channels,
        )
        for at, reason, rules, scope, channels in sorted([*done, *waiting], key=lambda row: row[0], reverse=True)
    ]


def silence_rows(state: State, now: datetime, audience: Audience) -> list[tuple[str, ...]]:
    """Give the silences that hold: id, rule, shop, until, reason, by whom."""
    return [
        (
            each.id,
            each.rule,
            audience.shop(each.labels),
            audience.moment(each.until),
            printable(each.reason),
            printable(each.by),
        )
        for each in state.memory.silences
        if each.until > now
    ]
