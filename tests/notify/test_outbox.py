"""What becomes of messages that a channel does not take at once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from logwatch.errors import ChannelError
from logwatch.notify.incidents import Notification, NotifyReason
from logwatch.notify.outbox import GIVE_UP_AFTER, Outbox, enqueue, fall_over, next_due, record_delivery, record_failure

NOW = datetime(2026, 2, 24, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NO = ChannelError("answered not_in_channel", permanent=True)


def told(name: str, reason: NotifyReason, minute: int) -> Notification:
    at = NOW + minute * MINUTE
    return Notification(name, name.partition(".")[0], reason, at, "4.2", {}, NOW, alerts=(), new=())


FIRING, END = told("a.1", NotifyReason.FIRING, 0), told("a.2", NotifyReason.RESOLVED, 20)
OTHER = told("b.1", NotifyReason.FIRING, 5)


def refuse(outbox: Outbox, channel: str = "chat", now: datetime = NOW) -> Outbox:
    due = next_due(outbox, channel, now)
    assert due
    return record_failure(outbox, due, channel, now, NO)


def deliver(outbox: Outbox, now: datetime, channel: str = "chat") -> tuple[Outbox, list[str]]:
    """Take all that is due."""
    taken = []
    while due := next_due(outbox, channel, now):
        taken.append(due.notification.id)
        outbox = record_delivery(outbox, due, channel, now, None)
    return outbox, taken


@pytest.mark.parametrize(
    ("minute", "taken"),
    [(10, ["b.1"]), (21, ["b.1", "a.2"]), (31, ["a.1", "b.1", "a.2"])],
    ids=["before the end", "the end comes before the next try", "the next try comes before the end"],
)
def test_an_end_is_never_followed_by_its_beginning(minute: int, taken: list[str]) -> None:
    outbox = refuse(enqueue(Outbox(), (FIRING,), ("chat", "mail")))
    later = (OTHER, END) if minute > 20 else (OTHER,)
    outbox, first = deliver(enqueue(outbox, later, ("chat", "mail")), NOW + minute * MINUTE)
    assert first == taken
    _, then = deliver(outbox, NOW + 60 * MINUTE)
    assert then == [name for name in ("a.1",) if name not in taken and "a.2" not in taken]


def test_nor_by_one_that_is_told_among_others() -> None:
    outbox = refuse(enqueue(Outbox(), (FIRING,), ("chat",)))
    ended = replace(told("s.1", NotifyReason.SUMMED, 20), summed=(END, told("b.2", NotifyReason.RESOLVED, 20)))
    outbox, taken = deliver(enqueue(outbox, (ended,), ("chat",)), NOW + 21 * MINUTE)
    assert taken == ["s.1"]
    assert deliver(outbox, NOW + 60 * MINUTE)[1] == []


def test_what_was_overtaken_on_one_channel_still_goes_out_on_the_others() -> None:
    outbox = refuse(enqueue(Outbox(), (FIRING,), ("chat", "mail")))
    outbox, _ = deliver(enqueue(outbox, (END,), ("chat", "mail")), NOW + 21 * MINUTE)
    assert [each.notification.id for each in outbox.waiting] == ["a.1", "a.2"]
    outbox, taken = deliver(outbox, NOW + 22 * MINUTE, "mail")
    assert (taken, outbox.waiting) == (["a.1", "a.2"], ())
    assert [list(note.delivered) for note in outbox.notes] == [["mail"], ["chat", "mail"]], "overtaken is not given up"


def test_a_message_that_another_channel_delivered_is_not_lost() -> None:
    outbox, lost = fall_over(refuse(enqueue(Outbox(), (FIRING,), ("chat",))), ("chat", "mail"), NOW)
    assert lost == []
    outbox, taken = deliver(outbox, NOW, "mail")
    assert taken == ["a.1"]
    outbox, lost = fall_over(outbox, ("chat", "mail"), NOW + GIVE_UP_AFTER)
    assert lost == []
    assert [note.delivered for note in outbox.notes] == [{"mail": NOW}], "nor does anybody read later that it was given up"


def test_a_message_that_nobody_took_for_a_day_is_lost_and_told() -> None:
    outbox = refuse(enqueue(Outbox(), (replace(FIRING),), ("chat",)))
    assert fall_over(outbox, ("chat",), NOW + GIVE_UP_AFTER)[1] == ["a.1 on chat"]
