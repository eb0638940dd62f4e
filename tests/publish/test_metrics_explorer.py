"""Metrics Explorer opens on what was published of a rule, and its address stays short."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from logwatch.publish.points import metrics
from logwatch.spans import Span
from tests.support.made_messages import PLACE, RULES, START

SPAN = Span(START, START + timedelta(hours=1))


def opened(rule: str, labels: dict[str, str]) -> tuple[str, list[str]]:
    """Give the address of a rule's figure, and the filters of the series that it draws."""
    assert PLACE.metrics
    url = PLACE.metrics(RULES.by_id[rule], labels, SPAN)
    asked = parse_qs(urlsplit(url).query)
    assert asked["project"] == ["o4o-demo"]
    state = json.loads(asked["pageState"][0])
    return url, [each["timeSeriesFilter"]["filter"] for each in state["xyChart"]["dataSets"]]


@pytest.mark.parametrize("rule", RULES.by_id)
@pytest.mark.parametrize("labels", [{}, {"service": "kpa"}])
def test_each_rule_opens_on_metrics_that_there_are(rule: str, labels: dict[str, str]) -> None:
    url, filters = opened(rule, labels)
    known = [f'metric.type="{RULES.service.metric_prefix}{metric.name}"' for metric in metrics(RULES)]
    assert 1 <= len(filters) <= 3
    assert all(any(name in each for name in known) for each in filters)
    assert len(url) < 2000
    assert ";startTime=2026-02-24T06:20:00Z;endTime=2026-02-24T07:20:00Z?" in url


@pytest.mark.parametrize(
    ("rule", "labels", "told"),
    [
        ("payment-confirm", {"service": "kpa"}, ["o4o/ratio", 'labels.rule="payment-confirm"', 'labels.shop="kpa"']),
        ("payment-confirm", {}, ["o4o/ratio", 'labels.shop="all"']),
        ("payment-duplicate", {}, ["o4o/payment/duplicate/blocked"]),
        ("redis-ping", {}, ["o4o/redis/ping_ms"]),
        ("slow-checkout", {}, ["o4o/slow_request/p95", 'labels.label="checkout"']),
    ],
)
def test_it_draws_the_figure_of_the_rule_and_of_its_shop(rule: str, labels: dict[str, str], told: list[str]) -> None:
    _, filters = opened(rule, labels)
    assert any(all(part in each for part in told) for each in filters)


def test_a_shop_with_quotes_stays_in_its_filter() -> None:
    url, (filter_,) = opened("payment-confirm", {"service": 'a" OR "b&x=1#'})
    assert r'metric.labels.shop="a\" OR \"b&x=1#"' in filter_
    assert '"' not in url
    assert unquote(url) != url
