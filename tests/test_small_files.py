"""Files that people write: whatever stands in their place is read in bounds, or its fault is named with its line."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from logwatch.errors import RuleError
from logwatch.small_files import LARGEST_KIB, read_text


def fault(path: Path) -> str:
    """What is said of a file, without its folder."""
    with pytest.raises(RuleError) as caught:
        read_text(path, RuleError, hint="h")
    assert caught.value.hint == "h"
    return str(caught.value.where).removeprefix(f"{path.parent}/") + ": " + caught.value.message


@pytest.mark.parametrize(
    ("raw", "text"),
    [(b"", ""), (b"a\r\nb\rc\n", "a\nb\nc\n"), ("\ufeff가\tb".encode(), "가\tb"), ("\x85\u2028".encode(), "\x85\u2028")],
)
def test_text_is_text(tmp_path: Path, raw: bytes, text: str) -> None:
    path = tmp_path / "f"
    path.write_bytes(raw)
    assert read_text(path, RuleError) == text


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"a\nb\n\xff", "f:3: not written in UTF-8"),
        ("a\n".encode("utf-16"), "f:1: not written in UTF-8"),
        (b"\xed\xa0\x80", "f:1: not written in UTF-8"),
        (b"a\r\n\0", "f:2: here stands the character U+0000, which no text has"),
        (b"a\n\n\x1b[2J", "f:3: here stands the character U+001B, which no text has"),
        ("\x9b".encode(), "f:1: here stands the character U+009B, which no text has"),
    ],
)
def test_what_is_no_text_is_named_with_its_line(tmp_path: Path, raw: bytes, said: str) -> None:
    (tmp_path / "f").write_bytes(raw)
    assert fault(tmp_path / "f") == said


def listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def hole(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.unlink(missing_ok=True), "No such file or directory"),
        (Path.mkdir, "Is a directory"),
        (os.mkfifo, "this is not a plain file"),
        (lambda path: path.symlink_to("/dev/zero"), "this is not a plain file"),
        (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
        (lambda path: path.symlink_to("nowhere"), "No such file or directory"),
        (listen, "No such device or address"),
        (hole, f"it is larger than {LARGEST_KIB} KiB"),
    ],
)
def test_what_is_no_file_of_a_persons_keeps_nobody_waiting(tmp_path: Path, make: Callable[[Path], None], said: str) -> None:
    make(tmp_path / "f")
    assert fault(tmp_path / "f") == f"f: cannot be read: {said}"


def test_nothing_at_all_may_be_named() -> None:
    assert read_text(Path(os.devnull), RuleError) == ""
