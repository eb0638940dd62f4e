"""Serve files of entries, and take metrics, until SIGTERM or Ctrl-C: `python -m tests.support.local_google FILE...`."""

import argparse
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.support.local_google.loading import load_entries, repeat
from tests.support.local_google.server import GoogleServer, real_time


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.local_google", description="Serve entries as Cloud Logging, and be Cloud Monitoring."
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="NDJSON, one LogEntry a line")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--quota", type=int, default=60, help="calls per project in 60 s; 0 for no limit (default 60)")
    parser.add_argument("--empty-pages", type=int, default=0, help="every n-th page is empty; 0 for none (default)")
    parser.add_argument("--repeat", type=int, default=1, help="serve the entries this often, shifted in time (default 1)")
    parser.add_argument(
        "--now",
        type=_clock,
        default=real_time,
        metavar="TIME",
        help="time of Cloud Monitoring's clock at the start, such as 2026-02-24T00:00:00Z; it goes on from there (default: real)",
    )
    return parser.parse_args()


def _clock(text: str) -> Callable[[], datetime]:
    """Give a clock that shows that time now."""
    moment = datetime.fromisoformat(text)
    start = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    begun = time.monotonic()
    return lambda: start + timedelta(seconds=time.monotonic() - begun)


def main() -> None:
    """Load, listen, say where, and wait for the signal to stop."""
    arguments = _arguments()
    # Blocked before any thread starts, so that every thread leaves the signals to the wait below.
    stops = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    entries = [entry for path in arguments.files for entry in load_entries(path)]
    with GoogleServer(
        repeat(entries, arguments.repeat),
        port=arguments.port,
        quota=arguments.quota or None,
        empty_pages=arguments.empty_pages,
        now=arguments.now,
    ) as server:
        print(f"listening on {server.address}", flush=True)  # noqa: T201  this line is the command's result
        signal.sigwait(stops)


if __name__ == "__main__":
    main()
