"""PagerDuty: one alert an incident from trigger to resolve, limits, failures, and that no secret is told."""

import logging
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from logwatch.errors import ChannelError, ConfigError
from logwatch.judge.rules.model import Severity
from logwatch.judge.verdicts import Level
from logwatch.languages import Lang
from logwatch.notify.channels.pagerduty.sender import PagerDutyChannel, build_events
from logwatch.notify.incidents import NotifyReason
from logwatch.notify.messages import LinkTargets, Message, build_test_message
from logwatch.settings import Settings
from logwatch.wiring import build_channels, configured_channels
from tests.support.local_pagerduty import KEY, LocalAlert, LocalPagerDuty
from tests.support.made_messages import CASES, HOSTILE, START, hostile, longest, message

FIRING = message(CASES["firing"])


@pytest.fixture
def pagerduty() -> Iterator[LocalPagerDuty]:
    with LocalPagerDuty() as pagerduty:
        yield pagerduty


def send(pagerduty: LocalPagerDuty, *messages: Message) -> LocalAlert:
    """Send messages of one incident; gives the alert that came of them."""
    for each in messages:
        assert PagerDutyChannel(KEY, pagerduty.enqueue_url).send(each, None) is None
    assert pagerduty.refused == []
    (alert,) = pagerduty.alerts.values()
    return alert


def of_one_incident(*names: str) -> list[Message]:
    return [message(replace(CASES[name], incident="one")) for name in names]


def failure(url: str, key: str = KEY, timeout_s: float = 5) -> ChannelError:
    """Give the error of a send, after a look that nothing of it tells a secret."""
    channel = PagerDutyChannel(key, url, timeout_s)
    with pytest.raises(ChannelError) as caught:
        channel.send(FIRING, None)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + str(caught.value)
    assert "s3cret" not in told + repr(channel).replace(url, "")
    return caught.value


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_every_kind_of_message_is_taken(pagerduty: LocalPagerDuty, name: str, lang: Lang) -> None:
    PagerDutyChannel(KEY, pagerduty.enqueue_url).send(message(CASES[name], lang), None)
    assert pagerduty.refused == []
    silent = {NotifyReason.RESOLVED, NotifyReason.ANSWERED, NotifyReason.SILENCE_ENDING, NotifyReason.DIGEST}
    assert list(pagerduty.alerts) == [each.incident for each in CASES[name].parts if each.reason not in silent]


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_laid_out_opens_and_closes_the_same_alerts(pagerduty: LocalPagerDuty, name: str) -> None:
    channel = PagerDutyChannel(KEY, pagerduty.enqueue_url)
    channel.send(message(CASES[name]), None)
    opened = {key: (alert.status, len(alert.events)) for key, alert in pagerduty.alerts.items()}
    channel.send_plain(message(CASES[name]), None)
    assert pagerduty.refused == []
    assert {key: (alert.status, len(alert.events)) for key, alert in pagerduty.alerts.items()} == {
        key: (status, 2 * events) for key, (status, events) in opened.items()
    }


def test_it_says_what_it_is_in_the_fewest_words(pagerduty: LocalPagerDuty) -> None:
    PagerDutyChannel(KEY, pagerduty.enqueue_url).send_plain(FIRING, None)
    (alert,) = pagerduty.alerts.values()
    payload = alert.events[0]["payload"]
    assert FIRING.headline in payload["summary"]
    assert not {"steps", "alerts", "found"} & {*payload.get("custom_details", {})}


def test_one_message_for_several_incidents_opens_and_closes_each_by_itself() -> None:
    opened, closed = build_events(message(CASES["summed"]))
    assert (opened["event_action"], closed["event_action"]) == ("trigger", "resolve")
    assert [opened["dedup_key"], closed["dedup_key"]] == [each.incident for each in CASES["summed"].summed]
    assert (opened["payload"]["component"], opened["payload"]["severity"]) == ("kpa", "error")
    assert "31.8%" in opened["payload"]["summary"]


def test_an_event_shows_headline_step_and_what_was_found(pagerduty: LocalPagerDuty) -> None:
    (event,) = send(pagerduty, FIRING).events
    here = next(step for step in FIRING.steps if step.here)
    payload = event["payload"]
    assert payload["summary"] == f"{FIRING.icon} {FIRING.headline} · {FIRING.impact} · ▶ 4.2-3. {here.text}"
    assert payload["custom_details"]["commands"] == list(FIRING.commands)
    assert (payload["source"], payload["component"], payload["class"]) == ("o4o-core-api", "kpa", "payment-confirm")
    assert payload["timestamp"] == "2026-02-24T06:27:00Z"
    assert payload["custom_details"]["step"] == f"{here.head} {here.text}"
    assert payload["custom_details"]["found"] == list(here.found)
    assert [link["href"] for link in event["links"]][2] == "https://example.com/runbook#4-2"


def test_an_incident_is_one_alert_from_its_start_to_its_end(pagerduty: LocalPagerDuty) -> None:
    alert = send(pagerduty, *of_one_incident("firing", "joined", "reminder"))
    assert (alert.status, alert.opened, len(alert.events)) == ("triggered", 1, 3)
    send(pagerduty, *of_one_incident("answered"))
    assert (alert.status, len(alert.events)) == ("acknowledged", 4)
    send(pagerduty, *of_one_incident("reminder"))
    assert (alert.status, alert.opened) == ("acknowledged", 1), "a reminder wakes nobody who is up already"
    send(pagerduty, *of_one_incident("resolved"))
    assert alert.status == "resolved"
    send(pagerduty, *of_one_incident("firing"))
    assert (alert.status, alert.opened) == ("triggered", 2)


def test_what_is_over_or_acknowledged_and_was_never_told_opens_nothing(pagerduty: LocalPagerDuty) -> None:
    channel = PagerDutyChannel(KEY, pagerduty.enqueue_url)
    channel.send(message(CASES["answered"]), None)
    channel.send(message(CASES["resolved"]), None)
    assert (pagerduty.alerts, pagerduty.refused) == ({}, [])


def test_a_test_message_closes_itself_and_is_no_more_than_information(pagerduty: LocalPagerDuty) -> None:
    alert = send(pagerduty, build_test_message(FIRING.audience, START))
    assert alert.status == "resolved"
    assert alert.events[0]["payload"]["severity"] == "info"
    assert "[테스트]" in alert.events[0]["payload"]["summary"]


@pytest.mark.parametrize(
    ("severity", "level", "told"),
    [
        (Severity.PAGE, Level.WARNING, "critical"),
        (Severity.WARN, Level.WARNING, "error"),
        (Severity.INFO, Level.WARNING, "info"),
        (Severity.PAGE, Level.ELEVATED, "warning"),
        (Severity.WARN, Level.UNKNOWN, "warning"),
        (Severity.INFO, Level.ELEVATED, "info"),
    ],
)
def test_severity_is_the_rules_and_less_where_it_is_no_warning(severity: Severity, level: Level, told: str) -> None:
    lines = tuple(replace(line, level=level) for line in FIRING.alerts)
    (event,) = build_events(replace(FIRING, notification=replace(FIRING.notification, severity=severity), alerts=lines))
    assert event["payload"]["severity"] == told


@pytest.mark.parametrize("incident", ["x" * 255, "x" * 256, "가" * 400, "\ud800" * 300])
def test_a_long_name_is_cut_and_stays_its_own(pagerduty: LocalPagerDuty, incident: str) -> None:
    for name in ("firing", "resolved"):
        send(pagerduty, message(replace(CASES[name], incident=incident)))
    assert next(iter(pagerduty.alerts.values())).status == "resolved"
    PagerDutyChannel(KEY, pagerduty.enqueue_url).send(message(replace(CASES["firing"], incident=incident + "y")), None)
    assert len(pagerduty.alerts) == 2


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_data(pagerduty: LocalPagerDuty, text: str) -> None:
    (event,) = send(pagerduty, message(hostile(text, NotifyReason.FIRING))).events
    assert not any(ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 for char in str(event["payload"]["summary"]))


def test_the_longest_incident_is_taken(pagerduty: LocalPagerDuty) -> None:
    told = message(longest())
    steps = tuple(replace(told.steps[0], text="🔥" * 900, found=("🔥" * 900,) * 90) for _ in range(90))
    full: dict[str, Any] = {
        "headline": "가" * 3000,
        "notes": ("🔥" * 900,) * 90,
        "links": told.links * 90,
        "alerts": told.alerts * 90,
    }
    send(pagerduty, replace(told, steps=steps, besides=("🔥" * 900,) * 90, **full))


def test_a_link_that_is_none_is_left_out(pagerduty: LocalPagerDuty) -> None:
    send(pagerduty, message(CASES["firing"], place=LinkTargets(runbook_url="javascript:alert(1)")))


def test_too_many_events_wait_as_long_as_they_are_told_to() -> None:
    with LocalPagerDuty(room=1) as pagerduty:
        send(pagerduty, FIRING)
        error = failure(pagerduty.enqueue_url)
    assert (error.permanent, error.message, error.retry_after) == (False, "answered 429", timedelta(seconds=60))


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(500, False), (502, False), (503, False), (408, False), (400, True), (401, True), (403, True), (404, True), (301, True), (302, True), (307, True)],
)  # fmt: skip
def test_statuses_are_told_apart_and_no_redirection_is_followed(
    pagerduty: LocalPagerDuty,
    status: int,
    permanent: bool,  # noqa: FBT001
) -> None:
    pagerduty.answer(status, headers={"Location": pagerduty.enqueue_url, "Retry-After": "30"}, body=b'{"errors": ["s3cret"]}')
    error = failure(pagerduty.enqueue_url)
    assert (error.permanent, error.message) == (permanent, f"answered {status}")
    assert bool(error.hint) is permanent
    assert error.retry_after == timedelta(seconds=30)
    assert (pagerduty.requests, pagerduty.alerts) == (1, {})


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'{"status": "success"}'),
        (202, b"<html>sign in</html>"),
        (202, b'{"status": "invalid event"}'),
        (202, b""),
        (204, b""),
    ],
)
def test_only_what_was_accepted_counts(pagerduty: LocalPagerDuty, status: int, body: bytes) -> None:
    pagerduty.answer(status, body=body)
    assert failure(pagerduty.enqueue_url).message == "there is no PagerDuty at this address"


def test_a_wrong_key_is_told_without_it(pagerduty: LocalPagerDuty) -> None:
    error = failure(pagerduty.enqueue_url, "s3cret" + "0" * 26)
    assert (error.permanent, error.message) == (True, "answered 400")


@pytest.mark.parametrize("url", ["", "ftp://x/s3cret", "http://[::1/s3cret", "https://x:99999/s3cret", "http://a b/s3cret"])
def test_an_address_that_is_none(url: str) -> None:
    assert failure(url).permanent


def test_nobody_there_and_no_answer(pagerduty: LocalPagerDuty) -> None:
    assert failure("http://127.0.0.1:1/").message.startswith("no connection")
    pagerduty.answer(202, hang_s=30)
    assert failure(pagerduty.enqueue_url, timeout_s=0.5).message == "no answer in time"


def test_the_check_connects_and_asks_for_nothing(pagerduty: LocalPagerDuty) -> None:
    PagerDutyChannel(KEY, pagerduty.enqueue_url).check()
    assert pagerduty.requests == 0
    with pytest.raises(ChannelError):
        PagerDutyChannel(KEY, "http://127.0.0.1:1/").check()


def test_settings_make_the_channel_and_a_key_of_another_kind_is_told(pagerduty: LocalPagerDuty) -> None:
    environment = {"LOGWATCH_PAGERDUTY_ROUTING_KEY": KEY, "LOGWATCH_PAGERDUTY_URL": pagerduty.enqueue_url}
    build_channels(configured_channels(Settings.load(environment)))["pagerduty"].send(FIRING, None)
    assert list(pagerduty.alerts) == [FIRING.notification.incident]
    with pytest.raises(ConfigError) as caught:
        configured_channels(Settings.load(environment | {"LOGWATCH_PAGERDUTY_ROUTING_KEY": "u+s3cret"}))
    assert caught.value.where == "LOGWATCH_PAGERDUTY_ROUTING_KEY"
    assert "s3cret" not in str(caught.value)


def test_no_log_line_tells_a_secret(pagerduty: LocalPagerDuty, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    send(pagerduty, FIRING)
    failure(pagerduty.url + "/elsewhere")
    assert "s3cret" not in caplog.text
