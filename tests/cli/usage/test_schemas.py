"""The schemas of what `--format json` writes: each is one, is strict, and is printed by `logwatch schema`."""

import json
from typing import Any

import jsonschema
import pytest

from logwatch.cli.usage.schemas import schema_names
from tests.conftest import Run
from tests.support.schemas import schema_of


def objects(schema: Any) -> list[dict[str, Any]]:
    """Every part of a schema that says which fields an object has."""
    if isinstance(schema, list):
        return [found for item in schema for found in objects(item)]
    if not isinstance(schema, dict):
        return []
    mine = [schema] if schema.get("type") == "object" and "properties" in schema else []
    return mine + [found for item in schema.values() for found in objects(item)]


@pytest.mark.parametrize("name", schema_names())
def test_a_schema_is_one_and_is_strict(name: str) -> None:
    schema = schema_of(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"].startswith("logwatch")
    assert objects(schema)
    assert all(found["additionalProperties"] is False for found in objects(schema))


def test_the_command_lists_the_schemas_and_prints_each(run: Run) -> None:
    assert run("schema").out.split() == schema_names()
    for name in schema_names():
        assert json.loads(run("schema", name).out) == schema_of(name)


def test_a_schema_that_is_none_is_told_with_the_nearest(run: Run) -> None:
    ran = run("schema", "evaluat", LOGWATCH_LANG="en")
    assert (ran.code, ran.out) == (2, "")
    assert "did you mean 'evaluate'?" in ran.err
