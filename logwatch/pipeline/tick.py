"""One minute's work without the world: new entries in, the state after them out.

numpy is imported when there is something to judge, and not before: planning and reading come first.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta, tzinfo
from functools import cache, cached_property
from typing import TYPE_CHECKING

from logwatch.collect.columns import SLOW
from logwatch.collect.parse import (
    MOST_APART,
    REFUSED_MINUTES,
    SILENT_MINUTES,
    STOPPED_MINUTES,
    UNHEARD_MINUTES,
    VANISHED_COUNTERS,
    parse_series,
    write_series,
)
from logwatch.collect.recent_entries import Needed, Recent, dump, load, new_and_late, trim
from logwatch.count.census import Census
from logwatch.count.life import Vigil
from logwatch.count.stopped import LOOK_BACK, UNHEARD
from logwatch.errors import SourceError
from logwatch.judge.alerts import AlertState, Transition, advance, foresee
from logwatch.judge.daily_totals import KEPT_DAYS, Minute, add_minutes, usual_at, usual_counts
from logwatch.judge.rules.yaml_types import selects
from logwatch.judge.verdicts import Level, Verdict, Why
from logwatch.notify.answers import renew_heads, take_answers
from logwatch.notify.decide import REMIND_EVERY, decide
from logwatch.notify.history import remember
from logwatch.notify.outbox import enqueue
from logwatch.notify.scopes import VerdictsAlone
from logwatch.publish.points import Point, counter_points, verdict_points, with_zeros
from logwatch.seams import Seams
from logwatch.spans import EPOCH, WINDOW, Span, floor_minute, to_datetime, to_nanoseconds

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from logwatch.collect.columns import Reading
    from logwatch.collect.findings import LogFinding
    from logwatch.collect.interface import Life
    from logwatch.count.crowd import Crowd
    from logwatch.count.silence import Kept
    from logwatch.count.windows import Figures, Windows
    from logwatch.judge.rules.model import RuleSet
    from logwatch.notify.answers import Heard
    from logwatch.notify.incidents import Notification
    from logwatch.notify.scopes import Circumstances
    from logwatch.state.document import State

    Verdicts = tuple[Verdict, ...]

LOG = logging.getLogger("logwatch.run")
MOST_SLOW = 2000
"""Slow requests that the document keeps: more say nothing new."""
MOST_POINTS = 4_000
"""Points that wait for Cloud Monitoring to come back, about an hour's worth; older ones are dropped and told."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How the minutes are taken."""

    grace: timedelta = timedelta(seconds=90)
    """How long a window waits for late entries."""
    early: timedelta = timedelta(seconds=15)
    """How long after its end a window is first looked at, for what no later entry undoes; 0 looks at closed ones only."""
    starts: timedelta = timedelta(seconds=20)
    """The second of the minute at which runs look."""
    overlap: timedelta = timedelta(minutes=5)
    """How far before the last judged window each read begins."""
    catch_up: timedelta = timedelta(hours=6)
    """How long a pause may be and still be judged window by window."""
    late_limit: timedelta = timedelta(hours=1)
    """How late a line may come and still be told; 0 tells none."""
    remind_every: timedelta = REMIND_EVERY
    channels: tuple[str, ...] = ()
    """Channels that every message goes to."""
    others: tuple[str, ...] = ()
    """Those that are set up besides."""
    publishes: bool = False
    """Whether points are made at all."""
    zone: tzinfo = UTC
    """Whose days are added up."""

    def closed_at(self, end: datetime) -> datetime:
        """Give when a run on schedule finds the window closed that ends at `end`."""
        return self._first_run(end, self.grace)

    def looked_at(self, end: datetime) -> datetime:
        """Give when a run on schedule first looks at the window that ends at `end`."""
        return self._first_run(end, min(self.early or self.grace, self.grace))

    def _first_run(self, end: datetime, wait: timedelta) -> datetime:
        return end - (self.starts - wait) // WINDOW * WINDOW + self.starts

    def looked_to(self, now: datetime) -> datetime:
        """Give the end of the newest window that is looked at."""
        return floor_minute(now - (self.early or self.grace))

    @property
    def ahead(self) -> int:
        """How many windows behind the one that it closes a run on schedule looks at."""
        return max((self.looked_to(self.closed_at(EPOCH)) - EPOCH) // WINDOW, 0)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run has to read and to judge."""

    read: Span
    judge: Span
    """The closed windows that are new; empty where there is none."""
    early: Span
    """Those behind them, of which only that is told which no later entry undoes."""
    skipped: timedelta
    """How much of a long pause is given up; 0 nearly always."""
    late: Span | None = None
    """Before that, what is read only as far as it came in since the last windows were judged; None where that is nothing."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """The state after the new windows, and what came of them."""

    state: State
    windows: int
    new_entries: int
    late: int
    """Entries older than the windows that were judged already."""
    transitions: tuple[Transition, ...] = ()
    notifications: tuple[Notification, ...] = ()
    standing: tuple[tuple[Verdict, ...], ...] = ()
    """For each of them, the verdicts of its window, and what is final of those behind it."""
    dropped_points: int = 0
    findings: Mapping[LogFinding, int] = field(default_factory=dict)
    """What counting came upon that somebody should mend."""


@dataclass(frozen=True, slots=True)
class _Survey:
    """What a look at the windows measured."""

    windows: Windows
    """With all that rules are held against."""
    counted: Windows
    """As they go into their days."""
    state: State


@dataclass(frozen=True)
class Ticker:
    """The rules and how they are applied, minute by minute."""

    rules: RuleSet
    policy: Policy
    life: Life
    """Asked only when no summary has come for a while."""
    seams: Seams = field(default_factory=Seams)
    """Hears of what broke beside the decisions."""
    real: datetime | None = None
    """When the run is, whichever minutes it takes; None where each tick is at its own time."""

    @property
    def reach(self) -> timedelta:
        """How far before a window its verdicts look, and a window more for summaries that move back."""
        return self.rules.reach + WINDOW

    @property
    def _settling(self) -> timedelta:
        """How long a window waits to be added to its day: for late lines, and to know of a silence that began in it."""
        return max(self.policy.overlap, self.rules.silent)

    @cached_property
    def _back(self) -> timedelta:
        """How far before the judged windows the entries are kept."""
        from logwatch.count.alignment import MEMORY

        return max(self.reach, self._settling, MEMORY, self.policy.late_limit)

    def plan(self, state: State, now: datetime) -> Plan:
        """Say what to read and to judge: all windows closed since the cursor, at least one at the very beginning."""
        end = floor_minute(now - self.policy.grace)
        cursor = state.cursor or end - WINDOW
        skipped = timedelta()
        if end - cursor > self.policy.catch_up:
            skipped = end - WINDOW - cursor
            cursor = end - WINDOW
        fresh = state.cursor is None or bool(skipped)
        back = self.reach if fresh else self.policy.overlap
        since = cursor - back
        late = Span(cursor - self.policy.late_limit, since)
        is_late = not fresh and late.start < late.end
        end = max(cursor, end)
        looked_to = self.policy.looked_to(now)
        if end == cursor and state.looked_to and looked_to <= state.looked_to:
            looked_to = end  # another run has been there in this minute
        early = Span(end, max(end, looked_to))
        return Plan(Span(since, now), Span(cursor, end), early, skipped, late if is_late else None)

    def tick(self, state: State, fresh: Reading, planned: Plan, now: datetime) -> Ticked:
        """Judge the planned windows, one after the other, and remember what the next run needs.

        `fresh` holds what was read of the planned span, and the gauges measured now; what earlier runs read is in the state.
        """
        from logwatch.count.crowd import thin_out
        from logwatch.count.windows import aggregate, figures, from_minute, to_minute
        from logwatch.judge.evaluate import VerdictTable, evaluate

        crowd: Crowd | None = None
        span, looked = planned.judge, Span(planned.judge.start, planned.early.end)
        if planned.skipped:
            state = self._forget(state, span.start)
        recent = load(state.recent)
        fresh.settle()
        new, late = new_and_late(recent, fresh, to_nanoseconds(span.start) if state.cursor and not planned.skipped else 0)
        known = len(recent.rows.time)
        recent.merge(fresh)
        begun = replace(
            state,
            started_at=state.started_at or span.start,
            counted_to=state.counted_to or state.cursor or span.start,
            refused_since=None,  # whatever else may not be known, the lines could be read
        )
        ticked = Ticked(begun, 0, new, late)
        if looked.end > looked.start:
            # Where another overlap was set before, what is not in its day yet may reach further back than what is judged.
            since = min(span.start - self._back, begun.counted_to or span.start)
            windows = aggregate(recent, span=Span(since, looked.end), grace=self.policy.grace, judged_to=state.cursor or since)
            windows = replace(windows, usual=_usual(begun, windows.span, self.rules, self.policy.zone))
            windows, crowd, told = thin_out(windows, self.rules.service.shop_label, _waited_for(state, self.rules))
            survey = self._survey(windows, planned, begun, recent)
            ticked, windows = replace(ticked, state=survey.state, findings=told), survey.windows
            came_late = [minute for minute in recent.rows.decided[known:] if 0 < minute < to_minute(span.start)]
            if came_late and state.cursor and not planned.skipped:
                first = max(from_minute(min(came_late)), span.start - self.policy.late_limit)
                before = aggregate(load(state.recent), span=windows.span, grace=self.policy.grace)
                before = replace(crowd.counted(before) if crowd else before, usual=windows.usual)
                ticked = self._tell_late(ticked, before, windows, first, self._decided_at(span.start + WINDOW, span, now))
            table = VerdictTable(evaluate(self.rules.rules, windows, looked))
            closed = (span.end - span.start) // WINDOW
            ahead, publishes = self.policy.ahead, self.policy.publishes
            place = 0
            while place < closed:
                if ticked.state.is_calm and not publishes:
                    place = table.next_eventful(place, closed, ahead)
                end = span.start + (place + 1) * WINDOW
                looked_at = table.between(place, len(table) if end == span.end else place + 1 + ahead)
                points = self._points(figures(windows, to_minute(end) - 1), looked_at[0], end) if publishes else []
                ticked = self._take(ticked, looked_at, points, self._decided_at(end, span, now), windows)
                place += 1
            if closed:
                state = self._count(ticked.state, survey.counted, self._settled(recent, span.end))
                ticked = replace(ticked, state=state, windows=closed)
            else:
                early = table.between(0, len(table))
                alerts, transitions = foresee(ticked.state.alerts, early, self.rules.by_id)
                ticked = replace(ticked, state=replace(ticked.state, alerts=tuple(alerts)))
                ticked = self._decide(ticked, transitions, now, windows, early)
        kept = self._remember(ticked.state, recent, span.end, crowd)
        return replace(ticked, state=replace(kept, looked_to=max(looked.end, kept.looked_to or looked.end)))

    def _survey(self, windows: Windows, planned: Plan, state: State, recent: Reading) -> _Survey:
        """Take the census of the closed windows and keep the vigil over them, and measure what comes of it in them.

        Of windows that are looked at early only that is needed which makes counters doubtful.
        """
        from logwatch.count.silence import keep_vigil
        from logwatch.count.vanished import take_census
        from logwatch.count.windows import from_minute, to_minute, with_gauge

        span = planned.judge
        if span.end > span.start:
            census = take_census(windows, span, state.census, self.rules.knows)
            windows, state = census.windows, replace(state, census=census.census)
        counted = windows
        if planned.early.end > planned.early.start:
            windows = take_census(windows, planned.early, state.census, self.rules.knows).windows
        if span.end == span.start:
            return _Survey(windows, counted, state)
        try:
            kept = keep_vigil(windows, span, state.vigil, self.life.signs)
        except SourceError:  # nobody knows, and the next run asks for all of it
            LOG.debug("nobody can tell whether the service lives")
        else:
            windows = with_gauge(windows, SILENT_MINUTES, kept.silent)
            counted = with_gauge(counted, SILENT_MINUTES, kept.silences)
            for minute, quiet in kept.silences.items():
                if quiet * WINDOW >= self.rules.silent:
                    recent.add_gauge(SILENT_MINUTES, to_nanoseconds(from_minute(minute)), quiet)
            usual = cache(lambda minute: usual_at(state.days, from_minute(minute), self.policy.zone))
            windows = with_gauge(windows, STOPPED_MINUTES, kept.stopped(usual))
            windows = with_gauge(windows, UNHEARD_MINUTES, self._unheard(kept, state.started_at or span.start))
            state = _watched(state, kept)
        answered = dict.fromkeys(range(to_minute(span.start), to_minute(span.end)), 0.0)
        return _Survey(with_gauge(windows, REFUSED_MINUTES, answered), counted, state)

    def _decided_at(self, end: datetime, span: Span, now: datetime) -> datetime:
        """Give when it is decided what to tell of the window that ends at `end`: now of the newest, and else as in its time."""
        return now if end >= span.end else self.policy.closed_at(end)

    def _tell_late(self, ticked: Ticked, before: Windows, after: Windows, changed: datetime, now: datetime) -> Ticked:
        """Let alerts fire that judged windows would have made fire, had the lines been there that have come since."""
        from logwatch.judge.late import fired_late

        state = ticked.state
        firing = {alert.fingerprint for alert in state.alerts if alert.state is AlertState.FIRING}
        judged_to = state.cursor or changed
        fired = fired_late(self.rules, before, after, changed, judged_to) if changed < judged_to else []
        late = {alert.fingerprint: alert for alert in fired if alert.fingerprint not in firing}
        if not late:
            return ticked
        alerts = (*(alert for alert in state.alerts if alert.fingerprint not in late), *late.values())
        transitions = [Transition(alert, None, AlertState.FIRING, alert.latest.window_end) for alert in late.values()]
        return self._decide(replace(ticked, state=replace(state, alerts=alerts)), transitions, now, after)

    def _take(
        self, ticked: Ticked, looked: Sequence[Verdicts], points: list[Point], now: datetime, windows: Windows | None
    ) -> Ticked:
        """Take the first of the windows, which is closed, and what is final of those behind it; decide what to tell."""
        state, (verdicts, *ahead) = ticked.state, looked
        alerts, transitions = advance(state.alerts, verdicts, self.rules.by_id, verdicts[0].window_end, ahead)
        waiting = (*state.points, *points)
        most = max(MOST_POINTS, len(points))  # those of the newest window are kept whole
        state = replace(state, verdicts=verdicts, alerts=tuple(alerts), points=waiting[-most:])
        dropped = ticked.dropped_points + max(len(waiting) - most, 0)
        return self._decide(replace(ticked, state=state, dropped_points=dropped), transitions, now, windows, ahead)

    def _decide(
        self,
        ticked: Ticked,
        transitions: Sequence[Transition],
        now: datetime,
        windows: Windows | None,
        ahead: Sequence[Verdicts] = (),
    ) -> Ticked:
        """Decide at `now` what to tell of the alerts as they stand; the verdicts `ahead` are those that were foreseen."""
        state = ticked.state
        around = self._around([state.verdicts, *ahead], windows)
        policy = self.policy
        decision = decide(
            state.alerts,
            state.memory,
            self.rules,
            now,
            remind_every=policy.remind_every,
            around=around,
            zone=policy.zone,
            real=self.real,
        )
        told = tuple(self._with_keys(each, state.census) for each in decision.notifications)
        history = remember(state.history, decision.memory.incidents, now)
        state = replace(state, memory=decision.memory, suppressed=decision.suppressed, history=history)
        state = replace(state, history_from=state.history_from or now)
        standing = {(each.rule, *each.labels.items()): each for each in state.verdicts} if told else {}
        standing |= {(each.rule, *each.labels.items()): each for verdicts in ahead for each in verdicts if each.final}
        return replace(
            ticked,
            state=state.after_telling(enqueue(state.to_tell, told, policy.channels, policy.others)),
            transitions=(*ticked.transitions, *transitions),
            notifications=(*ticked.notifications, *told),
            standing=(*ticked.standing, *(tuple(standing.values()) for _ in told)),
        )

    def _around(self, looked: Sequence[Verdicts], windows: Windows | None) -> Circumstances:
        """Give what the windows say besides the alerts, up to the newest of which all that it will hold is known."""
        closed, *ahead = looked
        whole = [each for each in ahead if any(one.final and one.denominator is not None for one in each)]  # ratios say so
        verdicts = whole[-1] if whole else closed
        if windows is None:
            return VerdictsAlone(verdicts)
        from logwatch.notify.diagnosis.circumstances import WindowCircumstances

        return WindowCircumstances(windows, self.rules, verdicts, self._back, self.seams)

    def _unheard(self, kept: Kept, begun: datetime) -> dict[int, float]:
        """Give for how many minutes a first line has been waited for; 0 where there has been one. Raises SourceError."""
        ends = {each.minute: EPOCH + (each.minute + 1) * WINDOW for each in kept.minutes}
        found = dict.fromkeys(ends, 0.0)
        silent = [each.minute for each in kept.minutes if each.vigil.summary is None and each.vigil.seen is None]
        unheard = [minute for minute in silent if ends[minute] - begun >= UNHEARD]
        if unheard and not self.life.ever(Span(begun - LOOK_BACK, ends[unheard[-1]])):
            found |= {minute: float((ends[minute] - begun) // WINDOW) for minute in unheard}
        return found

    def answer(self, state: State, heard: Heard, heads: Collection[str], now: datetime) -> State:
        """Take what people have put on messages; `heads` are the channels whose heads say it, the others are told."""
        answered = take_answers(state.memory, state.history, state.answers, heard, now)
        outbox = renew_heads(state.to_tell, answered.memory.incidents, heads)
        outbox = enqueue(outbox, answered.notifications, self.policy.channels, self.policy.others)
        state = replace(state, memory=answered.memory, history=answered.history, answers=answered.answers)
        return state.after_telling(outbox)

    def refuse(self, state: State, now: datetime) -> Ticked:
        """Take a run whose source gave nothing: nothing is judged but that, and every other alert keeps its state."""
        since = state.refused_since or now
        state = replace(state, refused_since=since)
        rule = next((rule for rule in self.rules.rules if REFUSED_MINUTES in rule.kind.reads.gauges), None)
        if rule is None:
            return Ticked(state, 0, 0, 0)
        value, at = float((now - since) // WINDOW), floor_minute(now)
        holds = {Level.WARNING: rule.warning.holds(value), Level.NORMAL: rule.normal.holds(value), Level.ELEVATED: True}
        level = next(level for level, held in holds.items() if held)
        verdict = Verdict(rule.rule, {}, at, level, value, None, None, proven=True, why=Why.NONE, span=WINDOW, suspect=False)
        taken = self._take(Ticked(state, 0, 0, 0), [(verdict,)], [], now, None)
        return replace(taken, state=replace(taken.state, verdicts=state.verdicts))

    def _with_keys(self, notification: Notification, census: Census) -> Notification:
        """Name the counters that are gone, and the keys beside them, where a message is about that."""
        rules = self.rules.by_id
        read = {gauge for rule in notification.rules if rule in rules for gauge in rules[rule].kind.reads.gauges}
        return replace(notification, vanished=census.vanished) if VANISHED_COUNTERS in read else notification

    def _settled(self, recent: Reading, end: datetime) -> datetime:
        """Give until when windows are counted: sooner than usual where their slow requests are too many to be kept."""
        usual = end - self._settling
        slow = sorted(time for time, kind in zip(recent.rows.time, recent.rows.kind, strict=True) if kind == SLOW)
        if len(slow) <= MOST_SLOW:
            return usual
        return max(usual, min(end, floor_minute(to_datetime(slow[-MOST_SLOW])) + WINDOW))

    def _count(self, state: State, windows: Windows, until: datetime) -> State:
        """Add the windows to their days which no line that is still read can change."""
        from logwatch.count.silence import lost_minutes
        from logwatch.count.windows import every_minute, from_minute

        if state.counted_to is None or until <= state.counted_to:
            return state
        gauges = windows.gauges.rows("minute", "series", "value")
        silences = {minute: value for minute, series, value in gauges if series == SILENT_MINUTES}
        lost = lost_minutes(silences, self.rules.silent)
        span = Span(state.counted_to, until)
        minutes = [
            Minute(
                start=from_minute(minute),
                counters=found.counters,
                flawed=found.flawed,
                slow={label: values[0] for label, values in found.slow.items()},
                gauges=found.gauges,
                summaries=found.lines > 0,
                lost=not found.lines and minute in lost,
            )
            for minute, found in every_minute(windows.within(span), span)
        ]
        days = add_minutes(state.days, minutes, self.rules, self.policy.zone)
        return replace(state, days=days[-KEPT_DAYS:], counted_to=until)

    def _forget(self, state: State, start: datetime) -> State:
        """Begin again at a window after a pause that is given up: what came before it is counted, and kept no more."""
        from logwatch.count.windows import aggregate

        if state.cursor and state.counted_to:
            recent = load(state.recent)
            recent.settle()
            state = self._count(state, aggregate(recent, span=Span(state.counted_to, state.cursor)), state.cursor)
        # Nobody looked for signs of life in the pause either.
        vigil = Vigil(summary=state.vigil.summary, trusted=state.vigil.trusted)
        return replace(state, recent=Recent(), counted_to=start, vigil=vigil, census=Census())

    def _points(self, found: Figures, verdicts: tuple[Verdict, ...], at: datetime) -> list[Point]:
        """Give the points of a window: counters, slow requests, measured values, verdicts."""
        slow = [
            Point(f"slow_request/{name}", {"label": label[:100]}, at, float(value))
            for label, values in found.slow.items()
            for name, value in zip(("count", "p50", "p95", "max"), values, strict=True)
        ]
        gauges = [Point(name.replace(".", "/"), {}, at, value) for name, value in found.gauges.items()]
        counters = with_zeros(found.counters, found.flawed, self.rules) if found.lines else {}
        return [*counter_points(counters, at, self.rules), *slow, *gauges, *verdict_points(verdicts, self.rules)]

    def _remember(self, state: State, recent: Reading, cursor: datetime, crowd: Crowd | None) -> State:
        """Keep the cursor, and of the entries what later windows still need."""
        from logwatch.count.alignment import MEMORY

        since, summed_to, slow_since = (
            to_nanoseconds(cursor - reach - self.policy.overlap)
            for reach in (self._back, max(MEMORY, self._settling), max(self.rules.slow_reach + WINDOW, self._settling))
        )
        needed = Needed(since, summed_to, slow_since, MOST_SLOW)
        read, shop = self.rules.selectors, self.rules.service.shop_label

        strange = Counter(each.name for each in map(parse_series, recent.series) if not each.labels.keys() <= {shop})

        def named(key: str) -> str:
            series = parse_series(key)
            if not series.labels.keys() <= {shop}:
                if not selects(read, series.name):
                    return ""
                if strange[series.name] > MOST_APART:  # nobody asks for these labels, and they are without end
                    key = write_series(
                        series._replace(labels={each: series.labels[each] for each in series.labels if each == shop})
                    )
            return crowd.fold(key) if crowd else key

        kept = trim(recent, needed, named)
        return replace(state, cursor=cursor, recent=dump(kept))


def _usual(state: State, span: Span, rules: RuleSet, zone: tzinfo) -> dict[int, tuple[dict[str, float], ...]]:
    """Give what other days had of the counters that are held against them, by quarter of an hour."""
    from logwatch.count.windows import QUARTER, from_minute, to_minute

    if not rules.hourly:
        return {}
    quarters = range(to_minute(span.start) // QUARTER, to_minute(span.end) // QUARTER + 1)
    return {each: usual_counts(state.days, from_minute(each * QUARTER), zone) for each in quarters}


def _waited_for(state: State, rules: RuleSet) -> set[str]:
    """Give the shops that have an alert: they are told apart before all others."""
    return {each.labels[shop] for each in state.alerts if (shop := rules.service.shop_label) in each.labels}


def remembered(state: State, rules: RuleSet, policy: Policy) -> Windows | None:
    """Give the windows up to the last that was judged, as a run saw them, out of the entries that the state keeps.

    They have no gauge of logwatch's own, which only a run measures. None where nothing was judged.
    """
    from logwatch.count.crowd import thin_out
    from logwatch.count.vanished import take_census
    from logwatch.count.windows import aggregate

    if state.cursor is None:
        return None
    span = Span(state.cursor - rules.reach - policy.overlap, state.cursor)
    windows = aggregate(load(state.recent), span=span, grace=policy.grace, judged_to=state.cursor)
    windows = replace(windows, usual=_usual(state, span, rules, policy.zone))
    windows = thin_out(windows, rules.service.shop_label, _waited_for(state, rules)).windows
    return take_census(windows, span, state.census, rules.knows).windows


def _watched(state: State, kept: Kept) -> State:
    """Give the state after a look at a span; an older program reads `last_summary`, and nothing of the vigil."""
    vigil = kept.minutes[-1].vigil if kept.minutes else kept.vigil
    last = EPOCH + (vigil.summary + 1) * WINDOW if vigil.summary is not None else state.last_summary
    return replace(state, vigil=kept.vigil, last_summary=last)
