"""Whole runs that hear what people answer in Slack, and call the next where nobody does."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from logwatch.notify.incidents import Label
from tests.conftest import ROOT
from tests.support.checkout_errors import FIRES
from tests.support.faults import MINUTE, POST
from tests.support.local_google import make_entry
from tests.support.local_pagerduty import KEY, LocalPagerDuty
from tests.support.local_slack import Plan
from tests.support.made_traffic import Incident, Traffic
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from logwatch.pipeline.run_summary import RunSummary

ENTRIES = [make_entry(entry) for entry in Traffic(5, 90, incidents=(Incident(10, 45, errors=3),)).entries()]
"""Checkout errors for three quarters of an hour."""
ONCALL = """
routes:
  - when: {severity: page}
    mention: U0FIRST
    escalate:
      - {after: 10m, mention: S0SECOND}
      - {after: 15m, channels: pagerduty}
"""


@pytest.fixture
def pagerduty() -> Iterator[LocalPagerDuty]:
    with LocalPagerDuty() as server:
        yield server


@pytest.fixture
def world(tmp_path: Path, pagerduty: LocalPagerDuty) -> Iterator[World]:
    folder = shutil.copytree(ROOT / "rules", tmp_path / "rules")
    (folder / "oncall.yaml").write_text(ONCALL)
    more = {
        "RULES": str(folder), "PAGERDUTY_ROUTING_KEY": KEY, "PAGERDUTY_URL": pagerduty.enqueue_url, "NOTIFY": "slack,email",
    }  # fmt: skip
    with World(tmp_path, ENTRIES, now=FIRES, bot=True, more=more) as made:
        made.slack.people["U0KIM"] = {"display_name": "김민수"}
        yield made


def go_on(world: World, minutes: int) -> list[RunSummary]:
    summaries = []
    for _ in range(minutes):
        world.now += MINUTE
        summaries.append(world.tick())
        assert summaries[-1].errors == []
    return summaries


def head_of(world: World) -> str:
    return next(iter(world.slack.posts))


def shown(world: World) -> str:
    return json.dumps(world.slack.posts[head_of(world)], ensure_ascii=False)


def reasons(world: World) -> list[str]:
    return [str(note.reason) for note in world.state().notes]


@pytest.mark.long
def test_eyes_are_seen_by_the_next_run_told_everywhere_and_stop_what_would_escalate(
    world: World, pagerduty: LocalPagerDuty
) -> None:
    world.tick()
    assert world.slack.taken[0].body["text"].startswith("<@U0FIRST> ")
    world.slack.react(head_of(world), "eyes", "U0KIM")
    go_on(world, 1)
    assert "👀 확인 중: 김민수(" in shown(world)
    assert len(world.smtp.mails) == 2
    go_on(world, 20)
    assert reasons(world) == ["firing", "answered"]
    assert pagerduty.alerts == {}
    world.slack.react(head_of(world), "eyes", "U0KIM")
    go_on(world, 1)
    assert "확인 중" not in shown(world)
    assert world.state().history[0].acknowledged_by == ""
    go_on(world, 10)
    assert reasons(world) == ["firing", "answered", "answered", "escalated"]


@pytest.mark.long
def test_without_an_answer_the_next_are_called_and_the_next_channel_closes_what_it_opened(
    world: World, pagerduty: LocalPagerDuty
) -> None:
    world.tick()
    go_on(world, 16)
    assert reasons(world) == ["firing", "escalated", "escalated"]
    called = [
        each.pings
        for each in world.slack.taken
        if each.path == POST and ("🚨" in each.body["text"] or "🆘" in each.body["text"])
    ]
    assert [bool(pings) for pings in called] == [True, True, False]
    (alert,) = pagerduty.alerts.values()
    assert alert.status == "triggered"
    world.slack.react(head_of(world), "eyes", "U0KIM")
    go_on(world, 1)
    assert alert.status == "acknowledged"
    go_on(world, 35)
    assert alert.status == "resolved"
    assert reasons(world)[-1] == "resolved"


@pytest.mark.long
def test_a_label_may_be_given_until_a_day_after_the_end(world: World) -> None:
    world.tick()
    go_on(world, 52)
    assert reasons(world)[-1] == "resolved"
    world.now += timedelta(hours=3)
    world.tick()
    (record,) = [each for each in world.state().history if "checkout-error" in each.rules]
    assert record.id not in [each.id for each in world.state().memory.incidents]
    world.slack.react(head_of(world), "x", "U0KIM")
    world.now += MINUTE
    world.tick()
    (record,) = [each for each in world.state().history if "checkout-error" in each.rules]
    assert (record.label, record.labelled_by) == (Label.FALSE, "김민수")
    world.now += timedelta(days=1)
    world.tick()
    assert record.id not in {**world.state().threads, **world.state().answers.given}


@pytest.mark.long
@pytest.mark.parametrize("fault", ["scope", "limit", "outage", "nonsense", "hang"])
def test_whatever_slack_answers_to_the_question_the_run_goes_on(world: World, fault: str) -> None:
    world.tick()
    world.slack.react(head_of(world), "eyes", "U0KIM")
    plans = {
        "limit": Plan(429, "30"),
        "outage": Plan(503),
        "nonsense": Plan(200, body='{"ok":true,"message":7}'),
        "hang": Plan(503, hang_s=0.5),
    }
    if fault == "scope":
        world.slack.scopes = "chat:write"
    else:
        world.slack.looks.append(plans[fault])
    (summary,) = go_on(world, 1)
    assert (summary.exit_code, summary.windows, reasons(world)) == (0, 1, ["firing"])
    world.slack.scopes = "chat:write,reactions:read" + ("" if fault == "scope" else ",users:read")
    go_on(world, 1)
    assert reasons(world) == ["firing", "answered"]
    assert ("<@U0KIM>" if fault == "scope" else "김민수") in shown(world)


@pytest.mark.long
def test_answers_count_also_where_the_lines_cannot_be_read(world: World) -> None:
    import grpc

    from tests.support.local_google import Fault

    world.tick()
    world.slack.react(head_of(world), "no_bell", "U0KIM")
    world.google.logging.calls.faults = [Fault(grpc.StatusCode.PERMISSION_DENIED)]
    world.now += MINUTE
    assert world.tick().exit_code == 3
    assert [(each.rule, each.by) for each in world.state().memory.silences] == [("checkout-error", "김민수")]
    assert "answered" in reasons(world)


def test_nobody_is_asked_where_nothing_was_told(world: World) -> None:
    world.now -= timedelta(minutes=8)
    go_on(world, 3)
    assert world.slack.asked == {}
