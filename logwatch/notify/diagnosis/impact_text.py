"""What an incident has come to, and what changed as it began, in words; and the command that takes the change back."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from logwatch.judge.kinds.gauge import Gauge
from logwatch.notify.incidents import NotifyReason
from logwatch.spans import WINDOW
from logwatch.ui.format import format_span, format_value
from logwatch.ui.printable import printable

if TYPE_CHECKING:
    from logwatch.judge.rules.model import RuleSet
    from logwatch.notify.diagnosis.findings import RevisionChange
    from logwatch.notify.incidents import Notification
    from logwatch.ui.format import Audience

REVISION = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
"""A name that Cloud Run gives: nothing else comes into a command."""
MOST_LETTERS = 60
"""Of a revision's name."""


def impact_line(notification: Notification, rules: RuleSet, audience: Audience) -> str:
    """Say what it comes to, `결제 실패 41건, 평소라면 3건(95% 구간 1~6건)`, or came to in all; empty where unknown."""
    found = notification.walked.impact if notification.walked else None
    rule = rules.by_id.get(found.rule) if found else None
    if found is None or rule is None or rule.impact is None or rule.impact.what is None:
        return ""
    over = notification.reason is NotifyReason.RESOLVED
    minutes = isinstance(rule.kind, Gauge)
    what = {"what": rule.impact.what[audience.lang], "count": f"{found.events:,.0f}"}
    line = audience.say("impact_minutes" if minutes else "impact_total" if over else "impact", **what)
    if found.high == 0:
        line += audience.say("impact_none")
    elif found.usual is not None and found.low is not None and found.high is not None:
        usual, low, high = (f"{each:,.0f}" for each in (found.usual, found.low, found.high))
        line += audience.say("impact_usual", usual=usual, low=low, high=high)
    elif not minutes:
        line += f" ({audience.say('no_past')})"
    return line + (audience.say("impact_cut", at=audience.clock(found.since, notification.at)) if found.cut else "")


def changed_lines(
    notification: Notification, rules: RuleSet, audience: Audience, *, project: str = "", region: str = ""
) -> tuple[str, ...]:
    """Say which revision appeared about when it began and, where it is the cause, the command that moves the traffic back.

    The command is a line of its own, the last one, without a word around it; it is never run. Nothing is in it that is not a
    revision's name.
    """
    found = notification.walked.changed if notification.walked else None
    if found is None:
        return ()
    name, previous = (_name(each, audience) for each in (found.revision, found.previous))
    since = audience.clock(found.since, notification.at)
    begun = audience.say("changed_cause" if found.proven else "changed", revision=name, at=since, when=_when(found, audience))
    if found.events and found.other_events:
        told = {"share": _share(found.failed, found.events), "other": _share(found.other_failed, found.other_events)}
        begun += audience.say("changed_beside" if found.together else "changed_before", previous=previous, **told)
    if not found.proven or notification.reason is NotifyReason.RESOLVED:
        return (begun,)
    return tuple(
        filter(None, (begun, traffic_command(found.previous, audience.service, region or rules.service.region, project)))
    )


def traffic_command(revision: str, service: str, region: str, project: str) -> str:
    """Give the command that moves all traffic to a revision; empty where that is no revision's name.

    >>> traffic_command("shop-00412-xot", "shop", "europe-west1", "")
    'gcloud run services update-traffic shop --region europe-west1 --to-revisions shop-00412-xot=100'
    >>> traffic_command("shop; reboot", "shop", "europe-west1", "")
    ''
    """
    if not REVISION.fullmatch(revision):
        return ""
    command = ["gcloud", "run", "services", "update-traffic", service, "--region", region, "--to-revisions", f"{revision}=100"]
    return shlex.join([*command, *(["--project", project] if project else [])])


def _name(revision: str, audience: Audience) -> str:
    return printable(revision.removeprefix(f"{audience.service}-"))[:MOST_LETTERS]


def _when(found: RevisionChange, audience: Audience) -> str:
    """Say how long before the incident it appeared, or after."""
    apart = found.onset - found.since
    if abs(apart) < WINDOW:
        return audience.say("changed_when")
    return audience.say("changed_earlier" if apart > 0 * WINDOW else "changed_later", span=format_span(abs(apart), audience))


def _share(failed: float, events: float) -> str:
    return f"{format_value(min(failed / events, 1.0), '%')} ({failed:,.0f}/{events:,.0f})"
