"""What is written in English where it arises is said in every other language, and nothing else is."""

import inspect
import json
import os
import re
import tomllib
from functools import cache
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from pydantic_core._pydantic_core import list_all_errors

from logwatch.languages import COMMON, languages
from logwatch.languages.phrases import FOLDER, phrases, spoken, templates
from tests.support.phrases import PLACE, Text, shown_texts

OTHERS = [path.stem for path in FOLDER.glob("*.json")]
OF_LIBRARIES = "what the system and libraries say"
OF_ITSELF = {"errors and hints themselves", "usage", "help", "what each setting is", OF_LIBRARIES}
"""Headings of what no file of ours raises word for word; help, usage and settings have a test beside their modules."""


def shape(english: str) -> str:
    return "".join(literal + (PLACE if name is not None else "") for literal, name, _, _ in Formatter().parse(english))


@cache
def shown() -> tuple[Text, ...]:
    return tuple(shown_texts())


def filled(text: str) -> str:
    """Fill each place of a shape with something that is no word."""
    return "".join(
        f"{part}{'' if number == text.count(PLACE) else f'§{number}'}" for number, part in enumerate(text.split(PLACE))
    )


@pytest.mark.long
@pytest.mark.parametrize("lang", OTHERS)
def test_every_error_and_hint_is_said(lang: str) -> None:
    unsaid = {f"{text.where}: {text.shape}" for text in shown() if spoken(filled(text.shape), lang) == filled(text.shape)}
    same = {english for english, said in phrases(lang).items() if english == said}
    assert not {each for each in unsaid if each.partition(": ")[2] not in set(map(shape, same))}


@pytest.mark.long
@pytest.mark.parametrize("lang", OTHERS)
def test_every_phrase_is_raised_somewhere(lang: str) -> None:
    heard = {each for text in shown() for each in matched(filled(text.shape), lang)}
    sections = json.loads((FOLDER / f"{lang}.json").read_bytes())
    own = [english for name, section in sections.items() if name not in OF_ITSELF for english in section]
    assert [english for english in own if english not in heard] == []


def matched(text: str, lang: str) -> set[str]:
    """Give the templates that a text is said by, and those of what fills their places."""
    found: set[str] = set()
    for each in templates(lang):
        if match := each.match(text):
            found.add(each.english)
            return found.union(*(matched(value, lang) for value in match.groupdict().values()))
    return found


@pytest.mark.long
@pytest.mark.parametrize("lang", OTHERS)
def test_no_text_is_taken_for_another(lang: str) -> None:
    for english in phrases(lang):
        text = filled(shape(english))
        ranks = {each.english: each.rank for each in templates(lang) if each.match(text)}
        mine = ranks.pop(english)
        assert all(rank < mine for rank in ranks.values()), english


@pytest.mark.parametrize("lang", OTHERS)
def test_both_have_the_same_places(lang: str) -> None:
    for english, said in phrases(lang).items():
        places, theirs = ([name for _, name, _, _ in Formatter().parse(text) if name] for text in (english, said))
        assert (set(theirs) - set(places), len(set(places))) == (set(), len(places)), english


def test_what_libraries_say_is_theirs() -> None:
    known = {re.sub(r"\{\w+\}", PLACE, each["message_template_python"]) for each in list_all_errors()}
    known |= {os.strerror(number) for number in range(200)}
    of_toml = inspect.getsource(tomllib._parser)  # type: ignore[attr-defined]  # where its reasons are written
    known |= {re.sub(r"\{[^}]+\}", PLACE, each).replace("\\\\", "\\") for each in re.findall(r'f?"([A-Z][^"]*)"', of_toml)}
    section = json.loads((FOLDER / "ko.json").read_bytes())[OF_LIBRARIES]
    assert [english for english in section if shape(english) not in known] == []


def test_korean_never_leaves_a_particle_open() -> None:
    wrong = re.compile(
        r"은\(는\)|이\(가\)|을\(를\)|와\(과\)|\(으\)로|\(이\)|\}['\"]?(?:은|는|이|가|을|를|와|과|로|으로)(?![가-힣])"
    )
    assert [said for said in phrases("ko").values() if wrong.search(said)] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("--since: 'banana' is not a valid time", "--since: 'banana': 올바른 시각이 아닙니다."),
        ("rules/own.yaml:9: unknown procedure '4.6' in rule 'a'", "rules/own.yaml:9: 'a' 규칙의 '4.6' 절차가 런북에 없습니다."),
        ("nobody knows this one", "nobody knows this one"),
        ("x.json: cannot be read: Permission denied", "x.json: 읽을 수 없습니다: 권한이 없습니다"),
        (
            "no entries between 2026-02-24T05:00Z and 2026-02-24T16:00Z\n  hint: logwatch silence list",
            "2026-02-24 14:00 KST부터 2026-02-25 01:00 KST까지의 로그가 없습니다.\n  힌트: logwatch silence list",
        ),
        ("it has for (now 1m), span (now 5m)", "있는 설정: for(현재 1m), span(현재 5m)"),
        ("'2026-02-24T05:00Z' is not a valid time", "'2026-02-24T05:00Z': 올바른 시각이 아닙니다."),
    ],
)
def test_a_text_is_said_line_by_line(text: str, said: str) -> None:
    assert spoken(text, "ko", ZoneInfo("Asia/Seoul")) == said


def test_english_is_left_as_it_is_but_for_its_times() -> None:
    assert spoken("up to 2026-02-24T05:00Z", COMMON, ZoneInfo("Asia/Seoul")) == "up to 2026-02-24 14:00 KST"
    assert set(OTHERS) == set(languages()) - {COMMON}
