"""Tables in columns of numpy's arrays; a DataFrame is made where pandas does something with one that numpy does not.

pandas takes four times as long to import as numpy does, and a run, or a table that is written as CSV, needs nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from logwatch.collect.parse import LARGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pandas import DataFrame

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class ArrayTable:
    """Columns of equal length by name; a column of texts holds places in its sorted names."""

    columns: Mapping[str, Array]
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By column of texts: each different one, also those that no row has."""

    def __len__(self) -> int:
        """Count the rows."""
        return len(next(iter(self.columns.values())))

    def __getitem__(self, column: str) -> Array:
        """Give a column's values; of texts, their places."""
        return self.columns[column]

    def texts(self, column: str) -> Array:
        """Give the texts of a column."""
        return np.array(self.names[column], dtype=object)[self.columns[column]] if len(self) else np.empty(0, object)

    def rows(self, *columns: str) -> Iterator[tuple[Any, ...]]:
        """Give some columns' values row by row, texts as they are."""
        values = (self.texts(name) if name in self.names else self.columns[name] for name in columns)
        return zip(*(each.tolist() for each in values), strict=True)

    def take(self, rows: Array | slice) -> ArrayTable:
        """Give some of the rows: a slice, places, or where it is true."""
        return replace(self, columns={name: values[rows] for name, values in self.columns.items()})

    def between(self, first: int, last: int) -> ArrayTable:
        """Give the rows of some minutes, both of them included, out of a table that is sorted by minute."""
        return self.take(slice(*np.searchsorted(self.columns["minute"], [first, last + 1])))

    def renamed(self, column: str, named: Callable[[str], str] = str, more: Iterable[str] = ()) -> ArrayTable:
        """Give each text of a column another name, several of them the same if need be; `more` are names that no row has."""
        new = [named(name) for name in self.names[column]]
        names = sorted({*new, *more})
        place = {name: code for code, name in enumerate(names)}
        codes = np.array([place[name] for name in new], "int32")[self.columns[column]] if len(self) else self.columns[column]
        return ArrayTable({**self.columns, column: codes}, {**self.names, column: names})

    def joined(self, more: Mapping[str, Sequence[Any]]) -> ArrayTable:
        """Give it with more rows, sorted by its minutes and then its series."""
        table = self.renamed("series", more=more["series"])
        place = {name: code for code, name in enumerate(table.names["series"])}
        added = {**more, "series": [place[name] for name in more["series"]]}
        columns = {name: np.append(values, np.array(added[name], values.dtype)) for name, values in table.columns.items()}
        return replace(table, columns=columns).take(np.lexsort([columns["series"], columns["minute"]]))

    def frame(self) -> DataFrame:
        """Give it as pandas has it; texts are categories."""
        import pandas as pd

        def given(name: str, values: Array) -> Any:  # noqa: ANN401 - whatever a DataFrame takes as a column
            texts = self.names.get(name)
            return values if texts is None else pd.Categorical.from_codes(values, pd.Index(np.array(texts, dtype=object)))

        return pd.DataFrame({name: given(name, values) for name, values in self.columns.items()})


def sorted_table(columns: Mapping[str, Array], named: Mapping[str, Iterable[str]], inside: Array | slice) -> ArrayTable:
    """Give the rows that lie inside, sorted by all columns; `named` gives the names that a column's numbers stand for."""
    columns, names = {name: values[inside] for name, values in columns.items()}, {}
    for column, texts in named.items():
        rank, names[column] = sorted_names(texts)
        columns[column] = rank[columns[column]]
    return ArrayTable(columns, names).take(np.lexsort(list(reversed(columns.values()))))


def sorted_names(texts: Iterable[str]) -> tuple[Array, list[str]]:
    """Give the place of each name when they are sorted, and the names in that order."""
    names = list(texts)
    order = sorted(range(len(names)), key=names.__getitem__)
    rank = np.empty(len(names), dtype="int32")
    rank[order] = np.arange(len(names), dtype="int32")
    return rank, [names[at] for at in order]


def sums_by(key: Array, value: Array) -> tuple[Array, Array]:
    """Give the keys that there are, sorted, and the sum of the values of each; the order of the rows is no matter.

    One flawed count makes its sum unknown, which is NaN, and so does a sum that no float holds.
    """
    order = np.lexsort((value, key))
    keys = key[order]
    first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
    with np.errstate(over="ignore"):
        sums = np.add.reduceat(value[order], first) if len(first) else np.empty(0)
    return keys[first], np.where(sums <= LARGEST, sums, np.nan)
