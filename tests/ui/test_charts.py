"""Charts: what a course looks like as SVG in a page and as PNG in a mail, read back out of the drawing."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from PIL import Image, ImageChops

from logwatch.ranges import Range
from logwatch.ui.charts import PAINT, VARIABLES, Period, Plot, png, svg
from tests.conftest import ROOT

START = datetime(2026, 2, 24, 6, 0, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")
GOOD, BAD = Range.parse("> 90 %"), Range.parse("< 70 %")
CALM, MANY = Range.parse("<= 50"), Range.parse("> 100")
FIRES = Period(START + timedelta(minutes=22), START + timedelta(minutes=30), firing=True)
VALUES: tuple[float | None, ...] = (*[0.95] * 20, *[0.4] * 10)


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def plot(values: tuple[float | None, ...] = VALUES, normal: Range = GOOD, warning: Range = BAD, *periods: Period) -> Plot:
    return Plot(START, values, normal, warning, periods=periods)


def draw(what: Plot, zone: ZoneInfo = SEOUL, title: str = "payment-confirm") -> str:
    return svg(what, zone, name="chart-1", title=title)


def texts(drawn: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(drawn).iter("text")]  # noqa: S314 - our own drawing


def paths(drawn: str, attribute: str, variable: str) -> list[str]:
    return [
        element.get("d", "")
        for element in ET.fromstring(drawn).iter("path")  # noqa: S314 - our own drawing
        if element.get(attribute) == f"var(--chart-{variable})"
    ]


def test_text_is_text_in_the_pages_own_font() -> None:
    drawn = draw(plot())
    assert texts(drawn) == ["70%", "90%", "15:00", "15:10", "15:20", "15:30"]
    assert "font" not in drawn


def test_times_are_those_of_the_zone() -> None:
    assert "06:10" in texts(draw(plot(), ZoneInfo("UTC")))
    assert "11:30" in texts(draw(plot(), ZoneInfo("Asia/Kolkata")))


@pytest.mark.parametrize(
    ("step", "count", "first", "most"), [(1, 1, "15:00", 2), (1, 180, "15:00", 7), (6, 240, "18:00", 7), (42, 240, "02-26", 8), (1440, 200, "03", 8)]
)  # fmt: skip
def test_a_span_of_any_length_has_a_few_round_times(step: int, count: int, first: str, most: int) -> None:
    drawn = svg(Plot(START, (0.95,) * count, GOOD, BAD, minutes(step)), SEOUL, name="a", title="")
    shown = [text for text in texts(drawn) if "%" not in text]
    assert shown[0].startswith(first)
    assert 1 <= len(shown) <= most


@pytest.mark.parametrize(
    ("normal", "warning", "value", "shown"),
    [
        ("> 80 %", "< 60 %", 0.5, ["60%", "80%"]),
        ("<= 50", "> 100", 20, ["100", "50"]),
        ("<= 0", "> 0", 0, ["0"]),
        ("<= 0", "> 0", 41, ["0", "41"]),
        ("<= 2", "> 10", 5000, ["10", "5000"]),
        ("< 500 ms", "> 1000 ms", 300_000, ["1000ms", "300s"]),
    ],
)
def test_the_bounds_and_what_goes_far_beyond_them_are_written(
    normal: str, warning: str, value: float, shown: list[str]
) -> None:
    drawn = draw(plot((value,) * 5, Range.parse(normal), Range.parse(warning)))
    assert [text for text in texts(drawn) if ":" not in text] == shown


def test_no_stand_in_colour_is_left() -> None:
    periods = (
        Period(START + minutes(20), START + minutes(22), firing=False),
        Period(START + minutes(22), START + minutes(30), firing=True),
    )
    drawn = draw(plot((None, *VALUES[1:]), GOOD, BAD, *periods))
    assert not re.search(r"#[0-9a-f]{6}", drawn)
    assert set(re.findall(r"var\(--chart-([\w-]+)\)", drawn)) == set(VARIABLES)
    assert set(VARIABLES) == set(PAINT)


def test_a_screen_reader_gets_the_title() -> None:
    drawn = draw(plot(), title='</title><b a="1">')
    root = ET.fromstring(drawn)  # noqa: S314 - our own drawing
    title = root.find("title")
    assert title is not None
    assert (root.get("role"), root.get("aria-labelledby"), title.get("id")) == ("img", "chart-1-title", "chart-1-title")
    assert title.text == '</title><b a="1">'


def test_a_drawing_has_no_id_but_its_own_and_styles_nothing_else() -> None:
    drawn = draw(plot())
    assert re.findall(r' id="([^"]*)"', drawn) == ["chart-1-title"]
    assert not re.search(r"<style|style=|<defs|<metadata|href|clip-path|http", drawn)


def test_the_same_values_give_the_same_drawing() -> None:
    assert draw(plot()) == draw(plot())
    assert png.__wrapped__(plot(VALUES, GOOD, BAD, FIRES), SEOUL) == png(plot(VALUES, GOOD, BAD, FIRES), SEOUL)


def test_a_gap_is_a_gap_and_a_value_alone_is_seen() -> None:
    (line,) = paths(draw(plot((0.9, 0.9, None, 0.8, None, None, 0.7, 0.7))), "stroke", "line")
    assert line.count("M") == 3
    assert len(paths(draw(plot((0.9, None, 0.8, None, None))), "fill", "unknown")) == 2


def test_nothing_known_is_all_gap() -> None:
    drawn = draw(plot((None,) * 9))
    assert len(paths(drawn, "fill", "unknown")) == 1
    assert [path for path in paths(drawn, "stroke", "line") if path.strip()] == []


def test_periods_stay_inside_the_drawing() -> None:
    periods = (
        Period(START - minutes(60), START + minutes(90), firing=True),
        Period(START - minutes(9), START - minutes(5), firing=True),
    )
    (shade,) = paths(draw(plot(VALUES, GOOD, BAD, *periods)), "fill", "firing")
    across = [float(number) for number in re.findall(r"[ML] (-?[\d.]+)", shade)]
    assert min(across) >= 4
    assert max(across) <= 425


@pytest.mark.parametrize("values", [VALUES, (), (None,) * 60, (0.5,), tuple(index % 7 / 7 for index in range(240))])
def test_a_mails_picture_is_small_white_and_of_double_resolution(values: tuple[float | None, ...]) -> None:
    drawn = png(plot(values, GOOD, BAD, FIRES), SEOUL)
    image = Image.open(io.BytesIO(drawn)).convert("RGB")
    assert image.size == (1120, 360)
    assert image.getpixel((1118, 2)) == (255, 255, 255)
    assert len(drawn) < 25_000


def test_the_picture_shows_from_when_it_fires() -> None:
    def reds(drawn: bytes) -> int:
        red, green, blue = (
            band.point(lambda value: value > 128 and 255) for band in Image.open(io.BytesIO(drawn)).convert("RGB").split()
        )
        return ImageChops.subtract(ImageChops.subtract(red, green), blue).histogram()[255]

    assert reds(png(plot(VALUES, CALM, MANY, FIRES), SEOUL)) > 500
    assert reds(png(plot(VALUES, CALM, MANY), SEOUL)) == 0


def test_nothing_is_imported_before_something_is_drawn() -> None:
    code = "import sys, logwatch.ui.charts; sys.exit('matplotlib' in sys.modules or 'PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.long
def test_a_home_that_cannot_be_written_to_is_no_news() -> None:
    code = """
from tests.ui.test_charts import GOOD, BAD, SEOUL, START, VALUES, plot, png
png(plot(VALUES, GOOD, BAD), SEOUL)
"""
    home = {"HOME": "/proc/nobody", "PATH": "/usr/bin:/bin"}
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=home, check=False, capture_output=True)
    assert (ran.returncode, ran.stderr) == (0, b"")
