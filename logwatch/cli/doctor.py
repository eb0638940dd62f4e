"""`doctor`: whether a run has what it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from logwatch.cli.context import as_json, clock_of, for_each, only_one, paper_of, said_by, write
from logwatch.cli.kept.state_file import age_line
from logwatch.cli.options import ListFormat, ListFormatOption, RuleFlags, ServiceOption, SourceFlags
from logwatch.errors import LogwatchError
from logwatch.report.state_lists import age_json, age_of
from logwatch.settings import Settings, load_targets_leniently
from logwatch.state.document import State
from logwatch.state.lease import load
from logwatch.wiring import build_store, state_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logwatch.errors import ConfigError

SendTestOption = Annotated[bool, typer.Option("--send-test", help="Send a test message, marked as one, through every channel.")]


def doctor(
    source: SourceFlags,
    service: ServiceOption = None,
    format_: ListFormatOption = ListFormat.TABLE,
    send_test: SendTestOption = False,  # noqa: FBT002 - a flag
    *,
    asker: RuleFlags,
) -> None:
    """Try everything that a run needs, and say how to fix what is wrong; changes nothing that anybody would notice."""
    _, targets, wrong = load_targets_leniently(**said_by(source, asker, service=service))
    if format_ is ListFormat.JSON:
        only_one(targets)
    told = iter([wrong])  # what is wrong with the file stands once, where the first target is looked into
    for_each(targets, lambda settings: _examine(settings, next(told, []), format_, send_test=send_test))


def _examine(settings: Settings, wrong: Sequence[ConfigError], format_: ListFormat, *, send_test: bool) -> None:
    from logwatch.watchdog.check_results import exit_code, to_json, to_text
    from logwatch.watchdog.doctor import examine
    from logwatch.watchdog.doctor_checks import build_checks, build_tests, readers_of

    clock = clock_of(settings)
    state, readers = _seen(settings), readers_of(settings)
    checks = build_checks(settings, wrong, clock, state) + (build_tests(settings, clock()) if send_test else [])
    found = examine(checks)
    if format_ is ListFormat.JSON:
        age = {"state": age_json(age_of(state, clock()), state_place(settings))} if state else {}
        write(as_json({**to_json(found, readers), **age}), None)
    else:
        write((age_line(settings, state, readers) if state else "") + to_text(found, readers, paper_of()), None)
    if code := exit_code(found):
        raise typer.Exit(code)


def _seen(settings: Settings) -> State | None:
    """Give the state as it is before anything is tried; None where it cannot be read, which a check tells."""
    try:
        store = build_store(settings)
        return load(store) if store.load() else State()
    except LogwatchError:
        return None
