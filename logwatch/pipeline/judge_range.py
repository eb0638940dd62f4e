"""A time range judged, and what its minutes would have told on a simulated clock; changes nothing anywhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from logwatch.collect.parse import SILENT_MINUTES, STOPPED_MINUTES
from logwatch.count.census import Census
from logwatch.count.life import Vigil
from logwatch.count.stopped import NOTHING_USUAL
from logwatch.notify.outbox import Outgoing, note_of
from logwatch.pipeline.replay import Replayed, replay
from logwatch.pipeline.time_range import count_windows, import_reporting, read_entries, read_windows

if TYPE_CHECKING:  # numpy comes with some of these, and only where a command needs it
    from collections.abc import Sequence
    from datetime import datetime

    from logwatch.collect.interface import Life, Progress, Source
    from logwatch.count.windows import Windows
    from logwatch.judge.evaluate import Judged
    from logwatch.judge.rules.model import RuleSet
    from logwatch.judge.verdicts import Verdict
    from logwatch.notify.diagnosis.findings import Walked
    from logwatch.notify.diagnosis.lookups import RecordedArchive
    from logwatch.notify.incidents import Notification
    from logwatch.pipeline.tick import Ticker
    from logwatch.pipeline.time_range import Wanted
    from logwatch.spans import Span
    from logwatch.state.document import State


def judge(source: Source, ticker: Ticker, wanted: Wanted, *, now: datetime, progress: Progress) -> Judged:
    """Fetch, parse, aggregate, evaluate; changes nothing anywhere."""
    rules, wanted = ticker.rules, replace(wanted, meanwhile=import_reporting)
    span, windows = read_windows(source, wanted, reach=max(rules.reach, rules.silent), now=now, progress=progress)
    return _judged(rules, span, windows, ticker.life)


def judge_and_replay(
    source: Source, ticker: Ticker, wanted: Wanted, *, now: datetime, progress: Progress
) -> tuple[Judged, Replayed]:
    """Judge a span, and say what its minutes would have told on a simulated clock; from one reading."""
    span, reading = read_entries(source, wanted, reach=ticker.reach, now=now, progress=progress)
    span, windows = count_windows(reading, span, source, wanted, reach=max(ticker.rules.reach, ticker.rules.silent))
    from logwatch.notify.diagnosis.lookups import RecordedArchive

    archive = RecordedArchive(reading, source, wanted.service)
    return _judged(ticker.rules, span, windows, ticker.life), play(archive, span, ticker, progress)


def read_and_play(
    source: Source, tickers: Sequence[Ticker], wanted: Wanted, *, now: datetime, progress: Progress
) -> list[Replayed]:
    """Say what the minutes of a span would have told on a simulated clock, to each of some tickers; from one reading."""
    reach = max(ticker.reach for ticker in tickers)
    span, reading = read_entries(source, wanted, reach=reach, now=now, progress=progress)
    from logwatch.notify.diagnosis.lookups import RecordedArchive

    archive = RecordedArchive(reading, source, wanted.service)
    return [play(archive, span, ticker, progress) for ticker in tickers]


def play(archive: RecordedArchive, span: Span, ticker: Ticker, progress: Progress) -> Replayed:
    """Run every tick of a reading on a simulated clock, and walk the procedure of each message that it would have sent."""
    from logwatch.notify.diagnosis.diagnose import walk

    def walked(told: Notification, verdicts: tuple[Verdict, ...]) -> Walked | None:
        progress(f"evidence for the message of {told.at:%Y-%m-%dT%H:%MZ}", (told.at - span.start) / (span.end - span.start))
        return walk(told, ticker.rules, archive, verdicts)

    return replay(archive.reading, span, ticker, walked, lambda share: progress("minute by minute", share))


def stand_at_end(source: Source, ticker: Ticker, wanted: Wanted, *, now: datetime, progress: Progress) -> State:
    """Give the state that the minutes of a span would have left, on a simulated clock."""
    span, reading = read_entries(source, wanted, reach=ticker.reach, now=now, progress=progress)
    return state_left(replay(reading, span, ticker, tell=lambda share: progress("minute by minute", share)))


def state_left(played: Replayed) -> State:
    """Give the state that a replay ends with; its messages went nowhere."""
    return replace(played.state, notes=tuple(note_of(Outgoing(told, {})) for told in played.notifications), outbox=())


def _judged(rules: RuleSet, span: Span, windows: Windows, life: Life) -> Judged:
    """Judge every rule, those that watch whether there is anything to judge too."""
    from logwatch.count.crowd import thin_out
    from logwatch.count.silence import keep_vigil
    from logwatch.count.vanished import take_census
    from logwatch.count.windows import with_gauge
    from logwatch.judge.evaluate import Judged, evaluate

    windows = thin_out(windows, rules.service.shop_label).windows
    windows = take_census(windows, windows.span, Census(), rules.knows).windows
    if rules.silence:
        kept = keep_vigil(windows, windows.span, Vigil(), life.signs)
        windows = with_gauge(windows, SILENT_MINUTES, kept.silent)
        windows = with_gauge(windows, STOPPED_MINUTES, kept.stopped(lambda _: NOTHING_USUAL))
    return Judged(span, windows, tuple(evaluate(rules.rules, windows, span)))
