"""A third language is data: a file of words, a twin of the runbook, a set of policy texts, and no line of Python."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, clean_environment

STORM = f"{ROOT}/tests/fixtures/logs/storm.ndjson"
Command = Callable[..., subprocess.CompletedProcess[str]]


def in_brackets(text: str) -> str:
    return f"«{text}»"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program as it is installed, and with it the made-up language `xx`: English, each text in brackets."""
    root = tmp_path_factory.mktemp("installed")
    for folder in ("logwatch", "rules", "templates"):
        shutil.copytree(ROOT / folder, root / folder)
    words = json.loads((root / "logwatch/languages/en.json").read_text("utf-8"))
    made = {section: {key: in_brackets(text) for key, text in texts.items()} for section, texts in words.items()}
    (root / "logwatch/languages/xx.json").write_text(json.dumps(made, ensure_ascii=False), "utf-8")
    twin = re.sub(
        r"^(#+ [\d.]+ )(.+)$",
        lambda line: line[1] + in_brackets(line[2]),
        (root / "rules/runbook.en.md").read_text("utf-8"),
        flags=re.MULTILINE,
    )
    (root / "rules/runbook.xx.md").write_text(twin, "utf-8")
    for path in (root / "templates/policies").glob("*.en.md.j2"):
        text = re.sub(
            r"^# (.+)$", lambda line: f"# {in_brackets(line[1])}", path.read_text("utf-8"), count=1, flags=re.MULTILINE
        )
        path.with_name(path.name.replace(".en.", ".xx.")).write_text(text, "utf-8")
    (root / "state.json").write_text('{"schema":1,"cursor":"2026-02-24T00:00:00Z"}')
    return root


@pytest.fixture(scope="module")
def command(installed: Path) -> Command:
    def run(*arguments: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
        environment = clean_environment(PYTHONPATH=str(installed), LOGWATCH_STATE=str(installed / "state.json"))
        asked = [sys.executable, "-m", "logwatch", *map(str, arguments)]
        return subprocess.run(asked, env=environment, cwd=installed, check=False, capture_output=True, encoding="utf-8", **more)

    return run


@pytest.mark.long
def test_help_and_settings_offer_it(command: Command) -> None:
    assert "--lang <ko|en|xx>" in command("evaluate", "--help").stdout
    refused = command("evaluate", "-s", STORM, "--lang", "yy")
    assert refused.returncode == 2
    assert "ko or en or xx" in refused.stderr


SPOKEN: list[tuple[tuple[str, ...], list[str]]] = [
    (("evaluate", "-s", STORM), ["«Runbook section 3 verdicts»", "«warning»", "4.4 «"]),
    (("evaluate", "-s", STORM, "-f", "markdown"), ["# «Runbook section 3 verdicts»", "| «rule» |"]),
    (("report", "-s", STORM, "-f", "html"), ['<html lang="xx">', "«Runbook report»", "<h2>«incidents»</h2>"]),
    (("backtest", STORM), ["«backtest»", "«alert»"]),
    (("backtest", STORM, "-f", "messages"), ["«start here»", "«previous hour", "4.4 «"]),
    (("alerts",), ["«No alerts pending or firing.»"]),
    (("rules", "check"), ["«"]),
    (("cloud", "dashboard"), ["«Figures, normal ranges and warning thresholds»", "**4.1 «"]),
]
"""Commands, and what each says in the made-up language."""

EACH_COMMAND = """
import contextlib, io, json, sys
from logwatch.cli.main import main
told = []
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["logwatch", *arguments]
    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)) as out:
        try:
            main()
        except SystemExit as end:
            assert not end.code, arguments
    told.append(out.buffer.getvalue().decode())
print(json.dumps(told))
"""
"""The program knows its languages from its start on, so it takes a process of its own; one is enough for all commands."""


@pytest.mark.long
def test_every_command_speaks_it(installed: Path) -> None:
    environment = clean_environment(PYTHONPATH=str(installed), LOGWATCH_STATE=str(installed / "state.json"))
    asked = [sys.executable, "-c", EACH_COMMAND, json.dumps([[*arguments, "--lang", "xx"] for arguments, _ in SPOKEN])]
    ran = subprocess.run(asked, env=environment, cwd=installed, check=True, capture_output=True, encoding="utf-8")
    told = dict(zip([arguments for arguments, _ in SPOKEN], json.loads(ran.stdout), strict=True))
    assert [(arguments, each) for arguments, said in SPOKEN for each in said if each not in told[arguments]] == []
    korean = re.compile("[가-힣]")
    assert [arguments for arguments, out in told.items() if korean.search(out.replace("API 응답시간", ""))] == []


@pytest.mark.long
def test_policies_speak_it(command: Command, installed: Path) -> None:
    ran = command("cloud", "policies", "-o", installed / "policies", "--lang", "xx")
    assert ran.returncode == 0, ran.stderr
    names = [json.loads(path.read_text("utf-8"))["displayName"] for path in (installed / "policies").glob("*.json")]
    assert len(names) == 7
    assert all("«" in name for name in names)


@pytest.mark.long
def test_a_twin_that_says_another_figure_is_found(command: Command, installed: Path, tmp_path: Path) -> None:
    rules = shutil.copytree(installed / "rules", tmp_path / "rules")
    twin = rules / "runbook.xx.md"
    twin.write_text(twin.read_text("utf-8").replace("> 200ms |", "> 300ms |", 1), "utf-8")
    ran = command("rules", "check", "--rules", rules, "--lang", "en")
    assert ran.returncode == 2
    assert "runbook.xx.md:47: the translation does not say the same: >200 is missing" in ran.stderr


@pytest.mark.long
def test_what_it_has_no_word_for_is_said_in_the_common_one(command: Command, installed: Path) -> None:
    path = installed / "logwatch/languages/xx.json"
    whole = path.read_text("utf-8")
    path.write_text(re.sub(r'"no_alerts": "[^"]*", ', "", whole), "utf-8")
    try:
        assert command("alerts", "--lang", "xx").stdout.endswith("\nNo alerts pending or firing.\n")
    finally:
        path.write_text(whole, "utf-8")


@pytest.mark.long
def test_a_gauge_without_a_name_is_told_with_its_place_and_cure(command: Command, installed: Path, tmp_path: Path) -> None:
    rules = shutil.copytree(installed / "rules", tmp_path / "rules")
    service = rules / "service.yaml"
    text = service.read_text("utf-8")
    named = ", name: {ko: 활성 커넥션, en: active connections}"
    assert named in text
    service.write_text(text.replace(named, ""), "utf-8")
    ran = command("rules", "check", "--rules", rules, "--lang", "en")
    line = next(number for number, each in enumerate(text.splitlines(), start=1) if named in each)
    assert ran.returncode == 2
    assert f"service.yaml:{line}: 'gauges.2.name' is missing" in ran.stderr
    assert "hint: " in ran.stderr


@pytest.mark.long
def test_a_gauge_of_logwatch_s_own_can_be_looked_at(command: Command, installed: Path, tmp_path: Path) -> None:
    rules = shutil.copytree(installed / "rules", tmp_path / "rules")
    evidence = rules / "evidence.yaml"
    named = "gauge: database.ping_ms, endpoint: /health/database"
    assert named in evidence.read_text("utf-8")
    evidence.write_text(
        evidence.read_text("utf-8").replace(named, named.replace("database.ping_ms", "endpoints.unanswered")), "utf-8"
    )
    assert command("rules", "check", "--rules", rules, "--lang", "en").returncode == 0
