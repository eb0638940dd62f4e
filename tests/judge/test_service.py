"""What service.yaml may say, and how a mistake in it is told: the file, the line, and what would have been right."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml

from logwatch.collect.parse import OWN_GAUGES
from logwatch.judge.rules.load import load_rules
from logwatch.judge.rules.service import load_service, service_schema
from logwatch.judge.rules.yaml_lines import RuleProblemsError
from logwatch.settings import bundled
from tests.support import pedal
from tests.support.rule_folders import complaint

if TYPE_CHECKING:
    from pathlib import Path


RULES = bundled("rules")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "rules"
    shutil.copytree(pedal.RULES, copy)
    return copy


def replace(path: Path, old: str, new: str) -> int:
    """Replace a text once; gives the number of its line."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('summary: "STATS of', 'summary: "통계 of', "does not have the form ^"),
        ("LATE CALL", "STATS of the last minute, late", "begin alike"),
        ("metric_prefix: custom.googleapis.com/pedal/", "metric_prefix: pedal/", "does not have the form ^"),
        ("region: europe-west4", "region: Europe", "does not have the form ^"),
        ("service: pedal-api", "servise: pedal-api", "'servise' is not known here"),
        ("switch: STATS_EVERY=60", "switch: --set STATS_EVERY", "does not have the form ^"),
        ("update {service} --update", "update {servise} --update", "nothing fills '{servise}'; known are {service}"),
        ("token: true", "tokens: true", "'endpoints.1.tokens' is not known here"),
        ("needs: roundTripMs", "needs: roundTrip", "'roundTrip' is none of the figures of /status/broker"),
        ("{roundTripMs: broker.ping_ms,", "{roundTripMs: broker.pong_ms,", "unknown gauge 'broker.pong_ms' at /status/broker"),
        ("gauge: broker.backlog", "gauge: telemetry.silent_minutes", "the gauge 'telemetry.silent_minutes' is there already"),
        ("numerator: unlock.ok", "numerator: unlock.fine", "unknown counter 'unlock.fine' in condition 'unlocks'"),
        ("rule: unlock-success", "rule: unlock-luck", "unknown rule 'unlock-luck' in condition 'unlocks'"),
        ("is {bound}.", "is {bounds}.", "nothing fills '{bounds}'; known are {bound}"),
        ("    errors: {errors: ride.lost, tries: ride.end}\n", "", "has nothing to judge; give exactly one of share, steady"),
        ("    nothing: {why: no_rides, says: {en: no rides}", "    nothink: {why: no_rides, says: {en: no rides}", "'exit_conditions.1.nothink' is not known here"),
        ("shop_label: city", "shop_label: town", "shops are told apart by 'town', not by 'city'"),
        ("{en: nobody rode}", "{en: nobody rode, pt: ninguém pedalou}", "a text in en alone"),
        ("path: /admin/stats", "path: /admin/counts", "section 2 has no endpoint '/admin/counts'"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(folder: Path, old: str, new: str, says: str) -> None:
    replace(folder / "service.yaml", old, new)
    assert says in complaint(folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("metric_prefix: custom", "metric_prefix: wrong"),
        ("numerator: unlock.ok", "numerator: unlock.fine"),
        ("gauge: broker.backlog", "gauge: telemetry.silent_minutes"),
    ],
)
def test_the_place_is_a_line_of_the_file(folder: Path, old: str, new: str) -> None:
    line = replace(folder / "service.yaml", old, new)
    told = complaint(folder)
    assert any(f"service.yaml:{each}: " in told for each in (line, line - 1)), told


def test_a_folder_without_a_platform_says_where_to_begin(folder: Path) -> None:
    (folder / "service.yaml").unlink()
    assert "there is no service.yaml" in complaint(folder)
    with pytest.raises(RuleProblemsError, match="copy of the bundled"):
        load_service(folder)


def test_there_are_as_many_conditions_as_lines_of_section_7(folder: Path) -> None:
    replace(folder / "runbook.md", "- [ ] No ride is lost\n", "")
    assert "section 7 of the runbook has 2 lines '- [ ] …', and here stand 3" in complaint(folder)


def test_a_text_of_the_bundled_rules_stands_in_both_languages(tmp_path: Path) -> None:
    copy = tmp_path / "rules"
    shutil.copytree(RULES, copy)
    path = copy / "cache.yaml"
    path.write_text(re.sub(r"\{ko: [^,]+, en:", "{en:", path.read_text(), count=1))
    line = path.read_text().partition("{en:")[0].count("\n") + 1
    assert complaint(copy) == f"{path}:{line}: a text in en alone\n  hint: others are in en and ko too"


def test_texts_in_one_language_are_read_by_everybody() -> None:
    rules = load_rules(pedal.RULES)
    assert {rule.summary[lang] for rule in rules.rules for lang in ("ko", "en")} == {rule.summary["en"] for rule in rules.rules}
    assert rules.procedure("4.1", "ko") == rules.procedure("4.1", "en")


def test_the_bundled_platform_has_the_gauges_that_its_rules_judge() -> None:
    rules = load_rules(RULES)
    judged = {gauge for rule in rules.rules for gauge in rule.kind.reads.gauges}
    assert judged <= set(rules.service.gauge_names)
    assert set(OWN_GAUGES) < set(rules.service.gauge_names)


def test_the_schema_in_the_folder_is_the_one_the_program_gives_and_accepts_both_platforms() -> None:
    assert json.loads((RULES / "service.schema.json").read_text()) == service_schema()
    for folder in (RULES, pedal.RULES):
        jsonschema.validate(yaml.safe_load((folder / "service.yaml").read_text()), service_schema())
