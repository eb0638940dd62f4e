"""Every language says the same things, and nothing is there to say that nobody says."""

import ast
import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from jinja2 import Environment, nodes

import logwatch
from logwatch.languages import FOLDER, Worded, languages, text, words
from logwatch.languages.keys import DoctorKey, Family, Key
from tests.conftest import ROOT

NEVER_SAID = {"why.", "change.same"}
"""Members that have no text: a level that needs no reason, and a firing that nothing becomes of."""
PLAIN = frozenset(get_args(Key))
DOCTOR = frozenset(f"doctor.{key}" for key in get_args(DoctorKey))
PLACES = re.compile(r"{(\w+)(?::\w+)?}")


@cache
def worded() -> tuple[type[Worded], ...]:
    for module in pkgutil.walk_packages(logwatch.__path__, "logwatch."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return tuple(Worded.__subclasses__())


def in_families() -> set[str]:
    found: set[str] = {each.key_in(family) for members in worded() for each in members for family in members.families}
    return found - NEVER_SAID


@pytest.mark.parametrize("lang", languages())
def test_a_language_has_a_text_for_every_key_and_no_other(lang: str) -> None:
    wanted = PLAIN | DOCTOR | in_families()
    assert sorted(wanted - set(words(lang))) == [], "missing"
    assert sorted(set(words(lang)) - wanted) == [], "nobody asks for it"


def test_every_family_is_of_one_closed_set() -> None:
    assert sorted(family for members in worded() for family in members.families) == sorted(get_args(Family))


@pytest.mark.parametrize("lang", languages()[1:])
def test_languages_fill_the_same_places_in_the_same_sections(lang: str) -> None:
    own, first = (json.loads((FOLDER / f"{each}.json").read_text("utf-8")) for each in (lang, languages()[0]))
    assert [(section, list(texts)) for section, texts in own.items()] == [
        (section, list(texts)) for section, texts in first.items()
    ]
    for key in words(lang):
        assert set(PLACES.findall(words(lang)[key])) == set(PLACES.findall(words(languages()[0])[key])), key


def test_no_key_stands_twice_in_a_file() -> None:
    for lang in languages():
        keys = re.findall(r'^    "([^"]+)": "', (FOLDER / f"{lang}.json").read_text("utf-8"), re.MULTILINE)
        assert len(keys) == len(set(keys)) == len(words(lang))


def test_korean_is_korean_and_english_is_not() -> None:
    for key in words("ko"):
        own_words = re.sub(PLACES.pattern + r"|\W", "", words("ko")[key])
        assert not own_words or own_words == "ID" or any("가" <= char <= "힣" for char in own_words), key
        assert not any("가" <= char <= "힣" for char in words("en")[key]), key


def test_places_are_filled() -> None:
    assert text("instances", "ko", instances=3) == "인스턴스 3개"


# ---- which texts the program and its templates ask for


class Said(ast.NodeVisitor):
    """Finds the keys that a module names: where it calls for a text, and in what is annotated to hold keys."""

    def __init__(self, path: Path, callers: frozenset[str]) -> None:
        self.callers, self.keys = callers, set[str]()
        self.calls: list[tuple[str, set[str]]] = []
        tree = ast.parse(path.read_text("utf-8"))
        self.doctor = (
            any(
                isinstance(node, ast.ImportFrom)
                and node.module == "logwatch.checks"
                and any(each.name == "say" for each in node.names)
                for node in ast.walk(tree)
            )
            or path.name == "checks.py"
        )
        self.visit(tree)

    def take(self, node: ast.AST, *, doctor: bool) -> list[str]:
        found = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        found = [f"doctor.{each}" if doctor else each for each in found]
        self.keys |= {*found}
        return found

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in self.callers and not (name == "text" and isinstance(node.func, ast.Attribute)):  # a drawing's own
            doctor = self.doctor and isinstance(node.func, ast.Name)
            keys = [key for each in node.args for key in self.take(each, doctor=doctor)]
            if all(each.arg for each in node.keywords):
                self.calls += [(key, {str(each.arg) for each in node.keywords}) for key in keys]
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        annotation = ast.unparse(node.annotation)
        if "Key" in annotation and node.value:
            self.take(node.value, doctor="DoctorKey" in annotation)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.returns and "Key" in ast.unparse(node.returns):
            for each in ast.walk(node):
                if isinstance(each, ast.Return) and each.value:
                    self.take(each.value, doctor=False)
        self.generic_visit(node)


def callers() -> frozenset[str]:
    """Give the functions that take a key."""
    found = set()
    for path in [*modules(), FOLDER / "__init__.py"]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                taken = [*node.args.args, *node.args.kwonlyargs, *([node.args.vararg] if node.args.vararg else [])]
                if any(each.annotation and re.search(r"\b(Doctor)?Key\b", ast.unparse(each.annotation)) for each in taken):
                    found.add(node.name)
    return frozenset(found)


def modules() -> list[Path]:
    return [path for path in sorted((ROOT / "logwatch").rglob("*.py")) if path.parent != FOLDER]


@cache
def said_in_modules() -> tuple[Said, ...]:
    names = callers()
    return tuple(Said(path, names) for path in modules())


def said_in_templates() -> Iterator[tuple[str, nodes.Expr]]:
    for path in sorted((ROOT / "templates").rglob("*.j2")):
        for call in Environment(autoescape=True).parse(path.read_text("utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "say":
                yield path.name, call.args[0]


@pytest.mark.long
def test_what_takes_a_key_is_found() -> None:
    assert {"say", "columns"} <= callers()


@pytest.mark.long
def test_every_key_is_said_somewhere() -> None:
    said = {key for module in said_in_modules() for key in module.keys}
    said |= {each.value for _, each in said_in_templates() if isinstance(each, nodes.Const)}
    assert sorted((PLAIN | DOCTOR) - said) == []


@pytest.mark.long
def test_a_call_fills_the_places_of_its_text() -> None:
    wrong = [
        (key, sorted(given), sorted(places))
        for module in said_in_modules()
        for key, given in module.calls
        if key in PLAIN | DOCTOR and given != (places := set(PLACES.findall(words("en")[key])))
    ]
    assert wrong == []


def test_a_template_says_only_what_there_is() -> None:
    """What is no key is a member of a closed set, and says its own."""
    wrong = [
        (name, each)
        for name, each in said_in_templates()
        if not (isinstance(each, nodes.Const) and each.value in PLAIN)
        and not (isinstance(each, nodes.Getattr) and each.attr == "key")
    ]
    assert wrong == []
