"""Entries out of Cloud Logging, through google-cloud-logging's generated client and its raw messages.

The generated client, because the hand-written one builds a logger and parses two times for every entry.
"""

from __future__ import annotations

import random
import re
import time
from array import array
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from logwatch.entries import NS, Entry, Span, to_datetime
from logwatch.errors import ConfigError, SourceError
from logwatch.reading import Columns, Reading
from logwatch.samples import LARGEST, LOGGER_KEYS, SLOW_REQUEST, SUMMARY, fold_route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client

    from logwatch.ports import Progress

PAGE_SIZE = 1000
MOST_EMPTY_PAGES = 5
"""How many of them a look for a sign of life goes through: each takes a call out of the quota."""
BLOCK_LINE = r'^(\s+["{}\[\]]|[{}]$)'
"""Lines of pretty-printed JSON, each of which is an entry of its own."""


def parse_address(address: str) -> tuple[str, str | None]:
    """Read `gcp://PROJECT[/SERVICE]`; raises ConfigError with the form that is right."""
    match = re.fullmatch(r"gcp://([a-z][a-z0-9-]{4,28}[a-z0-9]|[a-z0-9.]+:[a-z0-9-]+)(?:/([a-z][a-z0-9-]*))?/?", address)
    if match is None:
        raise ConfigError("no Cloud Logging address", where=address, hint="right is gcp://PROJECT or gcp://PROJECT/SERVICE")
    return match[1], match[2]


def quote(value: str) -> str:
    r"""Write a string for a filter.

    >>> quote('a"b')
    '"a\\"b"'
    """
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def build_filter(span: Span, *, service: str | None, location: str | None, any_kind: bool = False) -> str:
    """Give the filter for everything that is judged, indexed fields first, with explicit bounds and no severity.

    The logger writes `level`, and Cloud Logging reads `severity`: all of these entries have none. With `any_kind` it is
    for entries of every kind, also those that are not judged.
    """
    start, end = (f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}" for moment in span)
    lines = ['resource.type="cloud_run_revision"']
    if service:
        lines.append(f"resource.labels.service_name={quote(service)}")
    if location:
        lines.append(f"resource.labels.location={quote(location)}")
    lines += [f'timestamp>="{start}"', f'timestamp<"{end}"']
    if any_kind:
        return "\n".join(lines)
    wanted = f"({quote(SUMMARY)} OR {quote(SLOW_REQUEST)})"
    lines.append(f"(jsonPayload.message={wanted} OR textPayload:{wanted} OR textPayload=~{quote(BLOCK_LINE)})")
    return "\n".join(lines)


@dataclass(slots=True)
class ReadQuota:
    """The project's share of entries.list calls: so many in any 60 s."""

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _calls: deque[float] = field(default_factory=deque)

    def wait(self, tell: Callable[[float], None]) -> None:
        """Wait until one more call is allowed, and count it; `tell` hears for how many seconds."""
        while len(self._calls) >= self.per_minute:
            left = self._calls[0] + 60 - self.clock()
            if left > 0:
                tell(left)
                self.sleep(left)
            self._calls.popleft()
        self._calls.append(self.clock())


class CloudLoggingSource:
    """The entries of one project, and of one Cloud Run service where it is named."""

    recorded = False

    def __init__(
        self, project: str, *, service: str | None = None, location: str | None = None, endpoint: str | None = None,
        budget_s: float = 120, quota: ReadQuota | None = None,
    ) -> None:  # fmt: skip
        """Name what to read; nothing is connected yet.

        `endpoint` is HOST:PORT of a local server without TLS; `budget_s` is how long one call may go on failing.
        """
        self.project = project
        self.service = service
        self.location = location
        self.endpoint = endpoint
        self.budget_s = budget_s
        self.quota = quota or ReadQuota(55)

    def filter(self, span: Span, service: str | None) -> str:
        """Give the filter that `read` would use."""
        return build_filter(span, service=service or self.service, location=self.location)

    def read(self, span: Span | None, *, service: str | None, progress: Progress, meanwhile: Callable[[], object]) -> Reading:
        """Read a span, page by page: each is parsed, and what is to be done meanwhile is done, while the next is on its way."""
        if span is None:
            raise TypeError("Cloud Logging has no end of its own: a span is needed")
        reading = Reading()
        pages = self._pages(span, service, progress)
        beside = ThreadPoolExecutor(1)
        try:
            coming = beside.submit(next, pages, None)
            meanwhile()
            while (page := coming.result()) is not None:
                coming = beside.submit(next, pages, None)
                take_page(page, reading)
                if page:
                    seen = to_datetime(page[-1].timestamp.seconds * NS)
                    share = (seen - span.start) / (span.end - span.start)
                    progress(f"{reading.entries:,} entries, up to {seen:%m-%d %H:%MZ}", min(max(share, 0.0), 1.0))
        finally:
            beside.shutdown(wait=False)  # an interrupt does not wait for the page that is on its way
        return reading

    def last_seen(self, span: Span, *, service: str | None) -> datetime | None:
        """Give the time of the latest entry of any kind in the span: one call, or a few where pages come empty."""
        from google.cloud.logging_v2.types import ListLogEntriesRequest, ListLogEntriesResponse

        client = self._connect()
        request = ListLogEntriesRequest(
            resource_names=[f"projects/{self.project}"],
            filter=build_filter(span, service=service or self.service, location=self.location, any_kind=True),
            order_by="timestamp desc",
            page_size=1,
        )
        for _ in range(MOST_EMPTY_PAGES):
            page = ListLogEntriesResponse.pb(self._call(client, request, lambda _text, _share: None))
            if page.entries:
                return to_datetime(page.entries[0].timestamp.seconds * NS + page.entries[0].timestamp.nanos)
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        return None

    def _pages(self, span: Span, service: str | None, progress: Progress) -> Iterator[Any]:
        """Give the raw entries of each page; empty pages with a token are part of the walk."""
        from google.cloud.logging_v2.types import ListLogEntriesRequest, ListLogEntriesResponse

        client = self._connect()
        token = ""
        while True:
            request = ListLogEntriesRequest(
                resource_names=[f"projects/{self.project}"],
                filter=self.filter(span, service),
                order_by="timestamp asc",
                page_size=PAGE_SIZE,
                page_token=token,
            )
            page = ListLogEntriesResponse.pb(self._call(client, request, progress))
            yield page.entries
            token = page.next_page_token
            if not token:
                return

    def _connect(self) -> LoggingServiceV2Client:
        from google.auth.exceptions import DefaultCredentialsError
        from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client

        if self.endpoint:
            import grpc
            from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport

            channel = grpc.insecure_channel(self.endpoint, options=[("grpc.max_receive_message_length", -1)])
            return LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel))
        try:
            return LoggingServiceV2Client()
        except DefaultCredentialsError as error:
            hint = "run: gcloud auth application-default login"
            raise SourceError("no Google credentials on this machine", where=f"gcp://{self.project}", hint=hint) from error

    def _call(self, client: LoggingServiceV2Client, request: Any, progress: Progress) -> Any:  # noqa: ANN401 - proto-plus
        """Fetch one page; what may pass is tried again within the budget, 429 no sooner than after seconds."""
        from google.api_core import exceptions as api
        from google.auth.exceptions import GoogleAuthError

        passing = (api.ResourceExhausted, api.ServiceUnavailable, api.InternalServerError, api.DeadlineExceeded)
        clock = self.quota.clock
        begun = clock()
        for attempt in count():
            self.quota.wait(lambda seconds: progress(f"waiting {seconds:.0f} s for the read quota", None))
            left = max(self.budget_s - (clock() - begun), 1)
            try:
                return next(client.list_log_entries(request=request, retry=None, timeout=min(left, 60)).pages)
            except passing as error:
                first, most = (5.0, 30.0) if isinstance(error, api.ResourceExhausted) else (0.2, 10.0)
                wait = min(first * 1.6**attempt, most) * random.uniform(1, 1.25)  # noqa: S311 - spreads retries, no secret
                if clock() - begun + wait > self.budget_s:
                    raise self._error(error) from error
                progress(f"Cloud Logging: {_reason(error)}; again in {wait:.0f} s", None)
                self.quota.sleep(wait)
            except (api.GoogleAPICallError, GoogleAuthError) as error:
                raise self._error(error) from error
        raise AssertionError

    def _error(self, error: Exception) -> SourceError:
        from google.api_core import exceptions as api

        project = self.project
        hint = None
        if isinstance(error, api.Forbidden):
            hint = f"run: gcloud projects add-iam-policy-binding {project} --member=user:YOU --role=roles/logging.viewer"
        elif isinstance(error, api.Unauthorized) or not isinstance(error, api.GoogleAPICallError):
            hint = "run: gcloud auth application-default login"
        elif isinstance(error, api.NotFound):
            hint = "check the project id: gcloud projects list"
        elif isinstance(error, api.InvalidArgument):
            hint = "--dump-filter prints the filter that was refused; try it in Logs Explorer"
        elif isinstance(error, api.ResourceExhausted):
            hint = "60 reads a minute is all that a project has; wait a minute, ask for less, or raise LOGWATCH_READ_BUDGET"
        elif isinstance(error, api.ServerError):
            hint = "try again, or raise LOGWATCH_READ_BUDGET"
        return SourceError(f"Cloud Logging: {_reason(error)}", where=f"gcp://{project}", hint=hint)


def _reason(error: Exception) -> str:
    message = str(getattr(error, "message", "") or error).splitlines() or [""]
    return f"{type(error).__name__}: {message[0][:200]}"


def take_page(page: Sequence[Any], reading: Reading) -> None:
    """Take raw entries: summaries and slow requests of the usual shape as columns, others one by one.

    Each value that is touched costs as much as the rest of the entry, so it is asked for what it should be and not what
    it is, and fetched by its key, since a protobuf map's own items() is a loop in Python.
    """
    summaries, keys, values, width = [], [], [], array("i")
    slow, labels, routes, durations = [], [], [], []
    for raw in page:
        fields = raw.json_payload.fields
        message = fields["message"].string_value if "message" in fields else ""
        if message == SUMMARY:
            names = [key for key in fields if key not in LOGGER_KEYS]
            counted = [fields[key].number_value for key in names]  # 0 of what is no number
            if names and min(counted) > 0 and sum(counted) <= LARGEST:
                summaries.append(raw)
                keys += names
                values += counted
                width.append(len(names))
                continue
        elif message == SLOW_REQUEST:
            label, method, url = [fields[key].string_value for key in ("label", "method", "url")]
            duration = fields["durationMs"].number_value
            if label and method and url and 0 < duration <= LARGEST:
                slow.append(raw)
                labels.append(label)
                routes.append(f"{method[:20]} {fold_route(url)}")
                durations.append(duration)
                continue
        reading.add(to_entry(raw))
    series = array("i", map(reading.series.__getitem__, keys))
    reading.add_summaries(_rows(summaries), series, array("d", values), width)
    reading.add_slow_requests(_rows(slow), labels, routes, durations)


def _rows(raws: Sequence[Any]) -> Columns:
    return Columns(
        array("q", [stamp.seconds * NS + stamp.nanos for stamp in [raw.timestamp for raw in raws]]),
        array("q", [stamp.seconds * NS + stamp.nanos for stamp in [raw.receive_timestamp for raw in raws]]),
        [raw.log_name for raw in raws],
        [raw.insert_id for raw in raws],
        [raw.labels["instanceId"] or raw.resource.labels["service_name"] for raw in raws],
    )


def to_entry(raw: Any) -> Entry:  # noqa: ANN401 - raw protobuf messages have no static type
    """Give an entry of a raw google.logging.v2.LogEntry."""
    stamp, received = raw.timestamp, raw.receive_timestamp
    resource, labels = raw.resource.labels, raw.labels
    kind = raw.WhichOneof("payload")
    return Entry(
        raw.log_name,
        raw.insert_id,
        stamp.seconds * NS + stamp.nanos,
        received.seconds * NS + received.nanos,
        resource["service_name"] if "service_name" in resource else "",  # noqa: SIM401 - a protobuf map's get() is slow
        labels["instanceId"] if "instanceId" in labels else "",  # noqa: SIM401 - likewise
        raw.text_payload if kind == "text_payload" else None,
        _to_dict(raw.json_payload) if kind == "json_payload" else None,
    )


def _to_dict(struct: Any) -> dict[str, Any]:  # noqa: ANN401 - google.protobuf.Struct
    """Turn a payload into a dict: of a summary all but the logger's own keys, of a slow request what is looked at."""
    fields = struct.fields
    message = fields["message"].string_value if "message" in fields else None
    if message == SUMMARY:
        keys = [key for key in fields if key not in LOGGER_KEYS]
    else:
        keys = [key for key in ("label", "method", "url", "durationMs", "statusCode") if key in fields]
    return {"message": message, **{key: _to_value(fields[key]) for key in keys}}


def _to_value(value: Any) -> Any:  # noqa: ANN401 - google.protobuf.Value
    kind = value.WhichOneof("kind")
    if kind in {"number_value", "string_value", "bool_value"}:
        return getattr(value, kind)
    return None if kind in {None, "null_value"} else str(kind)  # nested: no counter and no field of a slow request
