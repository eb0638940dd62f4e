"""Folders of rules by somebody who means harm, read by the real command with little memory: all faults named, in each language."""

import os
import resource
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from logwatch.judge.rules.load import load_rules
from logwatch.judge.rules.unit_tests import run_cases
from logwatch.judge.rules.yaml_lines import MOST_PROBLEMS, RuleProblemsError
from logwatch.settings import bundled
from tests.conftest import run_process

MEMORY = 1 << 30
"""Bytes of address space; the command takes half of it for its libraries."""


def bomb(ways: int) -> str:
    names = [f"a{number}" for number in range(12)]
    rows = [f"{after}: &{after} [{', '.join([f'*{name}'] * ways)}]" for name, after in pairwise(names)]
    return "\n".join(["a0: &a0 [x]", *rows])


FILES: dict[str, tuple[bytes, str, str]] = {
    "bomb": (bomb(9).encode(), ":2: '*a0' stands for something else", ":2: '*a0' 별칭은 쓸 수 없습니다"),
    "object": (b"- rule: !!python/object/apply:os.system [id]", ":1: the tag 'tag:yaml.org,2002:python", ":1: 'tag:yaml.org"),
    "flow": (b"[" * 100_000 + b"]" * 100_000, ":1: more than 20 levels", ":1: 20단계보다 깊게"),
    "block": (b"- " * 100_000, ":1: more than 20 levels", ":1: 20단계보다 깊게"),
    "keys": (b"{a: " * 100_000, ":1: more than 20 levels", ":1: 20단계보다 깊게"),
    "date": (b"- rule: a\n- rule: 2026-02-30", ":2: '2026-02-30' is read as a date", ":2: '2026-02-30': 날짜나 숫자로"),
    "day": (b"- rule: 2026-02-24", ":1: rule: '2026-02-24' stands where a text", ":1: rule: '2026-02-24'"),
    "number": (b"- rule: " + b"9" * 9000, ":1: '99999", ":1: '99999"),
    "nul": (b"- rule: a\n- rule: a\0b", ":2: here stands the character U+0000", ":2: 텍스트에 쓸 수 없는 문자(U+0000)"),
    "bytes": (b"- rule: a\n- rule: \xff", ":2: not written in UTF-8", ":2: UTF-8로 저장된 파일이 아닙니다"),
    "scalar": (b"- rule: " + b"x" * 900_000, ":1: a text of more than", ":1: 텍스트가 20000자를"),
    "large": (b"- rule: " + b"x" * 9_000_000, ": cannot be read: it is larger", ": 읽을 수 없습니다: 1024 KiB보다"),
    "twice": (b"- rule: a\n  rule: b", ":2: 'rule' stands twice", ":2: 'rule'"),
    "merge": (b"- &x {rule: a}\n- <<: *x", ":2: '*x' stands for something else", ":2: '*x' 별칭은"),
    "merged": (b"- rule: a\n  <<: {rule: b}", ":2: '<<' is not known here", ":2: '<<'"),
    "documents": (b"- rule: a\n---\n- rule: b", ":2: a second document", ":2: 한 파일에 YAML 문서가"),
}
PLACES = {
    "folder": ("Is a directory", "폴더입니다"),
    "loop": ("Too many levels of symbolic links", "심볼릭 링크"),
    "nowhere": ("No such file or directory", "파일이나 폴더가 없습니다"),
    "pipe": ("this is not a plain file", "일반 파일이 아닙니다"),
    "endless": ("this is not a plain file", "일반 파일이 아닙니다"),
    "hole": ("it is larger than 1024 KiB", "1024 KiB보다"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "rules"
    shutil.copytree(bundled("rules"), copy)
    return copy


def limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


@pytest.mark.long
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_every_fault_of_a_folder_is_named_in_little_memory(folder: Path, lang: str) -> None:
    for name, (raw, *_) in FILES.items():
        (folder / f"{name}.yaml").write_bytes(raw)
    (folder / "folder.yaml").mkdir()
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (folder / "nowhere.yaml").symlink_to("elsewhere")
    os.mkfifo(folder / "pipe.yaml")
    (folder / "endless.yaml").symlink_to("/dev/zero")
    with (folder / "hole.yaml").open("wb") as file:
        file.truncate(1 << 40)
    ran = run_process("rules", "check", "--rules", folder, env={"LOGWATCH_LANG": lang}, preexec_fn=limit_memory)
    told = ran.stderr.decode()
    assert (ran.returncode, "Traceback" in told) == (2, False), told[-2000:]
    second = lang == "ko"
    for name, (_, *said) in FILES.items():
        assert f"{folder}/{name}.yaml{said[second]}" in told, name
    for name, reasons in PLACES.items():
        line = next(line for line in told.splitlines() if f"{folder}/{name}.yaml: " in line)
        assert reasons[second] in line, name
    assert len(told) < 20_000


def test_whoever_makes_ten_thousand_mistakes_is_told_a_hundred(folder: Path) -> None:
    (folder / "own.yaml").write_text("- rule: x\n" * 10_000)
    with pytest.raises(RuleProblemsError) as caught:
        load_rules(folder)
    assert len(caught.value.problems) == MOST_PROBLEMS + 1
    assert str(caught.value).endswith(f"more is wrong than the first {MOST_PROBLEMS} mistakes")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("{bogus}", "nothing fills '{bogus}'"),
        ("{service.__class__}", "nothing fills '{service.__class__}'"),
        ("{service:>999999999}", "says how a place is filled"),
        ("{service!r}", "says how a place is filled"),
        ("{", "Single '{'"),
    ],
)
@pytest.mark.parametrize("name", ["watch.yaml", "service.yaml"])
def test_words_with_places_of_their_own_are_refused_before_they_are_said(
    folder: Path, name: str, words: str, said: str
) -> None:
    path = folder / name
    key = "note" if name == "watch.yaml" else "silent"
    before = path.read_text()
    start = before.index(f"{key}:")
    english = before.index("en: ", start)
    path.write_text(f"{before[:english]}en: {words!r}{before[before.index(chr(10), english) :]}")
    with pytest.raises(RuleProblemsError) as caught:
        load_rules(folder)
    assert any(said in problem.message for problem in caught.value.problems), caught.value


@pytest.mark.long
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("5", "a list is needed"),
        ("{a: 1}", "a list is needed"),
        ("- 5", "stands where a set of keys belongs"),
        ("- {rule: cache-hit, cases: [{name: a, levels: 'nx999999999'}]}", "a case of more than 10000 windows"),
        ("- {rule: cache-hit, cases: [{name: a, levels: n, series: {cache.hit: '1x999999999'}}]}", "more than 10000 windows"),
    ],
)
def test_cases_that_would_fill_the_memory_are_faults(folder: Path, text: str, said: str) -> None:
    (folder / "own.test.yaml").write_text(text)
    problems = run_cases(load_rules(folder)).problems
    assert any(said in problem.message for problem in problems), problems
