"""Counters that reach the log in another spelling, where there is no doubt what they are.

Asked only of summaries in which nothing known could be read as it stands.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NESTED = "metadata"
"""Where winston puts what it is given beside the message, with some formats."""
DEEPEST = 6
"""Levels of objects that are looked into."""

_PLAIN_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,15})?", re.ASCII)
_STRUCT_KINDS = {"nullValue", "numberValue", "stringValue", "boolValue", "structValue", "listValue"}
_NO_IDENTIFIER = re.compile(r"\W", re.ASCII)


def respell(counters: dict[str, Any], known: Mapping[str, tuple[str, ...]] | None) -> dict[str, Any]:
    """Give counters as the application would have written them; what is in doubt stays as it is."""
    return _from_identifiers(_from_texts(_unnest(counters)), known or {})


def _unnest(counters: dict[str, Any]) -> dict[str, Any]:
    """Take out what winston has put into an object of its own."""
    inner = counters.get(NESTED)
    others = {key: value for key, value in counters.items() if key != NESTED}
    return {**others, **inner} if isinstance(inner, dict) and not inner.keys() & others.keys() else counters


def _from_texts(counters: dict[str, Any]) -> dict[str, Any]:
    """Read numbers that were written as texts, where all are: one text among numbers is a fault of its own."""
    if any(type(value) in (int, float) for value in counters.values()):
        return counters
    return {
        key: float(value) if isinstance(value, str) and _PLAIN_NUMBER.fullmatch(value) else value
        for key, value in counters.items()
    }


def _from_identifiers(counters: dict[str, Any], known: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Undo BigQuery's spelling, in which all but letters and digits is `_`, where all keys have it.

    >>> _from_identifiers({"read_found": 3, "order_tried_shop_kr_": 4}, {"read.found": (), "order.tried": ("shop",)})
    {'read.found': 3, 'order.tried{shop=kr}': 4}
    """
    if any(_NO_IDENTIFIER.search(key) for key in counters):
        return counters
    patterns = _patterns(tuple(sorted(known.items())))
    return {_from_identifier(key, patterns): value for key, value in counters.items()}


def _from_identifier(key: str, patterns: Mapping[str, re.Pattern[str]]) -> str:
    found = [(name, match) for name, pattern in patterns.items() if (match := pattern.fullmatch(key))]
    if len(found) != 1:
        return key
    name, match = found[0]
    labels = ",".join(f"{label}={value}" for label, value in match.groupdict().items())
    return f"{name}{{{labels}}}" if labels else name


@lru_cache(16)
def _patterns(known: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, re.Pattern[str]]:
    return {name: re.compile(_spelled(name) + "".join(_labels(labels))) for name, labels in known}


def _spelled(name: str) -> str:
    return _NO_IDENTIFIER.sub("_", name)


def _labels(labels: tuple[str, ...]) -> Iterator[str]:
    for label in labels:
        yield f"_{_spelled(label)}_(?P<{label}>\\w+?)" if label.isidentifier() else f"_{_spelled(label)}_\\w+?"
    if labels:
        yield "_"


def unwrap_struct(payload: dict[str, Any]) -> dict[str, Any] | None:
    """Read a protobuf Struct that was written as it stands in memory; None for anything else."""
    fields = payload.get("fields")
    if len(payload) != 1 or not isinstance(fields, dict) or not all(map(_is_struct_value, fields.values())):
        return None
    return {key: _unwrap(value, DEEPEST) for key, value in fields.items()}


def _is_struct_value(value: object) -> bool:
    return isinstance(value, dict) and len(_kinds(value)) == 1


def _kinds(value: dict[str, Any]) -> set[str]:
    return value.keys() & _STRUCT_KINDS


def _unwrap(value: object, levels: int) -> Any:  # noqa: ANN401 - whatever JSON holds
    if not levels or not isinstance(value, dict) or len(_kinds(value)) != 1:
        return None
    kind = _kinds(value).pop()
    held = value[kind]
    if kind == "structValue" and isinstance(held, dict) and isinstance(held.get("fields"), dict):
        return {key: _unwrap(each, levels - 1) for key, each in held["fields"].items()}
    if kind == "listValue" and isinstance(held, dict) and isinstance(held.get("values"), list):
        return [_unwrap(each, levels - 1) for each in held["values"]]
    return None if kind == "nullValue" else held


def texts_within(value: object, levels: int = DEEPEST) -> Iterator[str]:
    """Give every text in an object, however deep within reason."""
    if isinstance(value, str):
        yield value
    elif levels and isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts_within(each, levels - 1)
