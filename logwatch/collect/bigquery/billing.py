"""What a query reads, and about what that costs: BigQuery bills by the byte."""

from __future__ import annotations

import re

USD_PER_TIB = 6.25
"""BigQuery's price on demand, in most regions; the first TiB of a month is free."""
_UNITS = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.ASCII)


def parse_size(text: str) -> int:
    """Read a number of bytes as one types it; raises ValueError.

    >>> parse_size("20GB"), parse_size("1.5 TiB"), parse_size("5000000")
    (20000000000, 1649267441664, 5000000)
    """
    match = _SIZE.fullmatch(text.strip().lower())
    if not match or match[2] not in _UNITS or not (size := int(float(match[1]) * _UNITS[match[2]])):
        raise ValueError(f"'{text[:40]}' is not a valid size; use e.g. 500MB, 20GB, 1TB")
    return size


def format_size(size: int) -> str:
    """Write a number of bytes for people.

    >>> format_size(1_234_567_890), format_size(999)
    ('1.2 GB', '999 B')
    """
    units = (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
    unit, one = next((each for each in units if size >= each[1]), ("B", 1))
    return " ".join((f"{size / one:.{int(one > 1)}f}", unit))


def format_price(size: int) -> str:
    """Write about what reading so many bytes costs, in US dollars.

    >>> format_price(1_234_567_890), format_price(0)
    ('0.007', '0')
    """
    return f"{size / 2**40 * USD_PER_TIB:.3f}".rstrip("0").rstrip(".") or "0"
