"""`state`: what is remembered, where people have to see to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from logwatch.cli.context import as_json, clock_of, for_each, only_one, paper_of, settings_from, targets_from, write
from logwatch.cli.kept.state_file import age_line, change_state, state_of
from logwatch.cli.options import ListFormat, ListFormatOption, ReaderFlags
from logwatch.errors import StoreError
from logwatch.report.state_json import state_json
from logwatch.spans import floor_minute
from logwatch.state.mend import OLDER_SCHEMA, for_older_versions, is_ahead, mend
from logwatch.ui.tables import fold
from logwatch.wiring import audience, state_place

if TYPE_CHECKING:
    from logwatch.settings import Settings


def state_show(format_: ListFormatOption = ListFormat.TABLE, *, asker: ReaderFlags) -> None:
    """Say where the state is, up to when windows are judged, and who holds it."""
    targets = targets_from(asker)
    if format_ is ListFormat.JSON:
        settings = only_one(targets)
        state = state_of(settings, judged=False)
        write(as_json(state_json(state, clock_of(settings)(), state_place(settings))), None)
        raise typer.Exit(StoreError.exit_code if state.cursor is None else 0)
    for_each(targets, _write_state)


def _write_state(settings: Settings) -> None:
    state, readers = state_of(settings, judged=False), audience(settings)
    lease = (
        readers.say("state_lease", owner=state.lease.owner, until=readers.date(state.lease.until)) + "\n" if state.lease else ""
    )
    write(age_line(settings, state, readers) + fold(lease, paper_of()), None)
    if state.cursor is None:
        raise typer.Exit(StoreError.exit_code)


def state_mend(asker: ReaderFlags) -> None:
    """Bring a state that lies ahead of the clock back to now: its windows are judged again, silences stay."""
    settings = settings_from(asker)
    now, readers = clock_of(settings)(), audience(settings)
    before = state_of(settings)
    closed = floor_minute(now - settings.grace)
    change_state(settings, lambda state: mend(state, closed, settings.timezone))
    if before.cursor and is_ahead(before, now):
        typer.echo(readers.say("state_mended", cursor=readers.date(before.cursor), now=readers.date(closed)))
    else:
        typer.echo(readers.say("state_sound"))


def state_roll_back(asker: ReaderFlags) -> None:
    """Write the state as versions before 0.2.0 read it: their windows begin anew, all else stays; the next run here goes on."""
    settings = settings_from(asker)
    change_state(settings, for_older_versions)
    typer.echo(audience(settings).say("state_rolled_back", schema=OLDER_SCHEMA))
