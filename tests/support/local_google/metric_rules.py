"""What one TimeSeries of a write must be, whatever was written before.

Texts of refusals are those that users of the service have reported. Those marked "own words" could not be found; what matters
about them is that the point is refused.
"""

import re
from collections.abc import Callable
from typing import Any

from tests.support.local_google.fields import nanoseconds
from tests.support.local_google.monitoring_messages import CUMULATIVE, DELTA, GAUGE, kind_name

PREFIX = "custom.googleapis.com/"
MAX_LABELS = 30
MAX_KEY = 100
MAX_VALUE = 1024
OLDEST_NS = 25 * 3600 * 10**9
NEWEST_NS = 5 * 60 * 10**9

INVALID_ARGUMENT, FAILED_PRECONDITION, INTERNAL = 3, 9, 13

# The resource types that take user-defined metrics, and the labels of those that are used here.
WRITABLE = {
    "generic_task": ("location", "namespace", "job", "task_id"),
    "generic_node": ("location", "namespace", "node_id"),
    "global": (),
    "gce_instance": ("instance_id", "zone"),
    "k8s_container": ("location", "cluster_name", "namespace_name", "pod_name", "container_name"),
}
_TYPE = re.compile(r"custom\.googleapis\.com(/[A-Za-z0-9_.-]+)+")
_KEY = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")


class ProblemError(Exception):
    """One TimeSeries of a write cannot be written; the others are not touched by it."""

    def __init__(self, text: str, code: int = INVALID_ARGUMENT) -> None:
        """`code` is a google.rpc.Code."""
        super().__init__(text)
        self.text = text
        self.code = code


def check_series(series: Any, at: int, now: int) -> None:
    """Raise ProblemError where the raw TimeSeries at place `at` of a call is wrong in itself; `now` in nanoseconds."""
    field = f"Field timeSeries[{at}]"
    check_type(series.metric.type, f"{field}.metric.type")
    check_labels(dict(series.metric.labels), f"{field}.metric.labels")
    _check_resource(series.resource, field)
    if len(series.points) != 1:
        what = f"{len(series.points)} points. Only one point can be written per TimeSeries per request"
        raise ProblemError(f"{field}.points had an invalid value: {what}.")
    if series.points[0].value.WhichOneof("value") is None:
        raise ProblemError(f"{field}.points[0].value had an invalid value: the value is missing.")  # own words
    _check_interval(series, f"{field}.points[0].interval", now)


def check_type(metric_type: str, field: str) -> None:
    """Raise ProblemError where it is not the name of a user-defined metric."""
    if not _TYPE.fullmatch(metric_type):
        what = f"the metric type must be a URL-formatted string with a domain and non-empty path, below {PREFIX}"
        raise ProblemError(f'{field} had an invalid value of "{metric_type}": {what}.')


def check_labels(labels: dict[str, str], field: str) -> None:
    """Raise ProblemError where the labels are too many, or a key or value is not allowed."""
    if len(labels) > MAX_LABELS:
        raise ProblemError(f"{field} had an invalid value: {len(labels)} labels, more than {MAX_LABELS}.")  # own words
    for key, value in labels.items():
        if not _KEY.fullmatch(key) or len(key) > MAX_KEY:
            raise ProblemError(f'{field} had an invalid value of "{key}": not a valid label key.')  # own words
        if len(value) > MAX_VALUE:
            what = f"the value of '{key}' is longer than {MAX_VALUE} characters"
            raise ProblemError(f"{field} had an invalid value: {what}.")  # own words


def _check_resource(resource: Any, field: str) -> None:
    if resource.type not in WRITABLE:
        where = "https://cloud.google.com/monitoring/custom-metrics/creating-metrics#which-resource"
        raise ProblemError(f"Metrics cannot be written to {resource.type}. See {where} for a list of writable resource types.")
    labels = {key for key, value in resource.labels.items() if value}
    missing = sorted(set(WRITABLE[resource.type]) - labels)
    if missing:
        raise ProblemError(f"The set of resource labels is incomplete. Missing labels: ({' '.join(missing)}).")
    unknown = sorted(labels - set(WRITABLE[resource.type]) - {"project_id"})
    if unknown:
        raise ProblemError(f"{field}.resource.labels had an invalid value: Unrecognized labels: ({' '.join(unknown)}).")


def _check_interval(series: Any, field: str, now: int) -> None:
    interval = series.points[0].interval
    if not interval.HasField("end_time"):
        raise ProblemError(f"{field}.end_time had an invalid value: the end time is missing.")  # own words
    end = nanoseconds(interval.end_time)
    start = nanoseconds(interval.start_time) if interval.HasField("start_time") else end
    text = interval.end_time.ToJsonString()
    for wrong, what in (
        (end < now - OLDEST_NS, "Data points cannot be written more than 25h in the past"),
        (end > now + NEWEST_NS, "Data points cannot be written more than 5m in the future"),
    ):
        if wrong:
            raise ProblemError(f'{field}.end_time had an invalid value of "{text}": {what}.')
    kind = series.metric_kind or GAUGE
    if not _SPANS[kind](start, end):
        order = "must equal" if kind == GAUGE else "must be before"
        kind_text = "gauge" if kind == GAUGE else f"non-gauge ({kind_name(kind)})"
        what = f"The start time {order} the end time ({text}) for the {kind_text} metric '{series.metric.type}'"
        raise ProblemError(f'{field}.start_time had an invalid value of "{interval.start_time.ToJsonString()}": {what}.')


_SPANS: dict[int, Callable[[int, int], bool]] = {
    GAUGE: lambda start, end: start == end,
    DELTA: lambda start, end: start < end,
    CUMULATIVE: lambda start, end: start < end,
}
