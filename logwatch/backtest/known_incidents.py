"""Incidents that people know of: a file that says when something was wrong, what, and where the runbook sends for it."""

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BeforeValidator, Field, ValidationError, ValidationInfo, WithJsonSchema, model_validator

from logwatch.errors import RuleError
from logwatch.judge.rules.runbook import Runbook
from logwatch.judge.rules.yaml_lines import Document, Path_, RuleProblemsError, to_error
from logwatch.judge.rules.yaml_types import Model
from logwatch.small_files import read_text

FORMS = "use e.g. 2026-02-24T12:30:00+09:00, 2026-02-24T03:30:00Z, '2026-02-24 12:30' (in the time zone of the settings)"
KEYS = "known: from, to, what, procedure, step, shop, label"
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
        raise ValueError(f"'{value}' is not a valid time; {FORMS}") from None


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

    label: Literal["real", "false", "unknown"] = Field(
        default="real",
        description="Whether anything was wrong at all: what is told of a false one counts as told for nothing, of an unknown "
        "one it counts neither way.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.to <= self.from_:
            raise ValueError(f"it is over ({self.to:%Y-%m-%dT%H:%MZ}) before it begins ({self.from_:%Y-%m-%dT%H:%MZ})")
        if self.step and not self.procedure:
            raise ValueError(f"step {self.step} of which procedure? add procedure: '4.1' or another")
        return self


class _Sheet(Document):
    """What `alerts --labels --format csv` wrote."""

    def __init__(self, path: Path) -> None:  # as the other reads YAML
        try:
            self.value = list(csv.DictReader(io.StringIO(read_text(path, RuleError), newline="")))
        except csv.Error as error:
            raise RuleError(f"cannot be read: {error}", where=str(path)) from None
        self.path = path

    def where(self, path: Path_) -> str:
        """Give the line of a row."""
        return f"{self.path}:{int(path[0]) + 2 if path else 1}"


def load_known(path: Path, zone: ZoneInfo, runbook: Runbook) -> list[Known]:
    """Read a file of incidents, in order of beginning: a list of them, or what `alerts --labels` wrote.

    Raises RuleProblemsError with all errors, each with its line.
    """
    document = _Sheet(path) if path.suffix.lower() == ".csv" else Document(path)
    found = document.value
    exported = isinstance(document, _Sheet) or (isinstance(found, dict) and "schema" in found)
    top: Path_ = ("incidents",) if isinstance(found, dict) else ()
    values = found.get("incidents") if isinstance(found, dict) else found
    if not isinstance(values, list) or not (values or exported):
        raise RuleError("a list of incidents is needed", where=document.where(()), hint=f"e.g. {EXAMPLE}")
    known: list[Known] = []
    problems: list[RuleError] = []
    for index, value in enumerate(values):
        given = _of_export(value) if exported else value
        if given is None:
            continue  # it goes on
        try:
            one = Known.model_validate(given, context={"zone": zone})
        except ValidationError as error:
            problems += [_to_error(document, (*top, index), detail) for detail in error.errors()]
        else:
            known.append(one)
            problems += _check_section(one, document, (*top, index), runbook)
    if problems:
        raise RuleProblemsError(problems)
    return sorted(known, key=lambda each: each.from_)


def _of_export(value: Any) -> dict[str, Any] | None:  # noqa: ANN401 - whatever stands there
    """Take of an exported incident what is known of incidents here; None where it was not over."""
    names = {field.alias or name for name, field in Known.model_fields.items()}
    given = {key: each for key, each in value.items() if key in names and each not in {None, ""}}
    return given if "to" in given else None


def _to_error(document: Document, place: Path_, detail: Any) -> RuleError:  # noqa: ANN401 - pydantic's own dict
    told = to_error(document, place, detail, KEYS)
    if detail["type"] == "model_type":
        return RuleError("an incident is a set of keys", where=told.where, hint=f"e.g. {EXAMPLE}")
    if detail["loc"] == ("procedure",):
        hint = "write it between quotes: procedure: '4.1'"
        return RuleError(f"procedure {detail['input']!r} is not a valid section", where=told.where, hint=hint)
    message, _, hint = told.message.partition("; ")
    return RuleError(message, where=told.where, hint=hint or told.hint)


def _check_section(known: Known, document: Document, place: Path_, runbook: Runbook) -> list[RuleError]:
    """The procedure is one of the runbook's, and has the step."""
    if known.procedure is None:
        return []
    procedure = runbook.procedure(known.procedure)
    if procedure is None:
        sections = ", ".join(each.section for each in runbook.procedures)
        where = document.where((*place, "procedure"))
        return [RuleError(f"unknown procedure '{known.procedure}'", where=where, hint=f"known: {sections} ({runbook.path})")]
    steps = [step.number for step in procedure.steps]
    if known.step and known.step not in steps:
        message = f"procedure {known.procedure} has no step {known.step}"
        hint = f"its steps are {', '.join(map(str, steps))}"
        return [RuleError(message, where=document.where((*place, "step")), hint=hint)]
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
