"""The dead man's switch: asked for after each good run, and never a reason to fail, to wait or to give the address away."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from logwatch.publish.heartbeat import ping
from logwatch.state.lease import take
from logwatch.state.local import LocalStore
from tests.support import forked
from tests.support.local_google import make_entry
from tests.support.made_traffic import START, Traffic
from tests.support.patience import PATIENCE_S, no_hang, wait_until
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "3f1c9a-s3cr3t-ping-key"
ENTRIES = [make_entry(entry) for entry in Traffic(5, 30).entries()]
NOW = START + timedelta(minutes=12, seconds=30)


class Switch(ThreadingHTTPServer):
    """Whoever waits for the ping."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str]] = []
        self.does: str | int = 200
        self.ending = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/{KEY}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: who asked has gone."""


class _Handler(BaseHTTPRequestHandler):
    server: Switch

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["User-Agent"]))
        does = self.server.does
        if does == "hang":
            self.server.ending.wait()
        elif does == "drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            while not self.server.ending.wait(0.1):
                self.wfile.write(b"x")
        elif does != "reset":
            self.send_response(int(does))
            self.send_header("Location", f"http://127.0.0.1:9/{KEY}/elsewhere")
            self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
        """Say nothing."""


@contextmanager
def switch() -> Iterator[Switch]:
    server = Switch()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.ending.set()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("does", "trouble"),
    [
        (200, ""),
        (204, ""),
        (302, "answered 302"),
        (404, "answered 404"),
        (500, "answered 500"),
        ("reset", "no connection"),
        ("hang", "within 0.5 s"),
        ("drip", "within 0.5 s"),
    ],
)
def test_what_goes_wrong_is_told_in_time_and_without_the_address(does: str | int, trouble: str) -> None:
    with switch() as server:
        server.does = does
        with no_hang():
            told = ping(server.url, timeout_s=0.5 if does in {"hang", "drip"} else PATIENCE_S)
        wait_until(lambda: server.asked)  # who has given up may be sooner than the server has read
        assert server.asked == [(f"/{KEY}", "logwatch")]
    assert told == trouble if not trouble else trouble in told or "in time" in told
    assert KEY not in told


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/" + KEY, "ftp://x/" + KEY, KEY, "http://[::1/" + KEY, "http://no.such.host.invalid/" + KEY]
)
def test_an_address_that_is_none_is_told(url: str) -> None:
    told = ping(url, timeout_s=1)
    assert told
    assert KEY not in told


def test_each_good_run_pings_once(tmp_path: Path) -> None:
    with switch() as server, World(tmp_path, ENTRIES, now=NOW, more={"PING_URL": server.url}) as world:
        summary = world.tick()
        assert (summary.exit_code, len(server.asked)) == (0, 1)
        assert not [each for each in summary.news if "ping" in each]
        world.now += timedelta(minutes=1)
        world.tick()
        assert len(server.asked) == 2


def test_a_ping_that_fails_is_a_warning_and_nothing_else(tmp_path: Path) -> None:
    with switch() as server, World(tmp_path, ENTRIES, now=NOW, more={"PING_URL": server.url}) as world:
        server.does = 500
        process = forked.start(world.environment, tmp_path / "out")
        process.join(PATIENCE_S)
        out, state = (tmp_path / "out").read_bytes(), (tmp_path / "state.json").read_bytes()
        assert process.exitcode == 0
    line = json.loads(out)
    assert line["severity"] == "WARNING"
    assert "the ping after the run failed: answered 500" in line["run"]["news"]
    assert not line["run"].get("errors")
    assert KEY.encode() not in out + state


def test_a_run_that_could_not_do_its_work_does_not_ping(tmp_path: Path) -> None:
    more = {"READ_BUDGET": "1s", "METRICS_PROJECT": "none"}
    with switch() as server, World(tmp_path, ENTRIES, now=NOW, more={**more, "PING_URL": server.url}) as world:
        world.google.stop()
        assert world.tick().exit_code == 3
        assert server.asked == []


def test_a_run_that_leaves_the_work_to_another_does_not_ping(tmp_path: Path) -> None:
    with switch() as server, World(tmp_path, ENTRIES, now=NOW, more={"PING_URL": server.url}) as world:
        take(LocalStore(tmp_path / "state.json"), "somebody", timedelta(seconds=55), lambda: world.now)
        assert "another run" in world.tick().outcome
        assert server.asked == []
