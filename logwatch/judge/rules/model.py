"""A rule: one row of the runbook's section 3, what it measures, and its two bounds."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, model_validator

from logwatch.collect.parse import SILENT_MINUTES
from logwatch.count.census import Knows
from logwatch.judge.kinds import Measures, kinds_listed
from logwatch.judge.kinds.slow import Slow
from logwatch.judge.rules.runbook import Procedure, Runbook
from logwatch.judge.rules.service import Service, with_places
from logwatch.judge.rules.step_checks import ProcedureChecks, StepCheck
from logwatch.judge.rules.yaml_types import Duration, Model, Selectors, Text, selects
from logwatch.languages import COMMON, Lang, Worded
from logwatch.ranges import Bounds, Range, check_bounds

if TYPE_CHECKING:
    from logwatch.judge.rules.oncall import OnCall

WATCH = "watch.yaml"
"""The file with the rules of logwatch's own."""
SILENT = timedelta(minutes=10)
"""How long telemetry must be silent where no rule says so."""


class Severity(Worded, families=("severity",)):
    """Whom a rule that fires is for; the first is the gravest."""

    PAGE = "page"
    """Somebody gets up for it."""
    WARN = "warn"
    """Somebody looks at it soon."""
    INFO = "info"
    """It can wait until the morning."""


def gravest(severities: Iterable[Severity]) -> Severity:
    """Give the gravest of several; of none, what nothing says otherwise."""
    return min(severities, key=list(Severity).index, default=Severity.WARN)


class Row(Model):
    """What tells a rule apart, and which row it is."""

    rule: str = Field(pattern=r"^[a-z][a-z0-9-]*$", description="The rule's id.")
    indicator: str | None = Field(
        default=None,
        description="First cell of the row in the runbook's section 3, as it stands there; none for a rule besides them.",
    )
    warns: str | None = Field(default=None, description="Which of the row's warning bounds is meant, where it has several.")
    summary: Text


class ImpactWords(Model):
    """What people lose while a rule warns, and how it is counted."""

    what: Text | None = Field(default=None, description="What is counted, as people call it; it stands beside the number.")
    among: Selectors | None = Field(
        default=None, description="Of a count: counters of all such events, of which the usual share is taken, not a rate."
    )
    like: tuple[str, ...] = Field(default=(), description="Rules whose words and count are meant instead, the likeliest first.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.what is None) == (not self.like):
            raise ValueError("give either 'what' or 'like'")
        return self


class Rule(Measures, Row):
    """One row of section 3: what it measures, and its two bounds."""

    normal: Range
    warning: Range
    for_: Duration = Field(
        default=timedelta(minutes=1),
        alias="for",
        description="Minutes that must be seen at warning beyond the first before it speaks; elevated and unknown ones between"
        " neither count nor begin again, a normal one does.",
    )
    keep_firing_for: Duration = Field(
        default=timedelta(minutes=5), description="Minutes back to normal in a row, beyond the first, before it is resolved."
    )
    severity: Severity = Field(
        default=Severity.WARN, description="Whom a warning is for: page wakes, warn is told, info can wait until the morning."
    )
    procedure: str = Field(
        default="", pattern=r"^(\d+\.\d+)?$", description="Section of the runbook to follow; empty where it has none."
    )
    step: int | None = Field(default=None, ge=1, description="The step to begin with.")
    note: Annotated[Text, with_places("service")] | None = Field(
        default=None, description="What a message says while it fires: what it means, and what to look at."
    )
    also: tuple[str, ...] = Field(default=(), description="Further sections that bear on it.")
    impact: ImpactWords | None = Field(default=None, description="What a message says it has come to since its onset.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_bounds(self.normal, self.warning)
        if self.indicator and not self.procedure:
            raise ValueError(f"the row '{self.indicator}' needs a procedure of section 4")
        return self

    @property
    def bounds(self) -> Bounds:
        """Its two ranges."""
        return Bounds(self.normal, self.warning)

    @property
    def drawn(self) -> Bounds:
        """What its course is held against: its ranges, or those of how many requests are slow."""
        return self.kind.held if isinstance(self.kind, Slow) else self.bounds


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
    twins: Mapping[Lang, Runbook]
    """The runbook's translations, by their languages."""
    service: Service
    """The platform that is watched."""
    oncall: "OnCall"
    """Whom messages wake, and when."""

    @property
    def section3(self) -> tuple[Rule, ...]:
        """The rules that judge a row of the runbook's table."""
        return tuple(rule for rule in self.rules if rule.indicator)

    @property
    def watching(self) -> tuple[Rule, ...]:
        """The rules of logwatch's own: whether there is anything to judge at all, and what no row of the runbook sees."""
        return tuple(
            rule for rule in self.rules if not rule.indicator and self.where[rule.rule].startswith(f"{self.folder / WATCH}:")
        )

    @property
    def own(self) -> tuple[Rule, ...]:
        """The rules that people have added besides."""
        return tuple(rule for rule in self.rules if not rule.indicator and rule not in self.watching)

    def runbook_in(self, lang: Lang) -> Runbook:
        """Give the runbook in a language, or as it was written where it is not translated into that one."""
        return self.twins.get(lang, self.runbook)

    def procedure(self, section: str, lang: Lang = "") -> Procedure | None:
        """Give a procedure in a language; None where the section is not one."""
        return self.runbook_in(lang).procedure(section)

    def walk(self, section: str) -> ProcedureChecks | None:
        """Give how to walk a procedure."""
        return next((walk for walk in self.walks if walk.procedure == section), None)

    def begin(self, plan: ProcedureChecks) -> StepCheck | None:
        """Give the look at the step of another procedure that one begins with."""
        there = self.walk(plan.begin.procedure) if plan.begin else None
        return next((look for look in there.steps if plan.begin and look.step == plan.begin.step), None) if there else None

    def share_name(self, common: str, lang: Lang) -> str:
        """Give the name of a share of rules/evidence.yaml in a language, by its common one."""
        names = {share.name[COMMON]: share.name for walk in self.walks for look in walk.steps for share in look.shares}
        return names[common][lang] if common in names else common

    @property
    def silence(self) -> Rule | None:
        """The rule that watches whether summaries still come."""
        return next((rule for rule in self.rules if SILENT_MINUTES in rule.kind.reads.gauges), None)

    @property
    def silent(self) -> timedelta:
        """How long no summary comes, while the service shows life, before telemetry counts as silent."""
        return timedelta(minutes=self.silence.warning.bound) if self.silence else SILENT

    @property
    def by_id(self) -> dict[str, Rule]:
        """The rules by their ids."""
        return {rule.rule: rule for rule in self.rules}

    def losing(self, rules: Collection[str]) -> tuple[Rule, ...]:
        """Give the rules that say what people lose while any of some warns."""
        likes = {like for rule in self.rules if rule.rule in rules and rule.impact for like in rule.impact.like}
        return tuple(rule for rule in self.rules if rule.rule in {*rules, *likes} and rule.impact and rule.impact.what)

    @property
    def hourly(self) -> set[str]:
        """Counters that some rule holds against the same hours of other days."""
        return {selector for rule in self.rules for selector in rule.kind.reads.hourly}

    @property
    def selectors(self) -> set[str]:
        """All counters that any rule reads."""
        return {selector for rule in self.rules for selector in rule.kind.reads.counters}

    @property
    def exit_gauges(self) -> tuple[str, ...]:
        """Gauges that the exit conditions read, with those that say that there was nothing to measure."""
        names = self.service.exit_gauges
        downs = (rule.kind.reads.down for rule in self.rules if {*rule.kind.reads.gauges} & {*names})
        return tuple(dict.fromkeys([*names, *filter(None, downs)]))

    @property
    def knows(self) -> Knows:
        """Which counters any rule reads, and which anybody knows."""
        named, selectors = {counter.counter for counter in self.counters}, self.selectors
        read = cache(lambda name: selects(selectors, name))
        return Knows(read=read, known=lambda name: name in named or read(name))

    @property
    def slow_reach(self) -> timedelta:
        """How far before a span its first verdicts on slow requests look."""
        return max((rule.kind.reach for rule in self.rules if rule.kind.reads.labels), default=timedelta())

    @property
    def reach(self) -> timedelta:
        """How far before a span its first verdicts look."""
        return max((rule.kind.reach for rule in self.rules), default=timedelta())


def rules_schema() -> dict[str, Any]:
    """Give the JSON Schema of a rule file, for editors."""
    schema = Rule.model_json_schema()
    schema["description"] = f"One row of section 3; exactly one of {kinds_listed('and')} says what is measured."
    definitions = schema.pop("$defs", {})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "logwatch rules",
        "type": "array",
        "items": schema,
        "$defs": definitions,
    }
