"""Whether the rules and the runbook still say the same, number by number, both ways."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from logwatch.collect.parse import parse_series
from logwatch.errors import RuleError, lookalikes, nearest
from logwatch.judge.rules.model import Rule, RuleSet
from logwatch.judge.rules.runbook import Runbook, TableRow
from logwatch.judge.rules.yaml_types import idle_selectors, selects
from logwatch.languages import in_every_language
from logwatch.ranges import Range


def compare_with_runbook(rules: RuleSet) -> list[RuleError]:
    """Give every disagreement, each with the file and line to mend."""
    runbook = rules.runbook
    problems: list[RuleError] = []
    for row in runbook.rows:
        meant = [rule for rule in rules.rules if rule.indicator == row.indicator]
        problems += _compare_row(row, meant, rules)
    known = [row.indicator for row in runbook.rows]
    for rule in rules.section3:
        if rule.indicator not in known:
            hint = f"{nearest(str(rule.indicator), known)}its table stands at {runbook.where(runbook.rows[0].line)}"
            message = f"rule '{rule.rule}': section 3 has no row '{rule.indicator}'"
            problems.append(RuleError(message, where=rules.where[rule.rule], hint=hint))
    names = [counter.counter for counter in rules.counters]
    for key, line in runbook.counters:
        if parse_series(key).name not in names:
            problems.append(RuleError(f"unknown counter '{key}'", where=runbook.where(line), hint="add it to counters.yaml"))
    section2 = next((text for number, _, text in runbook.sections if number == "2"), "")
    for endpoint in rules.service.endpoints:
        if endpoint.path not in section2:
            message, hint = f"section 2 has no endpoint '{endpoint.path}'", "add it there, or take it out of service.yaml"
            problems.append(RuleError(message, where=str(runbook.path), hint=hint))
    for twin in rules.twins.values():
        problems += compare_twins(runbook, twin)
    return problems + _unwalked(rules)


def _unwalked(rules: RuleSet) -> list[RuleError]:
    """Name the procedures that rules send people to, and that no evidence is gathered for."""
    runbook, walked = rules.runbook, [walk.procedure for walk in rules.walks]
    return [
        RuleError(f"procedure {each.section} has no evidence", where=runbook.where(each.line), hint="add it to evidence.yaml")
        for each in runbook.procedures
        if each.section not in walked and any(rule.procedure == each.section for rule in rules.rules)
    ]


TOKEN = re.compile(r"(?<!\w)(?:/[\w/]+|\w+(?:[._]\w+)+(?:\.\*)?|[<>]=? ?\d+|\d+(?:\.\d+)?)", re.ASCII)
"""What is the same in every language: numbers with their signs, names of counters, tables, settings and paths."""

MARKUP = re.compile(r"\s*(?:#+|>|\*|-|\||`+|[{}\[\]]|\d+\.)?")
"""What a line begins with, before its words."""


def compare_twins(runbook: Runbook, twin: Runbook) -> list[RuleError]:
    """Give every place where the runbook and its translation differ in sections, steps, rows, names or numbers."""
    problems = []
    theirs = {number: (line, text) for number, line, text in twin.sections}
    for number, line, text in runbook.sections:
        if number not in theirs:
            message = f"section {number} is missing"
            problems.append(RuleError(message, where=str(twin.path), hint=f"translate {runbook.where(line)}"))
            continue
        there, translated = theirs.pop(number)
        if len(text.splitlines()) != len(translated.splitlines()):
            message = f"section {number} has not as many lines as {runbook.where(line)}"
            problems.append(RuleError(message, where=twin.where(there), hint="a line for each line, in the same order"))
            continue
        pairs = zip(text.splitlines(), translated.splitlines(), strict=True)
        for at, (own, other) in enumerate(pairs):
            wanted, found = (sorted(token.replace(" ", "") for token in TOKEN.findall(each)) for each in (own, other))
            if wanted != found or _markup(own) != _markup(other):
                missing = ", ".join(each for each in wanted if each not in found) or "nothing"
                message = f"the translation does not say the same: {missing} is missing"
                problems.append(RuleError(message, where=twin.where(there + at), hint=f"see {runbook.where(line + at)}: {own}"))
    problems += [
        RuleError(f"section {number} is not in the runbook", where=twin.where(line), hint=f"see {runbook.path}")
        for number, (line, _) in theirs.items()
    ]
    return problems


def _markup(line: str) -> str:
    match = MARKUP.match(line)
    return match[0].strip() if match else ""


def _compare_row(row: TableRow, meant: list[Rule], rules: RuleSet) -> Iterator[RuleError]:
    runbook = rules.runbook
    bounds = _warning_bounds(row)
    for name in [name for name in bounds if not any((rule.warns or "") == name for rule in meant)]:
        what = f"row '{row.indicator}'" + (f" ({name})" if name else "")
        hint = f"add a rule with 'indicator: {row.indicator}'" + (f" and 'warns: {name}'" if name else "")
        yield RuleError(f"no rule judges {what}", where=runbook.where(row.line), hint=hint)
    normal = _first_range(row.normal)
    if normal is None:
        yield RuleError(f"normal range '{row.normal}' is not understood", where=runbook.where(row.line))
    for rule in meant:
        where = rules.where[rule.rule]
        if normal is not None and rule.normal != normal:
            yield _differs(rules, rule, "normal", normal, row.line)
        bound, line = _bound_for(rule, row, bounds, runbook)
        if bound is None:
            hint = f"known: {', '.join([*bounds, *(threshold.name for threshold in runbook.thresholds)])}"
            yield RuleError(f"rule '{rule.rule}': the runbook has no bound '{rule.warns}'", where=where, hint=hint)
        elif rule.warning != bound:
            yield _differs(rules, rule, "warning", bound, line)
        if rule.for_ and any(word in row.warning for word in in_every_language("runbook_at_once")):
            message = f"rule '{rule.rule}' waits before it speaks, and the runbook says at once"
            yield RuleError(message, where=where, hint=f"set 'for: 0'; see {runbook.where(row.line)}")


def _differs(rules: RuleSet, rule: Rule, what: str, theirs: Range, line: int) -> RuleError:
    message = f"rule '{rule.rule}' has {what} '{getattr(rule, what)}', the runbook has '{theirs}'"
    hint = f"see {rules.runbook.where(line)}; write '{what}: \"{theirs}\"', or mend the runbook"
    return RuleError(message, where=rules.where[rule.rule], hint=hint)


_RANGE = re.compile(r"(<=|>=|<|>) *(\d+(?:\.\d+)?) *(%|ms)?")


def _first_range(cell: str) -> Range | None:
    """Read a normal range: `0~50`, `0`, `> 80%`, `< 50ms`."""
    counts = re.fullmatch(r"(?:0~)?(\d+)", cell)
    if counts:
        return Range("<=", float(counts[1]))
    match = _RANGE.search(cell)
    return Range.parse(match[0]) if match else None


def _warning_bounds(row: TableRow) -> dict[str, Range]:
    """Read the warning bounds of a row by name; the only one of most rows has no name."""
    parts = re.sub(r"\(.*?\)", "", row.warning).split(",")
    return {part[: match.start()].strip(): Range.parse(match[0]) for part in parts if (match := _RANGE.search(part))}


def _bound_for(rule: Rule, row: TableRow, bounds: dict[str, Range], runbook: Runbook) -> tuple[Range | None, int]:
    """Give the bound that a rule means: in its row, else among the thresholds of section 5."""
    name = rule.warns or ""
    if name in bounds:
        return bounds[name], row.line
    for threshold in runbook.thresholds:
        if name and threshold.name.startswith(name):
            return Range.parse(f"> {threshold.bound}"), threshold.line
    return None, row.line


def uncovered_counters(keys: Iterable[str], rules: RuleSet) -> list[str]:
    """Give the names of counters that the logs carry and no rule or procedure knows."""
    procedures = " ".join(step.text for procedure in rules.runbook.procedures for step in procedure.steps)
    names = sorted({parse_series(key).name for key in keys})
    return [
        name
        for name in names
        if not selects(rules.selectors, name) and not re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", procedures)
    ]


@dataclass(frozen=True, slots=True)
class Unheard:
    """A counter that rules read and that never came, which is a slip of the pen or rare."""

    counter: str
    """As the rules select it."""
    rules: tuple[str, ...]
    near: tuple[str, ...]
    """What came and looks most like it."""


def unheard_counters(keys: Iterable[str], rules: RuleSet) -> list[Unheard]:
    """Give the counters that rules read, and that neither the logs carry nor the runbook's indicators and example name.

    For the rules of its own table its procedures count too; those of other rules came with the rules. The rules of
    logwatch's own read what is rare, and ship with their counters.
    """
    came = sorted({parse_series(key).name for key in keys})
    vouched = [parse_series(key).name for key, _ in rules.runbook.counters]
    rows = [each for row in rules.runbook.rows for each in TOKEN.findall(row.indicator)]
    steps = [each for procedure in rules.runbook.procedures for step in procedure.steps for each in TOKEN.findall(step.text)]
    reading: dict[str, list[str]] = {}
    for rule in (*rules.section3, *rules.own):
        named = [*came, *vouched, *rows, *(steps if rule.indicator else ())]
        for selector in idle_selectors(rule.kind.reads.counters, named):
            reading.setdefault(selector, []).append(rule.rule)
    return [Unheard(selector, tuple(found), tuple(lookalikes(selector, came))) for selector, found in reading.items()]
