"""`rules`: validated, listed, tested, described."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Annotated

import typer

from logwatch.cli.context import as_json, look_at, one_source, paper_of, settings_from, write
from logwatch.cli.options import LangOption, OutputOption, RulesOption, SourceArgument, SourceOption
from logwatch.wiring import build_rules


def rules_check(paths: SourceArgument = None, rules: RulesOption = None, source: SourceOption = None) -> None:
    """Validate the rules and compare them with the runbook; with --source, warn of counters that nobody knows."""
    from logwatch.judge.rules.runbook_check import compare_with_runbook, uncovered_counters
    from logwatch.judge.rules.yaml_lines import RuleProblemsError

    settings = settings_from(rules=rules, source=one_source(paths, source))
    rule_set = build_rules(settings)
    problems = compare_with_runbook(rule_set)
    if problems:
        raise RuleProblemsError(problems)
    rows = len(rule_set.runbook.rows)
    typer.echo(f"{len(rule_set.section3)} rules agree with the {rows} rows of section 3 in {rule_set.runbook.path}")
    if settings.source:
        from logwatch.time_range import read_windows
        from logwatch.ui.format import printable

        _, read = look_at(settings).read(partial(read_windows, reach=timedelta()))
        for name in uncovered_counters(map(str, read.counters["series"].unique()), rule_set):
            typer.echo(f"warning: the logs carry '{printable(name)}', and no rule or procedure knows it", err=True)


def rules_list(rules: RulesOption = None, lang: LangOption = None) -> None:
    """List the rules with their bounds and procedures."""
    from logwatch.durations import format_duration
    from logwatch.ui.tables import render_rows

    settings = settings_from(rules=rules, lang=lang)
    rows = [
        (
            rule.rule,
            str(rule.normal),
            str(rule.warning),
            format_duration(rule.for_),
            rule.procedure,
            rule.summary[settings.lang],
        )
        for rule in build_rules(settings).rules
    ]
    write(render_rows(rows, ("rule", "normal", "warning", "for", "procedure", "summary"), paper_of()), None)


def rules_test(rules: RulesOption = None) -> None:
    """Run the cases that stand beside the rules in *.test.yaml."""
    from logwatch.judge.rules.unit_tests import run_cases
    from logwatch.judge.rules.yaml_lines import RuleProblemsError

    tested = run_cases(build_rules(settings_from(rules=rules)))
    if tested.problems:
        raise RuleProblemsError(tested.problems)
    typer.echo(f"{tested.passed} cases passed")


def rules_schema(
    output: OutputOption = None,
    platform: Annotated[bool, typer.Option("--platform", help="That of service.yaml.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Print the JSON Schema of a rule file, for editors."""
    from logwatch.judge.rules.model import rules_schema as schema
    from logwatch.judge.rules.service import service_schema

    write(as_json(service_schema() if platform else schema()), output)
