"""What people see: golden files, the table in 80 columns, hostile log text, and the HTML page."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from logwatch.judge.verdicts import Level
from logwatch.report.render import spark
from logwatch.report.report import ReportCell, RuleRow
from tests.conftest import LOGS, ROOT, Run
from tests.support.pages import (
    FORBIDDEN,
    GOLDEN,
    HOSTILE,
    check_page,
    entry,
    slow_entry,
    summary_entry,
    write,
)

NO_CELL = ReportCell("", "", Level.UNKNOWN, Level.UNKNOWN, "", "")
RECORDED = ("calm", "storm", "payment", "text", "development")
FORMATS = {"txt": "table", "md": "markdown"}


PRINTED: dict[tuple[str, str, str], str] = {}
"""What was printed of a recording of the repository: it is judged once for all that is looked for in it."""


def evaluate(run: Run, source: str | Path, format_: str = "table", lang: str = "en") -> str:
    asked = (str(source), format_, lang)
    if asked not in PRINTED or not asked[0].startswith(LOGS):
        ran = run("evaluate", "-s", source, "--format", format_, "--lang", lang)
        assert ran.code == 0, ran.err
        PRINTED[asked] = ran.out
    return PRINTED[asked]


@pytest.mark.parametrize("name", ["payment", "storm"])
@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("suffix", FORMATS)
def test_the_report_is_the_golden_one(run: Run, update_golden: bool, name: str, lang: str, suffix: str) -> None:  # noqa: FBT001
    text = evaluate(run, f"{LOGS}/{name}.ndjson", FORMATS[suffix], lang)
    path = GOLDEN / f"evaluate-{name}.{lang}.{suffix}"
    if update_golden:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), "if this is meant: pytest --update-golden"


# ---- the table in a terminal


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_no_line_is_wider_than_80_cells(run: Run, name: str, lang: str) -> None:
    lines = evaluate(run, f"{LOGS}/{name}.ndjson", lang=lang).splitlines()
    assert [line for line in lines if cell_len(line) > 80] == []
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize(
    ("lang", "words"), [("ko", ("경고", "주의", "정상", "미상")), ("en", ("warning", "elevated", "normal", "unknown"))]
)
def test_levels_are_words_and_not_only_colours(run: Run, lang: str, words: tuple[str, ...]) -> None:
    lines = evaluate(run, f"{LOGS}/payment.ndjson", lang=lang).splitlines()
    rules = [line for line in lines if re.match(r"(checkout|payment|cache|database|redis|slow)-\w+ ", line)]
    assert len(rules) == 13 + len(("payment-prepare", "payment-missing"))
    unproven = {"주의?", "elev.?"}
    assert all({*words, *unproven} & {*line.split()} for line in rules)
    confirm = next(line for line in lines if line.startswith("payment-confirm"))
    assert words[2] in confirm.split()
    assert words[0] in confirm.split()


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("name", RECORDED)
def test_no_word_of_a_sentence_is_lost_where_a_line_breaks(run: Run, name: str, lang: str) -> None:
    """Sentences stand whole in Markdown; the table breaks them, and must not leave anything out."""
    source = f"{LOGS}/{name}.ndjson"
    page = evaluate(run, source, "markdown", lang).split("##")[-1].replace("\\", "")
    sentences = [line.removeprefix("- ") for line in page.splitlines()[1:] if line.strip()]
    squeezed = "".join(evaluate(run, source, lang=lang).split())
    assert sentences
    assert [sentence for sentence in sentences if "".join(sentence.split()) not in squeezed] == []


def test_colour_adds_nothing_but_colour(run: Run) -> None:
    from logwatch.report.render import STYLES

    source = f"{LOGS}/payment.ndjson"
    plain = evaluate(run, source)
    coloured = run("evaluate", "-s", source, "--lang", "en", FORCE_COLOR="1", NO_COLOR="", TERM="xterm")
    lines = re.sub(r"\x1b\[[0-9;]*m", "", coloured.out).splitlines()
    assert [line.rstrip() for line in lines] == plain.splitlines()
    assert "\x1b[" in coloured.out
    assert len(set(map(str, STYLES.values()))) == 5


def test_figures_of_a_bad_day_stand_whole_in_80_columns(run: Run, tmp_path: Path) -> None:
    counters: dict[str, float] = {f"checkout.attempt{{service={shop}}}": 123_456 for shop in ("cosmetics", "glycopharm", "kpa")}
    counters |= {"cache.hit": 1, "cache.miss": 9_876_543, "cache.error": 9_876_543, "request.total{method=GET,status=200}": 50}
    slow = [slow_entry(minute, "api", 300_000, "/api/v1/x") for minute in range(3) for _ in range(9)]
    source = write(tmp_path, [*(summary_entry(minute, counters) for minute in range(3)), *slow])
    for lang in ("ko", "en"):
        lines = evaluate(run, source, lang=lang).splitlines()[1:]
        assert max(map(cell_len, lines)) <= 80
        for figure in ("370,368", "9,876,543", "18%/3m"):
            assert sum(figure in line.split() for line in lines) >= 1, (lang, figure)


# ---- days, and the worst of a cell


def some_days(folder: Path) -> Path:
    """Write two days of a summary every quarter of an hour, with one bad minute in the second."""
    entries = []
    for number in range(200):
        at = datetime(2026, 2, 24, tzinfo=UTC) + timedelta(minutes=15 * number)
        bad = float(number == 150)
        counters = {
            "checkout.attempt{service=kpa}": 10.0,
            "checkout.success{service=kpa}": 10.0 - bad,
            "checkout.error{service=kpa}": bad,
        }
        line = summary_entry(0, counters) | {
            "insertId": str(number),
            "timestamp": at.isoformat(),
            "receiveTimestamp": at.isoformat(),
        }
        entries.append(line)
    return write(folder, entries)


@pytest.mark.long
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_span_of_days_says_on_which_day_it_was_worst(run: Run, tmp_path: Path, lang: str) -> None:
    """In the table, in Markdown and on the page; what was on the last day has none."""
    source = some_days(tmp_path)
    for format_ in ("table", "markdown", "html"):
        shown = evaluate(run, source, format_, lang)
        row = next(line for line in shown.splitlines() if "checkout-error" in line and "02-25 22:" in line)
        assert "02-25 22:31" in row, row
    lines = evaluate(run, source, lang=lang).splitlines()
    assert max(map(cell_len, lines[1:])) <= 80
    at = next(number for number, line in enumerate(lines) if line.startswith("checkout-error "))
    assert "0/>0" in lines[at] + lines[at + 1], "where the day has taken its room, the bound stands under its rule"


@pytest.mark.parametrize(("falls", "shown"), [(True, "▂▅▆"), (False, "█▅█")])
def test_a_cell_shows_the_worst_window_it_stands_for(falls: bool, shown: str) -> None:  # noqa: FBT001
    """As the charts of the page do: not the first of them, the last or the mean."""
    normal = [0.9, 0.2, 0.9, 0.5, 0.5, 0.5, 0.7, 0.9, 0.7]
    course = tuple((value, "normal") for value in normal)
    row = RuleRow("a", "", "", NO_CELL, NO_CELL, course, 1.0, falls, "", "", ("", ""), "")
    assert "".join(char for char, _ in spark(row, 3)) == shown


def test_a_graver_tone_is_worse_than_a_graver_figure() -> None:
    course = ((0.1, "unproven"), (0.5, "warning"), (None, "unknown"))
    row = RuleRow("a", "", "", NO_CELL, NO_CELL, course, 1.0, True, "", "", ("", ""), "")
    assert spark(row, 1) == [("▅", "warning")]


# ---- log text is hostile

NAMES = list(HOSTILE)
THREES = [NAMES[at : at + 3] for at in range(0, len(NAMES), 3)]
"""Few enough that a page shows each of them."""
SECRET = "sk_live_4242"  # noqa: S105 - the tests look for it


def hostile_source(folder: Path, *texts: str) -> Path:
    """Write a recording whose every free text is hostile: shop, counter, label, method, route, message."""
    counters: dict[str, float] = {"cache.hit": 5}
    slow: list[dict[str, Any]] = []
    said: list[dict[str, Any]] = []
    for number, text in enumerate(texts):
        counters |= {
            f"checkout.attempt{{service={text}}}": 40,
            f"checkout.success{{service={text}}}": 1,
            f"payment.prepare{{service={text}}}": 40,
            f"payment.confirm.success{{service={text}}}": 90,
            f"checkout.error{{service={text}}}": -1,
            f"new.{text}": 1,
        }
        url = f"/api/v1/{text}/checkout?paymentKey={SECRET}&q={text}#{SECRET}"
        slow += [slow_entry(3, text, 900, url, text), *(slow_entry(3, "checkout", 99_999, url, text) for _ in range(5))]
        said.append(entry(3, 999 - number, {"message": f"[KPA Payment] Confirm error: {text}"}))
    return write(folder, [*(summary_entry(minute, counters) for minute in range(4)), *slow, *said])


@pytest.mark.parametrize("names", THREES, ids=", ".join)
def test_hostile_text_moves_nothing_in_the_table(run: Run, tmp_path: Path, names: list[str]) -> None:
    lines = evaluate(run, hostile_source(tmp_path, *(HOSTILE[name] for name in names)), lang="ko").split("\n")
    assert FORBIDDEN.findall("".join(lines)) == []
    assert max(map(cell_len, lines[1:])) <= 80
    assert sum(line.startswith("checkout-success ") for line in lines) == 1
    assert SECRET not in "".join(lines)


@pytest.mark.parametrize(("format_", "lang"), [("table", "ko"), ("html", "en")])
@pytest.mark.parametrize("keys", [("broken{service=kpa", "{", "a{b}c"), ("{}", "{0}{x!r:9}")])
def test_a_counter_whose_braces_do_not_match_is_told(
    run: Run, tmp_path: Path, keys: tuple[str, ...], format_: str, lang: str
) -> None:
    counted = {f"{sign}{key}": count for key in keys for sign, count in (("", 1), ("minus.", -1))}
    page = evaluate(run, write(tmp_path, [summary_entry(0, {**counted, "cache.hit": 3})]), format_, lang).replace("\\", "")
    assert [key for key in keys if key not in page] == []


@pytest.mark.parametrize("what", ["a script", "colours of rich", "a table's end", "a call for everybody"])
def test_hostile_text_that_can_be_shown_is_shown_as_it_is(run: Run, tmp_path: Path, what: str) -> None:
    assert f"({HOSTILE[what]})" in evaluate(run, hostile_source(tmp_path, HOSTILE[what]))


def cells_of(row: str) -> list[str]:
    return re.split(r"(?<!\\)(?:\\\\)*\|", row)


@pytest.mark.parametrize("names", THREES, ids=", ".join)
def test_hostile_text_breaks_no_table_in_markdown(run: Run, tmp_path: Path, names: list[str]) -> None:
    page = evaluate(run, hostile_source(tmp_path, *(HOSTILE[name] for name in names)), "markdown")
    assert FORBIDDEN.findall(page) == []
    assert SECRET not in page
    tables = [block.split("\n") for block in page.split("\n\n") if block.startswith("|")]
    assert len(tables) == 2
    for table in tables:
        assert {len(cells_of(row)) for row in table if row} == {len(cells_of(table[1]))}
    assert not re.search(r"(?<!\\)[<`\[]", page), "nothing opens a tag, code or a link"


@pytest.mark.long
@pytest.mark.parametrize("names", THREES, ids=", ".join)
def test_hostile_text_stays_text_in_html(run: Run, tmp_path: Path, names: list[str]) -> None:
    page = evaluate(run, hostile_source(tmp_path, *(HOSTILE[name] for name in names)), "html")
    found = check_page(page)
    assert FORBIDDEN.findall(page) == []
    assert SECRET not in page
    assert not {"script", "b", "img", "a"} & set(found.tags)
    for shown in (HOSTILE[name] for name in names):
        if not FORBIDDEN.search(shown.replace("\n", "\x00")) and len(shown) < 200 and shown:
            assert shown in found.texts


@pytest.mark.parametrize("command", [["evaluate", "-f", "json"], ["windows", "--table", "slow"]])
def test_hostile_text_stops_no_document_for_programs(run: Run, tmp_path: Path, command: list[str]) -> None:
    ran = run(*command, "-s", hostile_source(tmp_path, *HOSTILE.values()))
    assert ran.code == 0
    assert SECRET not in ran.out
    if "json" in command:
        json.loads(ran.out)


@pytest.mark.parametrize("command", [["windows", "-s"], ["rules", "check", "--source"]])
def test_hostile_text_moves_nothing_on_standard_error(run: Run, tmp_path: Path, command: list[str]) -> None:
    ran = run(*command, hostile_source(tmp_path, *HOSTILE.values()))
    assert ran.code == 0
    assert FORBIDDEN.findall(ran.err) == []
    assert all(line.startswith(("표에 없는 로그: ", "확인 필요: ")) for line in ran.err.splitlines())


@pytest.mark.long
@pytest.mark.parametrize("format_", ["table", "json", "markdown", "html"])
@pytest.mark.parametrize("name", ["storm", "payment", "text"])
def test_query_strings_never_leave(run: Run, name: str, format_: str) -> None:
    source = f"{LOGS}/{name}.ndjson"
    secrets = set(re.findall(r"token=(\w+)", (ROOT / source).read_text(encoding="utf-8")))
    text = evaluate(run, source, format_)
    assert secrets
    assert "token=" not in text
    assert not any(secret in text for secret in secrets)
    if format_ != "json":
        assert "/api/v1/store/products/:id" in text


@pytest.mark.parametrize("options", [["--table", "slow"], ["--table", "counters"], ["--table", "slow", "-f", "json"]])
def test_query_strings_are_in_no_table_of_windows(run: Run, options: list[str]) -> None:
    assert "token=" not in run("windows", "-s", f"{LOGS}/storm.ndjson", *options).out


# ---- the HTML page


@pytest.mark.long
@pytest.mark.parametrize(("name", "lang"), [*((name, "en") for name in RECORDED), ("storm", "ko")])
def test_the_page_is_whole_and_needs_nothing_from_elsewhere(run: Run, name: str, lang: str) -> None:
    page = check_page(evaluate(run, f"{LOGS}/{name}.ndjson", "html", lang))
    assert ("html", "lang", lang) in page.attributes
    assert {"header", "main", "h1", "title", "table"} <= set(page.tags)
    assert page.tags.count("h1") == 1


@pytest.mark.long
@pytest.mark.parametrize("name", RECORDED)
def test_every_drawing_says_in_words_what_it_shows(run: Run, name: str) -> None:
    page = check_page(evaluate(run, f"{LOGS}/{name}.ndjson", "html"))
    drawings = page.tags.count("svg")
    labels = [value for tag, attribute, value in page.attributes if (tag, attribute) == ("svg", "aria-label")]
    named = [value for tag, attribute, value in page.attributes if (tag, attribute) == ("svg", "aria-labelledby")]
    titles = [value for tag, attribute, value in page.attributes if (tag, attribute) == ("title", "id")]
    assert len(named) >= 5 or name == "development"
    assert named == titles
    assert len(set(titles)) == len(titles)
    labels += [text for text in page.texts if re.match(r"[a-z-]+( [\w가-힣]+)?: now ", text)]
    assert drawings >= 13
    assert [value for tag, attribute, value in page.attributes if (tag, attribute) == ("svg", "role")] == ["img"] * drawings
    assert len(labels) == drawings
    assert all(re.match(r"[a-z-]+ ?[\w가-힣]*: \S", label) for label in labels)
    assert [label for label in labels if label != label.strip() or " :" in label] == []


@pytest.mark.long
@pytest.mark.parametrize("name", ["storm", "payment"])
def test_the_page_shows_every_rule_its_figures_and_the_procedures(run: Run, name: str) -> None:
    source = f"{LOGS}/{name}.ndjson"
    texts = " ".join(check_page(evaluate(run, source, "html")).texts)
    document = json.loads(evaluate(run, source, "json"))
    assert all(verdict["rule"] in texts for verdict in document["verdicts"])
    assert all(label in texts for label in document["slow_requests"])
    warned = {verdict["procedure"] for verdict in document["verdicts"] if (verdict["worst"] or {}).get("level") == "warning"}
    assert warned
    assert all(re.search(rf"{re.escape(section)} \S", texts) for section in warned)
