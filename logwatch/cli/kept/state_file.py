"""The state, as commands look at it and change it between runs."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from logwatch.cli.context import clock_of, paper_of
from logwatch.errors import BrokenStateError, ConfigError, StoreError
from logwatch.languages.phrases import spoken
from logwatch.report.state_lists import age_of, say_age
from logwatch.settings import execution
from logwatch.state.lease import change, load
from logwatch.ui.tables import fold
from logwatch.wiring import build_store, state_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from logwatch.settings import Settings
    from logwatch.state.document import State
    from logwatch.ui.format import Audience


def state_of(settings: Settings, *, judged: bool = True) -> State:
    """Load the state to look at it; raises StoreError where there is none or, with `judged`, no window was ever judged."""
    with _naming(settings):
        state = load(build_store(settings))
        if judged and state.cursor is None:
            hint = (
                "does 'logwatch run' use this state? LOGWATCH_STATE says where; "
                "'logwatch backtest RECORDING --state FILE' makes one of a recording"
            )
            raise StoreError("nothing was ever judged", hint=hint)
    return state


def past_of(settings: Settings) -> State | None:
    """Load the state for what it remembers of a span that is looked at; None where there is none to be read."""
    try:
        return load(build_store(settings))
    except (StoreError, ConfigError):
        return None


def change_state(settings: Settings, edit: Callable[[State], State], *, begins: bool = False) -> State:
    """Change the state, between runs, and give it; tells on standard error what was odd about it.

    Raises StoreError where there is none that can be understood, but with `begins`.
    """
    with _naming(settings):
        if not begins:
            load(build_store(settings))
        held = change(build_store(settings), execution(), edit, clock=clock_of(settings), sleep=time.sleep)
    for each in held.news:
        typer.echo(f"logwatch: {spoken(each, settings.lang, settings.timezone)}", err=True)
    return held.state


@contextmanager
def _naming(settings: Settings) -> Iterator[None]:
    """Name the state in an error about it."""
    try:
        yield
    except StoreError as error:
        error.where = error.where or state_place(settings)
        if isinstance(error, BrokenStateError):
            error.hint = "the next run sets it aside and begins another; so does 'silence add --new-state'"
        raise


def age_line(settings: Settings, state: State, readers: Audience) -> str:
    """Give the line that an answer out of the state begins with: where it is, and how old; coloured where that is too old."""
    age = age_of(state, clock_of(settings)())
    paper = paper_of()
    line = fold(say_age(age, state_place(settings), readers), paper) + "\n"
    return typer.style(line, fg=age.colour) if age.colour and paper.colour else line
