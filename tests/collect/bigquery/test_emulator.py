"""The queries on an engine that runs BigQuery's SQL, against the same entries in a file: `make bigquery`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from logwatch.count.windows import aggregate
from logwatch.pipeline.replay import replay
from logwatch.spans import Span
from tests.support import replays
from tests.support.bq_emulator import client_of, emulator
from tests.support.log_analytics import load as load_table
from tests.support.recorded_answers import CASES, RECORDED, Case, load, read, save, source
from tests.support.same_windows import different

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.bigquery


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with emulator(tmp_path_factory.mktemp("emulator") / "log") as place:
        for case in CASES:
            load_table(client_of(place), f"o4o-demo.logs.{case.name}", case.entries())
        yield place


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_windows_and_ticks_are_those_of_the_file(case: Case, endpoint: str, tmp_path: Path, update_golden: bool) -> None:  # noqa: FBT001 - a fixture
    bigquery, file = source(endpoint, f"o4o-demo.logs.{case.name}"), case.recording(tmp_path)
    assert not different(aggregate(read(bigquery, case.span), span=case.span), aggregate(read(file, None), span=case.span))
    played = [replay(read(each, case.span), case.span, replays.ticker(each)) for each in (bigquery, file)]
    told = [(each.transitions, each.notifications, each.late, each.late_at, each.alerts) for each in played]
    assert told[0] == told[1]
    query = bigquery.filter(case.span, None)
    rows = [list(row) for row, _ in bigquery._rows(bigquery._start(query))]
    if update_golden and case in RECORDED:
        save(case, query.replace(f"logs.{case.name}`", "logs._AllLogs`"), rows)
    recorded = load(case)["rows"] if case in RECORDED else rows
    assert [row[:5] for row in sorted(recorded)] == [row[:5] for row in sorted(rows)]


def test_what_lives_and_what_is_searched_for_is_found_as_in_the_file(endpoint: str, tmp_path: Path) -> None:
    case = CASES[0]
    bigquery, file = source(endpoint, "o4o-demo.logs.payment"), case.recording(tmp_path)
    middle = Span(case.span.start + (case.span.end - case.span.start) / 4, case.span.end)
    for service in (None, "o4o-core-api", "another"):
        assert bigquery.last_seen(middle, service=service) == file.last_seen(middle, service=service)
        assert bigquery.seen_minutes(middle, service=service) == file.seen_minutes(middle, service=service)
    for text in ("Payment] Confirm error", "[OpsMetrics]", '"결제\\', "nowhere"):
        for most in (1, 5, 1000):
            mine, theirs = (each.search(text, middle, service=None, most=most) for each in (bigquery, file))
            assert mine == theirs
    assert bigquery.services(middle) == {("o4o-core-api", "asia-northeast3"): len(_within(case, middle))}
    assert bigquery.last_of_all(middle) == file.last_seen(middle, service=None)


def _within(case: Case, span: Span) -> list[object]:
    first, end = (f"{moment:%Y-%m-%dT%H:%M:%S}" for moment in span)
    return [each for each in case.entries() if first <= json.loads(json.dumps(each))["timestamp"] < end]
