"""Documents of `--format json`, held against the schemas that ship."""

import json
from functools import cache
from typing import Any

import jsonschema

from logwatch.cli.usage.schemas import FOLDER


def schema_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


@cache
def _validator(name: str) -> jsonschema.Draft202012Validator:
    schema = schema_of(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


def check_parsed(name: str, document: Any) -> dict[str, Any]:
    """Hold a document against its schema, and give it."""
    _validator(name).validate(document)
    assert isinstance(document, dict)
    return document


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def check_document(name: str, text: str) -> dict[str, Any]:
    """Read a document, strictly JSON, hold it against its schema, and give it."""
    return check_parsed(name, json.loads(text, parse_constant=_refuse_constant))
