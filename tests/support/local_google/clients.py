"""Real clients of the libraries, connected to a server on this machine."""

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud.logging import Client
from google.cloud.logging_v2 import _gapic
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport
from google.cloud.monitoring_v3 import MetricServiceClient
from google.cloud.monitoring_v3.services.metric_service.transports import MetricServiceGrpcTransport


def generated_client(address: str) -> LoggingServiceV2Client:
    """Give the generated client over a plain channel to `host:port`."""
    # A channel of one's own has a limit of 4 MiB, which the library's has not.
    channel = grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", -1)])
    return LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel))


def handwritten_client(address: str, project: str) -> Client:
    """Give the hand-written client over a plain channel to `host:port`.

    It has no option for a plain channel, so its own adapter is put over the generated client.
    """
    client = Client(project=project, credentials=AnonymousCredentials())
    client._logging_api = _gapic._LoggingAPI(generated_client(address), client)
    return client


def metric_client(address: str) -> MetricServiceClient:
    """Give Cloud Monitoring's client over a plain channel to `host:port`."""
    return MetricServiceClient(transport=MetricServiceGrpcTransport(channel=grpc.insecure_channel(address)))
