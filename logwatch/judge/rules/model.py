"""A rule: one row of the runbook's section 3, what it measures, and its two bounds."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from logwatch.collect.parse import SILENT_MINUTES
from logwatch.judge.rules.runbook import Procedure, Runbook
from logwatch.judge.rules.step_checks import ProcedureChecks
from logwatch.judge.rules.yaml_types import Duration, Model, Selectors, Stretch, Text
from logwatch.languages import Lang
from logwatch.ranges import Range

WATCH = "watch.yaml"
"""The file with the rules of logwatch's own."""
SILENT = timedelta(minutes=10)
"""How long telemetry must be silent where no rule says so."""


class Proof(Model):
    """What a ratio needs before it is called a warning."""

    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="One-sided confidence of the Wilson bound.")
    sudden: float = Field(
        default=0.99,
        gt=0.5,
        lt=1,
        description="Confidence that a shorter stretch needs while the whole span still looks better.",
    )
    certain: float = Field(
        default=0.999,
        gt=0.5,
        lt=1,
        description="Confidence, over any stretch, from which a warning need not last before it speaks.",
    )
    min_events: int = Field(default=10, ge=1, description="Events below which nothing is proven.")
    widen: Duration = Field(default=timedelta(minutes=30), description="How far back to look for enough events.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if min(self.sudden, self.certain) < self.confidence:
            raise ValueError("sudden and certain ask for more than confidence, not for less")
        return self


class Ratio(Model):
    """A share of events over a sliding span."""

    numerator: Selectors
    denominator: Selectors
    by: Literal["service"] | None = Field(default=None, description="Judge for each shop too, not only for all together.")
    span: Stretch = Field(default=timedelta(minutes=5), description="The sliding span.")
    lag: Duration = Field(default=timedelta(0), description="How far numerators may trail their denominators.")
    settled: Selectors | None = Field(default=None, description="Counters whose events have certainly come to an end.")
    proof: Proof | Literal["none"] = Field(default_factory=Proof, description="'none' asks for min_events alone.")
    min_events: int = Field(default=1, ge=1, description="Where proof is none: events below which nothing is judged a warning.")


def _share(least: Range) -> Range:
    if least.direction[0] != ">" or least.unit != "%" or not 0 < least.bound < 1:
        raise ValueError(f"'{least}' is no share of requests; right is e.g. '>= 5 %'")
    return least


class Slow(Model):
    """Slow requests of one label over a sliding span."""

    label: str
    requests: Selectors | None = Field(default=None, description="Counters that add up to all requests of the label.")
    span: Stretch = timedelta(minutes=5)
    min_count: int = Field(default=3, ge=1, description="Slow requests below which nothing is judged a warning.")
    min_share: Annotated[Range, AfterValidator(_share)] = Field(
        default=Range(">=", 0.05, "%"), description="Share of the label's requests, where it is known."
    )
    chance: float = Field(default=1e-4, gt=0, le=1, description="How rarely a label at min_share may show as many by chance.")
    certain: float = Field(default=1e-5, gt=0, le=1, description="The same, below which a warning need not last.")


class Rule(Model):
    """One row of section 3; exactly one of count, ratio, gauge and slow says what is measured."""

    rule: str = Field(pattern=r"^[a-z][a-z0-9-]*$", description="The rule's id.")
    indicator: str | None = Field(
        default=None,
        description="First cell of the row in the runbook's section 3, as it stands there; none for a rule besides them.",
    )
    warns: str | None = Field(default=None, description="Which of the row's warning bounds is meant, where it has several.")
    summary: Text
    count: Selectors | None = Field(default=None, description="Counters added up per 60 s window, all shops.")
    ratio: Ratio | None = None
    gauge: str | None = Field(default=None, description="A measured value, such as database.ping_ms.")
    slow: Slow | None = None
    normal: Range
    warning: Range
    for_: Duration = Field(
        default=timedelta(minutes=1),
        alias="for",
        description="How long a warning must last, from the end of its first window, before it speaks.",
    )
    keep_firing_for: Duration = Field(
        default=timedelta(minutes=5), description="How long normal must last, likewise, before the alert is resolved."
    )
    procedure: str = Field(
        default="", pattern=r"^(\d+\.\d+)?$", description="Section of the runbook to follow; empty where it has none."
    )
    step: int | None = Field(default=None, ge=1, description="The step to begin with.")
    also: tuple[str, ...] = Field(default=(), description="Further sections that bear on it.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        measures = [name for name in ("count", "ratio", "gauge", "slow") if getattr(self, name) is not None]
        if len(measures) != 1:
            raise ValueError(
                f"has {' and '.join(measures) or 'nothing'} to measure; give exactly one of count, ratio, gauge, slow"
            )
        if (self.normal.direction[0] == self.warning.direction[0]) or self.normal.unit != self.warning.unit:
            raise ValueError(f"normal '{self.normal}' and warning '{self.warning}' must face each other in one unit")
        if (self.normal.bound > self.warning.bound) != (self.warning.direction[0] == "<") and (
            self.normal.bound != self.warning.bound
        ):
            raise ValueError(f"normal '{self.normal}' and warning '{self.warning}' overlap")
        if self.indicator and not self.procedure:
            raise ValueError(f"the row '{self.indicator}' needs a procedure of section 4")
        return self

    @property
    def selectors(self) -> tuple[str, ...]:
        """All counters that the rule reads."""
        if self.count:
            return self.count
        if self.ratio:
            return self.ratio.numerator + self.ratio.denominator + (self.ratio.settled or ())
        return (self.slow.requests or ()) if self.slow else ()

    @property
    def reach(self) -> timedelta:
        """How far before a window its verdict looks."""
        if self.ratio:
            wide = self.ratio.proof.widen if isinstance(self.ratio.proof, Proof) else timedelta()
            return max(self.ratio.span, wide) + self.ratio.lag + timedelta(minutes=1)
        return self.slow.span if self.slow else timedelta(minutes=1)


class Inhibition(Model):
    """Rules that, while they fire, explain others, which then keep silent."""

    when: tuple[str, ...] = Field(min_length=1, description="Rules that explain, any of which is enough.")
    mutes: tuple[str, ...] = Field(default=(), description="Rules that are explained.")
    not_expected: tuple[str, ...] = Field(default=(), description="Rules that are not explained, and say so.")
    because: Text = Field(description="What a message says before the names of what is explained, and not told by itself.")
    not_because: Text | None = Field(
        default=None,
        description="What a message says of a rule in not_expected; {rules} stands for those that fire and do not explain it.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.not_because and not self.not_expected:
            raise ValueError("not_because is said of the rules in not_expected, and there are none")
        return self

    def explains(self, source: str, rule: str) -> bool:
        """Tell whether a firing `source` explains an alert of `rule`."""
        return source in self.when and rule in self.mutes


class Counter(Model):
    """A counter that the application is known to write."""

    counter: str
    labels: tuple[str, ...] = ()
    meaning: Text


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of a folder, each with the file and line where it stands."""

    folder: Path
    rules: tuple[Rule, ...]
    """In the order of the runbook's table, then those that people have added, then logwatch's own."""
    where: dict[str, str]
    counters: tuple[Counter, ...]
    inhibitions: tuple[Inhibition, ...]
    walks: tuple[ProcedureChecks, ...]
    """How to walk each procedure."""
    runbook: Runbook
    english: Runbook
    """The runbook's twin; the runbook itself where there is none."""

    @property
    def section3(self) -> tuple[Rule, ...]:
        """The rules that judge a row of the runbook's table."""
        return tuple(rule for rule in self.rules if rule.indicator)

    @property
    def watching(self) -> tuple[Rule, ...]:
        """The rules of logwatch's own: whether there is anything to judge at all."""
        return tuple(
            rule for rule in self.rules if not rule.indicator and self.where[rule.rule].startswith(f"{self.folder / WATCH}:")
        )

    @property
    def own(self) -> tuple[Rule, ...]:
        """The rules that people have added besides."""
        return tuple(rule for rule in self.rules if not rule.indicator and rule not in self.watching)

    def procedure(self, section: str, lang: Lang = "ko") -> Procedure | None:
        """Give a procedure in a language; None where the section is not one."""
        return (self.runbook if lang == "ko" else self.english).procedure(section)

    def walk(self, section: str) -> ProcedureChecks | None:
        """Give how to walk a procedure."""
        return next((walk for walk in self.walks if walk.procedure == section), None)

    def share_name(self, english: str, lang: Lang) -> str:
        """Give the name of a share of rules/evidence.yaml in a language, by its English one."""
        names = {share.name.en: share.name for walk in self.walks for look in walk.steps for share in look.shares}
        return names[english][lang] if english in names else english

    @property
    def silence(self) -> Rule | None:
        """The rule that watches whether summaries still come."""
        return next((rule for rule in self.rules if rule.gauge == SILENT_MINUTES), None)

    @property
    def silent(self) -> timedelta:
        """How long no summary comes, while the service shows life, before telemetry counts as silent."""
        return timedelta(minutes=self.silence.warning.bound) if self.silence else SILENT

    @property
    def by_id(self) -> dict[str, Rule]:
        """The rules by their ids."""
        return {rule.rule: rule for rule in self.rules}

    @property
    def selectors(self) -> set[str]:
        """All counters that any rule reads."""
        return {selector for rule in self.rules for selector in rule.selectors}

    @property
    def slow_reach(self) -> timedelta:
        """How far before a span its first verdicts on slow requests look."""
        return max((rule.reach for rule in self.rules if rule.slow), default=timedelta())

    @property
    def reach(self) -> timedelta:
        """How far before a span its first verdicts look."""
        return max((rule.reach for rule in self.rules), default=timedelta())


def rules_schema() -> dict[str, Any]:
    """Give the JSON Schema of a rule file, for editors."""
    schema = Rule.model_json_schema()
    definitions = schema.pop("$defs", {})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "logwatch rules",
        "type": "array",
        "items": schema,
        "$defs": definitions,
    }
