"""YAML that remembers its lines, so that an error can name the place to mend."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from logwatch.complaints import complaint
from logwatch.errors import LogwatchError, RuleError, nearest
from logwatch.small_files import read_text

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C where PyYAML was built with it: six times as fast."""

DEEPEST = 20
"""Levels of lists and mappings in each other; evidence has six."""

LONGEST_KEY, LONGEST_TEXT = 200, 20_000
"""Characters."""
MOST_PROBLEMS = 100
"""Whoever has more of them mends these first."""

Path_ = tuple[str | int, ...]
"""Keys and positions that lead to a value, from the top of the file."""


VALUE_OF = "tag:yaml.org,2002:value"
"""What YAML 1.1 calls a lone `=`: a text to whoever writes it."""


class RuleProblemsError(LogwatchError):
    """All that is wrong with a folder of rules, not only the first thing."""

    def __init__(self, problems: Iterable[RuleError]) -> None:
        """Take the single errors."""
        found = iter(problems)
        self.problems = tuple(islice(found, MOST_PROBLEMS))
        if next(found, None):
            self.problems += (RuleError(f"more is wrong than the first {MOST_PROBLEMS} mistakes"),)
        super().__init__("\n".join(map(str, self.problems)))


class Document:
    """A YAML file's value, and the line of each part of it."""

    def __init__(self, path: Path) -> None:
        """Read the file; raises RuleError where it is no YAML."""
        self.path = path
        self.value, self._lines = _read(path, read_text(path, RuleError))

    def where(self, path: Path_) -> str:
        """Give `file:line` of a part, or of the nearest part around it."""
        while path and path not in self._lines:
            path = path[:-1]
        return f"{self.path}:{self._lines.get(path, 1)}"


class _Reader:
    """Builds a document's value out of YAML's events, since only they tell lines."""

    def __init__(self, path: Path, text: str) -> None:
        """Begin; raises one of PyYAML's errors where a character can be in no YAML."""
        self.path = path
        self.lines: dict[Path_, int] = {}
        self._loader = Loader(text)

    def read(self) -> Any:  # noqa: ANN401 - YAML holds anything
        """Give the value of the only document; raises RuleError or one of PyYAML's."""
        value = None
        self._take(yaml.StreamStartEvent)
        if self._loader.check_event(yaml.DocumentStartEvent):
            self._take(yaml.DocumentStartEvent)
            value = self._build(())
            self._take(yaml.DocumentEndEvent)
        if not self._loader.check_event(yaml.StreamEndEvent):
            raise self._refusal("a second document begins", self._loader.peek_event())
        return value

    def _take(self, kind: type[yaml.Event]) -> None:
        event = self._loader.get_event()
        if not isinstance(event, kind):  # what YAML's own grammar rules out
            raise self._refusal("not YAML", event)

    def _refusal(self, what: str, event: Any) -> RuleError:  # noqa: ANN401 - PyYAML has no types
        return RuleError(what, where=f"{self.path}:{event.start_mark.line + 1}")

    def _build(self, path: Path_) -> Any:  # noqa: ANN401 - YAML holds anything
        """Take the next value; what could be huge or endless, or make objects, is none that a rule needs."""
        event: Any = self._loader.get_event()
        if isinstance(event, yaml.AliasEvent):
            raise self._refusal(f"'*{event.anchor}' stands for something else: write it out", event)
        if event.tag:
            raise self._refusal(f"the tag '{event.tag}' is not taken: write the value alone", event)
        if len(path) > DEEPEST:
            raise self._refusal(f"more than {DEEPEST} levels deep", event)
        self.lines[path] = event.start_mark.line + 1
        if isinstance(event, yaml.SequenceStartEvent):
            return self._build_list(path)
        return self._build_mapping(path) if isinstance(event, yaml.MappingStartEvent) else self._scalar(event)

    def _scalar(self, event: Any) -> Any:  # noqa: ANN401 - likewise, and YAML holds anything
        if len(event.value) > LONGEST_TEXT:
            raise self._refusal(f"a text of more than {LONGEST_TEXT} characters", event)
        tag = self._loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag == VALUE_OF:
            return event.value
        try:
            return self._loader.construct_object(yaml.ScalarNode(tag, event.value, event.start_mark, event.end_mark))
        except ValueError as error:
            reason = str(error).partition(":")[0]  # what follows is for programmers
            raise self._refusal(f"'{event.value[:40]}' is read as a date or number, and is none: {reason}", event) from None

    def _build_list(self, path: Path_) -> list[Any]:
        result: list[Any] = []
        while not self._loader.check_event(yaml.SequenceEndEvent):
            result.append(self._build((*path, len(result))))
        self._loader.get_event()
        return result

    def _build_mapping(self, path: Path_) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while not self._loader.check_event(yaml.MappingEndEvent):
            named: Any = self._loader.get_event()
            line = named.start_mark.line + 1
            if not isinstance(named, yaml.ScalarEvent):
                raise self._refusal("a key is a plain word", named)
            key = named.value
            if len(key) > LONGEST_KEY:
                raise self._refusal(f"a key of more than {LONGEST_KEY} characters", named)
            if key in result:
                raise self._refusal(f"'{key}' stands twice", named)
            result[key] = self._build((*path, key))
            self.lines[(*path, key)] = line
        self._loader.get_event()
        return result


@lru_cache(maxsize=64)
def _read(path: Path, text: str) -> tuple[Any, dict[Path_, int]]:
    """Read a text, once: a service asks for the same files every minute, and each run twice. Raises RuleError."""
    try:
        reader = _Reader(path, text)
        return reader.read(), reader.lines
    except yaml.MarkedYAMLError as error:
        raise _fault(error, path, text) from None
    except yaml.YAMLError as error:
        raise RuleError(f"cannot be read: {error}", where=str(path)) from None


def _fault(error: yaml.MarkedYAMLError, path: Path, text: str) -> RuleError:
    """Say what is no YAML, and where; what is not closed, where it is opened."""
    opened, mark = error.context_mark, error.problem_mark
    context, problem, line = error.context or "", error.problem or "", mark.line if mark else 0
    message, hint = "not YAML", "indent the parts of a list or of a set of keys by the same number of blanks"
    if "flow mapping" in context:
        message, hint = "a brace that is opened here is not closed", "close it, or put a comma between two keys"
    elif "flow sequence" in context:
        message, hint = "a bracket that is opened here is not closed", "close it, or put a comma between two values"
    elif "quoted scalar" in context and "end of stream" in problem:
        message, hint = "a quote that is opened here is not closed", "close it with the same quote"
    else:
        opened = None
    if mark and not opened and "\t" in "".join(text.split("\n")[line : line + 1])[: mark.column + 1]:
        message, hint = "a tab stands where blanks belong", "indent with blanks"
    elif "mapping values" in problem:
        message, hint = "a second colon stands on this line", "put quotes around a text that holds a colon"
    elif "cannot start any token" in problem:
        message, hint = "a text begins with a sign that YAML keeps for itself", "put quotes around the text"
    return RuleError(message, where=f"{path}:{(opened.line if opened else line) + 1}", hint=hint)


def to_error(
    document: Document,
    top: Path_,
    detail: Any,  # noqa: ANN401 - pydantic's own
    keys: str | None = None,
    known: Iterable[str] = (),
) -> RuleError:
    """Say one of pydantic's complaints about what stands below `top`, with the line to mend.

    `keys` tells the known ones, `known` are those that may stand at the top.
    """
    path = tuple(part for part in detail["loc"] if part not in ("Proof", "literal['none']"))
    name = ".".join(map(str, path))
    told = complaint(detail)
    message, hint = f"{name}: {told}" if name else told, None
    if detail["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        near = nearest(name, [*known])
        message, hint = f"'{name}' is not known here", keys or f"{near}logwatch rules schema lists what is"
    elif detail["type"] == "missing":
        message, hint = f"'{name}' is missing", keys or "logwatch rules schema says what it holds"
    elif detail["type"] == "string_type" and isinstance(detail["input"], int | float | date):
        hint = f'put it in quotes: "{detail["input"]}"'
    return RuleError(message, where=document.where((*top, *path)), hint=hint)


def check_folder(folder: Path) -> None:
    """Raise RuleProblemsError where there is no folder of rules."""
    if not folder.is_dir():
        hint = "give a folder that holds *.yaml rule files with --rules"
        raise RuleProblemsError([RuleError("no such folder of rules", where=str(folder), hint=hint)])
