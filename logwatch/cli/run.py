"""`run`: one scheduled tick."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import typer

from logwatch.cli.context import clock_of, targets_from
from logwatch.cli.options import RunFlags
from logwatch.collect.sources import is_live
from logwatch.logs import failures_told, tell_line
from logwatch.pipeline.run import wait_to_look
from logwatch.settings import execution, load_all_targets, process_age_s, task
from logwatch.targets.prepare import prepare
from logwatch.targets.run_all import share_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logwatch.settings import Settings


def run_tick(flags: RunFlags) -> None:
    """Do one scheduled tick: read, judge, publish, notify, remember; the Cloud Run Job's entry."""
    owner = execution()
    with failures_told("run", owner):
        wanted = targets_from(flags)
        place, count = task()
        targets = share_of(wanted, place, count)
        if not targets:
            tell_line({"severity": "INFO", "message": f"run: no target falls to task {place + 1} of {count}"})
            return
        fleet = prepare(targets, owner, load_all_targets(wanted))
        started_s = process_age_s()
        wait_its_turn(targets)
        summaries = fleet.run(clock_of(targets[0]), lambda summary: tell_line(summary.to_json()), started_s)
    if code := max(summary.exit_code for summary in summaries):
        raise typer.Exit(code)


def wait_its_turn(targets: Sequence[Settings]) -> None:
    """Wait for the second at which runs look; a drill and a recording wait for nothing, and what waits has no lease yet."""
    first = targets[0]
    if any(is_live(each.source) for each in targets) and not first.now:
        wait_to_look(first.starts, clock_of(first), time.sleep)
