"""A source that gives nothing: that alone is judged, it is told once and its end too, and nothing else changes."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from logwatch.collect.columns import Reading
from logwatch.collect.entries import Entry
from logwatch.count.windows import aggregate, to_minute
from logwatch.errors import SourceError
from logwatch.judge.alerts import AlertState
from logwatch.judge.evaluate import Course, evaluate
from logwatch.judge.verdicts import Level
from logwatch.notify.incidents import NotifyReason
from logwatch.pipeline.replay import tick_by_tick
from logwatch.pipeline.run import wait_to_look
from logwatch.pipeline.tick import Policy, Ticker
from logwatch.spans import NS, Span, to_nanoseconds
from logwatch.state.document import State
from tests.support.examples import COSTLY
from tests.support.life import DEAD
from tests.support.made_windows import START, windows_of
from tests.support.platform import SHAPE, SUMMARY
from tests.support.replays import RULES

if TYPE_CHECKING:
    from logwatch.collect.interface import Signs
    from logwatch.judge.verdicts import Verdict
    from logwatch.pipeline.tick import Plan, Ticked

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


FEW = replace(RULES, rules=tuple(RULES.by_id[name] for name in ("checkout-success", "checkout-blocked", "checkout-error")))
SCHEDULE = Ticker(FEW, Policy(), DEAD)
FALLS = 14
"""The minute from which on every attempt fails."""


def jittery(chance: random.Random, delay_s: float) -> Reading:
    """Four instances whose timers ring near the minute's boundary, some of which pause or begin later; then all fails."""
    reading = Reading(shape=SHAPE)
    for name in "abcd":
        phase, spread = chance.choice([-2.0, 0.0, 1.0, 30.0]), chance.choice([0.1, 2.0])
        begins, pause = chance.choice([0, chance.randrange(FALLS - 2, FALLS + 8)]), chance.randrange(4, 24)
        for minute in range(begins, 26):
            if minute in range(pause, pause + chance.choice([0, 0, 1, 4])):
                continue
            time = to_nanoseconds(START + minute * MINUTE) + round((60 + phase + chance.uniform(-spread, spread)) * NS)
            attempts = float(chance.randrange(9))
            outcome = (
                {"checkout.blocked.stock{service=kpa}": attempts}
                if minute >= FALLS
                else {"checkout.success{service=kpa}": attempts}
            )
            errors = {"checkout.error{service=kpa}": 1.0} if chance.random() < 0.1 else {}
            counters = {"message": SUMMARY, "checkout.attempt{service=kpa}": attempts, **outcome, **errors}
            reading.add(
                Entry(
                    "log", f"{name}{minute}", time, time + round(chance.uniform(0.1, delay_s) * NS), "s", name, None, counters
                )
            )
    return reading


STRETCHES = st.lists(st.tuples(st.integers(1, 60), st.sampled_from("nnewu"), st.booleans(), st.booleans()), max_size=6)
"""Of a course: for how many windows which level, and whether it is certain and final where it is a warning."""
COURSES = {"payment-confirm": {}, "checkout-success": {"service": "kpa"}, "cache-error": {}, "slow-checkout": {}}


def course_of(name: str, stretches: list[tuple[int, str, bool, bool]], span: Span) -> Course:
    size, first = (span.end - span.start) // MINUTE, to_minute(span.start)
    rows = [row for length, *row in stretches for _ in range(length)] + [["n", False, False]] * size
    names, certain, final = (np.array(column)[:size] for column in zip(*rows, strict=True))
    level = np.array(["newu".index(each) for each in names])
    blank = {name: np.full(size, np.nan) for name in ("numerator", "denominator")}
    flags = {
        "certain": certain & (level == 2),
        "final": final & (level == 2),
        "suspect": level < 0,
        "eased": (level == 1) & final,
    }
    columns = {"level": level, "shown": level, "why": 0 * level, "value": level / 4, "span": 0 * level + 5}
    return Course(
        RULES.by_id[name],
        COURSES[name],
        np.arange(first, first + size),
        {**columns, **blank, **flags, "beside": np.full(size, None)},
    )


@pytest.mark.long
@settings(max_examples=12, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(COURSES, STRETCHES)))
def test_windows_that_are_passed_over_change_nothing(courses: dict[str, list[tuple[int, str, bool, bool]]]) -> None:
    ticker = Ticker(RULES, Policy(channels=("slack",)), DEAD)
    begun = ticker.policy.closed_at(START + MINUTE)
    first = ticker.tick(State(), windows_of({}), ticker.plan(State(), begun), begun).state
    now = begun + 200 * MINUTE

    def judged(*_: Any) -> list[Course]:
        return [course_of(name, stretches, Span(START + MINUTE, START + 203 * MINUTE)) for name, stretches in courses.items()]

    def played() -> Ticked:
        return ticker.tick(first, Reading(), ticker.plan(first, now), now)

    with patch("logwatch.judge.evaluate.evaluate", judged):
        quick = played()
        with patch.object(State, "is_calm", new=False):
            every = played()
    assert quick == every
    assert quick.windows == 200


@pytest.mark.long
@COSTLY
@example(seed=1, delay_s=8.0)
@example(seed=2, delay_s=100.0)
@given(seed=st.integers(0, 10**6), delay_s=st.sampled_from([8.0, 100.0]))
def test_what_an_early_look_tells_no_later_one_takes_back(seed: int, delay_s: float) -> None:
    looks: dict[tuple[str, ...], list[Verdict]] = {}

    def remember(*given: Any) -> list[Course]:
        courses = evaluate(*given)
        for each in (verdict for course in courses for verdict in course.verdicts()):
            looks.setdefault((str(each.window_end), each.rule, *each.labels.values()), []).append(each)
        return courses

    reading = jittery(random.Random(seed), delay_s)  # noqa: S311 - no secret
    with patch("logwatch.judge.evaluate.evaluate", remember):
        ticks = list(tick_by_tick(reading, aggregate(reading).span, SCHEDULE, together=False))
    assert any("checkout-error" in each.alert.rule for tick in ticks for each in tick.transitions)
    for key, verdicts in looks.items():
        final = next((place for place, each in enumerate(verdicts) if each.final), len(verdicts))
        if RULES.by_id[key[1]].kind.name == "count" or delay_s < 20:
            assert all(each.level is Level.WARNING for each in verdicts[final:]), (key, verdicts)
        if RULES.by_id[key[1]].kind.name == "count":
            values = [each.value or 0.0 for each in verdicts]
            assert values == sorted(values), "no summary leaves a window that was looked at"


def test_a_run_that_begins_before_its_second_waits_for_it_and_a_later_one_does_not() -> None:
    for begins, waits in ((3.0, 17.0), (19.9, 0.1), (20.0, None), (59.0, None)):
        slept: list[float] = []
        wait_to_look(timedelta(seconds=20), lambda begins=begins: START + timedelta(seconds=begins), slept.append)  # type: ignore[misc]
        assert slept == ([] if waits is None else [pytest.approx(waits)])


@pytest.mark.parametrize(
    ("starts", "early", "closes", "looks", "ahead"),
    [
        (0, 15, 120, 60, 1),
        (20, 15, 140, 20, 2),
        (30, 15, 90, 30, 1),
        (20, 0, 140, 140, 0),
        (5, 5, 125, 5, 2),
        (20, 60, 140, 80, 1),
    ],
)
def test_when_runs_look_at_a_window_and_close_it(starts: int, early: int, closes: int, looks: int, ahead: int) -> None:
    policy = Policy(starts=timedelta(seconds=starts), early=timedelta(seconds=early))
    assert (policy.closed_at(START), policy.looked_at(START)) == (
        START + timedelta(seconds=closes),
        START + timedelta(seconds=looks),
    )
    assert policy.ahead == ahead


def test_a_second_run_of_the_minute_looks_at_nothing_and_one_of_the_next_at_what_is_new() -> None:
    def after(state: State, seconds: int) -> tuple[Ticked, Plan]:
        now = START + 4 * MINUTE + timedelta(seconds=seconds)
        planned = SCHEDULE.plan(state, now)
        return SCHEDULE.tick(state, windows_of({}, {}, {}, {}, FAILING), planned, now), planned

    first, planned = after(State(), 35)  # the second window is closed, the third and the fourth are looked at
    assert (planned.judge.end, planned.early.end) == (START + 3 * MINUTE, START + 4 * MINUTE)
    again, planned = after(first.state, 50)
    assert (planned.early.start, again.windows, again.notifications) == (planned.early.end, 0, ())
    later, planned = after(first.state, 80)  # begins sooner in its minute: none has closed
    assert (planned.judge.start, planned.early.end) == (planned.judge.end, START + 5 * MINUTE)
    assert (later.windows, [each.rules for each in later.notifications]) == (0, [["checkout-error"]])
    assert later.state.verdicts == first.state.verdicts, "nothing is judged of a window that is not closed"


def test_a_counter_that_may_have_another_name_proves_nothing_early() -> None:
    before = [{"checkout.attempt{service=kpa}": 40.0, "checkout.success{service=kpa}": 40.0}] * 15
    renamed = {"checkout.attempt{service=kpa}": 40.0, "checkout.successTotal{service=kpa}": 40.0}
    state = State()
    for minutes in range(13, 19):
        now = START + minutes * MINUTE + timedelta(seconds=20)
        ticked = SCHEDULE.tick(state, windows_of(*before, renamed, renamed, renamed), SCHEDULE.plan(state, now), now)
        state = ticked.state
        assert ticked.notifications == ()
