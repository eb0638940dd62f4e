"""`rules`: validated, listed, tested, described."""

from __future__ import annotations

import shlex
import sys
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from logwatch.cli.context import as_json, look_at, paper_of, shared_from, write
from logwatch.cli.options import ListFormat, ListFormatOption, OutputOption, RuleFlags, SourceFlags
from logwatch.cli.usage.pages import folded
from logwatch.errors import ConfigError, SourceError
from logwatch.judge.kinds import kinds_listed
from logwatch.judge.kinds.slow import Slow
from logwatch.judge.rules.model import rules_schema as schema
from logwatch.judge.rules.oncall import oncall_schema
from logwatch.judge.rules.runbook_check import compare_with_runbook, uncovered_counters, unheard_counters
from logwatch.judge.rules.service import service_schema
from logwatch.judge.rules.yaml_lines import RuleProblemsError
from logwatch.languages import Lang, text
from logwatch.languages.keys import Key
from logwatch.pipeline.time_range import read_windows
from logwatch.ranges import Range
from logwatch.report.rules_json import checked_json, rules_json, tested_json
from logwatch.settings import bundled
from logwatch.ui.format import format_range, format_span
from logwatch.ui.printable import printable
from logwatch.ui.tables import fold, render_rows
from logwatch.wiring import audience, build_rules

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE_COLUMNS: tuple[Key, ...] = ("rule", "normal_range", "warning_range", "waits_for", "procedure", "short_name")


def rules_check(source: SourceFlags, format_: ListFormatOption = ListFormat.TABLE, *, asker: RuleFlags) -> None:
    """Validate the rules and compare them with the runbook; with a source, name counters unknown or never seen."""
    settings = shared_from(source, asker)
    rule_set = build_rules(settings)
    problems = compare_with_runbook(rule_set)
    shows_json = format_ is ListFormat.JSON
    if problems and not shows_json:
        raise RuleProblemsError(problems)
    names: list[str] = []
    if settings.source and not problems:
        look = look_at(settings)
        _, read = look.read(partial(read_windows, reach=timedelta()))
        names = list(dict.fromkeys(read.counters.texts("series").tolist()))
        if not names:
            hint = "'logwatch evaluate' says what was read"
            raise SourceError("no summary was read, so no counter can be compared", where=look.name, hint=hint)
    uncovered, unheard = (uncovered_counters(names, rule_set), unheard_counters(names, rule_set)) if names else ([], [])
    if shows_json:
        write(as_json(checked_json(rule_set, problems, uncovered, unheard)), None)
        raise typer.Exit(2 if problems else 0)
    parts = {"count": rule_set.rules, "runbook": rule_set.section3, "own": rule_set.own, "watching": rule_set.watching}
    counts = {name: len(found) for name, found in parts.items()}
    rows, path = len(rule_set.runbook.rows), rule_set.runbook.path
    _tell(text("rules_agree", settings.lang, **counts, rows=rows, path=path))
    for name in uncovered:
        _tell(text("uncovered_counter", settings.lang, name=printable(name)), err=True)
    for each in unheard:
        told = text("unheard_counter", settings.lang, name=each.counter, rules=", ".join(each.rules))
        _tell(f"{told}{_near(each.near, settings.lang)}", err=True)


def _near(names: Iterable[str], lang: Lang) -> str:
    """Say which names look most like one; nothing where none do."""
    found = ", ".join(map(printable, names))
    return text("names_near", lang, names=found) if found else ""


def _tell(line: str, *, err: bool = False) -> None:
    typer.echo(folded(line, sys.stderr if err else sys.stdout), err=err)


def rules_list(format_: ListFormatOption = ListFormat.TABLE, *, asker: RuleFlags) -> None:
    """List the rules with their bounds and procedures."""
    settings = shared_from(asker)
    if format_ is ListFormat.JSON:
        write(as_json(rules_json(build_rules(settings))), None)
        return
    readers = audience(settings)
    found = build_rules(settings).rules
    rows = [
        (
            rule.rule,
            format_range(rule.normal),
            format_range(rule.warning),
            format_span(rule.for_, readers) if rule.for_ else "0",
            rule.procedure,
            rule.summary[settings.lang],
        )
        for rule in found
    ]
    least: dict[Range, list[str]] = {}
    for rule in found:
        if isinstance(rule.kind, Slow):
            least.setdefault(rule.kind.held.warning, []).append(rule.rule)
    notes = [_slow_note(held, ", ".join(ids), settings.lang) for held, ids in least.items()]
    table = render_rows(rows, [text(key, settings.lang) for key in RULE_COLUMNS], paper_of())
    write(table + "".join(f"{fold(note, paper_of())}\n" for note in notes), None)


def _slow_note(held: Range, rules: str, lang: Lang) -> str:
    """Say what a warning of slow requests takes: a share where all requests are counted, else a number."""
    if held.unit == "%":
        return text("slow_rules", lang, rules=rules, share=format_range(held))
    return text("slow_rules_count", lang, rules=rules, count=format_range(held))


def rules_test(format_: ListFormatOption = ListFormat.TABLE, *, asker: RuleFlags) -> None:
    """Run the cases that stand beside the rules in *.test.yaml."""
    from logwatch.judge.rules.unit_tests import run_cases

    settings = shared_from(asker)
    tested = run_cases(build_rules(settings))
    if format_ is ListFormat.JSON:
        write(as_json(tested_json(tested)), None)
        raise typer.Exit(2 if tested.problems else 0)
    if tested.problems:
        raise RuleProblemsError(tested.problems)
    typer.echo(text("cases_passed", settings.lang, count=tested.passed))


def rules_new(
    rule: Annotated[str, typer.Argument(metavar="ID", help="The new rule's id: small letters, digits, hyphens.")],
    kind: Annotated[str, typer.Option(metavar="KIND", help=f"What it measures: {kinds_listed('or')}.")],
    measures: Annotated[
        str,
        typer.Option(
            metavar="WHAT", help="Counter, 'a / b' (counters; several with +), gauge or label. [by the id]", show_default=False
        ),
    ] = "",
    normal: Annotated[str, typer.Option(metavar="RANGE", help="Normal range, e.g. '<= 5'.", show_default=False)] = "",
    warning: Annotated[str, typer.Option(metavar="RANGE", help="Warning bound, e.g. '> 20'.", show_default=False)] = "",
    procedure: Annotated[
        str, typer.Option(metavar="N.N", help="Section of the runbook that it leads to.", show_default=False)
    ] = "",
    section: Annotated[
        str, typer.Option(metavar="'4.N TITLE'", help="Or a new one, added to the runbook.", show_default=False)
    ] = "",
    section_en: Annotated[
        str, typer.Option(metavar="TITLE", help="Its title in the runbook's twin. [the same]", show_default=False)
    ] = "",
    summary_ko: Annotated[str, typer.Option(metavar="TEXT", help="Headline in Korean. [by the id]", show_default=False)] = "",
    summary_en: Annotated[str, typer.Option(metavar="TEXT", help="Headline in English. [by the id]", show_default=False)] = "",
    topic: Annotated[
        str, typer.Option(metavar="NAME", help="File of the rules, NAME.yaml. [first word of the id]", show_default=False)
    ] = "",
    *,
    asker: RuleFlags,
) -> None:
    """Add a rule: its entry, its cases and, with --section, a section of the runbook; overwrites nothing."""
    from logwatch.judge.rules.new_rule import NewRule, add_rule, parse_section

    settings = shared_from(asker)
    added = add_rule(
        settings.rules or bundled("rules"),
        NewRule(
            rule=rule,
            kind=kind,
            measures=measures,
            normal=_range(normal, "--normal"),
            warning=_range(warning, "--warning"),
            summary=(summary_ko, summary_en),
            procedure=procedure,
            section=parse_section(section, section_en) if section else None,
            topic=topic,
        ),
    )
    for each in added.additions:
        typer.echo(text("rule_added", settings.lang, place=f"{each.path}:{each.line}"))
    for name, near in added.strangers.items():
        _tell(f"{text('rule_stranger', settings.lang, name=name)}{_near(near, settings.lang)}")
    if added.sections:
        _tell(text("rule_leads_nowhere", settings.lang, rule=rule, sections=", ".join(added.sections)))
    there = f" --rules {shlex.quote(str(asker.rules))}" if asker.rules else ""
    _tell(text("rule_next", settings.lang, check=f"logwatch rules check{there}", test=f"logwatch rules test{there}"))


def _range(given: str, option: str) -> Range | None:
    try:
        return Range.parse(given) if given else None
    except ValueError as error:
        raise ConfigError(str(error), where=option) from None


def rules_schema(
    output: OutputOption = None,
    platform: Annotated[bool, typer.Option("--platform", help="That of service.yaml.")] = False,  # noqa: FBT002 - a flag
    oncall: Annotated[bool, typer.Option("--oncall", help="That of oncall.yaml.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Print the JSON Schema of a rule file, for editors."""
    write(as_json(service_schema() if platform else oncall_schema() if oncall else schema()), output)
