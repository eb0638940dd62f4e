"""The plain webhook: its document by its schema, headers, failures, and that no secret is told."""

import logging
import traceback
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from logwatch.errors import ChannelError
from logwatch.notify.channels.webhook.sender import WebhookChannel, to_json
from logwatch.notify.incidents import NotifyReason
from tests.support.local_slack import LocalSlack
from tests.support.made_messages import CASES, HOSTILE, hostile, longest, message
from tests.support.schemas import check_parsed

TOKEN = "s3cret-bearer-token"  # noqa: S105 - the tests look for it
FIRING = message(CASES["firing"])


@pytest.fixture
def server() -> Iterator[LocalSlack]:
    with LocalSlack() as server:
        yield server


def failure(url: str, token: str | None = TOKEN, timeout_s: float = 5) -> ChannelError:
    """Give the error of a send, after a look that nothing of it tells a secret."""
    channel = WebhookChannel(url, token, timeout_s)
    with pytest.raises(ChannelError) as caught:
        channel.send(FIRING, None)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(channel)
    return caught.value


def valid(document: Any) -> dict[str, Any]:
    return check_parsed("webhook", document)


@pytest.mark.parametrize("name", CASES)
def test_the_document_keeps_to_its_schema(server: LocalSlack, name: str) -> None:
    assert WebhookChannel(server.plain_url, TOKEN).send(message(CASES[name]), None) is None
    (arrived,) = server.taken
    document = valid(arrived.body)
    assert arrived.headers["Idempotency-Key"] == document["id"] == CASES[name].id
    assert arrived.headers["Authorization"] == f"Bearer {TOKEN}"
    assert arrived.headers["Content-Type"] == "application/json"


def test_the_document_says_all_that_the_others_say() -> None:
    document = to_json(message(CASES["joined"]))
    assert (document["reason"], document["procedure"], document["step"]) == ("joined", "4.2", 3)
    assert [(each["step"], each["state"]) for each in document["findings"]] == [
        (1, "done"), (2, "done"), (3, "todo"), (4, "not_the_case"),
    ]  # fmt: skip
    assert document["findings"][2]["found"][-1] == "응답 코드 400: 71건"
    assert [(alert["rule"], alert["new"]) for alert in document["alerts"]] == [
        ("payment-duplicate", True),
        ("payment-confirm", False),
        ("payment-confirm", False),
    ]
    assert document["alerts"][1] == {
        "rule": "payment-confirm",
        "labels": {"service": "kpa"},
        "state": "firing",
        "level": "warning",
        "value": 0.318,
        "numerator": 34.0,
        "denominator": 107.0,
        "since": "2026-02-24T06:20:00Z",
        "firing_at": "2026-02-24T06:22:00Z",
        "resolved_at": None,
        "peak": {"value": 0.157, "window_end": "2026-02-24T06:24:00Z"},
        "new": False,
    }
    assert document["unexpected_with"] == ["cache-error"]
    assert [alert["rule"] for alert in to_json(message(CASES["redis"]))["inhibited"]] == ["cache-hit", "slow-api"]
    assert to_json(message(CASES["resolved"]))["resolved_at"] == "2026-02-24T06:45:00Z"
    assert to_json(message(CASES["silence"]))["silence"]["by"] == "dana"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_data(server: LocalSlack, text: str) -> None:
    WebhookChannel(server.plain_url).send(message(hostile(text, NotifyReason.SILENCE_ENDING)), None)
    (arrived,) = server.taken
    assert valid(arrived.body)["alerts"][0]["labels"] == {"service": text}
    assert "Authorization" not in arrived.headers


@pytest.mark.long
def test_the_longest_incident_is_taken(server: LocalSlack) -> None:
    WebhookChannel(server.plain_url).send(message(longest()), None)
    valid(server.taken[0].body)


def test_a_number_of_a_message_that_is_no_header_is_made_one(server: LocalSlack) -> None:
    from dataclasses import replace

    told = message(replace(CASES["firing"], id="한글\r\nX: y"))
    WebhookChannel(server.plain_url).send(told, None)
    assert server.taken[0].headers["Idempotency-Key"] == "%ED%95%9C%EA%B8%80%0D%0AX%3A%20y"


@pytest.mark.parametrize(
    ("wait", "headers", "seconds"),
    [("30", {}, 30), ("Tue, 24 Feb 2026 06:01:00 GMT", {}, 0), ("Fri, 24 Feb 2125 06:01:00 GMT", {}, 3600), ("later", {}, None), (None, {}, None)],
)  # fmt: skip
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_told(
    server: LocalSlack, status: int, wait: str | None, headers: dict[str, str], seconds: int | None
) -> None:
    server.answer(status, retry_after=wait, headers=headers)
    error = failure(server.plain_url)
    assert not error.permanent
    assert error.retry_after == (None if seconds is None else timedelta(seconds=seconds))
    assert len(server.arrived) == 1, "one attempt"


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(500, False), (502, False), (504, False), (408, False), (425, False), (400, True), (401, True), (404, True), (410, True), (413, True)],
)  # fmt: skip
def test_statuses_are_told_apart(server: LocalSlack, status: int, permanent: bool) -> None:  # noqa: FBT001
    server.answer(status, body=f"you sent {TOKEN}")
    error = failure(server.plain_url)
    assert (error.permanent, error.message) == (permanent, f"answered {status}")
    assert bool(error.hint) is (status in {400, 401, 404, 410, 413})


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirection_is_not_followed_with_the_token(server: LocalSlack, status: int) -> None:
    server.answer(status, headers={"Location": server.url + "/elsewhere/s3cret"})
    error = failure(server.plain_url)
    assert error.permanent
    assert len(server.arrived) == 1


def test_a_server_that_hangs_is_given_up(server: LocalSlack) -> None:
    server.answer(200, hang_s=30)
    error = failure(server.plain_url, timeout_s=0.5)
    assert (error.permanent, error.message) == (False, "no answer in time")


def test_nobody_there() -> None:
    error = failure("http://127.0.0.1:1/s3cret")
    assert not error.permanent
    assert error.message.startswith("no connection")


@pytest.mark.parametrize(
    "url", ["", "s3cret", "ftp://x/s3cret", "http://[::1/s3cret", "https://x:99999/s3cret", "http://a b/s3cret"]
)
def test_an_address_that_is_none(url: str) -> None:
    assert failure(url).permanent


def test_a_token_that_is_none(server: LocalSlack) -> None:
    assert failure(server.plain_url, TOKEN + "\r\nX: y").permanent


def test_no_log_line_tells_a_secret(server: LocalSlack, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    WebhookChannel(server.plain_url, TOKEN).send(FIRING, None)
    failure(server.url + "/s3cret")
    assert "s3cret" not in caplog.text
