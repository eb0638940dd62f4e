"""Commands where one settings file names several targets: about one of them, or about all."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from google.cloud.monitoring_dashboard_v1 import Dashboard
from google.cloud.monitoring_v3 import AlertPolicy
from google.protobuf.json_format import ParseDict

from logwatch.cli.usage.completion import complete_targets
from tests.conftest import ROOT
from tests.support.made_traffic import START
from tests.support.schemas import check_parsed
from tests.support.three_targets import CALM, NAMES, environment_of, settings_file, three_services
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Run

DASHBOARD = ROOT / "tests/fixtures/golden/dashboard-of-targets.json"


@pytest.fixture
def told(tmp_path: Path) -> dict[str, str]:
    """Three targets of which nothing is known yet."""
    path = settings_file(tmp_path, shared=f'source = "gcp://o4o-demo"\nstate = "{tmp_path}/state.json"')
    return {"LOGWATCH_CONFIG": str(path)}


@pytest.fixture
def judged(tmp_path: Path, run: Run) -> Iterator[dict[str, str]]:
    """Three targets, one of which fires; of the last the state is lost."""
    with World(tmp_path, three_services(), now=START + timedelta(minutes=CALM + 8, seconds=95)) as world:
        environment = environment_of(world, settings_file(tmp_path))
        assert run("run", **environment).code == 0
        (tmp_path / "targets/web/state.json").unlink()
        yield environment


ONE = {
    "evaluate": (),
    "windows": (),
    "report": ("--output", "x.html"),
    "backtest": (),
    "beta-exit": (),
    "explain": ("payment-confirm",),
    "silence add": ("--all", "--for", "1h", "--reason", "x"),
    "silence expire": ("a6d481",),
    "state mend": (),
    "state roll-back": (),
    "alerts --format json": (),
    "alerts --labels": (),
    "digest -f json": (),
    "silence list -f json": (),
    "state show -f json": (),
    "doctor -f json": (),
}


@pytest.mark.parametrize("command", ONE)
def test_what_is_about_one_names_those_there_are(run: Run, told: dict[str, str], command: str) -> None:
    ran = run(*command.split(), *ONE[command], **told)
    assert ran.code == 2
    assert "--target: this is about one target, and there are cart, pay, web" in ran.err
    assert "add --target NAME, or set LOGWATCH_TARGET" in ran.err


def test_it_is_said_in_korean(run: Run, told: dict[str, str]) -> None:
    ran = run("explain", "payment-confirm", LOGWATCH_LANG="ko", **told)
    assert "대상 하나를 골라야 합니다. 대상: cart, pay, web" in ran.err
    ran = run("explain", "payment-confirm", "--target", "wbe", LOGWATCH_LANG="ko", **told)
    assert "힌트: 혹시 'web'인가요? 대상: cart, pay, web" in ran.err


@pytest.mark.long
@pytest.mark.parametrize("command", ["alerts", "digest", "silence list", "state show"])
def test_what_is_about_all_has_a_heading_for_each(run: Run, judged: dict[str, str], command: str) -> None:
    ran = run(*command.split(), "--lang", "en", **judged)
    assert [line for line in ran.out.splitlines() if line.startswith("──")] == [f"── {name} ──" for name in NAMES]
    assert (ran.code, "no state yet" in ran.err) == (3, True), "one that cannot be told keeps no other from it"
    cart, pay = ran.out.partition("── pay ──")[::2]
    assert "targets/cart/state.json" in cart
    assert "targets/pay/state.json" in pay
    alone = run(*command.split(), "--lang", "en", "--target", "pay", **judged)
    assert alone.code == 0
    assert alone.out.strip() in pay


@pytest.mark.long
def test_one_is_explained_by_its_own_state(run: Run, judged: dict[str, str]) -> None:
    assert "alert firing since" in run("explain", "payment-confirm", "--lang", "en", LOGWATCH_TARGET="pay", **judged).out
    assert "alert firing since" not in run("explain", "payment-confirm", "--lang", "en", LOGWATCH_TARGET="cart", **judged).out


def test_a_silence_is_one_targets_own(run: Run, judged: dict[str, str]) -> None:
    ran = run("silence", "add", "--target", "pay", "--all", "--for", "1h", "--reason", "x", "--lang", "en", **judged)
    assert ran.code == 0
    name = ran.out.splitlines()[-1].partition(":")[0]
    listed = run("silence", "list", "--lang", "en", **judged).out
    assert name in listed.partition("── pay ──")[2]
    assert name not in listed.partition("── pay ──")[0]


def test_doctor_looks_into_each(run: Run, judged: dict[str, str]) -> None:
    ran = run("doctor", "--lang", "en", **judged)
    assert [line for line in ran.out.splitlines() if line.startswith("──")] == [f"── {name} ──" for name in NAMES]
    assert ran.out.count("reading logs") == len(NAMES)


def test_settings_lists_what_is_shared_and_what_is_each_ones_own(run: Run, told: dict[str, str]) -> None:
    ran = run("settings", "--lang", "en", **told)
    assert (ran.code, ran.err) == (0, "")
    own = ran.out.partition("[[targets]] pay")[2].partition("[[targets]] web")[0]
    rows = {line.split("  ")[0]: line for line in own.splitlines() if line.strip()}
    assert "logwatch.toml:8" in rows["target"]
    assert "logwatch.toml:9" in rows["service"]
    assert "made of its name" in rows["state"]
    assert "production/pay" in own
    document = json.loads(run("settings", "-f", "json", **told).out)
    check_parsed("settings", document)
    assert document["targets"] == [*NAMES]
    alone = json.loads(run("settings", "--target", "pay", "-f", "json", **told).out)
    assert {
        each["name"]: each["value"] for each in alone["settings"] if each["name"] in {"target", "service", "environment"}
    } == {
        "target": "pay",
        "service": "pay",
        "environment": "production/pay",
    }


def test_one_dashboard_has_a_row_each(run: Run, told: dict[str, str], update_golden: bool) -> None:  # noqa: FBT001 - a fixture
    ran = run("cloud", "dashboard", "--lang", "en", **told)
    assert (ran.code, ran.err) == (0, "")
    if update_golden:
        DASHBOARD.write_text(ran.out, encoding="utf-8")
    assert ran.out == DASHBOARD.read_text(encoding="utf-8")
    made = json.loads(ran.out)
    ParseDict(made, Dashboard.pb(Dashboard()))
    tiles = made["mosaicLayout"]["tiles"]
    rows = [[tile for tile in tiles if tile.get("yPos", 0) == y] for y in sorted({tile.get("yPos", 0) for tile in tiles})]
    assert [row[0]["widget"]["title"] for row in rows] == [*NAMES]
    for name, row in zip(NAMES, rows, strict=True):
        assert sum(tile["width"] for tile in row) == 12
        assert json.dumps(row).count(f'namespace=\\"production/{name}\\"') == json.dumps(row).count("metric.type=")
    whole = json.loads(run("cloud", "dashboard", "--target", "pay", **told).out)
    assert len(whole["mosaicLayout"]["tiles"]) > len(tiles)


def test_a_policy_tells_which_target_it_is(run: Run, told: dict[str, str], tmp_path: Path) -> None:
    ran = run("cloud", "policies", "--output", str(tmp_path / "made"), "--lang", "en", **told)
    assert (ran.code, ran.err) == (0, "")
    for path in (tmp_path / "made").iterdir():
        policy = json.loads(path.read_text())
        ParseDict(policy, AlertPolicy.pb(AlertPolicy()))
        content = policy["documentation"]["content"]
        for condition in policy["conditions"]:
            if logged := condition.get("conditionMatchedLog"):
                assert logged["labelExtractors"] == {"target": "EXTRACT(jsonPayload.run.target)"}
                assert "${log.extracted_label.target}" in content
            else:
                asked = json.dumps(condition, ensure_ascii=False)
                assert 'namespace=one_of(\\"production/cart\\", \\"production/pay\\", \\"production/web\\")' in asked
                assert "${resource.label.namespace}" in content


def test_tab_offers_the_targets(told: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGWATCH_CONFIG", told["LOGWATCH_CONFIG"])
    assert complete_targets("") == [*NAMES]
    assert complete_targets("p") == ["pay"]
