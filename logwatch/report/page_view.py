"""A report and what became of its minutes: charts, incidents with their steps, messages, what the data lacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from logwatch.count.windows import slow_by
from logwatch.notify.incidents import NotifyReason
from logwatch.report.chart_view import Gallery, draw_courses
from logwatch.ui.format import format_span, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from logwatch.judge.evaluate import Judged
    from logwatch.notify.incidents import Notification
    from logwatch.notify.messages import Message
    from logwatch.replay import Replayed
    from logwatch.report.report import Followed, Report
    from logwatch.spans import Span
    from logwatch.ui.format import Audience

Item = TypeVar("Item")
Describe = Callable[["Notification"], "Message"]

MOST_INCIDENTS = 40
MOST_TOLD = 200
MOST_ROUTES = 30
MOST_SILENCES = 20


@dataclass(frozen=True, slots=True)
class Episode:
    """One incident of the span, as its last message that was no end shows it."""

    begun: str
    ended: str
    """Empty while it goes on."""
    lasted: str
    messages: int
    message: Message


@dataclass(frozen=True, slots=True)
class Told:
    """One message of the timeline."""

    at: str
    icon: str
    reason: NotifyReason
    procedure: str
    shop: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RouteSlowness:
    """Slow requests of one route."""

    label: str
    route: str
    count: int
    p50_ms: float
    p95_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class Listed(Generic[Item]):
    """The first of a list, and how many more there are."""

    items: tuple[Item, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Page:
    """All that a page shows."""

    report: Report
    zone: ZoneInfo
    gallery: Gallery
    episodes: Listed[Episode]
    others: tuple[Followed, ...]
    """Procedures of rules that were at warning, and of no incident."""
    timeline: Listed[Told]
    routes: Listed[RouteSlowness]
    silences: Listed[str]
    """Stretches without a summary from anybody."""


def build_page(report: Report, judged: Judged, replayed: Replayed, audience: Audience, describe: Describe) -> Page:
    """Add to a report what its span's minutes came to; `describe` says a notification in words."""
    episodes = _episodes(replayed, describe)
    told = {episode.message.notification.procedure for episode in episodes}
    return Page(
        report=report,
        zone=audience.zone,
        gallery=draw_courses(judged, replayed, audience),
        episodes=_first(episodes, MOST_INCIDENTS),
        others=tuple(each for each in report.procedures if each.section not in told),
        timeline=_first([_told(describe(each)) for each in replayed.notifications], MOST_TOLD),
        routes=_first(_routes(judged), MOST_ROUTES),
        silences=_first([_silence(span, audience) for span in judged.windows.silences(judged.span)], MOST_SILENCES),
    )


def _first(items: Sequence[Item], most: int) -> Listed[Item]:
    return Listed(tuple(items[:most]), max(len(items) - most, 0))


def _episodes(replayed: Replayed, describe: Describe) -> list[Episode]:
    """Give the incidents with all their alerts as last seen: those that go on first, then the latest."""
    found: dict[str, list[Notification]] = {}
    for notification in (part for each in replayed.notifications for part in each.parts):
        if notification.silence is None:
            found.setdefault(notification.incident, []).append(notification)
    latest = sorted(found.values(), key=lambda told: told[0].since, reverse=True)
    latest.sort(key=lambda told: told[-1].reason is NotifyReason.RESOLVED)
    seen = {incident.id: incident.alerts for incident in replayed.state.memory.incidents}
    last = {(alert.fingerprint, alert.pending_at): alert for alert in replayed.alerts}

    def with_last(told: Sequence[Notification]) -> Notification:
        alerts = seen.get(told[-1].incident) or told[-1].alerts
        return replace(_speaking(told), alerts=tuple(last.get((each.fingerprint, each.pending_at), each) for each in alerts))

    return [_episode(told, describe(with_last(told)), replayed.span) for told in latest]


def _speaking(told: Sequence[Notification]) -> Notification:
    """Give the last message that is no end: the one that walks the procedure."""
    return next((each for each in reversed(told) if each.reason is not NotifyReason.RESOLVED), told[-1])


def _episode(told: Sequence[Notification], message: Message, span: Span) -> Episode:
    audience, last = message.audience, told[-1]
    ends = [alert.resolved_at for alert in message.notification.alerts if alert.resolved_at]
    ended = max(ends, default=last.at) if last.reason is NotifyReason.RESOLVED else None
    begun, end = audience.stretch(told[0].since, ended or span.end)
    return Episode(
        begun=begun,
        ended=end if ended else "",
        lasted=format_span((ended or span.end) - told[0].since, audience),
        messages=len(told),
        message=message,
    )


def _told(message: Message) -> Told:
    notification = message.notification
    return Told(
        at=message.audience.moment(notification.at),
        icon=message.icon,
        reason=notification.reason,
        procedure=message.procedure,
        shop=notification.scope.name(message.audience),
        rules=tuple(notification.rules),
    )


def _routes(judged: Judged) -> list[RouteSlowness]:
    """Give the slow requests by route, the commonest first."""
    by_route = slow_by(judged.windows.within(judged.span), "label", "route").itertuples(index=False)
    found = [
        RouteSlowness(printable(str(label)), printable(str(route)), count, p50, p95, longest)
        for label, route, count, p50, p95, longest in by_route
    ]
    return sorted(found, key=lambda each: (-each.count, -each.p95_ms, each.label, each.route))


def _silence(span: Span, audience: Audience) -> str:
    start, end = audience.stretch(*span)
    return f"{start} – {end} ({format_span(span.end - span.start, audience)})"
