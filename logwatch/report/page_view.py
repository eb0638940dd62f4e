"""A report and what became of its minutes: charts, incidents with their steps, messages, what the data lacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from logwatch.count.slow_requests import slow_by
from logwatch.notify.incidents import NotifyReason
from logwatch.notify.layout import step_to_take
from logwatch.notify.messages import worst_key
from logwatch.report.chart_view import Gallery, draw_courses
from logwatch.report.timeline import Milestone, Telling, find_past, tell_milestones
from logwatch.state.document import State
from logwatch.ui.format import format_short, format_span
from logwatch.ui.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from logwatch.count.revisions import Revisions
    from logwatch.judge.evaluate import Judged
    from logwatch.judge.rules.model import RuleSet
    from logwatch.notify.incidents import Notification
    from logwatch.notify.messages import Message
    from logwatch.pipeline.replay import Replayed
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
    sent: bool
    """Whether these were sent; else they would have been."""
    brief: str
    """Which rule, and how bad it was: what is read before it is opened."""
    step: str
    """The step to take; empty for none."""
    message: Message
    milestones: tuple[Milestone, ...]


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


@dataclass(frozen=True, slots=True)
class Narrator:
    """How incidents are told."""

    describe: Describe
    """Says a notification in words."""
    rules: RuleSet
    past: State = field(default_factory=State)
    """Of who judged the span while it went on: what was told then, and who answered; an empty one where nobody did."""


def build_page(report: Report, judged: Judged, replayed: Replayed, narrator: Narrator) -> Page:
    """Add to a report what its span's minutes came to."""
    audience, describe = report.audience, narrator.describe
    episodes = _Episodes(replayed, narrator, judged.windows.revisions).all()
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


@dataclass(frozen=True, slots=True)
class _Episodes:
    """What incidents are made of."""

    replayed: Replayed
    narrator: Narrator
    revisions: Revisions | None

    def all(self) -> list[Episode]:
        """Give the incidents with all their alerts as last seen: those that go on first, then the latest."""
        found: dict[str, list[Notification]] = {}
        for notification in (part for each in self.replayed.notifications for part in each.parts):
            if notification.silence is None:
                found.setdefault(notification.incident, []).append(notification)
        latest = sorted(found.values(), key=lambda told: told[0].since, reverse=True)
        latest.sort(key=lambda told: told[-1].reason is NotifyReason.RESOLVED)
        seen = {incident.id: incident.alerts for incident in self.replayed.state.memory.incidents}
        last = {(alert.fingerprint, alert.pending_at): alert for alert in self.replayed.alerts}

        def with_last(told: Sequence[Notification]) -> Notification:
            alerts = seen.get(told[-1].incident) or told[-1].alerts
            alerts = tuple(last.get((each.fingerprint, each.pending_at), each) for each in alerts)
            return replace(_speaking(told), alerts=alerts)

        return [self._one(told, self.narrator.describe(with_last(told))) for told in latest]

    def _one(self, told: Sequence[Notification], message: Message) -> Episode:
        audience, last, span = message.audience, told[-1], self.replayed.span
        first = message.notification.alerts[0]
        rule = self.narrator.rules.by_id.get(first.rule)
        ends = [alert.resolved_at for alert in message.notification.alerts if alert.resolved_at]
        ended = max(ends, default=last.at) if last.reason is NotifyReason.RESOLVED else None
        telling = Telling(told, message, ended, ended or span.end)
        begun, end = audience.stretch(told[0].since, telling.until)
        past = find_past(self.narrator.past, told, telling.until)
        worst = f"{format_short(first.peak, rule, audience)} {audience.clock(first.peak.window_end, span.end)}"
        more = [audience.say("and_more", count=len(message.alerts) - 1)] if len(message.alerts) > 1 else []
        return Episode(
            begun=begun,
            ended=end if ended else "",
            lasted=format_span(telling.until - told[0].since, audience),
            messages=past.record.messages if past else len(told),
            sent=past is not None,
            brief=" · ".join([message.alerts[0].summary, audience.say(worst_key(rule), value=worst), *more]),
            step=step_to_take(message)[0],
            message=message,
            milestones=tell_milestones(telling, self.revisions, self.narrator.rules, past),
        )


def _speaking(told: Sequence[Notification]) -> Notification:
    """Give the last message that is no end: the one that walks the procedure."""
    return next((each for each in reversed(told) if each.reason is not NotifyReason.RESOLVED), told[-1])


def _told(message: Message) -> Told:
    notification = message.notification
    return Told(
        at=message.audience.moment(notification.at),
        icon=message.icon,
        reason=notification.reason,
        procedure=message.procedure,
        shop=notification.scope.cell(message.audience),
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
