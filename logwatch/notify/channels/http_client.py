"""HTTP for channels: one POST that follows no redirection, and whether anybody is at an address."""

from __future__ import annotations

import logging
import socket
import ssl
from dataclasses import dataclass, field
from functools import lru_cache
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, build_opener, install_opener

from logwatch.checks import Checked, ok, say
from logwatch.errors import ChannelError
from logwatch.notify.channels.http_errors import unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    """No more of it than was asked for: it could be endless."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """An address that takes JSON."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    timeout_s: float
    unusable: ChannelError
    """What to raise for an address or headers that cannot be used."""

    def post(self, body: bytes, *, most: int = 0) -> HttpAnswer:
        """POST a document once, and take `most` bytes of what is answered; a redirection is an answer like any other.

        Raises ChannelError where nobody answers.
        """
        import urllib3

        # Its lines at level DEBUG hold the address, which may be a secret.
        logging.getLogger("urllib3").setLevel(logging.INFO)
        if not self.url.startswith(("https://", "http://")) or not self.url.isprintable():
            raise self.unusable
        told = {"Content-Type": "application/json", **self.headers}
        try:
            with urllib3.PoolManager(timeout=self.timeout_s, retries=False) as pool:
                response = pool.request("POST", self.url, body=body, headers=told, redirect=False, preload_content=False)
                answered = response.read(most) if most else b""
                response.close()
        except (ValueError, urllib3.exceptions.LocationValueError):
            raise self.unusable from None
        except (OSError, urllib3.exceptions.HTTPError) as error:
            raise unreachable(error, where=self.unusable.where or "") from None
        return HttpAnswer(response.status, response.headers, answered)


MOST_READ = 1 << 20
"""Bytes of an answer that `guard_urllib` lets through; what is longer is cut, and then is no JSON."""


@lru_cache(maxsize=1)
def guard_urllib() -> None:
    """Let the standard library's HTTP, which some clients are built on, follow no redirection and read no endless answer.

    A redirection would count as success, and take the token to the other host. It holds for the whole process, as such
    clients let nobody give them an opener; nothing of ours wants otherwise.
    """
    install_opener(build_opener(_Guard))


class _Guard(HTTPRedirectHandler):
    """What `guard_urllib` puts between a client and its answers."""

    def redirect_request(self, *_: object) -> None:
        """Leave the answer as it is, an error like any other refusal."""

    def http_response(self, _: object, response: Any) -> Any:  # noqa: ANN401 - urllib's protocol has no types
        """Give an answer that cannot be read without end."""
        response.__class__ = _BoundedAnswer
        return response

    https_response = http_response


class _BoundedAnswer(HTTPResponse):
    """An answer of which a part is read, and that is closed then."""

    def read(self, amt: int | None = None) -> bytes:
        """Give so many bytes, or as many as anybody needs."""
        if amt is not None and amt >= 0:
            return super().read(min(amt, MOST_READ))
        body = super().read(MOST_READ)
        self.close()
        return body


def check_reachable(url: str, *, where: str) -> list[Checked]:
    """Say that somebody is at an address, without a request. Raises ChannelError."""
    trouble = _reach(url)
    if trouble:
        raise ChannelError(trouble, where=where)
    return [ok(where, say("reached"))]


def _reach(url: str) -> str:
    """Connect, with TLS for https, and hang up; gives why that failed, without any part of the address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        host, port = None, 0
    if not host or parts.scheme not in {"https", "http"}:
        return "the address begins with neither https:// nor http://"
    try:
        with socket.create_connection((host, port), TIMEOUT_S) as plain:
            if parts.scheme == "https":
                with ssl.create_default_context().wrap_socket(plain, server_hostname=host):
                    pass
    except ssl.SSLCertVerificationError:
        return "the certificate is not trusted"
    except TimeoutError:
        return "no connection in time"
    except socket.gaierror:
        return "the host's name is not known"
    except (OSError, ValueError) as error:
        return f"no connection ({type(error).__name__})"
    return ""
