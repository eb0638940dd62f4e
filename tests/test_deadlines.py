"""Calls that are given so long and no longer."""

from threading import Event

from logwatch.deadlines import call_all


def test_who_does_not_answer_in_time_is_left_out() -> None:
    never = Event()
    calls = {"quick": lambda: True, "slow": never.wait}
    try:
        assert call_all(calls, 1) == {"quick": True}
    finally:
        never.set()
    assert call_all(calls, 600) == {"quick": True, "slow": True}
