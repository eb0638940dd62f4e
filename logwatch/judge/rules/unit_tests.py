"""Tests that stand beside the rules in YAML: a series, window by window, and the levels it must give."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from logwatch.collect.columns import Reading
from logwatch.collect.entries import Entry
from logwatch.complaints import complaint
from logwatch.count.windows import QUARTER, Windows, aggregate, to_minute
from logwatch.errors import RuleError
from logwatch.judge.alerts import Alert, AlertState, advance
from logwatch.judge.evaluate import Course, evaluate
from logwatch.judge.rules.yaml_lines import Document, to_error
from logwatch.judge.verdicts import Level
from logwatch.spans import NS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logwatch.collect.parse import LogShape
    from logwatch.judge.kinds.interface import Played
    from logwatch.judge.rules.model import Rule, RuleSet

LONGEST_CASE = 10_000
START = 1_771_891_200 * NS
"""2026-02-24T00:00:00Z: the first window of every case."""

ENTRY = "an entry is a rule and its cases, each with a name"
STATES = ".pFr"
LEGEND = "levels n normal, e elevated, w warning, u unknown; states . inactive, p pending, F firing, r resolved"

LETTERS = {Level.NORMAL: "n", Level.ELEVATED: "e", Level.WARNING: "w", Level.UNKNOWN: "u"}


class _Case(BaseModel):
    """What every case has; the other keys are for the rule's kind to read."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str
    series: dict[str, str] = {}
    labels: dict[str, str] = {}
    levels: str = ""
    states: str = ""

    @model_validator(mode="after")
    def _expects(self) -> Self:
        if not (self.levels or self.states):
            raise ValueError(f"case '{self.name}' gives neither levels nor states, and would pass whatever comes")
        return self


class _RuleCases(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str
    cases: list[_Case]


@dataclass(frozen=True, slots=True)
class Tested:
    """What came of all cases of a folder."""

    passed: int
    problems: tuple[RuleError, ...]


def expand(notation: str) -> list[float | None]:
    """Read a series: `3` a value, `3x4` five of them, `1+2x3` is 1 3 5 7, `_` no line, `stale` the end.

    >>> expand("0 12 0x2 _ 1+2x2")
    [0.0, 12.0, 0.0, 0.0, 0.0, None, 1.0, 3.0, 5.0]
    """
    values: list[float | None] = []
    for word in notation.split():
        if word == "stale":
            break
        match = re.fullmatch(r"(_|\d+(?:\.\d+)?)(?:([+-]\d+(?:\.\d+)?))?(?:x(\d+))?", word)
        if match is None:
            raise ValueError(f"'{word}' is not a valid value; use e.g. 12, 0x4 (five zeros), 1+2x3, _ (no line), stale")
        times, step = _times(match[3], len(values)), float(match[2] or 0)
        values += [None if match[1] == "_" else float(match[1]) + step * i for i in range(times)]
    return values


def expand_letters(notation: str, kind: str = "newu") -> str:
    """Read levels or states: one letter a window of this kind; `nx4` is five.

    >>> expand_letters("n wx2 u"), expand_letters(". p F .x1", STATES)
    ('nwwwu', '.pF..')
    """
    letters = ""
    for word in notation.split():
        match = re.fullmatch(rf"([{kind}])(?:x(\d+))?", word)
        if match is None:
            raise ValueError(f"'{word}' is none of {kind}; use {LEGEND}, and e.g. {kind[0]}x4 for five")
        letters += match[1] * _times(match[2], len(letters))
    return letters


def _times(more: str | None, before: int) -> int:
    """Give how often something stands, with so many windows before it."""
    times = int(more or 0) + 1
    if before + times > LONGEST_CASE:
        raise ValueError(f"a case of more than {LONGEST_CASE} windows")
    return times


def run_cases(rules: RuleSet) -> Tested:
    """Run every case in the `*.test.yaml` files beside the rules; a rule without enough cases is a problem too."""
    by_id = {rule.rule: rule for rule in rules.rules}
    seen: dict[str, set[str]] = {rule: set() for rule in by_id}
    problems: list[RuleError] = []
    passed = 0
    for path in sorted(rules.folder.glob("*.test.yaml")):
        try:
            document = Document(path)
        except RuleError as error:
            problems.append(error)
            continue
        if not isinstance(document.value or [], list):
            problems.append(RuleError("a list is needed: each entry begins with '- '", where=document.where(())))
            continue
        for index, group in enumerate(document.value or []):
            where = document.where((index,))
            try:
                cases = _RuleCases.model_validate(group)
            except ValidationError as error:
                problems += [_no_entry(document, index, detail) for detail in error.errors()]
                continue
            if cases.rule not in by_id:
                problems.append(RuleError(f"there is no rule '{cases.rule}'", where=where, hint=f"known: {', '.join(by_id)}"))
                continue
            for number, case in enumerate(cases.cases):
                problem = _run(by_id[cases.rule], case, rules.service.log.shape, document, (index, "cases", number))
                problems += [problem] if problem else []
                passed += not problem
                seen[cases.rule] |= set(re.findall("[newu]", case.levels))
    return Tested(passed, (*problems, *_untested(rules, seen)))


def _no_entry(document: Document, index: int, detail: Any) -> RuleError:  # noqa: ANN401 - pydantic's own
    told = to_error(document, (index,), detail)
    told.hint = "a rule, and cases with a name each"
    return told


def _untested(rules: RuleSet, seen: dict[str, set[str]]) -> list[RuleError]:
    """Every rule needs cases for each level that it can give."""
    problems = []
    for rule in rules.rules:
        gap = rule.normal.bound != rule.warning.bound or rule.kind.proves
        missing = [level for level, letter in LETTERS.items() if letter not in seen[rule.rule] and (gap or letter != "e")]
        if missing:
            message = f"rule '{rule.rule}' has no case for: {', '.join(missing)}"
            problems.append(RuleError(message, where=rules.where[rule.rule], hint="add cases to the .test.yaml beside it"))
    return problems


def _run(rule: Rule, case: _Case, shape: LogShape, document: Document, at: tuple[str | int, ...]) -> RuleError | None:
    where = document.where(at)
    try:
        expected = expand_letters(case.levels) or expand_letters(case.states, STATES)
        played = rule.kind.play(case.model_extra or {}, rule.bounds)
        windows = _with_usual(aggregate(_reading(played, case, shape, len(expected))), played, case)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        return RuleError(f"case '{case.name}': {key}: {complaint(first)}", where=document.where((*at, *first["loc"])))
    except ValueError as error:
        return RuleError(f"case '{case.name}': {error}", where=where)
    course = next((course for course in evaluate([rule], windows) if course.labels == case.labels), None)
    if course is None:
        return RuleError(f"case '{case.name}': nothing was judged for labels {case.labels}", where=where)
    levels = "".join(LETTERS[level] for level in course.levels())
    for what, notation, kind, found in (
        ("levels", case.levels, "newu", levels),
        ("states", case.states, STATES, _states(rule, course)),
    ):
        if notation and found != (expected := expand_letters(notation, kind)):
            message = f"case '{case.name}' of rule '{rule.rule}' gives other {what}\n  expected {expected}\n  found    {found}"
            return RuleError(message, where=where, hint=f"{LEGEND}; one letter a window")
    return None


def _states(rule: Rule, course: Course) -> str:
    """Give the state of the course's alert after each window."""
    letters = {AlertState.PENDING: "p", AlertState.FIRING: "F", AlertState.RESOLVED: "r"}
    alerts: list[Alert] = []
    states = ""
    for verdict in course.verdicts():
        alerts, _ = advance(alerts, [verdict], {rule.rule: rule}, verdict.window_end)
        states += letters[alerts[0].state] if alerts else "."
    return states


def _with_usual(windows: Windows, played: Played, case: _Case) -> Windows:
    """Let another day have had as many events of each counter, all day long."""
    if not played.usual:
        return windows
    day = {name + _suffix(case): rate for name, rate in played.usual.items()}
    first, last = (to_minute(moment) // QUARTER for moment in (windows.span.start, windows.span.end))
    return replace(windows, usual=dict.fromkeys(range(first, last + 1), (day,)))


def _suffix(case: _Case) -> str:
    """Give a case's labels as they stand in the keys of its counters."""
    return "".join(f"{{{label}={value}}}" for label, value in case.labels.items())


def _reading(played: Played, case: _Case, shape: LogShape, windows: int) -> Reading:
    """Write what a case lets happen as entries, one summary a window, and read them as any others."""
    suffix = _suffix(case)

    def expanded(given: Mapping[str, str | None]) -> dict[str, list[float | None]]:
        return _expanded({name.replace("*", "any") + suffix: notation for name, notation in given.items()})

    counters, gauges = {**_expanded(case.series), **expanded(played.counters)}, _expanded(played.gauges)
    slow = {label: expand(each.events) for label, each in played.slow.items()}
    revisions = {name: expanded(columns) for name, columns in played.revisions.items()}
    reading = Reading(shape=shape)
    given_columns = (column for columns in (counters, gauges, slow, *revisions.values()) for column in columns.values())
    for window in range(max([windows, *map(len, given_columns)])):
        time = START + window * 60 * NS + 30 * NS
        reading.see(time - 30 * NS)
        for revision, columns in {"": counters, **revisions}.items():
            if summed := _at(columns, window):
                present = {key: count for key, count in summed.items() if count}
                payload = {"message": shape.summary, "case.window": 1.0, **present}
                reading.add(_entry(window, time, payload, revision))
        for name, value in _at(gauges, window).items():
            reading.add_gauge(name, time, value)
        for label, count in _at(slow, window).items():
            request = {"message": shape.slow_request, "label": label, "durationMs": played.slow[label].duration_ms}
            for number in range(int(count)):
                reading.add(_entry(number, time + 1 + number, request))
    return reading


def _expanded(columns: Mapping[str, str | None]) -> dict[str, list[float | None]]:
    return {key: expand(notation) for key, notation in columns.items() if notation is not None}


def _at(columns: Mapping[str, Sequence[float | None]], window: int) -> dict[str, float]:
    """Give what is known in a window."""
    found = {key: column[window] for key, column in columns.items() if window < len(column)}
    return {key: value for key, value in found.items() if value is not None}


def _entry(number: int, time: int, payload: dict[str, Any], revision: str = "") -> Entry:
    instance = f"instance-{revision or 1}"
    return Entry(f"projects/case/logs/{instance}", f"{number}", time, time, "case", instance, None, payload, revision)
