"""The house stays as docs/architecture.md draws it: folders, sizes, names, and where imports stand."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = ROOT / "logwatch"
DOCUMENT = (ROOT / "docs/architecture.md").read_text()
MOST_FLAT, MOST_IN_A_FOLDER = 22, 16
HEAVY = {
    "google", "grpc", "isal", "jinja2", "markupsafe", "matplotlib", "numpy", "pandas", "PIL", "pyarrow", "pydantic", "requests",
    "rich", "slack_sdk", "subprocess", "tomllib", "urllib3", "waitress", "zstandard",
}  # fmt: skip
"""Libraries that take long to import, which no command should pay for that does not use them."""


MAKERS = {"logwatch.wiring", "logwatch.collect.sources", "logwatch.state.address"}
"""Where a part is made out of settings: each adapter is imported when it is asked for, and so is what a channel's folder builds."""


def makes_parts(module: str) -> bool:
    return module in MAKERS or (module.startswith("logwatch.notify.channels.") and MODULES[module].name == "__init__.py")


def modules() -> dict[str, Path]:
    """Every module by its dotted name."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


MODULES = modules()


@cache
def parsed(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text())


def targets(node: ast.stmt) -> list[str]:
    """What an import names: our module, or a library."""
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    if isinstance(node, ast.ImportFrom):
        inner = [f"{node.module}.{name.name}" for name in node.names]
        return [each if each in MODULES else str(node.module) for each in inner]
    return []


@cache
def loads(module: str) -> frozenset[str]:
    """Every module and library that comes in with a module, directly or not."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        for node in parsed(waiting.pop()).body:
            new = set(targets(node)) - found
            found |= new
            waiting += [each for each in new if each in MODULES]
    return frozenset(found)


def heavy(names: frozenset[str]) -> set[str]:
    return {name.partition(".")[0] for name in names} & HEAVY


def inner_imports() -> list[tuple[str, str, int]]:
    """Imports inside functions: the module, what it imports there, the line."""
    found = []
    for module in MODULES:
        functions = [node for node in ast.walk(parsed(module)) if isinstance(node, ast.FunctionDef)]
        inner = [node for function in functions for node in ast.walk(function)]
        optional = {id(node) for tried in inner if isinstance(tried, ast.Try) for node in tried.body}
        inside = {node for node in inner if isinstance(node, (ast.Import, ast.ImportFrom)) and id(node) not in optional}
        found += [(module, target, node.lineno) for node in inside for target in targets(node)]
    return sorted(found)


@pytest.mark.long
def test_an_import_inside_a_function_spares_a_heavy_library() -> None:
    """All others stand at the top, where a reader looks for them; only a circle excuses one."""
    idle = []
    for module, target, line in inner_imports():
        brought = {target.partition(".")[0]} & HEAVY | (heavy(loads(target)) if target in MODULES else set())
        circle = target in MODULES and module in loads(target)
        if not (brought - heavy(loads(module)) or circle or makes_parts(module)):
            idle.append(f"{module}:{line} {target}")
    assert idle == []


def test_few_files_lie_flat_and_few_in_a_folder() -> None:
    folders = Counter(path.parent for path in MODULES.values() if path.name != "__init__.py")
    assert folders[PACKAGE] <= MOST_FLAT
    assert {str(folder): count for folder, count in folders.items() if folder != PACKAGE and count > MOST_IN_A_FOLDER} == {}


@pytest.mark.long
def test_no_class_name_means_two_things() -> None:
    names = Counter(node.name for module in MODULES for node in ast.walk(parsed(module)) if isinstance(node, ast.ClassDef))
    assert [name for name, count in names.items() if count > 1] == []


def test_the_first_line_of_each_module_says_what_it_does() -> None:
    assert [module for module in MODULES if not (ast.get_docstring(parsed(module)) or "").strip()] == []


def drawn() -> set[str]:
    """The folders and modules that the picture in the document shows, as paths below logwatch/."""
    picture = DOCUMENT.partition("```\nlogwatch/\n")[2].partition("```")[0]
    found: set[str] = set()
    above: list[str] = []
    for line in picture.splitlines():
        head = line.split()[0] if line.strip() else ""
        if head.endswith("/"):
            above = [*above[: (len(line) - len(line.lstrip())) // 2 - 1], head.rstrip("/")]
            found.add("/".join(above))
    return found


def test_the_picture_shows_every_folder() -> None:
    folders = {str(path.parent.relative_to(PACKAGE)) for path in MODULES.values() if path.parent != PACKAGE}
    assert folders - drawn() == set()
    assert drawn() - folders == set()


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"`((?:logwatch|rules|tests|templates|docs|deploy|benchmarks)/[\w./-]*)`", DOCUMENT)))
)
def test_a_path_of_the_document_is_there(name: str) -> None:
    assert (ROOT / name).exists()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([a-z_]+(?:/[a-z_]+)*\.py):(\w+)`", DOCUMENT))))
def test_a_function_of_the_document_is_there(name: tuple[str, str]) -> None:
    path, function = name
    tree = ast.parse((PACKAGE / path).read_text())
    assert function in {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
