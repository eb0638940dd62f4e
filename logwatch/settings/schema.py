"""The JSON Schema of `logwatch.toml`, for editors: made from the fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from logwatch.notify.channels.registry import CHANNELS
from logwatch.settings.fields import Settings, as_text, fields, is_secret, tables

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
    """Give the schema: every field flat, and those of a channel in its table too."""
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
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "logwatch.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": known | channels,
    }


def _entry(name: str, found: dict[str, Any]) -> dict[str, Any]:
    """Give a field's part; its default as one would type it."""
    field = fields()[name]
    part = {key: value for key, value in found.items() if key not in {"title", "default", "writeOnly"}}
    default = field.default if isinstance(field.default, int) else as_text(field.default)
    return {**part, **({"writeOnly": True} if is_secret(field) else {}), **({"default": default} if default else {})}
