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
from tests.conftest import LOGS, ROOT, Run, clean_environment
from tests.support.local_google import LoggingServer, load_entries
from tests.support.patience import PATIENCE_S

NOW = "2026-02-24T07:00:00Z"
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
    """A folder with a recording, two folders of rules, and a state in which a run has judged and somebody has muted."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "monday.ndjson.gz").write_bytes(gzip.compress((ROOT / LOGS / "payment.ndjson").read_bytes()))
    for name in ("rules", "proposed"):
        shutil.copytree(ROOT / "rules", folder / name)
    return folder


@pytest.mark.parametrize("line", [line for line in LINES if not line.startswith(STAYS)])
def test_an_example_runs_as_it_is_printed(run: Run, desk: Path, tmp_path: Path, line: str) -> None:
    shutil.copytree(desk, tmp_path, dirs_exist_ok=True)
    words, _, into = line.partition(" > ")
    with LoggingServer(load_entries(ROOT / LOGS / "payment.ndjson")) as server:
        settings = {
            "LOGWATCH_STATE": str(tmp_path / "state.json"),
            "LOGWATCH_NOW": NOW,
            "LOGWATCH_LOGGING_ENDPOINT": server.address,
            "LOGWATCH_METRICS_PROJECT": "none",
            "LOGWATCH_LANG": "en",
            "XDG_CACHE_HOME": str(tmp_path),
        }
        reads_state = not into and not words.startswith(("logwatch rules", "logwatch cloud", "logwatch schema"))
        if reads_state:
            before = run("run", "gcp://my-project/o4o-core-api", cwd=tmp_path, **settings)
            assert before.code == 0, before.err
            muted = run("silence", "add", "--all", "--for", "1h", "--reason", "x", cwd=tmp_path, **settings)
            words = words.replace("3f9a1c", muted.out.splitlines()[1].partition(":")[0])
        if words == "logwatch run":
            settings |= {"LOGWATCH_SOURCE": "gcp://my-project/o4o-core-api"}
        ran = run(*shlex.split(words)[1:], cwd=tmp_path, **settings)
    # With nothing but a source set up, doctor rightly finds that nobody would be told.
    assert ran.code == (1 if words.startswith("logwatch doctor") else 0), ran.err
    assert "Usage" not in ran.err


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
