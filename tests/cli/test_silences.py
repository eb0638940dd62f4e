"""`silence` on a state that no run has judged yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logwatch.state.document import State, dump_state, load_state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

ADD = ("silence", "add", "--rule", "payment-confirm", "--shop", "kpa", "--for", "2h", "--reason", "PG")


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_first_silence_of_a_shop_takes_one_flag_and_is_listed(run: Run, tmp_path: Path, lang: str) -> None:
    state = tmp_path / "state.json"
    asked = {"LOGWATCH_STATE": str(state), "LOGWATCH_LANG": lang}
    assert run(*ADD, **asked).code == 3
    added = run(*ADD, "--new-state", **asked)
    assert (added.code, len(load_state(state.read_bytes()).memory.silences)) == (0, 1)
    assert {"ko": "'kpa' 매장을 입력한 그대로", "en": "shop 'kpa' is taken as typed"}[lang] in added.err
    listed = run("silence", "list", **asked)
    assert (listed.code, listed.err) == (0, "")
    assert {"ko": "판정 기록 없음", "en": "nothing judged yet"}[lang] in listed.out
    assert "kpa" in listed.out


def test_a_state_without_a_run_knows_no_shop_and_refuses_none(run: Run, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_bytes(dump_state(State()))
    added = run(*ADD, LOGWATCH_STATE=str(state), LOGWATCH_LANG="en")
    assert (added.code, "as typed" in added.err) == (0, True)
    assert run("silence", "list", "--format", "json", LOGWATCH_STATE=str(state)).code == 0


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_what_is_muted_already_is_named_since_each_silence_is_lifted_by_itself(run: Run, tmp_path: Path, lang: str) -> None:
    asked = {"LOGWATCH_STATE": str(tmp_path / "state.json"), "LOGWATCH_LANG": lang}
    add = ("silence", "add", "--rule", "payment-confirm", "--for", "2h", "--reason", "PG", "--by", "kim")
    alone = run(*add, "--new-state", **asked).out
    first, *_ = load_state((tmp_path / "state.json").read_bytes()).memory.silences
    twice = run(*add, **asked).out
    other = run("silence", "add", "--rule", "cache-hit", "--for", "2h", "--reason", "PG", **asked).out
    assert f"{first.id} by kim" in twice or f"{first.id}(kim 등록" in twice
    assert alone.count("kim") == other.count("kim") == 0
