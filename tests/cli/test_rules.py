"""`rules new` and `rules check`: a slip of the pen in a counter's name is told, and what a new rule lacks."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.conftest import LOGS, ROOT, Run
from tests.support.schemas import check_document

if TYPE_CHECKING:
    from pathlib import Path

PAYMENT = f"{LOGS}/payment.ndjson"
MISTYPED = ("rules", "new", "coupon-eror", "--kind", "count", "--measures", "checkout.eror + payment.prepare")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(ROOT / "rules", tmp_path / "my rules")


@pytest.mark.long
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_mistyped_counter_is_told_when_it_is_written_and_when_it_never_comes(run: Run, folder: Path, lang: str) -> None:
    there = {"LOGWATCH_LANG": lang, "COLUMNS": "400"}
    new = run(*MISTYPED, "--rules", folder, **there)
    assert (new.code, new.err) == (0, "")
    (stranger,) = (line for line in new.out.splitlines() if "'checkout.eror'" in line)
    assert {"ko": "비슷한 이름: checkout.error", "en": "Nearest: checkout.error"}[lang] in stranger
    assert f"logwatch rules check --rules '{folder}' && logwatch rules test --rules '{folder}'" in new.out
    checked = run("rules", "check", PAYMENT, "--rules", folder, **there)
    assert checked.code == 0
    (told,) = checked.err.splitlines()
    assert {"ko": "이 기록에 한 번도 없습니다(규칙: coupon-eror)", "en": "never came in this recording (rules: coupon-eror)"}[
        lang
    ] in told


@pytest.mark.long
def test_a_rule_without_a_procedure_says_what_is_missing(run: Run, folder: Path) -> None:
    told = run(*MISTYPED, "--rules", folder, "--lang", "en").out
    assert "add 'procedure' to coupon-eror (in the runbook: 4.1, 4.2, 4.3, 4.4, 4.5)" in " ".join(told.split())
    led = run(
        "rules", "new", "coupon-b", "--kind", "count", "--measures", "cache.error", "--procedure", "4.1", "--rules", folder
    )
    assert "procedure" not in led.out


def test_the_rules_that_ship_read_nothing_that_a_calm_hour_lacks(run: Run) -> None:
    for name in ("calm", "payment", "storm"):
        ran = run("rules", "check", f"{LOGS}/{name}.ndjson")
        assert (ran.code, ran.err) == (0, "")


def test_a_source_without_a_summary_compares_nothing(run: Run) -> None:
    ran = run("rules", "check", f"{LOGS}/development.ndjson")
    assert (ran.code, ran.out) == (3, "")
    assert "no counter can be compared" in ran.err


@pytest.mark.long
def test_programs_read_what_people_read(run: Run, folder: Path) -> None:
    run(*MISTYPED, "--rules", folder)
    found = check_document("rules-check", run("rules", "check", PAYMENT, "--rules", folder, "--format", "json").out)
    (unheard,) = found["unheard"]
    assert (unheard["counter"], unheard["rules"], found["problems"]) == ("checkout.eror", ["coupon-eror"], [])
    (folder / "coupon.test.yaml").write_text("[]\n", encoding="utf-8")
    ran = run("rules", "test", "--rules", folder, "--format", "json")
    (problem,) = check_document("rules-test", ran.out)["problems"]
    assert (ran.code, "coupon-eror" in problem["message"]) == (2, True)
    text = (folder / "checkout.yaml").read_text(encoding="utf-8")
    (folder / "checkout.yaml").write_text(text.replace('"<= 50"', '"<= 51"', 1), encoding="utf-8")
    ran = run("rules", "check", "--rules", folder, "--format", "json")
    assert (ran.code, len(check_document("rules-check", ran.out)["problems"])) == (2, 1)


def test_the_list_says_which_bounds_of_slow_requests_are_those_of_evaluate(run: Run) -> None:
    shown = run("rules", "list", "--lang", "en", COLUMNS="400").out.splitlines()
    assert shown[-1].startswith(
        "slow-checkout, slow-payment, slow-api: bounds of a single request. A warning takes slow requests to be ≥5%"
    )


@pytest.mark.long
def test_a_warning_of_slow_requests_that_takes_a_number_is_told_as_no_share(run: Run, folder: Path) -> None:
    assert run("rules", "new", "mobile-slow", "--kind", "slow", "--rules", folder).code == 0
    for lang, number in (("ko", "느린 요청이 ≥3건일 때"), ("en", "takes ≥3 slow requests")):
        told = run("rules", "list", "--rules", folder, "--lang", lang, COLUMNS="300").out
        (note,) = (line for line in told.splitlines() if line.startswith("mobile-slow:"))
        assert number in note
        assert not any(word in note for word in ("share", "비율", "전체"))
