"""The stand-in for Cloud Monitoring keeps the rules of the service, as its real client sees them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.api_core import exceptions
from google.cloud.monitoring_v3 import MetricServiceClient, types

from tests.conftest import LOGS, ROOT
from tests.support.local_google import Fault, GoogleServer, MonitoringServer, load_entries
from tests.support.local_google.clients import generated_client, metric_client
from tests.support.local_google.monitoring_filters import parse_filter
from tests.support.patience import PATIENCE_S

NOW = datetime(2026, 2, 24, 12, tzinfo=UTC)
PROJECT = "o4o-demo"
NAME = f"projects/{PROJECT}"
TASK = {"project_id": PROJECT, "location": "asia-northeast3", "namespace": "beta", "job": "logwatch", "task_id": "0"}
GAUGE, DELTA, CUMULATIVE = 1, 2, 3
INT64, DOUBLE = 2, 3


@dataclass
class Service:
    """A server on a clock that only the test moves, and its real client."""

    server: MonitoringServer
    client: MetricServiceClient
    clock: list[datetime] = field(default_factory=list)

    def write(self, *series: Any) -> None:
        self.client.create_time_series(request={"name": NAME, "time_series": list(series)})

    def refusal(self, *series: Any) -> exceptions.GoogleAPICallError:
        with pytest.raises(exceptions.GoogleAPICallError) as caught:
            self.write(*series)
        return caught.value

    def read(self, filter_: str, start: float = -3600, end: float = 3600, **more: Any) -> list[Any]:
        interval = {"start_time": NOW + timedelta(seconds=start), "end_time": NOW + timedelta(seconds=end)}
        request = {"name": NAME, "filter": filter_, "interval": interval, "view": 0} | more
        return list(self.client.list_time_series(request=request))

    @property
    def values(self) -> list[tuple[str, float, float]]:
        return [(each.metric, (each.at - NOW).total_seconds(), each.value) for each in self.server.written(PROJECT)]


@pytest.fixture
def service() -> Iterator[Service]:
    clock = [NOW]
    with MonitoringServer(now=lambda: clock[0]) as server:
        yield Service(server, metric_client(server.address), clock)


def series(
    name: str = "m", second: float = 0, value: Any = 1.0, *, kind: int = 0, value_type: int = 0, start: float | None = None,
    resource: str = "generic_task", resource_labels: dict[str, str] | None = None, prefix: str = "custom.googleapis.com/",
    kind_of_value: str = "double_value", points: int = 1,
    also: dict[str, str] | None = None, **labels: str,
) -> Any:  # fmt: skip
    """Give a TimeSeries with a point `second` seconds after NOW."""
    interval: dict[str, Any] = {"end_time": NOW + timedelta(seconds=second)}
    if start is not None:
        interval["start_time"] = NOW + timedelta(seconds=start)
    return types.TimeSeries(
        metric={"type": prefix + name, "labels": labels | (also or {})},
        resource={"type": resource, "labels": TASK if resource_labels is None else resource_labels},
        metric_kind=kind,
        value_type=value_type,
        points=[types.Point(interval=interval, value={kind_of_value: value})] * points,
    )


def summary_of(error: exceptions.GoogleAPICallError) -> tuple[int, int, list[tuple[int, int]]]:
    """Give total, written, and (code, number of points) of a call that was refused in part."""
    raw = types.CreateTimeSeriesSummary.pb(types.CreateTimeSeriesSummary())
    assert error.details[0].Unpack(raw)
    return raw.total_point_count, raw.success_point_count, [(each.status.code, each.point_count) for each in raw.errors]


# ---- writing


def test_points_are_written_and_the_metric_is_described_by_itself(service: Service) -> None:
    service.write(series("a/b", shop="kpa"), series("a/b", shop="glycopharm", value=2.0))
    assert service.values == [("a/b", 0, 1.0), ("a/b", 0, 2.0)]
    made = service.client.get_metric_descriptor(name=f"{NAME}/metricDescriptors/custom.googleapis.com/a/b")
    assert (made.metric_kind, made.value_type, made.unit, made.description) == (GAUGE, DOUBLE, "", "")
    assert [label.key for label in made.labels] == ["shop"]


def test_a_cumulative_metric_is_described_as_one(service: Service) -> None:
    service.write(series("sum", 0, 3, start=-60, kind=CUMULATIVE, kind_of_value="int64_value"))
    made = service.client.get_metric_descriptor(name=f"{NAME}/metricDescriptors/custom.googleapis.com/sum")
    assert (made.metric_kind, made.value_type) == (CUMULATIVE, INT64)


def test_200_series_fit_and_201_do_not(service: Service) -> None:
    service.write(*(series(f"m{number}") for number in range(200)))
    error = service.refusal(*(series(f"n{number}") for number in range(201)))
    assert isinstance(error, exceptions.InvalidArgument)
    assert "201 TimeSeries" in error.message
    assert len(service.values) == 200


def test_a_project_is_named_as_one(service: Service) -> None:
    with pytest.raises(exceptions.InvalidArgument, match="Name must begin with"):
        service.client.create_time_series(request={"name": PROJECT, "time_series": [series()]})


def test_projects_are_apart(service: Service) -> None:
    service.write(series())
    service.client.create_time_series(request={"name": "projects/other-one", "time_series": [series()]})
    assert len(service.server.written("other-one")) == 1


REFUSED: list[tuple[str, Any, str]] = [
    ("a foreign prefix", series(prefix="compute.googleapis.com/"), "below custom.googleapis.com/"),
    ("a name with odd characters", series("a b"), "must be a URL-formatted string"),
    ("no points", series(points=0), "Only one point can be written per TimeSeries per request"),
    ("two points", series(points=2), "Only one point can be written per TimeSeries per request"),
    ("a key with a dash", series(also={"a-b": "x"}), "not a valid label key"),
    ("a key that starts with a digit", series(also={"1a": "x"}), "not a valid label key"),
    ("a key of 101 characters", series(also={"k" * 101: "x"}), "not a valid label key"),
    ("a value of 1025 characters", series(shop="x" * 1025), "longer than 1024 characters"),
    ("31 labels", series(also={f"k{number}": "x" for number in range(31)}), "31 labels, more than 30"),
    ("a resource that takes no metrics", series(resource="cloud_run_revision"), "Metrics cannot be written to cloud_run_revision."),
    ("a job of Cloud Run", series(resource="cloud_run_job"), "Metrics cannot be written to cloud_run_job."),
    (
        "a resource label too few",
        series(resource_labels={"location": "x", "job": "y"}),
        "The set of resource labels is incomplete. Missing labels: (namespace task_id).",
    ),
    ("an empty resource label", series(resource_labels=TASK | {"job": ""}), "Missing labels: (job)."),
    ("a resource label too many", series(resource_labels=TASK | {"pod": "x"}), "Unrecognized labels: (pod)"),
    ("a point of yesterday", series(second=-25 * 3600 - 1), "Data points cannot be written more than 25h in the past."),
    ("a point of the future", series(second=301), "in the future"),
    ("a gauge over a span", series(start=-60), "The start time must equal the end time"),
    ("a cumulative point of no span", series(kind=CUMULATIVE, start=0), "The start time must be before the end time"),
    ("a delta metric made by a write", series(kind=DELTA, start=-60), "cannot be auto-created as DELTA"),
    ("a text", series(value="x", kind_of_value="string_value"), "cannot be auto-created as GAUGE STRING"),
    ("a type that the point is not of", series(value_type=INT64), "Value type for metric custom.googleapis.com/m must be DOUBLE"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "text"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_wrong_series_is_refused_and_the_rest_is_written(service: Service, wrong: Any, text: str) -> None:
    error = service.refusal(series("good"), wrong, series("fine"))
    assert isinstance(error, exceptions.InvalidArgument)
    assert error.message.startswith("One or more TimeSeries could not be written: ")
    assert text in error.message
    assert error.message.endswith(": timeSeries[1]")
    assert summary_of(error) == (3, 2, [(3, 1)])
    assert [each[0] for each in service.values] == ["good", "fine"]


ALLOWED: list[tuple[str, Any]] = [
    ("30 labels", series(also={f"k{number}": "x" for number in range(30)})),
    ("a value of 1024 characters", series(shop="x" * 1024)),
    ("a point 25 hours old", series(second=-25 * 3600)),
    ("a point 5 minutes ahead", series(second=300)),
    ("a gauge that starts when it ends", series(start=0)),
    ("a resource without its project", series(resource_labels={key: TASK[key] for key in TASK if key != "project_id"})),
    ("the global resource", series(resource="global", resource_labels={})),
]


@pytest.mark.parametrize("right", [row[1] for row in ALLOWED], ids=[row[0] for row in ALLOWED])
def test_up_to_the_limits_a_series_is_written(service: Service, right: Any) -> None:
    service.write(right)
    assert len(service.values) == 1


def test_a_series_stands_once_in_a_call(service: Service) -> None:
    error = service.refusal(series(shop="a"), series(shop="b"), series(second=60, shop="a"))
    what = "Field timeSeries[2] had an invalid value: Duplicate TimeSeries encountered."
    assert f"{what} Only one point can be written per TimeSeries per request.: timeSeries[2]" in error.message
    assert service.values == [("m", 0, 1.0), ("m", 0, 1.0)]


IN_ORDER = (
    "Points must be written in order. One or more of the points specified had an older end time than the most recent point."
)
TOO_OFTEN = "One or more points were written more frequently than the maximum sampling period configured for the metric."


@pytest.mark.parametrize(
    ("second", "text"), [(-60, IN_ORDER), (-0.001, IN_ORDER), (0, IN_ORDER), (0.001, TOO_OFTEN), (4.999, TOO_OFTEN)]
)
def test_a_point_is_5_s_behind_the_last_of_its_series(service: Service, second: float, text: str) -> None:
    service.write(series())
    error = service.refusal(series(second=second, value=9.0))
    assert error.message == f"One or more TimeSeries could not be written: {text}: timeSeries[0]"
    assert summary_of(error) == (1, 0, [(9, 1)])
    assert service.values == [("m", 0, 1.0)]
    service.write(series(second=5, value=2.0))
    assert service.values == [("m", 0, 1.0), ("m", 5, 2.0)]


def test_the_project_label_makes_no_other_series(service: Service) -> None:
    service.write(series())
    service.refusal(series(resource_labels={key: TASK[key] for key in TASK if key != "project_id"}))


def test_another_task_is_another_series(service: Service) -> None:
    service.write(series())
    service.write(series(resource_labels=TASK | {"task_id": "1"}))
    assert len(service.values) == 2


def test_kind_and_type_stay_what_they_are(service: Service) -> None:
    service.write(series())
    kind = service.refusal(series(second=60, kind=CUMULATIVE, start=0))
    assert "Metric kind for metric custom.googleapis.com/m must be GAUGE, but is CUMULATIVE." in kind.message
    value = service.refusal(series(second=60, value=3, kind_of_value="int64_value"))
    assert "Value type for metric custom.googleapis.com/m must be DOUBLE, but is INT64." in value.message


def test_labels_are_added_and_then_must_be_given(service: Service) -> None:
    service.write(series(a="1"))
    service.write(series(second=10, a="1", b="2"))
    made = service.client.get_metric_descriptor(name=f"{NAME}/metricDescriptors/custom.googleapis.com/m")
    assert [label.key for label in made.labels] == ["a", "b"]
    assert "Missing labels: (b)" in service.refusal(series(second=20, a="1")).message


def test_one_answer_tells_of_every_refused_series(service: Service) -> None:
    service.write(*(series(f"m{number}") for number in (0, 2, 3, 4, 8)))
    batch = [series(f"m{number}") for number in range(10)]
    batch[5] = series("m5", prefix="kubernetes.io/")
    error = service.refusal(*batch)
    assert f"{IN_ORDER}: timeSeries[0,2-4,8]; Field timeSeries[5].metric.type" in error.message
    total, written, errors = summary_of(error)
    assert (total, written, sorted(errors)) == (10, 4, [(3, 1), (9, 5)])
    assert {each[0] for each in service.values} == {f"m{number}" for number in range(10)} - {"m5"}


def test_an_answer_may_also_give_a_reason_for_each_and_no_place() -> None:
    with MonitoringServer(now=lambda: NOW, places=False) as server:
        service = Service(server, metric_client(server.address))
        service.write(series("a"), series("c"))
        error = service.refusal(series("a"), series("b"), series("c"))
        assert error.message == f"One or more TimeSeries could not be written: {IN_ORDER}; {IN_ORDER}"
        assert summary_of(error) == (3, 1, [(9, 2)])


def test_an_internal_error_may_hit_single_points(service: Service) -> None:
    service.server.hiccups["custom.googleapis.com/b"] = 1
    error = service.refusal(series("a"), series("b"))
    assert isinstance(error, exceptions.InternalServerError)
    assert "Internal error encountered. Please retry after a few seconds." in error.message
    assert summary_of(error) == (2, 1, [(13, 1)])
    service.write(series("b"))
    assert [each[0] for each in service.values] == ["a", "b"]


def test_the_servers_clock_decides_what_is_old(service: Service) -> None:
    service.refusal(series(second=600))
    service.clock[0] += timedelta(seconds=600)
    service.write(series(second=600))


# ---- descriptors


def describe(name: str = "m", **fields: Any) -> dict[str, Any]:
    return {"type": f"custom.googleapis.com/{name}", "metric_kind": GAUGE, "value_type": DOUBLE, "unit": "ms"} | fields


def create(service: Service, **fields: Any) -> Any:
    return service.client.create_metric_descriptor(request={"name": NAME, "metric_descriptor": describe(**fields)})


def test_a_descriptor_is_kept_whole(service: Service) -> None:
    made = create(service, description="Help.", display_name="Title", labels=[{"key": "shop", "description": "The shop."}])
    assert made.name == f"{NAME}/metricDescriptors/custom.googleapis.com/m"
    (listed,) = service.client.list_metric_descriptors(name=NAME)
    assert (listed.unit, listed.description, listed.display_name) == ("ms", "Help.", "Title")
    assert [(label.key, label.description) for label in listed.labels] == [("shop", "The shop.")]


def test_a_descriptor_that_is_there_is_updated_and_keeps_its_labels(service: Service) -> None:
    service.write(series(shop="kpa"))
    assert [label.key for label in create(service, labels=[{"key": "rule"}]).labels] == ["rule", "shop"]
    (listed,) = service.client.list_metric_descriptors(name=NAME)
    assert listed.unit == "ms"


@pytest.mark.parametrize(
    "fields",
    [
        {"metric_kind": CUMULATIVE},
        {"value_type": INT64},
        {"metric_kind": 0},
        {"type": "foreign/m"},
        {"labels": [{"key": "a-b"}]},
    ],
)
def test_a_wrong_descriptor_is_refused(service: Service, fields: dict[str, Any]) -> None:
    create(service)
    with pytest.raises(exceptions.InvalidArgument):
        create(service, **fields)


def test_an_unknown_descriptor_is_not_found(service: Service) -> None:
    with pytest.raises(exceptions.NotFound):
        service.client.get_metric_descriptor(name=f"{NAME}/metricDescriptors/custom.googleapis.com/m")


def test_descriptors_are_listed_by_prefix(service: Service) -> None:
    for name in ("o4o/a", "o4o/b", "other"):
        create(service, **describe(name))
    filter_ = 'metric.type = starts_with("custom.googleapis.com/o4o/")'
    listed = service.client.list_metric_descriptors(request={"name": NAME, "filter": filter_})
    assert [each.type for each in listed] == ["custom.googleapis.com/o4o/a", "custom.googleapis.com/o4o/b"]


# ---- reading back


def test_points_come_back_newest_first_from_a_half_open_span(service: Service) -> None:
    for second in (-120, -60, 0):
        service.write(series(second=second, value=float(second), shop="kpa"))
    (found,) = service.read('metric.type = "custom.googleapis.com/m"', -120, 0)
    assert [point.value.double_value for point in found.points] == [0.0, -60.0]
    assert (found.metric.labels["shop"], found.resource.labels["job"], found.metric_kind) == ("kpa", "logwatch", GAUGE)


def test_a_filter_picks_series_by_their_labels(service: Service) -> None:
    service.write(series(shop="kpa"), series(shop="cosmetics"), series("other", shop="kpa"))
    filter_ = 'metric.type = "custom.googleapis.com/m" AND metric.labels.shop = "kpa" AND resource.labels.namespace = "beta"'
    assert [each.metric.labels["shop"] for each in service.read(filter_)] == ["kpa"]
    assert service.read(filter_.replace("labels", "label"))
    assert service.read(filter_.replace("beta", "prod")) == []


def test_headers_come_without_points(service: Service) -> None:
    service.write(series())
    (found,) = service.read('metric.type="custom.googleapis.com/m"', view=1)
    assert not found.points


@pytest.mark.parametrize("filter_", ["", 'metric.labels.shop="kpa"', "metric.type=", 'metric.type="a" OR metric.type="b"'])
def test_a_filter_names_a_metric_and_can_be_read(service: Service, filter_: str) -> None:
    service.write(series())
    with pytest.raises(exceptions.InvalidArgument):
        service.read(filter_)


def test_a_filter_of_an_unknown_field_is_refused(service: Service) -> None:
    service.write(series())
    with pytest.raises(exceptions.InvalidArgument, match="unknown field"):
        service.read('metric.type="custom.googleapis.com/m" AND group.id="x"')


def test_a_value_in_a_filter_may_hold_quotes_and_and() -> None:
    test = parse_filter(r'metric.labels.a = "x AND \"y\""')["metric.labels.a"]
    assert test('x AND "y"')


# ---- faults, and both services at once


def test_faults_and_requests_are_those_of_the_logging_server(service: Service) -> None:
    service.server.faults = [Fault(grpc.StatusCode.UNAVAILABLE), None]
    assert isinstance(service.refusal(series()), exceptions.ServiceUnavailable)
    service.write(series())
    assert [each.method for each in service.server.requests] == ["CreateTimeSeries"] * 2
    assert len(service.values) == 1


def test_a_fault_can_lose_the_answer_of_what_was_carried_out(service: Service) -> None:
    service.server.faults = [Fault(grpc.StatusCode.UNAVAILABLE, carried_out=True)]
    assert isinstance(service.refusal(series()), exceptions.ServiceUnavailable)
    assert len(service.values) == 1


def test_one_port_serves_both() -> None:
    entries = load_entries(ROOT / LOGS / "calm.ndjson")
    with GoogleServer(entries, now=lambda: NOW) as server:
        _use_both(server.address)
        assert [each.method for each in server.logging.calls.requests] == ["ListLogEntries"]
        assert [each.metric for each in server.monitoring.written(PROJECT)] == ["m"]


def _use_both(address: str) -> None:
    page = next(generated_client(address).list_log_entries(resource_names=[NAME]).pages)
    assert page.entries
    metric_client(address).create_time_series(request={"name": NAME, "time_series": [series()]})


@pytest.mark.long
@pytest.mark.parametrize("now", ["2026-02-24T12:00:00Z", "2026-02-24T21:00:00+09:00", "2026-02-24T12:00:00"])
def test_the_command_serves_both(now: str) -> None:
    command: list[Any] = [sys.executable, "-m", "tests.support.local_google", f"{LOGS}/calm.ndjson", "--now", now]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        _use_both(process.stdout.readline().removeprefix("listening on ").strip())
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
