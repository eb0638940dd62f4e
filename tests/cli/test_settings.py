"""`settings`: what is set, where, and what is wrong, on eighty cells and as a document."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from logwatch.settings import field_names, fields, is_secret, variable
from tests.conftest import ROOT, Run
from tests.support.every_setting import SECRET, as_environment, as_toml
from tests.support.schemas import check_document

FLAGS = ("settings", "--source", "-", "--service", "kpa", "--rules", "rules")


def document(run: Run, *more: str, **options: Any) -> dict[str, Any]:
    return check_document("settings", run(*FLAGS, "--format", "json", *more, **options).out)


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("where", ["file", "environment", "nowhere"])
def test_the_longest_names_and_values_fit_eighty_cells(run: Run, tmp_path: Path, lang: str, where: str) -> None:
    (tmp_path / "logwatch.toml").write_text(as_toml())
    (tmp_path / "rules").symlink_to(ROOT / "rules")
    environment = {"file": {"LOGWATCH_CONFIG": ""}, "environment": as_environment(), "nowhere": {}}[where]
    ran = run("settings", "--lang", lang, cwd=tmp_path, **environment | {"LOGWATCH_TARGET": ""})
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert {line.split()[0] for line in lines if line.strip()} >= set(field_names()), "no name is broken"
    assert SECRET not in ran.out
    assert "…" not in ran.out


def test_each_value_comes_with_its_place(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a" / "logwatch.toml"
    file.parent.mkdir()
    file.write_text(f"lang = 'en'\nservice = 'x'\n\n[slack]\nbot_token = '{SECRET}'\nchannel = '#ops'\n")
    ran = run(
        "settings", "--service", "kpa", LOGWATCH_CONFIG=str(file), LOGWATCH_RUNBOOK_URL=f"https://me:{SECRET}@api.example.com"
    )
    assert (ran.code, ran.err) == (0, "")
    assert re.split(r"\n\d+ by default\n", ran.out.split("\n5 set\n")[1])[0] == (
        "setting          from             value\n"
        "service          --service        kpa\n"
        "lang             logwatch.toml:1  en\n"
        "runbook_url      environment      https://***@api.example.com\n"
        "slack_bot_token  logwatch.toml:5  set (secret)\n"
        "slack_channel    logwatch.toml:6  #ops"
    )
    assert str(file) in "".join(ran.out.split()), "however long, it breaks and is not cut off"


def test_all_that_is_wrong_is_told_at_once_with_its_place(run: Run, tmp_path: Path) -> None:
    (tmp_path / "logwatch.toml").write_text("lang = 'en'\ngrace = '5x'\nlagn = 1\n[slack]\nbot_token = 'x'\n")
    wrong = {"LOGWATCH_CONFIG": "", "LOGWATCH_LEASE": "1s", "LOGWATCH_SLAK": "x"}
    ran = run("settings", cwd=tmp_path, **wrong)
    assert ran.code == 2
    assert [line.removeprefix("logwatch: ") for line in ran.err.splitlines() if not line.startswith(" ")] == [
        "logwatch.toml:2: grace: '5x' is not a valid duration; use e.g. '90s', '5m', '1h30m', '7d'",
        "LOGWATCH_LEASE: '1s' is too short; allowed is 30s to 10m",
        "logwatch.toml:3: there is no setting 'lagn'",
        "LOGWATCH_SLAK: there is no such setting",
        "LOGWATCH_SLACK_CHANNEL: a bot needs a channel",
    ]
    assert [line.split(maxsplit=2)[2] for line in ran.out.splitlines() if line.startswith(("grace", "lease"))] == [
        "✗ wrong"
    ] * 2
    assert [line.split(maxsplit=2) for line in ran.out.splitlines() if line.startswith(("lagn", "LOGWATCH_SLAK"))] == [
        ["lagn", "logwatch.toml:3", "✗ no such setting → lang"],
        ["LOGWATCH_SLAK", "environment", "✗ no such setting → LOGWATCH_LANG"],
    ]
    found = document(run, cwd=tmp_path, **wrong)
    assert [each["where"] for each in found["wrong"]] == [
        "logwatch.toml:2: grace", "LOGWATCH_LEASE", "logwatch.toml:3", "LOGWATCH_SLAK", "LOGWATCH_SLACK_CHANNEL"
    ]  # fmt: skip
    assert {each["name"]: each["value"] for each in found["settings"] if each["wrong"]} == {"grace": "1m30s", "lease": "55s"}


@pytest.mark.parametrize(
    ("lang", "head", "why"),
    [
        ("ko", "설정 파일: logwatch.toml ✗", "TOML이 아닙니다: 값이 잘못되었습니다. 글자는 따옴표로 감싸세요."),
        ("en", "file: logwatch.toml ✗", "not TOML: Invalid value"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_not_taken_for_none(
    run: Run, tmp_path: Path, lang: str, head: str, why: str
) -> None:
    (tmp_path / "logwatch.toml").write_text("service = o4o\n")
    ran = run("settings", "--lang", lang, cwd=tmp_path, LOGWATCH_CONFIG="")
    assert (ran.code, ran.out.startswith(head)) == (2, True)
    assert ran.err.startswith(f"logwatch: logwatch.toml:1: {why}")


def test_the_document_says_of_each_what_and_whence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "logwatch.toml").write_text("location = 'here'\n")
    found = document(
        run, cwd=tmp_path, LOGWATCH_CONFIG="", **{k: v for k, v in as_environment().items() if "LOCATION" not in k}
    )
    assert found["file"] == "logwatch.toml"
    told = {each["name"]: each for each in found["settings"]}
    assert set(told) == set(field_names())
    assert [told[name]["variable"] for name in told] == [variable(name) for name in told]
    assert {name: (told[name]["origin"], told[name]["where"]) for name in ("service", "location", "state")} == {
        "service": ("flag", "--service"),
        "location": ("file", "logwatch.toml:1"),
        "state": ("environment", "LOGWATCH_STATE"),
    }
    assert {name for name, each in told.items() if each["secret"]} == {
        name for name, field in fields().items() if is_secret(field)
    }
    assert [each["value"] for each in told.values() if each["secret"]] == [None] * 9
    assert SECRET not in json.dumps(found)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("STATE", "s3://a", "'s3://a': no place for the state"),
        ("ENDPOINTS", "api.example.com", "api.example.com: no base URL of the service's endpoints"),
        ("SOURCE", "s3://a", "s3://a: there is no such kind of source"),
        ("SOURCE", "gcp://X", "gcp://X: 'X' is not a project ID (6 to 30 lower-case letters, digits, hyphens)"),
        ("SOURCE", "gcp://o4o-demo,a.json", "gcp://o4o-demo a.json: these cannot be read together"),
    ],
)
def test_an_address_that_nothing_can_use_is_wrong_before_a_run(run: Run, name: str, value: str, told: str) -> None:
    ran = run("settings", LOGWATCH_LANG="en", **{f"LOGWATCH_{name}": value})
    assert (ran.code, ran.err.splitlines()[0]) == (2, f"logwatch: LOGWATCH_{name}: {told}")
    assert [line.split(maxsplit=2)[2] for line in ran.out.splitlines() if line.startswith(name.lower())] == ["✗ wrong"]


COMMANDS = [
    ["evaluate"], ["run"], ["serve"], ["doctor"], ["settings"], ["alerts"], ["explain", "x"], ["backtest"], ["beta-exit"],
    ["report"], ["windows"], ["digest"], ["tune", "x"], ["state", "show"], ["silence", "list"], ["rules", "list"], ["rules", "check"],
    ["cloud", "dashboard"],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_reads_the_file(run: Run, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "logwatch.toml").write_text("\nlag = 1\n")
    ran = run(*command, cwd=tmp_path, LOGWATCH_CONFIG="", LOGWATCH_LANG="en", LOGWATCH_STATE=str(tmp_path / "state.json"))
    assert ran.code == 2
    assert "logwatch.toml:2: there is no setting 'lag'" in ran.out + ran.err
