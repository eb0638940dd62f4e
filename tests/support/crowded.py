"""A state with the longest names that there are, for tables that must lose nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from logwatch.judge.alerts import Alert, AlertState
from logwatch.notify.history import IncidentRecord
from logwatch.notify.incidents import Incident, Memory, Muted, NotifyReason, Suppression
from logwatch.notify.outbox import ChannelDelivery, Note, Outgoing
from logwatch.notify.silences import RecurringSilence, Silence
from logwatch.state.document import Lease, State
from tests.support.made_messages import START, alert, notification

NOW = START + timedelta(minutes=10)
SHOPS = ("glycopharm", "neture-wholesale-partners", "한국글로벌화장품유통센터본점")
"""Names of shops as long as they come, one of them of wide letters."""
REASON = "PG사 정기 점검으로 결제 승인이 잠시 멈춥니다, 담당자 확인 완료"
WHO = "김하늘 (결제 플랫폼팀)"


def crowded() -> State:
    """Give a state in which every list has something to say, as long as it gets."""
    fired = [
        *(alert("payment-duplicate", shop, value=14) for shop in SHOPS),
        alert("telemetry-unheard", value=41),
        alert("revision-checkout", SHOPS[2], value=0.318),
    ]
    pending = replace(alert("counters-vanished", value=3), state=AlertState.PENDING, firing_at=None)
    incidents = tuple(_incident(number, one) for number, one in enumerate(fired))
    notes = tuple(map(_note, incidents))
    silences = (Silence("8f3a1c", "payment-duplicate", {"service": SHOPS[1]}, NOW + timedelta(hours=30), REASON, WHO, START),)
    recurring = RecurringSilence(
        "0d8d87", "*", {"service": SHOPS[2]}, "sun 03:00", 3600, "Asia/Seoul", START + timedelta(days=90), REASON, WHO, START
    )
    told = notification(NotifyReason.REMINDER, fired[:3], number=2, incident=incidents[0].id)
    fares = {"slack": ChannelDelivery(delivered_at=NOW), "google_chat": ChannelDelivery(attempts=3, failing_since=START)}
    waiting = Outgoing(told, fares)
    return State(
        started_at=START - timedelta(days=40), cursor=NOW - timedelta(minutes=2), alerts=(*fired, pending),
        suppressed=(Suppression(fired[4].fingerprint, Muted.INHIBITED, "telemetry-unheard"),),
        memory=Memory(incidents=incidents, silences=silences, recurring=(recurring,)), outbox=(waiting,), notes=notes,
        verdicts=tuple(one.latest for one in fired), history=tuple(map(_record, incidents)), history_from=START - timedelta(days=40),
        lease=Lease("logwatch-run-5vq2x (execution of 06:30)", NOW + timedelta(minutes=1)),
    )  # fmt: skip


def _incident(number: int, one: Alert) -> Incident:
    at = START + timedelta(minutes=5)
    incident = Incident(
        f"202602240622-4.2-{number}", "4.2", one.labels, START, (one.fingerprint,), (one,), (one.fingerprint,),
        told_at=at, first_told_at=at, messages=1, since=START,
    )  # fmt: skip
    return incident if number % 2 else replace(incident, acknowledged_at=at + timedelta(minutes=2), acknowledged_by=WHO)


def _note(incident: Incident) -> Note:
    at = START + timedelta(minutes=5)
    delivered = {"slack": at, "google_chat": None, "pagerduty": at + timedelta(minutes=1), "email": at}
    rules = [alert.rule for alert in incident.alerts]
    return Note(f"{incident.id}.1", NotifyReason.FIRING, at, "4.2", rules, incident.labels, delivered, marks=incident.members)


def _record(incident: Incident) -> IncidentRecord:
    (one,) = incident.alerts
    return IncidentRecord(
        incident.id, "4.2", incident.severity, (one.rule,), incident.labels, (), partial=False, since=START,
        told_at=START + timedelta(minutes=5), peaks={one.rule: one.peak}, acknowledged_at=incident.acknowledged_at,
        acknowledged_by=incident.acknowledged_by,
    )  # fmt: skip
