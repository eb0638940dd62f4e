"""A second platform, made up and in English only: everything works with its folder of rules, and no Python names either."""

from __future__ import annotations

import json
import re
import shlex
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT, Run
from tests.support import pedal
from tests.support.local_app import LocalApp, Says
from tests.support.local_google import make_entry
from tests.support.world import World

if TYPE_CHECKING:
    from pathlib import Path

RECORDING = str(pedal.RECORDING.relative_to(ROOT))
PEDAL = {"LOGWATCH_RULES": str(pedal.RULES), "LOGWATCH_LANG": "en", "LOGWATCH_TIMEZONE": "UTC"}

PLATFORMS = re.compile(
    r"o4o|glycopharm|kpa\b|OpsMetrics|SlowRequest\]|asia-northeast3|BETA_MODE|NODE_ENV|neture|/health/(?:database|redis|detailed)"
    r"|/internal/ops|checkout\.|payment\.|(?<!functools\.)cache\.(?:hit|miss|error)|database\.(?:ping|active|long)|redis\.ping"
    r"|telemetry-silent\b(?!\")|checkout-|payment-|pedal|unlock|broker",
)
"""What belongs to the bundled platform or to the made-up one."""


def test_the_recording_is_the_one_that_its_generator_writes() -> None:
    assert pedal.RECORDING.read_text() == "".join(json.dumps(entry, sort_keys=True) + "\n" for entry in pedal.entries())


def test_its_rules_agree_with_its_runbook_and_pass_their_own_cases(run: Run) -> None:
    checked, tested = run("rules", "check", "--source", RECORDING, **PEDAL), run("rules", "test", **PEDAL)
    assert checked.code == 0
    assert [line.split("'")[1] for line in checked.err.splitlines()] == ["ride.end"]  # a counter that only section 7 reads
    assert "4 rows of section 3" in checked.out
    assert (tested.code, tested.err) == (0, "")


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_span_is_judged_shop_by_shop_and_the_step_is_named(run: Run, lang: str) -> None:
    ran = run("evaluate", "--source", RECORDING, **PEDAL | {"LOGWATCH_LANG": lang})
    assert (ran.code, ran.err) == (0, "")
    assert "unlock-success(porto)" in ran.out
    assert "4.1 Bicycles do not unlock" in ran.out
    found = json.loads(run("evaluate", "--source", RECORDING, "--format", "json", **PEDAL).out)
    assert found["source"]["unparsed"] == {}
    assert found["counters"]["unlock.try{city=porto}"] > 1000
    assert found["slow_requests"]["unlock"]["count"] > 100
    (porto,) = [each for each in found["verdicts"] if each["labels"] == {"city": "porto"}]
    assert porto["worst"]["value"] < 0.4


def test_a_backtest_finds_its_incident_and_the_step(run: Run) -> None:
    found = json.loads(run("backtest", RECORDING, "--format", "json", **PEDAL).out)
    alert = next(each for each in found["alerts"] if each["labels"] == {"city": "porto"})
    assert (alert["rule"], alert["firing_at"], alert["procedure"], alert["step"]) == (
        "unlock-success",
        "2026-05-11T07:26:00Z",
        "4.1",
        2,
    )


@pytest.mark.long
@pytest.mark.parametrize("format_", ["html", "markdown"])
def test_the_page_walks_its_procedure(run: Run, format_: str) -> None:
    page = run("report", "--source", RECORDING, "--format", format_, **PEDAL)
    assert (page.code, page.err) == (0, "")
    assert "roll the keys of that city&#39;s locks back" in page.out.replace("'", "&#39;")
    assert "keys refused, of unlocks" in page.out
    assert "6× Lock refused to open: set 77" in page.out


@pytest.mark.long
def test_a_run_reads_judges_publishes_and_tells_it(tmp_path: Path) -> None:
    raw = [make_entry(entry) for entry in pedal.entries()]
    more = {"SOURCE": "gcp://pedal-demo/pedal-api", "RULES": str(pedal.RULES), "LANG": "en"}
    with LocalApp() as app, World(tmp_path, raw, more=more | {"ENDPOINTS": app.url}, now=pedal.START) as world:
        app.say("/status/broker", Says({"state": "up", "link": {"rtt": 12, "backlog": 3}}))
        world.now = pedal.START + timedelta(minutes=24, seconds=100)
        summaries = []
        for _ in range(6):
            summaries.append(world.tick())
            world.now += timedelta(minutes=1)
        assert [each.errors for each in summaries] == [[]] * 6
        (told, *_) = world.slack.taken
        written = world.google.monitoring.written("pedal-demo")
        asked = world.google.logging.calls.requests[0].message.filter
    assert '"STATS of the last minute" OR "LATE CALL"' in asked
    text = json.dumps(told.body, ensure_ascii=False)
    assert "Too few bicycles unlock" in text
    assert "roll the keys" in text
    values = {(point.metric, point.labels.get("shop", "")): point.value for point in written}
    assert {metric.split("/")[0] for metric, _ in values} == {"pedal"}
    assert values["pedal/broker/ping_ms", ""] == 12
    assert values["pedal/broker/backlog", ""] == 3
    assert values["pedal/unlock/refused/key", "porto"] > 0


@pytest.mark.long
def test_its_own_exit_conditions_are_judged_day_by_day(run: Run, tmp_path: Path) -> None:
    start = datetime(2026, 5, 11, tzinfo=UTC)
    path = tmp_path / "days.ndjson"
    quiet = pedal.entries(start=start, minutes=3 * 1440 + 1, refusing=range(0))
    path.write_text("".join(json.dumps(entry) + "\n" for entry in quiet))
    ran = run("beta-exit", "--source", path, "--days", "3", "--format", "json", **PEDAL)
    found = json.loads(ran.out)
    assert {gate["name"]: gate["state"] for gate in found["gates"]} == {"unlocks": "met", "lost-rides": "met", "docks": "met"}
    assert found["gates"][0]["definition"] == "On each of the last three days, unlock.ok / unlock.try is >90%."
    bad = run("beta-exit", "--source", RECORDING, "--days", "3", **PEDAL)
    assert "3 conditions" in bad.out


def test_files_that_watch_logwatch_name_its_metrics_and_markers(run: Run, tmp_path: Path) -> None:
    assert run("cloud", "policies", "--output", tmp_path, **PEDAL).code == 0
    silent = (tmp_path / "telemetry-silent.json").read_text()
    dashboard = run("cloud", "dashboard", **PEDAL).out
    assert "custom.googleapis.com/pedal/telemetry/silent_minutes" in silent
    assert "STATS of the last minute" in silent
    assert "--update-env-vars=STATS_EVERY=60" in silent
    assert "custom.googleapis.com/pedal/dock/fault" in dashboard
    assert not PLATFORMS.search((silent + dashboard).replace("pedal", "").replace("unlock", "").replace("broker", "")), silent


COMMANDS = re.findall(r"^ +(logwatch .*)$", (ROOT / "docs/another-service.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_its_document_runs_as_printed(run: Run, tmp_path: Path, command: str) -> None:
    arguments = [str(tmp_path / each) if each == "page.html" else each for each in shlex.split(command)[1:]]
    ran = run(*arguments)
    assert ran.code == 0, ran.err
    assert len(COMMANDS) == 7


def test_no_python_names_a_platform() -> None:
    named = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted((ROOT / "logwatch").rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if PLATFORMS.search(line)
    ]
    assert named == []
