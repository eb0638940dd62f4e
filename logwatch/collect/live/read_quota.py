"""What a project allows of reads, and how much of that is ours."""

from __future__ import annotations

import time
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


CALL_S = 0.2
"""What one call of a full page takes, where nothing waits."""
LEAST = 10
"""Calls a minute that nobody gives way below."""
MINUTE_S = 60
MOST_BYTES = 1 << 14
"""Bytes of a file of calls: of sixty of them, some twenty each, it is never so many."""


@dataclass(slots=True)
class ReadQuota:
    """The project's share of entries.list calls: so many in any 60 s, whoever of this process makes them.

    With a file, whoever of this machine: each call stands in it, by a clock that all processes share. Who asks `alone`, as a
    run does, is not held up by the calls of others, but they see its.
    """

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    file: Path | None = None
    _calls: deque[float] = field(default_factory=deque)
    """Those of this process."""
    _lock: Lock = field(default_factory=Lock)

    def left_s(self, *, alone: bool = False) -> float:
        """Give the seconds until one more call is allowed; 0 or less where it is."""
        with self._known() as others:
            return self._left_s(others, alone=alone)

    def takes_s(self, calls: int) -> float:
        """Give about how long so many calls take: as many as are allowed at once, then a minute for as many again."""
        minutes, rest = divmod(calls, self.per_minute)
        return minutes * 60 + rest * CALL_S

    def give_way(self) -> None:
        """Take a fourth less from now on: somebody else reads too, and a run has to before its minute is over."""
        self.per_minute = max(self.per_minute * 3 // 4, min(LEAST, self.per_minute))

    def wait(self, tell: Callable[[float], None], *, alone: bool = False) -> None:
        """Wait until one more call is allowed, and count it; `tell` hears for how many seconds."""
        while (left := self._take(alone=alone)) > 0:
            tell(left)
            self.sleep(left)

    def _take(self, *, alone: bool) -> float:
        """Count a call where one is allowed; else give the seconds until then."""
        with self._known() as others:
            if (left := self._left_s(others, alone=alone)) > 0:
                return left
            for calls in (self._calls, others):
                calls.append(self.clock())
            return 0

    def _left_s(self, others: deque[float], *, alone: bool) -> float:
        """Give the longest of what one's own calls and, but for who asks alone, those of all of this machine leave to wait."""
        now = self.clock()
        return max(self._after(calls, now) for calls in ((self._calls,) if alone else (self._calls, others)))

    def _after(self, calls: deque[float], now: float) -> float:
        while calls and calls[0] <= now - MINUTE_S:
            calls.popleft()
        over = len(calls) - self.per_minute
        return calls[over] + MINUTE_S - now if over >= 0 else 0

    @contextmanager
    def _known(self) -> Iterator[deque[float]]:
        """Give the last minute's calls of this machine, and let others know what is added; none where no file can be had."""
        with self._lock, _locked(self.file) as file:
            calls = _read(file, self.clock()) if file else deque()
            yield calls
            if file:
                with suppress(OSError):  # a full disk: one's own calls are counted all the same
                    file.truncate(0)
                    file.write(" ".join(map(repr, calls)).encode())


def _read(file: IO[bytes], now: float) -> deque[float]:
    """Read the times of calls; those of before the machine was started anew, and what is no time, are none."""
    with suppress(OSError, ValueError):
        return deque(sorted(at for at in map(float, file.read(MOST_BYTES).split()) if at <= now))
    return deque()


@contextmanager
def _locked(path: Path | None) -> Iterator[IO[bytes] | None]:
    """Open a file that no other process has open so, made where it is not there; gives None where that cannot be."""
    try:
        import fcntl

        if path is None:
            raise FileNotFoundError
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b", buffering=0)
        fcntl.flock(file, fcntl.LOCK_EX)
    except (OSError, ImportError):
        yield None
        return
    with file:
        with suppress(OSError):
            file.seek(0)
        yield file
