"""Everything that can be set, and which values are right."""

import os.path
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    SecretStr,
    ValidationError,
    WithJsonSchema,
)
from pydantic.fields import FieldInfo

from logwatch.collect.bigquery.billing import parse_size
from logwatch.complaints import complaint
from logwatch.durations import LONGEST_LEASE, format_duration, parse_duration
from logwatch.errors import ConfigError
from logwatch.languages import DEFAULT, Lang, languages
from logwatch.notify.channels.interface import ChannelSettings
from logwatch.notify.channels.registry import CHANNELS
from logwatch.notify.silences import Recurrence
from logwatch.ranges import Range
from logwatch.settings.file import SettingsFile
from logwatch.settings.given import Given, from_environment, from_file, from_flags, strangers, variable
from logwatch.settings.surroundings import default_cache
from logwatch.spans import rfc3339

CERTS_URL = "https://www.googleapis.com/oauth2/v1/certs"
"""Google's certificates for identity tokens, as google-auth knows it; asked for by `doctor` too, for the time."""
NO_CACHE = "none"
Names = tuple[str, ...]
PATHS = frozenset({"source", "rules", "state", "cache"})
"""Fields that may hold a path: in a file, one beside the file."""
OF_PROCESS = frozenset(
    {"target", "starts", "lease", "now", "read_requests_per_minute", "cache", "ping_url", "log"}
    | {"serve_audience", "serve_caller", "serve_signature", "serve_certs_url"}
)
"""Fields that are the same for all targets of a file: of the run itself, or of what they share."""
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


def _size(text: str) -> str:
    parse_size(text)
    return text


def _lang(name: Lang) -> Lang:
    if name not in LANGUAGES:
        raise ValueError(f"'{name}' is not a known language; use {' or '.join(LANGUAGES)}")
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

    target: str | None = Field(None, description="Which of the file's [[targets]] to take, by its name; without it all.")
    source: Names = Field(
        (), description="Files, '-', gcp://PROJECT[/SERVICE] or bq://PROJECT.DATASET.VIEW; several with commas."
    )
    service: str | None = Field(None, description="Cloud Run service whose entries count.")
    location: str | None = Field(None, description="Cloud Run region to read, and of the metrics, e.g. europe-west1.")
    lang: Annotated[
        Lang, AfterValidator(_lang), Field(description=f"Language of what people read: {', '.join(LANGUAGES)}.")
    ] = DEFAULT
    timezone: Annotated[ZoneInfo, BeforeValidator(_timezone), WithJsonSchema({"type": "string", "examples": ["UTC"]})] = Field(
        ZoneInfo("Asia/Seoul"), description="Time zone of what people read."
    )
    rules: Path | None = Field(None, description="Folder of rules; without it the bundled ones.")
    grace: Annotated[timedelta, _lasting("15s", "30m")] = Field(
        timedelta(seconds=90), description="How long a window waits for late entries: 15s to 30m."
    )
    early: Annotated[timedelta, _lasting("0s", "1m")] = Field(
        timedelta(seconds=15),
        description="How long after its end a window is first looked at, for what no later line undoes: up to 1m;"
        " 0s waits for closed ones.",
    )
    starts: Annotated[timedelta, _lasting("0s", "59s")] = Field(
        timedelta(seconds=20),
        description="Second of the minute at which runs look, and those that backtest simulates; one that begins sooner waits.",
    )
    read_budget: Annotated[timedelta, _lasting("1s", "10m")] = Field(
        timedelta(minutes=2), description="How long to go on retrying one read of Cloud Logging: 1s to 10m."
    )
    read_requests_per_minute: int = Field(
        55, ge=1, le=60, description="Share of the 60 Cloud Logging reads a minute that a project has."
    )
    cache: str | None = Field(
        None,
        description="Folder for hours and days that were read and are over, or 'none'; without it ~/.cache/logwatch.",
    )
    logging_endpoint: str | None = Field(None, description="HOST:PORT of a local Cloud Logging server, without TLS or login.")

    bigquery_endpoint: str | None = Field(None, description="HOST:PORT of a local BigQuery server, without TLS or login.")
    max_bytes: Annotated[str, AfterValidator(_size)] = Field(
        "50GB", description="The most that one query of bq:// may read, e.g. 500MB; what it will read is told before."
    )

    state: str | None = Field(
        None, description="Where the state lives: a file, or gs://BUCKET/OBJECT; without it ~/.local/state/logwatch/state.json."
    )
    lease: Annotated[timedelta, _lasting("30s", LONGEST)] = Field(
        timedelta(seconds=55),
        description=f"How long a run may take once it looks, 30s to {LONGEST}; with `starts`, the job's timeout.",
    )
    overlap: Annotated[timedelta, _lasting("1m", "6h")] = Field(
        timedelta(minutes=5), description="How far before the last judged window a run reads again: 1m to 6h."
    )
    late_limit: Annotated[timedelta, _lasting("0s", "6h")] = Field(
        timedelta(hours=1),
        description="How late a line may come, after its window was judged, and still be told, marked late; 0s tells none.",
    )
    catch_up: Annotated[timedelta, _lasting("5m", "7d")] = Field(
        timedelta(hours=6),
        description="The longest pause that is judged window by window, 5m to 7d; after a longer one, a run starts over.",
    )
    remind_every: Annotated[timedelta, _lasting("10m", "30d")] = Field(
        timedelta(hours=4), description="After how long a message is repeated while it fires: 10m to 30d."
    )
    digest: Annotated[
        Recurrence | None, BeforeValidator(_weekly), WithJsonSchema({"type": "string", "examples": ["mon 09:00"]})
    ] = Field(
        None,
        description="Day and hour at which `run` sends the week's digest, e.g. 'mon 09:00' in `timezone`; none without it.",
    )
    evidence_budget: Annotated[timedelta, _lasting("0s", "5m")] = Field(
        timedelta(seconds=10),
        description="How long to look things up for the messages of one run, up to 5m; 0s looks nothing up.",
    )
    now: AwareDatetime | None = Field(None, description="The time to take for now, for drills.")

    endpoints: str | None = Field(
        None, description="Base URL of the service whose health endpoints are asked; without it rows 9 and 10 are unknown."
    )
    ops_token: SecretStr | None = Field(None, description="Bearer token for the endpoint that is behind a login.")

    metrics_project: str | None = Field(
        None, description="Project that metrics are written to, or 'none'; without it the source's."
    )
    environment: str = Field("production", description="Namespace of the metrics, one for each installation.")
    monitoring_endpoint: str | None = Field(
        None, description="HOST:PORT of a local Cloud Monitoring server, without TLS or login."
    )

    expected_distribution: Annotated[
        Range | None,
        _at_most(""),
        Field(description="Distribution blocks a minute that `beta-exit` expects; without it row 3's normal range."),
    ] = None
    slow_budget: Annotated[Range, _at_most("", "%")] = Field(
        Range("<=", 0.01, "%"), description="Share of a day's requests that may be slow before the beta ends, or how many."
    )

    notify: Names = Field((), description="Channels that messages go to, by name; the others only stand in.")
    channels: tuple[ChannelSettings, ...] = Field((), exclude=True)
    """What is set of each channel."""
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

    file: InstanceOf[SettingsFile] | None = Field(None, exclude=True, repr=False)
    """The file that was read."""
    given: tuple[InstanceOf[Given], ...] = Field((), exclude=True, repr=False)
    """Where it all was said, the first to be believed."""
    targets: Names = Field((), exclude=True)
    """The names of all targets of the file, of which this is one; empty where it has none."""

    @classmethod
    def load(cls, environment: Mapping[str, str], file: SettingsFile | None = None, **flags: Any) -> "Settings":  # noqa: ANN401 - checked right here
        """Take flags first, then environment, file, defaults; raises ConfigError that names all that is wrong."""
        settings, errors = cls.load_leniently(environment, file, **flags)
        raise_all(errors)
        return settings

    @classmethod
    def load_leniently(
        cls,
        environment: Mapping[str, str],
        file: SettingsFile | None = None,
        **flags: Any,  # noqa: ANN401 - likewise
    ) -> "tuple[Settings, list[ConfigError]]":
        """Take what is right, the default for what is wrong, and an error for each of those."""
        names = field_names()
        said = [from_file(file, file.shared, PATHS)] if file else []
        settings, errors = cls.believing((from_flags(flags), from_environment(environment, names), *said), file)
        return settings, [*errors, *(file.errors if file else ()), *strangers(environment, names)]

    @classmethod
    def believing(cls, given: tuple[Given, ...], file: SettingsFile | None) -> "tuple[Settings, list[ConfigError]]":
        """Take what these say, the first of them first, as far as it is right, and an error for all that is not."""
        settings, errors = _read(cls, given)
        read = [_read(channel, given) for channel in CHANNELS]
        errors += [error for _, wrong in read for error in wrong]
        channels = tuple(channel for channel, _ in read)
        return settings.model_copy(update={"channels": channels, "file": file, "given": given}), errors

    def origin(self, name: str) -> Given | None:
        """Tell who says what a field is; None where nobody does, so that it has its default."""
        return next((each for each in self.given if each.values.get(name)), None)

    def where(self, name: str) -> str:
        """Give where a field is to be mended: where it is set, or its twin in the environment."""
        origin = self.origin(name)
        return origin.names(name) if origin else variable(name)

    @property
    def cache_folder(self) -> Path | None:
        """Folder for what was read and is over; None where nothing is kept."""
        if self.cache == NO_CACHE:
            return None
        return Path(os.path.expanduser(self.cache)) if self.cache else default_cache()  # noqa: PTH111 - as paths of a file

    def value(self, name: str) -> Any:  # noqa: ANN401 - each field has its own type
        """Give what a field of logwatch or of a channel is set to."""
        return next(getattr(each, name) for each in (self, *self.channels) if name in type(each).model_fields)


class SettingProblemsError(ConfigError):
    """All that is wrong with the settings, not only the first thing."""

    def __init__(self, problems: Sequence[ConfigError]) -> None:
        """Take the single errors."""
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def raise_all(errors: Sequence[ConfigError]) -> None:
    """Raise one error as it is and several as one; of none, nothing."""
    if errors:
        raise errors[0] if len(errors) == 1 else SettingProblemsError(errors)


def as_text(value: Any) -> str:  # noqa: ANN401 - each field has its own type
    """Write a value as one types it; what is not set is empty, and a secret is stars.

    >>> as_text(timedelta(seconds=90)), as_text(("slack", "email")), as_text(SecretStr("x")), as_text(None)
    ('1m30s', 'slack, email', '**********', '')
    """
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, timedelta):
        return format_duration(value) if value else "0s"
    if isinstance(value, datetime):
        return rfc3339(value)
    return "" if value is None else str(value)


def fields() -> dict[str, FieldInfo]:
    """Give everything that can be set, of logwatch and of each channel."""
    models: tuple[type[BaseModel], ...] = (Settings, *CHANNELS)
    return {name: field for model in models for name, field in model.model_fields.items() if not field.exclude}


def field_names() -> list[str]:
    """Give the names of everything that can be set."""
    return list(fields())


def is_secret(field: FieldInfo) -> bool:
    """Tell whether nobody may see a field's value."""
    return SecretStr in (field.annotation, *get_args(field.annotation))


def tables() -> dict[str, dict[str, str]]:
    """Give the tables that a file may have, one for each channel: its fields by their names, and without the channel's."""
    return {
        channel.name: {
            key: name for name in channel.model_fields for key in dict.fromkeys((name.removeprefix(f"{channel.name}_"), name))
        }
        for channel in CHANNELS
    }


def _read(model: type[Read], given: Sequence[Given]) -> tuple[Read, list[ConfigError]]:
    """Read the fields of one model, as far as they are right, and an error for each that is not."""
    origins = {
        name: origin
        for name, field in model.model_fields.items()
        if not field.exclude and (origin := next((each for each in given if each.values.get(name)), None))
    }
    values = {name: _shaped(origin.values[name], model.model_fields[name]) for name, origin in origins.items()}
    try:
        return model(**values), []
    except ValidationError as error:
        wrong = {str(detail["loc"][0]): detail for detail in reversed(error.errors())}
    right = {name: value for name, value in values.items() if name not in wrong}
    found = [
        ConfigError(
            complaint({**detail, "input": "***"} if is_secret(model.model_fields[name]) else detail),
            where=origins[name].names(name),
            hint=model.model_fields[name].description,
        )
        for name, detail in reversed(wrong.items())
    ]
    return model(**right), found


def _shaped(value: Any, field: FieldInfo) -> Any:  # noqa: ANN401 - what a flag, the environment or a file gives
    """Give one text for a field of one value, and several for a field of several."""
    if field.annotation == Names:
        return _split(value) if isinstance(value, str) else value
    return ",".join(value) if isinstance(value, tuple) else value


def parse_channel(text: str) -> str:
    """Read the full name of a notification channel of Cloud Monitoring."""
    if not re.fullmatch(r"projects/[^/\s]+/notificationChannels/[^/\s]+", text):
        hint = "gcloud beta monitoring channels list --format='value(name)' prints them"
        message = f"'{text}' is not a valid notification channel; use projects/PROJECT/notificationChannels/ID"
        raise ConfigError(message, where="--notification-channel", hint=hint)
    return text
