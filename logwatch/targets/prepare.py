"""What the runs of the wanted targets are made of."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from logwatch.errors import LogwatchError
from logwatch.logs import detailed
from logwatch.pipeline.run import run as run_once
from logwatch.pipeline.run_summary import RunSummary
from logwatch.spans import EPOCH, WINDOW
from logwatch.targets.run_all import WIDTH, AllWell, TargetRun, in_turn, run_all
from logwatch.wiring import Shared, build_lasting_parts, build_parts, build_ping, check_metrics, import_slow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from logwatch.pipeline.run import Parts
    from logwatch.settings import Settings


@dataclass(frozen=True, slots=True)
class Fleet:
    """The targets of a process, ready to run."""

    targets: Sequence[Settings]
    parts: Sequence[Callable[[], Parts]]
    """Of each; raises what keeps it from running."""
    owner: str
    ping: Callable[[], str] | None
    """Tells whoever waits for signs of life that all were well."""

    def run(
        self, clock: Callable[[], datetime], tell: Callable[[RunSummary], None], started_s: float = 0.0
    ) -> list[RunSummary]:
        """Run each once and tell of it; gives what became of them. `started_s` is what their process took to get here."""
        first, begun = self.targets[0], clock()
        alive = AllWell(self.ping, len(self.targets)) if self.ping else None
        debug = first.log == "debug"

        def run_one(each: Callable[[], Parts], target: str, left_s: float, after_s: float) -> RunSummary:
            with detailed(debug=debug, target=target):
                parts = each()
                parts = replace(parts, lease=min(parts.lease, timedelta(seconds=left_s)), ping=alive)
                return run_once(parts, clock, started_s + after_s)

        runs = [
            TargetRun(target.target or "", partial(run_one, parts, target.target or ""))
            for target, parts in zip(self.targets, self.parts, strict=True)
        ]
        # Details of one target must not stand among those of another.
        width = 1 if debug else WIDTH
        order = in_turn(runs, (begun - EPOCH) // WINDOW)
        return run_all(order, first.lease.total_seconds(), tell, RunSummary(begun, self.owner), width)


def prepare(targets: Sequence[Settings], owner: str, every: Sequence[Settings], *, lasting: bool = False) -> Fleet:
    """Make what the runs of some targets need, so far as it is made before they begin; raises ConfigError.

    What is wrong with one of several keeps that one from running. `every` are all targets of the file, where other tasks or
    jobs run the rest: the one that runs the first gives the sign of life of all. With `lasting`, they run many times.
    """
    check_metrics(every)
    shared = Shared(tuple(every))
    elsewhere = [each for each in every if each not in targets]
    ping = build_ping(targets[0], elsewhere) if every[0] in targets else None
    build = build_lasting_parts if lasting else build_parts
    if len(targets) == 1:
        made = build(targets[0], owner, shared)
        return Fleet(targets, (lambda: made,), owner, ping)
    for each in targets:
        with suppress(LogwatchError):  # is told by its run
            import_slow(each)  # once, and by one thread
    return Fleet(targets, [_parts_of(partial(build, each, owner, shared)) for each in targets], owner, ping)


def _parts_of(build: Callable[[], Parts]) -> Callable[[], Parts]:
    """Give the parts that are made now, or makes them when they are asked for where that fails now."""
    try:
        made = build()
    except Exception:  # noqa: BLE001 - it is raised, and told, where they are asked for
        return build
    return lambda: made
