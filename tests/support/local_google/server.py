"""gRPC servers on this machine's loopback address."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Self

import grpc

from tests.support.local_google.calls import Fault, Received
from tests.support.local_google.logging_service import LoggingService
from tests.support.local_google.metric_store import Stored
from tests.support.local_google.monitoring_service import MonitoringService, Written

_WORKERS = 8


def real_time() -> datetime:
    """Give the time."""
    return datetime.now(UTC)  # noqa: TID251 - a service has a clock of its own


class LocalServer:
    """A gRPC server with the given generic handlers, listening from its making until `stop`."""

    def __init__(self, handlers: Iterable[Any], *, port: int = 0) -> None:
        """Port 0 takes a free one. Raises RuntimeError where the port is taken."""
        options = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", -1)]
        self._server = grpc.server(ThreadPoolExecutor(_WORKERS), handlers=tuple(handlers), options=options)
        self.port: int = self._server.add_insecure_port(f"127.0.0.1:{port}")
        self._server.start()

    @property
    def address(self) -> str:
        """Give `host:port`, as channels want it."""
        return f"127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Cancel what is under way and close the port."""
        self._server.stop(grace=None).wait()

    def __enter__(self) -> Self:
        """Give the server, which is listening already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()


class ServiceServer(LocalServer):
    """A server of one service, whose calls can be looked at and disturbed."""

    def __init__(self, service: LoggingService | MonitoringService, *, port: int) -> None:
        """Serve it."""
        self.calls = service.calls
        super().__init__([service.handler()], port=port)

    @property
    def requests(self) -> list[Received]:
        """Every request received, in order, refused ones too."""
        return self.calls.requests

    @property
    def faults(self) -> list[Fault | None]:
        """What happens to the next calls, one a call; None is a call without a fault."""
        return self.calls.faults

    @faults.setter
    def faults(self, faults: Iterable[Fault | None]) -> None:
        self.calls.faults = list(faults)


class LoggingServer(ServiceServer):
    """A stand-in for Cloud Logging that serves the given entries."""

    def __init__(
        self,
        entries: Iterable[Any] = (),
        *,
        port: int = 0,
        quota: int | None = 60,
        empty_pages: int = 0,
        duplicates: bool = False,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        """Serve raw LogEntry messages.

        quota: accepted calls per project in any 60 s of `clock`, which gives seconds; None for no limit.
        empty_pages: every n-th page of a walk is empty and has a token; 0 for none, else at least 2.
        duplicates: give entries of equal log name, timestamp and insert id as often as they were added.
        now: an aware time; entries received later are not seen yet. None sees every entry.
        """
        self.service = LoggingService(quota=quota, empty_pages=empty_pages, duplicates=duplicates, clock=clock, now=now)
        self.service.add(entries)
        super().__init__(self.service, port=port)

    def add(self, entries: Iterable[Any]) -> None:
        """Store more raw LogEntry messages while serving."""
        self.service.add(entries)


class MonitoringServer(ServiceServer):
    """A stand-in for Cloud Monitoring that takes user-defined metrics."""

    def __init__(
        self,
        *,
        port: int = 0,
        now: Callable[[], datetime] = real_time,
        places: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Serve, with nothing written.

        now: an aware time, against which points are too old or in the future.
        places: refusals name the refused series, `timeSeries[0-31]`; else only the reasons are listed. Both have been seen.
        clock: gives seconds, for `requests`.
        """
        self._service = MonitoringService(now=now, clock=clock, places=places)
        super().__init__(self._service, port=port)

    def written(self, project: str) -> list[Written]:
        """Give every point of a project, series by series and oldest first."""
        return self._service.written(project)

    def put(self, project: str, series: Iterable[Stored]) -> None:
        """Take series that the platform itself has written."""
        self._service.store.put(project, series)

    @property
    def hiccups(self) -> dict[str, int]:
        """Metric type to how many of its next points fail with an internal error; to be filled."""
        return self._service.store.hiccups


class GoogleServer(LocalServer):
    """Cloud Logging and Cloud Monitoring behind one port; each service has its own `calls.requests` and `calls.faults`."""

    def __init__(
        self,
        entries: Iterable[Any] = (),
        *,
        port: int = 0,
        quota: int | None = 60,
        empty_pages: int = 0,
        duplicates: bool = False,
        clock: Callable[[], float] = time.monotonic,
        visible: Callable[[], datetime] | None = None,
        now: Callable[[], datetime] = real_time,
        places: bool = True,
    ) -> None:
        """Serve; `visible` is what `LoggingServer` calls `now`, `now` and `places` are those of `MonitoringServer`."""
        self.logging = LoggingService(quota=quota, empty_pages=empty_pages, duplicates=duplicates, clock=clock, now=visible)
        self.logging.add(entries)
        self.monitoring = MonitoringService(now=now, clock=clock, places=places)
        super().__init__([self.logging.handler(), self.monitoring.handler()], port=port)
