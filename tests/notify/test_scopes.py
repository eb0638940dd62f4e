"""Where an incident is: which shops one message is about, which speak for themselves, and what a silenced shop still drags down."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from logwatch.count.windows import aggregate
from logwatch.judge.alerts import Alert, AlertState, advance
from logwatch.judge.evaluate import evaluate
from logwatch.judge.verdicts import Beside, Level, Verdict, Why
from logwatch.notify.decide import decide
from logwatch.notify.diagnosis.circumstances import WindowCircumstances
from logwatch.notify.incidents import Memory, Notification, NotifyReason
from logwatch.notify.scopes import Scope, find_scope
from logwatch.notify.silences import Silence
from logwatch.seams import Seams
from tests.support.made_windows import RULE_SET, RULES, START, varied, windows_of
from tests.support.timelines import GRACE, MINUTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logwatch.collect.columns import Reading

QUIET, BAD = 70, 20
"""Minutes before, and of trouble."""
JUDGED = tuple(RULES[rule] for rule in ("checkout-success", "checkout-blocked"))
WELL = {"success": 0.95}
STOCK = {"success": 0.0, "blocked.stock": 1.0}
POLICY = {"success": 0.0, "blocked.distribution": 1.0}
LOST = {"success": 0.0}
"""What becomes of a shop's attempts."""


def minute(loads: Mapping[str, float], fates: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Give the counters of a minute in which each shop's attempts meet their fate."""
    counted = {}
    for shop, load in loads.items():
        for name, share in ({"attempt": 1.0} | dict(fates.get(shop, WELL))).items():
            counted[f"checkout.{name}{{service={shop}}}"] = float(round(load * share))
    return counted


def reading(loads: Mapping[str, float], *fates: Mapping[str, Mapping[str, float]]) -> Reading:
    """Give an hour of health, then so many stretches in which shops fare as they are said to."""
    minutes = [minute(loads, {})] * QUIET + [minute(loads, each) for each in fates for _ in range(BAD)]
    return windows_of(*minutes)


def tell(lines: Reading, *silences: Silence) -> list[Notification]:
    """Give what is told, window by window."""
    windows, alerts, told = aggregate(lines), list[Alert](), list[Notification]()
    memory = Memory(silences=silences)
    for verdicts in zip(*(course.verdicts() for course in evaluate(JUDGED, windows)), strict=True):
        end = verdicts[0].window_end
        alerts, _ = advance(alerts, verdicts, RULE_SET.by_id, end)
        around = WindowCircumstances(windows, RULE_SET, verdicts, timedelta(hours=2))
        decision = decide(alerts, memory, RULE_SET, end + GRACE, around=around)
        memory, told = decision.memory, [*told, *decision.notifications]
    return told


def scopes(told: list[Notification], reason: NotifyReason = NotifyReason.FIRING) -> list[Scope]:
    return [each.scope for each in told if each.reason is reason]


def one(shop: str) -> Scope:
    return Scope({"service": shop}, (shop,))


THREE = {"glycopharm": 8, "kpa": 4, "cosmetics": 4}
TWENTY = {f"s{number:02}": 2 for number in range(20)}


@pytest.mark.parametrize(
    ("loads", "fates", "expected"),
    [
        pytest.param(THREE, {"kpa": STOCK}, [one("kpa")], id="one shop fails"),
        pytest.param({**THREE, "glycopharm": 60}, {"glycopharm": STOCK}, [one("glycopharm")], id="one drags the total down"),
        pytest.param({"glycopharm": 60, "kpa": 1}, {"kpa": STOCK}, [one("kpa")], id="a small one in a big total"),
        pytest.param({"glycopharm": 60, "kpa": 1}, {"glycopharm": LOST}, [one("glycopharm")], id="nobody knows what grew"),
        pytest.param({"kpa": 8}, {"kpa": STOCK}, [one("kpa")], id="the only shop there is"),
        pytest.param(TWENTY, {"s07": POLICY}, [one("s07")], id="one of twenty"),
        pytest.param(THREE, {"glycopharm": STOCK, "kpa": POLICY}, [one("glycopharm"), one("kpa")], id="two causes"),
    ],
)
def test_a_shop_that_fails_alone_or_in_its_own_way_is_told_by_itself(
    loads: Mapping[str, float], fates: Mapping[str, Mapping[str, float]], expected: list[Scope]
) -> None:
    told = tell(reading(loads, fates))
    assert sorted(scopes(told), key=lambda each: each.shops) == sorted(expected, key=lambda each: each.shops)
    assert not scopes(told, NotifyReason.WIDER)


@pytest.mark.long
@pytest.mark.parametrize(
    ("loads", "fate"),
    [(THREE, STOCK), (THREE, LOST), (TWENTY, STOCK), ({"glycopharm": 30, "kpa": 0.6, "cosmetics": 0.6}, STOCK)],
)
def test_what_all_shops_have_is_one_incident_and_no_headline_of_it_is_narrower(
    loads: Mapping[str, float], fate: Mapping[str, float]
) -> None:
    told = tell(reading(loads, dict.fromkeys(loads, fate)))
    assert {each.incident for each in told} == {told[0].incident}
    assert all(each.scope.everywhere for each in told)
    assert len(told) <= 3


def test_shops_that_fail_alike_while_the_others_are_well_are_named_and_not_called_all() -> None:
    (found,) = scopes(tell(reading(TWENTY, {"s03": STOCK, "s07": STOCK})))
    assert found == Scope(shops=("s03", "s07"), partial=True)


def test_a_shop_that_follows_within_minutes_widens_the_incident_which_keeps_its_name() -> None:
    minutes = [minute(TWENTY, {})] * QUIET
    for number in range(BAD):
        minutes.append(minute(TWENTY, {"s03": STOCK} | ({"s07": STOCK} if number > 5 else {})))
    told = tell(windows_of(*minutes))
    assert [(each.reason, each.scope) for each in told] == [
        (NotifyReason.FIRING, one("s03")),
        (NotifyReason.WIDER, Scope(shops=("s03", "s07"), partial=True)),
    ]
    assert len({each.incident for each in told}) == 1
    assert told[1].first_scope == one("s03")  # the subject of a mail thread


def silence(shop: str, rule: str = "*") -> Silence:
    return Silence("s1", rule, {"service": shop}, START + timedelta(days=1), "work", "kim", START)


@pytest.mark.parametrize("rule", ["*", "checkout-success"])
def test_a_silenced_shop_does_not_speak_through_the_total_that_it_drags_down(rule: str) -> None:
    big = {**THREE, "glycopharm": 30}
    told = tell(reading(big, {"glycopharm": STOCK}), silence("glycopharm", rule))
    assert {name for each in told for name in each.rules} <= ({"checkout-blocked"} if rule != "*" else set())


def test_a_total_that_is_bad_without_the_silenced_shop_speaks_and_names_the_others() -> None:
    told = tell(reading(THREE, dict.fromkeys(THREE, STOCK)), silence("glycopharm"))
    assert told
    assert all("glycopharm" not in each.shops for each in told)
    assert {"kpa", "cosmetics"} == {*told[-1].shops}


def test_a_total_without_a_shop_is_judged_on_what_the_others_counted() -> None:
    windows = aggregate(reading(THREE, {"glycopharm": STOCK}))
    verdicts = tuple(course.latest for course in evaluate(JUDGED, windows))
    around = WindowCircumstances(windows, RULE_SET, verdicts, timedelta(hours=2))
    rest = around.without(RULES["checkout-success"], {"glycopharm"})
    assert rest is not None
    assert (rest.labels, rest.level, rest.window_end) == ({}, "normal", verdicts[0].window_end)
    assert rest.denominator == rest.span // MINUTE * (THREE["kpa"] + THREE["cosmetics"])
    blocked = around.without(RULES["checkout-blocked"], {"glycopharm"})
    assert blocked is not None
    assert blocked.value == 0


@pytest.mark.long
def test_the_first_message_about_all_shops_names_those_that_are_beyond_the_bound_and_not_proven_yet() -> None:
    told = tell(reading(TWENTY, dict.fromkeys(TWENTY, STOCK)))
    assert len(told[0].shops) > len({alert.labels["service"] for alert in told[0].alerts if alert.labels})


def test_an_alert_that_tells_no_shops_apart_takes_none_from_a_rule_of_something_else() -> None:
    windows = aggregate(reading(THREE, {"kpa": STOCK}))
    at = windows.span.end
    silent, quiet = (
        Alert(rule, labels, AlertState.FIRING, at, each, each)
        for rule, labels in (("telemetry-silent", {}), ("traffic-quiet", {"service": "kpa"}))
        for each in [Verdict(rule, labels, at, Level.WARNING, 1.0, None, None, True, Why.NONE, MINUTE, suspect=False)]
    )
    around = WindowCircumstances(windows, RULE_SET, (silent.latest, quiet.latest), timedelta(hours=2))
    assert find_scope([silent], around, RULE_SET, ()) == Scope()
    assert find_scope([quiet], around, RULE_SET, ()) == one("kpa")


def test_what_breaks_in_the_windows_is_named_and_keeps_nothing_from_being_told() -> None:
    (verdict,) = (course.latest for course in evaluate(JUDGED[:1], aggregate(reading(THREE, {}))) if not course.labels)
    seams = Seams()
    around = WindowCircumstances(None, RULE_SET, (verdict,), timedelta(hours=2), seams)  # type: ignore[arg-type]
    assert around.lead(Alert(verdict.rule, {}, AlertState.FIRING, verdict.window_end, verdict, verdict)) == ""
    assert around.without(JUDGED[0], {"kpa"}) is None
    assert seams.broken
    assert all("scope" in each or "look-up" in each for each in seams.broken)


def test_what_one_revision_does_it_does_in_every_shop() -> None:
    beside = Beside("00413", None, ("00412",), 1, 20)
    lines = reading(THREE, {"kpa": STOCK})
    windows = aggregate(lines)
    verdicts = next(zip(*(course.verdicts()[-1:] for course in evaluate(JUDGED, windows)), strict=True))
    worse = replace(verdicts[0], rule="revision-checkout", labels={}, beside=beside)
    alert = Alert("revision-checkout", {}, AlertState.FIRING, worse.window_end, worse, worse)
    around = WindowCircumstances(windows, RULE_SET, verdicts, timedelta(hours=2))
    assert find_scope([alert], around, RULE_SET, ()) == Scope()


def test_a_share_that_rises_finds_the_shops_that_fail_and_not_those_that_are_well() -> None:
    share = {"numerator": "checkout.blocked.stock", "denominator": "checkout.attempt", "by": "service"}
    rising = varied(RULES["checkout-success"], ratio=share, normal="< 20 %", warning="> 40 %")
    rules = replace(RULE_SET, rules=tuple(rising if each.rule == rising.rule else each for each in RULE_SET.rules))

    def found(fates: Mapping[str, Mapping[str, float]]) -> Scope:
        windows = aggregate(reading(THREE, fates))
        verdicts = tuple(course.latest for course in evaluate([rising], windows))
        kpa = next(each for each in verdicts if each.labels == {"service": "kpa"})
        alert = Alert(rising.rule, kpa.labels, AlertState.FIRING, kpa.window_end, kpa, kpa)
        return find_scope([alert], WindowCircumstances(windows, rules, verdicts, timedelta(hours=2)), rules, ())

    assert found(dict.fromkeys(THREE, STOCK)).everywhere
    assert found({"kpa": STOCK}) == one("kpa")
