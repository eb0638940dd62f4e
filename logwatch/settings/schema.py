"""The JSON Schema of `logwatch.toml`, for editors: made from the fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from logwatch.notify.channels.registry import CHANNELS
from logwatch.settings.fields import OF_PROCESS, Settings, as_text, fields, is_secret, tables
from logwatch.settings.file import NAMED, TARGETS
from logwatch.settings.targets import NAME

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import core_schema


class _FileSchema(GenerateJsonSchema):
    """How values are typed: lengths of time as people do, one name or a list of them, and no null, which TOML has not."""

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:  # noqa: ARG002 - pydantic's own signature
        return {"type": "string", "pattern": r"^(0|(\d+[smhdw])+)$"}

    def tuple_schema(self, schema: core_schema.TupleSchema) -> JsonSchemaValue:  # noqa: ARG002 - likewise
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> JsonSchemaValue:  # noqa: ARG002, ANN401 - likewise
        return {}  # what no file holds

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def settings_schema() -> dict[str, Any]:
    """Give the schema: every field flat, those of a channel in its table too, and what a target may say of its own."""
    flat: dict[str, Any] = {}
    models: tuple[type[BaseModel], ...] = (Settings, *CHANNELS)
    for model in models:
        flat |= model.model_json_schema(schema_generator=_FileSchema)["properties"]
    known = {name: _entry(name, flat[name]) for name in fields()}
    channels = {
        each.name: {
            "type": "object",
            "description": f"Settings of the channel {each.title['en']}.",
            "additionalProperties": False,
            "properties": {key: known[name] for key, name in tables()[each.name].items()},
        }
        for each in CHANNELS
    }
    named = {"type": "string", "pattern": f"^{NAME}$", "description": "What this target is called, and its folder."}
    target = {
        "type": "object",
        "description": "One service of several; what it leaves out is said above, to all of them.",
        "additionalProperties": False,
        "required": [NAMED],
        "properties": {NAMED: named} | {name: each for name, each in known.items() if name not in OF_PROCESS} | channels,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "logwatch.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": known | channels | {TARGETS: {"type": "array", "items": target}},
    }


def _entry(name: str, found: dict[str, Any]) -> dict[str, Any]:
    """Give a field's part; its default as one would type it."""
    field = fields()[name]
    part = {key: value for key, value in found.items() if key not in {"title", "default", "writeOnly"}}
    default = field.default if isinstance(field.default, int) else as_text(field.default)
    return {**part, **({"writeOnly": True} if is_secret(field) else {}), **({"default": default} if default else {})}
