"""Why something or nothing was sent: of one alert that fires, told and muted or not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from logwatch.notify.incidents import Incident, Memory, Muted, Suppression
from logwatch.report.explain import explain
from logwatch.state.document import State
from tests.support.made_messages import CASES, PAYMENT, RULES, SILENCE, START, message

if TYPE_CHECKING:
    from logwatch.languages import Lang

NOW = START + timedelta(minutes=10)
TOLD = Incident("i", "4.2", {}, START, (PAYMENT.fingerprint,), (PAYMENT,), (PAYMENT.fingerprint,), START, messages=1)
MUTED = {
    "silenced": Suppression(PAYMENT.fingerprint, Muted.SILENCED, SILENCE.id, SILENCE.until),
    "inhibited": Suppression(PAYMENT.fingerprint, Muted.INHIBITED, "cache-error"),
}


def explained(lang: Lang, *suppressed: Suppression, incident: Incident = TOLD) -> str:
    state = State(alerts=(PAYMENT,), suppressed=suppressed, memory=Memory((incident,), (SILENCE,)), cursor=NOW)
    audience = message(CASES["firing"], lang).audience
    return "\n".join(explain(state, RULES.by_id[PAYMENT.rule], audience, lambda told: told + timedelta(hours=4) - NOW))


@pytest.mark.parametrize(("lang", "said"), [("ko", "다음 재알림까지 3시간 50분"), ("en", "next reminder in 3 h 50 min")])
def test_an_alert_that_has_been_told_says_when_it_is_told_again(lang: Lang, said: str) -> None:
    assert said in explained(lang)


@pytest.mark.parametrize("why", MUTED)
@pytest.mark.parametrize(
    ("lang", "reminder", "muted"),
    [
        (
            "ko",
            "재알림",
            {"silenced": "16:00까지 알림 중지: PG사 점검 (s1)", "inhibited": "원인인 cache-error 알림에 포함되어"},
        ),
        ("en", "reminder", {"silenced": "16:00: PG사 점검 (s1)", "inhibited": "inhibited by cache-error"}),
    ],
)
def test_one_that_is_muted_says_why_and_nothing_of_a_reminder_that_will_not_come(
    why: str, lang: Lang, reminder: str, muted: dict[str, str]
) -> None:
    told = explained(lang, MUTED[why])
    assert muted[why] in told
    assert reminder not in told


def test_one_that_nobody_was_told_of_has_no_reminder() -> None:
    never = Incident("i", "4.2", {}, START, (PAYMENT.fingerprint,), (PAYMENT,))
    assert "reminder" not in explained("en", incident=never)
