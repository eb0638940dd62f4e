"""The page in a browser: fits phone and desktop in light and dark, asks nobody for anything, and axe finds nothing to say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from logwatch.judge.verdicts import Level
from logwatch.notify.messages import LinkTargets
from tests.conftest import LOGS, Run
from tests.support.browser import DESKTOP, NAMES, PHONE, SCHEMES, View, browser, find_chromium
from tests.support.made_pages import hostile, html, make, markdown, walked
from tests.support.pages import FORBIDDEN, GOLDEN, check_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from logwatch.languages import Lang
    from logwatch.report.page_view import Page
    from tests.support.browser import Browser

CHROMIUM = find_chromium()
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason=f"none of {', '.join(NAMES)} is on this machine")

PAGES: dict[str, Callable[[Path], Page]] = {
    "payment ko": lambda _: make(f"{LOGS}/payment.ndjson"),
    "payment en": lambda _: make(
        f"{LOGS}/payment.ndjson", "en", LinkTargets("o4o-demo", "https://example.com/runbook"), minutes=30
    ),
    "storm ko": lambda _: make(f"{LOGS}/storm.ndjson"),
    "storm en": lambda _: make(f"{LOGS}/storm.ndjson", "en"),
    "without figures": lambda _: make(f"{LOGS}/development.ndjson", "en"),
    "hostile names": hostile,
    "walked ko": lambda _: walked(),
    "walked en": lambda _: walked("en"),
}
VIEWS = [View(*size, scheme) for size in (PHONE, DESKTOP) for scheme in SCHEMES] + [View(320, 568, "light")]
EXAMINED = [
    ("payment ko", View(*PHONE, "dark")), ("payment en", View(*DESKTOP, "light")), ("storm ko", View(*DESKTOP, "dark")),
    ("without figures", View(*PHONE, "light")), ("hostile names", View(*DESKTOP, "light")), ("walked ko", View(*PHONE, "light")),
    ("walked ko", View(*DESKTOP, "dark")), ("walked en", View(*PHONE, "dark")),
]  # fmt: skip


@pytest.fixture(scope="module")
def looker() -> Iterator[Browser]:
    with browser(str(CHROMIUM)) as found:
        yield found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give a page's file, written when it is first looked at."""
    folder = tmp_path_factory.mktemp("pages")

    def write(name: str) -> Path:
        path = folder / f"{name}.html"
        if not path.exists():
            path.write_text(html(PAGES[name](folder)), encoding="utf-8")
        return path

    return write


@pytest.mark.long
@needs_chromium
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_and_asks_nobody_for_anything(looker: Browser, written: Callable[[str], Path], name: str) -> None:
    seen = looker.look(written(name), VIEWS)
    assert seen.told == []
    assert seen.asked == []
    assert seen.overflow <= 0


@pytest.mark.long
@needs_chromium
def test_the_page_of_the_exit_conditions_is_as_good(looker: Browser) -> None:
    path = GOLDEN / "beta-exit.ko.html"
    seen = looker.look(path, VIEWS)
    assert (seen.told, seen.asked) == ([], [])
    assert seen.overflow <= 0
    assert [
        looker.examine(path, View(*size, scheme)).violations for size, scheme in zip((PHONE, DESKTOP), SCHEMES, strict=True)
    ] == [[], []]


@pytest.mark.long
@needs_chromium
@pytest.mark.parametrize(("name", "view"), EXAMINED, ids=str)
def test_everybody_can_read_a_page(looker: Browser, written: Callable[[str], Path], name: str, view: View) -> None:
    assert looker.examine(written(name), view).violations == []


@pytest.mark.long
@needs_chromium
def test_a_look_finds_what_is_wrong(looker: Browser, tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text('<p style="width:2000px">x<img src="x.png"><script>console.log("hello")</script>')
    seen = looker.look(page, [View(*PHONE, "light")])
    assert seen.overflow > 1000
    assert "hello" in seen.told
    assert [each.rpartition("/")[2] for each in seen.asked] == ["x.png"]
    assert any(each.startswith("image-alt") for each in looker.examine(page, View(*PHONE, "light")).violations)


@pytest.mark.long
@needs_chromium
def test_a_chart_is_read_out_and_its_text_can_be_selected(looker: Browser, written: Callable[[str], Path]) -> None:
    with looker.opened(written("payment en"), View(*DESKTOP, "light")) as tab:
        chart = tab.get_by_role(
            "img",
            name=re.compile(
                r"^payment-confirm kpa: now 24\.2% \(32.132, 10 min\) warning, worst 11\.9% \(3 min\) 15:24, normal range >90%"
            ),
        )
        assert chart.count() == 1
        selected = "getSelection().selectAllChildren(arguments = document.querySelector('#chart-11-title').parentNode) || getSelection().toString()"
        assert {"70%", "90%", "15:10"} <= set(tab.evaluate(selected).split())


@pytest.mark.long
@needs_chromium
def test_a_phone_breaks_no_word_of_a_title_and_names_nothing_that_is_empty(
    looker: Browser, written: Callable[[str], Path]
) -> None:
    with looker.opened(written("payment en"), View(*PHONE, "light")) as tab:
        titles = "[...document.querySelectorAll('figcaption > strong, .levels small')].filter(each => each.getClientRects().length > 1)"
        assert tab.evaluate(f"{titles}.map(each => each.textContent)") == []
        assert tab.evaluate("document.querySelectorAll('td[data-label]:empty').length") == 0


@pytest.mark.long
@needs_chromium
def test_light_and_dark_are_one_drawing_in_two_colours(looker: Browser, written: Callable[[str], Path]) -> None:
    colours = []
    for scheme in SCHEMES:
        with looker.opened(written("payment ko"), View(*DESKTOP, scheme)) as tab:
            line = "document.querySelector('.chart path[stroke*=line]')"
            colours.append(tab.evaluate(f"getComputedStyle({line}).stroke"))
    assert len(set(colours)) == 2
    assert "rgb(0, 0, 0)" not in colours


@pytest.mark.long
@needs_chromium
@pytest.mark.parametrize(("size", "columns"), [(PHONE, 1), (DESKTOP, 2)])
def test_charts_stand_beside_each_other_where_there_is_room(
    looker: Browser, written: Callable[[str], Path], size: tuple[int, int], columns: int
) -> None:
    with looker.opened(written("payment ko"), View(*size, "light")) as tab:
        places = tab.evaluate(
            "[...document.querySelectorAll('main > section > .charts > figure')].map(each => each.getBoundingClientRect().x)"
        )
        text = tab.evaluate("document.querySelector('.chart text').getBoundingClientRect().height")
    assert len(set(places)) == columns
    assert text > 10, "the figures in a chart can be read"


@pytest.mark.long
@needs_chromium
def test_what_is_folded_is_printed_and_on_white(looker: Browser, written: Callable[[str], Path]) -> None:
    with looker.opened(written("storm ko"), View(*DESKTOP, "dark")) as tab:
        folded = tab.locator(".calm figure").first
        assert not folded.is_visible()
        tab.emulate_media(media="print")
        assert folded.is_visible()
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


# ---- what it says


@pytest.mark.long
@pytest.mark.parametrize("name", ["payment", "storm"])
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_report_in_markdown_is_the_golden_one(run: Run, update_golden: bool, name: str, lang: str) -> None:  # noqa: FBT001
    ran = run("report", "-s", f"{LOGS}/{name}.ndjson", "--format", "markdown", "--lang", lang)
    path = GOLDEN / f"report-{name}.{lang}.md"
    if update_golden:
        path.write_text(ran.out, encoding="utf-8")
    assert ran.out == path.read_text(encoding="utf-8"), "if this is meant: pytest --update-golden"


@pytest.mark.long
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_page_has_its_sections_in_order(lang: Lang) -> None:
    headings = re.findall(r"<h2>(.*?)</h2>", html(make(f"{LOGS}/storm.ndjson", lang)))
    expected = {
        "ko": ["인시던트", "런북 3장 판정", "추이 차트", "느린 요청", "예상 알림", "데이터"],
        "en": ["incidents", "Runbook section 3 verdicts", "charts", "slow requests", "simulated messages", "data"],
    }
    assert headings == expected[lang]


@pytest.mark.long
def test_every_state_of_a_step_is_shown_with_what_was_found() -> None:
    page = html(walked())
    check_page(page)
    steps = re.findall(r'<li class="(\w*)( here)?">\n<span class="mark" aria-hidden="true">(.)</span>', page)
    assert steps == [("done", "", "✓"), ("todo", " here", "▶"), ("not_looked", "", "?"), ("not_the_case", "", "–")]
    assert page.count('<span class="tag">여기부터</span>') == 1
    for text in (
        "확인함",
        "조치 필요",
        "확인 못 함",
        "해당 없음",
        "REJECT_CARD_PAYMENT &lt;script&gt;",
        "p95 1694 ms ×2",
        "외 3건",
    ):
        assert text in page, text


def test_the_steps_in_markdown_are_a_list_with_marks() -> None:
    text = markdown(walked("en"))
    assert "- ✓ 1. GET /internal/ops/metrics" in text
    assert "- ▶ 2. **Cloud Run" in text
    assert "- ? 3. Toss API" in text
    assert "- – 4. duplicate.blocked" in text
    assert "   - REJECT\\_CARD\\_PAYMENT \\<script\\>" in text


@pytest.mark.long
def test_an_incident_shows_its_end_and_its_worst() -> None:
    (over,) = make(f"{LOGS}/payment.ndjson", "en").episodes.items
    (going,) = make(f"{LOGS}/payment.ndjson", "en", minutes=30).episodes.items
    assert (over.begun, over.ended, over.lasted, over.messages) == ("02-24 15:21", "15:46", "25 min", 2)
    assert over.message.alerts[0].peak == "lowest 11.9% (3 min to 15:24)"
    assert (going.ended, going.lasted) == ("", "9 min")
    assert going.message.alerts[0].value == "24.2% (32/132, 10 min)"
    assert "ongoing" in html(make(f"{LOGS}/payment.ndjson", "en", minutes=30))


def test_the_timeline_is_what_the_backtest_sends() -> None:
    told = make(f"{LOGS}/storm.ndjson", "en").timeline.items
    golden = "\n".join(f"{each.at}  {each.reason}" for each in told)
    assert golden == (
        "02-24 12:32  firing\n02-24 12:36  joined\n02-24 12:57  resolved\n02-24 13:21  firing\n02-24 13:39  resolved"
    )


def test_a_page_without_figures_says_so() -> None:
    page = html(make(f"{LOGS}/development.ndjson", "en"))
    assert "have the development format, without counters" in page
    assert "No data, so no chart" in page
    assert "No message would have been sent." in page


@pytest.mark.long
def test_a_page_without_data_begins_with_that_and_looks_healthy_nowhere() -> None:
    page = html(make(f"{LOGS}/development.ndjson", "en"))
    head = page.split("<header>")[1].split("</header>")[0]
    assert head.index("There is no data to judge.") < head.index("have the development format, without counters")
    assert 'class="levels"' not in page
    assert "Without data nobody knows whether there was one." in page
    for calm in ("No rule is elevated", "No incident in this time range"):
        assert calm not in page


@pytest.mark.long
def test_a_page_of_which_some_is_unknown_says_how_much_and_what_its_cards_count() -> None:
    made = make(f"{LOGS}/calm.ndjson", "en")
    page, levels = html(made), made.report.levels
    assert f"{levels[Level.UNKNOWN]} of {len(made.report.rows)} rows are unknown" in page
    assert f"How {sum(levels.values()) + made.report.unproven} rows, a rule and shop each, stand at the end." in page


@pytest.mark.long
def test_hostile_names_stay_text(tmp_path: Path) -> None:
    made = hostile(tmp_path)
    page = html(made)
    found = check_page(page)
    assert FORBIDDEN.findall(page) == []
    assert not {"script", "b", "img", "a"} & set(found.tags)
    assert made.gallery.undrawn > 10
    assert f"{made.gallery.undrawn}곳의 차트는 생략했습니다" in page
    assert "token=" not in page


@pytest.mark.long
def test_links_are_there_where_there_is_something_to_link_to() -> None:
    page = html(make(f"{LOGS}/payment.ndjson", "en", LinkTargets("o4o-demo", "https://example.com/runbook")))
    assert '<a href="https://example.com/runbook" rel="noreferrer">Runbook</a>' in page


@pytest.mark.long
def test_the_same_recording_gives_the_same_page() -> None:
    assert html(make(f"{LOGS}/storm.ndjson")) == html(make(f"{LOGS}/storm.ndjson"))
