"""Servers that we call and that answer as no server may: each call ends, and nothing of it is taken for success."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

import pytest

from logwatch.collect.health_probes import HttpEndpoints
from logwatch.collect.interface import EndpointShape
from logwatch.collect.parse import UNANSWERED
from logwatch.errors import ChannelError
from logwatch.notify.channels.http_client import Receiver
from logwatch.publish.heartbeat import ping
from tests.support.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 2, 24, tzinfo=UTC)
SHAPE = EndpointShape("/health", words={"status": "status"}, good=("healthy",))
OK = b"HTTP/1.1 200 OK\r\n"
BODY = b'{"status": "healthy"}'
NESTED = b'{"status": ' + b"[" * 100_000


@contextmanager
def answering(*parts: bytes, again: bytes = b"") -> Iterator[str]:
    """Give the address of a server that reads a request, sends these parts and then this one, over and over."""
    listening, ended = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def answer(link: socket.socket) -> None:
        with link:
            try:
                link.recv(65536)
                for part in parts:
                    link.sendall(part)
                while again and not ended.is_set():
                    link.sendall(again)
                link.shutdown(socket.SHUT_WR)  # closed with a body unread, it would break off what it just answered
                while link.recv(65536):
                    pass
            except OSError:
                return

    def serve() -> None:
        for _ in count():
            try:
                link, _peer = listening.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(link,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def status_of(url: str) -> int | None:
    """What a channel hears: a status, or None where the answer is none."""
    try:
        return Receiver(url, {}, PATIENCE_S, ChannelError("no address")).post(b"{}", most=1000).status
    except ChannelError:
        return None


def probe(url: str) -> tuple[str, bool]:
    """What is said of an endpoint, and whether it counts as answered."""
    found = HttpEndpoints(url, [SHAPE], timeout_s=PATIENCE_S, attempts=1).probe(NOW)
    return found.answers[0].error, not found.gauges[UNANSWERED]


def lengths(*names: str) -> bytes:
    return OK + "".join(f"{name}\r\n" for name in names).encode() + b"\r\n"


CHUNKED, LONG = "Transfer-Encoding: chunked", "Content-Length: 99999999999999999999"
RUDE: dict[str, tuple[list[bytes], bytes]] = {
    "HTTP/0.9": ([BODY], b""),
    "nothing": ([], b""),
    "no status": ([b"HTTP/1.1 \r\n\r\n"], b""),
    "another protocol": ([b"220 mail.example.com ESMTP\r\n"], b""),
    "headers without end": ([OK], b"X: y\r\n"),
    "a header without end": ([OK, b"X: "], b"y" * 65536),
    "chunks that are none": ([lengths(CHUNKED), b"zz\r\n" + BODY], b""),
    "less than was said": ([lengths("Content-Length: 1000"), BODY[:5]], b""),
}
"""No answer at all, or none that can be used."""
ENDLESS: dict[str, tuple[list[bytes], bytes]] = {
    "a body without end": ([lengths()], b"x" * 65536),
    "chunks without end": ([lengths(CHUNKED)], b"1000\r\n" + b"x" * 4096 + b"\r\n"),
    "a length beyond all": ([lengths(LONG)], b"x" * 65536),
    "JSON without an end": ([lengths(), NESTED], b""),
}


@pytest.mark.parametrize("name", RUDE)
def test_what_is_no_answer_is_no_success(name: str) -> None:
    parts, again = RUDE[name]
    with answering(*parts, again=again) as url:
        assert not probe(url)[1]
        assert "healthy" not in probe(url)[0]
        if name not in {"less than was said", "chunks that are none"}:  # its status came whole, and that is what counts
            assert status_of(url) is None
            assert ping(url, timeout_s=PATIENCE_S) != ""


@pytest.mark.parametrize("name", ENDLESS)
def test_of_an_answer_without_end_a_part_is_read(name: str) -> None:
    parts, again = ENDLESS[name]
    with answering(*parts, again=again) as url:
        assert not probe(url)[1]
        assert status_of(url) == 200
        assert ping(url, timeout_s=PATIENCE_S) == ""


def test_a_body_whose_length_is_given_twice_is_read_by_its_chunks() -> None:
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    with answering(lengths("Content-Length: 3", CHUNKED), chunked) as url:
        assert probe(url) == ("", True)
        assert status_of(url) == 200


def test_redirections_without_end_are_not_begun() -> None:
    with answering(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n") as url:
        assert status_of(url) == 302
        assert ping(url, timeout_s=PATIENCE_S) == "answered 302"
        assert probe(url) == ("302, redirected to the same host", False)
