"""Whatever a look may bring can be said, in every language."""

from zoneinfo import ZoneInfo

import pytest

from logwatch.languages import languages
from logwatch.notify.diagnosis.findings import Fact, FactKind, Missed
from logwatch.notify.diagnosis.step_text import fact_text, missed_text
from logwatch.ui.format import Audience
from tests.support.made_messages import RULES, START

NAMES = {FactKind.GAUGE: "database.ping_ms", FactKind.SHARE: "cache hit ratio", FactKind.RULE: "cache-hit"}


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("kind", FactKind)
def test_every_kind_of_fact_is_said(kind: FactKind, lang: str) -> None:
    fact = Fact(kind, NAMES.get(kind, "it"), 6.0, {"service": "kpa"}, 12.0, 1.0, 2.0, first=START, last=START, level="warning")
    said = fact_text(fact, RULES, Audience(lang, ZoneInfo("UTC"), "shop"))
    assert said
    assert "\n" not in said


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("gauge", RULES.service.gauge_names)
def test_every_gauge_that_a_look_may_name_has_a_name_of_its_own(gauge: str, lang: str) -> None:
    said = fact_text(Fact(FactKind.GAUGE, gauge, 2.0, before=1.0), RULES, Audience(lang, ZoneInfo("UTC"), "shop"))
    assert gauge not in said
    assert " 2" in said


def test_a_gauge_that_only_an_older_message_knows_is_called_by_its_id() -> None:
    assert fact_text(Fact(FactKind.GAUGE, "disk.full", 2.0), RULES, Audience("en", ZoneInfo("UTC"), "shop")) == "disk.full 2"


def test_why_nobody_could_look_is_a_known_reason_or_somebody_s_own_words() -> None:
    readers = Audience("en", ZoneInfo("UTC"), "shop")
    assert missed_text(Missed.OUT_OF_BUDGET, readers) == missed_text("out_of_budget", readers) == "lookup timed out"
    assert missed_text("HTTP 503", readers) == "HTTP 503"


def test_an_error_in_a_message_is_said_in_its_language() -> None:
    korean = Audience("ko", ZoneInfo("Asia/Seoul"), "shop")
    assert missed_text("the project's read quota is used up for now", korean) == "프로젝트의 읽기 할당량을 모두 썼습니다."
    assert missed_text("Cloud Logging: no answer in time", korean) == "Cloud Logging: 제한 시간 안에 응답이 없습니다."
