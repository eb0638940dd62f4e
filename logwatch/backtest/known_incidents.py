"""Incidents that people know of: a YAML file that says when something was wrong, what, and where the runbook sends for it."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BeforeValidator, Field, ValidationError, ValidationInfo, WithJsonSchema, model_validator

from logwatch.errors import RuleError
from logwatch.judge.rules.runbook import Runbook
from logwatch.judge.rules.yaml_lines import Document, RuleProblemsError, to_error
from logwatch.judge.rules.yaml_types import Model

FORMS = "right are e.g. 2026-02-24T12:30:00+09:00, 2026-02-24T03:30:00Z, '2026-02-24 12:30' (in the time zone of the settings)"
KEYS = "known: from, to, what, procedure, step, shop"
EXAMPLE = "- {from: '2026-02-24 12:30', to: '2026-02-24 12:50', what: no stock, procedure: '4.1', step: 3, shop: main}"


def _to_moment(value: object, info: ValidationInfo) -> datetime:
    """Read a time as YAML gives it: a text, or a time that YAML itself has read."""
    if isinstance(value, date) and not isinstance(value, datetime):
        raise ValueError(f"'{value}' is a day without a time of day; {FORMS}")  # noqa: TRY004 - what pydantic takes
    zone: ZoneInfo = (info.context or {}).get("zone") or ZoneInfo("UTC")
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):  # the year 10000 in UTC
        raise ValueError(f"'{value}' is no time; {FORMS}") from None


_TIME_SCHEMA = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d", "examples": ["2026-02-24T12:30:00+09:00"]}
Moment = Annotated[AwareDatetime, BeforeValidator(_to_moment), WithJsonSchema(_TIME_SCHEMA)]


class Known(Model):
    """One incident that people know of."""

    from_: Moment = Field(alias="from", description="When it began: RFC 3339, or local time in the time zone of the settings.")
    to: Moment = Field(description="When it was over.")
    what: str = Field(min_length=1, description="What was wrong, in a few words.")
    procedure: str | None = Field(
        default=None, pattern=r"^\d+\.\d+$", description="Section of the runbook that should be named, between quotes."
    )
    step: int | None = Field(default=None, ge=1, description="Step of it to begin with.")
    shop: str | None = Field(default=None, min_length=1, description="The shop, where it was only one.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.to <= self.from_:
            raise ValueError(f"it is over ({self.to:%Y-%m-%d %H:%M}Z) before it begins ({self.from_:%Y-%m-%d %H:%M}Z)")
        if self.step and not self.procedure:
            raise ValueError(f"step {self.step} of which procedure? add procedure: '4.1' or another")
        return self


def load_known(path: Path, zone: ZoneInfo, runbook: Runbook) -> list[Known]:
    """Read a file of incidents, in order of beginning; raises RuleProblemsError with all errors, each with its line."""
    document = Document(path)
    if not isinstance(document.value, list) or not document.value:
        raise RuleError("a list of incidents is needed", where=document.where(()), hint=f"e.g. {EXAMPLE}")
    known: list[Known] = []
    problems: list[RuleError] = []
    for index, value in enumerate(document.value):
        try:
            found = Known.model_validate(value, context={"zone": zone})
        except ValidationError as error:
            problems += [_to_error(document, index, detail) for detail in error.errors()]
        else:
            known.append(found)
            problems += _check_section(found, document, index, runbook)
    if problems:
        raise RuleProblemsError(problems)
    return sorted(known, key=lambda each: each.from_)


def _to_error(document: Document, index: int, detail: Any) -> RuleError:  # noqa: ANN401 - pydantic's own dict
    told = to_error(document, (index,), detail, KEYS)
    if detail["type"] == "model_type":
        return RuleError("an incident is a set of keys", where=told.where, hint=f"e.g. {EXAMPLE}")
    if detail["loc"] == ("procedure",):
        hint = "write it between quotes: procedure: '4.1'"
        return RuleError(f"procedure {detail['input']!r} is no section", where=told.where, hint=hint)
    message, _, hint = told.message.partition("; ")
    return RuleError(message, where=told.where, hint=hint or told.hint)


def _check_section(known: Known, document: Document, index: int, runbook: Runbook) -> list[RuleError]:
    """The procedure is one of the runbook's, and has the step."""
    if known.procedure is None:
        return []
    procedure = runbook.procedure(known.procedure)
    if procedure is None:
        sections = ", ".join(each.section for each in runbook.procedures)
        where = document.where((index, "procedure"))
        return [RuleError(f"unknown procedure '{known.procedure}'", where=where, hint=f"known: {sections} ({runbook.path})")]
    steps = [step.number for step in procedure.steps]
    if known.step and known.step not in steps:
        message = f"procedure {known.procedure} has no step {known.step}"
        hint = f"its steps are {', '.join(map(str, steps))}"
        return [RuleError(message, where=document.where((index, "step")), hint=hint)]
    return []


def known_schema() -> dict[str, Any]:
    """Give the JSON Schema of a file of incidents, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "logwatch incidents",
        "type": "array",
        "minItems": 1,
        "items": Known.model_json_schema(),
    }
