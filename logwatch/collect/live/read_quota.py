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


@dataclass(slots=True)
class ReadQuota:
    """The project's share of entries.list calls: so many in any 60 s, whoever of this process makes them.

    With a file, whoever of this machine: each call stands in it, by a clock that all processes share.
    """

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    file: Path | None = None
    _calls: deque[float] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)

    def left_s(self) -> float:
        """Give the seconds until one more call is allowed; 0 or less where it is."""
        with self._known():
            return self._left_s()

    def takes_s(self, calls: int) -> float:
        """Give about how long so many calls take: as many as are allowed at once, then a minute for as many again."""
        minutes, rest = divmod(calls, self.per_minute)
        return minutes * 60 + rest * CALL_S

    def give_way(self) -> None:
        """Take a fourth less from now on: somebody else reads too, and a run has to before its minute is over."""
        self.per_minute = max(self.per_minute * 3 // 4, min(LEAST, self.per_minute))

    def wait(self, tell: Callable[[float], None]) -> None:
        """Wait until one more call is allowed, and count it; `tell` hears for how many seconds."""
        while (left := self._take()) > 0:
            tell(left)
            self.sleep(left)

    def _take(self) -> float:
        """Count a call where one is allowed; else give the seconds until then."""
        with self._known():
            if (left := self._left_s()) > 0:
                return left
            self._calls.append(self.clock())
            return 0

    def _left_s(self) -> float:
        now = self.clock()
        while self._calls and self._calls[0] <= now - MINUTE_S:
            self._calls.popleft()
        over = len(self._calls) - self.per_minute
        return self._calls[over] + MINUTE_S - now if over >= 0 else 0

    @contextmanager
    def _known(self) -> Iterator[None]:
        """Know the calls of the last minute, and let others know; where there is no file, or it cannot be had, our own."""
        with self._lock, _locked(self.file) as file:
            if file is None:
                yield
                return
            now = self.clock()
            with suppress(ValueError):  # of before the machine was started anew, or no times at all
                self._calls = deque(sorted(at for at in map(float, file.read().split()) if at <= now))
            yield
            file.seek(0)
            file.truncate()
            file.write(" ".join(map(repr, self._calls)))


@contextmanager
def _locked(path: Path | None) -> Iterator[IO[str] | None]:
    """Open a file that no other process has open so, made where it is not there; gives None where that cannot be."""
    try:
        import fcntl

        if path is None:
            raise FileNotFoundError
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="ascii", errors="replace")
        fcntl.flock(file, fcntl.LOCK_EX)
    except (OSError, ImportError):
        yield None
        return
    with file:
        file.seek(0)
        yield file
