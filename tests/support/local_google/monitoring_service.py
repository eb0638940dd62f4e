"""google.monitoring.v3.MetricService, as far as user-defined metrics go, with the documented rules."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
from google.rpc.status_pb2 import Status

from tests.support.local_google import monitoring_messages as messages
from tests.support.local_google.calls import Calls, RefusedError, invalid
from tests.support.local_google.fields import nanoseconds
from tests.support.local_google.metric_rules import INTERNAL, PREFIX, ProblemError
from tests.support.local_google.metric_store import MetricStore, Stored
from tests.support.local_google.monitoring_filters import matches, parse_filter

SERVICE = "google.monitoring.v3.MetricService"
MAX_SERIES = 200

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEADERS = 1
"""Number of the view without points."""


@dataclass(frozen=True, slots=True)
class Written:
    """One point that was written."""

    metric: str
    """The type behind `custom.googleapis.com/`."""
    labels: dict[str, str]
    at: datetime
    value: float


class MonitoringService:
    """Answers the calls that write metrics, and those that read them back."""

    def __init__(self, *, now: Callable[[], datetime], clock: Callable[[], float], places: bool) -> None:
        """`MonitoringServer` tells what the switches do."""
        self.calls = Calls(clock)
        self.store = MetricStore()
        self._now = now
        self._places = places

    def handler(self) -> Any:
        """Give the gRPC handler of the service."""
        answers = {
            "CreateTimeSeries": (messages.CreateTimeSeriesRequest, self.create_time_series),
            "ListTimeSeries": (messages.ListTimeSeriesRequest, self.list_time_series),
            "CreateMetricDescriptor": (messages.CreateMetricDescriptorRequest, self.create_metric_descriptor),
            "GetMetricDescriptor": (messages.GetMetricDescriptorRequest, self.get_metric_descriptor),
            "ListMetricDescriptors": (messages.ListMetricDescriptorsRequest, self.list_metric_descriptors),
        }
        methods = {name: self.calls.method(name, request, answer) for name, (request, answer) in answers.items()}
        return grpc.method_handlers_generic_handler(SERVICE, methods)

    def written(self, project: str) -> list[Written]:
        """Give every point of a project, series by series and oldest first; values that are no numbers as NaN."""
        return [_written(stored, point) for stored in self.store.series(project) for point in stored.points]

    def create_time_series(self, request: Any) -> bytes:
        """Write what can be written. Raises RefusedError that tells of the rest."""
        project = _project(request.name)
        if not 1 <= len(request.time_series) <= MAX_SERIES:
            raise invalid(
                f"Field timeSeries had an invalid value: {len(request.time_series)} TimeSeries; 1 to {MAX_SERIES} fit."
            )
        problems = self.store.write(project, request.time_series, _nanoseconds(self._now()))
        if any(problems):
            raise self._partial(problems)
        return b""

    def _partial(self, problems: list[ProblemError | None]) -> RefusedError:
        """Give the refusal of a call of which the points without a problem were written."""
        found = [(at, problem) for at, problem in enumerate(problems) if problem is not None]
        code = INTERNAL if all(problem.code == INTERNAL for _, problem in found) else 3
        summary = messages.CreateTimeSeriesSummary(
            total_point_count=len(problems), success_point_count=len(problems) - len(found)
        )
        for each in sorted({problem.code for _, problem in found}):
            error = summary.errors.add(point_count=sum(problem.code == each for _, problem in found))
            error.status.code = each
        if self._places:
            reasons = [f"{text}: timeSeries[{_ranges(at for at, it in found if it.text == text)}]" for text in _texts(found)]
        else:
            reasons = [problem.text for _, problem in found]
        text = f"One or more TimeSeries could not be written: {'; '.join(reasons)}"
        status = Status(code=code, message=text)
        status.details.add().Pack(summary)
        grpc_code = grpc.StatusCode.INTERNAL if code == INTERNAL else grpc.StatusCode.INVALID_ARGUMENT
        return RefusedError(grpc_code, text, status.SerializeToString())

    def list_time_series(self, request: Any) -> bytes:
        """Give the series of one metric type that have points in the half-open interval (start, end], newest first."""
        project = _project(request.name)
        if request.page_token or request.order_by or request.HasField("aggregation"):
            raise invalid("pages, order and aggregation are not offered here")
        interval = request.interval
        start, end = nanoseconds(interval.start_time), nanoseconds(interval.end_time)
        if not interval.HasField("start_time") or not interval.HasField("end_time") or start >= end:
            raise invalid("Field interval had an invalid value: a start time, and an end time behind it, are needed.")
        tests = _tests(request.filter)
        if "metric.type" not in tests:
            raise invalid("Field filter had an invalid value: The filter must specify a single metric type.")
        response = messages.ListTimeSeriesResponse()
        for stored in self.store.series(project):
            points = [point for point in stored.points if start < nanoseconds(point.interval.end_time) <= end]
            if points and _matches(tests, stored.header):
                series = response.time_series.add()
                series.CopyFrom(stored.header)
                if request.view != _HEADERS:
                    series.points.extend(reversed(points))
        return bytes(response.SerializeToString())

    def create_metric_descriptor(self, request: Any) -> bytes:
        """Create or update a descriptor."""
        try:
            made = self.store.create_descriptor(_project(request.name), request.metric_descriptor)
        except ProblemError as problem:
            raise invalid(problem.text) from problem
        return bytes(made.SerializeToString())

    def get_metric_descriptor(self, request: Any) -> bytes:
        """Give one descriptor by `projects/P/metricDescriptors/TYPE`."""
        project, _, metric_type = request.name.partition("/metricDescriptors/")
        for descriptor in self.store.descriptors(_project(project)):
            if descriptor.type == metric_type:
                return bytes(descriptor.SerializeToString())
        raise RefusedError(grpc.StatusCode.NOT_FOUND, f"Could not find descriptor for metric '{metric_type}'.")

    def list_metric_descriptors(self, request: Any) -> bytes:
        """Give the user-defined descriptors that pass the filter."""
        tests = _tests(request.filter)
        found = [
            descriptor
            for descriptor in self.store.descriptors(_project(request.name))
            if _matches(tests, messages.TimeSeries(metric={"type": descriptor.type}))
        ]
        return bytes(messages.ListMetricDescriptorsResponse(metric_descriptors=found).SerializeToString())


def _project(name: str) -> str:
    found = re.fullmatch(r"projects/([^/]+)", name)
    if found is None:
        raise invalid(f"Name must begin with 'projects/PROJECT', got: '{name}'")
    return found[1]


def _tests(text: str) -> dict[str, Callable[[str], bool]]:
    try:
        return parse_filter(text)
    except ValueError as error:
        raise invalid(f"Field filter had an invalid value of '{text}': {error}") from error


def _matches(tests: dict[str, Callable[[str], bool]], header: Any) -> bool:
    try:
        return matches(tests, header)
    except ValueError as error:
        raise invalid(f"Field filter had an invalid value: {error}") from error


def _texts(found: list[tuple[int, ProblemError]]) -> list[str]:
    return list(dict.fromkeys(problem.text for _, problem in found))


def _ranges(places: Any) -> str:
    """Write ascending numbers as the service does: `0,2-6,8`."""
    spans: list[list[int]] = []
    for place in places:
        if spans and spans[-1][1] == place - 1:
            spans[-1][1] = place
        else:
            spans.append([place, place])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def _written(stored: Stored, point: Any) -> Written:
    metric = stored.header.metric
    field = point.value.WhichOneof("value")
    value = getattr(point.value, field) if field in {"double_value", "int64_value", "bool_value"} else float("nan")
    at = _EPOCH + timedelta(microseconds=nanoseconds(point.interval.end_time) // 1000)
    return Written(metric.type.removeprefix(PREFIX), dict(metric.labels), at, float(value))


def _nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
