"""Write the same NDJSON files of Cloud Logging entries on every machine: `python -m benchmarks.make_input`.

What a file holds is a `Mix`: how many instances write a summary each minute, how many lines there are besides, which counters,
and in which order their keys stand. Only `Random.random` is drawn from: its sequence is the same in every Python version.
"""

import argparse
import json
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import count
from pathlib import Path
from random import Random
from typing import Literal, TypeVar

T = TypeVar("T")

INPUT_FOLDER = Path(__file__).parent / "input"
MB = 1_000_000
SUMMARY = "[OpsMetrics] 60s summary"

START = datetime(2026, 2, 24, tzinfo=UTC)
SECOND = 1_000_000_000  # Times are whole nanoseconds since START.
MINUTE = 60 * SECOND
DUPLICATE_SHARE = 0.005  # Of the summaries.
LATE_SHARE = 0.02  # Of all lines; the others are in the order of their timestamps.

# The kinds of the other lines, as upper bounds of a number from 0 to 1; what is left are access lines.
REQUEST_SHARE, UP_TO_TEXT, UP_TO_ERROR, UP_TO_WARN, UP_TO_EVENT = 0.16, 0.24, 0.30, 0.40, 0.55

REVISION = "o4o-core-api-00412-xot"
RESOURCE = (
    '"resource":{"type":"cloud_run_revision","labels":{"project_id":"o4o-demo","service_name":"o4o-core-api",'
    f'"revision_name":"{REVISION}","configuration_name":"o4o-core-api","location":"asia-northeast3"}}}}'
)
LOG = "projects/o4o-demo/logs/run.googleapis.com%2F"
COMMON = f'"revision":"{REVISION}","service":"o4o-core-api"'

# Name, chance to be in a line, highest value.
COUNTERS = (
    ("cache.error", 0.03, 3),
    ("cache.hit", 1.0, 300),
    ("cache.miss", 1.0, 60),
    *(
        (f"{name}{{service={shop}}}", chance, highest)
        for shop in ("cosmetics", "glycopharm", "kpa")
        for name, chance, highest in (
            ("checkout.attempt", 0.95, 12),
            ("checkout.blocked.stock", 0.1, 3),
            ("checkout.error", 0.02, 2),
            ("checkout.success", 0.95, 10),
            ("payment.confirm.success", 0.9, 8),
            ("payment.prepare", 0.9, 9),
        )
    ),
    ("error.code{code=VALIDATION_ERROR}", 0.2, 6),
    ("request.total{method=GET,status=200}", 1.0, 400),
    ("request.total{method=GET,status=404}", 0.5, 9),
    ("request.total{method=POST,status=201}", 0.8, 40),
    # Rare ones, awkward on purpose: every counter has to work, whatever its key.
    ('auth.failure{reason=invalid "token", expired}', 0.005, 4),
    ("error.code{code=결제_실패}", 0.005, 4),
    ("payment.duplicate.blocked{service=kpa}", 0.01, 3),
    ("slow.api{path=/api/v1/x:y/{id},method=GET}", 0.01, 5),
    ("error.code{code=C:\\temp=1}", 0.001, 2),
    ("surprise", 0.0005, 9),
)
KNOWN = tuple(
    (f"{name}{{service={shop}}}" if number % 3 else name, 1.0, 40)
    for number, (name, shop) in enumerate(
        (f"{stem}.{end}", shop)
        for stem in ("cache", "checkout", "payment", "request")
        for end in ("attempt", "success", "error")
        for shop in ("cosmetics", "glycopharm", "kpa")
    )
)
"""36 counters that every summary has, so that even a query that names each of them can be held against the rest."""
PATHS = tuple(
    (f"slow.api{{path=/api/v1/{part}/{what}{tail},method={method}}}", 0.04, 5)
    for part in ("store", "kpa", "cosmetics", "glycopharm", "auth", "ops")
    for what in ("products", "orders", "members", "catalog", "search")
    for tail in ("", "/:id")
    for method in ("GET", "POST")
)
"""120 counters of which each summary has a few."""
COUNTER_SETS = {"known": KNOWN, "any": COUNTERS, "paths": (*COUNTERS, *PATHS)}

Order = Literal["sorted", "logger", "shuffled"]


@dataclass(frozen=True, slots=True)
class Mix:
    """What a file holds."""

    name: str
    size: int
    """Bytes, nearly."""
    instances: int
    """Each writes a summary a minute."""
    slow_requests: int
    """A minute."""
    others: int
    """A minute: lines that are passed over."""
    keys: str
    """One of COUNTER_SETS."""
    order: Order
    """Sorted, as exports write objects; as the logger writes, each instance in an order of its own; shuffled in each line."""
    seed: int

    @property
    def kept(self) -> float:
        """The share of lines that count."""
        matter = self.instances + self.slow_requests
        return matter / (matter + self.others)


MIXES = (
    Mix("day-any", 49 * MB, 20, 4, 0, "any", "sorted", 101),
    Mix("day-paths", 49 * MB, 20, 4, 0, "paths", "sorted", 102),
    Mix("day-logger", 49 * MB, 20, 4, 0, "paths", "logger", 103),
    Mix("day-shuffled", 49 * MB, 20, 4, 0, "any", "shuffled", 104),
    Mix("day-known", 49 * MB, 20, 4, 0, "known", "logger", 105),
    Mix("sparse-any", 930 * MB, 36, 24, 540, "any", "sorted", 106),
    Mix("sparse-paths", 930 * MB, 40, 14, 546, "paths", "sorted", 107),
    Mix("sparse-logger", 930 * MB, 40, 14, 546, "any", "logger", 108),
    Mix("half-paths", 1060 * MB, 40, 14, 54, "paths", "sorted", 109),
    Mix("half-shuffled", 1060 * MB, 40, 14, 54, "paths", "shuffled", 110),
    Mix("half-known", 1060 * MB, 40, 14, 54, "known", "logger", 111),
    Mix("all-logger", 1060 * MB, 40, 14, 0, "any", "logger", 112),
)

ROUTES = ("store/products", "store/orders", "kpa/members", "cosmetics/catalog", "glycopharm/pharmacies", "auth/session")
QUERY_WITH_SUMMARY = f"?q={SUMMARY}&page=1"
QUERY_SHARE = 0.00005
SLOW_KINDS = (
    ("api", 1000, "GET", "/api/v1/store/products/{}"),
    ("api", 1000, "POST", "/api/v1/kpa/members/{}"),
    ("checkout", 700, "POST", "/api/v1/glycopharm/checkout/{}"),
    ("payment.confirm", 1500, "POST", "/api/v1/payments/confirm/{}"),
)
INFO_MESSAGES = ("Session refreshed", "Order mail queued", "Product view recorded", "Stock synchronised", "Cron tick")
WARN_MESSAGES = ("[ReadCache] GET error, falling back to DB", "Rate limit near", "Deprecated endpoint used")
ERROR_MESSAGES = ("[KPA Checkout] Create order error: timeout", "[GlycoPharm Payment] Confirm error: card declined")
STACK = (
    "Error: timeout\\n    at OrderService.create (/app/dist/services/order.js:214:13)"
    "\\n    at async /app/dist/routes/order.js:88:5"
)
TEXTS = ("npm notice new version available", "(node:1) Warning: connection reset", "Server listening on port 8080")
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"


class LineWriter:
    """Makes lines of each kind; holds the random numbers, the instances and the last insertId."""

    def __init__(self, mix: Mix) -> None:
        """Start the sequence of random numbers that all lines depend on."""
        self.mix = mix
        self.random = Random(mix.seed).random
        self.numbers = count(1)
        self.instances = [self._hex(98) for _ in range(mix.instances)]
        # Between second 3 and 57, so that nobody's summary comes near the edge of a minute.
        self.phases = [3 * SECOND + int(self.random() * 54 * SECOND) for _ in range(mix.instances)]
        counters = sorted((json.dumps(key, ensure_ascii=False), chance, top) for key, chance, top in COUNTER_SETS[mix.keys])
        self.counters = [self._mixed(counters) if mix.order == "logger" else counters for _ in range(mix.instances)]

    def summary(self, time: int, instance: int) -> str:
        """Give one instance's counters of the minute before `time`; a counter that is zero is not printed."""
        random = self.random
        counters = [f"{key}:{1 + int(random() * top)}" for key, chance, top in self.counters[instance] if random() < chance]
        said, own = ('"level":"info"', f'"message":"{SUMMARY}"'), (COMMON, f'"timestamp":"{clock_text(time)}"')
        parts = [*said, *counters, *own]
        if self.mix.order != "logger":
            parts = sorted(parts) if self.mix.order == "sorted" else self._mixed(parts)
        return self._entry(time, instance, "stdout", f'"jsonPayload":{{{",".join(parts)}}}')

    def slow_request(self, time: int) -> str:
        """Make a request above its threshold."""
        label, threshold, method, path = self._one_of(SLOW_KINDS)
        duration = threshold + 1 + int(self.random() ** 3 * 5000)
        query = f"?q=%ED%98%88%EB%8B%B9&token={self._hex(10)}"
        return self._entry(
            time,
            int(self.random() * len(self.instances)),
            "stdout",
            f'"jsonPayload":{{"durationMs":{duration},"label":"{label}","level":"warn","message":"[SlowRequest]",'
            f'"method":"{method}",{COMMON},"statusCode":200,"thresholdMs":{threshold},'
            f'"timestamp":"{clock_text(time)}","url":"{path.format(self._id())}{self._query(query)}"}}',
        )

    def other(self, time: int) -> str:
        """Make a line that is neither: access lines, warnings, errors with a stack, plain text, request-log entries."""
        random, instance, kind = self.random, int(self.random() * len(self.instances)), self.random()
        path = f"/api/v1/{self._one_of(ROUTES)}/{self._id()}{self._query('')}"
        millis = 2 + int(random() * 300)
        if kind < REQUEST_SHARE:
            return self._entry(time, instance, "requests", self._http_request(path, millis))
        if kind < UP_TO_TEXT:
            return self._entry(time, instance, "stderr", f'"textPayload":"{self._one_of(TEXTS)}"')
        if kind < UP_TO_ERROR:
            level, rest = "error", f'"error","message":"{self._one_of(ERROR_MESSAGES)}",{COMMON},"stack":"{STACK}"'
        elif kind < UP_TO_WARN:
            level, rest = "warn", f'"warn","message":"{self._one_of(WARN_MESSAGES)}",{COMMON}'
        elif kind < UP_TO_EVENT:
            level, rest = "info", f'"info","message":"{self._one_of(INFO_MESSAGES)}","pendingItems":{millis},{COMMON}'
        else:
            level, rest = "info", f'"info","message":"GET {path} 200 {millis}ms",{COMMON}'
        log = "stderr" if level == "error" else "stdout"
        return self._entry(time, instance, log, f'"jsonPayload":{{"level":{rest},"timestamp":"{clock_text(time)}"}}')

    def minute(self, start: int) -> Iterator[tuple[int, str]]:
        """All lines of one minute, each with the time at which it arrives in the file; not yet sorted."""
        random = self.random
        makers: list[tuple[int, Callable[[int], str]]] = [
            (self.mix.slow_requests, self.slow_request),
            (self.mix.others, self.other),
        ]
        for instance, phase in enumerate(self.phases):
            time = start + phase + int(random() * 20_000_000)
            line = self.summary(time, instance)
            yield self._arrival(time), line
            if random() < DUPLICATE_SHARE:
                yield time + int(random() * 3 * MINUTE), line
        for number, make in makers:
            for _ in range(number):
                time = start + int(random() * MINUTE)
                yield self._arrival(time), make(time)

    def _arrival(self, time: int) -> int:
        return time + int(self.random() * 20 * SECOND) if self.random() < LATE_SHARE else time

    def _entry(self, time: int, instance: int, log: str, payload: str) -> str:
        # An odd factor modulo 2^96 gives every line an insertId of its own.
        insert_id = next(self.numbers) * 0x9E3779B97F4A7C15F39CC061 & (1 << 96) - 1
        received = time + 200_000_000 + int(self.random() * SECOND)
        return (
            f'{{"insertId":"{insert_id:024x}",{RESOURCE},"timestamp":"{stamp_text(time)}",'
            f'"labels":{{"instanceId":"{self.instances[instance]}"}},"logName":"{LOG}{log}",'
            f'"receiveTimestamp":"{stamp_text(received)}",{payload}}}\n'
        )

    def _http_request(self, path: str, millis: int) -> str:
        return (
            f'"severity":"INFO","trace":"projects/o4o-demo/traces/{self._hex(32)}","httpRequest":{{'
            f'"requestMethod":"GET","requestUrl":"https://api.example.com{path}","requestSize":"512","status":200,'
            f'"responseSize":"{millis * 97}","userAgent":"{AGENT}","remoteIp":"203.0.113.{millis % 250}",'
            f'"latency":"0.{millis:03d}s","protocol":"HTTP/1.1"}}'
        )

    def _query(self, otherwise: str) -> str:
        return QUERY_WITH_SUMMARY if self.random() < QUERY_SHARE else otherwise

    def _mixed(self, items: Sequence[T]) -> list[T]:
        """Give the items in another order."""
        return [item for _, item in sorted(((self.random(), item) for item in items), key=lambda each: each[0])]

    def _one_of(self, choices: tuple[T, ...]) -> T:
        return choices[int(self.random() * len(choices))]

    def _id(self) -> int:
        return 10_000 + int(self.random() * 90_000)

    def _hex(self, digits: int) -> str:
        return "".join(f"{int(self.random() * 16**8):08x}" for _ in range(0, digits, 8))[:digits]


def stamp_text(time: int) -> str:
    """`time` as Cloud Logging prints it: RFC 3339 with nine decimals."""
    return f"{_minute_text(time // MINUTE)}:{time % MINUTE // SECOND:02d}.{time % SECOND:09d}Z"


def clock_text(time: int) -> str:
    """`time` as the application's own logger prints it: without a zone."""
    return f"{_minute_text(time // MINUTE).replace('T', ' ')}:{time % MINUTE // SECOND:02d}"


@lru_cache(maxsize=16)
def _minute_text(minute: int) -> str:
    return (START + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M")


def lines(mix: Mix) -> Iterator[str]:
    """Entries without end, in the order in which they arrive."""
    writer = LineWriter(mix)
    waiting: list[tuple[int, str]] = []
    for start in count(0, MINUTE):
        waiting = sorted([*waiting, *writer.minute(start)])
        arrived = bisect_left(waiting, (start + MINUTE, ""))
        yield from (line for _, line in waiting[:arrived])
        del waiting[:arrived]


def make_input(path: Path, mix: Mix, size: int) -> Path:
    """Write lines to `path` until it has `size` bytes; an interrupted run leaves no half file under that name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        written = 0
        for line in lines(mix):
            file.write(line)
            written += len(line)
            if written >= size:
                break
    return unfinished.replace(path)


def main() -> None:
    """Write the files that the arguments ask for."""
    known = {mix.name: mix for mix in MIXES}
    parser = argparse.ArgumentParser(prog="python -m benchmarks.make_input", description=main.__doc__)
    parser.add_argument("names", nargs="+", choices=known)
    parser.add_argument("--scale", type=float, default=1.0, help="of the files' sizes (default %(default)s)")
    parser.add_argument("--folder", type=Path, default=INPUT_FOLDER, help="default: benchmarks/input")
    arguments = parser.parse_args()
    for name in arguments.names:
        path = make_input(arguments.folder / f"{name}.ndjson", known[name], int(known[name].size * arguments.scale))
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
