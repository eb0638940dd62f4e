"""Times and lengths of time as people type them, in English and Korean, and the time zone that they name."""

import re
import struct
from calendar import month_abbr, month_name
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from io import BytesIO
from zoneinfo import ZoneInfo

from logwatch.durations import LONGEST, parse_duration
from logwatch.errors import ConfigError

DAY = timedelta(days=1)
LONGEST_TYPED = 80
"""Letters of a time; what is longer is none."""
_DAYS = {"today": 0, "오늘": 0, "yesterday": -1, "어제": -1, "그제": -2, "그저께": -2, "tomorrow": 1, "내일": 1}
_ZONES = {"z": "UTC", "utc": "UTC", "gmt": "UTC", "kst": "Asia/Seoul", "jst": "Asia/Tokyo"}
_UNITS = {"s": 1, "초": 1, "m": 60, "분": 60, "h": 3600, "시": 3600, "d": 86400, "일": 86400, "w": 604800, "주": 604800}
"""Seconds of a unit, by the letter that its name begins with."""
_UNIT = r"s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?|w(?:eeks?)?|초|분|시간|일|주일?"
_PART = rf"(?:(\d{{1,9}})\s*|an?\s+|한\s*)({_UNIT})\s*"
_LENGTH = re.compile(rf"(?:{_PART})+(?P<ago>ago|전)?", re.IGNORECASE)
_DATE = r"(?:(?P<year>\d{4})(?:[-./]|년\s*))?(?P<month>\d{1,2})(?:[-./]|월\s*)(?P<day>\d{1,2})일?(?:\s?\([월화수목금토일]\))?"
_MONTHS = "|".join(month_name[1:] + month_abbr[1:])
_NAMED = (
    rf"(?:(?P<month_first>{_MONTHS})\.?\s*(?P<day_second>\d{{1,2}})(?:st|nd|rd|th)?"
    rf"|(?P<day_first>\d{{1,2}})(?:st|nd|rd|th)?\s*(?P<month_second>{_MONTHS})\.?)(?:,?\s+(?P<named_year>\d{{4}}))?"
)
WEEKDAYS = {
    name: day % 7 for names in ("mon tue wed thu fri sat sun", "월 화 수 목 금 토 일") for day, name in enumerate(names.split())
}
"""Day of the week, Monday is 0, by what its name begins with."""
_WEEKDAY = (
    r"(?:(?P<last>last|지난)\s*)?"
    r"(?P<weekday>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?|[월화수목금토일]요일)"
)
_NAMED_HOURS = {"noon": 12, "midday": 12, "정오": 12, "midnight": 0, "자정": 0}
_HALVES = {
    "오전": ("am", range(1, 13)), "오후": ("pm", range(1, 13)), "새벽": ("am", range(1, 7)), "아침": ("am", range(5, 12)),
    "낮": ("pm", (12, 1, 2, 3, 4, 5)), "저녁": ("pm", range(5, 12)), "밤": ("pm", range(7, 12)),
}  # fmt: skip
"""Which half of the day a word means, and with which hours it can mean nothing else."""
_CLOCK = (
    rf"(?:(?P<named_hour>{'|'.join(_NAMED_HOURS)})|(?:(?P<half>{'|'.join(_HALVES)})\s*)?(?P<hour>\d{{1,2}})"
    r"(?:(?P<colon>:)(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?|(?P<shi>시)(?:\s*(?P<bun>\d{1,2})분|\s*(?P<ban>반))?)?"
    r"(?:\s*(?P<noon>[ap])\.?m\b\.?)?)"
)
_ZONE = rf"{'|'.join(_ZONES)}|[a-z]+/[a-z_/]+|(?:utc|gmt)?(?P<sign>[+-])(?P<hours>\d{{1,2}})(?::?(?P<besides>\d\d))?"
_TYPED = re.compile(
    rf"(?:{_DATE}|{_NAMED}|{_WEEKDAY}|(?P<word>{'|'.join(_DAYS)}))?"
    rf"(?:(?:^|t|,?\s+|(?<=[가-힣])){_CLOCK})?(?:\s*(?P<zone>{_ZONE}))?",
    re.IGNORECASE,
)


def parse_moment(text: str, now: datetime, zone: ZoneInfo, *, where: str, ahead: bool = False) -> datetime:
    """Read a time: a duration before now, a time of day, a day by name or date, each with a zone of its own where one follows.

    What leaves its day or year open is the last such time before `now`, or with `ahead` the next one after it.
    Raises ConfigError with the forms that are right.

    >>> now = datetime(2026, 2, 24, 6, 30, tzinfo=UTC)
    >>> typed = ("1h", "1시간 전", "15:00", "어제 09:30", "02-24 06:00 UTC", "2026-02-24T15:00+09:00")
    >>> [f"{parse_moment(text, now, ZoneInfo('Asia/Seoul'), where=''):%d %H:%M}" for text in typed]
    ['24 05:30', '24 05:30', '24 06:00', '23 00:30', '24 06:00', '24 06:00']
    """
    source = " ".join(text.split())
    _ask_back(source, where, ahead=ahead)
    try:
        moment = _parse_moment(source, now, zone, ahead=ahead)
    except (ValueError, OverflowError):
        hint = (
            "use e.g. 1h, '1 hour ago', 09:30, 3pm, noon, yesterday, 'mon 09:30', '02-24 15:00', 'Feb 24 1pm', "
            "2026-02-24T06:00:00Z; KST, UTC or +09:00 behind it names another time zone than that of the settings"
        )
        raise ConfigError(f"'{text}' is not a valid time", where=where, hint=hint) from None
    if not 2000 <= moment.year < 2100:
        raise ConfigError(f"'{text}' lies in the year {moment.year}", where=where, hint="logs are of this century")
    return moment


def parse_clock(text: str) -> time:
    """Read a time of day alone: `09:30`, `3pm`, `noon`, `오전 9시`. Raises ValueError.

    >>> [f"{parse_clock(text):%H:%M}" for text in ("9:30", "3 pm", "정오", "오후 3시 반")]
    ['09:30', '15:00', '12:00', '15:30']
    """
    typed = _TYPED.fullmatch(" ".join(text.split()[:9]))
    found = typed.groupdict() if typed else {}
    clock = _clock(found) if found and not _names_day(found) and not found["zone"] else None
    if clock is None or (found["half"] and int(found["hour"]) not in _HALVES[found["half"]][1]):
        raise ValueError(text)
    return clock


def _ask_back(source: str, where: str, *, ahead: bool) -> None:
    """Raise ConfigError for what may mean either of two times."""
    if source.isdigit() and 0 < int(source[:3]) < 100:
        hint = f"write {source}:00 for the hour, {source}m for so many minutes"
        raise ConfigError(f"'{source}' may be an hour or minutes", where=where, hint=hint)
    if not ahead and (day := re.fullmatch(r"([1-9]|[12]\d|3[01])일", source)):
        hint = f"write {day[1]}d for so many days ago, or the month too, e.g. 02-24"
        raise ConfigError(f"'{source}' may be a day of the month or so many days ago", where=where, hint=hint)
    typed = _TYPED.fullmatch(source[:LONGEST_TYPED])
    found = typed.groupdict() if typed else {}
    if found and _names_day(found) and _NAMED_HOURS.get((found["named_hour"] or "").lower()) == 0:
        hint = "write 00:00 with the day that begins then, e.g. 02-24 00:00"
        raise ConfigError(f"'{source}' may be the beginning or the end of a day", where=where, hint=hint)
    half = found.get("half")
    if half == "밤" and int(found["hour"]) == 12:
        hint = "write 00:00 with the day that begins then, e.g. 02-24 00:00"
        raise ConfigError(f"'{source}' may be the beginning or the end of a day", where=where, hint=hint)
    if half and 1 <= int(found["hour"]) <= 12 and int(found["hour"]) not in _HALVES[half][1]:
        raise ConfigError(f"'{source}' may be in either half of the day", where=where, hint="write it as 02:00 or 14:00")


def _names_day(found: Mapping[str, str]) -> bool:
    return any(found[name] for name in ("day", "day_first", "day_second", "weekday", "word"))


def parse_length(text: str, *, where: str) -> timedelta:
    """Read a length of time of an option; raises ConfigError with the forms that are right."""
    try:
        found = _LENGTH.fullmatch(text.strip())
        length = _length_of(found) if found and not found["ago"] else parse_duration(text)
    except ValueError as error:
        raise ConfigError(str(error), where=where) from None
    if not length:
        raise ConfigError("the length is zero", where=where, hint="use e.g. 30m, 2h, 1d")
    return length


def zone_of(texts: Iterable[str | None], zone: ZoneInfo, now: datetime) -> ZoneInfo:
    """Give the zone to answer in: the one that the times of a question name; `zone` where none or several are named.

    >>> seoul = ZoneInfo("Asia/Seoul")
    >>> now = datetime(2026, 2, 24, tzinfo=UTC)
    >>> [str(zone_of([text, None], seoul, now)) for text in ("1h", "06:00Z", "15:00 +9", "8:00+2")]
    ['Asia/Seoul', 'UTC', 'Asia/Seoul', '+02:00']
    """
    typed = (_TYPED.fullmatch(" ".join(text.split())) for text in texts if text)
    try:
        named = {found for each in typed if each and (found := _zone(each.groupdict()))}
    except ValueError:
        return zone
    one = named.pop() if len(named) == 1 else zone
    return zone if now.astimezone(one).utcoffset() == now.astimezone(zone).utcoffset() else one


def _length_of(found: re.Match[str]) -> timedelta:
    parts = re.findall(_PART, found[0], re.IGNORECASE)
    seconds = sum(int(number or 1) * _UNITS[unit[0].lower()] for number, unit in parts)
    if seconds > LONGEST.total_seconds():
        raise ValueError(f"'{found[0]}' is longer than a hundred years")
    return timedelta(seconds=seconds)


def _parse_moment(source: str, now: datetime, zone: ZoneInfo, *, ahead: bool) -> datetime:
    if len(source) > LONGEST_TYPED:
        raise ValueError(source)
    if source.lower() in {"now", "지금", "0"}:
        return now
    if length := _LENGTH.fullmatch(source):
        return now + _length_of(length) if ahead and not length["ago"] else now - _length_of(length)
    typed = _TYPED.fullmatch(source)
    if not typed:
        raise ValueError(source)
    found = typed.groupdict()
    clock, zone = _clock(found), _zone(found) or zone
    if clock is None and (found["sign"] or not _names_day(found)):  # '02-24-03' is no day in a zone
        raise ValueError(source)
    local = now.astimezone(zone)
    if found["weekday"]:
        day = _weekday(found, local, clock or time(), ahead=ahead)
    elif found["word"]:
        day = local.date() + _DAYS[found["word"].lower()] * DAY
    elif _names_day(found):
        day = _day(found, local.date(), ahead=ahead)
    else:
        late = datetime.combine(local.date(), clock or time(), zone)
        day = local.date() + ((late < now) * DAY if ahead else (late > now) * -DAY)
    return datetime.combine(day, clock or time(), zone).astimezone(UTC)


def _day(found: Mapping[str, str], today: date, *, ahead: bool) -> date:
    """Give the day of a date; one without its year is the last that was, or begins within a day, or with `ahead` the next."""
    named = found["month_first"] or found["month_second"]
    month = [*map(str.lower, month_abbr)].index(named[:3].lower()) if named else int(found["month"])
    day, year_ = int(found["day"] or found["day_first"] or found["day_second"]), found["year"] or found["named_year"]
    if year_:
        return date(int(year_), month, day)
    for year in range(today.year, today.year + 9) if ahead else range(today.year + 1, today.year - 9, -1):
        if (month, day) == (2, 29) and (year % 4 or (not year % 100 and year % 400)):
            continue
        found_day = date(year, month, day)
        if found_day >= today if ahead else found_day <= today + DAY:
            return found_day
    raise ValueError


def _weekday(found: Mapping[str, str], local: datetime, clock: time, *, ahead: bool) -> date:
    """Give the last such day of the week of which the time has been, or with `ahead` the next; with `last` never today."""
    wanted = WEEKDAYS[found["weekday"].lower()[: 1 if found["weekday"].endswith("요일") else 3]]
    back = (local.weekday() - wanted) % 7
    at = datetime.combine(local.date(), clock, local.tzinfo)
    if ahead:
        return local.date() + ((-back) % 7 or 7 * (at < local)) * DAY
    return local.date() - (back or 7 * (at > local or bool(found["last"]))) * DAY


def _clock(found: Mapping[str, str]) -> time | None:
    """Give the time of day; None where there is none, ValueError where a number alone would be one."""
    if found["named_hour"]:
        return time(_NAMED_HOURS[found["named_hour"].lower()])
    if not found["hour"]:
        return None
    half = _HALVES[found["half"]][0][0] if found["half"] else (found["noon"] or "").lower()
    if not (half or found["colon"] or found["shi"]) or (found["half"] and not (found["colon"] or found["shi"])):
        raise ValueError
    hour, minute = int(found["hour"]), int(found["minute"] or found["bun"] or 30 * bool(found["ban"]))
    if half and not 1 <= hour <= 12:
        raise ValueError
    return time(hour % 12 + 12 * (half == "p") if half else hour, minute, int(found["second"] or 0))


def _zone(found: Mapping[str, str]) -> ZoneInfo | None:
    """Give the zone that a time names, if any."""
    if not found["zone"]:
        return None
    if not found["sign"]:
        name = _ZONES.get(found["zone"].lower(), found["zone"])
        try:
            return ZoneInfo(name)
        except (KeyError, OSError):
            raise ValueError(name) from None
    minutes = int(found["hours"]) * 60 + int(found["besides"] or 0)
    if minutes > 14 * 60 or int(found["besides"] or 0) > 59:
        raise ValueError(found["zone"])
    return _fixed(minutes if found["sign"] == "+" else -minutes) if minutes else ZoneInfo("UTC")


@cache
def _fixed(minutes: int) -> ZoneInfo:
    """Give the zone that is always so far ahead of UTC, named by that: as a file of zones would have it, of version 1."""
    name = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    head = b"TZif" + bytes(16) + struct.pack(">6l", 0, 0, 0, 0, 1, len(name) + 1)
    return ZoneInfo.from_file(BytesIO(head + struct.pack(">lbb", minutes * 60, 0, 0) + name.encode() + b"\0"), key=name)
