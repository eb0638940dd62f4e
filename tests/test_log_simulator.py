"""The log simulator that measurements stand on: its scenarios, what is said to be true of them, and its lock."""

import json
import shutil
import subprocess
import sys
from fnmatch import filter as matching
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LOGS, ROOT
from tests.support.made_windows import RULE_SET, RULES

SIMULATOR = ROOT / "tools/log-simulator"
READY = shutil.which("node") and (SIMULATOR / "node_modules").is_dir()


def described(folder: Path, *arguments: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The specs and the truth of a salt."""
    command = [sys.executable, str(SIMULATOR / "scenarios.py"), arguments[0], str(folder), *arguments[1:]]
    subprocess.run(command, check=True, capture_output=True)
    specs, truth = (json.loads((folder / name).read_text()) for name in ("specs.json", "truth.json"))
    return specs, truth


def digests(scenarios: list[tuple[dict[str, Any], dict[str, Any]]]) -> tuple[str, ...]:
    """Of specs, and of what is true of them."""
    return tuple(sha256(json.dumps(part).encode()).hexdigest()[:12] for part in zip(*scenarios, strict=True))


def test_a_salt_gives_the_same_scenarios_for_ever(tmp_path: Path) -> None:
    specs, truth = described(tmp_path, "one")
    plain = [{name: value for name, value in each.items() if name != "out"} for each in specs]
    of_kind = {each["kind"]: (spec, each) for spec, each in zip(plain, truth, strict=True)}
    added = [of_kind.pop(kind) for kind in ("shop-falls-quiet", "all-shops-fall-quiet")]
    first = list(of_kind.values())
    assert (len(first), digests(first)) == (35, ("11541b67d0a7", "5f0b05390dff")), "kinds that are added change no other"
    assert digests(added) == ("cdedf68e2b6b", "1758d0776390")


def test_one_kind_is_the_same_alone_and_among_others(tmp_path: Path) -> None:
    every, _ = described(tmp_path / "every", "two")
    (alone,), _ = described(tmp_path / "alone", "two", "bad-canary")
    (among,) = (each for each in every if "bad-canary" in each["out"])
    assert {**among, "out": ""} == {**alone, "out": ""}


def test_the_truth_speaks_of_rules_and_steps_that_there_are(tmp_path: Path) -> None:
    _, truth = described(tmp_path, "one")
    steps = {each.section: {step.number for step in each.steps} for each in RULE_SET.runbook.procedures}
    for each in truth:
        assert each["kind"].startswith("healthy-") == (not each["incidents"])
        for incident in each["incidents"]:
            assert all(matching(RULES, rule) for rule in incident["rules"]), each["kind"]
            assert not incident["procedure"] or {incident["step"]} <= steps[incident["procedure"]] | {None}


def test_the_lock_has_hashes_and_names_no_host() -> None:
    text = (SIMULATOR / "package-lock.json").read_text()
    assert "://" not in text
    packages = {name: each for name, each in json.loads(text)["packages"].items() if name}
    assert len(packages) > 10
    assert all(each["integrity"].startswith("sha512-") for each in packages.values())


@pytest.mark.skipif(not READY, reason="the log simulator's packages are not installed: make hours installs them")
def test_the_recordings_of_the_tests_are_what_the_simulator_writes() -> None:
    command = ["node", str(SIMULATOR / "simulate.mjs"), str(SIMULATOR / "specs/text.json")]
    assert subprocess.run(command, check=True, capture_output=True).stdout == (ROOT / LOGS / "text.ndjson").read_bytes()
