"""Simulated hours to judge, healthy and failing, each told by its seed; made with the log simulator, kept as files."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SIMULATOR = Path("tools/log-simulator")

Rates = dict[str, Any]

BEGIN = datetime(2026, 2, 24, tzinfo=UTC)

SEEDS = {"train": 20_000, "held-out": 90_000, "unseen": 160_000}
"""Where the seeds of each set begin. Thresholds may be chosen on the first; the others are only ever looked at."""

BASE: Rates = {
    "cache_miss": 0.12, "api_slow": 0.004, "checkout_slow": 0.03, "confirm_slow": 0.02, "blocked_stock": 0.04,
    "blocked_product": 0.01, "confirm_fail": 0.03, "duplicate": 0.01, "abandon": 0.02,
}  # fmt: skip
LOADS = (0.1, 0.2, 0.5, 1, 2, 4, 8, 15)
"""Checkouts a minute."""
SHOPS = {"glycopharm": 8, "kpa": 4, "cosmetics": 3}
"""How checkouts divide among the shops, of 15."""
CACHE, API = 340, 220
"""Reads of the cache and other requests a minute, at 15 checkouts a minute."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to fail."""

    name: str
    rules: tuple[str, ...]
    """The rules that should say it."""
    failing: Callable[[Random], Rates]
    """Draw how badly; a number alone stands for the shop that fails, or for all."""
    one_shop: bool = False
    events: float = 1
    """What the rule counts, for each checkout."""
    loads: tuple[float, float] = (2, 15)
    """Checkouts a minute, from and to."""


def _drawn(name: str, low: float, high: float) -> Callable[[Random], Rates]:
    return lambda random: {name: round(random.uniform(low, high), 2)}


KINDS = (
    Kind("payments refused, one shop", ("payment-confirm",), _drawn("confirm_fail", 0.5, 1), one_shop=True),
    Kind("payments refused, all shops", ("payment-confirm",), _drawn("confirm_fail", 0.5, 1)),
    Kind("payments never confirmed", ("payment-confirm",), _drawn("abandon", 0.5, 1)),
    Kind("checkout errors", ("checkout-error", "checkout-success"), _drawn("checkout_error", 0.05, 1)),
    Kind("stock blocked, one shop", ("checkout-success", "checkout-blocked"), _drawn("blocked_stock", 0.5, 1), one_shop=True),
    Kind("stock blocked, all shops", ("checkout-success", "checkout-blocked"), _drawn("blocked_stock", 0.5, 1)),
    Kind("duplicates", ("payment-duplicate",), _drawn("duplicate", 0.8, 1), loads=(16, 40)),
    Kind("cache errors", ("cache-error",), _drawn("cache_error", 0.1, 1), events=CACHE / 15),
    Kind("hit ratio down", ("cache-hit",), _drawn("cache_miss", 0.6, 1), events=CACHE / 15),
    Kind("slow checkout", ("slow-checkout",), _drawn("checkout_slow", 0.2, 1)),
    Kind("slow payment", ("slow-payment",), _drawn("confirm_slow", 0.2, 1)),
    Kind("slow api", ("slow-api",), _drawn("api_slow", 0.1, 1), events=API / 15),
)


OWN = (
    ("payment", 20, ("payment-confirm",)),
    ("storm", 30, ("checkout-success", "checkout-blocked")),
    ("storm", 80, ("cache-error",)),
)
"""The simulator's own incidents: its spec, the minute in which it begins to fail, the rules that should say it."""


@dataclass(frozen=True, slots=True)
class Hour:
    """One recording to make or to read."""

    name: str
    spec: dict[str, Any]
    kind: Kind | None = None
    onset: int = 0
    """Minute of the recording in which it begins to fail."""
    events_per_minute: float = 0
    """What the rule counts a minute, of the shop that fails or of all."""


def healthy(number: int, seed: int) -> Hour:
    """Describe a healthy hour: loads, phases, one to four instances, and a ramp up and down in every third."""
    load = LOADS[number % len(LOADS)] / (15 if number % 16 < 8 else 8)
    checkout = {shop: weight * load for shop, weight in SHOPS.items()}
    quiet = {"checkout": {shop: each / 10 for shop, each in checkout.items()}}
    ramp = [{"from": 0, "to": 20, "set": quiet}, {"from": 40, "to": 60, "set": quiet}] if number % 3 == 0 else []
    base = {**BASE, "checkout": checkout, "cache": CACHE * max(load, 0.05), "api": API * max(load, 0.05)}
    return Hour(f"healthy-{number:04}", spec_of(seed + number, 60, 1 + number // 8 % 4, base, ramp))


def incident(kind: Kind, number: int, seed: int) -> Hour:
    """Describe an incident at some minute of an hour, and a quarter of an hour of it."""
    seed += 5000 + 200 * KINDS.index(kind) + number
    random = Random(seed)
    load = random.uniform(*kind.loads)
    onset = random.randrange(10, 45)
    shop = random.choice(list(SHOPS))
    failing = kind.failing(random)
    if kind.one_shop:
        failing = {name: {each: value if each == shop else BASE[name] for each in SHOPS} for name, value in failing.items()}
    checkout = {each: weight / 15 * load for each, weight in SHOPS.items()}
    base = {**BASE, "checkout": checkout, "cache": CACHE * load / 15, "api": API * load / 15}
    events = [{"from": onset, "to": 60, "set": failing}]
    name = f"{kind.name.replace(',', '').replace(' ', '-')}-{number:04}"
    per_minute = (checkout[shop] if kind.one_shop else load) * kind.events
    return Hour(name, spec_of(seed, onset + 15, random.randint(1, 4), base, events), kind, onset, per_minute)


def own(name: str, seed: int) -> Hour:
    """Describe one of the simulator's own recordings, drawn anew from another seed."""
    spec = json.loads((SIMULATOR / "specs" / f"{name}.json").read_text(encoding="utf-8"))
    return Hour(f"own-{name}-{seed}", {**spec, "seed": seed, "start": f"{BEGIN:%Y-%m-%dT%H:%M:%SZ}"})


def spec_of(seed: int, minutes: int, instances: int, base: Rates, events: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the simulator's own description of a recording."""
    return {
        "seed": seed, "start": f"{BEGIN:%Y-%m-%dT%H:%M:%SZ}", "minutes": minutes, "instances": instances,
        "base": base, "events": events,
    }  # fmt: skip


def simulate(folder: Path, hours: Iterable[Hour]) -> None:
    """Write the recordings that are not there yet; the spec stands beside each."""
    folder.mkdir(parents=True, exist_ok=True)

    def record(hour: Hour) -> None:
        target, spec = folder / f"{hour.name}.ndjson", folder / f"{hour.name}.json"
        told = json.dumps(hour.spec)
        if not target.exists() or spec.read_text(encoding="utf-8") != told:
            spec.write_text(told, encoding="utf-8")
            done = subprocess.run(["node", SIMULATOR / "simulate.mjs", spec], check=True, capture_output=True)
            target.write_bytes(done.stdout)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(record, hours))
