"""Runs beside each other: in turn, within one time, and none in another's way."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.errors import ConfigError, StoreError
from logwatch.pipeline.run_summary import RunSummary
from logwatch.targets.run_all import AllWell, TargetRun, in_turn, run_all, share_of
from tests.support.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BLANK = RunSummary(datetime(2026, 2, 24, tzinfo=UTC), "test")


def well(name: str) -> TargetRun:
    return TargetRun(name, lambda _left, _after: RunSummary(BLANK.begun, "test", name, windows=1))


def failing(name: str, error: Exception) -> TargetRun:
    def fail(_left: float, _after: float) -> RunSummary:
        raise error

    return TargetRun(name, fail)


def outcomes(runs: list[TargetRun], limit_s: float = PATIENCE_S, width: int = 2) -> dict[str, tuple[int, str]]:
    told: list[RunSummary] = []
    summaries = run_all(runs, limit_s, told.append, BLANK, width)
    assert sorted(each.target for each in told) == sorted(each.target for each in summaries)
    return {each.target: (each.exit_code, each.message) for each in summaries}


def test_whatever_ends_one_the_others_go_on() -> None:
    runs = [
        failing("a", ConfigError("no such folder", where="rules", hint="x")),
        failing("b", StoreError("gone")),
        failing("c", KeyError("s3cret")),
        well("d"),
        failing("e", MemoryError()),
        well("f"),
    ]
    found = outcomes(runs)
    assert {name: code for name, (code, _) in found.items()} == {"a": 2, "b": 3, "c": 1, "d": 0, "e": 1, "f": 0}
    assert found["a"][1] == "run: rules: no such folder"
    assert found["c"][1].startswith("run: an error of logwatch itself: KeyError at ")


def test_a_single_one_raises_what_it_raises() -> None:
    with pytest.raises(StoreError):
        outcomes([failing("", StoreError("gone"))])


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float, float], RunSummary]]:
    """A run that hangs until the test is over; a run needs hardly any time."""
    monkeypatch.setattr("logwatch.targets.run_all.LEAST_S", 0.05)
    over = threading.Event()

    def hang(_left: float, _after: float) -> RunSummary:
        over.wait()
        return RunSummary(BLANK.begun, "test", "late")

    yield hang
    over.set()


def test_one_that_hangs_is_given_up_and_told(never: Callable[[float, float], RunSummary]) -> None:
    found = outcomes([TargetRun("a", never), well("b"), well("c")], limit_s=4)
    assert {name: code for name, (code, _) in found.items()} == {"a": 3, "b": 0, "c": 0}
    assert found["a"][1] == "run: not done within the run's 4 s, and given up"


def test_those_that_are_not_reached_are_told_too(never: Callable[[float, float], RunSummary]) -> None:
    found = outcomes([TargetRun("a", never), TargetRun("b", never), well("c")], limit_s=0.5)
    assert {name: code for name, (code, _) in found.items()} == {"a": 3, "b": 3, "c": 3}
    assert found["c"][1] == "run: not begun: the other targets took the run's time"


def test_each_has_what_is_left_of_the_time() -> None:
    seen: list[tuple[float, float]] = []

    def look(left: float, after: float) -> RunSummary:
        seen.append((left, after))
        return RunSummary(BLANK.begun, "test", str(len(seen)))

    run_all([TargetRun(str(number), look) for number in range(3)], 55, lambda _: None, BLANK, 1)
    assert [round(left + after, 6) for left, after in seen] == [55.0] * 3
    assert sorted(left for left, _ in seen) == [left for left, _ in reversed(seen)]


@given(st.integers(1, 30), st.integers(1, 12), st.integers(0, 10**8))
def test_every_target_falls_to_one_task_and_each_is_first_in_its_turn(targets: int, tasks: int, minute: int) -> None:
    shares = [share_of(range(targets), index, tasks) for index in range(tasks)]
    assert sorted(each for share in shares for each in share) == [*range(targets)]
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    orders = [in_turn(range(targets), minute + later) for later in range(targets)]
    assert all(sorted(order) == [*range(targets)] for order in orders)
    assert sorted(order[0] for order in orders) == [*range(targets)]


def test_life_is_told_once_all_are_well() -> None:
    told: list[str] = []

    def ping() -> str:
        told.append("here")
        return "no answer"

    alive = AllWell(ping, 3)
    assert [alive(), alive(), alive()] == ["", "", "no answer"]
    assert told == ["here"]
