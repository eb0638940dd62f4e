"""A run that is killed, doubled, shut out or lied to: nothing is lost, and nothing is told twice beyond what was in flight."""

from __future__ import annotations

import json
import re
import signal
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from logwatch.errors import StoreError
from logwatch.notify.incidents import NotifyReason
from logwatch.state.document import MIGRATIONS, State, dump_state, load_state
from logwatch.state.gcs import GcsStore
from logwatch.state.lease import Held, load, take
from logwatch.wiring import build_parts, build_store
from tests.support import forked
from tests.support.checkout_errors import ENTRIES, FIRES
from tests.support.faults import (
    CHANNELS,
    MINUTE,
    POST,
    TRAFFIC,
    UPDATE,
    Killer,
    arrived,
    incident,
    kill,
    list_points,
    rehearse,
    texts,
)
from tests.support.local_google import make_entry
from tests.support.local_slack import BOT_TOKEN, PLAIN_PATH, WEBHOOK_PATH
from tests.support.made_traffic import START, Incident, Traffic
from tests.support.patience import PATIENCE_S, wait_until
from tests.support.world import BUCKET, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from logwatch.notify.outbox import Outgoing
    from logwatch.pipeline.run import Parts
    from logwatch.pipeline.run_summary import RunSummary
    from logwatch.settings import Settings


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, ENTRIES, now=FIRES) as made:
        yield made


def _outbox(world: World) -> tuple[Outgoing, ...]:
    """Give what is on its way, also before the first run has saved anything."""
    store = build_store(world.settings)
    return load(store).outbox if store.load() else ()


def go_on(world: World, minutes: int, every: int = 1) -> list[RunSummary]:
    """Run every minute of the next ones, or a run for several of them."""
    summaries = []
    for _ in range(0, minutes, every):
        world.now += every * MINUTE
        summaries.append(world.tick())
    return summaries


def _telling(points: list[str]) -> list[str]:
    """Give the points that differ in what they leave: a read leaves nothing, and what is before an effect is after the last one.

    `make faults` tries them all.
    """
    asking = {"GET", "/api/reactions.get", "/api/users.info", "ListLogEntries"}
    reads = [point for point in points if asking & set(point.split())]
    channels = (POST, PLAIN_PATH, "DATA")
    return [
        point
        for point in points
        if point not in reads and (point.startswith("after ") or any(each in point.split() for each in channels))
    ] + [point for point in reads if point == "after ListLogEntries #1"]


@pytest.mark.long
def test_a_run_killed_at_any_point_loses_nothing_and_repeats_at_most_what_was_in_flight() -> None:
    killer = Killer()
    with incident(killer, bot=True) as world:
        before = next(rehearse(world))
        outcomes = [kill(world, killer, before, point) for point in _telling(list_points(world, killer, before))]
    assert sum(outcome.reached for outcome in outcomes) >= 12
    assert {outcome.point for outcome in outcomes if outcome.lost or outcome.windows_lost} == set()
    assert max(max(outcome.repeated.values()) for outcome in outcomes) <= 1
    assert {outcome.point.split()[-2] for outcome in outcomes if outcome.reached} >= {
        POST,
        PLAIN_PATH,
        "DATA",
        "CreateTimeSeries",
        "ListLogEntries",
    }


@pytest.mark.long
def test_a_run_killed_while_people_answer_forgets_no_answer_and_tells_none_twice() -> None:
    """In the minutes of the first escalation, of the next channel's, and of the first answer."""
    killer = Killer()
    with incident(killer, bot=True, answered=True) as world:
        minutes = {(each.now - START) // MINUTE - 1: each for each in rehearse(world)}
        reasons = [str(note.reason) for note in world.state().notes]
        outcomes = []
        for before in (minutes[23], minutes[26], minutes[31]):
            points = [
                point for point in _telling(list_points(world, killer, before)) if {POST, UPDATE, PLAIN_PATH} & {*point.split()}
            ]
            outcomes += [kill(world, killer, before, point) for point in points]
    assert [each for each in dict.fromkeys(reasons) if each != "digest"] == [
        "firing",
        "escalated",
        "joined",
        "answered",
        "resolved",
    ]
    assert {outcome.point for outcome in outcomes if outcome.lost or outcome.stands_wrong} == set()
    assert max(max(outcome.repeated.values()) for outcome in outcomes) <= 1
    assert {outcome.point.split()[-2] for outcome in outcomes if outcome.reached} == {POST, UPDATE, PLAIN_PATH}


@pytest.mark.long
def test_the_incident_of_the_faults_fires_joins_reminds_and_resolves() -> None:
    with incident(Killer(), bot=False) as world:
        told = [before.told for before in rehearse(world, every=4)]
        reasons = [note.reason for note in world.state().notes]
    assert [reason for reason in dict.fromkeys(reasons) if reason != "digest"] == ["firing", "joined", "reminder", "resolved"]
    assert reasons.count(NotifyReason.DIGEST) == 1
    assert told


@pytest.mark.parametrize("apart_s", [0, 0.05, 0.2])
def test_two_runs_at_once_have_one_outcome(world: World, apart_s: float) -> None:
    outs = [world.folder / "first", world.folder / "second"]
    first = forked.start(world.environment, outs[0])
    time.sleep(apart_s)
    second = forked.start(world.environment, outs[1])
    for each in (first, second):
        each.join(PATIENCE_S)
    lines = [json.loads(out.read_bytes()) for out in outs]
    assert sorted(line["run"].get("windows", 0) for line in lines) == [0, 1]
    assert (first.exitcode, second.exitcode) == (0, 0)
    assert (len(texts(world)), len(world.smtp.mails)) == (1, 1)


@pytest.mark.long
def test_the_same_minute_twice_tells_nothing_more(world: World) -> None:
    world.tick()
    summary = world.tick()
    assert "no window has closed" in summary.outcome
    assert (len(texts(world)), len(world.smtp.mails)) == (1, 1)


@pytest.mark.long
def test_a_run_that_wakes_after_its_lease_overwrites_nothing(world: World) -> None:
    asleep = threading.Event()

    @contextmanager
    def put_to_sleep(_name: str) -> Iterator[None]:
        """Stop the run in its mail, when what came of its other message is saved: it holds no lock then."""
        if not asleep.is_set():
            wait_until(lambda: any(each.deliveries["slack"].delivered_at for each in _outbox(world)))
            sleeper.send_signal(signal.SIGSTOP)
            asleep.set()
        yield

    world.smtp.watch = put_to_sleep
    sleeper = world.start()
    assert asleep.wait(PATIENCE_S)
    go_on(world, 2)
    state = world.state()
    sleeper.send_signal(signal.SIGCONT)
    line = json.loads(sleeper.communicate(timeout=PATIENCE_S)[0])
    assert "ERROR" in line["severity"]
    assert sleeper.returncode == 3
    assert world.state() == state
    assert len(texts(world)) <= 2
    assert len(world.smtp.mails) <= 2


@pytest.mark.long
@pytest.mark.parametrize(
    ("failing", "minutes", "every"),
    [*((channel, minutes, 30) for channel in CHANNELS for minutes in (1, 91)), ("slack", 5, 1)],
)
def test_a_channel_that_fails_for_a_while_holds_up_no_other_and_gets_everything_afterwards(
    world: World, failing: str, minutes: int, every: int
) -> None:
    world.more["WEBHOOK_URL"] = world.slack.plain_url
    if failing == "email":
        world.smtp.replies.extend(["451 4.3.0 later"] * 10_000)
    else:
        world.slack.broken.add(WEBHOOK_PATH if failing == "slack" else PLAIN_PATH)
    world.tick()
    assert {name: len(found) for name, found in arrived(world).items()} == {name: name != failing for name in CHANNELS}
    go_on(world, minutes - 1, every)
    others = {name: found for name, found in arrived(world).items() if name != failing}
    world.slack.broken.clear()
    world.smtp.replies.clear()
    go_on(world, 1)
    counts = {name: len(found) for name, found in arrived(world).items()}
    assert set(counts.values()) == {len(next(iter(others.values())))}
    assert all(len(set(found)) == len(found) for found in arrived(world).values())
    assert "긴급" in texts(world)[0]
    assert world.state().outbox == ()


@pytest.mark.long
def test_after_an_outage_of_hours_each_channel_gets_its_messages_in_their_order(tmp_path: Path) -> None:
    entries = [make_entry(entry) for entry in TRAFFIC.entries()]
    more = {"REMIND_EVERY": "10m"}
    with World(tmp_path, entries, now=START + timedelta(minutes=18, seconds=90), more=more) as world:
        world.more["WEBHOOK_URL"] = world.slack.plain_url
        world.smtp.replies.extend(["451 4.3.0 later"] * 10_000)
        world.slack.broken |= {WEBHOOK_PATH, PLAIN_PATH}
        go_on(world, 54, every=6)
        world.slack.broken.clear()
        world.smtp.replies.clear()
        go_on(world, 1)
        ids = [note.id for note in world.state().notes]
        found = arrived(world)
        assert len(ids) > 3
        assert found["webhook"] == ids
        assert [len(each) for each in found.values()] == [len(ids)] * 3
        assert world.state().outbox == ()
        first = [text.split("] ")[0] for text in texts(world)]
    assert first[0].endswith("[긴급")
    assert first[-1].endswith("[해소")


@pytest.mark.long
def test_retry_after_is_kept_across_runs(world: World) -> None:
    world.slack.answer(429, retry_after=150)
    world.tick()
    go_on(world, 2)
    assert len(world.slack.arrived) == 1
    go_on(world, 1)
    assert len(texts(world)) == 1


@pytest.mark.long
def test_after_an_hour_a_message_goes_out_through_the_channel_that_stands_in(tmp_path: Path) -> None:
    more = {"NOTIFY": "slack"}
    with World(tmp_path, ENTRIES, now=FIRES, more=more) as world:
        world.slack.answer(503, times=10_000)
        world.tick()
        go_on(world, 54, every=6)
        go_on(world, 5)
        assert world.smtp.mails == []
        go_on(world, 2)
        assert len(world.smtp.mails) >= 1
        body = world.smtp.mails[0].get_body(("plain",))
        assert body is not None
        assert "slack 전송에 실패해" in body.get_content()


@pytest.mark.long
def test_a_channel_that_is_set_up_no_more_holds_no_message_for_ever(world: World) -> None:
    world.slack.answer(503, times=10_000)
    world.tick()
    world.more = {"SLACK_WEBHOOK_URL": ""}
    go_on(world, 1)
    assert [name for each in world.state().outbox for name in each.deliveries] == ["slack", "email"]
    world.now += timedelta(hours=25)
    summary = world.tick()
    assert any("given up after a day" in error for error in summary.errors)
    assert world.state().outbox == ()
    told = next(note for note in world.state().notes if note.reason == "firing")
    assert told.delivered["slack"] is None
    assert told.delivered["email"] is not None


@pytest.mark.long
def test_a_permanent_refusal_falls_over_at_once_and_is_tried_again_when_it_may_be_mended(tmp_path: Path) -> None:
    lasts = [make_entry(entry) for entry in Traffic(5, 60, incidents=(Incident(10, 60, errors=3),)).entries()]
    with World(tmp_path, lasts, now=FIRES, more={"NOTIFY": "slack"}) as world:
        world.slack.answer(404, times=1)
        world.tick()
        go_on(world, 1)
        assert len(world.smtp.mails) == 1
        go_on(world, 30, every=5)
        assert any("긴급" in text for text in texts(world))


@pytest.mark.long
@pytest.mark.parametrize("status", [429, 503, 500])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_bucket_that_fails_once_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, method: str
) -> None:
    with World(tmp_path, ENTRIES, now=FIRES, in_bucket=True) as world:
        assert world.gcs
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", world.gcs.url)
        world.gcs.fail(status, 1, method)
        summary = world.tick()
        assert (summary.errors, summary.sent) == ([], 2)


@pytest.mark.long
@pytest.mark.parametrize("fault", [412, "HANG", "DROP"])
def test_a_bucket_that_says_no_or_nothing_in_the_middle_of_a_run_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str | int
) -> None:
    """The first save takes the lease, the second commits what is to be told; each in turn fails for good."""
    limits: dict[str, float] = {"timeout_s": PATIENCE_S, "budget_s": PATIENCE_S}

    def limited(settings: Settings, owner: str) -> Parts:
        return replace(build_parts(settings, owner), store=GcsStore(BUCKET, "state.json", **limits))

    with World(tmp_path, ENTRIES, now=FIRES, in_bucket=True, parts=limited) as world:
        assert world.gcs
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", world.gcs.url)
        go_on(world, 1)
        told = len(texts(world))
        world.now += timedelta(minutes=30)
        for _ in range(2):
            world.gcs.fail(fault, 50, "POST")
            limits |= {"timeout_s": 0.5, "budget_s": 1}
            with suppress(StoreError):
                world.tick()
            world.gcs.reset()
            limits |= {"timeout_s": PATIENCE_S, "budget_s": PATIENCE_S}
            world.now += MINUTE
        go_on(world, 2)
        notes = world.state().notes
    assert told == 1
    assert [note.reason for note in notes] == ["firing", "resolved"]
    assert len(texts(world)) == len(world.smtp.mails) == 2


@pytest.mark.long
@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"{",
        b"[]",
        b'{"schema":1,"alerts":3}',
        b'{"schema":"x"}',
        b"\xff\xfe",
        b'{"schema":1,"recent":{"summaries":[[1]]}}',
        b'{"schema":1,"recent":{"names":["a"],"summaries":[[1,1,0,"id",9,[]]]}}',
    ],
)
def test_a_broken_state_is_kept_aside_and_told(world: World, broken: bytes) -> None:
    path = world.folder / "state.json"
    path.write_bytes(broken)
    summary = world.tick()
    assert (summary.errors, summary.sent) == ([], 2)
    assert "is kept in" in summary.news[0]
    kept = list(world.folder.glob("broken-*"))
    assert [each.read_bytes() for each in kept] == [broken]


@pytest.mark.long
def test_a_newer_state_is_left_alone(world: World) -> None:
    path = world.folder / "state.json"
    path.write_bytes(b'{"schema":99}')
    world.more["LANG"] = "en"
    process = world.start()
    _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3
    assert b"schema 99" in told
    assert path.read_bytes() == b'{"schema":99}'


def test_an_older_state_is_migrated() -> None:
    def rename(document: dict[str, object]) -> dict[str, object]:
        return {"cursor": document.pop("position"), **document}

    old = b'{"schema":0,"position":"2026-02-24T00:00:00Z"}'
    assert load_state(old, {0: rename, **MIGRATIONS}) == State(cursor=START)


@pytest.mark.long
def test_a_state_survives_writing_and_reading(world: World) -> None:
    world.tick()
    state = world.state()
    assert load_state(dump_state(state)) == state
    assert state.recent.summaries


@pytest.mark.long
def test_while_the_source_fails_what_waits_is_sent_all_the_same(world: World) -> None:
    import grpc

    from tests.support.local_google import Fault

    world.slack.answer(503)
    world.tick()
    world.google.logging.calls.faults = [Fault(grpc.StatusCode.PERMISSION_DENIED)]
    (summary,) = go_on(world, 1)
    assert (summary.exit_code, summary.sent, summary.retried) == (3, 1, 1)
    (summary,) = go_on(world, 1)
    assert (summary.exit_code, summary.windows) == (0, 2)


@pytest.mark.long
def test_a_pause_is_caught_up_window_by_window_and_a_longer_one_starts_over_loudly(tmp_path: Path) -> None:
    with World(tmp_path, ENTRIES, now=FIRES, more={"CATCH_UP": "60m"}) as world:
        world.tick()
        world.now += timedelta(minutes=45)
        summary = world.tick()
        assert (summary.windows, summary.severity) == (45, "WARNING")
        assert [note.reason for note in world.state().notes] == ["firing", "resolved"]
        world.now += timedelta(minutes=61)
        summary = world.tick()
        assert (summary.windows, summary.severity) == (1, "ERROR")
        assert "the pause was too long" in summary.errors[0]


@pytest.mark.long
def test_a_silence_in_a_pause_is_not_looked_into_minute_by_minute(tmp_path: Path) -> None:
    with World(tmp_path, ENTRIES, now=FIRES) as world:
        world.tick()
        world.now = START + timedelta(hours=6)
        before = len(world.google.logging.calls.requests)
        assert world.tick().windows == 347
        assert len(world.google.logging.calls.requests) - before < 30  # of 60 a minute that everybody shares


@pytest.mark.long
def test_figures_of_a_pause_that_are_too_many_are_dropped_and_told_for_what_they_are(tmp_path: Path) -> None:
    with World(tmp_path, ENTRIES, now=FIRES) as world:
        world.tick()
        world.now += timedelta(hours=5)
        (told,) = world.tick().refused
        assert re.fullmatch(r"\d+ points: waited too long, for Cloud Monitoring or in the pause .*", told)


def test_a_clock_behind_what_is_judged_is_told_loudly_and_judges_nothing(world: World) -> None:
    world.now += timedelta(days=1)
    world.tick()
    judged = world.state().cursor
    for back, code in (timedelta(minutes=1), 0), (timedelta(hours=23), 3):
        world.now -= back
        summary = world.tick()
        assert (summary.exit_code, summary.windows, world.state().cursor) == (code, 0, judged)
    assert summary.severity == "ERROR"
    assert "windows up to 2026-02-25 " in summary.errors[0]
    assert "LOGWATCH_NOW" in summary.errors[0]


def test_a_silence_waits_for_a_run_and_mutes_the_next_message(world: World) -> None:
    held = take(build_store(world.settings), "a run", timedelta(seconds=55), lambda: world.now)
    assert isinstance(held, Held)
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        held.release(held.state)

    from logwatch.notify.silences import Silence
    from logwatch.state.lease import change

    silence = Silence("s1", "checkout-error", {}, world.now + timedelta(hours=1), "work", "kim", world.now)
    edit = lambda state: replace(state, memory=state.memory.with_silence(silence))  # noqa: E731
    change(build_store(world.settings), "me", edit, clock=lambda: world.now, sleep=sleep)
    assert slept == [1]
    world.tick()
    assert texts(world) == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_no_secret_leaves_the_settings(tmp_path: Path) -> None:
    planted = {
        "SMTP_USER": "ops", "SMTP_PASSWORD": "s3cret-smtp", "OPS_TOKEN": "s3cret-ops", "WEBHOOK_TOKEN": "s3cret-hook",
        "SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_CHANNEL": "C0WRONG", "ENDPOINTS": "http://127.0.0.1:9",
        "WEBHOOK_URL": "http://127.0.0.1:9/s3cret-path",
    }  # fmt: skip
    with World(tmp_path, ENTRIES, now=FIRES, more=planted, bot=True, login=("ops", "other")) as world:
        forked.start(world.environment, tmp_path / "out").join(PATIENCE_S)
        out, state = (tmp_path / "out").read_bytes(), (tmp_path / "state.json").read_bytes()
    told = out + state
    assert json.loads(out)["run"]["failed"]
    assert [secret for secret in (b"s3cret", BOT_TOKEN.encode(), PLAIN_PATH.encode()) if secret in told] == []


@pytest.mark.long
def test_a_run_leaves_one_line_that_cloud_logging_reads(world: World) -> None:
    process = world.start()
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (0, b"")
    (line,) = out.splitlines()
    told = json.loads(line)
    assert (told["severity"], told["run"]["sent"], told["run"]["windows"]) == ("WARNING", 2, 1)
    assert {"lease", "read", "judge", "commit", "deliver", "release"} <= set(told["run"]["steps_ms"])
    assert TRAFFIC.minutes
