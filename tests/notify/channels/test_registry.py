"""What every channel's folder holds: settings, words, a page; and that one that is set up by halves stops no other."""

import re
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import SecretStr

from logwatch.checks import Phrase
from logwatch.errors import ConfigError
from logwatch.languages import Lang
from logwatch.notify.channels.interface import ChannelSettings
from logwatch.notify.channels.registry import CHANNELS
from logwatch.settings import Settings, field_names, fields, is_secret, variable
from logwatch.wiring import configured_channels, usable_channels
from tests.conftest import ROOT

BOT, MAIL = {"LOGWATCH_SLACK_BOT_TOKEN": "xoxb"}, {"LOGWATCH_SMTP_HOST": "mail.example.com"}
WHOLE = {"LOGWATCH_WEBHOOK_URL": "https://example.com/hook"}
each_channel = pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)


def texts(channel: type[ChannelSettings]) -> Iterator[Any]:
    sender = import_module(f"{channel.__module__}.sender")
    phrases = [channel.cure, *(value for value in vars(sender).values() if isinstance(value, Phrase))]
    yield from (phrase.texts for phrase in phrases if phrase.texts)


@each_channel
def test_a_channel_bears_the_name_of_its_folder_and_knows_its_settings(channel: type[ChannelSettings]) -> None:
    assert channel.__module__ == f"logwatch.notify.channels.{channel.name}"
    assert channel.first in channel.model_fields
    assert all(import_module(name) for name in channel.slow)
    assert set(get_args(Lang)) <= set(channel.title)


@each_channel
def test_a_channel_says_the_same_in_every_language(channel: type[ChannelSettings]) -> None:
    for said in texts(channel):
        assert set(get_args(Lang)) <= set(said)
        assert len({frozenset(re.findall(r"{(\w+)}", text)) for text in said.values()}) == 1
        assert any("가" <= char <= "힣" for char in said["ko"]) or not re.search(r"[a-z]{3}", re.sub(r"{\w+}", "", said["ko"]))
        assert not any("가" <= char <= "힣" for char in said["en"])


@each_channel
def test_a_channels_page_names_every_setting(channel: type[ChannelSettings]) -> None:
    page = (Path(str(import_module(channel.__module__).__file__)).parent / "README.md").read_text()
    assert [name for name in channel.model_fields if f"`{variable(name)}`" not in page] == []
    secrets = [name for name, field in channel.model_fields.items() if SecretStr in get_args(field.annotation)]
    assert [name for name in secrets if f"`{name.replace('_', '-')}`" not in page] == []


def test_no_setting_is_there_twice() -> None:
    assert len(set(field_names())) == len(field_names())


def test_the_setup_makes_a_secret_of_every_secret_setting() -> None:
    ran = subprocess.run(
        [ROOT / "deploy/setup.sh", "--project", "p1", "--secret", "x"], capture_output=True, text=True, check=False
    )
    known = re.findall(r"[a-z-]+", ran.stderr.partition("right are ")[2].splitlines()[0])
    assert set(known) == {name.replace("_", "-") for name, field in fields().items() if is_secret(field)}


@pytest.mark.parametrize(
    ("environment", "where", "message"),
    [
        (BOT, "LOGWATCH_SLACK_CHANNEL", "a bot needs a channel"),
        (MAIL, "LOGWATCH_MAIL_FROM", "mail needs a sender and recipients"),
        (MAIL | {"LOGWATCH_MAIL_FROM": "a@example.com"}, "LOGWATCH_MAIL_TO", "mail needs a sender and recipients"),
        ({"LOGWATCH_NOTIFY": "webhook,slack"}, "LOGWATCH_NOTIFY", "channel 'slack' is not set up"),
    ],
)
def test_half_a_channel_stops_a_run_and_hides_no_other(environment: dict[str, str], where: str, message: str) -> None:
    settings = Settings.load(environment | WHOLE)
    with pytest.raises(ConfigError) as caught:
        configured_channels(settings)
    assert (caught.value.where, caught.value.message) == (where, message)
    usable, wrong = usable_channels(settings)
    assert list(usable) == ["webhook"]
    assert [each.message for each in wrong] == ([message] if "NOTIFY" not in where else [])


def test_a_wrong_value_of_a_channel_is_told_with_the_others() -> None:
    settings, wrong = Settings.load_leniently({"LOGWATCH_SMTP_PORT": "0", "LOGWATCH_GRACE": "soon"} | WHOLE)
    assert [each.where for each in wrong] == ["LOGWATCH_GRACE", "LOGWATCH_SMTP_PORT"]
    assert list(configured_channels(settings)) == ["webhook"]
