"""Slack against a server that behaves like it: delivery, threads, limits, failures, and that no secret is told."""

import json
import logging
import subprocess
import sys
import traceback
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from logwatch.errors import ChannelError
from logwatch.notify.channels.interface import Channel
from logwatch.notify.channels.slack.blocks import build_content, build_walk, fit_section, mrkdwn
from logwatch.notify.channels.slack.sender import SlackBotChannel, SlackWebhookChannel
from logwatch.notify.incidents import NotifyReason
from logwatch.notify.layout import has_more
from logwatch.notify.messages import LinkTargets, Message
from tests.conftest import ROOT
from tests.support.local_slack import BOT_TOKEN, CHANNEL, FLOOD, FORMER, TOTAL, LocalSlack, Plan, check
from tests.support.made_messages import ANSWERS, CASES, HOSTILE, PAYMENT, PLACE, hostile, longest, message, notification
from tests.support.patience import PATIENCE_S

SECRETS = ("s3cret", "T0PLANTED", BOT_TOKEN)


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack() as server:
        yield server


def webhook(slack: LocalSlack, url: str | None = None, timeout_s: int = 5) -> SlackWebhookChannel:
    return SlackWebhookChannel(url or slack.webhook_url, timeout_s)


def bot(slack: LocalSlack, token: str = BOT_TOKEN, channel: str = "#ops", timeout_s: int = 5) -> SlackBotChannel:
    return SlackBotChannel(token, channel, slack.api_url, timeout_s)


BOTH = pytest.mark.parametrize("made", [webhook, bot])
FIRING = message(CASES["firing"])


def failure(channel: Channel, thread: str | None = None) -> ChannelError:
    """Give the error of a send, after a look that nothing of it tells a secret."""
    with pytest.raises(ChannelError) as caught:
        channel.send(FIRING, thread)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(channel) + str(caught.value)
    assert not [secret for secret in SECRETS if secret in told]
    return caught.value


# ---- what arrives


@BOTH
@pytest.mark.parametrize("name", CASES)
def test_every_message_is_taken(slack: LocalSlack, made: Any, name: str) -> None:
    made(slack).send(message(CASES[name]), None)
    (arrived,) = slack.taken
    assert arrived.body["text"].startswith(message(CASES[name]).icon)
    assert (arrived.body["unfurl_links"], arrived.body["unfurl_media"]) == (False, False)


def test_a_webhook_gives_nothing_to_follow(slack: LocalSlack) -> None:
    assert webhook(slack).send(FIRING, None) is None


def test_later_events_go_into_the_thread_and_the_head_shows_how_things_stand(slack: LocalSlack) -> None:
    channel = bot(slack)
    thread = channel.send(FIRING, None)
    assert thread == "C0OPS:1772000000.000100"
    for name in ("joined", "reminder", "resolved"):
        assert channel.send(message(CASES[name]), thread) == thread
    channel.update(message(CASES["resolved"]), thread)
    head, *replies = slack.posts.values()
    assert head["blocks"] == build_content(message(CASES["resolved"]))["blocks"]
    assert [reply["thread_ts"] for reply in replies] == ["1772000000.000100"] * 3
    assert [reply["reply_broadcast"] for reply in replies] == [False, True, True]
    assert not any("📋" in json.dumps(reply, ensure_ascii=False) for reply in replies), "the procedure stands in the head"
    assert [each.path for each in slack.arrived] == ["/api/chat.postMessage"] * 4 + ["/api/chat.update"]


@BOTH
def test_the_first_message_has_the_chart_and_asks_for_no_right(slack: LocalSlack, made: Any) -> None:
    slack.scopes = "chat:write"
    made(slack).send(FIRING, None)
    (arrived,) = slack.taken
    (chart,) = charts(arrived.body)
    assert chart["title"] == "결제 승인 성공률 낮음 · kpa"
    value, bound = chart["chart"]["series"]
    assert [point["value"] for point in value["data"]][-3:] == [40.0, 31.8, 31.0], "the worst of three minutes each"
    assert {point["value"] for point in bound["data"]} == {70.0}
    assert bound["name"] == "경고 기준 <70%"
    assert chart["chart"]["axis_config"]["categories"][:2] == ["14:27", "14:30"]


def charts(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [block for block in body["blocks"] if block["type"] == "data_visualization"]


@pytest.mark.parametrize(
    ("values", "places", "below"),
    [
        ((0.5,), 1, ""),
        ((0.5, 0.9, 0.7), 3, ""),
        ((0.5,) * 20, 20, ""),
        ((0.5,) * 21, 11, "점 하나 = 2분 중 최악값"),
        ((0.5, None, 0.9), 2, "데이터 없는 점 1개 생략"),
        ((None,) * 59 + (0.5,), 1, "점 하나 = 3분 중 최악값 · 데이터 없는 점 19개 생략"),
        ((float("nan"), float("inf"), 0.5), 1, "데이터 없는 점 2개 생략"),
        ((0.5,) * 1500, 20, "점 하나 = 75분 중 최악값"),
    ],
)
def test_a_chart_keeps_slacks_limits_and_says_what_it_leaves_out(
    values: tuple[float | None, ...], places: int, below: str
) -> None:
    assert FIRING.course
    told = replace(FIRING, course=replace(FIRING.course, chart=replace(FIRING.course.chart, values=values)))
    content = build_content(told)
    (chart,) = charts(content)
    assert check(content) == ""
    axes = chart["chart"]["axis_config"]
    assert (len(axes["categories"]), axes.get("x_label", "")) == (places, below)


def test_where_nothing_is_known_there_is_no_chart() -> None:
    assert FIRING.course
    empty = replace(FIRING, course=replace(FIRING.course, chart=replace(FIRING.course.chart, values=(None, float("nan")))))
    assert charts(build_content(empty)) == []


@pytest.mark.parametrize("thread", [None, "", "<x@y>"])
def test_without_a_first_message_a_later_one_stands_by_itself(slack: LocalSlack, thread: str | None) -> None:
    assert bot(slack).send(message(CASES["resolved"]), thread) == "C0OPS:1772000000.000100"
    (arrived,) = slack.taken
    assert "thread_ts" not in arrived.body


def test_another_channel_that_is_set_gets_a_head_of_its_own(slack: LocalSlack) -> None:
    thread = bot(slack, channel=CHANNEL).send(FIRING, "C0FORMER:1772000000.000100")
    assert (thread or "").startswith(f"{CHANNEL}:")
    assert [each.body.get("thread_ts") for each in slack.taken if "postMessage" in each.path] == [None]


@pytest.mark.parametrize("change", ["archived", "another name", "renamed"])
@pytest.mark.parametrize("scopes", ["chat:write,channels:read", "chat:write"])
def test_a_channel_set_by_name_gets_a_head_of_its_own_once_it_is_another(slack: LocalSlack, change: str, scopes: str) -> None:
    head = bot(slack, channel=FORMER).send(FIRING, None) or ""
    slack.scopes = scopes
    if change == "archived":
        slack.archived.add(FORMER)
    elif change == "renamed":
        slack.channels |= {FORMER: "ops", CHANNEL: "other"}
    thread = bot(slack).send(message(CASES["joined"]), head) or ""
    # What nobody may ask stays where it is.
    moved = change == "archived" or (change == "another name" and "channels:read" in scopes)
    assert thread.partition(":")[0] == (CHANNEL if moved else FORMER)
    assert slack.taken[1].body.get("thread_ts") == (None if moved else head.partition(":")[2])


def test_an_archived_channel_that_is_still_set_refuses_as_ever(slack: LocalSlack) -> None:
    head = bot(slack, channel=FORMER).send(FIRING, None)
    slack.archived.add(FORMER)
    error = failure(bot(slack, channel=FORMER), head)
    assert (error.permanent, error.message, error.hint) == (
        True,
        "answered is_archived",
        "the channel is archived: unarchive it or set another",
    )


def test_where_the_head_was_deleted_a_later_one_becomes_the_head(slack: LocalSlack) -> None:
    assert bot(slack).send(message(CASES["joined"]), "C0OPS:1.5") == "C0OPS:1772000000.000100"
    assert [each.error for each in slack.arrived] == ["thread_not_found", ""]


@pytest.mark.parametrize(
    ("word", "permanent"), [("edit_window_closed", True), ("cant_update_message", True), ("ratelimited", False)]
)
def test_a_head_that_may_not_be_changed_is_told(slack: LocalSlack, word: str, *, permanent: bool) -> None:
    channel = bot(slack)
    thread = channel.send(FIRING, None) or ""
    slack.words["chat.update"] = word
    with pytest.raises(ChannelError, match=word) as caught:
        channel.update(message(CASES["joined"]), thread)
    assert caught.value.permanent is permanent


def test_a_head_that_was_deleted_is_left_alone(slack: LocalSlack) -> None:
    bot(slack).update(message(CASES["joined"]), "C0OPS:1.5")
    assert [each.error for each in slack.arrived] == ["message_not_found"]


def test_a_head_in_the_fewest_words_loses_what_stood_there_before(slack: LocalSlack) -> None:
    thread = bot(slack).send(FIRING, None) or ""
    bot(slack).update_plain(message(CASES["resolved"]), thread)
    (head,) = slack.posts.values()
    assert (head["blocks"], head["text"].startswith("✅")) == ([], True)


# ---- people


@BOTH
def test_who_is_called_stands_in_the_first_line_and_on_the_lock_screen(slack: LocalSlack, made: Any) -> None:
    made(slack).send(message(replace(ANSWERS["escalated"], mention=("U0SECOND", "S0GROUP", "here"))), None)
    (arrived,) = slack.taken
    called = "<@U0SECOND> <!subteam^S0GROUP> <!here>"
    assert arrived.body["text"].startswith(f"{called} ")
    assert arrived.body["blocks"][0]["text"]["text"].startswith(f"{called} ")
    assert len(arrived.pings) == 6


@pytest.mark.parametrize("name", CASES)
def test_a_message_that_is_not_to_wake_calls_nobody(slack: LocalSlack, name: str) -> None:
    bot(slack).send(message(CASES[name]), None)
    assert {*slack.taken[0].pings} <= {"<@U"}
    assert bool(slack.taken[0].pings) == (name in {"answered", "taken"}), "Slack alone knows the name of who has answered"


def test_who_is_on_it_is_named_in_the_head_and_shown_by_slack_where_only_the_id_is_known(slack: LocalSlack) -> None:
    thread = bot(slack).send(FIRING, None) or ""
    bot(slack).update(message(ANSWERS["taken"]), thread)
    head = json.dumps(slack.posts[thread.partition(":")[2]], ensure_ascii=False)
    assert "👀 확인 중: 김민수, <@U0LEE>(15:29부터)" in head
    assert "❌ 오탐으로 표시: <@U0LEE>" in head


def test_an_answer_goes_into_the_thread_alone(slack: LocalSlack) -> None:
    thread = bot(slack).send(FIRING, None)
    bot(slack).send(message(ANSWERS["answered"]), thread)
    reply = slack.taken[-1].body
    assert (reply["reply_broadcast"], reply["thread_ts"]) == (False, (thread or "").partition(":")[2])
    assert reply["text"].startswith("👀 [응답] 김민수님이 확인 중 · 🔕 16:29까지 알림 중지: <@U0LEE>")


def test_reactions_are_read_whole_and_only_with_the_right(slack: LocalSlack) -> None:
    thread = bot(slack).send(FIRING, None) or ""
    ts = thread.partition(":")[2]
    assert bot(slack).reactions(thread) == []
    for number in range(9):
        slack.react(ts, "eyes", f"U0{number}KIM")
    slack.react(ts, "tada", "U0KIM")
    slack.react(ts, "eyes", "U00KIM")
    slack.react(ts, "eyes", "U00KIM")
    eyes = [f"U0{number}KIM" for number in (*range(1, 9), 0)]
    assert bot(slack).reactions(thread) == [*(("eyes", user) for user in eyes), ("tada", "U0KIM")]
    assert bot(slack).reactions("C0OPS:1.5") is None
    slack.scopes = "chat:write"
    with pytest.raises(ChannelError, match="missing_scope") as caught:
        bot(slack).reactions(thread)
    assert caught.value.permanent


def test_more_questions_than_slack_takes_in_a_minute_are_refused_for_now(slack: LocalSlack) -> None:
    thread = bot(slack).send(FIRING, None) or ""
    for _ in range(50):
        bot(slack).reactions(thread)
    with pytest.raises(ChannelError) as caught:
        bot(slack).reactions(thread)
    assert (caught.value.permanent, caught.value.retry_after) == (False, timedelta(seconds=30))


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ('{"ok":true}', None),
        ('{"ok":true,"message":[]}', None),
        ('{"ok":true,"message":{"reactions":{"name":"eyes"}}}', None),
        ('{"ok":true,"message":{"reactions":[{"name":"eyes","users":7}]}}', None),
        ('{"ok":true,"message":{"reactions":[{"name":"eyes"}]}}', None),
        ('{"ok":true,"message":{"reactions":[3]}}', None),
        ('{"ok":true,"message":{"reactions":null}}', []),
        ('{"ok":true,"message":{"reactions":[{"name":"eyes","users":["<!here>",7]}]}}', []),
    ],
)
def test_an_answer_of_another_form_does_not_take_back_what_stands(slack: LocalSlack, answer: str, found: object) -> None:
    thread = bot(slack).send(FIRING, None) or ""
    slack.looks.append(Plan(200, body=answer))
    assert bot(slack).reactions(thread) == found


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        ({"display_name": "민수", "real_name": "김민수"}, "민수"),
        ({"display_name": "", "real_name": "김민수"}, "김민수"),
        ({}, ""),
        ({"display_name": "@U0OTHER, <!channel>\x1b[2J"}, "U0OTHER <!channel>"),
        ({"display_name": "kim@example.com 010-1234-5678"}, "*** example.com ***"),
        ({"display_name": "x" * 90}, "x" * 39 + "…"),
    ],
)
def test_a_name_is_what_somebody_chose_to_be_called_without_what_must_not_leave(
    slack: LocalSlack, profile: dict[str, str], name: str
) -> None:
    slack.people["U0KIM"] = profile
    assert bot(slack).name_of("U0KIM") == name


# ---- limits


@cache
def longest_message(reason: NotifyReason, lang: Any) -> Message:
    return message(longest(reason), lang, LinkTargets("p" * 30, "https://example.com/" + "&" * 2000))


@BOTH
@pytest.mark.parametrize("reason", NotifyReason)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_longest_incident_is_taken(slack: LocalSlack, made: Any, reason: NotifyReason, lang: Any) -> None:
    made(slack).send(longest_message(reason, lang), None)
    (arrived,) = slack.taken
    assert len(arrived.body["text"]) < 4000
    assert "2d" if lang == "en" else "외" in json.dumps(arrived.body, ensure_ascii=False)


@pytest.mark.parametrize("reason", NotifyReason)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_longest_walk_is_taken(reason: NotifyReason, lang: Any) -> None:
    told = longest_message(reason, lang)
    if has_more(told):
        assert check(build_walk(told)) == ""


def chart(places: int, *, title: str = "x", label: str = "", value: float | None = 1, name: str = "y") -> dict[str, Any]:
    labels = [f"{label}{place}" for place in range(places)]
    series = [{"name": name, "data": [{"label": each, "value": value} for each in labels]}]
    drawn = {"type": "line", "series": series, "axis_config": {"categories": labels}}
    return {"type": "data_visualization", "title": title, "chart": drawn}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}] * 5}, "msg_blocks_too_long"),
        ({"text": "x", "blocks": [chart(20)] * 2}, ""),
        ({"text": "x", "blocks": [chart(20)] * 3}, "invalid_blocks"),
        ({"text": "x", "blocks": [chart(21)]}, "invalid_blocks"),
        ({"text": "x", "blocks": [chart(2, title="x" * 51)]}, "invalid_blocks"),
        ({"text": "x", "blocks": [chart(2, label="x" * 20)]}, "invalid_blocks"),
        ({"text": "x", "blocks": [chart(2, value=float("nan"))]}, "invalid_blocks"),
        ({"text": "x", "blocks": [chart(2, value=None)]}, "invalid_blocks"),
        ({"text": "x", "blocks": [chart(2, name="x" * 21)]}, "invalid_blocks"),
    ],
)  # fmt: skip
def test_the_server_of_these_tests_refuses_what_slack_refuses(body: dict[str, Any], error: str) -> None:
    assert check(body) == error


def test_what_is_left_out_is_counted() -> None:
    pieces = ["x" * 100] * 50
    text = fit_section(pieces, "…{} more".format, limit=1000)
    assert len(text) <= 1000
    assert text.endswith("\n…41 more")
    assert fit_section(pieces[:9], "…{} more".format, limit=1000).count("x") == 900
    assert fit_section(pieces, "…{} more".format, most=2).splitlines()[2:] == ["…48 more"]
    assert fit_section([], "…{} more".format) == ""
    assert TOTAL > 12_500


# ---- hostile texts


@BOTH
@pytest.mark.parametrize("text", HOSTILE)
def test_log_text_pings_nobody(slack: LocalSlack, made: Any, text: str) -> None:
    made(slack).send(message(hostile(text, NotifyReason.SILENCE_ENDING)), None)
    (arrived,) = slack.taken
    assert arrived.pings == []
    assert "\x1b" not in json.dumps(arrived.body, ensure_ascii=False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("_a_", "＿a＿"), ("__a", "＿＿a"), ("a_b_c", "a_b_c"), ("(_x)", "(＿x)"), ("~1~", "∼1∼"), ("15:19~15:26", "15:19~15:26")],
)
def test_nothing_is_italic_or_struck(text: str, shown: str) -> None:
    assert mrkdwn(text) == shown


def test_escapes_are_slacks_own() -> None:
    assert mrkdwn("<!here> & <@U1>") == "&lt;!here&gt; &amp; &lt;@U1&gt;"


# ---- failures


@BOTH
@pytest.mark.parametrize(("wait", "seconds"), [("7", 7), ("0", 0), ("86400000000000", 3600), (None, None), ("soon", None)])
def test_too_many_requests_say_how_long_to_wait(slack: LocalSlack, made: Any, wait: str | None, seconds: int | None) -> None:
    slack.answer(429, retry_after=wait)
    error = failure(made(slack))
    assert not error.permanent
    assert error.retry_after == (None if seconds is None else timedelta(seconds=seconds))
    assert len(slack.arrived) == 1, "one attempt, no sleep"


@BOTH
@pytest.mark.parametrize(
    ("status", "body", "permanent"),
    [(500, None, False), (502, "<html>Bad gateway</html>", False), (503, "", False), (408, "x", False), (403, "action_prohibited", True), (400, "msg_too_long", True)],
)  # fmt: skip
def test_statuses_are_told_apart(slack: LocalSlack, made: Any, status: int, body: str | None, permanent: bool) -> None:  # noqa: FBT001
    slack.answer(status, body=body)
    error = failure(made(slack))
    assert error.permanent is permanent
    assert str(status) in error.message
    assert len(slack.arrived) == 1


@pytest.mark.parametrize("code", ["internal_error", "ratelimited", "fatal_error", "service_unavailable"])
def test_a_passing_refusal_of_the_web_api(slack: LocalSlack, code: str) -> None:
    slack.answer(200, body=json.dumps({"ok": False, "error": code}))
    error = failure(bot(slack))
    assert (error.permanent, code in error.message) == (False, True)


@pytest.mark.parametrize(
    "code", ["invalid_auth", "channel_not_found", "is_archived", "missing_scope", "msg_blocks_too_long", "not_in_channel"]
)
def test_a_lasting_refusal_of_the_web_api_says_how_to_mend_it(slack: LocalSlack, code: str) -> None:
    slack.answer(200, body=json.dumps({"ok": False, "error": code}))
    error = failure(bot(slack))
    assert (error.permanent, code in error.message, bool(error.hint)) == (True, True, True)


def test_a_wrong_token_and_a_wrong_channel(slack: LocalSlack) -> None:
    assert failure(bot(slack, token=BOT_TOKEN + "x")).message == "answered invalid_auth"
    assert failure(bot(slack, channel="nowhere")).message == "answered channel_not_found"


def test_a_webhook_that_is_gone(slack: LocalSlack) -> None:
    error = failure(webhook(slack, slack.url + "/services/s3cret"))
    assert (error.permanent, error.message) == (True, "answered 404 no_service")
    assert "new incoming webhook" in (error.hint or "")


@BOTH
@pytest.mark.parametrize(
    "body",
    ["<html>a portal that wants a login</html>", "[]", "[1]", '"x"', f"echo {BOT_TOKEN}", '{"ok": false, "error": "s3cret"}'],
)
def test_an_answer_that_is_not_slacks(slack: LocalSlack, made: Any, body: str) -> None:
    slack.answer(200, body=body)
    failure(made(slack))


@BOTH
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirection_is_followed(slack: LocalSlack, made: Any, status: int) -> None:
    with LocalSlack() as elsewhere:
        slack.answer(status, headers={"Location": elsewhere.webhook_url}, times=2)
        assert failure(made(slack)).permanent
        assert not elsewhere.arrived, "neither the message nor the token leaves for another host"


@BOTH
@pytest.mark.parametrize("status", [200, 503])
def test_of_an_endless_answer_a_part_is_read(slack: LocalSlack, made: Any, status: int) -> None:
    slack.flood(status)
    failure(made(slack))
    assert slack.flooded < FLOOD // 2


@BOTH
def test_a_server_that_hangs_is_given_up(slack: LocalSlack, made: Any) -> None:
    slack.answer(200, hang_s=30)
    error = failure(made(slack, timeout_s=1))
    assert (error.permanent, error.message) == (False, "no answer in time")


@BOTH
def test_nobody_there(slack: LocalSlack, made: Any) -> None:
    channel = made(slack)
    slack.http.shutdown()  # which waits for its thread to have begun
    slack.http.server_close()
    error = failure(channel)
    assert not error.permanent
    assert error.message.startswith("no connection")


@pytest.mark.parametrize(
    "url", ["", "s3cret", "ftp://x/s3cret", "http://127.0.0.1:1/s3cret\r\nX: y", "http://[::1/s3cret", "file:///etc/s3cret"]
)
def test_an_address_that_is_none(slack: LocalSlack, url: str) -> None:
    error = failure(SlackWebhookChannel(url))
    assert error.permanent
    assert "hooks.slack.com" in (error.hint or "")


@pytest.mark.parametrize("token", [BOT_TOKEN + "\r\nX: y", BOT_TOKEN + "가"])
def test_a_token_that_is_none(slack: LocalSlack, token: str) -> None:
    assert failure(bot(slack, token=token)).permanent


@BOTH
def test_no_log_line_tells_a_secret(slack: LocalSlack, made: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("slack_sdk").setLevel(logging.DEBUG)
    made(slack).send(FIRING, None)
    slack.answer(500)
    failure(made(slack))
    slack.answer(200, hang_s=30)
    failure(made(slack, timeout_s=1))
    assert not [secret for secret in SECRETS if secret in caplog.text]


@BOTH
def test_no_message_tells_a_secret(slack: LocalSlack, made: Any) -> None:
    made(slack).send(message(notification(NotifyReason.FIRING, [PAYMENT]), "en", PLACE), None)
    assert not [secret for secret in SECRETS if secret in json.dumps(slack.taken[0].body)]


# ---- the server as a process of its own


def test_the_server_runs_by_itself_and_tells_what_arrived() -> None:
    with subprocess.Popen([sys.executable, "-m", "tests.support.local_slack"], stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout
        try:
            known = json.loads(process.stdout.readline())
            plan = urllib.request.Request(known["url"] + "/_answer", json.dumps({"status": 503}).encode())  # noqa: S310
            urllib.request.urlopen(plan, timeout=PATIENCE_S).close()  # noqa: S310
            channel = SlackWebhookChannel(known["webhook"])
            failure(channel)
            channel.send(FIRING, None)
            with urllib.request.urlopen(known["url"] + "/_arrived", timeout=PATIENCE_S) as answer:  # noqa: S310
                assert [each["status"] for each in json.load(answer)] == [503, 200]
        finally:
            process.kill()


@pytest.mark.long
@pytest.mark.parametrize(("module", "library"), [("slack", "slack_sdk"), ("webhook", "urllib3")])
def test_a_library_is_loaded_only_to_send(module: str, library: str) -> None:
    code = f"import sys, logwatch.notify.channels.{module}.sender; sys.exit('{library}' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
