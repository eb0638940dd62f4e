"""A message through the templates: what each channel's layout calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from logwatch.judge.alerts import AlertState
from logwatch.judge.rules.model import Severity
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


COLOURS = {
    Severity.PAGE: ("#8a0f0a", "#c3231b", "#ffffff"),
    Severity.WARN: ("#c3231b", "#fdf1f0", "#1d2530"),
    Severity.INFO: ("#2b5fb8", "#eef3fb", "#1d2530"),
    "calm": ("#b87a00", "#fff6e0", "#1d2530"),
    "over": ("#187a3e", "#eef7f1", "#1d2530"),
}
"""By a message's tone: the edge, the ground and the ink of its headline."""
FIRST_FOUND = 2
"""Lines of what was found for the step to take that the first screen shows."""


MOST_ALSO = 4
"""Alerts besides the first that the first screen names."""


def shop_of(line: AlertLine, message: Message) -> str:
    """Name an alert's shop; that it is about all shops only where the same rule is told of a single one too."""
    split = any(other.rule == line.rule and other.shop for other in message.alerts)
    return line.shop or (message.say("all_shops") if split else "")


def figures_of(line: AlertLine, message: Message) -> str:
    """Say what an alert measures, against what, since when and how bad it was: one line, not escaped."""
    resolved = line.state is AlertState.RESOLVED
    bound = message.say("against_normal", bound=line.normal) if resolved else message.say("against", bound=line.bound)
    since = line.remark if resolved else message.say("since", at=line.since)
    return " · ".join(filter(None, [line.value, bound if line.bound else "", since, line.peak if line.was_worse else ""]))


def alert_text(line: AlertLine, message: Message) -> str:
    """Say one alert of a message: where there are several its name and shop, then its figures; not escaped."""
    named = [f"{line.mark} {line.summary}", shop_of(line, message), message.say("new_alert") if _is_news(line, message) else ""]
    head = " · ".join(filter(None, named)) if len(message.alerts) > 1 else ""
    remark = line.remark if line.state is not AlertState.RESOLVED else ""
    return "\n".join(filter(None, [head, figures_of(line, message), remark]))


def _is_news(line: AlertLine, message: Message) -> bool:
    return line.is_new and message.notification.reason in {NotifyReason.JOINED, NotifyReason.WIDER}


def lead_lines(message: Message) -> list[str]:
    """Say what comes right below the headline: how bad it is, whether it is real, and whether that still holds."""
    first = message.alerts[0] if message.alerts else None
    if first and message.notification.reason is NotifyReason.RESOLVED:
        return [*filter(None, [message.impact]), *(alert_text(line, message) for line in message.alerts)]
    return [*filter(None, [message.impact, message.proof, first.remark if first else ""])]


def step_to_take(message: Message) -> tuple[str, tuple[str, ...]]:
    """Give the step to take, by its place in the runbook, with the most telling of what was found for it; empty for none."""
    step = message.begin
    if step is None:
        first = [*(f"• {line}" for line in message.besides[:1]), f"📋 {message.procedure}"]
        return "" if message.over or not message.procedure else first[0], ()
    place = step.place if step.procedure else f"{message.notification.procedure}-{step.place}" if step.numbered else ""
    head = " ".join(filter(None, [step.mark, place, step.text]))
    return head if step.numbered else f"{head} · {step.state_text}", step.found[:FIRST_FOUND]


def besides(message: Message) -> tuple[str, ...]:
    """Say what bears on the procedure as a whole, without what stands in place of a step to take."""
    return message.besides if message.begin else message.besides[1:]


def also_lines(message: Message) -> list[str]:
    """Name the alerts besides the first, with what they measure; each is told in full below."""
    if message.notification.reason is NotifyReason.RESOLVED:
        return []
    others = message.alerts[1:]
    named = [
        [
            f"{line.mark} {line.summary}",
            shop_of(line, message),
            line.value,
            message.say("new_alert") if _is_news(line, message) else "",
        ]
        for line in others[:MOST_ALSO]
    ]
    more = [message.say("and_more", count=len(others) - MOST_ALSO)] if len(others) > MOST_ALSO else []
    return [*(" · ".join(filter(None, each)) for each in named), *more]


def has_more(message: Message) -> bool:
    """Tell whether there is more to say than the first screen does."""
    return bool(not message.over and (message.steps or message.besides or len(message.alerts) > 1 or message.commands))


def foot(message: Message) -> str:
    """Say as of when, with its day and zone: a message may be read on another day; and which incident it is."""
    at = message.notification.at.astimezone(message.audience.zone)
    return f"{at:%m-%d %H:%M %Z} · {message.audience.incident(message.notification.incident)}"


def screen_text(message: Message) -> str:
    """Say what a lock screen shows: the headline, how bad it is, the step to take; not escaped."""
    step, _ = step_to_take(message)
    return "\n".join(filter(None, [f"{message.icon} {message.headline}", message.impact or message.proof, step]))


TERMS: dict[str, Any] = {
    "alert_text": alert_text,
    "lead_lines": lead_lines,
    "step_to_take": step_to_take,
    "also_lines": also_lines,
    "besides": besides,
    "COLOURS": COLOURS,
    "has_more": has_more,
    "foot": foot,
    "FIRST_FOUND": FIRST_FOUND,
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
