"""A file of YAML is read whole, or its fault is named with its line; nothing in it can fill the memory or make objects."""

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
    "a list that does not end": ("- a\n- [b", 3, "not YAML"),
}


@pytest.mark.parametrize(("text", "line", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    with pytest.raises(RuleError, match=message) as caught:
        Document(path)
    assert caught.value.where == f"{path}:{line}"


@pytest.mark.parametrize("raw", [b"- a\x00b", b"\xff\xfe\x00", b"- \xed\xa0\x80"])
def test_what_is_no_text_cannot_be_read(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(raw)
    with pytest.raises(RuleError, match="cannot be read"):
        Document(path)


def test_values_are_read_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("# rules\n- a: 1\n  b: {c: [true, null, 2.5, '3']}\n- d\n")
    document = Document(path)
    assert document.value == [{"a": 1, "b": {"c": [True, None, 2.5, "3"]}}, "d"]
    assert [document.where(place).rpartition(":")[2] for place in ((0, "b", "c", 1), (1,), (0, "a", "x"))] == ["3", "4", "2"]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_nothing_is_no_value(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    assert Document(path).value is None
