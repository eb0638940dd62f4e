"""`logwatch serve` as a real process: Cloud Scheduler's token, SIGTERM in a tick, slow and rude clients."""

from __future__ import annotations

import http.client
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from logwatch.server.http import MOST_BODY
from tests.conftest import ROOT, clean_environment
from tests.support import forked
from tests.support.faults import texts
from tests.support.local_google import make_entry
from tests.support.local_http import free_port
from tests.support.local_identity import AUDIENCE, CALLER, LocalIdentity
from tests.support.local_slack import WEBHOOK_PATH
from tests.support.made_traffic import START, Incident, Traffic
from tests.support.patience import PATIENCE_S, wait_until
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.process import BaseProcess
    from pathlib import Path

ENTRIES = [make_entry(entry) for entry in Traffic(5, 60, incidents=(Incident(10, 30, errors=3),)).entries()]
FIRES = START + timedelta(minutes=12, seconds=30)


@dataclass
class Served:
    """A server's process, its lines as they come, and its port."""

    process: BaseProcess
    out: Path
    port: int = 0
    ended: threading.Event = field(default_factory=threading.Event)
    lines: queue.Queue[dict[str, Any]] = field(default_factory=queue.Queue)

    def listen(self) -> None:
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        first = self.lines.get(timeout=PATIENCE_S)
        assert "listens on" in first["message"], first
        self.port = int(first["message"].rpartition(":")[2])

    def _read(self) -> None:
        read = b""
        with self.out.open("rb") as out:
            while not self.ended.wait(0.02):
                *whole, read = (read + out.read()).split(b"\n")
                for line in whole:
                    if line.startswith(b"{"):  # standard error goes there, too
                        self.lines.put(json.loads(line))

    def end(self) -> int | None:
        """Ask it to end, as the platform does, and give its exit code."""
        self.process.terminate()
        self.process.join(PATIENCE_S)
        return self.process.exitcode

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            link.request(method, path, body, headers or {})
            answer = link.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if answer.headers["Content-Type"] == "application/json" else {
                "text": text.decode()
            }
        finally:
            link.close()

    def tick(self, token: str = "") -> tuple[int, dict[str, Any]]:
        return self.ask("POST", "/tick", headers={"Authorization": f"Bearer {token}"} if token else {})


@contextmanager
def serving(world: World, *options: str, **more: str) -> Iterator[Served]:
    out = world.folder / "served"
    out.touch()
    with free_port() as port:
        process = forked.start({"PORT": str(port), **world.environment, **more}, out, ("serve", *options))
        served = Served(process, out)
        try:
            served.listen()
            yield served
        finally:
            process.kill()
            process.join(PATIENCE_S)
            served.ended.set()
            served.reader.join(PATIENCE_S)


def refused(world: World, *options: str, **more: str) -> tuple[int | None, str]:
    """Start a server that cannot be; gives its exit code and what it says."""
    out = world.folder / "refused"
    out.unlink(missing_ok=True)
    process = forked.start({**world.environment, **more}, out, ("serve", *options))
    process.join(PATIENCE_S)
    return process.exitcode, out.read_text("utf-8")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, ENTRIES, now=FIRES) as made:
        yield made


def test_cloud_scheduler_ticks_and_nobody_else(world: World) -> None:
    with LocalIdentity() as google:
        more = {"LOGWATCH_SERVE_AUDIENCE": AUDIENCE, "LOGWATCH_SERVE_CALLER": CALLER, "LOGWATCH_SERVE_CERTS_URL": google.url}
        with serving(world, **more) as served:
            assert served.ask("GET", "/healthz") == (200, {"message": "ok"})
            assert served.tick()[0] == 401
            assert served.tick(google.token(aud="https://other.example"))[0] == 401
            assert served.tick(google.token(email="x@example.com"))[0] == 403
            assert texts(world) == []
            status, body = served.tick(google.token())
            assert (status, body["windows"], body["sent"]) == (200, 1, 2)
            assert len(texts(world)) == len(world.smtp.mails) == 1
            refusals = [served.lines.get(timeout=PATIENCE_S) for _ in range(3)]
            assert {line["severity"] for line in refusals} == {"WARNING"}
            line = served.lines.get(timeout=PATIENCE_S)
            assert line["run"]["sent"] == 2
            told = json.dumps([refusals, line, body])
            assert google.token()[:40] not in told
            assert WEBHOOK_PATH not in told
            assert served.tick(google.token())[1]["message"].startswith("run: no window has closed")


def test_without_a_caller_it_does_not_start(world: World) -> None:
    for more, missing in ({}, "LOGWATCH_SERVE_AUDIENCE"), ({"LOGWATCH_SERVE_AUDIENCE": AUDIENCE}, "LOGWATCH_SERVE_CALLER"):
        code, told = refused(world, **more)
        assert code == 2
        assert missing in told
        assert "Traceback" not in told


def test_a_port_in_use_is_told(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, told = refused(world, "--no-auth", "--port", str(taken.getsockname()[1]), LOGWATCH_LANG="en")
    assert code == 2
    assert "cannot listen" in told


def test_without_a_login_it_listens_on_this_machine_only(world: World) -> None:
    with serving(world, "--no-auth") as served:
        assert served.ask("GET", "/healthz")[0] == 200
        other = socket.gethostbyname(socket.gethostname())
        if not other.startswith("127."):
            with pytest.raises(OSError, match="refused"):
                socket.create_connection((other, served.port), 2).close()


def test_a_source_that_is_down_is_503_and_the_next_tick_does_the_work(world: World) -> None:
    world.google.stop()
    with serving(world, "--no-auth", LOGWATCH_READ_BUDGET="1s", LOGWATCH_METRICS_PROJECT="none") as served:
        status, body = served.tick()
        assert (status, "Cloud Logging" in body["message"]) == (503, True)
        assert served.lines.get(timeout=PATIENCE_S)["severity"] == "ERROR"
        assert served.ask("GET", "/healthz")[0] == 200


@dataclass
class Held:
    """A tick that waits for the answer to its message until the test lets it go on."""

    world: World
    asking: threading.Thread
    answers: list[tuple[int, dict[str, Any]]]
    go_on: threading.Event

    def end(self) -> tuple[int, dict[str, Any]]:
        self.go_on.set()
        self.asking.join(PATIENCE_S)
        return self.answers[0]


def held_tick(world: World, served: Served) -> Held:
    """Begin a tick; it is in the midst of sending."""
    sending, go_on = threading.Event(), threading.Event()

    @contextmanager
    def hold(_path: str) -> Iterator[None]:
        yield
        sending.set()
        go_on.wait(PATIENCE_S)

    world.slack.watch = hold
    answers: list[tuple[int, dict[str, Any]]] = []
    asking = threading.Thread(target=lambda: answers.append(served.tick()), daemon=True)
    asking.start()
    assert sending.wait(PATIENCE_S)
    return Held(world, asking, answers, go_on)


def test_a_second_tick_while_one_runs_is_told_that_it_is_busy(world: World) -> None:
    with serving(world, "--no-auth") as served:
        first = held_tick(world, served)
        assert served.tick() == (200, {"message": "busy: another tick is running"})
        assert first.end()[1]["sent"] == 2
    assert len(texts(world)) == len(world.smtp.mails) == 1


def test_sigterm_lets_a_running_tick_end_and_its_answer_leave(world: World) -> None:
    with serving(world, "--no-auth") as served:
        tick = held_tick(world, served)
        served.process.terminate()
        time.sleep(0.5)  # it is heard while the tick still runs
        answer = tick.end()
        served.process.join(PATIENCE_S)
        assert served.process.exitcode == 0
    assert answer == (200, {"message": "run: 1 windows judged, 2 messages sent", "windows": 1, "sent": 2, "waiting": 0})
    state = world.state()
    assert (state.lease, state.outbox) == (None, ())


def test_a_tick_that_does_not_end_is_given_up_and_nothing_is_lost(world: World) -> None:
    world.slack.drip()
    with serving(world, "--no-auth") as served:
        threading.Thread(target=lambda: _quietly(served), daemon=True).start()
        # Slack has the message, and its answer does not end within the time that a tick has.
        wait_until(lambda: not world.slack.plans and world.smtp.mails)
        assert served.end() == 0
        assert "stopped during a tick" in served.lines.get(timeout=PATIENCE_S)["message"]
    state = world.state()
    assert state.lease is None, "the next tick need not wait for its end"
    assert [each.deliveries["slack"].delivered_at for each in state.outbox] == [None]
    world.now += timedelta(minutes=1)
    summary = world.tick()
    assert (summary.errors, summary.windows) == ([], 1)
    assert len(texts(world)) >= 1
    assert len(world.smtp.mails) == 1


def _quietly(served: Served) -> None:
    try:
        served.tick()
    except (OSError, http.client.HTTPException):
        return


@pytest.mark.long
def test_sigterm_at_rest_ends_it(world: World) -> None:
    with free_port() as port:
        process = subprocess.Popen(  # not forked: as an image starts it
            [sys.executable, "-m", "logwatch", "serve", "--no-auth"],
            env=clean_environment(PORT=str(port), **world.environment),
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert process.stdout is not None
        assert b"listens on" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0


# ---- slow and rude clients


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for clients that must not harm it: each test ends with a look whether it still answers."""
    with World(tmp_path_factory.mktemp("served"), ENTRIES, now=FIRES) as world, serving(world, "--no-auth") as found:
        yield found


def _is_open(link: socket.socket) -> bool:
    link.setblocking(False)
    try:
        return link.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def test_clients_that_never_finish_hold_nothing_up(served: Served) -> None:
    slow = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(20)]
    for number, each in enumerate(slow):
        each.sendall(b"POST /tick HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n" + (b"\r\n{" if number % 2 else b"X-A: "))
    assert served.ask("GET", "/healthz")[0] == 200
    assert all(map(_is_open, slow)), "it answers while they are there, and not when they have been cut off"
    assert served.tick()[0] == 200
    for each in slow:
        each.close()


def test_a_client_that_drips_is_cut_off(served: Served) -> None:
    dripping = socket.create_connection(("127.0.0.1", served.port))
    dripping.sendall(b"POST /tick HTTP/1.1\r\nHost: x\r\nX-Drip: ")

    def is_cut_off() -> bool:
        time.sleep(0.5)
        try:
            dripping.sendall(b"x")
        except OSError:
            return True
        return not _is_open(dripping)

    wait_until(is_cut_off)
    dripping.close()
    assert served.ask("GET", "/healthz")[0] == 200


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"POST /tick HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n", b"413"),
        (b"POST /tick HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"4000\r\n" + b"x" * 0x4000 + b"\r\n", b""),
        (b"POST /tick HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 40_000 + b"\r\n\r\n", b"431"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"400"),
    ],
)
def test_what_is_too_large_or_no_http_is_refused(served: Served, raw: bytes, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served.port), PATIENCE_S) as link:
        link.sendall(raw)
        if status:
            answer = link.recv(4096)
            assert status in answer.split(b"\r\n", 1)[0], answer
            assert b"Traceback" not in answer
            assert b"waitress" not in answer.lower()
    assert served.ask("GET", "/healthz")[0] == 200


TWICE = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("line", "rest", "status"),
    [
        ("GET /healthz HTTP/1.1", b"", 200),
        ("GET /healthz HTTP/1.0", b"", 200),
        ("GET http://other.example/healthz HTTP/1.1", b"", 200),
        ("GET /%68ealthz?a=//b HTTP/1.1", b"", 200),
        ("GET /healthz HTTP/1.1", b"X-Folded: a\r\n b\r\n", 200),
        ("GET /healthz", b"", 400),
        ("POST /tick", b"", 400),
        ("GET /healthz HTTP/0.9", b"", 400),
        ("GET /healthz HTTP/2.0", b"", 400),
        ("GET /healthz HTTP/1.10", b"", 400),
        ("POST /tick HTTP/1.1", TWICE, 400),
        ("POST /tick HTTP/1.1", b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\nabcde", 400),
        ("POST /tick HTTP/1.0", b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST /tick HTTP/1.1", b"Content-Length: 3\r\nContent-Length: 30\r\n\r\nabc", 400),
        ("POST /tick HTTP/1.1", b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        ("GET /healthz HTTP/1.1", b"Host: y\r\n", 400),
        ("GET http://[::1/healthz HTTP/1.1", b"", 400),
        ("GET /healthz HTTP/1.1", b" X: starts with a fold\r\nno colon\r\n", 400),
        ("POST //tick HTTP/1.1", b"Content-Length: 0\r\n\r\n", 404),
        ("POST ///tick HTTP/1.1", b"Content-Length: 0\r\n\r\n", 404),
        ("POST http://x//tick HTTP/1.1", b"Content-Length: 0\r\n\r\n", 404),
        ("POST //other.example/tick HTTP/1.1", b"Content-Length: 0\r\n\r\n", 404),
        ("POST /./tick HTTP/1.1", b"Content-Length: 0\r\n\r\n", 404),
        ("GET file:///etc/passwd HTTP/1.1", b"", 404),
        ("CONNECT other.example:443 HTTP/1.1", b"", 404),
        ("OPTIONS * HTTP/1.1", b"", 404),
    ],
)
def test_a_request_is_answered_right_and_what_follows_a_wrong_one_is_not(
    served: Served, line: str, rest: bytes, status: int
) -> None:
    raw = f"{line}\r\nHost: x\r\n".encode() + (rest if b"\r\n\r\n" in rest else rest + b"\r\n")
    behind = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", served.port), PATIENCE_S) as link:
        link.sendall(raw + behind)
        answer = b"".join(iter(lambda: link.recv(65536), b""))
    stays = status in {200, 404} and "HTTP/1.0" not in line
    assert [int(each) for each in re.findall(rb"HTTP/1\.[01] (\d+) ", answer)] == [status, *([200] if stays else [])]
    assert b"Traceback" not in answer


def test_a_request_of_http_1_1_names_its_host(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), PATIENCE_S) as link:
        link.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert b" 400 " in link.recv(4096)


def test_a_body_is_taken_and_ignored(served: Served) -> None:
    assert served.ask("POST", "/tick", b'{"any": "thing"}')[0] == 200
    assert served.ask("POST", "/tick", b"x" * (MOST_BODY + 1))[0] == 413
    assert served.ask("GET", "/healthz")[0] == 200


def test_a_probe_tells_a_process_that_hangs_from_one_that_lives_and_asks_nobody(world: World) -> None:
    with serving(world, "--no-auth") as served:
        asked = [len(world.google.logging.calls.requests), len(world.google.monitoring.calls.requests)]
        for _ in range(3):
            assert served.ask("GET", "/healthz") == (200, {"message": "ok"})
        assert [len(world.google.logging.calls.requests), len(world.google.monitoring.calls.requests)] == asked
        assert served.process.pid
        os.kill(served.process.pid, signal.SIGSTOP)
        link = http.client.HTTPConnection("127.0.0.1", served.port, timeout=1)
        link.request("GET", "/healthz")
        with pytest.raises(TimeoutError):  # what the platform takes for a failure
            link.getresponse()
        link.close()
        os.kill(served.process.pid, signal.SIGCONT)
        assert served.ask("GET", "/healthz")[0] == 200
