"""The application's endpoints on this machine, in every state that they are known to be in and some that are hostile.

`python -m tests.support.local_app --port P [--state database=down …]` serves until it is ended.
"""

import argparse
import contextlib
import gzip
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any, Self

from tests.support.local_http import LocalHttp

TOKEN = "test-token-5f2c"  # noqa: S105 - made up
STAMP = "2026-02-24T03:00:00.000Z"
DATABASE, REDIS, DETAILED, METRICS = "/health/database", "/health/redis", "/health/detailed", "/internal/ops/metrics"
NAMES = {"database": DATABASE, "redis": REDIS, "detailed": DETAILED, "metrics": METRICS}


@dataclass(frozen=True, slots=True)
class Says:
    """One answer: an object is sent as JSON, bytes as they are."""

    body: Any
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    before: str = ""
    """What goes wrong: `hang`, `reset`, `slow` (a byte at a time), `short` (less than Content-Length)."""

    def encode(self) -> bytes:
        """Give the body as bytes."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def database(status: str = "healthy", ping: Any = 4, **more: Any) -> dict[str, Any]:
    """Give what /health/database says."""
    details = {"version": "PostgreSQL 15.4", "pingMs": ping, "activeConnections": 12, "longRunningQueries": 0, **more}
    return {"component": "database", "status": status, "responseTime": 5, "details": details, "timestamp": STAMP}


def redis(status: str = "healthy", ping: Any = 1, **more: Any) -> dict[str, Any]:
    """Give what /health/redis says."""
    cache = {"hits": 340, "misses": 60, "errors": 0, "hitRate": 85, **more}
    details = {"host": "10.0.0.3", "port": 6379, "pingMs": ping, "cache": cache}
    return {"component": "redis", "status": status, "responseTime": 2, "details": details, "timestamp": STAMP}


def detailed(status: str = "healthy", **components: str) -> dict[str, Any]:
    """Give what /health/detailed says."""
    checks = [{"component": name, "status": state, "details": {}} for name, state in components.items()]
    return {"status": status, "timestamp": STAMP, "responseTime": 9, "checks": checks}


COUNTERS = {
    "cache.hit": 340, "cache.miss": 60, "checkout.attempt{service=glycopharm}": 12,
    "checkout.blocked.stock{service=glycopharm}": 3, "payment.prepare{service=kpa}": 4,
    "request.total{method=GET,status=200}": 991, "error.code{code=E1}": 2,
}  # fmt: skip


def metrics(**more: Any) -> dict[str, Any]:
    """Give what /internal/ops/metrics says."""
    found = {"betaMode": True, "timestamp": STAMP, "uptime": 5123.4, "metricsCount": len(COUNTERS), "counters": COUNTERS}
    return {"success": True, "data": found | more}


HTML = Says(b"<html><head><title>502 Server Error</title></head></html>", 502, (("Content-Type", "text/html"),))
GZIP = (("Content-Encoding", "gzip"),)
HEALTHY = {
    DATABASE: Says(database()),
    REDIS: Says(redis()),
    DETAILED: Says(detailed(database="healthy", redis="healthy")),
    METRICS: Says(metrics()),
}
STATES: dict[str, dict[str, Says]] = {
    "database": {
        "degraded": Says(database("degraded", 240, longRunningQueries=3)),
        "unhealthy": Says(database("unhealthy", 900), 503),
        "down": Says({"component": "database", "status": "unhealthy", "responseTime": 5001, "error": "connect ETIMEDOUT 10.0.0.4:5432", "timestamp": STAMP}, 503),
        "leaking": Says({"component": "database", "status": "unhealthy", "error": "cannot reach postgres://api:pa/ss@10.0.0.4/o4o password=hunter2\nat x"}, 503),
    },
    "redis": {
        "degraded": Says(redis("degraded", 120)),
        "idle": Says(redis(hits=0, misses=0, hitRate=None)),
        "not_configured": Says({"component": "redis", "status": "not_configured", "responseTime": 0, "timestamp": STAMP}),
        "absent": Says(b"<!DOCTYPE html><pre>Cannot GET /health/redis</pre>", 404),
        "down": Says({"component": "redis", "status": "unhealthy", "error": "connect ECONNREFUSED", "timestamp": STAMP}, 503),
    },
    "detailed": {
        "degraded": Says(detailed("degraded", database="healthy", redis="unhealthy"), 503),
    },
    "metrics": {
        "off": Says({"error": {"code": "BETA_MODE_OFF", "message": "Beta mode is not enabled"}}, 404),
        "refused": Says({"error": {"code": "UNAUTHORIZED"}}, 401),
    },
}  # fmt: skip
HOSTILE: dict[str, Says] = {
    "html_502": HTML,
    "html_200": Says(b"<html>sign in</html>"),
    "empty": Says(b""),
    "empty_503": Says(b"", 503),
    "redirect": Says(b"", 302, (("Location", "https://user:pw@evil.example/login?next=x"),)),
    "cut_off": Says(json.dumps(database()).encode()[:60]),
    "short": Says(database(), before="short"),
    "array": Says([1, 2]),
    "number": Says(b"7"),
    "null": Says(b"null"),
    "nested": Says(b"[" * 100_000),
    "huge": Says(b'{"status": "' + b"x" * (10 << 20) + b'"}'),
    "bomb": Says(gzip.compress(b" " * (64 << 20), 1), 200, GZIP),
    "no_gzip": Says(b"this is no gzip", 200, GZIP),
    "not_utf8": Says(b"\xff\xfe\x00{"),
    "digits": Says(b'{"status":"healthy","details":{"pingMs":' + b"9" * 5000 + b"}}"),
    "hang": Says(b"", before="hang"),
    "reset": Says(b"", before="reset"),
    "slow": Says(database(), before="slow"),
}


class LocalApp:
    """A server whose answers can be changed while it runs; `seen` are the requests, each as path and headers."""

    def __init__(self, port: int = 0) -> None:
        self._answers: dict[str, list[Says]] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.ending = threading.Event()
        self._server = LocalHttp(("127.0.0.1", port), type("Handler", (_Handler,), {"app": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def say(self, path: str, *answers: Says) -> None:
        """Answer a path with these, one after the other, the last one from then on."""
        self._answers[path] = list(answers)

    def answer(self, path: str, headers: dict[str, str]) -> Says:
        """Give the answer to one request, and keep the request."""
        self.seen.append((path, headers))
        if path == METRICS and headers.get("Authorization") != f"Bearer {TOKEN}":
            return STATES["metrics"]["refused"]
        answers = self._answers.get(path) or [HEALTHY.get(path, Says(b"Cannot GET", 404))]
        return answers.pop(0) if len(answers) > 1 else answers[0]


class _Handler(BaseHTTPRequestHandler):
    app: LocalApp

    def do_GET(self) -> None:
        says = self.app.answer(self.path.partition("?")[0], dict(self.headers))
        body = says.encode()
        if says.before == "hang":
            self.app.ending.wait()
        if says.before in {"hang", "reset"}:
            self.close_connection = True
            return
        self.send_response_only(says.status)
        for name, value in says.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + (100 if says.before == "short" else 0)))
        self.end_headers()
        with contextlib.suppress(OSError):
            if says.before == "slow":
                self._drip(body)
            else:
                self.wfile.write(body)

    def _drip(self, body: bytes) -> None:
        for number in range(len(body)):
            self.wfile.write(body[number : number + 1])
            if self.app.ending.wait(0.1):
                return

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
        """Say nothing."""


def main() -> None:
    """Serve until the process is ended."""
    options = argparse.ArgumentParser(description="the application's endpoints on this machine")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--state", action="append", default=[], help="as database=down, redis=html_502, metrics=off")
    chosen = options.parse_args()
    with LocalApp(chosen.port) as app, contextlib.suppress(KeyboardInterrupt):
        for pair in chosen.state:
            name, _, state = pair.partition("=")
            app.say(NAMES[name], STATES[name].get(state) or HOSTILE[state])
        print(f"{app.url} with Bearer {TOKEN}", flush=True)  # noqa: T201 - for whoever started it
        threading.Event().wait()


if __name__ == "__main__":
    main()
