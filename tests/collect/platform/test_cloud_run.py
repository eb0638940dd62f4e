"""Cloud Run's own figures, from a local server of the real protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from logwatch.collect.platform.cloud_run import CloudRunActivity
from logwatch.spans import EPOCH, WINDOW, Span
from tests.support.local_google import Fault, MonitoringServer
from tests.support.local_google.metric_store import Stored
from tests.support.local_google.monitoring_messages import GAUGE, TimeSeries
from tests.support.other_lines import API, PROJECT, WORKER, at

if TYPE_CHECKING:
    from typing import Any


def stored(metric: str, minutes: dict[int, int], *, service: str = API, **labels: str) -> Stored:
    """Figures as the platform writes them: a point at the end of each minute."""
    header: Any = TimeSeries(metric={"type": f"run.googleapis.com/{metric}", "labels": labels}, metric_kind=GAUGE)
    header.resource.type = "cloud_run_revision"
    header.resource.labels.update(service_name=service, location="asia-northeast3", revision_name="r1")
    found = Stored(header)
    for minute, value in minutes.items():
        point = TimeSeries().points.add()
        point.interval.end_time.FromDatetime(at(minute + 1).replace(tzinfo=None))
        point.value.int64_value = value
        found.points.append(point)
    return found


def minutes(*numbers: int) -> frozenset[int]:
    return frozenset((at(number) - EPOCH) // WINDOW for number in numbers)


def read(server: MonitoringServer, service: str = API) -> Any:
    activity = CloudRunActivity(PROJECT, service, location="asia-northeast3", endpoint=server.address)
    return activity.read(Span(at(0), at(20)))


def test_requests_and_instances_at_work_are_life_and_waiting_instances_are_none() -> None:
    figures = [
        stored("request_count", {1: 4, 2: 0, 3: 9}),
        stored("container/instance_count", {5: 1, 6: 0}, state="active"),
        stored("container/instance_count", {8: 2}, state="idle"),
        stored("request_count", {10: 7}, service=WORKER),
    ]
    with MonitoringServer() as server:
        server.put(PROJECT, figures)
        signs = read(server)
    assert signs.running == minutes(1, 3, 5)
    assert signs.figured == minutes(*range(-10, 16)), "the last minutes are not visible yet"


def test_where_it_may_not_be_read_nothing_is_known() -> None:
    with MonitoringServer() as server:
        server.faults = [Fault(grpc.StatusCode.PERMISSION_DENIED)]
        signs = read(server)
    assert not any(signs)
