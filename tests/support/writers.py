"""What processes do that save the state of one file at the same time, or are killed in the midst of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from logwatch.errors import ConflictError
from logwatch.state.local import LocalStore

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def add_one(path: str, times: int) -> None:
    """Add to a number as runs do: load, save, and again from the start after a conflict."""
    store = LocalStore(path)
    while times:
        stored = store.load()
        number = json.loads(stored.text)["n"] if stored else 0
        try:
            store.save(json.dumps({"n": number + 1}).encode(), stored.generation if stored else 0)
        except ConflictError:
            continue
        times -= 1


def save_on(path: str, told: Connection) -> None:
    """Save a large document again and again, and tell of each time."""
    store = LocalStore(path)
    stored = store.load()
    generation = stored.generation if stored else 0
    number = json.loads(stored.text)["n"] if stored else 0
    while True:
        number += 1
        document = {"n": number, "filler": "x" * 300_000, "end": number}
        generation = store.save(json.dumps(document).encode(), generation)
        told.send_bytes(b"saved")
