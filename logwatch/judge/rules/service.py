"""The platform that is watched, as rules/service.yaml describes it: how it logs, what it answers, when its beta may end."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from logwatch.collect.interface import EndpointShape
from logwatch.collect.parse import OWN_GAUGES, LogShape
from logwatch.errors import RuleError
from logwatch.judge.rules.yaml_lines import Document, Path_, RuleProblemsError, check_folder, to_error
from logwatch.judge.rules.yaml_types import Model, Selectors, Text

SERVICE = "service.yaml"
COUNTERS = "counters.yaml"

Name = Annotated[str, Field(pattern=r"^[\w.]+$")]
Marker = Annotated[str, Field(pattern=r"^[ !#$%()*+,.0-9:;?@A-Z\[\]^_a-z{|}~-]{4,}$")]
"""Text that every writer of JSON writes in one way, since lines are searched for it before they are decoded."""
Variable = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*=[\w./:-]+$")]
"""A variable of the application's environment with its value, as `gcloud run services update --update-env-vars` takes it."""


def _check_places(text: Text, *places: str) -> Text:
    """Let only a text through that leaves no other places open than these."""
    for sentence in text.root.values():
        found = [(name, form, turned) for _, name, form, turned in Formatter().parse(sentence) if name is not None]
        if any(form or turned for _, form, turned in found):
            raise ValueError(f"'{sentence[:40]}' says how a place is filled: write its name alone")
        others = {name for name, _, _ in found} - set(places)
        if others:
            raise ValueError(f"nothing fills '{{{min(others)}}}'; known are {', '.join(f'{{{each}}}' for each in places)}")
    return text


def with_places(*places: str) -> AfterValidator:
    """Let only a text be read that leaves no other places open than these: what fills them fills nothing else."""
    return AfterValidator(lambda text: _check_places(text, *places))


class Log(Model):
    """How the application writes what is counted."""

    summary: Marker = Field(description="Message of the line that holds the counters of the last 60 s.")
    slow_request: Marker | None = Field(default=None, description="Message of a slow request's line, where it logs any.")
    logger_keys: tuple[str, ...] = Field(default=(), description="Keys beside a summary's counters that are none.")
    switch: Variable | None = Field(
        default=None, description="Variable of the application without which it writes no summaries."
    )
    keeps_counters: Variable | None = Field(default=None, description="Variable without which summaries lose their counters.")
    silent: Annotated[Text, with_places("service")] = Field(description="What to say, and to do, where not one summary comes.")
    lost: Annotated[Text, with_places("count")] | None = Field(
        default=None, description="The same, where summaries come without their counters."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.slow_request and (self.slow_request.startswith(self.summary) or self.summary.startswith(self.slow_request)):
            raise ValueError(f"'{self.summary}' and '{self.slow_request}' begin alike, so that nothing tells them apart")
        return self

    @property
    def shape(self) -> LogShape:
        """The same for the readers of entries."""
        return LogShape(self.summary, self.slow_request, frozenset({"message", *self.logger_keys}))

    def shape_with(self, known: Mapping[str, tuple[str, ...]] | None) -> LogShape:
        """Give the same with the counters that are known."""
        return replace(self.shape, known=known)


class ServiceGauge(Model):
    """A value that an endpoint measures."""

    gauge: Name = Field(description="Its name, as rules and evidence use it.")
    unit: Literal["", "ms"] = Field(default="", description="What it is measured in; nothing for a number of things.")
    name: Text = Field(description="What people call it.")
    help: str = Field(description="What it is, in English, for Cloud Monitoring.")


class DailyShare(Model):
    """A share of events that keeps to a rule's normal range, on each of some days in a row."""

    reads: ClassVar[tuple[str, ...]] = ("numerator", "denominator")
    numerator: Name
    denominator: Name
    rule: str
    days: int = Field(default=7, ge=1, description="Days in a row; of more, the last ones count.")


class SteadyShare(Model):
    """A share of events that keeps to a rule's normal range on every day, and at no hour to its warning range."""

    reads: ClassVar[tuple[str, ...]] = ("numerator", "others")
    numerator: Name
    others: Name = Field(description="The events that do not count; with the others they are all.")
    rule: str
    least: int = Field(default=100, ge=1, description="Events from which an hour says something.")


class ExpectedCount(Model):
    """A counter whose most in any window keeps to LOGWATCH_EXPECTED_DISTRIBUTION, or else to a rule's normal range."""

    reads: ClassVar[tuple[str, ...]] = ("counter",)
    counter: Name
    rule: str


class NoErrors(Model):
    """A counter that is 0 on every day on which something was tried."""

    reads: ClassVar[tuple[str, ...]] = ("errors", "tries")
    errors: Name
    tries: Name


class SlowBudget(Model):
    """Slow requests that keep to LOGWATCH_SLOW_BUDGET: of all requests of a day, or by number."""

    reads: ClassVar[tuple[str, ...]] = ("requests",)
    requests: Name
    means_number: Annotated[Text, with_places("bound")] = Field(description="What is judged where the budget is a number.")


class SteadyLatency(Model):
    """Measured values that lie in their rules' normal ranges nearly always, and beyond the warning bound hardly ever."""

    reads: ClassVar[tuple[str, ...]] = ()
    gauge: Name
    others: tuple[Name, ...] = Field(default=(), description="Further gauges, judged where they are measured.")


class Nothing(Model):
    """What is said of a day on which nothing happened."""

    why: str = Field(pattern=r"^[a-z_]+$", description="The reason for other programs.")
    says: Text
    needs: Annotated[Text, with_places("dates")]


class ExitCondition(Model):
    """One line of the runbook's section 7; one of share, steady, expected, errors, slow and latency says what is judged."""

    condition: str = Field(pattern=r"^[a-z][a-z0-9-]*$", description="Its id.")
    share: DailyShare | None = None
    steady: SteadyShare | None = None
    expected: ExpectedCount | None = None
    errors: NoErrors | None = None
    slow: SlowBudget | None = None
    latency: SteadyLatency | None = None
    means: Text = Field(description="What is judged, in one sentence.")
    counted: Annotated[Text, with_places("of")] = Field(description="What a day's figure is made of.")
    may_lose: Annotated[Text, with_places("left")] | None = Field(
        default=None, description="What the running day may still lose before it is one that does not meet the condition."
    )
    nothing: Nothing | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        measures = [name for name in MEASURES if getattr(self, name) is not None]
        if len(measures) != 1:
            raise ValueError(f"has {' and '.join(measures) or 'nothing'} to judge; give exactly one of {', '.join(MEASURES)}")
        _check_places(self.means, "bound", *(("least", "floor") if self.steady else ()))
        if (self.share or self.steady or self.errors or self.slow) and self.nothing is None:
            raise ValueError("'nothing' is missing: what to say of a day on which nothing happened")
        return self

    @property
    def judged(self) -> DailyShare | SteadyShare | ExpectedCount | NoErrors | SlowBudget | SteadyLatency:
        """What is judged."""
        found = (self.share, self.steady, self.expected, self.errors, self.slow, self.latency)
        return next(each for each in found if each is not None)

    @property
    def counters(self) -> tuple[str, ...]:
        """All counters whose sum it reads."""
        return tuple(getattr(self.judged, name) for name in self.judged.reads)


MEASURES = ("share", "steady", "expected", "errors", "slow", "latency")


class Service(Model):
    """Everything that belongs to one platform alone."""

    service: str = Field(description="Its Cloud Run service, which messages and cures name where no setting does.")
    region: str = Field(pattern=r"^[a-z]+-[a-z]+\d+$", description="Where it runs.")
    metric_prefix: str = Field(pattern=r"^custom\.googleapis\.com/([\w.-]+/)+$", description="What all metrics begin with.")
    shop_label: str = Field(default="service", pattern=r"^\w+$", description="Label that tells shops apart in counters' keys.")
    log: Log
    endpoints: tuple[EndpointShape, ...] = ()
    gauges: tuple[ServiceGauge, ...] = ()
    exit_conditions: tuple[ExitCondition, ...] = Field(default=(), description="One for each line of section 7, in its order.")
    daily_totals: Selectors | None = Field(
        default=None, description="Counters that each day keeps besides the conditions' own."
    )

    @property
    def gauge_names(self) -> tuple[str, ...]:
        """Every gauge that a rule may judge: the service's, then logwatch's own."""
        return (*(gauge.gauge for gauge in self.gauges), *OWN_GAUGES)

    def gauge(self, name: str) -> ServiceGauge | None:
        """Give a gauge of the service's; None for another."""
        return next((gauge for gauge in self.gauges if gauge.gauge == name), None)

    @property
    def exit_gauges(self) -> tuple[str, ...]:
        """Measured values that the exit conditions read."""
        found = (each.latency for each in self.exit_conditions if each.latency)
        return tuple(dict.fromkeys(name for latency in found for name in (latency.gauge, *latency.others)))

    @property
    def steady(self) -> SteadyShare | None:
        """The share whose hours a day keeps."""
        return next((each.steady for each in self.exit_conditions if each.steady), None)

    def shop(self, labels: Mapping[str, str]) -> str | None:
        """Give the shop that labels name; None where they name none."""
        return labels.get(self.shop_label)


Fault = tuple[Path_, str, list[str]]
"""A place in service.yaml, what is wrong there, and the names that would have been right."""


def find_faults(service: Service, counters: list[str], rules: list[str], gates: int) -> Iterator[Fault]:
    """Give what does not fit together, within the file, with the rules and with the lines of section 7."""
    gauges = [gauge.gauge for gauge in service.gauges]
    for number, gauge in enumerate(gauges):
        if gauge in OWN_GAUGES or gauge in gauges[:number]:
            yield ("gauges", number), f"the gauge '{gauge}' is there already", []
    for number, endpoint in enumerate(service.endpoints):
        yield from _endpoint_faults(("endpoints", number), endpoint, gauges)
    known = {"counter": counters, "gauge": gauges, "rule": rules}
    for number, condition in enumerate(service.exit_conditions):
        yield from _condition_faults(("exit_conditions", number), condition, known)
    steady = [number for number, each in enumerate(service.exit_conditions) if each.steady]
    for number in steady[1:]:
        yield ("exit_conditions", number), "a second steady share: a day keeps the hours of one", []
    if len(service.exit_conditions) != gates:
        message = f"section 7 of the runbook has {gates} lines '- [ ] …', and here stand {len(service.exit_conditions)}"
        yield ("exit_conditions",), message, []


def _endpoint_faults(place: Path_, endpoint: EndpointShape, gauges: list[str]) -> Iterator[Fault]:
    figures = list(endpoint.figures)
    for name in (*endpoint.nullable, *endpoint.gauges, *filter(None, [endpoint.needs])):
        if name not in figures:
            yield place, f"'{name}' is none of the figures of {endpoint.path}", figures
    for name in (*endpoint.gauges.values(), *endpoint.down.values()):
        if name not in gauges:
            yield place, f"unknown gauge '{name}' at {endpoint.path}", gauges


def _condition_faults(place: Path_, condition: ExitCondition, known: dict[str, list[str]]) -> Iterator[Fault]:
    judged = condition.judged
    used = {
        "counter": condition.counters,
        "gauge": (judged.gauge, *judged.others) if isinstance(judged, SteadyLatency) else (),
        "rule": (judged.rule,) if isinstance(judged, DailyShare | SteadyShare | ExpectedCount) else (),
    }
    for kind, names in used.items():
        for name in names:
            if name not in known[kind]:
                yield place, f"unknown {kind} '{name}' in condition '{condition.condition}'", known[kind]


def open_service(folder: Path) -> Document:
    """Open service.yaml of a folder of rules; raises RuleProblemsError."""
    check_folder(folder)
    path = folder / SERVICE
    if not path.exists():
        hint = f"it says what the platform logs: begin with a copy of the bundled rules/{SERVICE} (docs/another-service.md)"
        raise RuleProblemsError([RuleError(f"there is no {SERVICE}", where=str(folder), hint=hint)])
    try:
        return Document(path)
    except RuleError as error:
        raise RuleProblemsError([error]) from None


def parse_service(document: Document) -> Service:
    """Read all of it; raises RuleProblemsError with every mistake and its line."""
    try:
        return Service.model_validate(document.value)
    except ValidationError as error:
        raise RuleProblemsError([to_error(document, (), detail) for detail in error.errors()]) from None


def load_service(folder: Path) -> Service:
    """Read what a folder of rules says of the platform, and nothing else of it. Raises RuleProblemsError."""
    return parse_service(open_service(folder))


def load_log_shape(folder: Path) -> LogShape:
    """Read how the platform logs and which counters it writes, and nothing else: whoever only counts lines need not wait.

    Raises RuleProblemsError.
    """
    document = open_service(folder)
    try:
        log = Log.model_validate(dict(document.value or {}).get("log"))
    except (ValidationError, TypeError, ValueError):
        log = parse_service(document).log  # which says all that is wrong with it
    return log.shape_with(_load_known(folder))


def _load_known(folder: Path) -> dict[str, tuple[str, ...]] | None:
    """Read the names and labels of the counters; None where there is no such file, and its mistakes are told with the rules."""
    path = folder / COUNTERS
    try:
        entries = Document(path).value if path.exists() else None
    except RuleError as error:
        raise RuleProblemsError([error]) from None
    listed = [each for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    return {str(each.get("counter")): tuple(map(str, each.get("labels") or ())) for each in listed} or None


def service_schema() -> dict[str, Any]:
    """Give the JSON Schema of rules/service.yaml, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Service.model_json_schema(),
        "title": "logwatch service",
    }
