"""What a replayed span came to, day by day: each incident with what was told of it, and how long it lasted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from logwatch.notify.incidents import NotifyReason
from logwatch.spans import WINDOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from logwatch.judge.alerts import Alert
    from logwatch.notify.incidents import Notification
    from logwatch.notify.scopes import Scope
    from logwatch.pipeline.replay import Replayed

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Story:
    """One incident from its first message to its last."""

    told: tuple[Notification, ...]
    """At least one, oldest first."""
    alerts: tuple[Alert, ...]
    """All that it ever named, as last seen."""
    ended_at: datetime | None
    """End of the window that resolved it; None while it goes on."""

    @property
    def first(self) -> Notification:
        """The message that it began with."""
        return self.told[0]

    @property
    def scope(self) -> Scope:
        """Where it was, as far as its last message knew."""
        return self.told[-1].scope

    def lasted(self, until: datetime) -> timedelta:
        """Give how long it went on, up to `until` at the most."""
        return (self.ended_at or until) - self.first.since

    @property
    def step(self) -> int | None:
        """The step that its first message marks."""
        return self.first.walked.step if self.first.walked else None


@dataclass(frozen=True, slots=True)
class HistoryDay:
    """A calendar day of the people who read, and the incidents that began in it."""

    day: date
    stories: tuple[Story, ...]


def build_timeline(replayed: Replayed, zone: ZoneInfo) -> list[HistoryDay]:
    """Give every day of a span, quiet ones too."""
    stories = find_stories(replayed)
    first, last = (moment.astimezone(zone).date() for moment in (replayed.span.start, replayed.span.end - WINDOW))
    begun = [story.first.since.astimezone(zone).date() for story in stories]
    days = sorted({*begun, *(first + number * DAY for number in range((last - first).days + 1))})
    return [HistoryDay(day, tuple(story for story, when in zip(stories, begun, strict=True) if when == day)) for day in days]


def find_stories(replayed: Replayed) -> list[Story]:
    """Give the incidents in order of beginning; one that came back within the hour is still the same."""
    told: dict[str, list[Notification]] = {}
    for notification in (part for each in replayed.notifications for part in each.parts):
        told.setdefault(notification.incident, []).append(notification)
    last = {(alert.fingerprint, alert.pending_at): alert for alert in replayed.alerts}
    found = [_story(each, last) for each in told.values()]
    return sorted(found, key=lambda story: (story.first.since, story.first.id))


def _story(told: Sequence[Notification], last: dict[tuple[str, datetime], Alert]) -> Story:
    seen = {(alert.fingerprint, alert.pending_at): alert for each in told for alert in each.alerts}
    alerts = tuple(last.get(mark, alert) for mark, alert in seen.items())
    over = told[-1].reason is NotifyReason.RESOLVED
    ends = [alert.resolved_at for alert in alerts if alert.resolved_at]
    return Story(tuple(told), alerts, max(ends, default=told[-1].at) if over else None)
