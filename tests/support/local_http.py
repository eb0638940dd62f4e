"""The HTTP server under the local services: many at once, and no word about clients that hang up."""

from __future__ import annotations

import json
import sys
from http.server import ThreadingHTTPServer
from typing import Any


class LocalHttp(ThreadingHTTPServer):
    """A server whose clients may be killed in the middle of a request."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of connections that broke and bodies that were cut off."""
        if not isinstance(sys.exception(), ConnectionError | json.JSONDecodeError):
            super().handle_error(request, client_address)
