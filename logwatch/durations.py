"""Lengths of time as people write them."""

import re
from datetime import timedelta

LONGEST = timedelta(days=36500)
"""What is longer is a slip of the pen, and leads out of the calendar."""
LONGEST_LEASE = timedelta(minutes=10)
"""No lease of the state ends later than this from now: one that seems to was taken by a wrong clock."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def parse_duration(text: object) -> timedelta:
    """Read `90s`, `5m`, `1h30m`, `7d` or `0`; raises ValueError with the forms that are right."""
    source = str(text).strip()
    if source == "0":
        return timedelta()
    parts = re.findall(r"(\d+)([smhdw])", source)
    if not parts or "".join(number + unit for number, unit in parts) != source or len(source) > 12:
        raise ValueError(f"'{text}' is not a valid duration; use e.g. '90s', '5m', '1h30m', '7d'")
    seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if seconds > LONGEST.total_seconds():
        raise ValueError(f"'{text}' is longer than a hundred years")
    return timedelta(seconds=seconds)


def format_duration(span: timedelta) -> str:
    """Write a duration as a rule file does."""
    seconds = int(span.total_seconds())
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if seconds >= size:
            parts.append(f"{seconds // size}{unit}")
            seconds %= size
    return "".join(parts) or "0"
