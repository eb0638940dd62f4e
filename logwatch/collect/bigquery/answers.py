"""What `judged.sql` answers, as a reading: heads and sums of summaries and slow requests go into columns, others are lines."""

from __future__ import annotations

from array import array
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from logwatch.collect.bigquery.query import DAY, MINUTE_US
from logwatch.collect.json_columns import UsualLines
from logwatch.collect.json_lines import take, take_block_lines, take_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logwatch.collect.columns import Reading

Array = np.ndarray[Any, Any]


class AnswerRow(NamedTuple):
    """One row, as the query says what it holds."""

    kind: str
    log: str
    revision: str
    name: str
    day: int
    """Since 1970."""
    packed: str


class AnswerReader:
    """Rows of an answer on their way into a reading.

    Summaries that are added up share log, revision, minute and the first run that sees them: all their counters stand with
    the first of them, and the others have none.
    """

    def __init__(self, reading: Reading) -> None:
        """Begin without a row."""
        self._reading = reading
        self._usual = UsualLines(reading, take)
        self._owners: dict[tuple[str, str], int] = {}
        """Numbers of logs and revisions."""
        self._heads: list[tuple[tuple[str, str, str], Array]] = []
        """Log, revision and instance, with the time and arrival of each summary, and with whom it is added up."""
        self._sums: list[tuple[int, Array]] = []
        """A counter's number, with which summaries each sum is of, and the sum."""
        self._slow: list[tuple[AnswerRow, list[tuple[int, int, float, str, str, str]]]] = []
        """An instance's slow requests of a day: time in it and delay, duration, label, method, URL."""

    def take(self, row: AnswerRow) -> None:
        """Take one row."""
        if row.kind == "entry":
            line = row.packed.encode("utf-8", "surrogatepass")
            take_lines(line, self._usual)
            take_block_lines(line, self._reading)
            return
        if row.kind == "slow":
            self._slow.append((row, msgspec.json.decode(f"[{row.packed}]")))
            return
        owner = self._owners.setdefault((row.log, row.revision), len(self._owners))
        first, second, third = np.fromstring(row.packed, np.int64, sep=" ").reshape(-1, 3).T
        if row.kind == "heads":
            at = first + row.day * DAY * MINUTE_US
            group = _group(owner, at // MINUTE_US, third)
            self._heads.append(((row.log, row.revision, row.name), np.stack([at, at + second, group])))
        else:
            group = _group(owner, first + row.day * DAY, second)
            self._sums.append((self._reading.series[row.name], np.stack([group, third])))

    def finish(self) -> None:
        """Put what was taken into the reading."""
        self._usual.flush()
        self._finish_slow()
        if not self._heads:
            return
        owner = np.repeat(np.arange(len(self._heads)), [each.shape[1] for _, each in self._heads])
        at, arrived, group = np.concatenate([each for _, each in self._heads], axis=1)
        order = np.lexsort([owner, at])
        groups, first = np.unique(group[order], return_index=True)
        of, sums = np.concatenate([each for _, each in self._sums], axis=1)
        series = np.repeat(*map(np.array, zip(*((code, each.shape[1]) for code, each in self._sums), strict=True)))
        row = first[np.searchsorted(groups, of)]
        by_row = np.argsort(row, kind="stable")
        names = {"log_name": 0, "revision": 1, "instance": 2}

        def read(name: str) -> Sequence[Any]:
            if name in names:
                texts = [each[names[name]] for each, _ in self._heads]
                return [texts[each] for each in owner[order].tolist()]
            if name == "insert_id":  # each is its own: what repeats another came as an entry
                return [f"+{number}" for number in range(len(order))]
            return array("q", ((at if name == "timestamp" else arrived)[order] * 1000).tobytes())

        self._reading.add_summaries(
            read,
            array("i", series[by_row].astype(np.int32).tobytes()),
            array("d", sums[by_row].astype(float).tobytes()),
            array("i", np.bincount(row, minlength=len(order)).astype(np.int32).tobytes()),
        )

    def _finish_slow(self) -> None:
        """Put the slow requests into the reading, in order of time."""
        day = DAY * MINUTE_US
        found = sorted(
            ((row.day * day + each[0], row, each) for row, packed in self._slow for each in packed), key=itemgetter(0)
        )
        if not found:
            return
        rows = [row for _, row, _ in found]
        times = [at * 1000 for at, _, _ in found]
        heads: dict[str, Sequence[Any]] = {
            "log_name": [row.log for row in rows],
            "revision": [row.revision for row in rows],
            "instance": [row.name for row in rows],
            "insert_id": [f"-{number}" for number in range(len(rows))],  # likewise
            "timestamp": array("q", times),
            "receive_timestamp": array("q", (at + each[1] * 1000 for at, (_, _, each) in zip(times, found, strict=True))),
        }
        durations, labels, methods, urls = zip(*(each[2:] for _, _, each in found), strict=True)
        self._reading.add_slow_requests(heads.__getitem__, labels, durations, methods, urls)


def _group(owner: int, minute: Array, behind: Array) -> Array:
    """Number those that are added up together."""
    group: Array = (owner << 40) + (minute << 8) + behind
    return group
