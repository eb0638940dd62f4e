"""`logwatch.toml`: what stands in it, on which line, and what is refused."""

from pathlib import Path

import pytest

from logwatch.errors import ConfigError
from logwatch.settings import NAME, Settings, field_names, find_file, read_file, tables
from logwatch.settings.fields import SettingProblemsError


def written(folder: Path, text: str) -> Path:
    path = folder / NAME
    path.write_text(text, encoding="utf-8")
    return path


def load(path: Path, **environment: str) -> Settings:
    return Settings.load(environment, read_file(path, field_names(), tables()))


def wrong(path: Path) -> list[tuple[str, str, str]]:
    """What is wrong with a file: the line, what, and the hint."""
    _, errors = Settings.load_leniently({}, read_file(path, field_names(), tables()))
    return [(str(each.where).removeprefix(f"{path}:"), each.message, each.hint or "") for each in errors]


WHOLE = """
# what this machine watches
source = ["monday.ndjson", "gcp://p/s"]
service = 'o4o-core-api'
read_requests_per_minute = 30
now = 2026-02-24T03:00:00Z
rules = "~/rules"
state = "gs://bucket/state.json"
pagerduty_routing_key = "k"

[slack]
bot_token = "xoxb-1"
slack_channel = "#ops"

[email]
smtp_host = "mail.example.com"
mail_to = ["a@example.com", "b@example.com"]
"""


def test_a_file_says_what_the_environment_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    found = load(written(tmp_path, WHOLE))
    beside = Settings.load(
        {
            "LOGWATCH_SOURCE": f"{tmp_path}/monday.ndjson,gcp://p/s",
            "LOGWATCH_SERVICE": "o4o-core-api",
            "LOGWATCH_READ_REQUESTS_PER_MINUTE": "30",
            "LOGWATCH_NOW": "2026-02-24T03:00:00Z",
            "LOGWATCH_RULES": "/home/me/rules",
            "LOGWATCH_STATE": "gs://bucket/state.json",
            "LOGWATCH_PAGERDUTY_ROUTING_KEY": "k",
            "LOGWATCH_SLACK_BOT_TOKEN": "xoxb-1",
            "LOGWATCH_SLACK_CHANNEL": "#ops",
            "LOGWATCH_SMTP_HOST": "mail.example.com",
            "LOGWATCH_MAIL_TO": "a@example.com,b@example.com",
        }
    )
    assert found.model_dump() == beside.model_dump()
    assert found.channels == beside.channels


def test_flags_come_first_then_the_environment_then_the_file(tmp_path: Path) -> None:
    file = read_file(written(tmp_path, "lang = 'en'\nservice = 'c'\nlocation = 'd'\n"), field_names(), tables())
    found = Settings.load(
        {"LOGWATCH_LANG": "ko", "LOGWATCH_SERVICE": "b", "LOGWATCH_LOCATION": ""}, file, lang="en", service=""
    )
    assert (found.lang, found.service, found.location, found.environment) == ("en", "b", "d", "production")
    assert [found.where(name) for name in ("lang", "service", "location", "environment")] == [
        "--lang",
        "LOGWATCH_SERVICE",
        f"{tmp_path}/logwatch.toml:3: location",
        "LOGWATCH_ENVIRONMENT",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lang = 'fr'", [("1: lang", "'fr' is not a known language; use ko or en")]),
        ("\n\ngrace = 5", [("3: grace", "'5' is not a valid duration; use e.g. '90s', '5m', '1h30m', '7d'")]),
        ("[email]\nsmtp_port = true", [("2: smtp_port", "'true' stands where a whole number belongs")]),
        ("[email]\nsmtp_port = 0", [("2: smtp_port", "'0' is not at least 1")]),
        ("email = {smtp_port = 70000}", [("1: smtp_port", "'70000' is not at most 65535")]),
        ("email.smtp_security = 'ssl'", [("1: smtp_security", "'ssl' is not one of 'starttls', 'tls', 'none'")]),
        (
            "now = 2026-02-24",
            [("1: now", "'2026-02-24' stands where a time with its zone, e.g. 2026-02-24T15:00+09:00 belongs")],
        ),
        ("now = 03:00:00", [("1: now", "'03:00:00' stands where a time with its zone, e.g. 2026-02-24T15:00+09:00 belongs")]),
        ("lang = ['ko', 'en']", [("1: lang", "'ko,en' is not a known language; use ko or en")]),
        ("lang = {a = 1}", [("1", "'lang' takes a single value or a list of them")]),
        ("source = [['a']]", [("1", "'source' takes a single value or a list of them")]),
        ("[slack]\nchannel = {}", [("2", "'[slack] channel' takes a single value or a list of them")]),
        ("slack = 'x'", [("1", "'slack' is a table")]),
        ("slack_channel = 'a'\n[slack]\nchannel = 'b'", [("3", "'slack_channel' stands twice")]),
        # everything at once, and a list of several lines in between
        (
            "source = [\n  'a',\n  'langg = 1',\n]\nlangg = 'en'\n# no\nlease = '1x'\n[slak]\na = 1",
            [
                ("7: lease", "'1x' is not a valid duration; use e.g. '90s', '5m', '1h30m', '7d'"),
                ("5", "there is no setting 'langg'"),
                ("8", "there is no setting 'slak'"),
            ],
        ),
        ("text = '''\nlang = 1\n'''\nlag = 1\n", [("1", "there is no setting 'text'"), ("4", "there is no setting 'lag'")]),
    ],
)
def test_all_that_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, told: list[tuple[str, str]]) -> None:
    assert [(where, message) for where, message, _ in wrong(written(tmp_path, text))] == told


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("langg = 'en'", "'lang'"),
        ("slack_webhok = 'x'", "'slack_webhook_url'"),
        ("LOGWATCH_LANG = 'en'", "'lang'"),
        ("Lang = 'en'", "'lang'"),
        ("[slac]\nchannel = 'x'", "'slack'"),
        ("[slack]\nwebhook = 'x'", "'webhook_url'"),
        ("[email]\nport = 25", "'smtp_port'"),
        ("slack-channel = 'x'", "'slack_channel'"),
    ],
)
def test_an_unknown_name_leads_to_the_nearest_right_one(tmp_path: Path, text: str, right: str) -> None:
    ((_, message, hint),) = wrong(written(tmp_path, text))
    assert "there is no setting" in message
    assert f"did you mean {right}?" in hint


@pytest.mark.parametrize(
    ("content", "where", "message"),
    [
        (b"lang = 'ko'\nlang = 'en'\n", ":2", "not TOML: Cannot overwrite a value"),
        (b"lang 'ko'\n", ":1", "not TOML: Expected '=' after a key in a key/value pair"),
        (b"lang = 'ko'\n\n[slack\n", ":3", "not TOML: Expected ']' at the end of a table declaration"),
        (b"lang = 'ko'\na = [1\n", ":3", "not TOML: Unclosed array"),
        (b"lang = 'ko'\nmail_to = '\xff'", ":2", "not written in UTF-8"),
        (b"lang = 'ko'\n# \0", ":2", "here stands the character U+0000, which no text has"),
        (b"a = " + b"[" * 3000, "", "not TOML: too many brackets in each other"),
        (b"lang = 2026-02-30", ":1", "not TOML: Invalid date or datetime"),
        (b"lang = 'ko'\na = " + b"9" * 5000, ":2", "a line of more than 4000 characters"),
        (b"lang = 'ko'\n" + b".".join([b"a"] * 30_000) + b" = 1", ":2", "a line of more than 4000 characters"),
        (b"# as long as nobody writes\n" * 3000, "", "cannot be read: it is larger than 64 KiB"),
    ],
)
def test_what_is_no_toml_is_told(tmp_path: Path, content: bytes, where: str, message: str) -> None:
    path = tmp_path / NAME
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert (caught.value.where, caught.value.message) == (f"{path}{where}", message)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_editors_own_marks_move_no_line(tmp_path: Path, end: str) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"\xef\xbb\xbf" + end.join(["lang = 'en'", "", "lng = 'x'"]).encode())
    assert [where for where, _, _ in wrong(path)] == ["3"]


def test_a_long_file_names_the_lines_of_its_mistakes(tmp_path: Path) -> None:
    many = "\n".join(f"# {number}\n" for number in range(1500))
    path = written(tmp_path, f"mail_to = [\n'a@example.com',\n]\n{many}\nlng = 'x'\n[slack]\n{many}\nbogus = 1")
    assert [(where, message) for where, message, _ in wrong(path)] == [
        ("3004", "there is no setting 'lng'"),
        ("6006", "there is no setting '[slack] bogus'"),
    ]


def test_it_is_looked_for_beside_you_or_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_file({}) is None
    here = written(tmp_path, "lang = 'en'")
    assert find_file({}) == Path(NAME)
    assert find_file({"LOGWATCH_CONFIG": ""}) == Path(NAME)
    assert find_file({"LOGWATCH_CONFIG": "/etc/logwatch/other.toml"}) == Path("/etc/logwatch/other.toml")
    here.unlink()
    here.symlink_to("nowhere")
    assert find_file({}) == Path(NAME), "what leads nowhere is told, and not passed over"


@pytest.mark.parametrize("name", ["none.toml", "."])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read: ") as caught:
        load(tmp_path / name)
    assert caught.value.where == str(tmp_path / name)


def test_one_error_is_raised_alone_and_several_together(tmp_path: Path) -> None:
    path = written(tmp_path, "lang = 'fr'\ngrace = '5x'")
    with pytest.raises(SettingProblemsError) as caught:
        load(path, LOGWATCH_GRACE="6x")
    assert [each.where for each in caught.value.problems] == [f"{path}:1: lang", "LOGWATCH_GRACE"]
    with pytest.raises(ConfigError, match="known language") as alone:
        load(path, LOGWATCH_GRACE="60s")
    assert type(alone.value) is ConfigError


def test_paths_in_a_file_are_beside_it(tmp_path: Path) -> None:
    found = load(written(tmp_path, "rules = 'mine'\nstate = 'x/state.json'\nsource = '-, a.ndjson'"))
    assert (found.rules, found.state, found.source) == (
        tmp_path / "mine",
        f"{tmp_path}/x/state.json",
        ("-", f"{tmp_path}/a.ndjson"),
    )


def test_every_field_may_stand_in_its_channels_table_or_flat() -> None:
    for table, keys in tables().items():
        assert set(keys.values()) <= set(field_names())
        assert table not in field_names()
    assert tables()["slack"]["webhook_url"] == tables()["slack"]["slack_webhook_url"] == "slack_webhook_url"
    assert tables()["email"]["mail_to"] == "mail_to"
