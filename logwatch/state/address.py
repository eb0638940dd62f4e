"""Where the state's document lives: a file, or an object in Cloud Storage."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from logwatch.errors import ConfigError

if TYPE_CHECKING:
    from logwatch.state.interface import Store

_BUCKET = r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"
_OBJECT = r"[^/\x00-\x1f\x7f][^\x00-\x1f\x7f]{0,1000}(?<!/)"
_FORM = "use gs://BUCKET/OBJECT or the path of a file"


def parse_state_address(text: str) -> Store:
    """Give the store that `gs://BUCKET/OBJECT` or a path names; raises ConfigError with the form that is right."""
    if text.startswith("gs://"):
        match = re.fullmatch(f"gs://({_BUCKET})/({_OBJECT})", text)
        if match is None:
            raise ConfigError("no object in Cloud Storage", where=text[:200], hint=_FORM)
        from logwatch.state.gcs import GcsStore

        return GcsStore(match[1], match[2])
    if not text or text.endswith("/") or "://" in text or not text.isprintable():
        raise ConfigError("no place for the state", where=repr(text[:200]), hint=_FORM)
    from logwatch.state.local import LocalStore

    return LocalStore(text)
