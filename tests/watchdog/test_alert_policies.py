"""The files that watch logwatch itself: strict, within the limits, and of figures that are really published."""

import json
import operator
import os
import re
import shlex
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from google.cloud.monitoring_dashboard_v1 import Dashboard
from google.cloud.monitoring_v3 import AlertPolicy
from google.protobuf.json_format import ParseDict, ParseError

from logwatch.judge.rules.load import load_rules
from logwatch.judge.rules.model import Rule, RuleSet
from logwatch.languages import Lang
from logwatch.pipeline.run_summary import RunSummary
from logwatch.publish.cloud_monitoring import CloudMonitoringExporter
from logwatch.publish.metric_filter import Installation
from logwatch.publish.points import Point, metrics
from logwatch.settings import Settings, bundled
from logwatch.state.document import State, dump_state
from logwatch.ui.format import Audience
from logwatch.watchdog.alert_policies import policies, policies_of_targets
from logwatch.watchdog.dashboard import OWN, dashboard, drawn_rules
from tests.conftest import ROOT, Run
from tests.support.gcloud_lint import wrong_commands
from tests.support.local_google import MonitoringServer, make_entry
from tests.support.local_google.filters import matches
from tests.support.local_google.monitoring_filters import parse_filter
from tests.support.local_google.monitoring_service import MonitoringService
from tests.support.made_messages import PAYMENT
from tests.support.made_traffic import START, Incident, Traffic
from tests.support.patience import PATIENCE_S
from tests.support.platform import PREFIX
from tests.support.world import World

LANGS: tuple[Lang, Lang] = ("ko", "en")
NAMES = ("heartbeat", "telemetry-silent", "blind", "run-failed", "metrics-refused", "undelivered", "lag")
NOW = datetime(2026, 2, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PROJECT = "o4o-demo"
LOG_MATCH = ("run-failed", "metrics-refused")
PAGES = [ROOT / "docs/operations.md", ROOT / "docs/security.md"]
CHANNEL = "projects/o4o-demo/notificationChannels/123"


@cache
def rules() -> RuleSet:
    return load_rules(bundled("rules"))


def installation(lang: Lang = "ko", **fields: Any) -> Installation:
    defaults: dict[str, Any] = {
        "environment": "production",
        "region": "asia-northeast3",
        "grace": timedelta(seconds=90),
        "lease": timedelta(seconds=55),
        "readers": Audience(lang, ZoneInfo("Asia/Seoul"), "o4o-core-api"),
        "prefix": PREFIX,
    }
    return Installation(**(defaults | fields))


def made_policies(lang: Lang = "ko", **fields: Any) -> dict[str, Any]:
    return policies(rules(), installation(lang, **fields), bundled("templates"))


def made_dashboard(lang: Lang = "ko", **fields: Any) -> dict[str, Any]:
    return dashboard(rules(), installation(lang, **fields))


def found(document: Any, key: str) -> Iterator[Any]:
    """Give every value of a key, however deep."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name == key:
                yield value
            yield from found(value, key)
    elif isinstance(document, list):
        for value in document:
            yield from found(value, key)


def selected(text: str) -> dict[str, str]:
    """Give field and value of each comparison of a metric filter, which the local server understands too."""
    parse_filter(text)
    pairs = re.findall(r'([\w.]+)="((?:[^"\\]|\\.)*)"', text)
    assert " AND ".join(f'{field}="{value}"' for field, value in pairs) == text
    return {field: re.sub(r"\\(.)", r"\1", value) for field, value in pairs}


def widgets(document: dict[str, Any], kind: str) -> dict[str, Any]:
    tiles = document["mosaicLayout"]["tiles"]
    return {tile["widget"].get("title", ""): tile["widget"][kind] for tile in tiles if kind in tile["widget"]}


def chart_of(rule: Rule, document: dict[str, Any]) -> Any:
    return next(chart for title, chart in widgets(document, "xyChart").items() if title.endswith(f" · {rule.rule}"))


# ---- the files in the repository


def repository_files() -> dict[Path, Any]:
    named = {Path(f"deploy/policies/{name}.json"): policy for name, policy in made_policies().items()}
    return {**named, Path("deploy/dashboard.json"): made_dashboard()}


def watching_files(folder: Path) -> dict[Path, str]:
    paths = [*(folder / "deploy/policies").iterdir(), folder / "deploy/dashboard.json"]
    return {path.relative_to(folder): path.read_text() for path in paths}


def test_the_files_of_the_repository_are_what_the_rules_give(run: Run, tmp_path: Path, *, update_golden: bool) -> None:
    folder = ROOT if update_golden else tmp_path
    shutil.rmtree(folder / "deploy/policies", ignore_errors=True)  # one that is no more goes too
    (folder / "deploy").mkdir(exist_ok=True)
    assert run("cloud", "policies", "--output", folder / "deploy/policies").code == 0
    assert run("cloud", "dashboard", "--output", folder / "deploy/dashboard.json").code == 0
    written, there = watching_files(folder), watching_files(ROOT)
    assert there == written, "make golden writes them anew"
    assert {path: json.loads(text) for path, text in written.items()} == repository_files()


# ---- strictness


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", NAMES)
def test_a_policy_is_one_of_cloud_monitoring_to_the_letter(name: str, lang: Lang) -> None:
    ParseDict(made_policies(lang)[name], AlertPolicy.pb(AlertPolicy()))


@pytest.mark.parametrize("lang", LANGS)
def test_the_dashboard_is_one_of_cloud_monitoring_to_the_letter(lang: Lang) -> None:
    ParseDict(made_dashboard(lang), Dashboard.pb(Dashboard()))


def renamed(document: Any, key: str) -> Any:
    if isinstance(document, dict):
        return {(f"{name}x" if name == key else name): renamed(value, key) for name, value in document.items()}
    return [renamed(each, key) for each in document] if isinstance(document, list) else document


@pytest.mark.parametrize("key", ["conditionAbsent", "duration", "perSeriesAligner", "autoClose", "subject", "combiner"])
def test_a_changed_key_of_a_policy_is_refused(key: str) -> None:
    with pytest.raises(ParseError):
        ParseDict(renamed(made_policies()["heartbeat"], key), AlertPolicy.pb(AlertPolicy()))


@pytest.mark.parametrize("key", ["xyChart", "scorecard", "timeSeriesFilter", "thresholds", "targetAxis", "xPos", "content"])
def test_a_changed_key_of_the_dashboard_is_refused(key: str) -> None:
    with pytest.raises(ParseError):
        ParseDict(renamed(made_dashboard(), key), Dashboard.pb(Dashboard()))


# ---- figures that are there


def documents(lang: Lang = "ko") -> dict[str, Any]:
    return {**made_policies(lang), "dashboard": made_dashboard(lang)}


@pytest.mark.parametrize("name", [*(each for each in NAMES if each not in LOG_MATCH), "dashboard"])
def test_every_figure_that_is_named_is_published(name: str) -> None:
    published = {PREFIX + metric.name: set(metric.labels) for metric in metrics(rules())}
    filters = list(found(documents()[name], "filter"))
    assert filters
    for text in filters:
        fields = selected(text)
        assert fields.pop("resource.type") == "generic_task"
        assert fields.pop("resource.labels.namespace") == "production"
        labels = published[fields.pop("metric.type")]
        assert {field.removeprefix("metric.labels.") for field in fields} <= labels
        assert fields.get("metric.labels.rule", "cache-hit") in rules().by_id


def test_every_label_that_is_grouped_by_or_shown_is_published() -> None:
    published = {PREFIX + metric.name: set(metric.labels) for metric in metrics(rules())}
    shown = 0
    for data in (each for sets in found(made_dashboard(), "dataSets") for each in sets):
        query = data["timeSeriesQuery"]["timeSeriesFilter"]
        labels = published[selected(query["filter"])["metric.type"]]
        groups = [re.fullmatch(r'metric\.label\."(\w+)"', each) for each in query["aggregation"].get("groupByFields", [])]
        grouped = {match[1] for match in groups if match}
        assert len(grouped) == len(groups)
        named = set(re.findall(r"\$\{metric\.labels\.(\w+)\}", data["legendTemplate"]))
        assert named <= grouped <= labels
        shown += len(named)
    assert shown >= 5


def test_another_environment_has_its_own_figures_whatever_its_name() -> None:
    for document in (made_policies(environment='be"ta\\'), made_dashboard(environment='be"ta\\')):
        texts = [text for text in found(document, "filter") if "metric.type" in text]
        assert texts
        assert {selected(text)["resource.labels.namespace"] for text in texts} == {'be"ta\\'}


# ---- limits


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", NAMES)
def test_a_policy_keeps_to_the_limits(name: str, lang: Lang) -> None:
    policy = made_policies(lang, environment="u" * 100, runbook_url="https://example.com/runbook")[name]
    text = policy["documentation"]
    assert len(policy["displayName"]) <= 512
    assert len(text["content"]) <= 8192
    assert len(text["content"].encode()) <= 10240
    assert len(text["subject"].encode()) <= 255
    assert 1 <= len(text["links"]) <= 3
    assert all(len(link["url"]) <= 2083 and 1 <= len(link["displayName"]) <= 63 for link in text["links"])
    assert all(re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", key) for key in policy["userLabels"])
    assert all(re.fullmatch(r"[a-z0-9_-]{1,63}", value) for value in policy["userLabels"].values())
    assert 1 <= len(policy["conditions"]) <= 6
    assert all(len(each) <= 2048 for each in found(policy["conditions"], "filter"))
    assert timedelta(minutes=30) <= seconds(policy["alertStrategy"]["autoClose"]) <= timedelta(days=7)
    for length in found(policy["conditions"], "duration"):
        assert seconds(length) % MINUTE == timedelta()
    for absent in found(policy, "conditionAbsent"):
        assert seconds(absent["duration"]) >= 2 * MINUTE
    for above in found(policy, "conditionThreshold"):
        assert above["comparison"] in {"COMPARISON_GT", "COMPARISON_LT"}
        assert ("evaluationMissingData" in above) == (seconds(above["duration"]) >= MINUTE)


@pytest.mark.parametrize("name", NAMES)
def test_only_policies_on_log_lines_have_a_limit_and_they_have_one_condition(name: str) -> None:
    policy = made_policies()[name]
    strategy = policy["alertStrategy"]
    on_lines = any("conditionMatchedLog" in condition for condition in policy["conditions"])
    assert on_lines == (name in LOG_MATCH)
    assert ("notificationRateLimit" in strategy) == on_lines
    assert ("notificationPrompts" in strategy) != on_lines
    assert not on_lines or len(policy["conditions"]) == 1


def seconds(text: str) -> timedelta:
    return timedelta(seconds=int(text.removesuffix("s")))


# ---- texts


@pytest.mark.parametrize("name", NAMES)
def test_a_text_says_the_same_in_both_languages(name: str) -> None:
    texts = [made_policies(lang)[name]["documentation"]["content"] for lang in LANGS]
    codes = [sorted(re.findall(r"`([^`]+)`", text)) for text in texts]
    assert codes[0] == codes[1]
    headings = [re.findall(r"^(#+|\d+\.| *-)", text, re.MULTILINE) for text in texts]
    assert headings[0] == headings[1]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", NAMES)
def test_a_text_names_only_what_cloud_monitoring_fills_in(name: str, lang: Lang) -> None:
    text = json.dumps(made_policies(lang)[name]["documentation"])
    assert set(re.findall(r"\$\{?[\w.]*\}?", text)) == {"${project}", "${condition.display_name}"}
    assert "{{" not in text


def test_titles_are_told_apart_and_name_the_environment() -> None:
    for lang in LANGS:
        names = [policy["displayName"] for policy in made_policies(lang, environment="beta").values()]
        assert len(set(names)) == len(NAMES)
        assert all(name.startswith("logwatch (beta): ") for name in names)


def commands(text: str) -> list[str]:
    told = re.findall(r"`(gcloud [^`]+ [^`]+)`", text) + re.findall(r"^(gcloud .+)$", text, re.MULTILINE)
    # "PROJECT" is no valid name of one, and gcloud says so.
    return [re.sub(r"\$\{project\}|\bPROJECT\b", PROJECT, each) for each in told]


# ---- what fires


class Conditions:
    """The conditions of a policy, judged by their own words over what a local Cloud Monitoring holds."""

    def __init__(self, server: MonitoringServer | MonitoringService, policy: dict[str, Any]) -> None:
        self.server = server
        self.conditions = policy["conditions"]

    def fire(self, now: datetime) -> bool:
        return any(self._fires(condition, now) for condition in self.conditions)

    def _fires(self, condition: dict[str, Any], now: datetime) -> bool:
        absent = "conditionAbsent" in condition
        asked = condition["conditionAbsent" if absent else "conditionThreshold"]
        span = seconds(asked["duration"])
        metric = selected(asked["filter"])["metric.type"].removeprefix("custom.googleapis.com/")
        points = [each for each in self.server.written(PROJECT) if each.metric == metric and each.at <= now]
        if absent:
            return bool(points) and max(each.at for each in points) <= now - span
        recent = [each.value for each in points if each.at >= points[-1].at - span] if points else []
        long_enough = bool(points) and points[-1].at - points[0].at >= span
        beyond = operator.gt if asked["comparison"] == "COMPARISON_GT" else operator.lt
        return long_enough and all(beyond(value, asked["thresholdValue"]) for value in recent)


@pytest.fixture
def server() -> Iterator[MonitoringServer]:
    with MonitoringServer(now=lambda: NOW + timedelta(hours=1)) as started:
        yield started


def publish(server: MonitoringServer, metric: str, values: dict[datetime, float]) -> None:
    exporter = CloudMonitoringExporter(
        PROJECT,
        location="asia-northeast3",
        namespace="production",
        prefix=PREFIX,
        metrics=metrics(rules()),
        endpoint=server.address,
    )
    assert exporter.publish([Point(metric, {}, at, value) for at, value in values.items()]) == []


def cursor(begun: datetime) -> datetime:
    """Give the end of the last window that a run judges."""
    return (begun - timedelta(seconds=90)).replace(second=0, microsecond=0)


@pytest.mark.parametrize("late_s", [0, 10, 25, 40, 55])
@pytest.mark.parametrize(("missing", "fires"), [(0, False), (1, False), (3, True)])
def test_the_heartbeat_is_missed_after_runs_in_a_row_and_not_for_one(
    server: MonitoringServer, late_s: int, missing: int, *, fires: bool
) -> None:
    asked = Conditions(server, made_policies()["heartbeat"])
    moments = [NOW + minute * MINUTE + timedelta(seconds=late_s) for minute in range(12) if not 4 <= minute < 4 + missing]
    fired = False
    for begun in moments:
        fired = fired or asked.fire(begun + timedelta(seconds=4))  # just before this run has published
        publish(server, "logwatch/heartbeat", {cursor(begun): 1.0})
        assert not asked.fire(begun + timedelta(seconds=5))
    assert fired is fires


@pytest.mark.parametrize(
    ("name", "metric", "values", "fires"),
    [
        ("undelivered", "logwatch/undelivered", [1.0] * 11, True),
        ("undelivered", "logwatch/undelivered", [1.0] * 10, False),
        ("undelivered", "logwatch/undelivered", [1.0] * 5 + [0.0] + [1.0] * 10, False),
        ("telemetry-silent", "telemetry/silent_minutes", [8.0, 9.0], False),
        ("telemetry-silent", "telemetry/silent_minutes", [9.0, 10.0], True),
        ("telemetry-silent", "telemetry/silent_minutes", [10.0, 0.0], False),
        ("blind", "logwatch/judged", [0.0] * 16, True),
        ("blind", "logwatch/judged", [0.0] * 10 + [1.0] + [0.0] * 10, False),
        ("lag", "logwatch/lag", [175.0] * 10, False),
        ("lag", "logwatch/lag", [185.0] * 6, True),
        ("lag", "logwatch/run_time", [40.0] * 10, False),
        ("lag", "logwatch/run_time", [45.0] * 6, True),
        ("lag", "logwatch/run_time", [45.0] * 5, False),
    ],
)
def test_a_figure_beyond_its_bound_for_long_enough_fires(
    server: MonitoringServer, name: str, metric: str, values: list[float], *, fires: bool
) -> None:
    publish(server, metric, {NOW + minute * MINUTE: value for minute, value in enumerate(values)})
    assert Conditions(server, made_policies()[name]).fire(NOW + len(values) * MINUTE) is fires


@pytest.mark.long
def test_real_runs_with_a_dead_slack_and_then_none_at_all(tmp_path: Path) -> None:
    traffic = Traffic(5, 60, incidents=(Incident(10, 40, errors=3),))
    entries = [make_entry(entry) for entry in traffic.entries()]
    with World(tmp_path, entries, now=START + timedelta(minutes=12, seconds=30)) as world:
        world.slack.answer(503, times=10_000)
        asked = {name: Conditions(world.google.monitoring, made_policies()[name]) for name in NAMES if name not in LOG_MATCH}
        fired = []
        for minute in range(25):
            if minute < 15:  # the 16th run never comes
                world.tick()
            fired.append({name for name, conditions in asked.items() if conditions.fire(world.now + timedelta(seconds=50))})
            world.now += MINUTE
    assert fired[:11] == [set()] * 11
    assert fired[11:15] == [{"undelivered"}] * 4
    assert "heartbeat" not in fired[15] | fired[16]
    assert fired[18:] == [{"undelivered", "heartbeat"}] * 7


def test_bounds_follow_the_settings() -> None:
    lag = made_policies(grace=timedelta(minutes=3), lease=timedelta(minutes=2))["lag"]
    assert list(found(lag, "thresholdValue")) == [270.0, 96]


def line(**changes: Any) -> Any:
    """Give the line of a run as Cloud Logging keeps it."""
    summary = RunSummary(begun=NOW, owner="logwatch-x7k2p.0", windows=1)
    for name, value in changes.items():
        setattr(summary, name, value)
    printed = json.loads(json.dumps(summary.to_json()))
    severity = printed.pop("severity")
    resource = {"type": "cloud_run_job", "labels": {"job_name": "logwatch"}}
    return make_entry({"timestamp": "2026-02-24T12:00:00Z", "severity": severity, "resource": resource, "jsonPayload": printed})


@pytest.mark.parametrize(
    ("changes", "fires"),
    [
        ({}, []),
        ({"outcome": "another run (x) has the lease"}, []),
        ({"news": ["caught up 3 windows"]}, []),
        ({"failed": ["slack: 500"]}, []),
        ({"refused": ["3 points: Forbidden"]}, ["metrics-refused"]),
        ({"errors": ["Cloud Logging: Forbidden"]}, ["run-failed"]),
        ({"errors": ["Cloud Logging: Forbidden"], "refused": ["3 points: Forbidden"]}, ["run-failed", "metrics-refused"]),
    ],
)
def test_a_runs_own_line_fires_what_it_should(changes: dict[str, Any], fires: list[str]) -> None:
    entry = line(**changes)
    asked = {name: next(iter(found(made_policies()[name]["conditions"], "filter"))) for name in LOG_MATCH}
    assert [name for name, text in asked.items() if matches(text, entry)] == fires


@pytest.mark.parametrize(
    ("text", "fires"),
    [("logwatch: gs://b/state.json: cannot be read", True), ("  hint: run: gcloud …", False), ("Error: logwatch: no", False)],
)
def test_what_a_run_says_on_standard_error_fires(text: str, *, fires: bool) -> None:
    resource = {"type": "cloud_run_job", "labels": {"job_name": "logwatch"}}
    entry = make_entry({"timestamp": "2026-02-24T12:00:00Z", "resource": resource, "textPayload": text})
    asked = next(iter(found(made_policies()["run-failed"]["conditions"], "filter")))
    assert matches(asked, entry) is fires


def test_a_state_that_cannot_be_read_is_told_on_standard_error_like_this(run: Run, tmp_path: Path) -> None:
    (tmp_path / "state.json").mkdir()
    ran = run("run", "--source", "gcp://o4o-demo", LOGWATCH_STATE=str(tmp_path / "state.json"), LOGWATCH_METRICS_PROJECT="none")
    assert ran.code == 3
    assert ran.err.startswith("logwatch: ")


SAID = [
    "given up after a day",
    "the pause was too long",
    "others keep saving the state",
    "has the lease until",
    "is there already",
    "waited too long",
]


@pytest.mark.parametrize("words", SAID)
def test_what_a_text_quotes_is_what_logwatch_says(words: str) -> None:
    assert any(words in path.read_text() for path in (ROOT / "logwatch").rglob("*.py"))
    assert any(f"`{words}`" in policy["documentation"]["content"] for policy in made_policies().values())


def test_settings_that_are_named_are_there() -> None:
    texts = [PAGES[0].read_text(), *(policy["documentation"]["content"] for policy in made_policies().values())]
    named = {name for text in texts for name in re.findall(r"LOGWATCH_([A-Z_]*[A-Z])", text)}
    assert {name.lower() for name in named} <= set(Settings.model_fields)


def test_a_line_of_the_application_never_fires() -> None:
    entry = make_entry(
        {
            "timestamp": "2026-02-24T12:00:00Z",
            "severity": "ERROR",
            "resource": {"type": "cloud_run_revision", "labels": {"service_name": "o4o-core-api"}},
            "jsonPayload": {"message": "run: failed", "refused": "x"},
        }
    )
    for name in LOG_MATCH:
        assert not matches(next(iter(found(made_policies()[name]["conditions"], "filter"))), entry)


# ---- the dashboard


@pytest.mark.parametrize("rule", drawn_rules(rules()), ids=lambda rule: rule.rule)
def test_every_rule_has_its_chart_with_both_bounds(rule: Rule) -> None:
    chart = chart_of(rule, made_dashboard())
    values = [threshold["value"] for threshold in chart["thresholds"]]
    assert values == list(dict.fromkeys([rule.normal.bound, rule.warning.bound]))
    assert chart["thresholds"][-1]["label"].startswith("경고")
    # Neither is allowed in an XyChart.
    assert not any({"color", "direction"} & set(threshold) for threshold in chart["thresholds"])
    aligners = [sets["timeSeriesQuery"]["timeSeriesFilter"]["aggregation"]["perSeriesAligner"] for sets in chart["dataSets"]]
    assert set(aligners) == {"ALIGN_MIN" if rule.warning.falls else "ALIGN_MAX"}


@pytest.mark.parametrize("rule", drawn_rules(rules()), ids=lambda rule: rule.rule)
def test_every_rule_has_a_card_that_turns_yellow_and_red(rule: Rule) -> None:
    card = widgets(made_dashboard(), "scorecard")[rule.rule]
    assert selected(card["timeSeriesQuery"]["timeSeriesFilter"]["filter"])["metric.labels.rule"] == rule.rule
    assert card["thresholds"] == [
        {"value": 1, "color": "YELLOW", "direction": "ABOVE"},
        {"value": 2, "color": "RED", "direction": "ABOVE"},
    ]


@pytest.mark.parametrize("lang", LANGS)
def test_every_row_of_section_3_stands_in_the_titles(lang: Lang) -> None:
    runbook = rules().runbook_in(lang)
    titles = " ".join(widgets(made_dashboard(lang), "xyChart"))
    assert [row.indicator for row in runbook.rows if row.indicator not in titles] == []


def test_all_reasons_of_a_block_are_drawn() -> None:
    chart = chart_of(rules().by_id["checkout-blocked"], made_dashboard())
    names = {data["legendTemplate"] for data in chart["dataSets"]}
    assert names == {counter.counter for counter in rules().counters if counter.counter.startswith("checkout.blocked.")}


def test_a_rule_on_counters_that_are_not_published_shows_its_level_and_no_empty_chart() -> None:
    told = rules().by_id["checkout-traffic"].model_dump(by_alias=True, exclude_none=True)
    sign_ins = Rule.model_validate(told | {"rule": "sign-ins", "count": "auth.failure", "indicator": None})
    made = dashboard(replace(rules(), rules=(sign_ins,)), installation())
    assert [] not in list(found(made, "dataSets"))
    titles = [tile["widget"]["title"] for tile in made["mosaicLayout"]["tiles"] if "scorecard" in tile["widget"]]
    assert titles == ["sign-ins", f"{sign_ins.summary['ko']} · sign-ins"]


@pytest.mark.parametrize("lang", LANGS)
def test_the_procedures_stand_there_step_by_step(lang: Lang) -> None:
    (text,) = widgets(made_dashboard(lang), "text").values()
    for procedure in rules().runbook_in(lang).procedures:
        assert procedure.title in text["content"]
        assert all(step.text in text["content"] for step in procedure.steps)


@pytest.mark.parametrize(("more", "charts", "cards"), [(0, 21, 21), (1, 22, 22), (26, 47, 46), (72, 93, 0), (80, 93, 0)])
def test_tiles_lie_side_by_side_within_the_width_and_are_at_most_100(more: int, charts: int, cards: int) -> None:
    added = [rules().rules[0].model_copy(update={"rule": f"added-{number}"}) for number in range(more)]
    layout = dashboard(replace(rules(), rules=(*rules().rules, *added)), installation())["mosaicLayout"]
    assert 1 <= layout["columns"] <= 12
    assert len(layout["tiles"]) <= 100
    assert len([tile for tile in layout["tiles"] if "xyChart" in tile["widget"]]) == charts + len(OWN)
    assert len([tile for tile in layout["tiles"] if "scorecard" in tile["widget"]]) == cards
    assert "text" in layout["tiles"][-1]["widget"]
    taken = [
        (x, y)
        for tile in layout["tiles"]
        for x in range(tile["xPos"], tile["xPos"] + tile["width"])
        for y in range(tile["yPos"], tile["yPos"] + tile["height"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < layout["columns"]
    assert all(len(text) <= 2048 for text in found(layout, "filter"))


def test_figures_of_one_chart_have_one_unit() -> None:
    units = {metric.name: metric.unit for metric in metrics(rules())}
    assert [len({units[f"logwatch/{name}"] for name in names}) for names in OWN] == [1] * len(OWN)


def test_logwatchs_own_figures_are_all_drawn() -> None:
    drawn = {selected(text)["metric.type"] for text in found(list(widgets(made_dashboard(), "xyChart").values()), "filter")}
    assert {PREFIX + metric.name for metric in metrics(rules()) if metric.name.startswith("logwatch/")} <= drawn


# ---- the commands


def test_channels_are_put_into_every_policy(run: Run, tmp_path: Path) -> None:
    other = CHANNEL.replace("123", "456")
    ran = run("cloud", "policies", "-o", tmp_path / "made", "--notification-channel", CHANNEL, "--notification-channel", other)
    assert ran.out.split() == [str(tmp_path / "made" / f"{name}.json") for name in NAMES]
    for name in NAMES:
        assert json.loads((tmp_path / "made" / f"{name}.json").read_text())["notificationChannels"] == [CHANNEL, other]


@pytest.mark.parametrize("channel", ["123", "projects/o4o-demo/notificationChannels/", "projects/a b/notificationChannels/1"])
def test_a_channel_needs_its_full_name(run: Run, tmp_path: Path, channel: str) -> None:
    ran = run("cloud", "policies", "--output", tmp_path / "made", "--notification-channel", channel)
    assert ran.code == 2
    assert "projects/PROJECT/notificationChannels/ID" in ran.err
    assert not (tmp_path / "made").exists()


def test_a_folder_that_cannot_be_made_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = run("cloud", "policies", "--output", tmp_path / "file" / "below")
    assert ran.code == 2
    assert "cannot be made" in ran.err


def test_settings_and_language_lead_the_files(run: Run, tmp_path: Path) -> None:
    settings = {
        "LOGWATCH_ENVIRONMENT": "beta",
        "LOGWATCH_LOCATION": "us-central1",
        "LOGWATCH_SOURCE": "gcp://o4o-demo/other-api",
        "LOGWATCH_RUNBOOK_URL": "https://example.com/runbook",
    }
    assert run("cloud", "policies", "--output", tmp_path, "--lang", "en", **settings).code == 0
    policy = json.loads((tmp_path / "telemetry-silent.json").read_text())
    text = policy["documentation"]
    assert policy["displayName"] == "logwatch (beta): summaries of other-api stopped"
    assert "--region=us-central1" in text["content"]
    assert text["links"][-1] == {"displayName": "Runbook", "url": "https://example.com/runbook"}
    shown = json.loads(run("cloud", "dashboard", "--lang", "en", **settings).out)
    assert shown["displayName"] == "Runbook section 3 – logwatch (beta)"


def own_commands() -> list[str]:
    """Every command of the pages that looks at the state or changes it, or writes files."""
    pattern = re.compile(
        r"(?:^|[`&] ?)(?:LOGWATCH_\w+=\S+ )?(logwatch (?:alerts|explain|silence|cloud)[^`\n&|]*)", re.MULTILINE
    )
    texts = [*(page.read_text() for page in PAGES), *(each["documentation"]["content"] for each in made_policies().values())]
    return sorted({match[1].strip() for text in texts for match in pattern.finditer(text)})


@pytest.mark.parametrize("command", own_commands())
def test_a_command_of_the_pages_parses(run: Run, tmp_path: Path, command: str) -> None:
    arguments = shlex.split(command)[1:]
    if "--output" in arguments:
        arguments[arguments.index("--output") + 1] = str(tmp_path / "made")
    state = tmp_path / "state.json"
    state.write_bytes(dump_state(State(cursor=START, alerts=(PAYMENT,))))
    ran = run(*arguments, LOGWATCH_STATE=str(state))
    assert ran.code == 0 or "there is no silence 'a6d481'" in ran.err, ran.err


def test_there_are_commands_on_the_pages() -> None:
    assert {tuple(each.split()[1:3]) for each in own_commands()} >= {
        ("silence", "add"), ("silence", "list"), ("silence", "expire"), ("explain", "payment-confirm"), ("cloud", "policies")
    }  # fmt: skip


def test_every_policy_stands_in_the_operations() -> None:
    text = PAGES[0].read_text()
    assert [name for name in NAMES if f"| `{name}` |" not in text] == []


# ---- the real gcloud


class _Monitoring(BaseHTTPRequestHandler):
    """Takes what is created, and gives it back with a name."""

    created: list[tuple[str, Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.created.append((self.path.partition("?")[0], body))
        answer = json.dumps({**body, "name": f"projects/{PROJECT}/made/1"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def gcloud(tmp_path: Path) -> Iterator[tuple[Callable[..., subprocess.CompletedProcess[str]], list[tuple[str, Any]]]]:
    program = shutil.which("gcloud")
    if program is None:
        pytest.skip("gcloud is not installed")
    created: list[tuple[str, Any]] = []
    handler = type("Handler", (_Monitoring,), {"created": created})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        environment = {
            **os.environ,  # noqa: TID251 - a program of its own
            "CLOUDSDK_CONFIG": str(tmp_path / "gcloud"),
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
            "CLOUDSDK_CORE_PROJECT": PROJECT,
            "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING": f"http://127.0.0.1:{http.server_port}/",
        }

        def call(*arguments: str) -> subprocess.CompletedProcess[str]:
            command = [program, *arguments]
            return subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S, cwd=ROOT
            )

        yield call, created
        http.shutdown()
        thread.join()


@pytest.mark.long
def test_gcloud_sends_the_files_as_they_are(gcloud: Any) -> None:
    call, created = gcloud
    files = [f"deploy/policies/{name}.json" for name in ("heartbeat", "run-failed")]  # one of each kind: metrics, log lines
    asked = [["alpha", "monitoring", "policies", "create", f"--policy-from-file={path}"] for path in files]
    asked.append(["monitoring", "dashboards", "create", "--config-from-file=deploy/dashboard.json"])
    with ThreadPoolExecutor(2) as pool:
        for ran in pool.map(lambda arguments: call(*arguments), asked):
            assert ran.returncode == 0, ran.stderr
    sent = {body["displayName"]: (path, body) for path, body in created}
    assert len(sent) == len(asked)
    for path in files:
        policy = json.loads((ROOT / path).read_text())
        assert sent[policy["displayName"]] == (f"/v3/projects/{PROJECT}/alertPolicies", policy)
    shown = json.loads((ROOT / "deploy/dashboard.json").read_text())
    assert sent[shown["displayName"]] == (f"/v1/projects/{PROJECT}/dashboards", shown)


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("gcloud"), reason="gcloud is missing")
def test_gcloud_knows_every_command_that_people_are_told_to_type(tmp_path: Path) -> None:
    texts = [
        policy["documentation"]["content"] for policy in made_policies().values()
    ]  # the pages' are tried with the scripts'
    # In the middle of a word '#' begins no comment, but the linter takes it for one.
    told = sorted({each.replace("#", "@") for text in texts for each in commands(text)})
    assert len(told) >= 20
    assert wrong_commands(told, tmp_path) == {}


# ---- several targets


def made_of_targets(**own: dict[str, Any]) -> dict[str, Any]:
    """Give the policies of three targets, of which each says something of its own."""
    each = {
        name: (rules(), installation("en", environment=f"production/{name}", **own.get(name, {})))
        for name in ("cart", "pay", "web")
    }
    return policies_of_targets(each, installation("en"), bundled("templates"), channels=[CHANNEL])


def namespaces(policy: dict[str, Any]) -> set[tuple[str, ...]]:
    return {tuple(re.findall(r"production/(\w+)", each["conditionThreshold"]["filter"])) for each in policy["conditions"]}


def test_targets_with_the_same_bounds_have_one_policy_each() -> None:
    made = made_of_targets()
    assert tuple(made) == NAMES
    assert namespaces(made["lag"]) == {("cart", "pay", "web")}
    assert made["lag"]["displayName"] == made_policies("en")["lag"]["displayName"]


@pytest.mark.parametrize(
    ("own", "bound"), [({"grace": timedelta(seconds=120)}, [210, 44]), ({"lease": timedelta(seconds=30)}, [180, 24])]
)
def test_each_target_is_watched_by_its_own_bounds(own: dict[str, Any], bound: list[float]) -> None:
    made = made_of_targets(pay=own)
    assert set(made) == {*NAMES, "lag-cart", "lag-pay"} - {"lag"}
    assert (namespaces(made["lag-cart"]), namespaces(made["lag-pay"])) == ({("cart", "web")}, {("pay",)})
    assert [each["conditionThreshold"]["thresholdValue"] for each in made["lag-pay"]["conditions"]] == bound
    assert [each["conditionThreshold"]["thresholdValue"] for each in made["lag-cart"]["conditions"]] == [180, 44]
    assert made["lag-cart"]["displayName"].endswith(" · cart, web")
    assert {each["userLabels"]["policy"] for each in made.values()} == set(made)
    for policy in made.values():
        ParseDict(policy, AlertPolicy.pb(AlertPolicy()))


def test_metrics_of_another_prefix_are_watched_under_their_own_name() -> None:
    made = made_of_targets(web={"prefix": "custom.googleapis.com/web/"})
    [absent] = made["heartbeat-web"]["conditions"]
    assert 'metric.type="custom.googleapis.com/web/logwatch/heartbeat"' in absent["conditionAbsent"]["filter"]
    assert "production/web" not in json.dumps(made["heartbeat-cart"])
