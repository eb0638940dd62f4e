"""A replay beside what the state says was really sent: each message of either, and why they differ where that can be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from logwatch.languages import Worded
from logwatch.notify.incidents import NotifyReason
from logwatch.notify.outbox import KEPT_NOTES, Note, Outgoing, note_of
from logwatch.notify.silences import EVERY
from logwatch.report.state_lists import say_through
from logwatch.spans import WINDOW, Span, rfc3339
from logwatch.state.run_log import rule_marks
from logwatch.ui.format import NOTHING, format_span
from logwatch.ui.printable import printable
from logwatch.ui.tables import Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from logwatch.backtest.comparison import Side
    from logwatch.notify.history import IncidentRecord
    from logwatch.notify.incidents import Notification
    from logwatch.state.document import State
    from logwatch.ui.format import Audience

NEAR = timedelta(minutes=30)
"""How far apart two messages may be to be one: a pause that is longer is told as a pause."""
SAME = WINDOW
"""Less than this apart is the same minute: runs come at another second than a replay's clock."""
UNPLAYED = {NotifyReason.ANSWERED, NotifyReason.ESCALATED, NotifyReason.SILENCE_ENDING}
"""What only people bring about: a replay knows nobody."""
APART = {NotifyReason.DIGEST, NotifyReason.TEST}
"""What no line leads to."""


class SentAs(Worded, families=("sent_as",)):
    """How a message of the replay stands to what was sent."""

    SAME = "same"
    EARLIER = "earlier"
    LATER = "later"
    """Sent later than the replay would have."""
    MISSING = "missing"
    """The replay tells it, and nobody was told."""
    EXTRA = "extra"
    """It was sent, and the replay does not tell it."""


class SentCause(Worded, families=("sent_cause",)):
    """Why the two differ."""

    NONE = "none"
    UNDELIVERED = "undelivered"
    PAUSE = "pause"
    RULES = "rules"
    SILENCED = "silenced"
    LATE = "late"
    ANSWERED = "answered"
    FOLLOWS = "follows"
    """What came before it in the same procedure differs already."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One message, as the replay tells it and as it was sent; at least one of them is there."""

    replayed: Note | None
    sent: Note | None
    how: SentAs
    cause: SentCause
    about: str
    """What the cause is about: rule ids, a silence's id, who answered; empty where its name says all."""
    span: Span | None
    """When no run came, where that is the cause."""

    @property
    def note(self) -> Note:
        """The message, as it was sent if it was."""
        return self.sent or self.replayed  # type: ignore[return-value]

    @property
    def replayed_at(self) -> datetime | None:
        """When the replay tells it."""
        return self.replayed.at if self.replayed else None

    @property
    def sent_at(self) -> datetime | None:
        """When it was."""
        return went_at(self.sent) if self.sent else None


@dataclass(frozen=True, slots=True)
class SentCheck:
    """All messages of a span, in order of time."""

    span: Span
    """What both know of."""
    messages: tuple[SentMessage, ...]

    @property
    def differing(self) -> list[SentMessage]:
        """Those that are not the same, or reached nobody."""
        return [each for each in self.messages if each.cause is not SentCause.NONE]


def check_sent(side: Side, state: State) -> SentCheck:
    """Pair what a replay tells with what the state says was sent, and name why they differ."""
    span = known_span(side.replayed.span, state)
    replayed = [each for each in _replayed(side.replayed.notifications) if span.start <= each.at <= span.end]
    sent = [each for each in _sent(state, span) if span.start <= each.at <= span.end]
    judge = _Judge(side, state)
    for one, other in sorted(_pairs(replayed, sent), key=lambda pair: (pair[1] or pair[0]).at):  # type: ignore[union-attr]
        judge.take(one, other)
    return SentCheck(span, tuple(judge.found))


def known_span(span: Span, state: State) -> Span:
    """Give the part of a span of which the state knows what was sent; its end includes what its last window told."""
    begun = max(each for each in (span.start, state.history_from or state.started_at) if each)
    over = min(span.end, state.cursor or begun) + NEAR
    return Span(begun, max(begun, over))


def _replayed(told: Iterable[Notification]) -> Iterator[Note]:
    return (note_of(Outgoing(each, {})) for each in told if each.reason not in APART)


def _sent(state: State, span: Span) -> list[Note]:
    """Give every message that was decided: what waits, what is noted, and of what is older each incident's first."""
    notes = [*state.notes, *(note_of(each) for each in state.outbox)]
    full = len(state.notes) >= KEPT_NOTES
    known_from = min((each.at for each in notes), default=span.end) if full else span.start
    older = [_first(each) for each in state.history if each.told_at < known_from]
    return sorted([*older, *(each for each in notes if each.reason not in APART)], key=lambda each: each.at)


def _first(record: IncidentRecord) -> Note:
    """Give the first message of an incident of which nothing but its record is left."""
    return Note(
        f"{record.id}.1", NotifyReason.FIRING, record.told_at, record.procedure, list(record.rules), record.labels, {},
        record.shops, record.partial,
    )  # fmt: skip


def _pairs(replayed: Sequence[Note], sent: Sequence[Note]) -> Iterator[tuple[Note | None, Note | None]]:
    """Pair messages of one reason and procedure that share a rule, the nearest first."""
    near = sorted(
        (abs(one.at - other.at), number, place)
        for number, one in enumerate(replayed)
        for place, other in enumerate(sent)
        if one.reason is other.reason and one.procedure == other.procedure and {*one.rules} & {*other.rules}
        and abs(one.at - other.at) <= NEAR
    )  # fmt: skip
    ones, others = set(range(len(replayed))), set(range(len(sent)))
    for _, number, place in near:
        if number in ones and place in others:
            ones.remove(number)
            others.remove(place)
            yield replayed[number], sent[place]
    yield from ((replayed[number], None) for number in ones)
    yield from ((None, sent[place]) for place in others)


class _Judge:
    """Says of one message after the other how it stands, and why."""

    def __init__(self, side: Side, state: State) -> None:
        self.side, self.state = side, state
        self.marks = rule_marks(side.rules)
        self.found: list[SentMessage] = []

    def take(self, one: Note | None, other: Note | None) -> None:
        """Take the next message."""
        how = _how(one, other)
        cause, about, span = next(self._causes(one, other, how))
        self.found.append(SentMessage(one, other, how, cause, about, span))

    def _causes(self, one: Note | None, other: Note | None, how: SentAs) -> Iterator[tuple[SentCause, str, Span | None]]:
        """Give what may be the cause, the surest first."""
        (note, *_) = both = [each for each in (other, one) if each]
        missed = self._undelivered(other)
        if how is SentAs.SAME and missed != "":  # a run that tells a pause tells of each incident the last alone
            yield (SentCause.NONE, "", None) if missed is None else (SentCause.UNDELIVERED, missed, None)
        ends = [each.at for each in both] + ([went_at(other)] if other else [])
        span = Span(min(ends) - 2 * WINDOW, max(ends) + WINDOW)
        pauses = (Span(each.start, each.end) for each in self.state.runs.pauses)
        yield from ((SentCause.PAUSE, "", each) for each in pauses if each.start < span.end and span.start < each.end)
        if one and other and abs(one.at - other.at) < SAME:
            yield SentCause.UNDELIVERED, ", ".join(other.delivered), None
        then = self.state.runs.marks_at(note.at)
        changed = [rule for rule in note.rules if then and then.get(rule) != self.marks.get(rule)]
        if changed:
            yield SentCause.RULES, ", ".join(changed), None
        if how is SentAs.MISSING and (muted := self._silence(note)):
            yield SentCause.SILENCED, muted, None
        if (who := self._who(note)) or note.reason in UNPLAYED:
            yield SentCause.ANSWERED, who, None
        if note.late or any(span.start <= at <= span.end + NEAR for at in self.side.replayed.late_at):
            yield SentCause.LATE, "", None
        before = [each for each in self.found if each.note.procedure == note.procedure]
        if before and before[-1].cause not in {SentCause.NONE, SentCause.UNDELIVERED}:
            yield SentCause.FOLLOWS, "", None
        yield SentCause.UNKNOWN, "", None

    def _undelivered(self, sent: Note | None) -> str | None:
        """Name the channels that a message has not reached; None where it reached one, or nobody wrote down where it went."""
        if sent is None or any(sent.delivered.values()):
            return None
        if any(record.id in sent.incidents for record in self.state.history) and not sent.marks:
            return None
        return ", ".join(sent.delivered)

    def _silence(self, note: Note) -> str:
        held = (
            each
            for each in self.state.memory.held(note.at)
            if each.rule in {EVERY, *note.rules} and (not each.labels or each.labels.items() <= note.labels.items())
        )
        return next((each.id for each in held), "")

    def _who(self, note: Note) -> str:
        """Name who took on what a message is about, of those that an answer makes a difference to."""
        if note.reason not in UNPLAYED | {NotifyReason.REMINDER}:
            return ""
        named = (
            each.acknowledged_by for each in self.state.history if each.procedure == note.procedure and each.acknowledged_at
        )
        return next(named, "")


def went_at(sent: Note) -> datetime:
    """Give when a message first reached a channel; when it was decided, where none took it. One of a pause is decided late."""
    return min((at for at in sent.delivered.values() if at), default=sent.at)


def _how(one: Note | None, other: Note | None) -> SentAs:
    if other is None:
        return SentAs.MISSING
    if one is None:
        return SentAs.EXTRA
    went = went_at(other)
    if abs(went - one.at) < SAME:
        return SentAs.SAME
    return SentAs.LATER if went > one.at else SentAs.EARLIER


def sent_sections(found: SentCheck, audience: Audience) -> list[Section]:
    """Give the messages that differ, and how many do not."""
    say = audience.say
    same = len(found.messages) - len(found.differing)
    span = " – ".join(audience.stretch(found.span.start, found.span.end - NEAR))
    head = say("sent_counts", span=span, count=len(found.messages), same=same, differing=len(found.differing))
    rows = tuple(_row(each, audience) for each in found.differing)
    columns = audience.columns(
        "sent_how", "replayed_at", "sent_at", "kind", "procedure", "sent_why", "rules", "shop", "channels"
    )
    return [Section(say("sent_title"), columns, rows, (head,))]


def _row(each: SentMessage, audience: Audience) -> tuple[str, ...]:
    at = [audience.moment(when) if when else NOTHING for when in (each.replayed_at, each.sent_at)]
    note = each.note
    through = say_through(each.sent, audience) if each.sent else NOTHING
    cells = (audience.say(note.reason.key), note.procedure or NOTHING, say_cause(each, audience), ", ".join(note.rules))
    return (audience.say(each.how.key), *at, *cells, note.scope.name(audience), through)


def say_cause(each: SentMessage, audience: Audience) -> str:
    """Say why a message differs."""
    said = audience.say(each.cause.key)
    if each.span:
        begun, over = audience.stretch(each.span.start, each.span.end)
        return f"{said}: {begun} – {over} ({format_span(each.span.end - each.span.start, audience)})"
    return f"{said}: {printable(each.about)}" if each.about else said


def sent_json(found: SentCheck) -> dict[str, Any]:
    """Give the same for other programs."""
    return {
        "from": rfc3339(found.span.start),
        "to": rfc3339(found.span.end - NEAR),
        "messages": [
            {
                "outcome": str(each.how),
                "cause": str(each.cause),
                "about": each.about,
                "pause": {"from": rfc3339(each.span.start), "to": rfc3339(each.span.end)} if each.span else None,
                "reason": str(each.note.reason),
                "procedure": each.note.procedure,
                "rules": each.note.rules,
                "labels": each.note.labels,
                "replayed_at": rfc3339(each.replayed_at),
                "sent_at": rfc3339(each.sent_at),
                "delivered": {name: rfc3339(at) for name, at in each.sent.delivered.items()} if each.sent else {},
            }
            for each in found.messages
        ],
    }
