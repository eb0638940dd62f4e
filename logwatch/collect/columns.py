"""Everything taken out of a set of entries: what fetching and parsing hand to aggregation.

Columns and not a record each, because a file of a million lines gives a million counters, and because half
of them come from a second process.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from math import nan
from typing import TYPE_CHECKING

import msgspec

from logwatch.collect.compact import as_array
from logwatch.collect.entries import HEADS, TABLES, Columns
from logwatch.collect.findings import FindingKind, Findings, LogFinding
from logwatch.collect.parse import IGNORED as PASSED_OVER
from logwatch.collect.parse import (
    NOTHING_COUNTS,
    BlockLine,
    Ignored,
    LogShape,
    Parsed,
    Reason,
    SlowRequest,
    Summary,
    Unparsed,
    assemble_blocks,
    fold_routes,
    parse_entry,
    unreadable,
)
from logwatch.errors import SourceError
from logwatch.languages import COMMON, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from logwatch.collect.entries import Entry, Heads

SAMPLES, SLOW, IGNORED, UNPARSED = range(4)
"""What an entry can end as."""


def content_id(entry: Entry) -> str:
    """Give what tells an entry without an insertId from others of its log and time: read twice, it is one and the same."""
    said = entry.text if entry.payload is None else sorted(map(repr, entry.payload.items()))
    return "~" + blake2b(repr((entry.instance, said)).encode(errors="backslashreplace"), digest_size=9).hexdigest()


@dataclass(slots=True)
class Reading(Columns):
    """What was taken out of a set of entries, and a count of every entry that went in."""

    entries: int = 0
    ignored: int = 0
    """Entries passed over without decoding them; decoded ones are rows."""
    refused: Counter[str] = field(default_factory=Counter)
    """Entries that could not even be decoded, by reason."""
    flaws: Counter[str] = field(default_factory=Counter)
    """Counters of understood summaries that cannot be read, as `flaw: key`; they are NaN in `counts`."""
    findings: Findings = field(default_factory=Findings)
    """What somebody should mend."""
    seen: array[int] = field(default_factory=lambda: array("q"))
    """Times of entries without a row: the stretch that is covered reaches as far."""
    block_lines: list[tuple[Entry, str]] = field(default_factory=list)
    """Lines of pretty-printed text; `settle` turns them into rows when all are here."""
    service: str | None = None
    """Only entries of this Cloud Run service count; others are ignored."""
    shape: LogShape = NOTHING_COUNTS
    """What counts in an entry; where columns are only gathered, nothing need."""

    def add(self, entry: Entry) -> None:
        """Take one entry."""
        self.entries += 1
        mine = not self.service or entry.service in {"", self.service}
        parsed = parse_entry(entry, self.shape) if mine else PASSED_OVER
        if isinstance(parsed, BlockLine):
            self.see(entry.timestamp)
            self.block_lines.append((entry, parsed.text))
        else:
            self._add_parsed(entry, parsed)

    def see(self, time: int) -> None:
        """Widen the stretch of time that entries without a row cover."""
        self.seen.append(time)

    @property
    def unnamed(self) -> int:
        """The number of the instance that has no name: whoever wrote without saying so; -1 where everybody said so."""
        return self.instances.get("", -1)

    def found(self) -> Counter[LogFinding]:
        """Count what somebody should mend, with what only shows when all is here."""
        unnamed = self.unnamed
        lines = sum(map((SAMPLES, unnamed).__eq__, zip(self.rows.kind, self.rows.instance, strict=True))) if unnamed >= 0 else 0
        return self.findings + Counter({LogFinding(FindingKind.NO_INSTANCE, ""): lines})

    @property
    def first(self) -> int | None:
        """Earliest event time seen, nanoseconds since 1970."""
        return min((int(as_array(times).min()) for times in (self.seen, self.rows.time) if times), default=None)

    @property
    def last(self) -> int | None:
        """Latest event time seen, nanoseconds since 1970."""
        return max((int(as_array(times).max()) for times in (self.seen, self.rows.time) if times), default=None)

    def extent(self) -> tuple[int, int]:
        """Give the earliest and latest event time, nanoseconds since 1970; raises SourceError where no entry has one."""
        first, last = self.first, self.last
        if first is None or last is None:
            hint = self._refusals() if self.refused or self.findings else "it is empty"
            raise SourceError("no log entry with a time in the source", hint=hint)
        return first, last

    def check_read(self) -> None:
        """Raise SourceError where nearly nothing could be read: nine tenths are no entries at all, and nothing was counted."""
        refused = self.refused.total()
        if refused > 0.9 * self.entries and not {SAMPLES, SLOW} & set(self.rows.kind):
            raise SourceError(f"nearly nothing could be read: {refused} of {self.entries} entries", hint=self._refusals())

    def _refusals(self) -> str:
        """Say why entries were not understood, a line each, the commonest first, and what mends that one."""
        says = words(COMMON)
        refused = self.refused.most_common()
        told = [f"{count} entries: {says[Reason(reason).key]}" for reason, count in refused]
        first = Reason(refused[0][0]) if refused else Reason.NOT_AN_ENTRY
        return "\n  ".join([*(told or [says[first.key]]), says[first.key_in("mend")]])

    def refuse(self, reason: Reason, entries: int = 1) -> None:
        """Count an entry that could not be decoded."""
        self.entries += entries
        self.refused[reason] += entries

    def unparsed(self) -> Counter[str]:
        """Count the entries that were not understood, by reason, repeated ones each time."""
        details = list(self.details)
        bad = Counter(self.refused)
        for kind, detail in zip(self.rows.kind, self.rows.detail, strict=True):
            if kind == UNPARSED:
                bad[details[detail]] += 1
        return bad

    def add_gauge(self, series: str, time: int, value: float) -> None:
        """Take one measured value, such as a probe's latency."""
        self.gauges.time.append(time)
        self.gauges.series.append(self.series[series])
        self.gauges.value.append(value)

    def add_summaries(self, heads: Heads, series: array[int], value: array[float], width: array[int]) -> None:
        """Take summaries that were understood: all their counters in one, and the number of counters of each."""
        self._add_rows(heads, SAMPLES, width)
        self.counts.series += series
        self.counts.value += value

    def add_slow_requests(
        self, heads: Heads, label: Iterable[str], duration_ms: Iterable[float], method: Iterable[str], url: Sequence[str]
    ) -> None:
        """Take slow requests that were understood."""
        first = len(self.rows.kind)
        routes = [f"{method[:20]} {route}" for method, route in zip(method, fold_routes(url), strict=True)]
        columns = (array("i", map(self.labels.__getitem__, label)), array("i", map(self.routes.__getitem__, routes)))
        self._add_rows(heads, SLOW, array("i", bytes(4 * len(url))))
        self.slow.row.extend(range(first, len(self.rows.kind)))
        self.slow.label += columns[0]
        self.slow.route += columns[1]
        self.slow.duration_ms.extend(duration_ms)

    def _add_rows(self, heads: Heads, kind: int, width: array[int]) -> None:
        read = [(column, column.read(heads)) for column, _ in HEADS]  # all of it, before any of it is put anywhere
        if not all(next(values for column, values in read if column.name == "insert_id")):
            raise ValueError("an entry without an insertId needs to be looked at whole")
        for column, values in read:
            self.put("rows", column, values)
        self.add_kinds(kind, width)

    def add_kinds(self, kind: int, width: array[int]) -> None:
        """Say what entries ended as that have been put into the rows, and how many counters each has."""
        self.rows.kind.extend([kind] * len(width))
        self.rows.detail.extend([self.details[""]] * len(width))
        self.rows.width += width
        self.rows.decided.frombytes(bytes(8 * max(len(self.rows.kind) - len(self.rows.decided), 0)))  # but for loaded ones
        self.entries += len(width)

    def _add_row(self, entry: Entry, kind: int, detail: str = "", width: int = 0) -> int:
        number = self.put_entry(entry)
        self.rows.kind.append(kind)
        self.rows.detail.append(self.details[detail])
        self.rows.width.append(width)
        self.rows.decided.append(0)
        return number

    def fail(self, error: Exception, what: str, entries: int = 1) -> None:
        """Count entries that reading failed on in a way that nobody foresaw."""
        self.refuse(Reason.UNREADABLE, entries)
        self._note(unreadable(error, what))

    def _note(self, parsed: Unparsed) -> None:
        if parsed.reason is Reason.COUNTERS_UNKNOWN:
            self.findings.note(FindingKind.UNKNOWN_COUNTERS, ", ".join(self.series.clean(key)[:60] for key in parsed.keys[:4]))
        elif parsed.reason is Reason.UNREADABLE:
            self.findings.note(FindingKind.UNREADABLE, ": ".join(parsed.keys))

    def _add_parsed(self, entry: Entry, parsed: Parsed) -> None:
        """Put what an entry said into the columns, whole or not at all."""
        before = len(self.rows.width)
        try:
            self._put_parsed(entry, parsed)
        except Exception as error:  # noqa: BLE001 - one bad entry costs one entry
            lines = self.rows.block_lines.pop(before, 1)
            self._cut(before)
            self.entries -= lines
            self.fail(error, str(entry.text or ""), lines)

    def _cut(self, rows: int) -> None:
        """Forget all behind so many rows, halves of one too."""
        sizes = {"rows": rows, "counts": sum(self.rows.width[:rows]), "slow": sum(row < rows for row in self.slow.row)}
        for table, size in sizes.items():
            for column in TABLES[table]:
                del getattr(getattr(self, table), column.name)[size:]

    def _put_parsed(self, entry: Entry, parsed: Parsed) -> None:
        if not entry.insert_id:
            entry = msgspec.structs.replace(entry, insert_id=content_id(entry))
        if isinstance(parsed, Summary):
            self._add_row(entry, SAMPLES, "", len(parsed.counters) + len(parsed.flaws))
            self.counts.series.extend(map(self.series.__getitem__, parsed.counters))
            self.counts.value.extend(parsed.counters.values())
            for flaw, key in parsed.flaws:
                self.counts.series.append(self.series[key])
                self.counts.value.append(nan)
                self.flaws[f"{flaw}: {self.series.clean(key)[:80]}" if len(self.flaws) < 100 else flaw] += 1
        elif isinstance(parsed, SlowRequest):
            self.slow.row.append(self._add_row(entry, SLOW))
            self.slow.label.append(self.labels[parsed.label])
            self.slow.route.append(self.routes[f"{parsed.method} {parsed.route}"])
            self.slow.duration_ms.append(parsed.duration_ms)
        elif isinstance(parsed, Unparsed):
            self._add_row(entry, UNPARSED, parsed.reason)
            self._note(parsed)
        elif isinstance(parsed, Ignored):
            self._add_row(entry, IGNORED)
        else:  # a block line never reaches this place: `add` keeps it, `assemble_blocks` uses it up
            raise TypeError(parsed)

    def merge(self, other: Reading) -> None:
        """Take everything that another reading took; the order of merging changes no figure."""
        self.entries += other.entries
        self.ignored += other.ignored
        self.refused.update(other.refused)
        self.flaws.update(other.flaws)
        self.findings.take(other.findings)
        self.seen += other.seen
        self.put_all(other)
        self.block_lines += other.block_lines

    def settle(self) -> int:
        """Put pretty-printed text together again; gives the number of repeated lines left out.

        To be called once, when every entry is here: a block's lines may come out of order, twice, and
        through different files.
        """
        unique = {(e.log_name, e.timestamp, e.insert_id or content_id(e)): (e, t) for e, t in self.block_lines}
        repeated = len(self.block_lines) - len(unique)
        streams: dict[tuple[str, str, str], list[tuple[Entry, str]]] = {}
        for entry, text in unique.values():
            streams.setdefault((entry.log_name, entry.service, entry.instance), []).append((entry, text))
        for lines in streams.values():
            lines.sort(key=lambda line: (line[0].timestamp, line[0].insert_id))
            for block in assemble_blocks((text for _, text in lines), self.shape):
                self.rows.block_lines[len(self.rows.kind)] = block.lines
                self._add_parsed(lines[block.first][0], block.parsed)
        self.block_lines = []
        return repeated
