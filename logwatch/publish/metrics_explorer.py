"""Metrics Explorer's address for what a rule judges: the figure of one shop, over the minutes that a message is about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from logwatch.judge.kinds.interface import Together
from logwatch.publish.points import metrics, shop
from logwatch.spans import rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logwatch.judge.kinds.interface import Curve
    from logwatch.judge.rules.model import Rule, RuleSet
    from logwatch.publish.metric_filter import Installation
    from logwatch.spans import Span

MOST = 3
"""Series that one address holds, which would grow too long for a chat; of a rule that adds up more its level is shown."""


def metrics_url(  # noqa: PLR0913 - who writes a message gives the first three, what is installed the others
    rule: Rule, labels: Mapping[str, str], span: Span, *, project: str, rules: RuleSet, installation: Installation
) -> str:
    """Give the address at which a rule's figure is drawn: of the shop in `labels`, or of all together."""
    drawn = rule.kind.curves(rule.rule, [metric.name.replace("/", ".") for metric in metrics(rules)])
    curves = [curve for curve in drawn if not curve.own_scale]
    shop_ = shop(labels, rules)
    worst = "MIN" if rule.warning.falls else "MAX"
    if 0 < len(curves) <= MOST:
        sets = [_data_set(_selection(curve, shop_, installation), worst, curve.together) for curve in curves]
    else:
        sets = [_data_set(installation.selection("level", rule=rule.rule, shop=shop_), "MAX", Together.APART)]
    state = {"xyChart": {"dataSets": sets, "options": {"mode": "COLOR"}, "y1Axis": {"label": "", "scale": "LINEAR"}}}
    shown = quote(json.dumps(state, ensure_ascii=False, separators=(",", ":")), safe=":,")
    where = f"startTime={rfc3339(span.start)};endTime={rfc3339(span.end)}"
    page = f"https://console.cloud.google.com/monitoring/metrics-explorer;{where}"
    return f"{page}?pageState={shown}&project={quote(project, safe='')}"


def _selection(curve: Curve, shop_: str, installation: Installation) -> str:
    """Give the filter of a curve; what is added up has all its shops."""
    only = {"shop": shop_} if curve.by_shop and curve.together is not Together.SUM else {}
    return installation.selection(curve.series.replace(".", "/"), **curve.labels, **only)


def _data_set(selection: str, worst: str, together: Together) -> dict[str, Any]:
    aggregation: dict[str, Any] = {
        "alignmentPeriod": "60s",
        "perSeriesAligner": f"ALIGN_{worst}",
        "crossSeriesReducer": "REDUCE_SUM" if together is Together.SUM else "REDUCE_NONE",
        "groupByFields": [],
    }
    return {
        "timeSeriesFilter": {"filter": selection, "minAlignmentPeriod": "60s", "aggregations": [aggregation]},
        "targetAxis": "Y1",
        "plotType": "LINE",
    }
