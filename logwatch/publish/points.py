"""Figures for Cloud Monitoring: what is published of a closed window, and what each metric means."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from logwatch.collect.parse import (
    LATE_MINUTES,
    REFUSED_MINUTES,
    SILENT_MINUTES,
    STOPPED_MINUTES,
    UNANSWERED,
    UNHEARD_MINUTES,
    VANISHED_COUNTERS,
    parse_series,
)
from logwatch.judge.kinds import KINDS
from logwatch.judge.verdicts import UNPROVEN, Level, Verdict
from logwatch.languages import COMMON

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from logwatch.judge.rules.model import RuleSet


@dataclass(frozen=True, slots=True)
class Point:
    """One value to publish."""

    metric: str
    """The type's last part, behind the prefix of the service."""
    labels: dict[str, str]
    at: datetime
    """End of the window, UTC."""
    value: float


@dataclass(frozen=True, slots=True)
class Metric:
    """What a metric is: all are gauges of double values."""

    name: str
    unit: str
    """In UCUM, as Cloud Monitoring wants it: `1`, `ms`, `s`, `min`, `10^2.%` for a share of 1."""
    help: str
    labels: Mapping[str, str]
    """Label to what it means."""


_SHOP = {"shop": "The shop; 'all' is all shops together."}
_COUNTED_SHOP = {"shop": "The shop; 'all' where the counter does not tell shops apart."}
_RULE = {"rule": "The rule's id.", **_SHOP}


def metrics(rules: RuleSet) -> list[Metric]:
    """Give every metric that is ever published, for its descriptor."""
    labels = ", ".join(dict.fromkeys(label for rule in rules.rules for label in rule.kind.reads.labels))
    slow = {"label": f"What kind of request: {labels}."}
    return [
        *(
            Metric(_counter_metric(counter.counter), "1", f"Per 60 s window: {counter.meaning[COMMON]}.", _COUNTED_SHOP)
            for counter in rules.counters
            if _is_published(counter.labels, rules)
        ),
        *(Metric(each.gauge.replace(".", "/"), each.unit or "1", each.help, {}) for each in rules.service.gauges),
        Metric(UNANSWERED.replace(".", "/"), "1", "Endpoints that gave no answer.", {}),
        Metric(SILENT_MINUTES.replace(".", "/"), "min", "Minutes since the last summary while the service shows life.", {}),
        Metric(LATE_MINUTES.replace(".", "/"), "min", "Minutes that the newest log lines took to arrive.", {}),
        Metric(STOPPED_MINUTES.replace(".", "/"), "min", "Minutes since the last summary that no idleness explains.", {}),
        Metric(UNHEARD_MINUTES.replace(".", "/"), "min", "Minutes of waiting for a service that has never logged.", {}),
        Metric(REFUSED_MINUTES.replace(".", "/"), "min", "Minutes for which no log line could be read.", {}),
        Metric(VANISHED_COUNTERS.replace(".", "/"), "1", "Counters that no longer come and may be counted elsewhere.", {}),
        *(Metric(each.name, each.unit, each.help, _RULE) for each in dict.fromkeys(kind.published for kind in KINDS) if each),
        Metric(
            "level", "1", "0 normal, 0.5 elevated and not proven, 1 elevated, 2 warning; no point where it is unknown.", _RULE
        ),
        Metric("slow_request/count", "1", "Slow requests per 60 s window.", slow),
        Metric("slow_request/p50", "ms", "Median duration of the window's slow requests.", slow),
        Metric("slow_request/p95", "ms", "95th percentile of the duration of the window's slow requests.", slow),
        Metric("slow_request/max", "ms", "The window's longest slow request.", slow),
        Metric("logwatch/heartbeat", "1", "1 for every run that has judged.", {}),
        Metric("logwatch/lag", "s", "From the end of the newest judged window to the moment it was judged.", {}),
        Metric("logwatch/run_time", "s", "How long the run before took, from its process's start to its last save.", {}),
        Metric("logwatch/unparsed", "1", "Entries of the run that were not understood.", {}),
        Metric("logwatch/judged", "1", "Rules that could be judged in the last window; 0 where all is unknown.", {}),
        Metric("logwatch/undelivered", "1", "Messages that an earlier run has made and that are not delivered.", {}),
    ]


LEVEL_VALUES: dict[str, float] = {Level.NORMAL: 0.0, UNPROVEN: 0.5, Level.ELEVATED: 1.0, Level.WARNING: 2.0}


def _counter_metric(name: str) -> str:
    return name.replace(".", "/")


def _is_published(labels: Iterable[str], rules: RuleSet) -> bool:
    """Counters by shop or without labels; routes and codes would make series without end."""
    return set(labels) <= {rules.service.shop_label}


def shop(labels: Mapping[str, str], rules: RuleSet) -> str:
    """Give the metric's label for a verdict's or a counter's labels: valid text of at most 100 characters, never empty.

    A label without a value is the same to Cloud Monitoring as no label.
    """
    return (rules.service.shop(labels) or "")[:100].encode(errors="replace").decode() or "all"


def with_zeros(counters: Mapping[str, float], flawed: Collection[str], rules: RuleSet) -> dict[str, float]:
    """Give the counters of a known window with a zero for what did not come of those that the service has.

    Shops are told apart in the counters' keys alone, so that each that was seen has every counter. What is flawed is unknown.
    """
    label = rules.service.shop_label
    seen = [parse_series(key).labels for key in (*counters, *flawed)]
    shops = sorted({labels[label] for labels in seen if labels.keys() == {label}})
    keys = (
        key
        for counter in rules.counters
        if _is_published(counter.labels, rules)
        for key in ([f"{counter.counter}{{{label}={shop}}}" for shop in shops] if counter.labels else [counter.counter])
    )
    return {**{key: 0.0 for key in keys if key not in flawed}, **counters}


def counter_points(counters: Mapping[str, float], at: datetime, rules: RuleSet) -> list[Point]:
    """Give the points of one window's counters, series key to value; counters that nobody knows are not published.

    Keys that differ only in what a point does not tell, such as the end of a long shop's name, add up: one point a series.
    """
    known = {counter.counter for counter in rules.counters if _is_published(counter.labels, rules)}
    sums: dict[tuple[str, str], float] = {}
    for key, value in counters.items():
        series = parse_series(key)
        if series.name in known and _is_published(series.labels, rules):
            place = (_counter_metric(series.name), shop(series.labels, rules))
            sums[place] = sums.get(place, 0.0) + value
    return [Point(metric, {"shop": shop_}, at, value) for (metric, shop_), value in sums.items()]


def verdict_points(verdicts: Iterable[Verdict], rules: RuleSet) -> list[Point]:
    """Give the points of one window's verdicts: a level each, and the value of a kind that publishes its own.

    Of verdicts that fall onto one series, the worst is told.
    """
    worst: dict[tuple[str, str, datetime], Verdict] = {}
    for verdict in verdicts:
        if verdict.level is not Level.UNKNOWN:
            place = (verdict.rule, shop(verdict.labels, rules), verdict.window_end)
            other = worst.get(place)
            if other is None or LEVEL_VALUES[verdict.tone] > LEVEL_VALUES[other.tone]:
                worst[place] = verdict
    points = []
    for (rule, shop_, at), verdict in worst.items():
        labels = {"rule": rule, "shop": shop_}
        points.append(Point("level", labels, at, LEVEL_VALUES[verdict.tone]))
        published = rules.by_id[rule].kind.published
        if published and verdict.value is not None:
            points.append(Point(published.name, labels, at, verdict.value))
    return points


def descriptors_version(prefix: str, metrics: Iterable[Metric]) -> str:
    """Give a short name for exactly these descriptors, whatever their order, to remember that they were made."""
    texts = sorted(repr((prefix, each.name, each.unit, each.help, sorted(each.labels.items()))) for each in metrics)
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
