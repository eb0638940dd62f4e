"""What stands under Examples in each --help runs as it is printed, in a folder that holds what the lines name."""

import gzip
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from logwatch.cli.main import COMMANDS, GROUPS
from logwatch.cli.usage.examples import EXAMPLES
from logwatch.state.document import load_state
from tests.conftest import LOGS, ROOT, Run, clean_environment
from tests.support.local_google import LoggingServer, load_entries
from tests.support.patience import PATIENCE_S

SOURCE = "gcp://my-project/my-service"
SETTINGS = {
    "LOGWATCH_STATE": "state.json",
    "LOGWATCH_NOW": "2026-02-24T07:00:00Z",
    "LOGWATCH_METRICS_PROJECT": "none",
    "LOGWATCH_LANG": "en",
}
LINES = sorted({line for lines in EXAMPLES.values() for line in lines})
STAYS = "logwatch serve"


def test_every_command_has_one_or_two_examples() -> None:
    groups = {f"{group} {name}" for group, (_, commands) in GROUPS.items() for name in commands}
    assert set(EXAMPLES) == {"", *COMMANDS, *GROUPS, *groups}
    assert all(1 <= len(lines) <= 2 for lines in EXAMPLES.values())
    assert [line for line in LINES if len(line) > 78] == []


@pytest.mark.parametrize("words", EXAMPLES)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_help_ends_with_the_examples(run: Run, words: str, lang: str) -> None:
    ran = run(*words.split(), "-h", LOGWATCH_LANG=lang)
    assert ran.code == 0
    head = {"ko": "예", "en": "Examples"}[lang]
    assert ran.out.endswith("".join([f"\n{head}:\n", *(f"  {line}\n" for line in EXAMPLES[words])]))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recording, two folders of rules, and what Cloud Logging holds; the first example that runs adds a state."""
    folder = tmp_path_factory.mktemp("desk")
    lines = (ROOT / LOGS / "payment.ndjson").read_bytes().replace(b"o4o-demo", b"my-project")
    (folder / "monday.ndjson.gz").write_bytes(gzip.compress(lines))
    (folder / "lines.ndjson").write_bytes(lines + lines.replace(b"o4o-core-api", b"my-service"))
    for name in ("rules", "proposed"):
        shutil.copytree(ROOT / "rules", folder / name)
    return folder


@pytest.mark.long
@pytest.mark.parametrize("line", [line for line in LINES if not line.startswith(STAYS)])
def test_an_example_runs_as_it_is_printed(run: Run, desk: Path, tmp_path: Path, line: str) -> None:
    words, _, _ = line.partition(" > ")
    with LoggingServer(load_entries(desk / "lines.ndjson")) as server:
        settings = SETTINGS | {"LOGWATCH_LOGGING_ENDPOINT": server.address, "XDG_CACHE_HOME": str(tmp_path)}
        if not (desk / "state.json").exists():
            assert run("run", SOURCE, cwd=desk, **settings).code == 0
            assert run("silence", "add", "--all", "--for", "1h", "--reason", "x", cwd=desk, **settings).code == 0
        shutil.copytree(desk, tmp_path, dirs_exist_ok=True)
        words = words.replace("3f9a1c", load_state((desk / "state.json").read_bytes()).memory.silences[0].id)
        if words == "logwatch run":
            settings |= {"LOGWATCH_SOURCE": SOURCE}
        if words.startswith(("logwatch cloud rights", "logwatch cloud ship")):  # of an installation, and its settings file
            settings |= {"LOGWATCH_SOURCE": SOURCE, "LOGWATCH_STATE": "gs://my-bucket/state.json"}
            (tmp_path / "logwatch.toml").write_text('[[targets]]\nname = "cart"\nrules = "proposed"\n')
        ran = run(*shlex.split(words)[1:], cwd=tmp_path, **settings)
    # With nothing but a source set up, doctor rightly finds that nobody would be told.
    assert ran.code == (2 if words.startswith("logwatch doctor") else 0), ran.out + ran.err
    assert "Usage" not in ran.err


@pytest.mark.long
@pytest.mark.parametrize("line", [line for line in LINES if line.startswith(STAYS)])
def test_an_example_that_stays_listens(tmp_path: Path, line: str) -> None:
    settings = clean_environment(LOGWATCH_SOURCE="gcp://my-project", LOGWATCH_STATE=str(tmp_path / "state.json"))
    command = [sys.executable, "-m", *shlex.split(line)]
    with subprocess.Popen(command, env=settings, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as served:
        assert served.stdout
        told = served.stdout.readline()
        served.terminate()
        served.communicate(timeout=PATIENCE_S)
    assert b"listens on" in told or b"in use" in told
