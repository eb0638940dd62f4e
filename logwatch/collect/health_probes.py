"""The service's own endpoints (section 2 of the runbook), asked all at once.

Whatever comes back is an answer or a reason, never an exception: a probe that fails must not keep the log lines from
being judged.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.client import BadStatusLine, HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from logwatch.collect.interface import Answer, EndpointShape, Probe
from logwatch.collect.parse import UNANSWERED
from logwatch.collect.redaction import redact
from logwatch.deadlines import call_all
from logwatch.errors import ConfigError
from logwatch.seams import Seam, Seams

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from urllib3 import PoolManager

MAX_BODY = 1 << 20
"""Bytes of an answer that are read, after unpacking."""
MAX_DETAILS = 4096
"""Bytes that the details of one answer may take as JSON."""
MAX_WORDS = 200
"""Characters of one foreign text."""
PAUSE_S = 0.2
"""Seconds between two tries."""

_LARGEST = sys.float_info.max


@dataclass(frozen=True, slots=True)
class Reply:
    """What came over the wire."""

    status: int | None = None
    body: bytes = b""
    trouble: str = ""
    """Why there is no whole answer."""
    host: str = ""
    """Where a redirect leads."""

    @property
    def document(self) -> dict[str, Any] | None:
        """The body as a JSON object, if it is one."""
        try:
            found = json.loads(self.body.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


class HttpEndpoints:
    """The endpoints below one base URL; the one behind a login is asked only where there is a token."""

    def __init__(
        self,
        base_url: str,
        shapes: Sequence[EndpointShape],
        *,
        token: str | None = None,
        timeout_s: float = 3,
        attempts: int = 2,
    ) -> None:
        """Name what to ask, and what the answers look like; nothing is connected yet.

        Raises ConfigError, without the token or any password.
        """
        self._base = _check_base_url(base_url)
        self._token = _check_token(token)
        self._shapes = [shape for shape in shapes if self._token or not shape.token]
        self._timeout_s = timeout_s
        self._attempts = attempts

    def probe(self, now: datetime, seams: Seams | None = None) -> Probe:
        """Ask all of them at once; trouble is an answer too and never raises."""
        answers: list[Answer] = []
        measured: list[tuple[str, float]] = []
        unanswered = 0
        for shape, found in zip(self._shapes, self._ask_all(seams or Seams()), strict=True):
            if isinstance(found, str):  # broken in here, which says nothing of the endpoint
                answers.append(Answer(shape.path, now, None, _clean(found)))
                continue
            details = _bound(found.details) if found.details else None
            answers.append(Answer(shape.path, now, found.status, _clean(found.error), details))
            measured += found.gauges.items()
            unanswered += not found.answered
        # Two endpoints may tell of the same component: one that finds it down is enough.
        gauges = {name: max(value for other, value in measured if other == name) for name, _ in measured}
        return Probe(tuple(answers), gauges | {UNANSWERED: float(unanswered)})

    def _ask_all(self, seams: Seams) -> list[_ProbeResult | str]:
        """Ask at once; who has not answered when all tries must be over is not waited for. What broke in here is a text."""
        limit = self._attempts * (self._timeout_s + PAUSE_S) + PAUSE_S

        def read(shape: EndpointShape) -> _ProbeResult | str:
            return seams.guard(Seam.ENDPOINT, lambda: self._look(shape), lambda why: why)

        found = call_all({shape.path: partial(read, shape) for shape in self._shapes}, limit)
        late = Reply(trouble=f"no whole answer within {limit:.0f} s")
        return [found[shape.path] if shape.path in found else _ProbeResult(shape, late) for shape in self._shapes]

    def _look(self, shape: EndpointShape) -> _ProbeResult | str:
        return _ProbeResult(shape, self._ask(shape))

    def _ask(self, shape: EndpointShape) -> Reply:
        """Ask one, again where the connection failed or the answer says that something does: one alone may be a hiccup."""
        from urllib3 import PoolManager, Timeout

        headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "logwatch"}
        secret = self._token if shape.token else None
        if secret:
            headers["Authorization"] = f"Bearer {secret}"
        reply = Reply()
        with PoolManager(timeout=Timeout(total=self._timeout_s), headers=headers) as pool:
            for attempt in range(self._attempts):
                if attempt:
                    time.sleep(PAUSE_S)
                last = _get(pool, self._base + shape.path, secret)
                reply = last if last.document is not None or reply.document is None else reply
                if reply.status is not None and reply.status < 500:
                    break
        return reply


def _check_base_url(text: str) -> str:
    hint = "use https://HOST or http://HOST:PORT, without user, password or query"
    shown = None if "@" in text else text[:200]
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        good = False
    if not good or not text.isascii() or not text.isprintable() or any(mark in text for mark in " \\?#"):
        raise ConfigError("no base URL of the service's endpoints", where=shown, hint=hint)
    return text.rstrip("/")


def _check_token(token: str | None) -> str | None:
    token = (token or "").strip()
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise ConfigError("the token for the endpoint behind a login holds a blank or a character that no token has")
    return token or None


def _get(pool: PoolManager, url: str, secret: str | None) -> Reply:
    """Ask once; redirects are not followed, since a token must not go where nobody sent it."""
    from urllib3.exceptions import HTTPError

    try:
        with pool.request("GET", url, redirect=False, retries=False, preload_content=False) as response:
            status, location = response.status, response.headers.get("Location", "")
            body = response.read(MAX_BODY + 1, decode_content=True)
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        return Reply(trouble=_say(error))
    if len(body) > MAX_BODY:
        return Reply(status, trouble=f"more than {MAX_BODY >> 20} MiB came")
    return Reply(status, body.replace(secret.encode(), b"***") if secret else body, host=_host(location))


def _say(error: Exception) -> str:
    from urllib3 import exceptions as http

    # One that closed without a word raises both at once.
    if any(isinstance(each, BadStatusLine) and not isinstance(each, ConnectionError) for each in error.args):
        return "what came is no answer of HTTP"
    known = {
        http.NameResolutionError: "the host's name is not known",
        http.NewConnectionError: f"no connection: {str(error).rpartition(': ')[2]}",
        http.ConnectTimeoutError: "no connection in time",
        http.TimeoutError: "no answer in time",
        http.DecodeError: "what came cannot be unpacked",
    }
    return next((text for kind, text in known.items() if isinstance(error, kind)), f"{type(error).__name__}: {error}")


def _host(location: str) -> str:
    try:
        return urlsplit(location).hostname or ("the same host" if location else "")
    except ValueError:
        return "elsewhere"


class _ProbeResult:
    """What one reply turns out to say."""

    def __init__(self, shape: EndpointShape, reply: Reply) -> None:
        self.shape = shape
        self.status = reply.status
        self.answered = True
        self.gauges: dict[str, float] = {}
        self.details: dict[str, float | str | None] = {}
        self._flaws: list[str] = []
        self.error = self._read(reply)
        """Why the reply is of no use, or of less than it should be."""

    def _read(self, reply: Reply) -> str:
        status, document, shape = reply.status, reply.document, self.shape
        if status is not None and status == shape.absent:
            self.details["status"] = "not_configured"
            return ""
        if shape.token and status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return f"the token was refused ({status})"
        if reply.trouble or document is None:
            self.answered = False
            return reply.trouble or _describe(reply)
        off = shape.switched_off
        if off and _at(document, off.at) == off.code:
            self.details[off.flag] = "false"
            return f"{off.means} ({status} {off.code})"
        inner = _dict(_at(document, shape.within)) if shape.within else document
        self._take(inner)
        missing = "a status of the component" if "status" in shape.words and "status" not in self.details else None
        if shape.within and not inner:
            missing = "counters" if shape.counters else f"the field {shape.within}"
        return f"{status} without {missing}" if missing else self._tell_flaws()

    def _take(self, document: dict[str, Any]) -> None:
        """Take everything that the shape names out of an answer."""
        shape = self.shape
        self._take_words(document)
        for name, place in shape.flags.items():
            flag = _at(document, place)
            if isinstance(flag, bool):
                self.details[name] = str(flag).lower()
        if shape.components:
            self._take_components(_at(document, shape.components))
        for name, place in shape.figures.items():
            value = self._figure(name, _at(document, place))
            if value is not None and name in shape.gauges:
                self.gauges[shape.gauges[name]] = value
        self._take_down()
        works = self.details.get("status") in {*shape.good, *shape.fair}
        if shape.needs and works and _at(document, shape.figures[shape.needs]) is MISSING:
            self._flaws.append(f"the field {shape.needs} is missing")
        if shape.counters:
            for key, count in _dict(_at(document, shape.counters.at)).items():
                if key.startswith(shape.counters.begin):
                    self._figure(_clean(key), count)

    def _take_down(self) -> None:
        """Tell of each component whether it works, as far as the words for it are known."""
        for name, gauge in self.shape.down.items():
            if (word := self.details.get(name)) in {*self.shape.good, *self.shape.fair, *self.shape.bad}:
                self.gauges[gauge] = float(word in self.shape.bad)

    def _take_components(self, checks: object) -> None:
        if not isinstance(checks, list):
            self._flaws.append(f"the field {self.shape.components} is missing")
            return
        for check in map(_dict, checks):
            component, status = check.get("component"), check.get("status")
            if isinstance(component, str) and isinstance(status, str):
                self.details.setdefault(_clean(component), _clean(status))
            else:
                self._flaws.append("a check without component or status")

    def _take_words(self, document: dict[str, Any]) -> None:
        for name, place in self.shape.words.items():
            value = _at(document, place)
            if isinstance(value, str):
                self.details[name] = _clean(value)
            elif value is not None and value is not MISSING:
                self._flaws.append(f"{name} is not a text")

    def _figure(self, key: str, value: object) -> float | None:
        """Keep a figure; what is none, or none that can be, is told instead."""
        if value is None and key in self.shape.nullable:
            self.details[key] = None
        if value is None or value is MISSING:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LARGEST:
            self._flaws.append(f"{key} is not a number of 0 or more")
            return None
        self.details[key] = float(value)
        return float(value)

    def _tell_flaws(self) -> str:
        told, more = ", ".join(self._flaws[:3]), len(self._flaws) - 3
        return f"{told} and {more} more" if more > 0 else told


MISSING = object()
"""What stands where an answer has nothing."""


def _at(document: dict[str, Any], place: str) -> Any:  # noqa: ANN401 - JSON holds anything
    """Give what stands at a place, a key within a key within the answer; MISSING where nothing does."""
    value: Any = document
    for key in place.split("."):
        value = _dict(value).get(key, MISSING)
    return value


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


_KINDS = {b"": "nothing", b"<": "an HTML page", b"{": "broken JSON"}
"""What an answer is that begins so, where it is no JSON object."""


def _describe(reply: Reply) -> str:
    """Say what came instead of a JSON object."""
    if reply.host:
        return f"{reply.status}, redirected to {reply.host}"
    start = reply.body.lstrip()[:1]
    kind = _KINDS.get(start, "no JSON object")
    return f"{reply.status} with {kind}"


def _clean(text: str) -> str:
    """Cut foreign words to one short line without secrets."""
    return redact(text)[:MAX_WORDS]


def _bound(details: dict[str, float | str | None]) -> dict[str, float | str | None]:
    """Keep as many details as there is room for, and say how many were left out."""
    kept: dict[str, float | str | None] = {}
    size = 32  # for the count of what is left out
    for key, value in details.items():
        size += len(json.dumps({key: value}, ensure_ascii=False).encode())
        if size > MAX_DETAILS:
            kept["left_out"] = float(len(details) - len(kept))
            break
        kept[key] = value
    return kept
