"""One word for one thing, everywhere that people read: what is not to be said, and how what is filled in joins its sentence."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache

import pytest
import yaml

from logwatch.languages import FOLDER, text
from logwatch.languages.particles import PARTICLES, with_particle
from tests.conftest import ROOT

KOREAN = re.compile("[가-힣]")
PLACE = re.compile(r"{\w+(?::\w+)?}")

AVOIDED_KO = {
    r"위험|심각|알 수 없음": "정상, 주의, 경고, 미상(데이터 없음)",
    r"미상(?=[가-힣])": "미상(데이터 없음), in a sentence",
    r"경고 ?(?:발생|대기|아님|해소|목록)|(?:발생 중인|달라진|새) 경고": "경보: a warning is a level, not an alert",
    r"메시지|메세지|통보|따로 알리지": "알림",
    r"알람|얼럿": "경보, 알림",
    r"(?<!경보 )(?<!전송 )(?<!기록 )(?<!로그 )대기(?! 중인 경보)": "what waits: 경보 대기, 전송 대기",
    r"임계값|임계치": "경고 기준, 정상 범위",
    r"(?<!1분 )(?<!신뢰)구간|윈도우": "1분 구간 for 60 s, 기간 for what a command looks at",
    r"컨펌|결제 완료|준비된 결제": "결제 승인, 결제 준비",
    r"중복 결제 요청": "중복 결제 차단",
    r"히트율|히트 레이트": "캐시 적중률",
    r"요청이 느림": "…응답 느림",
    r"(?<!주간 )요약(?! ?로그)": "요약 로그",
    r"[}\d]줄|한 줄[도이]|로그 줄|(?<![가-힣])라인": "로그 …건",
    r"해석하지 못|해석 실패": "파싱 실패",
    r"묵음|무음|음소거": "알림 중지",
    r"중지를 (?:끝내|끝냈)|중지 설정": "알림 중지 해제, 등록자",
    r"설명되어": "알림 억제(원인: …)",
    r"반복 알림": "재알림",
    r"다시 발생": "재발",
    r"사건|(?<!인)사고": "인시던트, …장애",
    r"(?:경보|경고|알림 중지|인시던트|장애)[가이를는은]?(?: [^.]*)? (?:종료|끝[나났내냈])": "해소, 복구, 해제",
    r"단정하기": "판단 보류",
    r"기준 미[만달]": "표본 부족, 경고 수준",
    r"전달(?:되지|됨|됩|했|하지| 포기)|보낸 알림": "전송, 전송 실패, 전송 포기",
    r"프로시저": "절차",
    r"평가": "판정",
    r"늦은 로그": "지연 도착 로그",
    r"실행(?: 확인)? 신호": "하트비트, 외부 감시 핑",
    r"미탐지": "미탐",
    r"비는 시간": "공백",
    r"슬랙|구글 챗": "Slack, Google Chat",
    r"(?<![가-힣])시험": "테스트",
    r"이상한|눈이 멀|저절로": "비정상, 동작하지 않음, 시간이 지나면",
    r"잴 |잽니다": "측정",
    r"}건?/[주일]|[가-힣]/[주일](?![가-힣])": "주당 …, 하루 …",
    r"은\(는\)|는\(은\)|이\(가\)|가\(이\)|을\(를\)|를\(을\)|와\(과\)|과\(와\)|\(으\)로": "{place:은}, {place:이}, … choose by what is filled in",
}
"""What no Korean text says, and what it says instead."""

AVOIDED_EN = {
    r"(?i)\btold (?:of|apart)\b|\bis told\b": "sent, suppressed",
    r"\bMORE\b": "ALSO FIRING",
    r"(?i)\bcourse\b": "trend",
    r"(?i)\bspan\b": "time range",
    r"(?i)(?<!logwatch state )\bmend(?:s|ed|ing)?\b": "fix",
    r"(?i)\bafresh\b": "empty",
    r"(?i)not understood": "unparsed",
    r"(?i)held against": "compared with",
    r"(?i)begin here": "start here",
    r"(?i)not proven|not shown": "not yet conclusive, unknown",
    r"(?i)could not look|time left to look": "not checked, lookup timed out",
    r"(?i)not the case": "does not apply",
    r"(?i)hour before|day before": "previous hour, same time yesterday",
    r"(?i)\bin all\b": "in total",
    r"(?i)\bsee to\b": "check",
    r"(?i)is no (?:time|duration|port|rule)\b|\bright (?:is|are)\b": "not a valid …, use e.g. …",
    r"(?i)passes by itself": "resolves with time",
    r"(?i)without the right": "if permission is missing",
}
"""What no English text says, and what it says instead."""


def in_json(lang: str) -> Iterator[tuple[str, str]]:
    for path in sorted(FOLDER.rglob(f"{lang}.json")):
        found = json.loads(path.read_text("utf-8"))
        for section, texts in found.items():
            for key, each in texts.items() if isinstance(texts, dict) else [(section, texts)]:
                yield f"{path.relative_to(ROOT)}: {key}", each


def in_rules(lang: str) -> Iterator[tuple[str, str]]:
    """What the rules say in a language; the runbook stays as its customer wrote it."""

    def spoken(found: object) -> Iterator[str]:
        if isinstance(found, dict):
            if isinstance(found.get(lang), str):
                yield found[lang]
            for each in found.values():
                yield from spoken(each)
        elif isinstance(found, list):
            for each in found:
                yield from spoken(each)

    for path in sorted((ROOT / "rules").glob("*.yaml")):
        for each in spoken(yaml.safe_load(path.read_text("utf-8"))):
            yield path.name, each


def in_modules(lang: str) -> Iterator[tuple[str, str]]:
    """What an adapter says of itself in each language."""
    for path in sorted((ROOT / "logwatch").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == lang:
                        yield path.name, ast.unparse(value).strip("'\"")


def in_policies(lang: str) -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "templates/policies").glob(f"*.{lang}.md.j2")):
        for line in path.read_text("utf-8").splitlines():
            yield path.name, re.sub(r"`[^`]*gcloud [^`]*`", "`…`", line)


@cache
def in_documents() -> tuple[tuple[str, str], ...]:
    paths = [ROOT / "README.md", *sorted({*(ROOT / "docs").rglob("*.md")} - {ROOT / "docs/languages.md"})]
    lines = ((str(path.relative_to(ROOT)), line) for path in paths for line in path.read_text("utf-8").splitlines())
    return tuple((place, line) for place, line in lines if KOREAN.search(line))


@cache
def said(lang: str) -> tuple[tuple[str, str], ...]:
    return (*in_json(lang), *in_rules(lang), *in_modules(lang), *in_policies(lang))


@pytest.mark.parametrize(("avoided", "instead"), AVOIDED_KO.items())
def test_a_word_to_avoid_is_nowhere_in_korean(avoided: str, instead: str) -> None:
    pattern = re.compile(avoided)
    assert [(place, each) for place, each in (*said("ko"), *in_documents()) if pattern.search(each)] == [], instead


@pytest.mark.parametrize(("avoided", "instead"), AVOIDED_EN.items())
def test_a_word_to_avoid_is_nowhere_in_english(avoided: str, instead: str) -> None:
    pattern = re.compile(avoided)
    assert [(place, each) for place, each in said("en") if pattern.search(PLACE.sub("…", each))] == [], instead


def test_what_is_looked_through_is_there() -> None:
    assert {place.partition(":")[0] for place, _ in said("ko")} >= {"logwatch/languages/ko.json", "watch.yaml", "lag.ko.md.j2"}
    assert len(in_documents()) > 20


BARE_PARTICLE = re.compile(r"}`?(?:은|는|이|가|을|를|과|와|으로|로)(?![가-힣])")
SPEC = re.compile(r"{\w+:([^}]+)}")


def test_no_particle_stands_behind_a_place_but_that_which_its_filling_chooses() -> None:
    texts = said("ko")
    assert [(place, each) for place, each in texts if BARE_PARTICLE.search(each)] == []
    specs = {(place, spec) for place, each in texts for spec in SPEC.findall(each)}
    assert {spec for _, spec in specs} <= {*PARTICLES}
    assert all(place.startswith("logwatch/languages/") for place, _ in specs), "nowhere else are they filled in"
    assert [each for _, each in in_json("en") if SPEC.search(each)] == []


@pytest.mark.parametrize(
    ("word", "particle", "expected"),
    [
        ("결제 승인", "은", "결제 승인은"),
        ("성공률", "을", "성공률을"),
        ("적중률", "으로", "적중률로"),
        ("체크아웃", "과", "체크아웃과"),
        ("실제 장애", "으로", "실제 장애로"),
        *((f"{digit}", "이", f"{digit}{'이' if digit in {0, 1, 3, 6, 7, 8} else '가'}") for digit in range(10)),
        ("31", "으로", "31로"),
        ("10", "으로", "10으로"),
        ("95%", "이", "95%가"),
        ("700ms", "을", "700ms를"),
        ("64KB", "은", "64KB는"),
        ("checkout-error", "은", "checkout-error는"),
        ("payment-confirm", "이", "payment-confirm이"),
        ("database-ping", "을", "database-ping을"),
        ("URL", "으로", "URL로"),
        ("Slack", "이", "Slack이"),
        ("‘kpa’", "을", "‘kpa’를"),
        ("Redis 장애(cache-error)", "과", "Redis 장애(cache-error)와"),
        ("김민수", "이", "김민수가"),
        ("", "은", "는"),
    ],
)
def test_a_particle_follows_how_the_word_before_it_is_read(word: str, particle: str, expected: str) -> None:
    assert with_particle(word, particle) == expected


def test_a_text_chooses_the_particle_of_what_it_is_filled_with() -> None:
    assert text("milestone_label", "ko", who="dana", label="오탐") == "dana님이 오탐으로 표시"
    assert text("milestone_label", "ko", who="dana", label="실제 장애") == "dana님이 실제 장애로 표시"
