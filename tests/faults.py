"""Kill a run at every point between two effects: `python -m tests.faults`.

Every effect of a run is a request to a server of this machine. Each gives two points: before it takes effect, and after it,
with the answer not sent. A run is killed there, and the next minutes' runs go on from what it left.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from logwatch.assembly import build_store
from tests.local_google import make_entry
from tests.made_traffic import START, Incident, Traffic
from tests.world import PROJECT, World

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

MINUTE = timedelta(minutes=1)
TRAFFIC = Traffic(11, 75, incidents=(Incident(20, 42, blocked={"glycopharm": 0.9}), Incident(28, 30, errors=3)))
"""One shop's checkouts are blocked, errors join, it goes on for a while, and ends."""


@dataclass
class Killer:
    """Counts the points of a run, and kills it at one of them."""

    at: int = 0
    """The point to kill at, from 1; 0 never."""
    points: list[str] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def watch(self, name: str) -> Iterator[None]:
        """Stand around an effect."""
        self._pass(f"before {name}")
        yield
        self._pass(f"after {name}")

    def _pass(self, name: str) -> None:
        with self._lock:
            self.points.append(name)
            if self.process and len(self.points) == self.at:
                os.kill(self.process.pid, signal.SIGKILL)  # a process of this module's own
                self.process.wait()


@dataclass(frozen=True, slots=True)
class Before:
    """How things stood before a minute in which something is told."""

    now: datetime
    state: bytes
    told: tuple[str, ...]
    """What Slack is told in this minute and the two after it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one kill."""

    point: str
    lost: int
    repeated: dict[str, int]
    """Channel to messages that arrived more than once."""
    windows_lost: int
    """Windows whose metrics were never published."""


@contextmanager
def incident(killer: Killer) -> Iterator[World]:
    """Give the world around the incident, its state in a bucket."""
    entries = [make_entry(entry) for entry in TRAFFIC.entries()]
    more = {"REMIND_EVERY": "10m"}
    with (
        tempfile.TemporaryDirectory() as folder,
        World(Path(folder), entries, in_bucket=True, more=more, watch=killer.watch) as world,
    ):
        assert world.gcs
        before = os.environ.get("STORAGE_EMULATOR_HOST")  # noqa: TID251 - runs in this process are told so, too
        os.environ["STORAGE_EMULATOR_HOST"] = world.gcs.url  # noqa: TID251 - likewise
        try:
            yield world
        finally:
            os.environ.pop("STORAGE_EMULATOR_HOST")  # noqa: TID251 - likewise
            os.environ |= {"STORAGE_EMULATOR_HOST": before} if before else {}  # noqa: TID251 - likewise


def texts(world: World) -> list[str]:
    """Give what Slack has taken."""
    return [each.body["text"] for each in world.slack.taken]


def rehearse(world: World) -> list[Before]:
    """Run every minute unharmed; gives each in which something is told."""
    states, told = [], []
    for minute in range(TRAFFIC.minutes):
        world.now = START + (minute + 1) * MINUTE + timedelta(seconds=90)
        stored = build_store(world.settings).load()
        states.append((world.now, stored.text if stored else b""))
        count = len(texts(world))
        summary = world.tick()
        assert not summary.errors, summary.errors
        assert not summary.failed, summary.failed
        told.append(tuple(texts(world)[count:]))
    return [
        Before(now, state, sum(told[number : number + 3], ()))
        for number, ((now, state), here) in enumerate(zip(states, told, strict=True))
        if here
    ]


def restore(world: World, before: Before) -> None:
    """Put the state back, and forget what arrived since."""
    store = build_store(world.settings)
    stored = store.load()
    store.save(before.state, stored.generation if stored else 0)
    world.now = before.now
    world.slack.arrived.clear()
    world.smtp.mails.clear()
    world.google.monitoring.store.clear()


def kill(world: World, killer: Killer, before: Before, at: int) -> Outcome | None:
    """Kill the minute's run at a point and let the next two minutes go on; None where the run has no such point."""
    restore(world, before)
    killer.points.clear()
    killer.at = at
    killer.process = world.start()
    killer.process.communicate(timeout=60)
    reached, killer.at, killer.process = len(killer.points) >= at, 0, None
    if not reached:
        return None
    point = killer.points[at - 1]
    for _ in range(2):
        world.now += MINUTE
        world.tick()
    counted = {"slack": Counter(texts(world)), "email": Counter(str(mail["Message-ID"]) for mail in world.smtp.mails)}
    published = {each.at for each in world.google.monitoring.written(PROJECT) if each.metric.endswith("o4o/level")}
    wanted = len(set(before.told))
    return Outcome(
        point=point,
        lost=sum(max(wanted - len(found), 0) for found in counted.values()),
        repeated={name: found.total() - len(found) for name, found in counted.items()},
        windows_lost=3 - len(published),
    )


def main() -> None:
    """Try every point of every minute in which something is told, and print what came of it."""
    killer = Killer()
    with incident(killer) as world:
        for before in rehearse(world):
            found: list[Outcome] = []
            while outcome := kill(world, killer, before, len(found) + 1):
                found.append(outcome)
                print(f"  {outcome.point}: {outcome}", file=sys.stderr)  # noqa: T201 - progress
            repeats = {name: sum(each.repeated[name] for each in found) for name in ("slack", "email")}
            worst = max(max(each.repeated.values()) for each in found)
            print(  # noqa: T201 - the command's result
                f"{before.now:%H:%M} {before.told[0][:44]}: {len(found)} points, lost {sum(each.lost for each in found)}, "
                f"windows of metrics lost {sum(each.windows_lost for each in found)}, repeated {repeats}, at most {worst} a kill"
            )


if __name__ == "__main__":
    main()
