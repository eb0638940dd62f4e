"""What a replay is worth against incidents that people know of: found or missed, how soon, how often for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

from logwatch.languages import Worded
from logwatch.notify.incidents import NotifyReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from logwatch.backtest.known_incidents import Known
    from logwatch.notify.incidents import Notification
    from logwatch.pipeline.replay import Replayed
    from logwatch.spans import Span

AFTER = timedelta(minutes=10)
"""How long after its end a message is still about an incident: windows close, and sliding spans remember it for a while."""


NEWS = {NotifyReason.FIRING, NotifyReason.JOINED, NotifyReason.WIDER}
"""Why a message tells of something new."""


class IncidentOutcome(Worded, families=("outcome",)):
    """What became of a known incident."""

    FOUND = "found"
    MISSED = "missed"
    NOT_COVERED = "not_covered"
    """It lies outside the lines that were read: nothing can be said."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One known incident, and the messages about it."""

    known: Known
    outcome: IncidentOutcome
    told: tuple[Notification, ...]
    """Those that tell of something new, oldest first."""

    @property
    def took(self) -> timedelta | None:
        """From its beginning to the first message; None where there is none."""
        return self.told[0].at - self.known.from_ if self.told else None

    @property
    def procedure_right(self) -> bool | None:
        """Whether the first message names the procedure; None where the file names none, or nothing was told."""
        if self.known.procedure is None or not self.told:
            return None
        return self.told[0].procedure == self.known.procedure

    @property
    def procedure_later(self) -> bool:
        """Whether a later message names the procedure that the first does not."""
        return self.procedure_right is False and any(each.procedure == self.known.procedure for each in self.told)

    @property
    def step_right(self) -> bool | None:
        """Whether the first message of the right procedure marks the step; None where the file names none, or there is none."""
        right = [each for each in self.told if each.procedure == self.known.procedure]
        if self.known.step is None or not right:
            return None
        return right[0].walked is not None and right[0].walked.step == self.known.step


@dataclass(frozen=True, slots=True)
class Score:
    """A whole replay, held against the known incidents."""

    span: Span
    scored: tuple[Scored, ...]
    false: tuple[Notification, ...]
    """Messages that tell of something new outside every known incident."""

    def count(self, outcome: IncidentOutcome) -> int:
        """Count the incidents of an outcome."""
        return sum(each.outcome is outcome for each in self.scored)

    @property
    def covered(self) -> int:
        """Incidents about which something can be said."""
        return len(self.scored) - self.count(IncidentOutcome.NOT_COVERED)

    @property
    def median_took(self) -> timedelta | None:
        """The median time to find; None where nothing was found."""
        took = [each.took for each in self.scored if each.took is not None]
        return timedelta(seconds=median(each.total_seconds() for each in took)) if took else None

    @property
    def false_per_day(self) -> float:
        """False alarms a day."""
        return len(self.false) / self.span.days

    def right(self, *, step: bool) -> tuple[int, int]:
        """Count where the procedure, or the step, is right, and of how many."""
        found = [each.step_right if step else each.procedure_right for each in self.scored]
        return sum(each is True for each in found), sum(each is not None for each in found)


def score(replayed: Replayed, known: Sequence[Known]) -> Score:
    """Hold what was told against what is known to have been wrong.

    A message is about an incident if it comes between its beginning and ten minutes after its end, for its shop or for all
    together. Only messages that tell of something new count: not reminders, not what eases, and not ends. What is about an
    incident that was false was told for nothing; of one that nobody has labelled nothing can be said.
    """
    parts = (part for each in replayed.notifications for part in each.parts)
    news = [each for each in parts if each.reason in NEWS]
    return Score(
        span=replayed.span,
        scored=tuple(_score(each, news, replayed.span) for each in known if each.label == "real"),
        false=tuple(each for each in news if not any(_is_about(each, one) for one in known if one.label != "false")),
    )


def _score(known: Known, news: Iterable[Notification], span: Span) -> Scored:
    told = tuple(each for each in news if _is_about(each, known))
    if told:
        return Scored(known, IncidentOutcome.FOUND, told)
    covered = known.from_ < span.end and known.to > span.start
    return Scored(known, IncidentOutcome.MISSED if covered else IncidentOutcome.NOT_COVERED, ())


def _is_about(notification: Notification, known: Known) -> bool:
    shops = {*notification.labels.values(), *(notification.shops if notification.partial else ())}
    return known.from_ <= notification.at <= known.to + AFTER and (not shops or known.shop in {None, *shops})
