"""Windows as arrays: sums by shop, and that judging touches as much for each shop however many there are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from logwatch.count.windows import QUARTER, aggregate, to_minute
from logwatch.judge import grid
from logwatch.judge.evaluate import evaluate
from logwatch.judge.grid import Grid
from logwatch.judge.rules.yaml_types import selects
from tests.support.made_windows import RULE_SET, START, windows_of

if TYPE_CHECKING:
    from logwatch.count.windows import Windows


def windows_with(shops: int, minutes: int = 6) -> Windows:
    names = ("checkout.attempt", "checkout.success", "payment.prepare", "payment.confirm.success")
    minute = {f"{name}{{service=shop-{shop}}}": 20.0 + shop for name in names for shop in range(shops)}
    day = {f"checkout.attempt{{service=shop-{shop}}}": 20.0 for shop in range(shops)}
    usual = {to_minute(START) // QUARTER: (day, day, day)}
    return replace(aggregate(windows_of(*[minute] * minutes)), usual=usual)


def test_a_total_has_the_counters_that_are_asked_for_of_those_who_have_the_labels() -> None:
    minute = {
        "checkout.attempt{service=a}": 1.0,
        "checkout.attempt{service=b}": 2.0,
        "checkout.attempt{service=a,path=x}": 4.0,
        "checkout.attempt": 8.0,
        "checkout.blocked.stock{service=a}": 16.0,
    }
    found = Grid(aggregate(windows_of(minute, {})))
    assert found.total(["checkout.attempt"]).tolist() == [15.0, 0.0]
    assert found.total(["checkout.attempt"], {"service": "a"}).tolist() == [5.0, 0.0]
    assert found.total(["checkout.attempt"], {"path": "x", "service": "a"}).tolist() == [4.0, 0.0]
    assert found.total(["checkout.blocked.*", "checkout.attempt"], {"service": "a"}).tolist() == [21.0, 0.0]
    assert found.total(["checkout.attempt"], {"service": "nobody"}).tolist() == [0.0, 0.0]


def test_what_is_usual_is_the_least_of_other_days_and_nothing_for_a_shop_that_one_of_them_does_not_have() -> None:
    days = ({"checkout.attempt{service=a}": 3.0, "checkout.attempt{service=b}": 9.0}, {"checkout.attempt{service=a}": 2.0})
    found = Grid(replace(aggregate(windows_of({})), usual={to_minute(START) // QUARTER: days}))
    asked: tuple[dict[str, str], ...] = ({}, {"service": "a"}, {"service": "b"})
    assert [found.usual(["checkout.attempt"], labels).tolist() for labels in asked] == [[2.0], [2.0], [0.0]]


@pytest.mark.long
def test_twice_the_shops_are_twice_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    touched = {"names": 0, "rows": 0}
    bincount = np.bincount

    def count_names(*given: Any) -> bool:
        touched["names"] += 1
        return selects(*given)

    def count_rows(rows: Any, *given: Any, **named: Any) -> Any:
        touched["rows"] += len(rows)
        return bincount(rows, *given, **named)

    monkeypatch.setattr(grid, "selects", count_names)
    monkeypatch.setattr(np, "bincount", count_rows)
    costs = []
    for shops in (20, 40, 80):
        touched.update(names=0, rows=0)
        courses = evaluate(RULE_SET.rules, windows_with(shops))
        assert len(courses) > 4 * shops
        costs.append(dict(touched))
    for kind in touched:
        once, twice, four_times = (cost[kind] for cost in costs)
        assert four_times - twice <= 2.01 * (twice - once), kind
