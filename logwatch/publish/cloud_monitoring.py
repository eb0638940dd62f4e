"""Figures to Cloud Monitoring, through google-cloud-monitoring's generated client and its raw messages.

A series only ever grows at its end: a point that comes behind a later one is lost. So points go oldest first, and while
one of a series waits to be tried again, those behind it wait too.
"""

from __future__ import annotations

import math
import random
import time
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logwatch.errors import ExportError
from logwatch.google_api import Errors, Trouble, open_client, project_hints, tell_apart, walk
from logwatch.publish.descriptors import DOUBLE, GAUGE, describe, difference
from logwatch.publish.interface import Refused
from logwatch.publish.refusals import HEAD, NO_TEXT, NOT_FINITE, THERE_ALREADY, TOO_OFTEN, TWICE, Cause, find_causes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from google.cloud.monitoring_v3 import MetricServiceClient

    from logwatch.errors import LogwatchError
    from logwatch.publish.points import Metric, Point

MOST_SERIES = 200
"""Series in one call."""
MOST_TRIES = 5
"""Of one call."""

Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class _Item:
    """A point and its series."""

    key: Key
    point: Point


@dataclass(frozen=True, slots=True)
class _Answer:
    """What became of one call."""

    causes: Mapping[int, Cause] | None
    """The refused points by their place in the call; None where only their number is known."""
    unsure: bool = False
    """Whether points may have been written that are told as refused."""


class CloudMonitoringExporter:
    """Writes the points of one project as gauges of the resource `generic_task`."""

    def __init__(  # noqa: PLR0913 - one argument for each thing that can be set
        self, project: str, *, location: str, namespace: str, prefix: str, metrics: Sequence[Metric],
        endpoint: str | None = None, timeout_s: float = 10, budget_s: float = 20,
        clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        """Name where to write; nothing is connected yet.

        `namespace` keeps environments apart, and all metrics begin with `prefix`. `endpoint` is HOST:PORT of a local server
        without TLS. `timeout_s` bounds one call and `budget_s` all calls of one `publish`, with the waits between them.
        """
        self.project = project
        self.resource = {"project_id": project, "location": location, "namespace": namespace, "job": "logwatch", "task_id": "0"}
        self.prefix = prefix
        self.metrics = metrics
        self.endpoint = endpoint
        self.timeout_s = timeout_s
        self.budget_s = budget_s
        self._clock = clock
        self._sleep = sleep
        self._ends = math.inf
        """When it is over with calling, on its clock."""
        self._client: list[MetricServiceClient] = []
        """The one client, once it is open, also for those that are the same but for their time."""

    def ending(self, left_s: float) -> CloudMonitoringExporter:
        """Give one that calls nobody after so many seconds; with the same client."""
        ending = copy(self)
        ending._ends = self._clock() + left_s  # noqa: SLF001 - its own
        return ending

    def _deadline(self) -> float:
        return min(self._clock() + self.budget_s, self._ends)

    def publish(self, points: Sequence[Point]) -> list[Refused]:
        """Write points, oldest first; gives those that were refused, and why.

        Points behind one that may be taken later are held back with it. Raises ExportError where nothing can be written at all.
        """
        calls, refused = _plan(points)
        deadline = self._deadline()
        held: dict[Key, str] = {}
        for call in calls:
            refused += [Refused(item.point, held[item.key], again=True) for item in call if item.key in held]
            for item, cause in self._write([item for item in call if item.key not in held], deadline):
                refused.append(Refused(item.point, cause.reason, cause.again))
                if cause.again:
                    held[item.key] = f"waits for an earlier point of its series: {cause.reason}"
        return refused

    def _write(self, items: list[_Item], deadline: float, *, unsure: bool = False) -> list[tuple[_Item, Cause]]:
        """Write points of different series, trying again what may pass; gives those that were refused.

        `unsure`: some of them may have been written by an earlier call, and then it is no refusal that they are there already.
        """
        refused: list[tuple[_Item, Cause]] = []
        left = [(item, Cause(f"the {self.budget_s:.0f} s for publishing were over", again=True)) for item in items]
        for attempt in range(MOST_TRIES):
            time_left = deadline - self._clock()
            if not left or time_left <= 0:
                break
            items = [item for item, _ in left]
            answer = self._call(items, min(self.timeout_s, time_left))
            if answer.causes is None:
                half = len(items) // 2
                halves = (items[:half], items[half:])
                return refused + [told for part in halves for told in self._write(part, deadline, unsure=True)]
            told = [(items[place], cause) for place, cause in answer.causes.items()]
            refused += [each for each in told if not each[1].again and not (unsure and each[1] is THERE_ALREADY)]
            left = [each for each in told if each[1].again]
            unsure = unsure or answer.unsure
            wait = 0.5 * 2**attempt * random.uniform(1, 1.25)  # noqa: S311 - spreads retries, no secret
            if left and attempt + 1 < MOST_TRIES:
                if self._clock() + wait >= deadline:
                    break
                self._sleep(wait)
        return refused + left

    def _call(self, items: list[_Item], timeout: float) -> _Answer:
        from google.api_core import exceptions as api
        from google.auth.exceptions import GoogleAuthError

        client = self._connect()
        passing = (
            api.TooManyRequests, api.ServiceUnavailable, api.InternalServerError, api.DeadlineExceeded, api.Unknown,
            api.Aborted, api.Cancelled,
        )  # fmt: skip
        try:
            client.create_time_series(request=self._request(items), retry=None, timeout=timeout)
        except api.GoogleAPICallError as error:
            if error.message.startswith(HEAD):
                return _in_part(error, [item.point.at for item in items])
            if not isinstance(error, passing):
                raise self._error(error) from error
            return _Answer(dict.fromkeys(range(len(items)), Cause(tell_apart(error).reason, again=True)), unsure=True)
        except GoogleAuthError as error:
            raise self._error(error) from error
        return _Answer({})

    def _request(self, items: list[_Item]) -> Any:  # noqa: ANN401 - proto-plus
        from google.cloud.monitoring_v3.types import CreateTimeSeriesRequest

        request = CreateTimeSeriesRequest(name=f"projects/{self.project}")
        raw = CreateTimeSeriesRequest.pb(request)
        for item in items:
            series = raw.time_series.add()
            series.metric.type = self.prefix + item.point.metric
            series.metric.labels.update(item.point.labels)
            series.resource.type = "generic_task"
            series.resource.labels.update(self.resource)
            series.metric_kind, series.value_type = GAUGE, DOUBLE
            point = series.points.add()
            point.interval.end_time.FromDatetime(item.point.at)
            point.value.double_value = item.point.value
        return request

    def ensure_descriptors(self, tell: Callable[[str], None]) -> int | None:
        """Create the descriptors that are missing; gives how many. Needed once for each `points.descriptors_version`.

        None says that the right to is missing: it is tried again, since the cure may be followed.

        One that the service made by itself, without unit and description, is completed. `tell` hears of one that is different,
        which is left as it is, and of missing rights: points are written all the same, without unit and description. Raises
        ExportError where it is worth another try.
        """
        from google.api_core import exceptions as api
        from google.auth.exceptions import GoogleAuthError
        from google.cloud.monitoring_v3.types import CreateMetricDescriptorRequest

        client = self._connect()
        deadline = self._deadline()
        name = f"projects/{self.project}"
        made = 0
        try:
            listing = {"name": name, "filter": f'metric.type = starts_with("{self.prefix}")'}
            left = self._left(deadline, name)
            pages = client.list_metric_descriptors(request=listing, retry=None, timeout=left).pages
            known = {each.type: each for page in walk(pages, ExportError, name, left) for each in page.metric_descriptors}
            for metric in self.metrics:
                there = known.get(self.prefix + metric.name)
                if there is not None and (different := difference(metric, there)):
                    tell(f"{there.type} {different}; delete that descriptor, and its data with it, or rename the metric")
                elif there is None or not there.description:
                    left = self._left(deadline, name)
                    request = CreateMetricDescriptorRequest(name=name)
                    describe(metric, self.prefix, CreateMetricDescriptorRequest.pb(request).metric_descriptor)
                    client.create_metric_descriptor(request=request, retry=None, timeout=left)
                    made += 1
        except api.Forbidden as error:
            tell(f"no descriptors with units and descriptions: {self._error(error)}")
            return None
        except (api.GoogleAPICallError, GoogleAuthError) as error:
            raise self._error(error) from error
        return made

    def _left(self, deadline: float, name: str) -> float:
        """Give the seconds that one call about descriptors may take; raises ExportError where there is no time left."""
        left = min(self.timeout_s, deadline - self._clock())
        if left <= 0:
            raise ExportError("the time for descriptors was over", where=name, hint="the next run makes the rest")
        return left

    def _connect(self) -> MetricServiceClient:
        if not self._client:
            from google.cloud.monitoring_v3 import MetricServiceClient

            with self._errors.raised("Cloud Monitoring"):
                self._client.append(open_client(MetricServiceClient, self.endpoint))
        return self._client[0]

    def _error(self, error: Exception) -> LogwatchError:
        return self._errors.build("Cloud Monitoring", error, self._connect)

    @property
    def _errors(self) -> Errors:
        check = f"check the project id '{self.project}': gcloud projects list"
        hints = dict.fromkeys((Trouble.NOT_FOUND, Trouble.INVALID, Trouble.REFUSED), check)
        mends = project_hints(self.project, "monitoring.googleapis.com", "roles/monitoring.metricWriter")
        return Errors(ExportError, f"projects/{self.project}", mends | hints, otherwise="try again")


def _plan(points: Sequence[Point]) -> tuple[list[list[_Item]], list[Refused]]:
    """Lay out the calls: oldest first, one time and at most 200 series each; and refuse what no call can hold."""
    times: dict[datetime, dict[Key, _Item]] = {}
    refused = []
    for point in points:
        item = _Item((point.metric, tuple(sorted(point.labels.items()))), point)
        of_time = times.setdefault(point.at, {})
        cause = TWICE if item.key in of_time else _flaw(point)
        if cause:
            refused.append(Refused(point, cause.reason, cause.again))
        else:
            of_time[item.key] = item
    ordered = [list(times[at].values()) for at in sorted(times)]
    return [items[start : start + MOST_SERIES] for items in ordered for start in range(0, len(items), MOST_SERIES)], refused


def _flaw(point: Point) -> Cause | None:
    try:
        "".join(point.labels.values()).encode()
    except UnicodeEncodeError:
        return NO_TEXT
    return None if math.isfinite(point.value) else NOT_FINITE


def _in_part(error: Any, times: list[datetime]) -> _Answer:  # noqa: ANN401 - GoogleAPICallError, imported only where needed
    """Read what a call of points of those times was refused in part for."""
    from google.cloud.monitoring_v3.types import CreateTimeSeriesSummary

    summary = CreateTimeSeriesSummary.pb(CreateTimeSeriesSummary())
    known = any(detail.Unpack(summary) for detail in error.details if hasattr(detail, "Unpack"))
    failed = summary.total_point_count - summary.success_point_count if known else None
    codes = [(each.status.code, each.point_count) for each in summary.errors]
    if len(times) == 1:
        failed = 1
    causes = find_causes(error.message, total=len(times), failed=failed, codes=codes)
    if causes is None and len(times) == 1:
        causes = {0: Cause(tell_apart(error).reason, again=False)}
    if causes is not None:
        # Windows end on whole minutes, so another point less than 5 s away is one of the same window.
        causes = {
            place: THERE_ALREADY if cause is TOO_OFTEN and not (times[place].second or times[place].microsecond) else cause
            for place, cause in causes.items()
        }
    return _Answer(causes)
