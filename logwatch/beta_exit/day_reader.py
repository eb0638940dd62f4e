"""Days out of log lines: a recording in one go, Cloud Logging day by day, so that a read that breaks off goes on later."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from logwatch.beta_exit.running_day import RunningDay, running_day
from logwatch.count.life import Vigil
from logwatch.errors import SourceError
from logwatch.judge.daily_totals import HOURS, DayTotals, Minute, add_minutes, day_span, whole_days
from logwatch.small_files import digest_of_program, keep_sealed, read_sealed
from logwatch.spans import WINDOW, Span, floor_minute

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date
    from zoneinfo import ZoneInfo

    from logwatch.collect.interface import Life, Progress, ReadPlan, Signs, Source
    from logwatch.count.windows import Windows
    from logwatch.judge.rules.model import RuleSet

QUIET = timedelta(minutes=30)
"""A stretch without any line that is worth a word: a file of an hour may be missing."""
Count = Callable[[datetime], int]
"""How many whole days before a time."""
LATE = timedelta(hours=1)
"""After its end, a day's lines have all arrived."""
LEAD = timedelta(minutes=10)
"""How long before a silence signs of life are looked for: twice as long as two of them may lie apart."""


@dataclass(frozen=True, slots=True)
class DayCache:
    """Days that were read already, a file each."""

    folder: Path
    name: str
    """What was read and how it was judged: another source, service, zone or bound is another cache."""

    def load(self, day: date) -> DayTotals | None:
        """Give a day; None where it is not there, or is not as it was written."""
        kept = read_sealed(self._path(day))
        try:
            found = msgspec.json.decode(kept or b"", type=DayTotals)
        except msgspec.MsgspecError:
            return None
        whole = all(len(each) == HOURS for each in (found.judged, found.lost, found.hits, found.misses))
        return found if whole and any(found.judged) and found.date == day.isoformat() else None

    def save(self, day: date, found: DayTotals) -> None:
        """Keep a day; a cache that cannot be written costs only another read."""
        keep_sealed(self._path(day), msgspec.json.encode(found))

    def _path(self, day: date) -> Path:
        program = digest_of_program(Path(__file__).parents[1])
        digest = hashlib.sha256(f"{program}\0{self.name}".encode()).hexdigest()[:16]
        return self.folder / digest / f"{day.isoformat()}.json"


@dataclass(frozen=True, slots=True)
class Week:
    """Days that were asked for, and those of them that are there."""

    wanted: tuple[date, ...]
    days: tuple[DayTotals, ...]
    until: datetime
    """When the question is asked, or up to when: a recording's end."""
    running: RunningDay | None
    """The day that is not over then; None where nothing is known of it."""
    quiet: tuple[Span, ...] = ()
    """Stretches of a recording without a line of any kind: idle, or a file is missing."""
    unread: tuple[tuple[str, int], ...] | None = None
    """How many entries of a recording could not be read, by reason; None where nobody has counted them: days that are kept."""

    @property
    def digest(self) -> str:
        """Give a hash of the figures that are judged: the same figures are judged the same."""
        wanted = {day.isoformat() for day in self.wanted}
        figures = msgspec.json.encode([day for day in self.days if day.date in wanted], order="deterministic")
        return hashlib.sha256(figures).hexdigest()


@dataclass(frozen=True, slots=True)
class WeekReader:
    """Reads days of one source."""

    source: Source
    rules: RuleSet
    zone: ZoneInfo
    service: str | None
    life: Life
    grace: timedelta
    cache: DayCache | None
    measured: Callable[[Span], Iterable[tuple[str, int, float]]]
    """Gives series, time (ns) and value of what was measured in a span: log lines hold no probes."""
    planned: Callable[[ReadPlan], None] = lambda _plan: None
    """Hears what reading all of the days will take, before it begins."""

    def read(self, count: Count, until: datetime | None, now: datetime, progress: Progress) -> Week:
        """Give the last whole days before a time: of a recording before its end, else before now. Raises SourceError."""
        if self.source.recorded:
            return self._recorded(count, until, progress)
        asked = until or now
        wanted = whole_days(asked, count(asked), self.zone)
        today, at = asked.astimezone(self.zone).date(), floor_minute(asked)
        whole = day_span(today, self.zone)[0] == at
        asked_for = [(day, now) for day in wanted] + ([] if whole else [(today, at)])
        missing = [self._fetched(day, moment) for day, moment in asked_for if not self._kept(day, moment)]
        if plan := self.source.plan(missing, service=self.service):
            self.planned(plan)
        days = tuple(self._live(day, now, progress) for day in wanted)
        if whole:
            return Week(tuple(wanted), days, asked, None)
        running = RunningDay(self._live(today, at, progress), at)
        return Week(tuple(wanted), days, asked, running)

    def _recorded(self, count: Count, until: datetime | None, progress: Progress) -> Week:
        from logwatch.count.windows import aggregate

        reading = self.source.read(None, service=self.service, progress=progress, meanwhile=lambda: None)
        reading.extent()  # a recording without one is told, and not taken for seven empty days
        windows = aggregate(reading, grace=self.grace)
        asked = until or windows.span.end
        wanted = whole_days(asked, count(asked), self.zone)
        first, _ = day_span(wanted[0], self.zone)
        start, end = max(windows.span.start, first), min(windows.span.end, floor_minute(asked))
        minutes = list(self._minutes(windows, Span(start, end))) if start < end else []
        days = add_minutes((), minutes, self.rules, self.zone)
        running, quiet = running_day(days, end, asked, self.zone), tuple(_quiet(minutes))
        return Week(tuple(wanted), days, asked, running, quiet, tuple(reading.refused.items()))

    def _kept(self, day: date, now: datetime) -> DayTotals | None:
        """Give a day that was read before, and is over."""
        return self.cache.load(day) if self.cache and now - day_span(day, self.zone)[1] > LATE else None

    def _live(self, day: date, now: datetime, progress: Progress) -> DayTotals:
        start, end = day_span(day, self.zone)
        if kept := self._kept(day, now):
            return kept
        from logwatch.count.windows import aggregate

        def tell(text: str, share: float | None) -> None:
            progress(f"{day}: {text}", share)

        span = Span(start, min(end, now))
        wide = self._wide(day, now)
        reading = self.source.read(self._fetched(day, now), service=self.service, progress=tell, meanwhile=lambda: None)
        for series, time, value in self.measured(span):
            reading.add_gauge(series, time, value)
        windows = aggregate(reading, span=wide, grace=self.grace)
        (found,) = add_minutes((), self._minutes(windows, span), self.rules, self.zone) or (DayTotals(day.isoformat()),)
        if self.cache and now - end > LATE:
            self.cache.save(day, found)
        return found

    def _wide(self, day: date, now: datetime) -> Span:
        """Give what a day is judged by: a silence may go over midnight, and a life be older than it."""
        start, end = day_span(day, self.zone)
        return Span(start - self.rules.silent - LEAD, min(end + self.rules.silent, now))

    def _fetched(self, day: date, now: datetime) -> Span:
        """Give what is read for a day."""
        return self._wide(day, now).widen(timedelta(), WINDOW)

    def _minutes(self, windows: Windows, span: Span) -> Iterator[Minute]:
        from logwatch.count.silence import keep_vigil
        from logwatch.count.windows import every_minute, from_minute

        lost = keep_vigil(windows, windows.span, Vigil(), self._signs).lost(self.rules.silent)
        for minute, each in every_minute(windows, span):
            slow = {label: values[0] for label, values in each.slow.items()}
            yield Minute(from_minute(minute), each.counters, slow, each.gauges, each.lines > 0, minute in lost, each.flawed)

    def _signs(self, span: Span) -> Signs:
        """Give what shows life in a span; raises SourceError where nobody can tell."""
        if span.end - span.start >= self.rules.silent and not self.source.kept:
            raise SourceError(
                f"no summaries from {span.start:%Y-%m-%dT%H:%MZ} to {span.end:%Y-%m-%dT%H:%MZ}, and whether the service was"
                " alive then cannot be looked up: standard input and pipes can be read only once",
                hint="save the lines in a file and name it as the source",
            )
        return self.life.signs(span)


def _quiet(minutes: Iterable[Minute]) -> Iterator[Span]:
    """Give the long stretches in which nobody wrote a summary and nothing shows that the service was alive."""
    for idle, each in groupby(minutes, lambda minute: not minute.summaries and not minute.lost):
        stretch = list(each)
        if idle and (span := Span(stretch[0].start, stretch[-1].start + WINDOW)).end - span.start >= QUIET:
            yield span
