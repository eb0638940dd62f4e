import pytest

from logwatch.judge.verdicts import Level, Why
from logwatch.spans import NS, to_nanoseconds
from tests.support.made_windows import RULES, START, ask_everything, judge, windows_of

PINGS = [
    ("database-ping", "database.ping_ms", [(49.9, "normal"), (50, "elevated"), (200, "elevated"), (200.1, "warning")]),
    ("redis-ping", "redis.ping_ms", [(9.9, "normal"), (10, "elevated"), (100, "elevated"), (100.1, "warning")]),
]


@pytest.mark.parametrize(("rule", "gauge", "levels"), PINGS)
def test_a_ping_at_its_bounds(rule: str, gauge: str, levels: list[tuple[float, str]]) -> None:
    for value, level in levels:
        assert judge(RULES[rule], windows_of({}, gauges={gauge: value})).latest.level == level


def test_the_highest_of_a_window_is_judged_and_a_window_without_any_is_unknown() -> None:
    reading = windows_of(None, {})
    for second, value in ((10, 12.0), (20, 300.0), (30, 8.0)):
        reading.add_gauge("database.ping_ms", to_nanoseconds(START) + second * NS, value)
    first, last = judge(RULES["database-ping"], reading).verdicts()
    assert (first.level, first.value) == (Level.WARNING, 300)
    assert (last.level, last.why) == (Level.UNKNOWN, Why.NO_LINES)


def test_without_an_endpoint_a_ping_is_unknown_and_says_so() -> None:
    latest = judge(RULES["database-ping"], windows_of({})).latest
    assert (latest.level, latest.why, latest.value) == (Level.UNKNOWN, Why.NO_ENDPOINT, None)


@pytest.mark.parametrize(("rule", "why"), [("source-refused", Why.ONLY_IN_RUN), ("lines-late", Why.NO_ARRIVALS)])
def test_what_no_recording_tells_is_unknown_and_says_why(rule: str, why: Why) -> None:
    latest = judge(RULES[rule], windows_of({})).latest
    assert (latest.level, latest.why, latest.value) == (Level.UNKNOWN, why, None)


@pytest.mark.parametrize(
    ("rule", "gauge"),
    [*((rule, gauge) for rule, gauge, _ in PINGS), ("telemetry-silent", "telemetry.silent_minutes"), ("endpoint-silent", "endpoints.unanswered")],
)  # fmt: skip
def test_a_gauge_answers_whatever_is_asked_of_a_kind(rule: str, gauge: str) -> None:
    ask_everything(RULES[rule], windows_of({}, gauges={gauge: 201.0}))


@pytest.mark.parametrize(
    ("rule", "gauges", "final"),
    [
        ("database-ping", {"database.ping_ms": 201.0}, True),
        ("database-ping", {"database.down": 1.0}, True),
        ("database-ping", {"database.ping_ms": 199.0}, False),
        ("telemetry-silent", {"telemetry.silent_minutes": 30.0}, False),
    ],
)
def test_a_measurement_beyond_its_bound_is_final_and_what_lines_may_correct_is_not(
    rule: str, gauges: dict[str, float], *, final: bool
) -> None:
    latest = judge(RULES[rule], windows_of({}, gauges=gauges)).latest
    assert (latest.final, latest.level is Level.WARNING) == (final, final or rule == "telemetry-silent")
