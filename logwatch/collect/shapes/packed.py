"""Packed recordings: gzip and Zstandard, one stream behind the other, as far as they are whole."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from logwatch.collect.parse import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from logwatch.collect.columns import Reading

PACKED = (".gz", ".zst")
"""How the names of packed files end."""
CHUNK = 96 << 10
"""Bytes that are read, given and searched at once: small enough that the memory is used again and again."""
BITE = 1 << 10
"""Bytes of Zstandard that are unpacked at once: four of them may stand for 128 KiB."""
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
EXTRA, NAME, COMMENT, HEAD_CHECK = 4, 8, 16, 2
"""Flags of what a gzip head holds, in this order but for the last (RFC 1952, 2.3.1)."""


class _DamagedError(Exception):
    """What follows cannot be unpacked; what was given before is good."""

    def __init__(self, last: bytes = b"") -> None:
        """Take what was unpacked before, and not given yet."""
        super().__init__()
        self.last = last


def is_packed(head: bytes) -> bool:
    """Tell whether a file that begins so is packed."""
    return head.startswith((GZIP, ZSTD))


def unpack(chunks: Iterator[bytes], reading: Reading) -> Iterator[bytes]:
    """Unpack what is packed, and pass anything else on as it is; counts what is damaged, after all before it was given."""
    head = next(chunks, b"")
    kinds: dict[bytes, tuple[Callable[[_Packed], Iterator[bytes]], Reason]] = {
        GZIP: (_gunzip, Reason.DAMAGED_GZIP),
        ZSTD: (_unzstd, Reason.DAMAGED_ZSTD),
    }
    found = next((kind for magic, kind in kinds.items() if head.startswith(magic)), None)
    if found is None:
        yield head
        yield from chunks
        return
    unpacked, damaged = found
    packed = _Packed(head, chunks)
    try:
        while packed.left():
            yield from unpacked(packed)
            packed.skip_zeros()
    except _DamagedError as error:
        yield error.last
        reading.refuse(damaged)


class _Packed:
    """What is still packed: it comes in chunks, and a head or a tail may lie in two of them."""

    def __init__(self, rest: bytes, chunks: Iterator[bytes]) -> None:
        self.rest = rest
        self._chunks = chunks

    def left(self) -> bytes:
        """Give some of it; nothing at the end."""
        while not self.rest and (chunk := next(self._chunks, b"")):
            self.rest = chunk
        return self.rest

    def take(self, size: int) -> bytes:
        """Take so many bytes; raises _DamagedError where there are fewer."""
        while len(self.rest) < size and (chunk := next(self._chunks, b"")):
            self.rest += chunk
        if len(self.rest) < size:
            raise _DamagedError
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def skip_text(self) -> None:
        """Take all up to a zero byte, of a name that may be long."""
        while (end := self.left().find(b"\0")) < 0:
            self.take(max(len(self.rest), 1))
        self.rest = self.rest[end + 1 :]

    def skip_zeros(self) -> None:
        """Take the zeros that tapes and some programs leave between and behind streams."""
        while self.left().startswith(b"\0"):
            self.rest = self.rest.lstrip(b"\0")


def _gunzip(packed: _Packed) -> Iterator[bytes]:
    """Unpack one member; its check comes last, and costs nothing of what it is wrong about."""
    from isal import isal_zlib  # two and a half times as fast as zlib

    _skip_head(packed)
    inflate, check, size = isal_zlib.decompressobj(wbits=-15), 0, 0
    while not inflate.eof:
        if not packed.left():
            raise _DamagedError
        try:
            data = inflate.decompress(packed.rest, CHUNK)
        except isal_zlib.error as error:  # type: ignore[misc] # whose stub says that this is an instance
            raise _DamagedError from error
        packed.rest = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
        check, size = isal_zlib.crc32(data, check), size + len(data)
        yield data
    if packed.take(8) != struct.pack("<II", check, size & 0xFFFFFFFF):
        raise _DamagedError


def _skip_head(packed: _Packed) -> None:
    head = packed.take(10)
    if not head.startswith(GZIP + b"\x08"):
        raise _DamagedError
    flags = head[3]
    if flags & EXTRA:
        packed.take(*struct.unpack("<H", packed.take(2)))
    for text in (NAME, COMMENT):
        if flags & text:
            packed.skip_text()
    if flags & HEAD_CHECK:
        packed.take(2)


def _unzstd(packed: _Packed) -> Iterator[bytes]:
    """Unpack one frame."""
    import zstandard

    unpacking = zstandard.ZstdDecompressor().decompressobj()
    found: list[bytes] = []
    size = 0
    try:
        while not unpacking.eof:
            rest, at = memoryview(packed.left()), 0
            if not rest:
                raise _DamagedError(b"".join(found))
            while at < len(rest) and not unpacking.eof:
                found.append(unpacking.decompress(rest[at : at + BITE]))
                size += len(found[-1])
                at += BITE
                if size >= CHUNK:
                    yield b"".join(found)
                    found, size = [], 0
            packed.rest = bytes(rest[at:])
    except zstandard.ZstdError as error:
        raise _DamagedError(b"".join(found)) from error
    packed.rest = unpacking.unused_data + packed.rest
    yield b"".join(found)
