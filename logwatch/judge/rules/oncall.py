"""Whom messages wake and when, as rules/oncall.yaml says it: mentions, quiet hours, and who is next where nobody answers."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema

from logwatch.errors import RuleError
from logwatch.judge.rules.model import Severity
from logwatch.judge.rules.yaml_lines import Document, RuleProblemsError, to_error
from logwatch.judge.rules.yaml_types import Model, Stretch, read_as

ONCALL = "oncall.yaml"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CALLS = r"here|[UWS][A-Z0-9]{5,20}"
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)")


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Hours:
    """A stretch of every day, `22:00-07:00`; one that goes past midnight belongs to the day on which it begins.

    >>> night = Hours("22:00-07:00")
    >>> [night.day(datetime(2026, 2, 24, hour, 30)) for hour in (6, 7, 21, 22)]
    ['mon', '', '', 'tue']
    """

    text: str

    @property
    def ends(self) -> tuple[time, time]:
        """When it begins and ends; raises ValueError where the text is no such stretch."""
        found = _HOURS.fullmatch(self.text.replace(" ", ""))
        if not found:
            raise ValueError(f"'{self.text}' is not a valid part of a day; use e.g. 22:00-07:00")
        first, last = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
        if first == last:
            raise ValueError(f"'{self.text}' begins when it ends: leave it out for the whole day")
        return first, last

    def day(self, local: datetime) -> str:
        """Give the day to which a moment in it belongs; empty where it is not in it."""
        first, last = self.ends
        now = local.time()
        if first < last:
            return DAYS[local.weekday()] if first <= now < last else ""
        if now >= first:
            return DAYS[local.weekday()]
        return DAYS[(local - timedelta(days=1)).weekday()] if now < last else ""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let it be read from a text in YAML."""
        return read_as(str, _checked_hours, "text", handler)


def _checked_hours(text: str) -> Hours:
    hours = Hours(text)
    _ = hours.ends
    return hours


def _check_mention(name: str) -> str:
    if not re.fullmatch(_CALLS, name):
        raise ValueError(
            f"'{name}' is nobody whom Slack can call; use a member's id (U…, in their profile), a group's (S…), or here"
        )
    return name


def _listed(**item: object) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [item, {"type": "array", "items": item}]})


def _any_of(*names: str) -> WithJsonSchema:
    return _listed(enum=[*names])


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Mention = Annotated[str, AfterValidator(_check_mention)]
Mentions = Annotated[tuple[Mention, ...], BeforeValidator(_as_list), _listed(type="string", pattern=f"^({_CALLS})$")]
Names = Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(min_length=1), _listed(type="string")]
Days = Annotated[tuple[Day, ...], BeforeValidator(_as_list), Field(min_length=1), _any_of(*DAYS)]
Severities = Annotated[tuple[Severity, ...], BeforeValidator(_as_list), Field(min_length=1), _any_of(*Severity)]


class When(Model):
    """Which incidents a route is for; what is left out, any."""

    severity: Severities | None = None
    procedure: Names | None = Field(default=None, description="Sections of the runbook.")
    hours: Hours | None = Field(default=None, description="Such as 22:00-07:00, in LOGWATCH_TIMEZONE.")
    days: Days | None = Field(
        default=None, description="Days of the week; hours past midnight belong to the day on which they begin."
    )

    def holds(self, severity: Severity, procedure: str, local: datetime) -> bool:
        """Tell whether an incident at a moment is meant."""
        day = self.hours.day(local) if self.hours else DAYS[local.weekday()]
        return (
            (self.severity is None or severity in self.severity)
            and (self.procedure is None or procedure in self.procedure)
            and bool(day)
            and (self.days is None or day in self.days)
        )


class Escalation(Model):
    """What is done where nobody has acknowledged an incident in time."""

    after: Stretch = Field(description="How long nobody has, since it was told.")
    mention: Mentions = Field(default=(), description="Whom to call in Slack.")
    channels: Annotated[tuple[str, ...], BeforeValidator(_as_list), _listed(type="string")] = Field(
        default=(), description="Channels that get it from then on, besides the usual ones: slack, email, pagerduty, …"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.mention and not self.channels:
            raise ValueError("a step calls somebody: give it a mention or channels")
        return self


class Route(Model):
    """Whom an incident calls, and who is next."""

    when: When = When()
    mention: Mentions = Field(default=(), description="Whom its waking messages call in Slack: U…, S…, here.")
    escalate: tuple[Escalation, ...] = Field(default=(), description="Steps, each later than the one before.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        spans = [step.after for step in self.escalate]
        if sorted(set(spans)) != spans:
            raise ValueError("each step of escalate is later than the one before it")
        return self


class OnCall(Model):
    """Everything that oncall.yaml says; without the file, nobody is called and nothing waits."""

    quiet_hours: Hours | None = Field(
        default=None, description="When incidents of severity info wait for the morning, in LOGWATCH_TIMEZONE: 22:00-07:00."
    )
    routes: tuple[Route, ...] = Field(default=(), description="The first that fits an incident is taken.")

    def route(self, severity: Severity, procedure: str, local: datetime) -> Route:
        """Give the route of an incident at a moment; one that calls nobody where none fits."""
        return next((each for each in self.routes if each.when.holds(severity, procedure, local)), Route())

    def is_quiet(self, severity: Severity, local: datetime) -> bool:
        """Tell whether an incident waits for the morning."""
        return severity is Severity.INFO and self.quiet_hours is not None and bool(self.quiet_hours.day(local))

    @property
    def unescalated(self) -> Self:
        """The same without what follows where nobody answers: in a recording, nobody could."""
        return self.model_copy(update={"routes": tuple(each.model_copy(update={"escalate": ()}) for each in self.routes)})

    @property
    def channels(self) -> tuple[str, ...]:
        """Every channel that a step names."""
        steps = [step for route in self.routes for step in route.escalate]
        return tuple(dict.fromkeys(name for step in steps for name in step.channels))

    @property
    def mentions(self) -> bool:
        """Whether anybody is called in Slack."""
        return any(route.mention or any(step.mention for step in route.escalate) for route in self.routes)


def parse_oncall(document: Document, procedures: Iterable[str]) -> OnCall:
    """Read all of it; raises RuleProblemsError with every mistake and its line."""
    try:
        oncall = OnCall.model_validate(document.value or {})
    except ValidationError as error:
        raise RuleProblemsError([to_error(document, (), detail) for detail in error.errors()]) from None
    if problems := list(_unknown_procedures(oncall, document, list(procedures))):
        raise RuleProblemsError(problems)
    return oncall


def _unknown_procedures(oncall: OnCall, document: Document, known: list[str]) -> Iterator[RuleError]:
    for number, route in enumerate(oncall.routes):
        for section in route.when.procedure or ():
            if section not in known:
                where = document.where(("routes", number, "when", "procedure"))
                yield RuleError(f"unknown procedure '{section}'", where=where, hint=f"known: {', '.join(known)}")


def oncall_schema() -> dict[str, Any]:
    """Give the JSON Schema of rules/oncall.yaml, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **OnCall.model_json_schema(),
        "title": "logwatch oncall",
    }
