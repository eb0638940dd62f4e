"""Which values of a label are told apart, where it has more than anybody means: ids in the place of a shop's name.

Those come first that somebody waits for, then those that other days had at this time, then those of the most minutes, then
the newest and busiest: who keeps a shop keeps coming, and an id comes once. All others count together as one value.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from logwatch.collect.findings import FindingKind, LogFinding
from logwatch.collect.parse import MOST_APART, OTHERS, Series, parse_series, write_series
from logwatch.count.tables import ArrayTable, sums_by

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from logwatch.count.windows import Windows


@dataclass(frozen=True, slots=True)
class Crowd:
    """A label with more values than are told apart."""

    label: str
    kept: frozenset[str]

    def fold(self, key: str) -> str:
        """Give a counter's key with the value that stands for all others, where it has one of them."""
        series = parse_series(key)
        value = series.labels.get(self.label, OTHERS)
        if value == OTHERS or value in self.kept:
            return key
        return write_series(Series(series.name, {**series.labels, self.label: OTHERS}))

    def counted(self, windows: Windows) -> Windows:
        """Give windows in which all others count together."""
        table = windows.counters.renamed("series", self.fold)
        size = max(len(table.names["series"]), 1)
        place, value = sums_by(table["minute"] * size + table["series"], table["value"])
        counters = ArrayTable({"minute": place // size, "series": (place % size).astype("int32"), "value": value}, table.names)
        usual = {quarter: tuple(map(self._day, days)) for quarter, days in windows.usual.items()}
        return replace(windows, counters=counters, usual=usual)

    def _day(self, day: Mapping[str, float]) -> Mapping[str, float]:
        sums: dict[str, float] = {}
        for key, value in day.items():
            sums[self.fold(key)] = sums.get(self.fold(key), 0.0) + value
        return sums


def find_crowd(windows: Windows, label: str, waited_for: Collection[str] = ()) -> Crowd | None:
    """Say which values of a label are told apart; None where all of them are."""
    table = windows.counters.renamed("series", lambda key: parse_series(key).labels.get(label, OTHERS))
    values = table.names["series"]
    days = _known_days(windows, label)
    if len({*values, *days}) <= MOST_APART:
        return None
    of_each = table.frame().groupby("series", observed=True)
    seen = of_each.agg(minutes=("minute", "nunique"), last=("minute", "max"), events=("value", "sum"))
    ranks = {shop: tuple(each) for shop, *each in seen.itertuples()}
    nothing = (0, 0, 0.0)
    shops = sorted({*values, *days} - {OTHERS})
    shops.sort(key=lambda shop: (shop in waited_for, days[shop], *ranks.get(shop, nothing)), reverse=True)
    return Crowd(label, frozenset(shops[:MOST_APART])) if len(shops) > MOST_APART else None


def _known_days(windows: Windows, label: str) -> Counter[str]:
    """Count on how many days each value had any events at this time."""
    found: Counter[str] = Counter()
    for days in windows.usual.values():
        known = Counter(shop for day in days for shop in _shops(day, label))
        found |= known
    return found


def _shops(day: Mapping[str, float], label: str) -> set[str]:
    labels = (parse_series(key).labels for key, value in day.items() if value > 0)
    return {each[label] for each in labels if label in each}


class Thinned(NamedTuple):
    """Windows with no more values of a label than are told apart."""

    windows: Windows
    crowd: Crowd | None
    findings: Mapping[LogFinding, int]
    """What is told of it; in the windows' quality too."""


def thin_out(windows: Windows, label: str, waited_for: Collection[str] = ()) -> Thinned:
    """Give windows with as many values of a label as are told apart; where there are more, a finding says so."""
    crowd = find_crowd(windows, label, waited_for)
    if crowd is None:
        return Thinned(windows, None, {})
    values = {parse_series(key).labels.get(label, OTHERS) for key in windows.counters.names["series"]}
    told = {LogFinding(FindingKind.CROWDED, label): len(values - crowd.kept - {OTHERS})}
    quality = replace(windows.quality, findings={**windows.quality.findings, **told})
    return Thinned(replace(crowd.counted(windows), quality=quality), crowd, told)
