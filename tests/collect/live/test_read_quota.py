"""What a project allows of reads, shared by all that look back on one machine."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from logwatch.collect.live.read_quota import ReadQuota
from tests.support.checkout_errors import ENTRIES, FIRES
from tests.support.fake_clock import FakeClock
from tests.support.world import PROJECT, World


def test_two_processes_share_what_a_project_allows(tmp_path: Path) -> None:
    """Both read at once: together no more than one of them may."""
    taker = f"""
import pathlib
from logwatch.collect.live.read_quota import ReadQuota

def stop(seconds):
    raise TimeoutError

quota, made = ReadQuota(20, sleep=stop, file=pathlib.Path({str(tmp_path / "reads-p1")!r})), 0
try:
    while made < 15:
        quota.wait(lambda _seconds: None)
        made += 1
except TimeoutError:
    pass
print(made)
"""
    running = [subprocess.Popen([sys.executable, "-c", taker], stdout=subprocess.PIPE) for _ in range(2)]
    made = [int(each.communicate()[0]) for each in running]
    assert sum(made) == 20
    assert ReadQuota(20, file=tmp_path / "reads-p1").left_s() > 0
    assert ReadQuota(20, file=tmp_path / "reads-p2").left_s() <= 0


def test_calls_of_before_a_minute_are_no_longer_counted(tmp_path: Path) -> None:
    now = [1000.0]
    first, second = (ReadQuota(2, clock=lambda: now[0], file=tmp_path / "reads") for _ in range(2))
    first.wait(lambda _seconds: None)
    now[0] += 30
    second.wait(lambda _seconds: None)
    assert (first.left_s(), second.left_s()) == (30, 30)
    now[0] += 30
    assert first.left_s() <= 0


@pytest.mark.parametrize("text", ["", "no times", "\0\0", "9e99 inf nan", "1 2 3"])
def test_a_file_that_says_nothing_of_use_holds_nobody_up(tmp_path: Path, text: str) -> None:
    path = tmp_path / "reads"
    path.write_text(text)
    quota = ReadQuota(1, clock=lambda: 1000.0, file=path)
    assert quota.left_s() <= 0
    quota.wait(lambda _seconds: None)
    assert quota.left_s() == 60


def test_where_no_file_can_be_made_a_process_counts_its_own(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    quota = ReadQuota(1, file=tmp_path / "cache" / "reads")
    quota.wait(lambda _seconds: None)
    assert quota.left_s() > 0


def test_a_run_waits_for_nobody_who_looks_back(tmp_path: Path) -> None:
    """Its minute is over sooner than theirs; they see its calls, and leave them room."""
    clock = FakeClock()
    back, run = (ReadQuota(2, clock=clock, sleep=clock.sleep, file=tmp_path / "reads") for _ in range(2))
    for _ in range(2):
        back.wait(lambda _seconds: None)
    assert run.left_s() > 0
    assert run.left_s(alone=True) <= 0
    run.wait(lambda _seconds: None, alone=True)
    clock.now += 59
    run.wait(lambda _seconds: None, alone=True)
    assert not clock.waits
    assert run.left_s(alone=True) > 0
    assert back.left_s() > 0, "the run's calls count for who looks back"


def test_a_run_lets_them_know_of_its_calls_and_keeps_no_hours(tmp_path: Path) -> None:
    with World(tmp_path, ENTRIES, now=FIRES, more={"CACHE": str(tmp_path / "cache")}) as world:
        world.tick()
        world.now += timedelta(hours=4)
        world.tick()
        calls = len(world.google.logging.calls.requests)
    (left,) = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert left.name == f"reads-{PROJECT}"
    assert len(left.read_text().split()) == calls > 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is full")
def test_a_disk_that_is_full_stops_no_read() -> None:
    quota = ReadQuota(1, file=Path("/dev/full"))
    quota.wait(lambda _seconds: None)
    assert quota.left_s() > 0
