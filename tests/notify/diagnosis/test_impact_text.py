"""What an incident comes to, and what changed, as people read it."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from logwatch.notify.diagnosis.findings import Impact, RevisionChange, Walked
from logwatch.notify.diagnosis.impact_text import changed_lines, impact_line, traffic_command
from logwatch.notify.incidents import Notification, NotifyReason
from logwatch.spans import WINDOW
from logwatch.ui.format import Audience
from tests.support.made_messages import PAYMENT, RULES, START, alert, notification, resolved

READERS = {lang: Audience(lang, ZoneInfo("UTC"), "o4o-core-api") for lang in ("ko", "en")}
REFUSED = Impact("payment-confirm", START, 41, 3, 1, 6)
BAD = RevisionChange(
    "o4o-core-api-00413-bad", START - 3 * WINDOW, START, "o4o-core-api-00412-xot", 34, 48, 2, 51, together=True, proven=True
)


def told(impact: Impact | None = None, changed: RevisionChange | None = None, *, over: bool = False) -> Notification:
    alerts = [resolved(PAYMENT, 0.98)] if over else [PAYMENT]
    made = notification(NotifyReason.RESOLVED if over else NotifyReason.FIRING, alerts)
    return replace(made, walked=Walked((), impact=impact, changed=changed))


@pytest.mark.parametrize(
    ("impact", "over", "ko", "en"),
    [
        (REFUSED, False, "결제 실패 41건, 평소라면 3건(95% 범위 1~6건)", "41 failed payments, usually 3 (95 % range 1–6)"),
        (REFUSED, True, "결제 실패 총 41건, 평소라면 3건(95% 범위 1~6건)", "41 failed payments in total, usually 3 (95 % range 1–6)"),
        (replace(REFUSED, events=12345), False, "결제 실패 12,345건, 평소라면", "12,345 failed payments, usually"),
        (Impact("payment-confirm", START, 41), False, "결제 실패 41건 (비교할 이전 기록 없음)", "41 failed payments ("),
        (replace(REFUSED, usual=0.0, low=0, high=0), False, "결제 실패 41건, 평소라면 없음", "41 failed payments, usually none"),
        (Impact("database-ping", START, 12), False, "DB가 느리거나 중단된 시간 12분", "12 min with the database slow or down"),
        (replace(REFUSED, cut=True), False, "결제 실패 41건, 평소라면 3건(95% 범위 1~6건) (15:20부터 집계)", "41 failed payments, usually"),
    ],
)  # fmt: skip
def test_what_it_comes_to_is_said_in_the_rule_s_own_words(impact: Impact, *, over: bool, ko: str, en: str) -> None:
    impact = replace(impact, since=START.replace(hour=15, minute=20)) if impact.cut else impact
    assert impact_line(told(impact, over=over), RULES, READERS["ko"]).startswith(ko)
    assert impact_line(told(impact, over=over), RULES, READERS["en"]).startswith(en)


def test_nothing_is_said_where_nothing_was_counted_or_no_rule_has_words_for_it() -> None:
    for found in (None, replace(REFUSED, rule="gone"), replace(REFUSED, rule="telemetry-silent")):
        assert impact_line(told(found), RULES, READERS["ko"]) == ""
    assert impact_line(notification(NotifyReason.FIRING, [alert("payment-confirm")]), RULES, READERS["en"]) == ""


def test_a_revision_that_is_the_cause_comes_with_the_command_that_moves_the_traffic_back() -> None:
    clock = READERS["en"].clock(BAD.since)
    ko, command = changed_lines(told(changed=BAD), RULES, READERS["ko"], project="shop-prod")
    assert (
        ko == f"원인: 새 리비전 00413-bad({clock}부터, 이상 시작 3분 전) · 실패 70.8% (34/48), 같은 시간 00412-xot 3.9% (2/51)"
    )
    assert command == (
        "gcloud run services update-traffic o4o-core-api --region asia-northeast3"
        " --to-revisions o4o-core-api-00412-xot=100 --project shop-prod"
    )
    en, _ = changed_lines(told(changed=BAD), RULES, READERS["en"])
    assert en == (
        f"Cause: new revision 00413-bad since {clock}, 3 min before it began;"
        " it fails 70.8% (34/48), at the same time 00412-xot 3.9% (2/51)"
    )


def test_where_it_is_over_or_not_proven_nobody_is_told_to_move_traffic() -> None:
    assert len(changed_lines(told(changed=BAD, over=True), RULES, READERS["ko"])) == 1
    beside = replace(BAD, proven=False, since=START + 5 * WINDOW, events=0, together=False)
    assert changed_lines(told(changed=beside), RULES, READERS["ko"]) == (
        f"새 리비전 00413-bad({READERS['ko'].clock(beside.since)}부터, 이상 시작 5분 뒤)",
    )
    earlier = replace(BAD, proven=False, together=False, since=START - timedelta(seconds=30))
    (line,) = changed_lines(told(changed=earlier), RULES, READERS["en"])
    assert "as it began; it fails 70.8% (34/48), before it 00412-xot 3.9% (2/51)" in line


@pytest.mark.parametrize("hostile", ["a; reboot", "$(id)", "", "x" * 64, "-rf", "a\nb", "UPPER", "리비전"])
def test_what_is_no_revision_s_name_comes_into_no_command(hostile: str) -> None:
    assert traffic_command(hostile, "shop", "asia-northeast3", "p") == ""
    assert len(changed_lines(told(changed=replace(BAD, previous=hostile)), RULES, READERS["ko"])) == 1


def test_a_project_and_a_service_are_quoted_for_the_shell() -> None:
    assert traffic_command("r-00001-a", "s; x", "r", "p $(id)") == (
        "gcloud run services update-traffic 's; x' --region r --to-revisions r-00001-a=100 --project 'p $(id)'"
    )


def test_a_name_that_turns_text_around_is_shown_for_what_it_is() -> None:
    (line, *_) = changed_lines(told(changed=replace(BAD, revision="a\u202eb")), RULES, READERS["ko"])
    assert "\\u202e" in line
