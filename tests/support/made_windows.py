"""Windows written out by hand, minute by minute, rules held against them, and all that is asked of a kind of rule."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from logwatch.backtest.tuning import knobs_of, plan_trials
from logwatch.collect.columns import Reading
from logwatch.collect.entries import Entry
from logwatch.count.windows import aggregate
from logwatch.judge.evaluate import Course, evaluate
from logwatch.judge.rules.load import load_rules
from logwatch.judge.rules.model import Rule, RuleSet
from logwatch.judge.verdicts import Level
from logwatch.languages import text
from logwatch.publish.metric_filter import Installation
from logwatch.publish.points import LEVEL_VALUES, metrics, verdict_points
from logwatch.settings import bundled
from logwatch.spans import NS, to_nanoseconds
from logwatch.ui.format import Audience, format_figure
from logwatch.watchdog.dashboard import dashboard
from tests.support.platform import PREFIX, SHAPE, SLOW_REQUEST, SUMMARY

RULE_SET: RuleSet = load_rules(bundled("rules"))
RULES = RULE_SET.by_id
START = datetime(2026, 2, 24, tzinfo=UTC)
READERS = Audience("en", ZoneInfo("Asia/Seoul"), "o4o-core-api")
INSTALLATION = Installation("production", PREFIX, "asia-northeast3", timedelta(seconds=90), timedelta(seconds=55), READERS)


def windows_of(*minutes: Mapping[str, float] | None, gauges: dict[str, float] | None = None) -> Reading:
    """One summary a minute, or none."""
    reading = Reading(shape=SHAPE)
    for number, counters in enumerate(minutes):
        time = to_nanoseconds(START + timedelta(minutes=number, seconds=30))
        reading.see(time)
        if counters is not None:
            payload = {"message": SUMMARY, "request.total": 1.0, **counters}
            reading.add(Entry("log", f"{number}", time, time, "s", "i", None, payload))
        for name, value in (gauges or {}).items():
            reading.add_gauge(name, time, value)
    return reading


def with_slow(reading: Reading, label: str, durations: list[float]) -> Reading:
    """The first minute with slow requests."""
    for number, duration in enumerate(durations):
        payload = {"message": SLOW_REQUEST, "label": label, "durationMs": duration}
        time = to_nanoseconds(START) + 40 * NS + number
        reading.add(Entry("log", f"s{number}", time, time, "s", "i", None, payload))
    return reading


def judge(rule: Rule, reading: Reading, labels: dict[str, str] | None = None) -> Course:
    return next(course for course in evaluate([rule], aggregate(reading)) if course.labels == (labels or {}))


def varied(rule: Rule, **changed: object) -> Rule:
    """The rule with some of its keys otherwise."""
    return Rule.model_validate(rule.model_dump(by_alias=True, exclude_none=True) | changed)


def ask_everything(rule: Rule, bad: Reading) -> None:
    """Ask all that anybody asks of a rule's kind; `bad` is read, and its last window is a warning."""
    rules, kind = replace(RULE_SET, rules=(rule,)), rule.kind
    assert rule.model_dump(exclude_none=True)[kind.name], "it stands in a rule file under its key"
    latest = judge(rule, bad).latest
    assert latest.level is Level.WARNING
    assert format_figure(latest, rule, READERS)[0].isdigit(), "its figure can be written"
    assert not kind.drawn or text(kind.drawn, "ko") != text(kind.drawn, "en"), "what its course shows is a text"
    names = {metric.name for metric in metrics(rules)}
    points = {point.metric: point.value for point in verdict_points([latest], rules)}
    assert points.pop("level") == LEVEL_VALUES[Level.WARNING]
    assert points == ({kind.published.name: latest.value} if kind.published else {})
    (tile,) = (
        tile["widget"]["xyChart"]
        for tile in dashboard(rules, INSTALLATION)["mosaicLayout"]["tiles"]
        if rule.rule in tile["widget"].get("title", "") and "xyChart" in tile["widget"]
    )
    assert tile["dataSets"], "it has a chart"
    assert all(each["legendTemplate"] for each in tile["dataSets"])
    drawn = [each["timeSeriesQuery"]["timeSeriesFilter"]["filter"] for each in tile["dataSets"]]
    assert all(any(f'/{name}"' in query for name in names) for query in drawn), "and all in it is published"
    if not kind.reads.gauges:  # which no recorded line tells
        turned = {name for trial in plan_trials(rule, {}) for name in trial.settings}
        assert turned == {*knobs_of(rule)} == {"warning", "for", *kind.knobs}
