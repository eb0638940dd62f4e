"""What a state lists: silences as they stand now, whichever run has seen them, and the shops that were ever seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from logwatch.judge.daily_totals import DayTotals
from logwatch.notify.incidents import Memory, Muted, NotifyReason, Suppression
from logwatch.notify.outbox import Note
from logwatch.notify.silences import RecurringSilence
from logwatch.report.state_lists import firing_rows, known_shops, state_sections
from logwatch.state.document import State
from tests.support.made_messages import CASES, PAYMENT, RULES, SILENCE, START, message

NOW = START + timedelta(minutes=10)
READERS = message(CASES["firing"], "en").audience
BEFORE = Suppression(PAYMENT.fingerprint, Muted.SILENCED, "s1", SILENCE.until)
WEEKLY = RecurringSilence("w1", "*", {}, "tue 15:00", 120, "Asia/Seoul", START + timedelta(days=30), "batch", "kim", START)


@pytest.mark.parametrize(
    ("memory", "suppressed", "because"),
    [
        (Memory(), (), ""),
        (Memory(silences=(SILENCE,)), (), "silenced until 2026-02-24 16:00 KST: PG사 점검 (s1)"),  # no run has seen it
        (Memory(), (BEFORE,), ""),  # ended, and no run has seen that
        (Memory(recurring=(WEEKLY,)), (), "silenced until 2026-02-24 17:00 KST: batch (w1)"),
        (Memory(recurring=(replace(WEEKLY, every="wed 15:00"),)), (), ""),
        (Memory(silences=(replace(SILENCE, labels={"service": "cosmetics"}),)), (), ""),
    ],
)
def test_an_alert_is_silent_by_the_silences_of_now(memory: Memory, suppressed: tuple[Suppression, ...], because: str) -> None:
    state = State(cursor=NOW, alerts=(PAYMENT,), memory=memory, suppressed=suppressed)
    ((*_, shown, _),) = firing_rows(state, RULES, NOW, READERS)
    assert shown == because


def test_a_shop_is_known_by_a_verdict_an_alert_a_message_or_a_day() -> None:
    told = Note("a.1", NotifyReason.FIRING, START, "4.2", [], {"service": "b"}, {}, ("c", "d"), partial=True)
    day = DayTotals("2026-02-24", hourly={"checkout.attempt{service=e}": [0] * 24, "checkout.attempt": [0] * 24})
    verdict = replace(PAYMENT.latest, labels={"service": "a"})
    state = State(verdicts=(verdict, replace(verdict, labels={})), alerts=(PAYMENT,), notes=(told,), days=(day,))
    assert known_shops(state, "service") == ["a", "b", "c", "d", "e", "kpa"]


@pytest.mark.parametrize(("delivered", "title"), [({}, "simulated messages"), ({"slack": NOW}, "sent messages")])
def test_what_had_no_channel_was_not_sent(delivered: dict[str, datetime | None], title: str) -> None:
    note = Note("a.1", NotifyReason.FIRING, NOW, "4.2", [PAYMENT.rule], {}, delivered)
    assert state_sections(State(cursor=NOW, notes=(note,)), RULES, NOW, READERS)[-1].title == title
