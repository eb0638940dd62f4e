import json
import shutil
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml

from logwatch.judge.rules.load import load_rules
from logwatch.judge.rules.model import Rule, rules_schema
from logwatch.judge.rules.runbook_check import compare_with_runbook, uncovered_counters
from logwatch.judge.rules.unit_tests import run_cases
from logwatch.judge.rules.yaml_types import idle_selectors, selects
from logwatch.ranges import Range
from logwatch.settings import bundled
from tests.support.rule_folders import complaint

RULES = bundled("rules")

TABLE = [  # design: row, rule id, normal, warning, procedure
    ("checkout-traffic", "<= 50", "> 100", "4.1"),
    ("checkout-success", "> 80 %", "< 60 %", "4.1"),
    ("checkout-blocked", "<= 5", "> 20", "4.1"),
    ("checkout-error", "<= 0", "> 0", "4.1"),
    ("payment-confirm", "> 90 %", "< 70 %", "4.2"),
    ("payment-duplicate", "<= 2", "> 10", "4.2"),
    ("cache-hit", "> 70 %", "< 50 %", "4.3"),
    ("cache-error", "<= 0", "> 0", "4.4"),
    ("database-ping", "< 50 ms", "> 200 ms", "4.5"),
    ("redis-ping", "< 10 ms", "> 100 ms", "4.4"),
    ("slow-checkout", "< 500 ms", "> 700 ms", "4.5"),
    ("slow-payment", "< 500 ms", "> 1500 ms", "4.5"),
    ("slow-api", "< 500 ms", "> 1000 ms", "4.5"),
]


def test_the_bundled_rules_are_section_3_row_by_row() -> None:
    rules = load_rules(RULES).section3
    assert [(rule.rule, str(rule.normal), str(rule.warning), rule.procedure) for rule in rules] == TABLE


def test_only_errors_speak_at_once() -> None:
    assert {rule.rule for rule in load_rules(RULES).section3 if not rule.for_} == {"checkout-error", "cache-error"}


def test_the_bundled_rules_agree_with_the_runbook() -> None:
    assert compare_with_runbook(load_rules(RULES)) == []


@pytest.mark.long
def test_every_bundled_case_passes_and_every_rule_has_enough() -> None:
    tested = run_cases(load_rules(RULES))
    assert [str(problem) for problem in tested.problems] == []
    assert tested.passed > 50


@pytest.mark.long
def test_the_schema_in_the_folder_is_the_one_the_program_gives_and_accepts_the_rules() -> None:
    assert json.loads((RULES / "schema.json").read_text()) == rules_schema()
    for path in RULES.glob("*.yaml"):
        if not path.name.endswith(".test.yaml") and path.name not in {
            "counters.yaml",
            "evidence.yaml",
            "inhibitions.yaml",
            "service.yaml",
        }:
            jsonschema.validate(yaml.safe_load(path.read_text()), rules_schema())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "rules"
    shutil.copytree(RULES, copy)
    return copy


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("file", "old", "new", "where", "says"),
    [
        ("runbook.md", "| 0~50 |", "| 0~60 |", "checkout.yaml:2", "has normal '<= 50', the runbook has '<= 60'"),
        ("runbook.md", "> 100 (비정상", "> 120 (비정상", "checkout.yaml:2", "has warning '> 100', the runbook has '> 120'"),
        ("runbook.md", "payment > 1500ms", "payment > 1600ms", "latency.yaml", "has warning '> 1500 ms', the runbook has '> 1600 ms'"),
        ("runbook.md", "기타 모든 API: 1000ms", "기타 모든 API: 900ms", "latency.yaml", "the runbook has '> 900 ms'"),
        ("runbook.md", "| cache.error (60s) | 0 |", "| cache.failure (60s) | 0 |", "cache.yaml", "section 3 has no row 'cache.error (60s)'"),
        ("runbook.md", "| cache.error (60s) | 0 |", "| cache.failure (60s) | 0 |", "runbook.md:46", "no rule judges row 'cache.failure (60s)'"),
        ("runbook.md", "payment > 1500ms |", "payment > 1500ms, login > 300ms |", "runbook.md:49", "no rule judges row 'API 응답시간' (login)"),
        ("runbook.md", '"cache.hit": 340', '"cache.hot": 340', "runbook.md", "unknown counter 'cache.hot'"),
        ("runbook.md", "### 4.5 DB", "### 4.6 DB", "latency.yaml", "unknown procedure '4.5'"),
        ("checkout.yaml", 'normal: "<= 50"', 'normal: "<= 40"', "checkout.yaml:2", "see "),
        ("checkout.yaml", 'procedure: "4.1"', 'procedure: "4.7"', "checkout.yaml:2", "known: 4.1, 4.2, 4.3, 4.4, 4.5"),
        ("checkout.yaml", "step: 5", "step: 7", "checkout.yaml", "procedure 4.1 has no step 7"),
        ("checkout.yaml", "count: checkout.attempt", "count: checkout.atempt", "checkout.yaml:2", "did you mean 'checkout.attempt'?"),
        ("checkout.yaml", "  for: 0\n", "", "checkout.yaml", "waits before it speaks, and the runbook says at once"),
        ("checkout.yaml", 'normal: "<= 50"', 'normal: "50 or less"', "checkout.yaml:6", "'50 or less' is not a valid range"),
        ("checkout.yaml", 'warning: "> 100"', 'warning: "> 40"', "checkout.yaml:2", "overlap"),
        ("checkout.yaml", 'warning: "> 100"', 'warning: "< 100"', "checkout.yaml:2", "must face each other"),
        ("checkout.yaml", "count: checkout.attempt", "kount: checkout.attempt", "checkout.yaml:5", "'kount' is not known here"),
        ("runbook.en.md", "> 200ms |", "> 300ms |", "runbook.en.md:47", "the translation does not say the same: >200 is missing"),
        ("runbook.en.md", "check the TTL setting (READ_CACHE_TTL)", "check the TTL", "runbook.en.md", "READ_CACHE_TTL is missing"),
        ("runbook.en.md", "4. duplicate.blocked grew", "3. duplicate.blocked grew", "runbook.en.md", "does not say the same"),
        ("runbook.en.md", "- Metric: the cache.error counter grows\n", "", "runbook.en.md", "section 4.4 has not as many lines as"),
        ("runbook.en.md", "### 4.5 The DB", "### 4.6 The DB", "runbook.en.md", "section 4.5 is missing"),
        ("runbook.en.md", "### 4.5 The DB", "### 4.6 The DB", "runbook.en.md", "section 4.6 is not in the runbook"),
        ("evidence.yaml", '{step: 2, lines: "Payment] Confirm error"', '{step: 7, lines: "Payment] Confirm error"', "evidence.yaml", "the looks of 4.2 are for steps 1, 3, 4, 7, and it has 1, 2, 3, 4"),
        ("evidence.yaml", "counters: checkout.error", "counters: checkout.eror", "evidence.yaml:4", "unknown counter 'checkout.eror' in step 5 of 4.1"),
        ("evidence.yaml", "endpoint: /health/database", "endpoint: /health/databse", "evidence.yaml", "did you mean '/health/database'?"),
        ("evidence.yaml", "gauge: database.active_connections", "gauge: database.connections", "evidence.yaml", "unknown gauge"),
        ("evidence.yaml", "rules: [checkout-success,", "rules: [checkout-succes,", "evidence.yaml", "unknown rule 'checkout-succes'"),
        ("evidence.yaml", 'todo: "> 0"}', 'todo: "very many"}', "evidence.yaml", "is not a valid range"),
        ("evidence.yaml", 'begin: {procedure: "4.3", step: 3}', 'begin: {procedure: "4.3", step: 9}', "evidence.yaml", "4.4 begins with step 9 of 4.3, which nothing looks at"),
        ("evidence.yaml", "requests: checkout.attempt", "requests: checkout.atempt", "evidence.yaml", "unknown counter 'checkout.atempt'"),
        ("evidence.yaml", "{passed: checkout.success,", "{passed: checkout.sucess,", "evidence.yaml:4", "unknown counter 'checkout.sucess' in the revisions of 4.1"),
        ("evidence.yaml", "{passed: checkout.success,", "{failed: checkout.error, passed: checkout.success,", "evidence.yaml", "give either 'failed' or 'passed'"),
        ("watch.yaml", "impact: {like: [checkout-success]}", "impact: {like: [checkout-sucess]}", "watch.yaml", "says what people lose like 'checkout-sucess', which does not say it"),
        ("watch.yaml", "impact: {like: [checkout-success]}", "impact: {among: checkout.attempt}", "watch.yaml", "give either 'what' or 'like'"),
        ("checkout.yaml", "among: checkout.attempt}", "among: checkout.atempt}", "checkout.yaml", "unknown counter 'checkout.atempt' in rule 'checkout-blocked'"),
        ("evidence.yaml", "routes: true", "roots: true", "evidence.yaml", "is not known here"),
        ("evidence.yaml", 'procedure: "4.5"', 'procedure: "4.9"', "evidence.yaml", "unknown procedure '4.9'"),
        ("evidence.yaml", 'procedure: "4.3"', 'procedure: "4.4"', "evidence.yaml", "procedure 4.4 stands twice"),
        ("checkout.yaml", "  indicator: checkout.attempt (60s)\n", "", "runbook.md:39", "no rule judges row 'checkout.attempt (60s)'"),
        ("checkout.yaml", "rule: checkout-success", "rule: checkout-traffic", "checkout.yaml:11", "stands twice"),
        ("checkout.yaml", "count: checkout.attempt", "count: checkout.attempt\n  gauge: redis.ping_ms", "checkout.yaml:2", "exactly one of"),
        ("checkout.yaml", "for: 0", "for: 90s", "checkout.yaml", "not a whole number of minutes"),
        ("checkout.yaml", "by: service\n", "by: service\n    span: 0\n", "checkout.yaml", "ratio.span: a span of 0 looks at nothing"),
        ("latency.yaml", "slow: {label: checkout", "slow: {span: 0, label: checkout", "latency.yaml", "slow.span: a span of 0 looks at nothing"),
        ("latency.yaml", "slow: {label: checkout", 'slow: {min_share: ">= 0 %", label: checkout', "latency.yaml", "slow.min_share: '>= 0 %' is not a valid share"),
        ("latency.yaml", "slow: {label: checkout", 'slow: {min_share: ">= 5", label: checkout', "latency.yaml", "'>= 5' is not a valid share"),
        ("latency.yaml", "slow: {label: checkout", 'slow: {min_share: "< 5 %", label: checkout', "latency.yaml", "'< 5 %' is not a valid share"),
        ("checkout.yaml", "for: 0", "for: soon", "checkout.yaml", "use e.g. '90s', '5m'"),
        ("checkout.yaml", "- rule: checkout-traffic", "- rule: [", "checkout.yaml", "a bracket that is opened here"),
        ("latency.yaml", "measured: redis.ping_ms", "measured: redis.pong_ms", "latency.yaml", "unknown gauge 'redis.pong_ms'"),
        ("inhibitions.yaml", "  not_expected: [checkout-success, checkout-error, payment-confirm]\n", "", "inhibitions.yaml:3", "not_because is said of the rules in not_expected"),
        ("inhibitions.yaml", "  because:\n", "  why:\n", "inhibitions.yaml:3", "'because' is missing"),
        ("latency.yaml", "warns: payment", "warns: paiment", "latency.yaml", "the runbook has no bound 'paiment'"),
    ],
)  # fmt: skip
def test_a_disagreement_is_told_with_file_line_and_cure(
    folder: Path, file: str, old: str, new: str, where: str, says: str
) -> None:
    replace(folder / file, old, new)
    told = complaint(folder)
    assert says in told
    assert any(where in line.split(": ")[0] for line in told.splitlines() if not line.startswith(" ")), told


def test_a_procedure_that_rules_name_and_nothing_walks_is_told(folder: Path) -> None:
    (folder / "evidence.yaml").unlink()
    assert complaint(folder).count("has no evidence") == 5


def test_without_a_translation_the_runbook_stands_in_for_it(folder: Path) -> None:
    (folder / "runbook.en.md").unlink()
    assert complaint(folder) == ""
    rules = load_rules(folder)
    assert rules.procedure("4.2", "en") == rules.procedure("4.2", "ko")


def test_all_errors_are_told_at_once(folder: Path) -> None:
    replace(folder / "checkout.yaml", 'normal: "<= 50"', "normal: nonsense")
    replace(folder / "cache.yaml", "procedure", "prosedure")
    assert "checkout.yaml:6" in complaint(folder)
    assert "'prosedure' is not known here" in complaint(folder)


@pytest.mark.parametrize("break_", [lambda p: p.unlink(), lambda p: p.write_text("# no table\n")])
def test_a_runbook_that_cannot_be_read_is_an_error(folder: Path, break_: Callable[[Path], object]) -> None:
    break_(folder / "runbook.md")
    assert "runbook.md" in complaint(folder)


def test_an_empty_folder_and_a_missing_one_are_errors(tmp_path: Path) -> None:
    assert "no such folder of rules" in complaint(tmp_path / "nowhere")
    for name in ("runbook.md", "service.yaml"):
        (tmp_path / name).write_text((RULES / name).read_text())
    assert "no rules in this folder" in complaint(tmp_path)


def test_counters_that_nobody_knows_are_named() -> None:
    keys = [
        "checkout.attempt{service=kpa}",
        "auth.failure{reason=x}",
        "coupon.used",
        "checkout.blocked.moon{service=kpa}",
    ]
    assert uncovered_counters(keys, load_rules(RULES)) == ["auth.failure", "coupon.used"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('values: "0 50 51 100 101"', 'values: "0 50 51 100 100"'), "found    nneee"),
        (('levels: "n n e e w"', 'levels: "n n e e x"'), "'x' is none of newu"),
        (('values: "0 50 51 100 101"', 'values: "0 fifty"'), "'fifty' is not a valid value"),
        (("rule: checkout-traffic", "rule: checkout-trafic"), "there is no rule 'checkout-trafic'"),
        (('levels: "n n e e w"', 'states: ". p"'), "checkout.test.yaml"),
        (('levels: "n n e e w"', 'states: ". . . . F"'), "found    ....p"),
        ((', levels: "n n e e w"', ""), "gives neither levels nor states"),
        (('values: "0 50 51 100 101"', 'numerator: "1"'), "checkout.test.yaml:4: case 'both bounds': numerator: it is not known here"),
        (('values: "0 50 51 100 101"', "values: 5"), "checkout.test.yaml:4: case 'both bounds': values: '5' stands where a text belongs"),
    ],
)  # fmt: skip
def test_a_case_that_fails_or_is_wrong_is_told(folder: Path, change: tuple[str, str], says: str) -> None:
    for path in folder.glob("*.test.yaml"):
        if path.name != "checkout.test.yaml":
            path.unlink()
    replace(folder / "checkout.test.yaml", *change)
    told = "\n".join(map(str, run_cases(load_rules(folder)).problems))
    assert says in told


@pytest.mark.long
def test_a_rule_without_cases_is_told(folder: Path) -> None:
    (folder / "cache.test.yaml").unlink()
    told = "\n".join(map(str, run_cases(load_rules(folder)).problems))
    assert "rule 'cache-hit' has no case for: normal, elevated, warning, unknown" in told


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [("<= 50", 50, 50.5), ("< 60 %", 0.5999, 0.6), ("> 80 %", 0.8001, 0.8), (">= 3", 3, 2), ("> 1500 ms", 1500.1, 1500)],
)
def test_a_range_holds_to_the_number(text: str, inside: float, outside: float) -> None:
    bounds = Range.parse(text)
    assert bounds.holds(inside)
    assert not bounds.holds(outside)
    assert Range.parse(str(bounds)) == bounds
    assert bounds.falls is text.startswith("<")


@pytest.mark.parametrize(
    ("selector", "name", "meant"),
    [("cache.hit", "cache.hit", True), ("cache.hit", "cache.hits", False), ("checkout.blocked.*", "checkout.blocked.stock", True),
     ("checkout.blocked.*", "checkout.blocked", False), ("a.b", "axb", False)],
)  # fmt: skip
def test_a_selector_means_a_name_or_the_rest_of_one(selector: str, name: str, *, meant: bool) -> None:
    assert selects([selector], name) is meant
    assert idle_selectors([selector, selector], ["other", name]) == ([] if meant else [selector])


def test_every_text_of_a_rule_is_korean_and_english() -> None:
    for rule in load_rules(RULES).rules:
        assert any("가" <= char <= "힣" for char in rule.summary["ko"])
        assert rule.summary["en"].isascii()
    assert isinstance(load_rules(RULES).rules[0], Rule)
