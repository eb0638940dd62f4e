"""A folder of rules on disk, read whole: every error with its file and line, not only the first."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from logwatch.collect.parse import GAUGES
from logwatch.errors import LogwatchError, RuleError
from logwatch.judge.rules.model import WATCH, Counter, Inhibition, Rule, RuleSet
from logwatch.judge.rules.runbook import Runbook, load_runbook
from logwatch.judge.rules.step_checks import ProcedureChecks
from logwatch.judge.rules.yaml_lines import Document
from logwatch.judge.rules.yaml_types import idle_selectors

M = TypeVar("M", bound=BaseModel)


class RuleProblemsError(LogwatchError):
    """All that is wrong with a folder of rules, not only the first thing."""

    def __init__(self, problems: Iterable[RuleError]) -> None:
        """Take the single errors."""
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


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
    walks: list[tuple[ProcedureChecks, str]] = []
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
        elif path.name == "evidence.yaml":
            walks += _parse_items(document, ProcedureChecks, problems)
        else:
            found += _parse_items(document, Rule, problems)
    try:
        runbook = load_runbook(folder / "runbook.md")
        twin = folder / "runbook.en.md"
        english = load_runbook(twin) if twin.exists() else runbook
    except RuleError as error:
        raise RuleProblemsError([*problems, error]) from None
    if not found and not problems:
        problems.append(RuleError("no rules in this folder", where=str(folder), hint="rules are *.yaml files; see rules/"))
    problems += _check_ids(found) + _check_names(found, counters) + _check_sections(found, runbook)
    problems += _check_inhibitions(inhibitions, [rule.rule for rule, _ in found])
    problems += _check_walks(walks, runbook) + _check_looks(walks, runbook, found, counters)
    if problems:
        raise RuleProblemsError(problems)
    order = {row.indicator: number for number, row in enumerate(runbook.rows)}
    watching = f"{folder / WATCH}:"
    found.sort(key=lambda item: (order.get(item[0].indicator or "", len(order)), item[1].startswith(watching)))
    where = {rule.rule: where for rule, where in found}
    rules = tuple(rule for rule, _ in found)
    return RuleSet(
        folder=folder,
        rules=rules,
        where=where,
        counters=tuple(counters),
        inhibitions=tuple(each for each, _ in inhibitions),
        walks=tuple(walk for walk, _ in walks),
        runbook=runbook,
        english=english,
    )


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
        for selector in idle_selectors(rule.kind.reads.counters, names):
            hint = f"{nearest(selector, names)}a new counter goes into counters.yaml first"
            problems.append(RuleError(f"unknown counter '{selector}' in rule '{rule.rule}'", where=where, hint=hint))
        for gauge in rule.kind.reads.gauges:
            if gauge not in GAUGES:
                hint = f"{nearest(gauge, list(GAUGES))}known: {', '.join(GAUGES)}"
                problems.append(RuleError(f"unknown gauge '{gauge}' in rule '{rule.rule}'", where=where, hint=hint))
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


def _check_walks(walks: list[tuple[ProcedureChecks, str]], runbook: Runbook) -> list[RuleError]:
    """Every step of a walked procedure has one look, and no look is for a step that is not there."""
    problems = []
    walked = [walk.procedure for walk, _ in walks]
    for walk, where in walks:
        procedure = runbook.procedure(walk.procedure)
        if procedure is None:
            known = ", ".join(each.section for each in runbook.procedures)
            problems.append(RuleError(f"unknown procedure '{walk.procedure}'", where=where, hint=f"known: {known}"))
            continue
        steps, looks = [step.number for step in procedure.steps], [look.step for look in walk.steps]
        if sorted(looks) != steps:
            message = f"the looks of {walk.procedure} are for steps {_listed(sorted(looks))}, and it has {_listed(steps)}"
            problems.append(RuleError(message, where=where, hint=f"one look for each; see {runbook.where(procedure.line)}"))
        if walked.count(walk.procedure) > 1:
            problems.append(RuleError(f"procedure {walk.procedure} stands twice", where=where))
    return problems


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))


def _check_looks(
    walks: list[tuple[ProcedureChecks, str]], runbook: Runbook, found: list[tuple[Rule, str]], counters: list[Counter]
) -> list[RuleError]:
    """Every name that a look uses is known."""
    endpoints = re.findall(r"/(?:health|internal)/[\w/]+", next((text for at, _, text in runbook.sections if at == "2"), ""))
    known = {
        "counter": [counter.counter for counter in counters],
        "gauge": list(GAUGES),
        "rule": [rule.rule for rule, _ in found],
        "endpoint": endpoints,
    }
    problems = []
    for walk, where in walks:
        for look in walk.steps:
            used = {
                "counter": idle_selectors(look.selectors, known["counter"]),
                "gauge": [look.gauge] if look.gauge else [],
                "rule": list(look.rules),
                "endpoint": [look.endpoint] if look.endpoint else [],
            }
            problems += [
                RuleError(
                    f"unknown {kind} '{name}' in step {look.step} of {walk.procedure}",
                    where=where,
                    hint=f"{nearest(name, known[kind])}known: {', '.join(known[kind])}",
                )
                for kind, names in used.items()
                for name in dict.fromkeys(names)
                if name not in known[kind]
            ]
    return problems


def nearest(name: str, names: list[str]) -> str:
    """Give a hint at the known name that looks most like this one, if any does."""
    near = get_close_matches(name, names, n=1)
    return f"did you mean '{near[0]}'? " if near else ""
