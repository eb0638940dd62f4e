"""What people have answered to an incident, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logwatch.notify.incidents import AnswerKind
from logwatch.ui.format import format_span
from logwatch.ui.printable import printable

if TYPE_CHECKING:
    from logwatch.notify.incidents import Notification
    from logwatch.ui.format import Audience


def said_lines(notification: Notification, audience: Audience) -> list[str]:
    """Give the answers that a message tells of."""
    return [
        audience.say(
            each.kind.key_in("answer_undone" if each.undone else "answer"),
            who=printable(each.who),
            until=audience.clock(each.until, notification.at) if each.until else "",
        )
        for each in notification.said
    ]


def answer_notes(notification: Notification, audience: Audience) -> list[str]:
    """Say who is on the incident and what people found it to be, or that nobody has answered in time."""
    notes = []
    if notification.unanswered_since:
        span = format_span(notification.at - notification.unanswered_since, audience)
        notes.append(audience.say("unanswered", span=span))
    if notification.acknowledged_by and notification.acknowledged_at:
        at = audience.clock(notification.acknowledged_at, notification.at)
        notes.append(audience.say("on_it", who=printable(notification.acknowledged_by), at=at))
    if notification.label:
        kind = AnswerKind(notification.label)
        notes.append(audience.say(kind.key, who=printable(notification.labelled_by), until=""))
    return notes
