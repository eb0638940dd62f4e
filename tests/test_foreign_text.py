"""What people must not see of others passes one gate: planted wherever a log entry has room for it, it arrives nowhere."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import timedelta
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.faults import MINUTE
from tests.support.local_google import make_entry
from tests.support.made_traffic import START, Incident, Traffic
from tests.support.mails import texts
from tests.support.platform import SLOW_REQUEST, SUMMARY
from tests.support.world import PROJECT, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Run

SECRETS = {
    "010-1234-5678": "1234-5678", "010–2345–6789": "2345–6789", "０１０－３４５６－７８９０": "３４５６", "4111-2222-3333-4444": "2222-3333",
    "900101-1654321": "1654321", "kim.minsu@example.com": "minsu", "lee%2540example.com": "lee%", "choi\\u0040example.com": "choi",
    "xoxb-77-s3cretToken": "s3cretToken", "hooks.slack.com/services/T01/B01/HookPart": "HookPart", "pw=Pw7Kept": "Pw7Kept",
    "--password Opt9Kept": "Opt9Kept", "X-Api-Key Api5Kept": "Api5Kept", "인증번호 482913": "482913",
    "-----BEGIN PRIVATE KEY----- PemKept": "PemKept", "Failing row contains (7, RowKept)": "RowKept",
    "Duplicate entry 'DupKept' for key 'u'": "DupKept", "/a/b?token=QueryKept": "QueryKept", "token: Tok3Kept": "Tok3Kept",
}  # fmt: skip
"""What is planted, and what of it must not be seen."""
TRAFFIC = Traffic(11, 32, instances=1, incidents=(Incident(21, 30, blocked={"glycopharm": 0.95}, errors=3, redis_down=True),))


def plant(entry: dict[str, Any], secrets: Iterator[str]) -> dict[str, Any]:
    """Put secrets everywhere in a summary, a slow request, or an error's line: each secret into each place, in turn."""
    planted = deepcopy(entry)
    payload = planted["jsonPayload"]
    secret = next(secrets)
    if payload["message"] == SUMMARY:
        counters = [name.partition("{")[0] for name in payload if "checkout" in name]
        payload |= {f"{name}{{service={each}}}": 3 for each in SECRETS for name in dict.fromkeys(counters)}
        payload |= {f"cache.error{{key={secret}}}": 2, f"odd{{of={secret}}}": 1, f"odd{{many={secret}}}": "many"}
    elif payload["message"] == SLOW_REQUEST:
        route = secret.replace(" ", "%20") if next(secrets) > secret else secret
        payload |= {"url": f"/api/v1/users/{route}/orders/{secret}?x={secret}", "method": f"GET {secret}", "label": secret}
    else:
        payload |= {"message": f"[Checkout] Create order error: {secret}", "error": f"no stock for {secret}", "code": secret}
    planted["resource"]["labels"] |= {"revision_name": secret, "location": secret}
    planted["labels"] |= {"who": secret}
    return planted


def planted_entries() -> list[dict[str, Any]]:
    """Give the traffic with secrets in it, and lines that are understood by halves, or not at all."""
    secrets = cycle(SECRETS)
    entries = [plant(entry, secrets) for entry in TRAFFIC.entries()]
    base = {name: value for name, value in entries[-1].items() if name not in {"jsonPayload", "insertId"}}
    odd: list[dict[str, Any]] = [{"jsonPayload": {"message": SUMMARY, f"unknown of {each}": 3}} for each in SECRETS]
    odd += [{"textPayload": f"{SUMMARY} {{ {each}"} for each in SECRETS]
    return entries + [{**base, "insertId": f"odd-{number}", **each} for number, each in enumerate(odd)]


def leaks(told: dict[str, Any]) -> list[tuple[str, str]]:
    """Give what is seen of a secret, and where."""
    return [
        (where, secret)
        for where, what in told.items()
        for secret, part in SECRETS.items()
        if part in (text := str(what)) or json.dumps(part)[1:-1] in text
    ]


@pytest.mark.long
def test_what_is_planted_in_the_log_arrives_nowhere(tmp_path: Path, run: Run) -> None:
    entries = [make_entry(each) for each in planted_entries()]
    with World(tmp_path, entries) as world:
        world.more = {"WEBHOOK_URL": world.slack.plain_url}
        summaries = []
        for minute in (21, 23, 26, 31):
            world.now = START + minute * MINUTE + timedelta(seconds=100)
            summaries.append(world.tick())
        told: dict[str, Any] = {
            "channels": [each.body for each in world.slack.taken],
            "mails": [text for mail in world.smtp.mails for text in texts(mail)],
            "metrics": world.google.monitoring.written(PROJECT),
            "state": (tmp_path / "state.json").read_text(),
            "log": [summary.to_json() for summary in summaries],
        }
        asked = (("alerts",), ("explain", "checkout-success"), ("explain", "checkout-blocked"), ("doctor",))
        told |= {" ".join(each): run(*each, **world.environment).out for each in asked}
    assert len(told["channels"]) > 2
    assert all(told.values())
    assert leaks(told) == []


@pytest.mark.long
def test_nor_does_it_in_what_is_said_of_a_file(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "planted.ndjson"
    file.write_text("\n".join(map(json.dumps, planted_entries())) + '\n{"cut 010-1234-5678 off', "utf-8")
    commands: list[tuple[str | Path, ...]] = [("evaluate", "--format", form) for form in ("table", "json", "markdown")]
    commands += [("windows", "--format", form) for form in ("csv", "json")] + [("windows", "--table", "slow")]
    commands += [("report", "--output", tmp_path / f"page.{form}") for form in ("html", "md")]
    commands += [("backtest",), ("backtest", "--format", "json")]
    told: dict[str, Any] = {}
    for command, *options in commands:
        ran = run(command, "-s", file, *options, LOGWATCH_SERVICE="o4o-core-api")
        assert ran.code == 0
        told[" ".join(map(str, (command, *options)))] = ran.out + ran.err
    told |= {form: (tmp_path / f"page.{form}").read_text() for form in ("html", "md")}
    assert all(map(told.get, ("html", "md")))
    assert leaks(told) == []
