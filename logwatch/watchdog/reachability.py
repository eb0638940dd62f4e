"""Whether the other side of an address is there, without asking it for anything; and what time it is there."""

from __future__ import annotations

import socket
import ssl
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from datetime import datetime

TIMEOUT_S = 5.0


def reach(url: str, *, timeout_s: float = TIMEOUT_S) -> str:
    """Connect, with TLS for https, and hang up; gives why that failed, without any part of the address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        host, port = None, 0
    if not host or parts.scheme not in {"https", "http"}:
        return "the address begins with neither https:// nor http://"
    try:
        with socket.create_connection((host, port), timeout_s) as plain:
            if parts.scheme == "https":
                with ssl.create_default_context().wrap_socket(plain, server_hostname=host):
                    pass
    except ssl.SSLCertVerificationError:
        return "the certificate is not trusted"
    except TimeoutError:
        return "no connection in time"
    except socket.gaierror:
        return "the host's name is not known"
    except (OSError, ValueError) as error:
        return f"no connection ({type(error).__name__})"
    return ""


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
