"""A week looked back on: what happened, how soon it was told and taken on, what was false, and what is still open."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from logwatch.spans import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from logwatch.notify.history import IncidentRecord
    from logwatch.notify.silences import RecurringSilence, Silence
    from logwatch.spans import Span

SCHEMA = 1
NIGHT = (22, 8)
"""Hours of the clock between which people sleep."""
SOON = timedelta(days=7)
"""How long ahead the end of a silence is told."""
FALSE = "false"
"""As in `Label`."""


@dataclass(frozen=True, slots=True)
class RuleLabels:
    """What people found the incidents of one rule to be."""

    rule: str
    labelled: int
    false: int


@dataclass(frozen=True, slots=True)
class EndingSilence:
    """A silence that ends soon."""

    id: str
    rule: str
    labels: dict[str, str]
    until: datetime


@dataclass(frozen=True, slots=True)
class ExitStanding:
    """How far one exit condition is."""

    condition: str
    state: str
    """As in the exit conditions: met, not_met or not_shown."""
    met: int
    """Days that meet it, of those that were looked at."""
    days: int


@dataclass(frozen=True, slots=True)
class Digest:
    """What a stretch of time, a week mostly, came to."""

    since: datetime
    until: datetime
    known_since: datetime
    """How far back it is remembered what was told."""
    incidents: int
    """Those that were told in it."""
    goes_on: int
    """Those of them that are not over."""
    minutes: int
    """How long incidents went on in it, added up."""
    procedures: dict[str, int]
    """Incidents by procedure, or by rule where there is none."""
    told_after_s: int | None
    """The median from the onset to the first message; None where none was told."""
    acknowledged: int
    acknowledged_after_s: int | None
    """The median from the first message to whoever took it on."""
    night: int
    """Incidents that were told while people sleep."""
    labels: tuple[RuleLabels, ...]
    """Of the rules of which any incident was labelled, those that are false most often first."""
    never: tuple[str, ...]
    """Rules that nobody was told of for as long as it is remembered."""
    silences: tuple[EndingSilence, ...] = ()
    """Those that end soon."""
    exits: tuple[ExitStanding, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetWeek:
    """The week of one of several targets, which are told of together."""

    target: str
    digest: Digest | None
    trouble: str = ""
    """Why it is not known."""
    told: bool = False
    """Whether its own state knows that the week was told."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a digest is made of."""

    records: Sequence[IncidentRecord]
    since: datetime
    """How far back they go."""
    silences: Sequence[Silence | RecurringSilence]
    rules: Sequence[str]
    """The ids of those that judge the service."""
    exits: tuple[ExitStanding, ...]


def build_digest(found: Remembered, span: Span, zone: ZoneInfo) -> Digest:
    """Look back on a span."""
    told = [each for each in found.records if span.start <= each.told_at < span.end]
    taken = [each for each in told if each.acknowledged_at]
    lasting = (min(each.over_at or span.end, span.end) - max(each.since, span.start) for each in found.records)
    named = {rule for each in found.records for rule in each.rules}
    return Digest(
        since=span.start,
        until=span.end,
        known_since=found.since,
        incidents=len(told),
        goes_on=sum(each.over_at is None for each in told),
        minutes=sum((max(each, timedelta()) for each in lasting), timedelta()) // timedelta(minutes=1),
        procedures=dict(sorted(Counter(each.procedure or each.rules[0] for each in told).items())),
        told_after_s=_median(each.told_at - each.since for each in told),
        acknowledged=len(taken),
        acknowledged_after_s=_median(each.acknowledged_at - each.told_at for each in taken if each.acknowledged_at),
        night=sum(_is_night(each.told_at.astimezone(zone).hour) for each in told),
        labels=_labels(told),
        never=tuple(rule for rule in found.rules if rule not in named),
        silences=tuple(
            EndingSilence(each.id, each.rule, each.labels, each.until)
            for each in sorted(found.silences, key=lambda each: each.until)
            if span.end < each.until <= span.end + SOON
        ),
        exits=found.exits,
    )


def _median(spans: Iterable[timedelta]) -> int | None:
    seconds = sorted(max(each.total_seconds(), 0.0) for each in spans)  # statistics would import half the library
    return round((seconds[(len(seconds) - 1) // 2] + seconds[len(seconds) // 2]) / 2) if seconds else None


def _is_night(hour: int) -> bool:
    begins, ends = NIGHT
    return hour >= begins or hour < ends


def _labels(told: Iterable[IncidentRecord]) -> tuple[RuleLabels, ...]:
    labelled, false = Counter[str](), Counter[str]()
    for each in told:
        if each.label:
            labelled.update(each.rules)
            false.update(each.rules if each.label == FALSE else ())
    ranked = sorted(labelled, key=lambda rule: (-false[rule] / labelled[rule], rule))
    return tuple(RuleLabels(rule, labelled[rule], false[rule]) for rule in ranked)


def digest_json(digest: Digest) -> dict[str, Any]:
    """Give a digest for other programs."""
    return {
        "schema": SCHEMA,
        "from": rfc3339(digest.since),
        "to": rfc3339(digest.until),
        "known_since": rfc3339(digest.known_since),
        "incidents": digest.incidents,
        "going_on": digest.goes_on,
        "minutes": digest.minutes,
        "procedures": digest.procedures,
        "told_after_s": digest.told_after_s,
        "acknowledged": digest.acknowledged,
        "acknowledged_after_s": digest.acknowledged_after_s,
        "night": digest.night,
        "labels": [{"rule": each.rule, "labelled": each.labelled, "false": each.false} for each in digest.labels],
        "never": list(digest.never),
        "silences": [
            {"id": each.id, "rule": each.rule, "labels": each.labels, "until": rfc3339(each.until)} for each in digest.silences
        ],
        "exit_conditions": [
            {"condition": each.condition, "state": each.state, "days_met": each.met, "days": each.days} for each in digest.exits
        ],
    }
