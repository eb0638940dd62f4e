"""What happened in an incident, moment by moment: simulated where nobody ran, as it was where a state tells."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from logwatch.count.revisions import Revisions
from logwatch.judge.rules.model import Severity
from logwatch.notify.history import IncidentRecord
from logwatch.notify.incidents import Label, NotifyReason
from logwatch.notify.outbox import Note
from logwatch.report.timeline import Recalled, Telling, find_past, tell_milestones
from logwatch.spans import EPOCH, WINDOW
from logwatch.state.document import State
from tests.support.local_google import make_entry
from tests.support.made_messages import CASES, PAYMENT, RULES, START, message, notification, resolved
from tests.support.made_traffic import SHOPS, Incident, Traffic
from tests.support.made_traffic import START as DAWN
from tests.support.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from logwatch.languages import Lang
    from tests.conftest import Run

SEOUL = ZoneInfo("Asia/Seoul")
OVER = START + timedelta(minutes=25)
TOLD = (
    CASES["firing"],
    CASES["joined"],
    notification(NotifyReason.RESOLVED, [resolved(PAYMENT, 0.98)], 3, 27),
)
RECORD = IncidentRecord(
    id=TOLD[0].incident, procedure="4.2", severity=Severity.WARN, rules=("payment-confirm",), labels={"service": "kpa"},
    shops=(), partial=False, since=START, told_at=START + timedelta(minutes=7), peaks={}, messages=3,
    acknowledged_at=START + timedelta(minutes=9), acknowledged_by="dana\u202e", over_at=OVER,
    label=Label.REAL, labelled_at=START + timedelta(minutes=40), labelled_by="dana",
)  # fmt: skip
NOTES = (
    Note(TOLD[0].id, NotifyReason.FIRING, TOLD[0].at, "4.2", ["payment-confirm"], {}, {"slack": TOLD[0].at + timedelta(minutes=1), "email": None}),
    Note(TOLD[2].id, NotifyReason.RESOLVED, TOLD[2].at, "4.2", ["payment-confirm"], {}, {}),
)  # fmt: skip


def lines(lang: Lang = "ko", revisions: Revisions | None = None, past: Recalled | None = None) -> list[str]:
    shown = message(replace(TOLD[0], alerts=(resolved(PAYMENT, 0.98),)), lang)
    milestones = tell_milestones(Telling(TOLD, shown, OVER, OVER), revisions, RULES, past)
    assert [each.at for each in milestones] == sorted(each.at for each in milestones)
    return [f"{each.when} {each.mark} {each.text}" for each in milestones]


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        (
            "ko",
            [
                "15:20 • 이상 시작: 결제 승인 성공률 낮음", "15:24 ▼ 결제 승인 성공률 낮음 최저 15.7% (5분)",
                "15:27 → 예상 알림: 경고 · 결제 승인 성공률 낮음", "15:31 → 예상 알림: 경고 추가 · 중복 결제 차단 과다",
                "15:45 ✓ 해소(25분 지속)", "15:47 → 예상 알림: 해소",
            ],
        ),
        (
            "en",
            [
                "15:20 • onset: Payment confirmation rate low",
                "15:24 ▼ Payment confirmation rate low lowest 15.7% (5 min)",
                "15:27 → message due: WARNING · Payment confirmation rate low",
                "15:31 → message due: ALSO FIRING · Many duplicate payments blocked", "15:45 ✓ resolved, lasted 25 min",
                "15:47 → message due: RESOLVED",
            ],
        ),
    ],
)  # fmt: skip
def test_a_look_back_says_what_would_have_been_told(lang: Lang, expected: list[str]) -> None:
    assert lines(lang) == expected


def test_a_state_says_what_was_told_and_who_answered() -> None:
    found = lines(past=Recalled(RECORD, NOTES))
    assert [line for line in found if "알림" in line or "dana" in line] == [
        "15:27 → 알림 전송: 경고 (slack 15:28, email(전송 포기))",
        "15:29 👀 dana\\u202e님이 확인 중",
        "15:47 → 알림 미전송(설정된 채널 없음): 해소",
        "16:00 ✎ dana님이 실제 장애로 표시",
    ]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, True),
        ({"procedure": "4.1"}, False),
        ({"labels": {"service": "glycopharm"}}, False),
        ({"labels": {}, "shops": ("glycopharm", "kpa")}, True),
        ({"since": START + timedelta(minutes=10)}, True),
        ({"since": OVER + timedelta(hours=1), "over_at": None}, False),
        ({"since": START - timedelta(hours=2), "over_at": START - timedelta(hours=1)}, False),
        ({"over_at": None}, True),
    ],
)
def test_an_incident_of_the_state_is_known_by_procedure_shops_and_time(change: dict[str, object], found: bool) -> None:  # noqa: FBT001
    state = State(history=(replace(RECORD, **change),), notes=NOTES)  # type: ignore[arg-type]
    past = find_past(state, TOLD, OVER)
    assert (past is not None) is found
    assert past is None or past.notes == NOTES


def deployed(**alive: tuple[int, int]) -> Revisions:
    """Give revisions that write a summary in each minute from one to another, counted from the onset."""
    onset = (START - EPOCH) // WINDOW
    wrote = [(onset + minute, number) for number, span in enumerate(alive.values()) for minute in range(*span)]
    minutes, numbers = (np.array(column) for column in zip(*wrote, strict=True))
    none = np.empty(0, int)
    names = tuple(f"o4o-core-api-{name}" for name in alive)
    return Revisions(names, (), minutes, numbers, none, none, none, np.empty(0))


def test_revisions_that_begin_and_end_around_the_onset_are_named() -> None:
    found = lines(revisions=deployed(r00412=(-120, -1), r00413=(-3, 25), r00001=(-500, 25), r00002=(-500, -200)))
    assert [line for line in found if "리비전" in line] == [
        "15:17 ⇧ 리비전 r00413 첫 요약 로그",
        "15:19 ⇩ 리비전 r00412 마지막 요약 로그",
    ]


def test_another_day_is_named_once() -> None:
    late = replace(TOLD[0], at=START + timedelta(hours=20))
    shown = message(TOLD[0])
    found = tell_milestones(Telling((TOLD[0], late, late), shown, None, late.at), None, RULES, None)
    assert [each.when for each in found] == ["15:20", "15:24", "15:27", "02-25 11:20", "11:20"]


@pytest.mark.long
def test_a_page_of_what_runs_judged_tells_what_they_told(tmp_path: Path, run: Run) -> None:
    traffic = Traffic(11, 45, instances=2, incidents=(Incident(20, 32, failing=dict.fromkeys(SHOPS, 0.8)),))
    with World(tmp_path, [make_entry(each) for each in traffic.entries()], bot=True) as world:
        for minute in range(19, 43):
            world.now = DAWN + timedelta(minutes=minute, seconds=100)
            world.tick()
            if minute == 27:
                (head,) = [ts for ts, post in world.slack.posts.items() if "thread_ts" not in post]
                world.slack.people["U0KIM"] = {"display_name": "dana"}
                world.slack.react(head, "eyes", "U0KIM")
        page = run("report", "--since", "43m", "--format", "markdown", "--lang", "en", **world.environment).out
        recorded = tmp_path / "recorded.ndjson"
        recorded.write_text("\n".join(map(json.dumps, traffic.entries())))
        replayed = run("report", "-s", recorded, "--format", "markdown", "--lang", "en", **world.environment).out
    (told,) = [each for each in world.state().history if each.procedure == "4.2"]
    rows = [row for row in page.partition("| timeline |")[2].splitlines() if row.startswith("| 09:")]
    assert (
        f"| {told.told_at.astimezone(SEOUL):%H:%M} | → sent: WARNING (slack {told.told_at.astimezone(SEOUL):%H:%M},"
        in "\n".join(rows)
    )
    assert "| 09:29 | 👀 dana acknowledged |" in rows
    assert "message due" not in page.partition("## simulated messages")[0]
    assert "→ sent:" not in replayed
    assert "dana" not in replayed
