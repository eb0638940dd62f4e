"""Help and usage in both languages: every page of every command, and what is wrong with a command's words."""

import ast
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.cells import cell_len
from typer.main import get_command

from logwatch.cli.main import app
from logwatch.cli.usage.pages import folded
from logwatch.languages.phrases import FOLDER, Template, spoken
from logwatch.settings import field_names, variable
from tests.conftest import LOGS, Run, clean_environment
from tests.support.patience import PATIENCE_S

SECTIONS = json.loads((FOLDER / "ko.json").read_bytes())
HELP, USAGE = SECTIONS["help"], SECTIONS["usage"]
CALM = f"{LOGS}/calm.ndjson"
MARKS = re.compile(r"  \[[^\[\]]*\]$")


def commands(group: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, group
    context = typer.Context(group)
    for name in group.list_commands(context) if hasattr(group, "list_commands") else ():
        yield from commands(group.get_command(context, name), *path, name)


PAGES = dict(commands(get_command(app)))


def texts(command: Any) -> Iterator[str]:
    """Give what a page says, each text by itself."""
    context = typer.Context(command)
    for paragraph in f"{command.help or ''}\n\n{command.epilog or ''}".split("\n\n"):
        if paragraph.startswith("logwatch "):  # the examples, which are for every language
            continue
        yield from [" ".join(paragraph.split())] if "\b" not in paragraph else paragraph.replace("\b", "").strip().split("\n")
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        yield " ".join(MARKS.sub("", record[1]).split()) if record else ""


def test_every_help_text_is_said() -> None:
    unsaid = {text for page in PAGES.values() for text in texts(page) if text and spoken(text, "ko") == text}
    assert {text for text in unsaid if re.search(r"[a-z]{3} ", text) and text not in HELP} == set()


def test_every_phrase_of_help_is_on_a_page() -> None:
    shown = {text for page in PAGES.values() for text in texts(page)}
    forms = {english: Template.read(english, said) for english, said in HELP.items()}
    assert [english for english, form in forms.items() if not any(map(form.match, shown))] == []


def test_the_words_of_usage_are_typers_own() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in Path(typer.__file__).parent.rglob("*.py"))
    words = {word for text in USAGE for word in re.findall("[A-Za-z]{2,}", re.sub(r"\{\w+\}", "", text))}
    assert [word for word in words if word not in source] == []


@pytest.mark.parametrize("columns", ["80", "40"])
@pytest.mark.parametrize("path", PAGES, ids=" ".join)
def test_every_page_in_korean_fits_its_width(run: Run, path: tuple[str, ...], columns: str) -> None:
    ran = run(*path, "--help", LOGWATCH_LANG="ko", COLUMNS=columns)
    assert (ran.code, ran.out.startswith("사용법: ")) == (0, True), ran.err
    prose = [line for line in ran.out.splitlines() if re.search("[가-힣]", line)]
    assert [line for line in prose if cell_len(line) > int(columns)] == []


RAW = re.compile(r"<(str|int|bool|float|path|int range|file)>|list\[|\.\.\.$|<=x<=|\{[A-Z]+\}|\[SOURCE\.\.\.\]")


@pytest.mark.parametrize("path", PAGES, ids=" ".join)
def test_no_page_is_cut_or_names_a_type_of_python(run: Run, path: tuple[str, ...]) -> None:
    ran = run(*path, "-h", LOGWATCH_LANG="en", COLUMNS="80")
    assert (ran.code, ran.err) == (0, "")
    usage, *lines = ran.out.splitlines()
    assert [line for line in lines if RAW.search(line)] == []
    assert "{" not in usage
    assert [line for line in lines if len(line) > 80] == []
    assert run(*path, "--help", LOGWATCH_LANG="en", COLUMNS="80") == ran


@pytest.mark.parametrize("path", PAGES, ids=" ".join)
def test_an_option_that_has_one_names_its_environments_variable(path: tuple[str, ...]) -> None:
    context = typer.Context(PAGES[path])
    twins = [each for each in PAGES[path].params if each.param_type_name == "option" and each.name in field_names()]
    assert [each.name for each in twins if variable(each.name) not in each.get_help_record(context)[1]] == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["serve", "--port", "70000"], "'70000' is not at most 65535"),
        (["serve", "--port", "http"], "'http' stands where a whole number belongs"),
        (["beta-exit", "--days", "0"], "'0' is not at least 1"),
        (["evaluate", "--format", "pdf"], "'pdf' is not one of 'table', 'json', 'markdown', 'html'"),
        (["evaluate", CALM, "--lang", "fr"], "ko"),
    ],
)
def test_a_wrong_value_is_told_without_words_of_a_library(run: Run, arguments: list[str], told: str) -> None:
    ran = run(*arguments, LOGWATCH_LANG="en")
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert "Input should" not in ran.err
    assert "Value error" not in ran.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["evaluate", "--grace"], "오류: 없는 옵션: --grace (비슷한 옵션: --service, --source)"),
        (["nope"], "오류: 'nope' 명령이 없습니다."),
        (["silence", "nope"], "오류: 'nope' 명령이 없습니다."),
        (["explain"], "오류: 필수 인수가 없습니다: 'RULE'."),
        (["silence", "add"], "오류: 필수 옵션이 없습니다: '--reason'."),
        (
            ["evaluate", "--format", "pdf"],
            "오류: '--format' / '-f' 값이 잘못되었습니다: 'pdf': 쓸 수 있는 값은 'table', 'json', 'markdown', 'html'입니다.",
        ),
        (["digest", "one", "two"], "오류: 남는 인수가 있습니다"),
    ],
)
def test_wrong_words_are_told_in_korean(run: Run, arguments: list[str], told: str) -> None:
    ran = run(*arguments, LOGWATCH_LANG="ko")
    assert ran.code == 2
    assert told in ran.err
    assert "도움말: logwatch" in ran.err


def test_an_option_without_its_value_is_told_in_korean(run: Run) -> None:
    assert run("evaluate", "--since", LOGWATCH_LANG="ko").err == "오류: '--since' 옵션에는 값이 필요합니다.\n"


def test_a_page_and_a_completion_import_nothing_that_takes_long(tmp_path: Path) -> None:
    program = "import sys; from logwatch.cli.main import main\ntry: main()\nexcept SystemExit: print(sorted(sys.modules), file=sys.stderr)"
    heavy = {"logwatch.settings", "logwatch.wiring", "pandas", "google", "yaml", "jinja2", "logwatch.cli.evaluate"}
    for more in ({}, {"_LOGWATCH_COMPLETE": "complete_bash", "COMP_WORDS": "logwatch ev", "COMP_CWORD": "1"}):
        ran = subprocess.run(
            [sys.executable, "-c", program, "--help"], env=clean_environment(LOGWATCH_CONFIG="", **more), cwd=tmp_path,
            capture_output=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        assert b"evaluate" in ran.stdout
        assert heavy & set(ast.literal_eval(ran.stderr.decode())) == set()


@pytest.mark.parametrize("name", ["logwatch.toml", "other.toml"])
def test_a_page_is_in_the_language_of_the_settings_file(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("lang = 'ko'\n")
    named = {"LOGWATCH_LANG": "", "LOGWATCH_CONFIG": "" if name == "logwatch.toml" else name}
    assert run("alerts", "-h", cwd=tmp_path, **named).out.startswith("사용법: ")


def test_a_group_without_a_command_shows_its_page(run: Run) -> None:
    ran = run("silence", LOGWATCH_LANG="ko")
    assert (ran.code, ran.out) == (2, "")
    assert "알림 중지" in ran.err


@pytest.mark.parametrize(("columns", "width"), [(0, 80), (10, 40), (40, 40), (120, 120)])
def test_a_message_takes_the_width_that_tables_take(columns: int, width: int) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    with os.fdopen(ours), os.fdopen(theirs, "w") as terminal:
        lines = folded("word " * 100, terminal).splitlines()
    assert width - 10 <= max(map(len, lines)) <= width
