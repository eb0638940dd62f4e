"""Small inputs of one fault each, and what is right: nothing is lost without a word, and nothing else is made of it."""

import json
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from logwatch.collect.files import FilesSource
from logwatch.collect.last_seen import SignsOfLife
from logwatch.errors import SourceError
from logwatch.judge.evaluate import Judged
from logwatch.judge.rules.load import load_rules
from logwatch.judge.rules.model import RuleSet
from logwatch.judge.rules.service import load_log_shape
from logwatch.judge.verdicts import Level
from logwatch.languages import languages
from logwatch.pipeline.judge_range import judge
from logwatch.pipeline.tick import Policy, Ticker
from logwatch.pipeline.time_range import Wanted
from logwatch.report.json_document import to_json
from logwatch.report.report import build_report
from logwatch.settings import bundled
from logwatch.ui.format import Audience
from tests.conftest import ROOT
from tests.support.made_traffic import Traffic
from tests.support.replays import play

CASES = ROOT / "tests/fixtures/cases"
TRIED, ERRORS = "checkout.attempt{service=kpa}", "checkout.error{service=kpa}"
DONE = "checkout.success{service=kpa}"
INCIDENT: dict[str, float] = {TRIED: 600, ERRORS: 21}
GOOD: dict[str, float] = {"cache.hit": 500, TRIED: 50, DONE: 50}
ROWS = {"samples": 3, "slow_requests": 1, "ignored": 1, "unparsed": {}}
UNLABELLED = ("no_instance",)

RIGHT: dict[str, tuple[dict[str, Any], dict[str, float] | None, dict[str, str], tuple[str, ...]]] = {
    # what became of the entries; the counters (None: many); levels of rules at the end; findings
    "counters-renamed.ndjson": ({"samples": 0, "unparsed": {"counters_unknown": 3}}, {}, {"checkout-error": "unknown"}, ("unknown_counters",)),
    "counters-other-case.ndjson": ({"samples": 0, "unparsed": {"counters_unknown": 3}}, {}, {"checkout-error": "unknown"}, ("unknown_counters",)),
    "counters-bigquery-names.ndjson": ({"samples": 3}, INCIDENT, {"checkout-error": "warning"}, ()),
    "counters-nested.ndjson": ({"samples": 3}, INCIDENT, {"checkout-error": "warning"}, ()),
    "counters-strings.ndjson": ({"samples": 3}, INCIDENT, {"checkout-error": "warning"}, ()),
    "one-counter-flawed.ndjson": (
        {"samples": 3, "flaws": {f"not_a_number: {ERRORS}": 3}},
        {"cache.hit": 30, TRIED: 60, DONE: 60},
        {"checkout-error": "unknown", "checkout-traffic": "normal", "cache-hit": "normal"},
        (),
    ),
    "raw-struct.ndjson": ({"samples": 3}, {ERRORS: 21}, {"checkout-error": "warning"}, ()),
    "message-is-object.ndjson": ({"samples": 0, "unparsed": {"unknown_shape": 3}}, {}, {"checkout-error": "unknown"}, ()),
    "no-instance-labels.ndjson": ({"samples": 54, "off_rhythm": {}}, None, {}, UNLABELLED),
    "array-labels-first.json": ({"samples": 2}, {TRIED: 40, ERRORS: 14}, {"checkout-error": "warning"}, ()),
    "array-labels-then-insertid.json": ({"samples": 2}, {TRIED: 40, ERRORS: 14}, {"checkout-error": "warning"}, UNLABELLED),
    "array-nested-same-key.json": ({"entries": 3, "samples": 2, "unparsed": {}}, {ERRORS: 14}, {}, UNLABELLED),
    "array-after-a-notice.json": ({"entries": 3, "samples": 2, "unparsed": {}}, {ERRORS: 14}, {}, (*UNLABELLED, "notice")),
    "rest-entries.json": ({"entries": 3, "samples": 2, "unparsed": {}}, {ERRORS: 14}, {}, UNLABELLED),
    "pubsub-push.ndjson": (ROWS, None, {}, ()),
    "log-analytics-rows.ndjson": (ROWS, None, {}, ()),
    "bigquery-rows-utc.ndjson": (ROWS, None, {"cache-hit": "normal"}, ()),
    "timestamp-seconds-nanos.ndjson": (ROWS, None, {}, ()),
    "null-insertid.ndjson": ({"samples": 2, "ignored": 1, "unparsed": {}}, {ERRORS: 14}, {}, UNLABELLED),
    "null-insertid-in-one.ndjson": ({"samples": 2, "ignored": 1, "unparsed": {}}, {ERRORS: 14}, {}, UNLABELLED),
    "idle-then-a-line.ndjson": ({"samples": 4, "ignored": 1, "unparsed": {}}, {"cache.hit": 32}, {}, ()),
    "400-digit-number.ndjson": ({"samples": 2, "flaws": {"not_finite: x": 1}}, {"cache.hit": 2.5}, {"cache-error": "normal"}, ()),
    "sum-overflows.ndjson": (
        {"samples": 7, "flaws": {"not_finite: cache.hit": 1}}, {"cache.hit": 400, TRIED: 50, DONE: 50}, {"cache-hit": "unknown", "checkout-error": "normal"}, (),
    ),
    "one-line-of-1970.ndjson": ({"samples": 5}, GOOD, {"cache-hit": "normal"}, ()),
    "one-line-of-2200.ndjson": ({"samples": 5, "unparsed": {"timestamp_absurd": 1}}, GOOD, {"cache-hit": "normal"}, ()),
    "surrogate-insertid-twice.ndjson": ({"samples": 2, "duplicates": 1}, {"cache.hit": 2}, {}, ()),
    "surrogate-key-labels.ndjson": ({"samples": 2}, {"cache.hit": 2}, {}, ()),
    "surrogate-key-top.ndjson": ({"samples": 2}, {"cache.hit": 2}, {}, ()),
    "ignored-below-zero.ndjson": ({"entries": 10, "samples": 8, "ignored": 0, "unparsed": {"not_json": 2}}, None, {}, ()),
    "block-shares-identity-1.ndjson": ({"entries": 3}, {}, {}, ()),
    "block-shares-identity-2.ndjson": ({"entries": 3}, {}, {}, ()),
}  # fmt: skip
FOREIGN = {"logs-explorer.csv": "CSV", "gcloud-default.yaml": "YAML"}


@cache
def rules() -> RuleSet:
    return load_rules(bundled("rules"))


def judged(name: str) -> Judged:
    source = FilesSource([str(CASES / name)], load_log_shape(bundled("rules")))
    wanted = Wanted(None, None, None, timedelta(seconds=90))
    return judge(
        source,
        Ticker(rules(), Policy(), SignsOfLife(source, None)),
        wanted,
        now=datetime(2026, 3, 1, tzinfo=UTC),
        progress=lambda *_: None,
    )


def test_every_case_says_what_is_right() -> None:
    assert {path.name for path in CASES.iterdir()} == {*RIGHT, *FOREIGN}


@pytest.mark.parametrize("name", RIGHT)
def test_a_case_comes_out_right(name: str) -> None:
    source, counters, levels, findings = RIGHT[name]
    document = to_json(judged(name))
    found = document["source"]
    assert {key: found[key] for key in source} == source
    assert counters is None or document["counters"] == counters
    at_the_end = {each["rule"]: each["level"] for each in document["verdicts"] if not each["labels"]}
    assert {rule: at_the_end[rule] for rule in levels} == levels
    assert {each["finding"] for each in found["findings"]} == {*findings}
    parts = ("samples", "slow_requests", "ignored", "duplicates")
    assert found["entries"] == sum(found[part] for part in parts) + sum(found["unparsed"].values())
    assert min(found["ignored"], found["duplicates"]) >= 0
    assert all(found["unparsed"])


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("counters-renamed.ndjson", "o4o.checkout.error{service=kpa}"),
        ("one-counter-flawed.ndjson", ERRORS),
        ("no-instance-labels.ndjson", "labels.instanceId"),
        ("array-after-a-notice.json", "Your active configuration is: [default]"),
    ],
)
def test_a_finding_is_one_sentence_that_names_its_cure(name: str, named: str, lang: str) -> None:
    report = build_report(judged(name), rules(), Audience(lang, ZoneInfo("Asia/Seoul"), "o4o-core-api"), source=name)
    (told,) = [each for each in report.findings if named in each]
    assert "→" in told


@pytest.mark.parametrize("name", ["message-is-object.ndjson", "counters-renamed.ndjson"])
def test_nobody_is_blamed_for_summaries_that_came_and_were_not_read(name: str) -> None:
    report = build_report(judged(name), rules(), Audience("en", ZoneInfo("Asia/Seoul"), "o4o-core-api"), source=name)
    assert not [each for each in report.findings if "BETA_MODE" in each]


@pytest.mark.parametrize("name", FOREIGN)
def test_another_form_is_named_with_the_command_that_gives_json(name: str) -> None:
    with pytest.raises(SourceError, match=FOREIGN[name]) as error:
        judged(name)
    assert "gcloud logging read" in str(error.value.hint)
    assert error.value.exit_code == 3


def test_a_line_after_idle_minutes_tells_nobody_anything() -> None:
    assert play(FilesSource([str(CASES / "idle-then-a-line.ndjson")], load_log_shape(bundled("rules")))).notifications == ()


@pytest.mark.long
def test_a_poisonous_line_an_hour_leaves_no_minute_of_a_day_unjudged(tmp_path: Path) -> None:
    """Every case's lines among a day's, at the hours: each costs its own line, and no window of the others."""
    good = Traffic(3, 24 * 60, instances=1).entries()
    poison = [
        line for name in sorted(RIGHT) if name.endswith(".ndjson") for line in (CASES / name).read_bytes().splitlines()[:1]
    ]
    path = tmp_path / "day.ndjson"
    lines = [json.dumps(entry).encode() for entry in good]
    for hour in range(24):
        moment = f"{good[0]['timestamp'][:11]}{hour:02}:30:00Z".encode()
        lines.insert(0, re.sub(rb"20\d\d-\d\d-\d\d[T ][\d:.]+Z?", moment, poison[hour % len(poison)]))
    path.write_bytes(b"\n".join(lines))
    source = FilesSource([str(path)], load_log_shape(bundled("rules")))
    wanted = Wanted(None, None, None, timedelta(seconds=90))
    found = judge(
        source,
        Ticker(rules(), Policy(), SignsOfLife(source, None)),
        wanted,
        now=datetime(2026, 3, 1, tzinfo=UTC),
        progress=lambda *_: None,
    )
    (course,) = [each for each in found.courses if each.rule.rule == "checkout-traffic"]
    assert len(course.minutes) >= 24 * 60 - 1
    assert Level.UNKNOWN not in course.levels()[1:-1]
    quality = found.windows.quality
    parts = quality.samples + quality.slow_requests + quality.ignored + quality.duplicates + sum(quality.unparsed.values())
    assert quality.entries == parts == len(lines)
