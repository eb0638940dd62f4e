"""The HTTP server around the service: waitress, in this one place.

waitress, because it is plain Python without dependencies, well kept, and made for this: one loop takes every request in
whole, however slowly it comes, before one of a few threads is given to it; bodies, headers and connections are bounded.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from http import HTTPStatus
from threading import Thread
from typing import TYPE_CHECKING, Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from logwatch.server.app import Response, TickService

THREADS = 4
"""One ticks; the others answer that it does, and how the process is."""
MOST_BODY, MOST_HEADERS = 64 << 10, 32 << 10
"""Bytes. A tick needs no body; Cloud Scheduler may send one all the same."""
SLOWEST_S = 10
"""How long a request may take to arrive."""
TICK_ENDS_S, ANSWER_LEAVES_S = 7.0, 0.3
"""After SIGTERM, of the 10 s that Cloud Run gives: for the running tick to end, and then for its answer to leave."""


class Request(HTTPRequestParser):  # type: ignore[misc]
    """A request that means one thing to everybody who passes it on; waitress takes some that do not."""

    path: str

    def parse_header(self, header_plus: bytes) -> None:
        """Read the lines before the body; raises ParsingError, which is answered by 400 and ends the connection."""
        try:
            super().parse_header(header_plus)
        except ValueError:  # as of `http://[::1`
            raise ParsingError("Bad URI") from None
        if not self.first_line.endswith((b" HTTP/1.1", b" HTTP/1.0")):
            raise ParsingError("Only HTTP/1.1 and HTTP/1.0 are spoken here")
        # 1.1 takes the coding out of the headers once it is understood; 1.0 has none.
        if "TRANSFER_ENCODING" in self.headers or (self.chunked and "CONTENT_LENGTH" in self.headers):
            raise ParsingError("The body's length is given twice, or in a way that HTTP/1.0 does not know")
        host = self.headers.get("HOST")
        if (host is None and self.version == "1.1") or "," in (host or ""):
            raise ParsingError("One Host is needed")
        if self.path.startswith("//"):
            self.path = f"/.{self.path}"  # waitress would take `//tick` for `/tick`


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection; how long its next request takes is counted from the last one's end."""

    parser_class = Request

    def service(self) -> None:
        super().service()
        self.creation_time = self.last_activity


class _Server(TcpWSGIServer):  # type: ignore[misc]
    channel_class = _Channel

    def maintenance(self, now: float) -> None:
        """Close what sends nothing, and also what sends a byte now and then: waitress knows only the first."""
        super().maintenance(now)
        for channel in self.active_channels.values():
            if not channel.requests and now - channel.creation_time > SLOWEST_S:
                channel.will_close = True


def serve(service: TickService, *, host: str, port: int, listening: Callable[[str], None], give_up: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; `listening` hears the address, `give_up` is called where a tick does not end in time.

    Raises OSError where the port cannot be had.
    """
    logging.getLogger("waitress").setLevel(logging.ERROR)  # its warnings are of clients that hang up, and of a busy tick
    server = _Server(
        application_of(service), host=host, port=port, threads=THREADS, ident=None, connection_limit=100, channel_timeout=10,
        cleanup_interval=2, max_request_body_size=MOST_BODY, max_request_header_size=MOST_HEADERS, asyncore_use_poll=True,
        clear_untrusted_proxy_headers=True, log_socket_errors=False,
    )  # fmt: skip
    stop = _Stop(service, give_up)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop.hear)
    listening(f"{server.effective_host}:{server.effective_port}")
    server.task_dispatcher.shutdown = lambda *_, **__: None  # its threads are waited for already
    server.run()


class _Stop:
    """Ends the server: when the running tick has ended and its answer has left, or when there is no more time for it."""

    def __init__(self, service: TickService, give_up: Callable[[], None]) -> None:
        self._service = service
        self._give_up = give_up
        self._waiting: Thread | None = None
        self._over = False

    def hear(self, *_: object) -> None:
        """Hear a signal, in the thread that runs the loop: it goes on, so that answers leave, until the waiting is over."""
        if self._over:
            raise SystemExit(0)
        if self._waiting is None:
            self._waiting = Thread(target=self._wait, daemon=True)
            self._waiting.start()

    def _wait(self) -> None:
        if self._service.wait_until_idle(TICK_ENDS_S):
            time.sleep(ANSWER_LEAVES_S)
        else:
            giving_up = Thread(target=self._give_up, daemon=True)
            giving_up.start()
            giving_up.join(2)
        self._over = True
        os.kill(os.getpid(), signal.SIGTERM)  # wakes the loop, which a flag would not


def _authorization(environ: Mapping[str, str]) -> str:
    """Give the header with the token; of two, Cloud Run's own check reads the first, and lets anything stand in the other."""
    return environ.get("HTTP_X_SERVERLESS_AUTHORIZATION") or environ.get("HTTP_AUTHORIZATION", "")


def application_of(service: TickService) -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """Give the service as WSGI knows applications."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        found: Response = service.answer(method, environ["PATH_INFO"], _authorization(environ))
        body = found.encode()
        status = HTTPStatus(found.status)
        length = ("Content-Length", str(len(body)))
        start_response(f"{status.value} {status.phrase}", [("Content-Type", "application/json"), length, *found.headers])
        return [] if method == "HEAD" else [body]

    return application
