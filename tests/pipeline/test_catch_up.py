"""A pause that holds more than a run can read, a source that never answers, and nobody to tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import grpc
import pytest

from logwatch.collect.columns import Reading
from logwatch.collect.interface import CutShortError, OverError
from logwatch.collect.live import cloud_logging
from logwatch.notify import incidents as notify
from logwatch.notify.incidents import Memory, Notification, NotifyReason
from logwatch.notify.messages import LinkTargets, build_message
from logwatch.pipeline.catch_up import Intake, Part, judge_parts, take_in
from logwatch.pipeline.run import run, urgency
from logwatch.spans import Span
from logwatch.state.document import State
from logwatch.ui.format import Audience
from tests.support.checkout_errors import ENTRIES, FIRES
from tests.support.fake_clock import FakeClock
from tests.support.faults import MINUTE, texts
from tests.support.local_google import Fault, make_entry
from tests.support.made_traffic import SHOPS, START, Incident, Traffic
from tests.support.replays import CHANNELS, RULES, read, record, ticker
from tests.support.world import World, patient_parts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from logwatch.pipeline.run import Parts
    from logwatch.pipeline.run_summary import RunSummary
    from logwatch.settings import Settings

LONG = 200
"""Minutes of traffic; the first run comes at the twentieth, the next at the end."""


@pytest.fixture
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a page hold 50 lines, of which the traffic has three a minute."""
    monkeypatch.setattr(cloud_logging, "PAGE_SIZE", 50)


def _after_a_pause(folder: Path, *incidents: Incident) -> World:
    entries = [make_entry(entry) for entry in Traffic(11, LONG + 20, incidents=incidents).entries()]
    return World(folder, entries, now=START + 20 * MINUTE, more={"READ_REQUESTS_PER_MINUTE": "6"})


def _catch_up(world: World) -> list[RunSummary]:
    """Run once, pause, and run each minute until all is judged."""
    world.tick()
    world.now = START + LONG * MINUTE
    summaries = []
    for _ in range(12):
        summaries.append(world.tick())
        if (summaries[-1].lag_s or 0) < 180:
            return summaries
        world.now += MINUTE
    raise AssertionError([summary.to_json() for summary in summaries])


@pytest.mark.long
@pytest.mark.usefixtures("_small_pages")
def test_a_pause_that_holds_more_than_a_minute_s_quota_is_judged_part_by_part_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    with _after_a_pause(tmp_path, Incident(60, 80, errors=3)) as world:
        summaries = _catch_up(world)
        assert len(summaries) > 2
        assert [error for summary in summaries for error in summary.errors] == []
        assert any("the next run goes on from there" in each for each in summaries[0].news)
        judged = sum(summary.windows for summary in summaries)
        assert judged == LONG + len(summaries) - 1 - 20
        assert [note.reason for note in world.state().notes] == ["firing", "resolved"]


@pytest.mark.usefixtures("_small_pages")
def test_a_run_that_has_read_all_it_may_waits_for_no_late_lines_beyond_its_lease(tmp_path: Path) -> None:
    clock = FakeClock()

    def parts(settings: Settings, owner: str) -> Parts:
        made = patient_parts(settings, owner)
        source: Any = made.source()
        source.quota.clock, source.quota.sleep = clock, clock.sleep
        return replace(made, source=lambda: source)

    with _after_a_pause(tmp_path) as world:
        world.tick()
        world.now, world.parts = START + LONG * MINUTE, parts
        summary = world.tick()
    assert any("nobody looked for lines that came late" in each for each in summary.news)
    assert timedelta(seconds=sum(clock.waits)) < world.settings.lease


@pytest.mark.long
@pytest.mark.usefixtures("_small_pages")
def test_what_fires_now_is_told_by_the_first_run_after_a_pause_that_it_cannot_read_whole(tmp_path: Path) -> None:
    with _after_a_pause(
        tmp_path, Incident(30, 50, errors=3), Incident(LONG - 6, LONG + 20, blocked={"glycopharm": 0.95})
    ) as world:
        (first,) = _catch_up(world)
        told = world.state().notes
        (gap,) = first.errors
        assert "while something may be firing now: the " in gap
        assert first.windows > 10, "what was read of the pause's beginning is judged too"
        assert [note.procedure for note in told] == ["4.1"] * len(told)
        assert [note.reason for note in told if note.delivered] == ["resolved", "firing"], "how each stands, and nothing else"


@pytest.mark.long
def test_while_cloud_logging_is_unavailable_for_good_each_run_ends_by_itself_and_tells_what_waits(tmp_path: Path) -> None:
    def hasty(settings: Settings, owner: str) -> Parts:
        return replace(patient_parts(settings, owner), lease=timedelta(seconds=9))

    with World(tmp_path, ENTRIES, now=FIRES) as world:
        world.slack.answer(503)
        world.tick()
        world.google.logging.calls.faults = [Fault(grpc.StatusCode.UNAVAILABLE)] * 1000
        world.now += MINUTE
        summary = run(hasty(world.settings, "hasty"), lambda: world.now)
        assert (summary.exit_code, summary.sent, summary.retried) == (3, 1, 1)
        assert world.state().lease is None
        assert world.state().outbox == ()
        world.google.logging.calls.faults = []
        world.now += MINUTE
        assert world.tick().windows == 2


COMES_BACK = (Incident(22, 24, errors=3), Incident(34, 60, errors=3))
JOINED = (Incident(22, 60, errors=3), Incident(23, 60, blocked=dict.fromkeys(SHOPS, 0.95)))


@pytest.mark.long
@pytest.mark.parametrize(
    ("incidents", "then", "reasons", "new"),
    [(COMES_BACK, 40, ["firing", "resolved", "firing"], 1), (JOINED, 26, ["firing", "firing"], 2)],
)
def test_one_run_tells_of_an_incident_only_how_it_stands(
    incidents: tuple[Incident, ...], then: int, reasons: list[str], new: int, tmp_path: Path
) -> None:
    entries = [make_entry(entry) for entry in Traffic(11, 60, incidents=incidents).entries()]
    with World(tmp_path, entries, now=START + 20 * MINUTE) as world:
        world.tick()
        world.now = START + timedelta(minutes=then, seconds=20)
        world.tick()
        first = min(note.id.rpartition(".")[0] for note in world.state().notes)
        mine = [note for note in world.state().notes if note.incidents == (first,)]
        assert [note.reason for note in mine] == reasons
        assert [bool(note.delivered) for note in mine] == [False] * (len(mine) - 1) + [True]
        assert len(mine[-1].marks) == new


DEAF = {"SLACK_WEBHOOK_URL": "", "SMTP_HOST": "", "MAIL_FROM": "", "MAIL_TO": ""}


@pytest.mark.long
@pytest.mark.parametrize(("minutes", "reasons"), [(1, ["firing"]), (40, ["resolved"])])
def test_what_nobody_could_hear_waits_for_a_channel_and_is_told_as_it_stands_then(
    minutes: int, reasons: list[str], tmp_path: Path
) -> None:
    with World(tmp_path, ENTRIES, now=FIRES, more=dict(DEAF)) as world:
        for step in (0, minutes):
            world.now += step * MINUTE
            summary = world.tick()
            assert "no channel is set up" in summary.errors[0]
            assert (summary.exit_code, summary.severity) == (0, "ERROR")
        assert summary.waiting == 1
        world.more.clear()
        world.now += MINUTE
        summary = world.tick()
        assert (summary.errors, summary.sent, summary.waiting) == ([], 2, 0)
        words = {"firing": "[긴급]", "resolved": "[해소]"}
        assert [word for text in texts(world) for word in words.values() if word in text] == [words[each] for each in reasons]


@pytest.mark.long
def test_descriptors_that_were_forbidden_are_made_once_the_cure_was_followed(tmp_path: Path) -> None:
    with World(tmp_path, ENTRIES, now=FIRES) as world:
        world.google.monitoring.calls.faults = [Fault(grpc.StatusCode.PERMISSION_DENIED)]
        first = world.tick()
        assert "no descriptors" in first.news[-1]
        assert world.state().descriptors == ""
        world.now += MINUTE
        assert world.tick().news == []
        assert world.state().descriptors


@pytest.mark.long
def test_after_a_pause_that_is_given_up_what_sliding_spans_need_is_not_late(tmp_path: Path) -> None:
    with World(tmp_path, ENTRIES, now=FIRES, more={"CATCH_UP": "30m"}) as world:
        world.tick()
        world.now += timedelta(minutes=70)
        summary = world.tick()
        assert summary.windows == 1
        assert summary.new_entries > 30
        assert summary.late_entries == 0


def test_behind_what_could_be_read_nothing_is_looked_at_early() -> None:
    now = START + timedelta(minutes=30, seconds=20)
    state = State(cursor=START + 24 * MINUTE)

    def cut(minutes: float) -> Callable[[Span], Reading]:
        def read(span: Span) -> Reading:
            raise CutShortError(OverError("time is over"), Reading(), START + timedelta(minutes=minutes))

        return read

    planned = ticker().plan(state, now)
    assert (planned.judge.end, planned.early.end) == (START + 28 * MINUTE, START + 30 * MINUTE)
    for minutes, end in ((26.5, 26), (28.5, 28), (29.9, 28)):
        (part,) = take_in(cut(minutes), ticker(), state, planned, now).parts
        assert (part.planned.judge.end, part.planned.early) == (
            START + end * MINUTE,
            Span(START + end * MINUTE, START + end * MINUTE),
        )


OVER = (Incident(22, 25, errors=3), Incident(40, 46, failing=dict.fromkeys(SHOPS, 1.0)), Incident(60, 64, redis_down=True))


def test_what_began_and_ended_while_no_run_came_is_one_message_that_calls_nobody(tmp_path: Path) -> None:
    reading = read(record(tmp_path / "pause.ndjson", Traffic(11, 120, incidents=OVER).entries()))
    state, now = State(cursor=START + 18 * MINUTE), START + timedelta(minutes=100, seconds=20)
    planned = ticker().plan(state, now)
    ticked = judge_parts(Intake((Part(planned, reading),)), ticker(), state, now)
    (told,) = ticked.notifications
    assert [(each.reason, each.rules) for each in told.summed] == [
        (NotifyReason.RESOLVED, ["checkout-error"]),
        (NotifyReason.RESOLVED, ["payment-confirm"]),
        (NotifyReason.RESOLVED, ["cache-error"]),
    ]
    assert told.mention == ()
    assert [(each.notification, [*each.deliveries]) for each in ticked.state.outbox] == [(told, [*CHANNELS])]
    assert [note.reason for note in ticked.state.notes] == [NotifyReason.FIRING] * 3
    assert len(ticked.standing) == 1
    message = build_message(told, RULES, Audience("en", ZoneInfo("Asia/Seoul"), "o4o-core-api"), LinkTargets())
    assert message.headline.endswith("3 incidents, all over before anybody could be told")
    assert len(message.notes) == 3
    assert told.at == max(each.at for each in told.summed) > told.summed[0].at


def test_what_still_fires_is_looked_into_before_what_is_long_over() -> None:
    def told(incident: str, reason: NotifyReason, minute: int) -> Notification:
        at = START + minute * MINUTE
        return Notification(f"{incident}.{minute}", incident, reason, at, "4.1", {}, at, (), ())

    over, now = (notify.Incident(name, "4.1", {}, START) for name in ("over", "now"))
    state = State(memory=Memory((replace(over, closed_at=START + 100 * MINUTE), now)))
    waiting = [
        told("over", NotifyReason.FIRING, 200), told("over", NotifyReason.RESOLVED, 230), told("now", NotifyReason.RESOLVED, 150),
        told("now", NotifyReason.FIRING, 120), told("now", NotifyReason.JOINED, 140),
    ]  # fmt: skip
    ranked = sorted(waiting, key=lambda each: urgency(each, state), reverse=True)
    assert [each.id for each in ranked] == ["now.140", "now.120", "now.150", "over.200", "over.230"]
