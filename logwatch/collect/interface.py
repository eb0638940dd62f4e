"""What the pipeline expects of the adapters that it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol, runtime_checkable

from logwatch.errors import SourceError

if TYPE_CHECKING:
    from datetime import datetime

    from logwatch.collect.columns import Reading
    from logwatch.seams import Seams
    from logwatch.spans import Span

STRICT = {"extra": "forbid", "use_attribute_docstrings": True}
"""How records that a YAML file may hold are read: nothing in them that is not known; their docstrings are the schema's."""

Progress = Callable[[str, float | None], None]
"""Called with a few words and the share done (0 to 1, or None where nobody can know)."""


@dataclass(frozen=True, slots=True)
class Line:
    """One log line that holds a searched text."""

    at: datetime
    """The entry's own time, aware UTC, cut to microseconds."""
    text: str
    """The message and the error's text beside it, redacted: one printable line of at most `redaction.MOST` characters."""
    code: str
    """A response code that the line names, such as `400` or `REJECT_CARD_COMPANY`; empty where it names none."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found in a span."""

    lines: tuple[Line, ...]
    """Oldest first; where there were more than wanted, the newest of them."""
    complete: bool
    """Whether these are all: False where there are more, or where not everything could be looked through."""


class OverError(SourceError):
    """There was no time left, or no quota, to ask for more: another run may."""


class CutShortError(SourceError):
    """The time for a read was over, or it failed, when a part of it had come: everything before a time."""

    def __init__(self, error: SourceError, reading: Reading, before: datetime) -> None:
        """Give what went wrong, what had been read, and before which time that is all there is."""
        super().__init__(error.message, where=error.where, hint=error.hint)
        self.reading = reading
        self.before = before
        self.over = isinstance(error, OverError)


class Address(NamedTuple):
    """What a source's address names."""

    project: str
    """The project that is read; empty where a recording is."""
    service: str | None
    """The only service that is read; None where the address does not limit it."""
    resource: str = ""
    """What is read, by the name that the service knows it by: a project, or a view of its logs."""


class ReadPlan(NamedTuple):
    """What a read would take."""

    calls: int
    """Reads out of the project's quota, or queries."""
    seconds: float
    kept_hours: int
    """Hours of the span that were read before and need no call."""
    keeps: bool = False
    """Whether what is read stays, so that a read that breaks off goes on where it was."""
    size: int | None = None
    """Bytes that are read and paid for; None where a read costs nothing."""

    def and_then(self, other: ReadPlan) -> ReadPlan:
        """Give what both take, one after the other."""
        size = None if self.size is None else self.size + (other.size or 0)
        kept = self.kept_hours + other.kept_hours
        return ReadPlan(self.calls + other.calls, self.seconds + other.seconds, kept, self.keeps and other.keeps, size)


class Signs(NamedTuple):
    """What shows that a service lives, by minutes since 1970."""

    lines: frozenset[int] = frozenset()
    """Minutes with an entry of any kind."""
    running: frozenset[int] = frozenset()
    """Minutes in which the platform's own figures show requests, or instances at work."""
    figured: frozenset[int] = frozenset()
    """Minutes for which those figures are whole; none where nobody may read them."""

    def with_(self, other: Signs) -> Signs:
        """Give what either shows."""
        return Signs(*(mine | theirs for mine, theirs in zip(self, other, strict=True)))


class PlatformFigures(Protocol):
    """The platform's own figures of a service."""

    def read(self, span: Span) -> Signs:
        """Give what they show of a span; nothing where they may not be read."""
        ...

    def fetch(self, span: Span) -> Signs:
        """Likewise. Raises SourceError where they may not be read."""
        ...


class Life(Protocol):
    """Who can be asked whether a service lives."""

    def signs(self, span: Span) -> Signs:
        """Give what shows life in a span. Raises SourceError."""
        ...

    def ever(self, span: Span) -> bool:
        """Tell whether anything was ever logged in a span. Raises SourceError."""
        ...


class Source(Protocol):
    """Where entries come from."""

    recorded: bool
    """Whether it is a recording, whose end is "now", or goes on."""
    service: str | None
    """The only service that its address names."""

    @property
    def kept(self) -> bool:
        """Whether all of it can be read again: what came through a pipe gives no sign of life afterwards."""
        ...

    def read(
        self,
        span: Span | None,
        *,
        service: str | None,
        progress: Progress,
        meanwhile: Callable[[], object],
        came_after: datetime | None = None,
    ) -> Reading:
        """Read the entries of `span`; a recording gives all it has and takes None.

        `service` leaves out the entries of other Cloud Run services. `meanwhile` is called once, early, and
        may take its time: reading goes on beside it where it can. `came_after` leaves out what had arrived before; a
        recording takes None. Raises SourceError, and CutShortError with what had come.
        """
        ...

    def plan(self, spans: Sequence[Span], *, service: str | None) -> ReadPlan | None:
        """Estimate what it takes to `read` each of some spans; None where that is too little for a word. Raises SourceError."""
        ...

    def bill(self) -> ReadPlan | None:
        """Give what has been read so far and is paid for; None where reading costs nothing."""
        ...

    def last_seen(self, span: Span, *, service: str | None) -> datetime | None:
        """Give the time of the latest entry of any kind in the span: a sign of life; None where there is none.

        Asked only when no summary has come for a while. Raises SourceError.
        """
        ...

    def seen_minutes(self, span: Span, *, service: str | None) -> frozenset[int]:
        """Give the minutes since 1970 of the span in which anything was logged, of any kind. Raises SourceError.

        A few reads, however long the span is: where more was logged than they hold, what lies between signs of dense life
        counts as life.
        """
        ...

    def filter(self, span: Span, service: str | None) -> str | None:
        """Give what `read` would ask for, in the service's own words; None where nothing is asked."""
        ...

    def within(self, budget_s: float) -> Source:
        """Give the same source as evidence is looked up in it: it gives up after so many seconds of failing or waiting."""
        ...

    def ending(self, left_s: float) -> Source:
        """Give the same source for so many seconds from now: after that it asks for nothing more, and raises SourceError."""
        ...

    def project_logs(self) -> LogProject | None:
        """Give it as a project that one can look around in; None where there is none."""
        ...

    def search(self, text: str, span: Span, *, service: str | None, most: int) -> SearchResult:
        """Give the newest `most` log lines of the span whose message or text holds `text`, letter by letter.

        Each entry counts once. Raises SourceError.
        """
        ...


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """How an endpoint says that it is switched off."""

    at: str
    """Where its code stands in the answer."""
    code: str
    means: str
    """What that is, in a few words of English."""
    flag: str
    """Name of the flag that is false then."""
    __pydantic_config__: ClassVar = STRICT


@dataclass(frozen=True, slots=True)
class ShownCounters:
    """Where an answer has counters, and which of them are of interest."""

    at: str
    """Place of the object of counters."""
    begin: tuple[str, ...]
    """What the names of those begin with that are of interest."""
    __pydantic_config__: ClassVar = STRICT


@dataclass(frozen=True, slots=True)
class EndpointShape:
    """One endpoint, and where in its answer stands what is wanted: keys with dots between them, by the names that they get."""

    path: str
    token: bool = False
    """Whether it is behind the login of LOGWATCH_OPS_TOKEN."""
    absent: int | None = None
    """HTTP status of a build that has no such part."""
    switched_off: SwitchedOff | None = None
    within: str = ""
    """Where the object stands that must not be empty, and that all other places are in."""
    good: tuple[str, ...] = ()
    """What its status is called when all is well."""
    fair: tuple[str, ...] = ()
    """What its status is called when it works, and not well."""
    bad: tuple[str, ...] = ()
    """What its status, or a component's, is called when it does not work: an answer all the same."""
    down: dict[str, str] = field(default_factory=dict)
    """Gauges that are 1 while something does not work and 0 while it does: `status`, or a component's name, to gauge."""
    words: dict[str, str] = field(default_factory=dict)
    """Words, by name; `status` is how it is."""
    flags: dict[str, str] = field(default_factory=dict)
    """What is true or false, by name."""
    components: str | None = None
    """Place of a list of objects with `component` and `status`."""
    figures: dict[str, str] = field(default_factory=dict)
    """Figures, by name."""
    nullable: tuple[str, ...] = ()
    """Figures that are null where there was nothing to count."""
    needs: str | None = None
    """The figure that is missed where the status is good or fair."""
    gauges: dict[str, str] = field(default_factory=dict)
    """Figures that are measured values: name to gauge."""
    counters: ShownCounters | None = None
    __pydantic_config__: ClassVar = STRICT


@dataclass(frozen=True, slots=True)
class Answer:
    """What one endpoint answered, or why it did not."""

    path: str
    at: datetime
    status: int | None
    """HTTP status; None where there was no answer."""
    error: str = ""
    """Why there was no usable answer; never holds a secret or an address with a password."""
    details: dict[str, float | str | None] | None = None
    """Figures and words out of the answer, flat, by the names that the endpoint's shape gives them."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One look at every endpoint."""

    answers: tuple[Answer, ...]
    gauges: dict[str, float]
    """Series as in `Service.gauges` to value; an endpoint that does not apply gives none."""


@runtime_checkable
class SharedSource(Protocol):
    """A source that several targets of one project may read over one connection, out of one quota."""

    def joining(self, other: object) -> Source:
        """Give a source of the same entries that has what another of its project can share."""
        ...


class LogProject(Source, Protocol):
    """A source that can also look around in its project, for whoever finds nothing."""

    calls: int
    """Reads that were made."""

    def anywhere(self) -> Source:
        """Give a source of all of the project's services, wherever they run."""
        ...

    def services(self, span: Span) -> dict[tuple[str, str], int]:
        """Give the services that logged in a span, by name and location, with lines seen of each. Raises SourceError."""
        ...

    def last_of_all(self, span: Span) -> datetime | None:
        """Give the time of the project's latest entry in a span, of whatever it is. Raises SourceError."""
        ...


class Endpoints(Protocol):
    """The service's own endpoints (section 2 of the runbook)."""

    def probe(self, now: datetime, seams: Seams | None = None) -> Probe:
        """Ask all of them at once; trouble is an answer too and never raises."""
        ...
