"""Settings from flags and environment: built once, checked at once, never changed."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from logwatch.durations import parse_duration
from logwatch.errors import ConfigError
from logwatch.texts import Lang

PREFIX = "LOGWATCH_"


def _duration(value: object) -> timedelta:
    return value if isinstance(value, timedelta) else parse_duration(value)


def _timezone(value: object) -> ZoneInfo:
    try:
        return value if isinstance(value, ZoneInfo) else ZoneInfo(str(value))
    except (KeyError, ValueError, OSError):
        raise ValueError(f"'{value}' is no time zone; right are e.g. Asia/Seoul, UTC") from None


class Settings(BaseModel):
    """Everything that can be set; each field's environment twin is LOGWATCH_ and its name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    source: tuple[str, ...] = Field((), description="Files, '-', or gcp://PROJECT[/SERVICE]; several files with commas.")
    service: str | None = Field(None, description="Cloud Run service whose entries count.")
    location: str | None = Field(None, description="Cloud Run region to read, e.g. asia-northeast3.")
    lang: Lang = Field("ko", description="Language of what people read: ko or en.")
    timezone: Annotated[ZoneInfo, BeforeValidator(_timezone)] = Field(
        ZoneInfo("Asia/Seoul"), description="Time zone of what people read."
    )
    rules: Path | None = Field(None, description="Folder of rules; without it the bundled ones.")
    grace: Annotated[timedelta, BeforeValidator(_duration)] = Field(
        timedelta(seconds=90), description="How long a window waits for late entries."
    )
    read_budget: Annotated[timedelta, BeforeValidator(_duration)] = Field(
        timedelta(minutes=2), description="How long to go on retrying one read of Cloud Logging."
    )
    read_requests_per_minute: int = Field(
        55, ge=1, le=60, description="Share of the 60 Cloud Logging reads a minute that a project has."
    )
    logging_endpoint: str | None = Field(None, description="HOST:PORT of a local Cloud Logging server, without TLS or login.")

    @classmethod
    def load(cls, environment: Mapping[str, str], **flags: Any) -> "Settings":  # noqa: ANN401 - checked right here
        """Take flags first, then environment, then defaults; raises ConfigError that names what is wrong."""
        values: dict[str, Any] = {}
        for name in cls.model_fields:
            text = environment.get(PREFIX + name.upper(), "")
            if flags.get(name):
                values[name] = flags[name]
            elif text:
                values[name] = tuple(filter(None, text.split(","))) if name == "source" else text
        try:
            return cls(**values)
        except ValidationError as error:
            detail = error.errors()[0]
            name = str(detail["loc"][0])
            where = f"--{name.replace('_', '-')}" if flags.get(name) else PREFIX + name.upper()
            message = detail["msg"].removeprefix("Value error, ")
            raise ConfigError(message, where=where, hint=cls.model_fields[name].description) from None


def load_settings(**flags: Any) -> Settings:  # noqa: ANN401 - checked by Settings
    """Build the settings of this process."""
    return Settings.load(os.environ, **flags)


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
        hint = "right are e.g. 1h, 30m, 7d, 2026-02-24T03:00:00Z, '2026-02-24 12:00' (in the time zone of the settings)"
        raise ConfigError(f"'{text}' is no time", where=where, hint=hint) from None
    if not 2000 <= moment.year < 2100:
        raise ConfigError(f"'{text}' lies in the year {moment.year}", where=where, hint="logs are of this century")
    return moment


def _parse_moment(source: str, now: datetime, zone: ZoneInfo) -> datetime:
    try:
        return now - parse_duration(source)
    except ValueError:
        moment = datetime.fromisoformat(source)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def bundled(name: str) -> Path:
    """Give a folder that ships with the program: rules or templates."""
    package = Path(__file__).parent
    packed = package / "_bundled" / name
    return packed if packed.is_dir() else package.parent / name
