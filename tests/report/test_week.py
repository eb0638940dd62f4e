"""The digest of a week comes once, at its hour, whatever becomes of the runs around it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from logwatch.beta_exit.conditions import Expected
from logwatch.notify.digest import TargetWeek
from logwatch.notify.incidents import NotifyReason
from logwatch.notify.silences import Recurrence
from logwatch.ranges import Range
from logwatch.report.week import WeeklyDigest, look_back
from logwatch.spans import Span
from logwatch.state.document import State, dump_state, load_state
from tests.support.replays import RULES

EXPECTED = Expected(None, Range("<=", 0.01, "%"))
WEEKLY = WeeklyDigest(Recurrence.parse("mon 09:00"), ZoneInfo("Asia/Seoul"), ("slack", "email"), EXPECTED)
MONDAY = datetime(2026, 2, 23, tzinfo=UTC)
"""Nine o'clock in Seoul."""
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
EMPTY = look_back(State(), RULES, Span(MONDAY - 7 * DAY, MONDAY), EXPECTED, WEEKLY.zone)


def told(state: State) -> list[str]:
    return [each.notification.id for each in state.outbox]


@pytest.mark.parametrize(
    ("digested", "now", "expected", "remembered"),
    [
        (None, MONDAY - MINUTE, [], MONDAY - 7 * DAY),
        (None, MONDAY, ["digest-20260223.1"], MONDAY),
        (None, MONDAY + 61 * MINUTE, [], MONDAY),  # set up later: the next one is the first
        (MONDAY - 7 * DAY, MONDAY - MINUTE, [], MONDAY - 7 * DAY),
        (MONDAY - 7 * DAY, MONDAY, ["digest-20260223.1"], MONDAY),
        (MONDAY - 7 * DAY, MONDAY + 3 * DAY, ["digest-20260223.1"], MONDAY),  # no run since: late, and told all the same
        (MONDAY - 21 * DAY, MONDAY + DAY, ["digest-20260223.1"], MONDAY),  # of several weeks without a run the last
        (MONDAY, MONDAY + MINUTE, [], MONDAY),
        (MONDAY, MONDAY + 7 * DAY - MINUTE, [], MONDAY),
        (MONDAY + DAY, MONDAY + MINUTE, [], MONDAY + DAY),  # of another clock
    ],
)
def test_a_week_is_told_once_its_hour_has_come(
    digested: datetime | None, now: datetime, expected: list[str], remembered: datetime
) -> None:
    state = WEEKLY.tell(State(digested_at=digested), RULES, now)
    assert (told(state), state.digested_at) == (expected, remembered)


@pytest.mark.long
def test_each_week_is_told_once_though_runs_are_killed_before_they_save_and_come_twice_a_minute() -> None:
    state, ids = State(), list[str]()
    for half_hour in range(21 * 24 * 2):
        now = MONDAY - 2 * DAY + 30 * half_hour * MINUTE
        WEEKLY.tell(state, RULES, now)  # killed before it saves
        state = WEEKLY.tell(load_state(dump_state(state)), RULES, now)
        state = WEEKLY.tell(state, RULES, now)  # another of the same minute
        ids += told(state)
        state = replace(state, outbox=())
    assert ids == ["digest-20260223.1", "digest-20260302.1", "digest-20260309.1"]


def test_it_goes_to_every_channel_and_says_how_far_the_exit_conditions_are() -> None:
    (waiting,) = WEEKLY.tell(State(), RULES, MONDAY).outbox
    digest = waiting.notification.digest
    assert (waiting.notification.reason, set(waiting.deliveries)) == (NotifyReason.DIGEST, {"slack", "email"})
    assert digest
    assert (digest.since, digest.until) == (MONDAY - 7 * DAY, MONDAY)
    assert [each.condition for each in digest.exits] == [each.condition for each in RULES.service.exit_conditions]
    assert {(each.state, each.met, each.days) for each in digest.exits} == {("not_shown", 0, 7)}


@pytest.mark.parametrize(
    ("first", "minutes", "expected"),
    [
        (
            TargetWeek("cart", None, told=False),
            (0, 9, 10, 19, 20),
            [False, False, False, False, True],
        ),  # not read: it may have told
        (TargetWeek("cart", EMPTY, told=False), (0, 9, 10), [False, False, True]),
        (TargetWeek("cart", EMPTY, told=True), (0, 9, 10, 60), [False] * 4),
    ],
)
def test_a_target_stands_in_for_the_one_before_it(first: TargetWeek, minutes: tuple[int, ...], expected: list[bool]) -> None:
    second = replace(WEEKLY, target="pay", others=lambda _week: (first,), turn=1)
    state, seen = State(digested_at=MONDAY - 7 * DAY), list[bool]()
    for minute in minutes:
        state = second.tell(state, RULES, MONDAY + minute * MINUTE)
        seen.append(bool(told(state)))
    assert seen == expected
