"""Operating curves: how often a way to watch is wrong against how late it is right, as its setting changes."""

from __future__ import annotations

import io
from math import isfinite, log
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from benchmarks.estimates import quantile
from benchmarks.signal.counts import LOGWATCH, SETTINGS, WAYS, Cell, Falls, Weeks
from benchmarks.signal.detectors import MIDDLE
from benchmarks.signal.traffic import RATES, WEEK, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

COLOURS = dict(zip(WAYS, ("#1d4f91", "#c3231b", "#b87a00", "#2e7d5b"), strict=True))
MARKS = dict(zip(WAYS, "osD^", strict=True))
TEXT, AXIS = "#4a5563", "#b7bfc9"
MINUTES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
ALARMS = (0.1, 1, 10, 100, 1000)
NONE = 0.02
"""Where a setting without any false alarm is drawn."""


def operating_curves(found: Mapping[Cell, Weeks | Falls], share: float) -> str:
    """Draw a panel for each number of events a minute, as SVG with its text as text on white."""
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "signal", "font.size": 9, "font.family": "sans-serif"}):
        figure = Figure(figsize=(9, 6.6), facecolor="white")
        FigureCanvasSVG(figure)
        axes = figure.subplots(2, 2, sharex=True, sharey=True)
        for rate, panel in zip(RATES, axes.flat, strict=True):
            _panel(panel, found, rate, share)
        figure.supxlabel(f"minutes until a fall to {percent(share)} is told, median", color=TEXT, fontsize=9)
        figure.supylabel(f"false alarms a week at {percent(MIDDLE)}, from rest", color=TEXT, fontsize=9)
        figure.legend(
            *axes.flat[0].get_legend_handles_labels(), loc="upper center", ncols=len(WAYS) + 1, frameon=False, fontsize=8.5
        )
        figure.subplots_adjust(left=0.085, right=0.985, top=0.9, bottom=0.085, hspace=0.14, wspace=0.05)
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines()) + "\n"


class _Point(NamedTuple):
    minutes: float
    """Of the median delay; inf where half were not told."""
    alarms: float
    """A week."""


def _panel(panel: Axes, found: Mapping[Cell, Weeks | Falls], rate: float, share: float) -> None:
    for way in WAYS:
        mine = {cell: each for cell, each in found.items() if (cell.way, cell.rate) == (way, rate)}
        points = [_point(mine, setting, share) for setting in (*SETTINGS[way], None)]
        curve = sorted((point[:2] for point in points if isfinite(point.minutes)), key=lambda each: (each[0], -each[1]))
        style: dict[str, Any] = {"color": COLOURS[way], "lw": 2 if way == LOGWATCH else 1.2}
        panel.plot([minutes for minutes, _ in curve], [alarms for _, alarms in curve], zorder=2, **style)
        for point in points:
            fill, size = COLOURS[way] if point.alarms > NONE else "white", 8 if point is points[-1] else 3.5
            panel.plot(*point[:2], MARKS[way], ms=size, mfc=fill, mec=COLOURS[way], mew=1.2, zorder=3)
        panel.plot([], [], marker=MARKS[way], label=way, **style)
    least = [theory(alarms, rate, share) for alarms in ALARMS]
    panel.plot(least, ALARMS, color=TEXT, lw=0.8, ls=":", label="theory", zorder=1)
    panel.set(xscale="log", yscale="log", xlim=(0.8, 600), ylim=(0.012, 2000))
    for axis, places in ((panel.xaxis, MINUTES), (panel.yaxis, (NONE, *ALARMS))):
        axis.set_major_locator(FixedLocator(places))
        axis.set_major_formatter(FuncFormatter(lambda value, _: "none" if value == NONE else f"{value:g}"))
        axis.set_minor_locator(FixedLocator(()))
    panel.set_title(f"{rate:g} events a minute", color=TEXT, fontsize=9, loc="left")
    panel.tick_params(colors=TEXT, length=3)
    panel.spines[["top", "right"]].set_visible(False)
    panel.spines[["left", "bottom"]].set_color(AXIS)


def _point(found: Mapping[Cell, Weeks | Falls], setting: float | None, share: float) -> _Point:
    """Give where one setting of a way to watch stands."""
    mine = [(cell, each) for cell, each in found.items() if cell.setting == setting]
    weeks = next(each for cell, each in mine if isinstance(each, Weeks) and cell.share == MIDDLE)
    falls = next(each for cell, each in mine if isinstance(each, Falls) and cell.share == share)
    return _Point(quantile(falls.told, 0.5), weeks.a_week or NONE)


def theory(alarms: float, rate: float, share: float) -> float:
    """Give the minutes that no way to watch can be much sooner than, with so many false alarms a week (Lorden 1971).

    The logarithm of the minutes between two, or of the events where these are fewer, by what one event tells on average.
    """
    pairs = ((share, MIDDLE), (1 - share, 1 - MIDDLE))
    told = sum(after * log(after / before) for after, before in pairs if after)
    return log(WEEK * min(rate, 1) / alarms) / told / rate
