"""What the state remembers of the runs themselves."""

from datetime import UTC, datetime, timedelta

import pytest

from logwatch.state.run_log import Pause, RunLog
from tests.support.made_windows import RULES as BY_ID
from tests.support.replays import RULES

AT = datetime(2026, 2, 24, 3, 0, 20, tzinfo=UTC)


def after(*seconds: int) -> RunLog:
    log = RunLog()
    for each in seconds:
        log = log.after(RULES, AT + timedelta(seconds=each))
    return log


@pytest.mark.parametrize("seconds", [(0, 60, 120), (0, 75, 115, 185), (0, 40, 125), (0, 5, 60)])
def test_a_run_that_starts_late_is_no_pause(seconds: tuple[int, ...]) -> None:
    assert after(*seconds).pauses == ()


@pytest.mark.parametrize("gap", [90, 120, 3600])
def test_a_run_that_did_not_come_is_a_pause_from_when_it_was_due(gap: int) -> None:
    assert after(0, 60, 60 + gap).pauses == (Pause(AT + timedelta(seconds=120), AT + timedelta(seconds=60 + gap)),)


def test_rules_are_remembered_once_until_they_change() -> None:
    log = after(0, 60, 120)
    assert [each.since for each in log.rules] == [AT]
    assert set(log.marks_at(AT)) == set(BY_ID)
    assert log.marks_at(AT - timedelta(seconds=1)) == {}
