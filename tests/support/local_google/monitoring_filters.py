"""Filters of Cloud Monitoring, as far as they are needed: comparisons for equality or a prefix, joined by AND."""

import re
from collections.abc import Callable
from typing import Any

_CLAUSE = re.compile(r"""
    \s* (?P<field>[a-z_.]+\w*) \s*=\s* (?P<prefix>starts_with\s*\(\s*)? "(?P<value>(?:[^"\\]|\\.)*)" (?(prefix)\s*\)) \s*
""", re.VERBOSE)  # fmt: skip

Test = Callable[[str], bool]


def parse_filter(text: str) -> dict[str, Test]:
    """Give the test of each field; `metric.label.x` is spelt `metric.labels.x`. Raises ValueError."""
    tests: dict[str, Test] = {}
    at = 0
    while at < len(text):
        found = _CLAUSE.match(text, at)
        if found is None:
            raise ValueError(f"the filter cannot be read from '{text[at:]}' on")
        value = re.sub(r"\\(.)", r"\1", found["value"])
        tests[found["field"].replace(".label.", ".labels.")] = _starts(value) if found["prefix"] else value.__eq__
        at = found.end()
        if at < len(text):
            joined = re.compile(r"AND\s").match(text, at)
            if joined is None:
                raise ValueError(f"'AND' is missing before '{text[at:]}'")
            at = joined.end()
    return tests


def _starts(prefix: str) -> Test:
    return lambda value: value.startswith(prefix)


def matches(tests: dict[str, Test], header: Any) -> bool:
    """Tell whether a raw TimeSeries passes every test. Raises ValueError where a field is unknown."""
    return all(test(_read(header, field)) for field, test in tests.items())


def _read(header: Any, field: str) -> str:
    match field.split(".", 2):
        case ["metric", "type"]:
            return str(header.metric.type)
        case ["metric", "labels", key]:
            return str(header.metric.labels.get(key, ""))
        case ["resource", "type"]:
            return str(header.resource.type)
        case ["resource", "labels", key]:
            return str(header.resource.labels.get(key, ""))
    raise ValueError(f"unknown field '{field}'")
