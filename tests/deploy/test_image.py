"""The image, built from the Dockerfile and run: what Cloud Run will start. Asked for by `make image`."""

import json
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from logwatch import __version__
from tests.conftest import LOGS, ROOT
from tests.support.checkout_errors import ENTRIES, FIRES
from tests.support.documents import DEMO, README
from tests.support.faults import texts
from tests.support.world import World

TOOL = ROOT / "tools" / "build-image-without-docker"
MISSING = 77
"""The tool's exit code where something is missing on this machine."""

pytestmark = pytest.mark.image


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    built = subprocess.run([TOOL, "--build"], capture_output=True, text=True, check=False, timeout=1200)
    if built.returncode == MISSING:
        pytest.skip(built.stderr.strip())
    assert built.returncode == 0, built.stderr[-2000:]


def in_image(
    *command: str, stdin: bytes = b"", environment: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[bytes]:
    options = [f"--env={name}={value}" for name, value in environment.items()]
    return subprocess.run([TOOL, "--run", *options, "--", *command], input=stdin, capture_output=True, check=False, timeout=300)


def python(code: str) -> str:
    ran = in_image("python", "-c", code)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.decode().strip()


def test_the_image_says_of_the_sample_what_the_readme_says() -> None:
    ran = in_image("logwatch", *["-" if each.startswith(LOGS) else each for each in DEMO], stdin=(ROOT / DEMO[2]).read_bytes())
    assert ran.returncode == 0, ran.stderr
    shown = ran.stdout.decode().splitlines()[1:]
    assert [line.rstrip() for line in shown] == [
        line.rstrip() for line in README.split(DEMO[2])[1].splitlines()[1 : len(shown) + 1]
    ]


def test_a_run_of_the_image_reads_tells_and_remembers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with World(tmp_path, ENTRIES, now=FIRES, in_bucket=True) as world:
        ran = in_image("logwatch", "run", environment=world.environment)
        assert (ran.returncode, ran.stderr) == (0, b"")
        told = json.loads(ran.stdout)
        assert (told["severity"], told["run"]["sent"]) == ("WARNING", 2)
        assert (len(texts(world)), len(world.smtp.mails)) == (1, 1)
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", world.environment["STORAGE_EMULATOR_HOST"])
        assert world.state().alerts
        again = in_image("logwatch", "run", environment=world.environment)
        assert again.returncode == 0, again.stderr
        assert len(texts(world)) == 1


def test_the_image_serves_too_and_lets_nobody_in_without_a_token(tmp_path: Path) -> None:
    code = """
import os, subprocess, time, urllib.error, urllib.request
server = subprocess.Popen(["logwatch", "serve"], stdout=subprocess.DEVNULL)
def ask(path, method):
    try:
        return urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{os.environ['PORT']}{path}", method=method)).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None
for _ in range(1500):
    if ask("/healthz", "GET") is not None or server.poll() is not None:
        break
    time.sleep(0.2)
told = ask("/healthz", "GET"), ask("/tick", "POST")
server.terminate()
print(*told, server.wait(300))
"""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    caller = {
        "PORT": port,
        "LOGWATCH_SERVE_AUDIENCE": "https://logwatch-1.asia-northeast3.run.app",
        "LOGWATCH_SERVE_CALLER": "logwatch-caller@p.iam.gserviceaccount.com",
        "LOGWATCH_SERVE_SIGNATURE": "removed",
    }
    with World(tmp_path, ENTRIES, now=FIRES, in_bucket=True) as world:
        ran = in_image("python", "-c", code, environment={**world.environment, **caller})
        assert (ran.returncode, ran.stdout.decode().strip()) == (0, "200 401 0"), ran.stderr


def test_arguments_follow_the_name_and_nobody_in_particular_runs_it() -> None:
    settings = json.loads(subprocess.run([TOOL, "--inspect"], capture_output=True, check=True).stdout)["OCIv1"]["config"]
    assert (settings["Entrypoint"], settings.get("Cmd"), settings["User"]) == (["logwatch"], None, "10001")
    assert "PYTHONUNBUFFERED=1" in settings["Env"]
    assert not [each for each in settings["Env"] if each.startswith("PIP_")]


def test_it_runs_as_nobody_in_particular_and_has_nothing_to_build_with() -> None:
    assert python("import os; print(os.getuid())") == "10001"
    assert python("import shutil; print([tool for tool in ('gcc', 'cc', 'make', 'git') if shutil.which(tool)])") == "[]"
    assert (
        python("import importlib.util as u; print([each for each in ('pip', 'hatchling', 'pytest') if u.find_spec(each)])")
        == "[]"
    )


def test_every_module_that_a_run_loads_comes_as_bytecode() -> None:
    code = """
import sys, logwatch.cli.main, logwatch.pipeline.run, logwatch.wiring, logwatch.ui.charts
import logwatch.notify.channels.slack.sender, logwatch.notify.channels.email.sender
import pandas, matplotlib.figure, slack_sdk.webhook, google.cloud.logging_v2, google.cloud.monitoring_v3, google.cloud.storage, pathlib
loaded = [module.__spec__ for module in list(sys.modules.values()) if getattr(module, "__spec__", None)]
sources = [spec for spec in loaded if spec.origin and spec.origin.endswith(".py")]
missing = [spec.origin for spec in sources if not spec.cached or not pathlib.Path(spec.cached).exists()]
print(len(sources) > 1000, missing)
"""
    assert python(code) == "True []"


def test_it_knows_its_commit() -> None:
    head = subprocess.run(
        [str(shutil.which("git")), "rev-parse", "--short=9", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert in_image("logwatch", "--version").stdout.decode() == f"logwatch {__version__} ({head.strip()})\n"


def test_what_is_bundled_is_there() -> None:
    assert in_image("logwatch", "rules", "check").returncode == 0
    assert "_bundled" in python("import logwatch.settings as c; print(c.bundled('rules'))")
