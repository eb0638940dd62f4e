from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from logwatch.cli.flags import flat
from logwatch.cli.options import ReadFlags, SpanFlags
from logwatch.errors import ConfigError
from logwatch.settings import NO_CACHE


@dataclass(frozen=True)
class Two:
    name: Annotated[str | None, typer.Option(metavar="WHO")] = None
    loud: Annotated[bool, typer.Option("--loud")] = False


def shout(word: str, two: Two, *, last: Annotated[int, typer.Option()] = 1) -> None:
    """Say a word."""
    typer.echo(f"{word} {two} {last}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["hey"], "hey Two(name=None, loud=False) 1"),
        (["hey", "--loud", "--last", "3", "--name", "Kim"], "hey Two(name='Kim', loud=True) 3"),
    ],
)
def test_a_group_is_told_by_its_flags(arguments: list[str], said: str) -> None:
    app = typer.Typer()
    app.command()(flat(shout))
    ran = CliRunner().invoke(app, arguments)
    assert (ran.exit_code, ran.output.strip()) == (0, said)


def test_flags_stand_in_the_place_of_their_group() -> None:
    app = typer.Typer(rich_markup_mode=None)
    app.command()(flat(shout))
    shown = CliRunner().invoke(app, ["--help"]).output
    assert "Say a word." in shown
    assert -1 < shown.index("--name WHO") < shown.index("--loud") < shown.index("--last")


def test_a_group_gives_what_is_a_setting() -> None:
    span = SpanFlags(paths=["a", "b"], since="1h", service="shop")
    assert span.settings() == {"source": ("a", "b"), "service": "shop"}
    assert ReadFlags(no_cache=True, max_bytes="1 GB").settings() == {"max_bytes": "1 GB", "cache": NO_CACHE}
    with pytest.raises(ConfigError, match="twice"):
        SpanFlags(paths=["a"], source=["b"]).settings()
