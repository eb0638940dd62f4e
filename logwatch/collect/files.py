"""Recorded entries: NDJSON, JSON arrays, either of them packed, standard input, folders, several of them together."""

import codecs
import io
import multiprocessing
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain, compress, count, islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from logwatch.collect.columns import Reading
from logwatch.collect.interface import Address, LogProject, Progress, SearchResult
from logwatch.collect.json_columns import UsualLines
from logwatch.collect.json_lines import (
    decode_all,
    is_array,
    plain_part,
    see_edges,
    split_lines,
    split_objects,
    take,
    take_block_lines,
    take_lines,
)
from logwatch.collect.last_seen import gather_times, latest, minutes_of
from logwatch.collect.parse import LogShape
from logwatch.collect.shapes.envelopes import is_enveloped
from logwatch.collect.shapes.packed import CHUNK, PACKED, is_packed, unpack
from logwatch.collect.shapes.recordings import check_form, without_strays
from logwatch.collect.sources import FORMS
from logwatch.collect.text_search import Hits
from logwatch.errors import SourceError
from logwatch.spans import Span

if TYPE_CHECKING:
    from array import array
    from multiprocessing.sharedctypes import Synchronized

PIECE = 2 << 20
"""Bytes of a file that are one process's next share: one waits for the other no longer than that takes."""

AT_ONCE = 8
"""Pieces of which the second process hands over at once what is in them."""

SECOND_PROCESS_FROM = 32 << 20
"""Bytes above which a second process pays for its start."""

PACKED_FROM = SECOND_PROCESS_FROM // 8
"""Likewise of a packed file, which both processes unpack: that takes less time than to hand over what one has unpacked."""

SUFFIXES = (".json", ".ndjson", ".jsonl", ".log", *PACKED)


@dataclass(frozen=True, slots=True)
class Piece:
    """The lines of a file that start in `[start, end)`; a whole stream where `end` is None."""

    path: str
    start: int
    end: int | None
    edge: bool = True
    """Whether the file begins or ends here."""
    turn: int | None = None
    """Of a stream of which every other block of lines is another's: 0 or 1, which of them are meant; None for all."""

    def has(self, block: int) -> bool:
        """Tell whether a block of a stream is meant, by its number."""
        return self.turn is None or block % 2 == self.turn


def parse_address(address: str) -> Address:
    """Give nothing: a path names neither project nor service."""
    del address
    return Address("", None)


def build_source(addresses: Sequence[str], settings: object, shape: LogShape) -> "FilesSource":
    """Give the source of some paths."""
    del settings
    return FilesSource(addresses, shape)


class FilesSource:
    """Recorded entries out of files; `-` is standard input, a folder stands for the files in it."""

    recorded = True
    service: str | None = None

    def __init__(self, paths: Sequence[str], shape: LogShape) -> None:
        """Take paths as they were typed, and what counts in their entries; nothing is opened yet."""
        self._paths = list(dict.fromkeys(paths))
        self._shape = shape
        self._times: dict[str | None, array[int]] = {}
        """When a service was heard of, gathered when first asked for."""
        self._hits: dict[tuple[str, str | None], Hits] = {}
        """What holds a text, of a service, gathered likewise."""

    @property
    def kept(self) -> bool:
        """Whether nothing is standard input or a pipe."""
        return all(_is_kept(path) for path in self._files())

    def read(
        self,
        span: Span | None,
        *,
        service: str | None,
        progress: Progress,
        meanwhile: Callable[[], object],
        came_after: datetime | None = None,  # noqa: ARG002 - a recording is read whole
    ) -> Reading:
        """Read everything that the files hold, on two processes where they are large."""
        del span  # a recording is read whole: its own end says what "now" is
        pieces = [piece for path in self._files() for piece in _cut(path)]
        size = sum(piece.end - piece.start for piece in pieces if piece.end is not None)
        if size < SECOND_PROCESS_FROM and all(piece.turn is None for piece in pieces):
            meanwhile()
            reading = _read_pieces(iter(range(len(pieces))), pieces, UsualLines(self._empty(service), take), progress)
        else:
            reading = _read_on_two(pieces, self._empty(service), progress, meanwhile)
        if reading.block_lines:
            for block in chain.from_iterable(map(_blocks_again, pieces)):
                take_block_lines(block, reading)
        return without_strays(reading)

    def _empty(self, service: str | None) -> Reading:
        return Reading(service=service, shape=self._shape)

    def last_seen(self, span: Span, *, service: str | None) -> datetime | None:
        """Give the time of the latest entry of any kind in the span."""
        return latest(self._heard(service), span)

    def seen_minutes(self, span: Span, *, service: str | None) -> frozenset[int]:
        """Give the minutes of the span with an entry of any kind."""
        return minutes_of(self._heard(service), span)

    def _heard(self, service: str | None) -> "array[int]":
        """Give the times of all entries of a service; every line is decoded for it, once.

        Standard input and pipes can be read only once and are not kept: what came through them is no sign of life.
        """
        times = self._times.get(service)
        if times is None:
            lines = (line for path in self._files() if _is_kept(path) for line in _lines(path))
            times = self._times[service] = gather_times(lines, service)
        return times

    def filter(self, span: Span, service: str | None) -> str | None:
        """Give None: files are read without a filter."""

    def plan(self, spans: Sequence[Span], *, service: str | None) -> None:
        """Give None: files are read at once."""

    def bill(self) -> None:
        """Give None: files cost nothing."""

    def ending(self, left_s: float) -> "FilesSource":  # noqa: ARG002 - it neither fails nor waits
        """Give itself: what is on disk is read at once."""
        return self

    def within(self, budget_s: float) -> "FilesSource":
        """Give itself: nothing about files is worth waiting for."""
        del budget_s
        return self

    def project_logs(self) -> LogProject | None:
        """Give None: a recording belongs to no project."""

    def search(self, text: str, span: Span, *, service: str | None, most: int) -> SearchResult:
        """Give the newest lines of the span that hold the text; the files are searched once for each text and service."""
        hits = self._hits.get((text, service))
        if hits is None:
            hits = Hits(text)
            part = plain_part(text)
            for path in self._files():
                hits.take(decode_all((line for line in _lines_again(path) if part in line), service))
            self._hits[text, service] = hits
        return hits.newest(span, most)

    def _files(self) -> Iterator[str]:
        for path in self._paths:
            if path != "-" and stat.S_ISDIR(_mode(path)):
                found = sorted(str(file) for file in Path(path).rglob("*") if file.suffix in SUFFIXES and file.is_file())
                if not found:
                    raise SourceError("no log files in this folder", where=path, hint=f"looked for {', '.join(SUFFIXES)}")
                yield from found
            else:
                yield path


def _cut(path: str) -> list[Piece]:
    """Cut a file of plain lines into pieces; leave any other whole."""
    if not _is_kept(path):
        return [Piece(path, 0, None)]
    try:
        with _open(path) as file:
            head = file.read(64 << 10)
            size = file.seek(0, io.SEEK_END)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", where=path) from error
    check_form(head, path)
    if _is_plain_lines(head):
        return [
            Piece(path, start, min(start + PIECE, size), edge=start == 0 or start + PIECE >= size)
            for start in range(0, size, PIECE)
        ]
    shared = is_packed(head) and size >= PACKED_FROM
    return [Piece(path, 0, None, turn=turn) for turn in ((0, 1) if shared else (None,))]


def _mode(path: str) -> int:
    """Give what kind of file stands at a path; that of a plain one where there is none, so that opening it says why."""
    try:
        return os.stat(path).st_mode  # noqa: PTH116 - a Path of any text, also of one that no path can be
    except (OSError, ValueError):
        return stat.S_IFREG


def _is_kept(path: str) -> bool:
    """Tell whether what stands at a path can be read again."""
    return path != "-" and stat.S_ISREG(_mode(path))


def _open(path: str) -> BinaryIO:
    try:
        return open(path, "rb", buffering=0)  # noqa: PTH123 - the caller closes it
    except FileNotFoundError:
        raise SourceError("no such file", where=path, hint=f"a source is {FORMS}") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"cannot be read: {error}", where=path[:200], hint="look at it with ls -l") from error


def _is_plain_lines(head: bytes) -> bool:
    plain = not is_packed(head) and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return plain and not is_array(head) and not is_enveloped(head)


def _read_pieces(numbers: Iterator[int], pieces: Sequence[Piece], usual: UsualLines, progress: Progress) -> Reading:
    reading = usual.reading
    for number in numbers:
        piece = pieces[number]
        try:
            if piece.end is None:
                _read_stream(piece, usual)
            else:
                for block in split_lines(_chunks(piece), reading):
                    take_lines(block, usual)
                    if piece.edge:
                        see_edges(block, reading)
        except OSError as error:
            raise SourceError(f"cannot be read: {error.strerror}", where=piece.path) from error
        progress("reading", (number + 1) / len(pieces))
    usual.flush()
    return reading


def _chunks(piece: Piece) -> Iterator[bytes]:
    """Give the lines that start in the piece, the last one whole, in chunks that end anywhere."""
    at, end = max(piece.start - 1, 0), piece.end or 0
    skipping = piece.start > 0
    with _open(piece.path) as file:
        file.seek(at)
        while data := file.read(CHUNK):
            if skipping:
                cut = data.find(b"\n") + 1
                at += cut or len(data)
                if at >= end:
                    return  # one line fills the piece, and it belongs to the piece in which it starts
                if not cut:
                    continue
                data, skipping = data[cut:], False
            cut = data.find(b"\n", max(end - at - 1, 0)) + 1 if at + len(data) >= end else 0
            yield data[:cut] if cut else data
            if cut:
                return
            at += len(data)


def _read_stream(piece: Piece, usual: UsualLines) -> None:
    """Read standard input, a compressed file, UTF-16, or a JSON array."""
    reading, first = usual.reading, piece.has(0)
    damaged = reading if first else Reading()  # what is wrong with the stream itself is told once
    with _unpacked(piece.path, damaged) as (head, whole):
        check_form(head, piece.path)
        if is_array(head):
            for value in split_objects(whole, reading) if first else ():
                take(value, reading)
            return
        last = b""
        for block in compress(split_lines(whole, damaged), map(piece.has, count())):
            if is_enveloped(head):
                for line in filter(bytes.strip, block.split(b"\n")):
                    take(line, reading)
                continue
            take_lines(block, usual)
            if not _is_kept(piece.path):
                take_block_lines(block, reading)
            see_edges(b"" if last else block, reading)
            last = block
        see_edges(last, reading)


def _blocks_again(piece: Piece) -> Iterator[bytes]:
    """Give the blocks of lines of a piece once more, where it can be read again and its lines were not looked at one by one."""
    if piece.end is not None:
        yield from split_lines(_chunks(piece), Reading())
    elif _is_kept(piece.path) and piece.has(0):
        with _unpacked(piece.path, Reading()) as (head, whole):
            if not is_array(head) and not is_enveloped(head):
                yield from split_lines(whole, Reading())


@contextmanager
def _unpacked(path: str, reading: Reading) -> Iterator[tuple[bytes, Iterator[bytes]]]:
    """Give how a stream begins, unpacked and in UTF-8, and all of it; counts what is damaged."""
    with sys.stdin.buffer if path == "-" else _open(path) as file:
        chunks = _to_utf8(unpack(iter(lambda: file.read(CHUNK), b""), reading))
        head = next(chunks, b"")
        while head and len(head) < 1024 and (more := next(chunks, b"")):
            head += more
        yield head, _chain(head, chunks)


def _lines_again(path: str) -> Iterator[bytes]:
    if not _is_kept(path):
        what = "standard input" if path == "-" else "a pipe"
        raise SourceError(
            f"{what} can be read only once", where=path, hint="save the lines in a file and name it as the source"
        )
    return _lines(path)


def _lines(path: str) -> Iterator[bytes]:
    """Give the JSON of every entry of a file."""
    passed = Reading()  # what is refused was counted when the file was read
    try:
        with _unpacked(path, passed) as (head, whole):
            if is_array(head):
                yield from split_objects(whole, passed)
            else:
                for block in split_lines(whole, passed):
                    yield from block.split(b"\n")
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", where=path) from error


def _chain(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from chunks


def _to_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Turn UTF-16, as PowerShell writes it, into UTF-8; pass anything else on as it is."""
    head = next(chunks, b"")
    if not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield from _chain(head, chunks)
        return
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    for chunk in _chain(head, chunks):
        yield decoder.decode(chunk).encode("utf-8", "replace")


def _read_on_two(pieces: Sequence[Piece], reading: Reading, progress: Progress, meanwhile: Callable[[], object]) -> Reading:
    """Share the pieces with a second process: each takes the next one that nobody has."""
    import numpy as np  # noqa: F401 - once for both processes; it starts no thread, so that forking is safe

    context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    taken: Synchronized[int] = context.Value("i", 0)
    here, there = context.Pipe(duplex=False)
    empty = partial(Reading, service=reading.service, shape=reading.shape)
    helper = context.Process(target=_read_in_helper, args=(there, taken, pieces, empty), daemon=True)
    helper.start()
    there.close()
    meanwhile()
    other = OtherProcess(here, reading)
    _read_pieces(other.between(_next_number(taken, len(pieces))), pieces, UsualLines(reading, take), progress)
    other.take_rest()
    helper.join()
    return reading


@dataclass(slots=True)
class OtherProcess:
    """What another process reads and hands over in parts, until it says that there are no more."""

    here: Connection
    reading: Reading
    over: bool = False

    def between(self, numbers: Iterator[int]) -> Iterator[int]:
        """Take what has come before each of one's own pieces."""
        for number in numbers:
            while not self.over and self.here.poll():
                self._take()
            yield number

    def take_rest(self) -> None:
        """Wait for all that is still to come; raises SourceError."""
        while not self.over:
            self._take()

    def _take(self) -> None:
        try:
            part = self.here.recv()
        except EOFError:
            raise SourceError("the second reading process ended early", hint="out of memory? try fewer files at once") from None
        if isinstance(part, SourceError):
            raise part
        self.over = part is None
        if part is not None:
            self.reading.merge(part)


def _read_in_helper(
    there: Connection, taken: "Synchronized[int]", pieces: Sequence[Piece], empty: Callable[[], Reading]
) -> None:
    """Read pieces, and hand over what is in them a few at a time: nothing is held twice."""
    numbers, usual = _next_number(taken, len(pieces)), UsualLines(empty(), take)
    try:
        while some := list(islice(numbers, 1)):
            usual.reading = empty()
            there.send(_read_pieces(chain(some, islice(numbers, AT_ONCE - 1)), pieces, usual, lambda _text, _share: None))
        there.send(None)
    except SourceError as error:
        there.send(error)
    finally:
        there.close()
        os._exit(0)


def _next_number(taken: "Synchronized[int]", size: int) -> Iterator[int]:
    while True:
        with taken.get_lock():
            number = taken.value
            taken.value += 1
        if number >= size:
            return
        yield number
