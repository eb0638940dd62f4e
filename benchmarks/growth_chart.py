"""How figures grow, drawn as small panels beside each other: SVG with its text as text."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

BAR, LIMIT, TEXT, AXIS = "#1d4f91", "#c3231b", "#4a5563", "#b7bfc9"


class Panel(NamedTuple):
    """One figure at each of the places."""

    title: str
    values: Sequence[float]
    limit: float | None = None
    """Where it may not go beyond, drawn as a line."""


def draw(places: Sequence[str], panels: Sequence[Panel]) -> str:
    """Draw a bar for each place in each panel."""
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "growth", "font.size": 9, "font.family": "sans-serif"}):
        figure = Figure(figsize=(9, 0.55 + 0.24 * len(places)), facecolor="white")
        FigureCanvasSVG(figure)
        axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)
        for panel, axis in zip(panels, axes.flat, strict=True):
            axis.barh(places, panel.values, color=BAR, height=0.62)
            if panel.limit is not None:
                axis.axvline(panel.limit, color=LIMIT, linewidth=1)
            axis.set_title(panel.title, color=TEXT, fontsize=9, loc="left")
            axis.tick_params(colors=TEXT, labelsize=8, length=0)
            axis.spines[["top", "right", "left"]].set_visible(False)
            axis.spines["bottom"].set_color(AXIS)
        axes.flat[0].invert_yaxis()
        figure.subplots_adjust(
            left=0.1, right=0.985, top=1 - 0.28 / figure.get_figheight(), bottom=0.22 / figure.get_figheight()
        )
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines()) + "\n"
