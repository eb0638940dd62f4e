"""A file of YAML is read whole, or its fault is named with its line; nothing in it can fill the memory or make objects."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from logwatch.errors import RuleError
from logwatch.judge.rules.load import load_rules
from logwatch.judge.rules.yaml_lines import DEEPEST, Document, RuleProblemsError
from tests.conftest import ROOT

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
    "a bracket that is not closed": ("- a\n- [b\nc", 2, "a bracket that is opened here"),
    "a brace that is not closed": ("- a\n- b: {c: 1\n  d: 2\n", 2, "a brace that is opened here"),
    "a quote that is not closed": ("- a\n- 'b\n", 2, "a quote that is opened here"),
    "a tab": ("- a:\n\tb: 1\n", 2, "a tab stands where blanks belong"),
    "a colon in a text": ("- a\n- b: c: d\n", 2, "a second colon"),
    "a sign of YAML's": ("- a\n- @b\n", 2, "a sign that YAML keeps"),
    "an indent that does not fit": ("  - a\n - b\n", 2, "not YAML"),
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


@pytest.mark.parametrize(
    ("written", "mended", "message", "hint"),
    [
        ("  ratio:", "  raito:", "'raito' is not known here", "did you mean 'ratio'? logwatch rules schema lists what is"),
        ('procedure: "4.1"', "procedure: 4.1", "procedure: '4.1' stands where a text belongs", 'put it in quotes: "4.1"'),
    ],
)
def test_a_slip_is_told_with_what_was_meant(tmp_path: Path, written: str, mended: str, message: str, hint: str) -> None:
    rules = shutil.copytree(ROOT / "rules", tmp_path / "rules")
    file = rules / "checkout.yaml"
    file.write_text(file.read_text().replace(written, mended, 1))
    with pytest.raises(RuleProblemsError) as caught:
        load_rules(rules)
    assert (message, hint) in [(each.message, each.hint) for each in caught.value.problems]
