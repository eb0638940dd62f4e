"""Ticks on request: who may ask, one at a time, and what is answered. The server around it is `serving.py`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Condition
from typing import TYPE_CHECKING, Any

from logwatch.errors import LogwatchError

if TYPE_CHECKING:
    from logwatch.run_summary import RunSummary

TICK, HEALTH = "/tick", ("/healthz", "/health")
"""Cloud Run keeps some paths that end in z to itself: probes reach `/healthz`, callers from outside need `/health`."""


class RefusedError(Exception):
    """A caller that is not let in: with which status, and why, in words without any secret."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        """`why` goes into the log; the caller gets the status's own words."""
        super().__init__(why)
        self.status = status
        self.why = why


Verify = Callable[[str], None]
"""Lets an Authorization header in, or raises RefusedError."""


@dataclass(frozen=True, slots=True)
class Response:
    """What a request gets."""

    status: HTTPStatus
    body: dict[str, Any]
    headers: tuple[tuple[str, str], ...] = ()

    def encode(self) -> bytes:
        """Give the body as JSON."""
        return json.dumps(self.body, ensure_ascii=False).encode() + b"\n"


@dataclass(slots=True)
class TickService:
    """The application: authenticate, tick, answer."""

    tick: Callable[[], RunSummary]
    verify: Verify | None
    """None lets everybody in: only where nobody else can reach the port."""
    tell: Callable[[dict[str, Any]], None]
    """Writes one JSON line."""
    monotonic: Callable[[], float]
    longest_s: float
    """How long a tick may take; one that takes twice as long hangs."""
    stopping: bool = False
    """Whether nothing new is begun."""
    _begun: float | None = None
    """When the running tick began; None where none runs."""
    _idle: Condition = field(default_factory=Condition)

    def answer(self, method: str, path: str, authorization: str) -> Response:
        """Answer one request; raises nothing."""
        if path in HEALTH:
            return self._health() if method in {"GET", "HEAD"} else _not_allowed("GET, HEAD")
        if path != TICK:
            return _plain(HTTPStatus.NOT_FOUND)
        if method != "POST":
            return _not_allowed("POST")
        try:
            if self.verify:
                self.verify(authorization)
        except RefusedError as refused:
            self.tell({"severity": "WARNING", "message": f"serve: POST {TICK} refused: {refused.why}"})
            wants = (("WWW-Authenticate", "Bearer"),) if refused.status is HTTPStatus.UNAUTHORIZED else ()
            return Response(refused.status, {"message": refused.status.phrase}, wants)
        return self._tick_alone()

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Begin nothing new, and wait for the running tick; gives whether it ended in time."""
        with self._idle:
            self.stopping = True
            return self._idle.wait_for(lambda: self._begun is None, timeout_s)

    def _health(self) -> Response:
        if self.stopping:
            return Response(HTTPStatus.SERVICE_UNAVAILABLE, {"message": "stopping"})
        if self._hangs():
            return Response(HTTPStatus.SERVICE_UNAVAILABLE, {"message": "a tick hangs"})
        return Response(HTTPStatus.OK, {"message": "ok"})

    def _hangs(self) -> bool:
        begun = self._begun
        return begun is not None and self.monotonic() - begun > 2 * self.longest_s

    def _tick_alone(self) -> Response:
        """Tick, unless one is running: that one does this minute's work too, so a second is no failure and nothing to retry.

        One that hangs is a failure.
        """
        with self._idle:
            if self.stopping:
                return Response(HTTPStatus.SERVICE_UNAVAILABLE, {"message": "stopping"})
            if self._begun is not None:
                status = HTTPStatus.SERVICE_UNAVAILABLE if self._hangs() else HTTPStatus.OK
                return Response(status, {"message": "busy: another tick is running"})
            self._begun = self.monotonic()
        try:
            return self._tick()
        finally:
            with self._idle:
                self._begun = None
                self._idle.notify_all()

    def _tick(self) -> Response:
        try:
            summary = self.tick()
        except LogwatchError as error:
            return self._failed(str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the next tick may do better
            return self._failed(f"an error of logwatch itself: {type(error).__name__} in {_place(error)}")
        self.tell(summary.to_json())
        done = {"message": summary.message, "windows": summary.windows, "sent": summary.sent, "waiting": summary.waiting}
        return Response(HTTPStatus.SERVICE_UNAVAILABLE if summary.exit_code else HTTPStatus.OK, done)

    def _failed(self, why: str) -> Response:
        self.tell({"severity": "ERROR", "message": f"run: {why}"})
        return Response(HTTPStatus.SERVICE_UNAVAILABLE, {"message": f"run: {why.splitlines()[0]}"})


def _place(error: BaseException) -> str:
    """Give where an error was raised, as file and line; its words may hold anything, and stay out of the log."""
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    return f"{frame.tb_frame.f_code.co_filename.rpartition('/')[2]}:{frame.tb_lineno}" if frame else "nowhere"


def _plain(status: HTTPStatus) -> Response:
    return Response(status, {"message": status.phrase})


def _not_allowed(allowed: str) -> Response:
    status = HTTPStatus.METHOD_NOT_ALLOWED
    return Response(status, {"message": status.phrase}, (("Allow", allowed),))
