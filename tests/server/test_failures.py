"""Whatever ends a run or a server, or a part of them, leaves a line of its own that the alert policy and the documented queries find."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from logwatch.errors import LogwatchError, StoreError, UnforeseenError
from logwatch.logs import failures_told
from tests.conftest import ROOT, Run, clean_environment
from tests.support.local_google.filters import matches
from tests.support.local_http import free_port
from tests.support.patience import PATIENCE_S
from tests.support.run_lines import JOB, SERVICE, as_entry, documented_filters, policy_filter

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "s3cr3t-in-an-error"  # noqa: S105 - looked for in what is told
DRIVER = f"""
import http.client, os, signal, threading
from logwatch.cli import serve
from logwatch.cli.main import run
from logwatch.targets import prepare
from logwatch.errors import StoreError

def ask(method, path):
    link = http.client.HTTPConnection("127.0.0.1", ask.port, timeout={PATIENCE_S})
    link.request(method, path)
    status = link.getresponse().status
    link.close()
    return status

def clients():
    statuses = [ask("POST", "/tick") for _ in range(3)]
    serve.TickService._health = lambda self: {{}}["{SECRET}"]
    statuses.append(ask("GET", "/healthz"))
    assert statuses == [503] * 4, statuses
    os.kill(os.getpid(), signal.SIGTERM)

def fail(parts, clock, started_s):
    fail.times += 1
    if fail.times == 1:
        raise StoreError("the state cannot be read", where="gs://b/state.json", hint="grant roles/storage.objectUser")
    if fail.times == 2:
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
    return {{}}["{SECRET}"]

told = serve._tell_listening

def listening(address):
    told(address)
    ask.port = int(address.rpartition(":")[2])
    threading.Thread(target=clients).start()

fail.times, prepare.run_once, serve._tell_listening = 0, fail, listening
run()
"""
"""`logwatch serve` as it is, but for what its ticks and one of its requests come upon."""


def run_line(line: dict[str, Any]) -> dict[str, Any]:
    assert set(line) == {"severity", "message", "run"}
    assert line["severity"] == "ERROR"
    assert set(line["run"]) >= {"owner", "errors"}
    return dict(line["run"])


@pytest.mark.long
def test_what_fails_in_a_server_is_a_line_that_the_policy_and_the_documents_find(tmp_path: Path) -> None:
    """A tick's error, a thread's, a bug in a tick, and one in a request: each once, with its trace, and none on standard error."""
    environment = {
        "LOGWATCH_SOURCE": "gcp://o4o-demo",
        "LOGWATCH_STATE": str(tmp_path / "state.json"),
        "LOGWATCH_NOW": "2026-02-24T12:00Z",
    }
    with free_port() as port:
        ran = subprocess.run(
            [sys.executable, "-c", DRIVER, "serve", "--no-auth", "--port", str(port)],
            env=clean_environment(**environment), cwd=ROOT, capture_output=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
    assert (ran.returncode, ran.stderr.decode()) == (0, "")
    written = ran.stdout.decode()
    assert SECRET not in written
    lines = written.splitlines()
    failed = [line for line in lines if json.loads(line)["severity"] == "ERROR"]
    told = [run_line(json.loads(line)) for line in failed]
    assert [each["errors"][0].splitlines()[0] for each in told[:1]] == ["gs://b/state.json: the state cannot be read"]
    assert [json.loads(line)["message"].partition(":")[0] for line in failed] == ["run", "serve", "run", "run", "serve"]
    assert ["ZeroDivisionError" in each["errors"][0] for each in told] == [False, True, False, False, False]
    assert ["trace" in each for each in told] == [False, True, True, True, True]
    assert len({each["owner"] for each in told}) == 1
    asked = [policy_filter("run-failed"), *documented_filters(["docs/operations.md"], "severity>=ERROR")]
    assert len(asked) >= 2
    for text in asked:
        assert [line for line in lines if matches(text, as_entry(line, SERVICE))] == failed


@pytest.mark.parametrize(
    ("command", "settings", "code"),
    [
        (["serve"], {"LOGWATCH_SOURCE": "gcp://o4o-demo"}, 2),
        (["serve", "--no-auth"], {}, 2),
        (["serve", "--no-auth"], {"LOGWATCH_SOURCE": "gcp://o4o-demo", "LOGWATCH_GRACE": "soon"}, 2),
        (["serve", "--no-auth"], {"LOGWATCH_SOURCE": "gcp://o4o-demo", "PORT": "x"}, 2),
        (["run"], {}, 2),
        (["run"], {"LOGWATCH_SOURCE": "gcp://o4o-demo", "LOGWATCH_STATE": "/"}, 2),
        (["run"], {"LOGWATCH_SOURCE": "gcp://o4o-demo", "LOGWATCH_STATE": "/proc/none/state.json"}, 3),
    ],
)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_what_cannot_start_leaves_the_same_line(
    run: Run, command: list[str], settings: dict[str, str], code: int, lang: str
) -> None:
    ran = run(*command, LOGWATCH_METRICS_PROJECT="none", LOGWATCH_LANG=lang, **settings)
    assert ran.code == code
    (line,) = ran.out.splitlines()
    assert not re.search("[가-힣]", run_line(json.loads(line))["errors"][0]), "English, for whoever searches the log"
    assert ran.err.startswith("logwatch: ")
    for resource in (JOB, SERVICE):
        assert matches(policy_filter("run-failed"), as_entry(line, resource))


def test_a_bug_ends_a_command_with_1_and_its_hook_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    before = threading.excepthook
    with pytest.raises(UnforeseenError) as raised, failures_told("run", "me"):
        raise ValueError(SECRET)
    assert raised.value.exit_code == 1
    assert threading.excepthook is before
    line = json.loads(capsys.readouterr().out)
    assert run_line(line)["owner"] == "me"
    assert SECRET not in json.dumps(line) + str(raised.value)
    with pytest.raises(LogwatchError, match="no room"), failures_told("run", "me"):
        raise StoreError("no room")
