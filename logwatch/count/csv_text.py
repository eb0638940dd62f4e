"""Tables as CSV, a part at a time: what pandas writes, in a tenth of the time and without holding all of it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from logwatch.count.tables import ArrayTable

PART = 1 << 13
"""Rows that are written at once."""


def csv_parts(table: ArrayTable) -> Iterator[str]:
    """Give the header, and then the rows; texts are quoted where they must be, each different one once."""
    yield ",".join(_quoted(list(table.columns))) + "\n"
    columns = [_texts(table, name) for name in table.columns]
    for start in range(0, len(table), PART):
        rows = zip(*(texts(slice(start, start + PART)) for texts in columns), strict=True)
        yield "\n".join(map(",".join, rows)) + "\n"


def _texts(table: ArrayTable, column: str) -> Callable[[slice], Iterator[str]]:
    """Give what gives the fields of some rows."""
    values = table[column]
    fields = _quoted(table.names[column]) if column in table.names else []
    write = fields.__getitem__ if column in table.names else _number if values.dtype.kind == "f" else str
    return lambda rows: map(write, values[rows].tolist())


def _number(value: float) -> str:
    return repr(value) if value == value else ""  # noqa: PLR0124 - what is not a number is missing


def _quoted(texts: Sequence[str]) -> list[str]:
    """Give texts as fields of CSV."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    fields = []
    for text in texts:
        written.seek(0)
        written.truncate()
        writer.writerow((text, ""))  # a text alone would be quoted where it is empty
        fields.append(written.getvalue()[: -len(",\n")])
    return fields
