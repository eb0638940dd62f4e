"""Kill a run at every point between two effects: `python -m tests.support.faults`.

Every effect of a run is a request to a server of this machine. Each gives two points: before it takes effect, and after it,
with the answer not sent. A run is killed there, and the next minutes' runs go on from what it left.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
import threading
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING

from logwatch.pipeline.tick import Policy
from logwatch.state import gcs
from logwatch.state.lease import NOTES
from logwatch.wiring import build_store
from tests.conftest import ROOT
from tests.support import forked
from tests.support.local_google import make_entry
from tests.support.local_slack import PLAIN_PATH, WEBHOOK_PATH
from tests.support.made_traffic import START, Incident, Traffic
from tests.support.patience import PATIENCE_S
from tests.support.world import PROJECT, World

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from multiprocessing.process import BaseProcess

MINUTE = timedelta(minutes=1)
TRAFFIC = Traffic(11, 75, incidents=(Incident(20, 52, blocked={"glycopharm": 0.9}), Incident(28, 30, errors=3)))
"""One shop's checkouts are blocked, errors join, it goes on for a while, and ends."""


ONCALL = """
routes:
  - mention: U0FIRST
    escalate: [{after: 3m, mention: S0SECOND}, {after: 5m, channels: webhook}]
"""
REACTIONS = {
    31: {"eyes": ["U0KIM"]},
    36: {},
    38: {"eyes": ["U0LEE"], "x": ["U0KIM"]},
    44: {"eyes": ["U0LEE"], "no_bell": ["U0KIM"], "white_check_mark": ["U0LEE"]},
}
"""What stands on the incident's first message from a minute on: somebody is on it, gives it back, another takes it, one mutes it."""


BEGIN = 12
"""The minute of the first run; the incident begins some minutes after it."""


@dataclass
class Killer:
    """Names the points of a run, and kills it at one of them."""

    target: str = ""
    """The point to kill at; empty for none."""
    points: list[str] = field(default_factory=list)
    """`before POST /… #2`: effects of a name are numbered, since those of different servers come in any order."""
    reached: bool = False
    process: BaseProcess | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def watch(self, name: str) -> Iterator[None]:
        """Stand around an effect, which does not come about where the run was killed before it."""
        name = re.sub(rf"{NOTES}.*", NOTES, name)  # a note is named after its run
        if self._kills(f"before {name}"):
            raise ConnectionAbortedError("the run was killed before this took effect")
        yield
        self._kills(f"after {name}")

    def _kills(self, name: str) -> bool:
        with self._lock:
            point = f"{name} #{sum(each.startswith(f'{name} #') for each in self.points) + 1}"
            self.points.append(point)
            process = self.process  # held here, so that what is waited for is not closed by who started it
            if process is None or point != self.target or self.reached:
                return False
            self.reached = True
            process.kill()
            wait([process.sentinel])
            return True


@dataclass(frozen=True, slots=True)
class Before:
    """How things stood before a minute in which something is told."""

    now: datetime
    state: bytes
    told: dict[str, set[str]]
    """Channel to what arrives there in this minute and the two after it."""
    stands: tuple[object, ...] = ()
    """How the incident stands after these, by what people have answered."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one kill."""

    point: str
    reached: bool
    """Whether the run came to it: what ends together is noted once, and looked up is what time is for."""
    lost: int
    """Messages that never arrived, of all channels, but for those that were overtaken."""
    overtaken: int
    """Messages that another told with its own: a run that comes late tells of an incident only how it stands."""
    repeated: dict[str, int]
    """Channel to messages that arrived more than once."""
    windows_lost: int
    """Windows whose metrics were never published."""
    stands_wrong: bool
    """Whether the incident stands otherwise than unharmed, in the state or in its head."""


@contextmanager
def incident(killer: Killer, *, bot: bool, answered: bool = False) -> Iterator[World]:
    """Give the world around the incident, its state in a bucket; Slack by bot or by webhook, mail, and the plain webhook.

    Where people answer, by `REACTIONS`, the webhook gets nothing before it is escalated.
    """
    entries = [make_entry(entry) for entry in TRAFFIC.entries()]
    more = {"REMIND_EVERY": "10m", "DIGEST": "tue 09:21"}  # the minute in which the incident is told first
    with (
        tempfile.TemporaryDirectory() as folder,
        World(Path(folder), entries, in_bucket=True, more=more, watch=killer.watch, bot=bot) as world,
    ):
        if answered:
            rules = shutil.copytree(ROOT / "rules", Path(folder) / "rules")
            (rules / "oncall.yaml").write_text(ONCALL)
            world.more |= {"RULES": str(rules), "NOTIFY": "slack,email"}
            world.slack.people = {"U0KIM": {"display_name": "Kim"}, "U0LEE": {"display_name": "Lee"}}
        world.more["WEBHOOK_URL"] = world.slack.plain_url
        assert world.gcs
        before = os.environ.get("STORAGE_EMULATOR_HOST")  # noqa: TID251 - runs in this process are told so, too
        os.environ["STORAGE_EMULATOR_HOST"] = world.gcs.url  # noqa: TID251 - likewise
        try:
            yield world
        finally:
            os.environ.pop("STORAGE_EMULATOR_HOST")  # noqa: TID251 - likewise
            os.environ |= {"STORAGE_EMULATOR_HOST": before} if before else {}  # noqa: TID251 - likewise


CHANNELS = ("slack", "email", "webhook")
POST = "/api/chat.postMessage"
UPDATE = "/api/chat.update"
WALK = "📋"
"""What the walked procedure begins with, which a bot posts below an incident's first message."""


def texts(world: World) -> list[str]:
    """Give what Slack has taken, by webhook or by bot; a bot's changes to a message, and the walk below it, are no message."""
    posted = [each.body["text"] for each in world.slack.taken if each.path in {WEBHOOK_PATH, POST}]
    return [text for text in posted if not text.startswith(WALK)]


def walks(world: World) -> set[str]:
    """Give the messages below which the walked procedure stands."""
    return {each["thread_ts"] for each in world.slack.posts.values() if each["text"].startswith(WALK)}


def arrived(world: World) -> dict[str, list[str]]:
    """Give what each channel has taken, by what tells its messages apart."""
    posted = [each.body["id"] for each in world.slack.taken if each.path == PLAIN_PATH]
    return {"slack": texts(world), "email": [str(mail["Message-ID"]) for mail in world.smtp.mails], "webhook": posted}


def react(world: World) -> None:
    """Let the reactions of this minute stand on every message that may be the incident's first."""
    if "RULES" in world.more:
        minute = (world.now - START) // MINUTE - 1
        standing = next((put for since, put in reversed(REACTIONS.items()) if since <= minute), {})
        world.slack.reactions = dict.fromkeys(world.slack.posts, standing)


def stands(world: World) -> tuple[object, ...]:
    """Give what people have answered, as the state has it and as the head says it."""
    state = world.state()
    incidents = [(each.acknowledged_by, each.label, each.escalated, each.also) for each in state.memory.incidents]
    muted = sorted((each.rule, each.by) for each in state.memory.silences)
    threads = [each["slack"].partition(":")[2] for each in state.threads.values() if ":" in each.get("slack", "")]
    heads = [(world.slack.posts[ts]["text"][:1], re.findall("👀[^(]*", str(world.slack.posts[ts]["blocks"]))) for ts in threads]
    return incidents, muted, heads, [ts in walks(world) for ts in threads], len(state.follow_ups)


Minute = tuple[datetime, bytes, dict[str, list[str]]]
"""A run's time, the state before it, and what arrived at each channel."""


def rehearse(world: World, every: int = 1) -> Iterator[Before]:
    """Run every minute, or a run for several of them, unharmed; gives each in which something is told, as soon as the two after it have run."""
    latest: deque[Minute] = deque()
    for minute in range(BEGIN, TRAFFIC.minutes, every):
        world.now = Policy().closed_at(START + (minute + 1) * MINUTE)
        react(world)
        stored = build_store(world.settings).load()
        counts = {name: len(found) for name, found in arrived(world).items()}
        summary = world.tick()
        assert not summary.errors, summary.errors
        assert not summary.failed, summary.failed
        told = {name: found[counts[name] :] for name, found in arrived(world).items()}
        latest.append((world.now, stored.text if stored else b"", told))
        if len(latest) == 3:
            yield from _before(latest, stands(world))
            latest.popleft()
    while latest:
        yield from _before(latest, ())
        latest.popleft()


def _before(latest: Iterable[Minute], after: tuple[object, ...]) -> Iterator[Before]:
    """Give the first of these minutes, where something is told in it."""
    (now, state, told), *_ = latest
    if told["slack"]:
        yield Before(now, state, {name: {each for *_, late in latest for each in late[name]} for name in CHANNELS}, after)


def restore(world: World, before: Before) -> None:
    """Put the state back, and forget what arrived since."""
    store = build_store(world.settings)
    stored = store.load()
    store.save(before.state, stored.generation if stored else 0)
    store.forget_notes(NOTES)  # this clock shows the same minute again
    world.now = before.now
    world.slack.arrived.clear()
    world.slack.asked.clear()
    react(world)
    world.smtp.mails.clear()
    world.google.monitoring.store.clear()


def list_points(world: World, killer: Killer, before: Before) -> list[str]:
    """Run the minute in a fresh process, unharmed; gives its points."""
    restore(world, before)
    killer.points.clear()
    forked.start(world.environment).join(PATIENCE_S)
    return list(killer.points)


def kill(world: World, killer: Killer, before: Before, point: str) -> Outcome:
    """Kill the minute's run at a point and let the next two minutes go on."""
    restore(world, before)
    killer.points.clear()
    killer.target, killer.reached = point, False
    killer.process = forked.start(world.environment)
    killer.process.join(PATIENCE_S)
    killer.process = None
    for _ in range(2):
        world.now += MINUTE
        react(world)
        world.tick()
    counted = {name: Counter(found) for name, found in arrived(world).items()}
    notes = [note for note in world.state().notes if note.at >= before.now]
    overtaken = {name: {note.id for note in notes if name not in note.delivered} for name in CHANNELS}
    missing = {name: before.told[name] - set(found) for name, found in counted.items()}
    published = {each.at for each in world.google.monitoring.written(PROJECT) if each.metric.endswith("o4o/level")}
    return Outcome(
        point=point,
        reached=killer.reached,
        # The webhook names its messages; of the others each has all of them.
        lost=len(missing["webhook"] - overtaken["webhook"])
        + sum(max(len(missing[name]) - len(overtaken[name]), 0) for name in ("slack", "email")),
        overtaken=len(overtaken["email"]),
        repeated={name: found.total() - len(found) for name, found in counted.items()},
        windows_lost=3 - len(published),
        stands_wrong=bool(before.stands) and stands(world) != before.stands,
    )


def main() -> None:
    """Try every point of every minute in which something is told, and print what came of it."""
    gcs.APART_S = 0.0  # a bucket of this machine has no limit
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # its errors are that a killed run heard no answer
    for name, bot, answered in (
        ("Slack by webhook", False, False),
        ("Slack by bot", True, False),
        ("Slack by bot, with answers and escalations", True, True),
    ):
        print(name)  # noqa: T201 - the command's result
        _kill_everywhere(bot=bot, answered=answered)


def _kill_everywhere(*, bot: bool, answered: bool) -> None:
    killer = Killer()
    with incident(killer, bot=bot, answered=answered) as world:
        minutes = list(rehearse(world))
        notes = world.state().notes
        for before in minutes:
            told = ", ".join(note.reason for note in notes if note.at == before.now)
            found = [kill(world, killer, before, point) for point in list_points(world, killer, before)]
            repeats = {name: sum(each.repeated[name] for each in found) for name in CHANNELS}
            worst = max(max(each.repeated.values()) for each in found)
            reached = sum(each.reached for each in found)
            assert reached > 0.8 * len(found), [each.point for each in found if not each.reached]
            print(  # noqa: T201 - the command's result
                f"{before.now:%H:%M}, {told}: {reached} of {len(found)} points, lost {sum(each.lost for each in found)}, "
                f"overtaken {sum(each.overtaken for each in found)}, "
                f"windows of metrics lost {sum(each.windows_lost for each in found)}, repeated {repeats}, at most {worst} a kill, "
                f"stands wrong {sum(each.stands_wrong for each in found)}"
            )


if __name__ == "__main__":
    main()
