"""The house's own rules, held where no linter holds them."""

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

TESTS = sorted({*(ROOT / "tests").rglob("test_*.py")} - {Path(__file__)})
CLOCKS = re.compile(r"\b(monotonic|perf_counter|process_time|thread_time|timeit)\b")


def imported(path: Path) -> set[str]:
    """Give every module that a file imports, and what it takes out of it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{each.name}" for each in node.names}
    return found


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_a_test_file_imports_no_other_test_file(path: Path) -> None:
    others = [name for name in imported(path) if re.match(r"tests\..*\btest_", name)]
    assert others == [], "what several tests need stands in tests/support"


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_no_test_asks_how_long_something_took(path: Path) -> None:
    """How fast something is, is a benchmark's business; what must not hang has tests/support/patience.py."""
    assert CLOCKS.findall(path.read_text(encoding="utf-8")) == []
