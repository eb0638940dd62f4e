"""What is kept from run to run comes back as it was, through JSON and past an older program."""

from datetime import timedelta
from itertools import product
from math import isnan
from typing import Any

import msgspec
import pytest

from logwatch.collect.columns import Reading
from logwatch.collect.entries import Entry
from logwatch.collect.recent_entries import FLAWED, Needed, Recent, dump, load, new_and_late, trim
from logwatch.count.windows import Windows, aggregate, from_minute, to_minute
from logwatch.spans import NS, Span, to_nanoseconds
from tests.support.made_windows import START, windows_of
from tests.support.platform import SHAPE, SUMMARY

ERRORS = "checkout.error{service=kpa}"


def kept(*minutes: dict[str, float] | None) -> Recent:
    reading = windows_of(*minutes)
    since = to_nanoseconds(START)
    return dump(trim(reading, Needed(since, since, since, 10), str))


def test_a_flawed_counter_is_still_flawed_after_it_was_kept() -> None:
    text = msgspec.json.encode(kept({ERRORS: -1.0, "cache.hit": 3.0}, {ERRORS: 2.0}))
    assert b"NaN" not in text
    recent = msgspec.json.decode(text, type=Recent)
    recent.check()
    reading = load(recent)
    found = list(zip((list(reading.series)[at] for at in reading.counts.series), reading.counts.value, strict=True))
    assert ("cache.hit", 3.0) in found
    assert (ERRORS, 2.0) in found
    assert [key for key, value in found if isnan(value)] == [ERRORS]
    assert reading.rows.width.tolist() == [3, 2]
    assert msgspec.json.encode(dump(reading)) == text


def test_a_document_without_flaws_says_nothing_of_them() -> None:
    assert FLAWED not in (kept({ERRORS: 2.0}).later or {})


@pytest.mark.parametrize("flawed", [[[9, 0]], [[0, 99]], [["0"]], [[]], [0]])
def test_flawed_counters_of_nobody_are_refused(flawed: list[object]) -> None:
    broken = msgspec.structs.replace(kept({ERRORS: 2.0}), later={FLAWED: flawed})
    with pytest.raises(ValueError, match=r"flawed|point at names"):
        broken.check()


def test_the_window_of_a_summary_is_kept_as_far_as_it_is_decided() -> None:
    reading = windows_of({}, {}, {}, {})
    span = Span(START, START + timedelta(minutes=2))
    aggregate(reading, span=span, judged_to=START)
    kept = load(dump(reading))
    assert [from_minute(minute) - START for minute in kept.rows.decided[:2]] == [timedelta(minutes=each) for each in range(2)]
    assert kept.rows.decided[2:].tolist() == [0, 0], "their window depends on what is not here yet"


def test_a_decided_window_stands_whatever_else_is_seen() -> None:
    reading = windows_of({"cache.hit": 1}, {"cache.hit": 2})
    reading.rows.decided[0] = reading.rows.time[0] // (60 * NS) - 1
    counters = aggregate(load(dump(reading))).counters
    assert [from_minute(minute) - START for minute in sorted({*counters["minute"].tolist()})] == [
        timedelta(minutes=each) for each in (-1, 1)
    ]


# ---- windows and not lines


def fleet(instances: int, minutes: int, *, shops: int = 2, flawed: int = -1) -> Reading:
    """What a fleet counts, each instance on a revision of its own or on none."""
    reading = Reading(shape=SHAPE)
    for minute, number in product(range(minutes), range(instances)):
        time = to_nanoseconds(START + timedelta(minutes=minute, seconds=7 + 9 * number % 40))
        counts: dict[str, Any] = {f"checkout.attempt{{service=shop-{shop}}}": 1.5 + number for shop in range(shops)}
        counts |= {"cache.hit": "?" if minute == flawed and not number else 4}
        payload = {"message": SUMMARY, **counts}
        revision = f"r-0000{number % 2}-abc" if number else ""
        reading.add(Entry("log", f"{minute}-{number}", time, time + NS, "s", f"i{number}", None, payload, revision))
    return reading


def run_over(reading: Reading, minutes: int, summed_to: int) -> tuple[Windows, Reading]:
    """The windows that a run sees, and what the next one is given, through JSON."""
    span = Span(START, START + timedelta(minutes=minutes))
    windows = aggregate(reading, span=span, judged_to=START)
    needed = Needed(to_nanoseconds(START), to_nanoseconds(START + timedelta(minutes=summed_to)), to_nanoseconds(START), 10)
    recent = msgspec.json.decode(msgspec.json.encode(dump(trim(reading, needed, str))), type=Recent)
    recent.check()
    return windows, load(recent)


def same(one: Windows, other: Windows) -> bool:
    tables = [(getattr(one, name).frame(), getattr(other, name).frame()) for name in ("counters", "slow")]
    tables.append((one.summaries.frame().drop(columns="complete"), other.summaries.frame().drop(columns="complete")))
    alike = all(mine.equals(others) for mine, others in tables)
    totals = [
        windows.revisions and windows.revisions.totals(lambda _: True, to_minute(START), 20).tolist()
        for windows in (one, other)
    ]
    return alike and totals[0] == totals[1]


@pytest.mark.parametrize("summed_to", [0, 3, 6])
def test_windows_made_of_sums_are_those_made_of_lines(summed_to: int) -> None:
    before, kept = run_over(fleet(4, 6, flawed=1), 6, summed_to)
    assert not kept.counts.series, "every summary has been put into its window"
    assert len(kept.rows.time) == 4 * (6 - summed_to)
    again, twice = run_over(kept, 6, summed_to)
    assert same(before, again)
    kept = twice
    kept.merge(fleet(4, 6, flawed=1))  # read once more, all of it
    assert same(before, aggregate(kept, span=before.span))
    assert new_and_late(twice, fleet(4, 6), 0) == (0, 0)


def test_a_line_that_comes_late_is_counted_once_though_its_window_is_a_sum() -> None:
    before, kept = run_over(fleet(4, 6), 6, 5)
    time = to_nanoseconds(START + timedelta(minutes=1, seconds=30))
    late = Reading(shape=SHAPE)
    late.add(Entry("log", "late", time, time + 300 * NS, "s", "i9", None, {"message": SUMMARY, "cache.hit": 100}))
    assert new_and_late(kept, late, 0) == (1, 0)
    kept.merge(late)
    for _ in range(2):
        after, kept = run_over(kept, 6, 5)
        kept.merge(late)
        counted = [
            [value for key, value in windows.counters.rows("series", "value") if key == "cache.hit"]
            for windows in (before, after)
        ]
        assert counted == [[16.0] * 6, [16.0, 116.0, 16.0, 16.0, 16.0, 16.0]]
        assert after.summaries["lines"].tolist() == [4, 5, 4, 4, 4, 4]


def test_what_is_kept_grows_with_the_counters_and_not_with_the_instances() -> None:
    sizes = []
    for instances in (5, 10, 20, 40):
        _, kept = run_over(fleet(instances, 6), 6, 6)
        recent = dump(kept)
        assert not recent.summaries
        sizes.append(sum(len(row[3]) for row in recent.windows))
    assert len(set(sizes)) == 1


def test_windows_of_nobody_are_refused() -> None:
    recent = dump(run_over(fleet(2, 3), 3, 3)[1])
    minute, revision, lines, flat = recent.windows[0]
    for broken in (
        (minute, 99, lines, flat),
        (minute, revision, lines, [99, 1.0]),
        (minute, revision, lines, [0]),
        (-1, 0, 1, flat),
    ):
        with pytest.raises(ValueError, match="recent"):
            msgspec.structs.replace(recent, windows=[broken]).check()
