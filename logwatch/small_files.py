"""Small files, whole or not at all: those that a person writes are read where they are text, what is kept is replaced."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from logwatch.errors import LogwatchError

LARGEST_KIB = 1024
SEAL_BYTES = 16
_NO_TEXT = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
"""What YAML and TOML do not take either; here it is found with its line."""


def read_text(path: Path, kind: type[LogwatchError], *, hint: str | None = None, most_kib: int = LARGEST_KIB) -> str:
    """Read a file; raises an error of the kind, with the line of what is no text.

    A pipe could keep us waiting and a device go on for ever: both are refused, and of what is large no more is read than
    shows that it is.
    """
    try:
        raw = _read(path, most_kib << 10)
    except OSError as error:
        raise kind(f"cannot be read: {error.strerror}", where=str(path), hint=hint) from None
    if len(raw) > most_kib << 10:
        raise kind(f"cannot be read: it is larger than {most_kib} KiB", where=str(path), hint=hint)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise kind("not written in UTF-8", where=f"{path}:{line}", hint=hint) from None
    if found := _NO_TEXT.search(text):
        line, code = text.count("\n", 0, found.start()) + 1, f"U+{ord(found[0]):04X}"
        raise kind(f"here stands the character {code}, which no text has", where=f"{path}:{line}", hint=hint)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def keep(path: Path, data: bytes) -> None:
    """Write what may be lost, for its owner alone; where it cannot be written, it is made again another time."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new.touch(mode=0o600)
        new.write_bytes(data)
        new.replace(path)


def keep_sealed(path: Path, data: bytes) -> None:
    """Write what may be lost with a checksum, which holds for the file's name too."""
    keep(path, _seal(path, data) + data)


def read_sealed(path: Path) -> bytes | None:
    """Give what was kept sealed; None where it is not there, or not as it was written."""
    try:
        raw = path.read_bytes()
    except OSError:
        return None
    data = raw[SEAL_BYTES:]
    return data if raw[:SEAL_BYTES] == _seal(path, data) else None


def _seal(path: Path, data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=SEAL_BYTES, person=path.stem.encode()[-16:]).digest()


@cache
def digest_of_program(folder: Path) -> str:
    """Give a digest of the modules under a folder: what other ones have made, these might make otherwise."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(path: Path, most: int) -> bytes:
    """Give what stands in a file, or one byte more than is allowed."""
    with open(path, "rb", opener=_open_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode) and not path.samefile(os.devnull):
            raise OSError(0, "this is not a plain file")
        return file.read(most + 1)


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # opening a pipe would wait for somebody to write
