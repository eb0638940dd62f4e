"""What Cloud Monitoring is told of a metric, and how what it knows may differ."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from logwatch.publish.points import Metric

GAUGE, DOUBLE = 1, 3
"""Numbers of google.api.MetricDescriptor's MetricKind and ValueType."""


def describe(metric: Metric, prefix: str, descriptor: Any) -> None:  # noqa: ANN401 - raw messages have no static type
    """Fill a raw google.api.MetricDescriptor."""
    descriptor.type = prefix + metric.name
    descriptor.metric_kind, descriptor.value_type = GAUGE, DOUBLE
    descriptor.unit = metric.unit
    descriptor.description = metric.help
    descriptor.display_name = re.sub(r"[/_]", " ", metric.name).capitalize()
    for label, meaning in metric.labels.items():
        descriptor.labels.add(key=label, description=meaning)


def difference(metric: Metric, there: Any) -> str:  # noqa: ANN401 - google.api.MetricDescriptor
    """Say how an existing descriptor differs in what cannot be mended; empty where it does not."""
    if (there.metric_kind, there.value_type) != (GAUGE, DOUBLE):
        return "is no gauge of double values, so its points are refused"
    if there.unit != metric.unit and there.description:
        return f"is in '{there.unit}' and not in '{metric.unit}'"
    return ""
