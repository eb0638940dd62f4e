"""A verdict: how one rule and shop stood in one window, and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from logwatch.languages import Worded


class Level(Worded, families=("level",)):
    """How a figure stands to its two bounds."""

    NORMAL = "normal"
    ELEVATED = "elevated"
    WARNING = "warning"
    UNKNOWN = "unknown"


SEVERITY = {Level.UNKNOWN: -1, Level.NORMAL: 0, Level.ELEVATED: 1, Level.WARNING: 2}
"""Which of two levels is the worse."""
UNPROVEN = "unproven"
"""The tone of a figure between the bounds, or beyond them, that nothing proves: not worth a colour."""
TONES: dict[str, float] = {**{str(level): float(rank) for level, rank in SEVERITY.items()}, UNPROVEN: 0.5}
"""Which of two tones is the worse: a level is its own, but for what is not proven."""


def badness(value: float | None, tone: str, *, falls: bool) -> tuple[float, float]:
    """Rank a figure by its tone, and among those of one tone by how far it goes towards the warning bound; `falls`: downwards.

    Where there is room for one of several, the worst is shown.
    """
    return TONES[tone], -inf if value is None else -value if falls else value


class Why(Worded, families=("why",)):
    """Why a verdict is not simply what its value says."""

    NONE = ""
    NO_LINES = "no_lines"
    """Nobody wrote a summary: silence, never zero."""
    NO_EVENTS = "no_events"
    """Summaries came, but nothing happened that a ratio could be made of."""
    NO_ENDPOINT = "no_endpoint"
    """Nothing measures this here."""
    ONLY_IN_RUN = "only_in_run"
    """Only a run, which asks as time goes by, can measure this: no recording tells it."""
    NO_REVISION = "no_revision"
    """No summary says which revision wrote it."""
    NO_ARRIVALS = "no_arrivals"
    """No line arrived whose way here could be timed."""
    FLAWED = "flawed"
    """A counter that is judged came in a form that cannot be read: neither zero nor anything else."""
    NOT_PROVEN = "not_proven"
    """Beyond the warning bound, but so few events, or so fresh, that chance or delay may have done it."""
    TOO_FEW = "too_few"
    """Slow requests, but fewer, or a smaller share of all, than the rule asks for."""
    DOWN = "down"
    """What is measured says itself that it does not work: beyond any bound, with or without a value."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What a revision was held against: those that were alive beside it, over the same minutes."""

    revision: str
    """The one that is judged."""
    since: datetime | None
    """Start of its first window; None where it was there all along."""
    others: tuple[str, ...]
    numerator: float
    denominator: float
    """Of the others, all together."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule, one set of labels, one window."""

    rule: str
    labels: dict[str, str]
    """Empty: all shops together."""
    window_end: datetime
    level: Level
    value: float | None
    """Events per window, a share of 1, or ms; None where there is nothing to tell."""
    numerator: float | None
    denominator: float | None
    proven: bool | None
    why: Why
    span: timedelta
    """The stretch of time that value, numerator and denominator were counted over."""
    suspect: bool
    """More successes than attempts: something is counted wrong."""
    certain: bool = False
    """A warning proven so surely that it need not last before it speaks; of measured values only one that is down."""
    final: bool = False
    """A warning that no later line of its window can undo: it is told before the window is closed."""
    shown: Level | None = None
    """The level that the newest events show, by which an alert ends or goes on; unknown where they show none, None: `level`."""
    eased: bool = False
    """Shown to lie between the two bounds: a warning no more, and not normal either."""

    beside: Beside | None = None
    """Where one revision is held against others; the verdict's own figures are those of the one."""

    @property
    def tone(self) -> str:
        """How it is shown: as its level, and quietly where that is elevated and nothing shows it to be more than chance."""
        return UNPROVEN if self.level is Level.ELEVATED and not self.eased else self.level

    @property
    def events(self) -> tuple[float, float]:
        """How bad it is by its events: their share, all where nobody counted the whole, then their number."""
        number = self.numerator or 0.0
        return min(number / self.denominator, 1.0) if self.denominator else float(number > 0), number

    @property
    def heading(self) -> Level:
        """The level that the newest events show; unknown where they show none."""
        return self.level if self.shown is None else self.shown
