"""A folder of rules on disk, read whole: every error with its file and line, not only the first."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from logwatch.errors import RuleError, nearest
from logwatch.judge.rules.model import WATCH, Counter, Inhibition, Rule, RuleSet
from logwatch.judge.rules.oncall import ONCALL, OnCall, parse_oncall
from logwatch.judge.rules.runbook import Runbook, load_runbook
from logwatch.judge.rules.service import COUNTERS, SERVICE, Service, find_faults, open_service, parse_service
from logwatch.judge.rules.step_checks import ProcedureChecks
from logwatch.judge.rules.yaml_lines import MOST_PROBLEMS, Document, Path_, RuleProblemsError, check_folder, to_error
from logwatch.judge.rules.yaml_types import Text, idle_selectors

M = TypeVar("M", bound=BaseModel)


def rules_digest(folder: Path) -> str:
    """Give a hash of all that a folder's rules say; tests and schemas say nothing."""
    files = [path for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.md")]) if not path.name.endswith(".test.yaml")]
    return hashlib.sha256(b"".join(path.name.encode() + b"\0" + path.read_bytes() + b"\0" for path in files)).hexdigest()


def load_rules(folder: Path) -> RuleSet:
    """Read every rule of a folder; raises RuleProblemsError with all errors, each with its file and line."""
    check_folder(folder)
    problems: list[RuleError] = []
    texts: list[tuple[Text, str]] = []
    service = _parse_service(folder, problems, texts)
    named = {SERVICE, ONCALL}
    files = [path for path in sorted(folder.glob("*.yaml")) if not path.name.endswith(".test.yaml") and path.name not in named]
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
        if path.name == COUNTERS:
            counters += [item for item, _ in _parse_items(document, Counter, problems, texts)]
        elif path.name == "inhibitions.yaml":
            inhibitions += _parse_items(document, Inhibition, problems, texts)
        elif path.name == "evidence.yaml":
            walks += _parse_items(document, ProcedureChecks, problems, texts)
        else:
            found += _parse_items(document, Rule, problems, texts)
    try:
        runbook = load_runbook(folder / "runbook.md")
        twins = {path.suffixes[0][1:]: load_runbook(path) for path in sorted(folder.glob("runbook.??.md"))}
    except RuleError as error:
        raise RuleProblemsError([*problems, error]) from None
    if not files:
        problems.append(RuleError("no rules in this folder", where=str(folder), hint="rules are *.yaml files; see rules/"))
    if service is None:
        raise RuleProblemsError(problems)
    oncall = _parse_oncall(folder, runbook, problems)
    problems += _check_languages(texts) + _check_service(service, folder, runbook, found, counters)
    problems += _check_ids(found) + _check_names(found, counters, service) + _check_sections(found, runbook)
    problems += _check_inhibitions(inhibitions, [rule.rule for rule, _ in found])
    problems += _check_walks(walks, runbook) + _check_looks(walks, service, found, counters)
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
        twins=twins,
        service=service,
        oncall=oncall,
    )


def _parse_oncall(folder: Path, runbook: Runbook, problems: list[RuleError]) -> OnCall:
    """Read whom messages wake, where the folder says so."""
    path = folder / ONCALL
    try:
        if path.exists():
            return parse_oncall(Document(path), [procedure.section for procedure in runbook.procedures])
    except RuleProblemsError as error:
        problems += error.problems
    except RuleError as error:
        problems.append(error)
    return OnCall()


def _parse_service(folder: Path, problems: list[RuleError], texts: list[tuple[Text, str]]) -> Service | None:
    try:
        document = open_service(folder)
        service = parse_service(document)
    except RuleProblemsError as error:
        problems += error.problems
        return None
    texts += [(text, document.where(path)) for path, text in _texts(service)]
    return service


def _texts(value: object, path: Path_ = ()) -> Iterator[tuple[Path_, Text]]:
    """Give every text in a record, with the way to it."""
    if isinstance(value, Text):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name), (*path, name))
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            yield from _texts(each, (*path, number))


def _check_languages(texts: list[tuple[Text, str]]) -> list[RuleError]:
    """A folder is written in one language, or every text of it in all of its languages."""
    languages = sorted({lang for text, _ in texts for lang in text.root})
    return [
        RuleError(
            f"a text in {' and '.join(text.root)} alone", where=where, hint=f"others are in {' and '.join(languages)} too"
        )
        for text, where in texts
        if len(text.root) < len(languages)
    ]


def _parse_items(
    document: Document, model: type[M], problems: list[RuleError], texts: list[tuple[Text, str]]
) -> list[tuple[M, str]]:
    if not isinstance(document.value, list):
        problems.append(RuleError("a list is needed: each entry begins with '- '", where=document.where(())))
        return []
    items = []
    for index, value in enumerate(document.value):
        if len(problems) > MOST_PROBLEMS:
            break
        try:
            items.append((model.model_validate(value), document.where((index,))))
        except ValidationError as error:
            known = [field.alias or name for name, field in model.model_fields.items()]
            problems += [to_error(document, (index,), detail, known=known) for detail in error.errors()]
        else:
            texts += [(text, document.where((index, *path))) for path, text in _texts(items[-1][0])]
    return items


def _check_ids(found: list[tuple[Rule, str]]) -> list[RuleError]:
    seen: dict[str, str] = {}
    problems = []
    for rule, where in found:
        if rule.rule in seen:
            problems.append(RuleError(f"rule '{rule.rule}' stands twice", where=where, hint=f"also at {seen[rule.rule]}"))
        seen.setdefault(rule.rule, where)
    return problems


def _check_names(found: list[tuple[Rule, str]], counters: list[Counter], service: Service) -> list[RuleError]:
    names = [counter.counter for counter in counters]
    worded = [rule.rule for rule, _ in found if rule.impact and rule.impact.what]
    problems = []
    for rule, where in found:
        for like in rule.impact.like if rule.impact else ():
            if like not in worded:
                message = f"rule '{rule.rule}' says what people lose like '{like}', which does not say it"
                problems.append(RuleError(message, where=where, hint=f"{nearest(like, worded)}known: {', '.join(worded)}"))
        among = rule.impact.among if rule.impact else None
        for selector in idle_selectors((*rule.kind.reads.counters, *(among or ())), names):
            hint = f"{nearest(selector, names)}a new counter goes into counters.yaml first"
            problems.append(RuleError(f"unknown counter '{selector}' in rule '{rule.rule}'", where=where, hint=hint))
        for gauge in filter(None, [*rule.kind.reads.gauges, rule.kind.reads.down]):
            if gauge not in service.gauge_names:
                known = list(service.gauge_names)
                hint = f"{nearest(gauge, known)}known: {', '.join(known)}"
                problems.append(RuleError(f"unknown gauge '{gauge}' in rule '{rule.rule}'", where=where, hint=hint))
    return problems


def _check_service(
    service: Service, folder: Path, runbook: Runbook, found: list[tuple[Rule, str]], counters: list[Counter]
) -> list[RuleError]:
    """What the platform is said to be fits together with the rules and the runbook."""
    document = Document(folder / SERVICE)
    counted, rules = [counter.counter for counter in counters], [rule.rule for rule, _ in found]
    problems = [
        RuleError(message, where=document.where(place), hint=f"known: {', '.join(names)}" if names else None)
        for place, message, names in find_faults(service, counted, rules, len(runbook.gates))
    ]
    shops = {by: where for rule, where in found for by in rule.kind.reads.by}
    problems += [
        RuleError(
            f"shops are told apart by '{service.shop_label}', not by '{label}'", where=where, hint=f"see {folder / SERVICE}"
        )
        for label, where in shops.items()
        if label != service.shop_label
    ]
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
        steps, looks = [step.number for step in procedure.steps], _looks(walk)
        if sorted(looks) != steps:
            message = f"the looks of {walk.procedure} are for steps {_listed(sorted(looks))}, and it has {_listed(steps)}"
            problems.append(RuleError(message, where=where, hint=f"one look for each; see {runbook.where(procedure.line)}"))
        if walked.count(walk.procedure) > 1:
            problems.append(RuleError(f"procedure {walk.procedure} stands twice", where=where))
        begin = walk.begin
        if begin and not any(each.procedure == begin.procedure and begin.step in _looks(each) for each, _ in walks):
            message = f"{walk.procedure} begins with step {begin.step} of {begin.procedure}, which nothing looks at"
            problems.append(RuleError(message, where=where, hint=f"walked are {', '.join(walked)}"))
    return problems


def _looks(walk: ProcedureChecks) -> list[int]:
    return [look.step for look in walk.steps]


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))


def _check_looks(
    walks: list[tuple[ProcedureChecks, str]], service: Service, found: list[tuple[Rule, str]], counters: list[Counter]
) -> list[RuleError]:
    """Every name that a look uses is known."""
    known = {
        "counter": [counter.counter for counter in counters],
        "gauge": list(service.gauge_names),
        "rule": [rule.rule for rule, _ in found],
        "endpoint": [endpoint.path for endpoint in service.endpoints],
    }
    problems = []
    for walk, where in walks:
        looked = [name for look in walk.revisions for name in look.selectors]
        asked = {"requests": walk.requests or (), "revisions": looked}
        problems += [
            RuleError(
                f"unknown counter '{name}' in the {part} of {walk.procedure}",
                where=where,
                hint=f"{nearest(name, known['counter'])}known: {', '.join(known['counter'])}",
            )
            for part, selectors in asked.items()
            for name in idle_selectors(selectors, known["counter"])
        ]
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
