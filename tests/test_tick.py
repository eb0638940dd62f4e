"""A source that gives nothing: that alone is judged, it is told once and its end too, and nothing else changes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from logwatch.errors import SourceError
from logwatch.judge.alerts import AlertState
from logwatch.notify.incidents import NotifyReason
from logwatch.state.document import State
from logwatch.tick import Policy, Ticker
from tests.support.made_windows import START, windows_of
from tests.support.replays import RULES

if TYPE_CHECKING:
    from logwatch.collect.interface import Signs
    from logwatch.spans import Span
    from logwatch.tick import Ticked

MINUTE = timedelta(minutes=1)
FAILING = {"checkout.error{service=kpa}": 3.0, "checkout.attempt{service=kpa}": 9.0}


class Unanswered:
    """Nobody can tell whether the service lives."""

    def signs(self, span: Span) -> Signs:
        raise SourceError("no answer")

    def ever(self, span: Span) -> bool:
        raise SourceError("no answer")


TICKER = Ticker(RULES, Policy(channels=("slack",)), Unanswered())


def tick(state: State, *minutes: dict[str, float] | None, at: int) -> Ticked:
    """Take a run `at` minutes after the start that reads these."""
    now = START + at * MINUTE + timedelta(seconds=90)
    return TICKER.tick(state, windows_of(*minutes), TICKER.plan(state, now), now)


def refused(state: State, first: int, last: int) -> tuple[State, list[tuple[NotifyReason, list[str]]]]:
    """Take a run a minute that reads nothing."""
    told = []
    for at in range(first, last + 1):
        ticked = TICKER.refuse(state, START + at * MINUTE + timedelta(seconds=90))
        told += [(each.reason, each.rules) for each in ticked.notifications]
        state = ticked.state
    return state, told


def firing(state: State) -> set[str]:
    return {alert.rule for alert in state.alerts if alert.state is AlertState.FIRING}


def test_ten_minutes_without_an_answer_are_told_once_and_so_is_their_end() -> None:
    before = tick(State(), FAILING, at=1).state
    assert firing(before) == {"checkout-error"}
    state, told = refused(before, 2, 11)
    assert (told, firing(state)) == ([], {"checkout-error"}), "an alert keeps its state while nothing can be read"
    state, told = refused(state, 12, 30)
    assert told == [(NotifyReason.FIRING, ["source-refused"])]
    assert (state.cursor, state.verdicts) == (before.cursor, before.verdicts), "nothing else was judged"
    ended = tick(state, *([FAILING] * 30), at=31)
    assert "source-refused" not in firing(ended.state)
    assert [each.rules for each in ended.notifications if each.reason is NotifyReason.RESOLVED] == [["source-refused"]]


def test_a_source_that_answers_begins_a_new_count_whatever_else_is_unknown() -> None:
    state, told = refused(tick(State(), FAILING, at=1).state, 2, 8)
    state = tick(state, FAILING, *([None] * 8), at=9).state
    state, more = refused(state, 10, 18)
    assert told == more == []
