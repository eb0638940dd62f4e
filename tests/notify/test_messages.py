"""What a message says, in both languages: headlines, golden files, and hostile texts in every layout."""

import html
import json
import re
import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from logwatch.judge.alerts import AlertState
from logwatch.judge.rules.model import Inhibition, Severity
from logwatch.judge.verdicts import Beside
from logwatch.languages import Lang
from logwatch.notify.channels.slack.blocks import build_content
from logwatch.notify.diagnosis.findings import Fact, FactKind, Finding, StepState
from logwatch.notify.incidents import Notification, NotifyReason
from logwatch.notify.layout import render_message
from logwatch.notify.messages import LinkTargets, Message, add_delivery_notes, build_message
from logwatch.report.explain import Question, explain, explained_lines
from logwatch.state.document import State
from tests.conftest import ROOT
from tests.support.made_messages import (
    CASES,
    HOSTILE,
    PAYMENT,
    REFUSED,
    RULES,
    TEMPLATES,
    alert,
    hostile,
    longest,
    message,
    notification,
    verdict,
    walked,
)
from tests.support.phone import WIDTH, columns, screen, written

GOLDEN = ROOT / "tests/fixtures/golden"
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def lay_out(told: Message, suffix: str) -> str:
    if suffix == "slack.json":
        return json.dumps(build_content(told, alone=True), ensure_ascii=False, indent=2) + "\n"
    if suffix == "phone":
        return "\n".join(screen(build_content(told, alone=True))) + "\n"
    return render_message(told, TEMPLATES, f"message.{suffix}.j2")


LAYOUTS = [(suffix, lang) for suffix in ("txt", "md", "phone") for lang in ("ko", "en")]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("suffix", "lang"), [*LAYOUTS, ("html", "ko")])
def test_the_message_is_the_golden_one(update_golden: bool, name: str, lang: Lang, suffix: str) -> None:  # noqa: FBT001
    text = lay_out(message(CASES[name], lang), suffix)
    path = GOLDEN / f"message-{name}.{lang}.{suffix}"
    if update_golden:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), "if this is meant: pytest --update-golden"


@pytest.mark.parametrize(
    ("name", "ko", "en"),
    [
        ("firing", "[경고] 결제 승인 성공률 낮음 · kpa · 15:20부터", "[WARNING] Payment confirmation rate low · kpa · since 15:20"),
        ("paged", "[긴급] 결제 승인 성공률 낮음 · kpa · 15:20부터", "[PAGE] Payment confirmation rate low · kpa · since 15:20"),
        ("joined", "[경고 추가] 중복 결제 차단 과다 · 15:20부터 · 외 1건", "[ALSO FIRING] Many duplicate payments blocked · since 15:20 · and 1 more"),
        ("reminder", "[경고 지속] 결제 승인 성공률 낮음 · kpa · 15:20부터", "[STILL FIRING] Payment confirmation rate low · kpa · since 15:20"),
        ("resolved", "[해소] 결제 승인 성공률 낮음 · kpa · 25분 지속 · 최저 15.7% (5분) · 외 1건", "[RESOLVED] Payment confirmation rate low · kpa · lasted 25 min · lowest 15.7% (5 min) · and 1 more"),
        ("wider", "[범위 확대] 결제 승인 성공률 낮음 · 전체 매장(kpa, cosmetics) · 15:20부터", "[SPREADING] Payment confirmation rate low · all shops (kpa, cosmetics) · since 15:20"),
        ("eased", "[주의로 완화] 결제 승인 성공률 낮음 · kpa · 15:20부터", "[EASED] Payment confirmation rate low · kpa · since 15:20"),
        ("digest", "[주간 요약] 02-17 – 02-24 · 인시던트 12건", "[WEEKLY DIGEST] 02-17 – 02-24 · 12 incidents"),
        ("summed", "[묶음 알림] 인시던트 2건", "[GROUPED] 2 incidents"),
        ("silence", "[알림 재개 예정] 결제 승인 성공률 낮음 · kpa · 15:20부터", "[SILENCE ENDING] Payment confirmation rate low · kpa · since 15:20"),
        ("noted", "[참고 · 경고 지속] 체크아웃 차단 과다 · 15:20부터", "[NOTE · STILL FIRING] Many checkouts blocked · since 15:20"),
    ],
)  # fmt: skip
def test_the_headline_says_what_where_and_since_when(name: str, ko: str, en: str) -> None:
    assert message(CASES[name], "ko").headline == ko
    assert message(CASES[name], "en").headline == en


@pytest.mark.parametrize(
    ("name", "ko", "en"),
    [
        ("firing", "31.8% (34/107, 5분) · 기준 <70% · 우연이라면 4주에 한 번 이하", "31.8% (34/107, 5 min) · warning <70% · by chance at most once in 4 weeks"),
        ("joined", "1분에 14건 · 기준 >10건 · 3분째 경고", "14 in a minute · warning >10 · a warning for 3 min"),
        ("reminder", "31.8% (34/107, 5분) · 기준 <70% · 최저 15.7% (15:24까지 5분) · 우연이라면 4주에 한 번 이하", "31.8% (34/107, 5 min) · warning <70% · lowest 15.7% (5 min to 15:24) · by chance at most once in 4 weeks"),
        ("slow", "20% (8/40, 5분, p95 2024ms) · 기준 >700ms 요청 ≥5% · 우연일 확률 1/10,000 이하", "20% (8/40, 5 min, p95 2024ms) · warning ≥5% of requests >700ms · by chance at most 1 in 10,000"),
        ("eased", "78.1% (34/107, 5분) · 정상 >90%", "78.1% (34/107, 5 min) · normal >90%"),
        ("resolved", "", ""),
        ("summed", "", ""),
    ],
)  # fmt: skip
def test_whether_it_is_real_is_said_with_its_figures_and_what_chance_may_do(name: str, ko: str, en: str) -> None:
    assert message(CASES[name], "ko").proof == ko
    assert message(CASES[name], "en").proof == en


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("name", ["firing", "paged", "plain", "not-looked", "otherwise", "slow"])
def test_the_first_message_fits_a_phone(name: str, lang: Lang) -> None:
    told = message(CASES[name], lang)
    lines = written(build_content(replace(told, impact="", changed="")))
    assert len(lines) <= 12
    assert max(map(columns, lines)) <= WIDTH
    assert len(written(build_content(told))) <= 18


@pytest.mark.parametrize(
    ("severity", "reason", "icon"),
    [
        (Severity.PAGE, NotifyReason.FIRING, "🚨"),
        (Severity.WARN, NotifyReason.FIRING, "🔴"),
        (Severity.INFO, NotifyReason.FIRING, "🔵"),
        (Severity.PAGE, NotifyReason.WIDER, "🚨"),
        (Severity.WARN, NotifyReason.WIDER, "🟠"),
        (Severity.PAGE, NotifyReason.RESOLVED, "✅"),
        (Severity.INFO, NotifyReason.EASED, "🟡"),
    ],
)
def test_how_grave_it_is_shows_in_its_icon(severity: Severity, reason: NotifyReason, icon: str) -> None:
    assert message(notification(reason, [PAYMENT], severity=severity)).icon == icon


SHOPS = ["kpa", "한글매장", "a b", "-x", "it's", "<!here>", "`id`", "$(id)", "a;b", "\u202ex", "x" * 61, ""]


@pytest.mark.parametrize("shop", SHOPS)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_its_commands_are_taken_as_they_are_printed(shop: str, lang: Lang) -> None:
    fires = notification(NotifyReason.FIRING, [alert("payment-confirm", shop)])
    commands = message(fires, lang).commands
    if shop not in SHOPS[:2]:  # what would be shown as something else is not offered
        assert commands == ()
        return
    explain_, add = (shlex.split(line) for line in commands)
    assert (explain_[:3], add[:3]) == (["logwatch", "explain", "payment-confirm"], ["logwatch", "silence", "add"])
    assert f"--shop={shop}" in explain_
    assert f"--shop={shop}" in add
    assert add[-1] in {"원인 조사 중", "investigating"}


@pytest.mark.parametrize(
    ("hours", "since", "peak"), [(8, "15:20", "15:24"), (9, "02-24 15:20", "02-24 15:24"), (49, "02-24 15:20", "02-24 15:24")]
)
def test_a_time_of_another_day_has_its_day(hours: int, since: str, peak: str) -> None:
    told = message(notification(NotifyReason.REMINDER, [PAYMENT], 7, minute=60 * hours))
    assert told.headline.endswith(f" · {since}부터")
    assert (told.alerts[0].since, told.alerts[0].peak) == (since, f"최저 15.7% ({peak}까지 5분)")
    state = State(alerts=(PAYMENT,), cursor=told.notification.at)
    asked = Question(state, RULES, told.notification.at, timedelta(hours=4), None)
    (found,) = explain(RULES.by_id[PAYMENT.rule], asked)
    first, *_ = explained_lines(found, asked, told.audience)
    assert first == f"payment-confirm (kpa): 경보 발생 중({since}부터)"


OWN_INHIBITIONS = tuple(
    map(
        Inhibition.model_validate,
        [
            {
                "when": ["database-ping"],
                "mutes": ["slow-api", "slow-checkout"],
                "not_expected": ["payment-duplicate"],
                "because": {"ko": "DB 점검의 영향이라 알림 억제", "en": "Part of the <database> upkeep, not told apart"},
                "not_because": {"ko": "DB 점검({rules})과 무관합니다.", "en": "No doing of the upkeep ({rules})."},
            },
            {
                "when": ["database-ping", "cache-hit"],
                "mutes": ["cache-error"],
                "not_expected": ["checkout-error"],
                "because": {"ko": "예열 중", "en": "Warming up"},
            },
        ],
    )
)


def said_by_own_inhibitions(told: Notification, lang: Lang, suffix: str) -> str:
    rules = replace(RULES, inhibitions=OWN_INHIBITIONS)
    return html.unescape(lay_out(build_message(told, rules, message(told, lang).audience, LinkTargets()), suffix))


@pytest.mark.parametrize("suffix", ["txt", "md", "html", "slack.json"])
@pytest.mark.parametrize(
    ("lang", "because", "warming"),
    [
        ("ko", "DB 점검의 영향이라 알림 억제: 기타 API 응답 느림, 체크아웃 응답 느림", "예열 중: "),
        ("en", "Part of the <database> upkeep, not told apart: Other API responses slow, Checkout responses slow", "Warming up: "),
    ],
)  # fmt: skip
def test_what_an_inhibition_of_ones_own_explains_is_named_in_its_own_words(
    suffix: str, lang: Lang, because: str, warming: str
) -> None:
    muted = tuple(alert(rule, value=900) for rule in ("slow-api", "cache-error", "slow-checkout"))
    told = said_by_own_inhibitions(
        notification(NotifyReason.FIRING, [alert("database-ping", value=340)], inhibited=muted), lang, suffix
    )
    plain = told.replace("\\<", "<").replace("\\>", ">")
    assert because in plain
    assert warming + RULES.by_id["cache-error"].summary[lang] in plain
    assert "Redis 장애" not in told
    assert "Redis outage" not in told


@pytest.mark.parametrize("suffix", ["txt", "md", "html", "slack.json"])
@pytest.mark.parametrize(
    ("rule", "lang", "said"),
    [
        ("payment-duplicate", "ko", "DB 점검(database-ping)과 무관합니다."),
        ("payment-duplicate", "en", "No doing of the upkeep (database-ping)."),
        ("checkout-error", "ko", "database-ping, cache-hit 경보와 동시에 발생했지만"),
        ("checkout-error", "en", "Fires together with database-ping, cache-hit, which cannot be the cause."),
    ],
)
def test_what_an_inhibition_of_ones_own_does_not_explain_says_so_in_its_own_words(
    suffix: str, rule: str, lang: Lang, said: str
) -> None:
    sources = ("database-ping",) if rule == "payment-duplicate" else ("database-ping", "cache-hit")
    fires = notification(NotifyReason.FIRING, [alert(rule, value=14)], unexpected_with=sources)
    told = said_by_own_inhibitions(fires, lang, suffix)
    assert said in told
    assert "캐시를 쓰지" not in told
    assert "do not need the cache" not in told


@pytest.mark.parametrize(
    ("lang", "because"),
    [("ko", "다른 경보의 영향으로 보아 알림 억제: 캐시"), ("en", "explained by another alert: ")],
)
def test_what_was_muted_by_an_inhibition_that_is_gone_is_named_all_the_same(lang: Lang, because: str) -> None:
    told = build_message(CASES["redis"], replace(RULES, inhibitions=()), message(CASES["redis"], lang).audience, LinkTargets())
    assert because in told.notes[0]


@pytest.mark.parametrize("suffix", ["txt", "md", "html", "slack.json"])
@pytest.mark.parametrize(
    ("lang", "said", "unsaid"),
    [
        ("ko", "'payment-confirm' 규칙이 삭제되어 더는 판정하지 않습니다", "정상"),
        ("en", "Rule 'payment-confirm' was deleted", "normal"),
    ],
)
def test_an_end_that_came_with_the_end_of_its_rule_does_not_say_that_all_is_normal(
    suffix: str, lang: Lang, said: str, unsaid: str
) -> None:
    ended = notification(NotifyReason.RESOLVED, [replace(PAYMENT, state=AlertState.RESOLVED)], 2, walked=REFUSED)
    rules = replace(RULES, rules=tuple(rule for rule in RULES.rules if rule.rule != PAYMENT.rule))
    told = lay_out(build_message(ended, rules, message(ended, lang).audience, LinkTargets()), suffix)
    assert said in told.replace("&#39;", "'")
    assert unsaid not in told
    assert not re.search(r"· +·", told)


@pytest.mark.parametrize("suffix", ["txt", "html", "slack.json"])
def test_the_headline_comes_first_and_the_figures_are_there(suffix: str) -> None:
    told = message(CASES["joined"])
    shown = re.sub(r"<title>.*?</title>|\"text\": \"|&[lg]t;|[<>]|&#39;", "", lay_out(told, suffix).replace("\u00a0", " "))
    headline = re.sub(r"[<>]", "", told.headline)
    assert headline in shown
    for figure in ("31.8% (34/107, 5분)", "15.7% (15:24까지 5분)", "14건", "추가됨", "전체 매장", "02-24 15:31 KST"):
        assert shown.index(headline) < shown.index(figure, shown.index(headline) + len(headline))


@pytest.mark.parametrize("suffix", ["txt", "html", "slack.json"])
def test_one_step_is_the_one_to_begin_with(suffix: str) -> None:
    text = lay_out(message(CASES["joined"]), suffix)
    assert text.count("여기부터") == 1
    assert re.search(r"\*?▶ 3\. Toss API 응답 코드 확인", text)


@pytest.mark.parametrize("suffix", ["txt", "html", "md", "slack.json"])
def test_where_nobody_looked_it_is_the_step_that_the_rule_names(suffix: str) -> None:
    text = lay_out(message(replace(CASES["joined"], walked=None)), suffix)
    assert text.count("여기부터") == 1
    assert re.search(r"▶ 4.2-4\. (\*\*)?duplicate\.blocked 증가", text)


@pytest.mark.parametrize("suffix", ["txt", "html", "md", "slack.json"])
def test_what_could_not_be_looked_at_says_why_and_is_for_people_to_do(suffix: str) -> None:
    text = lay_out(message(CASES["not-looked"]), suffix)
    assert re.search(r"▶ 2\. (\*\*)?Cloud Run 로그에서", text)
    assert "PermissionDenied" in text
    assert "조회 시간 초과" in text


@pytest.mark.parametrize("suffix", ["txt", "html", "slack.json"])
def test_a_procedure_without_steps_says_what_to_expect(suffix: str) -> None:
    text = lay_out(message(CASES["redis"], "en"), suffix)
    assert "What to expect while Redis is down" in text
    assert "Orders and payments: not affected" in text


@pytest.mark.parametrize("suffix", ["txt", "html", "slack.json"])
def test_what_is_over_needs_no_steps(suffix: str) -> None:
    text = lay_out(message(CASES["resolved"]), suffix)
    assert "98% (98/100, 5분)" in text
    assert "Confirm error" not in text


def test_every_message_of_an_incident_has_the_same_topic_and_its_subject_says_how_it_stands() -> None:
    told = [notification(reason, [PAYMENT], number) for number, reason in enumerate(NotifyReason, start=1)]
    assert {message(each).topic for each in told} == {"런북 4.2 Payment 실패 증가 · kpa"}
    assert len({message(each).subject for each in told}) == len(told)
    assert message(CASES["resolved"], "en").subject == "[RESOLVED] runbook 4.2 More payments fail · kpa"


def test_an_alert_without_a_procedure_is_told_all_the_same() -> None:
    rule = next(rule for rule in RULES.by_id.values() if not rule.procedure)
    told = message(notification(NotifyReason.FIRING, [alert(rule.rule, value=12)]), "en")
    assert told.procedure == ""
    assert rule.summary["en"] in told.subject
    assert all(rule.summary["en"] in lay_out(told, suffix) for suffix in ("txt", "html", "slack.json"))


# ---- hostile texts


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") or (name == "src" and value != "cid:course") for name, value in attrs)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("name", CASES)
def test_the_page_in_english_is_built_as_the_golden_one_is(name: str) -> None:
    korean, english = Page(), Page()
    korean.feed(lay_out(message(CASES[name], "ko"), "html"))
    english.feed(lay_out(message(CASES[name], "en"), "html"))
    assert english.tags == korean.tags
    words = "".join(english.texts)
    assert message(CASES[name], "en").headline in words
    assert message(CASES[name], "ko").headline not in words


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("reason", [NotifyReason.FIRING, NotifyReason.SILENCE_ENDING, NotifyReason.RESOLVED])
def test_hostile_text_stays_text(text: str, reason: NotifyReason) -> None:
    told = message(hostile(text, reason))
    for suffix in ("txt", "md", "html", "slack.json"):
        assert FORBIDDEN.findall(lay_out(told, suffix)) == []
        assert len(lay_out(told, suffix).splitlines()) == len(lay_out(message(hostile("kpa", reason)), suffix).splitlines())
    page = Page()
    page.feed(lay_out(told, "html"))
    assert not {"script", "b"} & set(page.tags)
    assert page.tags.count("img") == (told.course is not None)
    assert "49" not in "".join(page.texts), "a template's text is no template"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_pings_nobody_and_links_nowhere(text: str) -> None:
    content = build_content(message(hostile(text, NotifyReason.SILENCE_ENDING)), alone=True)
    shown = [content["text"], *(block["text"]["text"] for block in content["blocks"] if "text" in block)]
    opened = [found for part in shown for found in re.findall(r"<([^>]*)>", part)]
    assert len(opened) == 4
    assert all(
        re.match(
            r"https://(console\.cloud\.google\.com|example\.com)/[^|\s]*\|([가-힣 ]+|로그: Payment\] Confirm error)$", link
        )
        for link in opened
    )
    assert not any("`" in re.sub(r"^`logwatch [^`]+`$", "", part, flags=re.MULTILINE) for part in shown)
    assert [part.count("*") % 2 for part in shown] == [0] * len(shown)


def test_the_longest_message_is_whole_in_an_email_and_counted_in_slack() -> None:
    told = message(longest())
    assert lay_out(told, "txt").count("🔴") == 3 * len(RULES.by_id) + 5
    assert lay_out(told, "html").count("🔴") == 3 * len(RULES.by_id) + 5
    assert re.search(r"…외 \d+건", lay_out(told, "slack.json"))


@pytest.mark.parametrize(
    ("waited", "ko", "en"),
    [
        (timedelta(minutes=4, seconds=30), None, None),
        (timedelta(minutes=5), None, None),
        (timedelta(minutes=5, seconds=1), "15:27 알림이 5분 늦게 전송되었습니다.", "Message of 15:27, sent 5 min late."),
        (timedelta(minutes=49), "15:27 알림이 49분 늦게 전송되었습니다.", "Message of 15:27, sent 49 min late."),
    ],
)
def test_a_message_that_comes_more_than_five_minutes_late_says_so(waited: timedelta, ko: str | None, en: str | None) -> None:
    both: dict[Lang, str | None] = {"ko": ko, "en": en}
    for lang, note in both.items():
        told = message(CASES["firing"], lang)
        late = add_delivery_notes(told, instead_of="", now=told.notification.at + waited)
        assert late.notes == (*told.notes, *filter(None, [note]))


@pytest.mark.parametrize(("during", "named"), [(20, False), (30, False), (40, False), (41, True), (80, True)])
def test_an_end_names_what_was_more_than_twice_as_much_as_it_is_now(during: int, *, named: bool) -> None:
    fact = Fact(FactKind.SHARE, "failed share of confirmations", during, of=100, before=0.02, after=0.2)
    over = replace(CASES["resolved"], walked=walked(Finding(3, StepState.TODO, facts=(fact,))))
    (note,) = message(over, "en").notes
    assert note.startswith("failed share of") is named


def test_a_revision_that_is_worse_is_named_with_both_shares_and_with_what_to_do() -> None:
    start = datetime(2026, 2, 24, 1, 31, tzinfo=UTC)
    beside = Beside("o4o-core-api-00413-bad", start, ("o4o-core-api-00412-xot",), 2, 51)
    found = replace(verdict("revision-checkout", {}, 34 / 48, numerator=34, denominator=48), beside=beside)
    firing = replace(alert("revision-checkout"), latest=found, peak=found)
    notes = "\n".join(message(notification(NotifyReason.FIRING, [firing]), "en").notes)
    told = "Revision 00413-bad fails 70.8% (34/48, 5 min), running since 10:31; at the same time 00412-xot fails 3.9% (2/51, 5 min)."
    assert told in notes
    assert "Move the traffic back" in notes
    assert "00413-bad" in "\n".join(message(notification(NotifyReason.FIRING, [firing])).notes)
