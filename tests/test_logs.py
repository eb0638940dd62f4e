"""What LOGWATCH_LOG=debug tells of a run: everything that was done and why, and no secret."""

from __future__ import annotations

import io
import json
import logging
from contextlib import redirect_stdout
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from logwatch.logs import detailed, json_line
from tests.support import forked
from tests.support.local_app import TOKEN, LocalApp
from tests.support.local_google import make_entry
from tests.support.local_slack import BOT_TOKEN, WEBHOOK_PATH
from tests.support.made_traffic import START, Incident, Traffic
from tests.support.patience import PATIENCE_S
from tests.support.world import World

if TYPE_CHECKING:
    from pathlib import Path

INCIDENT = Incident(5, 30, errors=3, failing={"kpa": 0.9}, redis_down=True)
ENTRIES = [make_entry(entry) for entry in Traffic(5, 40, incidents=(INCIDENT,)).entries()]
NOW = START + timedelta(minutes=25, seconds=30)
PLANTED = {
    "SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_CHANNEL": "C0WRONG", "SMTP_USER": "ops", "SMTP_PASSWORD": "s3cret-smtp",
    "OPS_TOKEN": TOKEN, "WEBHOOK_URL": "http://127.0.0.1:9/s3cret-path", "WEBHOOK_TOKEN": "s3cret-hook",
    "PING_URL": "http://127.0.0.1:9/s3cret-ping",
}  # fmt: skip


def lines_of(world: World) -> tuple[list[dict[str, Any]], str]:
    """Run once in a process of its own; gives the lines that it wrote, and all of them as text."""
    out = world.folder / "out"
    out.unlink(missing_ok=True)
    forked.start(world.environment, out).join(PATIENCE_S)
    return [json.loads(line) for line in out.read_text().splitlines()], out.read_text()


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_run_tells_what_it_did_and_why_and_no_secret(tmp_path: Path) -> None:
    with LocalApp() as app:
        more = {**PLANTED, "LOG": "debug", "ENDPOINTS": app.url}
        with World(tmp_path, ENTRIES, now=NOW - timedelta(minutes=3), more=more, bot=True, login=("ops", "other")) as world:
            first, before = lines_of(world)
            world.now = NOW
            second, written = lines_of(world)
    written += before
    *details, summary = second
    assert "run" in summary
    details += first[:-1]
    assert {line["severity"] for line in details} == {"DEBUG"}
    by_message: dict[str, list[dict[str, Any]]] = {}
    for line in details:
        by_message.setdefault(line["message"], []).append(line)
    assert {
        "planned",
        "page",
        "read",
        "verdict",
        "transition",
        "suppressed",
        "notification",
        "looked up",
        "searched",
        "delivery",
        "published",
        "ping",
    } <= set(by_message)
    assert sum(by_message["read"][0]["entries"]) == summary["run"]["entries"]
    assert sum(line["entries"] for line in by_message["page"][:1]) <= summary["run"]["entries"]
    assert {"rule", "labels", "level", "value", "numerator", "denominator", "why"} <= set(by_message["verdict"][0])
    assert "normal" not in {line["level"] for line in by_message["verdict"]}
    assert all(line["because"] for line in by_message["transition"])
    assert {line["why"] for line in by_message["suppressed"]} == {"inhibited"}
    assert {line["channel"] for line in by_message["delivery"]} == {"slack", "email", "webhook"}
    assert all(line["error"] for line in by_message["delivery"])
    assert by_message["ping"][0]["trouble"].startswith("no connection")
    secrets = [BOT_TOKEN, TOKEN, "s3cret-", "s3cr3t"]
    assert [secret for secret in secrets if secret in written] == []


def test_nothing_is_told_unless_it_is_asked_for(tmp_path: Path) -> None:
    with World(tmp_path, ENTRIES, now=NOW) as world:
        (summary,), written = lines_of(world)
        assert "run" in summary
        assert WEBHOOK_PATH not in written


def test_an_exception_is_told_without_its_words() -> None:
    out = io.StringIO()
    with redirect_stdout(out), detailed(debug=True):
        try:
            int("s3cr3t")
        except ValueError:
            logging.getLogger("logwatch.charts").exception("no chart of %s", "a-rule")
        logging.getLogger("urllib3").debug("GET /s3cr3t")
    (line,) = out.getvalue().splitlines()
    assert json.loads(line) == {
        "severity": "ERROR",
        "message": "no chart of a-rule",
        "logger": "logwatch.charts",
        "error": "ValueError",
    }
    assert logging.getLogger("logwatch").handlers == []


def test_another_word_than_debug_is_refused(tmp_path: Path) -> None:
    with World(tmp_path, [], now=NOW, more={"LOG": "loud"}) as world:
        process = forked.start(world.environment, tmp_path / "out")
        process.join(PATIENCE_S)
    assert process.exitcode == 2
    assert "LOGWATCH_LOG" in (tmp_path / "out").read_text()


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\ud800", "\U000e0001", "\x1b", "\n", "\u2028"])
def test_a_line_hides_nothing_and_is_still_json(hidden: str) -> None:
    line = json_line({"message": f"한글 a{hidden}b"})
    assert line.isprintable()
    assert json.loads(line) == {"message": f"한글 a{hidden}b"}
    assert "한글" in line
