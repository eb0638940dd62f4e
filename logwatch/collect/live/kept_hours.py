"""Hours that were read whole and are over, kept on disk: what was read once costs no quota again.

An hour is over when it was read after something had arrived that came long after it. What is empty is never kept: logs that
have expired, or that somebody may not see, look the same.
"""

from __future__ import annotations

import hashlib
import os
import sys
import zlib
from array import array
from bisect import bisect_left
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from logwatch.collect.columns import Reading
from logwatch.collect.entries import TABLES
from logwatch.collect.findings import FindingKind, Findings
from logwatch.small_files import digest_of_program, keep_sealed, read_sealed
from logwatch.spans import EPOCH, NS, Span, to_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from logwatch.collect.entries import Names
    from logwatch.collect.parse import LogShape

HOUR = timedelta(hours=1)
HOUR_S = 3600
SETTLED = timedelta(hours=1)
"""How long after an hour something must have arrived before the hour was read, for all of it to have."""
WORTH = timedelta(hours=3)
"""What is shorter is read at once: a run's minutes, somebody's last hour."""
MOST_BYTES = 256 << 20
"""Of all hours together; those that were used longest ago go first."""
PRUNED_EVERY = 100
"""Hours that are kept between two looks at their size."""
NAMES = sorted({column.names for columns in TABLES.values() for column in columns if column.names})


class HourDocument(msgspec.Struct):
    """An hour as its file holds it."""

    entries: int
    ignored: int
    refused: dict[str, int]
    flaws: dict[str, int]
    findings: list[tuple[FindingKind, str, int]]
    seen: bytes
    names: dict[str, list[str]]
    columns: dict[str, bytes | list[str]]
    """By table and column; an array's bytes, or texts."""


class KeptHours:
    """Hours of one kind of read: of certain logs, by a certain filter, parsed in a certain way."""

    def __init__(self, folder: Path, asked: Iterable[object], shape: LogShape, most_bytes: int = MOST_BYTES) -> None:
        """Name the folder of all hours, and what is asked for besides a span: another question is another folder in it."""
        counts = (shape.summary, shape.slow_request, sorted(shape.logger_keys), sorted((shape.known or {}).items()))
        told = repr((digest_of_program(Path(__file__).parents[1]), sys.byteorder, counts, *asked))
        self._folder = folder
        self._mine = folder / hashlib.sha256(told.encode()).hexdigest()[:16]
        self._shape = shape
        self._most_bytes = most_bytes
        self._saved = 0

    def load(self, hour: datetime) -> Reading | None:
        """Give an hour; None where it is not there, or is not as it was written."""
        path = self._path(hour)
        packed = read_sealed(path)
        if packed is None:
            return None
        try:
            os.utime(path)
            return _to_reading(msgspec.msgpack.decode(zlib.decompress(packed), type=HourDocument), self._shape)
        except (OSError, zlib.error, msgspec.MsgspecError, ValueError, KeyError):
            return None

    def has(self, hour: datetime) -> bool:
        """Tell whether there is a file of an hour."""
        return self._path(hour).is_file()

    def save(self, hour: datetime, reading: Reading) -> None:
        """Keep an hour that has rows, and no text that only its neighbours explain; one that cannot be kept is read again."""
        if not len(reading.rows.time) or reading.block_lines:
            return
        keep_sealed(self._path(hour), zlib.compress(msgspec.msgpack.encode(_to_document(reading)), 1))
        self._saved += 1
        if self._saved % PRUNED_EVERY == 1:
            self._prune()

    def _prune(self) -> None:
        """Remove those that were used longest ago where all together are too large."""
        with suppress(OSError):
            files = [(found.st_mtime, found.st_size, path) for path in self._folder.rglob("*") if (found := _size(path))]
            too_much = sum(size for _, size, _ in files) - self._most_bytes
            for _, size, path in sorted(files):
                if too_much <= 0:
                    break
                path.unlink(missing_ok=True)
                too_much -= size

    def _path(self, hour: datetime) -> Path:
        return self._mine / f"{hour:%Y-%m-%dT%H}.hour"


class HourByHour:
    """A span that is read by the hour: what is kept of it, what is missing, and what comes, page by page in order of time."""

    def __init__(
        self,
        span: Span,
        kept: KeptHours | None,
        take: Callable[[Sequence[Any], Reading], None],
        shape: LogShape,
        clock: Callable[[], float],
    ) -> None:
        """Load what is kept; `take` puts a page's entries into a reading. A page is asked for when the one before is taken."""
        self._span, self._kept, self._take, self._shape = span, kept, take, shape
        self._loaded = dict(_loaded(span, kept)) if kept else {}
        self._whole = Reading(shape=shape)
        self._coming: dict[datetime, Reading] = {}
        self._saved: set[datetime] = set()
        self._clock, self._asked = clock, clock()
        self._begun: dict[datetime, float] = {}
        """When the first page of each hour was asked for."""
        self.missing = tuple(between(span, self._loaded))
        """What has to be read, in order of time."""

    def take(self, page: Sequence[Any]) -> None:
        """Take a page of raw entries, whose times go up."""
        if not self._kept:
            self._take(page, self._whole)
            return
        at, asked, self._asked = 0, self._asked, self._clock()
        while at < len(page):
            number = page[at].timestamp.seconds // HOUR_S
            behind = bisect_left(page, (number + 1) * HOUR_S, at, key=lambda entry: entry.timestamp.seconds)
            hour = EPOCH + number * HOUR
            self._begun.setdefault(hour, asked)
            self._take(page[at:behind], self._coming.setdefault(hour, Reading(shape=self._shape)))
            at = behind
        if page:
            self._keep(*(to_datetime(each.seconds * NS) for each in (page[-1].timestamp, page[-1].receive_timestamp)))

    def _keep(self, seen: datetime, arrived: datetime) -> None:
        """Keep the hours that are whole, now that entries have come up to one time, and one that arrived at another.

        What has passed since an hour was asked for is taken off: a long read may see a line that arrived when that was over.
        """
        for hour in sorted(self._coming.keys() - self._saved):
            known = arrived - timedelta(seconds=self._clock() - self._begun[hour])
            if hour + HOUR <= seen and hour + HOUR + SETTLED <= known and self._span.start <= hour and self._kept:
                self._kept.save(hour, self._coming[hour])
                self._saved.add(hour)

    def reading(self, before: datetime | None = None) -> Reading:
        """Give all of it; of the hours that were kept, those that end before a time where one is given."""
        for hour, each in self._loaded.items():
            if before is None or hour + HOUR <= before:
                self._whole.merge(each)
        for each in self._coming.values():
            self._whole.merge(each)
        self._loaded, self._coming = {}, {}
        return self._whole


def _loaded(span: Span, kept: KeptHours) -> Iterator[tuple[datetime, Reading]]:
    for hour in whole_hours(span):
        if found := kept.load(hour):
            yield hour, found


def whole_hours(span: Span) -> Iterator[datetime]:
    """Give the beginnings of the hours that lie in a span."""
    hour = EPOCH - (EPOCH - span.start) // HOUR * HOUR  # rounded up
    while hour + HOUR <= span.end:
        yield hour
        hour += HOUR


def between(span: Span, loaded: Iterable[datetime]) -> Iterator[Span]:
    """Give the stretches of a span that lie between hours, which go up."""
    start = span.start
    for hour in loaded:
        if start < hour:
            yield Span(start, hour)
        start = hour + HOUR
    if start < span.end:
        yield Span(start, span.end)


def _size(path: Path) -> os.stat_result | None:
    found = path.lstat()
    return found if path.is_file() else None


def _to_document(reading: Reading) -> HourDocument:
    columns: dict[str, bytes | list[str]] = {}
    for table, declared in TABLES.items():
        for column in declared:
            values = getattr(getattr(reading, table), column.name)
            columns[f"{table}.{column.name}"] = values.tobytes() if column.code else list(values)
    return HourDocument(
        entries=reading.entries,
        ignored=reading.ignored,
        refused=dict(reading.refused),
        flaws=dict(reading.flaws),
        findings=[(each.kind, each.what, times) for each, times in reading.findings.items()],
        seen=reading.seen.tobytes(),
        names={name: list(getattr(reading, name)) for name in NAMES},
        columns=columns,
    )


def _to_reading(found: HourDocument, shape: LogShape) -> Reading:
    reading = Reading(shape=shape, entries=found.entries, ignored=found.ignored)
    reading.refused.update(found.refused)
    reading.flaws.update(found.flaws)
    reading.findings = Findings()
    for kind, what, times in found.findings:
        reading.findings.note(kind, what, times)
    reading.seen = array("q", found.seen)
    for name in NAMES:
        names: Names = getattr(reading, name)
        names.update(zip(found.names[name], range(len(found.names[name])), strict=True))
    for table, declared in TABLES.items():
        for column in declared:
            values = found.columns[f"{table}.{column.name}"]
            kept = getattr(getattr(reading, table), column.name)
            (kept.frombytes if column.code else kept.extend)(values)
    return reading
