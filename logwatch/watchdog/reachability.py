"""What time it is on the other side of an address."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

TIMEOUT_S = 5.0


def fetch_date(url: str, *, timeout_s: float = TIMEOUT_S) -> datetime | None:
    """Give what time it is there, by the Date header of an answer of whatever status; None where nobody says."""
    import urllib3

    try:
        with (
            urllib3.PoolManager(timeout=timeout_s, retries=False) as pool,
            pool.request("HEAD", url, redirect=False, preload_content=False) as answer,
        ):
            return parsedate_to_datetime(answer.headers["Date"])
    except (urllib3.exceptions.HTTPError, OSError, ValueError, LookupError, TypeError):
        return None
