"""What logwatch tells of what it cannot see, by whole runs: a log that may not be read, a service that was never heard of."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import grpc
import pytest

from tests.support.faults import MINUTE
from tests.support.local_google import Fault, make_entry
from tests.support.made_traffic import START, Traffic
from tests.support.world import PROJECT, World

if TYPE_CHECKING:
    from pathlib import Path

    from logwatch.pipeline.run_summary import RunSummary

ENTRIES = [make_entry(each) for each in Traffic(11, 60, instances=1).entries()]


def tick(world: World, minute: int) -> RunSummary:
    world.now = START + minute * MINUTE + timedelta(seconds=100)
    return world.tick()


def told(world: World) -> list[tuple[str, list[str]]]:
    return [(str(note.reason), note.rules) for note in world.state().notes]


@pytest.mark.long
def test_a_log_that_may_not_be_read_is_told_after_ten_minutes_and_so_is_its_end(tmp_path: Path) -> None:
    with World(tmp_path, ENTRIES) as world:
        assert tick(world, 10).exit_code == 0
        world.google.logging.calls.faults = [Fault(grpc.StatusCode.PERMISSION_DENIED)] * 1000
        refused = [tick(world, minute) for minute in (12, 17, 21)]
        assert [summary.exit_code for summary in refused] == [3, 3, 3]
        assert all("roles/logging.viewer" in str(summary.errors) for summary in refused)
        assert told(world) == []
        assert tick(world, 22).exit_code == 3
        assert told(world) == [("firing", ["source-refused"])]
        assert "로그 읽기 불가" in world.slack.taken[0].body["text"]
        world.google.logging.calls.faults = []
        assert tick(world, 24).exit_code == 0
        assert told(world) == [("firing", ["source-refused"]), ("resolved", ["source-refused"])]
        assert len(world.smtp.mails) == 2


@pytest.mark.long
def test_a_service_whose_name_is_mistyped_is_told_after_half_an_hour_and_so_is_its_first_line(tmp_path: Path) -> None:
    with World(tmp_path, ENTRIES, more={"SOURCE": f"gcp://{PROJECT}/o4o-core-apj"}) as world:
        for minute in (10, 25, 38):
            tick(world, minute)
            assert told(world) == []
        tick(world, 41)
        assert told(world) == [("firing", ["telemetry-unheard"])]
        assert "서비스 로그 수신 이력 없음" in world.slack.taken[0].body["text"]
        world.more = {}
        tick(world, 43)
        tick(world, 44)
        assert [rules for reason, rules in told(world) if reason == "resolved"] == [["telemetry-unheard"]]
