"""The documents say what the program does: their commands parse, their tables are complete, their outputs are real."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from logwatch.collect.parse import Reason
from tests.conftest import LOGS, ROOT, Run
from tests.support.documents import DEMO, DOCUMENTS, README


def commands() -> list[str]:
    """Every logwatch command of the documents, in fences and between backticks, without what stands before a pipe."""
    pattern = re.compile(r"(?:^|[`|$&] ?)(logwatch (?:evaluate|report|windows|rules|backtest|tune)[^`\n&|]*)", re.MULTILINE)
    return sorted({match[1].strip() for document in DOCUMENTS for match in pattern.finditer(document.read_text())})


def arguments_of(command: str) -> list[str]:
    """Give the command's arguments, a small recording in place of every one that it names."""
    arguments = shlex.split(command)[1:]
    arguments = [re.sub(r"^[\w/.-]+\.ndjson(\.gz)?$|^exported/$|^-$", f"{LOGS}/calm.ndjson", each) for each in arguments]
    arguments = [re.sub(r"^(labels\.\w+)$", r"tests/fixtures/incidents/\1", each) for each in arguments]
    arguments = ["rules" if each == "proposed" else each for each in arguments if each != "…"]
    if arguments in (["rules"], ["rules", "new"]):
        arguments.append("--help")
    if any(each.startswith(("gcp://", "bq://")) for each in arguments):
        arguments.append("--dump-filter")
    if "--output" in arguments:
        arguments[arguments.index("--output") + 1] = "/dev/null"
    if arguments in (["backtest"], ["tune"]):
        arguments += ["cache-hit", f"{LOGS}/calm.ndjson"][arguments == ["backtest"] :]
    if not {"--source", "rules", "backtest", "tune", "--help", f"{LOGS}/calm.ndjson"} & set(arguments):
        arguments += ["--source", f"{LOGS}/calm.ndjson"]
    return arguments


def is_long(command: str) -> bool:
    """Tell whether a command draws a page, or runs the cases of all rules."""
    return command.startswith(("report", "rules test", "rules new ")) or "html" in command


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(command, marks=[pytest.mark.long] if is_long(command) else [])
        for command in sorted({shlex.join(arguments_of(command)) for command in commands()})
    ],
)
def test_a_command_of_the_documents_parses(run: Run, tmp_path: Path, command: str) -> None:
    arguments = shlex.split(command)
    if arguments[:2] == ["rules", "new"] and "--help" not in arguments:
        arguments += ["--rules", str(shutil.copytree(ROOT / "rules", tmp_path / "rules"))]
        arguments = [each.partition("|")[0] for each in arguments]
    ran = run(*arguments)
    assert ran.code in {0, 1}, ran.err
    assert "Usage" not in ran.err


def test_there_are_commands_to_test() -> None:
    assert len(commands()) >= 10


def test_the_readme_shows_what_the_demo_prints(run: Run) -> None:
    assert run(*DEMO).out.strip() in README


def test_the_demo_of_the_makefile_is_the_one_of_the_readme() -> None:
    assert " ".join(DEMO) in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_stands_in_the_documents(reason: Reason) -> None:
    assert f"`{reason}`" in (ROOT / "docs" / "data.md").read_text()


@pytest.mark.parametrize("lock", sorted(path.name for path in ROOT.glob("*.lock")))
def test_a_lock_has_hashes_and_names_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text
    pinned = re.findall(r"^[a-z0-9][\w.\[\]-]*==[^ ;\\]+", text, re.MULTILINE)
    assert len(pinned) > (3 if lock in {"requirements-build.lock", "requirements-rivals.lock"} else 40)
