"""What doctor sees in the state of the runs themselves, and in settings that only a deployed run comes upon."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from logwatch.settings import Settings
from logwatch.state.document import Lease, State
from logwatch.state.run_log import RunLog
from logwatch.ui.format import Audience
from logwatch.watchdog.run_checks import JOB_ENDS, REQUEST_ENDS, Place, check_lease, check_runs, check_served
from tests.conftest import ROOT
from tests.support.made_traffic import START

if TYPE_CHECKING:
    from logwatch.checks import Checked
    from logwatch.languages import Lang

LANGS: tuple[Lang, Lang] = ("ko", "en")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NOW = START + timedelta(hours=1)
CLOUD, DESK = Place("asia-northeast3", "o4o-demo", deployed=True), Place("asia-northeast3", "o4o-demo", deployed=False)
SETTINGS: dict[str, Any] = {"source": ("gcp://o4o-demo/o4o-core-api",)}
CALLER = {"serve_caller": "logwatch-caller@o4o-demo.iam.gserviceaccount.com"}
AUDIENCE = {"serve_audience": "https://logwatch-1.run.app"}


def readers(lang: Lang = "en") -> Audience:
    return Audience(lang, ZoneInfo("Asia/Seoul"), "o4o-core-api")


def ran(ago: timedelta, took_s: float | None = 3.2, **more: Any) -> State:
    return State(cursor=NOW - ago - 2 * MINUTE, runs=RunLog(last=NOW - ago, took_s=took_s), **more)


def row(each: Checked) -> tuple[str, str, str]:
    return each.check, str(each.outcome), each.said.key.removeprefix("doctor.")


@pytest.mark.parametrize(
    ("state", "place", "rows", "cures"),
    [
        (State(), CLOUD, [("runs", "skipped", "runs.none")], []),
        (ran(MINUTE), CLOUD, [("runs", "ok", "runs.last")], []),
        (ran(7 * MINUTE), CLOUD, [("runs", "note", "runs.old")], ["gcloud scheduler jobs describe logwatch"]),
        (ran(4 * DAY), CLOUD, [("runs", "wrong", "runs.old")], ["gcloud scheduler jobs describe logwatch"]),
        (ran(4 * DAY), DESK, [("runs", "wrong", "runs.old")], ["logwatch run"]),
        (ran(-DAY), CLOUD, [("runs", "wrong", "runs.ahead")], ["logwatch state mend"]),
        (ran(MINUTE, 50.0), CLOUD, [("runs", "ok", "runs.last"), ("runs length", "note", "runs.long")], ["steps_ms"]),
        (ran(MINUTE, None), CLOUD, [("runs", "ok", "runs.last")], []),
        (ran(MINUTE, lease=Lease("now.0", NOW + MINUTE)), CLOUD, [("runs", "ok", "runs.last")], []),
        (
            ran(MINUTE, lease=Lease("killed.0", NOW - MINUTE)), CLOUD,
            [("runs", "ok", "runs.last"), ("runs lease", "note", "runs.lease_left")], ["gcloud run jobs executions list"],
        ),
        (
            ran(MINUTE, lease=Lease("ahead.0", NOW + DAY)), CLOUD,
            [("runs", "ok", "runs.last"), ("runs lease", "wrong", "runs.lease_ahead")], ["timedatectl"],
        ),
    ],
)  # fmt: skip
def test_each_state_of_the_runs_is_told_with_its_cure(
    state: State, place: Place, rows: list[tuple[str, str, str]], cures: list[str]
) -> None:
    found = check_runs(state, NOW, timedelta(seconds=55), readers(), place)
    assert [row(each) for each in found] == rows
    said = [cure.to(readers()) for each in found for cure in each.cures]
    assert [cure in text for cure, text in zip(cures, said, strict=True)] == [True] * len(cures)
    for lang in LANGS:
        assert all(each.said.to(readers(lang)) and each.name(readers(lang)) for each in found)


def test_the_last_run_says_what_it_did() -> None:
    (found,) = check_runs(ran(MINUTE), NOW, timedelta(seconds=55), readers(), CLOUD)
    assert found.said.to(readers()) == (
        "2026-02-24 09:59 KST, 1 min ago: judged up to 2026-02-24 09:57 KST; alerts firing: 0, messages waiting: 0, took 3.2 s"
    )


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, ""),
        (CALLER | AUDIENCE, ""),
        (CALLER | AUDIENCE | {"serve_signature": "removed"}, ""),
        (CALLER, "LOGWATCH_SERVE_AUDIENCE=…"),
        (AUDIENCE, "LOGWATCH_SERVE_CALLER=…"),
        (AUDIENCE | {"serve_signature": "removed"}, "LOGWATCH_SERVE_CALLER=…"),
        ({"serve_signature": "removed"}, "LOGWATCH_SERVE_AUDIENCE=… LOGWATCH_SERVE_CALLER=…"),
    ],
)
def test_serve_settings_by_halves_are_told(given: dict[str, Any], missing: str) -> None:
    found = check_served(Settings(**SETTINGS, **given))
    assert [cure.to(readers()) for each in found for cure in each.cures] == ([missing] if missing else [])
    assert {row(each) for each in found} <= {("settings", "wrong", "settings.serve")}


@pytest.mark.parametrize(
    ("given", "cure"),
    [
        ({}, ""),
        ({"lease": "56s"}, "LOGWATCH_LEASE=55s"),
        ({"lease": "5m"}, "LOGWATCH_LEASE=55s"),
        ({"lease": "70s", "starts": "5s"}, ""),
        ({"lease": "75s", "starts": "5s", **AUDIENCE, **CALLER}, ""),
        ({"lease": "76s", "starts": "5s", **AUDIENCE, **CALLER}, "LOGWATCH_LEASE=1m15s"),
    ],
)
def test_a_lease_that_outlasts_what_the_platform_gives_is_told(given: dict[str, Any], cure: str) -> None:
    for on_cloud_run, outcome in ((True, "wrong"), (False, "note")):
        found = check_lease(Settings(**SETTINGS, **given), on_cloud_run=on_cloud_run)
        assert [row(each) for each in found] == ([("settings", outcome, "settings.lease")] if cure else [])
        assert [each.to(readers()) for found_ in found for each in found_.cures] == ([cure] if cure else [])


@pytest.mark.parametrize(
    ("told", "lease", "cure"),
    [
        ("300", "4m", ""),
        ("300", "4m45s", "LOGWATCH_LEASE=4m40s"),
        ("60", "55s", "LOGWATCH_LEASE=40s"),
        ("", "55s", ""),
        ("75s", "56s", "LOGWATCH_LEASE=55s"),
    ],
)
def test_the_timeout_of_what_is_deployed_counts(monkeypatch: pytest.MonkeyPatch, told: str, lease: str, cure: str) -> None:
    monkeypatch.setenv("DEPLOYED_TIMEOUT", told)
    given: dict[str, Any] = {"lease": lease}
    found = check_lease(Settings(**SETTINGS, **given), on_cloud_run=True)
    assert [each.to(readers()) for found_ in found for each in found_.cures] == ([cure] if cure else [])


def test_what_is_deployed_ends_when_doctor_says() -> None:
    script, module = (ROOT / "deploy/deploy.sh").read_text(), (ROOT / "deploy/terraform/run.tf").read_text()
    assert re.findall(r"--task-timeout=(\d+)s", script) == [f"{JOB_ENDS.total_seconds():.0f}"]
    assert re.findall(r" --timeout=(\d+)s", script) == [f"{REQUEST_ENDS.total_seconds():.0f}"]
    assert set(re.findall(r'timeout += "(\d+)s"', module)) == {"75", "80"}
