"""Every check at once: what `run` needs is tried, each part by itself, and nothing is changed that people would notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from logwatch.checks import Checked, CheckOutcome, Phrase, Texts, advice, command, ok, say
from logwatch.collect.columns import SAMPLES, SLOW
from logwatch.collect.parse import Reason
from logwatch.deadlines import call_all
from logwatch.errors import (
    BrokenStateError,
    ChannelError,
    ConfigError,
    ConflictError,
    ExportError,
    LogwatchError,
    RuleError,
    SourceError,
)
from logwatch.publish.points import Metric, Point
from logwatch.report.absence import Lines, WatchedService, judge_lines, look_around
from logwatch.spans import NS, Span, to_nanoseconds
from logwatch.state.document import State, dump_state, load_state
from logwatch.ui.findings import finding_texts
from logwatch.watchdog.check_results import (
    SET_CLOCK,
    judge_answers,
    judge_clock,
    judge_lag,
    judge_rhythm,
)

if TYPE_CHECKING:
    from datetime import datetime

    from logwatch.collect.columns import Reading
    from logwatch.collect.interface import Endpoints, LogProject, PlatformFigures
    from logwatch.notify.channels.interface import Channel
    from logwatch.notify.messages import Message
    from logwatch.publish.interface import Exporter
    from logwatch.state.interface import Store
    from logwatch.ui.format import Audience

HOUR = timedelta(hours=1)
"""What is looked at for summaries."""
LIMIT_S = 30.0
"""Seconds that one check may take."""
METRIC = Metric("logwatch/doctor", "1", "1 for each time that logwatch doctor could write.", {})
"""A metric of its own: a heartbeat written once would call people when it is absent afterwards."""
TRIES = 3
_UNREACHABLE = {
    "ServiceUnavailable", "DeadlineExceeded", "InternalServerError", "RetryError", "TransportError", "ConnectionError",
    "Timeout", "ConnectTimeout", "ReadTimeout", "GatewayTimeout", "TooManyRequests", "ResourceExhausted", "Unknown",
}  # fmt: skip
"""Causes that say nothing about settings or rights."""

Check = Callable[[], "list[Checked]"]


@dataclass(frozen=True, slots=True)
class Timed:
    """A check that knows its name, and what to look at when it fails, before it ends."""

    check: str
    run: Check
    title: Texts | None = None
    """What people call it; None stands for the text behind `check.`."""
    cure: Phrase | None = None
    """Which settings to look at when a channel fails."""


def examine(checks: Sequence[Timed], *, limit_s: float = LIMIT_S) -> list[Checked]:
    """Run all at once, each in a thread that nobody waits for longer than the limit; gives their lines in order."""
    found = call_all({place: partial(_safely, each) for place, each in enumerate(checks)}, limit_s)
    return [
        replace(line, title=each.title)
        for place, each in enumerate(checks)
        for line in found.get(place) or [Checked(each.check, CheckOutcome.UNSURE, say("late", limit=f"{limit_s:.0f}"))]
    ]


def _safely(each: Timed) -> list[Checked]:
    try:
        return each.run()
    except LogwatchError as error:
        return [failed(each.check, error, each.cure)]
    except Exception as error:  # noqa: BLE001 - one check that breaks keeps no other from its line
        return [Checked(each.check, CheckOutcome.UNSURE, say("broken", kind=type(error).__name__))]


def failed(check: str, error: LogwatchError, cure: Phrase | None = None) -> Checked:
    """Say what an adapter could not do, with its own mend, and a channel's with its settings before that."""
    cause = type(error.__cause__).__name__
    unreachable = not isinstance(error, ChannelError | ConfigError) and cause in _UNREACHABLE
    outcome = CheckOutcome.UNSURE if unreachable else CheckOutcome.WRONG
    where = f"{error.where}: " if isinstance(error, ConfigError | RuleError) and error.where else ""
    return Checked(check, outcome, say("error", error=f"{where}{error.message}"), _cures(error, cure, unreachable=unreachable))


def _cures(error: LogwatchError, cure: Phrase | None, *, unreachable: bool) -> tuple[Phrase, ...]:
    """Give an adapter's mend: its command, if it has one, or the settings of the channel and its words about them."""
    if unreachable:
        return (say("cure.again"),)
    if cure and isinstance(error, ChannelError):
        return (cure, *(advice(error.hint) if error.hint else ()))
    hint = error.hint or ("logwatch rules check" if isinstance(error, RuleError) else "")
    return advice(hint) if hint else ()


# ---- the log


@dataclass(frozen=True, slots=True)
class LogChecks:
    """Cloud Logging, and whose lines are wanted of it."""

    source: LogProject
    place: WatchedService
    wanted: str | None
    """The service to read; None reads all of the project."""
    grace: timedelta
    audience: Audience
    shop_label: str = "service"

    def check(self, now: datetime) -> list[Checked]:
        """Read the last hour, and where it holds no summary look around for the reason."""
        hour = Span(now - HOUR, now)
        try:
            reading = self.source.read(hour, service=self.wanted, progress=lambda *_: None, meanwhile=lambda: None)
        except SourceError as error:
            return self._cannot_read(error)
        reading.settle()
        read = ok("logs", say("logs.read", entries=reading.entries, project=self.place.project))
        lines = count_lines(reading, now)
        try:
            around = None if lines.summaries or lines.lost else look_around(self.source, self.place, hour, now)
            found = judge_lines(lines, around, self.place, self.audience)
        except SourceError as error:
            found = failed("lines", error)
        quota = ok("quota", say("quota.fine", calls=self.source.calls))
        return [read, quota, found, *self._judge_course(reading, hour)]

    def _cannot_read(self, error: SourceError) -> list[Checked]:
        line = failed("logs", error)
        if type(error.__cause__).__name__ in {"ResourceExhausted", "TooManyRequests"}:
            rest = Checked("quota", CheckOutcome.WRONG, say("quota.used"), (say("cure.quota", project=self.place.project),))
            return [replace(line, cures=()), rest]
        return [line, Checked("lines", CheckOutcome.UNSURE, say("lines.unread"))]

    def _judge_course(self, reading: Reading, hour: Span) -> list[Checked]:
        from logwatch.count.crowd import thin_out
        from logwatch.count.windows import aggregate

        quality = thin_out(aggregate(reading, span=hour, grace=self.grace), self.shop_label).windows.quality
        delays = [
            (received - at) / NS
            for at, received, kind in zip(reading.rows.time, reading.rows.received, reading.rows.kind, strict=True)
            if received and kind in {SAMPLES, SLOW}
        ]
        texts = finding_texts(quality.findings, quality.flaws, self.audience.lang)
        return [
            *(Checked("finding", CheckOutcome.NOTE, say("plain", text=text)) for text in texts),
            judge_lag(delays, quality.late, self.grace),
            judge_rhythm(quality.off_rhythm, quality.samples, self.place),
        ]


def count_lines(reading: Reading, now: datetime) -> Lines:
    """Count what a settled reading holds."""
    rows = reading.rows
    times = [at for at, kind in zip(rows.time, rows.kind, strict=True) if kind == SAMPLES]
    instances = {who for who, kind in zip(rows.instance, rows.kind, strict=True) if kind == SAMPLES}
    return Lines(
        summaries=len(times),
        slow_requests=sum(kind == SLOW for kind in rows.kind),
        instances=len(instances),
        newest_s=(to_nanoseconds(now) - max(times)) / NS if times else None,
        lost=reading.unparsed()[Reason.COUNTERS_LOST],
    )


# ---- the rest


def check_clock(sources: Mapping[str, Callable[[], datetime | None]], clock: Callable[[], datetime]) -> list[Checked]:
    """Hold this machine's clock against the first that answers; an answer's date is of whole seconds."""
    for name, ask in sources.items():
        before = clock()
        told = ask()
        if told is not None:
            middle = before + (clock() - before) / 2
            return [judge_clock((middle - told).total_seconds(), name)]
    return [judge_clock(None, "")]


def check_metrics(exporter: Exporter, now: datetime) -> list[Checked]:
    """Make the doctor's own descriptor and write one point of it; raises ExportError."""
    told: list[str] = []
    exporter.ensure_descriptors(told.append)
    refused = exporter.publish([Point(METRIC.name, {}, now, 1.0)])
    # Another doctor wrote one less than 5 s ago: it may be written, then.
    reasons = [each.reason for each in refused if "there already" not in each.reason and "less than 5 s" not in each.reason]
    if reasons:
        hint = f"run: {SET_CLOCK}" if "future" in reasons[0] else "LOGWATCH_METRICS_PROJECT, LOGWATCH_LOCATION"
        raise ExportError(f"the point was refused: {reasons[0]}", hint=hint)
    if told:
        return [Checked("metrics", CheckOutcome.NOTE, say("error", error=told[0].splitlines()[0]))]
    return [ok("metrics", say("metrics.fine"))]


def check_platform(figures: PlatformFigures, now: datetime) -> list[Checked]:
    """Read the platform's own figures, without which only lines tell whether a service that writes none is idle."""
    try:
        figures.fetch(Span(now - timedelta(minutes=10), now))
    except SourceError as error:
        return [replace(failed("platform", error), outcome=CheckOutcome.NOTE)]
    return [ok("platform", say("platform.fine"))]


def check_endpoints(endpoints: Endpoints, now: datetime, place: WatchedService) -> list[Checked]:
    """Ask every endpoint."""
    return judge_answers(endpoints.probe(now).answers, place)


def check_state(store: Store, clock: Callable[[], datetime], audience: Audience, *, lasting: bool) -> list[Checked]:
    """Load the document, and save it as it is in the generation that was loaded; where there is none, an empty one is made.

    While a run has the lease nothing is saved, since the run would lose it. `lasting` says whether the store outlives this
    machine. Raises StoreError.
    """
    for _ in range(TRIES):
        stored = store.load()
        if stored is None:
            text, generation = dump_state(State()), 0
        else:
            text, generation = stored.text, stored.generation
            try:
                lease = load_state(text).lease
            except BrokenStateError as error:
                return [Checked("state", CheckOutcome.WRONG, say("error", error=error.message), (say("cure.broken"),))]
            if lease and lease.until > clock():
                return [
                    Checked(
                        "state", CheckOutcome.SKIPPED, say("state.leased", owner=lease.owner, until=audience.clock(lease.until))
                    )
                ]
        try:
            store.save(text, generation)
        except ConflictError:  # a run came in between
            continue
        if not lasting:
            return [
                Checked(
                    "state", CheckOutcome.NOTE, say("state.passing"), command("LOGWATCH_STATE=gs://BUCKET/logwatch/state.json")
                )
            ]
        return [ok("state", say("state.new" if stored is None else "state.fine", size=f"{len(text) / 1000:.0f}"))]
    return [Checked("state", CheckOutcome.UNSURE, say("state.busy"))]


def send_test(name: str, channel: Channel, message: Message) -> list[Checked]:
    """Send the test message through one channel. Raises ChannelError."""
    channel.send(message, None)
    return [ok(f"test {name}", say("test.sent"))]
