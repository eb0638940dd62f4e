"""Whatever breaks beside the core of a run, people hear that an incident begins and that it is over."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from logwatch.errors import ChannelError, ConflictError, LogwatchError, StoreError
from logwatch.notify.diagnosis.increase import Among, compare
from logwatch.seams import Seam, Seams, describe_error
from tests.support.faults import CHANNELS, MINUTE
from tests.support.local_app import DATABASE, STATES, LocalApp, Says, database
from tests.support.local_google import make_entry
from tests.support.made_traffic import START, Incident, Traffic
from tests.support.other_lines import at
from tests.support.other_lines import entry as made_entry
from tests.support.platform import SUMMARY
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from logwatch.pipeline.run_summary import RunSummary

TRAFFIC = Traffic(11, 40, instances=1, incidents=(Incident(21, 27, blocked={"glycopharm": 0.95}, errors=3),))
ENTRIES = [make_entry(entry) for entry in TRAFFIC.entries()]
RUNS = (21, 22, 38, 60)
"""Minutes with a run: one alert pending, the first told, all over, and silence."""


HEADS = {"경고": ("긴급", "경고"), "해소": ("해소",)}
"""How messages of each case begin, by how grave they are."""


def _told(world: World) -> dict[str, list[str]]:
    """Give what each channel was told: `firing` and `resolved` by what its texts have in each case."""
    slack = [each.body["text"] for each in world.slack.taken if "text" in each.body and "schema" not in each.body]
    mails = [body.get_content() for mail in world.smtp.mails if (body := mail.get_body(("plain",)))]
    webhook = [
        f"[{'해소' if each.body['reason'] == 'resolved' else '경고'}]" for each in world.slack.taken if "schema" in each.body
    ]
    return {
        name: [word for text in texts for word, heads in HEADS.items() if any(f"[{head}" in text for head in heads)]
        for name, texts in {"slack": slack, "email": mails, "webhook": webhook}.items()
    }


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with LocalApp() as app, World(tmp_path, ENTRIES) as made:
        made.more = {"WEBHOOK_URL": made.slack.plain_url, "ENDPOINTS": app.url, "PING_URL": f"{app.url}/health/database"}
        made.more["DIGEST"] = "mon 09:00"
        yield made


def _run(world: World) -> list[RunSummary]:
    summaries = []
    for minute in RUNS:
        world.now = START + minute * MINUTE + timedelta(seconds=100)
        summaries.append(world.tick())
    return summaries


def _break(monkeypatch: pytest.MonkeyPatch, target: Seam) -> list[Seam]:
    """Let one seam's part raise, always; of the channels only the one is broken. Gives where that happened."""
    whole, broken = Seams.guard, []

    def guard(
        self: Seams, seam: Seam, part: Callable[[], Any], otherwise: Callable[[str], Any], *foreseen: type[LogwatchError]
    ) -> Any:
        def fail() -> Any:
            broken.append(seam)
            raise KeyError("xoxb-secret")

        healthy = seam is not target or (seam is Seam.CHANNEL and "slack" not in repr(part))
        return whole(self, seam, part if healthy else fail, otherwise, *foreseen)

    monkeypatch.setattr(Seams, "guard", guard)
    return broken


@pytest.mark.long
@pytest.mark.parametrize("seam", Seam)
def test_whichever_part_breaks_an_incident_is_told_from_its_beginning_to_its_end(
    seam: Seam, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.bot = seam is Seam.ANSWERS  # a webhook hears of no reaction
    broken = _break(monkeypatch, seam)
    summaries = _run(world)
    assert broken, "the incident comes by every seam"
    told = _told(world)
    for name in CHANNELS:
        if not (seam is Seam.CHANNEL and name == "slack"):
            assert told[name][0] == "경고"
            assert "해소" in told[name]
    errors = [error for summary in summaries for error in summary.errors]
    assert any(f"{seam}: KeyError" in error for error in errors)
    assert "xoxb" not in str(errors)
    assert {summary.exit_code for summary in summaries} == {0}


@pytest.mark.long
def test_an_unbroken_incident_leaves_no_error(world: World) -> None:
    assert [error for summary in _run(world) for error in summary.errors if "telemetry-stopped" not in error] == []
    assert all("해소" in told for told in _told(world).values())


@pytest.mark.parametrize(
    "error", [ConflictError("lost"), StoreError("full"), ChannelError("503"), KeyboardInterrupt(), SystemExit(3)]
)
def test_what_a_seam_must_not_keep_passes_it(error: BaseException) -> None:
    def fail() -> str:
        raise error

    seams = Seams()
    with pytest.raises(type(error)):
        seams.guard(Seam.SEND, fail, str, ChannelError)
    assert seams.told() == []


def test_an_error_is_told_by_its_kind_and_place_once_and_counted() -> None:
    seams = Seams()
    for _ in range(3):
        assert seams.guard(Seam.LOOKUP, lambda: compare(Among("secret", 1), Among(1, 1)).grew, lambda why: why) != "secret"  # type: ignore[arg-type]
    (told,) = seams.told()
    assert re.fullmatch(r"look-up: TypeError at logwatch/notify/diagnosis/increase\.py:\d+ \(3 times\)", told)
    assert describe_error(ChannelError("503 from the other side")) == "503 from the other side"


@pytest.mark.long
@pytest.mark.parametrize(
    "counters",
    [
        {"payment.duplicate.blocked{service=kpa}": 12},
        {"checkout.blocked.stock{service=kpa}": 30, "checkout.blocked.distribution{service=kpa}": 3},
    ],
)
def test_events_without_what_they_are_a_share_of_are_looked_into_and_told(counters: dict[str, int], tmp_path: Path) -> None:
    """Repeats without a payment that ends, blocks without attempts: what they are compared with was well known before."""
    usual = {f"{name}{{service=kpa}}": 5 for name in ("checkout.attempt", "checkout.success", "payment.prepare")}
    usual |= {"payment.confirm.success{service=kpa}": 5, "checkout.blocked.stock{service=kpa}": 1}
    entries = [
        made_entry(minute, payload={"message": SUMMARY, **(usual if minute < 70 else counters)})
        | {"labels": {"instanceId": "a"}}
        for minute in range(80)
    ]
    with World(tmp_path, [make_entry(entry) for entry in entries]) as world:
        for minute in range(68, 76):
            world.now = at(minute + 1) + timedelta(seconds=100)
            summary = world.tick()
            assert (summary.errors, summary.exit_code) == ([], 0)
        assert [note.reason for note in world.state().notes]


@pytest.mark.long
def test_a_database_that_says_it_is_down_is_told_with_its_procedure_and_so_is_its_end(world: World) -> None:
    with LocalApp() as app:
        world.more["ENDPOINTS"] = app.url
        app.say(DATABASE, STATES["database"]["down"])
        for minute in range(2, 12):
            if minute == 4:
                app.say(DATABASE, Says(database()))
            world.now = START + minute * MINUTE + timedelta(seconds=100)
            assert world.tick().exit_code == 0
    told = [
        (each.body["reason"], each.body["procedure"], each.body["step"], each.body["text"])
        for each in world.slack.taken
        if "schema" in each.body
    ]
    assert [each[:3] for each in told] == [("firing", "4.5", 2), ("resolved", "4.5", None)]
    assert told[0][3].startswith("[긴급] DB 응답 느림 또는 중단 · ")
