"""Foreign text as it may stand on a terminal and in a message."""

from __future__ import annotations


def printable(hostile: str) -> str:
    r"""Give a text out of a log without anything that moves a cursor, hides or turns text around.

    >>> printable("main\x1b[2J")
    'main\\x1b[2J'
    """
    if hostile.isprintable():  # as nearly all are
        return hostile
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in hostile)
