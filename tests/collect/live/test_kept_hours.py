"""Hours on disk: what was read once is the same when it comes from there, and nothing unread is taken for read."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import grpc
import pytest

from logwatch.collect.columns import Reading
from logwatch.collect.interface import CutShortError
from logwatch.collect.live import cloud_logging
from logwatch.collect.live.cloud_logging import CloudLoggingSource, take_page
from logwatch.collect.live.kept_hours import HOUR, HourByHour, KeptHours, between, whole_hours
from logwatch.count.windows import aggregate
from logwatch.spans import Span
from tests.conftest import ROOT, Run
from tests.support.local_google import Fault, LoggingServer, load_entries, repeat
from tests.support.other_lines import PROJECT, connect
from tests.support.platform import SHAPE

LOGS = ROOT / "tests/fixtures/logs"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@cache
def twelve_hours() -> tuple[Any, ...]:
    """Give a morning's entries twelve times over; the first is of 04:00."""
    return tuple(repeat(load_entries(LOGS / "payment.ndjson"), 12))


def of(entry: Any) -> datetime:
    return datetime.fromtimestamp(entry.timestamp.seconds, UTC)


def span_of(entries: tuple[Any, ...]) -> Span:
    first, last = of(entries[0]), of(entries[-1])
    return Span(first.replace(second=0), last.replace(second=0) + timedelta(minutes=1))


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud_logging, "PAGE_SIZE", 100)


def read(source: CloudLoggingSource, span: Span) -> Reading:
    return source.read(span, service=None, progress=lambda _text, _share: None, meanwhile=lambda: None)


def figures(reading: Reading, span: Span) -> list[Any]:
    """Give all that comes of a reading: its windows, what became of its entries, what it came upon."""
    windows = aggregate(reading, span=span)
    tables = [
        table.frame().astype(str).to_csv() for table in (windows.counters, windows.slow, windows.gauges, windows.summaries)
    ]
    return [*tables, windows.quality, reading.entries, reading.refused, reading.flaws, reading.findings]


def test_the_second_read_asks_for_what_is_new_and_gives_the_same(tmp_path: Path) -> None:
    entries, span = twelve_hours(), span_of(twelve_hours())
    with LoggingServer(entries, quota=None) as server:
        plain, _ = connect(server)
        wanted = figures(read(plain, span), span)
        first, _ = connect(server, cache=tmp_path)
        assert figures(read(first, span), span) == wanted
        once = first.calls
        second, _ = connect(server, cache=tmp_path)
        assert figures(read(second, span), span) == wanted
    assert 0 < second.calls < once / 3
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.rglob("*.hour"))


@pytest.mark.long
def test_a_read_that_breaks_off_goes_on_where_it_was(tmp_path: Path) -> None:
    entries, span = twelve_hours(), span_of(twelve_hours())
    with LoggingServer(entries, quota=None) as server:
        plain, _ = connect(server)
        wanted = figures(read(plain, span), span)
        pages = plain.calls
        server.faults = [None] * (pages * 2 // 3) + [Fault(grpc.StatusCode.PERMISSION_DENIED)]
        broken, _ = connect(server, cache=tmp_path)
        with pytest.raises(CutShortError) as cut:
            read(broken, span)
        server.faults = []
        again, _ = connect(server, cache=tmp_path)
        assert figures(read(again, span), span) == wanted
    before = Span(span.start, cut.value.before.replace(second=0))
    whole = figures(read_of(entries, span), before)[:2]
    assert figures(cut.value.reading, before)[:2] == whole  # everything before a time, also of what was kept
    assert again.calls < pages * 2 / 3


def read_of(entries: tuple[Any, ...], span: Span) -> Reading:
    with LoggingServer(entries, quota=None) as server:
        return read(connect(server)[0], span)


@pytest.mark.long
def test_what_breaks_off_after_kept_hours_gives_none_that_lie_behind(tmp_path: Path) -> None:
    entries, span = twelve_hours(), span_of(twelve_hours())
    with LoggingServer(entries, quota=None) as server:
        read(connect(server, cache=tmp_path)[0], span)
        hours = sorted(tmp_path.rglob("*.hour"))
        for path in (hours[2], hours[6]):
            path.unlink()
        server.faults = [None] * 6 + [Fault(grpc.StatusCode.PERMISSION_DENIED)]
        with pytest.raises(CutShortError) as cut:
            read(connect(server, cache=tmp_path)[0], span)
    last = max(cut.value.reading.rows.time)
    assert datetime.fromtimestamp(last / 1e9, UTC) < cut.value.before + HOUR


@pytest.mark.long
@pytest.mark.parametrize("harm", ["flipped", "cut", "emptied", "moved"])
def test_an_hour_that_is_not_as_it_was_written_is_read_again(tmp_path: Path, harm: str) -> None:
    entries, span = twelve_hours(), span_of(twelve_hours())
    with LoggingServer(entries, quota=None) as server:
        wanted = figures(read(connect(server, cache=tmp_path)[0], span), span)
        hours = sorted(tmp_path.rglob("*.hour"))
        for number, path in enumerate(hours[:-1]):
            raw = path.read_bytes()
            place = 7 * number % len(raw)
            path.write_bytes({
                "flipped": raw[:place] + bytes([raw[place] ^ 4]) + raw[place + 1 :],
                "cut": raw[: len(raw) // 2],
                "emptied": b"",
                "moved": hours[-1].read_bytes(),
            }[harm])  # fmt: skip
        assert figures(read(connect(server, cache=tmp_path)[0], span), span) == wanted


@pytest.mark.long
def test_an_hour_is_kept_only_once_all_of_it_has_arrived(tmp_path: Path) -> None:
    entries, span = twelve_hours(), span_of(twelve_hours())
    missing = [each for each in entries if of(each) >= span.end - timedelta(minutes=90)][:5]
    with LoggingServer([each for each in entries if each not in missing], quota=None) as server:
        read(connect(server, cache=tmp_path)[0], span)
    with LoggingServer(entries, quota=None) as server:  # they come now: within the hour that a line may take
        late = read(connect(server, cache=tmp_path)[0], span)
    assert figures(late, span) == figures(read_of(entries, span), span)


class Clock:
    """A clock that stands until it is put on."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_what_arrives_while_a_long_read_goes_on_is_in_no_hour_that_is_kept(tmp_path: Path) -> None:
    """An hour is asked for twenty minutes before the read sees a line that came an hour after it: another one may be under way."""
    entries = twelve_hours()
    hour = of(entries[0]).replace(minute=0, second=0) + 2 * HOUR
    kept = KeptHours(tmp_path, ("a",), SHAPE)
    first = [each for each in entries if hour <= of(each) < hour + HOUR]
    after = [each for each in entries if hour + HOUR <= of(each) < hour + 2 * HOUR + timedelta(minutes=15)]
    for passed, whole in ((0.0, True), (20 * 60.0, False)):
        clock = Clock()
        hours = HourByHour(Span(hour, hour + 4 * HOUR), kept, take_page, SHAPE, clock)
        hours.take(first)
        clock.seconds += passed
        hours.take(after)
        assert kept.has(hour) == whole
        for path in tmp_path.rglob("*.hour"):
            path.unlink()


@pytest.mark.long
def test_an_hour_without_a_line_is_asked_for_each_time(tmp_path: Path) -> None:
    entries, span = twelve_hours(), span_of(twelve_hours())
    empty = Span(utc(f"{span.start + 4 * HOUR:%Y-%m-%dT%H:00}"), utc(f"{span.start + 6 * HOUR:%Y-%m-%dT%H:00}"))
    held = tuple(each for each in entries if not empty.start <= of(each) < empty.end)
    with LoggingServer(held, quota=None) as server:
        read(connect(server, cache=tmp_path)[0], span)
    with LoggingServer(entries, quota=None) as server:
        found = read(connect(server, cache=tmp_path)[0], span)
    assert figures(found, span) == figures(read_of(entries, span), span)


def test_another_question_finds_nothing_of_it(tmp_path: Path) -> None:
    entries, span = twelve_hours(), span_of(twelve_hours())
    with LoggingServer(entries, quota=None) as server:
        read(connect(server, cache=tmp_path)[0], span)
        for other in ({"service": "o4o-core-api"}, {"location": "asia-northeast3"}, {"resources": ["projects/another-one"]}):
            source, _ = connect(server, cache=tmp_path, **other)
            kept = source._kept(span, None)
            assert kept
            assert not any(map(kept.has, whole_hours(span)))
    with LoggingServer([], quota=None) as another:  # a drill's lines are not the project's
        assert read(connect(another, cache=tmp_path)[0], span).entries == 0


def test_a_short_span_neither_reads_nor_keeps_any(tmp_path: Path) -> None:
    span = span_of(twelve_hours())
    with LoggingServer(twelve_hours(), quota=None) as server:
        read(connect(server, cache=tmp_path)[0], Span(span.start, span.start + timedelta(hours=2)))
    assert not list(tmp_path.rglob("*"))


@pytest.mark.long
def test_a_folder_that_cannot_be_written_costs_another_read_and_nothing_else() -> None:
    entries, span = twelve_hours(), span_of(twelve_hours())
    with LoggingServer(entries, quota=None) as server:
        found = read(connect(server, cache=Path("/dev/null/nothing"))[0], span)
    assert figures(found, span) == figures(read_of(entries, span), span)


def test_the_folder_stays_bounded_and_forgets_what_was_used_longest_ago(tmp_path: Path) -> None:
    reading = read_of(twelve_hours()[:400], span_of(twelve_hours()))
    reading.block_lines = []
    shelf = KeptHours(tmp_path, ("one",), SHAPE, most_bytes=60_000)
    hours = [utc("2026-02-01T00:00") + HOUR * number for number in range(301)]
    for hour in hours:
        shelf.save(hour, reading)
    files = sorted(tmp_path.rglob("*.hour"))
    assert sum(path.stat().st_size for path in files[:-1]) <= 60_000
    assert shelf.has(hours[-1])
    assert not shelf.has(hours[0])


@pytest.mark.parametrize(
    ("hours", "stretches"),
    [
        ([], ["03:30-08:10"]),
        (["04"], ["03:30-04:00", "05:00-08:10"]),
        (["04", "05", "07"], ["03:30-04:00", "06:00-07:00", "08:00-08:10"]),
        (["04", "05", "06", "07"], ["03:30-04:00", "08:00-08:10"]),
    ],
)
def test_what_is_missing_lies_between_the_hours_that_are_kept(hours: list[str], stretches: list[str]) -> None:
    span = Span(utc("2026-02-24T03:30"), utc("2026-02-24T08:10"))
    missing = between(span, [utc(f"2026-02-24T{hour}:00") for hour in hours])
    assert [f"{each.start:%H:%M}-{each.end:%H:%M}" for each in missing] == stretches
    assert [f"{each:%H}" for each in whole_hours(span)] == ["04", "05", "06", "07"]


def test_a_plan_tells_about_how_many_calls_it_will_be(tmp_path: Path) -> None:
    entries, span = twelve_hours(), span_of(twelve_hours())
    with LoggingServer(entries, quota=None) as server:
        source, _ = connect(server, cache=tmp_path)
        plan = source.plan([span], service=None)
        planning = source.calls
        read(source, span)
        assert plan
        assert plan.kept_hours == 0
        assert plan.calls == pytest.approx(source.calls - planning, rel=0.25)
        again = source.plan([span], service=None)
        assert again
        assert again.kept_hours >= 9
        assert again.calls < plan.calls / 3
        assert source.plan([Span(span.end - timedelta(hours=1), span.end)], service=None) is None


def test_whoever_is_refused_takes_less_so_that_a_run_gets_its_share() -> None:
    entries, span = twelve_hours(), span_of(twelve_hours())
    with LoggingServer(entries, quota=None) as server:
        server.faults = [Fault(grpc.StatusCode.RESOURCE_EXHAUSTED)] * 3
        source, _ = connect(server, quota=55)
        read(source, span)
        assert source.quota.per_minute == 55 * 3 // 4 * 3 // 4 * 3 // 4
        server.faults = [Fault(grpc.StatusCode.RESOURCE_EXHAUSTED)] * 3
        run, _ = connect(server, quota=55)
        read(run.ending(600), span)
        assert run.quota.per_minute == 55


@pytest.mark.long
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_long_read_is_told_before_it_begins(run: Run, tmp_path: Path, lang: str) -> None:
    entries, span = twelve_hours(), span_of(twelve_hours())
    times = ("--since", f"{span.start:%Y-%m-%dT%H:%MZ}", "--until", f"{span.end:%Y-%m-%dT%H:%MZ}")
    with LoggingServer(entries, quota=None) as server:
        told = {
            "LOGWATCH_LOGGING_ENDPOINT": server.address, "LOGWATCH_CACHE": str(tmp_path), "LOGWATCH_LANG": lang,
            "LOGWATCH_NOW": f"{span.end + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}", "LOGWATCH_METRICS_PROJECT": "none",
        }  # fmt: skip
        windows = ("windows", f"gcp://{PROJECT}", *times)
        slow = run(*windows, **told, LOGWATCH_READ_REQUESTS_PER_MINUTE="60")
        first = len(server.requests)
        again = run(*windows, **told, LOGWATCH_READ_REQUESTS_PER_MINUTE="60")
        second = len(server.requests) - first
        anew = run(*windows, "--no-cache", **told, LOGWATCH_READ_REQUESTS_PER_MINUTE="60")
    assert (slow.code, again.code, anew.code) == (0, 0, 0)
    assert slow.out == again.out == anew.out
    assert second < first / 2 < len(server.requests) - first - second
