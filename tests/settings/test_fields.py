"""What can be set, and what is refused."""

import json

import pytest

from logwatch.errors import ConfigError
from logwatch.languages.phrases import FOLDER, Template, spoken
from logwatch.settings import Settings, fields
from tests.conftest import Run


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "runbook.md", "https://", "https://a b", "//x/y"]
)
def test_a_runbook_is_where_a_browser_finds_it(address: str) -> None:
    with pytest.raises(ConfigError, match="not a valid web address") as caught:
        Settings.load({"LOGWATCH_RUNBOOK_URL": address})
    assert caught.value.where == "LOGWATCH_RUNBOOK_URL"
    assert Settings.load({"LOGWATCH_RUNBOOK_URL": "https://wiki.example/r#4-2"}).runbook_url == "https://wiki.example/r#4-2"


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("LOGWATCH_SLAK_WEBHOOK", "LOGWATCH_SLACK_WEBHOOK_URL"),
        ("LOGWATCH_TIME_ZONE", "LOGWATCH_TIMEZONE"),
        ("LOGWATCH_CONFG", "LOGWATCH_CONFIG"),
        ("LOGWATCH_WEBHOOK", "LOGWATCH_WEBHOOK_URL"),
    ],
)
def test_a_variable_that_sets_nothing_is_refused_with_the_nearest_right_one(name: str, right: str) -> None:
    with pytest.raises(ConfigError, match="there is no such setting") as caught:
        Settings.load({name: "x"})
    assert caught.value.where == name
    assert f"did you mean '{right}'?" in str(caught.value.hint)


def test_other_peoples_variables_are_none_of_ours() -> None:
    Settings.load({"LOGWATCH_DEPLOY_PROJECT": "p", "LOGWATCHER": "x", "PATH": "x", "LOGWATCH_CONFIG": "x"})


def test_where_nobody_knows_the_users_home_nothing_is_kept_and_a_state_is_asked_for(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container under a number that no account has."""

    def nobody(number: int) -> object:
        raise KeyError(number)

    monkeypatch.setattr("pwd.getpwuid", nobody)
    monkeypatch.delenv("HOME", raising=False)
    ran = run(
        "evaluate", "gcp://o4o-demo", XDG_CACHE_HOME="", LOGWATCH_LOGGING_ENDPOINT="127.0.0.1:9", LOGWATCH_READ_BUDGET="1s"
    )
    assert (ran.code, "Cloud Logging" in ran.err) == (3, True)
    for command in ("alerts", "settings"):
        ran = run(command, XDG_STATE_HOME="")
        assert ran.code == 2
        assert "LOGWATCH_STATE: " in ran.err
        assert "this user has no home folder for the state" in ran.err


def test_a_secret_is_in_no_error() -> None:
    _, errors = Settings.load_leniently(
        {"LOGWATCH_PING_URL": "s3cret", "LOGWATCH_SMTP_PASSWORD": "s3cret", "LOGWATCH_GRACE": "1"}
    )
    assert "s3cret" not in "".join(map(str, errors))


def test_what_each_setting_is_is_said_in_every_language() -> None:
    told = [str(field.description) for field in fields().values()]
    for path in FOLDER.glob("*.json"):
        assert [text for text in told if spoken(text, path.stem) == text] == []
        said = json.loads(path.read_bytes())["what each setting is"]
        assert [english for english, own in said.items() if not any(map(Template.read(english, own).match, told))] == []
