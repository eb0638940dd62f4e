"""Lists on a narrow terminal."""

import pytest

from logwatch.ui.tables import Paper, render_rows

COLUMNS = ("id", "rule", "shop", "holds", "until", "reason", "by")
ROW = (
    "379808",
    "payment-confirm",
    "전체",
    "sun 03:00, 1시간씩, 다음 2026-12-06 03:00 KST",
    "2027-02-27 09:47 KST",
    "주간 점검",
    "root",
)


@pytest.mark.parametrize("width", [80, 100, 200])
def test_nothing_of_a_list_is_cut_off_and_what_is_typed_again_stays_whole(width: int) -> None:
    shown = render_rows([ROW], COLUMNS, Paper(width, colour=False))
    assert shown.splitlines()[1].startswith("379808  ")
    assert max(map(len, shown.splitlines())) <= width
    assert sorted("".join(shown.split())) == sorted("".join("".join((*COLUMNS, *ROW)).split()))


def test_columns_that_fit_stay_whole() -> None:
    assert render_rows([("4.1", "a b c")], ("", "rules"), Paper(16, colour=False)).splitlines() == ["     rules", "4.1  a b c"]
