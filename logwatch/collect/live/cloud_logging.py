"""Entries out of Cloud Logging, through google-cloud-logging's generated client and its raw messages.

The generated client, because the hand-written one builds a logger and parses two times for every entry.
"""

from __future__ import annotations

import logging
import math
import random
import re
from array import array
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from datetime import timedelta
from functools import reduce
from itertools import chain, count, islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

from logwatch.collect.entries import ENTRY_LABELS, RESOURCE_LABELS, Entry
from logwatch.collect.interface import Address, CutShortError, OverError, ReadPlan
from logwatch.collect.live.kept_hours import WORTH, HourByHour, KeptHours, between, whole_hours
from logwatch.collect.live.read_quota import ReadQuota
from logwatch.collect.parse import LARGEST, MOST_SHOWN, Reason
from logwatch.collect.text_search import KEYS, Hits
from logwatch.collect.timestamps import believe, is_plausible
from logwatch.errors import ConfigError, SourceError
from logwatch.google_api import Errors, Tokens, Trouble, open_client, project_hints, tell_apart
from logwatch.spans import EPOCH, NS, WINDOW, Span, to_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client

    from logwatch.collect.columns import Reading
    from logwatch.collect.entries import Heads
    from logwatch.collect.interface import Progress, SearchResult
    from logwatch.collect.parse import LogShape

LOG = logging.getLogger("logwatch.cloud_logging")
PAGE_SIZE = 1000
PLANNED = timedelta(hours=6)
"""A span from which on a read is planned; each plan takes two calls."""
MOST_IDLE_PAGES = 300
"""Pages in a row without a newer entry: five minutes' worth of the quota, when an honest walk has long come to some."""
MOST_SERVICES = 4
"""Reads of one page each that a look for services takes: each leaves out those that are known already."""
MOST_EMPTY_PAGES = 5
"""How many of them a look for a sign of life goes through: each takes a call out of the quota."""
MOST_LIFE_PAGES = 4
LIFE_SAMPLES = 8
"""Pages, and then single entries, that a look for the minutes of life takes."""
MOST_RESOURCES = 100
VIEW = re.compile(r"locations/[a-z0-9-]+/buckets/[A-Za-z0-9._-]+/views/[A-Za-z0-9._-]+/")
VIEW_FORM = "gcp://PROJECT/locations/LOCATION/buckets/BUCKET/views/VIEW[/SERVICE]"
BLOCK_LINE = r'^(\s+["{}\[\]]|[{}]$)'
"""Lines of pretty-printed JSON, each of which is an entry of its own."""


def parse_address(address: str) -> Address:
    """Read `gcp://PROJECT[/SERVICE]`, or a view's address; raises ConfigError that says which part is wrong."""
    project, _, rest = address.removeprefix("gcp://").removesuffix("/").partition("/")
    view = VIEW.match(f"{rest}/")
    service = rest[view.end() :] if view else rest
    wrong = ""
    if not re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]|[a-z0-9.]+:[a-z0-9-]+", project):
        wrong = f"'{project}' is not a project ID (6 to 30 lower-case letters, digits, hyphens)"
    elif service and not re.fullmatch(r"[a-z][a-z0-9-]*", service):
        wrong = f"'{service}' is not the name of a service (lower-case letters, digits, hyphens)"
    if wrong:
        raise ConfigError(wrong, where=address, hint=f"use gcp://PROJECT, gcp://PROJECT/SERVICE or {VIEW_FORM}")
    name = f"projects/{project}/{view[0]}" if view else f"projects/{project}"
    return Address(project, service or None, name.removesuffix("/"))


class ReadSettings(Protocol):
    """What is set of how Cloud Logging is read."""

    location: str | None
    logging_endpoint: str | None
    read_budget: timedelta
    read_requests_per_minute: int

    @property
    def cache_folder(self) -> Path | None:
        """Folder for what was read and is over; None where nothing is kept."""


def build_source(addresses: Sequence[str], settings: ReadSettings, shape: LogShape) -> CloudLoggingSource:
    """Give the source of an address, or of several, which are read at once."""
    first, *others = map(parse_address, addresses)
    different = next((place for place, each in zip(addresses[1:], others, strict=True) if each.service != first.service), None)
    if different:
        hint = "name the same service in each, or in none; another service has its own rules, state and job"
        raise ConfigError("projects that are watched together have one service", where=different, hint=hint)
    if len(addresses) > MOST_RESOURCES:
        raise ConfigError(f"more than {MOST_RESOURCES} projects", where="--source", hint="that is all that one read can take")
    folder = settings.cache_folder
    return CloudLoggingSource(
        first.project,
        shape,
        resources=list(dict.fromkeys(each.resource for each in (first, *others))),
        service=first.service,
        location=settings.location,
        endpoint=settings.logging_endpoint,
        budget_s=settings.read_budget.total_seconds(),
        quota=ReadQuota(settings.read_requests_per_minute, file=folder / f"reads-{first.project}" if folder else None),
        cache=folder / "hours" if folder else None,
    )


def quote(value: str) -> str:
    r"""Write a string for a filter.

    >>> quote('a"b')
    '"a\\"b"'
    """
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


ANY = ""
"""The condition of entries of every kind."""


def judged(shape: LogShape) -> str:
    """Give the condition of everything that is judged."""
    marked = f"({' OR '.join(map(quote, shape.markers))})"
    return f"(jsonPayload.message={marked} OR textPayload:{marked} OR textPayload=~{quote(BLOCK_LINE)})"


def holding(text: str) -> str:
    """Give the condition of entries whose message or text holds a text; the service takes any case for the same."""
    return f"(jsonPayload.message:{quote(text)} OR textPayload:{quote(text)})"


def build_filter(span: Span, *, service: str | None, location: str | None, condition: str, cloud_run: bool = True) -> str:
    """Give the filter for entries of a condition, indexed fields first, with explicit bounds and no severity.

    The logger writes `level`, and Cloud Logging reads `severity`: all of these entries have none. `cloud_run` leaves out what
    no Cloud Run service wrote.
    """
    start, end = (f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}" for moment in span)
    lines = ['resource.type="cloud_run_revision"'] if cloud_run else []
    if service:
        lines.append(f"resource.labels.service_name={quote(service)}")
    if location:
        lines.append(f"resource.labels.location={quote(location)}")
    lines += [f'timestamp>="{start}"', f'timestamp<"{end}"']
    return "\n".join([*lines, condition] if condition else lines)


class CloudLoggingSource:
    """The entries of a project or a view of its logs, or of several, and of one Cloud Run service where it is named."""

    recorded = False
    kept = True

    def __init__(
        self, project: str, shape: LogShape, *, service: str | None = None, location: str | None = None,
        endpoint: str | None = None, budget_s: float = 120, quota: ReadQuota | None = None, resources: Sequence[str] = (),
        cache: Path | None = None,
    ) -> None:  # fmt: skip
        """Name what to read, and what counts in its entries; nothing is connected yet.

        `endpoint` is HOST:PORT of a local server without TLS; `budget_s` is how long one call may go on failing; `cache` is a
        folder for hours that are over.
        """
        self.project = project
        self.resources = resources or [f"projects/{project}"]
        """What is read: all of it, or where one may not be read nothing, so that what is missing cannot look healthy."""
        self.shape = shape
        self.service = service
        self.location = location
        self.endpoint = endpoint
        self.budget_s = budget_s
        self.quota = quota or ReadQuota(55)
        self.cache = cache
        """Folder of the hours that are kept; None where none are."""
        self.calls = 0
        """Calls that were made, each of them out of the project's 60 a minute."""
        self._client: list[LoggingServiceV2Client] = []
        """The one client, once it is open, also for those that are the same but for their time."""
        self._patient = True
        """Whether it waits for the quota longer than for a call that fails."""
        self._ends = math.inf
        """When it is over with asking, on the quota's clock."""

    def within(self, budget_s: float) -> CloudLoggingSource:
        """Give a source of the same entries and quota that gives up after so many seconds of failing or waiting."""
        hasty = copy(self)
        hasty.budget_s, hasty._patient = budget_s, False  # noqa: SLF001 - its own
        return hasty

    def ending(self, left_s: float) -> CloudLoggingSource:
        """Give a source of the same entries and quota that asks for nothing more after so many seconds."""
        ending = copy(self)
        ending._ends = min(self._ends, self.quota.clock() + left_s)  # noqa: SLF001 - its own
        return ending

    def joining(self, other: object) -> CloudLoggingSource:
        """Give a source of the same entries that has the connection and the quota of another of its project."""
        joined = copy(self)
        if isinstance(other, CloudLoggingSource):
            joined.quota, joined._client = other.quota, other._client  # noqa: SLF001 - its own
        return joined

    def project_logs(self) -> CloudLoggingSource:
        """Give itself: services and their last entries can be asked for."""
        return self

    def anywhere(self) -> CloudLoggingSource:
        """Give a source of all of the project's services, wherever they run."""
        wide = copy(self)
        wide.service = wide.location = None
        return wide

    def services(self, span: Span) -> dict[tuple[str, str], int]:
        """Give the Cloud Run services of the project that logged in a span, by name and location, with lines seen of each.

        A page at a time, each leaving out those that are known: one that logs much hides no other. Raises SourceError.
        """
        found: dict[tuple[str, str], int] = {}
        for _ in range(MOST_SERVICES):
            known = dict.fromkeys(name for name, _ in found)
            condition = "\n".join(f"NOT resource.labels.service_name={quote(name)}" for name in known)
            text = build_filter(span, service=None, location=None, condition=condition)
            entries, more = next(self._pages(text, "timestamp desc", PAGE_SIZE, lambda _text, _share: None))
            for entry in entries:
                labels = entry.resource.labels
                place = (labels["service_name"], labels["location"])
                found[place] = found.get(place, 0) + 1
            if not more:
                break
        return found

    def last_of_all(self, span: Span) -> datetime | None:
        """Give the time of the project's latest entry in a span, of whatever it is. Raises SourceError."""
        text = build_filter(span, service=None, location=None, condition=ANY, cloud_run=False)
        pages = self._pages(text, "timestamp desc", 1, lambda _text, _share: None)
        return next((_time(entries[0]) for entries, _ in islice(pages, MOST_EMPTY_PAGES) if entries), None)

    def filter(self, span: Span, service: str | None) -> str:
        """Give the filter that `read` would use."""
        return build_filter(span, service=service or self.service, location=self.location, condition=judged(self.shape))

    def read(
        self,
        span: Span | None,
        *,
        service: str | None,
        progress: Progress,
        meanwhile: Callable[[], object],
        came_after: datetime | None = None,
    ) -> Reading:
        """Read a span, page by page: each is parsed, and what is to be done meanwhile is done, while the next is on its way.

        Pages come in order of time: where one does not come, all before the last entry is there (CutShortError).
        """
        if span is None:
            raise TypeError("Cloud Logging has no end of its own: a span is needed")
        hours = self._hours(span, service, came_after)
        walks = (self._walk(stretch, service, came_after, progress) for stretch in hours.missing)
        pages = chain.from_iterable(walks)
        beside = ThreadPoolExecutor(1)
        seen = newest = span.start
        idle = entries = 0
        try:
            coming = beside.submit(next, pages, None)
            meanwhile()
            while (page := coming.result()) is not None:
                coming = beside.submit(next, pages, None)
                hours.take(page)
                entries += len(page)
                last = _time(page[-1]) if page else newest
                idle = 0 if last > newest else idle + 1
                newest = max(newest, last)
                self._check_idle(idle)
                if not idle:
                    seen = to_datetime(page[-1].timestamp.seconds * NS)
                    progress(f"{entries:,} entries, up to {seen:%Y-%m-%dT%H:%MZ}", _share(hours.missing, seen))
        except SourceError as error:
            if seen <= span.start:
                raise
            raise CutShortError(error, hours.reading(before=seen), seen) from error
        finally:
            beside.shutdown(wait=False)  # an interrupt does not wait for the page that is on its way
        return hours.reading()

    def plan(self, spans: Sequence[Span], *, service: str | None) -> ReadPlan | None:
        """Estimate what reading takes; spans that lie beside each other are sampled as one."""
        stretches: list[Span] = []
        for span in spans:
            beside = stretches and span.start <= stretches[-1].end
            stretches.append(Span(stretches.pop().start, span.end) if beside else span)
        plans = [plan for each in stretches if (plan := self._plan(each, service))]
        return reduce(ReadPlan.and_then, plans) if plans else None

    def bill(self) -> None:
        """Give None: reads cost nothing but their share of the quota."""

    def _plan(self, span: Span, service: str | None) -> ReadPlan | None:
        """Estimate what one read would take, by a page from the beginning and one from the middle of what is not kept."""
        if span.end - span.start < PLANNED:
            return None
        kept = self._kept(span, service)
        had = [hour for hour in whole_hours(span) if kept and kept.has(hour)]
        missing = list(between(span, had))
        if not missing:
            return None
        rates: list[float] = []
        for stretch in (missing[0], missing[len(missing) // 2]):
            start = stretch.start if not rates else stretch.start + (stretch.end - stretch.start) / 2
            part = Span(start, stretch.end)
            text = self.filter(part, service)
            entries, more = next(self._pages(text, "timestamp asc", PAGE_SIZE, lambda _text, _share: None))
            covered = _time(entries[-1]) - start if more and entries else part.end - start
            rates.append(len(entries) / max(covered.total_seconds(), 1))
        seconds = sum((each.end - each.start).total_seconds() for each in missing)
        calls = len(missing) + int(sum(rates) / len(rates) * seconds / PAGE_SIZE)
        return ReadPlan(calls, self.quota.takes_s(calls), len(had), keeps=kept is not None)

    def _walk(self, span: Span, service: str | None, came_after: datetime | None, progress: Progress) -> Iterator[Any]:
        """Give the pages of a stretch, oldest first."""
        wanted = self.filter(span, service)
        if came_after:
            wanted += f'\nreceiveTimestamp>="{came_after:%Y-%m-%dT%H:%M:%S.%fZ}"'
        return (page for page, _ in self._pages(wanted, "timestamp asc", PAGE_SIZE, progress))

    def _hours(self, span: Span, service: str | None, came_after: datetime | None = None) -> HourByHour:
        """Give what is kept of a span, and what is not."""
        kept = self._kept(span, service) if came_after is None else None
        return HourByHour(span, kept, take_page, self.shape, self.quota.clock)

    def _kept(self, span: Span, service: str | None) -> KeptHours | None:
        """Give the hours that are kept of what is read; None where none are, for a run, or where the span is not worth it."""
        if self.cache is None or not self._looks_back or span.end - span.start < WORTH:
            return None
        asked = (self.endpoint, *sorted(self.resources), service or self.service, self.location)
        return KeptHours(self.cache, asked, self.shape)

    def _check_idle(self, pages: int) -> None:
        """Raise SourceError where so many pages in a row brought nothing newer that no honest walk is meant."""
        if pages > MOST_IDLE_PAGES:
            message = f"{MOST_IDLE_PAGES} pages in a row brought nothing newer: the answer has no end"
            raise SourceError(message, where=f"gcp://{self.project}")

    def last_seen(self, span: Span, *, service: str | None) -> datetime | None:
        """Give the time of the latest entry of any kind in the span: one call, or a few where pages come empty."""
        for entries, _ in islice(self._newest_first(span, service, ANY, page_size=1), MOST_EMPTY_PAGES):
            if entries:
                return _time(entries[0])
        return None

    def seen_minutes(self, span: Span, *, service: str | None) -> frozenset[int]:
        """Give the minutes with an entry of any kind, newest page first; what the pages leave over is sampled."""
        seen: set[int] = set()
        earliest = span.end
        for entries, more in islice(self._newest_first(span, service, ANY, page_size=PAGE_SIZE), MOST_LIFE_PAGES):
            seen.update(entry.timestamp.seconds // 60 for entry in entries)
            earliest = _time(entries[-1]) if entries else earliest
            if not more:
                return frozenset(seen)
        return frozenset(seen | self._sampled(Span(span.start, earliest), service))

    def _sampled(self, span: Span, service: str | None) -> set[int]:
        """Give minutes with entries of a span that has too many of them: the last of each of its parts, and the first of all.

        Where parts one after the other end in life, it is taken to have gone on between their ends: whoever logs more
        than pages hold seldom pauses there.
        """
        size = max((span.end - span.start) / LIFE_SAMPLES, WINDOW)
        end = span.end
        later: int | None = _minute(end)
        found = set[int]()
        while end > span.start:
            seen = self.last_seen(Span(max(end - size, span.start), end), service=service)
            if seen:
                minute = _minute(seen)
                lasts = _minute(end) - minute <= 1
                found.update(range(minute, later) if lasts and later is not None else [minute])
            later = _minute(seen) if seen else None
            end -= size
        if later is not None:
            text = build_filter(span, service=service or self.service, location=self.location, condition=ANY)
            entries, _ = next(self._pages(text, "timestamp asc", 1, lambda _text, _share: None))
            found.update(range(_minute(_time(entries[0])), later) if entries else ())
        return found

    def search(self, text: str, span: Span, *, service: str | None, most: int) -> SearchResult:
        """Give the newest lines of the span that hold the text, asking for no more pages than it takes.

        One entry more than wanted is asked for, so that one page tells whether there are more. After MOST_EMPTY_PAGES pages
        in a row without one that holds it, nobody knows whether there are.
        """
        hits, in_vain, more = Hits(text), 0, False
        size = min(most + 1, PAGE_SIZE)
        for entries, more in self._newest_first(span, service, holding(text), page_size=size):  # noqa: B007 - used behind it
            before = len(hits)
            hits.take(to_entry(raw, self.shape) for raw in entries)
            in_vain = in_vain + 1 if len(hits) == before else 0
            if len(hits) > most or in_vain >= MOST_EMPTY_PAGES:
                break
        return hits.newest(span, most, whole=not more)

    def _newest_first(self, span: Span, service: str | None, condition: str, *, page_size: int) -> Iterator[tuple[Any, bool]]:
        text = build_filter(span, service=service or self.service, location=self.location, condition=condition)
        return self._pages(text, "timestamp desc", page_size, lambda _text, _share: None)

    def _pages(self, text: str, order_by: str, page_size: int, progress: Progress) -> Iterator[tuple[Any, bool]]:
        """Give the raw entries of each page, and whether another follows; empty pages with a token are part of the walk."""
        from google.cloud.logging_v2.types import ListLogEntriesRequest, ListLogEntriesResponse

        client = self._connect()
        request = ListLogEntriesRequest(resource_names=self.resources, filter=text, order_by=order_by, page_size=page_size)
        tokens = Tokens(SourceError, f"gcp://{self.project}")
        more = True
        while more:
            page = ListLogEntriesResponse.pb(self._call(client, request, progress))
            tokens.take(page.next_page_token)
            request.page_token = page.next_page_token
            more = bool(page.next_page_token)
            LOG.debug(
                "page", extra={"details": {"entries": len(page.entries), "more": more, "order": order_by, "filter": text}}
            )
            yield page.entries, more

    def _connect(self) -> LoggingServiceV2Client:
        """Give the one client for all calls: each new one costs a handshake and a token."""
        if not self._client:
            from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client

            with self._errors.raised("Cloud Logging"):
                self._client.append(open_client(LoggingServiceV2Client, self.endpoint))
        return self._client[0]

    def _call(self, client: LoggingServiceV2Client, request: Any, progress: Progress) -> Any:  # noqa: ANN401 - proto-plus
        """Fetch one page; what may pass is tried again within the budget, 429 no sooner than after seconds."""
        from google.api_core import exceptions as api
        from google.auth.exceptions import GoogleAuthError

        passing = (api.ResourceExhausted, api.ServiceUnavailable, api.InternalServerError, api.DeadlineExceeded)
        clock = self.quota.clock
        begun = clock()
        for attempt in count():
            self._check_quota(self.budget_s - (clock() - begun))
            self.quota.wait(
                lambda seconds: progress(f"waiting {seconds:.0f} s for the read quota", None), alone=not self._looks_back
            )
            left = min(max(self.budget_s - (clock() - begun), 1), self._ends - clock())
            self.calls += 1
            try:
                return next(client.list_log_entries(request=request, retry=None, timeout=min(left, 60)).pages)
            except passing as error:
                first, most = (5.0, 30.0) if isinstance(error, api.ResourceExhausted) else (0.2, 10.0)
                if self._looks_back and isinstance(error, api.ResourceExhausted):
                    self.quota.give_way()
                wait = min(first * 1.6**attempt, most) * random.uniform(1, 1.25)  # noqa: S311 - spreads retries, no secret
                if clock() - begun + wait > self.budget_s or clock() + wait >= self._ends:
                    raise self._errors.build("Cloud Logging", error, lambda: client) from error
                progress(f"Cloud Logging: {tell_apart(error).reason}; again in {wait:.0f} s", None)
                self.quota.sleep(wait)
            except (api.Forbidden, api.NotFound) as error:
                closed = self._closed(client, request) if len(self.resources) > 1 else []
                raise self._errors_of(closed or self.resources).build("Cloud Logging", error, lambda: client) from error
            except (api.GoogleAPICallError, GoogleAuthError) as error:
                raise self._errors.build("Cloud Logging", error, lambda: client) from error
        raise AssertionError

    def _closed(self, client: LoggingServiceV2Client, request: Any) -> list[str]:  # noqa: ANN401 - proto-plus
        """Give those of several resources that may not be read: Google refuses all together, and does not say which."""
        from google.api_core import exceptions as api
        from google.cloud.logging_v2.types import ListLogEntriesRequest

        closed = []
        for name in self.resources:
            single = ListLogEntriesRequest(resource_names=[name], filter=request.filter, order_by=request.order_by, page_size=1)
            try:
                self._check_quota(0)
                self.quota.wait(lambda _seconds: None, alone=not self._looks_back)
                self.calls += 1
                next(client.list_log_entries(request=single, retry=None, timeout=5).pages)
            except (api.Forbidden, api.NotFound):
                closed.append(name)
            except (api.GoogleAPICallError, OverError):
                break
        return closed

    def _check_quota(self, left_s: float) -> None:
        """Raise OverError where a source within a budget would wait for longer than is left of it, or its time is over."""
        ends_s, quota_s = self._ends - self.quota.clock(), self.quota.left_s(alone=not self._looks_back)
        if ends_s <= 0 or quota_s >= ends_s:
            hint = "the next run goes on from here; LOGWATCH_LEASE gives each more time"
            raise OverError("the time for reading was over", where=f"gcp://{self.project}", hint=hint)
        if not self._patient and quota_s > left_s:
            hint = "it comes back within a minute; LOGWATCH_READ_REQUESTS_PER_MINUTE is logwatch's share of it"
            raise OverError("the project's read quota is used up for now", where=f"gcp://{self.project}", hint=hint)

    @property
    def _looks_back(self) -> bool:
        """Whether it has time: who has one to end by is a run, which takes its share, and whoever looks back gives way."""
        return self._patient and self._ends == math.inf

    @property
    def _errors(self) -> Errors:
        return self._errors_of(self.resources)

    def _errors_of(self, resources: Sequence[str]) -> Errors:
        hints = {
            Trouble.NOT_FOUND: "check the project id: gcloud projects list",
            Trouble.INVALID: "--dump-filter prints the filter that was refused; try it in Logs Explorer",
            Trouble.QUOTA: "60 reads a minute is all that a project has; "
            "wait a minute, ask for less, or raise LOGWATCH_READ_BUDGET",
            Trouble.UNREACHABLE: "try again, or raise LOGWATCH_READ_BUDGET",
        }
        project, *view = resources[0].removeprefix("projects/").split("/")
        mends = project_hints(project, "logging.googleapis.com", "roles/logging.viewer")
        if view:
            _, location, _, bucket, _, name = view
            mends[Trouble.PERMISSION] = (
                f"run: gcloud logging views add-iam-policy-binding {name} --bucket={bucket} --location={location} "
                f"--project={project} --member={{who}} --role=roles/logging.viewAccessor"
            )
        return Errors(SourceError, ", ".join(f"gcp://{each.removeprefix('projects/')}" for each in resources), mends | hints)


def _share(stretches: Sequence[Span], seen: datetime) -> float:
    """Give how much of some stretches lies before a time."""
    done, whole = (
        sum((min(until, each.end) - each.start) / WINDOW for each in stretches if each.start < until)
        for until in (seen, stretches[-1].end)
    )
    return min(max(done / whole, 0.0), 1.0)


def _time(raw: Any) -> datetime:  # noqa: ANN401 - raw protobuf messages have no static type
    return to_datetime(raw.timestamp.seconds * NS + raw.timestamp.nanos)


def _minute(moment: datetime) -> int:
    return (moment - EPOCH) // WINDOW


def take_page(page: Sequence[Any], reading: Reading) -> None:
    """Take raw entries: summaries and slow requests of the usual shape as columns, others one by one.

    Each value that is touched costs as much as the rest of the entry, so it is asked for what it should be and not what
    it is, and fetched by its key, since a protobuf map's own items() is a loop in Python.
    """
    shape = reading.shape
    logger_keys = shape.logger_keys
    summaries, keys, values, width = [], [], [], array("i")
    slow, labels, methods, urls, durations = [], [], [], [], []
    for raw in page:
        fields = raw.json_payload.fields
        message = fields["message"].string_value if "message" in fields else ""
        if message == shape.summary:
            names = [key for key in fields if key not in logger_keys]
            counted = [fields[key].number_value for key in names]  # 0 of what is no number
            if names and min(counted) > 0 and sum(counted) <= LARGEST and any(map(shape.knows, names)):
                summaries.append(raw)
                keys += names
                values += counted
                width.append(len(names))
                continue
        elif message == shape.slow_request:
            label, method, url = [fields[key].string_value for key in ("label", "method", "url")]
            duration = fields["durationMs"].number_value
            if label and method and url and 0 < duration <= LARGEST:
                slow.append(raw)
                labels.append(label)
                methods.append(method)
                urls.append(url)
                durations.append(duration)
                continue
        _take_alone(raw, reading)
    try:
        series = array("i", map(reading.series.__getitem__, keys))
        reading.add_summaries(_heads(summaries), series, array("d", values), width)
    except Exception:  # noqa: BLE001 - one of them is not what it seemed
        _take_each(summaries, reading)
    try:
        reading.add_slow_requests(_heads(slow), labels, durations, methods, urls)
    except Exception:  # noqa: BLE001 - likewise
        _take_each(slow, reading)


def _take_each(raws: Sequence[Any], reading: Reading) -> None:
    for raw in raws:
        _take_alone(raw, reading)


def _take_alone(raw: Any, reading: Reading) -> None:  # noqa: ANN401 - raw protobuf messages have no static type
    """Take one entry, which costs no more than itself whatever it holds."""
    try:
        entry = to_entry(raw, reading.shape)
    except Exception as error:  # noqa: BLE001 - that is the point
        reading.fail(error, str(raw)[:MOST_SHOWN])
        return
    if is_plausible(entry.timestamp):
        reading.add(entry)
    else:
        reading.refuse(Reason.TIMESTAMP_ABSURD)


def _heads(raws: Sequence[Any]) -> Heads:
    def read(name: str) -> Sequence[Any]:
        if name in RESOURCE_LABELS:
            label = RESOURCE_LABELS[name]
            return [raw.resource.labels[label] for raw in raws]
        if name in ENTRY_LABELS:
            label = ENTRY_LABELS[name]
            return [raw.labels[label] for raw in raws]
        values = list(map(attrgetter(name), raws))
        if not name.endswith("timestamp"):
            return values
        times = array("q", [stamp.seconds * NS + stamp.nanos for stamp in values])
        return believe(times, arrival=name != "timestamp")

    return read


def to_entry(raw: Any, shape: LogShape) -> Entry:  # noqa: ANN401 - raw protobuf messages have no static type
    """Give an entry of a raw google.logging.v2.LogEntry."""
    stamp, received = raw.timestamp, raw.receive_timestamp
    of_resource, labels = raw.resource.labels, raw.labels
    kind = raw.WhichOneof("payload")
    arrived = received.seconds * NS + received.nanos
    return Entry(
        log_name=raw.log_name,
        insert_id=raw.insert_id,
        timestamp=stamp.seconds * NS + stamp.nanos,
        receive_timestamp=arrived if is_plausible(arrived) else 0,
        text=raw.text_payload if kind == "text_payload" else None,
        payload=_to_dict(raw.json_payload, shape) if kind == "json_payload" else None,
        # A protobuf map's get() is slow.
        **{name: of_resource[label] if label in of_resource else "" for name, label in RESOURCE_LABELS.items()},  # noqa: SIM401
        **{name: labels[label] if label in labels else "" for name, label in ENTRY_LABELS.items()},  # noqa: SIM401
    )


_LOOKED_AT = tuple(dict.fromkeys(("label", "method", "url", "durationMs", "statusCode", *KEYS[1:])))
"""Keys of slow requests and of lines that are searched for."""


def _to_dict(struct: Any, shape: LogShape) -> dict[str, Any]:  # noqa: ANN401 - google.protobuf.Struct
    """Turn a payload into a dict: of a summary all but the logger's own keys, of any other what is looked at."""
    fields = struct.fields
    message = fields["message"].string_value if "message" in fields else None
    if message == shape.summary:
        keys = [key for key in fields if key not in shape.logger_keys]
    elif not message:  # nobody's usual shape: it is looked into whole
        return {key: _to_value(value) for key, value in fields.items()}
    else:
        keys = [key for key in _LOOKED_AT if key in fields]
    return {"message": message, **{key: _to_value(fields[key]) for key in keys}}


def _to_value(value: Any) -> Any:  # noqa: ANN401 - google.protobuf.Value
    kind = value.WhichOneof("kind")
    if kind in {"number_value", "string_value", "bool_value"}:
        return getattr(value, kind)
    if kind == "struct_value":
        return {key: _to_value(each) for key, each in value.struct_value.fields.items()}
    if kind == "list_value":
        return [_to_value(each) for each in value.list_value.values]
    return None
