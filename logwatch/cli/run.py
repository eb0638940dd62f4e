"""`run`: one scheduled tick."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import typer

from logwatch.cli.context import clock_of, one_source, settings_from
from logwatch.cli.options import LiveSourceOption, RulesOption, ServiceOption, SourceArgument
from logwatch.collect.sources import is_live
from logwatch.logs import detailed, failures_told, tell_line
from logwatch.pipeline import run as run_once
from logwatch.pipeline import wait_to_look
from logwatch.settings import execution, process_age_s
from logwatch.wiring import build_parts

if TYPE_CHECKING:
    from logwatch.settings import Settings


def run_tick(
    paths: SourceArgument = None, source: LiveSourceOption = None, service: ServiceOption = None, rules: RulesOption = None
) -> None:
    """Do one scheduled tick: read, judge, publish, notify, remember; the Cloud Run Job's entry."""
    owner = execution()
    with failures_told("run", owner):
        settings = settings_from(source=one_source(paths, source), service=service, rules=rules)
        clock = clock_of(settings)
        with detailed(debug=settings.log == "debug"):
            parts = build_parts(settings, owner)
            started_s = process_age_s()
            wait_its_turn(settings)
            summary = run_once(parts, clock, started_s)
        tell_line(summary.to_json())
    if summary.exit_code:
        raise typer.Exit(summary.exit_code)


def wait_its_turn(settings: Settings) -> None:
    """Wait for the second at which runs look; a drill and a recording wait for nothing, and what waits has no lease yet."""
    if is_live(settings.source) and not settings.now:
        wait_to_look(settings.starts, clock_of(settings), time.sleep)
