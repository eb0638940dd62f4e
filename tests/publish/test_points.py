"""What is published of a window: each point has a descriptor, and no two are of one series."""

import re
from collections import Counter as Count
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.judge.rules.load import load_rules
from logwatch.judge.rules.model import RuleSet
from logwatch.judge.verdicts import UNPROVEN, Level, Verdict, Why
from logwatch.publish.points import (
    LEVEL_VALUES,
    Metric,
    Point,
    counter_points,
    descriptors_version,
    metrics,
    shop,
    verdict_points,
    with_zeros,
)
from logwatch.settings import bundled
from tests.support.platform import PREFIX, SERVICE

AT = datetime(2026, 2, 24, 0, 1, tzinfo=UTC)
LONG = "s" * 100


@cache
def rules() -> RuleSet:
    return load_rules(bundled("rules"))


def verdict(rule: str, level: Level, value: float | None = None, *, eased: bool = False, **labels: str) -> Verdict:
    return Verdict(rule, labels, AT, level, value, None, None, None, Why.NONE, timedelta(minutes=1), suspect=False, eased=eased)


def series_of(points: list[Point]) -> list[tuple[Any, ...]]:
    return [(point.metric, point.at, *sorted(point.labels.items())) for point in points]


# ---- descriptors


def test_every_name_stands_once() -> None:
    assert max(Count(metric.name for metric in metrics(rules())).values()) == 1


@pytest.mark.parametrize("metric", metrics(rules()), ids=lambda metric: metric.name)
def test_a_metric_keeps_to_what_cloud_monitoring_allows(metric: Metric) -> None:
    assert re.fullmatch(r"[a-z0-9_]+(/[a-z0-9_]+)*", metric.name)
    assert metric.unit in {"1", "ms", "s", "min", "10^2.%"}
    assert metric.help.endswith(".")
    assert len(metric.labels) <= 30
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", key) and meaning for key, meaning in metric.labels.items())


def test_every_counter_of_shops_and_every_gauge_has_a_metric() -> None:
    names = {metric.name for metric in metrics(rules())}
    assert {gauge.replace(".", "/") for gauge in SERVICE.gauge_names} <= names
    assert {"checkout/attempt", "checkout/blocked/sales_limit", "cache/hit", "slow_request/p95", "logwatch/heartbeat"} <= names


@pytest.mark.parametrize("name", ["request/total", "error/code", "auth/failure", "slow/api"])
def test_counters_by_route_or_code_have_none(name: str) -> None:
    assert name not in {metric.name for metric in metrics(rules())}


@pytest.mark.parametrize(
    ("gauge", "unit"),
    [("database/ping_ms", "ms"), ("telemetry/silent_minutes", "min"), ("endpoints/unanswered", "1"), ("ratio", "10^2.%")],
)
def test_units_follow_from_what_is_measured(gauge: str, unit: str) -> None:
    assert {metric.name: metric.unit for metric in metrics(rules())}[gauge] == unit


def test_the_version_of_descriptors_tells_any_change_and_no_order() -> None:
    one = Metric("a", "1", "A.", {"shop": "The shop."})
    other = Metric("b", "ms", "B.", {})
    version = descriptors_version(PREFIX, [one, other])
    assert version == descriptors_version(PREFIX, [other, one])
    changed = [
        Metric("c", "1", "A.", {"shop": "The shop."}),
        Metric("a", "s", "A.", {"shop": "The shop."}),
        Metric("a", "1", "Another.", {"shop": "The shop."}),
        Metric("a", "1", "A.", {"shop": "Another."}),
        Metric("a", "1", "A.", {}),
    ]
    assert len({version, *(descriptors_version(PREFIX, [each, other]) for each in changed)}) == 6


# ---- counters


def test_counters_are_published_by_shop_and_without_one() -> None:
    counters = {"checkout.attempt{service=kpa}": 3.0, "checkout.attempt{service=glycopharm}": 4.0, "cache.hit": 5.0}
    assert counter_points(counters, AT, rules()) == [
        Point("checkout/attempt", {"shop": "kpa"}, AT, 3.0),
        Point("checkout/attempt", {"shop": "glycopharm"}, AT, 4.0),
        Point("cache/hit", {"shop": "all"}, AT, 5.0),
    ]


@pytest.mark.parametrize(
    "key",
    [
        "checkout.unheard_of{service=kpa}",
        "checkout.attempt{service=kpa,route=/x}",
        "request.total{method=GET,status=200}",
        "checkout.attempt{service=kpa",
        "slow.api{path=/a,method=GET}",
    ],
)
def test_what_nobody_knows_is_not_published(key: str) -> None:
    assert counter_points({key: 1.0}, AT, rules()) == []


def test_a_counter_of_no_events_is_a_point_of_0() -> None:
    assert [point.value for point in counter_points({"checkout.error{service=kpa}": 0.0}, AT, rules())] == [0.0]


def test_keys_that_fall_onto_one_series_add_up() -> None:
    counters = {f"checkout.attempt{{service={LONG}a}}": 3.0, f"checkout.attempt{{service={LONG}b}}": 4.0}
    assert counter_points(counters, AT, rules()) == [Point("checkout/attempt", {"shop": LONG}, AT, 7.0)]


@pytest.mark.parametrize("key", ["checkout.attempt", "checkout.attempt{service=}", "checkout.attempt{service=all}"])
def test_an_empty_shop_is_no_shop(key: str) -> None:
    counters = {"checkout.attempt": 1.0, key: 2.0}
    assert series_of(counter_points(counters, AT, rules())) == [("checkout/attempt", AT, ("shop", "all"))]


names = st.sampled_from(["checkout.attempt", "cache.hit", "checkout.error", "made.up"])
shops = st.one_of(st.none(), st.text(st.characters(codec=None, exclude_characters=",={}"), max_size=120), st.just(LONG + "x"))


@given(st.dictionaries(st.tuples(names, shops), st.floats(0, 1e6), max_size=12))
def test_no_series_has_two_points_and_nothing_known_is_lost(found: dict[tuple[str, str | None], float]) -> None:
    counters: dict[str, float] = {}
    for (name, of), value in found.items():
        counters[name if of is None else f"{name}{{service={of}}}"] = value
    points = counter_points(counters, AT, rules())
    assert max(Count(series_of(points)).values(), default=1) == 1
    known = sum(value for (name, _), value in found.items() if name != "made.up")
    assert sum(point.value for point in points) == pytest.approx(known)
    described = {metric.name: set(metric.labels) for metric in metrics(rules())}
    assert all(set(point.labels) == described[point.metric] for point in points)


@given(st.text(st.characters(codec=None), max_size=200))
def test_a_shop_is_text_that_can_be_sent(text: str) -> None:
    label = shop({"service": text}, rules())
    assert 1 <= len(label.encode()) <= 400
    assert len(label) <= 100


# ---- verdicts


@pytest.mark.parametrize(
    ("level", "eased", "value"),
    [(Level.NORMAL, False, 0.0), (Level.ELEVATED, False, 0.5), (Level.ELEVATED, True, 1.0), (Level.WARNING, False, 2.0)],
)
def test_a_level_is_a_number_and_half_of_one_where_nothing_proves_it(level: Level, eased: bool, value: float) -> None:  # noqa: FBT001
    points = verdict_points([verdict("checkout-traffic", level, 120.0, eased=eased)], rules())
    assert points == [Point("level", {"rule": "checkout-traffic", "shop": "all"}, AT, value)]


def test_every_level_but_unknown_has_a_number_and_so_has_elevated_without_proof() -> None:
    assert set(LEVEL_VALUES) == {*Level, UNPROVEN} - {Level.UNKNOWN}


def test_a_share_comes_with_its_level() -> None:
    labels = {"rule": "checkout-success", "shop": "kpa"}
    assert verdict_points([verdict("checkout-success", Level.ELEVATED, 0.7, service="kpa")], rules()) == [
        Point("level", labels, AT, 0.5),
        Point("ratio", labels, AT, 0.7),
    ]


def test_unknown_is_no_point() -> None:
    assert verdict_points([verdict("checkout-success", Level.UNKNOWN, 0.5), verdict("cache-hit", Level.UNKNOWN)], rules()) == []


def test_without_a_value_only_the_level_is_told() -> None:
    assert [point.metric for point in verdict_points([verdict("cache-hit", Level.NORMAL)], rules())] == ["level"]


def test_of_verdicts_that_fall_onto_one_series_the_worst_is_told() -> None:
    found = [
        verdict("checkout-success", Level.ELEVATED, 0.7, service=LONG + "a"),
        verdict("checkout-success", Level.WARNING, 0.2, service=LONG + "b"),
        verdict("checkout-success", Level.NORMAL, 0.9, service=LONG + "c"),
    ]
    assert [point.value for point in verdict_points(found, rules())] == [2.0, 0.2]
    proven = verdict("checkout-success", Level.ELEVATED, 0.75, eased=True, service=LONG + "d")
    assert [point.value for point in verdict_points([found[0], proven], rules())] == [1.0, 0.75]


def test_points_of_verdicts_have_descriptors() -> None:
    described = {metric.name: set(metric.labels) for metric in metrics(rules())}
    found = [verdict(rule.rule, Level.NORMAL, 0.5) for rule in rules().rules]
    assert all(set(point.labels) == described[point.metric] for point in verdict_points(found, rules()))


# ---- zeros


def test_a_known_window_has_every_counter_of_the_service_for_each_shop_that_was_seen() -> None:
    found = {"cache.hit": 3.0, "checkout.attempt{service=kpa}": 2.0, "request.total{method=GET,status=200}": 9.0}
    counters = with_zeros(found, {"checkout.error{service=kpa}", "payment.prepare{service=glycopharm}"}, rules())
    points = {(point.metric, point.labels["shop"]): point.value for point in counter_points(counters, AT, rules())}
    assert points["cache/hit", "all"] == 3.0
    assert points["cache/error", "all"] == 0.0
    assert points["checkout/attempt", "kpa"] == 2.0
    assert points["payment/confirm/failed", "kpa"] == points["checkout/error", "glycopharm"] == 0.0
    assert ("checkout/error", "kpa") not in points
    assert ("payment/prepare", "glycopharm") not in points
    assert {metric.name for metric in metrics(rules())} >= {name for name, _ in points}
