"""A label with ids where shops belong: who is told apart, that nothing is lost, and that nothing grows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import isnan
from typing import TYPE_CHECKING

import pytest

from logwatch.collect.findings import FindingKind, LogFinding
from logwatch.collect.parse import OTHERS, parse_series
from logwatch.count import crowd
from logwatch.count.crowd import find_crowd, thin_out
from logwatch.count.windows import QUARTER, aggregate, sum_series, to_minute
from logwatch.judge.evaluate import evaluate
from logwatch.pipeline.replay import replay
from logwatch.pipeline.tick import Policy, Ticker
from logwatch.spans import WINDOW, Span
from tests.support.life import DEAD
from tests.support.made_windows import RULE_SET, START, windows_of

if TYPE_CHECKING:
    from logwatch.count.windows import Windows

MOST = 6
SHOPS = ("glycopharm", "kpa", "cosmetics")


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "MOST_APART", MOST)


def minute(number: int, ids: int, failing: str = "") -> dict[str, float]:
    """What the shops count in a minute, and as many ids of which each comes once."""
    found: dict[str, float] = {}
    for shop in SHOPS:
        found |= {f"checkout.attempt{{service={shop}}}": 40.0, f"payment.prepare{{service={shop}}}": 40.0}
        found |= {f"checkout.success{{service={shop}}}": 2.0 if shop == failing else 40.0}
        found |= {f"payment.confirm.success{{service={shop}}}": 40.0}
    names = [f"{number:04}-{each:04}" for each in range(ids)]
    return found | {f"checkout.{what}{{service={name}}}": 1.0 for name in names for what in ("attempt", "success")}


def exploded(minutes: int, ids: int, **more: str) -> Windows:
    return aggregate(windows_of(*[minute(number, ids, **more) for number in range(minutes)]))


def shops_of(windows: Windows) -> set[str]:
    keys = windows.counters.names["series"]
    return {labels["service"] for labels in (parse_series(key).labels for key in keys) if "service" in labels}


def test_a_label_that_has_as_many_values_as_are_told_apart_is_left_alone() -> None:
    windows = exploded(1, MOST - len(SHOPS))
    assert thin_out(windows, "service").windows is windows
    assert thin_out(exploded(1, MOST - len(SHOPS) + 1), "service").crowd is not None


def test_who_comes_every_minute_is_kept_and_of_those_who_come_once_the_newest() -> None:
    thinned = thin_out(exploded(5, 4), "service")
    assert thinned.crowd is not None
    assert thinned.crowd.kept == {*SHOPS, "0004-0000", "0004-0001", "0004-0002"}
    assert shops_of(thinned.windows) == {*thinned.crowd.kept, OTHERS}
    assert thinned.findings == {LogFinding(FindingKind.CROWDED, "service"): 17}
    assert thinned.windows.quality.findings == thinned.findings


def test_who_is_waited_for_comes_first_and_then_who_came_on_other_days() -> None:
    windows = exploded(5, 4)
    usual = {to_minute(START) // QUARTER: ({"checkout.attempt{service=sleeper}": 3.0, "checkout.attempt{service=gone}": 0.0},)}
    found = find_crowd(replace(windows, usual=usual), "service", {"0000-0000"})
    assert found is not None
    assert {"0000-0000", "sleeper", *SHOPS} < found.kept
    assert "gone" not in found.kept


def test_sums_stay_exact_and_an_unknown_count_is_unknown_in_the_sum_too() -> None:
    windows = exploded(3, 40)
    before, after = (sum_series(each) for each in (windows, thin_out(windows, "service").windows))
    for name in ("checkout.attempt", "checkout.success", "payment.prepare"):
        totals = [sum(value for key, value in each.items() if parse_series(key).name == name) for each in (before, after)]
        assert totals[0] == totals[1]
    flawed = windows_of(minute(0, 40) | {"checkout.attempt{service=0000-0000}": "many"})  # type: ignore[arg-type]
    counters = thin_out(aggregate(flawed), "service").windows.counters
    others = [value for key, value in counters.rows("series", "value") if key == f"checkout.attempt{{service={OTHERS}}}"]
    assert others
    assert all(map(isnan, others))


def test_known_shops_are_judged_as_without_the_ids_and_others_only_in_the_sum() -> None:
    calm, loud = exploded(12, 0, failing="kpa"), thin_out(exploded(12, 40, failing="kpa"), "service").windows
    of_shops = [
        {(each.rule.rule, each.labels["service"]): each.verdicts() for each in evaluate(RULE_SET.rules, windows) if each.labels}
        for windows in (calm, loud)
    ]
    assert {shop for _, shop in of_shops[1]} & {OTHERS} == set()
    assert {mark: of_shops[1][mark] for mark in of_shops[0]} == of_shops[0]
    traffic = next(each for each in evaluate([RULE_SET.by_id["checkout-traffic"]], loud)).latest
    assert traffic.value == 3 * 40 + 40


@pytest.mark.long
def test_ticks_remember_as_many_shops_as_are_told_apart_and_forget_those_who_stay_away() -> None:
    rules = tuple(RULE_SET.by_id[name] for name in ("checkout-success", "checkout-traffic"))
    ticker = Ticker(replace(RULE_SET, rules=rules), Policy(channels=("slack",)), DEAD)
    lasts, after = 20, int(ticker.reach / WINDOW) + 30
    reading = windows_of(*[minute(number, 30 if number < lasts else 0, "kpa") for number in range(lasts + after)])
    spans = [Span(START, START + minutes * WINDOW) for minutes in (lasts, lasts + after)]
    played = [replay(reading, span, ticker) for span in spans]
    names = [{parse_series(key).labels.get("service") for key in each.state.recent.names} for each in played]
    assert [len(each - {None}) for each in names] == [MOST + 1, len(SHOPS)]
    fired = {(each.rule, *each.labels.values()) for each in played[0].alerts if each.firing_at}
    assert ("checkout-success", "kpa") in fired
    assert all(set(each.labels.values()) <= {*SHOPS} for each in played[1].alerts)


@pytest.mark.long
def test_a_shop_that_comes_back_amid_the_ids_is_told_apart_again() -> None:
    ticker = Ticker(RULE_SET, Policy(), DEAD)
    back = {"checkout.attempt{service=night}": 30.0, "checkout.success{service=night}": 0.0}
    minutes = [minute(number, 5) | (back if number >= 10 else {}) for number in range(18)]
    found = replay(windows_of(*minutes), Span(START, START + timedelta(minutes=18)), ticker)
    assert ("checkout-success", "night") in {(each.rule, *each.labels.values()) for each in found.alerts if each.firing_at}
