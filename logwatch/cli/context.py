"""What every command stands on: settings, clock, state, progress, output."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from logwatch.cli.options import SpanFlags
from logwatch.cli.usage.language import said
from logwatch.cli.usage.pages import NARROWEST, folded
from logwatch.errors import ConfigError, LogwatchError, SourceError, nearest
from logwatch.languages.phrases import spoken
from logwatch.moments import parse_moment, zone_of
from logwatch.pipeline.time_range import Wanted, live_span
from logwatch.settings import load_settings, load_shared, load_targets, which
from logwatch.spans import Span
from logwatch.ui.findings import unread_texts
from logwatch.ui.progress import Pace, bill_texts, plan_texts
from logwatch.ui.tables import Paper, fold
from logwatch.wiring import audience, build_rules, build_simulated_ticker, build_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from logwatch.cli.options import Flags
    from logwatch.collect.interface import Progress, ReadPlan, Source
    from logwatch.judge.evaluate import Judged
    from logwatch.judge.rules.model import Rule
    from logwatch.pipeline.tick import Ticker
    from logwatch.settings import Settings

T = TypeVar("T")
SHOWN_AFTER_S = 0.5
"""What takes no longer needs no line of progress."""


def settings_from(*groups: Flags, **flags: Any) -> Settings:  # noqa: ANN401 - checked by Settings
    """Take flags first, by group or by name, then the environment; raises ConfigError."""
    return load_settings(**said_by(*groups, **flags))


def targets_from(*groups: Flags, **flags: Any) -> list[Settings]:  # noqa: ANN401 - checked by Settings
    """Do the same for each target that is wanted, one of them where the file names none; raises ConfigError."""
    return load_targets(**said_by(*groups, **flags))


def shared_from(*groups: Flags, **flags: Any) -> Settings:  # noqa: ANN401 - checked by Settings
    """Do the same for a command about no service: what all targets share, or the one that is chosen; raises ConfigError."""
    return load_shared(**said_by(*groups, **flags))


def said_by(*groups: Flags, **flags: Any) -> dict[str, Any]:  # noqa: ANN401 - likewise
    """Give what flags say of the settings."""
    return {"source": ()} | {name: value for group in groups for name, value in group.settings().items()} | flags


def for_each(targets: Sequence[Settings], show: Callable[[Settings], None]) -> None:
    """Show something of every target, each below its name where there are several.

    What keeps one from being shown is told, and the others are shown all the same. Raises typer.Exit with the worst code.
    """
    if len(targets) == 1:
        show(targets[0])
        return
    worst = 0
    for settings in targets:
        heading = f"── {settings.target} ──"
        write(
            ("" if settings is targets[0] else "\n")
            + (typer.style(heading, bold=True) if paper_of().colour else heading)
            + "\n",
            None,
        )
        try:
            show(settings)
        except typer.Exit as end:
            worst = max(worst, end.exit_code)
        except LogwatchError as error:
            typer.echo(folded(f"logwatch: {said(error, settings.lang)}", sys.stderr), err=True)
            worst = max(worst, error.exit_code)
    if worst:
        raise typer.Exit(worst)


def only_one(targets: Sequence[Settings]) -> Settings:
    """Give the one target; raises ConfigError where there are several, as for a document that other programs read."""
    if len(targets) > 1:
        raise which(targets)
    return targets[0]


def clock_of(settings: Settings) -> Callable[[], datetime]:
    """Give the clock; in a drill it stands at LOGWATCH_NOW."""
    return (lambda: settings.now.astimezone(UTC)) if settings.now else (lambda: datetime.now(UTC))  # type: ignore[union-attr]


def find_rule(name: str, settings: Settings, where: str = "RULE") -> Rule:
    """Give the rule of an id, which was typed in a place; raises ConfigError that names the nearest."""
    known = build_rules(settings).by_id
    if name not in known:
        raise ConfigError(
            f"there is no rule '{name}'", where=where, hint=f"{nearest(name, list(known))}known: {', '.join(known)}"
        )
    return known[name]


@dataclass(frozen=True, slots=True)
class SpanCommand:
    """A source, and what of it is looked at: what every command that reads a span stands on."""

    settings: Settings
    source: Source
    name: str
    """What people call it."""
    wanted: Wanted
    now: datetime
    dumps_filter: bool
    shown: Settings
    """The settings to show by: in the time zone that the question names, which changes nothing of what is judged."""

    def only_tells_filter(self, reach: timedelta) -> bool:
        """Print the filter of the span, from `reach` before it on, where nothing else is wanted; gives whether that is so."""
        if not self.dumps_filter:
            return False
        span = Span(self.now, self.now) if self.source.recorded else live_span(self.wanted, self.now)
        told = self.source.filter(self.wanted.fetched(span, reach), self.wanted.service)
        if told is None:
            raise ConfigError("a recording is read without a filter", where="--dump-filter", hint="use it with gcp://PROJECT")
        typer.echo(told)
        return True

    def read(self, reader: Callable[..., T]) -> T:
        """Call what reads the span, with a line of progress while it does."""
        try:
            with bill_told(self.source, self.shown), progress_line(self.settings) as progress:
                return reader(source=self.source, wanted=self.wanted, now=self.now, progress=progress)
        except SourceError as error:
            error.where = error.where or self.name
            raise

    def is_old(self, judged: Judged) -> bool:
        """Tell whether a span reaches beyond the usual retention of logs."""
        return not self.source.recorded and self.now - judged.span.start > timedelta(days=30)


def answering(settings: Settings, now: datetime, *times: str | None) -> Settings:
    """Give the settings to answer by: with the time zone that the times of the question name, where they name one."""
    return settings.model_copy(update={"timezone": zone_of(times, settings.timezone, now)})


def look_at(
    settings: Settings, flags: SpanFlags | None = None, *, until_option: str = "--until", tells_unread: bool = False
) -> SpanCommand:
    """Say what to look at, before it is known where a recording ends; raises ConfigError for a time that is none.

    With `tells_unread`, what could not be read is said on stderr: where the answer itself does not say it.
    """
    flags = flags or SpanFlags()
    since, until = flags.since, flags.until
    source, name = build_source(settings)
    now = clock_of(settings)()

    def reader(text: str | None, where: str) -> Any:  # noqa: ANN401 - a function or None
        if text is None:
            return None
        parse_moment(text, now, settings.timezone, where=where)  # a wrong one is told before anything is read
        return lambda moment: parse_moment(text, moment, settings.timezone, where=where)

    shown = answering(settings, now, since, until)

    def beyond(asked: Span, held: Span) -> None:
        readers = audience(shown)
        if asked.start < held.start and since:
            figures = {"at": readers.date(held.start), "option": "--since", "asked": readers.date(asked.start)}
            note(readers.say("recording_begins", **figures))
        if asked.end > held.end:
            figures = {"at": readers.date(held.end), "option": until_option, "asked": readers.date(asked.end)}
            note(readers.say("recording_ends", **figures))

    def unread(refused: Mapping[str, int]) -> None:
        for line in unread_texts(refused if tells_unread else {}, settings.lang):
            note(fold(line, paper_of()))

    times = reader(since, "--since"), reader(until, until_option)
    wanted = Wanted(*times, settings.service, settings.grace, shown.timezone, beyond, unread, plan_teller(shown))
    return SpanCommand(settings, source, name, wanted, now, flags.dump_filter, shown)


def plan_teller(settings: Settings) -> Callable[[ReadPlan], None]:
    """Give what says what a long read will take."""

    def tell(plan: ReadPlan) -> None:
        for line in plan_texts(plan, audience(settings)):
            note(fold(line, paper_of()))

    return tell


@contextmanager
def bill_told(source: Source, settings: Settings) -> Iterator[None]:
    """Say at the end what all reads of a source have cost, also where one of them failed."""
    try:
        yield
    finally:
        for line in bill_texts(bill, audience(settings)) if (bill := source.bill()) else ():
            note(fold(line, paper_of()))


def note(text: str) -> None:
    """Say something beside the answer while something is read: above the line of progress, which takes over `sys.stderr`."""
    print(text, file=sys.stderr)  # noqa: T201 - typer.echo goes round whoever took it over


@contextmanager
def progress_line(settings: Settings) -> Iterator[Progress]:
    """Show a line of progress on a terminal once something takes longer than a moment; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _text, _share: None
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    begun = time.monotonic()
    pace = Pace(begun, begun, spoken("reading", settings.lang, settings.timezone))
    say_left = audience(settings).say("progress_left", left="{left}")

    def shown() -> Text:
        now = time.monotonic()
        visible = now - begun > SHOWN_AFTER_S
        return Text(pace.line(now, say_left) if visible else "", no_wrap=True, overflow="ellipsis")

    # Drawn by a thread of its own: the time goes on while nothing is heard of what is read.
    with Live(get_renderable=shown, console=Console(stderr=True), transient=True, refresh_per_second=4) as live:

        def show(said: str, share: float | None) -> None:
            nonlocal pace
            before, now = pace, time.monotonic()
            pace = pace.at(spoken(said, settings.lang, settings.timezone), share, now)
            if pace.part_s != before.part_s:
                live.refresh()

        yield show


def simulated_ticker(look: SpanCommand, rules: Path | None = None) -> Ticker:
    """Give the ticker for a simulated clock, which publishes nothing; with other rules, where they are named."""
    settings = look.settings.model_copy(update={"rules": rules}) if rules else look.settings
    return build_simulated_ticker(settings, look.source)


def paper_of(output: Path | None = None) -> Paper:
    """Give what a list is written on: the terminal, or a file."""
    from rich.console import Console

    if output is not None:
        return Paper(100, colour=False)
    console = Console()
    return Paper(max(console.width, NARROWEST), colour=console.color_system is not None)


def as_json(document: dict[str, Any]) -> str:
    """Write a document for other programs."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def check_page_place(output: Path | None) -> None:
    """Raise ConfigError where a page of HTML would run over a terminal."""
    if output is None and sys.stdout.isatty():
        hint = "--output report.html, or --format markdown to read it here"
        raise ConfigError("a page of HTML is not for a terminal", where="--output", hint=hint)


def write(text: str | bytes | Iterable[str], output: Path | None) -> None:
    """Write to a file or to standard output, a text in parts where it is long; a reader that has gone away is no error."""
    parts = (text,) if isinstance(text, str | bytes) else text
    try:
        if output is not None:
            with output.open("wb") as file:
                file.writelines(map(_encoded, parts))
        else:
            for part in parts:
                if isinstance(part, str):
                    sys.stdout.write(part)
                else:
                    sys.stdout.buffer.write(part)
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise typer.Exit(0) from None
    except OSError as error:
        where = str(output or "standard output")
        raise ConfigError(f"cannot be written: {error.strerror}", where=where, hint="choose another --output") from None


def _encoded(text: str | bytes) -> bytes:
    return text.encode("utf-8", "backslashreplace") if isinstance(text, str) else text
