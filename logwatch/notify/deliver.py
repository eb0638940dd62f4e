"""Messages on their way: each channel by itself, at least once, every success saved before the next message is tried."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from logwatch.errors import ChannelError
from logwatch.notify.outbox import Outbox, Outgoing, next_due, record_delivery, record_failure
from logwatch.seams import Seam, Seams, describe_error

if TYPE_CHECKING:
    from logwatch.notify.channels.interface import Channel
    from logwatch.notify.messages import Message

LOG = logging.getLogger("logwatch.delivery")

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


@dataclass(slots=True)
class Sending:
    """One run's sending: every channel at once, in order on each, until nothing is due or the time is up."""

    outbox: Outbox
    save: Callable[[Outbox], None]
    """Keeps what became of a message before the next is tried; raises ConflictError where the lease is lost."""
    channels: Mapping[str, Channel]
    describe: Describe
    clock: Callable[[], datetime]
    until: datetime
    seams: Seams
    delivered: Delivered = field(default_factory=Delivered)
    _under_way: dict[Future[str | None], tuple[str, Outgoing]] = field(default_factory=dict)

    def run(self) -> Delivered:
        """Send what is due; a channel stops at its first passing failure, and no other waits for it.

        Raises ConflictError where the lease is lost.
        """
        pool = ThreadPoolExecutor(max(len(self.channels), 1))
        for name in self.channels:
            self._begin(pool, name)
        while self._under_way:
            left = max(self.until - self.clock(), timedelta(seconds=0.1))
            done, _ = wait(self._under_way, timeout=left.total_seconds(), return_when=FIRST_COMPLETED)
            if not done:
                break
            for future in done:
                name, outgoing = self._under_way.pop(future)
                if self._record(future, name, outgoing):
                    self._begin(pool, name)
        self.delivered.failed += [f"{name}: no answer within the run's time" for name, _ in self._under_way.values()]
        pool.shutdown(wait=False, cancel_futures=True)
        return self.delivered

    def _begin(self, pool: ThreadPoolExecutor, name: str) -> None:
        now = self.clock()
        outgoing = next_due(self.outbox, name, now) if now < self.until else None
        if outgoing:
            thread = self.outbox.threads.get(outgoing.notification.incident, {}).get(name)
            self._under_way[pool.submit(self._send, outgoing, name, now, thread)] = (name, outgoing)

    def _send(self, outgoing: Outgoing, name: str, now: datetime, thread: str | None) -> str | None:
        """Say a message and send it; what cannot be said or laid out as a whole is told in the fewest words."""
        channel = self.channels[name]

        def plain(why: str) -> Message:
            return self.describe(outgoing, name, now, why)

        def whole() -> str | None:
            message = self.seams.guard(Seam.WORDS, lambda: self.describe(outgoing, name, now, ""), plain)
            return channel.send(replace(message, seams=self.seams), thread)

        try:
            return self.seams.guard(Seam.SEND, whole, lambda why: channel.send_plain(plain(why), thread), ChannelError)
        except ChannelError:
            raise
        except Exception as error:
            raise ChannelError(f"an error of logwatch itself: {describe_error(error)}") from error

    def _record(self, future: Future[str | None], name: str, outgoing: Outgoing) -> bool:
        """Save what became of a message, and tell whether the channel can go on."""
        now = self.clock()
        error = future.exception()
        told = {"channel": name, "id": outgoing.notification.id, "attempt": outgoing.deliveries[name].attempts + 1}
        LOG.debug("delivery", extra={"details": {**told, "error": str(error) if error else ""}})
        if isinstance(error, ChannelError):
            self.delivered.failed.append(f"{name}: {error}")
            self._keep(record_failure(self.outbox, outgoing, name, now, error))
            return error.permanent
        self.delivered.sent += 1
        self.delivered.retried += outgoing.deliveries[name].attempts > 0
        self._keep(record_delivery(self.outbox, outgoing, name, now, future.result()))
        return True

    def _keep(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.save(outbox)
