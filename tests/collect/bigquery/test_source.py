"""bq:// with the real client, over the wire, from a local server that gives what an engine answered before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from logwatch.collect.bigquery.billing import format_price, format_size
from logwatch.collect.bigquery.query import quote
from logwatch.collect.bigquery.source import build_source, parse_address
from logwatch.count.windows import aggregate
from logwatch.errors import ConfigError, SourceError
from logwatch.pipeline.replay import replay
from logwatch.spans import EPOCH, Span
from tests.support import replays
from tests.support.local_bigquery import LocalBigQuery
from tests.support.platform import SHAPE
from tests.support.recorded_answers import FIXTURES, RECORDED, VIEW, Case, digest, load, read, settings, source
from tests.support.same_windows import different

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Run

JUDGED, SIGNS, LATEST, SEARCH, SERVICES = (
    "-- What `read` asks of a view of log entries (Log Analytics): the engine adds up what is plain, and everything else",
    "-- The minutes since 1970 in which a service logged anything, of any kind: what tells that it lives.",
    "-- The time of a service's latest entry, of any kind, in microseconds since 1970.",
    "-- The newest entries whose message or text holds a text, letter by letter, each as the JSON of a LogEntry and once.",
    "-- Which Cloud Run services logged, where, and how many entries each.",
)
SPAN = RECORDED[0].span


@pytest.fixture
def server() -> Iterator[LocalBigQuery]:
    with LocalBigQuery() as local:
        local.answers[JUDGED] = load(RECORDED[0])["rows"]
        first, end = ((moment - EPOCH) // timedelta(minutes=1) for moment in SPAN)
        local.answers[SIGNS] = [[minute] for minute in range(first, end)]
        yield local


def place(server: LocalBigQuery) -> str:
    return server.url.removeprefix("http://")


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: case.name)
@pytest.mark.parametrize("most_rows", [1000, 7])
def test_figures_are_the_files_to_the_unit(server: LocalBigQuery, case: Case, most_rows: int, tmp_path: Path) -> None:
    server.answers[JUDGED], server.most_rows = load(case)["rows"], most_rows
    bigquery, file = source(place(server)), case.recording(tmp_path)
    assert not different(aggregate(read(bigquery, case.span), span=case.span), aggregate(read(file, None), span=case.span))
    assert server.calls["rows"] == -(-len(server.answers[JUDGED]) // most_rows)


@pytest.mark.long
@pytest.mark.parametrize("case", RECORDED, ids=lambda case: case.name)
def test_every_tick_tells_what_it_tells_of_the_file(server: LocalBigQuery, case: Case, tmp_path: Path) -> None:
    server.answers[JUDGED] = load(case)["rows"]
    bigquery, file = source(place(server)), case.recording(tmp_path)
    played = [replay(read(each, case.span), case.span, replays.ticker(file)) for each in (bigquery, file)]
    told = [(each.transitions, each.notifications, each.late, each.late_at, each.alerts) for each in played]
    assert told[0] == told[1]


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: case.name)
def test_the_answers_are_to_the_query_as_it_is(case: Case) -> None:
    assert load(case)["query"] == digest(source("").filter(case.span, None)), "make bigquery records them anew"


def test_the_query_reads_as_it_did(update_golden: bool) -> None:  # noqa: FBT001 - a fixture
    text, golden = source("", location="asia-northeast3").filter(SPAN, "o4o-core-api"), FIXTURES / "golden/judged.sql"
    if update_golden:
        golden.write_text(text)
    assert golden.read_text() == text


def test_keys_are_taken_out_of_the_quotes_that_the_service_puts_them_in() -> None:
    """BigQuery's JSON_KEYS wraps a key with a dot into quotes, and the engine of the tests does not."""
    text = source("").filter(SPAN, None)
    assert text.count("""TRIM(spelled, '"') AS key""") == text.count("JSON_KEYS(json_payload, 1)) AS spelled") == 2
    assert "json_payload[key]" in text
    assert "json_payload[spelled]" not in text


@pytest.mark.parametrize("text", ['a"b', "a\\", "a'b`", "결제\n", '"); DROP TABLE x; --'])
def test_what_is_asked_for_stays_a_string(text: str) -> None:
    quoted = quote(text)
    assert quoted[0] == quoted[-1] == '"'
    assert "\n" not in quoted
    assert '"' not in quoted[1:-1].replace("\\\\", "").replace('\\"', "")


@pytest.mark.parametrize(
    ("address", "resource"),
    [
        ("bq://my-project.my_logs._AllLogs", "my-project.my_logs._AllLogs"),
        ("bq://example.com:my-project.logs._AllLogs", "example.com:my-project.logs._AllLogs"),
        ("bq://my-project.my_logs.cart-api", "my-project.my_logs.cart-api"),
    ],
)
def test_an_address_names_project_dataset_and_view(address: str, resource: str) -> None:
    assert parse_address(address).resource == resource


@pytest.mark.parametrize(
    "address",
    ["bq://", "bq://my-project", "bq://my-project.logs", "bq://P.d.v", "bq://my-project.d.v`x", "bq://my-project.my-logs.v"],
)
def test_an_address_that_is_none_is_told(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_address(address)
    assert "bq://PROJECT.DATASET.VIEW" in str(caught.value)
    assert "''" not in str(caught.value)  # no empty part is quoted back


def test_one_view_is_read_at_a_time() -> None:
    with pytest.raises(ConfigError, match="only one view"):
        build_source([f"bq://{VIEW}", f"bq://{VIEW}2"], settings(""), SHAPE)


def test_what_is_read_is_known_before_and_limited(server: LocalBigQuery) -> None:
    found = source(place(server))
    plan = found.plan([SPAN], service=None)
    assert plan
    assert (plan.size, server.calls) == (1_234_567_890, {"dry run": 1})
    read(found, SPAN)
    assert server.calls == {"dry run": 1, "query": 1, "rows": 1}  # what is known is not asked for again
    with pytest.raises(SourceError, match=r"more than 1\.0 GB may be read") as caught:
        read(source(place(server), max_bytes="1GB"), SPAN)
    assert "--max-bytes" in str(caught.value.hint)
    assert server.calls["query"] == 1


def test_a_query_that_grew_since_is_refused_by_the_service(server: LocalBigQuery) -> None:
    found = source(place(server), max_bytes="2GB")
    found.plan([SPAN], service=None)
    server.size = 3_000_000_000
    with pytest.raises(SourceError, match="exceeded limit for bytes billed"):
        read(found, SPAN)


@pytest.mark.parametrize(
    ("call", "status", "reason", "words", "hint"),
    [
        ("dry run", 404, "notFound", "Not found: Dataset o4o-demo:logs", "gcloud logging links list"),
        ("dry run", 403, "accessDenied", "User does not have bigquery.jobs.create permission", "roles/bigquery.jobUser"),
        ("dry run", 403, "accessNotConfigured", "BigQuery API has not been used in project", "gcloud services enable bigquery"),
        ("dry run", 400, "invalidQuery", "Unrecognized name: json_payload at [23:5]", "--dump-filter"),
        ("query", 403, "quotaExceeded", "Quota exceeded: too many concurrent queries", "wait a minute"),
        ("rows", 400, "invalidQuery", "Syntax error", "--dump-filter"),
        ("dry run", 503, "backendError", "Error encountered during execution", "LOGWATCH_READ_BUDGET"),
    ],
)
def test_what_went_wrong_is_told_with_its_mend(
    server: LocalBigQuery, call: str, status: int, reason: str, words: str, hint: str
) -> None:
    server.fails[call] = status, reason, words
    with pytest.raises(SourceError) as caught:
        read(source(place(server), read_budget=timedelta(seconds=2)), SPAN)
    assert words in str(caught.value)
    assert hint in str(caught.value.hint)
    assert caught.value.where == f"bq://{VIEW}"


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(SourceError, match="BigQuery: ") as caught:
        read(source("127.0.0.1:9", read_budget=timedelta(seconds=0.1)), SPAN)
    assert "LOGWATCH_READ_BUDGET" in str(caught.value.hint)


def test_signs_of_life_of_a_span_that_was_read_are_asked_for_once(server: LocalBigQuery) -> None:
    found, first = source(place(server)), (SPAN.start - EPOCH) // timedelta(minutes=1)
    server.answers[SIGNS] = [[first + 5], [first + 20]]
    read(found, SPAN)
    middle = Span(SPAN.start + timedelta(minutes=10), SPAN.end)
    assert found.seen_minutes(SPAN, service=None) == {first + 5, first + 20}
    assert found.seen_minutes(middle, service=None) == {first + 20}
    assert len(server.asked) == 2
    assert f"timestamp >= TIMESTAMP '{SPAN.start:%Y-%m-%dT%H:%M}:00.000000Z'" in server.asked[1]


def test_the_latest_entry_the_services_and_lines_are_small_questions(server: LocalBigQuery) -> None:
    found = source(place(server), location="asia-northeast3")
    server.answers |= {
        LATEST: [[1_771_916_400_000_001]],
        SERVICES: [["cart", "asia-northeast3", 3]],
        SEARCH: [
            ['{"logName":"l","insertId":"b","timestamp":"2026-02-24T06:10:00.000000000Z","jsonPayload":{"message":"Confirm error: x"}}'],
            ['{"logName":"l","insertId":"a","timestamp":"2026-02-24T06:09:00.000000000Z","textPayload":"Confirm error: 결제"}'],
        ],
    }  # fmt: skip
    assert found.last_seen(SPAN, service="cart") == datetime(2026, 2, 24, 7, 0, 0, 1, tzinfo=UTC)
    assert found.services(SPAN) == {("cart", "asia-northeast3"): 3}
    assert [line.text for line in found.search("Confirm error", SPAN, service=None, most=2).lines] == [
        "Confirm error: 결제", "Confirm error: x",
    ]  # fmt: skip
    assert not found.search("Confirm error", SPAN, service=None, most=1).complete
    assert 'JSON_VALUE(resource.labels.service_name) = "cart"' in server.asked[0]
    assert 'JSON_VALUE(resource.labels.location) = "asia-northeast3"' in server.asked[0]
    assert "LIMIT 3" in server.asked[2]
    server.answers[LATEST] = [[None]]
    assert found.anywhere().last_of_all(replace_start(SPAN)) is None
    assert "asia-northeast3" not in server.asked[-1]


def replace_start(span: Span) -> Span:
    return Span(span.start - timedelta(days=30), span.end)


def environment(server: LocalBigQuery) -> dict[str, str]:
    return {
        "LOGWATCH_BIGQUERY_ENDPOINT": place(server),
        "LOGWATCH_NOW": "2026-02-24T08:00:00Z",
        "LOGWATCH_METRICS_PROJECT": "none",
    }


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_command_says_what_the_query_costs_and_shows_the_files_figures(server: LocalBigQuery, run: Run, lang: str) -> None:
    asked = ["--since", "2026-02-24T06:00:00Z", "--until", "2026-02-24T07:00:00Z"]
    mine = run("windows", f"bq://{VIEW}", *asked, LOGWATCH_LANG=lang, **environment(server))
    theirs = run("windows", str(RECORDED[0].path), *asked)
    assert mine.code == theirs.code == 0
    assert mine.out == theirs.out
    assert "1.2 GB" in mine.err
    assert "0.007 USD" in mine.err


@pytest.mark.long
def test_what_all_queries_of_a_command_cost_is_said_at_its_end(server: LocalBigQuery, run: Run) -> None:
    """Each search for evidence reads the whole day that it touches, as the first query does."""
    server.answers[SEARCH], server.by_day = [], True
    asked = ["--since", "2026-02-24T06:00:00Z", "--until", "2026-02-24T07:00:00Z", "--lang", "en"]
    ran = run("backtest", f"bq://{VIEW}", *asked, **environment(server))
    assert ran.code == 0
    assert server.calls["query"] == 3
    first, *_, last = ran.err.splitlines()
    assert first == "This query reads 1.2 GB (about 0.007 USD)."
    assert last == f"In total, 3 queries read {format_size(server.billed)} (about {format_price(server.billed)} USD)."


@pytest.mark.long
def test_the_days_of_an_exit_are_announced_at_what_reading_each_of_them_costs(server: LocalBigQuery, run: Run) -> None:
    """A day in Seoul lies in two of UTC, and is paid for as both."""
    server.by_day = True
    ran = run("beta-exit", f"bq://{VIEW}", "--days", "3", "--lang", "en", **environment(server))
    assert ran.code == 0
    told, *_ = ran.err.splitlines()
    read = [query for query in server.asked if query.startswith(JUDGED)]
    size = sum(map(server.reads, read))
    assert size > len(read) * server.size
    assert told == f"These {len(read)} queries read {format_size(size)} (about {format_price(size)} USD)."


@pytest.mark.parametrize("most_rows", [1000, 7])
def test_an_answer_that_lacks_rows_is_not_taken_for_whole(server: LocalBigQuery, most_rows: int) -> None:
    server.most_rows, server.lost = most_rows, 1
    whole = len(server.answers[JUDGED])
    with pytest.raises(SourceError, match=f"{whole - 1} of {whole} rows came"):
        read(source(place(server)), SPAN)


def test_the_query_is_printed_and_none_is_run(server: LocalBigQuery, run: Run) -> None:
    ran = run("windows", f"bq://{VIEW}", "--dump-filter", **environment(server))
    assert ran.out.startswith(JUDGED)
    assert f"FROM `{VIEW}`" in ran.out
    assert not server.calls


def test_what_may_be_read_can_be_said_with_the_command(server: LocalBigQuery, run: Run) -> None:
    ran = run("windows", f"bq://{VIEW}", "--max-bytes", "1GB", **environment(server))
    assert (ran.code, server.calls["query"]) == (3, 0)
    assert "1.2 GB" in ran.err
    ran = run("windows", f"bq://{VIEW}", "--max-bytes", "much", **environment(server))
    assert (ran.code, "20GB" in ran.err) == (2, True)


def test_a_run_does_not_take_it(run: Run) -> None:
    ran = run("run", f"bq://{VIEW}", LOGWATCH_LANG="en")
    assert ran.code == 2
    assert "gcp://PROJECT/SERVICE; bq:// is for looking back" in ran.err
