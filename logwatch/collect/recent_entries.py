"""The recent past, kept from run to run: entries and not windows, so that what comes late or twice changes nothing twice.

Windows are made anew from these entries by every run (docs/decisions/0003).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from logwatch.collect.columns import SAMPLES, SLOW, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Identity = tuple[str, int, str]
"""Log name, time in nanoseconds, insert id."""


class Recent(msgspec.Struct, frozen=True):
    """Entries as the state's document holds them; names stand once, and rows point at them by position."""

    names: list[str] = []
    summaries: list[tuple[int, int, int, str, int, list[float]]] = []
    """Time and arrival (nanoseconds), log, insert id, instance, then series and value by turns."""
    slow: list[tuple[int, int, int, str, int, int, int, float]] = []
    """Time and arrival (nanoseconds), log, insert id, instance, label, route, duration in ms."""
    gauges: list[tuple[int, int, float]] = []
    """Time (nanoseconds), series, value."""

    def check(self) -> None:
        """Raise ValueError where a position points at no name."""
        summaries = (place for row in self.summaries for place in (row[2], row[4], *row[5][::2]))
        slow = (place for row in self.slow for place in (row[2], *row[4:7]))
        places = {*summaries, *slow, *(gauge[1] for gauge in self.gauges)}
        if any(place not in range(len(self.names)) for place in places) or any(len(row[5]) % 2 for row in self.summaries):
            raise ValueError("recent entries point at names that are not there")


class EntryRow(NamedTuple):
    """Where one decoded entry stands in a reading's columns."""

    number: int
    first_count: int
    """Of its counters, in `Reading.counts`."""
    slow: int
    """In `Reading.slow`; -1 for another kind."""


def rows(reading: Reading) -> Iterator[EntryRow]:
    """Give every row with its places in the other columns."""
    slow_at = {row: place for place, row in enumerate(reading.slow.row)}
    first = 0
    for number, width in enumerate(reading.rows.width):
        yield EntryRow(number, first, slow_at.get(number, -1))
        first += width


def identity(reading: Reading, number: int, logs: list[str]) -> Identity:
    """Give the identity of a row; `logs` are the reading's names in order."""
    columns = reading.rows
    return logs[columns.log[number]], columns.time[number], columns.insert_id[number]


def pick(reading: Reading, chosen: Iterable[EntryRow], keeps: Callable[[str], bool] | None = None) -> Reading:
    """Give a reading of only these rows, in their order; of counters only the series that `keeps` names."""
    picked = Reading()
    logs, instances, series, details, labels, routes = (
        list(names)
        for names in (reading.logs, reading.instances, reading.series, reading.details, reading.labels, reading.routes)
    )
    code = [picked.series[key] if keeps is None or keeps(key) else -1 for key in series]
    source, target = reading.rows, picked.rows
    for row in chosen:
        at = row.number
        counts = range(row.first_count, row.first_count + source.width[at])
        kept = [place for place in counts if code[reading.counts.series[place]] >= 0]
        new = len(target.kind)
        target.time.append(source.time[at])
        target.received.append(source.received[at])
        target.log.append(picked.logs[logs[source.log[at]]])
        target.insert_id.append(source.insert_id[at])
        target.instance.append(picked.instances[instances[source.instance[at]]])
        target.kind.append(source.kind[at])
        target.detail.append(picked.details[details[source.detail[at]]])
        target.width.append(len(kept))
        if at in source.block_lines:
            target.block_lines[new] = source.block_lines[at]
        picked.counts.series.extend(code[reading.counts.series[place]] for place in kept)
        picked.counts.value.extend(reading.counts.value[place] for place in kept)
        if row.slow >= 0:
            picked.slow.row.append(new)
            picked.slow.label.append(picked.labels[labels[reading.slow.label[row.slow]]])
            picked.slow.route.append(picked.routes[routes[reading.slow.route[row.slow]]])
            picked.slow.duration_ms.append(reading.slow.duration_ms[row.slow])
        picked.entries += 1
    return picked


def trim(reading: Reading, *, since: int, slow_since: int, most_slow: int, keeps: Callable[[str], bool]) -> Reading:
    """Give what later runs need: each summary and slow request once, and the gauges, from these times (ns) on.

    Of slow requests the newest `most_slow` are kept: more of them say nothing new.
    """
    logs = list(reading.logs)
    seen: set[Identity] = set()
    chosen: list[EntryRow] = []
    slow: list[EntryRow] = []
    for row in rows(reading):
        kind, time = reading.rows.kind[row.number], reading.rows.time[row.number]
        if kind not in {SAMPLES, SLOW} or time < (since if kind == SAMPLES else slow_since):
            continue
        mark = identity(reading, row.number, logs)
        if mark[2]:
            if mark in seen:
                continue
            seen.add(mark)
        (chosen if kind == SAMPLES else slow).append(row)
    slow.sort(key=lambda row: reading.rows.time[row.number])
    trimmed = pick(reading, [*chosen, *slow[-most_slow:]], keeps)
    series = list(reading.series)
    for time, code, value in zip(reading.gauges.time, reading.gauges.series, reading.gauges.value, strict=True):
        if time >= since:
            trimmed.add_gauge(series[code], time, value)
    return trimmed


def new_and_late(recent: Reading, fresh: Reading, before: int) -> tuple[int, int]:
    """Count the fresh summaries and slow requests that were not there yet, and those of them older than `before` (ns)."""
    logs = list(recent.logs)
    known = {identity(recent, number, logs) for number in range(len(recent.rows.kind))}
    logs = list(fresh.logs)
    new = [
        number
        for number, kind in enumerate(fresh.rows.kind)
        if kind in {SAMPLES, SLOW} and identity(fresh, number, logs) not in known
    ]
    return len(new), sum(fresh.rows.time[number] < before for number in new)


def dump(reading: Reading) -> Recent:
    """Give a trimmed reading as the document holds it."""
    names: dict[str, int] = {}

    def name(text: str) -> int:
        return names.setdefault(text, len(names))

    logs, instances, series, labels, routes = (
        list(each) for each in (reading.logs, reading.instances, reading.series, reading.labels, reading.routes)
    )
    code = [name(key) for key in series]
    recent = Recent([], [], [], [])
    columns, counts = reading.rows, reading.counts
    for row in rows(reading):
        at = row.number
        head = (
            columns.time[at], columns.received[at], name(logs[columns.log[at]]), columns.insert_id[at],
            name(instances[columns.instance[at]]),
        )  # fmt: skip
        if row.slow >= 0:
            slow = reading.slow
            label, route = name(labels[slow.label[row.slow]]), name(routes[slow.route[row.slow]])
            recent.slow.append((*head, label, route, slow.duration_ms[row.slow]))
        else:
            flat: list[float] = []
            for place in range(row.first_count, row.first_count + columns.width[at]):
                flat += (code[counts.series[place]], counts.value[place])
            recent.summaries.append((*head, flat))
    gauges = reading.gauges
    recent.gauges.extend(
        (time, code[at], value) for time, at, value in zip(gauges.time, gauges.series, gauges.value, strict=True)
    )
    recent.names.extend(names)
    return recent


def load(recent: Recent) -> Reading:
    """Give the entries of a checked document back as a reading."""
    reading, names = Reading(), recent.names
    for time, received, log, insert_id, instance, flat in recent.summaries:
        _add(reading, (time, received, names[log], insert_id, names[instance]), SAMPLES, len(flat) // 2)
        reading.counts.series.extend(reading.series[names[int(code)]] for code in flat[::2])
        reading.counts.value.extend(flat[1::2])
    for time, received, log, insert_id, instance, label, route, duration in recent.slow:
        reading.slow.row.append(len(reading.rows.kind))
        _add(reading, (time, received, names[log], insert_id, names[instance]), SLOW, 0)
        reading.slow.label.append(reading.labels[names[label]])
        reading.slow.route.append(reading.routes[names[route]])
        reading.slow.duration_ms.append(duration)
    for time, series, value in recent.gauges:
        reading.add_gauge(names[series], time, value)
    return reading


def _add(reading: Reading, head: tuple[int, int, str, str, str], kind: int, width: int) -> None:
    time, received, log, insert_id, instance = head
    columns = reading.rows
    columns.time.append(time)
    columns.received.append(received)
    columns.log.append(reading.logs[log])
    columns.insert_id.append(insert_id)
    columns.instance.append(reading.instances[instance])
    columns.kind.append(kind)
    columns.detail.append(reading.details[""])
    columns.width.append(width)
    reading.entries += 1
