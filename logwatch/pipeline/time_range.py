"""What a command wants to look at, and the reading of it: as much of the pipeline as a look at the windows takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from logwatch.errors import ConfigError, SourceError
from logwatch.spans import WINDOW, Span, floor_minute, to_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, tzinfo

    from logwatch.collect.columns import Reading
    from logwatch.collect.interface import Progress, ReadPlan, Source
    from logwatch.count.windows import Windows


def import_counting() -> None:
    """Import what counting needs."""
    import logwatch.count.windows  # noqa: F401


def import_reporting() -> None:
    """Import what a report needs besides: pandas, for slow requests."""
    import logwatch.count.slow_requests  # noqa: F401


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to judge, before it is known where a recording ends."""

    since: Callable[[datetime], datetime] | None
    """Gives the start for an end; None for all of a recording, an hour of what goes on."""
    until: Callable[[datetime], datetime] | None
    """Gives the end for "now"; None for as late as can be."""
    service: str | None
    grace: timedelta
    zone: tzinfo = UTC
    """In which its times are told."""
    beyond: Callable[[Span, Span], None] = lambda _asked, _held: None
    """Hears of a span that reaches beyond a recording, and of what that holds."""
    unread: Callable[[Mapping[str, int]], None] = lambda _refused: None
    """Hears how many entries could not be read, by reason."""
    planned: Callable[[ReadPlan], None] = lambda _plan: None
    """Hears what a long read will take, before it begins."""
    meanwhile: Callable[[], None] = import_counting
    """Imports what becomes of what is read, while reading goes on elsewhere."""

    def fetched(self, span: Span, reach: timedelta) -> Span:
        """Give what is read for a span: with `reach` before it, and all that comes until its last window closes.

        A summary of the minute after the span can push the one before it back into the span.
        """
        return span.widen(reach, max(WINDOW, self.grace))

    def say(self, moment: datetime) -> str:
        """Write a time for people."""
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M %Z}"


def read_windows(
    source: Source, wanted: Wanted, *, reach: timedelta, now: datetime, progress: Progress
) -> tuple[Span, Windows]:
    """Fetch, parse and aggregate the wanted span, with `reach` before it for sliding spans.

    Raises SourceError where nothing can be read, ConfigError where the span ends before it starts.
    """
    span, reading = read_entries(source, wanted, reach=reach, now=now, progress=progress)
    return _count(reading, span, _counted(span, source, wanted, reach), wanted.grace, spent=True)


def count_windows(reading: Reading, span: Span, source: Source, wanted: Wanted, *, reach: timedelta) -> tuple[Span, Windows]:
    """Aggregate what was read for a span, with `reach` before it; all of a recording where nothing limits it."""
    return _count(reading, span, _counted(span, source, wanted, reach), wanted.grace, spent=False)


def _counted(span: Span, source: Source, wanted: Wanted, reach: timedelta) -> Span | None:
    whole = source.recorded and wanted.since is None and wanted.until is None
    return None if whole else span.widen(reach, timedelta())


def _count(reading: Reading, span: Span, counted: Span | None, grace: timedelta, *, spent: bool) -> tuple[Span, Windows]:
    from logwatch.count.windows import aggregate

    windows = aggregate(reading, span=counted, grace=grace, spent=spent)
    return span if counted else windows.span, windows


def read_entries(
    source: Source, wanted: Wanted, *, reach: timedelta, now: datetime, progress: Progress
) -> tuple[Span, Reading]:
    """Fetch and parse the wanted span, with `reach` before it; of a recording, all of it.

    Raises SourceError where nothing can be read, ConfigError where the span ends before it starts.
    """
    span = None if source.recorded else live_span(wanted, now)
    fetched = wanted.fetched(span, reach) if span else None
    if fetched and (plan := source.plan([fetched], service=wanted.service)):
        wanted.planned(plan)
    reading = source.read(fetched, service=wanted.service, progress=progress, meanwhile=wanted.meanwhile)
    span = span or _recorded_span(reading, wanted)
    reading.check_read()
    wanted.unread(reading.refused)
    return span, reading


def live_span(wanted: Wanted, now: datetime) -> Span:
    """Give the closed windows between since and until."""
    closed = floor_minute(now - wanted.grace)
    end = min(floor_minute(wanted.until(now)), closed) if wanted.until else closed
    start = floor_minute(wanted.since(end)) if wanted.since else end - timedelta(hours=1)
    return _checked(Span(start, end), wanted)


def _recorded_span(reading: Reading, wanted: Wanted) -> Span:
    """Give the windows between since and until, where "now" is the end of the recording."""
    earliest, latest = reading.extent()
    held = Span(floor_minute(to_datetime(earliest)), floor_minute(to_datetime(latest)) + WINDOW)
    end = floor_minute(_until(wanted.until, held, wanted.zone)) if wanted.until else held.end
    begin = floor_minute(wanted.since(end)) if wanted.since else held.start
    if begin > held.end and not wanted.until:
        message = f"the recording ends before that ({wanted.say(begin)})"
        raise ConfigError(message, where="--since", hint=_covers(*map(wanted.say, held)))
    if end <= held.start and not wanted.since:
        message = f"the recording begins after that ({wanted.say(end)})"
        raise ConfigError(message, where="--until", hint=_covers(*map(wanted.say, held)))
    span = _checked(Span(begin, end), wanted)
    if span.end <= held.start or span.start >= held.end:
        raise _nothing_between(*map(wanted.say, (*span, *held)))
    if span.start < held.start or span.end > held.end:
        wanted.beyond(span, held)
    return Span(max(span.start, held.start), min(span.end, held.end))


def _until(until: Callable[[datetime], datetime], held: Span, zone: tzinfo) -> datetime:
    """Give the end; a time of day that the recording does not reach is that of its last day, not of the one before it began."""
    end, later = until(held.end), until(held.end + timedelta(days=1))
    same_day = later.astimezone(zone).date() == held.end.astimezone(zone).date()
    return later if end <= held.start and later > held.end and same_day else end


def _nothing_between(start: str, end: str, first: str, last: str) -> SourceError:
    return SourceError(f"no entries between {start} and {end}", hint=_covers(first, last))


def _covers(first: str, last: str) -> str:
    return f"the recording covers {first} to {last}"


def _checked(span: Span, wanted: Wanted) -> Span:
    if span.end <= span.start:
        start, end = wanted.say(span.start), wanted.say(span.end)
        message = f"the span ends ({end}) before it starts ({start})"
        if start == end:
            message = f"the span is empty: it starts and ends at {start}"
        raise ConfigError(message, where="--since, --until", hint="start at least a minute before the end")
    return span
