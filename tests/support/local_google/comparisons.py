"""One comparison of a filter: a field, an operator and a value become a predicate."""

import operator
import re
from collections.abc import Callable
from typing import Any

from google.logging.type.log_severity_pb2 import LogSeverity
from google.protobuf.timestamp_pb2 import Timestamp

from tests.support.local_google.fields import Field, Kind, nanoseconds, strings_of, strings_within

Predicate = Callable[[Any], bool]
"""Raw LogEntry to whether it matches."""

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

# Python's expressions know more than RE2's: looking around and back references are not in the service.
_NOT_IN_RE2 = re.compile(r"\(\?<?[=!]|\(\?P=|\(\?\(|(?<!\\)(?:\\\\)*\\[1-9]")


def has_text(text: str) -> Predicate:
    """Match entries with the text in any string field, in whatever case."""
    wanted = text.casefold()
    return lambda entry: any(wanted in value.casefold() for value in strings_of(entry))


def is_present(field: Field) -> Predicate:
    """Match entries that have the field."""
    if field.kind is Kind.SEVERITY:
        return lambda entry: bool(field.read(entry))
    return lambda entry: field.read(entry) is not None


def compare(field: Field, sign: str, text: str) -> Predicate:
    """Match entries whose field stands in the relation `sign` to the value that `text` spells.

    A missing field makes every comparison false. Raises ValueError where the field cannot be compared so.
    """
    if sign in ("=~", "!~"):
        return _regular_expression(field, sign, text)
    if field.kind is Kind.FREE:
        return _free(field, sign, text)
    if sign == ":":
        if field.kind is Kind.TIME:
            raise ValueError("a time cannot be searched with ':'")
        sign = "="
    wanted = _READ_VALUE[field.kind](text)
    holds = _ORDER[sign]

    def matches(entry: Any) -> bool:
        value = field.read(entry)
        return value is not None and holds(value, wanted)

    return matches


def _free(field: Field, sign: str, text: str) -> Predicate:
    folded = text.casefold()
    number = _number_or_none(text)
    relation = _ORDER["=" if sign == ":" else sign]

    def holds(value: Any) -> bool:
        if isinstance(value, str):
            return folded in value.casefold() if sign == ":" else relation(value.casefold(), folded)
        if isinstance(value, bool):
            return folded in ("true", "false") and relation(value, folded == "true")
        if isinstance(value, int | float):
            return number is not None and relation(value, number)
        if isinstance(value, list):
            return any(holds(item) for item in value)
        if isinstance(value, dict):
            return sign == ":" and any(folded in item.casefold() for item in strings_within(value))
        return False

    return lambda entry: holds(field.read(entry))


def _regular_expression(field: Field, sign: str, text: str) -> Predicate:
    if field.kind is not Kind.FREE:
        raise ValueError(f"'{sign}' needs a field of text")
    if _NOT_IN_RE2.search(text):
        raise ValueError("regular expressions may not look around or back")
    try:
        pattern = re.compile(text, re.ASCII)
    except (re.error, OverflowError) as exc:
        raise ValueError(f"not a regular expression: {exc}") from exc
    wanted = sign == "=~"

    def matches(entry: Any) -> bool:
        value = field.read(entry)
        return isinstance(value, str) and bool(pattern.search(value)) is wanted

    return matches


def _number_or_none(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _read_number(text: str) -> float:
    number = _number_or_none(text)
    if number is None:
        raise ValueError(f"'{text}' is not a number")
    return number


def _read_severity(text: str) -> int:
    if text.isdigit():
        return int(text)
    if text.upper() not in LogSeverity.keys():  # noqa: SIM118  the enum wrapper cannot be searched itself
        raise ValueError(f"'{text}' is not a severity: {', '.join(LogSeverity.keys())}")
    return int(LogSeverity.Value(text.upper()))


def _read_time(text: str) -> int:
    moment = Timestamp()
    try:
        # The hand-written client writes the offset as +0000, and the service takes it.
        moment.FromJsonString(re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", text))
    except ValueError as exc:
        raise ValueError(f"'{text}' is not an RFC 3339 time") from exc
    return nanoseconds(moment)


_READ_VALUE: dict[Kind, Callable[[str], float]] = {
    Kind.NUMBER: _read_number,
    Kind.SEVERITY: _read_severity,
    Kind.TIME: _read_time,
}
