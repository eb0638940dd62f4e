"""The queries on an engine that runs BigQuery's SQL, against the same entries in a file: `make bigquery`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from logwatch.count.windows import aggregate
from logwatch.pipeline.replay import replay
from logwatch.spans import Span
from tests.support import replays
from tests.support.bq_emulator import client_of, emulator
from tests.support.log_analytics import load as load_table
from tests.support.made_traffic import START, Incident, Traffic
from tests.support.recorded_answers import CASES, RECORDED, Case, load, read, save, source
from tests.support.same_windows import different

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Run

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


DAY = Traffic(
    41,
    40 * 60,
    instances=2,
    incidents=(Incident(7 * 60, 8 * 60, failing={"kpa": 0.9}, redis_down=True),),
    late=0.002,
    repeated=0.002,
)
"""From nine in the morning in Seoul to the end of the next day, with late and repeated lines."""
COMMANDS = {
    "tune": ["tune", "payment-confirm", "--vary", "for=0,1m,3m"],
    "beta-exit": ["beta-exit", "--days", "1", "--until", "2026-02-26T00:00:00+09:00"],
    "backtest": ["backtest"],
    "evaluate": ["evaluate"],
}


@pytest.fixture(scope="module")
def day(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the recording of a day, of which the engine has the same entries."""
    folder = tmp_path_factory.mktemp("day")
    made = folder / "made.ndjson"
    made.write_text("".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in DAY.entries()))
    case = Case("day", made, Span(START, START))
    load_table(client_of(endpoint), "o4o-demo.logs.day", case.entries())
    case.recording(folder)
    return folder / "day.ndjson"


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_say_of_a_day_what_they_say_of_its_file(command: str, day: Path, endpoint: str, run: Run) -> None:
    own = {"LOGWATCH_BIGQUERY_ENDPOINT": endpoint, "LOGWATCH_NOW": "2026-02-25T18:00:00Z", "LOGWATCH_METRICS_PROJECT": "none"}
    span = [] if command == "beta-exit" else ["--since", "2026-02-24T00:00:00Z", "--until", "2026-02-25T02:00:00Z"]
    said = [
        run(*COMMANDS[command], *span, "--source", source, "--format", "json", LOGWATCH_CACHE="none", **own)
        for source in ("bq://o4o-demo.logs.day", str(day))
    ]
    assert [each.code for each in said] == [0, 0], said[0].err
    mine, theirs = (_figures(json.loads(each.out)) for each in said)
    assert mine == theirs


def _figures(document: dict[str, Any]) -> dict[str, Any]:
    """Give all of an answer but how it was asked for, and what the engine has left out of what it counted."""
    return {key: value for key, value in document.items() if key not in {"command", "source", "unread", "figures"}}


def _within(case: Case, span: Span) -> list[object]:
    first, end = (f"{moment:%Y-%m-%dT%H:%M:%S}" for moment in span)
    return [each for each in case.entries() if first <= json.loads(json.dumps(each))["timestamp"] < end]
