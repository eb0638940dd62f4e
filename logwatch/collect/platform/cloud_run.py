"""Cloud Run's own figures of a service: whether instances work and requests are answered, through google-cloud-monitoring.

An instance that waits without a request writes no summary, since every counter of it is zero: it is idle, and not silent.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from logwatch.collect.interface import Signs
from logwatch.errors import SourceError
from logwatch.google_api import Errors, open_client, project_hints, walk
from logwatch.spans import EPOCH, WINDOW, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.cloud.monitoring_v3 import MetricServiceClient

LOG = logging.getLogger("logwatch.run")
LAG = timedelta(minutes=4)
"""Figures are sampled every minute, and visible three minutes later at the latest."""
BEFORE = timedelta(minutes=10)
"""How far before a stretch without summaries to look: only a service that was ever seen at work can be seen to be idle."""
TIMEOUT_S, LONGEST_S = 5, 15
"""For one page, and for all of one figure: a run has a minute."""
PAGE_SIZE = 10_000
REQUESTS = 'metric.type="run.googleapis.com/request_count"'
WORKING = 'metric.type="run.googleapis.com/container/instance_count" AND metric.labels.state="active"'
RIGHT = "roles/monitoring.viewer"


class CloudRunActivity:
    """The figures of one service, in one project or in several."""

    def __init__(
        self,
        project: str,
        service: str,
        *,
        others: Sequence[str] = (),
        location: str | None = None,
        endpoint: str | None = None,
    ) -> None:
        """Name what to read; nothing is connected yet. `endpoint` is HOST:PORT of a local server without TLS."""
        self.projects = (project, *others)
        self.service, self.location, self.endpoint = service, location, endpoint
        self._client: MetricServiceClient | None = None

    def read(self, span: Span) -> Signs:
        """Give the minutes in which it worked, and those for which that is known; nothing where it may not be read."""
        try:
            return self.fetch(span)
        except SourceError as error:  # lines tell less, and nothing else tells more
            LOG.debug("platform figures", extra={"details": {"refused": str(error)}})
            return Signs()

    def fetch(self, span: Span) -> Signs:
        """Likewise. Raises SourceError."""
        wide = Span(span.start - BEFORE, span.end)
        running: set[int] = set()
        for project in self.projects:  # one that may not be read leaves all unknown: the service may work there
            hints = project_hints(project, "monitoring.googleapis.com", RIGHT)
            errors = Errors(SourceError, project, hints, otherwise=f"{RIGHT} reads them")
            with errors.raised("Cloud Monitoring", self._connect):
                for metric in (REQUESTS, WORKING):
                    running |= self._minutes(project, metric, wide)
        known = range((wide.start - EPOCH) // WINDOW, (wide.end - LAG - EPOCH) // WINDOW)
        return Signs(running=frozenset(running), figured=frozenset({*known, *running}))

    def _minutes(self, project: str, metric: str, span: Span) -> set[int]:
        """Give the minutes of a span with a point above zero; a point stands at the end of its minute."""
        from google.cloud.monitoring_v3.types import ListTimeSeriesRequest, ListTimeSeriesResponse, TimeInterval

        where = [metric, 'resource.type="cloud_run_revision"', f'resource.labels.service_name="{self.service}"']
        where += [f'resource.labels.location="{self.location}"'] if self.location else []
        request = ListTimeSeriesRequest(
            name=f"projects/{project}",
            filter=" AND ".join(where),
            interval=TimeInterval(start_time=span.start, end_time=span.end),
            view=ListTimeSeriesRequest.TimeSeriesView.FULL,
            page_size=PAGE_SIZE,
        )
        found: set[int] = set()
        pages = self._connect().list_time_series(request=request, timeout=TIMEOUT_S).pages
        for page in walk(pages, SourceError, project, LONGEST_S):
            for series in ListTimeSeriesResponse.pb(page).time_series:
                found.update(
                    (point.interval.end_time.seconds - 1) // 60
                    for point in series.points
                    if max(point.value.int64_value, point.value.double_value) > 0
                )
        return found

    def _connect(self) -> MetricServiceClient:
        """Give the one client for all stretches."""
        if self._client is None:
            from google.cloud.monitoring_v3 import MetricServiceClient

            self._client = open_client(MetricServiceClient, self.endpoint)
        return self._client
