"""What a project allows of reads, and how much of that is ours."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class ReadQuota:
    """The project's share of entries.list calls: so many in any 60 s."""

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _calls: deque[float] = field(default_factory=deque)

    def left_s(self) -> float:
        """Give the seconds until one more call is allowed; 0 or less where it is."""
        return self._calls[0] + 60 - self.clock() if len(self._calls) >= self.per_minute else 0

    def wait(self, tell: Callable[[float], None]) -> None:
        """Wait until one more call is allowed, and count it; `tell` hears for how many seconds."""
        while len(self._calls) >= self.per_minute:
            left = self.left_s()
            if left > 0:
                tell(left)
                self.sleep(left)
            self._calls.popleft()
        self._calls.append(self.clock())
