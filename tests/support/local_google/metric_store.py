"""The stored descriptors and time series, and what may be added to them."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.support.local_google.fields import nanoseconds
from tests.support.local_google.metric_rules import (
    FAILED_PRECONDITION,
    INTERNAL,
    MAX_LABELS,
    ProblemError,
    check_labels,
    check_series,
    check_type,
)
from tests.support.local_google.monitoring_messages import (
    CUMULATIVE,
    GAUGE,
    STRING,
    VALUE_TYPES,
    MetricDescriptor,
    TimeSeries,
    kind_name,
    type_name,
)

SAMPLING_NS = 5 * 10**9
"""Points of a series are at least this far apart."""

SeriesKey = tuple[str, str, tuple[tuple[str, str], ...], str, tuple[tuple[str, str], ...]]


@dataclass(slots=True)
class Stored:
    """One time series."""

    header: Any
    """A raw TimeSeries without points."""
    points: list[Any] = field(default_factory=list)
    """Raw points, oldest first."""


class MetricStore:
    """Everything that was written, project by project."""

    def __init__(self) -> None:
        """Start empty."""
        self.hiccups: dict[str, int] = {}
        """Metric type to how many of its next points fail with an internal error."""
        self._descriptors: dict[str, dict[str, Any]] = {}
        self._series: dict[SeriesKey, Stored] = {}
        self._lock = threading.Lock()

    def put(self, project: str, series: Iterable[Stored]) -> None:
        """Take series that the platform itself has written: nobody else may."""
        with self._lock:
            self._series.update({_key(project, each.header): each for each in series})

    def clear(self) -> None:
        """Forget every point; descriptors stay."""
        with self._lock:
            self._series.clear()

    def write(self, project: str, series: Iterable[Any], now: int) -> list[ProblemError | None]:
        """Add each raw TimeSeries that may be added; gives what is wrong with the others, in the order of the call."""
        with self._lock:
            seen: set[SeriesKey] = set()
            return [self._try(project, each, at, now, seen) for at, each in enumerate(series)]

    def _try(self, project: str, series: Any, at: int, now: int, seen: set[SeriesKey]) -> ProblemError | None:
        try:
            check_series(series, at, now)
            key = _key(project, series)
            if key in seen:
                what = "Duplicate TimeSeries encountered. Only one point can be written per TimeSeries per request."
                return ProblemError(f"Field timeSeries[{at}] had an invalid value: {what}")
            seen.add(key)
            if self.hiccups.get(series.metric.type, 0) > 0:
                self.hiccups[series.metric.type] -= 1
                return ProblemError(_HICCUP, INTERNAL)
            self._add(project, key, series)
        except ProblemError as problem:
            return problem
        return None

    def _add(self, project: str, key: SeriesKey, series: Any) -> None:
        descriptor = self._matching_descriptor(project, series)
        stored = self._series.get(key) or Stored(_header(series, descriptor))
        if stored.points:
            _check_after(series.points[0], stored.points[-1], series.metric.type)
        stored.points.append(series.points[0])
        self._series[key] = stored
        self._descriptors.setdefault(project, {})[descriptor.type] = descriptor

    def _matching_descriptor(self, project: str, series: Any) -> Any:
        """Give the metric's descriptor with the series' labels, newly made where there is none."""
        metric_type = series.metric.type
        value_type = VALUE_TYPES[series.points[0].value.WhichOneof("value")]
        known = self._descriptors.get(project, {}).get(metric_type)
        descriptor = MetricDescriptor()
        if known is None:
            if series.metric_kind not in {0, GAUGE, CUMULATIVE} or value_type == STRING:
                kind = f"{kind_name(series.metric_kind or GAUGE)} {type_name(value_type)}"
                raise ProblemError(f"The metric type {metric_type} cannot be auto-created as {kind}.")  # own words
            descriptor.name = f"projects/{project}/metricDescriptors/{metric_type}"
            descriptor.type = metric_type
            descriptor.metric_kind = series.metric_kind or GAUGE
            descriptor.value_type = value_type
        else:
            descriptor.CopyFrom(known)
        _check_kind_and_type(series, value_type, descriptor)
        _extend_labels(descriptor, series.metric, complete=known is not None)
        return descriptor

    def create_descriptor(self, project: str, wanted: Any) -> Any:
        """Store a raw MetricDescriptor, or update the one that is there: labels are added and never removed.

        Raises ProblemError.
        """
        check_type(wanted.type, "Field metricDescriptor.type")
        check_labels({label.key: "" for label in wanted.labels}, "Field metricDescriptor.labels")
        if wanted.metric_kind == 0 or wanted.value_type == 0:
            raise ProblemError("Field metricDescriptor had an invalid value: kind and value type are required.")  # own words
        with self._lock:
            descriptors = self._descriptors.setdefault(project, {})
            known = descriptors.get(wanted.type)
            made = MetricDescriptor()
            made.CopyFrom(wanted)
            made.name = f"projects/{project}/metricDescriptors/{wanted.type}"
            if known is not None:
                if (known.metric_kind, known.value_type) != (wanted.metric_kind, wanted.value_type):
                    raise ProblemError(f"The kind and value type of {wanted.type} cannot be changed.")  # own words
                keys = {label.key for label in wanted.labels}
                made.labels.extend(label for label in known.labels if label.key not in keys)
            descriptors[wanted.type] = made
            return made

    def descriptors(self, project: str) -> list[Any]:
        """Give the raw MetricDescriptors of a project, in the order of their making."""
        with self._lock:
            return list(self._descriptors.get(project, {}).values())

    def series(self, project: str) -> list[Stored]:
        """Give the time series of a project, in the order of their making."""
        with self._lock:
            found = [stored for key, stored in self._series.items() if key[0] == project]
            return [Stored(stored.header, list(stored.points)) for stored in found]


_HICCUP = (
    "Internal error encountered. Please retry after a few seconds. If internal errors persist, contact support at "
    "https://cloud.google.com/support/docs."
)


def _key(project: str, series: Any) -> SeriesKey:
    metric, resource = series.metric, series.resource
    return (
        project,
        metric.type,
        tuple(sorted(metric.labels.items())),
        resource.type,
        tuple(sorted((key, value) for key, value in resource.labels.items() if key != "project_id")),
    )


def _header(series: Any, descriptor: Any) -> Any:
    header = TimeSeries(metric=series.metric, resource=series.resource)
    header.metric_kind, header.value_type = descriptor.metric_kind, descriptor.value_type
    return header


def _check_after(point: Any, last: Any, metric_type: str) -> None:
    ahead = nanoseconds(point.interval.end_time) - nanoseconds(last.interval.end_time)
    # The text speaks of older points; whether a point of the same time gets this text or the other is not documented.
    if ahead <= 0:
        what = "One or more of the points specified had an older end time than the most recent point."
        raise ProblemError(f"Points must be written in order. {what}", FAILED_PRECONDITION)
    if ahead < SAMPLING_NS:
        what = "One or more points were written more frequently than the maximum sampling period configured for the metric."
        raise ProblemError(what, FAILED_PRECONDITION)


def _check_kind_and_type(series: Any, value_type: int, descriptor: Any) -> None:
    kind = series.metric_kind or descriptor.metric_kind
    if kind != descriptor.metric_kind:
        wanted = f"must be {kind_name(descriptor.metric_kind)}, but is {kind_name(kind)}"
        raise ProblemError(f"Metric kind for metric {descriptor.type} {wanted}.")
    for given in (value_type, series.value_type or value_type):
        if given != descriptor.value_type:
            wanted = f"must be {type_name(descriptor.value_type)}, but is {type_name(given)}"
            raise ProblemError(f"Value type for metric {descriptor.type} {wanted}.")


def _extend_labels(descriptor: Any, metric: Any, *, complete: bool) -> None:
    """Add the labels that a write brings; with `complete`, those that the descriptor has must be given."""
    known = {label.key for label in descriptor.labels}
    missing = sorted(known - set(metric.labels))
    if complete and missing:
        raise ProblemError(f"The set of metric labels is incomplete. Missing labels: ({' '.join(missing)}).")  # own words
    for key in sorted(set(metric.labels) - known):
        descriptor.labels.add(key=key)
    if len(descriptor.labels) > MAX_LABELS:
        raise ProblemError(f"The new labels would cause the metric {descriptor.type} to have over {MAX_LABELS} labels.")
