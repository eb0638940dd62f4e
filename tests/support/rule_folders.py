"""What is wrong with a folder of rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logwatch.judge.rules.load import load_rules
from logwatch.judge.rules.runbook_check import compare_with_runbook
from logwatch.judge.rules.yaml_lines import RuleProblemsError

if TYPE_CHECKING:
    from pathlib import Path

    from logwatch.errors import LogwatchError


def complaint(folder: Path) -> str:
    """What `logwatch rules check` says of a folder."""
    try:
        problems: list[LogwatchError] = list(compare_with_runbook(load_rules(folder)))
    except RuleProblemsError as error:
        problems = list(error.problems)
    return "\n".join(map(str, problems))
