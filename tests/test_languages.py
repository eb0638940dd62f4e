import re

import pytest

from logwatch.collect.parse import Flaw, Reason
from logwatch.judge.verdicts import Level, Why
from logwatch.languages import TEXTS, text
from logwatch.notify.diagnosis.findings import StepState


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_say_the_same_things(key: str) -> None:
    ko, en = TEXTS[key]
    own_words = re.sub(r"{\w+}|\W", "", ko)
    assert not own_words or any("가" <= char <= "힣" for char in ko), "no Korean"
    assert not any("가" <= char <= "힣" for char in en), "Korean in English"
    assert set(re.findall(r"{(\w+)}", ko)) == set(re.findall(r"{(\w+)}", en))


def test_every_word_that_the_program_can_say_has_a_text() -> None:
    keys = [
        *Level,
        *(why for why in Why if why),
        *(f"reason.{reason}" for reason in Reason),
        *(f"state.{state}" for state in StepState),
        *(f"flaw.{flaw}" for flaw in Flaw),
    ]
    assert [key for key in keys if key not in TEXTS] == []


def test_places_are_filled() -> None:
    assert text("instances", "ko", instances=3) == "인스턴스 3개"
