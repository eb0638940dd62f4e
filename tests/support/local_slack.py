"""A server on loopback that behaves like Slack (webhook and Web API) and like a plain webhook, and keeps what arrives.

    with LocalSlack() as slack:
        SlackWebhookChannel(slack.webhook_url, …)      # or slack.api_url, slack.plain_url
        slack.answer(429, retry_after=7)               # the next request only
        slack.arrived[0].body

As a process of its own: `python -m tests.support.local_slack --port 0` prints its address; GET /_arrived gives what arrived as JSON, and
POST /_answer with {"status": 429, "retry_after": 7, "hang_s": 0, "times": 2, "body": "…"} plans answers.
"""

import argparse
import json
import re
import sys
import threading
import time
from collections import Counter, deque
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from math import isfinite
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from tests.support.local_http import LocalHttp, Served

if TYPE_CHECKING:
    from collections.abc import Callable

WEBHOOK_PATH = "/services/T0PLANTED/B0PLANTED/s3cretWebhookPath"
BOT_TOKEN = "xoxb-planted-0123456789-s3cretBotToken"  # noqa: S105 - tests look for it
PLAIN_PATH = "/hook/s3cretHookPath"
CHANNEL = "C0OPS"
FORMER = "C0FORMER"
"""Another channel, which is not the one that is set."""
TOTAL = 13_200
"""Characters of all blocks together; documented nowhere, and refused all the same."""
FLOOD = 128 << 20
SHOWN_USERS = 3
"""Users whom a reaction lists where not all of them are asked for; how many Slack does is not documented."""
LIMITS = {"reactions.get": 50, "users.info": 100}
"""Requests a minute of a method's tier."""
NEEDED = {"reactions.get": "reactions:read", "users.info": "users:read", "conversations.info": "channels:read"}
PING = re.compile(r"<!(?:channel|here|everyone|subteam)|<@[UW]")


@dataclass(frozen=True, slots=True)
class Arrived:
    """One request, and how it was answered."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    status: int
    error: str
    """Slack's word for what is wrong; empty where the message was taken."""
    pings: list[str]
    """What would have called people."""


@dataclass(slots=True)
class Plan:
    status: int
    retry_after: str | None = None
    hang_s: float = 0
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    drips: bool = False
    """Whether an answer is begun and never ended, a byte now and then, which no socket's time limit sees."""
    floods: bool = False
    """Whether the answer goes on for as long as anybody reads it."""


def length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check(body: dict[str, Any]) -> str:
    """Give Slack's word for what is wrong with a message, by the documented limits; empty where nothing is."""
    blocks = body.get("blocks", [])
    if not body.get("text") and not blocks:
        return "no_text"
    if length(body.get("text", "")) > 40_000:
        return "msg_too_long"
    charts = sum(block["type"] == "data_visualization" for block in blocks)
    if len(blocks) > 50 or charts > 2 or any(not _fits(block) for block in blocks):
        return "invalid_blocks"
    texts = [found for block in blocks for found in _texts(block)]
    return "msg_blocks_too_long" if sum(map(length, texts)) > TOTAL else ""


def _fits(block: dict[str, Any]) -> bool:
    match block["type"]:
        case "section":
            fields = block.get("fields", [])
            whole = "text" not in block or 1 <= length(block["text"]["text"]) <= 3000
            return bool(
                ("text" in block or fields) and whole and len(fields) <= 10 and all(length(f["text"]) <= 2000 for f in fields)
            )
        case "header":
            return bool(block["text"]["type"] == "plain_text" and 1 <= length(block["text"]["text"]) <= 150)
        case "context":
            return 1 <= len(block["elements"]) <= 10 and all(1 <= length(each["text"]) <= 3000 for each in block["elements"])
        case "divider":
            return True
        case "data_visualization":
            return _is_drawable(block)
    return False


def _is_drawable(block: dict[str, Any]) -> bool:
    """Tell whether Slack draws a chart of lines, bars or areas, by the limits that its documentation and clients name."""
    chart = block.get("chart", {})
    axes, series = chart.get("axis_config", {}), chart.get("series", [])
    places = axes.get("categories", [])
    names = [each["name"] for each in series]
    points = [point for each in series for point in each["data"]]
    return (
        1 <= length(block.get("title", "")) <= 50
        and chart.get("type") in {"line", "bar", "area"}
        and 1 <= len(series) <= 6
        and len({*names}) == len(names)
        and 1 <= len(places) <= 20
        and len({*places}) == len(places)
        and all([point["label"] for point in each["data"]] == places for each in series)
        and all(1 <= length(text) <= 20 for text in (*names, *places))
        and all(length(axes.get(name, "")) <= 50 for name in ("x_label", "y_label"))
        and all(type(point["value"]) in {int, float} and isfinite(point["value"]) for point in points)
        and {*block} <= {"type", "block_id", "title", "chart"}
        and {*axes} <= {"categories", "x_label", "y_label"}
    )


def _texts(part: Any) -> list[str]:
    """Give every text of a block, however deep."""
    if isinstance(part, dict):
        own = [part["text"]] if isinstance(part.get("text"), str) else []
        return own + [found for value in part.values() for found in _texts(value)]
    return [found for each in part for found in _texts(each)] if isinstance(part, list) else []


class LocalSlack(Served):
    """The server, from `with` to its end."""

    def __init__(self, port: int = 0) -> None:
        self.arrived: list[Arrived] = []
        self.plans: deque[Plan] = deque()
        self.looks: deque[Plan] = deque()
        """How the next requests are answered that only look."""
        self.posts: dict[str, dict[str, Any]] = {}
        """Messages of the Web API by ts, as people see them now."""
        self.draws_charts = True
        """Whether the workspace knows the block for charts."""
        self.broken: set[str] = set()
        """Paths that answer 503 as long as they stand here."""
        self.scopes = "chat:write,channels:read,reactions:read,users:read"
        """What the token may; told in a header, as Slack does."""
        self.words: dict[str, str] = {}
        """Methods that are answered with one of Slack's words of refusal as long as they stand here."""
        self.reactions: dict[str, dict[str, list[str]]] = {}
        """What people have put on messages: ts to emoji to users, in the order in which they came."""
        self.people: dict[str, dict[str, Any]] = {}
        """Profiles of users by id, of which any part may be missing."""
        self.asked: Counter[str] = Counter()
        """Method and minute to how often it was asked, for those with a limit."""
        self.clock: Callable[[], datetime] = lambda: datetime.min.replace(tzinfo=UTC)
        """Whose minutes the limits go by."""
        self.channels = {CHANNEL: "ops", FORMER: "former"}
        """Ids and names."""
        self.archived: set[str] = set()
        """Ids."""
        self.member = True
        """Whether the bot is in its channel."""
        self.watch: Callable[[str], AbstractContextManager[object]] = nullcontext
        """Entered before a message takes effect, left before it is answered; may raise to break the connection."""
        self.flooded = 0
        """Bytes of endless answers that were sent."""
        self.closing = threading.Event()
        self.lock = threading.Lock()
        self.http = LocalHttp(("127.0.0.1", port), type("Handler", (_Handler,), {"slack": self}))
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.webhook_url, self.plain_url, self.api_url = self.url + WEBHOOK_PATH, self.url + PLAIN_PATH, self.url + "/api/"

    def answer(
        self,
        status: int,
        *,
        retry_after: object = None,
        hang_s: float = 0,
        times: int = 1,
        body: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Plan how the next requests are answered, whatever they are."""
        wait = None if retry_after is None else str(retry_after)
        self.plans.extend(Plan(status, wait, hang_s, body, headers or {}) for _ in range(times))

    def drip(self) -> None:
        """Plan that the next request is never answered to the end."""
        self.plans.append(Plan(200, drips=True))

    def flood(self, status: int) -> None:
        """Plan that the answer to the next request goes on up to `FLOOD` bytes, or until nobody reads it; see `flooded`."""
        self.plans.append(Plan(status, floods=True))

    @property
    def taken(self) -> list[Arrived]:
        """Those that were delivered."""
        return [each for each in self.arrived if each.status < 300 and not each.error]

    def post(self, method: str, body: dict[str, Any], token: str) -> dict[str, Any]:
        """Answer one method of the Web API."""
        with self.lock:
            if error := self._wrong(method, body, token):
                return {"ok": False, "error": error}
            ts = body["ts"] if method == "chat.update" else f"17720000{len(self.posts):02}.000100"
            self.posts[ts] = self.posts.get(ts, {}) | body
        return {"ok": True, "channel": self._id(body["channel"]), "ts": ts, "message": {"text": body["text"]}}

    def ask(self, method: str, form: dict[str, str], token: str) -> dict[str, Any]:
        """Answer the methods that only look."""
        if token != f"Bearer {BOT_TOKEN}":
            return {"ok": False, "error": "invalid_auth"}
        if method == "auth.test":
            return {"ok": True, "user": "logwatch", "team": "o4o", "user_id": "U0BOT", "team_id": "T0"}
        if NEEDED[method] not in self.scopes.split(","):
            return {"ok": False, "error": "missing_scope", "needed": NEEDED[method], "provided": self.scopes}
        if method == "users.info":
            return self._user(form.get("user", ""))
        channel = self._id(form.get("channel", ""))
        if not channel:
            return {"ok": False, "error": "channel_not_found"}
        return self._reactions(form) if method == "reactions.get" else self._channel(channel)

    def _channel(self, channel: str) -> dict[str, Any]:
        state = {"is_member": self.member, "is_private": False, "is_archived": channel in self.archived}
        return {"ok": True, "channel": {"id": channel, "name": self.channels[channel], **state}}

    def _id(self, channel: str) -> str:
        """Give the id of a channel that is named by its id or by #name; empty for one that there is not."""
        named = {f"#{name}": each for each, name in self.channels.items()}
        return channel if channel in self.channels else named.get(channel, "")

    def is_too_often(self, method: str) -> bool:
        """Count a request, and tell whether it is beyond its minute's limit."""
        with self.lock:
            minute = f"{method} {self.clock():%Y-%m-%d %H:%M}"
            self.asked[minute] += 1
            return self.asked[minute] > LIMITS.get(method, self.asked[minute])

    def react(self, ts: str, emoji: str, user: str) -> None:
        """Let somebody react to a message; once more takes it back."""
        users = self.reactions.setdefault(ts, {}).setdefault(emoji, [])
        users.remove(user) if user in users else users.append(user)

    def _user(self, user: str) -> dict[str, Any]:
        if user not in self.people:
            return {"ok": False, "error": "user_not_found"}
        return {"ok": True, "user": {"id": user, "name": user.lower(), "profile": self.people[user]}}

    def _reactions(self, form: dict[str, str]) -> dict[str, Any]:
        ts, full = form.get("timestamp", ""), form.get("full") in {"true", "1"}
        if not re.fullmatch(r"\d+\.\d+", ts):
            return {"ok": False, "error": "bad_timestamp" if ts else "no_item_specified"}
        if ts not in self.posts:
            return {"ok": False, "error": "message_not_found"}
        put = {emoji: users for emoji, users in self.reactions.get(ts, {}).items() if users}
        shown = [
            {"name": emoji, "users": users if full else users[:SHOWN_USERS], "count": len(users)}
            for emoji, users in put.items()
        ]
        message = {"type": "message", "ts": ts, "text": self.posts[ts]["text"], **({"reactions": shown} if shown else {})}
        return {"ok": True, "type": "message", "channel": CHANNEL, "message": message}

    def _wrong(self, method: str, body: dict[str, Any], token: str) -> str:
        if token != f"Bearer {BOT_TOKEN}":
            return "invalid_auth"
        if method in self.words:
            return self.words[method]
        channel = self._id(body.get("channel", ""))
        if not channel or channel in self.archived:
            return "is_archived" if channel else "channel_not_found"
        if method == "chat.update" and body["ts"] not in self.posts:
            return "message_not_found"
        if body.get("thread_ts") not in {None, *self.posts}:
            return "thread_not_found"
        return self.refusal(body)

    def refusal(self, body: dict[str, Any]) -> str:
        """Give Slack's word for what is wrong with a message, in this workspace; empty where nothing is."""
        charts = any(block["type"] == "data_visualization" for block in body.get("blocks", []))
        return "invalid_blocks" if charts and not self.draws_charts else check(body)


class _Handler(BaseHTTPRequestHandler):
    slack: LocalSlack
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/api/"):
            self._look(self.path.partition("?")[2])
            return
        self._send(200, json.dumps([asdict(each) for each in self.slack.arrived]))

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.removeprefix("/api/") in {"auth.test", *NEEDED}:
            self._look(raw.decode())
            return
        body = json.loads(raw)
        if self.path == "/_answer":
            self.slack.answer(**body)
            self._send(200, "{}")
            return
        plan = self.slack.plans.popleft() if self.slack.plans else None
        plan = Plan(503) if self.path in self.slack.broken else plan
        if plan and plan.hang_s:
            self.slack.closing.wait(plan.hang_s)
        if plan and plan.drips:
            self._drip()
            return
        if plan and plan.floods:
            self._flood(plan.status)
            return
        with self.slack.watch(self.path):
            status, text, error = self._planned(plan) if plan and plan.status != 200 else self._real(body)
            pings = [found for part in _texts(body) for found in PING.findall(part)]
            self.slack.arrived.append(Arrived(self.path, dict(self.headers), body, status, error, pings))
        extra = plan.headers if plan else {}
        wait = plan.retry_after if plan else None
        self._send(status, plan.body if plan and plan.body is not None else text, wait, extra)

    def _flood(self, status: int) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.wfile.write(f"HTTP/1.1 {status} X\r\nConnection: close\r\n\r\n".encode())
            while self.slack.flooded < FLOOD:
                self.slack.flooded += self.wfile.write(b"x" * (1 << 16))

    def _drip(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            while not self.slack.closing.wait(0.5):
                self.wfile.write(b"x")

    def _look(self, form: str) -> None:
        method = self.path.partition("?")[0].removeprefix("/api/")
        with self.slack.watch(f"/api/{method}"):
            if self.slack.is_too_often(method):
                self._send(429, json.dumps({"ok": False, "error": "ratelimited"}), "30")
                return
            plan = self.slack.looks.popleft() if self.slack.looks else None
            if plan and plan.hang_s:
                self.slack.closing.wait(plan.hang_s)
            if plan and (plan.status != 200 or plan.body is not None):
                self._send(plan.status, plan.body or "", plan.retry_after)
                return
            fields = {name: values[0] for name, values in parse_qs(form).items()}
            answer = self.slack.ask(method, fields, self.headers.get("Authorization", ""))
        self._send(200, json.dumps(answer), headers={"X-OAuth-Scopes": self.slack.scopes})

    def _planned(self, plan: Plan) -> tuple[int, str, str]:
        words = {429: "ratelimited", 500: "rollup_error"}
        error = words.get(plan.status, "planned")
        return plan.status, json.dumps({"ok": False, "error": error}) if self.path.startswith("/api/") else error, error

    def _real(self, body: dict[str, Any]) -> tuple[int, str, str]:
        if self.path.startswith("/api/"):
            answer = self.slack.post(self.path.removeprefix("/api/"), body, self.headers.get("Authorization", ""))
            return 200, json.dumps(answer), answer.get("error", "")
        if self.path == PLAIN_PATH:
            return 204, "", ""
        if self.path != WEBHOOK_PATH:
            return 404, "no_service", "no_service"
        error = self.slack.refusal(body)
        return (400, error, error) if error else (200, "ok", "")

    def _send(self, status: int, text: str, retry_after: str | None = None, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in (({"Retry-After": retry_after} if retry_after else {}) | (headers or {})).items():
                self.send_header(name, value)
            data = text.encode() if status != 204 else b""
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # who asked has gone

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name is given
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    with LocalSlack(parser.parse_args().port) as slack:
        known = {"url": slack.url, "webhook": slack.webhook_url, "api": slack.api_url, "plain": slack.plain_url}
        sys.stdout.write(json.dumps(known | {"token": BOT_TOKEN}) + "\n")
        sys.stdout.flush()
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
