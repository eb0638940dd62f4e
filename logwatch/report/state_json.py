"""What other programs may rely on: the versioned JSON of `alerts`, of `silence list` and of `state show`."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from logwatch.judge.alerts import AlertState
from logwatch.notify.outbox import note_of
from logwatch.notify.silences import RecurringSilence
from logwatch.report.explain import SCHEMA, explain, standing_json
from logwatch.report.state_lists import age_json, age_of
from logwatch.spans import rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from logwatch.notify.outbox import ChannelDelivery, Note
    from logwatch.notify.silences import Silence
    from logwatch.report.explain import Explained, Question
    from logwatch.state.document import State


def alerts_json(asked: Question, place: str) -> dict[str, Any]:
    """Give what fires, what was told, newest first, and what is muted."""
    state, now = asked.state, asked.now
    named = {each.rule for each in state.alerts}
    found = (each for rule in asked.rules.rules if rule.rule in named for each in explain(rule, asked))
    waiting = [(note_of(each), each.deliveries) for each in state.outbox]
    told = [_message(note, {}) for note in state.notes] + [_message(note, on_way) for note, on_way in waiting]
    return {
        **_head(state, now, place),
        "alerts": [_alert(each) for each in found if each.alert and each.alert.state is not AlertState.RESOLVED],
        "messages": sorted(told, key=lambda each: str(each["at"]), reverse=True),
        "silences": _muting(state, now),
    }


def silences_json(state: State, now: datetime, place: str) -> dict[str, Any]:
    """Give the silences that are not over."""
    return {**_head(state, now, place), "silences": _muting(state, now)}


def state_json(state: State, now: datetime, place: str) -> dict[str, Any]:
    """Give where the state is, how old, and who holds it."""
    lease = {"owner": state.lease.owner, "until": rfc3339(state.lease.until)} if state.lease else None
    return {**_head(state, now, place), "lease": lease}


def _head(state: State, now: datetime, place: str) -> dict[str, Any]:
    return {"schema": SCHEMA, "at": rfc3339(now), "state": age_json(age_of(state, now), place)}


def _alert(found: Explained) -> dict[str, Any]:
    alert, rule = found.alert, found.rule
    latest = alert.latest if alert else None
    return {
        "rule": rule.rule,
        "procedure": rule.procedure,
        "severity": str(rule.severity),
        "normal": str(rule.normal),
        "warning": str(rule.warning),
        "level": str(latest.level) if latest else None,
        "value": latest.value if latest else None,
        "numerator": latest.numerator if latest else None,
        "denominator": latest.denominator if latest else None,
        **standing_json(found),
    }


def _message(note: Note, on_way: Mapping[str, ChannelDelivery]) -> dict[str, Any]:
    return {
        "id": note.id,
        "at": rfc3339(note.at),
        "reason": str(note.reason),
        "procedure": note.procedure,
        "rules": note.rules,
        "labels": note.labels,
        "shops": list(note.shops),
        "channels": {channel: rfc3339(at) for channel, at in note.delivered.items()},
        "waiting": {channel: each.attempts for channel, each in on_way.items() if not (each.delivered_at or each.given_up)},
    }


def _muting(state: State, now: datetime) -> list[dict[str, Any]]:
    return [_silence(each, now) for each in state.memory.muting if each.until > now]


def _silence(silence: Silence | RecurringSilence, now: datetime) -> dict[str, Any]:
    recurs = silence if isinstance(silence, RecurringSilence) else None
    held = next(islice(recurs.times(now), 1), None) if recurs else None
    return {
        "id": silence.id,
        "rule": silence.rule,
        "labels": silence.labels,
        "until": rfc3339(silence.until),
        "every": recurs.every if recurs else None,
        "minutes": recurs.minutes if recurs else None,
        "zone": recurs.zone if recurs else None,
        "holds_from": rfc3339(held.start if held else None if recurs else silence.created_at),
        "holds_to": rfc3339(held.end if held else None if recurs else silence.until),
        "reason": silence.reason,
        "by": silence.by,
        "created_at": rfc3339(silence.created_at),
    }
