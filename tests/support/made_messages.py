"""Notifications for the tests of messages and channels, from the plain one to the longest and the most hostile."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from logwatch.judge.alerts import Alert, AlertState
from logwatch.judge.kinds.interface import FigureForm
from logwatch.judge.rules.load import load_rules
from logwatch.judge.rules.model import RuleSet, Severity
from logwatch.judge.verdicts import Level, Verdict, Why
from logwatch.languages import Lang
from logwatch.notify.diagnosis.findings import (
    Chart,
    Fact,
    FactKind,
    Finding,
    Impact,
    RevisionChange,
    StepState,
    Walked,
)
from logwatch.notify.digest import Digest, EndingSilence, ExitStanding, RuleLabels
from logwatch.notify.digest_text import digest_notification
from logwatch.notify.incidents import AnswerKind, Label, Notification, NotifyReason, Said
from logwatch.notify.messages import LinkTargets, Message, build_message
from logwatch.notify.scopes import Scope
from logwatch.notify.silences import Silence
from logwatch.publish.metric_filter import Installation
from logwatch.publish.metrics_explorer import metrics_url
from logwatch.ui.format import Audience
from tests.conftest import ROOT

TEMPLATES = ROOT / "templates"
RULES: RuleSet = load_rules(ROOT / "rules")
START = datetime(2026, 2, 24, 6, 20, tzinfo=UTC)
INSTALLED = Installation(
    environment="prod", prefix=RULES.service.metric_prefix, region="asia-northeast3", grace=timedelta(seconds=90),
    lease=timedelta(minutes=2), readers=Audience("ko", ZoneInfo("Asia/Seoul"), "o4o-core-api"),
)  # fmt: skip
PLACE = LinkTargets(
    project="o4o-demo",
    runbook_url="https://example.com/runbook#4-2",
    metrics=partial(metrics_url, project="o4o-demo", rules=RULES, installation=INSTALLED),
)

HOSTILE = [
    "<!channel> <!here>", "<@U123>", "<http://x|y>", "</script><script>alert(1)</script>", "</title><img src=x onerror=y>",
    "\x1b[2J\x1b]0;owned\x07", "\u202eedoc\u202c\u2066x", "kpa\r\nBcc: all@example.com\r\n\r\nx", "`*_~&amp;~_*`", "{{ 7 * 7 }} {% raw %}",
    "\ud800x", "", "한글매장" * 30, "🔥" * 60,
]  # fmt: skip

COUNTS = {FigureForm.PLAIN: (None, None), FigureForm.SHARE: (34.0, 107.0), FigureForm.EVENTS: (7.0, None)}


def verdict(rule: str, labels: dict[str, str], value: float, minute: int = 6, numerator: float | None = None, denominator: float | None = None) -> Verdict:  # fmt: skip
    at = START + timedelta(minutes=minute)
    return Verdict(rule, labels, at, Level.WARNING, value, numerator, denominator, None, Why.NONE, timedelta(minutes=5), suspect=False)  # fmt: skip


def alert(rule: str, shop: str | None = None, value: float = 0.318, peak: float | None = None, **more: object) -> Alert:
    labels = {} if shop is None else {"service": shop}
    counts = COUNTS[RULES.by_id[rule].kind.form]
    latest = verdict(rule, labels, value, 6, *counts)
    worst = verdict(rule, labels, value if peak is None else peak, 4)
    made = Alert(rule, labels, AlertState.FIRING, START, latest, worst, 3, firing_at=START + timedelta(minutes=2))
    return replace(made, **more)  # type: ignore[arg-type]


def resolved(one: Alert, value: float) -> Alert:
    latest = replace(one.latest, level=Level.NORMAL, value=value, numerator=98.0, denominator=100.0)
    return replace(one, state=AlertState.RESOLVED, latest=latest, resolved_at=START + timedelta(minutes=25))


def notification(reason: NotifyReason, alerts: list[Alert], number: int = 1, minute: int = 7, **more: object) -> Notification:
    rule = RULES.by_id[alerts[0].rule]
    incident = f"202602240622-{rule.procedure or rule.rule}-kpa"
    new = tuple(one.fingerprint for one in alerts[: 1 if reason is NotifyReason.JOINED else None])
    told = Notification(
        f"{incident}.{number}", incident, reason, START + timedelta(minutes=minute), rule.procedure, alerts[0].labels, START,
        tuple(alerts), new if reason in {NotifyReason.FIRING, NotifyReason.JOINED} else (),
    )  # fmt: skip
    return replace(told, **more)  # type: ignore[arg-type]


def message(told: Notification, lang: Lang = "ko", place: LinkTargets = PLACE) -> Message:
    return build_message(told, RULES, Audience(lang, ZoneInfo("Asia/Seoul"), "o4o-core-api"), place)


PAYMENT = alert("payment-confirm", "kpa", peak=0.157)
DUPLICATES = alert("payment-duplicate", value=14)
SILENCE = Silence("s1", "payment-confirm", {}, START + timedelta(minutes=40), "PG사 점검", "dana", START)

DIGEST = Digest(
    START - timedelta(days=7), START, START - timedelta(days=35), 12, 1, 340, {"4.1": 3, "4.2": 8, "revision-checkout": 1}, 130, 9, 250, 4,
    (RuleLabels("cache-hit", 4, 3), RuleLabels("payment-confirm", 5, 0)), ("payment-duplicate", "database-ping"),
    (EndingSilence("s1", "*", {"service": "kpa"}, START + timedelta(days=2)),),
    (ExitStanding("payment", "not_met", 5, 7), ExitStanding("cache", "met", 7, 7), ExitStanding("distribution", "not_shown", 6, 7)),
)  # fmt: skip

KPA = {"service": "kpa"}
FAILED = "payment.confirm.failed"
REFUSED_LINES = (
    Fact(FactKind.LINES, "Payment] Confirm error", 73, first=START - timedelta(minutes=1), last=START + timedelta(minutes=6)),
    Fact(FactKind.TEXT, "[KPA Payment] Confirm error: Request failed with status code 400", 71),
    Fact(FactKind.TEXT, "[GlycoPharm Payment] Confirm error: socket hang up", 2),
)


def walked(*findings: Finding, **more: object) -> Walked:
    at = START - timedelta(minutes=53)
    course = tuple([0.97, 0.95, None, 1.0, 0.96] * 10 + [0.9, 0.71, 0.52, 0.4, 0.35, 0.318, 0.33, 0.318, 0.31, 0.318])
    return Walked(findings, chart=Chart("payment-confirm", KPA, at, course), **more)  # type: ignore[arg-type]


REFUSED = walked(
    Finding(1, StepState.DONE, facts=(
        Fact(FactKind.COUNT, FAILED, 73, KPA, 8, before=0.2, day_before=0.15),
        Fact(FactKind.SHARE, "successful share of confirmations", 34, KPA, 107, before=0.968, day_before=0.971),
        Fact(FactKind.SHARE, "confirmed share of prepared payments", 34, KPA, 110, before=0.95, day_before=0.94),
    )),
    Finding(2, StepState.DONE, facts=REFUSED_LINES),
    Finding(3, StepState.TODO, here=True, facts=(
        Fact(FactKind.SHARE, "failed share of confirmations", 73, KPA, 107, before=0.032, day_before=0.029),
        Fact(FactKind.CODE, "400", 71),
    )),
    Finding(4, StepState.NOT_THE_CASE, facts=(
        Fact(FactKind.SHARE, "blocked duplicates per confirmation", 1, KPA, 107, before=0.01),
    )),
    impact=Impact("payment-confirm", START, 73, usual=3, low=1, high=6),
)  # fmt: skip
NOT_LOOKED = walked(
    Finding(1, StepState.DONE, facts=REFUSED.findings[0].facts[:1]),
    Finding(2, StepState.NOT_LOOKED, here=True, why="Cloud Logging: PermissionDenied: 403 Permission denied for all log views"),
    Finding(3, StepState.NOT_LOOKED, why="out_of_budget"),
    Finding(4, StepState.NOT_THE_CASE, facts=REFUSED.findings[3].facts),
)  # fmt: skip
FALLBACK = "[ReadCache] GET error, falling back to DB"
FALLBACKS = (
    Fact(FactKind.LINES, FALLBACK, 1000, first=START, last=START + timedelta(minutes=6), more=True),
    Fact(FactKind.TEXT, f"{FALLBACK}: connect ETIMEDOUT 10.41.0.3:6379", 1000),
)
REDIS_DOWN = walked(
    Finding(1, StepState.DONE, facts=FALLBACKS),
    Finding(2, StepState.DONE, facts=(Fact(FactKind.SLOW, "api", 214, of=8, before=0.9),)),
    Finding(3, StepState.DONE, facts=FALLBACKS),
    Finding(4, StepState.DONE, facts=(Fact(FactKind.COUNT, "cache.error", 2712, of=8, before=0, day_before=0),)),
    Finding(5, StepState.TODO, facts=(
        Fact(FactKind.RULE, "checkout-success", 0.941, level="normal"),
        Fact(FactKind.RULE, "payment-confirm", 0.412, KPA, level="warning"),
    )),
    begin=Finding(3, StepState.TODO, here=True, facts=(
        Fact(FactKind.COUNT, "cache.error", 2712, of=8, before=0, day_before=0),
        replace(FALLBACKS[0], name="[ReadCache]"),
        FALLBACKS[1],
    )),
)  # fmt: skip
ABANDONED = walked(
    *(Finding(number, StepState.DONE if number == 1 else StepState.NOT_THE_CASE, facts=REFUSED.findings[0].facts[:2]) for number in (1, 2, 3, 4)),
    otherwise=True,
    besides=(Fact(FactKind.ROUTE, "POST /api/v1/kpa/payments/confirm", 2336, of=11),),
    unstepped=(Fact(FactKind.SHARE, "checkout.blocked.product / checkout.attempt", 31, of=44, before=0.01),),
)  # fmt: skip
OVER = walked(
    Finding(3, StepState.TODO, here=True, facts=(
        Fact(FactKind.SHARE, "failed share of confirmations", 73, KPA, 107, before=0.032, after=0.02),
    )),
)  # fmt: skip

DEPLOYED = RevisionChange(
    "o4o-core-api-00413-bad", START - timedelta(minutes=1), START + timedelta(minutes=2), "o4o-core-api-00412-xot",
    failed=71, events=100, other_failed=2, other_events=51, together=True, proven=True,
)  # fmt: skip
ALL_SHOPS = alert("payment-confirm", value=0.41)
SLOW = replace(verdict("slow-checkout", {}, 2024, numerator=8, denominator=40), certain=True)

ANSWERS = {
    "answered": notification(
        NotifyReason.ANSWERED, [PAYMENT], 2, 9, said=(Said(AnswerKind.ACKNOWLEDGED, "김민수"), Said(AnswerKind.SILENCED, "@U0LEE", until=START + timedelta(minutes=69))),
        acknowledged_by="김민수", acknowledged_at=START + timedelta(minutes=9),
    ),
    "escalated": notification(
        NotifyReason.ESCALATED, [PAYMENT], 2, 17, walked=REFUSED, unanswered_since=START + timedelta(minutes=7),
    ),
    "taken": notification(
        NotifyReason.FIRING, [PAYMENT], walked=REFUSED, acknowledged_by="김민수, @U0LEE", acknowledged_at=START + timedelta(minutes=9), label=Label.FALSE, labelled_by="@U0LEE",
    ),
}  # fmt: skip
CASES = {
    "firing": notification(NotifyReason.FIRING, [PAYMENT], walked=REFUSED),
    "paged": notification(NotifyReason.FIRING, [PAYMENT], walked=replace(REFUSED, changed=DEPLOYED), severity=Severity.PAGE),
    "noted": notification(NotifyReason.REMINDER, [alert("checkout-blocked", value=31)], severity=Severity.INFO),
    "slow": notification(NotifyReason.FIRING, [replace(alert("slow-checkout", value=2024), latest=SLOW, peak=SLOW)]),
    "plain": notification(NotifyReason.FIRING, [PAYMENT]),
    "not-looked": notification(NotifyReason.FIRING, [PAYMENT], walked=NOT_LOOKED),
    "otherwise": notification(NotifyReason.FIRING, [PAYMENT], walked=ABANDONED),
    "joined": notification(
        NotifyReason.JOINED, [DUPLICATES, PAYMENT, alert("payment-confirm", value=0.61, peak=0.55)], 2, 11,
        unexpected_with=("cache-error",), walked=REFUSED,
    ),
    "redis": notification(
        NotifyReason.FIRING, [alert("cache-error", value=41), alert("redis-ping", value=312, peak=1450)],
        inhibited=(alert("cache-hit", value=0.12), alert("slow-api", value=1830)), again=2, walked=REDIS_DOWN,
    ),
    "reminder": notification(NotifyReason.REMINDER, [replace(PAYMENT, unknown_since=START + timedelta(hours=3))], 3, 247, walked=REFUSED),
    "resolved": notification(
        NotifyReason.RESOLVED, [resolved(PAYMENT, 0.98), resolved(DUPLICATES, 1)], 4, 25, resolved_at=START + timedelta(minutes=25), walked=OVER,
    ),
    "silence": notification(NotifyReason.SILENCE_ENDING, [PAYMENT], 1, 31, id="silence-s1.1", incident="silence-s1", silence=SILENCE),
    "wider": notification(
        NotifyReason.WIDER, [ALL_SHOPS, replace(PAYMENT, normals=2)], 2, 9, labels={}, shops=("kpa", "cosmetics"), first_scope=Scope(KPA, ("kpa",)), walked=REFUSED,
    ),
    "eased": notification(
        NotifyReason.EASED, [replace(PAYMENT, latest=replace(PAYMENT.latest, level=Level.ELEVATED, value=0.781), eased_at=START + timedelta(minutes=40))],
        3, 41, shops=("kpa",), walked=REFUSED,
    ),
    "summed": notification(
        NotifyReason.SUMMED, [PAYMENT, DUPLICATES], 1, id="summed-a.1", incident="summed-a", procedure="", labels={},
        summed=(notification(NotifyReason.FIRING, [PAYMENT], shops=("kpa",)), notification(NotifyReason.RESOLVED, [resolved(DUPLICATES, 1)], incident="202602240610-4.2-all")),
    ),
    "digest": digest_notification(DIGEST, DIGEST.until),
    **ANSWERS,
}  # fmt: skip
"""One for each thing there is to tell."""


def longest(reason: NotifyReason = NotifyReason.FIRING) -> Notification:
    """Make every rule fire in three shops at once, with texts of 10 KB wherever a text can come from outside."""
    wall = "&<한글매장이름>*`" * 1000
    alerts = [
        alert(rule, f"{shop}{wall}", value=0.123, unknown_since=START + timedelta(hours=1))
        for shop in "abc"
        for rule in RULES.by_id
    ]
    if reason is NotifyReason.RESOLVED:
        alerts = [resolved(one, 0.99) for one in alerts]
    silence = replace(SILENCE, reason=wall, by=wall)
    facts = tuple(
        Fact(kind, wall, 1e9, {"service": wall}, 1e9, 0.5, 0.5, 0.5, START, START, "warning", more=True)
        for kind in FactKind
        if kind is not FactKind.GAUGE
    )
    findings = [Finding(number, StepState.TODO, number == 3, facts * 20, wall) for number in (1, 2, 3, 4, 5)]
    return notification(
        reason, alerts, walked=walked(*findings, besides=facts * 20, unstepped=facts * 20, otherwise=True), inhibited=tuple(alerts), unexpected_with=tuple(RULES.by_id) * 3, again=9, silence=silence,
        resolved_at=START + timedelta(days=2) if reason is NotifyReason.RESOLVED else None,
        shops=tuple(f"{shop}{wall}" for shop in "abcdef"), labels={}, partial=True,
    )  # fmt: skip


def hostile(text: str, reason: NotifyReason = NotifyReason.FIRING) -> Notification:
    """Put a text wherever one can come from outside."""
    silence = replace(SILENCE, reason=text, by=text)
    facts = tuple(
        Fact(kind, text, 3, {"service": text, text: text}, 4, first=START, last=START, level="warning")
        for kind in FactKind
        if kind is not FactKind.GAUGE
    )
    found = walked(
        *(Finding(number, StepState.TODO, number == 2, facts, text or "nothing") for number in (1, 2, 3, 4)),
        besides=facts,
        unstepped=facts,
    )
    return notification(
        reason,
        [alert("payment-confirm", text), alert("payment-confirm", f"{text} 2")],
        silence=silence,
        walked=found,
        labels={},
        shops=(text, f"{text} 2"),
        partial=True,
    )
