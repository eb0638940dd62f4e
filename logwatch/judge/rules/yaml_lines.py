"""YAML that remembers its lines, so that an error can name the place to mend."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from logwatch.errors import LogwatchError, RuleError

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C where PyYAML was built with it: six times as fast."""

Path_ = tuple[str | int, ...]
"""Keys and positions that lead to a value, from the top of the file."""


class RuleProblemsError(LogwatchError):
    """All that is wrong with a folder of rules, not only the first thing."""

    def __init__(self, problems: Iterable[RuleError]) -> None:
        """Take the single errors."""
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Document:
    """A YAML file's value, and the line of each part of it."""

    def __init__(self, path: Path) -> None:
        """Read the file; raises RuleError where it is no YAML."""
        self.path = path
        self._lines: dict[Path_, int] = {}
        try:
            self._loader = Loader(path.read_text(encoding="utf-8"))
            node = self._loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise RuleError(f"not YAML: {error.problem}", where=f"{path}:{line}") from None
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise RuleError(f"cannot be read: {error}", where=str(path)) from None
        self.value: Any = self._build(node, ()) if node else None

    def _build(self, node: yaml.Node, path: Path_) -> Any:  # noqa: ANN401 - YAML holds anything
        self._lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode):
            return [self._build(child, (*path, index)) for index, child in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._build_mapping(node, path)
        return self._loader.construct_object(node)

    def _build_mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, child in node.value:
            key = str(key_node.value)
            if key in result:
                raise RuleError(f"'{key}' stands twice", where=f"{self.path}:{key_node.start_mark.line + 1}")
            result[key] = self._build(child, (*path, key))
            self._lines[(*path, key)] = key_node.start_mark.line + 1
        return result

    def where(self, path: Path_) -> str:
        """Give `file:line` of a part, or of the nearest part around it."""
        while path and path not in self._lines:
            path = path[:-1]
        return f"{self.path}:{self._lines.get(path, 1)}"


def to_error(document: Document, top: Path_, detail: Any, keys: str | None = None) -> RuleError:  # noqa: ANN401 - pydantic's own
    """Say one of pydantic's complaints about what stands below `top`, with the line to mend; `keys` tells the known ones."""
    path = tuple(part for part in detail["loc"] if part not in ("Proof", "literal['none']"))
    name = ".".join(map(str, path))
    message = detail["msg"].removeprefix("Value error, ")
    hint = None
    if detail["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        message, hint = f"'{name}' is not known here", keys or "logwatch rules schema lists what is"
    elif detail["type"] == "missing":
        message, hint = f"'{name}' is missing", keys or "logwatch rules schema says what it holds"
    elif name:
        message = f"{name}: {message}"
    return RuleError(message, where=document.where((*top, *path)), hint=hint)


def check_folder(folder: Path) -> None:
    """Raise RuleProblemsError where there is no folder of rules."""
    if not folder.is_dir():
        hint = "give a folder that holds *.yaml rule files with --rules"
        raise RuleProblemsError([RuleError("no such folder of rules", where=str(folder), hint=hint)])
