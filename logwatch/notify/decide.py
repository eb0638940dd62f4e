"""What to tell, and why now: alerts become incidents, incidents speak, and what keeps silent says why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from logwatch.judge.alerts import Alert, AlertState
from logwatch.judge.rules.model import Severity, gravest
from logwatch.judge.verdicts import Level
from logwatch.notify.escalation import Calling, is_graver, unanswered_since
from logwatch.notify.incidents import Incident, Memory, Muted, Notification, NotifyReason, Suppression
from logwatch.notify.scopes import Scope, VerdictsAlone, find_scope, same_lead, soon_after
from logwatch.notify.silences import EVERY, Silence, with_told
from logwatch.spans import WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from logwatch.judge.rules.model import RuleSet
    from logwatch.judge.rules.oncall import Escalation
    from logwatch.notify.scopes import Circumstances

REMIND_EVERY = timedelta(hours=4)
REOPEN_WITHIN = timedelta(hours=1)
"""An incident that comes back so soon is the same one."""
SETTLE = timedelta(minutes=30)
"""How long an incident that came back must stay quiet before it is told to be over, or no warning: flapping does not spam."""
WIDEN_EVERY = timedelta(minutes=10)
"""How soon after one message about more rules or more shops the next may come; what comes meanwhile is named in it."""
MOST_MESSAGES = 5
"""Messages a minute; what is to be told besides is summed up in the last of them."""
AFTERMATH = timedelta(minutes=10)
"""How long after its end a cause still explains what it had brought about: sliding spans remember it for a while."""
SILENCE_NOTICE = timedelta(minutes=10)
"""How long before its end a silence that still mutes something is told."""
LASTING = (
    "first_scope", "first_told_at", "acknowledged_at", "acknowledged_by", "muted_until", "also", "label", "labelled_at",
    "labelled_by",
)  # fmt: skip
"""What an incident that comes back still has of what it was."""
WAKING = {NotifyReason.FIRING, NotifyReason.RELAPSED}
"""What calls whoever is on call; an escalation calls the next."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be told, what keeps silent and why, and what to remember."""

    notifications: tuple[Notification, ...]
    suppressed: tuple[Suppression, ...]
    memory: Memory


def decide(  # noqa: PLR0913 - all that a decision stands on
    alerts: Iterable[Alert],
    memory: Memory,
    rules: RuleSet,
    now: datetime,
    *,
    remind_every: timedelta = REMIND_EVERY,
    around: Circumstances = VerdictsAlone(),  # noqa: B008 - frozen
    zone: tzinfo = UTC,
    real: datetime | None = None,
) -> Decision:
    """Decide what to tell of the alerts as they stand at `now`, and whom to call, in messages that leave at `real`, or now.

    The hours of oncall.yaml are those of `zone`.

    An incident speaks when an alert fires, when more rules or shops join it, when it is a warning no more or again, when it has
    been silent for `remind_every` or nobody has acknowledged it in time, and when all of it is resolved; never twice the same.
    Silences and inhibitions mute alerts,
    not the end of what has been told.
    """
    scene = _look(alerts, memory, rules, now, around, Calling(rules.oncall, now.astimezone(zone), real or now))
    spoken = sum(one.told_at is not None and now - one.told_at < WINDOW / 2 for one in memory.incidents)
    notifications, incidents = [], []
    for incident in _assign(scene, memory.incidents, rules):
        notification, after = _speak(_refresh(incident, scene, rules), scene, remind_every)
        incidents.append(after)
        if notification:
            notifications.append(_with_context(notification, scene, rules))
    ending, muting = _ending(scene, rules, {each.id for each in memory.recurring})
    told = in_few([*notifications, *ending], max(MOST_MESSAGES - spoken, 1))
    once = {each.id for each in memory.silences}
    silences = tuple(each for each in muting if each.id in once)
    recurring = with_told(memory.recurring, muting, now)
    return Decision(told, tuple(scene.suppressed.values()), Memory(tuple(incidents), silences, scene.over, recurring))


@dataclass(frozen=True, slots=True)
class _Situation:
    """The alerts of one moment, by fingerprint."""

    now: datetime
    alerts: dict[str, Alert]
    firing: dict[str, Alert]
    suppressed: dict[str, Suppression]
    speaking: dict[str, Alert]
    """Firing and not suppressed."""
    silences: tuple[Silence, ...]
    """Those that hold."""
    over: tuple[Alert, ...]
    """Causes that have just ended."""
    around: Circumstances
    calling: Calling


def _look(  # noqa: PLR0913, PLR0917 - what decide is given
    alerts: Iterable[Alert],
    memory: Memory,
    rules: RuleSet,
    now: datetime,
    around: Circumstances,
    calling: Calling,
) -> _Situation:
    found = {alert.fingerprint: alert for alert in alerts}
    firing = {mark: alert for mark, alert in found.items() if alert.state is AlertState.FIRING}
    silences = memory.held(now)
    explaining = {rule for each in rules.inhibitions for rule in each.when}
    ended = {
        each.fingerprint: each for each in (*memory.over, *found.values()) if each.rule in explaining and _just_over(each, now)
    }
    suppressed = _suppress(firing.values(), [*firing.values(), *ended.values()], silences, rules, around)
    speaking = {mark: alert for mark, alert in firing.items() if mark not in suppressed}
    return _Situation(now, found, firing, suppressed, speaking, silences, tuple(ended.values()), around, calling)


def _suppress(
    alerts: Iterable[Alert], causes: Sequence[Alert], silences: tuple[Silence, ...], rules: RuleSet, around: Circumstances
) -> dict[str, Suppression]:
    """Say which alerts do not speak, by fingerprint, and why: the longest silence comes before what explains them."""
    suppressed = {}
    for alert in alerts:
        mark = alert.fingerprint
        muting = [each for each in silences if each.covers(alert.rule, alert.labels)] or _dragging(
            alert, silences, rules, around
        )
        if muting:
            silence = max(muting, key=lambda each: each.until)
            suppressed[mark] = Suppression(mark, Muted.SILENCED, silence.id, silence.until)
        elif sources := _sources(alert, causes, rules):
            suppressed[mark] = Suppression(mark, Muted.INHIBITED, sources[0])
    return suppressed


def silent(
    alerts: Sequence[Alert],
    memory: Memory,
    rules: RuleSet,
    now: datetime,
    around: Circumstances = VerdictsAlone(),  # noqa: B008 - frozen
) -> dict[str, Suppression]:
    """Say which alerts would not speak if it were decided now, and why: those too that are about to fire."""
    scene = _look(alerts, memory, rules, now, around, Calling(rules.oncall, now, now))
    causes = [*scene.firing.values(), *scene.over]
    waiting = [alert for alert in alerts if alert.state is AlertState.PENDING and alert.rule in rules.by_id]
    return scene.suppressed | _suppress(waiting, causes, scene.silences, rules, around)


def _dragging(alert: Alert, silences: Iterable[Silence], rules: RuleSet, around: Circumstances) -> list[Silence]:
    """Give the silences of single shops without which all shops together would be no warning: they hold for that as well."""
    held = [each for each in silences if each.rule in {EVERY, alert.rule} and rules.service.shop(each.labels) is not None]
    if alert.labels or not held or not rules.by_id[alert.rule].kind.reads.counters:
        return []
    rest = around.without(
        rules.by_id[alert.rule], {shop for each in held if (shop := rules.service.shop(each.labels)) is not None}
    )
    return [] if rest is None or rest.level is Level.WARNING else held


def _just_over(alert: Alert, now: datetime) -> bool:
    return alert.resolved_at is not None and now - alert.resolved_at < AFTERMATH


def _sources(alert: Alert, causes: Iterable[Alert], rules: RuleSet) -> list[str]:
    """Give the rules among these alerts that explain an alert; what began after a cause was over is not its doing."""
    return [
        one.rule
        for one in causes
        if any(each.explains(one.rule, alert.rule) for each in rules.inhibitions)
        and (one.resolved_at is None or alert.pending_at <= one.resolved_at)
    ]


@dataclass(slots=True)
class _Group:
    """Alerts of one cause: an open incident's, or those of one that is about to open."""

    procedure: str
    incident: Incident | None
    scope: Scope
    alerts: list[Alert]
    """Those that fire, or were the last to."""
    new: list[Alert] = field(default_factory=list)


def _assign(scene: _Situation, incidents: Iterable[Incident], rules: RuleSet) -> list[Incident]:
    """Give every alert that speaks an incident, and every incident that alerts join its scope."""
    kept = [_as_told(one) for one in incidents if one.closed_at is None or scene.now - one.closed_at < REOPEN_WITHIN]
    groups = [_group(one, scene) for one in kept if one.closed_at is None]
    members = {mark for one in kept if one.closed_at is None for mark in one.members}
    for alert in sorted(scene.speaking.values(), key=lambda alert: not alert.labels):  # single shops before all together
        if alert.fingerprint not in members:
            fitting = [(fit, group) for group in groups if (fit := _fit(alert, group, scene, rules))]
            if fitting:
                group = max(fitting, key=lambda each: each[0])[1]
            else:
                group = _Group(rules.by_id[alert.rule].procedure, None, _scope_of([alert], rules), [])
                groups.append(group)
            group.alerts.append(alert)
            group.new.append(alert)
    for group in groups:
        if group.new:
            others = {
                shop
                for each in groups
                if each is not group and each.procedure == group.procedure
                for shop in _shops(each, rules)
            }
            found = find_scope(group.alerts, scene.around, rules, others | _silenced(group, scene, rules))
            _take_in(group, found, kept, scene.now, rules)
    return kept


def _as_told(incident: Incident) -> Incident:
    """Give an incident with the scope that it was told with, which an older program has not written down."""
    if incident.told_at is None or incident.told_scope:
        return incident
    return replace(incident, told_scope=incident.scope, first_scope=incident.scope)


def _group(incident: Incident, scene: _Situation) -> _Group:
    firing = [scene.firing[mark] for mark in incident.members if mark in scene.firing]
    return _Group(incident.procedure, incident, incident.scope, firing or list(incident.alerts))


def _fit(alert: Alert, group: _Group, scene: _Situation, rules: RuleSet) -> int:
    """Say how well an alert fits to others; 0: not at all.

    All shops together fit to each of them, and another shop that begins to fail within minutes; if a rule tells shops apart,
    then only where it is in the same way, as far as that is known.
    """
    scope, rule, shop = group.scope, rules.by_id[alert.rule], rules.service.shop(alert.labels)
    if group.procedure != rule.procedure:
        return 0
    if alert.labels == scope.labels or (shop is not None and shop in _shops(group, rules)):
        return 3
    same = same_lead(alert, group.alerts[0], scene.around) if rule.kind.reads.by else None
    fits = not alert.labels or not scope.labels if shop is None else _fits_shop(alert, shop, group, rules)
    return 0 if same is False or not fits else 2 if same else 1


def _fits_shop(alert: Alert, shop: str, group: _Group, rules: RuleSet) -> bool:
    """Tell whether another shop's alert may be of the same cause as others."""
    if group.scope.labels and rules.service.shop(group.scope.labels) is None:
        return False  # something else than shops is told apart there
    kindred = bool(group.procedure) or any(other.rule == alert.rule for other in group.alerts)
    return kindred and (group.scope.everywhere or shop in group.scope.shops or soon_after(alert, group.alerts))


def _scope_of(alerts: Iterable[Alert], rules: RuleSet) -> Scope:
    """Give the scope of one shop's alert, or of all shops together, as long as no more is known."""
    (labels,) = [alert.labels for alert in alerts]
    shop = rules.service.shop(labels)
    return Scope(labels, () if shop is None else (shop,))


def _shops(group: _Group, rules: RuleSet) -> set[str]:
    """Give the shops that a group speaks of."""
    return {shop for alert in group.alerts if (shop := rules.service.shop(alert.labels)) is not None}


def _silenced(group: _Group, scene: _Situation, rules: RuleSet) -> set[str]:
    """Give the shops that people have muted for the rules of a group."""
    named = {EVERY} | {alert.rule for alert in group.alerts}
    return {shop for each in scene.silences if each.rule in named and (shop := rules.service.shop(each.labels)) is not None}


def _take_in(group: _Group, found: Scope, kept: list[Incident], now: datetime, rules: RuleSet) -> None:
    """Let new alerts join their incident, come back in one that was closed, or open another."""
    marks = tuple(alert.fingerprint for alert in group.new)
    if group.incident:
        joined = replace(group.incident, members=(*group.incident.members, *marks))
        kept[kept.index(group.incident)] = joined.at(joined.scope.with_more(found, rules.service.shop_label))
        return
    closed = next((one for one in reversed(kept) if one.closed_at and _came_back(one, group.procedure, found)), None)
    if closed:
        back = Incident(closed.id, closed.procedure, {}, now, marks, reopened=closed.reopened + 1, messages=closed.messages)
        told = {name: getattr(closed, name) for name in LASTING}
        kept[kept.index(closed)] = replace(back, **told).at(found)
    else:
        name = _incident_id(group, found, now, {one.id for one in kept})
        kept.append(Incident(name, group.procedure, {}, now, marks).at(found))


def _came_back(closed: Incident, procedure: str, scope: Scope) -> bool:
    if closed.procedure != procedure:
        return False
    return bool({*closed.shops} & {*scope.shops}) if closed.shops and scope.shops else closed.labels == scope.labels


def _incident_id(group: _Group, scope: Scope, now: datetime, taken: set[str]) -> str:
    """Name an incident by when it fired; what was mute for long may have fired together with one that is forgotten."""
    first = group.new[0]
    fired = max(first.firing_at or now, now - REOPEN_WITHIN)
    shop = "-".join(scope.labels.values()) or "all"
    clean = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in shop)[:40]
    name = f"{fired:%Y%m%d%H%M}-{group.procedure or first.rule}-{clean}"
    # Names that look the same without their letters must not be.
    return name if clean == shop and name not in taken else f"{name}-{first.fingerprint[:6]}"


def _refresh(incident: Incident, scene: _Situation, rules: RuleSet) -> Incident:
    """Bring the members up to date; one that is no more, or only pending again, is kept as it was last seen."""
    if incident.closed_at is not None:
        return incident
    last = {alert.fingerprint: alert for alert in incident.alerts}
    found = {mark: alert for mark, alert in scene.alerts.items() if alert.state is not AlertState.PENDING}
    alerts = tuple(found.get(mark) or replace(last[mark], state=AlertState.RESOLVED) for mark in incident.members)
    since = min(filter(None, (incident.since, *(alert.since for alert in alerts))))
    going_on = any(mark in scene.firing for mark in incident.members)
    severity = gravest(rules.by_id[alert.rule].severity for alert in alerts if alert.rule in rules.by_id)
    quiet_at = None if going_on else incident.quiet_at or scene.now
    return replace(incident, alerts=alerts, since=since, severity=severity, quiet_at=quiet_at)


def _speak(incident: Incident, scene: _Situation, remind_every: timedelta) -> tuple[Notification | None, Incident]:
    """Give what the incident has to say now, if anything, whom it calls, and the incident afterwards."""
    notification, after = _say(incident, scene, remind_every)
    if notification is None:
        return None, after
    after = after if incident.told_at else replace(after, called_at=scene.calling.real)
    wakes = notification.reason in WAKING or (notification.reason is NotifyReason.JOINED and is_graver(incident))
    return replace(notification, mention=scene.calling.mention(incident)) if wakes else notification, after


def _say(incident: Incident, scene: _Situation, remind_every: timedelta) -> tuple[Notification | None, Incident]:
    if incident.closed_at is not None:
        return None, incident
    warning = {mark: alert for mark in incident.members if (alert := scene.speaking.get(mark)) and not alert.eased_at}
    new = tuple(mark for mark in warning if mark not in incident.told)
    if scene.calling.holds(incident) and (new or incident.told_at or incident.held_at):
        return None, replace(incident, held_at=incident.held_at or scene.now)
    if incident.told_at is None and new:
        return _tell(incident, NotifyReason.FIRING, new, scene.now)
    if incident.quiet_at is not None:
        return _end(incident, incident.quiet_at, scene.now)
    lasting = any(not alert.normals for alert in warning.values())
    return _go_on(incident, new, scene, remind_every, lasting=lasting) if incident.told_at else (None, incident)


def _go_on(
    incident: Incident, new: tuple[str, ...], scene: _Situation, remind_every: timedelta, *, lasting: bool
) -> tuple[Notification | None, Incident]:
    """Give what there is to say of an incident that was told and is not over."""
    reason, incident = _news(incident, new, scene, lasting=lasting)
    if reason is None and lasting:
        if steps := scene.calling.due(incident):
            return _escalate(incident, steps, scene.now)
        if not incident.acknowledged_at and scene.now - (incident.told_at or scene.now) >= remind_every:
            reason = NotifyReason.REMINDER
    return _tell(incident, reason, new, scene.now) if reason else (None, incident)


def _escalate(incident: Incident, steps: tuple[Escalation, ...], now: datetime) -> tuple[Notification, Incident]:
    """Call whom these steps name, in one message, and let their channels have what follows."""
    also = tuple(dict.fromkeys((*incident.also, *(name for step in steps for name in step.channels))))
    taken = replace(incident, escalated=incident.escalated + len(steps), escalated_at=now, also=also)
    notification, taken = _tell(taken, NotifyReason.ESCALATED, (), now)
    mention = tuple(dict.fromkeys(name for step in steps for name in step.mention))
    return replace(notification, mention=mention, unanswered_since=unanswered_since(incident)), taken


def _end(incident: Incident, quiet_at: datetime, now: datetime) -> tuple[Notification | None, Incident]:
    """Close an incident of which nothing fires, once it has been so for long enough.

    One that nobody heard of says nothing, unless quiet hours have held it.
    """
    heard = incident.told_at or incident.held_at
    if not heard or (incident.told_at and now - quiet_at < (SETTLE if incident.reopened else timedelta())):
        return None, replace(incident, closed_at=None if heard else now)
    notification, incident = _tell(incident, NotifyReason.RESOLVED, (), now)
    return replace(notification, resolved_at=quiet_at), replace(incident, closed_at=now)


def _news(
    incident: Incident, new: tuple[str, ...], scene: _Situation, *, lasting: bool
) -> tuple[NotifyReason | None, Incident]:
    """Give what has changed since the last message, and the incident as it is once that is told.

    More rules or shops are told every ten minutes at the most; what is nothing new to anybody counts as told.
    """
    now = scene.now
    named = {alert.fingerprint: alert.rule for alert in incident.alerts}
    more = {named[mark] for mark in new} - {named[mark] for mark in incident.told if mark in named}
    wider = incident.told_scope is not None and incident.scope.wider_than(incident.told_scope)
    if not more and not wider:
        incident = replace(incident, told=(*incident.told, *new))
    elif lasting and (incident.widened_at is None or now - incident.widened_at >= WIDEN_EVERY):
        return NotifyReason.JOINED if more else NotifyReason.WIDER, replace(incident, widened_at=now, eased_at=None)
    if incident.eased_at and lasting:
        return NotifyReason.RELAPSED, replace(incident, eased_at=None, relapses=incident.relapses + 1)
    if _eased(incident, scene):
        return NotifyReason.EASED, replace(incident, eased_at=now)
    return None, incident


def _eased(incident: Incident, scene: _Situation) -> bool:
    """Tell whether it is to be told that nothing of an incident is a warning any more."""
    firing = [scene.firing[mark] for mark in incident.members if mark in scene.firing]
    speaks = any(alert.fingerprint in scene.speaking for alert in firing)
    since = [alert.eased_at for alert in firing if alert.eased_at]
    if incident.eased_at or not speaks or len(since) < len(firing):
        return False
    return not incident.relapses or scene.now - max(since) >= SETTLE


def next_notification(incident: Incident, reason: NotifyReason, new: tuple[str, ...], now: datetime) -> Notification:
    """Give the next message of an incident, as it stands."""
    return Notification(
        id=f"{incident.id}.{incident.messages + 1}",
        incident=incident.id,
        reason=reason,
        at=now,
        procedure=incident.procedure,
        labels=incident.labels,
        since=incident.since or incident.opened_at,
        alerts=in_order(incident, new, reason),
        new=new,
        again=incident.reopened,
        shops=incident.shops,
        partial=incident.partial,
        first_scope=incident.first_scope,
        severity=incident.severity,
        acknowledged_by=incident.acknowledged_by,
        acknowledged_at=incident.acknowledged_at,
        label=incident.label,
        labelled_by=incident.labelled_by,
        also=incident.also,
        unheard=incident.told_at is None,
    )


def _tell(incident: Incident, reason: NotifyReason, new: tuple[str, ...], now: datetime) -> tuple[Notification, Incident]:
    return next_notification(incident, reason, new, now), replace(
        incident, told=tuple(dict.fromkeys((*incident.told, *new))), told_at=now, messages=incident.messages + 1,
        told_scope=incident.scope,
        first_scope=incident.first_scope or incident.scope, first_told_at=incident.first_told_at or now,
        told_severity=incident.severity,
    )  # fmt: skip


def in_order(incident: Incident, new: tuple[str, ...], reason: NotifyReason) -> tuple[Alert, ...]:
    """Give the alerts of an incident as a message has them; the first is its headline."""
    return tuple(sorted(incident.alerts, key=lambda alert: _place(alert, incident, new, reason)))


def _place(alert: Alert, incident: Incident, new: tuple[str, ...], reason: NotifyReason) -> tuple[bool, ...]:
    """Say what comes first in a message: what it is for, what goes on, what is of the incident's own scope."""
    joined = reason is NotifyReason.JOINED and alert.fingerprint in new
    calm = bool(alert.normals or alert.eased_at)
    return (not joined, alert.state is AlertState.RESOLVED, calm, alert.labels != incident.labels, alert.fingerprint not in new)


def in_few(told: Sequence[Notification], most: int = MOST_MESSAGES) -> tuple[Notification, ...]:
    """Give no more messages than people can read.

    What was over before anybody had heard of it, since quiet hours held it or no run came, is one message. What is beyond
    `most` is named in the last one, what fires anew sooner.
    """
    over = tuple(each for each in told if each.reason is NotifyReason.RESOLVED and each.unheard)
    if len(over) > 1:
        told = [*(each for each in told if each not in over), _summary(over)]
    if len(told) <= most:
        return tuple(told)
    ranked = sorted(told, key=lambda each: (each.reason is not NotifyReason.FIRING, each.reason is NotifyReason.RESOLVED))
    return (*ranked[: most - 1], _summary(tuple(part for each in ranked[most - 1 :] for part in each.parts)))


def _summary(rest: tuple[Notification, ...]) -> Notification:
    """Give the one message that stands for these."""
    alerts = {alert.fingerprint: alert for each in rest for alert in each.alerts}
    name = f"summed-{rest[0].id}"
    return Notification(
        id=f"{name}.1",
        incident=name,
        reason=NotifyReason.SUMMED,
        at=max(each.at for each in rest),
        procedure="",
        labels={},
        since=min(each.since for each in rest),
        alerts=tuple(alerts.values()),
        new=(),
        summed=rest,
        severity=gravest(each.severity for each in rest),
        mention=tuple(dict.fromkeys(name for each in rest for name in each.mention)),
        also=tuple(dict.fromkeys(name for each in rest for name in each.also)),
    )


def _with_context(notification: Notification, scene: _Situation, rules: RuleSet) -> Notification:
    """Name what the incident explains, and what does not explain it."""
    own = {alert.rule for alert in notification.alerts}
    explained = [
        scene.firing[each.fingerprint]
        for each in scene.suppressed.values()
        if each.why is Muted.INHIBITED and own & set(_sources(scene.firing[each.fingerprint], notification.alerts, rules))
    ]
    others = {alert.rule for alert in scene.firing.values()} - own
    unexpected = [rule for each in rules.inhibitions if own & set(each.not_expected) for rule in each.when if rule in others]
    return replace(notification, inhibited=tuple(explained), unexpected_with=tuple(dict.fromkeys(unexpected)))


def _is_muted_by(silence: Silence, suppression: Suppression | None) -> bool:
    """Tell whether it is this silence that keeps an alert quiet longest: the end of another changes nothing."""
    return suppression is not None and suppression.why is Muted.SILENCED and suppression.by == silence.id


def _ending(scene: _Situation, rules: RuleSet, recurring: set[str]) -> tuple[list[Notification], tuple[Silence, ...]]:
    """Tell of silences that end soon while what they mute still fires; of recurring ones, each time."""
    told, after = [], []
    for silence in scene.silences:
        muted = tuple(alert for mark, alert in scene.firing.items() if _is_muted_by(silence, scene.suppressed.get(mark)))
        due = bool(muted) and not silence.told and silence.until - scene.now <= SILENCE_NOTICE
        after.append(replace(silence, told=silence.told or due))
        if due:
            name = f"silence-{silence.id}" + (f"-{silence.until:%Y%m%d%H%M}" if silence.id in recurring else "")
            told.append(
                Notification(
                    id=f"{name}.1",
                    incident=name,
                    reason=NotifyReason.SILENCE_ENDING,
                    at=scene.now,
                    procedure=rules.by_id[muted[0].rule].procedure,
                    labels=muted[0].labels,
                    since=min(alert.since for alert in muted),
                    alerts=muted,
                    new=(),
                    silence=silence,
                    severity=Severity.INFO,
                )
            )
    return told, tuple(after)
