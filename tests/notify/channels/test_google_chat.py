"""Google Chat: cards that the space takes, one thread an incident, failures, and that nobody is called and no secret told."""

import logging
import re
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from logwatch.errors import ChannelError, ConfigError
from logwatch.languages import Lang
from logwatch.notify.channels.google_chat.sender import GoogleChatChannel
from logwatch.notify.incidents import NotifyReason
from logwatch.notify.messages import LinkTargets, build_test_message
from logwatch.settings import Settings
from logwatch.wiring import build_channels, configured_channels
from tests.support.local_google_chat import LocalGoogleChat, Posted
from tests.support.made_messages import CASES, HOSTILE, START, hostile, longest, message

FIRING = message(CASES["firing"])


@pytest.fixture
def chat() -> Iterator[LocalGoogleChat]:
    with LocalGoogleChat() as chat:
        yield chat


def failure(url: str, timeout_s: float = 5) -> ChannelError:
    """Give the error of a send, after a look that nothing of it tells a secret."""
    channel = GoogleChatChannel(url, timeout_s)
    with pytest.raises(ChannelError) as caught:
        channel.send(FIRING, None)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(channel)
    return caught.value


def posted(chat: LocalGoogleChat) -> Posted:
    assert chat.refused == []
    (found,) = chat.posted
    return found


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_space_takes_every_kind_of_message(chat: LocalGoogleChat, name: str, lang: Lang) -> None:
    told = message(CASES[name], lang)
    assert GoogleChatChannel(chat.webhook_url).send(told, None) is None
    found = posted(chat)
    assert found.thread == CASES[name].incident
    assert told.headline.replace("<", "‹").replace(">", "›") in found.body["fallbackText"]
    assert chat.mentions == []


@pytest.mark.parametrize("text", [*HOSTILE, "<users/all>"])
def test_what_cannot_be_laid_out_goes_as_text_into_the_same_thread(chat: LocalGoogleChat, text: str) -> None:
    told = message(hostile(text))
    assert GoogleChatChannel(chat.webhook_url).send_plain(told, None) is None
    found = posted(chat)
    assert (found.thread, set(found.body)) == (told.notification.incident, {"text", "thread"})
    assert found.body["text"].startswith(told.icon)
    assert chat.mentions == []


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_longest_incident_fits_as_text_too(chat: LocalGoogleChat, lang: Lang) -> None:
    GoogleChatChannel(chat.webhook_url).send_plain(message(longest(), lang), None)
    assert len(posted(chat).body["text"]) <= 3500


def test_a_phone_shows_headline_step_and_what_was_found_before_all_else(chat: LocalGoogleChat) -> None:
    GoogleChatChannel(chat.webhook_url).send(FIRING, None)
    body = posted(chat).body
    here = next(step for step in FIRING.steps if step.here)
    assert body["fallbackText"].splitlines() == [
        f"{FIRING.icon} {FIRING.headline}",
        FIRING.impact.replace("<", "‹"),
        f"▶ 4.2-3. {here.text}",
    ]
    head, walk, foot = body["cardsV2"][0]["card"]["sections"]
    title, lead, first = (each["textParagraph"]["text"] for each in head["widgets"])
    assert FIRING.headline in title
    assert lead == f"<b>{FIRING.impact}</b><br>{FIRING.proof.replace('<', '&lt;')}"
    assert first.startswith(f"<b>▶ 4.2-3. {here.text}</b>")
    assert all(line.replace("<", "&lt;") in first for line in here.found)
    assert walk["collapsible"]
    assert FIRING.commands[0] in walk["widgets"][-1]["textParagraph"]["text"]
    links = [button["onClick"]["openLink"]["url"] for button in foot["widgets"][0]["buttonList"]["buttons"]]
    assert len(links) == len(FIRING.links)
    assert links[-1] == "https://example.com/runbook#4-2"


def test_what_is_over_shows_no_steps(chat: LocalGoogleChat) -> None:
    told = message(CASES["resolved"])
    GoogleChatChannel(chat.webhook_url).send(told, None)
    found = posted(chat)
    assert any(told.alerts[1].value in text for text in found.texts)
    assert not any("▶" in text for text in found.texts)


def test_an_incident_is_one_thread_and_a_space_is_given_its_second(chat: LocalGoogleChat) -> None:
    channel = GoogleChatChannel(chat.webhook_url)
    for name in ("firing", "joined", "resolved"):
        channel.send(message(replace(CASES[name], incident="one")), None)
    channel.send(message(replace(CASES["firing"], incident="two")), None)
    assert [each.thread for each in chat.posted] == ["one", "one", "one", "two"]
    assert chat.refused == []


def test_who_does_not_wait_is_told_to(chat: LocalGoogleChat) -> None:
    chat.last = float("inf")  # somebody else posts all the time
    error = failure(chat.webhook_url)
    assert (error.permanent, error.retry_after) == (False, timedelta(seconds=1))
    assert error.message == "answered 429 RESOURCE_EXHAUSTED"


@pytest.mark.parametrize("text", [*HOSTILE, "<users/all>", "<https://evil.example|x>", '<a href="https://evil.example">x</a>'])
def test_hostile_text_calls_nobody_and_links_nowhere(chat: LocalGoogleChat, text: str) -> None:
    GoogleChatChannel(chat.webhook_url).send(message(hostile(text, NotifyReason.SILENCE_ENDING)), None)
    posted(chat)
    assert chat.mentions == []


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_longest_incident_is_taken_and_what_is_left_out_is_counted(chat: LocalGoogleChat, lang: Lang) -> None:
    told = message(longest(), lang)
    full = "&🔥가" * 700
    notes, links = ("&<" * 300,) * 20, (replace(told.links[0], label="🔥" * 90),) * 60
    steps = (
        replace(told.steps[0], here=True, text="&" * 400, found=("&" * 300,) * 6),
        *(replace(told.steps[0], here=False, text="&" * 400),) * 30,
    )
    filled = replace(
        told, notes=notes, links=links, steps=steps, besides=notes, alerts=told.alerts * 9, headline=full, procedure=full
    )
    GoogleChatChannel(chat.webhook_url).send(filled, None)
    found = posted(chat)
    counted = re.compile(told.say("and_more", count="N").replace("N", r"\d+"))
    assert len(list(filter(counted.search, found.texts))) >= 2


def test_a_link_that_is_none_is_left_out(chat: LocalGoogleChat) -> None:
    told = message(CASES["firing"], place=LinkTargets(runbook_url="javascript:alert(1)"))
    GoogleChatChannel(chat.webhook_url).send(told, None)
    assert "javascript" not in str(posted(chat).body)


def test_a_test_message_is_one(chat: LocalGoogleChat) -> None:
    GoogleChatChannel(chat.webhook_url).send(build_test_message(FIRING.audience, START), None)
    assert "[테스트]" in posted(chat).body["fallbackText"]


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(500, False), (502, False), (503, False), (408, False), (400, True), (401, True), (403, True), (404, True), (301, True), (302, True), (307, True)],
)  # fmt: skip
def test_statuses_are_told_apart_and_no_redirection_is_followed(chat: LocalGoogleChat, status: int, permanent: bool) -> None:  # noqa: FBT001
    chat.answer(status, headers={"Location": chat.webhook_url, "Retry-After": "30"}, body=b'{"error": {"status": "s3cret"}}')
    error = failure(chat.webhook_url)
    assert (error.permanent, error.message) == (permanent, f"answered {status}")
    assert bool(error.hint) is permanent
    assert error.retry_after == timedelta(seconds=30)
    assert chat.requests == 1


@pytest.mark.parametrize("body", [b"<html>sign in</html>", b"[]", b"{}", b"", b"\xff"])
def test_a_page_in_between_is_no_success(chat: LocalGoogleChat, body: bytes) -> None:
    chat.answer(200, body=body)
    assert failure(chat.webhook_url).message == "there is no Google Chat at this address"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("token=s3cret-token", "token=s3cret-other"), "answered 403 PERMISSION_DENIED"),
        (("key=s3cret-key", "key=s3cret-other"), "answered 400 INVALID_ARGUMENT"),
        (("spaces/", "spaces/other"), "answered 404 NOT_FOUND"),
    ],
)
def test_a_wrong_address_is_told_without_it(chat: LocalGoogleChat, change: tuple[str, str], message: str) -> None:
    error = failure(chat.webhook_url.replace(*change))
    assert (error.permanent, error.message) == (True, message)


@pytest.mark.parametrize(
    "url", ["", "s3cret", "ftp://x/s3cret", "http://[::1/s3cret", "https://x:99999/s3cret", "http://a b/s3cret"]
)
def test_an_address_that_is_none(url: str) -> None:
    assert failure(url).permanent


def test_nobody_there_and_no_answer(chat: LocalGoogleChat) -> None:
    assert failure("http://127.0.0.1:1/s3cret").message.startswith("no connection")
    chat.answer(200, hang_s=30)
    assert failure(chat.webhook_url, timeout_s=0.5).message == "no answer in time"


def test_the_check_connects_and_asks_for_nothing(chat: LocalGoogleChat) -> None:
    GoogleChatChannel(chat.webhook_url).check()
    assert chat.requests == 0
    with pytest.raises(ChannelError):
        GoogleChatChannel("http://127.0.0.1:1/s3cret").check()


def test_settings_make_the_channel_and_an_address_that_a_shell_cut_off_is_told(chat: LocalGoogleChat) -> None:
    settings = Settings.load({"LOGWATCH_GOOGLE_CHAT_URL": chat.webhook_url})
    build_channels(configured_channels(settings))["google_chat"].send(FIRING, None)
    posted(chat)
    with pytest.raises(ConfigError) as caught:
        configured_channels(Settings.load({"LOGWATCH_GOOGLE_CHAT_URL": chat.webhook_url.partition("&")[0]}))
    assert caught.value.where == "LOGWATCH_GOOGLE_CHAT_URL"
    assert "s3cret" not in str(caught.value)


def test_no_log_line_tells_a_secret(chat: LocalGoogleChat, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    GoogleChatChannel(chat.webhook_url).send(FIRING, None)
    failure(chat.url + "/s3cret")
    assert "s3cret" not in caplog.text
