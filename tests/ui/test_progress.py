"""The line that says how far a long read is."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from logwatch.collect.interface import ReadPlan
from logwatch.ui.format import Audience
from logwatch.ui.progress import LONG_S, Pace, clock, plan_texts

BEGUN = Pace(0.0, 0.0, "reading")


@pytest.mark.parametrize(
    ("pace", "now", "line"),
    [
        (BEGUN, 3.0, "reading  0:03"),
        (BEGUN.at("reading", 0.25, 10.0), 10.0, "reading  ━━━━━━──────────────────   25 %  0:10"),
        (
            BEGUN.at("reading", 0.0, 0.0).at("reading", 0.25, 10.0),
            10.0,
            "reading  ━━━━━━──────────────────   25 %  0:10  0:30 left",
        ),
        (BEGUN.at("reading", 0.0, 0.0).at("reading", 1.0, 10.0), 75.0, "reading  ━━━━━━━━━━━━━━━━━━━━━━━━  100 %  1:15"),
    ],
)
def test_the_line_says_what_goes_on_how_far_it_is_and_what_is_left(pace: Pace, now: float, line: str) -> None:
    assert pace.line(now, "{left} left") == line


def test_time_runs_on_through_all_parts_and_what_is_left_is_of_the_one_that_goes_on() -> None:
    read = BEGUN.at("reading", 0.0, 0.0).at("reading", 1.0, 60.0)
    second = read.at("minute by minute", 0.0, 60.0).at("minute by minute", 0.5, 70.0)
    assert second.line(70.0, "{left} left").split("  ")[-2:] == ["1:10", "0:10 left"]


def test_what_is_left_is_not_guessed_from_nothing() -> None:
    assert BEGUN.at("reading", 0.01, 0.0).left_s(5.0) is None
    assert BEGUN.at("reading", 0.5, 0.0).left_s(0.5) is None
    assert BEGUN.at("waiting", None, 0.0).left_s(5.0) is None


@pytest.mark.parametrize(
    ("plan", "texts"),
    [
        (ReadPlan(40, 8.0, 0), 0),
        (ReadPlan(100, 69.0, 0), 1),
        (ReadPlan(100, 69.0, 0, keeps=True), 2),
        (ReadPlan(100, 69.0, 12, keeps=True), 3),
        (ReadPlan(440, 480.0, 12, keeps=True), 4),
        (ReadPlan(440, 480.0, 0), 2),
    ],
)
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_long_read_is_told_with_what_it_takes_and_what_would_be_sooner(plan: ReadPlan, texts: int, lang: str) -> None:
    told = plan_texts(plan, Audience(lang, ZoneInfo("Asia/Seoul"), "o4o-core-api"))
    assert len(told) == texts
    assert all(figure in told[0] for figure in (str(plan.calls), clock(plan.seconds)) if told)
    assert ("bq://" in "".join(told)) == (plan.seconds >= LONG_S)
