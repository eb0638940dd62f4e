"""The schema of `logwatch.toml`: complete, as it is in rules/, and agreeing with what is read."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from logwatch.settings import NAME, OF_PROCESS, Settings, field_names, fields, is_secret, read_file, tables
from logwatch.settings.schema import settings_schema
from tests.conftest import ROOT, Run
from tests.support.every_setting import EVERY_SETTING, as_environment, as_toml

SCHEMA = settings_schema()


def test_the_shipped_schema_is_the_one_of_the_fields(run: Run) -> None:
    shipped = (ROOT / "rules/settings.schema.json").read_text()
    assert json.loads(shipped) == SCHEMA, "make golden writes it"
    assert run("settings", "--schema").out == shipped


def test_it_describes_every_field_flat_and_in_its_table() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]) == {*field_names(), *tables(), "targets"}
    target = SCHEMA["properties"]["targets"]["items"]
    assert set(target["properties"]) == {"name", *field_names(), *tables()} - OF_PROCESS
    for name, field in fields().items():
        entry = SCHEMA["properties"][name]
        assert entry["description"] == field.description
        assert {"type", "anyOf", "enum"} & set(entry), name
        assert entry.get("writeOnly", False) == is_secret(field)
    for table, keys in tables().items():
        assert {key: SCHEMA["properties"][name] for key, name in keys.items()} == SCHEMA["properties"][table]["properties"]


def test_a_file_of_everything_is_right_by_the_schema_and_by_the_program(tmp_path: Path) -> None:
    assert set(EVERY_SETTING) == set(field_names())
    jsonschema.validate(tomllib.loads(as_toml()), SCHEMA)
    (tmp_path / NAME).write_text(as_toml())
    found = Settings.load({}, read_file(tmp_path / NAME, field_names(), tables()))
    said = Settings.load(as_environment())
    beside = said.model_copy(update={"rules": tmp_path / str(said.rules), "target": "cart"})
    assert (found.model_dump(), found.channels) == (beside.model_dump(), said.channels)
    assert [name for name, field in fields().items() if found.value(name) == field.default] == []


@pytest.mark.parametrize(
    "text",
    [
        "langg = 'en'",
        "grace = 'soon'",
        "[slack]\nhook = 'x'",
        "[targets]\na = 1",
        "[email]\nsmtp_port = 'x'",
        "[[targets]]\nlang = 'en'",
    ],
)
def test_what_the_program_refuses_an_editor_underlines(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), SCHEMA)
