"""A dead man's switch: an address that is asked for after each good run, and that calls people when nobody asks any more."""

from __future__ import annotations

from http.client import HTTPException

from logwatch.deadlines import call_all

TIMEOUT_S = 3.0
"""Seconds that one call may take, whatever the other side does."""


def ping(url: str, *, timeout_s: float = TIMEOUT_S) -> str:
    """GET the address once; gives why that failed, empty where it did not.

    The address holds a key: nothing that is given back has any of it. Redirects are not followed, for the same reason.
    """
    told = call_all({"ping": lambda: _ask(url, timeout_s)}, timeout_s)
    return told.get("ping", f"no whole answer within {timeout_s:g} s")


def _ask(url: str, timeout_s: float) -> str:
    import urllib3

    if not url.startswith(("https://", "http://")):
        return "the address begins with neither https:// nor http://"
    try:
        with (
            urllib3.PoolManager(timeout=timeout_s, retries=False, headers={"User-Agent": "logwatch"}) as pool,
            pool.request("GET", url, redirect=False, preload_content=False) as answer,
        ):
            status = answer.status
    except (urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError, LookupError) as error:
        late = "Timeout" in type(error).__name__
        return "no answer in time" if late else f"no connection ({type(error).__name__})"
    return "" if 200 <= status < 300 else f"answered {status}"
