"""A week looked back on: every figure out of what is remembered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from logwatch.judge.rules.model import Severity
from logwatch.notify.digest import Digest, EndingSilence, Remembered, RuleLabels, build_digest
from logwatch.notify.digest_text import digest_headline, digest_lines
from logwatch.notify.history import IncidentRecord
from logwatch.notify.incidents import Label
from logwatch.notify.silences import Silence
from logwatch.spans import Span
from logwatch.ui.format import Audience
from tests.support.made_messages import RULES
from tests.support.made_traffic import START

SEOUL = ZoneInfo("Asia/Seoul")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WEEK = Span(START, START + 7 * DAY)


def record(
    at: datetime,
    rules: str = "payment-confirm",
    *,
    taken: int | None = None,
    lasts: int | None = 30,
    label: Label | None = None,
) -> IncidentRecord:
    """Make an incident that began two minutes before it was told, was taken on minutes after that, and lasted."""
    names = tuple(rules.split())
    return IncidentRecord(
        id=f"{at:%d%H%M}-{rules}", procedure=RULES.by_id[names[0]].procedure, severity=Severity.WARN, rules=names, labels={},
        shops=(), partial=False, since=at - 2 * MINUTE, told_at=at, peaks={}, label=label,
        acknowledged_at=None if taken is None else at + taken * MINUTE, over_at=None if lasts is None else at + lasts * MINUTE,
    )  # fmt: skip


def digest(*records: IncidentRecord, silences: tuple[Silence, ...] = (), rules: tuple[str, ...] = ()) -> Digest:
    return build_digest(Remembered(records, START - DAY, silences, rules, ()), WEEK, SEOUL)


NOON, NIGHT = START + timedelta(hours=3), START + timedelta(hours=18)
"""Of Seoul: 12 and 3 o'clock."""


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ((), {"incidents": 0, "minutes": 0, "told_after_s": None, "acknowledged_after_s": None, "procedures": {}}),
        ((record(NOON),), {"incidents": 1, "goes_on": 0, "minutes": 32, "told_after_s": 120, "night": 0, "acknowledged": 0}),
        ((record(NOON, taken=4), record(NIGHT, taken=10), record(NIGHT + DAY)), {"acknowledged": 2, "acknowledged_after_s": 420, "night": 2}),
        ((record(WEEK.end - 10 * MINUTE, lasts=None),), {"goes_on": 1, "minutes": 12}),
        ((record(START - 10 * MINUTE),), {"incidents": 0, "minutes": 20}),  # told the week before, and lasted into this one
        ((record(WEEK.end),), {"incidents": 0, "minutes": 2}),
        ((record(NOON), record(NIGHT, "source-refused")), {"procedures": {"4.2": 1, "source-refused": 1}}),
    ],
)  # fmt: skip
def test_what_a_week_came_to(records: tuple[IncidentRecord, ...], expected: dict[str, object]) -> None:
    found = digest(*records)
    assert {name: getattr(found, name) for name in expected} == expected


def test_what_people_found_false_is_told_rule_by_rule_the_worst_first() -> None:
    found = digest(
        record(NOON, "payment-confirm payment-duplicate", label=Label.REAL), record(NIGHT, label=Label.FALSE),
        record(NOON + DAY, "cache-hit", label=Label.FALSE), record(NIGHT + DAY, "cache-hit"),
    )  # fmt: skip
    assert found.labels == (
        RuleLabels("cache-hit", 1, 1),
        RuleLabels("payment-confirm", 2, 1),
        RuleLabels("payment-duplicate", 1, 0),
    )


def test_rules_that_nobody_was_told_of_are_named_for_as_long_as_it_is_remembered() -> None:
    rules = ("payment-confirm", "cache-hit", "cache-error")
    assert digest(record(START - DAY, "cache-hit"), record(NOON), rules=rules).never == ("cache-error",)


def test_silences_that_end_within_a_week_are_named_the_next_first() -> None:
    silences = [Silence(f"s{days}", "*", {}, WEEK.end + days * DAY, "why", "kim", START) for days in (8, 7, 2, 0)]
    ending = tuple(EndingSilence(f"s{days}", "*", {}, WEEK.end + days * DAY) for days in (2, 7))
    assert digest(silences=tuple(silences)).silences == ending


@pytest.mark.parametrize(("lang", "quiet"), [("ko", "인시던트 없음"), ("en", "no incident")])
def test_a_quiet_week_says_so_and_no_more_than_there_is(lang: str, quiet: str) -> None:
    readers = Audience(lang, SEOUL, "o4o-core-api")
    assert digest_headline(digest(), readers).endswith(f"02-24 – 03-03 · {quiet}")
    assert digest_lines(digest(), RULES, readers) == []


@pytest.mark.parametrize(
    ("lang", "one", "never"), [("ko", "인시던트 1건", "알림이 없었던 규칙"), ("en", "· 1 incident", "No message")]
)
def test_a_week_of_one_incident_remembered_for_less_than_a_day(lang: str, one: str, never: str) -> None:
    readers = Audience(lang, SEOUL, "o4o-core-api")
    found = digest(record(NOON), rules=("payment-confirm", "cache-error"))
    young = replace(found, known_since=found.until - timedelta(hours=20))
    assert digest_headline(young, readers).endswith(one)
    assert not any(never in line for line in digest_lines(young, RULES, readers))
