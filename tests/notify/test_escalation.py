"""Quiet hours hold notes until the morning, and what is graver wakes whom it should."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from logwatch.judge.alerts import Alert, AlertState
from logwatch.judge.rules.model import RuleSet, Severity
from logwatch.judge.rules.oncall import OnCall
from logwatch.notify.decide import decide
from logwatch.notify.incidents import Memory, NotifyReason
from tests.support.made_messages import RULES, alert

SEOUL = ZoneInfo("Asia/Seoul")
ROUTES = [{"when": {"severity": "page"}, "mention": "U0PAGE"}, {"mention": "U0OTHER"}]


def rules(**severities: Severity) -> RuleSet:
    """Give the rules with quiet hours from ten to seven, and these severities."""
    named = {name.replace("_", "-"): severity for name, severity in severities.items()}
    judged = tuple(each.model_copy(update={"severity": named.get(each.rule, each.severity)}) for each in RULES.rules)
    oncall = OnCall.model_validate({"quiet_hours": "22:00-07:00", "routes": ROUTES})
    return replace(RULES, rules=judged, oncall=oncall)


NOTES = rules(payment_duplicate=Severity.INFO, cache_hit=Severity.INFO)


def clock(text: str) -> datetime:
    """Give a time in Seoul, of the evening of the 24th or of the morning after."""
    hour, minute = map(int, text.split(":"))
    return datetime(2026, 2, 24 if hour > 12 else 25, hour, minute, tzinfo=SEOUL).astimezone(UTC)


def firing(rule: str, since: str) -> Alert:
    at = clock(since)
    made = alert(rule, value=14)
    return replace(
        made, pending_at=at, firing_at=at, latest=replace(made.latest, window_end=at), peak=replace(made.peak, window_end=at)
    )


def over(one: Alert, at: str) -> Alert:
    return replace(one, state=AlertState.RESOLVED, resolved_at=clock(at))


def play(*looks: tuple[str, list[Alert]], by: RuleSet = NOTES) -> list[tuple[str, str, tuple[str, ...]]]:
    """Give time, reason and rules of what is told at each look."""
    memory, told = Memory(), []
    for at, alerts in looks:
        decision = decide(alerts, memory, by, clock(at), zone=SEOUL)
        memory = decision.memory
        told += [(at, str(each.reason), tuple(each.rules)) for each in decision.notifications]
    return told


DUPLICATES, CACHE, PAYMENT = (
    firing("payment-duplicate", "23:00"),
    firing("cache-hit", "23:10"),
    firing("payment-confirm", "23:20"),
)


def test_a_note_by_day_is_told_at_once() -> None:
    assert play(("21:59", [DUPLICATES])) == [("21:59", "firing", ("payment-duplicate",))]
    assert play(("07:00", [DUPLICATES])) == [("07:00", "firing", ("payment-duplicate",))]


def test_a_note_of_the_night_that_lasts_is_told_in_the_morning() -> None:
    looks = [(at, [DUPLICATES]) for at in ("23:00", "23:01", "03:00", "06:59", "07:00", "07:01")]
    assert play(*looks) == [("07:00", "firing", ("payment-duplicate",))]


def test_one_that_was_over_by_then_is_told_as_over_once() -> None:
    ended = over(DUPLICATES, "02:00")
    told = play(("23:00", [DUPLICATES]), ("02:00", [ended]), ("04:00", []), ("07:00", []), ("07:01", []))
    assert told == [("07:00", "resolved", ("payment-duplicate",))]


def test_several_that_were_over_by_then_are_one_message_that_calls_nobody() -> None:
    memory = Memory()
    for at, alerts in (("23:10", [DUPLICATES, CACHE]), ("02:00", [over(DUPLICATES, "02:00"), over(CACHE, "02:00")])):
        memory = decide(alerts, memory, NOTES, clock(at), zone=SEOUL).memory
    (told,) = decide([], memory, NOTES, clock("07:00"), zone=SEOUL).notifications
    assert told.reason is NotifyReason.SUMMED
    assert [(each.reason, each.rules) for each in told.summed] == [
        (NotifyReason.RESOLVED, ["payment-duplicate"]),
        (NotifyReason.RESOLVED, ["cache-hit"]),
    ]
    assert told.mention == ()


def test_one_that_comes_and_goes_all_night_is_one_incident() -> None:
    again = firing("payment-duplicate", "01:00")
    told = play(
        ("23:00", [DUPLICATES]), ("23:30", [over(DUPLICATES, "23:30")]), ("01:00", [again]), ("01:30", [over(again, "01:30")]),
        ("07:00", []),
    )  # fmt: skip
    assert told == [("07:00", "resolved", ("payment-duplicate",))]


def test_what_was_told_by_day_says_nothing_more_until_the_morning() -> None:
    told = play(
        ("21:50", [DUPLICATES]), ("02:30", [DUPLICATES]), ("03:00", [over(DUPLICATES, "03:00")]), ("06:59", []), ("07:00", [])
    )
    assert told == [("21:50", "firing", ("payment-duplicate",)), ("07:00", "resolved", ("payment-duplicate",))]


def test_what_a_graver_rule_joins_is_told_at_once() -> None:
    told = play(("23:00", [DUPLICATES]), ("23:20", [DUPLICATES, PAYMENT]))
    assert [(at, reason) for at, reason, _ in told] == [("23:20", "firing")]
    assert {*told[0][2]} == {"payment-duplicate", "payment-confirm"}


@pytest.mark.parametrize("severity", [Severity.WARN, Severity.PAGE])
def test_warnings_do_not_wait(severity: Severity) -> None:
    assert play(("23:00", [DUPLICATES]), by=rules(payment_duplicate=severity)) == [("23:00", "firing", ("payment-duplicate",))]


def test_what_makes_an_incident_graver_calls_as_its_beginning_would() -> None:
    decision = decide([DUPLICATES], Memory(), rules(payment_duplicate=Severity.WARN), clock("23:00"), zone=SEOUL)
    assert [each.mention for each in decision.notifications] == [("U0OTHER",)]
    joined = decide([DUPLICATES, PAYMENT], decision.memory, rules(payment_duplicate=Severity.WARN), clock("23:20"), zone=SEOUL)
    assert [(each.reason, each.mention) for each in joined.notifications] == [(NotifyReason.JOINED, ("U0PAGE",))]


def test_more_of_the_same_gravity_calls_nobody() -> None:
    by = rules(payment_duplicate=Severity.PAGE)
    decision = decide([DUPLICATES], Memory(), by, clock("23:00"), zone=SEOUL)
    joined = decide([DUPLICATES, PAYMENT], decision.memory, by, clock("23:20"), zone=SEOUL)
    assert [(each.reason, each.mention) for each in joined.notifications] == [(NotifyReason.JOINED, ())]
