"""Every table and list with the longest names at 80 columns, on a terminal and through a pipe: nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from rich.text import Text

from logwatch.report.render import BARS
from logwatch.state.document import dump_state
from tests.conftest import LOGS, ROOT, Run
from tests.support.crowded import NOW, SHOPS, crowded
from tests.support.terminal import on_terminal

if TYPE_CHECKING:
    from pathlib import Path

LISTS = {
    "alerts": ["alerts"],
    "silences": ["silence", "list"],
    "silence that is tried": ["silence", "add", "--all", "--for", "1h", "--reason", "x", "--dry-run"],
    "rules": ["rules", "list"],
    "explanation": ["explain", "payment-duplicate"],
    "digest": ["digest", "--since", "30d"],
    "doctor": ["doctor"],
    "state": ["state", "show"],
    "exit conditions": ["beta-exit"],
    "exit conditions of lines": ["beta-exit", "--source", "SOURCE", "--days", "2"],
    "exit conditions in detail": ["beta-exit", "--source", "SOURCE", "--days", "2", "--details"],
    "evaluation": ["evaluate", "SOURCE"],
    "backtest": ["backtest", "SOURCE", "--incidents", "tests/fixtures/incidents/storm.yaml"],
    "comparison": ["backtest", "SOURCE", "--against", "rules"],
    "tuning": ["tune", "checkout-success", "SOURCE", "--incidents", "tests/fixtures/incidents/storm.yaml"],
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a crowded state, and a recording of a shop with a long name."""
    folder = tmp_path_factory.mktemp("t")
    (folder / "state.json").write_bytes(dump_state(crowded()))
    lines = (ROOT / LOGS / "storm.ndjson").read_text(encoding="utf-8").replace("glycopharm", SHOPS[2])
    (folder / "r.ndjson").write_text(lines.replace("cosmetics", SHOPS[1]), encoding="utf-8")
    return folder


def typed(name: str, place: Path) -> list[str]:
    return [str(place / "r.ndjson") if each == "SOURCE" else each for each in LISTS[name]]


def settings(place: Path, lang: str) -> dict[str, str]:
    return {"LOGWATCH_STATE": str(place / "state.json"), "LOGWATCH_NOW": NOW.isoformat(), "LOGWATCH_LANG": lang}


def words(text: str) -> set[str]:
    """Give the words of a list, without what is drawn, and heads as they stand over a column."""
    return {word.rstrip(":") for word in text.split() if not {*word} <= {*BARS, "·", "\\"}}


def check(narrow: str, wide: str) -> None:
    """Check that a list on 80 columns says every word of the one on paper without end, whole."""
    assert [line for line in narrow.splitlines() if cell_len(line) > 80] == []
    assert sorted(words(wide) - words(narrow)) == []


@pytest.mark.long
@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("name", LISTS)
def test_nothing_of_a_list_is_lost_in_80_columns(run: Run, place: Path, name: str, lang: str) -> None:
    narrow, wide = (run(*typed(name, place), **settings(place, lang), COLUMNS=str(columns)) for columns in (80, 1000))
    assert wide.out, wide.err
    check(*(each.out.replace(str(place), ".") for each in (narrow, wide)))  # however long the folder's name is here


@pytest.mark.long
@pytest.mark.parametrize("name", LISTS)
def test_a_terminal_shows_the_same_in_colour(run: Run, place: Path, name: str) -> None:
    shown = on_terminal(typed(name, place), settings(place, "ko"))
    plain = Text.from_ansi(shown.rpartition("\x1b[2K")[2]).plain
    wide = run(*typed(name, place), **settings(place, "ko"), COLUMNS="1000").out
    check(plain.replace(str(place), "."), wide.replace(str(place), "."))


@pytest.mark.parametrize(("lang", "who"), [("ko", "확인: "), ("en", "on it: ")])
def test_one_screen_says_what_fires_who_was_told_who_is_on_it_and_what_is_muted(
    run: Run, place: Path, lang: str, who: str
) -> None:
    out = run("alerts", **settings(place, lang)).out
    first = out[out.index("payment-duplicate (glycopharm)") : out.index(SHOPS[1])]
    for said in ("02-24 15:20", "slack 15:25", "pagerduty 15:26", f"{who}김하늘 (결제 플랫폼팀) 15:27"):
        assert said in first
    second = out[out.index(f"({SHOPS[1]})") :]
    assert f"{who}–" in second
    assert "2026-02-25 21:30 KST" in " ".join(second[: second.index(SHOPS[2])].split())
    assert "2026-05-25 15:20 KST" in out, "so does what mutes nothing now"


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_terminal_breaks_a_long_error_between_words(lang: str) -> None:
    shown = on_terminal(["explain", "payment-confrm"], {"LOGWATCH_LANG": lang})
    lines = shown.rstrip().splitlines()
    assert len(lines) > 4
    assert max(cell_len(line) for line in lines) <= 80
    assert "revision-payment" in " ".join(lines).split()[-1]


@pytest.mark.parametrize(
    "command", [["report", f"{LOGS}/calm.ndjson"], ["beta-exit", f"{LOGS}/calm.ndjson", "--format", "html"]]
)
def test_a_page_does_not_run_over_a_terminal(command: list[str]) -> None:
    shown = on_terminal(command, {"LOGWATCH_LANG": "en"})
    assert "--output report.html" in shown
    assert "<html" not in shown
