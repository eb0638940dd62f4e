"""What the failures of channels have in common: passing or for good, and when to try again."""

from __future__ import annotations

import ssl
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from logwatch.errors import ChannelError

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_WAIT = timedelta(hours=1)
"""More than this nobody means, and a channel must not be silenced for as long as its messages are tried."""
PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
"""Refusals of status 4xx that are worth another try; 5xx are all."""


def refused(status: int, headers: Mapping[str, str], *, where: str, code: str = "", hint: str | None = None) -> ChannelError:
    """Say that the other side answered with an HTTP status that is no success; `code` is its own word for it."""
    permanent = status < 500 and status not in PASSING
    answer = f"answered {status}{f' {code}' if code else ''}"
    return ChannelError(answer, permanent=permanent, retry_after=asked_to_wait(headers), where=where, hint=hint)


def unreachable(error: BaseException, *, where: str) -> ChannelError:
    """Say that there was no answer, without the error's own words: they may hold the address, and that is a secret."""
    reasons = [reason for reason in (error, getattr(error, "reason", None), error.__context__) if reason]
    if any(isinstance(reason, ssl.SSLCertVerificationError) for reason in reasons):
        hint = "the address must be the one the certificate is for, and no proxy may answer with its own"
        return ChannelError("the certificate is not trusted", permanent=True, where=where, hint=hint)
    late = any(isinstance(reason, TimeoutError) or "Timeout" in type(reason).__name__ for reason in reasons)
    return ChannelError("no answer in time" if late else f"no connection ({type(error).__name__})", where=where)


def asked_to_wait(headers: Mapping[str, str]) -> timedelta | None:
    """Read Retry-After, seconds or a date; None where there is none or it cannot be read.

    >>> asked_to_wait({"Retry-After": "30"})
    datetime.timedelta(seconds=30)
    >>> asked_to_wait({"Date": "Tue, 24 Feb 2026 06:00:00 GMT", "Retry-After": "Tue, 24 Feb 2026 06:01:00 GMT"})
    datetime.timedelta(seconds=60)
    """
    named = {name.lower(): value.strip() for name, value in headers.items()}
    text = named.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), LONGEST_WAIT.total_seconds()))
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(named["date"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return min(max(wait, timedelta()), LONGEST_WAIT)
