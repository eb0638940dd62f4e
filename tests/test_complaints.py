"""Wrong values of every kind in the files that people write: told in our words, none of pydantic's."""

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError

from logwatch.backtest.known_incidents import load_known
from logwatch.complaints import complaint
from logwatch.errors import LogwatchError
from logwatch.judge.rules.model import Rule
from logwatch.judge.rules.oncall import parse_oncall
from logwatch.judge.rules.service import parse_service
from logwatch.judge.rules.yaml_lines import Document, to_error
from tests.conftest import ROOT
from tests.support.made_windows import RULE_SET

FOREIGN = re.compile(
    r"Value error|Input should|[Ee]xtra inputs|pydantic|[Uu]nable to|valid (string|integer|number|dict|list)|should match|something else"
)
ONCALL = """
zone: Asia/Seoul
routes:
  - when: {severity: [page], procedure: ["4.2"], during: "22:00-07:00", days: [mon, fri]}
    mention: [here]
    escalate: [{after: 10m, channels: [slack], mention: [here]}]
"""
INCIDENTS = "- {from: 2026-02-24 12:00, to: 2026-02-24 12:30, what: x, procedure: '4.2', step: 2, shop: kpa, label: real}\n"
OTHERS: list[Any] = [None, True, 5, -1, 1.5, "", "x", "x y!", "5", [], ["x"], [5], {}, {"x": 1}, "9" * 100]


def _load_rule(document: Document) -> None:
    for index, value in enumerate(document.value if isinstance(document.value, list) else ()):
        try:
            Rule.model_validate(value)
        except ValidationError as error:
            raise to_error(document, (index,), error.errors()[0]) from None


LOADERS: Mapping[str, tuple[Any, Callable[[Document], object]]] = {
    "service.yaml": (yaml.safe_load((ROOT / "rules/service.yaml").read_text(encoding="utf-8")), parse_service),
    "oncall.yaml": (yaml.safe_load(ONCALL), lambda document: parse_oncall(document, ["4.2"])),
    "incidents.yaml": (
        yaml.safe_load(INCIDENTS), lambda document: load_known(document.path, ZoneInfo("UTC"), RULE_SET.runbook)
    ),
} | {
    f"{name}.yaml": (yaml.safe_load((ROOT / f"rules/{name}.yaml").read_text(encoding="utf-8")), _load_rule)
    for name in ("checkout", "cache", "latency", "watch")
}  # fmt: skip


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give where each part of a document stands."""
    yield place
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in pairs:
        yield from _places(each, (*place, key))


def _with(value: Any, place: tuple[Any, ...], other: Any) -> Any:
    if not place:
        return other
    changed = copy.deepcopy(value)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = other
    return changed


@pytest.mark.parametrize("name", LOADERS)
@given(data=st.data())
def test_a_wrong_value_is_told_in_words_of_our_own(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    sound, load = LOADERS[name]
    place = data.draw(st.sampled_from(list(_places(sound))))
    other = data.draw(st.sampled_from(OTHERS))
    path = tmp_path_factory.getbasetemp() / name
    path.write_text(yaml.safe_dump(_with(sound, place, other), allow_unicode=True), encoding="utf-8")
    told = ""
    try:
        load(Document(path))
    except LogwatchError as error:
        told = str(error)
    assert not FOREIGN.search(told), (place, other)


class Everything(BaseModel):
    """A field of each sort."""

    text: str = "x"
    number: int = Field(5, ge=1, lt=10)
    share: float = Field(0.5, gt=0, le=1)
    names: tuple[str, ...] = Field(("x",), min_length=1, max_length=2)
    word: str = Field("abc", pattern="^[a-z]+$", min_length=1, max_length=5)
    flag: bool = False
    pairs: dict[str, int] = {}
    path: Path = Path()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"text": 5}, "'5' stands where a text belongs"),
        ({"text": ["a"]}, "a list stands where a text belongs"),
        ({"number": "many"}, "'many' stands where a whole number belongs"),
        ({"number": 1.5}, "'1.5' stands where a whole number belongs"),
        ({"number": None}, "nothing stands where a whole number belongs"),
        ({"number": 0}, "'0' is not at least 1"),
        ({"number": 10}, "'10' is not less than 10"),
        ({"share": 0}, "'0' is not more than 0"),
        ({"share": 2}, "'2' is not at most 1"),
        ({"share": "x"}, "'x' stands where a number belongs"),
        ({"names": "x"}, "'x' stands where a list belongs"),
        ({"names": []}, "it is empty"),
        ({"names": ["a", "b", "c"]}, "a list is too long: at most 2 belong here"),
        ({"word": "A-b"}, "'A-b' does not have the form ^[a-z]+$"),
        ({"word": "abcdef"}, "'abcdef' is too long: at most 5 belong here"),
        ({"flag": "maybe"}, "'maybe' stands where true or false belongs"),
        ({"pairs": [1]}, "a list stands where a set of keys belongs"),
        ({"path": 5}, "'5' stands where a path belongs"),
    ],
)
def test_a_complaint_says_what_is_there_and_what_belongs_there(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Everything(**wrong)
    assert [complaint(each) for each in refused.value.errors()] == [told]
