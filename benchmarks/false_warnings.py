"""How often healthy hours are called a warning, and how soon an incident is: `python -m benchmarks.false_warnings`.

Takes recordings (`--recordings DIR`, files calm*.ndjson and pay*.ndjson) or makes them with the log simulator
(`--simulator DIR`, its packages installed): the application's own logger over simulated time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from logwatch.config import bundled
from logwatch.levels import Level
from logwatch.rules import load_rules
from logwatch.sources.files import FilesSource
from logwatch.verdicts import Course, evaluate
from logwatch.windows import aggregate, from_minute

BASE = {
    "cache_miss": 0.12, "api_slow": 0.004, "checkout_slow": 0.03, "confirm_slow": 0.02, "blocked_stock": 0.04,
    "blocked_product": 0.01, "confirm_fail": 0.03, "duplicate": 0.01, "abandon": 0.02,
}  # fmt: skip
RATES = (0.1, 0.2, 0.5, 1, 2, 4, 8, 15)
"""Checkouts a minute."""
SHOPS = {"glycopharm": 8, "kpa": 4, "cosmetics": 3}
ONSET = 20
"""The minute in which a simulated incident begins."""


def healthy_spec(number: int) -> dict[str, object]:
    """Describe one healthy hour: loads, phases, one to four instances, and a ramp in every third."""
    rate = RATES[number % len(RATES)]
    share = rate / 15 if number % 16 < 8 else rate / 8
    checkout = {shop: weight * share for shop, weight in SHOPS.items()}
    load = max(share, 0.05)
    quiet = {"checkout": {shop: each / 10 for shop, each in checkout.items()}}
    ramp = [{"from": 0, "to": 20, "set": quiet}, {"from": 40, "to": 60, "set": quiet}] if number % 3 == 0 else []
    base = {**BASE, "checkout": checkout, "cache": 340 * load, "api": 220 * load}
    return {"seed": 5000 + number, "start": "2026-02-24T00:00:00Z", "minutes": 60, "instances": 1 + number // 8 % 4,
            "base": base, "events": ramp}  # fmt: skip


def incident_spec(number: int) -> dict[str, object]:
    """Describe an hour in which four of five of one shop's payments begin to fail, while its traffic rises."""
    base = {**BASE, "checkout": SHOPS, "cache": 340, "api": 220}
    failing = {"checkout": {**SHOPS, "kpa": 15}, "confirm_fail": {"kpa": 0.8, "glycopharm": 0.03, "cosmetics": 0.03}}
    return {"seed": 1000 + number, "start": "2026-02-24T06:00:00Z", "minutes": 60, "instances": 3, "base": base,
            "events": [{"from": ONSET, "to": 35, "set": failing}]}  # fmt: skip


def simulate(simulator: Path, folder: Path, hours: int, incidents: int) -> None:
    """Write the recordings that are not there yet."""
    specs = {f"calm{number}": healthy_spec(number) for number in range(hours)}
    specs |= {f"pay{number}": incident_spec(number) for number in range(incidents)}
    folder.mkdir(parents=True, exist_ok=True)

    def run(name: str) -> None:
        target = folder / f"{name}.ndjson"
        if not target.exists():
            spec = folder / f"{name}.json"
            spec.write_text(json.dumps(specs[name]))
            done = subprocess.run(["node", simulator / "simulate.mjs", spec], check=True, capture_output=True)
            target.write_bytes(done.stdout)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, specs))


@dataclass(frozen=True, slots=True)
class Judged:
    """One recording: its courses, and how many minutes its summaries cover."""

    courses: list[Course]
    minutes: int


def judge(path: Path) -> Judged:
    """Judge a recording as `logwatch evaluate` does."""
    reading = FilesSource([str(path)]).read(None, service=None, progress=lambda *_: None, meanwhile=lambda: None)
    windows = aggregate(reading)
    return Judged(evaluate(load_rules(bundled("rules")).rules, windows), len(windows.summaries))


def false_warnings(paths: list[Path]) -> Counter[str]:
    """Count the windows that were called a warning, by rule and shop, and what each minute by itself would say."""
    found: Counter[str] = Counter()
    for path in paths:
        for course in judge(path).courses:
            name = f"{course.rule.rule} {course.labels.get('service', '')}".strip()
            found[name] += course.levels().count(Level.WARNING)
    return found


def by_the_minute(paths: list[Path]) -> int:
    """Count the minutes in which payment.confirm.success / prepare of that minute alone is under 70 %."""
    flagged = 0
    for path in paths:
        minutes: dict[str, Counter[str]] = {}
        for line in path.open(encoding="utf-8"):
            entry = json.loads(line)
            payload = entry.get("jsonPayload", {})
            if payload.get("message") == "[OpsMetrics] 60s summary":
                counted = minutes.setdefault(entry["timestamp"][:16], Counter())
                for key, value in payload.items():
                    if isinstance(value, int):
                        counted[key.partition("{")[0]] += value
        flagged += sum(counted["payment.confirm.success"] < 0.7 * counted["payment.prepare"] for counted in minutes.values())
    return flagged


def windows_to_warning(path: Path) -> int | None:
    """Count the closed windows from the incident's first minute to the first warning of the failing shop."""
    for course in judge(path).courses:
        if course.rule.rule == "payment-confirm" and course.labels == {"service": "kpa"}:
            for minute, level in zip(course.table.index, course.levels(), strict=True):
                after = from_minute(int(minute)).minute - ONSET
                if after >= 0 and level is Level.WARNING:
                    return after + 1
    return None


def main() -> None:
    """Print both figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=Path, default=Path("benchmarks/input/hours"))
    parser.add_argument("--simulator", type=Path)
    parser.add_argument("--hours", type=int, default=208)
    parser.add_argument("--incidents", type=int, default=40)
    chosen = parser.parse_args()
    if chosen.simulator:
        simulate(chosen.simulator, chosen.recordings, chosen.hours, chosen.incidents)
    calm = sorted(chosen.recordings.glob("calm*.ndjson"))
    found = false_warnings(calm)
    print(f"{len(calm)} healthy hours: {sum(found.values())} windows called a warning")
    for name, count in found.items():
        if count:
            print(f"  {name}: {count}")
    print(f"  judging each minute by itself, payment.confirm.success / prepare alone: {by_the_minute(calm)}")
    soon = Counter(windows_to_warning(path) for path in chosen.recordings.glob("pay*.ndjson"))
    print("incidents by closed windows to the warning:", dict(sorted(soon.items(), key=str)))


if __name__ == "__main__":
    main()
