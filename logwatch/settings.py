"""Settings from flags and environment: built once, checked at once, never changed."""

import os
import platform
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from logwatch.durations import LONGEST_LEASE, format_duration, parse_duration
from logwatch.errors import ConfigError
from logwatch.languages import DEFAULT, Lang, languages
from logwatch.notify.channels.interface import ChannelSettings
from logwatch.notify.channels.registry import CHANNELS
from logwatch.notify.silences import Recurrence
from logwatch.ranges import Range

PREFIX = "LOGWATCH_"
CERTS_URL = "https://www.googleapis.com/oauth2/v1/certs"
"""Google's certificates for identity tokens, as google-auth knows it; asked for by `doctor` too, for the time."""
Names = tuple[str, ...]
Read = TypeVar("Read", bound=BaseModel)


def _split(text: str) -> Names:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _duration(value: object) -> timedelta:
    return value if isinstance(value, timedelta) else parse_duration(value)


BUDGETS = {"": "'<= 5'", "%": "'<= 1 %'"}


def _at_most(*units: str) -> AfterValidator:
    """Let only ranges through that say what is not to be exceeded, in one of these units."""

    def check(budget: Range | None) -> Range | None:
        if budget and (not budget.falls or budget.unit not in units):
            raise ValueError(f"'{budget}' is not a valid budget; use e.g. {' or '.join(BUDGETS[unit] for unit in units)}")
        return budget

    return AfterValidator(check)


def _timezone(value: object) -> ZoneInfo:
    try:
        return value if isinstance(value, ZoneInfo) else ZoneInfo(str(value))
    except (KeyError, ValueError, OSError):
        raise ValueError(f"'{value}' is not a valid time zone; use e.g. Asia/Seoul, UTC") from None


def _weekly(value: object) -> Recurrence | None:
    found = value if isinstance(value, Recurrence) or value is None else Recurrence.parse(str(value))
    if found and len(found.days) > 1:
        raise ValueError(f"'{found}' is more than one day a week; use e.g. 'mon 09:00'")
    return found


def _web_address(text: str) -> str:
    if text and not re.fullmatch(r"https?://[^\s/?#]+\S*", text):
        raise ValueError(f"'{text[:100]}' is not a valid web address; it begins with https://")
    return text


def _lang(name: Lang) -> Lang:
    if name not in LANGUAGES:
        raise ValueError(f"Input should be {' or '.join(map(repr, LANGUAGES))}")
    return name


def _lasting(least: str, most: str) -> BeforeValidator:
    """Read a duration that lies between two; what is shorter or longer can only be a slip."""

    def check(value: object) -> timedelta:
        span = _duration(value)
        if not parse_duration(least) <= span <= parse_duration(most):
            wrong = "short" if span < parse_duration(least) else "long"
            raise ValueError(f"'{format_duration(span)}' is too {wrong}; allowed is {least} to {most}")
        return span

    return BeforeValidator(check)


LANGUAGES = languages()
LONGEST = format_duration(LONGEST_LEASE)


class Settings(BaseModel):
    """Everything that can be set; each field's environment twin is LOGWATCH_ and its name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    source: Names = Field((), description="Files, '-', or gcp://PROJECT[/SERVICE]; several files with commas.")
    service: str | None = Field(None, description="Cloud Run service whose entries count.")
    location: str | None = Field(None, description="Cloud Run region to read, e.g. europe-west1.")
    lang: Annotated[
        Lang, AfterValidator(_lang), Field(description=f"Language of what people read: {' or '.join(LANGUAGES)}.")
    ] = DEFAULT
    timezone: Annotated[ZoneInfo, BeforeValidator(_timezone)] = Field(
        ZoneInfo("Asia/Seoul"), description="Time zone of what people read."
    )
    rules: Path | None = Field(None, description="Folder of rules; without it the bundled ones.")
    grace: Annotated[timedelta, _lasting("15s", "30m")] = Field(
        timedelta(seconds=90), description="How long a window waits for late entries."
    )
    early: Annotated[timedelta, _lasting("0s", "1m")] = Field(
        timedelta(seconds=15), description="How long after its end a window is first looked at; 0s waits for closed ones."
    )
    starts: Annotated[timedelta, _lasting("0s", "59s")] = Field(
        timedelta(seconds=20), description="Second of the minute at which runs look; one that begins sooner waits."
    )
    read_budget: Annotated[timedelta, _lasting("1s", "10m")] = Field(
        timedelta(minutes=2), description="How long to go on retrying one read of Cloud Logging."
    )
    read_requests_per_minute: int = Field(
        55, ge=1, le=60, description="Share of the 60 Cloud Logging reads a minute that a project has."
    )
    logging_endpoint: str | None = Field(None, description="HOST:PORT of a local Cloud Logging server, without TLS or login.")

    state: str | None = Field(None, description="Where the state lives: a file, or gs://BUCKET/OBJECT.")
    lease: Annotated[timedelta, _lasting("30s", LONGEST)] = Field(
        timedelta(seconds=55), description="How long a run may take; the job's timeout."
    )
    overlap: Annotated[timedelta, _lasting("1m", "6h")] = Field(
        timedelta(minutes=5), description="How far before the last judged window a run reads again."
    )
    late_limit: Annotated[timedelta, _lasting("0s", "6h")] = Field(
        timedelta(hours=1), description="How late a line may come and still be told, marked late; 0s tells none."
    )
    catch_up: Annotated[timedelta, _lasting("5m", "7d")] = Field(
        timedelta(hours=6), description="The longest pause that is judged window by window."
    )
    remind_every: Annotated[timedelta, _lasting("10m", "30d")] = Field(
        timedelta(hours=4), description="After how long a message is repeated while it fires."
    )
    digest: Annotated[Recurrence | None, BeforeValidator(_weekly)] = Field(
        None, description="Day and hour of the weekly digest, e.g. 'mon 09:00' in LOGWATCH_TIMEZONE; none without it."
    )
    evidence_budget: Annotated[timedelta, _lasting("0s", "5m")] = Field(
        timedelta(seconds=10), description="How long to look things up for the messages of one run; 0s looks nothing up."
    )
    now: AwareDatetime | None = Field(None, description="The time to take for now, for drills.")

    endpoints: str | None = Field(None, description="Base URL of the service whose health endpoints are asked.")
    ops_token: SecretStr | None = Field(None, description="Bearer token for the endpoint that is behind a login.")

    metrics_project: str | None = Field(
        None, description="Project that metrics are written to, or 'none'; without it the source's."
    )
    environment: str = Field("production", description="Namespace of the metrics, one for each installation.")
    monitoring_endpoint: str | None = Field(
        None, description="HOST:PORT of a local Cloud Monitoring server, without TLS or login."
    )

    expected_distribution: Annotated[
        Range | None, _at_most(""), Field(description="Distribution blocks a minute that are expected.")
    ] = None
    slow_budget: Annotated[Range, _at_most("", "%")] = Field(
        Range("<=", 0.01, "%"), description="Share of a day's requests that may be slow before the beta ends, or how many."
    )

    notify: Names = Field((), description="Channels that messages go to, by name; the others only stand in.")
    channels: tuple[ChannelSettings, ...] = Field((), exclude=True, description="What is set of each channel.")
    runbook_url: Annotated[str, AfterValidator(_web_address)] = Field("", description="Where people find the runbook.")

    serve_audience: str | None = Field(
        None, description="Audience that a call's identity token is made out to: the service's URL."
    )
    serve_caller: str | None = Field(None, description="E-mail of the service account that may call.")
    serve_signature: Literal["verify", "removed"] = Field(
        "verify", description="verify, or removed where Cloud Run's invoker check has verified it and taken it off."
    )
    serve_certs_url: str = Field(CERTS_URL, description="Where Google's certificates are; another one is for tests.")
    ping_url: SecretStr | None = Field(None, description="Address that is asked for after each good run: a dead man's switch.")
    log: Literal["info", "debug"] = Field("info", description="debug writes what a run did, line by line.")

    @classmethod
    def load(cls, environment: Mapping[str, str], **flags: Any) -> "Settings":  # noqa: ANN401 - checked right here
        """Take flags first, then environment, then defaults; raises ConfigError that names what is wrong."""
        settings, errors = cls.load_leniently(environment, **flags)
        if errors:
            raise errors[0]
        return settings

    @classmethod
    def load_leniently(cls, environment: Mapping[str, str], **flags: Any) -> "tuple[Settings, list[ConfigError]]":  # noqa: ANN401
        """Take what is right, the default for what is wrong, and an error for each of those."""
        settings, errors = _read(cls, environment, flags)
        read = [_read(channel, environment, {}) for channel in CHANNELS]
        channels = tuple(channel for channel, _ in read)
        return settings.model_copy(update={"channels": channels}), errors + [error for _, wrong in read for error in wrong]


def field_names() -> list[str]:
    """Give everything that can be set, of logwatch and of each channel."""
    models: tuple[type[BaseModel], ...] = (Settings, *CHANNELS)
    return [name for model in models for name, field in model.model_fields.items() if not field.exclude]


def variable(name: str) -> str:
    """Give a field's twin in the environment."""
    return PREFIX + name.upper()


def _read(model: type[Read], environment: Mapping[str, str], flags: Mapping[str, Any]) -> tuple[Read, list[ConfigError]]:
    """Read the fields of one model, as far as they are right, and an error for each that is not."""
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        text = "" if field.exclude else environment.get(variable(name), "")
        if flags.get(name):
            values[name] = flags[name]
        elif text:
            values[name] = _split(text) if field.annotation == Names else text
    try:
        return model(**values), []
    except ValidationError as error:
        wrong = {str(detail["loc"][0]): detail["msg"].removeprefix("Value error, ") for detail in reversed(error.errors())}
    right = {name: value for name, value in values.items() if name not in wrong}
    found = [
        ConfigError(
            message,
            where=f"--{name.replace('_', '-')}" if flags.get(name) else variable(name),
            hint=model.model_fields[name].description,
        )
        for name, message in reversed(wrong.items())
    ]
    return model(**right), found


def load_settings(**flags: Any) -> Settings:  # noqa: ANN401 - checked by Settings
    """Build the settings of this process."""
    return Settings.load(os.environ, **flags)


def load_settings_leniently(**flags: Any) -> tuple[Settings, list[ConfigError]]:  # noqa: ANN401 - checked by Settings
    """Build the settings of this process as far as they are right; gives what is wrong with the rest."""
    return Settings.load_leniently(os.environ, **flags)


def stray_settings() -> list[str]:
    """Give the variables of this process that look like settings and are none: a slip of the pen sets nothing."""
    known = set(map(variable, field_names()))
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)


def parse_channel(text: str) -> str:
    """Read the full name of a notification channel of Cloud Monitoring."""
    if not re.fullmatch(r"projects/[^/\s]+/notificationChannels/[^/\s]+", text):
        hint = "gcloud beta monitoring channels list --format='value(name)' prints them"
        message = f"'{text}' is not a valid notification channel; use projects/PROJECT/notificationChannels/ID"
        raise ConfigError(message, where="--notification-channel", hint=hint)
    return text


def default_state() -> Path:
    """Give the file where the state lives if nothing is set: beside the user's other program state."""
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(home).expanduser() / "logwatch" / "state.json"


def default_cache() -> Path:
    """Give the folder for what was read already and may be forgotten."""
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser() / "logwatch"


def execution() -> str:
    """Give this run's name: Cloud Run's for the execution and attempt, or this process on this machine."""
    cloud = os.environ.get("CLOUD_RUN_EXECUTION")
    attempt = os.environ.get("CLOUD_RUN_TASK_ATTEMPT", "0")
    return f"{cloud}.{attempt}" if cloud else f"{platform.node()}.{os.getpid()}"


def instance() -> str:
    """Give this process's name among all that may serve at once: on Cloud Run every one of them is process 1 of `localhost`."""
    return f"{os.environ.get('K_REVISION') or platform.node()}.{os.getpid()}.{secrets.token_hex(3)}"


def is_on_cloud_run() -> bool:
    """Tell whether this is a container of Cloud Run, whose files go with it."""
    return bool(os.environ.get("K_SERVICE") or os.environ.get("CLOUD_RUN_JOB"))


def default_port() -> int:
    """Give the port to serve on if none is named: $PORT, as Cloud Run sets it, or 8080. Raises ConfigError."""
    text = os.environ.get("PORT") or "8080"
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise ConfigError(f"'{text[:20]}' is not a valid port", where="PORT", hint="use a number from 1 to 65535")
    return int(text)


def bundled(name: str) -> Path:
    """Give a folder that ships with the program: rules or templates."""
    package = Path(__file__).parent
    packed = package / "_bundled" / name
    return packed if packed.is_dir() else package.parent / name
