"""What the pipeline expects of the adapters that it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from logwatch.entries import Span
    from logwatch.reading import Reading

Progress = Callable[[str, float | None], None]
"""Called with a few words and the share done (0 to 1, or None where nobody can know)."""


class Source(Protocol):
    """Where entries come from."""

    recorded: bool
    """Whether it is a recording, whose end is "now", or goes on."""

    def read(self, span: Span | None, *, service: str | None, progress: Progress, meanwhile: Callable[[], object]) -> Reading:
        """Read the entries of `span`; a recording gives all it has and takes None.

        `service` leaves out the entries of other Cloud Run services. `meanwhile` is called once, early, and
        may take its time: reading goes on beside it where it can. Raises SourceError.
        """
        ...
