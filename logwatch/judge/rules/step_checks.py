"""What to look at for each step of a procedure, as rules/evidence.yaml says it."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from logwatch.judge.rules.yaml_types import Model, Selectors, Text
from logwatch.ranges import Range


def _check_condition(text: object) -> object:
    if text not in {"grew", "warns"}:
        try:
            Range.parse(str(text))
        except ValueError as error:
            raise ValueError(f"{error}; or 'grew', or 'warns'") from None
    return text


Condition = Annotated[Literal["grew", "warns"] | Range, BeforeValidator(_check_condition)]


class Share(Model):
    """A share of events, against the hour before and the same hour a day before."""

    name: Text
    numerator: Selectors
    denominator: Selectors


class RevisionLook(Model):
    """Counters that tell how a revision does: each event and its end must be counted by the revision that served it."""

    among: Selectors = Field(description="Counters of all such events.")
    failed: Selectors | None = Field(default=None, description="Counters of those that fail.")
    passed: Selectors | None = Field(default=None, description="Or counters of those that do not.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.failed is None) == (self.passed is None):
            raise ValueError("give either 'failed' or 'passed'")
        return self

    @property
    def selectors(self) -> tuple[str, ...]:
        """All counters that it reads."""
        return (*self.among, *(self.failed or ()), *(self.passed or ()))


class StepCheck(Model):
    """What to look at for one step, and what it must show for the step to be the one to take."""

    step: int = Field(ge=1, description="Number of the step, or of the line in a list of what to expect.")
    counters: Selectors | None = Field(default=None, description="Counters, each by name and shop, now and before.")
    shares: tuple[Share, ...] = Field(default=(), description="Shares of events, now and before.")
    lines: str | None = Field(default=None, min_length=4, description="Text of log lines: how many, when, the commonest.")
    codes: str | None = Field(default=None, min_length=4, description="The same lines: the response codes that they name.")
    gauge: str | None = Field(default=None, description="A measured value, now and before.")
    slow: bool = Field(default=False, description="Slow requests by label, now and before.")
    rules: tuple[str, ...] = Field(default=(), description="Rules: how they stand.")
    endpoint: str | None = Field(default=None, description="What this endpoint of section 2 answered.")
    todo: Condition | None = Field(
        default=None,
        description="When the step is the one to take: 'grew', 'warns' (one of the rules does), or a bound such as '> 5'.",
    )
    seen: Condition | None = Field(
        default=None, description="The same for a step that is done by looking; without either, it is done once looked at."
    )
    rank: int = Field(default=0, description="Which of several steps to begin with: the highest, then what grew the most.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (
            self.counters or self.shares or self.lines or self.codes or self.gauge or self.slow or self.rules or self.endpoint
        ):
            raise ValueError("looks at nothing; give counters, shares, lines, codes, gauge, slow, rules or endpoint")
        if self.todo is not None and self.seen is not None:
            raise ValueError("todo and seen exclude each other")
        return self

    @property
    def condition(self) -> Condition | None:
        """What must hold."""
        return self.todo if self.todo is not None else self.seen

    @property
    def selectors(self) -> tuple[str, ...]:
        """All counters that it reads."""
        shares = (each.numerator + each.denominator for each in self.shares)
        return (*(self.counters or ()), *(name for names in shares for name in names))


class Begin(Model):
    """A step of another procedure."""

    procedure: str = Field(pattern=r"^\d+\.\d+$", description="Section of the runbook.")
    step: int = Field(ge=1)


class ProcedureChecks(Model):
    """How to walk one procedure."""

    procedure: str = Field(pattern=r"^\d+\.\d+$", description="Section of the runbook.")
    steps: tuple[StepCheck, ...] = Field(min_length=1, description="One look for each step.")
    requests: Selectors | None = Field(
        default=None,
        description="Counters of the requests: what grew without a step is a share of them, and they may be all that grew.",
    )
    begin: Begin | None = Field(
        default=None, description="Of a list of what to expect: the step of another procedure to begin with."
    )
    revisions: tuple[RevisionLook, ...] = Field(
        default=(), description="By what a revision that appeared about when it began is held against the one before."
    )
    routes: bool = Field(default=False, description="Whether slow routes bear on it.")
    otherwise: Text | None = Field(default=None, description="What to say where no step is the case.")
