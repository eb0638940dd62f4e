"""Entries out of a view of Log Analytics, through BigQuery: the engine adds up what is plain, and only the result travels.

For spans that the Logging API's quota cannot serve; a run, which looks every minute, reads Cloud Logging itself.
"""

from __future__ import annotations

import logging
import math
import re
import time
from concurrent.futures import TimeoutError as TooLongError
from copy import copy
from typing import TYPE_CHECKING, Any, Protocol

from logwatch.collect.bigquery.billing import format_price, format_size, parse_size
from logwatch.collect.bigquery.query import DAY, MINUTE_US, quote, quote_all, render, write_time
from logwatch.collect.columns import Reading
from logwatch.collect.interface import Address, OverError, ReadPlan
from logwatch.collect.json_lines import decode_all
from logwatch.collect.live.cloud_logging import BLOCK_LINE
from logwatch.collect.text_search import Hits
from logwatch.errors import ConfigError, SourceError
from logwatch.google_api import Errors, Trouble, project_hints
from logwatch.spans import EPOCH, LONGEST_GAP, RHYTHM_TOLERANCE_S, WINDOW, Span, to_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime, timedelta

    from google.cloud.bigquery import Client, QueryJob, QueryJobConfig

    from logwatch.collect.interface import Progress, SearchResult
    from logwatch.collect.parse import LogShape

LOG = logging.getLogger("logwatch.bigquery")
FORM = "bq://PROJECT.DATASET.VIEW"
PAGE_ROWS = 2_000
"""Rows that are asked for at once; BigQuery sends fewer where they are long."""
LONGEST_S = 600
"""How long one query may run."""
_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]|[a-z0-9.]+:[a-z0-9-]+")
_DATASET, _VIEW = (re.compile(form, re.ASCII) for form in (r"\w{1,1024}", r"[\w-]{1,1024}"))


def parse_address(address: str) -> Address:
    """Read `bq://PROJECT.DATASET.VIEW`; raises ConfigError that says which part is wrong."""
    project, dataset, view = ["", "", *address.removeprefix("bq://").rsplit(".", 2)][-3:]
    wrong = ""
    if not project:
        wrong = "an address has a project, a dataset and a view, with dots between them"
    elif not _PROJECT.fullmatch(project):
        wrong = f"'{project}' is not a project ID (6 to 30 lower-case letters, digits, hyphens)"
    elif not (_DATASET.fullmatch(dataset) and _VIEW.fullmatch(view)):
        wrong = f"'{dataset}.{view}' is not a dataset and a view (letters, digits, underscores; hyphens in a view)"
    if wrong:
        raise ConfigError(wrong, where=address, hint=f"use {FORM}, e.g. bq://my-project.my_logs._AllLogs")
    return Address(project, None, f"{project}.{dataset}.{view}")


class QuerySettings(Protocol):
    """What is set of how BigQuery is asked."""

    location: str | None
    bigquery_endpoint: str | None
    """HOST:PORT of a local server without TLS."""
    read_budget: timedelta
    """How long one call may go on failing."""
    max_bytes: str
    starts: timedelta
    """The second of the minute at which runs look: what one sees, and the one before does not, is kept apart."""


def build_source(addresses: Sequence[str], settings: QuerySettings, shape: LogShape) -> BigQuerySource:
    """Give the source of an address."""
    if len(addresses) > 1:
        hint = "a view of a log bucket that several projects send their logs to holds them all"
        raise ConfigError("only one view can be read", where=addresses[1], hint=hint)
    return BigQuerySource(parse_address(addresses[0]).resource, shape, settings)


class BigQuerySource:
    """The entries of one view, and of one Cloud Run service where it is asked for."""

    recorded = False
    kept = True
    service: str | None = None

    def __init__(self, view: str, shape: LogShape, settings: QuerySettings) -> None:
        """Name what to read, and what counts in its entries; nothing is connected yet."""
        self.view = view
        self.project = view.rsplit(".", 2)[0]
        self.shape = shape
        self.location = settings.location
        self.endpoint = settings.bigquery_endpoint
        self.budget_s = settings.read_budget.total_seconds()
        self.max_bytes = parse_size(settings.max_bytes)
        self.starts = settings.starts
        self.calls = 0
        """Queries that were run."""
        self._sizes: dict[str, int] = {}
        """What queries would read that were asked about."""
        self._billed: list[int] = []
        """Bytes that are paid for, of each query that has run, whichever of those that are the same ran it."""
        self._client: list[Client] = []
        """The one client, once it is open, also for those that are the same but for their time."""
        self._lived: dict[tuple[Span, str | None], frozenset[int]] = {}
        """Minutes with an entry of any kind of the spans that were read: all of them for the price of one look."""
        self._read: list[Span] = []
        self._ends = math.inf

    def within(self, budget_s: float) -> BigQuerySource:
        """Give a source of the same entries that gives up after so many seconds of failing."""
        hasty = copy(self)
        hasty.budget_s = budget_s
        return hasty

    def ending(self, left_s: float) -> BigQuerySource:
        """Give a source of the same entries that asks for nothing more after so many seconds."""
        ending = copy(self)
        ending._ends = min(self._ends, time.monotonic() + left_s)  # noqa: SLF001 - its own
        return ending

    def project_logs(self) -> BigQuerySource:
        """Give itself: services and their last entries can be asked for."""
        return self

    def anywhere(self) -> BigQuerySource:
        """Give a source of the same view's entries, wherever its services run."""
        wide = copy(self)
        wide.location = None
        return wide

    def filter(self, span: Span, service: str | None) -> str:
        """Give the query that `read` would run."""
        return self._judged(span, service)

    def read(
        self,
        span: Span | None,
        *,
        service: str | None,
        progress: Progress,
        meanwhile: Callable[[], object],
        came_after: datetime | None = None,
    ) -> Reading:
        """Read a span: what it costs is told before, and what is to be done meanwhile is done while the query runs."""
        from logwatch.collect.bigquery.answers import AnswerReader, AnswerRow

        if span is None:
            raise TypeError("a view has no end of its own: a span is needed")
        wanted = self._judged(span, service, came_after)
        size = self._cost(wanted)
        progress(f"reading {format_size(size)} (about {format_price(size)} USD)", None)
        reading = Reading(shape=self.shape)
        answers = AnswerReader(reading)
        job = self._start(wanted)
        meanwhile()
        for number, (row, total) in enumerate(self._rows(job), start=1):
            answers.take(AnswerRow(*row))
            progress("reading the answer", number / total)
        answers.finish()
        self._read.append(span)
        return reading

    def plan(self, spans: Sequence[Span], *, service: str | None) -> ReadPlan | None:
        """Say what reading would be paid for: each query reads the whole of every day (UTC) that it touches."""
        sizes = [self._cost(self._judged(each, service)) for each in spans]
        return ReadPlan(len(sizes), 0, 0, size=sum(sizes)) if sizes else None

    def bill(self) -> ReadPlan | None:
        """Give what the queries that have run are paid for."""
        return ReadPlan(len(self._billed), 0, 0, size=sum(self._billed)) if self._billed else None

    def last_seen(self, span: Span, *, service: str | None) -> datetime | None:
        """Give the time of the latest entry of any kind in the span."""
        return self._latest(span, self._of_service(service))

    def last_of_all(self, span: Span) -> datetime | None:
        """Give the time of the view's latest entry in a span, of whatever it is."""
        return self._latest(span, "TRUE")

    def seen_minutes(self, span: Span, *, service: str | None) -> frozenset[int]:
        """Give the minutes since 1970 of the span in which anything was logged: of all of a span that was read at once."""
        around = next((each for each in self._read if each.start <= span.start and span.end <= each.end), span)
        key = around, service
        if key not in self._lived:
            rows = self._ask("signs", around, self._of_service(service))
            self._lived[key] = frozenset(minute for (minute,) in rows)
        first, end = ((moment - EPOCH) // WINDOW for moment in span)
        # Of a span's own last minute, only the part within it was asked for.
        return frozenset(each for each in self._lived[key] if first <= each < end + (span.end > EPOCH + end * WINDOW))

    def services(self, span: Span) -> dict[tuple[str, str], int]:
        """Give the Cloud Run services that logged in a span, by name and location, with entries of each."""
        rows = self._ask("services", span, _CLOUD_RUN)
        return {(service, location): entries for service, location, entries in rows}

    def search(self, text: str, span: Span, *, service: str | None, most: int) -> SearchResult:
        """Give the newest entries of the span that hold the text; one more is asked for, which tells whether there are."""
        hits = Hits(text)
        rows = self._ask("search", span, self._of_service(service), text=quote(text), most=str(most + 1))
        hits.take(decode_all((entry.encode() for (entry,) in rows), None))
        return hits.newest(span, most)

    def _judged(self, span: Span, service: str | None, came_after: datetime | None = None) -> str:
        shape = self.shape
        known = "TRUE"
        if shape.known is not None:
            names = quote_all(sorted(shape.known))
            known = f"key IN UNNEST({names}) OR ENDS_WITH(key, '}}') AND SPLIT(key, '{{')[OFFSET(0)] IN UNNEST({names})"
        bounds = _between(span)
        if came_after:
            bounds += f" AND receive_timestamp >= {write_time(came_after)}"
        return render(
            "judged",
            {
                "view": f"`{self.view}`",
                "span": bounds,
                "service": self._of_service(service),
                "summary": quote(shape.summary) if shape.summary else "NULL",
                "slow_request": quote(shape.slow_request) if shape.slow_request else "NULL",
                "markers": quote_all(shape.markers),
                "logger_keys": quote_all(sorted(shape.logger_keys)),
                "known": known,
                "block_line": quote(BLOCK_LINE),
                "minute": str(MINUTE_US),
                "day": str(DAY * MINUTE_US),
                "starts": str(self.starts // WINDOW.resolution),
                "tolerance": str(RHYTHM_TOLERANCE_S * 1_000_000),
                "longest_gap": str(LONGEST_GAP),
            },
        )

    def _of_service(self, service: str | None) -> str:
        """Give the condition of what counts, as Cloud Logging's filter has it."""
        labels = {"service_name": service, "location": self.location}
        named = [f"JSON_VALUE(resource.labels.{label}) = {quote(value)}" for label, value in labels.items() if value]
        return " AND ".join([_CLOUD_RUN, *named])

    def _latest(self, span: Span, condition: str) -> datetime | None:
        ((at,),) = self._ask("latest", span, condition)
        return to_datetime(at * 1000) if at is not None else None

    def _ask(self, name: str, span: Span, condition: str, **values: str) -> list[Any]:
        """Put a small question."""
        text = render(name, {"view": f"`{self.view}`", "span": _between(span), "service": condition, **values})
        return [row for row, _ in self._rows(self._start(text))]

    def _cost(self, text: str) -> int:
        """Give how many bytes a query would read; raises SourceError where these are more than allowed."""
        from google.cloud.bigquery import QueryJobConfig

        if text not in self._sizes:
            self._sizes[text] = int(self._query(text, QueryJobConfig(dry_run=True)).total_bytes_processed or 0)
        size = self._sizes[text]
        if size > self.max_bytes:
            raise SourceError(
                f"this query would read {format_size(size)} (about {format_price(size)} USD),"
                f" and no more than {format_size(self.max_bytes)} may be read",
                where=f"bq://{self.view}",
                hint="ask for a shorter span with --since and --until, or allow more with --max-bytes",
            )
        return size

    def _start(self, text: str) -> QueryJob:
        from google.cloud.bigquery import QueryJobConfig

        if time.monotonic() >= self._ends:
            raise OverError("the time for reading was over", where=f"bq://{self.view}")
        self.calls += 1
        LOG.debug("query", extra={"details": {"view": self.view, "text": text}})
        config = QueryJobConfig(maximum_bytes_billed=self.max_bytes, job_timeout_ms=LONGEST_S * 1000)
        return self._query(text, config)

    def _query(self, text: str, config: QueryJobConfig) -> QueryJob:
        with self._errors.raised("BigQuery", self._connect, *_passing()):
            return self._connect().query(text, config, retry=self._retry(), job_retry=None, timeout=min(self.budget_s, 60))

    def _rows(self, job: QueryJob) -> Iterator[tuple[Any, int]]:
        """Give each row of an answer with how many there are."""
        with self._errors.raised("BigQuery", self._connect, *_passing()):
            found = job.result(page_size=PAGE_ROWS, retry=self._retry(), job_retry=None, timeout=LONGEST_S)
            self._billed.append(job.total_bytes_billed or 0)
            came = 0
            for row in found:
                came += 1
                yield row.values(), found.total_rows or 1
        if found.total_rows is not None and came != found.total_rows:
            raise SourceError(f"{came} of {found.total_rows} rows came", where=f"bq://{self.view}", hint="try again")

    def _connect(self) -> Client:
        """Give the one client for all calls: each new one costs a handshake and a token."""
        if not self._client:
            from google.cloud.bigquery import Client

            local: dict[str, Any] = {}
            if self.endpoint:
                from google.auth.credentials import AnonymousCredentials

                local = {"client_options": {"api_endpoint": f"http://{self.endpoint}"}, "credentials": AnonymousCredentials()}
            self._client.append(Client(self.project, **local))
        return self._client[0]

    def _retry(self) -> Any:  # noqa: ANN401 - google.api_core.retry.Retry
        from google.cloud.bigquery import DEFAULT_RETRY

        return DEFAULT_RETRY.with_timeout(self.budget_s)

    @property
    def _errors(self) -> Errors:
        dataset = self.view.rpartition(".")[0]
        mends = project_hints(self.project, "bigquery.googleapis.com", "roles/bigquery.jobUser")
        hints = {
            Trouble.PERMISSION: f"{mends[Trouble.PERMISSION]}; roles/bigquery.dataViewer on {dataset} is needed too",
            Trouble.NOT_FOUND: f"is the log bucket linked to this dataset? gcloud logging links list --project={self.project} "
            "--location=LOCATION --bucket=BUCKET",
            Trouble.INVALID: "is it a view of Log Analytics, such as _AllLogs? --dump-filter prints the query",
            Trouble.QUOTA: "wait a minute, or ask for less",
            Trouble.UNREACHABLE: "try again, or raise LOGWATCH_READ_BUDGET",
        }
        return Errors(SourceError, f"bq://{self.view}", hints={**mends, **hints})


_CLOUD_RUN = "resource.type = 'cloud_run_revision'"


def _between(span: Span) -> str:
    """Give the condition of a span's entries, which also says which partitions are read."""
    return f"timestamp >= {write_time(span.start)} AND timestamp < {write_time(span.end)}"


def _passing() -> tuple[type[Exception], ...]:
    """Give what is raised where the network fails."""
    from requests.exceptions import RequestException

    return RequestException, TooLongError
