"""Documents of `--format json`, held against the schemas that ship."""

import json
from typing import Any

import jsonschema

from logwatch.cli.usage.schemas import FOLDER


def schema_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def check_document(name: str, text: str) -> dict[str, Any]:
    """Read a document, strictly JSON, hold it against its schema, and give it."""
    found: dict[str, Any] = json.loads(text, parse_constant=_refuse_constant)
    jsonschema.validate(found, schema_of(name), cls=jsonschema.Draft202012Validator)
    return found
