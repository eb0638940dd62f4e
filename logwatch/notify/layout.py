"""A message through the templates: what each channel's layout calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from logwatch.judge.alerts import AlertState
from logwatch.judge.verdicts import Level
from logwatch.notify.incidents import NotifyReason
from logwatch.seams import Seam
from logwatch.ui.charts import Period, Plot, png
from logwatch.ui.templates import environment, render

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from jinja2.environment import TemplateModule

    from logwatch.notify.messages import AlertLine, Message, MessageChart


def shop_of(line: AlertLine, message: Message) -> str:
    """Name an alert's shop; that it is about all shops only where the same rule is told of a single one too."""
    split = any(other.rule == line.rule and other.shop for other in message.alerts)
    return line.shop or (message.say("all_shops") if split else "")


def peak_of(line: AlertLine, message: Message) -> str:
    """Say how bad it was, where it is not as bad now."""
    return message.say("peak", peak=line.peak) if line.was_worse else ""


def figures_of(line: AlertLine, message: Message) -> str:
    """Say what an alert measures, against what, since when and how bad it was: one line, not escaped."""
    resolved = line.state is AlertState.RESOLVED
    bound = f"{message.say('normal_range')} {line.normal}" if resolved else f"{message.say('warning_range')} {line.bound}"
    since = line.remark if resolved else message.say("since", at=line.since)
    return " · ".join(filter(None, [line.value, bound if line.bound else "", since, peak_of(line, message)]))


def alert_text(line: AlertLine, message: Message) -> str:
    """Say one alert of a message: where there are several its name and shop, then its figures; not escaped."""
    new = line.is_new and message.notification.reason in {NotifyReason.JOINED, NotifyReason.WIDER}
    named = [f"{line.mark} {line.summary}", shop_of(line, message), message.say("new_alert") if new else ""]
    head = " · ".join(filter(None, named)) if len(message.alerts) > 1 else ""
    remark = line.remark if line.state is not AlertState.RESOLVED else ""
    return "\n".join(filter(None, [head, figures_of(line, message), remark]))


TERMS: dict[str, Any] = {
    "figures_of": figures_of,
    "shop_of": shop_of,
    "peak_of": peak_of,
    "Level": Level,
    "AlertState": AlertState,
    "NotifyReason": NotifyReason,
}
"""What every layout may name beside the message."""


def render_message(message: Message, templates: Path, name: str) -> str:
    """Give a message through one of the templates: message.txt.j2 or message.html.j2."""
    return render(templates, name, message=message, say=message.say, **TERMS)


def draw_course(message: Message) -> bytes | None:
    """Draw a message's course as PNG; None where there is none, or it cannot be drawn: a message goes out without it too."""
    course = message.course
    return message.seams.guard(Seam.CHART, lambda: _draw(course, message.audience.zone), lambda _: None) if course else None


def _draw(course: MessageChart, zone: ZoneInfo) -> bytes | None:
    chart = course.chart
    fires = course.fires_from and course.fires_from < course.fires_until
    periods = (Period(course.fires_from, course.fires_until, firing=True),) if course.fires_from and fires else ()
    return png(Plot(chart.start, chart.values, course.normal, course.warning, periods=periods), zone)


def plain_text(message: Message) -> str:
    """Give a message's headline and notes as they stand; not escaped."""
    return "\n".join([f"{message.icon} {message.headline}", *message.notes])


def message_parts(message: Message, templates: Path, name: str, escape: Callable[[Any], Any]) -> TemplateModule:
    """Give a message's template as its macros; `escape` is applied to every value that they write."""
    found = environment(templates, html=False, finalize=escape).get_template(name)
    return found.make_module({"message": message, "say": message.say, **TERMS})
