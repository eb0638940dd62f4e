"""Silent or idle: one definition, minute by minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.collect.interface import Signs
from logwatch.count.life import DUE, JOINED, Stand, Vigil, Watched, unexplained, watch
from logwatch.count.stopped import NOTHING_USUAL, Usual, stopped_minutes
from tests.support.timelines import expand

LETTERS = {Stand.SUMMARISED: "s", Stand.SILENT: "S", Stand.WAITING: "w", Stand.IDLE: "."}


def stands(drawn: str) -> str:
    """One letter a minute: s a summary, l a line, r the platform shows it at work, f that it is not, though there is a line."""
    minutes = expand(drawn)
    at = {letter: frozenset(minute for minute, each in enumerate(minutes) if each == letter) for letter in "slrf"}
    signs = Signs(at["l"] | at["f"], at["r"], at["r"] | at["f"])
    return "".join(LETTERS[each.vigil.stand] for each in watch(Vigil(to=0), len(minutes), dict.fromkeys(at["s"], 1.0), signs))


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        ("s sx3", "sx4"),
        ("s .x8 s", "s wx5 .x3 s"),  # a summary is life for a while, and then nothing shows any
        ("s lx8 s", "s wx2 Sx6 s"),
        ("s .x10 l s", "s wx5 .x5 w s"),  # a line of seconds ago is a start-up
        ("s .x10 lx4 s", "s wx5 .x5 wx2 Sx2 s"),  # whoever lives longer than an interval owes a summary
        ("s .x10 l .x7 l .x3", "s wx5 .x5 wx6 .x2 wx4"),  # two visits are two lives
        ("l .x4 l .x4 l .x8", "wx5 Sx11 .x3"),  # lines five minutes apart are one
        (".x9", ".x9"),
        ("s rx2 rx8", "s wx2 Sx8"),
        ("s r fx9", "s wx6 .x4"),  # where the figures show nothing, lines are no life
        ("s fx9", "s wx2 Sx7"),  # figures that never showed this service say nothing of it
    ],
)  # fmt: skip
def test_life_that_is_older_than_a_summary_is_silent_without_one(drawn: str, expected: str) -> None:
    assert stands(drawn) == expand(expected)


@given(st.lists(st.sampled_from("sl..."), min_size=1, max_size=80), st.lists(st.integers(1, 20), max_size=12))
def test_it_is_the_same_in_one_look_and_in_many(drawn: list[str], lengths: list[int]) -> None:
    summaries = {at: 1.0 for at, each in enumerate(drawn) if each == "s"}
    lines = frozenset(at for at, each in enumerate(drawn) if each == "l")
    whole = [each.vigil for each in watch(Vigil(to=0), len(drawn), summaries, Signs(lines))]
    vigil, parts = Vigil(to=0), []
    for length in [*lengths, len(drawn)]:
        end = min((vigil.to or 0) + length, len(drawn))
        parts += [each.vigil for each in watch(vigil, end, summaries, Signs(lines))]
        vigil = parts[-1] if parts else vigil
    assert parts == whole


@given(st.sets(st.integers(0, 60)), st.integers(1, 60))
def test_what_need_not_be_asked_is_silent_in_no_case(summaries: set[int], end: int) -> None:
    """A minute that no stretch holds is one with a summary, or so soon after one that none is due."""
    asked = {minute for stretch in unexplained(Vigil(to=0), end, summaries) for minute in stretch}
    everywhere = Signs(frozenset(range(end)))
    for each in watch(Vigil(to=0), end, dict.fromkeys(summaries, 1.0), everywhere):
        assert each.minute in asked or each.vigil.stand is not Stand.SILENT or each.vigil.silent_minutes == DUE
    assert not asked & summaries


def test_a_silence_begins_with_its_life() -> None:
    vigil = Vigil(to=0).summarised(0)
    *_, last = watch(vigil, 40, {}, Signs(frozenset(range(20, 40))))
    assert last.vigil.silent_minutes == 20
    assert timedelta(minutes=JOINED) < timedelta(minutes=10), "else two visits would join"


# ---- lines that stop


def stopped(minutes: int, *, events: float = 200, idle: bool = False, usual: Usual = NOTHING_USUAL, summaries: int = 15) -> int:
    """Minutes that are missed so many after the last summary."""
    vigil = Vigil(to=0)
    for minute in range(summaries):
        vigil = vigil.summarised(minute, events)
    last = summaries + minutes - 1
    return stopped_minutes(Watched(last, replace(vigil, to=last + 1), idle), lambda _: usual)


def test_traffic_without_an_ebb_does_not_end_within_a_minute() -> None:
    assert stopped(10) == 10
    assert stopped(10, events=9) == 0, "that may ebb away"
    assert stopped(10, summaries=14) == 0, "a visit of a few minutes ends as it came"
    assert stopped(10, idle=True) == 0, "the platform says so"
    assert stopped(10, usual=Usual(contradicts=True, expects=False)) == 0, "as on other days"


def test_a_quiet_hour_that_every_other_day_is_busy_is_missed() -> None:
    usual = Usual(contradicts=False, expects=True)
    assert stopped(29, events=2, usual=usual) == 0
    assert stopped(30, events=2, usual=usual) == 30
    assert stopped(30, events=2) == 0
