"""What windows add to their day."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from logwatch.judge.daily_totals import Minute, add_minutes
from logwatch.state.document import State, dump_state, load_state
from tests.support.replays import RULES

SEOUL = ZoneInfo("Asia/Seoul")


@pytest.mark.parametrize("value", [1.7e308, 2.0**54])
def test_what_no_float_counts_is_no_count_and_its_hour_is_unknown(value: float) -> None:
    """Two shops overflow a float where none of them does: a run must live through it, and its state be read again."""
    counters = {"payment.prepare{service=kpa}": value, "payment.prepare{service=cosmetics}": value, "cache.hit": 5.0}
    minutes = [Minute(datetime(2026, 2, 24, 0, each, tzinfo=UTC), counters, {}, {}, True, False) for each in range(3)]
    state = State(days=add_minutes((), minutes, RULES, SEOUL))
    (day,) = load_state(dump_state(state)).days
    assert (day.counters.get("payment.prepare"), day.lost[9], day.counters["cache.hit"]) == (None, 3, 15.0)
    assert 9 in day.missing(SEOUL)
    assert day.quarters is not None
    assert set(day.quarters.counters) == {"cache.hit"}
