"""Backtests compared, held against known incidents, tuned: what is printed, what is equal, what is refused."""

from __future__ import annotations

import json
import random
import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import jsonschema
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logwatch.backtest.comparison import Change, Side, compare
from logwatch.backtest.incident_history import build_timeline, find_stories
from logwatch.backtest.known_incidents import Known, known_schema
from logwatch.backtest.result_tables import timeline_sections
from logwatch.backtest.scores import IncidentOutcome, score
from logwatch.backtest.tuning import Bench, knobs_of, plan_trials, tune
from logwatch.collect.compact import as_array
from logwatch.collect.recent_entries import pick
from logwatch.count.windows import aggregate
from logwatch.judge.rules.load import load_rules
from logwatch.judge.rules.model import Severity
from logwatch.notify.history import IncidentRecord
from logwatch.notify.incidents import Label, NotifyReason
from logwatch.pipeline.replay import Replayed, replay
from logwatch.pipeline.tick import Policy, Ticker
from logwatch.settings import bundled
from logwatch.spans import WINDOW, Span, to_nanoseconds
from logwatch.state.document import State, dump_state
from logwatch.ui.format import Audience
from logwatch.ui.tables import Paper, render_rows
from tests.conftest import LOGS, ROOT, Run, clean_environment
from tests.support.examples import COSTLY
from tests.support.life import DEAD
from tests.support.local_google import LoggingServer, load_entries
from tests.support.made_traffic import START, Incident, Traffic
from tests.support.platform import SHAPE
from tests.support.replays import CHANNELS, INCIDENTS, play, read, record, ticker, told

if TYPE_CHECKING:
    from pathlib import Path

    from logwatch.collect.columns import Reading
    from logwatch.collect.files import FilesSource

RULES = load_rules(bundled("rules"))
STORM = f"{LOGS}/storm.ndjson"
KNOWN = "tests/fixtures/incidents/storm.yaml"
BAD_HOUR = Incident(12, 55, failing={"kpa": 0.9}, blocked={"glycopharm": 0.9}, errors=0.2)


@pytest.fixture
def proposed(tmp_path: Path) -> Path:
    """Give a copy of the rules in which checkouts warn earlier."""
    folder = tmp_path / "proposed"
    shutil.copytree(ROOT / "rules", folder)
    path = folder / "checkout.yaml"
    path.write_text(path.read_text().replace('"< 60 %"', '"< 30 %"'))
    return folder


def moved(replayed: Replayed) -> list[tuple[Any, ...]]:
    return [(each.at, each.alert.rule, each.alert.labels, each.before, each.after) for each in replayed.transitions]


# ---- what is printed


def check_golden(name: str, text: str, *, update: bool) -> None:
    golden = ROOT / f"tests/fixtures/golden/{name}"
    if update:
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.long
@pytest.mark.parametrize(("suffix", "lang"), [("txt", "ko"), ("txt", "en"), ("md", "ko")])
def test_what_a_comparison_prints(run: Run, proposed: Path, lang: str, suffix: str, *, update_golden: bool) -> None:
    format_ = {"txt": "table", "md": "markdown"}[suffix]
    ran = run("backtest", STORM, "--rules", proposed, "--against", "rules", "--incidents", KNOWN, "-f", format_, "--lang", lang)
    shown = ran.out.replace(str(proposed), "proposed").replace(str(proposed).replace("_", r"\_"), "proposed")
    assert ran.code == 0, ran.err
    check_golden(f"comparison-storm.{lang}.{suffix}", shown, update=update_golden)


@pytest.mark.long
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_what_known_incidents_print(run: Run, lang: str, *, update_golden: bool) -> None:
    ran = run("backtest", STORM, "--incidents", KNOWN, "--lang", lang)
    check_golden(f"incidents-storm.{lang}.txt", ran.out, update=update_golden)


@pytest.mark.long
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_what_tuning_prints(run: Run, lang: str, *, update_golden: bool) -> None:
    ran = run("tune", "checkout-success", STORM, "--incidents", KNOWN, "--lang", lang)
    check_golden(f"tune-storm.{lang}.txt", ran.out, update=update_golden)


@pytest.mark.parametrize(("vary", "same"), [("for=1m,2m", True), ("warning=10,40", False)])
def test_settings_that_come_to_the_same_are_told_in_a_line(run: Run, vary: str, *, same: bool) -> None:
    told = run("tune", "checkout-blocked", STORM, "--vary", vary, "--lang", "en").out
    assert ("Every setting comes to the same here" in told) is same


@pytest.mark.long
def test_no_column_is_lost_on_a_narrow_terminal(run: Run, proposed: Path) -> None:
    out = run("backtest", STORM, "--rules", proposed, "--against", "rules", "--lang", "en").out
    head = next(line for line in out.splitlines() if line.startswith("procedure"))
    assert re.split(r"  +", head) == ["procedure", "alerts", "new", "gone", "earlier", "later", "messages a day"]


def test_the_last_column_may_reach_to_the_edge() -> None:
    assert render_rows([("4.1", "payment-confirm")], ("", "rules"), Paper(20, colour=False)).splitlines() == [
        "     rules", "4.1  payment-confirm",
    ]  # fmt: skip


@pytest.mark.long
def test_the_page_of_a_backtest_is_the_one_of_report(run: Run) -> None:
    pages = [run(*command, f"{LOGS}/payment.ndjson").out for command in (["backtest", "-f", "html"], ["report", "--source"])]
    assert pages[0] == pages[1]
    assert pages[0].startswith("<!doctype html>")


@pytest.mark.parametrize("form", ["html", "messages"])
@pytest.mark.parametrize("other", [("--against", "rules"), ("--incidents", KNOWN)])
def test_the_page_and_the_messages_show_one_rule_set(run: Run, form: str, other: tuple[str, str]) -> None:
    ran = run("backtest", STORM, "-f", form, *other)
    assert (ran.code, "one rule set" in ran.err, "hint:" in ran.err) == (2, True, True)


@pytest.mark.long
def test_the_json_of_a_comparison_is_what_others_rely_on(run: Run, proposed: Path) -> None:
    ran = run("backtest", STORM, "--rules", proposed, "--against", "rules", "--incidents", KNOWN, "-f", "json")
    document = json.loads(ran.out)
    plain = json.loads(run("backtest", STORM, "--rules", proposed, "-f", "json").out)
    assert {key: document[key] for key in plain} == plain
    assert list(document)[len(plain) :] == ["against", "incidents"]
    assert document["against"]["changes"] == {"gained": 0, "lost": 1, "earlier": 0, "later": 1, "same": 4}
    later = next(each for each in document["against"]["alerts"] if each["change"] == "later")
    assert (later["rule"], later["labels"], later["moved_s"] > 0) == ("checkout-success", {"service": "glycopharm"}, True)
    assert (document["incidents"]["found"], document["incidents"]["missed"]) == (2, 0)
    assert [each["step_right"] for each in document["incidents"]["known"]] == [True, None]


def test_the_json_of_tuning_is_what_others_rely_on(run: Run) -> None:
    document = json.loads(run("tune", "checkout-success", STORM, "--vary", "for=0,9m", "-f", "json").out)
    assert list(document) == ["schema", "rule", "from", "to", "cells"]
    assert [each["settings"] for each in document["cells"]] == [{"for": "0"}, {"for": "9m"}]
    assert list(document["cells"][0]) == ["settings", "today", "alerts", "alerts_per_week", "messages", "messages_per_week"]


@pytest.mark.long
def test_history_of_cloud_logging_gives_what_the_recording_gives(run: Run) -> None:
    from_file = json.loads(run("backtest", STORM, "-f", "json").out)
    span = ("--since", from_file["from"], "--until", from_file["to"])
    with LoggingServer(load_entries(ROOT / STORM)) as server:
        live = json.loads(run("backtest", "gcp://o4o-demo", *span, "-f", "json", LOGWATCH_LOGGING_ENDPOINT=server.address).out)
        asked = len(server.requests)
    assert live == from_file
    assert asked < 20


# ---- what the document says


def blocks() -> list[tuple[str, list[str]]]:
    text = (ROOT / "docs/backtest.md").read_text()
    return [
        (block, re.findall(r"^\$ (.*)$", block, re.MULTILINE)) for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    ]


@pytest.mark.long
def test_the_document_shows_what_its_commands_print(run: Run, tmp_path: Path, *, update_golden: bool) -> None:
    shutil.copytree(ROOT / "rules", tmp_path / "rules")  # not linked: the commands change a copy of it
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    path = ROOT / "docs/backtest.md"
    for block, commands in blocks():
        shown = ""
        for command in commands:
            shown += f"$ {command}\n"
            if command.startswith("logwatch "):
                arguments = shlex.split(command)[1:]
                shown += run(*arguments, cwd=tmp_path).out
            else:
                subprocess.run(command, shell=True, cwd=tmp_path, check=True, env=clean_environment())  # noqa: S602 - our own
        if update_golden:
            path.write_text(path.read_text().replace(block, shown.rstrip() + "\n"))
        else:
            assert block == shown.rstrip() + "\n"


def test_the_schema_of_incidents_is_written_down(*, update_golden: bool) -> None:
    path = ROOT / "rules/incidents.schema.json"
    text = json.dumps(known_schema(), indent=2, ensure_ascii=False) + "\n"
    if update_golden:
        path.write_text(text)
    assert path.read_text() == text
    jsonschema.validate([{"from": "2026-02-24 12:30", "to": "2026-02-24T12:50:00Z", "what": "x", "step": 2}], known_schema())


# ---- what is equal


@pytest.mark.long
@COSTLY
@example(seed=3, incident=BAD_HOUR)
@given(seed=st.integers(0, 10**6), incident=INCIDENTS)
def test_rules_against_themselves_show_no_difference(tmp_path: Path, seed: int, incident: Incident) -> None:
    source = record(tmp_path / "hour.ndjson", Traffic(seed, 80, instances=2, incidents=(incident,), late=0.01).entries())
    replayed = play(source)
    comparison = compare(Side("a", RULES, replayed), Side("b", RULES, play(source)))
    assert comparison.changed == []
    assert comparison.total.messages == (len(replayed.notifications),) * 2


@pytest.mark.long
@COSTLY
@example(seed=3, incident=BAD_HOUR)
@given(seed=st.integers(0, 10**6), incident=INCIDENTS)
def test_the_order_of_lines_changes_no_transition_message_or_score(tmp_path: Path, seed: int, incident: Incident) -> None:
    entries = Traffic(seed, 80, instances=2, incidents=(incident,), late=0.01, repeated=0.02).entries()
    shuffled = random.Random(seed).sample(entries, len(entries))  # noqa: S311 - no secret
    one, other = play(record(tmp_path / "a.ndjson", entries)), play(record(tmp_path / "b.ndjson", shuffled))
    known = [Known.model_validate({"from": START, "to": START + timedelta(minutes=60), "what": "all of it"})]
    assert (moved(one), told(one.notifications), one.late) == (moved(other), told(other.notifications), other.late)
    assert repr(score(one, known)) == repr(score(other, known))


def resume(source: FilesSource, state: State, cut: int, minutes: int) -> tuple[list[Any], list[Any], State]:
    """Tick from one minute to another, beginning with a state; each tick sees what had arrived by then."""
    maker, reading = ticker(source), read(source)
    transitions: list[Any] = []
    notifications: list[Any] = []
    for minute in range(cut, minutes):
        now = maker.policy.closed_at(START + (minute + 1) * WINDOW)
        planned = maker.plan(state, now)
        ticked = maker.tick(state, seen_by(reading, source, planned.read), planned, now)
        state = replace(ticked.state, points=(), outbox=())
        transitions += ticked.transitions
        notifications += ticked.notifications
    return transitions, notifications, state


def seen_by(reading: Any, source: FilesSource, span: Span) -> Any:
    start, end = map(to_nanoseconds, span)
    times, received = map(as_array, (reading.rows.time, reading.rows.received))
    return pick(reading, np.flatnonzero((times >= start) & (times < end) & (received <= end)))


@pytest.mark.long
@COSTLY
@example(seed=3, incident=BAD_HOUR, cut=40, late=0.01)
@given(seed=st.integers(0, 10**6), incident=INCIDENTS, cut=st.integers(10, 70), late=st.sampled_from([0.0, 0.01]))
def test_a_recording_cut_in_two_with_the_state_carried_over_gives_the_whole(
    tmp_path: Path, seed: int, incident: Incident, cut: int, late: float
) -> None:
    source = record(tmp_path / "hour.ndjson", Traffic(seed, 80, instances=2, incidents=(incident,), late=late).entries())
    whole = replay(read(source), Span(START, START + 80 * WINDOW), ticker(source))
    first = replay(read(source), Span(START, START + cut * WINDOW), ticker(source))
    transitions, notifications, _ = resume(source, first.state, cut, 80)
    assert told([*first.notifications, *notifications]) == told(whole.notifications)
    assert [(each.at, each.alert.rule, each.after) for each in [*first.transitions, *transitions]] == [
        (each.at, each.alert.rule, each.after) for each in whole.transitions
    ]


@pytest.mark.long
@COSTLY
@example(seed=3, first=107, shop="kpa")
@given(seed=st.integers(0, 10**6), first=st.integers(100, 115), shop=st.sampled_from(["kpa", "glycopharm"]))
def test_a_second_half_after_a_calm_hour_gives_what_the_whole_gives(tmp_path: Path, seed: int, first: int, shop: str) -> None:
    incidents = (Incident(5, 15, failing={"kpa": 0.9}), Incident(first, first + 15, failing={shop: 0.9}))
    source = record(tmp_path / "hours.ndjson", Traffic(seed, 150, instances=2, incidents=incidents).entries())
    whole = replay(read(source), Span(START, START + 150 * WINDOW), ticker(source))
    half = replay(read(source), Span(START + 95 * WINDOW, START + 150 * WINDOW), ticker(source))
    after = [each for each in whole.notifications if each.at > START + 96 * WINDOW]
    assert told(half.notifications) == told(after)
    assert half.notifications


# ---- stories, comparisons, scores


@pytest.mark.long
def test_a_timeline_names_quiet_days_and_no_day_after_the_last(tmp_path: Path) -> None:
    incidents = (Incident(100, 130, failing={"kpa": 0.9}),)
    source = record(tmp_path / "long.ndjson", Traffic(3, 300, instances=1, incidents=incidents).entries())
    replayed = play(source)
    zone = ZoneInfo("Asia/Seoul")
    longer = replace(replayed, span=Span(replayed.span.start, replayed.span.start + timedelta(days=2)))
    days = build_timeline(longer, zone)
    assert [(f"{day.day:%m-%d}", len(day.stories)) for day in days] == [("02-24", 1), ("02-25", 0), ("02-26", 0)]
    midnight = START + timedelta(hours=15)
    *early, last = replayed.notifications
    late = replace(last, at=midnight + timedelta(seconds=90))  # a message comes after its window, and here after the day
    told = replace(replayed, span=Span(replayed.span.start, midnight), notifications=(*early, late))
    assert [f"{day.day:%m-%d}" for day in build_timeline(told, zone)] == ["02-24"]
    (story,) = find_stories(replayed)
    assert story.ended_at
    assert timedelta(minutes=25) < story.lasted(replayed.span.end) < timedelta(minutes=60)


@pytest.mark.long
def test_what_ends_on_another_day_names_the_day(tmp_path: Path) -> None:
    night = (Incident(14 * 60 + 50, 16 * 60, failing={"kpa": 0.9}),)  # from ten to midnight in Seoul
    entries = Traffic(3, 17 * 60, instances=1, incidents=night).entries()
    source = record(tmp_path / "night.ndjson", [each for each in entries if each["timestamp"] > "2026-02-24T13"])
    readers = Audience("en", ZoneInfo("Asia/Seoul"), "o4o-core-api")
    *_, alerts = timeline_sections(play(source), RULES, readers, "night")
    assert [row[:4] for row in alerts.rows if "kpa" in row[0]] == [
        ("payment-confirm (kpa)", "02-24 23:52", "23:52", "02-25 01:07")
    ]


@pytest.mark.long
def test_a_firing_gained_lost_earlier_and_later() -> None:
    replayed = replay_of(STORM)
    fired = [alert for alert in replayed.alerts if alert.firing_at]
    shifted = replace(fired[0], firing_at=fired[0].pending_at + 9 * WINDOW)
    other = replace(replayed, transitions=tuple(replace(each, alert=shifted) for each in replayed.transitions[:1]))
    other = replace(other, state=State())
    comparison = compare(Side("a", RULES, other), Side("b", RULES, replayed))
    assert {each.change for each in comparison.changed} == {Change.EARLIER, Change.GAINED}
    back = compare(Side("b", RULES, replayed), Side("a", RULES, other))
    assert {each.change for each in back.changed} == {Change.LATER, Change.LOST}
    assert back.total.changes[Change.LOST] == comparison.total.changes[Change.GAINED] == len(fired) - 1


def test_a_firing_that_sends_to_another_procedure_is_a_change() -> None:
    replayed = replay_of(STORM)
    rules = tuple(
        rule.model_copy(update={"procedure": "4.2"}) if rule.rule == "checkout-success" else rule for rule in RULES.rules
    )
    comparison = compare(Side("a", replace(RULES, rules=rules), replayed), Side("b", RULES, replayed))
    firings = {load.procedure: (load.firings(after=False), load.firings(after=True)) for load in comparison.loads}
    assert firings == {"4.1": (1, 3), "4.2": (2, 0), "4.3": (1, 1), "4.4": (1, 1), "4.5": (1, 1)}
    assert {(each.change, each.procedure) for each in comparison.changed} == {(Change.LOST, "4.2"), (Change.GAINED, "4.1")}


@cache
def replay_of(path: str) -> Replayed:
    from logwatch.collect.files import FilesSource

    return play(FilesSource([str(ROOT / path)], SHAPE))


def known(start: str, end: str, **more: Any) -> Known:
    return Known.model_validate({"from": f"2026-02-24T{start}:00Z", "to": f"2026-02-24T{end}:00Z", "what": "it", **more})


@pytest.mark.parametrize(
    ("incident", "outcome", "procedure"),
    [
        (known("03:30", "03:50", procedure="4.1"), IncidentOutcome.FOUND, True),
        (known("03:30", "03:50", procedure="4.2"), IncidentOutcome.FOUND, False),
        (known("03:30", "03:50", shop="glycopharm"), IncidentOutcome.FOUND, None),
        (known("03:30", "03:50", shop="kpa"), IncidentOutcome.MISSED, None),
        (known("03:00", "03:10"), IncidentOutcome.MISSED, None),
        (known("03:00", "03:24"), IncidentOutcome.FOUND, None),
        (known("06:00", "06:10"), IncidentOutcome.NOT_COVERED, None),
        (known("04:15", "04:18", shop="kpa"), IncidentOutcome.FOUND, None),
    ],
)
def test_an_incident_is_found_or_missed(incident: Known, outcome: IncidentOutcome, procedure: bool | None) -> None:  # noqa: FBT001
    (scored,) = score(replay_of(STORM), [incident]).scored
    assert (scored.outcome, scored.procedure_right) == (outcome, procedure)


def test_a_false_alarm_is_news_outside_every_incident() -> None:
    replayed = replay_of(STORM)
    found = score(replayed, [known("03:30", "03:50")])
    assert [(each.procedure, each.reason) for each in found.false] == [("4.4", NotifyReason.FIRING)]
    assert found.false_per_day == 12
    assert found.median_took == timedelta(minutes=2, seconds=20)


# ---- incidents from a file

BROKEN = {
    "- {from: 2026-02-24, to: 2026-02-24 12:50, what: x}": (":1:", "without a time of day"),
    "- {from: '12:30', to: 2026-02-24 12:50, what: x}": (":1:", "'12:30' is not a valid time"),
    "- {from: 2026-02-24 12:50, to: 2026-02-24 12:30, what: x}": (":1:", "before it begins"),
    "- {to: 2026-02-24 12:30, what: x}": (":1:", "'from' is missing"),
    "- from: 2026-02-24 12:00\n  to: 2026-02-24 12:30\n  what: x\n  store: kpa": (":4:", "'store' is not known here"),
    "- from: 2026-02-24 12:00\n  to: 2026-02-24 12:30\n  what: x\n  procedure: 4.1": (":4:", "between quotes"),
    "- from: 2026-02-24 12:00\n  to: 2026-02-24 12:30\n  what: x\n  procedure: '4.9'": (":4:", "unknown procedure '4.9'"),
    "- from: 2026-02-24 12:00\n  to: 2026-02-24 12:30\n  what: x\n  procedure: '4.1'\n  step: 9": (":5:", "has no step 9"),
    "- {from: 2026-02-24 12:00, to: 2026-02-24 12:30, what: x, step: 2}": (":1:", "of which procedure"),
    "- {from: 2026-02-24 12:00, to: 9999-12-31T23:59:59-10:00, what: x}": (":1:", "is not a valid time"),
    "from: 2026-02-24": (":1:", "a list of incidents is needed"),
    "- just words": (":1:", "set of keys"),
    "- {from: [": (":2", "not YAML"),
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_wrong_file_of_incidents_names_line_and_cure(run: Run, tmp_path: Path, text: str) -> None:
    path = tmp_path / "known.yaml"
    path.write_text(text)
    ran = run("backtest", STORM, "--incidents", path)
    where, message = BROKEN[text]
    assert ran.code == 2
    assert f"known.yaml{where}" in ran.err
    assert message in ran.err


def test_every_error_of_a_file_of_incidents_is_told(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "known.yaml"
    path.write_text("- {to: x, what: y}\n- {from: z, to: 2026-02-24 12:30, what: ''}\n")
    err = run("backtest", STORM, "--incidents", path).err
    assert len(re.findall(r"known\.yaml:\d", err)) == 4


def test_local_times_are_of_the_settings_zone(tmp_path: Path) -> None:

    from logwatch.backtest.known_incidents import load_known

    path = tmp_path / "known.yaml"
    path.write_text(
        "- {from: 2026-02-24 12:30, to: 2026-02-24 12:50:00, what: a}\n"
        "- {from: 2026-02-24T03:30:00Z, to: 2026-02-24T12:50:00+09:00, what: b}\n"
    )
    one, other = load_known(path, ZoneInfo("Asia/Seoul"), RULES.runbook)
    assert (one.from_, one.to) == (other.from_, other.to)


@pytest.mark.long
@pytest.mark.parametrize("format_", ["json", "csv"])
def test_what_people_labelled_comes_out_of_the_state_and_into_a_backtest(run: Run, tmp_path: Path, format_: str) -> None:
    stock, redis = (datetime(2026, 2, 24, 3, 30, tzinfo=UTC), datetime(2026, 2, 24, 4, 20, tzinfo=UTC))
    place, exported = tmp_path / "state.json", tmp_path / f"labels.{format_}"

    def incident(rule: str, since: datetime, label: Label | None, shop: str = "", *, over: bool = True) -> IncidentRecord:
        return IncidentRecord(
            id=f"{since:%H%M}-{rule}", procedure=RULES.by_id[rule].procedure, severity=Severity.PAGE, rules=(rule, "cache-hit"),
            labels={"service": shop} if shop else {}, shops=(shop,) if shop else (), partial=False, since=since,
            told_at=since + timedelta(minutes=2), peaks={}, over_at=since + timedelta(minutes=20) if over else None, label=label,
            labelled_by="=Kim" if label else "", labelled_at=since + timedelta(minutes=5) if label else None,
        )  # fmt: skip

    def scored(*records: IncidentRecord) -> tuple[int, int, list[str]]:
        place.write_bytes(dump_state(State(cursor=redis, history=records)))
        exported.write_text(run("alerts", "--labels", "--format", format_, LOGWATCH_STATE=str(place)).out)
        ran = run("backtest", STORM, "--incidents", exported, "--format", "json")
        found = json.loads(ran.out)["incidents"]
        return found["found"], found["missed"], [each["procedure"] for each in found["false"]]

    real = incident("checkout-success", stock, Label.REAL, "glycopharm")
    assert scored(real, incident("cache-error", redis, Label.REAL)) == (2, 0, [])
    assert scored(real, incident("cache-error", redis, Label.FALSE)) == (1, 0, ["4.4"])
    assert scored(real, incident("cache-error", redis, None)) == (1, 0, [])
    assert scored(real, incident("cache-error", redis, Label.REAL, over=False)) == (1, 0, ["4.4"])
    if format_ == "csv":
        assert "'=Kim" in exported.read_text()  # and no formula for a spreadsheet
    else:
        (first, _) = json.loads(exported.read_text())["incidents"]
        assert (first["label"], first["labelled_by"], first["rules"]) == ("real", "=Kim", ["checkout-success", "cache-hit"])


# ---- tuning


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    """Read an hour and a half in which everything goes wrong once."""
    incidents = (
        Incident(20, 40, failing={"kpa": 0.9}, blocked={"glycopharm": 0.9}, errors=0.5),
        Incident(55, 70, redis_down=True),
    )
    path = tmp_path_factory.mktemp("hours") / "hours.ndjson"
    return read(record(path, Traffic(11, 90, incidents=incidents).entries()))


@pytest.mark.parametrize("rule", [each.rule for each in RULES.rules if not each.kind.reads.gauges])
def test_todays_cell_says_what_the_rule_alone_says_in_a_backtest(reading: Reading, rule: str) -> None:
    windows, mine = aggregate(reading), RULES.by_id[rule]
    tuned = tune(mine, plan_trials(mine, {}), Bench(RULES, windows, windows.span, Policy(channels=CHANNELS)))
    alone = Ticker(replace(RULES, rules=(mine,)), Policy(channels=CHANNELS), DEAD)
    expected = replay(reading, windows.span, alone)
    fired = sum(alert.firing_at is not None for alert in expected.alerts)
    today = [(cell.alerts, cell.messages) for cell in tuned.cells if cell.today]
    assert today == [(fired, len(expected.notifications))] * len(knobs_of(mine))


@pytest.mark.parametrize(
    ("arguments", "told_"),
    [
        (["database-ping", STORM], "no log line records it"),
        (["cache-hit", STORM, "--vary", "speed=1"], "no setting 'speed'"),
        (["cache-hit", STORM, "--vary", "warning"], "names no values"),
        (["cache-hit", STORM, "--vary", "warning=90%"], "overlap"),
        (["cache-hit", STORM, "--vary", "span=soon"], "span=soon"),
        (["cache-hit", STORM, "--vary", "for=1m,2m,3m,4m,5m", "--vary", f"min_events={','.join(map(str, range(1, 60)))}"], "too many"),
        (["cache-hit", STORM, "--vary", "span=0"], "span=0: a span of 0 looks at nothing"),
        (["slow-checkout", STORM, "--vary", "min_share=0%"], "min_share=0%: '>= 0 %' is not a valid share"),
        (["cash-hit", STORM], "did you mean 'cache-hit'"),
    ],
)  # fmt: skip
def test_what_cannot_be_tuned_says_why(run: Run, arguments: list[str], told_: str) -> None:
    ran = run("tune", *arguments)
    assert (ran.code, told_ in ran.err) == (2, True), ran.err


def test_values_of_a_setting_add_up_and_each_is_tried_once(run: Run) -> None:
    ran = run(
        "tune", "checkout-success", STORM, "--vary", "for=1m,2m", "--vary", "for=60s", "--vary", "for=3m", "--format", "json"
    )
    assert [cell["settings"]["for"] for cell in json.loads(ran.out)["cells"]] == ["1m", "2m", "3m"]
