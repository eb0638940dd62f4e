"""What people have muted: once until a time, or again and again at the same hour of some days."""

from __future__ import annotations

import re
from calendar import day_name
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from logwatch.moments import WEEKDAYS, parse_clock
from logwatch.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from logwatch.judge.alerts import Alert

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAILY = "daily"
_WHOLE = tuple(day.lower() for day in day_name)
_SEVERAL = {
    **dict.fromkeys(("daily", "everyday", "every day", "매일"), range(7)),
    **dict.fromkeys(("weekdays", "weekday", "평일"), range(5)),
    **dict.fromkeys(("weekends", "weekend", "주말"), range(5, 7)),
}
_BETWEEN = r"\s*[,、·]\s*"
_DAY = rf"(?:{'|'.join([*_WHOLE, *DAYS, *sorted(_SEVERAL, key=len, reverse=True)])}|[월화수목금토일]+(?:요일)?)"
_TYPED = re.compile(rf"(?:(?:every|매주)\s+)?(?P<days>{_DAY}(?:(?:{_BETWEEN}|\s*[-~]\s*){_DAY})*)(?:에)?\s+(?P<clock>\S.*)")
EVERY = "*"
"""Stands for every rule."""
LONGEST = timedelta(days=30)
"""How long one silence may last: what nobody wants to hear of for longer belongs out of the rules."""
RECURS = timedelta(days=90)
"""How long a recurring one goes on where nobody says until when."""
RECURS_LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Silence:
    """A rule, or one shop of it, muted by a person until a time, for a reason."""

    id: str
    rule: str
    """A rule's id, or `*` for all."""
    labels: dict[str, str]
    """Labels that an alert must have; empty mutes every shop."""
    until: datetime
    reason: str
    by: str
    created_at: datetime
    told: bool = False
    """Whether its coming end has been told."""

    def mutes(self, alert: Alert, now: datetime) -> bool:
        """Tell whether the silence holds now and covers the alert."""
        return self.until > now and self.covers(alert.rule, alert.labels)

    def covers(self, rule: str, labels: dict[str, str]) -> bool:
        """Tell whether it is about a rule and shop."""
        return self.rule in {EVERY, rule} and self.labels.items() <= labels.items()


@dataclass(frozen=True, slots=True)
class Recurrence:
    """At which hour of which days something begins: `sun 03:00`, `mon,wed 22:00`, `mon-fri 09:30`, `daily 03:00`.

    >>> [str(Recurrence.parse(text)) for text in ("Wed,mon 22:00", "mon-sun 3:00", "월수금 오후 3시", "평일 9:30")]
    ['mon,wed 22:00', 'daily 03:00', 'mon,wed,fri 15:00', 'mon,tue,wed,thu,fri 09:30']
    """

    days: tuple[int, ...]
    """Days of the week, Monday is 0."""
    hour: int
    minute: int

    @classmethod
    def parse(cls, text: str) -> Recurrence:
        """Read one; raises ValueError with the forms that are right."""
        typed = _TYPED.fullmatch(text.strip().lower())
        found = [_days(part) for part in re.split(_BETWEEN, typed["days"])] if typed else []
        try:
            clock = parse_clock(typed["clock"]) if typed and all(found) else None
        except ValueError:
            clock = None
        if clock is None or clock.second:
            raise ValueError(
                f"'{text}' is not a valid day and hour; use e.g. 'sun 03:00', 'mon,wed 22:00', 'mon-fri 9am', 'daily 03:00'"
            )
        return cls(tuple(sorted({day for part in found for day in part})), clock.hour, clock.minute)

    def __str__(self) -> str:
        """Write it as it is read."""
        days = DAILY if len(self.days) == len(DAYS) else ",".join(DAYS[day] for day in self.days)
        return f"{days} {self.hour:02}:{self.minute:02}"

    def times(self, start: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Give when it is that hour in a zone, from the first time that is not before `start` on.

        An hour that the clocks leave out is the one that they show instead; of one that comes twice it is the first.
        """
        day = start.astimezone(zone).date() - timedelta(days=1)
        while True:
            if day.weekday() in self.days:
                local = datetime(day.year, day.month, day.day, self.hour, self.minute, tzinfo=zone)
                begins = datetime.fromtimestamp(local.timestamp(), tz=start.tzinfo)
                if begins >= start:
                    yield begins
            day += timedelta(days=1)

    @property
    def shortest_pause(self) -> timedelta:
        """How long it is from one time to the next at the least, where no clocks change."""
        return min(timedelta(days=later - day) for day, later in pairwise([*self.days, self.days[0] + len(DAYS)]))


def _days(text: str) -> tuple[int, ...]:
    """Give the days that a word or a span of them names; none where it is no word for any."""
    if text in _SEVERAL:
        return tuple(_SEVERAL[text])
    first, *last = re.split(r"\s*[-~]\s*", text)
    if len(last) == 1:
        begin, end = _days(first), _days(last[0])
        if len(begin) != 1 or len(end) != 1:
            return ()
        return tuple(day % len(DAYS) for day in range(begin[0], end[0] + 1 if end >= begin else end[0] + len(DAYS) + 1))
    if not last and re.fullmatch(r"[월화수목금토일]+", first):
        return tuple(WEEKDAYS[letter] for letter in first)
    name = first.removesuffix("요일")
    known = not last and name in {*_WHOLE, *WEEKDAYS}
    return (WEEKDAYS[name[:3]],) if known else ()


@dataclass(frozen=True, slots=True)
class RecurringSilence:
    """A silence that comes again and again, until a time; it stands in a list of its own, that older programs leave alone."""

    id: str
    rule: str
    labels: dict[str, str]
    every: str
    """Such as `sun 03:00`, see `Recurrence`."""
    minutes: int
    """How long it holds each time."""
    zone: str
    """Whose clock it goes by."""
    until: datetime
    """When it comes no more."""
    reason: str
    by: str
    created_at: datetime
    told_until: datetime | None = None
    """The end of the last time whose coming end has been told."""

    def check(self) -> None:
        """Raise ValueError where its days or its zone are none."""
        Recurrence.parse(self.every)
        _zone(self.zone)

    @property
    def length(self) -> timedelta:
        """How long it holds each time."""
        return timedelta(minutes=self.minutes)

    def times(self, start: datetime) -> Iterator[Span]:
        """Give when it holds, from the first time that is not over at `start` on; none begins after its end."""
        for begins in Recurrence.parse(self.every).times(start - self.length, _zone(self.zone)):
            if begins >= self.until:
                return
            if begins + self.length > start:
                yield Span(begins, min(begins + self.length, self.until))

    def at(self, now: datetime) -> Silence | None:
        """Give it as the silence that it is now; None where it does not hold."""
        held = next(self.times(now), None)
        if held is None or held.start > now:
            return None
        told = self.told_until == held.end
        return Silence(self.id, self.rule, self.labels, held.end, self.reason, self.by, self.created_at, told)


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"'{name}' is not a valid time zone") from None


def holding(silences: Iterable[Silence], recurring: Iterable[RecurringSilence], now: datetime) -> tuple[Silence, ...]:
    """Give the silences that hold at a time."""
    recurs = (each.at(now) for each in recurring)
    return (*(each for each in silences if each.until > now), *(each for each in recurs if each))


def with_told(recurring: Iterable[RecurringSilence], after: Iterable[Silence], now: datetime) -> tuple[RecurringSilence, ...]:
    """Give the recurring ones that are not over, with the ends that have been told."""
    told = {each.id: each.until for each in after if each.told}
    return tuple(replace(each, told_until=told.get(each.id, each.told_until)) for each in recurring if each.until > now)
