"""Notifications for the tests of messages and channels, from the plain one to the longest and the most hostile."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from logwatch.alerts import Alert, AlertState
from logwatch.levels import Level, Verdict, Why
from logwatch.messages import Message, Place, build_message
from logwatch.notifications import Notification, NotifyReason, Silence
from logwatch.rule_files import load_rules
from logwatch.rules import RuleSet
from logwatch.texts import Lang
from logwatch.wording import Audience
from tests.conftest import ROOT

TEMPLATES = ROOT / "templates"
RULES: RuleSet = load_rules(ROOT / "rules")
START = datetime(2026, 2, 24, 6, 20, tzinfo=UTC)
PLACE = Place(project="o4o-demo", runbook_url="https://example.com/runbook#4-2")

HOSTILE = [
    "<!channel> <!here>", "<@U123>", "<http://x|y>", "</script><script>alert(1)</script>", "</title><img src=x onerror=y>",
    "\x1b[2J\x1b]0;owned\x07", "\u202eedoc\u202c\u2066x", "kpa\r\nBcc: all@example.com\r\n\r\nx", "`*_~&amp;~_*`", "{{ 7 * 7 }} {% raw %}",
    "\ud800x", "", "한글매장" * 30, "🔥" * 60,
]  # fmt: skip


def verdict(rule: str, labels: dict[str, str], value: float, minute: int = 6, numerator: float | None = None, denominator: float | None = None) -> Verdict:  # fmt: skip
    at = START + timedelta(minutes=minute)
    return Verdict(rule, labels, at, Level.WARNING, value, numerator, denominator, None, Why.NONE, timedelta(minutes=5), suspect=False)  # fmt: skip


def alert(rule: str, shop: str | None = None, value: float = 0.318, peak: float | None = None, **more: object) -> Alert:
    labels = {} if shop is None else {"service": shop}
    counts = (34.0, 107.0) if RULES.by_id[rule].ratio else (7.0, None) if RULES.by_id[rule].slow else (None, None)
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


def message(told: Notification, lang: Lang = "ko", place: Place = PLACE) -> Message:
    return build_message(told, RULES, Audience(lang, ZoneInfo("Asia/Seoul")), place)


PAYMENT = alert("payment-confirm", "kpa", peak=0.157)
DUPLICATES = alert("payment-duplicate", value=14)
SILENCE = Silence("s1", "payment-confirm", {}, START + timedelta(minutes=40), "PG사 점검", "dana", START)

CASES = {
    "firing": notification(NotifyReason.FIRING, [PAYMENT]),
    "joined": notification(
        NotifyReason.JOINED, [DUPLICATES, PAYMENT, alert("payment-confirm", value=0.61, peak=0.55)], 2, 11,
        unexpected_with=("cache-error",),
    ),
    "redis": notification(
        NotifyReason.FIRING, [alert("cache-error", value=41), alert("redis-ping", value=312, peak=1450)],
        inhibited=(alert("cache-hit", value=0.12), alert("slow-api", value=1830)), again=2,
    ),
    "reminder": notification(NotifyReason.REMINDER, [replace(PAYMENT, unknown_since=START + timedelta(hours=3))], 3, 247),
    "resolved": notification(
        NotifyReason.RESOLVED, [resolved(PAYMENT, 0.98), resolved(DUPLICATES, 1)], 4, 25, resolved_at=START + timedelta(minutes=25)
    ),
    "silence": notification(NotifyReason.SILENCE_ENDING, [PAYMENT], 1, 31, id="silence-s1.1", incident="silence-s1", silence=SILENCE),
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
    return notification(
        reason, alerts, inhibited=tuple(alerts), unexpected_with=tuple(RULES.by_id) * 3, again=9, silence=silence,
        resolved_at=START + timedelta(days=2) if reason is NotifyReason.RESOLVED else None,
    )  # fmt: skip


def hostile(text: str, reason: NotifyReason = NotifyReason.FIRING) -> Notification:
    """Put a text wherever one can come from outside."""
    silence = replace(SILENCE, reason=text, by=text)
    return notification(reason, [alert("payment-confirm", text), alert("payment-confirm", f"{text} 2")], silence=silence)
