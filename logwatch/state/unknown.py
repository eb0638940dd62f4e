"""What a newer program wrote into the document: kept as it is, and written back where its record is still there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_NAMING = ("rule", "labels", "pending_at", "window_end", "metric", "at", "date", "fingerprint", "owner")
"""Keys that tell one record of a kind from another, where it has no id."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """What of one record was not understood; false where that is nothing."""

    name: str = ""
    """Which record it was: another one in its place takes nothing over."""
    keys: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, Unknown] = field(default_factory=dict)
    """Likewise, of the records inside it, by key, or by name in a list."""

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.keys or self.parts)

    def put_back(self, written: Any) -> None:  # noqa: ANN401 - any part of a document
        """Add it to a document that is about to be written, as far as its records are in there."""
        inside = _parts(written)
        for key, part in self.parts.items():
            if key in inside and _name(inside[key]) == part.name:
                part.put_back(inside[key])
        if self.keys:
            written.update({key: value for key, value in self.keys.items() if key not in written})


def unknown_in(document: Any, understood: Any) -> Unknown:  # noqa: ANN401 - any part of a document
    """Give what a document holds beyond what was understood of it."""
    known, inside = _parts(understood), _parts(document)
    parts = {
        key: found
        for key, each in inside.items()
        if isinstance(each, dict | list) and key in known and (found := unknown_in(each, known[key]))
    }
    keys = {key: each for key, each in inside.items() if key not in known} if isinstance(document, dict) else {}
    return Unknown(_name(document), keys, parts)


def _parts(part: Any) -> dict[str, Any]:  # noqa: ANN401 - any part of a document
    if isinstance(part, list | tuple):
        return {_name(each) or str(at): each for at, each in enumerate(part) if isinstance(each, dict)}
    return part if isinstance(part, dict) else {}


def _name(part: Any) -> str:  # noqa: ANN401 - any part of a document
    """Give what tells a record from others of its kind; empty where nothing does."""
    if not isinstance(part, dict):
        return ""
    if "notification" in part:
        return _name(part["notification"])
    return str(part.get("id") or [part[key] for key in _NAMING if key in part] or "")
