"""The language and the zone of errors: of the option, the environment, the file, or the default, and on Cloud Run English."""

from pathlib import Path

import pytest

from logwatch.languages.phrases import templates
from tests.conftest import LOGS, Run, run_process

PAYMENT = f"{LOGS}/payment.ndjson"
BEFORE = ["evaluate", "-s", PAYMENT, "--since", "2026-02-20", "--until", "2026-02-20 03:00"]
SAID = {
    "ko": "logwatch: nofile: 파일이 없습니다.\n  힌트: 소스는 파일, 폴더, '-'(표준 입력), gcp://PROJECT[/SERVICE], bq://PROJECT.DATASET.VIEW 중 하나입니다.\n",
    "en": "logwatch: nofile: no such file\n  hint: a source is a file, folder, '-' (standard input), gcp://PROJECT[/SERVICE] or bq://PROJECT.DATASET.VIEW\n",
}


@pytest.mark.long
@pytest.mark.parametrize(
    ("option", "environment", "file", "lang"),
    [
        ([], {}, "", "ko"),
        (["--lang", "en"], {"LOGWATCH_LANG": "ko"}, "", "en"),
        (["--lang=en"], {}, "lang = 'ko'", "en"),
        ([], {"LOGWATCH_LANG": "en"}, "lang = 'ko'", "en"),
        ([], {}, "lang = 'en'", "en"),
        ([], {"CLOUD_RUN_JOB": "logwatch"}, "", "en"),
        (["--lang", "ko"], {"K_SERVICE": "logwatch"}, "", "en"),
    ],
)
def test_an_error_is_said_in_the_language_of_whoever_typed(
    tmp_path: Path, option: list[str], environment: dict[str, str], file: str, lang: str
) -> None:
    (tmp_path / "logwatch.toml").write_text(file)
    ran = run_process(
        "evaluate", "-s", "nofile", *option, env=environment | {"LOGWATCH_CONFIG": str(tmp_path / "logwatch.toml")}
    )
    assert (ran.returncode, ran.stderr.decode()) == (3, SAID[lang])


@pytest.mark.parametrize(
    ("words", "lang"), [(["--lang", "en", "evaluate", "nofile"], "en"), (["--lang=ko", "evaluate", "nofile"], "ko")]
)
def test_a_language_before_the_command_is_that_of_all_it_says(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: list[str], lang: str
) -> None:
    monkeypatch.setenv("LOGWATCH_LANG", "")  # so that what the command sets is undone behind the test
    ran = run(*words)
    assert (ran.code, ran.err) == (3, SAID[lang])
    assert run("-h", "--lang", lang).out.startswith({"en": "Usage:", "ko": "사용법:"}[lang])


@pytest.mark.long
def test_a_wrong_language_and_a_wrong_file_are_told_in_the_default(run: Run, tmp_path: Path) -> None:
    assert "'fr' is not a known language" in run("evaluate", "-s", PAYMENT, "--lang", "fr").err
    (tmp_path / "logwatch.toml").write_text("lang = [")
    assert (
        "TOML이 아닙니다"
        in run_process("rules", "list", env={"LOGWATCH_CONFIG": str(tmp_path / "logwatch.toml")}).stderr.decode()
    )


@pytest.mark.parametrize(("lang", "said"), [("ko", "로그가 없습니다"), ("en", "no entries between")])
def test_times_in_errors_are_in_the_readers_zone(run: Run, lang: str, said: str) -> None:
    for zone, end in (("Asia/Seoul", "2026-02-24 16:00 KST"), ("UTC", "2026-02-24 07:00 UTC")):
        ran = run(*BEFORE, "--lang", lang, LOGWATCH_TIMEZONE=zone)
        assert (ran.code, said in ran.err, end in ran.err) == (3, True, True), ran.err


def test_nothing_in_an_error_moves_the_cursor(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "rules\x1b[2J"
    folder.mkdir()
    (folder / "service.yaml").write_text('"\\e]0;a\\a": 1')
    ran = run("rules", "check", "--rules", folder, LOGWATCH_LANG="ko")
    assert ran.code == 2
    assert all(char.isprintable() or char == "\n" for char in ran.err), ran.err
    assert r"rules\x1b[2J" in ran.err


def test_what_goes_well_loads_no_phrases(run: Run) -> None:
    templates.cache_clear()
    assert run("evaluate", "-s", PAYMENT, LOGWATCH_LANG="ko").code == 0
    assert templates.cache_info().currsize == 0
