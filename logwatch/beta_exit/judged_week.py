"""All that is known of the exit conditions at one time: judged, with what stands in their way, and how to ask again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from logwatch.beta_exit.conditions import GateState, judge_gates
from logwatch.beta_exit.largest_loss import largest_losses
from logwatch.beta_exit.running_day import budget_of, earliest_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime, tzinfo

    from logwatch.beta_exit.conditions import Gate, Terms
    from logwatch.beta_exit.day_reader import Week
    from logwatch.beta_exit.largest_loss import LargestLoss, PastIncident
    from logwatch.beta_exit.running_day import DayBudget
    from logwatch.spans import Span


@dataclass(frozen=True, slots=True)
class ExitProof:
    """What it takes to come to the same answer again."""

    until: datetime
    """When the question was asked, or up to when."""
    rules: str
    """Whose rules they are, and of which version."""
    rules_digest: str
    figures_digest: str
    """Hash of the days' figures."""
    command: str


@dataclass(frozen=True, slots=True)
class JudgedGate:
    """One condition with all that is known of it."""

    gate: Gate
    losses: tuple[LargestLoss, ...]
    """What cost its failed days most."""
    budget: DayBudget | None
    """What the running day may still lose; None where nothing is known of it."""

    @property
    def earliest(self) -> date | None:
        """The first day on which it may be shown; None where it is, and where too few days were looked at."""
        return earliest_of(self.gate, self.budget)


@dataclass(frozen=True, slots=True)
class JudgedWeek:
    """All conditions."""

    gates: tuple[JudgedGate, ...]
    wanted: tuple[date, ...]
    counted_to: datetime | None
    """Up to when the running day is counted; None where nothing is known of it."""
    proof: ExitProof
    zone: tzinfo
    """Whose days they are."""
    quiet: tuple[Span, ...]
    """Stretches without a line of any kind, which are counted as idle."""
    unread: Mapping[str, int] | None
    """How many entries could not be read, by reason: nothing of them is in any figure. None where that is not known."""

    def count(self, state: GateState) -> int:
        """Give how many conditions are in a state."""
        return sum(each.gate.state is state for each in self.gates)

    @property
    def earliest(self) -> date | None:
        """The first day on which all of them may be shown; None where they are, and where nobody can tell."""
        found = [each.earliest for each in self.gates if each.gate.state is not GateState.MET]
        return max((each for each in found if each), default=None) if all(found) else None


def judge_week(week: Week, past: Sequence[PastIncident], terms: Terms, proof: ExitProof) -> JudgedWeek:
    """Judge the conditions over days that were read, with the incidents that people were told of meanwhile."""
    gates = judge_gates(week.days, week.wanted, terms.rules, terms.expected, terms.zone)
    today = week.running
    return JudgedWeek(
        gates=tuple(
            JudgedGate(
                gate, largest_losses(gate, week.days, past, terms), budget_of(gate.condition, today, terms) if today else None
            )
            for gate in gates
        ),
        wanted=week.wanted,
        counted_to=today.at if today else None,
        proof=proof,
        zone=terms.zone,
        quiet=week.quiet,
        unread=None if week.unread is None else dict(week.unread),
    )
