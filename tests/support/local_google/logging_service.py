"""google.logging.v2.LoggingServiceV2, as far as reading goes: ListLogEntries with the documented rules."""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc

from tests.support.local_google.calls import Calls, Quota, RefusedError, invalid
from tests.support.local_google.filters import FilterError
from tests.support.local_google.log_store import LogStore, Query, Result, SortKey
from tests.support.local_google.messages import ListLogEntriesRequest, ListLogEntriesResponse

SERVICE = "google.logging.v2.LoggingServiceV2"
DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 1000
MAX_RESOURCE_NAMES = 100
MAX_FILTER_CHARS = 20_000

_RESOURCE = re.compile(r"projects/([^/]+)(/locations/[^/]+/buckets/[^/]+/views/[^/]+)?")
_DESCENDING = {"": False, "timestamp asc": False, "timestamp desc": True}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Token:
    """How far a walk has come; callers see it as opaque text."""

    request: str
    """Digest of everything that must stay the same between pages."""
    page: int
    """Number of the page that the token asks for; the first page is 1."""
    after: SortKey | None

    def to_text(self) -> str:
        fields = json.dumps([self.request, self.page, self.after])
        return base64.urlsafe_b64encode(fields.encode()).decode()

    @classmethod
    def from_text(cls, text: str) -> "_Token":
        """Raise ValueError or TypeError where the text never was a token."""
        request, page, after = json.loads(base64.urlsafe_b64decode(text.encode()))
        return cls(request, page, None if after is None else tuple(after))


class LoggingService:
    """Answers ListLogEntries out of the entries that were added."""

    def __init__(
        self,
        *,
        quota: int | None,
        empty_pages: int,
        duplicates: bool,
        clock: Callable[[], float],
        now: Callable[[], datetime] | None,
    ) -> None:
        """`LoggingServer` tells what the switches do. Raises ValueError where no page would ever hold an entry."""
        if empty_pages < 0 or empty_pages == 1:
            raise ValueError("empty_pages is 0 for none, or at least 2")
        self.calls = Calls(clock)
        self.readable: set[str] | None = None
        """Projects and views that whoever asks may read, a project with all of its views; None for everything."""
        self.views: dict[str, str] = {}
        """The filter of each view that holds less than all of its project."""
        self._store = LogStore()
        self._quota = Quota(quota, clock)
        self._empty_pages = empty_pages
        self._duplicates = duplicates
        self._now = now

    def add(self, entries: Iterable[Any]) -> None:
        """Store raw LogEntry messages, also while calls are answered."""
        self._store.add(entries)

    def handler(self) -> Any:
        """Give the gRPC handler of the service."""
        method = self.calls.method("ListLogEntries", ListLogEntriesRequest, self.list_log_entries)
        return grpc.method_handlers_generic_handler(SERVICE, {"ListLogEntries": method})

    def list_log_entries(self, request: Any) -> bytes:
        """Give one serialized page. Raises RefusedError."""
        query = self._within_views(_check(request), request.resource_names)
        digest = _digest(request)
        token = _read_token(request.page_token, digest)
        result = self._find(query)
        self._quota.spend(query.projects)
        if self._empty_pages and token.page % self._empty_pages == 0:
            return _next_page(_Token(digest, token.page + 1, token.after))
        piece = result.piece(
            token.after,
            request.page_size or DEFAULT_PAGE_SIZE,
            now=None if self._now is None else _nanoseconds(self._now()),
            duplicates=self._duplicates,
        )
        page = b"".join([entry.wire for entry in piece.entries])
        return page + _next_page(_Token(digest, token.page + 1, piece.last)) if piece.more else page

    def _within_views(self, query: Query, names: Iterable[str]) -> Query:
        """Hold a query to what is readable, and to what its views hold. Raises RefusedError, for all of it, as Google does."""
        for name in names:
            if self.readable is not None and not self.readable & {name, f"projects/{_project(name)}"}:
                raise RefusedError(grpc.StatusCode.PERMISSION_DENIED, "Permission denied for all log views")
        filters = [self.views[name] for name in names if name in self.views]
        if len(set(filters)) > 1 or (filters and len(filters) < len(list(names))):
            raise invalid("views of different filters in one request are not offered here")
        return replace(query, filter="\n".join([query.filter, *filters[:1]])) if filters else query

    def _find(self, query: Query) -> Result:
        try:
            return self._store.find(query)
        except FilterError as exc:
            raise invalid(str(exc)) from exc


def _check(request: Any) -> Query:
    if not 0 <= request.page_size <= MAX_PAGE_SIZE:
        raise invalid(f"page_size {request.page_size} is not between 0 and {MAX_PAGE_SIZE}")
    if not 1 <= len(request.resource_names) <= MAX_RESOURCE_NAMES:
        raise invalid(f"{len(request.resource_names)} resource_names; 1 to {MAX_RESOURCE_NAMES} are needed")
    if request.order_by not in _DESCENDING:
        raise invalid(f"order_by '{request.order_by}' is neither 'timestamp asc' nor 'timestamp desc'")
    if len(request.filter) > MAX_FILTER_CHARS:
        raise invalid(f"filter of {len(request.filter)} characters is longer than {MAX_FILTER_CHARS}")
    projects = {_project(name): None for name in request.resource_names}
    return Query(tuple(projects), request.filter, _DESCENDING[request.order_by])


def _project(resource_name: str) -> str:
    found = _RESOURCE.fullmatch(resource_name)
    if found is None:
        raise invalid(f"resource name '{resource_name}' is neither a project nor a view of a project's bucket")
    return found[1]


def _digest(request: Any) -> str:
    fixed = [list(request.resource_names), request.filter, request.order_by, request.page_size]
    return hashlib.sha256(json.dumps(fixed).encode()).hexdigest()


def _read_token(text: str, digest: str) -> _Token:
    if not text:
        return _Token(digest, 1, None)
    try:
        token = _Token.from_text(text)
    except (ValueError, TypeError) as exc:
        raise invalid("page_token is not a token of this service") from exc
    if token.request != digest:
        raise invalid("page_token belongs to a request with other parameters")
    return token


def _next_page(token: _Token) -> bytes:
    # Serialized messages strung together are one message: this is the tail of a page.
    return bytes(ListLogEntriesResponse(next_page_token=token.to_text()).SerializeToString())


def _nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
