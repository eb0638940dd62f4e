"""The backtest: the same functions minute by minute; agreeing with itself however it is cut, and with the run."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logwatch.count.windows import aggregate, from_minute
from logwatch.judge.verdicts import Level
from logwatch.notify.incidents import NotifyReason
from logwatch.pipeline.replay import tick_by_tick
from logwatch.spans import Span, rfc3339
from tests.conftest import LOGS, ROOT, Run
from tests.support.examples import COSTLY
from tests.support.local_google import make_entry
from tests.support.made_traffic import BAD_HOURS, START, Incident, Traffic
from tests.support.platform import SUMMARY
from tests.support.replays import INCIDENTS, play, read, record, ticker, told
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from logwatch.pipeline.tick import Ticked


def moved(ticks: Iterable[Ticked]) -> list[tuple[Any, ...]]:
    return [
        (each.at, each.alert.rule, each.alert.labels, each.before, each.after) for tick in ticks for each in tick.transitions
    ]


@pytest.mark.long
@COSTLY
@example(seed=9891, incident=Incident(7, 65, failing={"kpa": 0.9}, errors=0.2, silent=True), late=0.002, edgy=False)
@example(seed=2, incident=Incident(7, 65, failing={"kpa": 0.9}), late=0.0, edgy=True)
@given(seed=st.integers(0, 10**6), incident=INCIDENTS, late=st.sampled_from([0.0, 0.002, 0.05]), edgy=st.booleans())
def test_ticks_taken_together_give_what_each_by_itself_gives(
    tmp_path: Path, seed: int, incident: Incident, late: float, *, edgy: bool
) -> None:
    traffic = Traffic(seed, 80, instances=2, incidents=(incident,), late=late, repeated=0.02, edgy=edgy)
    source = record(tmp_path / "hour.ndjson", traffic.entries())
    reading = read(source)
    span = aggregate(reading).span
    together = list(tick_by_tick(reading, span, ticker(source)))
    alone = list(tick_by_tick(reading, span, ticker(source), together=False))
    assert len(together) < len(alone) == sum(each.windows for each in together)
    assert moved(together) == moved(alone)
    assert told(note for each in together for note in each.notifications) == told(
        note for each in alone for note in each.notifications
    )
    assert sum(each.late for each in together) == sum(each.late for each in alone)


@pytest.mark.long
@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("phase", [30.0, 57.0])
def test_each_summary_is_judged_in_one_window_where_its_instance_drifts_over_the_minute(
    tmp_path: Path, phase: float, *, together: bool
) -> None:
    entries = Traffic(3, 80, instances=1).entries()
    for number, entry in enumerate([each for each in entries if each["jsonPayload"]["message"] == SUMMARY]):
        time = START + timedelta(minutes=number, seconds=phase + 0.1 * number + (number % 3 - 1))
        entry["timestamp"], entry["receiveTimestamp"] = (rfc3339(each) for each in (time, time + timedelta(seconds=1)))
        entry["jsonPayload"] = {"message": SUMMARY, "cache.hit": 2**number if number < 50 else 1}
    source = record(tmp_path / "drift.ndjson", entries)
    reading = read(source)
    span = Span(START, START + timedelta(minutes=85))
    ticks = list(tick_by_tick(reading, span, ticker(source, publishes=True), together=together))
    judged = {
        point.at: point.value for tick in ticks for point in tick.state.points if point.metric == "cache/hit" and point.value
    }
    table = aggregate(reading, span=span).counters
    assert judged == {from_minute(minute + 1): value for minute, value in zip(table["minute"], table["value"], strict=True)}
    assert sum(judged.values()) == 2**50 - 1 + 30
    assert list(judged.values()) == [2**number if number < 50 else 1 for number in range(80)]


@pytest.mark.long
def test_the_order_of_the_recording_does_not_matter(tmp_path: Path) -> None:
    entries = Traffic(7, 70, incidents=(Incident(20, 40, failing={"kpa": 0.9}),), late=0.01).entries()
    shuffled = random.Random(1).sample(entries, len(entries))  # noqa: S311 - no secret
    one, other = play(record(tmp_path / "a.ndjson", entries)), play(record(tmp_path / "b.ndjson", shuffled))
    assert told(one.notifications) == told(other.notifications)
    assert one.notifications


@pytest.mark.long
@pytest.mark.parametrize("together", [False, True])
def test_a_service_that_dies_in_its_silence_is_unknown_and_not_silent_for_ever(tmp_path: Path, *, together: bool) -> None:
    entries = Traffic(5, 90, instances=1, incidents=(Incident(20, 90, silent=True),)).entries()
    source = record(tmp_path / "dies.ndjson", [each for each in entries if each["timestamp"] < "2026-02-24T00:40"])
    span = Span(START, START + timedelta(minutes=90))
    levels = {
        verdict.window_end - START: verdict.level
        for ticked in tick_by_tick(read(source), span, ticker(source), together=together)
        for verdict in ticked.state.verdicts
        if verdict.rule == "telemetry-silent"
    }
    assert levels[timedelta(minutes=90)] is Level.UNKNOWN
    if not together:  # the last line of all is one of the fortieth minute
        dead = {minute for minute in range(1, 91) if levels[timedelta(minutes=minute)] is Level.UNKNOWN}
        assert dead == set(range(46, 91)), "five minutes after the last sign of life"


@pytest.mark.parametrize("together", [pytest.param(False, marks=pytest.mark.long), True])
def test_a_first_line_that_is_long_in_coming_is_missed_until_it_comes(tmp_path: Path, *, together: bool) -> None:
    source = record(tmp_path / "begins.ndjson", Traffic(5, 10, instances=1).entries())
    span = Span(START - timedelta(minutes=70), START + timedelta(minutes=10))
    ticks = list(tick_by_tick(read(source), span, ticker(source), together=together))
    moves = [(at - START, str(after)) for at, rule, _, _, after in moved(ticks) if rule == "telemetry-unheard"]
    assert moves == [(timedelta(minutes=-40), "firing"), (timedelta(minutes=1), "resolved")]


@pytest.mark.long
def test_hours_of_runs_and_the_backtest_of_the_hours_agree_on_every_transition_and_message(tmp_path: Path) -> None:
    entries = Traffic(2026, 170, incidents=BAD_HOURS, late=0.001, repeated=0.001).entries()
    source = record(tmp_path / "hours.ndjson", entries)
    expected = play(source, remind_every=timedelta(minutes=20))
    more = {"REMIND_EVERY": "20m"}
    with World(tmp_path, [make_entry(entry) for entry in entries], bot=True, more=more) as world:
        lines = []
        for minute in range(170):
            world.now = START + timedelta(minutes=minute + 3, seconds=20)
            summary = world.tick()
            unseen = [error for error in summary.errors if error.startswith("telemetry-silent: ")]
            assert (summary.windows, summary.errors, summary.failed, summary.refused) == (1, unseen, [], [])
            lines += [(world.now, each) for each in summary.transitions]
        notes = world.state().notes
    assert [(note.at, note.reason, note.procedure, note.labels, note.rules, note.id) for note in notes] == told(
        expected.notifications
    )
    assert [line for _, line in lines] == [
        f"{each.alert.rule}{each.alert.labels or ''}: {each.before or 'inactive'} → {each.after or 'inactive'}"
        for each in expected.transitions
    ]
    waited = {now - each.at for (now, _), each in zip(lines, expected.transitions, strict=True)}
    assert waited == {timedelta(seconds=each) for each in (20, 80, 140)}, "a window is looked at twice before it is closed"
    assert {note.reason for note in notes} >= {NotifyReason.FIRING, NotifyReason.REMINDER, NotifyReason.RESOLVED}
    assert {"telemetry-silent", "payment-confirm", "checkout-error", "cache-error"} <= {
        rule for note in notes for rule in note.rules
    }
    assert {note.id: sorted(note.delivered) for note in notes} == {note.id: ["email", "slack"] for note in notes}
    assert len(world.smtp.mails) == len(notes)


@pytest.mark.parametrize("name", ["calm", "text"])
def test_a_healthy_recording_sends_nothing(run: Run, name: str) -> None:
    ran = run("backtest", f"{LOGS}/{name}.ndjson", "--format", "json")
    document = json.loads(ran.out)
    assert (ran.code, document["notifications"], document["ticks"] > 10) == (0, [], True)


@pytest.mark.long
@pytest.mark.parametrize("name", ["payment", "storm"])
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_what_a_backtest_prints(run: Run, name: str, lang: str, *, update_golden: bool) -> None:
    ran = run("backtest", f"{LOGS}/{name}.ndjson", "--lang", lang)
    golden = ROOT / f"tests/fixtures/golden/backtest-{name}.{lang}.txt"
    if update_golden:
        golden.write_text(ran.out)
    assert ran.code == 0
    assert ran.out == golden.read_text()


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "suffix", "name", "lang"),
    [
        *(("messages", "txt", name, lang) for name in ("payment", "storm") for lang in ("ko", "en")),
        ("markdown", "md", "payment", "ko"),
        ("markdown", "md", "storm", "en"),
    ],
)
def test_every_message_of_a_backtest_in_full(
    run: Run, name: str, lang: str, kind: str, suffix: str, *, update_golden: bool
) -> None:
    ran = run("backtest", f"{LOGS}/{name}.ndjson", "--lang", lang, "--format", kind)
    golden = ROOT / f"tests/fixtures/golden/messages-{name}.{lang}.{suffix}"
    if update_golden:
        golden.write_text(ran.out)
    assert ran.out == golden.read_text()


@pytest.mark.long
def test_the_json_of_a_backtest_is_what_others_rely_on(run: Run) -> None:
    document = json.loads(run("backtest", f"{LOGS}/storm.ndjson", "--format", "json").out)
    assert list(document) == ["schema", "from", "to", "ticks", "late", "alerts", "notifications"]
    assert (document["schema"], document["from"], document["to"]) == (1, "2026-02-24T03:00:00Z", "2026-02-24T05:00:00Z")
    first = document["notifications"][0]
    assert {key: first[key] for key in ("at", "reason", "procedure", "step", "rules", "labels", "channels")} == {
        "at": "2026-02-24T03:32:20Z", "reason": "firing", "procedure": "4.1", "step": 3, "rules": ["checkout-success"],
        "labels": {"service": "glycopharm"}, "channels": [],
    }  # fmt: skip
    alert = next(each for each in document["alerts"] if each["rule"] == "cache-error")
    assert {key: alert[key] for key in ("pending_at", "firing_at", "procedure")} == {
        "pending_at": "2026-02-24T04:21:00Z", "firing_at": "2026-02-24T04:21:00Z", "procedure": "4.4",
    }  # fmt: skip
    assert alert["peak"]["value"] > 0


@pytest.mark.long
def test_a_redis_outage_speaks_once_and_names_what_it_explains(run: Run) -> None:
    document = json.loads(run("backtest", f"{LOGS}/storm.ndjson", "--since", "2026-02-24T04:00:00Z", "--format", "json").out)
    assert [(each["procedure"], each["reason"]) for each in document["notifications"]] == [
        ("4.4", "firing"),
        ("4.4", "resolved"),
    ]
    assert document["notifications"][1]["inhibited"] == ["slow-checkout"], "the hit ratio is normal again"


def test_a_backtest_without_anything_to_read_says_so(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty.ndjson"
    empty.write_text("")
    ran = run("backtest", empty)
    assert ran.code == 3
    assert "it is empty" in ran.err


def test_a_service_that_dies_under_full_traffic_is_told_while_it_lasts(tmp_path: Path) -> None:
    entries = [each for each in Traffic(5, 70).entries() if not "2026-02-24T00:30" <= each["timestamp"] < "2026-02-24T01:00"]
    played = play(record(tmp_path / "dies.ndjson", entries))
    (fired, over) = (each for each in played.notifications if "telemetry-stopped" in each.rules)
    assert START + timedelta(minutes=40) <= fired.at < START + timedelta(minutes=45)
    assert over.at < START + timedelta(minutes=65)
    assert not any("telemetry-silent" in each.rules for each in played.notifications), "one cause is told once"


def test_a_quiet_night_with_a_visitor_is_nothing_to_tell(tmp_path: Path) -> None:
    (case,) = (ROOT / "tests/fixtures/cases").glob("idle-then-a-line.ndjson")
    played = play(record(tmp_path / "idle.ndjson", map(json.loads, case.read_text().splitlines())))
    assert played.notifications == ()
