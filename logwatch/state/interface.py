"""What a store of the state's document must do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

MOST = 64 << 20
"""Bytes of a state that are read; one has a few."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as a store holds it."""

    text: bytes
    generation: int


class Store(Protocol):
    """Where the state's document lives. Every method may raise StoreError."""

    def load(self) -> Stored | None:
        """Give the document, or None where there is none yet."""
        ...

    def save(self, text: bytes, generation: int) -> int:
        """Replace the document of that generation, 0 for none yet; gives the new generation.

        Raises ConflictError where somebody else saved since.
        """
        ...

    def note(self, text: bytes, name: str) -> None:
        """Keep a later version of the document beside it, as often as it comes: the document itself takes one save a second."""
        ...

    def last_note(self, prefix: str) -> bytes | None:
        """Give the version beside it whose name begins so and is the last; None where there is none."""
        ...

    def forget_notes(self, prefix: str) -> None:
        """Remove the versions beside it whose names begin so."""
        ...

    def set_aside(self, text: bytes, name: str) -> str:
        """Keep a document that cannot be read under another name beside it; gives where."""
        ...
