"""Calls that are given so long and no longer, whatever they wait for."""

from __future__ import annotations

import time
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Name = TypeVar("Name")
Answer = TypeVar("Answer")


def call_all(calls: Mapping[Name, Callable[[], Answer]], limit_s: float) -> dict[Name, Answer]:
    """Call all at once, each in a thread that nobody waits for beyond the limit; gives what was answered by then.

    A server that sends one byte at a time stays below every timeout of a socket; its thread ends with the process.
    """
    answers: dict[Name, Answer] = {}

    def call(name: Name) -> None:
        answers[name] = calls[name]()

    threads = [Thread(target=call, args=(name,), daemon=True) for name in calls]
    end = time.monotonic() + limit_s
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(end - time.monotonic(), 0))
    return dict(answers)  # who is late may still be writing
