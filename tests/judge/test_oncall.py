"""Whom messages wake: what oncall.yaml may say, which route an incident takes, and when it waits for the morning."""

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
import yaml

from logwatch.judge.rules.load import load_rules
from logwatch.judge.rules.model import Severity
from logwatch.judge.rules.oncall import OnCall, oncall_schema
from logwatch.judge.rules.yaml_lines import RuleProblemsError
from tests.conftest import ROOT

RULES = ROOT / "rules"
EXAMPLE = re.search(
    r"```yaml\n(# rules/oncall\.yaml\n.*?)```", (ROOT / "docs/oncall.md").read_text(encoding="utf-8"), re.DOTALL
)
PAGE, WARN, INFO = Severity


def folder_with(tmp_path: Path, text: str) -> Path:
    folder = shutil.copytree(RULES, tmp_path / "rules")
    (folder / "oncall.yaml").write_text(text, encoding="utf-8")
    return folder


def read(tmp_path: Path, text: str) -> OnCall:
    return load_rules(folder_with(tmp_path, text)).oncall


def test_without_the_file_nobody_is_called_and_nothing_waits() -> None:
    oncall = load_rules(RULES).oncall
    at = datetime(2026, 2, 24, 3, tzinfo=UTC)
    assert (oncall.route(PAGE, "4.1", at).mention, oncall.route(PAGE, "4.1", at).escalate) == ((), ())
    assert not oncall.is_quiet(INFO, at)


def test_the_example_of_the_page_is_read_and_keeps_to_the_schema(tmp_path: Path) -> None:
    assert EXAMPLE
    oncall = read(tmp_path, EXAMPLE[1])
    assert oncall.routes
    assert oncall.quiet_hours
    jsonschema.validate(yaml.safe_load(EXAMPLE[1]), oncall_schema())
    assert json.loads((RULES / "oncall.schema.json").read_text()) == json.loads(json.dumps(oncall_schema()))


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("quiet_hours: 22-07\n", 1, "use e.g. 22:00-07:00"),
        ("quiet_hours: 22:00-22:00\n", 1, "leave it out for the whole day"),
        ("routes:\n  - mention: kim\n", 2, "'kim' is nobody whom Slack can call"),
        ("routes:\n  - mention: [U012345, '<!here>']\n", 2, "'<!here>' is nobody"),
        ("routes:\n  - when: {severity: loud}\n", 2, "'page', 'warn', 'info'"),
        ("routes:\n  - when:\n      procedure: '9.9'\n", 3, "unknown procedure '9.9'"),
        ("routes:\n  - escalate:\n      - after: 10m\n", 3, "give it a mention or channels"),
        ("routes:\n  - escalate:\n      - {after: 0, mention: here}\n", 3, "looks at nothing"),
        (
            "routes:\n  - escalate:\n      - {after: 10m, mention: here}\n      - {after: 10m, channels: pagerduty}\n",
            2,
            "later than",
        ),
        ("routs: []\n", 1, "'routs' is not known here"),
        ("- mention: here\n", 1, "stands where a set of keys belongs"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    with pytest.raises(RuleProblemsError) as caught:
        read(tmp_path, text)
    (problem,) = caught.value.problems
    assert says in str(problem)
    assert f"oncall.yaml:{line}" in str(problem.where)


ROUTES = """
routes:
  - when: {severity: page, hours: 22:00-07:00, days: [fri, sat]}
    mention: U0WEEKEND
  - when: {severity: [page, warn], procedure: ["4.2"]}
    mention: [U0PAYMENT, S0PAYMENT]
  - when: {severity: page}
    mention: here
"""


@pytest.mark.parametrize(
    ("severity", "procedure", "at", "called"),
    [
        (PAGE, "4.1", "2026-02-27 23:00", "U0WEEKEND"),  # a Friday
        (PAGE, "4.1", "2026-02-28 06:59", "U0WEEKEND"),
        (PAGE, "4.1", "2026-02-28 07:00", "here"),
        (PAGE, "4.1", "2026-02-27 06:00", "here"),  # of Thursday's night
        (PAGE, "4.1", "2026-03-01 06:00", "U0WEEKEND"),
        (PAGE, "4.1", "2026-03-01 23:00", "here"),
        (WARN, "4.2", "2026-02-27 23:00", "U0PAYMENT S0PAYMENT"),
        (WARN, "4.1", "2026-02-27 23:00", ""),
        (INFO, "4.2", "2026-02-27 23:00", ""),
    ],
)
def test_the_first_route_that_fits_is_taken(tmp_path: Path, severity: Severity, procedure: str, at: str, called: str) -> None:
    route = read(tmp_path, ROUTES).route(severity, procedure, datetime.fromisoformat(at))
    assert " ".join(route.mention) == called


def test_a_recording_calls_as_a_run_does_and_takes_no_steps() -> None:
    step = {"after": "10m", "channels": "email"}
    oncall = OnCall.model_validate({"quiet_hours": "22:00-07:00", "routes": [{"mention": "here", "escalate": [step]}]})
    (route,) = oncall.unescalated.routes
    assert (route.mention, route.escalate) == (("here",), ())
    assert oncall.unescalated.quiet_hours == oncall.quiet_hours


@pytest.mark.parametrize(
    ("hours", "at", "held"),
    [
        ("22:00-07:00", 21, False),
        ("22:00-07:00", 22, True),
        ("22:00-07:00", 6, True),
        ("22:00-07:00", 7, False),
        ("9:00-18:00", 12, True),
    ],
)
def test_quiet_hours_hold_notes_alone(hours: str, at: int, *, held: bool) -> None:
    oncall = OnCall.model_validate({"quiet_hours": hours})
    moment = datetime(2026, 2, 24, at, tzinfo=UTC)
    assert [oncall.is_quiet(severity, moment) for severity in Severity] == [False, False, held]
