"""The commands as people and scripts call them: options, exit codes, environment, errors that are messages."""

import csv
import gzip
import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from logwatch.judge.verdicts import Level, Verdict, Why
from logwatch.languages import Lang
from logwatch.notify.incidents import Memory, NotifyReason
from logwatch.notify.outbox import Note
from logwatch.report.state_lists import age_of
from logwatch.state.document import State, dump_state, load_state
from tests.conftest import LOGS, ROOT, Run, clean_environment, run_process
from tests.support.local_google import LoggingServer, load_entries
from tests.support.local_google.filters import compile_filter
from tests.support.made_messages import alert, message, notification
from tests.support.patience import PATIENCE_S

CALM, STORM, PAYMENT, TEXT, DEVELOPMENT = (
    f"{LOGS}/{name}.ndjson" for name in ("calm", "storm", "payment", "text", "development")
)
BASH = shutil.which("bash") or "/bin/bash"
COMMANDS = [
    (),
    ("evaluate",),
    ("report",),
    ("windows",),
    ("rules",),
    ("rules", "new"),
    ("rules", "check"),
    ("rules", "list"),
    ("rules", "test"),
    ("rules", "schema"),
]


# ---- evaluate: formats and languages


@pytest.mark.long
@pytest.mark.parametrize(
    ("lang", "words"), [("ko", ("런북 3장 판정", "데이터")), ("en", ("Runbook section 3 verdicts", "data"))]
)
@pytest.mark.parametrize(("source", "format_"), [(TEXT, "table"), (STORM, "markdown"), (TEXT, "html")])
def test_every_recording_is_told_in_every_format_and_language(
    run: Run, source: str, lang: str, words: tuple[str, ...], format_: str
) -> None:
    ran = run("evaluate", "--source", source, "--format", format_, "--lang", lang)
    assert (ran.code, ran.err) == (0, "")
    assert all(word in ran.out for word in words)
    assert source in ran.out.replace("\\", "")
    assert "\x1b" not in ran.out


@pytest.mark.long
@pytest.mark.parametrize("format_", ["table", "json", "markdown", "html"])
def test_every_format_ends_with_a_line_break(run: Run, format_: str) -> None:
    out = run("evaluate", "-s", CALM, "-f", format_).out
    assert out.endswith("\n")
    assert not out.endswith("\n\n")


# ---- report: one page


@pytest.mark.long
def test_a_report_is_the_page_that_evaluate_gives(run: Run) -> None:
    page = run("report", "--source", PAYMENT, "--until", "15:30")
    assert (page.code, page.err) == (0, "")
    assert page.out == run("evaluate", "--source", PAYMENT, "--until", "15:30", "--format", "html").out
    assert "진행 중" in page.out


@pytest.mark.long
def test_a_report_judges_the_span_as_evaluate_does(run: Run) -> None:
    span = ("--source", PAYMENT, "--since", "20m", "--until", "15:40", "--format", "markdown", "--lang", "en")
    report, evaluated = run("report", *span).out, run("evaluate", *span).out
    assert report.startswith(evaluated)
    assert "## incidents" in report
    assert "| 02-24 15:23 | 🚨 WARNING |" in report


@pytest.mark.long
def test_a_report_goes_into_a_file_and_shows_its_filter(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    ran = run("report", "--source", CALM, "--output", path)
    assert (ran.code, ran.out) == (0, "")
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    dumped = run("report", "--source", "gcp://o4o-demo", "--since", "1h", "--dump-filter")
    assert dumped.code == 0
    assert "OpsMetrics" in dumped.out


@pytest.mark.long
def test_a_level_that_fails_fails_for_the_page_too(run: Run) -> None:
    ran = run("evaluate", "--source", PAYMENT, "--format", "html", "--fail-on", "warning")
    assert ran.code == 1
    assert ran.out.startswith("<!doctype html>")


@pytest.mark.parametrize(
    "command", [["report"], ["report", "--source", "missing.ndjson"], ["report", "--source", CALM, "--since", "never"]]
)
def test_a_report_that_cannot_be_made_says_why(run: Run, command: list[str]) -> None:
    ran = run(*command)
    assert ran.code in {2, 3}
    assert ran.err.startswith("logwatch: ")
    assert ran.out == ""


def test_json_is_the_same_in_every_language(run: Run) -> None:
    korean, english = (run("evaluate", "-s", PAYMENT, "-f", "json", "--lang", lang) for lang in ("ko", "en"))
    assert korean == english
    assert json.loads(korean.out)["schema"] == 1


@pytest.mark.long
def test_people_read_korean_and_seoul_time_unless_they_ask_otherwise(run: Run) -> None:
    assert "2026-02-24 15:00 – 16:00 KST" in run("evaluate", "-s", PAYMENT).out
    assert run("evaluate", "-s", PAYMENT).out == run("evaluate", "-s", PAYMENT, "--lang", "ko").out


# ---- evaluate: since and until

SPANS: list[tuple[str, list[str], str, str]] = [
    ("all of a recording", [], "06:00", "07:00"),
    ("a duration before its end", ["--since", "30m"], "06:30", "07:00"),
    ("a duration of two units", ["--since", "0h45m"], "06:15", "07:00"),
    ("an end before its end", ["--until", "10m"], "06:00", "06:50"),
    ("a start counted from the end asked for", ["--since", "20m", "--until", "10m"], "06:30", "06:50"),
    ("times in UTC", ["--since", "2026-02-24T06:10:00Z", "--until", "2026-02-24T06:40:00Z"], "06:10", "06:40"),
    ("times with an offset", ["--since", "2026-02-24T15:10:00+09:00"], "06:10", "07:00"),
    ("local times", ["--since", "2026-02-24 15:10", "--until", "2026-02-24 15:40"], "06:10", "06:40"),
    ("local times with T", ["--since", "2026-02-24T15:10"], "06:10", "07:00"),
    ("times within a minute are cut", ["--since", "2026-02-24T06:10:59Z", "--until", "2026-02-24T06:40:59Z"], "06:10", "06:40"),
    ("now is the end of a recording", ["--until", "now"], "06:00", "07:00"),
    ("a time of day", ["--since", "15:10", "--until", "오후 3:40"], "06:10", "06:40"),
    ("a day and a time of day", ["--since", "02-24 15:10", "--until", "today 15:40"], "06:10", "06:40"),
    ("what is spoken of", ["--since", "30 minutes ago", "--until", "10분 전"], "06:20", "06:50"),
    ("a time of day that is not reached", ["--since", "15:10", "--until", "16:30"], "06:10", "07:00"),
    ("a day", ["--since", "어제", "--until", "15:40 KST"], "06:00", "06:40"),
    ("blanks do not matter", ["--since", " 30m "], "06:30", "07:00"),
    ("a start before the recording is its start", ["--since", "90m"], "06:00", "07:00"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "options", "start", "end"), SPANS, ids=[what for what, *_ in SPANS])
def test_since_and_until_take(run: Run, what: str, options: list[str], start: str, end: str) -> None:
    ran = run("evaluate", "-s", PAYMENT, "-f", "json", *options)
    assert ran.code == 0, (what, ran.err)
    found = json.loads(ran.out)
    assert (found["from"], found["to"]) == (f"2026-02-24T{start}:00Z", f"2026-02-24T{end}:00Z")
    assert {verdict["window_end"] for verdict in found["verdicts"]} == {f"2026-02-24T{end}:00Z"}


@pytest.mark.parametrize("options", [("--since", "1시", "--until", "2시"), ("--since", "15:30", "--until", "15:00")])
def test_a_time_of_day_before_the_recording_is_not_tomorrows(run: Run, options: tuple[str, ...]) -> None:
    ran = run("evaluate", "-s", PAYMENT, *options, LOGWATCH_LANG="en")
    assert (ran.code, "02-25" in ran.err) == (3, False)
    assert "the recording covers 2026-02-24 15:00 KST to 2026-02-24 16:00 KST" in ran.err


@pytest.mark.long
def test_local_times_are_in_the_time_zone_of_the_settings(run: Run) -> None:
    ran = run("evaluate", "-s", PAYMENT, "-f", "json", "--since", "2026-02-24 06:10", LOGWATCH_TIMEZONE="UTC")
    assert json.loads(ran.out)["from"] == "2026-02-24T06:10:00Z"
    assert "06:00 – 07:00 UTC" in run("evaluate", "-s", PAYMENT, LOGWATCH_TIMEZONE="UTC").out


@pytest.mark.parametrize(
    ("times", "shown"),
    [
        (["--since", "06:10 UTC"], "2026-02-24 06:10 – 07:00 UTC"),
        (["--since", "06:10Z", "--until", "2026-02-24T06:40Z"], "2026-02-24 06:10 – 06:40 UTC"),
        (["--since", "08:10+02:00"], "2026-02-24 08:10 – 09:00 +02:00"),
        (["--since", "01:10 America/New_York"], "2026-02-24 01:10 – 02:00 EST"),
        (["--since", "15:10 +9"], "2026-02-24 15:10 – 16:00 KST"),
        (["--since", "15:10", "--until", "06:40 UTC"], "2026-02-24 06:10 – 06:40 UTC"),
        (["--since", "08:10+02:00", "--until", "06:40 UTC"], "2026-02-24 15:10 – 15:40 KST"),
    ],
)
def test_an_answer_is_in_the_zone_of_the_question(run: Run, times: list[str], shown: str) -> None:
    ran = run("evaluate", PAYMENT, *times)
    assert (ran.code, ran.err) == (0, "")
    assert shown in ran.out


@pytest.mark.long
def test_the_zone_of_a_question_changes_nothing_of_what_is_judged(run: Run) -> None:
    spans = (["--since", "15:10"], ["--since", "06:10 UTC"])
    here, there = (json.loads(run("backtest", STORM, "-f", "json", *span).out) for span in spans)
    assert here["alerts"] == there["alerts"]
    assert "06:2" in run("explain", "payment-confirm", PAYMENT, "--at", "06:31 UTC").out


@pytest.mark.parametrize(
    ("lang", "times", "told"),
    [
        ("en", ["--since", "2h"], "The recording begins 2026-02-24 15:00 KST, and --since is 2026-02-24 14:00 KST.\n"),
        (
            "en",
            ["--until", "2026-02-24T08:00Z"],
            "The recording ends 2026-02-24 07:00 UTC, and --until is 2026-02-24 08:00 UTC.\n",
        ),
        ("ko", ["--since", "어제"], "기록은 2026-02-24 15:00 KST부터 있습니다(--since: 2026-02-23 00:00 KST).\n"),
        ("ko", ["--since", "1h"], ""),
        ("ko", [], ""),
    ],
)
@pytest.mark.parametrize("command", ["evaluate", "windows"])
def test_a_span_beyond_a_recording_is_told_with_its_end(run: Run, command: str, lang: str, times: list[str], told: str) -> None:
    ran = run(command, PAYMENT, *times, LOGWATCH_LANG=lang)
    assert (ran.code, ran.err) == (0, told)


@pytest.mark.long
def test_a_start_long_before_a_recording_takes_no_more_memory() -> None:
    """Somebody asks for a year of an hour's recording; the process may have 4 GB."""
    limited = f"ulimit -v 4000000; exec {sys.executable} -m logwatch evaluate -s {PAYMENT} -f json --since 2024-01-01"
    ran = subprocess.run(
        [BASH, "-c", limited], cwd=ROOT, env=clean_environment(), capture_output=True, timeout=PATIENCE_S, check=False
    )
    assert b"Traceback" not in ran.stderr
    assert ran.returncode in (0, 2, 3)


# ---- exit codes

ENDS: list[tuple[str, list[str], int, str]] = [
    ("a file that is not there", ["-s", "nowhere.ndjson"], 3, "nowhere.ndjson: no such file"),
    ("no source", [], 2, "no source to read from"),
    ("a view without its dataset", ["-s", "bq://o4o-demo.logs"], 2, "bq://PROJECT.DATASET.VIEW"),
    ("an unknown scheme", ["-s", "s3://bucket"], 2, "s3://bucket"),
    ("a project that cannot be one", ["-s", "gcp://X"], 2, "gcp://PROJECT/SERVICE"),
    ("no project", ["-s", "gcp://"], 2, "gcp://PROJECT"),
    ("a project with too much behind it", ["-s", "gcp://o4o-demo/a/b"], 2, "gcp://PROJECT"),
    ("two services", ["-s", "gcp://o4o-demo/a", "-s", "gcp://o4o-test/b"], 2, "have one service"),
    ("a project and a file", ["-s", "gcp://o4o-demo", "-s", PAYMENT], 2, "with others of its kind"),
    ("a wrong language", ["-s", PAYMENT, "--lang", "fr"], 2, "--lang"),
    ("a wrong format", ["-s", PAYMENT, "--format", "xml"], 2, "--format"),
    ("a wrong level", ["-s", PAYMENT, "--fail-on", "normal"], 2, "--fail-on"),
    ("an unknown option", ["-s", PAYMENT, "--nonsense"], 2, "--nonsense"),
    ("an argument too many", ["-s", PAYMENT, PAYMENT], 2, "the source is given twice"),
    ("an option without its value", ["-s"], 2, "requires an argument"),
    ("an empty source", ["-s", ""], 2, "--source"),
    ("an empty file", ["-s", "/dev/null"], 3, "it is empty"),
    ("a start that is no time", ["-s", PAYMENT, "--since", "once"], 2, "--since: 'once' is not a valid time hint: use e.g. 1h, '1 hour ago', 09:30"),
    ("an end that is no time", ["-s", PAYMENT, "--until", "25:00"], 2, "--until: '25:00' is not a valid time"),
    ("a number alone", ["-s", PAYMENT, "--since", "15"], 2, "write 15:00 for the hour, 15m for so many minutes"),
    ("an empty start", ["-s", PAYMENT, "--since", ""], 2, "--since"),
    ("a negative duration", ["-s", PAYMENT, "--since", "-1h"], 2, "--since"),
    ("a day that does not exist", ["-s", PAYMENT, "--since", "2026-02-30"], 2, "is not a valid time"),
    ("a duration beyond all time", ["-s", PAYMENT, "--since", "99999999w"], 2, "--since"),
    ("a start before all time", ["-s", PAYMENT, "--since", "0001-01-01T00:00Z"], 2, "--since"),
    ("an end at the end of time", ["-s", PAYMENT, "--since", "1h", "--until", "9999-12-31T23:59Z"], 2, "lies in the year 9999"),
    ("a live start before all time", ["-s", "gcp://o4o-demo", "--since", "0001-01-01T00:00Z", "--dump-filter"], 2, "--since"),
    ("an end before its start", ["-s", PAYMENT, "--since", "2026-02-24T06:30Z", "--until", "50m"], 2, "ends (2026-02-24 06:10 UTC) before it starts (2026-02-24 06:30 UTC)"),
    ("no time between start and end", ["-s", PAYMENT, "--since", "now"], 2, "the span is empty: it starts and ends at 2026-02-24 16:00 KST"),
    ("an end before the recording", ["-s", PAYMENT, "--until", "noon"], 2, "--until: the recording begins after that (2026-02-24 12:00 KST)"),
    ("a span before the recording", ["-s", PAYMENT, "--since", "1h", "--until", "1d"], 3, "recording covers 2026-02-24 15:00 KST to 2026-02-24 16:00 KST"),
    ("a span behind the recording", ["-s", PAYMENT, "--since", "2026-03-01", "--until", "2026-03-02"], 3, "recording covers"),
    ("a filter of a recording", ["-s", PAYMENT, "--dump-filter"], 2, "--dump-filter"),
    ("rules that are not there", ["-s", PAYMENT, "--rules", "nowhere"], 2, "nowhere"),
    ("rules that are a file", ["-s", PAYMENT, "--rules", "pyproject.toml"], 2, "pyproject.toml"),
    ("an output that cannot be written", ["-s", PAYMENT, "-o", "nowhere/report.txt"], 2, "cannot be written"),
    ("an output that is a folder", ["-s", PAYMENT, "-o", "tests"], 2, "cannot be written"),
    ("standard input twice", ["-s", "-", "-s", "-"], 2, "-"),
    ("a device that cannot be read", ["-s", "/proc/self/mem"], 3, "/proc/self/mem: cannot be read"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "arguments", "code", "told"), ENDS, ids=[what for what, *_ in ENDS])
def test_evaluate_ends_with_a_message_and_an_exit_code_on(
    run: Run, what: str, arguments: list[str], code: int, told: str
) -> None:
    ran = run("evaluate", *arguments)
    assert ran.code == code, (what, ran.err)
    assert ran.out == ""
    assert told in " ".join(ran.err.split()), what
    assert "Traceback" not in ran.err


@pytest.mark.long
@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate"], ["report", "-f", "markdown"], ["windows"], ["backtest"], ["tune", "checkout-error"], ["rules", "check"],
        ["beta-exit", "--days", "1"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_source_may_be_given_as_argument_or_as_option(run: Run, arguments: list[str]) -> None:
    as_argument, as_option = run(*arguments, PAYMENT), run(*arguments, "--source", PAYMENT)
    assert (as_argument.code, as_argument.err) == (0, as_option.err)
    assert as_argument.out == as_option.out != ""
    twice = run(*arguments, PAYMENT, "--source", PAYMENT)
    assert twice.code == 2
    assert "the source is given twice" in twice.err


WINDOW_ENDS: list[tuple[str, list[str], int, str]] = [
    ("no source", [], 2, "no source to read from"),
    ("a file that is not there", ["-s", "nowhere"], 3, "no such file"),
    ("a table that is none", ["-s", PAYMENT, "--table", "fast"], 2, "--table"),
    ("a format that is none", ["-s", PAYMENT, "--format", "html"], 2, "--format"),
    ("text that cannot be written", ["-s", PAYMENT, "-o", "nowhere/x.csv"], 2, "cannot be written"),
    ("parquet that cannot be written", ["-s", PAYMENT, "-f", "parquet", "-o", "nowhere/x.parquet"], 2, "cannot be written"),
    ("parquet into a folder", ["-s", PAYMENT, "-f", "parquet", "-o", "tests"], 2, "cannot be written"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "arguments", "code", "told"), WINDOW_ENDS, ids=[what for what, *_ in WINDOW_ENDS])
def test_windows_ends_with_a_message_and_an_exit_code_on(
    run: Run, what: str, arguments: list[str], code: int, told: str
) -> None:
    ran = run("windows", *arguments)
    assert ran.code == code, (what, ran.err)
    assert told in " ".join(ran.err.split()), what


@pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"], ["rules", "nonsense"], ["alerts", "evaluate"]])
def test_an_unknown_command_is_a_wrong_use(run: Run, arguments: list[str]) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert "nonsense" in ran.err or "evaluate" in ran.err


FAIL_ON = [
    (CALM, None, 0),
    (CALM, "warning", 0),
    (CALM, "elevated", 1),
    (PAYMENT, "warning", 1),
    (PAYMENT, "elevated", 1),
    (PAYMENT, "unknown", 1),
    (PAYMENT, None, 0),
    (DEVELOPMENT, "warning", 0),
    (DEVELOPMENT, "elevated", 1),
    (DEVELOPMENT, "unknown", 1),
]


@pytest.mark.parametrize(("source", "level", "code"), FAIL_ON)
def test_the_exit_code_is_1_only_with_fail_on_and_a_window_at_that_level(
    run: Run, source: str, level: str | None, code: int
) -> None:
    ran = run("evaluate", "-s", source, "-f", "json", *(["--fail-on", level] if level else []), LOGWATCH_LANG="en")
    assert ran.code == code
    assert bool(ran.err) == bool(code)
    plain = plain_json(run, source)
    assert ran.out == plain, "the report is written all the same"
    if code:
        reached = ran.err.removeprefix(f"--fail-on {level}: reached by ").strip().split(", ")
        assert set(reached) <= {verdict["rule"] for verdict in json.loads(plain)["verdicts"]}


def test_fail_on_warning_names_the_rules_whose_worst_window_is_a_warning(run: Run) -> None:
    ran = run("evaluate", "-s", STORM, "-f", "json", "--fail-on", "warning", "--lang", "en")
    verdicts = json.loads(ran.out)["verdicts"]
    warned = {verdict["rule"] for verdict in verdicts if verdict["worst"] and verdict["worst"]["level"] == "warning"}
    assert set(ran.err.strip().removeprefix("--fail-on warning: reached by ").split(", ")) == warned
    assert len(warned) > 2


# ---- sources: several files, folders, standard input, packed


PLAIN: dict[str, str] = {}
"""What is printed of a recording of the repository: it is judged once for all that is held against it."""


def plain_json(run: Run, source: str) -> str:
    if source not in PLAIN:
        ran = run("evaluate", "-f", "json", "-s", source)
        assert ran.code == 0, ran.err
        PLAIN[source] = ran.out
    return PLAIN[source]


def evaluate_json(run: Run, *arguments: str | Path, **options: Any) -> dict[str, Any]:
    ran = run("evaluate", "-f", "json", *arguments, **options)
    assert ran.code == 0, ran.err
    return dict(json.loads(ran.out))


@pytest.mark.long
def test_several_files_are_one_recording(run: Run, tmp_path: Path) -> None:
    lines = (ROOT / PAYMENT).read_bytes().splitlines(keepends=True)
    parts = [tmp_path / "a.ndjson", tmp_path / "b.ndjson", tmp_path / "c.ndjson"]
    for number, part in enumerate(parts):
        part.write_bytes(b"".join(lines[number::3]))
    whole = json.loads(plain_json(run, PAYMENT))
    assert evaluate_json(run, "-s", parts[2], "-s", parts[0], "--source", parts[1]) == whole
    assert evaluate_json(run, "-s", tmp_path) == whole
    assert evaluate_json(run, LOGWATCH_SOURCE=",".join(map(str, parts))) == whole


def test_the_same_file_twice_counts_once(run: Run) -> None:
    once, twice = json.loads(plain_json(run, PAYMENT)), evaluate_json(run, "-s", PAYMENT, "-s", PAYMENT)
    assert twice["counters"] == once["counters"]
    assert twice["verdicts"] == once["verdicts"]
    assert twice["slow_requests"] == once["slow_requests"]


@pytest.mark.parametrize("name", ["payment", "text", "development"])
@pytest.mark.parametrize("shape", ["standard input", "gzip", "array", "gzip of an array", "array over many lines"])
def test_a_recording_gives_the_same_document_in_every_shape(run: Run, tmp_path: Path, name: str, shape: str) -> None:
    data = (ROOT / f"{LOGS}/{name}.ndjson").read_bytes()
    expected = json.loads(plain_json(run, f"{LOGS}/{name}.ndjson"))
    entries = [json.loads(line) for line in data.splitlines()]
    if shape == "standard input":
        assert evaluate_json(run, "-s", "-", stdin=data) == expected
        return
    if "array" in shape:
        data = json.dumps(entries, indent=2 if "many" in shape else None).encode()
    path = tmp_path / "recording"
    path.write_bytes(gzip.compress(data) if "gzip" in shape else data)
    assert evaluate_json(run, "-s", path) == expected


CUT = "payment.ndjson.gz"


@pytest.mark.parametrize(
    "command",
    ["backtest", "tune payment-confirm --vary for=1m", "explain payment-confirm", "beta-exit", "beta-exit -f markdown"],
)
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_what_could_not_be_read_is_said_by_every_command(run: Run, tmp_path: Path, command: str, lang: Lang) -> None:
    packed = gzip.compress((ROOT / PAYMENT).read_bytes(), mtime=0)
    (tmp_path / CUT).write_bytes(packed[:-2000])
    ran = run(*command.split(), "-s", tmp_path / CUT, "--lang", lang)
    said = " ".join((ran.out + ran.err).split())
    assert ran.code == 0
    assert {"en": "damaged gzip", "ko": "손상된 gzip"}[lang] in said
    assert {"en": "Download the file again", "ko": "파일을 다시 내려받으세요"}[lang] in said


def test_the_exit_document_counts_what_could_not_be_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / CUT).write_bytes(gzip.compress((ROOT / PAYMENT).read_bytes(), mtime=0)[:-2000])
    unread = json.loads(run("beta-exit", "-f", "json", "-s", tmp_path / CUT).out)["unread"]
    assert {"reason": "damaged_gzip", "count": 1} in unread


def test_entries_of_another_service_do_not_count(run: Run) -> None:
    mine = evaluate_json(run, "-s", PAYMENT, "--service", "o4o-core-api")
    assert mine["counters"] == json.loads(plain_json(run, PAYMENT))["counters"]
    ran = run("evaluate", "-f", "json", "-s", PAYMENT, "--service", "o4o-web")
    other = json.loads(ran.out)
    assert ran.code == 3
    assert (other["counters"], other["slow_requests"]) == ({}, {})
    assert {verdict["level"] for verdict in other["verdicts"]} == {"unknown"}
    assert other["source"]["ignored"] == other["source"]["entries"] == mine["source"]["entries"]


# ---- the environment

TWINS: list[tuple[dict[str, str], list[str]]] = [
    ({"LOGWATCH_SOURCE": PAYMENT}, ["-s", PAYMENT]),
    ({"LOGWATCH_SOURCE": PAYMENT, "LOGWATCH_LANG": "en"}, ["-s", PAYMENT, "--lang", "en"]),
    ({"LOGWATCH_SOURCE": PAYMENT, "LOGWATCH_SERVICE": "o4o-web"}, ["-s", PAYMENT, "--service", "o4o-web"]),
    ({"LOGWATCH_SOURCE": PAYMENT, "LOGWATCH_RULES": "rules"}, ["-s", PAYMENT, "--rules", "rules"]),
    ({"LOGWATCH_SOURCE": PAYMENT, "LOGWATCH_LANG": ""}, ["-s", PAYMENT]),
]


@pytest.mark.long
@pytest.mark.parametrize(("environment", "flags"), TWINS)
def test_each_setting_has_a_twin_in_the_environment(run: Run, environment: dict[str, str], flags: list[str]) -> None:
    assert run("evaluate", **environment).out == run("evaluate", *flags).out


def test_a_flag_goes_before_its_twin(run: Run) -> None:
    environment = {"LOGWATCH_SOURCE": "nowhere", "LOGWATCH_LANG": "ko"}
    ran = run("evaluate", "-s", PAYMENT, "--lang", "en", **environment)
    assert (ran.code, ran.out.splitlines()[0]) == (0, f"Runbook section 3 verdicts  {PAYMENT}")


WRONG_SETTINGS = [
    ("LOGWATCH_LANG", "fr", "ko or en"),
    ("LOGWATCH_TIMEZONE", "Mars/Olympus", "Asia/Seoul"),
    ("LOGWATCH_TIMEZONE", "../../etc/passwd", "Asia/Seoul"),
    ("LOGWATCH_GRACE", "a while", "90s"),
    ("LOGWATCH_GRACE", "-5s", "90s"),
    ("LOGWATCH_READ_BUDGET", "2 minutes", "5m"),
    ("LOGWATCH_READ_REQUESTS_PER_MINUTE", "61", "60"),
    ("LOGWATCH_READ_REQUESTS_PER_MINUTE", "0", "1"),
    ("LOGWATCH_READ_REQUESTS_PER_MINUTE", "many", "60"),
    ("LOGWATCH_RULES", "nowhere", "nowhere"),
    ("LOGWATCH_REMIND_EVERY", "99999999999w", "a hundred years"),
    ("LOGWATCH_REMIND_EVERY", "0", "'0' is too short; allowed is 10m to 30d"),
    ("LOGWATCH_GRACE", "10s", "'10s' is too short; allowed is 15s to 30m"),
    ("LOGWATCH_GRACE", "36500d", "'36500d' is too long; allowed is 15s to 30m"),
    ("LOGWATCH_LEASE", "10s", "'10s' is too short; allowed is 30s to 10m"),
    ("LOGWATCH_LEASE", "1h", "'1h' is too long; allowed is 30s to 10m"),
    ("LOGWATCH_OVERLAP", "0", "'0' is too short; allowed is 1m to 6h"),
    ("LOGWATCH_CATCH_UP", "36500d", "'36500d' is too long; allowed is 5m to 7d"),
    ("LOGWATCH_READ_BUDGET", "0s", "'0' is too short; allowed is 1s to 10m"),
    ("LOGWATCH_EVIDENCE_BUDGET", "36500d", "'36500d' is too long; allowed is 0s to 5m"),
]


@pytest.mark.parametrize(("name", "value", "told"), WRONG_SETTINGS)
def test_a_wrong_setting_is_named_with_what_would_be_right(run: Run, name: str, value: str, told: str) -> None:
    ran = run("evaluate", "-s", PAYMENT, **{name: value})
    assert (ran.code, ran.out) == (2, "")
    assert name in ran.err or name == "LOGWATCH_RULES"
    assert told in ran.err


# ---- silences

SILENCE_ADD = ["silence", "add", "--for", "2h", "--reason", "x"]
SHOPS = ("k\x1bpa", "kpa", "glycopharm", "")


def state_with_shops(tmp_path: Path, *notes: Note) -> dict[str, str]:
    """Keep a state in which some shops were judged, and give the settings that lead to it."""
    end = datetime(2026, 2, 24, 2, 53, tzinfo=UTC)
    verdicts = tuple(
        Verdict(
            "payment-confirm",
            {"service": shop},
            end,
            Level.NORMAL,
            1.0,
            9,
            9,
            None,
            Why.NONE,
            timedelta(minutes=5),
            suspect=False,
        )
        for shop in SHOPS
    )
    began = datetime(2026, 2, 1, tzinfo=UTC)
    place = tmp_path / "state.json"
    place.write_bytes(dump_state(State(cursor=end, started_at=began, verdicts=verdicts, notes=notes)))
    return {"LOGWATCH_STATE": str(place), "LOGWATCH_NOW": "2026-02-24T03:00:00Z"}


def saved(state: dict[str, str]) -> Memory:
    return load_state(Path(state["LOGWATCH_STATE"]).read_bytes()).memory


@pytest.mark.parametrize(
    ("lang", "added_", "now", "ended"),
    [
        (
            "ko",
            "payment-confirm (k\\x1bpa)의 알림을 2026-02-24 14:00 KST까지 중지합니다.",
            "지금 적용 중",
            "알림 중지를 해제했습니다.",
        ),
        ("en", "messages of payment-confirm (k\\x1bpa) silenced until 2026-02-24 14:00 KST", "now", "silence lifted"),
    ],
)
def test_a_silence_is_added_shown_and_ended(run: Run, tmp_path: Path, lang: str, added_: str, now: str, ended: str) -> None:
    state = state_with_shops(tmp_path) | {"COLUMNS": "400"}
    place = state["LOGWATCH_STATE"]
    heads = {
        "ko": f"상태 {place}: 2026-02-24 11:53 KST까지 판정(7분 전)\n",
        "en": f"State {place}: judged up to 2026-02-24 11:53 KST, 7 min ago\n",
    }
    more = ["--for", "2h", "--reason", "PG 점검\x1b[2J", "--by", "dana"]
    added = run("silence", "add", "--rule", "payment-confirm", "--shop", "k\x1bpa", "--lang", lang, *more, **state)
    mark = added.out.splitlines()[1].partition(":")[0]
    assert (added.code, added.out) == (0, f"{heads[lang]}{mark}: {added_}\n")
    shown = run("silence", "list", "--lang", lang, **state).out
    line = rf"^{mark} +payment-confirm +k\\x1bpa +{now} +2026-02-24 14:00 KST +PG 점검\\x1b\[2J +dana$"
    assert re.search(line, shown, re.MULTILINE)
    assert run("silence", "expire", mark, "--lang", lang, **state).out == f"{heads[lang]}{mark}: {ended}\n"
    assert run("silence", "list", **state).out == f"{heads['ko']}적용 중인 알림 중지가 없습니다.\n"


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_what_a_message_offers_to_type_runs_as_it_is_printed(run: Run, tmp_path: Path, lang: Lang) -> None:
    state = state_with_shops(tmp_path)
    told = message(notification(NotifyReason.FIRING, [alert("payment-confirm", "kpa")]), lang)
    for line in told.commands:
        name, *arguments = shlex.split(line)
        ran = run(*arguments, "--lang", lang, **state)
        assert (name, ran.code, ran.err) == ("logwatch", 0, "")
    (silence,) = saved(state).silences
    assert (silence.rule, silence.labels) == ("payment-confirm", {"service": "kpa"})


@pytest.mark.parametrize(
    ("lang", "added_", "listed"),
    [
        ("ko", "모든 규칙 (kpa)의 알림을 주기적으로 중지합니다(월,수 22:00, 1시간 30분씩, 다음 2026-02-25 22:00 KST). 2026-05-25 12:00 KST까지 적용합니다.", "월,수 22:00, 1시간 30분씩, 지금 적용 중(2026-02-25 23:30 KST까지)"),
        ("en", "messages of all rules (kpa) silenced mon,wed 22:00 for 1 h 30 min, next 2026-02-25 22:00 KST, until 2026-05-25 12:00 KST", "mon,wed 22:00 for 1 h 30 min, now until 2026-02-25 23:30 KST"),
    ],
)  # fmt: skip
def test_a_recurring_silence_says_when_it_comes_next_and_ends_like_any(
    run: Run, tmp_path: Path, lang: str, added_: str, listed: str
) -> None:
    state = state_with_shops(tmp_path) | {"COLUMNS": "200"}
    command = ["silence", "add", "--all", "--shop", "kpa", "--every", "Wed,mon 22:00", "--for", "90m", "--reason", "batch"]
    added = run(*command, "--lang", lang, **state)
    (silence,) = saved(state).recurring
    assert added.out.splitlines()[1] == f"{silence.id}: {added_}"
    assert (silence.every, silence.minutes, silence.zone, saved(state).silences) == ("mon,wed 22:00", 90, "Asia/Seoul", ())
    later = state | {"LOGWATCH_NOW": "2026-02-25T13:10:00Z"}
    assert listed in run("silence", "list", "--lang", lang, **later).out
    assert run("silence", "expire", silence.id, **later).code == 0
    assert saved(state).recurring == ()


def test_a_silence_says_what_it_would_have_muted_and_mutes_nothing(run: Run, tmp_path: Path) -> None:
    kpa, both = {"service": "kpa"}, ("kpa", "glycopharm")
    told = [  # the second of them in the hour of Monday, the others beside it
        Note("a.1", NotifyReason.FIRING, datetime(2026, 2, 20, 1, tzinfo=UTC), "4.2", ["payment-confirm"], kpa, {}),
        Note(
            "b.1",
            NotifyReason.FIRING,
            datetime(2026, 2, 23, 13, 30, tzinfo=UTC),
            "4.2",
            ["payment-confirm", "cache-hit"],
            kpa,
            {},
        ),
        Note(
            "c.1",
            NotifyReason.WIDER,
            datetime(2026, 2, 23, 15, tzinfo=UTC),
            "4.2",
            ["payment-confirm"],
            {},
            {},
            both,
            partial=True,
        ),
        Note("d.1", NotifyReason.FIRING, datetime(2026, 2, 23, 16, tzinfo=UTC), "4.2", ["payment-confirm"], {}, {}),
        Note("a.2", NotifyReason.RESOLVED, datetime(2026, 2, 20, 2, tzinfo=UTC), "4.2", ["payment-confirm"], kpa, {}),
        Note("0.1", NotifyReason.FIRING, datetime(2026, 2, 10, 2, tzinfo=UTC), "4.2", ["payment-confirm"], kpa, {}),
    ]
    state = state_with_shops(tmp_path, *told) | {"COLUMNS": "160"}
    command = [*SILENCE_ADD, "--rule", "payment-confirm", "--shop", "kpa", "--dry-run", "--lang", "en"]
    once, weekly = run(*command, **state).out, run(*command, "--every", "mon 22:00", **state).out
    assert "3 of 4 messages since 2026-02-17 12:00 KST, as far as records go, would have been silenced." in once
    assert "1 of 4 messages since" in weekly
    assert [line.split()[-1] for line in once.splitlines()[-3:]] == ["part", "part", "wholly"]
    assert saved(state) == Memory()


@pytest.mark.parametrize(
    ("text", "refused", "told"),
    [
        (None, "no state yet", "no state yet"),
        ("{", "the state is broken", "kept in"),
        ('{"schema":0}', "the state is broken", "kept in"),
    ],
)
def test_a_silence_begins_a_state_or_replaces_a_broken_one_only_where_that_is_asked_for(
    run: Run, tmp_path: Path, text: str | None, refused: str, told: str
) -> None:
    state = tmp_path / "state.json"
    if text is not None:
        state.write_text(text)
    command = [*SILENCE_ADD, "--all"]
    ran = run(*command, LOGWATCH_STATE=str(state))
    assert (ran.code, ran.out, [each.name for each in tmp_path.iterdir()]) == (3, "", [] if text is None else ["state.json"])
    assert f"state.json: {refused}" in ran.err
    assert "--new-state" in ran.err
    first, second = (run(*command, "--lang", "en", *more, LOGWATCH_STATE=str(state)) for more in (["--new-state"], []))
    assert (first.code, second.code, second.err) == (0, 0, "")
    assert told in first.err


ASKING = (["alerts"], ["explain", "payment-confirm"], ["silence", "list"], ["state", "show"])


@pytest.mark.parametrize("command", ASKING)
def test_an_answer_out_of_the_state_begins_with_its_place_and_age(run: Run, tmp_path: Path, command: list[str]) -> None:
    state = tmp_path / "state.json"
    asked = {"LOGWATCH_STATE": str(state), "LOGWATCH_NOW": "2026-02-24T03:00:00Z", "COLUMNS": "400"}
    assert (run(*command, **asked).code, state.exists()) == (3, False)
    state.write_bytes(dump_state(State()))
    assert run(*command, **asked).code == (0 if command[0] == "silence" else 3)  # what is muted is known without any window
    state.write_bytes(dump_state(State(cursor=datetime(2026, 2, 23, 0, 30, tzinfo=UTC))))
    ran = run(*command, "--lang", "en", **asked)
    assert (ran.code, ran.out.splitlines()[0]) == (0, f"State {state}: judged up to 2026-02-23 09:30 KST, 1 d 2 h 30 min ago")
    ran = run(*command, "--lang", "en", **{**asked, "LOGWATCH_NOW": "2026-02-22T00:30:00Z"})
    assert "which is 1 d ahead. Check the clock, then run: logwatch state mend" in ran.out.splitlines()[0]


@pytest.mark.parametrize(
    ("minutes", "colour"), [(2, None), (5, None), (6, "yellow"), (15, "yellow"), (16, "red"), (-1, "red"), (None, "red")]
)
def test_an_old_state_is_told_in_colour(minutes: int | None, colour: str | None) -> None:
    now = datetime(2026, 2, 24, tzinfo=UTC)
    assert age_of(State(cursor=None if minutes is None else now - timedelta(minutes=minutes)), now).colour == colour


def test_a_state_without_a_judged_window_says_how_one_is_made_of_a_recording(run: Run, tmp_path: Path) -> None:
    place = {"LOGWATCH_STATE": str(tmp_path / "state.json")}
    assert run(*SILENCE_ADD, "--all", "--new-state", **place).code == 0
    ran = run("alerts", **place)
    assert (ran.code, "'logwatch backtest RECORDING --state FILE' makes one" in ran.err) == (3, True)


def test_an_empty_shop_is_the_one_without_a_name_and_not_every_shop(run: Run, tmp_path: Path) -> None:
    state = state_with_shops(tmp_path)
    ran = run(*SILENCE_ADD, "--all", "--shop", "", "--lang", "en", **state)
    assert 'all rules ("")' in ran.out
    (silence,) = saved(state).silences
    assert silence.labels == {"service": ""}


@pytest.mark.parametrize(
    ("changed", "where", "told"),
    [
        (["--all", "--reason", "  "], "--reason", "needs a reason"),
        (["--rule", "payment-confrm"], "--rule", "there is no rule 'payment-confrm'"),
        (["--all", "--every", "sun 03:00", "--until", "Feb 24 2026"], "--until", "'Feb 24 2026' is past: it means"),
        (["--all", "--for", "0m"], "--for", "the length is zero"),
        (["--all", "--for", "soon"], "--for", "not a valid duration"),
        (["--all", "--for", "31d"], "--for", "30d at the most"),
        (["--all", "--for", "999999999h"], "--for", "longer than a hundred years"),
        (["--rule", "nope"], "nope", "payment-confirm"),
        ([], "--rule, --all", "--all, typed out"),
        (["--rule", "*"], "--rule, --all", "--all, typed out"),
        (["--shop", "kpa"], "--rule, --all", "which rule?"),
        (["--all", "--rule", "cache-hit"], "--rule, --all", "both a rule and all"),
        (["--all", "--shop", "kppa"], "--shop", "did you mean 'kpa'?"),
        (["--all", "--shop", "bookshop"], "--shop", 'seen: "", glycopharm, k\\x1bpa, kpa; --new-shop'),
        (["--all", "--until", "1d"], "--until", "add --every"),
        (["--all", "--every", "sunday"], "--every", "use e.g. 'sun 03:00'"),
        (["--all", "--every", "daily 03:00", "--for", "1d"], "--every, --for", "shorter than 1d"),
        (["--all", "--every", "mon,tue 03:00", "--for", "1d"], "--every, --for", "never ends"),
        (["--all", "--every", "sun 03:00", "--until", "400d"], "--until", "within the next 366d"),
        (["--all", "--every", "sun 03:00", "--until", "2026-02-01"], "--until", "within the next 366d"),
        (["--all", "--every", "sun 03:00", "--until", "soon"], "--until", "not a valid time"),
    ],
)
def test_a_silence_that_cannot_be_is_refused_and_nothing_is_saved(
    run: Run, tmp_path: Path, changed: list[str], where: str, told: str
) -> None:
    state = state_with_shops(tmp_path)
    ran = run(*SILENCE_ADD, *changed, **state)
    assert (ran.code, ran.out, saved(state)) == (2, "", Memory())
    assert where in ran.err
    assert told in ran.err


def test_a_shop_that_was_never_seen_is_muted_where_that_is_asked_for(run: Run, tmp_path: Path) -> None:
    state = state_with_shops(tmp_path)
    assert run(*SILENCE_ADD, "--all", "--shop", "bookshop", "--new-shop", **state).code == 0
    assert [each.labels for each in saved(state).silences] == [{"service": "bookshop"}]


# ---- Cloud Logging by address

LIVE_SPAN = ["--since", "2026-02-24T06:00Z", "--until", "2026-02-24T07:00Z"]


@pytest.mark.long
def test_a_project_is_judged_as_its_recording_is(run: Run) -> None:
    with LoggingServer(load_entries(ROOT / PAYMENT)) as server:
        live = evaluate_json(run, "-s", "gcp://o4o-demo/o4o-core-api", *LIVE_SPAN, LOGWATCH_LOGGING_ENDPOINT=server.address)
    recorded = evaluate_json(run, "-s", PAYMENT)
    assert live["counters"] == recorded["counters"]
    assert live["verdicts"] == recorded["verdicts"]
    assert live["slow_requests"] == recorded["slow_requests"]


def test_an_old_span_of_a_project_is_said_to_be_old(run: Run) -> None:
    with LoggingServer(load_entries(ROOT / PAYMENT)) as server:
        ran = run("evaluate", "-s", "gcp://o4o-demo", *LIVE_SPAN, "--lang", "en", LOGWATCH_LOGGING_ENDPOINT=server.address)
    assert ran.code == 0
    assert "keeps 30 days" in ran.out


def test_a_project_that_answers_nothing_is_silent_and_not_normal(run: Run) -> None:
    with LoggingServer() as server:
        ran = run("evaluate", "-s", "gcp://o4o-demo", "--lang", "en", LOGWATCH_LOGGING_ENDPOINT=server.address)
    assert ran.code == 3
    assert "normal 0" in ran.out
    assert "There is not a single summary" in ran.out
    assert ran.err.startswith("logwatch: gcp://o4o-demo: there is no data to judge in ")
    assert "not a single entry in o4o-demo in the last 30 days" in ran.err


SEARCHED: dict[str, tuple[list[str], dict[str, str], str, str]] = {
    "a service with another name": (["--service", "o4o-core-pai"], {}, "only of other services: o4o-core-api (asia-northeast3)", "gcp://o4o-demo/o4o-core-api"),
    "another location": ([], {"LOGWATCH_LOCATION": "europe-west1"}, "o4o-core-api logs in asia-northeast3 (LOGWATCH_LOCATION=europe-west1)", "LOGWATCH_LOCATION=asia-northeast3"),
    "an hour after the last line": (["--until", "2026-02-24 23:00"], {}, "the last entry of o4o-core-api is of 02-24 1", "gcloud run services describe o4o-core-api --project=o4o-demo"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("format_", "which"),
    [
        *(("table", name) for name in SEARCHED),
        *((form, "an hour after the last line") for form in ("json", "markdown", "html")),
    ],
)
def test_nothing_found_is_told_with_what_there_is_and_changes_no_production(run: Run, format_: str, which: str) -> None:
    more, environment, why, look = SEARCHED[which]
    until = [] if "--until" in more else ["--until", "2026-02-24T07:00Z"]
    with LoggingServer(load_entries(ROOT / PAYMENT)) as server:
        environment = {**environment, "LOGWATCH_NOW": "2026-02-24T15:00:00Z", "LOGWATCH_LOGGING_ENDPOINT": server.address}
        ran = run("evaluate", "-s", "gcp://o4o-demo", *more, *until, "--lang", "en", "--format", format_, **environment)
    assert ran.code == 3
    assert why in ran.err
    assert look in ran.err
    assert "update" not in ran.err + ran.out
    if format_ == "json":
        assert json.loads(ran.out)["source"]["samples"] == 0


def test_a_service_that_logs_without_summaries_is_told_with_all_that_may_be(run: Run) -> None:
    entries = [
        each for each in load_entries(ROOT / PAYMENT) if "OpsMetrics" not in str(each) and "SlowRequest" not in str(each)
    ]
    with LoggingServer(entries) as server:
        ran = run("evaluate", "-s", "gcp://o4o-demo", *LIVE_SPAN, "--lang", "en", LOGWATCH_LOGGING_ENDPOINT=server.address)
    assert ran.code == 3
    assert "BETA_MODE is off, there was nothing to count, or" in ran.err
    assert "gcloud run services describe o4o-core-api --project=o4o-demo" in ran.err
    assert "update" not in ran.err + ran.out


@pytest.mark.parametrize("command", ["evaluate", "windows", "report"])
def test_a_recording_of_something_else_cannot_be_judged(run: Run, tmp_path: Path, command: str) -> None:
    other = tmp_path / "other.ndjson"
    other.write_text('{"timestamp":"2026-02-24T03:00:00Z","insertId":"a","logName":"l","textPayload":"hello"}\n')
    ran = run(command, "-s", other, LOGWATCH_LANG="en")
    assert ran.code == 3
    assert "neither summaries nor slow requests" in ran.err


@pytest.mark.parametrize("command", ["evaluate", "windows"])
def test_a_project_out_of_reach_cannot_be_determined(run: Run, command: str) -> None:
    with LoggingServer() as server:
        address = server.address
    ran = run(command, "-s", "gcp://o4o-demo", LOGWATCH_LOGGING_ENDPOINT=address, LOGWATCH_READ_BUDGET="1s")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("logwatch: gcp://o4o-demo: Cloud Logging: ServiceUnavailable")
    assert "hint: try again, or raise LOGWATCH_READ_BUDGET" in ran.err


@pytest.mark.parametrize("command", ["evaluate", "windows"])
def test_dump_filter_prints_the_filter_and_reads_nothing(run: Run, command: str) -> None:
    with LoggingServer() as server:
        arguments = [command, "-s", "gcp://o4o-demo", "--service", 'a"b', *LIVE_SPAN, "--dump-filter"]
        ran = run(*arguments, LOGWATCH_LOCATION="asia-northeast3", LOGWATCH_LOGGING_ENDPOINT=server.address)
        assert server.requests == []
    assert (ran.code, ran.err) == (0, "")
    compile_filter(ran.out)
    assert r'resource.labels.service_name="a\"b"' in ran.out
    assert 'resource.labels.location="asia-northeast3"' in ran.out
    assert 'timestamp<"2026-02-24T07:01:30' in ran.out


def test_the_filter_that_is_printed_is_the_filter_that_is_sent(run: Run) -> None:
    with LoggingServer() as server:
        arguments = ["evaluate", "-s", "gcp://o4o-demo/o4o-core-api", *LIVE_SPAN]
        run(*arguments, LOGWATCH_LOGGING_ENDPOINT=server.address)
        sent = server.requests[0].message.filter
        assert run(*arguments, "--dump-filter").out == sent + "\n"


# ---- windows


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_windows_as_csv_add_up_to_the_counters_of_evaluate(run: Run) -> None:
    rows = read_csv(run("windows", "-s", PAYMENT).out)
    assert list(rows[0]) == ["minute", "series", "value"]
    sums: dict[str, int] = {}
    for row in rows:
        sums[row["series"]] = sums.get(row["series"], 0) + int(row["value"])
    assert sums == evaluate_json(run, "-s", PAYMENT)["counters"]
    assert [(row["minute"], row["series"]) for row in rows] == sorted({(row["minute"], row["series"]) for row in rows})


def test_windows_of_slow_requests_add_up_to_those_of_evaluate(run: Run) -> None:
    rows = read_csv(run("windows", "-s", PAYMENT, "--table", "slow").out)
    assert list(rows[0]) == ["minute", "slow_request", "label", "count", "p50_ms", "p95_ms", "max_ms"]
    slow = evaluate_json(run, "-s", PAYMENT)["slow_requests"]
    for label, figures in slow.items():
        mine = [row for row in rows if row["label"] == label]
        assert sum(int(row["count"]) for row in mine) == figures["count"]
        assert max(float(row["max_ms"]) for row in mine) == figures["max_ms"]
    assert {row["label"] for row in rows} == set(slow)


@pytest.mark.parametrize("table", ["counters", "slow"])
def test_csv_json_and_parquet_hold_the_same_rows(run: Run, tmp_path: Path, table: str) -> None:
    import pandas as pd

    rows = read_csv(run("windows", "-s", PAYMENT, "--table", table).out)
    as_json = [json.loads(line) for line in run("windows", "-s", PAYMENT, "--table", table, "-f", "json").out.splitlines()]
    packed = run("windows", "-s", PAYMENT, "--table", table, "-f", "parquet").raw
    path = tmp_path / "windows.parquet"
    assert run("windows", "-s", PAYMENT, "--table", table, "-f", "parquet", "-o", path).out == ""
    assert path.read_bytes() == packed
    assert pd.read_parquet(io.BytesIO(packed)).to_dict("records") == as_json
    as_text = [
        {name: float(value) if name[-2:] in ("ue", "nt", "ms") else value for name, value in row.items()} for row in rows
    ]
    assert as_text == as_json


def test_windows_take_since_and_until(run: Run) -> None:
    rows = read_csv(run("windows", "-s", PAYMENT, "--since", "10m", "--until", "5m").out)
    assert sorted({row["minute"] for row in rows}) == [f"2026-02-24T06:{minute}:00Z" for minute in range(45, 55)]


def test_windows_tell_on_standard_error_what_is_not_in_the_table(run: Run) -> None:
    ran = run("windows", "-s", DEVELOPMENT)
    assert (ran.code, ran.out) == (0, "minute,series,value\n")
    assert ran.err == "표에 없는 로그: 카운터가 유실됨 (11)\n"


# ---- rules


def test_a_drill_takes_its_time_for_now(run: Run) -> None:
    ran = run("evaluate", "--source", "gcp://o4o-demo", "--dump-filter", LOGWATCH_NOW="2026-02-24T12:00:00Z")
    assert 'timestamp<"2026-02-24T11:59' in ran.out


@pytest.mark.parametrize(
    ("lang", "counted"),
    [
        ("ko", "규칙 25개: 런북 13개, 직접 추가 0개, logwatch 자체 규칙 12개. {} 3장의 11개 행과 일치합니다."),
        ("en", "25 rules: 13 of the runbook and 0 of your own; 12 more are logwatch's own. They agree with the 11 rows of section 3 in {}."),
    ],
)  # fmt: skip
def test_rules_check_agrees_with_the_runbook(run: Run, lang: str, counted: str) -> None:
    ran = run("rules", "check", "--lang", lang)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.strip() == counted.format(ROOT / "rules/runbook.md")


@pytest.mark.parametrize(
    ("lang", "counted"), [("ko", "런북 13개, 직접 추가 3개"), ("en", "13 of the runbook and 3 of your own")]
)
def test_rules_check_counts_the_rules_of_ones_own(run: Run, tmp_path: Path, lang: str, counted: str) -> None:
    folder = shutil.copytree(ROOT / "rules", tmp_path / "rules")
    rule = "- rule: own-{}\n  summary: {{ko: 가, en: a}}\n  count: auth.failure\n  normal: '<= 5'\n  warning: '> 20'\n"
    (folder / "own.yaml").write_text("".join(map(rule.format, range(3))), encoding="utf-8")
    assert counted in run("rules", "check", "--rules", folder, "--lang", lang).out


def test_rules_check_names_counters_that_nobody_knows(run: Run, tmp_path: Path) -> None:
    entry = json.loads((ROOT / PAYMENT).read_text().splitlines()[0])
    entry["jsonPayload"]["stock.reserved{service=kpa}"] = 1
    path = tmp_path / "new.ndjson"
    path.write_text(json.dumps(entry) + "\n")
    ran = run("rules", "check", "--source", path, "--lang", "en")
    assert ran.code == 0
    assert ran.err == "note: the logs carry the counter 'stock.reserved', which no rule or procedure covers\n"
    assert run("rules", "check", "-s", PAYMENT).err == ""


def test_rules_that_disagree_with_the_runbook_are_an_error(run: Run, tmp_path: Path) -> None:
    for file in (ROOT / "rules").glob("*"):
        if file.is_file() and not file.name.endswith(".test.yaml"):
            text = file.read_text(encoding="utf-8").replace('warning: "> 20"', 'warning: "> 25"')
            (tmp_path / file.name).write_text(text, encoding="utf-8")
    ran = run("rules", "check", "--rules", tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert "checkout.yaml" in ran.err
    assert "25" in ran.err


@pytest.mark.parametrize(("lang", "summary"), [("ko", "체크아웃 성공률 낮음"), ("en", "Checkout success rate low")])
def test_rules_list_shows_every_rule_with_its_bounds(run: Run, lang: str, summary: str) -> None:
    ran = run("rules", "list", "--lang", lang, COLUMNS="120")
    assert ran.code == 0
    row = next(line for line in ran.out.splitlines() if line.startswith("checkout-success"))
    assert row.split()[: 5 + (lang == "en")] == [
        "checkout-success",
        ">80%",
        "<60%",
        *{"ko": ["1분"], "en": ["1", "min"]}[lang],
        "4.1",
    ]
    assert row.rstrip().endswith(summary)
    assert len(ran.out.splitlines()) == 26 + 2  # what the bounds of slow requests are about, on two lines


@pytest.mark.long
def test_rules_schema_is_a_json_schema_that_takes_the_rules(run: Run, tmp_path: Path) -> None:
    import jsonschema
    import yaml

    schema = json.loads(run("rules", "schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    for name in ("checkout", "payment", "cache", "latency"):
        rules = yaml.safe_load((ROOT / f"rules/{name}.yaml").read_text(encoding="utf-8"))
        jsonschema.validate(rules, schema, cls=jsonschema.Draft202012Validator)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{"rule": "x", "nonsense": 1}], schema, cls=jsonschema.Draft202012Validator)
    path = tmp_path / "schema.json"
    assert run("rules", "schema", "-o", path).out == ""
    assert json.loads(path.read_text(encoding="utf-8")) == schema


# ---- output


def test_output_goes_to_a_file_in_utf_8_and_without_colour(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    ran = run("evaluate", "-s", PAYMENT, "-o", path, FORCE_COLOR="1")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("런북 3장 판정")
    assert "\x1b" not in text


@pytest.mark.long
@pytest.mark.parametrize("format_", ["json", "markdown", "html"])
def test_a_file_holds_what_the_screen_would_show(run: Run, tmp_path: Path, format_: str) -> None:
    path = tmp_path / "report"
    run("evaluate", "-s", PAYMENT, "-f", format_, "--output", path)
    assert path.read_bytes() == run("evaluate", "-s", PAYMENT, "-f", format_).raw


# ---- real processes


@pytest.mark.long
def test_the_command_in_a_process_of_its_own_does_what_the_tests_here_see(run: Run) -> None:
    inside = run("evaluate", "-s", PAYMENT, "--fail-on", "warning")
    outside = run_process("evaluate", "-s", PAYMENT, "--fail-on", "warning")
    assert (outside.returncode, outside.stdout.decode(), outside.stderr.decode()) == (1, inside.out, inside.err)


@pytest.mark.long
def test_version_and_help() -> None:
    assert run_process("--version").stdout.startswith(b"logwatch 0.")
    ran = run_process()
    assert b"evaluate" in ran.stdout + ran.stderr


@pytest.mark.long
def test_help_of_every_command_works_and_imports_neither_google_nor_pandas() -> None:
    code = f"""
import sys
from logwatch.cli.main import main
for command in {COMMANDS!r}:
    sys.argv = ["logwatch", *command, "--help"]
    try:
        main()
    except SystemExit as end:
        assert not end.code, command
heavy = {{"google", "grpc", "pandas", "numpy", "pyarrow", "jinja2"}} & set(sys.modules)
print("HEAVY", sorted(heavy))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=clean_environment(),
        timeout=PATIENCE_S,
        check=False,
    )
    assert ran.stderr == ""
    assert ran.stdout.count("사용법: ") == len(COMMANDS)
    assert ran.stdout.splitlines()[-1] == "HEAVY []"
    assert max(map(cell_len, ran.stdout.splitlines())) <= 80


@pytest.mark.long
@pytest.mark.parametrize("arguments", [["evaluate", "-s", PAYMENT], ["windows", "-s", STORM], ["rules", "schema"]])
def test_a_reader_who_leaves_early_hears_nothing(arguments: list[str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "logwatch", *arguments],
        cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=PATIENCE_S) != 1, "1 means that --fail-on was reached"


@pytest.mark.long
def test_the_first_line_can_be_cut_off() -> None:
    command = f"set -o pipefail; {sys.executable} -m logwatch windows -s {STORM} | head -1"
    ran = subprocess.run(
        [BASH, "-c", command], cwd=ROOT, env=clean_environment(), capture_output=True, timeout=PATIENCE_S, check=False
    )
    assert (ran.stdout, ran.stderr) == (b"minute,series,value\n", b"")


@pytest.mark.long
@pytest.mark.parametrize(
    ("what", "redirection", "environment"),
    [
        ("a full disk", "> /dev/full", {}),
        ("standard output that is closed", ">&-", {}),
        ("a terminal that knows only ASCII", "> /dev/null", {"PYTHONIOENCODING": "ascii"}),
    ],
)
def test_there_is_no_traceback_on(what: str, redirection: str, environment: dict[str, str]) -> None:
    command = f"{sys.executable} -m logwatch evaluate -s {PAYMENT} {redirection}"
    env = clean_environment(**environment)
    ran = subprocess.run([BASH, "-c", command], cwd=ROOT, env=env, capture_output=True, timeout=PATIENCE_S, check=False)
    assert b"Traceback" not in ran.stderr, what
    assert b"Exception ignored" not in ran.stderr, what
    assert ran.returncode != 1, "1 means that --fail-on was reached"


@pytest.mark.parametrize(("lang", "said"), [("en", "3 summaries or slow requests"), ("ko", "느린 요청 로그 3건")])
@pytest.mark.parametrize("command", ["evaluate", "report", "windows"])
def test_summaries_that_came_and_could_not_be_read_are_not_taken_for_another_service(
    run: Run, command: str, lang: str, said: str
) -> None:
    ran = run(command, "tests/fixtures/cases/counters-renamed.ndjson", LOGWATCH_LANG=lang)
    assert ran.code == 3
    assert said in ran.err
    assert "another service" not in ran.err
    assert "다른 서비스" not in ran.err


def test_a_wrong_time_is_told_by_the_option_it_was_given_with(run: Run) -> None:
    ran = run("explain", "payment-confirm", "--source", f"{LOGS}/payment.ndjson", "--at", "15;30")
    assert ran.code == 2
    assert "--at: '15;30'" in ran.err
