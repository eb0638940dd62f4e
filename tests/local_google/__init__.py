"""A stand-in for Google Cloud Logging on this machine: a real gRPC server for tests and benchmarks."""

from tests.local_google.calls import Fault, Received
from tests.local_google.loading import load_entries, make_entry, repeat
from tests.local_google.server import LoggingServer

__all__ = ["Fault", "LoggingServer", "Received", "load_entries", "make_entry", "repeat"]
