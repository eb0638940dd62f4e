"""A day's totals, window by window: what is left of a day once its log lines need not be read again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from logwatch.collect.parse import EXACT, MOST_APART, parse_series, series_name
from logwatch.count.stopped import Usual
from logwatch.judge.rules.yaml_types import selects
from logwatch.spans import WINDOW

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sized
    from datetime import tzinfo

    from logwatch.judge.rules.model import Rule, RuleSet

HOURS = 24
QUARTERS = 4 * HOURS
WHOLE = 50
"""Windows of an hour that must have been looked at before it says what is usual."""
STEADILY, OFTEN = 0.9, 0.5
"""Share of an hour's windows with summaries from which there was no pause in it, and from which some are to be expected."""
ENOUGH = 3
"""Days that say what is usual, where there is none of a week ago."""
MOST_HOURLY = MOST_APART + 2
"""Series of a day that are kept hour by hour."""
KEPT_DAYS = 10
"""Days that the state goes back: seven whole ones, today, and some that a pause may have cost."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How a measured value lay against its rule's two bounds."""

    measured: int = 0
    """Windows with a value."""
    normal: int = 0
    warned: int = 0
    most: float = 0.0


@dataclass(frozen=True, slots=True)
class Quarters:
    """When on a day what the exit conditions read came: a list of 96 quarters of an hour for each that had any."""

    counters: dict[str, list[int]] = field(default_factory=dict)
    """Name to what each had of it."""
    most: dict[str, list[int]] = field(default_factory=dict)
    """Name to the most in one window, of counters that are judged by it."""
    slow: list[int] = field(default_factory=list)
    """Slow requests of all labels; empty where there were none."""
    strayed: dict[str, list[int]] = field(default_factory=dict)
    """Measured value to the windows in which it was not in its normal range."""
    warned: dict[str, list[int]] = field(default_factory=dict)
    """Likewise beyond its warning bound."""

    @property
    def lists(self) -> Iterator[list[int]]:
        """Every list of them."""
        for each in (self.counters, self.most, {"": self.slow} if self.slow else {}, self.strayed, self.warned):
            yield from each.values()

    def copied(self) -> Quarters:
        """Give another one that may grow."""
        kinds = (self.counters, self.most, self.strayed, self.warned)
        counters, most, strayed, warned = ({name: [*each] for name, each in kind.items()} for kind in kinds)
        return Quarters(counters, most, [*self.slow], strayed, warned)


@dataclass(frozen=True, slots=True)
class DayTotals:
    """One day in people's time zone; lists have an item for each hour of the clock."""

    date: str
    """Such as 2026-02-24."""
    judged: list[int] = field(default_factory=lambda: [0] * HOURS)
    """Closed windows that were looked at."""
    lost: list[int] = field(default_factory=lambda: [0] * HOURS)
    """Of those, the windows without a summary while the service showed life, or without a counter that conditions read."""
    hits: list[float] = field(default_factory=lambda: [0.0] * HOURS)
    """Events of the service's steady share; `misses` are the others of it."""
    misses: list[float] = field(default_factory=lambda: [0.0] * HOURS)
    counters: dict[str, float] = field(default_factory=dict)
    """Name to the day's sum, all shops together."""
    most: dict[str, float] = field(default_factory=dict)
    """Name to the most in one window, of counters that are judged by it or kept besides the conditions' own."""
    slow: dict[str, int] = field(default_factory=dict)
    """Label to the number of slow requests."""
    pings: dict[str, Spread] = field(default_factory=dict)
    summaries: int = 0
    """Windows with a summary."""
    heard: list[int] = field(default_factory=lambda: [0] * HOURS)
    """Likewise by the hour; empty in a day that is older than this."""
    hourly: dict[str, list[int]] = field(default_factory=dict)
    """Series key to what each hour had of it, of counters that a rule holds against other days; none in an older day."""
    quarters: Quarters | None = None
    """None in a day that an older program began."""

    def check(self) -> None:
        """Raise ValueError where it is no day of 24 hours."""
        date.fromisoformat(self.date)
        by_hour: list[Sized] = [self.judged, self.lost, self.hits, self.misses, self.heard, *self.hourly.values()]
        if any(len(hours) != HOURS for hours in by_hour):
            raise ValueError(f"the day {self.date} has not {HOURS} hours")
        if self.quarters and any(len(each) != QUARTERS for each in self.quarters.lists):
            raise ValueError(f"the day {self.date} has not {QUARTERS} quarters of an hour")

    def missing(self, zone: tzinfo) -> list[int]:
        """Give the hours that were not looked at whole, or in which counters were lost."""
        lasts = minutes_by_hour(date.fromisoformat(self.date), zone)
        return [hour for hour in range(HOURS) if self.judged[hour] < lasts[hour] or self.lost[hour]]


@dataclass(frozen=True, slots=True)
class Minute:
    """What one window adds to its day."""

    start: datetime
    counters: Mapping[str, float]
    """Series key to count; empty in silence."""
    slow: Mapping[str, int]
    gauges: Mapping[str, float]
    summaries: bool
    lost: bool
    """Whether nobody wrote a summary though the service showed life."""
    flawed: Collection[str] = ()
    """Series whose count is unknown."""


def add_minutes(days: Iterable[DayTotals], minutes: Iterable[Minute], rules: RuleSet, zone: tzinfo) -> tuple[DayTotals, ...]:
    """Add windows to their days; gives the days in order."""
    found = {day.date: _Growing(day, rules) for day in days}
    for minute in minutes:
        local = minute.start.astimezone(zone)
        name = local.date().isoformat()
        if name not in found:
            found[name] = _Growing(DayTotals(name, quarters=Quarters()), rules)
        found[name].add(minute, local)
    return tuple(found[name].day for name in sorted(found))


class _Growing:
    """A day while windows are added to it."""

    def __init__(self, day: DayTotals, rules: RuleSet) -> None:
        # A day out of the state must not change under the hands of who holds it.
        self.day = replace(
            day, judged=[*day.judged], lost=[*day.lost], hits=[*day.hits], misses=[*day.misses], counters={**day.counters},
            most={**day.most}, slow={**day.slow}, pings={**day.pings}, heard=[*day.heard],
            hourly={key: [*hours] for key, hours in day.hourly.items()},
            quarters=day.quarters and day.quarters.copied(),
        )  # fmt: skip
        service = rules.service
        reads = ((rule, rule.kind.reads) for rule in rules.rules)
        self._bounds = {name: (rule, of.down or "") for rule, of in reads for name in of.gauges if name in service.exit_gauges}
        self._counted = {name for each in service.exit_conditions for name in each.counters}
        self._kept = service.daily_totals or ()
        self._judged_most = {each.expected.counter for each in service.exit_conditions if each.expected}
        self._peaks = {*self._kept, *self._judged_most}
        self._steady = service.steady
        hourly = rules.hourly
        self._is_hourly = cache(lambda key: selects(hourly, series_name(key)))
        self._is_peak = cache(lambda name: selects(self._peaks, name))
        self._is_summed = cache(lambda name: name in self._counted or selects(self._kept, name))

    def add(self, minute: Minute, local: datetime) -> None:
        day, hour = self.day, local.hour
        day.judged[hour] += 1
        day.heard[hour] += minute.summaries
        sums = self._sums(minute.counters)
        beyond = {name for name, value in sums.items() if not value <= EXACT}  # what no float counts is no count
        sums = {name: value for name, value in sums.items() if name not in beyond}
        unknown = beyond | set(map(series_name, minute.flawed))
        day.lost[hour] += minute.lost or not unknown.isdisjoint(self._counted)
        for key, value in minute.counters.items():
            wanted = value <= EXACT and self._is_hourly(key)
            if wanted and (key in day.hourly or len(day.hourly) < MOST_HOURLY):
                day.hourly.setdefault(key, [0] * HOURS)[hour] += round(value)
        if self._steady:
            day.hits[hour] += sums.get(self._steady.numerator, 0.0)
            day.misses[hour] += sums.get(self._steady.others, 0.0)
        for name, value in sums.items():
            day.counters[name] = day.counters.get(name, 0.0) + value
            if self._is_peak(name):
                day.most[name] = max(day.most.get(name, 0.0), value)
        for label, count in minute.slow.items():
            day.slow[label] = day.slow.get(label, 0) + count
        for series, (rule, says_down) in self._bounds.items():
            down = bool(minute.gauges.get(says_down, 0))
            if down or series in minute.gauges:
                spread = day.pings.get(series, Spread())
                day.pings[series] = _spread(spread, rule, minute.gauges.get(series), down=down)
        if day.quarters:
            self._add_to_quarter(day.quarters, minute, sums, quarter_of(local))
        self.day = replace(day, summaries=day.summaries + minute.summaries)

    def _add_to_quarter(self, quarters: Quarters, minute: Minute, sums: Mapping[str, float], at: int) -> None:
        for name in sums.keys() & self._counted:
            _grow(quarters.counters, name, at, round(sums[name]))
        for name in sums.keys() & self._judged_most:
            most = quarters.most.setdefault(name, [0] * QUARTERS)
            most[at] = max(most[at], round(sums[name]))
        if minute.slow:
            quarters.slow.extend([0] * (QUARTERS - len(quarters.slow)))
            quarters.slow[at] += sum(minute.slow.values())
        for series, (rule, says_down) in self._bounds.items():
            if (down := bool(minute.gauges.get(says_down, 0))) or series in minute.gauges:
                seen = _spread(Spread(), rule, minute.gauges.get(series), down=down)
                _grow(quarters.strayed, series, at, 1 - seen.normal)
                _grow(quarters.warned, series, at, seen.warned)

    def _sums(self, counters: Mapping[str, float]) -> dict[str, float]:
        sums: dict[str, float] = {}
        for key, value in counters.items():
            name = parse_series(key).name
            if self._is_summed(name):
                sums[name] = sums.get(name, 0.0) + value
        return sums


def quarter_of(local: datetime) -> int:
    """Give the quarter of an hour of the clock that a time lies in, counted from midnight."""
    return 4 * local.hour + local.minute // 15


def _grow(lists: dict[str, list[int]], name: str, at: int, more: int) -> None:
    if more:
        lists.setdefault(name, [0] * QUARTERS)[at] += more


def _spread(spread: Spread, rule: Rule, value: float | None, *, down: bool) -> Spread:
    """Add one window's value; a window in which what is measured is down lies beyond the warning bound, without any too."""
    return Spread(
        measured=spread.measured + 1,
        normal=spread.normal + (not down and value is not None and bool(rule.normal.holds(value))),
        warned=spread.warned + (down or (value is not None and bool(rule.warning.holds(value)))),
        most=max(spread.most, value or 0.0),
    )


def usual_at(days: Iterable[DayTotals], moment: datetime, zone: tzinfo) -> Usual:
    """Say what other days had at the same time, an hour before and after; the same day a week ago counts before all others."""
    known, hours = _alike((day for day in days if any(day.heard)), moment, zone)
    shares = [min(day.heard[hour] / day.judged[hour] for hour in hours) for day in known]
    paused = sum(each < STEADILY for each in shares)
    often = all(each >= OFTEN for each in shares)
    return Usual(bool(shares) and 2 * paused >= len(shares), _are_enough(known, moment, zone) and often)


def usual_counts(days: Iterable[DayTotals], moment: datetime, zone: tzinfo) -> tuple[dict[str, float], ...]:
    """Give how many events a minute other days had of each series at that time, in the poorest hour around it; day by day.

    None where too few days tell.
    """
    known, hours = _alike((day for day in days if day.hourly), moment, zone)
    if not _are_enough(known, moment, zone):
        return ()
    return tuple(
        {key: min(counts[hour] / day.judged[hour] for hour in hours) for key, counts in day.hourly.items()} for day in known
    )


def _alike(days: Iterable[DayTotals], moment: datetime, zone: tzinfo) -> tuple[list[DayTotals], list[int]]:
    """Give the days that say what is usual at a time, and the hours around it: the same day a week ago, else all others."""
    local = moment.astimezone(zone)
    hours = [hour for hour in range(local.hour - 1, local.hour + 2) if 0 <= hour < HOURS]
    known = {
        day.date: day
        for day in days
        if day.date != local.date().isoformat() and all(day.judged[hour] >= WHOLE for hour in hours)
    }
    week_ago = _week_before(moment, zone)
    return ([known[week_ago]] if week_ago in known else [*known.values()]), hours


def _are_enough(known: Collection[DayTotals], moment: datetime, zone: tzinfo) -> bool:
    return len(known) >= ENOUGH or any(day.date == _week_before(moment, zone) for day in known)


def _week_before(moment: datetime, zone: tzinfo) -> str:
    return (moment.astimezone(zone).date() - timedelta(days=7)).isoformat()


def day_span(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """Give the start of a day and of the next in UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    after = day + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=zone)
    return start.astimezone(UTC), end.astimezone(UTC)


@cache
def minutes_by_hour(day: date, zone: tzinfo) -> tuple[int, ...]:
    """Give how long each hour of the clock lasts: 60 minutes, but 0 or 120 where the clocks change."""
    start, end = day_span(day, zone)
    found = Counter((start + number * WINDOW).astimezone(zone).hour for number in range((end - start) // WINDOW))
    return tuple(found[hour] for hour in range(HOURS))


def whole_days(until: datetime, count: int, zone: tzinfo) -> list[date]:
    """Give the last days that are over at a time, oldest first."""
    last = until.astimezone(zone).date()
    return [last - timedelta(days=back) for back in range(count, 0, -1)]
