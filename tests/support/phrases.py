"""Every English text that logwatch may show where it arises, read out of its own source."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parent.parent.parent
PLACE = "{}"
"""What stands for a place of a template, whatever it is called."""
NOT_SHOWN = {"AssertionError", "TypeError", "NotImplementedError", "SystemExit", "RefusedError", "ParsingError"}
"""What no person reads: bugs, and the server's answers to Google."""
SHOWN_ARGUMENTS = {"hint", "hints", "otherwise", "error", "missed", "trouble"}
"""Arguments by these names are shown, whatever is called with them."""
SHOWN_CALLS = {"progress", "raises", "kind", "_not_slack", "_refusal"}
BEFORE_A_REASON = {"raised", "build", "_telling"}
"""Calls whose text a library's reason follows."""
OF_THE_LOG = {"logwatch/pipeline/run.py", "logwatch/pipeline/catch_up.py", "logwatch/pipeline/run_summary.py"}
"""Where errors end in the log of `run`, which is English."""
SHOWS = re.compile(r"Error\(|hint|progress\(|raised\(|news|description=|error=|trouble=|missed=|yield")
"""What a file holds that shows anything."""
DEEPEST = 12


@dataclass(frozen=True)
class Text:
    """A template as it is written in the source."""

    shape: str
    where: str


@dataclass(frozen=True)
class Scope:
    """Where a name is looked up: a function within its module."""

    module: Module
    function: ast.FunctionDef | None
    values: set[str]
    """Texts that may fill a place, and are looked up by themselves."""


class Module:
    """One file, with what its names stand for."""

    def __init__(self, path: Path) -> None:
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.nodes = list(ast.walk(self.tree))
        self.functions = [node for node in self.nodes if isinstance(node, ast.FunctionDef)]
        found = (node for node in self.nodes if isinstance(node, ast.ImportFrom) and str(node.module).startswith("logwatch"))
        self._imports = {alias.asname or alias.name: (str(node.module), alias.name) for node in found for alias in node.names}

    def function_of(self, node: ast.expr) -> ast.FunctionDef | None:
        """Give the innermost function around a node."""
        around = [each for each in self.functions if each.lineno <= node.lineno <= (each.end_lineno or 0)]
        return max(around, key=lambda each: each.lineno, default=None)

    def imported(self, name: str) -> tuple[Module, str] | None:
        """Give the module of ours that a name comes from, and what it is called there."""
        if name not in self._imports:
            return None
        module, original = self._imports[name]
        place = ROOT.joinpath(*module.split("."))
        return module_at(place / "__init__.py" if place.is_dir() else place.with_suffix(".py")), original


@cache
def module_at(path: Path) -> Module:
    return Module(path)


def shown_texts() -> list[Text]:
    """Give every text of an error, a hint or a line of progress."""
    found: dict[Text, None] = {}
    for path in sorted((ROOT / "logwatch").rglob("*.py")):
        module = module_at(path) if SHOWS.search(path.read_text(encoding="utf-8")) else None
        place = str(path.relative_to(ROOT))
        for node in module.nodes if module else ():
            for expression, form in _shown(node, place):
                scope = Scope(module_at(path), module_at(path).function_of(expression), set())
                shapes = {form.replace(PLACE, shape, 1) for shape in _shapes(expression, scope, 0)}
                for line in (line for shape in shapes | scope.values for line in shape.split("\n")):
                    if _says_something(line):
                        found[Text(line.strip(), f"{place}:{expression.lineno}")] = None
    return list(found)


def _shown(node: ast.AST, place: str) -> Iterator[tuple[ast.expr, str]]:
    """Give what a part of a file shows to people, and the form of which it fills the first place."""
    match node:
        case ast.Call():
            yield from _called(node, place)
        case ast.Assign(targets=[ast.Attribute(attr="hint")], value=value):
            yield value, PLACE
        case ast.Return(value=ast.IfExp() | ast.JoinedStr() as value) if place.endswith("/health_probes.py"):
            yield value, PLACE
        case ast.Yield(value=ast.Tuple(elts=[_, message, *_])) if place.endswith("/service.py"):
            yield message, PLACE
        case _:
            pass


def _called(call: ast.Call, place: str) -> Iterator[tuple[ast.expr, str]]:
    """Likewise of a call."""
    name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""
    raised = name.endswith("Error") and name not in NOT_SHOWN and place not in OF_THE_LOG
    raised |= name == "__init__" and place == "logwatch/errors.py"
    if (raised or name in SHOWN_CALLS) and call.args:
        yield call.args[-1] if name == "OSError" else call.args[0], PLACE
    if name in BEFORE_A_REASON and call.args:
        yield call.args[0], f"{PLACE}: {PLACE}"
    if ast.unparse(call.func).endswith(("held.news.append", "._flaws.append")):
        yield call.args[0], PLACE
    if name == "Held" and isinstance(call.args[-1], ast.List):
        yield call.args[-1], PLACE
    if name == "Field" and ("settings/" in place or "channels/" in place):
        yield from ((keyword.value, PLACE) for keyword in call.keywords if keyword.arg == "description")
    if place not in OF_THE_LOG:
        yield from ((keyword.value, PLACE) for keyword in call.keywords if keyword.arg in SHOWN_ARGUMENTS)


def _says_something(shape: str) -> bool:
    return sum(map(str.isalpha, shape.replace(PLACE, ""))) >= 3 and " " in shape.strip()


def _shapes(node: ast.expr | None, scope: Scope, depth: int) -> set[str]:
    """Give every text that an expression can come to, as far as the source says it; `{}` stands for what it does not."""
    again, found = depth + 1, {PLACE}
    if depth > DEEPEST:
        return found
    match node:
        case ast.Constant(value=str(text)):
            found = {text.replace("{who}", PLACE)}
        case ast.Constant(value=None):
            found = set()
        case ast.JoinedStr(values=parts):
            found = {"".join(each) for each in product(*(_parts(part, scope, again) for part in parts))}
        case ast.IfExp(body=one, orelse=other):
            found = _any((one, other), scope, again)
        case ast.BoolOp(values=values) | ast.Dict(values=values) | ast.Tuple(elts=values) | ast.List(elts=values):
            found = _any(values, scope, again)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            found = {a + b for a in _shapes(left, scope, again) for b in _shapes(right, scope, again)}
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)):
            found = _named(name, scope, again)
        case ast.Call():
            found = _given(node, scope, again)
    return found


def _given(call: ast.Call, scope: Scope, depth: int) -> set[str]:
    """Give every text that a call can give."""
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="get"), args=[_, *otherwise]):
            return _named(name, scope, depth) | _any(otherwise, scope, depth)
        case ast.Call(func=ast.Attribute(attr="fromkeys"), args=[_, value]):
            return _shapes(value, scope, depth)
        case ast.Call(func=ast.Name(id="next"), args=[ast.GeneratorExp(generators=[each]), otherwise]):
            known = (
                each.iter.func.value
                if isinstance(each.iter, ast.Call) and isinstance(each.iter.func, ast.Attribute)
                else each.iter
            )
            return _any((known, otherwise), scope, depth)
        case ast.Call(func=ast.Name(id=name)):
            return _returned(name, scope, depth)
        case _:
            return {PLACE}


def _any(nodes: Iterable[ast.expr | None], scope: Scope, depth: int) -> set[str]:
    return set().union(*(_shapes(each, scope, depth) for each in nodes))


def _parts(part: ast.expr, scope: Scope, depth: int) -> set[str]:
    """Give what a part of an f-string can come to: what has words of its own stands where it stands, all else is a place."""
    if isinstance(part, ast.FormattedValue):
        known = _shapes(part.value, scope, depth)
        if known and not any(each == PLACE for each in known):
            return known
        scope.values.update(known - {PLACE})
        return {PLACE}
    return _shapes(part, scope, depth)


def _named(name: str, scope: Scope, depth: int) -> set[str]:
    """Look a name up: in the function, in the module, in the module that it comes from."""
    for room in filter(None, (scope.function, scope.module.tree)):
        values = list(_assigned(name, room))
        if values:
            return set().union(*(_shapes(value, scope, depth) for value in values))
        if isinstance(room, ast.FunctionDef) and name in {each.arg for each in (*room.args.args, *room.args.kwonlyargs)}:
            return {PLACE}
    if imported := scope.module.imported(name):
        module, original = imported
        return _named(original, Scope(module, None, scope.values), depth)
    return {PLACE}


def _assigned(name: str, room: ast.AST) -> Iterator[ast.expr]:
    body: Iterable[ast.AST] = ast.walk(room) if isinstance(room, ast.FunctionDef) else ast.iter_child_nodes(room)
    for node in body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=target)], value=value)
                | ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value)
            ):
                if target == name:
                    yield value
            case ast.NamedExpr(target=ast.Name(id=target), value=value) if target == name:
                yield value
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                yield from (value for target, value in zip(targets, values, strict=False) if ast.unparse(target) == name)
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value) if name in map(ast.unparse, targets):
                yield value
            case _:
                pass


def _returned(name: str, scope: Scope, depth: int) -> set[str]:
    """Give what a function of ours returns."""
    for node in ast.iter_child_nodes(scope.module.tree):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            inside = Scope(scope.module, node, scope.values)
            returned = [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
            return set().union(*(_shapes(value, inside, depth) for value in returned))
    if imported := scope.module.imported(name):
        module, original = imported
        return _returned(original, Scope(module, None, scope.values), depth)
    return {PLACE}
