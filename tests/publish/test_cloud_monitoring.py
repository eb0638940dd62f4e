"""Writing to Cloud Monitoring with the real generated client, over the wire, to a local server that keeps its rules."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import repeat
from typing import Any

import grpc
import pytest
from google.auth import exceptions as auth
from google.cloud.monitoring_v3 import MetricServiceClient
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.errors import ExportError
from logwatch.judge.rules.load import load_rules
from logwatch.publish.cloud_monitoring import CloudMonitoringExporter
from logwatch.publish.interface import Exporter, Refused
from logwatch.publish.points import Metric, Point, metrics
from logwatch.publish.refusals import (
    HEAD,
    IN_THE_FUTURE,
    NO_TEXT,
    NOT_FINITE,
    THERE_ALREADY,
    TOO_OFTEN,
    TOO_OLD,
    TWICE,
    Cause,
    find_causes,
)
from logwatch.settings import bundled
from tests.support.fake_clock import FakeClock
from tests.support.local_google import Fault, MonitoringServer
from tests.support.local_google.clients import metric_client

NOW = datetime(2026, 2, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PROJECT = "o4o-demo"
PREFIX = "custom.googleapis.com/o4o/"
METRICS = [
    Metric("checkout/attempt", "1", "Per 60 s window: checkouts tried.", {"shop": "The shop."}),
    Metric("slow_request/p95", "ms", "How slow.", {"label": "What kind of request."}),
    Metric("logwatch/heartbeat", "1", "Alive.", {}),
]
Status: Any = grpc.StatusCode


@dataclass
class Setup:
    """A server and an exporter that writes to it."""

    server: MonitoringServer
    clock: FakeClock = field(default_factory=FakeClock)
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def exporter(self) -> CloudMonitoringExporter:
        """Give a new one, as a new run of the program has it."""
        defaults: dict[str, Any] = {
            "location": "asia-northeast3",
            "namespace": "beta",
            "prefix": PREFIX,
            "metrics": METRICS,
            "endpoint": self.server.address,
        }
        clocks = {"clock": self.clock, "sleep": self.clock.sleep}
        return CloudMonitoringExporter(PROJECT, **(defaults | clocks | self.options))

    def publish(self, points: Sequence[Point]) -> list[Refused]:
        return self.exporter.publish(points)

    @property
    def calls(self) -> list[int]:
        """How many series each call held."""
        return [len(each.message.time_series) for each in self.server.requests if each.method == "CreateTimeSeries"]

    @property
    def written(self) -> list[tuple[str, datetime, float]]:
        return [
            (each.labels.get("shop", each.metric.removeprefix("o4o/")), each.at, each.value)
            for each in self.server.written(PROJECT)
        ]


@pytest.fixture(params=[True, False], ids=["with places", "without places"])
def setup(request: pytest.FixtureRequest) -> Iterator[Setup]:
    """Give a server that answers in one of the two ways that were seen."""
    with MonitoringServer(now=lambda: NOW, places=request.param) as server:
        yield Setup(server)


def point(shop: str = "kpa", minutes: float = 0, value: float = 1.0) -> Point:
    return Point("checkout/attempt", {"shop": shop}, NOW + minutes * MINUTE, value)


def window(minutes: float = 0, shops: int = 3) -> list[Point]:
    return [point(f"s{number}", minutes) for number in range(shops)]


def reasons(refused: list[Refused]) -> set[tuple[str, bool]]:
    return {(each.reason, each.again) for each in refused}


def causes(*found: Cause) -> set[tuple[str, bool]]:
    return {(each.reason, each.again) for each in found}


# ---- what is sent


def test_a_point_is_a_gauge_of_a_task(setup: Setup) -> None:
    exporter: Exporter = setup.exporter
    assert exporter.publish([point(value=2.5)]) == []
    (call,) = setup.server.requests
    (series,) = call.message.time_series
    assert call.message.name == f"projects/{PROJECT}"
    assert (series.metric.type, dict(series.metric.labels)) == (f"{PREFIX}checkout/attempt", {"shop": "kpa"})
    assert (series.resource.type, dict(series.resource.labels)) == (
        "generic_task",
        {"project_id": PROJECT, "location": "asia-northeast3", "namespace": "beta", "job": "logwatch", "task_id": "0"},
    )
    assert (series.metric_kind, series.value_type) == (1, 3)
    assert not series.points[0].interval.HasField("start_time")
    assert setup.written == [("kpa", NOW, 2.5)]


def test_no_points_are_no_call(setup: Setup) -> None:
    assert setup.publish([]) == []
    assert setup.calls == []


def test_450_series_go_in_3_calls(setup: Setup) -> None:
    assert setup.publish(window(shops=450)) == []
    assert setup.calls == [200, 200, 50]
    assert len(setup.written) == 450


def test_a_backlog_of_30_windows_goes_in_order_whatever_its_own(setup: Setup) -> None:
    points = [each for minutes in range(-30, 0) for each in window(minutes)]
    random.Random(1).shuffle(points)  # noqa: S311 - a fixed disorder
    assert setup.publish(points) == []
    assert setup.calls == [3] * 30
    assert setup.written == [(f"s{number}", NOW + m * MINUTE, 1.0) for number in _first_seen(points) for m in range(-30, 0)]


def _first_seen(points: list[Point]) -> list[int]:
    oldest = min(each.at for each in points)
    return [int(each.labels["shop"][1:]) for each in points if each.at == oldest]


def test_what_was_written_can_be_read_back(setup: Setup) -> None:
    setup.publish([point(minutes=-1, value=3.0), point(value=4.0)])
    request = {
        "name": f"projects/{PROJECT}",
        "filter": f'metric.type = "{PREFIX}checkout/attempt" AND metric.labels.shop = "kpa"',
        "interval": {"start_time": NOW - 5 * MINUTE, "end_time": NOW},
    }
    (series,) = metric_client(setup.server.address).list_time_series(request=request)
    assert [each.value.double_value for each in series.points] == [4.0, 3.0]


# ---- what is refused


def test_a_window_published_twice_is_told_as_there_already_and_nothing_doubles(setup: Setup) -> None:
    assert setup.publish(window()) == []
    refused = setup.publish(window())
    assert [each.point for each in refused] == window()
    assert reasons(refused) == causes(THERE_ALREADY)
    assert len(setup.written) == 3


def test_after_a_crash_halfway_the_rest_is_written(setup: Setup) -> None:
    points = [each for minutes in (-3, -2, -1, 0) for each in window(minutes)]
    setup.publish(points[:7])
    refused = setup.publish(points)
    assert reasons(refused) <= causes(THERE_ALREADY)
    written = setup.written
    assert len(written) == len(set(written)) == 12
    # Where the service does not say which points were there, those written meanwhile are not told as refused.
    assert {id(each.point) for each in refused} <= {id(each) for each in points[:7]}


def test_good_points_beside_bad_ones_are_written(setup: Setup) -> None:
    refused = setup.publish([point("a"), point("b" * 1025), point("c")])
    assert [each.point.labels["shop"][0] for each in refused] == ["b"]
    assert "longer than 1024 characters" in refused[0].reason
    assert not refused[0].again
    assert [each[0] for each in setup.written] == ["a", "c"]


@pytest.mark.parametrize(("minutes", "cause"), [(-25 * 60 - 1, TOO_OLD), (6, IN_THE_FUTURE)], ids=["too old", "in the future"])
def test_a_point_outside_the_times_that_are_taken_is_told(setup: Setup, minutes: int, cause: Cause) -> None:
    refused = setup.publish([point(minutes=minutes), point("other")])
    assert reasons(refused) == causes(cause)
    assert [each[0] for each in setup.written] == ["other"]


def test_an_older_point_than_the_last_is_told(setup: Setup) -> None:
    setup.publish([point()])
    assert reasons(setup.publish([point(minutes=-1)])) == causes(THERE_ALREADY)


def test_points_too_close_to_each_other_are_told(setup: Setup) -> None:
    assert reasons(setup.publish([point(), point(minutes=0.05)])) == causes(TOO_OFTEN)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_value_that_is_no_number_is_never_sent(setup: Setup, value: float) -> None:
    refused = setup.publish([point("a", value=value), point("b")])
    assert reasons(refused) == causes(NOT_FINITE)
    assert setup.calls == [1]


def test_a_label_that_is_no_text_is_never_sent(setup: Setup) -> None:
    refused = setup.publish([point("\ud800"), point("b")])
    assert reasons(refused) == causes(NO_TEXT)
    assert setup.calls == [1]


def test_a_series_given_twice_for_one_time_is_sent_once(setup: Setup) -> None:
    refused = setup.publish([point(value=1.0), point(value=2.0)])
    assert [(each.point.value, each.reason, each.again) for each in refused] == [(2.0, TWICE.reason, False)]
    assert [each[2] for each in setup.written] == [1.0]


def test_a_metric_of_another_kind_is_told_by_the_services_own_words(setup: Setup) -> None:
    client = metric_client(setup.server.address)
    wrong = {"type": f"{PREFIX}logwatch/lag", "metric_kind": 1, "value_type": 2}
    client.create_metric_descriptor(request={"name": f"projects/{PROJECT}", "metric_descriptor": wrong})
    refused = setup.publish([point("a"), Point("logwatch/lag", {}, NOW, 1.5), point("b")])
    assert [each.point.metric for each in refused] == ["logwatch/lag"]
    assert "must be INT64, but is DOUBLE" in refused[0].reason
    assert not refused[0].again
    assert len(setup.written) == 2


def test_different_refusals_in_one_call_are_told_apart(setup: Setup) -> None:
    setup.publish([point(f"s{number}") for number in range(0, 40, 2)])
    points = [point(f"s{number}") for number in range(40)] + [point("x" * 1025), point("y" * 1025)]
    refused = setup.publish(points)
    told = {each.point.labels["shop"]: each.reason for each in refused}
    assert "longer than 1024" in told.pop("x" * 1025)
    assert "longer than 1024" in told.pop("y" * 1025)
    assert set(told.values()) <= {THERE_ALREADY.reason}
    assert set(told) <= {f"s{number}" for number in range(0, 40, 2)}
    assert len(setup.written) == 40


@pytest.mark.long
@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-4, 0)), max_size=24), st.integers(0, 24), st.booleans())
def test_run_again_after_any_crash_every_point_is_there_once(places: list[tuple[int, int]], crash: int, told: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    points = [point(f"s{shop}", minutes) for shop, minutes in sorted(set(places), key=lambda place: place[1])]
    with MonitoringServer(now=lambda: NOW, places=told) as server:
        setup = Setup(server)
        setup.publish(points[:crash])
        assert reasons(setup.publish(points)) <= causes(THERE_ALREADY)
        assert sorted(setup.written) == sorted((each.labels["shop"], each.at, each.value) for each in points)


# ---- trouble that passes


@pytest.mark.parametrize(
    "code", [Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED, Status.INTERNAL, Status.RESOURCE_EXHAUSTED, Status.ABORTED]
)
def test_what_passes_is_tried_again(setup: Setup, code: Any) -> None:
    setup.server.faults = [Fault(code), Fault(code)]
    assert setup.publish(window()) == []
    assert len(setup.written) == 3
    assert len(setup.clock.waits) == 2
    assert setup.clock.waits[1] > setup.clock.waits[0]


def test_a_call_whose_answer_was_lost_is_no_refusal(setup: Setup) -> None:
    setup.server.faults = [Fault(Status.UNAVAILABLE, carried_out=True)]
    assert setup.publish(window()) == []
    assert len(setup.written) == 3


def test_a_call_that_takes_too_long_is_given_up_and_tried_again(setup: Setup) -> None:
    setup.options["timeout_s"] = 0.2
    setup.server.faults = [Fault(delay_s=30)]
    assert setup.publish(window()) == []
    assert setup.calls == [3, 3]
    assert len(setup.written) == 3


def test_after_the_budget_the_points_are_left_for_later(setup: Setup) -> None:
    setup.options["budget_s"] = 3
    setup.server.faults = [Fault(Status.UNAVAILABLE)] * 50
    points = window(-1) + window(0)
    refused = setup.publish(points)
    assert [each.point for each in refused] == points
    assert all(each.again for each in refused)
    assert "ServiceUnavailable" in refused[0].reason
    assert refused[-1].reason.startswith("waits for an earlier point of its series: ")
    assert sum(setup.clock.waits) <= 3
    setup.server.faults = []
    assert setup.publish([each.point for each in refused]) == []
    assert len(setup.written) == 6


def test_when_time_is_over_no_further_call_is_made(setup: Setup) -> None:
    setup.options["budget_s"] = 0
    assert reasons(setup.publish(window())) == {("the 0 s for publishing were over", True)}
    assert setup.calls == []


def test_no_server_at_all_is_no_error_but_points_left_for_later(setup: Setup) -> None:
    setup.options |= {"endpoint": "127.0.0.1:1"}
    refused = setup.publish(window())
    assert all(each.again for each in refused)
    assert len(refused) == 3


def test_points_behind_one_that_failed_wait_for_it_and_the_other_series_go_on(setup: Setup) -> None:
    setup.server.hiccups[f"{PREFIX}logwatch/lag"] = 100
    points = [
        made
        for minutes in (-2, -1, 0)
        for made in (point(minutes=minutes), Point("logwatch/lag", {}, NOW + minutes * MINUTE, 1.0))
    ]
    refused = setup.publish(points)
    assert [each.point for each in refused] == [each for each in points if each.metric == "logwatch/lag"]
    assert all(each.again and "Internal error" in each.reason for each in refused)
    assert [each[0] for each in setup.written] == ["kpa"] * 3
    setup.server.hiccups.clear()
    assert setup.publish([each.point for each in refused]) == []
    assert len(setup.written) == 6


def test_a_single_point_that_fails_once_is_tried_again_alone(setup: Setup) -> None:
    setup.server.hiccups[f"{PREFIX}logwatch/lag"] = 1
    assert setup.publish([*window(), Point("logwatch/lag", {}, NOW, 1.0)]) == []
    assert len(setup.written) == 4


# ---- trouble that does not pass


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        (
            Status.PERMISSION_DENIED,
            "Permission monitoring.timeSeries.create denied",
            f"gcloud projects add-iam-policy-binding {PROJECT} --member=user:YOU --role=roles/monitoring.metricWriter",
        ),
        (
            Status.PERMISSION_DENIED,
            "Cloud Monitoring API has not been used in project 1 before or it is disabled.",
            f"gcloud services enable monitoring.googleapis.com --project={PROJECT}",
        ),
        (Status.UNAUTHENTICATED, "Request had invalid authentication credentials", "gcloud auth application-default login"),
        (Status.NOT_FOUND, "no such project", "gcloud projects list"),
        (Status.INVALID_ARGUMENT, "Name must begin with", "gcloud projects list"),
    ],
)
def test_where_nothing_can_be_written_the_mend_is_told(setup: Setup, code: Any, message: str, hint: str) -> None:
    setup.server.faults = [Fault(code, message=message)]
    with pytest.raises(ExportError) as caught:
        setup.publish(window())
    assert message in str(caught.value)
    assert caught.value.hint is not None
    assert hint in caught.value.hint
    assert caught.value.where == f"projects/{PROJECT}"
    assert setup.clock.waits == []


@pytest.mark.parametrize("secret", ["ya29.a0AfH6SMB-secret_x", "Bearer abc.def-secret", "bearer  zzz-secret"])
@pytest.mark.parametrize("code", [Status.PERMISSION_DENIED, Status.UNAVAILABLE])
def test_no_token_is_told(setup: Setup, code: Any, secret: str) -> None:
    setup.server.faults = [Fault(code, message=f"denied for {secret} here")] * 5
    try:
        told = " ".join(each.reason for each in setup.publish(window()))
    except ExportError as error:
        told = str(error)
    assert "denied for … here" in told
    assert "secret" not in told


def test_without_credentials_the_mend_is_told(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise auth.DefaultCredentialsError("no credentials")

    monkeypatch.setattr(MetricServiceClient, "__init__", refuse)
    setup.options["endpoint"] = None
    with pytest.raises(ExportError, match="no Google credentials") as caught:
        setup.publish(window())
    assert caught.value.hint == "run: gcloud auth application-default login"


# ---- descriptors


def listed(setup: Setup) -> dict[str, Any]:
    found = metric_client(setup.server.address).list_metric_descriptors(name=f"projects/{PROJECT}")
    return {each.type.removeprefix(PREFIX): each for each in found}


def test_missing_descriptors_are_made_once(setup: Setup) -> None:
    told: list[str] = []
    assert setup.exporter.ensure_descriptors(told.append) == 3
    assert setup.exporter.ensure_descriptors(told.append) == 0
    methods = [each.method for each in setup.server.requests]
    assert methods == ["ListMetricDescriptors", *["CreateMetricDescriptor"] * 3, "ListMetricDescriptors"]
    made = listed(setup)["slow_request/p95"]
    assert (made.metric_kind, made.value_type, made.unit) == (1, 3, "ms")
    assert (made.description, made.display_name) == ("How slow.", "Slow request p95")
    assert [(label.key, label.description) for label in made.labels] == [("label", "What kind of request.")]
    assert told == []
    assert setup.publish([point()]) == []


def test_a_descriptor_that_the_service_made_itself_is_completed(setup: Setup) -> None:
    setup.publish([point()])
    assert setup.exporter.ensure_descriptors(pytest.fail) == 3
    assert listed(setup)["checkout/attempt"].description == METRICS[0].help


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"metric_kind": 3}, "is no gauge of double values, so its points are refused"),
        ({"value_type": 2}, "is no gauge of double values"),
        ({"unit": "s"}, "is in 's' and not in '1'"),
    ],
)
def test_a_descriptor_that_is_different_is_told_and_left(setup: Setup, fields: dict[str, Any], text: str) -> None:
    there = {
        "type": f"{PREFIX}checkout/attempt",
        "metric_kind": 1,
        "value_type": 3,
        "unit": "1",
        "description": "Mine.",
    } | fields
    client = metric_client(setup.server.address)
    client.create_metric_descriptor(request={"name": f"projects/{PROJECT}", "metric_descriptor": there})
    told: list[str] = []
    assert setup.exporter.ensure_descriptors(told.append) == 2
    (only,) = told
    assert only.startswith(f"{PREFIX}checkout/attempt {text}")
    assert listed(setup)["checkout/attempt"].description == "Mine."


@pytest.mark.parametrize("before", [0, 1], ids=["listing", "creating"])
def test_where_descriptors_are_forbidden_points_are_written_all_the_same(setup: Setup, before: int) -> None:
    setup.server.faults = [None] * before + [Fault(Status.PERMISSION_DENIED, message="denied")]
    told: list[str] = []
    assert setup.exporter.ensure_descriptors(told.append) is None
    (only,) = told
    assert "roles/monitoring.metricWriter" in only
    assert setup.publish([point()]) == []


@pytest.mark.parametrize("before", [0, 2])
def test_descriptors_that_could_not_be_made_now_are_an_error(setup: Setup, before: int) -> None:
    setup.server.faults = [None] * before + [Fault(Status.UNAVAILABLE)]
    with pytest.raises(ExportError):
        setup.exporter.ensure_descriptors(pytest.fail)
    assert setup.exporter.ensure_descriptors(pytest.fail) == 3 - max(before - 1, 0)


def test_a_list_of_descriptors_without_end_is_an_error(setup: Setup) -> None:
    setup.server.calls.endless = repeat("next")
    with pytest.raises(ExportError, match="the same page token came twice"):
        setup.exporter.ensure_descriptors(pytest.fail)


def test_when_time_is_over_descriptors_are_left_for_the_next_run(setup: Setup) -> None:
    setup.options["budget_s"] = -1
    with pytest.raises(ExportError, match="the time for descriptors was over"):
        setup.exporter.ensure_descriptors(pytest.fail)


def test_every_metric_of_the_bundled_rules_is_made_and_written(setup: Setup) -> None:
    setup.options["metrics"] = metrics(load_rules(bundled("rules")))
    assert setup.exporter.ensure_descriptors(pytest.fail) == len(setup.options["metrics"])
    points = [Point(each.name, dict.fromkeys(each.labels, "x"), NOW, 1.0) for each in setup.options["metrics"]]
    assert setup.publish(points) == []
    assert setup.exporter.ensure_descriptors(pytest.fail) == 0


# ---- answers of the service, as they were seen

ORDER = "Points must be written in order. One or more of the points specified had an older end time than the most recent point."
OFTEN = "One or more points were written more frequently than the maximum sampling period configured for the metric."
DUPLICATE = "had an invalid value: Duplicate TimeSeries encountered. Only one point can be written per TimeSeries per request."
TIMES = "{Metric: a/b, Timestamps: {Youngest Existing: '2019/06/21-12:29:46.439', New: '2019/06/21-12:29:51.439'}}"
WORDS: list[tuple[str, str, list[Cause | None]]] = [
    ("places in ranges", f"{ORDER}: timeSeries[0,2-3]", [THERE_ALREADY, None, THERE_ALREADY, THERE_ALREADY, None]),
    (
        "several reasons, with times",
        f"{OFTEN} {TIMES}: timeSeries[0-1]; {OFTEN}: timeSeries[3]",
        [TOO_OFTEN, TOO_OFTEN, None, TOO_OFTEN, None],
    ),
    (
        "the place before the reason only",
        f"Field timeSeries[1] {DUPLICATE}; Field timeSeries[4] {DUPLICATE}",
        [None, TWICE, None, None, TWICE],
    ),
    (
        "a time in the text",
        'Field timeSeries[2].points[0].interval.end_time had an invalid value of "2021-10-20T20:16:34.010866-07:00": Data points cannot be written more than 24h in the past.',
        [None, None, TOO_OLD, None, None],
    ),
    (
        "the resource between reason and place",
        f"{OFTEN}: prometheus_target{{job:x,location:y}} timeSeries[0-4]: prometheus.googleapis.com/a/gauge{{task:0}}",
        [TOO_OFTEN] * 5,
    ),
    (
        "unknown words",
        "The new labels would cause the metric a to have over 30 labels.: timeSeries[3]",
        [None, None, None, Cause("The new labels would cause the metric a to have over 30 labels.", again=False), None],
    ),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in WORDS], ids=[row[0] for row in WORDS])
@pytest.mark.parametrize("counted", [True, False], ids=["with a summary", "without"])
def test_answers_are_read(text: str, expected: list[Cause | None], counted: bool) -> None:  # noqa: FBT001 - a parameter
    failed = sum(each is not None for each in expected)
    found = find_causes(f"{HEAD} {text}", total=5, failed=failed if counted else None, codes=[(9, failed)] if counted else [])
    assert found is not None
    assert [found.get(place) for place in range(5)] == expected


@pytest.mark.parametrize(
    ("text", "failed"),
    [
        ("Points must be written in order.", 2),
        ("Points must be written in order.; Points must be written in order.", 2),
        ("Points must be written in order.: timeSeries[0-1]; cut o", 4),
        ("Points must be written in order.: timeSeries[7]", 1),
        ("Points must be written in order.; Value type for metric a must be DOUBLE, but is INT64.", 5),
        ("Points must be written in order.", None),
    ],
)
def test_an_answer_that_does_not_say_which_points_says_nothing(text: str, failed: int | None) -> None:
    assert find_causes(f"{HEAD} {text}", total=5, failed=failed, codes=[]) is None


def test_one_reason_for_all_needs_no_places() -> None:
    found = find_causes(
        f"{HEAD} Points must be written in order.; Points must be written in order.", total=2, failed=2, codes=[]
    )
    assert found == {0: THERE_ALREADY, 1: THERE_ALREADY}


@pytest.mark.parametrize(
    ("codes", "again"),
    [([(14, 1)], True), ([(3, 1)], False), ([(3, 1), (14, 2)], False), ([(14, 1), (3, 2)], True), ([], False)],
)
def test_of_unknown_words_the_code_decides(codes: list[tuple[int, int]], again: bool) -> None:  # noqa: FBT001 - a parameter
    found = find_causes(f"{HEAD} Something new.: timeSeries[1]", total=3, failed=1, codes=codes)
    assert found == {1: Cause("Something new.", again)}


@pytest.mark.parametrize("text", [f"{OFTEN}: timeSeries[0]", OFTEN, ORDER])
def test_on_a_whole_minute_too_often_means_there_already(setup: Setup, text: str) -> None:
    setup.server.faults = [Fault(Status.INVALID_ARGUMENT, message=f"{HEAD} {text}")]
    assert reasons(setup.publish([point()])) == causes(THERE_ALREADY)
