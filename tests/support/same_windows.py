"""In what two tables of windows differ, but for how many entries went in that have nothing to do with them."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame

    from logwatch.count.revisions import Revisions
    from logwatch.count.tables import ArrayTable
    from logwatch.count.windows import Windows

OF_THE_READ = {"entries", "ignored", "duplicates"}
"""What follows from how much was read: a filter leaves out what a file has."""


def different(one: Windows, other: Windows) -> list[str]:
    """Name the parts that are not equal."""
    found = [
        name
        for name in ("counters", "slow", "gauges", "summaries")
        if not _plain(getattr(one, name)).equals(_plain(getattr(other, name)))
    ]
    found += [name for name in ("span", "unread", "open") if getattr(one, name) != getattr(other, name)]
    quality = [each.name for each in fields(one.quality) if each.name not in OF_THE_READ]
    found += [name for name in quality if getattr(one.quality, name) != getattr(other.quality, name)]
    return found + ([] if _told(one.revisions) == _told(other.revisions) else ["revisions"])


def _plain(table: ArrayTable) -> DataFrame:
    return table.frame().astype(dict.fromkeys(table.names, str))


def _told(found: Revisions | None) -> Any:
    if found is None:
        return None
    sums: Counter[tuple[int, str, str]] = Counter()
    for minute, revision, series, value in zip(found.minute, found.revision, found.series, found.value, strict=True):
        sums[int(minute), found.names[revision], found.keys[series]] += value
    wrote = sorted(
        (int(minute), found.names[each]) for minute, each in zip(found.wrote_minute, found.wrote_revision, strict=True)
    )
    return wrote, {key: repr(float(value)) for key, value in sums.items()}
