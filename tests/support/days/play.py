"""A calendar played: each step done, and what stands compared with what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conftest import ROOT
from tests.support.days.gcloud import Gcloud, Memory
from tests.support.days.project import Project
from tests.support.days.steps import Days, Wrong, clone, perform

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.support.days.steps import Step

RECORDED = ROOT / "tests" / "fixtures" / "days" / "gcloud.ndjson"
"""What the real gcloud did in the first days of the fixed calendar."""


def remembered() -> Memory:
    """Give what is written down of the real gcloud."""
    return Memory.load(RECORDED.read_text(encoding="utf-8").splitlines()) if RECORDED.exists() else Memory()


def play(
    gcloud: Gcloud,
    steps: Sequence[Step],
    folder: Path,
    *,
    tell: Callable[[str], None] = lambda _: None,
    change: Callable[[Path], None] = lambda _: None,
) -> tuple[Days, list[str]]:
    """Let all steps happen in a new project; gives it with what was wrong, and ends there. `change` is done to the clone first."""
    tree = clone(folder / "clone")
    change(tree)
    with Project(folder, tree) as project:
        for service in ("o4o-core-api", "shop", "cart"):
            project.stands(service)
        days = Days(project, gcloud, tree)
        for step in steps:
            try:
                perform(days, step)
            except Wrong as wrong:
                tell(f"day {step.day:2}  {step}: WRONG\n{wrong}")
                return days, [f"{step}: {wrong}"]
            tell(f"day {step.day:2}  {step}: as asked for, and nothing else")
        return days, []
