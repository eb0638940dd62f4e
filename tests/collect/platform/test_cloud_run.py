"""Cloud Run's own figures, from a local server of the real protocol."""

from __future__ import annotations

import json
from itertools import count, repeat
from typing import TYPE_CHECKING

import grpc
import pytest

from logwatch.collect.interface import Signs
from logwatch.collect.platform.cloud_run import CloudRunActivity
from logwatch.errors import SourceError
from logwatch.publish.history import MonitoringHistory
from logwatch.spans import EPOCH, WINDOW, Span
from tests.support.local_google import Fault, MonitoringServer, make_entry
from tests.support.local_google.metric_store import Stored
from tests.support.local_google.monitoring_messages import GAUGE, TimeSeries
from tests.support.made_traffic import Incident, Traffic
from tests.support.made_windows import INSTALLATION
from tests.support.other_lines import API, PROJECT, WORKER, at
from tests.support.world import World

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.conftest import Run

MORNING = 180
"""Minutes by which made-up traffic begins before what these figures are counted from."""


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


@pytest.mark.parametrize("again", [True, False])
def test_figures_without_end_are_none(again: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    monkeypatch.setattr("logwatch.collect.platform.cloud_run.LONGEST_S", 0.2)
    with MonitoringServer() as server:
        server.put(PROJECT, [stored("request_count", {1: 4})])
        server.calls.endless = repeat("next") if again else map(str, count())
        assert read(server) == Signs(), "what is not whole shows nobody idle"
        history = MonitoringHistory(PROJECT, INSTALLATION, ["database.ping"], endpoint=server.address)
        monkeypatch.setattr("logwatch.publish.history.LONGEST_S", 0.2)
        with pytest.raises(SourceError, match="token came twice" if again else "did not end within"):
            list(history.read(Span(at(0), at(20))))


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


def test_a_look_back_asks_for_them_as_a_run_does(run: Run, tmp_path: Path) -> None:
    traffic = Traffic(5, 60, instances=1, incidents=(Incident(20, 60, silent=True),))
    levels = []
    with World(tmp_path, [make_entry(each) for each in traffic.entries()], now=at(60 - MORNING)) as world:
        for asked in (False, True):
            if asked:
                world.google.monitoring.store.put(
                    PROJECT, [stored("request_count", dict.fromkeys(range(-MORNING, 20 - MORNING), 9))]
                )
            ran = run("evaluate", "--since", "1h", "--format", "json", **world.environment)
            (silent,) = [each for each in json.loads(ran.out)["verdicts"] if each["rule"] == "telemetry-silent"]
            levels.append((silent["level"], silent["worst"] and silent["worst"]["value"]))
    assert levels == [("warning", 38), ("elevated", 4)], "the last minutes cannot be seen yet"


@pytest.mark.parametrize("again", [True, False])
def test_a_run_whose_pages_have_no_end_says_so_and_judges_nothing_behind_them(tmp_path: Path, again: bool) -> None:  # noqa: FBT001
    traffic = Traffic(5, 60, incidents=(Incident(10, 30, errors=3),))
    with World(tmp_path, [make_entry(entry) for entry in traffic.entries()], now=at(13)) as world:
        world.google.logging.calls.endless = repeat("next") if again else map(str, count())
        summary = world.tick()
    told = "the same page token came twice" if again else "the time for reading was over"
    assert any(told in error for error in summary.errors), summary.errors
    assert summary.exit_code == 3
    judged = world.state().cursor
    assert judged is None or judged < at(13)
