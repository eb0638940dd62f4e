from datetime import UTC, datetime, timedelta

from logwatch.collect.columns import Reading
from logwatch.collect.entries import Entry
from logwatch.count.windows import aggregate, to_minute
from logwatch.spans import to_nanoseconds
from tests.support.platform import SHAPE, SUMMARY

START = datetime(2026, 3, 10, tzinfo=UTC)


def reading_of(*rows: tuple[float, str, float]) -> Reading:
    """Minute, revision and attempts of a summary each, the revision's own instance writing it."""
    reading = Reading(shape=SHAPE)
    for minute, revision, attempts in rows:
        time = to_nanoseconds(START + timedelta(minutes=minute, seconds=30))
        payload = {"message": SUMMARY, "checkout.attempt{service=kpa}": attempts, "cache.hit": 1}
        reading.add(Entry("log", f"{minute}-{revision}", time, time, "s", f"i-{revision}", None, payload, revision))
    return reading


def counted(reading: Reading, first: int, last: int) -> dict[str, float]:
    found = aggregate(reading).revisions
    if found is None:
        return {}
    begin, size = to_minute(START) + first, last - first
    sums = found.totals(lambda series: series.name == "checkout.attempt", begin, size).sum(axis=1).tolist()
    return {name: total for name, total, alive in zip(found.names, sums, found.alive(begin, size), strict=True) if any(alive)}


def test_two_revisions_side_by_side_are_counted_each_by_itself() -> None:
    reading = reading_of((0, "a", 3), (0, "b", 5), (1, "a", 2), (1, "b", 7), (2, "b", 1))
    assert counted(reading, 0, 2) == {"a": 5, "b": 12}
    assert counted(reading, 2, 3) == {"b": 1}


def test_an_entry_that_is_read_twice_counts_once() -> None:
    once = reading_of((0, "a", 3), (0, "b", 5))
    once.merge(reading_of((0, "a", 3), (0, "b", 5)))
    assert counted(once, 0, 1) == {"a": 3, "b": 5}


def test_one_revision_or_none_that_is_named_costs_nothing() -> None:
    assert aggregate(reading_of((0, "a", 3), (1, "a", 5))).revisions is None
    assert aggregate(reading_of((0, "", 3), (1, "", 5))).revisions is None
    assert aggregate(reading_of((0, "a", 3), (0, "", 5))).revisions is None
    assert counted(reading_of((0, "a", 3)), 0, 1) == {}
