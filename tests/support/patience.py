"""How long a test waits for what must come: only a hang reaches it, however busy the machine is."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_S = 300


def wait_until(done: Callable[[], object]) -> None:
    """Wait until something has come about, which is looked for again and again."""
    end = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < end, f"not come about in {PATIENCE_S} s"
        time.sleep(0.02)


@contextmanager
def no_hang() -> Iterator[None]:
    """Break off what hangs; to be entered in the main thread."""

    def break_off(*_: object) -> None:
        raise AssertionError(f"not over in {PATIENCE_S} s")

    before = signal.signal(signal.SIGALRM, break_off)
    signal.alarm(PATIENCE_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
