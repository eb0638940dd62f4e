"""What people must not see of others passes one gate: planted wherever a log entry has room for it, it arrives nowhere."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.faults import MINUTE
from tests.support.local_google import make_entry
from tests.support.made_traffic import START, Incident, Traffic
from tests.support.mails import texts
from tests.support.platform import SLOW_REQUEST, SUMMARY
from tests.support.world import PROJECT, World

if TYPE_CHECKING:
    from pathlib import Path

PLANTED = ("010-1234-5678", "4111-1111-1111-1111", "900101-1234567", "kim.minsu@example.com", "xoxb-77-s3cretToken")
TRAFFIC = Traffic(11, 32, instances=1, incidents=(Incident(21, 30, blocked={"glycopharm": 0.95}, errors=3, redis_down=True),))


def plant(entry: dict[str, Any], secret: str) -> dict[str, Any]:
    """Put a secret everywhere in a summary, a slow request, or an error's line."""
    planted = deepcopy(entry)
    payload = planted["jsonPayload"]
    if payload["message"] == SUMMARY:
        shop = {f"{name.partition('{')[0]}{{service={secret}}}": 3 for name in payload if "checkout" in name}
        payload |= shop | {f"cache.error{{key={secret}}}": 2, f"odd{{of={secret}}}": 1}
    elif payload["message"] == SLOW_REQUEST:
        payload |= {"url": f"/api/v1/users/{secret}/orders/{secret}?x={secret}", "method": f"GET {secret}"}
    else:
        payload |= {"message": f"[Checkout] Create order error: {secret}", "error": f"no stock for {secret}", "code": secret}
    return planted


@pytest.mark.parametrize("secret", PLANTED)
def test_what_is_planted_in_the_log_arrives_nowhere(secret: str, tmp_path: Path) -> None:
    entries = [make_entry(plant(entry, secret)) for entry in TRAFFIC.entries()]
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
    assert len(told["channels"]) > 2
    assert told["mails"]
    assert told["metrics"]
    assert [where for where, what in told.items() if secret in str(what)] == []
