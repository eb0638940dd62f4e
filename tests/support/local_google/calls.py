"""What is the same for every method of every service: the record of requests, the faults, the quota, the refusals."""

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import grpc

QUOTA_WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call: a wait, then a status; without a status the call is answered after the wait."""

    code: grpc.StatusCode | None = None
    delay_s: float = 0.0
    message: str = "a fault asked for by the test"
    carried_out: bool = False
    """Whether the call has its effect before all this, so that only its answer is lost."""


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in, whatever became of it."""

    method: str
    message: Any
    """The raw protobuf request."""
    metadata: dict[str, str | bytes]
    at: float
    """Seconds on the server's clock."""


class RefusedError(Exception):
    """The request is answered with a status other than OK."""

    def __init__(self, code: grpc.StatusCode, message: str, status: bytes = b"") -> None:
        """Say which status and why; `status` is a serialized google.rpc.Status for what one line cannot say."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def invalid(message: str) -> RefusedError:
    """Give the refusal of a request that breaks a rule of the interface."""
    return RefusedError(grpc.StatusCode.INVALID_ARGUMENT, message)


class Quota:
    """At most `limit` accepted calls per project in any 60 s; refused calls do not count. None means no limit."""

    def __init__(self, limit: int | None, clock: Callable[[], float]) -> None:
        """`clock` gives seconds."""
        self._limit = limit
        self._clock = clock
        self._accepted: defaultdict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def spend(self, projects: Iterable[str]) -> None:
        """Count one call for each project, or raise RefusedError and count none."""
        if self._limit is None:
            return
        with self._lock:
            now = self._clock()
            queues = {project: self._accepted[project] for project in projects}
            for project, accepted in queues.items():
                while accepted and accepted[0] <= now - QUOTA_WINDOW_S:
                    accepted.popleft()
                if len(accepted) >= self._limit:
                    message = f"quota of {self._limit} read requests per minute is used up for project '{project}'"
                    raise RefusedError(grpc.StatusCode.RESOURCE_EXHAUSTED, message)
            for accepted in queues.values():
                accepted.append(now)


class Calls:
    """The calls of one service: keeps every request, and plays one fault a call before the answer."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives seconds."""
        self.requests: list[Received] = []
        self.faults: list[Fault | None] = []
        self.watch: Callable[[str], AbstractContextManager[object]] = nullcontext
        """Entered before a call takes effect, left before it is answered; may raise RefusedError."""
        self.endless: Iterator[str] | None = None
        """Where the next page's token comes from though there is no such page: every page is the first one then."""
        self._clock = clock
        self._lock = threading.Lock()

    def method(self, name: str, request_class: Any, answer: Callable[[Any], bytes]) -> Any:
        """Give the gRPC handler of a method whose `answer` takes a raw request and gives a serialized response.

        `answer` may raise RefusedError. The handler hands its bytes to the wire as they are.
        """

        def behaviour(request: Any, context: Any) -> bytes:
            with self._lock:
                metadata = dict(context.invocation_metadata())
                self.requests.append(Received(name, request, metadata, self._clock()))
                fault = self.faults.pop(0) if self.faults else None
            try:
                if fault is not None:
                    if fault.carried_out:
                        with suppress(RefusedError):
                            answer(request)
                    _play(fault, context)
                with self.watch(name):
                    return self._answer(request, answer)
            except RefusedError as refusal:
                if refusal.status:
                    context.set_trailing_metadata((("grpc-status-details-bin", refusal.status),))
                context.abort(refusal.code, refusal.message)
                raise AssertionError("abort always raises") from refusal

        return grpc.unary_unary_rpc_method_handler(behaviour, request_deserializer=request_class.FromString)

    def _answer(self, request: Any, answer: Callable[[Any], bytes]) -> bytes:
        if self.endless is None or not hasattr(request, "page_token"):
            return answer(request)
        request.page_token = ""
        token = next(self.endless).encode()
        # A field that stands twice has its last value; in all answers with pages the token is field 2.
        return answer(request) + bytes([0x12, len(token)]) + token


def _play(fault: Fault, context: Any) -> None:
    if fault.delay_s > 0:
        over = threading.Event()
        # The wait ends early when the caller gives up, its deadline passes or the server stops.
        if not context.add_callback(over.set) or over.wait(fault.delay_s):
            raise RefusedError(grpc.StatusCode.CANCELLED, "the caller did not wait")
    if fault.code is not None:
        raise RefusedError(fault.code, fault.message)
