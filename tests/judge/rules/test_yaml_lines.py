"""A file of YAML is read whole, or its fault is named with its line; nothing in it can fill the memory or make objects."""

from datetime import date
from pathlib import Path

import pytest

from logwatch.errors import RuleError
from logwatch.judge.rules.yaml_lines import DEEPEST, Document

BOMB = "a: &a [x, x]\n" + "".join(
    f"{after}: &{after} [*{name}, *{name}]\n" for name, after in zip("abcde", "bcdef", strict=True)
)
FAULTS = {
    "a bomb of aliases": (BOMB, 2, "stands for something else"),
    "a list that holds itself": ("- &a [*a]", 1, "stands for something else"),
    "a tag that makes objects": ("- a\n- !!python/object:os.system x", 2, "the tag"),
    "a tag that makes nothing": ("- !!str 3", 1, "the tag"),
    "lists without end": ("[" * 100_000, 1, f"more than {DEEPEST} levels"),
    "mappings without end": ("- " + "{a: " * 100_000, 1, f"more than {DEEPEST} levels"),
    "a date that is none": ("- a\n- 2026-13-45", 2, "'2026-13-45' is read as a date"),
    "a second document": ("- a\n---\n- b", 2, "a second document"),
    "a list as a key": ("- ? [a]\n  : b", 1, "a key is a plain word"),
    "a key twice": ("a: 1\nb: 2\na: 3", 3, "'a' stands twice"),
    "an alias to be merged": ("- &x {a: 1}\n- <<: *x", 2, "stands for something else"),
    "a number without end": ("- 1\n- " + "9" * 5000, 2, "read as a date or number, and is none: Exceeds the limit"),
    "a text without end": ("- a\n- " + "x" * 30_000, 2, "a text of more than 20000 characters"),
    "a key without end": ("- a\n- ? " + "x" * 300 + "\n  : 1", 2, "a key of more than 200 characters"),
    "a character that is none": ("- a\n- b\n- c\0d", 3, r"the character U\+0000"),
    "a list that does not end": ("- a\n- [b", 3, "not YAML"),
}


@pytest.mark.parametrize(("text", "line", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    with pytest.raises(RuleError, match=message) as caught:
        Document(path)
    assert caught.value.where == f"{path}:{line}"


def test_values_are_read_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("# rules\n- a: 1\n  b: {c: [true, null, 2.5, '3']}\n- d\n")
    document = Document(path)
    assert document.value == [{"a": 1, "b": {"c": [True, None, 2.5, "3"]}}, "d"]
    assert [document.where(place).rpartition(":")[2] for place in ((0, "b", "c", 1), (1,), (0, "a", "x"))] == ["3", "4", "2"]


def test_a_lone_equals_sign_is_a_text(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("- =\n- 2026-02-24\n")
    assert Document(path).value == ["=", date(2026, 2, 24)]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_nothing_is_no_value(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    assert Document(path).value is None
