"""What the values in the rules' YAML files are made of."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from fnmatch import fnmatchcase
from operator import attrgetter
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    RootModel,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from logwatch.durations import format_duration, parse_duration
from logwatch.languages import choose


def _whole_minutes(text: object) -> timedelta:
    span = text if isinstance(text, timedelta) else parse_duration(text)
    if span % timedelta(minutes=1):
        raise ValueError(f"'{text}' is not a whole number of minutes, and a window is one minute")
    return span


_DURATION_SCHEMA = {"type": ["string", "integer"], "pattern": r"^(0|(\d+[smhdw])+)$", "examples": ["2m"]}
Duration = Annotated[
    timedelta,
    BeforeValidator(_whole_minutes),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema(_DURATION_SCHEMA),
]


def _some_time(span: timedelta) -> timedelta:
    if not span:
        raise ValueError("a span of 0 looks at nothing; use e.g. '1m', '5m'")
    return span


Stretch = Annotated[Duration, AfterValidator(_some_time)]
"""A duration that is not 0."""


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


SELECTOR = r"^[\w.]+(\.\*)?$"
_NAME = {"type": "string", "pattern": SELECTOR}
Selectors = Annotated[
    tuple[Annotated[str, Field(pattern=SELECTOR)], ...],
    BeforeValidator(_as_list),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [_NAME, {"type": "array", "items": _NAME, "minItems": 1}]}),
]
"""Counter names, `*` standing for the rest of a name; several add up."""


class Model(BaseModel):
    """A record that a YAML file holds: nothing in it that is not known, nothing changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)  # built with the record that holds it, once


def read_as(source: object, made: Callable[..., object], field: str, handler: GetCoreSchemaHandler) -> CoreSchema:
    """Let a record of one field be read from a bare value of another type, and be written as one."""
    written = core_schema.plain_serializer_function_ser_schema(attrgetter(field))
    return core_schema.no_info_after_validator_function(made, handler.generate_schema(source), serialization=written)


class Text(RootModel[Annotated[dict[Annotated[str, Field(pattern=r"^[a-z]{2}$")], str], Field(min_length=1)]]):
    """A sentence, by language."""

    model_config = ConfigDict(frozen=True)

    def __getitem__(self, lang: str) -> str:
        """Give the sentence in a language; where it is not written in that, in the common one or the first."""
        return choose(self.root, lang)


def selects(selectors: Iterable[str], name: str) -> bool:
    """Tell whether one of the selectors means a counter of this name."""
    return any(selector == name or (selector.endswith("*") and fnmatchcase(name, selector)) for selector in selectors)


def idle_selectors(selectors: Iterable[str], names: Iterable[str]) -> list[str]:
    """Give the selectors that mean none of these counters, each once."""
    known = tuple(names)
    return [selector for selector in dict.fromkeys(selectors) if not any(selects([selector], name) for name in known)]
