"""What reading comes upon that somebody should mend: counted by kind and by what it is about."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from logwatch.languages import Worded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST = 20
"""Findings of one kind that are told apart; the others of it are counted together."""
LONGEST = 200
"""Characters of what a finding is about."""


class FindingKind(Worded, families=("finding",)):
    """What was found; its text says what mends it."""

    UNKNOWN_COUNTERS = "unknown_counters"
    """Summaries none of whose counters is known and readable."""
    NO_INSTANCE = "no_instance"
    """Summaries that do not say which instance wrote them."""
    CROWDED = "crowded"
    """Values of a label beyond those that are told apart."""
    UNREADABLE = "unreadable"
    """Entries on which reading itself failed."""
    NOTICE = "notice"
    """Text beside the entries, as what a command says of itself."""


class LogFinding(NamedTuple):
    """One thing to mend."""

    kind: FindingKind
    what: str
    """Keys, an excerpt, a place: redacted before it comes here; empty where there is nothing to name."""


class Findings(Counter[LogFinding]):
    """How often each thing was found, without letting foreign text grow without end."""

    def note(self, kind: FindingKind, what: str = "", times: int = 1) -> None:
        """Count one more."""
        finding = LogFinding(kind, what[:LONGEST])
        if finding not in self and sum(each.kind is kind for each in self) >= MOST:
            finding = LogFinding(kind, "…")
        self[finding] += times

    def take(self, other: Mapping[LogFinding, int]) -> None:
        """Count all that another reading found."""
        for finding, times in other.items():
            self.note(*finding, times)


def by_kind(findings: Mapping[LogFinding, int]) -> Iterator[tuple[FindingKind, int, list[str]]]:
    """Give each kind that was found, how often, and what it is about."""
    for kind in FindingKind:
        mine = {finding.what: times for finding, times in findings.items() if finding.kind is kind}
        if mine:
            yield kind, sum(mine.values()), [what for what in mine if what]
