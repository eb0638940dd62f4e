"""The order of the steps, written once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from logwatch.entries import Span, to_datetime
from logwatch.errors import ConfigError, SourceError

if TYPE_CHECKING:  # pandas comes with these, and only where a command needs it
    from collections.abc import Callable
    from datetime import datetime

    from logwatch.ports import Progress, Source
    from logwatch.reading import Reading
    from logwatch.rules import RuleSet
    from logwatch.verdicts import Judged
    from logwatch.windows import Windows

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to judge, before it is known where a recording ends."""

    since: Callable[[datetime], datetime] | None
    """Gives the start for an end; None for all of a recording, an hour of what goes on."""
    until: Callable[[datetime], datetime] | None
    """Gives the end for "now"; None for as late as can be."""
    service: str | None
    grace: timedelta


def judge(source: Source, rules: RuleSet, wanted: Wanted, *, now: datetime, progress: Progress) -> Judged:
    """Fetch, parse, aggregate, evaluate; changes nothing anywhere."""
    span, windows = read_windows(source, wanted, reach=rules.reach, now=now, progress=progress)
    from logwatch.verdicts import Judged, evaluate

    return Judged(span, windows, tuple(evaluate(rules.rules, windows, span)))


def read_windows(
    source: Source, wanted: Wanted, *, reach: timedelta, now: datetime, progress: Progress
) -> tuple[Span, Windows]:
    """Fetch, parse and aggregate the wanted span, with `reach` before it for sliding spans.

    Raises SourceError where nothing can be read, ConfigError where the span ends before it starts.
    """
    span = None if source.recorded else live_span(wanted, now)
    # A summary of the minute after the span can push the one before it back into the span.
    fetched = span.widen(reach, MINUTE) if span else None
    reading = source.read(fetched, service=wanted.service, progress=progress, meanwhile=_import_pandas)
    from logwatch.windows import aggregate

    if span is None and wanted.since is None and wanted.until is None:
        _recorded_span(reading, wanted)  # only to see that there is something
        windows = aggregate(reading, grace=wanted.grace)
        return windows.span, windows
    span = span or _recorded_span(reading, wanted)
    return span, aggregate(reading, span=span.widen(reach, timedelta()), grace=wanted.grace)


def _import_pandas() -> None:
    """Import what aggregation needs, while reading goes on elsewhere."""
    import logwatch.windows  # noqa: F401


def _floor(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def live_span(wanted: Wanted, now: datetime) -> Span:
    """Give the closed windows between since and until."""
    closed = _floor(now - wanted.grace)
    end = min(_floor(wanted.until(now)), closed) if wanted.until else closed
    start = _floor(wanted.since(end)) if wanted.since else end - timedelta(hours=1)
    return _checked(Span(start, end))


def _recorded_span(reading: Reading, wanted: Wanted) -> Span:
    """Give the windows between since and until, where "now" is the end of the recording."""
    earliest, latest = reading.first, reading.last
    if earliest is None or latest is None:
        told = ", ".join(f"{count} {reason}" for reason, count in reading.refused.items())
        hint = f"{reading.entries} entries: {told}" if reading.entries else "it is empty"
        if "not_an_entry" in reading.refused:
            hint += "; wanted are log entries as 'gcloud logging read --format=json' prints them"
        raise SourceError("no log entry with a time in the source", hint=hint)
    first, last = _floor(to_datetime(earliest)), _floor(to_datetime(latest)) + MINUTE
    end = _floor(wanted.until(last)) if wanted.until else last
    span = _checked(Span(_floor(wanted.since(end)) if wanted.since else min(first, end - MINUTE), end))
    if span.end <= first or span.start >= last:
        covers = f"the recording covers {first:%Y-%m-%dT%H:%MZ} to {last:%Y-%m-%dT%H:%MZ}"
        raise SourceError(f"no entries between {span.start:%Y-%m-%dT%H:%MZ} and {span.end:%Y-%m-%dT%H:%MZ}", hint=covers)
    return Span(max(span.start, first), min(span.end, last))


def _checked(span: Span) -> Span:
    if span.end <= span.start:
        message = f"the span ends ({span.end:%Y-%m-%dT%H:%MZ}) before it starts ({span.start:%Y-%m-%dT%H:%MZ})"
        raise ConfigError(message, where="--since, --until", hint="give a start that is at least a minute earlier")
    return span
