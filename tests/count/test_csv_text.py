"""CSV as pandas writes it."""

import numpy as np
import pytest

from logwatch.count.csv_text import PART, csv_parts
from logwatch.count.tables import Array, ArrayTable

ODD = ["plain", "", " ", 'with "quotes"', "a,b", "two\nlines", "a\rb", "결제_실패", "C:\\temp", "'", "{a=b,c=d}", "\\N"]


@pytest.mark.parametrize(
    ("column", "names"),
    [
        (np.array([0, -1, 2**63 - 1] * 4), []),
        (np.array([0.0, 1.5, -0.0, 1e22, 1e-7, 2.0**63, np.nan, 3.0, 1 / 3, 1e308, 0.1 + 0.2, np.nan]), []),
        (np.arange(12), ODD),
        (np.array([3, 0, 3] * 4), sorted(ODD)),
    ],
    ids=["whole", "float", "texts", "texts that not all are there"],
)
@pytest.mark.parametrize("times", [0, 1, PART // 12 + 2])
def test_it_is_what_pandas_writes(column: Array, names: list[str], times: int) -> None:
    columns = {"name": np.tile(column, times), 'o"dd': np.tile(column, times), "number": np.arange(12 * times)}
    table = ArrayTable(columns, {"name": names, 'o"dd': names} if names else {})
    assert "".join(csv_parts(table)) == table.frame().to_csv(index=False, lineterminator="\n")
