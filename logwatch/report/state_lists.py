"""What a state holds, as lists: how old it is, what fires and why it is silent, what was told, what is muted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from logwatch.collect.parse import parse_series
from logwatch.judge.alerts import Alert, AlertState
from logwatch.notify.decide import silent
from logwatch.notify.incidents import Muted, NotifyReason, Suppression
from logwatch.notify.outbox import KEPT_NOTES, note_of
from logwatch.notify.silences import EVERY, Recurrence, RecurringSilence, Silence
from logwatch.spans import rfc3339
from logwatch.ui.format import NOTHING, format_short, format_span, format_warning
from logwatch.ui.printable import printable
from logwatch.ui.tables import Section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logwatch.judge.rules.model import RuleSet
    from logwatch.judge.verdicts import Verdict
    from logwatch.languages.keys import Key
    from logwatch.notify.incidents import Incident
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


def name(found: Alert | Verdict, audience: Audience) -> str:
    """Name a rule and shop."""
    return f"{found.rule} ({audience.shop_cell(found.labels)})"


def silent_now(state: State, rules: RuleSet, now: datetime) -> dict[str, Suppression]:
    """Say which alerts do not speak, or would not once they fire, as silences stand now and not as they did in the last run.

    That one shop's silence holds for all shops together only the run knows, which has the windows.
    """
    held = {each.id for each in state.memory.held(now)}
    known = {each.fingerprint: each for each in state.suppressed if each.by in held}
    return known | silent(state.alerts, state.memory, rules, now)


def say_silent(state: State, muted: Suppression, audience: Audience) -> str:
    """Say why an alert does not speak."""
    if muted.why is Muted.INHIBITED:
        return audience.say("inhibited_by", rule=muted.by)
    reason = next((printable(each.reason) for each in state.memory.muting if each.id == muted.by), "")
    until = audience.date(muted.until) if muted.until else ""
    return audience.say("silenced_until", at=until, reason=reason, id=muted.by)


def incident_of(state: State, alert: Alert) -> Incident | None:
    """Give the incident that a firing alert belongs to, where that goes on."""
    if alert.state is not AlertState.FIRING:
        return None
    return next((each for each in state.memory.incidents if alert.fingerprint in each.members and not each.closed_at), None)


def is_about(note: Note, incident: Incident, alert: Alert) -> bool:
    """Tell whether a message was about an alert as it fires now: an older program has only written down the rules."""
    named = alert.fingerprint in note.marks if note.marks else alert.rule in note.rules
    return incident.id in note.incidents and named and note.at >= (alert.firing_at or alert.pending_at)


def say_told(state: State, alert: Alert, now: datetime, audience: Audience) -> str:
    """Say on which channels an alert was told, and when first on each; where it was not, whether it waits or was given up."""
    incident = incident_of(state, alert)
    if incident is None:
        return ""
    waiting = [each for each in state.outbox if is_about(note_of(each), incident, alert)]
    notes = [note for note in state.notes if is_about(note, incident, alert)]
    shown: dict[str, str] = {}
    for note in (*notes, *map(note_of, waiting)):
        for channel, at in note.delivered.items():
            shown |= {channel: f"{channel} {audience.clock(at, now)}"} if at and channel not in shown else {}
    for each in waiting:
        under_way = {channel: one for channel, one in each.deliveries.items() if not one.over}
        shown = {channel: _on_its_way(channel, one, audience) for channel, one in under_way.items()} | shown
    given_up = (channel for note in notes for channel in note.delivered)
    shown = {channel: audience.say("given_up", channel=channel) for channel in given_up} | shown
    return ", ".join(shown.values()) or (audience.say("nowhere") if notes or waiting else NOTHING)


def say_taken(state: State, alert: Alert, now: datetime, audience: Audience) -> str:
    """Say who is on an alert, and since when."""
    incident = incident_of(state, alert)
    if incident is None:
        return ""
    at = incident.acknowledged_at
    return f"{printable(incident.acknowledged_by)} {audience.clock(at, now)}" if at else NOTHING


def firing_rows(state: State, rules: RuleSet, now: datetime, audience: Audience) -> list[tuple[str, ...]]:
    """Give the alerts that are there: name, state, since, value, where told, who is on it, why it is silent, procedure."""
    suppressed = silent_now(state, rules, now)
    rows: list[tuple[str, ...]] = []
    for alert in state.alerts:
        rule = rules.by_id.get(alert.rule)
        if rule and alert.state is not AlertState.RESOLVED:
            muted = suppressed.get(alert.fingerprint)
            rows.append(
                (
                    name(alert, audience),
                    audience.say(alert.state.key),
                    audience.moment(alert.since),
                    f"{format_short(alert.latest, rule, audience)} · {format_warning(rule, audience)}",
                    say_told(state, alert, now, audience),
                    say_taken(state, alert, now, audience),
                    say_silent(state, muted, audience) if muted else "",
                    rule.procedure,
                )
            )
    return rows


def _progress(deliveries: dict[str, ChannelDelivery], audience: Audience) -> str:
    """Say on which channels a message is through, and on which it waits after how many failures."""
    return ", ".join(
        channel if each.delivered_at else _on_its_way(channel, each, audience) for channel, each in deliveries.items()
    )


def _on_its_way(channel: str, delivery: ChannelDelivery, audience: Audience) -> str:
    return audience.say("on_its_way", channel=channel, attempts=delivery.attempts)


def say_through(note: Note, audience: Audience) -> str:
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
    done = [(note.at, note.reason, note.rules, note.scope, say_through(note, audience)) for note in state.notes]
    return [
        (
            audience.moment(at),
            audience.say(reason.key),
            ", ".join(rules),
            scope.cell(audience),
            channels,
        )
        for at, reason, rules, scope, channels in sorted([*done, *waiting], key=lambda row: row[0], reverse=True)
    ]


def silence_rows(state: State, now: datetime, audience: Audience) -> list[tuple[str, ...]]:
    """Give the silences that are not over: id, rule, shop, when it holds, until when, reason, by whom."""
    return [
        (
            each.id,
            say_rule(each.rule, audience),
            audience.shop_cell(each.labels),
            say_times(each, now, audience) if isinstance(each, RecurringSilence) else audience.say("silence_now"),
            audience.date(each.until),
            printable(each.reason),
            printable(each.by),
        )
        for each in state.memory.muting
        if each.until > now
    ]


MOST_PAST = 20
"""Messages that a list shows, the newest."""
SILENCE_COLUMNS: tuple[Key, ...] = ("id", "rule", "shop", "holds", "lifts_at", "reason", "by")


def state_sections(state: State, rules: RuleSet, now: datetime, audience: Audience) -> list[Section]:
    """Give what a state says of now: what fires and who knows, what is muted and until when, and what was told lately."""
    firing, muted = firing_rows(state, rules, now, audience), silence_rows(state, now, audience)
    heads = audience.columns("alert", "state", "from_when", "value", "channels", "taken_col", "silent_because", "procedure")
    told = audience.columns("when", "kind", "rules", "shop", "channels")
    heading: Key = "told_before" if _has_sent(state) else "timeline"
    found = [
        Section("", heads, tuple(firing), () if firing else (audience.say("no_alerts"),)),
        Section(audience.say("muted_now"), audience.columns(*SILENCE_COLUMNS), tuple(muted)),
        Section(audience.say(heading), told, tuple(past_rows(state, audience)[:MOST_PAST])),
    ]
    return [each for each in found if each.rows or each.notes]


def _has_sent(state: State) -> bool:
    """Tell whether any message had a channel to go to: none has in what a replay leaves behind."""
    return any(note.delivered for note in state.notes) or any(each.deliveries for each in state.outbox)


def say_rule(rule: str, audience: Audience) -> str:
    """Name a rule, or all of them."""
    return audience.say("all_rules") if rule == EVERY else rule


def say_times(silence: RecurringSilence, now: datetime, audience: Audience) -> str:
    """Say when a recurring silence holds, and when it does so next or for how long it still does."""
    every, span = _every(silence, audience), format_span(silence.length, audience)
    held = next(silence.times(now), None)
    if held is None:
        return audience.say("silence_every", every=every, span=span)
    if held.start <= now:
        return audience.say("silence_every_now", every=every, span=span, at=audience.date(held.end))
    return audience.say("silence_every_next", every=every, span=span, at=audience.date(held.start))


def _every(silence: RecurringSilence, audience: Audience) -> str:
    """Say on which days and at which hour it begins, as it can be typed again."""
    found = Recurrence.parse(silence.every)
    names = audience.say("weekdays").lower().split()
    days = audience.say("every_day") if len(found.days) == len(names) else ",".join(names[day] for day in found.days)
    return f"{days} {found.hour:02}:{found.minute:02}"


def known_shops(state: State, shop_label: str) -> list[str]:
    """Give the shops that the state has seen: in the last window, in what was told, and in the last days."""
    found: list[Mapping[str, str]] = [each.labels for each in state.verdicts]
    found += [each.labels for each in state.alerts]
    found += [labels for note in state.notes for labels in (note.labels, *({shop_label: shop} for shop in note.shops))]
    found += [parse_series(key).labels for day in state.days for key in day.hourly]
    return sorted({labels[shop_label] for labels in found if shop_label in labels})


@dataclass(frozen=True, slots=True)
class WouldMute:
    """What a silence would have muted, had it been there."""

    since: datetime
    """How far back it is known what was told."""
    told: int
    """Messages since then about something that fires."""
    muted: tuple[tuple[Note, bool], ...]
    """Those that it would have muted, and whether wholly: of some only a part of what they tell."""


UNMUTED = {NotifyReason.RESOLVED, NotifyReason.SILENCE_ENDING, NotifyReason.DIGEST, NotifyReason.TEST}
"""Messages that no silence mutes: ends are told of what was told, and there is none of what was not."""


def would_mute(state: State, silence: Silence | RecurringSilence, since: datetime, now: datetime) -> WouldMute:
    """Say which messages since a time a silence would have muted; one that holds once is held against every hour."""
    waiting = [note_of(each) for each in state.outbox]
    kept = state.notes[0].at if len(state.notes) >= KEPT_NOTES else state.started_at
    since = max(since, kept or now)
    notes = [each for each in (*state.notes, *waiting) if since <= each.at <= now and each.reason not in UNMUTED]
    times = (
        list(takewhile(lambda span: span.start <= now, silence.times(since))) if isinstance(silence, RecurringSilence) else None
    )
    held = [each for each in notes if times is None or any(span.start <= each.at < span.end for span in times)]
    muted = [(each, _reach(silence, each)) for each in held]
    return WouldMute(since, len(notes), tuple((each, whole) for each, whole in muted if whole is not None))


def _reach(silence: Silence | RecurringSilence, note: Note) -> bool | None:
    """Tell whether a silence covers all that a message tells; None where it covers nothing of it."""
    rules = silence.rule == EVERY or {*note.rules} == {silence.rule}
    shops = silence.labels.items() <= note.labels.items()
    if (not rules and silence.rule not in note.rules) or (not shops and not {*silence.labels.values()} & {*note.shops}):
        return None
    return rules and shops


def muted_rows(found: WouldMute, audience: Audience) -> list[tuple[str, ...]]:
    """Give what would have been muted, newest first: when, why it was told, about which rules and shop, how much of it."""
    return [
        (
            audience.moment(note.at),
            audience.say(note.reason.key),
            ", ".join(note.rules),
            note.scope.cell(audience),
            audience.say("muted_wholly" if whole else "muted_partly"),
        )
        for note, whole in sorted(found.muted, key=lambda each: each[0].at, reverse=True)
    ]
