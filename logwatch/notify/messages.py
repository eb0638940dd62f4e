"""A notification in words: what every channel shows, in people's language and time zone."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from logwatch.collect.parse import LATE_MINUTES, REFUSED_MINUTES, STOPPED_MINUTES, UNHEARD_MINUTES
from logwatch.judge.alerts import Alert, AlertState, is_worse
from logwatch.judge.kinds.count import Count
from logwatch.judge.rules.model import Severity
from logwatch.judge.verdicts import Level
from logwatch.notify.answer_text import answer_notes, said_lines
from logwatch.notify.diagnosis.findings import FactKind
from logwatch.notify.diagnosis.impact_text import changed_lines, impact_line
from logwatch.notify.diagnosis.step_text import StepLine, besides_lines, ended_lines, step_lines
from logwatch.notify.digest_text import digest_headline, digest_lines, weeks_headline, weeks_lines
from logwatch.notify.incidents import Notification, NotifyReason
from logwatch.seams import Seams
from logwatch.spans import WINDOW, Span, rfc3339
from logwatch.ui.format import (
    format_chance,
    format_count,
    format_figure,
    format_normal,
    format_short,
    format_span,
    format_value,
    format_warning,
    format_worst,
    shop_name,
)
from logwatch.ui.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from logwatch.collect.parse import LogShape
    from logwatch.judge.rules.model import Rule, RuleSet
    from logwatch.judge.verdicts import Verdict
    from logwatch.languages.keys import Key
    from logwatch.notify.diagnosis.findings import Chart
    from logwatch.notify.digest import Digest
    from logwatch.ranges import Range
    from logwatch.ui.format import Audience

BEFORE = timedelta(minutes=5)
"""How long before its first window at warning the links of an incident begin."""
DRAWN = timedelta(hours=1)
"""How much of a figure's course its link shows at least."""
LATE = timedelta(minutes=5)
"""A message that comes later than this says so."""

OWN_NOTES: dict[str, Key] = {
    STOPPED_MINUTES: "note_stopped",
    UNHEARD_MINUTES: "note_unheard",
    REFUSED_MINUTES: "note_refused",
    LATE_MINUTES: "note_late",
}
"""What a rule of logwatch's own says besides its figure, by what it reads."""
MOST_GONE = 8
"""Counters that a message names."""

ICONS = {
    NotifyReason.FIRING: "🔴",
    NotifyReason.JOINED: "🟠",
    NotifyReason.WIDER: "🟠",
    NotifyReason.EASED: "🟡",
    NotifyReason.RELAPSED: "🔴",
    NotifyReason.REMINDER: "🔁",
    NotifyReason.RESOLVED: "✅",
    NotifyReason.ESCALATED: "🆘",
    NotifyReason.ANSWERED: "👀",
    NotifyReason.SILENCE_ENDING: "🔔",
    NotifyReason.SUMMED: "🗂️",
    NotifyReason.DIGEST: "🗓️",
    NotifyReason.TEST: "🧪",
}
GRAVE = {Severity.PAGE: "🚨", Severity.INFO: "🔵"}
"""In place of a reason's own icon, where there is trouble and it is more, or less, than a warning."""
TROUBLE = {NotifyReason.FIRING, NotifyReason.JOINED, NotifyReason.WIDER, NotifyReason.RELAPSED}
GOES_ON = TROUBLE | {NotifyReason.REMINDER, NotifyReason.ESCALATED}


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert of a message. Texts are not escaped; those from logs hold nothing that moves a cursor."""

    rule: str
    summary: str
    shop: str
    """Empty: all shops together."""
    state: AlertState
    level: Level
    mark: str
    """A sign for how it stands: a warning, calmer than that, over."""
    is_new: bool
    """Whether no earlier message named it."""
    value: str
    """`31.8% (34/107, 5분)`."""
    bound: str
    """`<70%`: what the value violates."""
    normal: str
    since: str
    """Time of day."""
    peak: str
    """`최저 15.7% (15:26까지 5분)`: the worst value so far, and when."""
    was_worse: bool
    """Whether the worst value so far is worse than the one shown."""
    remark: str
    """That nothing has been known since a time, when it was resolved, or that its rule is gone; else empty."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where to look further."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class MessageChart:
    """The figure that the headline names, over the last hour, and the ranges it is held against."""

    chart: Chart
    normal: Range
    warning: Range
    fires_from: datetime | None
    """End of the first window of the period in which it fires or fired; None where it never did."""
    fires_until: datetime
    title: str
    """What it shows, and of which shop."""
    alt: str
    """The same, with the bound and the time, for who cannot see it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, ready to be laid out."""

    notification: Notification
    audience: Audience
    icon: str
    headline: str
    """Level, what, which shops, value against bound, since when: all that a lock screen shows."""
    topic: str
    """What it is about: the same in every message of the incident, so that mail threads hold together."""
    alerts: tuple[AlertLine, ...]
    procedure: str
    """`런북 4.2 Payment 실패 증가`; empty where the runbook has none."""
    steps: tuple[StepLine, ...]
    besides: tuple[str, ...]
    """What was found for the procedure as a whole: slow routes, counters that no step is about."""
    notes: tuple[str, ...]
    links: tuple[Link, ...]
    course: MessageChart | None
    """What to draw; None where there is nothing."""
    impact: str = ""
    """How bad it is in people's terms; empty where nobody could count it."""
    proof: str = ""
    """Whether it is real: what was counted, against which bound, and how rarely chance does that; empty where it is over."""
    changed: str = ""
    """What changed as it began."""
    searches: tuple[Link, ...] = ()
    """The log lines that the procedure's steps name."""
    commands: tuple[str, ...] = ()
    """Ready to be typed: what takes a revision back that is the cause, the arithmetic behind it, how to mute it."""
    seams: Seams = field(default_factory=Seams, compare=False, repr=False)
    """Where a layout tells what of it broke, and could be left out."""

    def say(self, key: Key, **values: object) -> str:
        """Give a text in the reader's language."""
        return self.audience.say(key, **values)

    @property
    def subject(self) -> str:
        """What a mail is called: how things stand in brackets, which mail programs leave out as they compare subjects."""
        return f"[{_tag(self.notification, self.audience)}] {self.topic}"

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do."""
        return self.notification.reason in {NotifyReason.RESOLVED, NotifyReason.TEST}

    @property
    def tone(self) -> str:
        """What it looks like: over, calmer than before, or its severity."""
        if self.over:
            return "over"
        return "calm" if self.notification.reason is NotifyReason.EASED else self.notification.severity

    @property
    def begin(self) -> StepLine | None:
        """The step to take; None where none is, or nothing is left to do."""
        return None if self.over else next((step for step in self.steps if step.here), None)


@dataclass(frozen=True, slots=True)
class LinkTargets:
    """Where the links of a message lead; empty texts leave a link out."""

    project: str = ""
    runbook_url: str = ""
    region: str = ""
    """Where the service runs; empty: as rules/service.yaml says."""
    metrics: Callable[[Rule, Mapping[str, str], Span], str] | None = None
    """Gives the address at which a rule's figure of a shop, or of all, is drawn over a span."""


def build_message(notification: Notification, rules: RuleSet, audience: Audience, place: LinkTargets) -> Message:
    """Say a notification in words."""
    procedure = rules.procedure(notification.procedure, audience.lang)
    named = [rules.by_id.get(alert.rule) for alert in notification.alerts]
    marked = next((rule.step for rule in named if rule and rule.step and rule.procedure == notification.procedure), None)
    if notification.summed:
        return _build_summary(notification, rules, audience)
    if notification.reason is NotifyReason.ANSWERED:
        return _build_answer(notification, rules, audience)
    if notification.digest:
        return _build_digest(notification, notification.digest, rules, audience)
    changed = changed_lines(notification, rules, audience, project=place.project, region=place.region)
    logs, searches = _links(notification, rules, audience, place)
    return Message(
        notification=notification,
        audience=audience,
        icon=_icon(notification),
        headline=_headline(notification, rules, audience),
        topic=_topic(notification, rules, audience),
        impact=impact_line(notification, rules, audience),
        proof=_proof(notification, rules, audience),
        changed=changed[0] if changed else "",
        alerts=tuple(_line(alert, notification, rules, audience) for alert in notification.alerts),
        procedure=audience.say("of_runbook", name=procedure.name) if procedure else "",
        steps=step_lines(procedure, notification.walked, marked, rules, audience) if procedure else (),
        besides=besides_lines(notification.walked, rules, notification.procedure, audience),
        notes=tuple(_notes(notification, rules, audience)),
        links=tuple(logs),
        searches=tuple(searches),
        commands=(*changed[1:], *_commands(notification, rules, audience)),
        course=_course(notification, rules, audience),
    )


def _build_summary(notification: Notification, rules: RuleSet, audience: Audience) -> Message:
    """Say in one message what several would have said: the headline of each."""
    heads = [
        f"{_icon(each)} {_headline(each, rules, audience)}"
        + ("" if each.reason is NotifyReason.RESOLVED else f" · {_figure(each, rules, audience)}")
        for each in notification.summed
    ]
    over = all(each.reason is NotifyReason.RESOLVED and each.unheard for each in notification.summed)
    head = audience.named(audience.say("summed_over" if over else "summed", count=len(heads)))
    notes = heads if over else [*heads, audience.say("summed_note")]
    return _short(notification, audience, head, topic=head, notes=tuple(notes))


def _build_answer(notification: Notification, rules: RuleSet, audience: Audience) -> Message:
    """Say who has answered, and of which incident: all else stands in the messages before."""
    what = audience.named(f"{_summary(notification.alerts[0], rules, audience)} · {notification.scope.name(audience)}")
    said = " · ".join(said_lines(notification, audience))
    return _short(notification, audience, f"{said} · {what}", topic=_topic(notification, rules, audience))


def _build_digest(notification: Notification, digest: Digest, rules: RuleSet, audience: Audience) -> Message:
    """Say how a week went, for one target or for several."""
    weeks = notification.weeks
    head = weeks_headline(digest, weeks, audience) if weeks else audience.named(digest_headline(digest, audience))
    lines = weeks_lines(weeks, rules, audience) if weeks else digest_lines(digest, rules, audience)
    return _short(notification, audience, head, topic=head, notes=tuple(lines))


def build_plain_message(notification: Notification, rules: RuleSet, audience: Audience, why: str) -> Message:
    """Say of a notification what nobody can do without: rules, shop, figures, since when, the step; and why no more."""
    named = [rules.by_id.get(alert.rule) for alert in notification.alerts]
    step = next((rule.step for rule in named if rule and rule.procedure == notification.procedure), None)
    walked = notification.walked.step if notification.walked else None
    begin = " ▶ ".join(str(each) for each in (notification.procedure, walked or step) if each)
    lines = [
        f"{_summary(alert, rules, audience)} · {audience.shop(alert.labels)[:60]} · {_value(alert.latest, rule, audience)}"
        f" · {audience.say(alert.state.key)} · {audience.clock(alert.since, notification.at)}"
        for alert, rule in zip(notification.alerts, named, strict=True)
    ]
    first = audience.named(lines[0] if lines else audience.incident(notification.incident))
    topic = audience.named(audience.incident(notification.incident))
    notes = (*lines[1:], audience.say("plain_note", why=printable(why)))
    return _short(notification, audience, f"{first} · {begin}" if begin else first, topic=topic, notes=notes)


def build_test_message(audience: Audience, now: datetime) -> Message:
    """Give a message that says that it is a test, and of nothing else."""
    name = f"test-{now:%Y%m%dT%H%M%SZ}"
    told = Notification(f"{name}.1", name, NotifyReason.TEST, now, "", {}, now, (), ())
    topic, note = audience.named(audience.say("test_subject")), audience.say("test_note", service=audience.service)
    return replace(_short(told, audience, "", topic=topic, notes=(note,)), headline=audience.say("test_headline"))


def _short(notification: Notification, audience: Audience, head: str, *, topic: str, notes: tuple[str, ...] = ()) -> Message:
    """Give a message that is a headline and notes, and shows neither steps nor a picture."""
    return Message(
        notification=notification,
        audience=audience,
        icon=_icon(notification),
        headline=f"[{_tag(notification, audience)}] {head}",
        topic=topic,
        alerts=(),
        procedure="",
        steps=(),
        besides=(),
        notes=notes,
        links=(),
        course=None,
    )


def _summary(alert: Alert, rules: RuleSet, audience: Audience) -> str:
    rule = rules.by_id.get(alert.rule)
    return rule.summary[audience.lang] if rule else alert.rule


def _topic(notification: Notification, rules: RuleSet, audience: Audience) -> str:
    """Say what the whole incident is about, as its first message did."""
    procedure = rules.procedure(notification.procedure, audience.lang)
    about = audience.say("of_runbook", name=procedure.name) if procedure else _summary(notification.alerts[0], rules, audience)
    return audience.named(f"{about} · {(notification.first_scope or notification.scope).name(audience)}")


def _tag(notification: Notification, audience: Audience) -> str:
    """Say how things stand, in a word or two: a warning, or what becomes of one, and how grave that is."""
    reason, severity = audience.say(notification.reason.key), audience.say(notification.severity.key).upper()
    if notification.reason is NotifyReason.FIRING:
        return severity
    return f"{severity} · {reason}" if notification.reason in GOES_ON and notification.severity in GRAVE else reason


def _icon(notification: Notification) -> str:
    icon = ICONS[notification.reason]
    return GRAVE.get(notification.severity, icon) if notification.reason in TROUBLE else icon


def _headline(notification: Notification, rules: RuleSet, audience: Audience) -> str:
    """Say what the most important alert is, where the incident is, and since when; the other rules are counted."""
    first = notification.alerts[0]
    parts = [f"[{_tag(notification, audience)}] {audience.named(_summary(first, rules, audience))}"]
    parts += [notification.scope.name(audience)] if notification.labels or notification.shops else []
    if notification.reason is NotifyReason.RESOLVED:
        ends = [alert.resolved_at for alert in notification.alerts if alert.resolved_at]
        lasted = max(ends, default=notification.resolved_at or notification.at) - notification.since
        parts.append(audience.say("lasted", span=format_span(lasted, audience)))
        parts.append(_figure(notification, rules, audience))
    else:
        parts.append(audience.say("since", at=audience.clock(notification.since, notification.at)))
    more = len({alert.rule for alert in notification.alerts} - {first.rule})
    parts += [audience.say("and_more", count=more)] if more else []
    return " · ".join(parts)


def _figure(notification: Notification, rules: RuleSet, audience: Audience) -> str:
    """Give the figure of its first alert in short: the worst one where it is over."""
    first = notification.alerts[0]
    apart, rule = _apart(first, notification, audience), rules.by_id.get(first.rule)
    if notification.reason is not NotifyReason.RESOLVED:
        return apart + _value(first.latest, rule, audience)
    return audience.say(worst_key(rule), value=apart + _value(first.peak, rule, audience))


def _apart(alert: Alert, notification: Notification, audience: Audience) -> str:
    """Name what an alert's figures are about, where that is not the one shop of its incident."""
    return "" if alert.labels == notification.labels else f"{audience.shop(alert.labels)[:60]} "


def worst_key(rule: Rule | None) -> Key:
    """Say whether the worst is the lowest or the highest; of a rule that is gone nobody knows."""
    return "worst_was" if rule is None else "lowest_was" if rule.warning.falls else "highest_was"


def _proof(notification: Notification, rules: RuleSet, audience: Audience) -> str:
    """Say of its first alert whether it is real: the figure and what it was counted from, the bound, what chance may do."""
    first = notification.alerts[0]
    rule = rules.by_id.get(first.rule)
    if rule is None or notification.reason is NotifyReason.RESOLVED:
        return ""
    calm, fresh = notification.reason is NotifyReason.EASED, notification.reason is NotifyReason.FIRING
    latest = _over_one_stretch(first, notification)
    known = latest.value is not None
    bound = audience.say("against_normal", bound=format_normal(rule, audience)) if calm else ""
    parts = [
        _apart(first, notification, audience) + _measured(latest, rule, audience),
        bound or audience.say("against", bound=format_warning(rule, audience)) if known else "",
        "" if calm or fresh or not is_worse(first.peak, latest, rule) else _peak(first, rule, notification, audience),
        "" if calm or latest.level is not Level.WARNING else format_chance(latest, rule, first.warnings, audience),
    ]
    return " · ".join(filter(None, parts))


def _measured(verdict: Verdict, rule: Rule, audience: Audience) -> str:
    """Write what is judged with all that it was counted from; a bare count with the minute that it is of."""
    figure = format_figure(verdict, rule, audience)
    counted = isinstance(rule.kind, Count) and verdict.value is not None
    return audience.say("in_a_minute", count=figure) if counted else figure


def _peak(alert: Alert, rule: Rule | None, notification: Notification, audience: Audience) -> str:
    """Say how bad it was at its worst, and when."""
    at = audience.clock(alert.peak.window_end, notification.at)
    return audience.say(worst_key(rule), value=format_worst(alert.peak, rule, at, audience))


def _recovering(alert: Alert, rule: Rule | None, audience: Audience) -> str:
    """Say of an alert that is back to normal and not over yet when it will be; empty where it is not."""
    if rule is None or alert.state is not AlertState.FIRING or not alert.normals:
        return ""
    left = rule.keep_firing_for // WINDOW + 1 - alert.normals
    return audience.say("recovering", span=audience.say("span_m", count=max(left, 1)))


def _value(verdict: Verdict, rule: Rule | None, audience: Audience) -> str:
    return format_short(verdict, rule, audience)


def _line(alert: Alert, notification: Notification, rules: RuleSet, audience: Audience) -> AlertLine:
    rule = rules.by_id.get(alert.rule)
    latest = _over_one_stretch(alert, notification)
    remark = "" if rule else audience.say("rule_gone")
    if alert.state is AlertState.RESOLVED and alert.resolved_at:
        remark = audience.say("resolved_at", at=audience.clock(alert.resolved_at, notification.at))
    elif recovering := _recovering(alert, rule, audience):
        remark = recovering
    elif alert.eased_at:
        remark = audience.say("eased_at", at=audience.clock(alert.eased_at, notification.at))
    elif alert.unknown_since:
        remark = audience.say("unknown_since", at=audience.clock(alert.unknown_since, notification.at))
    return AlertLine(
        rule=alert.rule,
        summary=_summary(alert, rules, audience),
        shop=shop_name(alert.labels)[:60],
        state=alert.state,
        level=latest.level,
        mark="✅" if alert.state is AlertState.RESOLVED else "🟡" if alert.normals or alert.eased_at else "🔴",
        is_new=alert.fingerprint in notification.new,
        value=_measured(latest, rule, audience) if rule else _value(latest, rule, audience),
        bound=format_warning(rule, audience) if rule else "",
        normal=format_normal(rule, audience) if rule else "",
        since=audience.clock(alert.since, notification.at),
        peak=_peak(alert, rule, notification, audience),
        was_worse=rule is not None and is_worse(alert.peak, latest, rule),
        remark=remark,
    )


def _over_one_stretch(alert: Alert, notification: Notification) -> Verdict:
    """Give an alert's last verdict, counted over the stretch that its message is about where it could be."""
    figures = notification.walked.figures if notification.walked else ()
    found = next((each for each in figures if (each.name, each.labels) == (alert.rule, alert.labels)), None)
    if found is None or found.value is None:
        return alert.latest
    counted = replace(alert.latest, numerator=found.value, denominator=found.of, span=found.minutes * WINDOW)
    return replace(counted, value=found.p95 if found.kind is FactKind.SLOW else counted.events[0])


def _notes(notification: Notification, rules: RuleSet, audience: Audience) -> list[str]:
    notes = answer_notes(notification, audience)
    if rules.silence and rules.silence.rule in notification.rules and notification.reason is not NotifyReason.RESOLVED:
        notes.append(rules.service.log.silent[audience.lang].format(service=audience.service))
    if notification.late:
        ended = notification.late.latest.window_end
        notes.append(
            audience.say(
                "told_late",
                at=audience.clock(ended, notification.at),
                span=format_span(notification.at - ended, audience),
            )
        )
    if notification.reason is not NotifyReason.RESOLVED:
        notes += _own_notes(notification, rules, audience)
    notes += [*_explained(notification, rules, audience), *_not_explained(notification, rules, audience)]
    gone = dict.fromkeys(alert.rule for alert in notification.alerts if alert.rule not in rules.by_id)
    notes += [audience.say("ended_unjudged", rule=rule) for rule in gone]
    if notification.reason is NotifyReason.RESOLVED and not gone:
        notes += ended_lines(notification.walked, rules, audience)
    if notification.reason is NotifyReason.EASED:
        notes.append(audience.say("eased_note"))
    if notification.again:
        notes.append(audience.say("again", count=notification.again))
    if notification.silence:
        silence = notification.silence
        notes.append(
            audience.say(
                "silence_ends", at=audience.clock(silence.until), by=printable(silence.by), reason=printable(silence.reason)
            )
        )
    return notes


def _own_notes(notification: Notification, rules: RuleSet, audience: Audience) -> list[str]:
    """Say of a rule of logwatch's own what it means, and what to look at."""
    read = {gauge for rule in notification.rules if rule in rules.by_id for gauge in rules.by_id[rule].kind.reads.gauges}
    notes = [audience.say(note, service=audience.service) for gauge, note in OWN_NOTES.items() if gauge in read]
    notes += [_beside(alert.latest, audience) for alert in notification.alerts if alert.latest.beside]
    told = (rules.by_id.get(rule) for rule in notification.rules)
    notes += [rule.note[audience.lang].format(service=audience.service) for rule in told if rule and rule.note]
    gone = [
        audience.say("vanished_pair", old=printable(old), new=printable(new))
        if new
        else audience.say("vanished_unread", old=printable(old))
        for old, new in sorted(notification.vanished.items())
    ]
    more = audience.say("and_more", count=len(gone) - MOST_GONE)
    keys = ", ".join([*gone[:MOST_GONE], *([more] if len(gone) > MOST_GONE else [])])
    return [*notes, *([audience.say("note_vanished", keys=keys)] if gone else [])]


def _beside(verdict: Verdict, audience: Audience) -> str:
    """Say how one revision stands to those beside it: `00413 36% (4/11, 5 min), since 10:31; 00412 4% (1/25, 5 min)`."""
    found = verdict.beside
    if found is None or not (verdict.denominator and found.denominator):
        return ""
    name = {each: printable(each.removeprefix(f"{audience.service}-"))[:60] for each in (found.revision, *found.others)}
    sides = ((verdict.numerator or 0, verdict.denominator), (found.numerator, found.denominator))
    span = format_span(verdict.span, audience)
    one, other = (
        f"{format_value(failed / events, '%')} ({format_count(failed)}/{format_count(events)}, {span})"
        for failed, events in sides
    )
    since = audience.say("revision_since", at=audience.clock(found.since, verdict.window_end)) if found.since else ""
    others = ", ".join(name[each] for each in found.others[:3])
    return audience.say("note_revision", revision=name[found.revision], share=one, since=since, others=others, beside=other)


def _explained(notification: Notification, rules: RuleSet, audience: Audience) -> list[str]:
    """Name what the incident explains, in the words of the inhibition that says so."""
    names: dict[str, list[str]] = {}
    for alert in notification.inhibited:
        found = (each for each in rules.inhibitions if any(each.explains(cause, alert.rule) for cause in notification.rules))
        inhibition = next(found, None)  # none where the rules have changed since it was decided
        because = inhibition.because[audience.lang] if inhibition else audience.say("explained_by_another")
        names.setdefault(because, []).append(_summary(alert, rules, audience))
    return [f"{because}: {', '.join(dict.fromkeys(explained))}" for because, explained in names.items()]


def _not_explained(notification: Notification, rules: RuleSet, audience: Audience) -> list[str]:
    """Say of what fires together with the incident that it does not explain it, in the inhibition's words where it has any."""
    sources: dict[str | None, list[str]] = {}
    for source in notification.unexpected_with:
        apart = (each for each in rules.inhibitions if source in each.when and {*notification.rules} & {*each.not_expected})
        words = next((each.not_because[audience.lang] for each in apart if each.not_because), None)
        sources.setdefault(words, []).append(source)
    named = [(words, ", ".join(each)) for words, each in sources.items()]
    return [words.replace("{rules}", each) if words else audience.say("not_explained", rules=each) for words, each in named]


def add_delivery_notes(message: Message, *, instead_of: str, now: datetime) -> Message:
    """Add that a message comes in the place of a channel that does not take it, and that it comes late."""
    at, audience = message.notification.at, message.audience
    notes = [audience.say("instead_of", channel=instead_of)] if instead_of else []
    if now - at > LATE:
        notes.append(audience.say("delivered_late", at=audience.clock(at), span=format_span(now - at, audience)))
    return replace(message, notes=(*message.notes, *notes))


def _course(notification: Notification, rules: RuleSet, audience: Audience) -> MessageChart | None:
    chart = notification.walked.chart if notification.walked else None
    rule = rules.by_id.get(chart.rule) if chart else None
    if chart is None or rule is None or all(value is None for value in chart.values):
        return None
    first = notification.alerts[0]
    title = f"{rule.summary[audience.lang]} · {audience.shop(chart.labels)[:60]}"
    alt = f"{title} · {audience.say('course_alt', bound=format_warning(rule, audience))}"
    return MessageChart(chart, *rule.drawn, first.firing_at, first.resolved_at or first.latest.window_end, title, alt)


def _links(notification: Notification, rules: RuleSet, audience: Audience, place: LinkTargets) -> tuple[list[Link], list[Link]]:
    """Give where to look further: the lines that were judged, the figure, the runbook; then the lines that steps name."""
    links, searches = [], []
    first = notification.alerts[0]
    rule, span = rules.by_id.get(first.rule), Span(notification.since - BEFORE, notification.at)
    if place.project:
        url = logs_url(place.project, audience.service, *span, _marked(rules.service.log.shape))
        links.append(Link(audience.say("link_logs"), url))
        plan = rules.walk(notification.procedure)
        going_on = notification.reason is not NotifyReason.RESOLVED
        texts = list(dict.fromkeys(look.lines for look in plan.steps if look.lines)) if plan and going_on else []
        searched = [text for text in texts if not any(other in text for other in texts if other != text)]
        searches = [
            Link(audience.say("link_search", text=text), logs_url(place.project, audience.service, *span, f'"{text}"'))
            for text in searched
        ]
    if place.metrics and rule:
        drawn = Span(min(span.start, notification.at - DRAWN), notification.at)
        links.append(Link(audience.say("link_metrics"), place.metrics(rule, first.labels, drawn)))
    if place.runbook_url:
        links.append(Link(audience.say("link_runbook"), place.runbook_url))
    return links, searches


def _commands(notification: Notification, rules: RuleSet, audience: Audience) -> tuple[str, ...]:
    """Give what a person may want to type next; none for a shop whose name a terminal or a chat would show as another."""
    first = notification.alerts[0]
    shops = list(notification.labels.values())
    if notification.reason is NotifyReason.RESOLVED or first.rule not in rules.by_id or not all(map(_PLAIN.fullmatch, shops)):
        return ()
    about = [f"--shop={shops[0]}"] if shops else []
    about += [f"--target={audience.target}"] if audience.target else []
    reason = audience.say("silence_reason")
    return (
        shlex.join(["logwatch", "explain", first.rule, *about]),
        shlex.join(["logwatch", "silence", "add", "--rule", first.rule, *about, "--for", "1h", "--reason", reason]),
    )


_PLAIN = re.compile(r"[\w][\w.:@+=/-]{0,59}")


def _marked(shape: LogShape) -> str:
    """Give the condition of the lines that are judged."""
    quoted = " OR ".join(f'"{marker}"' for marker in shape.markers)
    return f"jsonPayload.message=({quoted})"


def logs_url(project: str, service: str, since: datetime, until: datetime, wanted: str) -> str:
    """Give Logs Explorer's address for the lines of a condition in a span."""
    query = f'resource.type="cloud_run_revision"\nresource.labels.service_name="{service}"\n{wanted}'
    where = f"query;query={quote(query, safe='')};startTime={rfc3339(since)};endTime={rfc3339(until)}"
    return f"https://console.cloud.google.com/logs/{where}?project={quote(project, safe='')}"
