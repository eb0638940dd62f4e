"""One dashboard of Cloud Monitoring: how each rule stands, the figures behind it, logwatch itself, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from logwatch.collect.parse import BLIND, SILENT_MINUTES
from logwatch.judge.kinds.interface import Together
from logwatch.publish.points import metrics
from logwatch.ui.format import format_range, in_units

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from logwatch.judge.kinds.interface import Curve
    from logwatch.judge.rules.model import Rule, RuleSet
    from logwatch.judge.rules.runbook import Procedure
    from logwatch.languages.keys import Key
    from logwatch.publish.metric_filter import Installation
    from logwatch.publish.points import Metric
    from logwatch.ranges import Range

Json = dict[str, Any]

COLUMNS = 12
"""As many as the interface documents."""
CARD, CHART, HEADER, TEXT = (2, 2), (4, 4), (COLUMNS, 1), (COLUMNS, 11)
"""Widths and heights of tiles."""
OWN: tuple[dict[str, Key], ...] = (
    {"heartbeat": "dash_heartbeat"},
    {"lag": "dash_lag", "run_time": "dash_run_time"},
    {"undelivered": "dash_undelivered", "unparsed": "dash_unparsed", "judged": "dash_judged"},
)
"""What logwatch says of itself, chart by chart, and what to call it; what stands in one has one unit."""
UNDRAWN = BLIND - {SILENT_MINUTES}
MOST = 100
"""Tiles of a dashboard, 40 until May 2025. Where there are too many rules, the last ones have their chart only, or nothing."""


def drawn_rules(rules: RuleSet) -> list[Rule]:
    """Give the rules that have tiles: what says that something cannot be seen shows in the others, and in `judged`."""
    return [rule for rule in rules.rules if not UNDRAWN & {*rule.kind.reads.gauges}]


def dashboard(rules: RuleSet, installation: Installation) -> Json:
    """Give the dashboard, as `gcloud monitoring dashboards create --config-from-file` takes it."""
    say = installation.readers.say
    known = {metric.name: metric for metric in metrics(rules)}
    drawn = drawn_rules(rules)
    cards = [_card(rule, installation) for rule in drawn]
    series = [name.replace("/", ".") for name in known]
    own = [_own_chart([known[f"logwatch/{name}"] for name in names], names.values(), installation) for names in OWN]
    room = MOST - len(own) - 4  # three headers and the procedures
    charts = [_chart(rule, rules, series, installation) for rule in drawn[:room]]
    sections = (
        (say("dash_levels"), CARD, cards[: room - len(charts)]),
        (say("dash_figures"), CHART, charts),
        ("logwatch", CHART, own),
        ("", TEXT, [_procedures(rules, installation)]),
    )
    return {
        "displayName": say("dash_title", environment=installation.environment),
        "labels": {"logwatch": ""},
        "mosaicLayout": {"columns": COLUMNS, "tiles": list(_tiles(sections))},
    }


def overview(installation: Installation, targets: Mapping[str, Installation], metric: Mapping[str, Metric]) -> Json:
    """Give the dashboard of several targets, a row each: the worst level, that of each rule, and logwatch itself.

    Where there are too many for whole rows, each has as much of one as all of them can have.
    """
    rows = [_row(name, each, metric) for name, each in targets.items()]
    most = max(MOST // max(len(rows), 1), 1)
    tiles = [
        _tile(widget, x, number * CHART[1], (width, CHART[1]))
        for number, row in enumerate(rows[:MOST])
        for x, width, widget in row[:most]
    ]
    return {
        "displayName": installation.readers.say("dash_title", environment=installation.environment),
        "labels": {"logwatch": ""},
        "mosaicLayout": {"columns": COLUMNS, "tiles": tiles},
    }


def _row(name: str, installation: Installation, metric: Mapping[str, Metric]) -> list[tuple[int, int, Json]]:
    """Give what stands in the row of a target, each with its place and width."""
    level = installation.selection("level")
    worst = _scorecard(_query(level, "ALIGN_MAX", "REDUCE_MAX"))
    query = _query(level, "ALIGN_MAX", "REDUCE_MAX", "rule")
    axis = {"label": "", "scale": "LINEAR"}
    chart = {"dataSets": [_set(query, "LINE", "${metric.labels.rule}")], "yAxis": axis, "chartOptions": {"mode": "COLOR"}}
    by_rule = {"title": f"{name} · {installation.readers.say('dash_levels')}", "xyChart": chart}
    _, late, rest = [_own_chart([metric[f"logwatch/{each}"] for each in own], own.values(), installation) for own in OWN]
    widgets = [
        {"title": name, "scorecard": worst},
        by_rule,
        *(each | {"title": f"{name} · {each['title']}"} for each in (late, rest)),
    ]
    widths = (2, 4, 3, 3)
    return [(sum(widths[:place]), width, widget) for place, (width, widget) in enumerate(zip(widths, widgets, strict=True))]


def _tiles(sections: Iterable[tuple[str, tuple[int, int], list[Json]]]) -> Iterator[Json]:
    """Place each section under its header, row by row from the left."""
    y = 0
    for title, size, widgets in sections:
        if title:
            yield _tile({"title": title, "sectionHeader": {"subtitle": "", "dividerBelow": False}}, 0, y, HEADER)
            y += HEADER[1]
        across = COLUMNS // size[0]
        for number, widget in enumerate(widgets):
            yield _tile(widget, number % across * size[0], y + number // across * size[1], size)
        y += -(-len(widgets) // across) * size[1]


def _tile(widget: Json, x: int, y: int, size: tuple[int, int]) -> Json:
    return {"xPos": x, "yPos": y, "width": size[0], "height": size[1], "widget": widget}


def _card(rule: Rule, installation: Installation) -> Json:
    """Show the level that logwatch itself found, proof and all; a chart's lines may not be coloured, a card may."""
    query = _query(installation.selection("level", rule=rule.rule), "ALIGN_MAX", "REDUCE_MAX")
    return {"title": rule.rule, "scorecard": _scorecard(query)}


def _scorecard(query: Json) -> Json:
    thresholds = [{"value": 1, "color": "YELLOW", "direction": "ABOVE"}, {"value": 2, "color": "RED", "direction": "ABOVE"}]
    return {"timeSeriesQuery": query, "sparkChartView": {"sparkChartType": "SPARK_BAR"}, "thresholds": thresholds}


def _chart(rule: Rule, rules: RuleSet, series: Sequence[str], installation: Installation) -> Json:
    """Draw what a rule judges, with the runbook's two bounds; where that is not published, its level."""
    curves = rule.kind.curves(rule.rule, series)
    if not curves:
        return _card(rule, installation) | {"title": _title(rule, rules, installation)}
    apart = any(curve.own_scale for curve in curves)
    return {
        "title": _title(rule, rules, installation),
        "xyChart": {
            "dataSets": [_data_set(curve, rule, installation) for curve in curves],
            "thresholds": _bounds(rule, installation),
            "yAxis": {"label": rule.normal.unit, "scale": "LINEAR"},
            **({"y2Axis": {"label": installation.readers.say("axis_events"), "scale": "LINEAR"}} if apart else {}),
            "chartOptions": {"mode": "COLOR"},
        },
    }


def _title(rule: Rule, rules: RuleSet, installation: Installation) -> str:
    """Name the row as the runbook does, in the language; a rule of logwatch's own by its summary."""
    lang = installation.readers.lang
    if not rule.indicator:
        return f"{rule.summary[lang]} · {rule.rule}"
    rows = rules.runbook_in(lang).rows
    place = next((at for at, row in enumerate(rules.runbook.rows) if row.indicator == rule.indicator), None)
    return f"{rule.indicator if place is None else rows[place].indicator} · {rule.rule}"


def _data_set(curve: Curve, rule: Rule, installation: Installation) -> Json:
    """Give what is drawn. Of many windows at one place the worst is shown, on whichever side that lies."""
    worst = "MIN" if rule.warning.falls else "MAX"
    selection = installation.selection(curve.series.replace(".", "/"), **curve.labels)
    query = _query(selection, f"ALIGN_{worst}", _reducer(curve.together, worst), "shop" if curve.by_shop else "")
    legend = "${metric.labels.shop}" if curve.by_shop else curve.legend
    return _set(query, "STACKED_BAR" if curve.stacked else "LINE", legend, "Y2" if curve.own_scale else "Y1")


def _reducer(together: Together, worst: str) -> str:
    """Say what becomes of several series: one shop has one share, and what reduces it only takes the other labels away."""
    match together:
        case Together.APART:
            return ""
        case Together.SUM:
            return "REDUCE_SUM"
        case Together.WORST:
            return f"REDUCE_{worst}"
    assert_never(together)


def _bounds(rule: Rule, installation: Installation) -> list[Json]:
    """Give the runbook's two bounds as lines; one line where both are the same figure."""
    say = installation.readers.say

    def line(name: Key, bounds: Range) -> Json:
        label = f"{say(name)} {in_units(format_range(bounds), rule, installation.readers)}"
        return {"label": label, "value": bounds.bound, "targetAxis": "Y1"}

    both = [line("normal_range", rule.normal), line("warning_range", rule.warning)]
    return both[1:] if rule.normal.bound == rule.warning.bound else both


def _own_chart(drawn: Sequence[Metric], titles: Iterable[Key], installation: Installation) -> Json:
    names = [installation.readers.say(title) for title in titles]
    selections = [installation.selection(metric.name) for metric in drawn]
    chart = {
        "dataSets": [_set(_query(each, "ALIGN_MAX"), "LINE", name) for each, name in zip(selections, names, strict=True)],
        "yAxis": {"label": installation.readers.say("axis_seconds") if drawn[0].unit == "s" else "", "scale": "LINEAR"},
        "chartOptions": {"mode": "COLOR"},
    }
    return {"title": ", ".join(names), "xyChart": chart}


def _query(selection: str, aligner: str, reducer: str = "", group_by: str = "") -> Json:
    aggregation: Json = {"alignmentPeriod": "60s", "perSeriesAligner": aligner}
    if reducer:
        aggregation["crossSeriesReducer"] = reducer
    if group_by:
        aggregation["groupByFields"] = [f'metric.label."{group_by}"']
    return {"timeSeriesFilter": {"filter": selection, "aggregation": aggregation}}


def _set(query: Json, plot: str, legend: str, axis: str = "Y1") -> Json:
    return {
        "timeSeriesQuery": query,
        "plotType": plot,
        "legendTemplate": legend,
        "targetAxis": axis,
        "minAlignmentPeriod": "60s",
    }


def _procedures(rules: RuleSet, installation: Installation) -> Json:
    """Give the procedures as they stand in the runbook, each with the rules that lead to it."""
    texts = [_procedure(each, rules) for each in rules.runbook_in(installation.readers.lang).procedures]
    return {"title": installation.readers.say("dash_procedures"), "text": {"content": "\n\n".join(texts), "format": "MARKDOWN"}}


def _procedure(procedure: Procedure, rules: RuleSet) -> str:
    leading = ", ".join(f"`{rule.rule}`" for rule in rules.rules if rule.procedure == procedure.section)
    lines = [f"{step.number}. {step.text}" if procedure.numbered else f"- {step.text}" for step in procedure.steps]
    return "\n".join([f"**{procedure.name}**" + (f" ← {leading}" if leading else ""), "", *lines])
