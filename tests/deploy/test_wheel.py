"""The wheel of `make dist`, installed where nothing of this clone is: as a tool, and in an environment of its own."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from logwatch import __version__
from logwatch.settings.schema import settings_schema
from tests.conftest import LOGS, ROOT, Run
from tests.support.documents import DEMO

UV = Path(sys.executable).with_name("uv")
LIBRARIES = sorted({*filter(os.path.isdir, (*sys.path, sysconfig.get_path("purelib")))} - {str(ROOT)})
"""What the dependencies are imported from: no index is asked in a test."""

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="a wheel's commit is git's to say")


def quiet(*command: object, cwd: Path, **more: str) -> str:
    """Run a program with nothing of this process around it, and give what it writes."""
    bare = {"PATH": os.environ["PATH"], "HOME": str(cwd), "COLUMNS": "80", "UV_OFFLINE": "1", "UV_NO_CONFIG": "1"} | more  # noqa: TID251 - only the path
    ran = subprocess.run([str(each) for each in command], cwd=cwd, env=bare, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what a wheel is made of, as it stands here, and commit it: a clone whose commit nobody else has."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("logwatch", "rules", "templates"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tools").mkdir()
    for name in ("pyproject.toml", "README.md", "tools/commit_hook.py"):
        shutil.copy(ROOT / name, folder / name)
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    for command in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "--message", "x")):
        quiet("git", *command, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def commit(clone: Path) -> str:
    return quiet("git", "rev-parse", "--short=9", "HEAD", cwd=clone).strip()


def built(clone: Path, **more: str) -> Path:
    quiet(Path(sys.executable).with_name("hatchling"), "build", "--target", "wheel", cwd=clone, **more)
    (made,) = (clone / "dist").glob("*.whl")
    return made


@pytest.fixture(scope="module")
def wheel(clone: Path) -> Path:
    return built(clone)


@pytest.fixture(scope="module")
def tool(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install it with `uv tool install`, and lend it the libraries that are here already; gives the folder it may be tried in."""
    home = tmp_path_factory.mktemp("home")
    names = re.findall(r"^Requires-Dist: ([\w-]+)", _read(wheel, "METADATA"), re.MULTILINE)
    (home / "lent").write_text("".join(f"{name}; python_version < '3'\n" for name in names))
    places = {"UV_TOOL_DIR": str(home / "tools"), "UV_TOOL_BIN_DIR": str(home / "bin"), "UV_CACHE_DIR": str(home / "cache")}
    quiet(
        UV, "tool", "install", "--no-index", "--python", sys.executable, "--overrides", home / "lent", wheel, cwd=home, **places
    )
    (site,) = (home / "tools" / "logwatch" / "lib").glob("python*/site-packages")
    (site / "lent.pth").write_text("".join(f"{each}\n" for each in LIBRARIES))
    return home


def _read(wheel: Path, name: str) -> str:
    with zipfile.ZipFile(wheel) as opened:
        (found,) = (each for each in opened.namelist() if each.endswith(f"/{name}"))
        return opened.read(found).decode()


def logwatch(home: Path, *arguments: object) -> str:
    return quiet(home / "bin" / "logwatch", *arguments, cwd=home)


@pytest.mark.long
def test_everything_that_is_not_python_is_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
    ours = {
        f"logwatch/_bundled/{path.relative_to(ROOT)}"
        for folder in ("rules", "templates")
        for path in (ROOT / folder).rglob("*.*")
    }
    ours |= {f"logwatch/{path.relative_to(ROOT / 'logwatch')}" for path in (ROOT / "logwatch").rglob("*.[jm]*")}
    assert {each for each in ours if "__pycache__" not in each} - names == set()
    assert not [name for name in names if name.startswith(("tests", "docs", "benchmarks", "tools"))]


def test_its_version_is_the_programs(wheel: Path) -> None:
    assert f"\nVersion: {__version__}\n" in _read(wheel, "METADATA")


@pytest.mark.long
def test_an_installed_tool_knows_its_commit_and_needs_nothing_of_the_clone(tool: Path, commit: str) -> None:
    assert logwatch(tool, "--version") == f"logwatch {__version__} ({commit})\n"
    where = quiet(
        tool / "tools/logwatch/bin/python",
        "-c",
        "import logwatch, logwatch.settings as s; print(logwatch.__file__, s.bundled('rules'))",
        cwd=tool,
    )
    assert [Path(each).is_relative_to(tool) for each in where.split()] == [True, True]


@pytest.mark.long
def test_an_installed_tool_judges_and_reports_as_a_clone_does(run: Run, tool: Path) -> None:
    shutil.copy(ROOT / DEMO[2], tool / "payment.ndjson")
    shown = logwatch(tool, *[each.replace(f"{LOGS}/", "") for each in DEMO]).splitlines()[1:]
    assert shown == run(*DEMO).out.splitlines()[1:]
    logwatch(tool, "report", "--source", "payment.ndjson", "--output", "page.html")
    assert "</html>" in (tool / "page.html").read_text()
    assert f'"{settings_schema()["title"]}"' in logwatch(tool, "settings", "--schema")


@pytest.mark.long
def test_a_clone_says_its_commit_and_whether_it_was_changed(clone: Path, commit: str, wheel: Path) -> None:
    def version() -> str:
        places = os.pathsep.join([str(clone), *LIBRARIES])
        return quiet(sys.executable, "-P", "-m", "logwatch", "--version", cwd=clone, PYTHONPATH=places).strip()

    assert version() == f"logwatch {__version__} ({commit})"
    readme = clone / "README.md"
    before = readme.read_text()
    readme.write_text("changed")
    assert version() == f"logwatch {__version__} ({commit}+)"
    readme.write_text(before)
    shutil.move(clone / ".git", clone / "git")
    assert version() == f"logwatch {__version__}", "without a clone there is no commit to tell"
    assert _read(built(clone, COMMIT="abc123"), "commit") == "abc123\n", "as in the build of the image"
    shutil.move(clone / "git", clone / ".git")
