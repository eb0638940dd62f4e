"""An incident under whose feet the counters change: told as over in no minute of its life."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from logwatch.collect.columns import Reading
from logwatch.collect.entries import Entry
from logwatch.count.windows import aggregate
from logwatch.judge.alerts import AlertState
from logwatch.judge.rules.service import load_log_shape
from logwatch.notify.incidents import NotifyReason
from logwatch.pipeline.replay import replay
from logwatch.pipeline.tick import Policy, Ticker
from logwatch.settings import bundled
from logwatch.spans import to_nanoseconds
from tests.support.life import ALIVE
from tests.support.platform import SUMMARY
from tests.support.replays import RULES

if TYPE_CHECKING:
    from collections.abc import Callable

    from logwatch.pipeline.replay import Replayed

START = datetime(2026, 2, 24, tzinfo=UTC)
SHAPE = load_log_shape(bundled("rules"))
BEGINS, LASTS, GOES_ON = 20, 8, 14
"""Minutes: before the incident, of it as it is known, and after the change."""
WATCHED = replace(RULES, rules=tuple(RULES.by_id[name] for name in ("checkout-error", "payment-confirm", "counters-vanished")))

Payload = dict[str, Any]
HEALTHY: Payload = {
    "checkout.attempt{service=kpa}": 20, "checkout.success{service=kpa}": 19, "cache.hit": 90,
    "payment.prepare{service=kpa}": 19, "payment.confirm.success{service=kpa}": 18,
}  # fmt: skip
BROKEN: Payload = {
    "checkout.attempt{service=kpa}": 20, "checkout.success{service=kpa}": 12, "checkout.error{service=kpa}": 8, "cache.hit": 90,
    "payment.prepare{service=kpa}": 12, "payment.confirm.success{service=kpa}": 2, "payment.confirm.failed{service=kpa}": 10,
}  # fmt: skip
READ_BY_ALERTS = ("checkout.error{service=kpa}", "payment.confirm.success{service=kpa}")


def some(change: Callable[[str, Any], tuple[str, Any]]) -> Callable[[Payload], Payload]:
    """Change only what the alerts read: the other counters go on as they were."""
    return lambda payload: dict(change(key, value) if key in READ_BY_ALERTS else (key, value) for key, value in payload.items())


CHANGES: dict[str, Callable[[Payload], Payload]] = {
    "all renamed": lambda payload: {f"m{number}.n": value for number, value in enumerate(payload.values())},
    "all prefixed": lambda payload: {f"o4o.{key}": value for key, value in payload.items()},
    "all in another case": lambda payload: {key.upper(): value for key, value in payload.items()},
    "all texts": lambda payload: {key: f"{value} times" for key, value in payload.items()},
    "all nested": lambda payload: {"metrics": payload},
    "these prefixed": some(lambda key, value: (f"o4o.{key}", value)),
    "these in another case": some(lambda key, value: (key.title(), value)),
    "these with something behind": some(lambda key, value: (key.replace("{", ".total{"), value)),
    "these flawed": some(lambda key, value: (key, f"{value} times")),
    "these nested": lambda payload: {
        **{key: value for key, value in payload.items() if key not in READ_BY_ALERTS},
        "more": {key: payload[key] for key in READ_BY_ALERTS if key in payload},
    },
}


def play(change: Callable[[Payload], Payload], at: int, after: Payload) -> Replayed:
    """An incident that is known for so many minutes, and then the change; the application logs `after` under it."""
    reading = Reading(shape=SHAPE)
    for minute in range(BEGINS + at + GOES_ON):
        payload = HEALTHY if minute < BEGINS else BROKEN if minute < BEGINS + at else change(after)
        time = to_nanoseconds(START + timedelta(minutes=minute, seconds=30))
        reading.add(Entry("log", f"{minute}", time, time, "s", "i", None, {"message": SUMMARY, **payload}))
    return replay(reading, aggregate(reading).span, Ticker(WATCHED, Policy(channels=("all",)), ALIVE))


@pytest.mark.long
@pytest.mark.parametrize("name", CHANGES)
def test_an_incident_is_not_over_because_its_counters_are_gone(name: str) -> None:
    for at in range(1, LASTS + 1):
        played = play(CHANGES[name], at, BROKEN)
        told = {each.reason for each in played.notifications if {"checkout-error", "payment-confirm"} & {*each.rules}}
        assert NotifyReason.RESOLVED not in told, at
        kept = {alert.rule: alert for alert in played.state.alerts}
        assert kept["checkout-error"].state is AlertState.FIRING, at
        assert kept["checkout-error"].unknown_since == START + timedelta(minutes=BEGINS + at + 1), at


def test_nor_is_it_known_to_be_over_where_it_ended_behind_the_change() -> None:
    played = play(CHANGES["all prefixed"], 5, HEALTHY)
    assert NotifyReason.RESOLVED not in {each.reason for each in played.notifications}


def test_counters_that_are_gone_are_told_with_the_keys_beside_them() -> None:
    played = play(CHANGES["these prefixed"], 10, BROKEN)
    (told,) = (each for each in played.notifications if "counters-vanished" in each.rules)
    assert told.vanished["payment.confirm.success{service=kpa}"] == "o4o.payment.confirm.success"
    assert told.at <= START + timedelta(minutes=BEGINS + 10 + 6)


def test_an_incident_that_ends_is_over() -> None:
    played = play(lambda payload: payload, 10, HEALTHY)
    assert [each.reason for each in played.notifications if "checkout-error" in each.rules][-1] is NotifyReason.RESOLVED


def test_a_total_failure_is_judged_as_one() -> None:
    dead = {key: value for key, value in HEALTHY.items() if "confirm" not in key}
    played = play(lambda payload: payload, 0, dead)
    assert any("payment-confirm" in each.rules for each in played.notifications)
    assert not any("counters-vanished" in each.rules for each in played.notifications)
