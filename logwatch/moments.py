"""Times and lengths of time as people type them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from logwatch.durations import parse_duration
from logwatch.errors import ConfigError


def parse_moment(text: str, now: datetime, zone: ZoneInfo, *, where: str) -> datetime:
    """Read a time: RFC 3339, a local date or time in `zone`, `now`, or a duration before `now`.

    Raises ConfigError with the forms that are right.
    """
    source = text.strip()
    if source == "now":
        return now
    try:
        moment = _parse_moment(source, now, zone)
    except (ValueError, OverflowError):
        hint = "use e.g. 1h, 30m, 7d, 2026-02-24T03:00:00Z, '2026-02-24 12:00' (in the time zone of the settings)"
        raise ConfigError(f"'{text}' is not a valid time", where=where, hint=hint) from None
    if not 2000 <= moment.year < 2100:
        raise ConfigError(f"'{text}' lies in the year {moment.year}", where=where, hint="logs are of this century")
    return moment


def parse_length(text: str, *, where: str) -> timedelta:
    """Read a length of time of an option; raises ConfigError with the forms that are right."""
    try:
        length = parse_duration(text)
    except ValueError as error:
        raise ConfigError(str(error), where=where) from None
    if not length:
        raise ConfigError("the length is zero", where=where, hint="use e.g. 30m, 2h, 1d")
    return length


def _parse_moment(source: str, now: datetime, zone: ZoneInfo) -> datetime:
    try:
        return now - parse_duration(source)
    except ValueError:
        moment = datetime.fromisoformat(source)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
