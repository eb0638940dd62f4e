"""What one entry says: a summary of counters, a slow request, or the reason why nothing could be read.

Every shape that the application has been seen to log is told apart here, and nowhere else.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from traceback import walk_tb
from typing import Any, NamedTuple

import msgspec

from logwatch.collect.entries import Entry
from logwatch.collect.redaction import redact
from logwatch.collect.shapes.counters import respell, texts_within, unwrap_struct
from logwatch.languages import Worded


@dataclass(frozen=True, slots=True)
class LogShape:
    """How an application writes what is counted; without a marker, nothing is."""

    summary: str | None = None
    """The message of a summary of counters."""
    slow_request: str | None = None
    """The message of a slow request; None where the application logs none."""
    logger_keys: frozenset[str] = frozenset({"message"})
    """Keys that stand beside the counters in a summary's payload and are none."""
    known: Mapping[str, tuple[str, ...]] | None = field(default=None, hash=False)
    """The counters that are known, and their labels: a summary without any that can be read says nothing of the others.

    None where nobody has named any: then each counter will do.
    """

    @property
    def markers(self) -> tuple[str, ...]:
        """The messages of everything that is judged."""
        return tuple(filter(None, (self.summary, self.slow_request)))

    def knows(self, key: str) -> bool:
        """Tell whether a counter's key is of one that is known."""
        return self.known is None or key in self.known or series_name(key) in self.known


NOTHING_COUNTS = LogShape()


UNANSWERED = "endpoints.unanswered"
"""How many of the endpoints gave no answer."""
SILENT_MINUTES = "telemetry.silent_minutes"
"""Minutes since the last summary, while other lines or the endpoints show that the service is alive."""
VANISHED_COUNTERS = "telemetry.vanished_counters"
"""Counters that rules read and that no longer come, while something says where their figures may stand."""
STOPPED_MINUTES = "telemetry.stopped_minutes"
"""Minutes since the last summary where no idleness explains that neither they nor anything else comes."""
UNHEARD_MINUTES = "telemetry.unheard_minutes"
"""Minutes of waiting for a service that has never logged anything."""
REFUSED_MINUTES = "source.refused_minutes"
"""Minutes for which the source of the log lines has given none."""
LATE_MINUTES = "telemetry.late_minutes"
"""Minutes that the newest lines took to arrive."""
OWN_GAUGES = (UNANSWERED, LATE_MINUTES, SILENT_MINUTES, VANISHED_COUNTERS, STOPPED_MINUTES, UNHEARD_MINUTES, REFUSED_MINUTES)
"""Gauges of logwatch's own, beside those of the service."""
BLIND = {SILENT_MINUTES, VANISHED_COUNTERS, STOPPED_MINUTES, UNHEARD_MINUTES, REFUSED_MINUTES}
"""Those of them that say that something cannot be seen."""


class Reason(Worded, families=("reason", "mend")):
    """Why an entry was not understood, and what mends it."""

    NOT_JSON = "not_json"
    CUT_OFF = "cut_off"
    TOO_LONG = "too_long"
    NOT_AN_ENTRY = "not_an_entry"
    NO_TIMESTAMP = "no_timestamp"
    TIMESTAMP_ABSURD = "timestamp_absurd"
    """A time before 2010 or after 2099, or months apart from nearly all others of a recording."""
    UNREADABLE = "unreadable"
    """Reading the entry failed in a way that nobody foresaw."""
    COUNTERS_LOST = "counters_lost"
    COUNTERS_UNKNOWN = "counters_unknown"
    """A summary without one counter that is known and can be read: its zeros would be nobody's."""
    UNKNOWN_SHAPE = "unknown_shape"
    """What marks a summary or a slow request stands somewhere in it, and not where it is looked for."""
    BAD_SLOW_REQUEST = "bad_slow_request"
    INCOMPLETE_BLOCK = "incomplete_block"
    DAMAGED_GZIP = "damaged_gzip"
    DAMAGED_ZSTD = "damaged_zstd"


class Flaw(Worded, families=("flaw",)):
    """What is wrong with one counter of a summary that is otherwise understood."""

    NEGATIVE = "negative"
    NOT_FINITE = "not_finite"
    NOT_A_NUMBER = "not_a_number"
    MALFORMED_KEY = "malformed_key"
    """Kept all the same, under the whole key as its name."""


class Summary(msgspec.Struct, frozen=True):
    """What one instance counted in the 60 s that end at the entry's timestamp: series key to count."""

    counters: dict[str, float]
    flaws: tuple[tuple[Flaw, str], ...]
    """Counters that cannot be read: neither zero nor anything else, but unknown."""


class SlowRequest(msgspec.Struct, frozen=True):
    """One request above its threshold; `route` has no query string and its ids are folded to `:id`."""

    label: str
    duration_ms: float
    method: str
    route: str
    status: int


class BlockLine(msgspec.Struct, frozen=True):
    """One line of pretty-printed text that only means something together with its neighbours."""

    text: str


class Ignored(msgspec.Struct, frozen=True):
    """An entry of no concern."""


class Unparsed(msgspec.Struct, frozen=True):
    """An entry that should have been understood and was not."""

    reason: Reason
    keys: tuple[str, ...] = ()
    """What stood where counters should, or what could not be read and where in the code."""


Parsed = Summary | SlowRequest | BlockLine | Ignored | Unparsed

IGNORED = Ignored()
MOST_SHOWN = 200
"""Characters of an entry that reading failed on which are shown."""


def parse_entry(entry: Entry, shape: LogShape) -> Parsed:
    """Tell what an entry says; whatever it holds, it costs no more than itself."""
    try:
        return _parse(entry, shape)
    except Exception as error:  # noqa: BLE001 - that is the point
        return unreadable(error, entry.text if entry.payload is None else repr(entry.payload)[:MOST_SHOWN])


def unreadable(error: Exception, what: str | None) -> Unparsed:
    """Say that reading an entry failed, with a redacted excerpt of it and the place in the code."""
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    own = [frame for frame in frames if frame.f_globals.get("__name__", "").startswith("logwatch.")] or frames
    place = f"{own[-1].f_globals.get('__name__')}:{own[-1].f_lineno}" if own else ""
    return Unparsed(Reason.UNREADABLE, (f"{type(error).__name__} at {place}", redact((what or "")[:MOST_SHOWN])))


def _parse(entry: Entry, shape: LogShape) -> Parsed:
    payload = entry.payload
    if payload is not None:
        return _parse_payload(payload, shape)
    if entry.text is not None:
        return _parse_text(entry.text, shape)
    return IGNORED


def _parse_payload(payload: dict[str, Any], shape: LogShape) -> Parsed:
    message = payload.get("message")
    if message is None and (plain := unwrap_struct(payload)) is not None:
        payload, message = plain, plain.get("message")
    if message is not None and message == shape.summary:
        return parse_summary(payload, shape)
    if message is not None and message == shape.slow_request:
        return parse_slow_request(payload)
    if isinstance(message, str):  # a marker elsewhere is what a user wrote
        return _parse_message(message, shape)
    marked = any(text.strip() in shape.markers for text in texts_within(payload))
    return Unparsed(Reason.UNKNOWN_SHAPE) if marked else IGNORED


def _parse_message(message: str, shape: LogShape) -> Parsed:
    """Read a message that is what one text would be: the marker and an object."""
    for marker in shape.markers:
        body = message[len(marker) :].strip() if message.startswith(marker) else ""
        if body.startswith("{") and body != "{":
            return _parse_body(marker, body, shape)
    return IGNORED


_NUMBERS = {int, float}
LARGEST = sys.float_info.max
"""Whole numbers in JSON may be larger than any float."""
EXACT = 2.0**53
"""The largest count beside which another of 1 is not lost."""


def parse_summary(payload: dict[str, Any], shape: LogShape) -> Summary | Unparsed:
    """Take the counters out of a summary's payload: each key whose value is a number of 0 or more.

    A counter that is absent is zero, but only on the word of one that is known and can be read.
    """
    counters = {key: value for key, value in payload.items() if key not in shape.logger_keys}
    values = counters.values()
    # A sum is not finite as soon as one of its numbers is not, and all is well nearly always.
    numbers = bool(counters) and set(map(type, values)) <= _NUMBERS
    if numbers and min(values) >= 0 and max(values) <= LARGEST and sum(values) <= LARGEST and any(map(shape.knows, counters)):
        return Summary(counters, ())
    if not counters:
        return Unparsed(Reason.COUNTERS_LOST)
    summary = _sort_out(counters)
    if not any(map(shape.knows, summary.counters)):
        spelled = respell(counters, shape.known)
        summary = _sort_out({key: value for key, value in spelled.items() if key not in shape.logger_keys})
    if not any(map(shape.knows, summary.counters)):
        return Unparsed(Reason.COUNTERS_UNKNOWN, tuple(counters))
    return summary


def _sort_out(counters: dict[str, Any]) -> Summary:
    """Tell counters that can be read from those that cannot."""
    flaws = tuple((flaw, key) for key, value in counters.items() if (flaw := _find_flaw(value)))
    flawed = {key for _, key in flaws}
    return Summary({key: value for key, value in counters.items() if key not in flawed}, flaws)


def _find_flaw(value: object) -> Flaw | None:
    if type(value) is not int and type(value) is not float:
        return Flaw.NOT_A_NUMBER
    if not -LARGEST <= value <= LARGEST:
        return Flaw.NOT_FINITE
    return Flaw.NEGATIVE if value < 0 else None


def parse_slow_request(payload: dict[str, Any]) -> SlowRequest | Unparsed:
    """Take a slow request out of its payload; label and duration are needed, the rest may be missing."""
    duration, label = payload.get("durationMs"), payload.get("label")
    if type(duration) not in (int, float) or not 0 <= duration <= LARGEST or not isinstance(label, str):  # type: ignore[operator]
        return Unparsed(Reason.BAD_SLOW_REQUEST)
    status, url = payload.get("statusCode"), payload.get("url")
    return SlowRequest(
        label=label,
        duration_ms=float(duration),  # type: ignore[arg-type]
        method=str(payload.get("method") or "")[:20],
        route=fold_route(url) if isinstance(url, str) else "",
        status=int(status) if type(status) in (int, float) and 0 <= status < 1000 else 0,  # type: ignore[arg-type,operator]
    )


_QUERY = re.compile(r"[?#;&%](?:(?<!%)|3[fFbB]|2[36]).*")  # one set of characters in front, which a search skips to
_ORIGIN = re.compile(r"^(?:\w+:)?//[^/\n]*", re.MULTILINE)
_ID = re.compile(
    r"/(?:\d+|[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4,})*|(?=[^/\n]*\d)[^/\n]{20,}|(?=(?:[^/\n\d]*\d){6})[^/\n]+)(?=/|$)", re.MULTILINE
)


def fold_routes(urls: Sequence[str]) -> list[str]:
    """Give each URL's path without query, fragment or origin, ids folded to `:id`; a URL ends at a line break.

    All of them are folded as the lines of one text: that takes a third of the time.

    >>> fold_routes(["/api/v1/store/products/94368?q=x&token=secret", "https://api.example.com/health"])
    ['/api/v1/store/products/:id', '/health']
    """
    lines = "\n".join([url.partition("\n")[0] for url in urls])
    without_query = _QUERY.sub("", lines)
    without_origin = _ORIGIN.sub("", without_query) if "//" in without_query else without_query
    paths = _ID.sub("/:id", without_origin).split("\n")
    return [path[:200] for path in paths] if urls else []


def fold_route(url: str) -> str:
    """Give one URL's path, as `fold_routes` does."""
    return fold_routes([url])[0]


# 2026-08-20 00:00:48 ESC[32minfoESC[39m: ESC[32m[Metrics] summaryESC[39m
_CONSOLE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \w+: (.*)", re.DOTALL)
_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_BLOCK_LINE = re.compile(r'(?:\s+["{}\[\]]|[{}]$)')


def strip_console(text: str) -> str:
    """Give what a line of the development console says, without colours, time and level; any other text as it is."""
    if "\x1b" in text:
        text = _COLOUR.sub("", text)
    text = text.rstrip()
    console = _CONSOLE.fullmatch(text)
    return console[1] if console else text


def _parse_text(text: str, shape: LogShape) -> Parsed:
    text = strip_console(text)
    for marker in shape.markers:
        if text.startswith(marker):
            return _parse_body(marker, text[len(marker) :].strip(), shape)
    if _BLOCK_LINE.match(text):
        return BlockLine(text)
    if text.startswith("{") and any(marker in text for marker in shape.markers):
        return _parse_body("", text, shape)
    return IGNORED


def _parse_body(marker: str, body: str, shape: LogShape) -> Parsed:
    """Read `{…}` behind a marker; `{` alone opens a pretty-printed block."""
    if not body:
        return Unparsed(Reason.COUNTERS_LOST)
    if body == "{":
        return BlockLine(f"{marker} {{")
    if not body.startswith("{"):
        return IGNORED
    payload = load_object(body)
    if payload is None:
        return Unparsed(Reason.CUT_OFF if marker and not body.endswith("}") else Reason.NOT_JSON)
    return _parse_payload({**payload, "message": marker} if marker else payload, shape)


def load_object(text: str | bytes) -> dict[str, Any] | None:
    """Read a JSON object, forgiving what log lines are seen to hold: NaN, raw control characters, foreign bytes."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class Block(NamedTuple):
    """Entries of one instance that together made one thing, or a rest that made none."""

    parsed: Parsed
    first: int
    """Index of the block's first line among the lines given."""
    lines: int


def assemble_blocks(texts: Iterable[str], shape: LogShape) -> Iterator[Block]:
    """Put the block lines of one instance, in order of time, together again.

    A block opens with `… {`, or with `{` alone, and closes with `}` in the first column. Lines outside any
    block are ignored; a block that never closes is unparsed, all its lines.
    """
    first, open_lines = 0, list[str]()
    index = -1
    for index, text in enumerate(texts):
        opens = text[0] in "[{"
        if open_lines and opens:
            yield Block(Unparsed(Reason.INCOMPLETE_BLOCK), first, len(open_lines))
            open_lines = []
        if not open_lines:
            first = index
            if not opens:
                yield Block(IGNORED, index, 1)
                continue
        open_lines.append(text)
        if text == "}":
            yield Block(_close_block(open_lines, shape), first, len(open_lines))
            open_lines = []
    if open_lines:
        yield Block(Unparsed(Reason.INCOMPLETE_BLOCK), first, len(open_lines))


def _close_block(lines: list[str], shape: LogShape) -> Parsed:
    try:
        return _parse_block(lines, shape)
    except Exception as error:  # noqa: BLE001 - a block costs no more than its own lines
        return unreadable(error, "\n".join(lines)[:MOST_SHOWN])


def _parse_block(lines: list[str], shape: LogShape) -> Parsed:
    marker = lines[0][:-1].strip()
    payload = load_object("{" + "\n".join(lines[1:]))
    if payload is None:
        return Unparsed(Reason.INCOMPLETE_BLOCK)
    return _parse_payload({**payload, "message": marker} if marker else payload, shape)


MOST_APART = 500
"""Values of a label that are told apart; ids where a shop's name belongs would make them without end."""
OTHERS = "(other)"
"""The value that stands for all others, which count in sums and are judged nowhere else."""


class Series(NamedTuple):
    """A counter's name and labels, read from its key."""

    name: str
    labels: Mapping[str, str]


def series_name(key: str) -> str:
    """Give the name of a counter out of its key, as `parse_series` does."""
    return key.partition("{")[0] if key.endswith("}") else key


def is_malformed(key: str) -> bool:
    """Tell whether a counter's key opens labels that it does not close."""
    return "{" in key and not key.endswith("}")


_LABELLED = re.compile(r"([^{]+)\{(.*)\}", re.DOTALL)


@lru_cache(1 << 14)  # a run reads the same keys again for each window
def parse_series(key: str) -> Series:
    """Read a counter's key: `metric` or `metric{k1=v1,k2=v2}`.

    Values are not escaped and may hold commas, equals signs and braces, so labels are split only where a
    comma stands before `word=`. A key of another form is a name as it stands, without labels.

    >>> parse_series("slow.api{path=/a,b=c,method=GET}")
    Series(name='slow.api', labels={'path': '/a', 'b': 'c', 'method': 'GET'})
    """
    match = _LABELLED.fullmatch(key)
    if match is None:
        return Series(key, {})
    pairs = (part.partition("=") for part in re.split(r",(?=\w+=)", match[2]))
    return Series(match[1], {label: value for label, _, value in pairs})


def write_series(series: Series) -> str:
    """Give a series' key.

    >>> write_series(Series("slow.api", {"path": "/a", "method": "GET"}))
    'slow.api{path=/a,method=GET}'
    """
    labels = ",".join(f"{label}={value}" for label, value in series.labels.items())
    return f"{series.name}{{{labels}}}" if labels else series.name
