"""What several test files share: the option that rewrites golden files, and the command as a function."""

import contextlib
import gc
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from logwatch.state import gcs
from tests.support.patience import PATIENCE_S

# How long an example takes is the machine's affair, not the property's. `pytest --hypothesis-profile=thorough` looks further.
hypothesis.settings.register_profile("logwatch", deadline=None, max_examples=40)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=500)
hypothesis.settings.load_profile("logwatch")

# What tests make lives on, nearly all of it: collecting as often as Python does by itself finds little and costs much.
gc.set_threshold(50_000, 20, 50)

ROOT = Path(__file__).parent.parent
LOGS = "tests/fixtures/logs"
"""Relative, because reports name their source as it was typed."""

NOTHING_KEPT = dict.fromkeys(("XDG_CACHE_HOME", "XDG_STATE_HOME", "LOGWATCH_CONFIG"), os.devnull)
"""No state and no hours of whoever runs the tests, and no file of settings that happens to lie in the current folder."""
TERMINAL = {**NOTHING_KEPT, "COLUMNS": "80", "NO_COLOR": "1"}
"""And eighty cells without colours."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str
    raw: bytes
    """Standard output as bytes; `out` is this as UTF-8."""


Run = Callable[..., Ran]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one option; CI never sets it."""
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/fixtures/golden instead of comparing")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Tell whether golden files are to be rewritten."""
    return bool(request.config.getoption("--update-golden"))


def clean_environment(**more: str) -> dict[str, str]:
    """Give this process's environment without settings of logwatch or of the terminal, and with `more`."""
    hidden = ("LOGWATCH_", "FORCE_COLOR", "CLICOLOR", "GOOGLE_", "TERM", "COLUMNS", "PYTHONIOENCODING")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}  # noqa: TID251 - to hide it
    return kept | TERMINAL | more


@pytest.fixture(autouse=True, scope="session")
def _hasty_bucket() -> None:
    """Let saves in a bucket follow each other at once: one of this machine has no limit, but where a test sets it."""
    gcs.APART_S = 0.0


@pytest.fixture(autouse=True, scope="session")
def _no_cache() -> Iterator[None]:
    """Let runs in this process leave nothing in the cache of whoever tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", TERMINAL["XDG_CACHE_HOME"])
        yield


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give `run(*arguments, stdin=b"", cwd=ROOT, **environment)`: the command's own `main` in this process.

    Errors are English but where a test asks for a language.
    """

    def run_main(*arguments: str | Path, stdin: bytes = b"", cwd: Path = ROOT, **environment: str) -> Ran:
        from logwatch.cli.main import main
        from logwatch.languages import COMMON

        with monkeypatch.context() as patch:
            patch.chdir(cwd)
            for name in set(os.environ) - set(clean_environment()):  # noqa: TID251 - likewise
                patch.delenv(name)
            for name, value in (TERMINAL | environment).items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["logwatch", *map(str, arguments)])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
            out, err = _Kept(), _Kept()
            code = 0
            with contextlib.redirect_stdout(out.text), contextlib.redirect_stderr(err.text), _collecting():
                try:
                    main(otherwise=COMMON)
                except SystemExit as end:
                    code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        return Ran(code, out.written().decode(errors="replace"), err.written().decode(), out.written())

    return run_main


class _Kept:
    """A text stream over bytes that can be read back."""

    def __init__(self) -> None:
        self.bytes = io.BytesIO()
        self.text = io.TextIOWrapper(self.bytes, encoding="utf-8", write_through=True)

    def written(self) -> bytes:
        self.text.flush()
        return self.bytes.getvalue()


@contextlib.contextmanager
def _collecting() -> Iterator[None]:
    """Undo that the command switches garbage collection off."""
    try:
        yield
    finally:
        gc.enable()


def run_process(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the real command in a process of its own; `env` adds to a clean environment."""
    environment = clean_environment(**options.pop("env", {}))
    command = [sys.executable, "-m", "logwatch", *map(str, arguments)]
    defaults: dict[str, Any] = {"capture_output": True, "timeout": PATIENCE_S, "cwd": ROOT}
    return subprocess.run(command, env=environment, check=False, **(defaults | options))
