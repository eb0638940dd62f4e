"""Entries from files: NDJSON in, raw LogEntry messages out."""

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from google.protobuf.json_format import ParseDict

from tests.support.local_google.fields import nanoseconds
from tests.support.local_google.messages import LogEntry

_MINUTE_NS = 60_000_000_000


def make_entry(fields: dict[str, Any]) -> Any:
    """Give the raw LogEntry of a JSON object with the service's camelCase names.

    Raises google.protobuf.json_format.ParseError where a field is unknown or has a wrong type.
    """
    return ParseDict(fields, LogEntry())


def load_entries(path: str | Path) -> list[Any]:
    """Give the raw LogEntry of each line of a file, in the file's order; blank lines are skipped.

    Raises OSError, ValueError where a line is not JSON, and what `make_entry` raises.
    """
    with Path(path).open(encoding="utf-8") as lines:
        return [LogEntry.FromString(_serialized(line)) for line in lines if line.strip()]


@lru_cache(50_000)
def _serialized(line: str) -> bytes:
    """Give a line's entry as bytes: many tests load the same lines, and reading JSON takes twenty times as long."""
    written: bytes = make_entry(json.loads(line)).SerializeToString()
    return written


def repeat(entries: Iterable[Any], times: int) -> Iterator[Any]:
    """Give the entries `times` over, each round later than the one before and with insert ids of its own.

    Rounds are whole minutes apart, so what was on a minute's edge stays there. The first round is unchanged.
    """
    originals = list(entries)
    stamps = [nanoseconds(entry.timestamp) for entry in originals]
    span = (max(stamps) - min(stamps)) // _MINUTE_NS * _MINUTE_NS + _MINUTE_NS if stamps else 0
    for number in range(times):
        for original in originals:
            entry = LogEntry()
            entry.CopyFrom(original)
            if number:
                entry.insert_id = f"{original.insert_id}r{number}"
                entry.timestamp.seconds += span * number // 1_000_000_000
                if original.HasField("receive_timestamp"):
                    entry.receive_timestamp.seconds += span * number // 1_000_000_000
            yield entry
