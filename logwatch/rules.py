"""A rule: one row of the runbook's section 3, what it measures, and its two bounds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from logwatch.durations import format_duration, parse_duration
from logwatch.errors import LogwatchError, RuleError
from logwatch.ranges import Range
from logwatch.runbook import Runbook, load_runbook
from logwatch.samples import GAUGES
from logwatch.yaml_lines import Document


def _whole_minutes(text: object) -> timedelta:
    span = text if isinstance(text, timedelta) else parse_duration(text)
    if span % timedelta(minutes=1):
        raise ValueError(f"'{text}' is not a whole number of minutes, and a window is one minute")
    return span


_DURATION_SCHEMA = {"type": ["string", "integer"], "pattern": r"^(0|(\d+[smhdw])+)$", "examples": ["2m"]}
Duration = Annotated[
    timedelta,
    BeforeValidator(_whole_minutes),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema(_DURATION_SCHEMA),
]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


_NAME = {"type": "string", "pattern": r"^[\w.]+(\.\*)?$"}
Selectors = Annotated[
    tuple[Annotated[str, Field(pattern=r"^[\w.]+(\.\*)?$")], ...],
    BeforeValidator(_as_list),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [_NAME, {"type": "array", "items": _NAME, "minItems": 1}]}),
]
"""Counter names, `*` standing for the rest of a name; several add up."""


M = TypeVar("M", bound=BaseModel)


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Model):
    """A sentence in both languages."""

    ko: str
    en: str

    def __getitem__(self, lang: str) -> str:
        """Give the sentence in a language."""
        return self.ko if lang == "ko" else self.en


class Proof(_Model):
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


class Ratio(_Model):
    """A share of events over a sliding span."""

    numerator: Selectors
    denominator: Selectors
    by: Literal["service"] | None = Field(default=None, description="Judge for each shop too, not only for all together.")
    span: Duration = Field(default=timedelta(minutes=5), description="The sliding span.")
    lag: Duration = Field(default=timedelta(0), description="How far numerators may trail their denominators.")
    settled: Selectors | None = Field(default=None, description="Counters whose events have certainly come to an end.")
    proof: Proof | Literal["none"] = Field(default_factory=Proof, description="'none' asks for min_events alone.")
    min_events: int = Field(default=1, ge=1, description="Where proof is none: events below which nothing is judged a warning.")


class Slow(_Model):
    """Slow requests of one label over a sliding span."""

    label: str
    requests: Selectors | None = Field(default=None, description="Counters that add up to all requests of the label.")
    span: Duration = timedelta(minutes=5)
    min_count: int = Field(default=3, ge=1, description="Slow requests below which nothing is judged a warning.")
    min_share: Range = Field(default=Range(">=", 0.05, "%"), description="Share of the label's requests, where it is known.")
    chance: float = Field(default=1e-4, gt=0, le=1, description="How rarely a label at min_share may show as many by chance.")
    certain: float = Field(default=1e-5, gt=0, le=1, description="The same, below which a warning need not last.")


class Rule(_Model):
    """One row of section 3; exactly one of count, ratio, gauge and slow says what is measured."""

    rule: str = Field(pattern=r"^[a-z][a-z0-9-]*$", description="The rule's id.")
    indicator: str | None = Field(
        default=None,
        description="First cell of the row in the runbook's section 3, as it stands there; none for a rule of logwatch's own.",
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


class Inhibition(_Model):
    """Rules that, while they fire, explain others, which then keep silent."""

    when: tuple[str, ...] = Field(min_length=1, description="Rules that explain, any of which is enough.")
    mutes: tuple[str, ...] = Field(default=(), description="Rules that are explained.")
    not_expected: tuple[str, ...] = Field(default=(), description="Rules that are not explained, and say so.")
    because: Text

    def explains(self, source: str, rule: str) -> bool:
        """Tell whether a firing `source` explains an alert of `rule`."""
        return source in self.when and rule in self.mutes


class Counter(_Model):
    """A counter that the application is known to write."""

    counter: str
    labels: tuple[str, ...] = ()
    meaning: Text


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of a folder, each with the file and line where it stands."""

    folder: Path
    rules: tuple[Rule, ...]
    """In the order of the runbook's table."""
    where: dict[str, str]
    counters: tuple[Counter, ...]
    inhibitions: tuple[Inhibition, ...]
    runbook: Runbook

    @property
    def section3(self) -> tuple[Rule, ...]:
        """The rules that judge a row of the runbook's table; the others watch whether there is anything to judge."""
        return tuple(rule for rule in self.rules if rule.indicator)

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


class RuleProblemsError(LogwatchError):
    """All that is wrong with a folder of rules, not only the first thing."""

    def __init__(self, problems: Iterable[RuleError]) -> None:
        """Take the single errors."""
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def selects(selector: str, name: str) -> bool:
    """Tell whether a selector means a counter of this name."""
    return selector == name or (selector.endswith("*") and fnmatchcase(name, selector))


def load_rules(folder: Path) -> RuleSet:
    """Read every rule of a folder; raises RuleProblemsError with all errors, each with its file and line."""
    problems: list[RuleError] = []
    if not folder.is_dir():
        hint = "give a folder that holds *.yaml rule files with --rules"
        raise RuleProblemsError([RuleError("no such folder of rules", where=str(folder), hint=hint)])
    files = [path for path in sorted(folder.glob("*.yaml")) if not path.name.endswith(".test.yaml")]
    found: list[tuple[Rule, str]] = []
    counters: list[Counter] = []
    inhibitions: list[tuple[Inhibition, str]] = []
    for path in files:
        try:
            document = Document(path)
        except RuleError as error:
            problems.append(error)
            continue
        if path.name == "counters.yaml":
            counters += [item for item, _ in _parse_items(document, Counter, problems)]
        elif path.name == "inhibitions.yaml":
            inhibitions += _parse_items(document, Inhibition, problems)
        else:
            found += _parse_items(document, Rule, problems)
    try:
        runbook = load_runbook(folder / "runbook.md")
    except RuleError as error:
        raise RuleProblemsError([*problems, error]) from None
    if not found and not problems:
        problems.append(RuleError("no rules in this folder", where=str(folder), hint="rules are *.yaml files; see rules/"))
    problems += _check_ids(found) + _check_names(found, counters) + _check_sections(found, runbook)
    problems += _check_inhibitions(inhibitions, [rule.rule for rule, _ in found])
    if problems:
        raise RuleProblemsError(problems)
    order = {row.indicator: number for number, row in enumerate(runbook.rows)}
    found.sort(key=lambda item: order.get(item[0].indicator or "", len(order)))
    where = {rule.rule: where for rule, where in found}
    rules = tuple(rule for rule, _ in found)
    return RuleSet(folder, rules, where, tuple(counters), tuple(each for each, _ in inhibitions), runbook)


def _parse_items(document: Document, model: type[M], problems: list[RuleError]) -> list[tuple[M, str]]:
    if not isinstance(document.value, list):
        problems.append(RuleError("a list is needed: each entry begins with '- '", where=document.where(())))
        return []
    items = []
    for index, value in enumerate(document.value):
        try:
            items.append((model.model_validate(value), document.where((index,))))
        except ValidationError as error:
            problems += [_to_error(document, index, detail) for detail in error.errors()]
    return items


def _to_error(document: Document, index: int, detail: Any) -> RuleError:  # noqa: ANN401 - pydantic's own dict
    path = tuple(part for part in detail["loc"] if part not in ("Proof", "literal['none']"))
    name = ".".join(map(str, path))
    message = detail["msg"].removeprefix("Value error, ")
    hint = None
    if detail["type"] == "extra_forbidden":
        message, hint = f"'{name}' is not known here", "logwatch rules schema lists what is"
    elif detail["type"] == "missing":
        message, hint = f"'{name}' is missing", "logwatch rules schema says what it holds"
    elif name:
        message = f"{name}: {message}"
    return RuleError(message, where=document.where((index, *path)), hint=hint)


def _check_ids(found: list[tuple[Rule, str]]) -> list[RuleError]:
    seen: dict[str, str] = {}
    problems = []
    for rule, where in found:
        if rule.rule in seen:
            problems.append(RuleError(f"rule '{rule.rule}' stands twice", where=where, hint=f"also at {seen[rule.rule]}"))
        seen.setdefault(rule.rule, where)
    return problems


def _check_names(found: list[tuple[Rule, str]], counters: list[Counter]) -> list[RuleError]:
    names = [counter.counter for counter in counters]
    problems = []
    for rule, where in found:
        for selector in dict.fromkeys(rule.selectors):
            if not any(selects(selector, name) for name in names):
                hint = f"{nearest(selector, names)}a new counter goes into counters.yaml first"
                problems.append(RuleError(f"unknown counter '{selector}' in rule '{rule.rule}'", where=where, hint=hint))
        if rule.gauge and rule.gauge not in GAUGES:
            hint = f"{nearest(rule.gauge, list(GAUGES))}known: {', '.join(GAUGES)}"
            problems.append(RuleError(f"unknown gauge '{rule.gauge}' in rule '{rule.rule}'", where=where, hint=hint))
    return problems


def _check_sections(found: list[tuple[Rule, str]], runbook: Runbook) -> list[RuleError]:
    known = {procedure.section: procedure for procedure in runbook.procedures}
    hint = f"known: {', '.join(known)} ({runbook.path}); fix the number or add the section to the runbook"
    problems = []
    for rule, where in found:
        problems += [
            RuleError(f"unknown procedure '{section}' in rule '{rule.rule}'", where=where, hint=hint)
            for section in filter(None, (rule.procedure, *rule.also))
            if section not in known
        ]
        steps = [step.number for step in known[rule.procedure].steps] if rule.procedure in known else []
        if rule.step and steps and rule.step not in steps:
            message = f"procedure {rule.procedure} has no step {rule.step}, which rule '{rule.rule}' names"
            problems.append(RuleError(message, where=where, hint=f"its steps are {', '.join(map(str, steps))}"))
    return problems


def _check_inhibitions(inhibitions: list[tuple[Inhibition, str]], rules: list[str]) -> list[RuleError]:
    return [
        RuleError(f"there is no rule '{name}'", where=where, hint=f"{nearest(name, rules)}known: {', '.join(rules)}")
        for inhibition, where in inhibitions
        for name in (*inhibition.when, *inhibition.mutes, *inhibition.not_expected)
        if name not in rules
    ]


def nearest(name: str, names: list[str]) -> str:
    """Give a hint at the known name that looks most like this one, if any does."""
    near = get_close_matches(name, names, n=1)
    return f"did you mean '{near[0]}'? " if near else ""


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
