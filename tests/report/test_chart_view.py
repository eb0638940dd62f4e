"""What is drawn of a course: the worst of what a point stands for, alerts as periods, and the same in words."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from logwatch.judge.verdicts import Level
from logwatch.report.chart_view import MOST_POINTS, MOST_SHOPS, MOST_STRETCHES, alert_periods
from logwatch.ui.format import format_value
from tests.conftest import LOGS
from tests.support.made_pages import judge, make
from tests.support.made_traffic import DAY, START, Traffic
from tests.support.pages import summary_entry, write
from tests.support.replays import record

if TYPE_CHECKING:
    from pathlib import Path

    from logwatch.report.chart_view import Drawing
    from logwatch.report.page_view import Page


def drawing(page: Page, rule: str, shop: str = "") -> Drawing:
    (found,) = drawings_of(page, rule, shop)
    return found


def drawings_of(page: Page, rule: str, shop: str) -> list[Drawing]:
    return [each for each in page.gallery.drawings if (each.rule, each.shop) == (rule, shop)]


def minutes(page: Page) -> int:
    return (page.report.span.end - page.report.span.start) // timedelta(minutes=1)


@pytest.mark.long
def test_a_short_course_has_a_point_for_each_window() -> None:
    page = make(f"{LOGS}/storm.ndjson")
    assert {len(each.plot.values) for each in page.gallery.drawings} == {minutes(page)}
    assert {each.plot.start for each in page.gallery.drawings} == {page.report.span.start}


@pytest.mark.long
def test_a_long_course_has_few_points_and_none_hides_the_worst(day: Page) -> None:
    assert minutes(day) == 1440
    for each in day.gallery.drawings:
        assert len(each.plot.values) <= MOST_POINTS
        assert len(each.plot.values) * each.plot.step >= timedelta(days=1)
    errors = drawing(day, "checkout-error")
    (row,) = [row for row in day.report.rows if row.rule == "checkout-error"]
    worst = max(value for value in errors.plot.values if value is not None)
    assert f"{format_value(worst, '')}건" == row.worst.value
    confirm = drawing(day, "payment-confirm", "cosmetics")
    (row,) = [row for row in day.report.rows if (row.rule, row.shop) == ("payment-confirm", "cosmetics")]
    assert row.worst.value.startswith(
        f"{format_value(min(value for value in confirm.plot.values if value is not None), '%')} ("
    )
    assert "점 하나 = 6분 중 최악값" in confirm.remark


@pytest.mark.long
def test_silence_is_a_gap_and_is_listed(day: Page) -> None:
    traffic = drawing(day, "checkout-traffic")
    at = 1100 // 6 + 1
    assert traffic.plot.values[at] is None
    told = [(each.times, each.values) for each in drawing(day, "payment-duplicate").stretches if each.level is Level.UNKNOWN]
    assert told == [("03:24–03:48", "")], "points of six minutes that are silent from end to end"
    assert day.silences.items == ("02-25 03:20 – 03:50 (30분)",)


@pytest.mark.long
def test_periods_are_those_of_the_transitions() -> None:
    judged, replayed = judge(f"{LOGS}/payment.ndjson")
    periods = alert_periods(replayed)
    fired = [alert for alert in replayed.alerts if alert.firing_at]
    assert fired
    for alert in fired:
        (firing,) = [each for each in periods[alert.fingerprint] if each.firing]
        assert (firing.start, firing.end) == (alert.firing_at, alert.resolved_at)
    assert all(judged.span.start <= each.start < each.end <= judged.span.end for found in periods.values() for each in found)


@pytest.mark.long
def test_what_goes_on_is_shaded_to_the_end() -> None:
    page = make(f"{LOGS}/storm.ndjson", cut=75)
    pending, firing = drawing(page, "checkout-blocked").plot.periods
    assert (pending.firing, firing.firing) == (False, True)
    assert pending.end == firing.start
    assert firing.end == page.report.span.end
    (proven,) = drawing(page, "checkout-success", "glycopharm").plot.periods
    assert proven.firing, "what is proven waits for nothing"
    assert proven.end == page.report.span.end


def test_a_pending_alert_that_came_to_nothing_ends_where_it_ended(tmp_path: Path) -> None:
    counts = [20, 20, 101, 20, 20]
    page = make(
        write(tmp_path, [summary_entry(at, {"checkout.attempt{service=kpa}": count}) for at, count in enumerate(counts)])
    )
    traffic = drawing(page, "checkout-traffic")
    (pending,) = traffic.plot.periods
    assert not pending.firing
    assert pending.end - pending.start == timedelta(minutes=1)
    assert not traffic.calm


@pytest.mark.long
def test_a_course_in_words_covers_all_of_it() -> None:
    confirm = drawing(make(f"{LOGS}/payment.ndjson", minutes=30), "payment-confirm", "kpa")
    times = [each.times.split("–") for each in confirm.stretches]
    assert times[0][0] == "15:00"
    assert times[-1][1] == "15:30"
    assert [first[1] for first in times[:-1]] == [second[0] for second in times[1:]]
    assert (confirm.stretches[-1].level, confirm.stretches[-1].values) == (Level.WARNING, "11.9% – 24.2%")


@pytest.mark.long
def test_what_is_known_of_nothing_is_named_and_not_drawn() -> None:
    page = make(f"{LOGS}/payment.ndjson")
    assert page.gallery.unknown == ("database-ping", "redis-ping", "telemetry-unheard", "source-refused", "endpoint-silent")
    assert not {"database-ping", "redis-ping"} & {each.rule for each in page.gallery.drawings}


@pytest.mark.long
def test_of_many_shops_the_worst_are_drawn(tmp_path: Path) -> None:
    counters: dict[str, float] = {}
    for number in range(40):
        counters |= {f"checkout.attempt{{service=s{number:02}}}": 50, f"checkout.success{{service=s{number:02}}}": 49}
    counters["checkout.success{service=s33}"] = 1
    page = make(write(tmp_path, [summary_entry(minute, counters) for minute in range(6)]))
    shops = [each.shop for each in page.gallery.drawings if each.rule == "checkout-success"]
    assert len(shops) == MOST_SHOPS + 1
    assert "s33" in shops
    rules = {each.rule for each in page.gallery.drawings if each.shop}
    assert len(rules) > 1
    drawn = {name for name in map("s{:02}".format, range(40)) if all(drawings_of(page, rule, name) for rule in rules)}
    assert len(drawn) == MOST_SHOPS - 1, "s33 has the place of another one where it is among the worst"
    assert page.gallery.undrawn == 40 - len(drawn), "each shop counts once, however many rules leave it out"


@pytest.mark.long
def test_a_course_that_changes_all_the_time_is_cut_in_words(tmp_path: Path) -> None:
    counts = [20 if minute % 2 else 60 for minute in range(60)]
    page = make(
        write(tmp_path, [summary_entry(at, {"checkout.attempt{service=kpa}": count}) for at, count in enumerate(counts)])
    )
    traffic = drawing(page, "checkout-traffic")
    assert len(traffic.stretches) == MOST_STRETCHES
    assert traffic.more == 60 - MOST_STRETCHES


@pytest.mark.long
def test_names_are_unique_and_stay_the_same() -> None:
    names = [[each.name for each in make(f"{LOGS}/storm.ndjson").gallery.drawings] for _ in range(2)]
    assert names[0] == names[1]
    assert len(set(names[0])) == len(names[0])


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Page:
    """Make the page of a bad day."""
    path = tmp_path_factory.mktemp("day") / "day.ndjson"
    record(path, Traffic(seed=7, minutes=1440, incidents=DAY).entries())
    assert START.hour == 0
    return make(path)
