"""A week looked back on, in words, and as a message that waits like any other."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from logwatch.judge.rules.model import Severity
from logwatch.notify.incidents import Notification, NotifyReason
from logwatch.notify.silences import EVERY
from logwatch.ui.format import NOTHING, format_span, format_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from logwatch.judge.rules.model import RuleSet
    from logwatch.languages.keys import Key
    from logwatch.notify.digest import Digest, TargetWeek
    from logwatch.ui.format import Audience

MET, NOT_MET = "met", "not_met"


def digest_notification(digest: Digest, now: datetime, weeks: tuple[TargetWeek, ...] = ()) -> Notification:
    """Give what tells of a digest; its id is that of its week, so that it is told once whoever makes it again."""
    name = f"digest-{digest.until:%Y%m%d}"
    return Notification(
        f"{name}.1",
        name,
        NotifyReason.DIGEST,
        now,
        "",
        {},
        digest.since,
        (),
        (),
        digest=digest,
        weeks=weeks,
        severity=Severity.INFO,
    )


def digest_headline(digest: Digest, audience: Audience) -> str:
    """Say in one line which week it was, and how it went."""
    return f"{_week(digest, audience)} · {_went(digest.incidents, audience)}"


def weeks_headline(digest: Digest, weeks: Sequence[TargetWeek], audience: Audience) -> str:
    """Say in one line which week it was, and how it went for several targets together."""
    incidents = sum(each.digest.incidents for each in weeks if each.digest)
    of = audience.say("digest_targets", count=len(weeks))
    return f"{_week(digest, audience)} · {of} · {_went(incidents, audience)}"


def weeks_lines(weeks: Sequence[TargetWeek], rules: RuleSet, audience: Audience) -> list[str]:
    """Say the rest of several targets: a line that begins with its name for each thing, only what matters most."""
    lines: list[str] = []
    for each in weeks:
        if each.digest is None:
            lines.append(audience.say("digest_unread", target=each.target, why=audience.spoken(each.trouble)))
            continue
        lines.append(f"{each.target}: {_went(each.digest.incidents, audience)}")
        told = [*_incidents(each.digest, rules, audience), *islice(_exits(each.digest, rules, audience), 1)]
        lines += [f"{each.target}: {line}" for line in told]
    return lines


def _week(digest: Digest, audience: Audience) -> str:
    begun, ended = (f"{each.astimezone(audience.zone):%m-%d}" for each in (digest.since, digest.until))
    return f"{begun} – {ended}"


def _went(incidents: int, audience: Audience) -> str:
    key: Key = "digest_incident" if incidents == 1 else "digest_incidents" if incidents else "digest_quiet"
    return audience.say(key, count=incidents)


def digest_lines(digest: Digest, rules: RuleSet, audience: Audience) -> list[str]:
    """Say the rest, a line for each thing."""
    return [
        *_incidents(digest, rules, audience),
        *_labels(digest, audience),
        *_open(digest, audience),
        *_exits(digest, rules, audience),
    ]


def _incidents(digest: Digest, rules: RuleSet, audience: Audience) -> Iterator[str]:
    if digest.known_since > digest.since:
        yield audience.say("digest_known", at=audience.date(digest.known_since))
    if digest.minutes or digest.goes_on:
        span = format_span(timedelta(minutes=digest.minutes), audience)
        yield audience.say("digest_lasted", span=span, count=digest.goes_on)
    if not digest.incidents:
        return
    named = {name: _named(name, rules, audience) for name in digest.procedures}
    counted = (audience.say("digest_count", name=named[name], count=count) for name, count in digest.procedures.items())
    yield audience.say("digest_procedures", names=", ".join(counted))
    yield audience.say("digest_night", night=digest.night, day=digest.incidents - digest.night)
    yield audience.say("digest_told", span=_span(digest.told_after_s, audience))
    key: Key = "digest_taken" if digest.acknowledged else "digest_untaken"
    span = _span(digest.acknowledged_after_s, audience)
    yield audience.say(key, count=digest.acknowledged, of=digest.incidents, span=span)


def _named(name: str, rules: RuleSet, audience: Audience) -> str:
    """Name what an incident was about: its procedure, or the rule that has none."""
    if found := rules.procedure(name, audience.lang):
        return found.name
    return rules.by_id[name].summary[audience.lang] if name in rules.by_id else name


def _span(seconds: int | None, audience: Audience) -> str:
    return NOTHING if seconds is None else format_span(timedelta(seconds=seconds + 59), audience)


def _labels(digest: Digest, audience: Audience) -> Iterator[str]:
    for each in digest.labels:
        share = format_value(each.false / each.labelled, "%", digits=0)
        yield audience.say("digest_false", rule=each.rule, share=share, false=each.false, of=each.labelled)
    if digest.incidents and not digest.labels:
        yield audience.say("digest_unlabelled")


def _open(digest: Digest, audience: Audience) -> Iterator[str]:
    days = (digest.until - digest.known_since) // timedelta(days=1)
    if digest.never and days > 0:
        yield audience.say("digest_never", days=days, rules=", ".join(digest.never))
    for each in digest.silences:
        rule = audience.say("all_rules") if each.rule == EVERY else each.rule
        what = f"{rule} ({audience.shop(each.labels)})" if each.labels else rule
        yield audience.say("digest_silence", id=each.id, what=what, at=audience.date(each.until))


def _exits(digest: Digest, rules: RuleSet, audience: Audience) -> Iterator[str]:
    if not digest.exits:
        return
    met = sum(each.state == MET for each in digest.exits)
    yield audience.say("digest_exits", met=met, of=len(digest.exits))
    names = (each.condition for each in rules.service.exit_conditions)
    titles = dict(zip(names, rules.runbook_in(audience.lang).gates, strict=False))
    for each in digest.exits:
        if each.state != MET:
            title = titles.get(each.condition, each.condition)
            key: Key = "digest_not_met" if each.state == NOT_MET else "digest_not_shown"
            yield audience.say(key, title=title, met=each.met, of=each.days)
