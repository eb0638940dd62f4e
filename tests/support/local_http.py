"""The HTTP server under the local services: many at once, and no word about clients that hang up."""

from __future__ import annotations

import json
import socket
import sys
import threading
from abc import ABC, abstractmethod
from collections import deque
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""


@contextmanager
def free_port() -> Iterator[int]:
    """Give a port of this machine that nobody else is given before the end; a server that sets SO_REUSEADDR can listen on it."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


class LocalHttp(ThreadingHTTPServer):
    """A server whose clients may be killed in the middle of a request."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of connections that broke and bodies that were cut off."""
        if not isinstance(sys.exception(), ConnectionError | json.JSONDecodeError):
            super().handle_error(request, client_address)


class Served:
    """What listens while it is entered."""

    http: LocalHttp
    closing: threading.Event

    def __enter__(self) -> Self:
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.http.shutdown()
        self.http.server_close()


class LocalService(Served, ABC):
    """A service on loopback that takes POSTs, from `with` to its end; answers can be planned."""

    def __init__(self) -> None:
        self.requests = 0
        self.refused: list[str] = []
        """What was wrong with each request that was not taken."""
        self.plans: deque[tuple[Answer, float]] = deque()
        self.closing = threading.Event()
        self.http = LocalHttp(("127.0.0.1", 0), type("Handler", (_Handler,), {"service": self}))
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"

    @abstractmethod
    def take(self, path: str, headers: Mapping[str, str], raw: bytes) -> Answer:
        """Answer one request as the real service does."""

    def answer(self, status: int, *, headers: dict[str, str] | None = None, body: bytes = b"", hang_s: float = 0) -> None:
        """Plan how the next request is answered, whatever it is."""
        self.plans.append(((status, headers or {}, body), hang_s))

    def refuse(self, status: int, why: list[str], document: object, headers: dict[str, str] | None = None) -> Answer:
        """Answer that a request is wrong, and keep why."""
        self.refused += why
        return status, headers or {}, json.dumps(document).encode()


class _Handler(BaseHTTPRequestHandler):
    service: LocalService
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.service.requests += 1
        if self.service.plans:
            (status, headers, body), hang_s = self.service.plans.popleft()
            self.service.closing.wait(hang_s)
        else:
            status, headers, body = self.service.take(self.path, dict(self.headers), raw)
        try:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # who asked has gone

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name is given
        pass
