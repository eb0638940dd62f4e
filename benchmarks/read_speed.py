"""Entries per second from a local Logging server: the library's own iterator against logwatch's source."""

import gc
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from logwatch.collect.live.cloud_logging import CloudLoggingSource, build_filter, judged
from logwatch.collect.live.read_quota import ReadQuota
from logwatch.judge.rules.service import load_log_shape
from logwatch.settings import bundled
from logwatch.spans import Span

PROJECT = "o4o-demo"
SPAN = Span(datetime(2026, 2, 24, tzinfo=UTC), datetime(2026, 3, 24, tzinfo=UTC))
SHAPE = load_log_shape(bundled("rules"))
FILTER = build_filter(SPAN, service=None, location=None, condition=judged(SHAPE))
PAGE_SIZE = 1000
RECORDING = Path("tests/fixtures/logs/calm.ndjson")
"""An hour of 208 summaries and slow requests."""
DEFAULT_ENTRIES = 20_000


def compare_reading(entries: int, rounds: int) -> bool:
    """Print entries per second of both readers; False when one failed or they read different numbers of entries."""
    readers: dict[str, Callable[[str], int]] = {"list_entries": read_with_library, "logwatch": read_with_logwatch}
    speeds: dict[str, list[float]] = {name: [] for name in readers}
    counts: set[int] = set()
    with logging_server(repeat=max(entries // 208, 1)) as address:
        for _ in range(rounds):
            for name in list(speeds):
                gc.collect()  # Nobody pays for another's garbage; each collects its own, though the command would not.
                started = time.perf_counter()
                try:
                    number = readers[name](address)
                except Exception as error:  # noqa: BLE001  Whatever fails in one reader, the other is still measured.
                    print(f"{name}: failed: {error!r}")
                    del speeds[name]
                    continue
                speeds[name].append(number / (time.perf_counter() - started))
                counts.add(number)
    print(f"reading {max(counts, default=0):,} entries from a local server, median of {rounds}")
    for name, speed in speeds.items():
        ratio = f"{median(speed) / median(speeds['list_entries']):.2f}" if "list_entries" in speeds else "-"
        print(f"{name:14}{median(speed):10,.0f} entries/s{ratio:>7}")
    if len(counts) > 1:
        print(f"DIFFERENT numbers of entries: {sorted(counts)}")
    return speeds.keys() == readers.keys() and len(counts) == 1


@contextmanager
def logging_server(repeat: int) -> Iterator[str]:
    """Start the tests' Logging server over a recording, so many times over, in a process of its own; gives its address."""
    options = ["--port", "0", "--quota", "0", "--repeat", str(repeat)]
    command = [sys.executable, "-m", "tests.support.local_google", str(RECORDING), *options]
    root = Path(__file__).parent.parent
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            said = server.stdout.readline()
            if not said.startswith("listening on "):
                raise RuntimeError(f"the server did not start; it said {said!r}")
            yield said.removeprefix("listening on ").strip()
        finally:
            server.terminate()


def read_with_library(address: str) -> int:
    """Read every entry as the library's documentation shows it: `Client.list_entries`."""
    # Imported here, because a large parent would show in the memory that the kernel counts for the commands it starts.
    from tests.support.local_google.clients import handwritten_client

    client = handwritten_client(address, PROJECT)
    entries: Iterator[object] = client.list_entries(page_size=PAGE_SIZE, filter_=FILTER)
    return sum(1 for _ in entries)


def read_with_logwatch(address: str) -> int:
    """Read the same entries through `logwatch.collect.live.cloud_logging`, parsed and in columns, and count them."""
    source = CloudLoggingSource(PROJECT, SHAPE, endpoint=address, quota=ReadQuota(10**6))
    return source.read(SPAN, service=None, progress=lambda *_: None, meanwhile=lambda: None).entries
