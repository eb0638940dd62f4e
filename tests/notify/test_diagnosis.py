"""Procedures walked: what each cause leads to, in recordings and in runs alike, and what cannot be looked at."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from logwatch.collect.files import FilesSource
from logwatch.collect.last_seen import SignsOfLife
from logwatch.count.windows import aggregate
from logwatch.errors import SourceError
from logwatch.judge.rules.load import load_rules
from logwatch.notify.diagnosis.diagnose import walk
from logwatch.notify.diagnosis.findings import FactKind, StepState
from logwatch.notify.diagnosis.lookups import RecordedArchive
from logwatch.notify.incidents import NotifyReason
from logwatch.notify.layout import render_message
from logwatch.notify.messages import LinkTargets
from logwatch.pipeline.judge_range import play
from logwatch.pipeline.tick import Policy, Ticker
from logwatch.settings import bundled
from tests.conftest import LOGS, ROOT
from tests.support.examples import THOROUGH
from tests.support.local_app import REDIS, LocalApp, Says, database
from tests.support.local_google import make_entry
from tests.support.local_google.calls import Fault
from tests.support.made_messages import TEMPLATES, message
from tests.support.made_traffic import START, Incident, Traffic
from tests.support.mails import texts
from tests.support.platform import SHAPE
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from logwatch.judge.verdicts import Verdict
    from logwatch.notify.incidents import Notification
    from logwatch.pipeline.replay import Replayed

RULES = load_rules(bundled("rules"))


# ---- recordings


def record(path: Path, entries: list[dict[str, Any]]) -> FilesSource:
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return FilesSource([str(path)], SHAPE)


def replayed(source: FilesSource) -> Replayed:
    reading = source.read(None, service=None, progress=lambda *_: None, meanwhile=lambda: None)
    ticker = Ticker(RULES, Policy(channels=("all",)), SignsOfLife(source, None))
    return play(RecordedArchive(reading, source, None), aggregate(reading).span, ticker, lambda *_: None)


def states(told: Notification) -> str:
    """Write how far each step was walked: done, not the case, todo, ? not looked; capital where to begin."""
    assert told.walked
    letters = {StepState.DONE: "d", StepState.NOT_THE_CASE: "n", StepState.TODO: "t", StepState.NOT_LOOKED: "?"}
    return "".join(letters[each.state].upper() if each.here else letters[each.state] for each in told.walked.findings)


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "procedure", "expected"),
    [("payment", "4.2", "ddTn"), ("storm", "4.1", "dnTnn"), ("storm", "4.4", "ddddd")],
)
def test_the_bundled_incidents_are_walked(name: str, procedure: str, expected: str) -> None:
    told = replayed(FilesSource([str(ROOT / LOGS / f"{name}.ndjson")], SHAPE)).notifications
    first = next(each for each in told if each.procedure == procedure and each.reason is NotifyReason.FIRING)
    assert states(first) == expected


CAUSES = {
    "payments refused": (Incident(65, 80, failing={"kpa": 0.9}), "4.2", "dnTn"),
    "stock": (Incident(65, 80, blocked={"glycopharm": 0.9}), "4.1", "dnTnn"),
    "errors": (Incident(65, 67, errors=1), "4.1", "dnnnT"),
    "redis": (Incident(65, 80, redis_down=True), "4.4", "ndndd"),
}


@pytest.mark.long
@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_is_led_to_its_step(tmp_path: Path, cause: str) -> None:
    incident, procedure, expected = CAUSES[cause]
    source = record(tmp_path / "hour.ndjson", Traffic(5, 85, incidents=(incident,)).entries())
    first = replayed(source).notifications[0]
    assert (first.procedure, states(first)) == (procedure, expected)


@pytest.mark.long
def test_without_redis_one_begins_with_its_connection_and_the_lines_are_told_once() -> None:
    told = replayed(FilesSource([str(ROOT / LOGS / "storm.ndjson")], SHAPE)).notifications
    first = next(each for each in told if each.procedure == "4.4" and each.reason is NotifyReason.FIRING)
    assert first.walked
    assert first.walked.begin
    assert (first.walked.begin.number, first.walked.begin.state, first.walked.begin.here) == (3, StepState.TODO, True)
    shown = message(first, place=LinkTargets())
    assert [step.head for step in shown.steps] == ["▶ 4.3-3.", "✓", "✓", "✓", "✓", "✓"]
    assert sum("317" in line for step in shown.steps for line in step.found if line.startswith("“")) == 1


@pytest.mark.long
def test_a_sale_is_simply_more_requests_and_no_step(tmp_path: Path) -> None:
    source = record(tmp_path / "hour.ndjson", Traffic(5, 90, incidents=(Incident(65, 90, busy=20),)).entries())
    told = replayed(source).notifications
    assert {each.procedure for each in told} == {"4.1"}
    for each in told:
        shown = message(each, lang="en", place=LinkTargets())
        assert not any(step.here for step in shown.steps)
        assert shown.besides[0].startswith("Requests themselves have increased: checkout.attempt ")
        assert [line[: line.index(")") + 1] for line in shown.besides[1:]] == [
            f"checkout.attempt ({shop})" for shop in ("glycopharm", "kpa", "cosmetics")
        ]


@pytest.mark.long
def test_what_ended_an_incident_is_told_by_its_figures(tmp_path: Path) -> None:
    source = record(
        tmp_path / "hour.ndjson", Traffic(5, 110, incidents=(Incident(65, 80, blocked={"glycopharm": 0.9}),)).entries()
    )
    over = next(each for each in replayed(source).notifications if each.reason is NotifyReason.RESOLVED)
    (note,) = message(over, place=LinkTargets()).notes
    assert note.startswith("시도 대비 재고 차단")
    assert "현재 " in note


@pytest.mark.long
def test_an_archive_that_fails_leaves_every_step_to_people_and_says_why(tmp_path: Path) -> None:
    class Broken(RecordedArchive):
        def windows(self, _span: object) -> Any:
            raise SourceError("Cloud Logging: PermissionDenied")

        def search(self, _text: str, _span: object) -> Any:
            raise SourceError("no time left to look")

    source = record(tmp_path / "hour.ndjson", Traffic(5, 85, incidents=(CAUSES["stock"][0],)).entries())
    reading = source.read(None, service=None, progress=lambda *_: None, meanwhile=lambda: None)
    first = replayed(source).notifications[0]
    walked = walk(first, RULES, Broken(reading, source, None), ())
    assert walked
    assert states(replace(first, walked=walked)) == "?????"
    assert [each.here for each in walked.findings] == [True, False, False, False, False]
    assert {each.why for each in walked.findings} <= {"Cloud Logging: PermissionDenied", "no time left to look"}
    assert walked.chart is None


@pytest.mark.long
def test_secrets_in_log_lines_and_routes_never_reach_a_message(tmp_path: Path) -> None:
    entries = Traffic(5, 85, incidents=(Incident(65, 80, failing={"kpa": 0.9}, redis_down=True),)).entries()
    for minute in range(65, 78):
        line = dict(entries[0])
        at = START + timedelta(minutes=minute)
        said = (
            "[KPA Payment] Confirm error: POST https://api.toss/confirm?paymentKey=pl4nted&amount=1 failed, "
            "Authorization: Bearer pl4nted, password=pl4nted <!channel> \x1b[2J status code 401"
        )
        line |= {
            "insertId": f"planted{minute}",
            "timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "jsonPayload": {"message": said, "level": "error"},
        }
        entries.append(line)
    told = replayed(record(tmp_path / "hour.ndjson", entries)).notifications
    shown = "".join(
        render_message(message(each), TEMPLATES, f"message.{kind}.j2") for each in told for kind in ("txt", "html", "md")
    )
    assert "401" in shown
    assert "pl4nted" not in shown
    assert "s3cr3t" not in shown
    assert "\x1b" not in shown


# ---- runs


def ticks(world: World, first: int, last: int) -> None:
    for minute in range(first, last):
        world.now = START + timedelta(minutes=minute + 1, seconds=90)
        summary = world.tick()
        assert (summary.errors, summary.failed) == ([], [])


def sent(world: World) -> list[str]:
    """Give the texts of the mails without their links, and without the line under them."""
    bodies = [texts(mail)[0].replace("\r\n", "\n").partition("\n-- \n")[0] for mail in world.smtp.mails]
    return ["\n".join(line for line in body.splitlines() if "https://" not in line).strip() for body in bodies]


@pytest.mark.long
@pytest.mark.parametrize("cause", CAUSES if THOROUGH else ["stock"])
def test_a_run_tells_what_its_backtest_tells_word_for_word(tmp_path: Path, cause: str) -> None:
    incident, _, _ = CAUSES[cause]
    entries = Traffic(5, 92, incidents=(incident,), late=0.0, repeated=0.02).entries()
    expected = replayed(record(tmp_path / "hour.ndjson", entries)).notifications
    with World(tmp_path, [make_entry(entry) for entry in entries]) as world:
        ticks(world, 52, 92)
        told = sent(world)
    wanted = [render_message(message(each, place=LinkTargets()), TEMPLATES, "message.txt.j2") for each in expected]
    assert told == [text.partition("\n-- \n")[0].strip() for text in wanted]


@pytest.mark.long
def test_what_the_endpoints_answer_stands_at_its_step(tmp_path: Path) -> None:
    entries = Traffic(5, 75).entries()
    with World(tmp_path, [make_entry(entry) for entry in entries]) as world, LocalApp() as app:
        world.more["ENDPOINTS"] = app.url
        app.say(REDIS, Says(b"", 404))
        ticks(world, 60, 64)
        app.say("/health/database", Says(database("degraded", 340, longRunningQueries=9, activeConnections=64)))
        ticks(world, 64, 69)  # what is measured now belongs to a window that closes later
    (told, *_) = sent(world)
    assert "▶ 4.5-3. longRunningQueries > 5 → 원인 쿼리 식별 후 kill 검토\n   장시간 쿼리 9" in told
    assert "DB 응답 시간 340ms (평소 4ms)" in told
    assert "▷ 4. activeConnections 급증 → connection pool 설정 확인 · 조치 필요\n       활성 커넥션 64 (평소 12)" in told
    assert "느린 경로 POST /api/v1/kpa/checkout" in told or "느린 경로" not in told


def failing_lookups(world: World) -> None:
    """Let only the read of the tick itself through."""
    world.google.logging.calls.faults = [None, *[Fault(grpc.StatusCode.PERMISSION_DENIED, message="no view for you")] * 20]


@pytest.mark.long
def test_a_look_up_that_fails_never_stops_the_message(tmp_path: Path) -> None:
    entries = Traffic(5, 85, incidents=(CAUSES["stock"][0],)).entries()
    with World(tmp_path, [make_entry(entry) for entry in entries], bot=True) as world:
        ticks(world, 59, 60)  # the first of all reads two hours, in more requests than one
        for minute in range(60, 70):
            failing_lookups(world)
            ticks(world, minute, minute + 1)
        (told, *_) = sent(world)
    assert told.startswith("🚨 [긴급]")
    assert "▶ 4.1-1. GET /internal/ops/metrics → checkout.blocked.* 확인" in told
    assert told.count("확인 못 함: Cloud Logging: PermissionDenied: no view for you") == 5


@pytest.mark.long
def test_without_a_budget_nothing_is_looked_up_and_it_says_so(tmp_path: Path) -> None:
    entries = Traffic(5, 85, incidents=(CAUSES["stock"][0],)).entries()
    with World(tmp_path, [make_entry(entry) for entry in entries], more={"EVIDENCE_BUDGET": "0s"}) as world:
        ticks(world, 60, 70)
        (told, *_) = sent(world)
    assert told.count("조회 시간 초과") == 5


@pytest.mark.long
def test_a_slow_search_is_given_up_within_its_time(tmp_path: Path) -> None:
    entries = Traffic(5, 85, incidents=(CAUSES["errors"][0],)).entries()
    with World(tmp_path, [make_entry(entry) for entry in entries]) as world:
        ticks(world, 60, 64)
        assert not sent(world)
        world.google.logging.calls.faults = [None, None, Fault(delay_s=30)]  # after what is new, and what came late
        world.now = START + timedelta(minutes=65, seconds=90)  # the minute from 65 on is looked at early
        summary = world.tick()
        (told, *_) = sent(world)
    assert summary.steps_ms["evidence"] < 7_000
    assert "확인 못 함" in told


@pytest.mark.long
def test_the_run_says_how_much_it_looked_up(tmp_path: Path) -> None:
    entries = Traffic(5, 85, incidents=(CAUSES["stock"][0],)).entries()
    with World(tmp_path, [make_entry(entry) for entry in entries]) as world:
        counts = []
        for minute in range(60, 70):
            world.now = START + timedelta(minutes=minute + 1, seconds=90)
            counts.append(world.tick().lookups)
    assert 0 < max(counts) <= 5
    assert counts.count(0) >= 8


def verdicts_of(told: Notification) -> Sequence[Verdict]:
    return [alert.latest for alert in told.alerts]


@pytest.mark.long
def test_orders_that_fail_while_redis_is_down_are_not_as_expected(tmp_path: Path) -> None:
    incident = Incident(65, 80, redis_down=True, blocked={"glycopharm": 0.95, "kpa": 0.95, "cosmetics": 0.95})
    source = record(tmp_path / "hour.ndjson", Traffic(5, 85, incidents=(incident,)).entries())
    found = replayed(source).notifications
    redis = [each for each in found if each.procedure == "4.4"]
    orders = next(each for each in found if each.procedure == "4.1")
    reading = source.read(None, service=None, progress=lambda *_: None, meanwhile=lambda: None)
    walked = walk(redis[0], RULES, RecordedArchive(reading, source, None), verdicts_of(orders))
    assert walked
    contrary = walked.findings[4]
    assert (contrary.state, contrary.here, contrary.facts[0].kind, contrary.facts[0].name) == (
        StepState.TODO,
        False,  # one begins with Redis itself, see `begin`; the orders have a message of their own
        FactKind.RULE,
        "checkout-success",
    )
