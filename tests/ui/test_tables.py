"""Lists on paper of any width: nothing is cut off, no word is broken, no line is wider than the paper."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from logwatch.ui.tables import Paper, fold, render_rows

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
WORD = st.text(st.sampled_from("abc한글매장🔥1-"), min_size=1, max_size=12)
CELL = st.lists(WORD, max_size=9).map(" ".join)


def shown_on(width: int, *rows: tuple[str, ...], columns: tuple[str, ...] = COLUMNS) -> list[str]:
    return render_rows(rows, columns, Paper(width, colour=False)).splitlines()


@pytest.mark.parametrize("width", [40, 80, 100, 200])
def test_nothing_of_a_list_is_cut_off_and_what_is_typed_again_stays_whole(width: int) -> None:
    lines = shown_on(width, ROW)
    assert lines[1].startswith("379808  ")
    assert max(map(cell_len, lines)) <= width
    squeezed = " ".join(" ".join(lines).split())
    assert [cell for cell in ROW if cell not in squeezed] == []


def test_columns_that_fit_stay_whole() -> None:
    assert shown_on(16, ("4.1", "a b c"), columns=("", "rules")) == ["     rules", "4.1  a b c"]


def test_the_last_column_breaks_where_it_can_be_read() -> None:
    lines = shown_on(
        48, ("cache-hit", "> 70 %", "the share of reads that the cache answers"), columns=("rule", "normal", "what")
    )
    assert lines == [
        "rule       normal  what",
        "cache-hit  > 70 %  the share of reads that the",
        "                   cache answers",
    ]


def test_what_has_no_room_stands_under_its_row_with_its_head() -> None:
    """A reason three letters wide is read by nobody."""
    rows = [
        ("payment-confirm (kpa)", "firing", "31.8% (5 min)", "silenced until 16:00: the bank is at work (s1)"),
        ("cache-hit (all)", "firing", "40%", ""),
    ]
    assert shown_on(48, *rows, columns=("alert", "state", "value", "muted because")) == [
        "alert            state   value",
        "payment-confirm (kpa)",
        "                 firing  31.8% (5 min)",
        "  muted because: silenced until 16:00: the bank",
        "    is at work (s1)",
        "cache-hit (all)  firing  40%",
    ]


def test_the_widest_makes_room_where_no_other_does_it_alone() -> None:
    lines = shown_on(80, ROW)
    assert lines[0].split() == ["id", "rule", "shop", "until", "reason", "by"]
    assert lines[2] == "  holds: sun 03:00, 1시간씩, 다음 2026-12-06 03:00 KST"


def test_columns_of_figures_end_at_their_right_wide_letters_counted() -> None:
    text = render_rows([("매장", "9", "x"), ("kpa", "1,000", "y")], ("a", "n", "z"), Paper(80, colour=False), right={1})
    assert text.splitlines() == ["a         n  z", "매장      9  x", "kpa   1,000  y"]


@pytest.mark.long
@given(st.lists(st.tuples(WORD, CELL, CELL, CELL), min_size=1, max_size=4), st.integers(40, 120))
def test_every_word_stands_whole_in_its_row_and_no_line_is_wider_than_the_paper(
    rows: list[tuple[str, ...]], width: int
) -> None:
    heads = ("first", "두 번째 열", "third", "the last of them")
    lines = shown_on(width, *rows, columns=heads)
    assert max(map(cell_len, lines)) <= width
    assert [line for line in lines if line != line.rstrip()] == []
    words = sorted(" ".join(lines).split())
    for word in (word for row in rows for cell in row for word in cell.split()):
        words.remove(word)
    assert all(word.rstrip(":") in " ".join(heads).split() for word in words)


def test_colour_adds_nothing_but_colour() -> None:
    from rich.text import Text

    coloured = render_rows([ROW], COLUMNS, Paper(80, colour=True))
    assert "\x1b[" in coloured
    assert Text.from_ansi(coloured).plain.splitlines() == shown_on(80, ROW)


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("short", 40, "short"),
        ("  ✓ one two three", 12, "  ✓ one two\n    three"),
        ("한글 매장 한글", 9, "한글 매장\n  한글"),
        ("see https://example.com/a/very/long/address now", 20, "see\n  https://example.com/a/very/long/address\n  now"),
        ("a\n\nb", 40, "a\n\nb"),
    ],
)
def test_a_line_is_broken_between_words_and_hangs(text: str, width: int, shown: str) -> None:
    assert fold(text, Paper(width, colour=False)) == shown


def test_a_command_that_is_broken_can_still_be_pasted() -> None:
    command = "→ gcloud run services update o4o-core-api --region=asia-northeast3"
    lines = fold(command, Paper(40, colour=False), 4, " \\").splitlines()
    assert lines == ["→ gcloud run services update \\", "    o4o-core-api \\", "    --region=asia-northeast3"]
