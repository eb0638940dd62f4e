"""What the timelines cannot draw of an alert: its identity, times, peak and last verdict; and what holds for any course."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logwatch.collect.columns import Reading
from logwatch.collect.entries import Entry
from logwatch.judge.alerts import Alert, AlertState, Transition, advance, fingerprint, needed_windows
from logwatch.judge.verdicts import Level, Verdict
from logwatch.pipeline.tick import Policy, Ticker
from logwatch.spans import NS, to_nanoseconds
from logwatch.state.document import State
from tests.support.life import DEAD
from tests.support.platform import SHAPE, SUMMARY
from tests.support.timelines import BUNDLED, GRACE, LEVELS, START, make_rule, make_verdict, title, window_end

if TYPE_CHECKING:
    import random

PENDING, FIRING, RESOLVED = AlertState
RULES = {
    "a": make_rule("a", **{"for": "1m", "keep_firing_for": "1m"}),
    "b": make_rule("b", **{"for": 0, "keep_firing_for": 0}),
    "falls": make_rule("falls", **{"normal": "> 80", "warning": "< 60", "for": 0, "keep_firing_for": 0}),
}


def follow(verdicts: list[list[Verdict]]) -> tuple[list[list[Alert]], list[Transition]]:
    """Take one list of verdicts a window; give the alerts after each, and all transitions."""
    alerts: list[Alert] = []
    after, transitions = [], []
    for window, found in enumerate(verdicts):
        alerts, moved = advance(alerts, found, RULES, window_end(window))
        after.append(alerts)
        transitions += moved
    return after, transitions


def course(name: str, letters: str, values: tuple[float, ...] = ()) -> list[list[Verdict]]:
    return [
        [] if letter == "_" else [make_verdict(name, letter, window_end(window), values[window] if values else None)]
        for window, letter in enumerate(letters)
    ]


def moves(transitions: list[Transition]) -> list[tuple[str, AlertState | None, AlertState | None, int]]:
    """Give alert, before, after and the number of the window, from 1."""
    return [(title(each.alert), each.before, each.after, (each.at - START) // timedelta(minutes=1)) for each in transitions]


@pytest.mark.parametrize(
    ("rule", "labels", "mark"),
    [
        # The state's document and the messages' ids hold these: another hash would tell everything that fires anew.
        ("checkout-error", {}, "825ddb373c07"),
        ("payment-confirm", {"service": "kpa"}, "17a209a68afc"),
        ("payment-confirm", {"service": "약국"}, "36bd30e65f99"),
    ],
)
def test_a_fingerprint_stays_the_same_from_version_to_version(rule: str, labels: dict[str, str], mark: str) -> None:
    assert fingerprint(rule, labels) == mark


@given(st.dictionaries(st.text(), st.text(), max_size=4), st.randoms())
def test_the_order_of_labels_does_not_matter_to_a_fingerprint(labels: dict[str, str], chance: random.Random) -> None:
    items = list(labels.items())
    chance.shuffle(items)
    assert fingerprint("a", dict(items)) == fingerprint("a", labels)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.text(st.characters(codec="utf-8"))), unique=True))
def test_rules_and_shops_have_fingerprints_of_their_own(names: list[tuple[str, str]]) -> None:
    assert len({fingerprint(rule, {"service": shop}) for rule, shop in names} | {fingerprint("a", {})}) == len(names) + 1


def test_a_broken_letter_in_a_shops_name_is_no_error() -> None:
    assert len(fingerprint("a", {"service": "\ud800"})) == 12


@pytest.mark.parametrize(("for_", "windows"), [("0", 1), ("1m", 2), ("2m", 3), ("5m", 6), ("1h", 61)])
def test_an_alert_fires_with_one_window_more_than_fit_into_for(for_: str, windows: int) -> None:
    assert needed_windows(make_rule("a", **{"for": for_})) == windows


@pytest.mark.parametrize(
    ("name", "letters", "expected"),
    [
        ("a", "nwwnn", [(None, PENDING, 2), (PENDING, FIRING, 3), (FIRING, RESOLVED, 5)]),
        ("a", "nwn", [(None, PENDING, 2), (PENDING, None, 3)]),
        ("a", "W", [(None, FIRING, 1)]),
        ("a", "wuueu_wnunn", [(None, PENDING, 1), (PENDING, FIRING, 7), (FIRING, RESOLVED, 10)]),
        ("b", "wnwn", [(None, FIRING, 1), (FIRING, RESOLVED, 2), (None, FIRING, 3), (FIRING, RESOLVED, 4)]),
        ("b", "neu_", []),
    ],
)
def test_a_transition_says_from_what_to_what_and_when(
    name: str, letters: str, expected: list[tuple[AlertState | None, AlertState | None, int]]
) -> None:
    assert moves(follow(course(name, letters))[1]) == [(name, *each) for each in expected]


def test_an_alerts_times_are_the_ends_of_its_windows() -> None:
    (alert,) = follow(course("a", "nwuwnn"))[0][-1]
    assert (alert.pending_at, alert.firing_at, alert.resolved_at) == (window_end(1), window_end(3), window_end(5))
    assert (alert.warnings, alert.normals) == (2, 2)


def test_the_transition_of_what_never_fired_shows_the_alert_as_it_was() -> None:
    last = follow(course("a", "wn"))[1][-1]
    assert (last.alert.state, last.after) == (PENDING, None)


@pytest.mark.parametrize(
    ("name", "letters", "values", "peak", "window"),
    [
        ("b", "www", (30, 50, 40), 50, 1),
        ("b", "www", (50, 50, 30), 50, 0),  # the first of equals
        ("b", "wew", (30, 99, 31), 31, 2),  # only windows at warning count
        ("b", "wnww", (90, 0, 30, 40), 40, 3),  # a new alert begins anew
        ("falls", "www", (50, 20, 40), 20, 1),  # where low is bad
        ("falls", "www", (0, 20, 40), 0, 0),
    ],
)
def test_the_peak_is_the_worst_window_at_warning(
    name: str, letters: str, values: tuple[float, ...], peak: float, window: int
) -> None:
    (alert,) = follow(course(name, letters, values))[0][-1]
    assert (alert.peak.value, alert.peak.window_end) == (peak, window_end(window))


@pytest.mark.parametrize(("values", "peak"), [((None, 30.0), 30.0), ((30.0, None), 30.0), ((None, None), None)])
def test_a_warning_without_a_value_is_never_the_worse_one(values: tuple[float | None, ...], peak: float | None) -> None:
    verdicts = [[replace(make_verdict("b", "w", window_end(at)), value=value)] for at, value in enumerate(values)]
    (alert,) = follow(verdicts)[0][-1]
    assert alert.peak.value == peak


@pytest.mark.parametrize(
    ("letters", "latest", "unknown_since"),
    [
        ("ww", 1, None),
        ("we", 1, None),
        ("wu", 0, 1),
        ("w_", 0, 1),
        ("wuu_u", 0, 1),
        ("wuueu", 3, 4),
        ("wuw", 2, None),
        ("wwune", 4, None),
    ],
)
def test_an_alert_keeps_its_last_known_verdict_and_since_when_nothing_is_known(
    letters: str, latest: int, unknown_since: int | None
) -> None:
    (alert,) = follow(course("a", letters))[0][-1]
    assert alert.latest.window_end == window_end(latest)
    assert alert.latest.level is LEVELS[letters[latest]]
    assert alert.unknown_since == (None if unknown_since is None else window_end(unknown_since))


def test_an_alert_of_a_rule_that_is_no_more_is_dropped_without_a_transition() -> None:
    alerts = follow(course("a", "ww"))[0][-1]
    assert advance(alerts, [], {"b": RULES["b"]}, window_end(2)) == ([], [])


def test_alerts_come_in_order_of_beginning_then_by_rule_then_by_shop() -> None:
    first = [make_verdict("b:kpa", "w", window_end(0))]
    second = [make_verdict(name, "w", window_end(1)) for name in ("b:kpa", "b:cosmetics", "a:kpa", "b", "a")]
    assert [title(alert) for alert in follow([first, second])[0][-1]] == ["b:kpa", "a", "a:kpa", "b", "b:cosmetics"]


def test_a_rule_may_be_immediate_and_its_shops_independent() -> None:
    found = [make_verdict("b:kpa", "w", window_end(0)), make_verdict("b:cosmetics", "n", window_end(0))]
    assert [title(alert) for alert in follow([found])[0][0]] == ["b:kpa"]


@pytest.mark.parametrize(("letters", "over"), [("wwn?", 4), ("ww?n?", 5), ("ww???", None), ("wwnwn?", 6), ("wwnen?", 6)])
def test_windows_that_show_neither_level_count_to_the_end_once_a_normal_one_has_begun_it(
    letters: str, over: int | None
) -> None:
    verdicts = [
        [replace(make_verdict("a", "e" if letter == "?" else letter, window_end(window)), shown=Level.UNKNOWN)]
        if letter == "?"
        else [make_verdict("a", letter, window_end(window))]
        for window, letter in enumerate(letters)
    ]
    ends = [at for _, _, after, at in moves(follow(verdicts)[1]) if after is RESOLVED]
    assert ends == ([] if over is None else [over])


def test_the_same_minute_is_never_judged_twice() -> None:
    # Prometheus, evaluated twice at one timestamp, stays pending: no time has passed. Here `advance` counts windows, and a run
    # gives it each window once: a second run in the same minute finds none that is new.
    reading = Reading(shape=SHAPE)
    counters = {"checkout.attempt": 500.0, "checkout.success": 500.0}
    reading.add(Entry("log", "1", to_nanoseconds(START) + 30 * NS, 0, "s", "i", None, {"message": SUMMARY, **counters}))
    ticker, now = Ticker(BUNDLED, Policy(), DEAD), window_end(0) + GRACE
    first = ticker.tick(State(), reading, ticker.plan(State(), now), now)
    assert [(alert.rule, alert.state) for alert in first.state.alerts] == [("checkout-traffic", PENDING)]
    second = ticker.tick(first.state, Reading(shape=SHAPE), ticker.plan(first.state, now), now)
    assert (second.windows, second.transitions, second.state.alerts) == (0, (), first.state.alerts)


NAMES = ("a", "a:kpa", "b", "b:kpa", "falls")
LETTERS = st.text("newWu_", max_size=25)
COURSES = st.fixed_dictionaries(dict.fromkeys(NAMES, LETTERS))


def windows_of(courses: dict[str, str]) -> list[list[Verdict]]:
    length = max(map(len, courses.values()))
    padded = {name: letters.ljust(length, "_") for name, letters in courses.items()}
    return [
        [make_verdict(name, letters[at], window_end(at)) for name, letters in padded.items() if letters[at] != "_"]
        for at in range(length)
    ]


@pytest.mark.long
@given(COURSES, st.randoms(use_true_random=False))
def test_the_order_of_verdicts_in_a_window_does_not_matter(courses: dict[str, str], chance: random.Random) -> None:
    windows = windows_of(courses)
    mixed = [chance.sample(window, len(window)) for window in windows]
    after, transitions = follow(windows)
    mixed_after, mixed_transitions = follow(mixed)
    assert mixed_after == after
    assert sorted(moves(mixed_transitions), key=str) == sorted(moves(transitions), key=str)


@given(st.text("newW", max_size=20), st.data())
def test_unknown_windows_inserted_anywhere_change_no_transition(letters: str, data: st.DataObject) -> None:
    gaps = [data.draw(st.text("u_", max_size=3)) for _ in letters]
    with_gaps = "".join(gap + letter for gap, letter in zip(gaps, letters, strict=True))
    for name in ("a", "b"):
        plain, filled = (follow(course(name, each))[1] for each in (letters, with_gaps))
        assert [each[:3] for each in moves(filled)] == [each[:3] for each in moves(plain)]


@given(COURSES)
def test_an_alert_goes_from_pending_to_firing_to_resolved_and_no_other_way(courses: dict[str, str]) -> None:
    allowed = {
        (None, PENDING), (None, FIRING), (PENDING, FIRING), (PENDING, None), (FIRING, RESOLVED),
    }  # fmt: skip
    stands: dict[str, AlertState | None] = {}
    for name, before, after, _ in moves(follow(windows_of(courses))[1]):
        assert (before, after) in allowed
        assert stands.get(name) is before
        stands[name] = None if after is RESOLVED else after


@given(COURSES)
def test_an_alerts_peak_is_at_warning_and_its_times_are_in_order(courses: dict[str, str]) -> None:
    for alerts in follow(windows_of(courses))[0]:
        for alert in alerts:
            assert alert.peak.level is Level.WARNING
            assert alert.latest.level is not Level.UNKNOWN
            times = [alert.pending_at, alert.firing_at, alert.resolved_at]
            known = [time for time in times if time]
            assert known == sorted(known)
            assert [bool(time) for time in times] == [True, alert.state is not PENDING, alert.state is RESOLVED]


def look_ahead(windows: list[list[Verdict]], ahead: int) -> tuple[list[Alert], list[tuple[int, Transition]]]:
    """Take each window as it is closed, with those behind it; every warning is final. Give the tick of each transition."""
    alerts: list[Alert] = []
    found = []
    looked = [[replace(each, final=each.level is Level.WARNING) for each in window] for window in windows]
    for window, closed in enumerate(looked):
        alerts, moved = advance(alerts, closed, RULES, window_end(window), looked[window + 1 : window + 1 + ahead])
        found += [(window, each) for each in moved]
    return alerts, found


@pytest.mark.parametrize(
    ("name", "letters", "ahead", "expected"),
    [
        ("b", "nnwn", 1, [(None, FIRING, 1), (FIRING, RESOLVED, 3)]),
        ("b", "nnwn", 2, [(None, FIRING, 0), (FIRING, RESOLVED, 3)]),
        ("a", "nwwnn", 1, [(None, PENDING, 0), (PENDING, FIRING, 1), (FIRING, RESOLVED, 4)]),
        ("a", "nwwnn", 2, [(None, PENDING, 0), (PENDING, FIRING, 0), (FIRING, RESOLVED, 4)]),
        ("a", "nwnwn", 2, [(None, PENDING, 0), (PENDING, None, 2), (None, PENDING, 2), (PENDING, None, 4)]),
        ("a", "wnW", 2, [(None, PENDING, 0), (PENDING, None, 1), (None, FIRING, 1)]),
        ("b", "wnw", 1, [(None, FIRING, 0), (FIRING, RESOLVED, 1), (None, FIRING, 1)]),
        ("a", "wwnnw", 2, [(None, PENDING, 0), (PENDING, FIRING, 0), (FIRING, RESOLVED, 3), (None, PENDING, 4)]),
        ("a", "WnnwW", 2, [(None, FIRING, 0), (FIRING, RESOLVED, 2), (None, PENDING, 2), (PENDING, FIRING, 2)]),
        (
            "a",
            "WnnwnW",
            3,
            [(None, FIRING, 0), (FIRING, RESOLVED, 2), (None, PENDING, 3), (PENDING, None, 4), (None, FIRING, 4)],
        ),
    ],
)
def test_a_final_warning_counts_before_its_window_is_closed_and_not_again(
    name: str, letters: str, ahead: int, expected: list[tuple[AlertState | None, AlertState | None, int]]
) -> None:
    assert [(each.before, each.after, window) for window, each in look_ahead(course(name, letters), ahead)[1]] == expected


@given(COURSES, st.integers(1, 3))
@example({"a": "WnnwW"}, 2)
def test_looking_ahead_makes_alerts_sooner_and_not_otherwise(courses: dict[str, str], ahead: int) -> None:
    windows = [*windows_of(courses), *([[]] * 3)]
    (alone, told), (early, sooner) = follow(windows), look_ahead(windows, ahead)
    assert [
        replace(each, **{name: replace(getattr(each, name), final=False) for name in ("latest", "peak")}) for each in early
    ] == alone[-1]
    assert sorted(moves([each for _, each in sooner]), key=str) == sorted(moves(told), key=str)
    assert all(window_end(window) <= each.at for window, each in sooner)
