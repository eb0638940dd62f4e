"""`[[targets]]`: what each service is set to, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from logwatch.errors import ConfigError
from logwatch.settings import NAME, OF_PROCESS, Settings, default_state, field_names, read_file, tables
from logwatch.settings.targets import beside, read_targets

TWO = """
lang = "en"
state = "gs://bucket/logwatch/state.json"
slack_bot_token = "xoxb-1"
rules = "shared"

[slack]
channel = "#ops"

[[targets]]
name = "cart"
source = "gcp://my-project/cart"

[[targets]]
name = "web"
source = "gcp://other-project"
service = "o4o-web"
rules = "own"
lang = "ko"
timezone = "UTC"
state = "gs://bucket/of-the-web.json"
environment = "beta"

[targets.slack]
channel = "#web"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / NAME
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path, environment: dict[str, str] | None = None, **flags: Any) -> tuple[list[Settings], list[ConfigError]]:
    file = read_file(path, field_names(), tables(), OF_PROCESS)
    _, targets, errors = read_targets(environment or {}, file, **flags)
    return targets, errors


def wrong(path: Path, environment: dict[str, str] | None = None, **flags: Any) -> list[tuple[str, str]]:
    _, errors = read(path, environment, **flags)
    return [(str(each.where).removeprefix(f"{path}:"), each.message) for each in errors]


def test_a_table_says_what_is_its_own_and_all_else_is_shared(tmp_path: Path) -> None:
    (cart, web), errors = read(written(tmp_path, TWO))
    assert errors == []
    names = ("target", "targets", "source", "service", "rules", "lang", "state", "environment")
    assert [[getattr(each, name) for name in names] for each in (cart, web)] == [
        [
            "cart", ("cart", "web"), ("gcp://my-project/cart",), None, tmp_path / "shared", "en",
            "gs://bucket/logwatch/targets/cart/state.json", "production/cart",
        ],
        [
            "web", ("cart", "web"), ("gcp://other-project",), "o4o-web", tmp_path / "own", "ko",
            "gs://bucket/of-the-web.json", "beta",
        ],
    ]  # fmt: skip
    assert [(each.value("slack_channel"), each.value("slack_bot_token").get_secret_value()) for each in (cart, web)] == [
        ("#ops", "xoxb-1"),
        ("#web", "xoxb-1"),
    ]
    assert [web.where(name) for name in ("service", "slack_channel", "slack_bot_token")] == [
        f"{tmp_path}/logwatch.toml:17: service",
        f"{tmp_path}/logwatch.toml:25: slack_channel",
        f"{tmp_path}/logwatch.toml:4: slack_bot_token",
    ]


def test_a_table_comes_before_the_environment_and_flags_before_both(tmp_path: Path) -> None:
    environment = {"LOGWATCH_LANG": "en", "LOGWATCH_SERVICE": "all", "LOGWATCH_TIMEZONE": "Asia/Tokyo"}
    (cart, web), _ = read(written(tmp_path, TWO), environment)
    assert [(each.lang, each.service, each.timezone.key) for each in (cart, web)] == [
        ("en", "all", "Asia/Tokyo"),
        ("ko", "o4o-web", "UTC"),
    ]
    (web,), errors = read(written(tmp_path, TWO), environment, target="web", lang="en", service="other")
    assert (errors, web.target, web.lang, web.service) == ([], "web", "en", "other")


def test_without_any_there_is_one_without_a_name(tmp_path: Path) -> None:
    path = written(tmp_path, "lang = 'en'\nenvironment = 'beta'")
    (only,), errors = read(path)
    assert errors == []
    assert only.model_dump() == Settings.load({}, read_file(path, field_names(), tables())).model_dump()
    assert (only.target, only.targets, only.state, only.environment) == (None, (), None, "beta")


def test_one_can_be_chosen_by_flag_variable_or_file(tmp_path: Path) -> None:
    path = written(tmp_path, TWO)
    for environment, flags in (({}, {"target": "web"}), ({"LOGWATCH_TARGET": "web"}, {})):
        (found,), errors = read(path, environment, **flags)
        assert (errors, found.target, found.targets) == ([], "web", ("cart", "web"))
    path = written(tmp_path, f"target = 'cart'\n{TWO}")
    assert [each.target for each in read(path)[0]] == ["cart"]
    assert [each.target for each in read(path, target="web")[0]] == ["web"]


T = "[[targets]]\nname = 'cart'\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[targets]\na = 1", [("1", "'targets' are tables")]),
        ("lang = 'en'\ntargets = 'a'", [("2", "'targets' are tables")]),
        ("targets = [1]", [("1", "'targets' are tables")]),
        ("[[targets]]\nsource = 'a'", [("1", "a target without a name")]),
        ("targets = [{name = 'a'}, {}]", [("1", "a target without a name")]),
        (f"{T}[[targets]]\nname = 'Web Shop'", [("4", "'Web Shop' is not the name of a target")]),
        (f"{T}[[targets]]\nname = '../x'", [("4", "'../x' is not the name of a target")]),
        (f"{T}\n{T}", [("5", "the target 'cart' stands twice")]),
        (f"{T}langg = 'en'", [("3", "there is no setting 'langg'")]),
        (f"{T}target = 'en'", [("3", "'target' is of the whole run and not of one target")]),
        (f"{T}lease = '1m'", [("3", "'lease' is of the whole run and not of one target")]),
        (f"{T}log = 'debug'", [("3", "'log' is of the whole run and not of one target")]),
        (f"{T}serve_caller = 'x'", [("3", "'serve_caller' is of the whole run and not of one target")]),
        ("name = 'cart'", [("1", "there is no setting 'name'")]),
        (f"{T}grace = 5", [("3: grace", "'5' is not a valid duration; use e.g. '90s', '5m', '1h30m', '7d'")]),
        (f"lang = 'fr'\n{T}\n", [("1: lang", "'fr' is not a known language; use ko or en")]),
        (f"{T}[targets.slak]\nchannel = 'x'", [("3", "there is no setting 'slak'")]),
        (f"{T}[targets.slack]\n\nchanel = 'x'", [("5", "there is no setting '[slack] chanel'")]),
        (
            f"{T}slack_channel = 'x'\n[[targets]]\nname = 'web'\n[targets.slack]\nchannel = 'a'\nslack_channel = 'b'",
            [("8", "'slack_channel' stands twice")],
        ),
        (f"{T}[targets.email]\nsmtp_port = 0\n[[targets]]\nname = 'b'\n[targets.email]\nport = 1", [
            ("8", "there is no setting '[email] port'"), ("4: smtp_port", "'0' is not at least 1"),
        ]),
        (
            f"{T}state = 'gs://b/x'\n[[targets]]\nname = 'web'\nstate = 'gs://b/x'",
            [("6: state", "'cart' and 'web' have the same state")],
        ),
        (
            f"state = 'here/state.json'\n{T}[[targets]]\nname = 'web'\nstate = 'there/../here/targets/cart/state.json'",
            [("6: state", "'cart' and 'web' have the same state")],
        ),
    ],
)  # fmt: skip
def test_all_that_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, told: list[tuple[str, str]]) -> None:
    assert sorted(wrong(written(tmp_path, text))) == sorted(told)


def test_a_wrong_choice_names_what_there_is(tmp_path: Path) -> None:
    path = written(tmp_path, TWO)
    assert wrong(path, target="wbe") == [("--target", "there is no target 'wbe'")]
    assert "did you mean 'web'? the targets are cart, web" in str(read(path, target="wbe")[1][0].hint)
    assert wrong(path, {"LOGWATCH_TARGET": "x"}) == [("LOGWATCH_TARGET", "there is no target 'x'")]
    assert wrong(path, service="x") == [("--service", "this is about one target, and there are cart, web")]
    assert wrong(written(tmp_path, "lang = 'en'"), target="web") == [("--target", "there is no target 'web'")]


def test_a_secret_of_a_target_is_in_no_error(tmp_path: Path) -> None:
    path = written(tmp_path, f"{T}[targets.email]\nsmtp_password = 's3cret'\n[targets.pagerduty]\nrouting_key = ['s3cret', 5]")
    targets, errors = read(path)
    assert "s3cret" not in f"{targets}{list(map(str, errors))}"


@pytest.mark.parametrize(
    ("shared", "own"),
    [
        ("gs://bucket/state.json", "gs://bucket/targets/cart/state.json"),
        ("gs://bucket/a/b.json", "gs://bucket/a/targets/cart/b.json"),
        ("/var/lib/logwatch/state.json", "/var/lib/logwatch/targets/cart/state.json"),
        ("/state.json", "/targets/cart/state.json"),
        ("state.json", "targets/cart/state.json"),
        ("gs://bucket", "gs://bucket"),
        ("gs://bucket/", "gs://bucket/targets/cart/"),
    ],
)
def test_a_state_lies_in_a_folder_of_its_targets_name(shared: str, own: str) -> None:
    assert beside(shared, "cart") == own


def test_no_two_installations_meet() -> None:
    shared = ("gs://b/state.json", "gs://b/a/state.json", "gs://b/state-a.json", "gs://b/targets/state.json", "state.json")
    found = [beside(each, name) for each in shared for name in ("a", "b", "a-b", "b-c")]
    assert len({*found, *shared}) == len(found) + len(shared)


def test_the_default_state_is_shared_out_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (only,), _ = read(written(tmp_path, T))
    assert only.state == str(default_state().parent / "targets" / "cart" / "state.json")
