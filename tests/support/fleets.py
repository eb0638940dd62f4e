"""Fleets of many instances and shops: their lines, as a run reads them and as messages, and the state after some minutes."""

from __future__ import annotations

import random
from array import array
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from logwatch.collect.columns import Reading
from logwatch.pipeline.tick import Plan
from logwatch.spans import EPOCH, NS, WINDOW, Span, to_nanoseconds
from logwatch.state.document import State
from tests.support.local_google.messages import LogEntry
from tests.support.made_traffic import PROJECT, SERVICE, START
from tests.support.platform import SHAPE, SUMMARY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logwatch.pipeline.tick import Ticker

SERVED = 30
"""Shops that one instance serves in a minute, at the most."""
TOGETHER = 10
"""Minutes that are taken together while a fleet's past is made."""
LOG = f"projects/{PROJECT}/logs/run.googleapis.com%2Fstdout"


class Line(NamedTuple):
    """What one instance counted in a minute."""

    instance: str
    time: int
    counters: dict[str, float]
    revision: str = "revision-1"


@dataclass(frozen=True)
class Fleet:
    """Instances and the shops that they serve."""

    instances: int
    shops: int

    def lines(self, minute: int) -> Iterator[Line]:
        """Give what each instance writes in a minute."""
        first = to_nanoseconds(START + minute * WINDOW)
        for number in range(self.instances):
            dice = random.Random(f"{number}")  # noqa: S311 - made-up numbers, no secrets
            phase = dice.randrange(1_000, 59_000) * 1_000_000
            yield Line(f"instance-{number:04}", first + phase, self._counters(number, minute))

    def _counters(self, number: int, minute: int) -> dict[str, float]:
        found: dict[str, float] = {"cache.hit": 300.0, "cache.miss": 40.0, "request.total{method=GET,status=200}": 220.0}
        served = min(self.shops, SERVED)
        for place in range(served):
            shop = f"shop-{(number * 7 + minute * 13 + place) % self.shops:03}"
            tried = 1.0 + (number + minute + place) % 4
            prepared = tried - 1.0 if (number + place) % 40 == minute % 40 else tried
            counts = (
                ("checkout.attempt", tried),
                ("checkout.success", prepared),
                ("checkout.blocked.stock", tried - prepared),
                ("payment.prepare", prepared),
                ("payment.confirm.success", prepared),
            )
            found |= {f"{name}{{service={shop}}}": count for name, count in counts if count}
        return found

    def reading(self, minutes: range) -> Reading:
        """Give what a run would read of some minutes."""
        reading = Reading(shape=SHAPE)
        lines = [line for minute in minutes for line in self.lines(minute)]
        columns: dict[str, list[Any]] = {
            "log_name": [LOG] * len(lines),
            "insert_id": [f"{line.instance}-{line.time}" for line in lines],
            "timestamp": [line.time for line in lines],
            "receive_timestamp": [line.time + NS for line in lines],
            "instance": [line.instance for line in lines],
            "revision": [line.revision for line in lines],
        }
        series = array("i", [reading.series[key] for line in lines for key in line.counters])
        value = array("d", [each for line in lines for each in line.counters.values()])
        reading.add_summaries(columns.__getitem__, series, value, array("i", [len(line.counters) for line in lines]))
        return reading

    def entries(self, minute: int) -> Iterator[Any]:
        """Give what they are as raw messages."""
        for line in self.lines(minute):
            entry = LogEntry()
            entry.log_name, entry.insert_id = LOG, f"{line.instance}-{line.time}"
            for stamp, at in ((entry.timestamp, line.time), (entry.receive_timestamp, line.time + NS)):
                stamp.seconds, stamp.nanos = divmod(at, NS)
            entry.resource.type = "cloud_run_revision"
            labels = {
                "project_id": PROJECT,
                "service_name": SERVICE,
                "location": "asia-northeast3",
                "revision_name": line.revision,
            }
            entry.resource.labels.update(labels)
            entry.labels["instanceId"] = line.instance
            entry.json_payload.update({"message": SUMMARY, "level": "info", **line.counters})
            yield entry


@dataclass(frozen=True)
class LivingFleet(Fleet):
    """One that changes as a real one does: other instances each day, a revision each week, a shop more each day, and trouble."""

    def lines(self, minute: int) -> Iterator[Line]:
        """Give what each instance writes; every third day a shop's payments fail for an hour."""
        day, into = divmod(minute, 1440)
        shop = f"shop-{day % self.shops:03}"
        for line in Fleet(self.instances, self.shops + day).lines(minute):
            counters = line.counters
            failed = (
                counters.get(f"payment.confirm.success{{service={shop}}}", 0.0) if day % 3 == 0 and 600 <= into < 660 else 0.0
            )
            if failed:
                counters = {
                    key: value for key, value in counters.items() if key != f"payment.confirm.success{{service={shop}}}"
                }
                counters[f"payment.confirm.failed{{service={shop}}}"] = failed
            yield line._replace(
                instance=f"{line.instance}-of-day-{day}", counters=counters, revision=f"revision-{1 + day // 7}"
            )


def live(fleet: Fleet, ticker: Ticker, minutes: int, state: State | None = None, begin: int = 0) -> State:
    """Give the state after so many minutes from `begin` on."""
    state = state or State()
    for first in range(begin, begin + minutes, TOGETHER):
        last = min(first + TOGETHER, begin + minutes)
        judged = Span(START + first * WINDOW, START + last * WINDOW)
        planned = Plan(Span(judged.start - WINDOW, judged.end), judged, Span(judged.end, judged.end), timedelta())
        ticked = ticker.tick(state, fleet.reading(range(first, last)), planned, ticker.policy.closed_at(judged.end))
        state = replace(ticked.state, points=(), outbox=())
    return state


def aged(state: State, minutes: int) -> State:
    """Give the state as if what it has of windows had been so for so many minutes before."""
    recent, first = state.recent, (START - EPOCH) // WINDOW
    size = 1 + max(row[0] for row in recent.windows) - first
    before = [(row[0] - size * back, *row[1:]) for back in range(minutes // size, 0, -1) for row in recent.windows]
    return replace(state, recent=msgspec.structs.replace(recent, windows=[*before, *recent.windows]))
