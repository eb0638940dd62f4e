"""The scorer that other systems can be held against: what counts as told, right and over."""

import json
import subprocess
import sys
from datetime import timedelta
from math import inf
from pathlib import Path
from typing import Any

import pytest

from benchmarks.estimates import Delay, interval, quantile
from benchmarks.scorer import START, Message, score
from tests.conftest import ROOT

ONE = {"on": 30.0, "off": 50.0, "rules": ["checkout-success", "slow-*"], "procedure": "4.1", "step": 3, "shop": None}
TRUTH = {"name": "x", "kind": "stock", "minutes": 90, "incidents": [ONE]}
HEALTHY = {**TRUTH, "incidents": []}


def sent(minute: float, reason: str = "firing", rule: str = "checkout-success", **more: Any) -> Message:
    at = (START + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")
    return {"at": at, "reason": reason, "rules": [rule], "labels": {}, "procedure": "4.1", "step": 3, **more}


def test_an_incident_is_told_by_the_first_message_of_a_rule_that_should_say_it() -> None:
    (told,) = score(TRUTH, [sent(32, rule="cache-hit"), sent(34), sent(36)]).told
    assert told.delay == Delay(4.0)
    assert not told.first
    assert told.procedure
    assert told.step


@pytest.mark.parametrize(
    ("messages", "delay"),
    [
        ([sent(59.9)], 29.9),
        ([sent(60.1)], None),
        ([sent(29.5)], None),
        ([sent(33, rule="slow-checkout")], 3),
        ([sent(33, reason="reminder")], None),
        ([sent(33, reason="joined")], 3),
        ([{"at": "2026-03-10T00:33:00Z", "reason": "firing"}], 3),
    ],
)
def test_what_counts_as_told(messages: list[Message], delay: float | None) -> None:
    (told,) = score(TRUTH, messages).told
    assert told.delay.seen == (delay is not None)
    assert told.delay.minutes == pytest.approx(30 if delay is None else delay)


@pytest.mark.parametrize(("shop", "told"), [("kpa", True), (None, True), ("cosmetics", False)])
def test_a_shop_is_told_by_itself_or_with_all(shop: str | None, told: object) -> None:
    truth = {**TRUTH, "incidents": [{**ONE, "shop": "kpa"}]}
    assert score(truth, [sent(33, labels={"service": shop} if shop else {})]).told[0].delay.seen == told


@pytest.mark.parametrize(
    ("scope", "everywhere", "at_kpa"),
    [
        ({}, True, False),
        ({"labels": {"service": "kpa"}}, False, True),
        ({"partial": True, "shops": ["kpa"]}, False, True),
        ({"partial": True, "shops": ["kpa", "cosmetics"]}, False, False),
        ({"partial": True, "shops": ["cosmetics"]}, False, None),
        ({"shops": ["kpa"]}, True, False),
    ],
)
def test_a_scope_is_right_where_it_is_neither_narrower_nor_wider(scope: Message, everywhere: object, at_kpa: object) -> None:
    for shop, right in ((None, everywhere), ("kpa", at_kpa)):
        truth = {**TRUTH, "incidents": [{**ONE, "shop": shop}]}
        assert score(truth, [sent(33, **scope)]).told[0].scope is right


def test_a_wrong_lead_is_wrong_and_one_that_is_left_out_is_not_judged() -> None:
    (told,) = score(TRUTH, [sent(33, step=2)]).told
    assert (told.procedure, told.step) == (True, False)
    without = {name: value for name, value in sent(33).items() if name not in {"procedure", "step"}}
    assert score(TRUTH, [without]).told[0].step is None


def test_the_end_is_seen_or_was_not_waited_for() -> None:
    assert score(TRUTH, [sent(33), sent(45, "resolved"), sent(62, "resolved")]).over == Delay(12.0)
    assert score(TRUTH, [sent(33)]).over == Delay(40.0, seen=False)
    assert score(TRUTH, []).over is None


def test_what_is_said_without_an_incident_is_stray() -> None:
    assert score(TRUTH, [sent(10), sent(33), sent(62, "resolved")]).stray == 1
    scored = score(HEALTHY, [sent(10), sent(20, "resolved")])
    assert (scored.healthy, scored.stray, scored.messages) == (True, 1, 2)


def test_the_command_reads_both_files(tmp_path: Path) -> None:
    (tmp_path / "truth.json").write_text(json.dumps([TRUTH]))
    (tmp_path / "messages.json").write_text(json.dumps({"x": [sent(33)]}))
    command = [sys.executable, "-m", "benchmarks.scorer", *(str(tmp_path / name) for name in ("truth.json", "messages.json"))]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "1 incidents: told after 3.0 min" in ran.stdout


def test_what_was_not_seen_to_end_is_not_dropped() -> None:
    """Of four, two ended in 1 and 2 minutes and two were looked at for 3: half ended within 2, and nobody knows when all had."""
    delays = [Delay(3, seen=False), Delay(1), Delay(2), Delay(3, seen=False)]
    assert quantile(delays, 0.5) == 2
    assert quantile(delays, 0.95) == inf
    assert quantile([Delay(1), Delay(5, seen=False)], 0.5) == 1


def test_what_was_looked_at_for_too_short_tells_nothing_of_later() -> None:
    assert quantile([Delay(1, seen=False), Delay(2), Delay(4)], 0.5) == 2
    assert quantile([], 0.5) == inf


def test_the_interval_is_the_textbooks() -> None:
    assert interval(0, 10) == pytest.approx((0, 0.3689), abs=1e-3)
    assert interval(5, 1) == pytest.approx((1.6235, 11.6683), abs=1e-3)
