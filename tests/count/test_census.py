"""Counters that vanish, and those that are merely at zero."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.collect.parse import VANISHED_COUNTERS
from logwatch.count.census import Census, Knows, count_window, likeness
from logwatch.count.vanished import take_census
from logwatch.count.windows import aggregate, to_minute
from tests.support.made_windows import windows_of

KNOWN = {"checkout.error", "checkout.attempt", "cache.hit"}
KNOWS = Knows(read=KNOWN.__contains__, known=KNOWN.__contains__)
USUALLY = {"checkout.attempt": 9.0, "cache.hit": 50.0}
NAN = float("nan")


def after(*windows: dict[str, float] | None, census: Census | None = None) -> Census:
    """None is a window with a summary that nobody can read."""
    census = census or Census()
    for values in windows:
        minute = census.to or 0
        census = count_window(census, minute, values or {}, unread=values is None, knows=KNOWS)
    return census


HOUR_OF_IT = [USUALLY] * 60
ERRORS = [USUALLY | {"checkout.error": 2.0}] * 20


@pytest.mark.parametrize(
    ("name", "gone", "doubted"),
    [
        ("nothing new comes beside it", [USUALLY] * 90, False),
        ("summaries cannot be read", [None] * 30, True),
        ("it has something before it", [USUALLY | {"o4o.checkout.error": 2.0}] * 30, True),
        ("in another case", [USUALLY | {"checkoutError": 2.0}] * 30, True),
        ("and not in every window", [USUALLY | {"checkoutError": 2.0}, *[USUALLY] * 90], True),
        ("within what nobody can read", [USUALLY | {"metrics": NAN}] * 30, True),
        ("a key of another name, for as long as chance may do it", [USUALLY | {"coupon.used": 2.0}] * 2, True),
        ("a key of another name, for good", [USUALLY | {"coupon.used": 2.0}] * 30, False),
    ],
)
def test_an_absent_counter_is_doubted_only_where_its_figures_may_stand_elsewhere(
    name: str, gone: list[Any], *, doubted: bool
) -> None:
    census = after(*HOUR_OF_IT, *ERRORS, *gone)
    assert ("checkout.error" in census.doubted) is doubted, name


def test_it_is_doubted_from_the_first_window_without_it_and_until_it_comes_back() -> None:
    census = after(*HOUR_OF_IT, *ERRORS, USUALLY | {"app.checkout.error": 1.0})
    assert census.doubted == {"checkout.error"}
    assert after(ERRORS[0], census=census).doubted == set()


def test_who_puts_the_new_key_into_counters_yaml_has_answered() -> None:
    census = after(*HOUR_OF_IT, *ERRORS, *[USUALLY | {"app.checkout.error": 1.0}] * 20)
    assert census.vanished == {"checkout.error": "app.checkout.error"}
    knows = Knows(read=KNOWS.read, known=lambda name: name in {*KNOWN, "app.checkout.error"})
    assert not count_window(census, 200, USUALLY, unread=False, knows=knows).missing


def test_what_came_in_every_window_has_vanished_after_three_and_what_came_seldom_after_many() -> None:
    usual = after(*HOUR_OF_IT, *[{"app.cache.hit": 3.0, "checkout.attempt": 3.0}] * 3)
    assert usual.vanished == {"cache.hit": "app.cache.hit"}
    seldom = [*[USUALLY] * 20, *ERRORS[:1]] * 3
    renamed = USUALLY | {"app.checkout.error": 1.0}
    assert after(*seldom, *[renamed] * 20).vanished == {}


def test_a_total_failure_is_none_of_these() -> None:
    census = after(*HOUR_OF_IT, *[{"cache.hit": 50.0}] * 90)
    assert (census.vanished, census.doubted) == ({}, set())


def test_a_new_counter_beside_the_others_changes_nothing() -> None:
    census = after(*HOUR_OF_IT, *[USUALLY | {"coupon.used": 1.0}] * 200)
    assert (census.vanished, census.doubted) == ({}, set())


def test_keys_that_were_there_all_along_explain_nothing() -> None:
    with_old = USUALLY | {"checkout.errors": 1.0}
    census = after(*[with_old] * 60, *[with_old | {"checkout.error": 1.0}] * 5, *[with_old] * 10)
    assert (census.vanished, census.doubted) == ({}, set())


@pytest.mark.parametrize(
    ("old", "new", "alike"),
    [
        ("checkout.error{service=kpa}", "o4o.checkout.error{service=kpa}", True),
        ("checkout.error", "CheckoutErrorTotal", True),
        ("payment.confirm.success", "payment.confirmed.success", True),
        ("payment.confirm.success", "coupon.used", False),
        ("cache.hit", "search.found", False),
    ],
)
def test_names_are_alike_where_one_is_the_others_spelling(old: str, new: str, *, alike: bool) -> None:
    assert (likeness(old, new) >= 0.8) is alike


RATES = {"checkout.attempt": 0.97, "cache.hit": 0.6, "checkout.error{service=kpa}": 0.1, "checkout.error{service=b}": 0.015}


@pytest.mark.long
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), flawed=st.sampled_from([0.0, 0.01]), new=st.sampled_from(["", "coupon.used", "cache.hits"]))
def test_windows_that_are_taken_together_leave_what_each_by_itself_leaves(seed: int, flawed: float, new: str) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    silent, odd, begins = chance.randrange(200), chance.randrange(200), chance.randrange(5, 200)
    minutes: list[dict[str, float] | None] = []
    for minute in range(220):
        known = {key: NAN if chance.random() < flawed else 3.0 for key, rate in RATES.items() if chance.random() < rate}
        strange = {new: 2.0} if new and minute >= begins and chance.random() < 0.7 else {}
        minutes.append(None if silent <= minute < silent + 70 else known | strange)
    windows = aggregate(windows_of(*minutes))
    first = to_minute(windows.span.start)
    windows = replace(windows, unread=frozenset({first + odd}) if flawed else frozenset())
    census, vanished = Census(), {}
    values: dict[int, dict[str, float]] = {each: {} for each in (*windows.summaries["minute"].tolist(), *windows.unread)}
    for minute, key, value in windows.counters.rows("minute", "series", "value"):
        values[minute][key] = value
    for minute in sorted(values):
        census = count_window(census, minute, values[minute], unread=minute in windows.unread, knows=KNOWS)
        if census.carried:
            vanished[minute] = len(census.vanished)
    together = take_census(windows, windows.span, Census(), KNOWS)
    assert together.census == replace(census, to=first + 220)
    gauges = together.windows.gauges.rows("minute", "series", "value")
    assert {minute: value for minute, series, value in gauges if series == VANISHED_COUNTERS} == vanished
