#!/usr/bin/env python3
"""Write specs of many scenarios for fleet.mjs, and what is true of each.

    python3 scenarios.py SALT DIR [KIND ...]     then: node fleet.mjs DIR/specs.json

DIR/truth.json: a list of {name, kind, minutes, incidents: [{on, off (minutes), rules, procedure, step, shop}]}; a kind that
begins with `healthy-` has none. Another SALT gives other seeds, loads and onsets.
"""

import json
import random
import sys
import zlib
from pathlib import Path
from typing import Any, NamedTuple

Spec = dict[str, Any]
"""As fleet.mjs reads it: rates, an event or an instance."""

SHOPS = ("glycopharm", "kpa", "cosmetics")
LOAD = dict(glycopharm=8, kpa=4, cosmetics=3)
BASE: Spec = dict(
    checkout=LOAD, cache=120, cache_miss=0.12, api=80, api_slow=0.004, checkout_slow=0.03, confirm_slow=0.02,
    blocked_stock=0.04, blocked_product=0.01, confirm_fail=0.03, duplicate=0.01, abandon=0.02,
)  # fmt: skip
CHECKOUT, PAYMENT = ["checkout-success", "checkout-blocked"], ["payment-confirm"]
SLOW = ["slow-api", "slow-checkout", "slow-payment"]
EVERYWHERE, NO_STEP = None, None


class Incident(NamedTuple):
    """What is wrong between two minutes, and how it should be told."""

    on: float
    off: float
    rules: list[str]
    """One of them should say it; a trailing * stands for any ending."""
    procedure: str
    """Empty: any will do."""
    step: int | None
    """None: the runbook has no step for it."""
    shop: str | None
    """None: all shops."""


class Kind(NamedTuple):
    """One kind of scenario."""

    base: Spec
    """Rates that differ from BASE."""
    events: list[Spec]
    instances: int | list[Spec]
    minutes: int
    incidents: list[Incident]


def event(begin: float, end: float, **rates: Any) -> Spec:  # noqa: ANN401 - numbers, shops, ramps
    """Give other rates between two minutes."""
    return {"from": begin, "to": end, "set": rates}


def at_shop(rate: str, shop: str, value: float) -> Spec:
    """Give a rate that differs at one shop."""
    return {rate: {each: value if each == shop else BASE.get(rate, 0) for each in SHOPS}}


def times(factor: float) -> dict[str, float]:
    """Give so many times the usual checkouts."""
    return {shop: rate * factor for shop, rate in LOAD.items()}


def kinds(salt: str, wanted: str) -> dict[str, Kind]:
    """Give all kinds, drawn for the one that is wanted: what is drawn depends on the order in which they stand here."""
    draw = random.Random(f"{salt}/{wanted}")
    on, few = 30 + draw.random() * 10, draw.randint(2, 4)
    stock = dict(blocked_stock=0.97, blocked_product=0)
    twenty = {f"s{n:02}": 2 for n in range(20)}
    old = [dict(phase=draw.random() * 60, stop=on + draw.random() * 0.2) for _ in range(3)]
    new = [dict(start=on + draw.random() * 0.3, revision="o4o-core-api-00413-bad") for _ in range(3)]
    late = [{"from": 0, "to": 200, "sec": 120, "jitter": 180}]
    evening = event(-2, 60, checkout=dict(glycopharm=[1, 0.02], kpa=[0.5, 0.01]), cache=[30, 0.5], api=[20, 0.3])
    night, awake, visit = [dict(phase=draw.random() * 60, stop=62)], [evening, event(60, 480, checkout={}, cache=0, api=0)], 90
    while visit < 460:
        begin = visit + draw.random()
        night.append(dict(start=begin, stop=begin + 16))
        awake.append(event(begin + 0.05, begin + 2.5, checkout=dict(kpa=2), cache=30, api=20))
        visit += draw.randint(40, 80)
    return {
        # what the runbook's rows can see
        "stock-everywhere": Kind(
            {}, [event(on, on + 20, **stock)], few, 70, [Incident(on, on + 20, CHECKOUT, "4.1", 3, EVERYWHERE)]
        ),
        "payments-refused-everywhere": Kind(
            {}, [event(on, on + 20, confirm_fail=1)], few, 70, [Incident(on, on + 20, PAYMENT, "4.2", 3, EVERYWHERE)]
        ),
        "twenty-shops-out-of-stock": Kind(
            dict(checkout=twenty, cache=30, api=30),
            [event(on, on + 20, **stock)],
            few,
            75,
            [Incident(on, on + 20, CHECKOUT, "4.1", 3, EVERYWHERE)],
        ),
        "one-of-twenty-shops": Kind(
            dict(checkout=twenty),
            [event(on, on + 30, blocked_distribution={"s07": 0.95})],
            few,
            80,
            [Incident(on, on + 30, CHECKOUT, "4.1", 2, "s07")],
        ),
        "small-shop-in-a-big-total": Kind(
            dict(checkout=dict(glycopharm=60, cosmetics=1)),
            [event(on, on + 40, **at_shop("confirm_fail", "cosmetics", 1))],
            few,
            90,
            [Incident(on, on + 40, PAYMENT, "4.2", 3, "cosmetics")],
        ),
        "tiny-shop-payments": Kind(
            dict(checkout=dict(kpa=0.2), cache=10, api=8),
            [event(60.5, 240, confirm_fail=1)],
            1,
            240,
            [Incident(60.5, 240, PAYMENT, "4.2", 3, "kpa")],
        ),
        "tiny-shop-stock": Kind(
            dict(checkout=dict(kpa=0.2), cache=10, api=8),
            [event(60.5, 240, **stock)],
            1,
            240,
            [Incident(60.5, 240, CHECKOUT, "4.1", 3, "kpa")],
        ),
        "two-shops-one-procedure": Kind(
            {},
            [event(on, on + 20, **at_shop("blocked_stock", "glycopharm", 0.9), blocked_distribution=dict(kpa=0.9))],
            few,
            70,
            [Incident(on, on + 20, CHECKOUT, "4.1", 3, "glycopharm"), Incident(on, on + 20, CHECKOUT, "4.1", 2, "kpa")],
        ),
        "two-shops-two-procedures": Kind(
            {},
            [event(on, on + 20, **at_shop("blocked_stock", "glycopharm", 0.9), **at_shop("confirm_fail", "kpa", 0.9))],
            few,
            70,
            [Incident(on, on + 20, CHECKOUT, "4.1", 3, "glycopharm"), Incident(on, on + 20, PAYMENT, "4.2", 3, "kpa")],
        ),
        "ramp-to-35-percent": Kind(
            {},
            [event(30, 90, blocked_stock=[0.04, 0.64]), event(90, 110, blocked_stock=0.64)],
            few,
            110,
            [Incident(65, 110, CHECKOUT, "4.1", 3, EVERYWHERE)],
        ),
        "every-third-minute": Kind(
            {},
            [dict(event(on, on + 30, **stock), period=3, on=1)],
            few,
            80,
            [Incident(on, on + 30, CHECKOUT, "4.1", 3, EVERYWHERE)],
        ),
        "ninety-seconds": Kind(
            {}, [event(on, on + 1.5, confirm_fail=1)], few, 60, [Incident(on, on + 1.5, PAYMENT, "4.2", 3, EVERYWHERE)]
        ),
        "attempts-vanish": Kind(
            {}, [event(on, on + 20, vanish=0.8)], few, 70, [Incident(on, on + 20, CHECKOUT, "4.1", NO_STEP, EVERYWHERE)]
        ),
        "bad-revision": Kind(
            {}, [event(on, on + 25, confirm_fail=1)], old + new, 70, [Incident(on, on + 25, PAYMENT, "4.2", 3, EVERYWHERE)]
        ),
        "provider-down-with-retries": Kind(
            {},
            [event(on, on + 20, confirm_fail=1, confirm_retry=5, confirm_code=503, duplicate=0.3)],
            few,
            70,
            [Incident(on, on + 20, PAYMENT, "4.2", 3, EVERYWHERE)],
        ),
        "redis-flapping": Kind(
            {},
            [dict(event(on, on + 30, cache_error=0.9, api_slow=0.06, checkout_slow=0.2), period=2, on=1)],
            few,
            80,
            [Incident(on, on + 30, ["cache-error"], "4.4", NO_STEP, EVERYWHERE)],
        ),
        "database-slow": Kind(
            {},
            [event(on, on + 3, api_slow=0.5, checkout_slow=0.5, confirm_slow=0.5)],
            few,
            60,
            [Incident(on, on + 3, SLOW, "4.5", NO_STEP, EVERYWHERE)],
        ),
        "errors-on-one-of-ten": Kind(
            {},
            [],
            [{} for _ in range(9)] + [dict(events=[event(on, on + 20, checkout_error=1, blocked_stock=0, blocked_product=0)])],
            70,
            [Incident(on, on + 20, ["checkout-error"], "4.1", 5, EVERYWHERE)],
        ),
        "blocked-without-a-step": Kind(
            {},
            [event(on, on + 20, blocked_product=0.6)],
            few,
            70,
            [Incident(on, on + 20, CHECKOUT, "4.1", NO_STEP, EVERYWHERE)],
        ),
        "delayed-lines": Kind(
            {},
            [event(on, on + 20, **stock)],
            [dict(delay=late), {}, {}],
            70,
            [Incident(on, on + 20, CHECKOUT, "4.1", 3, EVERYWHERE)],
        ),
        "cold-start": Kind({}, [event(-2, 25, confirm_fail=0.9)], few, 40, [Incident(0, 25, PAYMENT, "4.2", 3, EVERYWHERE)]),
        "over-after-ten-minutes": Kind(
            dict(checkout=dict(glycopharm=2.7, kpa=1.3, cosmetics=1), cache=30, api=30),
            [event(on, on + 10, confirm_fail=1)],
            few,
            120,
            [Incident(on, on + 10, PAYMENT, "4.2", 3, EVERYWHERE)],
        ),
        "sale-times-twenty": Kind(
            dict(cache=40, api=30),
            [event(60, 90, checkout=times(20))],
            few,
            150,
            [Incident(60, 90, ["checkout-traffic"], "4.1", NO_STEP, EVERYWHERE)],
        ),
        # what no row sees today
        "prepares-fail": Kind(
            {},
            [event(on, on + 20, prepare_fail=1)],
            few,
            70,
            [Incident(on, on + 20, ["payment-*"], "4.2", NO_STEP, EVERYWHERE)],
        ),
        "shop-falls-quiet": Kind(
            {},
            [event(on, on + 30, checkout=LOAD | dict(kpa=0))],
            few,
            90,
            [Incident(on, on + 30, ["traffic-*"], "", NO_STEP, "kpa")],
        ),
        "all-shops-fall-quiet": Kind(
            {},
            [event(on, on + 30, checkout={})],
            few,
            90,
            [Incident(on, on + 30, ["traffic-*"], "", NO_STEP, EVERYWHERE)],
        ),
        "everything-dies": Kind(
            {},
            [],
            [dict(phase=draw.random() * 60, stop=on + draw.random() * 0.1) for _ in range(3)]
            + [dict(start=on + 30 + draw.random()) for _ in range(3)],
            90,
            [Incident(on, on + 30, ["telemetry-*"], "", NO_STEP, EVERYWHERE)],
        ),
        "bad-canary": Kind(
            {},
            [],
            [{} for _ in range(3)]
            + [dict(start=on, revision="o4o-core-api-00413-bad", events=[event(on, on + 30, blocked_stock=0.8)])],
            90,
            [Incident(on, on + 30, ["revision-*"], "4.1", 3, EVERYWHERE)],
        ),
        # healthy, or between the two bounds
        "healthy-deploys": Kind(
            {},
            [],
            [
                dict(
                    start=n * 20 + draw.random() * 0.3 - (1.2 if n == 0 else 0),
                    stop=(n + 1) * 20 + draw.random() * 0.3,
                    revision=f"o4o-core-api-{412 + n:05}-abc",
                )
                for n in range(9)
                for _ in range(3)
            ],
            180,
            [],
        ),
        "healthy-autoscale": Kind(
            {},
            [event(40, 60, checkout={s: [v, v * 5] for s, v in LOAD.items()}), event(60, 100, checkout=times(5))],
            [{}] + [dict(start=40 + n * 2 + draw.random(), stop=100 + n * 2 + draw.random()) for n in range(9)],
            160,
            [],
        ),
        "healthy-throttled": Kind(
            dict(checkout=times(0.1), cache=2, api=1), [], [dict(throttled=True) for _ in range(few)], 180, []
        ),
        "healthy-skew": Kind({}, [], [dict(skewMs=int(draw.uniform(-45000, 45000))) for _ in range(3)], 180, []),
        "healthy-stalls": Kind(
            {},
            [],
            [
                dict(delay=[{"from": 60, "to": 75, "until": 75}, {"from": 120, "to": 124, "until": 124}]),
                {},
                dict(delay=[{"from": 90, "to": 100, "until": 100}]),
            ],
            180,
            [],
        ),
        "healthy-bursts": Kind({}, [dict(event(20, 180, checkout=times(5)), period=4, on=1)], few, 180, []),
        "healthy-success-elsewhere": Kind(
            dict(success_later=60), [dict(event(40, 160, checkout=times(5)), period=30, on=10)], 3, 180, []
        ),
        "healthy-night-scaled-to-zero": Kind(
            dict(cache=30, api=20, checkout=dict(glycopharm=1, kpa=0.5)), awake, night, 500, []
        ),
        "healthy-at-70-percent": Kind(
            dict(blocked_stock=0.29, confirm_fail=0.12, abandon=0.1, checkout=times(draw.choice([0.1, 0.25, 1]))),
            [],
            few,
            360,
            [],
        ),
    }


def main(salt: str, folder: Path, *wanted: str) -> None:
    """Write the specs of these kinds, or of all, and what is true of them."""
    folder.mkdir(parents=True, exist_ok=True)
    specs, truth = [], []
    for name in wanted or kinds(salt, ""):
        kind, recording = kinds(salt, name)[name], f"{name}-{salt}"
        seed, out = zlib.crc32(recording.encode()), str(folder / f"{recording}.ndjson")
        spec = {"seed": seed, "start": "2026-03-10T00:00:00Z", "minutes": kind.minutes, "out": out, "instances": kind.instances}
        specs.append({**spec, "base": {**BASE, **kind.base}, "events": kind.events})
        incidents = [each._asdict() for each in kind.incidents]
        truth.append({"name": recording, "kind": name, "minutes": kind.minutes, "incidents": incidents})
    (folder / "specs.json").write_text(json.dumps(specs))
    (folder / "truth.json").write_text(json.dumps(truth, indent=1))
    print(len(specs), "scenarios in", folder)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
