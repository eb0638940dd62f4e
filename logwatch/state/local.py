"""The state in one local file, replaced whole and never in part.

A document's generation is its file's modification time in nanoseconds, which every save moves on. It travels with the
content in the one step that puts the new file into place, so that no kill can part the two; an edit by hand changes it
too; and the file stays the plain JSON document that it is.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from logwatch.errors import ConflictError, StoreError
from logwatch.state.interface import MOST, Stored

if TYPE_CHECKING:
    from collections.abc import Iterator

_HINTS = {
    errno.EACCES: "name a file that you may read and write, in a folder that you may write to",
    errno.EISDIR: "name a file, not a folder",
    errno.ENOTDIR: "part of the path is a file and no folder",
    errno.ENOSPC: "make room on this disk; the document from before is still whole",
    errno.ENAMETOOLONG: "name a shorter path",
}
_SAME = {
    errno.EPERM: errno.EACCES, errno.EROFS: errno.EACCES, errno.EEXIST: errno.ENOTDIR, errno.EDQUOT: errno.ENOSPC,
    errno.EFBIG: errno.ENOSPC,
}  # fmt: skip
_STEPS = (1, 1_000, 1_000_000, 1_000_000_000, 2_000_000_000)
"""Nanoseconds: what disks are known to round times to."""


class LocalStore:
    """One file, beside it a lock that savers take in turn."""

    def __init__(self, path: str | Path, *, lock_wait_s: float = 10) -> None:
        """Name the file, which need not exist; `lock_wait_s` is how long a save waits for another to end."""
        self.path = Path(os.path.realpath(Path(path).expanduser()))  # a link's target is replaced, not the link
        self._lock_wait_s = lock_wait_s

    def load(self) -> Stored | None:
        """Give the document, or None where there is none yet."""
        with self._telling("the state cannot be read"):
            self._generation()  # refuses what is no file before opening it could wait for ever
            try:
                with self.path.open("rb") as file:
                    text, generation = file.read(MOST + 1), _generation_of(os.fstat(file.fileno()))
            except FileNotFoundError:
                return None
        if len(text) > MOST:
            hint = "name another file with LOGWATCH_STATE"
            raise StoreError(f"this is not a state: it holds more than {MOST >> 20} MiB", where=str(self.path), hint=hint)
        return Stored(text, generation)

    def save(self, text: bytes, generation: int) -> int:
        """Replace the document of that generation, 0 for none yet; gives the new generation."""
        with self._telling("the state cannot be saved"), self._locked():
            current = self._generation()
            if current != generation:
                hint = "run again: the next run starts from what is there now"
                raise ConflictError("somebody else saved the state since it was loaded", where=str(self.path), hint=hint)
            return _replace(self.path, text, current)

    def note(self, text: bytes, name: str) -> None:
        """Keep a later version of the document in a file beside it."""
        with self._telling("the state cannot be saved"), self._locked():
            _replace(self.path.with_name(f"{self.path.name}.{name}"), text, 0)

    def last_note(self, prefix: str) -> bytes | None:
        """Give the version beside it whose name begins so and is the last; None where there is none."""
        with self._telling("the state cannot be read"):
            found = self._notes(prefix)
            return found[-1].read_bytes() if found else None

    def forget_notes(self, prefix: str) -> None:
        """Remove the versions beside it whose names begin so."""
        with self._telling("the state cannot be saved"):
            for path in self._notes(prefix):
                path.unlink(missing_ok=True)

    def _notes(self, prefix: str) -> list[Path]:
        return sorted(each for each in self.path.parent.iterdir() if each.name.startswith(f"{self.path.name}.{prefix}"))

    def set_aside(self, text: bytes, name: str) -> str:
        """Keep a document that cannot be read under another name beside it; gives where."""
        aside = self.path.with_name(Path(name).name)
        with self._telling("the state cannot be saved"), self._locked():
            _replace(aside, text, 0)
        return str(aside)

    def _generation(self) -> int:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return 0
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EISDIR, "this is not a plain file")
        return _generation_of(found)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock, which also ends with its process; its file stays, since removing it would part two holders."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._wait_for(lock)
            yield
        finally:
            os.close(lock)

    def _wait_for(self, lock: int) -> None:
        try:
            import fcntl
        except ImportError as error:
            hint = "keep the state in gs://BUCKET/OBJECT"
            raise StoreError("files cannot be locked on this system", where=str(self.path), hint=hint) from error
        end = time.monotonic() + self._lock_wait_s
        while True:
            with suppress(BlockingIOError):
                # flock and not lockf: its holder is the open file, so that threads exclude each other as processes do.
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if time.monotonic() > end:
                hint = f"see who holds it: fuser -v '{self.path}.lock'"
                raise StoreError(f"another process holds the lock for {self._lock_wait_s:g} s", where=str(self.path), hint=hint)
            time.sleep(0.005)

    @contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        """Turn what the system refuses into an error that says how to mend it."""
        try:
            yield
        except OSError as error:
            number = error.errno or 0
            hint = _HINTS.get(_SAME.get(number, number), f"look at it with: ls -la '{self.path.parent}'")
            raise StoreError(f"{what}: {error.strerror}", where=str(self.path), hint=hint) from error


def _generation_of(found: os.stat_result) -> int:
    return max(found.st_mtime_ns, 1)


def _replace(path: Path, text: bytes, generation: int) -> int:
    """Write beside the file, on disk to the last byte, and put it into place in one step; the lock must be held."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)  # a killed save left it
    try:
        with open(new, "xb", opener=_open_private) as file:
            file.write(text)
            file.flush()
            generation = _date_after(file.fileno(), generation)
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:  # some network disks keep folders safe by themselves
            raise
    finally:
        os.close(folder)
    return generation


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _date_after(file: int, generation: int) -> int:
    """Make a file younger than a generation, however coarsely the disk keeps times; gives its own."""
    for step in (0, *_STEPS):
        if step:
            os.utime(file, ns=(generation + step, generation + step))
        found = _generation_of(os.fstat(file))
        if found > generation:
            return found
    raise OSError(errno.ENOTSUP, "this disk keeps no modification times")
