from pathlib import Path

import pytest

from logwatch.judge import kinds
from logwatch.judge.kinds import KINDS, Measures
from logwatch.judge.kinds.interface import Kind
from logwatch.judge.rules.model import rules_schema

HERE = Path(__file__).parent


def test_every_file_of_the_folder_is_a_kind_and_has_its_test() -> None:
    there = {path.stem for path in Path(str(kinds.__file__)).parent.glob("[!_]*.py")} - {"interface"}
    assert {kind.name for kind in KINDS} == there
    assert {path.stem for path in HERE.glob("test_*.py")} == {f"test_{name}" for name in (*there, "interface")}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_is_a_key_of_a_rule_file_and_named_in_the_schema(kind: type[Kind]) -> None:
    items = rules_schema()["items"]
    assert kind.name in Measures.model_fields
    assert kind.name in items["properties"]
    assert kind.name in items["description"]


def test_a_key_of_a_rule_file_that_measures_is_a_kind() -> None:
    assert {*Measures.model_fields} == {kind.name for kind in KINDS}
