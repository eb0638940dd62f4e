"""A replay held against what real runs have sent: a run that did not come, a line that came late, a rule that was changed."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from logwatch.backtest.check_sent import check_sent
from logwatch.backtest.comparison import Side
from logwatch.judge.rules.model import Severity
from logwatch.notify.history import IncidentRecord
from logwatch.notify.incidents import Memory, NotifyReason
from logwatch.notify.outbox import KEPT_NOTES, Note
from logwatch.notify.silences import Silence
from logwatch.pipeline.replay import Replayed
from logwatch.spans import Span
from logwatch.state.document import State
from logwatch.state.run_log import Pause, RulesUsed, RunLog
from tests.conftest import ROOT, Run
from tests.support.local_google import make_entry
from tests.support.made_messages import PAYMENT, RULES, notification
from tests.support.made_messages import START as START_OF_MADE
from tests.support.made_traffic import START, Incident, Traffic
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from logwatch.notify.incidents import Notification

MINUTE = timedelta(minutes=1)
ENTRIES = Traffic(5, 40, incidents=(Incident(10, 14, errors=3),)).entries()
TICKS = range(6, 32)


def ticked(folder: Path, entries: list[dict[str, Any]], without: Iterable[int] = (), **more: str) -> World:
    """Run every minute but some, over what has arrived by then; gives the world as it was left."""
    with World(folder, [make_entry(entry) for entry in entries], more=more) as world:
        for minute in TICKS:
            if minute not in set(without):
                world.now = START + minute * MINUTE + timedelta(seconds=15)
                world.tick()
    return world


def checked(run: Run, folder: Path, entries: list[dict[str, Any]], *options: str, **more: str) -> dict[str, Any]:
    (folder / "r.ndjson").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    state = {"LOGWATCH_STATE": str(folder / "state.json")}
    ran = run("backtest", folder / "r.ndjson", "--check-sent", "-f", "json", *options, **state, **more)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)["sent"]
    return found


def causes(found: dict[str, Any], reason: str = "firing") -> list[tuple[str, str]]:
    return [(each["outcome"], each["cause"]) for each in found["messages"] if each["reason"] == reason]


@pytest.mark.long
def test_what_was_sent_as_it_is_replayed_says_so(run: Run, tmp_path: Path) -> None:
    ticked(tmp_path, ENTRIES)
    found = checked(run, tmp_path, ENTRIES)
    assert causes(found) == [("same", "none")]
    (message,) = (each for each in found["messages"] if each["reason"] == "firing")
    assert message["delivered"].keys() == {"slack", "email"}


@pytest.mark.long
def test_a_run_that_did_not_come_is_named_with_its_time(run: Run, tmp_path: Path) -> None:
    ticked(tmp_path, ENTRIES, without=range(11, 18))
    found = checked(run, tmp_path, ENTRIES)
    assert causes(found) == [("later", "pause")]
    (message,) = (each for each in found["messages"] if each["reason"] == "firing")
    assert message["pause"]["to"] == "2026-02-24T00:18:15Z"


@pytest.mark.long
def test_lines_that_came_late_are_named(run: Run, tmp_path: Path) -> None:
    """As in an export that does not say when its lines came."""
    late = [
        entry | {"receiveTimestamp": (START + 17 * MINUTE).isoformat()}
        if "00:10" <= entry["timestamp"][11:16] <= "00:14"
        else entry
        for entry in ENTRIES
    ]
    ticked(tmp_path, late)
    (found,) = causes(checked(run, tmp_path, [{**entry, "receiveTimestamp": entry["timestamp"]} for entry in ENTRIES]))
    assert found == ("later", "late")


@pytest.mark.long
def test_a_rule_that_was_another_then_is_named(run: Run, tmp_path: Path) -> None:
    changed = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", changed)
    path = changed / "checkout.yaml"
    path.write_text(path.read_text().replace('warning: "> 0"', 'warning: "> 900"'))
    assert "> 900" in path.read_text()
    ticked(tmp_path, ENTRIES, RULES=str(changed))
    found = checked(run, tmp_path, ENTRIES)
    assert ("missing", "rules") in causes(found)
    (message,) = (each for each in found["messages"] if each["cause"] == "rules" and each["reason"] == "firing")
    assert message["about"] == "checkout-error"


@pytest.mark.long
@pytest.mark.parametrize(("lang", "why"), [("en", "no run: 02-24 09:1"), ("ko", "실행 없음: 02-24 09:1")])
def test_the_table_says_what_differs_and_why(run: Run, tmp_path: Path, lang: str, why: str) -> None:
    ticked(tmp_path, ENTRIES, without=range(11, 18))
    (tmp_path / "r.ndjson").write_text("".join(json.dumps(entry) + "\n" for entry in ENTRIES))
    state = {"LOGWATCH_STATE": str(tmp_path / "state.json")}
    out = run("backtest", tmp_path / "r.ndjson", "--check-sent", "--lang", lang, **state).out
    assert why in out
    assert "slack, email" in out[out.index(why) :]
    assert "checkout-error" in out


def test_the_check_stands_in_tables_and_json_alone(run: Run) -> None:
    ran = run("backtest", "x", "--check-sent", "-f", "html", LOGWATCH_LANG="en")
    assert (ran.code, "one rule set by itself" in ran.err) == (2, True)


# ---- causes that a state tells

AT = START_OF_MADE + 7 * MINUTE
NOTE = Note("a.1", NotifyReason.FIRING, AT, "4.2", ["payment-confirm"], {"service": "kpa"}, {"slack": AT}, marks=("x",))
TOLD = notification(NotifyReason.FIRING, [PAYMENT], minute=7)
REMINDED = notification(NotifyReason.REMINDER, [PAYMENT], number=2, minute=9)
RECORD = IncidentRecord(
    "a", "4.2", Severity.WARN, ("payment-confirm",), {"service": "kpa"}, (), partial=False, since=AT, told_at=AT, peaks={},
    acknowledged_at=AT + MINUTE, acknowledged_by="dana",
)  # fmt: skip
MUTED = Silence("s1", "payment-confirm", {}, AT + 10 * MINUTE, "", "dana", AT - MINUTE)


@pytest.mark.parametrize(
    ("told", "state", "outcome", "cause", "about"),
    [
        ([TOLD], State(notes=(NOTE,)), "same", "none", ""),
        ([TOLD], State(notes=(replace(NOTE, delivered={"slack": None}),)), "same", "undelivered", "slack"),
        ([TOLD], State(notes=(replace(NOTE, delivered={"slack": AT + 9 * MINUTE}),)), "later", "undelivered", "slack"),
        ([TOLD], State(memory=Memory(silences=(MUTED,))), "missing", "silenced", "s1"),
        ([TOLD], State(), "missing", "unknown", ""),
        ([], State(notes=(NOTE,)), "extra", "unknown", ""),
        ([], State(notes=(replace(NOTE, late=True),)), "extra", "late", ""),
        ([REMINDED], State(history=(replace(RECORD, told_at=AT - timedelta(days=9)),)), "missing", "answered", "dana"),
        ([TOLD], State(runs=RunLog((Pause(AT - MINUTE, AT + MINUTE),))), "missing", "pause", ""),
        (
            [TOLD],
            State(runs=RunLog(rules=(RulesUsed(START_OF_MADE, {"payment-confirm": "0"}),))),
            "missing",
            "rules",
            "payment-confirm",
        ),
    ],
)
def test_why_a_message_differs(told: list[Notification], state: State, outcome: str, cause: str, about: str) -> None:
    span = Span(START_OF_MADE, START_OF_MADE + timedelta(hours=1))
    replayed = Replayed(span, 60, (), tuple(told), 0, State())
    found = check_sent(Side("rules", RULES, replayed), replace(state, started_at=START_OF_MADE, cursor=span.end))
    (message,) = found.messages
    assert (message.how, message.cause, message.about) == (outcome, cause, about)


def test_of_what_is_too_long_ago_an_incident_says_that_it_was_told() -> None:
    notes = tuple(
        replace(NOTE, id=f"b.{number}", at=AT + timedelta(hours=1), rules=["cache-hit"]) for number in range(KEPT_NOTES)
    )
    state = State(started_at=START_OF_MADE, cursor=AT + timedelta(hours=2), notes=notes, history=(RECORD,))
    replayed = Replayed(Span(START_OF_MADE, AT + 9 * MINUTE), 60, (), (TOLD,), 0, State())
    first, *_ = check_sent(Side("rules", RULES, replayed), state).messages
    assert (first.how, first.cause) == ("same", "none")
