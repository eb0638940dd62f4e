"""docs/settings.md says what can be set, and its example shows what it says."""

import re
from collections.abc import Iterator
from pathlib import Path

from logwatch.notify.channels.registry import CHANNELS
from logwatch.settings import Settings, as_text, fields, tables, variable
from tests.conftest import ROOT, Run

PATH = ROOT / "docs/settings.md"
TEXT = PATH.read_text(encoding="utf-8")
BEGIN, END = "<!-- all settings -->\n", "<!-- end -->"
FLAGS = {"target", "source", "service", "lang", "rules"}


def rows(names: list[str], keys: dict[str, str]) -> Iterator[str]:
    yield "| variable | in the file | flag | default | |"
    yield "| --- | --- | --- | --- | --- |"
    for name in names:
        field = fields()[name]
        flag, default = f"`--{name}`" if name in FLAGS else "", as_text(field.default)
        told = str(field.description).replace("|", "\\|")
        yield f"| `{variable(name)}` | `{keys.get(name, name)}` | {flag} | {f'`{default}`' if default else ''} | {told} |"


def all_settings() -> str:
    """Write the tables: logwatch's own, and one for each channel."""
    parts = ["\n".join(rows([name for name in fields() if name in Settings.model_fields], {}))]
    for channel in CHANNELS:
        keys = {name: f"[{channel.name}] {key}" for key, name in reversed(tables()[channel.name].items())}
        page = f"../logwatch/notify/channels/{channel.name}/README.md"
        parts.append(
            f"### {channel.title['en'][0].upper()}{channel.title['en'][1:]}\n\n[Its page]({page}) says how to set it up."
        )
        parts.append("\n".join(rows(list(channel.model_fields), keys)))
    return "\n\n".join(parts) + "\n"


def test_every_setting_is_documented_as_it_is(update_golden: bool) -> None:  # noqa: FBT001 - a fixture
    before, _, rest = TEXT.partition(BEGIN)
    wanted = f"{before}{BEGIN}{all_settings()}{END}{rest.partition(END)[2]}"
    if update_golden:
        PATH.write_text(wanted, encoding="utf-8")
    assert PATH.read_text(encoding="utf-8") == wanted, "make golden writes the tables"


def test_the_example_shows_what_the_page_says(run: Run, tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    (command, shown) = re.findall(r"```console\n\$ logwatch (settings.*?)\n(.*?)```", TEXT, re.DOTALL)[0]
    (tmp_path / "logwatch.toml").write_text(example, encoding="utf-8")
    ran = run(*command.split(), cwd=tmp_path, LOGWATCH_CONFIG="")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(shown)
