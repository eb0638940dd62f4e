"""What earlier runs measured and wrote to Cloud Monitoring, read back through google-cloud-monitoring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logwatch.errors import SourceError
from logwatch.google_api import Errors, open_client, walk
from logwatch.spans import NS, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from google.cloud.monitoring_v3 import MetricServiceClient

    from logwatch.publish.metric_filter import Installation

PAGE_SIZE = 10_000
LONGEST_S = 120
"""For all pages of one series."""


class MonitoringHistory:
    """The measured values of one installation."""

    def __init__(self, project: str, installation: Installation, gauges: Sequence[str], *, endpoint: str | None = None) -> None:
        """Name what to read; nothing is connected yet. `endpoint` is HOST:PORT of a local server without TLS."""
        self.project, self.installation, self.gauges, self.endpoint = project, installation, gauges, endpoint
        self._client: MetricServiceClient | None = None

    def read(self, span: Span) -> Iterator[tuple[str, int, float]]:
        """Give series, start of the window (ns) and value. Raises SourceError."""
        hint = "roles/monitoring.viewer reads metrics back; LOGWATCH_METRICS_PROJECT=none leaves them out"
        with Errors(SourceError, self.project, {}, otherwise=hint).raised("Cloud Monitoring"):
            for series in self.gauges:
                for time, value in self._points(series, span):
                    yield series, time, value

    def _points(self, series: str, span: Span) -> Iterator[tuple[int, float]]:
        from google.cloud.monitoring_v3.types import ListTimeSeriesRequest, ListTimeSeriesResponse, TimeInterval

        request = ListTimeSeriesRequest(
            name=f"projects/{self.project}",
            filter=self.installation.selection(series.replace(".", "/")),
            interval=TimeInterval(start_time=span.start, end_time=span.end),
            view=ListTimeSeriesRequest.TimeSeriesView.FULL,
            page_size=PAGE_SIZE,
        )
        pages = self._connect().list_time_series(request=request).pages
        for page in walk(pages, SourceError, self.project, LONGEST_S):
            for found in ListTimeSeriesResponse.pb(page).time_series:
                for point in found.points:
                    end = point.interval.end_time
                    # A point stands at the end of its window, and belongs to the minute before.
                    yield end.seconds * NS + end.nanos - NS, point.value.double_value

    def _connect(self) -> MetricServiceClient:
        """Give the one client for all series and days."""
        if self._client is None:
            from google.cloud.monitoring_v3 import MetricServiceClient

            self._client = open_client(MetricServiceClient, self.endpoint)
        return self._client
