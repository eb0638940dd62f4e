"""Slack, by incoming webhook or by bot token: one attempt a message; when to try again is for the caller to keep.

slack_sdk is imported where it is used (it takes long), without its retry handlers (they sleep, and a run must end), with a
logger that says nothing (its own writes what it sends), and over `http_client`'s opener, since its own follows redirections.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException, InvalidURL
from logging import CRITICAL, Logger
from typing import TYPE_CHECKING, Any, ClassVar

from logwatch.checks import Checked, CheckOutcome, Phrase, command, ok, say
from logwatch.collect.redaction import redact
from logwatch.errors import ChannelError, RefusedPartError
from logwatch.notify.channels.http_client import Receiver, guard_urllib
from logwatch.notify.channels.http_errors import refused, unreachable
from logwatch.notify.channels.slack.blocks import build_content, build_walk, plain_content
from logwatch.notify.channels.slack.chart import CHART
from logwatch.notify.channels.slack.people import with_people
from logwatch.notify.incidents import NotifyReason
from logwatch.notify.layout import (
    has_more,
)
from logwatch.ui.printable import printable
from logwatch.ui.templates import clip

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from slack_sdk import WebClient

    from logwatch.notify.channels.interface import Dialogue
    from logwatch.notify.messages import Message

NAME = 40
"""Characters of a person's name."""
ANSWER = 4096
"""Bytes of a webhook's answer that are read: one word is what it gives."""
BROADCAST = set(NotifyReason) - {
    NotifyReason.JOINED, NotifyReason.ANSWERED, NotifyReason.SILENCE_ENDING, NotifyReason.TEST,
}  # fmt: skip
"""Later events that show in the channel too: a thread wakes nobody. What joins a running incident stays in the thread."""

PASSING = {
    "ratelimited", "rate_limited", "message_limit_exceeded", "internal_error", "fatal_error", "service_unavailable",
    "request_timeout", "team_added_to_org", "rollup_error",
}  # fmt: skip
"""Slack's words for what is worth another try."""

_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
NO_BLOCKS = {"invalid_blocks", "invalid_blocks_format", "invalid_payload"}
"""Slack's words for a layout that it does not know."""
GONE = {"thread_not_found", "message_not_found", "is_archived", "channel_is_archived", "channel_not_found", "not_in_channel"}
"""Slack's words for a head that nothing can follow any more: the incident gets a new one, where messages go by now."""

_ID = re.compile(r"[CGD][A-Z0-9]{3,}")
_TOKEN = "set the bot token of an app that is installed in the workspace (xoxb-…, scope chat:write)"  # noqa: S105 - a hint
_SCOPE = "give the app the scope chat:write and install it again"
_CHANNEL = "set the channel's id (C…, in the channel's details), and run /invite @APP in it"
_WEBHOOK = "make a new incoming webhook in the app's settings and set its address"
_LAYOUT = "Slack refuses the message's layout: please report it with the incident's id"
HINTS = {
    **dict.fromkeys(("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"), _TOKEN),
    **dict.fromkeys(("missing_scope", "no_permission", "not_allowed_token_type"), _SCOPE),
    **dict.fromkeys(("channel_not_found", "not_in_channel"), _CHANNEL),
    **dict.fromkeys(("is_archived", "channel_is_archived"), "the channel is archived: unarchive it or set another"),
    **dict.fromkeys(("no_service", "no_service_id", "no_active_hooks", "invalid_token", "no_team"), _WEBHOOK),
    **dict.fromkeys(("action_prohibited", "restricted_action"), "an administrator lets the app not post here"),
    **dict.fromkeys(("invalid_payload", "invalid_blocks", "msg_blocks_too_long", "msg_too_long", "no_text"), _LAYOUT),
}

SEND_TEST = command("logwatch doctor --send-test")
ONLY_BY_POSTING = Phrase(
    "doctor.slack.webhook",
    texts={"ko": "웹훅 주소는 알림을 전송해야만 확인할 수 있음", "en": "a webhook can be checked only by posting to it"},
)
WHO = Phrase("doctor.slack.token", texts={"ko": "{team} 워크스페이스의 @{user}", "en": "@{user} of {team}"})
NO_SCOPE = Phrase(
    "doctor.slack.no_scope",
    texts={"ko": "@{user}({team})에 chat:write 권한이 없음", "en": "@{user} of {team} lacks the scope chat:write"},
)
NO_REACTIONS = Phrase(
    "doctor.slack.no_reactions",
    texts={
        "ko": "reactions:read 권한이 없어 이모지로 응답(👀 확인, 🔕 알림 중지, ✅·❌ 실제·오탐 표시)할 수 없음",
        "en": "nobody can respond by a reaction (👀 acknowledge, 🔕 silence, ✅ ❌ label): the scope reactions:read is missing",
    },
)
NO_USERS = Phrase(
    "doctor.slack.no_users",
    texts={
        "ko": "users:read 권한이 없어 응답한 사람을 Slack 밖에서는 이름 대신 ID로 표시",
        "en": "whoever responds is shown by ID outside Slack: the scope users:read is missing",
    },
)
UNASKED = Phrase(
    "doctor.slack.unasked",
    texts={
        "ko": "채널 참여 여부는 알림을 전송해야 확인할 수 있음(channels:read 권한과 채널 ID가 있으면 바로 확인 가능)",
        "en": "whether it is in the channel shows only when it posts (or with the scope channels:read and the channel's ID)",
    },
)
MEMBER = Phrase("doctor.slack.member", texts={"ko": "#{name}에 쓸 수 있음", "en": "may write to #{name}"})
STRANGER = Phrase("doctor.slack.stranger", texts={"ko": "#{name}에 초대되지 않음", "en": "is not in #{name}"})
ARCHIVED = Phrase("doctor.slack.archived", texts={"ko": "보관된 채널", "en": "the channel is archived"})
ADD_SCOPE = Phrase(
    "doctor.cure.scope",
    texts={
        "ko": "앱 설정의 OAuth & Permissions에서 {scope} 권한을 추가하고 다시 설치하세요.",
        "en": "Add {scope} under OAuth & Permissions in the app's settings, and install it again.",
    },
)
INVITE = Phrase(
    "doctor.cure.invite",
    texts={
        "ko": "Slack 채널에서 /invite @{user} 명령을 실행하세요(채널 ID는 LOGWATCH_SLACK_CHANNEL에 설정).",
        "en": "Run /invite @{user} in the Slack channel (set its ID as LOGWATCH_SLACK_CHANNEL).",
    },
)


@dataclass(slots=True)
class SlackWebhookChannel:
    """Posts by incoming webhook: every message stands by itself, as a webhook can neither update nor thread."""

    url: str = field(repr=False)
    timeout_s: int = 8
    name: str = "slack"
    dialogue: ClassVar[None] = None

    def check(self) -> list[Checked]:
        """Say that only a message can show whether the address is right: it answers nothing else."""
        return [Checked(self.name, CheckOutcome.SKIPPED, ONLY_BY_POSTING, SEND_TEST)]

    def send(self, message: Message, thread: str | None) -> str | None:  # noqa: ARG002 - there are no threads here
        """Post the message; gives None. Raises ChannelError."""
        self._post(with_people(build_content(message, alone=True), message.notification))
        return None

    def send_plain(self, message: Message, thread: str | None) -> str | None:  # noqa: ARG002 - there are no threads here
        """Post its text; gives None. Raises ChannelError."""
        self._post(with_people(plain_content(message), message.notification))
        return None

    def _post(self, content: dict[str, Any]) -> None:
        unusable = _not_slack(f"{_WEBHOOK}; it begins with https://hooks.slack.com/")
        body = json.dumps(content, ensure_ascii=False).encode(errors="replace")
        answer = Receiver(self.url, {}, self.timeout_s, unusable).post(body, most=ANSWER)
        code = _code(answer.body.decode(errors="replace"))
        if answer.status != 200:
            _check_chart(code, content)
            raise refused(answer.status, answer.headers, where=self.name, code=code, hint=_hint(code))
        if code != "ok":
            raise _not_slack(_WEBHOOK)


@dataclass(slots=True)
class SlackBotChannel:
    """Posts by bot token: one message an incident, kept up to date, with later events in its thread."""

    token: str = field(repr=False)
    channel: str
    base_url: str | None = None
    """For tests; ends with a slash."""
    timeout_s: int = 8
    name: str = "slack"

    @property
    def dialogue(self) -> Dialogue:
        """Itself: its messages can be changed, and answered."""
        return self

    def send(self, message: Message, thread: str | None) -> str | None:
        """Post the incident's first message, or follow it; gives `channel:ts` of the first. Raises ChannelError."""
        head = re.fullmatch(r"(\w+):([\d.]+)", thread or "")
        content = with_people(build_content(message), message.notification)
        if head is None or self._has_moved_from(head[1]):
            return self._post(content, channel=self.channel)
        channel, ts = head.groups()
        reply = with_people(build_content(message, chart=False), message.notification)
        try:
            self._post(reply, channel=channel, thread_ts=ts, reply_broadcast=message.notification.reason in BROADCAST)
        except _HeadGoneError:
            return self._post(content, channel=self.channel)
        return thread

    def update(self, message: Message, thread: str) -> None:
        """Let the incident's first message say how things stand; one that somebody deleted is left alone."""
        self._update(with_people(build_content(message), message.notification), thread)

    def walk(self, message: Message, thread: str) -> None:
        """Post what the first screen leaves out into the thread; nobody is woken by it. Raises ChannelError."""
        channel, ts = thread.split(":")
        with suppress(_HeadGoneError):
            if has_more(message):
                self._post(build_walk(message), channel=channel, thread_ts=ts)

    def update_plain(self, message: Message, thread: str) -> None:
        """Likewise, by its text alone."""
        self._update(with_people(plain_content(message), message.notification) | {"blocks": []}, thread)

    def reactions(self, thread: str) -> list[tuple[str, str]] | None:
        """Ask for all reactions on a message; None where somebody deleted it or nobody can tell. Raises ChannelError."""
        channel, ts = thread.split(":")
        try:
            answer = self._look(lambda client: client.reactions_get(channel=channel, timestamp=ts, full=True))
        except _HeadGoneError:
            return None
        message = answer.get("message")
        put = (message.get("reactions") or []) if isinstance(message, dict) else None
        if not isinstance(put, list) or not all(isinstance(each, dict) and isinstance(each.get("users"), list) for each in put):
            return None  # to take this for no reaction would take back those that stand
        found = [(str(each.get("name")), str(user)) for each in put for user in each["users"]]
        return [(name, user) for name, user in found if _USER.fullmatch(user)]

    def name_of(self, user: str) -> str:
        """Ask what somebody is called: the name they chose to be shown, or else their own. Raises ChannelError."""
        profile = _part(_part(self._look(lambda client: client.users_info(user=user)), "user"), "profile")
        name = profile.get("display_name") or profile.get("real_name") or ""
        return clip(re.sub(r"[\s@,]+", " ", printable(redact(str(name)))).strip(), NAME)

    def send_plain(self, message: Message, thread: str | None) -> str | None:
        """Post its text, into the incident's thread and the channel where there is one. Raises ChannelError."""
        head = re.fullmatch(r"(\w+):([\d.]+)", thread or "")
        content = with_people(plain_content(message), message.notification)
        with suppress(_HeadGoneError):
            if head and not self._has_moved_from(head[1]):
                self._post(content, channel=head[1], thread_ts=head[2], reply_broadcast=True)
                return thread
        return self._post(content, channel=self.channel)

    def _has_moved_from(self, channel: str) -> bool:
        """Tell whether another channel is set now than the thread's; Slack is asked where one is set by name."""
        if _ID.fullmatch(self.channel):
            return self.channel != channel
        with suppress(ChannelError):
            info = self._ask(lambda client: client.conversations_info(channel=channel)).get("channel") or {}
            names = {info.get("name"), info.get("name_normalized"), *(info.get("previous_names") or ())} - {None}
            return bool(info.get("is_archived") or (names and self.channel.removeprefix("#") not in names))
        return False

    def check(self) -> list[Checked]:
        """Ask who the token is, what it may, and whether it is in the channel. Raises ChannelError."""
        answer = self._ask(lambda client: client.auth_test())
        who = {"user": str(answer.get("user")), "team": str(answer.get("team"))}
        header = next((value for name, value in answer.headers.items() if name.lower() == "x-oauth-scopes"), "")
        scopes = {each.strip() for each in header.split(",") if each.strip()}
        found = [ok(self.name, WHO.fill(**who))]
        if scopes and "chat:write" not in scopes:
            found = [Checked(self.name, CheckOutcome.WRONG, NO_SCOPE.fill(**who), (ADD_SCOPE.fill(scope="chat:write"),))]
        if scopes and "reactions:read" not in scopes:
            cure = ADD_SCOPE.fill(scope="reactions:read")
            found.append(Checked(f"{self.name} reactions:read", CheckOutcome.NOTE, NO_REACTIONS, (cure,)))
        elif scopes and "users:read" not in scopes:
            cure = ADD_SCOPE.fill(scope="users:read")
            found.append(Checked(f"{self.name} users:read", CheckOutcome.NOTE, NO_USERS, (cure,)))
        return [*found, self._check_channel(who["user"], public="chat:write.public" in scopes)]

    def _check_channel(self, user: str, *, public: bool) -> Checked:
        """Say whether the bot is in its channel; only an id can be asked for."""
        check, cure = f"{self.name} {self.channel[:40]}", INVITE.fill(user=user)
        untried = Checked(check, CheckOutcome.SKIPPED, UNASKED, SEND_TEST)
        if not _ID.fullmatch(self.channel):
            return untried
        try:
            answer = self._ask(lambda client: client.conversations_info(channel=self.channel))
        except ChannelError as error:
            wrong = Checked(check, CheckOutcome.WRONG, say("error", error=error.message), (cure,))
            return untried if "missing_scope" in error.message else wrong
        info = answer.get("channel") or {}
        if info.get("is_archived"):
            return Checked(check, CheckOutcome.WRONG, ARCHIVED, command("LOGWATCH_SLACK_CHANNEL=C…"))
        name = str(info.get("name"))[:80]
        if info.get("is_member") or (public and not info.get("is_private")):
            return ok(check, MEMBER.fill(name=name))
        return Checked(check, CheckOutcome.WRONG, STRANGER.fill(name=name), (cure,))

    def _post(self, content: dict[str, Any], **where: Any) -> str:  # noqa: ANN401 - the method's own arguments
        answer = self._call(lambda client: client.chat_postMessage(**content, **where), content)
        return f"{answer.get('channel')}:{answer.get('ts')}"

    def _update(self, content: dict[str, Any], thread: str) -> None:
        channel, ts = thread.split(":")
        shown = {name: content[name] for name in ("text", "blocks")} | {"parse": "none", "link_names": False}
        with suppress(_HeadGoneError):
            self._call(lambda client: client.chat_update(channel=channel, ts=ts, **shown), content)

    def _call(self, method: Callable[[WebClient], Any], content: dict[str, Any]) -> Mapping[str, Any]:
        """Call one method of the Web API that shows something, once; gives what it answers."""
        try:
            return self._look(method)
        except ChannelError as error:
            _check_chart(error.message.removeprefix("answered "), content)
            raise

    def _look(self, method: Callable[[WebClient], Any]) -> Mapping[str, Any]:
        """Call one method of the Web API, once; gives what it answers."""
        answer = self._ask(method).data
        if not isinstance(answer, dict):
            raise _not_slack(_TOKEN)
        return answer

    def _ask(self, method: Callable[[WebClient], Any]) -> Any:  # noqa: ANN401 - slack_sdk's response has no types to speak of
        """Call one method of the Web API, once; a refusal comes with status 200 and Slack's own word."""
        from slack_sdk import WebClient
        from slack_sdk.errors import SlackApiError, SlackClientError

        base = self.base_url or WebClient.BASE_URL
        guard_urllib()
        try:
            client = WebClient(self.token, base, timeout=self.timeout_s, logger=_silent(), retry_handlers=[])
            return method(client)
        except SlackApiError as error:
            raise self._refusal(error.response) from None
        except (InvalidURL, ValueError, LookupError, AttributeError, SlackClientError):  # JSON that is no object has no `get`
            raise _not_slack(_TOKEN) from None
        except (OSError, HTTPException) as error:
            raise unreachable(error, where=self.name) from None

    def _refusal(self, response: Any) -> ChannelError:  # noqa: ANN401 - slack_sdk's response has no types to speak of
        code = _code(response.data.get("error")) if isinstance(response.data, dict) else ""
        if response.status_code != 200:
            return refused(response.status_code, response.headers, where=self.name, code=code, hint=_hint(code))
        permanent = bool(code) and code not in PASSING
        kind = _HeadGoneError if code in GONE else ChannelError
        return kind(
            f"answered {code or 'nothing known'}", permanent=permanent, where=self.name, hint=_hint(code) if permanent else None
        )


def _check_chart(code: str, content: dict[str, Any]) -> None:
    """Raise RefusedPartError where what Slack refuses may be the chart, which not every workspace knows."""
    if code in NO_BLOCKS and any(block["type"] == CHART for block in content.get("blocks", [])):
        raise RefusedPartError("chart", where="slack") from None


class _HeadGoneError(ChannelError):
    """Somebody deleted the incident's first message, or nobody may write where it stands."""


def _not_slack(hint: str) -> ChannelError:
    return ChannelError("there is no Slack at this address, or it cannot be asked", permanent=True, where="slack", hint=hint)


def _part(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Give an object inside an answer; an empty one where it is none."""
    part = answer.get(name)
    return part if isinstance(part, dict) else {}


def _silent() -> Logger:
    return Logger("slack", CRITICAL + 1)  # noqa: LOG001 - one that leads nowhere is what is wanted


def _hint(code: str) -> str | None:
    return HINTS.get(code, f"{code}: see docs.slack.dev/reference/methods/chat.postMessage") if code else None


def _code(answer: object) -> str:
    """Give Slack's word for what happened; anything else may hold what we sent."""
    return answer if isinstance(answer, str) and re.fullmatch(r"[a-z_]{2,40}", answer) else ""
