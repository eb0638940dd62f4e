"""What is wrong with a value: pydantic's complaints, in words for whoever wrote the value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LONGEST_SHOWN = 60
_TIME = "a time with its zone, e.g. 2026-02-24T15:00+09:00"
_BELONGS = {
    "string": "a text", "int": "a whole number", "float": "a number", "finite": "a number", "bool": "true or false",
    "list": "a list", "tuple": "a list", "set": "a list", "frozen": "a list", "iterable": "a list",
    "dict": "a set of keys", "mapping": "a set of keys", "model": "a set of keys", "dataclass": "a set of keys",
    "arguments": "a set of keys",
    "datetime": _TIME, "timezone": _TIME,
    "date": "a day, e.g. 2026-02-24", "time": "a time, e.g. 15:00", "path": "a path", "none": "nothing",
}  # fmt: skip
"""What belongs there, by the first word of the complaint's kind."""


_MEASURES = {
    "greater_than": "more than", "greater_than_equal": "at least", "less_than": "less than", "less_than_equal": "at most",
    "multiple_of": "a multiple of",
}  # fmt: skip


def complaint(detail: Any) -> str:  # noqa: ANN401, PLR0911 - pydantic's own `ErrorDetails`; one return for each sort
    """Say what is wrong with a value: one of `ValidationError.errors()`."""
    kind, given = str(detail["type"]), detail.get("ctx") or {}
    shown = show(detail.get("input"))
    if kind in {"value_error", "assertion_error"}:
        return str(given["error"])
    if kind in {"extra_forbidden", "unexpected_keyword_argument"}:
        return "it is not known here"
    if kind in {"missing", "missing_argument"}:
        return "it is missing"
    if kind in {"literal_error", "enum"}:
        expected = str(given["expected"]).replace(" or ", ", ")
        return f"{shown} is not one of {expected}"
    if kind in _MEASURES:
        word = _MEASURES[kind]
        bound = f"{next(iter(given.values())):g}"
        return f"{shown} is not {word} {bound}"
    if kind in {"too_short", "string_too_short"}:
        least = given["min_length"]
        return "it is empty" if least == 1 else f"{shown} is too short: at least {least} belong here"
    if kind in {"too_long", "string_too_long"}:
        most = given["max_length"]
        return f"{shown} is too long: at most {most} belong here"
    if kind == "string_pattern_mismatch":
        form = given["pattern"]
        return f"{shown} does not have the form {form}"
    belongs = _BELONGS.get(kind.partition("_")[0], "something else")
    return f"{shown} stands where {belongs} belongs"


def show(value: object) -> str:
    """Show a value as it was written, as far as that is short."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "'true'" if value else "'false'"
    if isinstance(value, Mapping):
        return "a set of keys"
    if isinstance(value, list | tuple | set | frozenset):
        return "a list"
    text = str(value)
    return f"'{text}'" if len(text) <= LONGEST_SHOWN else f"'{text[: LONGEST_SHOWN - 1]}…'"
