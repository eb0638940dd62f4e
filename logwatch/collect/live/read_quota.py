"""What a project allows of reads, and how much of that is ours."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


CALL_S = 0.2
"""What one call of a full page takes, where nothing waits."""
LEAST = 10
"""Calls a minute that nobody gives way below."""


@dataclass(slots=True)
class ReadQuota:
    """The project's share of entries.list calls: so many in any 60 s, whoever of this process makes them."""

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _calls: deque[float] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)

    def left_s(self) -> float:
        """Give the seconds until one more call is allowed; 0 or less where it is."""
        with self._lock:
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
        with self._lock:
            if (left := self._left_s()) > 0:
                return left
            while len(self._calls) >= self.per_minute:
                self._calls.popleft()
            self._calls.append(self.clock())
            return 0

    def _left_s(self) -> float:
        over = len(self._calls) - self.per_minute
        return self._calls[over] + 60 - self.clock() if over >= 0 else 0
