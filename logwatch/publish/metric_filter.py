"""One installation of logwatch, as files that watch it need to know it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from logwatch.ui.format import Audience

RESOURCE = "generic_task"
"""Resource that every metric of logwatch is written for."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What tells this installation's figures from another's, and what its people read."""

    environment: str
    """Namespace of its metrics."""
    prefix: str
    """What the names of its metrics begin with."""
    region: str
    """Where its job runs, for the commands that people are told to type."""
    grace: timedelta
    """How long a window waits for late entries."""
    lease: timedelta
    """How long a run may take."""
    readers: Audience
    runbook_url: str = ""
    several: tuple[str, ...] = ()
    """The namespaces of several targets, where it is them together."""

    def selection(self, metric: str, **labels: str) -> str:
        """Give the filter of Cloud Monitoring for this installation's series of a metric, by the name behind the prefix."""
        wanted = {
            "metric.type": self.prefix + metric,
            "resource.type": RESOURCE,
            **({} if self.several else {"resource.labels.namespace": self.environment}),
            **{f"metric.labels.{label}": value for label, value in labels.items()},
        }
        parts = [f"{field}={_quoted(value)}" for field, value in wanted.items()]
        parts += [f"resource.labels.namespace=one_of({', '.join(map(_quoted, self.several))})"] if self.several else []
        return " AND ".join(parts)


def _quoted(text: str) -> str:
    r"""Write a value of a filter.

    >>> _quoted('a "b"')
    '"a \\"b\\""'
    """
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
