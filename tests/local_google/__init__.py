"""Stand-ins for Google Cloud Logging and Monitoring on this machine: a real gRPC server for tests and benchmarks."""

from tests.local_google.calls import Fault, Received
from tests.local_google.loading import load_entries, make_entry, repeat
from tests.local_google.monitoring_service import Written
from tests.local_google.server import GoogleServer, LoggingServer, MonitoringServer

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
