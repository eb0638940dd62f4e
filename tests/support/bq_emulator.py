"""bqemulator, an engine that runs BigQuery's SQL, out of an environment of its own: `make bigquery` sets it up."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from google.auth.credentials import AnonymousCredentials
from google.cloud.bigquery import Client

from tests.support.local_http import free_port
from tests.support.patience import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(__file__).parent.parent.parent / ".venv-bq/bin/bqemulator"


@contextmanager
def emulator(log: Path) -> Iterator[str]:
    """Run it, and give its HOST:PORT."""
    with free_port() as port, free_port() as another, log.open("wb") as output:
        command = [str(PROGRAM), "start", "--rest-port", str(port), "--grpc-port", str(another), "--log-level", "error"]
        with subprocess.Popen(command, stdout=output, stderr=output) as process:
            try:
                wait_until(lambda: _answers(port) or process.poll() is not None)
                assert process.poll() is None, log.read_text()
                yield f"127.0.0.1:{port}"
            finally:
                process.terminate()


def _answers(port: int) -> bool:
    from urllib.error import URLError
    from urllib.request import urlopen

    try:
        with urlopen(f"http://127.0.0.1:{port}/bigquery/v2/projects/o4o-demo/datasets", timeout=2):
            return True
    except (URLError, OSError):
        return False


def client_of(endpoint: str) -> Client:
    """Give a client that loads tables."""
    return Client("o4o-demo", credentials=AnonymousCredentials(), client_options={"api_endpoint": f"http://{endpoint}"})
