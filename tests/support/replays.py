"""Recordings played minute by minute."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from logwatch.collect.files import FilesSource
from logwatch.collect.last_seen import SignsOfLife
from logwatch.count.windows import aggregate
from logwatch.judge.rules.load import load_rules
from logwatch.pipeline.replay import replay
from logwatch.pipeline.tick import Policy, Ticker
from logwatch.settings import bundled
from tests.support.life import DEAD
from tests.support.made_traffic import Incident
from tests.support.platform import SHAPE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from logwatch.collect.columns import Reading
    from logwatch.collect.interface import Source
    from logwatch.notify.incidents import Notification
    from logwatch.pipeline.replay import Replayed


RULES = load_rules(bundled("rules"))


CHANNELS = ("slack", "email")


def ticker(source: Source | None = None, **policy: Any) -> Ticker:
    life = SignsOfLife(source, None) if source else DEAD
    return Ticker(RULES, Policy(channels=CHANNELS, **policy), life)


def record(path: Path, entries: Iterable[dict[str, Any]]) -> FilesSource:
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return FilesSource([str(path)], SHAPE)


def read(source: FilesSource) -> Reading:
    return source.read(None, service=None, progress=lambda *_: None, meanwhile=lambda: None)


def play(source: FilesSource, **policy: Any) -> Replayed:
    reading = read(source)
    return replay(reading, aggregate(reading).span, ticker(source, **policy))


def told(notifications: Iterable[Notification]) -> list[tuple[Any, ...]]:
    return [(each.at, each.reason, each.procedure, each.labels, each.rules, each.id) for each in notifications]


INCIDENTS = st.builds(
    Incident,
    first=st.integers(5, 40),
    last=st.integers(45, 70),
    failing=st.sampled_from([{}, {"kpa": 0.9}, {"kpa": 0.9, "cosmetics": 0.9}]),
    blocked=st.sampled_from([{}, {"glycopharm": 0.9}]),
    errors=st.sampled_from([0.0, 0.2]),
    redis_down=st.booleans(),
    silent=st.booleans(),
)
