"""A course as a drawing: SVG for pages, PNG for mail. Figures, times and bounds stand in it, and no words.

matplotlib is imported when something is drawn, and not before.
"""

from __future__ import annotations

import io
import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from html import escape
from itertools import groupby
from math import nan
from threading import Lock
from typing import TYPE_CHECKING

from logwatch.spans import EPOCH, WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from logwatch.ranges import Range

VARIABLES = {
    "line": "#01a001",
    "text": "#01a002",
    "axis": "#01a003",
    "normal": "#01a004",
    "warning": "#01a005",
    "pending": "#01a006",
    "firing": "#01a007",
    "unknown": "#01a008",
    "pending-edge": "#01a009",
    "firing-edge": "#01a00a",
}
"""Colours that stand for the page's variables `--chart-…`: one drawing serves light and dark."""
PAINT = {
    "line": "#1d4f91",
    "text": "#4a5563",
    "axis": "#b7bfc9",
    "normal": "#e9f5ee",
    "warning": "#fdeceb",
    "pending": "#fbe3b3",
    "firing": "#f7c5c1",
    "unknown": "#eceff2",
    "pending-edge": "#b87a00",
    "firing-edge": "#c3231b",
}
"""The same on the white of a mail; none of them sees through."""
_BETWEEN = ("#8ea7c8", "#a3a9b0", "#d2d6db", "#8a8aa9", "#f2a7a1")
"""What lies between two of them where an edge is smoothed; with white, sixteen colours, which half a byte can name."""
STEPS_MIN = (1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 7200, 10080, 20160)
"""Minutes between two times on the axis."""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time in which an alert was pending or firing."""

    start: datetime
    end: datetime
    firing: bool


@dataclass(frozen=True, slots=True)
class Plot:
    """What a drawing shows: one value for each step of time, None where nothing is known."""

    start: datetime
    values: tuple[float | None, ...]
    normal: Range
    warning: Range
    step: timedelta = WINDOW
    periods: tuple[Period, ...] = ()


def svg(plot: Plot, zone: ZoneInfo, *, name: str, title: str) -> str:
    """Draw for a page: its text is text in the page's own font, its colours are the page's variables.

    `name` must be unique on the page; `title` is what a screen reader reads out.
    """
    _quieten()
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "path.simplify": False}):
        figure = Figure(figsize=(480 / 72, 168 / 72), dpi=72)
        FigureCanvasSVG(figure)
        _draw(figure, plot, zone, VARIABLES, font=11)
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _for_page(written.getvalue(), name, title)


_ONE_AT_A_TIME = Lock()
"""matplotlib's fonts are everybody's, and know nothing of threads: messages of several targets are drawn one by one."""


@lru_cache(4)
def png(plot: Plot, zone: ZoneInfo) -> bytes:
    """Draw for a mail: 560 × 180 px at twice the resolution on white, the same bytes for the same values.

    A mail that is refused is tried again with the same drawing, minute after minute.
    """
    _quieten()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=(5.6, 1.8), dpi=200, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    with _ONE_AT_A_TIME:
        _draw(figure, plot, zone, PAINT, font=7.5)
        canvas.draw()
    drawn = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba()).convert("RGB")
    palette = Image.new("P", (1, 1))
    palette.putpalette(b"".join(bytes.fromhex(colour[1:]) for colour in ("#ffffff", *PAINT.values(), *_BETWEEN)))
    written = io.BytesIO()
    drawn.quantize(palette=palette, dither=Image.Dither.NONE).save(written, format="png", optimize=True, bits=4)
    return written.getvalue()


def _quieten() -> None:
    """Keep matplotlib from telling that it can keep no cache where the home directory cannot be written to."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)


def _draw(figure: Figure, plot: Plot, zone: ZoneInfo, colours: Mapping[str, str], *, font: float) -> None:
    """Draw a plot into a figure, in units of a step and of the value."""
    count, top = max(len(plot.values), 1), _top(plot)
    axes = figure.add_axes((0.01, 0.15, 0.85, 0.80))
    axes.set_xlim(0, count)
    axes.set_ylim(0, top)
    axes.set_axis_off()
    for range_, name in ((plot.normal, "normal"), (plot.warning, "warning")):
        low, high = (0, range_.bound) if range_.falls else (range_.bound, top)
        axes.axhspan(low, min(high, top), color=colours[name], linewidth=0)
    for first, last in _unknown(plot.values):
        axes.axvspan(first, last, color=colours["unknown"], linewidth=0)
    for period in plot.periods:
        _shade(axes, plot, period, colours)
    _mark_bounds(axes, plot, colours, font)
    axes.plot([0, count], [0, 0], color=colours["axis"], linewidth=1, clip_on=False)
    axes.plot(*_polyline(plot.values), color=colours["line"], linewidth=font / 6.5, solid_joinstyle="round", clip_on=False)
    for place, label in _times(plot, zone):
        axes.text(place, -0.05 * top, label, ha=_side(place / count), va="top", color=colours["text"], fontsize=font)


def _top(plot: Plot) -> float:
    """Give the upper end of the axis: all of a share that must not fall, else room for the bounds and every value."""
    highest = max((value for value in plot.values if value is not None), default=0.0)
    if plot.warning.unit == "%":
        return 1.0 if plot.warning.falls else min(max(plot.warning.bound * 3, highest * 1.08), 1.0)
    return max(plot.normal.bound * 1.3, plot.warning.bound * 1.3, highest * 1.08, 1.0)


def _shade(axes: Axes, plot: Plot, period: Period, colours: Mapping[str, str]) -> None:
    """Shade a period over the whole height, with a bar on top that tells it from the bands without colour."""
    first, last = (max((moment - plot.start) / plot.step, 0.0) for moment in (period.start, period.end))
    kind = "firing" if period.firing else "pending"
    last = min(last, len(plot.values))
    if first < last:
        axes.axvspan(first, last, color=colours[kind], linewidth=0)
        height = 0.975 if period.firing else 0.99
        axes.axvspan(first, last, height, 1, color=colours[f"{kind}-edge"], linewidth=0)


def _mark_bounds(axes: Axes, plot: Plot, colours: Mapping[str, str], font: float) -> None:
    """Draw a line at each bound, with its figure; of two that would overlap, the warning's is written."""
    top = _top(plot)
    written: list[float] = []
    for range_ in (plot.warning, plot.normal):
        dashes = (0, (4, 2)) if range_ is plot.warning else (0, (1, 2))
        axes.plot([0, len(plot.values)], [range_.bound] * 2, color=colours["text"], linewidth=0.7, linestyle=dashes)
        if all(abs(range_.bound - other) > 0.12 * top for other in written):
            _write_value(axes, range_.bound, range_.unit, colours, font)
            written.append(range_.bound)
    highest = max((value for value in plot.values if value is not None), default=0.0)
    if all(highest - other > 0.12 * top for other in written):
        _write_value(axes, highest, plot.warning.unit, colours, font)


def _write_value(axes: Axes, value: float, unit: str, colours: Mapping[str, str], font: float) -> None:
    where = axes.get_xlim()[1] * 1.012
    axes.text(where, value, _short(value, unit), ha="left", va="center", color=colours["text"], fontsize=font)


def _short(value: float, unit: str) -> str:
    """Write a value so that it fits beside the drawing.

    >>> _short(0.6, "%"), _short(312.4, "ms"), _short(1500, "ms"), _short(123456, "")
    ('60%', '312ms', '1500ms', '123k')
    """
    if unit == "%":
        return f"{value * 100:g}%"
    if value < 10_000:
        return f"{value:.0f}{unit}"
    return f"{value / 1000:.0f}{'s' if unit == 'ms' else 'k'}" if value < 10_000_000 else f"{value:.0e}"


def _unknown(values: Sequence[float | None]) -> Iterator[tuple[int, int]]:
    """Give the stretches without a value, by their first and one after their last step."""
    for known, steps in groupby(range(len(values)), lambda step: values[step] is not None):
        if not known:
            found = list(steps)
            yield found[0], found[-1] + 1


def _polyline(values: Sequence[float | None]) -> tuple[list[float], list[float]]:
    """Give the line's points; it breaks where nothing is known, and a value alone is a dash as wide as its step."""
    across: list[float] = []
    up: list[float] = []
    for known, steps in groupby(range(len(values)), lambda step: values[step] is not None):
        run = [(step, value) for step in steps if (value := values[step]) is not None]
        places = [run[0][0], run[0][0] + 1.0] if len(run) == 1 else [step + 0.5 for step, _ in run]
        across += places if known else [nan]
        up += [run[0][1]] * 2 if len(run) == 1 else [value for _, value in run] if known else [nan]
    return across, up


def _times(plot: Plot, zone: ZoneInfo) -> list[tuple[float, str]]:
    """Give at most six round local times, and where they stand."""
    end = plot.start + len(plot.values) * plot.step
    length = (end - plot.start) / WINDOW
    step = next((step for step in STEPS_MIN if length / step <= 5), STEPS_MIN[-1] * (int(length / STEPS_MIN[-1] / 5) + 1))
    offset = plot.start.astimezone(zone).utcoffset() or timedelta()
    first = -(-((plot.start + offset - EPOCH) // WINDOW) // step) * step
    moments = []
    moment = EPOCH + first * WINDOW - offset
    while moment <= end:
        moments.append(moment)
        moment += step * WINDOW
    form = "%m-%d" if step >= 1440 else "%H:%M"
    return [((each - plot.start) / plot.step, f"{each.astimezone(zone):{form}}") for each in moments]


def _side(share: float) -> str:
    """Keep the first and the last time inside the drawing."""
    return "left" if share < 0.05 else "right" if share > 0.97 else "center"


def _for_page(text: str, name: str, title: str) -> str:
    """Make a page's own element of matplotlib's file.

    What would reach beyond the drawing goes away: ids, styles for everything, the file's head; what is left of them becomes
    attributes, which the page's own style can overrule.
    """
    body = text[text.index("<svg") : text.rindex("</svg>")]
    body = body[body.index(">") + 1 :]
    body = re.sub(r"<metadata>.*?</metadata>|<defs>.*?</defs>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r' (?:id|clip-path|transform="rotate\(-0)="[^"]*"', "", body)
    body = re.sub(r' transform="rotate\(-0 [^"]*"', "", body)
    body = re.sub(r' style="([^"]*)"', lambda match: _attributes(match[1]), body)
    body = re.sub(r"-?\d+\.\d{2,}", lambda match: f"{float(match[0]):.1f}".removesuffix(".0"), body)
    for variable, colour in VARIABLES.items():
        body = body.replace(colour, f"var(--chart-{variable})")
    body = re.sub(r"\n\s*|</?g>", lambda match: " " if match[0].isspace() else "", body)
    head = f'<svg class="chart" viewBox="0 0 480 168" role="img" aria-labelledby="{name}-title">'
    return f'{head}<title id="{name}-title">{escape(title)}</title>{body.strip()}</svg>'


def _attributes(style: str) -> str:
    """Write a style as attributes; the font is the page's."""
    pairs = (pair.split(":", 1) for pair in style.split(";") if ":" in pair)
    return "".join(f' {key.strip()}="{value.strip()}"' for key, value in pairs if not key.strip().startswith("font"))
