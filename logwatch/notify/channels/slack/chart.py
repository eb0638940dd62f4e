"""The course of a message as Slack's own chart: a block of figures, which needs no right and no picture."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from logwatch.spans import WINDOW
from logwatch.ui.format import format_range
from logwatch.ui.templates import clip

if TYPE_CHECKING:
    from logwatch.notify.messages import Message, MessageChart
    from logwatch.ranges import Range

CHART = "data_visualization"
TITLE, LABEL, AXIS, PLACES = 50, 20, 50, 20
"""Characters of a title, of a category or a series, and of an axis; categories of a chart."""


def chart_block(message: Message) -> dict[str, Any] | None:
    """Draw a message's course: the worst of each cell of time, and the bound beside it; None where there is nothing.

    Slack takes no gap: a cell of which nothing is known is left out, and how many are is said below.
    """
    course = message.course
    cells = _cells(course) if course else []
    if course is None or not cells:
        return None
    chart, bound = course.chart, course.warning
    minutes = -(-len(chart.values) // PLACES)
    left_out = -(-len(chart.values) // minutes) - len(cells)
    labels = [message.audience.clock(chart.start + place * WINDOW) for place, _ in cells]
    below = [message.say("chart_every", minutes=minutes)] if minutes > 1 else []
    below += [message.say("chart_gaps", count=left_out)] if left_out else []
    figures = [_shown(value, bound) for _, value in cells]
    line = message.say("chart_bound", bound=format_range(bound))
    return {
        "type": CHART,
        "title": clip(course.title, TITLE),
        "chart": {
            "type": "line",
            "series": [
                _series(message.say("value"), labels, figures),
                _series(line, labels, [_shown(bound.bound, bound)] * len(labels)),
            ],
            "axis_config": {
                "categories": labels,
                **({"x_label": clip(" · ".join(below), AXIS)} if below else {}),
                **({"y_label": bound.unit} if bound.unit else {}),
            },
        },
    }


def _cells(course: MessageChart) -> list[tuple[int, float]]:
    """Give the first window and the worst value of each cell of which something is known."""
    values, worst = course.chart.values, min if course.warning.falls else max
    size = max(-(-len(values) // PLACES), 1)
    known = (
        (place, [value for value in values[place : place + size] if value is not None and isfinite(value)])
        for place in range(0, len(values), size)
    )
    return [(place, worst(found)) for place, found in known if found]


def _shown(value: float, bound: Range) -> float:
    """Write a value as people read it: a share in hundredths."""
    return round(value * 100, 1) if bound.unit == "%" else round(value, 1)


def _series(name: str, labels: list[str], figures: list[float]) -> dict[str, Any]:
    data = [{"label": label, "value": figure} for label, figure in zip(labels, figures, strict=True)]
    return {"name": clip(name, LABEL), "data": data}
