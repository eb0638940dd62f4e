"""What a shell offers after Tab: bash itself is asked, with the script that `--show-completion` prints."""

import os
import shlex
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from logwatch.cli.main import COMMANDS, GROUPS
from logwatch.judge.verdicts import Level, Verdict, Why
from logwatch.notify.incidents import Memory
from logwatch.notify.silences import Silence
from logwatch.state.document import State, dump_state
from tests.conftest import ROOT, Run, clean_environment
from tests.support.local_gcs import serving
from tests.support.patience import PATIENCE_S

BASH = "bash"
ASK = """
source {script}
COMP_WORDS=({words})
COMP_CWORD={last}
_logwatch_completion logwatch
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
NOW = datetime(2026, 2, 24, 2, 53, tzinfo=UTC)
SHOPS = ("kpa", "kiosk", "glycopharm", "k$(touch pwned)", "k pa", "")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A state that has seen shops, of which some are named as nobody would, and a silence."""
    folder = tmp_path_factory.mktemp("completion")
    verdicts = tuple(
        Verdict(
            "payment-confirm", {"service": shop}, NOW, Level.NORMAL, 1.0, 9, 9, None, Why.NONE, timedelta(minutes=5), suspect=False
        )
        for shop in SHOPS
    )  # fmt: skip
    silence = Silence("3f9a1c", "cache-hit", {}, NOW + timedelta(days=1), "x", "dana", NOW)
    state = State(cursor=NOW, verdicts=verdicts, memory=Memory(silences=(silence,)))
    (folder / "state.json").write_bytes(dump_state(state))
    return {"LOGWATCH_STATE": str(folder / "state.json"), "PATH": f"{ROOT / '.venv/bin'}{os.pathsep}{os.defpath}"}


def offered(run: Run, settings: dict[str, str], line: str, folder: Path) -> set[str]:
    """Let bash complete the last word of a line."""
    script = folder / "logwatch.sh"
    script.write_text(run("--show-completion", "bash").out)
    words = line.split(" ")
    asked = ASK.format(script=script, words=" ".join(map(shlex.quote, words)), last=len(words) - 1)
    environment = clean_environment(**settings)
    ran = subprocess.run(
        [BASH, "--norc", "-c", asked], cwd=folder, env=environment, capture_output=True, timeout=PATIENCE_S, check=False
    )
    assert ran.stderr == b""
    assert not (folder / "pwned").exists()
    return set(ran.stdout.decode().split("\n")) - {""}


@pytest.mark.long
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("logwatch ", {*COMMANDS, *GROUPS}),
        ("logwatch ru", {"run", "rules"}),
        ("logwatch silence ", {"add", "list", "expire"}),
        ("logwatch evaluate --s", {"--source", "--since", "--service"}),
        ("logwatch evaluate --lang ", {"ko", "en"}),
        ("logwatch explain payment-c", {"payment-confirm"}),
        ("logwatch tune redis", {"redis-ping"}),
        ("logwatch silence add --rule cache-", {"cache-hit", "cache-error"}),
        ("logwatch silence add --shop k", {"kpa", "kiosk"}),
        ("logwatch explain payment-confirm --shop ", {"kpa", "kiosk", "glycopharm"}),
        ("logwatch silence expire 3", {"3f9a1c"}),
        ("logwatch schema ev", {"evaluate"}),
        ("logwatch --show-completion ", {"bash", "zsh", "fish"}),
        ("logwatch evaluate mond", set()),
    ],
)
def test_bash_offers(run: Run, settings: dict[str, str], tmp_path: Path, line: str, expected: set[str]) -> None:
    assert offered(run, settings, line, tmp_path) == expected


@pytest.mark.long
def test_where_nothing_can_be_known_nothing_is_offered(run: Run, settings: dict[str, str], tmp_path: Path) -> None:
    nowhere = settings | {"LOGWATCH_STATE": str(tmp_path / "none.json"), "LOGWATCH_RULES": str(tmp_path)}
    assert offered(run, nowhere, "logwatch silence add --shop k", tmp_path) == set()
    assert offered(run, nowhere, "logwatch explain pay", tmp_path) == set()


@pytest.mark.parametrize(
    ("shell", "mark"), [("bash", "complete -o default"), ("zsh", "#compdef"), ("fish", "--command logwatch")]
)
def test_each_shell_has_its_script(run: Run, shell: str, mark: str) -> None:
    ran = run("--show-completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert mark in ran.out
    assert "_LOGWATCH_COMPLETE" in ran.out


@pytest.mark.parametrize(
    ("shell", "started"), [("bash", ".bashrc"), ("zsh", ".zshrc"), ("fish", ".config/fish/completions/logwatch.fish")]
)
def test_a_script_is_put_where_the_shell_reads_it(run: Run, tmp_path: Path, shell: str, started: str) -> None:
    ran = run("--install-completion", shell, HOME=str(tmp_path))
    assert (ran.code, ran.err) == (0, "")
    assert "logwatch" in Path(ran.out.strip()).read_text()
    assert (tmp_path / started).exists()


def test_a_shell_that_is_not_known_is_asked_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> tuple[str, str]:
        return "tcsh", "/bin/tcsh"

    monkeypatch.setattr("shellingham.detect_shell", unknown)
    ran = run("--install-completion", LOGWATCH_LANG="en")
    assert (ran.code, ran.out) == (2, "")
    assert "name it: --install-completion bash, zsh or fish" in ran.err


@pytest.mark.long
def test_a_state_in_a_bucket_is_not_asked(run: Run, settings: dict[str, str], tmp_path: Path) -> None:
    with serving(0, "kept") as gcs:
        there = settings | {"LOGWATCH_STATE": "gs://kept/state.json", "STORAGE_EMULATOR_HOST": gcs.url}
        gcs.reset()
        assert offered(run, there, "logwatch silence expire ", tmp_path) == set()
        assert offered(run, there, "logwatch explain cache-hit --shop ", tmp_path) == set()
        assert gcs.requests() == []
