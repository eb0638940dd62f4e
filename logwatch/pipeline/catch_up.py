"""What a run takes in of a pause: part by part, the newest first where it burns; and what it tells of it, each incident once.

Why so, and what people are told of it: docs/decisions/0006.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from logwatch.collect.columns import Reading
from logwatch.collect.interface import CutShortError, OverError
from logwatch.errors import SourceError
from logwatch.notify.decide import MOST_MESSAGES, WAKING, in_few
from logwatch.notify.incidents import NotifyReason
from logwatch.notify.outbox import tell_once
from logwatch.pipeline.tick import Plan
from logwatch.spans import WINDOW, Span, floor_minute

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from logwatch.notify.incidents import Notification
    from logwatch.pipeline.tick import Policy, Ticked, Ticker
    from logwatch.state.document import State

NEWEST = 10 * WINDOW
"""The newest windows of a pause: what fires now shows in them."""
MOST_BEFORE = 32 * WINDOW
"""How far before them is read: a ratio that needs two hours of evidence is not one to hurry for."""
GOES_ON = {NotifyReason.JOINED, NotifyReason.WIDER, NotifyReason.REMINDER}
"""What means little to whoever has not heard of the beginning."""


@dataclass(frozen=True, slots=True)
class Part:
    """What was read, and which windows it is enough to judge."""

    planned: Plan
    fresh: Reading


@dataclass(frozen=True, slots=True)
class Intake:
    """The parts in their order, and what kept a run from more; None where all is there."""

    parts: tuple[Part, ...]
    trouble: SourceError | None = None

    @property
    def gap(self) -> timedelta:
        """What is given up for the newest windows; 0 nearly always."""
        return self.parts[-1].planned.skipped if self.trouble else timedelta()

    @property
    def over(self) -> bool:
        """Whether only time or quota was wanting."""
        return self.trouble is not None and _is_over(self.trouble)

    def merged(self) -> Reading:
        """Give all that was read."""
        first, *others = (part.fresh for part in self.parts)
        for other in others:
            first.merge(other)
        return first


def judge_parts(taken: Intake, ticker: Ticker, state: State, now: datetime) -> Ticked:
    """Judge each part after the other; what ends before now is decided as a run of its time would have.

    What one run tells leaves at one time: of each incident only the last message, which says how it stands, and no more
    messages than in any minute.
    """
    ticked: Ticked | None = None
    for part in taken.parts:
        reaches_now = not taken.trouble or part.planned.early.end > part.planned.judge.end
        at = now if reaches_now else min(now, ticker.policy.closed_at(part.planned.judge.end))
        then = ticker.tick(ticked.state if ticked else state, part.fresh, part.planned, at)
        ticked = _join(ticked, then) if ticked else then
    if ticked is None:
        raise taken.trouble or SourceError("nothing was read")
    return _told_once(ticked, ticker.policy)


def take_in(read: Callable[[Span], Reading], ticker: Ticker, state: State, planned: Plan, now: datetime) -> Intake:
    """Read what is planned; of what is too much as much as there is time for, oldest first.

    Where a pause cannot be read whole and something may be firing now, the newest windows are judged in this run too, and
    what lies between is given up. Raises SourceError where not one window more can be judged.
    """
    newest = _newest(ticker, planned)
    if newest is None:
        return _read_on(read, planned)
    try:
        latest = read(newest.read)
    except SourceError as error:
        if not _is_over(error):
            raise
        return _read_on(read, planned)  # not even these, so that they cannot come first
    older = replace(planned, read=Span(planned.read.start, newest.read.start))
    try:
        taken = _read_on(read, older)
    except SourceError as error:
        if not _is_over(error):
            raise
        taken = Intake((), error)
    if taken.trouble is None:
        (whole,) = taken.parts
        whole.fresh.merge(latest)
        return Intake((replace(whole, planned=planned),))
    if not _is_over(taken.trouble) or (taken.parts and not _burns(ticker, state, latest, newest, now)):
        return taken
    before = taken.parts[-1].planned.judge.end if taken.parts else planned.judge.start
    return Intake((*taken.parts, Part(replace(newest, skipped=newest.judge.start - before), latest)), taken.trouble)


def _join(first: Ticked, then: Ticked) -> Ticked:
    """Give what came of two parts, one after the other."""
    return replace(
        then,
        windows=first.windows + then.windows,
        new_entries=first.new_entries + then.new_entries,
        late=first.late + then.late,
        transitions=(*first.transitions, *then.transitions),
        notifications=(*first.notifications, *then.notifications),
        standing=(*first.standing, *then.standing),
        dropped_points=first.dropped_points + then.dropped_points,
        findings={**first.findings, **then.findings},
    )


def _told_once(ticked: Ticked, policy: Policy) -> Ticked:
    """Leave of the messages about an incident the last alone, and sum up what is too much for one minute."""
    standing = dict(zip((each.id for each in ticked.notifications), ticked.standing, strict=True))
    parts = [(part, standing[each.id]) for each in ticked.notifications for part in each.parts]
    by_incident: dict[str, list[Notification]] = {}
    for part, _ in parts:
        by_incident.setdefault(part.incident, []).append(part)
    if len(by_incident) == len(parts) and len(ticked.notifications) <= MOST_MESSAGES:
        return ticked
    last = {mine[-1].id: _last_of(mine) for mine in by_incident.values()}
    stood = {part.id: verdicts for part, verdicts in parts}
    told = in_few([last[part.id] for part, _ in parts if part.id in last])
    outbox = tell_once(ticked.state.to_tell, ticked.notifications, told, policy.channels, policy.others)
    return replace(
        ticked,
        state=ticked.state.after_telling(outbox),
        notifications=told,
        standing=tuple(stood[each.parts[-1].id] for each in told),
    )


def _last_of(told: Sequence[Notification]) -> Notification:
    """Give the last message of an incident with what those before it would have told: what is new, and whom it wakes."""
    last, waking = replace(told[-1], unheard=told[0].unheard), [each for each in told if each.reason in WAKING]
    if len(told) == 1:
        return last
    new = tuple(dict.fromkeys(mark for each in told for mark in each.new))
    mention = tuple(dict.fromkeys(name for each in told for name in each.mention))
    if waking and last.reason in GOES_ON:
        return replace(last, reason=waking[-1].reason, new=new, mention=mention)
    return replace(last, new=new, mention=mention if last.reason in WAKING | GOES_ON else last.mention)


def _newest(ticker: Ticker, planned: Plan) -> Plan | None:
    """Plan the newest windows by themselves; None where reading them takes as much as reading all."""
    end = planned.judge.end
    read = Span(end - NEWEST - min(ticker.reach, MOST_BEFORE), planned.read.end)
    if read.start <= planned.read.start:
        return None
    judge = Span(end - NEWEST, end)
    return Plan(read, judge, planned.early, judge.start - planned.judge.start)


def _is_over(error: SourceError) -> bool:
    """Tell whether only time or quota was wanting."""
    return isinstance(error, OverError) or (isinstance(error, CutShortError) and error.over)


def _read_on(read: Callable[[Span], Reading], planned: Plan) -> Intake:
    """Read oldest first, as far as it goes."""
    judge = planned.judge
    try:
        return Intake((Part(planned, read(planned.read)),))
    except CutShortError as error:
        end = min(floor_minute(error.before), judge.end)
        if end <= judge.start:
            raise
        # Behind that, nobody has read whether there is more.
        return Intake((Part(replace(planned, judge=Span(judge.start, end), early=Span(end, end)), error.reading),), error)


def _burns(ticker: Ticker, state: State, latest: Reading, newest: Plan, now: datetime) -> bool:
    """Tell whether the newest windows, judged by themselves, leave any alert or end one."""
    read = Reading(shape=latest.shape)
    read.merge(latest)
    ticked = ticker.tick(state, read, newest, now)
    return bool(ticked.state.alerts or ticked.transitions)
