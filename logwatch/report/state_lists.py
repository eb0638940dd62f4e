"""What a state holds, as lists: how old it is, what fires and why it is silent, what was told, what is muted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from logwatch.collect.parse import parse_series
from logwatch.judge.alerts import Alert, AlertState
from logwatch.notify.incidents import Muted, NotifyReason, Suppression, silent
from logwatch.notify.outbox import KEPT_NOTES, note_of
from logwatch.notify.silences import EVERY, RecurringSilence, Silence
from logwatch.spans import rfc3339
from logwatch.ui.format import format_short, format_span, format_warning, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logwatch.judge.rules.model import RuleSet
    from logwatch.judge.verdicts import Verdict
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


def firing_rows(state: State, rules: RuleSet, now: datetime, audience: Audience) -> list[tuple[str, ...]]:
    """Give the alerts that are there: name, state, since, value, procedure, why it is silent."""
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
                    rule.procedure,
                    say_silent(state, muted, audience) if muted else "",
                )
            )
    return rows


def _progress(deliveries: dict[str, ChannelDelivery], audience: Audience) -> str:
    """Say on which channels a message is through, and on which it waits after how many failures."""
    return ", ".join(
        channel if each.delivered_at else audience.say("on_its_way", channel=channel, attempts=each.attempts)
        for channel, each in deliveries.items()
    )


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


def say_rule(rule: str, audience: Audience) -> str:
    """Name a rule, or all of them."""
    return audience.say("all_rules") if rule == EVERY else rule


def say_times(silence: RecurringSilence, now: datetime, audience: Audience) -> str:
    """Say when a recurring silence holds, and when it does so next or for how long it still does."""
    every, span = silence.every, format_span(silence.length, audience)
    held = next(silence.times(now), None)
    if held is None:
        return audience.say("silence_every", every=every, span=span)
    if held.start <= now:
        return audience.say("silence_every_now", every=every, span=span, at=audience.date(held.end))
    return audience.say("silence_every_next", every=every, span=span, at=audience.date(held.start))


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
