"""Made-up traffic: the lines that instances of the shop platform would log, from a seed; with incidents and late lines.

`python -m tests.support.made_traffic > week.ndjson` writes the week of docs/beta-exit.md.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.support.platform import SLOW_REQUEST, SUMMARY

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2026, 2, 24, tzinfo=UTC)
SERVICE = "o4o-core-api"
PROJECT = "o4o-demo"
SHOPS = {"glycopharm": 8.0, "kpa": 4.0, "cosmetics": 3.0}


@dataclass(frozen=True)
class Incident:
    """What goes wrong between two minutes."""

    first: int
    last: int
    failing: dict[str, float] = field(default_factory=dict)
    """Shop to the share of payments that fail."""
    blocked: dict[str, float] = field(default_factory=dict)
    """Shop to the share of checkouts that are blocked for want of stock."""
    errors: float = 0.0
    """Checkout errors a minute and instance."""
    busy: float = 1.0
    """How many times as many checkouts as usual."""
    redis_down: bool = False
    silent: bool = False
    """No summaries; requests are logged all the same."""


@dataclass(frozen=True)
class Traffic:
    """A day, or a part of it, on a few instances."""

    seed: int
    minutes: int
    instances: int = 3
    incidents: tuple[Incident, ...] = ()
    late: float = 0.0
    """Share of entries that arrive between one and eight minutes late."""
    repeated: float = 0.0
    """Share of entries that come twice."""
    edgy: bool = False
    """Whether the last instance ends its minutes right at their boundary, and the first drifts over it, 0.4 s a minute."""

    def entries(self) -> list[dict[str, Any]]:
        """Give the entries as JSON objects with the service's names, in order of time."""
        dice = random.Random(self.seed)  # noqa: S311 - made-up numbers, no secrets
        phases = [dice.uniform(5, 55) for _ in range(self.instances)]
        made = [entry for minute in range(self.minutes) for entry in self._minute(dice, minute, phases)]
        made += [dict(entry) for entry in made if dice.random() < self.repeated]
        return sorted(made, key=lambda entry: entry["timestamp"])

    def _minute(self, dice: random.Random, minute: int, phases: list[float]) -> Iterator[dict[str, Any]]:
        now = [incident for incident in self.incidents if incident.first <= minute < incident.last]
        for number, usual in enumerate(phases):
            edge = {self.instances - 1: 59.985, 0: 50 + 0.4 * minute % 20} if self.edgy else {}
            phase = edge.get(number, usual)
            at = START + timedelta(minutes=minute, seconds=phase + dice.uniform(0, 0.03))
            yield self._entry(dice, at, number, {"message": "GET /api", "level": "info"})
            if not any(incident.silent for incident in now):
                yield self._entry(dice, at, number, {"message": SUMMARY, "level": "info", **self._counters(dice, now)})
            for _ in range(_poisson(dice, 12 if any(incident.redis_down for incident in now) else 0.05)):
                slow = {"label": "checkout", "durationMs": 900, "thresholdMs": 700, "method": "POST", "statusCode": 201}
                yield self._entry(
                    dice, at, number, {"message": SLOW_REQUEST, "url": "/api/v1/kpa/checkout?token=s3cr3t", **slow}
                )

    def _counters(self, dice: random.Random, now: list[Incident]) -> dict[str, int]:
        down = any(incident.redis_down for incident in now)
        found = {"cache.hit": 0 if down else 300, "cache.miss": 340 if down else 40, "cache.error": 90 if down else 0}
        found["request.total{method=GET,status=200}"] = 220
        found["checkout.error{service=kpa}"] = _poisson(dice, max((incident.errors for incident in now), default=0.0))
        for shop, rate in SHOPS.items():
            tried = _poisson(dice, rate / self.instances * 3 * max((incident.busy for incident in now), default=1.0))
            blocked = sum(dice.random() < max([0.02, *(each.blocked.get(shop, 0) for each in now)]) for _ in range(tried))
            failed = sum(
                dice.random() < max([0.03, *(each.failing.get(shop, 0) for each in now)]) for _ in range(tried - blocked)
            )
            found[f"checkout.attempt{{service={shop}}}"] = tried
            found[f"checkout.success{{service={shop}}}"] = tried - blocked
            found[f"checkout.blocked.stock{{service={shop}}}"] = blocked
            found[f"payment.prepare{{service={shop}}}"] = tried - blocked
            found[f"payment.confirm.success{{service={shop}}}"] = tried - blocked - failed
            found[f"payment.confirm.failed{{service={shop}}}"] = failed
        return {key: count for key, count in found.items() if count}

    def _entry(self, dice: random.Random, at: datetime, number: int, payload: dict[str, Any]) -> dict[str, Any]:
        arrived = at + timedelta(seconds=dice.uniform(60, 480) if dice.random() < self.late else dice.uniform(0.2, 2))
        labels = {"project_id": PROJECT, "service_name": SERVICE, "location": "asia-northeast3"}
        return {
            "logName": f"projects/{PROJECT}/logs/run.googleapis.com%2Fstdout",
            "insertId": f"{dice.getrandbits(48):012x}",
            "timestamp": _rfc3339(at),
            "receiveTimestamp": _rfc3339(arrived),
            "resource": {"type": "cloud_run_revision", "labels": labels},
            "labels": {"instanceId": f"instance-{number}"},
            "jsonPayload": payload,
        }


def _rfc3339(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"


def _poisson(dice: random.Random, mean: float) -> int:
    """Give a number of events that come one by one, `mean` of them on average."""
    count, left = 0, dice.expovariate(1.0)
    while left < mean:
        count += 1
        left += dice.expovariate(1.0)
    return count


DAY = (
    Incident(120, 160, failing={"kpa": 0.8}),
    Incident(300, 330, blocked={"glycopharm": 0.9}),
    Incident(420, 422, errors=1),
    Incident(540, 900, failing={"glycopharm": 0.7, "kpa": 0.7, "cosmetics": 0.7}),
    Incident(1000, 1030, redis_down=True),
    Incident(1100, 1130, silent=True),
    Incident(1250, 1252, failing={"cosmetics": 1.0}),
)
"""A bad day: one shop's payments, stock, an error, hours of failing payments everywhere, Redis, silence, a blip."""

BAD_HOURS = (
    Incident(15, 30, failing={"kpa": 0.8}),
    Incident(40, 50, blocked={"glycopharm": 0.9}),
    Incident(58, 60, errors=1),
    Incident(66, 96, failing={"glycopharm": 0.7, "kpa": 0.7, "cosmetics": 0.7}),
    Incident(112, 124, redis_down=True),
    Incident(136, 148, silent=True),
    Incident(156, 158, failing={"cosmetics": 1.0}),
)
"""The same in less than three hours: what goes wrong everywhere goes on for half of one."""

BAD_WEEK = Traffic(
    8, 15 * 60 + 7 * 1440, instances=1,
    incidents=(
        Incident(3 * 1440, 3 * 1440 + 300, failing=dict.fromkeys(SHOPS, 1.0)),
        Incident(5 * 1440, 5 * 1440 + 60, silent=True),
    ),
)  # fmt: skip
"""Seven days in Seoul and the hours before: payments fail for five hours of one, and no summaries come for an hour of another."""


if __name__ == "__main__":
    sys.stdout.writelines(json.dumps(entry) + "\n" for entry in BAD_WEEK.entries())
