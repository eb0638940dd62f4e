"""Write a new rule into a folder of rules: its entry, its cases and, where wanted, a section of the runbook and its twin.

What is written is tried in a copy of the folder first, so that the rules hold together afterwards or nothing is changed.
"""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from logwatch.errors import ConfigError, RuleError, lookalikes
from logwatch.judge.kinds import KINDS, kinds_listed
from logwatch.judge.rules.drafts import Asked, Draft
from logwatch.judge.rules.load import load_rules
from logwatch.judge.rules.model import WATCH, RuleSet
from logwatch.judge.rules.runbook_check import compare_with_runbook
from logwatch.judge.rules.unit_tests import run_cases
from logwatch.judge.rules.yaml_lines import RuleProblemsError
from logwatch.judge.rules.yaml_types import SELECTOR, idle_selectors
from logwatch.ranges import Range, check_bounds

RESERVED = {"counters", "evidence", "inhibitions", "service", WATCH.removesuffix(".yaml")}
"""Names of files that hold no rules of one's own."""


@dataclass(frozen=True, slots=True)
class NewSection:
    """A procedure that the runbook does not have yet."""

    number: str
    title: str
    english: str
    """Its title in the English twin."""


@dataclass(frozen=True, slots=True)
class NewRule:
    """What is asked for; empty texts and None are filled in."""

    rule: str
    kind: str
    """Its key in a rule file."""
    measures: str = ""
    """`a.b`, `a.b / c.d`, a gauge or a label, as the kind has it."""
    normal: Range | None = None
    warning: Range | None = None
    summary: tuple[str, str] = ("", "")
    """Korean, English."""
    procedure: str = ""
    section: NewSection | None = None
    topic: str = ""
    """The file's name without its ending."""


@dataclass(frozen=True, slots=True)
class Addition:
    """Text that is added to a file, and the line at which it begins."""

    path: Path
    line: int
    text: str
    """The whole file afterwards."""


@dataclass(frozen=True, slots=True)
class Added:
    """A rule that was added to a folder, and what people should look at."""

    additions: tuple[Addition, ...]
    strangers: dict[str, list[str]]
    """Counters that it reads and that nobody knew, each with the known ones that look most like it."""
    sections: tuple[str, ...]
    """Where it could lead to, where it leads to no procedure."""


def parse_section(text: str, english: str) -> NewSection:
    """Read `4.6 Title`; raises ConfigError."""
    match = re.fullmatch(r"(4\.\d+)\s+(\S.*)", text.strip())
    if match is None:
        hint = "use a number of section 4 and a title, e.g. '4.6 쿠폰 오류 증가'"
        raise ConfigError(f"'{text}' is not a valid section", where="--section", hint=hint)
    return NewSection(match[1], match[2], english.strip() or match[2])


def add_rule(folder: Path, wanted: NewRule) -> Added:
    """Add a rule to a folder, and tell what was added where; raises LogwatchError and changes nothing where that cannot be."""
    rules = load_rules(folder)
    _check(rules, wanted)
    draft = _draft(wanted, rules)
    additions = _additions(rules, wanted, draft)
    _try(folder, additions)
    try:
        for each in additions:
            each.path.write_text(each.text, encoding="utf-8")
    except OSError as error:
        hint = "copy the folder to where you may write, and give it with --rules DIR"
        raise ConfigError(f"cannot be written: {error.strerror}", where=str(error.filename), hint=hint) from None
    known = [counter.counter for counter in rules.counters]
    leads = wanted.procedure or wanted.section
    sections = () if leads else tuple(each.section for each in rules.runbook.procedures)
    return Added(tuple(additions), {name: lookalikes(name, known) for name in _strangers(draft, rules)}, sections)


def _check(rules: RuleSet, wanted: NewRule) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9-]*", wanted.rule):
        hint = "use small letters, digits and hyphens, e.g. coupon-error"
        raise ConfigError(f"'{wanted.rule}' is not a valid rule id", where="ID", hint=hint)
    if wanted.rule in rules.by_id:
        raise RuleError(
            f"rule '{wanted.rule}' stands there already",
            where=rules.where[wanted.rule],
            hint="edit it there, or take another id",
        )
    topic = _topic(wanted)
    if topic in RESERVED or not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", topic):
        raise ConfigError(f"'{topic}' is not a file for rules of your own", where="--topic", hint="e.g. --topic coupon")
    if wanted.section and (there := rules.procedure(wanted.section.number)):
        hint = f"send the rule there with --procedure {there.section}, or take another number"
        raise RuleError(f"section {there.name} stands there already", where=rules.runbook.where(there.line), hint=hint)
    if wanted.procedure and wanted.section:
        raise ConfigError("give one of both", where="--procedure, --section", hint="--section adds a new one to the runbook")


def _topic(wanted: NewRule) -> str:
    return wanted.topic or wanted.rule.partition("-")[0]


def _draft(wanted: NewRule, rules: RuleSet) -> Draft:
    """Fill in what was not asked for."""
    kind = next((each for each in KINDS if each.name == wanted.kind), None)
    if kind is None:
        raise ConfigError(f"'{wanted.kind}' is not a valid kind of rule", where="--kind", hint=f"one of {kinds_listed('or')}")
    known = tuple(counter.counter for counter in rules.counters)
    draft = kind.draft(Asked(wanted.rule, wanted.measures, wanted.normal, wanted.warning, known, rules.service.gauge_names))
    for counter in draft.counters:
        if not re.fullmatch(SELECTOR, counter):
            hint = "use letters, digits, '_' and dots, e.g. signup.error; several are joined by +"
            raise ConfigError(f"'{counter}' is not a counter's name", where="--measures", hint=hint)
    try:
        check_bounds(draft.normal, draft.warning)
    except ValueError as error:
        hint = "use e.g. '<= 5' and '> 20', of a share '> 80 %' and '< 60 %'"
        raise ConfigError(str(error), where="--normal, --warning", hint=hint) from None
    return draft


def _additions(rules: RuleSet, wanted: NewRule, draft: Draft) -> list[Addition]:
    folder, topic = rules.folder, _topic(wanted)
    section = wanted.section.number if wanted.section else wanted.procedure
    entry = [
        f"- rule: {wanted.rule}",
        f"  summary: {_written(rules, _summary(wanted, draft))}",
        *draft.entry,
        f'  normal: "{draft.normal}"',
        f'  warning: "{draft.warning}"',
        *([f'  procedure: "{section}"'] if section else []),
    ]
    cases = [f"- rule: {wanted.rule}", "  cases:", *(f"    - {{{case}}}" for case in draft.cases)]
    additions = [_appended(folder / f"{topic}.yaml", entry), _appended(folder / f"{topic}.test.yaml", cases)]
    if new := _strangers(draft, rules):
        told = {name: _written(rules, {"ko": f"{name} 건수", "en": f"number of {name}"}) for name in new}
        meanings = [f"- {{counter: {name}, meaning: {meaning}}}" for name, meaning in told.items()]
        additions.append(_appended(folder / "counters.yaml", meanings, apart=False))
    return additions + (_section(rules, wanted.section, draft) if wanted.section else [])


def _strangers(draft: Draft, rules: RuleSet) -> list[str]:
    """Give the counters of a draft that nobody knows yet."""
    return idle_selectors(draft.counters, [each.counter for each in rules.counters])


def _summary(wanted: NewRule, draft: Draft) -> dict[str, str]:
    ko, en = wanted.summary
    words = wanted.rule.replace("-", " ").capitalize()
    return {
        "ko": ko or f"{wanted.rule} 기준 {'미달' if draft.warning.falls else '초과'}",
        "en": en or f"{words} beyond its bound",
    }


def _languages(rules: RuleSet) -> list[str]:
    """Give the languages that the folder is written in, that of the runbook first."""
    found = [*rules.rules[0].summary.root]
    return sorted(found, key=lambda lang: lang in rules.twins)


def _written(rules: RuleSet, said: dict[str, str]) -> str:
    """Write a text in the folder's languages, in English where there are no words for one."""
    parts = [f"{lang}: {_quoted(said.get(lang, said['en']))}" for lang in _languages(rules)]
    return f"{{{', '.join(parts)}}}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _appended(path: Path, lines: list[str], *, apart: bool = True) -> Addition:
    """Add lines to the end of a file, after an empty one where the entries of such files stand apart."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    before = before.rstrip("\n") + "\n" * (1 + apart) if before.strip() else ""
    return Addition(path, before.count("\n") + 1, before + "\n".join(lines) + "\n")


def _section(rules: RuleSet, section: NewSection, draft: Draft) -> list[Addition]:
    """Add a section to the runbook and its twin, and what to look at for its step."""
    own, *_ = _languages(rules)
    books = [(rules.runbook.path, section.title, own)]
    books += [(twin.path, section.english if lang == "en" else section.title, lang) for lang, twin in rules.twins.items()]
    evidence = [f'- procedure: "{section.number}"', "  steps:", f"    - {{step: 1, {draft.look}}}"]
    return [
        *(
            _inserted(path, f"### {section.number} {title}\n\n```\n1. {draft.step.get(lang, draft.step['en'])}\n```\n\n")
            for path, title, lang in books
        ),
        _appended(rules.folder / "evidence.yaml", evidence),
    ]


def _inserted(path: Path, section: str) -> Addition:
    """Put a subsection at the end of a runbook's section 4."""
    text = path.read_text(encoding="utf-8")
    start = re.search(r"^## 4\.? ", text, re.MULTILINE)
    if start is None:
        raise RuleError("no section 4 to add to", where=str(path), hint="it is headed '## 4. …'")
    end = re.compile(r"^(?:---\s*$|## )", re.MULTILINE).search(text, start.end())
    place = end.start() if end else len(text.rstrip("\n")) + 1
    before = text[:place].rstrip("\n") + "\n\n"
    return Addition(path, before.count("\n") + 1, before + section + text[place:])


def _try(folder: Path, additions: list[Addition]) -> None:
    """Check and test a copy of the folder with what is added; raises RuleProblemsError with the places in the folder itself."""
    with TemporaryDirectory() as room:
        copy = Path(room) / folder.name
        shutil.copytree(folder, copy)
        for each in additions:
            (copy / each.path.name).write_text(each.text, encoding="utf-8")
        try:
            rules = load_rules(copy)
            problems = [*compare_with_runbook(rules), *run_cases(rules).problems]
        except RuleProblemsError as error:
            problems = list(error.problems)

        def back(text: str | None) -> str | None:
            return text and text.replace(str(copy), str(folder))

        if problems:
            raise RuleProblemsError(
                [RuleError(each.message, where=back(each.where), hint=back(each.hint)) for each in problems]
            )
