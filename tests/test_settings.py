"""What can be set, and what is refused."""

import pytest

from logwatch.errors import ConfigError
from logwatch.settings import Settings


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "runbook.md", "https://", "https://a b", "//x/y"]
)
def test_a_runbook_is_where_a_browser_finds_it(address: str) -> None:
    with pytest.raises(ConfigError, match="no address of a page") as caught:
        Settings.load({"LOGWATCH_RUNBOOK_URL": address})
    assert caught.value.where == "LOGWATCH_RUNBOOK_URL"
    assert Settings.load({"LOGWATCH_RUNBOOK_URL": "https://wiki.example/r#4-2"}).runbook_url == "https://wiki.example/r#4-2"
