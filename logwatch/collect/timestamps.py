"""RFC 3339 times to nanoseconds since 1970, one by one or hundreds at once."""

import re
from array import array
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from logwatch.spans import EPOCH, NS

_minutes: dict[str, int] = {}


EARLIEST, LATEST = ((datetime(year, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(seconds=1) * NS for year in (2010, 2100))
"""Nanoseconds since 1970 between which an entry's time is believed.

No log of any service that is read here is older, and none of the future: one entry of 1970 or 2200 would stretch what is
looked at over decades of minutes. An hour wrong is not this module's matter.
"""


def is_plausible(time: int) -> bool:
    """Tell whether an entry may be of a time (nanoseconds since 1970)."""
    return EARLIEST <= time < LATEST


def believe(times: "array[int]", *, arrival: bool) -> "array[int]":
    """Give times that may be; an arrival that may not is not known, which is 0. Raises ValueError for another time."""
    if not times or (is_plausible(min(times)) and is_plausible(max(times))):
        return times
    if not arrival:
        raise ValueError("a time of no log")
    return array("q", [time if is_plausible(time) else 0 for time in times])


def parse_timestamp(text: str) -> int:
    """Give the nanoseconds since 1970 of an RFC 3339 time with up to nine decimals.

    Raises ValueError where the text is not such a time. Most entries of a log share their minute, so the
    minute's number is remembered and only seconds and decimals are read again.
    """
    if len(text) == 30 and text[19] == "." and text[29] == "Z":
        minute = _minutes.get(text[:17])
        digits = text[17:19] + text[20:29]
        if minute is not None and digits.isdecimal() and digits.isascii():
            since_minute = int(digits)
            if since_minute < 60 * NS:
                return minute + since_minute
    return _parse_timestamp_slowly(text)


_USUAL_FORM = b"0000-00-00T00:00:00.000000000Z"
_TO_ZEROS = bytes.maketrans(b"123456789", b"000000000")


def parse_timestamps(texts: Sequence[str], otherwise: int | None = None) -> "array[int]":
    """Give what `parse_timestamp` gives for each text.

    Where it raises ValueError, give `otherwise`, unless that is None.
    """
    import numpy as np

    with suppress(ValueError):
        joined, size = "".join(texts).encode(), len(_USUAL_FORM)
        usual = joined.translate(_TO_ZEROS) == _USUAL_FORM * len(texts) and set(map(len, texts)) == {size}
        if usual and min(texts) >= "1678" and max(texts) < "2262":
            without_zone = np.ndarray(len(texts), f"S{size - 1}", joined, strides=size)
            return array("q", without_zone.astype("datetime64[ns]").tobytes())
    return array("q", [_parse_or(text, otherwise) for text in texts])


def _parse_or(text: str, otherwise: int | None) -> int:
    try:
        return parse_timestamp(text)
    except ValueError:
        if otherwise is None:
            raise
        return otherwise


_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d| UTC)", re.ASCII)


def _parse_timestamp_slowly(text: str) -> int:
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(text)
    moment = datetime.fromisoformat(f"{match[1]}T{match[2]}{'Z' if match[4] == ' UTC' else match[4].upper()}")
    if not 1678 <= moment.year <= 2261:  # beyond, nanoseconds do not fit into 64 bits; a zero time is of the year 1
        raise ValueError(text)
    whole = (moment - EPOCH) // timedelta(seconds=1)
    if text.endswith("Z") and len(_minutes) < 100_000:
        _minutes[text[:17]] = (whole - moment.second) * NS
    return whole * NS + int((match[3] or "").ljust(9, "0"))
