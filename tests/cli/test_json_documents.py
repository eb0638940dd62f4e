"""`--format json` wherever there is a table: each real document keeps the schema that ships, and says what the table says."""

from pathlib import Path
from typing import Any

import pytest

from logwatch.cli.usage.schemas import schema_names
from logwatch.judge.rules.load import load_rules
from logwatch.settings import bundled
from tests.conftest import LOGS, ROOT, Run
from tests.support.local_google import LoggingServer, load_entries
from tests.support.schemas import check_document

STORM, PAYMENT = f"{LOGS}/storm.ndjson", f"{LOGS}/payment.ndjson"
INCIDENTS = "tests/fixtures/incidents/storm.yaml"
ELSEWHERE = {"webhook", "beta-exit", "settings"}
"""Documents that tests beside their modules hold against their schemas."""
RECORDED: dict[str, tuple[str, ...]] = {
    "evaluate": ("evaluate", STORM),
    "backtest": ("backtest", STORM, "--rules", "rules", "--against", "rules", "--incidents", INCIDENTS),
    "tune": ("tune", "checkout-success", STORM, "--vary", "for=0,9m", "--incidents", INCIDENTS),
    "explain": ("explain", "payment-confirm", PAYMENT, "--at", "15:31"),
    "rules-list": ("rules", "list"),
    "rules-check": ("rules", "check", PAYMENT),
    "rules-test": ("rules", "test"),
}
OUT_OF_A_STATE: dict[str, tuple[str, ...]] = {
    "alerts": ("alerts",),
    "labels": ("alerts", "--labels"),
    "silence-list": ("silence", "list"),
    "state-show": ("state", "show"),
    "explain": ("explain", "payment-confirm"),
    "digest": ("digest",),
    "doctor": ("doctor",),
}


def test_every_schema_is_held_against_a_document() -> None:
    assert {*RECORDED, *OUT_OF_A_STATE} == {*schema_names()} - ELSEWHERE


@pytest.mark.long
@pytest.mark.parametrize("name", RECORDED)
def test_a_document_about_a_recording_keeps_its_schema(run: Run, name: str) -> None:
    ran = run(*RECORDED[name], "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    check_document(name, ran.out)


@pytest.fixture
def after_an_incident(run: Run, tmp_path: Path) -> dict[str, str]:
    """Let runs see payments fail with a channel that takes nothing; somebody mutes a shop, and each Sunday all of it."""
    settings = {
        "LOGWATCH_STATE": str(tmp_path / "state.json"),
        "LOGWATCH_SOURCE": "gcp://o4o-demo/o4o-core-api",
        "LOGWATCH_METRICS_PROJECT": "none",
        "LOGWATCH_WEBHOOK_URL": "http://127.0.0.1:1/",
        "LOGWATCH_LANG": "en",
    }
    with LoggingServer(load_entries(ROOT / PAYMENT)) as server:
        settings |= {"LOGWATCH_LOGGING_ENDPOINT": server.address}
        for now in ("06:10", "06:40"):
            settings |= {"LOGWATCH_NOW": f"2026-02-24T{now}:00Z"}
            run("run", **settings)
    once = ("--rule", "cache-hit", "--shop", "kpa", "--for", "2h", "--reason", "PG 점검")
    weekly = ("--all", "--every", "sun 03:00", "--for", "1h", "--reason", "batch")
    for muted in (once, weekly):
        assert run("silence", "add", *muted, "--by", "dana", **settings).code == 0
    return settings


@pytest.mark.long
def test_a_document_out_of_a_state_keeps_its_schema_and_says_what_the_list_says(
    run: Run, after_an_incident: dict[str, str]
) -> None:
    found: dict[str, dict[str, Any]] = {}
    for name, command in OUT_OF_A_STATE.items():
        ran = run(*command, "--format", "json", **after_an_incident)
        assert ran.code == 0 or name == "doctor", ran.err
        found[name] = check_document(name, ran.out)
    firing = [each for each in found["alerts"]["alerts"] if each["state"] == "firing"]
    assert {(each["rule"], each["labels"].get("service")) for each in firing} >= {("payment-confirm", "kpa")}
    assert [each["silent"] for each in firing] == [None] * len(firing)
    (told, *_) = found["alerts"]["messages"]
    assert (told["reason"], told["channels"], list(told["waiting"])) == ("firing", {"webhook": None}, ["webhook"])
    assert found["alerts"]["silences"] == found["silence-list"]["silences"]
    table = run("alerts", **after_an_incident).out
    assert all(each["rule"] in table for each in found["alerts"]["alerts"])
    once, weekly = sorted(found["silence-list"]["silences"], key=lambda each: each["every"] or "")
    assert (once["rule"], once["labels"], once["holds_to"]) == ("cache-hit", {"service": "kpa"}, "2026-02-24T08:40:00Z")
    assert (weekly["rule"], weekly["every"], weekly["zone"]) == ("*", "sun 03:00", "Asia/Seoul")
    assert (weekly["holds_from"], weekly["holds_to"]) == ("2026-02-28T18:00:00Z", "2026-02-28T19:00:00Z")


def test_rules_are_listed_with_their_place(run: Run) -> None:
    found = check_document("rules-list", run("rules", "list", "-f", "json").out)["rules"]
    rules = load_rules(bundled("rules"))
    assert [each["rule"] for each in found] == [rule.rule for rule in rules.rules]
    assert {each["of"] for each in found} == {"runbook", "logwatch"}
    assert [each["where"] for each in found] == [rules.where[rule.rule] for rule in rules.rules]


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["alerts", "--format", "csv"], "the lists are not written as CSV"),
        (["alerts", "--labels", "--format", "table"], "--labels writes no table"),
        (["silence", "list", "--format", "csv"], "'csv' is not one of 'table', 'json'"),
    ],
)
def test_a_format_that_there_is_not_is_refused(
    run: Run, after_an_incident: dict[str, str], arguments: list[str], told: str
) -> None:
    ran = run(*arguments, **after_an_incident)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
