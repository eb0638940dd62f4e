"""What each step of a procedure asks for, and what was found: facts without words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from logwatch.languages import Worded


class StepState(Worded, families=("state",)):
    """How far logwatch could walk a step."""

    DONE = "done"
    """Looked, and here is the figure."""
    NOT_THE_CASE = "not_the_case"
    """Looked, and it is not this."""
    TODO = "todo"
    """It is the case: do what the step says."""
    NOT_LOOKED = "not_looked"
    """Could not look, and why."""


class Missed(Worded, families=("missed",)):
    """Why nobody could look, where that is not somebody's own words."""

    NO_LINES = "no_lines"
    NO_ENDPOINT = "no_endpoint"
    NO_ANSWER = "no_answer"
    OUT_OF_BUDGET = "out_of_budget"


class FactKind(StrEnum):
    """What a fact counts or measures; says how its fields are to be read."""

    COUNT = "count"
    """A counter: `value` events in `of` minutes; before and day_before are events a minute."""
    SHARE = "share"
    """`value` of `of` events; before and day_before are shares of 1; `name` is its common one in rules/evidence.yaml."""
    GAUGE = "gauge"
    """A measured value, the last; before is the median of the hour before. `level` is warning where it is down, not slow."""
    SLOW = "slow"
    """Slow requests of the label `name`: `value` of them in `of` minutes; before and day_before are requests a minute."""
    ROUTE = "route"
    """One route's slow requests: `value` is their p95 in ms, `of` their number."""
    LINES = "lines"
    """Log lines that hold the text `name`: `value` of them, from first to last."""
    TEXT = "text"
    """One of the commonest texts of those lines, ids and secrets folded: `value` lines."""
    CODE = "code"
    """A response code that those lines name: `value` lines."""
    ANSWER = "answer"
    """What the endpoint `name` answered; `labels` are its words and figures."""
    RULE = "rule"
    """How the rule `name` stands for the shop in `labels`: `value`, and `level`."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was found; see `FactKind` for what its fields hold."""

    kind: FactKind
    name: str
    value: float | None = None
    labels: dict[str, str] = field(default_factory=dict)
    of: float | None = None
    before: float | None = None
    day_before: float | None = None
    after: float | None = None
    """The same as before, of the minutes in which an incident was over."""
    first: datetime | None = None
    last: datetime | None = None
    level: str = ""
    minutes: int = 0
    """Length of the stretch that a share was counted over; 0 where an older program wrote it."""
    p95: float | None = None
    """Of slow requests that are told for a rule, in ms."""
    more: bool = False
    """Whether there is more than could be counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What logwatch found for one step, or for one line of what to expect."""

    number: int
    state: StepState
    here: bool = False
    """Whether to begin with it; one of them at the most."""
    facts: tuple[Fact, ...] = ()
    why: str = ""
    """Why it could not be looked at: one of `Missed`, or somebody's own words."""


@dataclass(frozen=True, slots=True)
class Chart:
    """The course of the incident's first alert, a value for each window."""

    rule: str
    labels: dict[str, str]
    start: datetime
    """Start of the first window."""
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """What an incident has come to since its onset, in the events that its rule is about, and what was usual instead."""

    rule: str
    """Whose words say what is counted."""
    since: datetime
    """From when on it was counted: a little before the onset, which is an estimate."""
    events: float
    usual: float | None = None
    """Events that the hour before, or the same hour a day before, lets expect; None where neither is known."""
    low: float | None = None
    high: float | None = None
    """Between these lies, in 95 of 100 cases, what there would have been anyway."""
    least_lost: float | None = None
    most_lost: float | None = None
    """Between these, likewise, what is lost to the cause: events beyond the usual, or those that are missing."""
    cut: bool = False
    """Whether it goes further back than could be counted."""


@dataclass(frozen=True, slots=True)
class RevisionChange:
    """A revision that appeared about when an incident began, and how it does beside the one before."""

    revision: str
    since: datetime
    """Start of its first window."""
    onset: datetime
    previous: str
    """The one that most had run on until then, where traffic can go back to."""
    failed: float = 0
    events: float = 0
    """Of the new one, while it was so; 0 where nothing tells revisions apart by what fails."""
    other_failed: float = 0
    other_events: float = 0
    """Of the others: over the same minutes where both were alive, else over those before."""
    together: bool = False
    """Whether the others were alive meanwhile."""
    proven: bool = False
    """Whether it is the cause."""


@dataclass(frozen=True, slots=True)
class Walked:
    """A procedure as far as it could be walked for one message."""

    findings: tuple[Finding, ...]
    besides: tuple[Fact, ...] = ()
    """What bears on the whole procedure, such as the slow routes."""
    unstepped: tuple[Fact, ...] = ()
    """Counters that grew and that no step is about."""
    requests: tuple[Fact, ...] = ()
    """The requests, all together and by shop, where there are simply more of them and nothing else grew."""
    begin: Finding | None = None
    """The step of another procedure to begin with, where rules/evidence.yaml names one."""
    otherwise: bool = False
    """Every step was looked at, and none is the case."""
    figures: tuple[Fact, ...] = ()
    """What the alerts besides the first measure over the first one's stretch, by rule and labels: events of so many."""
    chart: Chart | None = None
    impact: Impact | None = None
    """What it comes to in people's terms; None where no rule of it has words for that."""
    changed: RevisionChange | None = None
    """What changed about when it began; None where nothing did."""

    @property
    def step(self) -> int | None:
        """The procedure's own step to begin with."""
        return next((finding.number for finding in self.findings if finding.here), None)
