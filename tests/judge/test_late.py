"""Lines that come after their window was judged: told where they turn something, once, and marked late."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import median_low
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from logwatch.count.lateness import minutes_late
from logwatch.notify.incidents import NotifyReason
from logwatch.notify.messages import LinkTargets, build_message
from logwatch.pipeline.replay import tick_by_tick
from logwatch.spans import NS, Span, rfc3339
from logwatch.ui.format import Audience
from tests.support.local_google import make_entry
from tests.support.made_traffic import START, Incident, Traffic
from tests.support.replays import RULES, read, record, ticker
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from logwatch.languages import Lang
    from logwatch.notify.incidents import Notification

ERROR = "checkout.error{service=kpa}"
MINUTE = timedelta(minutes=1)


def traffic(late: dict[int, int], errors: dict[int, int]) -> list[dict[str, Any]]:
    """An hour and a half of one instance: minute to how many more minutes its lines take, and to errors in it."""
    entries = Traffic(5, 90, instances=1).entries()
    for each in entries:
        at = datetime.fromisoformat(each["timestamp"])
        minute = (at - START) // MINUTE
        each["receiveTimestamp"] = rfc3339(at + timedelta(seconds=1) + late.get(minute, 0) * MINUTE)
        if minute in errors and "cache.hit" in each["jsonPayload"]:
            each["jsonPayload"][ERROR] = errors[minute]
    return entries


def played(tmp_path: Path, entries: list[dict[str, Any]], *, together: bool = True, **policy: Any) -> list[Notification]:
    source = record(tmp_path / "late.ndjson", entries)
    ticks = tick_by_tick(read(source), Span(START, START + 90 * MINUTE), ticker(source, **policy), together=together)
    return [each for ticked in ticks for each in ticked.notifications]


@pytest.mark.long
@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("minutes", [3, 4, 30, 55])
def test_an_error_that_comes_late_is_told_late_and_once_and_its_end(tmp_path: Path, minutes: int, *, together: bool) -> None:
    first, *others = played(tmp_path, traffic({20: minutes}, {20: 3}), together=together)
    assert (first.reason, first.rules, first.procedure) == (NotifyReason.FIRING, ["checkout-error"], "4.1")
    assert first.late
    assert first.late.latest.window_end == START + 21 * MINUTE
    assert timedelta(0) <= first.at - (START + (21 + minutes) * MINUTE) <= 3 * MINUTE
    assert [each.reason for each in others] == [NotifyReason.RESOLVED]


@pytest.mark.long
@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("ko", "09:21에 끝난 1분 구간의 로그가 판정 뒤에 도착해 30분 늦게 알립니다."),
        ("en", "30 min late: entries of the window that ended at 09:21 arrived after it was judged."),
    ],
)
def test_the_message_says_that_it_is_late(tmp_path: Path, lang: Lang, said: str) -> None:
    first, last = played(tmp_path, traffic({20: 30}, {20: 3}))
    readers = Audience(lang, ZoneInfo("Asia/Seoul"), "o4o-core-api")
    notes = [build_message(each, RULES, readers, LinkTargets("", "")).notes for each in (first, last)]
    assert said in notes[0]
    assert said not in notes[1]


def test_what_comes_in_time_is_not_late(tmp_path: Path) -> None:
    told = played(tmp_path, traffic({}, {20: 3}))
    assert [(each.reason, each.late) for each in told] == [(NotifyReason.FIRING, None), (NotifyReason.RESOLVED, None)]


@pytest.mark.long
@pytest.mark.parametrize(
    ("late", "errors", "policy"),
    [({20: 70}, {20: 3}, {}), ({20: 30}, {20: 3}, {"late_limit": timedelta()}), ({20: 30}, {}, {}), ({20: 4}, {21: 0}, {})],
)
def test_nothing_is_told_of_what_is_too_late_or_turns_nothing(
    tmp_path: Path, late: dict[int, int], errors: dict[int, int], policy: dict[str, Any]
) -> None:
    assert played(tmp_path, traffic(late, errors), **policy) == []


@pytest.mark.long
def test_an_alert_that_fires_already_is_not_told_again_for_a_late_line(tmp_path: Path) -> None:
    told = played(tmp_path, traffic({20: 5}, dict.fromkeys(range(20, 40), 2)))
    assert [(each.reason, bool(each.late)) for each in told] == [(NotifyReason.FIRING, False), (NotifyReason.RESOLVED, False)]


@pytest.mark.long
def test_a_ratio_that_late_lines_prove_is_told(tmp_path: Path) -> None:
    entries = Traffic(5, 90, instances=1, incidents=(Incident(20, 32, failing={"glycopharm": 1.0, "kpa": 1.0}),)).entries()
    for each in entries:
        at = datetime.fromisoformat(each["timestamp"])
        held = START + 36 * MINUTE if 20 <= (at - START) // MINUTE < 32 else at
        each["receiveTimestamp"] = rfc3339(max(at, held) + timedelta(seconds=1))
    told = [each for each in played(tmp_path, entries) if "payment-confirm" in each.rules]
    assert told[0].late
    assert told[-1].reason is NotifyReason.RESOLVED


@pytest.mark.long
def test_a_run_reads_what_came_late_and_says_so(tmp_path: Path) -> None:
    entries = traffic({20: 30}, {20: 3})
    with World(tmp_path, [make_entry(each) for each in entries]) as world:
        for minute in range(18, 56):
            world.now = START + (minute + 1) * MINUTE + timedelta(seconds=90)
            assert world.tick().errors == []
        first, last = world.state().notes
        mails = [str(mail) for mail in world.smtp.mails]
    assert (first.reason, first.rules, last.reason) == (NotifyReason.FIRING, ["checkout-error"], NotifyReason.RESOLVED)
    assert first.at == START + 51 * MINUTE + timedelta(seconds=30)
    assert len(mails) == 2


def delayed(tmp_path: Path, delay: Callable[[int], int]) -> list[Notification]:
    entries = Traffic(5, 90, instances=2).entries()
    for each in entries:
        at = datetime.fromisoformat(each["timestamp"])
        each["receiveTimestamp"] = rfc3339(at + timedelta(seconds=1) + delay((at - START) // MINUTE) * MINUTE)
    return played(tmp_path, entries)


@pytest.mark.long
def test_an_ingestion_that_lags_is_told_as_that_and_as_nothing_else(tmp_path: Path) -> None:
    told = delayed(tmp_path, lambda minute: min(max(minute - 20, 0) // 2, 15) if minute < 70 else 0)
    assert [(each.rules, each.reason) for each in told] == [
        (["lines-late"], NotifyReason.FIRING),
        (["lines-late"], NotifyReason.RESOLVED),
    ]
    notes = build_message(told[0], RULES, Audience("ko", ZoneInfo("Asia/Seoul"), "o4o-core-api"), LinkTargets("", "")).notes
    assert any("로그가 늦게 도착합니다" in note for note in notes)
    assert not any("BETA_MODE" in note for note in notes)


@pytest.mark.long
def test_an_outage_after_which_all_comes_at_once_is_told_as_that_when_it_is_known(tmp_path: Path) -> None:
    told = delayed(tmp_path, lambda minute: 20 if 20 <= minute < 60 else 0)
    silent, late, *_ = told
    assert (silent.rules, late.reason, late.rules[0]) == (["telemetry-silent"], NotifyReason.JOINED, "lines-late")
    assert late.at - silent.at < 15 * MINUTE


def test_a_straggler_among_many_is_no_lag() -> None:
    time = np.arange(5) * NS + 600 * NS
    received = time + np.array([1, 1, 1, 1, 300]) * NS
    assert minutes_late(time, received, 90 * NS) == {8: 0.0, 13: 5.0}
    assert minutes_late(time, time * 0, 90 * NS) == {}


def test_the_middle_one_counts_to_a_tenth_of_a_minute() -> None:
    random = np.random.default_rng(3)
    time = random.integers(600 * NS, 1500 * NS, 400)
    received = time + (random.choice([-1, 0, 2.9, 3, 3.1, 9, 200], 400) * NS).astype("int64")
    by_window: dict[int, list[int]] = {}
    for at, came in zip(time.tolist(), received.tolist(), strict=True):
        by_window.setdefault(-((90 * NS - came) // (60 * NS)) - 1, []).append(came - at)
    expected = {window: float(np.round(max(median_low(took), 0) / (60 * NS), 1)) for window, took in by_window.items()}
    assert len(set(expected.values())) > 2
    assert minutes_late(time, received, 90 * NS) == expected
