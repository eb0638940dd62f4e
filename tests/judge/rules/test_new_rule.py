"""A rule of one's own by the README's three steps, of every kind; and what cannot be written changes nothing."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from typing import TYPE_CHECKING

import pytest

from logwatch.judge.rules.load import load_rules
from logwatch.judge.rules.runbook_check import compare_with_runbook
from logwatch.judge.rules.unit_tests import run_cases
from tests.conftest import LOGS, ROOT, Run
from tests.support.documents import README

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(ROOT / "rules", tmp_path / "rules")


RUNBOOK = """# {title}

## 3. {bounds}

| {what} | {normal} | {warning} |
|---|---|---|
| jobs.failed (60s) | 0~5 | > 20 |

---

## 4. {todo}

### 4.1 {fail}

```
1. jobs.failed
```

---

## 5. {rest}
"""
SMALL = {
    "service.yaml": (
        "service: jobs\nregion: europe-west4\nmetric_prefix: custom.googleapis.com/jobs/\n"
        "log: {summary: one minute, slow_request: slow one, silent: {ko: 로그 없음, en: no lines}}\n"
        "gauges:\n"
        "  - {gauge: database.active_connections, name: {ko: 커넥션, en: connections}, help: Connections.}\n"
        "  - {gauge: redis.ping_ms, unit: ms, name: {ko: 응답 시간, en: answer time}, help: Answer time.}\n"
    ),
    "runbook.md": RUNBOOK.format(
        title="런북", bounds="범위", what="지표", normal="정상", warning="경고", todo="절차", fail="작업 실패", rest="기타"
    ),
    "runbook.en.md": RUNBOOK.format(
        title="Runbook", bounds="Bounds", what="what", normal="fine", warning="bad", todo="To do", fail="Jobs fail", rest="Rest"
    ),
    "counters.yaml": "- {counter: jobs.failed, meaning: {ko: 실패한 작업, en: jobs that failed}}\n",
    "evidence.yaml": '- procedure: "4.1"\n  steps:\n    - {step: 1, counters: jobs.failed}\n',
    "jobs.yaml": (
        "- rule: jobs-failed\n  indicator: jobs.failed (60s)\n  summary: {ko: 작업 실패, en: Jobs fail}\n"
        "  count: jobs.failed\n  normal: '<= 5'\n  warning: '> 20'\n  procedure: '4.1'\n"
    ),
    "jobs.test.yaml": "- rule: jobs-failed\n  cases: [{name: each, values: '5 6 21 _', levels: 'n e w u'}]\n",
}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A folder of another platform, with one rule."""
    made = tmp_path / "small"
    made.mkdir()
    for name, text in SMALL.items():
        (made / name).write_text(text, encoding="utf-8")
    return made


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def problems(folder: Path) -> list[str]:
    rules = load_rules(folder)
    return [str(each) for each in (*compare_with_runbook(rules), *run_cases(rules).problems)]


@pytest.mark.long
def test_the_steps_of_the_readme_are_the_whole_truth(run: Run, folder: Path) -> None:
    section = README.partition("## Add a rule\n")[2].partition("\n## ")[0]
    joined = section.replace("\\\n", " ")
    commands = [part.strip() for line in re.findall(r"logwatch rules [^`\n]+", joined) for part in line.split("&&")]
    assert [shlex.split(command)[2] for command in commands] == ["new", "check", "test"]
    new = shlex.split(commands[0])[3]
    for command in commands:
        ran = run(*shlex.split(command)[1:], LOGWATCH_RULES=str(folder))
        assert (ran.code, ran.err) == (0, ""), command
    shown = run("evaluate", "-s", f"{LOGS}/calm.ndjson", "-f", "json", LOGWATCH_RULES=str(folder)).out
    (verdict,) = (each for each in json.loads(shown)["verdicts"] if each["rule"] == new)
    assert verdict["level"] == "normal"
    assert load_rules(folder).procedure(verdict["procedure"], "en") != load_rules(folder).procedure(verdict["procedure"])


KINDS = [
    ("count", []),
    ("count", ["--measures", "payment.refund.failed", "--normal", "<= 0", "--warning", "> 0"]),
    ("count", ["--measures", "auth.failure + coupon.*", "--normal", "> 5", "--warning", "<= 1"]),
    ("count", ["--measures", "payment.prepare", "--normal", ">= 2.5", "--warning", "< 2.5"]),
    ("ratio", []),
    ("ratio", ["--measures", "cache.hit / cache.hit + cache.miss", "--normal", ">= 99 %", "--warning", "< 98.5 %"]),
    ("ratio", ["--measures", "payment.confirm.failed/payment.prepare", "--normal", "<= 1 %", "--warning", "> 5 %"]),
    ("ratio", ["--measures", "cache.error / cache.error + cache.hit", "--normal", "< 10 %", "--warning", ">= 10 %"]),
    ("gauge", ["--measures", "database.active_connections"]),
    ("gauge", ["--measures", "redis.ping_ms", "--normal", "< 0.5 ms", "--warning", "> 5 ms"]),
    ("slow", []),
    ("slow", ["--measures", "payment.confirm", "--normal", "< 100 ms", "--warning", "> 100 ms"]),
    ("contrast", []),
    ("contrast", ["--measures", "payment.confirm.failed / payment.prepare", "--normal", "< 5 %", "--warning", ">= 30 %"]),
    ("quiet", []),
    ("quiet", ["--measures", "payment.prepare", "--normal", ">= 50 %", "--warning", "< 5 %"]),
]


PROCEDURE, SECTION = ["--procedure", "4.1"], ["--section", "4.12 쿠폰 오류 증가", "--section-en", "Coupons fail"]


@pytest.mark.parametrize(
    ("kind", "more", "where"),
    [
        *((kind, more, PROCEDURE if number % 2 else SECTION) for number, (kind, more) in enumerate(KINDS)),
        *((kind, [], PROCEDURE) for kind in ("count", "ratio", "slow")),
    ],
)
def test_what_is_written_passes_as_it_is(run: Run, small: Path, kind: str, more: list[str], where: list[str]) -> None:
    before = texts(small)
    ran = run("rules", "new", "coupon-state", "--kind", kind, *more, *where, "--rules", small)
    assert (ran.code, ran.err) == (0, "")
    assert problems(small) == []
    after = texts(small)
    assert {"coupon.yaml", "coupon.test.yaml"} <= {line.rpartition("/")[2].partition(":")[0] for line in ran.out.splitlines()}
    for name, text in before.items():
        kept = re.sub(r"(?s)### 4\.12 .*?\n```\n\n", "", after[name]) if name.startswith("runbook") else after[name]
        assert kept.startswith(text.rstrip("\n")), f"{name} is not as it was"
    rules = load_rules(small)
    assert [(rule.rule, rule.procedure) for rule in rules.own] == [("coupon-state", where[1].split()[0])]
    if where[0] == "--section":
        told = [rules.procedure("4.12", "ko"), rules.procedure("4.12", "en")]
        assert [each.title for each in told if each] == ["쿠폰 오류 증가", "Coupons fail"]
        assert rules.walk("4.12")


def test_the_second_rule_stands_below_the_first_and_comments_stay(run: Run, small: Path) -> None:
    (small / "coupon.yaml").write_text("# ours\n- rule: coupon-a\n  summary: {ko: 가, en: a}   # a word\n  count: jobs.failed\n  normal: '<= 1'\n  warning: '> 2'", encoding="utf-8")  # fmt: skip
    (small / "coupon.test.yaml").write_text("- rule: coupon-a\n  cases: [{name: a, values: '0 2 3 _', levels: 'n e w u'}]\n\n\n", encoding="utf-8")  # fmt: skip
    ran = run("rules", "new", "coupon-b", "--kind", "count", "--measures", "jobs.failed", "--lang", "en", "--rules", small)
    assert ran.out.splitlines()[0] == f"added: {small}/coupon.yaml:8"
    assert (small / "coupon.yaml").read_text(encoding="utf-8").startswith("# ours\n- rule: coupon-a\n  summary: {ko: 가, en: a}   # a word\n")  # fmt: skip
    assert [rule.rule for rule in load_rules(small).own] == ["coupon-a", "coupon-b"]
    assert problems(small) == []


def test_a_runbook_that_ends_with_section_4_and_has_no_twin_gets_its_section_too(run: Run, small: Path) -> None:
    (small / "runbook.en.md").unlink()
    (small / "evidence.yaml").unlink()
    (small / "evidence.yaml").write_text(SMALL["evidence.yaml"].rstrip("\n"), encoding="utf-8")
    (small / "runbook.md").write_text(SMALL["runbook.md"].partition("---\n\n## 5")[0].rstrip("\n"), encoding="utf-8")
    assert run("rules", "new", "coupon-a", "--kind", "ratio", "--section", "4.2 쿠폰", "--rules", small).code == 0
    assert problems(small) == []
    assert (small / "runbook.md").read_text(encoding="utf-8").endswith("```\n\n### 4.2 쿠폰\n\n```\n1. coupon.a.success / coupon.a.attempt 확인\n```\n\n")  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("kind", ["count", "ratio", "slow"])
def test_a_folder_in_english_alone_stays_in_english(run: Run, tmp_path: Path, kind: str) -> None:
    folder = shutil.copytree(ROOT / "tests/fixtures/services/pedal/rules", tmp_path / "rules")
    ran = run("rules", "new", "dock-jams", "--kind", kind, "--section", "4.7 Docks jam", "--rules", folder, "--lang", "en")
    assert (ran.code, ran.err) == (0, "")
    assert problems(folder) == []
    assert not re.search("[가-힣]", "".join(texts(folder).values()))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["checkout-error", "--kind", "count"], ["checkout.yaml:", "stands there already", "take another id"]),
        (["Coupon!", "--kind", "count"], ["ID: 'Coupon!' is not a valid rule id", "e.g. coupon-error"]),
        (["evidence-gap", "--kind", "count"], ["--topic: 'evidence' is not a file for rules", "e.g. --topic coupon"]),
        (["a-b", "--kind", "count", "--topic", "../a"], ["--topic: '../a' is not a file for rules"]),
        (["a-b", "--kind", "count", "--procedure", "4.9"], ["a.yaml:1: unknown procedure '4.9'", "known: 4.1, 4.2"]),
        (["a-b", "--kind", "count", "--section", "4.2 Refunds"], ["runbook.md:", "section 4.2 Payment 실패 증가 stands there already", "--procedure 4.2"]),
        (["a-b", "--kind", "count", "--section", "Refunds"], ["--section: 'Refunds' is not a valid section", "4.6"]),
        (["a-b", "--kind", "count", "--section", "4.6 A", "--procedure", "4.1"], ["--procedure, --section: give one of both"]),
        pytest.param(
            ["a-b", "--kind", "count", "--section", "4.6 재시도 3회", "--section-en", "Retries"], ["runbook.en.md:", "3 is missing"], marks=pytest.mark.long,
        ),
        (["a-b", "--kind", "count", "--measures", "a b"], ["--measures: 'a b' is not a counter's name"]),
        (["a-b", "--kind", "count", "--normal", "few"], ["--normal: 'few' is not a valid range", "'<= 50'"]),
        (["a-b", "--kind", "count", "--normal", "<= 30"], ["--normal, --warning", "overlap"]),
        (["a-b", "--kind", "ratio", "--normal", "<= 3", "--warning", "> 20"], ["--normal, --warning: no value lies in '> 20'", "> 80 %"]),
        (["a-b", "--kind", "ratio", "--measures", "a.b"], ["--measures: 'a.b' is not a valid share", "coupon.success / coupon.attempt"]),
        (["a-b", "--kind", "contrast", "--measures", "a.b"], ["--measures: 'a.b' is not a valid share of failures", "coupon.error / coupon.attempt"]),
        (["a-b", "--kind", "quiet", "--normal", "< 1 %", "--warning", "> 2 %"], ["--warning: '> 2 %' is not a share below a bound"]),
        (["a-b", "--kind", "sum"], ["--kind: 'sum' is not a valid kind of rule", "one of count, ratio, gauge, slow, contrast or quiet"]),
        (["a-b", "--kind", "gauge"], ["--measures: which gauge?", "known: database.ping_ms"]),
        (["a-b", "--kind", "gauge", "--measures", "redis.ping"], ["unknown gauge 'redis.ping'", "did you mean 'redis.ping_ms'?"]),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_with_place_and_cure_and_changes_nothing(
    run: Run, folder: Path, arguments: list[str], told: list[str]
) -> None:
    before = texts(folder)
    ran = run("rules", "new", *arguments, "--rules", folder)
    assert (ran.code, ran.out) == (2, "")
    assert [part for part in told if part not in ran.err] == [], ran.err
    assert str(folder) in ran.err or ran.err.startswith(("logwatch: --", "logwatch: ID"))
    assert texts(folder) == before


@pytest.mark.long
def test_a_folder_that_is_wrong_already_is_mended_first(run: Run, folder: Path) -> None:
    (folder / "cache.test.yaml").unlink()
    before = texts(folder)
    ran = run("rules", "new", "a-b", "--kind", "count", "--rules", folder)
    assert ran.code == 2
    assert f"{folder}/cache.yaml" in ran.err
    assert "has no case for" in ran.err
    assert texts(folder) == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--measures", "a b"], "--measures: 'a b' is not a counter's name"),
        (["--normal", "<= 5", "--warning", "> 3"], "--normal, --warning: normal '<= 5' and warning '> 3' overlap"),
    ],
)
def test_a_wrong_word_is_named_as_it_was_typed(run: Run, folder: Path, words: list[str], told: str) -> None:
    ran = run("rules", "new", "paymentx", "--kind", "count", *words, "--rules", folder)
    assert (ran.code, ran.err.splitlines()[0]) == (2, f"logwatch: {told}")
