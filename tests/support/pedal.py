"""A second platform, made up: bicycles that are unlocked, in lines unlike the bundled one's.

`python -m tests.support.pedal > tests/fixtures/services/pedal/incident.ndjson` writes its recorded incident.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = ROOT / "tests/fixtures/services/pedal"
RULES, RECORDING = FOLDER / "rules", FOLDER / "incident.ndjson"
START = datetime(2026, 5, 11, 7, tzinfo=UTC)
CITIES = {"porto": 18, "ghent": 11}
REFUSING = range(25, 40)
"""Minutes in which most locks of Porto refuse their key, and unlocking takes long."""


def entries(*, start: datetime = START, minutes: int = 60, refusing: range = REFUSING) -> Iterator[dict[str, Any]]:
    """Give the entries of two instances, in order of time."""
    dice = random.Random(11)  # noqa: S311 - made-up numbers, no secrets
    for minute in range(minutes):
        for instance, second in (("a1", 12), ("b2", 41)):
            at = start + timedelta(minutes=minute, seconds=second)
            wrong = minute in refusing
            if wrong:
                for number in range(3):
                    text = {
                        "message": "Lock refused to open",
                        "error": {"message": "set 77 is not known"},
                        "status": 409,
                    }
                    yield _entry(at - timedelta(seconds=9 - number), instance, {"lvl": "warn", **text})
            for number in range(5 if wrong else dice.random() < 0.1):
                call = {
                    "label": "unlock",
                    "durationMs": dice.randint(950, 2400),
                    "method": "POST",
                    "url": f"/v2/locks/{dice.randint(1, 999)}/open",
                }
                yield _entry(
                    at - timedelta(seconds=5 - number),
                    instance,
                    {"lvl": "warn", "message": "LATE CALL", **call, "statusCode": 200},
                )
            yield _entry(
                at,
                instance,
                {"lvl": "info", "message": "STATS of the last minute", "host": instance, **_counters(dice, wrong=wrong)},
            )


def _counters(dice: random.Random, *, wrong: bool) -> dict[str, int]:
    counted: dict[str, int] = {}
    for city, usual in CITIES.items():
        tried = dice.randint(usual - 5, usual + 5)
        refused = round(tried * dice.uniform(0.6, 0.8)) if wrong and city == "porto" else 0
        flat = int(dice.random() < 0.2)
        found = {
            "unlock.try": tried,
            "unlock.ok": max(tried - refused - flat, 0),
            "unlock.refused.key": refused,
            "unlock.refused.battery": flat,
            "ride.end": tried - refused - flat,
            "dock.fault": int(dice.random() < 0.01),
        }
        counted |= {f"{name}{{city={city}}}": count for name, count in found.items() if count > 0}
    return counted


def _entry(at: datetime, instance: str, payload: dict[str, Any]) -> dict[str, Any]:
    stamp = f"{at:%Y-%m-%dT%H:%M:%S.%fZ}"
    return {
        "insertId": f"{instance}-{at:%d%H%M%S}",
        "jsonPayload": payload,
        "labels": {"instanceId": instance},
        "logName": "projects/pedal-demo/logs/run.googleapis.com%2Fstdout",
        "receiveTimestamp": f"{at + timedelta(seconds=1):%Y-%m-%dT%H:%M:%S.%fZ}",
        "resource": {"labels": {"location": "europe-west4", "service_name": "pedal-api"}, "type": "cloud_run_revision"},
        "timestamp": stamp,
    }


if __name__ == "__main__":
    sys.stdout.writelines(json.dumps(entry, sort_keys=True) + "\n" for entry in entries())
