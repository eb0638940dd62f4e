"""Ticks on request: who may ask, one at a time, and what is answered. The server around it is `serving.py`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Condition
from typing import TYPE_CHECKING, Any

from logwatch.logs import failure_line

if TYPE_CHECKING:
    from logwatch.pipeline.run_summary import RunSummary

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

    tick: Callable[[Callable[[RunSummary], None]], Sequence[RunSummary]]
    """Runs each target, and tells of it as it ends."""
    verify: Verify | None
    """None lets everybody in: only where nobody else can reach the port."""
    tell: Callable[[dict[str, Any]], None]
    """Writes one JSON line."""
    owner: str
    """The process's name, in the lines of what failed."""
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
        try:
            return self._answer(method, path, authorization)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next request may fare better
            return self._failed("serve", error)

    def _answer(self, method: str, path: str, authorization: str) -> Response:
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
            summaries = self.tick(lambda summary: self.tell(summary.to_json()))
        except Exception as error:  # noqa: BLE001 - whatever it is, the next tick may do better
            return self._failed("run", error)
        failed = [each for each in summaries if each.exit_code]
        told = summaries[0].message if len(summaries) == 1 else f"run: {len(summaries)} targets, {len(failed)} failed"
        sums = {name: sum(getattr(each, name) for each in summaries) for name in ("windows", "sent", "waiting")}
        return Response(HTTPStatus.SERVICE_UNAVAILABLE if failed else HTTPStatus.OK, {"message": told, **sums})

    def _failed(self, command: str, error: Exception) -> Response:
        line = failure_line(command, self.owner, error)
        self.tell(line)
        return Response(HTTPStatus.SERVICE_UNAVAILABLE, {"message": line["message"]})


def _plain(status: HTTPStatus) -> Response:
    return Response(status, {"message": status.phrase})


def _not_allowed(allowed: str) -> Response:
    status = HTTPStatus.METHOD_NOT_ALLOWED
    return Response(status, {"message": status.phrase}, (("Allow", allowed),))
