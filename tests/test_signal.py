"""The ways to watch that `make signal` sets beside logwatch do what their descriptions say, and all of them see the same counts."""

from math import log

import numpy as np
import pandas as pd
import pytest

from benchmarks.signal.charts import theory
from benchmarks.signal.counts import LOGWATCH, RATIO, Cell, promised_weeks, see_falls, with_weeks
from benchmarks.signal.detectors import (
    RULE,
    BurnRate,
    Cusum,
    Firing,
    Logwatch,
    Ratio5m,
    Watched,
    bundled_rules,
    sent,
    windows_of,
)
from benchmarks.signal.traffic import HEALTHY, HOUR, WEEK, Counts, fall, steady
from logwatch.count.windows import aggregate
from logwatch.judge.evaluate import evaluate
from tests.conftest import ROOT
from tests.support import made_windows

RULES = bundled_rules().by_id


def counts(*stretches: tuple[int, int, int]) -> Counts:
    """Stretches of so many minutes with so many attempts and successes each."""
    minutes, attempts, successes = zip(*stretches, strict=True)
    return Counts(np.repeat(attempts, minutes), np.repeat(successes, minutes))


FALL = counts((60, 10, 10), (40, 10, 0), (120, 10, 10))


def test_windows_of_counts_are_judged_like_those_of_log_lines() -> None:
    drawn = fall((1, 2), 2.0, 0.3, 30, 20)
    lines = (
        {"checkout.attempt": float(each), "checkout.success": float(good), "checkout.blocked.stock": float(each - good)}
        for each, good in zip(drawn.attempts, drawn.successes, strict=True)
    )
    read = aggregate(made_windows.windows_of(*lines))
    ours, theirs = (pd.DataFrame(evaluate([RULES[RULE]], windows)[0].columns) for windows in (windows_of(drawn), read))
    pd.testing.assert_frame_equal(ours, theirs)


def test_a_longer_course_begins_like_a_shorter_one() -> None:
    short, long = (fall((1,), 3.0, 0.3, lasts, 50) for lasts in (10, 20))
    assert short.attempts[:HOUR].tolist() == long.attempts[:HOUR].tolist()
    assert short.successes[: HOUR + 10].tolist() == long.successes[: HOUR + 10].tolist()
    drawn = steady((1,), 50.0, 0.7, WEEK)
    assert drawn.attempts.mean() == pytest.approx(50, rel=0.01)
    assert drawn.successes[:HOUR].sum() / drawn.attempts[:HOUR].sum() == pytest.approx(HEALTHY, abs=0.02)
    assert drawn.successes[HOUR:].sum() / drawn.attempts[HOUR:].sum() == pytest.approx(0.7, abs=0.01)


def test_each_way_fires_when_its_description_says() -> None:
    assert Ratio5m(2).watch(FALL).firings == (Firing(64, 102),)  # below 60 % after three bad minutes of five, for three windows
    assert Ratio5m(0).watch(FALL).firings == (Firing(62, 102),)
    assert BurnRate().watch(FALL).firings == (
        Firing(84, 102),
    )  # more than 40 % of an hour, until half of the last five minutes
    assert Cusum(1).watch(FALL).firings[0].begin == 60 + int(log(WEEK) / (10 * log(0.55 / 0.3)))
    assert Logwatch(RULES[RULE]).watch(FALL).firings[0].begin == 60


def test_a_notifier_tells_the_beginning_every_four_hours_and_the_end() -> None:
    fires = np.zeros(700, dtype=bool)
    fires[10:510] = fires[600:] = True
    assert sent(fires) == Watched((Firing(10, 510), Firing(600, None)), (10, 250, 490, 510, 600))


@pytest.mark.parametrize("way", [LOGWATCH, RATIO])
def test_a_fall_is_told_and_its_end_is(way: str) -> None:
    found = see_falls(Cell(way, None, 15.0, 0.0, weeks=False, repeated=3, seed=5))
    assert len(found.told) == len(found.over) == 3
    assert all(each.seen and each.minutes <= 6 for each in found.told)
    assert all(each.seen and 0 < each.minutes < 20 for each in found.over)
    assert found.messages == 2


def test_a_fall_that_is_not_told_is_not_dropped() -> None:
    found = see_falls(Cell(LOGWATCH, None, 15.0, 0.8, weeks=False, repeated=2, seed=5))
    assert [(each.minutes, each.seen) for each in found.told] == [(120, False)] * 2
    assert found.over == ()


def test_another_promise_is_another_rule() -> None:
    assert promised_weeks(with_weeks(RULES[RULE], 0.5)) == 0.5


def test_a_week_costs_eight_failures_of_a_total_failure() -> None:
    assert theory(1, 1, 0) == pytest.approx(7.66, abs=0.01)


def test_the_page_states_what_the_rule_promises() -> None:
    page = (ROOT / "docs/signal.md").read_text(encoding="utf-8")
    assert f"chance makes one warning in {promised_weeks(RULES[RULE]):g} weeks" in page
