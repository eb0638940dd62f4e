"""Messages on their way: each channel by itself, at least once, every success saved before the next message is tried."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from logwatch.errors import ChannelError, RefusedPartError
from logwatch.notify.follow_ups import ask_for, next_follow_up, record_done, record_refusal, set_head
from logwatch.notify.incidents import NotifyReason
from logwatch.notify.outbox import (
    After,
    ChannelDelivery,
    FollowUp,
    Outbox,
    Outgoing,
    next_due,
    record_delivery,
    record_failure,
    record_refused_part,
)
from logwatch.seams import Seam, Seams, describe_error

if TYPE_CHECKING:
    from logwatch.notify.channels.interface import Channel
    from logwatch.notify.messages import Message

LOG = logging.getLogger("logwatch.delivery")
T = TypeVar("T")

Describe = Callable[[Outgoing, str, datetime, str], "Message"]
"""Says a message in words for a channel and a moment; in the fewest where it is told why the whole cannot be said."""


@dataclass(slots=True)
class Delivered:
    """What became of the messages that were due."""

    sent: int = 0
    retried: int = 0
    """Of those sent, how many had failed before."""
    failed: list[str] = field(default_factory=list)
    """`channel: error` of each that was not."""


Task = Outgoing | FollowUp
WALKED_AGAIN = {NotifyReason.RELAPSED, NotifyReason.REMINDER}
"""Events so long after the first that what was found then may hold no more."""


@dataclass(slots=True)
class Sending:
    """One run's sending: every channel at once, in order on each, until nothing is due or the time is up."""

    outbox: Outbox
    save: Callable[[Outbox], None]
    """Keeps what became of messages before the next of their channels are tried."""
    channels: Mapping[str, Channel]
    describe: Describe
    clock: Callable[[], datetime]
    until: datetime
    seams: Seams
    delivered: Delivered = field(default_factory=Delivered)
    _under_way: dict[Future[str | None], tuple[str, Task]] = field(default_factory=dict)

    def run(self) -> Delivered:
        """Send what is due; a channel stops at its first passing failure, and no other waits for it.

        What has come to an end by the same time is saved together. Raises StoreError.
        """
        pool = ThreadPoolExecutor(max(len(self.channels), 1))
        for name in self.channels:
            self._begin(pool, name)
        while self._under_way:
            left = max(self.until - self.clock(), timedelta(seconds=0.1))
            done, _ = wait(self._under_way, timeout=left.total_seconds(), return_when=FIRST_COMPLETED)
            if not done:
                break
            over = [(future, *self._under_way.pop(future)) for future in done]
            go_on = [name for future, name, task in over if self._record(future, name, task)]
            self.save(self.outbox)
            for name in go_on:
                self._begin(pool, name)
        self.delivered.failed += [f"{name}: no answer within the run's time" for name, _ in self._under_way.values()]
        pool.shutdown(wait=False, cancel_futures=True)
        return self.delivered

    def _begin(self, pool: ThreadPoolExecutor, name: str) -> None:
        """Begin with the channel's next message; where none is due, with what is left to do after those before."""
        now = self.clock()
        if now >= self.until:
            return
        if outgoing := next_due(self.outbox, name, now):
            thread = self.outbox.threads.get(outgoing.notification.incident, {}).get(name)
            self._under_way[pool.submit(self._send, outgoing, name, now, thread)] = (name, outgoing)
        elif follow_up := next_follow_up(self.outbox, name, now):
            self._under_way[pool.submit(self._follow_up, follow_up)] = (name, follow_up)

    def _send(self, outgoing: Outgoing, name: str, now: datetime, thread: str | None) -> str | None:
        """Say a message and send it; what cannot be said or laid out as a whole is told in the fewest words."""
        channel = self.channels[name]
        return self._say(
            outgoing, name, now, lambda message: channel.send(message, thread), lambda plain: channel.send_plain(plain, thread)
        )

    def _follow_up(self, task: FollowUp) -> None:
        """Bring an incident's head up to date, or post its procedure below that, as of the event that it tells."""
        dialogue, head = self.channels[task.channel].dialogue, self.outbox.heads[task.incident]
        thread = self.outbox.threads[task.incident][task.channel]
        if dialogue:
            shown = Outgoing(head, {task.channel: ChannelDelivery()})
            whole, least = (
                (dialogue.update, dialogue.update_plain) if task.what is After.HEAD else (dialogue.walk, dialogue.walk)
            )
            self._say(shown, task.channel, head.at, lambda message: whole(message, thread), lambda plain: least(plain, thread))

    def _say(
        self,
        outgoing: Outgoing,
        name: str,
        now: datetime,
        whole: Callable[[Message], T],
        least: Callable[[Message], T],
    ) -> T:
        def plain(why: str) -> Message:
            return self.describe(outgoing, name, now, why)

        def said() -> T:
            message = self.seams.guard(Seam.WORDS, lambda: self.describe(outgoing, name, now, ""), plain)
            shown = message if self.outbox.takes(name, "chart", self.clock()) else replace(message, course=None)
            return whole(replace(shown, seams=self.seams))

        try:
            return self.seams.guard(Seam.SEND, said, lambda why: least(plain(why)), ChannelError)
        except ChannelError:
            raise
        except Exception as error:
            raise ChannelError(f"an error of logwatch itself: {describe_error(error)}") from error

    def _record(self, future: Future[str | None], name: str, task: Task) -> bool:
        """Note what became of a task, and tell whether the channel can go on."""
        now = self.clock()
        error = future.exception()
        what, attempts = _named(task, name)
        LOG.debug("delivery", extra={"details": {"channel": name, **what, "error": str(error) if error else ""}})
        if isinstance(error, RefusedPartError):
            self.outbox = record_refused_part(self.outbox, name, error.part, now)
            return True
        if isinstance(error, ChannelError):
            self.delivered.failed.append(f"{name}: {error}")
            self.outbox = _refused(self.outbox, task, name, now, error)
            return error.permanent
        if isinstance(task, FollowUp):
            self.outbox = record_done(self.outbox, task)
            return True
        self.delivered.sent += 1
        self.delivered.retried += attempts > 1
        self.outbox = self._taken(task, name, now, future.result())
        return True

    def _taken(self, outgoing: Outgoing, name: str, now: datetime, thread: str | None) -> Outbox:
        """Note a message as delivered, and what is left to do after it."""
        told = outgoing.notification
        before = self.outbox.threads.get(told.incident, {}).get(name)
        outbox = record_delivery(self.outbox, outgoing, name, now, thread)
        if not self.channels[name].dialogue:
            return outbox
        follows = thread is not None and thread == before
        if told.reason is NotifyReason.ANSWERED:  # the head says it already, unless this has become the head
            return outbox if follows or told.incident not in outbox.heads else ask_for(outbox, told.incident, name, After.HEAD)
        outbox = set_head(outbox, told)
        if thread and (not follows or told.reason in WALKED_AGAIN):
            outbox = ask_for(outbox, told.incident, name, After.WALK)
        return ask_for(outbox, told.incident, name, After.HEAD) if follows else outbox


def _named(task: Task, channel: str) -> tuple[dict[str, object], int]:
    """Give what a log says of a task, and which attempt it was."""
    if isinstance(task, FollowUp):
        attempt = task.delivery.attempts + 1
        return {"id": task.incident, "what": task.what, "attempt": attempt}, attempt
    attempt = task.deliveries[channel].attempts + 1
    return {"id": task.notification.id, "attempt": attempt}, attempt


def _refused(outbox: Outbox, task: Task, channel: str, now: datetime, error: ChannelError) -> Outbox:
    if isinstance(task, FollowUp):
        return record_refusal(outbox, task, now, error)
    return record_failure(outbox, task, channel, now, error)
