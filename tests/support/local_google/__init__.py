"""Stand-ins for Google Cloud Logging and Monitoring on this machine: a real gRPC server for tests and benchmarks."""

from tests.support.local_google.calls import Fault, Received
from tests.support.local_google.loading import load_entries, make_entry, repeat
from tests.support.local_google.monitoring_service import Written
from tests.support.local_google.server import GoogleServer, LoggingServer, MonitoringServer

__all__ = [
    "Fault",
    "GoogleServer",
    "LoggingServer",
    "MonitoringServer",
    "Received",
    "Written",
    "load_entries",
    "make_entry",
    "repeat",
]
