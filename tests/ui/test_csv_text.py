"""CSV as pandas writes it."""

import pandas as pd
import pytest

from logwatch.ui.csv_text import PART, csv_parts

ODD = ["plain", "", " ", 'with "quotes"', "a,b", "two\nlines", "a\rb", "결제_실패", "C:\\temp", "'", "{a=b,c=d}", "\\N"]


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([0, -1, 2**63 - 1] * 4),
        pd.Series([0.0, 1.5, -0.0, 1e22, 1e-7, 2.0**63, float("nan"), 3.0, 1 / 3, 1e308, 0.1 + 0.2, float("nan")]),
        pd.Series(ODD, dtype=object),
        pd.Series(ODD, dtype="str"),
        pd.Series(ODD, dtype="category"),
        pd.Series([None, "a", "b"] * 4, dtype="category"),
    ],
    ids=["whole", "float", "object", "text", "category", "missing"],
)
@pytest.mark.parametrize("times", [0, 1, PART // 12 + 2])
def test_it_is_what_pandas_writes(column: "pd.Series[str]", times: int) -> None:
    table = pd.concat([pd.DataFrame({"name": column, 'o"dd': column})] * times) if times else pd.DataFrame({"name": column[:0]})
    text = "".join(csv_parts(table.assign(number=range(len(table)))))
    assert text == table.assign(number=range(len(table))).to_csv(index=False, lineterminator="\n")
