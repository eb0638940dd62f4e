"""What other programs may rely on: the versioned JSON of `rules list`, `rules check` and `rules test`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from logwatch.judge.rules.model import WATCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from logwatch.errors import RuleError
    from logwatch.judge.rules.model import Rule, RuleSet
    from logwatch.judge.rules.runbook_check import Unheard
    from logwatch.judge.rules.unit_tests import Tested

SCHEMA = 1


def checked_json(
    rules: RuleSet, problems: Sequence[RuleError], uncovered: Sequence[str], unheard: Iterable[Unheard]
) -> dict[str, Any]:
    """Give whether rules and runbook agree, and the counters that one of rules and logs has without the other."""
    return {
        "schema": SCHEMA,
        "rules": {"runbook": len(rules.section3), "own": len(rules.own), "logwatch": len(rules.watching)},
        "runbook": {"path": str(rules.runbook.path), "rows": len(rules.runbook.rows)},
        "problems": _problems(problems),
        "uncovered": list(uncovered),
        "unheard": [{"counter": each.counter, "rules": list(each.rules), "near": list(each.near)} for each in unheard],
    }


def tested_json(tested: Tested) -> dict[str, Any]:
    """Give how many cases passed, and what is wrong with the others."""
    return {"schema": SCHEMA, "passed": tested.passed, "problems": _problems(tested.problems)}


def _problems(problems: Iterable[RuleError]) -> list[dict[str, str | None]]:
    return [{"where": each.where, "message": each.message, "hint": each.hint} for each in problems]


def rules_json(rules: RuleSet) -> dict[str, Any]:
    """Give every rule with its bounds, where it stands, and whose it is."""
    return {"schema": SCHEMA, "rules": [_rule(each, rules) for each in rules.rules]}


def _rule(rule: Rule, rules: RuleSet) -> dict[str, Any]:
    where = rules.where[rule.rule]
    watches = where.startswith(f"{rules.folder / WATCH}:")
    return {
        "rule": rule.rule,
        "of": "runbook" if rule.indicator else "logwatch" if watches else "own",
        "summary": dict(rule.summary.root),
        "normal": str(rule.normal),
        "warning": str(rule.warning),
        "for_s": round(rule.for_.total_seconds()),
        "keep_firing_for_s": round(rule.keep_firing_for.total_seconds()),
        "severity": str(rule.severity),
        "procedure": rule.procedure,
        "step": rule.step,
        "also": list(rule.also),
        "where": where,
    }
