"""One scheduled run: read, judge, save, publish and tell, save again."""

from __future__ import annotations

import logging
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from logwatch.collect.interface import Probe
from logwatch.collect.last_seen import SignsOfLife
from logwatch.collect.parse import BLIND, REFUSED_MINUTES
from logwatch.errors import ConflictError, ExportError, SourceError, StoreError
from logwatch.judge.alerts import AlertState
from logwatch.judge.verdicts import Level
from logwatch.languages import COMMON
from logwatch.notify.deliver import Sending
from logwatch.notify.follow_ups import give_up
from logwatch.notify.incidents import NotifyReason
from logwatch.notify.listen import in_turn, listen
from logwatch.notify.outbox import address, fall_over, with_evidence
from logwatch.pipeline.catch_up import judge_parts, take_in
from logwatch.pipeline.run_summary import RunSummary
from logwatch.pipeline.time_range import import_counting
from logwatch.publish.points import Point, descriptors_version
from logwatch.seams import Seam, Seams
from logwatch.spans import Span, floor_minute, to_nanoseconds
from logwatch.state.document import Lease, State
from logwatch.state.lease import Held, take
from logwatch.state.mend import is_ahead

if TYPE_CHECKING:  # numpy comes with some of these, and only where a command needs it
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from logwatch.collect.interface import Endpoints, Life, PlatformFigures, Signs, Source
    from logwatch.judge.alerts import Alert
    from logwatch.judge.rules.model import RuleSet
    from logwatch.notify.answers import Heard
    from logwatch.notify.channels.interface import Channel
    from logwatch.notify.deliver import Describe
    from logwatch.notify.diagnosis.findings import Walked
    from logwatch.notify.incidents import Notification
    from logwatch.notify.outbox import Outbox
    from logwatch.pipeline.catch_up import Intake
    from logwatch.pipeline.tick import Plan, Ticked, Ticker
    from logwatch.publish.interface import Exporter
    from logwatch.state.interface import Store

LOG = logging.getLogger("logwatch.run")
"""What a run did, in detail; `logs.py` says who hears it."""
NO_CHANNEL = "nobody is told of anything: no channel is set up, and messages wait"
MARGIN = timedelta(seconds=10)
"""How long before the lease's end nothing more is begun."""
LISTEN_FOR = timedelta(seconds=6)
"""How long a run asks what people have answered, while it reads."""
MOST_LOOKUPS = 20
"""Reads and searches of one run, of the 60 a minute that the project has."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run is made of; what is slow to import is made only when the lease is held."""

    owner: str
    """The execution's name."""
    lease: timedelta
    store: Store
    source: Callable[[], Source]
    lookups: Callable[[Source], Source]
    """Gives the source again, for looking up evidence: quicker to give up."""
    evidence_budget: timedelta
    ticker: Callable[[Life], Ticker]
    endpoints: Callable[[], Endpoints | None]
    exporter: Callable[[RuleSet], Exporter | None]
    channels: Callable[[Seams], Mapping[str, Channel]]
    """Every channel that is set up, also those that only stand in for others; without one that cannot be made."""
    describe: Callable[[RuleSet], Describe]
    service: str | None
    platform: Callable[[], PlatformFigures | None] = lambda: None
    """What reads the platform's own figures; asked only when no summary has come for a while."""
    ping: Callable[[], str] | None = None
    """Tells whoever waits for it that a run went well; gives why that failed, empty where it did not."""
    digest: Callable[[State, RuleSet, datetime], State] | None = None
    """Puts the week's digest into the outbox once its hour has come."""
    target: str = ""
    """Which of several targets it is."""


def wait_to_look(starts: timedelta, clock: Callable[[], datetime], sleep: Callable[[float], None]) -> None:
    """Wait for the second of the minute at which runs look, if it is to come; import meanwhile what counting needs."""
    due = floor_minute(clock()) + starts
    if clock() < due:
        import_counting()
        sleep(max((due - clock()).total_seconds(), 0.0))


def run(parts: Parts, clock: Callable[[], datetime], started_s: float = 0.0) -> RunSummary:
    """Do one scheduled tick: take the lease, read, judge, save, publish and tell, save again.

    What is to be told is saved before any of it leaves, and each success noted after it, so that a run that is killed at
    any instant loses nothing and repeats at most the message in flight on each channel. `started_s` is what its process
    took to get here. Raises StoreError.
    """
    summary = RunSummary(begun=clock(), owner=parts.owner, target=parts.target)

    def took_s() -> float:
        return started_s + (clock() - summary.begun).total_seconds()

    with summary.timed("lease"):
        held = take(parts.store, parts.owner, parts.lease, clock)
    saving_s = took_s() - started_s  # what it takes to have a state and save it: the last save cannot count itself
    if isinstance(held, Lease):
        summary.outcome = f"another run ({held.owner}) has the lease until {held.until:%H:%M:%SZ}"
        return summary
    summary.news += held.news
    seams = Seams()
    try:
        _Run(parts, held, summary, seams, clock).work()
        with summary.timed("release"):
            held.release(replace(held.state, runs=replace(held.state.runs, took_s=round(took_s() + saving_s, 3))))
    except ConflictError as error:
        summary.fail(error)
    if parts.ping and not summary.exit_code:
        with summary.timed("ping"):
            trouble = seams.guard(Seam.PING, parts.ping, str)
        summary.news += [f"the ping after the run failed: {trouble}"] if trouble else []
        LOG.debug("ping", extra={"details": {"trouble": trouble}})
    summary.errors += [f"broken, and gone on without it: {what}" for what in seams.told()]
    summary.took_s = round(took_s(), 3)
    return summary


@dataclass(frozen=True, slots=True)
class _GuardedLife:
    """Signs of life of which nobody knows, and not of which there are none, where looking for them breaks."""

    life: Life
    seams: Seams

    def signs(self, span: Span) -> Signs:
        return self.seams.guard(Seam.LIFE, lambda: self.life.signs(span), _refuse)

    def ever(self, span: Span) -> bool:
        return self.seams.guard(Seam.LIFE, lambda: self.life.ever(span), _refuse)


def _refuse(why: str) -> NoReturn:
    raise SourceError(why)


@dataclass(frozen=True, slots=True)
class _Listening:
    """Asking what people have answered, beside the reading."""

    asking: Future[Heard]
    until: datetime
    heads: list[str]
    """Channels whose heads say it."""


@dataclass(slots=True)
class _Run:
    """One tick under its lease."""

    parts: Parts
    held: Held
    summary: RunSummary
    seams: Seams
    clock: Callable[[], datetime]
    listening: _Listening | None = None
    """Asking what people have answered, until that is taken in."""
    inherited: frozenset[str] = frozenset()
    """Messages that an earlier run has made."""

    def work(self) -> None:
        """Judge what is new, commit, then publish and tell; the last state is in `held`, not saved yet."""
        parts, summary, seams = self.parts, self.summary, self.seams
        self.inherited = frozenset(each.notification.id for each in self.held.state.outbox)
        source = parts.source()
        reading = source.ending(self._left_s(3))
        with summary.timed("prepare"):
            life = _GuardedLife(SignsOfLife(reading, parts.service, parts.platform()), seams)
            ticker = replace(parts.ticker(life), seams=seams, real=summary.begun)
        channels = parts.channels(seams)
        self.listening = self._listen(channels)
        broken: Exception | None = None
        try:
            self._judge(reading, source, ticker)
        except SourceError as error:  # what waits to be told is told all the same, and that nothing could be read
            summary.fail(error)
            self._hear(ticker)
            self._refused(ticker)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - likewise; it is raised again when that is done
            broken = error
        self._hear(ticker)
        self._look_back(ticker.rules)
        summary.errors += blind_spots(self.held.state, ticker.rules)
        if not ticker.policy.channels:
            summary.errors.append(f"{NO_CHANNEL}\n  hint: logwatch doctor names the settings of each channel")
        outbox = address(self.held.state.to_tell, ticker.policy.channels)
        outbox, lost = fall_over(outbox, tuple(channels), self.clock())
        outbox, undone = give_up(outbox, tuple(channels), self.clock())
        summary.errors += [f"given up after a day: {each}" for each in (*lost, *undone)]
        self.held.state = self.held.state.after_telling(outbox)
        if outbox.waiting or outbox.follow_ups or broken:  # else whatever is lost with this run is found anew by the next
            with summary.timed("commit"):
                self.held.save(self.held.state)
        with ThreadPoolExecutor(1) as beside:
            state = self.held.state
            publishing = beside.submit(
                lambda: seams.guard(Seam.PUBLISH, lambda: self._publish(ticker.rules, state), lambda _: state)
            )
            with summary.timed("deliver"):
                until = self.clock() + timedelta(seconds=self._left_s(1))
                describe = parts.describe(ticker.rules)
                delivered = Sending(
                    self.held.state.to_tell, self._keep_told, channels, describe, self.clock, until, seams
                ).run()
            published = publishing.result()
        self.held.state = replace(self.held.state, points=published.points, descriptors=published.descriptors)
        summary.sent, summary.retried, summary.failed = delivered.sent, delivered.retried, delivered.failed
        summary.waiting, summary.points_waiting = len(self.held.state.outbox), len(self.held.state.points)
        if broken:
            raise broken

    def _listen(self, channels: Mapping[str, Channel]) -> _Listening | None:
        """Begin to ask what people have put on the messages of incidents, beside the reading; None where nobody can."""
        state, now = self.held.state, self.clock()
        told = [each for each in state.memory.incidents if each.told_at]
        over = [each.id for each in told if each.closed_at] + state.lately_over
        order = in_turn([each.id for each in told if not each.closed_at], list(dict.fromkeys(over)), now.minute)
        asked = [(name, state.threads[name]) for name in order if name in state.threads]
        if not asked or not any(channel.dialogue for channel in channels.values()):
            return None
        until = now + min(LISTEN_FOR, timedelta(seconds=self._left_s(3)))
        pool = ThreadPoolExecutor(1)
        asking = pool.submit(listen, channels, asked, state.answers.people, lambda: self.clock() < until, self.seams)
        pool.shutdown(wait=False)
        return _Listening(asking, until, [name for name, each in channels.items() if each.dialogue])

    def _hear(self, ticker: Ticker) -> None:
        """Take in what was asked, once; what has not come in time, the next run asks again."""
        if self.listening is None:
            return
        listening, self.listening = self.listening, None
        left = max((listening.until - self.clock()).total_seconds(), 0.1)
        done, _ = wait([listening.asking], timeout=left)
        if not done:
            self.summary.news.append("nobody knows what was answered: no answer in time")
            return
        state, heard = self.held.state, listening.asking.result()
        _tell("answers", seen=heard.seen, names=len(heard.people))
        take = partial(ticker.answer, state, heard, listening.heads, self.clock())
        self.held.state = self.seams.guard(Seam.ANSWERS, take, lambda _: state)

    def _left_s(self, margins: int) -> float:
        """Give the seconds from now to so many margins before the lease's end: each part has what is left at its turn.

        Three are left when reading must be over, two for evidence, one for what is sent and published. A short lease has
        short ones.
        """
        margin = min(MARGIN, self.parts.lease * 2 / 11)
        return max((self.summary.begun + self.parts.lease - margins * margin - self.clock()).total_seconds(), 0.0)

    def _refused(self, ticker: Ticker) -> None:
        now = self.clock()
        ticked = ticker.refuse(self.held.state, now)
        at = floor_minute(now - ticker.policy.grace)
        points = (*ticked.state.points, Point("logwatch/judged", {}, at, 0.0)) if ticker.policy.publishes else ()
        self.held.state = replace(ticked.state, points=points)
        self.summary.notifications = len(ticked.notifications)

    def _look_back(self, rules: RuleSet) -> None:
        """Put the week's digest into the outbox, where one is set and due."""
        digest, state, now = self.parts.digest, self.held.state, self.clock()
        if digest:
            self.held.state = self.seams.guard(Seam.DIGEST, lambda: digest(state, rules, now), lambda _: state)

    def _keep_told(self, outbox: Outbox) -> None:
        self.held.note(self.held.state.after_telling(outbox))

    def _judge(self, reading: Source, source: Source, ticker: Ticker) -> None:
        """Read what is new and judge the windows that have closed; evidence comes from the source that has more time left."""
        now, summary = self.clock(), self.summary
        planned = ticker.plan(self.held.state, now)
        _tell("planned", read=planned.read, judge=planned.judge, early=planned.early, skipped=planned.skipped)
        if is_ahead(self.held.state, now):
            hint = "is this clock right, or LOGWATCH_NOW of a drill? if so: logwatch state mend"
            message = f"windows up to {planned.judge.start:%Y-%m-%d %H:%MZ} are judged already, and it is {now:%Y-%m-%d %H:%MZ}"
            summary.fail(StoreError(message, hint=hint))
            return
        if planned.judge.start >= planned.early.end:
            summary.outcome = f"no window has closed since {planned.judge.start:%H:%M}Z"
            return
        if planned.skipped:
            summary.errors.append(
                f"the pause was too long: the {planned.skipped} before {planned.judge.start:%H:%M}Z are not judged"
            )
        with summary.timed("read"), ThreadPoolExecutor(1) as beside:
            probing = beside.submit(self._probe, now)
            read = partial(reading.read, service=self.parts.service, progress=lambda *_: None, meanwhile=import_counting)
            taken = take_in(read, ticker, self.held.state, planned, now)
            self._read_late(reading, planned, taken)
            probe = probing.result()
        for series, value in probe.gauges.items():
            for part in taken.parts:
                part.fresh.add_gauge(series, to_nanoseconds(now), value)
        _tell(
            "read",
            spans=[part.planned.read for part in taken.parts],
            entries=[part.fresh.entries for part in taken.parts],
            answers=[(each.path, each.status, each.error) for each in probe.answers],
        )
        self._hear(ticker)
        with summary.timed("judge"):
            ticked = judge_parts(taken, ticker, self.held.state, now)
        self._tell_rest(taken, ticked)
        summary.errors += _strangers(ticked.notifications, ticker)
        summary.take(ticked, taken.merged(), self.clock())
        _tell_judged(ticked)
        with summary.timed("evidence"):
            state = self._gather(source, ticker, ticked, probe)
        runs = self.held.state.runs.after(ticker.rules, now)
        waited = sum(each.notification.id in self.inherited for each in state.outbox)
        own = _own_points(summary, state, ticker.rules, waited, runs.took_s)
        self.held.state = replace(state, points=(*state.points, *own), runs=runs)

    def _read_late(self, source: Source, planned: Plan, taken: Intake) -> None:
        """Add what has come since the last windows were judged and is older than what is read in any case."""
        if source.recorded or planned.late is None or not taken.parts:
            return
        service, came_after = self.parts.service, planned.judge.start
        try:
            late = source.read(
                planned.late, service=service, progress=lambda *_: None, meanwhile=lambda: None, came_after=came_after
            )
        except SourceError as error:
            self.summary.news.append(f"nobody looked for lines that came late: {error.message}")
        else:
            taken.parts[0].fresh.merge(late)

    def _tell_rest(self, taken: Intake, ticked: Ticked) -> None:
        """Tell what of a pause could not be read, and whether it is still to come."""
        if taken.trouble is None:
            return
        reached = f"judged up to {ticked.state.cursor:%H:%M}Z: {taken.trouble.message}"
        if taken.gap:
            between = f"the {taken.gap} before {taken.parts[-1].planned.judge.start:%H:%M}Z are not judged"
            self.summary.errors.append(f"the pause holds more than can be read while something may be firing now: {between}")
        elif taken.over:
            self.summary.news.append(f"{reached}; the next run goes on from there")
        else:
            self.summary.fail(SourceError(reached, where=taken.trouble.where, hint=taken.trouble.hint))

    def _probe(self, now: datetime) -> Probe:
        """Ask the endpoints; what breaks keeps the log lines from nothing."""

        def ask() -> Probe:
            endpoints = self.parts.endpoints()
            return endpoints.probe(now, self.seams) if endpoints else Probe((), {})

        return self.seams.guard(Seam.PROBE, ask, lambda _: Probe((), {}))

    def _gather(self, source: Source, ticker: Ticker, ticked: Ticked, probe: Probe) -> State:
        """Walk the procedures of what is about to be told, within the budget; what is not found holds nothing up."""
        until = ticked.state.looked_to
        if not ticked.notifications or not until:
            return ticked.state
        from logwatch.notify.diagnosis.diagnose import unlooked

        def unseen(why: str) -> dict[str, Walked | None]:
            return {each.id: unlooked(each, ticker.rules, why) for each in ticked.notifications}

        found = self.seams.guard(Seam.EVIDENCE, lambda: self._walk(source, ticker, ticked, probe, until), unseen)
        walked = {name: each for name, each in found.items() if each}
        return ticked.state.after_telling(with_evidence(ticked.state.to_tell, walked))

    def _walk(self, source: Source, ticker: Ticker, ticked: Ticked, probe: Probe, until: datetime) -> dict[str, Walked | None]:
        from logwatch.notify.diagnosis.diagnose import walk
        from logwatch.notify.diagnosis.lookups import Budget, LiveArchive

        left = min(self.parts.evidence_budget, timedelta(seconds=self._left_s(2)))
        budget = Budget(MOST_LOOKUPS, self.clock() + left, self.clock)
        archive = LiveArchive(
            source=self.parts.lookups(source).ending(left.total_seconds()),
            service=self.parts.service,
            until=until,
            recent=ticked.state.recent,
            answers={answer.path: answer for answer in probe.answers},
            budget=budget,
            grace=ticker.policy.grace,
        )
        pairs = sorted(
            zip(ticked.notifications, ticked.standing, strict=True),
            key=lambda pair: urgency(pair[0], ticked.state),
            reverse=True,
        )
        found = {each.id: walk(each, ticker.rules, archive, verdicts, self.seams) for each, verdicts in pairs}
        self.summary.lookups = budget.spent
        return found

    def _publish(self, rules: RuleSet, state: State) -> State:
        """Write the points that wait; give the state with those that still do."""
        summary = self.summary
        exporter = self.parts.exporter(rules) if state.points else None
        if exporter is None:
            return replace(state, points=())
        exporter = exporter.ending(self._left_s(1))
        version = descriptors_version(rules.service.metric_prefix, exporter.metrics)
        with summary.timed("publish"):
            try:
                if state.descriptors != version and exporter.ensure_descriptors(summary.news.append) is None:
                    version = state.descriptors  # the cure may be followed: the next run tries again
                refused = exporter.publish(state.points)
            except ExportError as error:
                summary.refused.append(str(error))
                return state
        summary.points = len(state.points) - len(refused)
        _tell("published", points=summary.points, refused=[(each.point.metric, each.reason) for each in refused])
        told = Counter(each.reason for each in refused)
        summary.refused += [f"{count} points: {reason}" for reason, count in told.items()]
        return replace(state, points=tuple(each.point for each in refused if each.again), descriptors=version)


def _strangers(told: Sequence[Notification], ticker: Ticker) -> list[str]:
    """Name the channels that an escalation goes to and nobody has set up."""
    named = dict.fromkeys(name for each in told if each.reason is NotifyReason.ESCALATED for name in each.also)
    known = {*ticker.policy.channels, *ticker.policy.others}
    return [
        f"oncall.yaml escalates to '{name}', which is not set up: see logwatch doctor" for name in named if name not in known
    ]


def urgency(told: Notification, state: State) -> tuple[bool, bool, datetime]:
    """Rank what to look into first: what still fires before what is over, and of that the newest."""
    going_on = any(each.id == told.incident and each.closed_at is None for each in state.memory.incidents)
    return going_on, told.reason is not NotifyReason.RESOLVED, told.at


def _tell(what: str, **details: object) -> None:
    LOG.debug(what, extra={"details": details})


def _tell_judged(ticked: Ticked) -> None:
    """Tell what is not normal in the last window, every change of an alert, and who is silent and why."""
    for verdict in ticked.state.verdicts:
        if verdict.level is not Level.NORMAL:
            fields = ("rule", "labels", "level", "value", "numerator", "denominator", "proven", "why", "window_end")
            _tell("verdict", **{name: getattr(verdict, name) for name in fields})
    for each in ticked.transitions:
        alert = each.alert
        because = f"{alert.latest.level} {alert.latest.value} in the window that ended {alert.latest.window_end:%H:%M}Z"
        _tell("transition", alert=_named(alert), before=each.before, after=each.after, at=each.at, because=because)
    named = {alert.fingerprint: _named(alert) for alert in ticked.state.alerts}
    for mute in ticked.state.suppressed:
        _tell("suppressed", alert=named.get(mute.fingerprint), why=mute.why, by=mute.by, until=mute.until)
    for notification in ticked.notifications:
        _tell("notification", id=notification.id, reason=notification.reason, rules=notification.rules)


def _named(alert: Alert) -> str:
    return f"{alert.rule}{alert.labels or ''}"


def blind_spots(state: State, rules: RuleSet) -> list[str]:
    """Say of each alert that fires because something cannot be seen, for the line that a run leaves."""
    blind = {rule.rule: rule for rule in rules.rules if BLIND & {*rule.kind.reads.gauges}}
    return [
        f"{alert.rule}: {blind[alert.rule].summary[COMMON]}, since {alert.pending_at:%Y-%m-%d %H:%MZ}"
        for alert in state.alerts
        if alert.rule in blind and alert.state is AlertState.FIRING
    ]


def _own_points(summary: RunSummary, state: State, rules: RuleSet, waited: int, took_s: float | None) -> list[Point]:
    """Give what logwatch says of itself, once a run: `waited` counts messages of earlier runs, `took_s` is the last one's."""
    if state.cursor is None:
        return []
    # That lines could be read says nothing of what they said.
    reading = {rule.rule for rule in rules.rules if REFUSED_MINUTES in rule.kind.reads.gauges}
    values = {
        "heartbeat": 1.0,
        "lag": summary.lag_s or 0.0,
        "unparsed": float(sum(summary.unparsed.values())),
        "undelivered": float(waited),
        "judged": float(len({each.rule for each in state.verdicts if each.level is not Level.UNKNOWN} - reading)),
    }
    values |= {"run_time": took_s} if took_s is not None else {}
    return [Point(f"logwatch/{name}", {}, state.cursor, value) for name, value in values.items()]
